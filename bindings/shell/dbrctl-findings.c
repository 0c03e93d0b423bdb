/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-findings-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"
#include "dbrctl-terms-private.h"

typedef struct
{
  DbrSeverity  severity;
  const char  *id;
  char        *about;
  char        *text;
  char        *advice;
} Finding;

struct _DbrctlFindings
{
  /* Finding, the weightiest first */
  GPtrArray *all;
};

static void
finding_free (Finding *self)
{
  g_free (self->about);
  g_free (self->text);
  g_free (self->advice);
  g_free (self);
}

DbrctlFindings *
dbrctl_findings_new (void)
{
  DbrctlFindings *self = g_new0 (DbrctlFindings, 1);

  self->all = g_ptr_array_new_with_free_func ((GDestroyNotify) finding_free);

  return self;
}

void
dbrctl_findings_free (DbrctlFindings *self)
{
  g_ptr_array_unref (self->all);
  g_free (self);
}

void
dbrctl_findings_take (DbrctlFindings *self,
                      DbrSeverity     severity,
                      const char     *id,
                      const char     *about,
                      char           *text,
                      char           *advice)
{
  Finding *finding = g_new0 (Finding, 1);
  guint at = 0;

  finding->severity = severity;
  finding->id = id;
  finding->about = g_strdup (about);
  finding->text = text;
  finding->advice = advice;
  /* Those of the same weight stay in the order in which they were found. */
  while (at < self->all->len && ((Finding *) self->all->pdata[at])->severity >= severity)
    at++;
  g_ptr_array_insert (self->all, (int) at, finding);
}

DbrctlStatus
dbrctl_findings_get_status (DbrctlFindings *self)
{
  const Finding *first = self->all->len > 0 ? self->all->pdata[0] : NULL;

  return first != NULL && first->severity > DBR_SEVERITY_NOTICE ? DBRCTL_PROBLEM : DBRCTL_WELL;
}

void
dbrctl_findings_print (DbrctlFindings *self,
                       DbrctlOutput   *output)
{
  dbrctl_output_line (output, DBRCTL_TITLE, "%s", _("Findings"));
  if (self->all->len == 0)
    dbrctl_output_line (output, DBRCTL_GOOD, "  %s", _("Nothing is wrong"));
  for (guint i = 0; i < self->all->len; i++)
    {
      const Finding *finding = self->all->pdata[i];

      dbrctl_output_entry (output, dbrctl_terms_severity_style (finding->severity),
                           dbrctl_terms_severity (finding->severity), DBRCTL_PLAIN, "%s",
                           finding->text);
      if (finding->advice != NULL)
        dbrctl_output_entry_more (output, DBRCTL_FAINT, "%s", finding->advice);
    }
}

void
dbrctl_findings_add_json (DbrctlFindings *self,
                          JsonBuilder    *builder)
{
  json_builder_set_member_name (builder, "findings");
  json_builder_begin_array (builder);
  for (guint i = 0; i < self->all->len; i++)
    {
      const Finding *finding = self->all->pdata[i];

      json_builder_begin_object (builder);
      dbrctl_json_string (builder, "severity",
                          dbrctl_terms_nick (DBR_TYPE_SEVERITY, finding->severity));
      dbrctl_json_string (builder, "id", finding->id);
      dbrctl_json_string (builder, "about", finding->about);
      dbrctl_json_string (builder, "text", finding->text);
      dbrctl_json_string (builder, "advice", finding->advice);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}
