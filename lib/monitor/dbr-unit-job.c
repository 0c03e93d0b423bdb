/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-unit-private.h"

#include <string.h>

#include "base/dbr-binding-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-systemd-name-private.h"

/* How often a job whose end was not heard is looked after, and how long systemd may be away before
 * what it did is not waited for. */
#define CHECK_MS 5000
#define AWAY_MS 5000

static const char *const method_names[] = {
  [DBR_UNIT_JOB_START] = "StartUnit",
  [DBR_UNIT_JOB_STOP] = "StopUnit",
  [DBR_UNIT_JOB_RESTART] = "RestartUnit",
  [DBR_UNIT_JOB_RELOAD] = "ReloadUnit",
};

/* One job, from the call that begins it to its end. All but the hearing of its end happens in the
 * context of the task, which has this. */
typedef struct
{
  DbrUnitJob      job;
  DbrUnitFlags    flags;
  guint           limit_ms;
  gint64          began_usec;

  /* for what is asked meanwhile, and how much of that has no answer yet */
  GCancellable   *cancellable;
  guint           n_asked;
  GPtrArray      *sources;

  DbrSystemdWait *wait;
  char           *path;
  gboolean        is_checking;
  /* 0 while systemd is there */
  gint64          away_since_usec;
  /* how it ended, from when the unit is only read once more */
  char           *result;
  gboolean        is_refused;

  /* what the task returns, when nothing is asked any more */
  gboolean        is_over;
  GError         *error;
} Errand;

/* What is heard of a job in another thread, on its way to the context of the task. */
typedef struct
{
  GTask *task;
  char  *result;
} News;

static void
news_free (News *self)
{
  g_object_unref (self->task);
  g_free (self->result);
  g_free (self);
}

static Errand *
errand_new (DbrUnitJob   job,
            DbrUnitFlags flags,
            guint        limit_ms)
{
  Errand *self = g_new0 (Errand, 1);

  self->job = job;
  self->flags = flags;
  self->limit_ms = limit_ms;
  self->began_usec = g_get_monotonic_time ();
  self->cancellable = g_cancellable_new ();
  self->sources = g_ptr_array_new_with_free_func ((GDestroyNotify) g_source_unref);

  return self;
}

static void
errand_free (Errand *self)
{
  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->sources);
  g_free (self->path);
  g_free (self->result);
  g_clear_error (&self->error);
  g_free (self);
}

static DbrSystemdLine *
get_line (GTask *task)
{
  return dbr_unit_get_line (g_task_get_source_object (task));
}

static void
stop_waiting (GTask *task)
{
  Errand *errand = g_task_get_task_data (task);

  if (errand->wait != NULL)
    dbr_systemd_jobs_end (dbr_systemd_line_get_jobs (get_line (task)),
                          g_steal_pointer (&errand->wait));
}

/* Who waits for the task has a context that is gone afterwards: nothing may come to it then. */
static void
return_if_idle (GTask *task)
{
  Errand *errand = g_task_get_task_data (task);

  if (errand->n_asked > 0)
    return;
  if (errand->error != NULL)
    g_task_return_error (task, g_steal_pointer (&errand->error));
  else
    g_task_return_boolean (task, TRUE);
}

/* Once; takes @error, which is NULL for a job that is done. */
static void
end (GTask  *task,
     GError *error)
{
  Errand *errand = g_task_get_task_data (task);

  errand->is_over = TRUE;
  errand->error = error;
  for (guint i = 0; i < errand->sources->len; i++)
    g_source_destroy (g_ptr_array_index (errand->sources, i));
  g_ptr_array_set_size (errand->sources, 0);
  stop_waiting (task);
  g_cancellable_cancel (errand->cancellable);
  return_if_idle (task);
}

/* Something that was asked has its answer; FALSE: nobody is interested any more. */
static gboolean
take_answer (GTask *task)
{
  Errand *errand = g_task_get_task_data (task);

  errand->n_asked--;
  if (errand->is_over)
    return_if_idle (task);

  return !errand->is_over;
}

static char *
describe (DbrUnitJob  job,
          const char *unit_name,
          const char *reason)
{
  switch (job)
    {
    case DBR_UNIT_JOB_START:
      return g_strdup_printf (_("Starting %s failed: %s"), unit_name, reason);

    case DBR_UNIT_JOB_STOP:
      return g_strdup_printf (_("Stopping %s failed: %s"), unit_name, reason);

    case DBR_UNIT_JOB_RESTART:
      return g_strdup_printf (_("Restarting %s failed: %s"), unit_name, reason);

    case DBR_UNIT_JOB_RELOAD:
      return g_strdup_printf (_("Reloading %s failed: %s"), unit_name, reason);

    default:
      g_assert_not_reached ();
    }
}

