/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-bluez-operation-private.h"

#include "base/dbr-check-private.h"
#include "base/dbr-clock-private.h"
#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "bus/dbr-client-private.h"
#include "policy/dbr-failure-private.h"

#define PRESET "bluez"
#define MOST_FINDS 3
/* What BlueZ does not know any more the tree does not know a moment later. */
#define FIND_PAUSE_MS 250
/* How long after a restart others may still be about to register. */
#define SOON_USEC (10 * G_USEC_PER_SEC)
#define SOON_MS 2000
/* What is undone is undone within this. */
#define UNDO_MS 10000
/* How long an answer may be missing to what is seen to be done. */
#define LOST_REPLY_MS 3000

static void
attach (GSource    **place,
        GSource     *source,
        GSourceFunc  func,
        gpointer     data)
{
  dbr_bluez_clear_source (place);
  *place = source;
  g_source_set_static_name (source, "dbr-bluez operation");
  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, dbr_io_get_context ());
}

void
dbr_bluez_operation_free (DbrBluezOperation *self)
{
  dbr_bluez_clear_source (&self->timer);
  dbr_bluez_clear_source (&self->cancel_source);
  dbr_bluez_clear_source (&self->deadline_source);
  dbr_bluez_clear_source (&self->lost_source);
  if (self->retry.plan != NULL)
    dbr_retry_state_clear (&self->retry);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->outer_cancellable);
  g_clear_object (&self->task);
  g_clear_pointer (&self->mailbox, dbr_mailbox_unref);
  g_clear_pointer (&self->reply, g_variant_unref);
  g_clear_pointer (&self->parameters, g_variant_unref);
  g_clear_error (&self->error);
  g_clear_error (&self->answer);
  dbr_bluez_core_unref (self->core);
  g_free (self->adapter);
  g_free (self->device);
  g_free (self->path);
  g_free (self->interface_name);
  g_free (self->member);
  g_free (self);
}

DbrBluezOperation *
dbr_bluez_operation_new (const DbrBluezOperationClass *klass,
                         DbrBluezCore                 *core,
                         const char                   *adapter,
                         const char                   *device)
{
  DbrBluezOperation *self = g_new0 (DbrBluezOperation, 1);

  self->klass = klass;
  self->core = dbr_bluez_core_ref (core);
  self->adapter = g_strdup (adapter);
  self->device = g_strdup (device);

  return self;
}

/* Answering */

typedef struct
{
  DbrLetter     letter;
  GTask        *task;
  GError       *error;
  DbrBluezCore *core;
} Answer;

/* In the context of who asked. Who asks in the monitor's own finds its properties as they are. */
static void
answer_cb (DbrLetter *letter)
{
  Answer *answer = (Answer *) letter;

  dbr_bluez_core_settle (answer->core);
  if (answer->error != NULL)
    g_task_return_error (answer->task, answer->error);
  else
    g_task_return_boolean (answer->task, TRUE);
  g_object_unref (answer->task);
  dbr_bluez_core_unref (answer->core);
  g_free (answer);
}

static void
dbr_bluez_operation_answer (DbrBluezOperation *self,
                            GError            *error)
{
  DbrBluezDoneFunc done = g_steal_pointer (&self->done);

  dbr_bluez_clear_source (&self->cancel_source);
  dbr_bluez_clear_source (&self->deadline_source);
  if (self->task != NULL)
    {
      Answer *answer = g_new0 (Answer, 1);

      answer->letter.deliver = answer_cb;
      answer->task = g_steal_pointer (&self->task);
      answer->error = error;
      answer->core = dbr_bluez_core_ref (self->core);
      dbr_mailbox_post (self->mailbox, &answer->letter);
      return;
    }
  if (done != NULL)
    done (self->done_data, error);
  g_clear_error (&error);
}

/* Nothing of it goes on, and whoever waits for its place has it. */
void
dbr_bluez_operation_end (DbrBluezOperation *self)
{
  DbrBluezNode *adapter = dbr_bluez_operation_get_adapter (self);
  g_autoptr(DbrBluezCore) core = dbr_bluez_core_ref (self->core);

  if (adapter != NULL && adapter->holder == self)
    adapter->holder = NULL;
  g_ptr_array_remove (core->operations, self);
  dbr_bluez_operation_free (self);
  dbr_bluez_core_poke (core);
}

/* The properties of its objects are to be those that it was decided by. The object tree may know
 * them already, and tell a moment later. */
