/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-notify-scene.h"

#include <string.h>

/* A desktop that is well, and all that can be done with it. */

#define N_MANY 10000

static void
test_send (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(GVariant) notice = NULL;
  g_autofree char *text = NULL;
  guint id;

  g_test_summary ("A notification is shown, with its body escaped and how urgent it is");

  scene_init (&scene, "");
  id = dbr_notifier_send_sync (scene.notifier, "1 < 2", "<b>\x07", "music", DBR_URGENCY_CRITICAL,
                               4000, NULL, NULL);
  g_assert_cmpuint (id, !=, 0);
  notice = scene_dup_last (&scene);
  text = g_variant_print (notice, FALSE);
  g_assert_cmpstr (text, ==, "('Player', 0, 'music', '1 < 2', '&lt;b&gt; ', [], "
                   "{'urgency': <byte 0x02>}, 4000)");
}

static void
test_properties (void)
{
  g_auto(Scene) scene = { NULL };
  g_autofree char *capabilities = NULL;
  guint n_before;

  g_test_summary ("It says who shows notifications and what that can do, asked once");

  scene_init (&scene, "");
  g_assert_cmpstr (dbr_notifier_get_app_name (scene.notifier), ==, "Player");
  g_assert_cmpuint (dbr_notifier_get_max_queued (scene.notifier), ==, 100);
  dbr_test_wait_until (NULL, dbr_notifier_get_server_name (scene.notifier) != NULL,
                       DBR_TEST_PATIENCE_MS);
  g_assert_true (dbr_notifier_get_available (scene.notifier));
  g_assert_cmpstr (dbr_notifier_get_server_name (scene.notifier), ==, "dbr-peer");
  capabilities = g_strjoinv (" ", (char **) dbr_notifier_get_capabilities (scene.notifier));
  g_assert_cmpstr (capabilities, ==, "actions body body-markup");

  n_before = dbr_test_peer_count (scene.desktop, "GetCapabilities");
  scene_show (&scene, "A");
  scene_show (&scene, "B");
  g_assert_cmpuint (dbr_test_peer_count (scene.desktop, "GetCapabilities"), ==, n_before);
  g_assert_cmpuint (n_before, ==, 1);
}

static void
notified_cb (GObject    *object,
             GParamSpec *pspec,
             gpointer    user_data)
{
  (*(guint *) user_data)++;
}

static void
test_available (void)
{
  g_auto(Scene) scene = { NULL };
  guint n_notified = 0;

  g_test_summary ("That something comes to show notifications, and goes, is notified");

  scene_init (&scene, NULL);
  g_signal_connect (scene.notifier, "notify::available", G_CALLBACK (notified_cb), &n_notified);
  g_assert_false (dbr_notifier_get_available (scene.notifier));
  scene_start_desktop (&scene, "");
  dbr_test_wait_until (NULL, n_notified == 1, DBR_TEST_PATIENCE_MS);
  g_assert_true (dbr_notifier_get_available (scene.notifier));
  dbr_test_peer_kill (scene.desktop);
  dbr_test_wait_until (NULL, n_notified == 2, DBR_TEST_PATIENCE_MS);
  g_assert_false (dbr_notifier_get_available (scene.notifier));
  g_assert_null (dbr_notifier_get_server_name (scene.notifier));
  g_assert_null (dbr_notifier_get_capabilities (scene.notifier));
}

