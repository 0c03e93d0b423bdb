/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-actor.h"

/* A level that changes all the time, looked at through proxies, and by asking: what is called fresh
 * is true, and no value is one that never was. */

static const char *const paths[] = { CHAOS_PATH, CHAOS_OTHER_PATH };

#define N_PROXIES G_N_ELEMENTS (paths)
#define MAX_UNDER_WAY 12

/* So long after a storm, and so long after a change, a fresh value is the new one. */
#define CALM_MS 1200
#define SLACK_USEC (dbr_test_stretch (G_USEC_PER_SEC))
/* A read may share the answer to one that was begun so long before. */
#define SHARED_USEC (300 * 1000)

/* A property that nobody but us writes. */
#define WRITTEN_PATH "/org/dbr/Written"

typedef struct
{
  ChaosWorld *world;
  GRand      *rand;
  DbrClient  *client;
  DbrProxy   *proxies[N_PROXIES];
  guint       n_under_way;

  /* what is tried at the end: the write, and the read behind it */
  gboolean    is_proving;
  gboolean    is_proven;
} Values;

typedef struct
{
  Values     *values;
  ChaosOp    *op;
  DbrProxy  **place;
} Look;

static Look *
values_begin_look (Values     *self,
                   const char *what,
                   guint       limit_ms)
{
  Look *look = g_new0 (Look, 1);

  look->values = self;
  look->op = chaos_op_begin (self->world, what, limit_ms);
  self->n_under_way++;

  return look;
}

/* TRUE: its bytes were those that were sent. */
static gboolean
look_end (Look *self)
{
  self->values->n_under_way--;

  return chaos_op_end (self->op);
}

static void
values_check_read (Values   *self,
                   Look     *look,
                   GVariant *value)
{
  gint64 began = chaos_op_get_began (look->op);
  guint32 level = g_variant_get_uint32 (value);

  if (!chaos_world_had_level_since (self->world, level, began - SHARED_USEC))
    chaos_world_fail (self->world, "a read that was begun at a time gave %u, which was no longer "
                      "true then", level);
}

static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autofree Look *look = user_data;
  g_autoptr(GVariant) value = NULL;

  value = dbr_client_read_property_finish (DBR_CLIENT (source), result, NULL);
  if (look_end (look) && value != NULL)
    values_check_read (look->values, look, value);
}

static void
proxy_read_cb (GObject      *source,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autofree Look *look = user_data;
  g_autoptr(GVariant) value = dbr_proxy_read_finish (DBR_PROXY (source), result, NULL);
  ChaosWorld *world = look->values->world;

  /* It may be an old one where the service does not answer; but not one that never was, unless what
   * changed it is kept until all is read anew. */
  if (look_end (look) && value != NULL
      && chaos_world_is_calm_since (world, chaos_op_get_began (look->op), CALM_MS)
      && !chaos_world_had_level_since (world, g_variant_get_uint32 (value), 0))
    chaos_world_fail (world, "a proxy's read gave %u, which never was",
                      g_variant_get_uint32 (value));
}

/* Of a refresh and of a write it is enough that they end. */
static void
ended_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autofree Look *look = user_data;

  if (DBR_IS_PROXY (source))
    dbr_proxy_refresh_finish (DBR_PROXY (source), result, NULL);
  else
    dbr_client_write_property_finish (DBR_CLIENT (source), result, NULL);
  look_end (look);
}

static void
got_proxy_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autofree Look *look = user_data;
  Values *self = look->values;
  DbrProxy *proxy = dbr_client_get_proxy_finish (DBR_CLIENT (source), result, NULL);

  look_end (look);
  if (proxy == NULL)
    return;

  if (*look->place == NULL)
    {
      *look->place = proxy;
      chaos_world_watch (self->world, proxy);
    }
  else
    {
      g_object_unref (proxy);
    }
}

static void
values_get_proxy (Values     *self,
                  DbrProxy  **place,
                  const char *path)
{
  Look *look = values_begin_look (self, "getting a proxy", 5000);

  look->place = place;
  dbr_client_get_proxy_async (self->client, CHAOS_CALM, path, DBR_TEST_INTERFACE, NULL,
                              got_proxy_cb, look);
}

static gpointer
values_begin (ChaosWorld *world)
{
  Values *self = g_new0 (Values, 1);

  self->world = world;
  self->rand = chaos_world_new_rand (world);
  self->client = chaos_world_new_client (world);

  return self;
}

/* Whether the proxy calls a value fresh that is none. */
static gboolean
is_stale (Values   *self,
          DbrProxy *proxy,
          guint32  *level)
{
  g_autoptr(GVariant) value = dbr_proxy_get_cached (proxy, "Level");
  gint64 now = g_get_monotonic_time ();

  if (!dbr_proxy_get_fresh (proxy) || value == NULL)
    return FALSE;

  *level = g_variant_get_uint32 (value);

  return !chaos_world_had_level_since (self->world, *level, now - SLACK_USEC);
}

