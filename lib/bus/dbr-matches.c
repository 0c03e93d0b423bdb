/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-matches-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "bus/dbr-transport-private.h"

/* A rule that the bus keeps for us, and all whom it serves. */
typedef struct
{
  gatomicrefcount  ref_count;

  DbrMatchRule    *rule;
  char            *text;

  /* guarded by the mutex of the matches */
  GPtrArray       *listeners;
  gboolean         is_active;
  /* how often the bus is just being asked for it, and the lane on which it has taken it */
  guint            n_questions;
  DbrLane         *lane;
} Entry;

struct _DbrListener
{
  gatomicrefcount   ref_count;

  DbrMatchRule     *rule;
  DbrListenerFunc   heard;
  DbrListeningFunc  listening;
  gpointer          user_data;
  GDestroyNotify    destroy;

  /* guarded by the mutex of the matches; NULL when it was removed */
  Entry            *entry;
};

struct _DbrMatches
{
  GObject           parent_instance;

  /* identity */
  DbrOwners        *owners;
  gboolean          has_bus;
  DbrMatchesSubmit  submit;
  gpointer          user_data;

  GMutex            mutex;

  /* guarded by mutex */
  GPtrArray        *entries;
  /* those that nobody needs any more, but for which the bus is still being asked */
  GPtrArray        *leaving;
  /* Each listener is found by the most telling of what it asks for, as arrays by path, by member,
   * and by interface; those that ask for none of these are looked at with each signal. */
  GHashTable       *by_path;
  GHashTable       *by_member;
  GHashTable       *by_interface;
  GPtrArray        *others;
};

G_DEFINE_FINAL_TYPE (DbrMatches, dbr_matches, G_TYPE_OBJECT)

static Entry *
entry_new (const DbrMatchRule *rule)
{
  Entry *self = g_new0 (Entry, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->rule = dbr_match_rule_copy (rule);
  self->text = dbr_match_rule_to_text (rule);
  self->listeners = g_ptr_array_new ();

  return self;
}

static Entry *
entry_ref (Entry *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
entry_unref (Entry *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  dbr_match_rule_free (self->rule);
  g_ptr_array_unref (self->listeners);
  g_clear_object (&self->lane);
  g_free (self->text);
  g_free (self);
}

static DbrListener *
listener_ref (DbrListener *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
listener_unref (DbrListener *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  dbr_match_rule_free (self->rule);
  g_free (self);
}

static void
dbr_matches_finalize (GObject *object)
{
  DbrMatches *self = DBR_MATCHES (object);

  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->leaving);
  g_ptr_array_unref (self->others);
  g_hash_table_unref (self->by_path);
  g_hash_table_unref (self->by_member);
  g_hash_table_unref (self->by_interface);
  g_object_unref (self->owners);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_matches_parent_class)->finalize (object);
}

static void
dbr_matches_class_init (DbrMatchesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dbr_matches_finalize;
}

static GHashTable *
index_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                (GDestroyNotify) g_ptr_array_unref);
}

static void
dbr_matches_init (DbrMatches *self)
{
  g_mutex_init (&self->mutex);
  self->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_unref);
  self->leaving = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_unref);
  self->others = g_ptr_array_new ();
  self->by_path = index_new ();
  self->by_member = index_new ();
  self->by_interface = index_new ();
}

DbrMatches *
dbr_matches_new (DbrOwners        *owners,
                 gboolean          has_bus,
                 DbrMatchesSubmit  submit,
                 gpointer          user_data)
{
  DbrMatches *self = g_object_new (DBR_TYPE_MATCHES, NULL);

  self->owners = g_object_ref (owners);
  self->has_bus = has_bus;
  self->submit = submit;
  self->user_data = user_data;

  return self;
}

/* The index */

static GHashTable *
dbr_matches_get_index (DbrMatches          *self,
                       const DbrMatchRule  *rule,
                       const char         **key)
{
  if (rule->object_path != NULL
      && (rule->flags & DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE) == 0)
    {
      *key = rule->object_path;
      return self->by_path;
    }
  if (rule->member != NULL)
    {
      *key = rule->member;
      return self->by_member;
    }

  *key = rule->interface_name;

  return rule->interface_name != NULL ? self->by_interface : NULL;
}

