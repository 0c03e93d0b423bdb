#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A BlueZ that systemd runs hangs, is restarted, and all is as before: the whole of it in Python."""

import asyncio
import os
import signal
import time
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

ADDRESS = '00:AA:01:00:00:42'
UNITS = os.path.join(os.environ['XDG_RUNTIME_DIR'], 'data/systemd/user')
SCRIPT = f'''plug hci0 00:AA:01:00:00:00
bond hci0 {ADDRESS} Watch
near {ADDRESS} Watch
'''
PATIENCE_S = 30


class Scene(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.began = time.monotonic()
        script = os.path.join(UNITS, 'bluez.peer')
        with open(script, 'w', encoding='utf-8') as file:
            file.write(SCRIPT)
        with open(os.path.join(UNITS, 'bluetooth.service'), 'w', encoding='utf-8') as file:
            file.write(f'[Service]\nType=dbus\nBusName=org.bluez\nExecStart={os.environ["DBR_TEST_PEER"]}'
                       f' --quiet --session --name org.bluez --script {script}\n')
        systemd = Dbr.SystemdMonitor.new(None, Dbr.SystemdScope.USER)
        self.unit = await systemd.get_unit('bluetooth')
        await self.unit.start(Dbr.UnitFlags.NONE)
        self.monitor = Dbr.BluezMonitor.new(Dbr.Client.new(Gio.BusType.SESSION))
        self.monitor.set_properties(interval_ms=200, probe_timeout_ms=1000, misses_to_stall=2)
        self.addCleanup(self.monitor.stop)
        self.monitor.start()
        self.recovery = Dbr.Recovery.new(self.monitor, Dbr.StateTracker.new(self.monitor))

    def say(self, what):
        print(f'# {time.monotonic() - self.began:6.2f} s  {what}')

    async def wait_until(self, condition):
        """Signals are told in GLib's context, which asyncio's loop does not iterate."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            GLib.MainContext.default().iteration(False)
            await asyncio.sleep(0.001)

    def get_device(self):
        return next(iter(self.monitor.get_devices()), None)

    def has_all(self):
        adapter, device = self.monitor.get_default_adapter(), self.get_device()
        return (adapter is not None and adapter.get_discovering()
                and device is not None and device.get_connected())

    async def test_story(self):
        """a stall, a recovery that is asked for, a restart, and what was there before"""
        await self.wait_until(lambda: self.get_device() is not None
                              and self.monitor.get_default_adapter().get_powered())
        await self.get_device().connect_device()
        await self.monitor.get_default_adapter().start_discovery(
            GLib.Variant('a{sv}', {'Transport': GLib.Variant('s', 'le')}))
        await self.wait_until(self.has_all)
        self.say('a device is connected, and another one searched for')

        stalled = []
        self.monitor.connect('stalled', lambda _monitor, usec: stalled.append(usec))
        await self.unit.refresh()
        pid = self.unit.get_main_pid()
        os.kill(pid, signal.SIGSTOP)
        self.say('org.bluez is stopped')
        await self.wait_until(lambda: stalled)
        self.say('it does not answer any more')

        self.assertEqual(await self.recovery.recover(''), Dbr.RecoveryResult.NOT_ALLOWED)
        self.recovery.props.allowed = (Dbr.RecoveryScope.DEVICE
                                       | Dbr.RecoveryScope.SERVICE_RESTART)
        self.assertEqual(await self.recovery.recover(''), Dbr.RecoveryResult.RECOVERED)
        self.say('recovered')
        await self.wait_until(self.has_all)
        self.say('the device is connected, and the search goes on')
        await self.unit.refresh()
        self.assertNotEqual(self.unit.get_main_pid(), pid)
        history = self.recovery.get_history()
        await self.wait_until(lambda: len(history) == 4)
        for event in history:
            print(f'# {event.get_kind()}: {event.get_text()}')
        self.assertEqual([event.get_kind() for event in history],
                         ['not-allowed', 'state-restored', 'stage-finished', 'recovered'])


if __name__ == '__main__':
    tap.main()
