#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A device is saved, lost and put back: the scene of test-state.js and test-state.vala."""

import asyncio
import os
import tempfile
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, GLib

DEVICE = '00:AA:01:00:00:42'


def wait_until(condition):
    limit = GLib.get_monotonic_time() + 30 * GLib.USEC_PER_SEC
    while not condition():
        assert GLib.get_monotonic_time() < limit, 'waited in vain'
        GLib.MainContext.default().iteration(False)


class State(unittest.TestCase):
    def setUp(self):
        self.monitor = Dbr.BluezMonitor.new(None)
        self.monitor.start()
        wait_until(lambda: any(device.props.address == DEVICE for device in self.monitor.get_devices()))
        self.device = next(device for device in self.monitor.get_devices()
                           if device.props.address == DEVICE)
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, 'devices')

    def tearDown(self):
        self.monitor.stop()
        self.folder.cleanup()

    def restart(self):
        """BlueZ crashes when it is told so, and comes back."""
        crashed = []
        handler = self.monitor.connect('device-removed', lambda *arguments: crashed.append(True))
        self.monitor.props.client.call_sync('org.bluez', '/', 'org.dbr.Peer1', 'Reboot', None, None, 0)
        wait_until(lambda: crashed)
        self.monitor.disconnect(handler)
        wait_until(lambda: self.device.props.object_path)

    def test_a_device_is_saved_lost_and_put_back(self):
        asyncio.run(self.play())

    async def play(self):
        tracker = Dbr.StateTracker.new(self.monitor)
        tracker.props.file = self.path
        await self.device.connect_device()
        await tracker.save(self.device)
        tracker.set_attribute(DEVICE, 'room', GLib.Variant('(si)', ('kitchen', 2)))
        await tracker.flush()

        state = tracker.get(DEVICE)
        self.assertEqual(state.props.name, 'Watch')
        self.assertTrue(state.props.connected)
        self.assertTrue(state.props.paired)
        self.assertTrue(state.props.trusted)
        self.assertFalse(state.props.blocked)
        self.assertEqual(state.props.uuids, ['0000180d-0000-1000-8000-00805f9b34fb'])
        self.assertGreater(state.props.saved_usec, 0)

        other = Dbr.StateTracker.new(self.monitor)
        other.props.file = self.path
        self.assertEqual(other.dup_addresses(), [DEVICE])
        self.assertEqual(other.get(DEVICE).get_attribute('room').unpack(), ('kitchen', 2))

        self.restart()
        report = {event.props.kind: event.props.details['result']
                  for event in await tracker.restore(DEVICE)}
        self.assertEqual(report['connected'], 'restored')
        self.assertEqual(report['trusted'], 'unchanged')
        self.assertTrue(self.device.props.connected)
        tracker.forget(DEVICE)
        self.assertIsNone(tracker.get(DEVICE))
        await tracker.flush()

    def test_a_damaged_file_is_told_of_once(self):
        with open(self.path, 'w', encoding='utf-8') as file:
            file.write('libdbr-state 1\nhalf')
        tracker = Dbr.StateTracker.new(self.monitor)
        tracker.props.file = self.path
        with self.assertRaises(GLib.Error) as caught:
            tracker.save_sync(self.device, None)
        self.assertTrue(caught.exception.matches(Dbr.Error.quark(), Dbr.Error.STORAGE))
        self.assertTrue(os.path.exists(self.path + '.damaged'))
        tracker.save_sync(self.device, None)
        self.assertEqual(tracker.dup_addresses(), [DEVICE])

    def test_what_is_bad_is_told_at_once(self):
        tracker = Dbr.StateTracker.new(self.monitor)
        with self.assertRaises(GLib.Error) as caught:
            tracker.set_attribute('nonsense', 'room', GLib.Variant('s', 'kitchen'))
        self.assertTrue(caught.exception.matches(Dbr.Error.quark(), Dbr.Error.INVALID_ARGUMENT))
        with self.assertRaises(GLib.Error) as caught:
            tracker.restore_sync('00:AA:01:00:00:99', None)
        self.assertTrue(caught.exception.matches(Dbr.Error.quark(), Dbr.Error.INVALID_ARGUMENT))


if __name__ == '__main__':
    tap.main()
