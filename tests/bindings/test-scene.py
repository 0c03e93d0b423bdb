#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The scene of test-scene.c, in Python, with GLib's own loop and calls that wait."""

import os
import signal
import subprocess
import sys
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

NAME, PATH, INTERFACE = 'org.example.Peer', '/org/example/Peer', 'org.dbr.Peer1'
LIMIT_MS = 300
NOTIFICATIONS = '/org/freedesktop/Notifications'

# A program that has loaded the library and tells what that began.
LOADS = '''
import os, sys
import gi
gi.require_version('Dbr', '1')
from gi.repository import GObject, Gio, GLib
before, modules = set(os.listdir('/proc/self/fd')), set(sys.modules)
from gi.repository import Dbr
made = [item for item in vars(sys.modules['gi.module'].get_introspection_module('Dbr')).values()
        if isinstance(item, type) and issubclass(item, GObject.Object)]
Dbr.Client.call, Dbr.Timeouts
opened = [fd for fd in os.listdir('/proc/self/fd') if fd not in before
           and os.path.exists(f'/proc/self/fd/{fd}')]
print(len(os.listdir('/proc/self/task')), len(opened), len(made),
      bool({'asyncio', 'inspect'} & (set(sys.modules) - modules)))
Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS']).open_sync()
print(len(os.listdir('/proc/self/task')) > 1)
'''

# A program that comes by classes in other ways than by their names, and in many threads at once.
FINDS = '''
import os, sys, threading
import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr
with Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS']).get_metrics().timed('found'):
    pass
class Watched(Dbr.ServiceMonitor):
    pass
print(hasattr(Watched, 'check'))
sys.setswitchinterval(1e-6)
barrier, found = threading.Barrier(8), []
def find():
    barrier.wait()
    found.append(hasattr(Dbr.Pool, 'acquire') and hasattr(Dbr.Proxy, 'read'))
threads = [threading.Thread(target=find) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(found.count(True))
'''


def new_client():
    return Dbr.Client.new_for_address(os.environ['DBR_TEST_ADDRESS'])


def signal_peer(number):
    os.kill(int(os.environ['DBR_TEST_PEER_PIDS']), number)


def tell(client, statement):
    client.call_sync(NAME, PATH, INTERFACE, 'Tell', GLib.Variant('(s)', (statement,)), None, 0)


def iterate_until(condition):
    while not condition():
        GLib.MainContext.default().iteration(True)


def ask_until(condition):
    """Of what is so elsewhere nothing tells this program, and the question itself is the pause."""
    while not condition():
        GLib.MainContext.default().iteration(False)


