/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notifier-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-incident-source-private.h"

/* What a notifier is asked to do. */

/* What every operation is checked for, and what it begins with. */
static DbrTicket *
dbr_notifier_begin (DbrNotifier   *self,
                    GTask         *task,
                    GCancellable  *cancellable,
                    GError       **error)
{
  DbrTicket *ticket;

  if (!dbr_notifier_core_check (self->core, error)
      || !dbr_notifier_core_check_config (self->core, error))
    return NULL;

  ticket = dbr_ticket_new (task, cancellable);
  if (task != NULL)
    g_object_set_data_full (G_OBJECT (task), "dbr-ticket", dbr_ticket_ref (ticket),
                            (GDestroyNotify) dbr_ticket_unref);

  return ticket;
}

static void
dbr_notifier_send_notice (DbrNotifier *self,
                          DbrNotice   *notice,
                          guint        replaces_id,
                          GTask       *task,
                          GError      *refused)
{
  g_autoptr(DbrTicket) ticket = NULL;
  GError *error = refused;

  if (error == NULL)
    ticket = dbr_notifier_begin (self, task, g_task_get_cancellable (task), &error);
  if (ticket != NULL)
    dbr_notifier_core_send (self->core, notice, replaces_id, ticket);
  else
    g_task_return_error (task, error);
}

static guint
dbr_notifier_finish_send (GTask   *task,
                          GError **error)
{
  DbrTicket *ticket = g_object_get_data (G_OBJECT (task), "dbr-ticket");

  return dbr_waiter_finish (task, error) ? ticket->id : 0;
}

/**
 * dbr_notifier_send_async:
 * @self: a notifier
 * @summary: what it is about, in a line
 * @body: (nullable): what there is to say
 * @icon: (nullable): the name of an icon, or a path or URI of a file
 * @urgency: how urgent it is
 * @expire_ms: for how many milliseconds it is shown; -1 leaves that to the desktop, 0 is until it is
 *   closed
 * @cancellable: (nullable): to wait no longer; what was sent is shown all the same
 * @callback: (scope async): called once, when it is shown or not
 * @user_data: data for @callback
 *
 * Shows a notification.
 *
 * Since: 0.1
 */
void
dbr_notifier_send_async (DbrNotifier         *self,
                         const char          *summary,
                         const char          *body,
                         const char          *icon,
                         DbrUrgency           urgency,
                         int                  expire_ms,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrNotice) notice = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_NOTIFIER (self));
  g_return_if_fail (summary != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_notifier_send_async);

  notice = dbr_notice_new (summary, body, icon, urgency, expire_ms, NULL, NULL, &error);
  dbr_notifier_send_notice (self, notice, 0, task, error);
}

/**
 * dbr_notifier_send_finish:
 * @self: a notifier
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Notifier.send_async].
 *
 * Returns: the id of the notification, 0 if there is an error
 *
 * Since: 0.1
 */
guint
dbr_notifier_send_finish (DbrNotifier   *self,
                          GAsyncResult  *result,
                          GError       **error)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), 0);
  g_return_val_if_fail (g_task_is_valid (result, self), 0);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_notifier_send_async), 0);

  return dbr_notifier_finish_send (G_TASK (result), error);
}

/**
 * dbr_notifier_send_sync:
 * @self: a notifier
 * @summary: what it is about, in a line
 * @body: (nullable): what there is to say
 * @icon: (nullable): the name of an icon, or a path or URI of a file
 * @urgency: how urgent it is
 * @expire_ms: for how many milliseconds it is shown; -1 leaves that to the desktop, 0 is until it is
 *   closed
 * @cancellable: (nullable): to wait no longer, from another thread
 * @error: return location for an error
 *
 * Shows a notification, as [method@Notifier.send_async] does, and waits for it: for two seconds at
 * most, and while notifications are gathered for that time too.
 *
 * Returns: the id of the notification, 0 if there is an error
 *
 * Since: 0.1
 */
