#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What is broken is recovered: with a plan first, and wide steps only if they are allowed."""

import scene
import tap

WINDOW = 'Recover'


class Recover(scene.Case):
    def tearDown(self):
        self.control.tell('peer org.example.Player cont')

    def test_wide(self):
        """a service that hangs is not restarted before somebody has allowed it"""
        with scene.Applet(['session:org.example.Player']) as applet:
            applet.see('Healthy · Session Bus')
            self.control.tell('peer org.example.Player stop')
            applet.see('org.example.Player, Stopped · Session Bus', 'list item')
            applet.act('service.recover')
            applet.see('Nothing that is allowed would help now.', window=WINDOW)
            applet.shoot('recover-wide')
            button = applet.find('button', 'Recover', WINDOW)
            self.assertFalse(self.is_sensitive(button))
            applet.act('window.close', applet.window(WINDOW))
            self.assertEqual(applet.complaints(), [])

    @staticmethod
    def is_sensitive(node):
        low, _high = node.ask('Accessible', 'GetState')[0]
        # ATSPI_STATE_SENSITIVE
        return bool(low & 1 << 24)


if __name__ == '__main__':
    tap.main()
