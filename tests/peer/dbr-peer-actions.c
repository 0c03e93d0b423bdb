/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-peer-bluez.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the words of the script do, in a rule with the call at hand, as a command without one. */

typedef struct
{
  DbrPeerService *service;
  char           *name;
} Reown;

static void
reown_free (Reown *reown)
{
  g_free (reown->name);
  g_free (reown);
}

static gboolean
reown_cb (gpointer user_data)
{
  Reown *reown = user_data;
  g_autoptr(GError) error = NULL;

  if (!dbr_peer_service_own (reown->service, reown->name, &error))
    g_printerr ("dbr-peer: %s\n", error->message);
  return G_SOURCE_REMOVE;
}

static gboolean
continue_cb (gpointer user_data)
{
  dbr_peer_call_run_actions (user_data);
  return G_SOURCE_REMOVE;
}

/* An answer that was given must be on its way before the process ends or stops, or the script
 * would lie. */
static void
flush (DbrPeerCall *call)
{
  if (call->has_answered && !g_dbus_connection_is_closed (call->connection))
    g_dbus_connection_flush_sync (call->connection, NULL, NULL);
}

static void
close_connections (DbrPeerCall *call)
{
  GPtrArray *connections = call->service->connections;

  flush (call);
  if (call->connection != NULL)
    {
      g_autoptr(GDBusConnection) connection = g_object_ref (call->connection);

      g_ptr_array_remove (connections, connection);
      g_dbus_connection_close_sync (connection, NULL, NULL);
      return;
    }
  dbr_peer_service_disconnect (call->service);
}

static void
reply_with_descriptors (DbrPeerCall *call)
{
  GUnixFDList *received = g_dbus_message_get_unix_fd_list (call->message);
  g_autoptr(GUnixFDList) passed = dbr_peer_make_pipe ("dbr-peer");
  GVariantBuilder contents;
  int n_fds = received != NULL ? g_unix_fd_list_get_length (received) : 0;
  const int *fds = n_fds > 0 ? g_unix_fd_list_peek_fds (received, NULL) : NULL;

  g_variant_builder_init (&contents, G_VARIANT_TYPE ("aay"));
  for (int i = 0; i < n_fds; i++)
    {
      g_autoptr(GBytes) bytes = dbr_peer_read_fd (fds[i]);

      g_variant_builder_add_value (&contents, g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING,
                                                                        bytes, TRUE));
    }
  dbr_peer_call_reply (call, g_variant_new ("(aayh)", &contents, 0), passed);
}

static gboolean
run_answer (DbrPeerCall   *call,
            DbrPeerAction *action,
            GError       **error)
{
  if (call->message == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           "there is no call to answer");
      return FALSE;
    }
  if (action->kind == DBR_PEER_ACTION_FD)
    reply_with_descriptors (call);
  else if (action->kind == DBR_PEER_ACTION_ERROR)
    dbr_peer_call_error (call, action->name, action->text);
  else if (action->kind == DBR_PEER_ACTION_REPLY && action->value != NULL)
    dbr_peer_call_reply (call, action->value, NULL);
  else if (action->kind == DBR_PEER_ACTION_REPLY)
    dbr_peer_call_echo (call);
  call->is_settled = TRUE;
  return TRUE;
}

static void
run_end_or_block (DbrPeerCall   *call,
                  DbrPeerAction *action)
{
  flush (call);
  if (action->kind == DBR_PEER_ACTION_DIE)
    _exit (action->has_number ? (int) action->number : 1);
  if (action->kind == DBR_PEER_ACTION_ABORT)
    abort ();
  if (action->kind == DBR_PEER_ACTION_STOP)
    kill (getpid (), SIGSTOP);
  if (action->kind == DBR_PEER_ACTION_BLOCK)
    g_usleep ((gulong) action->number * 1000);
}

static gboolean
run_name (DbrPeerCall   *call,
          DbrPeerAction *action,
          GError       **error)
{
  Reown *reown;

  if (action->kind == DBR_PEER_ACTION_OWN)
    return dbr_peer_service_own (call->service, action->name, error);
  if (!dbr_peer_service_release (call->service, action->name, error))
    return FALSE;
  if (action->kind == DBR_PEER_ACTION_DROP)
    return TRUE;
  reown = g_new0 (Reown, 1);
  reown->service = call->service;
  reown->name = g_strdup (action->name);
  g_timeout_add_full (G_PRIORITY_DEFAULT, action->number, reown_cb, reown,
                      (GDestroyNotify) reown_free);
  return TRUE;
}

