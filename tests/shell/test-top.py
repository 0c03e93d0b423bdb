#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""dbrctl top in terminals of several sizes, with many services and with none, until it is ended."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import unicodedata
import unittest

import dbrctl
import tap

PLAYER = 'org.example.Player'
# By their names, of a hundred
FIRST, LAST = 'org.example.Service1', 'org.example.Service99'
HERE = ('--address', os.environ['DBR_TEST_ADDRESS'])
QUICK = ('--interval-ms', '200')
SIZES = ((80, 24), (40, 10), (200, 60))
HEADER = re.compile(r'\d\d:\d\d:\d\d  The bus, ')
HINT = 'q ends'
BARS = '▁▂▃▄▅▆▇█'


def width(line):
    """In columns."""
    return sum(2 if unicodedata.east_asian_width(char) in 'WF' else 1 for char in line)


class Tmux:
    """A terminal that is looked at as a person does: its screen, not what was written to it."""

    count = 0

    def __init__(self, columns, rows, *arguments):
        Tmux.count += 1
        self.socket = f'dbrctl-{os.getpid()}-{self.count}'
        self.ask('-f', '/dev/null', 'new-session', '-d', '-x', str(columns), '-y', str(rows), 'sh')
        self.ask('set-option', '-g', 'status', 'off')
        self.resize(columns, rows)
        self.type('PS1="ready> "; stty -g | cksum')
        self.before = dbrctl.wait_until(self.read_settings)
        self.type('clear')
        self.type(shlex.join([dbrctl.PROGRAM, 'top', *HERE, *QUICK, *arguments])
                  + '; echo status=$?; stty -g | cksum')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ask('kill-server')

    def ask(self, *arguments):
        done = subprocess.run(['tmux', '-u', '-L', self.socket, *arguments], text=True, check=True,
                              capture_output=True, timeout=dbrctl.PATIENCE_S)
        return done.stdout

    def type(self, text):
        self.ask('send-keys', '-l', text)
        self.ask('send-keys', 'Enter')

    def press(self, key):
        self.ask('send-keys', key)

    def press_and_look(self, key, name):
        """Whether the service is among those that are shown then."""
        self.press(key)
        return any(line.startswith(f'{name} ') for line in self.look())

    def resize(self, columns, rows):
        self.ask('resize-window', '-x', str(columns), '-y', str(rows))

    def look(self):
        return self.ask('capture-pane', '-p').split('\n')[:-1]

    def read_settings(self):
        """The sum of what stty -g has said last; all of that would not fit into a line.

        What is typed before the shell is there stands above its first prompt, and so the sum behind it.
        """
        found = re.findall(r'\b(\d+ \d+)$(?=.*^ready>)', '\n'.join(self.look()), re.M | re.S)
        return found[-1] if found else None

    def wait_for(self, holds):
        """The screen for which it holds."""
        return dbrctl.wait_until(lambda: [lines for lines in [self.look()] if holds(lines)])[0]

    def wait_for_end(self, status):
        """The terminal is as before, with what stood there."""
        text = '\n'.join(self.wait_for(lambda lines: re.search(r'status=\d', '\n'.join(lines))
                                       and self.read_settings()))
        if f'status={status}' not in text or HINT in text:
            raise AssertionError(f'it left this behind: {text}')
        if self.read_settings() != self.before:
            raise AssertionError('the settings of the terminal have changed')
        if self.ask('display-message', '-p', '#{alternate_on} #{cursor_flag}').strip() != '0 1':
            raise AssertionError('the other screen was not left')

    def find_program(self):
        """The process that runs in it."""
        shell = self.ask('display-message', '-p', '#{pane_pid}').strip()
        found = subprocess.run(['pgrep', '-P', shell, 'dbrctl'], text=True, check=False,
                               capture_output=True)
        return int(found.stdout) if found.stdout else None


@contextlib.contextmanager
def services(number):
    """That many on the bus, the player among them if there are any."""
    names = [f'org.example.Service{i}' for i in range(1, number)]
    for name in names:
        dbrctl.tell(f'peer {PLAYER} tell own {name}')
    if number == 0:
        dbrctl.tell(f'peer {PLAYER} tell drop {PLAYER}')
    try:
        yield
    finally:
        for name in names:
            dbrctl.tell(f'peer {PLAYER} tell drop {name}')
        if number == 0:
            dbrctl.tell(f'peer {PLAYER} tell own {PLAYER}')


