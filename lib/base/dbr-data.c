/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-data-private.h"

#include "dbr-resources.h"

GBytes *
dbr_data_lookup (const char *path)
{
  static gsize is_registered = 0;
  g_autoptr(GError) error = NULL;
  GBytes *bytes;

  /* The resource does not register itself: nothing of libdbr runs when it is loaded. */
  if (g_once_init_enter (&is_registered))
    {
      dbr_data_register_resource ();
      g_once_init_leave (&is_registered, 1);
    }

  bytes = g_resource_lookup_data (dbr_data_get_resource (), path,
                                  G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
  if (bytes == NULL)
    g_error ("The library is built without its data: %s", error->message);

  return bytes;
}
