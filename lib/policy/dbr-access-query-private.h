/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "base/dbr-request-private.h"

G_BEGIN_DECLS

#define DBR_ACCESS_DRIVER "org.freedesktop.DBus"

/* What the connection leads to. OTHER is a bus by its address that is not the system bus; where
 * both have one address it is what the program asked for. PEER has no bus names. */
typedef enum
{
  DBR_ACCESS_BUS_SESSION,
  DBR_ACCESS_BUS_SYSTEM,
  DBR_ACCESS_BUS_OTHER,
  DBR_ACCESS_BUS_PEER,
} DbrAccessBus;

typedef enum
{
  DBR_ACCESS_KIND_CALL,
  DBR_ACCESS_KIND_READ,
  DBR_ACCESS_KIND_READ_ALL,
  DBR_ACCESS_KIND_WRITE,
  DBR_ACCESS_KIND_SIGNAL,
} DbrAccessKind;

/* NULL is any, or left open by who asks. */
typedef struct
{
  const char *bus_name;
  const char *object_path;
  const char *interface_name;
  const char *member;
} DbrAccessTarget;

/* What an access policy judges. It lends its names from what it was made of, and is cleared before
 * that goes. */
typedef struct
{
  DbrAccessKind    kind;
  DbrAccessBus     bus;
  DbrAccessTarget  target;

  /* The method that does it, where the target is a property or a signal; else its member is
   * NULL. */
  DbrAccessTarget  method;

  /* The bus name that the bus itself is asked about, or NULL. */
  const char      *about;
  /* The path of the target is that of a whole tree. */
  gboolean         is_tree;
  /* A match rule for more than signals, or one that cannot be read. */
  gboolean         is_eavesdropping;

  /* What keeps the names alive that come from parameters. */
  GVariant        *held[2];
  char            *match_rule;
} DbrAccessQuery;

/* Calls; those that are property accesses or that add a match rule are judged as what they do. */
void      dbr_access_query_init_request (DbrAccessQuery    *self,
                                         const DbrRequest  *request,
                                         DbrAccessBus       bus);
/* A subscription; all but @bus_name may be NULL. */
void      dbr_access_query_init_signal  (DbrAccessQuery    *self,
                                         DbrAccessBus       bus,
                                         const char        *bus_name,
                                         const char        *object_path,
                                         const char        *interface_name,
                                         const char        *member,
                                         gboolean           is_tree);
void      dbr_access_query_clear        (DbrAccessQuery    *self);

/* `interface.member`, for messages. */
char     *dbr_access_query_dup_title    (const DbrAccessQuery  *self)
G_GNUC_WARN_UNUSED_RESULT;

/* The record of `Dbr.Client::audit`: an a{sv} without any argument. */
GVariant *dbr_access_query_dup_record   (const DbrAccessQuery  *self,
                                         gboolean               is_allowed,
                                         const char            *rule,
                                         gint64                 when_usec)
G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DbrAccessQuery, dbr_access_query_clear)

G_END_DECLS
