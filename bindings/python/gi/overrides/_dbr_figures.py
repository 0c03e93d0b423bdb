# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""How long code of one's own takes, and how it ends: `with metrics.timed('export'):`,
`@Dbr.with_timeout('export')`.
"""

import contextlib
import functools
import sys

from gi.overrides import _dbr_blocks
from gi.overrides._dbr_errors import translate as _
from gi.repository import Dbr, Gio, GLib

# Errors of those who were not let through.
_REJECTIONS = ('CIRCUIT_OPEN', 'OVERLOADED', 'BUDGET_EXHAUSTED', 'DENIED', 'RATE_LIMITED')

_default = None


def _get_default():
    """The figures of what names no others: those of Dbr.with_timeout()."""
    global _default
    if _default is None:
        _default = Dbr.Metrics.new()
    return _default


def _is_cancellation(error):
    asyncio = sys.modules.get('asyncio')
    return (asyncio is not None and isinstance(error, asyncio.CancelledError)
            or isinstance(error, GLib.Error)
            and error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))


def _is_timeout(error):
    asyncio = sys.modules.get('asyncio')
    return (isinstance(error, TimeoutError)
            or asyncio is not None and isinstance(error, asyncio.TimeoutError)
            or isinstance(error, GLib.Error) and error.matches(Dbr.Error.DEADLINE))


def _judge(error):
    if _is_cancellation(error):
        return Dbr.Outcome.CANCELLED
    if _is_timeout(error):
        return Dbr.Outcome.TIMEOUT
    if isinstance(error, GLib.Error) and any(error.matches(getattr(Dbr.Error, name))
                                             for name in _REJECTIONS):
        return Dbr.Outcome.REJECTED
    return Dbr.Outcome.ERROR


@contextlib.contextmanager
def _timed(self, operation):
    """A with block that is one figure: how long it took, and what it raised."""
    outcome, begun_usec = Dbr.Outcome.OK, _dbr_blocks.get_time()
    try:
        yield
    except BaseException as error:
        outcome = _judge(error)
        raise
    finally:
        self.record(operation, _dbr_blocks.get_time() - begun_usec, outcome)


class _Alarm:
    """Cancels the task that it was made in when the time of the block is over."""

    def __init__(self, block):
        import asyncio

        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        self._cancelled = asyncio.CancelledError
        # Python 3.11 counts who wants to cancel a task, and a task that is cancelled says so.
        self._count = getattr(self._task, 'cancelling', lambda: 0)()
        self._is_rung = False
        self._timer = self._loop.call_later(max(0, block.get_left_ms()) / 1000, self._ring)

    def _ring(self):
        self._is_rung = True
        self._task.cancel()

    def end(self, error):
        """Whether that is the end of the task's code because of the alarm."""
        self._timer.cancel()
        if not self._is_rung:
            return False
        is_ours = getattr(self._task, 'uncancel', lambda: 0)() <= self._count
        return is_ours and isinstance(error, self._cancelled)


class _Limited:
    """One run of a decorated function."""

    def __init__(self, operation, timeout_ms, device, metrics):
        self._limit_ms = timeout_ms or Dbr.Timeouts.new().get(operation)
        self._title = f'{operation} ({device})' if device is not None else operation
        self._block = _dbr_blocks.enter(_dbr_blocks.get_time() + self._limit_ms * 1000)
        self._figure = (metrics or _get_default()).timed(operation)

    def _new_error(self):
        return _dbr_blocks.new_late_error(
            _('{title} did not end within {ms} ms').format(title=self._title, ms=self._limit_ms))

    def run(self, fn, args, kwargs):
        with self._figure, self._block as block:
            result = fn(*args, **kwargs)
            if block.get_left_ms() <= 0:
                raise self._new_error()
            return result

    async def run_async(self, fn, args, kwargs):
        with self._figure, self._block as block:
            alarm, raised = _Alarm(block), None
            try:
                return await fn(*args, **kwargs)
            except BaseException as error:
                raised = error
                raise
            finally:
                if alarm.end(raised):
                    raise self._new_error() from None


def with_timeout(operation, timeout_ms=0, device=None, metrics=None):
    """Decorates a function that is to end in time: that of the operation, if no other is given.

    All that libdbr does inside has the time that is left, and what it came to is one figure under
    the operation. An async def is cancelled at the limit. A function that blocks in code of others
    cannot be interrupted: it raises Dbr.Error.DEADLINE when it returns. The device is for the text
    of that error, the figures are Dbr.Metrics.get_default() if there are no others.
    """
    # Here and not above: it takes longer to load than all else of the overrides.
    import inspect

    if timeout_ms != 0:
        _dbr_blocks.check_limit(timeout_ms)

    def decorate(fn):
        if inspect.iscoroutinefunction(fn):
            @functools.wraps(fn)
            async def decorated(*args, **kwargs):
                return await _Limited(operation, timeout_ms, device, metrics).run_async(
                    fn, args, kwargs)
        else:
            @functools.wraps(fn)
            def decorated(*args, **kwargs):
                return _Limited(operation, timeout_ms, device, metrics).run(fn, args, kwargs)
        return decorated
    return decorate


def add(cls):
    """Lets figures be taken of blocks."""
    cls.timed = _timed
    cls.get_default = staticmethod(_get_default)
