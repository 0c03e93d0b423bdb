# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""unittest with the output of the other suites: one line a test, in TAP."""

import os
import socket
import sys
import unittest


def control(line):
    """Says something to the bus and its peer, see tests/testbed/README.md."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ['DBR_TEST_CONTROL'])
        with connection.makefile('rw') as lines:
            print(line, file=lines, flush=True)
            answer = lines.readline().split(maxsplit=1)
    assert answer[0] == 'ok', answer
    return answer[-1].strip()


class _Result(unittest.TestResult):
    def _tell(self, outcome, test, directive=''):
        print(f'{outcome} {self.testsRun} - {test.shortDescription() or test.id()}{directive}',
              flush=True)

    def addSuccess(self, test):
        self._tell('ok', test)

    def addSkip(self, test, reason):
        self._tell('ok', test, f' # SKIP {reason}')

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(test, self.failures)

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(test, self.errors)

    def _fail(self, test, whereof):
        print(*(f'# {line}' for line in whereof[-1][1].splitlines()), sep='\n')
        self._tell('not ok', test)


def main():
    """Runs the tests of the main module; whatever a failed test began ends with the process."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules['__main__'])
    print(f'1..{suite.countTestCases()}', flush=True)
    sys.exit(not suite.run(_Result()).wasSuccessful())
