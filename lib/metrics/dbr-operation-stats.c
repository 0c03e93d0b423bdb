/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-operation-stats-private.h"

/**
 * DbrOperationStats:
 *
 * What is known of one operation, at one moment.
 *
 * [method@Metrics.get_stats] gives one of all since the metrics were made or reset,
 * [method@Metrics.get_window_stats] one of the last minute. It never changes.
 *
 * All are counted by how they ended. Times are those of operations that were answered, with or
 * without an error, or timed out; what was cancelled or rejected has none. Percentiles are within
 * 1.6 % of the true value, the other times are exact.
 *
 * ```c
 * g_autoptr(DbrOperationStats) stats = dbr_metrics_get_stats (metrics, "export");
 *
 * g_print ("%" G_GUINT64_FORMAT " exports, nine of ten within %" G_GINT64_FORMAT " us\n",
 *          dbr_operation_stats_get_count (stats), dbr_operation_stats_percentile (stats, 90));
 * ```
 *
 * Since: 0.1
 */
struct _DbrOperationStats
{
  GObject    parent_instance;

  DbrFigures figures;
};

enum
{
  PROP_0,
  PROP_COUNT,
  PROP_OK,
  PROP_ERRORS,
  PROP_TIMEOUTS,
  PROP_CANCELLED,
  PROP_REJECTED,
  PROP_MIN_USEC,
  PROP_MEAN_USEC,
  PROP_MAX_USEC,
  PROP_ERROR_RATE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ENUM_TYPE (DbrOutcome, dbr_outcome,
                    G_DEFINE_ENUM_VALUE (DBR_OUTCOME_OK, "ok"),
                    G_DEFINE_ENUM_VALUE (DBR_OUTCOME_ERROR, "error"),
                    G_DEFINE_ENUM_VALUE (DBR_OUTCOME_TIMEOUT, "timeout"),
                    G_DEFINE_ENUM_VALUE (DBR_OUTCOME_CANCELLED, "cancelled"),
                    G_DEFINE_ENUM_VALUE (DBR_OUTCOME_REJECTED, "rejected"))

G_DEFINE_FINAL_TYPE (DbrOperationStats, dbr_operation_stats, G_TYPE_OBJECT)

gint64
dbr_figures_get_mean (const DbrFigures *self)
{
  guint64 n_timed = dbr_tally_count (&self->tally);

  return n_timed > 0 ? (gint64) (self->counts.sum_usec / n_timed) : -1;
}

double
dbr_counts_get_error_rate (const DbrCounts *self)
{
  guint64 n_answered = dbr_counts_get_answered (self);

  return n_answered > 0 ? (double) dbr_counts_get_failed (self) / (double) n_answered : 0;
}

/* The middle of a cell may lie outside what there was. */
gint64
dbr_figures_get_percentile (const DbrFigures *self,
                            double            percent)
{
  gint64 usec = dbr_tally_get_percentile (&self->tally, percent);

  if (usec < 0 || self->range.max_usec < 0)
    return -1;

  return CLAMP (usec, self->range.min_usec, self->range.max_usec);
}

static void
dbr_operation_stats_get_property (GObject    *object,
                                  guint       prop_id,
                                  GValue     *value,
                                  GParamSpec *pspec)
{
  DbrOperationStats *self = DBR_OPERATION_STATS (object);

  switch (prop_id)
    {
    case PROP_COUNT:
      g_value_set_uint64 (value, dbr_operation_stats_get_count (self));
      break;

    case PROP_OK:
      g_value_set_uint64 (value, dbr_operation_stats_get_ok (self));
      break;

    case PROP_ERRORS:
      g_value_set_uint64 (value, dbr_operation_stats_get_errors (self));
      break;

    case PROP_TIMEOUTS:
      g_value_set_uint64 (value, dbr_operation_stats_get_timeouts (self));
      break;

    case PROP_CANCELLED:
      g_value_set_uint64 (value, dbr_operation_stats_get_cancelled (self));
      break;

    case PROP_REJECTED:
      g_value_set_uint64 (value, dbr_operation_stats_get_rejected (self));
      break;

    case PROP_MIN_USEC:
      g_value_set_int64 (value, dbr_operation_stats_get_min_usec (self));
      break;

    case PROP_MEAN_USEC:
      g_value_set_int64 (value, dbr_operation_stats_get_mean_usec (self));
      break;

    case PROP_MAX_USEC:
      g_value_set_int64 (value, dbr_operation_stats_get_max_usec (self));
      break;

    case PROP_ERROR_RATE:
      g_value_set_double (value, dbr_operation_stats_get_error_rate (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_operation_stats_class_init (DbrOperationStatsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = dbr_operation_stats_get_property;

  /**
   * DbrOperationStats:count: (getter get_count)
   *
   * How many there were, however they ended.
   *
   * Since: 0.1
   */
  properties[PROP_COUNT] =
    g_param_spec_uint64 ("count", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrOperationStats:ok: (getter get_ok)
   *
   * How many were done.
   *
   * Since: 0.1
   */
  properties[PROP_OK] =
    g_param_spec_uint64 ("ok", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrOperationStats:errors: (getter get_errors)
   *
   * How many failed, as the service or the bus said.
   *
   * Since: 0.1
   */
  properties[PROP_ERRORS] =
    g_param_spec_uint64 ("errors", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrOperationStats:timeouts: (getter get_timeouts)
   *
   * How many were not done within their time limit.
   *
   * Since: 0.1
   */
  properties[PROP_TIMEOUTS] =
    g_param_spec_uint64 ("timeouts", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrOperationStats:cancelled: (getter get_cancelled)
   *
   * How many nobody wanted any more.
   *
   * Since: 0.1
   */
  properties[PROP_CANCELLED] =
    g_param_spec_uint64 ("cancelled", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrOperationStats:rejected: (getter get_rejected)
   *
   * How many were refused here and never sent.
   *
   * Since: 0.1
   */
  properties[PROP_REJECTED] =
    g_param_spec_uint64 ("rejected", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrOperationStats:min-usec: (getter get_min_usec)
   *
   * The shortest time in microseconds, -1 if none is known.
   *
   * Since: 0.1
   */
  properties[PROP_MIN_USEC] =
    g_param_spec_int64 ("min-usec", NULL, NULL,
                        -1, G_MAXINT64, -1,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrOperationStats:mean-usec: (getter get_mean_usec)
   *
   * The mean time in microseconds, -1 if none is known.
   *
   * Since: 0.1
   */
  properties[PROP_MEAN_USEC] =
    g_param_spec_int64 ("mean-usec", NULL, NULL,
                        -1, G_MAXINT64, -1,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrOperationStats:max-usec: (getter get_max_usec)
   *
   * The longest time in microseconds, -1 if none is known.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_USEC] =
    g_param_spec_int64 ("max-usec", NULL, NULL,
                        -1, G_MAXINT64, -1,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrOperationStats:error-rate: (getter get_error_rate)
   *
   * The share of errors and timeouts, from 0 to 1.
   *
   * It is the share among those that were answered or timed out. What was cancelled or rejected
   * says nothing of the service.
   *
   * Since: 0.1
   */
  properties[PROP_ERROR_RATE] =
    g_param_spec_double ("error-rate", NULL, NULL,
                         0, 1, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_operation_stats_init (DbrOperationStats *self)
{
}

DbrOperationStats *
dbr_operation_stats_new (const DbrFigures *figures)
{
  DbrOperationStats *self = g_object_new (DBR_TYPE_OPERATION_STATS, NULL);

  self->figures = *figures;

  return self;
}

/**
 * dbr_operation_stats_get_count: (get-property count)
 * @self: the figures of an operation
 *
 * Gets how many there were.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
guint64
dbr_operation_stats_get_count (DbrOperationStats *self)
{
  guint64 count = 0;

  g_return_val_if_fail (DBR_IS_OPERATION_STATS (self), 0);

  for (guint i = 0; i < DBR_N_OUTCOMES; i++)
    count += self->figures.counts.outcomes[i];

  return count;
}

/**
 * dbr_operation_stats_get_ok: (get-property ok)
 * @self: the figures of an operation
 *
 * Gets how many were done.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
guint64
dbr_operation_stats_get_ok (DbrOperationStats *self)
{
  g_return_val_if_fail (DBR_IS_OPERATION_STATS (self), 0);

  return self->figures.counts.outcomes[DBR_OUTCOME_OK];
}

/**
 * dbr_operation_stats_get_errors: (get-property errors)
 * @self: the figures of an operation
 *
 * Gets how many failed.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
guint64
dbr_operation_stats_get_errors (DbrOperationStats *self)
{
  g_return_val_if_fail (DBR_IS_OPERATION_STATS (self), 0);

  return self->figures.counts.outcomes[DBR_OUTCOME_ERROR];
}

/**
 * dbr_operation_stats_get_timeouts: (get-property timeouts)
 * @self: the figures of an operation
 *
 * Gets how many were not done in time.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
guint64
dbr_operation_stats_get_timeouts (DbrOperationStats *self)
{
  g_return_val_if_fail (DBR_IS_OPERATION_STATS (self), 0);

  return self->figures.counts.outcomes[DBR_OUTCOME_TIMEOUT];
}

/**
 * dbr_operation_stats_get_cancelled: (get-property cancelled)
 * @self: the figures of an operation
 *
 * Gets how many were cancelled.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
guint64
dbr_operation_stats_get_cancelled (DbrOperationStats *self)
{
  g_return_val_if_fail (DBR_IS_OPERATION_STATS (self), 0);

  return self->figures.counts.outcomes[DBR_OUTCOME_CANCELLED];
}

/**
 * dbr_operation_stats_get_rejected: (get-property rejected)
 * @self: the figures of an operation
 *
 * Gets how many were refused here.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
guint64
dbr_operation_stats_get_rejected (DbrOperationStats *self)
{
  g_return_val_if_fail (DBR_IS_OPERATION_STATS (self), 0);

  return self->figures.counts.outcomes[DBR_OUTCOME_REJECTED];
}

/**
 * dbr_operation_stats_get_min_usec: (get-property min-usec)
 * @self: the figures of an operation
 *
 * Gets the shortest time.
 *
 * Returns: the time in microseconds, -1 if none is known
 *
 * Since: 0.1
 */
gint64
dbr_operation_stats_get_min_usec (DbrOperationStats *self)
{
  g_return_val_if_fail (DBR_IS_OPERATION_STATS (self), -1);

  return self->figures.range.max_usec < 0 ? -1 : self->figures.range.min_usec;
}

/**
 * dbr_operation_stats_get_mean_usec: (get-property mean-usec)
 * @self: the figures of an operation
 *
 * Gets the mean time.
 *
 * Returns: the time in microseconds, -1 if none is known
 *
 * Since: 0.1
 */
gint64
dbr_operation_stats_get_mean_usec (DbrOperationStats *self)
{
  g_return_val_if_fail (DBR_IS_OPERATION_STATS (self), -1);

  return dbr_figures_get_mean (&self->figures);
}

/**
 * dbr_operation_stats_get_max_usec: (get-property max-usec)
 * @self: the figures of an operation
 *
 * Gets the longest time.
 *
 * Returns: the time in microseconds, -1 if none is known
 *
 * Since: 0.1
 */
gint64
dbr_operation_stats_get_max_usec (DbrOperationStats *self)
{
  g_return_val_if_fail (DBR_IS_OPERATION_STATS (self), -1);

  return self->figures.range.max_usec;
}

/**
 * dbr_operation_stats_get_error_rate: (get-property error-rate)
 * @self: the figures of an operation
 *
 * Gets the share of errors and timeouts.
 *
 * Returns: the share, from 0 to 1
 *
 * Since: 0.1
 */
double
dbr_operation_stats_get_error_rate (DbrOperationStats *self)
{
  g_return_val_if_fail (DBR_IS_OPERATION_STATS (self), 0);

  return dbr_counts_get_error_rate (&self->figures.counts);
}

/**
 * dbr_operation_stats_percentile:
 * @self: the figures of an operation
 * @percent: a percentage, from 0 to 100
 *
 * Gets the time that so many percent of the operations did not exceed, within 1.6 %. Times above 17
 * minutes are not told apart: one of these is between 17 minutes and the longest.
 *
 * Fewer than 20 of them say too little for that.
 *
 * Returns: the time in microseconds, -1 if it cannot be told or @percent is not from 0 to 100
 *
 * Since: 0.1
 */
gint64
dbr_operation_stats_percentile (DbrOperationStats *self,
                                double             percent)
{
  g_return_val_if_fail (DBR_IS_OPERATION_STATS (self), -1);

  return dbr_figures_get_percentile (&self->figures, percent);
}
