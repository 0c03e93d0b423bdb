/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-bluez-catalogue-private.h"

#include <string.h>

#include "base/dbr-data-private.h"
#include "base/dbr-error.h"
#include "policy/dbr-failure-private.h"

#define CATALOGUE_PATH "/dbr/bluez.ini"

typedef struct
{
  GStrv            operations;
  GStrv            names;
  GStrv            texts;
  DbrBluezReaction reaction;
} Row;

static const char *const reactions[] = {
  "retry", "done", "join", "wait-power", "find-again", "wait-owner", "ask-again", "soon", "once",
  "give-up", "unknown", NULL
};

static DbrBluezReaction
parse_reaction (const char *text)
{
  for (guint i = 0; text != NULL && reactions[i] != NULL; i++)
    {
      if (strcmp (reactions[i], text) == 0)
        return (DbrBluezReaction) i;
    }

  g_error ("%s has a reaction that there is not: “%s”", CATALOGUE_PATH, text);
}

static GArray *
load_rows (void)
{
  g_autoptr(GBytes) bytes = dbr_data_lookup (CATALOGUE_PATH);
  g_autoptr(GKeyFile) file = g_key_file_new ();
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) groups = NULL;
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (Row));

  if (!g_key_file_load_from_bytes (file, bytes, G_KEY_FILE_NONE, &error))
    g_error ("%s is damaged: %s", CATALOGUE_PATH, error->message);

  groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    {
      g_autofree char *reaction = g_key_file_get_string (file, groups[i], "reaction", NULL);
      Row row = {
        g_key_file_get_string_list (file, groups[i], "operations", NULL, NULL),
        g_key_file_get_string_list (file, groups[i], "names", NULL, &error),
        g_key_file_get_string_list (file, groups[i], "texts", NULL, NULL),
        parse_reaction (reaction),
      };

      if (error != NULL)
        g_error ("%s is damaged: %s", CATALOGUE_PATH, error->message);
      g_array_append_val (rows, row);
    }

  return rows;
}

static gboolean
name_fits (const char *pattern,
           const char *name)
{
  gsize length = strlen (pattern);

  if (g_str_has_suffix (pattern, ".*"))
    return strncmp (pattern, name, length - 1) == 0;

  return strcmp (pattern, name) == 0;
}

static gboolean
row_fits (const Row  *row,
          const char *operation,
          const char *name,
          const char *message)
{
  gboolean fits = FALSE;

  if (row->operations != NULL
      && !g_strv_contains ((const char *const *) row->operations, operation))
    return FALSE;

  for (guint i = 0; row->names[i] != NULL && !fits; i++)
    fits = name_fits (row->names[i], name);
  if (!fits || row->texts == NULL)
    return fits;

  fits = FALSE;
  for (guint i = 0; row->texts[i] != NULL && !fits; i++)
    fits = strstr (message, row->texts[i]) != NULL;

  return fits;
}

/* What was not sent, or of which nothing is known, whatever BlueZ thinks of it. */
static DbrBluezReaction
lookup_own (const GError *error)
{
  if (g_error_matches (error, DBR_ERROR, DBR_ERROR_NO_OWNER))
    return DBR_BLUEZ_REACTION_WAIT_OWNER;
  if (g_error_matches (error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST)
      || g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE)
      || g_error_matches (error, DBR_ERROR, DBR_ERROR_STALE)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return DBR_BLUEZ_REACTION_UNKNOWN;

  return DBR_BLUEZ_REACTION_GIVE_UP;
}

DbrBluezReaction
dbr_bluez_catalogue_lookup (const char   *operation,
                            const GError *error)
{
  static GArray *rows = NULL;
  g_autofree char *name = dbr_failure_dup_error_name (error);

  if (g_once_init_enter (&rows))
    g_once_init_leave (&rows, load_rows ());

  if (name == NULL || !g_dbus_error_is_remote_error (error))
    return lookup_own (error);

  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = &g_array_index (rows, Row, i);

      if (row_fits (row, operation, name, error->message))
        return row->reaction;
    }

  return DBR_BLUEZ_REACTION_RETRY;
}