static void
values_check_fresh (Values *self)
{
  gint64 now = g_get_monotonic_time ();
  guint32 level = 0;

  if (!chaos_world_is_calm_since (self->world, now, CALM_MS)
      || chaos_world_is_tainted_since (self->world, now - SLACK_USEC))
    return;

  for (gsize i = 0; i < N_PROXIES; i++)
    {
      if (self->proxies[i] == NULL || !is_stale (self, self->proxies[i], &level))
        continue;

      chaos_world_fail (self->world, "a proxy calls the level %u fresh, which it was more than a "
                        "second ago", level);
    }
}

static void
values_act (gpointer actor)
{
  Values *self = actor;
  DbrProxy **place = &self->proxies[dbr_test_draw (self->rand, 0, N_PROXIES - 1)];

  values_check_fresh (self);
  if (self->n_under_way >= MAX_UNDER_WAY || !dbr_test_happens (self->rand, 150))
    return;

  if (*place == NULL)
    values_get_proxy (self, place, paths[place - self->proxies]);
  /* The first one is left to itself; those of one path would have one set of values. */
  else if (place != self->proxies && dbr_test_happens (self->rand, 50))
    g_clear_object (place);
  else if (place != self->proxies && dbr_test_happens (self->rand, 100))
    dbr_proxy_refresh_async (*place, NULL, ended_cb,
                             values_begin_look (self, "a proxy's refresh", 3000));
  else if (dbr_test_happens (self->rand, 400))
    dbr_proxy_read_async (*place, "Level", NULL, proxy_read_cb,
                          values_begin_look (self, "a proxy's read", 2000));
  else if (dbr_test_happens (self->rand, 300))
    dbr_client_write_property_async (self->client, CHAOS_CALM, WRITTEN_PATH, DBR_TEST_INTERFACE,
                                     "Level", g_variant_new_uint32 (7), NULL, ended_cb,
                                     values_begin_look (self, "a write", 2000));
  else
    dbr_client_read_property_async (self->client, CHAOS_CALM, CHAOS_PATH, DBR_TEST_INTERFACE,
                                    "Level", NULL, read_cb,
                                    values_begin_look (self, "a read", 2000));
}

/* What is written is read */

static void
proof_read_cb (GObject      *source,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autofree Look *look = user_data;
  Values *self = look->values;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) value = dbr_client_read_property_finish (DBR_CLIENT (source), result, &error);

  look_end (look);
  self->is_proving = FALSE;
  self->is_proven = value != NULL && g_variant_get_uint32 (value) == 77;
  if (value != NULL && !self->is_proven)
    chaos_world_fail (self->world, "what was written is not what was read");
}

static void
proof_written_cb (GObject      *source,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autofree Look *look = user_data;
  Values *self = look->values;

  look_end (look);
  self->is_proving = dbr_client_write_property_finish (DBR_CLIENT (source), result, NULL);
  if (self->is_proving)
    dbr_client_read_property_async (self->client, CHAOS_CALM, WRITTEN_PATH, DBR_TEST_INTERFACE,
                                    "Level", NULL, proof_read_cb,
                                    values_begin_look (self, "a read", 2000));
}

static gboolean
values_is_fresh (Values   *self,
                 DbrProxy *proxy)
{
  g_autoptr(GVariant) value = dbr_proxy_get_cached (proxy, "Level");
  guint32 level;

  return dbr_proxy_get_fresh (proxy) && value != NULL && !is_stale (self, proxy, &level);
}

static const char *
values_is_ill (gpointer actor,
               gboolean is_calm)
{
  Values *self = actor;

  values_check_fresh (self);
  if (is_calm && !self->is_proven && !self->is_proving)
    {
      self->is_proving = TRUE;
      dbr_client_write_property_async (self->client, CHAOS_CALM, WRITTEN_PATH, DBR_TEST_INTERFACE,
                                       "Level", g_variant_new_uint32 (77), NULL, proof_written_cb,
                                       values_begin_look (self, "a write", 2000));
    }
  if (!self->is_proven)
    return "a property that was written";

  for (gsize i = 0; i < N_PROXIES; i++)
    {
      if (self->proxies[i] == NULL)
        {
          if (self->n_under_way == 0)
            values_get_proxy (self, &self->proxies[i], paths[i]);
          return "a proxy";
        }
      if (!values_is_fresh (self, self->proxies[i]))
        return "a proxy's values";
    }

  return NULL;
}

static void
values_check (gpointer actor)
{
}

static void
values_end (gpointer actor)
{
  Values *self = actor;

  for (gsize i = 0; i < N_PROXIES; i++)
    g_clear_object (&self->proxies[i]);
  g_clear_object (&self->client);
  g_rand_free (self->rand);
  g_free (self);
}

const ChaosActor chaos_values = {
  "values", values_begin, values_act, values_is_ill, values_check, values_end,
};
