/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-actor.h"

/* A service that counts aloud, and subscriptions that hear it: in turn, each number at most once,
 * and each that was said while nothing was wrong. */

#define TICK_MS 25

/* A number is owed if nothing was wrong for this long before it, and for this long behind. */
#define CALM_MS 1500
#define BEHIND_USEC (600 * 1000)
/* And has to have come by then. */
#define OWED_USEC (dbr_test_stretch (2 * G_USEC_PER_SEC))

typedef struct
{
  const char          *bus_name;
  const char          *path;
  const char          *member;
  DbrSubscriptionFlags flags;
} Kind;

static const Kind kinds[] = {
  { CHAOS_CALM, CHAOS_PATH, "Tick", DBR_SUBSCRIPTION_FLAGS_NONE },
  { CHAOS_CALM, "/org/dbr", NULL, DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE },
  { CHAOS_CALM, NULL, "Tick", DBR_SUBSCRIPTION_FLAGS_NONE },
};

typedef struct _Signals Signals;

typedef struct
{
  Signals         *signals;
  guint            number;
  DbrSubscription *subscription;
  ChaosOp         *starting;
  gint64           heard_usec;
  guint32          heard;
  /* the numbers that may become owed, with the time of each */
  GQueue           said;
  GHashTable      *came;
} Ear;

typedef struct
{
  guint32  tick;
  gint64   said_usec;
  gint64   held_usec;
  gboolean is_owed;
} Said;

struct _Signals
{
  ChaosWorld *world;
  GRand      *rand;
  DbrClient  *client;
  Ear         ears[G_N_ELEMENTS (kinds)];
  gint64      next_usec;
  guint32     proof;
};

static void
received_cb (const DbrTestSignal *heard,
             gpointer             user_data)
{
  Ear *self = user_data;
  ChaosWorld *world = self->signals->world;
  gint64 now = g_get_monotonic_time ();
  gboolean is_tainted = chaos_world_is_tainted_since (world, self->heard_usec);
  guint32 tick;

  self->heard_usec = now;
  if (g_strcmp0 (heard->member, "Tick") != 0
      || !g_variant_is_of_type (heard->parameters, G_VARIANT_TYPE ("(u)")))
    return;

  g_variant_get (heard->parameters, "(u)", &tick);
  g_hash_table_add (self->came, GUINT_TO_POINTER (tick));
  if (!is_tainted && tick <= self->heard)
    chaos_world_fail (world, "subscription %u heard %u after %u", self->number, tick, self->heard);
  if (!is_tainted && tick > chaos_world_get_tick (world))
    chaos_world_fail (world, "subscription %u heard %u, which nobody has said", self->number, tick);
  self->heard = tick;
}

static void
started_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  Ear *self = user_data;
  g_autoptr(GError) error = NULL;

  chaos_op_end (self->starting);
  self->starting = NULL;
  if (!dbr_subscription_start_finish (DBR_SUBSCRIPTION (source), result, &error))
    g_clear_object (&self->subscription);
}

static void
ear_open (Ear *self)
{
  const Kind *kind = &kinds[self->number];

  self->subscription = dbr_subscription_new (self->signals->client, kind->bus_name, kind->path,
                                             DBR_TEST_INTERFACE, kind->member, NULL, kind->flags);
  chaos_world_watch (self->signals->world, self->subscription);
  dbr_test_listen (self->subscription, received_cb, self);
  self->starting = chaos_op_begin (self->signals->world, "a subscription's start", 10000);
  dbr_subscription_start_async (self->subscription, NULL, started_cb, self);
}

static void
ear_close (Ear *self)
{
  g_queue_clear_full (&self->said, g_free);
  if (self->subscription == NULL)
    return;

  dbr_subscription_stop (self->subscription);
  g_signal_handlers_disconnect_by_data (self->subscription, self);
  g_clear_object (&self->subscription);
}

static gboolean
ear_hears (Ear *self)
{
  return self->subscription != NULL && self->starting == NULL
         && dbr_subscription_get_active (self->subscription);
}

