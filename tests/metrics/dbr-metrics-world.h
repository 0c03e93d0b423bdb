/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "metrics/dbr-metrics-private.h"

G_BEGIN_DECLS

#define MS G_GINT64_CONSTANT (1000)
#define S G_GINT64_CONSTANT (1000000)

/* Metrics on time as a test wants it, and what they told. */
typedef struct
{
  DbrClock    clock;
  gint64      now;
  gint64      suspended;
  DbrMetrics *metrics;
  GPtrArray  *raised;
  GPtrArray  *cleared;
} World;

static gint64
world_get_monotonic (const DbrClock *clock)
{
  return ((const World *) clock)->now;
}

static gint64
world_get_boottime (const DbrClock *clock)
{
  return ((const World *) clock)->now + ((const World *) clock)->suspended;
}

static void
world_issue_cb (DbrMetrics *metrics,
                DbrIssue   *issue,
                gpointer    list)
{
  g_ptr_array_add (list, g_object_ref (issue));
}

static inline void
world_init (World *self)
{
  *self = (World) {
    .clock = { world_get_monotonic, world_get_boottime },
    .now = 1000 * S,
    .raised = g_ptr_array_new_with_free_func (g_object_unref),
    .cleared = g_ptr_array_new_with_free_func (g_object_unref),
  };
  self->metrics = dbr_metrics_new_with_clock (&self->clock);
  g_signal_connect (self->metrics, "issue-raised", G_CALLBACK (world_issue_cb), self->raised);
  g_signal_connect (self->metrics, "issue-cleared", G_CALLBACK (world_issue_cb), self->cleared);
}

static inline void
world_clear (World *self)
{
  g_assert_finalize_object (self->metrics);
  g_ptr_array_unref (self->raised);
  g_ptr_array_unref (self->cleared);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

/* Time passes, and the deadline is kept as dbr-io would. */
static inline void
world_pass (World  *self,
            gint64  usec)
{
  DbrBook *book = dbr_metrics_get_book (self->metrics);
  gint64 end = self->now + usec;

  while (dbr_book_get_next (book) <= end)
    {
      self->now = MAX (self->now, dbr_book_get_next (book));
      dbr_metrics_tick (self->metrics);
    }
  self->now = end;
}

/* What the main context would be told. */
static inline void
world_listen (World *self)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static inline void
world_record (World      *self,
              const char *operation,
              gint64      usec,
              DbrOutcome  outcome,
              guint       n)
{
  for (guint i = 0; i < n; i++)
    dbr_metrics_record (self->metrics, operation, usec, outcome);
}

G_END_DECLS
