/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "dbr-scene.h"

/* Which calls are tried again, how often, and what is told of it. */

#define BUS_ERROR "org.freedesktop.DBus.Error."

#define BUSY BUS_ERROR "NoMemory"
#define BROKEN "org.example.Error.Broken"
#define DONE_ALREADY "org.example.Error.DoneAlready"

/* A bus of its own making: what it answers has no sender, and is the bus's. */
#define FAKE_BUS \
  "on org.freedesktop.DBus.Hello: reply (':1.1',)\n" \
  "on org.freedesktop.DBus.AddMatch: reply ()\n" \
  "on org.freedesktop.DBus.GetNameOwner: reply (':1.2',)\n"

/* The pauses of the shipped policy in a tenth of their time. */
static DbrRetryPolicy *
add_policy (DbrClient *client)
{
  DbrRetryPolicy *policy = dbr_retry_policy_new ();

  g_object_set (policy, "base-delay-ms", 10u, "throttle-delay-ms", 20u, NULL);
  dbr_client_set_retry_policy (client, policy);

  return policy;
}

static DbrCall *
try_call_new (guint timeout_ms)
{
  return scene_call_new ("Try", g_variant_new ("(s)", "token"), timeout_ms);
}

static void
assert_remote (const GError *error,
               const char   *name)
{
  g_autofree char *remote = error != NULL ? g_dbus_error_get_remote_error (error) : NULL;

  g_assert_cmpstr (remote, ==, name);
}

/* How a call ends of which the first attempt is answered with an error. */
typedef struct
{
  const char   *error_name;
  gboolean      is_idempotent;
  gboolean      is_interactive;
  gboolean      is_added;
  const char   *preset;
  guint         n_attempts;
  DbrExecution  execution;
} Row;

static void
play_row (const Row *row)
{
  g_autofree char *script = g_strdup_printf ("on Try call 1: error %s as told\n"
                                             "on Try: reply ('done',)", row->error_name);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, script);
  g_autoptr(DbrRetryPolicy) policy = add_policy (scene->client);
  g_autoptr(DbrCall) call = try_call_new (5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_message ("%s, idempotent %d, interactive %d, added %d, preset %s", row->error_name,
                  row->is_idempotent, row->is_interactive, row->is_added,
                  row->preset != NULL ? row->preset : "default");
  if (row->preset != NULL)
    {
      g_autoptr(DbrRetryPolicy) other = dbr_retry_policy_new_preset (row->preset, NULL);

      dbr_client_set_retry_policy (scene->client, other);
    }
  if (row->is_added)
    g_assert_true (dbr_retry_policy_add_retryable (policy, row->error_name, NULL));
  dbr_call_set_idempotent (call, row->is_idempotent);
  dbr_call_set_interactive (call, row->is_interactive);

  scene_run_sync (scene->client, call, NULL, &outcome);
  if (row->n_attempts > 1)
    {
      g_assert_no_error (outcome.error);
      dbr_test_assert_prints (outcome.reply, "('done',)");
    }
  else
    {
      assert_remote (outcome.error, row->error_name);
      g_assert_nonnull (strstr (outcome.error->message, "as told"));
    }
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, row->n_attempts);
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "token"), ==, row->n_attempts);
  g_assert_cmpint (dbr_call_get_execution (call), ==, row->execution);
}

static void
test_classes (void)
{
  static const Row rows[] = {
    { BUSY, FALSE, FALSE, FALSE, NULL, 1, DBR_EXECUTION_MAYBE },
    { BUSY, TRUE, FALSE, FALSE, NULL, 2, DBR_EXECUTION_MAYBE },
    { BUS_ERROR "NoReply", FALSE, FALSE, FALSE, NULL, 1, DBR_EXECUTION_MAYBE },
    { BUS_ERROR "NoReply", TRUE, FALSE, FALSE, NULL, 2, DBR_EXECUTION_MAYBE },
    { BROKEN, TRUE, FALSE, FALSE, NULL, 1, DBR_EXECUTION_ONCE },
    { BUS_ERROR "ServiceUnknown", TRUE, FALSE, FALSE, NULL, 1, DBR_EXECUTION_ONCE },
    { BUS_ERROR "LimitsExceeded", TRUE, FALSE, FALSE, NULL, 1, DBR_EXECUTION_ONCE },
    { BUS_ERROR "InvalidArgs", TRUE, FALSE, FALSE, NULL, 1, DBR_EXECUTION_ONCE },
    { BUS_ERROR "UnknownMethod", TRUE, FALSE, FALSE, NULL, 1, DBR_EXECUTION_NEVER },
  };

  g_test_summary ("What was perhaps executed is retried if twice does no harm, what was executed "
                  "is not");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    play_row (&rows[i]);
}

