#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the figures show to be wrong, as cards."""

import scene
import tap

PLAYER = 'session:org.example.Player'


class Issues(scene.Case):
    def test_flapping(self):
        """a service that starts again and again is a card, with what, how bad and since when"""
        with scene.Applet([PLAYER]) as applet:
            applet.go('Issues')
            applet.see('No Issues')
            for number in range(1, 4):
                applet.go('Services')
                applet.see('org.example.Player, Healthy · Session Bus', 'list item')
                self.control.tell('peer org.example.Player restart')
                applet.see(str(number))
            applet.go('Issues')
            applet.see('Starts Again and Again')
            applet.see_text('org.example.Player')
            applet.see_text(', since ')
            applet.shoot('issues')
            scene.until(lambda: applet.find('list item',
                                            lambda text: text.startswith('Starts Again and Again: ')),
                        'what is read of the card')
            self.assertEqual(applet.complaints(), [])


if __name__ == '__main__':
    tap.main()
