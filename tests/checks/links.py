#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Each link in the reference that was built leads to a page, and to a place on it, that is there.

Usage: links.py FOLDER

Links that leave the folder have to be https; nobody follows them here.
"""

import html.parser
import os
import sys
import urllib.parse

import tree


class Page(html.parser.HTMLParser):
    """What a page links to, and the places on it that can be linked to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.places = [], set()
        with open(path, encoding='utf-8') as file:
            self.feed(file.read())

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.places.update(values[name] for name in ('id', 'name') if values.get(name))
        self.links += [(self.getpos()[0], values[name]) for name in ('href', 'src')
                       if values.get(name)]


def main(folder):
    pages = {name: Page(os.path.join(folder, name))
             for name in sorted(os.listdir(folder)) if name.endswith('.html')}
    faults = [] if pages else [f'{folder}: has no page']
    for name, page in pages.items():
        for line, link in page.links:
            url = urllib.parse.urlsplit(link)
            target = urllib.parse.unquote(url.path) or name
            place = urllib.parse.unquote(url.fragment)
            if url.scheme or url.netloc:
                if url.scheme not in ('https', 'data', 'javascript'):
                    faults.append(f'{name}:{line}: {link} is not https')
            elif not os.path.exists(os.path.join(folder, target)):
                faults.append(f'{name}:{line}: {link} leads nowhere')
            elif place and target in pages and place not in pages[target].places:
                faults.append(f'{name}:{line}: {link} leads to no place on that page')
    tree.verdict(faults)


if __name__ == '__main__':
    main(*sys.argv[1:])
