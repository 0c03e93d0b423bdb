/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-lane-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/* The table keeps each exchange that was sent until its reply is there, though its caller may long
 * be gone: such an orphan still holds a slot at the bus. */
struct _DbrLane
{
  GObject                parent_instance;

  /* identity */
  DbrTransport          *transport;
  gboolean               has_bus;
  const DbrLaneListener *listener;
  gpointer               user_data;
  GDestroyNotify         destroy;

  GMutex                 mutex;

  /* guarded by mutex */
  DbrLedger             *ledger;
  /* the exchanges by serial; each holds a reference */
  GHashTable            *pending;
  /* serials given up before they were written; the transport must not write them any more */
  GHashTable            *withdrawn;
  GError                *reason;
};

G_DEFINE_FINAL_TYPE (DbrLane, dbr_lane, G_TYPE_OBJECT)

/* The bus answers calls to itself at once and counts no slots for them. */
static gboolean
dbr_lane_counts (DbrLane          *self,
                 const DbrRequest *request)
{
  return self->has_bus && !g_str_equal (request->bus_name, DBR_BUS_NAME);
}

static DbrExchange *
dbr_lane_steal_locked (DbrLane *self,
                       guint32  serial)
{
  gpointer exchange = NULL;

  g_hash_table_steal_extended (self->pending, GUINT_TO_POINTER (serial), NULL, &exchange);

  return exchange;
}

static void
dbr_lane_release_locked (DbrLane     *self,
                         DbrExchange *exchange,
                         gboolean     is_orphan)
{
  DbrAccount *account = g_steal_pointer (&exchange->account);

  if (account == NULL)
    return;

  if (is_orphan)
    dbr_ledger_release_orphan (self->ledger, account);
  else
    dbr_ledger_release (self->ledger, account);
}

/* What the transport says, in its thread */

static gboolean
leaving_cb (gpointer user_data,
            guint32  serial,
            gint64   now)
{
  DbrLane *self = user_data;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  DbrExchange *exchange = g_hash_table_lookup (self->pending, GUINT_TO_POINTER (serial));

  if (exchange != NULL)
    exchange->sent_usec = now;
  else if (g_hash_table_remove (self->withdrawn, GUINT_TO_POINTER (serial)))
    return FALSE;

  return TRUE;
}

static void
dbr_lane_tell_late (DbrLane     *self,
                    DbrExchange *exchange,
                    DbrMessage  *message)
{
  gint64 late_by = message->arrived_usec - dbr_exchange_get_deadline (exchange);

  dbr_debug (DBR_DEBUG_CALLS, "A reply came that nobody waits for any more",
             "DBR_OPERATION", exchange->operation);
  self->listener->late (self->user_data, exchange->operation, MAX (0, late_by));
}

static void
dbr_lane_end_answered (DbrLane     *self,
                       DbrExchange *exchange,
                       DbrMessage  *message)
{
  /* dbr-io may be late itself; the limit is kept all the same. */
  if (!exchange->can_extend && message->arrived_usec > dbr_exchange_get_deadline (exchange))
    {
      dbr_exchange_finish (exchange, NULL, dbr_exchange_new_late_error (exchange),
                           message->kind == DBR_MESSAGE_RETURN ? DBR_EXECUTION_ONCE
                                                               : DBR_EXECUTION_MAYBE);
      dbr_lane_tell_late (self, exchange, message);
      return;
    }

  dbr_exchange_finish (exchange, message, NULL, DBR_EXECUTION_ONCE);
}

static gboolean
dbr_lane_take_reply (DbrLane    *self,
                     DbrMessage *message)
{
  g_autoptr(DbrExchange) exchange = NULL;
  gboolean is_orphan;

  g_mutex_lock (&self->mutex);
  exchange = dbr_lane_steal_locked (self, message->reply_serial);
  if (exchange == NULL)
    {
      g_mutex_unlock (&self->mutex);
      return FALSE;
    }
  is_orphan = !dbr_exchange_move (exchange, DBR_EXCHANGE_ON_LANE, DBR_EXCHANGE_ENDED);
  dbr_lane_release_locked (self, exchange, is_orphan);
  g_mutex_unlock (&self->mutex);

  if (is_orphan)
    dbr_lane_tell_late (self, exchange, message);
  else
    dbr_lane_end_answered (self, exchange, message);

  return TRUE;
}

static gboolean
arrived_cb (gpointer    user_data,
            DbrMessage *message)
{
  DbrLane *self = user_data;

  if (message->kind != DBR_MESSAGE_SIGNAL)
    return dbr_lane_take_reply (self, message);

  self->listener->signal (self->user_data, message);

  return FALSE;
}

