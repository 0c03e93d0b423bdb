#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Lets a player play, and tells of each track until there is none."""

import asyncio

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio


async def main():
    client = Dbr.Client.new(Gio.BusType.SESSION)
    player = 'org.example.Player', '/org/example/Player', 'org.example.Player'
    tracks = Dbr.Subscription.new(client, *player, 'TrackChanged', None, Dbr.SubscriptionFlags.NONE)
    await tracks.start()
    signals = aiter(tracks)
    await client.call(*player, 'Play')
    async for signal in signals:
        track, = Dbr.unpack(signal.parameters)
        if not track:
            break
        print('Now', track)


asyncio.run(main())
