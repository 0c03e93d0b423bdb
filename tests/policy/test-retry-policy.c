/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "dbr-test-errors.h"
#include "policy/dbr-retry-policy-private.h"

#define BUS "org.freedesktop.DBus.Error."
#define BLUEZ "org.bluez.Error."
#define BUSY "org.example.Error.Busy"

#define NOT_DELIVERED DBR_FAILURE_NOT_DELIVERED
#define MAYBE DBR_FAILURE_MAYBE_EXECUTED
#define EXECUTED DBR_FAILURE_EXECUTED
#define PERMANENT DBR_FAILURE_PERMANENT

static const struct
{
  const char     *name;
  DbrRetryValues  values;
} presets[] = {
  { "default", { 3, 0, 50, 500, 2, 2000, DBR_JITTER_EQUAL, 10, 0.2, TRUE } },
  { "none", { 1, 0, 50, 500, 2, 2000, DBR_JITTER_EQUAL, 10, 0.2, FALSE } },
  { "patient", { 3, 0, 1000, 1000, 2, 10000, DBR_JITTER_EQUAL, 10, 0.2, TRUE } },
  { "reconnect", { 5, 0, 1000, 1000, 1.5, 10000, DBR_JITTER_EQUAL, 10, 0.2, TRUE } },
  { "bluez", { 4, 9, 250, 1000, 1.5, 4000, DBR_JITTER_EQUAL, 10, 0.2, TRUE } },
};

static void
assert_values (DbrRetryPolicy       *policy,
               const DbrRetryValues *expected)
{
  g_autoptr(DbrRetryPlan) plan = dbr_retry_policy_ref_plan (policy);
  double multiplier;
  double refill;
  gboolean is_waiting;
  guint capacity;
  guint attempts;
  guint base;
  guint throttle;
  guint most;
  DbrJitter jitter;

  g_object_get (policy, "max-attempts", &attempts, "base-delay-ms", &base,
                "throttle-delay-ms", &throttle, "multiplier", &multiplier, "max-delay-ms", &most,
                "jitter", &jitter, "budget-capacity", &capacity,
                "budget-refill-per-s", &refill, "wait-for-owner", &is_waiting, NULL);

  g_assert_cmpuint (attempts, ==, expected->max_attempts);
  g_assert_cmpuint (plan->values.transient_attempts, ==, expected->transient_attempts);
  g_assert_cmpuint (base, ==, expected->base_delay_ms);
  g_assert_cmpuint (throttle, ==, expected->throttle_delay_ms);
  g_assert_cmpfloat (multiplier, ==, expected->multiplier);
  g_assert_cmpuint (most, ==, expected->max_delay_ms);
  g_assert_cmpint (jitter, ==, expected->jitter);
  g_assert_cmpuint (capacity, ==, expected->budget_capacity);
  g_assert_cmpfloat (refill, ==, expected->budget_refill_per_s);
  g_assert_cmpint (is_waiting, ==, expected->is_waiting_for_owner);
}

/* Whether calls may begin with it. */
static gboolean
check_policy (DbrRetryPolicy  *policy,
              GError         **error)
{
  g_autoptr(DbrRetryPlan) plan = dbr_retry_policy_ref_plan (policy);

  g_assert_cmpint (plan->is_valid, ==, dbr_retry_plan_check (plan, NULL));

  return dbr_retry_plan_check (plan, error);
}

static void
test_presets (void)
{
  g_test_summary ("Each preset has the values that are documented");

  for (gsize i = 0; i < G_N_ELEMENTS (presets); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new_preset (presets[i].name, &error);

      g_test_message ("%s", presets[i].name);
      g_assert_no_error (error);
      assert_values (policy, &presets[i].values);
      g_assert_true (check_policy (policy, &error));
      g_assert_no_error (error);
    }
}

