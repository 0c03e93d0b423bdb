/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-service-report-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"
#include "dbrctl-process-private.h"
#include "dbrctl-terms-private.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define BLUEZ_NAME "org.bluez"
#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"

#define QUESTION_MS 2000
#define SLOW_USEC (500 * 1000)
/* So much in the bus for one program means that it does not read. */
#define FULL_MESSAGES 64
#define FULL_BYTES (256 * 1024)

struct _DbrctlServiceReport
{
  DbrctlFrame     *frame;
  DbrctlBusReport *bus;
  char            *name;
  /* with its bus, as many a name is on both */
  char            *label;

  char            *owner;
  gint64           pid;
  gint64           uid;
  gboolean         is_activatable;
  DbrctlProcess    process;
  DbrUnit         *unit;

  DbrServiceState  state;
  DbrProbeKind     probe_kind;
  gint64           ping_usec;
  GError          *ping_error;
  GError          *probe_error;
  /* gint64, sorted */
  GArray          *samples;
  guint            n_probes;

  DbrctlQueue      queue;
  guint            in_flight;
  guint            orphans;
  /* NULL but for BlueZ */
  DbrBluezMonitor *bluetooth;
};

static GVariant *
service_report_ask (DbrctlServiceReport *self,
                    const char          *name,
                    const char          *path,
                    const char          *interface_name,
                    const char          *method_name,
                    GVariant            *parameters,
                    const char          *reply_type)
{
  g_autoptr(DbrCall) call = dbr_call_new (name, path, interface_name, method_name, parameters);
  guint timeout_ms = dbrctl_frame_get_timeout_ms (self->frame);
  g_autoptr(GVariantType) type = g_variant_type_new (reply_type);

  dbr_call_set_auto_start (call, FALSE);
  dbr_call_set_timeout_ms (call, timeout_ms > 0 ? timeout_ms : QUESTION_MS);
  dbr_call_set_reply_type (call, type);

  return dbr_client_run_sync (dbrctl_bus_report_get_client (self->bus), call,
                              dbrctl_frame_get_cancellable (self->frame), NULL);
}

static gint64
service_report_ask_number (DbrctlServiceReport *self,
                           const char          *method_name)
{
  g_autoptr(GVariant) answer = service_report_ask (self, BUS_NAME, BUS_PATH, BUS_NAME, method_name,
                                                   g_variant_new ("(s)", self->owner), "(u)");
  guint number;

  if (answer == NULL)
    return -1;

  g_variant_get (answer, "(u)", &number);

  return number;
}

static void
service_report_find_owner (DbrctlServiceReport *self)
{
  g_autoptr(GVariant) answer = service_report_ask (self, BUS_NAME, BUS_PATH, BUS_NAME,
                                                   "GetNameOwner",
                                                   g_variant_new ("(s)", self->name), "(s)");

  if (answer == NULL)
    return;

  g_variant_get (answer, "(s)", &self->owner);
  self->pid = service_report_ask_number (self, "GetConnectionUnixProcessID");
  self->uid = service_report_ask_number (self, "GetConnectionUnixUser");
  if (self->pid > 0)
    dbrctl_process_read (&self->process, (guint) self->pid);
}

/* Of the systemd on the same bus; where there is none, no unit is known. */
static void
service_report_find_unit (DbrctlServiceReport *self)
{
  DbrClient *client = dbrctl_bus_report_get_client (self->bus);
  GCancellable *cancellable = dbrctl_frame_get_cancellable (self->frame);
  DbrSystemdScope scope = dbrctl_bus_report_get_bus_type (self->bus) == G_BUS_TYPE_SYSTEM
                          ? DBR_SYSTEMD_SCOPE_SYSTEM : DBR_SYSTEMD_SCOPE_USER;
  g_autoptr(DbrSystemdMonitor) systemd = NULL;
  g_autoptr(GVariant) answer = NULL;
  g_autoptr(GVariant) id = NULL;
  const char *path;

  if (self->pid <= 0)
    return;

  answer = service_report_ask (self, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_NAME ".Manager",
                               "GetUnitByPID", g_variant_new ("(u)", (guint) self->pid), "(o)");
  if (answer == NULL)
    return;

  g_variant_get (answer, "(&o)", &path);
  id = dbr_client_read_property_sync (client, SYSTEMD_NAME, path, SYSTEMD_NAME ".Unit", "Id",
                                      cancellable, NULL);
  if (id == NULL || !g_variant_is_of_type (id, G_VARIANT_TYPE_STRING))
    return;

  systemd = dbr_systemd_monitor_new (client, scope);
  self->unit = dbr_systemd_monitor_get_unit_sync (systemd, g_variant_get_string (id, NULL),
                                                  cancellable, NULL);
}

