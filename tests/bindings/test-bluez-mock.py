#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The BlueZ of python-dbusmock, which others test with: what it can do has to work with it too."""

import subprocess
import sys
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

ADDRESS = '22:22:33:44:55:66'


def wait_until(condition):
    limit = GLib.get_monotonic_time() + 30 * GLib.USEC_PER_SEC
    while not condition():
        assert GLib.get_monotonic_time() < limit, 'waited in vain'
        GLib.MainContext.default().iteration(False)


class Mock:
    def __init__(self):
        self.process = subprocess.Popen([sys.executable, '-m', 'dbusmock', '--system',
                                         '--template', 'bluez5'], stdout=subprocess.DEVNULL)
        self.client = Dbr.Client.new(Gio.BusType.SYSTEM)
        self.client.wait_for_service_sync('org.bluez', 30000)

    def tell(self, member, signature, *arguments):
        return self.client.call_sync('org.bluez', '/', 'org.bluez.Mock', member,
                                     GLib.Variant(signature, arguments), None, 0)

    def fill(self):
        self.tell('AddAdapter', '(ss)', 'hci0', 'mock')
        self.tell('AddDevice', '(sss)', 'hci0', ADDRESS, 'Headset')

    def kill(self):
        self.process.kill()
        self.process.wait()


class BluezOfOthers(unittest.TestCase):
    def test_shows_does_and_outlives(self):
        mock = Mock()
        mock.fill()
        monitor = Dbr.BluezMonitor.new(None)
        monitor.start()
        wait_until(lambda: len(monitor.get_devices()) == 1)
        adapter, device = monitor.get_default_adapter(), monitor.get_devices()[0]
        self.assertEqual(device.get_address(), ADDRESS)
        self.assertEqual(device.get_name(), 'Headset')
        self.assertTrue(adapter.get_powered())

        adapter.start_discovery_sync(None)
        wait_until(adapter.get_discovering)
        adapter.stop_discovery_sync()
        device.connect_device_sync()
        wait_until(device.get_connected)
        device.disconnect_device_sync()
        device.pair_sync()
        wait_until(device.get_paired)

        mock.kill()
        wait_until(lambda: len(monitor.get_devices()) == 0)
        self.assertFalse(device.get_connected())
        mock = Mock()
        mock.fill()
        wait_until(lambda: len(monitor.get_devices()) == 1)
        self.assertIs(monitor.get_devices()[0], device)
        self.assertIs(monitor.get_default_adapter(), adapter)
        monitor.stop()
        mock.kill()


if __name__ == '__main__':
    tap.main()
