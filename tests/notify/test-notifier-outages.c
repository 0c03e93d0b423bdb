/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-notify-scene.h"

#include <string.h>

/* A desktop, or a session bus, that is not there, hangs, ends or comes back. */

#define N_SENDS 100
#define STOP_MS 10000
/* No turn of the program's loop takes longer. */
#define TURN_LIMIT_USEC (dbr_test_stretch (G_USEC_PER_SEC))

/* A loop that notes how long it was held up at most. */
typedef struct
{
  gint64 last_usec;
  gint64 worst_usec;
  guint  source;
} Pulse;

static gboolean
pulse_cb (gpointer user_data)
{
  Pulse *self = user_data;
  gint64 now = g_get_monotonic_time ();

  self->worst_usec = MAX (self->worst_usec, now - self->last_usec);
  self->last_usec = now;

  return G_SOURCE_CONTINUE;
}

static void
pulse_start (Pulse *self)
{
  self->worst_usec = 0;
  self->last_usec = g_get_monotonic_time ();
  self->source = g_timeout_add (10, pulse_cb, self);
}

static void
pulse_end (Pulse *self)
{
  pulse_cb (self);
  g_source_remove (self->source);
  g_test_message ("the longest turn took %" G_GINT64_FORMAT " ms", self->worst_usec / 1000);
  g_assert_cmpint (self->worst_usec, <, TURN_LIMIT_USEC);
}

/* Messages are counted; the rest goes where it goes. */
static guint n_messages;

static GLogWriterOutput
count_messages (GLogLevelFlags   level,
                const GLogField *fields,
                gsize            n_fields,
                gpointer         user_data)
{
  if ((level & G_LOG_LEVEL_MASK) == G_LOG_LEVEL_MESSAGE)
    g_atomic_int_inc (&n_messages);

  return g_log_writer_default (level, fields, n_fields, user_data);
}

static void
test_absent (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) first = { 0 };
  g_auto(Sent) second = { 0 };

  g_test_summary ("Where nothing shows notifications, sending ends after two seconds and says so once");

  scene_init (&scene, NULL);
  n_messages = 0;
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &first);
  scene_wait (&first);
  sent_assert_late (&first, DBR_ERROR_NO_OWNER);
  scene_send (&scene, "B", DBR_URGENCY_NORMAL, &second);
  scene_wait (&second);
  sent_assert_late (&second, DBR_ERROR_NO_OWNER);
  g_assert_cmpuint (g_atomic_int_get (&n_messages), ==, 1);
  g_assert_false (dbr_notifier_get_available (scene.notifier));
  g_assert_cmpuint (dbr_notifier_get_dropped (scene.notifier), ==, 2);
}

static void
test_no_bus (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  g_auto(Sent) urgent = { 0 };

  g_test_summary ("Without a session bus it is the same; when there is one, it is found");

  scene_init (&scene, NULL);
  dbr_test_bus_kill (scene.bus);
  n_messages = 0;
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &sent);
  scene_send (&scene, "Now", DBR_URGENCY_CRITICAL, &urgent);
  scene_wait (&sent);
  scene_wait (&urgent);
  sent_assert_late (&sent, DBR_ERROR_NO_OWNER);
  sent_assert_late (&urgent, DBR_ERROR_NO_OWNER);
  g_assert_cmpuint (g_atomic_int_get (&n_messages), ==, 1);

  dbr_test_bus_restart (scene.bus);
  scene_start_desktop (&scene, "");
  dbr_test_wait_until (NULL, dbr_test_peer_executions (scene.desktop, "Now") == 1,
                       DBR_TEST_PATIENCE_MS);
  scene_show (&scene, "B");
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "A"), ==, 0);
}

static void
test_comes_in_time (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };

  g_test_summary ("What waits is shown when a desktop comes in time");

  scene_init (&scene, NULL);
  scene_send (&scene, "A", DBR_URGENCY_LOW, &sent);
  scene_pass (200);
  g_assert_cmpuint (sent.n_ended, ==, 0);
  scene_start_desktop (&scene, "");
  scene_wait (&sent);
  g_assert_no_error (sent.error);
}