static int
compare_usec (gconstpointer a,
              gconstpointer b)
{
  gint64 first = *(const gint64 *) a;
  gint64 second = *(const gint64 *) b;

  return (first > second) - (first < second);
}

static gboolean
service_report_is_silent (DbrctlServiceReport *self)
{
  return g_error_matches (self->probe_error, DBR_ERROR, DBR_ERROR_DEADLINE)
         || g_error_matches (self->probe_error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY);
}

/* What answers is asked again, for the percentiles; what does not, is left in peace. */
static void
service_report_probe (DbrctlServiceReport *self)
{
  DbrClient *client = dbrctl_bus_report_get_client (self->bus);
  GCancellable *cancellable = dbrctl_frame_get_cancellable (self->frame);
  g_autoptr(DbrServiceMonitor) monitor = dbr_service_monitor_new (client, self->name);
  guint timeout_ms = dbrctl_frame_get_timeout_ms (self->frame);

  if (timeout_ms > 0)
    dbr_service_monitor_set_probe_timeout_ms (monitor, timeout_ms);
  self->ping_usec = dbr_client_ping_sync (client, self->owner, cancellable, &self->ping_error);
  /* Finds out what to ask for, and sees whether something has frozen it. */
  dbr_service_monitor_refresh_sync (monitor, cancellable, NULL);
  for (guint i = 0; i < self->n_probes && self->probe_error == NULL; i++)
    {
      gint64 usec = dbr_service_monitor_check_sync (monitor, cancellable, &self->probe_error);

      if (usec >= 0)
        g_array_append_val (self->samples, usec);
    }
  g_array_sort (self->samples, compare_usec);
  self->state = dbr_service_monitor_get_state (monitor);
  if (service_report_is_silent (self) && self->state != DBR_SERVICE_STATE_FROZEN)
    self->state = DBR_SERVICE_STATE_STALLED;
  self->probe_kind = dbr_service_monitor_get_probe_kind (monitor);
}

DbrctlServiceReport *
dbrctl_service_report_new (DbrctlFrame     *frame,
                           DbrctlBusReport *bus,
                           const char      *name,
                           guint            n_probes)
{
  DbrctlServiceReport *self = g_new0 (DbrctlServiceReport, 1);
  DbrClient *client = dbrctl_bus_report_get_client (bus);

  self->frame = frame;
  self->bus = bus;
  self->name = g_strdup (name);
  self->label = dbrctl_bus_report_get_bus_type (bus) == G_BUS_TYPE_NONE
                ? g_strdup (name)
                : g_strdup_printf ("%s (%s)", name,
                                   dbrctl_terms_bus_nick (dbrctl_bus_report_get_bus_type (bus)));
  self->n_probes = n_probes;
  self->samples = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->pid = self->uid = self->ping_usec = -1;
  self->queue = (DbrctlQueue) { -1, -1, -1, -1 };
  self->is_activatable = dbrctl_bus_report_is_activatable (bus, name);
  self->state = DBR_SERVICE_STATE_ABSENT;

  service_report_find_owner (self);
  if (self->owner == NULL)
    return self;

  /* Before it is asked anything, as it may have to be asked by name. */
  dbrctl_bus_report_read_queue (bus, self->owner, &self->queue);
  service_report_probe (self);
  service_report_find_unit (self);
  self->in_flight = dbr_client_get_in_flight (client);
  self->orphans = dbr_client_get_orphans (client);
  if (g_str_equal (name, BLUEZ_NAME) && self->probe_error == NULL)
    {
      self->bluetooth = dbr_bluez_monitor_new (client);
      dbr_service_monitor_refresh_sync (DBR_SERVICE_MONITOR (self->bluetooth),
                                        dbrctl_frame_get_cancellable (frame), NULL);
    }

  return self;
}

void
dbrctl_service_report_free (DbrctlServiceReport *self)
{
  g_clear_object (&self->bluetooth);
  g_clear_object (&self->unit);
  g_clear_error (&self->ping_error);
  g_clear_error (&self->probe_error);
  dbrctl_process_clear (&self->process);
  g_array_unref (self->samples);
  g_free (self->owner);
  g_free (self->label);
  g_free (self->name);
  g_free (self);
}

