/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-store-parts-private.h"

/* What a store hears: changes of its properties, and what becomes of the service and of the way to
 * it. */

#define CHANGES_TYPE G_VARIANT_TYPE ("(sa{sv}as)")

/* A change that comes before the values is in them. */
static gboolean
dbr_store_apply_locked (DbrStore         *self,
                        const DbrChanges *changes)
{
  if (self->state != DBR_STORE_LOADED && (self->state != DBR_STORE_LOADING || !self->is_read))
    return FALSE;

  for (gsize i = 0; i < changes->n_items; i++)
    g_hash_table_replace (self->values, g_strdup (changes->items[i].name),
                          g_variant_ref (changes->items[i].value));
  for (guint i = 0; changes->invalidated[i] != NULL; i++)
    g_hash_table_remove (self->values, changes->invalidated[i]);

  return TRUE;
}

/* The names of those that have to be read once more, but for those that are being read. */
static GPtrArray *
dbr_store_mark_refetches_locked (DbrStore *self,
                                 char    **invalidated)
{
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; invalidated[i] != NULL; i++)
    {
      gboolean is_asked = g_hash_table_contains (self->refetches, invalidated[i]);

      if (!is_asked)
        g_ptr_array_add (names, invalidated[i]);
      g_hash_table_replace (self->refetches, g_strdup (invalidated[i]),
                            GINT_TO_POINTER (is_asked));
    }

  return names;
}

static void
heard_cb (DbrMessage *signal,
          gpointer    user_data)
{
  DbrStore *self = user_data;
  g_autoptr(GVariant) body = dbr_message_dup_body (signal);
  g_autoptr(GVariant) changed = NULL;
  g_autoptr(GVariant) invalidated = NULL;
  g_auto(DbrChanges) changes = { NULL };
  g_autoptr(GPtrArray) inboxes = NULL;
  g_autoptr(GPtrArray) names = NULL;
  guint load;

  if (!g_variant_is_of_type (body, CHANGES_TYPE))
    return;

  changed = g_variant_get_child_value (body, 1);
  invalidated = g_variant_get_child_value (body, 2);
  dbr_changes_init (&changes, changed, invalidated);
  g_mutex_lock (&self->mutex);
  load = self->load;
  if (dbr_store_apply_locked (self, &changes))
    {
      inboxes = dbr_store_ref_inboxes_locked (self);
      names = dbr_store_mark_refetches_locked (self, changes.invalidated);
    }
  g_mutex_unlock (&self->mutex);

  if (inboxes == NULL)
    return;

  dbr_store_tell_changes (inboxes, &changes);
  for (guint i = 0; i < names->len; i++)
    dbr_store_refetch (self, load, g_ptr_array_index (names, i));
}

/* The bus has refused the rule: who waits is told, and what there is can grow old. It is asked for
 * again before anything is read again. */
static void
listening_cb (const GError *error,
              gpointer      user_data)
{
  DbrStore *self = user_data;
  g_autoptr(GPtrArray) waiters = NULL;
  g_autoptr(GPtrArray) inboxes = NULL;

  if (error == NULL)
    return;

  g_mutex_lock (&self->mutex);
  if (self->state != DBR_STORE_CLOSED)
    {
      dbr_store_begin_locked (self);
      self->state = DBR_STORE_FAILED;
      self->is_fresh = FALSE;
      self->is_deaf = TRUE;
      dbr_store_arm_pause_locked (self);
    }
  waiters = dbr_store_steal_waiters_locked (self);
  inboxes = dbr_store_ref_inboxes_locked (self);
  g_mutex_unlock (&self->mutex);

  dbr_store_tell_state (inboxes);
  dbr_store_tell_waiters (waiters, error);
}

/* Whose property values it has is known from here on, or they are those of another one. */
static void
owner_changed_cb (gpointer    user_data,
                  const char *old_owner,
                  const char *new_owner,
                  guint       generation)
{
  DbrStore *self = user_data;
  g_autoptr(GPtrArray) waiters = NULL;
  g_autoptr(GPtrArray) inboxes = NULL;
  gboolean is_first;
  guint load = 0;

  g_mutex_lock (&self->mutex);
  /* The first owner is the one that is being asked already. */
  is_first = self->generation == 0 && self->state == DBR_STORE_LOADING;
  self->generation = generation;
  if (!is_first && new_owner != NULL && self->state != DBR_STORE_CLOSED)
    {
      g_hash_table_remove_all (self->values);
      g_clear_pointer (&self->silent, g_hash_table_unref);
      load = dbr_store_prepare_load_locked (self);
    }
  else if (!is_first && self->state != DBR_STORE_CLOSED)
    {
      dbr_store_begin_locked (self);
      self->state = DBR_STORE_ABSENT;
      self->is_fresh = FALSE;
      waiters = dbr_store_steal_waiters_locked (self);
    }
  inboxes = dbr_store_ref_inboxes_locked (self);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < inboxes->len; i++)
    dbr_inbox_put_owner (g_ptr_array_index (inboxes, i), old_owner, new_owner);
  if (waiters != NULL)
    dbr_store_tell_waiters (waiters, NULL);
  if (load != 0)
    dbr_store_load (self, load);
}

