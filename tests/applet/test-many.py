#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Many services, a language of long words, and windows of all sizes."""

import os
import re
import subprocess

import scene
import tap

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
PLAYER = 'session:org.example.Player'
VOWELS = str.maketrans('aeiouAEIOU', 'äëïöüÄËÏÖÜ')


def lengthen(text):
    """As long as the longest language, and what is put into the text at its place."""
    # A number with its unit is as short everywhere.
    if text[:1].isdigit():
        return text
    parts = re.split(r'(%[-+.\d]*[a-zA-Z%]|_(?=\w))', text)
    long = ''.join(part if number % 2 else part.translate(VOWELS) for number, part in enumerate(parts))
    return long + ' ' + 'ümständlichkeit'[:max(2, len(text) * 2 // 5)]


def translate(folder):
    """A catalogue of all texts of the applet, under a language that nobody speaks."""
    with open(os.path.join(ROOT, 'po', 'POTFILES.in'), encoding='utf-8') as file:
        files = [line.strip() for line in file if line.startswith('bindings/vala/applet/')
                 and line.strip().endswith(('.vala', '.ui'))]
    template = os.path.join(folder, 'applet.po')
    subprocess.run(['xgettext', '--from-code=UTF-8', '--keyword=_', '--keyword=N_', '--no-location', '-o',
                    template, *files], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    with open(template, encoding='utf-8') as file:
        blocks = file.read().replace('CHARSET', 'UTF-8').split('\n\n')
    blocks[0] = blocks[0].replace('nplurals=INTEGER; plural=EXPRESSION', 'nplurals=2; plural=n != 1')
    for number, block in enumerate(blocks[1:], 1):
        lines = re.sub(r'"\n"', '', block)
        texts = dict(re.findall(r'^(msgid|msgid_plural) "(.*)"$', lines, re.M))
        lines = re.sub(r'^msgstr(\[0\])? ""$', lambda m: f'msgstr{m[1] or ""} "{lengthen(texts["msgid"])}"',
                       lines, flags=re.M)
        if 'msgid_plural' in texts:
            lines = re.sub(r'^msgstr\[1\] ""$', f'msgstr[1] "{lengthen(texts["msgid_plural"])}"', lines,
                           flags=re.M)
        blocks[number] = lines
    with open(template, 'w', encoding='utf-8') as file:
        file.write('\n\n'.join(blocks))
    messages = os.path.join(folder, 'xx', 'LC_MESSAGES')
    os.makedirs(messages)
    subprocess.run(['msgfmt', '--check', '-o', os.path.join(messages, 'libdbr.mo'), template], check=True,
                   stderr=subprocess.DEVNULL)


class Many(scene.Case):
    def own(self, count):
        """So many names, each with something that can be read."""
        names = [f'org.example.Many{number:03}' for number in range(count)]
        for name in names:
            path = '/' + name.replace('.', '/')
            self.control.tell(f'peer org.example.Player tell set {path} org.example.Many.Number uint32 1')
            self.control.tell(f'peer org.example.Player tell own {name}')
        return names

    def test_200(self):
        """200 services are watched, shown and searched"""
        names = self.own(200)
        with scene.Applet([f'session:{name}' for name in names]) as applet:
            applet.see('200 of 200 services are healthy')
            applet.shoot('many')
            applet.type(['ctrl+f'])
            scene.run('xdotool', 'type', 'Many199')
            applet.see_text('org.example.Many199, ', 'list item')
            applet.see_no_text('Many000', 'list item')
            for name in names:
                self.control.tell(f'peer org.example.Player tell drop {name}')
            applet.go('Timeline')
            applet.see_text('Many000 is gone', inside='Timeline')
            applet.see_text('Many199 is gone', inside='Timeline')
            # The newest ones are what is seen.
            page = applet.find('widget', 'HealthTimelinePage')
            self.assertEqual({node.value for node in page.walk() if node.has('Value')}, {0})
            self.assertEqual(applet.complaints(), [])

    def test_long_words(self):
        """with texts half as long again nothing is cut off, in a narrow window"""
        for width, height in [(360, 640), (1000, 700)]:
            with scene.Applet([PLAYER, 'session:org.example.Nobody'], width=width, height=height) as applet:
                applet.end()
                translate(applet.folder)
                applet.env.update({'LANGUAGE': 'xx', 'DBR_HEALTH_LOCALEDIR': applet.folder})
                applet.process = subprocess.Popen([os.environ['DBR_HEALTH']], env=applet.env)
                scene.until(lambda: applet.window(lengthen('D-Bus Health')), 'the window in its language')
                self.look(applet, width)

    def look(self, applet, width):
        title = lengthen('D-Bus Health')
        applet.see_text(lengthen('Healthy'), 'list item', title)
        self.assertEqual(applet.size()[0], width)
        for page in ['Services', 'Timeline', 'Bluetooth', 'Units', 'Issues']:
            applet.press(lengthen(page), 'tab', title)
            applet.shoot(f'long-{width}-{page.lower()}')
            self.assertEqual(applet.size()[0], width, f'{page} needs a wider window')

    def test_narrow(self):
        """in a narrow window the list leads to the service, and back, by itself when that is removed"""
        with scene.Applet([PLAYER, 'session:org.example.Nobody'], width=360, height=640) as applet:
            applet.see('org.example.Player, Healthy · Session Bus', 'list item')
            applet.shoot('narrow-list')
            applet.type(['Tab', 'Tab'])
            applet.type(['Down', 'Return'])
            scene.until(lambda: applet.find('button', 'Back'), 'the way back')
            applet.shoot('narrow-service')
            applet.type(['alt+Left'])
            scene.until(lambda: not applet.find('button', 'Back'), 'the list')
            applet.type(['Return'])
            scene.until(lambda: applet.find('button', 'Back'), 'the service again')
            applet.act('service.remove')
            scene.until(lambda: not applet.find('button', 'Back'), 'the list without it')

    def test_told(self):
        """what is told fits into a narrow window, in as many lines as it takes"""
        with scene.Applet(['session:org.example.Nobody'], width=360, height=640) as applet:
            applet.see('org.example.Nobody, Not Running · Session Bus', 'list item')
            applet.act('service.check')
            begin = 'The service is not running'
            applet.see_text(begin)
            told = applet.find('label', lambda text: text.startswith(begin))
            scene.until(told.is_shown, 'its place')
            left, _, width, height = told.extents
            applet.shoot('narrow-told')
            self.assertGreater(left, 0)
            self.assertLess(left + width, 360)
            self.assertGreater(height, width / 5)

    def test_large_text(self):
        """large text, dark colours and high contrast are followed, and the window still fits"""
        looks = {'dark': {'ADW_DEBUG_COLOR_SCHEME': 'prefer-dark'},
                 'contrast': {'ADW_DEBUG_HIGH_CONTRAST': '1'}}
        for (look, env), (width, height) in zip(looks.items(), [(360, 640), (1000, 700)]):
            with scene.Applet([PLAYER], env=env, scale=1.5, width=width, height=height) as applet:
                applet.see('org.example.Player, Healthy · Session Bus', 'list item')
                for page in ['Timeline', 'Bluetooth', 'Units', 'Issues', 'Services']:
                    applet.go(page)
                    applet.shoot(f'{look}-large-{page.lower()}')
                    self.assertEqual(applet.size()[0], width, f'{page} needs a wider window')
                self.assertEqual(applet.complaints(), [])


if __name__ == '__main__':
    tap.main()
