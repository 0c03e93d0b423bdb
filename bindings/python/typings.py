#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Writes the type declarations of the Python module: what the GIR says, and what the overrides add.

Usage: typings.py GIR OVERRIDES.pyi OUTPUT.pyi

What the overrides do to each pair of x_async() and x_finish() is done here as well; what else they
add or replace stands in OVERRIDES.pyi, class by class.
"""

import ast
import sys
import xml.etree.ElementTree as ElementTree

CORE = '{http://www.gtk.org/introspection/core/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'

PLAIN = {
    'gboolean': 'bool', 'gint': 'int', 'guint': 'int', 'gint64': 'int', 'guint64': 'int',
    'gulong': 'int', 'GLib.Quark': 'int', 'GType': 'GObject.GType', 'gdouble': 'float',
    'utf8': 'str', 'filename': 'str', 'none': 'None', 'gpointer': 'object',
    'Gio.AsyncReadyCallback': 'Callable[..., object]',
}
# What the overrides take instead: plain values for a variant, a string for a type.
WIDENED = {'GLib.Variant': 'object', 'GLib.VariantType': 'GLib.VariantType | str'}
HEAD = '''# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# Written by typings.py; changes are to be made there.
'''


def find(node, *tags):
    return [child for child in node if child.tag in [CORE + tag for tag in tags]]


def may_be_none(node):
    # Of what is given out, that it is allowed means that nobody need take it.
    is_allowed = node.get('allow-none') == '1' and node.get('direction') != 'out'
    return node.get('nullable') == '1' or is_allowed


def type_of(node, is_argument=False):
    """What Python sees of a parameter, a return value or a property."""
    array = node.find(CORE + 'array')
    if array is not None:
        item = type_of(array)
        text = f'Sequence[{item}]' if is_argument else f'list[{item}]'
    else:
        name = node.find(CORE + 'type').get('name')
        text = PLAIN.get(name, name)
    return f'{text} | None' if may_be_none(node) else text


def is_hidden(node):
    return node.get('introspectable') == '0'


class Parameter:
    def __init__(self, node):
        self.name = node.get('name')
        self.is_out = node.get('direction') == 'out'
        self.is_nullable = may_be_none(node)
        self.type = type_of(node, not self.is_out)

    def format(self, has_default):
        return f'{self.name}: {self.type}' + (' = ...' if has_default else '')


class Callable:
    """A function, a method or a constructor."""

    def __init__(self, node):
        self.name = node.get('name')
        parameters = find(node, 'parameters')
        self.parameters = [Parameter(child) for child in find(parameters[0], 'parameter')
                           ] if parameters else []
        self.returned = node.find(CORE + 'return-value')

    def get_result(self):
        """One value, or a tuple of what is returned and what is given out."""
        types = [parameter.type for parameter in self.parameters if parameter.is_out]
        first = type_of(self.returned)
        if first != 'None' or not types:
            types.insert(0, first)
        return types[0] if len(types) == 1 else f'tuple[{", ".join(types)}]'

    def get_arguments(self):
        return [parameter for parameter in self.parameters
                if not parameter.is_out and parameter.name != 'user_data']


def format_arguments(arguments, may_be_left_out):
    """The last ones have a default if they may be left out."""
    texts, has_default = [], True
    for argument in reversed(arguments):
        has_default = has_default and may_be_left_out(argument)
        texts.insert(0, argument.format(has_default))
    return texts


def define(name, arguments, result, decorator='', is_async=False):
    lines = [f'@{decorator}'] if decorator else []
    lines.append(f'{"async " if is_async else ""}def {name}({", ".join(arguments)}) -> {result}: ...')
    return '\n'.join(lines)


def define_plain(function, first, decorator=''):
    arguments = format_arguments(function.get_arguments(), lambda argument: argument.is_nullable)
    return define(function.name, first + arguments, function.get_result(), decorator)


def widen(argument):
    exact, *rest = argument.type.split(' | ')
    argument.type = ' | '.join([WIDENED.get(exact, exact), *rest])
    return argument


def define_pair(operation, methods):
    """The three forms of an operation, as _dbr_methods.py makes them."""
    begin, finish = methods[f'{operation}_async'], methods[f'{operation}_finish']
    result = finish.get_result()
    arguments = [widen(argument) for argument in begin.get_arguments()
                 if argument.name not in ('cancellable', 'callback')]
    taken = ['self'] + format_arguments(
        arguments, lambda argument: argument.name == 'timeout_ms' or argument.is_nullable)
    cancellable = 'cancellable: Gio.Cancellable | None = ...'
    callback = 'callback: Callable[..., object] | None = ...'
    return {
        operation: define(operation, taken, f'asyncio.Future[{result}]'),
        begin.name: define(begin.name, [*taken, cancellable, callback, '*user_data: object'], 'None'),
        finish.name: define(finish.name, ['self', 'result: Gio.AsyncResult'], result),
        f'{operation}_sync': define(f'{operation}_sync', [*taken, cancellable], result),
    }


def find_pairs(methods):
    return [name[:-len('_async')] for name in methods
            if name.endswith('_async') and f'{name[:-len("_async")]}_finish' in methods]


def define_methods(node):
    methods = {child.get('name'): Callable(child) for child in find(node, 'method')
               if not is_hidden(child)}
    defined = {name: define_plain(method, ['self']) for name, method in methods.items()}
    for operation in find_pairs(methods):
        pair = define_pair(operation, methods)
        defined.update((name, text) for name, text in pair.items()
                       if name in methods or name == operation)
    return defined


def define_slots(node):
    """What a class of one's own may override."""
    slots = {f'do_{child.get("name")}': Callable(child) for child in find(node, 'virtual-method')}
    for name, slot in slots.items():
        slot.name = name
    return {name: define_plain(slot, ['self']) for name, slot in slots.items()}


