#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A class of one's own around a service: who uses it sees nothing of D-Bus."""

import asyncio
import sys

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib


class Player:
    """The player, with its methods as functions and its volume at hand."""

    def __init__(self, proxy):
        self._proxy = proxy

    @classmethod
    async def find(cls, client: Dbr.Client) -> 'Player':
        return cls(await client.get_proxy('org.example.Player', '/org/example/Player',
                                          'org.example.Player'))

    @property
    def volume(self) -> int:
        """What the service last said; 0 as long as nobody knows."""
        value = self._proxy.get_cached('Volume')
        return value.get_uint32() if value is not None else 0

    async def play(self, track: int) -> str:
        title, = Dbr.unpack(await self._proxy.call('Play', GLib.Variant('(u)', (track,)), 500))
        return title


async def main():
    try:
        player = await Player.find(Dbr.Client.new(Gio.BusType.SESSION))
        title = await player.play(1)
    except GLib.Error as error:
        print(error.message)
        return 1
    print(f'It plays {title} at {player.volume}')
    return 0


sys.exit(asyncio.run(main()))
