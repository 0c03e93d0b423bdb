/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One signal as it was heard. All of it is lent. */
typedef struct
{
  const char *sender;
  const char *object_path;
  const char *interface_name;
  const char *member;
  GVariant   *parameters;
  /* who heard it: the subscription or the connection */
  gpointer    source;
} DbrTestSignal;

typedef void (*DbrTestSignalFunc) (const DbrTestSignal *heard,
                                   gpointer             user_data);

/* Tells what a subscription of libdbr has received, until it is disconnected by @user_data. */
void dbr_test_listen        (gpointer             subscription,
                             DbrTestSignalFunc    func,
                             gpointer             user_data);
/* Tells what plain GDBus hears, for as long as there is the connection. NULL: of anybody, anything. */
void dbr_test_listen_on_bus (GDBusConnection     *connection,
                             const char          *sender,
                             const char          *interface_name,
                             const char          *member,
                             DbrTestSignalFunc    func,
                             gpointer             user_data,
                             GDestroyNotify       destroy);

/* A DbrTestSignalFunc for those who but count in a guint. */
void dbr_test_count_signal  (const DbrTestSignal *heard,
                             gpointer             counter);

G_END_DECLS
