#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Units of a real systemd in Python, awaited and waited for."""

import asyncio
import os
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, GLib

UNITS = os.path.join(os.environ['XDG_RUNTIME_DIR'], 'data', 'systemd', 'user')
PATIENCE_S = 30


def write_unit(name, text):
    with open(os.path.join(UNITS, name), 'w', encoding='utf-8') as file:
        file.write(text)


async def until(condition):
    """Signals are told in GLib's context, which asyncio's loop does not iterate."""
    async def iterate():
        while not condition():
            GLib.MainContext.default().iteration(False)
            await asyncio.sleep(0.001)
    await asyncio.wait_for(iterate(), PATIENCE_S)


class Systemd(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        write_unit('ok.service', '[Service]\nExecStart=/bin/sleep infinity\n')
        write_unit('fails.service', '[Service]\nType=oneshot\nExecStart=/bin/false\n')
        self.monitor = Dbr.SystemdMonitor.new(None, Dbr.SystemdScope.USER)

    async def test_units(self):
        """systemd: a unit is started, watched and stopped"""
        told = []
        self.monitor.connect('unit-changed', lambda _monitor, unit, old, new:
                             told.append((unit.get_name(), old, new)))
        self.monitor.watch_units(['ok'])
        self.monitor.start()
        await until(lambda: self.monitor.get_n_jobs() == 0)
        unit = await self.monitor.get_unit('ok')
        await unit.start(Dbr.UnitFlags.NONE)
        self.assertEqual(unit.get_active_state(), 'active')
        self.assertGreater(unit.get_main_pid(), 0)
        await until(lambda: ('ok.service', 'inactive', 'active') in told)
        await unit.stop(Dbr.UnitFlags.NONE)
        self.assertEqual(unit.get_active_state(), 'inactive')
        self.monitor.stop()

    async def test_failure(self):
        """systemd: a unit that fails says why, and is in the list"""
        unit = await self.monitor.get_unit('fails')
        with self.assertRaises(GLib.Error) as raised:
            await unit.start(Dbr.UnitFlags.NONE)
        self.assertTrue(raised.exception.matches(Dbr.Error.quark(), Dbr.Error.JOB_FAILED))
        reasons = await unit.explain()
        self.assertEqual([reason.get_kind() for reason in reasons], ['failed'])
        await self.monitor.refresh()
        self.assertEqual([failed.get_name() for failed in self.monitor.get_failed_units()],
                         ['fails.service'])
        self.assertEqual(self.monitor.get_system_state(), 'degraded')

    async def test_lists(self):
        """systemd: units and jobs are lists, boot times are numbers"""
        units = await self.monitor.list_units(['ok', 'nobody-has-this'], None)
        self.assertEqual([(unit.get_name(), unit.get_load_state()) for unit in units],
                         [('ok.service', 'loaded'), ('nobody-has-this.service', 'not-found')])
        self.assertEqual(list(await self.monitor.list_jobs()), [])
        times = await self.monitor.get_boot_times()
        self.assertTrue(times.get_finished())
        self.assertGreater(times.get_userspace_usec(), 0)
        self.assertEqual(times.get_firmware_usec(), -1)

    def test_waiting(self):
        """systemd: all of it goes without a main loop"""
        self.assertTrue(self.monitor.refresh_sync(None))
        self.assertEqual(self.monitor.get_via(), 'bus')
        unit = self.monitor.get_unit_sync('ok', None)
        self.assertTrue(unit.restart_sync(Dbr.UnitFlags.NONE, None))
        self.assertTrue(unit.stop_sync(Dbr.UnitFlags.NONE, None))
        self.assertIn('basic.target', unit.list_dependencies_sync('Requires', None))


if __name__ == '__main__':
    tap.main()
