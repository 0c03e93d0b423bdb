#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Services that answer, hang, start again and are not there, as a person sees them."""

import csv
import os
import signal
import struct
import time
from xml.etree import ElementTree

import scene
import tap

PLAYER = 'session:org.example.Player'
EDITOR = 'session:org.example.Editor'
NOBODY = 'session:org.example.Nobody'


class Services(scene.Case):
    def tearDown(self):
        self.control.tell('peer org.example.Player cont')

    def test_list(self):
        """each service is in the list with its state, and the one that is chosen in full"""
        with scene.Applet([EDITOR, NOBODY, PLAYER]) as applet:
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            applet.see('org.example.Nobody, Not Running · Session Bus', 'list item')
            applet.see('2 of 3 services are healthy')
            applet.see('It answers in time.')
            applet.see('A property, by its main loop')
            row = applet.find('list item', 'What It Is Asked')
            self.assertEqual(row.description, 'A property, by its main loop')
            applet.shoot('services')
            self.assertEqual(applet.complaints(), [])

    def test_stall(self):
        """a service that is stopped is told, in the list, the chart and the timeline; and that it goes on"""
        with scene.Applet([PLAYER]) as applet:
            applet.see('Healthy · Session Bus')
            self.control.tell('peer org.example.Player stop')
            applet.see('org.example.Player, Stopped · Session Bus', 'list item')
            applet.see('0 of 1 service is healthy, 1 is in trouble')
            chart = scene.until(lambda: applet.find('image', 'Chart of how long answers take'), 'the chart')
            scene.until(lambda: '1 stall' in chart.description, 'the stall in the chart')
            applet.go('Timeline')
            applet.see_text('org.example.Player has not answered for', inside='Timeline')
            self.control.tell('peer org.example.Player cont')
            applet.see_text('org.example.Player answers again after', inside='Timeline')
            applet.shoot('timeline')
            applet.go('Services')
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            applet.shoot('recovered')
            self.look_at_gap(applet)

    def look_at_gap(self, applet):
        """No line leads through the stall, as nothing was answered there."""
        drawing = ElementTree.fromstring(self.save(applet, 'service.export', 'chart.svg'))
        paths = [(path.get('style'), path.get('d').split()) for path in drawing.iter() if path.get('d')]
        field = next(steps for style, steps in paths if 'fill:rgb(87.843' in style)
        line = next(steps for style, steps in paths if 'stroke:rgb(10.98' in style)
        points = [(line[number], float(line[number + 1])) for number in range(0, len(line), 3)]
        widest = max(x - past for (_, past), (step, x) in zip(points, points[1:]) if step == 'L')
        self.assertLess(widest, (float(field[4]) - float(field[1])) / 2)

    def test_first(self):
        """what hangs is the first in the list, and at its place again when it answers"""
        def order():
            rows = applet.find('list', 'Services').walk()
            return [row.name.partition(',')[0] for row in rows if row.role == 'list item']
        with scene.Applet([EDITOR, PLAYER]) as applet:
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            self.assertEqual(order(), ['org.example.Editor', 'org.example.Player'])
            self.control.tell('peer org.example.Player stop')
            applet.see('org.example.Player, Stopped · Session Bus', 'list item')
            scene.until(lambda: order() == ['org.example.Player', 'org.example.Editor'], 'it to be first')
            self.control.tell('peer org.example.Player cont')
            scene.until(lambda: order() == ['org.example.Editor', 'org.example.Player'], 'its place')

    def test_restart(self):
        """a restart is counted, and the timeline grows by it"""
        with scene.Applet([PLAYER]) as applet:
            applet.see('Healthy · Session Bus')
            self.control.tell('peer org.example.Player restart')
            applet.see('1')
            applet.go('Timeline')
            applet.see_text('org.example.Player was restarted', inside='Timeline')
            applet.see_text('org.example.Player is gone', inside='Timeline')
            self.assertEqual(applet.complaints(), [])

    def test_held_up(self):
        """that the window itself was held up is told once, and not once for each service"""
        with scene.Applet([EDITOR, PLAYER, 'system:org.freedesktop.DBus']) as applet:
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            applet.see('org.example.Editor, Healthy · Session Bus', 'list item')
            os.kill(applet.process.pid, signal.SIGSTOP)
            # That is how long it is held up.
            time.sleep(3)
            os.kill(applet.process.pid, signal.SIGCONT)
            applet.see_text('held up', inside='Timeline')
            # Whatever was to be told of it has been by the time of this.
            self.control.tell('peer org.example.Player restart')
            applet.see_text('org.example.Player was restarted', inside='Timeline')
            rows = applet.find('list', 'Timeline').walk()
            self.assertEqual(sum('held up' in row.name for row in rows if row.role == 'list item'), 1)

    def test_filter(self):
        """the timeline shows what is asked for, and says so when that is nothing"""
        with scene.Applet([PLAYER]) as applet:
            applet.see('Healthy · Session Bus')
            applet.go('Timeline')
            applet.see('Nothing Has Happened')
            self.control.tell('peer org.example.Player restart')
            applet.see_text('was restarted', inside='Timeline')
            applet.write('Search the timeline', 'is gone')
            applet.see_no_text('was restarted', inside='Timeline')
            applet.see_text('org.example.Player is gone', inside='Timeline')
            applet.write('Search the timeline', 'nothing of the kind')
            applet.see('Try another search, or show everything.')

    def test_pick(self):
        """services are picked from the bus, let go, and kept for the next time"""
        with scene.Applet() as applet:
            applet.see('No Services Are Watched')
            applet.shoot('empty')
            applet.press('Add Services…')
            window = 'Add Services'
            scene.until(lambda: applet.find('list item', 'org.example.Player, Running', window), 'the names')
            applet.shoot('pick')
            applet.write('Search names, or type one', 'example.Editor', window)
            scene.until(lambda: not applet.find('list item', 'org.example.Player, Running', window), 'the search')
            applet.type(['Return'])
            applet.see('org.example.Editor, Watched', 'list item', window)
            # One that nobody has is watched as well.
            applet.write('Search names, or type one', 'org.example.Later', window)
            applet.see('org.example.Later, Not running', 'list item', window)
            applet.type(['Return'])
            applet.see('org.example.Later, Watched', 'list item', window)
            applet.type(['Escape'])
            applet.see('org.example.Editor, Healthy · Session Bus', 'list item')
            applet.see('org.example.Later, Not Running · Session Bus', 'list item')
            applet.see_setting('services=session:org.example.Editor;session:org.example.Later;')
            applet.end()
            applet.start()
            applet.see('org.example.Editor, Healthy · Session Bus', 'list item')
            applet.act('service.remove')
            applet.see_no_text('Editor', 'list item')
            applet.see_setting('services=session:org.example.Later;')
            # A toast's button has its label and what that labels as its name.
            applet.press(lambda text: text.startswith('Undo'))
            applet.see('org.example.Editor, Healthy · Session Bus', 'list item')

    def test_nothing_found(self):
        """where a search finds nothing no service is shown, and nothing can be done for one"""
        with scene.Applet([EDITOR, NOBODY]) as applet:
            applet.see_text('org.example.Nobody, ', 'list item')
            applet.write('Search services', 'Nobody')
            scene.until(lambda: applet.find('button', 'Recover…'), 'the service')
            applet.write('Search services', 'nothing of the kind')
            scene.until(lambda: not applet.find('button', 'Recover…'), 'its end')
            self.assertEqual(applet.complaints(), [])

    def test_keyboard(self):
        """the keyboard reaches every page, and what is chosen"""
        with scene.Applet([NOBODY, PLAYER], settings='background=false') as applet:
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            for page, number in {'Timeline': 2, 'Bluetooth': 3, 'Units': 4, 'Issues': 5, 'Services': 1}.items():
                applet.type([f'alt+{number}'])
                applet.see_setting(f'page={page.lower()}')
                applet.shoot('page-' + page.lower())
            applet.see_text('No program has this name')
            applet.type(['ctrl+f', 'Tab', 'Down'])
            applet.see('It answers in time.')
            applet.type(['ctrl+f', 'N', 'o', 'b'])
            applet.see_no_text('Player', 'list item')
            applet.type(['ctrl+a', 'BackSpace'])
            applet.see_text('org.example.Player, ', 'list item')
            applet.type(['ctrl+n'])
            scene.until(lambda: applet.window('Add Services'), 'the names')
            scene.run('xdotool', 'type', 'org.example.Later')
            applet.see('org.example.Later, Not running', 'list item', 'Add Services')
            applet.type(['Return', 'Escape'])
            applet.see_text('org.example.Later, ', 'list item')
            applet.type(['ctrl+question'])
            scene.until(lambda: applet.window('GtkShortcutsWindow'), 'the shortcuts')
            applet.type(['Escape'])
            scene.until(lambda: not applet.window('GtkShortcutsWindow'), 'the end of the shortcuts')
            applet.type(['ctrl+w'])
            self.assertEqual(applet.process.wait(scene.PATIENCE_S), 0)
            self.assertEqual(applet.complaints(), [])

    def test_export(self):
        """figures, answers and a chart are saved as files that others can read"""
        with scene.Applet([PLAYER]) as applet:
            applet.see('Healthy · Session Bus')
            figures = self.save(applet, 'win.export-figures', 'figures.prom').decode()
            self.assertIn('dbr_health_up{bus="session",service="org.example.Player"} 1\n', figures)
            for line in figures.splitlines():
                self.assertRegex(line, r'^# (HELP|TYPE) \w+ |^\w+(\{[^}]*\})? [-+.\deInfNa]+$')
            answers = self.save(applet, 'win.export-answers', 'answers.csv').decode()
            rows = list(csv.DictReader(answers.splitlines()))
            self.assertTrue([row for row in rows if row['service'] == 'org.example.Player'
                             and row['kind'] == 'answer' and float(row['latency_ms']) > 0])
            self.assertTrue([row for row in rows if row['kind'] == 'state' and row['state'] == 'healthy'])
            picture = self.save(applet, 'service.export', 'chart.png')
            self.assertEqual(picture[:8], b'\x89PNG\r\n\x1a\n')
            self.assertEqual(struct.unpack('>II', picture[16:24]), (960, 400))
            drawing = ElementTree.fromstring(self.save(applet, 'service.export', 'chart.svg'))
            self.assertEqual(drawing.tag, '{http://www.w3.org/2000/svg}svg')
            applet.see_text('chart.svg')
            self.assertEqual(applet.complaints(), [])

    def test_refused(self):
        """a file that cannot be written is told of"""
        with scene.Applet([PLAYER]) as applet:
            applet.see('Healthy · Session Bus')
            self.choose(applet, 'win.export-figures', '/proc/figures.prom')
            applet.see_text('/proc/figures.prom')
            self.assertEqual(applet.complaints(), [])

    def save(self, applet, action, name):
        """What is in the file then."""
        path = os.path.join(applet.folder, name)
        self.choose(applet, action, path)
        scene.until(lambda: os.path.exists(path) and os.path.getsize(path), path)
        with open(path, 'rb') as file:
            return file.read()

    def choose(self, applet, action, path):
        title = {'win.export-figures': 'Export Figures', 'win.export-answers': 'Export Answers',
                 'service.export': 'Export Chart'}[action]
        applet.act(action)
        dialog = scene.until(lambda: applet.dialogs(title), title)[-1]
        # The entry for the name has the focus.
        applet.type(['ctrl+a'], dialog)
        scene.run('xdotool', 'type', path)
        applet.type(['Return'], dialog)
        scene.until(lambda: not applet.dialogs(title), 'the end of the dialog')


if __name__ == '__main__':
    tap.main()
