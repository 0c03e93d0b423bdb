#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What is told by signals in Python: by a monitor, a client and a pool."""

import os
import signal
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, GLib

NAME, PATH, INTERFACE = 'org.example.Peer', '/org/example/Peer', 'org.dbr.Peer1'
SIGNALS = ('stalled', 'recovered', 'appeared', 'vanished', 'restarted', 'slow')
PATIENCE_MS = 30000


def new_client():
    return Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS'])


def tell(statement):
    new_client().call_sync(NAME, PATH, INTERFACE, 'Tell', GLib.Variant('(s)', (statement,)), None, 0)


def new_monitor(**properties):
    return Dbr.ServiceMonitor(client=new_client(), bus_name=NAME, interval_ms=200,
                              probe_timeout_ms=300, probe_path=PATH, probe_interface=INTERFACE,
                              **properties)


def iterate_until(condition):
    late = []
    source = GLib.timeout_add(PATIENCE_MS, late.append, True)
    while not condition() and not late:
        GLib.MainContext.default().iteration(True)
    if late:
        raise AssertionError('waited in vain')
    GLib.source_remove(source)


class Monitors(unittest.TestCase):
    def listen(self, monitor):
        told = []
        for name in SIGNALS:
            monitor.connect(name, lambda _monitor, *args, name=name: told.append((name, *args)))
        return told

    def test_signals(self):
        """monitors: a stall and a restart are told in order, with the owners and the times"""
        monitor = new_monitor(probe_property='Name')
        told = self.listen(monitor)
        self.assertTrue(monitor.start())
        self.assertTrue(monitor.wait_healthy_sync(0, None))
        pid = int(os.environ['DBR_TEST_PEER_PIDS'])
        os.kill(pid, signal.SIGSTOP)
        iterate_until(lambda: told)
        self.assertEqual(monitor.get_state(), Dbr.ServiceState.FROZEN)
        os.kill(pid, signal.SIGCONT)
        iterate_until(lambda: len(told) == 2)
        owner = monitor.get_owner()
        tell(f'reown 100 {NAME}')
        iterate_until(lambda: len(told) == 5)
        self.assertEqual([name for name, *_ in told],
                         ['stalled', 'recovered', 'vanished', 'appeared', 'restarted'])
        self.assertGreater(told[0][1], 0)
        self.assertGreater(told[1][1], told[0][1])
        self.assertEqual(told[2][1:] + told[3][1:], (owner, owner))
        self.assertEqual(told[4][1:3], (owner, owner))
        self.assertEqual([event.get_kind() for event in monitor.get_history()],
                         [name for name, *_ in told])
        self.assertEqual(told[4][3], monitor.get_history()[4].get_details()['gap-usec'])

    def test_slow(self):
        """monitors: a service that takes long is slow, and started by nobody"""
        monitor = new_monitor(probe_property='Slow', slow_ms=100)
        monitor.set_probe_timeout_ms(5000)
        told = self.listen(monitor)
        self.assertTrue(monitor.start())
        iterate_until(lambda: told)
        self.assertEqual(told[0][0], 'slow')
        self.assertGreaterEqual(told[0][1], 500000)

    def test_once(self):
        """monitors: a script reads once, and is told by an error that nobody is there"""
        monitor = Dbr.ServiceMonitor.new(new_client(), NAME)
        self.assertTrue(monitor.refresh_sync(None))
        self.assertTrue(monitor.get_available())
        self.assertGreaterEqual(monitor.check_sync(None), 0)
        nobody = Dbr.ServiceMonitor.new(new_client(), 'org.example.Nobody')
        with self.assertRaises(GLib.Error) as raised:
            nobody.check_sync(None)
        self.assertTrue(raised.exception.matches(Dbr.Error.quark(), Dbr.Error.NO_OWNER))

    def test_client(self):
        """signals of a client: an answer that came late"""
        client, told = new_client(), []
        client.connect('late-reply', lambda _client, *args: told.append(args))
        with self.assertRaises(GLib.Error):
            client.call_sync(NAME, PATH, INTERFACE, 'Wait', GLib.Variant('(u)', (300,)), None, 100)
        iterate_until(lambda: told)
        self.assertGreater(told[0][1], 0)

    def test_pool(self):
        """signals of a pool: connections come and go, and there may be none left"""
        pool, told = Dbr.Pool.new_for_address(os.environ['DBR_TEST_ADDRESS']), []
        pool.set_max_size(1)
        pool.set_acquire_timeout_ms(200)
        for name in ('connection-opened', 'connection-closed', 'exhausted', 'available'):
            pool.connect(name, lambda _pool, *args, name=name: told.append(name))
        lease = pool.acquire_sync(None)
        with self.assertRaises(GLib.Error):
            pool.acquire_sync(None)
        lease.release()
        pool.close_sync(None)
        iterate_until(lambda: 'connection-closed' in told)
        self.assertEqual(told, ['connection-opened', 'exhausted', 'available',
                                'connection-closed'])


if __name__ == '__main__':
    tap.main()
