// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Each pair of x_async and x_finish is a promise when it is given no callback. Objects are freed late
// here, so what is held for a while has a function for its scope.

const {Gio, GLib} = imports.gi;

// As many events wait for who iterates them; of more, those that are left are the last.
const LIMIT = 1000;

let Dbr;
let isInsideAttempt = false;

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

// What a signal tells, from the call of events() on. The loop leaves the signal alone when it is left.
class Events {
    constructor(object, signal) {
        this._object = object;
        this._events = [];
        this._waiting = [];
        this._isOver = false;
        this._ids = [object.connect(signal, (_object, ...args) =>
            this._tell(args.length === 1 ? args[0] : args))];
        // A subscription that is stopped tells nothing more.
        if (object instanceof Dbr.Subscription) {
            this._ids.push(object.connect('notify::active', () => {
                if (!object.active)
                    this._end();
            }));
        }
    }

    _tell(value) {
        if (this._waiting.length > 0) {
            this._waiting.shift()({value, done: false});
            return;
        }
        this._events.push(value);
        if (this._events.length > LIMIT)
            this._events.shift();
    }

    _end() {
        this._ids.splice(0).forEach(id => this._object.disconnect(id));
        this._isOver = true;
        this._waiting.splice(0).forEach(resolve => resolve({value: undefined, done: true}));
    }

    next() {
        if (this._events.length > 0)
            return Promise.resolve({value: this._events.shift(), done: false});
        if (this._isOver)
            return Promise.resolve({value: undefined, done: true});
        return new Promise(resolve => this._waiting.push(resolve));
    }

    return(value) {
        this._events = [];
        this._end();
        return Promise.resolve({value, done: true});
    }

    [Symbol.asyncIterator]() {
        return this;
    }
}

function pause(ms) {
    return new Promise(resolve => {
        GLib.timeout_add(GLib.PRIORITY_DEFAULT, ms, () => {
            resolve();
            return GLib.SOURCE_REMOVE;
        });
    });
}

// Calls of libdbr that fn begins before it awaits anything are one attempt each, for the attempts
// are made here. A language without contexts of its own cannot know the later ones.
function attempt(fn) {
    const wasInside = isInsideAttempt;
    isInsideAttempt = true;
    Dbr.binding_enter(0, true);
    try {
        return fn();
    } finally {
        Dbr.binding_leave();
        isInsideAttempt = wasInside;
    }
}

// Runs fn, and again if what it throws is an error that the policy retries. What was perhaps
// executed is run again if fn is said to be idempotent.
async function retrying(policy, fn, {idempotent = false} = {}) {
    const isSingle = isInsideAttempt;
    const retry = policy.begin(0, idempotent);
    for (;;) {
        let delay;
        try {
            return await attempt(fn);
        } catch (error) {
            if (isSingle || !(error instanceof GLib.Error))
                throw error;
            const [isNext, delayMs] = retry.next(policy.classify(error));
            if (!isNext)
                throw error;
            delay = delayMs;
        }
        await pause(delay);
    }
}

function _init() {
    Dbr = this;
    Dbr.events = (object, signal) => new Events(object, signal);
    Dbr.retrying = retrying;
    Dbr.using = using;

    for (const name of Object.getOwnPropertyNames(Dbr))
        if (Dbr[name]?.prototype?.constructor?.$gtype)
            promisify(Dbr[name].prototype);
}
