/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-state-restore-private.h"

#include <string.h>

#include "base/dbr-event-private.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-bluez-ledger-private.h"
#include "monitor/dbr-bluez-operation-private.h"

/* How often a device that was only met is waited for, by the time that one is waited for. */
#define SEARCHES 3

/* What a device may have been told, in the order in which it is put back. */
static const struct
{
  const char *kind;
  const char *name;
} settings[] = {
  { "alias", "Alias" },
  { "blocked", "Blocked" },
  { "wake-allowed", "WakeAllowed" },
  { "trusted", "Trusted" },
};

/* One device on its way back. */
typedef struct
{
  DbrStateRestore      *restore;
  const DbrStateRecord *record;
  /* NULL: nobody has looked on since */
  const DbrStateMoment *moment;
  char                 *adapter;
  char                 *key;
  DbrStateSnapshot     *now;
} Device;

static void
device_clear (Device *self)
{
  g_clear_pointer (&self->now, dbr_state_snapshot_free);
  g_free (self->adapter);
  g_free (self->key);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Device, device_clear)

/* Reporting */

void
dbr_state_restore_report (DbrStateRestore *self,
                          const char      *kind,
                          const char      *key,
                          const char      *result,
                          const char      *text,
                          GVariant        *saved,
                          GVariant        *found,
                          const char      *problem)
{
  const char *slash = key != NULL ? strchr (key, '/') : NULL;
  g_autoptr(DbrEvent) event = NULL;
  GVariantDict details;

  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert (&details, "result", "s", result);
  if (key != NULL)
    g_variant_dict_insert (&details, "address", "s", slash != NULL ? slash + 1 : key);
  if (saved != NULL)
    g_variant_dict_insert_value (&details, "saved", saved);
  if (found != NULL)
    g_variant_dict_insert_value (&details, "found", found);
  if (problem != NULL)
    g_variant_dict_insert (&details, "error", "s", problem);
  event = dbr_event_new (kind, text, g_variant_dict_end (&details));
  g_list_store_append (self->events, event);
}

static void
report (Device     *self,
        const char *kind,
        const char *result,
        char       *text,
        GVariant   *saved,
        GVariant   *found,
        GError     *error)
{
  dbr_state_restore_report (self->restore, kind, self->key, result, text, saved, found,
                            error != NULL ? error->message : NULL);
  g_free (text);
  g_clear_error (&error);
}

/* Doing */

static gboolean
run (Device             *self,
     DbrBluezOperation  *operation,
     GError            **error)
{
  operation->is_own = TRUE;

  return dbr_bluez_operation_run_wait (operation, self->restore->cancellable, error);
}

static void
look (Device *self)
{
  g_clear_pointer (&self->now, dbr_state_snapshot_free);
  self->now = dbr_state_snapshot_take (self->restore->core, self->key);
}

static GVariant *
lookup_saved (Device             *self,
              const char         *name,
              const GVariantType *type)
{
  return g_variant_lookup_value (self->record->values, name, type);
}

static GVariant *
lookup_now (Device     *self,
            const char *name)
{
  return g_variant_lookup_value (self->now->values, name, NULL);
}

static gboolean
was (Device     *self,
     const char *name)
{
  gboolean value = FALSE;

  g_variant_lookup (self->record->values, name, "b", &value);

  return value;
}

static gboolean
is (Device     *self,
    const char *name)
{
  gboolean value = FALSE;

  g_variant_lookup (self->now->values, name, "b", &value);

  return value;
}

/* Whether it is another thing than it was because somebody wanted that. A BlueZ that has it on disk
 * would not have lost it. */
static gboolean
was_wanted (Device     *self,
            const char *name,
            GVariant   *saved,
            gboolean    is_on_disk)
{
  g_autoptr(GVariant) wish = NULL;
  const char *identity = NULL;

  if (self->moment != NULL)
    {
      if (self->moment->is_mark && strcmp (name, "Connected") == 0)
        return FALSE;
      wish = dbr_state_ref_wish (self->restore->core, self->key, name, self->moment->taken_usec);
      return wish != NULL && !g_variant_equal (wish, saved);
    }

  /* In doubt it was somebody. */
  g_variant_lookup (self->record->values, "Service", "&s", &identity);
  if (is_on_disk || identity == NULL || self->restore->identity == NULL)
    return TRUE;

  return strcmp (identity, self->restore->identity) == 0;
}

/* The settings */

/* An alias that is the name of the device is none, nor is what BlueZ makes of the address while it
 * does not know the name. */
