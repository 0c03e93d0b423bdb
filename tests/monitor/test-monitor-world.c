/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/dbr-incident-source-private.h"
#include "dbr-witness.h"
#include "monitor/dbr-service-monitor-private.h"

/* A monitor among what is beside it: the circuit, systemd, the login manager, who tells a person,
 * and the monitors that are made from it. */

static void
test_circuit (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);

  g_test_summary ("A circuit is closed by the monitor's probe, without a call of the application");

  witness_start (witness);
  dbr_test_peer_stop (scene->peer);
  witness_expect (witness, "stalled");
  for (guint i = 0; i < 10
       && dbr_circuit_breaker_get_state (circuit) == DBR_CIRCUIT_STATE_CLOSED; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 100);
      Outcome outcome = { NULL };

      scene_run_sync (scene->client, call, NULL, &outcome);
      g_assert_nonnull (outcome.error);
      outcome_clear (&outcome);
    }
  g_assert_cmpint (dbr_circuit_breaker_get_state (circuit), ==, DBR_CIRCUIT_STATE_OPEN);

  dbr_test_peer_cont (scene->peer);
  witness_expect (witness, "recovered");
  dbr_test_wait_until (NULL, dbr_circuit_breaker_get_state (circuit) == DBR_CIRCUIT_STATE_CLOSED,
                       WITNESS_PATIENCE_MS);
}

#define UNIT_PATH "/org/freedesktop/systemd1/unit/test_2eservice"

static gboolean
has_unit (Witness *witness)
{
  GListModel *history = dbr_service_monitor_get_history (witness->monitor);
  g_autoptr(DbrEvent) event = g_list_model_get_item (history, 0);
  const char *unit = NULL;

  return event != NULL && g_variant_lookup (dbr_event_get_details (event), "unit", "&s", &unit)
         && strcmp (unit, "test.service") == 0;
}

static void
test_unit (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) systemd = dbr_test_peer_new (
    scene->bus, "org.freedesktop.systemd1",
    "on org.freedesktop.systemd1.Manager.GetUnitByPID: reply (objectpath '" UNIT_PATH "',)\n"
    "on org.freedesktop.DBus.Properties.GetAll at " UNIT_PATH ": reply ({"
    "'Id': <'test.service'>, 'ActiveState': <'failed'>, 'SubState': <'failed'>, "
    "'ConditionResult': <true>, 'Description': <'A test'>},)\n"
    "on org.freedesktop.DBus.Properties.Get at " UNIT_PATH ": reply (<'start-limit-hit'>,)");
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  GListModel *history = dbr_service_monitor_get_history (witness->monitor);
  g_autoptr(DbrEvent) event = NULL;
  const char *state = NULL;
  const char *result = NULL;

  g_test_summary ("What systemd says of the unit is added to the event, and nobody waits for it");

  witness_start (witness);
  dbr_test_wait_until (NULL, dbr_test_peer_count (systemd, "GetUnitByPID") > 0,
                       WITNESS_PATIENCE_MS);
  witness_idle (witness, 100);
  dbr_test_peer_kill (scene->peer);
  witness_expect (witness, "vanished");
  dbr_test_wait_until (NULL, has_unit (witness), WITNESS_PATIENCE_MS);
  g_assert_cmpuint (g_list_model_get_n_items (history), ==, 1);
  event = g_list_model_get_item (history, 0);
  g_assert_cmpstr (dbr_event_get_kind (event), ==, "vanished");
  g_assert_true (g_variant_lookup (dbr_event_get_details (event), "active-state", "&s", &state));
  g_assert_cmpstr (state, ==, "failed");
  g_assert_true (g_variant_lookup (dbr_event_get_details (event), "result", "&s", &result));
  g_assert_cmpstr (result, ==, "start-limit-hit");

  /* A systemd that hangs holds up nothing. */
  dbr_test_peer_stop (systemd);
  dbr_test_peer_restart (scene->peer);
  witness_expect (witness, "appeared restarted");
  witness_wait_state (witness, DBR_SERVICE_STATE_HEALTHY);
  dbr_test_peer_stop (scene->peer);
  witness_expect (witness, "stalled");
}

static void
test_sleep (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) login = dbr_test_peer_new (scene->bus, "org.freedesktop.login1", NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);

  g_test_summary ("While the machine goes to sleep nothing is asked; after it, all is seen again");

  witness_start (witness);
  witness_idle (witness, 300);
  dbr_test_peer_tell (login, "emit /org/freedesktop/login1 "
                      "org.freedesktop.login1.Manager.PrepareForSleep (true,)");
  witness_idle (witness, 200);
  dbr_test_peer_stop (scene->peer);
  witness_idle (witness, 2500);
  witness_expect (witness, "");
  dbr_test_peer_tell (login, "emit /org/freedesktop/login1 "
                      "org.freedesktop.login1.Manager.PrepareForSleep (false,)");
  witness_expect (witness, "stalled");
  dbr_test_peer_cont (scene->peer);
  witness_expect (witness, "recovered");
}

