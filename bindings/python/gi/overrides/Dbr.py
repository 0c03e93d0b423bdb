# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What libdbr is in Python beyond what introspection makes of it.

Each method `x_async` has an awaitable twin `x`. Loading this starts and opens nothing.
"""

from gi.module import get_introspection_module
from gi.overrides import (_dbr_errors, _dbr_figures, _dbr_methods, _dbr_retries, _dbr_scopes,
                          _dbr_signals)
from gi.overrides._dbr_blocks import deadline
from gi.overrides._dbr_figures import with_timeout
from gi.overrides._dbr_retries import retrying
from gi.overrides._dbr_values import unpack

Dbr = get_introspection_module('Dbr')

__all__ = ['deadline', 'retrying', 'unpack', 'with_timeout']

for part in (_dbr_errors, _dbr_figures, _dbr_retries, _dbr_scopes, _dbr_methods, _dbr_signals):
    part.add(Dbr)
