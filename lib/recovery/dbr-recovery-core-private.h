/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-clock-private.h"
#include "base/dbr-event-private.h"
#include "base/dbr-mailbox-private.h"
#include "bus/dbr-waiter-private.h"
#include "recovery/dbr-recovery-attempt-private.h"
#include "recovery/dbr-recovery-stage-private.h"
#include "recovery/dbr-recovery.h"

G_BEGIN_DECLS

typedef struct _DbrRecoveryCore DbrRecoveryCore;
typedef struct _DbrRecoveryRun DbrRecoveryRun;

typedef enum
{
  /* whether it runs is another thing now */
  DBR_RECOVERY_NEWS_RUNNING,
  DBR_RECOVERY_NEWS_STARTED,
  /* a stage of the program's own has its turn */
  DBR_RECOVERY_NEWS_PERFORM,
  DBR_RECOVERY_NEWS_FINISHED,
  DBR_RECOVERY_NEWS_RECOVERED,
  DBR_RECOVERY_NEWS_GAVE_UP,
  /* nothing but an event */
  DBR_RECOVERY_NEWS_EVENT,
  /* there is one more stage */
  DBR_RECOVERY_NEWS_STAGE,
} DbrRecoveryNewsKind;

/* Something that happened on dbr-io, on its way to the context of the recovery. */
typedef struct
{
  DbrRecoveryNewsKind  kind;
  char                *target;
  DbrRecoveryStage    *stage;
  DbrRecoveryAttempt  *attempt;
  GError              *error;
  gint64               elapsed_usec;
  /* it was seen to work, without anything that was done */
  gboolean             is_well;
  /* for the history, before the signal; or NULL */
  DbrEvent            *event;
  /* what a run has kept alive, to be let go in the context */
  GObject             *kept;
} DbrRecoveryNews;

DbrRecoveryNews *dbr_recovery_news_new  (DbrRecoveryNewsKind  kind,
                                         const char          *target) G_GNUC_WARN_UNUSED_RESULT;
void             dbr_recovery_news_free (DbrRecoveryNews     *self);

/* Called in the context of the recovery: there are news. */
typedef void (*DbrRecoveryCoreFunc) (GObject *recovery);

/* What a recovery is while no main loop of an application has to run. */
struct _DbrRecoveryCore
{
  gatomicrefcount      ref_count;

  /* identity */
  GWeakRef             recovery;
  DbrServiceMonitor   *monitor;
  DbrStateTracker     *tracker;
  DbrRecoveryCoreFunc  deliver;
  DbrMailbox          *mailbox;
  DbrLetter            letter;
  const DbrClock      *clock;

  GMutex               mutex;

  /* guarded by mutex */
  gboolean             is_closed;
  DbrRecoveryScope     allowed;
  gboolean             is_dry;
  GPtrArray           *stages;
  DbrRecoveryLadder   *ladder;
  /* target -> run */
  GHashTable          *runs;
  /* the unit that was seen to be the service */
  char                *unit_name;

  /* what is told */
  GQueue               news;
  gboolean             is_posted;
  /* contexts that the recovery's own thread waits in meanwhile */
  GPtrArray           *servers;
};

DbrRecoveryCore *dbr_recovery_core_new   (GObject             *recovery,
                                          DbrServiceMonitor   *monitor,
                                          DbrStateTracker     *tracker,
                                          DbrRecoveryCoreFunc  deliver) G_GNUC_WARN_UNUSED_RESULT;
DbrRecoveryCore *dbr_recovery_core_ref   (DbrRecoveryCore     *self);
void             dbr_recovery_core_unref (DbrRecoveryCore     *self);
/* It ends what is under way, and tells nothing more. */
void             dbr_recovery_core_close (DbrRecoveryCore     *self);

/* From any thread; takes @news. */
void             dbr_recovery_core_tell     (DbrRecoveryCore  *self,
                                             DbrRecoveryNews  *news);
/* The oldest that was not told yet, NULL if there is none. */
DbrRecoveryNews *dbr_recovery_core_pop_news (DbrRecoveryCore  *self) G_GNUC_WARN_UNUSED_RESULT;
/* The recovery's own thread waits in @context and nowhere else: what is told, is told there too, as
 * a stage of the program's own would have to wait for that thread otherwise. */
void             dbr_recovery_core_serve    (DbrRecoveryCore  *self,
                                             GMainContext     *context);
void             dbr_recovery_core_unserve  (DbrRecoveryCore  *self,
                                             GMainContext     *context);

/* All stages, in order; the list is the caller's. */
GPtrArray       *dbr_recovery_core_dup_stages (DbrRecoveryCore *self) G_GNUC_WARN_UNUSED_RESULT;
gboolean         dbr_recovery_core_is_running (DbrRecoveryCore *self);
/* FALSE: there is one of this name. */
gboolean         dbr_recovery_core_add_stage  (DbrRecoveryCore  *self,
                                               DbrRecoveryStage *stage);
/* Lends it; NULL if there is none. */
DbrRecoveryStage *dbr_recovery_core_get_stage (DbrRecoveryCore  *self,
                                               const char       *name);
/* What would become of this stage now, against what was found to be wrong with whom. */
DbrVerdict       dbr_recovery_core_judge      (DbrRecoveryCore    *self,
                                               DbrRecoveryStage   *stage,
                                               const DbrSituation *found,
                                               gint64             *wait_usec);
/* The same, and counts the attempt where it may begin. */
DbrVerdict       dbr_recovery_core_begin      (DbrRecoveryCore    *self,
                                               DbrRecoveryStage   *stage,
                                               const DbrSituation *found,
                                               guint              *attempt);

/* In dbr-recovery-run.c: recovers @target, or waits for the run that does so already; @waiter ends
 * with it. */
DbrRecoveryRun   *dbr_recovery_core_recover    (DbrRecoveryCore *self,
                                                GObject         *recovery,
                                                const char      *target,
                                                DbrWaiter       *waiter) G_GNUC_WARN_UNUSED_RESULT;
DbrRecoveryRun   *dbr_recovery_run_ref         (DbrRecoveryRun  *self);
void              dbr_recovery_run_unref       (DbrRecoveryRun  *self);
/* Somebody waits no more; without anybody it is cancelled. */
void              dbr_recovery_run_leave       (DbrRecoveryRun  *self);
void              dbr_recovery_run_cancel      (DbrRecoveryRun  *self);
DbrRecoveryResult dbr_recovery_run_get_result  (DbrRecoveryRun  *self);

/* In dbr-recovery-diagnosis.c: what is wrong with the service, and if it answers, with the target;
 * @last_error is of what was tried before, or NULL. */
void              dbr_recovery_diagnose_async  (DbrServiceMonitor    *monitor,
                                                const char           *target,
                                                const GError         *last_error,
                                                GCancellable         *cancellable,
                                                GAsyncReadyCallback   callback,
                                                gpointer              user_data);
/* FALSE: it cannot be known, or was cancelled. @adapter is as of dbr_recovery_target_look_finish(). */
gboolean          dbr_recovery_diagnose_finish (DbrServiceMonitor    *monitor,
                                                GAsyncResult         *result,
                                                DbrTrouble           *trouble,
                                                char                **adapter,
                                                GError              **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrRecoveryCore, dbr_recovery_core_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrRecoveryRun, dbr_recovery_run_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrRecoveryNews, dbr_recovery_news_free)

G_END_DECLS