typedef struct
{
  GString *phases;
  GMutex   mutex;
} Person;

static void
incident_cb (DbrIncident *incident,
             gpointer     user_data)
{
  Person *self = user_data;
  const char letters[] = { 'b', 'u', 'e' };

  g_assert_nonnull (strstr (incident->title, SCENE_NAME));
  g_mutex_lock (&self->mutex);
  g_string_append_c (self->phases, letters[incident->phase]);
  g_mutex_unlock (&self->mutex);
}

static void
test_incidents (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  DbrIncidentBoard *board =
    dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (witness->monitor));
  Person person = { g_string_new (NULL) };
  guint watch;

  g_test_summary ("Who tells a person hears of a stall, what becomes of it, and its end");

  g_mutex_init (&person.mutex);
  watch = dbr_incident_board_watch (board, incident_cb, &person, NULL);
  witness_start (witness);
  dbr_test_peer_restart (scene->peer);
  witness_expect (witness, "vanished appeared restarted");
  witness_wait_state (witness, DBR_SERVICE_STATE_HEALTHY);
  g_assert_cmpstr (person.phases->str, ==, "");

  dbr_test_peer_stop (scene->peer);
  witness_expect (witness, "stalled");
  dbr_test_peer_restart (scene->peer);
  witness_expect (witness, "vanished appeared restarted recovered");
  g_assert_cmpstr (person.phases->str, ==, "bue");
  dbr_incident_board_unwatch (board, watch);
  g_string_free (person.phases, TRUE);
  g_mutex_clear (&person.mutex);
}

/* In a sandbox */

#define SEEN_NAME "org.dbr.Seen"

static gboolean
is_socket_served (const char *address)
{
  g_autoptr(GDBusConnection) connection =
    g_dbus_connection_new_for_address_sync (address,
                                            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                            | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                            NULL, NULL, NULL);

  if (connection != NULL)
    g_dbus_connection_set_exit_on_close (connection, FALSE);

  return connection != NULL;
}

static void
test_sandbox (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) seen = dbr_test_peer_new (scene->bus, SEEN_NAME, NULL);
  g_autofree char *program = g_find_program_in_path ("xdg-dbus-proxy");
  g_autofree char *path = g_build_filename (dbr_test_bus_get_folder (scene->bus), "proxy", NULL);
  g_autofree char *address = g_strconcat ("unix:path=", path, NULL);
  const char *const arguments[] = {
    "xdg-dbus-proxy", dbr_test_bus_get_address (scene->bus), path, "--filter",
    "--talk=" SCENE_NAME, "--see=" SEEN_NAME, NULL
  };
  g_autoptr(DbrTestProcess) proxy = NULL;
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(Witness) talked = NULL;
  g_autoptr(Witness) watched = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("In a sandbox what may be called is watched, and of the rest it is said why not");

  if (program == NULL)
    {
      g_test_skip ("xdg-dbus-proxy is not installed");
      return;
    }

  proxy = dbr_test_process_new (arguments, FALSE, -1);
  dbr_test_wait_until (NULL, is_socket_served (address), DBR_TEST_PATIENCE_MS);
  client = dbr_client_new_for_address (address);
  talked = witness_new (client, SCENE_NAME);
  witness_start (talked);
  dbr_test_peer_restart (scene->peer);
  witness_expect (talked, "vanished appeared restarted");
  dbr_test_peer_stop (scene->peer);
  witness_expect (talked, "stalled");
  dbr_test_peer_cont (scene->peer);
  witness_expect (talked, "recovered");

  watched = witness_new (client, SEEN_NAME);
  g_assert_false (dbr_service_monitor_refresh_sync (watched->monitor, NULL, &error));
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
  g_clear_error (&error);
  g_assert_true (dbr_service_monitor_start (watched->monitor, &error));
  dbr_test_wait_until (NULL, dbr_service_monitor_get_available (watched->monitor),
                       WITNESS_PATIENCE_MS);
  witness_idle (watched, 1000);
  g_assert_cmpint (dbr_service_monitor_get_state (watched->monitor), ==,
                   DBR_SERVICE_STATE_UNKNOWN);
  dbr_test_peer_restart (seen);
  witness_expect (watched, "vanished appeared restarted");
}

/* A monitor made from it */

