/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "dbr-fuzz.h"
#include "notify/dbr-notice-private.h"

/* A notification, whose texts come from wherever the program has them: names of devices, errors of
* services. What is shown can be shown, and a server that knows markup reads the body as it was. */

static void
check_text (const char *text,
            glong       max_chars,
            gboolean    is_one_line)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  /* and an ellipsis where something is missing */
  g_assert_cmpint (g_utf8_strlen (text, -1), <=, max_chars + 1);
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    g_assert_true (!g_unichar_iscntrl (g_utf8_get_char (p))
                   || (!is_one_line && (*p == '\n' || *p == '\t')));
}

static void
element_cb (GMarkupParseContext  *context,
            const char           *element,
            const char          **names,
            const char          **values,
            gpointer              user_data,
            GError              **error)
{
  g_assert_cmpstr (element, ==, "body");
}

static void
text_cb (GMarkupParseContext  *context,
         const char           *text,
         gsize                 length,
         gpointer              user_data,
         GError              **error)
{
  g_string_append_len (user_data, text, (gssize) length);
}

static void
check_markup (const DbrNotice *notice)
{
  static const GMarkupParser parser = { .start_element = element_cb, .text = text_cb };
  g_autofree char *markup = dbr_notice_dup_body (notice, TRUE);
  g_autofree char *plain = dbr_notice_dup_body (notice, FALSE);
  g_autofree char *document = g_strconcat ("<body>", markup, "</body>", NULL);
  g_autoptr(GString) read = g_string_new (NULL);
  g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, read, NULL);
  g_autoptr(GError) error = NULL;

  g_markup_parse_context_parse (context, document, -1, &error);
  g_assert_no_error (error);
  g_markup_parse_context_end_parse (context, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (read->str, ==, plain);
}

static void
check (const DbrNotice *notice)
{
  check_text (notice->summary, DBR_NOTICE_MAX_SUMMARY, TRUE);
  check_text (notice->body, DBR_NOTICE_MAX_BODY, FALSE);
  check_text (notice->icon, DBR_NOTICE_MAX_BODY, TRUE);
  /* An id is for the program, and nobody sees it. */
  for (guint i = 1; i < g_strv_length (notice->actions); i += 2)
    check_text (notice->actions[i], DBR_NOTICE_MAX_LABEL, TRUE);
  g_assert_true (g_variant_is_of_type (notice->hints, G_VARIANT_TYPE_VARDICT));
  g_assert_true (dbr_notice_equal (notice, notice));
  check_markup (notice);
}

/* Two of them as one. */
static void
check_group (DbrNotice *notice)
{
  g_autoptr(GPtrArray) notices = g_ptr_array_new ();
  g_autoptr(DbrNotice) group = NULL;

  g_ptr_array_add (notices, notice);
  g_ptr_array_add (notices, notice);
  group = dbr_notice_new_group (notices);
  g_assert_nonnull (group);
  check (group);
}

static GVariant *
take_hints (const char *text)
{
  if (text == NULL || !g_utf8_validate (text, -1, NULL))
    return NULL;

  return g_variant_parse (NULL, text, NULL, NULL, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  guint8 urgency = fuzz_take_byte (&input);
  g_autofree char *summary = fuzz_take_line (&input);
  g_autofree char *icon = fuzz_take_line (&input);
  g_autofree char *action = fuzz_take_line (&input);
  g_autofree char *label = fuzz_take_line (&input);
  g_autofree char *hint = fuzz_take_line (&input);
  const char *const actions[] = { action, label, NULL };
  g_autoptr(GVariant) hints = take_hints (hint);
  gsize length;
  g_autofree char *body = fuzz_take_text (&input, &length);
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrNotice) notice = NULL;

  if (summary == NULL)
    return 0;

  notice = dbr_notice_new (summary, body, icon, urgency % 4, urgency / 4, actions, hints, &error);
  fuzz_assert_told_by_us (notice != NULL, error);
  if (notice != NULL)
    {
      check (notice);
      check_group (notice);
    }

  return 0;
}
