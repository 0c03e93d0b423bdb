#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Each language of po/LINGUAS has each text that a person may read, and no guesses.

Usage: translations.py [ROOT]

The template is made anew, so that what was added to the sources yesterday is missing today;
`ninja libdbr-update-po` takes it into the files. What stands in braces, and what printf replaces,
is the same in all languages. The head says whether a native reader has checked it.
"""

import os
import re
import subprocess
import sys
import tempfile

import tree

# As meson's preset "glib" has them
XGETTEXT = [
    'xgettext', '--from-code=UTF-8', '--add-comments', '--keyword=_', '--keyword=N_',
    '--keyword=C_:1c,2', '--keyword=NC_:1c,2', '--keyword=g_dcgettext:2',
    '--keyword=g_dngettext:2,3', '--keyword=g_dpgettext2:2c,3', '--flag=N_:1:pass-c-format',
    '--flag=C_:2:pass-c-format', '--flag=NC_:2:pass-c-format', '--flag=g_dngettext:2:pass-c-format',
    '--flag=g_strdup_printf:1:c-format', '--flag=g_string_printf:2:c-format',
    '--flag=g_string_append_printf:2:c-format', '--flag=g_error_new:3:c-format',
    '--flag=g_set_error:4:c-format',
]
LINE = re.compile(r'^(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)?\s*"(.*)"$')
HELD = re.compile(r'\{\w+\}')


class Entry:
    """A text with its translations: flags, key (context and text) and strings."""

    def __init__(self, lines):
        self.flags = {flag.strip() for line in lines if line.startswith('#,')
                      for flag in line[2:].split(',')}
        parts, name = {}, ''
        for line in lines:
            found = LINE.match(line)
            if found:
                name = found[1] or name
                parts[name] = parts.get(name, '') + found[2]
        self.context = parts.pop('msgctxt', '')
        self.text = parts.pop('msgid', '')
        self.plural = parts.pop('msgid_plural', '')
        self.strings = list(parts.values())
        self.key = (self.context, self.text)

    def fault(self):
        """What is wrong with it, or an empty string."""
        if not all(self.strings):
            return 'is not translated'
        if 'fuzzy' in self.flags:
            return 'is only guessed'
        held = set(HELD.findall(self.text))
        if any(set(HELD.findall(string)) != held for string in self.strings):
            return f'has not the same in braces: {" ".join(sorted(held)) or "nothing"}'
        return ''


def load(text):
    """Yields the entries of a file, the head first."""
    for block in re.split(r'\n\s*\n', text):
        lines = [line for line in block.splitlines() if not line.startswith('#~')]
        if any(line.startswith('msgid') for line in lines):
            yield Entry(lines)


def make_template(root):
    files = [line for line in tree.read(root, 'po/POTFILES.in').splitlines()
             if line and not line.startswith('#')]
    done = subprocess.run([*XGETTEXT, '--output=-', *files], cwd=root, text=True, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env={**os.environ, 'GETTEXTDATADIRS': os.path.join(root, 'po')})
    return done.stdout


def check(root, language, template):
    path = f'po/{language}.po'
    if not os.path.exists(os.path.join(root, path)):
        yield f'{path}: is not there'
        return
    text = tree.read(root, path)
    head, *entries = load(text)
    there = {entry.key: entry for entry in entries}
    for key, wanted in template.items():
        entry = there.pop(key, None)
        fault = entry.fault() if entry and entry.plural == wanted.plural else 'is not translated'
        if fault:
            yield f'{path}: "{wanted.text}" {fault}'
    for _context, gone in there:
        yield f'{path}: "{gone}" is in no source any more'
    if '\n#~' in text:
        yield f'{path}: keeps texts that are in no source any more'
    if not re.search('native reader', '\n'.join(re.findall(r'^#.*', text, re.M)[:12])):
        yield f'{path}:1: does not say whether a native reader has checked it'
    if 'Plural-Forms: nplurals=' not in ''.join(head.strings):
        yield f'{path}:1: has no plural forms'
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(['msgfmt', '--check', '--output-file', f'{folder}/a.mo', path],
                              cwd=root, text=True, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    if done.returncode != 0:
        yield from done.stdout.splitlines()


def main(root):
    languages = tree.read(root, 'po/LINGUAS').split()
    template = {entry.key: entry for entry in list(load(make_template(root)))[1:]}
    faults = [] if template else ['po/POTFILES.in: has no text']
    # xgettext ends where a macro begins, and at runtime nobody finds the half of a text.
    faults += [f'po/POTFILES.in: "{text}" is cut by a macro' for _context, text in template
               if re.search(r'(?<!%)(?:%%)*%$', text)]
    if languages != sorted(languages):
        faults.append('po/LINGUAS:1: is not sorted')
    faults += [fault for language in languages for fault in check(root, language, template)]
    tree.verdict(faults)


if __name__ == '__main__':
    main(*(sys.argv[1:] or [tree.ROOT]))
