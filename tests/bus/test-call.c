/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-call-private.h"

#include <string.h>

#include <gio/gunixfdlist.h>

#include "base/dbr-error.h"

#define N_THREADS 8

static DbrCall *
call_new (void)
{
  return dbr_call_new ("org.example.Player", "/org/example/Player", "org.example.Player", "Seek",
                       g_variant_new ("(x)", G_GINT64_CONSTANT (5)));
}

static void
count_cb (DbrCall    *call,
          GParamSpec *pspec,
          guint      *n_notified)
{
  (*n_notified)++;
}

static void
free_count_cb (gpointer  data,
               GClosure *closure)
{
  g_free (data);
}

static guint *
count_notify (DbrCall    *call,
              const char *property)
{
  g_autofree char *signal_name = g_strconcat ("notify::", property, NULL);
  guint *n_notified = g_new0 (guint, 1);

  g_signal_connect_data (call, signal_name, G_CALLBACK (count_cb), n_notified, free_count_cb, 0);

  return n_notified;
}

static void
test_is_what_it_was_made_for (void)
{
  GVariant *parameters = g_variant_new ("(s)", "a");
  g_autoptr(DbrCall) call = dbr_call_new ("org.example.Player", "/org/example",
                                          "org.example.Interface", "Seek", parameters);

  g_test_summary ("A call has the parts it was made with, and takes floating parameters over");

  g_assert_cmpstr (dbr_call_get_bus_name (call), ==, "org.example.Player");
  g_assert_cmpstr (dbr_call_get_object_path (call), ==, "/org/example");
  g_assert_cmpstr (dbr_call_get_interface_name (call), ==, "org.example.Interface");
  g_assert_cmpstr (dbr_call_get_method_name (call), ==, "Seek");
  g_assert_true (dbr_call_get_parameters (call) == parameters);
  g_assert_false (g_variant_is_floating (parameters));
}

static void
test_needs_no_name_and_no_parameters (void)
{
  g_autoptr(DbrCall) call = dbr_call_new (NULL, "/", "a.b", "C", NULL);
  g_autoptr(DbrRequest) request = dbr_call_begin (call, NULL);

  g_test_summary ("To a peer without a bus a call goes without a name, and without parameters");

  g_assert_null (dbr_call_get_bus_name (call));
  g_assert_null (dbr_call_get_parameters (call));
  g_assert_true (dbr_call_get_auto_start (call));
  g_assert_true (dbr_request_check (request, FALSE, NULL));
}

static void
test_has_plain_defaults (void)
{
  g_autoptr(DbrCall) call = call_new ();

  g_test_summary ("By itself a call asks for nothing out of the ordinary and knows of no result");

  g_assert_null (dbr_call_get_reply_type (call));
  g_assert_null (dbr_call_get_operation (call));
  g_assert_cmpuint (dbr_call_get_timeout_ms (call), ==, 0);
  g_assert_cmpuint (dbr_call_get_attempt_timeout_ms (call), ==, 0);
  g_assert_false (dbr_call_get_idempotent (call));
  g_assert_false (dbr_call_get_interactive (call));
  g_assert_true (dbr_call_get_auto_start (call));
  g_assert_null (dbr_call_get_success_errors (call));
  g_assert_false (dbr_call_get_background (call));
  g_assert_false (dbr_call_get_bypass_circuit (call));
  g_assert_null (dbr_call_get_fd_list (call));
  g_assert_null (dbr_call_get_lease (call));

  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 0);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);
  g_assert_cmpint (dbr_call_get_elapsed_usec (call), ==, -1);
  g_assert_cmpint (dbr_call_get_queue_usec (call), ==, -1);
  g_assert_cmpint (dbr_call_get_service_usec (call), ==, -1);
  g_assert_cmpint (dbr_call_get_lag_usec (call), ==, -1);
  g_assert_cmpint (dbr_call_get_outcome (call), ==, DBR_OUTCOME_REJECTED);
  g_assert_null (dbr_call_get_sender (call));
  g_assert_null (dbr_call_get_reply_fd_list (call));
  g_assert_false (dbr_call_get_joined (call));
}

