/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-error.h"
#include "notify/dbr-notice-private.h"

#include <string.h>

#define N_MEGABYTES 8

static DbrNotice *
notice_new (const char *summary,
            const char *body)
{
  g_autoptr(GError) error = NULL;
  DbrNotice *notice = dbr_notice_new (summary, body, NULL, DBR_URGENCY_NORMAL, -1, NULL, NULL,
                                      &error);

  g_assert_no_error (error);

  return notice;
}

static void
test_texts (void)
{
  g_autoptr(DbrNotice) notice = notice_new ("One\nline\t\x07here\x7f", "Two\nlines\x1b[1m \xff end");
  g_autofree char *escaped = NULL;
  g_autofree char *plain = NULL;
  g_autoptr(DbrNotice) markup = notice_new ("5 < 6", "<b>5</b> & \"6\"");

  g_test_summary ("Texts are valid and without control characters; markup is shown as it is written");

  g_assert_cmpstr (notice->summary, ==, "One line  here ");
  g_assert_cmpstr (notice->body, ==, "Two\nlines [1m \357\277\275 end");
  g_assert_cmpstr (notice->icon, ==, "");
  g_assert_cmpstr (markup->summary, ==, "5 < 6");
  escaped = dbr_notice_dup_body (markup, TRUE);
  plain = dbr_notice_dup_body (markup, FALSE);
  g_assert_cmpstr (escaped, ==, "&lt;b&gt;5&lt;/b&gt; &amp; &quot;6&quot;");
  g_assert_cmpstr (plain, ==, "<b>5</b> & \"6\"");
}

static void
test_megabytes (void)
{
  g_autofree char *long_text = g_malloc (N_MEGABYTES << 20);
  g_autoptr(DbrNotice) notice = NULL;
  g_autoptr(DbrNotice) exact = NULL;

  g_test_summary ("Of megabytes of text as much is kept as somebody reads");

  for (gsize i = 0; i + 2 < N_MEGABYTES << 20; i += 2)
    memcpy (long_text + i, "ä", 2);
  memset (long_text + (N_MEGABYTES << 20) - 2, 0, 2);
  notice = notice_new (long_text, long_text);
  g_assert_cmpint (g_utf8_strlen (notice->summary, -1), ==, DBR_NOTICE_MAX_SUMMARY + 1);
  g_assert_cmpint (g_utf8_strlen (notice->body, -1), ==, DBR_NOTICE_MAX_BODY + 1);
  g_assert_true (g_str_has_suffix (notice->body, "ä…"));

  long_text[DBR_NOTICE_MAX_SUMMARY * 2] = '\0';
  exact = notice_new (long_text, NULL);
  g_assert_cmpstr (exact->summary, ==, long_text);
  g_assert_cmpstr (exact->body, ==, "");
}

static void
assert_hint (const char *name,
             GVariant   *given,
             const char *wanted)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrNotice) notice = NULL;
  g_autoptr(GVariant) value = NULL;
  g_autofree char *printed = NULL;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", name, given);
  notice = dbr_notice_new ("Hint", NULL, NULL, DBR_URGENCY_CRITICAL, -1, NULL,
                           g_variant_builder_end (&builder), &error);
  if (wanted == NULL)
    {
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
      g_assert_true (strstr (error->message, name) != NULL
                     || strstr (error->message, "too large") != NULL);
      return;
    }

  g_assert_no_error (error);
  value = g_variant_lookup_value (notice->hints, name, NULL);
  printed = g_variant_print (value, TRUE);
  g_assert_cmpstr (printed, ==, wanted);
}

