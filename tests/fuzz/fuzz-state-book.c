/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-error.h"
#include "dbr-fuzz.h"
#include "recovery/dbr-state-book-private.h"

/* A file of states, as it lies on a disk; and with an even first byte the lines of one, to which the
 * sum is given that a file needs to be read at all. What is read is written and read as it is. */

static char *
seal (FuzzInput *input,
      gsize     *length)
{
  g_autofree char *lines = fuzz_take_text (input, length);
  g_autoptr(GString) text = g_string_new ("libdbr-state 1\n");
  g_autofree char *sum = NULL;
  guint n_lines = 0;

  g_string_append_len (text, lines, (gssize) *length);
  for (gsize i = 0; i < *length; i++)
    n_lines += lines[i] == '\n' ? 1 : 0;
  g_string_append_printf (text, "end %u ", n_lines);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text->str, (gssize) text->len);
  g_string_append_printf (text, "%s\n", sum);
  *length = text->len;

  return g_memdup2 (text->str, text->len);
}

static void
check_again (DbrStateBook *book)
{
  gsize length, length_again;
  g_autofree char *text = dbr_state_book_print (book, &length);
  g_autofree char *text_again = NULL;
  g_autoptr(DbrStateBook) again = NULL;
  g_autoptr(GError) error = NULL;
  DbrStateFault fault;

  again = dbr_state_book_parse (text, length, &fault, &error);
  g_assert_no_error (error);
  text_again = dbr_state_book_print (again, &length_again);
  g_assert_cmpmem (text_again, length_again, text, length);
}

/* The changes of a book make the same book of an empty one, but for pages on which nothing is. */
static void
check_changes (DbrStateBook *book)
{
  g_autoptr(GPtrArray) changes = dbr_state_book_dup_changes (book);
  g_autoptr(DbrStateBook) other = dbr_state_book_new ();
  g_auto(GStrv) addresses = NULL;

  for (guint i = 0; i < changes->len; i++)
    dbr_state_book_apply (other, changes->pdata[i]);
  addresses = dbr_state_book_dup_addresses (other);
  for (guint i = 0; addresses[i] != NULL; i++)
    {
      DbrStateRecord record, original;

      g_assert_true (dbr_state_book_lookup (book, addresses[i], &original));
      g_assert_true (dbr_state_book_lookup (other, addresses[i], &record));
      g_assert_cmpint (record.saved_usec, ==, MAX (original.saved_usec, 0));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  gboolean is_sealed = fuzz_take_byte (&input) % 2 == 0;
  gsize length;
  g_autofree char *text = is_sealed ? seal (&input, &length) : fuzz_take_text (&input, &length);
  g_autofree char *exact = g_memdup2 (text, MAX (length, 1));
  g_autoptr(DbrStateBook) book = NULL;
  g_autoptr(GError) error = NULL;
  DbrStateFault fault;

  book = dbr_state_book_parse (exact, length, &fault, &error);
  fuzz_assert_told_by_us (book != NULL, error);
  if (book != NULL)
    {
      check_again (book);
      check_changes (book);
    }

  return 0;
}