gboolean
dbrctl_service_report_has_owner (DbrctlServiceReport *self)
{
  return self->owner != NULL;
}

/* By nearest rank; -1 if there are none. */
static gint64
service_report_get_percentile (DbrctlServiceReport *self,
                               guint                percent)
{
  guint n = self->samples->len;
  guint rank = (n * percent + 99) / 100;

  return n == 0 ? -1 : g_array_index (self->samples, gint64, CLAMP (rank, 1, n) - 1);
}

static void
service_report_judge_absence (DbrctlServiceReport *self,
                              DbrctlFindings      *findings,
                              DbrSeverity          if_absent)
{
  if (self->is_activatable)
    dbrctl_findings_take (findings, DBR_SEVERITY_NOTICE, "not-running", self->name,
                          g_strdup_printf (_("%s is not running"), self->label),
                          g_strdup (_("The bus starts it when it is called.")));
  else
    dbrctl_findings_take (findings, if_absent, "absent", self->name,
                          g_strdup_printf (_("No program has the name %s, and the bus has nothing "
                                             "to start for it"), self->label),
                          g_strdup (_("Check that it is installed and that this is its bus, and "
                                      "start it.")));
}

static void
service_report_judge_silence (DbrctlServiceReport *self,
                              DbrctlFindings      *findings)
{
  const char *unit = self->unit != NULL ? dbr_unit_get_name (self->unit) : NULL;
  g_autofree char *restart = unit != NULL
                             ? g_strdup_printf (_("Restart it: dbrctl units restart %s"), unit)
                             : g_strdup (_("Restart it."));

  if (dbrctl_process_is_stopped (&self->process))
    dbrctl_findings_take (findings, DBR_SEVERITY_CRITICAL, "stopped", self->name,
                          g_strdup_printf (_("%s does not answer: its process %d is stopped"),
                                           self->label, (int) self->pid),
                          g_strdup_printf (_("A debugger or a person has stopped it. To let it go "
                                             "on: kill -CONT %d"), (int) self->pid));
  else if (self->state == DBR_SERVICE_STATE_FROZEN)
    dbrctl_findings_take (findings, DBR_SEVERITY_CRITICAL, "frozen", self->name,
                          g_strdup_printf (_("%s does not answer: its control group is frozen"),
                                           self->label),
                          g_strdup (_("Somebody has frozen it on purpose; “systemctl thaw” lets "
                                      "it go on.")));
  else if (self->ping_error == NULL)
    dbrctl_findings_take (findings, DBR_SEVERITY_CRITICAL, "main-loop", self->name,
                          g_strdup_printf (_("%s answers pings, but its main loop is held up: "
                                             "nothing else is answered"), self->label),
                          self->pid > 0
                          ? g_strdup_printf (_("It waits for something itself; a stack trace of "
                                               "process %d shows for what. %s"), (int) self->pid,
                                             restart)
                          : g_steal_pointer (&restart));
  else
    dbrctl_findings_take (findings, DBR_SEVERITY_CRITICAL, "stalled", self->name,
                          g_strdup_printf (_("%s does not answer at all"), self->label),
                          self->pid > 0
                          ? g_strdup_printf (_("Process %d hangs; a stack trace shows where. %s"),
                                             (int) self->pid, restart)
                          : g_steal_pointer (&restart));
}

static void
service_report_judge_pace (DbrctlServiceReport *self,
                           DbrctlFindings      *findings)
{
  gint64 late = service_report_get_percentile (self, 95);
  guint max_rules = dbrctl_bus_report_get_max_rules (self->bus);

  if (late > SLOW_USEC)
    {
      g_autofree char *duration = dbrctl_text_duration (late);

      dbrctl_findings_take (findings, DBR_SEVERITY_WARNING, "slow", self->name,
                            g_strdup_printf (_("%s is slow: one answer in twenty takes %s or more"),
                                             self->label, duration),
                            g_strdup (_("Look for what it is busy with, and how many ask it.")));
    }
  if (self->queue.bytes > FULL_BYTES || self->queue.messages > FULL_MESSAGES)
    dbrctl_findings_take (findings, DBR_SEVERITY_WARNING, "queue", self->name,
                          g_strdup_printf (_("The bus holds %d KiB for %s, which does not read "
                                             "them"), (int) (self->queue.bytes / 1024),
                                           self->label),
                          g_strdup (_("When its share of memory is used up, the bus refuses calls "
                                      "to it or disconnects it.")));
  if (max_rules > 0 && self->queue.rules > (gint64) max_rules * 3 / 4)
    dbrctl_findings_take (findings, DBR_SEVERITY_WARNING, "match-rules", self->name,
                          g_strdup_printf (_("%s has %d of %u match rules"), self->label,
                                           (int) self->queue.rules, max_rules),
                          g_strdup (_("Beyond the limit signals do not reach it any more. It "
                                      "probably forgets to end its subscriptions.")));
}

