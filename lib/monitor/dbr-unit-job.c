/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-unit-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-systemd-name-private.h"

/* How often a job whose end was not heard is looked after, and how often in vain. */
#define CHECK_MS 5000
#define MAX_FAILED_CHECKS 2

static const struct
{
  const char *method_name;
  /* what the unit is when such a job has done its work */
  gboolean    is_active_then;
} jobs[] = {
  [DBR_UNIT_JOB_START] = { "StartUnit", TRUE },
  [DBR_UNIT_JOB_STOP] = { "StopUnit", FALSE },
  [DBR_UNIT_JOB_RESTART] = { "RestartUnit", TRUE },
  [DBR_UNIT_JOB_RELOAD] = { "ReloadUnit", TRUE },
};

/* One job, from the call that begins it to its end. All but the hearing of its end happens in the
 * context of the task, which has this. */
typedef struct
{
  DbrUnitJob      job;
  DbrUnitFlags    flags;
  guint           limit_ms;
  gint64          began_usec;
  gint64          deadline_usec;

  DbrSystemdWait *wait;
  char           *path;
  GPtrArray      *sources;
  guint           n_failed_checks;
  gboolean        is_checking;
  /* how it ended, from when the unit is only read once more */
  char           *result;
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
  self->deadline_usec = self->began_usec + (gint64) limit_ms * 1000;
  self->sources = g_ptr_array_new_with_free_func ((GDestroyNotify) g_source_unref);

  return self;
}

static void
errand_free (Errand *self)
{
  g_ptr_array_unref (self->sources);
  g_free (self->path);
  g_free (self->result);
  g_free (self);
}

static DbrSystemdLine *
get_line (GTask *task)
{
  return dbr_unit_get_line (g_task_get_source_object (task));
}

/* Nothing more is waited for; the last thing before the task returns. */
static void
settle (GTask *task)
{
  Errand *errand = g_task_get_task_data (task);

  for (guint i = 0; i < errand->sources->len; i++)
    g_source_destroy (g_ptr_array_index (errand->sources, i));
  g_ptr_array_set_size (errand->sources, 0);
  if (errand->wait != NULL)
    dbr_systemd_jobs_end (dbr_systemd_line_get_jobs (get_line (task)),
                          g_steal_pointer (&errand->wait));
}

static void
fail (GTask  *task,
      GError *error)
{
  settle (task);
  g_task_return_error (task, error);
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

/* Where a start is refused because there were too many of late, systemd leaves in place how the one
 * before ended. But the unit has not even begun to start then. */
static gboolean
was_refused (const Errand *errand,
             GVariant     *values)
{
  guint64 began_usec = 0;

  if (strcmp (errand->result, "failed") != 0
      || (errand->job != DBR_UNIT_JOB_START && errand->job != DBR_UNIT_JOB_RESTART))
    return FALSE;

  g_variant_lookup (values, "InactiveExitTimestampMonotonic", "t", &began_usec);

  return began_usec > 0 && began_usec < (guint64) errand->began_usec;
}

/* The result of the job is what systemd says of every kind of unit; that of the unit says more. */
static GError *
new_job_error (DbrUnit      *unit,
               const Errand *errand)
{
  const char *unit_result = dbr_unit_get_refused (unit) ? "start-limit-hit"
                                                        : dbr_unit_get_result (unit);
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
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  DbrUnit *unit = g_task_get_source_object (task);
  Errand *errand = g_task_get_task_data (task);
  g_autoptr(GVariant) values = dbr_systemd_line_read_unit_finish (DBR_SYSTEMD_LINE (source),
                                                                  result, NULL);

  /* The job has ended, whether the unit can be read now or not. */
  if (values != NULL)
    {
      dbr_unit_apply (unit, values);
      dbr_unit_set_refused (unit, was_refused (errand, values));
    }
  if (strcmp (errand->result, "done") == 0)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, new_job_error (unit, errand));
}

static void
conclude (GTask      *task,
          const char *result)
{
  DbrUnit *unit = g_task_get_source_object (task);
  Errand *errand = g_task_get_task_data (task);

  if (errand->result != NULL)
    return;

  errand->result = g_strdup (result);
  settle (task);
  dbr_systemd_line_read_unit_async (get_line (task), dbr_unit_get_name (unit),
                                    g_task_get_cancellable (task), read_cb, g_object_ref (task));
}

