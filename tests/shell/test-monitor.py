#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""dbrctl monitor, with a service that stops, restarts and goes, and a bus that does."""

import contextlib
import os
import signal
import subprocess
import tempfile
import unittest

import dbrctl
import tap

PLAYER = 'org.example.Player'
SOMETHING = 'org.example.Nobody'
HERE = ('--address', os.environ['DBR_TEST_ADDRESS'])
QUICK = ('--interval-ms', '200', '--timeout-ms', '1000')


def live(*arguments, **environment):
    """A monitor that asks often."""
    return dbrctl.Live('monitor', *arguments, *HERE, *QUICK, **environment)


def kind(wanted):
    """What looks for this kind of news."""
    return lambda news: news['kind'] == wanted


@contextlib.contextmanager
def small_disk():
    """A folder of 64 KiB, which is gone with the process that has mounted it."""
    with tempfile.TemporaryDirectory() as folder:
        script = 'mount -t tmpfs -o size=64k none "$0" && echo ready && exec cat'
        with subprocess.Popen(['unshare', '--mount', 'sh', '-c', script, folder], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            if not holder.stdout.readline():
                raise unittest.SkipTest('no disk can be made here')
            yield f'/proc/{holder.pid}/root{folder}'
            holder.stdin.close()


def fill(path):
    """Takes all that is left of the disk that it is on."""
    with open(path, 'wb', buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))


