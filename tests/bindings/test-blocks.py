#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Blocks and decorators in Python: deadlines, figures, and attempts at functions of one's own."""

import asyncio
import os
import threading
import time
import unittest

import dasbus.connection
import dbus
import dbus.bus
import dbus_next
import dbus_next.aio

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

NAME, PATH, INTERFACE = 'org.example.Peer', '/org/example/Peer', 'org.dbr.Peer1'
PEER = NAME, PATH, INTERFACE
ADDRESS = os.environ['DBR_TEST_ADDRESS']
BUSY = 'org.example.Error.Busy'
LIMIT_MS = 300
GRACE_S = 1


def new_client():
    return Dbr.Client.new_for_address(ADDRESS)


def tell(statement):
    """Says something to the peer, see tests/peer/README.md."""
    new_client().call_sync(*PEER, 'Tell', GLib.Variant('(s)', (statement,)))


def count(token):
    return new_client().call_sync(*PEER, 'Executions', GLib.Variant('(s)', (token,))).unpack()[0]


class Timed:
    """That the block ends at the limit: not before it, and not long after."""

    def __init__(self, test, limit_ms=LIMIT_MS):
        self.test, self.limit_s = test, limit_ms / 1000

    def __enter__(self):
        self.begin = time.monotonic()

    def __exit__(self, *raised):
        if raised[0] is None:
            elapsed = time.monotonic() - self.begin
            self.test.assertGreaterEqual(elapsed, self.limit_s - 0.005)
            self.test.assertLess(elapsed, self.limit_s + GRACE_S)