static void
test_added (void)
{
  static const Row rows[] = {
    { BUSY, FALSE, FALSE, TRUE, NULL, 2, DBR_EXECUTION_MAYBE },
    { BROKEN, FALSE, FALSE, TRUE, NULL, 2, DBR_EXECUTION_SEVERAL },
    { BUS_ERROR "InvalidArgs", FALSE, FALSE, TRUE, NULL, 2, DBR_EXECUTION_SEVERAL },
  };

  g_test_summary ("An error that the caller added is retried whatever it means");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    play_row (&rows[i]);
}

static void
test_interactive (void)
{
  static const Row rows[] = {
    { BUSY, TRUE, TRUE, FALSE, NULL, 1, DBR_EXECUTION_MAYBE },
    { BROKEN, TRUE, TRUE, TRUE, NULL, 1, DBR_EXECUTION_ONCE },
  };

  g_test_summary ("What may ask a person is asked once");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    play_row (&rows[i]);
}

static void
test_none (void)
{
  static const Row row = { BUSY, TRUE, FALSE, FALSE, "none", 1, DBR_EXECUTION_MAYBE };

  g_test_summary ("With the preset none there is one attempt");
  play_row (&row);
}

static void
test_reads (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      "on org.freedesktop.DBus.Properties.Get call 1: error " BUSY);
  G_GNUC_UNUSED g_autoptr(DbrRetryPolicy) policy = add_policy (scene->client);
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A read needs nobody to say that it may be repeated");
  value = dbr_client_read_property_sync (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE,
                                         "Level", NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (value);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 2);
}

static void
test_not_delivered (void)
{
  g_autoptr(DbrTestPeer) bus =
    dbr_test_peer_new_listening (FAKE_BUS "on Try call 1: error " BUS_ERROR "LimitsExceeded\n"
                                 "on Try: reply ('done',)");
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_peer_get_address (bus));
  G_GNUC_UNUSED g_autoptr(DbrRetryPolicy) policy = add_policy (client);
  g_autoptr(DbrCall) call = try_call_new (5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("What the bus did not deliver is tried again, whatever it is");
  scene_run_sync (client, call, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 2);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_ONCE);
}

static void
test_limits_exceeded (void)
{
  g_autoptr(DbrTestPeer) bus =
    dbr_test_peer_new_listening (FAKE_BUS "on Hold: never\n"
                                 "on Try: error " BUS_ERROR "LimitsExceeded");
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_peer_get_address (bus));
  g_autoptr(DbrRetryPolicy) none = dbr_retry_policy_new_preset ("none", NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrCall) refused = try_call_new (5000);
  g_auto(Outcome) refusal = { NULL };
  Outcome outcomes[20] = { { NULL } };

  g_test_summary ("When the bus says that it is too much, half as many calls are under way at a "
                  "time");
  dbr_client_set_retry_policy (client, none);
  scene_run_sync (client, refused, NULL, &refusal);
  assert_remote (refusal.error, BUS_ERROR "LimitsExceeded");

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Hold", NULL, 5000);

      scene_run_async (client, call, cancellable, &outcomes[i]);
    }
  dbr_test_wait_until (NULL, dbr_test_peer_count (bus, "Hold") >= 8, DBR_TEST_PATIENCE_MS);
  dbr_test_wait_until (NULL,
                       dbr_client_get_in_flight (client) == dbr_client_get_max_in_flight (client) / 2,
                       DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (dbr_test_peer_count (bus, "Hold"), ==, 8);

  g_cancellable_cancel (cancellable);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_error (outcomes[i].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      outcome_clear (&outcomes[i]);
    }
}

