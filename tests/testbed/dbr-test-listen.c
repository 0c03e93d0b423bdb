/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-test-listen.h"

/* Knows a subscription by what it emits alone, as nothing here knows libdbr. */

/* The subscription, and what it has received in five arguments. */
#define N_VALUES 6

static void
received_marshal (GClosure     *closure,
                  GValue       *result,
                  guint         n_values,
                  const GValue *values,
                  gpointer      hint,
                  gpointer      data)
{
  DbrTestSignalFunc func = (DbrTestSignalFunc) ((GCClosure *) closure)->callback;
  DbrTestSignal heard;

  g_assert_cmpuint (n_values, ==, N_VALUES);
  heard.source = g_value_get_object (&values[0]);
  heard.sender = g_value_get_string (&values[1]);
  heard.object_path = g_value_get_string (&values[2]);
  heard.interface_name = g_value_get_string (&values[3]);
  heard.member = g_value_get_string (&values[4]);
  heard.parameters = g_value_get_variant (&values[5]);
  func (&heard, closure->data);
}

void
dbr_test_listen (gpointer          subscription,
                 DbrTestSignalFunc func,
                 gpointer          user_data)
{
  GClosure *closure = g_cclosure_new (G_CALLBACK (func), user_data, NULL);

  g_closure_set_marshal (closure, received_marshal);
  g_signal_connect_closure (subscription, "received", closure, FALSE);
}

typedef struct
{
  DbrTestSignalFunc func;
  gpointer          user_data;
  GDestroyNotify    destroy;
} Listener;

static void
listener_free (gpointer data)
{
  Listener *self = data;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_free (self);
}

static void
heard_cb (GDBusConnection *connection,
          const char      *sender,
          const char      *object_path,
          const char      *interface_name,
          const char      *member,
          GVariant        *parameters,
          gpointer         user_data)
{
  const Listener *listener = user_data;
  DbrTestSignal heard = { sender, object_path, interface_name, member, parameters, connection };

  listener->func (&heard, listener->user_data);
}

void
dbr_test_listen_on_bus (GDBusConnection   *connection,
                        const char        *sender,
                        const char        *interface_name,
                        const char        *member,
                        DbrTestSignalFunc  func,
                        gpointer           user_data,
                        GDestroyNotify     destroy)
{
  Listener *listener = g_new (Listener, 1);

  listener->func = func;
  listener->user_data = user_data;
  listener->destroy = destroy;
  g_dbus_connection_signal_subscribe (connection, sender, interface_name, member, NULL, NULL,
                                      G_DBUS_SIGNAL_FLAGS_NONE, heard_cb, listener, listener_free);
}

void
dbr_test_count_signal (const DbrTestSignal *heard,
                       gpointer             counter)
{
  *(guint *) counter += 1;
}
