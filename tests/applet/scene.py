# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The applet on a screen of its own, and a person's eyes and hands for it: AT-SPI and a keyboard.

With DBR_TEST_SCREENSHOTS=FOLDER what is seen is kept there.
"""

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from gi.repository import Gio, GLib

PATIENCE_S = 60 * float(os.environ.get('DBR_TEST_TIMEOUT_MULTIPLIER', '1'))
# Of AT-SPI: the states that are asked for
CHECKED, PRESSED, SENSITIVE = 4, 20, 24
SHOTS = os.environ.get('DBR_TEST_SCREENSHOTS')


def until(condition, what):
    """The truth of the condition, as soon as it has one."""
    end = time.monotonic() + PATIENCE_S
    while True:
        truth = condition()
        if truth:
            return truth
        if time.monotonic() > end:
            raise AssertionError(f'waited in vain for {what}')
        # Between two looks; what is waited for is another process.
        time.sleep(0.1)


def run(*command):
    return subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.split()


def _start_accessibility():
    """A bus for AT-SPI that outlives the one that the tests kill."""
    daemon = subprocess.Popen(['dbus-daemon', '--session', '--nofork', '--print-address=1'],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    atexit.register(daemon.kill)
    address = daemon.stdout.readline().strip()
    launcher = subprocess.Popen([os.environ['AT_SPI_LAUNCHER'], '--launch-immediately'],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                env={**os.environ, 'DBUS_SESSION_BUS_ADDRESS': address})
    atexit.register(launcher.terminate)

    def ask():
        answer = subprocess.run(
            ['gdbus', 'call', '--address', address, '--dest', 'org.a11y.Bus', '--object-path',
             '/org/a11y/bus', '--method', 'org.a11y.Bus.GetAddress'],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
        return answer.strip("(',)\n ")
    os.environ['AT_SPI_BUS_ADDRESS'] = until(ask, 'the bus for accessibility')


_start_accessibility()

class Node:
    """Something that can be seen or pressed, asked for anew each time: libatspi remembers what was before."""

    bus = Gio.DBusConnection.new_for_address_sync(
        os.environ['AT_SPI_BUS_ADDRESS'],
        Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION,
        None, None)

    def __init__(self, sender, path):
        self.sender, self.path = sender, path

    @classmethod
    def call(cls, sender, path, interface, method, parameters=None):
        return cls.bus.call_sync(sender, path, interface, method, parameters, None,
                                 Gio.DBusCallFlags.NONE, 15000, None).unpack()

    def ask(self, interface, method, parameters=None):
        return self.call(self.sender, self.path, 'org.a11y.atspi.' + interface, method, parameters)

    def read(self, name):
        return self.call(self.sender, self.path, 'org.freedesktop.DBus.Properties', 'Get',
                         GLib.Variant('(ss)', ('org.a11y.atspi.Accessible', name)))[0]

    @property
    def name(self):
        return self.read('Name')

    @property
    def description(self):
        return self.read('Description')

    @property
    def role(self):
        return self.ask('Accessible', 'GetRoleName')[0]

    def is_in(self, state):
        low, _high = self.ask('Accessible', 'GetState')[0]
        return bool(low & 1 << state)

    @property
    def extents(self):
        """Where it is in its window: left, top, width and height."""
        return self.ask('Component', 'GetExtents', GLib.Variant('(u)', (1,)))[0]

    def is_shown(self):
        """Whether it has a size: a button of a page that is just being turned to takes no press."""
        return self.extents[2] > 0

    @property
    def value(self):
        return self.call(self.sender, self.path, 'org.freedesktop.DBus.Properties', 'Get',
                         GLib.Variant('(ss)', ('org.a11y.atspi.Value', 'CurrentValue')))[0]

    def children(self):
        for sender, path in self.ask('Accessible', 'GetChildren')[0]:
            # The application is no child; an object that is about to be gone has no path.
            if not path.endswith(('/root', '/null')):
                yield Node(sender, path)

    def walk(self):
        yield self
        for child in self.children():
            yield from child.walk()

    def has(self, interface):
        return 'org.a11y.atspi.' + interface in self.ask('Accessible', 'GetInterfaces')[0]

    def actions(self):
        # What is pressed has a name for people; what windows and views can do has that of its GAction.
        found = self.ask('Action', 'GetActions')[0] if self.has('Action') else []
        return [name.lower() for name, _, _ in found]

    def do(self, number):
        return self.ask('Action', 'DoAction', GLib.Variant('(i)', (number,)))[0]

    def write(self, text):
        return self.ask('EditableText', 'SetTextContents', GLib.Variant('(s)', (text,)))[0]

    @classmethod
    def of_process(cls, pid):
        """The application of the process, if it has told the registry of itself."""
        registry = Node('org.a11y.atspi.Registry', '/org/a11y/atspi/accessible/root')
        for sender, path in registry.ask('Accessible', 'GetChildren')[0]:
            owner = cls.call('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                             'GetConnectionUnixProcessID', GLib.Variant('(s)', (sender,)))[0]
            if owner == pid:
                return Node(sender, path)
        return None


# The screen may not be there yet when the first window is.
until(lambda: run('xdotool', 'getdisplaygeometry'), 'the screen')


class Control:
    """Speaks to the testbed, see tests/testbed/README.md."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(os.environ['DBR_TEST_CONTROL'])
        self._lines = self._socket.makefile('rw')

    def tell(self, line):
        print(line, file=self._lines, flush=True)
        answer = self._lines.readline().strip()
        if not answer.startswith('ok'):
            raise AssertionError(f'{line}: {answer}')
        return answer[3:]


