# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Plain Python values where libdbr takes a GLib.Variant, if somebody tells their types.

The service does, by introspection; or the type is always the same. Nothing is guessed: where a
value could be of more than one type, it has to be a GLib.Variant.
"""

import time
import weakref

from gi.repository import Gio, GLib

# What is always of the same type, by the name of the argument.
_KNOWN = {'filter': 'a{sv}', 'hints': 'a{sv}'}
# How long what a service said of its types is believed; it may be another program then.
_BELIEVED_S = 60
_REMEMBERED = 1000

_signatures = weakref.WeakKeyDictionary()


def unpack(value):
    """Makes plain Python values of a GLib.Variant, of all that is inside it too."""
    return value.unpack() if isinstance(value, GLib.Variant) else value


def _variant_of(value):
    """The variant of a value that can only be of one type."""
    if isinstance(value, GLib.Variant):
        return value
    for plain, signature in ((bool, 'b'), (float, 'd'), (str, 's'), (bytes, 'ay'), (dict, 'a{sv}')):
        if isinstance(value, plain):
            return pack(signature, value)
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, str) for item in value):
        return pack('as', value)
    raise TypeError(f'{value!r} may be of many types, and nobody tells which: it has to be a '
                    'GLib.Variant')


def _open_variants(signature, value):
    """The value with a GLib.Variant wherever the signature says only that there is one."""
    if 'v' not in signature:
        return value
    if signature == 'v':
        return _variant_of(value)
    if signature.startswith('a{'):
        return {key: _open_variants(signature[3:-1], item) for key, item in value.items()}
    if signature.startswith('a'):
        return [_open_variants(signature[1:], item) for item in value]
    signatures = GLib.Variant.split_signature(signature)
    # What has another number of elements is refused by who makes the variant.
    return (tuple(map(_open_variants, signatures, value)) if len(value) == len(signatures)
            else value)


def pack(signature, value):
    """A GLib.Variant of that type, of plain values or of such that are variants already."""
    if isinstance(value, GLib.Variant):
        return value
    return GLib.Variant(signature, _open_variants(signature, value))


class Question:
    """What the type of a plain value is, asked of the service that is to take it."""

    def __init__(self, client, bus_name, object_path, interface_name, member, is_property):
        self._client = client
        self._object = bus_name, object_path
        self._key = bus_name, interface_name, member, is_property

    def recall(self):
        """The signature if it was asked for of late, else None."""
        signature, since = _signatures.get(self._client, {}).get(self._key, (None, 0))
        return signature if since > time.monotonic() - _BELIEVED_S else None

    def ask(self):
        """The signature, waited for."""
        return self.recall() or self._read(self._client.introspect_sync(*self._object, None))

    async def ask_async(self):
        """The signature, awaited."""
        return self.recall() or self._read(await self._client.introspect(*self._object))

    def _read(self, xml):
        _bus_name, interface_name, member, is_property = self._key
        interface = Gio.DBusNodeInfo.new_for_xml(xml).lookup_interface(interface_name)
        info = interface and (interface.lookup_property(member) if is_property
                              else interface.lookup_method(member))
        if not info:
            raise TypeError(f'The service does not tell the types of {interface_name}.{member}: '
                            'it has to be a GLib.Variant')
        signature = info.signature if is_property else self._join(info.in_args)
        remembered = _signatures.setdefault(self._client, {})
        if len(remembered) >= _REMEMBERED:
            remembered.clear()
        remembered[self._key] = signature, time.monotonic()
        return signature

    @staticmethod
    def _join(arguments):
        return f'({"".join(argument.signature for argument in arguments or ())})'


def _ask_of_registration(monitor, manager_path, interface_name, member):
    return Question(monitor.get_client(), monitor.get_bus_name(), manager_path, interface_name,
                    member, False)


def _ask_of_proxy(proxy, member, is_property):
    return Question(proxy.get_client(), proxy.get_bus_name(), proxy.get_object_path(),
                    proxy.get_interface_name(), member, is_property)


# Who takes values of which only the service knows the types, and how to ask it.
_ASKED = {
    ('BluezMonitor', 'register'): lambda args: _ask_of_registration(args[0], *args[1:4]),
    ('Client', 'call'): lambda args: Question(*args[:5], False),
    ('Client', 'write_property'): lambda args: Question(*args[:5], True),
    ('Proxy', 'call'): lambda args: _ask_of_proxy(args[0], args[1], False),
    ('Proxy', 'write'): lambda args: _ask_of_proxy(args[0], args[1], True),
}


def get_question_maker(class_name, operation):
    return _ASKED.get((class_name, operation))


def get_known(argument_name):
    return _KNOWN.get(argument_name)
