/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-load-private.h"

#define TICK_MS 100
/* A service that answers with a new error each time does not fill the memory. */
#define MAX_FAILURES 20

static void
failure_free (gpointer data)
{
  DbrctlFailure *self = data;

  g_free (self->text);
  g_free (self);
}

void
dbrctl_load_init (DbrctlLoad *self)
{
  g_mutex_init (&self->mutex);
  dbrctl_samples_init (&self->samples);
  self->failures = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, failure_free);
}

void
dbrctl_load_clear (DbrctlLoad *self)
{
  g_mutex_clear (&self->mutex);
  dbrctl_samples_clear (&self->samples);
  g_clear_pointer (&self->failures, g_hash_table_unref);
}

guint
dbrctl_load_count_ended (DbrctlLoad *self)
{
  return (guint) g_atomic_int_get (&self->n_ended);
}

/* The texts of one kind of failure differ by times and names; the first one stands for all. */
static void
note_failure_locked (DbrctlLoad   *self,
                     const GError *error,
                     guint         n)
{
  g_autofree char *remote = g_dbus_error_is_remote_error (error)
                            ? g_dbus_error_get_remote_error (error) : NULL;
  g_autofree char *kind = g_strdup_printf ("%s %d %s", g_quark_to_string (error->domain),
                                           error->code, remote != NULL ? remote : "");
  DbrctlFailure *failure = g_hash_table_lookup (self->failures, kind);

  if (failure == NULL && g_hash_table_size (self->failures) == MAX_FAILURES)
    return;
  if (failure == NULL)
    {
      failure = g_new0 (DbrctlFailure, 1);
      failure->text = g_strdup (error->message);
      g_hash_table_insert (self->failures, g_steal_pointer (&kind), failure);
    }
  failure->n += n;
}

static void
dbrctl_load_note (DbrctlLoad   *self,
                  DbrCall      *call,
                  const GError *error)
{
  g_mutex_lock (&self->mutex);
  switch (dbr_call_get_outcome (call))
    {
    case DBR_OUTCOME_OK:
      dbrctl_samples_add (&self->samples, dbr_call_get_elapsed_usec (call));
      break;

    case DBR_OUTCOME_TIMEOUT:
      self->n_timeouts++;
      break;

    case DBR_OUTCOME_REJECTED:
      self->n_rejected++;
      break;

    case DBR_OUTCOME_CANCELLED:
      break;

    case DBR_OUTCOME_ERROR:
    default:
      self->n_errors++;
      break;
    }
  if (dbr_call_get_joined (call))
    self->n_joined++;
  if (error != NULL && dbr_call_get_outcome (call) != DBR_OUTCOME_CANCELLED)
    note_failure_locked (self, error, 1);
  g_mutex_unlock (&self->mutex);
}

static DbrCall *
dbrctl_load_new_call (DbrctlLoad *self,
                      DbrLease   *lease)
{
  const DbrctlTarget *target = self->target;
  DbrCall *call;

  if (target->object_path != NULL)
    call = dbr_call_new (self->bus_name, target->object_path, "org.freedesktop.DBus.Properties",
                         "Get", g_variant_new ("(ss)", target->interface_name,
                                               target->property_name));
  else
    call = dbr_call_new (self->bus_name, "/", "org.freedesktop.DBus.Peer", "Ping", NULL);
  if (lease != NULL)
    dbr_call_set_lease (call, lease);
  dbr_call_set_timeout_ms (call, self->timeout_ms);

  return call;
}

static void
load_pause (DbrctlLoad *self)
{
  GPollFD fd;

  if (self->pause_ms == 0 || !g_cancellable_make_pollfd (self->cancellable, &fd))
    return;

  g_poll (&fd, 1, (int) self->pause_ms);
  g_cancellable_release_fd (self->cancellable);
}

/* Its own connection, for as long as it calls. */
static DbrLease *
dbrctl_load_acquire (DbrctlLoad *self)
{
  g_autoptr(GError) error = NULL;
  DbrLease *lease;

  lease = dbr_pool_acquire_sync (self->pool, self->cancellable, &error);
  g_mutex_lock (&self->mutex);
  if (lease != NULL)
    {
      self->n_connections++;
    }
  else if (!g_cancellable_is_cancelled (self->cancellable))
    {
      self->n_errors += self->n_calls;
      note_failure_locked (self, error, self->n_calls);
    }
  g_mutex_unlock (&self->mutex);

  return lease;
}

static gpointer
caller_thread (gpointer data)
{
  DbrctlLoad *self = data;
  g_autoptr(DbrLease) lease = self->pool != NULL ? dbrctl_load_acquire (self) : NULL;

  for (guint i = 0; i < self->n_calls && (lease != NULL || self->pool == NULL); i++)
    {
      g_autoptr(DbrCall) call = NULL;
      g_autoptr(GVariant) reply = NULL;
      g_autoptr(GError) error = NULL;

      if (i > 0)
        load_pause (self);
      if (g_cancellable_is_cancelled (self->cancellable))
        break;
      call = dbrctl_load_new_call (self, lease);
      reply = dbr_client_run_sync (self->client, call, self->cancellable, &error);
      dbrctl_load_note (self, call, error);
      g_atomic_int_inc (&self->n_ended);
    }
  if (lease != NULL)
    dbr_lease_release (lease);

  return NULL;
}

typedef struct
{
  GMainLoop  *loop;
  guint       n_threads;
  DbrctlLoad *load;
  void      (*tick)(DbrctlLoad *load,
                    gpointer    user_data);
  gpointer    user_data;
} Run;

static gboolean
thread_ended_cb (gpointer user_data)
{
  Run *run = user_data;

  if (--run->n_threads == 0)
    g_main_loop_quit (run->loop);

  return G_SOURCE_REMOVE;
}

static gpointer
call_and_tell (gpointer data)
{
  Run *run = data;

  caller_thread (run->load);
  g_idle_add (thread_ended_cb, run);

  return NULL;
}

static gboolean
tick_cb (gpointer user_data)
{
  Run *run = user_data;

  run->tick (run->load, run->user_data);

  return G_SOURCE_CONTINUE;
}

void
dbrctl_load_run (DbrctlLoad *self,
                 void      (*tick)(DbrctlLoad *load,
                                   gpointer    user_data),
                 gpointer    user_data)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(GPtrArray) threads = g_ptr_array_new ();
  Run run = { loop, self->n_threads, self, tick, user_data };
  guint source = g_timeout_add (TICK_MS, tick_cb, &run);
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < self->n_threads; i++)
    g_ptr_array_add (threads, g_thread_new ("caller", call_and_tell, &run));
  g_main_loop_run (loop);
  for (guint i = 0; i < threads->len; i++)
    g_thread_join (threads->pdata[i]);
  g_source_remove (source);
  self->elapsed_usec = g_get_monotonic_time () - begin;
}
