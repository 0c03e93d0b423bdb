/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-match-rule-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

DbrMatchRule *
dbr_match_rule_new (const char           *bus_name,
                    const char           *object_path,
                    const char           *interface_name,
                    const char           *member,
                    const char           *arg0,
                    DbrSubscriptionFlags  flags)
{
  DbrMatchRule *self = g_new0 (DbrMatchRule, 1);

  self->bus_name = g_strdup (bus_name);
  self->object_path = g_strdup (object_path);
  self->interface_name = g_strdup (interface_name);
  self->member = g_strdup (member);
  self->arg0 = g_strdup (arg0);
  self->flags = flags;

  return self;
}

DbrMatchRule *
dbr_match_rule_copy (const DbrMatchRule *self)
{
  return dbr_match_rule_new (self->bus_name, self->object_path, self->interface_name,
                             self->member, self->arg0, self->flags);
}

void
dbr_match_rule_free (DbrMatchRule *self)
{
  g_free (self->bus_name);
  g_free (self->object_path);
  g_free (self->interface_name);
  g_free (self->member);
  g_free (self->arg0);
  g_free (self);
}

static gboolean
has_flag (const DbrMatchRule   *self,
          DbrSubscriptionFlags  flag)
{
  return (self->flags & flag) != 0;
}

/* The flags say how a value is compared, and so need it. */
static gboolean
dbr_match_rule_check_flags (const DbrMatchRule  *self,
                            GError             **error)
{
  const DbrSubscriptionFlags arg0_flags = DBR_SUBSCRIPTION_FLAGS_ARG0_NAMESPACE
                                          | DBR_SUBSCRIPTION_FLAGS_ARG0_PATH;
  const char *problem = NULL;

  if (has_flag (self, DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE) && self->object_path == NULL)
    problem = _("PATH_NAMESPACE needs an object path");
  else if (has_flag (self, arg0_flags) && self->arg0 == NULL)
    problem = _("ARG0_NAMESPACE and ARG0_PATH need an arg0");
  else if ((self->flags & arg0_flags) == arg0_flags)
    problem = _("ARG0_NAMESPACE and ARG0_PATH cannot both be meant");
  else if (self->arg0 != NULL && strlen (self->arg0) > 255)
    problem = _("an arg0 has at most 255 bytes");
  else if (self->arg0 != NULL && !g_utf8_validate (self->arg0, -1, NULL))
    problem = _("an arg0 is UTF-8");
  if (problem == NULL)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("The subscription is not possible: %s"), problem);

  return FALSE;
}

/* One element is enough where a name needs two. Not every bus refuses what is none. */
static gboolean
dbr_match_rule_check_namespace (const DbrMatchRule  *self,
                                GError             **error)
{
  g_autofree char *member = NULL;

  if (!has_flag (self, DBR_SUBSCRIPTION_FLAGS_ARG0_NAMESPACE))
    return TRUE;

  member = g_strconcat (self->arg0, ".x", NULL);

  return dbr_check_bus_name (member, NULL) || dbr_check_bus_name (self->arg0, error);
}

gboolean
dbr_match_rule_check (const DbrMatchRule  *self,
                      gboolean             has_bus,
                      GError             **error)
{
  return ((!has_bus && self->bus_name == NULL) || dbr_check_bus_name (self->bus_name, error))
         && (self->object_path == NULL || dbr_check_object_path (self->object_path, error))
         && (self->interface_name == NULL || dbr_check_interface_name (self->interface_name, error))
         && (self->member == NULL || dbr_check_member_name (self->member, error))
         && dbr_match_rule_check_flags (self, error)
         && dbr_match_rule_check_namespace (self, error);
}

/* Within quotes nothing but a quote needs care. */
static void
append_key (GString    *text,
            const char *key,
            const char *value)
{
  if (value == NULL)
    return;

  g_string_append_printf (text, ",%s='", key);
  for (; *value != '\0'; value++)
    {
      if (*value == '\'')
        g_string_append (text, "'\\''");
      else
        g_string_append_c (text, *value);
    }
  g_string_append_c (text, '\'');
}

/* The tree of the root is all there is. It is not asked for by its name, of which dbus-broker makes
 * the root alone. */
static void
dbr_match_rule_append_path (const DbrMatchRule *self,
                            GString            *text)
{
  if (!has_flag (self, DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE))
    append_key (text, "path", self->object_path);
  else if (strcmp (self->object_path, "/") != 0)
    append_key (text, "path_namespace", self->object_path);
}