static void
test_properties_have_the_defaults_they_claim (void)
{
  g_autoptr(DbrCall) call = call_new ();
  g_autofree GParamSpec **pspecs = NULL;
  guint n_pspecs;

  g_test_summary ("Each property of a new call has its default, but the five it is made with");

  pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (call), &n_pspecs);
  g_assert_cmpuint (n_pspecs, ==, 27);
  for (guint i = 0; i < n_pspecs; i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      g_object_get_property (G_OBJECT (call), pspecs[i]->name, &value);
      if ((pspecs[i]->flags & G_PARAM_CONSTRUCT_ONLY) == 0
          && !g_param_value_defaults (pspecs[i], &value))
        g_error ("%s is not its default", pspecs[i]->name);

      g_assert_cmpint ((pspecs[i]->flags & G_PARAM_EXPLICIT_NOTIFY) != 0, ==,
                       (pspecs[i]->flags & G_PARAM_WRITABLE) != 0
                       && (pspecs[i]->flags & G_PARAM_CONSTRUCT_ONLY) == 0);
    }
}

static void
test_notifies_of_changes_only (void)
{
  g_autoptr(DbrCall) call = call_new ();
  const char *flags[] = { "idempotent", "interactive", "background", "bypass-circuit" };
  const char *times[] = { "timeout-ms", "attempt-timeout-ms" };

  g_test_summary ("A flag or a limit that is set is seen by its getter, and notified if it is new");

  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++)
    {
      guint *n_notified = count_notify (call, flags[i]);
      gboolean value;

      g_object_set (call, flags[i], FALSE, NULL);
      g_assert_cmpuint (*n_notified, ==, 0);
      g_object_set (call, flags[i], TRUE, NULL);
      g_object_set (call, flags[i], TRUE, NULL);
      g_assert_cmpuint (*n_notified, ==, 1);
      g_object_get (call, flags[i], &value, NULL);
      g_assert_true (value);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    {
      guint *n_notified = count_notify (call, times[i]);
      guint value;

      g_object_set (call, times[i], 0, NULL);
      g_assert_cmpuint (*n_notified, ==, 0);
      g_object_set (call, times[i], G_MAXUINT, NULL);
      g_object_set (call, times[i], G_MAXUINT, NULL);
      g_assert_cmpuint (*n_notified, ==, 1);
      g_object_get (call, times[i], &value, NULL);
      g_assert_cmpuint (value, ==, G_MAXUINT);
    }

  g_assert_true (dbr_call_get_idempotent (call));
  g_assert_true (dbr_call_get_interactive (call));
  g_assert_true (dbr_call_get_background (call));
  g_assert_true (dbr_call_get_bypass_circuit (call));
  g_assert_cmpuint (dbr_call_get_timeout_ms (call), ==, G_MAXUINT);
  g_assert_cmpuint (dbr_call_get_attempt_timeout_ms (call), ==, G_MAXUINT);
}

static void
test_takes_any_true_value (void)
{
  g_autoptr(DbrCall) call = call_new ();
  guint *n_notified = count_notify (call, "idempotent");

  g_test_summary ("A C program's 2 is as true as TRUE");

  dbr_call_set_idempotent (call, 2);
  g_assert_cmpint (dbr_call_get_idempotent (call), ==, TRUE);
  dbr_call_set_idempotent (call, TRUE);
  g_assert_cmpuint (*n_notified, ==, 1);
}

static void
test_keeps_reply_type_and_operation (void)
{
  g_autoptr(DbrCall) call = call_new ();
  guint *n_types = count_notify (call, "reply-type");
  guint *n_operations = count_notify (call, "operation");
  g_autoptr(GVariantType) type = g_variant_type_new ("(a{sv})");
  g_autofree char *operation = g_strdup ("seek");
  const GVariantType *lent_type;
  const char *lent_operation;

  g_test_summary ("Reply type and operation are copied, compared by what they say, and what was "
                  "lent of them outlives a change");

  dbr_call_set_reply_type (call, type);
  dbr_call_set_reply_type (call, G_VARIANT_TYPE ("(a{sv})"));
  g_assert_cmpuint (*n_types, ==, 1);
  dbr_call_set_operation (call, operation);
  dbr_call_set_operation (call, "seek");
  g_assert_cmpuint (*n_operations, ==, 1);
  g_clear_pointer (&type, g_variant_type_free);
  memset (operation, 'x', strlen (operation));

  lent_type = dbr_call_get_reply_type (call);
  lent_operation = dbr_call_get_operation (call);
  dbr_call_set_reply_type (call, NULL);
  dbr_call_set_operation (call, NULL);
  g_assert_true (g_variant_type_equal (lent_type, G_VARIANT_TYPE ("(a{sv})")));
  g_assert_cmpstr (lent_operation, ==, "seek");

  g_assert_null (dbr_call_get_reply_type (call));
  g_assert_null (dbr_call_get_operation (call));
  g_assert_cmpuint (*n_types, ==, 2);
  g_assert_cmpuint (*n_operations, ==, 2);
}

