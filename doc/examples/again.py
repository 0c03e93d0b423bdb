#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Rewinds a player that may be busy, which is code of one's own that a policy runs again."""

import sys

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib

client = Dbr.Client.new(Gio.BusType.SESSION)
policy = Dbr.RetryPolicy.new()
policy.add_retryable('org.example.Player.Error.Busy')
attempts = 0


@Dbr.retrying(policy)
def rewind():
    global attempts
    attempts += 1
    client.call_sync('org.example.Player', '/org/example/Player', 'org.example.Player', 'Rewind')


status = 0
try:
    with Dbr.deadline(5000):
        rewind()
except GLib.Error as error:
    print(error.message)
    status = 1
print('Attempts:', attempts)
sys.exit(status)
