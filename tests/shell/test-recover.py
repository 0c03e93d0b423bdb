#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""dbrctl recover, with a service that a real systemd of a user has started."""

import os
import shlex
import signal
import unittest

import dbrctl
import tap

UNITS = os.path.join(os.environ['XDG_RUNTIME_DIR'], 'data', 'systemd', 'user')
NAME, NOBODY, STRAY = 'org.example.Unit', 'org.example.Nobody', 'org.example.Player'


def recover(*arguments, **options):
    return dbrctl.run_json('recover', '--session', *arguments, **options)


def main_pid():
    unit, = dbrctl.run_json('units', 'status', 'player', '--user')['units']
    return unit['main-pid']


class Recover(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(UNITS, 'player.service'), 'w', encoding='utf-8') as file:
            file.write('[Service]\nType=dbus\nBusName=' + NAME + '\n'
                       f"ExecStart={os.environ['DBR_TEST_PEER']} --quiet --name {NAME} "
                       f"--address {os.environ['DBR_TEST_ADDRESS']}\n")
        dbrctl.run('units', 'daemon-reload', '--user', status=0)
        dbrctl.run('units', 'start', 'player', '--user', status=0)

    def tearDown(self):
        dbrctl.run('units', 'stop', 'player', '--user', status=0)

    def test_not_needed(self):
        """recover: what works is left alone, whatever is allowed"""
        pid = main_pid()
        for arguments in ([], ['--allow=service-start,service-restart']):
            told = recover(NAME, *arguments)
            self.assertEqual((told['needed'], told['result']), (False, None))
            self.assertEqual({step['kind'] for step in told['plan']}, {'not-needed'})
        self.assertEqual(main_pid(), pid)
        self.assertIn('nothing is to be done', dbrctl.run('recover', NAME, status=0).stdout)

    def test_proposal(self):
        """recover: what it proposes can be typed as it is, and means the same bus"""
        for bus in ([], ['--session'], ['--address=' + os.environ['DBR_TEST_ADDRESS']]):
            shown = ' '.join(dbrctl.run('recover', NOBODY, *bus, status=1).stdout.split())
            self.assertEqual(shlex.split(shown.partition('To let it be tried: ')[2]),
                             ['dbrctl', 'recover', NOBODY, '--allow=service-start', *bus])

    def test_plan(self):
        """recover: without being allowed to it plans, and does nothing"""
        pid = main_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            told = recover(NAME, status=1)
            plan = {step['stage']: step['kind'] for step in told['plan']}
            self.assertEqual((plan['restart'], told['steps']), ('run', []))
            self.assertIn('--allow=service-restart',
                          ' '.join(dbrctl.run('recover', NAME, status=1).stdout.split()))
            told = recover(NAME, '--allow=device', status=1)
            self.assertEqual(told['result'], 'not-allowed')
            self.assertEqual(main_pid(), pid)
        finally:
            os.kill(pid, signal.SIGCONT)

    def test_restarted(self):
        """recover: what hangs is restarted where that is allowed, and seen to work"""
        pid = main_pid()
        os.kill(pid, signal.SIGSTOP)
        told = recover(NAME, '--allow', 'service-start,service-restart')
        self.assertEqual(told['result'], 'recovered')
        self.assertIn('stage-finished', [step['kind'] for step in told['steps']])
        self.assertNotEqual(main_pid(), pid)
        os.kill(main_pid(), signal.SIGSTOP)
        shown = dbrctl.run('recover', NAME, '--allow=service-restart', status=0).stdout
        self.assertIn('It works again', shown)

    def test_in_vain(self):
        """recover: what cannot be helped is told as such, absent or hanging"""
        told = recover(NOBODY, '--allow=service-start', status=1)
        self.assertEqual(told['result'], 'failed')
        # Nobody but systemd may restart what a person has started.
        dbrctl.tell(f'peer {STRAY} stop')
        try:
            shown = dbrctl.run('recover', STRAY, '--allow=service-restart', status=1).stdout
            self.assertIn('has not helped', shown)
        finally:
            dbrctl.tell(f'peer {STRAY} cont')

    def test_misuse(self):
        """recover: a mistake in the command line ends with 2, no bus with 3"""
        for arguments in ([NAME, '--allow=all'], [NAME, 'x', 'y'], [NAME, 'nonsense']):
            self.assertEqual(dbrctl.run('recover', '--session', *arguments, status=2).stdout, '')
        self.assertEqual(dbrctl.run('recover', '--address', dbrctl.NOWHERE, status=3).stdout, '')


if __name__ == '__main__':
    tap.main()
