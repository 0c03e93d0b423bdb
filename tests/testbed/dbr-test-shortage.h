/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/resource.h>

G_BEGIN_DECLS

/* That this process may open nothing more for a while. Zeroes to begin with. */
typedef struct
{
  GArray        *fds;
  struct rlimit  old;
} DbrTestShortage;

/* Leaves so many descriptors. */
void dbr_test_shortage_begin (DbrTestShortage *self,
                              guint            n_left);
/* Does nothing where none has begun. */
void dbr_test_shortage_end   (DbrTestShortage *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DbrTestShortage, dbr_test_shortage_end)

G_END_DECLS
