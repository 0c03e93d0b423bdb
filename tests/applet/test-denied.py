#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""On a system with polkit, somebody without rights is told what was refused, and the window goes on.

It is begun as root by dbr-system, breaks a unit, and goes on as somebody who may not mend it.
"""

import glob
import os
import shutil
import subprocess
import sys

# The folders of who runs the tests may be closed to others.
HERE = '/opt/dbr-applet'
NOBODY = '65534'


def prepare():
    with open('/run/systemd/system/lamp.service', 'w', encoding='utf-8') as file:
        file.write('[Unit]\nDescription=A lamp\n[Service]\nType=oneshot\nExecStart=/bin/false\n')
    subprocess.run(['systemctl', 'daemon-reload'], check=True)
    subprocess.run(['systemctl', 'start', 'lamp.service'], check=False, stderr=subprocess.DEVNULL)
    os.makedirs(HERE)
    for folder in (os.path.dirname(os.path.abspath(__file__)), *os.environ['PYTHONPATH'].split(':')):
        for path in glob.glob(os.path.join(folder, '*.py')):
            shutil.copy(path, HERE)
    shutil.copy(os.environ['DBR_HEALTH'], HERE)
    for folder in os.environ['LD_LIBRARY_PATH'].split(':'):
        for path in glob.glob(os.path.join(folder, 'libdbr-1.so.*[0-9]')):
            shutil.copy(path, HERE)
    os.makedirs('/tmp/.X11-unix', exist_ok=True)
    os.chmod('/tmp/.X11-unix', 0o1777)
    home = os.path.join(HERE, 'home')
    os.makedirs(home)
    os.chown(home, int(NOBODY), int(NOBODY))


def become_nobody():
    os.environ.update(DBR_HEALTH=os.path.join(HERE, 'dbr-health'), LD_LIBRARY_PATH=HERE, PYTHONPATH=HERE,
                      HOME=os.path.join(HERE, 'home'), TMPDIR='/tmp')
    # What is seen could be kept by root only.
    os.environ.pop('DBR_TEST_SCREENSHOTS', None)
    os.chdir('/')
    command = ['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', 'dbus-run-session',
               '--', 'xvfb-run', '-a', '-s', '-screen 0 1280x900x24 -noreset', '/usr/bin/python3',
               os.path.join(HERE, os.path.basename(__file__))]
    os.execvp(command[0], command)


if os.getuid() == 0:
    prepare()
    sys.stdout.flush()
    become_nobody()

import scene
import tap


class Denied(scene.unittest.TestCase):
    def test_restart(self):
        """a unit that may not be restarted stays as it is, and a toast says why"""
        with scene.Applet() as applet:
            applet.go('Units')
            applet.see('lamp.service')
            applet.press('Restart')
            applet.see_text('a password')
            applet.see('lamp.service')
            self.assertEqual(applet.complaints(), [])


if __name__ == '__main__':
    tap.main()
