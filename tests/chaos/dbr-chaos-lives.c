/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-actor.h"

/* Clients, pools and monitors that live for a moment only, and are closed, cancelled or just dropped
 * while they are connecting, waiting or being answered. */

#define MAX_LIVES 6
#define MAX_DEEDS 4
#define LIMIT_MS 1000
#define OPEN_MS 25000

typedef struct
{
  ChaosWorld *world;
  GRand      *rand;
  GPtrArray  *lives;
  guint       n_under_way;
} Lives;

typedef struct
{
  DbrClient         *client;
  DbrPool           *pool;
  DbrServiceMonitor *monitor;
  DbrSubscription   *subscription;
  GCancellable      *cancellable;
  gint64             end_usec;
} Life;

typedef enum
{
  DEED_CALL,
  DEED_READ,
  DEED_PING,
  DEED_WAIT,
  DEED_LIST,
  DEED_INTROSPECT,
  DEED_PROXY,
  DEED_OPEN,
  DEED_SUBSCRIBE,
  DEED_CHECK,
  DEED_ACQUIRE,
  DEED_CLOSE,
  DEED_CLOSE_POOL,
} Deed;

typedef struct
{
  Lives   *lives;
  ChaosOp *op;
  Deed     deed;
} Doing;

/* The ends of what they do */

static void
drop_object (gpointer object)
{
  if (object != NULL)
    g_object_unref (object);
}

static void
finish (Deed          deed,
        GObject      *source,
        GAsyncResult *result)
{
  g_autoptr(GVariant) reply = NULL;
  g_auto(GStrv) names = NULL;
  g_autofree char *text = NULL;

  switch (deed)
    {
    case DEED_CALL:
      reply = dbr_client_call_finish (DBR_CLIENT (source), result, NULL);
      break;

    case DEED_READ:
      reply = dbr_client_read_property_finish (DBR_CLIENT (source), result, NULL);
      break;

    case DEED_PING:
      dbr_client_ping_finish (DBR_CLIENT (source), result, NULL);
      break;

    case DEED_WAIT:
      text = dbr_client_wait_for_service_finish (DBR_CLIENT (source), result, NULL);
      break;

    case DEED_LIST:
      names = dbr_client_list_names_finish (DBR_CLIENT (source), result, NULL);
      break;

    case DEED_INTROSPECT:
      text = dbr_client_introspect_finish (DBR_CLIENT (source), result, NULL);
      break;

    case DEED_PROXY:
      drop_object (dbr_client_get_proxy_finish (DBR_CLIENT (source), result, NULL));
      break;

    case DEED_OPEN:
      dbr_client_open_finish (DBR_CLIENT (source), result, NULL);
      break;

    case DEED_SUBSCRIBE:
      dbr_subscription_start_finish (DBR_SUBSCRIPTION (source), result, NULL);
      break;

    case DEED_CHECK:
      dbr_service_monitor_check_finish (DBR_SERVICE_MONITOR (source), result, NULL);
      break;

    case DEED_ACQUIRE:
      drop_object (dbr_pool_acquire_finish (DBR_POOL (source), result, NULL));
      break;

    case DEED_CLOSE:
      dbr_client_close_finish (DBR_CLIENT (source), result, NULL);
      break;

    case DEED_CLOSE_POOL:
    default:
      dbr_pool_close_finish (DBR_POOL (source), result, NULL);
      break;
    }
}

static void
done_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autofree Doing *self = user_data;

  finish (self->deed, source, result);
  chaos_op_end (self->op);
  self->lives->n_under_way--;
}

static Doing *
lives_begin_deed (Lives      *self,
                  Deed        deed,
                  const char *what,
                  guint       limit_ms)
{
  Doing *doing = g_new0 (Doing, 1);

  doing->lives = self;
  doing->deed = deed;
  doing->op = chaos_op_begin (self->world, what, limit_ms);
  self->n_under_way++;

  return doing;
}

/* What they do */

static void
life_subscribe (Life  *self,
                Lives *lives)
{
  if (self->subscription != NULL)
    return;

  self->subscription = dbr_subscription_new (self->client, CHAOS_CALM, NULL, DBR_TEST_INTERFACE,
                                             NULL, NULL, DBR_SUBSCRIPTION_FLAGS_NONE);
  chaos_world_watch (lives->world, self->subscription);
  dbr_subscription_start_async (self->subscription, self->cancellable, done_cb,
                                lives_begin_deed (lives, DEED_SUBSCRIBE,
                                                  "a short subscription's start", 10000));
}

static void
life_check (Life  *self,
            Lives *lives)
{
  if (self->monitor == NULL)
    {
      self->monitor = dbr_service_monitor_new (self->client, CHAOS_CALM);
      chaos_world_watch (lives->world, self->monitor);
      dbr_service_monitor_start (self->monitor, NULL);
    }
  dbr_service_monitor_check_async (self->monitor, self->cancellable, done_cb,
                                   lives_begin_deed (lives, DEED_CHECK, "a short monitor's check",
                                                     6000));
}

static void
life_acquire (Life  *self,
              Lives *lives)
{
  if (self->pool == NULL)
    {
      self->pool = dbr_pool_new_for_address (chaos_world_get_address (lives->world));
      g_object_set (self->pool, "acquire-timeout-ms", LIMIT_MS, NULL);
      chaos_world_watch (lives->world, self->pool);
    }
  dbr_pool_acquire_async (self->pool, self->cancellable, done_cb,
                          lives_begin_deed (lives, DEED_ACQUIRE, "a short pool's lease",
                                            LIMIT_MS));
}

