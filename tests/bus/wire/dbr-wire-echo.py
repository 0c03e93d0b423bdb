#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A service in dbus-python that gives back what it is given.

Usage: dbr-wire-echo.py ADDRESS SIGNATURE
"""

import sys

import dbus
import dbus.bus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = 'org.dbr.Echo'
address, signature = sys.argv[1:]


class Echo(dbus.service.Object):
    @dbus.service.method('org.dbr.Peer1', out_signature=signature)
    def Echo(self, *arguments):
        return arguments


bus = dbus.bus.BusConnection(address, mainloop=dbus.mainloop.glib.DBusGMainLoop())
owned = dbus.service.BusName(NAME, bus)
echo = Echo(bus, '/org/dbr/Peer')
print('ready', flush=True)
GLib.MainLoop().run()
