/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-bluez-core-private.h"

#include <string.h>

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-io-private.h"
#include "monitor/dbr-bluez-ledger-private.h"
#include "monitor/dbr-bluez-monitor-private.h"
#include "monitor/dbr-bluez-operation-private.h"
#include "monitor/dbr-bluez-wish-private.h"

/* How many may be known that are gone, beyond as many as are there. */
#define MOST_FORGOTTEN 256

static void
node_free (gpointer data)
{
  DbrBluezNode *node = data;

  g_free (node->key);
  g_free (node->address);
  g_free (node->adapter);
  g_free (node->path);
  g_clear_pointer (&node->wishes, g_hash_table_unref);
  g_free (node);
}

static void
news_free (gpointer data)
{
  DbrBluezNews *news = data;

  g_free (news->key);
  g_free (news->address);
  g_free (news->adapter);
  g_free (news->path);
  g_free (news);
}

DbrBluezCore *
dbr_bluez_core_ref (DbrBluezCore *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
dbr_bluez_core_free (gpointer data)
{
  DbrBluezCore *self = data;

  g_clear_pointer (&self->tree, dbr_object_tree_free);
  g_clear_pointer (&self->ledger, dbr_bluez_ledger_free);
  g_ptr_array_unref (self->operations);
  g_ptr_array_unref (self->dirty);
  g_hash_table_unref (self->by_path);
  g_hash_table_unref (self->nodes);
  g_clear_error (&self->error);
  g_clear_error (&self->lease_error);
  g_clear_object (&self->lease);
  g_clear_object (&self->pool);
  g_clear_object (&self->client);
  dbr_herald_unref (self->herald);
  dbr_mailbox_unref (self->mailbox);
  g_mutex_clear (&self->mutex);
  g_free (self->bus_name);
  g_free (self);
}

/* Where the tree tells: so it never tells one that is being freed. */
void
dbr_bluez_core_unref (DbrBluezCore *self)
{
  if (g_atomic_ref_count_dec (&self->ref_count))
    dbr_io_invoke (dbr_bluez_core_free, self);
}

/* Telling */

/* What there is to tell: first what is gone, devices before adapters; then what is there. */
static GPtrArray *
take_news (DbrBluezCore *self)
{
  GPtrArray *taken = g_ptr_array_new_with_free_func (news_free);

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->dirty->len; i++)
    {
      DbrBluezNode *node = self->dirty->pdata[i];
      DbrBluezNews *news;

      node->is_dirty = FALSE;
      if (!node->is_told && node->path == NULL)
        continue;

      news = g_new0 (DbrBluezNews, 1);
      news->key = g_strdup (node->key);
      news->address = g_strdup (node->address);
      news->adapter = g_strdup (node->adapter);
      news->path = g_strdup (node->path);
      news->is_removed = node->is_told && (node->path == NULL || node->is_other);
      news->is_added = node->path != NULL && (!node->is_told || node->is_other);
      node->is_told = node->path != NULL;
      node->is_other = FALSE;
      g_ptr_array_add (taken, news);
    }
  g_ptr_array_set_size (self->dirty, 0);
  g_mutex_unlock (&self->mutex);

  return taken;
}

static void
tell_news (DbrBluezCore *self)
{
  g_autoptr(GPtrArray) news = take_news (self);
  g_autoptr(GObject) monitor = dbr_herald_dup_object (self->herald);

  if (monitor != NULL && news->len > 0)
    self->tell (monitor, self, news);
}

static void
deliver_cb (DbrLetter *letter)
{
  DbrBluezCore *self =
    (DbrBluezCore *) G_STRUCT_MEMBER_P (letter, -G_STRUCT_OFFSET (DbrBluezCore, letter));

  g_mutex_lock (&self->mutex);
  self->is_posted = FALSE;
  g_mutex_unlock (&self->mutex);

  if (!dbr_bluez_core_is_over (self))
    tell_news (self);
  dbr_bluez_core_unref (self);
}

