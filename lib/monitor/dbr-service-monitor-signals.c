/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-service-monitor-private.h"

/* What a service monitor tells. */

enum
{
  SIGNAL_STALLED,
  SIGNAL_RECOVERED,
  SIGNAL_APPEARED,
  SIGNAL_VANISHED,
  SIGNAL_RESTARTED,
  SIGNAL_SLOW,
  SIGNAL_OWN_STALL,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

void
dbr_service_monitor_emit (DbrServiceMonitor    *self,
                          const DbrMonitorNews *news)
{
  switch (news->kind)
    {
    case DBR_MONITOR_NEWS_STALLED:
      g_signal_emit (self, signals[SIGNAL_STALLED], 0, news->usec);
      break;

    case DBR_MONITOR_NEWS_RECOVERED:
      g_signal_emit (self, signals[SIGNAL_RECOVERED], 0, news->usec);
      break;

    case DBR_MONITOR_NEWS_APPEARED:
      g_signal_emit (self, signals[SIGNAL_APPEARED], 0, news->new_owner);
      break;

    case DBR_MONITOR_NEWS_VANISHED:
      g_signal_emit (self, signals[SIGNAL_VANISHED], 0, news->old_owner);
      break;

    case DBR_MONITOR_NEWS_RESTARTED:
      g_signal_emit (self, signals[SIGNAL_RESTARTED], 0, news->old_owner, news->new_owner,
                     news->usec);
      break;

    case DBR_MONITOR_NEWS_SLOW:
      g_signal_emit (self, signals[SIGNAL_SLOW], 0, news->usec);
      break;

    case DBR_MONITOR_NEWS_OWN_STALL:
      g_signal_emit (self, signals[SIGNAL_OWN_STALL], 0, news->usec);
      break;

    case DBR_MONITOR_NEWS_VALUES:
    case DBR_MONITOR_NEWS_OWNER:
    case DBR_MONITOR_NEWS_CONNECTION:
    default:
      break;
    }
}

static guint
install_time (DbrServiceMonitorClass *klass,
              const char             *name)
{
  return g_signal_new (name, G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                       G_TYPE_NONE, 1, G_TYPE_INT64);
}

static guint
install_owner (DbrServiceMonitorClass *klass,
               const char             *name)
{
  return g_signal_new (name, G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                       G_TYPE_NONE, 1, G_TYPE_STRING);
}

void
dbr_service_monitor_install_signals (DbrServiceMonitorClass *klass)
{
  /**
   * DbrServiceMonitor::stalled:
   * @self: a monitor
   * @silent_usec: since how many microseconds nothing was heard of it
   *
   * Emitted once for each stall: the service does not answer.
   *
   * Since: 0.1
   */
  signals[SIGNAL_STALLED] = install_time (klass, "stalled");

  /**
   * DbrServiceMonitor::recovered:
   * @self: a monitor
   * @down_usec: for how many microseconds it did not answer
   *
   * Emitted once for each stall that ends: the service answers again, and has done so twice.
   *
   * Since: 0.1
   */
  signals[SIGNAL_RECOVERED] = install_time (klass, "recovered");

  /**
   * DbrServiceMonitor::appeared:
   * @self: a monitor
   * @owner: the unique name of the program
   *
   * Emitted when a program has taken the name.
   *
   * Since: 0.1
   */
  signals[SIGNAL_APPEARED] = install_owner (klass, "appeared");

  /**
   * DbrServiceMonitor::vanished:
   * @self: a monitor
   * @owner: the unique name of the program
   *
   * Emitted when the program that had the name has it no more.
   *
   * Since: 0.1
   */
  signals[SIGNAL_VANISHED] = install_owner (klass, "vanished");

  /**
   * DbrServiceMonitor::restarted:
   * @self: a monitor
   * @old_owner: the unique name of the program that had the name before
   * @new_owner: the unique name of the program that has it now
   * @gap_usec: for how many microseconds nobody had it
   *
   * Emitted when another program has taken the place of one that was seen.
   *
   * Since: 0.1
   */
  signals[SIGNAL_RESTARTED] =
    g_signal_new ("restarted",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 3,
                  G_TYPE_STRING,
                  G_TYPE_STRING,
                  G_TYPE_INT64);

  /**
   * DbrServiceMonitor::slow:
   * @self: a monitor
   * @latency_usec: how many microseconds it took
   *
   * Emitted for the first of several answers that took longer than
   * [property@ServiceMonitor:slow-ms].
   *
   * Since: 0.1
   */
  signals[SIGNAL_SLOW] = install_time (klass, "slow");

  /**
   * DbrServiceMonitor::own-stall:
   * @self: a monitor
   * @lag_usec: by how many microseconds
   *
   * Emitted when this program was held up itself, so that nothing can be said of the service.
   *
   * Since: 0.1
   */
  signals[SIGNAL_OWN_STALL] = install_time (klass, "own-stall");
}
