/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-bluez-ledger-private.h"
#include "monitor/dbr-bluez-operation-private.h"

/* What BlueZ keeps for the connection that asked: agents, adverts, applications, profiles, and who
 * wants the changes of a value. All of it goes over the lease. */

#define FIRST_PAUSE_MS 10
#define MAX_PAUSE_MS 1000

static DbrBluezEntryKind
get_kind (DbrBluezOperation *self)
{
  if (g_strcmp0 (self->interface_name, DBR_BLUEZ_AGENT_MANAGER_INTERFACE) == 0)
    return DBR_BLUEZ_ENTRY_AGENT;
  if (g_strcmp0 (self->interface_name, DBR_BLUEZ_VALUE_INTERFACE) == 0)
    return DBR_BLUEZ_ENTRY_NOTIFY;

  return DBR_BLUEZ_ENTRY_REGISTRATION;
}

/* A path is remembered as what it is of an adapter or a device, whose own paths may change. */
static void
settle_path (DbrBluezOperation *self)
{
  g_autofree char *prefix = g_strdup (self->path);

  while (self->adapter == NULL && self->device == NULL)
    {
      DbrBluezNode *node = dbr_bluez_core_lookup_path (self->core, prefix);
      char *slash = strrchr (prefix, '/');

      if (node != NULL)
        {
          char *rest = g_strdup (self->path + strlen (prefix));

          g_free (self->path);
          self->path = rest;
          if (node->adapter == NULL)
            self->adapter = g_strdup (node->key);
          else
            self->device = g_strdup (node->key);
          return;
        }
      if (slash == NULL || slash == prefix)
        return;
      *slash = '\0';
    }
}

static char *
dup_whole_path (DbrBluezOperation *self)
{
  g_autofree char *node = dbr_bluez_operation_dup_path (self);

  if (node == NULL && (self->adapter != NULL || self->device != NULL))
    return NULL;

  return g_strconcat (node != NULL ? node : "", self->path, NULL);
}

static const char *
get_node (DbrBluezOperation *self)
{
  return self->device != NULL ? self->device : self->adapter;
}

/* It, or the adapter or device that it is of. */
static void
fail_gone (DbrBluezOperation *self)
{
  g_autofree char *path = dup_whole_path (self);

  dbr_bluez_operation_fail (self, g_error_new (DBR_ERROR, DBR_ERROR_STALE,
                                               _("BlueZ has no %s any more"),
                                               path != NULL ? path : get_node (self)));
}

static DbrBluezEntry *
find_entry (DbrBluezOperation *self)
{
  return dbr_bluez_ledger_find (self->core->ledger, get_kind (self), get_node (self), self->path,
                                self->interface_name, self->parameters);
}

/* TRUE: it goes on; else it has failed. */
static gboolean
has_got_lease (DbrBluezOperation *self)
{
  if (self->core->lease != NULL || !dbr_bluez_core_can_lease (self->core))
    return TRUE;

  if (self->core->lease_error != NULL)
    dbr_bluez_operation_fail (self, g_error_copy (self->core->lease_error));
  else
    dbr_bluez_operation_wait (self, dbr_bluez_operation_has_lease,
                              dbr_bluez_operation_get_left_ms (self), self->klass->begin);

  return FALSE;
}

/* Registering */

static void register_call (DbrBluezOperation *self);

static void
register_done (DbrBluezOperation *self)
{
  if (!self->is_own)
    dbr_bluez_ledger_note (self->core->ledger, get_kind (self), get_node (self), self->path,
                           self->interface_name, self->member, self->parameters, self->flag);
  dbr_bluez_operation_finish (self);
}

static void
default_called (DbrBluezOperation *self)
{
  if (self->error == NULL)
    register_done (self);
  else
    dbr_bluez_operation_react (self, dbr_bluez_operation_get_reaction (self), register_call);
}

