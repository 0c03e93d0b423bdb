#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Each header compiles alone; the public ones are in the umbrella and know no private one.

Usage: headers.py ROOT BUILD-FOLDER [COMPILER...]
"""

import concurrent.futures
import os
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

    def judge_public(path):
        found = [] if included(path) in umbrella else [f'{UMBRELLA}:1: {included(path)} is not in it']
        text = tree.without_comments(tree.read(root, path))
        for match in re.finditer(r'#\s*include\s*"([^"]+-private\.h)"', text):
            found.append(f'{path}:{tree.line_of(text, match.start())}: '
                         f'a public header must not include {match[1]}')
        include = f'#include "{included(path)}"'
        # Twice, for the guard against double inclusion.
        error = complaint('#define DBR_COMPILATION', include, include)
        if error:
            found.append(f'{path}:1: does not compile alone: {error}')
        elif 'Only <libdbr.h>' not in complaint(include):
            found.append(f'{path}:1: can be included without <libdbr.h>')
        return found

    def judge_private(path):
        include = f'#include "{included(path)}"'
        error = complaint('#define DBR_COMPILATION', '#include "config.h"', include, include)
        return [f'{path}:1: does not compile alone: {error}'] if error else []

    # It is the compiler that takes the time.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for judge, paths in ((judge_public, public), (judge_private, private)):
            for found in pool.map(judge, paths):
                faults.extend(found)
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
