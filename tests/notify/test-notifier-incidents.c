/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-notify-scene.h"

#include "base/dbr-incident-source-private.h"
#include "metrics/dbr-metrics-private.h"

#include <string.h>

/* What is wrong, told to the person. */

/* Something with a board of its own, as monitors and recovery are. */
#define TEST_TYPE_SOURCE (test_source_get_type ())
G_DECLARE_FINAL_TYPE (TestSource, test_source, TEST, SOURCE, GObject)

struct _TestSource
{
  GObject           parent_instance;

  DbrIncidentBoard *board;
};

static void test_source_incident_source_init (DbrIncidentSourceInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestSource, test_source, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DBR_TYPE_INCIDENT_SOURCE,
                                                      test_source_incident_source_init))

static DbrIncidentBoard *
test_source_get_board (DbrIncidentSource *source)
{
  return TEST_SOURCE (source)->board;
}

static void
test_source_incident_source_init (DbrIncidentSourceInterface *iface)
{
  iface->get_board = test_source_get_board;
}

static void
test_source_finalize (GObject *object)
{
  TestSource *self = TEST_SOURCE (object);

  dbr_incident_board_close (self->board);
  dbr_incident_board_unref (self->board);

  G_OBJECT_CLASS (test_source_parent_class)->finalize (object);
}

static void
test_source_class_init (TestSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_source_finalize;
}

static void
test_source_init (TestSource *self)
{
  self->board = dbr_incident_board_new ();
}

static gboolean
was_shown (Scene      *scene,
           const char *summary)
{
  return dbr_test_peer_executions (scene->desktop, summary) > 0;
}

static void
wait_shown (Scene      *scene,
            const char *summary)
{
  dbr_test_wait_until (NULL, was_shown (scene, summary), DBR_TEST_PATIENCE_MS);
}

static char *
print_last (Scene *scene)
{
  g_autoptr(GVariant) notice = scene_dup_last (scene);

  return g_variant_print (notice, FALSE);
}

static void
test_story (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(TestSource) source = g_object_new (TEST_TYPE_SOURCE, NULL);
  g_autofree char *begun = NULL;
  g_autofree char *worse = NULL;
  g_autofree char *ended = NULL;
  guint64 serial;

  g_test_summary ("What is wrong is one notification, which is changed in place until it is over");

  scene_init (&scene, "");
  g_assert_true (dbr_notifier_watch (scene.notifier, G_OBJECT (source), NULL));
  g_assert_true (dbr_notifier_watch (scene.notifier, G_OBJECT (source), NULL));
  serial = dbr_incident_board_begin (source->board, DBR_SEVERITY_WARNING, "Slow", "It is slow.");
  wait_shown (&scene, "Slow");
  begun = print_last (&scene);
  g_assert_cmpstr (begun, ==, "('Player', 0, 'dialog-warning', 'Slow', 'It is slow.', [], "
                   "{'urgency': <byte 0x01>}, -1)");

  dbr_incident_board_update (source->board, serial, DBR_SEVERITY_CRITICAL, "Dead", "It is dead.");
  wait_shown (&scene, "Dead");
  worse = print_last (&scene);
  g_assert_true (g_str_has_prefix (worse, "('Player', 1, 'dialog-error', 'Dead'"));
  dbr_incident_board_end (source->board, serial, "Fine", "It is fine.");
  wait_shown (&scene, "Fine");
  ended = print_last (&scene);
  g_assert_true (g_str_has_prefix (ended, "('Player', 1, 'dialog-information', 'Fine'"));
  g_assert_cmpuint (scene_count_shown (&scene), ==, 1);
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "Slow"), ==, 1);
}

static void
recover_cb (guint64  serial,
            gpointer user_data)
{
  TestSource *source = user_data;

  dbr_incident_board_end (source->board, serial, "Answering again", "It recovered.");
}

static void
test_recovery (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(TestSource) source = g_object_new (TEST_TYPE_SOURCE, NULL);
  g_autofree char *begun = NULL;

  g_test_summary ("The person presses the button, it recovers, and the notification says so");

  scene_init (&scene, "");
  dbr_notifier_watch (scene.notifier, G_OBJECT (source), NULL);
  dbr_incident_board_offer (source->board, "recover", "Try to recover", recover_cb, source, NULL);
  dbr_incident_board_begin (source->board, DBR_SEVERITY_CRITICAL, "Silent", "No answer.");
  wait_shown (&scene, "Silent");
  begun = print_last (&scene);
  g_assert_nonnull (strstr (begun, "['recover', 'Try to recover']"));

  scene_emit (&scene, "ActionInvoked", "(uint32 1, '%s')", "recover");
  /* As desktops do it. */
  scene_emit (&scene, "NotificationClosed", "(uint32 1, uint32 %u)", 2u);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene.desktop, "Notify") == 2,
                       DBR_TEST_PATIENCE_MS);
  g_free (g_steal_pointer (&begun));
  begun = print_last (&scene);
  g_assert_nonnull (strstr (begun, "'Answering again', 'It recovered.', []"));
  g_assert_cmpuint (scene.actions->len, ==, 0);
  g_assert_cmpstr (scene.closed->str, ==, "");
}

