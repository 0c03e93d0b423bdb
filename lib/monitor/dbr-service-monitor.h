/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include "base/dbr-event.h"
#include "bus/dbr-client.h"

G_BEGIN_DECLS

#define DBR_TYPE_SERVICE_STATE (dbr_service_state_get_type ())
#define DBR_TYPE_PROBE_KIND (dbr_probe_kind_get_type ())
#define DBR_TYPE_SERVICE_MONITOR (dbr_service_monitor_get_type ())

/**
 * DbrServiceState:
 * @DBR_SERVICE_STATE_UNKNOWN: nothing was asked yet
 * @DBR_SERVICE_STATE_ABSENT: no program has the name
 * @DBR_SERVICE_STATE_STARTING: a program has the name, but is not ready yet
 * @DBR_SERVICE_STATE_HEALTHY: it answers
 * @DBR_SERVICE_STATE_SLOW: it answers, but took longer than [property@ServiceMonitor:slow-ms]
 * @DBR_SERVICE_STATE_SUSPECT: it has missed a probe, or has begun to answer again after a stall
 * @DBR_SERVICE_STATE_STALLED: it does not answer
 * @DBR_SERVICE_STATE_FROZEN: it does not answer, and its process is seen to be stopped or frozen
 * @DBR_SERVICE_STATE_BUS_LOST: there is no connection to the bus, and so nothing is known
 *
 * How a service is.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_SERVICE_STATE_UNKNOWN,
  DBR_SERVICE_STATE_ABSENT,
  DBR_SERVICE_STATE_STARTING,
  DBR_SERVICE_STATE_HEALTHY,
  DBR_SERVICE_STATE_SLOW,
  DBR_SERVICE_STATE_SUSPECT,
  DBR_SERVICE_STATE_STALLED,
  DBR_SERVICE_STATE_FROZEN,
  DBR_SERVICE_STATE_BUS_LOST,
} DbrServiceState;

/**
 * DbrProbeKind:
 * @DBR_PROBE_KIND_PROPERTY: a property is read, which goes through the service's main loop
 * @DBR_PROBE_KIND_PING: it is pinged, which a service may answer although its main loop is dead
 *
 * What a service is asked to see whether it answers.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_PROBE_KIND_PROPERTY,
  DBR_PROBE_KIND_PING,
} DbrProbeKind;

DBR_AVAILABLE_IN_0_1
GType dbr_service_state_get_type (void);
DBR_AVAILABLE_IN_0_1
GType dbr_probe_kind_get_type (void);

DBR_AVAILABLE_IN_0_1
G_DECLARE_DERIVABLE_TYPE (DbrServiceMonitor, dbr_service_monitor, DBR, SERVICE_MONITOR, GObject)

DBR_AVAILABLE_IN_0_1
DbrServiceMonitor *dbr_service_monitor_new                  (DbrClient            *client,
                                                             const char           *bus_name) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
DbrClient         *dbr_service_monitor_get_client           (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
const char        *dbr_service_monitor_get_bus_name         (DbrServiceMonitor    *self);

DBR_AVAILABLE_IN_0_1
DbrServiceState    dbr_service_monitor_get_state            (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
const char        *dbr_service_monitor_get_owner            (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
guint              dbr_service_monitor_get_generation       (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
gint64             dbr_service_monitor_get_latency_usec     (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
double             dbr_service_monitor_get_suspicion        (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
gint64             dbr_service_monitor_get_since_usec       (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
guint              dbr_service_monitor_get_restarts         (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_service_monitor_get_available        (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
DbrProbeKind       dbr_service_monitor_get_probe_kind       (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
GListModel        *dbr_service_monitor_get_history          (DbrServiceMonitor    *self);

DBR_AVAILABLE_IN_0_1
guint              dbr_service_monitor_get_interval_ms      (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
void               dbr_service_monitor_set_interval_ms      (DbrServiceMonitor    *self,
                                                             guint                 interval_ms);
DBR_AVAILABLE_IN_0_1
guint              dbr_service_monitor_get_probe_timeout_ms (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
void               dbr_service_monitor_set_probe_timeout_ms (DbrServiceMonitor    *self,
                                                             guint                 probe_timeout_ms);
DBR_AVAILABLE_IN_0_1
guint              dbr_service_monitor_get_slow_ms          (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
void               dbr_service_monitor_set_slow_ms          (DbrServiceMonitor    *self,
                                                             guint                 slow_ms);
DBR_AVAILABLE_IN_0_1
guint              dbr_service_monitor_get_misses_to_stall  (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
void               dbr_service_monitor_set_misses_to_stall  (DbrServiceMonitor    *self,
                                                             guint                 misses_to_stall);
DBR_AVAILABLE_IN_0_1
const char        *dbr_service_monitor_get_probe_path       (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
void               dbr_service_monitor_set_probe_path       (DbrServiceMonitor    *self,
                                                             const char           *probe_path);
DBR_AVAILABLE_IN_0_1
const char        *dbr_service_monitor_get_probe_interface  (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
void               dbr_service_monitor_set_probe_interface  (DbrServiceMonitor    *self,
                                                             const char           *probe_interface);
DBR_AVAILABLE_IN_0_1
const char        *dbr_service_monitor_get_probe_property   (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
void               dbr_service_monitor_set_probe_property   (DbrServiceMonitor    *self,
                                                             const char           *probe_property);

DBR_AVAILABLE_IN_0_1
gboolean           dbr_service_monitor_set_quality          (DbrServiceMonitor    *self,
                                                             guint                 max_detection_ms,
                                                             double                days_between_false_alarms,
                                                             GError              **error);
DBR_AVAILABLE_IN_0_1
guint              dbr_service_monitor_get_detection_ms     (DbrServiceMonitor    *self);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_service_monitor_get_quality_met      (DbrServiceMonitor    *self);

DBR_AVAILABLE_IN_0_1
gboolean           dbr_service_monitor_start                (DbrServiceMonitor    *self,
                                                             GError              **error);
DBR_AVAILABLE_IN_0_1
void               dbr_service_monitor_stop                 (DbrServiceMonitor    *self);

DBR_AVAILABLE_IN_0_1
void               dbr_service_monitor_check_async          (DbrServiceMonitor    *self,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
DBR_AVAILABLE_IN_0_1
gint64             dbr_service_monitor_check_finish         (DbrServiceMonitor    *self,
                                                             GAsyncResult         *result,
                                                             GError              **error);
DBR_AVAILABLE_IN_0_1
gint64             dbr_service_monitor_check_sync           (DbrServiceMonitor    *self,
                                                             GCancellable         *cancellable,
                                                             GError              **error);

DBR_AVAILABLE_IN_0_1
void               dbr_service_monitor_refresh_async        (DbrServiceMonitor    *self,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_service_monitor_refresh_finish       (DbrServiceMonitor    *self,
                                                             GAsyncResult         *result,
                                                             GError              **error);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_service_monitor_refresh_sync         (DbrServiceMonitor    *self,
                                                             GCancellable         *cancellable,
                                                             GError              **error);

DBR_AVAILABLE_IN_0_1
void               dbr_service_monitor_wait_healthy_async   (DbrServiceMonitor    *self,
                                                             guint                 timeout_ms,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_service_monitor_wait_healthy_finish  (DbrServiceMonitor    *self,
                                                             GAsyncResult         *result,
                                                             GError              **error);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_service_monitor_wait_healthy_sync    (DbrServiceMonitor    *self,
                                                             guint                 timeout_ms,
                                                             GCancellable         *cancellable,
                                                             GError              **error);

G_END_DECLS
