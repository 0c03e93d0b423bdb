// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A device is saved, lost and put back: the scene of test-state.py, with promises.

import Dbr from 'gi://Dbr?version=1';
import GLib from 'gi://GLib';

import {assert, play, waitUntil} from './tap.js';

const DEVICE = '00:AA:01:00:00:42';

play({
    async 'a device is saved, lost and put back'() {
        const monitor = Dbr.BluezMonitor.new(null);
        const folder = GLib.dir_make_tmp('dbr-state-XXXXXX');
        let device = null;
        let isGone = false;

        monitor.connect('device-added', (_monitor, added) => (device = added));
        monitor.connect('device-removed', () => (isGone = true));
        monitor.start();
        waitUntil(() => device !== null);

        const tracker = Dbr.StateTracker.new(monitor);
        tracker.file = `${folder}/devices`;
        await device.connect_device_async(null);
        await tracker.save_async(device, null);
        tracker.set_attribute(DEVICE, 'room', new GLib.Variant('(si)', ['kitchen', 2]));
        await tracker.flush_async(null);

        const other = Dbr.StateTracker.new(monitor);
        other.file = tracker.file;
        const state = other.get(DEVICE);
        assert(other.dup_addresses().join() === DEVICE, 'its address is known');
        assert(state.name === 'Watch' && state.connected && state.trusted && !state.blocked,
            'the state has what the device was like');
        assert(state.uuids.length === 1 && state.saved_usec > 0, 'it has what it offers');
        assert(state.get_attribute('room').deepUnpack()[0] === 'kitchen', 'it has the attribute');

        await monitor.client.call_async('org.bluez', '/', 'org.dbr.Peer1', 'Reboot', null, null, 0, null);
        waitUntil(() => isGone && device.object_path !== null);
        const report = {};
        for (const event of await tracker.restore_async(DEVICE, null))
            report[event.kind] = event.details.deepUnpack()['result'].unpack();
        assert(report['connected'] === 'restored', 'it was connected again');
        assert(report['trusted'] === 'unchanged', 'it is still trusted');
        assert(device.connected, 'it is connected');

        let refused = null;
        try {
            tracker.set_attribute('nonsense', 'room', null);
        } catch (error) {
            refused = error;
        }
        assert(refused.matches(Dbr.error_quark(), Dbr.Error.INVALID_ARGUMENT), 'a bad address is told');
        tracker.forget(DEVICE);
        await tracker.flush_async(null);
        assert(tracker.get(DEVICE) === null, 'it is forgotten');
        for (const name of ['devices', '.devices.lock'])
            GLib.unlink(`${folder}/${name}`);
        GLib.rmdir(folder);
        monitor.stop();
    },
});
