/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define DBR_PEER_INTERFACE "org.dbr.Peer1"

typedef struct _DbrPeerObjects DbrPeerObjects;

DbrPeerObjects *dbr_peer_objects_new                (void);
void            dbr_peer_objects_free               (DbrPeerObjects   *self);

guint           dbr_peer_objects_get_n_devices      (DbrPeerObjects   *self);
void            dbr_peer_objects_set_n_devices      (DbrPeerObjects   *self,
                                                     guint             n_devices);
char           *dbr_peer_objects_dup_device_path    (guint             index);
GVariant       *dbr_peer_objects_dup_interface      (DbrPeerObjects   *self,
                                                     const char       *path,
                                                     const char       *interface_name);
GVariant       *dbr_peer_objects_dup_object         (DbrPeerObjects   *self,
                                                     const char       *path);
GVariant       *dbr_peer_objects_dup_managed        (DbrPeerObjects   *self);
GVariant       *dbr_peer_objects_dup_property       (DbrPeerObjects   *self,
                                                     const char       *path,
                                                     const char       *interface_name,
                                                     const char       *name);
gboolean        dbr_peer_objects_is_writable        (const char       *interface_name,
                                                     const char       *name);
void            dbr_peer_objects_set_property       (DbrPeerObjects   *self,
                                                     const char       *path,
                                                     const char       *interface_name,
                                                     const char       *name,
                                                     GVariant         *value);
void            dbr_peer_objects_add_interface      (DbrPeerObjects   *self,
                                                     const char       *path,
                                                     const char       *interface_name);
gboolean        dbr_peer_objects_has_interface      (DbrPeerObjects   *self,
                                                     const char       *path,
                                                     const char       *interface_name);
char          **dbr_peer_objects_dup_paths          (DbrPeerObjects   *self);
gboolean        dbr_peer_objects_remove             (DbrPeerObjects   *self,
                                                     const char       *path);
char           *dbr_peer_objects_introspect         (DbrPeerObjects   *self,
                                                     const char       *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrPeerObjects, dbr_peer_objects_free)

G_END_DECLS
