#!/usr/bin/gjs -m
// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Rewinds a player that may be busy, which is code of one's own that a policy runs again.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

async function main() {
    const client = Dbr.Client.new(Gio.BusType.SESSION);
    const policy = Dbr.RetryPolicy.new();
    policy.add_retryable('org.example.Player.Error.Busy');
    let attempts = 0;
    let status = 0;
    try {
        await Dbr.retrying(policy, () => {
            attempts++;
            return client.call_async('org.example.Player', '/org/example/Player',
                'org.example.Player', 'Rewind', null, null, 0, null);
        });
    } catch (error) {
        print(error.message);
        status = 1;
    }
    print(`Attempts: ${attempts}`);
    return status;
}

const loop = new GLib.MainLoop(null, false);
let status = 1;
main().then(code => (status = code)).finally(() => loop.quit());
loop.run();
System.exit(status);
