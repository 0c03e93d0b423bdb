# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Runs dbrctl as a program or as a person does, and rules over the testbed's bus and peers."""

import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import termios
import time

import jsonschema

PROGRAM = os.environ['DBRCTL']
SCHEMAS = os.environ['DBRCTL_SCHEMAS']
PATIENCE_S = 30 * int(os.environ.get('DBR_TEST_TIMEOUT_MULTIPLIER', '1'))
NOWHERE = 'unix:path=/nonexistent/bus'


def run(*arguments, status=None, **environment):
    """What came of it: returncode, stdout and stderr."""
    done = subprocess.run([PROGRAM, *arguments], env={**os.environ, **environment}, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          timeout=PATIENCE_S)
    if status is not None and done.returncode != status:
        raise AssertionError(f'{arguments} ended with {done.returncode}, not {status}:\n'
                             f'{done.stdout}{done.stderr}')
    return done


def check(document):
    """The document, which is as its schema says."""
    with open(f"{SCHEMAS}/{document['schema']}.schema.json", encoding='utf-8') as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    return document


def run_json(*arguments, status=0, **environment):
    """The one document that it writes."""
    return check(json.loads(run(arguments[0], '--json', *arguments[1:], status=status,
                                **environment).stdout))


def tell(line):
    """One line to the testbed; its value."""
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(os.environ['DBR_TEST_CONTROL'])
        with control.makefile('rw') as lines:
            print(line, file=lines, flush=True)
            answer, _, value = lines.readline().strip().partition(' ')
    if answer != 'ok':
        raise AssertionError(f'{line}: {value}')
    return value


def wait_until(condition):
    """What the condition says in the end; an error if it never holds."""
    end = time.monotonic() + PATIENCE_S
    while True:
        holds = condition()
        if holds:
            return holds
        if time.monotonic() > end:
            raise AssertionError('what was waited for did not come')
        time.sleep(0.01)


class Live:
    """A word that goes on: its lines as they come."""

    def __init__(self, *arguments, **environment):
        self.process = subprocess.Popen([PROGRAM, *arguments], env={**os.environ, **environment},
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.text = b''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def read_line(self):
        """The next line, as text."""
        end = time.monotonic() + PATIENCE_S
        while b'\n' not in self.text:
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f'no further line; so far {self.text!r}')
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                raise AssertionError(f'it ended: {self.process.stderr.read().decode()}')
            self.text += more
        line, _, self.text = self.text.partition(b'\n')
        return line.decode()

    def read_until(self, found):
        """The first line for which found(line) holds."""
        while True:
            line = self.read_line()
            if found(line):
                return line

    def read_json(self, found=lambda document: True):
        """The first document for which it holds; all are held against their schemas."""
        while True:
            document = check(json.loads(self.read_line()))
            if found(document):
                return document

    def end(self, number=signal.SIGINT):
        """Its status after the signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


class Terminal:
    """A terminal of so many columns with the command in it."""

    def __init__(self, *arguments, columns=80, rows=24, **environment):
        self.written = b''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            self.resize(columns, rows, 0)
            os.execve(PROGRAM, [PROGRAM, *arguments],
                      {**os.environ, 'TERM': 'xterm', **environment})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def resize(self, columns, rows, fd=None):
        """As when a person pulls at the window."""
        fcntl.ioctl(self.fd if fd is None else fd, termios.TIOCSWINSZ,
                    struct.pack('HHHH', rows, columns, 0, 0))

    def read(self, found=None):
        """All that was written, up to what is looked for or else to the end."""
        end = time.monotonic() + PATIENCE_S
        while found is None or found not in self.written:
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f'{found} did not come in {self.written!r}')
            try:
                more = os.read(self.fd, 65536)
            except OSError:
                more = b''
            if not more:
                if found is None:
                    break
                raise AssertionError(f'it ended without {found}: {self.written!r}')
            self.written += more
        return self.written.decode()

    def signal(self, number):
        """Sends it a signal."""
        os.kill(self.pid, number)

    def wait(self):
        """Its status, -N if signal N ended it."""
        self.read()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
