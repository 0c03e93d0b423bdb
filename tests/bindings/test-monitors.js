// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is told by signals in JavaScript: by a monitor, a client and a pool.

import Dbr from 'gi://Dbr?version=1';
import GLib from 'gi://GLib';

import {assertEqual, play} from './tap.js';

const NAME = 'org.example.Peer';
const PATH = '/org/example/Peer';
const INTERFACE = 'org.dbr.Peer1';

const address = GLib.getenv('DBR_TEST_ADDRESS');
const pid = GLib.getenv('DBR_TEST_PEER_PIDS');

function newClient() {
    return Dbr.Client.new_for_address(address);
}

function tell(statement) {
    return newClient().call_async(NAME, PATH, INTERFACE, 'Tell',
        new GLib.Variant('(s)', [statement]), null, 0, null);
}

function kill(what) {
    GLib.spawn_command_line_sync(`kill -${what} ${pid}`);
}

// Resolves with what the next signal of this name says.
function next(object, signal) {
    return new Promise(resolve => {
        const id = object.connect(signal, (_object, ...args) => {
            object.disconnect(id);
            resolve(args);
        });
    });
}

const scene = {
    async 'a stall and a restart are told in order'() {
        const monitor = new Dbr.ServiceMonitor({
            client: newClient(), bus_name: NAME, interval_ms: 200, probe_timeout_ms: 300,
            probe_path: PATH, probe_interface: INTERFACE, probe_property: 'Name',
        });
        const told = [];
        for (const name of ['stalled', 'recovered', 'appeared', 'vanished', 'restarted'])
            monitor.connect(name, () => told.push(name));
        monitor.start();
        await monitor.wait_healthy_async(0, null);
        const stalled = next(monitor, 'stalled');
        kill('STOP');
        await stalled;
        assertEqual(monitor.state, Dbr.ServiceState.FROZEN);
        const recovered = next(monitor, 'recovered');
        kill('CONT');
        await recovered;
        const restarted = next(monitor, 'restarted');
        const owner = monitor.owner;
        await tell(`reown 100 ${NAME}`);
        const [oldOwner, newOwner] = await restarted;
        assertEqual([oldOwner, newOwner], [owner, owner]);
        assertEqual(told, ['stalled', 'recovered', 'vanished', 'appeared', 'restarted']);
        assertEqual(monitor.history.get_item(0).kind, 'stalled');
        monitor.stop();
    },

    async 'what is there is read once'() {
        const monitor = Dbr.ServiceMonitor.new(newClient(), NAME);
        await monitor.refresh_async(null);
        assertEqual(monitor.available, true);
        assertEqual(await monitor.check_async(null) >= 0, true);
    },

    async 'a client tells of a late answer'() {
        const client = newClient();
        const late = next(client, 'late-reply');
        try {
            await client.call_async(NAME, PATH, INTERFACE, 'Wait', new GLib.Variant('(u)', [300]),
                null, 100, null);
        } catch (error) {
            assertEqual(error.matches(Dbr.Error, Dbr.Error.DEADLINE), true);
        }
        assertEqual((await late)[1] > 0, true);
    },

    async 'a pool tells of its connections'() {
        const pool = Dbr.Pool.new_for_address(address);
        const opened = next(pool, 'connection-opened');
        const lease = await pool.acquire_async(null);
        assertEqual(await opened, [lease.unique_name]);
        const closed = next(pool, 'connection-closed');
        lease.release();
        await pool.close_async(null);
        await closed;
    },
};

play(scene);
