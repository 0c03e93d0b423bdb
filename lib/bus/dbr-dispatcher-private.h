/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-link-private.h"
#include "bus/dbr-passage-private.h"
#include "bus/dbr-recorder-private.h"
#include "policy/dbr-retry-budget-private.h"
#include "policy/dbr-retry-policy-private.h"

G_BEGIN_DECLS

#define DBR_TYPE_DISPATCHER (dbr_dispatcher_get_type ())

/* Sends each call of a client through what decides on it, in this order: whether its answer is
 * being waited for already, the circuit, the window of its destination, the link; and when an
 * attempt has failed, whether there is another one. */
G_DECLARE_FINAL_TYPE (DbrDispatcher, dbr_dispatcher, DBR, DISPATCHER, GObject)

/* Who hears of it, in any thread, with no lock held. */
typedef struct
{
  void (*state_changed)(gpointer    user_data);
  void (*lost)(gpointer    user_data,
               GError     *error);
  void (*restored)(gpointer    user_data);
  void (*late)(gpointer    user_data,
               const char *operation,
               gint64      late_by_usec);
  void (*retrying)(gpointer      user_data,
                   DbrPassage   *passage,
                   guint         attempt,
                   guint         delay_ms,
                   const GError *error);
  void (*stalled)(gpointer    user_data,
                  const char *bus_name,
                  gint64      silent_usec);
  void (*recovered)(gpointer    user_data,
                    const char *bus_name,
                    gint64      down_usec);
  /* A circuit was made, before anyone else has it. */
  void (*circuit_made)(gpointer           user_data,
                       DbrCircuitBreaker *circuit);
} DbrDispatcherListener;

struct _DbrDispatcher
{
  GObject                      parent_instance;

  /* identity */
  DbrLink                     *link;
  DbrRecorder                 *recorder;
  GMainContext                *context;
  const DbrDispatcherListener *listener;
  gpointer                     user_data;
  GDestroyNotify               destroy;

  DbrRetryBudget              *budget;

  GMutex                       mutex;

  /* guarded by mutex */
  DbrRetryPolicy              *retry_policy;
  DbrAdmission                 admission;
  DbrSingleFlight             *flights;
  /* by bus name, "" where there is no bus */
  GHashTable                  *destinations;
  DbrDestination              *last_destination;
  guint                        sweep_at;
  /* those that somebody watches; whether there are any is also read without the lock */
  GPtrArray                   *watched;
  gint                         has_watched;
  /* the calls that may go, with a reference each, and whether someone sends them already; whether
   * there are any is also read without the lock */
  DbrAdmissionNode            *ready_head;
  DbrAdmissionNode            *ready_tail;
  gboolean                     is_draining;
  /* the calls that pause before another attempt */
  GQueue                       pausing;
  gboolean                     is_closed;
};

/* Takes over @link and @recorder. Circuits tell of their changes in @context. */
DbrDispatcher     *dbr_dispatcher_new            (DbrLink                     *link,
                                                  DbrRecorder                 *recorder,
                                                  GMainContext                *context,
                                                  const DbrDispatcherListener *listener,
                                                  gpointer                     user_data,
                                                  GDestroyNotify               destroy)
G_GNUC_WARN_UNUSED_RESULT;

/* An exchange for @request, and its beginning, once somebody waits for it. */
DbrPassage        *dbr_dispatcher_prepare        (DbrDispatcher      *self,
                                                  DbrRequest         *request,
                                                  const char         *operation,
                                                  guint               limit_ms)
G_GNUC_WARN_UNUSED_RESULT;
void               dbr_dispatcher_submit         (DbrDispatcher      *self,
                                                  DbrPassage         *passage);

void               dbr_dispatcher_set_retry_policy (DbrDispatcher    *self,
                                                    DbrRetryPolicy   *policy);
DbrRetryPolicy    *dbr_dispatcher_ref_retry_policy (DbrDispatcher    *self) G_GNUC_WARN_UNUSED_RESULT;
void               dbr_dispatcher_set_limits     (DbrDispatcher      *self,
                                                  guint               max_in_flight,
                                                  guint               max_queued);
DbrCircuitBreaker *dbr_dispatcher_ref_circuit    (DbrDispatcher      *self,
                                                  const char         *bus_name)
G_GNUC_WARN_UNUSED_RESULT;

/* Watches a service that is called or heard; nothing else makes its owners known. */
DbrWatch          *dbr_dispatcher_watch          (DbrDispatcher       *self,
                                                  const char          *bus_name,
                                                  const DbrWatchFuncs *funcs,
                                                  gpointer             user_data,
                                                  GDestroyNotify       destroy)
G_GNUC_WARN_UNUSED_RESULT;
void               dbr_dispatcher_unwatch        (DbrDispatcher       *self,
                                                  const char          *bus_name,
                                                  DbrWatch            *watch);
