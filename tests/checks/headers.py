#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Each header compiles alone; the public ones are in the umbrella and know no private one.

Usage: headers.py ROOT BUILD-FOLDER [COMPILER...]
"""

import re
import subprocess
import sys

import tree

UMBRELLA = 'lib/libdbr.h'


def main(root, build, *compiler):
    flags = subprocess.run(['pkg-config', '--cflags', 'gio-2.0', 'gio-unix-2.0'],
                           stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    command = [*(compiler or ['cc']), '-x', 'c', '-std=gnu11', '-fsyntax-only', '-Wall', '-Werror',
               *(f'-I{folder}' for folder in (f'{root}/lib', f'{build}/lib', build)), *flags, '-']

    def complaint(*lines):
        """The first error of the compiler about these lines of C, or nothing."""
        done = subprocess.run(command, input='\n'.join(lines) + '\n', text=True,
                              stderr=subprocess.PIPE, check=False)
        errors = [line for line in done.stderr.splitlines() if 'error:' in line]
        return '' if done.returncode == 0 else errors[0] if errors else done.stderr

    def included(path):
        return path[len('lib/'):].removesuffix('.in')

    headers = [path for path in tree.walk(root)
               if path.startswith('lib/') and path.endswith(('.h', '.h.in')) and path != UMBRELLA]
    private = [path for path in headers if path.endswith('-private.h')]
    public = [path for path in headers if path not in private]
    umbrella = re.findall(r'#\s*include\s*"([^"]+)"', tree.read(root, UMBRELLA))
    faults = []

    for path in public:
        if included(path) not in umbrella:
            faults.append(f'{UMBRELLA}:1: {included(path)} is not in it')
        text = tree.without_comments(tree.read(root, path))
        for found in re.finditer(r'#\s*include\s*"([^"]+-private\.h)"', text):
            faults.append(f'{path}:{tree.line_of(text, found.start())}: '
                          f'a public header must not include {found[1]}')
        include = f'#include "{included(path)}"'
        # Twice, for the guard against double inclusion.
        error = complaint('#define DBR_COMPILATION', include, include)
        if error:
            faults.append(f'{path}:1: does not compile alone: {error}')
        elif 'Only <libdbr.h>' not in complaint(include):
            faults.append(f'{path}:1: can be included without <libdbr.h>')
    for path in private:
        include = f'#include "{included(path)}"'
        error = complaint('#define DBR_COMPILATION', '#include "config.h"', include, include)
        if error:
            faults.append(f'{path}:1: does not compile alone: {error}')
    for name in umbrella:
        if name not in map(included, public):
            faults.append(f'{UMBRELLA}:1: {name} is no public header of lib/')

    backwards = [f'#include "{name}"' for name in reversed(umbrella)]
    for what, lines in (('the umbrella', ['#include <libdbr.h>']),
                        ('the umbrella read backwards', ['#define DBR_INSIDE', *backwards])):
        error = complaint(*lines)
        if error:
            faults.append(f'{UMBRELLA}:1: {what} does not compile: {error}')
    tree.verdict(faults)


if __name__ == '__main__':
    main(*sys.argv[1:])
