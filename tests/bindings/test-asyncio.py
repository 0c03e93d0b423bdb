#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The scene with asyncio: `await client.call(...)`, and what may be done to a future."""

import asyncio
import importlib.util
import inspect
import os
import signal
import subprocess
import sys
import threading
import time
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

NAME, PATH, INTERFACE = 'org.example.Peer', '/org/example/Peer', 'org.dbr.Peer1'
LIMIT_MS = 300
PATIENCE_S = 30

# A program that ends while a call is under way, with a loop that was closed.
LEAVES = '''
import asyncio, atexit, os
import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr
client = Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS'])
async def ping():
    await client.ping('org.example.Peer')
async def leave():
    await ping()
    client.call('org.example.Peer', '/', 'org.dbr.Peer1', 'Never')
atexit.register(lambda: (asyncio.run(ping()), print('well')))
asyncio.run(leave())
'''

# A program whose child after fork() awaits too, and is refused rather than kept waiting.
FORKS = '''
import asyncio, os
import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, GLib
client = Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS'])
async def ping():
    await client.ping('org.example.Peer')
asyncio.run(ping())
child = os.fork()
if child == 0:
    try:
        asyncio.run(ping())
    except GLib.Error as error:
        os._exit(0 if error.matches(Dbr.Error.quark(), Dbr.Error.FORKED) else 2)
    os._exit(1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
asyncio.run(ping())
'''


# A program whose loop of asyncio is GLib's.
OWN_LOOP = '''
import asyncio, os
import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, GLib
try:
    from gi.events import GLibEventLoopPolicy
    asyncio.set_event_loop_policy(GLibEventLoopPolicy())
except ImportError:
    import gbulb
    gbulb.install()
client = Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS'])
async def main():
    await asyncio.gather(*(client.ping('org.example.Peer') for _ in range(100)))
    try:
        await asyncio.wait_for(client.call('org.example.Peer', '/', 'org.dbr.Peer1', 'Never'), 0.2)
    except asyncio.TimeoutError:
        print('well', client.get_in_flight())
asyncio.get_event_loop().run_until_complete(main())
'''


def new_client():
    return Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS'])


def signal_peer(number):
    os.kill(int(os.environ['DBR_TEST_PEER_PIDS']), number)


def run_program(text):
    return subprocess.run([sys.executable, '-c', text], stdout=subprocess.PIPE, text=True,
                          check=True, timeout=PATIENCE_S).stdout.strip()


