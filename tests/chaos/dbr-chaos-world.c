/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-world.h"

#include <signal.h>
#include <string.h>

#include "dbr-chaos-script.h"
#include "dbr-wild.h"

/* What was changed on its way may be waiting somewhere for so long after its connection ended. */
#define TAINT_MS 500

/* The level changes this often; and once just after connections were cut, to rest for a while then. */
#define LEVEL_MS 60
#define MISSED_MS 15
#define REST_MS 2500

/* The main loop turns this often, on a machine that has time for it. */
#define BEAT_USEC (20 * 1000)

/* After so many failures the others say nothing new. */
#define MAX_FAILURES 20

static const struct
{
  const char *name;
  /* %s is the file that notes what was done */
  const char *script;
} peers[CHAOS_N_PEERS] = {
  [CHAOS_PEER_WILD] = {
    CHAOS_WILD, "record %s\n" WILD_SCRIPT
  },
  [CHAOS_PEER_CALM] = { CHAOS_CALM, "record %s\n" },
  [CHAOS_PEER_DESK] = { "org.freedesktop.Notifications", "record %s\n" },
  [CHAOS_PEER_BLUEZ] = {
    DBR_TEST_BLUEZ_NAME,
    "record %s\n"
    "plug hci0 " DBR_TEST_BLUEZ_ADAPTER "\n"
    "bond hci0 " DBR_TEST_BLUEZ_DEVICE " Heart\n"
    "near " DBR_TEST_BLUEZ_DEVICE " Heart\n",
  },
};

/* What was true of a value from some time on, at the latest. */
typedef struct
{
  guint32 level;
  gint64  known_usec;
} Level;

struct _ChaosWorld
{
  /* identity */
  guint32      seed;
  guint        ms;
  gboolean     is_verbose;
  gint64       began_usec;
  char        *folder;

  DbrTestBus     *bus;
  ChaosProxy     *proxy;
  DbrTestPeer    *peers[CHAOS_N_PEERS];
  DbrTestSystemd *systemd;

  /* the script: what has begun by now, and what of that still lasts */
  GArray      *script;
  guint        n_begun;
  GArray      *lasting;
  gboolean     is_bus_away;
  guint        n_rands;

  /* the truth */
  GArray      *levels;
  gint64       next_level_usec;
  gboolean     is_missed;
  guint32      tick;

  GMutex       mutex;

  /* guarded by mutex */
  gint64       calm_usec;
  gint64       tainted_usec;
  gint64       beat_usec;
  gint64       held_usec;
  GPtrArray   *ops;
  guint        n_pending;
  GHashTable  *watched;
  guint        n_failures;
};

struct _ChaosOp
{
  ChaosWorld *world;
  const char *what;
  guint       limit_ms;
  gint64      began_usec;
  gint64      held_usec;
  guint       n_ended;
};

/* Failures */

void
chaos_world_fail (ChaosWorld *self,
                  const char *format,
                  ...)
{
  va_list arguments;
  g_autofree char *text = NULL;
  gint64 ms = (g_get_monotonic_time () - self->began_usec) / 1000;
  guint number;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_mutex_lock (&self->mutex);
  number = ++self->n_failures;
  g_mutex_unlock (&self->mutex);

  if (number <= MAX_FAILURES)
    g_printerr ("seed %u at %" G_GINT64_FORMAT " ms: %s\n", self->seed, ms, text);
}

guint
chaos_world_get_n_failures (ChaosWorld *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->n_failures;
}

static void
world_say (ChaosWorld *self,
           const char *word,
           const char *text)
{
  if (self->is_verbose)
    g_print ("%7" G_GINT64_FORMAT " ms  %s %s\n",
             (g_get_monotonic_time () - self->began_usec) / 1000, word, text);
}

/* What is watched */

static void
gone_cb (gpointer  data,
         GObject  *object)
{
  ChaosWorld *self = data;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_hash_table_remove (self->watched, object);
}

void
chaos_world_watch (ChaosWorld *self,
                   gpointer    object)
{
  g_mutex_lock (&self->mutex);
  g_hash_table_insert (self->watched, object, (gpointer) G_OBJECT_TYPE_NAME (object));
  g_mutex_unlock (&self->mutex);
  g_object_weak_ref (object, gone_cb, self);
}

static guint
world_count_watched (ChaosWorld *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_hash_table_size (self->watched);
}

