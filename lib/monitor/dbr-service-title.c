/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-service-title-private.h"

#include "base/dbr-i18n-private.h"

/* Each stands where its service does something: “Bluetooth does not answer”. */
static const struct
{
  const char *bus_name;
  const char *title;
} titles[] = {
  /* Translators: these stand before “does not answer”, “answers again” and the like. */
  { "org.bluez", N_("Bluetooth") },
  { "org.freedesktop.Avahi", N_("Network discovery") },
  { "org.freedesktop.ModemManager1", N_("Mobile broadband") },
  { "org.freedesktop.NetworkManager", N_("Networking") },
  { "org.freedesktop.Notifications", N_("The notification service") },
  { "org.freedesktop.UDisks2", N_("Disk management") },
  { "org.freedesktop.UPower", N_("Power management") },
  { "org.freedesktop.login1", N_("Session management") },
  { "org.freedesktop.systemd1", N_("System management") },
};

const char *
dbr_service_title_get (const char *bus_name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (titles); i++)
    {
      if (g_str_equal (titles[i].bus_name, bus_name))
        return _(titles[i].title);
    }

  return bus_name;
}