static void
closed_cb (gpointer  user_data,
           GError   *error)
{
  g_autoptr(DbrLane) self = g_object_ref (user_data);

  self->listener->lost (self->user_data, self, error);
  dbr_lane_close (self, error);
}

static const DbrTransportListener transport_listener = {
  leaving_cb,
  arrived_cb,
  closed_cb,
};

static void
dbr_lane_finalize (GObject *object)
{
  DbrLane *self = DBR_LANE (object);

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_clear_pointer (&self->pending, g_hash_table_unref);
  g_clear_pointer (&self->withdrawn, g_hash_table_unref);
  g_clear_pointer (&self->ledger, dbr_ledger_free);
  g_clear_error (&self->reason);
  g_clear_object (&self->transport);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_lane_parent_class)->finalize (object);
}

static void
dbr_lane_class_init (DbrLaneClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dbr_lane_finalize;
}

static void
dbr_lane_init (DbrLane *self)
{
  g_mutex_init (&self->mutex);
  self->pending = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) dbr_exchange_unref);
  self->withdrawn = g_hash_table_new (NULL, NULL);
}

DbrLane *
dbr_lane_new (DbrTransport          *transport,
              gboolean               has_bus,
              guint                  n_slots,
              const DbrLaneListener *listener,
              gpointer               user_data,
              GDestroyNotify         destroy)
{
  DbrLane *self = g_object_new (DBR_TYPE_LANE, NULL);

  self->transport = g_object_ref (transport);
  self->has_bus = has_bus;
  self->ledger = dbr_ledger_new (n_slots);
  self->listener = listener;
  self->user_data = user_data;
  self->destroy = destroy;

  return self;
}

void
dbr_lane_start (DbrLane *self)
{
  dbr_transport_start (self->transport, &transport_listener, g_object_ref (self), g_object_unref);
}

/* Its caller gives up */

static gboolean
dbr_lane_abandon (GObject      *object,
                  DbrExchange  *exchange,
                  DbrExecution *execution)
{
  DbrLane *self = DBR_LANE (object);
  g_autoptr(DbrExchange) stolen = NULL;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (!dbr_exchange_move (exchange, DBR_EXCHANGE_ON_LANE, DBR_EXCHANGE_ENDED))
    return FALSE;

  if (exchange->sent_usec != 0)
    {
      *execution = DBR_EXECUTION_MAYBE;
      if (exchange->account != NULL)
        dbr_ledger_orphan (self->ledger, exchange->account);
      return TRUE;
    }

  /* It still lies in the transport's queue, and will be dropped there. */
  *execution = DBR_EXECUTION_NEVER;
  stolen = dbr_lane_steal_locked (self, exchange->serial);
  dbr_lane_release_locked (self, exchange, FALSE);
  g_hash_table_add (self->withdrawn, GUINT_TO_POINTER (exchange->serial));

  return TRUE;
}

/* Sending */

static GError *
dbr_lane_new_overloaded_error (const DbrRequest *request)
{
  g_autofree char *title = dbr_request_dup_title (request);

  return g_error_new (DBR_ERROR, DBR_ERROR_OVERLOADED,
                      _("%s was not sent: too many calls to %s are unanswered already"),
                      title, request->bus_name);
}

/* Puts the exchange into the table before it is sent, so that its reply finds it. */
static gboolean
dbr_lane_enter (DbrLane      *self,
                DbrExchange  *exchange,
                GError      **error)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  DbrAccount *account = NULL;

  if (self->reason != NULL)
    {
      g_propagate_error (error, g_error_copy (self->reason));
      return FALSE;
    }
  if (dbr_lane_counts (self, exchange->request))
    {
      account = dbr_ledger_take (self->ledger, exchange->request->bus_name);
      if (account == NULL)
        {
          g_propagate_error (error, dbr_lane_new_overloaded_error (exchange->request));
          return FALSE;
        }
    }

  exchange->account = account;
  exchange->has_bus = self->has_bus;
  exchange->serial = dbr_transport_reserve_serial (self->transport);
  exchange->abandon = dbr_lane_abandon;
  g_set_object (&exchange->lane, G_OBJECT (self));
  if (!dbr_exchange_move (exchange, DBR_EXCHANGE_WAITING, DBR_EXCHANGE_ON_LANE))
    {
      dbr_lane_release_locked (self, exchange, FALSE);
      return FALSE;
    }
  g_hash_table_insert (self->pending, GUINT_TO_POINTER (exchange->serial),
                       dbr_exchange_ref (exchange));

  return TRUE;
}

