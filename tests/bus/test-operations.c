/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "dbr-scene.h"

/* Each operation of a client in both its forms: answered, refused, cancelled, late, closed. */

/* What an operation is asked for; the same for all, and each takes what it needs. */
typedef struct
{
  DbrClient    *client;
  const char   *bus_name;
  const char   *member;
  guint         timeout_ms;
  GCancellable *cancellable;
} Asked;

typedef struct
{
  const char *name;
  void     (*begin)(const Asked         *asked,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data);
  gboolean (*finish)(DbrClient     *client,
                     GAsyncResult  *result,
                     GError       **error);
  gboolean (*sync)(const Asked  *asked,
                   GError      **error);
} Operation;

/* Whether there is a value, which nobody here needs. */
static gboolean
drop_value (GVariant *value)
{
  if (value == NULL)
    return FALSE;

  g_variant_unref (value);

  return TRUE;
}

static void
call_begin (const Asked         *asked,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  dbr_client_call_async (asked->client, asked->bus_name, SCENE_PATH, DBR_TEST_INTERFACE,
                         asked->member, NULL, NULL, asked->timeout_ms, asked->cancellable,
                         callback, user_data);
}

static gboolean
call_finish (DbrClient     *client,
             GAsyncResult  *result,
             GError       **error)
{
  return drop_value (dbr_client_call_finish (client, result, error));
}

static gboolean
call_sync (const Asked  *asked,
           GError      **error)
{
  return drop_value (dbr_client_call_sync (asked->client, asked->bus_name, SCENE_PATH,
                                           DBR_TEST_INTERFACE, asked->member, NULL, NULL,
                                           asked->timeout_ms,
                                           asked->cancellable, error));
}

static DbrCall *
new_call (const Asked *asked)
{
  DbrCall *call = dbr_call_new (asked->bus_name, SCENE_PATH, DBR_TEST_INTERFACE, asked->member,
                                NULL);

  dbr_call_set_timeout_ms (call, asked->timeout_ms);

  return call;
}

static void
run_begin (const Asked         *asked,
           GAsyncReadyCallback  callback,
           gpointer             user_data)
{
  g_autoptr(DbrCall) call = new_call (asked);

  dbr_client_run_async (asked->client, call, asked->cancellable, callback, user_data);
}

static gboolean
run_finish (DbrClient     *client,
            GAsyncResult  *result,
            GError       **error)
{
  return drop_value (dbr_client_run_finish (client, result, error));
}

static gboolean
run_sync (const Asked  *asked,
          GError      **error)
{
  g_autoptr(DbrCall) call = new_call (asked);

  return drop_value (dbr_client_run_sync (asked->client, call, asked->cancellable, error));
}

/* A member that is no member's name is no property's either. */
static const char *
property_of (const Asked *asked)
{
  return g_dbus_is_member_name (asked->member) ? "Level" : asked->member;
}

static const char *
interface_of (const Asked *asked)
{
  return g_dbus_is_member_name (asked->member) ? DBR_TEST_INTERFACE : asked->member;
}

static void
read_begin (const Asked         *asked,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  dbr_client_read_property_async (asked->client, asked->bus_name, SCENE_PATH, DBR_TEST_INTERFACE,
                                  property_of (asked), asked->cancellable, callback, user_data);
}

static gboolean
read_finish (DbrClient     *client,
             GAsyncResult  *result,
             GError       **error)
{
  return drop_value (dbr_client_read_property_finish (client, result, error));
}

static gboolean
read_sync (const Asked  *asked,
           GError      **error)
{
  return drop_value (dbr_client_read_property_sync (asked->client, asked->bus_name, SCENE_PATH,
                                                    DBR_TEST_INTERFACE, property_of (asked),
                                                    asked->cancellable, error));
}

static void
read_all_begin (const Asked         *asked,
                GAsyncReadyCallback  callback,
                gpointer             user_data)
{
  dbr_client_read_all_properties_async (asked->client, asked->bus_name, SCENE_PATH,
                                        interface_of (asked), asked->cancellable,
                                        callback, user_data);
}

