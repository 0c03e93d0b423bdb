// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Stands in for that of the Shell, as far as the example uses it.

export class Extension {
    constructor(metadata) {
        this.metadata = metadata;
    }
}
