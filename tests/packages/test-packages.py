#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What a distribution makes of libdbr: a tarball, Debian's packages, and what others build it by.

Usage: test-packages.py ROOT BUILD-FOLDER WORK-FOLDER

The Debian packages are really built, twice, and used; of the others the files are read by the
programs that they are meant for, and held against what was built.
"""

import concurrent.futures
import fnmatch
import functools
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'bindings'))
import tap

PACKAGING = os.path.join('data', 'packaging')
# As in data/packaging/debian/control; what is made for debuggers is not counted.
PACKAGES = ['dbr-health', 'dbrctl', 'gir1.2-dbr-1', 'libdbr-1-0', 'libdbr-dev', 'libdbr-doc']


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise unittest.SkipTest(f'{program} is not installed')


def run(*command, cwd=None, env=None, check=True):
    """What a command says; a failure shows all of it."""
    done = subprocess.run(command, cwd=cwd or WORK, env={**os.environ, **(env or {})}, text=True,
                          errors='replace', stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if check and done.returncode != 0:
        last = '\n'.join(done.stdout.splitlines()[-60:])
        raise AssertionError(f'{" ".join(command)} ended with {done.returncode}:\n{last}')
    return done.stdout


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding='utf-8') as file:
        return file.read()


def version():
    return re.search(r"^  version: '([^']+)'", read('meson.build'), re.M)[1]


def in_git():
    return os.path.exists(os.path.join(ROOT, '.git'))


@functools.cache
def tarball():
    """The source as it is released: what is committed, or all there is where nothing is."""
    path = os.path.join(WORK, f'libdbr-{version()}.tar.xz')
    if in_git():
        run('meson', 'dist', '-C', BUILD, '--no-tests', '--formats', 'xztar', '--allow-dirty')
        shutil.move(os.path.join(BUILD, 'meson-dist', os.path.basename(path)), path)
    else:
        name = f'libdbr-{version()}'
        with tarfile.open(path, 'w:xz') as packed:
            for entry in sorted(os.listdir(ROOT)):
                if not entry.startswith(('_', 'build')):
                    packed.add(os.path.join(ROOT, entry), os.path.join(name, entry))
    return path


def build_debian(folder, env):
    """Builds the packages in a folder of this name, and gives the folder."""
    need('dpkg-buildpackage', 'dh', 'dh_python3', 'gi-docgen', 'valac')
    where = os.path.join(WORK, folder)
    os.makedirs(where)
    original = os.path.join(where, f'libdbr_{version()}.orig.tar.xz')
    shutil.copy(tarball(), original)
    run('tar', '-xf', original, cwd=where)
    source = os.path.join(where, f'libdbr-{version()}')
    shutil.copytree(os.path.join(source, PACKAGING, 'debian'), os.path.join(source, 'debian'))
    run('dpkg-buildpackage', '--unsigned-source', '--unsigned-changes', '--no-check-builddeps',
        cwd=source, env={'DEB_BUILD_OPTIONS': 'nocheck noautodbgsym parallel=2', **env})
    return where


@functools.cache
def begin_builds():
    """Both begin at once: much of what a build does keeps no more than one processor busy."""
    # A builder's home is not the person's; where the compiler's cache lies is told apart.
    cache = {}
    if shutil.which('ccache') is not None:
        cache = {'CCACHE_DIR': run('ccache', '--get-config', 'cache_dir').strip()}
    tarball()
    builders = concurrent.futures.ThreadPoolExecutor()
    first = builders.submit(build_debian, 'first', cache)
    second = builders.submit(build_debian, 'second/elsewhere', {
        'CCACHE_DISABLE': '1', 'LC_ALL': 'C.UTF-8', 'TZ': 'Pacific/Chatham'})
    builders.shutdown(wait=False)
    return first, second


def debian():
    return begin_builds()[0].result()


def debian_elsewhere():
    return begin_builds()[1].result()


def packages(folder):
    """The packages in a folder by name."""
    found = {os.path.basename(path).split('_')[0]: path
             for path in glob.glob(os.path.join(folder, '*.deb'))}
    return {name: path for name, path in found.items() if not name.endswith('-dbgsym')}


def nix(*arguments, check=True):
    """What Nix makes of a file, with no network and no store but an empty one."""
    need('nix-instantiate')
    own = {f'NIX_{name}_DIR': os.path.join(WORK, 'nix', name.lower())
           for name in ('STORE', 'STATE', 'LOG', 'CONF')}
    return run('nix-instantiate', '--readonly-mode', '--option', 'build-users-group', '',
               *arguments, env={**own, 'HOME': WORK}, check=check)


@functools.cache
def evaluated():
    """What the files for Nix come to with the packages of nixpkgs.nix."""
    said = nix('--eval', '--strict', '--json', NIXPKGS, '--arg', 'folder', NIX)
    return json.loads(said[said.index('{'):])


class Tarball(unittest.TestCase):
    def test_contents(self):
        """The tarball holds what is committed, and builds: the packages are made of it"""
        with tarfile.open(tarball()) as packed:
            held = {member.name.split('/', 1)[1] for member in packed if not member.isdir()}
        self.assertIn('COPYING', held)
        if in_git():
            self.assertEqual(held, set(run('git', 'ls-files', cwd=ROOT).splitlines()))


class Debian(unittest.TestCase):
    def test_1_built(self):
        """dpkg-buildpackage makes each of the packages"""
        self.assertEqual(sorted(packages(debian())), PACKAGES)

    def test_2_lintian(self):
        """lintian finds no error in them"""
        need('lintian')
        changes, = glob.glob(os.path.join(debian(), '*.changes'))
        said = run('lintian', '--allow-root', '--fail-on', 'error', changes)
        self.assertNotRegex(said, '(?m)^E: ')

    def test_3_used(self):
        """Installed on a system of its own, they work for Python, JavaScript, C and Vala"""
        if os.getuid() != 0:
            self.skipTest('a system is booted by root only')
        programs = os.path.join(ROOT, 'tests', 'checks', 'consumer')
        script = os.path.join(WORK, 'use')
        with open(script, 'w', encoding='utf-8') as file:
            file.write('set -eux\n'
                       f'dpkg --install {" ".join(packages(debian()).values())}\n'
                       f'/usr/bin/python3 -B {programs}/client.py\n'
                       f'gjs -m {programs}/client.js\n'
                       'cd "$(mktemp -d)"\n'
                       f'cc -Wall -Werror {programs}/client.c -o client-c '
                       '$(pkg-config --cflags --libs libdbr-1)\n'
                       './client-c\n'
                       f'valac --pkg libdbr-1 {programs}/client.vala -o client-vala\n'
                       './client-vala\n'
                       'cat > call.py << END\n'
                       'import gi\n'
                       'gi.require_version("Dbr", "1")\n'
                       'from gi.repository import Dbr, Gio\n'
                       'client = Dbr.Client.new(Gio.BusType.SYSTEM)\n'
                       'print("heard of:", *client.list_names_sync(False, None))\n'
                       'END\n'
                       '/usr/bin/python3 -B call.py\n'
                       'LANGUAGE=fr LC_ALL=C.UTF-8 dbrctl --help | grep --quiet Utilisation\n'
                       'dbr-health --version | grep --quiet '
                       f'"dbr-health {version()}"\n'
                       'desktop-file-validate /usr/share/applications/org.dbr.Health.desktop\n'
                       'appstreamcli validate --no-net '
                       '/usr/share/metainfo/org.dbr.Health.metainfo.xml\n'
                       'dpkg --purge dbr-health dbrctl gir1.2-dbr-1 libdbr-1-0 libdbr-dev libdbr-doc\n'
                       'test ! -e /usr/lib/python3/dist-packages/gi/overrides/Dbr.py\n')
        # Nothing of the build that runs this test may help.
        kept = {name: os.environ[name] for name in ('PATH', 'TMPDIR', 'LANG') if name in os.environ}
        done = subprocess.run([os.path.join(ROOT, 'tests', 'testbed', 'dbr-system'), '--bind', ROOT,
                               '--bind', WORK, 'sh', script], env=kept, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.stdout.startswith('1..0 # SKIP'):
            self.skipTest(done.stdout[len('1..0 # SKIP'):].strip())
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, '(?m)^heard of:.* org\\.freedesktop\\.systemd1')

    def test_4_reproducible(self):
        """Built again elsewhere, in another place of the world, each is the same to the last bit"""
        first, second = packages(debian()), packages(debian_elsewhere())

        def sums(found):
            digests = {}
            for name, path in found.items():
                with open(path, 'rb') as file:
                    digests[name] = hashlib.sha256(file.read()).hexdigest()
            return digests
        self.assertEqual(sums(first), sums(second))


class Rpm(unittest.TestCase):
    def spec(self):
        need('rpmspec')
        return run('rpmspec', '--parse', os.path.join(ROOT, PACKAGING, 'rpm', 'libdbr.spec'),
                   '--define', f'_libdir /usr/lib/{run("gcc", "-print-multiarch").strip()}',
                   '--define', f'_libexecdir /usr/lib/{run("gcc", "-print-multiarch").strip()}',
                   '--define', 'python3_sitelib /usr/lib/python3/dist-packages')

    def test_spec(self):
        """The spec for RPM is read by rpmspec, and is of this version"""
        self.assertIn(f'Version:        {version()}\n', self.spec())

    def test_files(self):
        """It has a package for each file that is installed, and none that is not"""
        patterns = re.findall(r'^(/\S+)$', self.spec(), re.M)
        there = os.path.join(debian(), f'libdbr-{version()}', 'debian', 'tmp')
        installed = [os.path.join(folder, name)[len(there):]
                     for folder, _, names in os.walk(there) for name in names]
        # These are found by %find_lang.
        installed = [path for path in installed if not path.startswith('/usr/share/locale/')]
        fits = {pattern: [path for path in installed
                          if fnmatch.fnmatch(path, re.sub('/$', '/*', pattern))]
                for pattern in patterns}
        self.assertEqual([pattern for pattern in patterns if not fits[pattern]], [])
        self.assertEqual(set(installed) - set().union(*fits.values()), set())


class Flatpak(unittest.TestCase):
    def load(self, name):
        try:
            import yaml
        except ImportError:
            self.skipTest('python3-yaml is not installed')
        return yaml.safe_load(read(PACKAGING, 'flatpak', name))

    def check_sources(self, module):
        for source in module['sources']:
            path = os.path.join(ROOT, PACKAGING, 'flatpak', source['path'])
            self.assertTrue(os.path.exists(path), source)

    def test_module(self):
        """The module for Flatpak builds from this tree, with options that there are"""
        module = self.load('libdbr.yml')
        self.assertEqual(module['buildsystem'], 'meson')
        options = set(re.findall(r"^option\('(\w+)'", read('meson_options.txt'), re.M))
        for option in module['config-opts']:
            self.assertIn(re.match(r'-D(\w+)=', option)[1], options)
        self.check_sources(module)

    def test_health(self):
        """D-Bus Health is built along with the library, and its command is what is installed"""
        manifest = self.load('org.dbr.Health.yml')
        module, = manifest['modules']
        self.check_sources(module)
        options = set(re.findall(r"^option\('(\w+)'", read('meson_options.txt'), re.M))
        for option in module['config-opts']:
            self.assertIn(re.match(r'-D(\w+)=', option)[1], options)
        there = os.path.join(debian(), f'libdbr-{version()}', 'debian', 'dbr-health', 'usr')
        self.assertTrue(os.path.exists(os.path.join(there, 'bin', manifest['command'])))
        # Outside of the sandbox it is found by its name only.
        self.assertEqual(os.listdir(os.path.join(there, 'share', 'applications')),
                         [manifest['id'] + '.desktop'])

    def test_application(self):
        """An application takes the module before its own, and has the names that it talks to"""
        manifest = self.load('org.example.Watch.yml')
        self.assertEqual(manifest['modules'][0], 'libdbr.yml')
        self.check_sources(manifest['modules'][1])
        talks = {match[1] for argument in manifest['finish-args']
                 for match in [re.match(r'--(?:system-)?talk-name=(.*)', argument)] if match}
        program = read('doc', 'examples', 'watch.py')
        self.assertEqual(talks, set(re.findall(r"'(org\.(?:bluez|freedesktop\.systemd1|"
                                                r"freedesktop\.Notifications))'", program)))


class Nix(unittest.TestCase):
    def test_parsed(self):
        """Nix reads each of its files"""
        for name in ('flake.nix', 'module.nix', 'package.nix', 'shell.nix'):
            nix('--parse', os.path.join(NIX, name))

    def test_package(self):
        """The package is of this version, and its options are those that there are"""
        package = evaluated()['package']
        self.assertEqual(package['version'], version())
        self.assertEqual(os.path.realpath(package['src']), os.path.realpath(ROOT))
        options = set(re.findall(r"^option\('(\w+)'", read('meson_options.txt'), re.M))
        for flag in package['mesonFlags']:
            self.assertIn(re.match(r'-D(\w+)=', flag)[1], options)
        self.assertRegex(package['mesonFlags'][-1], '/site-packages/gi/overrides$')
        self.assertIn('-Dapplet=disabled', package['mesonFlags'])
        self.assertNotIn('gtk4', package['inputs'])

    def test_health(self):
        """With D-Bus Health it is built with GTK and libadwaita, and wrapped"""
        health = evaluated()['health']
        self.assertIn('-Dapplet=enabled', health['mesonFlags'])
        self.assertLessEqual({'gtk4', 'libadwaita', 'wrapGAppsHook4'}, set(health['inputs']))

    def test_python(self):
        """Its Python finds the overrides and the typelib with nothing set by hand"""
        python = evaluated()['package']['python']
        self.assertEqual(python['packages'], ['pygobject3', 'libdbr'])
        self.assertEqual(python['makeWrapperArgs'][1::2],
                         ['GI_TYPELIB_PATH', '/nix/store/libdbr/lib/girepository-1.0'])

    def test_shell(self):
        """The shell has what libdbr is built with, and dbus-python for older scripts"""
        shell = evaluated()['shell']
        self.assertIn('gobject-introspection', shell['names'])
        self.assertEqual(shell['python'], ['dbus-python', 'pygobject3', 'libdbr'])

    def test_flake(self):
        """The flake has packages, a shell, an overlay and a module"""
        flake = evaluated()['flake']
        self.assertEqual(flake['packages'], ['default', 'health', 'libdbr', 'python'])
        self.assertEqual(flake['shell'], evaluated()['shell'])
        self.assertEqual(flake['overlay'], 'libdbr')
        self.assertEqual(flake['module']['config'], {})

    def test_module(self):
        """The module installs the package and its units, and does nothing until it is enabled"""
        module = evaluated()['module']
        self.assertEqual(module['installed'], ['libdbr'])
        self.assertEqual(module['units'], ['libdbr'])
        self.assertEqual(module['services'],
                         {'dbrctl-monitor': {'wantedBy': ['default.target']}})
        self.assertEqual(module['disabled'], {})

    def test_unknown(self):
        """What is not in nixpkgs is an error"""
        said = nix('--eval', '--strict', '--json', NIXPKGS, '--arg', 'folder', NIX,
                   '--arg', 'without', '[ "libnotify" ]', check=False)
        self.assertIn("without required argument 'libnotify'", said)


class Versions(unittest.TestCase):
    def test_versions(self):
        """Each way to package it says the same version"""
        self.assertRegex(read(PACKAGING, 'debian', 'changelog'),
                         rf'\Alibdbr \({re.escape(version())}-\d+\) ')
        self.assertRegex(read(PACKAGING, 'rpm', 'libdbr.spec'),
                         rf'(?m)^Version: +{re.escape(version())}$')


def add_abi_test(tag):
    def test(self):
        need('abidiff')
        then = os.path.join(WORK, 'tag')
        run('git', 'worktree', 'add', '--detach', '--force', then, tag, cwd=ROOT)
        try:
            run('meson', 'setup', '-Dtests=false', '-Dintrospection=disabled', '-Dvapi=disabled',
                '-Ddocumentation=disabled', os.path.join(then, '_abi'), then)
            run('ninja', '-C', os.path.join(then, '_abi'))
            run('abidiff', '--no-added-syms', os.path.join(then, '_abi', 'lib', 'libdbr-1.so'),
                os.path.join(BUILD, 'lib', 'libdbr-1.so'))
        finally:
            run('git', 'worktree', 'remove', '--force', then, cwd=ROOT)
    test.__doc__ = f'Nothing that {tag} has is gone or of another shape'
    Versions.test_abi = test


if __name__ == '__main__':
    ROOT, BUILD, WORK = (os.path.abspath(path) for path in sys.argv[1:4])
    NIX = os.path.join(ROOT, PACKAGING, 'nix')
    NIXPKGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'nixpkgs.nix')
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    os.environ['PATH'] = '/usr/bin:' + os.environ['PATH']
    TAG = run('git', 'describe', '--tags', '--abbrev=0', cwd=ROOT, check=False) if in_git() else ''
    if TAG.strip() and not TAG.startswith('fatal:'):
        add_abi_test(TAG.strip())
    else:
        print('# no tag yet, so there is no older interface to hold this one against', flush=True)
    tap.main()
