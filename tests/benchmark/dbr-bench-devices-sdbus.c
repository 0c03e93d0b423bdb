/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-player.h"

#include <systemd/sd-bus.h>

/* The same objects followed by sd-bus, each by a match of its own. */
typedef struct
{
  sd_bus  *bus;
  guint    n_watched;
  guint    n_turns;
  gboolean is_over;
} SdbusDevices;

static void
check (int         result,
       const char *what)
{
  if (result < 0)
    bench_player_fail ("sd-bus: %s: %s", what, g_strerror (-result));
}

static gpointer
sdbus_make (const char *address)
{
  SdbusDevices *self = g_new0 (SdbusDevices, 1);

  check (sd_bus_new (&self->bus), "new");
  check (sd_bus_set_address (self->bus, address), "the address");
  check (sd_bus_set_bus_client (self->bus, 1), "the bus");
  check (sd_bus_start (self->bus), "the connection");

  return self;
}

static int
changed_cb (sd_bus_message *message,
            void           *user_data,
            sd_bus_error   *error)
{
  SdbusDevices *self = user_data;
  const char *name;
  gint16 value;

  check (sd_bus_message_skip (message, "s"), "an interface");
  check (sd_bus_message_enter_container (message, 'a', "{sv}"), "changes");
  check (sd_bus_message_enter_container (message, 'e', "sv"), "a change");
  check (sd_bus_message_read (message, "s", &name), "a name");
  check (sd_bus_message_read (message, "v", "n", &value), "a value");
  if (value == BENCH_LAST_VALUE)
    self->is_over = TRUE;

  return 0;
}

static void
watch (SdbusDevices *self,
       guint         n_objects)
{
  for (; self->n_watched < n_objects; self->n_watched++)
    {
      g_autofree char *rule =
        g_strdup_printf ("type='signal',sender='" BENCH_OBJECTS_NAME "',path='%s',"
                         "interface='org.freedesktop.DBus.Properties',"
                         "member='PropertiesChanged',arg0='" BENCH_DEVICE_INTERFACE "'",
                         bench_player_get_path (self->n_watched));

      check (sd_bus_add_match (self->bus, NULL, rule, changed_cb, self), "a match");
    }
}

static void
hear_turn (SdbusDevices *self)
{
  self->is_over = FALSE;
  check (sd_bus_call_method_async (self->bus, NULL, BENCH_OBJECTS_NAME, "/", BENCH_INTERFACE,
                                   bench_player_get_turn (self->n_watched, self->n_turns++),
                                   NULL, NULL, NULL), "a call");
  while (!self->is_over)
    {
      int result = sd_bus_process (self->bus, NULL);

      check (result, "its loop");
      if (result == 0)
        check (sd_bus_wait (self->bus, G_MAXUINT64), "waiting");
    }
}

static void
sdbus_play (gpointer         client,
            const BenchTask *task)
{
  if (task->call == BENCH_CALL_WATCH)
    watch (client, task->n_calls);
  else
    for (guint n = 0; n < task->n_calls; n += BENCH_TURN)
      hear_turn (client);
}

const BenchClient bench_client_sdbus_signal = { "sd-bus-signal", sdbus_make, NULL, sdbus_play };
