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

/* What the lane that an exchange is on does for it. Moves it to ENDED because its caller gives up;
 * FALSE: something else ended it. */
typedef gboolean (*DbrExchangeAbandon) (GObject      *lane,
                                        DbrExchange  *exchange,
                                        DbrExecution *execution);

/* Whether the name that is called had no owner at @when_usec or at some time since. */
typedef gboolean (*DbrExchangeWasAbsent) (GObject    *owners,
                                          const char *bus_name,
                                          gint64      when_usec);

/* One request from its beginning to its one end, which comes by its deadline whatever others do. */
struct _DbrExchange
{
  gatomicrefcount  ref_count;
  gint             state;

  /* what is asked; without a request it is the connection alone that is waited for */
  DbrRequest      *request;
  const char      *operation;
  guint            limit_ms;
  guint            activation_limit_ms;
  gint64           began_usec;
  /* whether the limit may grow to the activation's: set before it starts and not changed after */
  gboolean         can_extend;

  /* guarded by the lane's mutex while it is on it */
  GObject            *lane;
  DbrExchangeAbandon  abandon;
  DbrAccount         *account;
  guint32             serial;
  gint64              sent_usec;

  /* written by who ended it, and read after that */
  DbrMessage      *reply;
  GError          *error;
  DbrExecution     execution;
  gint64           ended_usec;
  gboolean         has_bus;

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
DbrExchange *dbr_exchange_ref           (DbrExchange      *self);
void         dbr_exchange_unref         (DbrExchange      *self);

/* The longer limit that holds if the service had to be started first, which @owners will tell. */
void         dbr_exchange_allow_activation (DbrExchange          *self,
                                            guint                 limit_ms,
                                            DbrExchangeWasAbsent  was_absent,
                                            GObject              *owners);

/* Who waits. Deadline and cancellable work from here on, so that it may have ended before it is
 * sent; dbr_exchange_started() must follow, once it was handed on. */
void         dbr_exchange_start         (DbrExchange      *self,
                                         DbrMailbox       *mailbox,
                                         GCancellable     *cancellable,
                                         DbrExchangeFunc   done,
                                         gpointer          user_data);
void         dbr_exchange_started       (DbrExchange      *self);

/* The same for a caller that sleeps until it has ended. It dispatches nothing meanwhile. */
void         dbr_exchange_start_sync    (DbrExchange      *self,
                                         GCancellable     *cancellable);
void         dbr_exchange_wait          (DbrExchange      *self);

/* The ways to end it. Who waits gives up: */
gboolean     dbr_exchange_abandon       (DbrExchange      *self,
                                         GError           *error);
/* Who has moved it to ENDED says how: */
void         dbr_exchange_finish        (DbrExchange      *self,
                                         DbrMessage       *reply,
                                         GError           *error,
                                         DbrExecution      execution);
gboolean     dbr_exchange_move          (DbrExchange      *self,
                                         DbrExchangeState  from,
                                         DbrExchangeState  to);
gboolean     dbr_exchange_has_ended     (DbrExchange      *self);

/* The deadline that holds, in monotonic time. */
gint64       dbr_exchange_get_deadline  (DbrExchange      *self);
GError      *dbr_exchange_new_late_error (DbrExchange     *self) G_GNUC_WARN_UNUSED_RESULT;

/* What came of it, for who waited; an error is given away once. */
GVariant    *dbr_exchange_take_value     (DbrExchange      *self,
                                          GError          **error) G_GNUC_WARN_UNUSED_RESULT;
void         dbr_exchange_get_results   (DbrExchange      *self,
                                         DbrCallResults   *results);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrExchange, dbr_exchange_unref)

G_END_DECLS