def find_constructors(node):
    return {child.get('name'): [parameter.type for parameter in Callable(child).get_arguments()]
            for child in find(node, 'constructor')}


def mark_others(defined, node, parent):
    """What makes an object of a class need not take what makes one of its parent."""
    own, inherited = find_constructors(node), find_constructors(parent)
    for name in own:
        if name in inherited and own[name] != inherited[name]:
            defined[name] += '  # type: ignore[override]'


def define_statics(node):
    defined = {child.get('name'): define_plain(Callable(child), ['cls'], 'classmethod')
               for child in find(node, 'constructor') if not is_hidden(child)}
    defined.update({child.get('name'): define_plain(Callable(child), [], 'staticmethod')
                    for child in find(node, 'function') if not is_hidden(child)})
    return defined


def define_properties(node):
    """What `props` has, and what an object can be made with."""
    getters = {child.get(GLIB + 'get-property'): child.find(CORE + 'return-value')
               for child in find(node, 'method')}
    shown, taken = [], []
    for child in find(node, 'property'):
        name = child.get('name').replace('-', '_')
        # Of a property the GIR does not tell whether it may be none, but of its getter.
        text = type_of(getters.get(child.get('name'), child))
        if child.get('writable') == '1':
            shown.append(f'{name}: {text}')
            taken.append(f'{name}: {text} = ...')
        else:
            shown += ['@property', f'def {name}(self) -> {text}: ...']
    return shown, taken


def indent(text):
    return ''.join(f'    {line}\n' if line else '\n' for line in text.splitlines())


def get_bases(node):
    parent = node.get('parent')
    return [parent, *(child.get('name') for child in find(node, 'implements'))]


def write_class(node, added, parent):
    name = node.get('name')
    shown, taken = define_properties(node)
    body = ''
    if shown:
        body += indent(f'class Props({get_bases(node)[0]}.Props):\n' + indent('\n'.join(shown)))
        body += indent('@property\ndef props(self) -> Props: ...')
    init = ['self', '*', *taken] if taken else ['self']
    statics = define_statics(node)
    if parent is not None:
        mark_others(statics, node, parent)
    members = {'__init__': define('__init__', init, 'None'), **statics, **define_methods(node),
               **define_slots(node), **added}
    body += ''.join(indent(text) for text in members.values())
    return f'class {name}({", ".join(get_bases(node))}):\n{body}'


def write_enumeration(node, added):
    base = 'GObject.GFlags' if node.tag == CORE + 'bitfield' else 'GObject.GEnum'
    name = node.get('name')
    body = indent('\n'.join(f'{child.get("name").upper()}: ClassVar[{name}]'
                            for child in find(node, 'member')))
    body += ''.join(indent(text) for text in {**define_statics(node), **added}.values())
    return f'class {name}({base}):\n{body}'


def read_overrides(path):
    """What is to be added, by the class or by the name of the function; and what comes before."""
    with open(path, encoding='utf-8') as file:
        tree = ast.parse(file.read())
    classes, functions, head = {}, {}, []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            classes[node.name] = node
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions[node.name] = functions.get(node.name, '') + ast.unparse(node) + '\n'
        elif not isinstance(node, ast.Expr):
            head.append(ast.unparse(node))
    return classes, functions, head


def get_members(node):
    members = {}
    for child in node.body if node is not None else ():
        members[child.name] = members.get(child.name, '') + ast.unparse(child) + '\n'
    return members


def main(gir, overrides, output):
    namespace = ElementTree.parse(gir).getroot().find(CORE + 'namespace')
    classes, functions, head = read_overrides(overrides)
    written = [HEAD + '\n'.join(head) + '\n']
    known = []
    nodes = {node.get('name'): node for node in find(namespace, 'class')}
    for node in namespace:
        name = node.get('name')
        added = get_members(classes.get(name))
        if node.tag in (CORE + 'enumeration', CORE + 'bitfield'):
            written.append(write_enumeration(node, added))
        elif node.tag in (CORE + 'class', CORE + 'interface'):
            written.append(write_class(node, added, nodes.get(node.get('parent'))))
        elif node.tag == CORE + 'constant':
            written.append(f'{name}: Final[{type_of(node)}]\n')
        elif node.tag == CORE + 'function' and not is_hidden(node):
            written.append(define_plain(Callable(node), []) + '\n')
        known.append(name)
    written += [ast.unparse(node) + '\n' for name, node in classes.items() if name not in known]
    written += list(functions.values())
    with open(output, 'w', encoding='utf-8') as file:
        file.write('\n'.join(written))


if __name__ == '__main__':
    main(*sys.argv[1:])
