#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Pings Bluetooth and systemd once a second and says which of them hangs.

Where there is no Bluetooth service, one is played on a private bus by the program that
DBR_TESTBED names; it is stopped after some seconds, as a real one stops now and then, and
continued later. On a terminal this runs until Ctrl-C, else for twenty seconds.
"""

import os
import signal
import subprocess
import sys
import threading
import time

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

BLUEZ, SYSTEMD = 'org.bluez', 'org.freedesktop.systemd1'
LIMIT_MS = 1000
PLAYED_STOP, PLAYED_CONTINUE, PLAYED_PERIOD = 5, 10, 30


class Service:
    """One service: a ping each second, and what came of all of them."""

    def __init__(self, client, name):
        self.client, self.name = client, name
        self.latencies = []
        self.calls = self.stalls = self.recoveries = 0
        self.silent_since = None
        client.get_timeouts().set('ping', LIMIT_MS)

    def ping(self):
        self.calls += 1
        begin = time.monotonic()
        try:
            usec = self.client.ping_sync(self.name, None)
        except GLib.Error as error:
            if not error.matches(GLib.quark_from_string('dbr-error-quark'), Dbr.Error.DEADLINE):
                return f'failed: {error.message}'
            if self.silent_since is None:
                self.silent_since = begin
                self.stalls += 1
            return f'stalled: no answer within {LIMIT_MS} ms'
        self.latencies.append(usec)
        answer = f'answers in {usec / 1000:.2f} ms'
        if self.silent_since is not None:
            answer += f', after {time.monotonic() - self.silent_since:.1f} s of silence: recovered'
            self.silent_since = None
            self.recoveries += 1
        return answer

    def summary(self):
        latencies = sorted(self.latencies) or [0]
        p50, p95 = (latencies[int(len(latencies) * part)] for part in (0.50, 0.95))
        times = ', '.join(f'{what} {usec / 1000:.2f} ms' for what, usec in
                          (('p50', p50), ('p95', p95), ('max', latencies[-1])))
        return (f'{self.name}: {self.calls} calls, {len(self.latencies)} answered ({times}), '
                f'{self.stalls} stalled, {self.recoveries} recovered')


class PlayedBluez:
    """A service called org.bluez on a bus of its own. Both end when this program does."""

    def __init__(self, testbed):
        # The session of its own keeps a Ctrl-C away from it; the pipe tells it when we are gone.
        self.process = subprocess.Popen(
            [testbed, '--peer', BLUEZ, '--', 'sh', '-c',
             'echo "$DBR_TEST_ADDRESS"; echo "$DBR_TEST_PEER_PIDS"; exec cat'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.address = self.process.stdout.readline().strip()
        self.pid = int(self.process.stdout.readline())
        self.is_stopped = False

    def act(self, second):
        """Stops and continues it by its timetable; says so when it does."""
        stopped = PLAYED_STOP <= second % PLAYED_PERIOD < PLAYED_CONTINUE
        if stopped == self.is_stopped:
            return ''
        self.is_stopped = stopped
        os.kill(self.pid, signal.SIGSTOP if stopped else signal.SIGCONT)
        return f'(the played service is {"stopped" if stopped else "continued"} now)'

    def end(self):
        os.kill(self.pid, signal.SIGCONT)
        self.process.communicate()


def find_services(client):
    """Those of our two that own their name on the system bus; none where there is no bus."""
    services = []
    for name in (BLUEZ, SYSTEMD):
        try:
            owned = client.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus',
                                     'org.freedesktop.DBus', 'NameHasOwner',
                                     GLib.Variant('(s)', (name,)), GLib.VariantType('(b)'), 0, None)
        except GLib.Error as error:
            print(f'No system bus here: {error.message}')
            break
        if owned[0]:
            services.append(Service(client, name))
    return services


def watch(services, played, seconds):
    """Until the seconds are over, or Ctrl-C, which is heard between two calls."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    begin = time.monotonic()
    second = 0
    while not ended.is_set() and (seconds is None or second < seconds):
        said = played.act(second) if played else ''
        if said:
            print(f'          {said}', flush=True)
        for service in services:
            now = time.strftime('%H:%M:%S')
            print(f'{now}  {service.name}  {service.ping()}', flush=True)
        # Once a second, and what silence took is not made up for.
        second = max(second + 1, int(time.monotonic() - begin))
        ended.wait(max(0.0, begin + second - time.monotonic()))


def main():
    services = find_services(Dbr.Client.new(Gio.BusType.SYSTEM))
    played = None
    if not any(service.name == BLUEZ for service in services):
        print('No Bluetooth service here: one is played on a private bus.')
        played = PlayedBluez(os.environ['DBR_TESTBED'])
        services.insert(0, Service(Dbr.Client.new_for_address(played.address), BLUEZ))
    try:
        watch(services, played, None if sys.stdout.isatty() else 20)
    finally:
        if played:
            played.end()
    print(*(service.summary() for service in services), sep='\n')


if __name__ == '__main__':
    main()
