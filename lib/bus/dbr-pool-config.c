/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-pool-private.h"

#include "base/dbr-binding-private.h"
#include "base/dbr-check-private.h"
#include "base/dbr-io-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/* The times and numbers of a pool, which may be changed at any time. */

const guint dbr_pool_default_settings[DBR_POOL_N_SETTINGS] = {
  [DBR_POOL_MIN_SIZE] = 0,
  [DBR_POOL_MAX_SIZE] = 5,
  [DBR_POOL_MAX_IDLE_MS] = 300000,
  [DBR_POOL_MAX_AGE_MS] = 0,
  [DBR_POOL_HEALTH_CHECK_MS] = 60000,
  [DBR_POOL_ACQUIRE_TIMEOUT_MS] = 5000,
  [DBR_POOL_LEAK_WARN_MS] = 0,
};

static gint64
usec_of (guint ms)
{
  return ms * (gint64) 1000;
}

void
dbr_pool_apply_settings (DbrPool *self)
{
  DbrPoolLimits limits;

  g_mutex_lock (&self->mutex);
  limits = (DbrPoolLimits) {
    .min_size = self->settings[DBR_POOL_MIN_SIZE],
    .max_size = self->settings[DBR_POOL_MAX_SIZE],
    .max_idle_usec = usec_of (self->settings[DBR_POOL_MAX_IDLE_MS]),
    .max_age_usec = usec_of (self->settings[DBR_POOL_MAX_AGE_MS]),
    .health_usec = usec_of (self->settings[DBR_POOL_HEALTH_CHECK_MS]),
    .leak_usec = usec_of (self->settings[DBR_POOL_LEAK_WARN_MS]),
  };
  g_mutex_unlock (&self->mutex);

  dbr_pool_core_set_limits (self->core, &limits);
}

guint
dbr_pool_get_setting (DbrPool        *self,
                      DbrPoolSetting  setting)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->settings[setting];
}

void
dbr_pool_set_setting (DbrPool        *self,
                      DbrPoolSetting  setting,
                      guint           value)
{
  guint old;

  g_mutex_lock (&self->mutex);
  old = self->settings[setting];
  self->settings[setting] = value;
  g_mutex_unlock (&self->mutex);

  if (old == value)
    return;

  /* What is set at construction is applied when that is over. */
  if (self->core != NULL)
    dbr_pool_apply_settings (self);
  dbr_pool_notify_setting (self, setting);
}

static gboolean
check_settings (const guint  *settings,
                GError      **error)
{
  if (settings[DBR_POOL_MAX_SIZE] == 0)
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                           _("A pool with a “max-size” of 0 has nothing to lend"));
      return FALSE;
    }
  if (settings[DBR_POOL_MIN_SIZE] > settings[DBR_POOL_MAX_SIZE])
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The “min-size” of %u is larger than the “max-size” of %u"),
                   settings[DBR_POOL_MIN_SIZE], settings[DBR_POOL_MAX_SIZE]);
      return FALSE;
    }
  if (settings[DBR_POOL_ACQUIRE_TIMEOUT_MS] == 0)
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                           _("An “acquire-timeout-ms” of 0 leaves no time to acquire anything"));
      return FALSE;
    }

  return dbr_check_timeout ("max-idle-ms", settings[DBR_POOL_MAX_IDLE_MS], error)
         && dbr_check_timeout ("max-age-ms", settings[DBR_POOL_MAX_AGE_MS], error)
         && dbr_check_timeout ("health-check-ms", settings[DBR_POOL_HEALTH_CHECK_MS], error)
         && dbr_check_timeout ("acquire-timeout-ms", settings[DBR_POOL_ACQUIRE_TIMEOUT_MS], error)
         && dbr_check_timeout ("leak-warn-ms", settings[DBR_POOL_LEAK_WARN_MS], error);
}

gboolean
dbr_pool_check_settings (DbrPool  *self,
                         guint    *limit_ms,
                         GError  **error)
{
  guint settings[DBR_POOL_N_SETTINGS];

  if (!dbr_pool_core_check_process (self->core, error) || !dbr_io_check (error))
    return FALSE;

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < DBR_POOL_N_SETTINGS; i++)
    settings[i] = self->settings[i];
  g_mutex_unlock (&self->mutex);

  if (!check_settings (settings, error) || !dbr_binding_check (error))
    return FALSE;

  dbr_check_short_timeout ("acquire-timeout-ms", settings[DBR_POOL_ACQUIRE_TIMEOUT_MS]);
  *limit_ms = dbr_binding_limit (settings[DBR_POOL_ACQUIRE_TIMEOUT_MS]);

  return TRUE;
}

/**
 * dbr_pool_get_min_size: (get-property min-size)
 * @self: a pool
 *
 * Gets how many connections are kept once the pool is in use.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint
dbr_pool_get_min_size (DbrPool *self)
{
  g_return_val_if_fail (DBR_IS_POOL (self), 0);

  return dbr_pool_get_setting (self, DBR_POOL_MIN_SIZE);
}

/**
 * dbr_pool_set_min_size: (set-property min-size)
 * @self: a pool
 * @min_size: the number of connections, at most [property@Pool:max-size]
 *
 * Sets how many connections are kept once the pool is in use.
 *
 * Since: 0.1
 */
void
dbr_pool_set_min_size (DbrPool *self,
                       guint    min_size)
{
  g_return_if_fail (DBR_IS_POOL (self));

  dbr_pool_set_setting (self, DBR_POOL_MIN_SIZE, min_size);
}

