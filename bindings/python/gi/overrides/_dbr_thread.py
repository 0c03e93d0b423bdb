# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The one thread of the overrides, with a GLib context that is iterated whatever the program does.

It is started by the first thing that needs it, and by nothing else.
"""

import atexit
import collections
import os
import threading

from gi.repository import GLib


class _Thread:
    def __init__(self):
        self.context = GLib.MainContext.new()
        self._waiting = collections.deque()
        self._is_ended = False
        self.process = os.getpid()
        # Not waited for by the interpreter, which would do so before atexit asks it to end.
        self._thread = threading.Thread(target=self._run, name='dbr-await', daemon=True)
        self._thread.start()
        atexit.register(self._end)

    def _run(self):
        self.context.push_thread_default()
        while not self._is_ended:
            self.context.iteration(True)
            while self._waiting:
                self._waiting.popleft().start()
        self.context.pop_thread_default()

    def _end(self):
        global _thread
        if self.process == os.getpid():
            # What still runs after this and awaits gets another thread.
            _thread = None
            self._is_ended = True
            self.context.wakeup()
            self._thread.join()

    def submit(self, job):
        self._waiting.append(job)
        self.context.wakeup()


_thread = None
_lock = threading.Lock()


def _get():
    global _thread
    # A child of fork() has no thread but the one that called it.
    if _thread is None or _thread.process != os.getpid():
        with _lock:
            if _thread is None or _thread.process != os.getpid():
                _thread = _Thread()
    return _thread


def submit(job):
    """Calls start() of it in the thread, in whose context it will hear of what it began."""
    _get().submit(job)


def call_later(ms, function):
    """Calls the function in the thread, unless the source that is returned is destroyed before."""
    def call_once(*_):
        function()
        return GLib.SOURCE_REMOVE

    source = GLib.timeout_source_new(ms)
    source.set_callback(call_once)
    source.attach(_get().context)
    return source
