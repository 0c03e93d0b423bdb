/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-detectors-private.h"

#include <math.h>

/* Five calls were enough for the systems before; most of so few have to be bad, so that a mishap or
 * two are none. */
#define MIN_CALLS 5u
#define MIN_BAD 4u

/* The share of calls that a percentile of 95 leaves out. */
#define SLOW_SHARE 0.05

/* An operation that is as bad as a third of its limit allows would seem so bad by chance once in a
 * thousand windows, and one that is well never. */
#define CAREFUL_SHARE (1.0 / 3)
#define CHANCE 1e-3

/* What is allowed over a day is no share of the limit, but the limit. */
#define MIN_CALLS_BURN 10u
#define MIN_BAD_BURN 3u
#define CHANCE_BURN 1e-4
/* What was lies in the long window for hours; the short one has to say by itself that it goes
 * on. */
#define CHANCE_GOES_ON 1e-2

/* From this on a distribution is a bell, four times its width from the middle. */
#define MANY 50.0
#define SURELY 4.0

/* What happened so often within so many slots of ten seconds, and when it has become quiet again:
 * fewer than this. */
typedef struct
{
  guint       n_slots;
  guint       n_raise;
  guint       n_clear;
  DbrSeverity severity;
} Rule;

static const Rule rules[DBR_N_ISSUE_KINDS] = {
  [DBR_ISSUE_BUS_LIMIT] = { 6, 1, 1, DBR_SEVERITY_CRITICAL },
  [DBR_ISSUE_BUDGET] = { 6, 1, 1, DBR_SEVERITY_WARNING },
  [DBR_ISSUE_CIRCUIT_FLAPPING] = { 30, 3, 2, DBR_SEVERITY_WARNING },
  [DBR_ISSUE_MAIN_LOOP] = { 6, 1, 1, DBR_SEVERITY_WARNING },
  /* The slot under way and the one before: at least ten seconds. */
  [DBR_ISSUE_SIGNAL_FLOOD] = { 2, 10000, 5000, DBR_SEVERITY_WARNING },
  [DBR_ISSUE_SERVICE_FLAPPING] = { 30, 3, 2, DBR_SEVERITY_WARNING },
};

/* Whether so many bad ones are less likely than @chance where @share of all are bad (Poisson). */
static gboolean
is_no_chance (guint64 n_bad,
              guint64 n,
              double  share,
              double  chance)
{
  double mean = (double) n * share;
  double fewer = 0;
  double term;

  if (mean > MANY)
    return (double) n_bad > mean + SURELY * sqrt (mean);

  term = exp (-mean);
  for (guint64 i = 0; i < n_bad; i++)
    {
      fewer += term;
      term *= mean / (double) (i + 1);
      if ((double) i > mean && term < chance / 1000)
        return TRUE;
    }

  return 1 - fewer < chance;
}

/* Whether more than @limit of the calls are bad, and not by chance; over when it is half of
 * that. */
static DbrVerdict
judge_share (guint64 n_bad,
             guint64 n,
             double  limit)
{
  double share = n > 0 ? (double) n_bad / (double) n : 0;

  if (share < limit / 2 || n_bad == 0)
    return DBR_VERDICT_OVER;

  if (n < MIN_CALLS || n_bad < MIN_BAD || share <= limit
      || !is_no_chance (n_bad, n, limit * CAREFUL_SHARE, CHANCE))
    return DBR_VERDICT_BETWEEN;

  return DBR_VERDICT_HOLDS;
}

static DbrVerdict
judge_latency (const DbrOperationView *view,
               DbrSeverity            *severity)
{
  guint64 n = dbr_counts_get_answered (&view->window);

  *severity = view->window.n_slow * 2 > n ? DBR_SEVERITY_CRITICAL : DBR_SEVERITY_WARNING;

  return judge_share (view->window.n_slow, n, SLOW_SHARE);
}

static DbrVerdict
judge_error_rate (const DbrOperationView *view,
                  DbrSeverity            *severity)
{
  guint64 n = dbr_counts_get_answered (&view->window);
  guint64 n_failed = dbr_counts_get_failed (&view->window);

  *severity = n_failed * 2 > n ? DBR_SEVERITY_CRITICAL : DBR_SEVERITY_WARNING;

  return judge_share (n_failed, n, view->error_rate);
}

/* What takes longer than usual was counted by what was usual then. */
static DbrVerdict
judge_latency_shift (const DbrOperationView *view,
                     DbrSeverity            *severity)
{
  guint64 n = dbr_counts_get_answered (&view->window);

  *severity = DBR_SEVERITY_NOTICE;
  if (view->window.n_shifted * 4 <= n)
    return DBR_VERDICT_OVER;

  return n >= DBR_HISTOGRAM_MIN_SAMPLES && view->window.n_shifted * 2 > n
         ? DBR_VERDICT_HOLDS : DBR_VERDICT_BETWEEN;
}

