#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A call on a bus that is not there ends, and says so; awaited too, which the overrides make."""

import asyncio

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, GLib

client = Dbr.Client.new_for_address('unix:path=/nonexistent')


def check(error):
    assert error.matches(GLib.quark_from_string('dbr-error-quark'), Dbr.Error.NO_BUS), error
    print(error.message)


async def wait():
    try:
        await client.ping('org.example.Peer')
    except GLib.Error as error:
        check(error)
    else:
        raise SystemExit('no error')


try:
    client.ping_sync('org.example.Peer', None)
except GLib.Error as error:
    check(error)
else:
    raise SystemExit('no error')
asyncio.run(wait())
