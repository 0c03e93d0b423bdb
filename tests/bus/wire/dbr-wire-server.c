/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#define _GNU_SOURCE

#include "dbr-wire-server.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
set_patience (int fd)
{
  gint64 left = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS) - g_get_monotonic_time ();
  struct timeval patience = { .tv_sec = left / G_USEC_PER_SEC };

  g_assert_no_errno (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
  g_assert_no_errno (setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience));
}

WireServer *
wire_server_new (void)
{
  WireServer *self = g_new0 (WireServer, 1);
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  self->folder = g_dir_make_tmp ("dbr-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "socket", NULL);
  self->address = g_strconcat ("unix:path=", self->path, NULL);
  self->next_serial = 1;
  self->fd = -1;
  self->listening = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (self->listening);
  set_patience (self->listening);
  g_strlcpy (address.sun_path, self->path, sizeof address.sun_path);
  g_assert_no_errno (bind (self->listening, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (listen (self->listening, 8));

  return self;
}

void
wire_server_free (WireServer *self)
{
  wire_server_cut (self);
  close (self->listening);
  g_unlink (self->path);
  g_rmdir (self->folder);
  g_free (self->folder);
  g_free (self->path);
  g_free (self->address);
  g_free (self);
}

void
wire_server_accept (WireServer *self)
{
  wire_server_cut (self);
  self->fd = accept4 (self->listening, NULL, NULL, SOCK_CLOEXEC);
  g_assert_no_errno (self->fd);
  set_patience (self->fd);
}

void
wire_server_cut (WireServer *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

/* Bytes */

void
wire_server_write (WireServer *self,
                   const void *bytes,
                   gsize       size,
                   const int  *descriptors,
                   guint       n_descriptors)
{
  guchar control[CMSG_SPACE (64 * sizeof (int))] __attribute__ ((aligned (8))) = { 0 };
  struct iovec part = { (void *) bytes, size };
  struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

  if (n_descriptors > 0)
    {
      struct cmsghdr *first = (struct cmsghdr *) control;

      header.msg_control = control;
      header.msg_controllen = CMSG_SPACE (n_descriptors * sizeof (int));
      first->cmsg_level = SOL_SOCKET;
      first->cmsg_type = SCM_RIGHTS;
      first->cmsg_len = CMSG_LEN (n_descriptors * sizeof (int));
      memcpy (CMSG_DATA (first), descriptors, n_descriptors * sizeof (int));
    }

  while (part.iov_len > 0)
    {
      ssize_t n = sendmsg (self->fd, &header, MSG_NOSIGNAL);

      g_assert_no_errno (n);
      part.iov_base = (guchar *) part.iov_base + n;
      part.iov_len -= (gsize) n;
      header.msg_controllen = 0;
    }
}

void
wire_server_read (WireServer *self,
                  void       *bytes,
                  gsize       size,
                  GArray     *descriptors)
{
  guchar control[CMSG_SPACE (64 * sizeof (int))] __attribute__ ((aligned (8)));

  while (size > 0)
    {
      struct iovec part = { bytes, size };
      struct msghdr header = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
      };
      ssize_t n = recvmsg (self->fd, &header, MSG_CMSG_CLOEXEC);
      struct cmsghdr *first = CMSG_FIRSTHDR (&header);

      g_assert_no_errno (n);
      g_assert_cmpint (n, >, 0);
      bytes = (guchar *) bytes + n;
      size -= (gsize) n;
      if (first == NULL)
        continue;

      g_assert_nonnull (descriptors);
      g_array_append_vals (descriptors, CMSG_DATA (first),
                           (guint) ((first->cmsg_len - CMSG_LEN (0)) / sizeof (int)));
    }
}

/* Being let in */

void
wire_server_say (WireServer *self,
                 const char *text)
{
  wire_server_write (self, text, strlen (text), NULL, 0);
}

void
wire_server_expect (WireServer *self,
                    const void *bytes,
                    gsize       size)
{
  g_autofree guchar *read = g_malloc (size);

  wire_server_read (self, read, size, NULL);
  g_assert_cmpmem (read, size, bytes, size);
}

static void
expect_line (WireServer *self,
             const char *line)
{
  g_autofree char *whole = g_strconcat (line, "\r\n", NULL);

  wire_server_expect (self, whole, strlen (whole));
}

void
wire_server_let_in (WireServer *self)
{
  g_autofree char *user = g_strdup_printf ("%u", (guint) geteuid ());
  GString *line = g_string_new ("AUTH EXTERNAL ");

  for (const char *c = user; *c != '\0'; c++)
    g_string_append_printf (line, "%02x", *c);

  wire_server_accept (self);
  wire_server_expect (self, "", 1);
  expect_line (self, line->str);
  wire_server_say (self, "OK 0123456789abcdef0123456789abcdef\r\n");
  expect_line (self, "NEGOTIATE_UNIX_FD");
  wire_server_say (self, "AGREE_UNIX_FD\r\n");
  expect_line (self, "BEGIN");
  g_string_free (line, TRUE);
}

void
wire_server_greet (WireServer *self)
{
  g_autoptr(DbrWireMessage) hello = wire_server_receive (self, NULL);
  DbrWireHeader reply = wire_server_new_reply (self, hello);

  g_assert_cmpstr (hello->message.member, ==, "Hello");
  wire_server_send (self, &reply, g_variant_new ("(s)", ":1.1"));
}

/* Messages */

void
wire_server_send (WireServer          *self,
                  const DbrWireHeader *header,
                  GVariant            *body)
{
  g_autoptr(GBytes) bytes = bytes_write (header, body);

  wire_server_write (self, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL, 0);
}

DbrWireMessage *
wire_server_receive (WireServer *self,
                     GArray     *descriptors)
{
  guchar prefix[DBR_WIRE_PREFIX];
  const char *fault = NULL;
  DbrWireMessage *message;
  gsize size;

  wire_server_read (self, prefix, sizeof prefix, descriptors);
  size = dbr_wire_header_measure (prefix, &fault);
  g_assert_cmpstr (fault, ==, NULL);

  message = dbr_wire_message_new (size);
  memcpy (message->bytes, prefix, sizeof prefix);
  wire_server_read (self, message->bytes + sizeof prefix, size - sizeof prefix, descriptors);
  g_assert_cmpstr (dbr_wire_message_read (message, 1), ==, NULL);

  return message;
}

DbrWireHeader
wire_server_new_reply (WireServer     *self,
                       DbrWireMessage *call)
{
  return (DbrWireHeader) {
           .kind = DBR_WIRE_RETURN,
           .serial = self->next_serial++,
           .reply_serial = call->header.serial,
  };
}

DbrClient *
wire_client_new (const char *address,
                 gboolean    has_bus)
{
  DbrClient *client = has_bus ? dbr_client_new_for_address (address)
                              : dbr_client_new_for_peer (address);
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();

  dbr_retry_policy_set_max_attempts (policy, 1);
  dbr_client_set_retry_policy (client, policy);
  dbr_client_set_max_in_flight (client, 1024);

  return client;
}

DbrCall *
wire_call_new (GVariant *parameters,
               guint     timeout_ms)
{
  DbrCall *call = dbr_call_new (NULL, SCENE_PATH, DBR_TEST_INTERFACE, "Echo", parameters);

  dbr_call_set_timeout_ms (call, timeout_ms);

  return call;
}
