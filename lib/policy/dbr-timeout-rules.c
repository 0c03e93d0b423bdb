/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-timeout-rules-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-data-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

#define OPERATIONS_PATH "/dbr/operations.ini"
#define GROUP_LIMITS "limits"
#define GROUP_MAP "map"
#define GROUP_WRITES "writes"

/* One entry of a map, key and value in one. */
typedef struct
{
  char       *interface_name;
  char       *member;
  guint       hash;
  const char *operation;
} Mapping;

/* Members tell entries apart better than interfaces, of which the length and two characters do. */
static guint
hash_names (const char *interface_name,
            const char *member)
{
  gsize length = strlen (interface_name);
  guint hash = length;

  if (length > 0)
    hash = (hash * 33 + interface_name[length / 2]) * 33 + interface_name[length - 1];

  for (; *member != '\0'; member++)
    hash = hash * 33 + member[0];

  return hash;
}

static guint
mapping_hash (gconstpointer key)
{
  const Mapping *mapping = key;

  return mapping->hash;
}

static gboolean
mapping_equal (gconstpointer a,
               gconstpointer b)
{
  const Mapping *first = a;
  const Mapping *second = b;

  return first->hash == second->hash
         && strcmp (first->member, second->member) == 0
         && strcmp (first->interface_name, second->interface_name) == 0;
}

static Mapping *
mapping_new (const char *interface_name,
             const char *member,
             const char *operation)
{
  Mapping *mapping = g_new (Mapping, 1);

  mapping->interface_name = g_strdup (interface_name);
  mapping->member = g_strdup (member);
  mapping->hash = hash_names (interface_name, member);
  mapping->operation = g_intern_string (operation);

  return mapping;
}

static void
mapping_free (gpointer data)
{
  Mapping *mapping = data;

  g_free (mapping->interface_name);
  g_free (mapping->member);
  g_free (mapping);
}

/* The operation in @map, or else in @fallback. */
static const char *
find_mapped (GHashTable *map,
             GHashTable *fallback,
             const char *interface_name,
             const char *member)
{
  const Mapping wanted = {
    (char *) interface_name, (char *) member, hash_names (interface_name, member), NULL,
  };
  const Mapping *mapping = NULL;

  if (g_hash_table_size (map) > 0)
    mapping = g_hash_table_lookup (map, &wanted);
  if (mapping == NULL)
    mapping = g_hash_table_lookup (fallback, &wanted);

  return mapping != NULL ? mapping->operation : NULL;
}

static gboolean
is_mapped_to_cb (gpointer key,
                 gpointer value,
                 gpointer user_data)
{
  const Mapping *mapping = key;

  return mapping->operation == user_data;
}

static gboolean
map_add (GHashTable  *map,
         const char  *interface_name,
         const char  *member,
         const char  *operation,
         GError     **error)
{
  if (!dbr_check_interface_name (interface_name, error)
      || !dbr_check_member_name (member, error)
      || !dbr_check_operation (operation, error))
    return FALSE;

  g_hash_table_add (map, mapping_new (interface_name, member, operation));

  return TRUE;
}

static gboolean
map_read (GHashTable  *map,
          const char  *key,
          const char  *value,
          GError     **error)
{
  const char *dot = strrchr (key, '.');
  g_autofree char *interface_name = g_strndup (key, dot != NULL ? dot - key : 0);

  return map_add (map, interface_name, dot != NULL ? dot + 1 : key, value, error);
}

static gboolean
dbr_timeout_rules_read_limit (DbrTimeoutRules  *self,
                              const char       *key,
                              const char       *value,
                              GError          **error)
{
  guint64 ms;

  if (g_ascii_string_to_unsigned (value, 10, 1, DBR_MAX_TIMEOUT_MS, &ms, NULL))
    return dbr_timeout_rules_add_limit (self, key, ms, error);

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("The limit is not a whole number of milliseconds from 1 to %u"),
               DBR_MAX_TIMEOUT_MS);

  return FALSE;
}

