/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-systemd-hearing-private.h"

#include <string.h>

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "bus/dbr-client-private.h"
#include "bus/dbr-waiter-private.h"
#include "monitor/dbr-systemd-name-private.h"

/* How a line hears systemd: a rule at the bus, and systemd asked to tell; both anew for each
 * connection, and the second for each systemd. */

DbrSystemdCore *
dbr_systemd_core_new (const DbrSystemdLineFuncs *funcs,
                      gpointer                   user_data,
                      GDestroyNotify             destroy)
{
  DbrSystemdCore *self = g_new0 (DbrSystemdCore, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->funcs = funcs;
  self->user_data = user_data;
  self->destroy = destroy;
  self->jobs = dbr_systemd_jobs_new ();

  return self;
}

void
dbr_systemd_core_unref (DbrSystemdCore *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  dbr_systemd_jobs_free (self->jobs);
  g_free (self);
}

static DbrSystemdEar *
ear_new (DbrSystemdLine *line,
         DbrSystemdRoad  road)
{
  DbrSystemdEar *self = g_new0 (DbrSystemdEar, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_atomic_ref_count_inc (&line->core->ref_count);
  self->core = line->core;
  g_weak_ref_init (&self->line, line);
  self->road = road;

  return self;
}

static DbrSystemdEar *
ear_ref (DbrSystemdEar *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
ear_unref (DbrSystemdEar *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_weak_ref_clear (&self->line);
  dbr_systemd_core_unref (self->core);
  g_free (self);
}

static void
dbr_systemd_line_end_waiters (DbrSystemdLine *self,
                              const GError   *error)
{
  g_autoptr(GPtrArray) waiters = NULL;

  g_mutex_lock (&self->mutex);
  waiters = g_steal_pointer (&self->waiters);
  self->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_waiter_unref);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < waiters->len; i++)
    dbr_waiter_end (g_ptr_array_index (waiters, i), error);
}

static void
dbr_systemd_line_set_told (DbrSystemdLine *self,
                           DbrSystemdRoad  road,
                           gboolean        is_told)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->hearings[road].is_told = is_told;
}

/* Asking systemd */

/* What libdbr itself says means that systemd was not asked. Whatever systemd answers, it was: that
 * it was before, or that it will not, which is no reason to give up, as it tells everybody as soon
 * as one program has asked. */
static gboolean
was_asked (const GError *error)
{
  return error == NULL || error->domain != DBR_ERROR;
}

static void
subscribed_cb (GObject      *source,
               GAsyncResult *result,
               gpointer      user_data)
{
  DbrSystemdEar *ear = user_data;
  g_autoptr(DbrSystemdLine) self = g_weak_ref_get (&ear->line);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dbr_client_run_finish (DBR_CLIENT (source), result, &error);

  if (reply == NULL)
    dbr_debug (DBR_DEBUG_MONITOR, "systemd was not asked to tell of changes",
               "DBR_REASON", error->message);
  if (self != NULL)
    {
      gboolean is_told = was_asked (error);

      dbr_systemd_line_set_told (self, ear->road, is_told);
      dbr_systemd_line_end_waiters (self, is_told ? NULL : error);
      if (is_told)
        {
          dbr_systemd_jobs_doubt (ear->core->jobs);
          ear->core->funcs->renewed (ear->core->user_data);
        }
    }
  ear_unref (ear);
}

static void
subscribe_cb (gpointer user_data)
{
  DbrSystemdEar *ear = user_data;
  g_autoptr(DbrSystemdLine) self = g_weak_ref_get (&ear->line);
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(DbrCall) call = NULL;

  if (self == NULL)
    {
      ear_unref (ear);
      return;
    }

  client = dbr_systemd_line_ref_client (self, ear->road);
  call = dbr_call_new (dbr_systemd_road_get_name (ear->road), DBR_SYSTEMD_PATH,
                       DBR_SYSTEMD_MANAGER_INTERFACE, "Subscribe", NULL);
  dbr_call_set_auto_start (call, FALSE);
  dbr_client_run_async (client, call, NULL, subscribed_cb, ear);
}

/* From any thread; on dbr-io, where the answer comes to as well. */
static void
subscribe (DbrSystemdEar *ear)
{
  dbr_io_invoke (subscribe_cb, ear_ref (ear));
}

/* What is heard */