static void
test_keeps_success_errors (void)
{
  g_autoptr(DbrCall) call = call_new ();
  guint *n_notified = count_notify (call, "success-errors");
  const char *errors[] = { "org.example.Error.Done", "org.example.Error.Exists", NULL };
  const char *same[] = { "org.example.Error.Done", "org.example.Error.Exists", NULL };
  const char *none[] = { NULL };

  g_test_summary ("The errors that mean success are copied, and compared one by one");

  dbr_call_set_success_errors (call, NULL);
  g_assert_cmpuint (*n_notified, ==, 0);
  dbr_call_set_success_errors (call, errors);
  dbr_call_set_success_errors (call, same);
  g_assert_cmpuint (*n_notified, ==, 1);
  errors[0] = "org.example.Error.Other";
  g_assert_cmpstrv (dbr_call_get_success_errors (call), same);

  g_object_set (call, "success-errors", none, NULL);
  g_assert_cmpstrv (dbr_call_get_success_errors (call), none);
  dbr_call_set_success_errors (call, NULL);
  g_assert_null (dbr_call_get_success_errors (call));
  g_assert_cmpuint (*n_notified, ==, 3);
}

static void
test_keeps_descriptors (void)
{
  g_autoptr(DbrCall) call = call_new ();
  guint *n_notified = count_notify (call, "fd-list");
  GUnixFDList *fd_list = g_unix_fd_list_new ();

  g_test_summary ("A call holds its descriptors as long as it needs them");

  g_object_add_weak_pointer (G_OBJECT (fd_list), (gpointer *) &fd_list);
  dbr_call_set_fd_list (call, fd_list);
  dbr_call_set_fd_list (call, fd_list);
  g_assert_cmpuint (*n_notified, ==, 1);
  g_object_unref (fd_list);
  g_assert_nonnull (fd_list);
  g_assert_true (dbr_call_get_fd_list (call) == fd_list);

  dbr_call_set_fd_list (call, NULL);
  g_assert_null (fd_list);
  g_assert_cmpuint (*n_notified, ==, 2);
}

static void
test_starts_no_service_that_must_not_be_started (void)
{
  g_autoptr(DbrCall) call = dbr_call_new ("org.bluez", "/", "org.bluez.Adapter1", "C", NULL);
  g_autoptr(DbrCall) asked = dbr_call_new ("org.bluez", "/", "org.bluez.Adapter1", "C", NULL);
  guint *n_notified = count_notify (call, "auto-start");
  g_autoptr(DbrRequest) request = NULL;
  g_autoptr(DbrRequest) asked_request = NULL;

  g_test_summary ("The Bluetooth service is not started by a call, unless the call says so");

  g_assert_false (dbr_call_get_auto_start (call));
  dbr_call_set_auto_start (call, FALSE);
  g_assert_cmpuint (*n_notified, ==, 0);
  request = dbr_call_begin (call, NULL);
  g_assert_false (request->is_auto_start);

  dbr_call_set_auto_start (asked, TRUE);
  g_assert_true (dbr_call_get_auto_start (asked));
  asked_request = dbr_call_begin (asked, NULL);
  g_assert_true (asked_request->is_auto_start);
}

static void
test_starts_others (void)
{
  g_autoptr(DbrCall) call = call_new ();
  guint *n_notified = count_notify (call, "auto-start");
  g_autoptr(DbrRequest) request = NULL;

  g_test_summary ("Other services are started, unless the call says not to");

  dbr_call_set_auto_start (call, TRUE);
  g_assert_cmpuint (*n_notified, ==, 0);
  dbr_call_set_auto_start (call, FALSE);
  g_assert_cmpuint (*n_notified, ==, 1);
  g_assert_false (dbr_call_get_auto_start (call));
  request = dbr_call_begin (call, NULL);
  g_assert_false (request->is_auto_start);
}