static void
test_activation (void)
{
  g_auto(Scene) scene = { NULL };
  g_autofree char *marks = NULL;
  g_autofree char *exec = NULL;
  g_autofree char *found = NULL;
  Sent sent[3] = { { 0 } };

  g_test_summary ("A desktop that can be started is asked to once, and then left alone for a while");

  scene_init_full (&scene, DBR_TEST_BUS_ACTIVATION, NULL);
  marks = g_build_filename (dbr_test_bus_get_folder (scene.bus), "marks", NULL);
  exec = g_strdup_printf ("/bin/sh -c \"echo tried >> %s; exit 1\"", marks);
  dbr_test_bus_add_service (scene.bus, SCENE_NAME, exec);
  for (guint i = 0; i < G_N_ELEMENTS (sent); i++)
    {
      g_autofree char *summary = g_strdup_printf ("S%u", i);

      scene_send (&scene, summary, DBR_URGENCY_NORMAL, &sent[i]);
      scene_wait (&sent[i]);
      sent_assert_late (&sent[i], DBR_ERROR_NO_OWNER);
      sent_clear (&sent[i]);
    }
  g_assert_true (g_file_get_contents (marks, &found, NULL, NULL));
  g_assert_cmpstr (found, ==, "tried\n");
}

static void
test_activated (void)
{
  g_auto(Scene) scene = { NULL };
  g_autofree char *exec = NULL;

  g_test_summary ("A desktop that can be started is, and shows what waited");

  scene_init_full (&scene, DBR_TEST_BUS_ACTIVATION, NULL);
  exec = g_strdup_printf ("%s --name " SCENE_NAME " --quiet --exit-with-bus",
                          dbr_test_peer_get_program ());
  dbr_test_bus_add_service (scene.bus, SCENE_NAME, exec);
  scene_show (&scene, "A");
  g_assert_cmpuint (scene_count_shown (&scene), ==, 1);
}

static void
test_stopped (void)
{
  g_auto(Scene) scene = { NULL };
  g_autofree Sent *sent = g_new0 (Sent, N_SENDS);
  g_auto(Sent) urgent = { 0 };
  Pulse pulse;
  guint n_deadline = 0;

  g_test_summary ("Stopped for ten seconds: nothing is held up, and nothing appears twice after it");

  scene_init (&scene, "");
  scene_show (&scene, "Before");
  dbr_test_peer_stop (scene.desktop);
  pulse_start (&pulse);
  for (guint i = 0; i < N_SENDS; i++)
    {
      g_autofree char *summary = g_strdup_printf ("S%u", i);

      scene_send (&scene, summary, DBR_URGENCY_NORMAL, &sent[i]);
      scene_pass (STOP_MS / N_SENDS);
    }
  scene_send (&scene, "Now", DBR_URGENCY_CRITICAL, &urgent);
  for (guint i = 0; i < N_SENDS; i++)
    {
      scene_wait (&sent[i]);
      sent_assert_late (&sent[i], DBR_ERROR_DEADLINE);
      n_deadline++;
    }
  scene_wait (&urgent);
  pulse_end (&pulse);
  g_assert_cmpuint (n_deadline, ==, N_SENDS);
  g_assert_cmpuint (scene.n_stalled, ==, 1);
  g_assert_cmpint (scene.silent_usec, >=, SCENE_LIMIT_MS * 1000 - 1000);
  g_assert_cmpuint (scene.n_recovered, ==, 0);

  dbr_test_peer_cont (scene.desktop);
  dbr_test_wait_until (NULL, scene.n_recovered == 1, DBR_TEST_PATIENCE_MS);
  g_assert_cmpint (scene.down_usec, >=, (gint64) STOP_MS * 1000);
  dbr_test_wait_until (NULL, dbr_test_peer_executions (scene.desktop, "Now") == 1,
                       DBR_TEST_PATIENCE_MS);
  scene_show (&scene, "After");
  /* What was under way when it stopped, and no more: nobody knows of it. */
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "S0"), ==, 1);
  g_assert_cmpuint (dbr_test_peer_count (scene.desktop, "Notify"), ==, 4);
  for (guint i = 0; i < N_SENDS; i++)
    sent_clear (&sent[i]);
}

static void
test_dispose_does_not_wait (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  gint64 began;

  g_test_summary ("The end of a notifier does not wait for a desktop that hangs");

  scene_init (&scene, "");
  scene_show (&scene, "Before");
  dbr_test_peer_stop (scene.desktop);
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &sent);
  scene_pass (100);
  began = g_get_monotonic_time ();
  g_object_run_dispose (G_OBJECT (scene.notifier));
  g_assert_cmpint (g_get_monotonic_time () - began, <, TURN_LIMIT_USEC);
  scene_wait (&sent);
  g_assert_error (sent.error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_assert_finalize_object (g_steal_pointer (&scene.notifier));
  g_assert_cmpint (g_get_monotonic_time () - began, <, TURN_LIMIT_USEC);
  dbr_test_peer_cont (scene.desktop);
}

