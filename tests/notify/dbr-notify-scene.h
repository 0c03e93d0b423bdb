/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

#include "dbr-testbed.h"

G_BEGIN_DECLS

#define SCENE_NAME "org.freedesktop.Notifications"
#define SCENE_PATH "/org/freedesktop/Notifications"
#define SCENE_LIMIT_MS 2000
#define SCENE_GRACE_MS 1000

/* A session bus, perhaps a desktop on it, and a notifier with what it told. */
typedef struct
{
  DbrTestBus  *bus;
  DbrTestPeer *desktop;
  DbrNotifier *notifier;

  GPtrArray   *actions;
  GString     *closed;
  guint        n_stalled;
  gint64       silent_usec;
  guint        n_recovered;
  gint64       down_usec;
} Scene;

/* One notification sent, and what came of it. */
typedef struct
{
  guint   n_ended;
  guint   id;
  GError *error;
  gint64  began_usec;
  gint64  ended_usec;
} Sent;

static void
scene_invoked_cb (DbrNotifier *notifier,
                  guint        id,
                  const char  *action,
                  Scene       *self)
{
  g_ptr_array_add (self->actions, g_strdup_printf ("%u %s", id, action));
}

static void
scene_closed_cb (DbrNotifier    *notifier,
                 guint           id,
                 DbrCloseReason  reason,
                 Scene          *self)
{
  g_autoptr(GEnumClass) klass = g_type_class_ref (DBR_TYPE_CLOSE_REASON);

  g_string_append_printf (self->closed, "%u %s;", id,
                          g_enum_get_value (klass, (int) reason)->value_nick);
}

static void
scene_stalled_cb (DbrNotifier *notifier,
                  gint64       silent_usec,
                  Scene       *self)
{
  self->n_stalled++;
  self->silent_usec = silent_usec;
}

static void
scene_recovered_cb (DbrNotifier *notifier,
                    gint64       down_usec,
                    Scene       *self)
{
  self->n_recovered++;
  self->down_usec = down_usec;
}

static inline void
scene_start_desktop (Scene      *self,
                     const char *script)
{
  g_clear_pointer (&self->desktop, dbr_test_peer_free);
  self->desktop = dbr_test_peer_new (self->bus, SCENE_NAME, script);
}

/* Begins anew with a notifier of this kind. */
static inline void
scene_use_backend (Scene              *self,
                   DbrNotifierBackend  backend)
{
  g_clear_object (&self->notifier);
  self->notifier = g_object_new (DBR_TYPE_NOTIFIER, "app-name", "Player", "backend", backend, NULL);
  g_signal_connect (self->notifier, "action-invoked", G_CALLBACK (scene_invoked_cb), self);
  g_signal_connect (self->notifier, "closed", G_CALLBACK (scene_closed_cb), self);
  g_signal_connect (self->notifier, "stalled", G_CALLBACK (scene_stalled_cb), self);
  g_signal_connect (self->notifier, "recovered", G_CALLBACK (scene_recovered_cb), self);
}

static inline void
scene_init_full (Scene           *self,
                 DbrTestBusFlags  flags,
                 const char      *script)
{
  *self = (Scene) {
    .bus = dbr_test_bus_new_full (DBR_TEST_BUS_SESSION_LIMITS | flags),
    .actions = g_ptr_array_new_with_free_func (g_free),
    .closed = g_string_new (NULL),
  };
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", dbr_test_bus_get_address (self->bus), TRUE);
  if (script != NULL)
    scene_start_desktop (self, script);
  scene_use_backend (self, DBR_NOTIFIER_BACKEND_DIRECT);
}

/* With a desktop that does as the script says; NULL: without one. */
static inline void
scene_init (Scene      *self,
            const char *script)
{
  scene_init_full (self, DBR_TEST_BUS_NONE, script);
}

