/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-probe-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-introspection-private.h"
#include "policy/dbr-services-private.h"

#define PREFIX "org.freedesktop.DBus."
#define ERROR_PREFIX PREFIX "Error."

/* What a probe asks, in this order, as far as it is needed. */
typedef enum
{
  STEP_LOOK_BY_NAME,
  STEP_LOOK_AT_ROOT,
  STEP_READ,
  STEP_PING,
  STEP_END,
} Step;

struct _DbrProbe
{
  gatomicrefcount  ref_count;

  /* identity */
  DbrInquirer     *inquirer;
  char            *bus_name;
  char            *owner;
  gint64           deadline_usec;
  DbrProbeFunc     done;
  gpointer         user_data;
  GDestroyNotify   destroy;

  /* touched by one step after the other */
  DbrProbeTarget   target;
  gboolean         is_search;
  gboolean         is_missing;
  GError          *refusal;

  GMutex           mutex;

  /* guarded by mutex */
  Step             step;
  DbrExchange     *exchange;
  gboolean         is_over;
};

void
dbr_probe_target_clear (DbrProbeTarget *self)
{
  g_clear_pointer (&self->object_path, g_free);
  g_clear_pointer (&self->interface_name, g_free);
  g_clear_pointer (&self->property_name, g_free);
}

void
dbr_probe_target_set (DbrProbeTarget       *self,
                      const DbrProbeTarget *other)
{
  DbrProbeTarget copy = {
    g_strdup (other->object_path), g_strdup (other->interface_name),
    g_strdup (other->property_name),
  };

  dbr_probe_target_clear (self);
  *self = copy;
}

gboolean
dbr_probe_target_check (const DbrProbeTarget  *self,
                        GError               **error)
{
  gboolean is_set = self->object_path != NULL || self->interface_name != NULL
                    || self->property_name != NULL;

  if (!is_set)
    return TRUE;

  if (self->object_path == NULL || self->interface_name == NULL || self->property_name == NULL)
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                           _("What a service monitor is to read needs “probe-path”, "
                             "“probe-interface” and “probe-property”"));
      return FALSE;
    }

  return dbr_check_object_path (self->object_path, error)
         && dbr_check_interface_name (self->interface_name, error)
         && dbr_check_member_name (self->property_name, error);
}

gboolean
dbr_probe_target_builtin (DbrProbeTarget *self,
                          const char     *bus_name)
{
  g_auto(GStrv) parts = dbr_services_dup_probe (bus_name);

  if (parts == NULL)
    return FALSE;

  dbr_probe_target_clear (self);
  self->object_path = g_strdup (parts[0]);
  self->interface_name = g_strdup (parts[1]);
  self->property_name = g_strdup (parts[2]);

  return TRUE;
}

