#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""uncrustify, with .uncrustify.cfg, leaves every C file as it is.

Usage: format.py [--fix] [ROOT]
"""

import difflib
import os
import re
import subprocess
import sys

import tree


def main(root, fix=False):
    version = subprocess.run(['uncrustify', '--version'], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.strip()
    if not re.search(r'[-_ ]0\.72\b', version):
        print(f'0.72 is the uncrustify that decides, and here is {version}')
        sys.exit(77)
    faults = []
    for path in tree.walk(root):
        if not path.endswith(('.c', '.h', '.h.in')):
            continue
        whole = os.path.join(root, path)
        before = tree.read(root, path)
        done = subprocess.run(['uncrustify', '-q', '-l', 'C', '-c',
                               os.path.join(root, '.uncrustify.cfg'), '-f', whole],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors='surrogateescape', check=False)
        if done.returncode != 0:
            faults.append(f'{path}:1: {done.stderr.strip() or "uncrustify cannot read it"}')
        elif done.stdout != before and fix:
            with open(whole, 'w', encoding='utf-8', errors='surrogateescape') as file:
                file.write(done.stdout)
            print(f'{path}: formatted')
        elif done.stdout != before:
            print(*difflib.unified_diff(before.splitlines(), done.stdout.splitlines(),
                                        path, f'{path} as it should be', lineterm=''), sep='\n')
            faults.append(f'{path}: tests/checks/format.py --fix formats it')
    tree.verdict(faults)


if __name__ == '__main__':
    folders = [argument for argument in sys.argv[1:] if argument != '--fix']
    main(folders[0] if folders else tree.ROOT, '--fix' in sys.argv)