static void
test_unknown_preset (void)
{
  static const char *const names[] = { "", "Default", "blue", "cause", "bluez/refused", "\377" };

  g_test_summary ("A preset that there is not is an error that names it");

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (dbr_retry_policy_new_preset (names[i], &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
  g_assert_null (dbr_retry_policy_new_preset ("patience", NULL));
}

static void
test_defaults (void)
{
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  g_autofree GParamSpec **specs = NULL;
  guint n_specs = 0;

  g_test_summary ("A new policy is the default preset, and what its properties say of themselves");

  assert_values (policy, &presets[0].values);

  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (policy), &n_specs);
  g_assert_cmpuint (n_specs, ==, 9);
  for (guint i = 0; i < n_specs; i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      g_test_message ("%s", specs[i]->name);
      g_object_get_property (G_OBJECT (policy), specs[i]->name, &value);
      g_assert_true (g_param_value_defaults (specs[i], &value));
    }
}

static void
count_notify_cb (GObject    *object,
                 GParamSpec *pspec,
                 gpointer    user_data)
{
  ++*(guint *) user_data;
}

static void
test_properties (void)
{
  static const DbrRetryValues other = {
    7, 0, 1, 2, 3.5, 4, DBR_JITTER_FULL, 5, 0.5, FALSE
  };
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  guint n_notified = 0;

  g_test_summary ("Each property can be set, and tells of it once");

  g_signal_connect (policy, "notify", G_CALLBACK (count_notify_cb), &n_notified);
  for (int i = 0; i < 2; i++)
    {
      g_object_set (policy, "max-attempts", 7u, "base-delay-ms", 1u, "throttle-delay-ms", 2u,
                    "multiplier", 3.5, "max-delay-ms", 4u, "jitter", DBR_JITTER_FULL,
                    "budget-capacity", 5u, "budget-refill-per-s", 0.5, "wait-for-owner", FALSE,
                    NULL);
      assert_values (policy, &other);
      g_assert_cmpuint (n_notified, ==, 9);
    }

  /* Any truth is the same. */
  dbr_retry_policy_set_wait_for_owner (policy, 2);
  dbr_retry_policy_set_wait_for_owner (policy, 1);
  g_assert_cmpuint (n_notified, ==, 10);
}

static void
test_call_keeps_plan (void)
{
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  g_autoptr(DbrRetryPlan) plan = dbr_retry_policy_ref_plan (policy);
  g_autoptr(DbrRetryPlan) same = dbr_retry_policy_ref_plan (policy);
  g_autoptr(DbrRetryPlan) next = NULL;
  DbrRetryVerdict verdict;

  g_test_summary ("Who has begun goes by what the policy was then");

  g_assert_true (plan == same);
  dbr_retry_policy_set_max_attempts (policy, 9);
  g_assert_true (dbr_retry_policy_add_retryable (policy, BUSY, NULL));
  g_assert_cmpuint (plan->values.max_attempts, ==, 3);
  dbr_retry_plan_judge (plan, BUSY, NULL, EXECUTED, &verdict);
  g_assert_false (verdict.is_added);

  next = dbr_retry_policy_ref_plan (policy);
  g_assert_cmpuint (next->values.max_attempts, ==, 9);
  dbr_retry_policy_remove_retryable (policy, BUSY);
  dbr_retry_plan_judge (next, BUSY, NULL, EXECUTED, &verdict);
  g_assert_true (verdict.is_added);
}

static void
test_words (void)
{
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  g_autoptr(DbrRetryPolicy) others = dbr_retry_policy_new ();
  g_autoptr(DbrRetryPlan) plan = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) local = g_error_new (DBR_ERROR, DBR_ERROR_DEADLINE, "No");
  DbrRetryVerdict verdict;

  g_test_summary ("The caller's word goes before all that is known of an error");

  g_assert_true (dbr_retry_policy_add_retryable (policy, BUSY, &error));
  g_assert_true (dbr_retry_policy_add_retryable (policy, BUS "AccessDenied", &error));
  g_assert_true (dbr_retry_policy_add_retryable (policy, "org.dbr.Error.Deadline", &error));
  g_assert_no_error (error);
  g_assert_cmpint (classify_name (policy, BUSY, ""), ==, NOT_DELIVERED);
  g_assert_cmpint (classify_name (policy, BUS "AccessDenied", ""), ==, NOT_DELIVERED);
  g_assert_cmpint (classify_name (policy, BUSY ".", ""), ==, EXECUTED);
  g_assert_cmpint (classify_name (policy, BUS "InvalidArgs", ""), ==, PERMANENT);
  g_assert_cmpint (classify_name (others, BUSY, ""), ==, EXECUTED);
  g_assert_cmpint (dbr_retry_policy_classify (policy, local), ==, NOT_DELIVERED);

  plan = dbr_retry_policy_ref_plan (policy);
  dbr_retry_plan_judge_reply (plan, BUSY, "", DBR_ORIGIN_SERVICE, FALSE, &verdict);
  g_assert_true (verdict.is_added);
  g_assert_cmpint (verdict.failure, ==, EXECUTED);
  dbr_retry_plan_judge_local (plan, DBR_EXECUTION_MAYBE, local, &verdict);
  g_assert_true (verdict.is_added);
  g_assert_cmpint (verdict.failure, ==, MAYBE);
  dbr_retry_plan_judge (plan, NULL, NULL, MAYBE, &verdict);
  g_assert_false (verdict.is_added);

  dbr_retry_policy_remove_retryable (policy, BUSY);
  dbr_retry_policy_remove_retryable (policy, BUSY);
  dbr_retry_policy_remove_retryable (policy, "org.example.Error.Nobody");
  dbr_retry_policy_remove_retryable (policy, "");
  g_assert_cmpint (classify_name (policy, BUSY, ""), ==, EXECUTED);
  g_assert_cmpint (classify_name (policy, BUS "AccessDenied", ""), ==, NOT_DELIVERED);
}

