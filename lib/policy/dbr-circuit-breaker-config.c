/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-circuit-breaker-private.h"

#include "base/dbr-check-private.h"

/* When a circuit opens and for how long, as its user may change it. */

static guint
dbr_circuit_breaker_get_number (DbrCircuitBreaker *self,
                                const guint       *field)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return *field;
}

static double
dbr_circuit_breaker_get_ratio (DbrCircuitBreaker *self,
                               const double      *field)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return *field;
}

static void
dbr_circuit_breaker_configured_locked (DbrCircuitBreaker *self)
{
  self->is_misconfigured = !dbr_circuit_config_check (&self->circuit.config, NULL);
  dbr_circuit_configured (&self->circuit);
  dbr_circuit_breaker_publish_locked (self);
}

static void
dbr_circuit_breaker_set_number (DbrCircuitBreaker *self,
                                const char        *name,
                                guint             *field,
                                guint              value)
{
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  is_new = *field != value;
  *field = value;
  if (is_new)
    dbr_circuit_breaker_configured_locked (self);
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify (G_OBJECT (self), name);
}

static void
dbr_circuit_breaker_set_ratio (DbrCircuitBreaker *self,
                               const char        *name,
                               double            *field,
                               double             value)
{
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  /* What is not a number differs from every number. */
  is_new = !(*field >= value && *field <= value);
  *field = value;
  if (is_new)
    dbr_circuit_breaker_configured_locked (self);
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify (G_OBJECT (self), name);
}

/**
 * dbr_circuit_breaker_get_window_ms: (get-property window-ms)
 * @self: a circuit breaker
 *
 * Gets how long a result counts.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_circuit_breaker_get_window_ms (DbrCircuitBreaker *self)
{
  g_return_val_if_fail (DBR_IS_CIRCUIT_BREAKER (self), 0);

  return dbr_circuit_breaker_get_number (self, &self->circuit.config.window_ms);
}

/**
 * dbr_circuit_breaker_set_window_ms: (set-property window-ms)
 * @self: a circuit breaker
 * @window_ms: the time in milliseconds, from 1 to 86400000
 *
 * Sets how long a result counts.
 *
 * What was counted until now is forgotten.
 *
 * Since: 0.1
 */
void
dbr_circuit_breaker_set_window_ms (DbrCircuitBreaker *self,
                                   guint              window_ms)
{
  g_return_if_fail (DBR_IS_CIRCUIT_BREAKER (self));

  dbr_circuit_breaker_set_number (self, "window-ms", &self->circuit.config.window_ms, window_ms);
  dbr_check_short_timeout ("window-ms", window_ms);
}

/**
 * dbr_circuit_breaker_get_min_calls: (get-property min-calls)
 * @self: a circuit breaker
 *
 * Gets how many calls it takes before a share of them says anything.
 *
 * Returns: the number of calls
 *
 * Since: 0.1
 */
guint
dbr_circuit_breaker_get_min_calls (DbrCircuitBreaker *self)
{
  g_return_val_if_fail (DBR_IS_CIRCUIT_BREAKER (self), 0);

  return dbr_circuit_breaker_get_number (self, &self->circuit.config.min_calls);
}

/**
 * dbr_circuit_breaker_set_min_calls: (set-property min-calls)
 * @self: a circuit breaker
 * @min_calls: the number of calls, at least 1
 *
 * Sets how many calls it takes before a share of them says anything.
 *
 * Since: 0.1
 */
void
dbr_circuit_breaker_set_min_calls (DbrCircuitBreaker *self,
                                   guint              min_calls)
{
  g_return_if_fail (DBR_IS_CIRCUIT_BREAKER (self));

  dbr_circuit_breaker_set_number (self, "min-calls", &self->circuit.config.min_calls, min_calls);
}

/**
 * dbr_circuit_breaker_get_failure_ratio: (get-property failure-ratio)
 * @self: a circuit breaker
 *
 * Gets the share of calls that has to fail for the circuit to open.
 *
 * Returns: the share
 *
 * Since: 0.1
 */
double
dbr_circuit_breaker_get_failure_ratio (DbrCircuitBreaker *self)
{
  g_return_val_if_fail (DBR_IS_CIRCUIT_BREAKER (self), 0);

  return dbr_circuit_breaker_get_ratio (self, &self->circuit.config.failure_ratio);
}

/**
 * dbr_circuit_breaker_set_failure_ratio: (set-property failure-ratio)
 * @self: a circuit breaker
 * @failure_ratio: the share, more than 0 and at most 1
 *
 * Sets the share of calls that has to fail for the circuit to open.
 *
 * Since: 0.1
 */
void
dbr_circuit_breaker_set_failure_ratio (DbrCircuitBreaker *self,
                                       double             failure_ratio)
{
  g_return_if_fail (DBR_IS_CIRCUIT_BREAKER (self));

  dbr_circuit_breaker_set_ratio (self, "failure-ratio",
                                 &self->circuit.config.failure_ratio, failure_ratio);
}

/**
 * dbr_circuit_breaker_get_consecutive_failures: (get-property consecutive-failures)
 * @self: a circuit breaker
 *
 * Gets how many calls in a row have to fail for the circuit to open.
 *
 * Returns: the number of calls
 *
 * Since: 0.1
 */
guint
dbr_circuit_breaker_get_consecutive_failures (DbrCircuitBreaker *self)
{
  g_return_val_if_fail (DBR_IS_CIRCUIT_BREAKER (self), 0);

  return dbr_circuit_breaker_get_number (self, &self->circuit.config.consecutive_failures);
}

