/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-sheet-private.h"

#include <string.h>

#include "dbr-version.h"

/* The two text formats that Prometheus reads. OpenMetrics 1.0 is what a scrape is given; what a
 * node exporter picks up from a file has to be the older one, which knows fewer types, names a
 * counter by its sample, and has no end. No number here goes through the locale. */

/* The part of a time that is a family of its own, and every how many edges it has a bucket: what
 * takes the time is asked for less finely than how long it takes. */
typedef struct
{
  const char *name;
  guint       step;
  const char *help;
} PartFamily;

static const PartFamily part_families[DBR_N_PARTS] = {
  [DBR_PART_TOTAL] = { "dbr_call_duration_seconds", 1,
                       "How long operations took, from the call to its end." },
  [DBR_PART_QUEUE] = { "dbr_call_queue_seconds", 2,
                       "How long calls waited before they were sent." },
  [DBR_PART_SERVICE] = { "dbr_call_service_seconds", 2,
                         "How long the bus and the service took, from sending to the answer." },
  [DBR_PART_LAG] = { "dbr_dispatch_lag_seconds", 2,
                     "How long an answer waited until the program looked at it." },
};

typedef struct
{
  const DbrSheet *sheet;
  GString        *text;
  gboolean        is_openmetrics;
} Exposition;

/* Formatting */

static void
append_escaped (GString    *text,
                const char *value)
{
  for (const char *c = value; *c != '\0'; c++)
    {
      if (*c == '\n')
        g_string_append (text, "\\n");
      else if (*c == '\\' || *c == '"')
        g_string_append_printf (text, "\\%c", *c);
      else
        g_string_append_c (text, *c);
    }
}

static void
append_label (GString    *text,
              const char *name,
              const char *value)
{
  if (value == NULL)
    return;

  if (text->str[text->len - 1] != '{')
    g_string_append_c (text, ',');
  g_string_append_printf (text, "%s=\"", name);
  append_escaped (text, value);
  g_string_append_c (text, '"');
}

static void
append_seconds (GString *text,
                guint64  usec)
{
  g_string_append_printf (text, "%" G_GUINT64_FORMAT ".%06u",
                          usec / G_USEC_PER_SEC, (guint) (usec % G_USEC_PER_SEC));
}

static void
append_count (GString *text,
              guint64  count)
{
  g_string_append_printf (text, "} %" G_GUINT64_FORMAT "\n", count);
}

/* In OpenMetrics a family has a name and its samples a suffix, before that a sample was all. */
static void
exposition_begin (Exposition *self,
                  const char *name,
                  const char *type,
                  const char *suffix,
                  const char *unit,
                  const char *help)
{
  if (self->is_openmetrics)
    {
      g_string_append_printf (self->text, "# TYPE %s %s\n", name, type);
      if (unit != NULL)
        g_string_append_printf (self->text, "# UNIT %s %s\n", name, unit);
      g_string_append_printf (self->text, "# HELP %s %s\n", name, help);
      return;
    }

  if (strcmp (type, "info") == 0 || strcmp (type, "stateset") == 0)
    type = "gauge";
  g_string_append_printf (self->text, "# HELP %s%s %s\n", name, suffix, help);
  g_string_append_printf (self->text, "# TYPE %s%s %s\n", name, suffix, type);
}

static void
append_operation (GString           *text,
                  const char        *sample,
                  const DbrSheetRow *row)
{
  g_string_append_printf (text, "%s{", sample);
  append_label (text, "operation", row->operation);
  append_label (text, "destination", row->destination);
  append_label (text, "interface", row->interface_name);
  append_label (text, "member", row->member);
}

/* Families of operations */

static void
exposition_add_calls (Exposition *self)
{
  static const char *const outcomes[] = { "ok", "error", "timeout", "cancelled", "rejected" };

  exposition_begin (self, "dbr_calls", "counter", "_total", NULL,
                    "How many operations ended, by outcome.");
  for (guint i = 0; i < self->sheet->rows->len; i++)
    {
      const DbrSheetRow *row = g_ptr_array_index (self->sheet->rows, i);

      for (guint j = 0; j < DBR_N_OUTCOMES; j++)
        {
          append_operation (self->text, "dbr_calls_total", row);
          append_label (self->text, "outcome", outcomes[j]);
          append_count (self->text, row->life_counts.outcomes[j]);
        }
    }
}

