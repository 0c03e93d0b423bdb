#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Asks a player for its first track, and says what became of the call."""

import asyncio
import sys

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib


async def main():
    client = Dbr.Client.new(Gio.BusType.SESSION)
    call = Dbr.Call(bus_name='org.example.Player', object_path='/org/example/Player',
                    interface_name='org.example.Player', method_name='Play',
                    parameters=GLib.Variant('(u)', (1,)),
                    reply_type=GLib.VariantType('(s)'), timeout_ms=500)
    try:
        track, = Dbr.unpack(await client.run(call))
    except GLib.Error as error:
        print(error.message)
        if call.get_execution() == Dbr.Execution.MAYBE:
            print('It may play all the same')
        return 1
    print('It plays', track)
    return 0


sys.exit(asyncio.run(main()))
