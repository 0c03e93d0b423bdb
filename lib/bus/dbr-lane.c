/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-lane-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/* How much may lie in the transport and wait to be written. A bus that has stopped reading would
 * else be sent whatever fits into memory. */
#define MAX_UNSENT_BYTES ((gsize) 16 * 1024 * 1024)

/* From when on a lane is too full for a call that is to be quick. */
#define CROWDED_BYTES ((gsize) 64 * 1024)
#define CROWDED_USEC G_USEC_PER_SEC

/* The table keeps each exchange that was sent until its reply is there. What its caller has left is
 * an orphan, of which only that is kept which the late reply needs: it still holds a slot at the
 * bus. */
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
  GHashTable            *orphans;
  gsize                  n_unsent_bytes;
  /* when the first call left after the last answer, 0 if none has */
  gint64                 silent_usec;
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

/* An exchange leaves the table because its attempt is over. */
static DbrExchange *
dbr_lane_steal_locked (DbrLane *self,
                       guint32  serial)
{
  gpointer stolen = NULL;
  DbrExchange *exchange;

  g_hash_table_steal_extended (self->pending, GUINT_TO_POINTER (serial), NULL, &stolen);
  exchange = stolen;
  if (exchange != NULL && exchange->sent_usec == 0)
    self->n_unsent_bytes -= exchange->n_bytes;

  return exchange;
}

static void
dbr_lane_release_locked (DbrLane     *self,
                         DbrExchange *exchange)
{
  DbrLedgerAccount *account = g_steal_pointer (&exchange->account);

  if (account != NULL)
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

  if (exchange == NULL)
    return !g_hash_table_remove (self->withdrawn, GUINT_TO_POINTER (serial));

  exchange->sent_usec = now;
  self->n_unsent_bytes -= exchange->n_bytes;
  if (self->silent_usec == 0)
    self->silent_usec = now;

  return TRUE;
}

static gboolean
dbr_lane_take_late_reply (DbrLane    *self,
                          DbrMessage *message)
{
  gpointer stolen = NULL;
  g_autofree DbrOrphan *orphan = NULL;

  g_mutex_lock (&self->mutex);
  g_hash_table_steal_extended (self->orphans, GUINT_TO_POINTER (message->reply_serial),
                               NULL, &stolen);
  orphan = stolen;
  if (orphan != NULL && orphan->account != NULL)
    dbr_ledger_release_orphan (self->ledger, orphan->account);
  g_mutex_unlock (&self->mutex);

  if (orphan == NULL)
    return FALSE;

  dbr_debug (DBR_DEBUG_CALLS, "A reply came that nobody waits for any more",
             "DBR_OPERATION", orphan->operation);
  self->listener->orphan_ended (self->user_data, orphan, message);
  self->listener->eased (self->user_data);

  return TRUE;
}

/* What an answer makes of its exchange. */
typedef enum
{
  ANSWER_RETURN,
  ANSWER_ERROR,
  /* dbr-io may be late itself; the limit is kept all the same */
  ANSWER_TOO_LATE,
} Answer;

static Answer
dbr_lane_judge_locked (DbrLane     *self,
                       DbrExchange *exchange,
                       DbrMessage  *message)
{
  gboolean is_return = message->kind == DBR_MESSAGE_RETURN;

  if (!is_return)
    dbr_exchange_note (exchange,
                       dbr_error_table_get_execution (message->error_name,
                                                      dbr_message_get_origin (message,
                                                                              self->has_bus)));
  if (!dbr_exchange_can_extend (exchange)
      && message->arrived_usec > dbr_exchange_get_deadline (exchange))
    {
      if (is_return)
        dbr_exchange_note (exchange, DBR_EXECUTION_ONCE);
      return ANSWER_TOO_LATE;
    }

  return is_return ? ANSWER_RETURN : ANSWER_ERROR;
}

