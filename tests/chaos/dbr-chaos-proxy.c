/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-proxy.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dbr-chaos-stream.h"
#include "dbr-test-util.h"

/* One client's connection and the one to the bus that was made for it. */
typedef struct
{
  guint       number;
  int         client;
  int         bus;
  ChaosStream ways[CHAOS_N_WAYS];
  /* which socket did not take any more */
  gboolean    is_full[CHAOS_N_WAYS];
  gboolean    is_brittle[CHAOS_N_WAYS];
  /* when it is cut; G_MAXINT64: it was not struck */
  gint64      doomed_usec;
} Link;

struct _ChaosProxy
{
  /* identity */
  char        *path;
  char        *address;
  char        *bus_path;

  /* touched by the proxy's own thread only */
  int          listener;
  GPtrArray   *links;
  guint        n_accepted;
  ChaosWeather now[CHAOS_N_WAYS];

  GThread     *thread;
  int          wake[2];

  GMutex       mutex;

  /* guarded by mutex */
  ChaosWeather weather[CHAOS_N_WAYS];
  GArray      *strikes;
  guint        n_strikes;
  gboolean     is_over;
};

static void
link_free (Link *self)
{
  for (ChaosWay way = 0; way < CHAOS_N_WAYS; way++)
    chaos_stream_clear (&self->ways[way]);
  close (self->client);
  close (self->bus);
  g_free (self);
}

/* Sockets */

static void
fill_address (struct sockaddr_un *address,
              const char         *path)
{
  *address = (struct sockaddr_un) { .sun_family = AF_UNIX };
  g_assert_cmpuint (g_strlcpy (address->sun_path, path, sizeof address->sun_path), <,
                    sizeof address->sun_path);
}

static int
open_socket (void)
{
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (fd < 0)
    dbr_test_fail ("no socket: %s", g_strerror (errno));

  return fd;
}

static int
listen_at (const char *path)
{
  struct sockaddr_un address;
  int fd = open_socket ();

  fill_address (&address, path);
  if (bind (fd, (struct sockaddr *) &address, sizeof address) != 0 || listen (fd, 128) != 0)
    dbr_test_fail ("%s: %s", path, g_strerror (errno));

  return fd;
}

/* Where there is no bus just now the client sees its connection end, as it would there. */
static int
connect_to (const char *path)
{
  struct sockaddr_un address;
  int fd = open_socket ();

  fill_address (&address, path);
  if (connect (fd, (struct sockaddr *) &address, sizeof address) == 0)
    return fd;

  close (fd);

  return -1;
}

static void
link_begin_brittle (Link               *self,
                    const ChaosWeather *weather)
{
  for (ChaosWay way = 0; way < CHAOS_N_WAYS; way++)
    {
      ChaosStrike strike = { .kind = CHAOS_STRIKE_TRUNCATE, .way = way };

      if (weather[way].brittle_bytes == 0)
        continue;

      strike.after_bytes = weather[way].brittle_bytes - 1;
      self->is_brittle[way] = TRUE;
      chaos_stream_strike (&self->ways[way], &strike);
    }
}

/* What has lasted until then is as good as any other. */
static void
link_harden (Link               *self,
             const ChaosWeather *weather)
{
  for (ChaosWay way = 0; way < CHAOS_N_WAYS; way++)
    {
      if (!self->is_brittle[way] || weather[way].brittle_bytes > 0)
        continue;

      self->is_brittle[way] = FALSE;
      if (!self->ways[way].is_ended)
        self->ways[way].is_struck = FALSE;
    }
}

