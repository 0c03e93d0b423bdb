/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-services-private.h"

#include "base/dbr-data-private.h"

#define SERVICES_PATH "/dbr/services.ini"
#define BOUND_GROUP "bound-to-caller"
#define PROBES_GROUP "probes"

static GKeyFile *
load_services (void)
{
  g_autoptr(GBytes) bytes = dbr_data_lookup (SERVICES_PATH);
  g_autoptr(GKeyFile) file = g_key_file_new ();
  g_autoptr(GError) error = NULL;

  if (!g_key_file_load_from_bytes (file, bytes, G_KEY_FILE_NONE, &error))
    g_error ("%s is damaged: %s", SERVICES_PATH, error->message);

  return g_steal_pointer (&file);
}

static char **
load_never_activated (void)
{
  g_autoptr(GKeyFile) file = load_services ();
  g_autoptr(GError) error = NULL;
  char **names = g_key_file_get_string_list (file, "never-activate", "names", NULL, &error);

  if (names == NULL)
    g_error ("%s is damaged: %s", SERVICES_PATH, error->message);

  return names;
}

/* From each method, as `interface.method` and as `.method`. */
static GHashTable *
load_bound (void)
{
  g_autoptr(GKeyFile) file = load_services ();
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) interfaces = g_key_file_get_keys (file, BOUND_GROUP, NULL, &error);
  GHashTable *bound = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; interfaces != NULL && interfaces[i] != NULL; i++)
    {
      g_auto(GStrv) methods = g_key_file_get_string_list (file, BOUND_GROUP, interfaces[i], NULL,
                                                          &error);

      for (guint j = 0; methods != NULL && methods[j] != NULL; j++)
        {
          g_hash_table_add (bound, g_strconcat (interfaces[i], ".", methods[j], NULL));
          g_hash_table_add (bound, g_strconcat (".", methods[j], NULL));
        }
    }

  if (error != NULL)
    g_error ("%s is damaged: %s", SERVICES_PATH, error->message);

  return bound;
}

/* By bus name, each with its three parts. */
static GHashTable *
load_probes (void)
{
  g_autoptr(GKeyFile) file = load_services ();
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) names = g_key_file_get_keys (file, PROBES_GROUP, NULL, &error);
  GHashTable *probes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                              (GDestroyNotify) g_strfreev);

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      char **parts = g_key_file_get_string_list (file, PROBES_GROUP, names[i], NULL, &error);

      if (parts == NULL || g_strv_length (parts) != 3)
        g_error ("%s is damaged: the probe of %s has not three parts", SERVICES_PATH, names[i]);
      g_hash_table_insert (probes, g_strdup (names[i]), parts);
    }

  if (error != NULL)
    g_error ("%s is damaged: %s", SERVICES_PATH, error->message);

  return probes;
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

gboolean
dbr_services_bind_caller (const char *interface_name,
                          const char *method_name)
{
  static GHashTable *bound = NULL;
  g_autofree char *name = NULL;

  if (g_once_init_enter (&bound))
    g_once_init_leave (&bound, load_bound ());

  if (method_name == NULL)
    return FALSE;

  name = g_strconcat (interface_name != NULL ? interface_name : "", ".", method_name, NULL);

  return g_hash_table_contains (bound, name);
}

char **
dbr_services_dup_probe (const char *bus_name)
{
  static GHashTable *probes = NULL;

  if (g_once_init_enter (&probes))
    g_once_init_leave (&probes, load_probes ());

  return g_strdupv (g_hash_table_lookup (probes, bus_name));
}
