/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "dbr-test-errors.h"
#include "base/dbr-request-source-private.h"
#include "policy/dbr-access-policy-private.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

#define STANDARD DBR_ACCESS_TIER_STANDARD
#define CUSTOM DBR_ACCESS_TIER_CUSTOM
#define SESSION DBR_ACCESS_BUS_SESSION

/* A call that is not of the floor above. */
#define TEST_TYPE_CALL (test_call_get_type ())
G_DECLARE_FINAL_TYPE (TestCall, test_call, TEST, CALL, GObject)

struct _TestCall
{
  GObject     parent_instance;

  DbrRequest *request;
};

static DbrRequest *
test_call_dup_request (DbrRequestSource *source)
{
  return dbr_request_ref (TEST_CALL (source)->request);
}

static void
test_call_request_source_init (DbrRequestSourceInterface *iface)
{
  iface->dup_request = test_call_dup_request;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestCall, test_call, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DBR_TYPE_REQUEST_SOURCE,
                                                      test_call_request_source_init))

static void
test_call_finalize (GObject *object)
{
  dbr_request_unref (TEST_CALL (object)->request);

  G_OBJECT_CLASS (test_call_parent_class)->finalize (object);
}

static void
test_call_class_init (TestCallClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_call_finalize;
}

static void
test_call_init (TestCall *self)
{
}

static gboolean
check_call (DbrAccessPolicy  *policy,
            const char       *bus_name,
            const char       *object_path,
            const char       *interface_name,
            const char       *member,
            GError          **error)
{
  g_autoptr(TestCall) call = g_object_new (TEST_TYPE_CALL, NULL);

  call->request = dbr_request_new (bus_name, object_path, interface_name, member, NULL, NULL);

  return dbr_access_policy_check (policy, (DbrCall *) call, error);
}

static void
test_bad_patterns (void)
{
  static const char *const bad[] = {
    "", ":", "org.a", "org.a:", ":org.a.I.M", "/x:org.a.I.M", "org.a:M", "org.a:.M", "org.a:org.a.",
    "org:org.a.I.M", "org..a:org.a.I.M", "org.a.:org.a.I.M", ".*:*", "**:*", "*.a:*", "org.*.a:*",
    "org.a:*.*.*", "org.a:org.*.I.M", "org.a:org.a.I.*M", "org.a:org.a.I.M ", " org.a:org.a.I.M",
    "org.a:org.a.I.1M", "org.a:org.a.I.1*", "org.a:1.*", "org.a:I.M", "org.a/:org.a.I.M/x",
    "org.a/x/:*", "org.a//*:*", "org.a/x y:*", "org.ä:*", "org.a\n:*", "org.a:org.a.I.M\n",
    "\377:*", ":1.5", "org.a:.*",
  };
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (CUSTOM);

  g_test_summary ("What is no pattern is refused, and changes nothing");

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *shown = g_strescape (bad[i], NULL);
      g_autoptr(GError) error = NULL;

      g_test_message ("%s", shown);
      assert_invalid (dbr_access_policy_allow (policy, bad[i], &error), &error, "“");
      assert_invalid (dbr_access_policy_deny (policy, bad[i], &error), &error, "“");
      assert_invalid (dbr_access_policy_set_rate_limit (policy, bad[i], 1, &error), &error, "“");
      g_assert_false (dbr_access_policy_allow (policy, bad[i], NULL));
    }
  g_assert_false (check_call (policy, "org.a", "/", "org.a.I", "M", NULL));
}

