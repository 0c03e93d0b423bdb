/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-match-rule-private.h"
#include "dbr-fuzz.h"
#include "policy/dbr-access-query-private.h"

/* What somebody wants to hear, as a rule for the bus. The access policy, which reads the rules that a
 * program writes by itself, finds in it what was put in. And of a rule that anybody may have written,
 * it sees what is more than signals. */

static void
read_rule (DbrAccessQuery *query,
           const char     *rule)
{
  g_autoptr(DbrRequest) request = NULL;

  request = dbr_request_new (DBR_ACCESS_DRIVER, "/org/freedesktop/DBus", DBR_ACCESS_DRIVER,
                             "AddMatch", g_variant_new ("(s)", rule), NULL);
  dbr_access_query_init_request (query, request, DBR_ACCESS_BUS_SESSION);
}

static void
check_written (const DbrMatchRule *rule)
{
  g_autofree char *text = dbr_match_rule_to_text (rule);
  gboolean is_tree = (rule->flags & DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE) != 0;
  gboolean is_root = is_tree && g_str_equal (rule->object_path, "/");
  g_auto(DbrAccessQuery) query = { 0 };

  read_rule (&query, text);
  g_assert_cmpint (query.kind, ==, DBR_ACCESS_KIND_SIGNAL);
  g_assert_false (query.is_eavesdropping);
  g_assert_cmpstr (query.target.bus_name, ==, rule->bus_name);
  g_assert_cmpstr (query.target.object_path, ==, is_root ? NULL : rule->object_path);
  g_assert_cmpstr (query.target.interface_name, ==, rule->interface_name);
  g_assert_cmpstr (query.target.member, ==, rule->member);
  g_assert_true (query.is_tree == (is_tree && !is_root));
  g_assert_true (dbr_match_rule_covers (rule, rule));
}

static void
check_foreign (const char *text)
{
  g_auto(DbrAccessQuery) query = { 0 };

  if (!g_utf8_validate (text, -1, NULL))
    return;

  read_rule (&query, text);
  g_assert_cmpint (query.kind, ==, DBR_ACCESS_KIND_SIGNAL);
  g_assert_true (query.is_eavesdropping || !g_str_has_prefix (text, "type='method_call'"));
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  DbrSubscriptionFlags flags = fuzz_take_byte (&input) & 7;
  g_autoptr(DbrMatchRule) rule = NULL;
  g_autoptr(GError) error = NULL;
  char *parts[5];
  gboolean is_good;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      parts[i] = fuzz_take_line (&input);
      if (parts[i] != NULL && *parts[i] == '\0')
        g_clear_pointer (&parts[i], g_free);
    }
  rule = dbr_match_rule_new (parts[0], parts[1], parts[2], parts[3], parts[4], flags);
  is_good = dbr_match_rule_check (rule, TRUE, &error);
  fuzz_assert_told_by_us (is_good, error);
  if (is_good)
    check_written (rule);
  if (parts[4] != NULL)
    check_foreign (parts[4]);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_free (parts[i]);

  return 0;
}