static gboolean
dbr_timeout_rules_read_entry (DbrTimeoutRules  *self,
                              const char       *group,
                              const char       *key,
                              const char       *value,
                              GError          **error)
{
  if (g_str_equal (group, GROUP_LIMITS))
    return dbr_timeout_rules_read_limit (self, key, value, error);

  if (g_str_equal (group, GROUP_MAP))
    return map_read (self->methods, key, value, error);

  return map_read (self->writes, key, value, error);
}

static gboolean
dbr_timeout_rules_read_group (DbrTimeoutRules  *self,
                              GKeyFile         *file,
                              const char       *group,
                              GError          **error)
{
  g_auto(GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);

  for (guint i = 0; keys[i] != NULL; i++)
    {
      g_autofree char *value = g_key_file_get_value (file, group, keys[i], NULL);

      if (!dbr_timeout_rules_read_entry (self, group, keys[i], g_strstrip (value), error))
        {
          g_prefix_error (error, "[%s] %s=%s: ", group, keys[i], value);
          return FALSE;
        }
    }

  return TRUE;
}

static DbrTimeoutRules *
load_shipped (void)
{
  g_autoptr(GBytes) bytes = dbr_data_lookup (OPERATIONS_PATH);
  g_autoptr(GKeyFile) file = g_key_file_new ();
  g_autoptr(DbrTimeoutRules) rules = dbr_timeout_rules_new ();
  g_autoptr(GError) error = NULL;

  if (!g_key_file_load_from_bytes (file, bytes, G_KEY_FILE_NONE, &error)
      || !dbr_timeout_rules_read (rules, file, &error))
    g_error ("%s is damaged: %s", OPERATIONS_PATH, error->message);

  return g_steal_pointer (&rules);
}

/* Read once and never changed: nobody needs a lock for it. */
static const DbrTimeoutRules *
get_shipped (void)
{
  static DbrTimeoutRules *shipped = NULL;

  if (g_once_init_enter (&shipped))
    g_once_init_leave (&shipped, load_shipped ());

  return shipped;
}

DbrTimeoutRules *
dbr_timeout_rules_new (void)
{
  DbrTimeoutRules *self = g_new (DbrTimeoutRules, 1);

  self->limits = g_hash_table_new (NULL, NULL);
  self->methods = g_hash_table_new_full (mapping_hash, mapping_equal, mapping_free, NULL);
  self->writes = g_hash_table_new_full (mapping_hash, mapping_equal, mapping_free, NULL);

  return self;
}

void
dbr_timeout_rules_free (DbrTimeoutRules *self)
{
  g_hash_table_unref (self->limits);
  g_hash_table_unref (self->methods);
  g_hash_table_unref (self->writes);
  g_free (self);
}

gboolean
dbr_timeout_rules_read (DbrTimeoutRules  *self,
                        GKeyFile         *file,
                        GError          **error)
{
  static const char *const known[] = { GROUP_LIMITS, GROUP_MAP, GROUP_WRITES, NULL };
  g_auto(GStrv) groups = g_key_file_get_groups (file, NULL);

  for (guint i = 0; groups[i] != NULL; i++)
    {
      if (!g_strv_contains (known, groups[i]))
        {
          g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                       _("[%s]: There is no such group, only [%s], [%s] and [%s]"),
                       groups[i], GROUP_LIMITS, GROUP_MAP, GROUP_WRITES);
          return FALSE;
        }

      if (!dbr_timeout_rules_read_group (self, file, groups[i], error))
        return FALSE;
    }

  return TRUE;
}

gboolean
dbr_timeout_rules_add_limit (DbrTimeoutRules  *self,
                             const char       *operation,
                             guint             ms,
                             GError          **error)
{
  if (!dbr_check_operation (operation, error) || !dbr_check_timeout (operation, ms, error))
    return FALSE;

  if (ms == 0)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The time limit “%s” of 0 ms leaves no time at all"), operation);
      return FALSE;
    }

  g_hash_table_insert (self->limits, (char *) g_intern_string (operation), GUINT_TO_POINTER (ms));

  return TRUE;
}

