/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "dbr-fuzz.h"
#include "monitor/dbr-systemd-name-private.h"

/* What a person calls a unit. Completed once it is complete, and what stands for it is an object. */

static void
check_name (const char *name)
{
  g_autofree char *path = dbr_systemd_name_to_path (name);
  g_autofree char *again = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_cmpuint (strlen (name), <=, 255);
  g_assert_true (g_variant_is_object_path (path));
  again = dbr_systemd_name_complete (name, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again, ==, name);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  g_autofree char *text = fuzz_take_line (&input);
  const char *const texts[] = { text, NULL };
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) error_of_pattern = NULL;
  g_autofree char *name = NULL;
  g_auto(GStrv) patterns = NULL;

  if (text == NULL)
    return 0;

  name = dbr_systemd_name_complete (text, &error);
  fuzz_assert_told_by_us (name != NULL, error);
  if (name != NULL)
    check_name (name);

  patterns = dbr_systemd_name_complete_patterns (texts, &error_of_pattern);
  fuzz_assert_told_by_us (patterns != NULL, error_of_pattern);
  if (patterns != NULL)
    fuzz_assert_shown (patterns[0]);

  return 0;
}
