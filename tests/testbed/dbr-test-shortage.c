/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-test-shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* So that it does not take long until there are none. */
#define MAX_FDS 256

void
dbr_test_shortage_begin (DbrTestShortage *self,
                         guint            n_left)
{
  struct rlimit few;
  int fd;

  self->fds = g_array_new (FALSE, FALSE, sizeof (int));
  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &self->old));
  few = self->old;
  few.rlim_cur = MAX_FDS;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &few));
  while ((fd = fcntl (STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) >= 0)
    g_array_append_val (self->fds, fd);
  g_assert_cmpint (errno, ==, EMFILE);
  for (guint i = 0; i < n_left; i++)
    {
      close (g_array_index (self->fds, int, self->fds->len - 1));
      g_array_set_size (self->fds, self->fds->len - 1);
    }
}

void
dbr_test_shortage_end (DbrTestShortage *self)
{
  if (self->fds == NULL)
    return;

  for (guint i = 0; i < self->fds->len; i++)
    close (g_array_index (self->fds, int, i));
  g_clear_pointer (&self->fds, g_array_unref);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &self->old));
}
