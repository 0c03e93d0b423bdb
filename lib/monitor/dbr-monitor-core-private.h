/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-mailbox-private.h"
#include "bus/dbr-inquirer-private.h"
#include "bus/dbr-waiter-private.h"
#include "monitor/dbr-monitor-news-private.h"
#include "monitor/dbr-probe-private.h"
#include "monitor/dbr-stall-detector-private.h"

G_BEGIN_DECLS

typedef struct _DbrMonitorCore DbrMonitorCore;

/* What one look at the service has found. */
typedef struct
{
  DbrServiceState state;
  const char     *owner;
  gint64          latency_usec;
  DbrProbeKind    probe_kind;
  gboolean        has_answered;
} DbrMonitorFinding;

/* Called in the context of the monitor: there are news. */
typedef void (*DbrMonitorCoreFunc) (GObject *monitor);

/* What a service monitor does while no main loop of an application has to run: it follows the owner
 * of a name, asks it whether it answers, and keeps in order what it has to tell. All of it happens
 * on dbr-io, in the transport's thread and in those of callers; the monitor itself is known weakly
 * only. */
struct _DbrMonitorCore
{
  gatomicrefcount     ref_count;

  /* identity */
  DbrInquirer        *inquirer;
  char               *bus_name;
  gboolean            waits_for_ready;
  gboolean            may_hear_sleep;
  GWeakRef            monitor;
  DbrMonitorCoreFunc  deliver;
  DbrMailbox         *mailbox;
  DbrLetter           letter;

  /* holds a reference while it is armed */
  DbrDeadline         tick;

  GMutex              mutex;

  /* guarded by mutex */

  /* whether it works, and how often it began to: what comes of an earlier time counts for nothing */
  guint               n_holds;
  guint               run;
  gboolean            is_closed;
  DbrWatch           *watch;
  DbrCircuitBreaker  *circuit;
  DbrListener        *sleep_listener;

  DbrStallDetector    detector;

  /* the bus: which one it is, whether it is lost or does not answer, and when to ask it again who
   * owns the name */
  char               *bus_id;
  gboolean            is_lost;
  gboolean            is_silent;
  gint64              control_usec;
  guint               n_failures;
  gint64              ask_usec;
  gboolean            is_asking;

  /* the owner; names are interned */
  gboolean            is_known;
  const char         *owner;
  const char         *last_owner;
  gint64              went_usec;
  guint               generation;
  guint               restarts;
  guint               pid;
  DbrFreeze           freeze;
  /* the unit of the last process, as far as it is known */
  char               *unit_path;
  guint               ready_generation;
  gboolean            has_latency;
  gboolean            is_refused;
  /* A recovery that is told when the service is ready, and its time. */
  gboolean            is_recovering;
  gint64              down_usec;

  /* what is asked: what was set, and what was found for this owner */
  DbrProbeTarget      set_target;
  DbrProbeTarget      target;
  gboolean            has_target;
  gboolean            is_searching;
  guint               n_searches;
  DbrProbeKind        probe_kind;
  /* what was sent and is not answered */
  GPtrArray          *sent;

  /* what was found where nothing is watched */
  DbrServiceState     found_state;
  gint64              found_latency_usec;

  /* what is told */
  DbrMonitorValues    values;
  GQueue              news;
  gboolean            is_posted;
  /* who waits until it is healthy */
  GPtrArray          *waiters;
};

DbrMonitorCore *dbr_monitor_core_new    (GObject            *monitor,
                                         DbrClient          *client,
                                         const char         *bus_name,
                                         gboolean            waits_for_ready,
                                         DbrMonitorCoreFunc  deliver) G_GNUC_WARN_UNUSED_RESULT;
DbrMonitorCore *dbr_monitor_core_ref    (DbrMonitorCore     *self);
void            dbr_monitor_core_unref  (DbrMonitorCore     *self);

/* It works while somebody holds it; what was seen last may be kept as what was found. Closed, it
 * never works again, and tells nothing. */
void            dbr_monitor_core_hold    (DbrMonitorCore    *self);
void            dbr_monitor_core_release (DbrMonitorCore    *self,
                                          gboolean           is_kept);
void            dbr_monitor_core_close   (DbrMonitorCore    *self);

