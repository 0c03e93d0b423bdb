#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""dbrctl pool, stress and metrics: figures that were counted, of services that do what they like."""

import signal
import subprocess
import unittest

import dbrctl
import tap

PLAYER = 'org.example.Player'
VOLUME = '/org/example/Player:org.example.Player.Volume'
FAST = '--pause-ms=0'


def tell(statement):
    return dbrctl.tell(f'peer {PLAYER} tell {statement}')


def has_program(name):
    return subprocess.run(['which', name], check=False, stdout=subprocess.DEVNULL).returncode == 0


class Player(unittest.TestCase):
    def tearDown(self):
        dbrctl.tell(f'peer {PLAYER} cont')
        tell('forget *')


class Pool(unittest.TestCase):
    def test_holds(self):
        """pool: each check passes, and nothing is left on the bus"""
        before = dbrctl.tell('bus connections')
        played = dbrctl.run_json('pool', '--size=7')
        self.assertEqual([check['passed'] for check in played['checks']], [True] * 7)
        # Seven, and one for that which was broken.
        self.assertEqual((played['opened-total'], played['closed-total']), (8, 8))
        dbrctl.wait_until(lambda: dbrctl.tell('bus connections') == before)
        lines = dbrctl.run('pool', status=0).stdout.splitlines()
        self.assertEqual([line[:6] for line in lines[:7]], ['PASS  '] * 7)

    def test_does_not_hold(self):
        """pool: a check that does not hold is a FAIL, and the status says so"""
        # More than a system bus grants to one person.
        played = dbrctl.run_json('pool', '--size=300', '--timeout-ms=1000', status=1)
        passed = {check['id']: check['passed'] for check in played['checks']}
        self.assertEqual((passed['acquire'], passed['proxy']), (False, True))
        self.assertIn('\nFAIL  ', '\n' + dbrctl.run('pool', '--size=300', '--timeout-ms=1000', status=1).stdout)

    def test_hangs(self):
        """pool: a bus that hangs is no bus"""
        dbrctl.tell('bus stop')
        try:
            self.assertEqual(dbrctl.run('pool', '--timeout-ms=500', status=3).stdout, '')
        finally:
            dbrctl.tell('bus cont')

    def test_misuse(self):
        """pool: a mistake in the command line ends with 2"""
        for arguments in (['x'], ['--size=0'], ['--size=1001'], ['--size=x']):
            self.assertEqual(dbrctl.run('pool', *arguments, status=2).stdout, '')


class Stress(Player):
    def test_counts(self):
        """stress: what was called is what the service has served, over so many connections"""
        tell('reset')
        told = dbrctl.run_json('stress', PLAYER, FAST, '--threads=8', '--calls=25', '--read', VOLUME)
        self.assertEqual((told['asked'], told['ok'], told['connections']), (200, 200, 8))
        self.assertEqual(sum(bucket['count'] for bucket in told['histogram']), 200)
        self.assertEqual(tell('count Get'), '200')
        times = [told[f'{part}-usec'] for part in ('p50', 'p90', 'p95', 'p99', 'max')]
        self.assertEqual(times, sorted(times))
        for bucket in told['histogram']:
            self.assertLess(bucket['from-usec'], bucket['to-usec'])

    def test_shared(self):
        """stress: over one connection the same answer goes to all who ask at once"""
        tell('reset')
        tell('on Get: wait 20')
        told = dbrctl.run_json('stress', PLAYER, FAST, '--shared', '--calls=5', '--read', VOLUME)
        self.assertEqual((told['ok'], told['connections']), (25, 1))
        self.assertEqual(int(tell('count Get')), 25 - told['joined'])

    def test_finds(self):
        """stress: without being told it finds something to read"""
        told = dbrctl.run_json('stress', PLAYER, FAST, '--calls=1')
        self.assertEqual((told['object-path'], told['ok']), ('/org/example/Player', 5))

    def test_failures(self):
        """stress: each call that fails is counted, by its kind, and none is tried again"""
        tell('reset')
        tell("on Get every 4: error org.example.Error.Loud 'too loud'")
        told = dbrctl.run_json('stress', PLAYER, FAST, '--threads=1', '--calls=40', '--read', VOLUME,
                               status=1)
        self.assertEqual((told['ok'], told['errors'], tell('count Get')), (30, 10, '40'))
        self.assertEqual([failure['count'] for failure in told['failures']], [10])
        shown = dbrctl.run('stress', PLAYER, FAST, '--threads=1', '--calls=40', '--read', VOLUME,
                           status=1).stdout
        self.assertRegex(shown, r'10 × .*too loud')

    def test_hangs(self):
        """stress: a service that hangs ends it all the same, and so does one that is not there"""
        dbrctl.tell(f'peer {PLAYER} stop')
        told = dbrctl.run_json('stress', PLAYER, FAST, '--timeout-ms=300', '--read', VOLUME, status=1)
        self.assertEqual(told['ok'], 0)
        self.assertEqual(told['timeouts'] + told['rejected'], 100)
        self.assertIsNone(told['p50-usec'])
        told = dbrctl.run_json('stress', 'org.example.Nobody', FAST, status=1)
        self.assertEqual(told['errors'] + told['rejected'], 100)

    def test_terminal(self):
        """stress: on a terminal a bar goes on, and is gone in the end"""
        tell('on Get: wait 40')
        with dbrctl.Terminal('stress', PLAYER, '--calls=10', FAST, '--read', VOLUME,
                             columns=40) as terminal:
            shown = terminal.read()
            self.assertRegex(shown, r'\r\x1b\[K█+.? \d+/50')
            lines = shown.rpartition('\x1b[K')[2].splitlines()
            self.assertIn('Answered', '\n'.join(lines))
            self.assertEqual(terminal.wait(), 0)
        plain = dbrctl.run('stress', PLAYER, FAST, '--read', VOLUME, status=0, LC_ALL='C').stdout
        self.assertIn('####', plain)
        self.assertNotIn('\r', plain)

    def test_interrupted(self):
        """stress: a signal ends it at once, with what was found until then"""
        tell('reset')
        with dbrctl.Live('stress', PLAYER, '--calls=100000', '--pause-ms=10', '--read',
                         VOLUME) as live:
            # More than what a test before this one may have left to be answered.
            dbrctl.wait_until(lambda: int(tell('count Get')) > 100)
            self.assertEqual(live.end(), -signal.SIGINT)
            live.read_until(lambda line: 'Answered' in line)

    def test_misuse(self):
        """stress: a mistake in the command line ends with 2, no bus with 3"""
        for arguments in ([], ['a.b', 'c.d'], ['not a name'], [PLAYER, '--threads=0'],
                          [PLAYER, '--calls=0'], [PLAYER, '--threads=500', '--calls=1000000'],
                          [PLAYER, '--pause-ms=-1'], [PLAYER, '--read=nonsense'],
                          [PLAYER, '--read=/a:b.']):
            self.assertEqual(dbrctl.run('stress', *arguments, status=2).stdout, '')
        dbrctl.run('stress', PLAYER, '--address', dbrctl.NOWHERE, status=3)


