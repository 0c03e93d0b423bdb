/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-systemd-name-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

#define MAX_LENGTH 255
#define GLOB_CHARACTERS "*?["

/* What a unit can be. */
static const char *const suffixes[] = {
  ".service", ".socket", ".target", ".device", ".mount", ".automount",
  ".swap", ".timer", ".path", ".slice", ".scope", NULL
};

static gboolean
has_suffix (const char *name)
{
  const char *dot = strrchr (name, '.');

  return dot != NULL && g_strv_contains (suffixes, dot);
}

static gboolean
is_name_character (char c)
{
  return g_ascii_isalnum (c) || strchr (":-_.\\@", c) != NULL;
}

static gboolean
is_path_character (char c)
{
  return g_ascii_isalnum (c) || strchr (":_.", c) != NULL;
}

/* As `systemd-escape --path` does it: slashes become dashes, all that could be taken for something
 * else its number, and so does a dot at the beginning. */
static char *
escape_path (const char *path)
{
  g_autoptr(GString) escaped = g_string_new (NULL);
  g_auto(GStrv) parts = g_strsplit (path, "/", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      if (*parts[i] == '\0')
        continue;
      if (escaped->len > 0)
        g_string_append_c (escaped, '-');
      for (const char *c = parts[i]; *c != '\0'; c++)
        {
          if (is_path_character (*c) && (*c != '.' || escaped->len > 0))
            g_string_append_c (escaped, *c);
          else
            g_string_append_printf (escaped, "\\x%02x", (guchar) *c);
        }
    }
  if (escaped->len == 0)
    g_string_append_c (escaped, '-');

  return g_string_free (g_steal_pointer (&escaped), FALSE);
}

static char *
complete_path (const char *path)
{
  g_autofree char *escaped = escape_path (path);
  gboolean is_device = g_str_has_prefix (path, "/dev/") || g_str_has_prefix (path, "/sys/");

  return g_strconcat (escaped, is_device ? ".device" : ".mount", NULL);
}

/* A template is none, but only what instances are made of. */
static gboolean
check (const char  *name,
       GError     **error)
{
  const char *fault = NULL;
  g_autofree char *shown = NULL;

  if (*name == '.' || *name == '@')
    fault = N_("it has nothing before the suffix");
  else if (strstr (name, "@.") != NULL)
    fault = N_("it is that of a template, which needs an instance after the @");
  else if (strlen (name) > MAX_LENGTH)
    fault = N_("it is longer than 255 characters");
  for (const char *c = name; *c != '\0' && fault == NULL; c++)
    {
      if (!is_name_character (*c))
        fault = N_("only letters, digits and :-_.\\@ may be in it");
    }
  if (fault == NULL)
    return TRUE;

  shown = g_utf8_make_valid (name, -1);
  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("“%s” is not the name of a unit: %s"), shown, _(fault));

  return FALSE;
}

char *
dbr_systemd_name_complete (const char  *name,
                           GError     **error)
{
  g_autofree char *complete = NULL;

  if (*name == '\0')
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                           _("The name of a unit is empty"));
      return NULL;
    }

  if (*name == '/' && g_utf8_validate (name, -1, NULL))
    complete = complete_path (name);
  else
    complete = g_strconcat (name, has_suffix (name) ? NULL : ".service", NULL);

  return check (complete, error) ? g_steal_pointer (&complete) : NULL;
}

static char *
complete_pattern (const char  *pattern,
                  GError     **error)
{
  if (strpbrk (pattern, GLOB_CHARACTERS) == NULL)
    return dbr_systemd_name_complete (pattern, error);
  if (g_utf8_validate (pattern, -1, NULL) && strlen (pattern) <= MAX_LENGTH)
    return g_strdup (pattern);

  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                       _("A pattern for units is longer than 255 characters or no text"));

  return NULL;
}

typedef char *(*CompleteFunc) (const char  *name,
                               GError     **error);

static char **
complete_each (const char * const  *names,
               CompleteFunc         complete,
               GError             **error)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      char *name = complete (names[i], error);

      if (name == NULL)
        return NULL;
      g_ptr_array_add (all, name);
    }
  g_ptr_array_add (all, NULL);

  return (char **) g_ptr_array_free (g_steal_pointer (&all), FALSE);
}

char **
dbr_systemd_name_complete_all (const char * const  *names,
                               GError             **error)
{
  return complete_each (names, dbr_systemd_name_complete, error);
}

char **
dbr_systemd_name_complete_patterns (const char * const  *patterns,
                                    GError             **error)
{
  return complete_each (patterns, complete_pattern, error);
}

char *
dbr_systemd_name_to_path (const char *name)
{
  g_autoptr(GString) path = g_string_new (DBR_SYSTEMD_UNIT_PATH "/");

  for (const char *c = name; *c != '\0'; c++)
    {
      if (g_ascii_isalpha (*c) || (g_ascii_isdigit (*c) && c > name))
        g_string_append_c (path, *c);
      else
        g_string_append_printf (path, "_%02x", (guchar) *c);
    }

  return g_string_free (g_steal_pointer (&path), FALSE);
}