static void
test_exit_does_not_wait (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr(DbrNotifier) notifier = dbr_notifier_new ("Player");

      dbr_notifier_send_async (notifier, "A", NULL, NULL, DBR_URGENCY_CRITICAL, -1, NULL, NULL,
                               NULL);
      scene_pass (200);
      exit (0);
    }
  else
    {
      g_auto(Scene) scene = { NULL };
      gint64 began;

      g_test_summary ("The end of a program does not wait for a desktop that hangs");

      scene_init (&scene, "");
      dbr_test_peer_stop (scene.desktop);
      began = g_get_monotonic_time ();
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      g_assert_cmpint (g_get_monotonic_time () - began, <, 200000 + TURN_LIMIT_USEC);
      dbr_test_peer_cont (scene.desktop);
    }
}

static void
test_killed (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  g_auto(Sent) again = { 0 };
  guint first;
  guint second;

  g_test_summary ("A desktop that is killed loses what it showed; its next one shows it anew");

  scene_init (&scene, "");
  first = scene_show (&scene, "A");
  second = scene_show (&scene, "B");
  dbr_test_peer_kill (scene.desktop);
  dbr_test_wait_until (NULL, strstr (scene.closed->str, "2 lost;") != NULL, DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (scene.closed->str, ==, "1 lost;2 lost;");

  scene_start_desktop (&scene, "");
  /* Its first number is 1, as A's was. */
  scene_send_full (&scene, "B2", NULL, second, &sent);
  scene_wait (&sent);
  g_assert_no_error (sent.error);
  g_assert_cmpuint (sent.id, ==, second);
  scene_send_full (&scene, "A2", NULL, first, &again);
  scene_wait (&again);
  g_assert_cmpuint (again.id, ==, first);
  g_assert_cmpuint (scene_count_shown (&scene), ==, 2);
}

static void
test_handed_over (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(DbrTestPeer) other = NULL;

  g_test_summary ("One that another takes the name from has lost what it showed, at once");

  scene_init (&scene, "");
  scene_show (&scene, "A");
  other = dbr_test_peer_new (scene.bus, SCENE_NAME,
                             "on GetServerInformation: reply ('other', 'x', '1', '1')");
  dbr_test_wait_until (NULL, scene.closed->len > 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (scene.closed->str, ==, "1 lost;");
  scene_show (&scene, "B");
  g_assert_cmpstr (dbr_notifier_get_server_name (scene.notifier), ==, "other");
  g_assert_cmpuint (dbr_test_peer_executions (other, "B"), ==, 1);

  /* What the old one says still is about nothing of ours. */
  scene_emit (&scene, "ActionInvoked", "(uint32 1, '%s')", "old");
  dbr_test_peer_tell (other, "emit " SCENE_PATH " " SCENE_NAME ".ActionInvoked (uint32 1, 'new')");
  dbr_test_wait_until (NULL, scene.actions->len > 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (scene.actions->pdata[0], ==, "2 new");
}

static void
test_slow_to_say_its_name (void)
{
  g_auto(Scene) scene = { NULL };

  g_test_summary ("One that is silent while it is asked for its name is asked again when it is not");

  scene_init (&scene, "on GetServerInformation call 1: never");
  dbr_test_wait_until (NULL, dbr_notifier_get_server_name (scene.notifier) != NULL,
                       DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (dbr_notifier_get_server_name (scene.notifier), ==, "dbr-peer");
  g_assert_true (dbr_notifier_get_available (scene.notifier));
  scene_show (&scene, "A");
}

static void
test_dies_with_it (void)
{
  g_auto(Scene) scene = { NULL };
  g_autofree char *record = NULL;
  g_autofree char *script = NULL;
  g_autofree char *found = NULL;
  g_auto(Sent) sent = { 0 };

  g_test_summary ("What a desktop died of, shown or not, is not sent to the next one");

  scene_init (&scene, NULL);
  record = g_build_filename (dbr_test_bus_get_folder (scene.bus), "record", NULL);
  script = g_strdup_printf ("record %s;; on Notify: die", record);
  scene_start_desktop (&scene, script);
  scene_send (&scene, "A", DBR_URGENCY_CRITICAL, &sent);
  scene_wait (&sent);
  g_assert_nonnull (sent.error);
  g_free (g_steal_pointer (&script));
  script = g_strdup_printf ("record %s", record);
  scene_start_desktop (&scene, script);
  scene_show (&scene, "B");
  g_assert_true (g_file_get_contents (record, &found, NULL, NULL));
  g_assert_cmpstr (found, ==, "A\nB\n");
}

static void
test_slow (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  g_auto(Sent) next = { 0 };

  g_test_summary ("A slow desktop is waited for within the limit");

  scene_init (&scene, "on Notify: wait 700");
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &sent);
  scene_send (&scene, "B", DBR_URGENCY_NORMAL, &next);
  scene_wait (&sent);
  scene_wait (&next);
  g_assert_no_error (sent.error);
  g_assert_no_error (next.error);
  g_assert_cmpuint (scene.n_stalled, ==, 0);
}

static void
test_hangs_from_the_beginning (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };

  g_test_summary ("One that hangs when it is found is given nothing before it answers");

  scene_init (&scene, "");
  dbr_test_peer_stop (scene.desktop);
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &sent);
  scene_wait (&sent);
  sent_assert_late (&sent, DBR_ERROR_DEADLINE);
  dbr_test_peer_cont (scene.desktop);
  scene_show (&scene, "B");
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "A"), ==, 0);
}

