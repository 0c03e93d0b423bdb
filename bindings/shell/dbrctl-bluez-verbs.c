/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-bluez-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"


/* What there is, and what is done with one of them. */

static gboolean
refresh (DbrctlBluez  *self,
         GError      **error)
{
  DbrServiceMonitor *service = DBR_SERVICE_MONITOR (self->monitor);

  if (!dbr_service_monitor_refresh_sync (service, dbrctl_frame_get_cancellable (self->frame), error))
    return FALSE;
  if (dbr_service_monitor_get_owner (service) != NULL)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_NO_OWNER, _("No program has the name %s"),
               dbr_service_monitor_get_bus_name (service));

  return FALSE;
}

static const char *
yes_or_no (gboolean is_so)
{
  return is_so ? _("yes") : _("no");
}

static void
show_adapters (DbrctlBluez *self)
{
  const char *const titles[] = { _("Adapter"), _("Address"), _("Name"), _("State"), NULL };
  GListModel *adapters = dbr_bluez_monitor_get_adapters (self->monitor);
  g_autoptr(DbrctlTable) table = dbrctl_table_new ("lllL", titles);

  for (guint i = 0; i < g_list_model_get_n_items (adapters); i++)
    {
      g_autoptr(DbrBluezAdapter) adapter = g_list_model_get_item (adapters, i);
      g_autofree char *path = dbrctl_bluez_dup_short_name (adapter);
      g_autofree char *name = dbr_bluez_adapter_get_name (adapter);
      gboolean is_on = dbr_bluez_adapter_get_powered (adapter);
      const char *state = is_on ? _("on") : _("off");

      if (dbr_bluez_adapter_get_blocked (adapter))
        state = _("blocked by airplane mode");
      else if (is_on && dbr_bluez_adapter_get_discovering (adapter))
        state = _("on, searches");
      dbrctl_table_add (table, is_on ? DBRCTL_GOOD : DBRCTL_DOUBT,
                        (const char *const[]) { path, dbr_bluez_adapter_get_address (adapter),
                                                name, state });
    }
  if (dbrctl_table_get_n_rows (table) > 0)
    dbrctl_output_table (self->output, table);
  else
    dbrctl_output_line (self->output, DBRCTL_DOUBT, _("BlueZ runs and has no adapter"));
}

static void
show_devices (DbrctlBluez *self)
{
  const char *const titles[] = { _("Device"), _("Name"), _("Connected"), _("Paired"), _("Trusted"),
                                 NULL };
  GListModel *devices = dbr_bluez_monitor_get_devices (self->monitor);
  g_autoptr(DbrctlTable) table = dbrctl_table_new ("llLll", titles);

  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr(DbrBluezDevice) device = g_list_model_get_item (devices, i);
      g_autofree char *name = dbr_bluez_device_get_name (device);
      gboolean is_connected = dbr_bluez_device_get_connected (device);

      dbrctl_table_add (table, is_connected ? DBRCTL_GOOD : DBRCTL_PLAIN,
                        (const char *const[]) {
      dbr_bluez_device_get_address (device), name, yes_or_no (is_connected),
      yes_or_no (dbr_bluez_device_get_paired (device)),
      yes_or_no (dbr_bluez_device_get_trusted (device)),
    });
    }
  if (dbrctl_table_get_n_rows (table) == 0)
    return;
  dbrctl_output_line (self->output, DBRCTL_PLAIN, "%s", "");
  dbrctl_output_table (self->output, table);
}

static void
list_json (DbrctlBluez *self)
{
  GListModel *adapters = dbr_bluez_monitor_get_adapters (self->monitor);
  GListModel *devices = dbr_bluez_monitor_get_devices (self->monitor);
  JsonBuilder *builder = dbrctl_bluez_begin_json (self);

  json_builder_set_member_name (builder, "adapters");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (adapters); i++)
    {
      g_autoptr(DbrBluezAdapter) adapter = g_list_model_get_item (adapters, i);

      dbrctl_bluez_add_adapter_json (builder, adapter);
    }
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "devices");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr(DbrBluezDevice) device = g_list_model_get_item (devices, i);

      dbrctl_bluez_add_device_json (builder, device);
    }
  json_builder_end_array (builder);
  dbrctl_output_end_json (self->output, builder);
}

