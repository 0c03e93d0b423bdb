/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/wire/dbr-wire-input-private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gunixfdlist.h>

#include "base/dbr-i18n-private.h"

#define GULP (32 * 1024)

/* No system lets one read bring more: SCM_MAX_FD. */
#define MAX_DESCRIPTORS 253

/* Messages are copied out of the gulp: a small one that is kept does not keep all of it. A message
 * that does not fit into it is read into its own place, and what follows it into the gulp. */
struct _DbrWireInput
{
  guchar         *bytes;
  gsize           begin;
  gsize           end;

  DbrWireMessage *large;
  gsize           large_end;

  /* those that came, in their order, and belong to no message yet */
  GArray         *descriptors;
};

static void
close_descriptor (gpointer data)
{
  close (*(int *) data);
}

DbrWireInput *
dbr_wire_input_new (void)
{
  DbrWireInput *self = g_new0 (DbrWireInput, 1);

  self->bytes = g_malloc (GULP);
  self->descriptors = g_array_new (FALSE, FALSE, sizeof (int));
  g_array_set_clear_func (self->descriptors, close_descriptor);

  return self;
}

void
dbr_wire_input_free (DbrWireInput *self)
{
  g_clear_pointer (&self->large, dbr_wire_message_unref);
  g_array_unref (self->descriptors);
  g_free (self->bytes);
  g_free (self);
}

/* Reading */

static void
input_take_descriptors (DbrWireInput  *self,
                        struct msghdr *header)
{
  for (struct cmsghdr *control = CMSG_FIRSTHDR (header);
       control != NULL;
       control = CMSG_NXTHDR (header, control))
    {
      if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS)
        g_array_append_vals (self->descriptors, CMSG_DATA (control),
                             (guint) ((control->cmsg_len - CMSG_LEN (0)) / sizeof (int)));
    }
}

static void
input_advance (DbrWireInput *self,
               gsize         size)
{
  if (self->large != NULL)
    {
      gsize part = MIN (size, self->large->size - self->large_end);

      self->large_end += part;
      size -= part;
    }

  self->end += size;
}

static void
input_compact (DbrWireInput *self)
{
  if (self->begin == 0)
    return;

  memmove (self->bytes, self->bytes + self->begin, self->end - self->begin);
  self->end -= self->begin;
  self->begin = 0;
}

static ssize_t
receive (int            fd,
         struct msghdr *header)
{
  ssize_t n;

  do
    n = recvmsg (fd, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);

  return n;
}

static DbrWireRead
fail_reading (int      code,
              GError **error)
{
  if (code == EAGAIN)
    return DBR_WIRE_READ_NOTHING;

  if (code == 0)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, _("the other end closed it"));
  else
    g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (code), g_strerror (code));

  return DBR_WIRE_READ_OVER;
}

DbrWireRead
dbr_wire_input_read (DbrWireInput  *self,
                     int            fd,
                     GError       **error)
{
  guchar control[CMSG_SPACE (MAX_DESCRIPTORS * sizeof (int))] __attribute__ ((aligned (8)));
  gsize large_size = self->large != NULL ? self->large->size - self->large_end : 0;
  struct iovec parts[2];
  struct msghdr header = { .msg_control = control, .msg_controllen = sizeof control };
  gsize room;
  ssize_t n;

  input_compact (self);
  room = large_size + GULP - self->end;
  if (large_size > 0)
    {
      parts[header.msg_iovlen++] = (struct iovec) {
        self->large->bytes + self->large_end, large_size
      };
    }
  parts[header.msg_iovlen++] = (struct iovec) { self->bytes + self->end, GULP - self->end };
  header.msg_iov = parts;

  n = receive (fd, &header);
  if (n <= 0)
    return fail_reading (n == 0 ? 0 : errno, error);

  if (header.msg_controllen > 0)
    input_take_descriptors (self, &header);
  if ((header.msg_flags & MSG_CTRUNC) != 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                           _("descriptors that it was sent did not fit into this process"));
      return DBR_WIRE_READ_OVER;
    }
  input_advance (self, (gsize) n);

  /* A read also ends early where descriptors were. */
  return (gsize) n == room || header.msg_controllen > 0 ? DBR_WIRE_READ_MORE : DBR_WIRE_READ_ALL;
}

/* Handing out */

char *
dbr_wire_input_take_line (DbrWireInput  *self,
                          const char   **fault)
{
  const char *text = (const char *) self->bytes + self->begin;
  gsize size = self->end - self->begin;
  const char *ending = memchr (text, '\n', size);
  gsize length;

  if (ending == NULL)
    {
      if (size == GULP)
        *fault = N_("it sent a line without an end");
      return NULL;
    }

  length = (gsize) (ending - text);
  self->begin += length + 1;
  if (length > 0 && text[length - 1] == '\r')
    length--;

  return g_strndup (text, length);
}

static const char *
input_give_descriptors (DbrWireInput   *self,
                        DbrWireMessage *message)
{
  guint n = message->header.n_descriptors;
  gconstpointer first = self->descriptors->data;

  if (n == 0)
    return NULL;
  if (n > self->descriptors->len)
    return N_("it has fewer descriptors than it tells");

  message->fd_list = g_unix_fd_list_new_from_array (first, (int) n);
  /* The list has them now. */
  g_array_set_clear_func (self->descriptors, NULL);
  g_array_remove_range (self->descriptors, 0, n);
  g_array_set_clear_func (self->descriptors, close_descriptor);

  return NULL;
}

/* Takes a message that is there as a whole. */
static DbrWireMessage *
input_finish (DbrWireInput    *self,
              DbrWireMessage  *message,
              gint64           now,
              const char     **fault)
{
  *fault = dbr_wire_message_read (message, now);
  if (*fault == NULL)
    *fault = input_give_descriptors (self, message);
  if (*fault == NULL)
    return message;

  dbr_wire_message_unref (message);

  return NULL;
}

/* Goes on with a message as one that has its own place. */
static void
input_begin_large (DbrWireInput *self,
                   gsize         size)
{
  self->large = dbr_wire_message_new (size);
  self->large_end = self->end - self->begin;
  memcpy (self->large->bytes, self->bytes + self->begin, self->large_end);
  self->begin = self->end;
}

DbrWireMessage *
dbr_wire_input_take_message (DbrWireInput  *self,
                             gint64         now,
                             const char   **fault)
{
  gsize available = self->end - self->begin;
  DbrWireMessage *message;
  gsize size;

  if (self->large != NULL)
    {
      if (self->large_end < self->large->size)
        return NULL;
      return input_finish (self, g_steal_pointer (&self->large), now, fault);
    }

  if (available < DBR_WIRE_PREFIX)
    {
      if (available == 0 && self->descriptors->len > 0)
        *fault = N_("descriptors came that belong to none");
      return NULL;
    }

  size = dbr_wire_header_measure (self->bytes + self->begin, fault);
  if (size > GULP)
    input_begin_large (self, size);
  if (size == 0 || size > available)
    return NULL;

  message = dbr_wire_message_new (size);
  memcpy (message->bytes, self->bytes + self->begin, size);
  self->begin += size;

  return input_finish (self, message, now, fault);
}
