/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "bus/dbr-introspection-private.h"
#include "dbr-fuzz.h"
#include "dbrctl-arguments-private.h"

/* What a person types behind `dbrctl call`: a signature, and a word for each of its types. The values
 * are of that signature, can be sent, and are the same again when they are typed as they are
 * printed. And what is typed behind `--property`: if it is taken, all of it can be asked for. */

#define MAX_WORDS 16

static char *
print_word (GVariant *value)
{
  switch (g_variant_get_type_string (value)[0])
    {
    case 's':
    case 'o':
    case 'g':
      return g_variant_dup_string (value, NULL);

    default:
      return g_variant_print (value, FALSE);
    }
}

static void
check_values (const char *signature,
              GVariant   *values)
{
  g_autofree char *type = g_strdup_printf ("(%s)", signature);
  g_autofree char *printed = g_variant_print (values, TRUE);
  g_autofree char *printed_again = NULL;
  g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GVariant) again = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_cmpstr (g_variant_get_type_string (values), ==, type);
  g_assert_true (g_variant_is_normal_form (values));
  g_assert_true (g_utf8_validate (printed, -1, NULL));
  for (gsize i = 0; i < g_variant_n_children (values); i++)
    {
      g_autoptr(GVariant) value = g_variant_get_child_value (values, i);

      g_ptr_array_add (words, print_word (value));
    }
  g_ptr_array_add (words, NULL);
  again = dbrctl_arguments_parse (signature, "Do", (const char *const *) words->pdata, &error);
  g_assert_no_error (error);
  g_variant_ref_sink (again);
  printed_again = g_variant_print (again, TRUE);
  g_assert_cmpstr (printed_again, ==, printed);
}

/* A whole number is taken only if GVariant takes it too, and is the same one. */
static void
check_number (const char *letter,
              const char *word,
              GVariant   *values)
{
  g_autoptr(GVariant) value = g_variant_get_child_value (values, 0);
  g_autoptr(GVariant) expected = NULL;
  g_autoptr(GError) error = NULL;

  /* Of what stands before a number, GVariant does not pass over this one. */
  if (strchr (word, '\v') != NULL)
    return;

  expected = g_variant_parse (G_VARIANT_TYPE (letter), word, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpvariant (value, expected);
}

/* The method and its signature are found in what the service says of itself, which the client has looked
 * at before. */
static void
check_found (const char *xml)
{
  g_autofree char *signature = NULL;
  g_autofree char *usage = NULL;
  g_autoptr(GError) error = NULL;
  gboolean is_found;

  if (!g_utf8_validate (xml, -1, NULL) || !dbr_introspection_check (xml, NULL))
    return;

  is_found = dbrctl_arguments_find (xml, "a.b", "Do", &signature, &usage, &error);
  fuzz_assert_told (is_found, error);
  g_assert_true (is_found == (signature != NULL && usage != NULL));
}

static void
check_target (const char *text)
{
  g_auto(DbrctlTarget) target = { NULL };
  g_autofree char *again = NULL;

  if (!dbrctl_target_parse (&target, text))
    return;

  g_assert_true (g_variant_is_object_path (target.object_path));
  g_assert_true (g_dbus_is_interface_name (target.interface_name));
  g_assert_true (g_dbus_is_member_name (target.property_name));
  again = g_strdup_printf ("%s:%s.%s", target.object_path, target.interface_name,
                           target.property_name);
  g_assert_cmpstr (again, ==, text);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *signature = fuzz_take_line (&input);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) values = NULL;

  if (signature == NULL)
    return 0;

  if (*signature == '<')
    check_found (signature);
  check_target (signature);
  while (input.size > 0 && words->len < MAX_WORDS)
    g_ptr_array_add (words, fuzz_take_line (&input));
  g_ptr_array_add (words, NULL);
  values = dbrctl_arguments_parse (signature, "Do", (const char *const *) words->pdata, &error);
  fuzz_assert_told (values != NULL, error);
  if (values == NULL)
    return 0;

  check_values (signature, g_variant_ref_sink (values));
  if (*signature != '\0' && signature[1] == '\0' && strchr ("ynqiuxt", *signature) != NULL)
    check_number (signature, words->pdata[0], values);

  return 0;
}
