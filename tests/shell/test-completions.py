#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the shells complete, and what the man page says, against what the command knows."""

import glob
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
import unittest

import dbrctl
import tap

ROOT = sys.argv[1]
FOLDER = os.path.join(ROOT, 'bindings', 'shell', 'completions')
PLAYER = 'org.example.Player'
ENV = {**os.environ, 'PATH': os.path.dirname(dbrctl.PROGRAM) + ':/usr/bin:/bin', 'LC_ALL': 'C.UTF-8'}


def words():
    listed = dbrctl.run('--help', status=0).stdout.partition('Words:\n')[2]
    return re.findall(r'^  (\w+) {2,}', listed, re.M)


def options(word):
    shown = dbrctl.run(word, '--help', status=0).stdout.partition('Options:\n')[2]
    return re.findall(r'^  (?:-\w, )?(--[a-z-]+)', shown.partition('\n\n')[0], re.M)


class Bash(unittest.TestCase):
    def complete(self, *typed):
        script = (f'source {FOLDER}/dbrctl.bash; COMP_WORDS=(dbrctl "$@"); COMP_CWORD=$#; _dbrctl; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(['bash', '-c', script, 'bash', *typed], env=ENV, text=True, check=True,
                              capture_output=True, timeout=dbrctl.PATIENCE_S)
        self.assertEqual(done.stderr, '')
        return done.stdout.split()

    def test_bash(self):
        """bash: words, options, verbs and names are completed"""
        self.assertEqual(set(self.complete('')) - set(words()), {'help', '--help', '--version'})
        self.assertEqual(self.complete('un'), ['units'])
        for word in words():
            self.assertEqual([option.rstrip('=') for option in self.complete(word, '-')],
                             options(word))
        self.assertEqual(self.complete('units', 'da'), ['daemon-reload'])
        self.assertEqual(self.complete('bluez', 'power', 'c'), ['cycle'])
        self.assertEqual(self.complete('doctor', 'org.exa'), [PLAYER])
        self.assertEqual(self.complete('metrics', '--session', 'org.exa'), [PLAYER])


@unittest.skipUnless(shutil.which('fish'), 'there is no fish')
class Fish(unittest.TestCase):
    def complete(self, line):
        done = subprocess.run(['fish', '--no-config', '-c',
                               f'source {FOLDER}/dbrctl.fish; complete -C $argv[1]', line], env=ENV,
                              text=True, capture_output=True, check=True, timeout=dbrctl.PATIENCE_S)
        return [line.partition('\t')[0] for line in done.stdout.splitlines()]

    def test_fish(self):
        """fish: words, options, verbs and names are completed"""
        self.assertEqual(sorted(self.complete('dbrctl ')), sorted(words()))
        for word in words():
            self.assertEqual(sorted(option.rstrip('=') for option in self.complete(f'dbrctl {word} --')),
                             sorted(options(word)))
        self.assertEqual(self.complete('dbrctl units da'), ['daemon-reload'])
        self.assertEqual(self.complete('dbrctl bluez power c'), ['cycle'])
        self.assertEqual(self.complete('dbrctl doctor org.exa'), [PLAYER])


@unittest.skipUnless(shutil.which('zsh'), 'there is no zsh')
class Zsh(unittest.TestCase):
    def complete(self, line):
        """What stands on the line after the person has pressed Tab."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(shutil.which('zsh'), ['zsh', '-f', '-i'], {**ENV, 'TERM': 'dumb', 'PS1': '> '})
        self.read(fd, '> ')
        os.write(fd, f'fpath=({FOLDER} $fpath); autoload -U compinit; compinit -u -D; '
                     f'bindkey "^I" complete-word; print "ready"-now\n'.encode())
        self.read(fd, 'ready-now')
        os.write(fd, line.encode() + b'\t\x01print -r -- "got: \x05"\n')
        said = self.read(fd, 'got: [^"]*\r\n')
        os.close(fd)
        os.waitpid(pid, 0)
        return re.findall(r'^got: (.*?)\r$', said, re.M)[-1].strip()

    def read(self, fd, pattern):
        said = ''
        end = time.monotonic() + dbrctl.PATIENCE_S
        while not re.search(pattern, said):
            if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f'{pattern} did not come in {said!r}')
            said += os.read(fd, 65536).decode(errors='replace')
        return said

    def test_zsh(self):
        """zsh: words, options, verbs and names are completed"""
        for typed, expected in (
                ('dbrctl un', 'dbrctl units'), ('dbrctl stress --thr', 'dbrctl stress --threads='),
                ('dbrctl units --us', 'dbrctl units --user'),
                ('dbrctl units da', 'dbrctl units daemon-reload'),
                ('dbrctl bluez power c', 'dbrctl bluez power cycle'),
                ('dbrctl doctor org.exa', f'dbrctl doctor {PLAYER}')):
            self.assertEqual(self.complete(typed), expected)


class Manual(unittest.TestCase):
    def test_man_page(self):
        """man page: each word has its section, with each of its options"""
        with open(os.path.join(ROOT, 'doc', 'man', 'dbrctl.1'), encoding='utf-8') as file:
            page = file.read().replace('\\-', '-')
        sections = dict(re.findall(r'^\.SS (\w+).*?\n(.*?)(?=^\.S[SH])', page, re.M | re.S))
        shared = page.partition('.SH COMMON OPTIONS')[2].partition('.SH WORDS')[0]
        for word in words():
            self.assertIn(word, sections)
            for option in options(word):
                self.assertRegex(sections[word] + shared, rf'(?m)^\.BI? (-h, )?{option}(=| |$)',
                                 f'{word} {option} is not in the man page')

    @unittest.skipUnless(shutil.which('groff'), 'there is no groff')
    def test_man_page_is_well(self):
        """man page: nothing in any of them is a mistake to groff"""
        for page in sorted(glob.glob(os.path.join(ROOT, 'doc', 'man', '*.1'))):
            done = subprocess.run(['groff', '-man', '-ww', '-z', '-Tutf8', '-K', 'utf8', page],
                                  text=True, capture_output=True, check=True)
            self.assertEqual(done.stderr, '')


if __name__ == '__main__':
    tap.main()
