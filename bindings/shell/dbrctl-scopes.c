/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-scopes-private.h"

#include <glib/gi18n.h>

static char *
list_scopes (GFlagsClass *scopes)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < scopes->n_values; i++)
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", scopes->values[i].value_nick);

  return g_string_free (list, FALSE);
}

gboolean
dbrctl_scopes_parse (const char        *list,
                     DbrRecoveryScope  *scopes,
                     GError           **error)
{
  g_autoptr(GFlagsClass) all = g_type_class_ref (DBR_TYPE_RECOVERY_SCOPE);
  g_auto(GStrv) names = g_strsplit (list, ",", -1);

  *scopes = 0;
  for (guint i = 0; names[i] != NULL; i++)
    {
      const GFlagsValue *value = g_flags_get_value_by_nick (all, g_strstrip (names[i]));

      if (value == NULL)
        {
          g_autofree char *known = list_scopes (all);

          g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                       _("“%s” is nothing that a recovery could do; there are: %s"), names[i],
                       known);
          return FALSE;
        }
      *scopes |= value->value;
    }

  return TRUE;
}
