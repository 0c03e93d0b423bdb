#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What a person prefers is done at once, and kept for the next time."""

import os
import shutil

import scene
import tap

WINDOW = 'Preferences'
PLAYER = 'session:org.example.Player'


class Preferences(scene.Case):
    def test_switches(self):
        """each preference is kept, and shown again"""
        with scene.Applet([PLAYER]) as applet:
            applet.type(['ctrl+comma'])
            self.assertFalse(applet.switch('Run in the Background', WINDOW))
            applet.see_setting('background=false')
            self.assertFalse(applet.switch('Notifications', WINDOW))
            applet.see_setting('notifications=false')
            applet.shoot('preferences')
            applet.end()
            applet.start()
            applet.act('win.preferences')
            self.assertTrue(applet.switch('Run in the Background', WINDOW))
            applet.see_setting('background=true')
            self.assertTrue(applet.switch('Notifications', WINDOW))
            applet.see_setting('notifications=true')
            self.assertEqual(applet.complaints(), [])

    def test_interval(self):
        """how often services are asked is chosen"""
        with scene.Applet([PLAYER]) as applet:
            applet.act('win.preferences')
            scene.until(lambda: applet.window(WINDOW), 'the preferences')
            # The row is the first that the keyboard comes to.
            applet.type(['Tab', 'Return'])
            applet.see('Every 5 seconds', window=WINDOW)
            applet.type(['Down', 'Down', 'Return'])
            applet.see_setting('interval-ms=5000')

    def test_window(self):
        """the page, the chart and the size of the window are kept, with no folder for settings yet"""
        with scene.Applet([PLAYER]) as applet:
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            applet.end()
            shutil.rmtree(os.path.dirname(os.path.dirname(applet.settings)))
            applet.start()
            applet.see('No Services Are Watched')
            applet.go('Timeline')
            applet.see_setting('page=timeline')
            applet.end()
            with open(applet.settings, 'a', encoding='utf-8') as file:
                file.write(f'[watch]\nservices={PLAYER}\n[window]\nwidth=800\nheight=600\n')
            applet.start()
            scene.until(lambda: applet.size() == (800, 600), 'the size')
            applet.see('Nothing Has Happened')
            applet.go('Services')
            applet.press('10 min')
            applet.see_setting('chart-seconds=600')
            applet.end()
            applet.start()
            scene.until(lambda: applet.find('button', '10 min').is_in(scene.PRESSED), 'the choice')
            self.assertEqual(applet.complaints(), [])


if __name__ == '__main__':
    tap.main()