DbrProbe *
dbr_probe_ref (DbrProbe *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_probe_unref (DbrProbe *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_clear_pointer (&self->exchange, dbr_exchange_unref);
  dbr_probe_target_clear (&self->target);
  g_clear_error (&self->refusal);
  dbr_inquirer_unref (self->inquirer);
  g_free (self->bus_name);
  g_free (self->owner);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* What is asked */

/* Names may have dashes, paths may not; where one has them its service has its objects below the
 * path with underscores. */
static char *
dup_path_of_name (const char *bus_name)
{
  char *path = g_strconcat ("/", bus_name, NULL);

  g_strdelimit (path, ".", '/');

  return g_strdelimit (path, "-", '_');
}

static DbrRequest *
dbr_probe_new_request (DbrProbe *self,
                       Step      step)
{
  g_autofree char *path = NULL;

  switch (step)
    {
    case STEP_LOOK_BY_NAME:
      path = *self->bus_name != ':' ? dup_path_of_name (self->bus_name) : g_strdup ("/");
      return dbr_request_new (self->bus_name, path, PREFIX "Introspectable", "Introspect",
                              NULL, G_VARIANT_TYPE ("(s)"));

    case STEP_LOOK_AT_ROOT:
      return dbr_request_new (self->bus_name, "/", PREFIX "Introspectable", "Introspect",
                              NULL, G_VARIANT_TYPE ("(s)"));

    case STEP_READ:
      return dbr_request_new (self->bus_name, self->target.object_path, PREFIX "Properties", "Get",
                              g_variant_new ("(ss)", self->target.interface_name,
                                             self->target.property_name),
                              G_VARIANT_TYPE ("(v)"));

    case STEP_PING:
    case STEP_END:
    default:
      return dbr_request_new (self->bus_name, "/", PREFIX "Peer", "Ping",
                              NULL, G_VARIANT_TYPE_UNIT);
    }
}

/* What it came to */

static DbrProbeOutcome
classify (DbrExchange  *exchange,
          const GError *error)
{
  const DbrMessage *reply = exchange->reply;
  const char *name;

  if (reply == NULL)
    return g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE) ? DBR_PROBE_LATE
                                                                  : DBR_PROBE_VOID;
  if (reply->kind == DBR_MESSAGE_RETURN
      || dbr_message_get_origin (exchange->reply, exchange->has_bus) == DBR_ORIGIN_SERVICE)
    return DBR_PROBE_ANSWERED;

  name = reply->error_name + (g_str_has_prefix (reply->error_name, ERROR_PREFIX)
                              ? strlen (ERROR_PREFIX) : 0);
  if (strcmp (name, "ServiceUnknown") == 0 || strcmp (name, "NameHasNoOwner") == 0
      || strcmp (name, "NoReply") == 0)
    return DBR_PROBE_ABSENT;
  if (strcmp (name, "AccessDenied") == 0)
    return DBR_PROBE_REFUSED;

  return DBR_PROBE_VOID;
}

static void
dbr_probe_end (DbrProbe        *self,
               Step             step,
               DbrProbeOutcome  outcome,
               gint64           rtt_usec,
               const GError    *error)
{
  gboolean is_read = step == STEP_READ && !self->is_missing;
  gboolean has_searched = self->is_search && step >= STEP_READ;
  DbrProbeResult result = {
    .outcome = outcome,
    .kind = is_read ? DBR_PROBE_KIND_PROPERTY : DBR_PROBE_KIND_PING,
    .rtt_usec = rtt_usec,
    .found = has_searched ? &self->target : NULL,
    .is_missing = self->is_missing,
    .error = error,
  };
  gboolean was_over;

  g_mutex_lock (&self->mutex);
  was_over = self->is_over;
  self->is_over = TRUE;
  g_mutex_unlock (&self->mutex);

  if (!was_over)
    self->done (&result, self->user_data);
}

static void dbr_probe_ask (DbrProbe *self,
                           Step      step);

/* TRUE: the object has what can be read. */
static gboolean
dbr_probe_look (DbrProbe    *self,
                DbrExchange *exchange)
{
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, NULL);
  DbrProbeTarget found = { NULL };
  const char *xml;

  if (answer == NULL)
    return FALSE;

  g_variant_get (answer, "(&s)", &xml);
  if (!dbr_introspection_find_property (xml, &found.interface_name, &found.property_name))
    return FALSE;

  found.object_path = g_strdup (exchange->request->object_path);
  dbr_probe_target_clear (&self->target);
  self->target = found;

  return TRUE;
}

static Step
dbr_probe_find_next (DbrProbe        *self,
                     Step             step,
                     DbrExchange     *exchange,
                     DbrProbeOutcome  outcome)
{
  switch (step)
    {
    case STEP_LOOK_BY_NAME:
    case STEP_LOOK_AT_ROOT:
      if (outcome == DBR_PROBE_ANSWERED && dbr_probe_look (self, exchange))
        return STEP_READ;
      return step == STEP_LOOK_BY_NAME ? STEP_LOOK_AT_ROOT : STEP_PING;

    case STEP_READ:
      if (outcome == DBR_PROBE_REFUSED)
        dbr_probe_target_clear (&self->target);
      return outcome == DBR_PROBE_REFUSED ? STEP_PING : STEP_END;

    case STEP_PING:
    case STEP_END:
    default:
      return STEP_END;
    }
}

