/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the kernel says of a process. */
typedef struct
{
  /* NULL if it does not say */
  char     *program;
  /* as in ps: R, S, D, T, Z …; 0 if it does not say */
  char      state;
} DbrctlProcess;

void     dbrctl_process_read       (DbrctlProcess *self,
                                    guint          pid);
void     dbrctl_process_clear      (DbrctlProcess *self);

gboolean dbrctl_process_is_stopped (DbrctlProcess *self);

G_END_DECLS