static gboolean
run_object (DbrPeerCall   *call,
            DbrPeerAction *action,
            const char    *path,
            GError       **error)
{
  DbrPeerService *service = call->service;

  if (action->kind == DBR_PEER_ACTION_SET || action->kind == DBR_PEER_ACTION_POKE)
    dbr_peer_objects_set_property (service->objects, path, action->interface_name, action->member,
                                   action->value);
  if (action->kind == DBR_PEER_ACTION_SET || action->kind == DBR_PEER_ACTION_INVALIDATE)
    dbr_peer_service_emit_changed (service, path, action->interface_name, action->member,
                                   action->value);
  if (action->kind == DBR_PEER_ACTION_OBJECTS)
    dbr_peer_service_set_n_devices (service, action->number);
  if (action->kind == DBR_PEER_ACTION_REMOVE && !dbr_peer_service_remove_object (service, path))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no object %s", path);
      return FALSE;
    }
  return TRUE;
}

static void
run_signals (DbrPeerCall   *call,
             DbrPeerAction *action,
             const char    *path)
{
  guint n = action->kind == DBR_PEER_ACTION_FLOOD ? action->number : 1;

  for (guint i = 0; i < n; i++)
    dbr_peer_service_emit (call->service, action->destination, path, action->interface_name,
                           action->member,
                           action->value);
}

static char *
run_count (DbrPeerCall   *call,
           DbrPeerAction *action)
{
  gboolean is_of_member = action->kind == DBR_PEER_ACTION_COUNT;
  GHashTable *counts = is_of_member ? call->service->counts : call->service->executions;

  return g_strdup_printf ("%" G_GUINT64_FORMAT, dbr_peer_service_get_count (counts, action->name));
}

static void
run_reset (DbrPeerService *service)
{
  g_hash_table_remove_all (service->counts);
  g_hash_table_remove_all (service->executions);
  for (guint i = 0; i < service->rules->len; i++)
    ((DbrPeerRule *) service->rules->pdata[i])->n_seen = 0;
}

/* The peer plays BlueZ from the first of these on. */
static char *
run_bluez (DbrPeerService *service,
           DbrPeerAction  *action,
           GError        **error)
{
  if (service->bluez == NULL)
    service->bluez = dbr_peer_bluez_new (service);
  return dbr_peer_bluez_run_action (service->bluez, action, error);
}

/* Returns the action's value, mostly an empty one, or NULL with an error. */
static char *
run_action (DbrPeerCall   *call,
            DbrPeerAction *action,
            GError       **error)
{
  const char *path = action->path;
  gboolean is_done = TRUE;

  if (g_strcmp0 (path, ".") == 0)
    path = call->message != NULL ? g_dbus_message_get_path (call->message) : "/";
  switch (action->kind)
    {
    case DBR_PEER_ACTION_REPLY:
    case DBR_PEER_ACTION_ERROR:
    case DBR_PEER_ACTION_FD:
    case DBR_PEER_ACTION_NEVER:
      is_done = run_answer (call, action, error);
      break;
    case DBR_PEER_ACTION_ABORT:
    case DBR_PEER_ACTION_BLOCK:
    case DBR_PEER_ACTION_DIE:
    case DBR_PEER_ACTION_STOP:
      run_end_or_block (call, action);
      break;
    case DBR_PEER_ACTION_DEAF:
      flush (call);
      dbr_peer_service_make_deaf (call->service, action->number);
      break;
    case DBR_PEER_ACTION_EMIT:
    case DBR_PEER_ACTION_FLOOD:
      run_signals (call, action, path);
      break;
    case DBR_PEER_ACTION_OWN:
    case DBR_PEER_ACTION_DROP:
    case DBR_PEER_ACTION_REOWN:
      is_done = run_name (call, action, error);
      break;
    case DBR_PEER_ACTION_CLOSE:
      close_connections (call);
      break;
    case DBR_PEER_ACTION_RECONNECT:
      is_done = dbr_peer_service_connect (call->service, error);
      break;
    case DBR_PEER_ACTION_RECORD:
      is_done = dbr_peer_service_record (call->service, action->name, error);
      break;
    case DBR_PEER_ACTION_COUNT:
    case DBR_PEER_ACTION_EXECUTIONS:
      return run_count (call, action);
    case DBR_PEER_ACTION_RESET:
      run_reset (call->service);
      break;
    case DBR_PEER_ACTION_FORGET:
      dbr_peer_service_forget (call->service, action->name);
      break;
    case DBR_PEER_ACTION_OBJECTS:
    case DBR_PEER_ACTION_SET:
    case DBR_PEER_ACTION_POKE:
    case DBR_PEER_ACTION_INVALIDATE:
    case DBR_PEER_ACTION_REMOVE:
      is_done = run_object (call, action, path, error);
      break;
    case DBR_PEER_ACTION_BLUEZ:
      return run_bluez (call->service, action, error);
    case DBR_PEER_ACTION_WAIT:
    default:
      break;
    }
  return is_done ? g_strdup ("") : NULL;
}

