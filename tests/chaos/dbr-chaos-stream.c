/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GULP (32 * 1024)

/* A reader that is behind makes its writer wait, as a socket does. */
#define MAX_BYTES (256 * 1024)

#define MAX_DESCRIPTORS 253

/* What one read brought. Its descriptors go with its first byte. */
typedef struct
{
  guchar *bytes;
  gsize   size;
  gsize   at;
  gint64  due_usec;
  int    *descriptors;
  gsize   n_descriptors;
} Chunk;

static void
chunk_drop_descriptors (Chunk *self)
{
  for (gsize i = 0; i < self->n_descriptors; i++)
    close (self->descriptors[i]);
  g_clear_pointer (&self->descriptors, g_free);
  self->n_descriptors = 0;
}

static void
chunk_free (Chunk *self)
{
  chunk_drop_descriptors (self);
  g_free (self->bytes);
  g_free (self);
}

static void
chunk_take_descriptors (Chunk         *self,
                        struct msghdr *header)
{
  for (struct cmsghdr *control = CMSG_FIRSTHDR (header);
       control != NULL;
       control = CMSG_NXTHDR (header, control))
    {
      gsize size = control->cmsg_len - CMSG_LEN (0);

      if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
        continue;

      self->descriptors = g_realloc (self->descriptors, self->n_descriptors * sizeof (int) + size);
      memcpy (self->descriptors + self->n_descriptors, CMSG_DATA (control), size);
      self->n_descriptors += size / sizeof (int);
    }
}

