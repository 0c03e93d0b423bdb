#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Says how systemd is and how some of its units are, and shows it to the person.

Usage: system.py [--user] UNIT...

It needs neither a main loop nor a subprocess.
"""

import sys

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, GLib


def describe(unit):
    if unit.get_load_state() == 'not-found':
        return f'{unit.get_name()} is not installed'
    return f'{unit.get_name()} is {unit.get_active_state()} ({unit.get_sub_state()})'


def look(monitor, names):
    """A line about the whole, one for each unit, and one for each that has failed."""
    monitor.refresh_sync(None)
    if not monitor.get_available():
        return ['systemd is not there']
    lines = [f'systemd is {monitor.get_system_state()}, '
             f'failed units: {monitor.get_n_failed_units()}']
    lines += [describe(unit) for unit in monitor.list_units_sync(names, None, None)]
    for unit in monitor.get_failed_units():
        lines += [reason.get_text() for reason in unit.explain_sync(None)]
    return lines


def tell(lines):
    """A desktop that shows no notifications is no reason to fail."""
    notifier = Dbr.Notifier.new('How systemd is')
    try:
        notifier.send_sync(lines[0], '\n'.join(lines[1:]), None, Dbr.Urgency.NORMAL, -1, None)
    except GLib.Error as error:
        print(f'Not shown: {error.message}')


def main(arguments):
    scope = Dbr.SystemdScope.USER if '--user' in arguments else Dbr.SystemdScope.SYSTEM
    names = [argument for argument in arguments if argument != '--user']
    try:
        lines = look(Dbr.SystemdMonitor.new(None, scope), names)
    except GLib.Error as error:
        print(f'Nothing is known: {error.message}')
        return 1
    print(*lines, sep='\n')
    tell(lines)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
