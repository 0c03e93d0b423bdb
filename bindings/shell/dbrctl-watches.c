/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-watches-private.h"

#include <glib/gi18n.h>

#include "dbrctl-terms-private.h"
#include "dbrctl-text-private.h"

#define BLUEZ_NAME "org.bluez"
#define SYSTEMD_NAME "org.freedesktop.systemd1"

typedef struct
{
  DbrctlWatches     *watches;
  DbrServiceMonitor *monitor;
  /* the state that was told last */
  DbrServiceState    state;
} Watch;

struct _DbrctlWatches
{
  DbrClient      *client;
  gboolean        with_answers;
  DbrctlNewsFunc  func;
  gpointer        user_data;
  /* Watch */
  GPtrArray      *all;
};

static void
watch_tell (Watch      *self,
            const char *kind,
            const char *text,
            GVariant   *details)
{
  g_autoptr(GVariant) taken = g_variant_ref_sink (details);
  DbrServiceState state = dbr_service_monitor_get_state (self->monitor);
  const DbrctlNews news = {
    .when_usec = g_get_real_time (),
    .kind = kind,
    .name = dbr_service_monitor_get_bus_name (self->monitor),
    .state = dbrctl_terms_nick (DBR_TYPE_SERVICE_STATE, (int) state),
    .text = text,
    .details = taken,
  };

  self->watches->func (&news, self->watches->user_data);
}

static GVariant *
no_details (void)
{
  return g_variant_new ("a{sv}", NULL);
}

static void
history_cb (GListModel *history,
            guint       position,
            guint       removed,
            guint       added,
            gpointer    user_data)
{
  Watch *self = user_data;

  for (guint i = position; i < position + added; i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (history, i);

      watch_tell (self, dbr_event_get_kind (event), dbr_event_get_text (event),
                  dbr_event_get_details (event));
    }
}

static gboolean
is_settled (DbrServiceState state)
{
  return state != DBR_SERVICE_STATE_UNKNOWN && state != DBR_SERVICE_STATE_STARTING
         && state != DBR_SERVICE_STATE_SUSPECT;
}

/* How it is in the beginning, and that there is no bus, is all that no event tells. */
static void
state_cb (DbrServiceMonitor *monitor,
          GParamSpec        *pspec,
          gpointer           user_data)
{
  Watch *self = user_data;
  DbrServiceState state = dbr_service_monitor_get_state (monitor);
  DbrServiceState before = self->state;
  g_autofree char *text = NULL;

  if (state == before || !is_settled (state))
    return;

  self->state = state;
  if (before != DBR_SERVICE_STATE_UNKNOWN && before != DBR_SERVICE_STATE_BUS_LOST
      && state != DBR_SERVICE_STATE_BUS_LOST)
    return;

  text = g_strdup_printf (_("%s: %s"), dbr_service_monitor_get_bus_name (monitor),
                          dbrctl_terms_state (state));
  watch_tell (self, "state", text, no_details ());
}

static void
latency_cb (DbrServiceMonitor *monitor,
            GParamSpec        *pspec,
            gpointer           user_data)
{
  Watch *self = user_data;
  gint64 usec = dbr_service_monitor_get_latency_usec (monitor);
  g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *duration = NULL;
  g_autofree char *text = NULL;

  if (usec < 0)
    return;

  duration = dbrctl_text_duration (usec);
  text = g_strdup_printf (_("%s answers in %s"), dbr_service_monitor_get_bus_name (monitor),
                          duration);
  g_variant_dict_insert (&details, "latency-usec", "x", usec);
  watch_tell (self, "answer", text, g_variant_dict_end (&details));
}

static void
tell_adapter (Watch           *self,
              const char      *kind,
              const char      *format,
              DbrBluezAdapter *adapter)
{
  const char *address = dbr_bluez_adapter_get_address (adapter);
  g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *text = g_strconcat (format, " ", address, NULL);

  g_variant_dict_insert (&details, "adapter", "s", address);
  watch_tell (self, kind, text, g_variant_dict_end (&details));
}

static void
adapter_added_cb (DbrBluezMonitor *monitor,
                  DbrBluezAdapter *adapter,
                  gpointer         user_data)
{
  tell_adapter (user_data, "adapter-added", _("There is an adapter:"), adapter);
}

static void
adapter_removed_cb (DbrBluezMonitor *monitor,
                    DbrBluezAdapter *adapter,
                    gpointer         user_data)
{
  tell_adapter (user_data, "adapter-removed", _("An adapter is gone:"), adapter);
}

static void
adapter_stalled_cb (DbrBluezMonitor *monitor,
                    DbrBluezAdapter *adapter,
                    gpointer         user_data)
{
  tell_adapter (user_data, "adapter-stalled", _("An adapter does not answer:"), adapter);
}

static void
unit_failed_cb (DbrSystemdMonitor *monitor,
                DbrUnit           *unit,
                gpointer           user_data)
{
  const char *name = dbr_unit_get_name (unit);
  g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *text = g_strdup_printf (_("The unit %s has failed"), name);

  g_variant_dict_insert (&details, "unit", "s", name);
  watch_tell (user_data, "unit-failed", text, g_variant_dict_end (&details));
}

