/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

/* What a client lets its calls do, as its user may change it. */

static guint
dbr_client_get_number (DbrClient   *self,
                       const guint *number)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return *number;
}

static void
dbr_client_set_number (DbrClient  *self,
                       const char *name,
                       guint      *number,
                       guint       value)
{
  guint max_in_flight, max_queued;
  gboolean is_same;

  g_mutex_lock (&self->mutex);
  is_same = *number == value;
  *number = value;
  max_in_flight = self->max_in_flight;
  max_queued = self->max_queued;
  g_mutex_unlock (&self->mutex);

  if (is_same)
    return;

  dbr_dispatcher_set_limits (self->dispatcher, max_in_flight, max_queued);
  g_object_notify (G_OBJECT (self), name);
}

/**
 * dbr_client_get_timeouts: (get-property timeouts)
 * @self: a client
 *
 * Gets how long its calls may take where they do not say it themselves.
 *
 * Returns: (transfer none): the limits
 *
 * Since: 0.1
 */
DbrTimeouts *
dbr_client_get_timeouts (DbrClient *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return self->timeouts;
}

/**
 * dbr_client_set_timeouts: (set-property timeouts)
 * @self: a client
 * @timeouts: (nullable): the limits, which several clients may share; `NULL` for those that ship
 *
 * Sets how long its calls may take where they do not say it themselves.
 *
 * Since: 0.1
 */
void
dbr_client_set_timeouts (DbrClient   *self,
                         DbrTimeouts *timeouts)
{
  g_autoptr(DbrTimeouts) old = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (timeouts == NULL || DBR_IS_TIMEOUTS (timeouts));

  g_mutex_lock (&self->mutex);
  old = self->timeouts;
  self->timeouts = timeouts != NULL ? g_object_ref (timeouts) : dbr_timeouts_new ();
  g_mutex_unlock (&self->mutex);

  if (old != timeouts)
    g_object_notify (G_OBJECT (self), "timeouts");
}

/**
 * dbr_client_get_access_policy: (get-property access-policy)
 * @self: a client
 *
 * Gets what it may call and hear.
 *
 * Returns: (transfer none) (nullable): the policy, which is frozen
 *
 * Since: 0.1
 */
DbrAccessPolicy *
dbr_client_get_access_policy (DbrClient *self)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);

  return self->access_policy;
}

/**
 * dbr_client_get_retry_policy: (get-property retry-policy)
 * @self: a client
 *
 * Gets when a call that has failed is tried again.
 *
 * Returns: (transfer none): the policy
 *
 * Since: 0.1
 */
DbrRetryPolicy *
dbr_client_get_retry_policy (DbrClient *self)
{
  g_autoptr(DbrRetryPolicy) policy = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);

  policy = dbr_dispatcher_ref_retry_policy (self->dispatcher);

  return policy;
}

/**
 * dbr_client_set_retry_policy: (set-property retry-policy)
 * @self: a client
 * @policy: (nullable): the policy, which several clients may share; `NULL` for the one that ships
 *
 * Sets when a call that has failed is tried again.
 *
 * Since: 0.1
 */
void
dbr_client_set_retry_policy (DbrClient      *self,
                             DbrRetryPolicy *policy)
{
  g_autoptr(DbrRetryPolicy) made = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (policy == NULL || DBR_IS_RETRY_POLICY (policy));

  if (policy == NULL)
    policy = made = dbr_retry_policy_new ();
  if (dbr_client_get_retry_policy (self) == policy)
    return;

  dbr_dispatcher_set_retry_policy (self->dispatcher, policy);
  g_object_notify (G_OBJECT (self), "retry-policy");
}

/**
 * dbr_client_get_max_in_flight: (get-property max-in-flight)
 * @self: a client
 *
 * Gets how many calls to one service may be under way.
 *
 * Returns: the number of calls
 *
 * Since: 0.1
 */
guint
dbr_client_get_max_in_flight (DbrClient *self)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), 0);

  return dbr_client_get_number (self, &self->max_in_flight);
}

/**
 * dbr_client_set_max_in_flight: (set-property max-in-flight)
 * @self: a client
 * @max_in_flight: the number of calls, 1 or more
 *
 * Sets how many calls to one service may be under way.
 *
 * Since: 0.1
 */
void
dbr_client_set_max_in_flight (DbrClient *self,
                              guint      max_in_flight)
{
  g_return_if_fail (DBR_IS_CLIENT (self));

  dbr_client_set_number (self, "max-in-flight", &self->max_in_flight, max_in_flight);
}

/**
 * dbr_client_get_max_queued: (get-property max-queued)
 * @self: a client
 *
 * Gets how many calls to one service may wait for their turn.
 *
 * Returns: the number of calls
 *
 * Since: 0.1
 */
guint
dbr_client_get_max_queued (DbrClient *self)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), 0);

  return dbr_client_get_number (self, &self->max_queued);
}

/**
 * dbr_client_set_max_queued: (set-property max-queued)
 * @self: a client
 * @max_queued: the number of calls; 0 if none may wait
 *
 * Sets how many calls to one service may wait for their turn.
 *
 * Since: 0.1
 */
void
dbr_client_set_max_queued (DbrClient *self,
                           guint      max_queued)
{
  g_return_if_fail (DBR_IS_CLIENT (self));

  dbr_client_set_number (self, "max-queued", &self->max_queued, max_queued);
}
