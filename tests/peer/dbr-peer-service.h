/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbr-peer-objects.h"
#include "dbr-peer-script.h"

#include <gio/gunixfdlist.h>

G_BEGIN_DECLS

/* What is played if a controller was plugged in; NULL before. */
typedef struct _DbrPeerBluez DbrPeerBluez;

typedef struct
{
  /* configuration */
  char    *address;
  gboolean is_listening;
  gboolean is_quiet;
  gboolean exits_with_bus;

  /* state, of the main thread alone */
  GDBusServer    *server;
  GPtrArray      *connections;
  GPtrArray      *names;
  GPtrArray      *rules;
  GHashTable     *counts;
  GHashTable     *executions;
  DbrPeerObjects *objects;
  DbrPeerBluez   *bluez;
  /* the ids of what it shows, the last of them, and what was sent last */
  GHashTable     *notices;
  guint           last_notice_id;
  GVariant       *last_notice;
  /* what outlives the process, or -1 */
  int             record;

  /* atomic: what GDBus would answer by itself and a rule wants */
  int takes_ping;
  int takes_machine_id;
  int takes_introspect;
} DbrPeerService;

/* A call on its way through the peer, or a command, which has no message. */
typedef struct
{
  DbrPeerService  *service;
  GDBusConnection *connection;
  GDBusMessage    *message;
  DbrPeerRule     *rule;
  guint            next_action;
  gboolean         is_settled;
  gboolean         has_answered;
} DbrPeerCall;

DbrPeerService *dbr_peer_service_new               (void);
void            dbr_peer_service_free              (DbrPeerService   *self);

gboolean        dbr_peer_service_connect           (DbrPeerService   *self,
                                                    GError          **error);
void            dbr_peer_service_disconnect        (DbrPeerService   *self);
gboolean        dbr_peer_service_listen            (DbrPeerService   *self,
                                                    GError          **error);
gboolean        dbr_peer_service_own               (DbrPeerService   *self,
                                                    const char       *name,
                                                    GError          **error);
gboolean        dbr_peer_service_release           (DbrPeerService   *self,
                                                    const char       *name,
                                                    GError          **error);
void            dbr_peer_service_add_rule          (DbrPeerService   *self,
                                                    DbrPeerRule      *rule);
void            dbr_peer_service_forget            (DbrPeerService   *self,
                                                    const char       *pattern);
void            dbr_peer_service_emit              (DbrPeerService   *self,
                                                    const char       *destination,
                                                    const char       *path,
                                                    const char       *interface_name,
                                                    const char       *member,
                                                    GVariant         *parameters);
void            dbr_peer_service_emit_changed      (DbrPeerService   *self,
                                                    const char       *path,
                                                    const char       *interface_name,
                                                    const char       *name,
                                                    GVariant         *value);
void            dbr_peer_service_emit_added        (DbrPeerService   *self,
                                                    const char       *path,
                                                    const char       *interface_name);
void            dbr_peer_service_set_n_devices     (DbrPeerService   *self,
                                                    guint             n_devices);
gboolean        dbr_peer_service_remove_object     (DbrPeerService   *self,
                                                    const char       *path);
void            dbr_peer_service_make_deaf         (DbrPeerService   *self,
                                                    guint             ms);
gboolean        dbr_peer_service_record            (DbrPeerService   *self,
                                                    const char       *file,
                                                    GError          **error);
guint64         dbr_peer_service_get_count         (GHashTable       *counts,
                                                    const char       *key);

DbrPeerCall    *dbr_peer_call_ref                  (DbrPeerCall      *self);
void            dbr_peer_call_unref                (DbrPeerCall      *self);
void            dbr_peer_call_reply                (DbrPeerCall      *self,
                                                    GVariant         *parameters,
                                                    GUnixFDList      *fd_list);
void            dbr_peer_call_echo                 (DbrPeerCall      *self);
void            dbr_peer_call_error                (DbrPeerCall      *self,
                                                    const char       *name,
                                                    const char       *text);
GUnixFDList    *dbr_peer_make_pipe                 (const char       *contents);
GBytes         *dbr_peer_read_fd                   (int               fd);

/* The actions and the built-in methods, each in its own file. */
void            dbr_peer_call_run_actions          (DbrPeerCall      *self);
char           *dbr_peer_service_run_command       (DbrPeerService   *self,
                                                    DbrPeerAction    *action,
                                                    GError          **error);
gboolean        dbr_peer_action_ends_or_blocks     (DbrPeerActionKind kind);
void            dbr_peer_call_tell                 (DbrPeerCall      *self,
                                                    const char       *text);
gboolean        dbr_peer_call_run_built_in         (DbrPeerCall      *self);
gboolean        dbr_peer_call_is_built_in          (DbrPeerCall      *self);

/* Built-in methods of a desktop that shows notifications. */
void            dbr_peer_notify                    (DbrPeerCall      *call,
                                                    GVariant         *body);
void            dbr_peer_close_notification        (DbrPeerCall      *call,
                                                    GVariant         *body);
void            dbr_peer_get_capabilities          (DbrPeerCall      *call,
                                                    GVariant         *body);
void            dbr_peer_get_server_information    (DbrPeerCall      *call,
                                                    GVariant         *body);
void            dbr_peer_last_notice               (DbrPeerCall      *call,
                                                    GVariant         *body);
void            dbr_peer_count_notices             (DbrPeerCall      *call,
                                                    GVariant         *body);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrPeerService, dbr_peer_service_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrPeerCall, dbr_peer_call_unref)

G_END_DECLS