/* What the job came to can only be judged by what the unit is. */
static const char *
judge (const Errand *errand,
       GVariant     *values)
{
  const char *state = "";
  gboolean is_active;

  g_variant_lookup (values, "ActiveState", "&s", &state);
  is_active = strcmp (state, "active") == 0 || strcmp (state, "reloading") == 0;

  return is_active == jobs[errand->job].is_active_then ? "done" : "failed";
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

  errand->is_checking = FALSE;
  if (errand->wait == NULL)
    return;

  if (values != NULL)
    {
      errand->n_failed_checks = 0;
      g_variant_lookup (values, "Job", "(u&o)", NULL, &path);
      if (strcmp (path, errand->path) != 0)
        conclude (task, judge (errand, values));
    }
  else if (++errand->n_failed_checks >= MAX_FAILED_CHECKS)
    {
      fail (task, g_error_new (DBR_ERROR, DBR_ERROR_CONNECTION_LOST,
                               _("systemd is gone, and what became of the job with it: %s"),
                               error->message));
    }
}

static void
check (GTask *task)
{
  DbrUnit *unit = g_task_get_source_object (task);
  Errand *errand = g_task_get_task_data (task);

  if (errand->is_checking || errand->wait == NULL)
    return;

  errand->is_checking = TRUE;
  dbr_systemd_line_read_unit_async (get_line (task), dbr_unit_get_name (unit),
                                    g_task_get_cancellable (task), checked_cb,
                                    g_object_ref (task));
}

static gboolean
check_cb (gpointer user_data)
{
  check (user_data);

  return G_SOURCE_CONTINUE;
}

static gboolean
late_cb (gpointer user_data)
{
  GTask *task = user_data;
  Errand *errand = g_task_get_task_data (task);
  DbrUnit *unit = g_task_get_source_object (task);

  fail (task, g_error_new (DBR_ERROR, DBR_ERROR_DEADLINE,
                           _("The job of %s has not ended within %u ms and goes on"),
                           dbr_unit_get_name (unit), errand->limit_ms));

  return G_SOURCE_REMOVE;
}

static gboolean
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  GError *error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  fail (user_data, error);

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

static void
watch (GTask *task)
{
  Errand *errand = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  gint64 rest_usec = errand->deadline_usec - g_get_monotonic_time ();

  add_source (task, g_timeout_source_new ((guint) MAX ((rest_usec + 999) / 1000, 0)), late_cb);
  add_source (task, g_timeout_source_new (CHECK_MS), check_cb);
  if (cancellable != NULL)
    add_source (task, g_cancellable_source_new (cancellable), G_SOURCE_FUNC (cancelled_cb));
}

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

static void
begun_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  DbrSystemdLine *line = DBR_SYSTEMD_LINE (source);
  g_autoptr(GTask) task = user_data;
  Errand *errand = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr(GVariant) reply = dbr_systemd_line_call_finish (line, result, &error);

  if (reply == NULL)
    {
      fail (task, error);
      return;
    }

  g_variant_get (reply, "(o)", &errand->path);
  watch (task);
  dbr_systemd_jobs_await (dbr_systemd_line_get_jobs (line), errand->wait, errand->path);
}

/* A person who is asked takes his time, and the job has its own besides. */
static void
listening_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  DbrSystemdLine *line = DBR_SYSTEMD_LINE (source);
  g_autoptr(GTask) task = user_data;
  DbrUnit *unit = g_task_get_source_object (task);
  Errand *errand = g_task_get_task_data (task);
  GError *error = NULL;

  if (!dbr_systemd_line_listen_finish (line, result, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  errand->wait = dbr_systemd_jobs_begin (dbr_systemd_line_get_jobs (line), ended_cb,
                                         g_object_ref (task), g_object_unref);
  dbr_systemd_line_call_async (line, DBR_SYSTEMD_PATH, DBR_SYSTEMD_MANAGER_INTERFACE,
                               jobs[errand->job].method_name,
                               g_variant_new ("(ss)", dbr_unit_get_name (unit), "replace"),
                               G_VARIANT_TYPE ("(o)"),
                               (errand->flags & DBR_UNIT_FLAGS_INTERACTIVE) != 0, 0,
                               g_task_get_cancellable (task), begun_cb, g_object_ref (task));
}

void
dbr_unit_begin_job (DbrUnit      *self,
                    DbrUnitJob    job,
                    DbrUnitFlags  flags,
                    GTask        *task)
{
  DbrSystemdLine *line = dbr_unit_get_line (self);
  guint limit_ms = dbr_systemd_line_get_limit (line, "unit_job");

  if (flags & DBR_UNIT_FLAGS_INTERACTIVE)
    limit_ms += dbr_systemd_line_get_limit (line, "interactive");
  g_task_set_task_data (task, errand_new (job, flags, limit_ms), (GDestroyNotify) errand_free);
  dbr_systemd_line_listen_async (line, g_task_get_cancellable (task), listening_cb,
                                 g_object_ref (task));
}