static void
life_act (Life  *self,
          Lives *lives,
          Deed   deed)
{
  Doing *doing;

  if (deed == DEED_SUBSCRIBE)
    life_subscribe (self, lives);
  else if (deed == DEED_CHECK)
    life_check (self, lives);
  else if (deed == DEED_ACQUIRE)
    life_acquire (self, lives);
  if (deed >= DEED_SUBSCRIBE)
    return;

  doing = lives_begin_deed (lives, deed, deed == DEED_OPEN ? "opening a short client"
                                                           : "what a short client does",
                            deed == DEED_OPEN ? OPEN_MS : 5000);
  if (deed == DEED_CALL)
    dbr_client_call_async (self->client, CHAOS_WILD, CHAOS_PATH, DBR_TEST_INTERFACE, "Slow",
                           g_variant_new ("(s)", "short"), NULL, LIMIT_MS, self->cancellable,
                           done_cb, doing);
  else if (deed == DEED_READ)
    dbr_client_read_property_async (self->client, CHAOS_CALM, CHAOS_PATH, DBR_TEST_INTERFACE,
                                    "Level", self->cancellable, done_cb, doing);
  else if (deed == DEED_PING)
    dbr_client_ping_async (self->client, CHAOS_CALM, self->cancellable, done_cb, doing);
  else if (deed == DEED_WAIT)
    dbr_client_wait_for_service_async (self->client, CHAOS_CALM, LIMIT_MS, self->cancellable,
                                       done_cb, doing);
  else if (deed == DEED_LIST)
    dbr_client_list_names_async (self->client, FALSE, self->cancellable, done_cb, doing);
  else if (deed == DEED_INTROSPECT)
    dbr_client_introspect_async (self->client, CHAOS_CALM, CHAOS_PATH, self->cancellable, done_cb,
                                 doing);
  else if (deed == DEED_PROXY)
    dbr_client_get_proxy_async (self->client, CHAOS_CALM, CHAOS_PATH, DBR_TEST_INTERFACE,
                                self->cancellable, done_cb, doing);
  else
    dbr_client_open_async (self->client, self->cancellable, done_cb, doing);
}

static void
lives_add (Lives *self)
{
  Life *life = g_new0 (Life, 1);
  guint n_deeds = dbr_test_draw (self->rand, 1, MAX_DEEDS);

  life->client = chaos_world_new_client (self->world);
  life->cancellable = g_cancellable_new ();
  life->end_usec = g_get_monotonic_time () + dbr_test_draw (self->rand, 0, 400) * 1000;
  g_ptr_array_add (self->lives, life);
  for (guint i = 0; i < n_deeds; i++)
    life_act (life, self, (Deed) dbr_test_draw (self->rand, DEED_CALL, DEED_ACQUIRE));
}

/* Their ends */

static void
life_free (Life *self)
{
  g_clear_object (&self->subscription);
  g_clear_object (&self->monitor);
  g_clear_object (&self->pool);
  g_clear_object (&self->client);
  g_clear_object (&self->cancellable);
  g_free (self);
}

static void
lives_end_one (Lives *self,
               Life  *life)
{
  if (dbr_test_happens (self->rand, 300))
    g_cancellable_cancel (life->cancellable);
  if (dbr_test_happens (self->rand, 300))
    dbr_client_close_async (life->client, NULL, done_cb,
                            lives_begin_deed (self, DEED_CLOSE, "closing a client", 1000));
  if (life->pool != NULL && dbr_test_happens (self->rand, 500))
    dbr_pool_close_async (life->pool, NULL, done_cb,
                          lives_begin_deed (self, DEED_CLOSE_POOL, "closing a pool", 1000));
  if (life->monitor != NULL && dbr_test_happens (self->rand, 500))
    dbr_service_monitor_stop (life->monitor);
}

static void
lives_end_old (Lives *self)
{
  gint64 now = g_get_monotonic_time ();

  for (guint i = self->lives->len; i-- > 0;)
    {
      Life *life = g_ptr_array_index (self->lives, i);

      if (life->end_usec > now)
        continue;

      lives_end_one (self, life);
      g_ptr_array_remove_index_fast (self->lives, i);
    }
}

static gpointer
lives_begin (ChaosWorld *world)
{
  Lives *self = g_new0 (Lives, 1);

  self->world = world;
  self->rand = chaos_world_new_rand (world);
  self->lives = g_ptr_array_new_with_free_func ((GDestroyNotify) life_free);

  return self;
}

static void
lives_act (gpointer actor)
{
  Lives *self = actor;

  lives_end_old (self);
  if (self->lives->len < MAX_LIVES && dbr_test_happens (self->rand, 80))
    lives_add (self);
}

static const char *
lives_is_ill (gpointer actor,
              gboolean is_calm)
{
  Lives *self = actor;

  lives_end_old (self);

  return self->lives->len + self->n_under_way > 0 ? "the short lives" : NULL;
}

static void
lives_check (gpointer actor)
{
}

static void
lives_end (gpointer actor)
{
  Lives *self = actor;

  g_ptr_array_unref (self->lives);
  g_rand_free (self->rand);
  g_free (self);
}

const ChaosActor chaos_lives = {
  "lives", lives_begin, lives_act, lives_is_ill, lives_check, lives_end,
};
