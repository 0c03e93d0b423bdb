#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Units of a real systemd that have failed, why, and what a button does about it."""

import os
import subprocess

import scene
import tap

UNITS = os.path.join(os.environ['XDG_RUNTIME_DIR'], 'data', 'systemd', 'user')
NOWHERE = {'DBUS_SYSTEM_BUS_ADDRESS': 'unix:path=/nonexistent/bus'}


def systemd(member, *arguments):
    subprocess.run(['gdbus', 'call', '--session', '--dest', 'org.freedesktop.systemd1', '--object-path',
                    '/org/freedesktop/systemd1', '--method', 'org.freedesktop.systemd1.Manager.' + member,
                    *arguments], check=True, stdout=subprocess.DEVNULL)


def write_unit(command, kind):
    with open(os.path.join(UNITS, 'lamp.service'), 'w', encoding='utf-8') as file:
        file.write(f'[Unit]\nDescription=A lamp\n[Service]\nExecStart={command}\nType={kind}\n')
    systemd('Reload')


class Units(scene.Case):
    def test_failed(self):
        """a unit that has failed is told with its reason, and is gone when it runs again"""
        with scene.Applet(env=NOWHERE) as applet:
            applet.go('Units')
            applet.see('No Unit Has Failed')
            write_unit('/bin/false', 'oneshot')
            systemd('StartUnit', 'lamp.service', 'replace')
            applet.see('lamp.service')
            applet.see_text('A lamp · ')
            applet.see_text('its process ended with status 1')
            applet.shoot('units')
            # What is pressed in vain says so, and stays.
            applet.press('Restart')
            applet.see_text('failed')
            applet.see_text('A lamp · ')
            write_unit('/bin/sleep infinity', 'exec')
            applet.press('Restart')
            applet.see('lamp.service runs again')
            scene.until(lambda: not applet.find('label', 'lamp.service'), 'the end of the failure')
            self.assertEqual(applet.complaints(), [])


if __name__ == '__main__':
    tap.main()
