/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-player.h"

#include <dlfcn.h>
#include <gio/gio.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* The client process: it has one client, does what it is told by lines on its input, and answers
 * each with what that took. So all it costs is that client's, whichever of its threads paid. */

typedef guint64 (*CountFunc) (void);

static const BenchClient *const clients[] = {
#ifdef DBR_BENCH_INSIDE
  &bench_client_figures,
  &bench_client_tree,
  &bench_client_tree_gdbus,
  &bench_client_manager,
#else
  &bench_client_gdbus,
  &bench_client_libdbr,
  &bench_client_libdbr_gdbus,
#ifdef HAVE_SDBUS
  &bench_client_sdbus,
#endif
#ifdef HAVE_LIBDBUS
  &bench_client_libdbus,
#endif
  NULL,
  /* From here on they make no calls. */
  &bench_client_gdbus_signal,
  &bench_client_gdbus_proxy,
  &bench_client_libdbr_signal,
  &bench_client_libdbr_gdbus_signal,
  &bench_client_libdbr_namespace,
  &bench_client_libdbr_proxy,
  &bench_client_libdbr_gdbus_proxy,
#ifdef HAVE_SDBUS
  &bench_client_sdbus_signal,
#endif
#ifdef HAVE_LIBDBUS
  &bench_client_libdbus_signal,
#endif
#endif
};

/* How many calls the bus has refused. */
static guint n_refused;

typedef struct
{
  const BenchClient *client;
  const char        *address;
  gpointer           made;
  /* in what is preloaded for it, else NULL */
  CountFunc          count_allocations;
} Player;

typedef struct
{
  gint64  wall_usec;
  gint64  cpu_usec;
  guint64 n_switches;
  guint64 n_allocations;
  guint   n_refused;
  gsize   n_bytes;
  gsize   n_resident;
  gsize   n_peak;
} Reading;

const char *const *
bench_player_get_clients (void)
{
  static const char *names[G_N_ELEMENTS (clients) + 1];

  for (gsize i = 0; i < G_N_ELEMENTS (clients) && clients[i] != NULL; i++)
    names[i] = clients[i]->name;

  return names;
}

void
bench_player_fail (const char *format,
                   ...)
{
  va_list arguments;
  g_autofree char *message = NULL;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  printf ("failed %s\n", message);
  exit (EXIT_FAILURE);
}

const char *
bench_player_get_path (guint object)
{
  static char *paths[BENCH_N_OBJECTS];

  for (guint i = 0; paths[0] == NULL && i < BENCH_N_OBJECTS; i++)
    {
      guint number = BENCH_N_OBJECTS - 1 - i;

      paths[number] = g_strdup_printf ("/org/bluez/hci0/dev_02_DB_52_%02X_%02X_%02X",
                                       number >> 16, number >> 8 & 0xff, number & 0xff);
    }

  return paths[object];
}

const char *
bench_player_get_turn (guint n_watched,
                       guint n_turns)
{
  static const char *const turns[] = { "Turn0", "Turn1", "Turn2", "Turn3" };

  G_STATIC_ASSERT (G_N_ELEMENTS (turns) * BENCH_TURN == BENCH_N_WATCHED);

  return n_watched == 1 ? BENCH_TURN_OF_ONE : turns[n_turns % G_N_ELEMENTS (turns)];
}

GDBusConnection *
bench_player_connect_gdbus (const char *address)
{
  const GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                     | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
  g_autoptr(GError) error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_sync (address, flags, NULL, NULL,
                                                                        &error);

  if (connection == NULL)
    bench_player_fail ("%s", error->message);

  return connection;
}

const char *
bench_call_get_method (BenchCall call)
{
  return call == BENCH_CALL_BURST ? "EchoSlowly" : "Echo";
}

gboolean
bench_call_is_answered (BenchCall call)
{
  return call == BENCH_CALL_ECHO || call == BENCH_CALL_BURST || call == BENCH_CALL_UNCOUNTED;
}

void
bench_player_check_reply (BenchCall  call,
                          GVariant  *reply,
                          GError    *error)
{
  const char *text;

  if (call == BENCH_CALL_BURST
      && g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED))
    {
      n_refused++;
      return;
    }
  if (reply == NULL)
    bench_player_fail ("%s", error->message);

  g_variant_get (reply, "(&s)", &text);
  if (strcmp (text, BENCH_PAYLOAD) != 0)
    bench_player_fail ("the echo of %s was %s", BENCH_PAYLOAD, text);
}

/* Callgrind closes an account whenever this is called, see --dump-before in dbr-bench-stage.c. */
void bench_mark (void);

G_NO_INLINE void
bench_mark (void)
{
  __asm__ volatile ("" ::: "memory");
}

static gint64
usec_of (const struct timeval *time)
{
  return time->tv_sec * (gint64) G_USEC_PER_SEC + time->tv_usec;
}

/* In bytes; the kernel has kilobytes. */
static gsize
read_status (const char *status,
             const char *key)
{
  const char *line = status != NULL ? strstr (status, key) : NULL;

  return line != NULL ? g_ascii_strtoull (line + strlen (key), NULL, 10) * 1024 : 0;
}

