/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-deadline-private.h"
#include "base/dbr-mailbox-private.h"
#include "base/dbr-request-private.h"
#include "bus/dbr-call-private.h"
#include "bus/dbr-ledger-private.h"
#include "bus/dbr-message-private.h"

G_BEGIN_DECLS

typedef struct _DbrExchange DbrExchange;

/* For what nothing is gained by giving up: it ends with the connection at the latest. */
#define DBR_EXCHANGE_NO_LIMIT G_MAXUINT

/* Called once, when the exchange has ended: in the caller's context where there is a mailbox, else
 * in whichever thread ended it, with no lock held. */
typedef void (*DbrExchangeFunc) (DbrExchange *self,
                                 gpointer     user_data);

/* An exchange waits for a connection, is under way on a lane, or has ended. Moving from one to the
 * next is one atomic step, and whoever makes the last one, and nobody else, says how it ended. */
typedef enum
{
  DBR_EXCHANGE_WAITING,
  DBR_EXCHANGE_ON_LANE,
  DBR_EXCHANGE_ENDED,
} DbrExchangeState;

/* What the lane that an exchange is on does for it. Takes it off the lane, to WAITING or ENDED,
 * because nobody waits for this answer any more; FALSE: something else has moved it. */
typedef gboolean (*DbrExchangeAbandon) (GObject          *lane,
                                        DbrExchange      *exchange,
                                        DbrExchangeState  to);

/* Whether the name that is called had no owner at @when_usec or at some time since. */
typedef gboolean (*DbrExchangeWasAbsent) (GObject    *owners,
                                          const char *bus_name,
                                          gint64      when_usec);

/* What is above an exchange and follows what becomes of it. Without it an exchange is one attempt,
 * and what that came to is its end. */
typedef struct
{
  /* An attempt has failed, by an answer that is an error or by @error, and the exchange is WAITING.
   * TRUE: another attempt follows, or whoever was asked ends it; @error was taken then. */
  gboolean     (*failed)(DbrExchange *self,
                         DbrMessage  *reply,
                         GError      *error);
  /* It has ended, and who waits for it is told after this. */
  void         (*ended)(DbrExchange *self);
  /* It is handed over now to who waited for it, in the thread of that. */
  void         (*handed_over)(DbrExchange *self);
  /* An attempt has failed or all has ended, and who waits for it knows. */
  void         (*settled)(DbrExchange *self);
  /* With the lane's lock held: nobody waits for the answer of this attempt any more, which was
   * sent. Returns another exchange that may have it, or NULL. */
  DbrExchange *(*bequeath)(DbrExchange *self);
  /* The same, if there is no heir: whose place at the bus this attempt goes on to hold. It comes
   * back when the place is free. */
  gpointer     (*orphaned)(DbrExchange *self);
  void         (*free)(DbrExchange *self);
} DbrExchangeFuncs;

/* One request from its beginning to its one end, which comes by its deadline whatever others do. */
struct _DbrExchange
{
  const DbrExchangeFuncs *funcs;

  gatomicrefcount  ref_count;
  gint             state;

  /* what is asked; without a request it is the connection alone that is waited for */
  DbrRequest      *request;
  /* a unique name to send it to in place of the name in the request, or NULL */
  char            *destination;
  /* the bus name that is to be followed before this is sent, or NULL */
  char            *awaits;
  const char      *operation;
  /* atomic: it may grow to that of the activation, once */
  guint            limit_ms;
  guint            activation_limit_ms;
  gint64           began_usec;
  /* atomic: whether the limit may grow to the activation's */
  gint             can_extend;

  /* the lane it was put on last, atomic; those before it are kept for who still looks at them */
  GObject            *lane;
  GSList             *past_lanes;

  /* written before the first lane is, and not changed after */
  DbrExchangeAbandon        abandon;

  /* guarded by the lane's mutex while it is on it, and not changed while it is on none: who ends it
   * reads them then */
  DbrLedgerAccount         *account;
  guint32                   serial;
  gsize                     n_bytes;
  gint64                    sent_usec;
  guint                     n_attempts;
  gboolean                  has_bus;

  /* of all attempts that failed; written with the lane's lock held by who takes it off */
  DbrExecution     execution;
  DbrExecution     last_execution;

  /* written by who ended it, and read after that */
  DbrMessage      *reply;
  GError          *error;
  gint64           ended_usec;
  gboolean         is_joined;

  /* written when it is handed over: the values that came, if they are those that were asked for */
  gint64           handed_usec;
  GVariant        *body;

  /* who waits for it */
  DbrDeadline          deadline;
  GObject             *owners;
  DbrExchangeWasAbsent was_absent;
  GCancellable        *cancellable;
  gulong               cancelled_id;
  DbrExchangeFunc      done;
  gpointer             user_data;
  gint                 n_awaited;
  DbrMailbox          *mailbox;
  DbrLetter            letter;
  GMutex               mutex;
  GCond                cond;
  gboolean             is_done;
};