guint
dbr_notifier_send_sync (DbrNotifier   *self,
                        const char    *summary,
                        const char    *body,
                        const char    *icon,
                        DbrUrgency     urgency,
                        int            expire_ms,
                        GCancellable  *cancellable,
                        GError       **error)
{
  g_autoptr(DbrNotice) notice = NULL;
  g_autoptr(DbrTicket) ticket = NULL;

  g_return_val_if_fail (DBR_IS_NOTIFIER (self), 0);
  g_return_val_if_fail (summary != NULL, 0);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  notice = dbr_notice_new (summary, body, icon, urgency, expire_ms, NULL, NULL, error);
  if (notice != NULL)
    ticket = dbr_notifier_begin (self, NULL, cancellable, error);
  if (ticket == NULL)
    return 0;

  dbr_notifier_core_send (self->core, notice, 0, ticket);

  return dbr_waiter_wait (ticket->waiter, error) ? ticket->id : 0;
}

/**
 * dbr_notifier_send_full_async:
 * @self: a notifier
 * @summary: what it is about, in a line
 * @body: (nullable): what there is to say
 * @icon: (nullable): the name of an icon, or a path or URI of a file
 * @urgency: how urgent it is
 * @expire_ms: for how many milliseconds it is shown; -1 leaves that to the desktop, 0 is until it is
 *   closed
 * @actions: (nullable) (array zero-terminated=1): what the person can do, an id and a label each;
 *   `default` is a click on the notification itself
 * @hints: (nullable): more about it, a dictionary of type `a{sv}`
 * @replaces_id: the id of a notification that it takes the place of, or 0
 * @cancellable: (nullable): to wait no longer; what was sent is shown all the same
 * @callback: (scope async): called once, when it is shown or not
 * @user_data: data for @callback
 *
 * Shows a notification, with all that may belong to one.
 *
 * One that replaces another has its id. Where that waits still, only the new one is shown; where it
 * is not shown any more, the new one is all the same.
 *
 * If @hints is floating it is consumed. Numbers in well-known hints are converted to the type that
 * the protocol asks for; another type is `DBR_ERROR_INVALID_ARGUMENT`.
 *
 * Since: 0.1
 */
void
dbr_notifier_send_full_async (DbrNotifier         *self,
                              const char          *summary,
                              const char          *body,
                              const char          *icon,
                              DbrUrgency           urgency,
                              int                  expire_ms,
                              const char * const  *actions,
                              GVariant            *hints,
                              guint                replaces_id,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrNotice) notice = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_NOTIFIER (self));
  g_return_if_fail (summary != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_notifier_send_full_async);

  notice = dbr_notice_new (summary, body, icon, urgency, expire_ms, actions, hints, &error);
  dbr_notifier_send_notice (self, notice, replaces_id, task, error);
}

/**
 * dbr_notifier_send_full_finish:
 * @self: a notifier
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Notifier.send_full_async].
 *
 * Returns: the id of the notification, 0 if there is an error
 *
 * Since: 0.1
 */
guint
dbr_notifier_send_full_finish (DbrNotifier   *self,
                               GAsyncResult  *result,
                               GError       **error)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), 0);
  g_return_val_if_fail (g_task_is_valid (result, self), 0);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_notifier_send_full_async), 0);

  return dbr_notifier_finish_send (G_TASK (result), error);
}

/**
 * dbr_notifier_close_async:
 * @self: a notifier
 * @id: the id of a notification
 * @cancellable: (nullable): to wait no longer
 * @callback: (scope async): called once, when it is closed or not
 * @user_data: data for @callback
 *
 * Takes a notification away. That it is closed already, or was lost, is no error. One that still
 * waits is not shown, and sending it ends with `DBR_ERROR_CLOSED`.
 *
 * Since: 0.1
 */