static inline void
scene_clear (Scene *self)
{
  if (self->notifier != NULL)
    g_assert_finalize_object (self->notifier);
  g_clear_pointer (&self->desktop, dbr_test_peer_free);
  g_clear_pointer (&self->bus, dbr_test_bus_free);
  g_ptr_array_unref (self->actions);
  g_string_free (self->closed, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static inline void
sent_clear (Sent *self)
{
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sent, sent_clear)

static void
scene_sent_cb (GObject      *notifier,
               GAsyncResult *result,
               gpointer      user_data)
{
  Sent *sent = user_data;

  if (g_async_result_is_tagged (result, dbr_notifier_send_async))
    sent->id = dbr_notifier_send_finish (DBR_NOTIFIER (notifier), result, &sent->error);
  else
    sent->id = dbr_notifier_send_full_finish (DBR_NOTIFIER (notifier), result, &sent->error);
  sent->ended_usec = g_get_monotonic_time ();
  sent->n_ended++;
}

static inline void
scene_send (Scene      *self,
            const char *summary,
            DbrUrgency  urgency,
            Sent       *sent)
{
  sent->began_usec = g_get_monotonic_time ();
  dbr_notifier_send_async (self->notifier, summary, "Body", NULL, urgency, -1, NULL, scene_sent_cb,
                           sent);
}

static inline void
scene_send_full (Scene              *self,
                 const char         *summary,
                 const char * const *actions,
                 guint               replaces_id,
                 Sent               *sent)
{
  sent->began_usec = g_get_monotonic_time ();
  dbr_notifier_send_full_async (self->notifier, summary, "Body", NULL, DBR_URGENCY_NORMAL, -1,
                                actions, NULL, replaces_id, NULL, scene_sent_cb, sent);
}

static inline void
scene_wait (Sent *sent)
{
  dbr_test_wait_until (NULL, sent->n_ended > 0, DBR_TEST_PATIENCE_MS);
}

/* Sends one and waits for it. Returns its id. */
static inline guint
scene_show (Scene      *self,
            const char *summary)
{
  g_auto(Sent) sent = { 0 };

  scene_send (self, summary, DBR_URGENCY_NORMAL, &sent);
  scene_wait (&sent);
  g_assert_no_error (sent.error);
  g_assert_cmpuint (sent.id, !=, 0);

  return sent.id;
}

/* That it ended at the limit: not before it, and within the grace after. */
static inline void
sent_assert_late (Sent *self,
                  int   code)
{
  gint64 elapsed_ms = (self->ended_usec - self->began_usec) / 1000;

  g_assert_error (self->error, DBR_ERROR, code);
  g_assert_cmpuint (self->n_ended, ==, 1);
  g_assert_cmpint (elapsed_ms, >=, SCENE_LIMIT_MS - 1);
  g_assert_cmpint (elapsed_ms, <=, SCENE_LIMIT_MS + SCENE_GRACE_MS);
}

static inline guint
scene_count_shown (Scene *self)
{
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (self->bus);
  g_autoptr(GVariant) reply = dbr_test_call_peer (connection, SCENE_NAME, "CountNotices", NULL,
                                                  NULL);
  guint n;

  g_variant_get (reply, "(u)", &n);

  return n;
}

/* What the desktop was sent last. */
static inline GVariant *
scene_dup_last (Scene *self)
{
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (self->bus);
  g_autoptr(GVariant) reply = dbr_test_call_peer (connection, SCENE_NAME, "LastNotice", NULL, NULL);
  GVariant *notice;

  g_variant_get (reply, "(v)", &notice);

  return notice;
}

/* What a person does, or the desktop by itself, with what it shows. */
#define scene_emit(scene, signal, format, ...) \
  dbr_test_peer_tell ((scene)->desktop, "emit " SCENE_PATH " " SCENE_NAME "." signal " " format, \
                      __VA_ARGS__)

/* Time passes, and the loop goes on. */
static gboolean
scene_passed_cb (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;

  return G_SOURCE_REMOVE;
}

static inline void
scene_pass (guint ms)
{
  gboolean has_passed = FALSE;

  g_timeout_add (ms, scene_passed_cb, &has_passed);
  while (!has_passed)
    g_main_context_iteration (NULL, TRUE);
}

G_END_DECLS