static void
hear_manager (DbrSystemdEar *ear,
              DbrMessage    *signal)
{
  g_autoptr(GVariant) body = NULL;
  const char *path;
  const char *result;

  if (strcmp (signal->member, "JobRemoved") == 0)
    {
      body = dbr_message_dup_body (signal);
      if (!g_variant_is_of_type (body, G_VARIANT_TYPE ("(uoss)")))
        return;
      g_variant_get (body, "(u&o&s&s)", NULL, &path, NULL, &result);
      dbr_systemd_jobs_hear (ear->core->jobs, path, result);
    }
  else if (strcmp (signal->member, "Reloading") == 0)
    {
      /* While it reads its files anew, it may forget to tell. */
      dbr_systemd_jobs_doubt (ear->core->jobs);
    }
}

static void
heard_cb (DbrMessage *signal,
          gpointer    user_data)
{
  DbrSystemdEar *ear = user_data;

  if (strcmp (signal->interface_name, DBR_SYSTEMD_MANAGER_INTERFACE) == 0)
    hear_manager (ear, signal);
  ear->core->funcs->heard (ear->core->user_data, signal);
}

static void
hearing_clear (DbrSystemdHearing *self,
               DbrSystemdRoad     road)
{
  DbrMatches *matches;

  if (self->client == NULL)
    return;

  matches = dbr_link_get_matches (self->client->link);
  if (self->watch != NULL)
    dbr_dispatcher_unwatch (self->client->dispatcher, dbr_systemd_road_get_name (road),
                            self->watch);
  if (self->manager != NULL)
    dbr_matches_remove (matches, self->manager);
  if (self->units != NULL)
    dbr_matches_remove (matches, self->units);
  ear_unref (self->ear);
  g_clear_object (&self->client);
}

void
dbr_systemd_line_unhear (DbrSystemdLine *self,
                         DbrSystemdRoad  road)
{
  DbrSystemdHearing hearing;

  g_mutex_lock (&self->mutex);
  hearing = self->hearings[road];
  memset (&self->hearings[road], 0, sizeof hearing);
  g_mutex_unlock (&self->mutex);

  hearing_clear (&hearing, road);
}

typedef struct
{
  DbrSystemdEar *ear;
  GError        *error;
} Refusal;

/* Who waits is told only when there is no ear any more, which nobody waits for after that: one that
 * came between would not be told. */
static void
refused_cb (gpointer user_data)
{
  Refusal *refusal = user_data;
  g_autoptr(DbrSystemdLine) self = g_weak_ref_get (&refusal->ear->line);

  if (self != NULL)
    {
      dbr_systemd_line_unhear (self, refusal->ear->road);
      dbr_systemd_line_end_waiters (self, refusal->error);
    }
  ear_unref (refusal->ear);
  g_error_free (refusal->error);
  g_free (refusal);
}

static void
listening_cb (const GError *error,
              gpointer      user_data)
{
  DbrSystemdEar *ear = user_data;
  Refusal *refusal;

  if (error == NULL)
    {
      subscribe (ear);
      return;
    }

  refusal = g_new (Refusal, 1);
  refusal->ear = ear_ref (ear);
  refusal->error = g_error_copy (error);
  dbr_io_invoke (refused_cb, refusal);
}

/* What units tell is wanted besides, and nobody waits for it. */
static void
listening_to_units_cb (const GError *error,
                       gpointer      user_data)
{
}

/* There may be another road, and if not, that has to be seen as well. */
static void
dbr_systemd_line_lose (DbrSystemdLine *self,
                       DbrSystemdEar  *ear)
{
  dbr_systemd_line_leave (self, ear->road);
  dbr_systemd_jobs_doubt (ear->core->jobs);
  ear->core->funcs->lost (ear->core->user_data);
}

/* One that has executed itself anew knows what it was asked, one that was started anew does not. */
static void
owner_changed_cb (gpointer    user_data,
                  const char *old_owner,
                  const char *new_owner,
                  guint       generation)
{
  DbrSystemdEar *ear = user_data;
  g_autoptr(DbrSystemdLine) self = g_weak_ref_get (&ear->line);

  if (self == NULL)
    return;

  if (new_owner != NULL)
    {
      subscribe (ear);
      return;
    }
  dbr_systemd_line_lose (self, ear);
}

static void
lost_cb (gpointer user_data)
{
  DbrSystemdEar *ear = user_data;
  g_autoptr(DbrSystemdLine) self = g_weak_ref_get (&ear->line);

  if (self == NULL)
    return;

  dbr_systemd_line_set_told (self, ear->road, FALSE);
  dbr_systemd_line_lose (self, ear);
}

/* On a bus, systemd is asked when that has taken the rule; the private socket has no rules. Who
 * went by that returns to the bus. */
