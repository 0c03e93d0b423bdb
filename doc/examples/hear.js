#!/usr/bin/gjs -m
// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Lets a player play, and tells of each track until there is none.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const player = ['org.example.Player', '/org/example/Player', 'org.example.Player'];

async function main() {
    const client = Dbr.Client.new(Gio.BusType.SESSION);
    const tracks = Dbr.Subscription.new(client, ...player, 'TrackChanged', null,
        Dbr.SubscriptionFlags.NONE);
    await tracks.start_async(null);
    const signals = Dbr.events(tracks, 'received');
    await client.call_async(...player, 'Play', null, null, 0, null);
    for await (const [, , , , parameters] of signals) {
        const [track] = parameters.deepUnpack();
        if (track === '')
            break;
        print(`Now ${track}`);
    }
}

const loop = new GLib.MainLoop(null, false);
main().catch(error => print(error.message)).finally(() => loop.quit());
loop.run();
