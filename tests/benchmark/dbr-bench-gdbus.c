/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-player.h"

#include <gio/gio.h>

/* Plain GDBus as an application uses it: its own time limit, its own task. */
typedef struct
{
  GDBusConnection *connection;
  BenchCall        call;
  guint            n_to_send;
  guint            n_done;
} GdbusClient;

static gpointer
gdbus_make (const char *address)
{
  GdbusClient *self = g_new0 (GdbusClient, 1);

  self->connection = bench_player_connect_gdbus (address);

  return self;
}

static void
gdbus_call (GdbusClient *self)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = NULL;

  reply = g_dbus_connection_call_sync (self->connection, BENCH_NAME, BENCH_PATH, BENCH_INTERFACE,
                                       "Echo", g_variant_new ("(s)", BENCH_PAYLOAD),
                                       G_VARIANT_TYPE ("(s)"), G_DBUS_CALL_FLAGS_NONE, -1,
                                       NULL, &error);
  bench_player_check_reply (BENCH_CALL_ECHO, reply, error);
}

static void gdbus_send (GdbusClient *self);

static void
answered_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  GdbusClient *self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = g_dbus_connection_call_finish (self->connection, result, &error);

  bench_player_check_reply (self->call, reply, error);
  self->n_done++;
  if (self->n_to_send > 0)
    gdbus_send (self);
}

static void
gdbus_send (GdbusClient *self)
{
  self->n_to_send--;
  g_dbus_connection_call (self->connection, BENCH_NAME, BENCH_PATH, BENCH_INTERFACE,
                          bench_call_get_method (self->call),
                          g_variant_new ("(s)", BENCH_PAYLOAD), G_VARIANT_TYPE ("(s)"),
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, answered_cb, self);
}

static void
gdbus_play (gpointer         client,
            const BenchTask *task)
{
  GdbusClient *self = client;

  if (task->is_sync)
    {
      for (guint i = 0; i < task->n_calls; i++)
        gdbus_call (self);
      return;
    }

  self->call = task->call;
  self->n_to_send = task->n_calls;
  self->n_done = 0;
  for (guint i = 0; i < task->n_in_flight && self->n_to_send > 0; i++)
    gdbus_send (self);
  while (self->n_done < task->n_calls)
    g_main_context_iteration (NULL, TRUE);
}

static void
parked_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  bench_player_fail ("a call that is never answered came back");
}

static void
gdbus_park (gpointer client,
            guint    n_calls)
{
  GdbusClient *self = client;

  for (guint i = 0; i < n_calls; i++)
    g_dbus_connection_call (self->connection, BENCH_NAME, BENCH_PATH, BENCH_INTERFACE,
                            "Never", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, BENCH_PARKED_MS,
                            NULL, parked_cb, NULL);

  /* When this one is answered, those before it have been sent. */
  gdbus_call (self);
}

const BenchClient bench_client_gdbus = { "gdbus", gdbus_make, gdbus_park, gdbus_play };
