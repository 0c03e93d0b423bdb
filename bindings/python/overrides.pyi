# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the overrides add to what the GIR says, for typings.py."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, ClassVar, Final, NamedTuple, ParamSpec, Protocol, TypeVar

from gi.repository import Gio, GLib, GObject

_P = ParamSpec('_P')
_R = TypeVar('_R')
_H_co = TypeVar('_H_co', covariant=True)

class _Same(Protocol):
    def __call__(self, fn: Callable[_P, _R], /) -> Callable[_P, _R]: ...

class _Signal(NamedTuple):
    sender: str
    object_path: str
    interface_name: str
    member: str
    parameters: GLib.Variant

class _Acquisition(Awaitable[_H_co], Protocol):
    def __enter__(self) -> _H_co: ...
    def __exit__(self, error_type: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None: ...
    async def __aenter__(self) -> _H_co: ...
    async def __aexit__(self, error_type: type[BaseException] | None, error: BaseException | None,
                        traceback: TracebackType | None) -> None: ...

class Lease:
    def __enter__(self) -> Lease: ...
    def __exit__(self, error_type: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None: ...

class Pool:
    def acquire(self) -> _Acquisition[Lease]: ...

class Subscription:
    def __aiter__(self) -> AsyncIterator[_Signal]: ...

class RetryPolicy:
    def call(self, fn: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R: ...

class Metrics:
    def timed(self, operation: str) -> AbstractContextManager[None]: ...
    @staticmethod
    def get_default() -> Metrics: ...

def deadline(ms: float) -> AbstractContextManager[None]: ...
def retrying(policy: RetryPolicy, idempotent: bool = ...) -> _Same: ...
def unpack(value: GLib.Variant | object) -> Any: ...
def with_timeout(operation: str, timeout_ms: int = ..., device: str | None = ...,
                 metrics: Metrics | None = ...) -> _Same: ...
