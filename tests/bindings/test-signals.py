#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The signals that trouble brings, in Python: of a client, its circuits and policy, and a pool."""

import os
import signal
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

NAME, PATH, INTERFACE = 'org.example.Peer', '/org/example/Peer', 'org.dbr.Peer1'
BUSY = 'org.example.Error.Busy'
PATIENCE_MS = 30000


def listen(source, *signals):
    """What the object tells from now on, each with its values."""
    told = {name: [] for name in signals}
    for name in signals:
        source.connect(name, lambda _source, *values, name=name: told[name].append(values))
    return told


def iterate_until(condition):
    late = []
    source = GLib.timeout_add(PATIENCE_MS, late.append, True)
    while not condition() and not late:
        GLib.MainContext.default().iteration(True)
    if late:
        raise AssertionError('waited in vain')
    GLib.source_remove(source)


def until_all(told):
    iterate_until(lambda: all(told.values()))


class Signals(unittest.TestCase):
    def setUp(self):
        self.client = Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS'])

    def call(self, method_name, parameters=None, timeout_ms=0):
        return self.client.call_sync(NAME, PATH, INTERFACE, method_name, parameters, None,
                                     timeout_ms)

    def fails(self, *call):
        with self.assertRaises(GLib.Error) as raised:
            self.call(*call)
        return raised.exception

    def test_stall(self):
        """signals: a service stalls and is back, as its circuit sees it"""
        circuit = self.client.get_circuit(NAME)
        told = listen(self.client, 'service-stalled', 'service-recovered', 'circuit-changed')
        changes = listen(circuit, 'state-changed')
        self.call('Count', GLib.Variant('(s)', ('Echo',)))
        pid = int(os.environ['DBR_TEST_PEER_PIDS'])
        os.kill(pid, signal.SIGSTOP)
        for _ in range(3):
            self.fails('Echo', None, 100)
        iterate_until(lambda: told['service-stalled'])
        os.kill(pid, signal.SIGCONT)
        iterate_until(lambda: circuit.get_state() == Dbr.CircuitState.HALF_OPEN)
        for _ in range(2):
            self.call('Echo')
        until_all(told)
        [(name, silent_usec)] = told['service-stalled']
        self.assertEqual(name, NAME)
        self.assertGreater(silent_usec, 0)
        [(name, down_usec)] = told['service-recovered']
        self.assertEqual(name, NAME)
        self.assertGreater(down_usec, 0)
        states = Dbr.CircuitState
        self.assertEqual([state for _name, state in told['circuit-changed']],
                         [states.OPEN, states.HALF_OPEN, states.CLOSED])
        self.assertEqual(changes['state-changed'],
                         [(states.CLOSED, states.OPEN), (states.OPEN, states.HALF_OPEN),
                          (states.HALF_OPEN, states.CLOSED)])

    def test_retries(self):
        """signals: a policy gives up, and has no budget left"""
        policy = Dbr.RetryPolicy(max_attempts=2, base_delay_ms=10, budget_capacity=2)
        policy.add_retryable(BUSY)
        self.client.set_retry_policy(policy)
        told = listen(policy, 'gave-up', 'budget-exhausted')
        for _ in range(2):
            self.fails('Fail', GLib.Variant('(ss)', (BUSY, 'later')))
        until_all(told)
        operation, attempts, error = told['gave-up'][0]
        self.assertEqual((operation, attempts), ('default', 2))
        self.assertEqual(Gio.DBusError.get_remote_error(error), BUSY)
        self.assertEqual(told['budget-exhausted'], [(NAME,)])

    def test_pool(self):
        """signals: a lease is held for long, and the bus of a pool stops"""
        pool = Dbr.Pool.new_for_address(os.environ['DBR_TEST_ADDRESS'])
        pool.set_leak_warn_ms(50)
        pool.set_health_check_ms(50)
        told = listen(pool, 'lease-leaked', 'connection-stalled', 'connection-recovered')
        lease = pool.acquire_sync(None)
        name = lease.get_unique_name()
        iterate_until(lambda: told['lease-leaked'])
        lease.release()
        tap.control('bus stop')
        iterate_until(lambda: told['connection-stalled'])
        tap.control('bus cont')
        until_all(told)
        for [(of, time)] in told.values():
            self.assertEqual(of, name)
            self.assertGreater(time, 0)

    def test_the_bus(self):
        """signals: the bus is lost, and a service has another owner when it is back"""
        proxy = self.client.get_proxy_sync(NAME, PATH, INTERFACE, None)
        was = self.client.wait_for_service_sync(NAME, 0, None)
        told = listen(self.client, 'connection-lost', 'connection-restored')
        changes = listen(proxy, 'owner-changed')
        tap.control('bus kill')
        iterate_until(lambda: told['connection-lost'])
        tap.control('bus restart')
        tap.control(f'peer {NAME} restart')
        until_all(told)
        [(error,)] = told['connection-lost']
        self.assertTrue(error.matches(Dbr.Error.quark(), Dbr.Error.CONNECTION_LOST), error)
        self.assertEqual(told['connection-restored'], [()])
        iterate_until(lambda: changes['owner-changed'] and changes['owner-changed'][-1][1])
        self.assertEqual(changes['owner-changed'][0][0], was)


if __name__ == '__main__':
    tap.main()
