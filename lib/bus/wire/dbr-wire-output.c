/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/wire/dbr-wire-output-private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <gio/gunixfdlist.h>

#define MAX_DESCRIPTORS 253

/* How much is written at once. Of more than the socket takes it could not be said any more that it
 * was never sent. */
#define MAX_PARCELS 32
#define MAX_BATCH (64 * 1024)

/* How often dbr-io writes before it turns to others. */
#define MAX_TURNS 8

/* One message, or what is left of it. */
typedef struct
{
  GList        link;
  guint32      serial;
  gboolean     has_left;
  guchar      *bytes;
  gsize        size;
  gsize        at;
  GUnixFDList *fd_list;
} Parcel;

static void
parcel_free (Parcel *self)
{
  g_clear_object (&self->fd_list);
  g_free (self->bytes);
  g_free (self);
}

static Parcel *
parcel_new (guint32        serial,
            DbrWireWriter *writer,
            gsize          at,
            GUnixFDList   *fd_list)
{
  Parcel *self = g_new0 (Parcel, 1);

  self->link.data = self;
  self->serial = serial;
  self->size = writer->length;
  self->bytes = dbr_wire_writer_steal (writer);
  self->at = at;
  self->fd_list = fd_list != NULL ? g_object_ref (fd_list) : NULL;

  return self;
}

static void
parcels_free (GQueue *parcels)
{
  GList *link;

  while ((link = g_queue_pop_head_link (parcels)) != NULL)
    parcel_free (link->data);
}

void
dbr_wire_output_init (DbrWireOutput *self)
{
  g_mutex_init (&self->mutex);
  g_queue_init (&self->waiting);
}

void
dbr_wire_output_clear (DbrWireOutput *self)
{
  parcels_free (&self->waiting);
  g_mutex_clear (&self->mutex);
}

/* Writing */

static void
add_descriptors (struct msghdr *header,
                 GUnixFDList   *fd_list)
{
  int n;
  const int *descriptors = g_unix_fd_list_peek_fds (fd_list, &n);
  struct cmsghdr *control = header->msg_control;
  gsize size = (gsize) n * sizeof (int);

  memset (header->msg_control, 0, CMSG_SPACE (size));
  header->msg_controllen = CMSG_SPACE (size);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN (size);
  memcpy (CMSG_DATA (control), descriptors, size);
}

/* Descriptors go with the first byte. A socket that fails is shut down, for its reader to see. */
static gsize
transmit (int           fd,
          struct iovec *parts,
          gsize         n_parts,
          GUnixFDList  *fd_list)
{
  guchar control[CMSG_SPACE (MAX_DESCRIPTORS * sizeof (int))] __attribute__ ((aligned (8)));
  struct msghdr header = { .msg_iov = parts, .msg_iovlen = n_parts };
  ssize_t n;

  if (fd_list != NULL && g_unix_fd_list_get_length (fd_list) > 0)
    {
      header.msg_control = control;
      add_descriptors (&header, fd_list);
    }

  do
    n = sendmsg (fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);

  if (n >= 0)
    return (gsize) n;
  if (errno != EAGAIN)
    shutdown (fd, SHUT_RDWR);

  return 0;
}

static gboolean
is_full (DbrWireOutput *self,
         gsize          size)
{
  return self->n_waiting > 0 && self->n_waiting + size > DBR_WIRE_MAX_WAITING;
}

static void
output_put_locked (DbrWireOutput *self,
                   Parcel        *parcel,
                   gboolean       is_first)
{
  self->n_waiting += parcel->size - parcel->at;
  if (is_first)
    g_queue_push_head_link (&self->waiting, &parcel->link);
  else
    g_queue_push_tail_link (&self->waiting, &parcel->link);
}

/* Whether it is this thread's turn to write. If not, the message was put behind the others. */
static DbrWireSent
output_begin (DbrWireOutput *self,
              guint32        serial,
              DbrWireWriter *writer,
              GUnixFDList   *fd_list,
              gboolean      *is_our_turn)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  *is_our_turn = FALSE;
  if (self->is_over)
    return DBR_WIRE_SENT_CLOSED;

  if (!self->is_writing && self->waiting.length == 0)
    {
      self->is_writing = *is_our_turn = TRUE;
      return DBR_WIRE_SENT_ALL;
    }

  if (is_full (self, writer->length))
    return DBR_WIRE_SENT_TOO_MUCH;
  output_put_locked (self, parcel_new (serial, writer, 0, fd_list), FALSE);

  return DBR_WIRE_SENT_ALL;
}

/* Ends a turn of writing. TRUE: somebody has to wait for the socket. */
static gboolean
output_end_locked (DbrWireOutput *self)
{
  gboolean was_watched = self->is_watched;

  self->is_writing = FALSE;
  self->is_watched = was_watched || (self->waiting.length > 0 && !self->is_over);

  return self->is_watched && !was_watched;
}

