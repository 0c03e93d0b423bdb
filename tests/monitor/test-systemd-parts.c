/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <libdbr.h>

#include "monitor/dbr-boot-times-private.h"
#include "monitor/dbr-systemd-jobs-private.h"
#include "monitor/dbr-systemd-name-private.h"

/* What needs no systemd. */

static void
test_names (void)
{
  const struct
  {
    const char *given;
    const char *name;
  } names[] = {
    { "cups", "cups.service" },
    { "cups.service", "cups.service" },
    { "cups.socket", "cups.socket" },
    { "dbus-org.bluez", "dbus-org.bluez.service" },
    { "getty@tty1", "getty@tty1.service" },
    { "dev-sda.device", "dev-sda.device" },
    { "/", "-.mount" },
    { "/mnt/my disk", "mnt-my\\x20disk.mount" },
    { "/.hidden//x-y/", "\\x2ehidden-x\\x2dy.mount" },
    { "/dev/sda1", "dev-sda1.device" },
    { "a.b.c", "a.b.c.service" },
  };

  g_test_summary ("names get their suffix, and paths become mounts and devices, as systemd has it");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *name = dbr_systemd_name_complete (names[i].given, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (name, ==, names[i].name);
    }
}

static void
test_bad_names (void)
{
  g_autofree char *long_name = g_strnfill (300, 'a');
  const char *names[] = { "", "a b", "a/b", ".service", "@x.service", "x@", "x@.service", "größe",
                          "a\n", "a\xff", long_name };

  g_test_summary ("what cannot be the name of a unit is an error that says so");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *name = dbr_systemd_name_complete (names[i], &error);

      g_assert_null (name);
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

static void
test_patterns (void)
{
  const char *const given[] = { "cups", "ssh*", "[ab].socket", NULL };
  const char *const bad[] = { "ssh*", "a b", NULL };
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) patterns = dbr_systemd_name_complete_patterns (given, &error);
  g_auto(GStrv) none = dbr_systemd_name_complete_patterns (NULL, &error);
  g_auto(GStrv) refused = NULL;

  g_test_summary ("patterns stay as they are, names among them are completed");
  g_assert_no_error (error);
  g_assert_cmpstr (patterns[0], ==, "cups.service");
  g_assert_cmpstr (patterns[1], ==, "ssh*");
  g_assert_cmpstr (patterns[2], ==, "[ab].socket");
  g_assert_cmpuint (g_strv_length (none), ==, 0);
  refused = dbr_systemd_name_complete_patterns (bad, &error);
  g_assert_null (refused);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_paths (void)
{
  const struct
  {
    const char *name;
    const char *path;
  } paths[] = {
    { "foo.service", "foo_2eservice" },
    { "getty@tty1.service", "getty_40tty1_2eservice" },
    { "1.target", "_31_2etarget" },
    { "a_b-c.mount", "a_5fb_2dc_2emount" },
  };

  g_test_summary ("the path of a unit is its name, escaped as systemd does it");
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autofree char *path = dbr_systemd_name_to_path (paths[i].name);
      g_autofree char *expected = g_strconcat ("/org/freedesktop/systemd1/unit/", paths[i].path,
                                               NULL);

      g_assert_cmpstr (path, ==, expected);
      g_assert_true (g_variant_is_object_path (path));
    }
}

static DbrBootTimes *
boot (gboolean    is_user,
      const char *values)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) manager = g_variant_parse (G_VARIANT_TYPE_VARDICT, values, NULL, NULL,
                                                 &error);

  g_assert_no_error (error);

  return dbr_boot_times_new (manager, is_user);
}

#define SECURITY "'SecurityStartTimestampMonotonic': <uint64 3>, "

static void
test_boot_times (void)
{
  g_autoptr(DbrBootTimes) machine =
    boot (FALSE, "{" SECURITY "'FirmwareTimestampMonotonic': <uint64 9000>,"
          " 'LoaderTimestampMonotonic': <uint64 2000>, 'InitRDTimestampMonotonic': <uint64 1500>,"
          " 'UserspaceTimestampMonotonic': <uint64 4000>,"
          " 'FinishTimestampMonotonic': <uint64 10000>}");
  g_autoptr(DbrBootTimes) plain =
    boot (FALSE, "{" SECURITY "'UserspaceTimestampMonotonic': <uint64 4000>,"
          " 'FinishTimestampMonotonic': <uint64 10000>}");
  g_autoptr(DbrBootTimes) user =
    boot (TRUE, "{" SECURITY "'UserspaceTimestampMonotonic': <uint64 4000>,"
          " 'FinishTimestampMonotonic': <uint64 10000>}");
  g_autoptr(DbrBootTimes) early =
    boot (FALSE, "{" SECURITY "'UserspaceTimestampMonotonic': <uint64 4000>,"
          " 'FinishTimestampMonotonic': <uint64 0>}");

  g_test_summary ("the parts of a boot, of a machine with all of them, one without, a user's and one "
                  "that goes on");
  g_assert_true (dbr_boot_times_get_finished (machine));
  g_assert_cmpint (dbr_boot_times_get_firmware_usec (machine), ==, 7000);
  g_assert_cmpint (dbr_boot_times_get_loader_usec (machine), ==, 2000);
  g_assert_cmpint (dbr_boot_times_get_kernel_usec (machine), ==, 1500);
  g_assert_cmpint (dbr_boot_times_get_initrd_usec (machine), ==, 2500);
  g_assert_cmpint (dbr_boot_times_get_userspace_usec (machine), ==, 6000);
  g_assert_cmpint (dbr_boot_times_get_total_usec (machine), ==, 19000);

  g_assert_cmpint (dbr_boot_times_get_firmware_usec (plain), ==, -1);
  g_assert_cmpint (dbr_boot_times_get_kernel_usec (plain), ==, 4000);
  g_assert_cmpint (dbr_boot_times_get_initrd_usec (plain), ==, -1);
  g_assert_cmpint (dbr_boot_times_get_total_usec (plain), ==, 10000);

  g_assert_cmpint (dbr_boot_times_get_kernel_usec (user), ==, -1);
  g_assert_cmpint (dbr_boot_times_get_userspace_usec (user), ==, 6000);
  g_assert_cmpint (dbr_boot_times_get_total_usec (user), ==, 6000);

  g_assert_false (dbr_boot_times_get_finished (early));
  g_assert_cmpint (dbr_boot_times_get_kernel_usec (early), ==, 4000);
  g_assert_cmpint (dbr_boot_times_get_userspace_usec (early), ==, -1);
  g_assert_cmpint (dbr_boot_times_get_total_usec (early), ==, -1);
}

