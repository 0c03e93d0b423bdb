/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-service-monitor-private.h"

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-client-private.h"

/* What is set on a service monitor. */

static DbrStallConfig
dbr_service_monitor_get_config (DbrServiceMonitor *self)
{
  DbrStallConfig config;

  dbr_monitor_core_get_config (dbr_service_monitor_get_core (self), &config);

  return config;
}

static void
dbr_service_monitor_set_number (DbrServiceMonitor *self,
                                const char        *name,
                                gsize              offset,
                                guint              number)
{
  DbrStallConfig config = dbr_service_monitor_get_config (self);
  guint *field = (guint *) G_STRUCT_MEMBER_P (&config, offset);

  if (*field == number)
    return;

  *field = number;
  dbr_monitor_core_set_config (dbr_service_monitor_get_core (self), &config);
  g_object_notify (G_OBJECT (self), name);
}

void
dbr_service_monitor_set_graces (DbrServiceMonitor *self,
                                guint              owner_grace_ms,
                                guint              resume_grace_ms)
{
  DbrStallConfig config = dbr_service_monitor_get_config (self);

  config.owner_grace_ms = owner_grace_ms;
  config.resume_grace_ms = resume_grace_ms;
  dbr_monitor_core_set_config (dbr_service_monitor_get_core (self), &config);
}

gboolean
dbr_service_monitor_check_settings (DbrServiceMonitor  *self,
                                    GError            **error)
{
  DbrClient *client = dbr_service_monitor_get_client (self);
  const char *bus_name = dbr_service_monitor_get_bus_name (self);
  DbrStallConfig config;

  if (!dbr_client_check_ready (client, error)
      || !dbr_client_check_bus (client, error)
      || !dbr_check_bus_name (bus_name, error)
      || !dbr_client_check_sight (client, bus_name, error))
    return FALSE;

  config = dbr_service_monitor_get_config (self);

  return dbr_stall_config_check (&config, error)
         && dbr_monitor_core_check_target (dbr_service_monitor_get_core (self), error);
}

/**
 * dbr_service_monitor_get_interval_ms: (get-property interval-ms)
 * @self: a monitor
 *
 * Gets after how much silence the service is asked whether it answers.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_service_monitor_get_interval_ms (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), 0);

  return dbr_service_monitor_get_config (self).interval_ms;
}

/**
 * dbr_service_monitor_set_interval_ms: (set-property interval-ms)
 * @self: a monitor
 * @interval_ms: the time in milliseconds
 *
 * Sets after how much silence the service is asked whether it answers.
 *
 * Since: 0.1
 */
void
dbr_service_monitor_set_interval_ms (DbrServiceMonitor *self,
                                     guint              interval_ms)
{
  g_return_if_fail (DBR_IS_SERVICE_MONITOR (self));

  dbr_service_monitor_set_number (self, "interval-ms",
                                  G_STRUCT_OFFSET (DbrStallConfig, interval_ms), interval_ms);
}

/**
 * dbr_service_monitor_get_probe_timeout_ms: (get-property probe-timeout-ms)
 * @self: a monitor
 *
 * Gets how long it may take to answer.
 *
 * Returns: the time in milliseconds, 0 if it follows from how long it took before
 *
 * Since: 0.1
 */
guint
dbr_service_monitor_get_probe_timeout_ms (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), 0);

  return dbr_service_monitor_get_config (self).probe_timeout_ms;
}

/**
 * dbr_service_monitor_set_probe_timeout_ms: (set-property probe-timeout-ms)
 * @self: a monitor
 * @probe_timeout_ms: the time in milliseconds, 0 if it follows from how long it took before
 *
 * Sets how long it may take to answer.
 *
 * Since: 0.1
 */
void
dbr_service_monitor_set_probe_timeout_ms (DbrServiceMonitor *self,
                                          guint              probe_timeout_ms)
{
  g_return_if_fail (DBR_IS_SERVICE_MONITOR (self));

  dbr_service_monitor_set_number (self, "probe-timeout-ms",
                                  G_STRUCT_OFFSET (DbrStallConfig,
                                                   probe_timeout_ms), probe_timeout_ms);
}

