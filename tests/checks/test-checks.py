#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Each check can fail: a fault is planted in a copy of the tree, and the check has to name it.

Usage: test-checks.py ROOT BUILD-FOLDER [CHECK...]
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import tree

HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = '/* Copyright 2026 The libdbr authors\n * SPDX-License-Identifier: LGPL-2.1-or-later */\n\n'
SCRIPT_HEAD = HEAD.replace('/*', '#').replace(' */', '').replace(' *', '#')
# In pieces, or this file would be a fault itself.
LEFT_UNDONE = 'TO' + 'DO'
FOLDER = '/ho' + 'me/somebody'


def add(path, text):
    """Plants text at the end of a file, which may be new."""
    def plant(copy):
        with open(os.path.join(copy, path), 'a', encoding='utf-8') as file:
            file.write(text)
    return plant


def edit(path, pattern, by):
    """Plants by changing the first place that fits."""
    def plant(copy):
        before = tree.read(copy, path)
        after = re.sub(pattern, by, before, count=1, flags=re.M)
        assert after != before, f'{path} holds nothing like {pattern}'
        with open(os.path.join(copy, path), 'w', encoding='utf-8') as file:
            file.write(after)
    return plant


def header(path, text):
    """Plants a header that the umbrella has."""
    def plant(copy):
        add(f'lib/{path}', HEAD + '#pragma once\n\n' + text)(copy)
        if not path.endswith('-private.h'):
            edit('lib/libdbr.h', r'^# *include "', f'# include "{path}"\n\\g<0>')(copy)
    return plant


GUARD = ('#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)\n'
         '# error "Only <libdbr.h> can be included directly."\n#endif\n\n')
NO_TYPELIB = ("meson.add_install_script('sh', '-c',\n"
              "  'rm -r \"$MESON_INSTALL_DESTDIR_PREFIX\"/lib*/*/girepository-1.0')\n")