/* It holds where nothing is watched; otherwise it is a sign of life at most. */
void            dbr_monitor_core_take_finding (DbrMonitorCore          *self,
                                               const DbrMonitorFinding *finding);

/* The oldest that was not told yet, NULL if there is none. */
DbrMonitorNews *dbr_monitor_core_pop_news   (DbrMonitorCore   *self) G_GNUC_WARN_UNUSED_RESULT;
/* How things are by now. */
void            dbr_monitor_core_get_values (DbrMonitorCore   *self,
                                             DbrMonitorValues *values);
double          dbr_monitor_core_get_suspicion (DbrMonitorCore *self);
DbrFreeze       dbr_monitor_core_get_freeze (DbrMonitorCore   *self);

/* What is set. */
void            dbr_monitor_core_get_config (DbrMonitorCore       *self,
                                             DbrStallConfig       *config);
void            dbr_monitor_core_set_config (DbrMonitorCore       *self,
                                             const DbrStallConfig *config);
gboolean        dbr_monitor_core_set_quality (DbrMonitorCore      *self,
                                              guint                max_detection_ms,
                                              double               min_days,
                                              GError             **error);
void            dbr_monitor_core_get_target (DbrMonitorCore       *self,
                                             DbrProbeTarget       *target);
void            dbr_monitor_core_set_target (DbrMonitorCore       *self,
                                             const DbrProbeTarget *target);
/* What is known of what to ask; FALSE: it is to be found. */
gboolean        dbr_monitor_core_find_target  (DbrMonitorCore     *self,
                                               DbrProbeTarget     *target);
guint           dbr_monitor_core_get_limit_ms (DbrMonitorCore     *self);
/* Whether what was set can be asked, and the access policy allows to ask anything. */
gboolean        dbr_monitor_core_check_target (DbrMonitorCore     *self,
                                               GError            **error);

void            dbr_monitor_core_set_ready  (DbrMonitorCore *self,
                                             guint           generation);
/* Ends @waiter as soon as the service is healthy; see dbr_monitor_core_leave(). */
void            dbr_monitor_core_await      (DbrMonitorCore *self,
                                             DbrWaiter      *waiter);
void            dbr_monitor_core_leave      (DbrMonitorCore *self,
                                             DbrWaiter      *waiter);

/* What the files of the core ask of each other. */

/* Whatever changes something is between these: the second tells what has happened, sends what is
 * wanted and looks when to look again. */
void            dbr_monitor_core_lock       (DbrMonitorCore *self);
void            dbr_monitor_core_unlock     (DbrMonitorCore *self,
                                             DbrStallEvents  events);
gboolean        dbr_monitor_core_is_running_locked (DbrMonitorCore *self,
                                                    guint           run);
/* Who owns the name: @owner is NULL for nobody. On another bus it is another one whatever its name
 * is. */
DbrStallEvents  dbr_monitor_core_take_owner_locked (DbrMonitorCore *self,
                                                    const char     *owner,
                                                    gboolean        is_other_bus);
void            dbr_monitor_core_add_news_locked (DbrMonitorCore     *self,
                                                  DbrMonitorNewsKind  kind,
                                                  const char         *old_owner,
                                                  const char         *new_owner,
                                                  gint64              usec);

/* Time has passed. */
void            dbr_monitor_core_tick       (DbrMonitorCore *self);

/* Asking, without the lock. */
void            dbr_monitor_core_ask_owner  (DbrMonitorCore *self,
                                             guint           run);
void            dbr_monitor_core_ask_process (DbrMonitorCore *self,
                                              guint           run);
void            dbr_monitor_core_send_probe (DbrMonitorCore *self,
                                             guint           run,
                                             guint           serial);
void            dbr_monitor_core_send_control (DbrMonitorCore *self,
                                               guint           run);
/* The circuit may want to be tried; the service may just have answered. */
void            dbr_monitor_core_try_circuit (DbrMonitorCore *self,
                                              gboolean        has_answered);
/* Whether @client may, and the listener if so. */
gboolean        dbr_monitor_core_may_hear_sleep (DbrClient         *client);
DbrListener    *dbr_monitor_core_listen_to_sleep (DbrMonitorCore   *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrMonitorCore, dbr_monitor_core_unref)

G_END_DECLS