DbrExchange *dbr_exchange_new           (DbrRequest       *request,
                                         const char       *operation,
                                         guint             limit_ms) G_GNUC_WARN_UNUSED_RESULT;
/* The same where it is part of something larger, which @funcs knows; the memory is zeros. */
void         dbr_exchange_init          (DbrExchange             *self,
                                         const DbrExchangeFuncs  *funcs,
                                         DbrRequest              *request,
                                         const char              *operation,
                                         guint                    limit_ms);
/* Where abandon is asked from now on: before it is moved onto the lane, with the lock of that. */
void         dbr_exchange_set_lane      (DbrExchange        *self,
                                         GObject            *lane,
                                         DbrExchangeAbandon  abandon);
/* With the lane's lock, without which it does not come off it. */
gboolean     dbr_exchange_is_on_lane    (DbrExchange        *self,
                                         GObject            *lane);
/* What it holds, for DbrExchangeFuncs.free. */
void         dbr_exchange_clear         (DbrExchange             *self);
DbrExchange *dbr_exchange_ref           (DbrExchange      *self);
void         dbr_exchange_unref         (DbrExchange      *self);

/* The longer limit that holds if the service had to be started first, which @owners will tell. */
void         dbr_exchange_allow_activation (DbrExchange          *self,
                                            guint                 limit_ms,
                                            DbrExchangeWasAbsent  was_absent,
                                            GObject              *owners);

/* Nothing has to be started: the bus has said that it starts nothing. */
void         dbr_exchange_forbid_extension (DbrExchange   *self);
gboolean     dbr_exchange_can_extend    (DbrExchange      *self);

/* Who waits. Deadline and cancellable work from here on, so that it may have ended before it is
 * sent; dbr_exchange_started() must follow, once it was handed on. */
void         dbr_exchange_start         (DbrExchange      *self,
                                         DbrMailbox       *mailbox,
                                         GCancellable     *cancellable,
                                         DbrExchangeFunc   done,
                                         gpointer          user_data);
void         dbr_exchange_started       (DbrExchange      *self);

/* The same for the library itself. @done is called by who ends it, however soon that is: so an
 * answer is taken in the transport's thread, in order with the signals around it, and never by who
 * has sent the question, whom later signals may overtake. */
void         dbr_exchange_start_direct  (DbrExchange      *self,
                                         DbrExchangeFunc   done,
                                         gpointer          user_data);

/* The same for a caller that sleeps until it has ended. It dispatches nothing meanwhile. */
void         dbr_exchange_start_sync    (DbrExchange      *self,
                                         GCancellable     *cancellable);
void         dbr_exchange_wait          (DbrExchange      *self);

/* The ways to end it. Who waits gives up: */
gboolean     dbr_exchange_abandon       (DbrExchange      *self,
                                         GError           *error);
/* This attempt is given up, as if it had failed with @error: */
gboolean     dbr_exchange_abandon_attempt (DbrExchange    *self,
                                           GError         *error);
/* An attempt has failed, by an answer that is an error or by @error. What it says of the method's
 * run was noted before the exchange was moved to WAITING, which it is: */
void         dbr_exchange_note          (DbrExchange      *self,
                                         DbrExecution      execution);
void         dbr_exchange_fail          (DbrExchange      *self,
                                         DbrMessage       *reply,
                                         GError           *error);
/* It is WAITING and ends, if nothing else has ended it: */
gboolean     dbr_exchange_end           (DbrExchange      *self,
                                         DbrMessage       *reply,
                                         GError           *error);
/* Who has moved it to ENDED says how: */
void         dbr_exchange_finish        (DbrExchange      *self,
                                         DbrMessage       *reply,
                                         GError           *error);
gboolean     dbr_exchange_move          (DbrExchange      *self,
                                         DbrExchangeState  from,
                                         DbrExchangeState  to);
gboolean     dbr_exchange_has_ended     (DbrExchange      *self);

/* The limit that holds, and when it is over, in monotonic time. */
guint        dbr_exchange_get_limit     (DbrExchange      *self);
gint64       dbr_exchange_get_deadline  (DbrExchange      *self);
GError      *dbr_exchange_new_late_error (DbrExchange     *self,
                                          guint            limit_ms) G_GNUC_WARN_UNUSED_RESULT;

/* What came of it, for who waited; an error is given away once. */
GVariant    *dbr_exchange_take_value     (DbrExchange      *self,
                                          GError          **error) G_GNUC_WARN_UNUSED_RESULT;
void         dbr_exchange_get_results   (DbrExchange      *self,
                                         DbrCallResults   *results);
/* As which error it is counted. */
char        *dbr_exchange_dup_error_name (DbrExchange     *self) G_GNUC_WARN_UNUSED_RESULT;

/* Of those that wait in a queue, which has a reference to each: all are taken over, or fail. */
void         dbr_exchanges_steal        (GQueue           *from,
                                         GQueue           *to);
void         dbr_exchanges_fail         (GQueue           *exchanges,
                                         const GError     *reason);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrExchange, dbr_exchange_unref)

G_END_DECLS
