/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#define _GNU_SOURCE

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gunixfdlist.h>

#include "dbr-wire-server.h"

/* What goes over a connection, and what ends it. */

#define MIB (1024 * 1024)
#define N_THREADS 64
#define N_CALLS 50

/* A client of a server that is played by hand, and has let it in. */
typedef struct
{
  WireServer *server;
  DbrClient  *client;
} Pair;

static void
wait_open (DbrClient *client)
{
  dbr_test_wait_until (NULL, dbr_client_get_state (client) == DBR_CLIENT_STATE_CONNECTED,
                       DBR_TEST_PATIENCE_MS);
}

static Pair
pair_new (void)
{
  Pair self = { .server = wire_server_new () };

  self.client = wire_client_new (self.server->address, FALSE);
  dbr_client_open_async (self.client, NULL, NULL, NULL);
  wire_server_let_in (self.server);
  wait_open (self.client);

  return self;
}

static void
pair_clear (Pair *self)
{
  g_object_unref (self->client);
  wire_server_free (self->server);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static GVariant *
new_bytes (gsize size,
           guchar fill)
{
  guchar *bytes = g_malloc (size);
  GVariant *value;

  memset (bytes, fill, size);
  value = g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, bytes, size, TRUE, g_free, bytes);

  return g_variant_new_tuple (&value, 1);
}

/* What comes */

/* Plays one call whose answer is written as given. */
static void
pair_exchange (Pair       *self,
               GBytes     *answer,
               gsize       piece,
               Outcome    *outcome)
{
  const char *bytes = g_bytes_get_data (answer, NULL);
  gsize size = g_bytes_get_size (answer);

  for (gsize at = 0; at < size; at += piece)
    wire_server_write (self->server, bytes + at, MIN (piece, size - at), NULL, 0);
  scene_wait (outcome);
}

static void
test_pieces (void)
{
  static const struct
  {
    gsize size;
    gsize piece;
  } table[] = {
    { 10, 1 }, { 100, 7 }, { 32 * 1024, 1000 }, { 33 * 1024, 32 * 1024 }, { 70000, 4096 },
    { 3 * MIB, 100000 },
  };
  g_auto(Pair) pair = pair_new ();

  g_test_summary ("An answer of any size is read, in whatever pieces it comes");
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr(DbrCall) call = wire_call_new (NULL, 10000);
      g_autoptr(GVariant) expected = g_variant_ref_sink (new_bytes (table[i].size, 'x'));
      g_autoptr(DbrWireMessage) received = NULL;
      g_autoptr(GBytes) answer = NULL;
      g_auto(Outcome) outcome = { NULL };
      DbrWireHeader reply;

      scene_run_async (pair.client, call, NULL, &outcome);
      received = wire_server_receive (pair.server, NULL);
      reply = wire_server_new_reply (pair.server, received);
      answer = bytes_write (&reply, expected);
      pair_exchange (&pair, answer, table[i].piece, &outcome);
      g_assert_no_error (outcome.error);
      bytes_assert_same (outcome.reply, expected);
    }
}

static void
test_one_gulp (void)
{
  g_auto(Pair) pair = pair_new ();
  g_autoptr(GByteArray) answers = g_byte_array_new ();
  g_autofree Outcome *outcomes = g_new0 (Outcome, 500);

  g_test_summary ("Many answers in one piece, and in any order, each reach their own call");
  for (guint i = 0; i < 500; i++)
    {
      g_autoptr(DbrCall) call = wire_call_new (g_variant_new ("(u)", i), 10000);
      g_autoptr(DbrWireMessage) received = NULL;
      g_autoptr(GVariant) body = NULL;
      g_autoptr(GBytes) answer = NULL;
      DbrWireHeader reply;

      scene_run_async (pair.client, call, NULL, &outcomes[i]);
      received = wire_server_receive (pair.server, NULL);
      reply = wire_server_new_reply (pair.server, received);
      body = dbr_message_dup_body (&received->message);
      answer = bytes_write (&reply, body);
      g_byte_array_prepend (answers, g_bytes_get_data (answer, NULL), (guint) g_bytes_get_size (answer));
    }
  wire_server_write (pair.server, answers->data, answers->len, NULL, 0);

  for (guint i = 0; i < 500; i++)
    {
      guint number;

      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      g_variant_get (outcomes[i].reply, "(u)", &number);
      g_assert_cmpuint (number, ==, i);
      outcome_clear (&outcomes[i]);
    }
}