static void
test_actions (void)
{
  static const char *const actions[] = { "again", "Play again", NULL };
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  g_autoptr(GVariant) notice = NULL;
  g_autofree char *text = NULL;
  g_autofree char *token = NULL;

  g_test_summary ("What the person does is told, with the token for what comes of it");

  scene_init (&scene, "");
  scene_send_full (&scene, "Over", actions, 0, &sent);
  scene_wait (&sent);
  notice = scene_dup_last (&scene);
  text = g_variant_print (notice, FALSE);
  g_assert_nonnull (strstr (text, "['again', 'Play again']"));

  scene_emit (&scene, "ActivationToken", "(uint32 1, '%s')", "a-token");
  scene_emit (&scene, "ActionInvoked", "(uint32 1, '%s')", "again");
  scene_emit (&scene, "ActionInvoked", "(uint32 %u, 'again')", 7u);
  scene_emit (&scene, "NotificationClosed", "(uint32 1, uint32 %u)", 2u);
  dbr_test_wait_until (NULL, scene.closed->len > 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (scene.actions->len, ==, 1);
  g_assert_cmpstr (scene.actions->pdata[0], ==, "1 again");
  g_assert_cmpstr (scene.closed->str, ==, "1 dismissed;");
  token = dbr_notifier_dup_activation_token (scene.notifier, sent.id);
  g_assert_cmpstr (token, ==, "a-token");
  g_assert_null (dbr_notifier_dup_activation_token (scene.notifier, 7));
}

static void
test_replace (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  g_auto(Sent) again = { 0 };
  g_auto(Sent) wrong = { 0 };
  g_autoptr(GVariant) notice = NULL;
  guint number;
  guint id;

  g_test_summary ("One that replaces another has its id, and shows anew what is gone");

  scene_init (&scene, "");
  scene_show (&scene, "A");
  id = scene_show (&scene, "B");
  scene_send_full (&scene, "B2", NULL, id, &sent);
  scene_wait (&sent);
  g_assert_no_error (sent.error);
  g_assert_cmpuint (sent.id, ==, id);
  g_assert_cmpuint (scene_count_shown (&scene), ==, 2);
  notice = scene_dup_last (&scene);
  g_variant_get_child (notice, 1, "u", &number);
  g_assert_cmpuint (number, ==, 2);

  g_assert_true (dbr_notifier_close_sync (scene.notifier, id, NULL, NULL));
  scene_send_full (&scene, "B3", NULL, id, &again);
  scene_wait (&again);
  g_assert_cmpuint (again.id, ==, id);
  g_assert_cmpuint (scene_count_shown (&scene), ==, 2);

  scene_send_full (&scene, "C", NULL, 4711, &wrong);
  scene_wait (&wrong);
  g_assert_error (wrong.error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_close (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(GError) error = NULL;
  guint id;

  g_test_summary ("Closing is told once; what is closed already is no error, what never was is one");

  scene_init (&scene, "");
  id = scene_show (&scene, "A");
  g_assert_true (dbr_notifier_close_sync (scene.notifier, id, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (scene_count_shown (&scene), ==, 0);
  g_assert_true (dbr_notifier_close_sync (scene.notifier, id, NULL, &error));
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, scene.closed->len > 0, DBR_TEST_PATIENCE_MS);
  /* Whatever else would come has come. */
  scene_show (&scene, "B");
  g_assert_cmpstr (scene.closed->str, ==, "1 closed;");

  g_assert_false (dbr_notifier_close_sync (scene.notifier, 4711, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (dbr_notifier_close_sync (scene.notifier, 0, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_close_that_waits (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) first = { 0 };
  g_auto(Sent) second = { 0 };
  g_auto(Sent) third = { 0 };

  g_test_summary ("One that waits is not shown when it is closed, one under way is closed after");

  scene_init (&scene, "on Notify: wait 300");
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &first);
  scene_send (&scene, "B", DBR_URGENCY_NORMAL, &second);
  dbr_test_wait_until (NULL, dbr_test_peer_executions (scene.desktop, "A") == 1,
                       DBR_TEST_PATIENCE_MS);
  g_assert_true (dbr_notifier_close_sync (scene.notifier, 2, NULL, NULL));
  g_assert_true (dbr_notifier_close_sync (scene.notifier, 1, NULL, NULL));
  scene_wait (&first);
  scene_wait (&second);
  g_assert_no_error (first.error);
  g_assert_error (second.error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_assert_cmpuint (scene_count_shown (&scene), ==, 0);

  scene_send (&scene, "C", DBR_URGENCY_NORMAL, &third);
  scene_wait (&third);
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "B"), ==, 0);
}

static void
test_same (void)
{
  g_auto(Scene) scene = { NULL };
  Sent sent[20] = { { 0 } };

  g_test_summary ("The same within a second is shown once, and all have its id");

  scene_init (&scene, "");
  for (guint i = 0; i < G_N_ELEMENTS (sent); i++)
    scene_send (&scene, "A", DBR_URGENCY_NORMAL, &sent[i]);
  for (guint i = 0; i < G_N_ELEMENTS (sent); i++)
    {
      scene_wait (&sent[i]);
      g_assert_no_error (sent[i].error);
      g_assert_cmpuint (sent[i].id, ==, sent[0].id);
    }
  g_assert_cmpuint (scene_show (&scene, "A"), ==, sent[0].id);
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "A"), ==, 1);
}

static void
test_batch (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) urgent = { 0 };
  Sent sent[3] = { { 0 } };
  g_autoptr(GVariant) notice = NULL;
  g_autofree char *text = NULL;

  g_test_summary ("What comes within the time is shown as one, and at once when it is flushed");

  scene_init (&scene, "");
  dbr_notifier_set_batch_ms (scene.notifier, 60000);
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &sent[0]);
  scene_send (&scene, "B", DBR_URGENCY_LOW, &sent[1]);
  scene_send (&scene, "C", DBR_URGENCY_NORMAL, &sent[2]);
  scene_send (&scene, "Now", DBR_URGENCY_CRITICAL, &urgent);
  scene_wait (&urgent);
  g_assert_cmpuint (sent[0].n_ended, ==, 0);
  g_assert_cmpuint (dbr_notifier_get_queued (scene.notifier), ==, 3);

  g_assert_true (dbr_notifier_flush_sync (scene.notifier, NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (sent); i++)
    {
      scene_wait (&sent[i]);
      g_assert_cmpuint (sent[i].id, ==, sent[0].id);
    }
  g_assert_cmpuint (dbr_test_peer_count (scene.desktop, "Notify"), ==, 2);
  notice = scene_dup_last (&scene);
  text = g_variant_print (notice, FALSE);
  g_assert_nonnull (strstr (text, "'3 notifications', 'A – Body\\nB – Body\\nC – Body'"));
}

static void
test_quiet (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) held = { 0 };
  g_auto(Sent) urgent = { 0 };

  g_test_summary ("Quiet holds back all but critical ones until it is over");

  scene_init (&scene, "");
  dbr_notifier_set_quiet (scene.notifier, TRUE);
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &held);
  scene_send (&scene, "Now", DBR_URGENCY_CRITICAL, &urgent);
  scene_wait (&held);
  scene_wait (&urgent);
  g_assert_no_error (held.error);
  g_assert_true (dbr_notifier_flush_sync (scene.notifier, NULL, NULL));
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "A"), ==, 0);
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "Now"), ==, 1);
  g_assert_cmpuint (dbr_notifier_get_queued (scene.notifier), ==, 1);

  dbr_notifier_set_quiet (scene.notifier, FALSE);
  g_assert_true (dbr_notifier_flush_sync (scene.notifier, NULL, NULL));
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "A"), ==, 1);
}

