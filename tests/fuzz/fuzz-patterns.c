/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbr-fuzz.h"
#include "policy/dbr-access-rules-private.h"

/* A call, and rules by their patterns: a line that begins with a minus denies. Rules are looked up by
 * the beginnings of names; here all are asked one by one, which has to come to the same. */

static DbrAccessQuery
take_query (FuzzInput *input,
            char      *parts[4])
{
  for (guint i = 0; i < 4; i++)
    {
      parts[i] = fuzz_take_line (input);
      if (parts[i] != NULL && *parts[i] == '\0')
        g_clear_pointer (&parts[i], g_free);
    }

  return (DbrAccessQuery) {
           .kind = DBR_ACCESS_KIND_CALL,
           .bus = DBR_ACCESS_BUS_SESSION,
           .target = {
             parts[0] != NULL ? parts[0] : "org.a", parts[1] != NULL ? parts[1] : "/", parts[2],
             parts[3] != NULL ? parts[3] : "Do",
           },
  };
}

/* What one pattern says, in the words of the rules. */
static void
judge_alone (const DbrAccessPattern *pattern,
             const DbrAccessQuery   *query,
             gboolean                is_denial,
             DbrAccessAnswer        *answer)
{
  const char *bus_name = query->target.bus_name;
  gboolean covers = dbr_access_pattern_matches (pattern, query, bus_name, DBR_ACCESS_MATCH_COVERS);
  gboolean overlaps = dbr_access_pattern_matches (pattern, query, bus_name, DBR_ACCESS_MATCH_OVERLAPS);

  g_assert_true (overlaps || !covers);
  if (is_denial && overlaps)
    *answer = DBR_ACCESS_DENIED;
  else if (!is_denial && covers && *answer == DBR_ACCESS_SILENT)
    *answer = DBR_ACCESS_ALLOWED;
}

static void
add_line (DbrAccessRules       *rules,
          const DbrAccessQuery *query,
          const char           *line,
          DbrAccessAnswer      *answer)
{
  gboolean is_denial = *line == '-';
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) error_of_rules = NULL;
  g_autoptr(DbrAccessPattern) pattern = dbr_access_pattern_new (line + (is_denial ? 1 : 0), &error);
  gboolean is_added = dbr_access_rules_add (rules, line + (is_denial ? 1 : 0),
                                            is_denial ? DBR_ACCESS_DENIED : DBR_ACCESS_ALLOWED,
                                            &error_of_rules);

  fuzz_assert_told_by_us (pattern != NULL, error);
  fuzz_assert_told_by_us (is_added, error_of_rules);
  g_assert_true (is_added == (pattern != NULL));
  if (pattern != NULL)
    judge_alone (pattern, query, is_denial, answer);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  g_autoptr(DbrAccessRules) rules = dbr_access_rules_new ("");
  DbrAccessAnswer answer = DBR_ACCESS_SILENT;
  DbrAccessQuery query;
  char *parts[4];
  char *line;

  query = take_query (&input, parts);
  while ((line = fuzz_take_line (&input)) != NULL)
    {
      add_line (rules, &query, line, &answer);
      g_free (line);
    }
  g_assert_cmpint (dbr_access_rules_judge (rules, &query, query.target.bus_name, FALSE).answer, ==,
                   answer);
  for (guint i = 0; i < 4; i++)
    g_free (parts[i]);

  return 0;
}