static gboolean
is_burning (const DbrBurnCount *count,
            double              allowed,
            double              limit,
            double              chance)
{
  return dbr_burn_get_pace (count, allowed) >= limit
         && is_no_chance (count->bad, count->good + count->bad, allowed, chance);
}

static DbrVerdict
judge_burn_at (const DbrOperationView *view,
               DbrBurnPace             pace,
               double                  limit)
{
  DbrBurnCount in_long, in_short;

  dbr_burn_read (view->burn, pace, view->when, &in_long, &in_short);
  if (in_short.bad == 0)
    return DBR_VERDICT_OVER;

  if (in_long.good + in_long.bad < MIN_CALLS_BURN || in_long.bad < MIN_BAD_BURN
      || !is_burning (&in_long, view->burn_share, limit, CHANCE_BURN)
      || !is_burning (&in_short, view->burn_share, limit, CHANCE_GOES_ON))
    return DBR_VERDICT_BETWEEN;

  return DBR_VERDICT_HOLDS;
}

/* The paces use up 5, 10 and 30 percent of what a day allows before they are noticed. */
static DbrVerdict
judge_burn (const DbrOperationView *view,
            DbrSeverity            *severity)
{
  static const struct
  {
    double      limit;
    DbrSeverity severity;
  } paces[DBR_N_BURN_PACES] = {
    [DBR_BURN_FAST] = { 14.4, DBR_SEVERITY_CRITICAL },
    [DBR_BURN_MIDDLE] = { 4.8, DBR_SEVERITY_WARNING },
    [DBR_BURN_SLOW] = { 1.2, DBR_SEVERITY_NOTICE },
  };
  DbrVerdict all = DBR_VERDICT_OVER;

  for (guint pace = 0; pace < DBR_N_BURN_PACES; pace++)
    {
      DbrVerdict verdict = judge_burn_at (view, pace, paces[pace].limit);

      if (verdict == DBR_VERDICT_HOLDS)
        {
          *severity = paces[pace].severity;
          return verdict;
        }
      all = MAX (all, verdict);
    }

  return all;
}

DbrVerdict
dbr_detect_in_operation (DbrIssueKind            kind,
                         const DbrOperationView *view,
                         DbrSeverity            *severity)
{
  if (kind == DBR_ISSUE_LATENCY)
    return judge_latency (view, severity);
  if (kind == DBR_ISSUE_ERROR_RATE)
    return judge_error_rate (view, severity);
  if (kind == DBR_ISSUE_LATENCY_SHIFT)
    return judge_latency_shift (view, severity);

  return judge_burn (view, severity);
}

static DbrVerdict
judge_rule (DbrIssueKind  kind,
            DbrPlace     *place,
            gint64        when,
            DbrSeverity  *severity)
{
  const Rule *rule = &rules[kind];
  guint64 count = dbr_place_count (place, kind, when, rule->n_slots);

  *severity = rule->severity;
  if (count < rule->n_clear)
    return DBR_VERDICT_OVER;

  return count >= rule->n_raise ? DBR_VERDICT_HOLDS : DBR_VERDICT_BETWEEN;
}

/* How much of a limit is used: from @most on too much, below @enough no longer. */
static DbrVerdict
judge_use (guint  used,
           guint  limit,
           double most,
           double enough)
{
  double share = limit > 0 ? (double) used / limit : 0;

  if (share < enough)
    return DBR_VERDICT_OVER;

  return share >= most ? DBR_VERDICT_HOLDS : DBR_VERDICT_BETWEEN;
}

static DbrVerdict
judge_bus_limit (DbrPlace    *place,
                 gint64       when,
                 DbrSeverity *severity)
{
  const DbrSlots *slots = &place->slots;
  DbrVerdict was_hit = judge_rule (DBR_ISSUE_BUS_LIMIT, place, when, severity);
  DbrVerdict of_slots, of_matches;

  if (was_hit == DBR_VERDICT_HOLDS)
    return was_hit;

  *severity = DBR_SEVERITY_WARNING;
  of_slots = judge_use (slots->n_in_flight + slots->n_orphans, slots->max_slots, 0.9, 0.75);
  of_matches = judge_use (slots->n_matches, slots->max_matches, 0.9, 0.75);

  return MAX (was_hit, MAX (of_slots, of_matches));
}

DbrVerdict
dbr_detect_in_place (DbrIssueKind  kind,
                     DbrPlace     *place,
                     gint64        when,
                     DbrSeverity  *severity)
{
  if (kind == DBR_ISSUE_BUS_LIMIT)
    return judge_bus_limit (place, when, severity);

  if (kind == DBR_ISSUE_ORPHANS)
    {
      *severity = DBR_SEVERITY_WARNING;
      return judge_use (place->slots.n_orphans, place->slots.max_slots, 0.5, 0.25);
    }

  return judge_rule (kind, place, when, severity);
}
