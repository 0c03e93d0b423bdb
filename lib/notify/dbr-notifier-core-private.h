/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-deadline-private.h"
#include "base/dbr-herald-private.h"
#include "base/dbr-incident-board-private.h"
#include "notify/dbr-notice-backend-private.h"
#include "notify/dbr-notice-ids-private.h"
#include "notify/dbr-notice-queue-private.h"
#include "notify/dbr-ticket-private.h"

G_BEGIN_DECLS

typedef struct _DbrNotifierCore DbrNotifierCore;

typedef enum
{
  DBR_NOTIFIER_NEWS_AVAILABLE,
  DBR_NOTIFIER_NEWS_SERVER,
  DBR_NOTIFIER_NEWS_INVOKED,
  DBR_NOTIFIER_NEWS_CLOSED,
  DBR_NOTIFIER_NEWS_STALLED,
  DBR_NOTIFIER_NEWS_RECOVERED,
} DbrNotifierNewsKind;

/* What the notifier is told in its context; only what the kind needs is set. */
typedef struct
{
  DbrNotifierNewsKind  kind;
  guint                id;
  char                *action;
  DbrCloseReason       reason;
  gint64               usec;
} DbrNotifierNews;

/* All that a notifier does. Its functions may be called from any thread and never block: what waits,
 * and what became of it, is under a lock; whatever is done about it is done in dbr-io. */
struct _DbrNotifierCore
{
  /* When to look at the queue again. It is armed and disarmed in dbr-io, and has to be first. */
  DbrDeadline         deadline;
  gatomicrefcount     ref_count;

  /* identity */
  DbrNotifierBackend  backend_kind;
  DbrHerald          *herald;
  DbrHeraldFunc       tell;
  guint               generation;

  /* in dbr-io only */
  DbrNoticeBackend   *backend;
  gboolean            is_probing;

  GMutex              mutex;

  /* guarded by mutex: what is wanted */
  const char         *app_name;
  DbrNoticeQueue      queue;
  guint               last_id;
  /* of DbrTicket, whose ids are to be closed, and the one that is being closed */
  GQueue              to_close;
  DbrTicket          *closing;
  /* of DbrTicket */
  GPtrArray          *flushing;
  /* id -> DbrNoticeCause */
  GHashTable         *causes;

  /* guarded by mutex: what is known */
  gboolean            is_asked;
  gboolean            is_woken;
  gboolean            is_closed;
  gboolean            has_complained;
  gboolean            has_server;
  gboolean            is_ready;
  const char         *server_name;
  const char * const *capabilities;
  /* of GStrv, all that were ever lent */
  GPtrArray          *known_capabilities;
  DbrNoticeEntry     *in_flight;
  DbrNoticeIds        ids;
  /* 0: it answers */
  gint64              silent_from_usec;
  gint64              next_start_usec;
  gint64              next_send_usec;
  /* of DbrNoticeToken, the latest first */
  GQueue              tokens;
};

DbrNotifierCore *dbr_notifier_core_new           (DbrHerald              *herald,
                                                  DbrHeraldFunc           tell) G_GNUC_WARN_UNUSED_RESULT;
DbrNotifierCore *dbr_notifier_core_ref           (DbrNotifierCore        *self);
void             dbr_notifier_core_unref         (DbrNotifierCore        *self);
/* The end: what waits is given up, and nobody is told of anything any more. */
void             dbr_notifier_core_close         (DbrNotifierCore        *self);
/* Looks after everything soon, in dbr-io. */
void             dbr_notifier_core_wake          (DbrNotifierCore        *self);
/* Whether anything can be done at all. */
gboolean         dbr_notifier_core_check         (DbrNotifierCore        *self,
                                                  GError                **error);
/* Starts to look for a server, if that was not done yet. */
void             dbr_notifier_core_open          (DbrNotifierCore        *self);
void             dbr_notifier_core_tell          (DbrNotifierCore        *self,
                                                  DbrNotifierNewsKind     kind,
                                                  guint                   id,
                                                  const char             *action,
                                                  DbrCloseReason          reason,
                                                  gint64                  usec);

