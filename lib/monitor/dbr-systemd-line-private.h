/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-client.h"
#include "bus/dbr-message-private.h"
#include "monitor/dbr-systemd-jobs-private.h"
#include "monitor/dbr-systemd-monitor.h"

G_BEGIN_DECLS

#define DBR_TYPE_SYSTEMD_LINE (dbr_systemd_line_get_type ())

/* The line to a systemd: over the bus, or where it cannot be reached there over its private socket,
 * which has neither names nor Hello. It changes roads by itself, from one call to the next. */
G_DECLARE_FINAL_TYPE (DbrSystemdLine, dbr_systemd_line, DBR, SYSTEMD_LINE, GObject)

typedef enum
{
  DBR_SYSTEMD_ROAD_NONE,
  DBR_SYSTEMD_ROAD_BUS,
  DBR_SYSTEMD_ROAD_PRIVATE,
} DbrSystemdRoad;

/* Who hears of it, in any thread, with no lock held. It may come a moment after the line is gone. */
typedef struct
{
  /* A signal of systemd or of one of its units. */
  void (*heard)(gpointer    user_data,
                DbrMessage *signal);
  /* What was known may be old, as it tells of changes from now on. */
  void (*renewed)(gpointer user_data);
  /* The road that it was on is none any more: what is under way on it would wait for it. */
  void (*lost)(gpointer user_data);
  /* This is the road from now on; or none, for this reason. The same may be told again. */
  void (*went)(gpointer        user_data,
               DbrSystemdRoad  road,
               const GError   *error);
} DbrSystemdLineFuncs;

DbrSystemdLine *dbr_systemd_line_new         (DbrClient                 *client,
                                              DbrSystemdScope            scope,
                                              const DbrSystemdLineFuncs *funcs,
                                              gpointer                   user_data,
                                              GDestroyNotify             destroy)
G_GNUC_WARN_UNUSED_RESULT;

DbrSystemdJobs *dbr_systemd_line_get_jobs    (DbrSystemdLine            *self);
/* How long an operation may take, by its name. */
guint           dbr_systemd_line_get_limit   (DbrSystemdLine            *self,
                                              const char                *operation);

/* Finds a road, if the one it is on is not good any more. @until_usec: when there is no more time for
 * that, by g_get_monotonic_time(); 0 for as long as such things may take. */
void            dbr_systemd_line_find_async  (DbrSystemdLine            *self,
                                              gint64                     until_usec,
                                              GCancellable              *cancellable,
                                              GAsyncReadyCallback        callback,
                                              gpointer                   user_data);
DbrSystemdRoad  dbr_systemd_line_find_finish (DbrSystemdLine            *self,
                                              GAsyncResult              *result,
                                              GError                   **error);

/* Calls a method; @timeout_ms as for DbrCall, finding the road included. It is never started for
 * that. */
void            dbr_systemd_line_call_async  (DbrSystemdLine            *self,
                                              const char                *object_path,
                                              const char                *interface_name,
                                              const char                *method_name,
                                              GVariant                  *parameters,
                                              const GVariantType        *reply_type,
                                              gboolean                   is_interactive,
                                              guint                      timeout_ms,
                                              GCancellable              *cancellable,
                                              GAsyncReadyCallback        callback,
                                              gpointer                   user_data);
GVariant       *dbr_systemd_line_call_finish (DbrSystemdLine            *self,
                                              GAsyncResult              *result,
                                              GError                   **error) G_GNUC_WARN_UNUSED_RESULT;

/* Has systemd read all its files anew; the finish function is that of a call. */
void            dbr_systemd_line_reload_async (DbrSystemdLine           *self,
                                               gboolean                  is_interactive,
                                               GCancellable             *cancellable,
                                               GAsyncReadyCallback       callback,
                                               gpointer                  user_data);

/* All properties of a unit, of its own interface and of that of its type, as `a{sv}`. */
void            dbr_systemd_line_read_unit_async  (DbrSystemdLine       *self,
                                                   const char           *name,
                                                   GCancellable         *cancellable,
                                                   GAsyncReadyCallback   callback,
                                                   gpointer              user_data);
GVariant       *dbr_systemd_line_read_unit_finish (DbrSystemdLine       *self,
                                                   GAsyncResult         *result,
                                                   GError              **error) G_GNUC_WARN_UNUSED_RESULT;

/* Begins to hear, and returns when systemd tells; once it hears, it goes on. */
void            dbr_systemd_line_listen_async  (DbrSystemdLine          *self,
                                                GCancellable            *cancellable,
                                                GAsyncReadyCallback      callback,
                                                gpointer                 user_data);
gboolean        dbr_systemd_line_listen_finish (DbrSystemdLine          *self,
                                                GAsyncResult            *result,
                                                GError                 **error);
/* Whether it hears the units as well as the manager from now on. */
void            dbr_systemd_line_hear_units    (DbrSystemdLine          *self,
                                                gboolean                 is_wanted);

G_END_DECLS
