# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Futures of asyncio for the operations of libdbr.

An operation tells its end in the GLib context it was begun in, and the thread of an asyncio loop
iterates none. So the thread of the overrides begins the operations, for all loops, and hands over
what comes of them.
"""

import asyncio

from gi.overrides import _dbr_blocks, _dbr_thread
from gi.repository import Gio


class _Operation(asyncio.Future):
    """The future of one operation.

    Cancelled, it is done when the operation has ended, so that all is known of it by then.
    """

    def __init__(self, loop, start, block):
        super().__init__(loop=loop)
        self._start = start
        self._limit = _dbr_blocks.Limit(block.until_usec) if block and block.until_usec else None
        self._cancellable = self._limit or Gio.Cancellable()
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
            _dbr_thread.submit(self)

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
            value, error = _dbr_blocks.finish(finish, source, result), None
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
        if self._limit is not None:
            self._limit.end()
        if self._is_cancelled:
            super().cancel(self._message)
        elif error is not None:
            # Where it was raised is our own thread, which tells nobody anything.
            self.set_exception(error.with_traceback(None))
        else:
            self.set_result(value)


def begin(begin_method, finish_method, args, wait=None):
    """Begins an operation and returns its future.

    With wait(), which does the same and waits for it, it may be the head of a with block instead.
    """
    block = _dbr_blocks.get()

    def start(cancellable, callback):
        all_args = (*args, cancellable, callback, finish_method)
        if block is None:
            begin_method(*all_args)
        else:
            _dbr_blocks.call(block, begin_method, all_args)

    operation = _Operation(asyncio.get_running_loop(), start, block)
    if wait is None:
        _dbr_thread.submit(operation)
    else:
        operation.submit_soon(wait)
    return operation


def ensure_future(coroutine):
    """The future of a coroutine; as for an operation there has to be a running loop."""
    try:
        return asyncio.get_running_loop().create_task(coroutine)
    except RuntimeError:
        coroutine.close()
        raise
