#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""dbrctl bluez, with a BlueZ that is played."""

import unittest

import dbrctl
import tap

BLUEZ = 'org.bluez'
ADAPTER, DEVICE = '00:AA:01:00:00:00', '00:AA:01:00:00:42'


def run(*arguments, **options):
    return dbrctl.run('bluez', *arguments, **options)


def run_json(*arguments, **options):
    return dbrctl.run_json('bluez', *arguments, **options)


def tell(statement):
    return dbrctl.tell(f'peer {BLUEZ} tell {statement}')


class Bluez(unittest.TestCase):
    def tearDown(self):
        tell('forget *')

    def test_list(self):
        """bluez: adapters and devices, and how they are"""
        listed = run_json('list')
        adapter, = listed['adapters']
        self.assertEqual((adapter['address'], adapter['powered']), (ADAPTER, True))
        device, = listed['devices']
        self.assertEqual((device['address'], device['name'], device['adapter'], device['paired']),
                         (DEVICE, 'Watch', ADAPTER, True))
        shown = run('list', status=0).stdout
        self.assertRegex(shown, rf'hci0 +{ADAPTER} +hci0 +on\n')
        self.assertRegex(shown, rf'{DEVICE} +Watch +no +yes +yes\n')

    def test_connect(self):
        """bluez: a device is connected by its address or name, and again where that helps"""
        tell('on Connect call 1: error org.bluez.Error.Failed le-connection-abort-by-local')
        self.assertTrue(run_json('connect', DEVICE.lower())['device']['connected'])
        self.assertEqual(tell('count Connect'), '2')
        tell('reset')
        self.assertFalse(run_json('disconnect', 'watch')['device']['connected'])
        self.assertIn('is connected', run('connect', 'Watch', status=0).stdout)
        run('disconnect', DEVICE, status=0)

    def test_refused(self):
        """bluez: what cannot be done is said, and ends with 1"""
        tell('on Connect: error org.bluez.Error.AuthenticationRejected')
        self.assertIn('refused', run('connect', DEVICE, status=1).stderr)
        tell('forget *')
        self.assertIn('nobody', run('connect', 'nobody', status=1).stderr)
        self.assertIn('hci7', run('power', 'on', 'hci7', status=1).stderr)
        tell('on Connect: never')
        told = run_json('connect', DEVICE, '--timeout-ms=700', status=1)
        self.assertEqual((told['schema'], told['domain']), ('dbrctl-error-1', 'dbr-error-quark'))

    def test_power(self):
        """bluez: an adapter is switched off and on, and who waits for it is told so"""
        self.assertFalse(run_json('power', 'off')['adapter']['powered'])
        self.assertIn('power on hci0', run('connect', DEVICE, '--timeout-ms=700', status=1).stderr)
        self.assertTrue(run_json('power', 'on', ADAPTER)['adapter']['powered'])
        self.assertTrue(run_json('power', 'cycle', 'hci0')['adapter']['powered'])

    def test_watch(self):
        """bluez: what happens to devices, adapters and BlueZ itself is told as it happens"""
        with dbrctl.Live('bluez', 'watch', '--json') as live:
            def heard(event):
                return live.read_json(lambda document: document['event'] == event)

            self.assertEqual(heard('device-added')['address'], DEVICE)
            run('connect', DEVICE, status=0)
            self.assertEqual(heard('connected')['address'], DEVICE)
            tell(f'lose {DEVICE} Timeout')
            self.assertIn('timeout', heard('disconnected')['text'])
            run('power', 'off', status=0)
            self.assertEqual(heard('powered-off')['address'], ADAPTER)
            run('power', 'on', status=0)
            heard('powered-on')
            tell('crash')
            heard('vanished')
            tell('boot')
            heard('restarted')
            self.assertEqual(live.end(), 0)

    def test_recovered(self):
        """bluez: a device that is not connected is recovered where that is allowed"""
        run('disconnect', DEVICE, status=0)
        planned = dbrctl.run_json('recover', DEVICE, status=1)
        plan = {step['stage']: step['kind'] for step in planned['plan']}
        self.assertEqual((planned['target'], plan['reconnect']), (DEVICE, 'run'))
        self.assertIn(f'recover {BLUEZ} {DEVICE} --allow=device',
                      ' '.join(dbrctl.run('recover', DEVICE, status=1).stdout.split()))
        self.assertEqual(dbrctl.run_json('recover', DEVICE, '--allow=device')['result'], 'recovered')
        connected = [device['address'] for device in run_json('list')['devices'] if device['connected']]
        self.assertEqual(connected, [DEVICE])
        run('disconnect', DEVICE, status=0)

    def test_stopped_and_absent(self):
        """bluez: one that hangs and one that is not there are told apart"""
        dbrctl.tell(f'peer {BLUEZ} stop')
        try:
            for verb in (['list'], ['connect', DEVICE], ['power', 'on']):
                self.assertEqual(run_json(*verb, '--timeout-ms=500', status=1)['code'], 1)
        finally:
            dbrctl.tell(f'peer {BLUEZ} cont')
        tell('shutdown')
        try:
            for verb in (['list'], ['connect', DEVICE], ['power', 'on']):
                self.assertEqual(run_json(*verb, '--timeout-ms=2000', status=1)['code'], 4)
        finally:
            tell('boot')
            dbrctl.wait_until(lambda: run('list').returncode == 0)

    def test_no_adapter(self):
        """bluez: a BlueZ without an adapter is a problem"""
        tell('unplug hci0')
        try:
            self.assertIn('no adapter', run('list', status=1).stdout)
            self.assertIn('no adapter', run('power', 'on', status=1).stderr)
        finally:
            tell(f'plug hci0 {ADAPTER}')
            dbrctl.wait_until(lambda: run('list').returncode == 0)

    def test_harmless(self):
        """bluez: the name of a device cannot act on the terminal"""
        tell('near 00:AA:01:00:00:66 \x1b[31mRed\x1b]0;title\x07')
        tell('bond hci0 00:AA:01:00:00:66 \x1b[31mRed\x1b]0;title\x07')
        try:
            for columns in (40, 100):
                with dbrctl.Terminal('bluez', 'list', columns=columns, NO_COLOR='1') as terminal:
                    shown = terminal.read()
                    self.assertNotIn('\x1b', shown)
                    self.assertLessEqual(max(len(line) for line in shown.splitlines()), columns)
            self.assertIn('Red', shown)
        finally:
            tell('remove /org/bluez/hci0/dev_00_AA_01_00_00_66')

    def test_misuse(self):
        """bluez: a mistake in the command line ends with 2, no bus with 3"""
        for arguments in ([], ['nonesuch'], ['connect'], ['list', 'x'], ['power', 'up']):
            self.assertEqual(run(*arguments, status=2).stdout, '')
        for arguments in (['list'], ['watch'], ['connect', DEVICE]):
            self.assertEqual(run(*arguments, '--address', dbrctl.NOWHERE, status=3).stdout, '')


if __name__ == '__main__':
    tap.main()
