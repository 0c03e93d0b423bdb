#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Gives up on an export after 300 ms, and still hears when it is done."""

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib


def late_reply_cb(client, operation, late_by_usec, loop):
    print('It was done all the same, after its limit')
    loop.quit()


def exported_cb(client, result, loop):
    try:
        client.call_finish(result)
    except GLib.Error as error:
        if error.matches(Dbr.Error.quark(), Dbr.Error.DEADLINE):
            print('No answer within 300 ms')
            return
        print(error.message)
    else:
        print('It was done in time')
    loop.quit()


loop = GLib.MainLoop()
client = Dbr.Client.new(Gio.BusType.SESSION)
client.connect('late-reply', late_reply_cb, loop)
client.call_async('org.example.Player', '/org/example/Player', 'org.example.Player', 'Export',
                  None, None, 300, None, exported_cb, loop)
loop.run()
