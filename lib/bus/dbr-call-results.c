/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-call-private.h"

/* What became of a call. */

static DbrCallResults
dbr_call_get_results (DbrCall *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->results;
}

/**
 * dbr_call_get_outcome: (get-property outcome)
 * @self: a call
 *
 * Gets how the call ended.
 *
 * Returns: the outcome, `DBR_OUTCOME_REJECTED` before it ended
 *
 * Since: 0.1
 */
DbrOutcome
dbr_call_get_outcome (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), DBR_OUTCOME_REJECTED);

  return dbr_call_get_results (self).outcome;
}

/**
 * dbr_call_get_attempts: (get-property attempts)
 * @self: a call
 *
 * Gets how often the call was sent.
 *
 * Returns: the number of attempts, 0 before it ended
 *
 * Since: 0.1
 */
guint
dbr_call_get_attempts (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), 0);

  return dbr_call_get_results (self).attempts;
}

/**
 * dbr_call_get_execution: (get-property execution)
 * @self: a call
 *
 * Gets how often the method ran.
 *
 * Returns: what is known, `DBR_EXECUTION_NEVER` before the call ended
 *
 * Since: 0.1
 */
DbrExecution
dbr_call_get_execution (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), DBR_EXECUTION_NEVER);

  return dbr_call_get_results (self).execution;
}

/**
 * dbr_call_get_elapsed_usec: (get-property elapsed-usec)
 * @self: a call
 *
 * Gets how long the whole call took.
 *
 * Returns: the time in microseconds, -1 before it ended
 *
 * Since: 0.1
 */
gint64
dbr_call_get_elapsed_usec (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), -1);

  return dbr_call_get_results (self).elapsed_usec;
}

/**
 * dbr_call_get_queue_usec: (get-property queue-usec)
 * @self: a call
 *
 * Gets how long the last attempt waited in this process before it was sent.
 *
 * Returns: the time in microseconds, -1 if it was not sent
 *
 * Since: 0.1
 */
gint64
dbr_call_get_queue_usec (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), -1);

  return dbr_call_get_results (self).queue_usec;
}

/**
 * dbr_call_get_service_usec: (get-property service-usec)
 * @self: a call
 *
 * Gets how long the service took to answer the last attempt.
 *
 * Returns: the time in microseconds, -1 if no answer came
 *
 * Since: 0.1
 */
gint64
dbr_call_get_service_usec (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), -1);

  return dbr_call_get_results (self).service_usec;
}

/**
 * dbr_call_get_lag_usec: (get-property lag-usec)
 * @self: a call
 *
 * Gets how long the outcome waited for this program to take it.
 *
 * Returns: the time in microseconds, -1 if it is not known
 *
 * Since: 0.1
 */
gint64
dbr_call_get_lag_usec (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), -1);

  return dbr_call_get_results (self).lag_usec;
}

/**
 * dbr_call_get_sender: (get-property sender)
 * @self: a call
 *
 * Gets the unique name of the program that answered.
 *
 * Returns: (nullable): the unique name, or `NULL` if none answered
 *
 * Since: 0.1
 */
const char *
dbr_call_get_sender (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), NULL);

  return dbr_call_get_results (self).sender;
}

/**
 * dbr_call_get_reply_fd_list: (get-property reply-fd-list)
 * @self: a call
 *
 * Gets the file descriptors that came with the answer.
 *
 * Returns: (transfer none) (nullable): the descriptors, or `NULL` if none came
 *
 * Since: 0.1
 */
GUnixFDList *
dbr_call_get_reply_fd_list (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), NULL);

  return dbr_call_get_results (self).reply_fd_list;
}

/**
 * dbr_call_get_joined: (get-property joined)
 * @self: a call
 *
 * Gets whether the call shared the answer of another one that was under way.
 *
 * Returns: `TRUE` if it did
 *
 * Since: 0.1
 */
gboolean
dbr_call_get_joined (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), FALSE);

  return dbr_call_get_results (self).is_joined;
}

void
dbr_call_end (DbrCall              *self,
              const DbrCallResults *results)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_atomic_int_set (&self->was_run, TRUE);
  if (self->operation == NULL)
    self->operation = results->operation;
  self->sender = g_strdup (results->sender);
  self->results = *results;
  self->results.sender = self->sender;
  if (results->reply_fd_list != NULL)
    g_object_ref (results->reply_fd_list);
}