void
chaos_world_check_gone (ChaosWorld *self)
{
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);
  GHashTableIter iter;
  gpointer object;
  gpointer name;

  while (world_count_watched (self) > 0 && g_get_monotonic_time () < deadline)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }

  g_hash_table_iter_init (&iter, self->watched);
  while (g_hash_table_iter_next (&iter, &object, &name))
    {
      chaos_world_fail (self, "a %s is left over, with %u references", (const char *) name,
                        G_OBJECT (object)->ref_count);
      g_object_weak_unref (object, gone_cb, self);
    }
  g_hash_table_remove_all (self->watched);
}

/* Operations */

/* What the main loop was held up since it was here last: by ourselves, who start services in it, or
 * by a machine that has others to serve. */
static gint64
world_get_held_locked (ChaosWorld *self)
{
  gint64 usec = g_get_monotonic_time () - self->beat_usec - BEAT_USEC;

  return self->held_usec + MAX (usec, 0);
}

gint64
chaos_world_get_held_usec (ChaosWorld *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return world_get_held_locked (self);
}

void
chaos_world_beat (ChaosWorld *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->held_usec = world_get_held_locked (self);
  self->beat_usec = g_get_monotonic_time ();
}

ChaosOp *
chaos_op_begin (ChaosWorld *world,
                const char *what,
                guint       limit_ms)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&world->mutex);
  ChaosOp *self = g_new0 (ChaosOp, 1);

  self->world = world;
  self->what = what;
  self->limit_ms = limit_ms;
  self->began_usec = g_get_monotonic_time ();
  self->held_usec = world_get_held_locked (world);
  g_ptr_array_add (world->ops, self);
  world->n_pending++;

  return self;
}

gboolean
chaos_op_end (ChaosOp *self)
{
  ChaosWorld *world = self->world;
  gint64 usec = g_get_monotonic_time () - self->began_usec;
  gint64 limit_usec = dbr_test_stretch (self->limit_ms * (gint64) 1000) + CHAOS_GRACE_USEC;
  gboolean is_tainted;

  g_mutex_lock (&world->mutex);
  limit_usec += world_get_held_locked (world) - self->held_usec;
  if (self->n_ended++ == 0)
    world->n_pending--;
  is_tainted = world->tainted_usec >= self->began_usec;
  g_mutex_unlock (&world->mutex);

  if (self->n_ended > 1)
    chaos_world_fail (world, "%s has ended %u times", self->what, self->n_ended);
  if (usec > limit_usec)
    chaos_world_fail (world, "%s took %" G_GINT64_FORMAT " ms of %u", self->what, usec / 1000,
                      self->limit_ms);

  return !is_tainted;
}

gint64
chaos_op_get_began (ChaosOp *self)
{
  return self->began_usec;
}

guint
chaos_world_count_ops (ChaosWorld *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->n_pending;
}

void
chaos_world_tell_ops (ChaosWorld *self)
{
  g_autoptr(GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer what;
  gpointer count;

  for (guint i = 0; i < self->ops->len; i++)
    {
      const ChaosOp *op = g_ptr_array_index (self->ops, i);

      count = g_hash_table_lookup (counts, op->what);
      g_hash_table_insert (counts, (gpointer) op->what,
                           GUINT_TO_POINTER (GPOINTER_TO_UINT (count) + 1));
    }

  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &what, &count))
    {
      g_autofree char *text = g_strdup_printf ("%6u x", GPOINTER_TO_UINT (count));

      world_say (self, text, what);
    }
}

void
chaos_world_check_ops (ChaosWorld *self)
{
  for (guint i = 0; i < self->ops->len; i++)
    {
      const ChaosOp *op = g_ptr_array_index (self->ops, i);

      if (op->n_ended == 0)
        chaos_world_fail (self, "%s, begun at %" G_GINT64_FORMAT " ms with a limit of %u ms, has "
                          "not ended", op->what, (op->began_usec - self->began_usec) / 1000,
                          op->limit_ms);
    }
}

/* The truth */

static void
world_note_level (ChaosWorld *self,
                  guint32     number)
{
  Level level = { number, g_get_monotonic_time () };

  g_array_append_val (self->levels, level);
}

gboolean
chaos_world_had_level_since (ChaosWorld *self,
                             guint32     level,
                             gint64      usec)
{
  for (guint i = self->levels->len; i-- > 0;)
    {
      const Level *one = &g_array_index (self->levels, Level, i);

      if (one->level == level)
        return TRUE;
      if (one->known_usec <= usec)
        return FALSE;
    }

  return FALSE;
}

