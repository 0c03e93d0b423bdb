/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-recorder-private.h"

#include <string.h>

/* What stands for the other end where there is no bus, and for all programs without a name that
 * lasts. */
#define PEER_PLACE "peer"
#define UNIQUE_PLACE ":*"

/* So many members are found by name without asking the metrics. They count together what they have
 * no room for, so that a program which calls ever new names does not collect them here either. */
#define MAX_HANDLES 256

/* What waits so long for its caller's main loop is told of although it still waits. */
#define MAILBOX_USEC (10 * (gint64) G_USEC_PER_SEC)

/* How often the slots of a connection are looked at while calls end. */
#define SLOTS_USEC ((gint64) G_USEC_PER_SEC)

/* Names that were called, found without a copy of them. */
typedef struct
{
  const char       *bus_name;
  const char       *interface_name;
  const char       *member;
  const char       *operation;
  DbrMetricsHandle *handle;
} Entry;

struct _DbrRecorder
{
  gatomicrefcount   ref_count;

  /* identity */
  DbrLink          *link;
  DbrTrace         *trace;

  GMutex            mutex;

  /* guarded by mutex */
  DbrMetrics       *metrics;
  GHashTable       *entries;
  Entry            *last_entry;
  /* the calls that have ended and were not handed over, the oldest first */
  DbrPassage       *head;
  DbrPassage       *tail;
  /* looks at them; holds a reference while it is armed */
  DbrDeadline       deadline;
  gboolean          is_armed;
  gboolean          is_closed;
  /* the connection as the metrics know it, NULL for none */
  char             *connection;
  DbrSlots          slots;
  gint64            next_slots_usec;
};

static guint
entry_hash (gconstpointer key)
{
  const Entry *self = key;

  return g_str_hash (self->member) ^ g_str_hash (self->interface_name) * 31
         ^ g_str_hash (self->bus_name) * 37 ^ GPOINTER_TO_UINT (self->operation);
}

static gboolean
entry_equal (gconstpointer a,
             gconstpointer b)
{
  const Entry *one = a;
  const Entry *other = b;

  return one->operation == other->operation
         && strcmp (one->member, other->member) == 0
         && strcmp (one->interface_name, other->interface_name) == 0
         && strcmp (one->bus_name, other->bus_name) == 0;
}

/* All names come with it, in one piece. */
static Entry *
entry_new (const Entry      *key,
           DbrMetricsHandle *handle)
{
  gsize n_bus_name = strlen (key->bus_name) + 1;
  gsize n_interface_name = strlen (key->interface_name) + 1;
  gsize n_member = strlen (key->member) + 1;
  Entry *self = g_malloc (sizeof (Entry) + n_bus_name + n_interface_name + n_member);
  char *names = (char *) (self + 1);

  self->bus_name = memcpy (names, key->bus_name, n_bus_name);
  self->interface_name = memcpy (names + n_bus_name, key->interface_name, n_interface_name);
  self->member = memcpy (names + n_bus_name + n_interface_name, key->member, n_member);
  self->operation = key->operation;
  self->handle = handle;

  return self;
}

static const char *
get_place (const char *bus_name)
{
  if (bus_name == NULL)
    return PEER_PLACE;

  return *bus_name == ':' ? UNIQUE_PLACE : bus_name;
}

