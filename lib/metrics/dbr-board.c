/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-board-private.h"

#include "base/dbr-i18n-private.h"

/* When this much was not told, what came and went in the meantime is not told any more: where the
 * context is never iterated, there is an end to what waits. */
#define MAX_NEWS 256

const char *
dbr_issue_kind_to_string (DbrIssueKind kind)
{
  static const char *const ids[DBR_N_ISSUE_KINDS] = {
    [DBR_ISSUE_LATENCY] = "latency",
    [DBR_ISSUE_ERROR_RATE] = "error-rate",
    [DBR_ISSUE_LATENCY_SHIFT] = "latency-shift",
    [DBR_ISSUE_SLO_BURN] = "slo-burn",
    [DBR_ISSUE_ORPHANS] = "orphans",
    [DBR_ISSUE_BUS_LIMIT] = "bus-limit",
    [DBR_ISSUE_BUDGET] = "budget",
    [DBR_ISSUE_CIRCUIT_FLAPPING] = "circuit-flapping",
    [DBR_ISSUE_MAIN_LOOP] = "main-loop",
    [DBR_ISSUE_SIGNAL_FLOOD] = "signal-flood",
    [DBR_ISSUE_SERVICE_FLAPPING] = "service-flapping",
  };

  return ids[kind];
}

const char *
dbr_issue_kind_get_title (DbrIssueKind kind)
{
  static const char *const titles[DBR_N_ISSUE_KINDS] = {
    [DBR_ISSUE_LATENCY] = N_("A service is slow"),
    [DBR_ISSUE_ERROR_RATE] = N_("A service fails"),
    [DBR_ISSUE_LATENCY_SHIFT] = N_("A service has become slower"),
    [DBR_ISSUE_SLO_BURN] = N_("A service is not reliable"),
    [DBR_ISSUE_ORPHANS] = N_("Requests are not answered"),
    [DBR_ISSUE_BUS_LIMIT] = N_("A limit of the bus is reached"),
    [DBR_ISSUE_BUDGET] = N_("A service fails again and again"),
    [DBR_ISSUE_CIRCUIT_FLAPPING] = N_("A service works and fails by turns"),
    [DBR_ISSUE_MAIN_LOOP] = N_("The program hung"),
    [DBR_ISSUE_SIGNAL_FLOOD] = N_("A service sends too many messages"),
    [DBR_ISSUE_SERVICE_FLAPPING] = N_("A service starts again and again"),
  };

  return titles[kind];
}

void
dbr_finding_clear (DbrFinding *self)
{
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->evidence, g_variant_unref);
}

void
dbr_news_free (DbrNews *self)
{
  g_free (self->operation);
  g_free (self->text);
  g_clear_pointer (&self->evidence, g_variant_unref);
  g_free (self);
}

void
dbr_board_init (DbrBoard *self)
{
  *self = (DbrBoard) { 0 };
  g_queue_init (&self->news);
}

void
dbr_board_clear (DbrBoard *self)
{
  g_queue_clear_full (&self->news, (GDestroyNotify) dbr_news_free);
}

/* Adds to the evidence what is known of every issue. */
static GVariant *
complete_evidence (GVariant *evidence,
                   gint64    seen_usec)
{
  g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT (evidence);
  GVariant *complete;

  g_variant_dict_insert (&dict, "last-seen-usec", "x", seen_usec);
  complete = g_variant_ref_sink (g_variant_dict_end (&dict));
  /* In one piece it takes a tenth of the memory. */
  (void) g_variant_get_data (complete);

  return complete;
}

static void
dbr_board_push (DbrBoard            *self,
                DbrNewsKind          kind,
                const DbrOpenIssues *watch,
                const char          *operation,
                DbrFinding          *finding)
{
  DbrNews *news = g_new0 (DbrNews, 1);

  news->kind = kind;
  news->serial = watch->serials[finding->kind];
  news->id = dbr_issue_kind_to_string (finding->kind);
  news->title = dbr_issue_kind_get_title (finding->kind);
  news->operation = g_strdup (operation);
  news->since_usec = watch->since_usec[finding->kind];
  news->severity = watch->severities[finding->kind];
  news->text = g_steal_pointer (&finding->text);
  news->evidence = complete_evidence (finding->evidence, watch->seen_usec[finding->kind]);

  g_queue_push_tail (&self->news, news);
  self->has_new = TRUE;
}

/* Whether nobody was told yet that the issue came; then that is taken back. */
static gboolean
dbr_board_take_back (DbrBoard *self,
                     guint64   serial)
{
  GList *link = self->news.head;
  gboolean was_found = FALSE;

  if (g_queue_get_length (&self->news) < MAX_NEWS)
    return FALSE;

  while (link != NULL)
    {
      DbrNews *news = link->data;
      GList *next = link->next;

      if (news->serial == serial)
        {
          was_found |= news->kind == DBR_NEWS_RAISED;
          dbr_news_free (news);
          g_queue_delete_link (&self->news, link);
        }
      link = next;
    }

  return was_found;
}

void
dbr_board_hold (DbrBoard        *self,
                DbrOpenIssues   *watch,
                const char      *operation,
                DbrFinding      *finding)
{
  DbrIssueKind kind = finding->kind;
  gint64 now = g_get_real_time ();

  watch->seen_usec[kind] = now;
  if (!dbr_open_issues_has (watch, kind))
    {
      watch->serials[kind] = ++self->n_raised;
      watch->since_usec[kind] = now;
      watch->severities[kind] = finding->severity;
      watch->n_open++;
      self->n_open[kind]++;
      dbr_board_push (self, DBR_NEWS_RAISED, watch, operation, finding);
    }
  else if (finding->severity > watch->severities[kind])
    {
      watch->severities[kind] = finding->severity;
      dbr_board_push (self, DBR_NEWS_WORSE, watch, operation, finding);
    }
  dbr_finding_clear (finding);
}

void
dbr_board_end (DbrBoard        *self,
               DbrOpenIssues   *watch,
               const char      *operation,
               DbrFinding      *finding)
{
  DbrIssueKind kind = finding->kind;

  if (!dbr_board_take_back (self, watch->serials[kind]))
    dbr_board_push (self, DBR_NEWS_CLEARED, watch, operation, finding);
  watch->serials[kind] = 0;
  watch->n_open--;
  self->n_open[kind]--;
  dbr_finding_clear (finding);
}

DbrNews *
dbr_board_pop (DbrBoard *self)
{
  return g_queue_pop_head (&self->news);
}
