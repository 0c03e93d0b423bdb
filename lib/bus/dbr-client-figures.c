/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

/* What a client shows of what it did. */

/**
 * dbr_client_get_metrics: (get-property metrics)
 * @self: a client
 *
 * Gets where its calls are counted.
 *
 * It is valid until other metrics are set. A call that succeeded, failed, was given up or refused
 * is in them from when its callback runs or its sync function returns, under a name such as
 * `org.example.Player:org.example.Player.Play`, or under [property@Call:operation] where that was
 * set. One with a bad argument is no call and is not counted. What several asked for at once and
 * was sent once is counted for each of them, but its time at the service once.
 *
 * Returns: (transfer none) (nullable): the metrics, or `NULL` if nothing is counted
 *
 * Since: 0.1
 */
DbrMetrics *
dbr_client_get_metrics (DbrClient *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return self->metrics;
}

/**
 * dbr_client_set_metrics: (set-property metrics)
 * @self: a client
 * @metrics: (nullable): the metrics, or `NULL` to count nothing
 *
 * Sets where its calls are counted. Several clients may share metrics.
 *
 * A call that began before is counted where it began.
 *
 * Since: 0.1
 */
void
dbr_client_set_metrics (DbrClient  *self,
                        DbrMetrics *metrics)
{
  g_autoptr(DbrMetrics) old = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (metrics == NULL || DBR_IS_METRICS (metrics));

  g_mutex_lock (&self->mutex);
  old = self->metrics;
  self->metrics = metrics != NULL ? g_object_ref (metrics) : NULL;
  g_mutex_unlock (&self->mutex);

  if (old == metrics)
    return;

  dbr_recorder_set_metrics (self->recorder, metrics);
  g_object_notify (G_OBJECT (self), "metrics");
}

/**
 * dbr_client_get_trace_size: (get-property trace-size)
 * @self: a client
 *
 * Gets how many of its last calls are kept.
 *
 * Returns: the number of calls
 *
 * Since: 0.1
 */
guint
dbr_client_get_trace_size (DbrClient *self)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), 0);

  return dbr_trace_get_size (self->trace);
}

/**
 * dbr_client_set_trace_size: (set-property trace-size)
 * @self: a client
 * @trace_size: the number of calls, 0 for none
 *
 * Sets how many of its last calls are kept. If there are more, the oldest go.
 *
 * Since: 0.1
 */
void
dbr_client_set_trace_size (DbrClient *self,
                           guint      trace_size)
{
  g_return_if_fail (DBR_IS_CLIENT (self));

  if (dbr_trace_set_size (self->trace, trace_size))
    g_object_notify (G_OBJECT (self), "trace-size");
}

/**
 * dbr_client_get_trace: (get-property trace)
 * @self: a client
 *
 * Gets its last calls. It is always the same list.
 *
 * Returns: (transfer none): a list of [class@Call]
 *
 * Since: 0.1
 */
GListModel *
dbr_client_get_trace (DbrClient *self)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);

  return G_LIST_MODEL (self->calls);
}

void
dbr_client_show_calls (GObject   *client,
                       GPtrArray *calls,
                       guint      size)
{
  GListStore *list = DBR_CLIENT (client)->calls;
  guint n_items = g_list_model_get_n_items (G_LIST_MODEL (list));
  guint n_new = MIN (calls->len, size);
  guint n_over = n_items > size - n_new ? n_items - (size - n_new) : 0;

  if (n_over > 0)
    g_list_store_splice (list, 0, n_over, NULL, 0);
  if (n_new > 0)
    g_list_store_splice (list, n_items - n_over, 0, calls->pdata + calls->len - n_new, n_new);
}
