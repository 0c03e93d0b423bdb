# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Futures of asyncio for the operations of libdbr.

An operation tells its end in the GLib context it was begun in, and the thread of an asyncio loop
iterates none. So there is one thread for all loops, which begins the operations in a context of
its own and hands over what comes of them. It is started by the first one.
"""

import asyncio
import atexit
import collections
import os
import threading

from gi.repository import Gio, GLib


class _Operation(asyncio.Future):
    """The future of one operation.

    Cancelled, it is done when the operation has ended, so that all is known of it by then.
    """

    def __init__(self, loop, start):
        super().__init__(loop=loop)
        self._start = start
        self._cancellable = Gio.Cancellable()
        self._is_cancelled = False
        self._message = None
        self._scope = None
        self._wait = None

    def __enter__(self):
        if self._wait is None:
            raise TypeError('A with block needs an operation that has not begun and gives what the '
                            'block can hold; await it')
        wait, self._wait = self._wait, None
        super().cancel()
        self._scope = wait()
        return self._scope.__enter__()

    def __exit__(self, *raised):
        return self._scope.__exit__(*raised)

    async def __aenter__(self):
        self._scope = await self
        return self._scope.__enter__()

    async def __aexit__(self, *raised):
        return self._scope.__exit__(*raised)

    def submit_soon(self, wait):
        """Begins in the next turn of the loop, if it is not waited for by wait() until then."""
        self._wait = wait
        self.get_loop().call_soon(self._submit)

    def _submit(self):
        if self._wait is not None:
            self._wait = None
            _get_thread().submit(self)

    def cancel(self, msg=None):
        if self.done():
            return False
        self._is_cancelled = True
        self._message = msg
        self._cancellable.cancel()
        return True

    def start(self):
        """Begins the operation, in the thread that will hear of its end."""
        begin, self._start = self._start, None
        try:
            begin(self._cancellable, self._ended_cb)
        except Exception as error:  # pylint: disable=broad-except
            self._hand_over(None, error)

    def _ended_cb(self, source, result, finish):
        try:
            value, error = finish(source, result), None
        except Exception as raised:  # pylint: disable=broad-except
            value, error = None, raised
        self._hand_over(value, error)

    def _hand_over(self, value, error):
        try:
            self.get_loop().call_soon_threadsafe(self._conclude, value, error)
        except RuntimeError:
            # The loop was closed: nobody waits any more.
            pass

    def _conclude(self, value, error):
        if self._is_cancelled:
            super().cancel(self._message)
        elif error is not None:
            # Where it was raised is our own thread, which tells nobody anything.
            self.set_exception(error.with_traceback(None))
        else:
            self.set_result(value)


class _Thread:
    """The thread that begins operations and hears of their end."""

    def __init__(self):
        self._context = GLib.MainContext.new()
        self._waiting = collections.deque()
        self._is_ended = False
        self.process = os.getpid()
        # Not waited for by the interpreter, which would do so before atexit asks it to end.
        self._thread = threading.Thread(target=self._run, name='dbr-await', daemon=True)
        self._thread.start()
        atexit.register(self._end)

    def _run(self):
        self._context.push_thread_default()
        while not self._is_ended:
            self._context.iteration(True)
            while self._waiting:
                self._waiting.popleft().start()
        self._context.pop_thread_default()

    def _end(self):
        global _thread
        if self.process == os.getpid():
            # What still runs after this and awaits gets another thread.
            _thread = None
            self._is_ended = True
            self._context.wakeup()
            self._thread.join()

    def submit(self, operation):
        self._waiting.append(operation)
        self._context.wakeup()


_thread = None
_lock = threading.Lock()


def _get_thread():
    global _thread
    # A child of fork() has no thread but the one that called it.
    if _thread is None or _thread.process != os.getpid():
        with _lock:
            if _thread is None or _thread.process != os.getpid():
                _thread = _Thread()
    return _thread


def submit(operation):
    """Calls start() of it in the thread, in whose context it will hear of what it began."""
    _get_thread().submit(operation)


def begin(begin_method, finish_method, args, wait=None):
    """Begins an operation and returns its future.

    With wait(), which does the same and waits for it, it may be the head of a with block instead.
    """
    def start(cancellable, callback):
        begin_method(*args, cancellable, callback, finish_method)

    operation = _Operation(asyncio.get_running_loop(), start)
    if wait is None:
        _get_thread().submit(operation)
    else:
        operation.submit_soon(wait)
    return operation