static gboolean
dbr_lane_transmit (DbrLane      *self,
                   DbrExchange  *exchange,
                   GError      **error)
{
  const DbrRequest *request = exchange->request;
  DbrOutgoing outgoing = {
    .destination = self->has_bus ? request->bus_name : NULL,
    .object_path = request->object_path,
    .interface_name = request->interface_name,
    .member = request->method_name,
    .body = request->parameters,
    .fd_list = request->fd_list,
    .flags = (request->is_auto_start ? DBR_SEND_NONE : DBR_SEND_NO_AUTO_START)
             | (request->is_interactive ? DBR_SEND_INTERACTIVE : DBR_SEND_NONE),
  };

  return dbr_transport_send (self->transport, exchange->serial, &outgoing, error);
}

/* What could not be sent leaves the table, unless its caller gave up meanwhile. */
static void
dbr_lane_withdraw (DbrLane     *self,
                   DbrExchange *exchange,
                   GError      *error)
{
  g_autoptr(DbrExchange) stolen = NULL;
  gboolean is_ours = FALSE;

  g_mutex_lock (&self->mutex);
  stolen = dbr_lane_steal_locked (self, exchange->serial);
  g_hash_table_remove (self->withdrawn, GUINT_TO_POINTER (exchange->serial));
  if (stolen != NULL)
    {
      is_ours = dbr_exchange_move (exchange, DBR_EXCHANGE_ON_LANE, DBR_EXCHANGE_ENDED);
      dbr_lane_release_locked (self, exchange, !is_ours);
    }
  g_mutex_unlock (&self->mutex);

  if (is_ours)
    dbr_exchange_finish (exchange, NULL, error, DBR_EXECUTION_NEVER);
  else
    g_error_free (error);
}

void
dbr_lane_send (DbrLane     *self,
               DbrExchange *exchange)
{
  GError *error = NULL;

  if (!dbr_lane_enter (self, exchange, &error))
    {
      if (error != NULL)
        dbr_exchange_abandon (exchange, error);
      return;
    }

  if (!dbr_lane_transmit (self, exchange, &error))
    dbr_lane_withdraw (self, exchange, error);
}

/* The end of all */

static int
compare_serials (gconstpointer a,
                 gconstpointer b)
{
  const DbrExchange *one = *(DbrExchange **) a;
  const DbrExchange *other = *(DbrExchange **) b;

  /* Serials count on past their largest value, so what matters is which is ahead. */
  return (gint32) (one->serial - other->serial);
}

/* The exchanges that had not ended, in the order they were begun; NULL if the lane was closed
 * before. */
static GPtrArray *
dbr_lane_steal_all (DbrLane      *self,
                    const GError *reason)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GPtrArray *all;
  GHashTableIter iter;
  gpointer value;

  if (self->reason != NULL)
    return NULL;

  self->reason = g_error_copy (reason);
  all = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_exchange_unref);
  g_hash_table_iter_init (&iter, self->pending);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      DbrExchange *exchange = value;
      gboolean is_ours = dbr_exchange_move (exchange, DBR_EXCHANGE_ON_LANE, DBR_EXCHANGE_ENDED);

      dbr_lane_release_locked (self, exchange, !is_ours);
      if (exchange->sent_usec == 0)
        g_hash_table_add (self->withdrawn, GUINT_TO_POINTER (exchange->serial));
      if (is_ours)
        g_ptr_array_add (all, dbr_exchange_ref (exchange));
    }
  g_hash_table_remove_all (self->pending);
  g_ptr_array_sort (all, compare_serials);

  return all;
}

void
dbr_lane_close (DbrLane      *self,
                const GError *reason)
{
  g_autoptr(GPtrArray) all = dbr_lane_steal_all (self, reason);
  gboolean is_cut;

  if (all == NULL)
    return;

  is_cut = dbr_transport_close (self->transport);
  for (guint i = 0; i < all->len; i++)
    {
      DbrExchange *exchange = g_ptr_array_index (all, i);
      gboolean was_sent = exchange->sent_usec != 0 || !is_cut;

      dbr_exchange_finish (exchange, NULL, g_error_copy (reason),
                           was_sent ? DBR_EXECUTION_MAYBE : DBR_EXECUTION_NEVER);
    }
}

const char *
dbr_lane_get_unique_name (DbrLane *self)
{
  return dbr_transport_get_unique_name (self->transport);
}

void
dbr_lane_count (DbrLane *self,
                guint   *n_in_flight,
                guint   *n_orphans)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  *n_in_flight = dbr_ledger_get_n_in_flight (self->ledger);
  *n_orphans = dbr_ledger_get_n_orphans (self->ledger);
}