static void
service_report_judge_unit (DbrctlServiceReport *self,
                           DbrctlFindings      *findings)
{
  int restarts = self->unit != NULL ? dbr_unit_get_restarts (self->unit) : 0;

  if (restarts > 2)
    dbrctl_findings_take (findings, DBR_SEVERITY_WARNING, "restarts", self->name,
                          g_strdup_printf (_("systemd has restarted %s %d times"),
                                           dbr_unit_get_name (self->unit), restarts),
                          g_strdup_printf (_("Its log says why: journalctl -u %s"),
                                           dbr_unit_get_name (self->unit)));
}

static void
service_report_judge_adapters (DbrctlServiceReport *self,
                               DbrctlFindings      *findings)
{
  GListModel *adapters = dbr_bluez_monitor_get_adapters (self->bluetooth);
  guint n = g_list_model_get_n_items (adapters);

  if (n == 0)
    dbrctl_findings_take (findings, DBR_SEVERITY_WARNING, "no-adapter", self->name,
                          g_strdup (_("BlueZ has no Bluetooth adapter")),
                          g_strdup (_("Plug one in, or see whether the kernel knows it: "
                                      "hciconfig -a, rfkill list, dmesg.")));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr(DbrBluezAdapter) adapter = g_list_model_get_item (adapters, i);
      const char *address = dbr_bluez_adapter_get_address (adapter);

      if (dbr_bluez_adapter_get_blocked (adapter))
        dbrctl_findings_take (findings, DBR_SEVERITY_WARNING, "adapter-blocked", address,
                              g_strdup_printf (_("The adapter %s is blocked"), address),
                              g_strdup (_("A switch or airplane mode is on. “rfkill unblock "
                                          "bluetooth” ends it where it is not a real switch.")));
      else if (!dbr_bluez_adapter_get_powered (adapter))
        dbrctl_findings_take (findings, DBR_SEVERITY_WARNING, "adapter-off", address,
                              g_strdup_printf (_("The adapter %s is off"), address),
                              g_strdup (_("Switch it on: dbrctl bluez power on")));
    }
}

void
dbrctl_service_report_judge (DbrctlServiceReport *self,
                             DbrctlFindings      *findings,
                             DbrSeverity          if_absent)
{
  if (self->owner == NULL)
    {
      service_report_judge_absence (self, findings, if_absent);
      return;
    }

  if (service_report_is_silent (self))
    service_report_judge_silence (self, findings);
  else if (self->probe_error != NULL)
    dbrctl_findings_take (findings, DBR_SEVERITY_WARNING, "probe", self->name,
                          g_strdup_printf (_("%s could not be asked: %s"), self->label,
                                           self->probe_error->message),
                          dbr_error_explain (self->probe_error));
  service_report_judge_pace (self, findings);
  service_report_judge_unit (self, findings);
  if (self->bluetooth != NULL)
    service_report_judge_adapters (self, findings);
}

static void
service_report_print_process (DbrctlServiceReport *self,
                              DbrctlOutput        *output)
{
  dbrctl_output_field (output, _("Owner"), DBRCTL_PLAIN, "%s", self->owner);
  if (self->pid > 0)
    dbrctl_output_field (output, _("Process"),
                         dbrctl_process_is_stopped (&self->process) ? DBRCTL_BAD : DBRCTL_PLAIN,
                         dbrctl_process_is_stopped (&self->process) ? _("%d (%s), stopped")
                                                                    : "%d (%s)",
                         (int) self->pid,
                         self->process.program != NULL ? self->process.program : _("unknown"));
  else
    dbrctl_output_field (output, _("Process"), DBRCTL_FAINT, "%s",
                         _("the bus does not tell it to this user"));
  if (self->unit != NULL)
    dbrctl_output_field (output, _("Unit"), DBRCTL_PLAIN, "%s, %s (%s)",
                         dbr_unit_get_name (self->unit), dbr_unit_get_active_state (self->unit),
                         dbr_unit_get_sub_state (self->unit));
}

