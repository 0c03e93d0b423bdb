# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What libdbr is in Python beyond what introspection makes of it.

Each method `x_async` has an awaitable twin `x`. Loading this starts and opens nothing.
"""

from gi.module import get_introspection_module
from gi.overrides import _dbr_scopes, _dbr_signals
from gi.repository import GLib

Dbr = get_introspection_module('Dbr')

__all__ = ['unpack']

# What _async takes and an awaitable has no use for: it is cancelled itself, and calls back itself.
_OWN_ARGUMENTS = ('cancellable', 'callback', 'user_data')


def unpack(value):
    """Makes plain Python values of a GLib.Variant, of all that is inside it too."""
    return value.unpack() if isinstance(value, GLib.Variant) else value


def _make_signature(method):
    """The signature of an awaitable: who leaves out the last arguments has None, and no own limit."""
    # Here and not above: it takes longer to load than all else of this.
    import inspect

    parameters = [inspect.Parameter('self', inspect.Parameter.POSITIONAL_ONLY)]
    defaults = []
    for argument in method.get_arguments():
        if argument.get_name() not in _OWN_ARGUMENTS:
            parameters.append(inspect.Parameter(argument.get_name(),
                                                inspect.Parameter.POSITIONAL_OR_KEYWORD))
            defaults.append(0 if argument.get_name() == 'timeout_ms'
                            else None if argument.may_be_null() else inspect.Parameter.empty)
    for index in reversed(range(len(defaults))):
        if defaults[index] is inspect.Parameter.empty:
            break
        parameters[index + 1] = parameters[index + 1].replace(default=defaults[index])
    return inspect.Signature(parameters)


class _Wrapped:
    """What an awaitable wraps, as far as who asks for its signature looks: it is made then."""

    def __init__(self, method):
        self._method = method
        self._signature = None

    @property
    def __signature__(self):
        if self._signature is None:
            self._signature = _make_signature(self._method)
        return self._signature


def _make_awaitable(name, begin, finish):
    wrapped = _Wrapped(begin)

    def awaitable(*args, **kwargs):
        # Here and not above: a program that never awaits needs no asyncio.
        from gi.overrides import _dbr_await

        bound = wrapped.__signature__.bind(*args, **kwargs)
        bound.apply_defaults()
        return _dbr_await.begin(begin, finish, bound.args)

    awaitable.__name__ = name
    awaitable.__wrapped__ = wrapped
    awaitable.__doc__ = (f'Begins what {begin.__name__}() does and returns a future of asyncio.\n\n'
                         'To cancel the future cancels the operation.')
    return awaitable


def _add_awaitables():
    for type_name in dir(Dbr):
        # From the dictionary, as what a class inherits was given to its parent.
        methods = getattr(getattr(Dbr, type_name), '__dict__', {})
        for begin_name in [name for name in methods if name.endswith('_async')]:
            name = begin_name[:-len('_async')]
            if f'{name}_finish' in methods and name not in methods:
                cls = getattr(Dbr, type_name)
                setattr(cls, name,
                        _make_awaitable(name, methods[begin_name], methods[f'{name}_finish']))


_dbr_scopes.add(Dbr)
_dbr_signals.add(Dbr)
_add_awaitables()
