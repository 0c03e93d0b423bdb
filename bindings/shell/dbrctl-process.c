/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-process-private.h"

#include <string.h>

/* The line reads: 812 (bluetoothd) S 1 …; what is in the brackets may have brackets of its own. */
void
dbrctl_process_read (DbrctlProcess *self,
                     guint          pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/stat", pid);
  g_autofree char *text = NULL;
  const char *begin;
  const char *end;

  *self = (DbrctlProcess) { NULL };
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return;

  begin = strchr (text, '(');
  end = strrchr (text, ')');
  if (begin == NULL || end == NULL || end < begin || strlen (end) < 3)
    return;

  self->program = g_strndup (begin + 1, (gsize) (end - begin - 1));
  self->state = end[2];
}

void
dbrctl_process_clear (DbrctlProcess *self)
{
  g_clear_pointer (&self->program, g_free);
}

gboolean
dbrctl_process_is_stopped (DbrctlProcess *self)
{
  return self->state == 'T' || self->state == 't';
}