static void
test_begins_as_it_is_then (void)
{
  g_autoptr(DbrCall) call = call_new ();
  g_autoptr(GUnixFDList) fd_list = g_unix_fd_list_new ();
  const char *errors[] = { "org.example.Error.Done", NULL };
  g_autoptr(DbrRequest) request = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("What a call asks for is taken when it is begun; what is set later is too late");

  g_object_set (call,
                "reply-type", G_VARIANT_TYPE ("(b)"),
                "operation", "seek",
                "timeout-ms", 2000,
                "attempt-timeout-ms", 500,
                "idempotent", TRUE,
                "interactive", TRUE,
                "success-errors", errors,
                "background", TRUE,
                "bypass-circuit", TRUE,
                "fd-list", fd_list,
                NULL);
  request = dbr_call_begin (call, &error);
  g_assert_no_error (error);
  g_object_set (call,
                "reply-type", NULL,
                "operation", "other",
                "timeout-ms", 1,
                "attempt-timeout-ms", 1,
                "idempotent", FALSE,
                "interactive", FALSE,
                "auto-start", FALSE,
                "success-errors", NULL,
                "background", FALSE,
                "bypass-circuit", FALSE,
                "fd-list", NULL,
                NULL);

  g_assert_cmpstr (request->bus_name, ==, "org.example.Player");
  g_assert_cmpstr (request->object_path, ==, "/org/example/Player");
  g_assert_cmpstr (request->interface_name, ==, "org.example.Player");
  g_assert_cmpstr (request->method_name, ==, "Seek");
  g_assert_true (request->parameters == dbr_call_get_parameters (call));
  g_assert_true (g_variant_type_equal (request->reply_type, G_VARIANT_TYPE ("(b)")));
  g_assert_true (request->operation == g_intern_string ("seek"));
  g_assert_cmpuint (request->timeout_ms, ==, 2000);
  g_assert_cmpuint (request->attempt_timeout_ms, ==, 500);
  g_assert_cmpstrv (request->success_errors, errors);
  g_assert_true (request->fd_list == fd_list);
  g_assert_true (request->is_idempotent);
  g_assert_true (request->is_interactive);
  g_assert_true (request->is_auto_start);
  g_assert_true (request->is_background);
  g_assert_true (request->is_bypassing_circuit);
}