/* The owner that is known now, NULL if none is, and the number of the last one that was. */
char              *dbr_dispatcher_dup_owner      (DbrDispatcher       *self,
                                                  const char          *bus_name,
                                                  guint               *generation);
/* From which time on a call that is not answered is told to who watches; of several, what was said
 * last holds. */
void               dbr_dispatcher_watch_calls (DbrDispatcher         *self,
                                               const char            *bus_name,
                                               guint                  slow_ms);
/* When the service answered last in a way that shows that its main loop works, or sent a signal that
 * is heard; 0 if it never did. */
gint64             dbr_dispatcher_get_heard_usec (DbrDispatcher      *self,
                                                  const char         *bus_name);

/* What the files of the dispatcher ask of each other. */

/* A destination that is known, NULL if it is not; and one that is made if need be. */
DbrDestination    *dbr_dispatcher_lookup_locked  (DbrDispatcher      *self,
                                                  const char         *bus_name);
DbrDestination    *dbr_dispatcher_ref_destination (DbrDispatcher     *self,
                                                   const char        *bus_name)
G_GNUC_WARN_UNUSED_RESULT;
/* Hears what the link says. */
void               dbr_dispatcher_listen         (DbrDispatcher      *self);
/* Sends it, with nothing more to be asked. */
void               dbr_dispatcher_send           (DbrDispatcher      *self,
                                                  DbrPassage         *passage);
/* What the last attempt came to, for who has it as the call's end; NULL for both if there was none. */
void               dbr_dispatcher_steal_reason   (DbrDispatcher      *self,
                                                  DbrPassage         *passage,
                                                  DbrMessage        **reply,
                                                  GError            **error);
/* It matters no more once another one is made. */
void               dbr_dispatcher_drop_reason    (DbrDispatcher      *self,
                                                  DbrPassage         *passage);
/* What those who watch are told of: a call is sent, something came from the service. */
void               dbr_dispatcher_watch_sent     (DbrDispatcher      *self,
                                                  DbrDestination     *destination);
void               dbr_dispatcher_heard          (DbrDispatcher      *self,
                                                  DbrDestination     *destination,
                                                  DbrMessage         *reply);
void               dbr_dispatcher_hear_signal    (DbrDispatcher      *self,
                                                  DbrMessage         *signal);
/* With the lock held, when somebody begins or ceases to watch it. */
void               dbr_dispatcher_set_watched_locked (DbrDispatcher  *self,
                                                      DbrDestination *destination);

/* Sends it, or sees to it that it is sent when it may be. */
void               dbr_dispatcher_try            (DbrDispatcher      *self,
                                                  DbrPassage         *passage);
/* The same some time later: whoever has the name by then may be another one, and is checked anew
 * where that matters. */
void               dbr_dispatcher_try_again      (DbrDispatcher      *self,
                                                  DbrPassage         *passage);
/* Those that may go now, each of which comes with a reference; and sends them. One after another,
 * and only behind what made them ready: what fails at once makes the next one ready. */
void               dbr_dispatcher_add_ready_locked (DbrDispatcher    *self,
                                                    DbrAdmissionNode *nodes);
void               dbr_dispatcher_send_ready     (DbrDispatcher      *self);
/* An attempt has ended, or never began: it leaves the window and tells the circuit. */
void               dbr_dispatcher_end_attempt    (DbrDispatcher      *self,
                                                  DbrPassage         *passage,
                                                  DbrMessage         *reply,
                                                  const GError       *error);
/* DbrExchangeFuncs.failed: another attempt follows if one may. */
gboolean           dbr_dispatcher_attempt_failed (DbrExchange        *exchange,
                                                  DbrMessage         *reply,
                                                  GError             *error);
/* A call has ended that may have paused or waited for an owner, which it does no more. */
void               dbr_dispatcher_unpark         (DbrDispatcher      *self,
                                                  DbrPassage         *passage);
/* Who waited for the owner of a name goes on: there is one, or the connection was lost. */
void               dbr_dispatcher_resume         (DbrDispatcher      *self,
                                                  GQueue             *parked,
                                                  guint               generation);
/* It is no longer on the lane that was made for it on a lease. */
void               dbr_dispatcher_leave_lease    (DbrDispatcher      *self,
                                                  DbrPassage         *passage);
/* Nobody comes and no time has to pass any more: the client was closed. Takes the parked ones. */
void               dbr_dispatcher_stop_waiting  (DbrDispatcher      *self,
                                                 GQueue             *parked);
void               dbr_dispatcher_orphan_ended   (DbrDispatcher      *self,
                                                  const DbrOrphan    *orphan,
                                                  DbrMessage         *reply);
const DbrExchangeFuncs *dbr_dispatcher_get_passage_funcs (void);

G_END_DECLS
