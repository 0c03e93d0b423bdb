/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-sheet-private.h"

#include "metrics/dbr-operation-stats-private.h"

/* The figures as a program reads them. */

static void
insert_stretch (GVariantDict        *dict,
                const DbrCounts     *counts,
                const DbrSheetTimes *times)
{
  guint64 count = 0;

  for (guint i = 0; i < DBR_N_OUTCOMES; i++)
    count += counts->outcomes[i];
  g_variant_dict_insert (dict, "count", "t", count);
  g_variant_dict_insert (dict, "ok", "t", counts->outcomes[DBR_OUTCOME_OK]);
  g_variant_dict_insert (dict, "errors", "t", counts->outcomes[DBR_OUTCOME_ERROR]);
  g_variant_dict_insert (dict, "timeouts", "t", counts->outcomes[DBR_OUTCOME_TIMEOUT]);
  g_variant_dict_insert (dict, "cancelled", "t", counts->outcomes[DBR_OUTCOME_CANCELLED]);
  g_variant_dict_insert (dict, "rejected", "t", counts->outcomes[DBR_OUTCOME_REJECTED]);
  g_variant_dict_insert (dict, "error-rate", "d", dbr_counts_get_error_rate (counts));
  g_variant_dict_insert (dict, "min-usec", "x", times->min_usec);
  g_variant_dict_insert (dict, "mean-usec", "x", times->mean_usec);
  g_variant_dict_insert (dict, "max-usec", "x", times->max_usec);
  g_variant_dict_insert (dict, "p50-usec", "x", times->p50_usec);
  g_variant_dict_insert (dict, "p95-usec", "x", times->p95_usec);
  g_variant_dict_insert (dict, "p99-usec", "x", times->p99_usec);
}

static GVariant *
make_error_names (const DbrSheetRow *row)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{st}"));

  for (guint i = 0; i < DBR_ACCOUNT_N_ERRORS; i++)
    {
      if (row->errors[i].name != NULL)
        g_variant_builder_add (&builder, "{st}", row->errors[i].name, row->errors[i].count);
    }
  if (row->n_other_errors > 0)
    g_variant_builder_add (&builder, "{st}", DBR_OTHER_NAME, row->n_other_errors);

  return g_variant_builder_end (&builder);
}

static void
insert_name (GVariantDict *dict,
             const char   *key,
             const char   *name)
{
  if (name != NULL)
    g_variant_dict_insert (dict, key, "s", name);
}

static GVariant *
row_to_variant (const DbrSheetRow *row)
{
  g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_auto(GVariantDict) window = G_VARIANT_DICT_INIT (NULL);

  insert_name (&dict, "operation", row->operation);
  insert_name (&dict, "destination", row->destination);
  insert_name (&dict, "interface", row->interface_name);
  insert_name (&dict, "member", row->member);
  insert_stretch (&dict, &row->life_counts, &row->life);
  insert_stretch (&window, &row->window_counts, &row->window);
  g_variant_dict_insert_value (&dict, "window", g_variant_dict_end (&window));
  g_variant_dict_insert_value (&dict, "error-names", make_error_names (row));
  g_variant_dict_insert (&dict, "queue-p95-usec", "x", row->parts[DBR_PART_QUEUE].p95_usec);
  g_variant_dict_insert (&dict, "service-p95-usec", "x", row->parts[DBR_PART_SERVICE].p95_usec);
  g_variant_dict_insert (&dict, "lag-p95-usec", "x", row->parts[DBR_PART_LAG].p95_usec);
  g_variant_dict_insert (&dict, "retries", "t", row->n_retries);
  g_variant_dict_insert (&dict, "orphans", "i", row->n_orphans);

  return g_variant_dict_end (&dict);
}

static GVariant *
place_to_variant (const DbrSheetPlace *place)
{
  g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  for (guint kind = DBR_N_OPERATION_ISSUES; kind < DBR_N_ISSUE_KINDS; kind++)
    {
      if (place->totals[kind] > 0)
        g_variant_dict_insert (&dict, dbr_issue_kind_to_string (kind), "t", place->totals[kind]);
    }
  if (place->circuit_state != NULL)
    g_variant_dict_insert (&dict, "circuit-state", "s", place->circuit_state);
  if (place->slots.max_slots > 0)
    {
      g_variant_dict_insert (&dict, "in-flight", "u", place->slots.n_in_flight);
      g_variant_dict_insert (&dict, "orphaned", "u", place->slots.n_orphans);
      g_variant_dict_insert (&dict, "slots", "u", place->slots.max_slots);
    }
  if (place->slots.max_matches > 0)
    {
      g_variant_dict_insert (&dict, "match-rules", "u", place->slots.n_matches);
      g_variant_dict_insert (&dict, "match-rules-limit", "u", place->slots.max_matches);
    }

  return g_variant_dict_end (&dict);
}

GVariant *
dbr_sheet_to_variant (const DbrSheet *self)
{
  GVariantBuilder operations = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sa{sv}}"));
  GVariantBuilder places = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sa{sv}}"));
  GVariantBuilder issues = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{su}"));
  g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  for (guint i = 0; i < self->rows->len; i++)
    {
      const DbrSheetRow *row = g_ptr_array_index (self->rows, i);

      g_variant_builder_add (&operations, "{s@a{sv}}", row->name, row_to_variant (row));
    }
  for (guint i = 0; i < self->places->len; i++)
    {
      const DbrSheetPlace *place = g_ptr_array_index (self->places, i);

      g_variant_builder_add (&places, "{s@a{sv}}", place->name, place_to_variant (place));
    }
  for (guint kind = 0; kind < DBR_N_ISSUE_KINDS; kind++)
    g_variant_builder_add (&issues, "{su}", dbr_issue_kind_to_string (kind), self->n_open[kind]);

  g_variant_dict_insert_value (&dict, "operations", g_variant_builder_end (&operations));
  g_variant_dict_insert_value (&dict, "places", g_variant_builder_end (&places));
  g_variant_dict_insert_value (&dict, "open-issues", g_variant_builder_end (&issues));

  return g_variant_ref_sink (g_variant_dict_end (&dict));
}
