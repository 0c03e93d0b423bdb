#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The library and its tests build without a warning, and without what only the languages need.

Usage: werror.py ROOT BUILD-FOLDER COMPILER

BUILD-FOLDER is kept, so that the next run compiles only what changed.
"""

import os
import shutil
import subprocess
import sys


def main(root, build, compiler):
    if not os.path.exists(os.path.join(build, 'build.ninja')):
        shutil.rmtree(build, ignore_errors=True)
        subprocess.run(['meson', 'setup', '--werror', '-Dintrospection=disabled', '-Dvapi=disabled',
                        '-Ddocumentation=disabled', build, root],
                       env={**os.environ, 'CC': compiler}, check=True)
    subprocess.run(['ninja', '-C', build, '--quiet'], check=True)


if __name__ == '__main__':
    try:
        main(*sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(str(error))
