/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-bluez-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"
#include "dbrctl-word-private.h"

/* The word “bluez”: the adapters and devices that BlueZ knows, and what is done with them. */

static const struct
{
  const char    *name;
  guint          n_needed;
  guint          n_allowed;
  DbrctlStatus   (*run) (DbrctlBluez *self);
} verbs[] = {
  { "list", 0, 0, dbrctl_bluez_list },
  { "watch", 0, 0, dbrctl_bluez_watch },
  { "connect", 1, 1, dbrctl_bluez_connect },
  { "disconnect", 1, 1, dbrctl_bluez_disconnect },
  { "power", 1, 2, dbrctl_bluez_power },
};

JsonBuilder *
dbrctl_bluez_begin_json (DbrctlBluez *self)
{
  JsonBuilder *builder = dbrctl_output_begin_json (self->output);

  dbrctl_json_string (builder, "verb", self->verb);

  return builder;
}

void
dbrctl_bluez_add_adapter_json (JsonBuilder     *builder,
                               DbrBluezAdapter *adapter)
{
  g_autofree char *path = dbr_bluez_adapter_get_object_path (adapter);
  g_autofree char *name = dbr_bluez_adapter_get_name (adapter);

  json_builder_begin_object (builder);
  dbrctl_json_string (builder, "address", dbr_bluez_adapter_get_address (adapter));
  dbrctl_json_string (builder, "object-path", path);
  dbrctl_json_string (builder, "name", name);
  dbrctl_json_boolean (builder, "powered", dbr_bluez_adapter_get_powered (adapter));
  dbrctl_json_boolean (builder, "discovering", dbr_bluez_adapter_get_discovering (adapter));
  dbrctl_json_boolean (builder, "blocked", dbr_bluez_adapter_get_blocked (adapter));
  json_builder_end_object (builder);
}

void
dbrctl_bluez_add_device_json (JsonBuilder    *builder,
                              DbrBluezDevice *device)
{
  DbrBluezAdapter *adapter = dbr_bluez_device_get_adapter (device);
  g_autofree char *path = dbr_bluez_device_get_object_path (device);
  g_autofree char *name = dbr_bluez_device_get_name (device);

  json_builder_begin_object (builder);
  dbrctl_json_string (builder, "address", dbr_bluez_device_get_address (device));
  dbrctl_json_string (builder, "adapter",
                      adapter != NULL ? dbr_bluez_adapter_get_address (adapter) : NULL);
  dbrctl_json_string (builder, "object-path", path);
  dbrctl_json_string (builder, "name", name);
  dbrctl_json_boolean (builder, "connected", dbr_bluez_device_get_connected (device));
  dbrctl_json_boolean (builder, "paired", dbr_bluez_device_get_paired (device));
  dbrctl_json_boolean (builder, "trusted", dbr_bluez_device_get_trusted (device));
  dbrctl_json_boolean (builder, "services-resolved",
                       dbr_bluez_device_get_services_resolved (device));
  json_builder_end_object (builder);
}

char *
dbrctl_bluez_dup_short_name (DbrBluezAdapter *adapter)
{
  g_autofree char *path = dbr_bluez_adapter_get_object_path (adapter);

  return path != NULL ? g_path_get_basename (path)
         : g_strdup (dbr_bluez_adapter_get_address (adapter));
}

static DbrctlStatus
run (DbrctlFrame *frame,
     char       **arguments)
{
  DbrctlBluez self = { .frame = frame, .output = dbrctl_frame_get_output (frame) };
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(DbrBluezMonitor) monitor = NULL;
  g_autoptr(GError) error = NULL;
  guint n_arguments = g_strv_length (arguments);
  gsize i = 0;

  if (n_arguments == 0)
    return dbrctl_frame_misuse (frame, _("“bluez” needs a verb, as “list” or “watch”"));
  while (i < G_N_ELEMENTS (verbs) && strcmp (verbs[i].name, arguments[0]) != 0)
    i++;
  if (i == G_N_ELEMENTS (verbs))
    return dbrctl_frame_misuse (frame, _("“bluez” knows no verb “%s”"), arguments[0]);
  if (n_arguments - 1 < verbs[i].n_needed)
    return dbrctl_frame_misuse (frame, _("“bluez %s” needs to be told of what"), arguments[0]);
  if (n_arguments - 1 > verbs[i].n_allowed)
    return dbrctl_frame_misuse (frame, _("“bluez %s” takes no “%s”"), arguments[0],
                                arguments[verbs[i].n_allowed + 1]);

  client = dbrctl_frame_open_client (frame, G_BUS_TYPE_SYSTEM, &error);
  if (client == NULL)
    return dbrctl_frame_fail (frame, error);

  monitor = dbr_bluez_monitor_new (client);
  self.monitor = monitor;
  self.verb = verbs[i].name;
  self.arguments = arguments + 1;

  return verbs[i].run (&self);
}

static const char *const examples[] = {
  "dbrctl bluez list", N_("adapters and devices, and how they are"),
  "dbrctl bluez connect 00:11:22:33:44:55", N_("tries again where that can help, and says why not"),
  "dbrctl bluez power cycle hci0", N_("off and on; what was searched for is searched for again"),
  "dbrctl bluez watch", N_("what comes, goes, connects and fails, until Ctrl-C"),
  NULL
};

const DbrctlWord dbrctl_bluez = {
  .name = "bluez",
  .summary = N_("Shows Bluetooth, connects devices and switches adapters"),
  .arguments = N_("VERB [ARGUMENT…]"),
  .description =
    N_("Verbs that look: list, watch.\n"
       "Verbs that act: connect DEVICE, disconnect DEVICE, power on|off|cycle [ADAPTER].\n"
       "A device is known by its address, or by its name where no other one has it; an adapter by its "
       "address or as hci0."),
  .examples = examples,
  .run = run,
};
