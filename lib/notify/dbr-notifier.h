/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "base/dbr-types.h"
#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_URGENCY (dbr_urgency_get_type ())
#define DBR_TYPE_CLOSE_REASON (dbr_close_reason_get_type ())
#define DBR_TYPE_NOTIFIER_BACKEND (dbr_notifier_backend_get_type ())
#define DBR_TYPE_NOTIFIER (dbr_notifier_get_type ())

/**
 * DbrUrgency:
 * @DBR_URGENCY_LOW: nobody misses it; the first that is left out when there are too many
 * @DBR_URGENCY_NORMAL: as most are
 * @DBR_URGENCY_CRITICAL: it has to be seen: it is not held back, and kept for up to ten minutes while
 *   nothing can show it
 *
 * How urgent a notification is.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_URGENCY_LOW,
  DBR_URGENCY_NORMAL,
  DBR_URGENCY_CRITICAL,
} DbrUrgency;

/**
 * DbrCloseReason:
 * @DBR_CLOSE_REASON_EXPIRED: its time was over
 * @DBR_CLOSE_REASON_DISMISSED: the person has closed it
 * @DBR_CLOSE_REASON_CLOSED: the program has, by [method@Notifier.close_async]
 * @DBR_CLOSE_REASON_UNDEFINED: the desktop does not say why
 * @DBR_CLOSE_REASON_LOST: what showed it has ended or was replaced, and nothing is known of it any
 *   more; or it was held back and could not be shown after all
 *
 * Why a notification is not shown any more.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_CLOSE_REASON_EXPIRED,
  DBR_CLOSE_REASON_DISMISSED,
  DBR_CLOSE_REASON_CLOSED,
  DBR_CLOSE_REASON_UNDEFINED,
  DBR_CLOSE_REASON_LOST,
} DbrCloseReason;

/**
 * DbrNotifierBackend:
 * @DBR_NOTIFIER_BACKEND_AUTO: `LIBNOTIFY` in a sandbox, `DIRECT` elsewhere
 * @DBR_NOTIFIER_BACKEND_DIRECT: speaks the desktop's protocol over a connection of its own
 * @DBR_NOTIFIER_BACKEND_LIBNOTIFY: runs libnotify, which knows the ways out of a sandbox, in a process
 *   of its own
 *
 * How notifications get to the desktop.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_NOTIFIER_BACKEND_AUTO,
  DBR_NOTIFIER_BACKEND_DIRECT,
  DBR_NOTIFIER_BACKEND_LIBNOTIFY,
} DbrNotifierBackend;

DBR_AVAILABLE_IN_0_1
GType dbr_urgency_get_type (void);
DBR_AVAILABLE_IN_0_1
GType dbr_close_reason_get_type (void);
DBR_AVAILABLE_IN_0_1
GType dbr_notifier_backend_get_type (void);

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrNotifier, dbr_notifier, DBR, NOTIFIER, GObject)

DBR_AVAILABLE_IN_0_1
DbrNotifier         *dbr_notifier_new                  (const char           *app_name) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
DbrNotifierBackend   dbr_notifier_get_backend          (DbrNotifier          *self);
DBR_AVAILABLE_IN_0_1
const char          *dbr_notifier_get_app_name         (DbrNotifier          *self);
DBR_AVAILABLE_IN_0_1
void                 dbr_notifier_set_app_name         (DbrNotifier          *self,
                                                        const char           *app_name);
DBR_AVAILABLE_IN_0_1
gboolean             dbr_notifier_get_available        (DbrNotifier          *self);
DBR_AVAILABLE_IN_0_1
const char * const  *dbr_notifier_get_capabilities     (DbrNotifier          *self);
DBR_AVAILABLE_IN_0_1
const char          *dbr_notifier_get_server_name      (DbrNotifier          *self);
DBR_AVAILABLE_IN_0_1
gboolean             dbr_notifier_get_quiet            (DbrNotifier          *self);
DBR_AVAILABLE_IN_0_1
void                 dbr_notifier_set_quiet            (DbrNotifier          *self,
                                                        gboolean              quiet);
DBR_AVAILABLE_IN_0_1
guint                dbr_notifier_get_batch_ms         (DbrNotifier          *self);
DBR_AVAILABLE_IN_0_1
void                 dbr_notifier_set_batch_ms         (DbrNotifier          *self,
                                                        guint                 batch_ms);
DBR_AVAILABLE_IN_0_1
guint                dbr_notifier_get_max_queued       (DbrNotifier          *self);
DBR_AVAILABLE_IN_0_1
void                 dbr_notifier_set_max_queued       (DbrNotifier          *self,
                                                        guint                 max_queued);
DBR_AVAILABLE_IN_0_1
guint                dbr_notifier_get_queued           (DbrNotifier          *self);
DBR_AVAILABLE_IN_0_1
guint64              dbr_notifier_get_dropped          (DbrNotifier          *self);
DBR_AVAILABLE_IN_0_1
char                *dbr_notifier_dup_activation_token (DbrNotifier          *self,
                                                        guint                 id) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void                 dbr_notifier_send_async           (DbrNotifier          *self,
                                                        const char           *summary,
                                                        const char           *body,
                                                        const char           *icon,
                                                        DbrUrgency            urgency,
                                                        int                   expire_ms,
                                                        GCancellable         *cancellable,
                                                        GAsyncReadyCallback   callback,
                                                        gpointer              user_data);
DBR_AVAILABLE_IN_0_1
guint                dbr_notifier_send_finish          (DbrNotifier          *self,
                                                        GAsyncResult         *result,
                                                        GError              **error);
DBR_AVAILABLE_IN_0_1
guint                dbr_notifier_send_sync            (DbrNotifier          *self,
                                                        const char           *summary,
                                                        const char           *body,
                                                        const char           *icon,
                                                        DbrUrgency            urgency,
                                                        int                   expire_ms,
                                                        GCancellable         *cancellable,
                                                        GError              **error);
DBR_AVAILABLE_IN_0_1
void                 dbr_notifier_send_full_async      (DbrNotifier          *self,
                                                        const char           *summary,
                                                        const char           *body,
                                                        const char           *icon,
                                                        DbrUrgency            urgency,
                                                        int                   expire_ms,
                                                        const char * const   *actions,
                                                        GVariant             *hints,
                                                        guint                 replaces_id,
                                                        GCancellable         *cancellable,
                                                        GAsyncReadyCallback   callback,
                                                        gpointer              user_data);
DBR_AVAILABLE_IN_0_1
guint                dbr_notifier_send_full_finish     (DbrNotifier          *self,
                                                        GAsyncResult         *result,
                                                        GError              **error);
DBR_AVAILABLE_IN_0_1
void                 dbr_notifier_close_async          (DbrNotifier          *self,
                                                        guint                 id,
                                                        GCancellable         *cancellable,
                                                        GAsyncReadyCallback   callback,
                                                        gpointer              user_data);
DBR_AVAILABLE_IN_0_1
gboolean             dbr_notifier_close_finish         (DbrNotifier          *self,
                                                        GAsyncResult         *result,
                                                        GError              **error);
DBR_AVAILABLE_IN_0_1
gboolean             dbr_notifier_close_sync           (DbrNotifier          *self,
                                                        guint                 id,
                                                        GCancellable         *cancellable,
                                                        GError              **error);
DBR_AVAILABLE_IN_0_1
void                 dbr_notifier_flush_async          (DbrNotifier          *self,
                                                        GCancellable         *cancellable,
                                                        GAsyncReadyCallback   callback,
                                                        gpointer              user_data);
DBR_AVAILABLE_IN_0_1
gboolean             dbr_notifier_flush_finish         (DbrNotifier          *self,
                                                        GAsyncResult         *result,
                                                        GError              **error);
DBR_AVAILABLE_IN_0_1
gboolean             dbr_notifier_flush_sync           (DbrNotifier          *self,
                                                        GCancellable         *cancellable,
                                                        GError              **error);

DBR_AVAILABLE_IN_0_1
gboolean             dbr_notifier_watch                (DbrNotifier          *self,
                                                        GObject              *object,
                                                        GError              **error);
DBR_AVAILABLE_IN_0_1
void                 dbr_notifier_unwatch              (DbrNotifier          *self,
                                                        GObject              *object);

G_END_DECLS
