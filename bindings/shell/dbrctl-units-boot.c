/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-units-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"


/* How long the machine took to start, and which unit how long of it. */

#define SYSTEMD "org.freedesktop.systemd1"
#define UNIT_INTERFACE SYSTEMD ".Unit"

DbrctlStatus
dbrctl_units_boot (DbrctlUnits *self)
{
  g_autoptr(DbrBootTimes) times = NULL;
  g_autoptr(GError) error = NULL;
  JsonBuilder *builder = NULL;

  times = dbr_systemd_monitor_get_boot_times_sync (self->monitor,
                                                   dbrctl_frame_get_cancellable (self->frame),
                                                   &error);
  if (times == NULL)
    return dbrctl_frame_fail (self->frame, error);

  {
    const struct
    {
      const char *name;
      const char *title;
      gint64      usec;
    } parts[] = {
      { "firmware-usec", _("Firmware"), dbr_boot_times_get_firmware_usec (times) },
      { "loader-usec", _("Boot loader"), dbr_boot_times_get_loader_usec (times) },
      { "kernel-usec", _("Kernel"), dbr_boot_times_get_kernel_usec (times) },
      { "initrd-usec", _("Initrd"), dbr_boot_times_get_initrd_usec (times) },
      { "userspace-usec", _("Userspace"), dbr_boot_times_get_userspace_usec (times) },
      { "total-usec", _("Total"), dbr_boot_times_get_total_usec (times) },
    };

    if (dbrctl_frame_is_json (self->frame))
      {
        builder = dbrctl_units_begin_json (self);
        dbrctl_json_boolean (builder, "finished", dbr_boot_times_get_finished (times));
      }
    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
      {
        g_autofree char *text = dbrctl_text_duration (parts[i].usec);

        if (builder != NULL)
          dbrctl_json_int (builder, parts[i].name, parts[i].usec);
        else
          dbrctl_output_field (self->output, parts[i].title, DBRCTL_PLAIN, "%s", text);
      }
  }

  if (builder != NULL)
    dbrctl_output_end_json (self->output, builder);
  else if (!dbr_boot_times_get_finished (times))
    dbrctl_output_line (self->output, DBRCTL_DOUBT, _("It has not finished to start"));

  return dbr_boot_times_get_finished (times) ? DBRCTL_WELL : DBRCTL_PROBLEM;
}

/* Which unit took how long */

typedef struct
{
  char   *name;
  gint64  usec;
} Share;

static void
share_clear (gpointer data)
{
  Share *self = data;

  g_free (self->name);
}

static int
compare_shares (gconstpointer a,
                gconstpointer b)
{
  gint64 left = ((const Share *) a)->usec;
  gint64 right = ((const Share *) b)->usec;

  return (left < right) - (left > right);
}

static guint64
lookup_time (GVariant   *values,
             const char *name)
{
  guint64 usec = 0;

  g_variant_lookup (values, name, "t", &usec);

  return usec;
}

/* From when it was begun to when it was active, or had done all that it was for. */
static gint64
find_share (GVariant *values)
{
  guint64 begun = lookup_time (values, "InactiveExitTimestampMonotonic");
  guint64 active = lookup_time (values, "ActiveEnterTimestampMonotonic");
  guint64 done = lookup_time (values, "InactiveEnterTimestampMonotonic");

  if (begun == 0)
    return 0;
  if (active >= begun)
    return (gint64) (active - begun);

  return done >= begun ? (gint64) (done - begun) : 0;
}

static gboolean
collect_shares (DbrctlUnits  *self,
                GVariant     *units,
                GArray       *shares,
                GError      **error)
{
  GVariantIter iter;
  const char *name;
  const char *path;

  g_variant_iter_init (&iter, units);
  while (g_variant_iter_next (&iter, "(&ssssss&ouso)", &name, NULL, NULL, NULL, NULL, NULL, &path,
                              NULL, NULL, NULL))
    {
      g_autoptr(GVariant) values = NULL;
      Share share;

      values = dbr_client_read_all_properties_sync (self->client, SYSTEMD, path, UNIT_INTERFACE,
                                                    dbrctl_frame_get_cancellable (self->frame),
                                                    error);
      if (values == NULL)
        return FALSE;
      share = (Share) { NULL, find_share (values) };
      if (share.usec <= 0)
        continue;
      share.name = g_strdup (name);
      g_array_append_val (shares, share);
    }
  g_array_sort (shares, compare_shares);

  return TRUE;
}

static void
show_shares (DbrctlUnits *self,
             GArray      *shares)
{
  const char *const titles[] = { _("Took"), _("Unit"), NULL };
  g_autoptr(DbrctlTable) table = dbrctl_table_new ("rl", titles);

  for (guint i = 0; i < shares->len; i++)
    {
      const Share *share = &g_array_index (shares, Share, i);
      g_autofree char *took = dbrctl_text_duration (share->usec);

      dbrctl_table_add (table, DBRCTL_PLAIN, (const char *const[]) { took, share->name });
    }
  dbrctl_output_table (self->output, table);
}

DbrctlStatus
dbrctl_units_blame (DbrctlUnits *self)
{
  g_autoptr(GArray) shares = g_array_new (FALSE, FALSE, sizeof (Share));
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) units = NULL;
  g_autoptr(GError) error = NULL;
  JsonBuilder *builder;

  g_array_set_clear_func (shares, share_clear);
  reply = dbr_client_call_sync (self->client, SYSTEMD, "/org/freedesktop/systemd1",
                                SYSTEMD ".Manager", "ListUnits", NULL,
                                G_VARIANT_TYPE ("(a(ssssssouso))"), 0,
                                dbrctl_frame_get_cancellable (self->frame), &error);
  if (reply != NULL)
    units = g_variant_get_child_value (reply, 0);
  if (reply == NULL || !collect_shares (self, units, shares, &error))
    return dbrctl_frame_fail (self->frame, error);

  if (!dbrctl_frame_is_json (self->frame))
    {
      show_shares (self, shares);
      return DBRCTL_WELL;
    }

  builder = dbrctl_units_begin_json (self);
  json_builder_set_member_name (builder, "units");
  json_builder_begin_array (builder);
  for (guint i = 0; i < shares->len; i++)
    {
      json_builder_begin_object (builder);
      dbrctl_json_string (builder, "name", g_array_index (shares, Share, i).name);
      dbrctl_json_int (builder, "took-usec", g_array_index (shares, Share, i).usec);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  dbrctl_output_end_json (self->output, builder);

  return DBRCTL_WELL;
}
