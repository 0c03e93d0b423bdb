# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What a `with` block holds in libdbr, and gives back at its end.

`with pool.acquire() as lease:` waits for a connection; `async with` awaits it.
"""

import sys


class _Acquisition:
    """What `pool.acquire()` is where no loop of asyncio runs: nothing until its block begins."""

    def __init__(self, pool):
        self._pool = pool
        self._lease = None

    def __enter__(self):
        self._lease = self._pool.acquire_sync()
        return self._lease

    def __exit__(self, *raised):
        self._lease.release()


def _is_loop_running():
    # Who has not loaded asyncio runs none of its loops, and is not made to load it.
    asyncio = sys.modules.get('asyncio')
    return asyncio is not None and asyncio._get_running_loop() is not None


def _acquire(self):
    """Asks for a connection: to be awaited, or for a `with` or `async with` block."""
    if not _is_loop_running():
        return _Acquisition(self)

    # Here and not above: a program that never awaits needs no asyncio.
    from gi.overrides import _dbr_await

    return _dbr_await.begin(type(self).acquire_async, type(self).acquire_finish, (self,),
                            self.acquire_sync)


def add_to_lease(cls):
    """Lets a lease be held by a block."""
    cls.__enter__ = lambda self: self
    cls.__exit__ = lambda self, *raised: self.release()


def add_to_pool(cls):
    """Lets a block acquire a lease. After the methods were dressed, as this replaces one of them."""
    cls.acquire = _acquire
