#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""dbrctl demo: all that is played is seen, and nothing of it is left."""

import os
import signal
import subprocess
import unittest

import dbrctl
import tap

NOBODY = {'DBUS_SESSION_BUS_ADDRESS': dbrctl.NOWHERE, 'DBUS_SYSTEM_BUS_ADDRESS': dbrctl.NOWHERE,
          'DISPLAY': ''}


def children(pid, name=''):
    """Of the process, as long as it has not ended: all, or those of one program."""
    listed = subprocess.run(['ps', '-o', 'pid=,comm=', '--ppid', str(pid)], text=True,
                            capture_output=True, check=False)
    pairs = [line.split(None, 1) for line in listed.stdout.splitlines()]
    return [int(child) for child, comm in pairs if comm.startswith(name)]


def is_gone(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
            return file.read().rpartition(')')[2].split()[0] == 'Z'
    except FileNotFoundError:
        return True


class Demo(unittest.TestCase):
    def test_all_is_seen(self):
        """demo: what befalls the service is seen, without any bus of the machine"""
        with dbrctl.Live('demo', '--json', **NOBODY) as live:
            heard = [live.read_json()]
            while heard[-1]['event'] != 'end':
                heard.append(live.read_json())
            self.assertEqual(live.process.wait(dbrctl.PATIENCE_S), 0)
        events = [document['event'] for document in heard]
        at = 0
        for event in ('begin', 'device-added', 'connected', 'slow', 'stalled',
                      'recovery-stage-started', 'restarted', 'recovered', 'connected', 'vanished',
                      'restarted', 'connected', 'disconnected', 'connected', 'end'):
            self.assertIn(event, events[at:])
            at = events.index(event, at) + 1
        self.assertEqual((events.count('stalled'), events.count('restarted')), (1, 2))
        self.assertIn('recovery-recovered', events)
        self.assertIn('circuit-open', events)
        figures = {figure['operation'].rpartition('.')[2]: figure
                   for figure in heard[-1]['operations']}
        # One attempt of them was failed on purpose.
        self.assertEqual(figures['Connect']['ok'], 4)
        self.assertGreater(figures['Get']['timeouts'], 0)
        self.assertGreater(figures['Get']['ok'], 50)

    def test_interrupted(self):
        """demo: on a terminal it goes on until Ctrl-C, and ends with the figures"""
        with dbrctl.Terminal('demo', **NOBODY) as terminal:
            terminal.read(b'is connected')
            begun = children(terminal.pid)
            os.write(terminal.fd, b'\x03')
            self.assertIn('Device1.Connect', terminal.read())
            self.assertEqual(terminal.wait(), 0)
        self.assertEqual(len(begun), 2)
        self.assertTrue(all(is_gone(pid) for pid in begun))

    def test_killed(self):
        """demo: what it has begun ends with it, however it ends"""
        with dbrctl.Live('demo', **NOBODY) as live:
            live.read_until(lambda line: 'is there' in line)
            begun = children(live.process.pid)
            live.process.send_signal(signal.SIGKILL)
            live.process.wait(dbrctl.PATIENCE_S)
        self.assertEqual(len(begun), 2)
        dbrctl.wait_until(lambda: all(is_gone(pid) for pid in begun))

    def test_broken_off(self):
        """demo: it says so when what it plays with is gone or was never there"""
        with dbrctl.Live('demo', **NOBODY) as live:
            live.read_until(lambda line: 'is there' in line)
            peer, = children(live.process.pid, 'dbr-peer')
            os.kill(peer, signal.SIGKILL)
            self.assertEqual(live.process.wait(dbrctl.PATIENCE_S), 3)
            self.assertIn('ended early', live.process.stderr.read().decode())
        missing = dbrctl.run('demo', status=3, DBR_PEER_PROGRAM='/nonexistent')
        self.assertIn('/nonexistent', missing.stderr)
        self.assertIn('dbus-daemon', dbrctl.run('demo', status=3, PATH='/nonexistent').stderr)

    def test_misuse(self):
        """demo: a mistake in the command line ends with 2"""
        for arguments in (['now'], ['--seconds', '-1'], ['--seconds', 'x']):
            self.assertEqual(dbrctl.run('demo', *arguments, status=2).stdout, '')


if __name__ == '__main__':
    tap.main()
