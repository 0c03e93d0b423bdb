#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Runs the examples of doc/, each with a player that answers, hangs or is late, or with a systemd.

Usage: test-examples.py TESTBED SCENE:COMMAND...

All languages of a scene have to say the same. What goes on until Ctrl-C is the scene `watch`.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import unittest

import tap

LATE = "on Export: wait 700; reply ()"
LIMIT = 'org.example.Player did not answer org.example.Player.Play within 500 ms'
DESKTOP = ('on GetCapabilities: reply (["body"],) ;; on Notify: reply (uint32 1,) ;; '
           'on GetServerInformation: reply ("desktop", "example", "1", "1.2")')
UNITS = ('systemd is running, failed units: 0\n'
         'dbus.service is active (running)\n'
         'nobody-has-this.service is not installed\n')
UNKNOWN = 'GDBus.Error:org.example.Player.Error.NoTrack: There is no such track'

BUSY = 'error org.example.Player.Error.Busy "Not now"'
BUSY_SAID = 'GDBus.Error:org.example.Player.Error.Busy: Not now'
VOLUME = 'set /org/example/Player org.example.Player.Volume uint32 40'
TRACK = 'emit /org/example/Player org.example.Player.TrackChanged'

# By scene: what the player does, then what the example says and its exit status.
EXPECTED = {
    'again': [
        ('on Rewind: reply ()', 'Attempts: 1\n', 0),
        (f'on Rewind: reply ();; on Rewind call 1: {BUSY}', 'Attempts: 2\n', 0),
        (f'on Rewind: {BUSY}', f'{BUSY_SAID}\nAttempts: 3\n', 1),
    ],
    'call': [
        ("on Play: reply ('Prelude',)", 'It plays Prelude\n', 0),
        ('on Play: never', f'{LIMIT}\nIt may play all the same\n', 1),
        ('on Play: error org.example.Player.Error.NoTrack "There is no such track"',
         f'{UNKNOWN}\n', 1),
    ],
    'hear': [
        (f"on Play: {TRACK} ('Prelude',); {TRACK} ('Fugue',); {TRACK} ('',); reply ()",
         'Now Prelude\nNow Fugue\n', 0),
    ],
    'late': [
        ('on Export: reply ()', 'It was done in time\n', 0),
        (LATE, 'No answer within 300 ms\nIt was done all the same, after its limit\n', 0),
    ],
    'monitor': [
        ('on Play: reply (\'Prelude\',); block 14000', 'It works\nIt hangs\nIt works again\n', 0),
    ],
    'typed': [
        (f"{VOLUME};; on Play: reply ('Prelude',)", 'It plays Prelude at 40\n', 0),
        (f'{VOLUME};; on Play: never', f'{LIMIT}\n', 1),
        ("on Play: reply ('Prelude',)", 'It plays Prelude at 0\n', 0),
    ],
    'system': [
        (DESKTOP, UNITS, 0),
    ],
}
# Where the player is not org.example.Player: the testbed's options, up to its name.
BEDS = {
    'system': ['--systemd', '--peer-run', 'org.freedesktop.Notifications'],
}
PATIENCE_S = 30


class Examples(unittest.TestCase):
    """Filled below: one test for each scene, program and player."""


def restart_bluez():
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(os.environ['DBR_TEST_CONTROL'])
        control.sendall(b'peer org.bluez restart\n')
        assert control.makefile().readline() == 'ok\n'


def play_watch(command):
    """Beside a Bluetooth that is restarted: prints the lines of the program, and its status."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        for line in program.stdout:
            print(line[len('12:00:00 '):], end='')
            if 'absent' in line:
                restart_bluez()
            elif 'was restarted' in line:
                program.send_signal(signal.SIGINT)
    print(program.returncode)


def make_test(bed, command, script, said, status):
    def test(self):
        done = subprocess.run([TESTBED, *bed[:-1], f'{bed[-1]}={script}', '--', *command.split()],
                              stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)
        if done.stdout.startswith('1..0 # SKIP'):
            self.skipTest(done.stdout[len('1..0 # SKIP'):].strip())
        self.assertEqual(done.stdout, said)
        self.assertEqual(done.returncode, status)
    return test


def add_watch_test(command):
    def test(self):
        """watch.py tells of a restart, and ends well with Ctrl-C"""
        done = subprocess.run([TESTBED, '--peer-run', 'org.bluez=on *: reply ()', '--',
                               sys.executable, __file__, '--watch', *command.split()],
                              stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=True)
        lines = re.sub(r':1\.\d+|after .*', '…', done.stdout).splitlines()
        self.assertEqual(lines[1:], [
            'org.example.Nobody is absent', 'org.bluez is gone; it was …',
            'org.bluez is there, as …', 'org.bluez was restarted: … took the place of … …', '0'])
        self.assertRegex(lines[0], '^org.bluez is (starting|healthy)$')
    Examples.test_watch = test


def add_tests(scenes):
    for argument in scenes:
        scene, command = argument.split(':', 1)
        if scene == 'watch':
            add_watch_test(command)
            continue
        for number, (script, said, status) in enumerate(EXPECTED[scene]):
            bed = BEDS.get(scene, ['--peer-run', 'org.example.Player'])
            test = make_test(bed, command, script, said, status)
            test.__doc__ = f'{command.rsplit("/", 1)[-1]} with “{script}”'
            setattr(Examples, f'test_{command}_{number}', test)


if __name__ == '__main__':
    if sys.argv[1] == '--watch':
        play_watch(sys.argv[2:])
    else:
        TESTBED = sys.argv[1]
        add_tests(sys.argv[2:])
        tap.main()
