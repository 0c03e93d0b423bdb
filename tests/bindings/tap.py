# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""unittest with the output of the other suites: one line a test, in TAP."""

import sys
import unittest


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