static ssize_t
chunk_send (Chunk *self,
            int    fd,
            gsize  size)
{
  guchar control[CMSG_SPACE (MAX_DESCRIPTORS * sizeof (int))] __attribute__ ((aligned (8)));
  struct iovec part = { self->bytes + self->at, size };
  struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

  if (self->n_descriptors > 0)
    {
      gsize length = self->n_descriptors * sizeof (int);
      struct cmsghdr *first = (struct cmsghdr *) control;

      memset (control, 0, CMSG_SPACE (length));
      header.msg_control = control;
      header.msg_controllen = CMSG_SPACE (length);
      first->cmsg_level = SOL_SOCKET;
      first->cmsg_type = SCM_RIGHTS;
      first->cmsg_len = CMSG_LEN (length);
      memcpy (CMSG_DATA (first), self->descriptors, length);
    }

  return sendmsg (fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
chaos_stream_init (ChaosStream *self,
                   int          from,
                   int          to)
{
  *self = (ChaosStream) { .from = from, .to = to };
  g_queue_init (&self->chunks);
}

void
chaos_stream_clear (ChaosStream *self)
{
  g_queue_clear_full (&self->chunks, (GDestroyNotify) chunk_free);
  self->n_bytes = 0;
}

gboolean
chaos_stream_wants (ChaosStream        *self,
                    const ChaosWeather *weather)
{
  return !self->is_ended && !weather->is_frozen && self->n_bytes < MAX_BYTES;
}

gint64
chaos_stream_get_due (ChaosStream        *self,
                      const ChaosWeather *weather)
{
  const Chunk *chunk = g_queue_peek_head (&self->chunks);

  if (self->is_shut || weather->is_frozen)
    return G_MAXINT64;
  if (chunk != NULL)
    return MAX (chunk->due_usec, self->next_usec);

  /* The end is passed on behind the last byte. */
  return self->is_ended ? 0 : G_MAXINT64;
}

/* Changes one byte and then every so many, in what is just being read: a delay after it does not
 * make a difference then. */
static void
stream_corrupt (ChaosStream *self,
                guchar      *bytes,
                gsize        size)
{
  gsize at;

  for (at = self->strike_in; at < size; at += MAX (self->strike.every_bytes, 1))
    bytes[at] ^= self->strike.mask;
  self->strike_in = at - size;
}

/* FALSE: the connection ends here. */
static gboolean
stream_suffer (ChaosStream *self,
               Chunk       *chunk)
{
  if (!self->is_struck)
    return TRUE;
  if (self->strike.kind == CHAOS_STRIKE_CORRUPT)
    {
      stream_corrupt (self, chunk->bytes, chunk->size);
      return TRUE;
    }
  if (self->strike_in >= chunk->size)
    {
      self->strike_in -= chunk->size;
      return TRUE;
    }

  chunk->size = self->strike_in;
  self->is_ended = TRUE;

  return FALSE;
}

/* Returns what one read of @size brings, which may be looked at only; NULL: nothing. */
static Chunk *
stream_receive (ChaosStream *self,
                gsize        size,
                int          flags,
                ssize_t     *n)
{
  guchar control[CMSG_SPACE (MAX_DESCRIPTORS * sizeof (int))] __attribute__ ((aligned (8)));
  guchar bytes[GULP];
  struct iovec part = { bytes, size };
  struct msghdr header = {
    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control,
  };
  Chunk *chunk;

  *n = recvmsg (self->from, &header, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (*n <= 0)
    return NULL;

  chunk = g_new0 (Chunk, 1);
  chunk->bytes = g_memdup2 (bytes, (gsize) *n);
  chunk->size = (gsize) *n;
  chunk_take_descriptors (chunk, &header);

  return chunk;
}

/* How much to read so that descriptors come with the first byte, or not at all: who gets them with
 * the end of the message before may well close the connection, or give them to that message. A look
 * tells that some wait, and nothing tells where, so that the bytes before them are read one by one.
 * No more is read than was looked at: what has come since may have descriptors. */
static gsize
stream_measure_read (ChaosStream *self)
{
  ssize_t n;
  Chunk *chunk = stream_receive (self, GULP, MSG_PEEK, &n);
  gsize size = chunk != NULL && chunk->n_descriptors == 0 ? chunk->size : 1;

  g_clear_pointer (&chunk, chunk_free);

  return size;
}

gboolean
chaos_stream_read (ChaosStream        *self,
                   const ChaosWeather *weather)
{
  ssize_t n;
  Chunk *chunk = stream_receive (self, stream_measure_read (self), 0, &n);

  if (n < 0)
    return errno == EAGAIN || errno == EINTR;
  if (n == 0)
    {
      self->is_ended = TRUE;
      return TRUE;
    }

  stream_suffer (self, chunk);
  chunk->due_usec = MAX (self->last_due_usec,
                         g_get_monotonic_time () + weather->delay_ms * (gint64) 1000);
  self->last_due_usec = chunk->due_usec;
  if (chunk->size == 0)
    {
      chunk_free (chunk);
      return TRUE;
    }
  self->n_bytes += chunk->size;
  g_queue_push_tail (&self->chunks, chunk);

  return TRUE;
}

static gsize
stream_measure_piece (const Chunk        *chunk,
                      const ChaosWeather *weather)
{
  gsize size = chunk->size - chunk->at;

  if (weather->piece_bytes > 0)
    size = MIN (size, weather->piece_bytes);
  if (weather->bytes_per_ms > 0)
    size = MIN (size, weather->bytes_per_ms);

  return size;
}

/* One end's word that it will say no more reaches the other; after a strike it is no more than
 * half of the truth, and the whole connection ends. */
static gboolean
stream_end (ChaosStream *self)
{
  self->is_shut = TRUE;
  if (self->is_struck && self->strike.kind == CHAOS_STRIKE_TRUNCATE)
    return FALSE;

  shutdown (self->to, SHUT_WR);

  return TRUE;
}

gboolean
chaos_stream_write (ChaosStream        *self,
                    const ChaosWeather *weather,
                    gboolean           *is_full)
{
  Chunk *chunk = g_queue_peek_head (&self->chunks);
  gint64 now = g_get_monotonic_time ();
  ssize_t n;

  *is_full = FALSE;
  if (chunk == NULL)
    return stream_end (self);

  n = chunk_send (chunk, self->to, stream_measure_piece (chunk, weather));
  if (n < 0)
    {
      *is_full = errno == EAGAIN;
      return errno == EAGAIN || errno == EINTR;
    }

  chunk_drop_descriptors (chunk);
  chunk->at += (gsize) n;
  self->n_bytes -= (gsize) n;
  if (weather->bytes_per_ms > 0)
    self->next_usec = now + (gint64) n * 1000 / weather->bytes_per_ms;
  if (chunk->at == chunk->size)
    chunk_free (g_queue_pop_head (&self->chunks));

  return TRUE;
}

void
chaos_stream_strike (ChaosStream       *self,
                     const ChaosStrike *strike)
{
  self->is_struck = TRUE;
  self->strike = *strike;
  self->strike_in = strike->after_bytes;
}