DbrWireSent
dbr_wire_output_send (DbrWireOutput *self,
                      guint32        serial,
                      DbrWireWriter *writer,
                      GUnixFDList   *fd_list)
{
  struct iovec part = { writer->bytes, writer->length };
  gsize size = writer->length;
  Parcel *rest = NULL;
  gboolean is_our_turn;
  gboolean must_wait;
  DbrWireSent sent = output_begin (self, serial, writer, fd_list, &is_our_turn);

  if (!is_our_turn)
    return sent;

  if (self->leaving (self->user_data, serial, g_get_monotonic_time ()))
    {
      gsize written = transmit (self->fd, &part, 1, fd_list);

      if (written < size)
        {
          rest = parcel_new (serial, writer, written, written == 0 ? fd_list : NULL);
          rest->has_left = TRUE;
        }
    }

  g_mutex_lock (&self->mutex);
  if (rest != NULL && !self->is_over)
    output_put_locked (self, g_steal_pointer (&rest), TRUE);
  must_wait = output_end_locked (self);
  g_mutex_unlock (&self->mutex);
  g_clear_pointer (&rest, parcel_free);

  return must_wait ? DBR_WIRE_SENT_SOME : DBR_WIRE_SENT_ALL;
}

/* Flushing */

/* Takes what is written next. Only the first may have descriptors, as they go with the first
 * byte. */
static gboolean
output_take_batch (DbrWireOutput *self,
                   GQueue        *batch)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  gsize size = 0;

  if (self->is_writing || self->is_over || self->waiting.length == 0)
    {
      self->is_watched = FALSE;
      return FALSE;
    }

  self->is_writing = TRUE;
  while (self->waiting.length > 0 && batch->length < MAX_PARCELS && size < MAX_BATCH)
    {
      Parcel *parcel = self->waiting.head->data;

      if (batch->length > 0 && parcel->fd_list != NULL)
        break;

      size += parcel->size - parcel->at;
      g_queue_push_tail_link (batch, g_queue_pop_head_link (&self->waiting));
    }
  self->n_waiting -= size;

  return TRUE;
}

static void
output_drop_withdrawn (DbrWireOutput *self,
                       GQueue        *batch)
{
  gint64 now = g_get_monotonic_time ();
  GList *next;

  for (GList *link = batch->head; link != NULL; link = next)
    {
      Parcel *parcel = link->data;

      next = link->next;
      if (!parcel->has_left && !self->leaving (self->user_data, parcel->serial, now))
        {
          g_queue_unlink (batch, link);
          parcel_free (parcel);
        }
      else
        {
          parcel->has_left = TRUE;
        }
    }
}

/* Writes once, and keeps in the batch what did not go. TRUE: all went. */
static gboolean
output_write_batch (DbrWireOutput *self,
                    GQueue        *batch)
{
  struct iovec parts[MAX_PARCELS];
  gsize n_parts = 0;
  gsize written;

  if (batch->length == 0)
    return TRUE;

  for (GList *link = batch->head; link != NULL; link = link->next)
    {
      Parcel *parcel = link->data;

      parts[n_parts++] = (struct iovec) { parcel->bytes + parcel->at, parcel->size - parcel->at };
    }

  written = transmit (self->fd, parts, n_parts, ((Parcel *) batch->head->data)->fd_list);
  while (written > 0)
    {
      Parcel *parcel = batch->head->data;
      gsize size = MIN (written, parcel->size - parcel->at);

      g_clear_object (&parcel->fd_list);
      written -= size;
      parcel->at += size;
      if (parcel->at < parcel->size)
        break;

      g_queue_pop_head_link (batch);
      parcel_free (parcel);
    }

  return batch->length == 0;
}

/* Puts back what did not go, before what came meanwhile. */
static gboolean
output_end_batch (DbrWireOutput *self,
                  GQueue        *batch)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GList *link;

  self->is_writing = FALSE;
  if (self->is_over)
    return FALSE;

  while ((link = g_queue_pop_tail_link (batch)) != NULL)
    output_put_locked (self, link->data, TRUE);
  self->is_watched = self->waiting.length > 0;

  return self->is_watched;
}

gboolean
dbr_wire_output_flush (DbrWireOutput *self)
{
  gboolean goes_on = TRUE;
  gboolean must_wait = FALSE;

  for (guint i = 0; i < MAX_TURNS && goes_on; i++)
    {
      GQueue batch = G_QUEUE_INIT;

      if (!output_take_batch (self, &batch))
        return FALSE;

      output_drop_withdrawn (self, &batch);
      goes_on = output_write_batch (self, &batch);
      must_wait = output_end_batch (self, &batch);
      goes_on = goes_on && must_wait;
      parcels_free (&batch);
    }

  return must_wait;
}

void
dbr_wire_output_close (DbrWireOutput *self)
{
  GQueue waiting = G_QUEUE_INIT;

  g_mutex_lock (&self->mutex);
  self->is_over = TRUE;
  waiting = self->waiting;
  g_queue_init (&self->waiting);
  self->n_waiting = 0;
  g_mutex_unlock (&self->mutex);

  parcels_free (&waiting);
}
