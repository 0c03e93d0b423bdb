/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-player.h"

#include <gio/gio.h>

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

/* Objects followed as an application on plain GDBus does it: each by a subscription to its changes,
 * or by a proxy. */
typedef struct
{
  GDBusConnection *connection;
  gboolean         has_proxies;
  GPtrArray       *proxies;
  guint            n_watched;
  guint            n_turns;
  gboolean         is_over;
} GdbusDevices;

static gpointer
gdbus_signal_make (const char *address)
{
  GdbusDevices *self = g_new0 (GdbusDevices, 1);

  self->connection = bench_player_connect_gdbus (address);
  self->proxies = g_ptr_array_new ();

  return self;
}

static gpointer
gdbus_proxy_make (const char *address)
{
  GdbusDevices *self = gdbus_signal_make (address);

  self->has_proxies = TRUE;

  return self;
}

static void
take_changes (GdbusDevices *self,
              GVariant     *changed)
{
  gint16 value;

  if (!g_variant_lookup (changed, "RSSI", "n", &value))
    bench_player_fail ("a change is not that of RSSI");
  if (value == BENCH_LAST_VALUE)
    self->is_over = TRUE;
}

static void
signal_cb (GDBusConnection *connection,
           const char      *sender,
           const char      *path,
           const char      *interface_name,
           const char      *signal,
           GVariant        *parameters,
           gpointer         user_data)
{
  g_autoptr(GVariant) changed = g_variant_get_child_value (parameters, 1);

  take_changes (user_data, changed);
}

static void
properties_changed_cb (GDBusProxy         *proxy,
                       GVariant           *changed,
                       const char * const *invalidated,
                       gpointer            user_data)
{
  take_changes (user_data, changed);
}

static void
add_proxy (GdbusDevices *self,
           const char   *path)
{
  g_autoptr(GError) error = NULL;
  GDBusProxy *proxy = g_dbus_proxy_new_sync (self->connection, G_DBUS_PROXY_FLAGS_NONE, NULL,
                                             BENCH_OBJECTS_NAME, path, BENCH_DEVICE_INTERFACE,
                                             NULL, &error);

  if (proxy == NULL)
    bench_player_fail ("%s", error->message);

  g_signal_connect (proxy, "g-properties-changed", G_CALLBACK (properties_changed_cb), self);
  g_ptr_array_add (self->proxies, proxy);
}

static void
watch (GdbusDevices *self,
       guint         n_objects)
{
  for (; self->n_watched < n_objects; self->n_watched++)
    {
      const char *path = bench_player_get_path (self->n_watched);

      if (self->has_proxies)
        add_proxy (self, path);
      else
        g_dbus_connection_signal_subscribe (self->connection, BENCH_OBJECTS_NAME,
                                            PROPERTIES_INTERFACE, "PropertiesChanged", path,
                                            BENCH_DEVICE_INTERFACE, G_DBUS_SIGNAL_FLAGS_NONE,
                                            signal_cb, self, NULL);
    }
}

static void
hear_turn (GdbusDevices *self)
{
  self->is_over = FALSE;
  g_dbus_connection_call (self->connection, BENCH_OBJECTS_NAME, "/", BENCH_INTERFACE,
                          bench_player_get_turn (self->n_watched, self->n_turns++), NULL, NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
  while (!self->is_over)
    g_main_context_iteration (NULL, TRUE);
}

static void
look_up (GdbusDevices *self,
         guint         n_times)
{
  GDBusProxy *proxy = g_ptr_array_index (self->proxies, 0);

  for (guint i = 0; i < n_times; i++)
    {
      GVariant *value = g_dbus_proxy_get_cached_property (proxy, "RSSI");

      if (value == NULL)
        bench_player_fail ("nothing is known of it");
      g_variant_unref (value);
    }
}

static void
play (gpointer         client,
      const BenchTask *task)
{
  if (task->call == BENCH_CALL_WATCH)
    watch (client, task->n_calls);
  else if (task->call == BENCH_CALL_CACHED)
    look_up (client, task->n_calls);
  else
    for (guint n = 0; n < task->n_calls; n += BENCH_TURN)
      hear_turn (client);
}

const BenchClient bench_client_gdbus_signal = { "gdbus-signal", gdbus_signal_make, NULL, play };
const BenchClient bench_client_gdbus_proxy = { "gdbus-proxy", gdbus_proxy_make, NULL, play };
