/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-bluez-follow-private.h"

#include <glib/gi18n.h>

#include "dbrctl-bluez-private.h"

struct _DbrctlBluezFollower
{
  DbrBluezMonitor *monitor;
  DbrctlBluezTold  told;
  gpointer         user_data;
};

static void
tell (DbrctlBluezFollower *self,
      DbrctlStyle          style,
      const char          *event,
      const char          *address,
      const char          *text)
{
  self->told (style, event, address, text, self->user_data);
}

/* Devices */

static char *
dup_title (DbrBluezDevice *device)
{
  g_autofree char *name = dbr_bluez_device_get_name (device);

  return name == NULL ? g_strdup (dbr_bluez_device_get_address (device))
         : g_strdup_printf ("%s (%s)", dbr_bluez_device_get_address (device), name);
}

static void
tell_device (DbrctlBluezFollower *self,
             DbrctlStyle          style,
             const char          *event,
             DbrBluezDevice      *device,
             const char          *what)
{
  g_autofree char *title = dup_title (device);
  g_autofree char *text = g_strdup_printf ("%s %s", title, what);

  tell (self, style, event, dbr_bluez_device_get_address (device), text);
}

static void
connected_cb (DbrBluezDevice *device,
              GParamSpec     *pspec,
              gpointer        user_data)
{
  if (dbr_bluez_device_get_connected (device))
    tell_device (user_data, DBRCTL_GOOD, "connected", device, _("is connected"));
}

static void
disconnected_cb (DbrBluezDevice      *device,
                 DbrDisconnectReason  reason,
                 gpointer             user_data)
{
  g_autoptr(GEnumClass) reasons = g_type_class_ref (DBR_TYPE_DISCONNECT_REASON);
  GEnumValue *value = g_enum_get_value (reasons, (int) reason);
  g_autofree char *what = NULL;

  what = g_strdup_printf (_("is not connected any more (%s)"), value->value_nick);
  tell_device (user_data, DBRCTL_DOUBT, "disconnected", device, what);
}

static void
resolved_cb (DbrBluezDevice *device,
             GParamSpec     *pspec,
             gpointer        user_data)
{
  if (dbr_bluez_device_get_services_resolved (device))
    tell_device (user_data, DBRCTL_PLAIN, "services-resolved", device, _("has shown its services"));
}

static void
follow_device (DbrctlBluezFollower *self,
               DbrBluezDevice      *device)
{
  g_signal_handlers_disconnect_by_data (device, self);
  g_signal_connect (device, "notify::connected", G_CALLBACK (connected_cb), self);
  g_signal_connect (device, "disconnected", G_CALLBACK (disconnected_cb), self);
  g_signal_connect (device, "notify::services-resolved", G_CALLBACK (resolved_cb), self);
}

static void
device_added_cb (DbrBluezMonitor *monitor,
                 DbrBluezDevice  *device,
                 gpointer         user_data)
{
  follow_device (user_data, device);
  tell_device (user_data, DBRCTL_PLAIN, "device-added", device, _("is known"));
}

static void
device_removed_cb (DbrBluezMonitor *monitor,
                   DbrBluezDevice  *device,
                   gpointer         user_data)
{
  tell_device (user_data, DBRCTL_FAINT, "device-removed", device, _("is not known any more"));
}

/* Adapters */

static void
tell_adapter (DbrctlBluezFollower *self,
              DbrctlStyle          style,
              const char          *event,
              DbrBluezAdapter     *adapter,
              const char          *what)
{
  g_autofree char *name = dbrctl_bluez_dup_short_name (adapter);
  g_autofree char *text = g_strdup_printf ("%s %s", name, what);

  tell (self, style, event, dbr_bluez_adapter_get_address (adapter), text);
}

static void
powered_cb (DbrBluezAdapter *adapter,
            GParamSpec      *pspec,
            gpointer         user_data)
{
  gboolean is_on = dbr_bluez_adapter_get_powered (adapter);

  tell_adapter (user_data, is_on ? DBRCTL_GOOD : DBRCTL_DOUBT, is_on ? "powered-on" : "powered-off",
                adapter, is_on ? _("is on") : _("is off"));
}

