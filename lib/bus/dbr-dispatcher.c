/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-dispatcher-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "bus/dbr-peer-check-private.h"

/* From how many destinations on it is looked which of them can be forgotten. */
#define MIN_SWEEP 64

/* How many calls one thread sends for others. */
#define BATCH 64

/* Of a bus that is not known yet the stricter limit is taken. */
#define DEFAULT_N_PLACES 128

G_DEFINE_FINAL_TYPE (DbrDispatcher, dbr_dispatcher, G_TYPE_OBJECT)

/* Destinations */

static const char *
key_of (const char *bus_name)
{
  return bus_name != NULL ? bus_name : "";
}

DbrDestination *
dbr_dispatcher_lookup_locked (DbrDispatcher *self,
                              const char    *bus_name)
{
  DbrDestination *destination = self->last_destination;

  if (destination != NULL && g_strcmp0 (destination->bus_name, bus_name) == 0)
    return destination;

  destination = g_hash_table_lookup (self->destinations, key_of (bus_name));
  if (destination != NULL)
    self->last_destination = destination;

  return destination;
}

/* Those that nothing is to be remembered of go, so that a program that calls a thousand unique
 * names does not keep them all. */
static void
dbr_dispatcher_sweep_locked (DbrDispatcher *self,
                             GPtrArray     *dropped)
{
  GHashTableIter iter;
  gpointer value;

  if (g_hash_table_size (self->destinations) < self->sweep_at)
    return;

  self->last_destination = NULL;
  g_hash_table_iter_init (&iter, self->destinations);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      if (!dbr_destination_is_idle (value))
        continue;

      g_ptr_array_add (dropped, value);
      g_hash_table_iter_steal (&iter);
    }
  self->sweep_at = MAX (MIN_SWEEP, g_hash_table_size (self->destinations) * 2);
}

/* When a circuit opens, who waits in its window is told so, and does not wait for its time to be
 * over. */
static void circuit_changed_cb (GObject        *dispatcher,
                                DbrDestination *destination);

/* A name is followed longer than it is a destination, and what is known of it is told once. Who is
 * told of a change meanwhile knows better. */
static void
dbr_dispatcher_catch_up (DbrDispatcher  *self,
                         DbrDestination *destination)
{
  const char *bus_name = destination->bus_name;
  g_autofree char *owner = NULL;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  if (bus_name == NULL
      || !dbr_owners_lookup (dbr_link_get_owners (self->link), bus_name, &owner))
    return;

  locker = g_mutex_locker_new (&self->mutex);
  if (!destination->is_current)
    dbr_destination_take_owner (destination, owner, FALSE, g_get_monotonic_time ());
}

static DbrDestination *
dbr_dispatcher_add (DbrDispatcher *self,
                    const char    *bus_name)
{
  g_autoptr(GPtrArray) dropped =
    g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_destination_drop);
  DbrDestination *made = dbr_destination_new (bus_name, self->context, G_OBJECT (self),
                                              circuit_changed_cb);
  DbrDestination *destination;

  self->listener->circuit_made (self->user_data, made->circuit);

  g_mutex_lock (&self->mutex);
  dbr_dispatcher_sweep_locked (self, dropped);
  destination = dbr_dispatcher_lookup_locked (self, bus_name);
  if (destination == NULL)
    {
      destination = made;
      g_hash_table_insert (self->destinations, (gpointer) key_of (made->bus_name), made);
    }
  else
    {
      g_ptr_array_add (dropped, made);
    }
  dbr_destination_ref (destination);
  g_mutex_unlock (&self->mutex);

  dbr_dispatcher_catch_up (self, destination);

  return destination;
}

/* With a reference, into @place, at which others may look with the lock held. */
static void
dbr_dispatcher_put_destination (DbrDispatcher   *self,
                                const char      *bus_name,
                                DbrDestination **place)
{
  DbrDestination *destination;

  g_mutex_lock (&self->mutex);
  destination = dbr_dispatcher_lookup_locked (self, bus_name);
  if (destination != NULL)
    *place = dbr_destination_ref (destination);
  g_mutex_unlock (&self->mutex);

  if (destination != NULL)
    return;

  destination = dbr_dispatcher_add (self, bus_name);
  g_mutex_lock (&self->mutex);
  *place = destination;
  g_mutex_unlock (&self->mutex);
}

DbrDestination *
dbr_dispatcher_ref_destination (DbrDispatcher *self,
                                const char    *bus_name)
{
  DbrDestination *destination = NULL;

  dbr_dispatcher_put_destination (self, bus_name, &destination);

  return destination;
}

