// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A call on a bus that is not there ends, and says so; and the overrides make it a promise.

import Dbr from 'gi://Dbr?version=1';
import GLib from 'gi://GLib';

const loop = new GLib.MainLoop(null, false);
let failure = 'no error';

async function main() {
    const client = Dbr.Client.new_for_address('unix:path=/nonexistent');
    try {
        await client.ping_async('org.example.Peer', null);
    } catch (error) {
        failure = error.matches?.(Dbr.Error, Dbr.Error.NO_BUS) ? null : `${error}`;
        print(error.message);
    }
    loop.quit();
}

main();
loop.run();
if (failure)
    throw new Error(failure);