void
dbr_bluez_core_mark (DbrBluezCore *self,
                     DbrBluezNode *node)
{
  gboolean is_to_post = FALSE;

  g_mutex_lock (&self->mutex);
  if (!node->is_dirty)
    {
      node->is_dirty = TRUE;
      g_ptr_array_add (self->dirty, node);
    }
  if (self->is_live && !self->is_posted && !dbr_bluez_core_is_over (self))
    is_to_post = self->is_posted = TRUE;
  g_mutex_unlock (&self->mutex);

  if (!is_to_post)
    return;

  dbr_bluez_core_ref (self);
  dbr_mailbox_post (self->mailbox, &self->letter);
}

void
dbr_bluez_core_settle (DbrBluezCore *self)
{
  GMainContext *context = dbr_mailbox_get_context (self->mailbox);

  if (!g_main_context_acquire (context))
    return;

  tell_news (self);
  g_main_context_release (context);
}

/* What is known */

gboolean
dbr_bluez_core_is (DbrBluezCore *self,
                   const char   *path,
                   const char   *interface_name,
                   const char   *name)
{
  g_autoptr(GVariant) value = NULL;

  if (path != NULL && self->tree != NULL)
    value = dbr_object_tree_ref_property (self->tree, path, interface_name, name);

  return value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN)
         && g_variant_get_boolean (value);
}

char *
dbr_bluez_core_dup_text (DbrBluezCore *self,
                         const char   *path,
                         const char   *interface_name,
                         const char   *name)
{
  g_autoptr(GVariant) value = NULL;

  if (path != NULL && self->tree != NULL)
    value = dbr_object_tree_ref_property (self->tree, path, interface_name, name);

  return value != NULL && (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
                           || g_variant_is_of_type (value, G_VARIANT_TYPE_OBJECT_PATH))
         ? g_variant_dup_string (value, NULL) : NULL;
}

int
dbr_bluez_core_get_number (DbrBluezCore *self,
                           const char   *path,
                           const char   *interface_name,
                           const char   *name,
                           int           otherwise)
{
  g_autoptr(GVariant) value = NULL;

  if (path != NULL && self->tree != NULL)
    value = dbr_object_tree_ref_property (self->tree, path, interface_name, name);

  return value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_INT16)
         ? g_variant_get_int16 (value) : otherwise;
}

DbrBluezNode *
dbr_bluez_core_lookup (DbrBluezCore *self,
                       const char   *key)
{
  return g_hash_table_lookup (self->nodes, key);
}

DbrBluezNode *
dbr_bluez_core_lookup_path (DbrBluezCore *self,
                            const char   *path)
{
  return g_hash_table_lookup (self->by_path, path);
}

char *
dbr_bluez_core_dup_path (DbrBluezCore *self,
                         const char   *key)
{
  DbrBluezNode *node;
  char *path;

  g_mutex_lock (&self->mutex);
  node = g_hash_table_lookup (self->nodes, key);
  path = node != NULL ? g_strdup (node->path) : NULL;
  g_mutex_unlock (&self->mutex);

  return path;
}

gboolean
dbr_bluez_core_is_synced (DbrBluezCore *self)
{
  return self->tree != NULL && dbr_object_tree_get_state (self->tree) == DBR_OBJECT_TREE_SYNCED;
}

/* Poking */

static gboolean
poke_cb (gpointer user_data)
{
  DbrBluezCore *self = user_data;
  g_autoptr(DbrBluezCore) kept = dbr_bluez_core_ref (self);

  g_clear_pointer (&self->poke, g_source_unref);
  dbr_bluez_operations_look (kept);
  dbr_bluez_ledger_replay (kept->ledger);

  return G_SOURCE_REMOVE;
}

/* A thousand changes that come together are looked at once. */
void
dbr_bluez_core_poke (DbrBluezCore *self)
{
  if (self->poke != NULL || dbr_bluez_core_is_over (self))
    return;

  self->poke = g_idle_source_new ();
  g_source_set_priority (self->poke, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->poke, "dbr-bluez poke");
  g_source_set_callback (self->poke, poke_cb, self, NULL);
  g_source_attach (self->poke, dbr_io_get_context ());
}