/* What is an answer after an attempt of which nobody knows, and what it is otherwise. */
static void
play_success_error (gboolean     is_second,
                    const char  *reply_type,
                    gboolean     is_success)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      is_second ? "on Try call 1: error " BUSY "\n"
                                      "on Try: error " DONE_ALREADY
                                      : "on Try: error " DONE_ALREADY);
  G_GNUC_UNUSED g_autoptr(DbrRetryPolicy) policy = add_policy (scene->client);
  const char *success_errors[] = { "org.example.Error.Other", DONE_ALREADY, NULL };
  g_autoptr(DbrCall) call = try_call_new (5000);
  g_auto(Outcome) outcome = { NULL };

  dbr_call_set_idempotent (call, TRUE);
  dbr_call_set_success_errors (call, success_errors);
  if (reply_type != NULL)
    dbr_call_set_reply_type (call, G_VARIANT_TYPE (reply_type));
  scene_run_sync (scene->client, call, NULL, &outcome);

  g_assert_cmpuint (dbr_call_get_attempts (call), ==, is_second ? 2 : 1);
  if (is_success)
    {
      g_assert_no_error (outcome.error);
      dbr_test_assert_prints (outcome.reply, "()");
    }
  else
    {
      assert_remote (outcome.error, DONE_ALREADY);
    }
}

static void
test_success_errors (void)
{
  g_test_summary ("That it is done already means success if an attempt before may have done it");
  play_success_error (TRUE, NULL, TRUE);
  play_success_error (TRUE, "()", TRUE);
  play_success_error (TRUE, "(s)", FALSE);
  play_success_error (FALSE, NULL, FALSE);
}

static void
test_attempt_timeout (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Try: reply ()\n"
                                      "on Try call 1: never\n"
                                      "on Try call 3: never");
  G_GNUC_UNUSED g_autoptr(DbrRetryPolicy) policy = add_policy (scene->client);
  g_autoptr(DbrCall) call = try_call_new (8000);
  g_autoptr(DbrCall) other = try_call_new (8000);
  g_auto(Outcome) outcome = { NULL };
  g_auto(Outcome) other_outcome = { NULL };

  g_test_summary ("An attempt has its own limit, after which there is another one if there may be");
  scene_assert_answers (scene->client);
  dbr_call_set_idempotent (call, TRUE);
  dbr_call_set_attempt_timeout_ms (call, 150);
  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 2);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);
  scene_assert_in_time (&outcome, 150);

  dbr_call_set_attempt_timeout_ms (other, 150);
  scene_run_sync (scene->client, other, NULL, &other_outcome);
  g_assert_error (other_outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_nonnull (strstr (other_outcome.error->message, "150"));
  g_assert_cmpuint (dbr_call_get_attempts (other), ==, 1);
  g_assert_cmpint (dbr_call_get_execution (other), ==, DBR_EXECUTION_MAYBE);
  scene_assert_in_time (&other_outcome, 150);
}

static void
test_limit_of_operation (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Try: reply ()\n"
                                      "on Try call 1: never");
  G_GNUC_UNUSED g_autoptr(DbrRetryPolicy) policy = add_policy (scene->client);
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(DbrCall) call = try_call_new (8000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A longer limit than the operation's own is for more than one attempt");
  g_assert_true (dbr_timeouts_set (timeouts, "default", 200, NULL));
  dbr_client_set_timeouts (scene->client, timeouts);
  scene_assert_answers (scene->client);
  dbr_call_set_idempotent (call, TRUE);
  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 2);
  scene_assert_in_time (&outcome, 200);
}

static void
test_no_time (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Try: error " BUSY " no room");
  g_autoptr(DbrRetryPolicy) policy = add_policy (scene->client);
  g_autoptr(DbrCall) call = try_call_new (2000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("When there is no time for another attempt the error of the last one comes at "
                  "once");
  g_object_set (policy, "throttle-delay-ms", 4000u, "max-delay-ms", 4000u, "jitter",
                DBR_JITTER_NONE, NULL);
  scene_assert_answers (scene->client);
  dbr_call_set_idempotent (call, TRUE);
  scene_run_sync (scene->client, call, NULL, &outcome);
  assert_remote (outcome.error, BUSY);
  g_assert_nonnull (strstr (outcome.error->message, "no room"));
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 1);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);
  scene_assert_in_time (&outcome, 0);
}

static void
test_all_fail (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Try: error " BUSY "\n"
                                      "on Try call 3: error " BUSY " the last one");
  G_GNUC_UNUSED g_autoptr(DbrRetryPolicy) policy = add_policy (scene->client);
  g_autoptr(DbrCall) call = try_call_new (5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("When all attempts have failed the error of the last one comes back");
  dbr_call_set_idempotent (call, TRUE);
  scene_run_sync (scene->client, call, NULL, &outcome);
  assert_remote (outcome.error, BUSY);
  g_assert_nonnull (strstr (outcome.error->message, "the last one"));
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 3);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);
}

