/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbrctl-frame-private.h"

G_BEGIN_DECLS

/* Plays all that a program with Bluetooth does, a line for each: PASS, FAIL or SKIP. @device is the
 * address of one that may be connected for it, or NULL. One that is connected already stays so. */
DbrctlStatus dbrctl_checks_run (DbrctlFrame *frame,
                                const char  *device);

G_END_DECLS