/**
 * dbr_circuit_breaker_set_consecutive_failures: (set-property consecutive-failures)
 * @self: a circuit breaker
 * @n_failures: the number of calls, at least 1
 *
 * Sets how many calls in a row have to fail for the circuit to open.
 *
 * Since: 0.1
 */
void
dbr_circuit_breaker_set_consecutive_failures (DbrCircuitBreaker *self,
                                              guint              n_failures)
{
  g_return_if_fail (DBR_IS_CIRCUIT_BREAKER (self));

  dbr_circuit_breaker_set_number (self, "consecutive-failures",
                                  &self->circuit.config.consecutive_failures, n_failures);
}

/**
 * dbr_circuit_breaker_get_slow_ms: (get-property slow-ms)
 * @self: a circuit breaker
 *
 * Gets how long a call takes that is not slow yet.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_circuit_breaker_get_slow_ms (DbrCircuitBreaker *self)
{
  g_return_val_if_fail (DBR_IS_CIRCUIT_BREAKER (self), 0);

  return dbr_circuit_breaker_get_number (self, &self->circuit.config.slow_ms);
}

/**
 * dbr_circuit_breaker_set_slow_ms: (set-property slow-ms)
 * @self: a circuit breaker
 * @slow_ms: the time in milliseconds, from 1 to 86400000
 *
 * Sets how long a call takes that is not slow yet.
 *
 * Since: 0.1
 */
void
dbr_circuit_breaker_set_slow_ms (DbrCircuitBreaker *self,
                                 guint              slow_ms)
{
  g_return_if_fail (DBR_IS_CIRCUIT_BREAKER (self));

  dbr_circuit_breaker_set_number (self, "slow-ms", &self->circuit.config.slow_ms, slow_ms);
  dbr_check_short_timeout ("slow-ms", slow_ms);
}

/**
 * dbr_circuit_breaker_get_slow_ratio: (get-property slow-ratio)
 * @self: a circuit breaker
 *
 * Gets the share of calls that has to be slow for the circuit to open.
 *
 * Returns: the share
 *
 * Since: 0.1
 */
double
dbr_circuit_breaker_get_slow_ratio (DbrCircuitBreaker *self)
{
  g_return_val_if_fail (DBR_IS_CIRCUIT_BREAKER (self), 0);

  return dbr_circuit_breaker_get_ratio (self, &self->circuit.config.slow_ratio);
}

/**
 * dbr_circuit_breaker_set_slow_ratio: (set-property slow-ratio)
 * @self: a circuit breaker
 * @slow_ratio: the share, more than 0 and at most 1
 *
 * Sets the share of calls that has to be slow for the circuit to open.
 *
 * Since: 0.1
 */
void
dbr_circuit_breaker_set_slow_ratio (DbrCircuitBreaker *self,
                                    double             slow_ratio)
{
  g_return_if_fail (DBR_IS_CIRCUIT_BREAKER (self));

  dbr_circuit_breaker_set_ratio (self, "slow-ratio", &self->circuit.config.slow_ratio, slow_ratio);
}

/**
 * dbr_circuit_breaker_get_open_ms: (get-property open-ms)
 * @self: a circuit breaker
 *
 * Gets how long the circuit is open the first time.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_circuit_breaker_get_open_ms (DbrCircuitBreaker *self)
{
  g_return_val_if_fail (DBR_IS_CIRCUIT_BREAKER (self), 0);

  return dbr_circuit_breaker_get_number (self, &self->circuit.config.open_ms);
}

/**
 * dbr_circuit_breaker_set_open_ms: (set-property open-ms)
 * @self: a circuit breaker
 * @open_ms: the time in milliseconds, from 1 to 86400000
 *
 * Sets how long the circuit is open the first time.
 *
 * Since: 0.1
 */
void
dbr_circuit_breaker_set_open_ms (DbrCircuitBreaker *self,
                                 guint              open_ms)
{
  g_return_if_fail (DBR_IS_CIRCUIT_BREAKER (self));

  dbr_circuit_breaker_set_number (self, "open-ms", &self->circuit.config.open_ms, open_ms);
  dbr_check_short_timeout ("open-ms", open_ms);
}

/**
 * dbr_circuit_breaker_get_max_open_ms: (get-property max-open-ms)
 * @self: a circuit breaker
 *
 * Gets how long the circuit is open at most.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_circuit_breaker_get_max_open_ms (DbrCircuitBreaker *self)
{
  g_return_val_if_fail (DBR_IS_CIRCUIT_BREAKER (self), 0);

  return dbr_circuit_breaker_get_number (self, &self->circuit.config.max_open_ms);
}

/**
 * dbr_circuit_breaker_set_max_open_ms: (set-property max-open-ms)
 * @self: a circuit breaker
 * @max_open_ms: the time in milliseconds, from 1 to 86400000
 *
 * Sets how long the circuit is open at most.
 *
 * Since: 0.1
 */
void
dbr_circuit_breaker_set_max_open_ms (DbrCircuitBreaker *self,
                                     guint              max_open_ms)
{
  g_return_if_fail (DBR_IS_CIRCUIT_BREAKER (self));

  dbr_circuit_breaker_set_number (self, "max-open-ms",
                                  &self->circuit.config.max_open_ms, max_open_ms);
  dbr_check_short_timeout ("max-open-ms", max_open_ms);
}
