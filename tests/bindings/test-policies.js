// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Each policy in JavaScript: retries, circuit, limits, access, and what is found out about a bus.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {assert, assertEqual, assertFails, play} from './tap.js';

const NAME = 'org.example.Peer';
const PATH = '/org/example/Peer';
const INTERFACE = 'org.dbr.Peer1';
const BUSY = 'org.example.Error.Busy';

const address = GLib.getenv('DBR_TEST_ADDRESS');

function newClient() {
    return Dbr.Client.new_for_address(address);
}

function call(client, method, ...strings) {
    return client.call_async(NAME, PATH, INTERFACE, method,
        new GLib.Variant(`(${'s'.repeat(strings.length)})`, strings), null, 0, null);
}

// Says something to the peer, see tests/peer/README.md.
async function tell(statement) {
    await call(newClient(), 'Tell', statement);
}

// Resolves when a signal has come for the nth time.
function times(object, signal, n, listen) {
    return new Promise(resolve => {
        object.connect(signal, (_object, ...args) => {
            listen(...args);
            if (--n === 0)
                resolve();
        });
    });
}

const scene = {
    async 'a call is tried again as the policy says, which tells of it'() {
        await tell(`on Increment call 1: error ${BUSY} later`);
        const client = newClient();
        const policy = Dbr.RetryPolicy.new();
        const told = [];
        policy.add_retryable(BUSY);
        policy.base_delay_ms = 10;
        client.retry_policy = policy;
        const all = [
            times(policy, 'retrying', 1, (operation, attempt, _delayMs, error) =>
                told.push([operation, attempt, Gio.DBusError.get_remote_error(error)])),
            times(policy, 'recovered', 1, (_operation, attempts) => told.push([attempts])),
            times(client, 'call-retrying', 1, retried => told.push([retried.method_name])),
        ];
        assertEqual((await call(client, 'Increment', 'a')).deepUnpack(), [2]);
        await Promise.all(all);
        assertEqual(told.map(row => row.join(' ')).sort(),
            ['2', 'Increment', `default 1 ${BUSY}`]);
    },

    async 'what is no call is tried again by the same policy'() {
        const policy = Dbr.RetryPolicy.new_preset('default');
        const retry = policy.begin(5000, false);
        let attempts = 1;
        for (;;) {
            const [again, delayMs] = retry.next(Dbr.Failure.NOT_DELIVERED);
            if (!again)
                break;
            const [least, most] = policy.get_delay_range(attempts);
            assert(least <= delayMs && delayMs <= most, `${least} <= ${delayMs} <= ${most}`);
            attempts++;
        }
        assertEqual(attempts, 3);
    },

    async 'a circuit is opened and closed by hand, and says why it refuses'() {
        const client = newClient();
        const circuit = client.get_circuit(NAME);
        const changes = [];
        const changed = times(client, 'circuit-changed', 2, (name, state) =>
            changes.push([name, state]));
        circuit.isolate();
        const error = await assertFails(call(client, 'Increment', 'b'), Dbr.Error.CIRCUIT_OPEN);
        assert(error.message.includes(NAME), 'it names the service');
        circuit.reset();
        assertEqual((await call(client, 'Increment', 'b')).deepUnpack(), [1]);
        await changed;
        assertEqual(changes, [[NAME, Dbr.CircuitState.ISOLATED], [NAME, Dbr.CircuitState.CLOSED]]);
    },

    async 'more calls than may be under way wait, and more than may wait are refused'() {
        await tell('on Increment: wait 200');
        const client = newClient();
        client.max_in_flight = 1;
        client.max_queued = 1;
        const [first, second, third] = ['c', 'c', 'c'].map(token =>
            call(client, 'Increment', token));
        await assertFails(third, Dbr.Error.OVERLOADED);
        assertEqual([(await first).deepUnpack(), (await second).deepUnpack()], [[1], [2]]);
    },

    async 'what is not allowed is denied, and both are told without arguments'() {
        const policy = Dbr.AccessPolicy.new(Dbr.AccessTier.CUSTOM);
        policy.allow(`${NAME}:${INTERFACE}.Echo`);
        const client = new Dbr.Client({address, access_policy: policy});
        const records = [];
        const audited = times(client, 'audit', 2, record => records.push(record.recursiveUnpack()));
        assertEqual(policy.frozen, true);

        assertEqual((await call(client, 'Echo', 'secret')).deepUnpack(), ['secret']);
        await assertFails(call(client, 'Increment', 'secret'), Dbr.Error.DENIED);
        await audited;
        assertEqual(records.map(record => [record['allowed'], record['kind'], record['member']]),
            [[true, 'call', 'Echo'], [false, 'call', 'Increment']]);
        assert(!JSON.stringify(records).includes('secret'), 'no argument is told');
        const names = await client.list_names_async(false, null);
        assertEqual(names.filter(name => name.startsWith('org')), [NAME]);
    },

    async 'a service is waited for, listed and introspected'() {
        const client = newClient();
        await tell(`reown 200 ${NAME}`);
        const uniqueName = await client.wait_for_service_async(NAME, 10000, null);
        const names = await client.list_names_async(false, null);
        assert(names.includes(NAME) && names.includes(uniqueName), 'it is listed');
        const xml = await client.introspect_async(NAME, PATH, null);
        assert(Gio.DBusNodeInfo.new_for_xml(xml).lookup_interface(INTERFACE), 'it is shown');
        await assertFails(client.wait_for_service_async('org.example.Nobody', 100, null),
            Dbr.Error.DEADLINE);
    },
};

play(scene, async () => {
    await tell('forget *');
    await tell('reset');
    return [];
});
