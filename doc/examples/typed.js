#!/usr/bin/gjs -m
// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A class of one's own around a service: who uses it sees nothing of D-Bus.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

class Player {
    #proxy;

    constructor(proxy) {
        this.#proxy = proxy;
    }

    static async find(client) {
        return new Player(await client.get_proxy_async('org.example.Player', '/org/example/Player',
            'org.example.Player', null));
    }

    // What the service last said; 0 as long as nobody knows.
    get volume() {
        return this.#proxy.get_cached('Volume')?.deepUnpack() ?? 0;
    }

    async play(track) {
        const reply = await this.#proxy.call_async('Play', new GLib.Variant('(u)', [track]), 500,
            null);
        const [title] = reply.deepUnpack();
        return title;
    }
}

async function main() {
    try {
        const player = await Player.find(Dbr.Client.new(Gio.BusType.SESSION));
        const title = await player.play(1);
        print(`It plays ${title} at ${player.volume}`);
        return 0;
    } catch (error) {
        print(error.message);
        return 1;
    }
}

const loop = new GLib.MainLoop(null, false);
let status = 1;
main().then(code => (status = code)).finally(() => loop.quit());
loop.run();
System.exit(status);