static gboolean
dbr_lane_take_reply (DbrLane    *self,
                     DbrMessage *message)
{
  g_autoptr(DbrExchange) exchange = NULL;
  Answer answer;

  g_mutex_lock (&self->mutex);
  self->silent_usec = 0;
  exchange = dbr_lane_steal_locked (self, message->reply_serial);
  if (exchange == NULL)
    {
      g_mutex_unlock (&self->mutex);
      return dbr_lane_take_late_reply (self, message);
    }
  answer = dbr_lane_judge_locked (self, exchange, message);
  dbr_lane_release_locked (self, exchange);
  dbr_exchange_move (exchange, DBR_EXCHANGE_ON_LANE,
                     answer == ANSWER_ERROR ? DBR_EXCHANGE_WAITING : DBR_EXCHANGE_ENDED);
  g_mutex_unlock (&self->mutex);

  if (answer == ANSWER_RETURN)
    dbr_exchange_finish (exchange, message, NULL);
  else if (answer == ANSWER_ERROR)
    dbr_exchange_fail (exchange, message, NULL);
  else
    dbr_exchange_finish (exchange, NULL,
                         dbr_exchange_new_late_error (exchange,
                                                      dbr_exchange_get_limit (exchange)));
  self->listener->eased (self->user_data);

  return TRUE;
}

#ifdef DBR_PLANTED_BUGS
/* On purpose: what plays chaos has to find that one reply of so many is lost. Only the option
 * planted-bugs and the chaos program that must fail build this. */
static gboolean
is_lost (void)
{
  static gint n_replies;

  return g_atomic_int_add (&n_replies, 1) % 1000 == 999;
}
#else
# define is_lost() FALSE
#endif

