/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/dbr-client-private.h"
#include "bus/dbr-gdbus-transport-private.h"
#include "bus/dbr-link-parts-private.h"
#include "dbr-proxy-scene.h"

/* Which names a client follows. */

#define HEARD_NAME "org.dbr.Heard"
#define KEPT_NAME "org.dbr.Kept"
#define CALLED_NAME "org.dbr.Called"

static gint64 later_usec;

static gint64
get_later_cb (const DbrClock *clock)
{
  return g_get_monotonic_time () + later_usec;
}

static const DbrClock later = { get_later_cb, get_later_cb };

/* Nobody has it, and that is known if it is followed. */
static gboolean
is_followed (Scene      *scene,
             const char *bus_name)
{
  g_autofree char *owner = NULL;

  return dbr_owners_lookup (dbr_link_get_owners (scene->client->link), bus_name, &owner);
}

static void
ping (Scene      *scene,
      const char *bus_name)
{
  g_autoptr(GError) error = NULL;

  dbr_client_ping_sync (scene->client, bus_name, NULL, &error);
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
}

/* The bus answers in order. */
static void
settle (Scene *scene)
{
  g_autoptr(GError) error = NULL;
  G_GNUC_UNUSED g_auto(GStrv) names = dbr_client_list_names_sync (scene->client, FALSE, NULL, &error);

  g_assert_no_error (error);
}

static guint
count_followed (Scene *scene,
                guint  n_names)
{
  guint n = 0;

  settle (scene);
  for (guint i = 0; i < n_names; i++)
    {
      g_autofree char *name = g_strdup_printf ("org.dbr.Absent%u", i);

      n += is_followed (scene, name);
    }

  return n;
}

static void
ping_many (Scene *scene,
           guint  first,
           guint  n)
{
  for (guint i = first; i < first + n; i++)
    {
      g_autofree char *name = g_strdup_printf ("org.dbr.Absent%u", i);

      ping (scene, name);
    }
}

static void
test_forgets (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrSubscription) subscription = NULL;
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;
  guint n_many = DBR_OWNERS_MAX_NAMES + 20;

  g_test_summary ("Names that nobody has called for a minute are forgotten for others, unless they "
                  "are needed");
  dbr_owners_set_clock (dbr_link_get_owners (scene->client->link), &later);
  subscription = dbr_subscription_new (scene->client, HEARD_NAME, NULL, "org.dbr.Test1", NULL, NULL,
                                       DBR_SUBSCRIPTION_FLAGS_NONE);
  dbr_subscription_start_sync (subscription, NULL, &error);
  g_assert_no_error (error);
  proxy = dbr_client_get_proxy_sync (scene->client, KEPT_NAME, SCENE_PATH, "org.dbr.Test1", NULL,
                                     &error);
  g_assert_no_error (error);
  ping (scene, CALLED_NAME);
  ping_many (scene, 0, n_many);
  g_assert_cmpuint (count_followed (scene, n_many), ==, DBR_OWNERS_MAX_NAMES - 3);

  g_test_message ("A minute later");
  later_usec = DBR_OWNERS_FORGETTING_USEC;
  ping (scene, CALLED_NAME);
  ping_many (scene, n_many, 1);
  g_assert_cmpuint (count_followed (scene, n_many), ==, 0);
  g_assert_cmpuint (count_followed (scene, n_many + 1), ==, 1);
  g_assert_true (is_followed (scene, HEARD_NAME));
  g_assert_true (is_followed (scene, KEPT_NAME));
  g_assert_true (is_followed (scene, CALLED_NAME));
}

