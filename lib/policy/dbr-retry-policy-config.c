/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-retry-policy-private.h"

#include <string.h>

/* The properties of a policy. Each change makes a plan of its own, and who has the one before goes
 * on by that. */

static DbrRetryValues
dbr_retry_policy_get_values (DbrRetryPolicy *self)
{
  DbrRetryValues values;

  g_mutex_lock (&self->mutex);
  values = self->plan->values;
  g_mutex_unlock (&self->mutex);

  return values;
}

/* Writes one of the values. What is not a number is like itself only byte by byte. */
static void
dbr_retry_policy_set_value (DbrRetryPolicy *self,
                            const char     *property,
                            gsize           offset,
                            gconstpointer   value,
                            gsize           size)
{
  g_autoptr(DbrRetryPlan) old = NULL;
  gboolean is_apart;
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  is_new = memcmp (G_STRUCT_MEMBER_P (&self->plan->values, offset), value, size) != 0;
  is_apart = offset == G_STRUCT_OFFSET (DbrRetryValues, max_attempts)
             && self->plan->values.transient_attempts != 0;
  if (is_new || is_apart)
    {
      old = self->plan;
      self->plan = dbr_retry_plan_copy (old);
      memcpy (G_STRUCT_MEMBER_P (&self->plan->values, offset), value, size);
      /* Who says how many attempts there are means all of them. */
      if (is_apart)
        self->plan->values.transient_attempts = 0;
      self->plan->is_valid = dbr_retry_plan_check (self->plan, NULL);
    }
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify (G_OBJECT (self), property);
}

#define SET_VALUE(self, property, field, value) \
  dbr_retry_policy_set_value (self, property, \
                              G_STRUCT_OFFSET (DbrRetryValues, field), &(value), sizeof (value))

/**
 * dbr_retry_policy_get_max_attempts: (get-property max-attempts)
 * @self: a policy
 *
 * Gets how many attempts there are in all.
 *
 * Returns: the number of attempts
 *
 * Since: 0.1
 */
guint
dbr_retry_policy_get_max_attempts (DbrRetryPolicy *self)
{
  g_return_val_if_fail (DBR_IS_RETRY_POLICY (self), 0);

  return dbr_retry_policy_get_values (self).max_attempts;
}

/**
 * dbr_retry_policy_set_max_attempts: (set-property max-attempts)
 * @self: a policy
 * @max_attempts: the number of attempts, from 1
 *
 * Sets how many attempts there are in all.
 *
 * Failures of all kinds count for it then, in every preset.
 *
 * Since: 0.1
 */
void
dbr_retry_policy_set_max_attempts (DbrRetryPolicy *self,
                                   guint           max_attempts)
{
  g_return_if_fail (DBR_IS_RETRY_POLICY (self));

  SET_VALUE (self, "max-attempts", max_attempts, max_attempts);
}

/**
 * dbr_retry_policy_get_base_delay_ms: (get-property base-delay-ms)
 * @self: a policy
 *
 * Gets how long the first pause is.
 *
 * Returns: the pause in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_retry_policy_get_base_delay_ms (DbrRetryPolicy *self)
{
  g_return_val_if_fail (DBR_IS_RETRY_POLICY (self), 0);

  return dbr_retry_policy_get_values (self).base_delay_ms;
}

/**
 * dbr_retry_policy_set_base_delay_ms: (set-property base-delay-ms)
 * @self: a policy
 * @base_delay_ms: the pause in milliseconds, up to 86400000
 *
 * Sets how long the first pause is.
 *
 * Since: 0.1
 */
void
dbr_retry_policy_set_base_delay_ms (DbrRetryPolicy *self,
                                    guint           base_delay_ms)
{
  g_return_if_fail (DBR_IS_RETRY_POLICY (self));

  SET_VALUE (self, "base-delay-ms", base_delay_ms, base_delay_ms);
}

/**
 * dbr_retry_policy_get_throttle_delay_ms: (get-property throttle-delay-ms)
 * @self: a policy
 *
 * Gets how long the first pause is where a limit was reached.
 *
 * Returns: the pause in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_retry_policy_get_throttle_delay_ms (DbrRetryPolicy *self)
{
  g_return_val_if_fail (DBR_IS_RETRY_POLICY (self), 0);

  return dbr_retry_policy_get_values (self).throttle_delay_ms;
}

/**
 * dbr_retry_policy_set_throttle_delay_ms: (set-property throttle-delay-ms)
 * @self: a policy
 * @throttle_delay_ms: the pause in milliseconds, up to 86400000
 *
 * Sets how long the first pause is where a limit was reached.
 *
 * Since: 0.1
 */
void
dbr_retry_policy_set_throttle_delay_ms (DbrRetryPolicy *self,
                                        guint           throttle_delay_ms)
{
  g_return_if_fail (DBR_IS_RETRY_POLICY (self));

  SET_VALUE (self, "throttle-delay-ms", throttle_delay_ms, throttle_delay_ms);
}

/**
 * dbr_retry_policy_get_multiplier: (get-property multiplier)
 * @self: a policy
 *
 * Gets how many times as long each pause is as the one before.
 *
 * Returns: the factor
 *
 * Since: 0.1
 */
double
dbr_retry_policy_get_multiplier (DbrRetryPolicy *self)
{
  g_return_val_if_fail (DBR_IS_RETRY_POLICY (self), 0);

  return dbr_retry_policy_get_values (self).multiplier;
}

/**
 * dbr_retry_policy_set_multiplier: (set-property multiplier)
 * @self: a policy
 * @multiplier: the factor, from 1
 *
 * Sets how many times as long each pause is as the one before.
 *
 * Since: 0.1
 */