static void
dbr_matches_list_locked (DbrMatches  *self,
                         DbrListener *listener)
{
  const char *key;
  GHashTable *index = dbr_matches_get_index (self, listener->rule, &key);
  GPtrArray *listeners = index != NULL ? g_hash_table_lookup (index, key) : self->others;

  if (listeners == NULL)
    {
      listeners = g_ptr_array_new ();
      g_hash_table_insert (index, g_strdup (key), listeners);
    }
  g_ptr_array_add (listeners, listener);
}

static void
dbr_matches_unlist_locked (DbrMatches  *self,
                           DbrListener *listener)
{
  const char *key;
  GHashTable *index = dbr_matches_get_index (self, listener->rule, &key);
  GPtrArray *listeners = index != NULL ? g_hash_table_lookup (index, key) : self->others;

  g_ptr_array_remove (listeners, listener);
  if (index != NULL && listeners->len == 0)
    g_hash_table_remove (index, key);
}

/* Asking the bus */

typedef struct
{
  DbrMatches *matches;
  Entry      *entry;
} Question;

static void
question_free (Question *self)
{
  entry_unref (self->entry);
  g_object_unref (self->matches);
  g_free (self);
}

static gboolean
is_lost (const GError *error)
{
  return g_error_matches (error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
}

/* Takes the listeners of a rule that the bus refused out of everything, with a reference each. */
static void
dbr_matches_drop_entry_locked (DbrMatches *self,
                               Entry      *entry,
                               GPtrArray  *listeners)
{
  for (guint i = 0; i < entry->listeners->len; i++)
    {
      DbrListener *listener = g_ptr_array_index (entry->listeners, i);

      dbr_matches_unlist_locked (self, listener);
      listener->entry = NULL;
      g_ptr_array_add (listeners, listener_ref (listener));
    }
  g_ptr_array_set_size (entry->listeners, 0);
  g_ptr_array_remove (self->entries, entry);
}

static void
tell_listeners (const GPtrArray *told,
                const GError    *error)
{
  for (guint i = 0; i < told->len; i++)
    {
      DbrListener *listener = g_ptr_array_index (told, i);

      listener->listening (error, listener->user_data);
    }
}

static DbrExchange *
match_exchange_new (const char *method_name,
                    const char *text,
                    guint       limit_ms)
{
  g_autoptr(DbrRequest) request = dbr_request_new (DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE,
                                                   method_name, g_variant_new ("(s)", text), NULL);

  return dbr_exchange_new (request, "default", limit_ms);
}

static void
ignored_cb (DbrExchange *exchange,
            gpointer     user_data)
{
}

/* On no other connection than the one that has it: there it may be somebody else's. */
static void
take_back (DbrLane    *lane,
           const char *text)
{
  g_autoptr(DbrExchange) exchange = match_exchange_new ("RemoveMatch", text, DBR_EXCHANGE_NO_LIMIT);

  dbr_exchange_start_direct (exchange, ignored_cb, NULL);
  dbr_lane_send (lane, exchange);
}

/* The lane on which the bus has a rule for nothing, or may have: the answer was not waited for. */
static DbrLane *
dbr_matches_find_useless_locked (DbrMatches  *self,
                                 Entry       *entry,
                                 DbrExchange *exchange)
{
  gboolean was_taken = exchange->reply != NULL ? exchange->reply->kind == DBR_MESSAGE_RETURN
                                               : exchange->execution != DBR_EXECUTION_NEVER;
  GObject *lane = exchange->lane;

  if (entry->is_active && entry->listeners->len > 0)
    return NULL;

  return was_taken && lane != NULL ? DBR_LANE (g_object_ref (lane)) : NULL;
}

static void
asked_cb (DbrExchange *exchange,
          gpointer     user_data)
{
  Question *question = user_data;
  DbrMatches *self = question->matches;
  Entry *entry = question->entry;
  g_autoptr(GPtrArray) told = g_ptr_array_new_with_free_func ((GDestroyNotify) listener_unref);
  g_autoptr(DbrLane) old_lane = NULL;
  g_autoptr(DbrLane) useless = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, &error);
  gboolean is_useless;

  /* Who never hears of the next owner of the name would hear nothing of what that one sends. */
  is_useless = answer != NULL && self->has_bus
               && !dbr_owners_is_told (self->owners, entry->rule->bus_name, &error);

  g_mutex_lock (&self->mutex);
  entry->n_questions--;
  g_ptr_array_remove (self->leaving, entry);
  if (answer != NULL && !is_useless)
    {
      entry->is_active = TRUE;
      old_lane = g_steal_pointer (&entry->lane);
      entry->lane = exchange->lane != NULL ? DBR_LANE (g_object_ref (exchange->lane)) : NULL;
      for (guint i = 0; i < entry->listeners->len; i++)
        g_ptr_array_add (told, listener_ref (g_ptr_array_index (entry->listeners, i)));
    }
  else if (!entry->is_active || !is_lost (error))
    {
      /* What was there before the connection was lost once more is asked for on the next one. */
      dbr_matches_drop_entry_locked (self, entry, told);
    }
  if (self->has_bus)
    useless = dbr_matches_find_useless_locked (self, entry, exchange);
  g_mutex_unlock (&self->mutex);

  if (useless != NULL)
    take_back (useless, entry->text);
  tell_listeners (told, error);
  question_free (question);
}

