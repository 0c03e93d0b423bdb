/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-transport-private.h"

G_BEGIN_DECLS

typedef struct _DbrOpening DbrOpening;
typedef struct _DbrOpeningFuncs DbrOpeningFuncs;

/* Called once on dbr-io, with either. */
typedef void (*DbrOpenedFunc) (DbrTransport *transport,
                               GError       *error,
                               gpointer      user_data);

/* The same for who hands the connection itself on. */
typedef void (*DbrConnectedFunc) (GDBusConnection *connection,
                                  GError          *error,
                                  gpointer         user_data);

/* How a kind of transport is opened. */
struct _DbrOpeningFuncs
{
  /* on dbr-io; ends in dbr_opening_finish(), then or later, on dbr-io too */
  void (*start) (DbrOpening *self);
  /* from any thread */
  void (*abort) (DbrOpening *self);
  void (*free)  (DbrOpening *self);
};

/* A kind puts its own data behind it. */
struct _DbrOpening
{
  const DbrOpeningFuncs *funcs;
  gatomicrefcount        ref_count;

  char                           *address;
  gboolean                        has_bus;
  DbrTransportLimits              limits;
  guint                           limit_ms;
  DbrOpenedFunc                   opened;
  gpointer                        user_data;
  GDestroyNotify                  destroy;
};

/* Makes a private connection to @address, with no more time than @limit_ms. To be called on dbr-io.
 * */
DbrOpening *dbr_opening_start (const char               *address,
                               gboolean                  has_bus,
                               const DbrTransportLimits *limits,
                               guint                     limit_ms,
                               DbrOpenedFunc             opened,
                               gpointer                  user_data,
                               GDestroyNotify            destroy) G_GNUC_WARN_UNUSED_RESULT;
DbrOpening *dbr_opening_start_connection (const char       *address,
                                          guint             limit_ms,
                                          DbrConnectedFunc  connected,
                                          gpointer          user_data,
                                          GDestroyNotify    destroy) G_GNUC_WARN_UNUSED_RESULT;
/* Makes it fail soon, from any thread. */
void        dbr_opening_abort (DbrOpening      *self);
DbrOpening *dbr_opening_ref   (DbrOpening      *self);
void        dbr_opening_unref (DbrOpening      *self);

/* For the kinds: says how it ended, once, and lets go of the reference that start() was given. */
void        dbr_opening_finish                (DbrOpening   *self,
                                               DbrTransport *transport,
                                               GError       *error);
/* The same for who has said it otherwise. */
void        dbr_opening_leave                 (DbrOpening   *self);
GError     *dbr_opening_new_late_error        (DbrOpening   *self) G_GNUC_WARN_UNUSED_RESULT;
GError     *dbr_opening_new_unreachable_error (DbrOpening   *self,
                                               const char   *reason) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrOpening, dbr_opening_unref)

G_END_DECLS