/* What libdbr itself says does not tell of the unit. That of systemd does, and stays as it came. */
static GError *
new_errand_error (DbrUnit      *unit,
                  const Errand *errand,
                  const GError *error)
{
  g_autofree char *text = NULL;

  if (error->domain != DBR_ERROR)
    return g_error_copy (error);

  text = describe (errand->job, dbr_unit_get_name (unit), error->message);

  return g_error_new_literal (DBR_ERROR, error->code, text);
}

/* Where a start is refused because there were too many of late, systemd leaves in place how the one
 * before ended. But the unit has not even begun to start then; and one that had begun before, as
 * somebody else starts it too, has ended since. Returns when it began before that, 0 if it was not
 * refused. */
static guint64
get_refused_usec (const Errand *errand,
                  GVariant     *values)
{
  guint64 began_usec = 0;
  guint64 ended_usec = 0;

  if (strcmp (errand->result, "failed") != 0
      || (errand->job != DBR_UNIT_JOB_START && errand->job != DBR_UNIT_JOB_RESTART))
    return 0;

  g_variant_lookup (values, "InactiveExitTimestampMonotonic", "t", &began_usec);
  g_variant_lookup (values, "InactiveEnterTimestampMonotonic", "t", &ended_usec);

  if (began_usec >= (guint64) errand->began_usec
      || (errand->job == DBR_UNIT_JOB_START && ended_usec >= (guint64) errand->began_usec))
    return 0;

  return began_usec;
}

/* The result of the job is what systemd says of every kind of unit; that of the unit says more. */
static GError *
new_job_error (DbrUnit      *unit,
               const Errand *errand)
{
  const char *unit_result = errand->is_refused ? "start-limit-hit" : dbr_unit_get_result (unit);
  g_autofree char *reason = g_strdup (errand->result);
  g_autofree char *text = NULL;

  if (strcmp (errand->result, "failed") == 0 && unit_result != NULL
      && strcmp (unit_result, "success") != 0)
    {
      g_free (reason);
      reason = g_strdup_printf ("%s (%s)", errand->result, unit_result);
    }

  text = describe (errand->job, dbr_unit_get_name (unit), reason);

  return g_error_new_literal (DBR_ERROR, DBR_ERROR_JOB_FAILED, text);
}

static void
end_with_result (GTask *task)
{
  DbrUnit *unit = g_task_get_source_object (task);
  const Errand *errand = g_task_get_task_data (task);

  end (task, strcmp (errand->result, "done") != 0 ? new_job_error (unit, errand) : NULL);
}

static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  DbrUnit *unit = g_task_get_source_object (task);
  Errand *errand = g_task_get_task_data (task);
  g_autoptr(GVariant) values = dbr_systemd_line_read_unit_finish (DBR_SYSTEMD_LINE (source),
                                                                  result, NULL);
  guint64 refused_usec;

  if (!take_answer (task))
    return;

  /* The job has ended, whether the unit can be read now or not. */
  if (values != NULL)
    {
      dbr_unit_apply (unit, values);
      refused_usec = get_refused_usec (errand, values);
      errand->is_refused = refused_usec > 0;
      dbr_unit_set_refused_usec (unit, refused_usec);
    }
  end_with_result (task);
}

static void
read_unit (GTask               *task,
           GAsyncReadyCallback  callback)
{
  Errand *errand = g_task_get_task_data (task);

  errand->n_asked++;
  dbr_systemd_line_read_unit_async (get_line (task),
                                    dbr_unit_get_name (g_task_get_source_object (task)),
                                    errand->cancellable, callback, g_object_ref (task));
}

static void
conclude (GTask      *task,
          const char *result)
{
  Errand *errand = g_task_get_task_data (task);

  errand->result = g_strdup (result);
  stop_waiting (task);
  read_unit (task, read_cb);
}

/* A job whose end nobody heard */

static gboolean
has_since (const Errand *errand,
           GVariant     *values,
           const char   *name)
{
  guint64 when_usec = 0;

  g_variant_lookup (values, name, "t", &when_usec);

  return when_usec >= (guint64) errand->began_usec;
}

/* One that does its work and ends. */
static gboolean
has_run_since (const Errand *errand,
               GVariant     *values)
{
  return has_since (errand, values, "InactiveEnterTimestampMonotonic")
         && (errand->job == DBR_UNIT_JOB_START
             || has_since (errand, values, "InactiveExitTimestampMonotonic"));
}

/* What the job came to can only be judged by what the unit is, and by what it has been since. Of one
 * that is neither active nor failed systemd may have forgotten all. NULL: nobody can know. */
