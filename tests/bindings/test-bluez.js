// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A device is met, connected and paired: the scene of test-bluez.py, with promises.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {assert, play, waitUntil} from './tap.js';

const ADAPTER = '00:AA:01:00:00:00';
const DEVICE = '00:AA:01:00:00:42';

play({
    async 'a device is met, connected and paired'() {
        const monitor = Dbr.BluezMonitor.new(null);
        const added = [];

        monitor.connect('device-added', (_monitor, device) => added.push(device));
        monitor.start();
        waitUntil(() => monitor.default_adapter?.powered);
        const adapter = monitor.default_adapter;
        assert(adapter.address === ADAPTER, 'the adapter is known by its address');

        await adapter.start_discovery_async(
            new GLib.Variant('a{sv}', {Transport: new GLib.Variant('s', 'le')}), null);
        waitUntil(() => added.some(device => device.address === DEVICE));
        const device = added.find(one => one.address === DEVICE);
        assert(device.name === 'Watch', 'the device has its name');

        await device.connect_device_async(null);
        assert(device.connected, 'it is connected');
        let refused = null;
        try {
            await device.pair_async(null);
        } catch (error) {
            refused = Gio.DBusError.get_remote_error(error);
        }
        assert(refused === 'org.bluez.Error.AuthenticationRejected', 'a refusal is told');
        await device.pair_async(null);
        assert(device.paired, 'it is paired');
        await device.disconnect_device_async(null);
        await adapter.stop_discovery_async(null);
        assert(!device.connected, 'it is disconnected');
        monitor.stop();
    },
});