def is_drawn(columns, rows, number=1):
    """Whether a screen has its header, its titles, its hint, and as many services as there are or
    have room, and nothing too wide."""
    def check(lines):
        shown = sum(line.startswith('org.example.') for line in lines[1:-1])
        begin = r'Service +State +Latency' if number else r'There is no service on this bus'
        return (len(lines) == rows and HEADER.match(lines[0]) and re.match(begin, lines[1])
                and lines[-1].startswith(HINT) and all(width(line) <= columns for line in lines)
                and shown >= min(number, rows - 3 - rows // 3) and bool(shown) == bool(number))
    return check


@unittest.skipUnless(shutil.which('tmux'), 'there is no tmux')
class Top(unittest.TestCase):
    def test_sizes(self):
        """top: it fits into each terminal, with no service, one, and a hundred, and when resized"""
        for number in (0, 1, 100):
            with services(number), Tmux(*SIZES[0]) as tmux:
                for columns, rows in (*SIZES, SIZES[0]):
                    tmux.resize(columns, rows)
                    tmux.wait_for(is_drawn(columns, rows, number))
                tmux.press('q')
                tmux.wait_for_end(0)

    def test_columns(self):
        """top: what has no room is left out, and history and circuit show where there is"""
        with Tmux(200, 60) as tmux:
            lines = tmux.wait_for(lambda lines: any('healthy' in line and set(line) & set(BARS)
                                                    for line in lines))
            for title in ('Service', 'State', 'Latency', 'Of late', 'Rate', 'Circuit', 'Lost',
                          'Restarts'):
                self.assertIn(title, lines[1])
            tmux.resize(40, 10)
            tmux.wait_for(lambda lines: lines[1].split() == ['Service', 'State', 'Latency'])

    def test_stalled(self):
        """top: a service that hangs comes first, and what happened is told below"""
        with services(20), Tmux(80, 24, PLAYER, 'org.example.Alive') as tmux:
            tmux.wait_for(lambda lines: 'absent' in '\n'.join(lines))
            dbrctl.tell(f'peer {PLAYER} stop')
            try:
                lines = tmux.wait_for(lambda lines: lines[2].startswith(PLAYER)
                                      and 'frozen' in lines[2] and '×' in lines[2])
                self.assertIn('is stopped', '\n'.join(lines[-4:-1]))
                self.assertIn('1 not well', lines[0])
            finally:
                dbrctl.tell(f'peer {PLAYER} cont')

    def test_scrolling(self):
        """top: keys reach every service"""
        with services(100), Tmux(80, 24) as tmux:
            tmux.wait_for(is_drawn(80, 24))
            # Who is slow just now stands first: so a key is pressed until it has got there.
            for key, name in (('End', LAST), ('Home', FIRST), ('NPage', LAST), ('PPage', FIRST)):
                dbrctl.wait_until(lambda: tmux.press_and_look(key, name))

    def test_ends(self):
        """top: however it is ended, the terminal is as it was"""
        for end in ('q', 'C-c', signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with Tmux(80, 24) as tmux:
                tmux.wait_for(is_drawn(80, 24))
                if isinstance(end, str):
                    tmux.press(end)
                else:
                    os.kill(tmux.find_program(), end)
                tmux.wait_for_end(0)

    def test_killed(self):
        """top: killed in the worst way it leaves no process and no file"""
        with Tmux(80, 24) as tmux:
            tmux.wait_for(is_drawn(80, 24))
            os.kill(tmux.find_program(), signal.SIGKILL)
            dbrctl.wait_until(lambda: tmux.find_program() is None)

    def test_new_services(self):
        """top: a service that comes later is shown too"""
        with Tmux(80, 24) as tmux:
            tmux.wait_for(lambda lines: PLAYER in '\n'.join(lines))
            with services(2):
                tmux.wait_for(lambda lines: 'org.example.Service1' in '\n'.join(lines))

    def test_programs(self):
        """top: programs get an object a line, and who has no terminal is told what to do"""
        with dbrctl.Live('top', *HERE, *QUICK, '--json') as live:
            told = live.read_json(lambda told: told['services'][0]['state'] == 'healthy')
            self.assertEqual([service['name'] for service in told['services']], [PLAYER])
            self.assertEqual(live.end(), 0)
        done = dbrctl.run('top', *HERE, status=2)
        self.assertIn('dbrctl monitor', done.stderr)
        dbrctl.run('top', '--json', '--address', dbrctl.NOWHERE, status=3)
        dbrctl.run('top', '--json', '--interval-ms', '1', status=2)


if __name__ == '__main__':
    tap.main()
