/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-meter.h"

/* It stays after the tests: what a client leaves behind may look at the clock a little longer. */
static gint64 slept_usec;

static gint64
meter_get_monotonic (const DbrClock *clock)
{
  return g_get_monotonic_time ();
}

static gint64
meter_get_boottime (const DbrClock *clock)
{
  return g_get_monotonic_time () + __atomic_load_n (&slept_usec, __ATOMIC_RELAXED);
}

static const DbrClock meter_clock = { meter_get_monotonic, meter_get_boottime };

static void
issue_cb (DbrMetrics *metrics,
          DbrIssue   *issue,
          gpointer    list)
{
  g_ptr_array_add (list, g_object_ref (issue));
}

Meter *
meter_new (DbrClient *client)
{
  Meter *self = g_new0 (Meter, 1);

  self->raised = g_ptr_array_new_with_free_func (g_object_unref);
  self->cleared = g_ptr_array_new_with_free_func (g_object_unref);
  self->metrics = dbr_metrics_new_with_clock (&meter_clock);
  g_signal_connect (self->metrics, "issue-raised", G_CALLBACK (issue_cb), self->raised);
  g_signal_connect (self->metrics, "issue-cleared", G_CALLBACK (issue_cb), self->cleared);
  dbr_client_set_metrics (client, self->metrics);

  return self;
}

void
meter_free (Meter *self)
{
  g_signal_handlers_disconnect_by_data (self->metrics, self->raised);
  g_signal_handlers_disconnect_by_data (self->metrics, self->cleared);
  g_object_unref (self->metrics);
  g_ptr_array_unref (self->raised);
  g_ptr_array_unref (self->cleared);
  g_free (self);
}

void
meter_sleep (Meter *self,
             guint  seconds)
{
  __atomic_fetch_add (&slept_usec, seconds * (gint64) G_USEC_PER_SEC, __ATOMIC_RELAXED);
  dbr_metrics_tick (self->metrics);
  dbr_metrics_get_issues (self->metrics);
}

static guint
count (GPtrArray  *issues,
       const char *id)
{
  guint n = 0;

  for (guint i = 0; i < issues->len; i++)
    n += g_str_equal (dbr_issue_get_id (g_ptr_array_index (issues, i)), id);

  return n;
}

DbrIssue *
meter_get_issue (Meter      *self,
                 const char *id,
                 const char *operation)
{
  dbr_metrics_get_issues (self->metrics);
  for (guint i = 0; i < self->raised->len; i++)
    {
      DbrIssue *issue = g_ptr_array_index (self->raised, i);

      if (g_str_equal (dbr_issue_get_id (issue), id)
          && (operation == NULL || g_str_equal (dbr_issue_get_operation (issue), operation)))
        return issue;
    }

  return NULL;
}

guint
meter_count_raised (Meter      *self,
                    const char *id)
{
  dbr_metrics_get_issues (self->metrics);

  return count (self->raised, id);
}

guint
meter_count_cleared (Meter      *self,
                     const char *id)
{
  dbr_metrics_get_issues (self->metrics);

  return count (self->cleared, id);
}

static GVariant *
metrics_lookup (DbrMetrics *metrics,
                const char *table,
                const char *name,
                const char *key)
{
  g_autoptr(GVariant) all = dbr_metrics_to_variant (metrics);
  g_autoptr(GVariant) rows = g_variant_lookup_value (all, table, NULL);
  g_autoptr(GVariant) row = g_variant_lookup_value (rows, name, NULL);

  return row != NULL ? g_variant_lookup_value (row, key, NULL) : NULL;
}

static gint64
get_number (GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
    return (gint64) g_variant_get_uint64 (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    return g_variant_get_uint32 (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT32))
    return g_variant_get_int32 (value);

  return g_variant_get_int64 (value);
}

gint64
metrics_get_number (DbrMetrics *metrics,
                    const char *table,
                    const char *name,
                    const char *key)
{
  g_autoptr(GVariant) value = metrics_lookup (metrics, table, name, key);

  return value != NULL ? get_number (value) : -1;
}

gint64
metrics_get_errors (DbrMetrics *metrics,
                    const char *operation,
                    const char *error_name)
{
  g_autoptr(GVariant) names = metrics_lookup (metrics, "operations", operation, "error-names");
  guint64 n = 0;

  return names != NULL && g_variant_lookup (names, error_name, "t", &n) ? (gint64) n : -1;
}