static gboolean
arrived_cb (gpointer    user_data,
            DbrMessage *message)
{
  DbrLane *self = user_data;

  if (message->kind != DBR_MESSAGE_SIGNAL)
    return is_lost () || dbr_lane_take_reply (self, message);

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
  g_clear_pointer (&self->orphans, g_hash_table_unref);
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
  self->orphans = g_hash_table_new_full (NULL, NULL, NULL, g_free);
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

static void
dbr_lane_put_orphan_locked (DbrLane     *self,
                            DbrExchange *exchange)
{
  DbrOrphan *orphan = g_new0 (DbrOrphan, 1);

  orphan->operation = exchange->operation;
  orphan->deadline_usec = dbr_exchange_get_deadline (exchange);
  orphan->account = g_steal_pointer (&exchange->account);
  if (orphan->account != NULL)
    dbr_ledger_orphan (self->ledger, orphan->account);
  if (exchange->funcs != NULL)
    orphan->place = exchange->funcs->orphaned (exchange);
  g_hash_table_insert (self->orphans, GUINT_TO_POINTER (exchange->serial), orphan);
}

static void
dbr_lane_put_locked (DbrLane     *self,
                     DbrExchange *exchange)
{
  g_hash_table_insert (self->pending, GUINT_TO_POINTER (exchange->serial),
                       dbr_exchange_ref (exchange));
}

static gboolean dbr_lane_abandon (GObject          *object,
                                  DbrExchange      *exchange,
                                  DbrExchangeState  to);

/* The answer is @heir's from now on, if that still waits for it. */
static gboolean
dbr_lane_put_heir_locked (DbrLane     *self,
                          DbrExchange *exchange,
                          DbrExchange *heir)
{
  dbr_exchange_set_lane (heir, G_OBJECT (self), dbr_lane_abandon);
  if (!dbr_exchange_move (heir, DBR_EXCHANGE_WAITING, DBR_EXCHANGE_ON_LANE))
    return FALSE;

  heir->serial = exchange->serial;
  heir->n_bytes = exchange->n_bytes;
  heir->sent_usec = exchange->sent_usec;
  heir->n_attempts = exchange->n_attempts;
  heir->has_bus = exchange->has_bus;
  heir->account = g_steal_pointer (&exchange->account);
  dbr_lane_put_locked (self, heir);

  return TRUE;
}

static void
dbr_lane_leave_to_others_locked (DbrLane     *self,
                                 DbrExchange *exchange)
{
  g_autoptr(DbrExchange) last = dbr_exchange_ref (exchange);

  while (last->funcs != NULL)
    {
      g_autoptr(DbrExchange) heir = last->funcs->bequeath (last);

      if (heir == NULL)
        break;
      if (dbr_lane_put_heir_locked (self, exchange, heir))
        return;
      dbr_exchange_unref (last);
      last = g_steal_pointer (&heir);
    }

  dbr_lane_put_orphan_locked (self, exchange);
}

static gboolean
dbr_lane_take_off (DbrLane          *self,
                   DbrExchange      *exchange,
                   DbrExchangeState  to)
{
  g_autoptr(DbrExchange) stolen = NULL;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (!dbr_exchange_is_on_lane (exchange, G_OBJECT (self)))
    return FALSE;

  stolen = dbr_lane_steal_locked (self, exchange->serial);
  if (exchange->sent_usec != 0)
    {
      dbr_exchange_note (exchange, DBR_EXECUTION_MAYBE);
      if (to == DBR_EXCHANGE_ENDED)
        dbr_lane_leave_to_others_locked (self, exchange);
      else
        dbr_lane_put_orphan_locked (self, exchange);
    }
  else
    {
      /* It still lies in the transport's queue, and will be dropped there. */
      dbr_lane_release_locked (self, exchange);
      g_hash_table_add (self->withdrawn, GUINT_TO_POINTER (exchange->serial));
    }
  dbr_exchange_move (exchange, DBR_EXCHANGE_ON_LANE, to);

  return TRUE;
}

static gboolean
dbr_lane_abandon (GObject          *object,
                  DbrExchange      *exchange,
                  DbrExchangeState  to)
{
  DbrLane *self = DBR_LANE (object);

  if (!dbr_lane_take_off (self, exchange, to))
    return FALSE;

  self->listener->eased (self->user_data);

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

static GError *
dbr_lane_new_blocked_error (const DbrRequest *request)
{
  g_autofree char *title = dbr_request_dup_title (request);

  return g_error_new (DBR_ERROR, DBR_ERROR_OVERLOADED,
                      _("%s was not sent: the other end does not read what waits to be written "
                        "already"), title);
}

/* One message may always lie there, however large it is. */
static gboolean
dbr_lane_may_hold_locked (DbrLane *self,
                          gsize    n_bytes)
{
  return self->n_unsent_bytes == 0
         || (n_bytes <= MAX_UNSENT_BYTES && self->n_unsent_bytes <= MAX_UNSENT_BYTES - n_bytes);
}

/* Puts the exchange into the table before it is sent, so that its reply finds it. One that has ended
 * meanwhile is left as it is, for who has ended it reads it. */
static gboolean
dbr_lane_enter (DbrLane      *self,
                DbrExchange  *exchange,
                guint32      *serial,
                gboolean     *is_laden,
                GError      **error)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GVariant *body = exchange->request->parameters;
  gsize n_bytes = body != NULL ? g_variant_get_size (body) : 0;
  DbrLedgerAccount *account = NULL;

  if (self->reason != NULL)
    {
      g_propagate_error (error, g_error_copy (self->reason));
      return FALSE;
    }
  if (!dbr_lane_may_hold_locked (self, n_bytes))
    {
      g_propagate_error (error, dbr_lane_new_blocked_error (exchange->request));
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
      *is_laden = dbr_ledger_is_laden (self->ledger);
    }

  dbr_exchange_set_lane (exchange, G_OBJECT (self), dbr_lane_abandon);
  if (!dbr_exchange_move (exchange, DBR_EXCHANGE_WAITING, DBR_EXCHANGE_ON_LANE))
    {
      if (account != NULL)
        dbr_ledger_release (self->ledger, account);
      return FALSE;
    }
  exchange->account = account;
  exchange->has_bus = self->has_bus;
  exchange->serial = *serial = dbr_transport_reserve_serial (self->transport);
  exchange->n_bytes = n_bytes;
  exchange->sent_usec = 0;
  exchange->last_execution = DBR_EXECUTION_NEVER;
  exchange->n_attempts++;
  self->n_unsent_bytes += n_bytes;
  dbr_lane_put_locked (self, exchange);

  return TRUE;
}

static gboolean
dbr_lane_transmit (DbrLane      *self,
                   DbrExchange  *exchange,
                   guint32       serial,
                   GError      **error)
{
  const DbrRequest *request = exchange->request;
  DbrOutgoing outgoing = {
    .destination = !self->has_bus ? NULL
                   : exchange->destination != NULL ? exchange->destination
                   : request->bus_name,
    .object_path = request->object_path,
    .interface_name = request->interface_name,
    .member = request->method_name,
    .body = request->parameters,
    .fd_list = request->fd_list,
    .flags = (request->is_auto_start ? DBR_SEND_NONE : DBR_SEND_NO_AUTO_START)
             | (request->is_interactive ? DBR_SEND_INTERACTIVE : DBR_SEND_NONE),
  };

  return dbr_transport_send (self->transport, serial, &outgoing, error);
}

/* What could not be sent leaves the table, unless its caller gave up meanwhile. */
static void
dbr_lane_withdraw (DbrLane     *self,
                   DbrExchange *exchange,
                   guint32      serial,
                   GError      *error)
{
  g_autoptr(DbrExchange) stolen = NULL;

  g_mutex_lock (&self->mutex);
  stolen = dbr_lane_steal_locked (self, serial);
  g_hash_table_remove (self->withdrawn, GUINT_TO_POINTER (serial));
  if (stolen != NULL)
    {
      dbr_lane_release_locked (self, exchange);
      dbr_exchange_move (exchange, DBR_EXCHANGE_ON_LANE, DBR_EXCHANGE_WAITING);
    }
  g_mutex_unlock (&self->mutex);

  if (stolen != NULL)
    dbr_exchange_fail (exchange, NULL, error);
  else
    g_error_free (error);
  self->listener->eased (self->user_data);
}

void
dbr_lane_send (DbrLane     *self,
               DbrExchange *exchange)
{
  GError *error = NULL;
  gboolean is_laden = FALSE;
  guint32 serial;

  if (!dbr_lane_enter (self, exchange, &serial, &is_laden, &error))
    {
      if (error != NULL)
        dbr_exchange_fail (exchange, NULL, error);
      return;
    }

  if (!dbr_lane_transmit (self, exchange, serial, &error))
    dbr_lane_withdraw (self, exchange, serial, error);
  else if (is_laden)
    self->listener->laden (self->user_data, exchange->request);
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

/* FALSE: it was closed before. Nothing enters from here on. */
static gboolean
dbr_lane_shut (DbrLane      *self,
               const GError *reason)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->reason != NULL)
    return FALSE;

  self->reason = g_error_copy (reason);

  return TRUE;
}