static void
isolate_cb (DbrClient *client,
            DbrCall   *call,
            guint      attempt,
            guint      delay_ms,
            GError    *error,
            gpointer   user_data)
{
  dbr_circuit_breaker_isolate (user_data);
}

static void
test_refused_attempt (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Try: error " BUSY " no room");
  g_autoptr(DbrRetryPolicy) policy = add_policy (scene->client);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  g_autoptr(DbrCall) call = try_call_new (5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("When the circuit refuses another attempt the error of the last one comes back");
  g_object_set (policy, "throttle-delay-ms", 1000u, NULL);
  g_signal_connect (scene->client, "call-retrying", G_CALLBACK (isolate_cb), circuit);
  dbr_call_set_idempotent (call, TRUE);
  scene_run_async (scene->client, call, NULL, &outcome);
  scene_wait (&outcome);
  assert_remote (outcome.error, BUSY);
  g_assert_nonnull (strstr (outcome.error->message, "no room"));
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 1);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);
}

static void
close_cb (DbrClient *client,
          DbrCall   *call,
          guint      attempt,
          guint      delay_ms,
          GError    *error,
          gpointer   user_data)
{
  dbr_client_close_async (client, NULL, NULL, NULL);
}

static void
test_closed_in_pause (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Try: error " BUSY);
  g_autoptr(DbrRetryPolicy) policy = add_policy (scene->client);
  g_autoptr(DbrCall) call = try_call_new (9000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call that pauses before another attempt ends with its client");
  g_object_set (policy, "throttle-delay-ms", 6000u, "max-delay-ms", 6000u, NULL);
  g_signal_connect (scene->client, "call-retrying", G_CALLBACK (close_cb), NULL);
  dbr_call_set_idempotent (call, TRUE);
  scene_run_async (scene->client, call, NULL, &outcome);
  scene_wait (&outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);
  scene_assert_in_time (&outcome, 0);
}

/* What is told of a call that is tried again. */
typedef struct
{
  GString *order;
  DbrCall *call;
  guint    delay_ms;
  gint64   elapsed_usec;
} News;

static void
call_retrying_cb (DbrClient *client,
                  DbrCall   *call,
                  guint      attempt,
                  guint      delay_ms,
                  GError    *error,
                  gpointer   user_data)
{
  News *news = user_data;

  assert_remote (error, BUSY);
  g_set_object (&news->call, call);
  news->delay_ms = delay_ms;
  g_string_append_printf (news->order, "call-retrying %u; ", attempt);
}

static void
retrying_cb (DbrRetryPolicy *policy,
             const char     *operation,
             guint           attempt,
             guint           delay_ms,
             GError         *error,
             gpointer        user_data)
{
  News *news = user_data;

  assert_remote (error, BUSY);
  g_string_append_printf (news->order, "retrying %s %u; ", operation, attempt);
}

static void
recovered_cb (DbrRetryPolicy *policy,
              const char     *operation,
              guint           attempts,
              gint64          elapsed_usec,
              gpointer        user_data)
{
  News *news = user_data;

  news->elapsed_usec = elapsed_usec;
  g_string_append_printf (news->order, "recovered %s %u; ", operation, attempts);
}

static void
gave_up_cb (DbrRetryPolicy *policy,
            const char     *operation,
            guint           attempts,
            GError         *error,
            gpointer        user_data)
{
  News *news = user_data;

  assert_remote (error, BUSY);
  g_string_append_printf (news->order, "gave-up %s %u; ", operation, attempts);
}

static void
budget_exhausted_cb (DbrRetryPolicy *policy,
                     const char     *bus_name,
                     gpointer        user_data)
{
  News *news = user_data;

  g_string_append_printf (news->order, "budget-exhausted %s; ", bus_name);
}

static void
news_listen (News           *news,
             DbrClient      *client,
             DbrRetryPolicy *policy)
{
  *news = (News) { .order = g_string_new (NULL) };
  g_signal_connect (client, "call-retrying", G_CALLBACK (call_retrying_cb), news);
  g_signal_connect (policy, "retrying", G_CALLBACK (retrying_cb), news);
  g_signal_connect (policy, "recovered", G_CALLBACK (recovered_cb), news);
  g_signal_connect (policy, "gave-up", G_CALLBACK (gave_up_cb), news);
  g_signal_connect (policy, "budget-exhausted", G_CALLBACK (budget_exhausted_cb), news);
}

static void
news_clear (News *news)
{
  g_string_free (news->order, TRUE);
  g_clear_object (&news->call);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (News, news_clear)

static void
test_signals (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Try: reply ()\n"
                                      "on Try call 1: error " BUSY);
  g_autoptr(DbrRetryPolicy) policy = add_policy (scene->client);
  g_autoptr(DbrCall) call = try_call_new (5000);
  g_auto(Outcome) outcome = { NULL };
  g_auto(News) news;

  g_test_summary ("A retry is told by the client with its call and by the policy, and so is its "
                  "success");
  news_listen (&news, scene->client, policy);
  dbr_call_set_idempotent (call, TRUE);
  scene_run_async (scene->client, call, NULL, &outcome);
  dbr_test_wait_until (NULL, strstr (news.order->str, "recovered") != NULL
                       && strstr (news.order->str, "call-retrying") != NULL
                       && outcome.n_ended > 0, DBR_TEST_PATIENCE_MS);
  g_assert_no_error (outcome.error);

  g_assert_nonnull (strstr (news.order->str, "call-retrying 1; "));
  g_assert_nonnull (strstr (news.order->str, "retrying default 1; "));
  g_assert_nonnull (strstr (news.order->str, "recovered default 2; "));
  g_assert_null (strstr (news.order->str, "gave-up"));
  g_assert_true (news.call == call);
  g_assert_cmpuint (news.delay_ms, >=, 10);
  g_assert_cmpuint (news.delay_ms, <=, 20);
  g_assert_cmpint (news.elapsed_usec, >=, 10 * 1000);
  g_assert_cmpint (news.elapsed_usec, <=, dbr_call_get_elapsed_usec (call));
}

static void
test_signals_without_call (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      "on org.freedesktop.DBus.Properties.Get: error " BUSY);
  g_autoptr(DbrRetryPolicy) policy = add_policy (scene->client);
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(News) news;

  g_test_summary ("Of what was not made by run() a call is told all the same, and that it was "
                  "given up");
  news_listen (&news, scene->client, policy);
  value = dbr_client_read_property_sync (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE,
                                         "Level", NULL, &error);
  assert_remote (error, BUSY);
  dbr_test_wait_until (NULL, strstr (news.order->str, "gave-up") != NULL
                       && strstr (news.order->str, "call-retrying 2") != NULL,
                       DBR_TEST_PATIENCE_MS);
  g_assert_nonnull (strstr (news.order->str, "gave-up get_property 3; "));
  g_assert_null (strstr (news.order->str, "recovered"));
  g_assert_cmpstr (dbr_call_get_bus_name (news.call), ==, SCENE_NAME);
  g_assert_cmpstr (dbr_call_get_method_name (news.call), ==, "Get");
}