/* What is done about a service that is stopped. */
static void
continue_cb (DbrRecoveryStage   *stage,
             DbrRecoveryAttempt *attempt,
             gpointer            user_data)
{
  dbr_test_peer_cont (user_data);
  dbr_recovery_attempt_succeed (attempt);
}

static gboolean
last_has (Scene      *scene,
          const char *text)
{
  g_autofree char *last = print_last (scene);

  return strstr (last, text) != NULL;
}

static DbrServiceMonitor *
monitor_new (DbrClient  *client,
             const char *bus_name)
{
  DbrServiceMonitor *monitor = dbr_service_monitor_new (client, bus_name);

  g_object_set (monitor,
                "interval-ms", 100u, "probe-timeout-ms", 200u, "misses-to-stall", 2u,
                "probe-path", "/org/example/Player", "probe-interface", DBR_TEST_INTERFACE,
                "probe-property", "Level",
                NULL);

  return monitor;
}

static DbrRecovery *
recovery_new (DbrServiceMonitor *monitor,
              DbrTestPeer       *player)
{
  DbrRecovery *recovery = dbr_recovery_new (monitor, NULL);
  g_autoptr(DbrRecoveryStage) stage = dbr_recovery_stage_new ("continue",
                                                              DBR_RECOVERY_SCOPE_SERVICE_RESTART);
  g_autoptr(GError) error = NULL;

  g_signal_connect (stage, "perform", G_CALLBACK (continue_cb), player);
  dbr_recovery_set_allowed (recovery, DBR_RECOVERY_SCOPE_SERVICE_RESTART);
  dbr_recovery_add_stage (recovery, stage, &error);
  g_assert_no_error (error);

  return recovery;
}

static void
test_monitor (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(DbrTestPeer) player = NULL;
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(DbrServiceMonitor) monitor = NULL;
  g_autoptr(DbrRecovery) recovery = NULL;

  g_test_summary ("A service stalls; the person is told, presses, it recovers, and that is told");

  scene_init (&scene, "");
  player = dbr_test_peer_new (scene.bus, "org.example.Player", "");
  client = dbr_client_new_for_address (dbr_test_bus_get_address (scene.bus));
  monitor = monitor_new (client, "org.example.Player");
  recovery = recovery_new (monitor, player);
  g_assert_true (dbr_notifier_watch (scene.notifier, G_OBJECT (monitor), NULL));
  g_assert_true (dbr_notifier_watch (scene.notifier, G_OBJECT (recovery), NULL));
  g_assert_true (dbr_service_monitor_start (monitor, NULL));
  dbr_test_wait_until (NULL, dbr_service_monitor_get_state (monitor) == DBR_SERVICE_STATE_HEALTHY,
                       DBR_TEST_PATIENCE_MS);

  dbr_test_peer_stop (player);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene.desktop, "Notify") == 1,
                       2 * DBR_TEST_PATIENCE_MS);
  g_assert_true (last_has (&scene, "'org.example.Player does not answer'"));
  g_assert_true (last_has (&scene, "['recover', 'Try to recover']"));
  g_assert_false (dbr_recovery_get_running (recovery));

  scene_emit (&scene, "ActionInvoked", "(uint32 1, '%s')", "recover");
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene.desktop, "Notify") == 2,
                       2 * DBR_TEST_PATIENCE_MS);
  g_assert_true (last_has (&scene, "('Player', 1, "));
  g_assert_true (last_has (&scene, "'org.example.Player answers again'"));
  dbr_test_wait_until (NULL, !dbr_recovery_get_running (recovery), DBR_TEST_PATIENCE_MS);
  dbr_service_monitor_stop (monitor);
}

static void
test_title (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(DbrTestPeer) bluez = NULL;
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(DbrServiceMonitor) monitor = NULL;

  g_test_summary ("A service that people know is called as they know it");

  scene_init (&scene, "");
  bluez = dbr_test_peer_new (scene.bus, "org.bluez", "");
  client = dbr_client_new_for_address (dbr_test_bus_get_address (scene.bus));
  monitor = monitor_new (client, "org.bluez");
  g_assert_true (dbr_notifier_watch (scene.notifier, G_OBJECT (monitor), NULL));
  g_assert_true (dbr_service_monitor_start (monitor, NULL));
  dbr_test_wait_until (NULL, dbr_service_monitor_get_state (monitor) == DBR_SERVICE_STATE_HEALTHY,
                       DBR_TEST_PATIENCE_MS);
  dbr_test_peer_stop (bluez);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene.desktop, "Notify") == 1,
                       2 * DBR_TEST_PATIENCE_MS);
  g_assert_true (last_has (&scene, "'Bluetooth does not answer'"));
  dbr_service_monitor_stop (monitor);
}