class Asyncio(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.client = new_client()

    def assert_matches(self, error, domain, code):
        self.assertTrue(error.matches(domain, code), error)

    async def test_answered(self):
        """await: a call is answered"""
        future = self.client.call(NAME, PATH, INTERFACE, 'Echo', GLib.Variant('(s)', ('Grüße',)),
                                  GLib.VariantType('(s)'))
        self.assertTrue(asyncio.isfuture(future))
        self.assertIs(future.get_loop(), asyncio.get_running_loop())
        self.assertEqual(Dbr.unpack(await future), ('Grüße',))

    async def test_all_awaitables(self):
        """await: each pair of each class has its awaitable, with a signature"""
        n_found = 0
        for cls in (getattr(Dbr, name) for name in dir(Dbr)):
            for name in getattr(cls, '__dict__', {}):
                if name.endswith('_async'):
                    n_found += 1
                    self.assertTrue(inspect.isfunction(getattr(cls, name[:-len('_async')])), name)
        self.assertGreaterEqual(n_found, 10)
        self.assertEqual(list(inspect.signature(Dbr.Client.call).parameters),
                         ['self', 'bus_name', 'object_path', 'interface_name', 'method_name',
                          'parameters', 'reply_type', 'timeout_ms'])

    async def test_property(self):
        """await: a property is written and read"""
        await self.client.write_property(NAME, PATH, INTERFACE, 'Level', GLib.Variant('u', 9))
        level = await self.client.read_property(NAME, PATH, INTERFACE, 'Level')
        self.assertEqual(Dbr.unpack(level), 9)
        values = await self.client.read_all_properties(NAME, PATH, INTERFACE)
        self.assertEqual(Dbr.unpack(values)['Level'], 9)

    async def test_open_and_close(self):
        """await: a client is opened and closed"""
        self.assertTrue(await self.client.open())
        self.assertEqual(self.client.get_state(), Dbr.ClientState.CONNECTED)
        self.assertGreaterEqual(await self.client.ping(NAME), 0)
        self.assertTrue(await self.client.close())
        with self.assertRaises(GLib.Error) as raised:
            await self.client.ping(NAME)
        self.assert_matches(raised.exception, Dbr.Error.quark(), Dbr.Error.CLOSED)

    async def emit(self, text):
        await self.client.call(NAME, PATH, INTERFACE, 'Tell', GLib.Variant('(s)', (text,)))

    def new_subscription(self, member, client=None):
        return Dbr.Subscription.new(client or self.client, NAME, None, None, member, None,
                                    Dbr.SubscriptionFlags.NONE)

    async def test_subscription(self):
        """async for: each iteration has its own, until the client is closed"""
        subscription, heard = self.new_subscription('Changed'), []
        self.assertTrue(await subscription.start())
        signals = aiter(subscription)
        await self.emit("emit /a org.example.Peer1.Changed ('first',)")
        await self.emit("emit /a org.example.Peer1.Changed ('second',)")
        async for signal_heard in signals:
            heard.append(Dbr.unpack(signal_heard.parameters))
            if len(heard) == 2:
                self.assertEqual(signal_heard[1:4], ('/a', 'org.example.Peer1', 'Changed'))
                await self.client.close()
        self.assertEqual(heard, [('first',), ('second',)])

    async def test_subscription_since_start(self):
        """async for: what came since the start is heard, until the subscription is stopped"""
        for start in ('start', 'start_sync'):
            subscription, heard = self.new_subscription('Changed'), []
            started = getattr(subscription, start)()
            if start == 'start':
                await started
            for word in ('first', 'second'):
                await self.emit(f"emit /a org.example.Peer1.Changed ('{word}',)")
            async for signal_heard in subscription:
                heard.append(Dbr.unpack(signal_heard.parameters))
                if len(heard) == 2:
                    subscription.stop()
            self.assertEqual(heard, [('first',), ('second',)])

    async def test_subscription_stopped(self):
        """async for: a task that waits for a signal ends when the subscription is stopped"""
        async def wait(subscription):
            return [signal_heard async for signal_heard in subscription]

        subscription = self.new_subscription('Never')
        tasks = [asyncio.create_task(wait(subscription)) for _ in range(2)]
        await self.client.ping(NAME)
        subscription.stop()
        self.assertEqual(await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE_S), [[], []])

    async def test_subscription_flooded(self):
        """async for: of a flood that nobody takes the last thousand wait"""
        subscription = self.new_subscription('Flooded')
        await subscription.start()
        signals = aiter(subscription)
        await self.emit('flood 3000 /a org.example.Peer1.Flooded')
        await self.emit("emit /a org.example.Peer1.Flooded ('last',)")
        n_heard = 0
        async for signal_heard in signals:
            n_heard += 1
            if Dbr.unpack(signal_heard.parameters) == ('last',):
                break
        self.assertLessEqual(n_heard, 3001)
        self.assertGreater(n_heard, 0)

    async def test_subscription_cancelled(self):
        """async for: a task that waits for a signal is cancelled, and hears nothing more"""
        async def wait():
            async for _ in self.new_subscription('Never'):
                pass

        task = asyncio.create_task(wait())
        await self.client.ping(NAME)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task

    async def test_subscription_refused(self):
        """async for: what cannot be heard raises"""
        client = new_client()
        await client.close()
        with self.assertRaises(GLib.Error) as raised:
            async for _ in self.new_subscription('Changed', client):
                pass
        self.assert_matches(raised.exception, Dbr.Error.quark(), Dbr.Error.CLOSED)

    async def test_notifier(self):
        """a notification is awaited"""
        client = new_client()
        await client.call(NAME, PATH, INTERFACE, 'Tell',
                          GLib.Variant('(s)', ('own org.freedesktop.Notifications',)))
        notifier = Dbr.Notifier.new('Player')
        id = await notifier.send('Next', 'Clair de lune', None, Dbr.Urgency.NORMAL, -1)
        self.assertGreater(id, 0)
        self.assertTrue(notifier.get_available())
        await notifier.flush()
        self.assertTrue(await notifier.close(id))
        with self.assertRaises(GLib.Error):
            await notifier.close(4711)

    async def test_pool(self):
        """await: a lease is awaited, and released at the end of its block"""
        pool = Dbr.Pool.new_for_address(os.environ['DBR_TEST_ADDRESS'])
        pool.set_max_size(1)
        future = pool.acquire()
        self.assertTrue(asyncio.isfuture(future))
        with await future as lease:
            waiter = asyncio.ensure_future(pool.acquire())
            await asyncio.sleep(0)
            self.assertFalse(waiter.done())
        with await waiter as second:
            self.assertEqual(second.get_unique_name(), lease.get_unique_name())
        async with pool.acquire() as lease:
            self.assertEqual(pool.get_stats().get_leased(), 1)
        self.assertIsNone(lease.get_connection())
        # In a coroutine a plain block waits, and holds up its loop meanwhile.
        with pool.acquire() as lease:
            self.assertIsNotNone(lease.get_connection())
        with self.assertRaises(TypeError), self.client.ping(NAME):
            pass
        future = pool.acquire()
        await asyncio.sleep(0)
        with self.assertRaises(TypeError), future:
            pass
        (await future).release()
        for _ in range(200):
            with pool.acquire():
                pass
        with pool.acquire_sync():
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(pool.acquire(), 0.1)
        self.assertEqual(pool.get_stats().get_waiting(), 0)
        self.assertEqual(pool.get_stats().get_opened_total(), 1)

    async def test_stopped_service(self):
        """await: a stopped service ends at the limit, by name of the argument"""
        await self.client.ping(NAME)
        signal_peer(signal.SIGSTOP)
        try:
            begin = time.monotonic()
            with self.assertRaises(GLib.Error) as raised:
                await self.client.call(NAME, PATH, INTERFACE, 'Echo', timeout_ms=LIMIT_MS)
            elapsed = time.monotonic() - begin
        finally:
            signal_peer(signal.SIGCONT)
        self.assert_matches(raised.exception, Dbr.Error.quark(), Dbr.Error.DEADLINE)
        self.assertGreaterEqual(elapsed, LIMIT_MS / 1000)
        self.assertLess(elapsed, LIMIT_MS / 1000 + 1)

    async def test_errors(self):
        """await: errors of the service, of no bus and of the caller are raised"""
        with self.assertRaises(GLib.Error) as raised:
            await self.client.call(NAME, PATH, INTERFACE, 'Fail',
                                   GLib.Variant('(ss)', ('org.example.Error.Full', 'Full')))
        self.assertEqual(Gio.DBusError.get_remote_error(raised.exception), 'org.example.Error.Full')
        with self.assertRaises(GLib.Error) as raised:
            await Dbr.Client.new_for_address('unix:path=/nonexistent/bus').open()
        self.assert_matches(raised.exception, Dbr.Error.quark(), Dbr.Error.NO_BUS)
        with self.assertRaises(TypeError):
            self.client.call(NAME, PATH)
        with self.assertRaises(TypeError):
            await self.client.call(NAME, PATH, INTERFACE, 'Echo', 'not a variant')

    async def test_monitor(self):
        """await: what a monitor is asked is awaited as well"""
        monitor = Dbr.ServiceMonitor.new(self.client, NAME)
        self.assertGreaterEqual(await monitor.check(), 0)
        await monitor.refresh()
        self.assertTrue(monitor.get_available())
        elsewhere = Dbr.ServiceMonitor.new(self.client, 'org.example.Nobody')
        with self.assertRaises(GLib.Error):
            await elsewhere.check()
        with self.assertRaises(asyncio.TimeoutError):
            await asyncio.wait_for(elsewhere.wait_healthy(60000), LIMIT_MS / 1000)

    async def test_no_loop(self):
        """await: without a running loop it is an error at once"""
        def call():
            with self.assertRaises(RuntimeError):
                self.client.ping(NAME)
        await asyncio.to_thread(call)

    async def test_gather(self):
        """await: 1000 calls at once are answered, each its own"""
        # As on a session bus, whose limits are wide.
        os.environ.pop('DBUS_SYSTEM_BUS_ADDRESS', None)
        replies = await asyncio.gather(*(
            self.client.call(NAME, PATH, INTERFACE, 'Echo', GLib.Variant('(u)', (number,)))
            for number in range(1000)))
        self.assertEqual([Dbr.unpack(reply) for reply in replies],
                         [(number,) for number in range(1000)])

    async def test_cancelled_task(self):
        """await: a cancelled task cancels its call, and knows by then what became of it"""
        call = Dbr.Call.new(NAME, PATH, INTERFACE, 'Never', None)
        task = asyncio.ensure_future(self.run_call(call))
        await asyncio.sleep(0)
        await self.client.ping(NAME)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual(call.get_execution(), Dbr.Execution.MAYBE)
        self.assertGreaterEqual(call.get_elapsed_usec(), 0)
        self.assertEqual(self.client.get_in_flight(), 0)
        self.assertEqual(self.client.get_orphans(), 1)

    async def run_call(self, call):
        return await self.client.run(call)

    async def test_cancelled_future(self):
        """await: a future that was cancelled stays so, whatever is done to it later"""
        future = self.client.call(NAME, PATH, INTERFACE, 'Never')
        self.assertTrue(future.cancel('enough'))
        with self.assertRaises(asyncio.CancelledError):
            await future
        self.assertTrue(future.cancelled())
        self.assertFalse(future.cancel())

    async def test_wait_for(self):
        """await: wait_for gives up on a call and cancels it"""
        call = Dbr.Call.new(NAME, PATH, INTERFACE, 'Never', None)
        with self.assertRaises(asyncio.TimeoutError):
            await asyncio.wait_for(self.client.run(call), LIMIT_MS / 1000)
        self.assertGreaterEqual(call.get_elapsed_usec(), LIMIT_MS * 900)
        self.assertEqual(self.client.get_in_flight(), 0)
        self.assertEqual(Dbr.unpack(await asyncio.wait_for(
            self.client.call(NAME, PATH, INTERFACE, 'Echo'), PATIENCE_S)), ())

    async def test_gather_cancelled(self):
        """await: what was gathered is cancelled together"""
        gathered = asyncio.gather(*(self.client.call(NAME, PATH, INTERFACE, 'Never')
                                    for _ in range(10)))
        await self.client.ping(NAME)
        gathered.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await gathered
        self.assertEqual(self.client.get_in_flight(), 0)
        self.assertEqual(self.client.get_orphans(), 10)

    async def test_loops(self):
        """await: a loop in another thread, over the same client"""
        async def ping():
            await self.client.ping(NAME)
            return threading.current_thread()
        here, there = await asyncio.gather(ping(), asyncio.to_thread(asyncio.run, ping()))
        self.assertIsNot(here, there)

    async def test_own_loop(self):
        """await: in a loop that is GLib's own"""
        # PyGObject has one of its own from 3.50 on, which no other goes with.
        if not any(map(importlib.util.find_spec, ['gi.events', 'gbulb'])):
            self.skipTest('there is neither a PyGObject with a loop nor gbulb')
        self.assertEqual(await asyncio.to_thread(run_program, OWN_LOOP), 'well 0')

    async def test_leaving(self):
        """await: a program may end with a call under way, and await while it ends"""
        self.assertEqual(await asyncio.to_thread(run_program, LEAVES), 'well')

    async def test_forking(self):
        """await: a child of fork() is refused and does not hang"""
        self.assertEqual(await asyncio.to_thread(run_program, FORKS), '0')


if __name__ == '__main__':
    tap.main()
