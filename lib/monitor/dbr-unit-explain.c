/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-unit-private.h"

#include <signal.h>
#include <string.h>

#include "base/dbr-event-private.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-sync-wait-private.h"
#include "monitor/dbr-systemd-name-private.h"

/* Why a unit is not active: what its own properties say, which job it waits for, and which of those
 * that it requires are to blame. */
typedef struct
{
  GListStore *reasons;
  GVariant   *values;
  char      **needed;
} Inquiry;

static void
inquiry_free (Inquiry *self)
{
  g_clear_object (&self->reasons);
  g_clear_pointer (&self->values, g_variant_unref);
  g_strfreev (self->needed);
  g_free (self);
}

static const char *
inquiry_get_text (const Inquiry *self,
                  const char    *name)
{
  const char *text = "";

  g_variant_lookup (self->values, name, "&s", &text);

  return text;
}

static guint64
inquiry_get_time (const Inquiry *self,
                  const char    *name)
{
  guint64 time = 0;

  g_variant_lookup (self->values, name, "t", &time);

  return time;
}

/* Takes @text. */
static void
add (Inquiry    *self,
     const char *kind,
     char       *text,
     GVariant   *details)
{
  g_autoptr(DbrEvent) event = dbr_event_new (kind, text, details);

  g_list_store_append (self->reasons, event);
  g_free (text);
}

static GVariant *
new_details (const char *first,
             ...)
{
  g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (NULL);
  va_list arguments;

  va_start (arguments, first);
  for (const char *name = first; name != NULL; name = va_arg (arguments, const char *))
    g_variant_dict_insert (&details, name, "s", va_arg (arguments, const char *));
  va_end (arguments);

  return g_variant_dict_end (&details);
}

/* Whether it could be loaded */

static void
explain_load (Inquiry *self)
{
  const char *id = inquiry_get_text (self, "Id");
  const char *state = inquiry_get_text (self, "LoadState");
  const char *message = "";

  if (strcmp (state, "masked") == 0)
    {
      add (self, "masked", g_strdup_printf (_("%s is masked, so that nothing can start it"), id),
           new_details ("unit", id, NULL));
    }
  else if (strcmp (state, "not-found") == 0)
    {
      add (self, "not-found", g_strdup_printf (_("%s is not installed"), id),
           new_details ("unit", id, NULL));
    }
  else if (strcmp (state, "loaded") != 0)
    {
      g_variant_lookup (self->values, "LoadError", "(&s&s)", NULL, &message);
      add (self, "load-error", g_strdup_printf (_("%s cannot be read: %s"), id, message),
           new_details ("unit", id, "load-state", state, NULL));
    }
}

/* What its last start came to */

/* One that systemd was to start again, and did not, although it may so often. It seldom says so
 * itself: how the last start ended stays in place. But it had begun to after the process was gone,
 * which it does not where it is not to start it again. */
static gboolean
inquiry_has_hit_limit (const Inquiry *self,
                       DbrUnit       *unit)
{
  guint64 gone_usec = inquiry_get_time (self, "ExecMainExitTimestampMonotonic");
  guint64 began_usec = inquiry_get_time (self, "InactiveExitTimestampMonotonic");

  if (strcmp (inquiry_get_text (self, "Result"), "start-limit-hit") == 0
      || (began_usec > 0 && dbr_unit_get_refused_usec (unit) == began_usec))
    return TRUE;

  return gone_usec > 0 && began_usec > gone_usec;
}

/* A process that was started before or after the main one may be the one that failed. */
static char *
inquiry_dup_failed_command (const Inquiry *self,
                            int           *status)
{
  const char *const properties[] = {
    "ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecStop", "ExecStopPost",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (properties); i++)
    {
      g_autoptr(GVariantIter) iter = NULL;
      const char *path;
      gboolean may_fail;
      int code;

      if (!g_variant_lookup (self->values, properties[i], "a(sasbttttuii)", &iter))
        continue;
      while (g_variant_iter_next (iter, "(&sasbttttuii)", &path, NULL, &may_fail, NULL, NULL, NULL,
                                  NULL, NULL, &code, status))
        {
          if (code == CLD_EXITED && *status != 0 && !may_fail)
            return g_strdup (path);
        }
    }

  return NULL;
}

