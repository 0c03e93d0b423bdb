// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Stands in for that of the Shell, as far as the example uses it.

export const told = [];
const waiting = [];

export function notify(title, text) {
    told.push(`${title}: ${text}`);
    waiting.splice(0).forEach(resolve => resolve());
}

// Resolves when the next one is told.
export function wait() {
    return new Promise(resolve => waiting.push(resolve));
}
