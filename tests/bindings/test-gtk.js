// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A window of GTK on a screen of its own, with a player that answers, hangs, changes and goes.

import Dbr from 'gi://Dbr?version=1';
import GLib from 'gi://GLib';
import Gtk from 'gi://Gtk?version=4.0';

import {PlayerWindow} from '../../doc/examples/player-window.js';
import {assert, play} from './tap.js';

const NAME = 'org.example.Player';
const PATIENCE_MS = 20000;

const client = Dbr.Client.new_for_address(GLib.getenv('DBR_TEST_ADDRESS'));

// Says something to the player, see tests/peer/README.md.
function tell(statement) {
    return client.call_async(NAME, '/org/example/Player', 'org.dbr.Peer1', 'Tell',
        new GLib.Variant('(s)', [statement]), null, 0, null);
}

// Resolves when the text of the label is that, which somebody can see from then on.
function says(label, wanted) {
    const isSo = () => (wanted instanceof RegExp ? wanted.test(label.label) : label.label === wanted);
    return new Promise((resolve, reject) => {
        let id = 0;
        const timeout = GLib.timeout_add(GLib.PRIORITY_DEFAULT, PATIENCE_MS, () => {
            label.disconnect(id);
            reject(new Error(`it says “${label.label}”, not ${wanted}`));
            return GLib.SOURCE_REMOVE;
        });
        const look = () => {
            if (!isSo())
                return;
            label.disconnect(id);
            GLib.source_remove(timeout);
            resolve();
        };
        id = label.connect('notify::label', look);
        look();
    });
}

const scene = {
    async 'it shows what the player has, and follows it'(window) {
        await says(window.volume, 'Volume 40');
        await tell('set /org/example/Player org.example.Player.Volume uint32 55');
        await says(window.volume, 'Volume 55');
    },

    async 'a button plays'(window) {
        window.button.emit('clicked');
        assert(!window.button.sensitive, 'it cannot be pressed twice');
        await says(window.track, 'Prelude');
        assert(window.button.sensitive, 'it can be pressed again');
    },

    async 'the window lives while the player hangs, and tells of it'(window) {
        let ticks = 0;
        const ticker = GLib.timeout_add(GLib.PRIORITY_DEFAULT, 20, () => ++ticks > 0);
        await tell('on Play: never');
        window.button.emit('clicked');
        await says(window.track, new RegExp(NAME));
        GLib.source_remove(ticker);
        assert(ticks > 10, `it had ${ticks} turns in a second`);
        await tell('forget Play');
    },

    async 'it tells that there is no player'() {
        const elsewhere = Dbr.Client.new_for_address('unix:path=/nonexistent/bus');
        const window = new PlayerWindow(elsewhere);
        await window.follow();
        assert(window.volume.label.includes('/nonexistent/bus'), window.volume.label);
        window.destroy();
    },

    async 'it leaves the player alone when it is closed'(window, following) {
        window.close();
        await following;
        await tell('set /org/example/Player org.example.Player.Volume uint32 1');
        await client.ping_async(NAME, null);
        assert(window.volume.label === 'Volume 55', window.volume.label);
    },
};

Gtk.init();
const window = new PlayerWindow(client);
window.present();
const following = window.follow();
play(scene, async () => [window, following]);