static void
proxy_accept (ChaosProxy *self)
{
  int client;

  while ((client = accept4 (self->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
    {
      int bus = connect_to (self->bus_path);
      Link *link;

      if (bus < 0)
        {
          close (client);
          continue;
        }

      link = g_new0 (Link, 1);
      link->number = self->n_accepted++;
      link->client = client;
      link->bus = bus;
      link->doomed_usec = G_MAXINT64;
      chaos_stream_init (&link->ways[CHAOS_TO_BUS], client, bus);
      chaos_stream_init (&link->ways[CHAOS_TO_CLIENT], bus, client);
      link_begin_brittle (link, self->now);
      g_ptr_array_add (self->links, link);
    }
}

/* Strikes */

static void
link_suffer (Link              *self,
             const ChaosStrike *strike)
{
  gint64 end = g_get_monotonic_time () + strike->lasts_ms * (gint64) 1000;

  self->is_brittle[strike->way] = FALSE;
  if (strike->kind != CHAOS_STRIKE_CUT)
    chaos_stream_strike (&self->ways[strike->way], strike);
  self->doomed_usec = MIN (self->doomed_usec, strike->kind == CHAOS_STRIKE_CUT ? 0 : end);
}

static void
proxy_suffer (ChaosProxy        *self,
              const ChaosStrike *strike)
{
  for (guint i = 0; i < self->links->len; i++)
    {
      Link *link = g_ptr_array_index (self->links, i);

      if (link->number % MAX (strike->of, 1) == strike->share)
        link_suffer (link, strike);
    }
}

/* FALSE: it is over. */
static gboolean
proxy_take_orders (ChaosProxy *self)
{
  g_autoptr(GArray) strikes = NULL;

  g_mutex_lock (&self->mutex);
  memcpy (self->now, self->weather, sizeof self->now);
  strikes = g_steal_pointer (&self->strikes);
  self->strikes = g_array_new (FALSE, FALSE, sizeof (ChaosStrike));
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < self->links->len; i++)
    link_harden (g_ptr_array_index (self->links, i), self->now);
  for (guint i = 0; i < strikes->len; i++)
    proxy_suffer (self, &g_array_index (strikes, ChaosStrike, i));
  g_mutex_lock (&self->mutex);
  self->n_strikes += strikes->len;
  g_mutex_unlock (&self->mutex);

  return !g_atomic_int_get (&self->is_over);
}

/* Its thread */

static gint64
link_get_due (Link               *self,
              const ChaosWeather *weather)
{
  gint64 due = self->doomed_usec;

  for (ChaosWay way = 0; way < CHAOS_N_WAYS; way++)
    {
      if (!self->is_full[way])
        due = MIN (due, chaos_stream_get_due (&self->ways[way], &weather[way]));
    }

  return due;
}

static struct pollfd
link_watch (Link               *self,
            const ChaosWeather *weather,
            ChaosWay            reads)
{
  ChaosWay writes = reads == CHAOS_TO_BUS ? CHAOS_TO_CLIENT : CHAOS_TO_BUS;
  struct pollfd watch = { .fd = self->ways[reads].from };

  if (chaos_stream_wants (&self->ways[reads], &weather[reads]))
    watch.events |= POLLIN;
  if (self->is_full[writes])
    watch.events |= POLLOUT;
  /* A socket whose other end is gone would say so again and again. */
  if (watch.events == 0)
    watch.fd = -1;

  return watch;
}

/* FALSE: it is over. */
static gboolean
link_turn (Link               *self,
           const ChaosWeather *weather,
           ChaosWay            way,
           short               from_events,
           short               to_events)
{
  ChaosStream *stream = &self->ways[way];

  if ((from_events & (POLLIN | POLLHUP | POLLERR)) != 0
      && chaos_stream_wants (stream, &weather[way])
      && !chaos_stream_read (stream, &weather[way]))
    return FALSE;

  if ((to_events & (POLLOUT | POLLHUP | POLLERR)) != 0)
    self->is_full[way] = FALSE;
  while (!self->is_full[way]
         && chaos_stream_get_due (stream, &weather[way]) <= g_get_monotonic_time ())
    {
      if (!chaos_stream_write (stream, &weather[way], &self->is_full[way]))
        return FALSE;
      /* So that a piece is really read as one, now and then. */
      if (weather[way].piece_bytes > 0)
        break;
    }

  return TRUE;
}

static gboolean
link_turn_both (Link                *self,
                const ChaosWeather  *weather,
                const struct pollfd *watches)
{
  short client = watches[CHAOS_TO_BUS].revents;
  short bus = watches[CHAOS_TO_CLIENT].revents;

  return link_turn (self, weather, CHAOS_TO_BUS, client, bus)
         && link_turn (self, weather, CHAOS_TO_CLIENT, bus, client)
         && !(self->ways[CHAOS_TO_BUS].is_shut && self->ways[CHAOS_TO_CLIENT].is_shut)
         && self->doomed_usec > g_get_monotonic_time ();
}

static void
proxy_wait (ChaosProxy *self,
            GArray     *watches)
{
  gint64 due = G_MAXINT64;
  gint64 now = g_get_monotonic_time ();
  struct timespec left = { 0 };
  struct pollfd watch = { .fd = self->wake[0], .events = POLLIN };

  g_array_set_size (watches, 0);
  g_array_append_val (watches, watch);
  watch.fd = self->listener;
  g_array_append_val (watches, watch);
  for (guint i = 0; i < self->links->len; i++)
    {
      Link *link = g_ptr_array_index (self->links, i);

      for (ChaosWay way = 0; way < CHAOS_N_WAYS; way++)
        {
          watch = link_watch (link, self->now, way);
          g_array_append_val (watches, watch);
        }
      due = MIN (due, link_get_due (link, self->now));
    }

  if (due > now && due != G_MAXINT64)
    {
      left.tv_sec = (due - now) / G_USEC_PER_SEC;
      left.tv_nsec = (due - now) % G_USEC_PER_SEC * 1000;
    }
  if (ppoll (&g_array_index (watches, struct pollfd, 0), watches->len, due == G_MAXINT64 ? NULL : &left,
             NULL) < 0)
    g_array_set_size (watches, 0);
}

static void
proxy_turn (ChaosProxy *self,
            GArray     *watches)
{
  const struct pollfd *watch = &g_array_index (watches, struct pollfd, 0);
  char orders[64];

  while (read (self->wake[0], orders, sizeof orders) > 0)
    continue;

  /* From the last, as those that are over are taken out. */
  for (guint i = self->links->len; i-- > 0;)
    {
      if (!link_turn_both (g_ptr_array_index (self->links, i), self->now,
                           watch + 2 + i * CHAOS_N_WAYS))
        g_ptr_array_remove_index_fast (self->links, i);
    }
  proxy_accept (self);
}

static gpointer
proxy_run (gpointer data)
{
  ChaosProxy *self = data;
  g_autoptr(GArray) watches = g_array_new (FALSE, FALSE, sizeof (struct pollfd));

  while (proxy_take_orders (self))
    {
      proxy_wait (self, watches);
      if (watches->len > 0)
        proxy_turn (self, watches);
    }

  return NULL;
}

/* Orders, from any thread */

static void
proxy_wake (ChaosProxy *self)
{
  ssize_t n;

  /* A pipe that is full wakes it all the same. */
  do
    n = write (self->wake[1], "", 1);
  while (n < 0 && errno == EINTR);
}

ChaosProxy *
chaos_proxy_new (const char *path,
                 const char *bus_path)
{
  ChaosProxy *self = g_new0 (ChaosProxy, 1);
  g_autoptr(GError) error = NULL;

  self->path = g_strdup (path);
  self->address = g_strconcat ("unix:path=", path, NULL);
  self->bus_path = g_strdup (bus_path);
  self->listener = listen_at (path);
  self->links = g_ptr_array_new_with_free_func ((GDestroyNotify) link_free);
  self->strikes = g_array_new (FALSE, FALSE, sizeof (ChaosStrike));
  g_mutex_init (&self->mutex);
  if (!g_unix_open_pipe (self->wake, FD_CLOEXEC, &error)
      || !g_unix_set_fd_nonblocking (self->wake[0], TRUE, &error)
      || !g_unix_set_fd_nonblocking (self->wake[1], TRUE, &error))
    dbr_test_fail ("no pipe: %s", error->message);
  self->thread = g_thread_new ("chaos proxy", proxy_run, self);

  return self;
}

void
chaos_proxy_free (ChaosProxy *self)
{
  g_atomic_int_set (&self->is_over, TRUE);
  proxy_wake (self);
  g_thread_join (self->thread);
  g_ptr_array_unref (self->links);
  g_array_unref (self->strikes);
  close (self->listener);
  close (self->wake[0]);
  close (self->wake[1]);
  unlink (self->path);
  g_mutex_clear (&self->mutex);
  g_free (self->path);
  g_free (self->address);
  g_free (self->bus_path);
  g_free (self);
}

const char *
chaos_proxy_get_address (ChaosProxy *self)
{
  return self->address;
}

guint
chaos_proxy_count_strikes (ChaosProxy *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->n_strikes;
}

void
chaos_proxy_set_weather (ChaosProxy         *self,
                         ChaosWay            way,
                         const ChaosWeather *weather)
{
  g_mutex_lock (&self->mutex);
  self->weather[way] = *weather;
  g_mutex_unlock (&self->mutex);
  proxy_wake (self);
}

void
chaos_proxy_strike (ChaosProxy        *self,
                    const ChaosStrike *strike)
{
  g_mutex_lock (&self->mutex);
  g_array_append_val (self->strikes, *strike);
  g_mutex_unlock (&self->mutex);
  proxy_wake (self);
}