static void
test_refused (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  g_autofree char *name = NULL;

  g_test_summary ("What the desktop refuses is its error, and is not sent again");

  scene_init (&scene, "on Notify: error org.freedesktop.Notifications.MaxNotificationsExceeded");
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &sent);
  scene_wait (&sent);
  name = g_dbus_error_get_remote_error (sent.error);
  g_assert_cmpstr (name, ==, "org.freedesktop.Notifications.MaxNotificationsExceeded");
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "A"), ==, 1);
}

static void
test_plain_server (void)
{
  g_auto(Scene) scene = { NULL };
  static const char *const actions[] = { "again", "Again", NULL };
  g_auto(Sent) sent = { 0 };
  g_autoptr(GVariant) notice = NULL;
  g_autofree char *text = NULL;

  g_test_summary ("One that knows neither markup nor actions gets neither");

  scene_init (&scene, "on GetCapabilities: reply (['body'],)");
  dbr_notifier_send_full_async (scene.notifier, "A", "1 < 2 & 3", NULL, DBR_URGENCY_LOW, -1,
                                actions, NULL, 0, NULL, scene_sent_cb, &sent);
  scene_wait (&sent);
  notice = scene_dup_last (&scene);
  text = g_variant_print (notice, FALSE);
  g_assert_nonnull (strstr (text, "'A', '1 < 2 & 3', []"));
}

static void
test_many (void)
{
  g_auto(Scene) scene = { NULL };
  g_autofree Sent *sent = g_new0 (Sent, N_MANY);
  gint64 began = g_get_monotonic_time ();
  guint n_shown = 0;
  guint n_dropped = 0;
  guint n_ended = 0;

  g_test_summary ("Ten thousand at once take no time to send; each ends, and what is too much is told");

  scene_init (&scene, "");
  scene_show (&scene, "First");
  for (guint i = 0; i < N_MANY; i++)
    {
      g_autofree char *summary = g_strdup_printf ("N%u", i);

      scene_send (&scene, summary, DBR_URGENCY_NORMAL, &sent[i]);
      g_assert_cmpuint (dbr_notifier_get_queued (scene.notifier), <=, 100);
    }
  g_test_message ("%d sends in %" G_GINT64_FORMAT " ms", N_MANY,
                  (g_get_monotonic_time () - began) / 1000);

  for (guint i = 0; i < N_MANY; i++)
    {
      scene_wait (&sent[i]);
      n_ended += sent[i].n_ended;
      n_shown += sent[i].error == NULL;
      if (sent[i].error != NULL)
        {
          g_assert_error (sent[i].error, DBR_ERROR, DBR_ERROR_OVERLOADED);
          n_dropped++;
        }
      sent_clear (&sent[i]);
    }
  g_test_message ("%u shown, %u dropped", n_shown, n_dropped);
  g_assert_cmpuint (n_ended, ==, N_MANY);
  g_assert_cmpuint (dbr_notifier_get_dropped (scene.notifier), ==, n_dropped);
  g_assert_cmpuint (dbr_test_peer_count (scene.desktop, "Notify"), ==, n_shown + 1);
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "N9999"), ==, 1);
}

