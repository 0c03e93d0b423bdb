/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-stage.h"

#include "dbr-bench-player.h"
#include "dbr-testbed.h"

#include <string.h>

/* Callgrind makes a process some fifty times slower. */
#define PATIENCE_MS (15 * 60 * 1000)

struct _BenchStage
{
  DbrTestBus      *bus;
  DbrTestProcess  *service;
  /* NULL until they are asked for */
  DbrTestPeer     *objects;
  GDBusConnection *connection;
  char            *program;
  char            *folder;
  /* NULL until they are asked for */
  GStrv            python_clients;
};

struct _BenchActor
{
  BenchLens       lens;
  char           *client;
  DbrTestProcess *process;
  guint           n_lines;
  /* where the lens writes to */
  char           *file;
};

/* The stage */

BenchStage *
bench_stage_new (const char *keep,
                 gboolean    is_narrow)
{
  BenchStage *self = g_new0 (BenchStage, 1);
  g_autoptr(GError) error = NULL;
  g_autofree char *line = NULL;
  const char *reason = NULL;

  self->program = g_file_read_link ("/proc/self/exe", &error);
  if (self->program == NULL)
    g_error ("%s", error->message);

  self->bus = dbr_test_bus_new_full (is_narrow ? DBR_TEST_BUS_DBUS_DAEMON
                                               : DBR_TEST_BUS_SESSION_LIMITS);
  self->folder = g_strdup (keep != NULL ? keep : dbr_test_bus_get_folder (self->bus));
  self->service = dbr_test_process_new ((const char *[]) {
    DBR_BENCH_SERVICE, dbr_test_bus_get_address (self->bus), NULL
  }, FALSE, -1);
  line = dbr_test_process_read_line (self->service, DBR_TEST_PATIENCE_MS, &reason);
  if (line == NULL)
    g_error ("the service does not start: %s", reason);
  self->connection = dbr_test_bus_connect (self->bus);

  return self;
}

void
bench_stage_free (BenchStage *self)
{
  g_clear_object (&self->connection);
  g_clear_pointer (&self->service, dbr_test_process_free);
  g_clear_pointer (&self->objects, dbr_test_peer_free);
  g_clear_pointer (&self->bus, dbr_test_bus_free);
  g_free (self->program);
  g_free (self->folder);
  g_strfreev (self->python_clients);
  g_free (self);
}

guint
bench_stage_count_calls (BenchStage *self)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dbr_test_call (self->connection, BENCH_NAME, BENCH_PATH,
                                             BENCH_INTERFACE, "Count", NULL,
                                             DBR_TEST_PATIENCE_MS, &error);
  guint n;

  if (reply == NULL)
    g_error ("the service does not answer: %s", error->message);
  g_variant_get (reply, "(u)", &n);

  return n;
}

guint
bench_stage_count_connections (BenchStage *self)
{
  return dbr_test_bus_count_connections (self->bus);
}

guint
bench_stage_count_rules (BenchStage *self)
{
  g_autoptr(GVariant) reply = dbr_test_call (self->connection, "org.freedesktop.DBus",
                                             "/org/freedesktop/DBus",
                                             "org.freedesktop.DBus.Debug.Stats", "GetStats", NULL,
                                             DBR_TEST_PATIENCE_MS, NULL);
  g_autoptr(GVariant) figures = NULL;
  guint n_rules = 0;

  if (reply == NULL)
    return 0;

  figures = g_variant_get_child_value (reply, 0);
  g_variant_lookup (figures, "MatchRules", "u", &n_rules);

  return n_rules;
}

/* What one method of the service of objects does. It answers first, so that the answer is not late
 * where hearing what follows takes long. */
static void
add_turn (BenchStage *self,
          const char *name,
          guint       first,
          guint       step)
{
  g_autoptr(GString) rule = g_string_new (NULL);

  g_string_append_printf (rule, "on %s: reply ()", name);
  for (guint i = 0; i < BENCH_TURN; i++)
    g_string_append_printf (rule, "; emit %s org.freedesktop.DBus.Properties.PropertiesChanged "
                            "('" BENCH_DEVICE_INTERFACE "', {'RSSI': <int16 %d>}, @as [])",
                            bench_player_get_path (first + i * step),
                            i + 1 < BENCH_TURN ? -(int) (i % 100) : BENCH_LAST_VALUE);
  dbr_test_peer_tell (self->objects, "%s", rule->str);
}

void
bench_stage_add_objects (BenchStage *self,
                         guint       n_objects)
{
  g_autofree char *script = g_strdup_printf ("objects %u", n_objects);

  if (self->objects != NULL)
    return;

  self->objects = dbr_test_peer_new (self->bus, BENCH_OBJECTS_NAME, script);
  add_turn (self, bench_player_get_turn (1, 0), 0, 0);
  for (guint i = 0; i < BENCH_N_WATCHED / BENCH_TURN; i++)
    add_turn (self, bench_player_get_turn (BENCH_N_WATCHED, i), i * BENCH_TURN, 1);
}