static char *
describe_exit_code (const Inquiry *self)
{
  const char *id = inquiry_get_text (self, "Id");
  g_autofree char *command = NULL;
  int code = 0;
  int status = 0;

  g_variant_lookup (self->values, "ExecMainCode", "i", &code);
  g_variant_lookup (self->values, "ExecMainStatus", "i", &status);
  if (code == CLD_EXITED && status != 0)
    return g_strdup_printf (_("%s failed: its process ended with status %d"), id, status);

  command = inquiry_dup_failed_command (self, &status);
  if (command != NULL)
    return g_strdup_printf (_("%s failed: %s ended with status %d"), id, command, status);

  return g_strdup_printf (_("%s failed: %s"), id, "exit-code");
}

static void
explain_result (Inquiry *self,
                DbrUnit *unit)
{
  const char *id = inquiry_get_text (self, "Id");
  const char *result = inquiry_get_text (self, "Result");

  if (strcmp (inquiry_get_text (self, "ActiveState"), "failed") != 0)
    return;

  if (inquiry_has_hit_limit (self, unit))
    add (self, "start-limit",
         g_strdup_printf (_("%s was started too often in a short time, and is not started again "
                            "for a while"), id), new_details ("unit", id, NULL));
  else if (strcmp (result, "exit-code") == 0)
    add (self, "failed", describe_exit_code (self),
         new_details ("unit", id, "result", result, NULL));
  else
    add (self, "failed", g_strdup_printf (_("%s failed: %s"), id, result),
         new_details ("unit", id, "result", result, NULL));
}

/* Conditions skip a start without a failure, assertions make it fail. Those that are below 0 do not
 * hold, those that are 0 were not looked at: systemd forgets a unit that nothing refers to, and goes
 * no further than to the first that does not hold. Of those with a | one is enough. */
typedef struct
{
  gboolean hold;
  gboolean has_fault;
  gboolean has_choice;
} Verdict;

static void
inquiry_judge (const Inquiry *self,
               const char    *property,
               const char    *result,
               Verdict       *verdict)
{
  g_autoptr(GVariantIter) iter = NULL;
  gboolean is_choice;
  int state;

  *verdict = (Verdict) { FALSE };
  g_variant_lookup (self->values, result, "b", &verdict->hold);
  g_variant_lookup (self->values, property, "a(sbbsi)", &iter);
  while (iter != NULL && g_variant_iter_next (iter, "(&sbb&si)", NULL, &is_choice, NULL, NULL,
                                              &state))
    {
      verdict->has_fault |= state < 0 && !is_choice;
      verdict->has_choice |= state > 0 && is_choice;
    }
}

static void
explain_conditions (Inquiry    *self,
                    const char *property,
                    const char *result,
                    const char *kind)
{
  const char *id = inquiry_get_text (self, "Id");
  g_autoptr(GVariantIter) iter = NULL;
  const char *type, *parameter;
  gboolean is_choice, is_negated;
  Verdict verdict;
  int state;

  inquiry_judge (self, property, result, &verdict);
  if (verdict.hold || !g_variant_lookup (self->values, property, "a(sbbsi)", &iter))
    return;

  while (g_variant_iter_next (iter, "(&sbb&si)", &type, &is_choice, &is_negated, &parameter,
                              &state))
    {
      const char *not = is_negated ? "!" : "";

      if (state < 0 && !(is_choice && (verdict.has_choice || verdict.has_fault)))
        add (self, kind,
             g_strdup_printf (_("%s was not started, because %s=%s%s does not hold"), id, type, not,
                              parameter),
             new_details ("unit", id, "condition", type, "parameter", parameter, NULL));
      else if (state == 0 && !verdict.has_fault)
        add (self, "untested",
             g_strdup_printf (_("%s starts only if %s=%s%s holds, which systemd has not looked at "
                                "since it loaded it"), id, type, not, parameter),
             new_details ("unit", id, "condition", type, "parameter", parameter, NULL));
    }
}

/* Nothing of the kind: it just does not run. */
static void
explain_rest (Inquiry *self)
{
  const char *id = inquiry_get_text (self, "Id");

  if (g_list_model_get_n_items (G_LIST_MODEL (self->reasons)) > 0)
    return;

  if (strcmp (inquiry_get_text (self, "ActiveState"), "activating") == 0)
    add (self, "activating", g_strdup_printf (_("%s is starting"), id),
         new_details ("unit", id, "sub-state", inquiry_get_text (self, "SubState"), NULL));
  else if (strcmp (inquiry_get_text (self, "ActiveState"), "deactivating") == 0)
    add (self, "deactivating", g_strdup_printf (_("%s is being stopped"), id),
         new_details ("unit", id, "sub-state", inquiry_get_text (self, "SubState"), NULL));
  else if (inquiry_get_time (self, "InactiveEnterTimestamp") == 0)
    add (self, "not-started", g_strdup_printf (_("%s was not started"), id),
         new_details ("unit", id, NULL));
  else
    add (self, "stopped", g_strdup_printf (_("%s was stopped, or has done its work"), id),
         new_details ("unit", id, NULL));
}

