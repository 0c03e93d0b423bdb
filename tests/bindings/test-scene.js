// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The scene of test-scene.c, in JavaScript, with promises.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {assert, assertEqual, errorOf, play} from './tap.js';

const NAME = 'org.example.Peer';
const PATH = '/org/example/Peer';
const INTERFACE = 'org.dbr.Peer1';
const LIMIT_MS = 300;

function newClient() {
    return Dbr.Client.new_for_address(GLib.getenv('DBR_TEST_ADDRESS'));
}

function signalPeer(name) {
    GLib.spawn_command_line_sync(`sh -c 'kill -${name} ${GLib.getenv('DBR_TEST_PEER_PIDS')}'`);
}

const scene = {
    async 'a call is answered'() {
        const reply = await newClient().call_async(NAME, PATH, INTERFACE, 'Echo',
            new GLib.Variant('(s)', ['Grüße']), new GLib.VariantType('(s)'), 0, null);
        assertEqual(reply.deepUnpack(), ['Grüße']);
    },

    async 'a property is written and read'() {
        const client = newClient();
        await client.write_property_async(NAME, PATH, INTERFACE, 'Level',
            new GLib.Variant('u', 4), null);
        const level = await client.read_property_async(NAME, PATH, INTERFACE, 'Level', null);
        assertEqual(level.deepUnpack(), 4);
    },

    async 'a proxy follows a property'() {
        const client = newClient();
        const proxy = await client.get_proxy_async(NAME, PATH, INTERFACE, null);
        const changes = new Promise(resolve =>
            proxy.connect('properties-changed', (_proxy, changed) => resolve(changed)));
        assert(proxy.fresh, 'it is fresh');
        assertEqual(proxy.get_cached('Name').deepUnpack(), 'dbr-peer');
        await proxy.write_async('Level', new GLib.Variant('u', 9), null);
        assertEqual((await changes).recursiveUnpack(), {Level: 9});
        assertEqual((await proxy.read_async('Level', null)).deepUnpack(), 9);
        assert(await client.get_proxy_async(NAME, PATH, INTERFACE, null) === proxy, 'it is the same');
    },

    async 'a stopped service ends at the limit, and its late reply is told'() {
        const client = newClient();
        const call = new Dbr.Call({
            bus_name: NAME, object_path: PATH, interface_name: INTERFACE,
            method_name: 'Increment', parameters: new GLib.Variant('(s)', ['js']),
            timeout_ms: LIMIT_MS,
        });
        const late = new Promise(resolve =>
            client.connect('late-reply', (_client, ...args) => resolve(args)));
        await client.ping_async(NAME, null);

        signalPeer('STOP');
        const error = await errorOf(client.run_async(call, null));
        signalPeer('CONT');

        assert(error.matches(Dbr.Error, Dbr.Error.DEADLINE), error);
        assert(call.elapsed_usec >= LIMIT_MS * 1000, 'it ended not before its limit');
        assert(call.elapsed_usec < LIMIT_MS * 1000 + 1000000, 'it ended at its limit');
        assertEqual(call.execution, Dbr.Execution.MAYBE);
        const [operation, lateByUsec] = await late;
        assertEqual(operation, 'default');
        assert(lateByUsec > 0, 'it was late');
        assertEqual(client.orphans, 0);
    },

    async 'an error of the service keeps its name'() {
        const error = await errorOf(newClient().call_async(NAME, PATH, INTERFACE, 'Fail',
            new GLib.Variant('(ss)', ['org.example.Error.Full', 'The disk is full']),
            null, 0, null));
        assert(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.DBUS_ERROR), error);
        assertEqual(Gio.DBusError.get_remote_error(error), 'org.example.Error.Full');
        assert(Dbr.Error.explain(error).includes('The disk is full'), 'it is explained');
        assertEqual(Dbr.Error.is_transient(error), false);
    },

    async 'a lease is released when its function is done'() {
        const pool = Dbr.Pool.new_for_address(GLib.getenv('DBR_TEST_ADDRESS'));
        const lease = await pool.acquire_async(null);
        const name = lease.unique_name;
        const echo = connection => connection.call_sync(NAME, PATH, INTERFACE, 'Echo',
            new GLib.Variant('(s)', ['lent']), null, Gio.DBusCallFlags.NONE, -1, null);
        const reply = await Dbr.using(lease, held => {
            assertEqual(pool.get_stats().leased, 1);
            return echo(held.connection);
        });
        assertEqual(reply.deepUnpack(), ['lent']);
        assertEqual(lease.connection, null);
        const error = await errorOf(Dbr.using(await pool.acquire_async(null), held => {
            assertEqual(held.unique_name, name);
            throw new Error('so be it');
        }));
        assertEqual(error.message, 'so be it');
        const stats = pool.get_stats();
        assertEqual([stats.leased, stats.idle, stats.opened_total], [0, 1, 1]);
        await pool.close_async(null);
        assert((await errorOf(pool.acquire_async(null))).matches(Dbr.Error, Dbr.Error.CLOSED),
            'it is closed');
    },

    async 'signals of a service are heard'() {
        const client = newClient();
        const subscription = Dbr.Subscription.new(client, NAME, '/a', null, 'Changed', null,
            Dbr.SubscriptionFlags.PATH_NAMESPACE);
        const heard = new Promise(resolve =>
            subscription.connect('received', (_subscription, ...args) => resolve(args)));
        await subscription.start_async(null);
        assertEqual(subscription.active, true);
        await client.call_async(NAME, PATH, INTERFACE, 'Tell',
            new GLib.Variant('(s)', ["emit /a/b org.example.Peer1.Changed ('x',)"]), null, 0, null);
        const [sender, path, interfaceName, member, parameters] = await heard;
        assert(sender.startsWith(':'), 'it has a sender');
        assertEqual([path, interfaceName, member], ['/a/b', 'org.example.Peer1', 'Changed']);
        assertEqual(parameters.deepUnpack(), ['x']);
        subscription.stop();
        assertEqual(subscription.active, false);
    },

    async 'a wrong address is no bus'() {
        const client = Dbr.Client.new_for_address('unix:path=/nonexistent/bus');
        const error = await errorOf(client.open_async(null));
        assert(error.matches(Dbr.Error, Dbr.Error.NO_BUS), error);
        assert(error.message.includes('/nonexistent/bus'), 'the address is in the text');
    },

    async 'a cancelled call ends'() {
        const client = newClient();
        const call = Dbr.Call.new(NAME, PATH, INTERFACE, 'Never', null);
        const cancellable = new Gio.Cancellable();
        const ended = errorOf(client.run_async(call, cancellable));
        // Its answer says that the service has the call that went before it.
        await client.ping_async(NAME, null);
        cancellable.cancel();
        const error = await ended;
        assert(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED), error);
        assertEqual(call.execution, Dbr.Execution.MAYBE);
    },

    async 'figures are recorded and read, and an issue is told'() {
        const metrics = new Dbr.Metrics();
        const raised = new Promise(resolve =>
            metrics.connect('issue-raised', (_metrics, issue) => resolve(issue)));
        for (let usec = 1000; usec <= 100000; usec += 1000)
            metrics.record('export', usec, Dbr.Outcome.OK);
        for (let i = 0; i < 20; i++)
            metrics.record('import', 10, Dbr.Outcome.ERROR);
        const stats = metrics.get_stats('export');
        assertEqual([stats.count, stats.ok, stats.max_usec], [100, 100, 100000]);
        assert(Math.abs(stats.percentile(50) / 50000 - 1) <= 0.016, 'half were within 50 ms');
        assertEqual(metrics.dup_operations(), ['export', 'import']);
        const issue = await raised;
        assertEqual([issue.id, issue.operation], ['error-rate', 'import']);
        assert([...metrics.issues].includes(issue), 'it is in the list');
        assert(metrics.to_openmetrics().endsWith('# EOF\n'), 'it is OpenMetrics');
    },

    async 'a client counts its calls and keeps the last ones'() {
        const client = newClient();
        client.metrics = new Dbr.Metrics();
        client.trace_size = 1;
        const shown = new Promise(resolve =>
            client.trace.connect('items-changed', trace => resolve(trace)));
        await client.call_async(NAME, PATH, INTERFACE, 'Echo', new GLib.Variant('(s)', ['a']),
            null, 0, null);
        const stats = client.metrics.get_stats(`${NAME}:${INTERFACE}.Echo`);
        assertEqual([stats.count, stats.ok], [1, 1]);
        const [call] = [...await shown];
        assertEqual([call.method_name, call.outcome, call.parameters],
            ['Echo', Dbr.Outcome.OK, null]);
    },

    async 'a notification is shown, pressed and closed'() {
        const client = newClient();
        const tell = statement => client.call_async(NAME, PATH, INTERFACE, 'Tell',
            new GLib.Variant('(s)', [statement]), null, 0, null);
        await tell('own org.freedesktop.Notifications');
        const notifier = new Dbr.Notifier({app_name: 'Player', backend: Dbr.NotifierBackend.DIRECT});
        const pressed = new Promise(resolve =>
            notifier.connect('action-invoked', (_notifier, id, action) => resolve([id, action])));
        const id = await notifier.send_full_async('Over', null, null, Dbr.Urgency.NORMAL, -1,
            ['again', 'Play again'],
            new GLib.Variant('a{sv}', {value: new GLib.Variant('i', 40)}), 0, null);
        assertEqual(notifier.server_name, 'dbr-peer');
        assert(notifier.capabilities.includes('actions'), 'it can do actions');
        await tell("emit /org/freedesktop/Notifications " +
            "org.freedesktop.Notifications.ActionInvoked (uint32 1, 'again')");
        assertEqual(await pressed, [id, 'again']);
        assert(await notifier.close_async(id, null), 'it is closed');
        const error = await errorOf(notifier.send_async('', null, null, Dbr.Urgency.LOW, -1, null));
        assert(error.matches(Dbr.Error, Dbr.Error.INVALID_ARGUMENT), 'it is a bad value');
    },

    async 'a monitor tells once that a service is stopped, and once that it goes on'() {
        const monitor = Dbr.ServiceMonitor.new(newClient(), NAME);
        monitor.interval_ms = 200;
        monitor.probe_timeout_ms = 500;
        monitor.probe_path = PATH;
        monitor.probe_interface = INTERFACE;
        monitor.probe_property = 'Level';
        monitor.start();
        await monitor.wait_healthy_async(10000, null);
        const stalls = Dbr.events(monitor, 'stalled');
        const recoveries = Dbr.events(monitor, 'recovered');
        signalPeer('STOP');
        const {value: silentUsec} = await stalls.next();
        signalPeer('CONT');
        assert(silentUsec > 0, 'it was silent');
        await recoveries.next();
        const kinds = [...monitor.history].map(event => event.kind);
        assertEqual(kinds.filter(kind => ['stalled', 'recovered'].includes(kind)),
            ['stalled', 'recovered']);
        await Promise.all([stalls.return(), recoveries.return()]);
        monitor.stop();
    },

    async 'each pair of each class is a promise'() {
        const client = newClient();
        const promises = [client.open_async(null), client.ping_async(NAME, null),
            client.read_all_properties_async(NAME, PATH, INTERFACE, null)];
        promises.forEach(promise => assert(promise instanceof Promise, 'it is a promise'));
        await Promise.all(promises);
        const closed = client.close_async(null);
        assert(closed instanceof Promise, 'it is a promise');
        await closed;
    },
};

play(scene);