static void
request_default (DbrBluezOperation *self)
{
  g_autoptr(GVariant) agent = g_variant_get_child_value (self->parameters, 0);

  dbr_bluez_operation_call (self, DBR_BLUEZ_ROOT, DBR_BLUEZ_AGENT_MANAGER_INTERFACE,
                            "RequestDefaultAgent", g_variant_new ("(@o)", agent), TRUE,
                            default_called);
}

static void
register_called (DbrBluezOperation *self)
{
  DbrBluezReaction reaction = DBR_BLUEZ_REACTION_DONE;

  if (self->error != NULL)
    reaction = dbr_bluez_operation_get_reaction (self);
  if (reaction != DBR_BLUEZ_REACTION_DONE)
    dbr_bluez_operation_react (self, reaction, register_call);
  else if (self->flag)
    request_default (self);
  else
    register_done (self);
}

static void
register_call (DbrBluezOperation *self)
{
  g_autofree char *path = NULL;

  settle_path (self);
  path = dup_whole_path (self);
  if (path == NULL)
    {
      fail_gone (self);
      return;
    }
  if (!has_got_lease (self))
    return;

  self->generation = self->core->generation;
  dbr_bluez_operation_call (self, path, self->interface_name, self->member, self->parameters, TRUE,
                            register_called);
}

static const DbrBluezOperationClass register_class = {
  "register", "default", register_call, NULL, FALSE
};

static DbrBluezOperation *
new_for_path (const DbrBluezOperationClass *klass,
              DbrBluezCore                 *core,
              const char                   *path,
              const char                   *interface_name,
              const char                   *member,
              GVariant                     *parameters)
{
  DbrBluezOperation *self = dbr_bluez_operation_new (klass, core, NULL, NULL);

  self->path = g_strdup (path);
  self->interface_name = g_strdup (interface_name);
  self->member = g_strdup (member);
  self->parameters = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;

  return self;
}

DbrBluezOperation *
dbr_bluez_register_new (DbrBluezCore *core,
                        const char   *path,
                        const char   *interface_name,
                        const char   *member,
                        GVariant     *parameters,
                        gboolean      as_default)
{
  DbrBluezOperation *self = new_for_path (&register_class, core, path, interface_name, member,
                                          parameters);

  self->flag = as_default;

  return self;
}

/* Unregistering: what does not hold is only forgotten. */

static void
unregister_called (DbrBluezOperation *self)
{
  if (self->error == NULL)
    dbr_bluez_operation_finish (self);
  else
    dbr_bluez_operation_react (self, dbr_bluez_operation_get_reaction (self),
                               dbr_bluez_operation_finish);
}

/* It is not just being asked for again: of that nobody would know how it ends. */
static gboolean
is_at_rest (DbrBluezOperation *self)
{
  DbrBluezEntry *entry = find_entry (self);

  return entry == NULL || !entry->is_busy;
}

static void
unregister_now (DbrBluezOperation *self)
{
  g_autofree char *path = dup_whole_path (self);
  g_autofree char *member = NULL;
  DbrBluezEntry *entry = find_entry (self);
  gboolean holds;

  if (entry == NULL || path == NULL)
    {
      dbr_bluez_operation_finish (self);
      return;
    }

  holds = dbr_bluez_ledger_holds (self->core->ledger, entry);
  if (self->member != NULL)
    member = g_strdup (self->member);
  else if (g_str_has_prefix (entry->member, "Register"))
    member = g_strconcat ("Unr", entry->member + 1, NULL);
  dbr_bluez_ledger_forget (self->core->ledger, entry);
  if (holds && member != NULL)
    dbr_bluez_operation_call (self, path, self->interface_name, member, self->parameters, TRUE,
                              unregister_called);
  else
    dbr_bluez_operation_finish (self);
}

static void
unregister_call (DbrBluezOperation *self)
{
  settle_path (self);
  dbr_bluez_operation_wait (self, is_at_rest, dbr_bluez_operation_get_left_ms (self),
                            unregister_now);
}

