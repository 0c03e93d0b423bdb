/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-check-private.h"
#include "dbr-fuzz.h"
#include "policy/dbr-timeouts.h"

/* A key file of time limits: all of it or nothing, and no limit that could not be set by hand. */

static char *
print_limits (DbrTimeouts *timeouts)
{
  g_auto(GStrv) operations = dbr_timeouts_dup_operations (timeouts);
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; operations[i] != NULL; i++)
    g_string_append_printf (text, "%s=%u\n", operations[i], dbr_timeouts_get (timeouts, operations[i]));

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
check_limits (DbrTimeouts *timeouts)
{
  g_auto(GStrv) operations = dbr_timeouts_dup_operations (timeouts);

  for (guint i = 0; operations[i] != NULL; i++)
    {
      guint ms = dbr_timeouts_get (timeouts, operations[i]);
      g_autoptr(GError) error = NULL;

      g_assert_cmpuint (ms, >, 0);
      g_assert_cmpuint (ms, <=, DBR_MAX_TIMEOUT_MS);
      dbr_timeouts_set (timeouts, operations[i], ms, &error);
      g_assert_no_error (error);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  static char *shipped;
  FuzzInput input = { data, size };
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *limits = NULL;
  gsize length;
  gboolean is_loaded;

  if (shipped == NULL)
    shipped = print_limits (timeouts);

  text = fuzz_take_text (&input, &length);
  is_loaded = dbr_timeouts_load_data (timeouts, text, &error);
  fuzz_assert_told_by_us (is_loaded, error);
  if (is_loaded)
    {
      check_limits (timeouts);
      return 0;
    }

  limits = print_limits (timeouts);
  g_assert_cmpstr (limits, ==, shipped);

  return 0;
}
