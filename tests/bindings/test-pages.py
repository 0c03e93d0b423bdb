#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Holds the pages of doc/ and README.md to what they show.

Usage: test-pages.py TESTBED ROOT

A block of Python or shell code after the comment `<!-- run -->` is run, all those of a page in order
and with the same names, beside a bus with a player, and a systemd where a page says
`<!-- with systemd -->`; Python can be typed into one that awaits. A block of text after
`<!-- said -->` is what the one before it printed. Other code is found word for word in an example, a
key file is loaded, links lead somewhere, and tables of limits say what is so.
"""

import ast
import asyncio
import codeop
import glob
import inspect
import os
import re
import subprocess
import sys
import tempfile
import unittest

import tap

BLOCK = re.compile(r'(?:^<!-- (run|said) -->\n+)?^```(\w+)\n(.*?)^```$', re.M | re.S)
LINK = re.compile(r'(?:\[[^]]+\]\(|^\[\w+\]: )([^)#:\n]+)(?:#[^)\n]*)?(?:\)|$)', re.M)
LIMIT = re.compile(r'^\| `(\w+)` \| (\d+) \|', re.M)
EXCERPTS = {'c': '.c', 'js': '.js', 'meson': 'meson.build', 'python': '.py', 'vala': '.vala'}
# These explain no part of the library.
NO_CONCEPT = ('CONTRIBUTING.md', 'further-reading.md')
# Programs, which have tests of their own.
NO_CODE = ('applet.md', 'dbrctl.md')
END_OF_BLOCK = '\f'
PATIENCE_S = 60

BLUEZ = '''
plug hci0 00:AA:01:00:00:00
near 00:AA:01:00:00:42 Watch
'''


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def lines_of(text):
    """The lines without what surrounds them, so that code may be indented otherwise."""
    return [line.strip() for line in text.strip().splitlines()]


def is_excerpt(text, whole):
    part, lines = lines_of(text), lines_of(whole)
    return any(lines[start:start + len(part)] == part
               for start in range(len(lines) - len(part) + 1))


async def play(page):
    """Runs the Python blocks of a page, each with what those before it left."""
    names = {'__name__': '__main__'}
    for marker, language, code in BLOCK.findall(read(page)):
        if marker == 'run' and language == 'python':
            done = eval(compile(code, page, 'exec', ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
            if inspect.iscoroutine(done):
                await done
        if marker == 'run' and language == 'sh':
            subprocess.run(['sh', '-eu', '-c', code], check=True)
        print(end=END_OF_BLOCK, flush=True)


class Pages(unittest.TestCase):
    """Filled below: tests for each page."""

    def run_page(self, page):
        systemd = ['--systemd'] if '<!-- with systemd -->' in read(page) else []
        done = subprocess.run([TESTBED, '--session-limits', *systemd,
                               '--peer', f'org.example.Player={PLAYER}',
                               '--peer-run', f'org.bluez={BLUEZ}', '--',
                               sys.executable, __file__, '--play', page],
                              cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S,
                              check=True)
        if done.stdout.startswith('1..0 # SKIP'):
            self.skipTest(done.stdout[len('1..0 # SKIP'):].strip())
        said = ''
        blocks = BLOCK.findall(read(page))
        for (marker, _language, text), output in zip(blocks, done.stdout.split(END_OF_BLOCK)):
            if marker == 'said':
                self.assertEqual(said, text)
            said = output

    def check_typing(self, page):
        for marker, language, code in BLOCK.findall(read(page)):
            if marker == 'run' and language == 'python':
                self.type_in(code)

    def type_in(self, code):
        """As into an interactive Python, where an empty line ends a block, and nothing else does."""
        compiler = codeop.CommandCompiler()
        compiler.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        typed = []
        for line in [*code.splitlines(), '']:
            typed.append(line)
            if compiler('\n'.join(typed), symbol='single'):
                typed = []
        self.assertEqual(''.join(typed), '', 'it has no end')

    def check_blocks(self, page):
        for marker, language, text in BLOCK.findall(read(page)):
            if marker or language == 'text':
                continue
            if language == 'sh':
                for path in re.findall(r'(?<!\S)\./(\S+)', text):
                    self.assertTrue(os.access(os.path.join(ROOT, path), os.X_OK), path)
            elif language == 'ini':
                self.check_key_file(text)
            else:
                self.assertIn(language, EXCERPTS, 'nothing holds this block to what it shows')
                self.assertTrue(any(is_excerpt(text, read(path)) for path in SOURCES
                                    if path.endswith(EXCERPTS[language])),
                                f'it is in no example:\n{text}')

    def check_key_file(self, text):
        if '[limits]' in text:
            Dbr.Timeouts.new().load_data(text)
            return
        with tempfile.NamedTemporaryFile('w', encoding='utf-8') as file:
            file.write(text)
            file.flush()
            Dbr.AccessPolicy.new(Dbr.AccessTier.CUSTOM).load_file(file.name)

    def check_links(self, page):
        slugs = {match[1] for path in PAGES
                 for match in [re.search(r'^Slug: (\S+)$', read(path), re.M)] if match}
        for target in LINK.findall(re.sub(r'```.*?```', '', read(page), flags=re.S)):
            if target.endswith('.html') and page.startswith(os.path.join(ROOT, 'doc')):
                self.assertIn(target[:-len('.html')], slugs)
            else:
                self.assertTrue(os.path.exists(os.path.join(os.path.dirname(page), target)), target)

    def check_honest(self, page):
        self.assertRegex(read(page), r'(?m)^## What it does not do$')

    def check_scene(self, page):
        self.assertTrue([language for marker, language, _text in BLOCK.findall(read(page))
                         if marker == 'run' or language in EXCERPTS])

    def check_limits(self, page):
        limits = dict(LIMIT.findall(read(page)))
        timeouts = Dbr.Timeouts.new()
        self.assertEqual(set(limits), set(timeouts.dup_operations()))
        for operation, ms in limits.items():
            self.assertEqual(timeouts.get(operation), int(ms), operation)


def add_test(name, check, page, title):
    def test(self):
        getattr(self, check)(page)
    test.__doc__ = f'{os.path.relpath(page, ROOT)}: {title}'
    setattr(Pages, f'test_{name}_{page}', test)


def add_tests():
    for page in PAGES:
        add_test('blocks', 'check_blocks', page, 'its code is run, or that of an example')
        add_test('links', 'check_links', page, 'its links lead somewhere')
        if '<!-- run -->' in read(page):
            add_test('run', 'run_page', page, 'its code does what it says')
            add_test('typing', 'check_typing', page, 'its code can be typed in')
        if page.startswith(os.path.join(ROOT, 'doc')) and os.path.basename(page) not in NO_CONCEPT:
            add_test('honest', 'check_honest', page, 'it says what it does not do')
            if os.path.basename(page) not in NO_CODE:
                add_test('scene', 'check_scene', page, 'it shows a scene that a test plays')
        if LIMIT.search(read(page)):
            add_test('limits', 'check_limits', page, 'its table of limits is the one that ships')


if __name__ == '__main__':
    if sys.argv[1] == '--play':
        asyncio.run(play(sys.argv[2]))
    else:
        import gi
        gi.require_version('Dbr', '1')
        from gi.repository import Dbr

        TESTBED, ROOT = (os.path.abspath(path) for path in sys.argv[1:3])
        PLAYER = os.path.join(ROOT, 'doc', 'examples', 'player.peer')
        PAGES = sorted(glob.glob(os.path.join(ROOT, 'doc', '*.md'))) + [
            os.path.join(ROOT, 'README.md')]
        SOURCES = glob.glob(os.path.join(ROOT, 'doc', 'examples', '*')) + [
            os.path.join(ROOT, 'tests', 'checks', 'consumer', 'meson.build')]
        add_tests()
        tap.main()
