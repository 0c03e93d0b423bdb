/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-player.h"

#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>

/* The other end of all calls, as fast as can be had so that it is not what is measured. */

static guint n_heard;

static int
echo_cb (sd_bus_message *message,
         void           *user_data,
         sd_bus_error   *error)
{
  const char *text;
  int result = sd_bus_message_read (message, "s", &text);

  n_heard++;

  return result < 0 ? result : sd_bus_reply_method_return (message, "s", text);
}

static int
echo_slowly_cb (sd_bus_message *message,
                void           *user_data,
                sd_bus_error   *error)
{
  /* What a service does that works for a millisecond on each call. */
  g_usleep (1000);

  return echo_cb (message, user_data, error);
}

static int
never_cb (sd_bus_message *message,
          void           *user_data,
          sd_bus_error   *error)
{
  n_heard++;

  return 1;
}

static int
count_cb (sd_bus_message *message,
          void           *user_data,
          sd_bus_error   *error)
{
  return sd_bus_reply_method_return (message, "u", n_heard);
}

static const sd_bus_vtable vtable[] = {
  SD_BUS_VTABLE_START (0),
  SD_BUS_METHOD ("Echo", "s", "s", echo_cb, SD_BUS_VTABLE_UNPRIVILEGED),
  SD_BUS_METHOD ("EchoSlowly", "s", "s", echo_slowly_cb, SD_BUS_VTABLE_UNPRIVILEGED),
  SD_BUS_METHOD ("Never", "", "", never_cb, SD_BUS_VTABLE_UNPRIVILEGED),
  SD_BUS_METHOD ("Count", "", "u", count_cb, SD_BUS_VTABLE_UNPRIVILEGED),
  SD_BUS_VTABLE_END
};

static int
check (int         result,
       const char *what)
{
  if (result >= 0)
    return result;

  fprintf (stderr, "dbr-bench-service: %s: %s\n", what, g_strerror (-result));
  exit (EXIT_FAILURE);
}

int
main (int    argc,
      char **argv)
{
  sd_bus *bus = NULL;

  if (argc != 2)
    return EXIT_FAILURE;

  check (sd_bus_new (&bus), "new");
  check (sd_bus_set_address (bus, argv[1]), "the address");
  check (sd_bus_set_bus_client (bus, 1), "the bus");
  check (sd_bus_start (bus), "the connection");
  check (sd_bus_add_object_vtable (bus, NULL, BENCH_PATH, BENCH_INTERFACE, vtable, NULL),
         "the object");
  check (sd_bus_request_name (bus, BENCH_NAME, 0), "the name");
  puts ("ready");
  fflush (stdout);

  for (;;)
    {
      if (check (sd_bus_process (bus, NULL), "its loop") == 0)
        check (sd_bus_wait (bus, G_MAXUINT64), "waiting");
    }
}