/* The nodes */

static gboolean
is_forgettable (gpointer key,
                gpointer value,
                gpointer user_data)
{
  const DbrBluezNode *node = value;

  return node->adapter != NULL && node->path == NULL && !node->is_dirty && !node->is_told
         && !node->is_kept && node->wishes == NULL;
}

/* Devices change their addresses all the time: of most that were met nothing is to be
 * remembered. */
static void
forget_nodes (DbrBluezCore *self)
{
  if (g_hash_table_size (self->nodes) < 2 * g_hash_table_size (self->by_path) + MOST_FORGOTTEN)
    return;

  g_mutex_lock (&self->mutex);
  g_hash_table_foreach_remove (self->nodes, is_forgettable, NULL);
  g_mutex_unlock (&self->mutex);
}

static DbrBluezNode *
ensure_node (DbrBluezCore *self,
             const char   *adapter,
             const char   *address)
{
  g_autofree char *key = adapter != NULL ? g_strdup_printf ("%s/%s", adapter, address)
                         : g_strdup (address);
  DbrBluezNode *node = g_hash_table_lookup (self->nodes, key);

  if (node != NULL)
    return node;

  forget_nodes (self);
  node = g_new0 (DbrBluezNode, 1);
  node->key = g_steal_pointer (&key);
  node->address = g_strdup (address);
  node->adapter = g_strdup (adapter);

  g_mutex_lock (&self->mutex);
  g_hash_table_insert (self->nodes, node->key, node);
  g_mutex_unlock (&self->mutex);

  return node;
}

static void
set_path (DbrBluezCore *self,
          DbrBluezNode *node,
          const char   *path)
{
  if (node->path != NULL)
    g_hash_table_remove (self->by_path, node->path);

  g_mutex_lock (&self->mutex);
  if (path == NULL)
    node->is_other = TRUE;
  g_free (node->path);
  node->path = g_strdup (path);
  g_mutex_unlock (&self->mutex);

  if (path != NULL)
    g_hash_table_insert (self->by_path, node->path, node);
  node->come_usec = g_get_monotonic_time ();
  dbr_bluez_core_mark (self, node);
}

static void
update_connected (DbrBluezCore *self,
                  DbrBluezNode *node)
{
  gboolean is_connected = dbr_bluez_core_is (self, node->path, DBR_BLUEZ_DEVICE_INTERFACE,
                                             "Connected");

  if (node->is_connected == is_connected)
    return;

  node->is_connected = is_connected;
  if (!is_connected)
    dbr_bluez_keeper_lost (self, node);
}

static void
add_device (DbrBluezCore *self,
            const char   *path)
{
  g_autofree char *address = dbr_bluez_core_dup_text (self, path, DBR_BLUEZ_DEVICE_INTERFACE,
                                                      "Address");
  g_autofree char *adapter_path = dbr_bluez_core_dup_text (self, path, DBR_BLUEZ_DEVICE_INTERFACE,
                                                           "Adapter");
  DbrBluezNode *adapter = NULL;
  DbrBluezNode *node;

  if (adapter_path != NULL)
    adapter = dbr_bluez_core_lookup_path (self, adapter_path);
  if (address == NULL || adapter == NULL || dbr_bluez_core_lookup_path (self, path) != NULL)
    return;

  node = ensure_node (self, adapter->key, address);
  set_path (self, node, path);
  update_connected (self, node);
  dbr_bluez_keeper_seen (self, node);
}

/* A device may come before its adapter. */
static void
add_adapter (DbrBluezCore *self,
             const char   *path)
{
  g_autofree char *address = dbr_bluez_core_dup_text (self, path, DBR_BLUEZ_ADAPTER_INTERFACE,
                                                      "Address");
  g_autofree char *prefix = g_strconcat (path, "/", NULL);
  g_auto(GStrv) devices = dbr_object_tree_dup_paths (self->tree, DBR_BLUEZ_DEVICE_INTERFACE);
  DbrBluezNode *node;

  if (address == NULL || dbr_bluez_core_lookup_path (self, path) != NULL)
    return;

  node = ensure_node (self, NULL, address);
  node->n_faults = 0;
  set_path (self, node, path);
  for (guint i = 0; devices[i] != NULL; i++)
    {
      if (g_str_has_prefix (devices[i], prefix))
        add_device (self, devices[i]);
    }
}