static void
ended_cb (const char *result,
          gpointer    user_data)
{
  GPtrArray *told = user_data;

  g_ptr_array_add (told, g_strdup (result != NULL ? result : "?"));
}

static void
test_jobs (void)
{
  g_autoptr(DbrSystemdJobs) jobs = dbr_systemd_jobs_new ();
  g_autoptr(GPtrArray) first = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GPtrArray) second = g_ptr_array_new_with_free_func (g_free);
  DbrSystemdWait *waits[3];

  g_test_summary ("a job's end is told once, also if it came before its path was known, to all who "
                  "wait for it and to nobody else");
  waits[0] = dbr_systemd_jobs_begin (jobs, ended_cb, first, NULL);
  waits[1] = dbr_systemd_jobs_begin (jobs, ended_cb, second, NULL);
  dbr_systemd_jobs_hear (jobs, "/job/1", "done");
  dbr_systemd_jobs_hear (jobs, "/job/2", "failed");
  g_assert_cmpuint (first->len, ==, 0);
  dbr_systemd_jobs_await (jobs, waits[0], "/job/1");
  g_assert_cmpuint (first->len, ==, 1);
  g_assert_cmpstr (first->pdata[0], ==, "done");
  dbr_systemd_jobs_hear (jobs, "/job/1", "failed");
  g_assert_cmpuint (first->len, ==, 1);
  dbr_systemd_jobs_await (jobs, waits[1], "/job/3");
  g_assert_cmpuint (second->len, ==, 0);

  /* By now all know theirs, so that what ended before is forgotten. */
  waits[2] = dbr_systemd_jobs_begin (jobs, ended_cb, first, NULL);
  dbr_systemd_jobs_await (jobs, waits[2], "/job/2");
  g_assert_cmpuint (first->len, ==, 1);
  dbr_systemd_jobs_doubt (jobs);
  g_assert_cmpuint (first->len, ==, 2);
  g_assert_cmpstr (first->pdata[1], ==, "?");
  g_assert_cmpstr (second->pdata[0], ==, "?");
  dbr_systemd_jobs_hear (jobs, "/job/3", "timeout");
  g_assert_cmpstr (second->pdata[1], ==, "timeout");
  for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
    dbr_systemd_jobs_end (jobs, waits[i]);
}

static void
test_doubted_jobs (void)
{
  g_autoptr(DbrSystemdJobs) jobs = dbr_systemd_jobs_new ();
  g_autoptr(GPtrArray) told = g_ptr_array_new_with_free_func (g_free);
  DbrSystemdWait *wait = dbr_systemd_jobs_begin (jobs, ended_cb, told, NULL);

  g_test_summary ("what may not have been heard before the path of a job was known is told with it");
  dbr_systemd_jobs_doubt (jobs);
  g_assert_cmpuint (told->len, ==, 0);
  dbr_systemd_jobs_await (jobs, wait, "/job/1");
  g_assert_cmpuint (told->len, ==, 1);
  g_assert_cmpstr (told->pdata[0], ==, "?");
  dbr_systemd_jobs_hear (jobs, "/job/1", "done");
  g_assert_cmpstr (told->pdata[1], ==, "done");
  dbr_systemd_jobs_end (jobs, wait);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/systemd-parts/names", test_names);
  g_test_add_func ("/dbr/systemd-parts/bad-names", test_bad_names);
  g_test_add_func ("/dbr/systemd-parts/patterns", test_patterns);
  g_test_add_func ("/dbr/systemd-parts/paths", test_paths);
  g_test_add_func ("/dbr/systemd-parts/boot-times", test_boot_times);
  g_test_add_func ("/dbr/systemd-parts/jobs", test_jobs);
  g_test_add_func ("/dbr/systemd-parts/doubted-jobs", test_doubted_jobs);

  return g_test_run ();
}