static void
service_report_print_times (DbrctlServiceReport *self,
                            DbrctlOutput        *output)
{
  g_autofree char *ping = dbrctl_text_duration (self->ping_usec);
  g_autofree char *half = dbrctl_text_duration (service_report_get_percentile (self, 50));
  g_autofree char *late = dbrctl_text_duration (service_report_get_percentile (self, 95));
  g_autofree char *last = dbrctl_text_duration (service_report_get_percentile (self, 100));

  dbrctl_output_field (output, _("Ping"), self->ping_error != NULL ? DBRCTL_BAD : DBRCTL_PLAIN,
                       "%s", self->ping_error != NULL ? self->ping_error->message : ping);
  if (self->samples->len > 0)
    dbrctl_output_field (output, _("Asked for"), DBRCTL_PLAIN, "%s",
                         self->probe_kind == DBR_PROBE_KIND_PROPERTY
                         ? _("a property, through its main loop")
                         : _("a ping, as it has no property that could be read"));
  if (self->samples->len > 0)
    dbrctl_output_field (output, _("Answers in"), DBRCTL_PLAIN,
                         _("%s, 95 of 100 in %s, the slowest of %u in %s"), half, late,
                         self->samples->len, last);
  if (self->probe_error != NULL)
    dbrctl_output_field (output, _("No answer"), DBRCTL_BAD, "%s", self->probe_error->message);
}

static void
service_report_print_bus (DbrctlServiceReport *self,
                          DbrctlOutput        *output)
{
  g_autofree char *size = dbrctl_text_size (self->queue.bytes);

  if (self->queue.messages >= 0)
    dbrctl_output_field (output, _("Bus holds"), DBRCTL_PLAIN, _("%d messages for it, %s"),
                         (int) self->queue.messages, size);
  else if (self->queue.bytes >= 0)
    dbrctl_output_field (output, _("Bus holds"), DBRCTL_PLAIN, _("%s for it"), size);
  else
    dbrctl_output_field (output, _("Bus holds"), DBRCTL_FAINT, "%s",
                         _("the bus does not tell it to this user"));
  if (self->queue.replies >= 0)
    dbrctl_output_field (output, _("Waits for"), DBRCTL_PLAIN, _("%d answers"),
                         (int) self->queue.replies);
  if (self->queue.rules >= 0)
    dbrctl_output_field (output, _("Match rules"), DBRCTL_PLAIN, "%d", (int) self->queue.rules);
  dbrctl_output_field (output, _("Our calls"), DBRCTL_PLAIN,
                       _("%u under way, %u given up that still take a slot"), self->in_flight,
                       self->orphans);
}

static void
service_report_print_adapters (DbrctlServiceReport *self,
                               DbrctlOutput        *output)
{
  GListModel *adapters = dbr_bluez_monitor_get_adapters (self->bluetooth);

  for (guint i = 0; i < g_list_model_get_n_items (adapters); i++)
    {
      g_autoptr(DbrBluezAdapter) adapter = g_list_model_get_item (adapters, i);
      g_autofree char *name = dbr_bluez_adapter_get_name (adapter);
      gboolean is_powered = dbr_bluez_adapter_get_powered (adapter);

      dbrctl_output_field (output, _("Adapter"), is_powered ? DBRCTL_GOOD : DBRCTL_DOUBT,
                           "%s “%s”, %s%s%s", dbr_bluez_adapter_get_address (adapter),
                           name != NULL ? name : "", is_powered ? _("on") : _("off"),
                           dbr_bluez_adapter_get_discovering (adapter) ? _(", searching") : "",
                           dbr_bluez_adapter_get_blocked (adapter) ? _(", blocked") : "");
    }
  dbrctl_output_field (output, _("Devices"), DBRCTL_PLAIN, "%u",
                       g_list_model_get_n_items (dbr_bluez_monitor_get_devices (self->bluetooth)));
}

void
dbrctl_service_report_print (DbrctlServiceReport *self,
                             DbrctlOutput        *output)
{
  dbrctl_output_line (output, DBRCTL_TITLE, "%s", self->label);
  dbrctl_output_field (output, _("State"), dbrctl_terms_state_style (self->state), "%s",
                       dbrctl_terms_state (self->state));
  dbrctl_output_field (output, _("Can be started"), DBRCTL_PLAIN, "%s",
                       self->is_activatable ? _("yes, by the bus") : _("not by the bus"));
  if (self->owner == NULL)
    return;

  service_report_print_process (self, output);
  service_report_print_times (self, output);
  service_report_print_bus (self, output);
  if (self->bluetooth != NULL)
    service_report_print_adapters (self, output);
}

