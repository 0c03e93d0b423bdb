/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-access-pattern-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

typedef gboolean (*CheckFunc) (const char  *text,
                               GError     **error);

static void
refuse (GError     **error,
        const char  *format,
        const char  *text)
{
  g_autofree char *shown = g_utf8_make_valid (text, -1);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT, format, shown);
#pragma GCC diagnostic pop
}

/* Whether @text is @tree, of that length, or something below it. */
static gboolean
is_in_tree (const char *text,
            const char *tree,
            gsize       length,
            char        separator)
{
  return strncmp (text, tree, length) == 0
         && (text[length] == '\0' || text[length] == separator);
}

/* What stands before a star is checked by one of the names it stands for. */
static gboolean
is_start_of (const char *text,
             const char *end,
             CheckFunc   check)
{
  g_autofree char *whole = g_strconcat (text, end, NULL);

  return check (whole, NULL);
}

/* Takes a text of one part; @ending is the last of a name that may begin anyhow. */
static gboolean
dbr_access_part_init (DbrAccessPart *self,
                      const char    *text,
                      char           separator,
                      const char    *ending,
                      CheckFunc      check)
{
  gsize length = strlen (text);
  gboolean is_known;

  self->separator = separator;
  if (g_str_equal (text, "*") || g_str_equal (text, "/*"))
    {
      self->kind = DBR_ACCESS_PART_ANY;
      length = 0;
      is_known = *text == '*' || separator == '/';
    }
  else if (!g_str_has_suffix (text, "*"))
    {
      self->kind = DBR_ACCESS_PART_EXACT;
      is_known = check (text, NULL);
    }
  else
    {
      gboolean is_below = length > 1 && separator != '\0' && text[length - 2] == separator;

      self->kind = is_below ? DBR_ACCESS_PART_BELOW : DBR_ACCESS_PART_PREFIX;
      length--;
      self->text = g_strndup (text, length);
      is_known = is_start_of (self->text, ending, check);
      g_clear_pointer (&self->text, g_free);
      length -= is_below ? 1 : 0;
    }

  self->text = g_strndup (text, length);
  self->length = length;

  return is_known;
}

static gboolean
dbr_access_part_init_path (DbrAccessPart  *self,
                           const char     *text,
                           GError        **error)
{
  if (dbr_access_part_init (self, text, '/', "a", dbr_check_object_path))
    return TRUE;

  refuse (error, _("“%s” is not an object path, nor the start of one with a “*”"), text);

  return FALSE;
}

static gboolean
dbr_access_part_init_interface (DbrAccessPart  *self,
                                const char     *text,
                                GError        **error)
{
  if (dbr_access_part_init (self, text, '.', "a.a", dbr_check_interface_name))
    return TRUE;

  refuse (error, _("“%s” is not an interface name, nor the start of one with a “*”"), text);

  return FALSE;
}

gboolean
dbr_access_part_init_bus_name (DbrAccessPart  *self,
                               const char     *text,
                               GError        **error)
{
  if (dbr_access_part_init (self, text, '.', "a.a", dbr_check_bus_name))
    return TRUE;

  refuse (error, _("“%s” is not a bus name, nor the start of one with a “*”"), text);

  return FALSE;
}

gboolean
dbr_access_part_init_member (DbrAccessPart  *self,
                             const char     *text,
                             GError        **error)
{
  if (dbr_access_part_init (self, text, '\0', "a", dbr_check_member_name))
    return TRUE;

  refuse (error, _("“%s” is not a member name, nor the start of one with a “*”"), text);

  return FALSE;
}

void
dbr_access_part_clear (DbrAccessPart *self)
{
  g_clear_pointer (&self->text, g_free);
}

gboolean
dbr_access_part_matches (const DbrAccessPart *self,
                         const char          *text,
                         DbrAccessMatch       match)
{
  if (self->kind == DBR_ACCESS_PART_ANY)
    return TRUE;
  if (text == NULL)
    return match == DBR_ACCESS_MATCH_OVERLAPS;
  if (self->kind == DBR_ACCESS_PART_EXACT)
    return strcmp (text, self->text) == 0;
  if (self->kind == DBR_ACCESS_PART_PREFIX)
    return strncmp (text, self->text, self->length) == 0;

  return is_in_tree (text, self->text, self->length, self->separator);
}

static gboolean
dbr_access_part_matches_tree (const DbrAccessPart *self,
                              const char          *tree,
                              DbrAccessMatch       match)
{
  gsize length = strlen (tree);

  if (self->kind == DBR_ACCESS_PART_EXACT && match == DBR_ACCESS_MATCH_COVERS)
    return FALSE;
  if (dbr_access_part_matches (self, tree, match))
    return TRUE;

  return match == DBR_ACCESS_MATCH_OVERLAPS
         && (length == 1 || is_in_tree (self->text, tree, length, '/'));
}