static gboolean
world_is_peer_stopped (ChaosWorld *self,
                       ChaosPeer   peer)
{
  for (guint i = 0; i < self->lasting->len; i++)
    {
      const ChaosFault *fault = &g_array_index (self->lasting, ChaosFault, i);

      if ((fault->kind == CHAOS_FAULT_PEER_STOP || fault->kind == CHAOS_FAULT_PEER_KILL)
          && fault->place == peer)
        return TRUE;
    }

  return self->is_bus_away;
}

/* A change that nobody hears is put right by the next one, so that there is none for a while. */
static void
world_change_unheard (ChaosWorld *self)
{
  self->is_missed = TRUE;
  self->next_level_usec = g_get_monotonic_time () + MISSED_MS * 1000;
}

static void
world_set_level (ChaosWorld *self)
{
  gint64 now = g_get_monotonic_time ();
  guint32 level = self->levels->len;

  if (now < self->next_level_usec || world_is_peer_stopped (self, CHAOS_PEER_CALM)
      || chaos_world_is_calm_since (self, now, LEVEL_MS))
    return;

  dbr_test_peer_tell (self->peers[CHAOS_PEER_CALM], "set " CHAOS_PATH " " DBR_TEST_INTERFACE
                      ".Level uint32 %u", level);
  dbr_test_peer_tell (self->peers[CHAOS_PEER_CALM], "set " CHAOS_OTHER_PATH " " DBR_TEST_INTERFACE
                      ".Level uint32 %u", level);
  world_note_level (self, level);
  self->next_level_usec = now + (self->is_missed ? REST_MS : LEVEL_MS) * 1000;
  self->is_missed = FALSE;
}

guint32
chaos_world_get_tick (ChaosWorld *self)
{
  return self->tick;
}

/* Zero: just now it cannot. */
guint32
chaos_world_emit_tick (ChaosWorld *self)
{
  if (world_is_peer_stopped (self, CHAOS_PEER_CALM))
    return 0;

  dbr_test_peer_tell (self->peers[CHAOS_PEER_CALM], "emit " CHAOS_PATH " " DBR_TEST_INTERFACE
                      ".Tick (uint32 %u,)", ++self->tick);

  return self->tick;
}

gboolean
chaos_world_is_calm_since (ChaosWorld *self,
                           gint64      usec,
                           guint       ms)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->calm_usec < usec - dbr_test_stretch (ms * (gint64) 1000);
}

gboolean
chaos_world_is_tainted_since (ChaosWorld *self,
                              gint64      usec)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->tainted_usec >= usec;
}

/* Processes */

static void
world_start_peer (ChaosWorld *self,
                  ChaosPeer   peer)
{
  if (self->peers[peer] != NULL)
    {
      dbr_test_peer_restart (self->peers[peer]);
    }
  else
    {
      g_autofree char *name = g_strdup_printf ("record-%u", peer);
      g_autofree char *record = g_build_filename (self->folder, name, NULL);
      g_auto(GStrv) parts = g_strsplit (peers[peer].script, "%s", 2);
      g_autofree char *script = g_strconcat (parts[0], record, parts[1], NULL);

      self->peers[peer] = dbr_test_peer_new (self->bus, peers[peer].name, script);
    }
  if (peer == CHAOS_PEER_CALM)
    world_note_level (self, 0);
}

/* The wild one may be dead by one of its calls at any moment. */
static void
world_signal_peer (ChaosWorld *self,
                   ChaosPeer   peer,
                   int         number)
{
  if (dbr_test_peer_is_alive (self->peers[peer]))
    kill (dbr_test_peer_get_pid (self->peers[peer]), number);
}

static void
world_revive (ChaosWorld *self)
{
  if (!world_is_peer_stopped (self, CHAOS_PEER_WILD)
      && !dbr_test_peer_is_alive (self->peers[CHAOS_PEER_WILD]))
    world_start_peer (self, CHAOS_PEER_WILD);
}

static void
world_begin_process (ChaosWorld       *self,
                     const ChaosFault *fault)
{
  if (fault->kind == CHAOS_FAULT_PEER_STOP)
    world_signal_peer (self, fault->place, SIGSTOP);
  else if (fault->kind == CHAOS_FAULT_PEER_KILL)
    dbr_test_peer_kill (self->peers[fault->place]);
  else if (fault->kind == CHAOS_FAULT_BUS_STOP)
    dbr_test_bus_stop (self->bus);
  else
    dbr_test_bus_kill (self->bus);

  self->is_bus_away = fault->kind == CHAOS_FAULT_BUS_STOP || fault->kind == CHAOS_FAULT_BUS_KILL;
}

