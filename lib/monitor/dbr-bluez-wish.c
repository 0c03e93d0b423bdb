/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-bluez-wish-private.h"

#include <string.h>

#include "monitor/dbr-bluez-operation-private.h"

/* BlueZ is gone so long, at most, after the first thing it ends when it stops. */
#define PARTING_USEC (3 * G_USEC_PER_SEC)
/* It switches adapters on by itself when they come. */
#define COMING_USEC (5 * G_USEC_PER_SEC)

typedef struct
{
  gint64    changed_usec;
  GVariant *value;
} Wish;

typedef struct
{
  /* that BlueZ has outlived, and the newest, of which that is not known yet; value NULL: none */
  Wish settled;
  Wish fresh;
} Wishes;

static const char *const device_names[] = {
  "Trusted", "Blocked", "Alias", "WakeAllowed", "Connected", NULL
};
static const char *const adapter_names[] = { "Powered", NULL };

static void
wish_clear (Wish *wish)
{
  g_clear_pointer (&wish->value, g_variant_unref);
}

static void
wishes_free (gpointer data)
{
  Wishes *wishes = data;

  wish_clear (&wishes->settled);
  wish_clear (&wishes->fresh);
  g_free (wishes);
}

/* It is known now whether the newest was one. */
static void
wishes_settle (Wishes *wishes)
{
  if (wishes->fresh.value != NULL
      && g_get_monotonic_time () - wishes->fresh.changed_usec >= PARTING_USEC)
    {
      wish_clear (&wishes->settled);
      wishes->settled = wishes->fresh;
      wishes->fresh.value = NULL;
    }
  wish_clear (&wishes->fresh);
}

static gboolean
is_off (GVariant *value)
{
  return g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN) && !g_variant_get_boolean (value);
}

/* The connections of an adapter that was switched off have ended with that. */
static void
drop_partings (DbrBluezCore *core,
               DbrBluezNode *adapter)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, core->by_path);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      DbrBluezNode *node = value;

      if (g_strcmp0 (node->adapter, adapter->key) == 0)
        dbr_bluez_wishes_drop (node, "Connected");
    }
}

/* Whether somebody wanted this, and it was not BlueZ itself or something that it is part of. */
static gboolean
is_wish (DbrBluezCore *core,
         DbrBluezNode *node,
         const char   *name,
         GVariant     *value)
{
  DbrBluezNode *adapter = node->adapter != NULL ? dbr_bluez_core_lookup (core, node->adapter) : node;
  gboolean is_cycling = adapter->holder != NULL && dbr_bluez_operation_is_cycle (adapter->holder);

  if (strcmp (name, "Powered") == 0)
    return !is_cycling && (is_off (value)
                           || g_get_monotonic_time () - node->come_usec > COMING_USEC);
  if (strcmp (name, "Connected") == 0)
    return !is_cycling && dbr_bluez_core_is (core, adapter->path, DBR_BLUEZ_ADAPTER_INTERFACE,
                                             "Powered");

  return TRUE;
}

static void
note_one (DbrBluezCore *core,
          DbrBluezNode *node,
          const char   *name,
          GVariant     *value)
{
  Wishes *wishes;

  if (node->adapter == NULL && is_off (value))
    drop_partings (core, node);
  if (!is_wish (core, node, name, value))
    return;

  if (node->wishes == NULL)
    node->wishes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, wishes_free);
  wishes = g_hash_table_lookup (node->wishes, name);
  if (wishes == NULL)
    {
      wishes = g_new0 (Wishes, 1);
      g_hash_table_insert (node->wishes, g_strdup (name), wishes);
    }
  wishes_settle (wishes);
  wishes->fresh.changed_usec = g_get_monotonic_time ();
  wishes->fresh.value = g_variant_ref (value);
}

void
dbr_bluez_wishes_note (DbrBluezCore      *core,
                       DbrBluezNode      *node,
                       const char        *interface_name,
                       const char *const *names)
{
  gboolean is_device = node->adapter != NULL;
  const char *const *noted = is_device ? device_names : adapter_names;

  if (strcmp (interface_name, is_device ? DBR_BLUEZ_DEVICE_INTERFACE
              : DBR_BLUEZ_ADAPTER_INTERFACE) != 0)
    return;

  for (; *names != NULL; names++)
    {
      g_autoptr(GVariant) value = NULL;

      if (!g_strv_contains (noted, *names))
        continue;
      value = dbr_object_tree_ref_property (core->tree, node->path, interface_name, *names);
      if (value != NULL)
        note_one (core, node, *names, value);
    }
}

void
dbr_bluez_wishes_drop (DbrBluezNode *node,
                       const char   *name)
{
  Wishes *wishes = node->wishes != NULL ? g_hash_table_lookup (node->wishes, name) : NULL;

  if (wishes != NULL)
    wishes_settle (wishes);
}

void
dbr_bluez_wishes_part (DbrBluezNode *node)
{
  GHashTableIter iter;
  gpointer wishes;

  if (node->wishes == NULL)
    return;

  g_hash_table_iter_init (&iter, node->wishes);
  while (g_hash_table_iter_next (&iter, NULL, &wishes))
    wishes_settle (wishes);
}

GVariant *
dbr_bluez_wishes_ref (DbrBluezNode *node,
                      const char   *name,
                      gint64        since_usec)
{
  const Wishes *wishes = node->wishes != NULL ? g_hash_table_lookup (node->wishes, name) : NULL;
  const Wish *wish;

  if (wishes == NULL)
    return NULL;

  wish = wishes->fresh.value != NULL ? &wishes->fresh : &wishes->settled;

  return wish->value != NULL && wish->changed_usec > since_usec ? g_variant_ref (wish->value) : NULL;
}