void
dbr_notifier_close_async (DbrNotifier         *self,
                          guint                id,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrTicket) ticket = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_NOTIFIER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_notifier_close_async);

  ticket = dbr_notifier_begin (self, task, cancellable, &error);
  if (ticket != NULL)
    dbr_notifier_core_close_notice (self->core, id, ticket);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_notifier_close_finish:
 * @self: a notifier
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Notifier.close_async].
 *
 * Returns: whether it is not shown any more
 *
 * Since: 0.1
 */
gboolean
dbr_notifier_close_finish (DbrNotifier   *self,
                           GAsyncResult  *result,
                           GError       **error)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_notifier_close_async), FALSE);

  return dbr_waiter_finish (G_TASK (result), error);
}

/**
 * dbr_notifier_close_sync:
 * @self: a notifier
 * @id: the id of a notification
 * @cancellable: (nullable): to wait no longer, from another thread
 * @error: return location for an error
 *
 * Takes a notification away, as [method@Notifier.close_async] does, and waits for it.
 *
 * Returns: whether it is not shown any more
 *
 * Since: 0.1
 */
gboolean
dbr_notifier_close_sync (DbrNotifier   *self,
                         guint          id,
                         GCancellable  *cancellable,
                         GError       **error)
{
  g_autoptr(DbrTicket) ticket = NULL;

  g_return_val_if_fail (DBR_IS_NOTIFIER (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  ticket = dbr_notifier_begin (self, NULL, cancellable, error);
  if (ticket == NULL)
    return FALSE;

  dbr_notifier_core_close_notice (self->core, id, ticket);

  return dbr_waiter_wait (ticket->waiter, error);
}

/**
 * dbr_notifier_flush_async:
 * @self: a notifier
 * @cancellable: (nullable): to wait no longer
 * @callback: (scope async): called once, when nothing waits any more or two seconds are over
 * @user_data: data for @callback
 *
 * Waits until all that was sent is shown or was given up. What is gathered is shown at once, what
 * is held back or kept is not waited for.
 *
 * Since: 0.1
 */
void
dbr_notifier_flush_async (DbrNotifier         *self,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrTicket) ticket = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_NOTIFIER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_notifier_flush_async);

  ticket = dbr_notifier_begin (self, task, cancellable, &error);
  if (ticket != NULL)
    dbr_notifier_core_flush (self->core, ticket);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_notifier_flush_finish:
 * @self: a notifier
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Notifier.flush_async].
 *
 * Returns: whether nothing waits any more
 *
 * Since: 0.1
 */
gboolean
dbr_notifier_flush_finish (DbrNotifier   *self,
                           GAsyncResult  *result,
                           GError       **error)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_notifier_flush_async), FALSE);

  return dbr_waiter_finish (G_TASK (result), error);
}

/**
 * dbr_notifier_flush_sync:
 * @self: a notifier
 * @cancellable: (nullable): to wait no longer, from another thread
 * @error: return location for an error
 *
 * Waits until all that was sent is shown or was given up, as [method@Notifier.flush_async] does.
 *
 * Returns: whether nothing waits any more
 *
 * Since: 0.1
 */
