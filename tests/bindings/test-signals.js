// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The signals that trouble brings, in JavaScript: of a client, its circuits and policy, and a pool.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {assert, assertEqual, control, errorOf, play, waitUntil} from './tap.js';

const NAME = 'org.example.Peer';
const PATH = '/org/example/Peer';
const INTERFACE = 'org.dbr.Peer1';
const BUSY = 'org.example.Error.Busy';

const address = GLib.getenv('DBR_TEST_ADDRESS');

// What the object tells from now on, each with its values.
function listen(object, ...signals) {
    const told = {};
    for (const signal of signals) {
        told[signal] = [];
        object.connect(signal, (_object, ...values) => told[signal].push(values));
    }
    return told;
}

function untilAll(told) {
    waitUntil(() => Object.values(told).every(values => values.length > 0));
}

function call(client, method, parameters, timeoutMs = 0) {
    return client.call_async(NAME, PATH, INTERFACE, method, parameters, null, timeoutMs, null);
}

const scene = {
    async 'a service stalls and is back, as its circuit sees it'(client) {
        const circuit = client.get_circuit(NAME);
        const told = listen(client, 'service-stalled', 'service-recovered', 'circuit-changed');
        const changes = listen(circuit, 'state-changed');
        const {CLOSED, HALF_OPEN, OPEN} = Dbr.CircuitState;
        await call(client, 'Echo', null);
        control(`peer ${NAME} stop`);
        for (let i = 0; i < 3; i++)
            await errorOf(call(client, 'Echo', null, 100));
        waitUntil(() => told['service-stalled'].length > 0);
        control(`peer ${NAME} cont`);
        waitUntil(() => circuit.state === HALF_OPEN);
        await call(client, 'Echo', null);
        await call(client, 'Echo', null);
        untilAll(told);
        for (const signal of ['service-stalled', 'service-recovered'])
            assertEqual(told[signal].map(([name, usec]) => [name, usec > 0]), [[NAME, true]]);
        assertEqual(told['circuit-changed'].map(([_name, state]) => state),
            [OPEN, HALF_OPEN, CLOSED]);
        assertEqual(changes['state-changed'],
            [[CLOSED, OPEN], [OPEN, HALF_OPEN], [HALF_OPEN, CLOSED]]);
    },

    async 'a policy gives up, and has no budget left'(client) {
        const policy = new Dbr.RetryPolicy({
            max_attempts: 2, base_delay_ms: 10, budget_capacity: 2,
        });
        policy.add_retryable(BUSY);
        client.retry_policy = policy;
        const told = listen(policy, 'gave-up', 'budget-exhausted');
        await errorOf(call(client, 'Fail', new GLib.Variant('(ss)', [BUSY, 'later'])));
        await errorOf(call(client, 'Fail', new GLib.Variant('(ss)', [BUSY, 'later'])));
        untilAll(told);
        const [operation, attempts, error] = told['gave-up'][0];
        assertEqual([operation, attempts], ['default', 2]);
        assertEqual(Gio.DBusError.get_remote_error(error), BUSY);
        assertEqual(told['budget-exhausted'], [[NAME]]);
    },

    async 'a lease is held for long, and the bus of a pool stops'() {
        const pool = Dbr.Pool.new_for_address(address);
        pool.max_size = 1;
        pool.leak_warn_ms = 50;
        pool.health_check_ms = 50;
        pool.acquire_timeout_ms = 100;
        const told = listen(pool, 'exhausted', 'available', 'lease-leaked', 'connection-stalled',
            'connection-recovered');
        const lease = await pool.acquire_async(null);
        await errorOf(pool.acquire_async(null));
        waitUntil(() => told['lease-leaked'].length > 0);
        lease.release();
        control('bus stop');
        waitUntil(() => told['connection-stalled'].length > 0);
        control('bus cont');
        untilAll(told);
        for (const signal of ['lease-leaked', 'connection-stalled', 'connection-recovered']) {
            const [name, time] = told[signal][0];
            assertEqual([name, time > 0], [lease.unique_name, true]);
        }
    },

    async 'the bus is lost, and a service has another owner when it is back'(client) {
        const proxy = await client.get_proxy_async(NAME, PATH, INTERFACE, null);
        const told = listen(client, 'connection-lost', 'connection-restored');
        const changes = listen(proxy, 'owner-changed');
        control('bus kill');
        waitUntil(() => told['connection-lost'].length > 0);
        control('bus restart');
        control(`peer ${NAME} restart`);
        untilAll(told);
        const [error] = told['connection-lost'][0];
        assert(error.matches(Dbr.Error, Dbr.Error.CONNECTION_LOST), error);
        assertEqual(told['connection-restored'], [[]]);
        waitUntil(() => changes['owner-changed'].length > 0
            && changes['owner-changed'].at(-1)[1] !== '');
    },
};

play(scene, async () => [Dbr.Client.new_for_address(address)]);