static void
test_bad_words (void)
{
  static const char *const names[] = { "", "Busy", "org.example.", "org..Busy", "org.1.a", "a b.c",
                                       "org.example.Error.*", "\377.a" };
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  g_autofree char *part = g_strnfill (253, 'b');
  g_autofree char *longest = g_strconcat ("a.", part, NULL);

  g_test_summary ("What cannot be the name of an error is refused");

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (dbr_retry_policy_add_retryable (policy, names[i], &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
  g_assert_false (dbr_retry_policy_add_retryable (policy, "Busy", NULL));
  g_assert_true (dbr_retry_policy_add_retryable (policy, longest, NULL));
}

static const struct
{
  const char *name;
  const char *message;
  guint       pause_ms;
  gboolean    is_transient;
} bluez[] = {
  { "InProgress", "Operation already in progress", 250, TRUE },
  { "Busy", "Busy", 250, TRUE },
  { "Failed", "Operation already in progress", 250, TRUE },
  { "NotReady", "Resource Not Ready", 500, TRUE },
  { "Failed", "Not Powered", 500, TRUE },
  { "Failed", "le-connection-adapter-not-powered", 500, TRUE },
  { "Failed", "le-connection-abort-by-local", 250, TRUE },
  { "Failed", "br-connection-aborted-by-local", 250, TRUE },
  { "Failed", "br-connection-canceled", 250, TRUE },
  { "Failed", "Software caused connection abort", 250, TRUE },
  { "NotAvailable", "Operation currently not available", 1000, FALSE },
  { "Failed", "le-connection-abort-by-remote", 500, FALSE },
  { "Failed", "br-connection-refused", 500, FALSE },
  { "Failed", "br-connection-unknown", 500, FALSE },
  { "Failed", "br-connection-busy", 4000, FALSE },
  { "Failed", "le-connection-concurrent-connection-limit", 4000, FALSE },
  { "ConnectionAttemptFailed", "Page Timeout", 1000, FALSE },
  { "Failed", "br-connection-page-timeout", 1000, FALSE },
  { "Failed", "Host is down", 1000, FALSE },
  { "Failed", "br-connection-create-socket", 1000, FALSE },
  { "Failed", "Input/output error", 1000, FALSE },
  { "Failed", "Operation failed with ATT error: 0x0e", 250, FALSE },
};

static void
test_bluez (void)
{
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new_preset ("bluez", NULL);
  g_autoptr(DbrRetryPolicy) others = dbr_retry_policy_new ();
  g_autoptr(DbrRetryPlan) plan = dbr_retry_policy_ref_plan (policy);

  g_test_summary ("The preset for Bluetooth knows what passes, and how long that takes");

  for (gsize i = 0; i < G_N_ELEMENTS (bluez); i++)
    {
      g_autofree char *name = g_strconcat (BLUEZ, bluez[i].name, NULL);
      DbrRetryVerdict verdict;

      g_test_message ("%s: %s", name, bluez[i].message);
      dbr_retry_plan_judge_reply (plan, name, bluez[i].message, DBR_ORIGIN_SERVICE, FALSE,
                                  &verdict);
      g_assert_true (verdict.is_added);
      g_assert_nonnull (verdict.cause);
      g_assert_cmpuint (verdict.cause->pause_ms, ==, bluez[i].pause_ms);
      g_assert_cmpint (verdict.cause->is_transient, ==, bluez[i].is_transient);

      g_assert_true (dbr_error_table_lookup (name, bluez[i].message)->is_transient);
      g_assert_cmpint (classify_name (policy, name, bluez[i].message), ==, NOT_DELIVERED);
      g_assert_cmpint (classify_name (others, name, bluez[i].message), ==, EXECUTED);
    }

  g_assert_cmpint (classify_name (policy, BLUEZ "Failed", ""), ==, NOT_DELIVERED);
  g_assert_cmpint (classify_name (others, BLUEZ "Failed", ""), ==, EXECUTED);
  g_assert_cmpint (classify_name (policy, BLUEZ "NotPermitted", ""), ==, PERMANENT);
  /* What can never work is not retried for a word in its message. */
  g_assert_cmpint (classify_name (policy, BLUEZ "NotPermitted", "Link Key missing: Page Timeout"),
                   ==, PERMANENT);
  g_assert_cmpint (classify_name (policy, BUSY, "br-connection-busy"), ==, EXECUTED);
}

static void
test_bluez_can_be_changed (void)
{
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new_preset ("bluez", NULL);
  g_autoptr(DbrRetryPolicy) others = dbr_retry_policy_new_preset ("bluez", NULL);
  g_autoptr(DbrRetryPlan) plan = NULL;
  guint n_notified = 0;

  g_test_summary ("What a preset retries can be taken from it, and its two limits become one");

  dbr_retry_policy_remove_retryable (policy, BLUEZ "InProgress");
  g_assert_cmpint (classify_name (policy, BLUEZ "InProgress", ""), ==, EXECUTED);
  g_assert_cmpint (classify_name (others, BLUEZ "InProgress", ""), ==, NOT_DELIVERED);
  g_assert_true (dbr_retry_policy_add_retryable (policy, BLUEZ "InProgress", NULL));
  g_assert_cmpint (classify_name (policy, BLUEZ "InProgress", ""), ==, NOT_DELIVERED);

  g_signal_connect (policy, "notify", G_CALLBACK (count_notify_cb), &n_notified);
  dbr_retry_policy_set_multiplier (policy, 1);
  plan = dbr_retry_policy_ref_plan (policy);
  g_assert_cmpuint (plan->values.transient_attempts, ==, 9);
  g_clear_pointer (&plan, dbr_retry_plan_unref);
  g_assert_cmpuint (n_notified, ==, 1);

  /* The value is the same, but not what it says. */
  dbr_retry_policy_set_max_attempts (policy, 4);
  plan = dbr_retry_policy_ref_plan (policy);
  g_assert_cmpuint (plan->values.transient_attempts, ==, 0);
  g_assert_cmpuint (plan->values.max_attempts, ==, 4);
  g_assert_cmpuint (n_notified, ==, 1);
}

static void
assert_range (DbrRetryPolicy *policy,
              guint           attempt,
              guint           min_ms,
              guint           max_ms)
{
  guint least = G_MAXUINT;
  guint most = G_MAXUINT;

  dbr_retry_policy_get_delay_range (policy, attempt, &least, &most);
  g_test_message ("%u: %u to %u", attempt, least, most);
  g_assert_cmpuint (least, ==, min_ms);
  g_assert_cmpuint (most, ==, max_ms);
}

static void
test_delay_range (void)
{
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();

  g_test_summary ("The bounds of each pause are those of its kind of jitter");

  assert_range (policy, 0, 0, 0);
  assert_range (policy, 1, 25, 50);
  assert_range (policy, 2, 50, 100);
  assert_range (policy, 6, 800, 1600);
  assert_range (policy, 7, 1000, 2000);
  assert_range (policy, G_MAXUINT, 1000, 2000);

  dbr_retry_policy_set_jitter (policy, DBR_JITTER_NONE);
  assert_range (policy, 1, 50, 50);
  assert_range (policy, 2, 100, 100);
  dbr_retry_policy_set_jitter (policy, DBR_JITTER_FULL);
  assert_range (policy, 1, 0, 50);
  assert_range (policy, 2, 0, 100);
  assert_range (policy, 100, 0, 2000);
  dbr_retry_policy_set_jitter (policy, DBR_JITTER_DECORRELATED);
  assert_range (policy, 1, 50, 150);
  assert_range (policy, 2, 50, 450);
  assert_range (policy, 3, 50, 1350);
  assert_range (policy, 4, 50, 2000);
  assert_range (policy, G_MAXUINT, 50, 2000);

  dbr_retry_policy_set_base_delay_ms (policy, 3000);
  assert_range (policy, 1, 2000, 2000);
  dbr_retry_policy_set_base_delay_ms (policy, 0);
  assert_range (policy, G_MAXUINT, 0, 0);
  dbr_retry_policy_set_jitter (policy, DBR_JITTER_NONE);
  assert_range (policy, G_MAXUINT, 0, 0);
  dbr_retry_policy_set_base_delay_ms (policy, 86400000);
  dbr_retry_policy_set_max_delay_ms (policy, 86400000);
  dbr_retry_policy_set_multiplier (policy, G_MAXDOUBLE);
  assert_range (policy, G_MAXUINT, 86400000, 86400000);

  dbr_retry_policy_get_delay_range (policy, 1, NULL, NULL);
}

static void
test_bad_values (void)
{
  static const struct
  {
    const char *property;
    double      value;
  } bad[] = {
    { "max-attempts", 0 },
    { "base-delay-ms", 86400001 },
    { "throttle-delay-ms", G_MAXUINT },
    { "max-delay-ms", 86400001 },
    { "multiplier", 0.999 },
    { "multiplier", -INFINITY },
    { "multiplier", INFINITY },
    { "multiplier", NAN },
    { "budget-refill-per-s", -0.1 },
    { "budget-refill-per-s", INFINITY },
    { "budget-refill-per-s", NAN },
  };
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("A property takes any value, and one that makes no sense is named afterwards");

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(DbrRetryPolicy) spoilt = dbr_retry_policy_new ();
      g_autoptr(DbrRetry) retry = NULL;
      GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (spoilt),
                                                       bad[i].property);
      guint delay_ms = 1;

      if (spec->value_type == G_TYPE_DOUBLE)
        g_object_set (spoilt, bad[i].property, bad[i].value, NULL);
      else
        g_object_set (spoilt, bad[i].property, (guint) bad[i].value, NULL);

      g_assert_false (check_policy (spoilt, &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, bad[i].property));
      g_clear_error (&error);

      retry = dbr_retry_policy_begin (spoilt, 0, TRUE);
      g_assert_false (dbr_retry_next (retry, NOT_DELIVERED, &delay_ms));
      g_assert_cmpuint (delay_ms, ==, 0);
      assert_range (spoilt, 1, 0, 0);
    }

  dbr_retry_policy_set_jitter (policy, 4);
  g_assert_false (check_policy (policy, &error));
  g_assert_nonnull (strstr (error->message, "jitter"));
  g_clear_error (&error);
  dbr_retry_policy_set_jitter (policy, -1);
  g_assert_false (check_policy (policy, NULL));

  /* What is put right works, and limits of zero have a meaning. */
  g_object_set (policy, "jitter", DBR_JITTER_NONE, "max-attempts", G_MAXUINT, "base-delay-ms", 0u,
                "max-delay-ms", 0u, "throttle-delay-ms", 86400000u, "multiplier", 1.0,
                "budget-capacity", 0u, "budget-refill-per-s", 0.0, NULL);
  g_assert_true (check_policy (policy, &error));
  g_assert_no_error (error);
}

