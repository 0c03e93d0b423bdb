/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <libdbr.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dbr-chaos-actor.h"

/* Plays everything at once while everything goes wrong, as one seed tells. */

/* Everything is well again so long after the last fault. */
#define HEAL_MS 15000
/* And so long after it whatever was begun has ended. */
#define SETTLE_MS 30000

#define TURN_MS 4
#define CALM_MS 600

/* What a run may leave in the heap: caches of GLib and of libdbr, which do not grow on. */
#define SPARE_BYTES (4 * 1024 * 1024)
#define PEAK_BYTES (192 * 1024 * 1024)

/* Beyond the run itself, healing and settling included, nothing takes so long. */
#define WATCHDOG_S 120

static const ChaosActor *const actors[] = {
  &chaos_calls,
  &chaos_values,
  &chaos_signals,
  &chaos_leases,
  &chaos_health,
  &chaos_notices,
  &chaos_bluez,
  &chaos_lives,
  &chaos_units,
};

typedef struct
{
  gint64   seed;
  int      seconds;
  char    *transport;
  char    *bus;
  gboolean is_verbose;
  gboolean must_fail;
} Options;

typedef struct
{
  ChaosWorld *world;
  gpointer    actors[G_N_ELEMENTS (actors)];
  gsize       peak_bytes;
} Play;

static void
play_act (Play *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (actors); i++)
    actors[i]->act (self->actors[i]);
}

/* One turn of everything. FALSE: the script is at its end. */
static gboolean
play_turn (Play *self)
{
  gboolean goes_on = chaos_world_turn (self->world);

  chaos_world_beat (self->world);
  self->peak_bytes = MAX (self->peak_bytes, dbr_test_resources_read ().heap_bytes);

  return goes_on;
}

static gboolean
wake_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static const char *
play_find_ill (Play *self)
{
  gint64 now = g_get_monotonic_time ();
  gboolean is_calm = chaos_world_is_calm_since (self->world, now, CALM_MS);
  const char *ill = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (actors); i++)
    {
      const char *one = actors[i]->is_ill (self->actors[i], is_calm);

      if (ill == NULL)
        ill = one;
    }

  return ill;
}

/* Nothing is wrong any more, and nothing may stay wrong. */
static void
play_heal (Play *self)
{
  gint64 began = g_get_monotonic_time ();
  const char *ill;

  while ((ill = play_find_ill (self)) != NULL
         && g_get_monotonic_time () < began + dbr_test_stretch (HEAL_MS * (gint64) 1000))
    {
      play_turn (self);
      g_main_context_iteration (NULL, TRUE);
    }
  if (ill != NULL)
    chaos_world_fail (self->world, "%d ms after the last fault, these are not well: %s", HEAL_MS,
                      ill);

  while (chaos_world_count_ops (self->world) > 0
         && g_get_monotonic_time () < began + dbr_test_stretch (SETTLE_MS * (gint64) 1000))
    {
      chaos_world_beat (self->world);
      g_main_context_iteration (NULL, TRUE);
    }
  chaos_world_tell_ops (self->world);
  chaos_world_check_ops (self->world);
}

static void
play_end (Play *self)
{
  gboolean is_settled = chaos_world_count_ops (self->world) == 0;

  for (gsize i = 0; i < G_N_ELEMENTS (actors); i++)
    actors[i]->check (self->actors[i]);
  if (self->peak_bytes > PEAK_BYTES)
    chaos_world_fail (self->world, "the heap grew to %" G_GSIZE_FORMAT " bytes", self->peak_bytes);
  /* What has not ended would still come back to them. */
  if (!is_settled)
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (actors); i++)
    actors[i]->end (self->actors[i]);
  chaos_world_check_gone (self->world);
}

/* Returns how many failures there were. A seed of 0 is a fine day. */
static guint
play (guint32   seed,
      guint     ms,
      gboolean  is_verbose)
{
  Play self = { NULL };
  guint source = g_timeout_add (TURN_MS, wake_cb, NULL);
  guint n_failures;

  self.world = chaos_world_new (seed, ms, is_verbose);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", chaos_world_get_address (self.world), TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (actors); i++)
    self.actors[i] = actors[i]->begin (self.world);

  while (play_turn (&self))
    {
      play_act (&self);
      g_main_context_iteration (NULL, TRUE);
    }
  play_heal (&self);
  play_end (&self);

  g_source_remove (source);
  n_failures = chaos_world_get_n_failures (self.world);
  if (n_failures == 0)
    chaos_world_free (self.world);

  return n_failures;
}

/* What a whole life of everything has left in the process */

static gboolean
has_left (const DbrTestResources *before,
          const DbrTestResources *after)
{
  return after->n_fds > before->n_fds || after->n_threads > before->n_threads
         || after->heap_bytes > before->heap_bytes + SPARE_BYTES;
}

/* What descriptors there are, for who has to find the one too many. */
static void
tell_descriptors (void)
{
  g_autoptr(GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      g_printerr ("  %s: %s\n", name, target != NULL ? target : "gone");
    }
}

