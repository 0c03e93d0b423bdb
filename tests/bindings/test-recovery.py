#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A service that is stopped is recovered by stages that are written in Python."""

import os
import signal
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

NAME, PATH, INTERFACE = 'org.example.Peer', '/org/example/Peer', 'org.dbr.Peer1'


def signal_peer(number):
    os.kill(int(os.environ['DBR_TEST_PEER_PIDS']), number)


class Wake(Dbr.RecoveryStage):
    def do_perform(self, attempt):
        signal_peer(signal.SIGCONT)
        attempt.succeed()


class Scene(unittest.TestCase):
    def setUp(self):
        client = Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS'])
        self.monitor = Dbr.ServiceMonitor.new(client, NAME)
        self.monitor.set_properties(probe_timeout_ms=500, misses_to_stall=2, probe_path=PATH,
                                    probe_interface=INTERFACE, probe_property='Level')
        self.recovery = Dbr.Recovery.new(self.monitor, None)
        self.told = []
        self.recovery.connect('stage-started', lambda recovery, stage, target:
                              self.told.append(f'started {stage.get_name()}'))
        self.recovery.connect('stage-finished', lambda recovery, stage, target, error:
                              self.told.append(f'finished {stage.get_name()} {error is None}'))
        self.recovery.connect('recovered', lambda *args: self.told.append('recovered'))
        self.recovery.connect('gave-up', lambda *args: self.told.append('gave-up'))
        self.addCleanup(signal_peer, signal.SIGCONT)
        signal_peer(signal.SIGSTOP)

    def test_derived(self):
        """a stage is a class with do_perform"""
        self.recovery.add_stage(Wake(name='wake', scope=Dbr.RecoveryScope.DEVICE))
        plan = [(event.get_details()['stage'], event.get_kind())
                for event in self.recovery.plan_sync('', None)]
        self.assertEqual(plan, [('resolve', 'not-needed'), ('reconnect', 'not-needed'),
                                ('power-cycle', 'not-needed'), ('start', 'not-needed'),
                                ('restart', 'not-allowed'),
                                ('wake', 'run')])
        self.assertEqual(self.recovery.recover_sync('', None), Dbr.RecoveryResult.RECOVERED)
        self.assertEqual(self.told, ['started wake', 'finished wake True', 'recovered'])
        self.assertEqual([event.get_kind() for event in self.recovery.get_history()],
                         ['stage-finished', 'recovered'])
        self.assertEqual(self.recovery.recover_sync('', None), Dbr.RecoveryResult.NOT_NEEDED)

    def test_connected(self):
        """a stage is a signal that is connected to, and answers later"""
        def perform(stage, attempt):
            signal_peer(signal.SIGCONT)
            GLib.timeout_add(50, lambda: attempt.succeed())

        stage = Dbr.RecoveryStage.new('wake', Dbr.RecoveryScope.DEVICE)
        stage.connect('perform', perform)
        self.recovery.add_stage(stage)
        loop, results = GLib.MainLoop(), []

        def done(recovery, result):
            results.append(recovery.recover_finish(result))
            loop.quit()

        self.recovery.recover_async('', None, done)
        loop.run()
        self.assertEqual(results, [Dbr.RecoveryResult.RECOVERED])

    def test_failed(self):
        """a stage that fails says why, and one that drops its attempt has failed"""
        def fail(stage, attempt):
            attempt.fail(GLib.Error.new_literal(Gio.io_error_quark(), 'not now',
                                                Gio.IOErrorEnum.BUSY))

        for name, perform in ('refuses', fail), ('drops', lambda stage, attempt: None):
            stage = Dbr.RecoveryStage.new(name, Dbr.RecoveryScope.DEVICE)
            stage.connect('perform', perform)
            self.recovery.add_stage(stage)
        self.assertEqual(self.recovery.recover_sync('', None), Dbr.RecoveryResult.FAILED)
        self.assertEqual(self.told, ['started refuses', 'finished refuses False', 'started drops',
                                     'finished drops False', 'gave-up'])
        errors = [event.get_details()['error'] for event in self.recovery.get_history()]
        self.assertIn('not now', errors[0])
        self.assertEqual(self.recovery.recover_sync('', None), Dbr.RecoveryResult.RATE_LIMITED)

    def test_not_allowed(self):
        """without a stage of one's own nothing is allowed that would help"""
        self.assertEqual(self.recovery.recover_sync('', None), Dbr.RecoveryResult.NOT_ALLOWED)
        with self.assertRaises(GLib.Error) as caught:
            self.recovery.recover_sync('hci0', None)
        self.assertTrue(caught.exception.matches(Dbr.Error.INVALID_ARGUMENT))


if __name__ == '__main__':
    tap.main()
