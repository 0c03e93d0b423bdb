#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Plays a test with a real bluetoothd in a virtual machine, and passes on its TAP.

Usage: play.py FOLDER TEST [--timeline]

FOLDER keeps the kernel. With --timeline only the lines that tell what the monitor saw are printed.
A machine that does not come up is started once more: a busy computer may be too slow for its
controllers.
"""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
NEEDED = ['qemu-system-x86_64', 'btvirt', 'cpio', 'depmod', 'apt-get']
BLUETOOTHD = '/usr/libexec/bluetooth/bluetoothd'
LIMIT_S = 600


def skip(reason):
    print(f'1..0 # SKIP {reason}')
    sys.exit(0)


def check_machine():
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if not os.path.exists(BLUETOOTHD):
        missing.append(BLUETOOTHD)
    if missing:
        skip('not installed: ' + ', '.join(missing) + '; ./tests/run bluez-vm installs them')
    if os.geteuid() != 0:
        skip('the virtual machine reads all files of this one, which only root may')


def acceleration():
    """/dev/kvm alone proves nothing: without the flags of the processor it opens, and crawls."""
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        flags = file.read().split()
    if os.access('/dev/kvm', os.W_OK) and ('vmx' in flags or 'svm' in flags):
        return ['-accel', 'kvm', '-cpu', 'host']
    return ['-accel', 'tcg,thread=multi', '-cpu', 'max']


def build(folder):
    if os.path.exists(os.path.join(folder, 'initrd')):
        return
    done = subprocess.run(['sh', os.path.join(HERE, 'build'), folder], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        skip('no kernel for the virtual machine: ' + done.stdout.strip().replace('\n', '; ')[-200:])


def share(folder, test):
    place = os.path.join(folder, 'share')
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    for name in ['guest', 'system-bus.conf']:
        shutil.copy(os.path.join(HERE, name), place)
    shutil.copy(test, os.path.join(place, 'test-bluez-vm'))
    return place


def command(folder, place):
    shared = 'security_model=none,multidevs=remap,readonly=on'
    return ['qemu-system-x86_64', '-M', 'q35', *acceleration(), '-smp', '2', '-m', '512',
            '-nodefaults', '-display', 'none', '-serial', 'stdio', '-no-reboot',
            '-kernel', os.path.join(folder, 'vmlinuz'), '-initrd', os.path.join(folder, 'initrd'),
            '-append', 'console=ttyS0 quiet panic=-1 mitigations=off cryptomgr.notests',
            '-device', 'virtio-rng-pci',
            '-fsdev', f'local,id=root,path=/,{shared}',
            '-device', 'virtio-9p-pci,fsdev=root,mount_tag=hostroot',
            '-fsdev', f'local,id=share,path={place},{shared}',
            '-device', 'virtio-9p-pci,fsdev=share,mount_tag=share']


def boot(folder, place, timeline):
    """Returns whether the test has begun, and whether it came to its end."""
    said = []
    began = ended = False
    limit = ['timeout', '--kill-after=5', str(LIMIT_S)]
    with subprocess.Popen(limit + command(folder, place), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, errors='replace') as machine:
        for line in machine.stdout:
            line = line.rstrip('\r\n')
            began = began or line.startswith('TAP ok ')
            ended = ended or line.startswith('TAP # End of dbr tests')
            if not line.startswith('TAP '):
                said.append(line)
            elif not timeline:
                print(line[len('TAP '):], flush=True)
            elif line.startswith('TAP # seen '):
                print(line[len('TAP # seen '):], flush=True)
    if not ended:
        print(*[f'# {line}' for line in said[-20:]], sep='\n')
    return began, ended


def main(arguments):
    timeline = '--timeline' in arguments
    folder, test = [argument for argument in arguments if argument != '--timeline']
    check_machine()
    build(folder)
    place = share(folder, test)
    began, ended = boot(folder, place, timeline)
    if not began:
        print('# the virtual machine did not come up; once more')
        began, ended = boot(folder, place, timeline)
    if not ended:
        print('Bail out! the test did not come to its end')
        sys.exit(1)


if __name__ == '__main__':
    main(sys.argv[1:])
