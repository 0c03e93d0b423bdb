/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixfdmessage.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dbr-chaos-proxy.h"
#include "dbr-chaos-script.h"
#include "dbr-testbed.h"

/* What the chaos itself stands on: a proxy that does to bytes what it was told and nothing else, and
 * scripts that come again with their seed. */

#define N_BYTES (300 * 1024)
#define N_TURNS 20000
#define MAX_LAG_USEC 60

/* A client, the proxy, and at the other end somebody who takes the place of the bus. */
typedef struct
{
  char       *folder;
  int         listener;
  ChaosProxy *proxy;
  int         client;
  int         bus;
} Pair;

static int
open_socket (const char         *path,
             struct sockaddr_un *address)
{
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_no_errno (fd);
  *address = (struct sockaddr_un) { .sun_family = AF_UNIX };
  g_strlcpy (address->sun_path, path, sizeof address->sun_path);

  return fd;
}

static int
connect_to (const char *path)
{
  struct sockaddr_un address;
  int fd = open_socket (path, &address);

  g_assert_no_errno (connect (fd, (struct sockaddr *) &address, sizeof address));

  return fd;
}

static void
pair_init (Pair *self)
{
  g_autofree char *bus_path = NULL;
  g_autofree char *path = NULL;
  struct sockaddr_un address;

  self->folder = dbr_test_reaper_make_folder ();
  bus_path = g_build_filename (self->folder, "bus", NULL);
  path = g_build_filename (self->folder, "proxy", NULL);
  self->listener = open_socket (bus_path, &address);
  g_assert_no_errno (bind (self->listener, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (listen (self->listener, 4));
  self->proxy = chaos_proxy_new (path, bus_path);
  self->client = connect_to (path);
  self->bus = accept4 (self->listener, NULL, NULL, SOCK_CLOEXEC);
  g_assert_no_errno (self->bus);
}

/* Returns when it is in force: the proxy has heard of it when it has heard of what is behind it, and
 * strikes nobody. */
static void
pair_set_weather (Pair               *self,
                  ChaosWay            way,
                  const ChaosWeather *weather)
{
  const ChaosStrike nobody = { .kind = CHAOS_STRIKE_CUT, .share = 1, .of = 1 };
  guint n = chaos_proxy_count_strikes (self->proxy);

  chaos_proxy_set_weather (self->proxy, way, weather);
  chaos_proxy_strike (self->proxy, &nobody);
  dbr_test_wait_until (NULL, chaos_proxy_count_strikes (self->proxy) == n + 1,
                       DBR_TEST_PATIENCE_MS);
}

static void
pair_clear (Pair *self)
{
  close (self->client);
  close (self->bus);
  close (self->listener);
  chaos_proxy_free (self->proxy);
  dbr_test_reaper_remove_folder (self->folder);
  g_free (self->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static void
write_all (int           fd,
           const guchar *bytes,
           gsize         size)
{
  while (size > 0)
    {
      ssize_t n = send (fd, bytes, size, MSG_NOSIGNAL);

      if (n < 0 && errno == EINTR)
        continue;
      g_assert_no_errno ((int) n);
      bytes += n;
      size -= (gsize) n;
    }
}

/* Until the end, or @size of them. */
static gsize
read_all (int     fd,
          guchar *bytes,
          gsize   size)
{
  gsize at = 0;

  while (at < size)
    {
      ssize_t n = recv (fd, bytes + at, size - at, 0);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        break;
      at += (gsize) n;
    }

  return at;
}

static guchar *
make_bytes (gsize size)
{
  guchar *bytes = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guchar) (i * 7 + i / 256);

  return bytes;
}

typedef struct
{
  int     fd;
  guchar *bytes;
} Writing;

static gpointer
write_in_thread (gpointer data)
{
  Writing *self = data;

  write_all (self->fd, self->bytes, N_BYTES);

  return NULL;
}

static void
test_weather (gconstpointer data)
{
  const ChaosWeather *weather = data;
  g_auto(Pair) pair = { NULL };
  g_autofree guchar *sent = make_bytes (N_BYTES);
  g_autofree guchar *got = g_malloc (N_BYTES);
  Writing writing;
  GThread *thread;

  g_test_summary ("In any weather every byte comes, and in its turn");

  pair_init (&pair);
  pair_set_weather (&pair, CHAOS_TO_BUS, weather);
  writing = (Writing) { pair.client, sent };
  thread = g_thread_new ("writing", write_in_thread, &writing);
  g_assert_cmpuint (read_all (pair.bus, got, N_BYTES), ==, N_BYTES);
  g_thread_join (thread);
  g_assert_cmpmem (got, N_BYTES, sent, N_BYTES);
}

static void
test_frozen (void)
{
  const ChaosWeather frost = { .is_frozen = TRUE };
  const ChaosWeather fine = { 0 };
  g_auto(Pair) pair = { NULL };
  guchar got[4];

  g_test_summary ("What is frozen comes when it thaws, and the other way is open meanwhile");

  pair_init (&pair);
  pair_set_weather (&pair, CHAOS_TO_BUS, &frost);
  write_all (pair.client, (const guchar *) "up", 2);
  write_all (pair.bus, (const guchar *) "down", 4);
  g_assert_cmpuint (read_all (pair.client, got, 4), ==, 4);
  g_assert_cmpint (recv (pair.bus, got, 1, MSG_DONTWAIT), ==, -1);
  g_assert_cmpint (errno, ==, EAGAIN);
  chaos_proxy_set_weather (pair.proxy, CHAOS_TO_BUS, &fine);
  g_assert_cmpuint (read_all (pair.bus, got, 2), ==, 2);
}

static void
test_delayed (void)
{
  const ChaosWeather weather = { .delay_ms = 200 };
  g_auto(Pair) pair = { NULL };
  gint64 began;
  guchar got;

  g_test_summary ("A delay is as long as it was told to be");

  pair_init (&pair);
  pair_set_weather (&pair, CHAOS_TO_CLIENT, &weather);
  began = g_get_monotonic_time ();
  write_all (pair.bus, (const guchar *) "x", 1);
  g_assert_cmpuint (read_all (pair.client, &got, 1), ==, 1);
  g_assert_cmpint (g_get_monotonic_time () - began, >=, 200 * 1000);
}

static void
send_with_descriptor (GSocket    *socket,
                      const char *text)
{
  g_autoptr(GSocketControlMessage) message = g_unix_fd_message_new ();
  g_autoptr(GError) error = NULL;
  GOutputVector output = { text, strlen (text) };
  int pipes[2];

  g_assert_true (g_unix_open_pipe (pipes, FD_CLOEXEC, NULL));
  g_assert_true (g_unix_fd_message_append_fd (G_UNIX_FD_MESSAGE (message), pipes[0], &error));
  g_socket_send_message (socket, NULL, &output, 1, &message, 1, 0, NULL, &error);
  g_assert_no_error (error);
  close (pipes[0]);
  close (pipes[1]);
}

/* Returns how many came with the next @size bytes. */
static int
receive_with_descriptors (GSocket *socket,
                          char    *bytes,
                          gsize    size)
{
  g_autoptr(GError) error = NULL;
  GInputVector input = { bytes, size };
  GSocketControlMessage **messages = NULL;
  int n_messages = 0;
  int flags = 0;
  int n = 0;

  g_assert_cmpint (g_socket_receive_message (socket, NULL, &input, 1, &messages, &n_messages,
                                             &flags, NULL, &error), >, 0);
  g_assert_no_error (error);
  for (int i = 0; i < n_messages; i++)
    {
      n += g_unix_fd_list_get_length (g_unix_fd_message_get_fd_list (
                                        G_UNIX_FD_MESSAGE (messages[i])));
      g_object_unref (messages[i]);
    }
  g_free (messages);

  return n;
}

static int
receive_descriptors (GSocket *socket,
                     gsize    size)
{
  g_autofree char *bytes = g_malloc (size);

  return receive_with_descriptors (socket, bytes, size);
}

static void
test_descriptors (void)
{
  const ChaosWeather frost = { .is_frozen = TRUE };
  const ChaosWeather fine = { 0 };
  g_auto(Pair) pair = { NULL };
  g_autoptr(GSocket) client = NULL;
  g_autoptr(GSocket) bus = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Descriptors pass, each with the byte it was sent with, also where much is waiting");

  pair_init (&pair);
  pair_set_weather (&pair, CHAOS_TO_BUS, &frost);
  client = g_socket_new_from_fd (dup (pair.client), &error);
  g_assert_no_error (error);
  bus = g_socket_new_from_fd (dup (pair.bus), &error);
  g_assert_no_error (error);
  write_all (pair.client, (const guchar *) "0123456", 7);
  send_with_descriptor (client, "89");
  send_with_descriptor (client, "ab");
  write_all (pair.client, (const guchar *) "cdef", 4);
  pair_set_weather (&pair, CHAOS_TO_BUS, &fine);

  g_assert_cmpint (receive_descriptors (bus, 7), ==, 0);
  g_assert_cmpint (receive_descriptors (bus, 1), ==, 1);
  g_assert_cmpint (receive_descriptors (bus, 1), ==, 0);
  g_assert_cmpint (receive_descriptors (bus, 1), ==, 1);
  g_assert_cmpint (receive_descriptors (bus, 5), ==, 0);
}

/* By turns one byte without and one with, which comes while the first is looked at and read. */
static gpointer
send_by_turns (gpointer data)
{
  GSocket *socket = data;

  for (guint i = 0; i < N_TURNS; i++)
    {
      gint64 due = g_get_monotonic_time () + i % MAX_LAG_USEC;

      g_assert_cmpint (g_socket_send (socket, "p", 1, NULL, NULL), ==, 1);
      while (g_get_monotonic_time () < due)
        ;
      send_with_descriptor (socket, "d");
    }

  return NULL;
}

static void
test_descriptors_in_a_stream (void)
{
  g_auto(Pair) pair = { NULL };
  g_autoptr(GSocket) client = NULL;
  g_autoptr(GSocket) bus = NULL;
  g_autoptr(GThread) sender = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A descriptor comes with its byte also where it is sent while others are read");

  pair_init (&pair);
  client = g_socket_new_from_fd (dup (pair.client), &error);
  g_assert_no_error (error);
  bus = g_socket_new_from_fd (dup (pair.bus), &error);
  g_assert_no_error (error);
  sender = g_thread_new ("sender", send_by_turns, client);
  for (guint i = 0; i < 2 * N_TURNS; i++)
    {
      char byte;
      int n = receive_with_descriptors (bus, &byte, 1);

      g_assert_cmpint (byte, ==, i % 2 == 0 ? 'p' : 'd');
      g_assert_cmpint (n, ==, byte == 'd');
    }
  g_thread_join (g_steal_pointer (&sender));
}

/* Returns what came of 100 bytes after @strike, and whether the sender still has a connection. */
static gsize
play_strike (ChaosStrike *strike,
             guchar      *got)
{
  g_auto(Pair) pair = { NULL };
  g_autofree guchar *sent = make_bytes (100);
  gsize n;

  pair_init (&pair);
  strike->of = 1;
  strike->way = CHAOS_TO_BUS;
  /* The first byte tells that the proxy has the connection. */
  write_all (pair.client, (const guchar *) "x", 1);
  g_assert_cmpuint (read_all (pair.bus, got, 1), ==, 1);
  chaos_proxy_strike (pair.proxy, strike);
  dbr_test_wait_until (NULL, chaos_proxy_count_strikes (pair.proxy) == 1, DBR_TEST_PATIENCE_MS);
  if (strike->kind != CHAOS_STRIKE_CUT)
    write_all (pair.client, sent, 100);
  n = read_all (pair.bus, got, 200);
  g_assert_cmpuint (read_all (pair.client, sent, 1), ==, 0);

  return n;
}

static void
test_strikes (void)
{
  g_autofree guchar *sent = make_bytes (100);
  guchar got[200];
  ChaosStrike cut = { .kind = CHAOS_STRIKE_CUT };
  ChaosStrike truncate = { .kind = CHAOS_STRIKE_TRUNCATE, .after_bytes = 42, .lasts_ms = 5000 };
  ChaosStrike half = { .kind = CHAOS_STRIKE_HALF_CLOSE, .after_bytes = 7, .lasts_ms = 100 };
  ChaosStrike corrupt = {
    .kind = CHAOS_STRIKE_CORRUPT, .after_bytes = 5, .every_bytes = 30, .mask = 0x81,
    .lasts_ms = 1000,
  };

  g_test_summary ("A strike cuts, shortens or changes just what it was told to");

  g_assert_cmpuint (play_strike (&cut, got), ==, 0);
  g_assert_cmpuint (play_strike (&truncate, got), ==, 42);
  g_assert_cmpmem (got, 42, sent, 42);
  g_assert_cmpuint (play_strike (&half, got), ==, 7);
  g_assert_cmpuint (play_strike (&corrupt, got), ==, 100);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (got[i], ==, sent[i] ^ (i % 30 == 5 ? 0x81 : 0));
}

static void
test_brittle (void)
{
  const ChaosWeather weather = { .brittle_bytes = 5 };
  g_auto(Pair) pair = { NULL };
  guchar got[8];
  int client;
  int bus;

  g_test_summary ("What connects while connections are brittle is cut, and what was there is not");

  pair_init (&pair);
  pair_set_weather (&pair, CHAOS_TO_BUS, &weather);
  write_all (pair.client, (const guchar *) "12345678", 8);
  g_assert_cmpuint (read_all (pair.bus, got, 8), ==, 8);
  client = connect_to (chaos_proxy_get_address (pair.proxy) + strlen ("unix:path="));
  bus = accept4 (pair.listener, NULL, NULL, SOCK_CLOEXEC);
  g_assert_no_errno (bus);
  write_all (client, (const guchar *) "12345678", 8);
  g_assert_cmpuint (read_all (bus, got, 8), ==, 4);
  g_assert_cmpuint (read_all (client, got, 1), ==, 0);
  close (client);
  close (bus);
}

static void
test_no_bus (void)
{
  g_auto(Pair) pair = { NULL };
  g_autofree char *path = NULL;
  guchar got;
  int client;

  g_test_summary ("Where there is no bus a client sees its connection end");

  pair_init (&pair);
  path = g_build_filename (pair.folder, "bus", NULL);
  g_assert_no_errno (unlink (path));
  client = connect_to (chaos_proxy_get_address (pair.proxy) + strlen ("unix:path="));
  g_assert_cmpuint (read_all (client, &got, 1), ==, 0);
  close (client);
}

static void
test_script (void)
{
  g_autoptr(GArray) one = chaos_script_new (4711, 60000, 4);
  g_autoptr(GArray) again = chaos_script_new (4711, 60000, 4);
  g_autoptr(GArray) other = chaos_script_new (4712, 60000, 4);
  guint n_faults[CHAOS_N_FAULTS] = { 0 };

  g_test_summary ("A seed makes one script, which leaves no kind of fault out for long");

  g_assert_cmpuint (one->len, ==, again->len);
  for (guint i = 0; i < one->len; i++)
    {
      g_autofree char *text = chaos_fault_to_text (&g_array_index (one, ChaosFault, i));
      g_autofree char *same = chaos_fault_to_text (&g_array_index (again, ChaosFault, i));

      g_assert_cmpstr (text, ==, same);
      n_faults[g_array_index (one, ChaosFault, i).kind]++;
    }
  g_assert_false (one->len == other->len
                  && memcmp (one->data, other->data, one->len * sizeof (ChaosFault)) == 0);
  for (ChaosFaultKind kind = 0; kind < CHAOS_N_FAULTS; kind++)
    g_assert_cmpuint (n_faults[kind], >, 0);
}

int
main (int   argc,
      char *argv[])
{
  static const ChaosWeather fine = { 0 };
  static const ChaosWeather pieces = { .piece_bytes = 100 };
  static const ChaosWeather slow = { .bytes_per_ms = 1000, .delay_ms = 30 };

  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/dbr/chaos/weather/fine", &fine, test_weather);
  g_test_add_data_func ("/dbr/chaos/weather/pieces", &pieces, test_weather);
  g_test_add_data_func ("/dbr/chaos/weather/slow", &slow, test_weather);
  g_test_add_func ("/dbr/chaos/weather/frozen", test_frozen);
  g_test_add_func ("/dbr/chaos/weather/delayed", test_delayed);
  g_test_add_func ("/dbr/chaos/descriptors", test_descriptors);
  g_test_add_func ("/dbr/chaos/descriptors-in-a-stream", test_descriptors_in_a_stream);
  g_test_add_func ("/dbr/chaos/strikes", test_strikes);
  g_test_add_func ("/dbr/chaos/brittle", test_brittle);
  g_test_add_func ("/dbr/chaos/no-bus", test_no_bus);
  g_test_add_func ("/dbr/chaos/script", test_script);

  return g_test_run ();
}
