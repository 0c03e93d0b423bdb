/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A library without an init function binds its text domain when the first text is needed. */
const char *dbr_gettext  (const char *message) G_GNUC_FORMAT (1);
const char *dbr_ngettext (const char *singular,
                          const char *plural,
                          gulong      n) G_GNUC_FORMAT (1) G_GNUC_FORMAT (2);

#define _(message) dbr_gettext (message)
#define N_(message) message

G_END_DECLS
