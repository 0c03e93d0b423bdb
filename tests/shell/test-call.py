#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""dbrctl call: arguments as a person types them, limits, retries, and where the time went."""

import signal
import unittest

import dbrctl
import tap

NAME = 'org.example.Peer'
PEER = NAME, '/org/example/Peer', 'org.dbr.Peer1'
# By type: what is typed, and what arrives.
TYPED = [
    ('s', 'two words', 'two words'), ('s', '', ''), ('s', '-5', '-5'),
    ('o', '/org/example', '/org/example'), ('g', 'a{sv}', 'a{sv}'),
    ('b', 'yes', True), ('b', 'false', False), ('y', '255', 255), ('n', '-32768', -32768),
    ('q', '0xffff', 65535), ('i', '-1', -1), ('u', '4294967295', 4294967295),
    ('x', '-9223372036854775808', -9223372036854775808), ('t', '9223372036854775807', 2**63 - 1),
    ('t', '18446744073709551615', '18446744073709551615'),
    ('d', '1e3', 1000.0), ('d', 'nan', None), ('d', '-inf', None),
    ('v', "['a', 'b']", ['a', 'b']), ('v', '<uint32 4>', 4), ('as', '[]', []),
    ('a{sv}', "{'k': <{'l': <true>}>}", {'k': {'l': True}}), ('a{us}', "{1: 'one'}", {'1': 'one'}),
    ('(sai)', "('a', [1, 2])", ['a', [1, 2]]), ('ay', "b'ab'", [97, 98, 0]),
]
MISTYPED = [
    ('o', 'org'), ('g', '!'), ('b', 'perhaps'), ('y', '256'), ('y', '-1'), ('n', '40000'),
    ('q', '1.5'), ('i', ''), ('u', '4294967296'), ('u', '5x'), ('x', '9223372036854775808'),
    ('t', '-1'), ('t', '18446744073709551616'), ('d', 'one'), ('v', '['), ('as', "'a'"), ('h', '0x'),
]


def call(method, *arguments, status=0):
    """What became of it, for programs."""
    return dbrctl.run_json('call', *PEER, method, *arguments, status=status)