static void
exposition_add_error (Exposition        *self,
                      const DbrSheetRow *row,
                      const char        *name,
                      guint64            count)
{
  if (name == NULL || count == 0)
    return;

  append_operation (self->text, "dbr_errors_total", row);
  append_label (self->text, "error", name);
  append_count (self->text, count);
}

static void
exposition_add_errors (Exposition *self)
{
  exposition_begin (self, "dbr_errors", "counter", "_total", NULL,
                    "How many operations failed, by the name of the error.");
  for (guint i = 0; i < self->sheet->rows->len; i++)
    {
      const DbrSheetRow *row = g_ptr_array_index (self->sheet->rows, i);

      for (guint j = 0; j < DBR_ACCOUNT_N_ERRORS; j++)
        exposition_add_error (self, row, row->errors[j].name, row->errors[j].count);
      exposition_add_error (self, row, DBR_OTHER_NAME, row->n_other_errors);
    }
}

static void
exposition_add_retries (Exposition *self)
{
  exposition_begin (self, "dbr_retries", "counter", "_total", NULL,
                    "How many attempts beyond the first were made.");
  for (guint i = 0; i < self->sheet->rows->len; i++)
    {
      const DbrSheetRow *row = g_ptr_array_index (self->sheet->rows, i);

      append_operation (self->text, "dbr_retries_total", row);
      append_count (self->text, row->n_retries);
    }
}

static void
exposition_add_orphans (Exposition *self)
{
  exposition_begin (self, "dbr_orphaned_replies", "gauge", "", NULL,
                    "How many answers are due that nobody waits for any more.");
  for (guint i = 0; i < self->sheet->rows->len; i++)
    {
      const DbrSheetRow *row = g_ptr_array_index (self->sheet->rows, i);

      append_operation (self->text, "dbr_orphaned_replies", row);
      g_string_append_printf (self->text, "} %d\n", row->n_orphans);
    }
}

static void
exposition_add_part (Exposition        *self,
                     const PartFamily  *family,
                     const DbrSheetRow *row,
                     DbrPart            kind)
{
  const DbrSheetPart *part = &row->parts[kind];
  g_autofree char *bucket = g_strconcat (family->name, "_bucket", NULL);
  g_autofree char *count = g_strconcat (family->name, "_count", NULL);
  g_autofree char *sum = g_strconcat (family->name, "_sum", NULL);

  for (guint i = 0; i < DBR_SHEET_N_EDGES; i += family->step)
    {
      append_operation (self->text, bucket, row);
      g_string_append (self->text, ",le=\"");
      append_seconds (self->text, G_GUINT64_CONSTANT (1) << (DBR_SHEET_FIRST_EDGE_BITS + i));
      g_string_append_c (self->text, '"');
      append_count (self->text, part->below[i]);
    }
  append_operation (self->text, bucket, row);
  append_label (self->text, "le", "+Inf");
  append_count (self->text, part->count);
  append_operation (self->text, count, row);
  append_count (self->text, part->count);
  append_operation (self->text, sum, row);
  g_string_append (self->text, "} ");
  append_seconds (self->text, part->sum_usec);
  g_string_append_c (self->text, '\n');
}

static void
exposition_add_parts (Exposition *self,
                      DbrPart     kind)
{
  const PartFamily *family = &part_families[kind];

  exposition_begin (self, family->name, "histogram", "", "seconds", family->help);
  for (guint i = 0; i < self->sheet->rows->len; i++)
    {
      const DbrSheetRow *row = g_ptr_array_index (self->sheet->rows, i);

      if (row->parts[kind].count > 0)
        exposition_add_part (self, family, row, kind);
    }
}

/* Families of places and of the program */

static void
exposition_add_occasions (Exposition *self)
{
  exposition_begin (self, "dbr_occasions", "counter", "_total", NULL,
                    "How often something happened to a bus name, a connection or the program.");
  for (guint i = 0; i < self->sheet->places->len; i++)
    {
      const DbrSheetPlace *place = g_ptr_array_index (self->sheet->places, i);

      for (guint kind = DBR_N_OPERATION_ISSUES; kind < DBR_N_ISSUE_KINDS; kind++)
        {
          if (place->totals[kind] == 0)
            continue;
          g_string_append (self->text, "dbr_occasions_total{");
          append_label (self->text, "kind", dbr_issue_kind_to_string (kind));
          append_label (self->text, "place", place->name);
          append_count (self->text, place->totals[kind]);
        }
    }
}

