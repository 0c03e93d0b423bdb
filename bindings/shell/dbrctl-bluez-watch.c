/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-bluez-private.h"

#include <glib/gi18n.h>

#include "dbrctl-bluez-follow-private.h"
#include "dbrctl-json-private.h"

/* What becomes of BlueZ, its adapters and its devices, a line each, until somebody ends it. */

static void
told_cb (DbrctlStyle  style,
         const char  *event,
         const char  *address,
         const char  *text,
         gpointer     user_data)
{
  DbrctlBluez *self = user_data;

  if (dbrctl_frame_is_json (self->frame))
    {
      JsonBuilder *builder = dbrctl_bluez_begin_json (self);

      dbrctl_json_string (builder, "event", event);
      dbrctl_json_int (builder, "when-usec", g_get_real_time ());
      dbrctl_json_string (builder, "address", address);
      dbrctl_json_string (builder, "text", text);
      dbrctl_output_end_json (self->output, builder);
    }
  else
    {
      g_autofree char *now = dbrctl_text_moment (g_get_real_time ());

      dbrctl_output_add (self->output, DBRCTL_FAINT, "%s  ", now);
      dbrctl_output_line (self->output, style, "%s", text);
    }
}

DbrctlStatus
dbrctl_bluez_watch (DbrctlBluez *self)
{
  g_autoptr(DbrctlBluezFollower) follower = NULL;
  g_autoptr(GError) error = NULL;

  dbrctl_frame_set_live (self->frame);
  follower = dbrctl_bluez_follower_new (self->monitor, told_cb, self);
  if (!dbr_service_monitor_start (DBR_SERVICE_MONITOR (self->monitor), &error))
    return dbrctl_frame_fail (self->frame, error);

  told_cb (DBRCTL_FAINT, "watching", NULL, _("watching BlueZ; Ctrl-C ends it"), self);
  dbrctl_frame_loop (self->frame);
  dbr_service_monitor_stop (DBR_SERVICE_MONITOR (self->monitor));

  return DBRCTL_WELL;
}
