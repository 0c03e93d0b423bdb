// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A service that is stopped is recovered by stages that are written in JavaScript.

import Dbr from 'gi://Dbr?version=1';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

import {assertEqual, play} from './tap.js';

const NAME = 'org.example.Peer';
const PATH = '/org/example/Peer';
const INTERFACE = 'org.dbr.Peer1';

function kill(what) {
    GLib.spawn_command_line_sync(`kill -${what} ${GLib.getenv('DBR_TEST_PEER_PIDS')}`);
}

function newRecovery() {
    const client = Dbr.Client.new_for_address(GLib.getenv('DBR_TEST_ADDRESS'));
    const monitor = new Dbr.ServiceMonitor({
        client, bus_name: NAME, probe_timeout_ms: 500, misses_to_stall: 2,
        probe_path: PATH, probe_interface: INTERFACE, probe_property: 'Level',
    });
    return Dbr.Recovery.new(monitor, null);
}

const Wake = GObject.registerClass(class Wake extends Dbr.RecoveryStage {
    vfunc_perform(attempt) {
        kill('CONT');
        attempt.succeed();
    }
});

const scene = {
    async 'a stage is a class with vfunc_perform'() {
        const recovery = newRecovery();
        const told = [];
        recovery.connect('stage-started', (_recovery, stage) => told.push(`started ${stage.name}`));
        recovery.connect('recovered', () => told.push('recovered'));
        recovery.add_stage(new Wake({name: 'wake', scope: Dbr.RecoveryScope.DEVICE}));
        kill('STOP');
        const plan = await recovery.plan_async('', null);
        assertEqual([...plan].map(event => event.kind), [
            'not-needed', 'not-needed', 'not-needed', 'not-needed', 'not-allowed', 'run',
        ]);
        assertEqual(await recovery.recover_async('', null), Dbr.RecoveryResult.RECOVERED);
        assertEqual(told, ['started wake', 'recovered']);
        assertEqual(await recovery.recover_async('', null), Dbr.RecoveryResult.NOT_NEEDED);
    },

    async 'a stage is a signal that is connected to, and answers later'() {
        const recovery = newRecovery();
        const stage = Dbr.RecoveryStage.new('wake', Dbr.RecoveryScope.DEVICE);
        stage.connect('perform', (_stage, attempt) => {
            kill('CONT');
            GLib.timeout_add(GLib.PRIORITY_DEFAULT, 50, () => {
                attempt.succeed();
                return GLib.SOURCE_REMOVE;
            });
        });
        recovery.add_stage(stage);
        kill('STOP');
        assertEqual(await recovery.recover_async('', null), Dbr.RecoveryResult.RECOVERED);
    },
};

play(scene, async () => [], () => kill('CONT'));
