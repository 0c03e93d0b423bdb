#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Plain Python values where libdbr takes a GLib.Variant, and arguments that can be left out."""

import asyncio
import inspect
import os
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.overrides import _dbr_values
from gi.repository import Dbr, GLib

PEER = NAME, PATH, INTERFACE = 'org.example.Peer', '/org/example/Peer', 'org.dbr.Peer1'
PROPERTIES = 'org.freedesktop.DBus.Properties'
INTROSPECTABLE = 'org.freedesktop.DBus.Introspectable'


class Values(unittest.TestCase):
    def setUp(self):
        self.client = Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS'])
        self.tell('forget *')
        self.tell('reset')

    def tell(self, statement):
        self.client.call_sync(*PEER, 'Tell', GLib.Variant('(s)', (statement,)))

    def test_call(self):
        """values: the service says what the arguments of a call are, and is asked once"""
        metrics = Dbr.Metrics.new()
        self.client.set_metrics(metrics)
        for number in (1, 2, 3):
            reply = self.client.call_sync(*PEER, 'Increment', ('values',), '(u)')
            self.assertEqual(Dbr.unpack(reply), (number,))
        self.assertEqual([metrics.get_stats(operation).get_count()
                          for operation in metrics.dup_operations() if 'Introspect' in operation],
                         [1])

    def test_property(self):
        """values: the service says what a property is"""
        self.client.write_property_sync(*PEER, 'Level', 17)
        self.assertEqual(Dbr.unpack(self.client.read_property_sync(*PEER, 'Level')), 17)
        with self.assertRaises(OverflowError):
            self.client.write_property_sync(*PEER, 'Level', -1)
        with self.assertRaises(TypeError):
            self.client.write_property_sync(*PEER, 'Level', 'loud')

    def test_variant_inside(self):
        """values: where the service takes anything, what can be of one type only is taken"""
        self.client.call_sync(NAME, PATH, PROPERTIES, 'Set',
                              (INTERFACE, 'Level', GLib.Variant('u', 18)))
        self.assertEqual(self.client.read_property_sync(*PEER, 'Level').unpack(), 18)
        with self.assertRaises(TypeError) as raised:
            self.client.call_sync(NAME, PATH, PROPERTIES, 'Set', (INTERFACE, 'Level', 19))
        self.assertIn('19', str(raised.exception))

    def test_proxy(self):
        """values: of a proxy too"""
        proxy = self.client.get_proxy_sync(*PEER)
        proxy.write_sync('Level', 20)
        self.assertEqual(proxy.read_sync('Level').unpack(), 20)
        self.assertEqual(proxy.call_sync('Increment', ('proxy',)).unpack(), (1,))

    def test_await(self):
        """values: awaited calls ask without blocking, and in their time"""
        async def main():
            replies = await asyncio.gather(*(
                self.client.call(*PEER, 'Increment', ('await',)) for _ in range(10)))
            self.assertEqual(sorted(reply[0] for reply in replies), list(range(1, 11)))
            await self.client.write_property(*PEER, 'Level', 21)
            proxy = await self.client.get_proxy(*PEER)
            await proxy.write('Level', value=22)
            self.assertEqual((await proxy.read('Level')).unpack(), 22)
            self.tell(f'on {INTROSPECTABLE}.Introspect: never')
            with self.assertRaises(GLib.Error) as raised:
                await self.client.call(*PEER, 'Wait', (1,), timeout_ms=300)
            self.assertTrue(raised.exception.matches(Dbr.Error.DEADLINE))
        asyncio.run(main())

    def test_nobody_tells(self):
        """values: what nobody tells the type of has to be a variant"""
        for method_name, parameters in (('Nonesuch', ('x',)), ('Echo', ('x',)), ('Increment', 'x'),
                                        ('Increment', (1,)), ('Increment', ('a', 'b'))):
            with self.assertRaises(TypeError):
                self.client.call_sync(*PEER, method_name, parameters)
        with self.assertRaises(TypeError):
            self.client.call_async(*PEER, 'Block', (1,), None, 0, None, print)

    def test_pack(self):
        """values: nothing is guessed"""
        for signature, value, text in (
                ('(sv)', ('a', 'b'), "('a', <'b'>)"),
                ('a{sv}', {'urgent': True, 'ratio': 0.5, 'tags': ['a', 'b'], 'data': b'x'},
                 "{'urgent': <true>, 'ratio': <0.5>, 'tags': <['a', 'b']>, 'data': <[byte 0x78]>}"),
                ('a(sv)', [('a', GLib.Variant('y', 1))], "[('a', <byte 0x01>)]"),
                ('aa{sv}', [{'in': {'side': 'x'}}], "[{'in': <{'side': <'x'>}>}]"),
                ('a{sas}', {'a': ['b']}, "{'a': ['b']}")):
            self.assertEqual(_dbr_values.pack(signature, value).print_(False), text)
        for signature, value in (('a{sv}', {'urgency': 1}), ('(v)', (None,)), ('(v)', ([],)),
                                 ('(vv)', ('a',)), ('av', [(1, 'a')])):
            with self.assertRaises(TypeError, msg=f'{signature} {value!r}'):
                _dbr_values.pack(signature, value)

    def test_left_out(self):
        """values: who leaves out the last arguments has None, and no limit of their own"""
        self.assertEqual(self.client.call_sync(*PEER, 'Echo').unpack(), ())
        self.assertEqual(self.client.call_sync(*PEER, method_name='Echo', timeout_ms=5000).unpack(), ())
        for args, kwargs in ((PEER, {}), ((*PEER, 'Echo', None, None, 0, None, None), {}),
                             ((*PEER, 'Echo'), {'nonesuch': 1})):
            with self.assertRaises(TypeError):
                self.client.call_sync(*args, **kwargs)

    def test_pairs(self):
        """values: the forms of each operation of each class take the same"""
        n_found = 0
        for cls in (getattr(Dbr, name) for name in dir(Dbr)):
            methods = getattr(cls, '__dict__', {})
            for name in [name[:-len('_async')] for name in methods if name.endswith('_async')]:
                n_found += 1
                awaited = list(inspect.signature(methods[name]).parameters)
                told = list(inspect.signature(methods[f'{name}_async']).parameters)
                self.assertEqual(told, [*awaited, 'cancellable', 'callback'])
                if f'{name}_sync' in methods:
                    waited = list(inspect.signature(methods[f'{name}_sync']).parameters)
                    self.assertEqual(waited, [*awaited, 'cancellable'])
        self.assertGreaterEqual(n_found, 19)


if __name__ == '__main__':
    tap.main()
