#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What is broken is recovered: with a plan first, and wide steps only if they are allowed."""

import os
import subprocess

import scene
import tap

WINDOW = 'Recover'
PLAYER = 'session:org.example.Player'
EDITOR = 'session:org.example.Editor'
UNITS = os.path.join(os.environ['XDG_RUNTIME_DIR'], 'data', 'systemd', 'user')


def systemd(member, *arguments):
    subprocess.run(['gdbus', 'call', '--session', '--dest', 'org.freedesktop.systemd1', '--object-path',
                    '/org/freedesktop/systemd1', '--method', 'org.freedesktop.systemd1.Manager.' + member,
                    *arguments], check=True, stdout=subprocess.DEVNULL)


class Recover(scene.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(os.path.join(UNITS, 'player.service'), 'w', encoding='utf-8') as file:
            file.write('[Service]\nType=dbus\nBusName=org.example.Player\n'
                       f'ExecStart={os.environ["DBR_TEST_PEER"]} --quiet --address '
                       f'{os.environ["DBR_TEST_ADDRESS"]} --name org.example.Player '
                       '--run "set /org/example/Player org.example.Player.Volume uint32 40"\n')
        systemd('Reload')

    def tearDown(self):
        self.control.tell('peer org.example.Editor cont')
        systemd('StopUnit', 'player.service', 'replace')

    def test_wide(self):
        """a service that hangs is restarted as soon as somebody has allowed it, and not before"""
        systemd('StartUnit', 'player.service', 'replace')
        with scene.Applet([PLAYER]) as applet:
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            systemd('KillUnit', 'player.service', 'all', '19')
            applet.see('org.example.Player, Stopped · Session Bus', 'list item')
            applet.press('Recover…')
            applet.see('Nothing that is allowed would help now.', window=WINDOW)
            applet.see('Only if you allow it below', window=WINDOW)
            # What is about Bluetooth is asked of who recovers Bluetooth.
            self.assertIsNone(applet.find('switch', 'Switch the Adapter Off and On', WINDOW))
            button = applet.find('button', 'Recover', WINDOW)
            self.assertFalse(button.is_in(scene.SENSITIVE))
            applet.shoot('recover-wide')
            self.assertTrue(applet.switch('Restart the Service', WINDOW))
            applet.see('Would be tried now', window=WINDOW)
            applet.see('Nothing has been done yet.', window=WINDOW)
            scene.until(lambda: button.is_in(scene.SENSITIVE), 'the button')
            applet.shoot('recover-allowed')
            applet.press('Recover', window=WINDOW)
            applet.see('It works again.', window=WINDOW)
            applet.see('This has helped', window=WINDOW)
            applet.shoot('recover-done')
            applet.type(['Escape'])
            scene.until(lambda: not applet.window(WINDOW), 'the end of the window')
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            applet.go('Timeline')
            applet.see_text('The stage “restart” has helped', inside='Timeline')
            self.assertEqual(applet.complaints(), [])

    def test_forgotten(self):
        """what was allowed is asked for again the next time"""
        with scene.Applet([EDITOR]) as applet:
            self.control.tell('peer org.example.Editor stop')
            applet.see('org.example.Editor, Stopped · Session Bus', 'list item')
            applet.act('service.recover')
            applet.switch('Restart the Service', WINDOW)
            applet.see('Would be tried now', window=WINDOW)
            applet.act('window.close', applet.window(WINDOW))
            scene.until(lambda: not applet.window(WINDOW), 'the end of the window')
            applet.act('service.recover')
            applet.see('Only if you allow it below', window=WINDOW)

    def recover_in_vain(self, applet):
        self.control.tell('peer org.example.Editor stop')
        applet.see('org.example.Editor, Stopped · Session Bus', 'list item')
        applet.act('service.recover')
        applet.switch('Restart the Service', WINDOW)
        applet.see('Would be tried now', window=WINDOW)
        applet.press('Recover', window=WINDOW)
        applet.see_text('no unit of systemd', window=WINDOW)

    def test_vain(self):
        """a step that fails says why"""
        with scene.Applet([EDITOR]) as applet:
            self.recover_in_vain(applet)
            applet.shoot('recover-vain')
            applet.see('What was tried has not helped.', window=WINDOW)
            self.assertEqual(applet.complaints(), [])

    def see_past(self, applet):
        applet.see_text('no unit of systemd', inside='Timeline')
        applet.see_text('no unit of systemd', inside='Lately')

    def test_removed(self):
        """what happened to a service and was done for it goes with it, comes back with it, and no other has it"""
        with scene.Applet([EDITOR]) as applet:
            self.recover_in_vain(applet)
            applet.act('window.close', applet.window(WINDOW))
            self.see_past(applet)
            applet.act('service.remove')
            applet.see('No Services Are Watched')
            applet.see_no_text('org.example.Editor', inside='Timeline')
            applet.press(lambda text: text.startswith('Undo'))
            self.see_past(applet)
            applet.act('service.remove')
            applet.press('Add Services…')
            scene.until(lambda: applet.find('list item', 'org.example.Editor, Running', 'Add Services'), 'the names')
            # Faster than the search follows.
            applet.type([*'Editor', 'Return'])
            applet.see('org.example.Editor, Watched', 'list item', 'Add Services')
            applet.type(['Escape'])
            applet.see_text('org.example.Editor, ', 'list item')
            applet.see_no_text('no unit of systemd', inside='Timeline')
            applet.see_no_text('no unit of systemd', inside='Lately')
            self.assertEqual(applet.complaints(), [])

    def test_device(self):
        """a device is connected again from its row"""
        with scene.Applet() as applet:
            applet.go('Bluetooth')
            applet.see_text('Not connected · Paired')
            self.assertEqual(applet.find('list item', 'Heart').description, 'Not connected · Paired')
            applet.press('Recover Heart')
            applet.see('Would be tried now', window=WINDOW)
            self.assertEqual(applet.find('list item', 'Connect It Again', WINDOW).description,
                             'Would be tried now')
            scene.until(lambda: applet.find('switch', 'Switch the Adapter Off and On', WINDOW),
                        'the wider steps of Bluetooth')
            applet.shoot('recover-device')
            applet.press('Recover', window=WINDOW)
            applet.see('It works again.', window=WINDOW)
            applet.act('window.close', applet.window(WINDOW))
            applet.see_text('Connected · Paired')
            self.assertEqual(applet.complaints(), [])


if __name__ == '__main__':
    tap.main()
