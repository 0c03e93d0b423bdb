/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-store-parts-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

static GHashTable *
values_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
}

DbrStore *
dbr_store_new (DbrDispatcher       *dispatcher,
               const char          *bus_name,
               const char          *object_path,
               const char          *interface_name,
               const DbrStoreTerms *terms)
{
  DbrStore *self = g_new0 (DbrStore, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->dispatcher = g_object_ref (dispatcher);
  self->bus_name = g_strdup (bus_name);
  self->object_path = g_strdup (object_path);
  self->interface_name = g_strdup (interface_name);
  self->limit_ms = terms->limit_ms;
  g_set_object (&self->access_policy, terms->access_policy);
  self->may_introspect = terms->may_introspect;
  self->is_deaf = TRUE;
  self->values = values_new ();
  self->refetches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_waiter_unref);
  self->inboxes = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_inbox_unref);

  return self;
}

DbrStore *
dbr_store_ref (DbrStore *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_store_unref (DbrStore *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_hash_table_unref (self->values);
  g_hash_table_unref (self->refetches);
  g_clear_pointer (&self->silent, g_hash_table_unref);
  g_ptr_array_unref (self->waiters);
  g_ptr_array_unref (self->inboxes);
  g_object_unref (self->dispatcher);
  g_clear_object (&self->access_policy);
  g_mutex_clear (&self->mutex);
  g_free (self->bus_name);
  g_free (self->object_path);
  g_free (self->interface_name);
  g_free (self);
}

/* No answer counts any more to what was asked until now. */
guint
dbr_store_begin_locked (DbrStore *self)
{
  g_hash_table_remove_all (self->refetches);
  self->is_read = FALSE;

  return ++self->load;
}

/* Telling */

GPtrArray *
dbr_store_ref_inboxes_locked (DbrStore *self)
{
  GPtrArray *inboxes = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_inbox_unref);

  for (guint i = 0; i < self->inboxes->len; i++)
    g_ptr_array_add (inboxes, dbr_inbox_ref (g_ptr_array_index (self->inboxes, i)));

  return inboxes;
}

GPtrArray *
dbr_store_steal_waiters_locked (DbrStore *self)
{
  GPtrArray *waiters = g_steal_pointer (&self->waiters);

  self->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_waiter_unref);

  return waiters;
}

void
dbr_store_tell_waiters (const GPtrArray *waiters,
                        const GError    *error)
{
  for (guint i = 0; i < waiters->len; i++)
    dbr_waiter_end (g_ptr_array_index (waiters, i), error);
}

void
dbr_store_tell_state (const GPtrArray *inboxes)
{
  for (guint i = 0; i < inboxes->len; i++)
    dbr_inbox_put_state (g_ptr_array_index (inboxes, i));
}

void
dbr_store_tell_changes (const GPtrArray  *inboxes,
                        const DbrChanges *changes)
{
  for (guint i = 0; i < inboxes->len; i++)
    dbr_inbox_put_changes (g_ptr_array_index (inboxes, i), changes);
}

void
dbr_store_grow_stale (DbrStore *self)
{
  g_autoptr(GPtrArray) inboxes = NULL;

  g_mutex_lock (&self->mutex);
  if (self->is_fresh)
    inboxes = dbr_store_ref_inboxes_locked (self);
  self->is_fresh = FALSE;
  g_mutex_unlock (&self->mutex);

  if (inboxes != NULL)
    dbr_store_tell_state (inboxes);
}

/* Opening and closing */

static GError *
new_closed_error (void)
{
  return g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED, _("The client was closed"));
}

/* Whoever comes when it is closed already is told so as those were who waited then. */
static gboolean
dbr_store_take_waiter_locked (DbrStore  *self,
                              DbrWaiter *waiter)
{
  if (self->state == DBR_STORE_CLOSED)
    return FALSE;

  g_ptr_array_add (self->waiters, dbr_waiter_ref (waiter));

  return TRUE;
}

static void
refuse_waiter (DbrWaiter *waiter)
{
  g_autoptr(GError) error = new_closed_error ();

  dbr_waiter_end (waiter, error);
}

void
dbr_store_open (DbrStore  *self,
                DbrWaiter *waiter)
{
  gboolean is_first;
  gboolean is_there;
  gboolean is_taken;
  guint load = 0;

  g_mutex_lock (&self->mutex);
  is_first = self->state == DBR_STORE_NEW;
  is_there = self->state == DBR_STORE_LOADED || self->state == DBR_STORE_ABSENT;
  is_taken = !is_there && dbr_store_take_waiter_locked (self, waiter);
  if (is_first || self->state == DBR_STORE_FAILED)
    load = dbr_store_prepare_load_locked (self);
  g_mutex_unlock (&self->mutex);

  if (is_there)
    dbr_waiter_end (waiter, NULL);
  else if (!is_taken)
    refuse_waiter (waiter);
  if (is_first)
    dbr_store_watch (self);
  if (load != 0)
    dbr_store_load (self, load);
}

