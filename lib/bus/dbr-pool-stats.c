/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-pool-stats.h"
#include "bus/dbr-pool-stats-private.h"

/**
 * DbrPoolStats:
 *
 * What a pool held at one moment.
 *
 * All numbers are those of the same moment, so that [property@PoolStats:size] is always the sum of
 * [property@PoolStats:idle] and [property@PoolStats:leased], and what is left of
 * [property@PoolStats:opened-total] after [property@PoolStats:closed-total]. They never change; ask
 * the pool again with [method@Pool.get_stats].
 *
 * Since: 0.1
 */
struct _DbrPoolStats
{
  GObject       parent_instance;

  DbrPoolCounts counts;
  guint         orphans;
};

enum
{
  PROP_0,
  PROP_SIZE,
  PROP_IDLE,
  PROP_LEASED,
  PROP_WAITING,
  PROP_OPENED_TOTAL,
  PROP_CLOSED_TOTAL,
  PROP_FAILED_TOTAL,
  PROP_ORPHANS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (DbrPoolStats, dbr_pool_stats, G_TYPE_OBJECT)

static void
dbr_pool_stats_get_property (GObject    *object,
                             guint       prop_id,
                             GValue     *value,
                             GParamSpec *pspec)
{
  DbrPoolStats *self = DBR_POOL_STATS (object);

  switch (prop_id)
    {
    case PROP_SIZE:
      g_value_set_uint (value, self->counts.size);
      break;

    case PROP_IDLE:
      g_value_set_uint (value, self->counts.idle);
      break;

    case PROP_LEASED:
      g_value_set_uint (value, self->counts.leased);
      break;

    case PROP_WAITING:
      g_value_set_uint (value, self->counts.waiting);
      break;

    case PROP_OPENED_TOTAL:
      g_value_set_uint64 (value, self->counts.opened_total);
      break;

    case PROP_CLOSED_TOTAL:
      g_value_set_uint64 (value, self->counts.closed_total);
      break;

    case PROP_FAILED_TOTAL:
      g_value_set_uint64 (value, self->counts.failed_total);
      break;

    case PROP_ORPHANS:
      g_value_set_uint (value, self->orphans);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_pool_stats_set_property (GObject      *object,
                             guint         prop_id,
                             const GValue *value,
                             GParamSpec   *pspec)
{
  DbrPoolStats *self = DBR_POOL_STATS (object);

  switch (prop_id)
    {
    case PROP_SIZE:
      self->counts.size = g_value_get_uint (value);
      break;

    case PROP_IDLE:
      self->counts.idle = g_value_get_uint (value);
      break;

    case PROP_LEASED:
      self->counts.leased = g_value_get_uint (value);
      break;

    case PROP_WAITING:
      self->counts.waiting = g_value_get_uint (value);
      break;

    case PROP_OPENED_TOTAL:
      self->counts.opened_total = g_value_get_uint64 (value);
      break;

    case PROP_CLOSED_TOTAL:
      self->counts.closed_total = g_value_get_uint64 (value);
      break;

    case PROP_FAILED_TOTAL:
      self->counts.failed_total = g_value_get_uint64 (value);
      break;

    case PROP_ORPHANS:
      self->orphans = g_value_get_uint (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_pool_stats_class_init (DbrPoolStatsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = dbr_pool_stats_get_property;
  object_class->set_property = dbr_pool_stats_set_property;

  /**
   * DbrPoolStats:size: (getter get_size)
   *
   * How many connections there are: those that are idle and those that are leased.
   *
   * Since: 0.1
   */
  properties[PROP_SIZE] =
    g_param_spec_uint ("size", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPoolStats:idle: (getter get_idle)
   *
   * How many connections nobody holds.
   *
   * Since: 0.1
   */
  properties[PROP_IDLE] =
    g_param_spec_uint ("idle", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPoolStats:leased: (getter get_leased)
   *
   * How many connections are lent. A lease of which the connection was lost counts no more.
   *
   * Since: 0.1
   */
  properties[PROP_LEASED] =
    g_param_spec_uint ("leased", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPoolStats:waiting: (getter get_waiting)
   *
   * How many wait for a connection.
   *
   * Since: 0.1
   */
  properties[PROP_WAITING] =
    g_param_spec_uint ("waiting", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPoolStats:opened-total: (getter get_opened_total)
   *
   * How many connections were opened since the pool was made.
   *
   * Since: 0.1
   */
  properties[PROP_OPENED_TOTAL] =
    g_param_spec_uint64 ("opened-total", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPoolStats:closed-total: (getter get_closed_total)
   *
   * How many connections have ended since the pool was made, for whatever reason.
   *
   * Since: 0.1
   */
  properties[PROP_CLOSED_TOTAL] =
    g_param_spec_uint64 ("closed-total", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPoolStats:failed-total: (getter get_failed_total)
   *
   * How many attempts to open a connection failed since the pool was made.
   *
   * Since: 0.1
   */
  properties[PROP_FAILED_TOTAL] =
    g_param_spec_uint64 ("failed-total", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPoolStats:orphans: (getter get_orphans)
   *
   * How many calls earlier holders left unanswered on connections that go on.
   *
   * The bus counts them still, and allows a connection only so many.
   *
   * Since: 0.1
   */
  properties[PROP_ORPHANS] =
    g_param_spec_uint ("orphans", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_pool_stats_init (DbrPoolStats *self)
{
}

DbrPoolStats *
dbr_pool_stats_new (const DbrPoolCounts *counts,
                    guint                n_orphans)
{
  return g_object_new (DBR_TYPE_POOL_STATS,
                       "size", counts->size,
                       "idle", counts->idle,
                       "leased", counts->leased,
                       "waiting", counts->waiting,
                       "opened-total", counts->opened_total,
                       "closed-total", counts->closed_total,
                       "failed-total", counts->failed_total,
                       "orphans", n_orphans,
                       NULL);
}

/**
 * dbr_pool_stats_get_size: (get-property size)
 * @self: statistics
 *
 * Gets how many connections there are.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint
dbr_pool_stats_get_size (DbrPoolStats *self)
{
  g_return_val_if_fail (DBR_IS_POOL_STATS (self), 0);

  return self->counts.size;
}

/**
 * dbr_pool_stats_get_idle: (get-property idle)
 * @self: statistics
 *
 * Gets how many connections nobody holds.
 *
 * Returns: the number of idle connections
 *
 * Since: 0.1
 */
guint
dbr_pool_stats_get_idle (DbrPoolStats *self)
{
  g_return_val_if_fail (DBR_IS_POOL_STATS (self), 0);

  return self->counts.idle;
}

/**
 * dbr_pool_stats_get_leased: (get-property leased)
 * @self: statistics
 *
 * Gets how many connections are lent.
 *
 * Returns: the number of leased connections
 *
 * Since: 0.1
 */
guint
dbr_pool_stats_get_leased (DbrPoolStats *self)
{
  g_return_val_if_fail (DBR_IS_POOL_STATS (self), 0);

  return self->counts.leased;
}

/**
 * dbr_pool_stats_get_waiting: (get-property waiting)
 * @self: statistics
 *
 * Gets how many wait for a connection.
 *
 * Returns: the number of those that wait
 *
 * Since: 0.1
 */
guint
dbr_pool_stats_get_waiting (DbrPoolStats *self)
{
  g_return_val_if_fail (DBR_IS_POOL_STATS (self), 0);

  return self->counts.waiting;
}

/**
 * dbr_pool_stats_get_opened_total: (get-property opened-total)
 * @self: statistics
 *
 * Gets how many connections were opened since the pool was made.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint64
dbr_pool_stats_get_opened_total (DbrPoolStats *self)
{
  g_return_val_if_fail (DBR_IS_POOL_STATS (self), 0);

  return self->counts.opened_total;
}

/**
 * dbr_pool_stats_get_closed_total: (get-property closed-total)
 * @self: statistics
 *
 * Gets how many connections have ended since the pool was made.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint64
dbr_pool_stats_get_closed_total (DbrPoolStats *self)
{
  g_return_val_if_fail (DBR_IS_POOL_STATS (self), 0);

  return self->counts.closed_total;
}

/**
 * dbr_pool_stats_get_failed_total: (get-property failed-total)
 * @self: statistics
 *
 * Gets how many attempts to open a connection failed since the pool was made.
 *
 * Returns: the number of attempts
 *
 * Since: 0.1
 */
guint64
dbr_pool_stats_get_failed_total (DbrPoolStats *self)
{
  g_return_val_if_fail (DBR_IS_POOL_STATS (self), 0);

  return self->counts.failed_total;
}

/**
 * dbr_pool_stats_get_orphans: (get-property orphans)
 * @self: statistics
 *
 * Gets how many calls earlier holders left unanswered on connections that go on.
 *
 * Returns: the number of calls
 *
 * Since: 0.1
 */
guint
dbr_pool_stats_get_orphans (DbrPoolStats *self)
{
  g_return_val_if_fail (DBR_IS_POOL_STATS (self), 0);

  return self->orphans;
}
