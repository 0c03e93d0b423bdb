#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The rule for polkit that is installed, with the real one, in a system of its own.

Usage: test-polkit.py RULE
"""

import grp
import os
import subprocess
import sys
import unittest

import tap

PROGRAM, RULE = os.environ['DBRCTL'], sys.argv[1]
INSTALLED = '/etc/polkit-1/rules.d/50-libdbr.rules'
NOBODY, PATIENCE_S = 65534, 30
GROUP = 'bluetooth'


def write(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def act(verb, unit, group):
    """How it ends for somebody of this group who has no rights else."""
    return subprocess.run(['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', f'--groups={group}',
                           PROGRAM, 'units', verb, unit, '--system'], check=False,
                          capture_output=True, timeout=PATIENCE_S).returncode


@unittest.skipUnless(os.path.exists('/usr/lib/polkit-1/polkitd'), 'there is no polkitd')
class Polkit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for unit in ('bluetooth', 'other'):
            write(f'/etc/systemd/system/{unit}.service', '[Service]\nExecStart=/bin/sleep infinity\n')
        subprocess.run(['systemctl', 'daemon-reload'], check=True)
        # polkit asks who is in a group by the name of the person.
        subprocess.run(['groupadd', '--force', GROUP], check=True)
        subprocess.run(['usermod', '--append', '--groups', GROUP, 'nobody'], check=True)
        cls.group = grp.getgrnam(GROUP).gr_gid

    def install(self, change=lambda text: text):
        os.makedirs(os.path.dirname(INSTALLED), exist_ok=True)
        with open(RULE, encoding='utf-8') as file:
            write(INSTALLED, change(file.read()))
        os.chmod(INSTALLED, 0o644)
        subprocess.run(['systemctl', 'restart', 'polkit'], check=True)

    def test_as_it_is(self):
        """polkit: nobody may restart Bluetooth who does not sit before the machine"""
        self.install()
        self.assertEqual(act('restart', 'bluetooth', self.group), 1)

    def test_before_the_machine(self):
        """polkit: who sits there may start and restart Bluetooth, and nothing else"""
        # There is no seat in a container: this one condition is taken as given.
        self.install(lambda text: text.replace('subject.local && subject.active', 'true'))
        self.assertEqual(act('start', 'bluetooth', self.group), 0)
        self.assertEqual(act('restart', 'bluetooth', self.group), 0)
        self.assertEqual(act('stop', 'bluetooth', self.group), 1)
        self.assertEqual(act('restart', 'other', self.group), 1)
        subprocess.run(['gpasswd', '--delete', 'nobody', GROUP], check=True,
                       stdout=subprocess.DEVNULL)
        self.assertEqual(act('restart', 'bluetooth', NOBODY), 1)


if __name__ == '__main__':
    tap.main()
