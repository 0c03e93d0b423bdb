# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""`async for signal in subscription`: the signals of a service in a loop of asyncio.

No loop of asyncio iterates the GLib context that a subscription tells its signals in. So each
iteration has a subscription of its own to the same, in the thread that awaits, which costs the bus
nothing: its rule is there already.
"""

import collections
import sys

from gi.overrides import _dbr_thread

LIMIT = 1000

Signal = collections.namedtuple('Signal', ['sender', 'object_path', 'interface_name', 'member',
                                           'parameters'])

_PROPERTIES = ('client', 'bus-name', 'object-path', 'interface-name', 'member', 'arg0', 'flags')


class _Ear:
    """What hears in the thread. It ends with the iteration, which it does not keep."""

    def __init__(self, subscription):
        import asyncio
        import threading

        self._type = type(subscription)
        self._properties = {name.replace('-', '_'): subscription.get_property(name)
                            for name in _PROPERTIES}
        self._loop = asyncio.get_running_loop()
        self._is_waking = False
        self._ids = ()
        self._subscription = None
        self._made = threading.Event()
        self.news = asyncio.Event()
        self.signals = collections.deque(maxlen=LIMIT)
        self.is_over = False
        self.error = None

    def wait_made(self):
        """What is sent from here on is heard, if the bus has the rule already."""
        self._made.wait()

    def start(self):
        """Begins to hear; the thread calls this."""
        try:
            self._subscription = self._type(**self._properties)
            self._ids = (self._subscription.connect('received', self._received_cb),
                         self._subscription.connect('notify::active', self._active_cb))
            self._subscription.start_async(None, self._started_cb)
        finally:
            self._made.set()

    def stop(self):
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            for handler in self._ids:
                subscription.disconnect(handler)
            subscription.stop()

    def _received_cb(self, _subscription, *values):
        self.signals.append(Signal(*values))
        self._wake()

    def _active_cb(self, subscription, _property):
        if not subscription.get_active():
            self.is_over = True
            self._wake()

    def _started_cb(self, subscription, result):
        try:
            subscription.start_finish(result)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error.with_traceback(None)
            self._wake()

    def _wake(self):
        if self._is_waking:
            return
        self._is_waking = True
        try:
            self._loop.call_soon_threadsafe(self._tell)
        except RuntimeError:
            # The loop was closed: nobody waits any more.
            pass

    def _tell(self):
        self._is_waking = False
        self.news.set()


class _Signals:
    """The signals from where the iteration began, at most the last thousand that wait."""

    def __init__(self, subscription):
        self._ear = _Ear(subscription)
        _dbr_thread.submit(self._ear)
        self._ear.wait_made()

    def __aiter__(self):
        return self

    async def __anext__(self):
        ear = self._ear
        while not ear.signals:
            if ear.error is not None:
                raise ear.error
            if ear.is_over:
                raise StopAsyncIteration
            await ear.news.wait()
            ear.news.clear()
        return ear.signals.popleft()

    def __del__(self):
        if not sys.is_finalizing():
            self._ear.stop()


def add(Dbr):
    """Lets a subscription be iterated."""
    Dbr.Subscription.__aiter__ = lambda self: _Signals(self)  # pylint: disable=unnecessary-lambda