class Scene(unittest.TestCase):
    def test_answered(self):
        """a call is answered"""
        reply = new_client().call_sync(NAME, PATH, INTERFACE, 'Echo',
                                       GLib.Variant('(sas)', ('Grüße', ['a', 'b'])),
                                       GLib.VariantType('(sas)'), 0)
        self.assertEqual(Dbr.unpack(reply), ('Grüße', ['a', 'b']))
        self.assertEqual(Dbr.unpack(3), 3)
        self.assertIsNone(Dbr.unpack(None))

    def test_property(self):
        """a property is written and read"""
        client = new_client()
        client.write_property_sync(NAME, PATH, INTERFACE, 'Level', GLib.Variant('u', 7))
        self.assertEqual(Dbr.unpack(client.read_property_sync(NAME, PATH, INTERFACE, 'Level')), 7)
        values = client.read_all_properties_sync(NAME, PATH, INTERFACE)
        self.assertEqual(Dbr.unpack(values)['Level'], 7)

    def test_proxy(self):
        """a proxy follows a property"""
        client, changes = new_client(), []
        proxy = client.get_proxy_sync(NAME, PATH, INTERFACE)
        proxy.connect('properties-changed', lambda proxy, *change: changes.append(change))
        self.assertTrue(proxy.get_fresh())
        self.assertEqual(Dbr.unpack(proxy.get_cached('Name')), 'dbr-peer')
        self.assertIn('Level', proxy.dup_cached_names())
        proxy.write_sync('Level', GLib.Variant('u', 8))
        iterate_until(lambda: changes)
        changed, invalidated = changes[0]
        self.assertEqual((Dbr.unpack(changed), list(invalidated)), ({'Level': 8}, []))
        self.assertEqual(Dbr.unpack(proxy.read_sync('Level')), 8)
        self.assertIs(client.get_proxy_sync(NAME, PATH, INTERFACE), proxy)

    def test_stopped_service(self):
        """a stopped service ends at the limit, and its late reply is told"""
        client, late, ended = new_client(), [], []
        client.connect('late-reply', lambda client, *args: late.append(args))
        call = Dbr.Call.new(NAME, PATH, INTERFACE, 'Increment', GLib.Variant('(s)', ('python',)))
        call.set_timeout_ms(LIMIT_MS)
        client.ping_sync(NAME)

        signal_peer(signal.SIGSTOP)
        try:
            client.run_async(call, None, lambda client, result: ended.append(result))
            iterate_until(lambda: ended)
            with self.assertRaises(GLib.Error) as raised:
                client.run_finish(ended[0])
        finally:
            signal_peer(signal.SIGCONT)

        self.assertTrue(raised.exception.matches(Dbr.Error.quark(), Dbr.Error.DEADLINE))
        self.assertIn(NAME, str(raised.exception))
        self.assertGreaterEqual(call.get_elapsed_usec(), LIMIT_MS * 1000)
        self.assertLess(call.get_elapsed_usec(), LIMIT_MS * 1000 + 1000000)
        self.assertEqual(call.get_execution(), Dbr.Execution.MAYBE)
        iterate_until(lambda: late)
        operation, late_by_usec = late[0]
        self.assertEqual(operation, 'default')
        self.assertGreater(late_by_usec, 0)
        self.assertEqual(client.get_orphans(), 0)

    def test_error_of_the_service(self):
        """an error of the service keeps its name"""
        call = Dbr.Call.new(NAME, PATH, INTERFACE, 'Fail',
                            GLib.Variant('(ss)', ('org.example.Error.Full', 'The disk is full')))
        with self.assertRaises(GLib.Error) as raised:
            new_client().run_sync(call)
        error = raised.exception
        self.assertTrue(error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.DBUS_ERROR))
        self.assertEqual(Gio.DBusError.get_remote_error(error), 'org.example.Error.Full')
        self.assertIn('The disk is full', Dbr.Error.explain(error))
        self.assertFalse(Dbr.Error.is_transient(error))
        self.assertEqual(call.get_execution(), Dbr.Execution.ONCE)

    def test_pool(self):
        """a lease is released at the end of its block"""
        pool = Dbr.Pool.new_for_address(os.environ['DBR_TEST_ADDRESS'])
        with pool.acquire() as lease:
            name = lease.get_unique_name()
            reply = lease.get_connection().call_sync(
                NAME, PATH, INTERFACE, 'Echo', GLib.Variant('(s)', ('lent',)), None,
                Gio.DBusCallFlags.NONE, -1, None)
            self.assertEqual(reply.unpack(), ('lent',))
            self.assertEqual(pool.get_stats().get_leased(), 1)
        self.assertIsNone(lease.get_connection())
        with self.assertRaises(ZeroDivisionError), pool.acquire():
            raise ZeroDivisionError
        with pool.acquire_sync() as lease:
            self.assertEqual(lease.get_unique_name(), name)
        stats = pool.get_stats()
        self.assertEqual((stats.get_leased(), stats.get_idle(), stats.get_opened_total()),
                         (0, 1, 1))

        policy = Dbr.AccessPolicy.new(Dbr.AccessTier.CUSTOM)
        pool = Dbr.Pool(address=os.environ['DBR_TEST_ADDRESS'], access_policy=policy)
        with pool.acquire() as lease, self.assertRaises(GLib.Error) as raised:
            lease.get_connection().call_sync(NAME, PATH, INTERFACE, 'Echo', None, None,
                                             Gio.DBusCallFlags.NONE, -1, None)
        self.assertTrue(raised.exception.matches(Gio.DBusError.quark(),
                                                 Gio.DBusError.ACCESS_DENIED))

    def test_subscription(self):
        """signals of a service are heard"""
        client, heard = new_client(), []
        subscription = Dbr.Subscription.new(client, NAME, '/a', None, 'Changed', None,
                                            Dbr.SubscriptionFlags.PATH_NAMESPACE)
        subscription.connect('received', lambda subscription, *args: heard.append(args))
        subscription.start_sync()
        self.assertTrue(subscription.get_active())
        statement = "emit /a/b org.example.Peer1.Changed ('x', uint32 7)"
        client.call_sync(NAME, PATH, INTERFACE, 'Tell', GLib.Variant('(s)', (statement,)), None, 0)
        iterate_until(lambda: heard)
        sender, path, interface_name, member, parameters = heard[0]
        self.assertTrue(sender.startswith(':'))
        self.assertEqual((path, interface_name, member), ('/a/b', 'org.example.Peer1', 'Changed'))
        self.assertEqual(Dbr.unpack(parameters), ('x', 7))
        subscription.stop()
        self.assertFalse(subscription.get_active())

    def test_wrong_address(self):
        """a wrong address is no bus"""
        client = Dbr.Client.new_for_address('unix:path=/nonexistent/bus')
        with self.assertRaises(GLib.Error) as raised:
            client.open_sync()
        self.assertTrue(raised.exception.matches(Dbr.Error.quark(), Dbr.Error.NO_BUS))
        self.assertIn('/nonexistent/bus', raised.exception.message)
        self.assertTrue(Dbr.Error.is_transient(raised.exception))

    def test_cancelled(self):
        """a cancelled call ends"""
        client, ended = new_client(), []
        call = Dbr.Call.new(NAME, PATH, INTERFACE, 'Never', None)
        cancellable = Gio.Cancellable()
        client.run_async(call, cancellable, lambda client, result: ended.append(result))
        # Its answer says that the service has the call that went before it.
        client.ping_sync(NAME)
        cancellable.cancel()
        iterate_until(lambda: ended)
        with self.assertRaises(GLib.Error) as raised:
            client.run_finish(ended[0])
        self.assertTrue(raised.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))
        self.assertEqual(call.get_execution(), Dbr.Execution.MAYBE)

    def test_metrics(self):
        """figures are recorded and read, and an issue is told"""
        metrics, raised = Dbr.Metrics.new(), []
        metrics.connect('issue-raised', lambda metrics, issue: raised.append(issue))
        for usec in range(1000, 101000, 1000):
            metrics.record('export', usec, Dbr.Outcome.OK)
        for _ in range(20):
            metrics.record('import', 10, Dbr.Outcome.ERROR)
        stats = metrics.get_stats('export')
        self.assertEqual((stats.get_count(), stats.get_ok(), stats.get_mean_usec()),
                         (100, 100, 50500))
        self.assertAlmostEqual(stats.percentile(95) / 95000, 1, delta=0.016)
        self.assertEqual(stats.percentile(101), -1)
        self.assertEqual(metrics.dup_operations(), ['export', 'import'])
        self.assertEqual(metrics.get_window_stats('import').get_error_rate(), 1)
        self.assertEqual([issue.get_id() for issue in metrics.get_issues()],
                         ['error-rate', 'slo-burn'])
        self.assertEqual(raised, list(metrics.get_issues()))
        self.assertEqual(Dbr.unpack(raised[0].get_evidence())['errors'], 20)
        self.assertEqual(Dbr.unpack(metrics.to_variant())['operations']['export']['count'], 100)
        with self.assertRaises(GLib.Error) as error:
            metrics.set_limits('export', 0, 0.5)
        self.assertTrue(error.exception.matches(Dbr.Error.quark(), Dbr.Error.INVALID_ARGUMENT))
        metrics.reset()
        self.assertEqual(metrics.dup_operations(), [])

    def test_figures(self):
        """a client counts its calls and keeps the last ones"""
        client, metrics = new_client(), Dbr.Metrics.new()
        client.set_metrics(metrics)
        client.props.trace_size = 2
        for text in 'abc':
            client.call_sync(NAME, PATH, INTERFACE, 'Echo', GLib.Variant('(s)', (text,)), None, 0, None)
        with self.assertRaises(GLib.Error):
            client.call_sync(NAME, PATH, INTERFACE, 'Fail',
                             GLib.Variant('(ss)', ('org.dbr.Error.Odd', 'no')), None, 0, None)
        operation = f'{NAME}:{INTERFACE}.Fail'
        self.assertEqual(metrics.dup_operations(), [f'{NAME}:{INTERFACE}.Echo', operation])
        self.assertEqual(metrics.get_stats(f'{NAME}:{INTERFACE}.Echo').get_ok(), 3)
        figures = Dbr.unpack(metrics.to_variant())['operations'][operation]
        self.assertEqual(figures['error-names'], {'org.dbr.Error.Odd': 1})
        iterate_until(lambda: len(client.get_trace()) == 2)
        self.assertEqual([(call.get_method_name(), call.get_outcome()) for call in client.get_trace()],
                         [('Echo', Dbr.Outcome.OK), ('Fail', Dbr.Outcome.ERROR)])
        client.set_metrics(None)
        self.assertIsNone(client.get_metrics())

    def test_notifier(self):
        """a notification is shown, pressed, changed in place and closed"""
        client, told = new_client(), []
        tell(client, 'own org.freedesktop.Notifications')
        notifier = Dbr.Notifier.new('Player')
        notifier.connect('action-invoked', lambda _, id, action: told.append((id, action)))
        notifier.connect('closed', lambda _, id, reason: told.append((id, reason.value_nick)))
        ids = []

        def sent(notifier, result):
            ids.append(notifier.send_full_finish(result))

        hints = GLib.Variant('a{sv}', {'category': GLib.Variant('s', 'device')})
        notifier.send_full_async('Over', None, None, Dbr.Urgency.LOW, -1, ['again', 'Play again'],
                                 hints, 0, None, sent)
        iterate_until(lambda: ids)
        shown = Dbr.unpack(client.call_sync(NAME, PATH, INTERFACE, 'LastNotice', None, None, 0))[0]
        self.assertEqual((shown[0], shown[3], shown[5]), ('Player', 'Over', ['again', 'Play again']))
        self.assertEqual(shown[6], {'category': 'device', 'urgency': 0})
        self.assertEqual(notifier.get_server_name(), 'dbr-peer')
        self.assertIn('actions', notifier.get_capabilities())

        tell(client, f"emit {NOTIFICATIONS} org.freedesktop.Notifications.ActionInvoked"
                     " (uint32 1, 'again')")
        iterate_until(lambda: told)
        self.assertEqual(told, [(ids[0], 'again')])
        notifier.send_full_async('Playing', None, None, Dbr.Urgency.LOW, -1, None, None, ids[0],
                                 None, sent)
        iterate_until(lambda: len(ids) == 2)
        self.assertEqual(ids[0], ids[1])
        self.assertTrue(notifier.close_sync(ids[0]))
        iterate_until(lambda: len(told) == 2)
        self.assertEqual(told[1], (ids[0], 'closed'))
        with self.assertRaises(GLib.Error) as raised:
            notifier.send_sync('', None, None, Dbr.Urgency.LOW, -1)
        self.assertTrue(raised.exception.matches(Dbr.Error.quark(), Dbr.Error.INVALID_ARGUMENT))

    def test_watched_figures(self):
        """what figures find to be wrong is told to the person, and that it is over"""
        client = new_client()
        tell(client, 'own org.freedesktop.Notifications')
        notifier, metrics = Dbr.Notifier.new('Player'), Dbr.Metrics.new()
        self.assertTrue(notifier.watch(metrics))
        for _ in range(20):
            metrics.record('import', 300, Dbr.Outcome.ERROR)

        def last():
            return Dbr.unpack(client.call_sync(NAME, PATH, INTERFACE, 'LastNotice', None, None, 0))[0]

        wanted = len(metrics.get_issues())
        ask_until(lambda: Dbr.unpack(client.call_sync(NAME, PATH, INTERFACE, 'CountNotices', None,
                                                      None, 0))[0] >= wanted)
        self.assertIn('import', last()[4])
        metrics.reset()
        metrics.get_issues()
        ask_until(lambda: last()[3].startswith('Over: '))
        with self.assertRaises(GLib.Error):
            notifier.watch(client)
        notifier.unwatch(metrics)

    def test_watched_service(self):
        """that a service stalls is told to the person, and that it answers again"""
        client = new_client()
        desktop = subprocess.Popen([os.environ['DBR_TEST_PEER'], '--quiet', '--until-eof', '--name',
                                    'org.freedesktop.Notifications'], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(desktop.communicate)
        self.assertIn('ready', desktop.stdout.readline())

        def last():
            client.ping_sync('org.freedesktop.Notifications')
            try:
                return Dbr.unpack(client.call_sync('org.freedesktop.Notifications', PATH, INTERFACE,
                                                   'LastNotice', None, None, 0))[0][3]
            except GLib.Error:
                return ''

        notifier, monitor = Dbr.Notifier.new('Player'), Dbr.ServiceMonitor.new(client, NAME)
        monitor.set_properties(interval_ms=100, probe_timeout_ms=200, misses_to_stall=2,
                               probe_path=PATH, probe_interface=INTERFACE, probe_property='Level')
        notifier.watch(monitor)
        monitor.start()
        iterate_until(lambda: monitor.get_state() == Dbr.ServiceState.HEALTHY)
        signal_peer(signal.SIGSTOP)
        try:
            ask_until(lambda: last() == f'{NAME} does not answer')
        finally:
            signal_peer(signal.SIGCONT)
        ask_until(lambda: last() == f'{NAME} answers again')
        monitor.stop()

    def test_monitor(self):
        """a monitor tells once that a service is stopped, and once that it goes on"""
        monitor, told = Dbr.ServiceMonitor.new(new_client(), NAME), []
        monitor.props.interval_ms, monitor.props.probe_timeout_ms = 200, 500
        monitor.props.probe_path, monitor.props.probe_interface = PATH, INTERFACE
        monitor.props.probe_property = 'Level'
        monitor.connect('stalled', lambda monitor, usec: told.append('stalled'))
        monitor.connect('recovered', lambda monitor, usec: told.append('recovered'))
        monitor.start()
        monitor.wait_healthy_sync(10000)
        self.assertGreaterEqual(monitor.check_sync(), 0)
        signal_peer(signal.SIGSTOP)
        try:
            iterate_until(lambda: told)
        finally:
            signal_peer(signal.SIGCONT)
        iterate_until(lambda: len(told) == 2)
        self.assertEqual(told, ['stalled', 'recovered'])
        kinds = [event.get_kind() for event in monitor.get_history()]
        self.assertEqual([kind for kind in kinds if kind in told], told)
        monitor.stop()

    def test_loading(self):
        """loading the library starts no thread, opens nothing, and makes and loads no more than it must"""
        told = subprocess.run([sys.executable, '-c', LOADS], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.split()
        self.assertEqual(told, ['1', '0', '0', 'False', 'True'])

    def test_finding(self):
        """a class has all that is its own, however a program came by it"""
        told = subprocess.run([sys.executable, '-c', FINDS], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.split()
        self.assertEqual(told, ['True', '8'])


if __name__ == '__main__':
    tap.main()
