/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  DBR_PEER_ACTION_ABORT,
  DBR_PEER_ACTION_BLOCK,
  DBR_PEER_ACTION_CLOSE,
  DBR_PEER_ACTION_COUNT,
  DBR_PEER_ACTION_DEAF,
  DBR_PEER_ACTION_DIE,
  DBR_PEER_ACTION_DROP,
  DBR_PEER_ACTION_EMIT,
  DBR_PEER_ACTION_ERROR,
  DBR_PEER_ACTION_EXECUTIONS,
  DBR_PEER_ACTION_FD,
  DBR_PEER_ACTION_FLOOD,
  DBR_PEER_ACTION_FORGET,
  DBR_PEER_ACTION_INVALIDATE,
  DBR_PEER_ACTION_NEVER,
  DBR_PEER_ACTION_OBJECTS,
  DBR_PEER_ACTION_OWN,
  DBR_PEER_ACTION_POKE,
  DBR_PEER_ACTION_RECONNECT,
  DBR_PEER_ACTION_RECORD,
  DBR_PEER_ACTION_REMOVE,
  DBR_PEER_ACTION_REOWN,
  DBR_PEER_ACTION_REPLY,
  DBR_PEER_ACTION_RESET,
  DBR_PEER_ACTION_SET,
  DBR_PEER_ACTION_STOP,
  DBR_PEER_ACTION_WAIT,
  /* what happens around a BlueZ; the word says which */
  DBR_PEER_ACTION_BLUEZ,
} DbrPeerActionKind;

/* One parsed action; which fields are set is the grammar's matter, the others are empty. */
typedef struct
{
  DbrPeerActionKind kind;
  const char       *word;
  guint             number;
  gboolean          has_number;
  char             *path;
  char             *name;
  char             *interface_name;
  char             *member;
  char             *text;
  char             *destination;
  GVariant         *value;
} DbrPeerAction;

/* Which of the calls that fit its pattern a rule takes, in rising order of precedence. */
typedef enum
{
  DBR_PEER_SELECT_ALL,
  DBR_PEER_SELECT_FROM,
  DBR_PEER_SELECT_EVERY,
  DBR_PEER_SELECT_CALL,
} DbrPeerSelect;

typedef struct
{
  char         *interface_name;
  char         *member;
  char         *path;
  DbrPeerSelect select;
  guint         number;
  guint         n_seen;
  GPtrArray    *actions;
} DbrPeerRule;

/* A statement is either a rule or, when that is NULL, one command. */
typedef struct
{
  DbrPeerRule   *rule;
  DbrPeerAction *command;
} DbrPeerStatement;

GPtrArray   *dbr_peer_script_parse         (const char      *text,
                                            GError         **error) G_GNUC_WARN_UNUSED_RESULT;
char        *dbr_peer_script_describe      (void) G_GNUC_WARN_UNUSED_RESULT;

void         dbr_peer_action_free          (DbrPeerAction   *action);
DbrPeerRule *dbr_peer_rule_ref             (DbrPeerRule     *self);
void         dbr_peer_rule_unref           (DbrPeerRule     *self);
gboolean     dbr_peer_rule_fits            (DbrPeerRule     *self,
                                            const char      *path,
                                            const char      *interface_name,
                                            const char      *member);
gboolean     dbr_peer_rule_selects         (DbrPeerRule     *self);
int          dbr_peer_rule_compare         (DbrPeerRule     *self,
                                            DbrPeerRule     *other);
gboolean     dbr_peer_rule_has_pattern     (DbrPeerRule     *self,
                                            const char      *pattern);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrPeerAction, dbr_peer_action_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrPeerRule, dbr_peer_rule_unref)

G_END_DECLS