/* The exchanges that were under way, in the order they were begun, and in @orphans those that
 * nobody waits for. */
static GPtrArray *
dbr_lane_steal_all (DbrLane    *self,
                    gboolean    is_cut,
                    GPtrArray  *orphans)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_exchange_unref);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->pending);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      DbrExchange *exchange = value;

      dbr_lane_release_locked (self, exchange);
      if (exchange->sent_usec != 0 || !is_cut)
        dbr_exchange_note (exchange, DBR_EXECUTION_MAYBE);
      if (exchange->sent_usec == 0)
        g_hash_table_add (self->withdrawn, GUINT_TO_POINTER (exchange->serial));
      g_ptr_array_add (all, dbr_exchange_ref (exchange));
      dbr_exchange_move (exchange, DBR_EXCHANGE_ON_LANE, DBR_EXCHANGE_WAITING);
    }
  g_hash_table_remove_all (self->pending);
  self->n_unsent_bytes = 0;

  g_hash_table_iter_init (&iter, self->orphans);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      DbrOrphan *orphan = value;

      if (orphan->account != NULL)
        dbr_ledger_release_orphan (self->ledger, orphan->account);
      g_hash_table_iter_steal (&iter);
      g_ptr_array_add (orphans, orphan);
    }
  g_ptr_array_sort (all, compare_serials);

  return all;
}

void
dbr_lane_close (DbrLane      *self,
                const GError *reason)
{
  g_autoptr(GPtrArray) orphans = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GPtrArray) all = NULL;

  if (!dbr_lane_shut (self, reason))
    return;

  all = dbr_lane_steal_all (self, dbr_transport_close (self->transport), orphans);
  for (guint i = 0; i < orphans->len; i++)
    self->listener->orphan_ended (self->user_data, g_ptr_array_index (orphans, i), NULL);
  for (guint i = 0; i < all->len; i++)
    dbr_exchange_fail (g_ptr_array_index (all, i), NULL, g_error_copy (reason));
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

gboolean
dbr_lane_is_crowded (DbrLane    *self,
                     const char *bus_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  DbrLedgerLoad load;

  dbr_ledger_look (self->ledger, bus_name, &load);

  return !load.has_room || dbr_ledger_is_laden (self->ledger)
         || self->n_unsent_bytes >= CROWDED_BYTES
         || (self->silent_usec != 0 && g_hash_table_size (self->pending) > 0
             && g_get_monotonic_time () - self->silent_usec >= CROWDED_USEC);
}

void
dbr_lane_look (DbrLane       *self,
               const char    *destination,
               DbrLedgerLoad *load)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  dbr_ledger_look (self->ledger, destination, load);
}
