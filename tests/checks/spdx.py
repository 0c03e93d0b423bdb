#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Each source begins with the two lines that say whose it is and under which licence.

Usage: spdx.py [ROOT]
"""

import os
import re
import sys

import tree

SOURCES = ('.c', '.h', '.h.in', '.py', '.js', '.vala', '.metadata', '.sh')
HEAD = re.compile(r'Copyright \d{4}(?:-\d{4})? The libdbr authors\s*?\n'
                  r'[ \t]*(?:#|//|\*)? ?SPDX-License-Identifier: LGPL-2\.1-or-later\b')


def main(root):
    faults = []
    for path in tree.walk(root):
        if (path.endswith(SOURCES) or os.path.basename(path) in ('meson.build', 'meson_options.txt')
                or tree.shebang(root, path)):
            # The head stands first, but for the line that names a script's interpreter.
            if not HEAD.search('\n'.join(tree.read(root, path).split('\n')[:3])):
                faults.append(f'{path}:1: its first lines are not the two of the licence head')
    tree.verdict(faults)


if __name__ == '__main__':
    main(*(sys.argv[1:] or [tree.ROOT]))
