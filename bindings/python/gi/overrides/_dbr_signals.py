# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""`async for signal in subscription`: the signals of a service in a loop of asyncio.

No loop of asyncio iterates the GLib context that a subscription tells its signals in. So each
iteration has a subscription of its own to the same, in the thread that awaits, which costs the bus
nothing: its rule is there already.

Who starts a subscription in such a loop means to iterate it, and what comes in between belongs to
that first iteration.
"""

import collections
import functools
import sys
import weakref

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

    def end(self):
        """Hears no more, in whatever thread."""
        self.stop()
        self.is_over = True
        self._wake()

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


# The iterations that have not ended yet, and what was heard since the start for the first of them.
_iterations = weakref.WeakKeyDictionary()
_heard = weakref.WeakKeyDictionary()


class _Signals:
    """The signals from where the iteration began, at most the last thousand that wait."""

    def __init__(self, subscription):
        self._ear = _Ear(subscription)
        _iterations.setdefault(subscription, weakref.WeakSet()).add(self)
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

    def end(self):
        """What was heard is still told, and then the iteration is done."""
        self._ear.end()

    def __del__(self):
        if not sys.is_finalizing():
            self._ear.stop()


def _is_in_loop():
    # Who has not loaded it runs no loop of it.
    asyncio = sys.modules.get('asyncio')
    return asyncio is not None and asyncio._get_running_loop() is not None


def _iterate(subscription):
    return _heard.pop(subscription, None) or _Signals(subscription)


def _listen(method):
    """Lets what starts a subscription hear for the iteration to come."""
    @functools.wraps(method)
    def start(self, *args, **kwargs):
        if self not in _heard and _is_in_loop():
            _heard[self] = _Signals(self)
        return method(self, *args, **kwargs)

    return start


def _end(method):
    def stop(self):
        """Hears no more, and ends what iterates it."""
        _heard.pop(self, None)
        for signals in tuple(_iterations.pop(self, ())):
            signals.end()
        return method(self)

    return stop


def add(cls):
    """Lets a subscription be iterated. After the methods were dressed, as this wraps some of them."""
    cls.__aiter__ = _iterate
    cls.start, cls.start_sync = _listen(cls.start), _listen(cls.start_sync)
    cls.stop = _end(cls.stop)