static void
dbr_bluez_operation_mark_objects (DbrBluezOperation *self)
{
  DbrBluezNode *adapter = dbr_bluez_operation_get_adapter (self);
  DbrBluezNode *device = dbr_bluez_operation_get_device (self);

  if (adapter != NULL)
    dbr_bluez_core_mark (self->core, adapter);
  if (device != NULL)
    dbr_bluez_core_mark (self->core, device);
}

void
dbr_bluez_operation_finish (DbrBluezOperation *self)
{
  if (self->is_undoing)
    {
      dbr_bluez_operation_end (self);
      return;
    }

  if (self->klass->is_of_controller)
    dbr_bluez_core_judge_adapter (self->core, self->adapter, FALSE);
  dbr_bluez_operation_mark_objects (self);
  dbr_bluez_operation_answer (self, NULL);
  dbr_bluez_operation_end (self);
}

void
dbr_bluez_operation_fail (DbrBluezOperation *self,
                          GError            *error)
{
  if (self->is_undoing)
    {
      g_error_free (error);
      dbr_bluez_operation_end (self);
      return;
    }

  dbr_debug (DBR_DEBUG_MONITOR, "A Bluetooth operation has failed",
             "DBR_OPERATION", self->klass->name,
             "DBR_ERROR", error->message);
  dbr_bluez_operation_answer (self, error);
  if (self->klass->undo == NULL || !self->may_have_begun || dbr_bluez_core_is_over (self->core))
    {
      dbr_bluez_operation_end (self);
      return;
    }

  self->is_undoing = TRUE;
  self->deadline_usec = g_get_monotonic_time () + UNDO_MS * (gint64) 1000;
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  g_clear_error (&self->error);
  self->klass->undo (self);
}

/* Waiting */

static void
dbr_bluez_operation_go_on (DbrBluezOperation *self,
                           gboolean           is_met)
{
  DbrBluezStep next = g_steal_pointer (&self->next);

  dbr_bluez_clear_source (&self->timer);
  self->condition = NULL;
  self->is_met = is_met;
  next (self);
}

static gboolean
timer_cb (gpointer user_data)
{
  dbr_bluez_operation_go_on (user_data, FALSE);

  return G_SOURCE_REMOVE;
}

guint
dbr_bluez_operation_get_left_ms (DbrBluezOperation *self)
{
  gint64 left = (self->deadline_usec - g_get_monotonic_time ()) / 1000;

  return (guint) CLAMP (left, 0, DBR_MAX_TIMEOUT_MS);
}

void
dbr_bluez_operation_wait (DbrBluezOperation *self,
                          DbrBluezCondition  condition,
                          guint              ms,
                          DbrBluezStep       next)
{
  self->next = next;
  self->condition = condition;
  attach (&self->timer, g_timeout_source_new (ms), timer_cb, self);
  dbr_bluez_core_poke (self->core);
}

void
dbr_bluez_operation_pause (DbrBluezOperation *self,
                           guint              ms,
                           DbrBluezStep       next)
{
  self->next = next;
  attach (&self->timer, g_timeout_source_new (ms), timer_cb, self);
}

void
dbr_bluez_operation_expect (DbrBluezOperation *self,
                            DbrBluezCondition  condition)
{
  self->expected = condition;
}

static gboolean
lost_cb (gpointer user_data)
{
  DbrBluezOperation *self = user_data;

  g_cancellable_cancel (self->cancellable);

  return G_SOURCE_REMOVE;
}

/* In the order they began, so that who waits for a place gets it in turn. */
void
dbr_bluez_operations_look (DbrBluezCore *core)
{
  g_autoptr(GPtrArray) waiting = g_ptr_array_new ();

  for (guint i = 0; i < core->operations->len; i++)
    {
      DbrBluezOperation *operation = core->operations->pdata[i];

      if (operation->condition != NULL || operation->expected != NULL)
        g_ptr_array_add (waiting, operation);
    }
  for (guint i = 0; i < waiting->len; i++)
    {
      DbrBluezOperation *operation = waiting->pdata[i];

      /* A step of another one may have ended it. */
      if (!g_ptr_array_find (core->operations, operation, NULL))
        continue;
      if (operation->condition != NULL && operation->condition (operation))
        dbr_bluez_operation_go_on (operation, TRUE);
      else if (operation->expected != NULL && operation->lost_source == NULL
               && operation->expected (operation))
        attach (&operation->lost_source, g_timeout_source_new (LOST_REPLY_MS), lost_cb, operation);
    }
}

/* An operation that is stopped while a call is under way ends with that call. */
static void
dbr_bluez_operation_abandon (DbrBluezOperation *self,
                             GError            *error)
{
  gboolean is_calling = self->next != NULL && self->timer == NULL;

  self->is_over = TRUE;
  g_clear_error (&self->answer);
  if (is_calling)
    {
      self->answer = error;
      g_cancellable_cancel (self->cancellable);
      return;
    }
  dbr_bluez_clear_source (&self->timer);
  self->next = NULL;
  self->condition = NULL;
  dbr_bluez_operation_fail (self, error);
}

