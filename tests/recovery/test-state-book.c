/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "base/dbr-error.h"
#include "recovery/dbr-state-book-private.h"

#define ONE "00:AA:01:00:00:42"
#define OTHER "00:AA:01:00:00:43"
#define N_MUTATIONS 10000

/* Takes the change. */
static void
apply (DbrStateBook   *book,
       DbrStateChange *change)
{
  dbr_state_book_apply (book, change);
  dbr_state_change_free (change);
}

static GVariant *
values_of (const char *name)
{
  return g_variant_new_parsed ("{'name': <%s>}", name);
}

static void
assert_prints (GVariant   *value,
               const char *expected)
{
  g_autofree char *text = g_variant_print (value, FALSE);

  g_assert_cmpstr (text, ==, expected);
}

static DbrStateBook *
make_book (void)
{
  DbrStateBook *book = dbr_state_book_new ();

  apply (book, dbr_state_change_new_saved (OTHER, 2000, values_of ("Speaker")));
  apply (book, dbr_state_change_new_saved (ONE, 1000, values_of ("Wa\ntch")));
  apply (book, dbr_state_change_new_attribute (ONE, "room", g_variant_new_string ("kitchen")));

  return book;
}

static void
assert_equal (DbrStateBook *book,
              DbrStateBook *other)
{
  gsize length;
  gsize other_length;
  g_autofree char *text = dbr_state_book_print (book, &length);
  g_autofree char *other_text = dbr_state_book_print (other, &other_length);

  g_assert_cmpmem (text, length, other_text, other_length);
}

static void
assert_fault (const char    *text,
              gssize         length,
              DbrStateFault  expected)
{
  g_autoptr(GError) error = NULL;
  DbrStateFault fault;

  g_assert_null (dbr_state_book_parse (text, length < 0 ? strlen (text) : (gsize) length, &fault,
                                       &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_STORAGE);
  g_assert_cmpint (fault, ==, expected);
}

static void
test_reads_back (void)
{
  g_autoptr(DbrStateBook) book = make_book ();
  g_autoptr(DbrStateBook) read = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto(GStrv) addresses = NULL;
  DbrStateRecord record;
  DbrStateFault fault;
  gsize length;

  g_test_summary ("A book is read back from its text, each device on a line of its own");

  text = dbr_state_book_print (book, &length);
  g_test_message ("%s", text);
  read = dbr_state_book_parse (text, length, &fault, &error);
  g_assert_no_error (error);
  assert_equal (book, read);

  addresses = dbr_state_book_dup_addresses (read);
  g_assert_cmpint (g_strv_length (addresses), ==, 2);
  g_assert_cmpstr (addresses[0], ==, ONE);
  g_assert_true (dbr_state_book_lookup (read, ONE, &record));
  g_assert_cmpint (record.saved_usec, ==, 1000);
  assert_prints (record.values, "{'name': <'Wa\\ntch'>}");
  assert_prints (record.attributes, "{'room': <'kitchen'>}");
  g_assert_false (dbr_state_book_lookup (read, "none", &record));
}

static void
test_changes (void)
{
  g_autoptr(DbrStateBook) book = make_book ();
  g_autoptr(DbrStateBook) again = dbr_state_book_new ();
  g_autoptr(GPtrArray) changes = dbr_state_book_dup_changes (book);
  DbrStateRecord record;

  g_test_summary ("What was saved last stays, attributes come and go, and a book is its changes");

  for (guint i = 0; i < changes->len; i++)
    dbr_state_book_apply (again, changes->pdata[i]);
  assert_equal (book, again);

  apply (again, dbr_state_change_new_saved (ONE, 999, values_of ("Older")));
  assert_equal (book, again);
  apply (again, dbr_state_change_new_saved (ONE, 1001, values_of ("Newer")));
  g_assert_true (dbr_state_book_lookup (again, ONE, &record));
  assert_prints (record.values, "{'name': <'Newer'>}");
  assert_prints (record.attributes, "{'room': <'kitchen'>}");

  apply (again, dbr_state_change_new_attribute (ONE, "room", NULL));
  g_assert_true (dbr_state_book_lookup (again, ONE, &record));
  g_assert_cmpint (g_variant_n_children (record.attributes), ==, 0);
  apply (again, dbr_state_change_new_forgotten (ONE));
  g_assert_false (dbr_state_book_lookup (again, ONE, &record));

  apply (again, dbr_state_change_new_attribute ("new", "a", g_variant_new_int32 (1)));
  g_assert_true (dbr_state_book_lookup (again, "new", &record));
  g_assert_cmpint (record.saved_usec, ==, 0);
  apply (again, dbr_state_change_new_attribute ("new", "a", NULL));
  g_assert_false (dbr_state_book_lookup (again, "new", &record));
}

static void
test_keeps_any_type (void)
{
  const char *const texts[] = {
    "true", "byte 0x07", "int16 -3", "uint16 3", "-5", "uint32 5", "int64 -9223372036854775808",
    "uint64 18446744073709551615", "handle 3", "0.1", "inf", "nan", "'it\\'s\\n\\u00e4'",
    "objectpath '/a'", "signature 'a{sv}'", "b'\\xff\\x00a'", "<<'v'>>", "@as []", "@ai [1, 2]",
    "('a', [{1, <2>}])", "@mi nothing", "@mmi just nothing", "@ay []", "()", "{'a': <{'b': <1>}>}",
  };

  g_test_summary ("A value of any type comes back as it was, and one that could not is known before");

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) value = g_variant_parse (NULL, texts[i], NULL, NULL, &error);
      g_autoptr(DbrStateBook) book = dbr_state_book_new ();
      g_autoptr(DbrStateBook) read = NULL;
      g_autoptr(GVariant) found = NULL;
      g_autofree char *text = NULL;
      DbrStateFault fault;
      DbrStateRecord record;
      gsize length;

      g_assert_no_error (error);
      g_assert_true (dbr_state_book_check_attribute ("a", value, NULL));
      apply (book, dbr_state_change_new_attribute (ONE, "it", value));
      text = dbr_state_book_print (book, &length);
      read = dbr_state_book_parse (text, length, &fault, &error);
      g_assert_no_error (error);
      g_assert_true (dbr_state_book_lookup (read, ONE, &record));
      found = g_variant_lookup_value (record.attributes, "it", NULL);
      g_assert_cmpstr (g_variant_get_type_string (found), ==, g_variant_get_type_string (value));
      g_assert_cmpmem (g_variant_get_data (found), g_variant_get_size (found),
                       g_variant_get_data (value), g_variant_get_size (value));
    }
}

