# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Stands in for the declarations of PyGObject, which are not everywhere: as much of them as is used here."""

def require_version(namespace: str, version: str) -> None: ...
