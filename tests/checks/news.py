#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""doc/NEWS has an entry for the version being built.

Usage: news.py ROOT VERSION
"""

import os
import re
import sys

import tree

NEWS = 'doc/NEWS'


def main(root, version):
    there = os.path.exists(os.path.join(root, NEWS))
    heading = re.search(rf'^(?:#+ *)?(?:libdbr |version )?v?{re.escape(version)}(?![\d.])',
                        tree.read(root, NEWS) if there else '', re.I | re.M)
    tree.verdict([] if heading else [f'{NEWS}:1: no line begins with {version}'])


if __name__ == '__main__':
    main(*sys.argv[1:])