static void
world_end_process (ChaosWorld       *self,
                   const ChaosFault *fault)
{
  self->is_bus_away = FALSE;
  if (fault->kind == CHAOS_FAULT_PEER_STOP)
    {
      world_signal_peer (self, fault->place, SIGCONT);
    }
  else if (fault->kind == CHAOS_FAULT_PEER_KILL)
    {
      world_start_peer (self, fault->place);
    }
  else if (fault->kind == CHAOS_FAULT_BUS_STOP)
    {
      dbr_test_bus_cont (self->bus);
    }
  else
    {
      dbr_test_bus_restart (self->bus);
      for (ChaosPeer peer = 0; peer < CHAOS_N_PEERS; peer++)
        world_start_peer (self, peer);
      /* It does not look for a bus again that it has lost. */
      if (self->systemd != NULL)
        dbr_test_systemd_restart (self->systemd);
    }
}

/* The script */

static void
world_make_weather (ChaosWorld *self)
{
  ChaosWeather weather[CHAOS_N_WAYS] = { { 0 } };

  for (guint i = 0; i < self->lasting->len; i++)
    {
      const ChaosFault *fault = &g_array_index (self->lasting, ChaosFault, i);

      if (chaos_fault_is_weather (fault))
        chaos_fault_make_weather (fault, &weather[fault->place]);
    }
  for (ChaosWay way = 0; way < CHAOS_N_WAYS; way++)
    chaos_proxy_set_weather (self->proxy, way, &weather[way]);
}

static void
world_note_calm (ChaosWorld *self)
{
  gint64 now = g_get_monotonic_time ();
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->lasting->len > 0)
    self->calm_usec = G_MAXINT64;
  else if (self->calm_usec == G_MAXINT64)
    self->calm_usec = now;
}

static void
world_taint (ChaosWorld       *self,
             const ChaosFault *fault)
{
  gint64 end = g_get_monotonic_time () + (fault->lasts_ms + TAINT_MS) * (gint64) 1000;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (fault->kind == CHAOS_FAULT_CORRUPT)
    self->tainted_usec = MAX (self->tainted_usec, end);
}

static void
world_begin_fault (ChaosWorld       *self,
                   const ChaosFault *fault)
{
  g_autofree char *text = chaos_fault_to_text (fault);
  ChaosFault lasting = *fault;

  world_say (self, "begin", text);
  lasting.at_ms = (guint) ((g_get_monotonic_time () - self->began_usec) / 1000);
  g_array_append_val (self->lasting, lasting);
  world_note_calm (self);
  world_taint (self, fault);
  if (chaos_fault_is_process (fault))
    world_begin_process (self, fault);
  else if (chaos_fault_is_weather (fault))
    world_make_weather (self);
  else
    chaos_proxy_strike (self->proxy, &fault->strike);
  if (chaos_fault_is_strike (fault))
    world_change_unheard (self);
}

static void
world_end_fault (ChaosWorld *self,
                 guint       i)
{
  ChaosFault fault = g_array_index (self->lasting, ChaosFault, i);

  world_say (self, "  end", chaos_fault_get_name (fault.kind));
  g_array_remove_index (self->lasting, i);
  if (chaos_fault_is_process (&fault))
    world_end_process (self, &fault);
  else if (chaos_fault_is_weather (&fault))
    world_make_weather (self);
  world_note_calm (self);
}

static gboolean
world_has_process_fault (ChaosWorld *self)
{
  for (guint i = 0; i < self->lasting->len; i++)
    {
      if (chaos_fault_is_process (&g_array_index (self->lasting, ChaosFault, i)))
        return TRUE;
    }

  return FALSE;
}

gboolean
chaos_world_turn (ChaosWorld *self)
{
  guint now_ms = (guint) ((g_get_monotonic_time () - self->began_usec) / 1000);

  for (guint i = self->lasting->len; i-- > 0;)
    {
      const ChaosFault *fault = &g_array_index (self->lasting, ChaosFault, i);

      if (fault->at_ms + fault->lasts_ms <= now_ms)
        world_end_fault (self, i);
    }

  while (self->n_begun < self->script->len)
    {
      const ChaosFault *fault = &g_array_index (self->script, ChaosFault, self->n_begun);

      /* One process at a time, also where all is late. */
      if (fault->at_ms > now_ms
          || (chaos_fault_is_process (fault) && world_has_process_fault (self)))
        break;

      self->n_begun++;
      world_begin_fault (self, fault);
    }

  world_revive (self);
  world_set_level (self);

  return now_ms < self->ms || self->n_begun < self->script->len || self->lasting->len > 0;
}

