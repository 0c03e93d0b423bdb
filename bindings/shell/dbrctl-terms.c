/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-terms-private.h"

#include <glib/gi18n.h>

const char *
dbrctl_terms_nick (GType type,
                   int   value)
{
  g_autoptr(GEnumClass) values = g_type_class_ref (type);

  return g_enum_get_value (values, value)->value_nick;
}

const char *
dbrctl_terms_state (DbrServiceState state)
{
  switch (state)
    {
    case DBR_SERVICE_STATE_ABSENT: return _("absent");
    case DBR_SERVICE_STATE_STARTING: return _("starting");
    case DBR_SERVICE_STATE_HEALTHY: return _("healthy");
    case DBR_SERVICE_STATE_SLOW: return _("slow");
    case DBR_SERVICE_STATE_SUSPECT: return _("suspect");
    case DBR_SERVICE_STATE_STALLED: return _("stalled");
    case DBR_SERVICE_STATE_FROZEN: return _("frozen");
    case DBR_SERVICE_STATE_BUS_LOST: return _("no bus");

    case DBR_SERVICE_STATE_UNKNOWN:
    default:
      return _("unknown");
    }
}

DbrctlStyle
dbrctl_terms_state_style (DbrServiceState state)
{
  switch (state)
    {
    case DBR_SERVICE_STATE_HEALTHY:
      return DBRCTL_GOOD;

    case DBR_SERVICE_STATE_STARTING:
    case DBR_SERVICE_STATE_SLOW:
    case DBR_SERVICE_STATE_SUSPECT:
      return DBRCTL_DOUBT;

    case DBR_SERVICE_STATE_STALLED:
    case DBR_SERVICE_STATE_FROZEN:
    case DBR_SERVICE_STATE_BUS_LOST:
      return DBRCTL_BAD;

    case DBR_SERVICE_STATE_ABSENT:
    case DBR_SERVICE_STATE_UNKNOWN:
    default:
      return DBRCTL_FAINT;
    }
}

const char *
dbrctl_terms_circuit (DbrCircuitState state)
{
  switch (state)
    {
    case DBR_CIRCUIT_STATE_OPEN: return _("open");
    case DBR_CIRCUIT_STATE_HALF_OPEN: return _("half open");
    case DBR_CIRCUIT_STATE_ISOLATED: return _("isolated");

    case DBR_CIRCUIT_STATE_CLOSED:
    default:
      return _("closed");
    }
}

DbrctlStyle
dbrctl_terms_circuit_style (DbrCircuitState state)
{
  switch (state)
    {
    case DBR_CIRCUIT_STATE_OPEN:
    case DBR_CIRCUIT_STATE_ISOLATED:
      return DBRCTL_BAD;

    case DBR_CIRCUIT_STATE_HALF_OPEN:
      return DBRCTL_DOUBT;

    case DBR_CIRCUIT_STATE_CLOSED:
    default:
      return DBRCTL_PLAIN;
    }
}

const char *
dbrctl_terms_severity (DbrSeverity severity)
{
  switch (severity)
    {
    case DBR_SEVERITY_CRITICAL: return _("critical");
    case DBR_SEVERITY_WARNING: return _("warning");

    case DBR_SEVERITY_NOTICE:
    default:
      return _("notice");
    }
}

DbrctlStyle
dbrctl_terms_severity_style (DbrSeverity severity)
{
  switch (severity)
    {
    case DBR_SEVERITY_CRITICAL: return DBRCTL_BAD;
    case DBR_SEVERITY_WARNING: return DBRCTL_DOUBT;

    case DBR_SEVERITY_NOTICE:
    default:
      return DBRCTL_PLAIN;
    }
}

const char *
dbrctl_terms_execution (DbrExecution execution)
{
  switch (execution)
    {
    case DBR_EXECUTION_NEVER: return _("the method did not run");
    case DBR_EXECUTION_ONCE: return _("the method ran once");
    case DBR_EXECUTION_SEVERAL: return _("the method ran more than once");

    case DBR_EXECUTION_MAYBE:
    default:
      return _("the method may have run");
    }
}

const char *
dbrctl_terms_bus (GBusType bus_type)
{
  switch ((int) bus_type)
    {
    case G_BUS_TYPE_SYSTEM: return _("The system bus");
    case G_BUS_TYPE_SESSION: return _("The session bus");

    default:
      return _("The bus");
    }
}

const char *
dbrctl_terms_bus_nick (GBusType bus_type)
{
  switch ((int) bus_type)
    {
    case G_BUS_TYPE_SYSTEM: return "system";
    case G_BUS_TYPE_SESSION: return "session";

    default:
      return "address";
    }
}