void
dbr_store_refresh (DbrStore  *self,
                   DbrWaiter *waiter)
{
  gboolean is_taken;
  guint load = 0;

  dbr_store_grow_stale (self);

  g_mutex_lock (&self->mutex);
  is_taken = dbr_store_take_waiter_locked (self, waiter);
  if (is_taken)
    load = dbr_store_prepare_load_locked (self);
  g_mutex_unlock (&self->mutex);

  if (is_taken)
    dbr_store_load (self, load);
  else
    refuse_waiter (waiter);
}

void
dbr_store_invalidate (DbrStore *self)
{
  gboolean is_loading;
  guint load = 0;

  dbr_store_grow_stale (self);

  g_mutex_lock (&self->mutex);
  /* An answer that is under way may have been given before. */
  is_loading = self->state == DBR_STORE_LOADING;
  if (is_loading || self->state == DBR_STORE_LOADED)
    {
      g_hash_table_remove_all (self->values);
      dbr_store_begin_locked (self);
      self->state = DBR_STORE_FAILED;
      if (is_loading || self->inboxes->len > 0)
        load = dbr_store_prepare_load_locked (self);
    }
  g_mutex_unlock (&self->mutex);

  if (load != 0)
    dbr_store_load (self, load);
}

void
dbr_store_close (DbrStore *self)
{
  g_autoptr(GError) error = new_closed_error ();
  g_autoptr(GPtrArray) waiters = NULL;
  DbrMatches *matches = dbr_link_get_matches (self->dispatcher->link);
  DbrListener *listener;
  DbrListener *end_listener;
  DbrWatch *watch;

  dbr_store_grow_stale (self);

  g_mutex_lock (&self->mutex);
  dbr_store_begin_locked (self);
  self->state = DBR_STORE_CLOSED;
  self->is_fresh = FALSE;
  dbr_store_disarm_pause_locked (self);
  waiters = dbr_store_steal_waiters_locked (self);
  listener = g_steal_pointer (&self->listener);
  end_listener = g_steal_pointer (&self->end_listener);
  watch = g_steal_pointer (&self->watch);
  g_mutex_unlock (&self->mutex);

  if (listener != NULL)
    dbr_matches_remove (matches, listener);
  if (end_listener != NULL)
    dbr_matches_remove (matches, end_listener);
  if (watch != NULL)
    dbr_dispatcher_unwatch (self->dispatcher, self->bus_name, watch);
  dbr_store_tell_waiters (waiters, error);
}

/* What it holds */

void
dbr_store_add_inbox (DbrStore *self,
                     DbrInbox *inbox)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_ptr_array_add (self->inboxes, dbr_inbox_ref (inbox));
}

void
dbr_store_remove_inbox (DbrStore *self,
                        DbrInbox *inbox)
{
  guint index;

  g_mutex_lock (&self->mutex);
  if (g_ptr_array_find (self->inboxes, inbox, &index))
    inbox = g_ptr_array_steal_index_fast (self->inboxes, index);
  else
    inbox = NULL;
  g_mutex_unlock (&self->mutex);

  if (inbox != NULL)
    dbr_inbox_unref (inbox);
}

GVariant *
dbr_store_ref_value (DbrStore   *self,
                     const char *name,
                     gboolean    must_be_fresh)
{
  GVariant *value = NULL;

  g_mutex_lock (&self->mutex);
  if ((self->is_fresh || !must_be_fresh) && dbr_store_tells_changes_locked (self, name))
    value = g_hash_table_lookup (self->values, name);
  if (value != NULL)
    g_variant_ref (value);
  g_mutex_unlock (&self->mutex);

  return value;
}

char **
dbr_store_dup_names (DbrStore *self)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr(GList) names = NULL;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  names = g_list_sort (g_hash_table_get_keys (self->values), (GCompareFunc) strcmp);
  for (GList *link = names; link != NULL; link = link->next)
    {
      if (dbr_store_tells_changes_locked (self, link->data))
        g_strv_builder_add (builder, link->data);
    }

  return g_strv_builder_end (builder);
}

gboolean
dbr_store_is_fresh (DbrStore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->is_fresh;
}

guint
dbr_store_get_generation (DbrStore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->generation;
}

const char *
dbr_store_get_bus_name (const DbrStore *self)
{
  return self->bus_name;
}

const char *
dbr_store_get_object_path (const DbrStore *self)
{
  return self->object_path;
}

const char *
dbr_store_get_interface_name (const DbrStore *self)
{
  return self->interface_name;
}
