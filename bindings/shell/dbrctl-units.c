/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-units-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"
#include "dbrctl-word-private.h"

/* The word “units”: what systemd runs, why it does not run, and what makes it run. */

static char **states;
static char **kinds;
static gboolean is_user;
static gboolean is_interactive;
static gboolean is_runtime;
static gboolean has_mask;

static const GOptionEntry options[] = {
  { "user", 0, 0, G_OPTION_ARG_NONE, &is_user,
    N_("The systemd of the user, as --session"), NULL },
  { "state", 0, 0, G_OPTION_ARG_STRING_ARRAY, &states,
    N_("list: only units in this state; may be given again"), N_("STATE") },
  { "kind", 0, 0, G_OPTION_ARG_STRING_ARRAY, &kinds,
    N_("deps: dependencies of this kind, as Requires; may be given again"), N_("KIND") },
  { "interactive", 0, 0, G_OPTION_ARG_NONE, &is_interactive,
    N_("A person may be asked for a password"), NULL },
  { "runtime", 0, 0, G_OPTION_ARG_NONE, &is_runtime,
    N_("enable, disable: only until the machine is started anew"), NULL },
  { "mask", 0, 0, G_OPTION_ARG_NONE, &has_mask,
    N_("disable: nothing can start it either; enable: the opposite"), NULL },
  { NULL }
};

typedef enum
{
  NAMES_NONE,
  NAMES_ANY,
  NAMES_SOME,
} Names;

static const struct
{
  const char    *name;
  Names          names;
  DbrctlStatus   (*run) (DbrctlUnits *self);
} verbs[] = {
  { "list", NAMES_ANY, dbrctl_units_list },
  { "status", NAMES_SOME, dbrctl_units_status },
  { "why", NAMES_SOME, dbrctl_units_why },
  { "deps", NAMES_SOME, dbrctl_units_deps },
  { "failed", NAMES_NONE, dbrctl_units_failed },
  { "jobs", NAMES_NONE, dbrctl_units_jobs },
  { "boot", NAMES_NONE, dbrctl_units_boot },
  { "blame", NAMES_NONE, dbrctl_units_blame },
  { "watch", NAMES_ANY, dbrctl_units_watch },
  { "start", NAMES_SOME, dbrctl_units_act },
  { "stop", NAMES_SOME, dbrctl_units_act },
  { "restart", NAMES_SOME, dbrctl_units_act },
  { "reload", NAMES_SOME, dbrctl_units_act },
  { "enable", NAMES_SOME, dbrctl_units_act },
  { "disable", NAMES_SOME, dbrctl_units_act },
  { "daemon-reload", NAMES_NONE, dbrctl_units_reload_all },
};

JsonBuilder *
dbrctl_units_begin_json (DbrctlUnits *self)
{
  JsonBuilder *builder = dbrctl_output_begin_json (self->output);

  dbrctl_json_string (builder, "verb", self->verb);

  return builder;
}

void
dbrctl_units_add_json (JsonBuilder *builder,
                       DbrUnit     *unit)
{
  json_builder_begin_object (builder);
  dbrctl_json_string (builder, "name", dbr_unit_get_name (unit));
  dbrctl_json_string (builder, "description", dbr_unit_get_description (unit));
  dbrctl_json_string (builder, "load-state", dbr_unit_get_load_state (unit));
  dbrctl_json_string (builder, "active-state", dbr_unit_get_active_state (unit));
  dbrctl_json_string (builder, "sub-state", dbr_unit_get_sub_state (unit));
  dbrctl_json_string (builder, "file-state", dbr_unit_get_file_state (unit));
  dbrctl_json_int (builder, "main-pid", dbr_unit_get_main_pid (unit));
  dbrctl_json_int (builder, "memory-bytes", dbr_unit_get_memory_bytes (unit));
  dbrctl_json_int (builder, "cpu-usec", dbr_unit_get_cpu_usec (unit));
  dbrctl_json_int (builder, "active-since-usec", dbr_unit_get_active_since_usec (unit));
  dbrctl_json_string (builder, "result", dbr_unit_get_result (unit));
  dbrctl_json_int (builder, "restarts", dbr_unit_get_restarts (unit));
  json_builder_end_object (builder);
}

