#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Adapters and devices of a BlueZ that is played."""

import scene
import tap


class Bluetooth(scene.Case):
    def test_devices(self):
        """a device is connected and disconnected by its button, and followed when it is lost"""
        with scene.Applet() as applet:
            applet.go('Bluetooth')
            applet.see('Heart')
            applet.see_text('Not connected · Paired')
            applet.press('Connect')
            applet.see_text('Connected · Paired')
            applet.shoot('bluetooth')
            self.control.tell('peer org.bluez tell lose 00:AA:01:00:00:42')
            applet.see_text('Not connected · Paired')
            self.assertEqual(applet.complaints(), [])

    def test_adapters(self):
        """an adapter that is pulled out is gone, and comes back; so is BlueZ itself"""
        with scene.Applet() as applet:
            applet.go('Bluetooth')
            applet.see('Heart')
            self.control.tell('peer org.bluez tell unplug hci0')
            applet.see('No Adapters')
            self.control.tell('peer org.bluez tell plug hci0 00:AA:01:00:00:00')
            applet.see_text('00:AA:01:00:00:00')
            self.control.tell('peer org.bluez tell shutdown')
            applet.see('Bluetooth Is Not Running')
            self.control.tell('peer org.bluez tell boot')
            applet.see_text('00:AA:01:00:00:00')


if __name__ == '__main__':
    tap.main()