static const char *
judge (const Errand *errand,
       GVariant     *values)
{
  const char *state = "";
  const char *type = "";

  g_variant_lookup (values, "ActiveState", "&s", &state);
  g_variant_lookup (values, "Type", "&s", &type);
  if (strcmp (state, "active") == 0 || strcmp (state, "reloading") == 0)
    return errand->job != DBR_UNIT_JOB_STOP ? "done" : "failed";
  if (errand->job == DBR_UNIT_JOB_STOP)
    return "done";
  if (errand->job == DBR_UNIT_JOB_RELOAD)
    return "failed";
  if (has_since (errand, values, "ActiveEnterTimestampMonotonic"))
    return "done";
  if (strcmp (state, "inactive") != 0 || strcmp (type, "oneshot") != 0)
    return "failed";

  return has_run_since (errand, values) ? "done" : NULL;
}

/* Whether systemd is not there, rather than busy. */
static gboolean
is_away (const GError *error)
{
  return g_error_matches (error, DBR_ERROR, DBR_ERROR_NO_BUS)
         || g_error_matches (error, DBR_ERROR, DBR_ERROR_NO_OWNER)
         || g_error_matches (error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST)
         || g_error_matches (error, DBR_ERROR, DBR_ERROR_CLOSED)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
}

static GError *
new_lost_error (DbrUnit      *unit,
                const Errand *errand,
                const char   *reason)
{
  g_autofree char *text = describe (errand->job, dbr_unit_get_name (unit), reason);

  return g_error_new_literal (DBR_ERROR, DBR_ERROR_CONNECTION_LOST, text);
}

static gboolean check_once_cb (gpointer     user_data);
static void     add_source    (GTask       *task,
                               GSource     *source,
                               GSourceFunc  func);

/* It may come back, as it does when it executes itself anew, and as a bus does. */
static void
check_failed (GTask        *task,
              const GError *error)
{
  Errand *errand = g_task_get_task_data (task);
  gint64 now_usec = g_get_monotonic_time ();
  g_autofree char *reason = NULL;

  if (!is_away (error))
    return;

  if (errand->away_since_usec == 0)
    {
      errand->away_since_usec = now_usec;
      add_source (task, g_timeout_source_new (AWAY_MS), check_once_cb);
    }
  else if (now_usec - errand->away_since_usec >= AWAY_MS * 1000)
    {
      reason = g_strdup_printf (_("systemd is gone, and what became of the job with it: %s"),
                                error->message);
      end (task, new_lost_error (g_task_get_source_object (task), errand, reason));
    }
}

static void
checked_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Errand *errand = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) values = dbr_systemd_line_read_unit_finish (DBR_SYSTEMD_LINE (source),
                                                                  result, &error);
  const char *path = "/";
  const char *judgement;

  if (!take_answer (task))
    return;

  errand->is_checking = FALSE;
  if (errand->wait == NULL)
    return;
  if (values == NULL)
    {
      check_failed (task, error);
      return;
    }

  errand->away_since_usec = 0;
  g_variant_lookup (values, "Job", "(u&o)", NULL, &path);
  if (strcmp (path, errand->path) == 0)
    return;

  judgement = judge (errand, values);
  if (judgement != NULL)
    conclude (task, judgement);
  else
    end (task, new_lost_error (g_task_get_source_object (task), errand,
                               _("the end of the job was not heard, and systemd has forgotten how "
                                 "it ended")));
}

static void
heard_again_cb (GObject      *source,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Errand *errand = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  gboolean is_heard = dbr_systemd_line_listen_finish (DBR_SYSTEMD_LINE (source), result, &error);

  if (!take_answer (task))
    return;

  if (is_heard && errand->wait != NULL)
    {
      read_unit (task, checked_cb);
      return;
    }

  errand->is_checking = FALSE;
  if (errand->wait != NULL)
    check_failed (task, error);
}

/* First it is heard again, where that went over a road that is none any more: what ends after the
 * look is told then. */
static void
check (GTask *task)
{
  Errand *errand = g_task_get_task_data (task);

  if (errand->is_checking || errand->wait == NULL)
    return;

  errand->is_checking = TRUE;
  errand->n_asked++;
  dbr_systemd_line_listen_async (get_line (task), errand->cancellable, heard_again_cb,
                                 g_object_ref (task));
}

static gboolean
check_cb (gpointer user_data)
{
  check (user_data);

  return G_SOURCE_CONTINUE;
}

static gboolean
check_once_cb (gpointer user_data)
{
  check (user_data);

  return G_SOURCE_REMOVE;
}

/* What ends it early */

static GError *
new_late_error (DbrUnit      *unit,
                const Errand *errand)
{
  g_autofree char *reason = NULL;
  g_autofree char *text = NULL;

  if (errand->path != NULL)
    return g_error_new (DBR_ERROR, DBR_ERROR_DEADLINE,
                        _("The job of %s has not ended within %u ms and goes on"),
                        dbr_unit_get_name (unit), errand->limit_ms);

  reason = g_strdup_printf (_("%s did not answer %s within %u ms"), DBR_SYSTEMD_NAME,
                            method_names[errand->job], errand->limit_ms);
  text = describe (errand->job, dbr_unit_get_name (unit), reason);

  return g_error_new_literal (DBR_ERROR, DBR_ERROR_DEADLINE, text);
}

