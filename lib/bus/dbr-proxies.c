/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-proxies-private.h"

#define PROXIES_FROM_EXPIRY(deadline) \
  ((DbrProxies *) G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrProxies, expiry)))

/* A store with those who have it. */
typedef struct
{
  char      *key;
  DbrStore  *store;
  guint      n_users;
  /* since when nobody has it */
  gint64     idle_usec;
  GPtrArray *slots;
} Entry;

/* The proxy of one context. */
typedef struct
{
  GMainContext *context;
  GWeakRef      proxy;
  /* which one it is when it is no more */
  gpointer      address;
} Slot;

struct _DbrProxies
{
  gatomicrefcount  ref_count;

  DbrDispatcher   *dispatcher;

  GMutex           mutex;

  /* guarded by mutex */
  GHashTable      *entries;
  GHashTable      *by_store;
  /* the entries that nobody has, the oldest first */
  GQueue           kept;
  /* holds a reference while it is armed */
  DbrDeadline      expiry;
  gboolean         is_closed;
};

static void
slot_free (Slot *self)
{
  g_weak_ref_clear (&self->proxy);
  g_main_context_unref (self->context);
  g_free (self);
}

static Entry *
entry_new (const char *key,
           DbrStore   *store)
{
  Entry *self = g_new0 (Entry, 1);

  self->key = g_strdup (key);
  self->store = store;
  self->slots = g_ptr_array_new_with_free_func ((GDestroyNotify) slot_free);

  return self;
}

static void
entry_free (Entry *self)
{
  dbr_store_close (self->store);
  dbr_store_unref (self->store);
  g_ptr_array_unref (self->slots);
  g_free (self->key);
  g_free (self);
}

DbrProxies *
dbr_proxies_new (DbrDispatcher *dispatcher)
{
  DbrProxies *self = g_new0 (DbrProxies, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_queue_init (&self->kept);
  self->dispatcher = g_object_ref (dispatcher);
  self->entries = g_hash_table_new (g_str_hash, g_str_equal);
  self->by_store = g_hash_table_new (NULL, NULL);

  return self;
}

DbrProxies *
dbr_proxies_ref (DbrProxies *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_proxies_unref (DbrProxies *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_hash_table_unref (self->entries);
  g_hash_table_unref (self->by_store);
  g_object_unref (self->dispatcher);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static void
dbr_proxies_remove_locked (DbrProxies *self,
                           Entry      *entry,
                           GPtrArray  *removed)
{
  g_hash_table_remove (self->entries, entry->key);
  g_hash_table_remove (self->by_store, entry->store);
  g_ptr_array_add (removed, entry);
}

/* Who hears for the last time does so outside of the lock. */
static GPtrArray *
removed_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) entry_free);
}

static void expiry_cb (DbrDeadline *deadline);

static void
dbr_proxies_expire_locked (DbrProxies *self,
                           gint64      now,
                           GPtrArray  *removed)
{
  Entry *oldest;

  while ((oldest = g_queue_peek_head (&self->kept)) != NULL
         && (self->kept.length > DBR_PROXIES_MAX_KEPT
             || now - oldest->idle_usec >= DBR_PROXIES_KEPT_USEC))
    {
      g_queue_pop_head (&self->kept);
      dbr_proxies_remove_locked (self, oldest, removed);
    }

  if (oldest == NULL || dbr_deadline_is_armed (&self->expiry))
    return;

  dbr_proxies_ref (self);
  dbr_deadline_arm (&self->expiry, oldest->idle_usec + DBR_PROXIES_KEPT_USEC, expiry_cb);
}

static void
expiry_cb (DbrDeadline *deadline)
{
  DbrProxies *self = PROXIES_FROM_EXPIRY (deadline);
  g_autoptr(GPtrArray) removed = removed_new ();

  g_mutex_lock (&self->mutex);
  dbr_proxies_expire_locked (self, g_get_monotonic_time (), removed);
  g_mutex_unlock (&self->mutex);

  dbr_proxies_unref (self);
}

DbrStore *
dbr_proxies_take (DbrProxies          *self,
                  const char          *bus_name,
                  const char          *object_path,
                  const char          *interface_name,
                  const DbrStoreTerms *terms)
{
  g_autofree char *key = g_strjoin (" ", bus_name != NULL ? bus_name : "", object_path,
                                    interface_name, NULL);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry == NULL)
    {
      entry = entry_new (key, dbr_store_new (self->dispatcher, bus_name, object_path,
                                             interface_name, terms));
      g_hash_table_insert (self->entries, entry->key, entry);
      g_hash_table_insert (self->by_store, entry->store, entry);
    }
  else if (entry->n_users == 0)
    {
      g_queue_remove (&self->kept, entry);
    }
  entry->n_users++;

  return dbr_store_ref (entry->store);
}

