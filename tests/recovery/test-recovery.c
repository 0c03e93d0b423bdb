/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-incident-source-private.h"
#include "dbr-recovery-scene.h"
#include "recovery/dbr-recovery-private.h"

/* What a stage of a test's own does when it has its turn. */
typedef enum
{
  /* succeeds, and the service is there then */
  STAGE_HELPS,
  STAGE_SUCCEEDS,
  STAGE_FAILS,
  STAGE_DROPS,
  STAGE_KEEPS,
} StageManner;

typedef struct
{
  RecoveryScene      *scene;
  DbrRecoveryStage   *stage;
  StageManner         manner;
  DbrTestPeer        *peer;
  DbrRecoveryAttempt *kept;
  GThread            *thread;
  guint               n_performed;
} OwnStage;

static void
perform_cb (DbrRecoveryStage   *stage,
            DbrRecoveryAttempt *attempt,
            gpointer            user_data)
{
  OwnStage *self = user_data;
  g_autoptr(GError) error = NULL;

  self->n_performed++;
  self->thread = g_thread_self ();
  switch (self->manner)
    {
    case STAGE_HELPS:
      self->peer = dbr_test_peer_new (self->scene->bus, RECOVERY_NAME, "");
      dbr_recovery_attempt_succeed (attempt);
      break;

    case STAGE_SUCCEEDS:
      dbr_recovery_attempt_succeed (attempt);
      break;

    case STAGE_FAILS:
      error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "not now");
      dbr_recovery_attempt_fail (attempt, error);
      break;

    case STAGE_KEEPS:
      g_set_object (&self->kept, attempt);
      break;

    case STAGE_DROPS:
    default:
      break;
    }
}

static OwnStage *
own_stage_new (RecoveryScene *scene,
               StageManner    manner)
{
  OwnStage *self = g_new0 (OwnStage, 1);
  g_autoptr(GError) error = NULL;

  self->scene = scene;
  self->manner = manner;
  self->stage = dbr_recovery_stage_new ("own", DBR_RECOVERY_SCOPE_DEVICE);
  g_signal_connect (self->stage, "perform", G_CALLBACK (perform_cb), self);
  dbr_recovery_add_stage (scene->recovery, self->stage, &error);
  g_assert_no_error (error);

  return self;
}

static void
own_stage_free (OwnStage *self)
{
  g_signal_handlers_disconnect_by_data (self->stage, self);
  g_clear_object (&self->stage);
  g_clear_object (&self->kept);
  g_clear_pointer (&self->peer, dbr_test_peer_free);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OwnStage, own_stage_free)

/* One recovery that is waited for. */
typedef struct
{
  DbrRecoveryResult result;
  GError           *error;
  guint             n_ended;
} Ask;

static void
ask_clear (Ask *self)
{
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ask, ask_clear)

static void
asked_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Ask *ask = user_data;

  ask->result = dbr_recovery_recover_finish (DBR_RECOVERY (source), result, &ask->error);
  ask->n_ended++;
}

static void
ask (RecoveryScene *scene,
     GCancellable  *cancellable,
     Ask           *asked)
{
  dbr_recovery_recover_async (scene->recovery, "", cancellable, asked_cb, asked);
}

static void
test_not_needed (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  G_GNUC_UNUSED g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (scene->bus, RECOVERY_NAME, "");
  g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_SUCCEEDS);

  g_test_summary ("Nothing is done to a service that works");

  recovery_scene_expect_plan (scene, "not-needed not-needed not-needed");
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_NOT_NEEDED, "");
  g_assert_cmpuint (own->n_performed, ==, 0);
}

static void
test_bus_starts (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autofree char *exec = NULL;

  g_test_summary ("A service that is absent is started by the bus, if that is allowed");

  exec = g_strdup_printf ("%s --quiet --address %s --name %s", dbr_test_peer_get_program (),
                          dbr_test_bus_get_address (scene->bus), RECOVERY_NAME);
  dbr_test_bus_add_service (scene->bus, RECOVERY_NAME, exec);
  recovery_scene_expect_plan (scene, "not-allowed not-allowed");
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_NOT_ALLOWED, "");
  g_assert_false (recovery_scene_has_called (scene, "StartServiceByName"));

  dbr_recovery_set_allowed (scene->recovery, DBR_RECOVERY_SCOPE_SERVICE_START);
  recovery_scene_expect_plan (scene, "run not-allowed");
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_RECOVERED,
                         "started start; done start; recovered; ");
}