# The check, what is planted, and what the check has to say of it
PLANTED = [
    ('floors', add('lib/base/dbr-error.c', '#include "bus/dbr-call.h"\n'),
     r'lib/base/dbr-error\.c:\d+: base/ \(floor 1\) must not know "bus/dbr-call\.h"'),
    ('floors', add('lib/policy/dbr-timeouts.c', '#include "metrics/dbr-metrics.h"\n'),
     r'policy/ \(floor 2\) must not know "metrics/dbr-metrics\.h"'),
    ('floors', add('lib/bus/wire/dbr-wire-check.c', '#include "monitor/dbr-unit.h"\n'),
     r'bus/ \(floor 3\) must not know "monitor/dbr-unit\.h"'),
    ('floors', add('lib/bus/dbr-call.c', '#include "dbr-error.h"\n'),
     r'"dbr-error\.h" has to be included with its folder'),
    ('floors', add('lib/base/dbr-error.c', 'const char *planted = "org.bluez.Adapter1";\n'),
     r'base/ must not know the service org\.bluez\.Adapter1'),
    ('floors', add('lib/base/dbr-error.c', 'const char *planted = "/org/bluez/hci0";\n'),
     r'base/ must not know the service org/bluez/hci0'),
    ('floors', add('lib/policy/dbr-timeouts.c', 'void *planted = g_dbus_connection_flush;\n'),
     r'g_dbus_connection_flush belongs to lib/bus/ only'),
    ('floors', add('lib/bus/dbr-call.c', 'void *planted = notify_notification_show;\n'),
     r'notify_notification_show belongs to lib/notify/ only'),
    ('format', add('lib/base/dbr-error.c', 'int planted(int a)\n{\n    return a;\n}\n'),
     r'lib/base/dbr-error\.c: .*--fix'),
    ('headers', add('lib/base/dbr-planted.h', HEAD + '#pragma once\n' + GUARD),
     r'libdbr\.h:1: base/dbr-planted\.h is not in it'),
    ('headers', header('base/dbr-planted.h', GUARD + 'GQuark dbr_planted (void);\n'),
     r'base/dbr-planted\.h:1: does not compile alone'),
    ('headers', header('base/dbr-planted-private.h', 'GQuark dbr_planted (void);\n'),
     r'base/dbr-planted-private\.h:1: does not compile alone'),
    ('headers', header('base/dbr-planted.h', GUARD + '#include "base/dbr-error-private.h"\n'),
     r'base/dbr-planted\.h:\d+: a public header must not include base/dbr-error-private\.h'),
    ('headers', header('base/dbr-planted.h', '#include <gio/gio.h>\n'),
     r'base/dbr-planted\.h:1: can be included without'),
    ('news', edit('meson.build', r"^  version: '[^']+'", "  version: '98.7.6'"),
     r'doc/NEWS:1: no line begins with 98\.7\.6'),
    ('links', add('doc/libdbr-1/planted.html', '<a href="nowhere.html">'),
     r'planted\.html:1: nowhere\.html leads nowhere'),
    ('links', add('doc/libdbr-1/planted.html', '<a href="overview.html#planted">'),
     r'planted\.html:1: overview\.html#planted leads to no place'),
    ('potfiles', add('lib/base/dbr-planted.c', HEAD + 'const char *a = N_("Planted");\n'),
     r'POTFILES\.in: lacks lib/base/dbr-planted\.c'),
    ('potfiles', add('data/planted.xml', '<errors><explain>Planted</explain></errors>\n'),
     r'POTFILES\.in: lacks data/planted\.xml'),
    ('potfiles', add('po/POTFILES.in', 'lib/libdbr.h\n'),
     r'POTFILES\.in:\d+: lib/libdbr\.h has no text to translate'),
    ('potfiles', add('po/POTFILES.in', 'a.c\n'), r'POTFILES\.in:1: is not sorted'),
    ('scripts', add('data/planted', '#!/bin/sh\n' + SCRIPT_HEAD + 'rm $1\n'),
     r'data/planted:\d+:\d+: .*SC2086'),
    ('scripts', add('data/planted', '#!/bin/sh\n' + SCRIPT_HEAD),
     r'data/planted:1: is a script, and nobody may execute it'),
    ('scripts', add('data/planted.py', SCRIPT_HEAD + 'def planted(:\n'), r'data/planted\.py:\d+: '),
    ('scripts', add('data/planted.py', '#!/usr/bin/env python3\n' + SCRIPT_HEAD),
     r'data/planted\.py:1: Python scripts begin with'),
    ('spdx', add('lib/base/dbr-planted.c', 'int planted;\n'), r'lib/base/dbr-planted\.c:1: '),
    ('spdx', add('data/planted', '#!/bin/sh\n\n\n' + SCRIPT_HEAD), r'data/planted:1: '),
    ('spelling', add('doc/planted.md', 'A worrd.\n'), r'doc/planted\.md:1: "worrd" is not a word'),
    ('spelling', add('tests/checks/spelling.txt', 'zzz\n'),
     r'spelling\.txt:\d+: nobody needs "zzz"'),
    ('symbols', edit('Dbr-1.gir', r'(c:identifier="dbr_client_ping_sync"[^>]*?) version="[^"]*"', r'\1'),
     r'dbr_client_ping_sync has no "Since:"'),
    ('symbols', edit('Dbr-1.gir', 'c:identifier="dbr_client_ping_sync"', 'c:identifier="planted"'),
     r'dbr_client_ping_sync is exported and not described\n(?s:.*)planted is described and not'),
    ('symbols', edit('tests/checks/symbols.txt', '^dbr_client_ping_sync\n', ''),
     r'symbols\.txt: lacks dbr_client_ping_sync'),
    ('symbols', add('tests/checks/symbols.txt', 'dbr_planted\n'),
     r'symbols\.txt: dbr_planted is gone'),
    ('translations', edit('data/errors.xml', '</errors>',
                          '<error name="a.B"><explain>Planted</explain></error></errors>'),
     r'po/de\.po: "Planted" is not translated'),
    ('translations', edit('po/de.po', r'^msgstr "(.*)\{message\}', r'msgstr "\1{meldung}'),
     r'po/de\.po: ".*" has not the same in braces: \{message\}'),
    ('translations', edit('po/ja.po', r'^# No native.*\n', ''),
     r'po/ja\.po:1: does not say whether a native reader has checked it'),
    ('version', edit('lib/dbr-version.h', 'HEX >= DBR_ENCODE', 'HEX > DBR_ENCODE'),
     r'ERROR:.*:test_check_of_neighbours: '),
    ('version', edit('lib/dbr-version.h', r'\(major\) << 24', '(major) << 4'),
     r'ERROR:.*:test_encoded_in_order: '),
    ('words', add('lib/base/dbr-error.c', f'/* {LEFT_UNDONE}: mend */\n'),
     rf'lib/base/dbr-error\.c:\d+: "{LEFT_UNDONE}" is left undone'),
    ('words', add('doc/planted.md', f'See {FOLDER}.\n'), r'doc/planted\.md:1: "/\w+/" is a folder'),
    ('werror', add('lib/base/dbr-error.c', 'static int planted;\n'), r'error: .planted. defined but'),
    ('install', add('meson.build', NO_TYPELIB), r'Dbr-1\.typelib: 0 such files are installed'),
]
# Building takes long, and that these pass is what their own tests say.
SLOW = ('werror', 'install')


