/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-event.h"

G_BEGIN_DECLS

DbrEvent *dbr_event_new (const char *kind,
                         const char *text,
                         GVariant   *details) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
