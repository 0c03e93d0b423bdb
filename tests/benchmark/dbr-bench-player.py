#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The client process where the client is one of Python's: what dbr-bench-player.c is for C.

Usage: dbr-bench-player.py --list
       dbr-bench-player.py --play CLIENT ADDRESS

It answers each line on its input with what doing it took. --list names the clients whose modules are
installed. What a client needs is imported when it is made, so that this is part of what starting
costs.
"""

import importlib.util
import os
import resource
import sys
import time

NAME = 'org.dbr.Bench1'
PATH = '/org/dbr/Bench1'
INTERFACE = 'org.dbr.Bench1'
PAYLOAD = 'fifteen letters'


def fail(text):
    print('failed', text, flush=True)
    sys.exit(1)


def check(text):
    if text != PAYLOAD:
        fail(f'the echo of {PAYLOAD} was {text}')


class Gio:
    """PyGObject and plain GDBus, which libdbr is held against."""

    def __init__(self, address):
        import gi
        gi.require_version('Gio', '2.0')
        from gi.repository import Gio as gio, GLib
        self._glib = GLib
        self._flags = gio.DBusCallFlags.NONE
        self._type = GLib.VariantType('(s)')
        self._connection = gio.DBusConnection.new_for_address_sync(
            address, gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)

    def play_sync(self, n_calls):
        for _ in range(n_calls):
            reply = self._connection.call_sync(
                NAME, PATH, INTERFACE, 'Echo', self._glib.Variant('(s)', (PAYLOAD,)), self._type,
                self._flags, -1, None)
            check(reply.unpack()[0])

    def play_async(self, n_calls, n_in_flight):
        loop = _Loop(self._glib, n_calls, n_in_flight)

        def send():
            self._connection.call(
                NAME, PATH, INTERFACE, 'Echo', self._glib.Variant('(s)', (PAYLOAD,)), self._type,
                self._flags, -1, None, answered)

        def answered(connection, result):
            check(connection.call_finish(result).unpack()[0])
            loop.ended()

        loop.run(send)


class _Loop:
    """Keeps so many under way until all have ended."""

    def __init__(self, glib, n_calls, n_in_flight):
        self._context = glib.MainContext.default()
        self._n_to_send = n_calls
        self._n_to_end = n_calls
        self._n_in_flight = n_in_flight
        self._send = None

    def _send_next(self):
        if self._n_to_send > 0:
            self._n_to_send -= 1
            self._send()

    def ended(self):
        self._n_to_end -= 1
        self._send_next()

    def run(self, send):
        self._send = send
        for _ in range(self._n_in_flight):
            self._send_next()
        while self._n_to_end > 0:
            self._context.iteration(True)


class Libdbr:
    """libdbr as a program in Python uses it."""

    def __init__(self, address):
        import gi
        gi.require_version('Dbr', '1')
        from gi.repository import Dbr, GLib
        self._glib = GLib
        self._type = GLib.VariantType('(s)')
        self._client = Dbr.Client.new_for_address(address)
        self._client.set_max_in_flight(64)

    def play_sync(self, n_calls):
        for _ in range(n_calls):
            reply = self._client.call_sync(
                NAME, PATH, INTERFACE, 'Echo', self._glib.Variant('(s)', (PAYLOAD,)), self._type, 0,
                None)
            check(reply.unpack()[0])

    def play_async(self, n_calls, n_in_flight):
        loop = _Loop(self._glib, n_calls, n_in_flight)

        def send():
            self._client.call_async(
                NAME, PATH, INTERFACE, 'Echo', self._glib.Variant('(s)', (PAYLOAD,)), self._type, 0,
                None, answered)

        def answered(client, result):
            check(client.call_finish(result).unpack()[0])
            loop.ended()

        loop.run(send)


class LibdbrOnGdbus(Libdbr):
    """The same on GDBus's transport."""

    def __init__(self, address):
        os.environ['DBR_TRANSPORT'] = 'gdbus'
        super().__init__(address)


