/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define DBR_PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

typedef struct _DbrRequest DbrRequest;

/* What a call asks for, as the floors below DbrCall see it. It never changes once a call has begun,
 * and so is read from any thread without a lock. */
struct _DbrRequest
{
  gatomicrefcount   ref_count;

  /* bus_name is NULL where there is no bus; operation is interned, or NULL until it is looked up */
  const char       *bus_name;
  const char       *object_path;
  const char       *interface_name;
  const char       *method_name;
  const char       *operation;

  GVariant         *parameters;
  GVariantType     *reply_type;
  GUnixFDList      *fd_list;
  GStrv             success_errors;

  guint             timeout_ms;
  guint             attempt_timeout_ms;
  /* the operation is the caller's word for it */
  guint             is_named : 1;
  guint             is_idempotent : 1;
  guint             is_interactive : 1;
  guint             is_auto_start : 1;
  guint             is_background : 1;
  guint             is_bypassing_circuit : 1;
  /* it asks whether the service answers now: it goes past what waits, and is one attempt */
  guint             is_probe : 1;
};

DbrRequest *dbr_request_new       (const char          *bus_name,
                                   const char          *object_path,
                                   const char          *interface_name,
                                   const char          *method_name,
                                   GVariant            *parameters,
                                   const GVariantType  *reply_type) G_GNUC_WARN_UNUSED_RESULT;
DbrRequest *dbr_request_ref       (DbrRequest          *self);
void        dbr_request_unref     (DbrRequest          *self);

/* Whether it can be sent at all. Without a bus there are no names. */
gboolean    dbr_request_check     (const DbrRequest    *self,
                                   gboolean             has_bus,
                                   GError             **error);
/* Whether D-Bus itself says that the method only reads, so that running it twice does no harm. */
gboolean    dbr_request_is_read   (const DbrRequest    *self);
/* Whether it reads what the service says of its objects: asked at once by many, one answer is good
 * for all. */
gboolean    dbr_request_is_shareable (const DbrRequest *self);
/* Whether a service may answer it although its main loop is dead, as GDBus does. */
gboolean    dbr_request_is_ping   (const DbrRequest    *self);
/* `interface.method`, for messages. */
char       *dbr_request_dup_title (const DbrRequest    *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrRequest, dbr_request_unref)

G_END_DECLS