static void
test_followed_again (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autofree char *owner = NULL;
  g_auto(Outcome) outcome = { NULL };
  g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "a"), 10000);

  g_test_summary ("A name that was forgotten is followed again when it is called");
  later_usec = 0;
  dbr_owners_set_clock (dbr_link_get_owners (scene->client->link), &later);
  scene_assert_answers (scene->client);
  settle (scene);
  g_assert_true (is_followed (scene, SCENE_NAME));
  ping_many (scene, 0, DBR_OWNERS_MAX_NAMES);
  later_usec = DBR_OWNERS_FORGETTING_USEC;
  ping_many (scene, DBR_OWNERS_MAX_NAMES, 1);
  g_assert_false (is_followed (scene, SCENE_NAME));

  /* What was not heard of meanwhile. */
  dbr_test_peer_restart (scene->peer);
  scene_assert_answers (scene->client);
  settle (scene);
  owner = dbr_owners_dup_owner (dbr_link_get_owners (scene->client->link), SCENE_NAME);
  g_assert_cmpstr (owner, ==, dbr_test_peer_get_unique_name (scene->peer));

  dbr_test_peer_kill (scene->peer);
  dbr_test_wait_until (NULL, (settle (scene), is_followed (scene, SCENE_NAME)
                              && dbr_owners_dup_owner (dbr_link_get_owners (scene->client->link),
                                                       SCENE_NAME) == NULL),
                       DBR_TEST_PATIENCE_MS);
  scene_run_async (scene->client, call, NULL, &outcome);
  dbr_test_peer_restart (scene->peer);
  scene_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "a"), ==, 1);
}

/* A transport that holds up who asks for an owner, until the answer has come and the bus has told of
 * another one. */

#define TEST_TYPE_SLOW_TRANSPORT (slow_transport_get_type ())
G_DECLARE_FINAL_TYPE (SlowTransport, slow_transport, TEST, SLOW_TRANSPORT, GObject)

struct _SlowTransport
{
  GObject          parent_instance;

  DbrTransport    *inner;
  GDBusConnection *connection;
  GDBusConnection *other;

  GMutex           mutex;
  GCond            cond;

  /* guarded by mutex */
  gboolean         is_told;
};

static void slow_transport_iface_init (DbrTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SlowTransport, slow_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DBR_TYPE_TRANSPORT,
                                                      slow_transport_iface_init))

static void
ask_bus (GDBusConnection *connection,
         const char      *method_name,
         GVariant        *parameters)
{
  g_autoptr(GError) error = NULL;
  G_GNUC_UNUSED g_autoptr(GVariant) answer =
    g_dbus_connection_call_sync (connection, DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE,
                                 method_name, parameters, NULL, G_DBUS_CALL_FLAGS_NONE,
                                 DBR_TEST_PATIENCE_MS, NULL, &error);

  g_assert_no_error (error);
}

static void
slow_transport_start (DbrTransport               *transport,
                      const DbrTransportListener *listener,
                      gpointer                    user_data,
                      GDestroyNotify              destroy)
{
  dbr_transport_start (TEST_SLOW_TRANSPORT (transport)->inner, listener, user_data, destroy);
}

static guint32
slow_transport_reserve_serial (DbrTransport *transport)
{
  return dbr_transport_reserve_serial (TEST_SLOW_TRANSPORT (transport)->inner);
}

static gboolean
slow_transport_send (DbrTransport       *transport,
                     guint32             serial,
                     const DbrOutgoing  *outgoing,
                     GError            **error)
{
  SlowTransport *self = TEST_SLOW_TRANSPORT (transport);

  if (!dbr_transport_send (self->inner, serial, outgoing, error))
    return FALSE;
  if (!g_str_equal (outgoing->member, "GetNameOwner"))
    return TRUE;

  /* The bus answers in order. */
  ask_bus (self->connection, "GetId", NULL);
  ask_bus (self->other, "RequestName", g_variant_new ("(su)", CALLED_NAME, 0));
  g_mutex_lock (&self->mutex);
  while (!self->is_told)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);

  return TRUE;
}

static gboolean
slow_transport_close (DbrTransport *transport)
{
  return dbr_transport_close (TEST_SLOW_TRANSPORT (transport)->inner);
}

static void
slow_transport_iface_init (DbrTransportInterface *iface)
{
  iface->start = slow_transport_start;
  iface->reserve_serial = slow_transport_reserve_serial;
  iface->send = slow_transport_send;
  iface->close = slow_transport_close;
}

static void
slow_transport_finalize (GObject *object)
{
  SlowTransport *self = TEST_SLOW_TRANSPORT (object);

  g_object_unref (self->inner);
  g_object_unref (self->connection);
  g_object_unref (self->other);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);

  G_OBJECT_CLASS (slow_transport_parent_class)->finalize (object);
}