static void
reading_take_memory (Reading *self)
{
  g_autofree char *status = NULL;

  g_file_get_contents ("/proc/self/status", &status, NULL, NULL);
  self->n_resident = read_status (status, "\nVmRSS:\t");
  self->n_peak = read_status (status, "\nVmHWM:\t");
}

/* The most memory that was there is that since the last time that this was called. */
static void
forget_peak (void)
{
  FILE *file = fopen ("/proc/self/clear_refs", "we");

  if (file == NULL)
    return;

  fputs ("5", file);
  fclose (file);
}

static Reading
player_read (Player *self)
{
  struct rusage usage;
  Reading reading;

  getrusage (RUSAGE_SELF, &usage);
  reading.wall_usec = g_get_monotonic_time ();
  reading.cpu_usec = usec_of (&usage.ru_utime) + usec_of (&usage.ru_stime);
  reading.n_switches = (guint64) usage.ru_nvcsw;
  reading.n_allocations = self->count_allocations != NULL ? self->count_allocations () : 0;
  reading.n_refused = n_refused;
  reading.n_bytes = mallinfo2 ().uordblks;
  reading_take_memory (&reading);

  return reading;
}

static guint
count_threads (void)
{
  g_autoptr(GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;

  return n;
}

static BenchCall
parse_call (const char *word)
{
  static const char *const words[] = {
    [BENCH_CALL_ECHO] = "echo",
    [BENCH_CALL_BURST] = "burst",
    [BENCH_CALL_UNCOUNTED] = "uncounted",
    [BENCH_CALL_OVERLOADED] = "overloaded",
    [BENCH_CALL_INVALID] = "invalid",
    [BENCH_CALL_ISOLATED] = "isolated",
    [BENCH_CALL_DENIED] = "denied",
    [BENCH_CALL_HISTOGRAM] = "histogram",
    [BENCH_CALL_TOTAL] = "total",
    [BENCH_CALL_PARTS] = "parts",
    [BENCH_CALL_NAME] = "name",
    [BENCH_CALL_READ] = "read",
    [BENCH_CALL_READY] = "ready",
    [BENCH_CALL_LOOKUP] = "lookup",
    [BENCH_CALL_WATCH] = "watch",
    [BENCH_CALL_CACHED] = "cached",
    [BENCH_CALL_CHANGE] = "change",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    {
      if (strcmp (word, words[i]) == 0)
        return i;
    }

  bench_player_fail ("there is no call %s", word);
}

static guint
parse_number (const char *word)
{
  return (guint) g_ascii_strtoull (word, NULL, 10);
}

/* The lines: `make`, `park NUMBER`, and `play sync|async CALL NUMBER IN-FLIGHT`. */
static void
player_obey (Player *self,
             GStrv   words)
{
  guint n_words = g_strv_length (words);

  if (n_words == 1 && strcmp (words[0], "make") == 0)
    {
      self->made = self->client->make (self->address);
    }
  else if (n_words == 2 && strcmp (words[0], "park") == 0)
    {
      self->client->park (self->made, parse_number (words[1]));
    }
  else if (n_words == 5 && strcmp (words[0], "play") == 0)
    {
      BenchTask task = {
        .call = parse_call (words[2]),
        .is_sync = strcmp (words[1], "sync") == 0,
        .n_calls = parse_number (words[3]),
        .n_in_flight = parse_number (words[4]),
      };

      self->client->play (self->made, &task);
    }
  else
    {
      bench_player_fail ("“%s” is not understood", words[0]);
    }
}

static void
player_answer (Player *self,
               GStrv   words)
{
  guint n_threads = count_threads ();
  Reading before;
  Reading after;

  forget_peak ();
  before = player_read (self);
  bench_mark ();
  player_obey (self, words);
  bench_mark ();

  after = player_read (self);
  printf ("ok %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
          " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %d %u %" G_GSSIZE_FORMAT
          " %" G_GSSIZE_FORMAT "\n",
          after.wall_usec - before.wall_usec, after.cpu_usec - before.cpu_usec,
          after.n_switches - before.n_switches, after.n_allocations - before.n_allocations,
          (int) count_threads () - (int) n_threads, after.n_refused - before.n_refused,
          (gssize) (after.n_bytes - before.n_bytes),
          (gssize) (after.n_peak - before.n_resident));
  fflush (stdout);
}

int
bench_player_main (const char *client_name,
                   const char *address)
{
  Player self = { .address = address };
  char line[256];

  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      if (clients[i] != NULL && strcmp (clients[i]->name, client_name) == 0)
        self.client = clients[i];
    }
  if (self.client == NULL)
    bench_player_fail ("there is no client %s", client_name);

  *(gpointer *) &self.count_allocations = dlsym (RTLD_DEFAULT, "bench_count_allocations");
  while (fgets (line, sizeof line, stdin) != NULL)
    {
      g_auto(GStrv) words = g_strsplit (g_strchomp (line), " ", -1);

      if (strcmp (words[0], "quit") == 0)
        break;

      player_answer (&self, words);
    }

  return EXIT_SUCCESS;
}
