/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-descriptors-private.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/* More than any one step of anything needs. */
#define MAX_ASKED 64

/* There is no count to look at, so it is tried. What else may go wrong is not about their number. */
gboolean
dbr_descriptors_check (guint    n,
                       GError **error)
{
  int fds[MAX_ASKED];
  guint n_opened = 0;
  int code = 0;

  n = MIN (n, MAX_ASKED);
  while (n_opened < n && (fds[n_opened] = eventfd (0, EFD_CLOEXEC)) >= 0)
    n_opened++;
  if (n_opened < n)
    code = errno;
  while (n_opened > 0)
    close (fds[--n_opened]);
  if (code != EMFILE && code != ENFILE)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_OVERLOADED,
               _("There are no file descriptors left: %s"), g_strerror (code));

  return FALSE;
}
