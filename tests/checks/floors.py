#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A folder of lib/ knows its own floor and those below it, and what belongs to one stays there.

Usage: floors.py [ROOT]
"""

import os
import re
import sys

import tree

FLOORS = {
    'base': 1,
    'policy': 2, 'metrics': 2,
    'bus': 3,
    'monitor': 4,
    'notify': 5, 'recovery': 5,
}
# What only one folder may name: the calls of a connection, and a library that blocks its caller.
ONLY_IN = {
    'bus': re.compile(r'\bg_dbus_connection_\w+'),
    'notify': re.compile(r'\bnotify_(?:init|uninit|notification|get)_?\w*|<libnotify/'),
}
SERVICE = re.compile(r'(?<![\w.])(?:org|com|net|io|ca|de|fi|uk)[./][A-Za-z_][\w-]*(?:[./][\w-]+)*')
# The bus itself, GDBus's way to spell a remote error, and our own names.
NO_SERVICE = re.compile(r'org[./]freedesktop[./]DBus|org[./]gtk[./]GDBus|.*dbr', re.I)


def faults_of(root, path):
    # A folder may have folders of its own, for one part of it each; they are on its floor.
    folder = path.split('/')[1] if path.count('/') >= 2 else ''
    if path.count('/') > 3 or (folder and folder not in FLOORS):
        yield f'{path}:1: this folder of lib/ is on no floor'
        return
    text = tree.read(root, path)
    code = tree.without_comments(text)
    for found in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', code, re.M):
        line, name = tree.line_of(code, found.start()), found[1]
        other = name.split('/')[0]
        if '/' not in name:
            if any(os.path.exists(os.path.join(root, 'lib', floor, name)) for floor in FLOORS):
                yield f'{path}:{line}: "{name}" has to be included with its folder'
        elif other not in FLOORS or name.count('/') > 2:
            yield f'{path}:{line}: "{name}" is in no folder of lib/'
        elif folder and other != folder and FLOORS[other] >= FLOORS[folder]:
            yield f'{path}:{line}: {folder}/ (floor {FLOORS[folder]}) must not know "{name}"'

    bare = tree.without_literals(text)
    for owner, pattern in ONLY_IN.items():
        if folder != owner:
            for found in pattern.finditer(bare):
                yield (f'{path}:{tree.line_of(bare, found.start())}: '
                       f'{found[0]} belongs to lib/{owner}/ only')
    if path.endswith('.c') and FLOORS.get(folder, 9) <= FLOORS['bus']:
        for line, literal in tree.literals(text):
            for found in SERVICE.finditer(literal):
                if not NO_SERVICE.match(found[0]):
                    yield f'{path}:{line}: {folder}/ must not know the service {found[0]}'


def main(root):
    tree.verdict([
        fault
        for path in tree.walk(root) if path.startswith('lib/') and path.endswith(('.c', '.h'))
        for fault in faults_of(root, path)])


if __name__ == '__main__':
    main(*(sys.argv[1:] or [tree.ROOT]))