/* The bus answers at once or is gone. It needs no circuit, and takes as many calls as come. */
static gboolean
has_destination (const DbrRequest *request)
{
  return request->bus_name == NULL || strcmp (request->bus_name, DBR_BUS_NAME) != 0;
}

/* The way of a call */

DbrPassage *
dbr_dispatcher_prepare (DbrDispatcher *self,
                        DbrRequest    *request,
                        const char    *operation,
                        guint          limit_ms)
{
  g_autoptr(DbrRetryPlan) plan = NULL;

  g_mutex_lock (&self->mutex);
  plan = dbr_retry_policy_ref_plan (self->retry_policy);
  g_mutex_unlock (&self->mutex);

  return dbr_passage_new (G_OBJECT (self), dbr_dispatcher_get_passage_funcs (), request, operation,
                          limit_ms, plan);
}

/* Whether it has to be sent: FALSE if an answer to the same question is under way. */
static gboolean
dbr_dispatcher_enter_flight_locked (DbrDispatcher *self,
                                    DbrPassage    *passage)
{
  const DbrRequest *request = passage->exchange.request;
  guint generation = passage->destination != NULL ? passage->destination->generation : 0;
  DbrFlightRole role;

  if (!passage->is_shareable)
    {
      if (!passage->is_read)
        dbr_single_flight_end_joining (self->flights, request->bus_name, request->object_path);
      return TRUE;
    }

  passage->flight = (DbrFlightNode) { NULL };
  role = dbr_single_flight_enter (self->flights, &passage->flight, request, generation,
                                  g_get_monotonic_time ());
  passage->is_in_flight = role != DBR_FLIGHT_ALONE;
  if (passage->is_in_flight)
    dbr_passage_ref (passage);

  return role != DBR_FLIGHT_JOINED;
}

/* A call may end by its deadline before it has begun, and who ends it looks where it was to go. */
static void
dbr_dispatcher_find_destination (DbrDispatcher *self,
                                 DbrPassage    *passage)
{
  const DbrRequest *request = passage->exchange.request;

  if (passage->destination == NULL && has_destination (request))
    dbr_dispatcher_put_destination (self, request->bus_name, &passage->destination);
  if (passage->awaited == NULL && passage->exchange.awaits != NULL)
    dbr_dispatcher_put_destination (self, passage->exchange.awaits, &passage->awaited);
}

static void
dbr_dispatcher_begin (DbrDispatcher *self,
                      DbrPassage    *passage)
{
  gboolean is_sent = FALSE;

  passage->has_begun = TRUE;
  g_mutex_lock (&self->mutex);
  if (!dbr_exchange_has_ended (&passage->exchange))
    {
      is_sent = dbr_dispatcher_enter_flight_locked (self, passage);
    }
  g_mutex_unlock (&self->mutex);

  if (is_sent)
    dbr_dispatcher_try (self, passage);
}

/* That nobody could be checked is an attempt that failed before it was sent: the service may just
 * be on its way back. */
static void
peer_checked_cb (DbrPassage *passage,
                 char       *unique_name,
                 DbrMessage *reply,
                 GError     *error)
{
  DbrDispatcher *self = DBR_DISPATCHER (passage->dispatcher);

  if (unique_name == NULL)
    {
      dbr_dispatcher_drop_reason (self, passage);
      passage->exchange.last_execution = DBR_EXECUTION_NEVER;
      dbr_exchange_fail (&passage->exchange, reply, error);
      return;
    }

  g_free (passage->exchange.destination);
  passage->exchange.destination = unique_name;
  if (passage->has_begun)
    dbr_dispatcher_try (self, passage);
  else
    dbr_dispatcher_begin (self, passage);
}

void
dbr_dispatcher_submit (DbrDispatcher *self,
                       DbrPassage    *passage)
{
  dbr_dispatcher_find_destination (self, passage);
  passage->has_begun = FALSE;
  if (passage->access_policy != NULL)
    dbr_peer_check_start (self->link, passage, peer_checked_cb);
  else
    dbr_dispatcher_begin (self, passage);
}

void
dbr_dispatcher_try_again (DbrDispatcher *self,
                          DbrPassage    *passage)
{
  if (passage->access_policy != NULL)
    dbr_peer_check_start (self->link, passage, peer_checked_cb);
  else
    dbr_dispatcher_try (self, passage);
}

/* Attempts */

/* It is about to be sent. */
static void
dbr_passage_begin_attempt_locked (DbrPassage             *self,
                                  const DbrCircuitPermit *permit)
{
  self->permit = *permit;
  self->last_sent_usec = self->exchange.sent_usec;
}

