/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <glib/gi18n.h>

#include "dbrctl-checks-private.h"
#include "dbrctl-service-report-private.h"
#include "dbrctl-word-private.h"

#define DEFAULT_PROBES 20
#define MAX_PROBES 10000

/* All that is looked at in one run. */
typedef struct
{
  DbrctlFrame    *frame;
  /* DbrctlBusReport */
  GPtrArray      *buses;
  /* DbrctlServiceReport */
  GPtrArray      *services;
  DbrctlFindings *findings;
} Visit;

static int n_probes = DEFAULT_PROBES;
static gboolean is_all;
static char *device;

static const GOptionEntry options[] = {
  { "probes", 0, 0, G_OPTION_ARG_INT, &n_probes, N_("How often a service is asked (20)"), N_("N") },
  { "all", 0, 0, G_OPTION_ARG_NONE, &is_all,
    N_("Play all that a program with Bluetooth does, and say what passes"), NULL },
  { "device", 0, 0, G_OPTION_ARG_STRING, &device,
    N_("With --all, connect this device too, if it is not connected"), N_("ADDRESS") },
  G_OPTION_ENTRY_NULL
};

/* What a desktop stands on, by bus. */
static const struct
{
  GBusType    bus_type;
  const char *name;
} foundations[] = {
  { G_BUS_TYPE_SYSTEM, "org.freedesktop.systemd1" },
  { G_BUS_TYPE_SYSTEM, "org.bluez" },
  { G_BUS_TYPE_SESSION, "org.freedesktop.systemd1" },
  { G_BUS_TYPE_SESSION, "org.freedesktop.Notifications" },
};

static void
visit_clear (Visit *self)
{
  g_clear_pointer (&self->services, g_ptr_array_unref);
  g_clear_pointer (&self->buses, g_ptr_array_unref);
  g_clear_pointer (&self->findings, dbrctl_findings_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Visit, visit_clear)

static DbrctlBusReport *
visit_bus (Visit    *self,
           GBusType  bus_type)
{
  DbrctlBusReport *report = dbrctl_bus_report_new (self->frame, bus_type);

  g_ptr_array_add (self->buses, report);

  return report;
}

static void
visit_buses (Visit *self)
{
  GBusType only = dbrctl_frame_get_bus_type (self->frame, G_BUS_TYPE_STARTER);

  if (only != G_BUS_TYPE_STARTER)
    {
      visit_bus (self, only);
      return;
    }

  visit_bus (self, G_BUS_TYPE_SYSTEM);
  visit_bus (self, G_BUS_TYPE_SESSION);
}

static DbrctlServiceReport *
visit_service (Visit           *self,
               DbrctlBusReport *bus,
               const char      *name)
{
  return dbrctl_service_report_new (self->frame, bus, name, (guint) n_probes);
}

/* On each bus where it is; if it is on none, on the first that could start it, or that there is. */
static void
visit_named (Visit      *self,
             const char *name)
{
  g_autoptr(DbrctlServiceReport) absent = NULL;
  gboolean can_start = FALSE;

  for (guint i = 0; i < self->buses->len; i++)
    {
      DbrctlBusReport *bus = self->buses->pdata[i];
      gboolean is_activatable = dbrctl_bus_report_is_activatable (bus, name);
      g_autoptr(DbrctlServiceReport) report = NULL;

      if (dbrctl_bus_report_get_client (bus) == NULL)
        continue;

      report = visit_service (self, bus, name);
      if (dbrctl_service_report_has_owner (report))
        {
          g_ptr_array_add (self->services, g_steal_pointer (&report));
        }
      else if (absent == NULL || (is_activatable && !can_start))
        {
          g_clear_pointer (&absent, dbrctl_service_report_free);
          absent = g_steal_pointer (&report);
          can_start = is_activatable;
        }
    }
  if (self->services->len == 0 && absent != NULL)
    g_ptr_array_add (self->services, g_steal_pointer (&absent));
}

/* At an address nobody knows which of them belong there. */
static void
visit_foundations (Visit *self)
{
  for (guint i = 0; i < self->buses->len; i++)
    {
      DbrctlBusReport *bus = self->buses->pdata[i];
      GBusType bus_type = dbrctl_bus_report_get_bus_type (bus);

      for (guint j = 0; j < G_N_ELEMENTS (foundations); j++)
        {
          if (foundations[j].bus_type == bus_type && dbrctl_bus_report_get_client (bus) != NULL)
            g_ptr_array_add (self->services, visit_service (self, bus, foundations[j].name));
        }
    }
}

/* Whether what was asked for can be looked at on any bus. */
static gboolean
visit_has_bus (Visit *self)
{
  for (guint i = 0; i < self->buses->len; i++)
    {
      if (dbrctl_bus_report_get_client (self->buses->pdata[i]) != NULL)
        return TRUE;
    }

  return FALSE;
}

/* A bus that is missing is bad if all is to be looked at, and no matter if the service was found on
 * another one. */
static void
visit_judge (Visit      *self,
             const char *name)
{
  DbrSeverity if_missing = name != NULL ? DBR_SEVERITY_NOTICE : DBR_SEVERITY_WARNING;
  DbrSeverity if_absent = name != NULL ? DBR_SEVERITY_CRITICAL : DBR_SEVERITY_NOTICE;

  for (guint i = 0; i < self->buses->len; i++)
    dbrctl_bus_report_judge (self->buses->pdata[i], self->findings, if_missing);
  for (guint i = 0; i < self->services->len; i++)
    dbrctl_service_report_judge (self->services->pdata[i], self->findings, if_absent);
}

static void
visit_print (Visit        *self,
             DbrctlOutput *output)
{
  for (guint i = 0; i < self->buses->len; i++)
    {
      dbrctl_bus_report_print (self->buses->pdata[i], output);
      dbrctl_output_end_line (output);
    }
  for (guint i = 0; i < self->services->len; i++)
    {
      dbrctl_service_report_print (self->services->pdata[i], output);
      dbrctl_output_end_line (output);
    }
  dbrctl_findings_print (self->findings, output);
}

static void
visit_tell (Visit        *self,
            DbrctlOutput *output)
{
  JsonBuilder *builder = dbrctl_output_begin_json (output);

  json_builder_set_member_name (builder, "buses");
  json_builder_begin_array (builder);
  for (guint i = 0; i < self->buses->len; i++)
    dbrctl_bus_report_add_json (self->buses->pdata[i], builder);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "services");
  json_builder_begin_array (builder);
  for (guint i = 0; i < self->services->len; i++)
    dbrctl_service_report_add_json (self->services->pdata[i], builder);
  json_builder_end_array (builder);
  dbrctl_findings_add_json (self->findings, builder);
  dbrctl_output_end_json (output, builder);
}

