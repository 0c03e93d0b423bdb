/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-player.h"

#include <libdbr.h>

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

/* The same objects followed by libdbr: each by a subscription of its own or by a proxy, or all by one
 * subscription to what lies below a path. */
typedef struct
{
  DbrClient *client;
  gboolean   has_proxies;
  gboolean   has_one;
  GPtrArray *ears;
  guint      n_watched;
  guint      n_turns;
  gboolean   is_over;
} LibdbrDevices;

static gpointer
libdbr_signal_make (const char *address)
{
  LibdbrDevices *self = g_new0 (LibdbrDevices, 1);

  self->client = dbr_client_new_for_address (address);
  self->ears = g_ptr_array_new ();

  return self;
}

static gpointer
libdbr_proxy_make (const char *address)
{
  LibdbrDevices *self = libdbr_signal_make (address);

  self->has_proxies = TRUE;

  return self;
}

static gpointer
libdbr_namespace_make (const char *address)
{
  LibdbrDevices *self = libdbr_signal_make (address);

  self->has_one = TRUE;

  return self;
}

/* The client is alone in its process. */

static gpointer
libdbr_gdbus_signal_make (const char *address)
{
  g_setenv ("DBR_TRANSPORT", "gdbus", TRUE);

  return libdbr_signal_make (address);
}

static gpointer
libdbr_gdbus_proxy_make (const char *address)
{
  g_setenv ("DBR_TRANSPORT", "gdbus", TRUE);

  return libdbr_proxy_make (address);
}

static void
take_changes (LibdbrDevices *self,
              GVariant      *changed)
{
  gint16 value;

  if (!g_variant_lookup (changed, "RSSI", "n", &value))
    bench_player_fail ("a change is not that of RSSI");
  if (value == BENCH_LAST_VALUE)
    self->is_over = TRUE;
}

static void
received_cb (DbrSubscription *subscription,
             const char      *sender,
             const char      *path,
             const char      *interface_name,
             const char      *member,
             GVariant        *parameters,
             gpointer         user_data)
{
  g_autoptr(GVariant) changed = g_variant_get_child_value (parameters, 1);

  take_changes (user_data, changed);
}

static void
properties_changed_cb (DbrProxy           *proxy,
                       GVariant           *changed,
                       const char * const *invalidated,
                       gpointer            user_data)
{
  take_changes (user_data, changed);
}

static GObject *
proxy_new (LibdbrDevices *self,
           const char    *path)
{
  g_autoptr(GError) error = NULL;
  DbrProxy *proxy = dbr_client_get_proxy_sync (self->client, BENCH_OBJECTS_NAME, path,
                                               BENCH_DEVICE_INTERFACE, NULL, &error);

  if (proxy == NULL)
    bench_player_fail ("%s", error->message);

  g_signal_connect (proxy, "properties-changed", G_CALLBACK (properties_changed_cb), self);

  return G_OBJECT (proxy);
}

static GObject *
subscription_new (LibdbrDevices        *self,
                  const char           *path,
                  DbrSubscriptionFlags  flags)
{
  g_autoptr(GError) error = NULL;
  DbrSubscription *subscription = dbr_subscription_new (self->client, BENCH_OBJECTS_NAME, path,
                                                        PROPERTIES_INTERFACE, "PropertiesChanged",
                                                        BENCH_DEVICE_INTERFACE, flags);

  g_signal_connect (subscription, "received", G_CALLBACK (received_cb), self);
  if (!dbr_subscription_start_sync (subscription, NULL, &error))
    bench_player_fail ("%s", error->message);

  return G_OBJECT (subscription);
}

static void
watch (LibdbrDevices *self,
       guint          n_objects)
{
  if (self->has_one && self->n_watched == 0)
    g_ptr_array_add (self->ears, subscription_new (self, "/org/bluez/hci0",
                                                   DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE));
  for (guint i = self->n_watched; i < n_objects && !self->has_one; i++)
    {
      const char *path = bench_player_get_path (i);

      g_ptr_array_add (self->ears, self->has_proxies
                                   ? proxy_new (self, path)
                                   : subscription_new (self, path, DBR_SUBSCRIPTION_FLAGS_NONE));
    }
  self->n_watched = n_objects;

  /* What a proxy tells when it is made is nothing that is to be heard. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
asked_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dbr_client_call_finish (DBR_CLIENT (source), result, &error);

  if (reply == NULL)
    bench_player_fail ("%s", error->message);
}

static void
hear_turn (LibdbrDevices *self)
{
  self->is_over = FALSE;
  dbr_client_call_async (self->client, BENCH_OBJECTS_NAME, "/", BENCH_INTERFACE,
                         bench_player_get_turn (self->n_watched, self->n_turns++), NULL, NULL,
                         0, NULL, asked_cb, NULL);
  while (!self->is_over)
    g_main_context_iteration (NULL, TRUE);
}

static void
look_up (LibdbrDevices *self,
         guint          n_times)
{
  DbrProxy *proxy = g_ptr_array_index (self->ears, 0);

  for (guint i = 0; i < n_times; i++)
    {
      GVariant *value = dbr_proxy_get_cached (proxy, "RSSI");

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

const BenchClient bench_client_libdbr_signal = {
  "libdbr-signal", libdbr_signal_make, NULL, play,
};
const BenchClient bench_client_libdbr_gdbus_signal = {
  "libdbr-gdbus-signal", libdbr_gdbus_signal_make, NULL, play,
};
const BenchClient bench_client_libdbr_namespace = {
  "libdbr-namespace", libdbr_namespace_make, NULL, play,
};
const BenchClient bench_client_libdbr_proxy = {
  "libdbr-proxy", libdbr_proxy_make, NULL, play,
};
const BenchClient bench_client_libdbr_gdbus_proxy = {
  "libdbr-gdbus-proxy", libdbr_gdbus_proxy_make, NULL, play,
};
