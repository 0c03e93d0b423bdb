/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "bus/dbr-call.h"
#include "bus/dbr-proxy.h"
#include "dbr-version-macros.h"
#include "metrics/dbr-metrics.h"
#include "policy/dbr-access-policy.h"
#include "policy/dbr-circuit-breaker.h"
#include "policy/dbr-retry-policy.h"
#include "policy/dbr-timeouts.h"

G_BEGIN_DECLS

#define DBR_TYPE_CLIENT_STATE (dbr_client_state_get_type ())
#define DBR_TYPE_CLIENT (dbr_client_get_type ())

/**
 * DbrClientState:
 * @DBR_CLIENT_STATE_DISCONNECTED: there is no connection; the next call makes one
 * @DBR_CLIENT_STATE_CONNECTING: the connection is being made; calls wait for it
 * @DBR_CLIENT_STATE_CONNECTED: calls are sent at once
 * @DBR_CLIENT_STATE_RECONNECTING: the connection was lost and is being made again; calls wait for it
 * @DBR_CLIENT_STATE_CLOSED: the client was closed, and stays so
 *
 * Whether a client has its connection.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_CLIENT_STATE_DISCONNECTED,
  DBR_CLIENT_STATE_CONNECTING,
  DBR_CLIENT_STATE_CONNECTED,
  DBR_CLIENT_STATE_RECONNECTING,
  DBR_CLIENT_STATE_CLOSED,
} DbrClientState;

DBR_AVAILABLE_IN_0_1
GType dbr_client_state_get_type (void);

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrClient, dbr_client, DBR, CLIENT, GObject)

DBR_AVAILABLE_IN_0_1
DbrClient      *dbr_client_new                        (GBusType             bus_type) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrClient      *dbr_client_new_for_address            (const char          *address) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrClient      *dbr_client_new_for_connection         (GDBusConnection     *connection) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrClient      *dbr_client_new_for_peer               (const char          *address) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
GBusType        dbr_client_get_bus_type               (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
const char     *dbr_client_get_address                (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
DbrTimeouts    *dbr_client_get_timeouts               (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
void            dbr_client_set_timeouts               (DbrClient           *self,
                                                       DbrTimeouts         *timeouts);
DBR_AVAILABLE_IN_0_1
DbrAccessPolicy *dbr_client_get_access_policy         (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
DbrRetryPolicy *dbr_client_get_retry_policy           (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
void            dbr_client_set_retry_policy           (DbrClient           *self,
                                                       DbrRetryPolicy      *policy);
DBR_AVAILABLE_IN_0_1
DbrMetrics     *dbr_client_get_metrics                (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
void            dbr_client_set_metrics                (DbrClient           *self,
                                                       DbrMetrics          *metrics);
DBR_AVAILABLE_IN_0_1
guint           dbr_client_get_max_in_flight          (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
void            dbr_client_set_max_in_flight          (DbrClient           *self,
                                                       guint                max_in_flight);
DBR_AVAILABLE_IN_0_1
guint           dbr_client_get_max_queued             (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
void            dbr_client_set_max_queued             (DbrClient           *self,
                                                       guint                max_queued);
DBR_AVAILABLE_IN_0_1
DbrCircuitBreaker *dbr_client_get_circuit             (DbrClient           *self,
                                                       const char          *bus_name) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrClientState  dbr_client_get_state                  (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
const char     *dbr_client_get_unique_name            (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
guint           dbr_client_get_in_flight              (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
guint           dbr_client_get_orphans                (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
guint           dbr_client_get_trace_size             (DbrClient           *self);
DBR_AVAILABLE_IN_0_1
void            dbr_client_set_trace_size             (DbrClient           *self,
                                                       guint                trace_size);
DBR_AVAILABLE_IN_0_1
GListModel     *dbr_client_get_trace                  (DbrClient           *self);

DBR_AVAILABLE_IN_0_1
void            dbr_client_open_async                 (DbrClient           *self,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DBR_AVAILABLE_IN_0_1
gboolean        dbr_client_open_finish                (DbrClient           *self,
                                                       GAsyncResult        *result,
                                                       GError             **error);
DBR_AVAILABLE_IN_0_1
gboolean        dbr_client_open_sync                  (DbrClient           *self,
                                                       GCancellable        *cancellable,
                                                       GError             **error);

DBR_AVAILABLE_IN_0_1
void            dbr_client_close_async                (DbrClient           *self,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DBR_AVAILABLE_IN_0_1
gboolean        dbr_client_close_finish               (DbrClient           *self,
                                                       GAsyncResult        *result,
                                                       GError             **error);
DBR_AVAILABLE_IN_0_1
gboolean        dbr_client_close_sync                 (DbrClient           *self,
                                                       GCancellable        *cancellable,
                                                       GError             **error);

DBR_AVAILABLE_IN_0_1
void            dbr_client_call_async                 (DbrClient           *self,
                                                       const char          *bus_name,
                                                       const char          *object_path,
                                                       const char          *interface_name,
                                                       const char          *method_name,
                                                       GVariant            *parameters,
                                                       const GVariantType  *reply_type,
                                                       guint                timeout_ms,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DBR_AVAILABLE_IN_0_1
GVariant       *dbr_client_call_finish                (DbrClient           *self,
                                                       GAsyncResult        *result,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GVariant       *dbr_client_call_sync                  (DbrClient           *self,
                                                       const char          *bus_name,
                                                       const char          *object_path,
                                                       const char          *interface_name,
                                                       const char          *method_name,
                                                       GVariant            *parameters,
                                                       const GVariantType  *reply_type,
                                                       guint                timeout_ms,
                                                       GCancellable        *cancellable,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void            dbr_client_run_async                  (DbrClient           *self,
                                                       DbrCall             *call,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DBR_AVAILABLE_IN_0_1
GVariant       *dbr_client_run_finish                 (DbrClient           *self,
                                                       GAsyncResult        *result,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GVariant       *dbr_client_run_sync                   (DbrClient           *self,
                                                       DbrCall             *call,
                                                       GCancellable        *cancellable,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void            dbr_client_read_property_async        (DbrClient           *self,
                                                       const char          *bus_name,
                                                       const char          *object_path,
                                                       const char          *interface_name,
                                                       const char          *property_name,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DBR_AVAILABLE_IN_0_1
GVariant       *dbr_client_read_property_finish       (DbrClient           *self,
                                                       GAsyncResult        *result,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GVariant       *dbr_client_read_property_sync         (DbrClient           *self,
                                                       const char          *bus_name,
                                                       const char          *object_path,
                                                       const char          *interface_name,
                                                       const char          *property_name,
                                                       GCancellable        *cancellable,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void            dbr_client_read_all_properties_async  (DbrClient           *self,
                                                       const char          *bus_name,
                                                       const char          *object_path,
                                                       const char          *interface_name,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DBR_AVAILABLE_IN_0_1
GVariant       *dbr_client_read_all_properties_finish (DbrClient           *self,
                                                       GAsyncResult        *result,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GVariant       *dbr_client_read_all_properties_sync   (DbrClient           *self,
                                                       const char          *bus_name,
                                                       const char          *object_path,
                                                       const char          *interface_name,
                                                       GCancellable        *cancellable,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void            dbr_client_write_property_async       (DbrClient           *self,
                                                       const char          *bus_name,
                                                       const char          *object_path,
                                                       const char          *interface_name,
                                                       const char          *property_name,
                                                       GVariant            *value,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DBR_AVAILABLE_IN_0_1
gboolean        dbr_client_write_property_finish      (DbrClient           *self,
                                                       GAsyncResult        *result,
                                                       GError             **error);
DBR_AVAILABLE_IN_0_1
gboolean        dbr_client_write_property_sync        (DbrClient           *self,
                                                       const char          *bus_name,
                                                       const char          *object_path,
                                                       const char          *interface_name,
                                                       const char          *property_name,
                                                       GVariant            *value,
                                                       GCancellable        *cancellable,
                                                       GError             **error);

DBR_AVAILABLE_IN_0_1
void            dbr_client_ping_async                 (DbrClient           *self,
                                                       const char          *bus_name,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DBR_AVAILABLE_IN_0_1
gint64          dbr_client_ping_finish                (DbrClient           *self,
                                                       GAsyncResult        *result,
                                                       GError             **error);
DBR_AVAILABLE_IN_0_1
gint64          dbr_client_ping_sync                  (DbrClient           *self,
                                                       const char          *bus_name,
                                                       GCancellable        *cancellable,
                                                       GError             **error);

DBR_AVAILABLE_IN_0_1
void            dbr_client_wait_for_service_async     (DbrClient           *self,
                                                       const char          *bus_name,
                                                       guint                timeout_ms,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DBR_AVAILABLE_IN_0_1
char           *dbr_client_wait_for_service_finish    (DbrClient           *self,
                                                       GAsyncResult        *result,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
char           *dbr_client_wait_for_service_sync      (DbrClient           *self,
                                                       const char          *bus_name,
                                                       guint                timeout_ms,
                                                       GCancellable        *cancellable,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void            dbr_client_list_names_async           (DbrClient           *self,
                                                       gboolean             activatable,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DBR_AVAILABLE_IN_0_1
char          **dbr_client_list_names_finish          (DbrClient           *self,
                                                       GAsyncResult        *result,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
char          **dbr_client_list_names_sync            (DbrClient           *self,
                                                       gboolean             activatable,
                                                       GCancellable        *cancellable,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void            dbr_client_introspect_async           (DbrClient           *self,
                                                       const char          *bus_name,
                                                       const char          *object_path,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DBR_AVAILABLE_IN_0_1
char           *dbr_client_introspect_finish          (DbrClient           *self,
                                                       GAsyncResult        *result,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
char           *dbr_client_introspect_sync            (DbrClient           *self,
                                                       const char          *bus_name,
                                                       const char          *object_path,
                                                       GCancellable        *cancellable,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void            dbr_client_get_proxy_async            (DbrClient           *self,
                                                       const char          *bus_name,
                                                       const char          *object_path,
                                                       const char          *interface_name,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DBR_AVAILABLE_IN_0_1
DbrProxy       *dbr_client_get_proxy_finish           (DbrClient           *self,
                                                       GAsyncResult        *result,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrProxy       *dbr_client_get_proxy_sync             (DbrClient           *self,
                                                       const char          *bus_name,
                                                       const char          *object_path,
                                                       const char          *interface_name,
                                                       GCancellable        *cancellable,
                                                       GError             **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
void            dbr_client_invalidate                 (DbrClient           *self,
                                                       const char          *bus_name);

G_END_DECLS
