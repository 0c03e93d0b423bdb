#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""dbrctl doctor, with a service that lives, hangs, is stopped, is not there, or lies."""

import contextlib
import os
import unittest

import dbrctl
import tap

from gi.repository import Gio, GLib

PLAYER = 'org.example.Player'
DEVICE, DEVICE_PATH = '00:AA:01:00:00:42', '/org/bluez/hci0/dev_00_AA_01_00_00_42'
SOMETHING = 'org.example.Nobody'
HERE = ('--address', os.environ['DBR_TEST_ADDRESS'])


@contextlib.contextmanager
def player(*orders, after):
    """The player after these orders to the testbed, and one that undoes them."""
    for order in orders:
        dbrctl.tell(f'peer {PLAYER} {order}')
    try:
        yield
    finally:
        for order in after:
            dbrctl.tell(f'peer {PLAYER} {order}')


def is_connected(how=None):
    """Whether the device is; with “wait”, once BlueZ shows it."""
    def look():
        return dbrctl.run('call', *HERE, 'org.bluez', DEVICE_PATH,
                          'org.freedesktop.DBus.Properties', 'Get', 'org.bluez.Device1',
                          'Connected')
    done = dbrctl.wait_until(lambda: [done for done in [look()] if not done.returncode])[0]
    return how == 'wait' or done.stdout.startswith('<true>')


def ask(*arguments, status=0):
    """What the doctor says for programs: the service, and the ids of what was found."""
    told = dbrctl.run_json('doctor', *arguments, *HERE, status=status)
    return told['services'], [(found['severity'], found['id']) for found in told['findings']]