static void
test_bad_values (void)
{
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (STANDARD);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A value that makes no sense is refused with its name");

  assert_invalid (dbr_access_policy_allow_property (policy, "noDot", "P", 1, &error),
                  &error, "noDot");
  assert_invalid (dbr_access_policy_allow_property (policy, "org.*", "P", 1, &error),
                  &error, "org.*");
  assert_invalid (dbr_access_policy_allow_property (policy, "org.a.I", "1P", 1, &error),
                  &error, "1P");
  assert_invalid (dbr_access_policy_allow_property (policy, "org.a.I", "", 1, &error),
                  &error, "member");
  assert_invalid (dbr_access_policy_allow_property (policy, "org.a.I", "P", 0, &error),
                  &error, "0");
  assert_invalid (dbr_access_policy_allow_property (policy, "org.a.I", "P", 4, &error),
                  &error, "4");
  assert_invalid (dbr_access_policy_allow_signal (policy, "org", "org.a.I", "S", &error),
                  &error, "org");
  assert_invalid (dbr_access_policy_allow_signal (policy, "org.a", "I", "S", &error), &error, "I");
  assert_invalid (dbr_access_policy_allow_signal (policy, "org.a", "org.a.I", "S.T", &error),
                  &error, "S.T");
  assert_invalid (dbr_access_policy_require_peer (policy, "org", 0, NULL, &error), &error, "org");
  assert_invalid (dbr_access_policy_require_peer (policy, "org.a", -1, NULL, &error),
                  &error, "uid");
  assert_invalid (dbr_access_policy_require_peer (policy, "org.a", -2, NULL, &error),
                  &error, "uid");
  assert_invalid (dbr_access_policy_require_peer (policy, "org.a", G_MAXUINT32, NULL, &error),
                  &error, "uid");
  assert_invalid (dbr_access_policy_require_peer (policy, "org.a", -1, "bin/a", &error),
                  &error, "absolute");
  assert_invalid (dbr_access_policy_require_peer (policy, "org.a", -1, "", &error),
                  &error, "absolute");
  assert_invalid (dbr_access_policy_set_rate_limit (policy, "org.a:*", 0, &error), &error, "0");
  g_assert_false (dbr_access_policy_set_rate_limit (policy, "org.a:*", 0, NULL));
  g_assert_false (dbr_access_policy_require_peer (policy, "org.a", -1, NULL, NULL));

  assert_invalid (check_call (policy, "noDot", "/", "org.a.I", "M", &error), &error, "noDot");
  assert_invalid (check_call (policy, "org.a", "x", "org.a.I", "M", &error), &error, "x");
  assert_invalid (check_call (policy, "org.a", "/", NULL, "M", &error), &error, "interface");

  g_assert_false (dbr_access_judge_needs_peer (dbr_access_policy_get_judge (policy), "org.a"));
  g_assert_true (check_call (policy, "org.a", "/", "org.a.I", "M", &error));
  g_assert_no_error (error);
}

