#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""dbrctl units, with a real systemd of a user."""

import os
import re
import unittest

import dbrctl
import tap

UNITS = os.path.join(os.environ['XDG_RUNTIME_DIR'], 'data', 'systemd', 'user')
EVIL = 'Red \x1b[31mtext\x1b]0;title\x07'


def write_unit(name, text):
    with open(os.path.join(UNITS, name + '.service'), 'w', encoding='utf-8') as file:
        file.write(text)


def run(*arguments, **options):
    return dbrctl.run('units', *arguments, '--user', **options)


def run_json(*arguments, **options):
    document = dbrctl.run_json('units', *arguments, '--user', **options)
    assert document['schema'] == 'dbrctl-error-1' or document['verb'] == arguments[0]
    return document


def get_unit(*arguments, **options):
    unit, = run_json(*arguments, **options)['units']
    return unit


def is_hearing(pid):
    """Whether the process hears signals in a thread of its own already."""
    threads = [open(f'/proc/{pid}/task/{thread}/comm', encoding='utf-8').read().strip()
               for thread in os.listdir(f'/proc/{pid}/task')]
    return 'dbrctl-signals' in threads


class Units(unittest.TestCase):
    def setUp(self):
        sleep = 'ExecStart=/bin/sleep infinity\n'
        write_unit('ok', f'[Service]\n{sleep}[Install]\nWantedBy=default.target\n')
        write_unit('fails', '[Service]\nType=oneshot\nExecStart=/bin/false\n')
        write_unit('needy', f'[Unit]\nRequires=fails.service\nAfter=fails.service\n[Service]\n{sleep}')
        run('daemon-reload', status=0)

    def tearDown(self):
        run('stop', 'ok', 'needy', status=0)

    def test_list(self):
        """units: a list has a line for each that was named, installed or not"""
        units = run_json('list', 'ok', 'nobody-has-this', 'dbus.*')['units']
        found = {unit['name']: unit['load-state'] for unit in units}
        self.assertEqual((found['ok.service'], found['nobody-has-this.service']),
                         ('loaded', 'not-found'))
        self.assertIn('dbus.socket', found)
        lines = run('list', 'ok', 'nobody-has-this', status=0).stdout.splitlines()
        self.assertRegex(lines[1], r'^ok\.service +loaded +inactive +dead')
        self.assertRegex(lines[2], r'^nobody-has-this\.service +not-found')
        active = run_json('list', '--state=active')['units']
        self.assertEqual({unit['active-state'] for unit in active}, {'active'})

    def test_started_and_stopped(self):
        """units: what is started runs when the command ends, and the other way round"""
        self.assertEqual(get_unit('start', 'ok')['active-state'], 'active')
        shown = run('status', 'ok', status=0).stdout
        self.assertIn('active (running)', shown)
        first = get_unit('status', 'ok')
        self.assertGreater(first['main-pid'], 0)
        self.assertIsNone(get_unit('restart', 'ok')['error'])
        self.assertNotEqual(get_unit('status', 'ok')['main-pid'], first['main-pid'])
        self.assertEqual(get_unit('stop', 'ok')['active-state'], 'inactive')
        self.assertIn('inactive (dead)', run('status', 'ok', status=1).stdout)

    def test_enabled_and_disabled(self):
        """units: what is enabled is enabled, masked and unmasked"""
        self.assertIsNone(get_unit('enable', 'ok')['error'])
        self.assertEqual(get_unit('status', 'ok', status=1)['file-state'], 'enabled')
        run('disable', 'ok', status=0)
        self.assertEqual(get_unit('status', 'ok', status=1)['file-state'], 'disabled')
        run('disable', 'nobody-has-this', '--mask', '--runtime', status=0)
        self.assertEqual(get_unit('why', 'nobody-has-this', status=1)['reasons'][0]['kind'], 'masked')
        run('enable', 'nobody-has-this', '--mask', '--runtime', status=0)

    def test_failure(self):
        """units: what fails says why, and the others are started all the same"""
        done = run('start', 'fails', 'ok', status=1)
        self.assertIn('ok.service: started', done.stdout)
        self.assertIn('fails.service failed: its process ended with status 1', done.stderr)
        failed, fine = run_json('restart', 'fails', 'ok', status=1)['units']
        self.assertEqual(failed['error']['domain'], 'dbr-error-quark')
        self.assertIsNone(fine['error'])
        self.assertEqual([unit['name'] for unit in run_json('failed', status=1)['units']],
                         ['fails.service'])
        self.assertIn('fails.service', run('failed', status=1).stdout)

    def test_why(self):
        """units: why one does not run, and that another one does"""
        run('start', 'needy', status=1)
        run('start', 'ok', status=0)
        ok, needy = run_json('why', 'ok', 'needy', status=1)['units']
        self.assertEqual((ok['active'], ok['reasons']), (True, []))
        self.assertIn('requirement', [reason['kind'] for reason in needy['reasons']])
        self.assertIn('fails.service', run('why', 'needy', status=1).stdout)
        run('why', 'ok', status=0)

    def test_dependencies(self):
        """units: what one needs, by kind"""
        found = get_unit('deps', 'needy', '--kind=Requires')['dependencies']
        self.assertEqual(list(found), ['Requires'])
        self.assertIn('fails.service', found['Requires'])
        self.assertIn('fails.service', run('deps', 'needy', status=0).stdout)
        self.assertIn('Nonesuch', run('deps', 'needy', '--kind=Nonesuch', status=2).stderr)

    def test_jobs(self):
        """units: a job that waits is listed"""
        write_unit('slow', '[Service]\nType=notify\nExecStart=/bin/sleep infinity\n')
        run('daemon-reload', status=0)
        self.assertEqual(run_json('jobs')['jobs'], [])
        with dbrctl.Live('units', 'start', 'slow', '--user'):
            job, = dbrctl.wait_until(lambda: run_json('jobs')['jobs'])
            self.assertEqual((job['unit'], job['job-type']), ('slow.service', 'start'))
            self.assertRegex(run('jobs', status=0).stdout, r'slow\.service +start +running')
        run('stop', 'slow', status=0)

    def test_boot(self):
        """units: how long it took to start, and which unit how long of it"""
        times = run_json('boot')
        self.assertTrue(times['finished'])
        self.assertIsNone(times['firmware-usec'])
        self.assertGreater(times['userspace-usec'], 0)
        run('start', 'ok', 'fails', status=1)
        shares = run_json('blame')['units']
        self.assertIn('fails.service', [share['name'] for share in shares])
        took = [share['took-usec'] for share in shares]
        self.assertEqual(took, sorted(took, reverse=True))
        self.assertRegex(run('blame', status=0).stdout, r's +fails\.service')
        self.assertIn('Firmware', run('boot', status=0).stdout)

    def test_watch(self):
        """units: what changes is told as it happens, until a signal ends it well"""
        with dbrctl.Live('units', 'watch', 'ok', '--user', '--json') as live:
            live.read_json(lambda document: document['event'] == 'watching')
            run('start', 'ok', status=0)
            changed = live.read_json(lambda document: document['event'] == 'unit-changed')
            self.assertEqual(changed['unit'], 'ok.service')
            live.read_json(lambda document: document['event'] == 'job-finished')
            dbrctl.tell('systemd kill')
            live.read_json(lambda document: document['event'] == 'vanished')
            dbrctl.tell('systemd restart')
            live.read_json(lambda document: document['event'] == 'restarted')
            run('start', 'fails', status=1)
            live.read_json(lambda document: document['event'] == 'unit-failed')
            self.assertEqual(live.end(), 0)

    def test_monitor_unit(self):
        """units: the unit that is installed is one, and watches until it is stopped"""
        with open(os.environ['DBRCTL_MONITOR_UNIT'], encoding='utf-8') as file:
            text = file.read()
        # What differs here is where the program and the bus are.
        started = (f'Environment="DBUS_SYSTEM_BUS_ADDRESS={os.environ["DBR_TEST_ADDRESS"]}"\n'
                   f'ExecStart={dbrctl.PROGRAM} ')
        write_unit('dbrctl-monitor', re.sub('ExecStart=.*/dbrctl ', lambda _: started, text))
        run('daemon-reload', status=0)
        run('enable', 'dbrctl-monitor', status=0)
        run('start', 'dbrctl-monitor', status=0)
        unit = get_unit('status', 'dbrctl-monitor')
        self.assertEqual((unit['sub-state'], unit['file-state']), ('running', 'enabled'))
        dbrctl.wait_until(lambda: is_hearing(unit['main-pid']))
        run('stop', 'dbrctl-monitor', status=0)
        # It is told to end, and that is the ordinary end.
        self.assertEqual(get_unit('status', 'dbrctl-monitor', status=1)['result'], 'success')

    def test_hangs(self):
        """units: a systemd that hangs ends the command by its limit"""
        dbrctl.tell('systemd stop')
        try:
            done = run('list', '--timeout-ms=500', status=1)
            self.assertEqual(done.stdout, '')
            self.assertEqual(run_json('failed', '--timeout-ms=500', status=1)['schema'],
                             'dbrctl-error-1')
        finally:
            dbrctl.tell('systemd cont')

    def test_nowhere(self):
        """units: without a bus it ends with 3"""
        for verb in (['list'], ['status', 'ok'], ['start', 'ok'], ['boot'], ['blame'], ['watch']):
            done = dbrctl.run('units', *verb, '--address', dbrctl.NOWHERE, status=3)
            self.assertEqual(done.stdout, '')

    def test_misuse(self):
        """units: a mistake in the command line ends with 2"""
        for arguments in ([], ['nonesuch'], ['start'], ['boot', 'ok'], ['status', 'a/b']):
            self.assertEqual(run(*arguments, status=2).stdout, '')

    def test_harmless(self):
        """units: a description cannot act on the terminal"""
        write_unit('evil', f'[Unit]\nDescription={EVIL}\n[Service]\nExecStart=/bin/true\n')
        run('daemon-reload', status=0)
        for verb in ('list', 'status'):
            with dbrctl.Terminal('units', verb, 'evil', '--user', columns=40) as terminal:
                shown = terminal.read()
                self.assertNotIn('\x1b]', shown)
                self.assertNotIn('\x1b[31mtext', shown)
        self.assertNotIn('\x1b', run('list', 'evil', '--json', status=0).stdout)


if __name__ == '__main__':
    tap.main()