static void
return_reasons (GTask *task)
{
  Inquiry *inquiry = g_task_get_task_data (task);

  explain_rest (inquiry);
  g_task_return_pointer (task, g_steal_pointer (&inquiry->reasons), g_object_unref);
}

/* What it requires */

static gboolean
inquiry_needs_before (const Inquiry *self,
                      const char    *name)
{
  g_autofree const char **names = NULL;

  return g_variant_lookup (self->values, "Requisite", "^a&s", &names)
         && g_strv_contains (names, name);
}

/* One that it merely pulls in is started with it, so that it is to blame only if it failed; others
 * have to be there before. */
static void
explain_requirement (Inquiry  *self,
                     GVariant *entry)
{
  const char *id = inquiry_get_text (self, "Id");
  const char *name, *load_state, *active_state;

  g_variant_get (entry, "(&s&s&s&s&s&s&ou&s&o)", &name, NULL, &load_state, &active_state,
                 NULL, NULL, NULL, NULL, NULL, NULL);
  if (strcmp (load_state, "loaded") != 0)
    add (self, "requirement",
         g_strdup_printf (_("%s requires %s, which is %s"), id, name, load_state),
         new_details ("unit", name, "load-state", load_state, NULL));
  else if (strcmp (active_state, "failed") == 0)
    add (self, "requirement", g_strdup_printf (_("%s requires %s, which failed"), id, name),
         new_details ("unit", name, "active-state", active_state, NULL));
  else if (strcmp (active_state, "active") != 0 && strcmp (active_state, "reloading") != 0
           && inquiry_needs_before (self, name))
    add (self, "requirement",
         g_strdup_printf (_("%s requires %s, which does not run"), id, name),
         new_details ("unit", name, "active-state", active_state, NULL));
}

static void
requirements_cb (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariantIter) iter = NULL;
  GVariant *entry;
  GError *error = NULL;

  reply = dbr_systemd_line_call_finish (DBR_SYSTEMD_LINE (source), result, &error);
  if (reply == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  g_variant_get (reply, "(a(ssssssouso))", &iter);
  while ((entry = g_variant_iter_next_value (iter)) != NULL)
    {
      explain_requirement (g_task_get_task_data (task), entry);
      g_variant_unref (entry);
    }
  return_reasons (task);
}

