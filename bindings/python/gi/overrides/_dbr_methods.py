# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What each pair of x_async() and x_finish() is in Python, made from the introspection alone.

x() is awaitable. x(), x_async() and x_sync() keep to the block they are called in, and take plain
values for variants. What can be left out is None, or no limit of one's own.
"""

from gi.overrides import _dbr_blocks, _dbr_values
from gi.repository import GLib

_ASKING_MS = 5000
# What is handed on as it is. Each call looks here, and not at the attributes of a module.
_EXACT = {GLib.Variant, GLib.VariantType, type(None)}
_get_block = _dbr_blocks.get


def _get_type_name(argument):
    interface = argument.get_type().get_interface()
    return interface.get_name() if interface is not None else None


class _Shape:
    """What the methods of a pair take, and how what they are given becomes that.

    All take the same; x_sync() a cancellable besides, and x_async() a callback behind that.
    """

    def __init__(self, class_name, operation, method):
        arguments = [argument for argument in method.get_arguments()
                     if argument.get_name() not in ('cancellable', 'callback', 'user_data')]
        self.names = [argument.get_name() for argument in arguments]
        self.cancellable = 1 + len(arguments)
        self.n_required = 1 + self._count_required(arguments)
        self._all_names = ['self', *self.names, 'cancellable', 'callback']
        self._places = {name: index for index, name in enumerate(self._all_names) if index > 0}
        self._defaults = tuple(0 if name == 'timeout_ms' else None for name in self._all_names)
        self._variants = [(1 + index, argument.get_name())
                          for index, argument in enumerate(arguments)
                          if _get_type_name(argument) == 'Variant']
        self._types = [1 + index for index, argument in enumerate(arguments)
                       if _get_type_name(argument) == 'VariantType']
        self._packed = [*self._types, *(index for index, _name in self._variants)]
        self._make_question = _dbr_values.get_question_maker(class_name, operation)

    @staticmethod
    def _count_required(arguments):
        return max((1 + index for index, argument in enumerate(arguments)
                    if argument.get_name() != 'timeout_ms' and not argument.may_be_null()),
                   default=0)

    def make_signature(self, n_args):
        """What is to be said of a method that takes so many of them."""
        # Here and not above: it takes longer to load than all else of the overrides.
        import inspect

        kinds = [inspect.Parameter.POSITIONAL_ONLY] + [inspect.Parameter.POSITIONAL_OR_KEYWORD] * n_args
        return inspect.Signature([
            inspect.Parameter(name, kind, default=default if index >= self.n_required
                              else inspect.Parameter.empty)
            for index, (name, kind, default)
            in enumerate(zip(self._all_names[:n_args], kinds, self._defaults))])

    def complete(self, args, kwargs, n_args):
        """So many arguments, by their places."""
        if not kwargs and self.n_required <= len(args) <= n_args:
            return args + self._defaults[len(args):n_args]
        values = [*args, *self._defaults[len(args):n_args]]
        lacking = set(self._all_names[len(args):self.n_required])
        for name, value in kwargs.items():
            place = self._places.get(name, n_args)
            if not len(args) <= place < n_args:
                lacking.add(name)
                break
            values[place] = value
            lacking.discard(name)
        if lacking or len(args) > n_args:
            # Which says best what is wrong.
            self.make_signature(n_args).bind(*args, **kwargs)
        return tuple(values)

    def is_plain(self, args):
        """Whether any of them is not yet what the method takes."""
        for index in self._packed:
            if type(args[index]) not in _EXACT:
                return True
        return False

    def pack(self, args):
        """The arguments with variants for plain values, and a question if only a service knows."""
        args, question = list(args), None
        for index in self._types:
            if isinstance(args[index], str):
                args[index] = GLib.VariantType(args[index])
        for index, name in self._variants:
            if args[index] is None or isinstance(args[index], GLib.Variant):
                continue
            signature = _dbr_values.get_known(name)
            if signature is None:
                if self._make_question is None:
                    raise TypeError(f'Nobody tells the type of {name}: it has to be a GLib.Variant')
                if name == 'parameters' and not isinstance(args[index], (list, tuple)):
                    raise TypeError(f'{name} is a tuple of arguments, not {args[index]!r}')
                question = self._make_question(args)
                signature = question.recall()
            if signature is not None:
                args[index] = _dbr_values.pack(signature, args[index])
                question = None
        return args, question

    def answer(self, args, signature):
        """Packs what was asked for."""
        for index, _name in self._variants:
            if args[index] is not None:
                args[index] = _dbr_values.pack(signature, args[index])
        return args


class _Wrapped:
    """What a function wraps, as far as who asks for its signature looks: it is made then."""

    def __init__(self, shape, n_args):
        self._shape, self._n_args = shape, n_args

    @property
    def __signature__(self):
        return self._shape.make_signature(self._n_args)


def _dress(function, name, shape, n_args, text):
    function.__name__ = name
    function.__wrapped__ = _Wrapped(shape, n_args)
    function.__doc__ = text
    return function


def _make_sync(operation, method, shape):
    n_args = shape.cancellable + 1

    def call_sync(*args, **kwargs):
        if kwargs or len(args) != n_args:
            args = shape.complete(args, kwargs, n_args)
        if shape.is_plain(args):
            args, question = shape.pack(args)
            if question is not None:
                args = shape.answer(args, question.ask())
        block = _get_block()
        if block is None:
            return method(*args)
        return _dbr_blocks.call_sync(block, method, args, shape.cancellable)

    return _dress(call_sync, f'{operation}_sync', shape, n_args,
                  f'Does what {operation}() does, and waits for its end.')


def _make_async(operation, method, shape):
    n_args = shape.cancellable + 2

    def call_async(*args, **kwargs):
        # A callback may have any number of data of its own.
        head = shape.complete(args[:n_args], kwargs, n_args)
        if shape.is_plain(head):
            head, question = shape.pack(head)
            if question is not None:
                raise TypeError('With a callback it has to be a GLib.Variant: the service would '
                                'have to be asked for the type first')
        # A callback may be left out, which is not the same as None to all versions of PyGObject.
        args = (*head, *args[n_args:]) if head[-1] is not None else tuple(head[:-1])
        block = _get_block()
        if block is None:
            return method(*args)
        return _dbr_blocks.call_async(block, method, args, shape.cancellable)

    return _dress(call_async, f'{operation}_async', shape, n_args,
                  f'Begins what {operation}() does, and tells its end to a callback.')


def _make_finish(operation, method):
    def finish(self, result):
        return _dbr_blocks.finish(method, self, result)

    finish.__name__ = f'{operation}_finish'
    finish.__doc__ = f'What came of {operation}_async(), for its callback.'
    return finish


def _make_awaitable(operation, begin, finish, shape):
    n_args = shape.cancellable

    async def ask_and_begin(args, question):
        # The question has its part of the time.
        timeout_ms = args[shape.names.index('timeout_ms') + 1] if 'timeout_ms' in shape.names else 0
        until_usec = _dbr_blocks.get_time() + (timeout_ms or _ASKING_MS) * 1000
        with _dbr_blocks.enter(until_usec):
            args = shape.answer(args, await question.ask_async())
        with _dbr_blocks.enter(until_usec if timeout_ms else 0):
            return await awaitable(*args)

    def awaitable(*args, **kwargs):
        # Here and not above: a program that never awaits needs no asyncio.
        from gi.overrides import _dbr_await

        if kwargs or len(args) != n_args:
            args = shape.complete(args, kwargs, n_args)
        if shape.is_plain(args):
            args, question = shape.pack(args)
            if question is not None:
                return _dbr_await.ensure_future(ask_and_begin(args, question))
        return _dbr_await.begin(begin, finish, args)

    return _dress(awaitable, operation, shape, n_args,
                  f'Begins what {operation}_async() does and returns a future of asyncio.\n\n'
                  'To cancel the future cancels the operation.')


def _dress_pair(cls, operation, methods):
    begin, finish = methods[f'{operation}_async'], methods[f'{operation}_finish']
    sync = methods.get(f'{operation}_sync')
    shape = _Shape(cls.__name__, operation, begin)
    if operation not in methods:
        setattr(cls, operation, _make_awaitable(operation, begin, finish, shape))
    setattr(cls, f'{operation}_async', _make_async(operation, begin, shape))
    setattr(cls, f'{operation}_finish', _make_finish(operation, finish))
    if sync is not None:
        setattr(cls, f'{operation}_sync', _make_sync(operation, sync, shape))


def add(cls):
    """Dresses each pair of a class. A method that is there already is kept."""
    # From the dictionary, as what a class inherits was given to its parent.
    methods = dict(getattr(cls, '__dict__', {}))
    for name in methods:
        if name.endswith('_async') and f'{name[:-len("_async")]}_finish' in methods:
            _dress_pair(cls, name[:-len('_async')], methods)
