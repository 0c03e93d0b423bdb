/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-debug-private.h"

#include <string.h>

/* What was logged: each line with its fields as "KEY=value". */
static GPtrArray *lines;

static GLogWriterOutput
keep_cb (GLogLevelFlags   log_level,
         const GLogField *fields,
         gsize            n_fields,
         gpointer         user_data)
{
  GString *line = g_string_new (NULL);

  g_assert_cmpint (log_level & G_LOG_LEVEL_MASK, ==, G_LOG_LEVEL_MESSAGE);
  for (gsize i = 0; i < n_fields; i++)
    {
      g_assert_cmpint (fields[i].length, ==, -1);
      g_string_append_printf (line, "%s=%s\n", fields[i].key, (const char *) fields[i].value);
    }
  g_ptr_array_add (lines, g_string_free (line, FALSE));

  return G_LOG_WRITER_HANDLED;
}

static guint n_evaluated;

static const char *
evaluate (const char *value)
{
  n_evaluated++;

  return value;
}

static void
log_all_topics (void)
{
  lines = g_ptr_array_new_with_free_func (g_free);
  g_log_set_writer_func (keep_cb, NULL, NULL);

  dbr_debug (DBR_DEBUG_CALLS, "call begins", "DBR_PEER", evaluate ("org.example"));
  dbr_debug (DBR_DEBUG_POLICY, "retry", "DBR_ATTEMPT", evaluate ("2"));
  dbr_debug (DBR_DEBUG_LANES, "lane opened");
  dbr_debug (DBR_DEBUG_MONITOR, "stalled", "DBR_PEER", evaluate ("a.b"), "DBR_OWNER", NULL);
}

static void
assert_line (guint       i,
             const char *expected)
{
  g_assert_cmpuint (i, <, lines->len);
  g_assert_cmpstr (g_ptr_array_index (lines, i), ==, expected);
}

static void
run_with (const char *debug)
{
  /* GLib 2.74 has no call that gives the child an environment of its own. */
  if (debug != NULL)
    g_setenv ("DBR_DEBUG", debug, TRUE);
  else
    g_unsetenv ("DBR_DEBUG");
  g_test_trap_subprocess (NULL, 30 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_unsetenv ("DBR_DEBUG");
  g_test_trap_assert_passed ();
}

static void
test_is_silent_when_off (void)
{
  g_test_summary ("Without DBR_DEBUG nothing is logged, and what would be is not even made");

  if (g_test_subprocess ())
    {
      log_all_topics ();
      g_assert_cmpuint (lines->len, ==, 0);
      g_assert_cmpuint (n_evaluated, ==, 0);
      return;
    }

  run_with (NULL);
}

static void
test_logs_the_topics_asked_for (void)
{
  g_test_summary ("DBR_DEBUG=calls,lanes logs these two topics, with fields a journal keeps apart");

  if (g_test_subprocess ())
    {
      log_all_topics ();
      g_assert_true (dbr_debug_is_on (DBR_DEBUG_CALLS));
      g_assert_true (dbr_debug_is_on (DBR_DEBUG_LANES));
      g_assert_false (dbr_debug_is_on (DBR_DEBUG_POLICY));
      g_assert_false (dbr_debug_is_on (DBR_DEBUG_MONITOR));
      g_assert_cmpuint (lines->len, ==, 2);
      g_assert_cmpuint (n_evaluated, ==, 1);
      assert_line (0, "MESSAGE=call begins DBR_PEER=org.example\nPRIORITY=5\nGLIB_DOMAIN=Dbr\n"
                   "DBR_TOPIC=calls\nDBR_PEER=org.example\n");
      assert_line (1, "MESSAGE=lane opened\nPRIORITY=5\nGLIB_DOMAIN=Dbr\nDBR_TOPIC=lanes\n");
      return;
    }

  run_with ("calls,lanes");
}

static void
test_logs_all (void)
{
  g_test_summary ("DBR_DEBUG=all logs every topic; a field without a value is empty");

  if (g_test_subprocess ())
    {
      log_all_topics ();
      g_assert_cmpuint (lines->len, ==, 4);
      assert_line (1, "MESSAGE=retry DBR_ATTEMPT=2\nPRIORITY=5\nGLIB_DOMAIN=Dbr\n"
                   "DBR_TOPIC=policy\nDBR_ATTEMPT=2\n");
      assert_line (3, "MESSAGE=stalled DBR_PEER=a.b DBR_OWNER=\nPRIORITY=5\nGLIB_DOMAIN=Dbr\n"
                   "DBR_TOPIC=monitor\nDBR_PEER=a.b\nDBR_OWNER=\n");
      return;
    }

  run_with ("all");
}

static void
test_reads_the_environment_once (void)
{
  g_test_summary ("What is set while the program runs changes nothing");

  if (g_test_subprocess ())
    {
      g_assert_true (dbr_debug_is_on (DBR_DEBUG_MONITOR));
      g_setenv ("DBR_DEBUG", "calls", TRUE);
      g_assert_true (dbr_debug_is_on (DBR_DEBUG_MONITOR));
      g_assert_false (dbr_debug_is_on (DBR_DEBUG_CALLS));
      return;
    }

  run_with ("monitor,nonsense");
}

static void
test_needs_no_other_variable (void)
{
  g_test_summary ("What was asked for is seen on the terminal without G_MESSAGES_DEBUG");

  if (g_test_subprocess ())
    {
      dbr_debug (DBR_DEBUG_CALLS, "call begins", "DBR_PEER", "org.example");
      return;
    }

  g_setenv ("DBR_DEBUG", "calls", TRUE);
  g_test_trap_subprocess (NULL, 30 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_DEFAULT);
  g_unsetenv ("DBR_DEBUG");
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*call begins DBR_PEER=org.example*");
}

static void
test_drops_fields_beyond_its_room (void)
{
  g_test_summary ("A line with more fields than there is room for loses the last, not its head");

  if (g_test_subprocess ())
    {
      lines = g_ptr_array_new_with_free_func (g_free);
      g_log_set_writer_func (keep_cb, NULL, NULL);
      dbr_debug (DBR_DEBUG_CALLS, "many",
                 "F1", "1", "F2", "2", "F3", "3", "F4", "4", "F5", "5", "F6", "6", "F7", "7",
                 "F8", "8", "F9", "9", "F10", "10", "F11", "11", "F12", "12", "F13", "13");
      g_assert_cmpuint (lines->len, ==, 1);
      g_assert_nonnull (strstr (g_ptr_array_index (lines, 0), "\nF12=12\n"));
      g_assert_null (strstr (g_ptr_array_index (lines, 0), "F13"));
      return;
    }

  run_with ("calls");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/debug/is-silent-when-off", test_is_silent_when_off);
  g_test_add_func ("/dbr/debug/logs-the-topics-asked-for", test_logs_the_topics_asked_for);
  g_test_add_func ("/dbr/debug/logs-all", test_logs_all);
  g_test_add_func ("/dbr/debug/reads-the-environment-once", test_reads_the_environment_once);
  g_test_add_func ("/dbr/debug/needs-no-other-variable", test_needs_no_other_variable);
  g_test_add_func ("/dbr/debug/drops-fields-beyond-its-room", test_drops_fields_beyond_its_room);

  return g_test_run ();
}