static gboolean
is_to_restore (Device     *self,
               const char *name,
               GVariant   *saved)
{
  g_autoptr(GVariant) own_name = lookup_saved (self, "Name", G_VARIANT_TYPE_STRING);
  g_autofree char *dashed = g_strdelimit (g_strdup (self->record->address), ":", '-');
  g_autoptr(GVariant) of_address = g_variant_ref_sink (g_variant_new_string (dashed));

  return strcmp (name, "Alias") != 0
         || (!g_variant_equal (of_address, saved)
             && (own_name == NULL || !g_variant_equal (own_name, saved)));
}

static void
restore_setting (Device     *self,
                 const char *kind,
                 const char *name)
{
  g_autoptr(GVariant) saved = lookup_saved (self, name, NULL);
  g_autoptr(GVariant) found = lookup_now (self, name);
  g_autofree char *text = saved != NULL ? g_variant_print (saved, FALSE) : NULL;
  GError *error = NULL;

  if (saved == NULL || !is_to_restore (self, name, saved))
    return;

  if (self->now->path == NULL)
    report (self, kind, DBR_STATE_IMPOSSIBLE,
            g_strdup_printf (_("%s cannot be set while BlueZ does not have the device"), name),
            saved, NULL, NULL);
  else if (found != NULL && g_variant_equal (found, saved))
    report (self, kind, DBR_STATE_UNCHANGED, g_strdup_printf (_("%s is still %s"), name, text),
            saved, found, NULL);
  else if (found == NULL)
    report (self, kind, DBR_STATE_IMPOSSIBLE,
            g_strdup_printf (_("%s is nothing that this BlueZ has"), name), saved, NULL, NULL);
  else if (was_wanted (self, name, saved, was (self, "Paired")))
    report (self, kind, DBR_STATE_KEPT,
            g_strdup_printf (_("%s stays as somebody has changed it since"), name), saved, found,
            NULL);
  else if (run (self, dbr_bluez_set_property_new (self->restore->core, self->adapter, self->key,
                                                  name, saved), &error))
    report (self, kind, DBR_STATE_RESTORED, g_strdup_printf (_("%s was set back to %s"), name, text),
            saved, found, NULL);
  else
    report (self, kind, DBR_STATE_FAILED,
            g_strdup_printf (_("%s could not be set back: %s"), name, error->message), saved, found,
            error);
}

static void
report_pairing (Device *self)
{
  g_autoptr(GVariant) saved = lookup_saved (self, "Paired", G_VARIANT_TYPE_BOOLEAN);
  g_autoptr(GVariant) found = lookup_now (self, "Paired");

  if (!was (self, "Paired"))
    return;

  if (is (self, "Paired"))
    report (self, "paired", DBR_STATE_UNCHANGED, g_strdup (_("It is still paired")), saved, found,
            NULL);
  else
    report (self, "paired", DBR_STATE_IMPOSSIBLE, g_strdup (_("It has to be paired again")), saved,
            found, NULL);
}

/* The connection */

static gboolean
is_searching (Device *self)
{
  for (guint i = 0; i < self->now->standings->len; i++)
    {
      const DbrBluezStanding *standing = self->now->standings->pdata[i];

      if (standing->kind == DBR_BLUEZ_ENTRY_DISCOVERY
          && g_strcmp0 (standing->node, self->adapter) == 0)
        return TRUE;
    }

  return FALSE;
}

/* A device that was only met is met again by a search. A search of the program's own goes on. */
static void
search (Device *self)
{
  DbrBluezCore *core = self->restore->core;
  gboolean is_ours = FALSE;

  if (!is_searching (self))
    is_ours = run (self, dbr_bluez_start_discovery_new (core, self->adapter, NULL), NULL);
  for (guint i = 0; i < SEARCHES && self->now->path == NULL; i++)
    {
      if (g_cancellable_is_cancelled (self->restore->cancellable))
        break;
      run (self, dbr_bluez_find_new (core, self->adapter, self->key), NULL);
      look (self);
    }
  if (is_ours && !is_searching (self))
    dbr_bluez_operation_run_wait (dbr_bluez_stop_discovery_new (core, self->adapter), NULL, NULL);
}

static gboolean
is_adapter_on (Device *self)
{
  gboolean is_powered = FALSE;

  g_variant_lookup (self->now->adapter_values, "Powered", "b", &is_powered);

  return is_powered;
}