static void
test_hints (void)
{
  g_autofree guint8 *much = NULL;

  g_test_summary ("Well-known hints have the type that the protocol asks for, others are left alone");

  assert_hint ("value", g_variant_new_int32 (40), "40");
  assert_hint ("value", g_variant_new_int64 (40), "40");
  assert_hint ("value", g_variant_new_byte (40), "40");
  assert_hint ("transient", g_variant_new_int32 (1), "true");
  assert_hint ("sender-pid", g_variant_new_uint32 (7), "int64 7");
  assert_hint ("category", g_variant_new_string ("device"), "'device'");
  assert_hint ("x-kde-anything", g_variant_new_uint32 (7), "uint32 7");
  /* How urgent it is was said already. */
  assert_hint ("urgency", g_variant_new_byte (0), "byte 0x02");

  assert_hint ("value", g_variant_new_string ("40"), NULL);
  assert_hint ("value", g_variant_new_int64 (G_MAXINT64), NULL);
  assert_hint ("transient", g_variant_new_int32 (2), NULL);
  assert_hint ("category", g_variant_new_int32 (2), NULL);
  assert_hint ("image-data", g_variant_new_string ("no image"), NULL);
  much = g_malloc0 (DBR_NOTICE_MAX_HINTS_SIZE);
  assert_hint ("x-much", g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, much,
                                                    DBR_NOTICE_MAX_HINTS_SIZE, 1), NULL);
}

static void
assert_refused (const char        *summary,
                DbrUrgency         urgency,
                int                expire_ms,
                const char *const *actions)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrNotice) notice = dbr_notice_new (summary, NULL, NULL, urgency, expire_ms, actions,
                                                NULL, &error);

  g_assert_null (notice);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_bad_values (void)
{
  static const char *const odd[] = { "again", "Again", "never", NULL };
  static const char *const nameless[] = { "", "Again", NULL };
  const char *many[2 * (DBR_NOTICE_MAX_ACTIONS + 1) + 1] = { NULL };

  g_test_summary ("Bad values are refused");

  for (guint i = 0; i + 1 < G_N_ELEMENTS (many); i++)
    many[i] = "again";
  assert_refused ("", DBR_URGENCY_NORMAL, -1, NULL);
  assert_refused ("A", 3, -1, NULL);
  assert_refused ("A", -1, -1, NULL);
  assert_refused ("A", DBR_URGENCY_NORMAL, -2, NULL);
  assert_refused ("A", DBR_URGENCY_NORMAL, 24 * 3600 * 1000 + 1, NULL);
  assert_refused ("A", DBR_URGENCY_NORMAL, -1, odd);
  assert_refused ("A", DBR_URGENCY_NORMAL, -1, nameless);
  assert_refused ("A", DBR_URGENCY_NORMAL, -1, many);
}

static void
test_group (void)
{
  static const char *const actions[] = { "again", "Again", NULL };
  g_autoptr(GPtrArray) notices = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_notice_unref);
  g_autoptr(DbrNotice) alone = NULL;
  g_autoptr(DbrNotice) group = NULL;
  g_autoptr(DbrNotice) acting = NULL;

  g_test_summary ("Several are shown as one that says all of it, for as long as one of them wants");

  g_ptr_array_add (notices, dbr_notice_new ("One", "1", "music", DBR_URGENCY_LOW, 500, NULL, NULL,
                                            NULL));
  alone = dbr_notice_new_group (notices);
  g_assert_true (alone == notices->pdata[0]);
  g_ptr_array_add (notices, dbr_notice_new ("Two", NULL, NULL, DBR_URGENCY_NORMAL, 700, NULL, NULL,
                                            NULL));
  group = dbr_notice_new_group (notices);
  g_assert_cmpstr (group->summary, ==, "2 notifications");
  g_assert_cmpstr (group->body, ==, "One – 1\nTwo");
  g_assert_cmpstr (group->icon, ==, "music");
  g_assert_cmpint (group->urgency, ==, DBR_URGENCY_NORMAL);
  g_assert_cmpint (group->expire_ms, ==, 700);
  g_assert_true (dbr_notice_is_groupable (group));

  acting = dbr_notice_new ("Act", NULL, NULL, DBR_URGENCY_LOW, -1, actions, NULL, NULL);
  g_assert_false (dbr_notice_is_groupable (acting));
  g_assert_false (dbr_notice_equal (acting, group));
  g_assert_true (dbr_notice_equal (acting, acting));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/notice/texts", test_texts);
  g_test_add_func ("/dbr/notice/megabytes", test_megabytes);
  g_test_add_func ("/dbr/notice/hints", test_hints);
  g_test_add_func ("/dbr/notice/bad-values", test_bad_values);
  g_test_add_func ("/dbr/notice/group", test_group);

  return g_test_run ();
}
