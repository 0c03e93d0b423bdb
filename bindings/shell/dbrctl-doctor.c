/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <glib/gi18n.h>

#include "dbrctl-word-private.h"

static DbrctlStatus
run (DbrctlFrame *frame,
     char       **arguments)
{
  DbrctlOutput *output = dbrctl_frame_get_output (frame);
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrClient) client = NULL;
  gint64 usec;
  g_autofree char *duration = NULL;

  if (arguments[0] == NULL || arguments[1] != NULL)
    return dbrctl_frame_misuse (frame, "%s", _("One name is needed"));

  client = dbrctl_frame_open_client (frame, G_BUS_TYPE_SESSION, &error);
  if (client == NULL)
    return dbrctl_frame_fail (frame, error);

  usec = dbr_client_ping_sync (client, arguments[0], dbrctl_frame_get_cancellable (frame), &error);
  if (usec < 0)
    return dbrctl_frame_fail (frame, error);

  if (dbrctl_frame_is_json (frame))
    {
      JsonBuilder *builder = dbrctl_output_begin_json (output);

      json_builder_set_member_name (builder, "name");
      json_builder_add_string_value (builder, arguments[0]);
      json_builder_set_member_name (builder, "ping-usec");
      json_builder_add_int_value (builder, usec);
      dbrctl_output_end_json (output, builder);

      return DBRCTL_WELL;
    }

  duration = dbrctl_text_duration (usec);
  dbrctl_output_field (output, _("Ping"), DBRCTL_GOOD, "%s", duration);

  return DBRCTL_WELL;
}

static const char *const examples[] = {
  "dbrctl doctor org.bluez", N_("how Bluetooth is"),
  NULL
};

const DbrctlWord dbrctl_doctor = {
  .name = "doctor",
  .summary = N_("Says how a service is"),
  .arguments = N_("NAME"),
  .examples = examples,
  .run = run,
};
