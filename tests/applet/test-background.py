#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Without a window it goes on, tells by notifications, and comes back when it is asked to."""

import scene
import tap

PLAYER = 'session:org.example.Player'


class Background(scene.Case):
    def tearDown(self):
        self.control.tell('peer org.example.Player cont')

    def notices(self):
        return int(self.control.tell('peer org.freedesktop.Notifications tell count Notify'))

    def is_there(self):
        return 'true' in ''.join(scene.run(
            'gdbus', 'call', '--session', '--dest', 'org.freedesktop.DBus', '--object-path', '/', '--method',
            'org.freedesktop.DBus.NameHasOwner', 'org.dbr.Health'))

    def test_stall(self):
        """a stall is told when the window is closed, and the window comes back"""
        with scene.Applet([PLAYER]) as applet:
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            before = self.notices()
            applet.act('window.close')
            scene.until(lambda: not applet.window(), 'the end of the window')
            self.control.tell('peer org.example.Player stop')
            scene.until(lambda: self.notices() > before, 'a notification')
            applet.run()
            scene.until(applet.window, 'the window')
            applet.see('org.example.Player, Stopped · Session Bus', 'list item')
            applet.go('Timeline')
            applet.see_text('org.example.Player has not answered for', inside='Timeline')

    def test_hidden(self):
        """it can begin without a window"""
        with scene.Applet([PLAYER], arguments=['--background']) as applet:
            before = self.notices()
            scene.until(self.is_there, 'its beginning')
            self.control.tell('peer org.example.Player stop')
            scene.until(lambda: self.notices() > before, 'a notification')
            self.assertIsNone(applet.window())

    def test_off(self):
        """where it shall not stay it ends with its window, and tells nothing"""
        with scene.Applet([PLAYER], settings='background=false\nnotifications=false') as applet:
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            before = self.notices()
            self.control.tell('peer org.example.Player stop')
            applet.see('org.example.Player, Stopped · Session Bus', 'list item')
            applet.act('window.close')
            self.assertEqual(applet.process.wait(scene.PATIENCE_S), 0)
            self.assertEqual(self.notices(), before)


if __name__ == '__main__':
    tap.main()
