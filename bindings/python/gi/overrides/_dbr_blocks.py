# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Blocks of code with one limit over all that libdbr does inside: `with Dbr.deadline(500):`.

A block belongs to the context of its code (contextvars), so that coroutines which take turns in one
thread each have theirs. libdbr knows threads only: around each of its functions the block is laid
down in the thread that calls it.
"""

import contextlib
import contextvars
import time

from gi.overrides import _dbr_thread
from gi.overrides._dbr_errors import translate as _
from gi.repository import Dbr, Gio, GLib, GObject

MAX_MS = 24 * 60 * 60 * 1000
# What ends in time by itself says more of it than what is cancelled from outside.
GRACE_MS = 50


class Block:
    """What holds inside: when its time is over, 0 for never, and who makes the attempts."""

    __slots__ = ('until_usec', 'is_single_attempt')

    def __init__(self, until_usec=0, is_single_attempt=False):
        self.until_usec = until_usec
        self.is_single_attempt = is_single_attempt

    def get_left_ms(self):
        return (self.until_usec - get_time()) / 1000


_current = contextvars.ContextVar('dbr-block', default=None)
get = _current.get


def get_time():
    """Now, by the clock of g_get_monotonic_time()."""
    return time.monotonic_ns() // 1000


def new_late_error(text):
    return GLib.Error.new_literal(Dbr.Error.quark(), text, Dbr.Error.DEADLINE)


@contextlib.contextmanager
def enter(until_usec=0, is_single_attempt=False):
    """A block inside the one that there is, which can say less time and fewer attempts only."""
    outer = _current.get()
    if outer is not None:
        until_usec = min(filter(None, (until_usec, outer.until_usec)), default=0)
        is_single_attempt = is_single_attempt or outer.is_single_attempt
    block = Block(until_usec, is_single_attempt)
    token = _current.set(block)
    try:
        yield block
    finally:
        _current.reset(token)


def check_limit(ms):
    """A time without sense is an error before anything is begun."""
    if not 0 < ms <= MAX_MS:
        raise GLib.Error.new_literal(
            Dbr.Error.quark(),
            _('A time limit is more than 0 ms and at most 24 hours, and not {} ms').format(ms),
            Dbr.Error.INVALID_ARGUMENT)


def deadline(ms):
    """A with block: all that libdbr does inside, however deep, has at most the time that is left.

    It belongs to the context of the code: to a task of asyncio and what that begins, not to others
    that run meanwhile. It interrupts no code of others.
    """
    check_limit(ms)
    return _deadline(ms)


@contextlib.contextmanager
def _deadline(ms):
    # The time begins with the block.
    with enter(get_time() + int(ms * 1000)):
        yield


class Limit(Gio.Cancellable):
    """Cancels an operation of many steps when the time of its block is over."""

    __gtype_name__ = 'DbrPythonLimit'

    def __init__(self, until_usec, chained=None):
        super().__init__()
        self.is_over = False
        self._chained = chained
        if chained is not None:
            self._handler = GObject.Object.connect(chained, 'cancelled', self._chained_cb)
            if chained.is_cancelled():
                self.cancel()
        left_ms = max(0, (until_usec - get_time()) // 1000)
        self._source = _dbr_thread.call_later(left_ms + GRACE_MS, self._ring)

    def _chained_cb(self, _chained):
        self.cancel()

    def _ring(self):
        self.is_over = not self.is_cancelled()
        self.cancel()

    def end(self):
        self._source.destroy()
        if self._chained is not None:
            self._chained.disconnect(self._handler)

    def explain(self, error):
        """The error that it was: who was cancelled by the limit was late."""
        if self.is_over and error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED):
            return new_late_error(_('It did not end within the time limit of the block'))
        return error


def call(block, function, args):
    """Calls a function of libdbr that is laid into the block."""
    Dbr.binding_enter(block.until_usec, block.is_single_attempt)
    try:
        return function(*args)
    finally:
        Dbr.binding_leave()


def _replace(args, place, cancellable):
    return (*args[:place], cancellable, *args[place + 1:])


def call_sync(block, function, args, place):
    """The same for one that waits; the place is that of its cancellable."""
    if not block.until_usec:
        return call(block, function, args)
    limit = Limit(block.until_usec, args[place])
    try:
        return call(block, function, _replace(args, place, limit))
    except GLib.Error as error:
        raise limit.explain(error) from None
    finally:
        limit.end()


def call_async(block, function, args, place):
    """The same for one that is told to a callback. finish() of it explains its error."""
    if block.until_usec:
        args = _replace(args, place, Limit(block.until_usec, args[place]))
    return call(block, function, args)


def finish(function, source, result):
    """The end of what perhaps began in a block."""
    try:
        return function(source, result)
    except GLib.Error as error:
        limit = result.get_cancellable() if isinstance(result, Gio.Task) else None
        if not isinstance(limit, Limit):
            raise
        raise limit.explain(error) from None