DbrctlStyle
dbrctl_units_get_style (DbrUnit *unit)
{
  const char *load_state = dbr_unit_get_load_state (unit);
  const char *active_state = dbr_unit_get_active_state (unit);

  if (g_strcmp0 (active_state, "active") == 0)
    return DBRCTL_GOOD;
  if (g_strcmp0 (active_state, "failed") == 0)
    return DBRCTL_BAD;
  if (g_strcmp0 (load_state, "loaded") != 0)
    return DBRCTL_DOUBT;

  return g_strcmp0 (active_state, "inactive") == 0 ? DBRCTL_PLAIN : DBRCTL_DOUBT;
}

static DbrctlStatus
run_verb (DbrctlFrame *frame,
          char       **arguments,
          gsize        verb)
{
  DbrctlUnits self = {
    .frame = frame,
    .output = dbrctl_frame_get_output (frame),
    .verb = verbs[verb].name,
    .names = arguments + 1,
    .states = (const char *const *) states,
    .kinds = (const char *const *) kinds,
    .flags = (is_interactive ? DBR_UNIT_FLAGS_INTERACTIVE : 0)
             | (is_runtime ? DBR_UNIT_FLAGS_RUNTIME : 0)
             | (has_mask ? DBR_UNIT_FLAGS_MASK : 0),
  };
  GBusType bus_type = dbrctl_frame_get_bus_type (frame, is_user ? G_BUS_TYPE_SESSION
                                                 : G_BUS_TYPE_SYSTEM);
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(DbrSystemdMonitor) monitor = NULL;

  /* The connection is left to the monitor, which has another road where there is no bus. */
  client = dbrctl_frame_new_client (frame, bus_type);
  monitor = dbr_systemd_monitor_new (client, bus_type == G_BUS_TYPE_SESSION || is_user
                                     ? DBR_SYSTEMD_SCOPE_USER : DBR_SYSTEMD_SCOPE_SYSTEM);
  self.client = client;
  self.monitor = monitor;

  return verbs[verb].run (&self);
}

static DbrctlStatus
run (DbrctlFrame *frame,
     char       **arguments)
{
  gsize i = 0;

  if (arguments[0] == NULL)
    return dbrctl_frame_misuse (frame, _("“units” needs a verb, as “list” or “status”"));
  while (i < G_N_ELEMENTS (verbs) && strcmp (verbs[i].name, arguments[0]) != 0)
    i++;
  if (i == G_N_ELEMENTS (verbs))
    return dbrctl_frame_misuse (frame, _("“units” knows no verb “%s”"), arguments[0]);
  if (verbs[i].names == NAMES_SOME && arguments[1] == NULL)
    return dbrctl_frame_misuse (frame, _("“units %s” needs the name of a unit"), arguments[0]);
  if (verbs[i].names == NAMES_NONE && arguments[1] != NULL)
    return dbrctl_frame_misuse (frame, _("“units %s” takes no names"), arguments[0]);

  return run_verb (frame, arguments, i);
}

static const char *const examples[] = {
  "dbrctl units failed", N_("what has failed; status 1 if anything has"),
  "dbrctl units why bluetooth", N_("why it does not run"),
  "dbrctl units list 'getty*' dbus", N_("some units, and a line for those that are not installed"),
  "dbrctl units restart --user pipewire", N_("waits until it has restarted, or says why it has not"),
  "dbrctl units watch --json", N_("what changes, an object a line"),
  NULL
};

const DbrctlWord dbrctl_units = {
  .name = "units",
  .summary = N_("Shows and controls what systemd runs"),
  .arguments = N_("VERB [UNIT…]"),
  .description =
    N_("Verbs that look: list [PATTERN…], status UNIT…, why UNIT…, deps UNIT…, failed, jobs, boot, blame, watch [UNIT…].\n"
       "Verbs that act: start, stop, restart, reload, enable, disable UNIT…, and daemon-reload. They wait for the "
       "job that systemd makes of it, and say how it ended.\n"
       "A name without a suffix is that of a service. Without --user it is the systemd of the machine."),
  .examples = examples,
  .options = options,
  .run = run,
};