DbrRecorder *
dbr_recorder_new (DbrLink  *link,
                  DbrTrace *trace)
{
  DbrRecorder *self = g_new0 (DbrRecorder, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->link = g_object_ref (link);
  self->trace = dbr_trace_ref (trace);
  self->entries = g_hash_table_new_full (entry_hash, entry_equal, g_free, NULL);

  return self;
}

DbrRecorder *
dbr_recorder_ref (DbrRecorder *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_recorder_unref (DbrRecorder *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_pointer (&self->entries, g_hash_table_unref);
  g_clear_pointer (&self->connection, g_free);
  g_clear_pointer (&self->trace, dbr_trace_unref);
  g_clear_object (&self->metrics);
  g_clear_object (&self->link);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static DbrMetrics *
dbr_recorder_ref_metrics (DbrRecorder *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->metrics != NULL ? g_object_ref (self->metrics) : NULL;
}

/* The connection */

/* The metrics' own lock is innermost, and they tell nobody in this thread: so what is written of a
 * connection here is never behind what was written when it ended. */
static void
dbr_recorder_leave_connection_locked (DbrRecorder *self)
{
  if (self->connection != NULL && self->metrics != NULL)
    dbr_metrics_forget_connection (self->metrics, self->connection);
  self->slots.n_in_flight = self->slots.n_orphans = self->slots.n_matches = 0;
  g_clear_pointer (&self->connection, g_free);
}

static void
dbr_recorder_write_slots_locked (DbrRecorder *self)
{
  if (self->connection != NULL && self->metrics != NULL)
    dbr_metrics_set_slots (self->metrics, self->connection, &self->slots);
}

void
dbr_recorder_opened (DbrRecorder              *self,
                     const DbrTransportLimits *limits)
{
  char *unique_name = dbr_link_dup_unique_name (self->link);

  g_mutex_lock (&self->mutex);
  dbr_recorder_leave_connection_locked (self);
  self->connection = unique_name;
  self->slots.max_slots = limits->n_replies;
  self->slots.max_matches = limits->n_match_rules;
  dbr_recorder_write_slots_locked (self);
  g_mutex_unlock (&self->mutex);
}

void
dbr_recorder_lost (DbrRecorder *self)
{
  g_mutex_lock (&self->mutex);
  dbr_recorder_leave_connection_locked (self);
  g_mutex_unlock (&self->mutex);
}

void
dbr_recorder_count_slots (DbrRecorder *self)
{
  DbrSlots slots = { 0 };

  dbr_link_count (self->link, &slots.n_in_flight, &slots.n_orphans);
  slots.n_matches = dbr_link_count_match_rules (self->link);

  g_mutex_lock (&self->mutex);
  slots.max_slots = self->slots.max_slots;
  slots.max_matches = self->slots.max_matches;
  self->next_slots_usec = g_get_monotonic_time () + SLOTS_USEC;
  if (memcmp (&slots, &self->slots, sizeof slots) != 0)
    {
      self->slots = slots;
      dbr_recorder_write_slots_locked (self);
    }
  g_mutex_unlock (&self->mutex);
}

/* What waits too long */

static void look_cb (DbrDeadline *deadline);

/* While calls end, somebody looks every ten seconds whether they are handed over. When none ends
 * any more it is looked once more, and then not again. */
static void
dbr_recorder_arm_locked (DbrRecorder *self,
                         gint64       when)
{
  if (self->is_armed || self->is_closed)
    return;

  self->is_armed = TRUE;
  dbr_recorder_ref (self);
  dbr_deadline_arm (&self->deadline, when, look_cb);
}

static void
look_cb (DbrDeadline *deadline)
{
  g_autoptr(DbrRecorder) self =
    (DbrRecorder *) G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrRecorder, deadline));
  g_autoptr(DbrMetrics) metrics = dbr_recorder_ref_metrics (self);
  gint64 now = g_get_monotonic_time ();
  gint64 age_usec = 0;

  dbr_recorder_count_slots (self);

  g_mutex_lock (&self->mutex);
  self->is_armed = FALSE;
  if (self->head != NULL)
    age_usec = now - self->head->exchange.ended_usec;
  if (self->head != NULL && age_usec < MAILBOX_USEC)
    dbr_recorder_arm_locked (self, now + MAILBOX_USEC - age_usec);
  else if (self->head != NULL || self->slots.n_in_flight > 0 || self->slots.n_orphans > 0)
    dbr_recorder_arm_locked (self, now + MAILBOX_USEC);
  g_mutex_unlock (&self->mutex);

  if (metrics != NULL && age_usec >= MAILBOX_USEC)
    dbr_metrics_note_lag (metrics, age_usec);
}

void
dbr_recorder_close (DbrRecorder *self)
{
  gboolean was_armed;

  g_mutex_lock (&self->mutex);
  self->is_closed = TRUE;
  was_armed = self->is_armed && dbr_deadline_disarm (&self->deadline);
  dbr_recorder_leave_connection_locked (self);
  g_mutex_unlock (&self->mutex);

  if (was_armed)
    dbr_recorder_unref (self);
}

void
dbr_recorder_set_metrics (DbrRecorder *self,
                          DbrMetrics  *metrics)
{
  g_autoptr(DbrMetrics) old = NULL;

  g_mutex_lock (&self->mutex);
  old = self->metrics;
  if (old != NULL && self->connection != NULL)
    dbr_metrics_forget_connection (old, self->connection);
  self->metrics = metrics != NULL ? g_object_ref (metrics) : NULL;
  self->last_entry = NULL;
  g_hash_table_remove_all (self->entries);
  dbr_recorder_write_slots_locked (self);
  g_mutex_unlock (&self->mutex);
}

/* Calls */

static Entry *
dbr_recorder_find_entry_locked (DbrRecorder *self,
                                const Entry *key)
{
  DbrMetricsHandle *handle;
  Entry *entry;

  if (self->last_entry != NULL && entry_equal (self->last_entry, key))
    return self->last_entry;

  entry = g_hash_table_lookup (self->entries, key);
  if (entry == NULL)
    {
      handle = dbr_metrics_resolve (self->metrics, key->operation,
                                    *key->member != '\0' ? key->bus_name : NULL,
                                    key->interface_name, key->member);
      if (g_hash_table_size (self->entries) == MAX_HANDLES)
        g_hash_table_remove_all (self->entries);
      entry = entry_new (key, handle);
      g_hash_table_add (self->entries, entry);
    }
  self->last_entry = entry;

  return entry;
}

/* A name that the caller gave stands for the call, and else what it calls does. */
static DbrMetricsHandle *
dbr_recorder_resolve_locked (DbrRecorder      *self,
                             const DbrRequest *request,
                             const char       *operation)
{
  const Entry called = {
    get_place (request->bus_name), request->interface_name, request->method_name, operation,
  };
  const Entry named = { "", "", "", operation };

  if (self->metrics == NULL)
    return NULL;

  return dbr_recorder_find_entry_locked (self, request->is_named ? &named : &called)->handle;
}

DbrMetricsHandle *
dbr_recorder_ref_handle (DbrRecorder      *self,
                         const DbrRequest *request,
                         const char       *operation)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  DbrMetricsHandle *handle = dbr_recorder_resolve_locked (self, request, operation);

  return handle != NULL ? dbr_metrics_handle_ref (handle) : NULL;
}

