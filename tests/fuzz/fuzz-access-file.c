/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "dbr-fuzz.h"
#include "policy/dbr-access-file-private.h"

/* A file of rules. What cannot be read tells the line, and nothing is allowed that no line allows:
 * without the word `allow` all is silent or denied. */

static void
check_line (const char *text,
            gsize       length,
            const char *message)
{
  guint64 line;
  g_auto(GStrv) parts = g_strsplit (message, ":", 2);
  guint n_lines = 1;

  for (gsize i = 0; i < length; i++)
    n_lines += text[i] == '\n' ? 1 : 0;

  g_assert_true (g_ascii_string_to_unsigned (parts[0], 10, 1, n_lines, &line, NULL));
}

static DbrAccessAnswer
judge (const DbrAccessRules *rules)
{
  const DbrAccessQuery query = {
    .kind = DBR_ACCESS_KIND_CALL,
    .bus = DBR_ACCESS_BUS_SESSION,
    .target = { "org.a", "/org/a", "org.a.I", "Do" },
  };

  return dbr_access_rules_judge (rules, &query, "org.a", FALSE).answer;
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  g_autoptr(DbrAccessRules) rules = dbr_access_rules_new ("");
  g_autoptr(DbrAccessRules) again = dbr_access_rules_new ("");
  g_autoptr(GError) error = NULL;
  gsize length;
  g_autofree char *text = fuzz_take_text (&input, &length);
  gboolean is_read = dbr_access_file_read (rules, text, length, &error);

  fuzz_assert_told_by_us (is_read, error);
  if (error != NULL)
    check_line (text, length, error->message);
  if (strstr (text, "allow") == NULL)
    g_assert_cmpint (judge (rules), !=, DBR_ACCESS_ALLOWED);
  if (is_read)
    {
      g_assert_true (dbr_access_file_read (again, text, length, NULL));
      g_assert_cmpint (judge (again), ==, judge (rules));
    }

  return 0;
}
