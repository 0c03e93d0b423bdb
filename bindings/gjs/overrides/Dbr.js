// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Each pair of x_async and x_finish is a promise when it is given no callback. Objects are freed late
// here, so what is held for a while has a function for its scope.

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

// Releases the lease when fn is done with it, whatever came of it.
async function using(lease, fn) {
    try {
        return await fn(lease);
    } finally {
        lease.release();
    }
}

function _init() {
    const Dbr = this;

    Dbr.using = using;

    for (const name of Object.getOwnPropertyNames(Dbr))
        if (Dbr[name]?.prototype?.constructor?.$gtype)
            promisify(Dbr[name].prototype);
}
