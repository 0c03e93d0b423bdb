/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-gdbus-opening-private.h"

#include "base/dbr-deadline-private.h"
#include "base/dbr-descriptors-private.h"
#include "base/dbr-error.h"
#include "base/dbr-fork-private.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "bus/dbr-gdbus-transport-private.h"

/* The socket, the wait until it is connected, the wait for Hello, and the thread of GDBus. */
#define N_DESCRIPTORS 4

static gint n_opening;

/* GDBus connects, authenticates and says Hello in blocking calls without a limit. So that is done
 * in a thread of its own, which a deadline frees by taking its socket away: GIO's pool of threads
 * is the application's, and may be full of work that waits for us. Only the connection object is
 * made on dbr-io, because its `closed` signal fires in the context it was made in. */
typedef struct
{
  DbrOpening         opening;
  DbrConnectedFunc   connected;

  DbrDeadline        deadline;
  GCancellable      *cancellable;

  /* the thread's, until it is done */
  GIOStream         *stream;
  GError            *error;

  GMutex             mutex;
  GCond              cond;

  /* guarded by mutex */
  GDBusConnection   *connection;
  GSocket           *socket;
  gboolean           is_aborted;
  gboolean           is_late;
} DbrGdbusOpening;

static void
dbr_gdbus_opening_hand_over (DbrGdbusOpening *self)
{
  DbrOpening *opening = &self->opening;
  g_autoptr(DbrTransport) transport = NULL;

  if (self->connected != NULL)
    {
      self->connected (self->error == NULL ? self->connection : NULL, self->error,
                       opening->user_data);
      dbr_opening_leave (opening);
      return;
    }

  if (self->error == NULL)
    transport = dbr_gdbus_transport_new_private (self->connection, self->socket, &opening->limits);
  dbr_opening_finish (opening, transport, self->error);
}

static void
dbr_gdbus_opening_finish (DbrGdbusOpening *self)
{
  if (dbr_deadline_disarm (&self->deadline))
    dbr_opening_unref (&self->opening);

  if (self->error != NULL && self->socket != NULL)
    g_socket_shutdown (self->socket, TRUE, TRUE, NULL);

  dbr_gdbus_opening_hand_over (self);
}

static void
dbr_gdbus_opening_fail (DbrGdbusOpening *self,
                        GError          *cause)
{
  gboolean is_late;

  g_mutex_lock (&self->mutex);
  is_late = self->is_late;
  g_mutex_unlock (&self->mutex);

  self->error = is_late ? dbr_opening_new_late_error (&self->opening)
                        : dbr_opening_new_unreachable_error (&self->opening, cause->message);
  g_error_free (cause);
}

/* What g_dbus_connection_new_sync() does first; it would connect in the same breath. */
static void
build_cb (gpointer data)
{
  DbrGdbusOpening *self = data;
  GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT;
  GDBusConnection *connection;

  if (self->opening.has_bus)
    flags |= G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
  connection = g_object_new (G_TYPE_DBUS_CONNECTION,
                             "stream", self->stream,
                             "flags", flags,
                             NULL);

  g_mutex_lock (&self->mutex);
  self->connection = connection;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static void
done_cb (gpointer data)
{
  dbr_gdbus_opening_finish (data);
}

/* In the thread */

/* GDBus and GLib below it end the program where they find no descriptor for a main context. What
 * others open at the same time is counted as if it had nothing yet. */
static gboolean
dbr_gdbus_opening_find_room (GError **error)
{
  guint n_abreast = (guint) g_atomic_int_get (&n_opening);

  return dbr_descriptors_check (MAX (n_abreast, 1) * N_DESCRIPTORS, error);
}

static gboolean
dbr_gdbus_opening_reach (DbrGdbusOpening  *self,
                         GError          **error)
{
  GSocket *socket;
  gboolean is_aborted;

  self->stream = g_dbus_address_get_stream_sync (self->opening.address, NULL, self->cancellable,
                                                 error);
  if (self->stream == NULL)
    return FALSE;
  if (!G_IS_SOCKET_CONNECTION (self->stream))
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_NO_BUS, _("it does not lead to a socket"));
      return FALSE;
    }

  socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->stream));
  g_mutex_lock (&self->mutex);
  self->socket = g_object_ref (socket);
  is_aborted = self->is_aborted;
  g_mutex_unlock (&self->mutex);

  if (is_aborted)
    g_socket_shutdown (socket, TRUE, TRUE, NULL);

  return TRUE;
}

