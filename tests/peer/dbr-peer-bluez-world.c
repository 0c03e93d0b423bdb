/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-peer-bluez-private.h"

#include <string.h>

/* The words of the script that change the world around a BlueZ, or end and begin it. */

typedef gboolean (*ActionFunc) (DbrPeerBluez  *self,
                                DbrPeerAction *action,
                                GError       **error);

static DbrPeerController *
find_by_name (DbrPeerBluez *self,
              const char   *name,
              GError      **error)
{
  g_autofree char *path = g_strconcat (ROOT "/", name, NULL);
  DbrPeerController *controller = dbr_peer_bluez_find_controller (self, path);

  if (controller == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no controller %s", name);
  return controller;
}

static gboolean
add_controller (DbrPeerBluez *self,
                const char   *name,
                const char   *address,
                GError      **error)
{
  g_autofree char *path = g_strconcat (ROOT "/", name, NULL);
  DbrPeerController *controller;

  if (dbr_peer_bluez_find_controller (self, path) != NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "there is a controller %s", name);
      return FALSE;
    }
  controller = g_new0 (DbrPeerController, 1);
  controller->name = g_strdup (name);
  controller->address = g_strdup (address);
  g_ptr_array_add (self->controllers, controller);
  if (self->is_up)
    dbr_peer_bluez_show_controller (self, controller);
  return TRUE;
}

static gboolean
plug (DbrPeerBluez  *self,
      DbrPeerAction *action,
      GError       **error)
{
  return add_controller (self, action->name, action->member, error);
}

static gboolean
unplug (DbrPeerBluez  *self,
        DbrPeerAction *action,
        GError       **error)
{
  DbrPeerController *controller = find_by_name (self, action->name, error);

  if (controller == NULL)
    return FALSE;
  dbr_peer_bluez_hide_controller (self, controller);
  g_ptr_array_remove (self->controllers, controller);
  return TRUE;
}

static gboolean
reindex (DbrPeerBluez  *self,
         DbrPeerAction *action,
         GError       **error)
{
  DbrPeerController *controller = find_by_name (self, action->name, error);
  g_autofree char *address = controller != NULL ? g_strdup (controller->address) : NULL;

  return controller != NULL && unplug (self, action, error)
         && add_controller (self, action->member, address, error);
}

static gboolean
airplane (DbrPeerBluez  *self,
          DbrPeerAction *action,
          GError       **error)
{
  if (strcmp (action->name, "on") != 0 && strcmp (action->name, "off") != 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "“%s” is neither on nor off",
                   action->name);
      return FALSE;
    }
  self->is_blocked = strcmp (action->name, "on") == 0;
  for (guint i = 0; i < self->controllers->len; i++)
    {
      DbrPeerController *controller = self->controllers->pdata[i];

      if (controller->is_shown)
        dbr_peer_bluez_set_powered (self, controller, FALSE);
    }
  return TRUE;
}

static void
discover_all (DbrPeerBluez *self)
{
  for (guint i = 0; i < self->controllers->len; i++)
    dbr_peer_bluez_discover (self, self->controllers->pdata[i]);
}

static const char *
name_of (DbrPeerAction *action)
{
  return *action->text != '\0' ? action->text : action->member;
}

static gboolean
bring_near (DbrPeerBluez  *self,
            DbrPeerAction *action,
            GError       **error)
{
  g_hash_table_replace (self->nearby, g_strdup (action->member), g_strdup (name_of (action)));
  discover_all (self);
  return TRUE;
}

static gboolean
bring_many (DbrPeerBluez  *self,
            DbrPeerAction *action,
            GError       **error)
{
  for (guint i = 0; i < action->number; i++)
    g_hash_table_replace (self->nearby,
                          g_strdup_printf ("02:DB:53:%02X:%02X:%02X", i >> 16 & 0xff, i >> 8 & 0xff,
                                           i & 0xff),
                          g_strdup_printf ("Device %u", i));
  discover_all (self);
  return TRUE;
}

static void
lose_link (DbrPeerBluez *self,
           const char   *address,
           const char   *reason)
{
  for (guint i = 0; i < self->controllers->len; i++)
    {
      g_autofree char *path = dbr_peer_bluez_dup_device_path (self->controllers->pdata[i], address);

      dbr_peer_bluez_link_lost (self, path, reason);
    }
}

static gboolean
take_away (DbrPeerBluez  *self,
           DbrPeerAction *action,
           GError       **error)
{
  g_hash_table_remove (self->nearby, action->member);
  lose_link (self, action->member, "Timeout");
  return TRUE;
}

static gboolean
lose (DbrPeerBluez  *self,
      DbrPeerAction *action,
      GError       **error)
{
  lose_link (self, action->member, *action->text != '\0' ? action->text : NULL);
  return TRUE;
}