static void
ear_note_said (Ear     *self,
               guint32  tick)
{
  gint64 now = g_get_monotonic_time ();
  Said *said;

  if (!ear_hears (self) || !chaos_world_is_calm_since (self->signals->world, now, CALM_MS))
    return;

  said = g_new0 (Said, 1);
  said->tick = tick;
  said->said_usec = now;
  said->held_usec = chaos_world_get_held_usec (self->signals->world);
  g_queue_push_tail (&self->said, said);
}

/* TRUE: it has come, or nobody waits for it any more. */
static gboolean
ear_settle (Ear  *self,
            Said *said)
{
  ChaosWorld *world = self->signals->world;
  gint64 now = g_get_monotonic_time ();
  gint64 held_usec = chaos_world_get_held_usec (world) - said->held_usec;

  if (g_hash_table_contains (self->came, GUINT_TO_POINTER (said->tick)))
    return TRUE;
  if (!said->is_owed && now > said->said_usec + BEHIND_USEC)
    said->is_owed = chaos_world_is_calm_since (world, said->said_usec, CALM_MS);
  if (now < said->said_usec + OWED_USEC + held_usec)
    return FALSE;

  if (said->is_owed)
    chaos_world_fail (world, "subscription %u has not heard %u, said while nothing was wrong",
                      self->number, said->tick);

  return TRUE;
}

static void
ear_check_said (Ear *self)
{
  GList *next;

  for (GList *link = self->said.head; link != NULL; link = next)
    {
      next = link->next;
      if (ear_settle (self, link->data))
        {
          g_free (link->data);
          g_queue_delete_link (&self->said, link);
        }
    }
}

static void
signals_say (Signals *self)
{
  gint64 now = g_get_monotonic_time ();
  guint32 tick;

  if (now < self->next_usec)
    return;

  self->next_usec = now + TICK_MS * 1000;
  tick = chaos_world_emit_tick (self->world);
  for (gsize i = 0; tick != 0 && i < G_N_ELEMENTS (kinds); i++)
    ear_note_said (&self->ears[i], tick);
}

static gpointer
signals_begin (ChaosWorld *world)
{
  Signals *self = g_new0 (Signals, 1);

  self->world = world;
  self->rand = chaos_world_new_rand (world);
  self->client = chaos_world_new_client (world);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      Ear *ear = &self->ears[i];

      ear->signals = self;
      ear->number = i;
      ear->came = g_hash_table_new (NULL, NULL);
      g_queue_init (&ear->said);
      ear_open (ear);
    }

  return self;
}

static void
signals_act (gpointer actor)
{
  Signals *self = actor;

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      Ear *ear = &self->ears[i];

      ear_check_said (ear);
      if (ear->subscription == NULL)
        ear_open (ear);
      /* The first one lasts, the others come and go. */
      else if (i > 0 && ear->starting == NULL && dbr_test_happens (self->rand, 3))
        ear_close (ear);
    }
  signals_say (self);
}

static const char *
signals_is_ill (gpointer actor,
                gboolean is_calm)
{
  Signals *self = actor;
  const char *ill = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      Ear *ear = &self->ears[i];

      ear_check_said (ear);
      if (ear->subscription == NULL)
        ear_open (ear);
      if (!ear_hears (ear))
        ill = "a subscription";
    }
  if (!is_calm || ill != NULL)
    return ill != NULL ? ill : "the signals";

  signals_say (self);
  if (self->proof == 0)
    self->proof = chaos_world_get_tick (self->world);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (self->ears[i].heard <= self->proof)
        return "the signals of a subscription";
    }

  return NULL;
}

static void
signals_check (gpointer actor)
{
}

static void
signals_end (gpointer actor)
{
  Signals *self = actor;

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      ear_close (&self->ears[i]);
      g_hash_table_unref (self->ears[i].came);
    }
  g_clear_object (&self->client);
  g_rand_free (self->rand);
  g_free (self);
}

const ChaosActor chaos_signals = {
  "signals", signals_begin, signals_act, signals_is_ill, signals_check, signals_end,
};