static gboolean
read_all_finish (DbrClient     *client,
                 GAsyncResult  *result,
                 GError       **error)
{
  return drop_value (dbr_client_read_all_properties_finish (client, result, error));
}

static gboolean
read_all_sync (const Asked  *asked,
               GError      **error)
{
  return drop_value (dbr_client_read_all_properties_sync (asked->client, asked->bus_name,
                                                          SCENE_PATH, interface_of (asked),
                                                          asked->cancellable, error));
}

static void
write_begin (const Asked         *asked,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  dbr_client_write_property_async (asked->client, asked->bus_name, SCENE_PATH, DBR_TEST_INTERFACE,
                                   property_of (asked), g_variant_new_uint32 (3),
                                   asked->cancellable, callback, user_data);
}

static gboolean
write_sync (const Asked  *asked,
            GError      **error)
{
  return dbr_client_write_property_sync (asked->client, asked->bus_name, SCENE_PATH,
                                         DBR_TEST_INTERFACE, property_of (asked),
                                         g_variant_new_uint32 (3), asked->cancellable, error);
}

static void
ping_begin (const Asked         *asked,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  dbr_client_ping_async (asked->client,
                         g_dbus_is_member_name (asked->member) ? asked->bus_name : asked->member,
                         asked->cancellable, callback, user_data);
}

static gboolean
ping_finish (DbrClient     *client,
             GAsyncResult  *result,
             GError       **error)
{
  return dbr_client_ping_finish (client, result, error) >= 0;
}

static gboolean
ping_sync (const Asked  *asked,
           GError      **error)
{
  const char *bus_name = g_dbus_is_member_name (asked->member) ? asked->bus_name : asked->member;

  return dbr_client_ping_sync (asked->client, bus_name, asked->cancellable, error) >= 0;
}

static const Operation operations[] = {
  { "call", call_begin, call_finish, call_sync },
  { "run", run_begin, run_finish, run_sync },
  { "read", read_begin, read_finish, read_sync },
  { "read-all", read_all_begin, read_all_finish, read_all_sync },
  { "write", write_begin, dbr_client_write_property_finish, write_sync },
  { "ping", ping_begin, ping_finish, ping_sync },
};

/* Both forms say the same, and the one that does not wait says it after it has returned. */
static void
play (const Operation *operation,
      const Asked     *asked,
      GQuark           domain,
      int              code)
{
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(GError) sync_error = NULL;
  g_autoptr(GError) async_error = NULL;
  gboolean sync_ok;
  gboolean async_ok;

  g_test_message ("%s", operation->name);
  sync_ok = operation->sync (asked, &sync_error);

  operation->begin (asked, dbr_test_result_cb, &result);
  g_assert_cmpuint (result.n_calls, ==, 0);
  async_ok = operation->finish (asked->client, dbr_test_result_wait (&result, NULL), &async_error);
  g_assert_cmpuint (result.n_calls, ==, 1);

  if (domain == 0)
    {
      g_assert_no_error (sync_error);
      g_assert_no_error (async_error);
    }
  else
    {
      g_assert_error (sync_error, domain, code);
      g_assert_error (async_error, domain, code);
    }
  g_assert_true (sync_ok == (domain == 0));
  g_assert_true (async_ok == (domain == 0));
}

static void
play_all (const Asked *asked,
          GQuark       domain,
          int          code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++)
    play (&operations[i], asked, domain, code);
}

static void
test_answered (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  Asked asked = { scene->client, SCENE_NAME, "Echo", 8000 };

  g_test_summary ("Every operation is answered by a healthy service");
  play_all (&asked, 0, 0);
}

