/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-client.h"
#include "bus/dbr-object-news-private.h"

G_BEGIN_DECLS

/* What a service's object manager manages, kept as it is there: over its restarts, over a lost
 * connection, and however often it has to be asked until it answers. Where the service is absent
 * nothing is sent; it is asked when it has come. */
typedef struct _DbrObjectTree DbrObjectTree;

/* What is in it may be believed the more the higher. */
typedef enum
{
  /* Nothing is in it: nobody owns the name, or who does has not answered yet. */
  DBR_OBJECT_TREE_UNKNOWN,
  /* It was so, but the connection is lost or the service does not answer. */
  DBR_OBJECT_TREE_STALE,
  DBR_OBJECT_TREE_SYNCED,
} DbrObjectTreeState;

/* Who is told, in the context the tree was made in. By then the tree may be further than what is
 * told, and that is told as well. A fall in state is told before what is gone with it, a rise behind
 * what has come. */
typedef struct
{
  DbrObjectNewsFuncs news;
  void (*state_changed)(gpointer           user_data,
                        DbrObjectTreeState state);
} DbrObjectTreeFuncs;

/* NULL if it is not allowed, or not possible. It does not keep the client, and grows old without
 * it. */
DbrObjectTree      *dbr_object_tree_new   (DbrClient                *client,
                                           const char               *bus_name,
                                           const char               *manager_path,
                                           const DbrObjectTreeFuncs *funcs,
                                           gpointer                  user_data,
                                           GError                  **error) G_GNUC_WARN_UNUSED_RESULT;
/* Nothing is told after it; from another thread than that of the context, one thing may just be
 * being told. */
void                dbr_object_tree_free  (DbrObjectTree            *self);

/* From any thread, and without a call. All that is in it comes from the owner of this number. */
DbrObjectTreeState  dbr_object_tree_get_state       (DbrObjectTree *self);
guint               dbr_object_tree_get_generation  (DbrObjectTree *self);
/* The others are those of DbrObjectStore. */
guint               dbr_object_tree_count           (DbrObjectTree *self);
char              **dbr_object_tree_dup_paths       (DbrObjectTree *self,
                                                     const char    *interface_name)
G_GNUC_WARN_UNUSED_RESULT;
GVariant           *dbr_object_tree_ref_property    (DbrObjectTree *self,
                                                     const char    *path,
                                                     const char    *interface_name,
                                                     const char    *name) G_GNUC_WARN_UNUSED_RESULT;
GVariant           *dbr_object_tree_dup_properties  (DbrObjectTree *self,
                                                     const char    *path,
                                                     const char    *interface_name)
G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrObjectTree, dbr_object_tree_free)

G_END_DECLS