/* Begin and end */

ChaosWorld *
chaos_world_new (guint32  seed,
                 guint    ms,
                 gboolean is_verbose)
{
  ChaosWorld *self = g_new0 (ChaosWorld, 1);
  g_autofree char *path = NULL;
  const char *bus_path;

  self->seed = seed;
  self->ms = ms;
  self->is_verbose = is_verbose;
  self->folder = dbr_test_reaper_make_folder ();
  self->levels = g_array_new (FALSE, FALSE, sizeof (Level));
  self->lasting = g_array_new (FALSE, FALSE, sizeof (ChaosFault));
  self->ops = g_ptr_array_new_with_free_func (g_free);
  self->watched = g_hash_table_new (NULL, NULL);
  g_mutex_init (&self->mutex);

  self->bus = dbr_test_bus_new ();
  bus_path = dbr_test_bus_get_address (self->bus);
  g_assert_true (g_str_has_prefix (bus_path, "unix:path="));
  path = g_build_filename (self->folder, "proxy", NULL);
  self->proxy = chaos_proxy_new (path, bus_path + strlen ("unix:path="));
  for (ChaosPeer peer = 0; peer < CHAOS_N_PEERS; peer++)
    world_start_peer (self, peer);

  /* It takes its time to start, so that much can go wrong meanwhile. */
  if (dbr_test_systemd_get_obstacle () == NULL)
    {
      self->systemd = dbr_test_systemd_new (self->bus);
      dbr_test_systemd_write_unit (self->systemd, CHAOS_UNIT,
                                   "[Service]\n"
                                   "ExecStartPre=/bin/sleep 0.3\n"
                                   "ExecStart=/bin/sleep infinity\n");
    }

  self->script = seed != 0 ? chaos_script_new (seed, ms, CHAOS_N_PEERS)
                           : g_array_new (FALSE, FALSE, sizeof (ChaosFault));
  self->began_usec = g_get_monotonic_time ();
  self->calm_usec = self->began_usec;
  self->beat_usec = self->began_usec;

  return self;
}

void
chaos_world_free (ChaosWorld *self)
{
  g_clear_pointer (&self->systemd, dbr_test_systemd_free);
  for (ChaosPeer peer = 0; peer < CHAOS_N_PEERS; peer++)
    dbr_test_peer_free (self->peers[peer]);
  chaos_proxy_free (self->proxy);
  dbr_test_bus_free (self->bus);
  dbr_test_reaper_remove_folder (self->folder);
  g_array_unref (self->script);
  g_array_unref (self->levels);
  g_array_unref (self->lasting);
  g_ptr_array_unref (self->ops);
  g_hash_table_unref (self->watched);
  g_mutex_clear (&self->mutex);
  g_free (self->folder);
  g_free (self);
}

const char *
chaos_world_get_address (ChaosWorld *self)
{
  return chaos_proxy_get_address (self->proxy);
}

const char *
chaos_world_get_folder (ChaosWorld *self)
{
  return self->folder;
}

DbrTestBus *
chaos_world_get_bus (ChaosWorld *self)
{
  return self->bus;
}

DbrTestPeer *
chaos_world_get_peer (ChaosWorld *self,
                      ChaosPeer   peer)
{
  return self->peers[peer];
}

DbrTestSystemd *
chaos_world_get_systemd (ChaosWorld *self)
{
  return self->systemd;
}

DbrClient *
chaos_world_new_client (ChaosWorld *self)
{
  static const struct
  {
    const char *operation;
    guint       ms;
  } limits[] = {
    { "default", 3000 },
    { "get_property", 2000 },
    { "set_property", 2000 },
    { "get_managed_objects", 3000 },
    { "ping", 1000 },
    { "set_powered", 3000 },
    { "start_discovery", 3000 },
    { "stop_discovery", 3000 },
    { "connect", 4000 },
    { "disconnect", 3000 },
    { "unit_job", 4000 },
  };
  DbrClient *client = dbr_client_new_for_address (chaos_world_get_address (self));
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  GError *error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++)
    dbr_timeouts_set (timeouts, limits[i].operation, limits[i].ms, &error);
  g_assert_no_error (error);
  dbr_client_set_timeouts (client, timeouts);
  chaos_world_watch (self, client);

  return client;
}

GRand *
chaos_world_new_rand (ChaosWorld *self)
{
  return g_rand_new_with_seed (self->seed * 100 + self->n_rands++);
}