static void
test_is_run_once (void)
{
  g_autoptr(DbrCall) call = call_new ();
  g_autoptr(DbrRequest) request = dbr_call_begin (call, NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A call that was run is not run again");

  g_assert_nonnull (request);
  g_assert_null (dbr_call_begin (call, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "Seek"));
  g_assert_nonnull (strstr (error->message, "run already; make a new call"));
}

static void
test_lacking_parts_are_refused_when_run (void)
{
  g_autoptr(DbrCall) call = g_object_new (DBR_TYPE_CALL, NULL);
  g_autoptr(DbrRequest) request = dbr_call_begin (call, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) second = NULL;

  g_test_summary ("A call that was made without its parts is an error when it is run, not a crash");

  g_assert_false (dbr_request_check (request, TRUE, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_null (dbr_call_begin (call, &second));
  g_assert_error (second, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_tells_what_became_of_it (void)
{
  g_autoptr(DbrCall) call = call_new ();
  g_autoptr(DbrRequest) request = dbr_call_begin (call, NULL);
  g_autoptr(GUnixFDList) fd_list = g_unix_fd_list_new ();
  g_autoptr(GUnixFDList) got_fd_list = NULL;
  char sender[] = ":1.5";
  g_autofree char *got_sender = NULL;
  DbrOutcome outcome;
  guint attempts;
  DbrExecution execution;
  gint64 elapsed_usec;
  gint64 queue_usec;
  gint64 service_usec;
  gint64 lag_usec;
  gboolean joined;
  guint *n_notified = count_notify (call, "attempts");

  g_test_summary ("After it ended a call tells its results, by getter and by property, unnotified");

  g_assert_nonnull (request);
  dbr_call_end (call, &(DbrCallResults) {
    .outcome = DBR_OUTCOME_ERROR,
    .attempts = 2,
    .execution = DBR_EXECUTION_ONCE,
    .elapsed_usec = 1000,
    .queue_usec = 10,
    .service_usec = 900,
    .lag_usec = 90,
    .sender = sender,
    .reply_fd_list = fd_list,
    .is_joined = TRUE,
  });
  memset (sender, 'x', strlen (sender));

  g_assert_cmpint (dbr_call_get_outcome (call), ==, DBR_OUTCOME_ERROR);
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 2);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_ONCE);
  g_assert_cmpint (dbr_call_get_elapsed_usec (call), ==, 1000);
  g_assert_cmpint (dbr_call_get_queue_usec (call), ==, 10);
  g_assert_cmpint (dbr_call_get_service_usec (call), ==, 900);
  g_assert_cmpint (dbr_call_get_lag_usec (call), ==, 90);
  g_assert_cmpstr (dbr_call_get_sender (call), ==, ":1.5");
  g_assert_true (dbr_call_get_reply_fd_list (call) == fd_list);
  g_assert_true (dbr_call_get_joined (call));

  g_object_get (call,
                "outcome", &outcome,
                "attempts", &attempts,
                "execution", &execution,
                "elapsed-usec", &elapsed_usec,
                "queue-usec", &queue_usec,
                "service-usec", &service_usec,
                "lag-usec", &lag_usec,
                "sender", &got_sender,
                "reply-fd-list", &got_fd_list,
                "joined", &joined,
                NULL);
  g_assert_cmpint (outcome, ==, DBR_OUTCOME_ERROR);
  g_assert_cmpuint (attempts, ==, 2);
  g_assert_cmpint (execution, ==, DBR_EXECUTION_ONCE);
  g_assert_cmpint (elapsed_usec, ==, 1000);
  g_assert_cmpint (queue_usec, ==, 10);
  g_assert_cmpint (service_usec, ==, 900);
  g_assert_cmpint (lag_usec, ==, 90);
  g_assert_cmpstr (got_sender, ==, ":1.5");
  g_assert_true (got_fd_list == fd_list);
  g_assert_true (joined);
  g_assert_cmpuint (*n_notified, ==, 0);
}

static gpointer
runner_main (gpointer user_data)
{
  DbrCall *call = user_data;
  g_autoptr(DbrRequest) request = NULL;

  for (guint i = 0; i < 1000; i++)
    {
      dbr_call_set_timeout_ms (call, i);
      dbr_call_set_operation (call, i % 2 != 0 ? "odd" : "even");
      g_assert_cmpuint (strlen (dbr_call_get_operation (call)), >=, 3);
      g_assert_cmpint (dbr_call_get_lag_usec (call), ==, -1);
    }

  request = dbr_call_begin (call, NULL);

  return GINT_TO_POINTER (request != NULL);
}

static void
test_is_run_by_one_of_many_threads (void)
{
  g_autoptr(DbrCall) call = call_new ();
  GThread *threads[N_THREADS];
  guint n_runs = 0;

  g_test_summary ("Any thread may read and set a call, and of many that run it one does");

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("runner", runner_main, call);
  for (guint i = 0; i < N_THREADS; i++)
    n_runs += GPOINTER_TO_UINT (g_thread_join (threads[i]));

  g_assert_cmpuint (n_runs, ==, 1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/call/is-what-it-was-made-for", test_is_what_it_was_made_for);
  g_test_add_func ("/dbr/call/needs-no-name-and-no-parameters",
                   test_needs_no_name_and_no_parameters);
  g_test_add_func ("/dbr/call/has-plain-defaults", test_has_plain_defaults);
  g_test_add_func ("/dbr/call/properties-have-the-defaults-they-claim",
                   test_properties_have_the_defaults_they_claim);
  g_test_add_func ("/dbr/call/notifies-of-changes-only", test_notifies_of_changes_only);
  g_test_add_func ("/dbr/call/takes-any-true-value", test_takes_any_true_value);
  g_test_add_func ("/dbr/call/keeps-reply-type-and-operation",
                   test_keeps_reply_type_and_operation);
  g_test_add_func ("/dbr/call/keeps-success-errors", test_keeps_success_errors);
  g_test_add_func ("/dbr/call/keeps-descriptors", test_keeps_descriptors);
  g_test_add_func ("/dbr/call/starts-no-service-that-must-not-be-started",
                   test_starts_no_service_that_must_not_be_started);
  g_test_add_func ("/dbr/call/starts-others", test_starts_others);
  g_test_add_func ("/dbr/call/begins-as-it-is-then", test_begins_as_it_is_then);
  g_test_add_func ("/dbr/call/is-run-once", test_is_run_once);
  g_test_add_func ("/dbr/call/lacking-parts-are-refused-when-run",
                   test_lacking_parts_are_refused_when_run);
  g_test_add_func ("/dbr/call/tells-what-became-of-it", test_tells_what_became_of_it);
  g_test_add_func ("/dbr/call/is-run-by-one-of-many-threads", test_is_run_by_one_of_many_threads);

  return g_test_run ();
}