/**
 * dbr_pool_get_max_size: (get-property max-size)
 * @self: a pool
 *
 * Gets how many connections there are at most.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint
dbr_pool_get_max_size (DbrPool *self)
{
  g_return_val_if_fail (DBR_IS_POOL (self), 0);

  return dbr_pool_get_setting (self, DBR_POOL_MAX_SIZE);
}

/**
 * dbr_pool_set_max_size: (set-property max-size)
 * @self: a pool
 * @max_size: the number of connections, at least 1
 *
 * Sets how many connections there are at most.
 *
 * Since: 0.1
 */
void
dbr_pool_set_max_size (DbrPool *self,
                       guint    max_size)
{
  g_return_if_fail (DBR_IS_POOL (self));

  dbr_pool_set_setting (self, DBR_POOL_MAX_SIZE, max_size);
}

/**
 * dbr_pool_get_max_idle_ms: (get-property max-idle-ms)
 * @self: a pool
 *
 * Gets for how long a connection may be idle before it is closed.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_pool_get_max_idle_ms (DbrPool *self)
{
  g_return_val_if_fail (DBR_IS_POOL (self), 0);

  return dbr_pool_get_setting (self, DBR_POOL_MAX_IDLE_MS);
}

/**
 * dbr_pool_set_max_idle_ms: (set-property max-idle-ms)
 * @self: a pool
 * @max_idle_ms: the time in milliseconds; 0 for ever
 *
 * Sets for how long a connection may be idle before it is closed.
 *
 * Since: 0.1
 */
void
dbr_pool_set_max_idle_ms (DbrPool *self,
                          guint    max_idle_ms)
{
  g_return_if_fail (DBR_IS_POOL (self));

  dbr_pool_set_setting (self, DBR_POOL_MAX_IDLE_MS, max_idle_ms);
}

/**
 * dbr_pool_get_max_age_ms: (get-property max-age-ms)
 * @self: a pool
 *
 * Gets how old a connection may become.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_pool_get_max_age_ms (DbrPool *self)
{
  g_return_val_if_fail (DBR_IS_POOL (self), 0);

  return dbr_pool_get_setting (self, DBR_POOL_MAX_AGE_MS);
}

/**
 * dbr_pool_set_max_age_ms: (set-property max-age-ms)
 * @self: a pool
 * @max_age_ms: the time in milliseconds; 0 for ever
 *
 * Sets how old a connection may become.
 *
 * Since: 0.1
 */
void
dbr_pool_set_max_age_ms (DbrPool *self,
                         guint    max_age_ms)
{
  g_return_if_fail (DBR_IS_POOL (self));

  dbr_pool_set_setting (self, DBR_POOL_MAX_AGE_MS, max_age_ms);
}

/**
 * dbr_pool_get_health_check_ms: (get-property health-check-ms)
 * @self: a pool
 *
 * Gets after how long without a sign of life a connection is asked for one.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_pool_get_health_check_ms (DbrPool *self)
{
  g_return_val_if_fail (DBR_IS_POOL (self), 0);

  return dbr_pool_get_setting (self, DBR_POOL_HEALTH_CHECK_MS);
}

/**
 * dbr_pool_set_health_check_ms: (set-property health-check-ms)
 * @self: a pool
 * @health_check_ms: the time in milliseconds; 0 for never
 *
 * Sets after how long without a sign of life a connection is asked for one.
 *
 * Since: 0.1
 */
void
dbr_pool_set_health_check_ms (DbrPool *self,
                              guint    health_check_ms)
{
  g_return_if_fail (DBR_IS_POOL (self));

  dbr_pool_set_setting (self, DBR_POOL_HEALTH_CHECK_MS, health_check_ms);
}

/**
 * dbr_pool_get_acquire_timeout_ms: (get-property acquire-timeout-ms)
 * @self: a pool
 *
 * Gets for how long it is waited for a connection at most.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_pool_get_acquire_timeout_ms (DbrPool *self)
{
  g_return_val_if_fail (DBR_IS_POOL (self), 0);

  return dbr_pool_get_setting (self, DBR_POOL_ACQUIRE_TIMEOUT_MS);
}

/**
 * dbr_pool_set_acquire_timeout_ms: (set-property acquire-timeout-ms)
 * @self: a pool
 * @acquire_timeout_ms: the time in milliseconds, not 0
 *
 * Sets for how long it is waited for a connection at most.
 *
 * Since: 0.1
 */
void
dbr_pool_set_acquire_timeout_ms (DbrPool *self,
                                 guint    acquire_timeout_ms)
{
  g_return_if_fail (DBR_IS_POOL (self));

  dbr_pool_set_setting (self, DBR_POOL_ACQUIRE_TIMEOUT_MS, acquire_timeout_ms);
}

/**
 * dbr_pool_get_leak_warn_ms: (get-property leak-warn-ms)
 * @self: a pool
 *
 * Gets after how long a lease is called leaked.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_pool_get_leak_warn_ms (DbrPool *self)
{
  g_return_val_if_fail (DBR_IS_POOL (self), 0);

  return dbr_pool_get_setting (self, DBR_POOL_LEAK_WARN_MS);
}

/**
 * dbr_pool_set_leak_warn_ms: (set-property leak-warn-ms)
 * @self: a pool
 * @leak_warn_ms: the time in milliseconds; 0 for never
 *
 * Sets after how long a lease is called leaked.
 *
 * Since: 0.1
 */
void
dbr_pool_set_leak_warn_ms (DbrPool *self,
                           guint    leak_warn_ms)
{
  g_return_if_fail (DBR_IS_POOL (self));

  dbr_pool_set_setting (self, DBR_POOL_LEAK_WARN_MS, leak_warn_ms);
}
