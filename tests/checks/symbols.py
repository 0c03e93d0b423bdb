#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the library exports, what its GIR describes and what symbols.txt lists are the same, and
everything in the GIR says since which version it is there.

Usage: symbols.py GIR LIBRARY [LIST]
       symbols.py --update [BUILD-FOLDER]    writes the list anew, from what _build holds
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import tree

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'
LIST = os.path.join(tree.ROOT, 'tests', 'checks', 'symbols.txt')

CALLABLE = {CORE + tag for tag in ('function', 'method', 'constructor')}
DATED = CALLABLE | {GLIB + 'signal'} | {CORE + tag for tag in (
    'alias', 'bitfield', 'callback', 'class', 'constant', 'enumeration', 'function-macro',
    'interface', 'property', 'record', 'virtual-method')}


def described(gir):
    """The C functions that the GIR tells of, and what in it has no version."""
    functions, undated = set(), []

    def visit(element, owner):
        here = '.'.join(filter(None, (owner, element.get('name') or element.get(GLIB + 'name'))))
        # A class structure is its class's; what it holds is documented there.
        if element.get(GLIB + 'is-gtype-struct-for'):
            return
        if element.tag in CALLABLE:
            functions.add(element.get(C + 'identifier'))
        if element.get(GLIB + 'get-type', 'intern') != 'intern':
            functions.add(element.get(GLIB + 'get-type'))
        if element.tag in DATED and not re.fullmatch(r'\d+\.\d+', element.get('version', '')):
            undated.append(f'{gir}: {element.get(C + "identifier") or here} has no "Since:"')
        for child in element:
            visit(child, here)

    for element in ET.parse(gir).getroot().find(CORE + 'namespace'):
        visit(element, '')
    return functions, undated


def exported(library):
    lines = subprocess.run(['nm', '--dynamic', '--defined-only', '--format=posix', library],
                           stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return {line.split()[0].split('@')[0] for line in lines} - {'_init', '_fini'}


def main(gir, library, listed=LIST):
    inside, faults = described(gir)
    outside = exported(library)
    known = set(tree.read('/', os.path.abspath(listed)).split())
    for name in sorted(outside - inside):
        faults.append(f'{gir}: {name} is exported and not described')
    for name in sorted(inside - outside):
        faults.append(f'{library}: {name} is described and not exported')
    for name in sorted(outside - known):
        faults.append(f'{listed}: lacks {name}; symbols.py --update writes it')
    for name in sorted(known - outside):
        faults.append(f'{listed}: {name} is gone from the library; programs may have used it')
    tree.verdict(faults)


if __name__ == '__main__':
    if sys.argv[1] == '--update':
        built = sys.argv[2] if len(sys.argv) > 2 else os.path.join(tree.ROOT, '_build')
        with open(LIST, 'w', encoding='utf-8') as file:
            file.writelines(f'{name}\n' for name in
                            sorted(exported(os.path.join(built, 'lib', 'libdbr-1.so'))))
    else:
        main(*sys.argv[1:])
