/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-systemd-monitor-private.h"

#include "monitor/dbr-systemd-name-private.h"

#define ENTRIES_TYPE G_VARIANT_TYPE ("(a(ssssssouso))")

/* How long it waits before it looks for systemd anew where nothing would tell that it is there. */
#define LOOK_AGAIN_S 10

/* What the monitor shows is read by some calls at once; each answer goes into the book as it comes,
 * and the first error is that of the whole. */
typedef struct
{
  DbrSystemdReads  reads;
  guint            n_left;
  GError          *error;
} Reading;

/* Where an answer goes. */
typedef void (*SetFunc) (DbrSystemdBook *book,
                         GVariant       *value);

/* What asks for units goes by their names besides. */
typedef struct
{
  GTask    *task;
  SetFunc   set;
  char    **names;
} Question;

static void
question_free (Question *self)
{
  g_object_unref (self->task);
  g_strfreev (self->names);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

static void
reading_free (Reading *self)
{
  g_clear_error (&self->error);
  g_free (self);
}

static void
set_state (DbrSystemdBook *book,
           GVariant       *value)
{
  g_autoptr(GVariant) state = g_variant_get_variant (value);
  g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autoptr(GVariant) values = NULL;

  g_variant_dict_insert_value (&dict, "SystemState", state);
  values = g_variant_ref_sink (g_variant_dict_end (&dict));
  dbr_systemd_book_set_manager (book, values);
}

static void
end_one (GTask *task)
{
  DbrSystemdMonitor *self = g_task_get_source_object (task);
  Reading *reading = g_task_get_task_data (task);

  reading->n_left--;
  if (reading->n_left > 0)
    return;

  dbr_systemd_book_answer (dbr_systemd_monitor_get_book (self));
  dbr_systemd_monitor_settle (self);
  if (reading->error != NULL)
    g_task_return_error (task, g_steal_pointer (&reading->error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
answered_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(Question) question = user_data;
  DbrSystemdMonitor *self = g_task_get_source_object (question->task);
  DbrSystemdBook *book = dbr_systemd_monitor_get_book (self);
  Reading *reading = g_task_get_task_data (question->task);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dbr_systemd_line_call_finish (DBR_SYSTEMD_LINE (source), result,
                                                            &error);
  g_autoptr(GVariant) value = NULL;

  if (reply != NULL)
    {
      value = g_variant_get_child_value (reply, 0);
      if (question->names != NULL)
        dbr_systemd_book_set_units (book, question->names, value);
      else
        question->set (book, value);
    }
  else if (reading->error == NULL)
    {
      reading->error = g_steal_pointer (&error);
    }
  end_one (question->task);
}

static Question *
ask (GTask              *task,
     const char         *interface_name,
     const char         *method_name,
     GVariant           *parameters,
     const GVariantType *reply_type,
     SetFunc             set)
{
  DbrSystemdMonitor *self = g_task_get_source_object (task);
  Reading *reading = g_task_get_task_data (task);
  Question *question = g_new0 (Question, 1);

  question->task = g_object_ref (task);
  question->set = set;
  reading->n_left++;
  dbr_systemd_line_call_async (dbr_systemd_monitor_get_line (self), DBR_SYSTEMD_PATH,
                               interface_name, method_name, parameters, reply_type, FALSE, 0,
                               g_task_get_cancellable (task), answered_cb, question);

  return question;
}

/* All properties are read only where more than one is wanted: systemd has to make up each of
 * them. */
static void
ask_all (GTask *task)
{
  DbrSystemdMonitor *self = g_task_get_source_object (task);
  const Reading *reading = g_task_get_task_data (task);
  g_auto(GStrv) names = dbr_systemd_book_dup_asked (dbr_systemd_monitor_get_book (self));
  const char *const failed[] = { "failed", NULL };

  if (reading->reads & DBR_SYSTEMD_READ_JOBS)
    {
      ask (task, DBR_SYSTEMD_MANAGER_INTERFACE, "ListJobs", NULL, G_VARIANT_TYPE ("(a(usssoo))"),
           dbr_systemd_book_set_jobs);
      ask (task, DBR_PROPERTIES_INTERFACE, "GetAll",
           g_variant_new ("(s)", DBR_SYSTEMD_MANAGER_INTERFACE), G_VARIANT_TYPE ("(a{sv})"),
           dbr_systemd_book_set_manager);
    }
  else if (reading->reads & DBR_SYSTEMD_READ_STATE)
    {
      ask (task, DBR_PROPERTIES_INTERFACE, "Get",
           g_variant_new ("(ss)", DBR_SYSTEMD_MANAGER_INTERFACE, "SystemState"),
           G_VARIANT_TYPE ("(v)"), set_state);
    }
  if (reading->reads & DBR_SYSTEMD_READ_FAILED)
    ask (task, DBR_SYSTEMD_MANAGER_INTERFACE, "ListUnitsFiltered",
         g_variant_new ("(^as)", failed), ENTRIES_TYPE, dbr_systemd_book_set_failed);
  if ((reading->reads & DBR_SYSTEMD_READ_UNITS) && names[0] != NULL)
    ask (task, DBR_SYSTEMD_MANAGER_INTERFACE, "ListUnitsByNames", g_variant_new ("(^as)", names),
         ENTRIES_TYPE, NULL)->names = g_steal_pointer (&names);
}

static void
found_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  DbrSystemdMonitor *self = g_task_get_source_object (task);
  Reading *reading = g_task_get_task_data (task);
  GError *error = NULL;

  if (dbr_systemd_line_find_finish (DBR_SYSTEMD_LINE (source), result, &error)
      == DBR_SYSTEMD_ROAD_NONE)
    {
      dbr_systemd_monitor_settle (self);
      g_task_return_error (task, error);
      return;
    }

  /* This one counts until all are asked, so that none of them is the last before. */
  reading->n_left = 1;
  dbr_systemd_book_ask (dbr_systemd_monitor_get_book (self));
  ask_all (task);
  end_one (task);
}

void
dbr_systemd_monitor_read_async (DbrSystemdMonitor   *self,
                                DbrSystemdReads      reads,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);
  Reading *reading = g_new0 (Reading, 1);

  g_task_set_source_tag (task, dbr_systemd_monitor_read_async);
  reading->reads = reads;
  g_task_set_task_data (task, reading, (GDestroyNotify) reading_free);
  dbr_systemd_line_find_async (dbr_systemd_monitor_get_line (self), 0, cancellable, found_cb,
                               g_steal_pointer (&task));
}

gboolean
dbr_systemd_monitor_read_finish (DbrSystemdMonitor  *self,
                                 GAsyncResult       *result,
                                 GError            **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Reading by itself */

static gboolean
look_again_cb (gpointer user_data)
{
  DbrSystemdMonitor *self = user_data;

  g_clear_pointer (&self->look_source, g_source_unref);
  dbr_systemd_monitor_read (self, DBR_SYSTEMD_READ_ALL);

  return G_SOURCE_REMOVE;
}

void
dbr_systemd_monitor_stop_looking (DbrSystemdMonitor *self)
{
  if (self->look_source != NULL)
    g_source_destroy (self->look_source);
  g_clear_pointer (&self->look_source, g_source_unref);
}

static void
dbr_systemd_monitor_look_later (DbrSystemdMonitor *self)
{
  if (!dbr_systemd_monitor_is_started (self) || self->look_source != NULL)
    return;

  self->look_source = g_timeout_source_new_seconds (LOOK_AGAIN_S);
  g_source_set_static_name (self->look_source, "libdbr: look for systemd");
  g_source_set_callback (self->look_source, look_again_cb, self, NULL);
  g_source_attach (self->look_source, self->context);
}

static void
dbr_systemd_monitor_end_read (DbrSystemdMonitor *self)
{
  DbrSystemdReads wanted = self->wanted;

  g_clear_object (&self->read_cancellable);
  self->is_reading = FALSE;
  self->wanted = 0;
  if (wanted != 0)
    dbr_systemd_monitor_read (self, wanted);
}

static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  DbrSystemdMonitor *self = DBR_SYSTEMD_MONITOR (source);

  if (!dbr_systemd_monitor_read_finish (self, result, NULL))
    dbr_systemd_monitor_look_later (self);
  dbr_systemd_monitor_end_read (self);
}

static void
listening_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(DbrSystemdMonitor) self = user_data;

  if (dbr_systemd_line_listen_finish (DBR_SYSTEMD_LINE (source), result, NULL))
    {
      dbr_systemd_monitor_read_async (self, self->reading, self->read_cancellable, read_cb, NULL);
      return;
    }

  dbr_systemd_monitor_look_later (self);
  dbr_systemd_monitor_end_read (self);
}

/* One after the other, so that however much happens, systemd is asked no faster than it answers;
 * and always when it tells what is different from what was read. */
void
dbr_systemd_monitor_read (DbrSystemdMonitor *self,
                          DbrSystemdReads    reads)
{
  if (!dbr_systemd_monitor_is_started (self))
    return;

  if (self->is_reading)
    {
      self->wanted |= reads & DBR_SYSTEMD_READ_ALL;
      if (reads & DBR_SYSTEMD_READ_ANEW)
        g_cancellable_cancel (self->read_cancellable);
      return;
    }

  self->is_reading = TRUE;
  self->reading = reads & DBR_SYSTEMD_READ_ALL;
  self->read_cancellable = g_cancellable_new ();
  dbr_systemd_line_listen_async (self->line, self->read_cancellable, listening_cb,
                                 g_object_ref (self));
}
