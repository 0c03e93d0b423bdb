#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Copies a source file with one expression changed, so that it is wrong.

plant.py FROM TO WAS BECOMES: what WAS there has to be there once and no more, or nobody knows any
longer what is wrong with the copy.
"""

import sys


def main():
    source, copy, was, becomes = sys.argv[1:]
    with open(source, encoding='utf-8') as file:
        text = file.read()
    if text.count(was) != 1:
        sys.exit(f'{source}: “{was}” is in it {text.count(was)} times, and not once')
    with open(copy, 'w', encoding='utf-8') as file:
        file.write(text.replace(was, becomes))


main()