static gboolean
deadline_cb (gpointer user_data)
{
  DbrBluezOperation *self = user_data;

  /* What the adapter said last tells more than that the time is over. */
  if (self->error != NULL && self->timer != NULL)
    dbr_bluez_operation_abandon (self, g_error_copy (self->error));
  else
    dbr_bluez_operation_abandon (self, g_error_new (DBR_ERROR, DBR_ERROR_DEADLINE,
                                                    _("%s: not done within the time limit"),
                                                    self->klass->name));

  return G_SOURCE_REMOVE;
}

static gboolean
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  GError *error = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, &error))
    dbr_bluez_operation_abandon (user_data, error);

  return G_SOURCE_REMOVE;
}

void
dbr_bluez_operations_end (DbrBluezCore *core)
{
  while (core->operations->len > 0)
    {
      DbrBluezOperation *operation = core->operations->pdata[core->operations->len - 1];
      gboolean is_calling = operation->next != NULL && operation->timer == NULL;

      if (is_calling)
        g_ptr_array_remove (core->operations, operation);
      dbr_bluez_operation_abandon (operation, g_error_new (DBR_ERROR, DBR_ERROR_CLOSED,
                                                           _("The Bluetooth monitor was stopped")));
    }
}

/* Calling */

/* The call has met its limit, or before it the operation has. */
static gboolean
was_unanswered (DbrBluezOperation *self)
{
  return self->error != NULL
         && (g_error_matches (self->error, DBR_ERROR, DBR_ERROR_DEADLINE)
             || (self->is_over && self->answer != NULL
                 && g_error_matches (self->answer, DBR_ERROR, DBR_ERROR_DEADLINE)));
}

static void
called_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  DbrBluezOperation *self = user_data;
  DbrBluezStep next = g_steal_pointer (&self->next);

  self->reply = dbr_client_run_finish (DBR_CLIENT (source), result, &self->error);
  self->expected = NULL;
  dbr_bluez_clear_source (&self->lost_source);
  if (self->klass->is_of_controller && !self->is_undoing && was_unanswered (self))
    dbr_bluez_core_judge_adapter (self->core, self->adapter, TRUE);
  if (self->is_over && !self->is_undoing && self->answer != NULL)
    {
      /* An answer that came after all is the better one. */
      if (self->error != NULL)
        dbr_bluez_operation_fail (self, g_steal_pointer (&self->answer));
      else
        next (self);
      return;
    }
  next (self);
}

void
dbr_bluez_operation_call (DbrBluezOperation *self,
                          const char        *path,
                          const char        *interface_name,
                          const char        *member,
                          GVariant          *parameters,
                          gboolean           is_on_lease,
                          DbrBluezStep       next)
{
  g_autoptr(DbrCall) call = dbr_call_new (self->core->bus_name, path, interface_name, member,
                                          parameters);

  g_clear_pointer (&self->reply, g_variant_unref);
  g_clear_error (&self->error);
  dbr_call_set_timeout_ms (call, MAX (dbr_bluez_operation_get_left_ms (self), 1));
  if (is_on_lease && self->core->lease != NULL)
    dbr_call_set_lease (call, self->core->lease);
  self->next = next;
  dbr_client_run_async (self->core->client, call, self->cancellable, called_cb, self);
}

/* What to do about errors */

DbrBluezNode *
dbr_bluez_operation_get_adapter (DbrBluezOperation *self)
{
  return self->adapter != NULL ? dbr_bluez_core_lookup (self->core, self->adapter) : NULL;
}

DbrBluezNode *
dbr_bluez_operation_get_device (DbrBluezOperation *self)
{
  return self->device != NULL ? dbr_bluez_core_lookup (self->core, self->device) : NULL;
}

char *
dbr_bluez_operation_dup_adapter_path (DbrBluezOperation *self)
{
  return self->adapter != NULL ? dbr_bluez_core_dup_path (self->core, self->adapter) : NULL;
}

/* Of the device, or of the adapter if it is about that. */
char *
dbr_bluez_operation_dup_path (DbrBluezOperation *self)
{
  return self->device != NULL ? dbr_bluez_core_dup_path (self->core, self->device)
         : dbr_bluez_operation_dup_adapter_path (self);
}

gboolean
dbr_bluez_operation_is_device (DbrBluezOperation *self,
                               const char        *name)
{
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  return dbr_bluez_core_is (self->core, path, DBR_BLUEZ_DEVICE_INTERFACE, name);
}