class Doctor(unittest.TestCase):
    def test_live(self):
        """doctor: a service that works is described, and nothing is found"""
        (service,), found = ask(PLAYER, '--probes', '30')
        self.assertEqual(found, [])
        self.assertEqual(service['state'], 'healthy')
        self.assertEqual((service['probe-kind'], service['probes']), ('property', 30))
        self.assertLessEqual(service['probe-p50-usec'], service['probe-p99-usec'])
        self.assertEqual(service['pid'], int(os.environ['DBR_TEST_PEER_PIDS'].split()[0]))
        self.assertEqual(service['program'], 'dbr-peer')
        self.assertEqual((service['queued-messages'], service['orphans']), (0, 0))
        self.assertIn('healthy', dbrctl.run('doctor', PLAYER, *HERE, status=0).stdout)

    def test_stopped(self):
        """doctor: a stopped process is named, and how to let it go on"""
        with player('stop', after=['cont']):
            (service,), found = ask(PLAYER, status=1)
            text = dbrctl.run('doctor', PLAYER, *HERE, status=1).stdout
        self.assertEqual((service['state'], service['process-state']), ('frozen', 'T'))
        self.assertEqual(found, [('critical', 'stopped')])
        self.assertIsNone(service['ping-usec'])
        self.assertGreater(service['orphans'], 0)
        self.assertIn(f"kill -CONT {service['pid']}", text)

    def test_queue(self):
        """doctor: what the bus holds for a service that does not read is seen"""
        with player('stop', after=['cont']):
            for _ in range(12):
                dbrctl.run('call', *HERE, PLAYER, '/', 'org.dbr.Peer1', 'Echo', '--signature', 's',
                           '--timeout-ms', '50', '--retries', '0', 'x' * 100000, status=1)
            (service,), found = ask(PLAYER, '--timeout-ms', '1000', status=1)
        self.assertEqual(found, [('critical', 'stopped'), ('warning', 'queue')])
        self.assertGreater(service['queued-bytes'], 256 * 1024)

    def test_match_rules(self):
        """doctor: a program that is about to have too many match rules is found"""
        name = 'org.example.Rules'
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        connection = Gio.DBusConnection.new_for_address_sync(os.environ['DBR_TEST_ADDRESS'], flags)

        def tell_bus(method, *arguments):
            connection.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus',
                                 'org.freedesktop.DBus', method, GLib.Variant(*arguments), None,
                                 Gio.DBusCallFlags.NONE, dbrctl.PATIENCE_S * 1000)
        tell_bus('RequestName', '(su)', (name, 0))
        for number in range(400):
            tell_bus('AddMatch', '(s)', (f"type='signal',path='/n{number}'",))
        told = dbrctl.run_json('doctor', name, '--system', status=1)
        self.assertEqual(told['services'][0]['match-rules'], 400)
        self.assertIn('match-rules', [found['id'] for found in told['findings']])

    def test_main_loop(self):
        """doctor: a service that answers pings with a dead main loop is told from a healthy one"""
        with player('tell on Get: never', after=['tell forget *']):
            (service,), found = ask(PLAYER, status=1)
        self.assertEqual((service['state'], found), ('stalled', [('critical', 'main-loop')]))
        self.assertGreaterEqual(service['ping-usec'], 0)

    def test_slow(self):
        """doctor: a slow service is called so"""
        with player('tell on Get: wait 700; reply (<uint32 4>,)', after=['tell forget *']):
            (service,), found = ask(PLAYER, '--probes', '2', status=1)
        self.assertEqual((service['state'], found), ('slow', [('warning', 'slow')]))

    def test_absent(self):
        """doctor: a service that is not there is no mystery, and is not started"""
        (service,), found = ask(SOMETHING, status=1)
        self.assertEqual((service['state'], service['owner']), ('absent', None))
        self.assertEqual(found, [('critical', 'absent')])

    def test_hostile(self):
        """doctor: what a service says does nothing to the terminal"""
        evil = 'error org.example.Evil "\x1b[2J\x07\u009b31m\u202egnp"'
        with player(f'tell on Get: {evil}', after=['tell forget *']):
            with dbrctl.Terminal('doctor', PLAYER, *HERE, NO_COLOR='1') as terminal:
                terminal.wait()
            told = dbrctl.run('doctor', PLAYER, *HERE, '--json').stdout
        for text in (terminal.written.decode(), told):
            self.assertFalse(set(text) & set('\x1b\x07\u009b\u202e'), text)

    def test_bluetooth(self):
        """doctor: adapters of BlueZ are listed, and one that is off is found"""
        dbrctl.wait_until(lambda: ask('org.bluez', status=None)[0][0]['adapters'])
        (service,), found = ask('org.bluez', status=None)
        adapter, = service['adapters']
        self.assertEqual(adapter['address'], '00:AA:01:00:00:00')
        self.assertEqual(('warning', 'adapter-off') in found, not adapter['powered'])
        dbrctl.tell('peer org.bluez tell airplane on')
        _, found = ask('org.bluez', status=1)
        self.assertIn(('warning', 'adapter-blocked'), found)
        dbrctl.tell('peer org.bluez tell airplane off')

    def test_all(self):
        """doctor: all that a program with Bluetooth does is played, and passes"""
        is_connected('wait')
        told = dbrctl.run_json('doctor', '--all', *HERE)
        verdicts = {check['id']: check['verdict'] for check in told['checks']}
        self.assertEqual(verdicts.pop('device'), 'SKIP')
        self.assertEqual(set(verdicts.values()), {'PASS'}, told)
        lines = dbrctl.run('doctor', '--all', *HERE, status=0).stdout.splitlines()
        self.assertEqual([line.split()[1] for line in lines],
                         [check['id'] for check in told['checks']])

    def test_all_with_device(self):
        """doctor: a device is connected and disconnected; one that is in use stays connected"""
        is_connected('wait')
        self.assertFalse(is_connected())
        told = dbrctl.run_json('doctor', '--all', '--device', DEVICE, *HERE)
        self.assertEqual({check['verdict'] for check in told['checks']}, {'PASS'}, told)
        self.assertFalse(is_connected())
        dbrctl.run('call', *HERE, 'org.bluez', DEVICE_PATH, 'org.bluez.Device1', 'Connect', status=0)
        try:
            dbrctl.run_json('doctor', '--all', '--device', DEVICE, *HERE)
            self.assertTrue(is_connected())
        finally:
            dbrctl.run('call', *HERE, 'org.bluez', DEVICE_PATH, 'org.bluez.Device1', 'Disconnect')
        told = dbrctl.run_json('doctor', '--all', '--device', '00:00:00:00:00:01', *HERE, status=1)
        self.assertEqual([check['id'] for check in told['checks'] if check['verdict'] == 'FAIL'],
                         ['device'])

    def test_all_fails(self):
        """doctor: what fails is told in its line, and ends with 1"""
        is_connected('wait')
        dbrctl.tell('peer org.bluez stop')
        try:
            told = dbrctl.run_json('doctor', '--all', *HERE, '--timeout-ms', '1000', status=1)
        finally:
            dbrctl.tell('peer org.bluez cont')
        failed = [check['id'] for check in told['checks'] if check['verdict'] == 'FAIL']
        self.assertTrue({'bluez', 'read', 'monitor'} <= set(failed), told)
        self.assertFalse({'pool', 'proxy', 'stress', 'metrics'} & set(failed), told)
        dbrctl.run('doctor', '--all', '--address', dbrctl.NOWHERE, status=3)

    def test_overview(self):
        """doctor: without a name the buses and what a desktop stands on are looked at"""
        told = dbrctl.run_json('doctor', '--session')
        self.assertEqual([bus['bus'] for bus in told['buses']], ['session'])
        self.assertEqual([service['name'] for service in told['services']],
                         ['org.freedesktop.systemd1', 'org.freedesktop.Notifications'])
        told = dbrctl.run_json('doctor', status=1, DBUS_SESSION_BUS_ADDRESS=dbrctl.NOWHERE)
        self.assertEqual(told['findings'][0]['id'], 'no-bus')
        dbrctl.run_json('doctor', status=3, DBUS_SESSION_BUS_ADDRESS=dbrctl.NOWHERE,
                        DBUS_SYSTEM_BUS_ADDRESS=dbrctl.NOWHERE)

    def test_both_buses(self):
        """doctor: a bus that is missing does not hide a service on the other one"""
        told = dbrctl.run_json('doctor', PLAYER, DBUS_SYSTEM_BUS_ADDRESS=dbrctl.NOWHERE)
        self.assertEqual([service['bus'] for service in told['services']], ['session'])
        self.assertEqual([found['severity'] for found in told['findings']], ['notice'])

    def test_bus_stopped(self):
        """doctor: a bus that hangs is not waited for, and is no bus"""
        dbrctl.tell('bus stop')
        try:
            dbrctl.run('doctor', PLAYER, *HERE, '--timeout-ms', '1000', status=3)
        finally:
            dbrctl.tell('bus cont')

    def test_misuse(self):
        """doctor: a name that is none, two names, and no probes are wrong usage"""
        for arguments in (['no name'], [PLAYER, SOMETHING], [PLAYER, '--probes', '0'],
                          ['--all', PLAYER], ['--device', DEVICE]):
            dbrctl.run('doctor', *arguments, status=2)

    def test_narrow(self):
        """doctor: in 40 columns no line is longer but by a word"""
        with dbrctl.Terminal('doctor', PLAYER, *HERE, columns=40, NO_COLOR='1') as terminal:
            self.assertEqual(terminal.wait(), 0)
        for line in terminal.written.decode().splitlines():
            self.assertTrue(len(line) <= 40 or len(line.split()[-1]) > 20, line)

    def test_colour(self):
        """doctor: colour is for terminals, and only where it is wanted"""
        for environment, expected in (({}, True), ({'NO_COLOR': '1'}, False),
                                      ({'TERM': 'dumb'}, False)):
            with dbrctl.Terminal('doctor', PLAYER, *HERE, **environment) as terminal:
                terminal.wait()
            self.assertEqual(b'\x1b[' in terminal.written, expected)
        self.assertNotIn('\x1b', dbrctl.run('doctor', PLAYER, *HERE).stdout)


if __name__ == '__main__':
    tap.main()