static const DbrBluezOperationClass unregister_class = {
  "unregister", "default", unregister_call, NULL, FALSE
};

/* Without a member it is what belongs to the one that was registered with. */
DbrBluezOperation *
dbr_bluez_unregister_new (DbrBluezCore *core,
                          const char   *path,
                          const char   *interface_name,
                          const char   *member,
                          GVariant     *parameters)
{
  return new_for_path (&unregister_class, core, path, interface_name, member, parameters);
}

/* Notifications */

static void notify_call (DbrBluezOperation *self);

static gboolean
is_resolved (DbrBluezOperation *self)
{
  return dbr_bluez_operation_is_device (self, "ServicesResolved");
}

static void
notify_done (DbrBluezOperation *self)
{
  self->may_have_begun = FALSE;
  if (!self->is_own)
    dbr_bluez_ledger_note (self->core->ledger, DBR_BLUEZ_ENTRY_NOTIFY, get_node (self), self->path,
                           self->interface_name, NULL, NULL, FALSE);
  dbr_bluez_operation_finish (self);
}

/* A value takes one thing at a time: it is asked again soon, and ever less. */
static void
notify_in_progress (DbrBluezOperation *self)
{
  DbrBluezEntry *entry = find_entry (self);
  guint ms = MIN (FIRST_PAUSE_MS << MIN (self->n_joins, 7), MAX_PAUSE_MS);

  self->n_joins++;
  if (entry != NULL && dbr_bluez_ledger_holds (self->core->ledger, entry))
    notify_done (self);
  else
    dbr_bluez_operation_pause (self, ms, notify_call);
}

static void
notify_called (DbrBluezOperation *self)
{
  DbrBluezReaction reaction;

  if (self->error == NULL)
    {
      notify_done (self);
      return;
    }

  reaction = dbr_bluez_operation_get_reaction (self);
  self->may_have_begun = reaction == DBR_BLUEZ_REACTION_UNKNOWN;
  if (reaction == DBR_BLUEZ_REACTION_JOIN)
    notify_in_progress (self);
  else
    dbr_bluez_operation_react (self, reaction, notify_call);
}

static void
notify_send (DbrBluezOperation *self)
{
  g_autofree char *path = dup_whole_path (self);

  if (path == NULL)
    {
      fail_gone (self);
      return;
    }

  self->generation = self->core->generation;
  self->may_have_begun = TRUE;
  dbr_bluez_operation_call (self, path, self->interface_name, "StartNotify", NULL, TRUE,
                            notify_called);
}

static void
notify_call (DbrBluezOperation *self)
{
  settle_path (self);
  if (self->device == NULL)
    {
      fail_gone (self);
      return;
    }
  if (has_got_lease (self))
    dbr_bluez_operation_wait (self, is_resolved, dbr_bluez_operation_get_left_ms (self),
                              notify_send);
}

static void
notify_undo (DbrBluezOperation *self)
{
  g_autofree char *path = dup_whole_path (self);

  if (path == NULL)
    dbr_bluez_operation_end (self);
  else
    dbr_bluez_operation_call (self, path, self->interface_name, "StopNotify", NULL, TRUE,
                              dbr_bluez_operation_end);
}

static const DbrBluezOperationClass start_notify_class = {
  "start-notify", "start_notify", notify_call, notify_undo, FALSE
};

DbrBluezOperation *
dbr_bluez_start_notify_new (DbrBluezCore *core,
                            const char   *path)
{
  return new_for_path (&start_notify_class, core, path, DBR_BLUEZ_VALUE_INTERFACE, NULL, NULL);
}

static const DbrBluezOperationClass stop_notify_class = {
  "stop-notify", "stop_notify", unregister_call, NULL, FALSE
};

DbrBluezOperation *
dbr_bluez_stop_notify_new (DbrBluezCore *core,
                           const char   *path)
{
  return new_for_path (&stop_notify_class, core, path, DBR_BLUEZ_VALUE_INTERFACE, "StopNotify",
                       NULL);
}
