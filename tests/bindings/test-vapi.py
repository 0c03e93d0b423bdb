#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The vapi says of each class what the GIR does, and lets out what need not be said.

Usage: test-vapi.py GIR VAPI

What fails here names the line that bindings/vala/Dbr-1.metadata lacks.
"""

import re
import sys
import unittest
import xml.etree.ElementTree as ElementTree

import tap

CORE = '{http://www.gtk.org/introspection/core/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'

CLASS = re.compile(r'^\tpublic (?:sealed |abstract )?(?:class|interface) (\w+)\b.*?\{\n(.*?)^\t\}', re.M | re.S)
PROPERTY = re.compile(r'^\t\tpublic (?:\w+ )?([\w.<>\[\]]+\??(?:\[\]\??)?) @?(\w+) \{', re.M)
METHOD = re.compile(r'^\t\tpublic (?:async )?(?:unowned )?[\w.<>\[\]?]+ @?(\w+_(?:async|sync)) \((.*)\)', re.M)


def find(node, *tags):
    return [child for child in node if child.tag in [CORE + tag for tag in tags]]


class Vapi(unittest.TestCase):
    def setUp(self):
        self.classes = {node.get('name'): node for node in find(
            ElementTree.parse(GIR).getroot().find(CORE + 'namespace'), 'class', 'interface')}
        with open(VAPI, encoding='utf-8') as file:
            self.bodies = dict(CLASS.findall(file.read()))

    def test_classes(self):
        """vapi: has each class"""
        self.assertEqual(set(self.bodies), set(self.classes))

    def test_nullable(self):
        """vapi: a property may be null where its getter may"""
        lacking, n_seen = [], 0
        for name, node in self.classes.items():
            shown = {found[1]: found[0] for found in PROPERTY.findall(self.bodies[name])}
            for method in find(node, 'method'):
                prop = (method.get(GLIB + 'get-property') or '').replace('-', '_')
                if method.find(CORE + 'return-value').get('nullable') == '1' and prop:
                    n_seen += 1
                    if not shown[prop].endswith('?'):
                        lacking.append(f'{name}.{prop}#property nullable')
        self.assertEqual(lacking, [])
        self.assertGreater(n_seen, 20)

    def test_left_out(self):
        """vapi: cancellables, limits and what else is last and may be null can be left out"""
        lacking, n_seen = [], 0
        for name, body in self.bodies.items():
            for method, text in METHOD.findall(body):
                for parameter in reversed(re.split(r', (?=[\w\[(])', text)):
                    optional = '?' in parameter.split(' ')[0] or parameter.startswith('uint timeout_ms')
                    if '=' not in parameter and optional:
                        lacking.append(f'{name}.{method}.{parameter.split()[-1]} default=…')
                    n_seen += '=' in parameter
                    if not optional:
                        break
        self.assertEqual(lacking, [])
        self.assertGreater(n_seen, 40)

    def test_hidden(self):
        """vapi: has nothing that is for other languages"""
        with open(VAPI, encoding='utf-8') as file:
            self.assertFalse('binding_' in file.read())


if __name__ == '__main__':
    GIR, VAPI = sys.argv[1:3]
    tap.main()
