# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the checks share: walking the source tree, and saying what is wrong where."""

import os
import re
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))


def walk(root):
    """Yields the path, relative to root, of each file that belongs to the project."""
    for folder, folders, files in os.walk(root):
        at_top = os.path.samefile(folder, root)
        folders[:] = sorted(
            name for name in folders
            if name not in ('.git', '__pycache__')
            and not (at_top and (name.startswith(('_', 'build')) or name == 'subprojects')))
        for name in sorted(files):
            if not name.endswith(('.pyc', '.gmo')):
                yield os.path.relpath(os.path.join(folder, name), root)


def read(root, path):
    with open(os.path.join(root, path), encoding='utf-8', errors='surrogateescape') as file:
        return file.read()


def shebang(root, path):
    """The interpreter's name of a script, or an empty string."""
    with open(os.path.join(root, path), 'rb') as file:
        line = file.readline(200)
    found = re.match(rb'#!\s*(\S+)(?:\s+(\S+))?', line)
    if not found:
        return ''
    program = found[2] if found[1].endswith(b'/env') and found[2] else found[1]
    return program.decode(errors='replace').rsplit('/', 1)[-1]


# A comment, or a string or character literal; whichever begins first wins.
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def without_comments(text):
    """C source with its comments made blank, so that lines keep their numbers."""
    return TOKEN.sub(lambda m: re.sub(r'[^\n]', ' ', m[0]) if m[0].startswith('/') else m[0], text)


def without_literals(text):
    """C source without comments and with each literal emptied."""
    return TOKEN.sub(lambda m: m[0][0] + ' ' * (len(m[0]) - 2) + m[0][0],
                     without_comments(text))


def literals(text):
    """Yields (line number, contents) of each string literal of C source."""
    text = without_comments(text)
    for found in TOKEN.finditer(text):
        if found[0].startswith('"'):
            yield line_of(text, found.start()), found[0][1:-1]


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


def verdict(faults):
    """Prints the faults and ends the program accordingly."""
    for fault in faults:
        print(fault)
    if faults:
        print(f'{len(faults)} to mend')
    sys.exit(1 if faults else 0)
