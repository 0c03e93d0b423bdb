#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""dbrctl monitor --recover and doctor, with a service that a real systemd runs."""

import os
import signal
import unittest

import dbrctl
import tap

UNITS = os.path.join(os.environ['XDG_RUNTIME_DIR'], 'data', 'systemd', 'user')
NAME = 'org.example.Player'
PEER = f"{os.environ['DBR_PEER_PROGRAM']} --quiet --session --name {NAME}"
SCRIPT = 'set /org/example/Player org.example.Player.Volume uint32 40'
UNIT = f'[Service]\nType=dbus\nBusName={NAME}\nExecStart={PEER} --run "{SCRIPT}"\n'
QUICK = ('--session', '--interval-ms', '200', '--timeout-ms', '1000')


def units(*arguments):
    dbrctl.run('units', *arguments, '--user', status=0)


class Recoveries(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(UNITS, 'player.service'), 'w', encoding='utf-8') as file:
            file.write(UNIT)
        units('daemon-reload')
        units('start', 'player')

    def tearDown(self):
        units('stop', 'player')

    def stop_player(self):
        """As if it hung."""
        unit, = dbrctl.run_json('units', 'status', 'player', '--user')['units']
        os.kill(unit['main-pid'], signal.SIGSTOP)

    def test_restarted(self):
        """monitor: a service that hangs is restarted where that is allowed, and it is told"""
        with dbrctl.Live('monitor', NAME, *QUICK, '--recover=service-restart', '--json') as live:
            live.read_json(lambda news: news['state'] == 'healthy')
            self.stop_player()
            started = live.read_json(lambda news: news['kind'] == 'stage-started')
            self.assertEqual((started['name'], started['details']['stage']), (NAME, 'restart'))
            live.read_json(lambda news: news['kind'] == 'recovery-done')
            self.assertEqual(live.end(), 0)

    def test_not_allowed(self):
        """monitor: without leave nothing is done"""
        unit, = dbrctl.run_json('units', 'status', 'player', '--user')['units']
        with dbrctl.Live('monitor', NAME, *QUICK, '--recover=device', '--json') as live:
            live.read_json(lambda news: news['state'] == 'healthy')
            self.stop_player()
            live.read_json(lambda news: news['kind'] == 'stalled')
            os.kill(unit['main-pid'], signal.SIGCONT)
            kinds = []
            live.read_json(lambda news: kinds.append(news['kind']) or news['kind'] == 'recovered')
            self.assertFalse([kind for kind in kinds if kind.startswith('stage')])

    def test_doctor(self):
        """doctor: the unit of a service is found, and named where it has to be restarted"""
        told = dbrctl.run_json('doctor', NAME, '--session')
        unit = told['services'][0]['unit']
        self.assertEqual((unit['name'], unit['active-state']), ('player.service', 'active'))
        dbrctl.run('call', NAME, '/org/example/Player', 'org.dbr.Peer1', 'Tell',
                   '--signature', 's', 'on Get: never', status=0)
        told = dbrctl.run_json('doctor', NAME, '--session', status=1)
        found, = told['findings']
        self.assertEqual(found['id'], 'main-loop')
        self.assertIn('dbrctl units restart player.service', found['advice'])

    def test_doctor_counts(self):
        """doctor: a service that systemd has to restart again and again is found"""
        def read():
            unit, = dbrctl.run_json('units', 'status', 'player', '--user', status=None)['units']
            return unit

        with open(os.path.join(UNITS, 'player.service'), 'a', encoding='utf-8') as file:
            file.write('Restart=always\nRestartSec=0\n')
        units('daemon-reload')
        for number in range(3):
            os.kill(read()['main-pid'], signal.SIGKILL)
            dbrctl.wait_until(lambda: read()['restarts'] == number + 1 and read()['main-pid'])
            dbrctl.wait_until(lambda: read()['active-state'] == 'active')
        told = dbrctl.run_json('doctor', NAME, '--session', status=1)
        self.assertEqual([found['id'] for found in told['findings']], ['restarts'])

    def test_misuse(self):
        """monitor: a means that there is not is wrong usage, and those that there are are listed"""
        done = dbrctl.run('monitor', NAME, '--recover=device,magic', status=2)
        self.assertIn('“magic”', done.stderr)
        self.assertIn('service-restart', done.stderr)


if __name__ == '__main__':
    tap.main()
