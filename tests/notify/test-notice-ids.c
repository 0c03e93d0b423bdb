/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notice-ids-private.h"

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DbrNoticeIds, dbr_notice_ids_clear)

static void
test_both_ways (void)
{
  g_auto(DbrNoticeIds) ids = { NULL };

  g_test_summary ("Our ids and the server's lead to each other, and to nothing when it is closed");

  dbr_notice_ids_init (&ids);
  g_assert_cmpuint (dbr_notice_ids_set (&ids, 1, 70), ==, 0);
  g_assert_cmpuint (dbr_notice_ids_set (&ids, 2, 71), ==, 0);
  g_assert_cmpuint (dbr_notice_ids_get_number (&ids, 1), ==, 70);
  g_assert_cmpuint (dbr_notice_ids_get_id (&ids, 71), ==, 2);
  g_assert_cmpuint (dbr_notice_ids_get_number (&ids, 70), ==, 0);

  /* A server may show a replacement under another number. */
  g_assert_cmpuint (dbr_notice_ids_set (&ids, 1, 72), ==, 0);
  g_assert_cmpuint (dbr_notice_ids_get_id (&ids, 70), ==, 0);
  g_assert_cmpuint (dbr_notice_ids_get_id (&ids, 72), ==, 1);
  /* The same again changes nothing. */
  g_assert_cmpuint (dbr_notice_ids_set (&ids, 1, 72), ==, 0);
  g_assert_cmpuint (dbr_notice_ids_get_number (&ids, 1), ==, 72);

  dbr_notice_ids_remove (&ids, 1);
  dbr_notice_ids_remove (&ids, 1);
  g_assert_cmpuint (dbr_notice_ids_get_id (&ids, 72), ==, 0);
  g_assert_cmpuint (dbr_notice_ids_get_id (&ids, 0), ==, 0);
}

static void
test_used_anew (void)
{
  g_auto(DbrNoticeIds) ids = { NULL };

  g_test_summary ("Where a server uses a number anew, the older notification is told to be gone");

  dbr_notice_ids_init (&ids);
  dbr_notice_ids_set (&ids, 1, 70);
  g_assert_cmpuint (dbr_notice_ids_set (&ids, 2, 70), ==, 1);
  g_assert_cmpuint (dbr_notice_ids_get_number (&ids, 1), ==, 0);
  g_assert_cmpuint (dbr_notice_ids_get_id (&ids, 70), ==, 2);
}

static void
test_lose (void)
{
  g_auto(DbrNoticeIds) ids = { NULL };
  g_autoptr(GArray) lost = NULL;
  g_autoptr(GArray) nothing = NULL;

  g_test_summary ("What a server had shown is lost with it, in order, and its numbers mean nothing");

  dbr_notice_ids_init (&ids);
  for (guint id = 1; id <= 3; id++)
    dbr_notice_ids_set (&ids, id, 70 + id);
  dbr_notice_ids_remove (&ids, 2);
  lost = dbr_notice_ids_lose (&ids);
  g_assert_cmpuint (lost->len, ==, 2);
  g_assert_cmpuint (g_array_index (lost, guint, 0), ==, 1);
  g_assert_cmpuint (g_array_index (lost, guint, 1), ==, 3);
  g_assert_cmpuint (dbr_notice_ids_get_number (&ids, 1), ==, 0);
  g_assert_cmpuint (dbr_notice_ids_get_id (&ids, 73), ==, 0);
  nothing = dbr_notice_ids_lose (&ids);
  g_assert_cmpuint (nothing->len, ==, 0);
}

static void
test_bounded (void)
{
  g_auto(DbrNoticeIds) ids = { NULL };
  g_autoptr(GArray) lost = NULL;

  g_test_summary ("A server that never closes anything fills no more than a bound");

  dbr_notice_ids_init (&ids);
  for (guint id = 1; id <= 10 * DBR_NOTICE_MAX_SHOWN; id++)
    dbr_notice_ids_set (&ids, id, id + 5);
  g_assert_cmpuint (g_hash_table_size (ids.ids), ==, DBR_NOTICE_MAX_SHOWN);
  g_assert_cmpuint (dbr_notice_ids_get_number (&ids, 1), ==, 0);
  lost = dbr_notice_ids_lose (&ids);
  g_assert_cmpuint (lost->len, ==, DBR_NOTICE_MAX_SHOWN);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/notice-ids/both-ways", test_both_ways);
  g_test_add_func ("/dbr/notice-ids/used-anew", test_used_anew);
  g_test_add_func ("/dbr/notice-ids/lose", test_lose);
  g_test_add_func ("/dbr/notice-ids/bounded", test_bounded);

  return g_test_run ();
}