static void
test_bad_values (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  g_autoptr(GError) error = NULL;

  g_test_summary ("Bad values are errors, and nothing is sent");

  scene_init (&scene, "");
  scene_send (&scene, "", DBR_URGENCY_NORMAL, &sent);
  scene_wait (&sent);
  g_assert_error (sent.error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  dbr_notifier_set_max_queued (scene.notifier, 0);
  g_assert_false (dbr_notifier_send_sync (scene.notifier, "A", NULL, NULL, DBR_URGENCY_LOW, -1,
                                          NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  dbr_notifier_set_max_queued (scene.notifier, 1);
  dbr_notifier_set_batch_ms (scene.notifier, 24 * 3600 * 1000 + 1);
  g_assert_false (dbr_notifier_flush_sync (scene.notifier, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  dbr_notifier_set_batch_ms (scene.notifier, 0);
  g_assert_false (dbr_notifier_close_sync (scene.notifier, 0, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_cmpstr (error->message, ==, "There never was a notification 0");
  g_assert_cmpuint (dbr_test_peer_count (scene.desktop, "Notify"), ==, 0);
}

static void
test_cancel (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(Sent) sent = { 0 };

  g_test_summary ("Who cancels waits no longer");

  scene_init (&scene, "on Notify: never");
  dbr_notifier_send_async (scene.notifier, "A", NULL, NULL, DBR_URGENCY_LOW, -1, cancellable,
                           scene_sent_cb, &sent);
  dbr_test_wait_until (NULL, dbr_test_peer_executions (scene.desktop, "A") == 1,
                       DBR_TEST_PATIENCE_MS);
  g_cancellable_cancel (cancellable);
  scene_wait (&sent);
  g_assert_error (sent.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  scene_pass (SCENE_LIMIT_MS + 200);
  g_assert_cmpuint (sent.n_ended, ==, 1);
}

static void
test_disposed (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) waiting = { 0 };
  g_auto(Sent) after = { 0 };

  g_test_summary ("When it is disposed all who wait are told, and all later ones");

  scene_init (&scene, NULL);
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &waiting);
  g_object_run_dispose (G_OBJECT (scene.notifier));
  scene_wait (&waiting);
  g_assert_error (waiting.error, DBR_ERROR, DBR_ERROR_CLOSED);
  scene_send (&scene, "B", DBR_URGENCY_NORMAL, &after);
  scene_wait (&after);
  g_assert_error (after.error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_assert_false (dbr_notifier_get_available (scene.notifier));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/notifier/send", test_send);
  g_test_add_func ("/dbr/notifier/properties", test_properties);
  g_test_add_func ("/dbr/notifier/available", test_available);
  g_test_add_func ("/dbr/notifier/actions", test_actions);
  g_test_add_func ("/dbr/notifier/replace", test_replace);
  g_test_add_func ("/dbr/notifier/close", test_close);
  g_test_add_func ("/dbr/notifier/close-that-waits", test_close_that_waits);
  g_test_add_func ("/dbr/notifier/same", test_same);
  g_test_add_func ("/dbr/notifier/batch", test_batch);
  g_test_add_func ("/dbr/notifier/quiet", test_quiet);
  g_test_add_func ("/dbr/notifier/refused", test_refused);
  g_test_add_func ("/dbr/notifier/plain-server", test_plain_server);
  g_test_add_func ("/dbr/notifier/many", test_many);
  g_test_add_func ("/dbr/notifier/bad-values", test_bad_values);
  g_test_add_func ("/dbr/notifier/cancel", test_cancel);
  g_test_add_func ("/dbr/notifier/disposed", test_disposed);

  return g_test_run ();
}
