/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-player.h"

#include <string.h>
#include <systemd/sd-bus.h>

typedef struct
{
  sd_bus *bus;
  guint   n_to_send;
  guint   n_done;
} SdbusClient;

static void
check (int         result,
       const char *what)
{
  if (result < 0)
    bench_player_fail ("sd-bus: %s: %s", what, g_strerror (-result));
}

static void
sdbus_check_reply (sd_bus_message *reply)
{
  const char *text;

  if (sd_bus_message_is_method_error (reply, NULL))
    bench_player_fail ("sd-bus: %s", sd_bus_message_get_error (reply)->message);

  check (sd_bus_message_read (reply, "s", &text), "the reply");
  if (strcmp (text, BENCH_PAYLOAD) != 0)
    bench_player_fail ("the echo of %s was %s", BENCH_PAYLOAD, text);
}

static gpointer
sdbus_make (const char *address)
{
  SdbusClient *self = g_new0 (SdbusClient, 1);

  check (sd_bus_new (&self->bus), "new");
  check (sd_bus_set_address (self->bus, address), "the address");
  check (sd_bus_set_bus_client (self->bus, 1), "the bus");
  check (sd_bus_start (self->bus), "the connection");

  return self;
}

static void
sdbus_call (SdbusClient *self)
{
  sd_bus_message *reply = NULL;

  check (sd_bus_call_method (self->bus, BENCH_NAME, BENCH_PATH, BENCH_INTERFACE, "Echo", NULL,
                             &reply, "s", BENCH_PAYLOAD), "a call");
  sdbus_check_reply (reply);
  sd_bus_message_unref (reply);
}

static void sdbus_send (SdbusClient *self);

static int
answered_cb (sd_bus_message *reply,
             void           *user_data,
             sd_bus_error   *error)
{
  SdbusClient *self = user_data;

  sdbus_check_reply (reply);
  self->n_done++;
  if (self->n_to_send > 0)
    sdbus_send (self);

  return 1;
}

static void
sdbus_send (SdbusClient *self)
{
  self->n_to_send--;
  check (sd_bus_call_method_async (self->bus, NULL, BENCH_NAME, BENCH_PATH, BENCH_INTERFACE, "Echo",
                                   answered_cb, self, "s", BENCH_PAYLOAD), "a call");
}

static void
sdbus_play (gpointer         client,
            const BenchTask *task)
{
  SdbusClient *self = client;

  if (task->is_sync)
    {
      for (guint i = 0; i < task->n_calls; i++)
        sdbus_call (self);
      return;
    }

  self->n_to_send = task->n_calls;
  self->n_done = 0;
  for (guint i = 0; i < task->n_in_flight && self->n_to_send > 0; i++)
    sdbus_send (self);
  while (self->n_done < task->n_calls)
    {
      int result = sd_bus_process (self->bus, NULL);

      check (result, "its loop");
      if (result == 0)
        check (sd_bus_wait (self->bus, G_MAXUINT64), "waiting");
    }
}

const BenchClient bench_client_sdbus = { "sd-bus", sdbus_make, NULL, sdbus_play };