typedef struct
{
  GThread *thread;
  GString *text;
} Heard;

static void
heard_retrying_cb (DbrRetryPolicy *policy,
                   const char     *operation,
                   guint           attempt,
                   guint           delay_ms,
                   const GError   *error,
                   Heard          *heard)
{
  g_assert_true (heard->thread == g_thread_self ());
  g_string_append_printf (heard->text, "retrying %s %u %u %s;", operation, attempt, delay_ms,
                          error->message);
}

static void
heard_recovered_cb (DbrRetryPolicy *policy,
                    const char     *operation,
                    guint           attempts,
                    gint64          elapsed_usec,
                    Heard          *heard)
{
  g_assert_true (heard->thread == g_thread_self ());
  g_string_append_printf (heard->text, "recovered %s %u %" G_GINT64_FORMAT ";", operation, attempts,
                          elapsed_usec);
}

static void
heard_gave_up_cb (DbrRetryPolicy *policy,
                  const char     *operation,
                  guint           attempts,
                  const GError   *error,
                  Heard          *heard)
{
  g_assert_true (heard->thread == g_thread_self ());
  g_string_append_printf (heard->text, "gave-up %s %u %s;", operation, attempts, error->message);
}

static void
heard_exhausted_cb (DbrRetryPolicy *policy,
                    const char     *bus_name,
                    Heard          *heard)
{
  g_assert_true (heard->thread == g_thread_self ());
  g_string_append_printf (heard->text, "budget-exhausted %s;", bus_name);
}

