/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-access-file-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-data-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

#define ACCESS_PATH "/dbr/access.ini"
#define GROUP_EVERY_TIER "every-tier"

/* Not GKeyFile: that forgets in which line something stood, and of two lines with one key it drops
 * the first without a word, be that the one that denied. */
typedef gboolean (*EntryFunc) (DbrAccessRules  *rules,
                               const char      *key,
                               const char      *value,
                               GError         **error);

typedef struct
{
  const char *name;
  EntryFunc   read;
} Group;

typedef struct
{
  const Group    *groups;
  gsize           n_groups;
  DbrAccessRules *rules;

  const Group    *group;
  /* The lines of `[group] key` */
  GHashTable     *lines;
} Reader;

static const struct
{
  const char *group;
  const char *title;
} tiers[] = {
  [DBR_ACCESS_TIER_READ_ONLY] = { "read-only", "tier read-only" },
  [DBR_ACCESS_TIER_STANDARD] = { "standard", "tier standard" },
  [DBR_ACCESS_TIER_ELEVATED] = { "elevated", "tier elevated" },
  [DBR_ACCESS_TIER_CUSTOM] = { "custom", "tier custom" },
};

static gboolean
refuse_value (GError     **error,
              const char  *allowed)
{
  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("The value is not one of %s"), allowed);

  return FALSE;
}

static gboolean
read_call (DbrAccessRules  *rules,
           const char      *key,
           const char      *value,
           GError         **error)
{
  if (g_str_equal (value, "allow"))
    return dbr_access_rules_add (rules, key, DBR_ACCESS_ALLOWED, error);
  if (g_str_equal (value, "deny"))
    return dbr_access_rules_add (rules, key, DBR_ACCESS_DENIED, error);

  return refuse_value (error, "allow, deny");
}

static gboolean
read_property (DbrAccessRules  *rules,
               const char      *key,
               const char      *value,
               GError         **error)
{
  const char *dot = strrchr (key, '.');
  g_autofree char *interface_name = g_strndup (key, dot != NULL ? dot - key : 0);
  DbrPropertyAccess access;

  if (g_str_equal (value, "read"))
    access = DBR_PROPERTY_ACCESS_READ;
  else if (g_str_equal (value, "write"))
    access = DBR_PROPERTY_ACCESS_WRITE;
  else if (g_str_equal (value, "read-write"))
    access = DBR_PROPERTY_ACCESS_READ | DBR_PROPERTY_ACCESS_WRITE;
  else
    return refuse_value (error, "read, write, read-write");

  return dbr_access_rules_add_property (rules, interface_name, dot != NULL ? dot + 1 : key,
                                        access, error);
}

static gboolean
read_signal (DbrAccessRules  *rules,
             const char      *key,
             const char      *value,
             GError         **error)
{
  DbrAccessPattern *pattern;

  if (!g_str_equal (value, "allow"))
    return refuse_value (error, "allow");

  pattern = dbr_access_pattern_new (key, error);
  if (pattern == NULL)
    return FALSE;

  dbr_access_rules_take_signal (rules, pattern);

  return TRUE;
}

static gboolean
read_uid (DbrAccessRules  *rules,
          const char      *key,
          const char      *value,
          GError         **error)
{
  guint64 uid;

  if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT32 - 1, &uid, NULL))
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                           _("The uid is none that a user can have"));
      return FALSE;
    }

  return dbr_access_conditions_add_peer (dbr_access_rules_get_conditions (rules),
                                         key, uid, NULL, error);
}

static gboolean
read_exe (DbrAccessRules  *rules,
          const char      *key,
          const char      *value,
          GError         **error)
{
  return dbr_access_conditions_add_peer (dbr_access_rules_get_conditions (rules),
                                         key, -1, value, error);
}

static gboolean
read_limit (DbrAccessRules  *rules,
            const char      *key,
            const char      *value,
            GError         **error)
{
  guint64 per_minute;

  if (!g_ascii_string_to_unsigned (value, 10, 1, G_MAXUINT, &per_minute, NULL))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The rate limit is not a whole number of calls a minute from 1 to %u"),
                   G_MAXUINT);
      return FALSE;
    }

  return dbr_access_conditions_add_limit (dbr_access_rules_get_conditions (rules),
                                          key, per_minute, error);
}

/* A group of data/access.ini that another tier is about. */
static gboolean
skip_entry (DbrAccessRules  *rules,
            const char      *key,
            const char      *value,
            GError         **error)
{
  return TRUE;
}