/* One that nobody needs is forgotten when it was told; here it is only gone. */
static void
remove_node (DbrBluezCore *self,
             DbrBluezNode *node)
{
  gboolean was_connected = node->is_connected;

  set_path (self, node, NULL);
  dbr_bluez_wishes_part (node);
  node->is_connected = FALSE;
  dbr_bluez_ledger_lost (self->ledger, node->key);
  if (was_connected)
    dbr_bluez_keeper_lost (self, node);
}

/* The tree tells all this, on dbr-io */

static void
object_cb (gpointer    user_data,
           const char *path)
{
  dbr_bluez_core_note_heard (user_data, path);
}

static void
interface_added_cb (gpointer    user_data,
                    const char *path,
                    const char *interface_name)
{
  DbrBluezCore *self = user_data;

  if (strcmp (interface_name, DBR_BLUEZ_ADAPTER_INTERFACE) == 0)
    add_adapter (self, path);
  else if (strcmp (interface_name, DBR_BLUEZ_DEVICE_INTERFACE) == 0)
    add_device (self, path);
  dbr_bluez_core_poke (self);
}

static void
interface_removed_cb (gpointer    user_data,
                      const char *path,
                      const char *interface_name)
{
  DbrBluezCore *self = user_data;
  DbrBluezNode *node = dbr_bluez_core_lookup_path (self, path);
  const char *own;

  if (node != NULL)
    {
      own = node->adapter == NULL ? DBR_BLUEZ_ADAPTER_INTERFACE : DBR_BLUEZ_DEVICE_INTERFACE;
      if (strcmp (interface_name, own) == 0)
        remove_node (self, node);
    }
  dbr_bluez_core_poke (self);
}

/* Only what says so says that a search has ended: other interfaces of the adapter change as well, and
 * some of its properties before BlueZ has told that the search has begun. */
static gboolean
has_searched (DbrBluezCore      *self,
              const char        *path,
              const char        *interface_name,
              const char *const *names)
{
  return strcmp (interface_name, DBR_BLUEZ_ADAPTER_INTERFACE) == 0
         && g_strv_contains (names, "Discovering")
         && !dbr_bluez_core_is (self, path, interface_name, "Discovering");
}

static void
properties_changed_cb (gpointer           user_data,
                       const char        *path,
                       const char        *interface_name,
                       const char *const *names)
{
  DbrBluezCore *self = user_data;
  DbrBluezNode *node = dbr_bluez_core_lookup_path (self, path);

  dbr_bluez_core_note_heard (self, path);
  if (node != NULL)
    {
      dbr_bluez_core_mark (self, node);
      dbr_bluez_wishes_note (self, node, interface_name, names);
      if (node->adapter == NULL && has_searched (self, path, interface_name, names))
        dbr_bluez_ledger_searched (self->ledger, node->key);
      if (node->adapter != NULL)
        update_connected (self, node);
    }
  dbr_bluez_core_poke (self);
}

/* A new owner knows nothing of what an earlier one was told. */
static void
state_changed_cb (gpointer           user_data,
                  DbrObjectTreeState state)
{
  DbrBluezCore *self = user_data;

  if (state == DBR_OBJECT_TREE_SYNCED)
    {
      guint generation = dbr_object_tree_get_generation (self->tree);

      if (generation != self->generation)
        self->synced_usec = g_get_monotonic_time ();
      self->generation = generation;
    }
  dbr_bluez_core_poke (self);
}

static const DbrObjectTreeFuncs tree_funcs = {
  { object_cb, object_cb, interface_added_cb, interface_removed_cb, properties_changed_cb },
  state_changed_cb,
};

/* Its beginning and its end */