gboolean
dbr_notifier_flush_sync (DbrNotifier   *self,
                         GCancellable  *cancellable,
                         GError       **error)
{
  g_autoptr(DbrTicket) ticket = NULL;

  g_return_val_if_fail (DBR_IS_NOTIFIER (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  ticket = dbr_notifier_begin (self, NULL, cancellable, error);
  if (ticket == NULL)
    return FALSE;

  dbr_notifier_core_flush (self->core, ticket);

  return dbr_waiter_wait (ticket->waiter, error);
}

/* Telling of what is wrong */

/* An object whose incidents are told. The board has one of these, which keeps the board: its owner
 * ends that, or the notifier does. */
typedef struct
{
  DbrNotifierCore  *core;
  DbrIncidentBoard *board;
} Reporter;

static void
reporter_free (gpointer data)
{
  Reporter *reporter = data;

  dbr_notifier_core_unref (reporter->core);
  dbr_incident_board_unref (reporter->board);
  g_free (reporter);
}

static void
incident_cb (DbrIncident *incident,
             gpointer     user_data)
{
  Reporter *reporter = user_data;

  dbr_notifier_core_tell_incident (reporter->core, reporter->board, incident);
}

static gboolean
dbr_notifier_find_board_locked (DbrNotifier      *self,
                                DbrIncidentBoard *board,
                                guint            *position)
{
  for (*position = 0; *position < self->watched->len; (*position)++)
    {
      DbrNotifierWatched *watched = g_ptr_array_index (self->watched, *position);

      if (watched->board == board)
        return TRUE;
    }

  return FALSE;
}

/* Whoever hears of it first enters it; NULL: it is there already. */
static DbrNotifierWatched *
dbr_notifier_enter_board (DbrNotifier      *self,
                          DbrIncidentBoard *board)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  DbrNotifierWatched *watched;
  guint position;

  if (dbr_notifier_find_board_locked (self, board, &position))
    return NULL;

  watched = g_new0 (DbrNotifierWatched, 1);
  watched->core = dbr_notifier_core_ref (self->core);
  watched->board = dbr_incident_board_ref (board);
  g_ptr_array_add (self->watched, watched);

  return watched;
}

/**
 * dbr_notifier_watch:
 * @self: a notifier
 * @object: a [class@Metrics], a monitor or a recovery
 * @error: return location for an error
 *
 * Tells the person what the object finds to be wrong, from now on and what is wrong already.
 *
 * Each thing that is wrong is one notification, which is changed when it becomes worse and when it
 * is over. Where something can be done about it, the notification has an action that does it. What
 * was over before it was shown is not told, and what the person has put away is not brought up
 * again unless it becomes worse. The program is not told what becomes of these notifications. The
 * object is not kept alive.
 *
 * Returns: whether it is watched; `DBR_ERROR_INVALID_ARGUMENT` if it is something else
 *
 * Since: 0.1
 */
gboolean
dbr_notifier_watch (DbrNotifier  *self,
                    GObject      *object,
                    GError      **error)
{
  DbrIncidentBoard *board;
  DbrNotifierWatched *watched;
  Reporter *reporter;

  g_return_val_if_fail (DBR_IS_NOTIFIER (self), FALSE);
  g_return_val_if_fail (G_IS_OBJECT (object), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!dbr_notifier_core_check (self->core, error))
    return FALSE;
  if (!DBR_IS_INCIDENT_SOURCE (object))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("A “%s” does not tell what is wrong; metrics, monitors and recovery do"),
                   G_OBJECT_TYPE_NAME (object));
      return FALSE;
    }

  board = dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (object));
  watched = dbr_notifier_enter_board (self, board);
  if (watched == NULL)
    return TRUE;

  reporter = g_new (Reporter, 1);
  reporter->core = dbr_notifier_core_ref (self->core);
  reporter->board = dbr_incident_board_ref (board);
  watched->watch = dbr_incident_board_watch (board, incident_cb, reporter, reporter_free);

  return TRUE;
}

/**
 * dbr_notifier_unwatch:
 * @self: a notifier
 * @object: what was watched
 *
 * Does not tell of the object any more. What is shown stays as it is.
 *
 * Since: 0.1
 */
void
dbr_notifier_unwatch (DbrNotifier *self,
                      GObject     *object)
{
  DbrNotifierWatched *watched = NULL;
  DbrIncidentBoard *board;
  guint position;

  g_return_if_fail (DBR_IS_NOTIFIER (self));
  g_return_if_fail (G_IS_OBJECT (object));

  if (!DBR_IS_INCIDENT_SOURCE (object))
    return;

  board = dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (object));
  g_mutex_lock (&self->mutex);
  if (dbr_notifier_find_board_locked (self, board, &position))
    watched = g_ptr_array_steal_index (self->watched, position);
  g_mutex_unlock (&self->mutex);

  if (watched != NULL)
    dbr_notifier_watched_free (watched);
}