/* A second of it is a millisecond of the others. */
static gint64
get_fast_time (const DbrClock *clock)
{
  return g_get_monotonic_time () * 1000;
}

static void
elapsed_cb (DbrRecovery *recovery,
            const char  *target,
            gint64       elapsed_usec,
            gint64      *found)
{
  *found = elapsed_usec;
}

static void
test_elapsed (void)
{
  const DbrClock fast = { get_fast_time, get_fast_time };
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autofree char *exec = NULL;
  gint64 began_usec = g_get_monotonic_time ();
  gint64 elapsed_usec = -1;

  g_test_summary ("How long it took is told by the clock that nobody sets");

  exec = g_strdup_printf ("%s --quiet --address %s --name %s", dbr_test_peer_get_program (),
                          dbr_test_bus_get_address (scene->bus), RECOVERY_NAME);
  dbr_test_bus_add_service (scene->bus, RECOVERY_NAME, exec);
  dbr_recovery_set_allowed (scene->recovery, DBR_RECOVERY_SCOPE_SERVICE_START);
  scene->recovery->core->clock = &fast;
  g_signal_connect (scene->recovery, "recovered", G_CALLBACK (elapsed_cb), &elapsed_usec);
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_RECOVERED,
                         "started start; done start; recovered; ");
  /* By any other clock it is no longer than the test. */
  g_assert_cmpint (elapsed_usec, >, g_get_monotonic_time () - began_usec);
  scene->recovery->core->clock = dbr_clock_get_system ();
}

static void
test_own_stage (void)
{
  const struct
  {
    StageManner       manner;
    DbrRecoveryResult result;
    const char       *told;
    GQuark            domain;
    int               code;
  } scenes[] = {
    { STAGE_HELPS, DBR_RECOVERY_RESULT_RECOVERED, "started own; done own; recovered; ", 0, 0 },
    { STAGE_SUCCEEDS, DBR_RECOVERY_RESULT_FAILED, "started own; failed own; gave-up; ",
      DBR_ERROR, DBR_ERROR_DEADLINE },
    { STAGE_FAILS, DBR_RECOVERY_RESULT_FAILED, "started own; failed own; gave-up; ",
      G_IO_ERROR, G_IO_ERROR_BUSY },
    { STAGE_DROPS, DBR_RECOVERY_RESULT_FAILED, "started own; failed own; gave-up; ",
      DBR_ERROR, DBR_ERROR_CLOSED },
    { STAGE_KEEPS, DBR_RECOVERY_RESULT_FAILED, "started own; failed own; gave-up; ",
      DBR_ERROR, DBR_ERROR_DEADLINE },
  };

  g_test_summary ("What a stage of the program's own answers counts, if the service agrees");

  for (gsize i = 0; i < G_N_ELEMENTS (scenes); i++)
    {
      g_autoptr(RecoveryScene) scene = recovery_scene_new ();
      g_autoptr(OwnStage) own = own_stage_new (scene, scenes[i].manner);

      dbr_recovery_stage_set_timeout_ms (own->stage,
                                         scenes[i].manner == STAGE_HELPS ? 30000 : 1000);
      recovery_scene_expect_plan (scene, "not-allowed not-allowed run");
      recovery_scene_expect (scene, scenes[i].result, scenes[i].told);
      g_assert_cmpuint (own->n_performed, ==, 1);
      if (scenes[i].domain != 0)
        g_assert_error (scene->error, scenes[i].domain, scenes[i].code);
      else
        g_assert_no_error (scene->error);
      if (own->kept != NULL)
        g_assert_true (g_cancellable_is_cancelled (dbr_recovery_attempt_get_cancellable (own->kept)));
    }
}

static void
test_limits (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_FAILS);

  g_test_summary ("Over 50 failures in a row a stage is tried as often as it may be, and no more");

  dbr_recovery_stage_set_max_attempts (own->stage, 3);
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_FAILED,
                         "started own; failed own; started own; failed own; "
                         "started own; failed own; gave-up; ");
  recovery_scene_expect_plan (scene, "not-allowed not-allowed rate-limited");
  for (guint i = 0; i < 50; i++)
    recovery_scene_expect (scene, DBR_RECOVERY_RESULT_RATE_LIMITED, "");
  g_assert_cmpuint (own->n_performed, ==, 3);
}