void
dbr_retry_policy_set_multiplier (DbrRetryPolicy *self,
                                 double          multiplier)
{
  g_return_if_fail (DBR_IS_RETRY_POLICY (self));

  SET_VALUE (self, "multiplier", multiplier, multiplier);
}

/**
 * dbr_retry_policy_get_max_delay_ms: (get-property max-delay-ms)
 * @self: a policy
 *
 * Gets how long the longest pause is.
 *
 * Returns: the pause in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_retry_policy_get_max_delay_ms (DbrRetryPolicy *self)
{
  g_return_val_if_fail (DBR_IS_RETRY_POLICY (self), 0);

  return dbr_retry_policy_get_values (self).max_delay_ms;
}

/**
 * dbr_retry_policy_set_max_delay_ms: (set-property max-delay-ms)
 * @self: a policy
 * @max_delay_ms: the pause in milliseconds, up to 86400000
 *
 * Sets how long the longest pause is.
 *
 * Since: 0.1
 */
void
dbr_retry_policy_set_max_delay_ms (DbrRetryPolicy *self,
                                   guint           max_delay_ms)
{
  g_return_if_fail (DBR_IS_RETRY_POLICY (self));

  SET_VALUE (self, "max-delay-ms", max_delay_ms, max_delay_ms);
}

/**
 * dbr_retry_policy_get_jitter: (get-property jitter)
 * @self: a policy
 *
 * Gets how much of a pause is left to chance.
 *
 * Returns: the kind of jitter
 *
 * Since: 0.1
 */
DbrJitter
dbr_retry_policy_get_jitter (DbrRetryPolicy *self)
{
  g_return_val_if_fail (DBR_IS_RETRY_POLICY (self), DBR_JITTER_NONE);

  return dbr_retry_policy_get_values (self).jitter;
}

/**
 * dbr_retry_policy_set_jitter: (set-property jitter)
 * @self: a policy
 * @jitter: the kind of jitter
 *
 * Sets how much of a pause is left to chance.
 *
 * Since: 0.1
 */
void
dbr_retry_policy_set_jitter (DbrRetryPolicy *self,
                             DbrJitter       jitter)
{
  g_return_if_fail (DBR_IS_RETRY_POLICY (self));

  SET_VALUE (self, "jitter", jitter, jitter);
}

/**
 * dbr_retry_policy_get_budget_capacity: (get-property budget-capacity)
 * @self: a policy
 *
 * Gets what retries of calls to one service may cost in a short time.
 *
 * Returns: the budget, 0 if there is none
 *
 * Since: 0.1
 */
guint
dbr_retry_policy_get_budget_capacity (DbrRetryPolicy *self)
{
  g_return_val_if_fail (DBR_IS_RETRY_POLICY (self), 0);

  return dbr_retry_policy_get_values (self).budget_capacity;
}

/**
 * dbr_retry_policy_set_budget_capacity: (set-property budget-capacity)
 * @self: a policy
 * @budget_capacity: the budget, 0 for none
 *
 * Sets what retries of calls to one service may cost in a short time.
 *
 * Since: 0.1
 */
void
dbr_retry_policy_set_budget_capacity (DbrRetryPolicy *self,
                                      guint           budget_capacity)
{
  g_return_if_fail (DBR_IS_RETRY_POLICY (self));

  SET_VALUE (self, "budget-capacity", budget_capacity, budget_capacity);
}

/**
 * dbr_retry_policy_get_budget_refill_per_s: (get-property budget-refill-per-s)
 * @self: a policy
 *
 * Gets how much of the budget comes back each second.
 *
 * Returns: the part that comes back each second
 *
 * Since: 0.1
 */
double
dbr_retry_policy_get_budget_refill_per_s (DbrRetryPolicy *self)
{
  g_return_val_if_fail (DBR_IS_RETRY_POLICY (self), 0);

  return dbr_retry_policy_get_values (self).budget_refill_per_s;
}

/**
 * dbr_retry_policy_set_budget_refill_per_s: (set-property budget-refill-per-s)
 * @self: a policy
 * @budget_refill_per_s: the part that comes back each second, from 0
 *
 * Sets how much of the budget comes back each second.
 *
 * Since: 0.1
 */
void
dbr_retry_policy_set_budget_refill_per_s (DbrRetryPolicy *self,
                                          double          budget_refill_per_s)
{
  g_return_if_fail (DBR_IS_RETRY_POLICY (self));

  SET_VALUE (self, "budget-refill-per-s", budget_refill_per_s, budget_refill_per_s);
}

/**
 * dbr_retry_policy_get_wait_for_owner: (get-property wait-for-owner)
 * @self: a policy
 *
 * Gets whether a call waits for a service that is not there.
 *
 * Returns: whether it waits
 *
 * Since: 0.1
 */
gboolean
dbr_retry_policy_get_wait_for_owner (DbrRetryPolicy *self)
{
  g_return_val_if_fail (DBR_IS_RETRY_POLICY (self), FALSE);

  return dbr_retry_policy_get_values (self).is_waiting_for_owner;
}

/**
 * dbr_retry_policy_set_wait_for_owner: (set-property wait-for-owner)
 * @self: a policy
 * @wait_for_owner: whether to wait
 *
 * Sets whether a call waits for a service that is not there.
 *
 * Since: 0.1
 */
void
dbr_retry_policy_set_wait_for_owner (DbrRetryPolicy *self,
                                     gboolean        wait_for_owner)
{
  g_return_if_fail (DBR_IS_RETRY_POLICY (self));

  wait_for_owner = !!wait_for_owner;
  SET_VALUE (self, "wait-for-owner", is_waiting_for_owner, wait_for_owner);
}