static gboolean
reader_enter_group (Reader      *self,
                    const char  *line,
                    GError     **error)
{
  g_autoptr(GString) known = g_string_new (NULL);
  gsize length = strlen (line);

  for (gsize i = 0; i < self->n_groups; i++)
    {
      const Group *group = &self->groups[i];

      if (length == strlen (group->name) + 2 && line[length - 1] == ']'
          && strncmp (line + 1, group->name, length - 2) == 0)
        {
          self->group = group;
          return TRUE;
        }
      g_string_append_printf (known, "%s[%s]", i > 0 ? ", " : "", group->name);
    }

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("%s: There is no such group, only %s"), line, known->str);

  return FALSE;
}

static gboolean
reader_mark_line (Reader      *self,
                  const char  *key,
                  guint        number,
                  GError     **error)
{
  char *name = g_strconcat (self->group->name, "\n", key, NULL);
  guint before = GPOINTER_TO_UINT (g_hash_table_lookup (self->lines, name));

  g_hash_table_insert (self->lines, name, GUINT_TO_POINTER (number));
  if (before == 0)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("Line %u says of it something already"), before);

  return FALSE;
}

static gboolean
reader_read_entry (Reader      *self,
                   char        *line,
                   guint        number,
                   GError     **error)
{
  char *equals = strchr (line, '=');
  const char *value;

  if (equals == NULL || self->group == NULL)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   equals == NULL
                   ? _("%s: This is no group, key=value or comment")
                   : _("%s: This is in no group"), line);
      return FALSE;
    }

  *equals = '\0';
  g_strchomp (line);
  value = g_strchug (equals + 1);
  if (reader_mark_line (self, line, number, error)
      && self->group->read (self->rules, line, value, error))
    return TRUE;

  g_prefix_error (error, "[%s] %s=%s: ", self->group->name, line, value);

  return FALSE;
}

static gboolean
reader_read_line (Reader      *self,
                  char        *line,
                  guint        number,
                  GError     **error)
{
  g_strstrip (line);

  if (*line == '\0' || *line == '#')
    return TRUE;
  if (*line == '[')
    return reader_enter_group (self, line, error);

  return reader_read_entry (self, line, number, error);
}

static gboolean
read_text (DbrAccessRules  *rules,
           const Group     *groups,
           gsize            n_groups,
           const char      *text,
           GError         **error)
{
  g_autoptr(GHashTable) lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Reader reader = { groups, n_groups, rules, NULL, lines };
  g_auto(GStrv) parts = g_strsplit (text, "\n", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      if (!reader_read_line (&reader, parts[i], i + 1, error))
        {
          g_prefix_error (error, "%u: ", i + 1);
          return FALSE;
        }
    }

  return TRUE;
}

/* Up to and with the one that @end is in. */
static guint
count_lines (const char *text,
             const char *end)
{
  guint n_lines = 1;

  for (; text < end; text++)
    n_lines += *text == '\n' ? 1 : 0;

  return n_lines;
}

gboolean
dbr_access_file_read (DbrAccessRules  *rules,
                      const char      *text,
                      gsize            length,
                      GError         **error)
{
  static const Group groups[] = {
    { "calls", read_call },
    { "properties", read_property },
    { "signals", read_signal },
    { "peer-uids", read_uid },
    { "peer-programs", read_exe },
    { "rate-limits", read_limit },
  };
  const char *end;

  if (!g_utf8_validate (text, length, &end))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   "%u: %s", count_lines (text, end), _("The text is not valid UTF-8"));
      return FALSE;
    }

  return read_text (rules, groups, G_N_ELEMENTS (groups), text, error);
}

static DbrAccessRules *
load_tier (DbrAccessTier tier)
{
  g_autoptr(GBytes) bytes = dbr_data_lookup (ACCESS_PATH);
  g_autoptr(DbrAccessRules) rules = dbr_access_rules_new (tiers[tier].title);
  g_autoptr(GError) error = NULL;
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  g_autofree char *text = g_strndup (data, length);
  Group groups[G_N_ELEMENTS (tiers) + 1] = { { GROUP_EVERY_TIER, read_call } };

  for (gsize i = 0; i < G_N_ELEMENTS (tiers); i++)
    {
      groups[i + 1] = (Group) { tiers[i].group, i == tier ? read_call : skip_entry };
    }

  if (!read_text (rules, groups, G_N_ELEMENTS (groups), text, &error))
    g_error ("%s is damaged: %s", ACCESS_PATH, error->message);

  return g_steal_pointer (&rules);
}

const DbrAccessRules *
dbr_access_file_get_tier (DbrAccessTier tier)
{
  static DbrAccessRules *loaded[G_N_ELEMENTS (tiers)];

  if (g_once_init_enter (&loaded[tier]))
    g_once_init_leave (&loaded[tier], load_tier (tier));

  return loaded[tier];
}

const char *
dbr_access_tier_get_title (DbrAccessTier tier)
{
  return tiers[tier].title;
}