/* The name is followed before the rule is asked for: whose signals it lets through is known by the
 * time the first one comes. Where there is no bus to ask, it is the connection that is needed. */
static DbrExchange *
dbr_matches_ask (DbrMatches *self,
                 Entry      *entry,
                 guint       limit_ms)
{
  DbrExchange *exchange = self->has_bus ? match_exchange_new ("AddMatch", entry->text, limit_ms)
                                        : dbr_exchange_new (NULL, "default", limit_ms);
  Question *question = g_new (Question, 1);

  question->matches = g_object_ref (self);
  question->entry = entry_ref (entry);
  entry->n_questions++;
  exchange->awaits = g_strdup (entry->rule->bus_name);
  dbr_exchange_start_direct (exchange, asked_cb, question);

  return exchange;
}

static Entry *
dbr_matches_find_locked (DbrMatches         *self,
                         const DbrMatchRule *rule)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->entries, i);

      if (dbr_match_rule_covers (entry->rule, rule))
        return entry;
    }

  return NULL;
}

DbrListener *
dbr_matches_add (DbrMatches         *self,
                 const DbrMatchRule *rule,
                 guint               limit_ms,
                 DbrListenerFunc     heard,
                 DbrListeningFunc    listening,
                 gpointer            user_data,
                 GDestroyNotify      destroy)
{
  g_autoptr(DbrExchange) exchange = NULL;
  DbrListener *listener = g_new0 (DbrListener, 1);
  gboolean is_new = FALSE;
  gboolean is_active;
  Entry *entry;

  g_atomic_ref_count_init (&listener->ref_count);
  listener->rule = dbr_match_rule_copy (rule);
  listener->heard = heard;
  listener->listening = listening;
  listener->user_data = user_data;
  listener->destroy = destroy;

  g_mutex_lock (&self->mutex);
  entry = dbr_matches_find_locked (self, rule);
  if (entry == NULL)
    {
      is_new = TRUE;
      entry = entry_new (rule);
      g_ptr_array_add (self->entries, entry);
    }
  listener->entry = entry;
  g_ptr_array_add (entry->listeners, listener);
  dbr_matches_list_locked (self, listener);
  is_active = entry->is_active;
  if (is_new)
    exchange = dbr_matches_ask (self, entry, limit_ms);
  g_mutex_unlock (&self->mutex);

  if (exchange != NULL)
    self->submit (self->user_data, exchange);
  else if (is_active)
    listening (NULL, user_data);

  return listener;
}

void
dbr_matches_remove (DbrMatches  *self,
                    DbrListener *listener)
{
  g_autoptr(DbrLane) lane = NULL;
  Entry *useless = NULL;
  Entry *entry;

  g_mutex_lock (&self->mutex);
  entry = g_steal_pointer (&listener->entry);
  if (entry != NULL)
    {
      dbr_matches_unlist_locked (self, listener);
      g_ptr_array_remove (entry->listeners, listener);
      if (entry->listeners->len == 0)
        {
          useless = entry_ref (entry);
          g_ptr_array_remove (self->entries, entry);
          if (entry->n_questions == 0)
            lane = g_steal_pointer (&entry->lane);
          else
            g_ptr_array_add (self->leaving, entry_ref (entry));
        }
    }
  g_mutex_unlock (&self->mutex);

  if (lane != NULL && self->has_bus)
    take_back (lane, useless->text);
  g_clear_pointer (&useless, entry_unref);
  listener_unref (listener);
}