static void
parted_cb (DbrSubscription *subscription,
           const char      *sender,
           const char      *path,
           const char      *interface_name,
           const char      *member,
           GVariant        *parameters,
           gpointer         user_data)
{
  DbrBluezCore *self = user_data;
  DbrBluezNode *node = dbr_bluez_core_lookup_path (self, path);
  const char *reason;

  if (node == NULL || !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ss)")))
    return;

  g_variant_get (parameters, "(&s&s)", &reason, NULL);
  node->reason = dbr_bluez_device_parse_reason (reason);
}

static void
open_cb (gpointer data)
{
  g_autoptr(DbrBluezCore) self = data;
  g_autoptr(GError) error = NULL;
  DbrObjectTree *tree = dbr_object_tree_new (self->client, self->bus_name, "/", &tree_funcs, self,
                                             &error);

  g_mutex_lock (&self->mutex);
  self->tree = tree;
  self->error = g_steal_pointer (&error);
  g_mutex_unlock (&self->mutex);

  self->partings = dbr_subscription_new (self->client, self->bus_name, DBR_BLUEZ_ROOT,
                                         DBR_BLUEZ_DEVICE_INTERFACE, "Disconnected", NULL,
                                         DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE);
  g_signal_connect (self->partings, "received", G_CALLBACK (parted_cb), self);
  dbr_subscription_start_async (self->partings, NULL, NULL, NULL);
  dbr_bluez_core_watch_silence (self);
}

/* @context is that of the monitor. */
DbrBluezCore *
dbr_bluez_core_new (DbrClient        *client,
                    DbrHerald        *herald,
                    GMainContext     *context,
                    guint             silence_ms,
                    DbrBluezTellFunc  tell)
{
  DbrBluezCore *self = g_new0 (DbrBluezCore, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->client = g_object_ref (client);
  self->bus_name = g_strdup (DBR_BLUEZ_NAME);
  self->herald = dbr_herald_ref (herald);
  self->mailbox = dbr_mailbox_get (context);
  self->tell = tell;
  self->letter.deliver = deliver_cb;
  self->nodes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, node_free);
  self->dirty = g_ptr_array_new ();
  self->by_path = g_hash_table_new (g_str_hash, g_str_equal);
  self->operations = g_ptr_array_new ();
  self->silence_ms = silence_ms;
  self->ledger = dbr_bluez_ledger_new (self);
  dbr_io_invoke (open_cb, dbr_bluez_core_ref (self));

  return self;
}

static void
go_live_cb (gpointer data)
{
  g_autoptr(DbrBluezCore) self = data;
  GHashTableIter iter;
  gpointer node;

  g_mutex_lock (&self->mutex);
  self->is_live = TRUE;
  g_mutex_unlock (&self->mutex);

  dbr_bluez_core_need_lease (self);
  g_hash_table_iter_init (&iter, self->by_path);
  if (g_hash_table_iter_next (&iter, NULL, &node))
    dbr_bluez_core_mark (self, node);
}

void
dbr_bluez_core_go_live (DbrBluezCore *self)
{
  dbr_io_invoke (go_live_cb, dbr_bluez_core_ref (self));
}

void
dbr_bluez_clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
stop_cb (gpointer data)
{
  g_autoptr(DbrBluezCore) self = data;

  dbr_bluez_clear_source (&self->poke);
  dbr_bluez_clear_source (&self->silence);
  dbr_bluez_clear_source (&self->lease_pause);
  dbr_bluez_operations_end (self);
  if (self->partings != NULL)
    g_signal_handlers_disconnect_by_data (self->partings, self);
  g_clear_object (&self->partings);
  dbr_bluez_core_drop_lease (self);
}

/* Nothing is told after it. What is under way ends soon after. */
void
dbr_bluez_core_stop (DbrBluezCore *self)
{
  g_atomic_int_set (&self->is_over, TRUE);
  dbr_io_invoke (stop_cb, dbr_bluez_core_ref (self));
}

gboolean
dbr_bluez_core_is_over (DbrBluezCore *self)
{
  return g_atomic_int_get (&self->is_over);
}
