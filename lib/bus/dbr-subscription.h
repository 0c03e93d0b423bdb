/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include "bus/dbr-client.h"

G_BEGIN_DECLS

#define DBR_TYPE_SUBSCRIPTION_FLAGS (dbr_subscription_flags_get_type ())
#define DBR_TYPE_SUBSCRIPTION (dbr_subscription_get_type ())

/**
 * DbrSubscriptionFlags:
 * @DBR_SUBSCRIPTION_FLAGS_NONE: all that is given has to be the same
 * @DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE: the object path is that of a tree: its signals and those
 *   of all objects below it are heard
 * @DBR_SUBSCRIPTION_FLAGS_ARG0_NAMESPACE: the first argument is a dotted name that is `arg0` or
 *   begins with it and a dot
 * @DBR_SUBSCRIPTION_FLAGS_ARG0_PATH: the first argument is a path; where it or `arg0` ends with a
 *   slash, it is enough if that begins the other
 *
 * How a subscription compares.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_SUBSCRIPTION_FLAGS_NONE           = 0,
  DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE = 1 << 0,
  DBR_SUBSCRIPTION_FLAGS_ARG0_NAMESPACE = 1 << 1,
  DBR_SUBSCRIPTION_FLAGS_ARG0_PATH      = 1 << 2,
} DbrSubscriptionFlags;

DBR_AVAILABLE_IN_0_1
GType dbr_subscription_flags_get_type (void);

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrSubscription, dbr_subscription, DBR, SUBSCRIPTION, GObject)

DBR_AVAILABLE_IN_0_1
DbrSubscription      *dbr_subscription_new                (DbrClient            *client,
                                                           const char           *bus_name,
                                                           const char           *object_path,
                                                           const char           *interface_name,
                                                           const char           *member,
                                                           const char           *arg0,
                                                           DbrSubscriptionFlags  flags) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
DbrClient            *dbr_subscription_get_client         (DbrSubscription      *self);
DBR_AVAILABLE_IN_0_1
const char           *dbr_subscription_get_bus_name       (DbrSubscription      *self);
DBR_AVAILABLE_IN_0_1
const char           *dbr_subscription_get_object_path    (DbrSubscription      *self);
DBR_AVAILABLE_IN_0_1
const char           *dbr_subscription_get_interface_name (DbrSubscription      *self);
DBR_AVAILABLE_IN_0_1
const char           *dbr_subscription_get_member         (DbrSubscription      *self);
DBR_AVAILABLE_IN_0_1
const char           *dbr_subscription_get_arg0           (DbrSubscription      *self);
DBR_AVAILABLE_IN_0_1
DbrSubscriptionFlags  dbr_subscription_get_flags          (DbrSubscription      *self);
DBR_AVAILABLE_IN_0_1
gboolean              dbr_subscription_get_active         (DbrSubscription      *self);
DBR_AVAILABLE_IN_0_1
guint64               dbr_subscription_get_dropped        (DbrSubscription      *self);

DBR_AVAILABLE_IN_0_1
void                  dbr_subscription_start_async        (DbrSubscription      *self,
                                                           GCancellable         *cancellable,
                                                           GAsyncReadyCallback   callback,
                                                           gpointer              user_data);
DBR_AVAILABLE_IN_0_1
gboolean              dbr_subscription_start_finish       (DbrSubscription      *self,
                                                           GAsyncResult         *result,
                                                           GError              **error);
DBR_AVAILABLE_IN_0_1
gboolean              dbr_subscription_start_sync         (DbrSubscription      *self,
                                                           GCancellable         *cancellable,
                                                           GError              **error);
DBR_AVAILABLE_IN_0_1
void                  dbr_subscription_stop               (DbrSubscription      *self);

G_END_DECLS
