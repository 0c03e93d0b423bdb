/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "recovery/dbr-state-book-private.h"

G_BEGIN_DECLS

/* A book in a file. Both block, and are for threads that may.
 *
 * What is no book is set aside under another name, and who finds it is told of that by an error;
 * what is no plain file is left as it is. A file that a program is killed over is the older or the
 * newer one, and never anything else. All errors are `STORAGE`. */

/* No file is an empty book. @was_aside, which may be NULL: there was one, and it was set aside. */
DbrStateBook *dbr_state_file_load   (const char  *path,
                                     gboolean    *was_aside,
                                     GError     **error) G_GNUC_WARN_UNUSED_RESULT;
/* Brings the changes to what is in the file now, and returns what is in it then. */
DbrStateBook *dbr_state_file_commit (const char  *path,
                                     GPtrArray   *changes,
                                     gboolean    *was_aside,
                                     GError     **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
