#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""shellcheck finds nothing in the shell scripts; the Python ones compile and name their Python.

Usage: scripts.py [ROOT]
"""

import os
import subprocess
import sys

import tree


def main(root):
    faults, shell = [], []
    for path in tree.walk(root):
        program = tree.shebang(root, path)
        if program in ('sh', 'bash', 'dash') or path.endswith('.sh'):
            shell.append(path)
        elif program.startswith('python') or path.endswith('.py'):
            text = tree.read(root, path)
            try:
                compile(text, path, 'exec', dont_inherit=True)
            except SyntaxError as error:
                faults.append(f'{path}:{error.lineno}: {error.msg}')
            # Another python, without gi, may come first on a person's PATH.
            if program and not text.startswith('#!/usr/bin/python3\n'):
                faults.append(f'{path}:1: Python scripts begin with #!/usr/bin/python3')
        if program and not os.access(os.path.join(root, path), os.X_OK):
            faults.append(f'{path}:1: is a script, and nobody may execute it')
    if shell:
        done = subprocess.run(['shellcheck', '--format=gcc', *shell], cwd=root, text=True,
                              stdout=subprocess.PIPE, check=False)
        faults += done.stdout.splitlines()
        if done.returncode != 0 and not done.stdout:
            faults.append('shellcheck does not run')
    tree.verdict(faults)


if __name__ == '__main__':
    main(*(sys.argv[1:] or [tree.ROOT]))