DbrctlStatus
dbrctl_bluez_list (DbrctlBluez *self)
{
  g_autoptr(GError) error = NULL;

  if (!refresh (self, &error))
    return dbrctl_frame_fail (self->frame, error);

  if (dbrctl_frame_is_json (self->frame))
    {
      list_json (self);
    }
  else
    {
      show_adapters (self);
      show_devices (self);
    }

  return g_list_model_get_n_items (dbr_bluez_monitor_get_adapters (self->monitor)) > 0
         ? DBRCTL_WELL : DBRCTL_PROBLEM;
}

/* One of them */

static gboolean
is_named (const char *name,
          const char *wanted)
{
  return name != NULL && g_ascii_strcasecmp (name, wanted) == 0;
}

/* By its address, which may be known to more than one adapter, or by its name. Says so if there is
 * none. */
static DbrBluezDevice *
find_device (DbrctlBluez *self,
             const char  *wanted)
{
  GListModel *devices = dbr_bluez_monitor_get_devices (self->monitor);
  g_autoptr(DbrBluezDevice) found = NULL;
  guint n_found = 0;

  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr(DbrBluezDevice) device = g_list_model_get_item (devices, i);
      g_autofree char *name = dbr_bluez_device_get_name (device);

      if (!is_named (dbr_bluez_device_get_address (device), wanted) && !is_named (name, wanted))
        continue;
      n_found++;
      if (found == NULL || dbr_bluez_device_get_connected (device))
        g_set_object (&found, device);
    }

  if (n_found == 0)
    dbrctl_frame_problem (self->frame, _("BlueZ knows no device “%s”; “dbrctl bluez list” shows "
                                         "those that it knows"), wanted);
  else if (n_found > 1 && !is_named (dbr_bluez_device_get_address (found), wanted))
    dbrctl_frame_problem (self->frame, _("More than one device is called “%s”; the address tells "
                                         "which one is meant"), wanted);
  else
    return g_steal_pointer (&found);

  return NULL;
}

static DbrBluezAdapter *
find_adapter (DbrctlBluez *self,
              const char  *wanted)
{
  GListModel *adapters = dbr_bluez_monitor_get_adapters (self->monitor);
  DbrBluezAdapter *chosen = wanted == NULL ? dbr_bluez_monitor_get_default_adapter (self->monitor)
                            : NULL;

  if (chosen != NULL)
    return chosen;

  for (guint i = 0; i < g_list_model_get_n_items (adapters); i++)
    {
      g_autoptr(DbrBluezAdapter) adapter = g_list_model_get_item (adapters, i);
      g_autofree char *name = dbrctl_bluez_dup_short_name (adapter);

      if (wanted == NULL || is_named (name, wanted)
          || is_named (dbr_bluez_adapter_get_address (adapter), wanted))
        return g_steal_pointer (&adapter);
    }

  if (wanted != NULL)
    dbrctl_frame_problem (self->frame, _("BlueZ has no adapter “%s”"), wanted);
  else
    dbrctl_frame_problem (self->frame, "%s", _("BlueZ has no adapter"));

  return NULL;
}

static void
tell_device (DbrctlBluez    *self,
             DbrBluezDevice *device,
             gint64          usec)
{
  g_autofree char *took = dbrctl_text_duration (usec);
  g_autofree char *name = dbr_bluez_device_get_name (device);
  JsonBuilder *builder;

  if (!dbrctl_frame_is_json (self->frame))
    {
      dbrctl_output_line (self->output, DBRCTL_GOOD,
                          dbr_bluez_device_get_connected (device) ? _("%s (%s) is connected (%s)")
                          : _("%s (%s) is not connected any more (%s)"),
                          dbr_bluez_device_get_address (device), name != NULL ? name : "–", took);
      return;
    }

  builder = dbrctl_bluez_begin_json (self);
  dbrctl_json_int (builder, "took-usec", usec);
  json_builder_set_member_name (builder, "device");
  dbrctl_bluez_add_device_json (builder, device);
  dbrctl_output_end_json (self->output, builder);
}

