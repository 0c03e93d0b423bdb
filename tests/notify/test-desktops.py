#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Real desktops show what a notifier sends, and a hand on the mouse does what a person would.

Usage: test-desktops.py DUNST NOTIFICATION-DAEMON

It plays on the X server and the session bus of its environment, which have nobody else on them. With
DBR_TEST_SCREENSHOTS=FOLDER what is seen is kept there.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'bindings'))
import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

PATIENCE_S = 30 * float(os.environ.get('DBR_TEST_TIMEOUT_MULTIPLIER', '1'))
PRESS_PAUSE_S = 3
SHOTS = os.environ.get('DBR_TEST_SCREENSHOTS') or tempfile.mkdtemp(prefix='dbr-')
DUNST, DAEMON = sys.argv[1:3]
del sys.argv[1:]
SERVICE_PID = int(os.environ['DBR_TEST_PEER_PIDS'])

# Each with the window's class, the button of the mouse that takes an action, and where on the
# notification that is, as shares of its width and height.
DESKTOPS = {
    'dunst': ([DUNST, '-config', '/dev/null', '-mouse_middle_click', 'do_action'], 'Dunst', 2,
              (.5, .5)),
    'notification-daemon': ([DAEMON], 'Notification-daemon', 1, (.736, .73)),
}
BACKENDS = {'direct': Dbr.NotifierBackend.DIRECT, 'libnotify': Dbr.NotifierBackend.LIBNOTIFY}


def iterate_until(condition, what):
    end = time.monotonic() + PATIENCE_S
    context = GLib.MainContext.default()
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f'waited in vain for {what}')
        GLib.timeout_add(20, lambda: GLib.SOURCE_REMOVE)
        context.iteration(True)


def run(*command):
    return subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.split()


def windows(kind):
    return run('xdotool', 'search', '--onlyvisible', '--class', kind)


def count_colours(name):
    """Of what is on the screen, which is kept under the name."""
    path = os.path.join(SHOTS, name + '.png')
    subprocess.run(['import', '-window', 'root', path], check=True)
    return int(run('identify', '-format', '%k', path)[0])


class Desktop:
    """One of them, with a notifier and what it told."""

    def __init__(self, name, backend):
        self.command, self.kind, self.button, self.place = DESKTOPS[name]
        self.name = f'{name}-{backend}'
        self.told = []
        self.process = None
        self.notifier = Dbr.Notifier(app_name='Player', backend=BACKENDS[backend])
        self.notifier.connect('action-invoked', lambda _, id, action: self.told.append(action))
        self.notifier.connect('closed', lambda _, id, reason: self.told.append(reason.value_nick))
        self.stalls = []
        self.notifier.connect('stalled', lambda *_: self.stalls.append('stalled'))
        self.notifier.connect('recovered', lambda *_: self.stalls.append('recovered'))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def launch(self):
        # Their warnings are no fault of ours.
        env = {name: value for name, value in os.environ.items() if name != 'G_DEBUG'}
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env=env)

    def has_come(self):
        # One of them goes at once where the screen still has something of the one before.
        if self.process.poll() is not None:
            print('#', self.name, 'is started again: it ended with', self.process.returncode)
            self.launch()
        return self.notifier.get_server_name()

    def start(self):
        self.launch()
        try:
            iterate_until(self.has_come, 'a desktop')
        except AssertionError:
            print('#', self.name, 'is', 'there' if self.notifier.get_available() else 'not there',
                  self.stalls, 'and the bus says', *run(
                      'gdbus', 'call', '--session', '--dest', 'org.freedesktop.DBus', '--object-path',
                      '/org/freedesktop/DBus', '--method', 'org.freedesktop.DBus.GetNameOwner',
                      'org.freedesktop.Notifications'))
            raise

    def kill(self):
        self.process.kill()
        self.process.wait()
        iterate_until(lambda: not self.notifier.get_available(), 'its end')

    def show(self, summary, body='', actions=(), replaces=0):
        ids = []
        self.notifier.send_full_async(
            summary, body, 'dialog-warning', Dbr.Urgency.NORMAL, 0, list(actions), None, replaces,
            None, lambda notifier, result: ids.append(notifier.send_full_finish(result)))
        iterate_until(lambda: ids, 'an answer')
        iterate_until(lambda: windows(self.kind), 'a window')
        return ids[0]

    def see_nothing(self):
        # The other one leaves a picture behind where there is no window manager.
        if self.kind == 'Dunst':
            iterate_until(lambda: count_colours('now') == 1, 'an empty screen')

    def press(self):
        for window in windows(self.kind)[:1]:
            self.press_at(window)

    def press_until(self, condition):
        """Now and then: what is pressed twice may be what is told of the first time."""
        last = -PRESS_PAUSE_S

        def is_done():
            nonlocal last
            if not condition() and time.monotonic() - last > PRESS_PAUSE_S:
                self.press()
                last = time.monotonic()
            return condition()

        iterate_until(is_done, 'what pressing it does')

    def press_at(self, window):
        size = dict(line.split('=') for line in run('xdotool', 'getwindowgeometry', '--shell', window))
        x, y = (int(float(size[side]) * share)
                for side, share in zip(('WIDTH', 'HEIGHT'), self.place))
        run('xdotool', 'mousemove', '--window', window, str(x), str(y))
        run('xdotool', 'click', str(self.button))


