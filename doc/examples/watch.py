#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Watches services of the system bus and says what becomes of them, until Ctrl-C.

Usage: watch.py [NAME...]

Without a NAME they are Bluetooth and systemd. A service that is not there is told of when it comes.
"""

import sys
import time

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

SERVICES = ['org.bluez', 'org.freedesktop.systemd1']


def tell(text):
    print(time.strftime('%H:%M:%S'), text, flush=True)


def changed_cb(history, position, _removed, added):
    for index in range(position, position + added):
        tell(history.get_item(index).get_text())


def watch(client, name):
    monitor = Dbr.ServiceMonitor.new(client, name)
    monitor.get_history().connect('items-changed', changed_cb)
    monitor.start()
    return monitor


def main(names):
    client = Dbr.Client.new(Gio.BusType.SYSTEM)
    try:
        client.open_sync()
    except GLib.Error as error:
        tell(error.message)
        return 1
    monitors = [watch(client, name) for name in names or SERVICES]
    for monitor in monitors:
        try:
            monitor.refresh_sync()
            tell(f'{monitor.get_bus_name()} is {monitor.get_state().value_nick}')
        except GLib.Error as error:
            tell(f'{monitor.get_bus_name()}: {error.message}')
    try:
        GLib.MainLoop().run()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