/* Runs the rest of a rule's actions. A rule that gave no answer hands the call on to the built-in
 * method, and one for an invented method answers with the arguments. */
void
dbr_peer_call_run_actions (DbrPeerCall *self)
{
  while (self->rule != NULL && self->next_action < self->rule->actions->len)
    {
      DbrPeerAction *action = self->rule->actions->pdata[self->next_action++];
      g_autoptr(GError) error = NULL;
      g_autofree char *value = NULL;

      if (action->kind == DBR_PEER_ACTION_WAIT)
        {
          g_timeout_add_full (G_PRIORITY_DEFAULT, action->number, continue_cb,
                              dbr_peer_call_ref (self),
                              (GDestroyNotify) dbr_peer_call_unref);
          return;
        }
      value = run_action (self, action, &error);
      if (error != NULL)
        g_printerr ("dbr-peer: %s\n", error->message);
    }
  if (self->is_settled || self->message == NULL || dbr_peer_call_run_built_in (self))
    return;
  if (self->rule != NULL)
    {
      dbr_peer_call_echo (self);
      return;
    }
  dbr_peer_call_error (self, "org.freedesktop.DBus.Error.UnknownMethod", "No such method");
}

/* After these the caller would wait for an acknowledgement in vain, so it comes before. */
gboolean
dbr_peer_action_ends_or_blocks (DbrPeerActionKind kind)
{
  return kind == DBR_PEER_ACTION_ABORT
         || kind == DBR_PEER_ACTION_BLOCK
         || kind == DBR_PEER_ACTION_DIE
         || kind == DBR_PEER_ACTION_STOP;
}

char *
dbr_peer_service_run_command (DbrPeerService *self,
                              DbrPeerAction  *action,
                              GError        **error)
{
  DbrPeerCall command = { self };

  return run_action (&command, action, error);
}

/* Runs a statement that came over the bus, for tests in languages that do not hold the peer's
 * standard input. */
void
dbr_peer_call_tell (DbrPeerCall *self,
                    const char  *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) statements = dbr_peer_script_parse (text, &error);
  g_autofree char *value = g_strdup ("");

  for (guint i = 0; statements != NULL && i < statements->len && value != NULL; i++)
    {
      DbrPeerStatement *statement = statements->pdata[i];

      if (statement->rule != NULL)
        {
          dbr_peer_service_add_rule (self->service, statement->rule);
          continue;
        }
      if (dbr_peer_action_ends_or_blocks (statement->command->kind)
          || statement->command->kind == DBR_PEER_ACTION_CLOSE)
        {
          dbr_peer_call_reply (self, g_variant_new ("(s)", ""), NULL);
          flush (self);
        }
      g_free (value);
      value = dbr_peer_service_run_command (self->service, statement->command, &error);
    }
  if (self->is_settled)
    return;
  if (error == NULL)
    dbr_peer_call_reply (self, g_variant_new ("(s)", value), NULL);
  else
    dbr_peer_call_error (self, "org.freedesktop.DBus.Error.InvalidArgs", error->message);
}
