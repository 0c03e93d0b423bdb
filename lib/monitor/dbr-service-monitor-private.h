/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-monitor-core-private.h"
#include "monitor/dbr-service-monitor.h"

G_BEGIN_DECLS

/* How the library's own monitors are made from DbrServiceMonitor. One makes its client in its
 * constructor function where it was given none and passes it with its bus name as construct
 * properties: both never change.
 *
 * All slots may be NULL, and none has to be chained up. Those that tell something are called in the
 * context that the object was made in, in order with the signals. What they tell of may be past by
 * then: what holds now is read from the properties of the same moment, which the slot finds as they
 * were when it happened.
 *
 * The monitor's calls to its service go through its client as all others do; where they must not
 * start it, `auto-start` of the DbrCall is FALSE. Their answers count as signs of life by
 * themselves, and so do signals that the client hears. */
struct _DbrServiceMonitorClass
{
  GObjectClass parent_class;

  /* In start() and before anything is told; in stop(), when nothing is told any more. In the thread
   * of who calls it. */
  void     (*started)            (DbrServiceMonitor    *self);
  void     (*stopped)            (DbrServiceMonitor    *self);

  /* Before the signals of the same change; NULL is nobody. A direct hand-over is told in two: first
   * that nobody has the name. The owner that is found by start() is told too. */
  void     (*owner_changed)      (DbrServiceMonitor    *self,
                                  const char           *old_owner,
                                  const char           *new_owner);
  /* The bus is lost, or is back; if another one owns the name then, that was told before. */
  void     (*connection_changed) (DbrServiceMonitor    *self,
                                  gboolean              is_connected);
  /* The state is another one, for whatever reason. */
  void     (*state_changed)      (DbrServiceMonitor    *self,
                                  DbrServiceState       old_state,
                                  DbrServiceState       new_state);

  /* What refresh() reads beyond what every monitor shows. It is called where there is an owner, in
   * the thread of who asked and not in the object's context: what it finds is put behind a lock of
   * its own, and is to be read when it ends. A sync refresh iterates a context of its own, which is
   * the thread's default one meanwhile, until this has ended. */
  void     (*refresh_async)      (DbrServiceMonitor    *self,
                                  GCancellable         *cancellable,
                                  GAsyncReadyCallback   callback,
                                  gpointer              user_data);
  gboolean (*refresh_finish)     (DbrServiceMonitor    *self,
                                  GAsyncResult         *result,
                                  GError              **error);

  /* Where a service can be reached without the bus: whether it was, and refresh_async() is called then
   * whatever the bus says, and its result is that of the refresh. */
  gboolean (*is_reached)         (DbrServiceMonitor    *self);

  /* TRUE: that a program has the name and answers is not enough. The monitor is STARTING until it
   * calls dbr_service_monitor_set_ready(), anew for each owner. */
  gboolean waits_for_ready;
};

/* The owner of this generation can be used now; what is said of a former one is ignored. From any
 * thread. */
void             dbr_service_monitor_set_ready  (DbrServiceMonitor *self,
                                                 guint              generation);
/* Adds an event of this moment to the history; takes @details, an a{sv} or NULL, if it floats. In
 * the context of the object, before the signal of this name is emitted. */
void             dbr_service_monitor_tell       (DbrServiceMonitor *self,
                                                 const char        *kind,
                                                 const char        *text,
                                                 GVariant          *details);

/* What is seen of the process while the service does not answer; recovery leaves a service alone
 * whose cgroup somebody has frozen. */
DbrFreeze        dbr_service_monitor_get_freeze (DbrServiceMonitor *self);
/* For tests: other times of grace than those that ship. Before start(). */
void             dbr_service_monitor_set_graces (DbrServiceMonitor *self,
                                                 guint              owner_grace_ms,
                                                 guint              resume_grace_ms);

/* What the files of the monitor ask of each other. */

DbrMonitorCore  *dbr_service_monitor_get_core   (DbrServiceMonitor *self);
/* What it shows: not less than anybody was told. */
DbrMonitorValues dbr_service_monitor_read       (DbrServiceMonitor *self);
/* The errors of what is set and of where it is called from. */
gboolean         dbr_service_monitor_check_settings (DbrServiceMonitor  *self,
                                                     GError            **error);
/* Who has been answered sees what is known by then; that is told later, in the object's context. */
void             dbr_service_monitor_catch_up   (DbrServiceMonitor *self);
void             dbr_service_monitor_install_signals (DbrServiceMonitorClass *klass);
void             dbr_service_monitor_emit       (DbrServiceMonitor    *self,
                                                 const DbrMonitorNews *news);

G_END_DECLS