class Metrics(Player):
    def test_figures(self):
        """metrics: each service has its figures, of as many probes as were asked for"""
        told = dbrctl.run_json('metrics', PLAYER, 'org.freedesktop.DBus', '--probes=25',
                               '--interval-ms=0')
        figures = {figure['operation']: figure for figure in told['operations']}
        self.assertEqual(len(figures), 4)
        self.assertEqual({figure['ok'] for figure in figures.values()}, {25})
        self.assertGreater(figures[f'{PLAYER} probe']['p95-usec'], 0)
        shown = dbrctl.run('metrics', PLAYER, '--probes=3', status=0).stdout
        self.assertRegex(shown, rf'{PLAYER} Peer\.Ping +3 +0 +0 +0 +–')

    def test_formats(self):
        """metrics: Prometheus gets what it asks for"""
        text = dbrctl.run('metrics', PLAYER, '--probes=2', '--format=openmetrics', status=0).stdout
        self.assertTrue(text.endswith('# EOF\n'))
        text = dbrctl.run('metrics', PLAYER, '--probes=2', '--format=prometheus', status=0).stdout
        self.assertIn('member="Ping",outcome="ok"} 2', text)
        self.assertNotIn('# EOF', text)
        if has_program('promtool'):
            subprocess.run(['promtool', 'check', 'metrics'], input=text, text=True, check=True,
                           timeout=dbrctl.PATIENCE_S, capture_output=True)

    def test_problem(self):
        """metrics: a service that hangs or is not there is a problem, and is told as one"""
        dbrctl.tell(f'peer {PLAYER} stop')
        told = dbrctl.run_json('metrics', PLAYER, '--probes=2', '--timeout-ms=300', status=1)
        self.assertEqual([figure['ok'] for figure in told['operations']], [0, 0])
        told = dbrctl.run_json('metrics', 'org.example.Nobody', status=1)
        self.assertIn('error-rate', [issue['id'] for issue in told['issues']])

    def test_misuse(self):
        """metrics: a mistake in the command line ends with 2, no bus with 3"""
        for arguments in ([], [PLAYER, '--probes=0'], [PLAYER, '--interval-ms=-1'],
                          [PLAYER, '--format=xml'], [PLAYER, '--json', '--format=prometheus'],
                          ['not a name']):
            self.assertEqual(dbrctl.run('metrics', *arguments, status=2).stdout, '')
        dbrctl.run('metrics', PLAYER, '--address', dbrctl.NOWHERE, status=3)


if __name__ == '__main__':
    tap.main()