/**
 * dbr_service_monitor_get_slow_ms: (get-property slow-ms)
 * @self: a monitor
 *
 * Gets what makes it slow.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_service_monitor_get_slow_ms (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), 0);

  return dbr_service_monitor_get_config (self).slow_ms;
}

/**
 * dbr_service_monitor_set_slow_ms: (set-property slow-ms)
 * @self: a monitor
 * @slow_ms: the time in milliseconds
 *
 * Sets what makes it slow.
 *
 * Since: 0.1
 */
void
dbr_service_monitor_set_slow_ms (DbrServiceMonitor *self,
                                 guint              slow_ms)
{
  g_return_if_fail (DBR_IS_SERVICE_MONITOR (self));

  dbr_service_monitor_set_number (self, "slow-ms",
                                  G_STRUCT_OFFSET (DbrStallConfig, slow_ms), slow_ms);
}

/**
 * dbr_service_monitor_get_misses_to_stall: (get-property misses-to-stall)
 * @self: a monitor
 *
 * Gets how many probes have to be missed for a stall.
 *
 * Returns: the number of probes, from 1 to 8
 *
 * Since: 0.1
 */
guint
dbr_service_monitor_get_misses_to_stall (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), 0);

  return dbr_service_monitor_get_config (self).misses_to_stall;
}

/**
 * dbr_service_monitor_set_misses_to_stall: (set-property misses-to-stall)
 * @self: a monitor
 * @misses_to_stall: the number of probes, from 1 to 8
 *
 * Sets how many probes have to be missed for a stall.
 *
 * Since: 0.1
 */
void
dbr_service_monitor_set_misses_to_stall (DbrServiceMonitor *self,
                                         guint              misses_to_stall)
{
  g_return_if_fail (DBR_IS_SERVICE_MONITOR (self));

  dbr_service_monitor_set_number (self, "misses-to-stall",
                                  G_STRUCT_OFFSET (DbrStallConfig,
                                                   misses_to_stall), misses_to_stall);
}

/* The three parts of what is read */

static const char *
dbr_service_monitor_get_part (DbrServiceMonitor *self,
                              gsize              offset)
{
  DbrProbeTarget target = { NULL };
  const char *part;

  dbr_monitor_core_get_target (dbr_service_monitor_get_core (self), &target);
  /* Interned, because another thread may set another one while this is read. */
  part = g_intern_string (G_STRUCT_MEMBER (char *, &target, offset));
  dbr_probe_target_clear (&target);

  return part;
}

static void
dbr_service_monitor_set_part (DbrServiceMonitor *self,
                              const char        *name,
                              gsize              offset,
                              const char        *value)
{
  DbrMonitorCore *core = dbr_service_monitor_get_core (self);
  const char *part = value != NULL && *value != '\0' ? value : NULL;
  DbrProbeTarget target = { NULL };
  char **field = (char **) G_STRUCT_MEMBER_P (&target, offset);
  gboolean has_changed;

  dbr_monitor_core_get_target (core, &target);
  has_changed = g_strcmp0 (*field, part) != 0;
  if (has_changed)
    {
      g_free (*field);
      *field = g_strdup (part);
      dbr_monitor_core_set_target (core, &target);
    }
  dbr_probe_target_clear (&target);

  if (has_changed)
    g_object_notify (G_OBJECT (self), name);
}

/**
 * dbr_service_monitor_get_probe_path: (get-property probe-path)
 * @self: a monitor
 *
 * Gets the object of the property that is read as a probe.
 *
 * Returns: (nullable): what was set, `NULL` if it is found by what the service says of itself
 *
 * Since: 0.1
 */
const char *
dbr_service_monitor_get_probe_path (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), NULL);

  return dbr_service_monitor_get_part (self, G_STRUCT_OFFSET (DbrProbeTarget, object_path));
}

