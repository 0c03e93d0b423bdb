// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The example of an extension of GNOME Shell. No Shell is started: what it uses of it is stood in for.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

import {assert, play} from './tap.js';

const [resource, extension] = System.programArgs;
const MAIN = 'resource:///org/gnome/shell/ui/main.js';

function signalPeer(name) {
    GLib.spawn_command_line_sync(`sh -c 'kill -${name} ${GLib.getenv('DBR_TEST_PEER_PIDS')}'`);
}

const scene = {
    async 'it is what the Shell looks for'() {
        const [, bytes] = Gio.File.new_for_path(`${extension}/metadata.json`).load_contents(null);
        const metadata = JSON.parse(new TextDecoder().decode(bytes));
        assert(metadata['uuid'] === GLib.path_get_basename(extension), 'its folder has its name');
        for (const key of ['name', 'description', 'shell-version'])
            assert(key in metadata, `it has a ${key}`);
    },

    async 'it tells of a stall and of its end'(main, Stalls) {
        const stalls = new Stalls({uuid: 'stalls@libdbr'});
        stalls.enable();
        stalls._monitor.interval_ms = 200;
        stalls._monitor.probe_timeout_ms = 500;
        stalls._monitor.probe_path = '/org/example/Player';
        stalls._monitor.probe_interface = 'org.dbr.Peer1';
        stalls._monitor.probe_property = 'Level';
        await stalls._monitor.wait_healthy_async(10000, null);
        for (const signal of ['STOP', 'CONT']) {
            const told = main.wait();
            signalPeer(signal);
            await told;
        }
        assert(main.told.length === 2, main.told);
        assert(main.told[0].startsWith('org.example.Player: It has not answered'), main.told[0]);
        assert(main.told[1] === 'org.example.Player: It goes on', main.told[1]);
        stalls.disable();
    },

    async 'it can be enabled again and again, and leaves nothing behind'(main, Stalls) {
        const stalls = new Stalls({uuid: 'stalls@libdbr'});
        for (let i = 0; i < 20; i++) {
            stalls.enable();
            stalls.disable();
        }
        stalls.enable();
        const monitor = stalls._monitor;
        stalls.disable();
        monitor.emit('stalled', 1000000);
        await new Promise(resolve => GLib.idle_add(GLib.PRIORITY_LOW, () => {
            resolve();
            return GLib.SOURCE_REMOVE;
        }));
        assert(main.told.length === 2, main.told);
    },
};

Gio.Resource.load(resource)._register();
play(scene, async () => {
    const main = await import(MAIN);
    const {default: Stalls} = await import(`file://${extension}/extension.js`);
    return [main, Stalls];
});