static void
assert_lost (Pair       *self,
             DbrCall    *call,
             Outcome    *outcome,
             const char *reason)
{
  scene_wait (outcome);
  g_assert_error (outcome->error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
  if (strstr (outcome->error->message, reason) == NULL)
    g_error ("“%s” was expected in “%s”", reason, outcome->error->message);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);
  g_assert_cmpint (dbr_client_get_state (self->client), !=, DBR_CLIENT_STATE_CONNECTED);
}

static void
test_malformed (void)
{
  static const struct
  {
    const char *bytes;
    gsize       size;
    const char *reason;
  } table[] = {
    { "x\2\0\1\0\0\0\0\1\0\0\0\0\0\0\0", 16, "byte order" },
    { "l\2\0\7\0\0\0\0\1\0\0\0\0\0\0\0", 16, "version" },
    { "l\2\0\1\0\0\0\0\1\0\0\0\0\0\0\0", 16, "missing" },
    { "l\2\0\1\0\0\0\0\0\0\0\0\0\0\0\0", 16, "serial" },
    { "l\2\0\1\0\0\0\10\1\0\0\0\0\0\0\0", 16, "128 MiB" },
    { "l\2\0\1\0\0\0\0\1\0\0\0\10\0\0\0\11\1u\0\3\0\0\0", 24, "missing" },
  };

  g_test_summary ("A malformed or oversized message ends the connection with what was wrong");
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_auto(Pair) pair = pair_new ();
      g_autoptr(DbrCall) call = wire_call_new (NULL, 10000);
      g_autoptr(DbrWireMessage) received = NULL;
      g_auto(Outcome) outcome = { NULL };

      scene_run_async (pair.client, call, NULL, &outcome);
      received = wire_server_receive (pair.server, NULL);
      wire_server_write (pair.server, table[i].bytes, table[i].size, NULL, 0);
      assert_lost (&pair, call, &outcome, table[i].reason);
    }
}

static void
test_malformed_value (void)
{
  g_auto(Pair) pair = pair_new ();
  g_autoptr(DbrCall) call = wire_call_new (NULL, 10000);
  g_autoptr(DbrWireMessage) received = NULL;
  g_autoptr(GBytes) good = NULL;
  g_autofree guchar *bad = NULL;
  g_auto(Outcome) outcome = { NULL };
  DbrWireHeader reply;
  gsize size;

  g_test_summary ("A malformed value among well formed ones ends it as well, read or not");
  scene_run_async (pair.client, call, NULL, &outcome);
  received = wire_server_receive (pair.server, NULL);
  reply = wire_server_new_reply (pair.server, received);
  good = bytes_write (&reply, g_variant_new ("(ss)", "one", "two"));
  size = g_bytes_get_size (good);
  bad = g_memdup2 (g_bytes_get_data (good, NULL), size);
  bad[size - 2] = 0xff;
  wire_server_write (pair.server, bad, size, NULL, 0);
  assert_lost (&pair, call, &outcome, "UTF-8");
}

