/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-object-tree-private.h"

#include "dbr-bench-player.h"

/* Many objects, kept by the library's tree and by what GLib has for it. What is played is
 * making one until it has them all, and looking a property of one of them up. */

/* How many there are. */
static guint n_objects = BENCH_N_OBJECTS;

/* Not in the order in which they were made. */
static const char *
get_path (guint place)
{
  return bench_player_get_path (place * 7919 % n_objects);
}

/* The library's */

typedef struct
{
  DbrClient     *client;
  DbrObjectTree *tree;
  gboolean       is_synced;
} TreeClient;

static void
ignore_object_cb (gpointer    user_data,
                  const char *path)
{
}

static void
ignore_interface_cb (gpointer    user_data,
                     const char *path,
                     const char *interface_name)
{
}

static void
ignore_properties_cb (gpointer           user_data,
                      const char        *path,
                      const char        *interface_name,
                      const char *const *names)
{
}

static void
state_changed_cb (gpointer           user_data,
                  DbrObjectTreeState state)
{
  TreeClient *self = user_data;

  self->is_synced = state == DBR_OBJECT_TREE_SYNCED;
}

static const DbrObjectTreeFuncs tree_funcs = {
  { ignore_object_cb, ignore_object_cb, ignore_interface_cb, ignore_interface_cb,
    ignore_properties_cb },
  state_changed_cb,
};

static gpointer
tree_make (const char *address)
{
  TreeClient *self = g_new0 (TreeClient, 1);

  get_path (0);
  self->client = dbr_client_new_for_address (address);

  return self;
}

static void
tree_get_ready (TreeClient *self)
{
  g_autoptr(GError) error = NULL;

  g_clear_pointer (&self->tree, dbr_object_tree_free);
  self->is_synced = FALSE;
  self->tree = dbr_object_tree_new (self->client, BENCH_OBJECTS_NAME, "/", &tree_funcs, self,
                                    &error);
  if (self->tree == NULL)
    bench_player_fail ("%s", error->message);

  while (!self->is_synced)
    g_main_context_iteration (NULL, TRUE);
  if (dbr_object_tree_count (self->tree) <= n_objects)
    bench_player_fail ("there are only %u objects", dbr_object_tree_count (self->tree));
}

static void
tree_look_up (TreeClient *self,
              guint       place)
{
  const char *path = get_path (place);
  g_autoptr(GVariant) value = NULL;

  value = dbr_object_tree_ref_property (self->tree, path, "org.bluez.Device1", "RSSI");
  if (value == NULL)
    bench_player_fail ("%s has no RSSI", path);
}

static void
tree_play (gpointer         client,
           const BenchTask *task)
{
  n_objects = task->n_in_flight;
  for (guint i = 0; i < task->n_calls; i++)
    {
      if (task->call == BENCH_CALL_READY)
        tree_get_ready (client);
      else
        tree_look_up (client, i);
    }
}

/* The client is alone in its process. */
static gpointer
tree_make_on_gdbus (const char *address)
{
  g_setenv ("DBR_TRANSPORT", "gdbus", TRUE);

  return tree_make (address);
}

const BenchClient bench_client_tree = { BENCH_TREE_NAME, tree_make, NULL, tree_play };
const BenchClient bench_client_tree_gdbus = {
  BENCH_TREE_GDBUS_NAME, tree_make_on_gdbus, NULL, tree_play,
};

/* GLib's */

typedef struct
{
  GDBusConnection    *connection;
  GDBusObjectManager *manager;
} ManagerClient;

static gpointer
manager_make (const char *address)
{
  ManagerClient *self = g_new0 (ManagerClient, 1);

  get_path (0);
  self->connection = bench_player_connect_gdbus (address);

  return self;
}

static void
manager_get_ready (ManagerClient *self)
{
  const GDBusObjectManagerClientFlags flags = G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_DO_NOT_AUTO_START;
  g_autoptr(GError) error = NULL;

  g_clear_object (&self->manager);
  self->manager = g_dbus_object_manager_client_new_sync (self->connection, flags,
                                                         BENCH_OBJECTS_NAME, "/", NULL, NULL, NULL,
                                                         NULL, &error);
  if (self->manager == NULL)
    bench_player_fail ("%s", error->message);
}

static void
manager_look_up (ManagerClient *self,
                 guint          place)
{
  g_autoptr(GDBusInterface) proxy = NULL;
  const char *path = get_path (place);
  g_autoptr(GVariant) value = NULL;

  proxy = g_dbus_object_manager_get_interface (self->manager, path, "org.bluez.Device1");
  if (proxy != NULL)
    value = g_dbus_proxy_get_cached_property (G_DBUS_PROXY (proxy), "RSSI");
  if (value == NULL)
    bench_player_fail ("%s has no RSSI", path);
}

static void
manager_play (gpointer         client,
              const BenchTask *task)
{
  n_objects = task->n_in_flight;
  for (guint i = 0; i < task->n_calls; i++)
    {
      if (task->call == BENCH_CALL_READY)
        manager_get_ready (client);
      else
        manager_look_up (client, i);
    }
}

const BenchClient bench_client_manager = { BENCH_MANAGER_NAME, manager_make, NULL, manager_play };