static void
test_refused (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  Asked bad_name = { scene->client, "no name", "Echo", 8000 };
  Asked bad_member = { scene->client, SCENE_NAME, "no-member", 8000 };

  g_test_summary ("Every operation refuses a bad value, before anything is sent");
  play_all (&bad_name, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  play_all (&bad_member, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (dbr_client_get_state (scene->client), ==, DBR_CLIENT_STATE_DISCONNECTED);
}

static void
test_cancelled (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Asked asked = { scene->client, SCENE_NAME, "Echo", 8000, cancellable };

  g_test_summary ("Every operation that is cancelled before it begins says so");
  g_cancellable_cancel (cancellable);
  play_all (&asked, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_late (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(GError) error = NULL;
  Asked asked = { scene->client, SCENE_NAME, "Echo", 300 };

  g_test_summary ("Every operation ends at its limit when the service is stopped");
  dbr_timeouts_set (timeouts, "get_property", 300, &error);
  dbr_timeouts_set (timeouts, "set_property", 300, &error);
  dbr_timeouts_set (timeouts, "ping", 300, &error);
  g_assert_no_error (error);
  dbr_client_set_timeouts (scene->client, timeouts);
  scene_hold_circuit (scene->client);
  scene_assert_answers (scene->client);
  dbr_test_peer_stop (scene->peer);

  play_all (&asked, DBR_ERROR, DBR_ERROR_DEADLINE);
}

static void
test_closed (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(DbrTestResult) result = { NULL };
  g_auto(DbrTestResult) opened = { NULL };
  g_autoptr(GError) error = NULL;
  Asked asked = { scene->client, SCENE_NAME, "Echo", 8000 };

  g_test_summary ("Every operation of a client that was closed says so, and closing it again is no fault");
  scene_assert_answers (scene->client);
  dbr_client_close_async (scene->client, NULL, dbr_test_result_cb, &result);
  g_assert_true (dbr_client_close_finish (scene->client, dbr_test_result_wait (&result, NULL),
                                          &error));
  g_assert_no_error (error);
  g_assert_true (dbr_client_close_sync (scene->client, NULL, &error));
  g_assert_no_error (error);

  play_all (&asked, DBR_ERROR, DBR_ERROR_CLOSED);
  dbr_client_open_async (scene->client, NULL, dbr_test_result_cb, &opened);
  g_assert_false (dbr_client_open_finish (scene->client, dbr_test_result_wait (&opened, NULL),
                                          &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CLOSED);
}

static void
test_properties_of_client (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTimeouts) timeouts = NULL;
  g_autoptr(DbrTimeouts) shipped = NULL;
  g_autofree char *address = NULL;
  g_autofree char *unique_name = NULL;
  GBusType bus_type;
  DbrClientState state;
  guint n_in_flight;
  guint n_orphans;

  g_test_summary ("What a client is can be read by property as well");
  scene_assert_answers (scene->client);
  g_object_get (scene->client,
                "bus-type", &bus_type,
                "address", &address,
                "timeouts", &timeouts,
                "state", &state,
                "in-flight", &n_in_flight,
                "orphans", &n_orphans,
                "unique-name", &unique_name,
                NULL);
  g_assert_cmpint (bus_type, ==, G_BUS_TYPE_NONE);
  g_assert_cmpstr (address, ==, dbr_test_bus_get_address (scene->bus));
  g_assert_true (DBR_IS_TIMEOUTS (timeouts));
  g_assert_cmpint (state, ==, DBR_CLIENT_STATE_CONNECTED);
  g_assert_cmpuint (n_in_flight, ==, 0);
  g_assert_cmpuint (n_orphans, ==, 0);
  g_assert_true (g_dbus_is_unique_name (unique_name));

  g_object_set (scene->client, "timeouts", NULL, NULL);
  g_object_get (scene->client, "timeouts", &shipped, NULL);
  g_assert_true (DBR_IS_TIMEOUTS (shipped) && shipped != timeouts);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/operations/answered", test_answered);
  g_test_add_func ("/dbr/operations/refused", test_refused);
  g_test_add_func ("/dbr/operations/cancelled", test_cancelled);
  g_test_add_func ("/dbr/operations/late", test_late);
  g_test_add_func ("/dbr/operations/closed", test_closed);
  g_test_add_func ("/dbr/client/properties", test_properties_of_client);

  return g_test_run ();
}