static DbrctlStatus
run (DbrctlFrame *frame,
     char       **arguments)
{
  DbrctlOutput *output = dbrctl_frame_get_output (frame);
  const char *name = arguments[0];
  g_auto(Visit) visit = {
    frame,
    g_ptr_array_new_with_free_func ((GDestroyNotify) dbrctl_bus_report_free),
    g_ptr_array_new_with_free_func ((GDestroyNotify) dbrctl_service_report_free),
    dbrctl_findings_new (),
  };

  if (name != NULL && arguments[1] != NULL)
    return dbrctl_frame_misuse (frame, "%s", _("Only one name can be given"));
  if (name != NULL && !g_dbus_is_name (name))
    return dbrctl_frame_misuse (frame, _("“%s” is no name on a bus"), name);
  if (n_probes < 1 || n_probes > MAX_PROBES)
    return dbrctl_frame_misuse (frame, _("--probes has to be from 1 to %d"), MAX_PROBES);

  if (device != NULL && !is_all)
    return dbrctl_frame_misuse (frame, "%s", _("--device belongs to --all"));
  if (is_all && name != NULL)
    return dbrctl_frame_misuse (frame, "%s", _("--all takes no name"));
  if (is_all)
    return dbrctl_checks_run (frame, device);

  visit_buses (&visit);
  if (!visit_has_bus (&visit))
    return dbrctl_frame_fail (frame, dbrctl_bus_report_get_error (visit.buses->pdata[0]));

  if (name != NULL)
    visit_named (&visit, name);
  else
    visit_foundations (&visit);
  if (g_cancellable_is_cancelled (dbrctl_frame_get_cancellable (frame)))
    return DBRCTL_PROBLEM;

  visit_judge (&visit, name);
  if (dbrctl_frame_is_json (frame))
    visit_tell (&visit, output);
  else
    visit_print (&visit, output);

  return dbrctl_findings_get_status (visit.findings);
}

static const char *const examples[] = {
  "dbrctl doctor", N_("whether the buses, systemd, Bluetooth and notifications work"),
  "dbrctl doctor org.bluez", N_("why Bluetooth hangs"),
  "dbrctl doctor org.gnome.Shell --probes 200", N_("how long GNOME Shell takes to answer"),
  "dbrctl doctor --all --device 00:11:22:33:44:55",
  N_("each thing that Bluetooth is used for, one line that passes or fails"),
  "dbrctl doctor org.bluez --json | jq '.findings[0]'", N_("the worst of it, for a script"),
  NULL
};

const DbrctlWord dbrctl_doctor = {
  .name = "doctor",
  .summary = N_("Says what is wrong with a service or with the buses, and what to do"),
  .arguments = N_("[NAME]"),
  .description = N_("Only reads, and starts no service. A service is pinged, "
                    "and asked for something that goes through its main loop, as a service that "
                    "hangs may still answer pings. Ends with what was found, the worst first. "
                    "Only --device changes something: it connects a device that is not connected, "
                    "and disconnects it again."),
  .examples = examples,
  .options = options,
  .run = run,
};