GStrv
bench_stage_dup_python_clients (BenchStage *self)
{
  char *arguments[] = { (char *) DBR_BENCH_PYTHON, (char *) DBR_BENCH_PYTHON_PLAYER,
                        (char *) "--list", NULL };
  g_autofree char *output = NULL;
  g_autoptr(GError) error = NULL;

  if (*DBR_BENCH_PYTHON == '\0')
    return NULL;

  if (self->python_clients == NULL)
    {
      if (!g_spawn_sync (NULL, arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, NULL,
                         &error))
        g_error ("%s", error->message);
      self->python_clients = g_strsplit (g_strchomp (output), "\n", -1);
    }

  return g_strdupv (self->python_clients);
}

/* The actors */

static gboolean
has_program (const char *name)
{
  g_autofree char *path = g_find_program_in_path (name);

  return path != NULL;
}

gboolean
bench_lens_is_there (BenchLens lens)
{
  switch (lens)
    {
    case BENCH_LENS_ALLOCATIONS:
    case BENCH_LENS_ALL_ALLOCATIONS:
      return *DBR_BENCH_COUNTER != '\0';

    case BENCH_LENS_INSTRUCTIONS:
      return has_program ("valgrind");

    case BENCH_LENS_SYSCALLS:
      return has_program ("strace");

    case BENCH_LENS_NONE:
    default:
      return TRUE;
    }
}

static void
append (GPtrArray  *arguments,
        const char *format,
        const char *value)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  g_ptr_array_add (arguments, g_strdup_printf (format, value));
#pragma GCC diagnostic pop
}

static void
bench_actor_append_lens (BenchActor *self,
                         GPtrArray  *arguments)
{
  switch (self->lens)
    {
    case BENCH_LENS_ALL_ALLOCATIONS:
      append (arguments, "G_SLICE=%s", "always-malloc");
      append (arguments, "LD_PRELOAD=%s", DBR_BENCH_COUNTER);
      break;

    case BENCH_LENS_ALLOCATIONS:
      append (arguments, "LD_PRELOAD=%s", DBR_BENCH_COUNTER);
      break;

    case BENCH_LENS_INSTRUCTIONS:
      append (arguments, "%s", "valgrind");
      append (arguments, "%s", "--quiet");
      append (arguments, "--tool=%s", "callgrind");
      /* what the clients call to close an account; those in Python have only what Python calls */
      append (arguments, "--dump-before=%s", "bench_mark");
      append (arguments, "--dump-before=%s", "getpgrp");
      append (arguments, "--callgrind-out-file=%s", self->file);
      break;

    case BENCH_LENS_SYSCALLS:
      append (arguments, "%s", "strace");
      append (arguments, "%s", "-fqq");
      append (arguments, "%s", "-esignal=none");
      append (arguments, "-o%s", self->file);
      break;

    case BENCH_LENS_NONE:
    default:
      break;
    }
}

/* What the library hides is reached in a program of its own. */
static gboolean
is_inside (const char *client)
{
  static const char *const inside[] = {
    BENCH_FIGURES_NAME, BENCH_TREE_NAME, BENCH_TREE_GDBUS_NAME, BENCH_MANAGER_NAME, NULL
  };

  return g_strv_contains (inside, client);
}

/* What is told to the interpreter: the library as it lies in the build directory, the same order of
 * all that it hashes each time, and where to keep what it compiles. */
static void
append_python_environment (GPtrArray  *arguments,
                           const char *folder)
{
  append (arguments, "PYTHONPYCACHEPREFIX=%s/python", folder);
  append (arguments, "GI_TYPELIB_PATH=%s", DBR_BENCH_LIBRARY_FOLDER);
  append (arguments, "LD_LIBRARY_PATH=%s", DBR_BENCH_LIBRARY_FOLDER);
  append (arguments, "PYTHONPATH=%s", DBR_BENCH_PYTHON_PATH);
  append (arguments, "PYTHONHASHSEED=%s", "0");
}

static void
append_program (GPtrArray  *arguments,
                BenchStage *stage,
                const char *client)
{
  if (stage->python_clients != NULL
      && g_strv_contains ((const char *const *) stage->python_clients, client))
    {
      append (arguments, "%s", DBR_BENCH_PYTHON);
      append (arguments, "%s", DBR_BENCH_PYTHON_PLAYER);
    }
  else
    {
      append (arguments, "%s", is_inside (client) ? DBR_BENCH_INSIDE_PROGRAM : stage->program);
    }
}