static void
watches_tell_issue (DbrctlWatches *self,
                    const char    *kind,
                    const char    *text,
                    DbrIssue      *issue)
{
  g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT (dbr_issue_get_evidence (issue));
  g_autoptr(GVariant) details = NULL;
  DbrctlNews news = {
    .when_usec = g_get_real_time (),
    .kind = kind,
    .name = dbr_issue_get_operation (issue),
    .text = text,
  };

  g_variant_dict_insert (&dict, "id", "s", dbr_issue_get_id (issue));
  g_variant_dict_insert (&dict, "severity", "s",
                         dbrctl_terms_nick (DBR_TYPE_SEVERITY,
                                            (int) dbr_issue_get_severity (issue)));
  details = g_variant_ref_sink (g_variant_dict_end (&dict));
  news.details = details;
  self->func (&news, self->user_data);
}

static void
issue_raised_cb (DbrMetrics *metrics,
                 DbrIssue   *issue,
                 gpointer    user_data)
{
  watches_tell_issue (user_data, "issue-raised", dbr_issue_get_text (issue), issue);
}

static void
issue_cleared_cb (DbrMetrics *metrics,
                  DbrIssue   *issue,
                  gpointer    user_data)
{
  g_autofree char *text = g_strdup_printf (_("No longer: %s"), dbr_issue_get_text (issue));

  watches_tell_issue (user_data, "issue-cleared", text, issue);
}

static void
watch_free (Watch *self)
{
  g_signal_handlers_disconnect_by_data (dbr_service_monitor_get_history (self->monitor), self);
  g_signal_handlers_disconnect_by_data (self->monitor, self);
  dbr_service_monitor_stop (self->monitor);
  g_object_unref (self->monitor);
  g_free (self);
}

DbrctlWatches *
dbrctl_watches_new (DbrClient      *client,
                    gboolean        with_answers,
                    DbrctlNewsFunc  func,
                    gpointer        user_data)
{
  DbrctlWatches *self = g_new0 (DbrctlWatches, 1);
  DbrMetrics *metrics = dbr_client_get_metrics (client);

  self->client = g_object_ref (client);
  self->with_answers = with_answers;
  self->func = func;
  self->user_data = user_data;
  self->all = g_ptr_array_new_with_free_func ((GDestroyNotify) watch_free);
  g_signal_connect (metrics, "issue-raised", G_CALLBACK (issue_raised_cb), self);
  g_signal_connect (metrics, "issue-cleared", G_CALLBACK (issue_cleared_cb), self);

  return self;
}

void
dbrctl_watches_free (DbrctlWatches *self)
{
  g_signal_handlers_disconnect_by_data (dbr_client_get_metrics (self->client), self);
  g_ptr_array_unref (self->all);
  g_object_unref (self->client);
  g_free (self);
}

static DbrServiceMonitor *
watches_new_monitor (DbrctlWatches *self,
                     const char    *name)
{
  gboolean is_session = dbr_client_get_bus_type (self->client) == G_BUS_TYPE_SESSION;

  if (g_str_equal (name, BLUEZ_NAME))
    return DBR_SERVICE_MONITOR (dbr_bluez_monitor_new (self->client));
  if (g_str_equal (name, SYSTEMD_NAME))
    return DBR_SERVICE_MONITOR (dbr_systemd_monitor_new (self->client, is_session
                                                         ? DBR_SYSTEMD_SCOPE_USER
                                                         : DBR_SYSTEMD_SCOPE_SYSTEM));

  return dbr_service_monitor_new (self->client, name);
}

static void
watch_connect (Watch *self)
{
  g_signal_connect (dbr_service_monitor_get_history (self->monitor), "items-changed",
                    G_CALLBACK (history_cb), self);
  g_signal_connect (self->monitor, "notify::state", G_CALLBACK (state_cb), self);
  if (self->watches->with_answers)
    g_signal_connect (self->monitor, "notify::latency-usec", G_CALLBACK (latency_cb), self);
  if (DBR_IS_BLUEZ_MONITOR (self->monitor))
    {
      g_signal_connect (self->monitor, "adapter-added", G_CALLBACK (adapter_added_cb), self);
      g_signal_connect (self->monitor, "adapter-removed", G_CALLBACK (adapter_removed_cb), self);
      g_signal_connect (self->monitor, "adapter-stalled", G_CALLBACK (adapter_stalled_cb), self);
    }
  else if (DBR_IS_SYSTEMD_MONITOR (self->monitor))
    {
      g_signal_connect (self->monitor, "unit-failed", G_CALLBACK (unit_failed_cb), self);
    }
}

DbrServiceMonitor *
dbrctl_watches_add (DbrctlWatches *self,
                    const char    *name)
{
  Watch *watch;

  for (guint i = 0; i < self->all->len; i++)
    {
      DbrServiceMonitor *monitor = dbrctl_watches_get_monitor (self, i);

      if (g_str_equal (dbr_service_monitor_get_bus_name (monitor), name))
        return monitor;
    }

  watch = g_new0 (Watch, 1);
  watch->watches = self;
  watch->monitor = watches_new_monitor (self, name);
  watch_connect (watch);
  g_ptr_array_add (self->all, watch);

  return watch->monitor;
}

gboolean
dbrctl_watches_start (DbrctlWatches  *self,
                      GError        **error)
{
  for (guint i = 0; i < self->all->len; i++)
    {
      if (!dbr_service_monitor_start (dbrctl_watches_get_monitor (self, i), error))
        return FALSE;
    }

  return TRUE;
}

guint
dbrctl_watches_get_n (DbrctlWatches *self)
{
  return self->all->len;
}

DbrServiceMonitor *
dbrctl_watches_get_monitor (DbrctlWatches *self,
                            guint          i)
{
  Watch *watch = self->all->pdata[i];

  return watch->monitor;
}
