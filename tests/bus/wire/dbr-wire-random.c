/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-wire-random.h"

#include <string.h>

#define MAX_DEPTH 4

static const char basic_types[] = "ybnqiuxtdsogh";

static guint
random_below (guint n)
{
  return (guint) g_test_rand_int_range (0, (gint32) n);
}

static guint64
random_bits (void)
{
  return ((guint64) (guint32) g_test_rand_int () << 32) | (guint32) g_test_rand_int ();
}

/* Mostly few; at times so many that a table of offsets needs wider entries. */
static guint
random_length (guint most)
{
  guint chance = random_below (1000);

  if (chance == 0)
    return random_below (70000);
  if (chance < 20)
    return random_below (400);

  return random_below (most);
}

static void
add_basic_type (GString *text)
{
  g_string_append_c (text, basic_types[random_below (sizeof basic_types - 1)]);
}

static void
add_type (GString *text,
          guint    depth)
{
  guint chance = depth < MAX_DEPTH ? random_below (10) : 0;
  guint n_members = 1 + random_below (4);

  switch (chance)
    {
    case 9:
      g_string_append_c (text, 'v');
      break;

    case 8:
      g_string_append_c (text, 'a');
      add_type (text, depth + 1);
      break;

    case 7:
      g_string_append_c (text, '(');
      for (guint i = 0; i < n_members; i++)
        add_type (text, depth + 1);
      g_string_append_c (text, ')');
      break;

    case 6:
      g_string_append (text, "a{");
      add_basic_type (text);
      add_type (text, depth + 1);
      g_string_append_c (text, '}');
      break;

    default:
      add_basic_type (text);
      break;
    }
}

char *
random_dup_signature (guint max_types)
{
  GString *text = g_string_new (NULL);
  guint n = random_below (max_types + 1);

  for (guint i = 0; i < n; i++)
    {
      gsize length = text->len;

      add_type (text, 0);
      if (text->len > 250)
        g_string_truncate (text, length);
    }

  return g_string_free (text, FALSE);
}

static char *
random_dup_text (void)
{
  static const char *const letters[] = { "a", "Z", " ", "\n", "é", "–", "日", "🚌", "\x7f", "\x01" };
  GString *text = g_string_new (NULL);
  guint n = random_length (20);
  guint n_letters = random_below (2) == 0 ? 2 : G_N_ELEMENTS (letters);

  for (guint i = 0; i < n; i++)
    g_string_append (text, letters[random_below (n_letters)]);

  return g_string_free (text, FALSE);
}

char *
random_dup_path (void)
{
  GString *text = g_string_new (NULL);
  guint n = random_below (4);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "/p%u_", random_below (2000));

  return text->len > 0 ? g_string_free (text, FALSE)
                       : (g_string_free (text, TRUE), g_strdup ("/"));
}

char *
random_dup_name (void)
{
  return g_strdup_printf ("org.example%u.N%u", random_below (50), random_below (50));
}

static GVariant *
random_new_basic (char code)
{
  guint64 bits = random_bits ();
  g_autofree char *text = NULL;
  double number;

  switch (code)
    {
    case 'y':
      return g_variant_new_byte ((guchar) bits);

    case 'b':
      return g_variant_new_boolean (bits & 1);

    case 'n':
      return g_variant_new_int16 ((gint16) bits);

    case 'q':
      return g_variant_new_uint16 ((guint16) bits);

    case 'i':
      return g_variant_new_int32 ((gint32) bits);

    case 'u':
      return g_variant_new_uint32 ((guint32) bits);

    case 'h':
      return g_variant_new_handle ((gint32) (bits & 0xff));

    case 'x':
      return g_variant_new_int64 ((gint64) bits);

    case 't':
      return g_variant_new_uint64 (bits);

    case 'd':
      memcpy (&number, &bits, sizeof number);
      return g_variant_new_double (number);

    case 'o':
      text = random_dup_path ();
      return g_variant_new_object_path (text);

    case 'g':
      text = random_dup_signature (3);
      return g_variant_new_signature (text);

    default:
      text = random_dup_text ();
      return g_variant_new_string (text);
    }
}

static GVariant *
random_new_variant (void)
{
  GString *type = g_string_new (NULL);
  GVariant *value;

  add_type (type, MAX_DEPTH - 2);
  value = random_new_value (G_VARIANT_TYPE (type->str));
  g_string_free (type, TRUE);

  return g_variant_new_variant (value);
}

static GVariant *
random_new_array (const GVariantType *type)
{
  const GVariantType *element = g_variant_type_element (type);
  guint n = g_variant_type_is_basic (element) ? random_length (12) : random_below (5);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, type);
  for (guint i = 0; i < n; i++)
    g_variant_builder_add_value (&builder, random_new_value (element));

  return g_variant_builder_end (&builder);
}

GVariant *
random_new_value (const GVariantType *type)
{
  GVariantBuilder builder;

  if (g_variant_type_is_variant (type))
    return random_new_variant ();
  if (g_variant_type_is_basic (type))
    return random_new_basic (*g_variant_type_peek_string (type));
  if (g_variant_type_is_array (type))
    return random_new_array (type);

  g_variant_builder_init (&builder, type);
  for (type = g_variant_type_first (type); type != NULL; type = g_variant_type_next (type))
    g_variant_builder_add_value (&builder, random_new_value (type));

  return g_variant_builder_end (&builder);
}
