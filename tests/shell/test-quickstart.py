#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""data/quickstart, in a copy of the sources that was never built.

Usage: test-quickstart.py ROOT
"""

import os
import pty
import shutil
import subprocess
import sys
import tempfile
import unittest

import tap

ROOT = sys.argv[1]
NOWHERE = 'unix:path=/nonexistent/bus'
KEPT = ('PATH', 'HOME', 'CCACHE_DIR', 'TMPDIR')
PATIENCE_S = 600


def leave_out(folder, names):
    """What was built, and what git keeps of all that ever was."""
    return [name for name in names if name == '.git' or name == '__pycache__'
            or (folder == ROOT and name.startswith('_'))]


class Quickstart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix='dbr-quickstart-')
        cls.tree = os.path.join(cls.folder, 'libdbr')
        shutil.copytree(ROOT, cls.tree, ignore=leave_out, symlinks=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def play(self, address, **more):
        """What it says on a machine with nothing but this bus; without a terminal."""
        env = {name: os.environ[name] for name in KEPT if name in os.environ}
        env.update(DBUS_SYSTEM_BUS_ADDRESS=address, DBUS_SESSION_BUS_ADDRESS=NOWHERE, LC_ALL='C.UTF-8',
                   **more)
        done = subprocess.run([os.path.join(self.tree, 'data', 'quickstart')], env=env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn('Try next:', done.stdout)
        return done.stdout

    def test_a_demo(self):
        """quickstart: without bus, systemd and display it plays the demo, and ends by itself"""
        said = self.play(NOWHERE)
        self.assertIn('Playing a Bluetooth service', said)
        self.assertRegex(said, r'Seen: stalls 1, .* restarts 2')

    def test_b_live(self):
        """quickstart: with BlueZ and systemd it watches these"""
        said = self.play(os.environ['DBR_TEST_ADDRESS'])
        self.assertIn('Watching Bluetooth and systemd', said)
        for name in ('org.bluez', 'org.freedesktop.systemd1'):
            self.assertRegex(said, rf'{name} Peer\.Ping +20 +0 ')

    def test_c_interrupted(self):
        """quickstart: on a terminal it goes on until Ctrl-C, and ends well"""
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.update(DBUS_SYSTEM_BUS_ADDRESS=NOWHERE)
            os.execv(os.path.join(self.tree, 'data', 'quickstart'), ['quickstart'])
        said = b''
        while b'is connected' not in said:
            said += os.read(fd, 65536)
        os.write(fd, b'\x03')
        try:
            while more := os.read(fd, 65536):
                said += more
        except OSError:
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertIn(b'Try next:', said)


if __name__ == '__main__':
    tap.main()
