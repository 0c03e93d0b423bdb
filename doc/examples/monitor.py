#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Watches a player, and says when it hangs and when it works again."""

import sys

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib


def recovered_cb(monitor, down_usec, loop):
    print('It works again')
    loop.quit()


loop = GLib.MainLoop()
client = Dbr.Client.new(Gio.BusType.SESSION)
monitor = Dbr.ServiceMonitor.new(client, 'org.example.Player')
monitor.set_interval_ms(200)
monitor.connect('stalled', lambda monitor, silent_usec: print('It hangs'))
monitor.connect('recovered', recovered_cb, loop)
try:
    monitor.start()
    monitor.wait_healthy_sync(5000, None)
except GLib.Error as error:
    print(error.message)
    sys.exit(1)

print('It works')
client.call_async('org.example.Player', '/org/example/Player', 'org.example.Player', 'Play',
                  None, None, 0, None, None)
loop.run()
