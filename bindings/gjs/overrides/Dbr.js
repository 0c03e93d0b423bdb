// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Each pair of x_async and x_finish is a promise when it is given no callback.

const {Gio} = imports.gi;

function promisify(prototype) {
    // What a class inherits was promisified in its parent.
    for (const name of Object.getOwnPropertyNames(prototype)) {
        if (!name.endsWith('_async'))
            continue;
        const finish = name.replace(/_async$/, '_finish');
        if (finish in prototype)
            Gio._promisify(prototype, name, finish);
    }
}

function _init() {
    const Dbr = this;

    for (const name of Object.getOwnPropertyNames(Dbr))
        if (Dbr[name]?.prototype?.constructor?.$gtype)
            promisify(Dbr[name].prototype);
}
