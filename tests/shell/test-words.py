#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Command lines that nobody would type, of every word of dbrctl: each is understood or refused."""

import json
import os
import random
import re
import subprocess
import unittest

import dbrctl
import tap

N_LINES = 200
NO_BUS = {'DBUS_SESSION_BUS_ADDRESS': dbrctl.NOWHERE, 'DBUS_SYSTEM_BUS_ADDRESS': dbrctl.NOWHERE}

NUMBERS = ['0', '1', '-1', '7', '100', '2147483647', '2147483648', '-2147483649',
           '99999999999999999999', '1e3', '0x10', ' 7', '7 ', '1.5', '', 'NaN', '٣']
TEXTS = ['', ' ', '-', '--', '---', '=', '%s%n', 'org.bluez', 'org.a', '.', ':1.7', 'a' * 300,
         'org.' + 'a' * 252, 'list', 'watch', 'status', 'start', 'hci0', '00:AA:01:00:00:42',
         'device', 'device,adapter', 'device,,', ',', 'system-restart', '/', '/a:b.c', 'dbus.service',
         'dbus', 'text', 'openmetrics', 'héllo', '\x1b[2J\x07', '\u202egnp', 'a\nb',
         b'\xff\xfe', b'org.\xc3', b'\xe2\x80']


def help_of(word):
    """What its help says."""
    return dbrctl.run(word, '--help', status=0).stdout


def options_of(word):
    """Each option of it and the name of its value, '' if it has none."""
    return re.findall(r'--([a-z-]+)(?:=(\S+))?', help_of(word).partition('Options:\n')[2])


class Lines:
    """What is drawn follows from one seed."""

    def __init__(self, seed):
        self.drawn = random.Random(seed)
        listed = dbrctl.run('--help', status=0).stdout.partition('Words:\n')[2]
        # The demo has a bus of its own, and plays for a while.
        self.words = [word for word in re.findall(r'^  (\w+) {2,}', listed, re.M) if word != 'demo']
        self.options = {word: options_of(word) for word in self.words}

    def draw_value(self, kind):
        """For an option; nothing is written where there is a folder for it."""
        if kind == 'FILE':
            return '/nonexistent/' + self.drawn.choice(['a', 'é', '%s', 'a' * 300])
        if kind == 'ADDRESS':
            return self.drawn.choice([dbrctl.NOWHERE, '', 'x', 'unix:', 'unix:path=', ';', 'unix:%'])
        return self.drawn.choice(NUMBERS if self.drawn.random() < 0.6 else TEXTS)

    def draw_option(self, word):
        """One or two arguments."""
        name, kind = self.drawn.choice(self.options[word])
        if not kind:
            return [f'--{name}']
        value = self.draw_value(kind)
        if isinstance(value, bytes):
            return [f'--{name}', value]
        return self.drawn.choice([[f'--{name}={value}'], [f'--{name}', value]])

    def draw(self):
        """The arguments of one command line."""
        word = self.drawn.choice(self.words)
        rest = []
        for _ in range(self.drawn.randrange(6)):
            rest += self.draw_option(word) if self.drawn.random() < 0.5 else [
                self.drawn.choice(TEXTS)]
        return [word, *rest]


class Words(unittest.TestCase):
    def check(self, arguments):
        """That it ends by itself, and says what a person and a program can read."""
        done = subprocess.run([dbrctl.PROGRAM, *arguments], env={**os.environ, **NO_BUS},
                              stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=dbrctl.PATIENCE_S)
        self.assertIn(done.returncode, range(4), done.stderr)
        told, complained = done.stdout.decode(), done.stderr.decode()
        for text in (told, complained):
            self.assertTrue(all(sign == '\n' or sign.isprintable() for sign in text), text)
        if done.returncode == 2:
            self.assertEqual(told, '')
            self.assertNotEqual(complained.splitlines()[0].strip(), '')
        elif done.returncode and '--json' in arguments and told:
            self.assertEqual(dbrctl.check(json.loads(told))['status'], done.returncode)

    def test_drawn(self):
        """words: whatever is typed, each word ends with its status and says why"""
        seed = int(os.environ.get('DBR_TEST_SEED', '0')) or random.randrange(1, 2**31)
        print(f'# DBR_TEST_SEED={seed}', flush=True)
        lines = Lines(seed)
        self.assertGreater(len(lines.words), 8)
        for _ in range(N_LINES):
            arguments = lines.draw()
            try:
                self.check(arguments)
            except Exception:
                print(f'# {arguments}', flush=True)
                raise


if __name__ == '__main__':
    tap.main()
