/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-object-news-private.h"

G_BEGIN_DECLS

/* The objects of a service, their interfaces and properties. It is made for tens of thousands:
 * names and equal values are kept once, and a value is found without a walk. It knows neither locks
 * nor buses.
 *
 * An object is there as long as it has an interface, and nothing below it is there without it once
 * it was removed: a service need not say so of each. */
typedef struct _DbrObjectStore DbrObjectStore;

DbrObjectStore *dbr_object_store_new     (void) G_GNUC_WARN_UNUSED_RESULT;
void            dbr_object_store_free    (DbrObjectStore   *self);

/* What changes it; with @news, the differences are noted there. Types are the caller's to check.
 *
 * What GetManagedObjects answers, `a{oa{sa{sv}}}`, into an empty one: */
void            dbr_object_store_load    (DbrObjectStore   *self,
                                          GVariant         *objects);
/* Takes over what is in @other, which has what was in here then. */
void            dbr_object_store_swap    (DbrObjectStore   *self,
                                          DbrObjectStore   *other,
                                          DbrObjectNews    *news);
/* InterfacesAdded, with `a{sa{sv}}`: of an interface that is there these are all properties. */
void            dbr_object_store_add     (DbrObjectStore   *self,
                                          const char       *path,
                                          GVariant         *interfaces,
                                          DbrObjectNews    *news);
/* InterfacesRemoved, with `as`. */
void            dbr_object_store_remove  (DbrObjectStore   *self,
                                          const char       *path,
                                          GVariant         *names,
                                          DbrObjectNews    *news);
/* PropertiesChanged, with `a{sv}` and `as`. What was not there is not made by it, and the value of
 * what it invalidates is not known any more. */
void            dbr_object_store_change  (DbrObjectStore   *self,
                                          const char       *path,
                                          const char       *interface_name,
                                          GVariant         *changed,
                                          GVariant         *invalidated,
                                          DbrObjectNews    *news);

/* What is there. Paths come in order, so that an object comes behind those above it. */
guint           dbr_object_store_count           (DbrObjectStore *self);
gboolean        dbr_object_store_has_interface   (DbrObjectStore *self,
                                                  const char     *path,
                                                  const char     *interface_name);
/* With an interface, only those that have it. */
char          **dbr_object_store_dup_paths       (DbrObjectStore *self,
                                                  const char     *interface_name)
G_GNUC_WARN_UNUSED_RESULT;
char          **dbr_object_store_dup_interfaces  (DbrObjectStore *self,
                                                  const char     *path) G_GNUC_WARN_UNUSED_RESULT;
/* NULL if there is no such property, or its value is not known. */
GVariant       *dbr_object_store_ref_property    (DbrObjectStore *self,
                                                  const char     *path,
                                                  const char     *interface_name,
                                                  const char     *name) G_GNUC_WARN_UNUSED_RESULT;
/* All of an interface, `a{sv}`; NULL if it is not there. */
GVariant       *dbr_object_store_dup_properties  (DbrObjectStore *self,
                                                  const char     *path,
                                                  const char     *interface_name)
G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrObjectStore, dbr_object_store_free)

G_END_DECLS
