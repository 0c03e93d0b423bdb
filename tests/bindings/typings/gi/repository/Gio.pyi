# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

from collections.abc import Iterator
from typing import Any, ClassVar

from gi.repository import GObject

class AsyncResult: ...
class Cancellable(GObject.Object):
    def cancel(self) -> None: ...
class UnixFDList(GObject.Object): ...
class BusType(GObject.GEnum):
    SESSION: ClassVar[BusType]
    SYSTEM: ClassVar[BusType]
class DBusConnection(GObject.Object):
    def is_closed(self) -> bool: ...
class ListModel:
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...