static void
exposition_add_level (Exposition *self,
                      const char *name,
                      const char *help,
                      gsize       offset,
                      gsize       limit_offset)
{
  exposition_begin (self, name, "gauge", "", NULL, help);
  for (guint i = 0; i < self->sheet->places->len; i++)
    {
      const DbrSheetPlace *place = g_ptr_array_index (self->sheet->places, i);

      if (G_STRUCT_MEMBER (guint, &place->slots, limit_offset) == 0)
        continue;
      g_string_append_printf (self->text, "%s{", name);
      append_label (self->text, "connection", place->name);
      append_count (self->text, G_STRUCT_MEMBER (guint, &place->slots, offset));
    }
}

static void
exposition_add_levels (Exposition *self)
{
  const gsize max_slots = G_STRUCT_OFFSET (DbrSlots, max_slots);
  const gsize max_matches = G_STRUCT_OFFSET (DbrSlots, max_matches);

  exposition_add_level (self, "dbr_bus_replies_in_flight", "How many replies are waited for.",
                        G_STRUCT_OFFSET (DbrSlots, n_in_flight), max_slots);
  exposition_add_level (self, "dbr_bus_replies_orphaned",
                        "How many replies are due that nobody waits for any more.",
                        G_STRUCT_OFFSET (DbrSlots, n_orphans), max_slots);
  exposition_add_level (self, "dbr_bus_replies_limit",
                        "How many replies of a connection the bus allows to be due.",
                        max_slots, max_slots);
  exposition_add_level (self, "dbr_bus_match_rules", "How many match rules a connection has.",
                        G_STRUCT_OFFSET (DbrSlots, n_matches), max_matches);
  exposition_add_level (self, "dbr_bus_match_rules_limit",
                        "How many match rules the bus allows a connection.",
                        max_matches, max_matches);
}

static void
exposition_add_circuits (Exposition *self)
{
  static const char *const states[] = { "closed", "open", "half-open", "isolated" };

  exposition_begin (self, "dbr_circuit_state", "stateset", "", NULL,
                    "Whether calls to a service are sent.");
  for (guint i = 0; i < self->sheet->places->len; i++)
    {
      const DbrSheetPlace *place = g_ptr_array_index (self->sheet->places, i);

      for (gsize j = 0; place->circuit_state != NULL && j < G_N_ELEMENTS (states); j++)
        {
          g_string_append (self->text, "dbr_circuit_state{");
          append_label (self->text, "destination", place->name);
          append_label (self->text, "dbr_circuit_state", states[j]);
          append_count (self->text, strcmp (place->circuit_state, states[j]) == 0);
        }
    }
}

static void
exposition_add_program (Exposition *self)
{
  exposition_begin (self, "dbr_open_issues", "gauge", "", NULL, "How many issues are open.");
  for (guint kind = 0; kind < DBR_N_ISSUE_KINDS; kind++)
    {
      g_string_append (self->text, "dbr_open_issues{");
      append_label (self->text, "issue", dbr_issue_kind_to_string (kind));
      append_count (self->text, self->sheet->n_open[kind]);
    }

  exposition_begin (self, "dbr_build", "info", "_info", NULL, "The version of libdbr.");
  g_string_append (self->text, "dbr_build_info{");
  append_label (self->text, "version", DBR_VERSION_S);
  append_count (self->text, 1);
}

static char *
expose (const DbrSheet *sheet,
        gboolean        is_openmetrics)
{
  Exposition self = { sheet, g_string_new (NULL), is_openmetrics };

  exposition_add_calls (&self);
  exposition_add_errors (&self);
  exposition_add_retries (&self);
  exposition_add_orphans (&self);
  for (guint part = 0; part < DBR_N_PARTS; part++)
    exposition_add_parts (&self, part);
  exposition_add_occasions (&self);
  exposition_add_levels (&self);
  exposition_add_circuits (&self);
  exposition_add_program (&self);
  if (is_openmetrics)
    g_string_append (self.text, "# EOF\n");

  return g_string_free (self.text, FALSE);
}

char *
dbr_sheet_to_openmetrics (const DbrSheet *self)
{
  return expose (self, TRUE);
}

char *
dbr_sheet_to_prometheus (const DbrSheet *self)
{
  return expose (self, FALSE);
}