/* Asks the circuit, and ends a call that it refuses. */
static gboolean
dbr_dispatcher_ask_circuit (DbrDispatcher    *self,
                            DbrPassage       *passage,
                            DbrCircuitPermit *permit)
{
  GError *error = NULL;

  *permit = (DbrCircuitPermit) { 0 };
  if (!passage->asks_circuit || passage->destination == NULL
      || dbr_circuit_breaker_admit (passage->destination->circuit, g_get_monotonic_time (),
                                    passage->circuit_flags, permit, &error))
    return TRUE;

  dbr_debug (DBR_DEBUG_POLICY, "A call is refused",
             "DBR_BUS_NAME", passage->destination->bus_name,
             "DBR_METHOD", passage->exchange.request->method_name,
             "DBR_REASON", error->message);
  dbr_exchange_end (&passage->exchange, NULL, error);

  return FALSE;
}

/* An attempt that is not made after all must not keep others from trying the circuit. */
static void
dbr_dispatcher_return_permit (DbrPassage             *passage,
                              const DbrCircuitPermit *permit)
{
  if (permit->trial != 0)
    dbr_circuit_breaker_report (passage->destination->circuit, g_get_monotonic_time (), permit,
                                DBR_CIRCUIT_IGNORED, -1, NULL);
}

static void
dbr_dispatcher_start (DbrDispatcher *self,
                      DbrPassage    *passage)
{
  DbrCircuitPermit permit;
  gboolean has_ended;

  if (!dbr_dispatcher_ask_circuit (self, passage, &permit))
    return;

  g_mutex_lock (&self->mutex);
  has_ended = dbr_exchange_has_ended (&passage->exchange);
  if (!has_ended)
    dbr_passage_begin_attempt_locked (passage, &permit);
  g_mutex_unlock (&self->mutex);

  if (has_ended)
    dbr_dispatcher_return_permit (passage, &permit);
  else
    dbr_dispatcher_send (self, passage);
}

void
dbr_dispatcher_add_ready_locked (DbrDispatcher    *self,
                                 DbrAdmissionNode *nodes)
{
  if (nodes == NULL)
    return;

  if (self->ready_tail != NULL)
    self->ready_tail->next = nodes;
  else
    g_atomic_pointer_set (&self->ready_head, nodes);
  while (nodes->next != NULL)
    nodes = nodes->next;
  self->ready_tail = nodes;
}

static DbrPassage *
dbr_dispatcher_pop_ready_locked (DbrDispatcher *self)
{
  DbrAdmissionNode *node = self->ready_head;

  if (node == NULL)
    return NULL;

  g_atomic_pointer_set (&self->ready_head, node->next);
  if (self->ready_head == NULL)
    self->ready_tail = NULL;

  return DBR_PASSAGE_FROM (node, admission);
}

/* A client that is being closed ends first what is under way, and then what waits. */
static gboolean
dbr_dispatcher_may_drain (DbrDispatcher *self)
{
  gboolean is_closed = dbr_link_get_state (self->link) == DBR_CLIENT_STATE_CLOSED;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->is_draining || (is_closed && !self->is_closed))
    return FALSE;

  self->is_draining = TRUE;

  return TRUE;
}

/* Sends up to so many, and leaves the rest to dbr-io: whoever it is that has made them ready must
 * not be held up by the calls of others. TRUE: there are none left. */
static gboolean
dbr_dispatcher_drain (DbrDispatcher *self,
                      guint          n_most)
{
  DbrPassage *passage = NULL;
  gboolean is_done;

  g_mutex_lock (&self->mutex);
  while (n_most-- > 0 && (passage = dbr_dispatcher_pop_ready_locked (self)) != NULL)
    {
      g_mutex_unlock (&self->mutex);
      dbr_dispatcher_start (self, passage);
      dbr_passage_unref (passage);
      g_mutex_lock (&self->mutex);
    }
  is_done = passage == NULL || self->ready_head == NULL;
  self->is_draining = !is_done;
  g_mutex_unlock (&self->mutex);

  return is_done;
}

static void
drain_cb (gpointer data)
{
  g_autoptr(DbrDispatcher) self = data;

  dbr_dispatcher_drain (self, G_MAXUINT);
}

void
dbr_dispatcher_send_ready (DbrDispatcher *self)
{
  if (g_atomic_pointer_get (&self->ready_head) == NULL || !dbr_dispatcher_may_drain (self))
    return;

  if (!dbr_dispatcher_drain (self, BATCH))
    dbr_io_invoke (drain_cb, g_object_ref (self));
}

