#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What tests/run says of the suites: `suites FOLDER NAME...` before, `count FOLDER STATUS [LOG]` after.

One GTest or TAP program holds many cases; each counts. A program of another kind counts as one.
`few FOLDER` names what failed if it is so little that chance may have done it: tests/run plays it
again, alone, into the log `again`. What passes then counts as passed and is named as unsteady.
"""

import json
import os
import re
import subprocess
import sys

CASE = re.compile(r'^(not )?ok \d+[ \t]*-?[ \t]*([^#\n]*)(?:#[ \t]*(skip|to[d]o)\S*[ \t]*(.*))?',
                  re.I | re.M)
FAILED = ('FAIL', 'TIMEOUT', 'INTERRUPT', 'ERROR', 'UNEXPECTEDPASS')
FEW = 2
# As much of what a failed test printed is said again at the end, where nobody has to search for it.
LAST_LINES = 25


def suites(folder, names):
    """Says which of the suites have no test yet."""
    listed = subprocess.run(['meson', 'introspect', '--tests', folder],
                            stdout=subprocess.PIPE, check=True).stdout
    there = {suite.split(':')[-1] for test in json.loads(listed) for suite in test['suite']}
    absent = [name for name in names if name not in there]
    if absent:
        print(f'No tests yet: {" ".join(absent)}. '
              f'There are: {" ".join(sorted(there)) or "none"}.', flush=True)


def cases(test):
    """Yields (outcome, name, reason) for each case of a test that meson ran."""
    output = test['stdout'] or ''
    failed = test['result'] in FAILED
    any_case = False
    for bad, name, directive, reason in CASE.findall(output):
        if directive.lower() not in ('', 'skip'):
            continue
        any_case = True
        outcome = 'failed' if bad else 'skipped' if directive else 'passed'
        failed = failed and outcome != 'failed'
        yield outcome, name.strip(), reason.strip()
    if failed:
        # Whole programs that failed, and those that died although each case up to there was well.
        yield 'failed', test['result'], ''
    elif not any_case and test['result'] == 'SKIP':
        said = (output + '\n' + test.get('stderr', '')).strip().splitlines() or ['']
        yield 'skipped', '', re.sub(r'^1\.\.0\s*#\s*skip\s*', '', said[-1], flags=re.I)
    elif not any_case:
        yield 'passed', '', ''


def read_log(folder, log):
    """What meson wrote of each test; it writes no log when there was nothing to run."""
    try:
        with open(os.path.join(folder, 'meson-logs', log), encoding='utf-8') as lines:
            return [json.loads(line) for line in lines]
    except FileNotFoundError:
        return []


def few(folder):
    """Names the tests that failed, a line each; none of them if they are many."""
    # In the log a test has its project and its suites before its name, and meson is asked by that name.
    names = [test['name'].split(' / ')[-1] for test in read_log(folder, 'testlog.json')
             if test['result'] in FAILED]
    for name in names if len(names) <= FEW else ():
        print(name)


def print_last_lines(test):
    """Says again what a failed test printed last, without the cases that were well."""
    lines = ((test['stdout'] or '') + '\n' + test.get('stderr', '')).splitlines()
    telling = [line for line in lines if line.strip() and not re.match(r'# (slow|Start|End)|ok ', line)]
    for line in telling[-LAST_LINES:]:
        print(f'  | {line}')


def count(folder, status, log='testlog.json'):
    """Sums up, names what did not run and what failed, and gives the run's exit status."""
    sums = dict(passed=0, failed=0, skipped=0)
    again = {test['name']: test for test in read_log(folder, 'again.json')}
    for test in read_log(folder, log):
        second = again.get(test['name'])
        if second and second['result'] not in FAILED:
            print(f'unsteady: {test["name"]}: it failed, and passed when it was played again, alone')
            print_last_lines(test)
            test, status = second, 0
        for outcome, name, reason in cases(test):
            sums[outcome] += 1
            if outcome != 'passed':
                print(f'{outcome}: {test["name"]}', *filter(None, (name, reason)), sep=': ')
        if test['result'] in FAILED:
            print_last_lines(test)
    if status != 0 and sums['failed'] == 0:
        print('failed: meson test itself, see above')
        sums['failed'] = 1

    in_ci = os.environ.get('CI') == 'true'
    if sums['skipped'] and in_ci:
        print('What was skipped makes this run fail: CI has to play every test.')
    print(f'{sums["passed"]} passed, {sums["failed"]} failed'
          + (f', {sums["skipped"]} skipped' if sums['skipped'] else ''))
    return 1 if sums['failed'] or (sums['skipped'] and in_ci) else 0


if __name__ == '__main__':
    if sys.argv[1] == 'suites':
        suites(sys.argv[2], sys.argv[3:])
    elif sys.argv[1] == 'few':
        few(sys.argv[2])
    else:
        sys.exit(count(sys.argv[2], int(sys.argv[3]), *sys.argv[4:]))
