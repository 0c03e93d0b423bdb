/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-monitor-news-private.h"

#include "base/dbr-event-private.h"
#include "base/dbr-i18n-private.h"

gboolean
dbr_monitor_values_are_same (const DbrMonitorValues *self,
                             const DbrMonitorValues *other)
{
  return self->state == other->state
         && self->owner == other->owner
         && self->generation == other->generation
         && self->restarts == other->restarts
         && self->latency_usec == other->latency_usec
         && self->is_available == other->is_available
         && self->probe_kind == other->probe_kind
         && self->detection_ms == other->detection_ms
         && self->is_quality_met == other->is_quality_met;
}

/* A time as a person says it. */
static char *
dup_time (gint64 usec)
{
  double ms = usec / 1000.0;

  return ms < 1000 ? g_strdup_printf (_("%.1f ms"), ms) : g_strdup_printf (_("%.1f s"), ms / 1000);
}

static char *
dup_stall_text (const DbrMonitorNews *self,
                const char           *bus_name,
                const char           *time)
{
  if (self->freeze == DBR_FREEZE_STOPPED)
    return g_strdup_printf (_("%s has not answered for %s: its process is stopped"),
                            bus_name, time);
  if (self->freeze == DBR_FREEZE_CGROUP)
    return g_strdup_printf (_("%s has not answered for %s: its control group is frozen"),
                            bus_name, time);

  return g_strdup_printf (_("%s has not answered for %s"), bus_name, time);
}

static char *
dup_text (const DbrMonitorNews *self,
          const char           *bus_name)
{
  g_autofree char *time = dup_time (self->usec);

  switch (self->kind)
    {
    case DBR_MONITOR_NEWS_STALLED:
      return dup_stall_text (self, bus_name, time);

    case DBR_MONITOR_NEWS_RECOVERED:
      return g_strdup_printf (_("%s answers again after %s"), bus_name, time);

    case DBR_MONITOR_NEWS_APPEARED:
      return g_strdup_printf (_("%s is there, as %s"), bus_name, self->new_owner);

    case DBR_MONITOR_NEWS_VANISHED:
      return g_strdup_printf (_("%s is gone; it was %s"), bus_name, self->old_owner);

    case DBR_MONITOR_NEWS_RESTARTED:
      return g_strdup_printf (_("%s was restarted: %s took the place of %s after %s"), bus_name,
                              self->new_owner, self->old_owner, time);

    case DBR_MONITOR_NEWS_SLOW:
      return g_strdup_printf (_("%s is slow: it took %s to answer"), bus_name, time);

    case DBR_MONITOR_NEWS_OWN_STALL:
      return g_strdup_printf (_("This program was held up for %s itself"), time);

    case DBR_MONITOR_NEWS_VALUES:
    case DBR_MONITOR_NEWS_OWNER:
    case DBR_MONITOR_NEWS_CONNECTION:
    default:
      return NULL;
    }
}

static const char *
get_kind (const DbrMonitorNews *self)
{
  static const char *const kinds[] = {
    [DBR_MONITOR_NEWS_STALLED] = "stalled",
    [DBR_MONITOR_NEWS_RECOVERED] = "recovered",
    [DBR_MONITOR_NEWS_APPEARED] = "appeared",
    [DBR_MONITOR_NEWS_VANISHED] = "vanished",
    [DBR_MONITOR_NEWS_RESTARTED] = "restarted",
    [DBR_MONITOR_NEWS_SLOW] = "slow",
    [DBR_MONITOR_NEWS_OWN_STALL] = "own-stall",
  };

  return kinds[self->kind];
}

/* The times have the names of the signals' arguments. */
static GVariant *
dup_details (const DbrMonitorNews *self)
{
  static const char *const times[] = {
    [DBR_MONITOR_NEWS_STALLED] = "silent-usec",
    [DBR_MONITOR_NEWS_RECOVERED] = "down-usec",
    [DBR_MONITOR_NEWS_RESTARTED] = "gap-usec",
    [DBR_MONITOR_NEWS_SLOW] = "latency-usec",
    [DBR_MONITOR_NEWS_OWN_STALL] = "lag-usec",
  };
  g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (NULL);

  if (self->kind < G_N_ELEMENTS (times) && times[self->kind] != NULL)
    g_variant_dict_insert (&details, times[self->kind], "x", self->usec);
  if (self->old_owner != NULL)
    g_variant_dict_insert (&details, "old-owner", "s", self->old_owner);
  if (self->new_owner != NULL)
    g_variant_dict_insert (&details, "new-owner", "s", self->new_owner);
  if (self->pid != 0)
    g_variant_dict_insert (&details, "pid", "u", self->pid);
  if (self->kind == DBR_MONITOR_NEWS_STALLED && self->freeze != DBR_FREEZE_NONE)
    g_variant_dict_insert (&details, "reason", "s",
                           self->freeze == DBR_FREEZE_STOPPED ? "stopped" : "cgroup-frozen");

  return g_variant_dict_end (&details);
}

DbrEvent *
dbr_monitor_news_to_event (const DbrMonitorNews *self,
                           const char           *bus_name)
{
  g_autofree char *text = dup_text (self, bus_name);

  if (text == NULL)
    return NULL;

  return g_object_new (DBR_TYPE_EVENT,
                       "kind", get_kind (self),
                       "text", text,
                       "when-usec", self->when_usec,
                       "details", dup_details (self),
                       NULL);
}

DbrEvent *
dbr_monitor_event_extend (DbrEvent *event,
                          GVariant *more)
{
  g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (dbr_event_get_details (event));
  GVariantIter iter;
  GVariant *value;
  const char *key;

  g_variant_iter_init (&iter, more);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
    g_variant_dict_insert_value (&details, key, value);

  return g_object_new (DBR_TYPE_EVENT,
                       "kind", dbr_event_get_kind (event),
                       "text", dbr_event_get_text (event),
                       "when-usec", dbr_event_get_when_usec (event),
                       "details", g_variant_dict_end (&details),
                       NULL);
}
