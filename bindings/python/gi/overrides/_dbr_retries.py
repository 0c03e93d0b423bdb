# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Functions of one's own under a Dbr.RetryPolicy: `@Dbr.retrying(policy)`, `policy.call(fn, ...)`.

What a function raises is judged by its name on the bus, whichever D-Bus library raised it. Clients
of libdbr inside make one attempt, so that three attempts are three.
"""

import functools
import time

from gi.overrides import _dbr_blocks
from gi.repository import Gio, GLib


def get_dbus_name(error):
    """The name on the bus of an exception of dbus-python, dasbus or dbus-next, None if it has none."""
    name = (error.get_dbus_name() if callable(getattr(error, 'get_dbus_name', None))
            else getattr(error, 'dbus_name', None) or getattr(error, 'type', None))
    return name if isinstance(name, str) and Gio.dbus_is_interface_name(name) else None


def to_gerror(error):
    """What GIO would have made of it, None of what has nothing to do with D-Bus."""
    if isinstance(error, GLib.Error):
        return error
    name = get_dbus_name(error)
    return Gio.DBusError.new_for_dbus_error(name, str(error)) if name is not None else None


class _Attempts:
    """The attempts at one run of a function."""

    def __init__(self, policy, idempotent):
        block = _dbr_blocks.get()
        # Somebody further out makes the attempts.
        self._is_single = block is not None and block.is_single_attempt
        left_ms = int(block.get_left_ms()) if block is not None and block.until_usec else 0
        self._policy = policy
        self._retry = policy.begin(max(left_ms, 0), idempotent)

    def get_pause(self, error):
        """The seconds until the next attempt, None if the error is that of the whole."""
        error = to_gerror(error)
        if self._is_single or error is None:
            return None
        is_next, delay_ms = self._retry.next(self._policy.classify(error))
        return delay_ms / 1000 if is_next else None


def _run(attempts, fn, args, kwargs):
    while True:
        try:
            with _dbr_blocks.enter(is_single_attempt=True):
                result = fn(*args, **kwargs)
        except Exception as error:  # pylint: disable=broad-except
            pause = attempts.get_pause(error)
            if pause is None:
                raise
        else:
            if hasattr(result, '__await__'):
                return _run_async(attempts, fn, args, kwargs, result)
            return result
        time.sleep(pause)


async def _run_async(attempts, fn, args, kwargs, begun=None):
    import asyncio

    while True:
        try:
            with _dbr_blocks.enter(is_single_attempt=True):
                awaited, begun = begun if begun is not None else fn(*args, **kwargs), None
                return await awaited
        except Exception as error:  # pylint: disable=broad-except
            pause = attempts.get_pause(error)
            if pause is None:
                raise
        await asyncio.sleep(pause)


def retrying(policy, idempotent=False):
    """Decorates a function that is to be run again if it fails and the policy says so.

    What was perhaps executed is run again if the function is said to be idempotent, or the policy
    was told to retry that error.
    """
    # Here and not above: it takes longer to load than all else of the overrides.
    import inspect

    def decorate(fn):
        if inspect.iscoroutinefunction(fn):
            @functools.wraps(fn)
            async def decorated(*args, **kwargs):
                return await _run_async(_Attempts(policy, idempotent), fn, args, kwargs)
        else:
            @functools.wraps(fn)
            def decorated(*args, **kwargs):
                return _run(_Attempts(policy, idempotent), fn, args, kwargs)
        return decorated
    return decorate


def _call(self, fn, *args, **kwargs):
    """Calls a function, again if it fails and the policy says so; to be awaited if fn is."""
    return _run(_Attempts(self, False), fn, args, kwargs)


def add(cls):
    """Lets a policy call functions."""
    cls.call = _call
