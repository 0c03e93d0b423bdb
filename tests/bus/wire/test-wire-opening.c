/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "dbr-wire-server.h"

/* Being let in, or not. */

/* One call to a server that is played by hand. */
typedef struct
{
  WireServer *server;
  DbrClient  *client;
  Outcome     outcome;
} Visit;

static void
visit_begin (Visit    *self,
             gboolean  has_bus,
             guint     timeout_ms)
{
  g_autoptr(DbrCall) call = NULL;

  self->server = wire_server_new ();
  self->client = wire_client_new (self->server->address, has_bus);
  call = has_bus ? scene_call_new ("Echo", NULL, timeout_ms) : wire_call_new (NULL, timeout_ms);
  scene_run_async (self->client, call, NULL, &self->outcome);
}

static void
visit_end (Visit *self)
{
  outcome_clear (&self->outcome);
  g_object_unref (self->client);
  wire_server_free (self->server);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Visit, visit_end)

static void
visit_assert_refused (Visit      *self,
                      const char *reason)
{
  scene_wait (&self->outcome);
  g_assert_error (self->outcome.error, DBR_ERROR, DBR_ERROR_NO_BUS);
  if (strstr (self->outcome.error->message, reason) == NULL)
    g_error ("“%s” was expected in “%s”", reason, self->outcome.error->message);
  g_assert_cmpint (dbr_call_get_execution (self->outcome.call), ==, DBR_EXECUTION_NEVER);
}

static void
visit_answer (Visit *self)
{
  g_autoptr(DbrWireMessage) call = wire_server_receive (self->server, NULL);
  DbrWireHeader reply = wire_server_new_reply (self->server, call);

  wire_server_send (self->server, &reply, NULL);
  scene_wait (&self->outcome);
  g_assert_no_error (self->outcome.error);
}

static void
skip_line (WireServer *server)
{
  char c;

  do
    wire_server_read (server, &c, 1, NULL);
  while (c != '\n');
}

static void
test_refused (void)
{
  static const char *const answers[] = {
    "REJECTED EXTERNAL DBUS_COOKIE_SHA1\r\n",
    "REJECTED\r\n",
    "ERROR\r\n",
    "AGREE_UNIX_FD\r\n",
    "OKAY\r\n",
    "\r\n",
    "what is this\xff\r\n",
  };

  g_test_summary ("Who is not let in hears what the other end said");
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_auto(Visit) visit = { NULL };

      visit_begin (&visit, TRUE, 5000);
      wire_server_accept (visit.server);
      skip_line (visit.server);
      wire_server_say (visit.server, answers[i]);
      visit_assert_refused (&visit, "authenticate");
    }
}

static void
test_anonymous (void)
{
  g_auto(Visit) visit = { NULL };

  g_test_summary ("Where one's user counts for nothing, one comes in anonymously");
  visit_begin (&visit, FALSE, 5000);
  wire_server_accept (visit.server);
  skip_line (visit.server);
  wire_server_say (visit.server, "REJECTED DBUS_COOKIE_SHA1 ANONYMOUS\r\n");
  wire_server_expect (visit.server, "AUTH ANONYMOUS 6c6962646272\r\n", 29);
  wire_server_say (visit.server, "OK 0123456789abcdef0123456789abcdef\r\n");
  skip_line (visit.server);
  wire_server_say (visit.server, "ERROR\r\n");
  wire_server_expect (visit.server, "BEGIN\r\n", 7);
  visit_answer (&visit);
}

static void
test_not_even_anonymous (void)
{
  g_auto(Visit) visit = { NULL };

  g_test_summary ("Who is not let in anonymously either does not try for ever");
  visit_begin (&visit, TRUE, 5000);
  wire_server_accept (visit.server);
  skip_line (visit.server);
  wire_server_say (visit.server, "REJECTED ANONYMOUS\r\n");
  skip_line (visit.server);
  wire_server_say (visit.server, "REJECTED ANONYMOUS\r\n");
  visit_assert_refused (&visit, "REJECTED ANONYMOUS");
}

/* Some servers want to be asked to ask. */
static void
test_data (void)
{
  g_auto(Visit) visit = { NULL };

  g_test_summary ("A server that asks for more is told that there is no more");
  visit_begin (&visit, FALSE, 5000);
  wire_server_accept (visit.server);
  skip_line (visit.server);
  wire_server_say (visit.server, "DATA\r\n");
  wire_server_expect (visit.server, "DATA\r\n", 6);
  wire_server_say (visit.server, "OK 0123456789abcdef0123456789abcdef\r\n");
  skip_line (visit.server);
  wire_server_say (visit.server, "AGREE_UNIX_FD\r\n");
  skip_line (visit.server);
  visit_answer (&visit);
}