static void
dbr_gdbus_opening_build (DbrGdbusOpening *self)
{
  dbr_io_invoke (build_cb, self);

  g_mutex_lock (&self->mutex);
  while (self->connection == NULL)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

static gpointer
open_thread (gpointer data)
{
  DbrGdbusOpening *self = data;
  GError *cause = NULL;

  g_atomic_int_inc (&n_opening);
  if (dbr_gdbus_opening_find_room (&cause) && dbr_gdbus_opening_reach (self, &cause))
    {
      dbr_gdbus_opening_build (self);
      g_initable_init (G_INITABLE (self->connection), self->cancellable, &cause);
    }
  g_atomic_int_add (&n_opening, -1);
  if (cause != NULL)
    dbr_gdbus_opening_fail (self, cause);

  dbr_io_invoke (done_cb, self);

  return NULL;
}

static void
dbr_gdbus_opening_abort (DbrOpening *opening)
{
  DbrGdbusOpening *self = (DbrGdbusOpening *) opening;
  g_autoptr(GSocket) socket = NULL;

  g_mutex_lock (&self->mutex);
  self->is_aborted = TRUE;
  if (self->socket != NULL)
    socket = g_object_ref (self->socket);
  g_mutex_unlock (&self->mutex);

  /* Hello cannot be cancelled, but fails when the socket is shut down. */
  g_cancellable_cancel (self->cancellable);
  if (socket != NULL)
    g_socket_shutdown (socket, TRUE, TRUE, NULL);
}

static void
deadline_cb (DbrDeadline *deadline)
{
  DbrGdbusOpening *self = G_STRUCT_MEMBER_P (deadline,
                                             -G_STRUCT_OFFSET (DbrGdbusOpening, deadline));

  g_mutex_lock (&self->mutex);
  self->is_late = TRUE;
  g_mutex_unlock (&self->mutex);

  dbr_gdbus_opening_abort (&self->opening);
  dbr_opening_unref (&self->opening);
}

static void
dbr_gdbus_opening_start (DbrOpening *opening)
{
  DbrGdbusOpening *self = (DbrGdbusOpening *) opening;
  GThread *thread;
  GError *cause = NULL;

  if (dbr_fork_get_generation () > 0)
    {
      g_set_error_literal (&self->error, DBR_ERROR, DBR_ERROR_FORKED,
                           _("A child of fork() has no D-Bus worker thread; fork before the parent "
                             "uses D-Bus, or call exec() first"));
      dbr_io_invoke (done_cb, self);
      return;
    }

  dbr_opening_ref (opening);
  dbr_deadline_arm (&self->deadline,
                    g_get_monotonic_time () + opening->limit_ms * (gint64) 1000, deadline_cb);
  thread = g_thread_try_new ("dbr-open", open_thread, self, &cause);
  if (thread != NULL)
    {
      g_thread_unref (thread);
      return;
    }

  dbr_gdbus_opening_fail (self, cause);
  dbr_io_invoke (done_cb, self);
}

static void
dbr_gdbus_opening_free (DbrOpening *opening)
{
  DbrGdbusOpening *self = (DbrGdbusOpening *) opening;

  g_clear_object (&self->connection);
  g_clear_object (&self->stream);
  g_clear_object (&self->socket);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

static const DbrOpeningFuncs gdbus_opening_funcs = {
  dbr_gdbus_opening_start,
  dbr_gdbus_opening_abort,
  dbr_gdbus_opening_free,
};

DbrOpening *
dbr_gdbus_opening_new (void)
{
  DbrGdbusOpening *self = g_new0 (DbrGdbusOpening, 1);

  self->opening.funcs = &gdbus_opening_funcs;
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);

  return &self->opening;
}

DbrOpening *
dbr_gdbus_opening_new_connection (DbrConnectedFunc connected)
{
  DbrOpening *opening = dbr_gdbus_opening_new ();

  ((DbrGdbusOpening *) opening)->connected = connected;

  return opening;
}