static void
test_half_closed (void)
{
  g_auto(Pair) pair = pair_new ();
  g_autoptr(DbrCall) call = wire_call_new (NULL, 10000);
  g_auto(Outcome) outcome = { NULL };
  int descriptor = pair.server->fd;

  g_test_summary ("An end that no longer reads is as good as gone, though it says nothing");
  g_assert_no_errno (shutdown (descriptor, SHUT_RD));
  scene_run_async (pair.client, call, NULL, &outcome);
  scene_wait (&outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
}

/* Being called */

static void
assert_answers_call (Pair       *self,
                     const char *interface_name,
                     const char *member,
                     const char *type,
                     const char *error_name)
{
  DbrWireHeader call = { .kind = DBR_WIRE_CALL, .serial = 42 };
  g_autoptr(DbrWireMessage) answer = NULL;
  g_autoptr(GVariant) body = NULL;

  call.texts[DBR_WIRE_FIELD_PATH] = "/";
  call.texts[DBR_WIRE_FIELD_INTERFACE] = interface_name;
  call.texts[DBR_WIRE_FIELD_MEMBER] = member;
  wire_server_send (self->server, &call, NULL);
  answer = wire_server_receive (self->server, NULL);
  body = dbr_message_dup_body (&answer->message);
  g_assert_cmpuint (answer->header.reply_serial, ==, 42);
  g_assert_cmpstr (answer->message.error_name, ==, error_name);
  g_assert_cmpstr (g_variant_get_type_string (body), ==, type);
}

static void
test_called (void)
{
  g_auto(Pair) pair = pair_new ();
  DbrWireHeader silent = { .kind = DBR_WIRE_CALL, .serial = 41, .flags = DBR_WIRE_NO_REPLY };
  DbrWireHeader unknown = { .kind = 5, .serial = 40 };
  const char *unknown_method = "org.freedesktop.DBus.Error.UnknownMethod";

  g_test_summary ("Whoever calls a client is answered, unless it wants no answer");
  silent.texts[DBR_WIRE_FIELD_PATH] = "/";
  silent.texts[DBR_WIRE_FIELD_MEMBER] = "Silent";
  wire_server_send (pair.server, &silent, NULL);
  wire_server_send (pair.server, &unknown, NULL);
  assert_answers_call (&pair, "org.freedesktop.DBus.Peer", "Ping", "()", NULL);
  assert_answers_call (&pair, "org.freedesktop.DBus.Peer", "GetMachineId", "(s)", NULL);
  assert_answers_call (&pair, "org.freedesktop.DBus.Peer", "Pong", "(s)", unknown_method);
  assert_answers_call (&pair, NULL, "Ping", "(s)", unknown_method);
}

/* What goes */

static void
test_overload (void)
{
  g_auto(Pair) pair = pair_new ();
  Outcome outcomes[64] = { 0 };
  guint n_refused = 0;
  guint n_received = 0;

  g_test_summary ("For an end that does not read 16 MiB wait; the calls beyond are refused, and those "
                  "before arrive, whole and in order");
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrCall) call = wire_call_new (new_bytes (MIB, (guchar) i), 60000);

      scene_run_async (pair.client, call, NULL, &outcomes[i]);
    }

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrWireMessage) received = NULL;
      DbrWireHeader reply;

      while (g_main_context_iteration (NULL, FALSE))
        ;
      if (outcomes[i].n_ended > 0)
        {
          g_assert_error (outcomes[i].error, DBR_ERROR, DBR_ERROR_OVERLOADED);
          g_assert_cmpint (dbr_call_get_execution (outcomes[i].call), ==, DBR_EXECUTION_NEVER);
          n_refused++;
          continue;
        }

      received = wire_server_receive (pair.server, NULL);
      g_assert_cmpuint (received->size, >, MIB);
      for (gsize at = received->header.body_at + 4; at < received->size; at++)
        g_assert_cmpuint (received->bytes[at], ==, i);
      reply = wire_server_new_reply (pair.server, received);
      wire_server_send (pair.server, &reply, NULL);
      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      n_received++;
    }

  g_assert_cmpuint (n_received, >=, 16);
  g_assert_cmpuint (n_received, <=, 18);
  g_assert_cmpuint (n_refused, ==, G_N_ELEMENTS (outcomes) - n_received);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    outcome_clear (&outcomes[i]);
}

/* Callers that give up while their messages wait take them back. */
static void
test_withdrawn (void)
{
  g_auto(Pair) pair = pair_new ();
  Outcome outcomes[8] = { 0 };
  g_autoptr(DbrCall) last = wire_call_new (NULL, 60000);
  g_auto(Outcome) end = { NULL };
  g_autoptr(DbrWireMessage) received = NULL;
  DbrWireHeader reply;

  g_test_summary ("What still waits when its caller gives up is never sent, and did never run");
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrCall) call = wire_call_new (new_bytes (MIB, (guchar) i), 200);

      scene_run_async (pair.client, call, NULL, &outcomes[i]);
    }
  scene_run_async (pair.client, last, NULL, &end);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_error (outcomes[i].error, DBR_ERROR, DBR_ERROR_DEADLINE);
      g_assert_cmpint (dbr_call_get_execution (outcomes[i].call), ==,
                       i == 0 ? DBR_EXECUTION_MAYBE : DBR_EXECUTION_NEVER);
      outcome_clear (&outcomes[i]);
    }

  /* The first was on its way, and behind it comes the one that is still wanted. */
  received = wire_server_receive (pair.server, NULL);
  g_assert_cmpuint (received->size, >, MIB);
  g_clear_pointer (&received, dbr_wire_message_unref);
  received = wire_server_receive (pair.server, NULL);
  g_assert_cmpuint (received->size, <, 1000);
  reply = wire_server_new_reply (pair.server, received);
  wire_server_send (pair.server, &reply, NULL);
  scene_wait (&end);
  g_assert_no_error (end.error);
}

