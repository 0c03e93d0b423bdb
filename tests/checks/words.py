#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""No file speaks of one machine's folders, or of work that is left undone.

Usage: words.py [ROOT]
"""

import re
import sys

import tree

# Spelt so that this file itself does not hold them. PyGObject's folder of types is called gi-…s.
UNWANTED = {
    'left undone': re.compile(r'\b(?:TO[D]O|FIX[M]E|X[X]X|(?<!gi-)[Ss]t[u]b(?:s|bed)?)\b'),
    "a folder of somebody's machine": re.compile(
        r'(?<![\w.*})])/(?:home|root|work)/|\.\./share[d]\b'),
    'a package registry': re.compile(
        r'\b(?:deb\.debia[n]|archive\.ubunt[u]|pypi\.or[g]|npmjs\.(?:or[g]|co[m])|crates\.i[o])\b'),
}


def main(root):
    tree.verdict([
        f'{path}:{tree.line_of(text, found.start())}: "{found[0]}" is {what}'
        for path in tree.walk(root) if path != 'COPYING'
        for text in [tree.read(root, path)]
        for what, pattern in UNWANTED.items()
        for found in pattern.finditer(text)])


if __name__ == '__main__':
    main(*(sys.argv[1:] or [tree.ROOT]))