BenchActor *
bench_actor_new (BenchStage *stage,
                 const char *client,
                 BenchLens   lens,
                 gboolean    is_narrow)
{
  static guint n_actors;
  BenchActor *self = g_new0 (BenchActor, 1);
  g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func (g_free);
  const char *address = dbr_test_bus_get_address (stage->bus);

  self->lens = lens;
  self->client = g_strdup (client);
  self->file = g_strdup_printf ("%s/%s-%u", stage->folder, client, n_actors++);

  /* Nothing of ours may change what the heap costs. */
  append (arguments, "%s", "env");
  append (arguments, "-u%s", "G_DEBUG");
  append (arguments, "-u%s", "G_SLICE");
  append (arguments, "-u%s", "G_ENABLE_DIAGNOSTIC");
  append (arguments, "-u%s", "MALLOC_CHECK_");
  append (arguments, "-u%s", "MALLOC_PERTURB_");
  append (arguments, "-u%s", "DBR_DEBUG");
  append (arguments, "-u%s", "PYTHONDONTWRITEBYTECODE");
  append (arguments, "DBUS_SESSION_BUS_ADDRESS=%s", is_narrow ? "unix:path=/nowhere" : address);
  append_python_environment (arguments, stage->folder);
  bench_actor_append_lens (self, arguments);
  append_program (arguments, stage, client);
  append (arguments, "%s", "--play");
  append (arguments, "%s", client);
  append (arguments, "%s", address);
  g_ptr_array_add (arguments, NULL);
  self->process = dbr_test_process_new ((const char *const *) arguments->pdata, TRUE, -1);

  return self;
}

void
bench_actor_free (BenchActor *self)
{
  bench_actor_end (self);
  g_free (self->client);
  g_free (self->file);
  g_free (self);
}

static gboolean
parse_answer (const char  *line,
              BenchAnswer *answer)
{
  g_auto(GStrv) words = g_strsplit (line, " ", -1);

  if (g_strv_length (words) != 9 || strcmp (words[0], "ok") != 0)
    return FALSE;

  *answer = (BenchAnswer) {
    .wall_usec = g_ascii_strtod (words[1], NULL),
    .cpu_usec = g_ascii_strtod (words[2], NULL),
    .n_switches = g_ascii_strtod (words[3], NULL),
    .n_allocations = g_ascii_strtod (words[4], NULL),
    .n_new_threads = (int) g_ascii_strtoll (words[5], NULL, 10),
    .n_refused = (guint) g_ascii_strtoull (words[6], NULL, 10),
    .n_more_bytes = g_ascii_strtod (words[7], NULL),
    .n_peak_bytes = g_ascii_strtod (words[8], NULL),
  };

  return TRUE;
}

gboolean
bench_actor_do (BenchActor  *self,
                BenchAnswer *answer,
                const char  *format,
                ...)
{
  va_list arguments;
  g_autofree char *line = NULL;
  g_autofree char *reply = NULL;
  const char *reason = "it is dead";

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  if (self->process != NULL)
    {
      dbr_test_process_write (self->process, line);
      reply = dbr_test_process_read_line (self->process, PATIENCE_MS, &reason);
    }
  self->n_lines++;
  if (reply != NULL && parse_answer (reply, answer))
    return TRUE;

  g_printerr ("%s: %s: %s\n", self->client, line, reply != NULL ? reply : reason);

  return FALSE;
}

guint
bench_actor_get_n_lines (BenchActor *self)
{
  return self->n_lines;
}

void
bench_actor_end (BenchActor *self)
{
  if (self->process == NULL)
    return;

  dbr_test_process_write (self->process, "quit");
  dbr_test_process_wait (self->process, DBR_TEST_PATIENCE_MS);
  g_clear_pointer (&self->process, dbr_test_process_free);
}

/* Callgrind counts in parts: what was before a line, the line, what was before the next one. */
static double
read_instructions (const char *file,
                   guint       line)
{
  g_autofree char *path = g_strdup_printf ("%s.%u", file, line * 2 + 2);
  g_autofree char *text = NULL;
  const char *total;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("callgrind has not written %s", path);

  total = strstr (text, "\ntotals: ");

  return total != NULL ? g_ascii_strtod (total + strlen ("\ntotals: "), NULL) : 0;
}

/* Each line ends with the answer being written, which the trace has too. */
static double
read_syscalls (const char *file,
               guint       line)
{
  g_autofree char *text = NULL;
  g_auto(GStrv) calls = NULL;
  guint n_answers = 0;
  double n = 0;

  if (!g_file_get_contents (file, &text, NULL, NULL))
    return 0;

  calls = g_strsplit (text, "\n", -1);
  for (guint i = 0; calls[i] != NULL && n_answers <= line; i++)
    {
      if (strstr (calls[i], "write(1, \"ok ") != NULL)
        n_answers++;
      else if (n_answers == line && *calls[i] != '\0' && strstr (calls[i], " resumed>") == NULL)
        n++;
    }

  return n;
}

double
bench_actor_read_cost (BenchActor *self,
                       guint       line)
{
  return self->lens == BENCH_LENS_SYSCALLS ? read_syscalls (self->file, line)
                                           : read_instructions (self->file, line);
}
