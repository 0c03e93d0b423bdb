/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "dbr-test-errors.h"
#include "policy/dbr-access-policy-private.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

static gboolean
may_call (DbrAccessPolicy *policy,
          const char      *bus_name,
          const char      *interface_name,
          const char      *member)
{
  g_autoptr(DbrRequest) request = NULL;

  request = dbr_request_new (bus_name, "/", interface_name, member, NULL, NULL);

  return dbr_access_policy_check_request (policy, request, DBR_ACCESS_BUS_SESSION,
                                          NULL, NULL, NULL, NULL);
}

static gboolean
is_right_peer (DbrAccessPolicy *policy,
               gint64           uid,
               const char      *exe)
{
  const DbrAccessCredentials credentials = { uid, exe };

  return dbr_access_judge_check_peer (dbr_access_policy_get_judge (policy), "org.a",
                                      &credentials, NULL, NULL);
}

static void
test_load_file (void)
{
  static const char text[] =
    "# What this program does\n"
    "\n"
    "[calls]\n"
    "org.a:org.a.I.* = allow\n"
    "  org.a:org.a.I.Delete*=deny  \n"
    "[properties]\n"
    "org.a.I.Title=read\n"
    "org.a.I.Folder=read-write\n"
    "org.a.I.Key=write\n"
    "[signals]\n"
    "org.a:org.a.I.Changed=allow\n"
    "[peer-uids]\n"
    "org.a=1000\n"
    "[peer-programs]\n"
    "org.a=/usr/bin/a\n"
    "[rate-limits]\n"
    "org.a:*.Slow=1\n"
    "[calls]\r\n"
    "org.b:*=allow\r\n";
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
  DbrAccessJudge *judge = dbr_access_policy_get_judge (policy);
  g_auto(DbrAccessQuery) query = { 0, };
  g_autoptr(GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("dbr-access-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "access.ini", NULL);

  g_test_summary ("A file says all that the functions can say");

  g_assert_true (g_file_set_contents (path, text, -1, &error));
  g_assert_true (dbr_access_policy_load_file (policy, path, &error));
  g_assert_no_error (error);

  g_assert_true (may_call (policy, "org.a", "org.a.I", "Open"));
  g_assert_false (may_call (policy, "org.a", "org.a.I", "DeleteAll"));
  g_assert_true (may_call (policy, "org.b", "org.b.I", "M"));
  for (guint i = 0; i < 3; i++)
    {
      static const char *const members[] = { "Title", "Folder", "Key" };
      g_autoptr(DbrRequest) get = NULL;
      g_autoptr(DbrRequest) set = NULL;

      get = dbr_request_new ("org.a", "/", PROPERTIES, "Get",
                             g_variant_new ("(ss)", "org.a.I", members[i]), NULL);
      set = dbr_request_new ("org.a", "/", PROPERTIES, "Set",
                             g_variant_new_parsed ("('org.a.I', %s, <1>)", members[i]), NULL);
      g_assert_cmpint (dbr_access_policy_check_request (policy, get, DBR_ACCESS_BUS_SESSION,
                                                        NULL, NULL, NULL, NULL), ==, i != 2);
      g_assert_cmpint (dbr_access_policy_check_request (policy, set, DBR_ACCESS_BUS_SESSION,
                                                        NULL, NULL, NULL, NULL), ==, i != 0);
    }

  g_assert_true (is_right_peer (policy, 1000, "/usr/bin/a"));
  g_assert_false (is_right_peer (policy, 1000, "/usr/bin/b"));
  g_assert_false (is_right_peer (policy, 1001, "/usr/bin/a"));

  g_assert_true (may_call (policy, "org.a", "org.a.I", "Slow"));
  g_assert_false (may_call (policy, "org.a", "org.a.I", "Slow"));

  dbr_access_query_init_signal (&query, DBR_ACCESS_BUS_SESSION, "org.a", NULL, "org.a.I", "Changed",
                                FALSE);
  g_assert_true (dbr_access_judge_check (judge, &query, TRUE, NULL, NULL, NULL, NULL));
  query.target.member = "Deleted";
  g_assert_false (dbr_access_judge_check (judge, &query, TRUE, NULL, NULL, NULL, NULL));

  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_load_is_all_or_nothing (void)
{
  static const struct
  {
    const char *lines;
    const char *named;
  } bad[] = {
    { "[nonsense]", "access.ini:3: [nonsense]: " },
    { "[calls", "access.ini:3: [calls: " },
    { "[]", "access.ini:3: []: " },
    { "nonsense", "access.ini:3: nonsense: " },
    { "org.b:*=maybe", "access.ini:3: [calls] org.b:*=maybe: The value is not one of allow, deny" },
    { "org.b:*=", "access.ini:3: [calls] org.b:*=: " },
    { "org.b=allow", "access.ini:3: [calls] org.b=allow: “org.b” is not" },
    { "=allow", "access.ini:3: [calls] =allow: " },
    { "org.b:1=allow", "access.ini:3: [calls] org.b:1=allow: " },
    { "org.a:*=deny", "access.ini:3: [calls] org.a:*=deny: Line 2 " },
    { "\n# x\n[calls]\norg.a:*=allow", "access.ini:6: [calls] org.a:*=allow: Line 2 " },
    { "[properties]\norg.b.I.P=all", "access.ini:4: [properties] org.b.I.P=all: " },
    { "[properties]\nP=read", "access.ini:4: [properties] P=read: " },
    { "[properties]\norg.b.I.=read", "access.ini:4: [properties] org.b.I.=read: " },
    { "[properties]\norg.b.I.P[de]=read", "access.ini:4: [properties] org.b.I.P[de]=read: " },
    { "[signals]\norg.b:org.b.I.S=deny", "access.ini:4: [signals] org.b:org.b.I.S=deny: " },
    { "[signals]\norg.b.I.S=allow", "access.ini:4: [signals] org.b.I.S=allow: " },
    { "[peer-uids]\norg.b=root", "access.ini:4: [peer-uids] org.b=root: " },
    { "[peer-uids]\norg.b=-1", "access.ini:4: [peer-uids] org.b=-1: " },
    { "[peer-uids]\norg.b=4294967295", "access.ini:4: [peer-uids] org.b=4294967295: " },
    { "[peer-uids]\norg=1", "access.ini:4: [peer-uids] org=1: " },
    { "[peer-programs]\norg.b=b", "access.ini:4: [peer-programs] org.b=b: " },
    { "[rate-limits]\norg.b:*=0", "access.ini:4: [rate-limits] org.b:*=0: " },
    { "[rate-limits]\norg.b:*=1.5", "access.ini:4: [rate-limits] org.b:*=1.5: " },
    { "[rate-limits]\norg.b:*=99999999999", "access.ini:4: [rate-limits] org.b:*=99999999999: " },
    { "[rate-limits]\norg.b=1", "access.ini:4: [rate-limits] org.b=1: " },
    { "org.\377:*=allow", "access.ini:3: The text is not valid UTF-8" },
  };
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
  g_autoptr(GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("dbr-access-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "access.ini", NULL);

  g_test_summary ("A file with one fault changes nothing; file, line, key and reason are named");

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text = NULL;

      text = g_strconcat ("[calls]\norg.a:*=allow\n", bad[i].lines,
                          "\n[peer-uids]\norg.a=1\n", NULL);
      g_assert_true (g_file_set_contents (path, text, -1, &error));
      assert_invalid (dbr_access_policy_load_file (policy, path, &error), &error, bad[i].named);
      g_assert_false (may_call (policy, "org.a", "org.a.I", "M"));
      g_assert_false (dbr_access_judge_needs_peer (dbr_access_policy_get_judge (policy), "org.a"));
    }

  g_assert_true (g_file_set_contents (path, "org.a:*=allow\n", -1, &error));
  assert_invalid (dbr_access_policy_load_file (policy, path, &error), &error,
                  "access.ini:1: org.a:*=allow: ");
  g_assert_true (g_file_set_contents (path, "[calls]\norg.a:*=allow\n\0", 23, &error));
  assert_invalid (dbr_access_policy_load_file (policy, path, &error), &error, "UTF-8");

  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_false (dbr_access_policy_load_file (policy, path, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_STORAGE);
  g_assert_nonnull (strstr (error->message, "access.ini"));
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/access-policy/load-file", test_load_file);
  g_test_add_func ("/dbr/access-policy/load-is-all-or-nothing", test_load_is_all_or_nothing);

  return g_test_run ();
}
