/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-gdbus-serial-private.h"

/* Whoever is first puts them there. */
guint32 *
dbr_gdbus_serial_get_next (GDBusConnection *connection)
{
  guint32 *next = g_new0 (guint32, 1);

  if (!g_object_replace_data (G_OBJECT (connection), "dbr-next-serial", NULL, next, g_free, NULL))
    g_free (next);

  return g_object_get_data (G_OBJECT (connection), "dbr-next-serial");
}

guint32
dbr_gdbus_serial_take (guint32 *next)
{
  return DBR_GDBUS_FIRST_SERIAL | (guint32) g_atomic_int_add ((gint *) next, 1);
}