/* The calls that wait for a place, out of the window, with a reference each. */
static DbrAdmissionNode *
dbr_dispatcher_steal_queued_locked (DbrDispatcher  *self,
                                    DbrDestination *destination)
{
  DbrAdmissionNode *nodes = NULL;
  DbrAdmissionNode **end = &nodes;

  for (guint i = 0; i < G_N_ELEMENTS (destination->window.queues); i++)
    {
      DbrAdmissionNode *node;

      while ((node = destination->window.queues[i].head) != NULL)
        {
          dbr_admission_remove (&self->admission, node);
          *end = node;
          end = &node->next;
        }
    }
  *end = NULL;

  return nodes;
}

/* When a circuit opens, who waits in its window is told so, and does not wait for its time to be
 * over. */
static void
circuit_changed_cb (GObject        *dispatcher,
                    DbrDestination *destination)
{
  DbrDispatcher *self = DBR_DISPATCHER (dispatcher);
  DbrCircuitState state = dbr_circuit_breaker_get_state (destination->circuit);
  DbrAdmissionNode *nodes = NULL;
  gboolean is_new, has_opened;

  g_mutex_lock (&self->mutex);
  dbr_destination_set_tick (destination);
  is_new = dbr_destination_take_state (destination, state, &has_opened);
  if (state == DBR_CIRCUIT_STATE_OPEN || state == DBR_CIRCUIT_STATE_ISOLATED)
    nodes = dbr_dispatcher_steal_queued_locked (self, destination);
  g_mutex_unlock (&self->mutex);

  if (is_new)
    dbr_recorder_circuit_changed (self->recorder, destination->bus_name, state, has_opened);
  while (nodes != NULL)
    {
      g_autoptr(DbrPassage) passage = DBR_PASSAGE_FROM (nodes, admission);

      nodes = nodes->next;
      dbr_dispatcher_try (self, passage);
    }
}

static GError *
new_overloaded_error (const DbrRequest    *request,
                      DbrAdmissionVerdict  verdict)
{
  g_autofree char *title = dbr_request_dup_title (request);
  const char *peer = request->bus_name != NULL ? request->bus_name : _("the peer");

  if (verdict == DBR_ADMISSION_REFUSED_BY_COUNT)
    return g_error_new (DBR_ERROR, DBR_ERROR_OVERLOADED,
                        _("%s was not sent: too many calls to %s wait already"), title, peer);

  return g_error_new (DBR_ERROR, DBR_ERROR_OVERLOADED,
                      _("%s was not sent: the calls that wait already take too much memory"),
                      title);
}

static DbrAdmissionVerdict
dbr_dispatcher_enter_window_locked (DbrDispatcher *self,
                                    DbrPassage    *passage)
{
  const DbrRequest *request = passage->exchange.request;
  GVariant *body = request->parameters;
  DbrAdmissionVerdict verdict;

  /* A probe asks whether the service answers now, not whether there is room for another call; and
   * so does a ping. */
  if (passage->destination == NULL || passage->connection != NULL || request->is_probe
      || ((passage->circuit_flags & DBR_CIRCUIT_CALL_PING) != 0 && !passage->is_shareable))
    return DBR_ADMISSION_MAY_GO;

  verdict = dbr_admission_enter (&self->admission, &passage->destination->window,
                                 &passage->admission,
                                 body != NULL ? g_variant_get_size (body) : 0,
                                 request->is_background);
  if (verdict == DBR_ADMISSION_HAS_TO_WAIT)
    dbr_passage_ref (passage);

  return verdict;
}

/* A call that may go does not overtake those that may go and are just being sent. */
static gboolean
dbr_dispatcher_join_ready_locked (DbrDispatcher *self,
                                  DbrPassage    *passage)
{
  if (!self->is_draining || passage->admission.place != DBR_ADMISSION_ADMITTED)
    return FALSE;

  dbr_passage_ref (passage);
  passage->admission.next = NULL;
  dbr_dispatcher_add_ready_locked (self, &passage->admission);

  return TRUE;
}