static gpointer
tell_cb (gpointer data)
{
  DbrRetryPolicy *policy = data;
  g_autoptr(GError) error = g_error_new (DBR_ERROR, DBR_ERROR_NO_OWNER, "gone");

  dbr_retry_policy_tell_retrying (policy, "ping", 1, 40, error);
  dbr_retry_policy_tell_recovered (policy, "ping", 2, 5000000000);
  dbr_retry_policy_tell_gave_up (policy, "pair", 3, error);
  dbr_retry_policy_tell_exhausted (policy, "org.example.A");
  dbr_retry_policy_tell_exhausted (policy, NULL);

  return NULL;
}

static void
tell_in_thread (DbrRetryPolicy *policy)
{
  g_thread_join (g_thread_new ("tell", tell_cb, policy));
}

static void
test_signals (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(DbrRetryPolicy) policy = NULL;
  g_autoptr(GString) text = g_string_new (NULL);
  Heard heard = { g_thread_self (), text };

  g_test_summary ("Signals come in the context of the policy, and only if somebody listens");

  g_main_context_push_thread_default (context);
  policy = dbr_retry_policy_new ();
  g_main_context_pop_thread_default (context);

  tell_in_thread (policy);
  g_assert_false (g_main_context_pending (context));

  g_signal_connect (policy, "recovered", G_CALLBACK (heard_recovered_cb), &heard);
  tell_in_thread (policy);
  g_assert_cmpstr (text->str, ==, "");
  while (g_main_context_iteration (context, FALSE))
    continue;
  g_assert_cmpstr (text->str, ==, "recovered ping 2 5000000000;");

  g_string_truncate (text, 0);
  g_signal_connect (policy, "retrying", G_CALLBACK (heard_retrying_cb), &heard);
  g_signal_connect (policy, "gave-up", G_CALLBACK (heard_gave_up_cb), &heard);
  g_signal_connect (policy, "budget-exhausted", G_CALLBACK (heard_exhausted_cb), &heard);
  tell_in_thread (policy);
  while (g_main_context_iteration (context, FALSE))
    continue;
  g_assert_cmpstr (text->str, ==,
                   "retrying ping 1 40 gone;recovered ping 2 5000000000;gave-up pair 3 gone;"
                   "budget-exhausted org.example.A;budget-exhausted ;");
}