static void
service_report_add_unit (DbrctlServiceReport *self,
                         JsonBuilder         *builder)
{
  json_builder_set_member_name (builder, "unit");
  if (self->unit == NULL)
    {
      json_builder_add_null_value (builder);
      return;
    }

  json_builder_begin_object (builder);
  dbrctl_json_string (builder, "name", dbr_unit_get_name (self->unit));
  dbrctl_json_string (builder, "active-state", dbr_unit_get_active_state (self->unit));
  dbrctl_json_string (builder, "sub-state", dbr_unit_get_sub_state (self->unit));
  dbrctl_json_string (builder, "result", dbr_unit_get_result (self->unit));
  dbrctl_json_int (builder, "restarts", dbr_unit_get_restarts (self->unit));
  json_builder_end_object (builder);
}

static void
service_report_add_adapters (DbrctlServiceReport *self,
                             JsonBuilder         *builder)
{
  GListModel *adapters = dbr_bluez_monitor_get_adapters (self->bluetooth);

  json_builder_set_member_name (builder, "adapters");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (adapters); i++)
    {
      g_autoptr(DbrBluezAdapter) adapter = g_list_model_get_item (adapters, i);
      g_autofree char *name = dbr_bluez_adapter_get_name (adapter);

      json_builder_begin_object (builder);
      dbrctl_json_string (builder, "address", dbr_bluez_adapter_get_address (adapter));
      dbrctl_json_string (builder, "name", name);
      dbrctl_json_boolean (builder, "powered", dbr_bluez_adapter_get_powered (adapter));
      dbrctl_json_boolean (builder, "discovering", dbr_bluez_adapter_get_discovering (adapter));
      dbrctl_json_boolean (builder, "blocked", dbr_bluez_adapter_get_blocked (adapter));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
service_report_add_times (DbrctlServiceReport *self,
                          JsonBuilder         *builder)
{
  dbrctl_json_int (builder, "ping-usec", self->ping_usec);
  dbrctl_json_string (builder, "probe-kind", self->owner != NULL
                          ? dbrctl_terms_nick (DBR_TYPE_PROBE_KIND, (int) self->probe_kind) : NULL);
  dbrctl_json_int (builder, "probes", self->samples->len);
  dbrctl_json_int (builder, "probe-p50-usec", service_report_get_percentile (self, 50));
  dbrctl_json_int (builder, "probe-p95-usec", service_report_get_percentile (self, 95));
  dbrctl_json_int (builder, "probe-p99-usec", service_report_get_percentile (self, 99));
  dbrctl_json_int (builder, "probe-max-usec", service_report_get_percentile (self, 100));
  dbrctl_json_string (builder, "probe-error",
                      self->probe_error != NULL ? self->probe_error->message : NULL);
}

void
dbrctl_service_report_add_json (DbrctlServiceReport *self,
                                JsonBuilder         *builder)
{
  GBusType bus_type = dbrctl_bus_report_get_bus_type (self->bus);
  char process_state[] = { self->process.state, '\0' };

  json_builder_begin_object (builder);
  dbrctl_json_string (builder, "name", self->name);
  dbrctl_json_string (builder, "bus", dbrctl_terms_bus_nick (bus_type));
  dbrctl_json_string (builder, "state",
                      dbrctl_terms_nick (DBR_TYPE_SERVICE_STATE, (int) self->state));
  dbrctl_json_string (builder, "owner", self->owner);
  dbrctl_json_boolean (builder, "activatable", self->is_activatable);
  dbrctl_json_int (builder, "pid", self->pid);
  dbrctl_json_int (builder, "uid", self->uid);
  dbrctl_json_string (builder, "program", self->process.program);
  dbrctl_json_string (builder, "process-state",
                      self->process.state != 0 ? process_state : NULL);
  service_report_add_unit (self, builder);
  service_report_add_times (self, builder);
  dbrctl_json_int (builder, "queued-messages", self->queue.messages);
  dbrctl_json_int (builder, "queued-bytes", self->queue.bytes);
  dbrctl_json_int (builder, "pending-replies", self->queue.replies);
  dbrctl_json_int (builder, "match-rules", self->queue.rules);
  dbrctl_json_int (builder, "in-flight", self->in_flight);
  dbrctl_json_int (builder, "orphans", self->orphans);
  if (self->bluetooth != NULL)
    service_report_add_adapters (self, builder);
  json_builder_end_object (builder);
}