/* Each ends @ticket, now or later. */
void             dbr_notifier_core_send          (DbrNotifierCore        *self,
                                                  DbrNotice              *notice,
                                                  guint                   replaces_id,
                                                  DbrTicket              *ticket);
void             dbr_notifier_core_close_notice  (DbrNotifierCore        *self,
                                                  guint                   id,
                                                  DbrTicket              *ticket);
void             dbr_notifier_core_flush         (DbrNotifierCore        *self,
                                                  DbrTicket              *ticket);
char            *dbr_notifier_core_dup_token     (DbrNotifierCore        *self,
                                                  guint                   id) G_GNUC_WARN_UNUSED_RESULT;

/* What can be set; each returns whether it is another one now. */
void             dbr_notifier_core_set_backend   (DbrNotifierCore        *self,
                                                  DbrNotifierBackend      backend_kind);
gboolean         dbr_notifier_core_set_app_name  (DbrNotifierCore        *self,
                                                  const char             *app_name);
gboolean         dbr_notifier_core_set_quiet     (DbrNotifierCore        *self,
                                                  gboolean                quiet);
gboolean         dbr_notifier_core_set_batch_ms  (DbrNotifierCore        *self,
                                                  guint                   batch_ms);
gboolean         dbr_notifier_core_set_max_queued (DbrNotifierCore        *self,
                                                   guint                   max_queued);
const char      *dbr_notifier_core_get_app_name  (DbrNotifierCore        *self);
gboolean         dbr_notifier_core_get_quiet     (DbrNotifierCore        *self);
guint            dbr_notifier_core_get_batch_ms  (DbrNotifierCore        *self);
guint            dbr_notifier_core_get_max_queued (DbrNotifierCore       *self);
/* Whether all that was set can be gone by. */
gboolean         dbr_notifier_core_check_config  (DbrNotifierCore        *self,
                                                  GError                **error);
/* What is known. The list stays valid as long as @self. */
gboolean         dbr_notifier_core_is_available  (DbrNotifierCore        *self);
const char * const *dbr_notifier_core_get_capabilities (DbrNotifierCore  *self);
const char      *dbr_notifier_core_get_server_name (DbrNotifierCore      *self);
guint            dbr_notifier_core_get_queued    (DbrNotifierCore        *self);
guint64          dbr_notifier_core_get_dropped   (DbrNotifierCore        *self);

/* What became of what was sent; in dbr-io. */
void             dbr_notifier_core_shown         (DbrNotifierCore        *self,
                                                  guint                   number,
                                                  DbrExecution            execution,
                                                  const GError           *error);
void             dbr_notifier_core_close_ended   (DbrNotifierCore        *self,
                                                  const GError           *error);
void             dbr_notifier_core_was_closed    (DbrNotifierCore        *self,
                                                  guint                   number,
                                                  DbrCloseReason          reason);
void             dbr_notifier_core_was_invoked   (DbrNotifierCore        *self,
                                                  guint                   number,
                                                  const char             *action);
void             dbr_notifier_core_was_activated (DbrNotifierCore        *self,
                                                  guint                   number,
                                                  const char             *token);

/* What is wrong somewhere, as one notification that follows it. */
void             dbr_notifier_core_tell_incident (DbrNotifierCore        *self,
                                                  DbrIncidentBoard       *board,
                                                  DbrIncident            *incident);
/* No more of that board; what is shown stays. */
void             dbr_notifier_core_leave_board   (DbrNotifierCore        *self,
                                                  DbrIncidentBoard       *board);
/* TRUE: it was about what is wrong somewhere, and the program need not hear of it. */
gboolean         dbr_notifier_core_take_offer    (DbrNotifierCore        *self,
                                                  guint                   id,
                                                  const char             *action);
void             dbr_notifier_core_tell_closed   (DbrNotifierCore        *self,
                                                  guint                   id,
                                                  DbrCloseReason          reason);
void             dbr_notice_cause_free           (gpointer                cause);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrNotifierCore, dbr_notifier_core_unref)

G_END_DECLS