def output_of(check, copy, build):
    """Runs a check on a copy; its status and all it says."""
    python = [sys.executable, os.path.join(HERE, f'{check}.py')]
    listed = os.path.join(copy, 'tests', 'checks', 'symbols.txt')
    project = re.search(r"^  version: '([^']+)'", tree.read(copy, 'meson.build'), re.M)
    flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'gio-2.0'], text=True,
                           stdout=subprocess.PIPE, check=True).stdout
    command = {
        'headers': [*python, copy, build],
        'install': [*python, copy, os.path.join(copy, '_install'),
                    os.path.join(build, 'tests', 'testbed')],
        'links': [*python, os.path.join(copy, 'doc', 'libdbr-1')],
        'news': [*python, copy, project[1]],
        'symbols': [*python, os.path.join(copy, 'Dbr-1.gir'),
                    os.path.join(build, 'lib', 'libdbr-1.so'), listed],
        'version': ['sh', '-c', f'cc -o test-version -Ilib -DPROJECT_VERSION=\'"{project[1]}"\' '
                                f'tests/checks/test-version.c {flags.strip()} && ./test-version'],
        'werror': [*python, copy, os.path.join(copy, '_werror'), 'gcc'],
    }.get(check, [*python, copy])
    done = subprocess.run(command, cwd=copy, text=True, errors='replace', check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def main(root, build, *chosen):
    root, build = os.path.abspath(root), os.path.abspath(build)
    planted = [row for row in PLANTED if not chosen or row[0] in chosen]
    print(f'1..{len(planted)}', flush=True)
    failed = 0
    before = {}
    with tempfile.TemporaryDirectory(prefix='dbr-checks-') as folder:
        clean, copy = os.path.join(folder, 'clean'), os.path.join(folder, 'planted')
        for path in tree.walk(root):
            os.makedirs(os.path.dirname(os.path.join(clean, path)), exist_ok=True)
            shutil.copy(os.path.join(root, path), os.path.join(clean, path))
        for made, where in (('lib/dbr-version.h', 'lib'), ('lib/Dbr-1.gir', '')):
            shutil.copy(os.path.join(build, made), os.path.join(clean, where))
        shutil.copytree(os.path.join(build, 'doc', 'libdbr-1'),
                        os.path.join(clean, 'doc', 'libdbr-1'))

        for number, (check, plant, expected) in enumerate(planted, 1):
            if check not in before:
                before[check] = '' if check in SLOW else output_of(check, clean, build)[1]
            shutil.copytree(clean, copy)
            plant(copy)
            status, after = output_of(check, copy, build)
            shutil.rmtree(copy)
            found = re.search(expected, after)
            well = status != 0 and found and not re.search(expected, before[check])
            print(f'{"ok" if well else "not ok"} {number} {check}: '
                  f'{found[0].splitlines()[0] if found else expected}', flush=True)
            if not well:
                failed += 1
                print(f'# ended with {status} and said:', *after.splitlines()[-30:], sep='\n#   ')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
