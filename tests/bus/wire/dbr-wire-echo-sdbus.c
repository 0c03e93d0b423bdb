/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

/* A server in sd-bus that listens at a path, lets in one client, and gives back what it is given. */

static int
check (int         result,
       const char *what)
{
  if (result >= 0)
    return result;

  fprintf (stderr, "dbr-wire-echo-sdbus: %s: %s\n", what, strerror (-result));
  exit (EXIT_FAILURE);
}

static int
echo_cb (sd_bus_message *message,
         void           *user_data,
         sd_bus_error   *error)
{
  sd_bus_message *reply = NULL;

  if (!sd_bus_message_is_method_call (message, NULL, "Echo"))
    return 0;

  check (sd_bus_message_new_method_return (message, &reply), "a reply");
  check (sd_bus_message_copy (reply, message, 1), "copying");
  check (sd_bus_send (NULL, reply, NULL), "answering");
  sd_bus_message_unref (reply);

  return 1;
}

static int
accept_one (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int listening = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  strncpy (address.sun_path, path, sizeof address.sun_path - 1);
  if (bind (listening, (struct sockaddr *) &address, sizeof address) < 0
      || listen (listening, 1) < 0)
    {
      perror ("dbr-wire-echo-sdbus");
      exit (EXIT_FAILURE);
    }
  puts ("ready");
  fflush (stdout);

  return accept4 (listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int
main (int    argc,
      char **argv)
{
  sd_bus *bus = NULL;
  sd_id128_t id;
  int fd;

  if (argc != 2)
    return EXIT_FAILURE;

  fd = accept_one (argv[1]);
  check (sd_id128_randomize (&id), "an id");
  check (sd_bus_new (&bus), "new");
  check (sd_bus_set_fd (bus, fd, fd), "the socket");
  check (sd_bus_set_server (bus, 1, id), "being a server");
  check (sd_bus_negotiate_fds (bus, 1), "descriptors");
  check (sd_bus_add_filter (bus, NULL, echo_cb, NULL), "the filter");
  check (sd_bus_start (bus), "the start");

  for (;;)
    {
      if (check (sd_bus_process (bus, NULL), "its loop") == 0)
        check (sd_bus_wait (bus, UINT64_MAX), "waiting");
    }
}
