#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What scripts for the systems before this one did, and how it is done here.

A decorator with a limit, a callback for stalls, figures and a summary, a pool and a cached proxy,
notifications, Bluetooth, calls that are tried again, a device that is recovered and its state, and
a machine without a bus.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, GLib

PEER = NAME, PATH, INTERFACE = 'org.example.Peer', '/org/example/Peer', 'org.dbr.Peer1'
DESKTOP = 'org.freedesktop.Notifications', '/org/freedesktop/Notifications'
WATCH, WATCH_PATH = '00:AA:01:00:00:42', '/org/bluez/hci0/dev_00_AA_01_00_00_42'
PATIENCE_S = 30

# What a program shows of a machine that has no bus.
NOWHERE = '''
import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, GLib

monitor = Dbr.SystemdMonitor.new(None, Dbr.SystemdScope.SYSTEM)
try:
    monitor.refresh_sync()
except GLib.Error as error:
    print(error.matches(Dbr.Error.NO_BUS))
print(monitor.get_available(), monitor.get_system_state(), monitor.get_n_failed_units(),
      list(monitor.get_failed_units()))
'''


def new_client():
    return Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS'])


def signal_peer(number):
    os.kill(int(os.environ['DBR_TEST_PEER_PIDS'].split()[0]), number)


def iterate_until(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < end:
        GLib.MainContext.default().iteration(False)
        time.sleep(0.001)


class Scripts(unittest.TestCase):
    def setUp(self):
        self.client = new_client()

    def test_limit(self):
        """scripts: a decorator gives a function a limit"""
        @Dbr.with_timeout('connect', timeout_ms=300, device='00:11:22:33:44:55')
        def connect(method_name):
            self.client.call_sync(*PEER, method_name)
            return True

        self.assertTrue(connect('Echo'))
        with self.assertRaises(GLib.Error) as raised:
            connect('Never')
        self.assertTrue(raised.exception.matches(Dbr.Error.DEADLINE))

    def test_stall_callback(self):
        """scripts: a function is called when the service is stalled"""
        stalls, monitor = [], Dbr.ServiceMonitor.new(self.client, NAME)
        monitor.props.interval_ms, monitor.props.probe_timeout_ms = 200, 500
        # As long as nobody says what to ask it finds something by itself, and that may be slow here.
        monitor.props.probe_path, monitor.props.probe_interface = PATH, INTERFACE
        monitor.props.probe_property = 'Level'
        monitor.connect('stalled', lambda monitor, silent_usec: stalls.append(silent_usec))
        monitor.start()
        monitor.wait_healthy_sync(10000)
        signal_peer(signal.SIGSTOP)
        try:
            iterate_until(lambda: stalls)
        finally:
            signal_peer(signal.SIGCONT)
        self.assertEqual(len(stalls), 1)
        monitor.stop()

    def test_figures(self):
        """scripts: operations are recorded, and summed up"""
        metrics = Dbr.Metrics.new()
        for method_name in ['Echo'] * 20 + ['Nonesuch'] * 10:
            try:
                with metrics.timed('export'):
                    self.client.call_sync(*PEER, method_name)
            except GLib.Error:
                pass
        stats = metrics.get_stats('export')
        self.assertEqual((stats.get_count(), stats.get_errors()), (30, 10))
        self.assertGreater(stats.percentile(95), 0)
        self.assertEqual([issue.get_id() for issue in metrics.get_issues()][:1], ['error-rate'])
        self.assertIn('export', metrics.to_text())
        metrics.log_summary()

    def test_pool_and_proxies(self):
        """scripts: a connection of a pool is held by a block, and a proxy is kept"""
        pool = Dbr.Pool.new_for_address(os.environ['DBR_TEST_ADDRESS'])
        with pool.acquire() as lease:
            call = Dbr.Call(bus_name=NAME, object_path=PATH, interface_name=INTERFACE,
                            method_name='Echo', lease=lease)
            self.client.run_sync(call)
        self.assertEqual(pool.get_stats().get_leased(), 0)
        proxy = self.client.get_proxy_sync(*PEER)
        self.assertIs(self.client.get_proxy_sync(*PEER), proxy)
        self.client.invalidate(NAME)
        self.client.invalidate()
        self.assertEqual(Dbr.unpack(proxy.read_sync('Name')), 'dbr-peer')

    def test_tried_again(self):
        """scripts: a call is tried again, whatever it is made with"""
        policy, runs = Dbr.RetryPolicy.new_preset('patient'), []
        policy.props.base_delay_ms = 10

        def method(*args, **kwargs):
            runs.append((args, kwargs))
            if len(runs) < 3:
                raise GLib.Error.new_literal(Dbr.Error.quark(), 'not there', Dbr.Error.NO_OWNER)
            return 'done'

        self.assertEqual(policy.call(method, 1, key='value'), 'done')
        self.assertEqual(runs, [((1,), {'key': 'value'})] * 3)

    def test_notifications(self):
        """scripts: a notification is shown and closed, plain values and all"""
        notifier = Dbr.Notifier.new('Scripts')
        self.assertGreater(notifier.send_sync('Ready', 'It is on', '', Dbr.Urgency.NORMAL, -1), 0)

        async def main():
            number = await notifier.send_full('Done', '', '', Dbr.Urgency.LOW, -1,
                                              ['open', 'Open'], {'transient': True}, 0)
            await notifier.close(number)
            with self.assertRaises(TypeError):
                await notifier.send_full('Done', '', '', Dbr.Urgency.LOW, -1, [], {'x-n': 4}, 0)
        asyncio.run(main())
        notice, = self.client.call_sync(*DESKTOP, INTERFACE, 'LastNotice').unpack()
        self.assertEqual((notice[3], notice[6]['transient'], notice[6]['urgency']), ('Done', True, 0))

    def test_bluetooth(self):
        """scripts: devices are looked for by a plain filter, and something is registered"""
        adverts = 'org.bluez.LEAdvertisingManager1'
        xml = (f'<node><interface name="{adverts}"><method name="RegisterAdvertisement">'
               '<arg type="o" direction="in"/><arg type="a{sv}" direction="in"/>'
               '</method></interface></node>')
        self.client.call_sync('org.bluez', '/', INTERFACE, 'Tell', GLib.Variant(
            '(s)', (f"on Introspect at /org/bluez/hci0: reply ('{xml}',)",)))
        monitor = Dbr.BluezMonitor.new(self.client)
        monitor.refresh_sync()
        adapter, = monitor.get_adapters()

        async def main():
            await adapter.start_discovery({'Transport': 'le', 'RSSI': GLib.Variant('n', -60)})
            self.assertTrue(await adapter.stop_discovery())
            self.assertTrue(await monitor.register('/org/bluez/hci0', adverts,
                                                   'RegisterAdvertisement', ('/advert', {})))
        asyncio.run(main())

    def tell_bluez(self, statement):
        self.client.call_sync('org.bluez', '/', INTERFACE, 'Tell', GLib.Variant('(s)', (statement,)))

    async def connect_watch(self, monitor):
        monitor.start()
        await monitor.wait_healthy(10000)
        self.tell_bluez(f'near {WATCH} Watch')
        self.tell_bluez(f'bond hci0 {WATCH} Watch')
        while not (found := [one for one in monitor.get_devices() if one.get_address() == WATCH]):
            await monitor.refresh()
        await found[0].connect_device()
        return found[0]

    def test_recovery(self):
        """scripts: a device is recovered stage by stage, and has its state and what was noted of it"""
        stages = []

        async def main():
            monitor = Dbr.BluezMonitor.new(self.client)
            watch = await self.connect_watch(monitor)
            tracker = Dbr.StateTracker.new(monitor)
            tracker.set_attribute(WATCH, 'room', GLib.Variant('s', 'kitchen'))
            await tracker.save(watch)
            state = tracker.get(WATCH)
            self.assertEqual((state.get_name(), state.get_connected()), ('Watch', True))
            self.assertEqual(state.get_attribute('room').unpack(), 'kitchen')

            recovery = Dbr.Recovery.new(monitor, tracker)
            recovery.connect('stage-started', lambda _, stage, target: stages.append(stage.get_name()))
            self.assertEqual(await recovery.recover(WATCH), Dbr.RecoveryResult.NOT_NEEDED)
            self.tell_bluez(f'set {WATCH_PATH} org.bluez.Device1.Connected false')
            while watch.get_connected():
                await monitor.refresh()
            self.assertEqual(await recovery.recover(WATCH), Dbr.RecoveryResult.RECOVERED)
            self.assertTrue(watch.get_connected())
            monitor.stop()
            return recovery
        recovery = asyncio.run(main())
        iterate_until(lambda: stages)
        self.assertEqual(stages, ['reconnect'])
        self.assertEqual([event.get_kind() for event in recovery.get_history()][-1], 'recovered')

    def test_no_bus(self):
        """scripts: without a bus there is no state, one error, and one line in the log"""
        environment = {**os.environ, 'DBUS_SYSTEM_BUS_ADDRESS': 'unix:path=/nonexistent/bus'}
        done = subprocess.run([sys.executable, '-c', NOWHERE], env=environment, text=True,
                              capture_output=True, check=True, timeout=PATIENCE_S)
        self.assertEqual(done.stdout.splitlines(), ['True', 'False None -1 []'])
        self.assertEqual(len([line for line in done.stderr.splitlines() if line]), 1, done.stderr)


if __name__ == '__main__':
    tap.main()