char *
dbr_match_rule_to_text (const DbrMatchRule *self)
{
  GString *text = g_string_new ("type='signal'");

  append_key (text, "sender", self->bus_name);
  dbr_match_rule_append_path (self, text);
  append_key (text, "interface", self->interface_name);
  append_key (text, "member", self->member);
  append_key (text,
              has_flag (self, DBR_SUBSCRIPTION_FLAGS_ARG0_NAMESPACE) ? "arg0namespace"
              : has_flag (self, DBR_SUBSCRIPTION_FLAGS_ARG0_PATH) ? "arg0path"
              : "arg0",
              self->arg0);

  return g_string_free (text, FALSE);
}

/* Whether @path is @root or lies below it. */
static gboolean
is_in_tree (const char *path,
            const char *root)
{
  gsize length = strlen (root);

  if (strcmp (root, "/") == 0)
    return TRUE;

  return strncmp (path, root, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static gboolean
is_in_namespace (const char *name,
                 const char *root)
{
  gsize length = strlen (root);

  return strncmp (name, root, length) == 0 && (name[length] == '\0' || name[length] == '.');
}

/* The rule of arg0path: equal, or one of them ends with a slash and begins the other. */
static gboolean
is_same_way (const char *path,
             const char *wanted)
{
  return strcmp (path, wanted) == 0
         || (g_str_has_suffix (wanted, "/") && g_str_has_prefix (path, wanted))
         || (g_str_has_suffix (path, "/") && g_str_has_prefix (wanted, path));
}

static gboolean
is_any_or_same (const char *wanted,
                const char *other)
{
  return wanted == NULL || g_strcmp0 (wanted, other) == 0;
}

static gboolean
dbr_match_rule_covers_path (const DbrMatchRule *self,
                            const DbrMatchRule *other)
{
  if (self->object_path == NULL)
    return TRUE;
  if (other->object_path == NULL)
    return FALSE;
  if (has_flag (self, DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE))
    return is_in_tree (other->object_path, self->object_path);

  return !has_flag (other, DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE)
         && strcmp (self->object_path, other->object_path) == 0;
}

static gboolean
dbr_match_rule_covers_arg0 (const DbrMatchRule *self,
                            const DbrMatchRule *other)
{
  const DbrSubscriptionFlags how = DBR_SUBSCRIPTION_FLAGS_ARG0_NAMESPACE
                                   | DBR_SUBSCRIPTION_FLAGS_ARG0_PATH;

  return self->arg0 == NULL
         || (g_strcmp0 (self->arg0, other->arg0) == 0
             && (self->flags & how) == (other->flags & how));
}

gboolean
dbr_match_rule_covers (const DbrMatchRule *self,
                       const DbrMatchRule *other)
{
  return is_any_or_same (self->bus_name, other->bus_name)
         && dbr_match_rule_covers_path (self, other)
         && is_any_or_same (self->interface_name, other->interface_name)
         && is_any_or_same (self->member, other->member)
         && dbr_match_rule_covers_arg0 (self, other);
}

static gboolean
dbr_match_rule_is_for_path (const DbrMatchRule *self,
                            const char         *object_path)
{
  if (self->object_path == NULL)
    return TRUE;

  return has_flag (self, DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE)
         ? is_in_tree (object_path, self->object_path)
         : strcmp (object_path, self->object_path) == 0;
}

static gboolean
dbr_match_rule_is_for_arg0 (const DbrMatchRule *self,
                            DbrMessage         *signal)
{
  const char *arg0;
  char kind;

  if (self->arg0 == NULL)
    return TRUE;

  arg0 = dbr_message_get_arg0 (signal, &kind);
  if (arg0 == NULL || (kind == 'o' && !has_flag (self, DBR_SUBSCRIPTION_FLAGS_ARG0_PATH)))
    return FALSE;

  if (has_flag (self, DBR_SUBSCRIPTION_FLAGS_ARG0_NAMESPACE))
    return is_in_namespace (arg0, self->arg0);
  if (has_flag (self, DBR_SUBSCRIPTION_FLAGS_ARG0_PATH))
    return is_same_way (arg0, self->arg0);

  return strcmp (arg0, self->arg0) == 0;
}

gboolean
dbr_match_rule_is_for (const DbrMatchRule *self,
                       DbrMessage         *signal)
{
  return dbr_match_rule_is_for_path (self, signal->object_path)
         && is_any_or_same (self->interface_name, signal->interface_name)
         && is_any_or_same (self->member, signal->member)
         && dbr_match_rule_is_for_arg0 (self, signal);
}
