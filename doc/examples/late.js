#!/usr/bin/gjs -m
// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Gives up on an export after 300 ms, and still hears when it is done.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const client = Dbr.Client.new(Gio.BusType.SESSION);

async function main() {
    const late = new Promise(resolve => client.connect('late-reply', resolve));
    try {
        await client.call_async('org.example.Player', '/org/example/Player',
            'org.example.Player', 'Export', null, null, 300, null);
        print('It was done in time');
    } catch (error) {
        if (!error.matches(Dbr.Error, Dbr.Error.DEADLINE))
            throw error;
        print('No answer within 300 ms');
        await late;
        print('It was done all the same, after its limit');
    }
}

const loop = new GLib.MainLoop(null, false);
main().catch(error => print(error.message)).finally(() => loop.quit());
loop.run();
