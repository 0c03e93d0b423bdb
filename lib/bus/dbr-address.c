/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#define _GNU_SOURCE

#include "config.h"

#include "bus/dbr-address-private.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

#define SYSTEM_BUS_ADDRESS "unix:path=/var/run/dbus/system_bus_socket"

/* No system lets one message carry more: SCM_MAX_FD. */
#define MAX_DESCRIPTORS 253

static const DbrTransportLimits system_limits = { 128, 32 * 1024 * 1024, 16, 512 };
static const DbrTransportLimits session_limits = {
  50000, DBR_MAX_MESSAGE_SIZE, MAX_DESCRIPTORS, 50000
};
static const DbrTransportLimits peer_limits = {
  G_MAXUINT, DBR_MAX_MESSAGE_SIZE, MAX_DESCRIPTORS, G_MAXUINT,
};

/* What a program that runs with another's rights is told by its environment may be a trap, and is
 * not read. GLib's own way would start a bus where it finds none (autolaunch), for which nobody
 * asked. */
static char *
dup_session_address (GError **error)
{
  const char *address = secure_getenv ("DBUS_SESSION_BUS_ADDRESS");
  const char *folder = secure_getenv ("XDG_RUNTIME_DIR");
  g_autofree char *path = NULL;
  g_autofree char *escaped = NULL;

  if (address != NULL && *address != '\0')
    return g_strdup (address);

  path = folder != NULL && g_path_is_absolute (folder)
         ? g_build_filename (folder, "bus", NULL)
         : g_strdup_printf ("/run/user/%u/bus", (guint) geteuid ());
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    {
      escaped = g_dbus_address_escape_value (path);
      return g_strconcat ("unix:path=", escaped, NULL);
    }

  g_set_error (error, DBR_ERROR, DBR_ERROR_NO_BUS,
               _("There is no session bus: DBUS_SESSION_BUS_ADDRESS is not set and %s does not "
                 "exist"),
               path);

  return NULL;
}

static char *
dup_system_address (void)
{
  const char *address = secure_getenv ("DBUS_SYSTEM_BUS_ADDRESS");

  return g_strdup (address != NULL && *address != '\0' ? address : SYSTEM_BUS_ADDRESS);
}

static char *
dup_starter_address (GError **error)
{
  const char *starter = secure_getenv ("DBUS_STARTER_BUS_TYPE");

  if (g_strcmp0 (starter, "session") == 0)
    return dbr_address_dup_for_bus (G_BUS_TYPE_SESSION, error);
  if (g_strcmp0 (starter, "system") == 0)
    return dbr_address_dup_for_bus (G_BUS_TYPE_SYSTEM, error);

  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_NO_BUS,
                       _("This program was not started by a bus: "
                         "DBUS_STARTER_BUS_TYPE is not set"));

  return NULL;
}

char *
dbr_address_dup_for_bus (GBusType   bus_type,
                         GError   **error)
{
  switch (bus_type)
    {
    case G_BUS_TYPE_SESSION:
      return dup_session_address (error);

    case G_BUS_TYPE_SYSTEM:
      return dup_system_address ();

    case G_BUS_TYPE_STARTER:
      return dup_starter_address (error);

    case G_BUS_TYPE_NONE:
    default:
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_NO_BUS,
                           _("No bus is given to connect to"));
      return NULL;
    }
}

gboolean
dbr_address_check (const char  *address,
                   GError     **error)
{
  g_autofree char *shown = g_utf8_make_valid (address, -1);
  g_autoptr(GError) cause = NULL;

  if (g_str_has_prefix (address, "autolaunch:"))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_NO_BUS,
                   _("The address “%s” asks for a bus to be started, which libdbr does not do"),
                   shown);
      return FALSE;
    }

  /* GLib repeats the address in its own words. */
  if (!g_dbus_is_supported_address (address, &cause))
    {
      g_autofree char *reason = g_utf8_make_valid (cause->message, -1);

      g_set_error (error, DBR_ERROR, DBR_ERROR_NO_BUS,
                   _("The address “%s” is not one that can be connected to: %s"), shown, reason);
      return FALSE;
    }

  return TRUE;
}

static gboolean
is_address_of (const char *address,
               GBusType    bus_type)
{
  g_autofree char *other = dbr_address_dup_for_bus (bus_type, NULL);

  return g_strcmp0 (address, other) == 0;
}

/* What is not known to be the session bus is taken for the stricter one. */
DbrTransportLimits
dbr_address_get_limits (const char *address)
{
  if (!is_address_of (address, G_BUS_TYPE_SYSTEM) && is_address_of (address, G_BUS_TYPE_SESSION))
    return session_limits;

  return system_limits;
}

DbrTransportLimits
dbr_address_get_peer_limits (void)
{
  return peer_limits;
}
