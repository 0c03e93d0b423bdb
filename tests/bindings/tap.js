// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the scenes in JavaScript have in common: what has to be so, and one line a scene, in TAP.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

const PATIENCE_USEC = 30000000;

export function assert(truth, what) {
    if (!truth)
        throw new Error(`not so: ${what}`);
}

export function assertEqual(found, wanted) {
    assert(JSON.stringify(found) === JSON.stringify(wanted),
        `${JSON.stringify(found)} is ${JSON.stringify(wanted)}`);
}

export async function errorOf(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    throw new Error('no error');
}

// The error, which is one of libdbr's own.
export async function assertFails(promise, code) {
    const error = await errorOf(promise);
    assert(error.matches(Dbr.Error, code), error);
    return error;
}

export function waitUntil(condition) {
    const limit = GLib.get_monotonic_time() + PATIENCE_USEC;

    while (!condition()) {
        assert(GLib.get_monotonic_time() < limit, 'waited in vain');
        GLib.MainContext.default().iteration(false);
    }
}

// Says something to the bus and its peer, see tests/testbed/README.md.
export function control(line) {
    const address = Gio.UnixSocketAddress.new(GLib.getenv('DBR_TEST_CONTROL'));
    const connection = new Gio.SocketClient().connect(address, null);
    const lines = new Gio.DataInputStream({base_stream: connection.get_input_stream()});

    connection.get_output_stream().write_all(`${line}\n`, null);
    const [answer] = lines.read_line_utf8(null);
    assert(answer === 'ok' || answer.startsWith('ok '), answer);
    connection.close(null);
}

async function playEach(scene, before, after) {
    const names = Object.keys(scene);
    let status = 0;
    print(`1..${names.length}`);
    for (const [index, name] of names.entries()) {
        try {
            await scene[name](...await before());
            print(`ok ${index + 1} - ${name}`);
        } catch (error) {
            status = 1;
            print(`# ${error}\n# ${error.stack}`.trim().replace(/\n(?!#)/g, '\n# '));
            print(`not ok ${index + 1} - ${name}`);
        }
        after();
    }
    return status;
}

// Plays each function of the scene, with what the promise before it brings; then ends the program.
export function play(scene, before = async () => [], after = () => {}) {
    const loop = new GLib.MainLoop(null, false);
    let status = 1;

    playEach(scene, before, after).then(result => {
        status = result;
    }).catch(error => print(`Bail out! ${error}`)).finally(() => loop.quit());
    loop.run();
    System.exit(status);
}