class Blocks(unittest.TestCase):
    def setUp(self):
        self.client = new_client()
        self.client.open_sync()
        tell('forget *')
        tell('reset')

    def raises(self, code):
        return _Raises(self, code)

    def never(self):
        return self.client.call_sync(*PEER, 'Never')

    # Deadlines

    def test_deadline_sync(self):
        """deadline: what waits has together the time of the block"""
        with Timed(self), Dbr.deadline(LIMIT_MS):
            with self.raises(Dbr.Error.DEADLINE):
                self.client.call_sync(*PEER, 'Never', timeout_ms=LIMIT_MS // 3)
            with self.raises(Dbr.Error.DEADLINE):
                self.never()
            with self.raises(Dbr.Error.DEADLINE):
                self.client.ping_sync(NAME)
        self.assertGreaterEqual(self.client.ping_sync(NAME), 0)

    def test_deadline_nested(self):
        """deadline: an inner block can only have less time, and ends with its own"""
        with Timed(self), Dbr.deadline(LIMIT_MS):
            with Dbr.deadline(60000), self.raises(Dbr.Error.DEADLINE):
                self.never()
        with Dbr.deadline(60000):
            with Timed(self), Dbr.deadline(LIMIT_MS), self.raises(Dbr.Error.DEADLINE):
                self.never()
            self.client.ping_sync(NAME)

    def test_deadline_deep(self):
        """deadline: it holds for all that libdbr does, however deep"""
        pool = Dbr.Pool.new_for_address(ADDRESS)
        pool.set_max_size(1)
        with pool.acquire(), Timed(self), Dbr.deadline(LIMIT_MS), self.raises(Dbr.Error.DEADLINE):
            with pool.acquire():
                pass
        with Timed(self), Dbr.deadline(LIMIT_MS), self.raises(Dbr.Error.DEADLINE):
            self.client.wait_for_service_sync('org.example.Nobody', 60000)
        monitor = Dbr.ServiceMonitor.new(self.client, 'org.example.Nobody')
        with Timed(self), Dbr.deadline(LIMIT_MS), self.raises(Dbr.Error.DEADLINE):
            monitor.wait_healthy_sync(60000)
        call = Dbr.Call.new(*PEER, 'Never', None)
        with Timed(self), Dbr.deadline(LIMIT_MS), self.raises(Dbr.Error.DEADLINE):
            self.client.run_sync(call)
        self.assertEqual(call.get_outcome(), Dbr.Outcome.TIMEOUT)

    def test_deadline_callback(self):
        """deadline: what is told to a callback keeps to it when the block was left"""
        ended = []
        with Dbr.deadline(LIMIT_MS):
            self.client.call_async(*PEER, 'Never', None, None, 0, None,
                                   lambda client, result, *data: ended.append((result, data)),
                                   'some', 'data')
        with Timed(self):
            while not ended:
                GLib.MainContext.default().iteration(True)
        self.assertEqual(ended[0][1], ('some', 'data'))
        with self.raises(Dbr.Error.DEADLINE):
            self.client.call_finish(ended[0][0])

    def test_deadline_of_steps(self):
        """deadline: what libdbr has no limit for is cancelled, and raises the same"""
        # The proxy's values are asked for by the library, for all that want them.
        tell('on org.freedesktop.DBus.Properties.GetAll: never')
        with Timed(self), Dbr.deadline(LIMIT_MS), self.raises(Dbr.Error.DEADLINE):
            self.client.get_proxy_sync(*PEER)
        ended = []
        with Dbr.deadline(LIMIT_MS):
            self.client.get_proxy_async(*PEER, None, lambda client, result: ended.append(result))
        while not ended:
            GLib.MainContext.default().iteration(True)
        with self.raises(Dbr.Error.DEADLINE):
            self.client.get_proxy_finish(ended[0])

    def test_deadline_and_cancellable(self):
        """deadline: who cancels is cancelled, block or not"""
        cancellable = Gio.Cancellable()
        threading.Timer(LIMIT_MS / 1000, cancellable.cancel).start()
        with Timed(self), Dbr.deadline(60000), self.assertRaises(GLib.Error) as raised:
            self.client.call_sync(*PEER, 'Never', cancellable=cancellable)
        self.assertTrue(raised.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))
        with Dbr.deadline(60000), self.assertRaises(GLib.Error) as raised:
            self.client.get_proxy_sync(*PEER, cancellable)
        self.assertTrue(raised.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))

    def test_deadline_of_context(self):
        """deadline: a block is that of its context, and of no other thread"""
        answered = []
        with Dbr.deadline(1):
            time.sleep(0.01)
            thread = threading.Thread(target=lambda: answered.append(self.client.ping_sync(NAME)))
            thread.start()
            thread.join()
            with self.raises(Dbr.Error.DEADLINE):
                self.client.ping_sync(NAME)
        self.assertEqual(len(answered), 1)

    def test_deadline_bad(self):
        """deadline: times that make no sense are errors at once"""
        for ms in (0, -1, 24 * 60 * 60 * 1000 + 1):
            with self.raises(Dbr.Error.INVALID_ARGUMENT):
                Dbr.deadline(ms)
        with self.raises(Dbr.Error.INVALID_ARGUMENT):
            Dbr.with_timeout('connect', -1)

    def test_deadline_await(self):
        """deadline: each task has its own block, over all that it awaits"""
        async def limited():
            with Dbr.deadline(LIMIT_MS):
                for _ in range(2):
                    with self.raises(Dbr.Error.DEADLINE):
                        await self.client.call(*PEER, 'Never')
                    # Others had their turn meanwhile.
                    await asyncio.sleep(0)

        async def unlimited():
            for _ in range(20):
                await self.client.call(*PEER, 'Wait', GLib.Variant('(u)', (LIMIT_MS // 10,)))

        async def main():
            other = asyncio.ensure_future(unlimited())
            with Timed(self):
                await limited()
            self.assertFalse(other.done())
            await other
        asyncio.run(main())

    def test_deadline_await_deep(self):
        """deadline: tasks and threads that are begun inside have it as well"""
        async def main():
            with Timed(self), Dbr.deadline(LIMIT_MS):
                results = await asyncio.gather(
                    self.client.call(*PEER, 'Never'),
                    asyncio.create_task(self.await_never()),
                    asyncio.to_thread(self.never),
                    self.client.wait_for_service('org.example.Nobody', 60000),
                    return_exceptions=True)
            self.assertEqual([error.matches(Dbr.Error.DEADLINE) for error in results], [True] * 4)
        asyncio.run(main())

    async def await_never(self):
        await self.client.call(*PEER, 'Never')

    def test_deadline_await_steps(self):
        """deadline: what is awaited in many steps ends in time too"""
        tell('on org.freedesktop.DBus.Properties.GetAll: never')

        async def main():
            with Timed(self), Dbr.deadline(LIMIT_MS), self.raises(Dbr.Error.DEADLINE):
                await self.client.get_proxy(*PEER)
        asyncio.run(main())

    # Figures

    def test_timed(self):
        """timed: a block is one figure, by what it raised"""
        metrics = Dbr.Metrics.new()
        with metrics.timed('block'):
            time.sleep(0.01)
        for error in (ZeroDivisionError(), TimeoutError(), asyncio.CancelledError(),
                      self.error(Dbr.Error.DENIED), self.error(Dbr.Error.DEADLINE)):
            with self.assertRaises(type(error)), metrics.timed('block'):
                raise error
        stats = metrics.get_stats('block')
        self.assertEqual((stats.get_count(), stats.get_ok(), stats.get_errors(),
                          stats.get_timeouts(), stats.get_cancelled(), stats.get_rejected()),
                         (6, 1, 1, 2, 1, 1))
        self.assertGreaterEqual(stats.get_max_usec(), 10000)

    @staticmethod
    def error(code):
        return GLib.Error.new_literal(Dbr.Error.quark(), 'so be it', code)

    def test_with_timeout(self):
        """with_timeout: a function has the time, and is one figure"""
        metrics = Dbr.Metrics.new()

        @Dbr.with_timeout('connect', LIMIT_MS, device='00:11:22:33:44:55', metrics=metrics)
        def connect(method_name):
            """Connects."""
            return self.client.call_sync(*PEER, method_name)

        self.assertEqual((connect.__name__, connect.__doc__), ('connect', 'Connects.'))
        self.assertEqual(connect('Echo').unpack(), ())
        with Timed(self), self.raises(Dbr.Error.DEADLINE):
            connect('Never')
        stats = metrics.get_stats('connect')
        self.assertEqual((stats.get_ok(), stats.get_timeouts()), (1, 1))

    def test_with_timeout_late(self):
        """with_timeout: who blocks in code of others is told when it returns"""
        @Dbr.with_timeout('sleep', LIMIT_MS, device='00:11:22:33:44:55')
        def sleep():
            time.sleep(2 * LIMIT_MS / 1000)

        with Timed(self, 2 * LIMIT_MS), self.raises(Dbr.Error.DEADLINE) as raised:
            sleep()
        self.assertEqual(str(raised.exception),
                         f'sleep (00:11:22:33:44:55) did not end within {LIMIT_MS} ms')
        self.assertEqual(Dbr.Metrics.get_default().get_stats('sleep').get_timeouts(), 1)

    def test_with_timeout_of_operation(self):
        """with_timeout: without a time it is that of the operation"""
        with Timed(self, Dbr.Timeouts.new().get('notify')), self.raises(Dbr.Error.DEADLINE):
            Dbr.with_timeout('notify')(self.never)()

    def test_with_timeout_async(self):
        """with_timeout: an async def is cancelled at the limit, and raises DEADLINE"""
        ended, metrics = [], Dbr.Metrics.new()

        @Dbr.with_timeout('wait', LIMIT_MS, metrics=metrics)
        async def wait(seconds):
            try:
                await asyncio.sleep(seconds)
                return 'done'
            finally:
                ended.append(seconds)

        async def main():
            self.assertEqual(await wait(0), 'done')
            with Timed(self), self.raises(Dbr.Error.DEADLINE):
                await wait(60)
            # The task itself was not cancelled.
            await asyncio.sleep(0)
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(wait(50), LIMIT_MS / 3000)
            task = asyncio.ensure_future(wait(40))
            await asyncio.sleep(0)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        self.assertEqual(ended, [0, 60, 50, 40])
        stats = metrics.get_stats('wait')
        self.assertEqual((stats.get_ok(), stats.get_timeouts(), stats.get_cancelled()), (1, 1, 2))

    # Attempts

    def new_policy(self, *retryable):
        policy = Dbr.RetryPolicy.new()
        policy.props.base_delay_ms = 10
        policy.props.throttle_delay_ms = 10
        for name in retryable:
            policy.add_retryable(name)
        return policy

    def increment(self, token='a'):
        return self.client.call_sync(*PEER, 'Increment', GLib.Variant('(s)', (token,))).unpack()[0]

    async def increment_async(self, token='a'):
        parameters = GLib.Variant('(s)', (token,))
        return (await self.client.call(*PEER, 'Increment', parameters)).unpack()[0]

    def test_retrying(self):
        """retrying: a function is run again, and its client makes one attempt each time"""
        tell(f'on Increment: error {BUSY} later')
        policy = self.new_policy(BUSY)
        self.client.set_retry_policy(policy)
        with self.assertRaises(GLib.Error) as raised:
            Dbr.retrying(policy)(self.increment)()
        self.assertEqual(Gio.DBusError.get_remote_error(raised.exception), BUSY)
        self.assertEqual(count('a'), 3)
        # Not so outside.
        with self.assertRaises(GLib.Error):
            self.increment('b')
        self.assertEqual(count('b'), 3)

    def test_retrying_recovers(self):
        """retrying: what succeeds at last is the result"""
        tell(f'on Increment call 1: error {BUSY} later')
        policy = self.new_policy(BUSY)

        @Dbr.retrying(policy)
        def increment():
            """Increments."""
            return self.increment()

        self.assertEqual((increment.__name__, increment.__doc__), ('increment', 'Increments.'))
        self.assertEqual(increment(), 2)
        self.assertEqual(policy.call(self.increment, token='b'), 1)

    def test_retrying_nested(self):
        """retrying: attempts inside attempts count once"""
        tell(f'on Increment: error {BUSY} later')
        policy = self.new_policy(BUSY)

        @Dbr.retrying(policy)
        def outer():
            return policy.call(self.increment)

        with self.assertRaises(GLib.Error):
            outer()
        self.assertEqual(count('a'), 3)

    def test_retrying_not(self):
        """retrying: what was executed, or has nothing to do with a bus, is not run again"""
        policy, runs = self.new_policy(), []
        for raised in (ZeroDivisionError(), self.error(Dbr.Error.INVALID_ARGUMENT)):
            def run(raised=raised):
                runs.append(raised)
                raise raised
            with self.assertRaises(type(raised)):
                policy.call(run)
        self.assertEqual(len(runs), 2)

    def test_retrying_idempotent(self):
        """retrying: what was perhaps executed is run again if that does no harm"""
        tell('on Increment call 1: error org.freedesktop.DBus.Error.NoReply gone')
        tell('on Increment call 3: error org.freedesktop.DBus.Error.NoReply gone')
        policy = self.new_policy()
        self.assertEqual(Dbr.retrying(policy, idempotent=True)(self.increment)(), 2)
        with self.assertRaises(GLib.Error):
            policy.call(self.increment)

    def test_retrying_in_time(self):
        """retrying: no attempt begins without time for it"""
        tell(f'on Increment: error {BUSY} later')
        policy = self.new_policy(BUSY)
        policy.props.max_attempts = 1000
        policy.props.base_delay_ms = policy.props.max_delay_ms = 50
        begin = time.monotonic()
        with Dbr.deadline(LIMIT_MS), self.assertRaises(GLib.Error):
            policy.call(self.increment)
        self.assertLess(time.monotonic() - begin, LIMIT_MS / 1000 + GRACE_S)
        self.assertGreater(count('a'), 1)

    def test_retrying_async(self):
        """retrying: async functions, and what else can be awaited, are awaited again"""
        tell(f'on Increment call 1: error {BUSY} later')
        tell(f'on Increment call 3: error {BUSY} later')
        tell(f'on Increment call 5: error {BUSY} later')
        policy = self.new_policy(BUSY)
        self.client.set_retry_policy(self.new_policy(BUSY))

        async def main():
            self.assertEqual(await policy.call(self.increment_async), 2)
            self.assertEqual(await Dbr.retrying(policy)(self.increment_async)(), 4)
            reply = await policy.call(self.client.call, *PEER, 'Increment',
                                      GLib.Variant('(s)', ('a',)))
            self.assertEqual(reply.unpack(), (6,))
            task = asyncio.ensure_future(policy.call(self.client.call, *PEER, 'Never'))
            await self.client.ping(NAME)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
        asyncio.run(main())

    # Other libraries

    def test_dbus_python(self):
        """retrying: an exception of dbus-python is judged by its name on the bus"""
        tell(f'on Increment call 1: error {BUSY} later')
        bus = dbus.bus.BusConnection(ADDRESS)
        peer = dbus.Interface(bus.get_object(NAME, PATH, introspect=False), INTERFACE)
        policy = self.new_policy(BUSY)
        self.assertEqual(policy.call(peer.Increment, 'a', signature='s'), 2)
        with self.assertRaises(dbus.DBusException) as raised:
            policy.call(peer.Fail, 'org.example.Error.Full', 'The disk is full', signature='ss')
        self.assertEqual(raised.exception.get_dbus_name(), 'org.example.Error.Full')
        with Timed(self, 0), self.raises(Dbr.Error.DEADLINE):
            Dbr.with_timeout('foreign', 20)(peer.Wait)(dbus.UInt32(50), signature='u')
        bus.close()

    def test_dasbus(self):
        """retrying: an exception of dasbus is judged by its name on the bus"""
        tell(f'on Increment call 1: error {BUSY} later')
        bus = dasbus.connection.AddressedMessageBus(ADDRESS)
        peer = bus.get_proxy(NAME, PATH, INTERFACE)
        policy = self.new_policy(BUSY)
        self.assertEqual(policy.call(peer.Increment, 'a'), 2)
        with self.assertRaises(dasbus.error.DBusError):
            self.new_policy().call(peer.Fail, BUSY, 'later')
        bus.disconnect()

    def test_dbus_next(self):
        """retrying: an exception of dbus-next is judged by its name on the bus"""
        tell(f'on Increment call 1: error {BUSY} later')
        policy = self.new_policy(BUSY)

        async def main():
            bus = await dbus_next.aio.MessageBus(bus_address=ADDRESS).connect()
            xml = await self.client.introspect(NAME, PATH)
            peer = bus.get_proxy_object(NAME, PATH, xml).get_interface(INTERFACE)
            self.assertEqual(await policy.call(peer.call_increment, 'a'), 2)
            with self.assertRaises(dbus_next.DBusError):
                await policy.call(peer.call_fail, 'org.example.Error.Full', 'The disk is full')
            bus.disconnect()
        asyncio.run(main())

    # Errors

    def test_errors(self):
        """errors: one is compared with what it is called, and its text is a sentence"""
        with self.assertRaises(GLib.Error) as raised:
            self.client.call_sync(*PEER, 'Never', timeout_ms=20)
        error = raised.exception
        self.assertTrue(error.matches(Dbr.Error.DEADLINE))
        self.assertTrue(error.matches(Dbr.Error, Dbr.Error.DEADLINE))
        self.assertTrue(error.matches(Dbr.Error.quark(), Dbr.Error.DEADLINE))
        self.assertFalse(error.matches(Dbr.Error.NO_BUS))
        self.assertFalse(error.matches(Gio.io_error_quark(), Dbr.Error.DEADLINE))
        self.assertEqual(str(error), f'{NAME} did not answer {INTERFACE}.Never within 20 ms')
        with self.assertRaises(TypeError):
            error.matches(1)
        # Those of others are what they were.
        other = GLib.Error.new_literal(Gio.io_error_quark(), 'no', Gio.IOErrorEnum.FAILED)
        self.assertFalse(other.matches(Dbr.Error.INVALID_ARGUMENT))
        self.assertTrue(other.matches(Gio.io_error_quark(), Gio.IOErrorEnum.FAILED))
        self.assertEqual(str(other), 'g-io-error-quark: no (0)')


class _Raises:
    """That the block raises that error of libdbr."""

    def __init__(self, test, code):
        self._test, self._code, self.exception = test, code, None

    def __enter__(self):
        return self

    def __exit__(self, cls, error, _traceback):
        self.exception = error
        self._test.assertIsInstance(error, GLib.Error)
        self._test.assertTrue(error.matches(self._code), repr(error))
        return True


if __name__ == '__main__':
    tap.main()
