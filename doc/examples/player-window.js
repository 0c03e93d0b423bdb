// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A window for a player. It never blocks, whatever the player does: each wait has a limit, and what went
// wrong is told in words.

import Dbr from 'gi://Dbr?version=1';
import GObject from 'gi://GObject';
import Gtk from 'gi://Gtk?version=4.0';

const PLAYER = ['org.example.Player', '/org/example/Player', 'org.example.Player'];

export const PlayerWindow = GObject.registerClass(
class PlayerWindow extends Gtk.Window {
    _init(client) {
        super._init({title: 'Player', default_width: 320});
        this._client = client;
        this.track = new Gtk.Label({label: 'Nothing plays', wrap: true});
        this.volume = new Gtk.Label({label: 'Volume unknown'});
        this.button = new Gtk.Button({label: 'Play'});
        this.button.connect('clicked', () => this._play());
        this.connect('close-request', () => this._leave());

        const box = new Gtk.Box({
            orientation: Gtk.Orientation.VERTICAL, spacing: 12,
            margin_top: 12, margin_bottom: 12, margin_start: 12, margin_end: 12,
        });
        for (const child of [this.track, this.volume, this.button])
            box.append(child);
        this.set_child(box);
    }

    // Shows the volume until the window is closed. The values are at hand, and keep up with the player.
    async follow() {
        try {
            const proxy = await this._client.get_proxy_async(...PLAYER, null);
            this._changes = Dbr.events(proxy, 'properties-changed');
            this._showVolume(proxy);
            for await (const _change of this._changes)
                this._showVolume(proxy);
        } catch (error) {
            this.volume.label = Dbr.Error.explain(error);
        }
    }

    _showVolume(proxy) {
        const volume = proxy.get_cached('Volume');
        this.volume.label = volume ? `Volume ${volume.unpack()}` : 'Volume unknown';
    }

    async _play() {
        this.button.sensitive = false;
        try {
            const reply = await this._client.call_async(...PLAYER, 'Play', null, null, 1000, null);
            this.track.label = reply.deepUnpack()[0];
        } catch (error) {
            this.track.label = Dbr.Error.explain(error);
        }
        this.button.sensitive = true;
    }

    _leave() {
        this._changes?.return();
        return false;
    }
});
