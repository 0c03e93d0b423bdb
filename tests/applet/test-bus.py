#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A bus that is not there, dies, hangs and comes back, and a window that lives on."""

import time

import scene
import tap

PLAYER = 'session:org.example.Player'
NOWHERE = 'unix:path=/nonexistent/bus'


class Bus(scene.Case):
    def tearDown(self):
        self.control.tell('bus cont')

    def test_none(self):
        """without a bus the window says so, on each page"""
        with scene.Applet([PLAYER], env={'DBUS_SYSTEM_BUS_ADDRESS': NOWHERE}) as applet:
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            applet.see_text('The system bus cannot be reached.')
            self.control.tell('bus kill')
            applet.see_text('Neither the session bus nor the system bus can be reached.')
            applet.see_text('org.example.Player, Bus Lost', 'list item')
            applet.shoot('no-bus')
            applet.go('Bluetooth')
            applet.see('No System Bus')
            applet.go('Units')
            applet.see('systemd Cannot Be Reached')
            applet.act('win.add')
            applet.see('The Bus Cannot Be Asked', window='Add Services')
            applet.shoot('no-bus-pick')
            self.control.tell('bus restart')
            self.control.tell('peer org.example.Player restart')
            self.assertEqual(applet.complaints(), [])

    def test_never(self):
        """it begins where there is no session bus at all"""
        # GTK 4.8 has no path for its objects then, and those of a screen reader would be asked in vain.
        nowhere = {'DBUS_SESSION_BUS_ADDRESS': NOWHERE, 'DBUS_SYSTEM_BUS_ADDRESS': NOWHERE,
                   'GTK_A11Y': 'none'}
        with scene.Applet([PLAYER], env=nowhere, is_seen=False) as applet:
            scene.until(lambda: applet.dialogs('D-Bus Health'), 'a window')
            applet.shoot('never-a-bus')
            self.assertIsNone(applet.process.poll())
            self.assertEqual(applet.complaints(), [])

    def test_killed(self):
        """a bus that is killed and started anew takes no window with it"""
        with scene.Applet([PLAYER]) as applet:
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            self.control.tell('bus kill')
            applet.see('org.example.Player, Bus Lost · Session Bus', 'list item')
            applet.see_text('can be reached')
            self.control.tell('bus restart')
            self.control.tell('peer org.example.Player restart')
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')

    def test_hung(self):
        """a bus that hangs holds up no frame"""
        with scene.Applet([PLAYER]) as applet:
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            self.control.tell('bus stop')
            longest = 0
            for page in ['Timeline', 'Bluetooth', 'Units', 'Issues', 'Services'] * 2:
                begin = time.monotonic()
                applet.go(page)
                longest = max(longest, time.monotonic() - begin)
            self.control.tell('bus cont')
            print(f'# the longest time to another page was {longest:.1f} s')
            self.assertLess(longest, 10)
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')


if __name__ == '__main__':
    tap.main()