typedef struct
{
  DbrServiceMonitor parent_instance;

  GString          *told;
} Patient;

typedef struct
{
  DbrServiceMonitorClass parent_class;
} PatientClass;

GType patient_get_type (void);

G_DEFINE_TYPE (Patient, patient, DBR_TYPE_SERVICE_MONITOR)

static void
patient_started (DbrServiceMonitor *monitor)
{
  g_string_append (((Patient *) monitor)->told, "started ");
}

static void
patient_stopped (DbrServiceMonitor *monitor)
{
  g_string_append (((Patient *) monitor)->told, "stopped ");
}

static void
patient_owner_changed (DbrServiceMonitor *monitor,
                       const char        *old_owner,
                       const char        *new_owner)
{
  g_assert_cmpstr (dbr_service_monitor_get_owner (monitor), ==, new_owner);
  g_string_append (((Patient *) monitor)->told, new_owner != NULL ? "came " : "went ");
}

static void
patient_connection_changed (DbrServiceMonitor *monitor,
                            gboolean           is_connected)
{
  g_string_append (((Patient *) monitor)->told, is_connected ? "bus " : "no-bus ");
}

static void
patient_refresh_async (DbrServiceMonitor   *monitor,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (monitor, cancellable, callback, user_data);

  g_string_append (((Patient *) monitor)->told, "refresh ");
  g_task_return_boolean (task, TRUE);
}

static gboolean
patient_refresh_finish (DbrServiceMonitor  *monitor,
                        GAsyncResult       *result,
                        GError            **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
patient_finalize (GObject *object)
{
  g_string_free (((Patient *) object)->told, TRUE);

  G_OBJECT_CLASS (patient_parent_class)->finalize (object);
}

static void
patient_class_init (PatientClass *klass)
{
  DbrServiceMonitorClass *monitor_class = DBR_SERVICE_MONITOR_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = patient_finalize;
  monitor_class->started = patient_started;
  monitor_class->stopped = patient_stopped;
  monitor_class->owner_changed = patient_owner_changed;
  monitor_class->connection_changed = patient_connection_changed;
  monitor_class->refresh_async = patient_refresh_async;
  monitor_class->refresh_finish = patient_refresh_finish;
  monitor_class->waits_for_ready = TRUE;
}

static void
patient_init (Patient *self)
{
  self->told = g_string_new (NULL);
}

static void
test_derived (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrServiceMonitor) monitor = g_object_new (patient_get_type (),
                                                       "client", scene->client,
                                                       "bus-name", SCENE_NAME,
                                                       "interval-ms", 200,
                                                       NULL);
  Patient *patient = (Patient *) monitor;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A monitor made from it is told all, and says when its service is ready");

  g_assert_true (dbr_service_monitor_start (monitor, &error));
  dbr_test_wait_until (NULL, dbr_service_monitor_get_latency_usec (monitor) >= 0,
                       WITNESS_PATIENCE_MS);
  g_assert_cmpint (dbr_service_monitor_get_state (monitor), ==, DBR_SERVICE_STATE_STARTING);
  dbr_service_monitor_set_ready (monitor, dbr_service_monitor_get_generation (monitor) + 1);
  g_assert_false (dbr_service_monitor_wait_healthy_sync (monitor, 300, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_clear_error (&error);
  dbr_service_monitor_set_ready (monitor, dbr_service_monitor_get_generation (monitor));
  g_assert_true (dbr_service_monitor_wait_healthy_sync (monitor, 5000, NULL, &error));
  g_assert_no_error (error);

  dbr_test_peer_restart (scene->peer);
  dbr_test_wait_until (NULL, dbr_service_monitor_get_generation (monitor) == 2,
                       WITNESS_PATIENCE_MS);
  g_assert_true (dbr_service_monitor_refresh_sync (monitor, NULL, &error));
  g_assert_no_error (error);
  dbr_test_bus_kill (scene->bus);
  dbr_test_wait_until (NULL, strstr (patient->told->str, "no-bus") != NULL, WITNESS_PATIENCE_MS);
  dbr_service_monitor_stop (monitor);
  g_assert_cmpstr (patient->told->str, ==, "started came went came refresh no-bus stopped ");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/monitor-world/circuit", test_circuit);
  g_test_add_func ("/dbr/monitor-world/unit", test_unit);
  g_test_add_func ("/dbr/monitor-world/sleep", test_sleep);
  g_test_add_func ("/dbr/monitor-world/incidents", test_incidents);
  g_test_add_func ("/dbr/monitor-world/sandbox", test_sandbox);
  g_test_add_func ("/dbr/monitor-world/derived", test_derived);

  return g_test_run ();
}