class Wake(Dbr.RecoveryStage):
    """Lets the service that was stopped go on."""

    def do_perform(self, attempt):
        os.kill(SERVICE_PID, signal.SIGCONT)
        attempt.succeed()


class Desktops(unittest.TestCase):
    def each(self):
        for name in DESKTOPS:
            for backend in BACKENDS:
                print('#', name, backend, flush=True)
                with Desktop(name, backend) as desktop:
                    yield desktop

    def test_shown(self):
        """it is seen, is replaced in place, and is gone when it is closed"""
        for desktop in self.each():
            id = desktop.show('Bluetooth is not answering', 'Silent for 12 s: <b>5 < 6</b> & ünïcode',
                              ['recover', 'Try to recover'])
            # A window may be there before anything is in it.
            iterate_until(lambda: count_colours(desktop.name) > 8, 'what is in it')
            self.assertEqual(desktop.show('Bluetooth is answering again', '', (), id), id)
            count_colours(desktop.name + '-over')
            self.assertTrue(desktop.notifier.close_sync(id))
            desktop.see_nothing()
            iterate_until(lambda: desktop.told == ['closed'], 'that it was closed')

    def test_pressed(self):
        """what the person presses is told"""
        for desktop in self.each():
            desktop.show('Over', 'That was the last one.', ['default', 'Play again'] if
                         desktop.kind == 'Dunst' else ['again', 'Play again'])
            wanted = 'default' if desktop.kind == 'Dunst' else 'again'
            # A window may be there before it takes clicks.
            desktop.press_until(lambda: desktop.told)
            self.assertIn(wanted, desktop.told)

    def test_killed(self):
        """one that is killed loses what it showed, and the next one shows what comes"""
        for desktop in self.each():
            desktop.show('Before')
            desktop.kill()
            iterate_until(lambda: desktop.told == ['lost'], 'the loss')
            desktop.start()
            self.assertEqual(desktop.show('After'), 2)

    def test_stopped(self):
        """one that is stopped holds nobody up, and shows nothing twice when it goes on"""
        for desktop in self.each():
            id = desktop.show('Before')
            desktop.notifier.close_sync(id)
            desktop.see_nothing()
            # One that takes its time to begin has stalled as well.
            iterate_until(lambda: desktop.stalls[-1:] != ['stalled'], 'its first answer')
            desktop.stalls.clear()
            os.kill(desktop.process.pid, signal.SIGSTOP)
            # On a busy machine the time of one may be over before it was sent.
            for summary in 'abcde':
                if not desktop.stalls:
                    self.give_up(desktop, summary)
            os.kill(desktop.process.pid, signal.SIGCONT)
            iterate_until(lambda: desktop.stalls[-1] == 'recovered', 'its recovery')
            # And it may be silent for a second time before it has begun to answer.
            self.assertEqual(desktop.stalls, ['stalled', 'recovered'] * (len(desktop.stalls) // 2))
            desktop.show('After')
            count_colours(desktop.name + '-after')

    def give_up(self, desktop, summary):
        began = time.monotonic()
        with self.assertRaises(GLib.Error) as raised:
            desktop.notifier.send_sync(summary, None, None, Dbr.Urgency.NORMAL, 0)
        self.assertTrue(raised.exception.matches(Dbr.Error.quark(), Dbr.Error.DEADLINE))
        self.assertLess(time.monotonic() - began, 3)
        iterate_until(lambda: desktop.stalls or time.monotonic() - began > 4, 'its stall')

    def test_story(self):
        """a service stalls; who sits there presses “Try to recover”, and is told that it answers"""
        for desktop in self.each():
            monitor = Dbr.ServiceMonitor.new(Dbr.Client.new(Gio.BusType.SESSION), 'org.example.Peer')
            monitor.set_properties(interval_ms=200, probe_timeout_ms=500, misses_to_stall=2,
                                   probe_path='/org/example/Peer',
                                   probe_interface='org.dbr.Peer1', probe_property='Level')
            recovery = Dbr.Recovery.new(monitor, None)
            recovery.add_stage(Wake(name='wake', scope=Dbr.RecoveryScope.DEVICE))
            desktop.notifier.watch(monitor)
            recovered = []
            recovery.connect('recovered', lambda *_: recovered.append(True))
            monitor.start()
            monitor.wait_healthy_sync(10000, None)
            os.kill(SERVICE_PID, signal.SIGSTOP)
            self.addCleanup(os.kill, SERVICE_PID, signal.SIGCONT)
            iterate_until(lambda: windows(desktop.kind), 'the notification')
            iterate_until(lambda: count_colours(desktop.name + '-story') > 8, 'what is in it')
            desktop.press_until(lambda: recovered)
            iterate_until(lambda: monitor.get_state() == Dbr.ServiceState.HEALTHY, 'its health')
            self.assertEqual([event.get_kind() for event in monitor.get_history()][-1], 'recovered')
            iterate_until(lambda: windows(desktop.kind), 'what is told of it')
            iterate_until(lambda: count_colours(desktop.name + '-story-over') > 8, 'what is in it')
            desktop.notifier.unwatch(monitor)
            monitor.stop()


if __name__ == '__main__':
    tap.main()