/* Descriptors */

static void
append_pipe (GArray *descriptors)
{
  int ends[2];

  g_assert_no_errno (pipe2 (ends, O_CLOEXEC));
  g_array_append_vals (descriptors, ends, 2);
}

static void
close_all (GArray *descriptors)
{
  for (guint i = 0; i < descriptors->len; i++)
    close (g_array_index (descriptors, int, i));
  g_array_unref (descriptors);
}

/* That what is written into one end comes out of the other. */
static void
assert_same_pipe (int writing,
                  int reading)
{
  char c = 0;

  g_assert_cmpint (write (writing, "p", 1), ==, 1);
  g_assert_cmpint (read (reading, &c, 1), ==, 1);
  g_assert_cmpint (c, ==, 'p');
}

static void
test_sent_descriptors (void)
{
  g_auto(Pair) pair = pair_new ();
  GArray *pipes = g_array_new (FALSE, FALSE, sizeof (int));
  Outcome outcomes[3] = { 0 };

  g_test_summary ("Descriptors go once with their own message, also of one that is written in parts");
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(GUnixFDList) fd_list = g_unix_fd_list_new ();
      GVariant *parts[] = { g_variant_new_handle (0), new_bytes (MIB, (guchar) i) };
      g_autoptr(DbrCall) call = wire_call_new (g_variant_new_tuple (parts, 2), 60000);

      append_pipe (pipes);
      g_unix_fd_list_append (fd_list, g_array_index (pipes, int, 2 * i), NULL);
      dbr_call_set_fd_list (call, fd_list);
      scene_run_async (pair.client, call, NULL, &outcomes[i]);
    }

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      GArray *received_descriptors = g_array_new (FALSE, FALSE, sizeof (int));
      g_autoptr(DbrWireMessage) received = wire_server_receive (pair.server, received_descriptors);
      DbrWireHeader reply = wire_server_new_reply (pair.server, received);

      g_assert_cmpuint (received->header.n_descriptors, ==, 1);
      g_assert_cmpuint (received_descriptors->len, ==, 1);
      assert_same_pipe (g_array_index (pipes, int, 2 * i + 1),
                        g_array_index (received_descriptors, int, 0));
      close_all (received_descriptors);
      wire_server_send (pair.server, &reply, NULL);
      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      outcome_clear (&outcomes[i]);
    }
  close_all (pipes);
}

/* An answer that tells of @n_told descriptors and comes with @n_sent. */
static void
answer_with_descriptors (Pair    *self,
                         Outcome *outcome,
                         guint    n_told,
                         GArray  *sent,
                         guint    n_sent)
{
  g_autoptr(DbrCall) call = wire_call_new (NULL, 10000);
  g_autoptr(DbrWireMessage) received = NULL;
  g_autoptr(GBytes) answer = NULL;
  gconstpointer descriptors = sent->data;
  DbrWireHeader reply;
  const guchar *bytes;
  gsize size;

  scene_run_async (self->client, call, NULL, outcome);
  received = wire_server_receive (self->server, NULL);
  reply = wire_server_new_reply (self->server, received);
  reply.n_descriptors = n_told;
  answer = bytes_write (&reply, g_variant_new ("(h)", 0));
  bytes = g_bytes_get_data (answer, &size);
  wire_server_write (self->server, bytes, 10, descriptors, n_sent);
  wire_server_write (self->server, bytes + 10, size - 10, NULL, 0);
  scene_wait (outcome);
}

static void
test_received_descriptors (void)
{
  g_auto(Pair) pair = pair_new ();
  GArray *pipes = g_array_new (FALSE, FALSE, sizeof (int));
  g_auto(Outcome) outcome = { NULL };
  const int *descriptors;

  g_test_summary ("Descriptors come with their answer, though it comes in parts");
  append_pipe (pipes);
  append_pipe (pipes);
  answer_with_descriptors (&pair, &outcome, 2, pipes, 2);
  g_assert_no_error (outcome.error);
  descriptors = g_unix_fd_list_peek_fds (dbr_call_get_reply_fd_list (outcome.call), NULL);
  g_assert_cmpint (g_unix_fd_list_get_length (dbr_call_get_reply_fd_list (outcome.call)), ==, 2);
  assert_same_pipe (g_array_index (pipes, int, 1), descriptors[0]);
  close_all (pipes);
}

