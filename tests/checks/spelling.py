#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""aspell knows each word of the pages, of README.md and of NEWS, or spelling.txt does.

Usage: spelling.py [--update] [ROOT]

Code, names of files and links are no words. spelling.txt is sorted and has no word that nobody
writes. --update takes into it what aspell does not know: look at what came, it may be a slip.
"""

import os
import re
import subprocess
import sys

import tree

LIST = 'tests/checks/spelling.txt'
# Blocks, comments, code, targets of links, references to the library, addresses
NO_WORDS = re.compile(r'```.*?```|<!--.*?-->|`[^`\n]*`|\]\([^)]*\)|\[\w+@[^]]*\]'
                      r'|https?://\S+|^\w+: \S+$', re.S | re.M)
# What is one thing though it has points, slashes, underscores or brackets in it
NAME = re.compile(r'\S*[\w)][./_():=]+[\w(]\S*|\S*_\S*|\S+\(\)\S*|--[\w-]+')
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def words_of(text):
    """Yields (line, word) for each word of a page; what is left out keeps its lines."""
    for pattern in (NO_WORDS, NAME):
        text = pattern.sub(lambda match: re.sub(r'[^\n]', ' ', match[0]), text)
    for found in WORD.finditer(text):
        word = found[0].replace('’', "'")
        yield tree.line_of(text, found.start()), word[:-2] if word.endswith("'s") else word


def main(root, update=False):
    there = os.path.exists(os.path.join(root, LIST))
    known = (tree.read(root, LIST) if there else '').split()
    pages = [path for path in tree.walk(root)
             if path in ('README.md', 'doc/NEWS') or re.fullmatch(r'doc/[^/]+\.md', path)]
    seen = {}
    for path in pages:
        for line, word in words_of(tree.read(root, path)):
            seen.setdefault(word, f'{path}:{line}')
    done = subprocess.run(['aspell', 'list', '--lang=en', '--encoding=utf-8', '--ignore-case'],
                          input='\n'.join(seen), text=True, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        tree.verdict(['aspell does not run'])
    unknown = set(done.stdout.split())
    if update:
        with open(os.path.join(root, LIST), 'w', encoding='utf-8') as file:
            file.writelines(f'{word}\n' for word in sorted(unknown))
        return
    faults = [f'{where}: "{word}" is not a word' for word, where in seen.items()
              if word in unknown and word not in known]
    faults += [f'{LIST}:{number}: nobody needs "{word}"' for number, word in enumerate(known, 1)
               if word not in unknown]
    if known != sorted(set(known)):
        faults.append(f'{LIST}:1: is not sorted, or names a word twice')
    tree.verdict(faults)


if __name__ == '__main__':
    arguments = [argument for argument in sys.argv[1:] if argument != '--update']
    main(*(arguments or [tree.ROOT]), update='--update' in sys.argv)