static void
test_bus_killed (void)
{
  g_auto(Scene) scene = { NULL };

  g_test_summary ("A session bus that is killed and comes back: what was shown is lost, and it goes on");

  scene_init (&scene, "");
  scene_show (&scene, "A");
  dbr_test_bus_kill (scene.bus);
  dbr_test_wait_until (NULL, scene.closed->len > 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (scene.closed->str, ==, "1 lost;");
  g_assert_false (dbr_notifier_get_available (scene.notifier));

  dbr_test_bus_restart (scene.bus);
  scene_start_desktop (&scene, "");
  dbr_test_wait_until (NULL, dbr_notifier_get_available (scene.notifier), DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (scene_show (&scene, "B"), ==, 2);
}

static void
test_outage_by_outage (void)
{
  g_auto(Scene) scene = { NULL };
  Sent sent[4] = { { 0 } };

  g_test_summary ("Each outage is told by one message");

  scene_init (&scene, NULL);
  n_messages = 0;
  for (guint i = 0; i < 2; i++)
    {
      scene_send (&scene, i == 0 ? "A" : "B", DBR_URGENCY_NORMAL, &sent[i]);
      scene_send (&scene, i == 0 ? "A2" : "B2", DBR_URGENCY_NORMAL, &sent[2 + i]);
      scene_wait (&sent[i]);
      scene_wait (&sent[2 + i]);
      g_assert_cmpuint (g_atomic_int_get (&n_messages), ==, i + 1);
      scene_start_desktop (&scene, "");
      scene_show (&scene, "Up");
      g_clear_pointer (&scene.desktop, dbr_test_peer_free);
      dbr_test_wait_until (NULL, !dbr_notifier_get_available (scene.notifier),
                           DBR_TEST_PATIENCE_MS);
    }
  for (guint i = 0; i < G_N_ELEMENTS (sent); i++)
    sent_clear (&sent[i]);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_writer_func (count_messages, NULL, NULL);

  g_test_add_func ("/dbr/notifier-outages/absent", test_absent);
  g_test_add_func ("/dbr/notifier-outages/no-bus", test_no_bus);
  g_test_add_func ("/dbr/notifier-outages/comes-in-time", test_comes_in_time);
  g_test_add_func ("/dbr/notifier-outages/activation", test_activation);
  g_test_add_func ("/dbr/notifier-outages/activated", test_activated);
  g_test_add_func ("/dbr/notifier-outages/stopped", test_stopped);
  g_test_add_func ("/dbr/notifier-outages/dispose-does-not-wait", test_dispose_does_not_wait);
  g_test_add_func ("/dbr/notifier-outages/exit-does-not-wait", test_exit_does_not_wait);
  g_test_add_func ("/dbr/notifier-outages/killed", test_killed);
  g_test_add_func ("/dbr/notifier-outages/handed-over", test_handed_over);
  g_test_add_func ("/dbr/notifier-outages/dies-with-it", test_dies_with_it);
  g_test_add_func ("/dbr/notifier-outages/slow", test_slow);
  g_test_add_func ("/dbr/notifier-outages/hangs-from-the-beginning",
                   test_hangs_from_the_beginning);
  g_test_add_func ("/dbr/notifier-outages/slow-to-say-its-name", test_slow_to_say_its_name);
  g_test_add_func ("/dbr/notifier-outages/bus-killed", test_bus_killed);
  g_test_add_func ("/dbr/notifier-outages/outage-by-outage", test_outage_by_outage);

  return g_test_run ();
}
