#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""How tests/run counts: a case each, whole programs, and what was played a second time."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

TALLY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'tally.py')
GOOD = {'name': 'good', 'result': 'OK', 'stdout': 'ok 1 - one\nok 2 - two\n'}
BAD = {'name': 'libdbr:bus / bad on a bus', 'result': 'FAIL', 'stderr': 'it was 3',
       'stdout': 'ok 1 - one\nnot ok 2 - two\nBail out! assertion failed\n'}
DEAD = {'name': 'dead', 'result': 'FAIL', 'stdout': 'ok 1 - one\n'}


def tally(word, first, again=(), status=1, in_ci='true'):
    """Gives the exit status of tests/tally.py and the lines that it printed of these logs."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, 'meson-logs'))
        for log, tests in ('testlog', first), ('again', again):
            with open(os.path.join(folder, 'meson-logs', f'{log}.json'), 'w', encoding='utf-8') as file:
                file.writelines(json.dumps(test) + '\n' for test in tests)
        ran = subprocess.run([sys.executable, TALLY, word, folder, str(status)], check=False,
                             env=dict(os.environ, CI=in_ci), stdout=subprocess.PIPE, text=True)
    return ran.returncode, ran.stdout.splitlines()


class Tally(unittest.TestCase):

    def test_each_case_counts(self):
        self.assertEqual(tally('count', [GOOD], status=0), (0, ['2 passed, 0 failed']))

    def test_what_failed_is_said_again(self):
        status, lines = tally('count', [GOOD, BAD])
        self.assertEqual(status, 1)
        self.assertEqual(lines, ['failed: libdbr:bus / bad on a bus: two', '  | not ok 2 - two',
                                 '  | Bail out! assertion failed', '  | it was 3', '3 passed, 1 failed'])

    def test_program_that_died_failed(self):
        self.assertEqual(tally('count', [DEAD]), (1, ['failed: dead: FAIL', '1 passed, 1 failed']))

    def test_failure_of_meson_itself(self):
        self.assertEqual(tally('count', [GOOD])[0], 1)

    def test_skipped_fails_in_ci_only(self):
        skipped = {'name': 'far', 'result': 'OK', 'stdout': 'ok 1 - one # SKIP no radio here\n'}
        self.assertEqual(tally('count', [skipped], status=0)[0], 1)
        self.assertEqual(tally('count', [skipped], status=0, in_ci='')[0], 0)
        self.assertIn('skipped: far: one: no radio here', tally('count', [skipped], status=0)[1])

    def test_one_that_passes_again_is_named(self):
        passed = dict(BAD, result='OK', stdout='ok 1 - one\nok 2 - two\n')
        status, lines = tally('count', [GOOD, BAD], [passed])
        self.assertEqual(status, 0)
        self.assertRegex(lines[0], '^unsteady: libdbr:bus / bad on a bus: ')
        self.assertIn('  | not ok 2 - two', lines)
        self.assertEqual(lines[-1], '4 passed, 0 failed')

    def test_one_that_fails_again_failed(self):
        status, lines = tally('count', [GOOD, BAD], [BAD])
        self.assertEqual((status, lines[-1]), (1, '3 passed, 1 failed'))

    def test_one_passes_again_the_other_does_not(self):
        status, lines = tally('count', [DEAD, BAD], [dict(DEAD, result='OK'), BAD])
        self.assertEqual((status, lines[-1]), (1, '2 passed, 1 failed'))

    def test_only_few_are_played_again(self):
        self.assertEqual(tally('few', [GOOD, BAD, DEAD])[1], ['bad on a bus', 'dead'])
        self.assertEqual(tally('few', [dict(BAD, name=str(i)) for i in range(3)])[1], [])
        self.assertEqual(tally('few', [GOOD])[1], [])


if __name__ == '__main__':
    unittest.main()
