#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""dbrctl doctor on a bus that tells nobody which process, or whose, a connection is."""

import os
import unittest

import dbrctl
import tap

PLAYER = 'org.example.Player'
HERE = ('--address', os.environ['DBR_TEST_ADDRESS'])


class DoctorOnSilentBus(unittest.TestCase):
    def test_live(self):
        """doctor: what the bus does not tell of a service is unknown, and the rest is told"""
        told = dbrctl.run_json('doctor', PLAYER, *HERE)
        service, = told['services']
        self.assertEqual(told['findings'], [])
        self.assertEqual((service['state'], service['probe-kind']), ('healthy', 'property'))
        for unknown in ('pid', 'uid', 'program', 'process-state', 'unit'):
            self.assertIsNone(service[unknown], unknown)
        text = dbrctl.run('doctor', PLAYER, *HERE, status=0).stdout
        self.assertRegex(text, r'Process +the bus does not tell it to this user\n')
        self.assertNotIn('-1', text)

    def test_stopped(self):
        """doctor: a service that hangs is found, without a process that could be named"""
        dbrctl.tell(f'peer {PLAYER} stop')
        try:
            told = dbrctl.run_json('doctor', PLAYER, *HERE, '--timeout-ms', '1000', status=1)
        finally:
            dbrctl.tell(f'peer {PLAYER} cont')
        self.assertEqual(told['services'][0]['state'], 'stalled')
        found, = told['findings']
        self.assertEqual(found['id'], 'stalled')
        self.assertNotIn('-1', found['advice'])

    def test_main_loop(self):
        """doctor: so is one whose main loop hangs"""
        dbrctl.tell(f'peer {PLAYER} tell on Get: never')
        try:
            told = dbrctl.run_json('doctor', PLAYER, *HERE, '--timeout-ms', '1000', status=1)
        finally:
            dbrctl.tell(f'peer {PLAYER} tell forget *')
        found, = told['findings']
        self.assertEqual(found['id'], 'main-loop')
        self.assertNotIn('-1', found['advice'])

    def test_overview(self):
        """doctor: the bus itself is looked at all the same"""
        bus, = dbrctl.run_json('doctor', '--session')['buses']
        self.assertGreaterEqual(bus['ping-usec'], 0)

    def test_monitor(self):
        """monitor: a stall is told, and that it is over"""
        with dbrctl.Live('monitor', PLAYER, *HERE, '--interval-ms', '200', '--timeout-ms', '500',
                         '--json') as monitor:
            monitor.read_json(lambda news: news['state'] == 'healthy')
            dbrctl.tell(f'peer {PLAYER} stop')
            try:
                told = monitor.read_json(lambda news: news['kind'] == 'stalled')
            finally:
                dbrctl.tell(f'peer {PLAYER} cont')
            self.assertNotIn('pid', told['details'])
            monitor.read_json(lambda news: news['kind'] == 'recovered')


if __name__ == '__main__':
    tap.main()