static void
lost_cb (gpointer user_data)
{
  dbr_store_grow_stale (user_data);
}

static void
restored_cb (gpointer user_data)
{
  dbr_store_reload (user_data);
}

/* Someone has to ask it whether it answers again, and it may be that nobody else will. */
static void
stalled_cb (gpointer user_data)
{
  DbrStore *self = user_data;

  dbr_store_grow_stale (self);

  g_mutex_lock (&self->mutex);
  if (self->state == DBR_STORE_LOADED)
    dbr_store_arm_pause_locked (self);
  g_mutex_unlock (&self->mutex);
}

static void
recovered_cb (gpointer user_data)
{
  DbrStore *self = user_data;
  gboolean is_loading;

  g_mutex_lock (&self->mutex);
  is_loading = self->state == DBR_STORE_LOADING;
  g_mutex_unlock (&self->mutex);

  if (!is_loading)
    dbr_store_reload (self);
}

static const DbrWatchFuncs watch_funcs = {
  owner_changed_cb,
  lost_cb,
  restored_cb,
  stalled_cb,
  recovered_cb,
};

static void
heard_end_cb (DbrMessage *signal,
              gpointer    user_data)
{
  DbrStore *self = user_data;
  g_autoptr(GVariant) body = dbr_message_dup_body (signal);
  const char *owner;

  if (!g_variant_is_of_type (body, G_VARIANT_TYPE ("(sss)")))
    return;

  g_variant_get (body, "(&s&s&s)", NULL, NULL, &owner);
  if (*owner == '\0')
    owner_changed_cb (self, self->bus_name, NULL, dbr_store_get_generation (self));
}

/* Names that come back are followed, but not those that only go. */
static void
dbr_store_listen_for_end (DbrStore *self)
{
  DbrMatches *matches = dbr_link_get_matches (self->dispatcher->link);
  g_autoptr(DbrMatchRule) rule = NULL;
  DbrListener *listener;

  if (self->bus_name == NULL || *self->bus_name != ':')
    return;

  rule = dbr_match_rule_new (DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE, "NameOwnerChanged",
                             self->bus_name, DBR_SUBSCRIPTION_FLAGS_NONE);
  listener = dbr_matches_add (matches, rule, self->limit_ms, heard_end_cb, listening_cb,
                              dbr_store_ref (self), (GDestroyNotify) dbr_store_unref);

  g_mutex_lock (&self->mutex);
  if (self->state != DBR_STORE_CLOSED)
    {
      DbrListener *old = self->end_listener;

      self->end_listener = listener;
      listener = old;
    }
  g_mutex_unlock (&self->mutex);

  if (listener != NULL)
    dbr_matches_remove (matches, listener);
}

static void
dbr_store_listen_for_changes (DbrStore *self)
{
  DbrMatches *matches = dbr_link_get_matches (self->dispatcher->link);
  g_autoptr(DbrMatchRule) rule = dbr_match_rule_new (self->bus_name, self->object_path,
                                                     DBR_PROPERTIES_INTERFACE, "PropertiesChanged",
                                                     self->interface_name,
                                                     DBR_SUBSCRIPTION_FLAGS_NONE);
  DbrListener *listener = dbr_matches_add (matches, rule, self->limit_ms, heard_cb, listening_cb,
                                           dbr_store_ref (self),
                                           (GDestroyNotify) dbr_store_unref);
  DbrListener *old = listener;

  g_mutex_lock (&self->mutex);
  if (self->state != DBR_STORE_CLOSED)
    {
      old = self->listener;
      self->listener = listener;
    }
  g_mutex_unlock (&self->mutex);

  /* One that was refused, or the new one if it was closed meanwhile. */
  if (old != NULL)
    dbr_matches_remove (matches, old);
}

void
dbr_store_listen (DbrStore *self)
{
  dbr_store_listen_for_end (self);
  dbr_store_listen_for_changes (self);
}

/* First the watch, then the question who it is: so no change falls between them. */
void
dbr_store_watch (DbrStore *self)
{
  DbrWatch *watch = dbr_dispatcher_watch (self->dispatcher, self->bus_name, &watch_funcs,
                                          dbr_store_ref (self),
                                          (GDestroyNotify) dbr_store_unref);
  guint generation;
  g_autofree char *owner = dbr_dispatcher_dup_owner (self->dispatcher, self->bus_name,
                                                     &generation);

  g_mutex_lock (&self->mutex);
  if (owner != NULL && self->generation == 0)
    self->generation = generation;
  if (self->state != DBR_STORE_CLOSED)
    self->watch = g_steal_pointer (&watch);
  g_mutex_unlock (&self->mutex);

  /* It was closed meanwhile. */
  if (watch != NULL)
    dbr_dispatcher_unwatch (self->dispatcher, self->bus_name, watch);
}
