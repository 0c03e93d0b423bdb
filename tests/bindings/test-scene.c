/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <libdbr.h>

/* The scene of test-scene.py, test-scene.js and test-scene.vala, in C: against the shared library and
 * its public headers only, with the peer that dbr-testbed made. */

#define NAME "org.example.Peer"
#define PATH "/org/example/Peer"
#define INTERFACE "org.dbr.Peer1"
#define LIMIT_MS 300
#define GRACE_USEC G_USEC_PER_SEC

typedef struct
{
  GAsyncResult *result;
  gint64        late_by_usec;
  guint         n_late;
} Outcome;

static DbrClient *
new_client (void)
{
  return dbr_client_new_for_address (g_getenv ("DBR_TEST_ADDRESS"));
}

static void
signal_peer (int number)
{
  g_assert_cmpint (kill (atoi (g_getenv ("DBR_TEST_PEER_PIDS")), number), ==, 0);
}

static void
ended_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Outcome *outcome = user_data;

  g_assert_null (outcome->result);
  outcome->result = g_object_ref (result);
}

static void
late_reply_cb (DbrClient  *client,
               const char *operation,
               gint64      late_by_usec,
               gpointer    user_data)
{
  Outcome *outcome = user_data;

  g_assert_cmpstr (operation, ==, "default");
  outcome->late_by_usec = late_by_usec;
  outcome->n_late++;
}

static GVariant *
run (DbrClient    *client,
     DbrCall      *call,
     GCancellable *cancellable,
     Outcome      *outcome,
     GError      **error)
{
  dbr_client_run_async (client, call, cancellable, ended_cb, outcome);
  while (outcome->result == NULL)
    g_main_context_iteration (NULL, TRUE);

  return dbr_client_run_finish (client, outcome->result, error);
}

static void
outcome_clear (Outcome *outcome)
{
  g_clear_object (&outcome->result);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static void
test_answered (void)
{
  g_autoptr(DbrClient) client = new_client ();
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  const char *text;

  reply = dbr_client_call_sync (client, NAME, PATH, INTERFACE, "Echo",
                                g_variant_new ("(s)", "Grüße"), G_VARIANT_TYPE ("(s)"),
                                0, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(&s)", &text);
  g_assert_cmpstr (text, ==, "Grüße");
}

static void
test_property (void)
{
  g_autoptr(DbrClient) client = new_client ();
  g_autoptr(GVariant) level = NULL;
  g_autoptr(GError) error = NULL;

  dbr_client_write_property_sync (client, NAME, PATH, INTERFACE, "Level", g_variant_new_uint32 (3),
                                  NULL, &error);
  g_assert_no_error (error);
  level = dbr_client_read_property_sync (client, NAME, PATH, INTERFACE, "Level", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_uint32 (level), ==, 3);
}

static void
test_stopped_service (void)
{
  g_autoptr(DbrClient) client = new_client ();
  g_autoptr(DbrCall) call = dbr_call_new (NAME, PATH, INTERFACE, "Increment",
                                          g_variant_new ("(s)", "c"));
  g_auto(Outcome) outcome = { NULL };
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) executions = NULL;
  g_autoptr(GError) error = NULL;
  guint n_executions;

  g_assert_cmpint (dbr_client_ping_sync (client, NAME, NULL, &error), >=, 0);
  g_signal_connect (client, "late-reply", G_CALLBACK (late_reply_cb), &outcome);
  dbr_call_set_timeout_ms (call, LIMIT_MS);

  signal_peer (SIGSTOP);
  reply = run (client, call, NULL, &outcome, &error);
  signal_peer (SIGCONT);

  g_assert_null (reply);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (dbr_call_get_elapsed_usec (call), >=, LIMIT_MS * 1000);
  g_assert_cmpint (dbr_call_get_elapsed_usec (call), <, LIMIT_MS * 1000 + GRACE_USEC);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);

  while (outcome.n_late == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (outcome.late_by_usec, >, 0);
  g_assert_cmpuint (dbr_client_get_orphans (client), ==, 0);

  g_clear_error (&error);
  executions = dbr_client_call_sync (client, NAME, PATH, INTERFACE, "Executions",
                                     g_variant_new ("(s)", "c"), NULL, 0, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (executions, "(u)", &n_executions);
  g_assert_cmpuint (n_executions, ==, 1);
}

static void
test_error_of_the_service (void)
{
  g_autoptr(DbrClient) client = new_client ();
  g_autoptr(DbrCall) call = dbr_call_new (NAME, PATH, INTERFACE, "Fail",
                                          g_variant_new ("(ss)", "org.example.Error.Full",
                                                         "The disk is full"));
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *name = NULL;

  reply = dbr_client_run_sync (client, call, NULL, &error);
  g_assert_null (reply);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_DBUS_ERROR);
  name = g_dbus_error_get_remote_error (error);
  g_assert_cmpstr (name, ==, "org.example.Error.Full");
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_ONCE);
}

static void
test_wrong_address (void)
{
  g_autoptr(DbrClient) client = dbr_client_new_for_address ("unix:path=/nonexistent/bus");
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (dbr_client_ping_sync (client, NAME, NULL, &error), ==, -1);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_NO_BUS);
  g_assert_nonnull (strstr (error->message, "/nonexistent/bus"));
}

static void
test_cancelled (void)
{
  g_autoptr(DbrClient) client = new_client ();
  g_autoptr(DbrCall) call = dbr_call_new (NAME, PATH, INTERFACE, "Never", NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(Outcome) outcome = { NULL };
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (dbr_client_ping_sync (client, NAME, NULL, &error), >=, 0);
  dbr_client_run_async (client, call, cancellable, ended_cb, &outcome);
  /* Its answer says that the service has the call that went before it. */
  g_assert_cmpint (dbr_client_ping_sync (client, NAME, NULL, &error), >=, 0);
  g_cancellable_cancel (cancellable);
  while (outcome.result == NULL)
    g_main_context_iteration (NULL, TRUE);

  reply = dbr_client_run_finish (client, outcome.result, &error);
  g_assert_null (reply);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/c/a-call-is-answered", test_answered);
  g_test_add_func ("/dbr/c/a-property-is-written-and-read", test_property);
  g_test_add_func ("/dbr/c/a-stopped-service-ends-at-the-limit", test_stopped_service);
  g_test_add_func ("/dbr/c/an-error-of-the-service-keeps-its-name", test_error_of_the_service);
  g_test_add_func ("/dbr/c/a-wrong-address-is-no-bus", test_wrong_address);
  g_test_add_func ("/dbr/c/a-cancelled-call-ends", test_cancelled);

  return g_test_run ();
}
