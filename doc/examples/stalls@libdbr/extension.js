// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Tells when a service on the session bus hangs, and when it goes on. The Shell itself never waits for it.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';

import {Extension} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as Main from 'resource:///org/gnome/shell/ui/main.js';

const NAME = 'org.example.Player';

export default class StallsExtension extends Extension {
    enable() {
        this._client = Dbr.Client.new(Gio.BusType.SESSION);
        this._monitor = Dbr.ServiceMonitor.new(this._client, NAME);
        this._events = [
            this._tell('stalled', usec => `It has not answered for ${Math.round(usec / 1e6)} s`),
            this._tell('recovered', () => 'It goes on'),
        ];
        this._monitor.start();
    }

    // What is left of one run must not reach into the next: all of it ends here.
    disable() {
        this._events.forEach(events => events.return());
        this._monitor.stop();
        this._client.close_async(null).catch(() => {});
        this._events = this._monitor = this._client = null;
    }

    _tell(signal, describe) {
        const events = Dbr.events(this._monitor, signal);
        (async () => {
            for await (const usec of events)
                Main.notify(NAME, describe(usec));
        })();
        return events;
    }
}
