#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A device is met, connected and paired: the scene of test-bluez.js and test-bluez.vala."""

import asyncio
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

ADAPTER, DEVICE = '00:AA:01:00:00:00', '00:AA:01:00:00:42'


def wait_until(condition):
    limit = GLib.get_monotonic_time() + 30 * GLib.USEC_PER_SEC
    while not condition():
        assert GLib.get_monotonic_time() < limit, 'waited in vain'
        GLib.MainContext.default().iteration(False)


class Bluez(unittest.TestCase):
    def setUp(self):
        self.monitor = Dbr.BluezMonitor.new(None)
        self.added = []
        self.monitor.connect('device-added',
                             lambda monitor, device: self.added.append(device.get_address()))
        self.monitor.start()
        wait_until(lambda: (adapter := self.monitor.get_default_adapter()) is not None
                   and adapter.get_powered())
        self.adapter = self.monitor.get_default_adapter()

    def tearDown(self):
        self.monitor.stop()

    def test_a_device_is_met_connected_and_paired(self):
        self.assertEqual(self.adapter.get_address(), ADAPTER)
        self.adapter.start_discovery_sync(GLib.Variant('a{sv}',
                                                       {'Transport': GLib.Variant('s', 'le')}))
        wait_until(lambda: DEVICE in self.added)
        device = next(device for device in self.monitor.get_devices()
                      if device.get_address() == DEVICE)
        self.assertEqual(device.props.name, 'Watch')

        # The first attempt fails in a way that passes by itself.
        device.connect_device_sync()
        self.assertTrue(device.get_connected())
        with self.assertRaises(GLib.Error) as caught:
            device.pair_sync()
        self.assertEqual(Gio.DBusError.get_remote_error(caught.exception),
                         'org.bluez.Error.AuthenticationRejected')
        self.assertIn('refused', Dbr.Error.explain(caught.exception))
        device.pair_sync()
        self.assertTrue(device.get_paired())
        asyncio.run(self.leave(device))

    async def leave(self, device):
        await device.disconnect_device()
        await self.adapter.stop_discovery()
        self.assertFalse(device.get_connected())

    def test_what_is_bad_is_told_at_once(self):
        with self.assertRaises(GLib.Error) as caught:
            self.monitor.start_notify_sync('nonsense')
        self.assertTrue(caught.exception.matches(Dbr.Error.quark(), Dbr.Error.INVALID_ARGUMENT))


if __name__ == '__main__':
    tap.main()