gboolean
dbr_bluez_operation_is_adapter (DbrBluezOperation *self,
                                const char        *name)
{
  g_autofree char *path = dbr_bluez_operation_dup_adapter_path (self);

  return dbr_bluez_core_is (self->core, path, DBR_BLUEZ_ADAPTER_INTERFACE, name);
}

/* The objects it is about are there, and not those of an owner that has gone. */
gboolean
dbr_bluez_operation_is_found (DbrBluezOperation *self)
{
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  return dbr_bluez_core_is_synced (self->core)
         && (path != NULL || (self->adapter == NULL && self->device == NULL));
}

gboolean
dbr_bluez_operation_has_lease (DbrBluezOperation *self)
{
  if (!dbr_bluez_core_can_lease (self->core) || self->core->lease_error != NULL)
    return TRUE;

  dbr_bluez_core_need_lease (self->core);

  return self->core->lease != NULL;
}

gboolean
dbr_bluez_operation_has_place (DbrBluezOperation *self)
{
  DbrBluezNode *adapter = dbr_bluez_operation_get_adapter (self);

  return adapter == NULL || adapter->holder == NULL || adapter->holder == self;
}

static gboolean
is_powered (DbrBluezOperation *self)
{
  return dbr_bluez_operation_is_adapter (self, "Powered");
}

/* Of a later owner than the one that did not answer. */
static gboolean
is_found_anew (DbrBluezOperation *self)
{
  return self->core->generation != self->generation && dbr_bluez_operation_is_found (self);
}

DbrBluezReaction
dbr_bluez_operation_get_reaction (DbrBluezOperation *self)
{
  return dbr_bluez_catalogue_lookup (self->klass->name, self->error);
}

void
dbr_bluez_operation_retry (DbrBluezOperation *self,
                           DbrBluezStep       again)
{
  g_autofree char *name = dbr_failure_dup_error_name (self->error);
  DbrRetryVerdict verdict = { 0, };
  guint delay_ms;

  dbr_retry_plan_judge (self->retry.plan, name, self->error->message,
                        dbr_failure_classify_error (self->error), &verdict);
  if (verdict.cause != NULL && verdict.cause->attempts == 2 && self->klass->is_of_controller)
    dbr_bluez_core_judge_adapter (self->core, self->adapter, TRUE);
  if (!self->is_undoing
      && dbr_retry_state_next (&self->retry, g_get_monotonic_time (), &verdict, 0, &delay_ms))
    dbr_bluez_operation_pause (self, delay_ms, again);
  else
    dbr_bluez_operation_fail (self, g_steal_pointer (&self->error));
}

void
dbr_bluez_operation_react (DbrBluezOperation *self,
                           DbrBluezReaction   reaction,
                           DbrBluezStep       again)
{
  gboolean is_young = g_get_monotonic_time () - self->core->synced_usec < SOON_USEC;

  if (self->is_undoing && reaction != DBR_BLUEZ_REACTION_DONE)
    reaction = DBR_BLUEZ_REACTION_GIVE_UP;
  switch (reaction)
    {
    case DBR_BLUEZ_REACTION_DONE:
      dbr_bluez_operation_finish (self);
      return;

    case DBR_BLUEZ_REACTION_WAIT_POWER:
      dbr_bluez_operation_wait (self, is_powered, dbr_bluez_operation_get_left_ms (self), again);
      return;

    case DBR_BLUEZ_REACTION_WAIT_OWNER:
      /* It was the bus that said so, as it happened to be asked before we were told. */
      g_clear_error (&self->error);
      dbr_bluez_operation_wait (self, is_found_anew, dbr_bluez_operation_get_left_ms (self), again);
      return;

    case DBR_BLUEZ_REACTION_FIND_AGAIN:
      if (self->n_finds++ >= MOST_FINDS)
        break;
      dbr_bluez_operation_pause (self, FIND_PAUSE_MS, again);
      return;

    case DBR_BLUEZ_REACTION_ONCE:
    case DBR_BLUEZ_REACTION_ASK_AGAIN:
      if (self->n_once++ > 0)
        break;
      dbr_bluez_operation_pause (self, 0, again);
      return;

    case DBR_BLUEZ_REACTION_SOON:
      if (!is_young)
        break;
      dbr_bluez_operation_pause (self, SOON_MS, again);
      return;

    case DBR_BLUEZ_REACTION_RETRY:
    case DBR_BLUEZ_REACTION_JOIN:
      dbr_bluez_operation_retry (self, again);
      return;

    case DBR_BLUEZ_REACTION_GIVE_UP:
    case DBR_BLUEZ_REACTION_UNKNOWN:
    default:
      break;
    }

  dbr_bluez_operation_fail (self, g_steal_pointer (&self->error));
}

