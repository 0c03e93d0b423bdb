#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Shows a notification of what metrics find wrong, and says what the desktop was given."""

import locale

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

# As a program with windows does; Python by itself speaks English.
locale.setlocale(locale.LC_ALL, '')
notifier = Dbr.Notifier.new('Consumer')
metrics = Dbr.Metrics.new()
notifier.watch(metrics)
for _ in range(20):
    metrics.record('import', 300, Dbr.Outcome.ERROR)
metrics.get_issues()
notifier.flush_sync()
client = Dbr.Client.new(Gio.BusType.SESSION)
print(client.call_sync('org.freedesktop.Notifications', '/org/freedesktop/Notifications',
                       'org.dbr.Peer1', 'LastNotice').print_(False))