static void
test_put_away (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(TestSource) source = g_object_new (TEST_TYPE_SOURCE, NULL);
  guint64 serial;
  guint64 other;

  g_test_summary ("What the person has put away comes back only if it becomes worse");

  scene_init (&scene, "");
  dbr_notifier_watch (scene.notifier, G_OBJECT (source), NULL);
  serial = dbr_incident_board_begin (source->board, DBR_SEVERITY_WARNING, "Slow", "Slow.");
  wait_shown (&scene, "Slow");
  scene_emit (&scene, "NotificationClosed", "(uint32 1, uint32 %u)", 2u);
  /* What comes after it on the same way has come. */
  scene_show (&scene, "Sync");
  dbr_incident_board_update (source->board, serial, DBR_SEVERITY_WARNING, "Slower", "Slower.");
  dbr_incident_board_update (source->board, serial, DBR_SEVERITY_CRITICAL, "Dead", "Dead.");
  wait_shown (&scene, "Dead");
  g_assert_false (was_shown (&scene, "Slower"));

  other = dbr_incident_board_begin (source->board, DBR_SEVERITY_WARNING, "Odd", "Odd.");
  wait_shown (&scene, "Odd");
  scene_emit (&scene, "NotificationClosed", "(uint32 4, uint32 %u)", 2u);
  scene_show (&scene, "Sync2");
  dbr_incident_board_end (source->board, other, "Even", "Even.");
  scene_show (&scene, "Sync3");
  g_assert_false (was_shown (&scene, "Even"));
}

static void
test_over_before (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(TestSource) source = g_object_new (TEST_TYPE_SOURCE, NULL);
  guint64 serial;

  g_test_summary ("What is over before it could be shown is not told at all");

  scene_init (&scene, NULL);
  dbr_notifier_watch (scene.notifier, G_OBJECT (source), NULL);
  serial = dbr_incident_board_begin (source->board, DBR_SEVERITY_CRITICAL, "Dead", "Dead.");
  dbr_incident_board_end (source->board, serial, "Fine", "Fine.");
  scene_start_desktop (&scene, "");
  scene_show (&scene, "Sync");
  g_assert_cmpuint (dbr_test_peer_count (scene.desktop, "Notify"), ==, 1);
}

static void
test_unwatch (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(TestSource) source = g_object_new (TEST_TYPE_SOURCE, NULL);
  g_autoptr(GError) error = NULL;
  guint64 serial;

  g_test_summary ("What is watched is told from the beginning, and not when it is not any more");

  scene_init (&scene, "");
  serial = dbr_incident_board_begin (source->board, DBR_SEVERITY_WARNING, "Before", "Before.");
  dbr_notifier_watch (scene.notifier, G_OBJECT (source), NULL);
  wait_shown (&scene, "Before");
  dbr_notifier_unwatch (scene.notifier, G_OBJECT (source));
  dbr_notifier_unwatch (scene.notifier, G_OBJECT (source));
  dbr_incident_board_end (source->board, serial, "After", "After.");
  scene_show (&scene, "Sync");
  g_assert_false (was_shown (&scene, "After"));

  g_assert_false (dbr_notifier_watch (scene.notifier, G_OBJECT (scene.notifier), &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_source_ends (void)
{
  g_auto(Scene) scene = { NULL };
  TestSource *source = g_object_new (TEST_TYPE_SOURCE, NULL);

  g_test_summary ("What is watched is not kept alive");

  scene_init (&scene, "");
  dbr_notifier_watch (scene.notifier, G_OBJECT (source), NULL);
  dbr_incident_board_begin (source->board, DBR_SEVERITY_NOTICE, "Odd", "Odd.");
  wait_shown (&scene, "Odd");
  g_assert_finalize_object (source);
  scene_show (&scene, "Sync");
}

static void
test_metrics (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(DbrMetrics) metrics = dbr_metrics_new ();
  g_autofree char *text = NULL;

  g_test_summary ("What the figures find is told as it is found");

  scene_init (&scene, "");
  g_assert_true (dbr_notifier_watch (scene.notifier, G_OBJECT (metrics), NULL));
  dbr_metrics_note_lag (metrics, 3 * G_USEC_PER_SEC);
  dbr_metrics_get_issues (metrics);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene.desktop, "Notify") == 1,
                       DBR_TEST_PATIENCE_MS);
  text = print_last (&scene);
  g_assert_nonnull (strstr (text, "'The program hung', 'The program&apos;s own main loop did not "
                            "run for 3000 ms'"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/notifier-incidents/story", test_story);
  g_test_add_func ("/dbr/notifier-incidents/recovery", test_recovery);
  g_test_add_func ("/dbr/notifier-incidents/monitor", test_monitor);
  g_test_add_func ("/dbr/notifier-incidents/title", test_title);
  g_test_add_func ("/dbr/notifier-incidents/put-away", test_put_away);
  g_test_add_func ("/dbr/notifier-incidents/over-before", test_over_before);
  g_test_add_func ("/dbr/notifier-incidents/unwatch", test_unwatch);
  g_test_add_func ("/dbr/notifier-incidents/source-ends", test_source_ends);
  g_test_add_func ("/dbr/notifier-incidents/metrics", test_metrics);

  return g_test_run ();
}