static char **
dup_needed (const Inquiry *self)
{
  const char *const kinds[] = { "Requires", "Requisite", "BindsTo" };
  g_autoptr(GPtrArray) names = g_ptr_array_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree const char **some = NULL;

      g_variant_lookup (self->values, kinds[i], "^a&s", &some);
      for (guint j = 0; some != NULL && some[j] != NULL; j++)
        {
          if (!g_ptr_array_find_with_equal_func (names, some[j], g_str_equal, NULL))
            g_ptr_array_add (names, g_strdup (some[j]));
        }
    }
  g_ptr_array_add (names, NULL);

  return (char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

static void
ask_requirements (DbrSystemdLine *line,
                  GTask          *task)
{
  Inquiry *inquiry = g_task_get_task_data (task);

  inquiry->needed = dup_needed (inquiry);
  if (inquiry->needed[0] == NULL)
    return_reasons (task);
  else
    dbr_systemd_line_call_async (line, DBR_SYSTEMD_PATH, DBR_SYSTEMD_MANAGER_INTERFACE,
                                 "ListUnitsByNames",
                                 g_variant_new ("(^as)", inquiry->needed),
                                 G_VARIANT_TYPE ("(a(ssssssouso))"), FALSE, 0,
                                 g_task_get_cancellable (task), requirements_cb,
                                 g_object_ref (task));
}

/* Its job */

/* The job of one that is being stopped may be that, or one that is to start it afterwards. */
static void
explain_job (Inquiry  *self,
             GVariant *jobs)
{
  const char *id = inquiry_get_text (self, "Id");
  g_autoptr(GVariantIter) iter = NULL;
  const char *name, *type, *state;

  g_variant_get (jobs, "(a(usssoo))", &iter);
  if (g_variant_iter_n_children (iter) == 0
      && strcmp (inquiry_get_text (self, "ActiveState"), "deactivating") != 0)
    add (self, "job", g_strdup_printf (_("A job for %s is under way"), id),
         new_details ("unit", id, NULL));
  while (g_variant_iter_next (iter, "(u&s&s&s&o&o)", NULL, &name, &type, &state, NULL, NULL))
    add (self, "job-waiting",
         g_strdup_printf (_("The job for %s waits until the job to %s %s has ended"), id, type,
                          name),
         new_details ("unit", name, "job-type", type, "job-state", state, NULL));
}

/* The job may have ended meanwhile, which is no fault. */
static void
job_cb (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  DbrSystemdLine *line = DBR_SYSTEMD_LINE (source);
  g_autoptr(GTask) task = user_data;
  g_autoptr(GVariant) jobs = dbr_systemd_line_call_finish (line, result, NULL);

  if (jobs != NULL)
    explain_job (g_task_get_task_data (task), jobs);
  ask_requirements (line, task);
}

static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  DbrSystemdLine *line = DBR_SYSTEMD_LINE (source);
  g_autoptr(GTask) task = user_data;
  Inquiry *inquiry = g_task_get_task_data (task);
  GError *error = NULL;
  const char *state;
  guint job = 0;

  inquiry->values = dbr_systemd_line_read_unit_finish (line, result, &error);
  if (inquiry->values == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  dbr_unit_apply (g_task_get_source_object (task), inquiry->values);
  state = inquiry_get_text (inquiry, "ActiveState");
  if (strcmp (state, "active") == 0 || strcmp (state, "reloading") == 0)
    {
      g_task_return_pointer (task, g_steal_pointer (&inquiry->reasons), g_object_unref);
      return;
    }

  explain_load (inquiry);
  explain_result (inquiry, g_task_get_source_object (task));
  explain_conditions (inquiry, "Conditions", "ConditionResult", "condition");
  explain_conditions (inquiry, "Asserts", "AssertResult", "assert");
  g_variant_lookup (inquiry->values, "Job", "(u&o)", &job, NULL);
  if (job != 0)
    dbr_systemd_line_call_async (line, DBR_SYSTEMD_PATH, DBR_SYSTEMD_MANAGER_INTERFACE,
                                 "GetJobBefore", g_variant_new ("(u)", job),
                                 G_VARIANT_TYPE ("(a(usssoo))"), FALSE, 0,
                                 g_task_get_cancellable (task), job_cb, g_object_ref (task));
  else
    ask_requirements (line, task);
}

/**
 * dbr_unit_explain_async:
 * @self: a unit
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it is known
 * @user_data: data for @callback
 *
 * Finds out why it is not active.
 *
 * Each reason is an event with a text for a person and a kind:
 *
 * - `not-found`, `masked`, `load-error`: systemd does not have it, or must not start it
 * - `failed`, `start-limit`: what its last start came to
 * - `condition`, `assert`: what did not hold when it was to be started; `untested`: what would have
 *   to, but was not looked at
 * - `requirement`: another unit that it requires has failed, is not there, or should run before and
 *   does not
 * - `job-waiting`, `job`: a job is to start it, and which one that waits for
 * - `activating`, `deactivating`, `not-started`, `stopped`: none of these; it is under way, or not
 *   to run
 *
 * The details name the `unit` to blame. For one that is active the list is empty.
 *
 * Since: 0.1
 */
void
dbr_unit_explain_async (DbrUnit             *self,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  Inquiry *inquiry;

  g_return_if_fail (DBR_IS_UNIT (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_unit_explain_async);
  inquiry = g_new0 (Inquiry, 1);
  inquiry->reasons = g_list_store_new (DBR_TYPE_EVENT);
  g_task_set_task_data (task, inquiry, (GDestroyNotify) inquiry_free);
  dbr_systemd_line_read_unit_async (dbr_unit_get_line (self), dbr_unit_get_name (self),
                                    cancellable, read_cb, g_steal_pointer (&task));
}

/**
 * dbr_unit_explain_finish:
 * @self: a unit
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Unit.explain_async].
 *
 * Returns: (transfer full): a list of [class@Event]
 *
 * Since: 0.1
 */
GListModel *
dbr_unit_explain_finish (DbrUnit       *self,
                         GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_unit_explain_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_unit_explain_sync:
 * @self: a unit
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Finds out why it is not active, as [method@Unit.explain_async] does, and waits for it.
 *
 * Returns: (transfer full): a list of [class@Event]
 *
 * Since: 0.1
 */
GListModel *
dbr_unit_explain_sync (DbrUnit       *self,
                       GCancellable  *cancellable,
                       GError       **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_UNIT (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  if (!dbr_sync_wait_begin (&wait, error))
    return NULL;

  dbr_unit_explain_async (self, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_unit_explain_finish (self, dbr_sync_wait_end (&wait), error);
}
