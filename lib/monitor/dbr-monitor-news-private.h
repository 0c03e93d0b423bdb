/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-service-monitor.h"

G_BEGIN_DECLS

/* What is seen of a process that does not answer. */
typedef enum
{
  DBR_FREEZE_NONE,
  /* by a signal, as a debugger or a shell does it */
  DBR_FREEZE_STOPPED,
  /* by its cgroup, as somebody does it who will thaw it */
  DBR_FREEZE_CGROUP,
} DbrFreeze;

/* What a monitor shows, all of one moment. */
typedef struct
{
  /* They are counted, so that none is replaced by an older one. */
  guint64          serial;

  DbrServiceState  state;
  /* wall clock */
  gint64           since_usec;
  /* interned, NULL for nobody */
  const char      *owner;
  guint            generation;
  guint            restarts;
  gint64           latency_usec;
  gboolean         is_available;
  DbrProbeKind     probe_kind;
  guint            detection_ms;
  gboolean         is_quality_met;
} DbrMonitorValues;

typedef enum
{
  /* nothing but that the values are new */
  DBR_MONITOR_NEWS_VALUES,
  /* these are for the slots of the class only */
  DBR_MONITOR_NEWS_OWNER,
  DBR_MONITOR_NEWS_CONNECTION,
  /* these are signals */
  DBR_MONITOR_NEWS_STALLED,
  DBR_MONITOR_NEWS_RECOVERED,
  DBR_MONITOR_NEWS_APPEARED,
  DBR_MONITOR_NEWS_VANISHED,
  DBR_MONITOR_NEWS_RESTARTED,
  DBR_MONITOR_NEWS_SLOW,
  DBR_MONITOR_NEWS_OWN_STALL,
} DbrMonitorNewsKind;

/* Something that happened, and how things were then. */
typedef struct
{
  DbrMonitorNewsKind  kind;
  DbrMonitorValues    values;
  gint64              when_usec;

  /* interned, NULL for nobody */
  const char         *old_owner;
  const char         *new_owner;
  gboolean            is_connected;
  /* how long: silent, down, the gap, the answer, the lag */
  gint64              usec;

  /* what is known of the process */
  guint               pid;
  DbrFreeze           freeze;
} DbrMonitorNews;

/* Whether they show the same. */
gboolean  dbr_monitor_values_are_same (const DbrMonitorValues *self,
                                       const DbrMonitorValues *other);

/* The event of it; NULL if it is none. */
DbrEvent *dbr_monitor_news_to_event   (const DbrMonitorNews   *self,
                                       const char             *bus_name) G_GNUC_WARN_UNUSED_RESULT;
/* The same event with more that is known of it, an a{sv}. */
DbrEvent *dbr_monitor_event_extend    (DbrEvent               *event,
                                       GVariant               *more) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
