// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Watches a player, and says when it hangs and when it works again.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

const loop = GLib.MainLoop.new(null, false);
const client = Dbr.Client.new(Gio.BusType.SESSION);
const monitor = Dbr.ServiceMonitor.new(client, 'org.example.Player');

monitor.interval_ms = 200;
monitor.connect('stalled', () => print('It hangs'));
monitor.connect('recovered', () => {
    print('It works again');
    loop.quit();
});

let status = 0;

async function watch() {
    try {
        monitor.start();
        await monitor.wait_healthy_async(5000, null);
        print('It works');
        await client.call_async('org.example.Player', '/org/example/Player',
            'org.example.Player', 'Play', null, null, 0, null);
    } catch (error) {
        print(error.message);
        status = 1;
        loop.quit();
    }
}

watch();
loop.run();
System.exit(status);