static void
test_budget (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Try: error " BUSY);
  g_autoptr(DbrRetryPolicy) policy = add_policy (scene->client);
  g_autoptr(DbrCall) call = try_call_new (5000);
  g_autoptr(DbrCall) other = try_call_new (5000);
  g_auto(Outcome) outcome = { NULL };
  g_auto(Outcome) other_outcome = { NULL };
  g_auto(News) news;

  g_test_summary ("Who has had its share of retries has no more, and that is told");
  g_object_set (policy, "max-attempts", 10u, "budget-capacity", 5u, "budget-refill-per-s", 0.0,
                NULL);
  news_listen (&news, scene->client, policy);

  /* What was perhaps executed costs two each time. */
  dbr_call_set_idempotent (call, TRUE);
  scene_run_async (scene->client, call, NULL, &outcome);
  dbr_test_wait_until (NULL, strstr (news.order->str, "gave-up") != NULL && outcome.n_ended > 0,
                       DBR_TEST_PATIENCE_MS);
  assert_remote (outcome.error, BUSY);
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 3);
  g_assert_nonnull (strstr (news.order->str, "budget-exhausted " SCENE_NAME "; "));
  g_assert_nonnull (strstr (news.order->str, "gave-up default 3; "));

  dbr_call_set_idempotent (other, TRUE);
  scene_run_sync (scene->client, other, NULL, &other_outcome);
  assert_remote (other_outcome.error, BUSY);
  g_assert_cmpuint (dbr_call_get_attempts (other), ==, 1);
}

