#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Real readers take what libdbr writes: a scrape, a textfile collector, promtool.

Usage: test-prometheus.py RULES DASHBOARD RULES-TEST
"""

import contextlib
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'bindings'))
import tap

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr

PATIENCE_S = 40
CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
NODE_EXPORTER = 'prometheus-node-exporter'
COMMENT = re.compile(r'^# (TYPE|HELP) (\S+) (.*)$', re.M)
SAMPLE = re.compile(r'^(\w+)\{(.*)\} (\S+)$', re.M)


def make_metrics():
    """Figures of two operations, one with a name that has to be escaped, and an issue."""
    metrics = Dbr.Metrics.new()
    for usec in range(1000, 101000, 1000):
        metrics.record('export', usec, Dbr.Outcome.OK)
    for _ in range(20):
        metrics.record('a "quoted"\\\nname', 5, Dbr.Outcome.ERROR)
    metrics.record('export', -1, Dbr.Outcome.CANCELLED)
    return metrics


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise unittest.SkipTest(f'{program} is not installed')


def find_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def fetch(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


def wait_for(condition, what):
    """The first answer that is something; what refuses or is not there yet is asked again."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            found = condition()
            if found:
                return found
        threading.Event().wait(0.1)
    raise AssertionError(f'{what} did not come within {PATIENCE_S} s')


@contextlib.contextmanager
def running(*command):
    with tempfile.TemporaryFile() as log, \
            subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield process
        except BaseException:
            log.seek(0)
            print(*(f'# {line}' for line in log.read().decode().splitlines()[-20:]), sep='\n')
            raise
        finally:
            process.kill()


class Handler(http.server.BaseHTTPRequestHandler):
    metrics = None
    accepted = []

    def do_GET(self):
        self.accepted.append(self.headers['Accept'])
        body = self.metrics.to_openmetrics().encode()
        self.send_response(200)
        self.send_header('Content-Type', CONTENT_TYPE)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(metrics):
    Handler.metrics = metrics
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def unescape(text):
    return re.sub(r'\\(.)', lambda m: '\n' if m[1] == 'n' else m[1], text)


def samples_of(text):
    """{(name, labels): value} of an exposition."""
    found = {}
    for name, labels, value in SAMPLE.findall(text):
        pairs = re.findall(r'(\w+)="((?:\\.|[^"\\])*)"', labels)
        found[name, frozenset((key, unescape(value)) for key, value in pairs if value)] = float(value)
    return found


def le_of(labels):
    """Prometheus writes an edge its own way, so that it is compared as a number."""
    return frozenset((key, str(float(value)) if key == 'le' else value) for key, value in labels)


class Prometheus(unittest.TestCase):
    def test_scrape(self):
        """a Prometheus scrapes OpenMetrics and gives back each series with its type"""
        need('prometheus')
        port = find_port()
        with tempfile.TemporaryDirectory() as folder, serving(make_metrics()) as target:
            config = os.path.join(folder, 'prometheus.yml')
            with open(config, 'w', encoding='utf-8') as file:
                json.dump({'global': {'scrape_interval': '1s'}, 'rule_files': [RULES],
                           'scrape_configs': [{'job_name': 'dbr', 'static_configs': [
                               {'targets': [f'127.0.0.1:{target}']}]}]}, file)
            api = f'http://127.0.0.1:{port}/api/v1'
            with running('prometheus', f'--config.file={config}',
                         f'--storage.tsdb.path={folder}/data',
                         f'--web.listen-address=127.0.0.1:{port}'):
                self.check_scrape(api, f'127.0.0.1:{target}')

    def check_scrape(self, api, instance):
        def query(text):
            url = f'{api}/query?{urllib.parse.urlencode({"query": text})}'
            return json.loads(fetch(url))['data']['result']

        wait_for(lambda: query('up{job="dbr"} == 1'), 'a scrape that was taken')
        self.assertTrue(any('openmetrics' in accept for accept in Handler.accepted))
        text = Handler.metrics.to_openmetrics()
        wanted = {(name, le_of(labels)): value
                  for (name, labels), value in samples_of(text).items()}
        found = {}
        for result in query('{job="dbr",__name__=~"dbr_.+"}'):
            labels = dict(result['metric'])
            name = labels.pop('__name__')
            self.assertEqual(labels.pop('instance'), instance)
            labels.pop('job')
            found[name, le_of(labels.items())] = float(result['value'][1])
        self.assertEqual(found, wanted)

        metadata = json.loads(fetch(f'{api}/metadata'))['data']
        for kind, name, value in COMMENT.findall(text):
            key = 'type' if kind == 'TYPE' else 'help'
            if name in metadata:
                self.assertEqual([one[key] for one in metadata[name]], [value], name)
        types = {name: entries[0]['type'] for name, entries in metadata.items()}
        self.assertEqual(types['dbr_calls'], 'counter')
        self.assertEqual(types['dbr_call_duration_seconds'], 'histogram')
        self.assertEqual(types['dbr_open_issues'], 'gauge')
        self.assertEqual(types['dbr_build'], 'info')

    def test_textfile(self):
        """a node exporter takes the Prometheus text from a file without an error"""
        need(NODE_EXPORTER)
        port = find_port()
        text = make_metrics().to_prometheus()
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, 'dbr.prom'), 'w', encoding='utf-8') as file:
                file.write(text)
            with running(NODE_EXPORTER, '--collector.disable-defaults', '--collector.textfile',
                         f'--collector.textfile.directory={folder}',
                         f'--web.listen-address=127.0.0.1:{port}'):
                told = wait_for(lambda: fetch(f'http://127.0.0.1:{port}/metrics'), 'an answer')
        self.assertIn('\nnode_textfile_scrape_error 0\n', told)
        found = {(name, le_of(labels)): value for (name, labels), value in samples_of(told).items()}
        for (name, labels), value in samples_of(text).items():
            self.assertEqual(found.get((name, le_of(labels))), value, (name, labels))
        for kind, name, value in COMMENT.findall(text):
            if f'\n{name}' in text:
                self.assertIn(f'# {kind} {name} {value}\n', told)

    def test_lint(self):
        """promtool has nothing to say against the Prometheus text"""
        need('promtool')
        done = subprocess.run(['promtool', 'check', 'metrics'], input=make_metrics().to_prometheus(),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ''))

    def test_rules(self):
        """the rules are well formed, and each alert fires on its fault only"""
        need('promtool')
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(RULES, os.path.join(folder, 'libdbr.rules.yml'))
            shutil.copy(RULES_TEST, folder)
            for command in (['check', 'rules', 'libdbr.rules.yml'],
                            ['test', 'rules', os.path.basename(RULES_TEST)]):
                done = subprocess.run(['promtool', *command], cwd=folder, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_names(self):
        """rules and dashboard ask only for what is written"""
        text = make_metrics().to_prometheus()
        families = {name for kind, name, _ in COMMENT.findall(text) if kind == 'TYPE'}
        with open(DASHBOARD, encoding='utf-8') as file:
            dashboard = json.load(file)
        with open(RULES, encoding='utf-8') as file:
            asked = file.read()
        asked += ' '.join(target['expr'] for panel in dashboard['panels']
                          for target in panel['targets'])
        used = set(re.findall(r'(?<![\w:])dbr_\w+(?=[\[{ )/]|$)', asked, re.M))
        used = {name.removesuffix('_bucket') for name in used}
        self.assertGreater(len(used), 8)
        self.assertEqual(used - families, set())


if __name__ == '__main__':
    RULES, DASHBOARD, RULES_TEST = (os.path.abspath(path) for path in sys.argv[1:4])
    del sys.argv[1:]
    tap.main()
