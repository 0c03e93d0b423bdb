# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

from typing import Any

class Error(RuntimeError):
    message: str
    domain: str
    code: int
    def matches(self, domain: Any, code: int = ...) -> bool: ...

class Variant:
    def __init__(self, format_string: str, value: object) -> None: ...
    def unpack(self) -> Any: ...

class VariantType:
    def __init__(self, type_string: str) -> None: ...
