#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What libdbr and what others do in the same need: the table in README.md says what is seen here.

Usage: test-beside.py README [--slow]

With a player that hangs, dies or is late, another one that answers, and the limits of a system bus.
"""

import ctypes
import functools
import os
import re
import socket
import subprocess
import sys
import threading
import time
import unittest

import tap

import dbus
import dbus.bus
import dbus.mainloop.glib
import pydbus
from dasbus.connection import AddressedMessageBus
from dasbus.error import DBusError
import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

ADDRESS = os.environ['DBUS_SESSION_BUS_ADDRESS']
PLAYER = 'org.example.Player', '/org/example/Player', 'org.example.Player'
OTHER = 'org.example.Other', '/org/example/Player', 'org.example.Player'
NOBODY = 'org.example.Nobody', '/org/example/Player', 'org.example.Player'
BUS = 'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus'
SLOTS = 128
RULES = 512
# Longer than the limit that anybody has by default, but for those who wait for ever
DEFAULTS_S = 29
PATIENCE_S = 20


def tell_testbed(line):
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(os.environ['DBR_TEST_CONTROL'])
        control.sendall(f'{line}\n'.encode())
        answer, _, value = control.makefile().readline().strip().partition(' ')
    assert answer == 'ok', value
    return value


class Failed(Exception):
    """How a call failed: what a program can tell it by, and its text only where that is all."""


def failing(function):
    """A function whose failure, of whatever kind, is a Failed."""
    @functools.wraps(function)
    def call(*arguments):
        try:
            return function(*arguments)
        except GLib.Error as error:
            raise Failed(error.domain, error.code) from error
        except dbus.DBusException as error:
            raise Failed(error.get_dbus_name()) from error
        except (DBusError, TimeoutError) as error:
            raise Failed(type(error)) from error
        except subprocess.CalledProcessError as error:
            raise Failed(error.stderr) from error
    return call


class Library:
    """What can be tried with any of them; None where one has no such thing."""

    begin = None
    listen = None
    own = None
    keeps_connection = True

    def iterate(self):
        GLib.MainContext.default().iteration(False)


class Libdbr(Library):
    def __init__(self):
        self.client = Dbr.Client.new_for_address(ADDRESS)
        self.kept = []

    def call(self, target, method, limit_s):
        call = Dbr.Call(bus_name=target[0], object_path=target[1], interface_name=target[2],
                        method_name=method, timeout_ms=int(limit_s * 1000) if limit_s else 0)
        try:
            self.client.run_sync(call)
        except GLib.Error as error:
            raise Failed(error.domain, error.code, call.get_execution()) from error

    def begin(self, method, limit_s, ended):
        def ended_cb(client, result):
            try:
                client.call_finish(result)
                ended(True)
            except GLib.Error:
                ended(False)
        self.client.call_async(*PLAYER, method, None, None, int(limit_s * 1000), None, ended_cb)

    @failing
    def listen(self, number):
        self.kept.append(Dbr.Subscription.new(self.client, BUS[0], f'/a{number}', None, None, None,
                                              Dbr.SubscriptionFlags.NONE))
        self.kept[-1].start_sync()


class Gdbus(Library):
    def __init__(self):
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        self.connection = Gio.DBusConnection.new_for_address_sync(ADDRESS, flags)

    @failing
    def call(self, target, method, limit_s):
        self.connection.call_sync(*target, method, None, None, Gio.DBusCallFlags.NONE,
                                  int(limit_s * 1000) if limit_s else -1, None)

    def begin(self, method, limit_s, ended):
        def ended_cb(connection, result):
            try:
                connection.call_finish(result)
                ended(True)
            except GLib.Error:
                ended(False)
        self.connection.call(*PLAYER, method, None, None, Gio.DBusCallFlags.NONE,
                             int(limit_s * 1000), None, ended_cb)

    def listen(self, number):
        self.connection.signal_subscribe(BUS[0], None, None, f'/a{number}', None,
                                         Gio.DBusSignalFlags.NONE, lambda *_: None)

    def own(self, name):
        Gio.bus_own_name_on_connection(self.connection, name, Gio.BusNameOwnerFlags.NONE, None,
                                       None)


class SdBus(Library):
    class Error(ctypes.Structure):
        _fields_ = [('name', ctypes.c_char_p), ('message', ctypes.c_char_p),
                    ('owned', ctypes.c_int)]

    HANDLER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)

    def __init__(self):
        self.library = ctypes.CDLL('libsystemd.so.0')
        self.bus = ctypes.c_void_p()
        self.do('new', ctypes.byref(self.bus))
        self.do('set_address', self.bus, ADDRESS.encode())
        self.do('set_bus_client', self.bus, 1)
        self.do('start', self.bus)
        self.kept = []

    def do(self, name, *arguments):
        done = getattr(self.library, f'sd_bus_{name}')(*arguments)
        if done < 0:
            raise Failed(done)
        return done

    def message(self, target, method):
        message = ctypes.c_void_p()
        self.do('message_new_method_call', self.bus, ctypes.byref(message),
                *(text.encode() for text in (*target, method)))
        return message

    def call(self, target, method, limit_s):
        error, reply = self.Error(), ctypes.c_void_p()
        try:
            self.do('call', self.bus, self.message(target, method),
                    ctypes.c_uint64(int((limit_s or 0) * 1e6)), ctypes.byref(error),
                    ctypes.byref(reply))
        except Failed as failed:
            raise Failed(*failed.args, error.name) from failed

    def begin(self, method, limit_s, ended):
        def ended_cb(message, _data, _error):
            ended(not self.library.sd_bus_message_is_method_error(ctypes.c_void_p(message), None))
            return 0
        self.kept.append(self.HANDLER(ended_cb))
        self.do('call_async', self.bus, None, self.message(PLAYER, method), self.kept[-1], None,
                ctypes.c_uint64(int(limit_s * 1e6)))
        self.do('flush', self.bus)

    def iterate(self):
        self.do('process', self.bus, None)

    def listen(self, number):
        self.kept.append(self.HANDLER(lambda *_: 0))
        self.do('add_match', self.bus, None,
                f"type='signal',sender='{BUS[0]}',path='/a{number}'".encode(), self.kept[-1], None)

    def own(self, name):
        self.do('request_name', self.bus, name.encode(), ctypes.c_uint64(0))


class DbusPython(Library):
    def __init__(self):
        self.bus = dbus.bus.BusConnection(ADDRESS, mainloop=dbus.mainloop.glib.DBusGMainLoop())
        self.bus.set_exit_on_disconnect(False)

    @failing
    def call(self, target, method, limit_s):
        self.bus.call_blocking(*target, method, '', (), **({'timeout': limit_s} if limit_s else {}))

    def begin(self, method, limit_s, ended):
        self.bus.call_async(*PLAYER, method, '', (), lambda *_: ended(True), lambda _: ended(False),
                            timeout=limit_s)

    @failing
    def listen(self, number):
        self.bus.add_signal_receiver(lambda: None, path=f'/a{number}')

    def own(self, name):
        self.bus.request_name(name)


class Dasbus(Library):
    def __init__(self):
        self.bus = AddressedMessageBus(ADDRESS)

    @failing
    def call(self, target, method, limit_s):
        proxy = self.bus.get_proxy(*target[:2])
        getattr(proxy, method)(**({'timeout': int(limit_s * 1000)} if limit_s else {}))

    def begin(self, method, limit_s, ended):
        def ended_cb(call):
            try:
                call()
                ended(True)
            except TimeoutError:
                ended(False)
        getattr(self.bus.get_proxy(*PLAYER[:2]), method)(callback=ended_cb,
                                                        timeout=int(limit_s * 1000))

    def listen(self, number):
        proxy = self.bus.get_proxy(BUS[0], f'/a{number}', interface_name=BUS[0])
        proxy.NameOwnerChanged.connect(lambda *_: None)

    def own(self, name):
        self.bus.register_service(name)


class Pydbus(Library):
    def __init__(self):
        self.bus = pydbus.connect(ADDRESS)

    @failing
    def call(self, target, method, limit_s):
        proxy = self.bus.get(*target[:2])[target[2]]
        getattr(proxy, method)(**({'timeout': limit_s} if limit_s else {}))

    def listen(self, number):
        self.bus.subscribe(sender=BUS[0], object=f'/a{number}', signal_fired=lambda *_: None)

    def own(self, name):
        self.bus.request_name(name)


class Busctl(Library):
    keeps_connection = False

    @failing
    def call(self, target, method, limit_s):
        subprocess.run(['busctl', f'--address={ADDRESS}',
                        *([f'--timeout={limit_s}'] if limit_s else []), 'call', *target, method],
                       check=True, text=True, capture_output=True)


LIBRARIES = {
    'libdbr': Libdbr,
    'GDBus': Gdbus,
    'sd-bus': SdBus,
    'dbus-python': DbusPython,
    'dasbus': Dasbus,
    'pydbus': Pydbus,
    '`busctl`': Busctl,
}


def say(condition):
    return 'yes' if condition else 'no'


def failure(library, *arguments):
    try:
        library.call(*arguments)
    except Failed as failed:
        return failed.args
    raise AssertionError('it did not fail')


def works(library, *arguments):
    try:
        library.call(*arguments)
        return True
    except Failed:
        return False


def is_late(library):
    """The answer comes after the limit, and the main loop of the program runs after both."""
    if library.begin is None:
        return '–'
    answered = []
    library.begin('Export', 0.2, answered.append)
    time.sleep(1)
    deadline = time.monotonic() + PATIENCE_S
    while not answered and time.monotonic() < deadline:
        library.iterate()
    return say(answered == [False])


def tells_who_refused(library):
    return say(failure(library, PLAYER, 'Skip', 5) != failure(library, NOBODY, 'Skip', 5))


def tells_hung_from_dead(library):
    hung = failure(library, PLAYER, 'Pause', 0.2)
    dead = failure(library, PLAYER, 'Crash', 5)
    tell_testbed(f'peer {PLAYER[0]} restart')
    return say(hung != dead)


def spares_others(library):
    """After as many calls that nobody answers as the bus allows a connection"""
    if not library.keeps_connection:
        return '–'
    for _ in range(SLOTS):
        failure(library, PLAYER, 'Pause', 0.02)
    return say(works(library, OTHER, 'Play', 5))


def tells_refused_rule(library):
    if library.listen is None:
        return '–'
    try:
        for number in range(RULES + 1):
            library.listen(number)
        return 'no'
    except Failed:
        return 'yes'


def owns_names(library):
    if library.own is None:
        return 'no'
    name = f'org.example.Own{type(library).__name__}'
    library.own(name)
    looker = Dbr.Client.new_for_address(ADDRESS)
    deadline = time.monotonic() + PATIENCE_S
    while name not in looker.list_names_sync(False) and time.monotonic() < deadline:
        library.iterate()
    return say(name in looker.list_names_sync(False))


def read_table(path):
    """The cells of the table by row and column, and those that lead nowhere."""
    with open(path, encoding='utf-8') as file:
        table = re.search(r'^\| \| libdbr \|.*?\n\n', file.read(), re.M | re.S)[0]
    header, _line, *rows = [[cell.strip() for cell in line.split('|')[1:-1]]
                            for line in table.strip().splitlines()]
    cells, bare = {}, []
    for title, *row in rows:
        for column, cell in zip(header[1:], row):
            linked = re.fullmatch(r'\[([^]]+)\](?:\([^)]+\)|\[[^]]+\])', cell)
            cells[title, column] = linked[1] if linked else cell
            if not linked and cell != '–':
                bare.append((title, column, cell))
    return cells, bare


class Beside(unittest.TestCase):
    def check(self, title, look):
        """Plays a row of the table with each library."""
        seen = {(title, column): look(library()) for column, library in LIBRARIES.items()}
        self.check_row(title, seen)

    def check_row(self, title, seen):
        cells, _bare = read_table(README)
        self.assertEqual({key: cell for key, cell in cells.items() if key[0] == title}, seen)


class Everyday(Beside):
    def test_linked(self):
        """Each cell of the table leads to where it was seen"""
        self.assertEqual(read_table(README)[1], [])

    def test_late(self):
        """An answer after the limit, of which a blocked main loop hears later"""
        self.check('a late answer is late, though the main loop was blocked', is_late)

    def test_refused(self):
        """The bus says that there is no such service, or a service does"""
        self.check('tells whether the bus refused, or a service that ran', tells_who_refused)

    def test_dead(self):
        """A service that does not answer, or dies meanwhile"""
        self.check('tells a service that hangs from one that died', tells_hung_from_dead)

    def test_slots(self):
        """A service that hangs, with as many calls to it as the bus allows"""
        self.check('a service that hangs leaves the others alone', spares_others)

    def test_rules(self):
        """More match rules than the bus allows"""
        self.check('a refused match rule is an error', tells_refused_rule)

    def test_names(self):
        """Owning a name"""
        self.check('owns names, exports objects', owns_names)

    def test_type(self):
        """GDBus: an answer of another type looks like a bad argument; libdbr says BAD_REPLY"""
        with self.assertRaises(GLib.Error) as gdbus:
            Gdbus().connection.call_sync(*OTHER, 'Play', None, GLib.VariantType('(u)'),
                                         Gio.DBusCallFlags.NONE, 5000, None)
        self.assertTrue(gdbus.exception.matches(Gio.io_error_quark(),
                                                Gio.IOErrorEnum.INVALID_ARGUMENT))
        with self.assertRaises(GLib.Error) as libdbr:
            Libdbr().client.call_sync(*OTHER, 'Play', None, '(u)')
        self.assertTrue(libdbr.exception.matches(Dbr.Error.BAD_REPLY))

    def test_z_lost(self):
        """A bus that is restarted"""
        libraries = {column: library() for column, library in LIBRARIES.items()}
        for library in libraries.values():
            library.call(BUS, 'GetId', 5)
        tell_testbed('bus restart')
        title = 'a lost connection is made again'
        self.check_row(title, {
            (title, column): (say(works(library, BUS, 'GetId', 5))
                              if library.keeps_connection else '–')
            for column, library in libraries.items()})


class Slow(Beside):
    def test_defaults(self):
        """A call that nobody answers and for which nobody gave a limit"""
        took = {}

        def wait(column, library):
            begin = time.monotonic()
            failure(library, PLAYER, 'Pause', None)
            took[column] = time.monotonic() - begin
        threads = [threading.Thread(target=wait, args=(column, library()), daemon=True)
                   for column, library in LIBRARIES.items()]
        deadline = time.monotonic() + DEFAULTS_S
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0, deadline - time.monotonic()))
        title = 'limit by default'
        self.check_row(title, {
            (title, column): f'{int(took[column] // 5 * 5)} s' if column in took else 'none'
            for column in LIBRARIES})


if __name__ == '__main__':
    README = sys.argv.pop(1)
    if '--slow' in sys.argv:
        sys.argv.remove('--slow')
        del Everyday
    else:
        del Slow
    tap.main()
