/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notifier-core-private.h"

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/* What can be set, and what is known. */

void
dbr_notifier_core_set_backend (DbrNotifierCore    *self,
                               DbrNotifierBackend  backend_kind)
{
  self->backend_kind = backend_kind;
}

gboolean
dbr_notifier_core_set_app_name (DbrNotifierCore *self,
                                const char      *app_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  const char *old = self->app_name;

  self->app_name = g_intern_string (app_name);

  return self->app_name != old;
}

gboolean
dbr_notifier_core_set_quiet (DbrNotifierCore *self,
                             gboolean         quiet)
{
  g_autoptr(GPtrArray) held = g_ptr_array_new ();
  gboolean is_other;

  g_mutex_lock (&self->mutex);
  is_other = self->queue.is_quiet != !!quiet;
  if (is_other)
    dbr_notice_queue_set_quiet (&self->queue, !!quiet, held);
  g_mutex_unlock (&self->mutex);

  /* What is held back on purpose is not waited for. */
  dbr_tickets_end (held, NULL);
  if (is_other && !quiet)
    dbr_notifier_core_wake (self);

  return is_other;
}

gboolean
dbr_notifier_core_set_batch_ms (DbrNotifierCore *self,
                                guint            batch_ms)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  guint old = self->queue.batch_ms;

  self->queue.batch_ms = batch_ms;

  return batch_ms != old;
}

gboolean
dbr_notifier_core_set_max_queued (DbrNotifierCore *self,
                                  guint            max_queued)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  guint old = self->queue.max_queued;

  self->queue.max_queued = max_queued;

  return max_queued != old;
}

const char *
dbr_notifier_core_get_app_name (DbrNotifierCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->app_name;
}

gboolean
dbr_notifier_core_get_quiet (DbrNotifierCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->queue.is_quiet;
}

guint
dbr_notifier_core_get_batch_ms (DbrNotifierCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->queue.batch_ms;
}

guint
dbr_notifier_core_get_max_queued (DbrNotifierCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->queue.max_queued;
}

gboolean
dbr_notifier_core_check_config (DbrNotifierCore  *self,
                                GError          **error)
{
  if (dbr_notifier_core_get_max_queued (self) == 0)
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                           _("With a “max-queued” of 0 nothing could be sent"));
      return FALSE;
    }

  return dbr_check_timeout ("batch-ms", dbr_notifier_core_get_batch_ms (self), error);
}

gboolean
dbr_notifier_core_is_available (DbrNotifierCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  dbr_notifier_core_open (self);
  locker = g_mutex_locker_new (&self->mutex);

  return self->has_server;
}

const char * const *
dbr_notifier_core_get_capabilities (DbrNotifierCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  dbr_notifier_core_open (self);
  locker = g_mutex_locker_new (&self->mutex);

  return self->capabilities;
}

const char *
dbr_notifier_core_get_server_name (DbrNotifierCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  dbr_notifier_core_open (self);
  locker = g_mutex_locker_new (&self->mutex);

  return self->server_name;
}

guint
dbr_notifier_core_get_queued (DbrNotifierCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->queue.waiting.length;
}

guint64
dbr_notifier_core_get_dropped (DbrNotifierCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->queue.n_dropped;
}
