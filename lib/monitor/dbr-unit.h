/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_UNIT_FLAGS (dbr_unit_flags_get_type ())
#define DBR_TYPE_UNIT (dbr_unit_get_type ())

/**
 * DbrUnitFlags:
 * @DBR_UNIT_FLAGS_NONE: nothing special
 * @DBR_UNIT_FLAGS_INTERACTIVE: a person may be asked to permit it, and is waited for
 * @DBR_UNIT_FLAGS_RUNTIME: enables or disables it until the machine is started anew only
 * @DBR_UNIT_FLAGS_MASK: disabling makes it impossible to start it by any means, enabling makes it
 *   possible again and does nothing else
 *
 * How something is done with a unit.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_UNIT_FLAGS_NONE        = 0,
  DBR_UNIT_FLAGS_INTERACTIVE = 1 << 0,
  DBR_UNIT_FLAGS_RUNTIME     = 1 << 1,
  DBR_UNIT_FLAGS_MASK        = 1 << 2,
} DbrUnitFlags;

DBR_AVAILABLE_IN_0_1
GType dbr_unit_flags_get_type (void);

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrUnit, dbr_unit, DBR, UNIT, GObject)

DBR_AVAILABLE_IN_0_1
const char *dbr_unit_get_name              (DbrUnit *self);
DBR_AVAILABLE_IN_0_1
const char *dbr_unit_get_description       (DbrUnit *self);
DBR_AVAILABLE_IN_0_1
const char *dbr_unit_get_load_state        (DbrUnit *self);
DBR_AVAILABLE_IN_0_1
const char *dbr_unit_get_active_state      (DbrUnit *self);
DBR_AVAILABLE_IN_0_1
const char *dbr_unit_get_sub_state         (DbrUnit *self);
DBR_AVAILABLE_IN_0_1
const char *dbr_unit_get_file_state        (DbrUnit *self);
DBR_AVAILABLE_IN_0_1
int         dbr_unit_get_main_pid          (DbrUnit *self);
DBR_AVAILABLE_IN_0_1
gint64      dbr_unit_get_memory_bytes      (DbrUnit *self);
DBR_AVAILABLE_IN_0_1
gint64      dbr_unit_get_cpu_usec          (DbrUnit *self);
DBR_AVAILABLE_IN_0_1
gint64      dbr_unit_get_active_since_usec (DbrUnit *self);
DBR_AVAILABLE_IN_0_1
const char *dbr_unit_get_result            (DbrUnit *self);
DBR_AVAILABLE_IN_0_1
int         dbr_unit_get_restarts          (DbrUnit *self);

DBR_AVAILABLE_IN_0_1
void     dbr_unit_start_async  (DbrUnit            *self,
                                DbrUnitFlags        flags,
                                GCancellable       *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_start_finish (DbrUnit      *self,
                                GAsyncResult *result,
                                GError      **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_start_sync   (DbrUnit      *self,
                                DbrUnitFlags  flags,
                                GCancellable *cancellable,
                                GError      **error);

DBR_AVAILABLE_IN_0_1
void     dbr_unit_stop_async  (DbrUnit            *self,
                               DbrUnitFlags        flags,
                               GCancellable       *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_stop_finish (DbrUnit      *self,
                               GAsyncResult *result,
                               GError      **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_stop_sync   (DbrUnit      *self,
                               DbrUnitFlags  flags,
                               GCancellable *cancellable,
                               GError      **error);

DBR_AVAILABLE_IN_0_1
void     dbr_unit_restart_async  (DbrUnit            *self,
                                  DbrUnitFlags        flags,
                                  GCancellable       *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_restart_finish (DbrUnit      *self,
                                  GAsyncResult *result,
                                  GError      **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_restart_sync   (DbrUnit      *self,
                                  DbrUnitFlags  flags,
                                  GCancellable *cancellable,
                                  GError      **error);

DBR_AVAILABLE_IN_0_1
void     dbr_unit_reload_async  (DbrUnit            *self,
                                 DbrUnitFlags        flags,
                                 GCancellable       *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_reload_finish (DbrUnit      *self,
                                 GAsyncResult *result,
                                 GError      **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_reload_sync   (DbrUnit      *self,
                                 DbrUnitFlags  flags,
                                 GCancellable *cancellable,
                                 GError      **error);

DBR_AVAILABLE_IN_0_1
void     dbr_unit_enable_async  (DbrUnit            *self,
                                 DbrUnitFlags        flags,
                                 GCancellable       *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_enable_finish (DbrUnit      *self,
                                 GAsyncResult *result,
                                 GError      **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_enable_sync   (DbrUnit      *self,
                                 DbrUnitFlags  flags,
                                 GCancellable *cancellable,
                                 GError      **error);

DBR_AVAILABLE_IN_0_1
void     dbr_unit_disable_async  (DbrUnit            *self,
                                  DbrUnitFlags        flags,
                                  GCancellable       *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_disable_finish (DbrUnit      *self,
                                  GAsyncResult *result,
                                  GError      **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_disable_sync   (DbrUnit      *self,
                                  DbrUnitFlags  flags,
                                  GCancellable *cancellable,
                                  GError      **error);

DBR_AVAILABLE_IN_0_1
void     dbr_unit_refresh_async  (DbrUnit            *self,
                                  GCancellable       *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_refresh_finish (DbrUnit      *self,
                                  GAsyncResult *result,
                                  GError      **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_unit_refresh_sync   (DbrUnit      *self,
                                  GCancellable *cancellable,
                                  GError      **error);

DBR_AVAILABLE_IN_0_1
void   dbr_unit_list_dependencies_async  (DbrUnit            *self,
                                          const char         *kind,
                                          GCancellable       *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer            user_data);
DBR_AVAILABLE_IN_0_1
char **dbr_unit_list_dependencies_finish (DbrUnit      *self,
                                          GAsyncResult *result,
                                          GError      **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
char **dbr_unit_list_dependencies_sync   (DbrUnit      *self,
                                          const char   *kind,
                                          GCancellable *cancellable,
                                          GError      **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void        dbr_unit_explain_async  (DbrUnit            *self,
                                     GCancellable       *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer            user_data);
DBR_AVAILABLE_IN_0_1
GListModel *dbr_unit_explain_finish (DbrUnit      *self,
                                     GAsyncResult *result,
                                     GError      **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GListModel *dbr_unit_explain_sync   (DbrUnit      *self,
                                     GCancellable *cancellable,
                                     GError      **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