class Monitor(unittest.TestCase):
    def test_stall(self):
        """monitor: a stall is one line, and that it is over another one"""
        with live(PLAYER, '--json') as monitor:
            first = monitor.read_json()
            self.assertEqual((first['kind'], first['state']), ('state', 'healthy'))
            dbrctl.tell(f'peer {PLAYER} stop')
            try:
                told = monitor.read_json(kind('stalled'))
            finally:
                dbrctl.tell(f'peer {PLAYER} cont')
            self.assertEqual(told['name'], PLAYER)
            self.assertGreater(told['details']['silent-usec'], 0)
            monitor.read_json(kind('recovered'))
            self.assertEqual(monitor.end(), 0)
            self.assertEqual(monitor.process.stderr.read(), b'')

    def test_restart(self):
        """monitor: a restart is told as one, in text too"""
        with live(PLAYER) as monitor:
            self.assertRegex(monitor.read_line(), rf'^\d\d:\d\d:\d\d  {PLAYER}: healthy$')
            dbrctl.tell(f'peer {PLAYER} restart')
            monitor.read_until(lambda line: 'was restarted' in line)
            self.assertEqual(monitor.end(signal.SIGTERM), 0)

    def test_absent(self):
        """monitor: a service that is not there is watched all the same"""
        with live(SOMETHING, '--json') as monitor:
            self.assertEqual(monitor.read_json()['state'], 'absent')
            dbrctl.tell(f'peer {PLAYER} tell own {SOMETHING}')
            monitor.read_json(kind('appeared'))
            dbrctl.tell(f'peer {PLAYER} tell drop {SOMETHING}')
            monitor.read_json(kind('vanished'))

    def test_answers(self):
        """monitor: each answer is told where that is wanted"""
        with live(PLAYER, '--json', '--answers') as monitor:
            for _ in range(3):
                told = monitor.read_json(kind('answer'))
                self.assertGreaterEqual(told['details']['latency-usec'], 0)

    def test_bus(self):
        """monitor: it goes on when the bus was restarted"""
        with live(PLAYER, '--json') as monitor:
            monitor.read_json()
            dbrctl.tell('bus restart')
            dbrctl.tell('peer org.freedesktop.Notifications restart')
            dbrctl.tell(f'peer {PLAYER} restart')
            monitor.read_json(lambda news: news['state'] == 'bus-lost')
            monitor.read_json(kind('restarted'))

    def test_closed_pipe(self):
        """monitor: it ends when nobody reads it any more, though it has nothing to say"""
        with live(PLAYER) as monitor:
            monitor.read_line()
            monitor.process.stdout.close()
            self.assertEqual(monitor.process.wait(dbrctl.PATIENCE_S), 0)
            self.assertEqual(monitor.process.stderr.read(), b'')
            monitor.process.stdout = None

    def test_textfile(self):
        """monitor: the file for Prometheus is whole whenever it is read, and nothing lies beside"""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'dbr.prom')

            def read():
                with open(path, encoding='utf-8') as file:
                    return file.read()

            with live(PLAYER, '--textfile', path) as monitor:
                monitor.read_line()
                healthy = f'dbr_service_state{{bus_name="{PLAYER}",dbr_service_state="healthy"}} 1\n'
                dbrctl.wait_until(lambda: healthy in read())
                text = read()
                self.assertTrue(text.endswith('\n'))
                self.assertRegex(text, rf'(?m)^dbr_service_latency_seconds{{bus_name="{PLAYER}"}} \d')
                self.assertEqual(os.stat(path).st_mode & 0o777, 0o644)
                self.assertEqual(monitor.end(), 0)
            self.assertEqual(os.listdir(folder), ['dbr.prom'])
            for line in text.splitlines():
                self.assertRegex(line, r'^(# (HELP|TYPE) |[a-z_]+({[^}]*})? [-+0-9.eE]+$)')

    def test_textfile_link(self):
        """monitor: a link that lies where the file should be is replaced, and not followed"""
        with tempfile.TemporaryDirectory() as folder:
            path, target = os.path.join(folder, 'dbr.prom'), os.path.join(folder, 'precious')
            with open(target, 'w', encoding='utf-8') as file:
                file.write('precious')
            os.symlink(target, path)
            with live(PLAYER, '--textfile', path) as monitor:
                dbrctl.wait_until(lambda: not os.path.islink(path))
                self.assertEqual(monitor.end(), 0)
            with open(target, encoding='utf-8') as file:
                self.assertEqual(file.read(), 'precious')

    def test_full_disk(self):
        """monitor: on a full disk the old file stays whole; started again it goes on, once there is room"""
        with small_disk() as folder:
            path, filler = os.path.join(folder, 'dbr.prom'), os.path.join(folder, 'filler')

            def read():
                with open(path, encoding='utf-8') as file:
                    return file.read()

            with live(PLAYER, '--textfile', path) as monitor:
                dbrctl.wait_until(lambda: os.path.exists(path) and '"healthy"} 1' in read())
                fill(filler)
                before = read()
                dbrctl.tell(f'peer {PLAYER} stop')
                try:
                    self.assertEqual(monitor.process.wait(dbrctl.PATIENCE_S), 1)
                finally:
                    dbrctl.tell(f'peer {PLAYER} cont')
                self.assertRegex(monitor.process.stderr.read().decode(),
                                 r'dbr\.prom.*: No space left on device')
            self.assertEqual(read(), before)
            self.assertEqual(sorted(os.listdir(folder)), ['dbr.prom', 'filler'])

            os.unlink(filler)
            with live(PLAYER, '--textfile', path) as monitor:
                dbrctl.wait_until(lambda: read() != before and '"healthy"} 1' in read())
                self.assertEqual(monitor.end(), 0)
            self.assertEqual(os.listdir(folder), ['dbr.prom'])

    def test_unwritable(self):
        """monitor: a file that cannot be written ends it with 1, and is named"""
        done = dbrctl.run('monitor', PLAYER, *HERE, '--textfile', '/nonexistent/dbr.prom', status=1)
        self.assertIn('/nonexistent/dbr.prom', done.stderr)

    def test_notify(self):
        """monitor: the person is told on the desktop too"""
        desktop = 'org.freedesktop.Notifications'
        before = int(dbrctl.tell(f'peer {desktop} tell count Notify'))
        with live(PLAYER, '--json', '--notify') as monitor:
            monitor.read_json()
            dbrctl.tell(f'peer {PLAYER} stop')
            try:
                monitor.read_json(kind('stalled'))
                dbrctl.wait_until(lambda: int(dbrctl.tell(f'peer {desktop} tell count Notify'))
                                  > before)
            finally:
                dbrctl.tell(f'peer {PLAYER} cont')

    def test_misuse(self):
        """monitor: a name that is none is wrong usage; no bus is no bus"""
        dbrctl.run('monitor', 'no name', status=2)
        dbrctl.run('monitor', '--interval-ms', '-1', status=2)
        dbrctl.run('monitor', '--address', dbrctl.NOWHERE, status=3)


if __name__ == '__main__':
    tap.main()
