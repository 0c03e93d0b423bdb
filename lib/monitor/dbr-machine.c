/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-machine-private.h"

#include <string.h>

/* The share of the last ten seconds, in percent, in which nothing at all went on. */
#define MAX_PRESSURE 40.0
#define LOOK_USEC G_USEC_PER_SEC

/* The line reads: full avg10=0.00 avg60=0.00 avg300=0.00 total=0. Where the kernel does not tell,
 * it is none. */
static double
read_pressure (const char *path)
{
  g_autofree char *text = NULL;
  const char *full;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;

  full = strstr (text, "full avg10=");

  return full != NULL ? g_ascii_strtod (full + strlen ("full avg10="), NULL) : 0;
}

gboolean
dbr_machine_is_pressed (void)
{
  static gint64 looked_usec = 0;
  static gint is_pressed = FALSE;
  gint64 now = g_get_monotonic_time ();

  /* That two threads look at the same time does no harm. */
  if (looked_usec == 0 || now - looked_usec >= LOOK_USEC)
    {
      looked_usec = now;
      g_atomic_int_set (&is_pressed, read_pressure ("/proc/pressure/memory") > MAX_PRESSURE
                        || read_pressure ("/proc/pressure/cpu") > MAX_PRESSURE);
    }

  return g_atomic_int_get (&is_pressed);
}

/* The name of the program stands in brackets and may hold anything, brackets too. */
static gboolean
is_stopped (guint pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/stat", pid);
  g_autofree char *text = NULL;
  const char *end;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;

  end = strrchr (text, ')');

  return end != NULL && (g_str_has_prefix (end, ") T") || g_str_has_prefix (end, ") t"));
}

/* The unified hierarchy says of a group whether it is frozen by itself or by one above it. */
static gboolean
is_cgroup_frozen (guint pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/cgroup", pid);
  g_autofree char *text = NULL;
  g_autofree char *events_path = NULL;
  g_autofree char *events = NULL;
  g_auto(GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;

  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "0::/") && strstr (lines[i], "/..") == NULL)
      events_path = g_build_filename ("/sys/fs/cgroup", lines[i] + strlen ("0::"), "cgroup.events",
                                      NULL);

  return events_path != NULL && g_file_get_contents (events_path, &events, NULL, NULL)
         && strstr (events, "frozen 1") != NULL;
}

DbrFreeze
dbr_machine_see_freeze (guint pid)
{
  if (pid == 0)
    return DBR_FREEZE_NONE;
  if (is_cgroup_frozen (pid))
    return DBR_FREEZE_CGROUP;

  return is_stopped (pid) ? DBR_FREEZE_STOPPED : DBR_FREEZE_NONE;
}