static void
restore_connection (Device *self)
{
  g_autoptr(GVariant) saved = lookup_saved (self, "Connected", G_VARIANT_TYPE_BOOLEAN);
  g_autoptr(GVariant) found = NULL;
  GError *error = NULL;

  if (!was (self, "Connected"))
    return;

  look (self);
  found = lookup_now (self, "Connected");
  if (is (self, "Connected"))
    report (self, "connected", DBR_STATE_UNCHANGED, g_strdup (_("It is still connected")), saved,
            found, NULL);
  else if (is (self, "Blocked") || was_wanted (self, "Connected", saved, FALSE))
    report (self, "connected", DBR_STATE_KEPT,
            g_strdup (_("It stays disconnected, as somebody has wanted it since")), saved, found,
            NULL);
  else if (!is_adapter_on (self))
    report (self, "connected", DBR_STATE_IMPOSSIBLE, g_strdup (_("Its adapter is off")), saved,
            found, NULL);
  else if (run (self, dbr_bluez_connect_new (self->restore->core, self->adapter, self->key),
                &error))
    report (self, "connected", DBR_STATE_RESTORED, g_strdup (_("It was connected again")), saved,
            found, NULL);
  else
    report (self, "connected", DBR_STATE_FAILED,
            g_strdup_printf (_("It could not be connected: %s"), error->message), saved, found,
            error);
}

/* Notifications that this process has asked for: the ledger asks for them by itself when they can be
 * had, and this waits for it. */

static gboolean
did_hold (DbrStateSnapshot       *snapshot,
          const DbrBluezStanding *standing)
{
  for (guint i = 0; i < snapshot->standings->len; i++)
    {
      const DbrBluezStanding *other = snapshot->standings->pdata[i];

      if (other->kind == standing->kind && g_strcmp0 (other->node, standing->node) == 0
          && g_strcmp0 (other->rest, standing->rest) == 0)
        return other->holds;
    }

  return FALSE;
}

static void
report_notification (Device                 *self,
                     DbrStateSnapshot       *before,
                     const DbrBluezStanding *standing)
{
  g_autoptr(GVariant) path = g_variant_ref_sink (g_variant_new_string (standing->rest));

  if (!standing->holds)
    dbr_state_restore_report (self->restore, "notify", self->key, DBR_STATE_FAILED,
                              is (self, "Connected") ? _("Changes could not be asked for again")
                              : _("Changes are not told before the device is connected"),
                              path, NULL, standing->problem);
  else if (did_hold (before, standing))
    dbr_state_restore_report (self->restore, "notify", self->key, DBR_STATE_UNCHANGED,
                              _("Changes are still told"), path, NULL, NULL);
  else
    dbr_state_restore_report (self->restore, "notify", self->key, DBR_STATE_RESTORED,
                              _("Changes are told again"), path, NULL, NULL);
}

static gboolean
has_notifications (Device *self)
{
  for (guint i = 0; i < self->now->standings->len; i++)
    {
      const DbrBluezStanding *standing = self->now->standings->pdata[i];

      if (standing->kind == DBR_BLUEZ_ENTRY_NOTIFY && g_strcmp0 (standing->node, self->key) == 0)
        return TRUE;
    }

  return FALSE;
}

static void
restore_notifications (Device *self)
{
  g_autoptr(DbrStateSnapshot) before = g_steal_pointer (&self->now);

  look (self);
  if (is (self, "Connected") && has_notifications (self))
    {
      run (self, dbr_bluez_settle_new (self->restore->core, self->adapter, self->key), NULL);
      look (self);
    }
  for (guint i = 0; i < self->now->standings->len; i++)
    {
      const DbrBluezStanding *standing = self->now->standings->pdata[i];

      if (standing->kind == DBR_BLUEZ_ENTRY_NOTIFY && g_strcmp0 (standing->node, self->key) == 0)
        report_notification (self, before, standing);
    }
}

static void
find_key (Device *self)
{
  const char *adapter = NULL;

  g_variant_lookup (self->record->values, "Adapter", "&s", &adapter);
  self->adapter = g_strdup (adapter != NULL ? adapter : "");
  self->key = g_strdup_printf ("%s/%s", self->adapter, self->record->address);
}

/* A BlueZ that has just come shows its adapters one after the other, switches them on, and shows what
 * is paired. */
static void
await (Device *self)
{
  run (self, dbr_bluez_come_new (self->restore->core, self->adapter), NULL);
  look (self);
  if (self->now->path != NULL)
    return;

  run (self, dbr_bluez_find_new (self->restore->core, self->adapter, self->key), NULL);
  look (self);
}

gboolean
dbr_state_restore_device (DbrStateRestore       *self,
                          const DbrStateRecord  *record,
                          const DbrStateMoment  *moment,
                          GError               **error)
{
  g_auto(Device) device = { self, record, moment, NULL, NULL, NULL };

  if (moment != NULL && moment->core != self->core)
    device.moment = NULL;
  find_key (&device);
  await (&device);
  if (device.now->path == NULL && was (&device, "Connected"))
    search (&device);

  report_pairing (&device);
  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
    restore_setting (&device, settings[i].kind, settings[i].name);
  if (!g_cancellable_is_cancelled (self->cancellable))
    restore_connection (&device);
  if (!g_cancellable_is_cancelled (self->cancellable))
    restore_notifications (&device);

  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}
