// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Units of a real systemd in JavaScript.

import Dbr from 'gi://Dbr?version=1';
import GLib from 'gi://GLib';

import {assert, assertEqual, assertFails, play} from './tap.js';

const units = `${GLib.getenv('XDG_RUNTIME_DIR')}/data/systemd/user`;

function names(list) {
    return Array.from({length: list.get_n_items()}, (_, i) => list.get_item(i).name);
}

const scene = {
    async 'a unit is started, watched and stopped'(monitor) {
        const told = [];
        const seen = new Promise(resolve => {
            monitor.connect('unit-changed', (_monitor, unit, oldState, newState) => {
                told.push([unit.name, oldState, newState]);
                if (newState === 'inactive')
                    resolve();
            });
        });
        monitor.watch_units(['ok']);
        monitor.start();
        await monitor.refresh_async(null);
        const unit = await monitor.get_unit_async('ok', null);
        await unit.start_async(Dbr.UnitFlags.NONE, null);
        assertEqual(unit.active_state, 'active');
        await unit.stop_async(Dbr.UnitFlags.NONE, null);
        await seen;
        assertEqual(told[0], ['ok.service', 'inactive', 'active']);
        monitor.stop();
    },

    async 'a unit that fails says why, and is in the list'(monitor) {
        const unit = await monitor.get_unit_async('fails', null);
        await assertFails(unit.start_async(Dbr.UnitFlags.NONE, null), Dbr.Error.JOB_FAILED);
        const reasons = await unit.explain_async(null);
        assertEqual(reasons.get_item(0).kind, 'failed');
        await monitor.refresh_async(null);
        assertEqual(names(monitor.failed_units), ['fails.service']);
        assertEqual(monitor.system_state, 'degraded');
        assertEqual(monitor.via, 'bus');
    },

    async 'units and jobs are lists, boot times are numbers'(monitor) {
        const list = await monitor.list_units_async(['ok', 'nobody-has-this'], null, null);
        assertEqual(names(list), ['ok.service', 'nobody-has-this.service']);
        const jobs = await monitor.list_jobs_async(null);
        assertEqual(jobs.get_n_items(), 0);
        const times = await monitor.get_boot_times_async(null);
        assert(times.finished && times.userspace_usec > 0, 'it has booted');
        assertEqual(times.firmware_usec, -1);
    },
};

GLib.file_set_contents(`${units}/ok.service`, '[Service]\nExecStart=/bin/sleep infinity\n');
GLib.file_set_contents(`${units}/fails.service`, '[Service]\nType=oneshot\nExecStart=/bin/false\n');
play(scene, async () => [Dbr.SystemdMonitor.new(null, Dbr.SystemdScope.USER)]);
