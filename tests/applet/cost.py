#!/usr/bin/python3
# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the window costs with fifty services: shares of one processor, drawn without a graphics card.

Played by tests/extra/applet-cost; nothing is demanded, as a busy machine has figures of its own.
"""

import time

import scene

N_SERVICES = 50
SECONDS = 30


def own(control):
    names = [f'org.example.Many{number:03}' for number in range(N_SERVICES)]
    for name in names:
        path = '/' + name.replace('.', '/')
        control.tell(f'peer org.example.Player tell set {path} org.example.Many.Number uint32 1')
        control.tell(f'peer org.example.Player tell own {name}')
    return [f'session:{name}' for name in names]


def measure(applet):
    # What is counted is the processor's time of the process, over some time.
    before, begin = applet.cpu_seconds(), time.monotonic()
    time.sleep(SECONDS)
    return (applet.cpu_seconds() - before) / (time.monotonic() - begin) * 100


def main():
    services = own(scene.Control())
    # As the preferences have it if nobody changes them.
    settings = 'interval-ms=2000\n[window]\nchart-seconds={}'
    for seconds in (60, 600, 3600):
        with scene.Applet(services, settings=settings.format(seconds)) as applet:
            applet.see(f'{N_SERVICES} of {N_SERVICES} services are healthy')
            print(f'chart of {seconds} s: {measure(applet):.1f} % of a processor', flush=True)
            if seconds == 60:
                applet.go('Timeline')
                print(f'another page: {measure(applet):.1f} % of a processor', flush=True)
                applet.act('window.close')
                scene.until(lambda: not applet.window(), 'the end of the window')
                print(f'no window: {measure(applet):.1f} % of a processor', flush=True)


if __name__ == '__main__':
    main()