static void
restored_cb (gpointer user_data)
{
  DbrSystemdEar *ear = user_data;
  g_autoptr(DbrSystemdLine) self = g_weak_ref_get (&ear->line);

  if (self == NULL)
    return;

  if (ear->road == DBR_SYSTEMD_ROAD_PRIVATE)
    subscribe (ear);
  else
    dbr_systemd_line_leave (self, DBR_SYSTEMD_ROAD_PRIVATE);
}

static void
nothing_cb (gpointer user_data)
{
}

static const DbrWatchFuncs watch_funcs = {
  owner_changed_cb,
  lost_cb,
  restored_cb,
  nothing_cb,
  nothing_cb,
};

/* Beginning to hear */

static DbrListener *
dbr_systemd_line_add_listener (DbrSystemdLine    *self,
                               DbrSystemdEar     *ear,
                               DbrClient         *client,
                               gboolean           is_for_units,
                               GError           **error)
{
  const char *path = is_for_units ? DBR_SYSTEMD_UNIT_PATH : DBR_SYSTEMD_PATH;
  DbrSubscriptionFlags flags = is_for_units ? DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE
                                            : DBR_SUBSCRIPTION_FLAGS_NONE;
  const char *bus_name = dbr_systemd_road_get_name (ear->road);
  g_autoptr(DbrMatchRule) rule = dbr_match_rule_new (bus_name, path, NULL, NULL, NULL, flags);

  if (!dbr_client_judge_signals (client, rule, error))
    return NULL;

  return dbr_matches_add (dbr_link_get_matches (client->link), rule,
                          dbr_systemd_line_get_limit (self, "default"), heard_cb,
                          is_for_units ? listening_to_units_cb : listening_cb,
                          ear_ref (ear), (GDestroyNotify) ear_unref);
}

static void
dbr_systemd_line_add_units (DbrSystemdLine *self,
                            DbrSystemdRoad  road)
{
  g_autoptr(DbrClient) client = NULL;
  DbrSystemdEar *ear = NULL;
  DbrListener *listener;

  g_mutex_lock (&self->mutex);
  if (self->hears_units && self->hearings[road].client != NULL
      && self->hearings[road].units == NULL)
    {
      client = g_object_ref (self->hearings[road].client);
      ear = ear_ref (self->hearings[road].ear);
    }
  g_mutex_unlock (&self->mutex);
  if (ear == NULL)
    return;

  listener = dbr_systemd_line_add_listener (self, ear, client, TRUE, NULL);
  g_mutex_lock (&self->mutex);
  if (self->hearings[road].ear == ear && self->hearings[road].units == NULL)
    self->hearings[road].units = g_steal_pointer (&listener);
  g_mutex_unlock (&self->mutex);

  /* Another thread has done it meanwhile. */
  if (listener != NULL)
    dbr_matches_remove (dbr_link_get_matches (client->link), listener);
  ear_unref (ear);
}

static void
dbr_systemd_line_remove_units (DbrSystemdLine *self,
                               DbrSystemdRoad  road)
{
  g_autoptr(DbrClient) client = NULL;
  DbrListener *listener;

  g_mutex_lock (&self->mutex);
  listener = g_steal_pointer (&self->hearings[road].units);
  if (listener != NULL)
    client = g_object_ref (self->hearings[road].client);
  g_mutex_unlock (&self->mutex);

  if (listener != NULL)
    dbr_matches_remove (dbr_link_get_matches (client->link), listener);
}

void
dbr_systemd_line_hear_units (DbrSystemdLine *self,
                             gboolean        is_wanted)
{
  g_mutex_lock (&self->mutex);
  self->hears_units = is_wanted;
  g_mutex_unlock (&self->mutex);

  for (DbrSystemdRoad road = DBR_SYSTEMD_ROAD_BUS; road < DBR_SYSTEMD_N_ROADS; road++)
    {
      if (is_wanted)
        dbr_systemd_line_add_units (self, road);
      else
        dbr_systemd_line_remove_units (self, road);
    }
}

/* Sees to it that the waiter ends: at once, or by the answer of systemd. Where that was asked in
 * vain before, nothing else would ask it once more. */