static void
test_signals_of_gone_policy (void)
{
  g_autoptr(GString) text = g_string_new (NULL);
  DbrRetryPolicy *policy = dbr_retry_policy_new ();
  Heard heard = { g_thread_self (), text };

  g_test_summary ("What is still to be told keeps no policy");

  g_signal_connect (policy, "recovered", G_CALLBACK (heard_recovered_cb), &heard);
  tell_in_thread (policy);
  g_assert_finalize_object (policy);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_cmpstr (text->str, ==, "");
}

static void
test_flood (void)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  Heard heard = { g_thread_self (), text };

  g_test_summary ("A context that is not iterated fills no memory");

  g_signal_connect (policy, "budget-exhausted", G_CALLBACK (heard_exhausted_cb), &heard);
  for (int i = 0; i < 3000; i++)
    dbr_retry_policy_tell_exhausted (policy, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_cmpuint (text->len, ==, 1000 * strlen ("budget-exhausted ;"));
}

#define N_ROUNDS 3000

static gpointer
change_cb (gpointer data)
{
  DbrRetryPolicy *policy = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      dbr_retry_policy_set_base_delay_ms (policy, i % 2 == 0 ? 10 : 30);
      g_assert_true (dbr_retry_policy_add_retryable (policy, BUSY, NULL));
      dbr_retry_policy_remove_retryable (policy, BUSY);
      dbr_retry_policy_set_max_attempts (policy, i % 2 == 0 ? 3 : 0);
      dbr_retry_policy_set_max_attempts (policy, 3);
    }

  return NULL;
}