static void
test_too_deep (void)
{
  g_autoptr(GVariant) value = g_variant_ref_sink (g_variant_new_int32 (1));
  g_autoptr(GError) error = NULL;

  g_test_summary ("What is nested so deeply that it could not be read back is refused before");

  for (guint i = 0; i < 200; i++)
    {
      GVariant *outer = g_variant_ref_sink (g_variant_new_variant (value));

      g_variant_unref (value);
      value = outer;
    }
  g_assert_false (dbr_state_book_check_attribute ("deep", value, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "“deep” is nested"));
}

static void
test_near_zero (void)
{
  g_autoptr(GVariant) value = g_variant_ref_sink (g_variant_new_double (1e-310));
  g_autoptr(GError) error = NULL;

  g_test_summary ("A number that GVariant writes and does not read is refused before, by that reason");

  g_assert_false (dbr_state_book_check_attribute ("weight", value, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "“weight” has a number"));
}

static void
test_too_large (void)
{
  const gsize n = DBR_STATE_BOOK_MAX_LENGTH;
  g_autoptr(GVariant) large = NULL;
  g_autoptr(GVariant) small = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("What alone is too much for a file is refused before");

  large = g_variant_ref_sink (g_variant_new_take_string (g_strnfill (n, 'a')));
  g_assert_false (dbr_state_book_check_attribute ("much", large, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "much"));
  small = g_variant_ref_sink (g_variant_new_take_string (g_strnfill (n / 2, 'a')));
  g_assert_true (dbr_state_book_check_attribute ("much", small, NULL));
}

static void
test_tells_faults_apart (void)
{
  g_autoptr(DbrStateBook) book = make_book ();
  g_autofree char *text = NULL;
  g_autofree char *newer = NULL;
  gsize length;

  g_test_summary ("What is damaged, of another program or of a later version is each told");

  assert_fault ("[General]\nname=Watch\n", -1, DBR_STATE_FAULT_FOREIGN);
  assert_fault ("\x7f" "ELF", -1, DBR_STATE_FAULT_FOREIGN);
  assert_fault ("", 0, DBR_STATE_FAULT_DAMAGED);
  assert_fault ("libdbr-state 2\nanything at all", -1, DBR_STATE_FAULT_NEWER);
  assert_fault ("libdbr-state 0\n", -1, DBR_STATE_FAULT_DAMAGED);
  assert_fault ("libdbr-state \n", -1, DBR_STATE_FAULT_DAMAGED);
  assert_fault ("libdbr-state 1\nend 0 0\n", -1, DBR_STATE_FAULT_DAMAGED);

  /* However it is cut. */
  text = dbr_state_book_print (book, &length);
  for (gsize i = 0; i < length; i++)
    assert_fault (text, (gssize) i, DBR_STATE_FAULT_DAMAGED);
  newer = g_strconcat (text, "\n", NULL);
  assert_fault (newer, -1, DBR_STATE_FAULT_DAMAGED);
}

/* A text that sums up, but is none that this library writes. */
static char *
sum_up (const char *lines)
{
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, lines, -1);

  return g_strdup_printf ("%s%s\n", lines, sum);
}