static void
slow_transport_class_init (SlowTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = slow_transport_finalize;
}

static void
slow_transport_init (SlowTransport *self)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
}

static SlowTransport *
slow_transport_new (DbrTestBus *bus)
{
  const DbrTransportLimits limits = { 128, 1 << 20, 16, 512 };
  SlowTransport *self = g_object_new (TEST_TYPE_SLOW_TRANSPORT, NULL);

  self->connection = dbr_test_bus_connect (bus);
  self->other = dbr_test_bus_connect (bus);
  self->inner = dbr_gdbus_transport_new_adopted (self->connection, &limits);

  return self;
}

static void
told_cb (gpointer    user_data,
         const char *bus_name,
         const char *owner,
         gboolean    is_change)
{
  SlowTransport *self = user_data;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->is_told |= owner != NULL;
  g_cond_signal (&self->cond);
}

static const DbrOwnersListener owners_listener = { .told = told_cb };

static void
heard_cb (gpointer    user_data,
          DbrMessage *message)
{
  dbr_owners_hear (user_data, message);
}

static void
ignore_orphan_cb (gpointer         user_data,
                  const DbrOrphan *orphan,
                  DbrMessage      *reply)
{
}

static void
ignore_lost_cb (gpointer  user_data,
                DbrLane  *lane,
                GError   *error)
{
}

static void
ignore_eased_cb (gpointer user_data)
{
}

static const DbrLaneListener lane_listener = {
  .orphan_ended = ignore_orphan_cb,
  .signal = heard_cb,
  .lost = ignore_lost_cb,
  .eased = ignore_eased_cb,
};

static void
test_overtaken (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(SlowTransport) transport = slow_transport_new (bus);
  g_autoptr(DbrOwners) owners = dbr_owners_new ();
  g_autoptr(DbrLane) lane = dbr_lane_new (DBR_TRANSPORT (transport), TRUE, 128, &lane_listener,
                                          g_object_ref (owners), g_object_unref);
  g_autoptr(GError) reason = g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED, "The test is over");
  g_autofree char *owner = NULL;

  g_test_summary ("A change that comes before who has asked for the owner goes on is later than the "
                  "answer");
  dbr_owners_set_listener (owners, &owners_listener, transport);
  dbr_lane_start (lane);
  dbr_owners_follow (owners, lane, CALLED_NAME, FALSE);
  owner = dbr_owners_dup_owner (owners, CALLED_NAME);
  g_assert_cmpstr (owner, ==, g_dbus_connection_get_unique_name (transport->other));

  dbr_lane_close (lane, reason);
}

static DbrLane *
ref_lane (DbrLink *link)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&link->mutex);

  return g_object_ref (link->lane);
}

static void
test_held_up (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  DbrLink *link = scene->client->link;
  g_autoptr(DbrRequest) request = dbr_request_new (CALLED_NAME, SCENE_PATH, "org.dbr.Test1", "Ping",
                                                   NULL, NULL);
  g_autoptr(DbrExchange) exchange = dbr_exchange_new (request, "default", DBR_TEST_PATIENCE_MS);
  g_autoptr(DbrLane) lane = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A name is followed although who first called it was held up while the connection "
                  "was lost and made anew");
  settle (scene);
  lane = ref_lane (link);
  dbr_test_bus_kill (scene->bus);
  dbr_test_wait_until (NULL, dbr_client_get_state (scene->client) == DBR_CLIENT_STATE_RECONNECTING,
                       DBR_TEST_PATIENCE_MS);
  dbr_test_bus_restart (scene->bus);
  settle (scene);

  dbr_exchange_start_sync (exchange, NULL);
  dbr_link_send (link, lane, exchange);
  dbr_exchange_wait (exchange);
  g_assert_null (dbr_exchange_take_value (exchange, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
  settle (scene);
  g_assert_true (is_followed (scene, CALLED_NAME));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/owners/forgets-old-names", test_forgets);
  g_test_add_func ("/dbr/owners/follows-again", test_followed_again);
  g_test_add_func ("/dbr/owners/is-overtaken", test_overtaken);
  g_test_add_func ("/dbr/owners/is-held-up", test_held_up);

  return g_test_run ();
}
