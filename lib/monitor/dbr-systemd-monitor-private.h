/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-service-monitor-private.h"
#include "monitor/dbr-systemd-book-private.h"
#include "monitor/dbr-systemd-line-private.h"
#include "monitor/dbr-systemd-monitor.h"

G_BEGIN_DECLS

/* A unit that is watched, and the state that was told of it last. */
typedef struct
{
  DbrUnit    *unit;
  const char *state;
} DbrSystemdWatched;

struct _DbrSystemdMonitorClass
{
  DbrServiceMonitorClass parent_class;
};

struct _DbrSystemdMonitor
{
  DbrServiceMonitor  parent_instance;

  /* identity */
  DbrSystemdScope    scope;
  DbrSystemdLine    *line;
  DbrSystemdBook    *book;
  GMainContext      *context;

  /* atomic */
  gint               is_started;

  /* state, in the context of the object alone */
  GListStore        *failed;
  gboolean           knows_failed;
  /* how often the list was made anew */
  guint              n_failed_lists;
  GHashTable        *watched;
  gboolean           is_reading;
  GCancellable      *read_cancellable;
  DbrSystemdReads    reading;
  DbrSystemdReads    wanted;
  GSource           *look_source;
  /* what is told, in order; the first of them wait for the types of jobs */
  GQueue             news;
  guint              n_awaited;

  GMutex             mutex;

  /* guarded by mutex */
  GError            *watch_error;
  /* units that a person was told of, and by what; written in the context of the object */
  GHashTable        *incidents;
};

/* What the files of the monitor ask of each other. */

gboolean        dbr_systemd_monitor_is_started  (DbrSystemdMonitor    *self);
DbrSystemdLine *dbr_systemd_monitor_get_line    (DbrSystemdMonitor    *self);
DbrSystemdBook *dbr_systemd_monitor_get_book    (DbrSystemdMonitor    *self);
/* The unit that is watched under this name, for who may act for the context of the monitor; else a
 * new one. */
DbrUnit        *dbr_systemd_monitor_dup_unit    (DbrSystemdMonitor    *self,
                                                 const char           *name) G_GNUC_WARN_UNUSED_RESULT;
/* The unit that a person was told of by this incident, NULL if it is not of a unit. Any thread. */
char           *dbr_systemd_monitor_dup_troubled (DbrSystemdMonitor   *self,
                                                  guint64              serial) G_GNUC_WARN_UNUSED_RESULT;
void            dbr_systemd_monitor_notify      (DbrSystemdMonitor    *self,
                                                 DbrSystemdChanges     changes);

/* In dbr-systemd-monitor-tell.c: tells what there is to tell, in the context of the monitor. */
void            dbr_systemd_monitor_install_signals (DbrSystemdMonitorClass *klass);
void            dbr_systemd_watched_free        (DbrSystemdWatched    *self);
void            dbr_systemd_monitor_tell        (GObject              *monitor);
/* The same at once, if this thread may act for that context. */
void            dbr_systemd_monitor_settle      (DbrSystemdMonitor    *self);

/* In dbr-systemd-monitor-read.c: reads what is wanted into the book. */
void            dbr_systemd_monitor_read_async  (DbrSystemdMonitor    *self,
                                                 DbrSystemdReads       reads,
                                                 GCancellable         *cancellable,
                                                 GAsyncReadyCallback   callback,
                                                 gpointer              user_data);
gboolean        dbr_systemd_monitor_read_finish (DbrSystemdMonitor    *self,
                                                 GAsyncResult         *result,
                                                 GError              **error);
/* The same by itself, in the context of the monitor and while it is started. */
void            dbr_systemd_monitor_read        (DbrSystemdMonitor    *self,
                                                 DbrSystemdReads       reads);
void            dbr_systemd_monitor_stop_looking (DbrSystemdMonitor   *self);

G_END_DECLS