static void
test_reads_with_care (void)
{
  const char *const lines[] = {
    "libdbr-state 1\nend 1 ",
    "libdbr-state 1\nend -1 ",
    "libdbr-state 1\nend  ",
    "libdbr-state 1\n",
    "libdbr-state 1\n\nend 0 ",
    "libdbr-state 1\n('a', 0, @a{sv} {}, @a{sv} {})\n('a', 0, @a{sv} {}, @a{sv} {})\nend 2 ",
    "libdbr-state 1\n('a', 0, {}, {}) more\nend 1 ",
    "libdbr-state 1\n('a', 'b', {}, {})\nend 1 ",
    "libdbr-state 1\n[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\nend 1 ",
  };
  g_autofree char *good = sum_up ("libdbr-state 1\n('a', 0, {}, {})\nend 1 ");
  g_autoptr(DbrStateBook) book = NULL;
  DbrStateFault fault;

  g_test_summary ("A text whose sum is right is believed no more than its lines are");

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autofree char *text = sum_up (lines[i]);

      assert_fault (text, -1, DBR_STATE_FAULT_DAMAGED);
    }
  book = dbr_state_book_parse (good, strlen (good), &fault, NULL);
  g_assert_nonnull (book);
}

static void
mutate (GString *text)
{
  gsize place = (gsize) g_test_rand_int_range (0, (gint32) text->len);
  gsize length = (gsize) g_test_rand_int_range (1, 40);
  g_autofree char *piece = NULL;

  length = MIN (length, text->len - place);
  switch (g_test_rand_int_range (0, 6))
    {
    case 0:
      text->str[place] ^= (char) (1 << g_test_rand_int_range (0, 8));
      break;

    case 1:
      text->str[place] = (char) g_test_rand_int_range (0, 256);
      break;

    case 2:
      g_string_erase (text, (gssize) place, (gssize) length);
      break;

    case 3:
      piece = g_strndup (text->str + place, length);
      g_string_insert_len (text, g_test_rand_int_range (0, (gint32) text->len), piece,
                           (gssize) length);
      break;

    case 4:
      memset (text->str + place, 0, length);
      break;

    default:
      g_string_truncate (text, place);
    }
}

static void
test_mutations (void)
{
  g_autoptr(DbrStateBook) book = make_book ();
  g_autofree char *text = NULL;
  guint n_refused = 0;
  gsize length;

  g_test_summary ("Ten thousand mutations: each is refused as a whole, or has changed nothing");

  text = dbr_state_book_print (book, &length);
  for (guint i = 0; i < N_MUTATIONS; i++)
    {
      g_autoptr(GString) mutant = g_string_new_len (text, (gssize) length);
      g_autoptr(DbrStateBook) read = NULL;
      g_autoptr(GError) error = NULL;
      DbrStateFault fault;

      for (int n = g_test_rand_int_range (1, 4); n > 0 && mutant->len > 0; n--)
        mutate (mutant);
      read = dbr_state_book_parse (mutant->str, mutant->len, &fault, &error);
      if (read == NULL)
        {
          g_assert_error (error, DBR_ERROR, DBR_ERROR_STORAGE);
          n_refused++;
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpmem (mutant->str, mutant->len, text, length);
    }
  g_test_message ("%u of %d refused", n_refused, N_MUTATIONS);
  g_assert_cmpuint (n_refused, >, N_MUTATIONS * 9 / 10);
}

/* The same with the sum made right again, so that the lines themselves are read. */
static void
test_mutated_lines (void)
{
  g_autoptr(DbrStateBook) book = make_book ();
  g_autofree char *text = NULL;
  guint n_read = 0;
  gsize length;

  g_test_summary ("Ten thousand mutations that sum up: never a crash, and what is read is written");

  text = dbr_state_book_print (book, &length);
  for (guint i = 0; i < N_MUTATIONS; i++)
    {
      g_autoptr(GString) mutant = g_string_new_len (text, (gssize) length - 65);
      g_autoptr(DbrStateBook) read = NULL;
      g_autofree char *whole = NULL;
      DbrStateFault fault;

      mutate (mutant);
      if (strlen (mutant->str) != mutant->len)
        continue;
      whole = sum_up (mutant->str);
      read = dbr_state_book_parse (whole, strlen (whole), &fault, NULL);
      if (read != NULL)
        {
          g_autofree char *printed = dbr_state_book_print (read, &length);
          g_autoptr(DbrStateBook) again = dbr_state_book_parse (printed, length, &fault, NULL);

          assert_equal (read, again);
          n_read++;
        }
      length = strlen (text);
    }
  g_test_message ("%u of %d read", n_read, N_MUTATIONS);
  g_assert_cmpuint (n_read, >, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/state-book/reads-back", test_reads_back);
  g_test_add_func ("/dbr/state-book/changes", test_changes);
  g_test_add_func ("/dbr/state-book/keeps-any-type", test_keeps_any_type);
  g_test_add_func ("/dbr/state-book/too-deep", test_too_deep);
  g_test_add_func ("/dbr/state-book/near-zero", test_near_zero);
  g_test_add_func ("/dbr/state-book/too-large", test_too_large);
  g_test_add_func ("/dbr/state-book/tells-faults-apart", test_tells_faults_apart);
  g_test_add_func ("/dbr/state-book/reads-with-care", test_reads_with_care);
  g_test_add_func ("/dbr/state-book/mutations", test_mutations);
  g_test_add_func ("/dbr/state-book/mutated-lines", test_mutated_lines);

  return g_test_run ();
}
