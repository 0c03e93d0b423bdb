#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What other libraries do where a service hangs or a bus goes: the table in README.md says so.

With a player that never answers, another one that does, and the limits of a system bus.
"""

import os
import socket
import time
import unittest

import tap

import dbus
import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

PLAYER = 'org.example.Player', '/org/example/Player', 'org.example.Player'
OTHER = 'org.example.Other', '/org/example/Other', 'org.example.Other'
SLOTS = 128
BLOCKED_S = 1.0


def tell_testbed(line):
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(os.environ['DBR_TEST_CONTROL'])
        control.sendall(f'{line}\n'.encode())
        answer, _, value = control.makefile().readline().strip().partition(' ')
    assert answer == 'ok', value
    return value


def connect():
    """A connection of GDBus's own, so that no test has another one's."""
    flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
             | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
    return Gio.DBusConnection.new_for_address_sync(os.environ['DBUS_SESSION_BUS_ADDRESS'], flags)


def begin(connection, timeout_ms, count):
    """Calls that hang, and when each of them ended, with its error."""
    ended = []

    def ended_cb(connection, result):
        try:
            connection.call_finish(result)
        except GLib.Error as error:
            ended.append((time.monotonic(), error))
    for _ in range(count):
        connection.call(*PLAYER, 'Pause', None, None, Gio.DBusCallFlags.NONE, timeout_ms, None,
                        ended_cb)
    return ended


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        GLib.MainContext.default().iteration(False)
    assert condition()


class Beside(unittest.TestCase):
    def test_gdbus_deadline(self):
        """GDBus: a limit waits for a main loop that is blocked; libdbr's does not"""
        ended = begin(connect(), 200, 1)
        call = Dbr.Call(bus_name=PLAYER[0], object_path=PLAYER[1], interface_name=PLAYER[2],
                        method_name='Pause', timeout_ms=200)
        Dbr.Client.new(Gio.BusType.SESSION).run_async(call, None, None)
        start = time.monotonic()
        time.sleep(BLOCKED_S)
        wait_until(lambda: ended)
        self.assertGreaterEqual(ended[0][0] - start, BLOCKED_S - 0.01)
        self.assertLess(call.get_elapsed_usec() - call.get_lag_usec(), BLOCKED_S * 1e6)

    def test_gdbus_slots(self):
        """GDBus: a service that hangs uses up the slots for all others; libdbr's calls go on"""
        connection = connect()
        ended = begin(connection, 100, SLOTS)
        wait_until(lambda: len(ended) == SLOTS)
        with self.assertRaises(GLib.Error) as refused:
            connection.call_sync(*OTHER, 'Play', None, None, Gio.DBusCallFlags.NONE, 2000, None)
        self.assertEqual(Gio.DBusError.get_remote_error(refused.exception),
                         'org.freedesktop.DBus.Error.LimitsExceeded')

        client = Dbr.Client.new(Gio.BusType.SESSION)
        client.set_max_in_flight(SLOTS)
        for _ in range(SLOTS):
            client.call_async(*PLAYER, 'Pause', None, None, 100, None, None)
        self.assertEqual(Dbr.unpack(client.call_sync(*OTHER, 'Play')), ('Fugue',))

    def test_gdbus_type(self):
        """GDBus: an answer of another type looks like a bad argument; libdbr says BAD_REPLY"""
        with self.assertRaises(GLib.Error) as gdbus:
            connect().call_sync(*OTHER, 'Play', None, GLib.VariantType('(u)'),
                                Gio.DBusCallFlags.NONE, 2000, None)
        self.assertTrue(gdbus.exception.matches(Gio.io_error_quark(),
                                                Gio.IOErrorEnum.INVALID_ARGUMENT))
        with self.assertRaises(GLib.Error) as libdbr:
            Dbr.Client.new(Gio.BusType.SESSION).call_sync(*OTHER, 'Play', None, '(u)')
        self.assertTrue(libdbr.exception.matches(Dbr.Error.BAD_REPLY))

    def test_python_no_reply(self):
        """dbus-python: an own limit looks as if the service had died; libdbr says DEADLINE"""
        player = dbus.bus.BusConnection(os.environ['DBUS_SESSION_BUS_ADDRESS'])
        with self.assertRaises(dbus.DBusException) as own:
            player.call_blocking(*PLAYER, 'Pause', '', (), timeout=0.2)
        self.assertEqual(own.exception.get_dbus_name(), 'org.freedesktop.DBus.Error.NoReply')
        with self.assertRaises(GLib.Error) as libdbr:
            Dbr.Client.new(Gio.BusType.SESSION).call_sync(*PLAYER, 'Pause', timeout_ms=200)
        self.assertTrue(libdbr.exception.matches(Dbr.Error.DEADLINE))

    def test_z_gdbus_reconnect(self):
        """GDBus: a connection that was lost stays lost; libdbr makes it again"""
        connection = connect()
        client = Dbr.Client.new(Gio.BusType.SESSION)
        client.ping_sync('org.freedesktop.DBus')
        tell_testbed('bus restart')
        wait_until(connection.is_closed)
        with self.assertRaises(GLib.Error):
            connection.call_sync('org.freedesktop.DBus', '/', 'org.freedesktop.DBus', 'GetId', None,
                                 None, Gio.DBusCallFlags.NONE, 2000, None)
        client.list_names_sync(False)


if __name__ == '__main__':
    tap.main()