static void
test_single_flight (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_KEEPS);
  Ask asks[3] = { { 0 } };

  g_test_summary ("Who asks for what is under way gets its result, and it is done once");

  for (guint i = 0; i < G_N_ELEMENTS (asks); i++)
    ask (scene, NULL, &asks[i]);
  g_assert_true (dbr_recovery_get_running (scene->recovery));
  dbr_test_wait_until (NULL, own->kept != NULL, DBR_TEST_PATIENCE_MS);
  own->peer = dbr_test_peer_new (scene->bus, RECOVERY_NAME, "");
  dbr_recovery_attempt_succeed (own->kept);
  for (guint i = 0; i < G_N_ELEMENTS (asks); i++)
    {
      dbr_test_wait_until (NULL, asks[i].n_ended > 0, DBR_TEST_PATIENCE_MS);
      g_assert_no_error (asks[i].error);
      g_assert_cmpint (asks[i].result, ==, DBR_RECOVERY_RESULT_RECOVERED);
      g_assert_cmpuint (asks[i].n_ended, ==, 1);
    }
  g_assert_cmpuint (own->n_performed, ==, 1);
  g_assert_false (dbr_recovery_get_running (scene->recovery));
}

static void
test_cancelled (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_KEEPS);
  g_autoptr(GCancellable) first = g_cancellable_new ();
  g_autoptr(GCancellable) second = g_cancellable_new ();
  Ask asks[2] = { { 0 } };
  GCancellable *inner;

  g_test_summary ("Cancelled by one it goes on for the other; by both the stage is told to end");

  ask (scene, first, &asks[0]);
  ask (scene, second, &asks[1]);
  dbr_test_wait_until (NULL, own->kept != NULL, DBR_TEST_PATIENCE_MS);
  inner = dbr_recovery_attempt_get_cancellable (own->kept);
  g_cancellable_cancel (first);
  dbr_test_wait_until (NULL, asks[0].n_ended > 0, DBR_TEST_PATIENCE_MS);
  g_assert_error (asks[0].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_cancellable_is_cancelled (inner));
  g_assert_true (dbr_recovery_get_running (scene->recovery));

  g_cancellable_cancel (second);
  dbr_test_wait_until (NULL, asks[1].n_ended > 0, DBR_TEST_PATIENCE_MS);
  g_assert_error (asks[1].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  dbr_test_wait_until (NULL, g_cancellable_is_cancelled (inner), DBR_TEST_PATIENCE_MS);
  dbr_test_wait_until (NULL, scene->error != NULL, DBR_TEST_PATIENCE_MS);
  recovery_scene_expect_told (scene, "started own; failed own; ");
  g_assert_error (scene->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  ask_clear (&asks[0]);
  asks[0].n_ended = 0;
  ask (scene, first, &asks[0]);
  dbr_test_wait_until (NULL, asks[0].n_ended > 0, DBR_TEST_PATIENCE_MS);
  g_assert_error (asks[0].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  recovery_scene_expect_told (scene, "");
  for (gsize i = 0; i < G_N_ELEMENTS (asks); i++)
    ask_clear (&asks[i]);
}

static gpointer
recover_in_thread (gpointer data)
{
  RecoveryScene *scene = data;
  g_autoptr(GError) error = NULL;
  DbrRecoveryResult result = dbr_recovery_recover_sync (scene->recovery, "", NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (result, ==, DBR_RECOVERY_RESULT_RECOVERED);
  g_main_context_wakeup (NULL);

  return NULL;
}

static void
test_other_thread (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_HELPS);
  GThread *thread;

  g_test_summary ("Asked for by another thread, a stage is performed in the recovery's own");

  thread = g_thread_new ("asker", recover_in_thread, scene);
  dbr_test_wait_until (NULL, own->n_performed > 0, DBR_TEST_PATIENCE_MS);
  g_thread_join (thread);
  g_assert_true (own->thread == g_thread_self ());
}

static void
test_sync_joins (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  G_GNUC_UNUSED g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_HELPS);
  g_auto(Ask) asked = { 0 };

  g_test_summary ("A sync call does not wait for the loop that it blocks");

  ask (scene, NULL, &asked);
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_RECOVERED,
                         "started own; done own; recovered; ");
  g_assert_cmpuint (asked.n_ended, ==, 0);
  dbr_test_wait_until (NULL, asked.n_ended > 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpint (asked.result, ==, DBR_RECOVERY_RESULT_RECOVERED);
}

static void
test_bad_arguments (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_FAILS);
  g_autoptr(DbrRecoveryStage) twin = dbr_recovery_stage_new ("own", DBR_RECOVERY_SCOPE_DEVICE);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A target that there is not, a second stage of a name, and a bad value are named");

  g_assert_false (dbr_recovery_add_stage (scene->recovery, twin, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  dbr_recovery_recover_sync (scene->recovery, "00:11:22:33:44:55", NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (dbr_recovery_plan_sync (scene->recovery, "hci0", NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  dbr_recovery_stage_set_timeout_ms (own->stage, 0);
  dbr_recovery_recover_sync (scene->recovery, "", NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (own->n_performed, ==, 0);
  g_assert_true (dbr_recovery_get_stage (scene->recovery, "own") == own->stage);
  g_assert_null (dbr_recovery_get_stage (scene->recovery, "other"));
  g_assert_cmpuint (g_list_model_get_n_items (dbr_recovery_get_stages (scene->recovery)), ==, 6);
}

static void
test_no_bus (void)
{
  g_autoptr(DbrClient) client = dbr_client_new_for_address ("unix:path=/nonexistent");
  g_autoptr(DbrServiceMonitor) monitor = dbr_service_monitor_new (client, RECOVERY_NAME);
  g_autoptr(DbrRecovery) recovery = dbr_recovery_new (monitor, NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("Where there is no bus nothing can be known, and nothing is done");

  g_assert_cmpint (dbr_recovery_recover_sync (recovery, "", NULL, &error), ==,
                   DBR_RECOVERY_RESULT_FAILED);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (dbr_recovery_get_history (recovery)), ==, 1);
}

static gboolean
is_gone (GWeakRef *weak)
{
  g_autoptr(GObject) object = g_weak_ref_get (weak);

  return object == NULL;
}

static void
test_freed_meanwhile (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_KEEPS);
  g_auto(Ask) asked = { 0 };
  GWeakRef weak;

  g_test_summary ("It lives until what is under way has ended, and no longer");

  dbr_recovery_stage_set_timeout_ms (own->stage, 1000);
  ask (scene, NULL, &asked);
  dbr_test_wait_until (NULL, own->kept != NULL, DBR_TEST_PATIENCE_MS);
  g_signal_handlers_disconnect_by_data (scene->recovery, scene);
  g_weak_ref_init (&weak, scene->recovery);
  g_clear_object (&scene->recovery);
  g_assert_false (is_gone (&weak));
  dbr_test_wait_until (NULL, asked.n_ended > 0 && is_gone (&weak), DBR_TEST_PATIENCE_MS);
  g_weak_ref_clear (&weak);
  g_assert_cmpint (asked.result, ==, DBR_RECOVERY_RESULT_FAILED);
  scene->recovery = dbr_recovery_new (scene->monitor, NULL);
}

static void
heard_cb (DbrIncident *incident,
          gpointer     user_data)
{
  g_ptr_array_add (user_data, dbr_incident_ref (incident));
}

static void
test_incident (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_FAILS);
  g_autoptr(GPtrArray) heard =
    g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_incident_unref);
  DbrIncidentBoard *board;
  DbrIncident *begun;

  g_test_summary ("What was given up is told to who tells the person, and that it works again too");

  board = dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (scene->recovery));
  dbr_incident_board_watch (board, heard_cb, heard, NULL);
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_FAILED, "started own; failed own; gave-up; ");
  g_assert_cmpuint (heard->len, ==, 1);
  begun = g_ptr_array_index (heard, 0);
  g_assert_cmpint (begun->phase, ==, DBR_INCIDENT_BEGUN);
  g_assert_cmpint (begun->severity, ==, DBR_SEVERITY_CRITICAL);

  own->peer = dbr_test_peer_new (scene->bus, RECOVERY_NAME, "");
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_NOT_NEEDED, "");
  g_assert_cmpuint (heard->len, ==, 2);
  g_assert_cmpint (((DbrIncident *) g_ptr_array_index (heard, 1))->phase, ==, DBR_INCIDENT_ENDED);
}