static void
test_in_pieces (void)
{
  static const char text[] = "OK 0123456789abcdef0123456789abcdef\r\n";
  g_auto(Visit) visit = { NULL };

  g_test_summary ("Lines that come byte by byte are lines");
  visit_begin (&visit, FALSE, 5000);
  wire_server_accept (visit.server);
  skip_line (visit.server);
  for (const char *c = text; *c != '\0'; c++)
    wire_server_write (visit.server, c, 1, NULL, 0);
  skip_line (visit.server);
  wire_server_say (visit.server, "AGREE_UNIX_FD\r\n");
  skip_line (visit.server);
  visit_answer (&visit);
}

static void
test_endless_line (void)
{
  g_auto(Visit) visit = { NULL };
  g_autofree char *text = g_strnfill (40000, 'x');

  g_test_summary ("A line without an end is no line");
  visit_begin (&visit, TRUE, 5000);
  wire_server_accept (visit.server);
  skip_line (visit.server);
  send (visit.server->fd, text, 40000, MSG_NOSIGNAL);
  visit_assert_refused (&visit, "without an end");
}

/* The steps after which a server may stall or be gone. */
typedef enum
{
  STEP_LISTENING,
  STEP_ACCEPTED,
  STEP_HAS_READ,
  STEP_IN_A_LINE,
  STEP_OK,
  STEP_AGREED,
  STEP_IN_HELLO,
  N_STEPS
} Step;

static void
walk (WireServer *server,
      Step        last)
{
  if (last >= STEP_ACCEPTED)
    wire_server_accept (server);
  if (last >= STEP_HAS_READ)
    skip_line (server);
  if (last >= STEP_IN_A_LINE)
    wire_server_say (server, "OK 01234");
  if (last >= STEP_OK)
    {
      wire_server_say (server, "56789abcdef\r\n");
      skip_line (server);
    }
  if (last >= STEP_AGREED)
    {
      wire_server_say (server, "AGREE_UNIX_FD\r\n");
      skip_line (server);
    }
  if (last >= STEP_IN_HELLO)
    {
      g_autoptr(DbrWireMessage) hello = wire_server_receive (server, NULL);

      g_assert_cmpstr (hello->message.member, ==, "Hello");
      wire_server_say (server, "l\2\1\1");
    }
}

