#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The type declarations say what the module has, and mypy finds nothing in them.

Usage: test-typings.py DBR.pyi STAND-INS PROGRAM
"""

import ast
import importlib.util
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr

# What mypy has to find wrong, each with what is said of it.
WRONG = {
    "client.call('org.example.Player', '/')": 'Missing positional argument',
    'client.call_sync(1, "/", "a.b", "c")': 'incompatible type "int"',
    'client.nonesuch()': 'has no attribute "nonesuch"',
    'client.props.state = Dbr.ClientState.CLOSED': 'read-only',
    'Dbr.deadline("500")': 'incompatible type "str"',
}


def get_members(node):
    """Name and number of arguments of the functions in a module or a class; None for what is none."""
    members = {}
    for child in node.body:
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names = [argument.arg for argument in (*child.args.posonlyargs, *child.args.args)]
            members[child.name] = len([name for name in names if name not in ('self', 'cls')])
        elif isinstance(child, ast.AnnAssign):
            members[child.target.id] = None
    return members


def count_arguments(function):
    """How many arguments the function that is there takes."""
    if hasattr(function, 'get_arguments'):
        return len([argument for argument in function.get_arguments()
                    if argument.get_name() != 'user_data' and argument.get_direction() != 1])
    parameters = inspect.signature(function).parameters.values()
    return len([parameter for parameter in parameters if parameter.name not in ('self', 'cls')
                and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)])


class Typings(unittest.TestCase):
    def setUp(self):
        with open(TYPINGS, encoding='utf-8') as file:
            tree = ast.parse(file.read())
        self.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        self.members = get_members(tree)

    def check_member(self, title, stated, value):
        if stated is not None:
            function = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
            self.assertEqual(stated, count_arguments(function), title)

    def test_functions(self):
        """typings: have the functions and classes that the module has"""
        there = {name for name in dir(Dbr) if not name.startswith('_')}
        # What GObject makes of a class for C is of no use elsewhere.
        there = {name for name in there if not (name.endswith('Class') and name[:-5] in there)}
        stated = {name for name in (*self.classes, *self.members) if not name.startswith('_')}
        self.assertEqual(stated, there)
        for name, n_args in self.members.items():
            if not name.startswith('_'):
                self.check_member(name, n_args, getattr(Dbr, name))

    def test_classes(self):
        """typings: have the methods that each class has, with so many arguments"""
        n_checked = 0
        for class_name, node in self.classes.items():
            if class_name.startswith('_'):
                continue
            cls = getattr(Dbr, class_name)
            stated = get_members(node)
            # The parent's part of the struct is for C.
            there = {name: value for name, value in vars(cls).items()
                     if not name.startswith('_') and name != 'parent_instance'}
            self.assertEqual(set(there) - set(stated), set(), class_name)
            for name, n_args in stated.items():
                if name.startswith('_') or name == 'props':
                    continue
                self.assertTrue(hasattr(cls, name), f'{class_name}.{name}')
                if name in there:
                    self.check_member(f'{class_name}.{name}', n_args, there[name])
                    n_checked += 1
        self.assertGreater(n_checked, 200)

    def test_properties(self):
        """typings: have the properties that each class has"""
        for class_name, node in self.classes.items():
            props = next((child for child in node.body if isinstance(child, ast.ClassDef)), None)
            if props is not None:
                own = {spec.name.replace('-', '_') for spec in getattr(Dbr, class_name).list_properties()
                       if spec.owner_type == getattr(Dbr, class_name).__gtype__}
                self.assertEqual(set(get_members(props)), own, class_name)

    def run_mypy(self, program):
        if importlib.util.find_spec('mypy') is None:
            self.skipTest('there is no mypy')
        with tempfile.TemporaryDirectory() as directory:
            shutil.copytree(os.path.join(STAND_INS, 'gi'), os.path.join(directory, 'gi'))
            shutil.copy(TYPINGS, os.path.join(directory, 'gi', 'repository', 'Dbr.pyi'))
            path = os.path.join(directory, 'program.py')
            with open(path, 'w', encoding='utf-8') as file:
                file.write(program)
            return subprocess.run(
                [sys.executable, '-m', 'mypy', '--strict', '--explicit-package-bases',
                 '--cache-dir', os.devnull, path, os.path.join(directory, 'gi', 'repository', 'Dbr.pyi')],
                cwd=directory, env={**os.environ, 'MYPYPATH': directory}, text=True,
                stdout=subprocess.PIPE, check=False).stdout

    def test_mypy(self):
        """typings: mypy --strict finds nothing in them, nor in a program that uses them"""
        with open(PROGRAM, encoding='utf-8') as file:
            said = self.run_mypy(file.read())
        self.assertIn('Success: no issues found in 2 source files', said)

    def test_mypy_finds(self):
        """typings: mypy finds what is wrong by them"""
        lines = ['from gi.repository import Dbr', 'client = Dbr.Client.new_for_address("")', *WRONG]
        said = self.run_mypy('\n'.join(lines)).splitlines()
        for number, (line, wanted) in enumerate(WRONG.items(), 3):
            self.assertTrue(any(f'program.py:{number}:' in found and wanted in found
                                for found in said), '\n'.join([line, *said]))


if __name__ == '__main__':
    TYPINGS, STAND_INS, PROGRAM = sys.argv[1:4]
    tap.main()
