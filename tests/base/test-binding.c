/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-binding-private.h"

#include "base/dbr-error.h"

#define SECOND G_USEC_PER_SEC

static gint64
after (gint64 usec)
{
  return g_get_monotonic_time () + usec;
}

static void
assert_outside (void)
{
  g_assert_true (dbr_binding_check (NULL));
  g_assert_cmpuint (dbr_binding_limit (25000), ==, 25000);
  g_assert_false (dbr_binding_is_single_attempt ());
}

static void
test_says_nothing_outside (void)
{
  g_test_summary ("Outside of blocks all is as it is");

  assert_outside ();
  dbr_binding_enter (0, FALSE);
  assert_outside ();
  dbr_binding_leave ();
  assert_outside ();
}

static void
test_limits (void)
{
  g_test_summary ("A block gives no more than the time that it has left");

  dbr_binding_enter (after (10 * SECOND), FALSE);
  g_assert_true (dbr_binding_check (NULL));
  g_assert_cmpuint (dbr_binding_limit (25000), <=, 10000);
  g_assert_cmpuint (dbr_binding_limit (25000), >, 5000);
  g_assert_cmpuint (dbr_binding_limit (300), ==, 300);
  dbr_binding_leave ();
  assert_outside ();
}

static void
test_is_over (void)
{
  g_autoptr(GError) error = NULL;

  g_test_summary ("A block whose time is over lets nothing begin");

  dbr_binding_enter (after (-1), FALSE);
  g_assert_false (dbr_binding_check (&error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpuint (dbr_binding_limit (25000), ==, 1);
  dbr_binding_leave ();
  assert_outside ();
}

static void
test_nests (void)
{
  g_test_summary ("An inner block can only say less");

  dbr_binding_enter (after (10 * SECOND), TRUE);
  dbr_binding_enter (after (60 * SECOND), FALSE);
  g_assert_cmpuint (dbr_binding_limit (25000), <=, 10000);
  g_assert_true (dbr_binding_is_single_attempt ());
  dbr_binding_enter (after (2 * SECOND), FALSE);
  g_assert_cmpuint (dbr_binding_limit (25000), <=, 2000);
  dbr_binding_leave ();
  dbr_binding_leave ();
  g_assert_cmpuint (dbr_binding_limit (25000), >, 5000);
  dbr_binding_leave ();
  assert_outside ();
}

static gpointer
other_thread (gpointer data)
{
  assert_outside ();
  /* Left to the end of the thread. */
  dbr_binding_enter (0, TRUE);
  dbr_binding_enter (0, FALSE);

  return NULL;
}

static void
test_is_of_one_thread (void)
{
  g_test_summary ("A block is that of its thread");

  dbr_binding_enter (after (SECOND), TRUE);
  g_thread_join (g_thread_new ("other", other_thread, NULL));
  dbr_binding_leave ();
  assert_outside ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/binding/says-nothing-outside", test_says_nothing_outside);
  g_test_add_func ("/dbr/binding/limits", test_limits);
  g_test_add_func ("/dbr/binding/is-over", test_is_over);
  g_test_add_func ("/dbr/binding/nests", test_nests);
  g_test_add_func ("/dbr/binding/is-of-one-thread", test_is_of_one_thread);

  return g_test_run ();
}
