/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-services-private.h"

#include "base/dbr-data-private.h"

#define SERVICES_PATH "/dbr/services.ini"

static char **
load_never_activated (void)
{
  g_autoptr(GBytes) bytes = dbr_data_lookup (SERVICES_PATH);
  g_autoptr(GKeyFile) file = g_key_file_new ();
  g_autoptr(GError) error = NULL;
  char **names = NULL;

  if (g_key_file_load_from_bytes (file, bytes, G_KEY_FILE_NONE, &error))
    names = g_key_file_get_string_list (file, "never-activate", "names", NULL, &error);
  if (names == NULL)
    g_error ("%s is damaged: %s", SERVICES_PATH, error->message);

  return names;
}

gboolean
dbr_services_may_activate (const char *bus_name)
{
  static char **never_activated = NULL;

  g_return_val_if_fail (bus_name != NULL, FALSE);

  if (g_once_init_enter (&never_activated))
    g_once_init_leave (&never_activated, load_never_activated ());

  return !g_strv_contains ((const char *const *) never_activated, bus_name);
}