/* Attached */

static void
start (RecoveryScene *scene)
{
  g_autoptr(GError) error = NULL;

  dbr_recovery_set_pauses (scene->recovery, 100, 500);
  dbr_recovery_attach (scene->recovery);
  dbr_service_monitor_start (scene->monitor, &error);
  g_assert_no_error (error);
}

static void
wait_healthy (RecoveryScene *scene)
{
  dbr_test_wait_until (NULL,
                       dbr_service_monitor_get_state (scene->monitor) == DBR_SERVICE_STATE_HEALTHY,
                       2 * DBR_TEST_PATIENCE_MS);
}

static void
test_attached (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (scene->bus, RECOVERY_NAME, "");
  G_GNUC_UNUSED g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_HELPS);

  g_test_summary ("Attached, it acts by itself when a service that worked has gone");

  start (scene);
  wait_healthy (scene);
  dbr_test_peer_kill (peer);
  dbr_test_wait_until (NULL, g_str_has_suffix (scene->told->str, "recovered; "),
                       2 * DBR_TEST_PATIENCE_MS);
  recovery_scene_expect_told (scene, "started own; done own; recovered; ");
}

static void
test_attached_stall (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (scene->bus, RECOVERY_NAME, "");
  g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_KEEPS);

  g_test_summary ("Attached, it acts by itself when a service that worked has stalled");

  start (scene);
  wait_healthy (scene);
  dbr_test_peer_stop (peer);
  dbr_test_wait_until (NULL, own->kept != NULL, 3 * DBR_TEST_PATIENCE_MS);
  dbr_test_peer_cont (peer);
  dbr_recovery_attempt_succeed (own->kept);
  dbr_test_wait_until (NULL, g_str_has_suffix (scene->told->str, "recovered; "),
                       3 * DBR_TEST_PATIENCE_MS);
}

