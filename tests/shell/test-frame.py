#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What holds for every word of dbrctl: its options, its help, its ends."""

import contextlib
import os
import random
import re
import signal
import subprocess
import tempfile
import unittest

import dbrctl
import tap

PLAYER = 'org.example.Player'


def words():
    """The words that the command lists."""
    listed = dbrctl.run('--help', status=0).stdout.partition('Words:\n')[2]
    return re.findall(r'^  (\w+) {2,}', listed, re.M)


class Frame(unittest.TestCase):
    def test_help(self):
        """frame: each word has a help that teaches by examples"""
        self.assertIn('doctor', words())
        for word in words():
            shown = dbrctl.run(word, '--help', status=0).stdout
            self.assertIn(f'dbrctl {word}', shown)
            self.assertIn(f'\nExamples:\n  dbrctl {word}', shown)
            for option in ('--json', '--address=', '--session', '--system', '--timeout-ms='):
                self.assertIn(option, shown)
            self.assertEqual(dbrctl.run('help', word, status=0).stdout, shown)

    def test_misuse(self):
        """frame: a mistake in the command line ends with 2 and one line that says which"""
        for arguments, text in (
                ([], 'word'), (['nonesuch'], 'nonesuch'), (['doctor', '--nonesuch'], '--nonesuch'),
                (['doctor', '--session', '--system'], '--session'),
                (['doctor', '--timeout-ms', '-1'], '-1'),
                (['doctor', '--timeout-ms=x'], 'x')):
            done = dbrctl.run(*arguments, status=2)
            self.assertEqual(done.stdout, '')
            self.assertIn(text, done.stderr.splitlines()[0])

    def test_no_bus(self):
        """frame: without a bus a word ends with 3 and says so"""
        done = dbrctl.run('doctor', PLAYER, '--address', dbrctl.NOWHERE, status=3)
        self.assertEqual((done.stdout, len(done.stderr.splitlines())), ('', 1))
        self.assertIn(dbrctl.NOWHERE, done.stderr)
        told = dbrctl.run_json('doctor', PLAYER, '--address', dbrctl.NOWHERE, status=3)
        self.assertEqual((told['schema'], told['status']), ('dbrctl-error-1', 3))

    def test_interrupted(self):
        """frame: a word that waits for an answer is ended at once by a signal"""
        dbrctl.tell(f'peer {PLAYER} stop')
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                with dbrctl.Live('doctor', PLAYER, '--timeout-ms', '60000') as live:
                    dbrctl.wait_until(lambda: is_waiting(live.process.pid))
                    self.assertEqual(live.end(number), -number)
                    self.assertEqual(live.process.stderr.read(), b'')
        finally:
            dbrctl.tell(f'peer {PLAYER} cont')

    def test_interrupted_at_any_time(self):
        """frame: whenever a word is interrupted, it ends without a word and leaves nothing behind"""
        before = set(os.listdir(tempfile.gettempdir()))
        seed = int(os.environ.get('DBR_TEST_SEED', '0')) or random.randrange(1, 2**31)
        print(f'# DBR_TEST_SEED={seed}', flush=True)
        drawn = random.Random(seed)
        for arguments in (['doctor', PLAYER], ['doctor'], ['monitor', PLAYER], ['top', '--json'],
                          ['call', PLAYER, '/', 'org.freedesktop.DBus.Peer', 'Ping']) * 8:
            process = subprocess.Popen([dbrctl.PROGRAM, *arguments], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(drawn.random() * 0.05)
            process.send_signal(signal.SIGINT)
            _, complaint = process.communicate(timeout=dbrctl.PATIENCE_S)
            self.assertIn(process.returncode, (0, 1, -signal.SIGINT), arguments)
            self.assertEqual(complaint, b'', arguments)
        left = set(os.listdir(tempfile.gettempdir())) - before
        self.assertFalse([name for name in left if 'dbrctl' in name])

    def test_closed_pipe(self):
        """frame: a pipe that nobody reads ends a word without a sound"""
        done = subprocess.run(f'{dbrctl.PROGRAM} doctor {PLAYER} | true', shell=True, check=True,
                              capture_output=True, timeout=dbrctl.PATIENCE_S)
        self.assertEqual(done.stderr, b'')


def is_waiting(pid):
    """Whether the process hears signals in a thread of its own already."""
    return 'dbrctl-signals' in subprocess.run(['ps', '-L', '-o', 'comm=', '-p', str(pid)],
                                              text=True, capture_output=True,
                                              check=False).stdout


if __name__ == '__main__':
    tap.main()