void
dbr_proxies_give_back (DbrProxies *self,
                       DbrStore   *store)
{
  g_autoptr(GPtrArray) removed = removed_new ();
  Entry *entry;

  g_mutex_lock (&self->mutex);
  entry = g_hash_table_lookup (self->by_store, store);
  if (entry != NULL && --entry->n_users == 0)
    {
      entry->idle_usec = g_get_monotonic_time ();
      if (self->is_closed)
        dbr_proxies_remove_locked (self, entry, removed);
      else
        g_queue_push_tail (&self->kept, entry);
      dbr_proxies_expire_locked (self, entry->idle_usec, removed);
    }
  g_mutex_unlock (&self->mutex);

  dbr_store_unref (store);
}

static gpointer
dbr_proxies_dup_proxy_locked (DbrProxies   *self,
                              DbrStore     *store,
                              GMainContext *context)
{
  const Entry *entry = g_hash_table_lookup (self->by_store, store);
  gpointer proxy = NULL;

  for (guint i = 0; entry != NULL && proxy == NULL && i < entry->slots->len; i++)
    {
      Slot *slot = g_ptr_array_index (entry->slots, i);

      if (slot->context == context)
        proxy = g_weak_ref_get (&slot->proxy);
    }

  return proxy;
}

gpointer
dbr_proxies_dup_proxy (DbrProxies   *self,
                       DbrStore     *store,
                       GMainContext *context)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dbr_proxies_dup_proxy_locked (self, store, context);
}

/* Many threads may have one context, and be here at the same time. */
gpointer
dbr_proxies_add_proxy (DbrProxies   *self,
                       DbrStore     *store,
                       GMainContext *context,
                       gpointer      proxy)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  Entry *entry = g_hash_table_lookup (self->by_store, store);
  gpointer other = dbr_proxies_dup_proxy_locked (self, store, context);
  Slot *slot;

  if (other != NULL || entry == NULL)
    return other != NULL ? other : g_object_ref (proxy);

  slot = g_new0 (Slot, 1);
  slot->context = g_main_context_ref (context);
  slot->address = proxy;
  g_weak_ref_init (&slot->proxy, proxy);
  g_ptr_array_add (entry->slots, slot);

  return g_object_ref (proxy);
}

void
dbr_proxies_remove_proxy (DbrProxies *self,
                          DbrStore   *store,
                          gpointer    proxy)
{
  Slot *slot = NULL;
  Entry *entry;

  g_mutex_lock (&self->mutex);
  entry = g_hash_table_lookup (self->by_store, store);
  for (guint i = 0; entry != NULL && slot == NULL && i < entry->slots->len; i++)
    {
      slot = g_ptr_array_index (entry->slots, i);
      if (slot->address == proxy)
        g_ptr_array_steal_index_fast (entry->slots, i);
      else
        slot = NULL;
    }
  g_mutex_unlock (&self->mutex);

  if (slot != NULL)
    slot_free (slot);
}

void
dbr_proxies_invalidate (DbrProxies *self,
                        const char *bus_name)
{
  g_autoptr(GPtrArray) stores =
    g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_store_unref);
  GHashTableIter iter;
  gpointer store;

  g_mutex_lock (&self->mutex);
  g_hash_table_iter_init (&iter, self->by_store);
  while (g_hash_table_iter_next (&iter, &store, NULL))
    {
      if (bus_name == NULL || g_strcmp0 (dbr_store_get_bus_name (store), bus_name) == 0)
        g_ptr_array_add (stores, dbr_store_ref (store));
    }
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < stores->len; i++)
    dbr_store_invalidate (g_ptr_array_index (stores, i));
}

void
dbr_proxies_close (DbrProxies *self)
{
  g_autoptr(GPtrArray) removed = removed_new ();
  g_autoptr(GPtrArray) stores =
    g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_store_unref);
  gboolean was_armed;
  Entry *entry;
  GHashTableIter iter;
  gpointer store;

  g_mutex_lock (&self->mutex);
  self->is_closed = TRUE;
  was_armed = dbr_deadline_disarm (&self->expiry);
  while ((entry = g_queue_pop_head (&self->kept)) != NULL)
    dbr_proxies_remove_locked (self, entry, removed);
  g_hash_table_iter_init (&iter, self->by_store);
  while (g_hash_table_iter_next (&iter, &store, NULL))
    g_ptr_array_add (stores, dbr_store_ref (store));
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < stores->len; i++)
    dbr_store_close (g_ptr_array_index (stores, i));
  if (was_armed)
    dbr_proxies_unref (self);
}