static void
test_stalls (void)
{
  g_test_summary ("A server that says no more, at whichever step, holds nobody beyond the limit");
  for (Step step = 0; step < N_STEPS; step++)
    {
      g_auto(Visit) visit = { NULL };

      visit_begin (&visit, TRUE, 200);
      walk (visit.server, step);
      scene_wait (&visit.outcome);
      g_assert_error (visit.outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
      scene_assert_in_time (&visit.outcome, 200);
      g_assert_cmpint (dbr_call_get_execution (visit.outcome.call), ==, DBR_EXECUTION_NEVER);
    }
}

static void
test_cut (void)
{
  g_test_summary ("A server that goes away, at whichever step, is told at once");
  for (Step step = STEP_ACCEPTED; step < N_STEPS; step++)
    {
      g_auto(Visit) visit = { NULL };

      visit_begin (&visit, TRUE, 60000);
      walk (visit.server, step);
      wire_server_cut (visit.server);
      visit_assert_refused (&visit, visit.server->address);
    }
}

static void
test_hello_refused (void)
{
  g_auto(Visit) visit = { NULL };
  g_autoptr(DbrWireMessage) hello = NULL;
  DbrWireHeader reply;

  g_test_summary ("A bus that is full says so, and so is the caller told");
  visit_begin (&visit, TRUE, 5000);
  wire_server_let_in (visit.server);
  hello = wire_server_receive (visit.server, NULL);
  reply = wire_server_new_reply (visit.server, hello);
  reply.kind = DBR_WIRE_ERROR;
  reply.texts[DBR_WIRE_FIELD_ERROR_NAME] = "org.freedesktop.DBus.Error.LimitsExceeded";
  wire_server_send (visit.server, &reply, g_variant_new ("(s)", "the bus is full"));
  visit_assert_refused (&visit, "the bus is full");
}

static void
test_hello_without_a_name (void)
{
  g_auto(Visit) visit = { NULL };
  g_autoptr(DbrWireMessage) hello = NULL;
  DbrWireHeader reply;

  g_test_summary ("A bus that gives no name is none");
  visit_begin (&visit, TRUE, 5000);
  wire_server_let_in (visit.server);
  hello = wire_server_receive (visit.server, NULL);
  reply = wire_server_new_reply (visit.server, hello);
  wire_server_send (visit.server, &reply, g_variant_new ("(u)", 1));
  visit_assert_refused (&visit, "no name");
}

static void
test_hello_malformed (void)
{
  g_auto(Visit) visit = { NULL };

  g_test_summary ("What answers in no D-Bus is told what was wrong with it");
  visit_begin (&visit, TRUE, 5000);
  wire_server_let_in (visit.server);
  wire_server_say (visit.server, "HTTP/1.1 400 Bad Request\r\n");
  visit_assert_refused (&visit, "byte order");
}

/* What follows the answer to Hello may be read with it. */
static void
test_behind_hello (void)
{
  g_auto(Visit) visit = { NULL };
  g_autoptr(DbrWireMessage) hello = NULL;
  g_autoptr(GBytes) greeting = NULL;
  g_autoptr(GBytes) ping = NULL;
  g_autoptr(DbrWireMessage) pong = NULL;
  g_autoptr(GByteArray) both = g_byte_array_new ();
  DbrWireHeader reply;
  DbrWireHeader call = { .kind = DBR_WIRE_CALL, .serial = 77 };

  g_test_summary ("What came in one piece with the answer to Hello is heard as well");
  visit_begin (&visit, TRUE, 5000);
  wire_server_let_in (visit.server);
  hello = wire_server_receive (visit.server, NULL);
  reply = wire_server_new_reply (visit.server, hello);
  call.texts[DBR_WIRE_FIELD_PATH] = "/";
  call.texts[DBR_WIRE_FIELD_INTERFACE] = "org.freedesktop.DBus.Peer";
  call.texts[DBR_WIRE_FIELD_MEMBER] = "Ping";
  greeting = bytes_write (&reply, g_variant_new ("(s)", ":1.1"));
  ping = bytes_write (&call, NULL);
  g_byte_array_append (both, g_bytes_get_data (greeting, NULL), (guint) g_bytes_get_size (greeting));
  g_byte_array_append (both, g_bytes_get_data (ping, NULL), (guint) g_bytes_get_size (ping));
  wire_server_write (visit.server, both->data, both->len, NULL, 0);

  pong = wire_server_receive (visit.server, NULL);
  g_assert_cmpint (pong->header.kind, ==, DBR_WIRE_RETURN);
  g_assert_cmpuint (pong->header.reply_serial, ==, 77);
  g_assert_cmpstr (dbr_client_get_unique_name (visit.client), ==, ":1.1");
  visit_answer (&visit);
}

/* Of two servers only the second lets us in. */
static void
test_second_address (void)
{
  g_autoptr(WireServer) first = wire_server_new ();
  g_autoptr(WireServer) second = wire_server_new ();
  g_autofree char *list = g_strconcat (first->address, ";", second->address, NULL);
  g_autoptr(DbrClient) client = wire_client_new (list, FALSE);
  g_autoptr(DbrCall) call = wire_call_new (NULL, 5000);
  g_autoptr(DbrWireMessage) received = NULL;
  g_auto(Outcome) outcome = { NULL };
  DbrWireHeader reply;

  g_test_summary ("Of several addresses the first that lets us in is taken");
  scene_run_async (client, call, NULL, &outcome);
  wire_server_accept (first);
  skip_line (first);
  wire_server_say (first, "REJECTED\r\n");
  wire_server_let_in (second);
  received = wire_server_receive (second, NULL);
  reply = wire_server_new_reply (second, received);
  wire_server_send (second, &reply, NULL);
  scene_wait (&outcome);
  g_assert_no_error (outcome.error);
}

/* A host, and a file that proves who may read it. */
static void
test_nonce (void)
{
  static const char nonce[] = "sixteen bytes, 1";
  g_autofree char *folder = g_dir_make_tmp ("dbr-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (folder, "a nonce", NULL);
  g_autofree char *escaped = g_dbus_address_escape_value (file);
  g_autofree char *address = NULL;
  struct sockaddr_in place = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof place;
  WireServer server = { .fd = -1, .listening = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
  g_autoptr(DbrCall) call = wire_call_new (NULL, 5000);
  g_autoptr(DbrClient) client = NULL;
  g_auto(Outcome) outcome = { NULL };
  char c;

  g_test_summary ("A TCP server that wants to see a nonce first is shown it, and gets no descriptors");
  g_assert_true (g_file_set_contents (file, nonce, 16, NULL));
  g_assert_no_errno (bind (server.listening, (struct sockaddr *) &place, sizeof place));
  g_assert_no_errno (listen (server.listening, 1));
  g_assert_no_errno (getsockname (server.listening, (struct sockaddr *) &place, &size));
  address = g_strdup_printf ("nonce-tcp:host=localhost,port=%u,family=ipv4,noncefile=%s",
                             ntohs (place.sin_port), escaped);
  client = wire_client_new (address, FALSE);
  scene_run_async (client, call, NULL, &outcome);

  wire_server_accept (&server);
  wire_server_expect (&server, nonce, 16);
  wire_server_read (&server, &c, 1, NULL);
  skip_line (&server);
  wire_server_say (&server, "OK 0123456789abcdef0123456789abcdef\r\n");
  wire_server_expect (&server, "BEGIN\r\n", 7);
  wire_server_cut (&server);
  scene_wait (&outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
  close (server.listening);
  g_unlink (file);
  g_rmdir (folder);
}

/* How many fit before the next would have to wait. */
static guint
fill_backlog (WireServer *server,
              GArray     *fillers)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  g_strlcpy (address.sun_path, server->path, sizeof address.sun_path);
  while (TRUE)
    {
      int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

      g_array_append_val (fillers, fd);
      if (connect (fd, (struct sockaddr *) &address, sizeof address) < 0)
        return fillers->len - 1;
    }
}

static void
test_crowd (void)
{
  g_autoptr(WireServer) server = wire_server_new ();
  g_autoptr(DbrClient) client = wire_client_new (server->address, FALSE);
  g_autoptr(GArray) fillers = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr(DbrCall) call = wire_call_new (NULL, 300);
  g_autoptr(DbrCall) later_call = wire_call_new (NULL, 10000);
  g_autoptr(DbrWireMessage) received = NULL;
  g_auto(Outcome) outcome = { NULL };
  g_auto(Outcome) later = { NULL };
  guint n = fill_backlog (server, fillers);
  DbrWireHeader reply;

  g_test_summary ("Before a server that does not keep up one waits, within the limit, and gets in");
  g_assert_cmpuint (n, >, 0);
  scene_run_async (client, call, NULL, &outcome);
  scene_run_async (client, later_call, NULL, &later);
  scene_wait (&outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);

  for (guint i = 0; i < n; i++)
    wire_server_accept (server);
  wire_server_let_in (server);
  received = wire_server_receive (server, NULL);
  reply = wire_server_new_reply (server, received);
  wire_server_send (server, &reply, NULL);
  scene_wait (&later);
  g_assert_no_error (later.error);
  for (guint i = 0; i < fillers->len; i++)
    close (g_array_index (fillers, int, i));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/wire/opening/refused", test_refused);
  g_test_add_func ("/dbr/wire/opening/anonymous", test_anonymous);
  g_test_add_func ("/dbr/wire/opening/not-even-anonymous", test_not_even_anonymous);
  g_test_add_func ("/dbr/wire/opening/asked-for-data", test_data);
  g_test_add_func ("/dbr/wire/opening/in-pieces", test_in_pieces);
  g_test_add_func ("/dbr/wire/opening/endless-line", test_endless_line);
  g_test_add_func ("/dbr/wire/opening/stalls-at-each-step", test_stalls);
  g_test_add_func ("/dbr/wire/opening/cut-at-each-step", test_cut);
  g_test_add_func ("/dbr/wire/opening/hello-is-refused", test_hello_refused);
  g_test_add_func ("/dbr/wire/opening/hello-without-a-name", test_hello_without_a_name);
  g_test_add_func ("/dbr/wire/opening/hello-is-malformed", test_hello_malformed);
  g_test_add_func ("/dbr/wire/opening/behind-hello", test_behind_hello);
  g_test_add_func ("/dbr/wire/opening/second-address", test_second_address);
  g_test_add_func ("/dbr/wire/opening/nonce", test_nonce);
  g_test_add_func ("/dbr/wire/opening/behind-a-crowd", test_crowd);

  return g_test_run ();
}
