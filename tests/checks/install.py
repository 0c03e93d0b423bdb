#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""From an empty prefix, the library works for C, Vala, Python and JavaScript; as a subproject too.

The command and a notification speak two other languages there.

Usage: install.py ROOT BUILD-FOLDER TESTBED

BUILD-FOLDER is kept, so that the next run compiles only what changed; the prefix is always new.
TESTBED is the folder where dbr-testbed was built.
"""

import glob
import os
import shutil
import subprocess
import sys

MACHINE = ('PATH', 'HOME', 'TMPDIR', 'LANG', 'XDG_RUNTIME_DIR')


def main(root, build, testbed):
    programs = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'consumer')
    here = os.path.abspath(build)
    prefix, library = os.path.join(here, 'prefix'), os.path.join(here, 'library')
    carrier = os.path.join(here, 'carrier')
    # Nothing of the build that runs this test may help: not its typelibs, not its overrides.
    env = {name: os.environ[name] for name in MACHINE if name in os.environ}
    env['PATH'] = '/usr/bin:' + env['PATH']

    def run(*command):
        print('+', *command, flush=True)
        subprocess.run(command, env=env, cwd=here, check=True)

    def installed(pattern):
        """The folder of the one installed file that fits."""
        found = glob.glob(os.path.join(prefix, pattern), recursive=True)
        if len(found) != 1:
            sys.exit(f'{pattern}: {len(found)} such files are installed under the prefix')
        return os.path.dirname(found[0])

    def expect(text, *command):
        said = subprocess.run(command, env=env, cwd=here, check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        print('+', *command, flush=True)
        if text not in said:
            sys.exit(f'“{text}” is not in what it says:\n{said}')

    os.makedirs(here, exist_ok=True)
    for folder in (prefix, carrier):
        shutil.rmtree(folder, ignore_errors=True)
    if not os.path.exists(os.path.join(library, 'build.ninja')):
        shutil.rmtree(library, ignore_errors=True)
        run('meson', 'setup', f'--prefix={prefix}', '-Dtests=false', '-Dintrospection=enabled',
            '-Dvapi=enabled', '-Ddocumentation=disabled', library, root)
    run('ninja', '-C', library, '--quiet')
    run('meson', 'install', '-C', library, '--quiet', '--no-rebuild')

    env['PKG_CONFIG_PATH'] = installed('**/libdbr-1.pc')
    env['LD_LIBRARY_PATH'] = installed('**/libdbr-1.so')
    env['GI_TYPELIB_PATH'] = installed('**/Dbr-1.typelib')
    env['PYTHONPATH'] = os.path.dirname(os.path.dirname(installed('**/gi/overrides/Dbr.py')))
    env['XDG_DATA_DIRS'] = os.path.join(prefix, 'share') + ':/usr/local/share:/usr/share'
    installed('share/gjs-1.0/overrides/Dbr.js')
    installed('**/gi-stubs/repository/Dbr.pyi')

    flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'libdbr-1'], env=env, text=True,
                           stdout=subprocess.PIPE, check=True).stdout.split()
    run('cc', '-Wall', '-Werror', f'{programs}/client.c', '-o', 'client-c', *flags)
    run('./client-c')
    run('valac', '--vapidir', installed('share/vala/vapi/libdbr-1.vapi'), '--pkg', 'libdbr-1',
        f'{programs}/client.vala', '-o', 'client-vala')
    run('./client-vala')
    run('/usr/bin/python3', '-B', f'{programs}/client.py')
    run('gjs', '-m', f'{programs}/client.js')

    bed = [os.path.join(os.path.abspath(testbed), 'dbr-testbed'), '--session-limits', '--peer',
           'org.freedesktop.Notifications', '--']
    for language, usage, title in (('de', 'Aufruf:', 'Ein Dienst ist nicht zuverlässig'),
                                   ('ja', '使い方:', 'サービスが不安定')):
        env.update(LANGUAGE=language, LC_ALL='C.UTF-8')
        if os.path.exists(os.path.join(prefix, 'bin', 'dbrctl')):
            expect(usage, os.path.join(prefix, 'bin', 'dbrctl'), '--help')
        expect(title, *bed, '/usr/bin/python3', '-B', f'{programs}/notify.py')
    for name in ('LANGUAGE', 'LC_ALL'):
        del env[name]

    # Only the library's own sources may help this one.
    for name in ('PKG_CONFIG_PATH', 'LD_LIBRARY_PATH'):
        del env[name]
    os.makedirs(os.path.join(carrier, 'subprojects'))
    for name in ('meson.build', 'client.c'):
        shutil.copy(os.path.join(programs, name), carrier)
    os.symlink(os.path.abspath(root), os.path.join(carrier, 'subprojects', 'libdbr'))
    run('meson', 'setup', '--wrap-mode=forcefallback', '-Dlibdbr:documentation=disabled',
        f'{carrier}/build', carrier)
    run('ninja', '-C', f'{carrier}/build', '--quiet')
    run(f'{carrier}/build/client')


if __name__ == '__main__':
    try:
        main(*sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(str(error))
