/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a program may ask for before it includes the header. */
#define DBR_VERSION_MIN_REQUIRED DBR_VERSION_0_1
#define DBR_VERSION_MAX_ALLOWED DBR_VERSION_0_1

#include <libdbr.h>

/* The preprocessor has to understand it too. */
#if !DBR_CHECK_VERSION (0, 0, 1)
# error "DBR_CHECK_VERSION is of no use to the preprocessor"
#endif

static void
test_encoded_in_order (void)
{
  static const guint32 rising[] = {
    DBR_ENCODE_VERSION (0, 0, 1),
    DBR_ENCODE_VERSION (0, 0, 99),
    DBR_ENCODE_VERSION (0, 1, 0),
    DBR_ENCODE_VERSION (0, 99, 99),
    DBR_ENCODE_VERSION (1, 0, 0),
    DBR_ENCODE_VERSION (1, 2, 3),
    DBR_ENCODE_VERSION (99, 0, 0),
  };

  g_test_summary ("A later version is a larger number, whichever part of it grew");

  for (guint i = 1; i < G_N_ELEMENTS (rising); i++)
    g_assert_cmpuint (rising[i - 1], <, rising[i]);
}

static void
test_check_of_neighbours (void)
{
  g_test_summary ("DBR_CHECK_VERSION takes this version and older ones, and none that is newer");

  g_assert_true (DBR_CHECK_VERSION (DBR_MAJOR_VERSION, DBR_MINOR_VERSION, DBR_MICRO_VERSION));
  g_assert_true (DBR_CHECK_VERSION (0, 0, 1));
  g_assert_false (DBR_CHECK_VERSION (DBR_MAJOR_VERSION, DBR_MINOR_VERSION, DBR_MICRO_VERSION + 1));
  g_assert_false (DBR_CHECK_VERSION (DBR_MAJOR_VERSION, DBR_MINOR_VERSION + 1, 0));
  g_assert_false (DBR_CHECK_VERSION (DBR_MAJOR_VERSION + 1, 0, 0));
}

static void
test_same_in_text_and_number (void)
{
  g_autofree char *text = g_strdup_printf ("%d.%d.%d",
                                           DBR_MAJOR_VERSION, DBR_MINOR_VERSION, DBR_MICRO_VERSION);

  g_test_summary ("The version is the project's, in text as in numbers");

  g_assert_cmpstr (DBR_VERSION_S, ==, text);
  g_assert_cmpstr (DBR_VERSION_S, ==, PROJECT_VERSION);
  g_assert_cmphex (DBR_VERSION_HEX, ==,
                   DBR_ENCODE_VERSION (DBR_MAJOR_VERSION, DBR_MINOR_VERSION, DBR_MICRO_VERSION));
}

static void
test_bounds (void)
{
  g_test_summary ("A program's bounds are kept as it set them, and stable means no micro version");

  g_assert_cmphex (DBR_VERSION_MIN_REQUIRED, ==, DBR_VERSION_0_1);
  g_assert_cmphex (DBR_VERSION_MAX_ALLOWED, ==, DBR_VERSION_0_1);
  g_assert_cmphex (DBR_VERSION_CUR_STABLE, ==,
                   DBR_ENCODE_VERSION (DBR_MAJOR_VERSION, DBR_MINOR_VERSION, 0));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/version/encoded-in-order", test_encoded_in_order);
  g_test_add_func ("/dbr/version/check-of-neighbours", test_check_of_neighbours);
  g_test_add_func ("/dbr/version/same-in-text-and-number", test_same_in_text_and_number);
  g_test_add_func ("/dbr/version/bounds", test_bounds);

  return g_test_run ();
}