static gboolean
check_resources (guint32                 seed,
                 const DbrTestResources *before)
{
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);
  DbrTestResources after = dbr_test_resources_read ();

  while (has_left (before, &after) && g_get_monotonic_time () < deadline)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (10000);
      after = dbr_test_resources_read ();
    }
  if (!has_left (before, &after))
    return TRUE;

  g_printerr ("seed %u: left over: %u descriptors instead of %u, %u threads instead of %u, "
              "%" G_GSIZE_FORMAT " bytes instead of %" G_GSIZE_FORMAT "\n", seed, after.n_fds,
              before->n_fds, after.n_threads, before->n_threads, after.heap_bytes,
              before->heap_bytes);
  tell_descriptors ();

  return FALSE;
}

static gboolean
run (const Options *options)
{
  guint32 seed = (guint32) options->seed;
  DbrTestResources before;

  /* A fine day first, so that whatever is made once is there. */
  alarm ((guint) dbr_test_stretch (WATCHDOG_S));
  if (play (0, 500, FALSE) > 0)
    return FALSE;

  before = dbr_test_resources_read ();
  alarm ((guint) (options->seconds + dbr_test_stretch (WATCHDOG_S)));

  return play (seed, (guint) options->seconds * 1000, options->is_verbose) == 0
         && check_resources (seed, &before);
}

static gboolean
parse_options (Options   *options,
               int       *argc,
               char    ***argv,
               GError   **error)
{
  const GOptionEntry entries[] = {
    { "seed", 0, 0, G_OPTION_ARG_INT64, &options->seed, "What all that is drawn follows from", "N" },
    { "seconds", 0, 0, G_OPTION_ARG_INT, &options->seconds, "How long things go wrong (10)", "S" },
    { "transport", 0, 0, G_OPTION_ARG_STRING, &options->transport, "wire or gdbus", "NAME" },
    { "bus", 0, 0, G_OPTION_ARG_STRING, &options->bus, "dbus-daemon or dbus-broker", "NAME" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options->is_verbose, "Tells what goes wrong when",
      NULL },
    { "must-fail", 0, 0, G_OPTION_ARG_NONE, &options->must_fail,
      "Fails if nothing is found", NULL },
    { NULL },
  };
  g_autoptr(GOptionContext) context = g_option_context_new ("- everything at once, while everything "
                                                            "goes wrong");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;

  if (options->seed > 0 && options->seed <= G_MAXUINT32 && options->seconds > 0)
    return TRUE;

  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       "the seed and the seconds are numbers from 1 on");

  return FALSE;
}

/* GLib before 2.76 keeps small blocks to itself, and what is left over cannot be told from them. It
 * looks at this only as the process begins. */
static void
ensure_allocator (char *argv[])
{
  if (g_getenv ("G_SLICE") != NULL)
    return;

  g_setenv ("G_SLICE", "always-malloc", TRUE);
  execv ("/proc/self/exe", argv);
}

/* GDBus warns of every stream that is not in order, which is what is played here. All other warnings
 * are faults. */
static GLogWriterOutput
log_writer (GLogLevelFlags   level,
            const GLogField *fields,
            gsize            n_fields,
            gpointer         user_data)
{
  const char *message = "";

  for (gsize i = 0; i < n_fields; i++)
    {
      if (strcmp (fields[i].key, "MESSAGE") == 0)
        message = fields[i].value;
    }
  if (g_str_has_prefix (message, "Error decoding D-Bus message")
      || g_str_has_prefix (message, "_g_dbus_worker_do_read_cb: "))
    return G_LOG_WRITER_HANDLED;

  g_log_writer_default (level, fields, n_fields, user_data);
  if ((level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)) != 0)
    abort ();

  return G_LOG_WRITER_HANDLED;
}

static void
set_environment (const char *name,
                 const char *value)
{
  if (value != NULL)
    g_setenv (name, value, TRUE);
}

int
main (int   argc,
      char *argv[])
{
  Options options = { .seed = 1 + g_random_int_range (0, G_MAXINT32), .seconds = 10 };
  g_autoptr(GError) error = NULL;
  gboolean is_well;

  ensure_allocator (argv);
  if (!parse_options (&options, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }

  g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  g_log_set_writer_func (log_writer, NULL, NULL);
  set_environment ("DBR_TRANSPORT", options.transport);
  set_environment ("DBR_TEST_BUS", options.bus);
  is_well = run (&options);
  if (!is_well)
    g_printerr ("Found something. To play it again:\n  %s --seed %u --seconds %d --transport %s "
                "--bus %s -v\n", argv[0], (guint) options.seed, options.seconds,
                g_getenv ("DBR_TRANSPORT") != NULL ? g_getenv ("DBR_TRANSPORT") : "wire",
                g_getenv ("DBR_TEST_BUS") != NULL ? g_getenv ("DBR_TEST_BUS") : "dbus-daemon");
  g_free (options.transport);
  g_free (options.bus);

  return is_well == options.must_fail ? 1 : 0;
}