class DbusPython:
    """libdbus and its binding."""

    def __init__(self, address):
        import dbus
        self._interface = dbus.Interface(
            dbus.bus.BusConnection(address).get_object(NAME, PATH, introspect=False), INTERFACE)

    def play_sync(self, n_calls):
        for _ in range(n_calls):
            check(self._interface.Echo(PAYLOAD, signature='s'))


class Dasbus:
    """On PyGObject and GDBus, with proxies."""

    def __init__(self, address):
        from dasbus.connection import AddressedMessageBus
        self._bus = AddressedMessageBus(address)
        self._proxy = self._bus.get_proxy(NAME, PATH, INTERFACE)

    def play_sync(self, n_calls):
        for _ in range(n_calls):
            check(self._proxy.Echo(PAYLOAD))


class Pydbus:
    """The same."""

    def __init__(self, address):
        import pydbus
        self._proxy = pydbus.connect(address).get(NAME, PATH)[INTERFACE]

    def play_sync(self, n_calls):
        for _ in range(n_calls):
            check(self._proxy.Echo(PAYLOAD))


class DbusNext:
    """Python and asyncio alone; it has no calls that wait."""

    def __init__(self, address):
        import asyncio
        from dbus_next import Message
        from dbus_next.aio import MessageBus
        self._message = Message
        self._loop = asyncio.new_event_loop()
        self._bus = self._loop.run_until_complete(self._connect(MessageBus, address))

    @staticmethod
    async def _connect(message_bus, address):
        return await message_bus(bus_address=address).connect()

    async def _play(self, n_calls):
        for _ in range(n_calls):
            reply = await self._bus.call(self._message(
                destination=NAME, path=PATH, interface=INTERFACE, member='Echo', signature='s',
                body=[PAYLOAD]))
            check(reply.body[0])

    def play_sync(self, n_calls):
        self._loop.run_until_complete(self._play(n_calls))


# What each needs, and how it is made. The first one is what the others are held against.
CLIENTS = {
    'python-gio': ('gi', Gio),
    'python-libdbr': ('gi', Libdbr),
    'python-libdbr-gdbus': ('gi', LibdbrOnGdbus),
    'dbus-python': ('dbus', DbusPython),
    'dasbus': ('dasbus', Dasbus),
    'pydbus': ('pydbus', Pydbus),
    'dbus-next': ('dbus_next', DbusNext),
}


class Player:
    """One client, and the lines that it is told."""

    def __init__(self, name, address):
        self._make = CLIENTS[name][1]
        self._address = address
        self._client = None

    def _obey(self, words):
        if words == ['make']:
            self._client = self._make(self._address)
        elif words[:3] == ['play', 'sync', 'echo']:
            self._client.play_sync(int(words[3]))
        elif words[:3] == ['play', 'async', 'echo']:
            self._client.play_async(int(words[3]), int(words[4]))
        else:
            fail(f'“{words[0]}” is not understood')

    def answer(self, words):
        usage = resource.getrusage(resource.RUSAGE_SELF)
        began = time.monotonic()
        # Callgrind closes an account whenever this is called, see --dump-before in dbr-bench-stage.c.
        os.getpgrp()
        self._obey(words)
        os.getpgrp()
        wall = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime - usage.ru_utime + after.ru_stime - usage.ru_stime
        print('ok', round(wall * 1e6), round(cpu * 1e6), after.ru_nvcsw - usage.ru_nvcsw,
              0, 0, 0, 0, 0, flush=True)


def main(arguments):
    if arguments == ['--list']:
        print(*(name for name, needs in CLIENTS.items() if importlib.util.find_spec(needs[0])),
              sep='\n')
        return
    player = Player(*arguments[1:])
    for line in sys.stdin:
        if line == 'quit\n':
            break
        player.answer(line.split())


if __name__ == '__main__':
    main(sys.argv[1:])