static void
test_attached_again (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (scene->bus, RECOVERY_NAME, "");
  g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_FAILS);
  GListModel *history = dbr_recovery_get_history (scene->recovery);

  g_test_summary ("In vain it tries again later, and under the same limits");

  start (scene);
  wait_healthy (scene);
  dbr_test_peer_kill (peer);
  /* what was done, that it gave up, and twice that there is silence */
  dbr_test_wait_until (NULL, g_list_model_get_n_items (history) >= 4, 3 * DBR_TEST_PATIENCE_MS);
  recovery_scene_expect_told (scene, "started own; failed own; gave-up; ");
  g_assert_cmpuint (own->n_performed, ==, 1);
}

static void
test_not_armed (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (scene->bus, RECOVERY_NAME, "");
  g_autoptr(OwnStage) own = own_stage_new (scene, STAGE_FAILS);
  GListModel *history = dbr_service_monitor_get_history (scene->monitor);

  g_test_summary ("A service that never worked is left alone, and so is one after a detach");

  dbr_test_peer_stop (peer);
  start (scene);
  dbr_test_wait_until (NULL, g_list_model_get_n_items (history) > 0, 3 * DBR_TEST_PATIENCE_MS);
  g_assert_false (dbr_recovery_get_running (scene->recovery));
  dbr_test_peer_cont (peer);
  wait_healthy (scene);
  dbr_recovery_detach (scene->recovery);
  dbr_test_peer_kill (peer);
  dbr_test_wait_until (NULL,
                       dbr_service_monitor_get_state (scene->monitor) == DBR_SERVICE_STATE_ABSENT,
                       DBR_TEST_PATIENCE_MS);
  g_assert_false (dbr_recovery_get_running (scene->recovery));
  g_assert_cmpuint (own->n_performed, ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/recovery/not-needed", test_not_needed);
  g_test_add_func ("/dbr/recovery/bus-starts", test_bus_starts);
  g_test_add_func ("/dbr/recovery/elapsed", test_elapsed);
  g_test_add_func ("/dbr/recovery/own-stage", test_own_stage);
  g_test_add_func ("/dbr/recovery/limits", test_limits);
  g_test_add_func ("/dbr/recovery/single-flight", test_single_flight);
  g_test_add_func ("/dbr/recovery/cancelled", test_cancelled);
  g_test_add_func ("/dbr/recovery/other-thread", test_other_thread);
  g_test_add_func ("/dbr/recovery/sync-joins", test_sync_joins);
  g_test_add_func ("/dbr/recovery/bad-arguments", test_bad_arguments);
  g_test_add_func ("/dbr/recovery/no-bus", test_no_bus);
  g_test_add_func ("/dbr/recovery/freed-meanwhile", test_freed_meanwhile);
  g_test_add_func ("/dbr/recovery/incident", test_incident);
  g_test_add_func ("/dbr/recovery/attached", test_attached);
  g_test_add_func ("/dbr/recovery/attached-stall", test_attached_stall);
  g_test_add_func ("/dbr/recovery/attached-again", test_attached_again);
  g_test_add_func ("/dbr/recovery/not-armed", test_not_armed);

  return g_test_run ();
}
