#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""po/POTFILES.in lists the files with text to translate, all of them, sorted, and no other.

Usage: potfiles.py [ROOT]
"""

import os
import re
import sys

import tree

LIST = 'po/POTFILES.in'
MARK = re.compile(r"(?<![\w.])(?:_|N_|C_|NC_|Q_|\w*gettext|g_dpgettext2?)\s*\([^()]*?[\"']")
XML = re.compile(r"\btranslatable\s*=\s*[\"'](?:yes|true)|<explain\b")
# Tests and documents speak to developers, in English.
UNTRANSLATED = ('tests/', 'doc/', 'po/', '.ci/')


def has_text(root, path):
    if path.startswith(UNTRANSLATED):
        return False
    if path.endswith(('.c', '.h', '.vala', '.js')):
        return bool(MARK.search(tree.without_comments(tree.read(root, path))))
    if path.endswith('.py') or tree.shebang(root, path).startswith('python'):
        return bool(MARK.search(re.sub(r'^\s*#.*$', '', tree.read(root, path), flags=re.M)))
    if path.endswith(('.xml', '.ui')):
        return bool(XML.search(tree.read(root, path)))
    return path.endswith(('.desktop.in', '.metainfo.xml.in'))


def main(root):
    there = os.path.exists(os.path.join(root, LIST))
    listed = [line for line in (tree.read(root, LIST) if there else '').splitlines()
              if line and not line.startswith('#')]
    marked = [path for path in tree.walk(root) if has_text(root, path)]
    faults = [f'{LIST}: lacks {path}, which has text to translate'
              for path in marked if path not in listed]
    faults += [f'{LIST}:{number}: {path} has no text to translate'
               for number, path in enumerate(listed, 1) if path not in marked]
    if listed != sorted(set(listed)):
        faults.append(f'{LIST}:1: is not sorted, or names a file twice')
    tree.verdict(faults)


if __name__ == '__main__':
    main(*(sys.argv[1:] or [tree.ROOT]))