class Applet:
    """One run of it, with settings of its own."""

    def __init__(self, services=(), settings='', env=None, arguments=(), width=1000, height=700,
                 is_seen=True, scale=1):
        self.folder = tempfile.mkdtemp(prefix='dbr-health-')
        self.settings = os.path.join(self.folder, 'config', 'dbr-health', 'settings.ini')
        self.log = os.path.join(self.folder, 'log')
        self.env = {**os.environ, 'XDG_CONFIG_HOME': os.path.join(self.folder, 'config'),
                    'XDG_CACHE_HOME': os.path.join(self.folder, 'cache'), **(env or {})}
        self.arguments = arguments
        self.is_seen = is_seen and '--background' not in arguments
        self.process = None
        os.makedirs(os.path.dirname(self.settings))
        os.makedirs(os.path.join(self.folder, 'config', 'gtk-4.0'))
        with open(os.path.join(self.folder, 'config', 'gtk-4.0', 'settings.ini'), 'w',
                  encoding='utf-8') as file:
            file.write('[Settings]\ngtk-font-name=Sans 11\n')
        # As a screen tells of large text, where no desktop does.
        self.env['XENVIRONMENT'] = os.path.join(self.folder, 'resources')
        with open(self.env['XENVIRONMENT'], 'w', encoding='utf-8') as file:
            file.write(f'Xft.dpi: {96 * scale:.0f}\n')
        with open(self.settings, 'w', encoding='utf-8') as file:
            file.write(f'[watch]\nservices={";".join(services)}\ninterval-ms=1000\n{settings}\n'
                       f'[window]\nwidth={width}\nheight={height}\n')

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, fault, *_):
        if fault:
            self.tell_all()
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        with open(self.log, 'a', encoding='utf-8') as log:
            self.process = subprocess.Popen([os.environ['DBR_HEALTH'], *self.arguments],
                                            env=self.env, stderr=log)
        if self.is_seen:
            until(self.window, 'a window')

    def end(self):
        self.process.terminate()
        self.process.wait()

    def tell_all(self):
        """For who reads why a test failed: what was there to be seen."""
        self.shoot('failed')
        try:
            application = self.application()
            for node in application.walk() if application else ():
                states = [name for name, state in [('checked', CHECKED), ('sensitive', SENSITIVE)]
                          if node.is_in(state)]
                print('#', node.role, repr(node.name), *states)
        except GLib.Error as error:
            print('#', error.message)
        with open(self.log, encoding='utf-8') as log:
            for line in log:
                print('#', line.rstrip())

    def complaints(self):
        """What GLib and GTK found to be wrong."""
        with open(self.log, encoding='utf-8') as log:
            return [line for line in log if 'CRITICAL' in line or 'WARNING' in line]

    def run(self, *arguments):
        """A second one, which hands on what it was asked to the first."""
        subprocess.run([os.environ['DBR_HEALTH'], *arguments], env=self.env, check=True, timeout=PATIENCE_S)

    def application(self):
        try:
            return Node.of_process(self.process.pid)
        except GLib.Error:
            return None

    def window(self, name='D-Bus Health'):
        if self.process.poll() is not None:
            with open(self.log, encoding='utf-8') as log:
                raise AssertionError(f'it has ended with {self.process.returncode}: {log.read()}')
        application = self.application()
        try:
            for child in application.children() if application else ():
                if child.name == name:
                    return child
        except GLib.Error:
            # It is gone, or has just begun.
            pass
        return None

    def act(self, action, where=None):
        """What a menu or a key would do."""
        def do():
            try:
                for node in (where or self.window()).walk():
                    actions = node.actions()
                    if action in actions:
                        return node.do(actions.index(action))
            except GLib.Error:
                pass
            return False
        until(do, f'the action {action}')

    def switch(self, name, window='D-Bus Health'):
        """Turns a switch over, and says what it is then."""
        node = until(lambda: self.find('switch', name, window), f'a switch “{name}”')
        was_on = node.is_in(CHECKED)
        self.act('toggle', node)
        until(lambda: node.is_in(CHECKED) != was_on, f'the switch “{name}” to turn over')
        return not was_on

    def press(self, name, role='button', window='D-Bus Health'):
        def find():
            node = self.find(role, name, window)
            try:
                return node if node and node.is_shown() else None
            except GLib.Error:
                return None
        self.act('click', until(find, f'a {role} “{name}”'))

    def find(self, role, name, window='D-Bus Health', inside=None):
        """The first of this role whose name fits: a text, or what is asked of one.

        Pages that are hidden are walked through as well, so `inside` may name the list that is meant.
        """
        fits = name if callable(name) else lambda text: text == name
        try:
            frame = self.find('list', inside, window) if inside else self.window(window)
            for node in frame.walk() if frame else ():
                if node.role == role and fits(node.name):
                    return node
        except GLib.Error:
            # What is walked through changes meanwhile.
            pass
        return None

    def see(self, name, role='label', window='D-Bus Health'):
        """Waits until it is there, and returns its text."""
        node = until(lambda: self.find(role, name, window), f'a {role} {name if isinstance(name, str) else ""}')
        return node.name

    def see_text(self, part, role='label', window='D-Bus Health', inside=None):
        return until(lambda: self.find(role, lambda text: part in text, window, inside),
                     f'a {role} with “{part}”').name

    def see_setting(self, line):
        """Waits until it is kept for the next time."""
        def is_there():
            try:
                with open(self.settings, encoding='utf-8') as file:
                    return line in file.read().splitlines()
            except FileNotFoundError:
                return False
        until(is_there, line)

    def see_no_text(self, part, role='label', inside=None):
        until(lambda: not self.find(role, lambda text: part in text, inside=inside),
              f'the end of “{part}”')

    def write(self, where, text, window='D-Bus Health'):
        entry = until(lambda: self.find('search box', where, window), f'the entry “{where}”')
        next(node for node in entry.walk() if node.has('EditableText')).write(text)

    def go(self, page):
        self.press(page, role='tab')

    def dialogs(self, title):
        """Those of GTK itself, which AT-SPI has no name of."""
        return run('xdotool', 'search', '--onlyvisible', '--name', title)

    def type(self, keys, window=None):
        """On the keyboard, into this window, or the newest one."""
        ids = run('xdotool', 'search', '--onlyvisible', '--pid', str(self.process.pid))
        run('xdotool', 'windowfocus', '--sync', window or ids[-1])
        run('xdotool', 'key', '--clearmodifiers', *keys)

    def shoot(self, name):
        if SHOTS:
            # Until what was changed is drawn.
            time.sleep(1)
            subprocess.run(['import', '-window', 'root', os.path.join(SHOTS, name + '.png')], check=True)

    def size(self):
        ids = run('xdotool', 'search', '--onlyvisible', '--pid', str(self.process.pid))
        lines = run('xdotool', 'getwindowgeometry', '--shell', ids[-1])
        values = dict(line.split('=') for line in lines)
        return int(values['WIDTH']), int(values['HEIGHT'])

    def cpu_seconds(self):
        with open(f'/proc/{self.process.pid}/stat', encoding='utf-8') as file:
            fields = file.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.control = Control()
