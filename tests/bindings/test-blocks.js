// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What JavaScript has beyond promises: loops over signals, leases in functions, attempts.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {assert, assertEqual, errorOf, play} from './tap.js';

const NAME = 'org.example.Peer';
const PATH = '/org/example/Peer';
const INTERFACE = 'org.dbr.Peer1';
const BUSY = 'org.example.Error.Busy';
const NO_REPLY = 'org.freedesktop.DBus.Error.NoReply';

const address = GLib.getenv('DBR_TEST_ADDRESS');

function newClient() {
    return Dbr.Client.new_for_address(address);
}

function call(client, method, ...strings) {
    return client.call_async(NAME, PATH, INTERFACE, method,
        new GLib.Variant(`(${'s'.repeat(strings.length)})`, strings), null, 0, null);
}

// Says something to the peer, see tests/peer/README.md.
function tell(statement) {
    return call(newClient(), 'Tell', statement);
}

async function count(token) {
    return (await call(newClient(), 'Executions', token)).deepUnpack()[0];
}

function newPolicy(...retryable) {
    const policy = Dbr.RetryPolicy.new();
    policy.base_delay_ms = 10;
    policy.throttle_delay_ms = 10;
    retryable.forEach(name => policy.add_retryable(name));
    return policy;
}

const scene = {
    async 'the signals of a subscription are iterated until it stops'() {
        const client = newClient();
        const subscription = Dbr.Subscription.new(client, NAME, null, null, 'Changed', null,
            Dbr.SubscriptionFlags.NONE);
        await subscription.start_async(null);
        const heard = [];
        const events = Dbr.events(subscription, 'received');
        await tell("emit /a org.example.Peer1.Changed ('first',)");
        await tell("emit /a org.example.Peer1.Changed ('second',)");
        for await (const [, path, interfaceName, member, parameters] of events) {
            assertEqual([path, interfaceName, member], ['/a', 'org.example.Peer1', 'Changed']);
            heard.push(...parameters.deepUnpack());
            if (heard.length === 2)
                subscription.stop();
        }
        assertEqual(heard, ['first', 'second']);
    },

    async 'what is left is not listened to any more'() {
        const metrics = new Dbr.Metrics();
        const raise = operation => {
            for (let i = 0; i < 20; i++)
                metrics.record(operation, 10, Dbr.Outcome.ERROR);
        };
        const events = Dbr.events(metrics, 'issue-raised');
        raise('import');
        for await (const issue of events) {
            assertEqual([issue.id, issue.operation], ['error-rate', 'import']);
            break;
        }
        const waiting = Dbr.events(metrics, 'issue-raised');
        const next = waiting.next();
        await waiting.return();
        assertEqual((await next).done, true);
        raise('export');
        assertEqual((await events.next()).done, true);
        assertEqual((await waiting.next()).done, true);
    },

    async 'of a flood that nobody takes the last thousand wait'() {
        const client = newClient();
        const events = Dbr.events(client, 'notify::max-queued');
        for (let i = 0; i < 1500; i++)
            client.max_queued = i + 1;
        let n = 0;
        for await (const pspec of events) {
            assertEqual(pspec.name, 'max-queued');
            if (++n === 1000)
                break;
        }
        assertEqual((await events.next()).done, true);
    },

    async 'a lease is released whatever its function does'() {
        const pool = Dbr.Pool.new_for_address(address);
        const rows = [() => 1, async () => 1, () => { throw new Error('so be it'); },
            () => Promise.reject(new Error('so be it'))];
        for (const fn of rows)
            await Dbr.using(await pool.acquire_async(null), fn).catch(() => {});
        for (let i = 0; i < 200; i++)
            await Dbr.using(await pool.acquire_async(null), () => i);
        const stats = pool.get_stats();
        assertEqual([stats.leased, stats.idle, stats.opened_total], [0, 1, 1]);
    },

    async 'a function is run again, and its client makes one attempt each time'() {
        await tell(`on Increment: error ${BUSY} later`);
        const client = newClient();
        const policy = newPolicy(BUSY);
        client.retry_policy = policy;
        const error = await errorOf(Dbr.retrying(policy, () => call(client, 'Increment', 'a')));
        assertEqual(Gio.DBusError.get_remote_error(error), BUSY);
        assertEqual(await count('a'), 3);
        await errorOf(call(client, 'Increment', 'b'));
        assertEqual(await count('b'), 3);
    },

    async 'what succeeds at last is the result'() {
        await tell(`on Increment call 1: error ${BUSY} later`);
        const reply = await Dbr.retrying(newPolicy(BUSY), async () => {
            const [n] = (await call(newClient(), 'Increment', 'a')).deepUnpack();
            return n * 10;
        });
        assertEqual(reply, 20);
    },

    async 'attempts inside attempts count once'() {
        await tell(`on Increment: error ${BUSY} later`);
        const client = newClient();
        const policy = newPolicy(BUSY);
        await errorOf(Dbr.retrying(policy, () =>
            Dbr.retrying(policy, () => call(client, 'Increment', 'a'))));
        assertEqual(await count('a'), 3);
    },

    async 'what was executed, or is no error of a call, is not run again'() {
        let runs = 0;
        const error = await errorOf(Dbr.retrying(newPolicy(), () => {
            runs++;
            throw new TypeError('so be it');
        }));
        assert(error instanceof TypeError, error);
        assertEqual(runs, 1);
        await tell(`on Increment: error ${NO_REPLY} gone`);
        const client = newClient();
        await errorOf(Dbr.retrying(newPolicy(), () => call(client, 'Increment', 'a')));
        assertEqual(await count('a'), 1);
        await errorOf(Dbr.retrying(newPolicy(), () => call(client, 'Increment', 'b'),
            {idempotent: true}));
        assertEqual(await count('b'), 3);
    },
};

play(scene, async () => {
    await tell('forget *');
    await tell('reset');
    return [];
});
