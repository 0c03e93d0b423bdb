# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What libdbr is in Python beyond what introspection makes of it.

Each method `x_async` has an awaitable twin `x`. Loading this starts and opens nothing, and makes no
class: who uses three of them pays for three.
"""

import threading

from gi.overrides import (_dbr_errors, _dbr_figures, _dbr_methods, _dbr_retries, _dbr_scopes,
                          _dbr_signals)
from gi.overrides._dbr_blocks import deadline
from gi.overrides._dbr_figures import with_timeout
from gi.overrides._dbr_retries import retrying
from gi.overrides._dbr_values import unpack
from gi.repository import Dbr

__all__ = ['deadline', 'retrying', 'unpack', 'with_timeout']

# What a class has beside its methods, and who adds it when these are dressed.
_ADDERS = {
    'Lease': _dbr_scopes.add_to_lease,
    'Metrics': _dbr_figures.add,
    'Pool': _dbr_scopes.add_to_pool,
    'RetryPolicy': _dbr_retries.add,
    'Subscription': _dbr_signals.add,
}


class _Module(type(Dbr)):
    """The module, which dresses what it has when that is asked for first.

    All ask here: a program by the name, and PyGObject for the class of an object or for a parent.
    """

    # A parent is dressed while a class is made.
    _lock = threading.RLock()

    def __getattr__(self, name):
        with self._lock:
            item = super().__getattr__(name)
            # Another thread may have been first.
            if name not in self.__dict__:
                _dbr_methods.add(item)
                if name in _ADDERS:
                    _ADDERS[name](item)
                # From here on it is found without asking.
                setattr(self, name, item)
        return item


Dbr.__class__ = _Module
_dbr_errors.add(Dbr)