/**
 * dbr_service_monitor_set_probe_path: (set-property probe-path)
 * @self: a monitor
 * @probe_path: (nullable): the object; `NULL` or empty to have it found
 *
 * Sets the object of the property that is read as a probe.
 *
 * Since: 0.1
 */
void
dbr_service_monitor_set_probe_path (DbrServiceMonitor *self,
                                    const char        *probe_path)
{
  g_return_if_fail (DBR_IS_SERVICE_MONITOR (self));

  dbr_service_monitor_set_part (self, "probe-path",
                                G_STRUCT_OFFSET (DbrProbeTarget, object_path), probe_path);
}

/**
 * dbr_service_monitor_get_probe_interface: (get-property probe-interface)
 * @self: a monitor
 *
 * Gets the interface of the property that is read as a probe.
 *
 * Returns: (nullable): what was set, `NULL` if it is found by what the service says of itself
 *
 * Since: 0.1
 */
const char *
dbr_service_monitor_get_probe_interface (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), NULL);

  return dbr_service_monitor_get_part (self, G_STRUCT_OFFSET (DbrProbeTarget, interface_name));
}

/**
 * dbr_service_monitor_set_probe_interface: (set-property probe-interface)
 * @self: a monitor
 * @probe_interface: (nullable): the interface; `NULL` or empty to have it found
 *
 * Sets the interface of the property that is read as a probe.
 *
 * Since: 0.1
 */
void
dbr_service_monitor_set_probe_interface (DbrServiceMonitor *self,
                                         const char        *probe_interface)
{
  g_return_if_fail (DBR_IS_SERVICE_MONITOR (self));

  dbr_service_monitor_set_part (self, "probe-interface",
                                G_STRUCT_OFFSET (DbrProbeTarget, interface_name), probe_interface);
}

/**
 * dbr_service_monitor_get_probe_property: (get-property probe-property)
 * @self: a monitor
 *
 * Gets the name of the property that is read as a probe.
 *
 * Returns: (nullable): what was set, `NULL` if it is found by what the service says of itself
 *
 * Since: 0.1
 */
const char *
dbr_service_monitor_get_probe_property (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), NULL);

  return dbr_service_monitor_get_part (self, G_STRUCT_OFFSET (DbrProbeTarget, property_name));
}

/**
 * dbr_service_monitor_set_probe_property: (set-property probe-property)
 * @self: a monitor
 * @probe_property: (nullable): the name; `NULL` or empty to have it found
 *
 * Sets the name of the property that is read as a probe.
 *
 * Since: 0.1
 */
void
dbr_service_monitor_set_probe_property (DbrServiceMonitor *self,
                                        const char        *probe_property)
{
  g_return_if_fail (DBR_IS_SERVICE_MONITOR (self));

  dbr_service_monitor_set_part (self, "probe-property",
                                G_STRUCT_OFFSET (DbrProbeTarget, property_name), probe_property);
}

/**
 * dbr_service_monitor_set_quality:
 * @self: a monitor
 * @max_detection_ms: how long it may take until a stall is told, in milliseconds; 0 to ask for
 *   nothing any more
 * @days_between_false_alarms: how many days should pass between two that are none
 * @error: return location for an error
 *
 * Asks for a quality instead of intervals.
 *
 * How often the service is asked, how many probes have to be missed and how long each may take then
 * follow from this and from how long the service took so far, and are adapted when it gets slower.
 * What is achieved is told by [property@ServiceMonitor:detection-ms] and
 * [property@ServiceMonitor:quality-met].
 *
 * Returns: whether it can be asked for
 *
 * Since: 0.1
 */
gboolean
dbr_service_monitor_set_quality (DbrServiceMonitor  *self,
                                 guint               max_detection_ms,
                                 double              days_between_false_alarms,
                                 GError            **error)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), FALSE);

  return dbr_monitor_core_set_quality (dbr_service_monitor_get_core (self), max_detection_ms,
                                       days_between_false_alarms, error);
}