void
dbr_recorder_refused (DbrRecorder      *self,
                      const DbrRequest *request,
                      const char       *operation)
{
  g_autoptr(DbrMetricsHandle) handle = dbr_recorder_ref_handle (self, request, operation);
  DbrMetricsSample sample = {
    g_get_monotonic_time (), -1, -1, -1, -1, DBR_OUTCOME_REJECTED, NULL,
  };
  DbrCallResults results = {
    .operation = operation,
    .outcome = DBR_OUTCOME_REJECTED,
    .queue_usec = -1,
    .service_usec = -1,
    .lag_usec = -1,
  };

  if (handle != NULL)
    dbr_metrics_handle_record (handle, &sample);
  if (G_UNLIKELY (dbr_trace_get_size (self->trace) > 0))
    dbr_trace_add (self->trace, request, &results);
}

void
dbr_recorder_ended (DbrRecorder *self,
                    DbrPassage  *passage)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  /* Who sleeps until it has ended has no main loop to wait for. */
  if (passage->handle == NULL || passage->exchange.mailbox == NULL)
    return;

  locker = g_mutex_locker_new (&self->mutex);
  passage->is_waiting = TRUE;
  passage->next = NULL;
  passage->previous = self->tail;
  if (self->tail != NULL)
    self->tail->next = passage;
  else
    self->head = passage;
  self->tail = passage;
  if (G_UNLIKELY (!self->is_armed))
    dbr_recorder_arm_locked (self, passage->exchange.ended_usec + MAILBOX_USEC);
}

static void
dbr_recorder_stop_waiting_locked (DbrRecorder *self,
                                  DbrPassage  *passage)
{
  if (!passage->is_waiting)
    return;

  passage->is_waiting = FALSE;
  if (passage->next != NULL)
    passage->next->previous = passage->previous;
  else
    self->tail = passage->previous;
  if (passage->previous != NULL)
    passage->previous->next = passage->next;
  else
    self->head = passage->next;
}

