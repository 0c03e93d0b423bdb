/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-dispatcher-private.h"
#include "bus/dbr-inbox-private.h"
#include "bus/dbr-waiter-private.h"

G_BEGIN_DECLS

/* The properties of one interface of one object: read once, and kept up to date by what the service
 * says. All proxies of the same key have one. What it holds comes from one owner of the name: when
 * there is another, all of it goes and is read anew. */
typedef struct _DbrStore DbrStore;

/* How it may ask. */
typedef struct
{
  guint            limit_ms;
  /* who has to be behind the name, or NULL */
  DbrAccessPolicy *access_policy;
  gboolean         may_introspect;
} DbrStoreTerms;

DbrStore *dbr_store_new       (DbrDispatcher       *dispatcher,
                               const char          *bus_name,
                               const char          *object_path,
                               const char          *interface_name,
                               const DbrStoreTerms *terms) G_GNUC_WARN_UNUSED_RESULT;
DbrStore *dbr_store_ref       (DbrStore      *self);
void      dbr_store_unref     (DbrStore      *self);
/* It hears no more. */
void      dbr_store_close     (DbrStore      *self);

/* Begins to hear and to read, unless that was done; @waiter is told when there is something to
 * look at, or why not. */
void      dbr_store_open      (DbrStore      *self,
                               DbrWaiter     *waiter);
/* Reads all of it anew. */
void      dbr_store_refresh   (DbrStore      *self,
                               DbrWaiter     *waiter);
/* What it holds counts no more, and is read anew: at once if a proxy has it, else when one will. */
void      dbr_store_invalidate (DbrStore     *self);

/* Who hears of its changes. */
void      dbr_store_add_inbox    (DbrStore   *self,
                                  DbrInbox   *inbox);
void      dbr_store_remove_inbox (DbrStore   *self,
                                  DbrInbox   *inbox);

/* What is known, NULL if it is not. With @must_be_fresh only what certainly still holds. */
GVariant *dbr_store_ref_value (DbrStore      *self,
                               const char    *name,
                               gboolean       must_be_fresh);
char    **dbr_store_dup_names (DbrStore      *self) G_GNUC_WARN_UNUSED_RESULT;
gboolean  dbr_store_is_fresh  (DbrStore      *self);
guint     dbr_store_get_generation (DbrStore *self);

const char *dbr_store_get_bus_name       (const DbrStore *self);
const char *dbr_store_get_object_path    (const DbrStore *self);
const char *dbr_store_get_interface_name (const DbrStore *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrStore, dbr_store_unref)

G_END_DECLS