static void
dbr_systemd_line_await (DbrSystemdLine *self,
                        DbrSystemdRoad  road,
                        gboolean        is_new,
                        DbrWaiter      *waiter)
{
  DbrSystemdEar *ear = NULL;
  gboolean is_told;

  g_mutex_lock (&self->mutex);
  is_told = self->hearings[road].is_told;
  if (!is_told && self->hearings[road].ear != NULL)
    {
      g_ptr_array_add (self->waiters, dbr_waiter_ref (waiter));
      ear = ear_ref (self->hearings[road].ear);
    }
  g_mutex_unlock (&self->mutex);

  if (is_told)
    {
      dbr_waiter_end (waiter, NULL);
    }
  else if (ear != NULL)
    {
      if (!is_new)
        subscribe (ear);
      ear_unref (ear);
    }
  else
    {
      g_autoptr(GError) error = g_error_new_literal (DBR_ERROR, DBR_ERROR_CONNECTION_LOST,
                                                     _("The connection was lost meanwhile"));

      dbr_waiter_end (waiter, error);
    }
}

static gboolean
dbr_systemd_line_has_hearing (DbrSystemdLine *self,
                              DbrSystemdRoad  road)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->hearings[road].client != NULL;
}

/* Where another thread was first, it is that one which hears. */
static DbrSystemdEar *
dbr_systemd_line_put_ear (DbrSystemdLine *self,
                          DbrSystemdRoad  road,
                          DbrClient      *client)
{
  DbrSystemdEar *ear = ear_new (self, road);
  gboolean is_first;

  g_mutex_lock (&self->mutex);
  is_first = self->hearings[road].client == NULL;
  if (is_first)
    {
      self->hearings[road].client = g_object_ref (client);
      self->hearings[road].ear = ear_ref (ear);
    }
  g_mutex_unlock (&self->mutex);

  if (!is_first)
    g_clear_pointer (&ear, ear_unref);

  return ear;
}

/* It is known to be there before the bus is asked, which may answer before this has returned. */
static gboolean
dbr_systemd_line_hear (DbrSystemdLine  *self,
                       DbrSystemdRoad   road,
                       GError         **error)
{
  g_autoptr(DbrClient) client = dbr_systemd_line_ref_client (self, road);
  DbrSystemdHearing rest = { NULL };
  GError *refusal = NULL;

  rest.ear = dbr_systemd_line_put_ear (self, road, client);
  if (rest.ear == NULL)
    return TRUE;

  rest.client = g_object_ref (client);
  rest.watch = dbr_dispatcher_watch (client->dispatcher, dbr_systemd_road_get_name (road),
                                     &watch_funcs, ear_ref (rest.ear), (GDestroyNotify) ear_unref);
  rest.manager = dbr_systemd_line_add_listener (self, rest.ear, client, FALSE, &refusal);
  if (rest.manager == NULL)
    {
      hearing_clear (&rest, road);
      dbr_systemd_line_unhear (self, road);
      /* Another thread may have begun to wait for this ear meanwhile. */
      dbr_systemd_line_end_waiters (self, refusal);
      g_propagate_error (error, refusal);
      return FALSE;
    }

  g_mutex_lock (&self->mutex);
  if (self->hearings[road].ear == rest.ear)
    {
      self->hearings[road].watch = g_steal_pointer (&rest.watch);
      self->hearings[road].manager = g_steal_pointer (&rest.manager);
    }
  g_mutex_unlock (&self->mutex);

  hearing_clear (&rest, road);
  dbr_systemd_line_add_units (self, road);

  return TRUE;
}

static void
found_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  DbrSystemdLine *self = DBR_SYSTEMD_LINE (source);
  g_autoptr(GTask) task = user_data;
  g_autoptr(DbrWaiter) waiter = NULL;
  GError *error = NULL;
  DbrSystemdRoad road = dbr_systemd_line_find_finish (self, result, &error);
  gboolean is_new = road != DBR_SYSTEMD_ROAD_NONE && !dbr_systemd_line_has_hearing (self, road);

  if (road == DBR_SYSTEMD_ROAD_NONE || (is_new && !dbr_systemd_line_hear (self, road, &error)))
    {
      g_task_return_error (task, error);
      return;
    }

  waiter = dbr_waiter_new (task, g_task_get_cancellable (task));
  dbr_systemd_line_await (self, road, is_new, waiter);
}

/* What it looks for the road with has an end of its own, and comes to the context of the task: no
 * waiter may be done with that before. */
void
dbr_systemd_line_listen_async (DbrSystemdLine      *self,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, dbr_systemd_line_listen_async);
  g_task_set_check_cancellable (task, FALSE);
  dbr_systemd_line_find_async (self, 0, cancellable, found_cb, g_steal_pointer (&task));
}

gboolean
dbr_systemd_line_listen_finish (DbrSystemdLine  *self,
                                GAsyncResult    *result,
                                GError         **error)
{
  return dbr_waiter_finish (G_TASK (result), error);
}
