/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-service-monitor-private.h"

/* What a monitor shows of its service. */

/**
 * dbr_service_monitor_get_state: (get-property state)
 * @self: a monitor
 *
 * Gets how the service is.
 *
 * Returns: the state
 *
 * Since: 0.1
 */
DbrServiceState
dbr_service_monitor_get_state (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), DBR_SERVICE_STATE_UNKNOWN);

  return dbr_service_monitor_read (self).state;
}

/**
 * dbr_service_monitor_get_owner: (get-property owner)
 * @self: a monitor
 *
 * Gets the program that has the name.
 *
 * Returns: (nullable): its unique name, `NULL` if there is none or it is not known
 *
 * Since: 0.1
 */
const char *
dbr_service_monitor_get_owner (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), NULL);

  return dbr_service_monitor_read (self).owner;
}

/**
 * dbr_service_monitor_get_generation: (get-property generation)
 * @self: a monitor
 *
 * Gets how many owners of the name were seen.
 *
 * Returns: the number of owners
 *
 * Since: 0.1
 */
guint
dbr_service_monitor_get_generation (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), 0);

  return dbr_service_monitor_read (self).generation;
}

/**
 * dbr_service_monitor_get_latency_usec: (get-property latency-usec)
 * @self: a monitor
 *
 * Gets how long the service took for its last answer to a probe.
 *
 * Returns: the time in microseconds, -1 if it is not known
 *
 * Since: 0.1
 */
gint64
dbr_service_monitor_get_latency_usec (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), -1);

  return dbr_service_monitor_read (self).latency_usec;
}

/**
 * dbr_service_monitor_get_since_usec: (get-property since-usec)
 * @self: a monitor
 *
 * Gets since when the state holds.
 *
 * Returns: the wall clock time in microseconds
 *
 * Since: 0.1
 */
gint64
dbr_service_monitor_get_since_usec (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), 0);

  return dbr_service_monitor_read (self).since_usec;
}

/**
 * dbr_service_monitor_get_restarts: (get-property restarts)
 * @self: a monitor
 *
 * Gets how often another program took the name while it was watched.
 *
 * Returns: the number of restarts
 *
 * Since: 0.1
 */
guint
dbr_service_monitor_get_restarts (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), 0);

  return dbr_service_monitor_read (self).restarts;
}

/**
 * dbr_service_monitor_get_available: (get-property available)
 * @self: a monitor
 *
 * Gets whether the bus is there and a program has the name.
 *
 * Returns: whether it can be called
 *
 * Since: 0.1
 */
gboolean
dbr_service_monitor_get_available (DbrServiceMonitor *self)
{
  DbrServiceMonitorClass *klass;

  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), FALSE);

  klass = DBR_SERVICE_MONITOR_GET_CLASS (self);

  return dbr_service_monitor_read (self).is_available
         || (klass->is_reached != NULL && klass->is_reached (self));
}

/**
 * dbr_service_monitor_get_probe_kind: (get-property probe-kind)
 * @self: a monitor
 *
 * Gets what it was asked last.
 *
 * Returns: the kind of probe
 *
 * Since: 0.1
 */
DbrProbeKind
dbr_service_monitor_get_probe_kind (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), DBR_PROBE_KIND_PING);

  return dbr_service_monitor_read (self).probe_kind;
}

/**
 * dbr_service_monitor_get_detection_ms: (get-property detection-ms)
 * @self: a monitor
 *
 * Gets how long it takes at most until a stall is told.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_service_monitor_get_detection_ms (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), 0);

  return dbr_service_monitor_read (self).detection_ms;
}

/**
 * dbr_service_monitor_get_quality_met: (get-property quality-met)
 * @self: a monitor
 *
 * Gets whether what was asked for is achieved.
 *
 * Returns: whether it is
 *
 * Since: 0.1
 */
gboolean
dbr_service_monitor_get_quality_met (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), FALSE);

  return dbr_service_monitor_read (self).is_quality_met;
}

/**
 * dbr_service_monitor_get_suspicion: (get-property suspicion)
 * @self: a monitor
 *
 * Gets how unlikely it is by now that the service works.
 *
 * Returns: the negative logarithm of the probability to the base of 10
 *
 * Since: 0.1
 */
double
dbr_service_monitor_get_suspicion (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), 0);

  return dbr_monitor_core_get_suspicion (dbr_service_monitor_get_core (self));
}