/* One that shared another's answer is a call, but nobody served it. */
static void
dbr_passage_record (DbrPassage           *self,
                    const DbrCallResults *results)
{
  g_autofree char *error_name = NULL;
  DbrMetricsSample sample = {
    .now = self->exchange.handed_usec,
    .total_usec = results->elapsed_usec,
    .queue_usec = results->is_joined ? -1 : results->queue_usec,
    .service_usec = results->is_joined ? -1 : results->service_usec,
    .lag_usec = results->lag_usec,
    .outcome = results->outcome,
  };

  if (results->outcome == DBR_OUTCOME_ERROR)
    sample.error_name = error_name = dbr_exchange_dup_error_name (&self->exchange);
  dbr_metrics_handle_record (self->handle, &sample);
}

void
dbr_recorder_handed_over (DbrRecorder *self,
                          DbrPassage  *passage)
{
  gboolean is_traced = dbr_trace_get_size (self->trace) > 0;
  DbrCallResults results;
  gboolean has_news;

  if (passage->handle == NULL && G_LIKELY (!is_traced))
    return;

  dbr_exchange_get_results (&passage->exchange, &results);
  if (G_UNLIKELY (is_traced && passage->is_operation))
    dbr_trace_add (self->trace, passage->exchange.request, &results);
  if (passage->handle == NULL)
    return;

  g_mutex_lock (&self->mutex);
  dbr_recorder_stop_waiting_locked (self, passage);
  has_news = passage->exchange.handed_usec >= self->next_slots_usec;
  g_mutex_unlock (&self->mutex);

  dbr_passage_record (passage, &results);
  /* Who gave up may have left an orphan. */
  if (G_UNLIKELY (has_news || results.outcome == DBR_OUTCOME_TIMEOUT
                  || results.outcome == DBR_OUTCOME_CANCELLED))
    dbr_recorder_count_slots (self);
}

/* What happens beside them */

void
dbr_recorder_bus_refused (DbrRecorder *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->metrics != NULL && self->connection != NULL)
    dbr_metrics_note_bus_limit (self->metrics, self->connection);
}

void
dbr_recorder_budget_is_spent (DbrRecorder *self,
                              const char  *bus_name)
{
  g_autoptr(DbrMetrics) metrics = dbr_recorder_ref_metrics (self);

  if (metrics != NULL)
    dbr_metrics_note_budget (metrics, get_place (bus_name));
}

/* A program with a name of its own only is told apart from others by nobody, and so are the states
 * of its circuit. */
void
dbr_recorder_circuit_changed (DbrRecorder     *self,
                              const char      *bus_name,
                              DbrCircuitState  state,
                              gboolean         has_opened)
{
  static const char *const nicks[] = {
    [DBR_CIRCUIT_STATE_CLOSED] = "closed",
    [DBR_CIRCUIT_STATE_OPEN] = "open",
    [DBR_CIRCUIT_STATE_HALF_OPEN] = "half-open",
    [DBR_CIRCUIT_STATE_ISOLATED] = "isolated",
  };
  g_autoptr(DbrMetrics) metrics = NULL;

  if (bus_name != NULL && *bus_name == ':')
    return;

  metrics = dbr_recorder_ref_metrics (self);
  if (metrics != NULL)
    dbr_metrics_note_circuit (metrics, get_place (bus_name), nicks[state], has_opened);
}

void
dbr_recorder_service_came (DbrRecorder *self,
                           const char  *bus_name)
{
  g_autoptr(DbrMetrics) metrics = dbr_recorder_ref_metrics (self);

  if (metrics != NULL)
    dbr_metrics_note_owner (metrics, bus_name);
}

void
dbr_recorder_signals_came (DbrRecorder *self,
                           const char  *sender,
                           guint        n)
{
  g_autoptr(DbrMetrics) metrics = dbr_recorder_ref_metrics (self);

  if (metrics != NULL)
    dbr_metrics_note_signals (metrics, sender != NULL ? sender : PEER_PLACE, n);
}