void
dbr_dispatcher_try (DbrDispatcher *self,
                    DbrPassage    *passage)
{
  DbrAdmissionVerdict verdict = DBR_ADMISSION_HAS_TO_WAIT;
  gboolean is_behind = FALSE;
  DbrCircuitPermit permit;

  if (!dbr_dispatcher_ask_circuit (self, passage, &permit))
    return;

  g_mutex_lock (&self->mutex);
  if (!dbr_exchange_has_ended (&passage->exchange))
    {
      verdict = dbr_dispatcher_enter_window_locked (self, passage);
      passage->was_orphaned = FALSE;
      is_behind = verdict == DBR_ADMISSION_MAY_GO
                  && dbr_dispatcher_join_ready_locked (self, passage);
      if (verdict == DBR_ADMISSION_MAY_GO && !is_behind)
        dbr_passage_begin_attempt_locked (passage, &permit);
    }
  g_mutex_unlock (&self->mutex);

  if (verdict == DBR_ADMISSION_MAY_GO && !is_behind)
    {
      dbr_dispatcher_send (self, passage);
      return;
    }

  dbr_dispatcher_return_permit (passage, &permit);
  if (is_behind)
    dbr_dispatcher_send_ready (self);
  else if (verdict != DBR_ADMISSION_HAS_TO_WAIT)
    dbr_exchange_end (&passage->exchange, NULL,
                      new_overloaded_error (passage->exchange.request, verdict));
  else if (passage->asks_circuit && passage->destination != NULL
           && dbr_circuit_breaker_get_state (passage->destination->circuit)
           == DBR_CIRCUIT_STATE_OPEN)
    /* It opened just before this one began to wait. */
    circuit_changed_cb (G_OBJECT (self), passage->destination);
}

static void
dbr_dispatcher_finalize (GObject *object)
{
  DbrDispatcher *self = DBR_DISPATCHER (object);

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  dbr_recorder_close (self->recorder);
  g_clear_pointer (&self->recorder, dbr_recorder_unref);
  g_clear_object (&self->link);
  g_clear_object (&self->retry_policy);
  g_clear_pointer (&self->watched, g_ptr_array_unref);
  g_clear_pointer (&self->destinations, g_hash_table_unref);
  g_clear_pointer (&self->flights, dbr_single_flight_free);
  g_clear_pointer (&self->budget, dbr_retry_budget_free);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_dispatcher_parent_class)->finalize (object);
}

static void
dbr_dispatcher_class_init (DbrDispatcherClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dbr_dispatcher_finalize;
}

static void
dbr_dispatcher_init (DbrDispatcher *self)
{
  g_mutex_init (&self->mutex);
  dbr_admission_init (&self->admission, DEFAULT_N_PLACES);
  g_queue_init (&self->pausing);
  self->flights = dbr_single_flight_new ();
  self->watched = g_ptr_array_new ();
  self->budget = dbr_retry_budget_new (dbr_clock_get_system ());
  self->destinations = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                              (GDestroyNotify) dbr_destination_drop);
  self->sweep_at = MIN_SWEEP;
}

DbrDispatcher *
dbr_dispatcher_new (DbrLink                     *link,
                    DbrRecorder                 *recorder,
                    GMainContext                *context,
                    const DbrDispatcherListener *listener,
                    gpointer                     user_data,
                    GDestroyNotify               destroy)
{
  DbrDispatcher *self = g_object_new (DBR_TYPE_DISPATCHER, NULL);

  self->link = link;
  self->recorder = recorder;
  self->context = g_main_context_ref (context);
  self->listener = listener;
  self->user_data = user_data;
  self->destroy = destroy;
  dbr_dispatcher_listen (self);

  return self;
}

/* What the application sets */

void
dbr_dispatcher_set_retry_policy (DbrDispatcher  *self,
                                 DbrRetryPolicy *policy)
{
  g_autoptr(DbrRetryPolicy) old = NULL;

  g_mutex_lock (&self->mutex);
  old = self->retry_policy;
  self->retry_policy = g_object_ref (policy);
  g_mutex_unlock (&self->mutex);
}

DbrRetryPolicy *
dbr_dispatcher_ref_retry_policy (DbrDispatcher *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_object_ref (self->retry_policy);
}

void
dbr_dispatcher_set_limits (DbrDispatcher *self,
                           guint          max_in_flight,
                           guint          max_queued)
{
  g_mutex_lock (&self->mutex);
  dbr_dispatcher_add_ready_locked (self, dbr_admission_set_limits (&self->admission,
                                                                   max_in_flight, max_queued));
  g_mutex_unlock (&self->mutex);

  dbr_dispatcher_send_ready (self);
}

DbrCircuitBreaker *
dbr_dispatcher_ref_circuit (DbrDispatcher *self,
                            const char    *bus_name)
{
  g_autoptr(DbrDestination) destination = dbr_dispatcher_ref_destination (self, bus_name);
  DbrCircuitBreaker *circuit;

  g_mutex_lock (&self->mutex);
  destination->is_kept = TRUE;
  circuit = g_object_ref (destination->circuit);
  g_mutex_unlock (&self->mutex);

  return circuit;
}