static gboolean
bond (DbrPeerBluez  *self,
      DbrPeerAction *action,
      GError       **error)
{
  DbrPeerController *controller = find_by_name (self, action->name, error);
  g_autofree char *group = NULL;

  if (controller == NULL)
    return FALSE;
  group = g_strdup_printf ("%s/%s", controller->address, action->member);
  if (!g_key_file_has_group (self->storage, group))
    {
      g_key_file_set_string (self->storage, group, "Name", name_of (action));
      g_key_file_set_boolean (self->storage, group, "Trusted", TRUE);
    }
  if (controller->is_shown)
    dbr_peer_bluez_show_device (self, controller, action->member, name_of (action));
  return TRUE;
}

static gboolean
set_storage (DbrPeerBluez  *self,
             DbrPeerAction *action,
             GError       **error)
{
  g_free (self->storage_file);
  self->storage_file = g_strdup (action->name);
  return !g_file_test (action->name, G_FILE_TEST_EXISTS)
         || g_key_file_load_from_file (self->storage, action->name, G_KEY_FILE_NONE, error);
}

static gboolean
set_gap (DbrPeerBluez  *self,
         DbrPeerAction *action,
         GError       **error)
{
  self->gap_ms = action->number;
  return TRUE;
}

static gboolean
set_pace (DbrPeerBluez  *self,
          DbrPeerAction *action,
          GError       **error)
{
  self->pace_ms = action->number;
  return TRUE;
}

/* Nothing is told, and nothing is left. */
static void
forget_life (DbrPeerBluez *self)
{
  g_auto(GStrv) paths = dbr_peer_objects_dup_paths (self->service->objects);

  self->is_up = FALSE;
  self->life++;
  g_hash_table_remove_all (self->pending);
  dbr_peer_ledger_remove_all (self->ledger);
  for (gsize i = 0; paths[i] != NULL; i++)
    {
      if (g_str_has_prefix (paths[i], ROOT))
        dbr_peer_objects_remove (self->service->objects, paths[i]);
    }
  for (guint i = 0; i < self->controllers->len; i++)
    ((DbrPeerController *) self->controllers->pdata[i])->is_shown = FALSE;
}

static gboolean
crash (DbrPeerBluez  *self,
       DbrPeerAction *action,
       GError       **error)
{
  forget_life (self);
  dbr_peer_service_disconnect (self->service);
  return TRUE;
}

static void
release_agent (DbrPeerBluez    *self,
               GDBusConnection *connection)
{
  DbrPeerEntry *agent = dbr_peer_ledger_find (self->ledger, "agent", NULL, NULL);

  if (agent != NULL)
    g_dbus_connection_call (connection, agent->sender, agent->path, "org.bluez.Agent1", "Release",
                            NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

/* An agent is told, the adapters go off and away, and then the name. */
static gboolean
shut_down (DbrPeerBluez  *self,
           DbrPeerAction *action,
           GError       **error)
{
  g_autoptr(GDBusConnection) connection = NULL;

  if (!self->is_up || self->service->connections->len == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "it does not run");
      return FALSE;
    }
  connection = g_object_ref (self->service->connections->pdata[0]);
  release_agent (self, connection);
  for (guint i = 0; i < self->controllers->len; i++)
    {
      dbr_peer_bluez_set_powered (self, self->controllers->pdata[i], FALSE);
      dbr_peer_bluez_hide_controller (self, self->controllers->pdata[i]);
    }
  dbr_peer_service_remove_object (self->service, ROOT);
  g_dbus_connection_flush_sync (connection, NULL, NULL);
  return crash (self, action, error);
}

static gboolean
boot (DbrPeerBluez  *self,
      DbrPeerAction *action,
      GError       **error)
{
  if (self->service->connections->len == 0 && !dbr_peer_service_connect (self->service, error))
    return FALSE;
  dbr_peer_bluez_boot (self);
  return TRUE;
}

static const struct { const char *word; ActionFunc run; } actions[] = {
  { "plug", plug },
  { "unplug", unplug },
  { "reindex", reindex },
  { "airplane", airplane },
  { "near", bring_near },
  { "many", bring_many },
  { "away", take_away },
  { "bond", bond },
  { "lose", lose },
  { "boot", boot },
  { "crash", crash },
  { "shutdown", shut_down },
  { "storage", set_storage },
  { "gap", set_gap },
  { "pace", set_pace },
};

/* Returns the action's value, mostly an empty one, or NULL with an error. */
char *
dbr_peer_bluez_run_action (DbrPeerBluez  *self,
                           DbrPeerAction *action,
                           GError       **error)
{
  if (strcmp (action->word, "ledger") == 0)
    return dbr_peer_ledger_to_text (self->ledger);
  if (strcmp (action->word, "calls") == 0)
    return dbr_peer_bluez_take_calls (self);
  for (gsize i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      if (strcmp (action->word, actions[i].word) == 0)
        return actions[i].run (self, action, error) ? g_strdup ("") : NULL;
    }
  g_assert_not_reached ();
}