gboolean
dbr_timeout_rules_add_method (DbrTimeoutRules  *self,
                              const char       *interface_name,
                              const char       *member,
                              const char       *operation,
                              GError          **error)
{
  return map_add (self->methods, interface_name, member, operation, error);
}

gboolean
dbr_timeout_rules_check_mapped (const DbrTimeoutRules  *self,
                                const DbrTimeoutRules  *others,
                                GError                **error)
{
  GHashTable *maps[] = { self->methods, self->writes };
  const char *groups[] = { GROUP_MAP, GROUP_WRITES };

  for (guint i = 0; i < G_N_ELEMENTS (maps); i++)
    {
      GHashTableIter iter;
      gpointer key;

      g_hash_table_iter_init (&iter, maps[i]);
      while (g_hash_table_iter_next (&iter, &key, NULL))
        {
          const Mapping *mapping = key;

          if (dbr_timeout_rules_find_limit (self, mapping->operation) != 0
              || dbr_timeout_rules_find_limit (others, mapping->operation) != 0)
            continue;

          g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                       _("[%s] %s.%s=%s: There is no such operation; give it a limit first"),
                       groups[i], mapping->interface_name, mapping->member, mapping->operation);
          return FALSE;
        }
    }

  return TRUE;
}

void
dbr_timeout_rules_take (DbrTimeoutRules *self,
                        DbrTimeoutRules *more)
{
  GHashTable *from[] = { more->limits, more->methods, more->writes };
  GHashTable *to[] = { self->limits, self->methods, self->writes };

  for (guint i = 0; i < G_N_ELEMENTS (from); i++)
    {
      GHashTableIter iter;
      gpointer key;
      gpointer value;

      g_hash_table_iter_init (&iter, from[i]);
      while (g_hash_table_iter_next (&iter, &key, &value))
        {
          g_hash_table_iter_steal (&iter);
          g_hash_table_replace (to[i], key, value);
        }
    }
}

void
dbr_timeout_rules_remove (DbrTimeoutRules *self,
                          const char      *operation)
{
  g_hash_table_remove (self->limits, operation);
  if (g_hash_table_contains (get_shipped ()->limits, operation))
    return;

  g_hash_table_foreach_remove (self->methods, is_mapped_to_cb, (char *) operation);
  g_hash_table_foreach_remove (self->writes, is_mapped_to_cb, (char *) operation);
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char **
dbr_timeout_rules_dup_operations (const DbrTimeoutRules *self)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, get_shipped ()->limits);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, g_strdup (name));

  g_hash_table_iter_init (&iter, self->limits);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      if (!g_hash_table_contains (get_shipped ()->limits, name))
        g_ptr_array_add (names, g_strdup (name));
    }

  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);

  return (char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

guint
dbr_timeout_rules_find_limit (const DbrTimeoutRules *self,
                              const char            *operation)
{
  gpointer ms = NULL;

  if (g_hash_table_size (self->limits) > 0)
    ms = g_hash_table_lookup (self->limits, operation);
  if (ms == NULL)
    ms = g_hash_table_lookup (get_shipped ()->limits, operation);

  return GPOINTER_TO_UINT (ms);
}

const char *
dbr_timeout_rules_find_method (const DbrTimeoutRules *self,
                               const char            *interface_name,
                               const char            *member)
{
  return find_mapped (self->methods, get_shipped ()->methods, interface_name, member);
}

const char *
dbr_timeout_rules_find_write (const DbrTimeoutRules *self,
                              const char            *interface_name,
                              const char            *property_name)
{
  return find_mapped (self->writes, get_shipped ()->writes, interface_name, property_name);
}

const char *
dbr_timeout_rules_find_short (const DbrTimeoutRules *self,
                              guint                 *ms)
{
  GHashTableIter iter;
  gpointer operation;
  gpointer limit;

  g_hash_table_iter_init (&iter, self->limits);
  while (g_hash_table_iter_next (&iter, &operation, &limit))
    {
      if (GPOINTER_TO_UINT (limit) >= 10)
        continue;

      *ms = GPOINTER_TO_UINT (limit);
      return operation;
    }

  return NULL;
}
