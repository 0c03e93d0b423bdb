#!/usr/bin/gjs -m
// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Asks a player for its first track, and says what became of the call.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

async function main() {
    const client = Dbr.Client.new(Gio.BusType.SESSION);
    const call = new Dbr.Call({
        bus_name: 'org.example.Player', object_path: '/org/example/Player',
        interface_name: 'org.example.Player', method_name: 'Play',
        parameters: new GLib.Variant('(u)', [1]),
        reply_type: new GLib.VariantType('(s)'), timeout_ms: 500,
    });
    try {
        const [track] = (await client.run_async(call, null)).deepUnpack();
        print(`It plays ${track}`);
        return 0;
    } catch (error) {
        print(error.message);
        if (call.execution === Dbr.Execution.MAYBE)
            print('It may play all the same');
        return 1;
    }
}

const loop = new GLib.MainLoop(null, false);
let status = 1;
main().then(code => (status = code)).finally(() => loop.quit());
loop.run();
System.exit(status);