static void
answered_cb (DbrExchange *exchange,
             gpointer     user_data)
{
  g_autoptr(DbrProbe) self = user_data;
  g_autoptr(GError) error = exchange->error != NULL ? g_error_copy (exchange->error) : NULL;
  DbrProbeOutcome outcome = classify (exchange, error);
  gint64 rtt_usec = -1;
  Step step = self->step;
  Step next = STEP_END;

  if (outcome == DBR_PROBE_ANSWERED || outcome == DBR_PROBE_REFUSED)
    next = dbr_probe_find_next (self, step, exchange, outcome);
  if (next != STEP_END)
    {
      dbr_probe_ask (self, next);
      return;
    }

  if (exchange->reply != NULL && exchange->sent_usec > 0)
    rtt_usec = MAX (exchange->reply->arrived_usec - exchange->sent_usec, 0);
  if (error == NULL && exchange->reply != NULL && exchange->reply->kind == DBR_MESSAGE_ERROR)
    error = dbr_message_dup_error (exchange->reply);
  self->is_missing = step == STEP_READ && outcome == DBR_PROBE_ANSWERED
                     && dbr_message_may_be_of_worker (exchange->reply);
  dbr_probe_end (self, step, outcome, rtt_usec, error);
}

/* What the access policy does not allow is passed over. */
static DbrRequest *
dbr_probe_find_request (DbrProbe *self,
                        Step     *step)
{
  for (; *step < STEP_END; (*step)++)
    {
      g_autoptr(DbrRequest) request = NULL;

      if (*step == STEP_READ && self->target.interface_name == NULL)
        continue;

      g_clear_error (&self->refusal);
      request = dbr_probe_new_request (self, *step);
      request->is_auto_start = FALSE;
      request->is_probe = TRUE;
      if (dbr_inquirer_may_ask (self->inquirer, request, &self->refusal))
        return g_steal_pointer (&request);
      if (*step == STEP_READ)
        dbr_probe_target_clear (&self->target);
    }

  return NULL;
}

static gboolean
dbr_probe_begin_step (DbrProbe *self,
                      Step      step)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->step = step;

  return !self->is_over;
}

/* The answer may be here, and the next question under way, before this one is kept. */
static DbrExchange *
dbr_probe_keep_exchange (DbrProbe    *self,
                         Step         step,
                         DbrExchange *exchange)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  DbrExchange *old = exchange;

  if (self->step == step && !self->is_over)
    {
      old = self->exchange;
      self->exchange = exchange;
    }

  return old;
}

static void
dbr_probe_ask (DbrProbe *self,
               Step      step)
{
  g_autoptr(DbrRequest) request = dbr_probe_find_request (self, &step);
  gint64 left_usec = self->deadline_usec - g_get_monotonic_time ();
  DbrExchange *old;

  if (request == NULL)
    {
      dbr_probe_end (self, step, DBR_PROBE_REFUSED, -1, self->refusal);
      return;
    }
  if (!dbr_probe_begin_step (self, step))
    return;

  old = dbr_inquirer_ask (self->inquirer, request, self->owner,
                          (guint) (MAX (left_usec, 1000) / 1000), answered_cb,
                          dbr_probe_ref (self));
  old = dbr_probe_keep_exchange (self, step, old);
  if (old != NULL)
    dbr_inquirer_give_up (old);
}

DbrProbe *
dbr_probe_new (DbrInquirer          *inquirer,
               const char           *bus_name,
               const char           *owner,
               const DbrProbeTarget *target,
               guint                 limit_ms,
               DbrProbeFunc          done,
               gpointer              user_data,
               GDestroyNotify        destroy)
{
  DbrProbe *self = g_new0 (DbrProbe, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->inquirer = dbr_inquirer_ref (inquirer);
  self->bus_name = g_strdup (bus_name);
  self->owner = g_strdup (owner);
  self->deadline_usec = g_get_monotonic_time () + (gint64) limit_ms * 1000;
  self->done = done;
  self->user_data = user_data;
  self->destroy = destroy;
  self->is_search = target == NULL;
  if (target != NULL)
    dbr_probe_target_set (&self->target, target);

  return self;
}

void
dbr_probe_send (DbrProbe *self)
{
  dbr_probe_ask (self, self->is_search ? STEP_LOOK_BY_NAME : STEP_READ);
}

void
dbr_probe_give_up (DbrProbe *self)
{
  DbrExchange *exchange;

  g_mutex_lock (&self->mutex);
  self->is_over = TRUE;
  exchange = g_steal_pointer (&self->exchange);
  g_mutex_unlock (&self->mutex);

  if (exchange != NULL)
    dbr_inquirer_give_up (exchange);
}