/* A policy with one value that makes no sense, and the property that is named then. */
typedef struct
{
  const char *property;
  double      value;
} BadValue;

static void
set_number (DbrRetryPolicy *policy,
            const char     *property,
            double          number)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (policy), property);

  if (spec->value_type == G_TYPE_DOUBLE)
    g_object_set (policy, property, number, NULL);
  else
    g_object_set (policy, property, (guint) number, NULL);
}

static void
assert_refused (const Outcome *outcome,
                const char    *property)
{
  g_assert_error (outcome->error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (outcome->error->message, property));
}

static void
test_bad_values (void)
{
  static const BadValue bad[] = {
    { "max-attempts", 0 },
    { "base-delay-ms", 86400001 },
    { "throttle-delay-ms", 86400001 },
    { "max-delay-ms", 86400001 },
    { "multiplier", 0.5 },
    { "budget-refill-per-s", -1 },
  };
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("A retry policy with a value that makes no sense fails the next call, which is "
                  "not sent, until the value is put right");

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
      g_autoptr(DbrCall) first = try_call_new (0);
      g_autoptr(DbrCall) second = try_call_new (0);
      g_auto(Outcome) sync_outcome = { NULL };
      g_auto(Outcome) async_outcome = { NULL };

      dbr_client_set_retry_policy (scene->client, policy);
      set_number (policy, bad[i].property, bad[i].value);
      scene_run_sync (scene->client, first, NULL, &sync_outcome);
      scene_run_async (scene->client, second, NULL, &async_outcome);
      scene_wait (&async_outcome);
      assert_refused (&sync_outcome, bad[i].property);
      assert_refused (&async_outcome, bad[i].property);
      g_assert_cmpint (dbr_call_get_execution (first), ==, DBR_EXECUTION_NEVER);

      set_number (policy, bad[i].property, 2);
      scene_assert_answers (scene->client);
    }
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Try"), ==, 0);
}

static void
test_bad_values_elsewhere (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) names = NULL;

  g_test_summary ("A retry policy that makes no sense fails no call that is to be tried once, but "
                  "all that would be retried");

  dbr_retry_policy_set_max_attempts (policy, 0);
  dbr_client_set_retry_policy (scene->client, policy);

  dbr_binding_enter (G_MAXINT64, TRUE);
  scene_assert_answers (scene->client);
  dbr_binding_leave ();

  names = dbr_client_list_names_sync (scene->client, FALSE, NULL, &error);
  g_assert_null (names);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_cmpint (dbr_client_ping_sync (scene->client, SCENE_NAME, NULL, &error), ==, -1);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/retries/by-class", test_classes);
  g_test_add_func ("/dbr/retries/added-errors", test_added);
  g_test_add_func ("/dbr/retries/interactive-once", test_interactive);
  g_test_add_func ("/dbr/retries/preset-none", test_none);
  g_test_add_func ("/dbr/retries/reads-are-safe", test_reads);
  g_test_add_func ("/dbr/retries/not-delivered", test_not_delivered);
  g_test_add_func ("/dbr/retries/limits-exceeded-halves-the-window", test_limits_exceeded);
  g_test_add_func ("/dbr/retries/success-errors", test_success_errors);
  g_test_add_func ("/dbr/retries/attempt-timeout", test_attempt_timeout);
  g_test_add_func ("/dbr/retries/limit-of-the-operation", test_limit_of_operation);
  g_test_add_func ("/dbr/retries/no-time-for-another", test_no_time);
  g_test_add_func ("/dbr/retries/all-fail", test_all_fail);
  g_test_add_func ("/dbr/retries/refused-attempt", test_refused_attempt);
  g_test_add_func ("/dbr/retries/closed-in-the-pause", test_closed_in_pause);
  g_test_add_func ("/dbr/retries/signals", test_signals);
  g_test_add_func ("/dbr/retries/signals-without-call", test_signals_without_call);
  g_test_add_func ("/dbr/retries/budget", test_budget);
  g_test_add_func ("/dbr/retries/bad-values", test_bad_values);
  g_test_add_func ("/dbr/retries/bad-values-elsewhere", test_bad_values_elsewhere);

  return g_test_run ();
}