static void
test_check (void)
{
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (CUSTOM);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A program may ask of a call whether it would be let through, and why not");

  g_assert_false (check_call (policy, "org.a", "/", "org.a.I", "M", &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
  g_assert_cmpstr (error->message, ==,
                   "The access policy denies “org.a.I.M” on “org.a” by “tier custom”: "
                   "no rule allows it");
  g_clear_error (&error);

  g_assert_true (dbr_access_policy_allow (policy, "org.a:org.a.I.*", NULL));
  g_assert_true (check_call (policy, "org.a", "/", "org.a.I", "M", &error));
  g_assert_true (dbr_access_policy_deny (policy, "*:*.M", NULL));
  g_assert_false (check_call (policy, "org.a", "/", "org.a.I", "M", &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
  g_assert_nonnull (strstr (error->message, "deny *:*.M"));
  g_clear_error (&error);
  g_assert_false (check_call (policy, NULL, "/", "org.a.I", "N", &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
}

static void
count_notify_cb (DbrAccessPolicy *policy,
                 GParamSpec      *pspec,
                 gpointer         user_data)
{
  guint *n_notified = user_data;

  g_assert_true (dbr_access_policy_get_frozen (policy));
  (*n_notified)++;
}

static gpointer
freeze_cb (gpointer data)
{
  dbr_access_policy_freeze (data);

  return NULL;
}

static void
assert_closed (gboolean   result,
               GError   **error)
{
  g_assert_false (result);
  g_assert_error (*error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_clear_error (error);
}

static void
test_freeze (void)
{
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (STANDARD);
  g_autoptr(GError) error = NULL;
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "dbr-access-XXXXXX", NULL);
  int fd = g_mkstemp (path);
  DbrAccessTier tier = CUSTOM;
  gboolean is_frozen = TRUE;
  guint n_notified = 0;

  g_test_summary ("A policy that is in use refuses each change, and says once that it is");

  g_assert_true (g_close (fd, &error));
  g_signal_connect (policy, "notify::frozen", G_CALLBACK (count_notify_cb), &n_notified);
  g_object_get (policy, "tier", &tier, "frozen", &is_frozen, NULL);
  g_assert_cmpint (tier, ==, STANDARD);
  g_assert_cmpint (dbr_access_policy_get_tier (policy), ==, STANDARD);
  g_assert_false (is_frozen);

  dbr_access_policy_freeze (policy);
  dbr_access_policy_freeze (policy);
  g_assert_true (dbr_access_policy_get_frozen (policy));
  g_assert_cmpuint (n_notified, ==, 1);

  assert_closed (dbr_access_policy_allow (policy, "org.a:*", &error), &error);
  assert_closed (dbr_access_policy_deny (policy, "org.a:*", &error), &error);
  assert_closed (dbr_access_policy_allow_property (policy, "org.a.I", "P", 1, &error), &error);
  assert_closed (dbr_access_policy_allow_signal (policy, "org.a", "org.a.I", "S", &error), &error);
  assert_closed (dbr_access_policy_require_peer (policy, "org.a", 0, NULL, &error), &error);
  assert_closed (dbr_access_policy_set_rate_limit (policy, "org.a:*", 1, &error), &error);
  assert_closed (dbr_access_policy_load_file (policy, path, &error), &error);
  g_assert_false (dbr_access_policy_deny (policy, "org.a:*", NULL));
  assert_invalid (dbr_access_policy_deny (policy, "org.a", &error), &error, "org.a");
  g_assert_true (check_call (policy, "org.a", "/", "org.a.I", "M", &error));
  g_assert_no_error (error);

  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
test_freeze_in_another_thread (void)
{
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (STANDARD);
  guint n_notified = 0;

  g_test_summary ("That a policy was frozen elsewhere is said in the context it was made in");

  g_signal_connect (policy, "notify::frozen", G_CALLBACK (count_notify_cb), &n_notified);
  /* As a running main loop would. */
  g_assert_true (g_main_context_acquire (NULL));
  g_thread_join (g_thread_new ("freeze", freeze_cb, policy));
  g_assert_true (dbr_access_policy_get_frozen (policy));
  g_assert_cmpuint (n_notified, ==, 0);
  while (n_notified == 0)
    g_main_context_iteration (NULL, TRUE);
  g_main_context_release (NULL);
  g_assert_cmpuint (n_notified, ==, 1);
}

typedef struct
{
  DbrClock clock;
  gint64   now;
} TestClock;

static gint64
test_clock_get (const DbrClock *clock)
{
  return ((const TestClock *) clock)->now;
}

static void
assert_limited (DbrAccessPolicy *policy,
                DbrRequest      *request,
                const char      *rule,
                const char      *wait)
{
  g_autoptr(GError) error = NULL;
  const char *found = NULL;

  g_assert_false (dbr_access_policy_check_request (policy, request, SESSION, NULL, NULL, &found,
                                                   &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_RATE_LIMITED);
  g_test_message ("%s", error->message);
  g_assert_cmpstr (found, ==, rule);
  g_assert_nonnull (strstr (error->message, rule));
  g_assert_nonnull (strstr (error->message, wait));
}

static void
assert_let_through (DbrAccessPolicy *policy,
                    DbrRequest      *request)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (dbr_access_policy_check_request (policy, request, SESSION, NULL, NULL, NULL,
                                                  &error));
  g_assert_no_error (error);
}

static void
test_rate_limit (void)
{
  TestClock clock = { { test_clock_get, test_clock_get }, 5000000000 };
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new_with_clock (STANDARD, &clock.clock);
  g_autoptr(DbrRequest) request = dbr_request_new ("org.a", "/", "org.a.I", "M", NULL, NULL);
  g_autoptr(DbrRequest) denied = dbr_request_new ("org.a", "/", "org.a.I", "N", NULL, NULL);
  g_autoptr(DbrRequest) other = dbr_request_new ("org.b", "/", "org.a.I", "M", NULL, NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("What is called too often has to wait, as long as the error says");

  g_assert_true (dbr_access_policy_deny (policy, "org.a:*.N", NULL));
  g_assert_true (dbr_access_policy_set_rate_limit (policy, "org.a:*", 100, &error));
  g_assert_true (dbr_access_policy_set_rate_limit (policy, "org.a:*", 3, &error));
  g_assert_no_error (error);

  for (guint i = 0; i < 2; i++)
    {
      /* What only asks or is denied is not counted. */
      for (guint j = 0; j < 10; j++)
        {
          g_assert_true (check_call (policy, "org.a", "/", "org.a.I", "M", &error));
          g_assert_false (dbr_access_policy_check_request (policy, denied, SESSION, NULL, NULL,
                                                           NULL, NULL));
        }

      assert_let_through (policy, request);
      assert_let_through (policy, request);
      assert_let_through (policy, request);
      assert_limited (policy, request, "limit org.a:*", "20000 ms");
      assert_let_through (policy, other);
      g_assert_false (check_call (policy, "org.a", "/", "org.a.I", "M", &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_RATE_LIMITED);
      g_clear_error (&error);

      clock.now += 19999999;
      assert_limited (policy, request, "limit org.a:*", "1 ms");
      clock.now += 1;
      assert_let_through (policy, request);
      assert_limited (policy, request, "limit org.a:*", "20000 ms");
      /* A clock that steps back adds nothing. */
      clock.now -= 30 * G_USEC_PER_SEC;
      assert_limited (policy, request, "limit org.a:*", "20000 ms");
      clock.now += 31 * G_USEC_PER_SEC;
      assert_limited (policy, request, "limit org.a:*", "19000 ms");

      clock.now += 3600 * (gint64) G_USEC_PER_SEC;
      dbr_access_policy_freeze (policy);
    }
}

static void
test_several_rate_limits (void)
{
  TestClock clock = { { test_clock_get, test_clock_get }, 0 };
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new_with_clock (CUSTOM, &clock.clock);
  g_autoptr(DbrRequest) first = dbr_request_new ("org.a", "/", "org.a.I", "M", NULL, NULL);
  g_autoptr(DbrRequest) second = dbr_request_new ("org.a", "/", "org.a.I", "N", NULL, NULL);
  g_autoptr(DbrRequest) read = NULL;

  g_test_summary ("Each limit that matches holds, and what one of them refuses costs the others "
                  "nothing");

  g_assert_true (dbr_access_policy_allow (policy, "org.a:*", NULL));
  g_assert_true (dbr_access_policy_set_rate_limit (policy, "org.*:*", 4, NULL));
  g_assert_true (dbr_access_policy_set_rate_limit (policy, "org.a:org.a.I.M", 1, NULL));
  g_assert_true (dbr_access_policy_set_rate_limit (policy, "*:org.a.I.P", G_MAXUINT, NULL));
  dbr_access_policy_freeze (policy);
  read = dbr_request_new ("org.a", "/", PROPERTIES, "Get",
                          g_variant_new ("(ss)", "org.a.I", "P"), NULL);

  assert_let_through (policy, first);
  for (guint i = 0; i < 5; i++)
    assert_limited (policy, first, "limit org.a:org.a.I.M", "60000 ms");
  assert_let_through (policy, second);
  assert_let_through (policy, read);
  assert_let_through (policy, second);
  assert_limited (policy, second, "limit org.*:*", "15000 ms");
  assert_limited (policy, read, "limit org.*:*", "15000 ms");
}

static void
assert_peer (DbrAccessPolicy *policy,
             const char      *bus_name,
             gint64           uid,
             const char      *exe,
             const char      *reason)
{
  const DbrAccessCredentials credentials = { uid, exe };
  g_autoptr(GError) error = NULL;
  const char *rule = NULL;
  gboolean is_ok;

  is_ok = dbr_access_judge_check_peer (dbr_access_policy_get_judge (policy), bus_name,
                                       &credentials, &rule, &error);
  if (reason == NULL)
    {
      g_assert_no_error (error);
      g_assert_true (is_ok);
      return;
    }

  g_assert_false (is_ok);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, rule));
  g_assert_nonnull (strstr (error->message, bus_name));
  g_assert_nonnull (strstr (error->message, reason));
}

static void
test_peers (void)
{
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (STANDARD);
  DbrAccessJudge *judge = dbr_access_policy_get_judge (policy);

  g_test_summary ("Who is behind a name is judged by user and program, and not known is wrong");

  g_assert_true (dbr_access_policy_require_peer (policy, "org.a", 7, "/bin/other", NULL));
  g_assert_true (dbr_access_policy_require_peer (policy, "org.a", 1000, NULL, NULL));
  g_assert_true (dbr_access_policy_require_peer (policy, "org.b", -1, "/bin/b", NULL));
  g_assert_true (dbr_access_policy_require_peer (policy, "org.c.*", 0, "/bin/c", NULL));
  g_assert_true (dbr_access_policy_require_peer (policy, "org.c.d", -1, "/bin/d", NULL));

  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (dbr_access_judge_needs_peer (judge, "org.a"));
      g_assert_true (dbr_access_judge_needs_peer (judge, "org.c"));
      g_assert_true (dbr_access_judge_needs_peer (judge, "org.c.e"));
      g_assert_false (dbr_access_judge_needs_peer (judge, "org.ab"));
      g_assert_false (dbr_access_judge_needs_peer (judge, "org.cd"));
      g_assert_false (dbr_access_judge_needs_peer (judge, "org.d"));

      /* The second requirement replaced the first. */
      assert_peer (policy, "org.a", 1000, NULL, NULL);
      assert_peer (policy, "org.a", 1001, NULL, "another user");
      assert_peer (policy, "org.a", 0, NULL, "another user");
      assert_peer (policy, "org.a", -1, "/bin/other", "not known which user");
      assert_peer (policy, "org.b", -1, "/bin/b", NULL);
      assert_peer (policy, "org.b", 0, "/bin/bb", "another program");
      assert_peer (policy, "org.b", 0, "/bin/b (deleted)", "another program");
      assert_peer (policy, "org.b", 0, NULL, "not known which program");
      assert_peer (policy, "org.c.x", 0, "/bin/c", NULL);
      assert_peer (policy, "org.c.x", 0, "/bin/d", "another program");
      assert_peer (policy, "org.c.d", 0, "/bin/c", "another program");
      assert_peer (policy, "org.c.d", 0, "/bin/d", "another program");
      assert_peer (policy, "org.d", -1, NULL, NULL);
      dbr_access_policy_freeze (policy);
    }
}

static void
assert_record (const DbrRequest *request,
               const char       *expected)
{
  g_auto(DbrAccessQuery) query = { 0, };
  g_autoptr(GVariant) record = NULL;
  g_autofree char *text = NULL;

  dbr_access_query_init_request (&query, request, SESSION);
  record = dbr_access_query_dup_record (&query, FALSE, "deny org.a:*", 42);
  g_assert_true (g_variant_is_of_type (record, G_VARIANT_TYPE_VARDICT));
  g_assert_false (g_variant_is_floating (record));
  text = g_variant_print (record, FALSE);
  g_assert_cmpstr (text, ==, expected);
  g_assert_null (strstr (text, "secret"));
}

static void
test_audit (void)
{
  g_autoptr(DbrRequest) call = NULL;
  g_autoptr(DbrRequest) set = NULL;
  g_autoptr(DbrRequest) get_all = NULL;
  g_auto(DbrAccessQuery) query = { 0, };
  g_autoptr(GVariant) record = NULL;
  g_autofree char *text = NULL;

  g_test_summary ("The record of what was asked and judged has no argument in it");

  call = dbr_request_new ("org.a", "/x", "org.a.I", "M", g_variant_new ("(s)", "secret"), NULL);
  set = dbr_request_new ("org.a", "/x", PROPERTIES, "Set",
                         g_variant_new ("(ssv)", "org.a.I", "P", g_variant_new_string ("secret")),
                         NULL);
  get_all = dbr_request_new (NULL, "/x", PROPERTIES, "GetAll",
                             g_variant_new ("(s)", "org.a.I"), NULL);

  assert_record (call, "{'allowed': <false>, 'kind': <'call'>, 'bus-name': <'org.a'>, "
                 "'object-path': <'/x'>, 'interface-name': <'org.a.I'>, 'member': <'M'>, "
                 "'rule': <'deny org.a:*'>, 'when-usec': <int64 42>}");
  assert_record (set, "{'allowed': <false>, 'kind': <'write'>, 'bus-name': <'org.a'>, "
                 "'object-path': <'/x'>, 'interface-name': <'org.a.I'>, 'member': <'P'>, "
                 "'rule': <'deny org.a:*'>, 'when-usec': <int64 42>}");
  assert_record (get_all, "{'allowed': <false>, 'kind': <'read-all'>, "
                 "'bus-name': <'org.freedesktop.DBus'>, "
                 "'object-path': <'/x'>, 'interface-name': <'org.a.I'>, 'member': <''>, "
                 "'rule': <'deny org.a:*'>, 'when-usec': <int64 42>}");

  dbr_access_query_init_signal (&query, SESSION, "org.a", NULL, "org.a.I", NULL, FALSE);
  record = dbr_access_query_dup_record (&query, TRUE, "tier standard", 43);
  text = g_variant_print (record, FALSE);
  g_assert_cmpstr (text, ==, "{'allowed': <true>, 'kind': <'signal'>, 'bus-name': <'org.a'>, "
                   "'object-path': <''>, 'interface-name': <'org.a.I'>, 'member': <''>, "
                   "'rule': <'tier standard'>, 'when-usec': <int64 43>}");
}

static gpointer
check_many_cb (gpointer data)
{
  DbrAccessPolicy *policy = data;
  g_autoptr(DbrRequest) allowed = dbr_request_new ("org.a", "/", "org.a.I", "M", NULL, NULL);
  g_autoptr(DbrRequest) denied = dbr_request_new ("org.a", "/", "org.a.I", "N", NULL, NULL);
  g_autoptr(DbrRequest) limited = dbr_request_new ("org.b", "/", "org.a.I", "M", NULL, NULL);
  guint n_through = 0;

  for (guint i = 0; i < 10000; i++)
    {
      assert_let_through (policy, allowed);
      g_assert_false (dbr_access_policy_check_request (policy, denied, SESSION, NULL, NULL, NULL,
                                                       NULL));
      if (dbr_access_policy_check_request (policy, limited, SESSION, NULL, NULL, NULL, NULL))
        n_through++;
    }

  return GUINT_TO_POINTER (n_through);
}

static gpointer
change_cb (gpointer data)
{
  DbrAccessPolicy *policy = data;
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *pattern = g_strdup_printf ("org.x%u:*", i);

      if (!dbr_access_policy_deny (policy, pattern, &error))
        break;
    }

  if (error != NULL)
    g_assert_error (error, DBR_ERROR, DBR_ERROR_CLOSED);
  dbr_access_policy_freeze (policy);

  return GUINT_TO_POINTER (0);
}

static void
test_threads (void)
{
  TestClock clock = { { test_clock_get, test_clock_get }, 0 };
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new_with_clock (CUSTOM, &clock.clock);
  GThread *threads[4];
  guint n_through = 0;

  g_test_summary ("Any thread may ask, before and after the freeze, under the same limits");

  g_assert_true (dbr_access_policy_allow (policy, "org.*:*", NULL));
  g_assert_true (dbr_access_policy_deny (policy, "*:*.N", NULL));
  g_assert_true (dbr_access_policy_set_rate_limit (policy, "org.b:*", 1000, NULL));

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("access", i == 0 ? change_cb : check_many_cb, policy);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    n_through += GPOINTER_TO_UINT (g_thread_join (threads[i]));

  g_assert_true (dbr_access_policy_get_frozen (policy));
  g_assert_cmpuint (n_through, ==, 1000);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/access-policy/bad-patterns", test_bad_patterns);
  g_test_add_func ("/dbr/access-policy/bad-values", test_bad_values);
  g_test_add_func ("/dbr/access-policy/check", test_check);
  g_test_add_func ("/dbr/access-policy/freeze", test_freeze);
  g_test_add_func ("/dbr/access-policy/freeze-in-another-thread", test_freeze_in_another_thread);
  g_test_add_func ("/dbr/access-policy/rate-limit", test_rate_limit);
  g_test_add_func ("/dbr/access-policy/several-rate-limits", test_several_rate_limits);
  g_test_add_func ("/dbr/access-policy/peers", test_peers);
  g_test_add_func ("/dbr/access-policy/audit-has-no-arguments", test_audit);
  g_test_add_func ("/dbr/access-policy/threads", test_threads);

  return g_test_run ();
}