/* `org.a.*` are the members of `org.a` and of all interfaces below it: the star ends all. */
static gboolean
dbr_access_pattern_init_member (DbrAccessPattern  *self,
                                const char        *text,
                                GError           **error)
{
  const char *dot = strrchr (text, '.');
  g_autofree char *interface_name = NULL;

  if (g_str_equal (text, "*"))
    return dbr_access_part_init_interface (&self->interface_name, "*", error)
           && dbr_access_part_init_member (&self->member, "*", error);

  if (dot == NULL)
    {
      refuse (error, _("“%s” is not interface.member"), text);
      return FALSE;
    }

  if (g_str_equal (dot, ".*") && dot > text && dot[-1] != '*')
    interface_name = g_strdup (text);
  else
    interface_name = g_strndup (text, dot - text);

  return dbr_access_part_init_interface (&self->interface_name, interface_name, error)
         && dbr_access_part_init_member (&self->member, dot + 1, error);
}

static gboolean
dbr_access_pattern_init (DbrAccessPattern  *self,
                         GError           **error)
{
  const char *colon = strrchr (self->text, ':');
  g_autofree char *start = NULL;
  char *path;

  if (colon == NULL || colon == self->text)
    {
      refuse (error, _("“%s” is not bus_name[/path]:interface.member"), self->text);
      return FALSE;
    }

  start = g_strndup (self->text, colon - self->text);
  path = strchr (start, '/');
  if (!dbr_access_part_init_path (&self->object_path, path != NULL ? path : "*", error))
    return FALSE;

  if (path != NULL)
    *path = '\0';

  return dbr_access_part_init_bus_name (&self->bus_name, start, error)
         && dbr_access_pattern_init_member (self, colon + 1, error);
}

DbrAccessPattern *
dbr_access_pattern_new (const char  *text,
                        GError     **error)
{
  g_autoptr(DbrAccessPattern) self = g_new0 (DbrAccessPattern, 1);

  self->text = g_strdup (text);

  return dbr_access_pattern_init (self, error) ? g_steal_pointer (&self) : NULL;
}

DbrAccessPattern *
dbr_access_pattern_new_for_signal (const char  *bus_name,
                                   const char  *interface_name,
                                   const char  *member,
                                   GError     **error)
{
  g_autoptr(DbrAccessPattern) self = g_new0 (DbrAccessPattern, 1);

  self->text = g_strconcat (bus_name, ":", interface_name, ".", member, NULL);

  if (!dbr_access_part_init_bus_name (&self->bus_name, bus_name, error)
      || !dbr_access_part_init_path (&self->object_path, "*", error)
      || !dbr_access_part_init_interface (&self->interface_name, interface_name, error)
      || !dbr_access_part_init_member (&self->member, member, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
dbr_access_pattern_free (DbrAccessPattern *self)
{
  dbr_access_part_clear (&self->bus_name);
  dbr_access_part_clear (&self->object_path);
  dbr_access_part_clear (&self->interface_name);
  dbr_access_part_clear (&self->member);
  g_free (self->text);
  g_free (self);
}

gboolean
dbr_access_pattern_matches_name (const DbrAccessPattern *self,
                                 const char             *bus_name,
                                 DbrAccessMatch          match)
{
  if (match == DBR_ACCESS_MATCH_COVERS && self->bus_name.kind == DBR_ACCESS_PART_ANY
      && bus_name != NULL && bus_name[0] == ':')
    return FALSE;

  return dbr_access_part_matches (&self->bus_name, bus_name, match);
}

static gboolean
dbr_access_pattern_matches_target (const DbrAccessPattern *self,
                                   const DbrAccessTarget  *target,
                                   gboolean                is_tree,
                                   DbrAccessMatch          match)
{
  if (!dbr_access_part_matches (&self->member, target->member, match)
      || !dbr_access_part_matches (&self->interface_name, target->interface_name, match))
    return FALSE;

  return is_tree
         ? dbr_access_part_matches_tree (&self->object_path, target->object_path, match)
         : dbr_access_part_matches (&self->object_path, target->object_path, match);
}

/* What reads all properties of an interface is not for a rule on one member, which mostly is a
 * method. */
static gboolean
dbr_access_pattern_is_beside (const DbrAccessPattern *self,
                              const DbrAccessQuery   *query)
{
  return query->kind == DBR_ACCESS_KIND_READ_ALL && self->member.kind != DBR_ACCESS_PART_ANY;
}

gboolean
dbr_access_pattern_matches (const DbrAccessPattern *self,
                            const DbrAccessQuery   *query,
                            const char             *bus_name,
                            DbrAccessMatch          match)
{
  /* Where there is no bus, no name of one is meant. */
  if (!dbr_access_pattern_matches_name (self, bus_name, query->bus == DBR_ACCESS_BUS_PEER
                                                        ? DBR_ACCESS_MATCH_COVERS
                                                        : match))
    return FALSE;

  if (!dbr_access_pattern_is_beside (self, query)
      && dbr_access_pattern_matches_target (self, &query->target, query->is_tree, match))
    return TRUE;

  return query->kind != DBR_ACCESS_KIND_SIGNAL && query->method.member != NULL
         && dbr_access_pattern_matches_target (self, &query->method, FALSE, match);
}

gboolean
dbr_access_pattern_is_whole (const DbrAccessPattern *self)
{
  return self->object_path.kind == DBR_ACCESS_PART_ANY
         && self->interface_name.kind == DBR_ACCESS_PART_ANY
         && self->member.kind == DBR_ACCESS_PART_ANY;
}
