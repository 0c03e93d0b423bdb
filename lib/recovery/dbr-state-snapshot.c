/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-state-snapshot-private.h"

#include <string.h>

#include "base/dbr-io-private.h"
#include "monitor/dbr-bluez-ledger-private.h"
#include "monitor/dbr-bluez-wish-private.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
/* The bus itself answers at once, or is lost. */
#define BUS_MS 5000

/* All that a BlueZ tells and that one can lose, or a person change; what older ones do not have is
 * left out. */
static const char *const kept_of_device[] = {
  "AddressType", "Name", "Alias", "Class", "Appearance", "Icon", "Paired", "Bonded", "Trusted",
  "Blocked", "WakeAllowed", "PreferredBearer", "CablePairing", "Connected", "ServicesResolved",
  "UUIDs", NULL
};
static const char *const kept_of_adapter[] = {
  "Alias", "Powered", "Discoverable", "DiscoverableTimeout", "Pairable", "PairableTimeout",
  "Connectable", NULL
};

typedef struct
{
  DbrBluezCore     *core;
  const char       *key;
  const char       *name;
  gint64            since_usec;
  DbrStateSnapshot *snapshot;
  GVariant         *wish;
} Question;

DbrStateMoment *
dbr_state_moment_new (DbrBluezCore *core,
                      gint64        taken_usec,
                      gboolean      is_mark)
{
  DbrStateMoment *self = g_atomic_rc_box_new (DbrStateMoment);

  self->core = dbr_bluez_core_ref (core);
  self->taken_usec = taken_usec;
  self->is_mark = is_mark;

  return self;
}

DbrStateMoment *
dbr_state_moment_ref (DbrStateMoment *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
moment_clear (gpointer data)
{
  dbr_bluez_core_unref (((DbrStateMoment *) data)->core);
}

void
dbr_state_moment_unref (DbrStateMoment *self)
{
  g_atomic_rc_box_release_full (self, moment_clear);
}

void
dbr_state_snapshot_free (DbrStateSnapshot *self)
{
  g_clear_pointer (&self->values, g_variant_unref);
  g_clear_pointer (&self->adapter_values, g_variant_unref);
  g_clear_pointer (&self->standings, g_ptr_array_unref);
  g_free (self->path);
  g_free (self);
}

/* Those of these names that there are, a{sv}. */
static GVariant *
read_properties (DbrBluezCore      *core,
                 const char        *path,
                 const char        *interface_name,
                 const char *const *names)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  for (; *names != NULL; names++)
    {
      g_autoptr(GVariant) value = NULL;

      if (path != NULL && core->tree != NULL)
        value = dbr_object_tree_ref_property (core->tree, path, interface_name, *names);
      if (value != NULL)
        g_variant_dict_insert_value (&dict, *names, value);
    }

  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static void
take_cb (gpointer data)
{
  Question *question = data;
  DbrBluezCore *core = question->core;
  DbrStateSnapshot *self = question->snapshot;
  DbrBluezNode *node = dbr_bluez_core_lookup (core, question->key);
  g_autofree char *adapter_path = NULL;

  if (node != NULL && node->adapter != NULL)
    {
      self->path = g_strdup (node->path);
      adapter_path = dbr_bluez_core_dup_path (core, node->adapter);
    }
  self->values = read_properties (core, self->path, DBR_BLUEZ_DEVICE_INTERFACE, kept_of_device);
  self->adapter_values = read_properties (core, adapter_path, DBR_BLUEZ_ADAPTER_INTERFACE,
                                          kept_of_adapter);
  self->taken_usec = g_get_monotonic_time ();
  self->standings = dbr_bluez_ledger_survey (core->ledger);
}

DbrStateSnapshot *
dbr_state_snapshot_take (DbrBluezCore *core,
                         const char   *key)
{
  DbrStateSnapshot *self = g_new0 (DbrStateSnapshot, 1);
  Question question = { core, key, NULL, 0, self, NULL };

  dbr_io_ask (take_cb, &question);

  return self;
}

static void
insert_ledger (DbrStateSnapshot *self,
               GVariantDict     *dict,
               const char       *key,
               const char       *adapter)
{
  g_auto(GVariantBuilder) notify = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  gboolean has_any = FALSE;

  for (guint i = 0; i < self->standings->len; i++)
    {
      const DbrBluezStanding *standing = self->standings->pdata[i];

      if (standing->kind == DBR_BLUEZ_ENTRY_DISCOVERY && g_strcmp0 (standing->node, adapter) == 0)
        g_variant_dict_insert_value (dict, "DiscoveryFilter", standing->parameters != NULL
                                     ? standing->parameters : g_variant_new ("a{sv}", NULL));
      if (standing->kind != DBR_BLUEZ_ENTRY_NOTIFY || g_strcmp0 (standing->node, key) != 0)
        continue;
      g_variant_builder_add (&notify, "s", standing->rest);
      has_any = TRUE;
    }
  if (has_any)
    g_variant_dict_insert_value (dict, "Notify", g_variant_builder_end (&notify));
}

GVariant *
dbr_state_snapshot_to_values (DbrStateSnapshot *self,
                              const char       *key,
                              const char       *identity)
{
  g_autofree char *adapter = g_strndup (key, strcspn (key, "/"));
  GVariantDict dict;

  g_variant_dict_init (&dict, self->values);
  g_variant_dict_insert (&dict, "Adapter", "s", adapter);
  g_variant_dict_insert_value (&dict, "AdapterState", self->adapter_values);
  if (identity != NULL)
    g_variant_dict_insert (&dict, "Service", "s", identity);
  insert_ledger (self, &dict, key, adapter);

  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static void
wish_cb (gpointer data)
{
  Question *question = data;
  DbrBluezNode *node = dbr_bluez_core_lookup (question->core, question->key);

  if (node != NULL)
    question->wish = dbr_bluez_wishes_ref (node, question->name, question->since_usec);
}

GVariant *
dbr_state_ref_wish (DbrBluezCore *core,
                    const char   *key,
                    const char   *name,
                    gint64        since_usec)
{
  Question question = { core, key, name, since_usec, NULL, NULL };

  dbr_io_ask (wish_cb, &question);

  return question.wish;
}

static char *
ask_bus (DbrClient    *client,
         const char   *method_name,
         GVariant     *parameters,
         GCancellable *cancellable)
{
  g_autoptr(GVariant) reply = NULL;
  char *text = NULL;

  reply = dbr_client_call_sync (client, BUS_NAME, BUS_PATH, BUS_NAME, method_name, parameters,
                                G_VARIANT_TYPE ("(s)"), BUS_MS, cancellable, NULL);
  if (reply != NULL)
    g_variant_get (reply, "(s)", &text);

  return text;
}

/* A bus gives no name twice, and no two buses have one id. */
char *
dbr_state_dup_identity (DbrClient    *client,
                        GCancellable *cancellable)
{
  g_autofree char *bus = ask_bus (client, "GetId", NULL, cancellable);
  g_autofree char *owner = ask_bus (client, "GetNameOwner", g_variant_new ("(s)", DBR_BLUEZ_NAME),
                                    cancellable);

  return bus != NULL && owner != NULL ? g_strdup_printf ("%s %s", bus, owner) : NULL;
}