static gboolean
late_cb (gpointer user_data)
{
  GTask *task = user_data;
  Errand *errand = g_task_get_task_data (task);

  if (errand->result != NULL)
    end_with_result (task);
  else
    end (task, new_late_error (g_task_get_source_object (task), errand));

  return G_SOURCE_REMOVE;
}

static gboolean
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  GError *error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  end (user_data, error);

  return G_SOURCE_REMOVE;
}

static void
add_source (GTask       *task,
            GSource     *source,
            GSourceFunc  func)
{
  Errand *errand = g_task_get_task_data (task);

  g_source_set_callback (source, func, g_object_ref (task), g_object_unref);
  g_source_attach (source, g_task_get_context (task));
  g_ptr_array_add (errand->sources, source);
}

/* Its end */

static gboolean
told_cb (gpointer user_data)
{
  News *news = user_data;
  Errand *errand = g_task_get_task_data (news->task);

  if (errand->wait == NULL)
    return G_SOURCE_REMOVE;

  if (news->result != NULL)
    conclude (news->task, news->result);
  else
    check (news->task);

  return G_SOURCE_REMOVE;
}

static void
ended_cb (const char *result,
          gpointer    user_data)
{
  g_autoptr(GSource) source = g_idle_source_new ();
  News *news = g_new (News, 1);

  news->task = g_object_ref (user_data);
  news->result = g_strdup (result);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, told_cb, news, (GDestroyNotify) news_free);
  g_source_attach (source, g_task_get_context (news->task));
}

/* Its beginning */

static void
begun_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  DbrSystemdLine *line = DBR_SYSTEMD_LINE (source);
  g_autoptr(GTask) task = user_data;
  Errand *errand = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dbr_systemd_line_call_finish (line, result, &error);

  if (!take_answer (task))
    return;
  if (reply == NULL)
    {
      end (task, new_errand_error (g_task_get_source_object (task), errand, error));
      return;
    }

  g_variant_get (reply, "(o)", &errand->path);
  add_source (task, g_timeout_source_new (CHECK_MS), check_cb);
  dbr_systemd_jobs_await (dbr_systemd_line_get_jobs (line), errand->wait, errand->path);
}

static void
listening_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  DbrSystemdLine *line = DBR_SYSTEMD_LINE (source);
  g_autoptr(GTask) task = user_data;
  DbrUnit *unit = g_task_get_source_object (task);
  Errand *errand = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  gboolean is_heard = dbr_systemd_line_listen_finish (line, result, &error);

  if (!take_answer (task))
    return;
  if (!is_heard)
    {
      end (task, new_errand_error (unit, errand, error));
      return;
    }

  errand->wait = dbr_systemd_jobs_begin (dbr_systemd_line_get_jobs (line), ended_cb,
                                         g_object_ref (task), g_object_unref);
  errand->n_asked++;
  dbr_systemd_line_call_async (line, DBR_SYSTEMD_PATH, DBR_SYSTEMD_MANAGER_INTERFACE,
                               method_names[errand->job],
                               g_variant_new ("(ss)", dbr_unit_get_name (unit), "replace"),
                               G_VARIANT_TYPE ("(o)"),
                               (errand->flags & DBR_UNIT_FLAGS_INTERACTIVE) != 0, 0,
                               errand->cancellable, begun_cb, g_object_ref (task));
}

/* A person who is asked takes his time, and the job has its own besides. */
void
dbr_unit_begin_job (DbrUnit      *self,
                    DbrUnitJob    job,
                    DbrUnitFlags  flags,
                    GTask        *task)
{
  DbrSystemdLine *line = dbr_unit_get_line (self);
  GCancellable *cancellable = g_task_get_cancellable (task);
  guint limit_ms = dbr_systemd_line_get_limit (line, "unit_job");
  Errand *errand;

  if (flags & DBR_UNIT_FLAGS_INTERACTIVE)
    limit_ms += dbr_systemd_line_get_limit (line, "interactive");
  errand = errand_new (job, flags, dbr_binding_limit (limit_ms));
  g_task_set_task_data (task, errand, (GDestroyNotify) errand_free);
  add_source (task, g_timeout_source_new (errand->limit_ms), late_cb);
  if (cancellable != NULL)
    add_source (task, g_cancellable_source_new (cancellable), G_SOURCE_FUNC (cancelled_cb));

  errand->n_asked++;
  dbr_systemd_line_listen_async (line, errand->cancellable, listening_cb, g_object_ref (task));
}
