/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-tap.h"

#define MONITORING "org.freedesktop.DBus.Monitoring"
#define MARK_PATH "/org/dbr/Tap"
#define MARK_INTERFACE "org.dbr.Tap"

struct _DbrTap
{
  /* identity */
  char            *unique_name;
  /* a monitor, which must not send anything more, and who marks where it is */
  GDBusConnection *monitor;
  GDBusConnection *marker;

  /* state, atomic: the filter runs in GDBus's worker */
  int              n_calls;
  int              n_marks_seen;
  int              n_marks;
};

/* GDBus would answer the calls, and a monitor that sends anything is thrown out. */
static GDBusMessage *
filter_cb (GDBusConnection *connection,
           GDBusMessage    *message,
           gboolean         is_incoming,
           gpointer         user_data)
{
  GDBusMessageType type = g_dbus_message_get_message_type (message);
  DbrTap *self = user_data;

  if (!is_incoming || type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR)
    return message;

  if (type == G_DBUS_MESSAGE_TYPE_SIGNAL)
    {
      if (g_strcmp0 (g_dbus_message_get_interface (message), MARK_INTERFACE) == 0)
        g_atomic_int_inc (&self->n_marks_seen);
    }
  else if (g_strcmp0 (g_dbus_message_get_sender (message), self->unique_name) == 0)
    {
      g_atomic_int_inc (&self->n_calls);
    }
  g_object_unref (message);

  return NULL;
}

DbrTap *
dbr_tap_new (DbrTestBus *bus,
             const char *unique_name)
{
  DbrTap *self = g_new0 (DbrTap, 1);
  const char *const rules[] = { NULL };
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  self->unique_name = g_strdup (unique_name);
  self->marker = dbr_test_bus_connect (bus);
  self->monitor = dbr_test_bus_connect (bus);
  g_dbus_connection_add_filter (self->monitor, filter_cb, self, NULL);
  reply = dbr_test_call (self->monitor, "org.freedesktop.DBus", "/org/freedesktop/DBus", MONITORING,
                         "BecomeMonitor", g_variant_new ("(^asu)", rules, 0), -1, &error);
  g_assert_no_error (error);

  return self;
}

void
dbr_tap_free (DbrTap *self)
{
  g_dbus_connection_close_sync (self->monitor, NULL, NULL);
  g_dbus_connection_close_sync (self->marker, NULL, NULL);
  g_object_unref (self->monitor);
  g_object_unref (self->marker);
  g_free (self->unique_name);
  g_free (self);
}

guint
dbr_tap_count (DbrTap *self)
{
  g_autoptr(GError) error = NULL;

  self->n_marks++;
  g_dbus_connection_emit_signal (self->marker, NULL, MARK_PATH, MARK_INTERFACE, "Mark", NULL,
                                 &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, g_atomic_int_get (&self->n_marks_seen) == self->n_marks,
                       DBR_TEST_PATIENCE_MS);

  return (guint) g_atomic_int_get (&self->n_calls);
}