/* What waits for an adapter that is off does so in vain until somebody switches it on. */
static void
hint_at_adapter (DbrctlBluez    *self,
                 DbrBluezDevice *device)
{
  DbrBluezAdapter *adapter = dbr_bluez_device_get_adapter (device);
  g_autofree char *name = NULL;

  if (adapter == NULL || dbr_bluez_adapter_get_powered (adapter)
      || dbrctl_frame_is_json (self->frame))
    return;

  name = dbrctl_bluez_dup_short_name (adapter);
  dbrctl_output_complain (self->output, _("%s is off; “dbrctl bluez power on %s” switches it on"),
                          name, name);
}

typedef gboolean (*DeviceFunc) (DbrBluezDevice  *device,
                                GCancellable    *cancellable,
                                GError         **error);

static DbrctlStatus
act_on_device (DbrctlBluez *self,
               DeviceFunc   act)
{
  g_autoptr(DbrBluezDevice) device = NULL;
  g_autoptr(GError) error = NULL;
  gint64 begin;

  if (!refresh (self, &error))
    return dbrctl_frame_fail (self->frame, error);

  begin = g_get_monotonic_time ();
  device = find_device (self, self->arguments[0]);
  if (device == NULL)
    return DBRCTL_PROBLEM;
  if (!act (device, dbrctl_frame_get_cancellable (self->frame), &error))
    {
      DbrctlStatus status = dbrctl_frame_fail (self->frame, error);

      hint_at_adapter (self, device);
      return status;
    }

  tell_device (self, device, g_get_monotonic_time () - begin);

  return DBRCTL_WELL;
}

DbrctlStatus
dbrctl_bluez_connect (DbrctlBluez *self)
{
  return act_on_device (self, dbr_bluez_device_connect_device_sync);
}

DbrctlStatus
dbrctl_bluez_disconnect (DbrctlBluez *self)
{
  return act_on_device (self, dbr_bluez_device_disconnect_device_sync);
}

static void
tell_adapter (DbrctlBluez     *self,
              DbrBluezAdapter *adapter,
              gint64           usec)
{
  g_autofree char *took = dbrctl_text_duration (usec);
  g_autofree char *name = dbrctl_bluez_dup_short_name (adapter);
  JsonBuilder *builder;

  if (!dbrctl_frame_is_json (self->frame))
    {
      dbrctl_output_line (self->output, DBRCTL_GOOD,
                          dbr_bluez_adapter_get_powered (adapter) ? _("%s (%s) is on (%s)")
                          : _("%s (%s) is off (%s)"),
                          name, dbr_bluez_adapter_get_address (adapter), took);
      return;
    }

  builder = dbrctl_bluez_begin_json (self);
  dbrctl_json_int (builder, "took-usec", usec);
  json_builder_set_member_name (builder, "adapter");
  dbrctl_bluez_add_adapter_json (builder, adapter);
  dbrctl_output_end_json (self->output, builder);
}

DbrctlStatus
dbrctl_bluez_power (DbrctlBluez *self)
{
  GCancellable *cancellable = dbrctl_frame_get_cancellable (self->frame);
  g_autoptr(DbrBluezAdapter) adapter = NULL;
  g_autoptr(GError) error = NULL;
  const char *how = self->arguments[0];
  gboolean is_cycle = g_str_equal (how, "cycle");
  gboolean is_on = g_str_equal (how, "on");
  gint64 begin;

  if (!is_cycle && !is_on && !g_str_equal (how, "off"))
    return dbrctl_frame_misuse (self->frame, _("“power” is “on”, “off” or “cycle”, and not “%s”"),
                                how);
  if (!refresh (self, &error))
    return dbrctl_frame_fail (self->frame, error);

  begin = g_get_monotonic_time ();
  adapter = find_adapter (self, self->arguments[1]);
  if (adapter == NULL)
    return DBRCTL_PROBLEM;
  if (!(is_cycle ? dbr_bluez_adapter_power_cycle_sync (adapter, cancellable, &error)
        : dbr_bluez_adapter_set_powered_sync (adapter, is_on, cancellable, &error)))
    return dbrctl_frame_fail (self->frame, error);

  tell_adapter (self, adapter, g_get_monotonic_time () - begin);

  return DBRCTL_WELL;
}
