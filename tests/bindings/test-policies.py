#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Each policy in Python: retries, circuit, limits, access, and what is found out about a bus."""

import asyncio
import os
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

NAME, PATH, INTERFACE = 'org.example.Peer', '/org/example/Peer', 'org.dbr.Peer1'
BUSY = 'org.example.Error.Busy'
PATIENCE_S = 30


async def until(condition):
    """Signals are told in GLib's context, which asyncio's loop does not iterate."""
    async def iterate():
        while not condition():
            GLib.MainContext.default().iteration(False)
            await asyncio.sleep(0.001)
    await asyncio.wait_for(iterate(), PATIENCE_S)


class Policies(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.client = Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS'])
        tap.control(f'peer {NAME} tell forget *')
        tap.control(f'peer {NAME} tell reset')

    def call(self, method_name, *strings, client=None):
        parameters = GLib.Variant(f'({"s" * len(strings)})', strings)
        return (client or self.client).call(NAME, PATH, INTERFACE, method_name, parameters)

    async def fails(self, code, awaitable):
        with self.assertRaises(GLib.Error) as raised:
            await awaitable
        self.assertTrue(raised.exception.matches(Dbr.Error.quark(), code), raised.exception)
        return raised.exception

    async def test_retries(self):
        """policies: a call is tried again as the policy says, which tells of it"""
        tap.control(f'peer {NAME} tell on Increment call 1: error {BUSY} later')
        policy, told = Dbr.RetryPolicy.new(), []
        policy.add_retryable(BUSY)
        policy.props.base_delay_ms = 10
        policy.connect('retrying', lambda policy, operation, attempt, delay_ms, error:
                       told.append(('retrying', attempt, Gio.DBusError.get_remote_error(error))))
        policy.connect('recovered', lambda policy, operation, attempts, elapsed_usec:
                       told.append(('recovered', attempts)))
        self.client.connect('call-retrying', lambda client, call, attempt, delay_ms, error:
                            told.append(('call', call.get_method_name())))
        self.client.set_retry_policy(policy)

        self.assertEqual(Dbr.unpack(await self.call('Increment', 'a')), (2,))
        await until(lambda: len(told) == 3)
        self.assertEqual(sorted(told), [('call', 'Increment'), ('recovered', 2),
                                        ('retrying', 1, BUSY)])

    async def test_presets(self):
        """policies: a preset is known by its name, and a wrong one is an error"""
        self.assertEqual(Dbr.RetryPolicy.new_preset('none').get_max_attempts(), 1)
        with self.assertRaises(GLib.Error) as raised:
            Dbr.RetryPolicy.new_preset('nonesuch')
        self.assertTrue(raised.exception.matches(Dbr.Error.quark(), Dbr.Error.INVALID_ARGUMENT))

    async def test_code_of_ones_own(self):
        """policies: what is no call is tried again by the same policy"""
        policy = Dbr.RetryPolicy.new()
        retry, attempts = policy.begin(5000, False), 1
        while True:
            again, delay_ms = retry.next(Dbr.Failure.NOT_DELIVERED)
            if not again:
                break
            least, most = policy.get_delay_range(attempts)
            self.assertTrue(least <= delay_ms <= most)
            attempts += 1
        self.assertEqual(attempts, 3)
        self.assertFalse(policy.begin(5000, False).next(Dbr.Failure.MAYBE_EXECUTED)[0])

    async def test_circuit(self):
        """policies: a circuit is opened and closed by hand, and says why it refuses"""
        circuit, changes = self.client.get_circuit(NAME), []
        self.client.connect('circuit-changed', lambda client, name, state:
                            changes.append((name, state)))
        circuit.isolate()
        error = await self.fails(Dbr.Error.CIRCUIT_OPEN, self.call('Increment', 'b'))
        self.assertIn(NAME, error.message)
        circuit.reset()
        self.assertEqual(Dbr.unpack(await self.call('Increment', 'b')), (1,))
        await until(lambda: len(changes) == 2)
        self.assertEqual(changes, [(NAME, Dbr.CircuitState.ISOLATED),
                                   (NAME, Dbr.CircuitState.CLOSED)])

    async def test_limits(self):
        """policies: more calls than may be under way wait, and more than may wait are refused"""
        tap.control(f'peer {NAME} tell on Increment: wait 200')
        self.client.props.max_in_flight, self.client.props.max_queued = 1, 1
        first, second, third = (self.call('Increment', 'c') for _ in range(3))
        await self.fails(Dbr.Error.OVERLOADED, third)
        self.assertEqual([Dbr.unpack(await first), Dbr.unpack(await second)], [(1,), (2,)])

    async def test_access(self):
        """policies: what is not allowed is denied, and both are told without arguments"""
        policy, records = Dbr.AccessPolicy.new(Dbr.AccessTier.CUSTOM), []
        policy.allow(f'{NAME}:{INTERFACE}.Echo')
        client = Dbr.Client(address=os.environ['DBR_TEST_ADDRESS'], access_policy=policy)
        client.connect('audit', lambda client, record: records.append(Dbr.unpack(record)))
        self.assertTrue(policy.get_frozen())

        self.assertEqual(Dbr.unpack(await self.call('Echo', 'secret', client=client)), ('secret',))
        error = await self.fails(Dbr.Error.DENIED, self.call('Increment', 'secret', client=client))
        self.assertIn('Increment', error.message)
        await until(lambda: len(records) == 2)
        self.assertEqual([(record['allowed'], record['kind'], record['member'])
                          for record in records],
                         [(True, 'call', 'Echo'), (False, 'call', 'Increment')])
        self.assertNotIn('secret', str(records))
        self.assertEqual([name for name in await client.list_names(False)
                          if name.startswith('org')], [NAME])

    async def test_bus(self):
        """policies: a service is waited for, listed and introspected"""
        tap.control(f'peer {NAME} kill')
        waiting = self.client.wait_for_service(NAME, PATIENCE_S * 1000)
        tap.control(f'peer {NAME} restart')
        unique_name = await waiting
        self.assertIn(NAME, await self.client.list_names(False))
        self.assertIn(unique_name, await self.client.list_names(False))
        info = Gio.DBusNodeInfo.new_for_xml(await self.client.introspect(NAME, PATH))
        self.assertIsNotNone(info.lookup_interface(INTERFACE))
        await self.fails(Dbr.Error.DEADLINE,
                         self.client.wait_for_service('org.example.Nobody', 100))


if __name__ == '__main__':
    tap.main()