class Call(unittest.TestCase):
    def test_types(self):
        """call: values of each type are typed as a person would"""
        for signature, typed, expected in TYPED:
            told = dbrctl.run_json('call', '--signature', signature, *PEER, 'Echo', '--', typed)
            self.assertEqual((told['reply'], told['reply-type']), ([expected], f'({signature})'))

    def test_mistyped(self):
        """call: what is no value of the type is refused before anything is sent"""
        for signature, typed in MISTYPED:
            done = dbrctl.run('call', '--signature', signature, *PEER, 'Echo', '--', typed, status=2)
            self.assertIn(f'“{typed}”', done.stderr)
            self.assertNotIn('g_variant', done.stderr)

    def test_introspection(self):
        """call: the service tells the types, and a mistake is answered with what there is"""
        self.assertEqual(call('Increment', 'x1')['reply'], [1])
        for arguments, texts in (
                (['Increment'], ['Increment (s token)', '0']),
                (['Increment', 'a', 'b'], ['Increment (s token)', '2']),
                (['Wait', 'long'], ['Wait (u ms)', 'long', '4294967295']),
                (['Nonesuch'], ['Nonesuch', 'Increment'])):
            done = dbrctl.run('call', *PEER, *arguments, status=2)
            for text in texts:
                self.assertIn(text, done.stderr)
        done = dbrctl.run('call', NAME, '/org/example/Peer', 'org.example.None', 'Echo', status=2)
        self.assertIn('org.dbr.Peer1', done.stderr)

    def test_bytes(self):
        """call: what a terminal hands over and is no text is a wrong argument"""
        for signature, given in (('s', b'\xff'), ('as', b"['\xff']"), ('v', b"'\xff'")):
            for form in ([], ['--json']):
                done = dbrctl.run('call', *PEER, 'Echo', given, '--signature', signature, *form, status=2)
                self.assertIn('\ufffd', done.stdout + done.stderr)

    def test_times(self):
        """call: the time is told apart, in text too"""
        told = call('Wait', '300')
        self.assertGreaterEqual(told['service-usec'], 290000)
        self.assertGreaterEqual(told['elapsed-usec'], told['service-usec'])
        self.assertEqual((told['attempts'], told['execution']), (1, 'once'))
        text = dbrctl.run('call', *PEER, 'Increment', 'x2', status=0).stdout
        self.assertTrue(text.startswith('uint32 1\n'), text)
        self.assertIn('the method ran once', text)

    def test_limit(self):
        """call: a service that does not answer is not waited for beyond the limit"""
        told = call('Never', '--timeout-ms', '300', status=1)
        self.assertEqual((told['reply'], told['execution']), (None, 'maybe'))
        self.assertEqual(told['error']['domain'], 'dbr-error-quark')
        done = dbrctl.run('call', *PEER, 'Never', '--timeout-ms', '300', status=1)
        self.assertIn('300 ms', done.stderr)
        self.assertIn('the method may have run', done.stdout)

    def test_retries(self):
        """call: what may run twice is tried again, and nothing else is"""
        dbrctl.tell(f'peer {NAME} tell reset')
        call('Wait', '60000', '--attempt-timeout-ms', '200', '--timeout-ms', '20000', status=1)
        self.assertEqual(dbrctl.tell(f'peer {NAME} tell count Wait'), '1')
        told = call('Wait', '60000', '--attempt-timeout-ms', '200', '--timeout-ms', '20000',
                    '--idempotent', '--retries', '3', status=1)
        self.assertEqual(told['attempts'], 4)
        self.assertEqual(dbrctl.tell(f'peer {NAME} tell count Wait'), '5')

    def test_error(self):
        """call: the error of a service keeps its name, and is harmless to the terminal"""
        told = call('Fail', 'org.example.Bad', 'no \x1b[31mway\u009b', status=1)
        self.assertEqual(told['error']['name'], 'org.example.Bad')
        self.assertIn('no \x1b[31mway\u009b', told['error']['message'])
        for arguments in (['Fail', 'org.example.Bad', 'no \x1b[31mway\u009b'], ['Echo', '--signature',
                          's', 'no \x1b[31mway\u009b\u202e']):
            done = dbrctl.run('call', *PEER, *arguments)
            self.assertFalse(set(done.stdout + done.stderr) & set('\x1b\u009b\u202e'))
            raw = dbrctl.run('call', *PEER, *arguments, '--json').stdout
            self.assertFalse(set(raw) & set('\x1b\u009b\u202e'))

    def test_absent(self):
        """call: a service that is not there did not run the method"""
        told = dbrctl.run_json('call', 'org.example.Nobody', '/', 'org.example.None', 'Do',
                               '--timeout-ms', '2000', status=1)
        if told['schema'] == 'dbrctl-call-1':
            self.assertEqual(told['execution'], 'never')
        dbrctl.run('call', *PEER, 'Never', '--address', dbrctl.NOWHERE, status=3)

    def test_misuse(self):
        """call: bad names and numbers are wrong usage"""
        for arguments in (['no name', '/', 'a.b', 'C'], [NAME, 'no-path', 'a.b', 'C'],
                          [NAME, '/', 'a.b'], [*PEER, 'Never', '--retries', '-1'],
                          [*PEER, 'Echo', '--signature', 'zz', '4']):
            dbrctl.run('call', *arguments, status=2)

    def test_interrupted(self):
        """call: Ctrl-C ends it at once, without a word"""
        before = dbrctl.tell(f'peer {NAME} tell count Never')
        with dbrctl.Live('call', *PEER, 'Never', '--timeout-ms', '60000') as live:
            dbrctl.wait_until(lambda: dbrctl.tell(f'peer {NAME} tell count Never') != before)
            self.assertEqual(live.end(), -signal.SIGINT)
            self.assertEqual(live.process.stderr.read(), b'')


if __name__ == '__main__':
    tap.main()