/* Beginning */

static void
found (DbrBluezOperation *self)
{
  if (self->is_met)
    {
      self->generation = self->core->generation;
      self->klass->begin (self);
      return;
    }

  dbr_bluez_operation_fail (self, g_error_new (DBR_ERROR, DBR_ERROR_STALE,
                                               _("BlueZ has no %s any more"),
                                               self->device != NULL ? self->device
                                               : self->adapter));
}

/* An absent service is waited for as long as the caller waits, an absent object not so long. */
static gboolean
is_served (DbrBluezOperation *self)
{
  return dbr_bluez_core_is_synced (self->core);
}

static void
served (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, dbr_bluez_operation_is_found, DBR_BLUEZ_FIND_MS, found);
}

static void
start (gpointer data)
{
  DbrBluezOperation *self = data;
  g_autoptr(DbrTimeouts) timeouts = dbr_client_ref_timeouts (self->core->client);
  g_autoptr(DbrRetryPlan) plan = dbr_retry_plan_lookup (PRESET);
  guint limit_ms = dbr_timeouts_get (timeouts, self->klass->limit);
  DbrBluezNode *device = dbr_bluez_operation_get_device (self);

  self->deadline_usec = g_get_monotonic_time () + (gint64) limit_ms * 1000;
  self->cancellable = g_cancellable_new ();
  self->generation = self->core->generation;
  self->n_partings = device != NULL ? device->n_partings : 0;
  dbr_retry_state_init (&self->retry, plan, dbr_random_get_system (), self->deadline_usec, TRUE);
  g_ptr_array_add (self->core->operations, self);
  attach (&self->deadline_source, g_timeout_source_new (limit_ms), deadline_cb, self);
  if (self->outer_cancellable != NULL)
    attach (&self->cancel_source, g_cancellable_source_new (self->outer_cancellable),
            G_SOURCE_FUNC (cancelled_cb), self);

  if (dbr_bluez_core_is_over (self->core))
    dbr_bluez_operation_fail (self, g_error_new (DBR_ERROR, DBR_ERROR_CLOSED,
                                                 _("The Bluetooth monitor was stopped")));
  else if (self->core->error != NULL)
    dbr_bluez_operation_fail (self, g_error_copy (self->core->error));
  else
    dbr_bluez_operation_wait (self, is_served, limit_ms, served);
}

void
dbr_bluez_operation_begin (DbrBluezOperation *self,
                           GTask             *task)
{
  self->task = task;
  g_set_object (&self->outer_cancellable, g_task_get_cancellable (task));
  self->mailbox = dbr_mailbox_get (g_task_get_context (task));
  dbr_io_invoke (start, self);
}

void
dbr_bluez_operation_run (DbrBluezOperation *self,
                         DbrBluezDoneFunc   done,
                         gpointer           user_data)
{
  self->done = done;
  self->done_data = user_data;
  start (self);
}

/* For a thread that waits */

typedef struct
{
  DbrBluezOperation *operation;
  GMutex             mutex;
  GCond              cond;
  GError            *error;
  gboolean           is_ended;
} Wait;

static void
awaited_cb (gpointer      user_data,
            const GError *error)
{
  Wait *wait = user_data;

  g_mutex_lock (&wait->mutex);
  wait->error = error != NULL ? g_error_copy (error) : NULL;
  wait->is_ended = TRUE;
  g_cond_signal (&wait->cond);
  g_mutex_unlock (&wait->mutex);
}

static void
begin_wait_cb (gpointer data)
{
  Wait *wait = data;

  dbr_bluez_operation_run (wait->operation, awaited_cb, wait);
}

/* It always ends, as an operation does. */
gboolean
dbr_bluez_operation_run_wait (DbrBluezOperation  *self,
                              GCancellable       *cancellable,
                              GError            **error)
{
  Wait wait = { self };

  g_mutex_init (&wait.mutex);
  g_cond_init (&wait.cond);
  g_set_object (&self->outer_cancellable, cancellable);
  dbr_io_invoke (begin_wait_cb, &wait);

  g_mutex_lock (&wait.mutex);
  while (!wait.is_ended)
    g_cond_wait (&wait.cond, &wait.mutex);
  g_mutex_unlock (&wait.mutex);
  g_cond_clear (&wait.cond);
  g_mutex_clear (&wait.mutex);
  if (wait.error == NULL)
    return TRUE;

  g_propagate_error (error, wait.error);

  return FALSE;
}
