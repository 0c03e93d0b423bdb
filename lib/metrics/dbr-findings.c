/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-detectors-private.h"

#include "base/dbr-i18n-private.h"
#include "metrics/dbr-operation-stats-private.h"

/* What the detectors found, in words and in figures. */

static void
dict_insert_times (GVariantDict *dict,
                   DbrAccount   *account)
{
  static const char *const keys[DBR_N_PARTS] = {
    "p95-usec", "queue-p95-usec", "service-p95-usec", "lag-p95-usec",
  };

  for (guint i = 0; i < DBR_N_PARTS; i++)
    {
      DbrTally tally = { { 0 } };
      gint64 p95;

      dbr_series_read_window (&account->parts[i], &tally);
      p95 = dbr_tally_get_percentile (&tally, 95);
      if (p95 >= 0)
        g_variant_dict_insert (dict, keys[i], "x", p95);
      if (i == DBR_PART_TOTAL)
        g_variant_dict_insert (dict, "p50-usec", "x", dbr_tally_get_percentile (&tally, 50));
    }
}

static GVariant *
make_operation_evidence (DbrIssueKind            kind,
                         const DbrOperationView *view,
                         DbrAccount             *account)
{
  g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const DbrCounts *window = &view->window;

  g_variant_dict_insert (&dict, "count", "t", dbr_counts_get_answered (window));
  if (kind == DBR_ISSUE_LATENCY || kind == DBR_ISSUE_LATENCY_SHIFT)
    dict_insert_times (&dict, account);
  if (kind == DBR_ISSUE_LATENCY || kind == DBR_ISSUE_SLO_BURN)
    {
      g_variant_dict_insert (&dict, "slow", "t", window->n_slow);
      g_variant_dict_insert (&dict, "limit-usec", "x", view->slow_usec);
    }
  if (kind == DBR_ISSUE_LATENCY_SHIFT)
    g_variant_dict_insert (&dict, "usual-p50-usec", "x", account->usual_usec);
  if (kind == DBR_ISSUE_ERROR_RATE || kind == DBR_ISSUE_SLO_BURN)
    {
      g_variant_dict_insert (&dict, "errors", "t", window->outcomes[DBR_OUTCOME_ERROR]);
      g_variant_dict_insert (&dict, "timeouts", "t", window->outcomes[DBR_OUTCOME_TIMEOUT]);
      g_variant_dict_insert (&dict, "error-rate", "d", dbr_counts_get_error_rate (window));
      g_variant_dict_insert (&dict, "limit", "d",
                             kind == DBR_ISSUE_SLO_BURN ? view->burn_share : view->error_rate);
    }

  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static char *
describe_latency (const DbrOperationView *view,
                  DbrAccount             *account)
{
  return g_strdup_printf (_("%s is slow: of %u calls in the last minute %u took longer than %.1f ms"),
                          account->name, (guint) dbr_counts_get_answered (&view->window),
                          (guint) view->window.n_slow, (double) view->slow_usec / 1000);
}

static char *
describe_error_rate (const DbrOperationView *view,
                     DbrAccount             *account)
{
  return g_strdup_printf (_("%s fails: of %u calls in the last minute %u had an error and %u no "
                            "answer in time"),
                          account->name, (guint) dbr_counts_get_answered (&view->window),
                          (guint) view->window.outcomes[DBR_OUTCOME_ERROR],
                          (guint) view->window.outcomes[DBR_OUTCOME_TIMEOUT]);
}

static char *
describe_latency_shift (DbrAccount *account)
{
  return g_strdup_printf (_("%s is slower than it was: half of its calls take longer than "
                            "%.1f ms, where half used to take %.1f ms"),
                          account->name, (double) account->shift_usec / 1000,
                          (double) account->usual_usec / 1000);
}

void
dbr_describe_operation (DbrFinding             *finding,
                        const DbrOperationView *view,
                        DbrAccount             *account)
{
  finding->evidence = make_operation_evidence (finding->kind, view, account);
  if (finding->kind == DBR_ISSUE_LATENCY)
    finding->text = describe_latency (view, account);
  else if (finding->kind == DBR_ISSUE_ERROR_RATE)
    finding->text = describe_error_rate (view, account);
  else if (finding->kind == DBR_ISSUE_LATENCY_SHIFT)
    finding->text = describe_latency_shift (account);
  else
    finding->text = g_strdup_printf (_("%s fails or is slow for more than %.3g %% of its calls, "
                                       "and goes on so"), account->name, view->burn_share * 100);
}

static GVariant *
make_place_evidence (DbrIssueKind  kind,
                     DbrPlace     *place,
                     gint64        when)
{
  g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const DbrSlots *slots = &place->slots;

  if (kind == DBR_ISSUE_ORPHANS || kind == DBR_ISSUE_BUS_LIMIT)
    {
      g_variant_dict_insert (&dict, "in-flight", "u", slots->n_in_flight);
      g_variant_dict_insert (&dict, "orphans", "u", slots->n_orphans);
      g_variant_dict_insert (&dict, "slots", "u", slots->max_slots);
      g_variant_dict_insert (&dict, "match-rules", "u", slots->n_matches);
      g_variant_dict_insert (&dict, "match-rules-limit", "u", slots->max_matches);
    }
  if (kind == DBR_ISSUE_MAIN_LOOP)
    g_variant_dict_insert (&dict, "lag-usec", "x", place->worst_lag_usec);
  if (kind != DBR_ISSUE_ORPHANS)
    {
      g_variant_dict_insert (&dict, "last-10-s", "t", dbr_place_count (place, kind, when, 2));
      g_variant_dict_insert (&dict, "last-300-s", "t",
                             dbr_place_count (place, kind, when, DBR_PLACE_N_SLOTS));
    }

  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static char *
describe_bus_limit (DbrPlace *place,
                    gint64    when)
{
  const DbrSlots *slots = &place->slots;

  if (dbr_place_count (place, DBR_ISSUE_BUS_LIMIT, when, DBR_PLACE_N_SLOTS) > 0)
    return g_strdup_printf (_("The bus refused something of %s because one of its limits is "
                              "reached"), place->name);

  return g_strdup_printf (_("%s has %u of its %u replies outstanding and %u of its %u match rules "
                            "in use"),
                          place->name, slots->n_in_flight + slots->n_orphans, slots->max_slots,
                          slots->n_matches, slots->max_matches);
}

void
dbr_describe_place (DbrFinding *finding,
                    DbrPlace   *place,
                    gint64      when)
{
  const char *name = place->name;

  finding->evidence = make_place_evidence (finding->kind, place, when);
  if (finding->kind == DBR_ISSUE_ORPHANS)
    finding->text = g_strdup_printf (_("Answers that nobody waits for any more hold %u of the %u "
                                       "replies that %s may have outstanding"),
                                     place->slots.n_orphans, place->slots.max_slots, name);
  else if (finding->kind == DBR_ISSUE_BUS_LIMIT)
    finding->text = describe_bus_limit (place, when);
  else if (finding->kind == DBR_ISSUE_BUDGET)
    finding->text = g_strdup_printf (_("So many calls to %s were retried that nothing more is"),
                                     name);
  else if (finding->kind == DBR_ISSUE_CIRCUIT_FLAPPING)
    finding->text = g_strdup_printf (_("%s works and fails by turns: it was left alone three times "
                                       "within five minutes"), name);
  else if (finding->kind == DBR_ISSUE_MAIN_LOOP)
    finding->text = g_strdup_printf (_("The program's own main loop did not run for %u ms"),
                                     (guint) (place->worst_lag_usec / 1000));
  else if (finding->kind == DBR_ISSUE_SIGNAL_FLOOD)
    finding->text = g_strdup_printf (_("%s sends more than 500 signals a second"), name);
  else
    finding->text = g_strdup_printf (_("%s was started three times within five minutes"), name);
}