static gpointer
begin_cb (gpointer data)
{
  DbrRetryPolicy *policy = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      g_autoptr(DbrRetry) retry = dbr_retry_policy_begin (policy, 0, FALSE);
      guint first = 0;
      guint second = 0;

      if (dbr_retry_next (retry, NOT_DELIVERED, &first))
        {
          g_assert_true (first == 10 || first == 30);
          g_assert_true (dbr_retry_next (retry, NOT_DELIVERED, &second));
          g_assert_cmpuint (second, ==, 2 * first);
        }
      g_assert_false (dbr_retry_next (retry, NOT_DELIVERED, NULL));
      (void) classify_name (policy, BUSY, "");
    }

  return NULL;
}

static void
test_threads (void)
{
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  GThread *threads[4];

  g_test_summary ("While some change a policy, others begin by one or the other whole");

  g_object_set (policy, "base-delay-ms", 10u, "jitter", DBR_JITTER_NONE, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("retry", i % 2 == 0 ? change_cb : begin_cb, policy);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  g_assert_cmpuint (dbr_retry_policy_get_max_attempts (policy), ==, 3);
  g_assert_cmpint (classify_name (policy, BUSY, ""), ==, EXECUTED);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/retry-policy/presets", test_presets);
  g_test_add_func ("/dbr/retry-policy/unknown-preset", test_unknown_preset);
  g_test_add_func ("/dbr/retry-policy/defaults", test_defaults);
  g_test_add_func ("/dbr/retry-policy/properties", test_properties);
  g_test_add_func ("/dbr/retry-policy/call-keeps-what-held", test_call_keeps_plan);
  g_test_add_func ("/dbr/retry-policy/word-of-the-caller", test_words);
  g_test_add_func ("/dbr/retry-policy/bad-names", test_bad_words);
  g_test_add_func ("/dbr/retry-policy/bluez", test_bluez);
  g_test_add_func ("/dbr/retry-policy/bluez-can-be-changed", test_bluez_can_be_changed);
  g_test_add_func ("/dbr/retry-policy/delay-range", test_delay_range);
  g_test_add_func ("/dbr/retry-policy/bad-values", test_bad_values);
  g_test_add_func ("/dbr/retry-policy/signals", test_signals);
  g_test_add_func ("/dbr/retry-policy/signals-of-gone-policy", test_signals_of_gone_policy);
  g_test_add_func ("/dbr/retry-policy/flood-of-signals", test_flood);
  g_test_add_func ("/dbr/retry-policy/threads", test_threads);

  return g_test_run ();
}