static void
test_wrong_descriptors (void)
{
  static const struct
  {
    guint       n_told;
    guint       n_sent;
    const char *reason;
  } table[] = {
    { 2, 1, "fewer descriptors" },
    { 1, 0, "fewer descriptors" },
    { G_MAXUINT32, 1, "fewer descriptors" },
  };

  g_test_summary ("Descriptors that were told of and did not come end the connection");
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_auto(Pair) pair = pair_new ();
      GArray *pipes = g_array_new (FALSE, FALSE, sizeof (int));
      g_auto(Outcome) outcome = { NULL };

      append_pipe (pipes);
      answer_with_descriptors (&pair, &outcome, table[i].n_told, pipes, table[i].n_sent);
      assert_lost (&pair, outcome.call, &outcome, table[i].reason);
      close_all (pipes);
    }
}

/* The answer itself is in order; but whose they are nobody can tell. */
static void
test_stray_descriptors (void)
{
  g_auto(Pair) pair = pair_new ();
  GArray *pipes = g_array_new (FALSE, FALSE, sizeof (int));
  DbrTestResources before = dbr_test_resources_read ();
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("Descriptors that nothing told of end the connection too, and are closed");
  append_pipe (pipes);
  answer_with_descriptors (&pair, &outcome, 1, pipes, 2);
  dbr_test_wait_until (NULL, dbr_client_get_state (pair.client) != DBR_CLIENT_STATE_CONNECTED,
                       DBR_TEST_PATIENCE_MS);
  outcome_clear (&outcome);
  close_all (pipes);
  dbr_test_wait_until (NULL, dbr_test_resources_read ().n_fds < before.n_fds, DBR_TEST_PATIENCE_MS);
}

/* Threads */

typedef struct
{
  DbrClient *client;
  guint      number;
  guint      n_right;
} Caller;

static gpointer
call_thread (gpointer data)
{
  Caller *self = data;

  for (guint i = 0; i < N_CALLS; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u of %u", i, self->number);
      g_autoptr(GVariant) reply = NULL;
      const char *echo = "";

      reply = dbr_client_call_sync (self->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Echo",
                                    g_variant_new ("(s)", text), G_VARIANT_TYPE ("(s)"), 0, NULL,
                                    NULL);
      if (reply != NULL)
        g_variant_get (reply, "(&s)", &echo);
      self->n_right += g_str_equal (echo, text);
    }

  return NULL;
}

static void
test_threads (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_SESSION_LIMITS, NULL);
  g_autoptr(DbrClient) client = scene_new_session_client (scene);
  GThread *threads[N_THREADS];
  Caller callers[N_THREADS];

  g_test_summary ("Sixty-four threads that call at once each get their own answers");
  for (guint i = 0; i < N_THREADS; i++)
    {
      callers[i] = (Caller) { client, i, 0 };
      threads[i] = g_thread_new ("caller", call_thread, &callers[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    {
      g_thread_join (threads[i]);
      g_assert_cmpuint (callers[i].n_right, ==, N_CALLS);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/wire/connection/answers-in-pieces", test_pieces);
  g_test_add_func ("/dbr/wire/connection/answers-in-one-gulp", test_one_gulp);
  g_test_add_func ("/dbr/wire/connection/malformed", test_malformed);
  g_test_add_func ("/dbr/wire/connection/malformed-value", test_malformed_value);
  g_test_add_func ("/dbr/wire/connection/half-closed", test_half_closed);
  g_test_add_func ("/dbr/wire/connection/being-called", test_called);
  g_test_add_func ("/dbr/wire/connection/an-end-that-does-not-read", test_overload);
  g_test_add_func ("/dbr/wire/connection/withdrawn", test_withdrawn);
  g_test_add_func ("/dbr/wire/connection/descriptors-sent", test_sent_descriptors);
  g_test_add_func ("/dbr/wire/connection/descriptors-received", test_received_descriptors);
  g_test_add_func ("/dbr/wire/connection/descriptors-that-do-not-come", test_wrong_descriptors);
  g_test_add_func ("/dbr/wire/connection/descriptors-of-nobody", test_stray_descriptors);
  g_test_add_func ("/dbr/wire/connection/sixty-four-threads", test_threads);

  return g_test_run ();
}