void
dbr_matches_restore (DbrMatches *self,
                     DbrLane    *lane)
{
  g_autoptr(GPtrArray) exchanges =
    g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_exchange_unref);

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->entries, i);

      /* What is asked for the first time still waits for the connection. */
      if (!entry->is_active)
        continue;

      g_ptr_array_add (exchanges, dbr_matches_ask (self, entry, DBR_EXCHANGE_NO_LIMIT));
    }
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < exchanges->len; i++)
    dbr_lane_send (lane, g_ptr_array_index (exchanges, i));
}

void
dbr_matches_close (DbrMatches   *self,
                   const GError *reason)
{
  g_autoptr(GPtrArray) told = g_ptr_array_new_with_free_func ((GDestroyNotify) listener_unref);
  /* They have lanes, which are not freed under the lock. */
  g_autoptr(GPtrArray) dropped = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_unref);

  g_mutex_lock (&self->mutex);
  while (self->entries->len > 0)
    {
      Entry *entry = g_ptr_array_index (self->entries, 0);

      g_ptr_array_add (dropped, entry_ref (entry));
      dbr_matches_drop_entry_locked (self, entry, told);
    }
  g_mutex_unlock (&self->mutex);

  tell_listeners (told, reason);
}

/* Hearing */

static void
collect_locked (const GPtrArray  *listeners,
                GPtrArray       **found)
{
  for (guint i = 0; listeners != NULL && i < listeners->len; i++)
    {
      if (*found == NULL)
        *found = g_ptr_array_new_with_free_func ((GDestroyNotify) listener_unref);
      g_ptr_array_add (*found, listener_ref (g_ptr_array_index (listeners, i)));
    }
}

/* Who merely says that it is the service is not heard. */
static gboolean
dbr_matches_is_from (DbrMatches         *self,
                     const DbrMatchRule *rule,
                     DbrMessage         *signal)
{
  const char *sender;

  if (!self->has_bus || rule->bus_name == NULL)
    return TRUE;

  sender = dbr_message_get_sender (signal);
  if (sender == NULL)
    return FALSE;
  if (*rule->bus_name == ':' || g_str_equal (rule->bus_name, DBR_BUS_NAME))
    return g_str_equal (sender, rule->bus_name);

  return dbr_owners_is_owned_by (self->owners, rule->bus_name, sender);
}

void
dbr_matches_hear (DbrMatches *self,
                  DbrMessage *signal)
{
  g_autoptr(GPtrArray) found = NULL;

  if (signal->object_path == NULL || signal->interface_name == NULL || signal->member == NULL)
    return;

  g_mutex_lock (&self->mutex);
  collect_locked (g_hash_table_lookup (self->by_path, signal->object_path), &found);
  collect_locked (g_hash_table_lookup (self->by_member, signal->member), &found);
  collect_locked (g_hash_table_lookup (self->by_interface, signal->interface_name), &found);
  collect_locked (self->others, &found);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; found != NULL && i < found->len; i++)
    {
      DbrListener *listener = g_ptr_array_index (found, i);

      if (dbr_match_rule_is_for (listener->rule, signal)
          && dbr_matches_is_from (self, listener->rule, signal))
        listener->heard (signal, listener->user_data);
    }
}

/* A unique name may be anyone's. */
gboolean
dbr_matches_hear_from (DbrMatches *self,
                       const char *bus_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      const char *sender = entry->rule->bus_name;

      if (sender == NULL || *sender == ':' || *bus_name == ':' || g_str_equal (sender, bus_name))
        return TRUE;
    }

  return FALSE;
}

gboolean
dbr_matches_have (DbrMatches *self,
                  const char *bus_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (g_strcmp0 (entry->rule->bus_name, bus_name) == 0)
        return TRUE;
    }

  return FALSE;
}

guint
dbr_matches_count (DbrMatches *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->entries->len;
}

static void
leave_all (const GPtrArray *entries,
           GDBusConnection *connection)
{
  for (guint i = 0; i < entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (entries, i);

      g_dbus_connection_call (connection, DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE,
                              "RemoveMatch", g_variant_new ("(s)", entry->text), NULL,
                              G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
    }
}

void
dbr_matches_leave (DbrMatches      *self,
                   GDBusConnection *connection)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  leave_all (self->entries, connection);
  leave_all (self->leaving, connection);
}