static void
discovering_cb (DbrBluezAdapter *adapter,
                GParamSpec      *pspec,
                gpointer         user_data)
{
  gboolean is_searching = dbr_bluez_adapter_get_discovering (adapter);

  tell_adapter (user_data, DBRCTL_PLAIN, is_searching ? "discovery-started" : "discovery-stopped",
                adapter, is_searching ? _("searches for devices") : _("has stopped to search"));
}

static void
follow_adapter (DbrctlBluezFollower *self,
                DbrBluezAdapter     *adapter)
{
  g_signal_handlers_disconnect_by_data (adapter, self);
  g_signal_connect (adapter, "notify::powered", G_CALLBACK (powered_cb), self);
  g_signal_connect (adapter, "notify::discovering", G_CALLBACK (discovering_cb), self);
}

static void
adapter_added_cb (DbrBluezMonitor *monitor,
                  DbrBluezAdapter *adapter,
                  gpointer         user_data)
{
  follow_adapter (user_data, adapter);
  tell_adapter (user_data, DBRCTL_PLAIN, "adapter-added", adapter, _("is there"));
}

static void
adapter_removed_cb (DbrBluezMonitor *monitor,
                    DbrBluezAdapter *adapter,
                    gpointer         user_data)
{
  tell_adapter (user_data, DBRCTL_BAD, "adapter-removed", adapter, _("is gone"));
}

/* BlueZ itself, with what it tells of broken controllers. */

static DbrctlStyle
get_style (const char *kind)
{
  static const char *const bad[] = { "stalled", "vanished", "adapter-stalled", NULL };
  static const char *const good[] = { "recovered", "appeared", NULL };

  if (g_strv_contains (bad, kind))
    return DBRCTL_BAD;

  return g_strv_contains (good, kind) ? DBRCTL_GOOD : DBRCTL_DOUBT;
}

static void
history_cb (GListModel *history,
            guint       position,
            guint       n_removed,
            guint       n_added,
            gpointer    user_data)
{
  for (guint i = position; i < position + n_added; i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (history, i);

      tell (user_data, get_style (dbr_event_get_kind (event)), dbr_event_get_kind (event), NULL,
            dbr_event_get_text (event));
    }
}

static void
connect_monitor (DbrctlBluezFollower *self)
{
  GListModel *history = dbr_service_monitor_get_history (DBR_SERVICE_MONITOR (self->monitor));

  g_signal_connect (self->monitor, "adapter-added", G_CALLBACK (adapter_added_cb), self);
  g_signal_connect (self->monitor, "adapter-removed", G_CALLBACK (adapter_removed_cb), self);
  g_signal_connect (self->monitor, "device-added", G_CALLBACK (device_added_cb), self);
  g_signal_connect (self->monitor, "device-removed", G_CALLBACK (device_removed_cb), self);
  g_signal_connect (history, "items-changed", G_CALLBACK (history_cb), self);
}

/* Those that outlive the monitor would call it still. */
static void
leave_all (DbrctlBluezFollower *self)
{
  GListModel *lists[] = {
    dbr_bluez_monitor_get_adapters (self->monitor), dbr_bluez_monitor_get_devices (self->monitor),
    dbr_service_monitor_get_history (DBR_SERVICE_MONITOR (self->monitor)),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      for (guint j = 0; j < g_list_model_get_n_items (lists[i]); j++)
        {
          g_autoptr(GObject) object = g_list_model_get_item (lists[i], j);

          g_signal_handlers_disconnect_by_data (object, self);
        }
      g_signal_handlers_disconnect_by_data (lists[i], self);
    }
  g_signal_handlers_disconnect_by_data (self->monitor, self);
}

DbrctlBluezFollower *
dbrctl_bluez_follower_new (DbrBluezMonitor *monitor,
                           DbrctlBluezTold  told,
                           gpointer         user_data)
{
  DbrctlBluezFollower *self = g_new0 (DbrctlBluezFollower, 1);

  self->monitor = g_object_ref (monitor);
  self->told = told;
  self->user_data = user_data;
  connect_monitor (self);

  return self;
}

void
dbrctl_bluez_follower_free (DbrctlBluezFollower *self)
{
  leave_all (self);
  g_object_unref (self->monitor);
  g_free (self);
}
