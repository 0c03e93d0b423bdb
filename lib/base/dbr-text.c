/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-text-private.h"

#include <string.h>

#include "base/dbr-check-private.h"

/* In each byte of a word: its lowest bit, and its highest. */
#define LOW_BITS G_GUINT64_CONSTANT (0x0101010101010101)
#define HIGH_BITS G_GUINT64_CONSTANT (0x8080808080808080)

/* Whether a word has only bytes from 1 to 127. Taking 1 from each borrows only where there is a
 * zero, and then the lowest such byte is found for certain. */
static inline gboolean
is_plain_word (const char *bytes)
{
  guint64 word;

  memcpy (&word, bytes, sizeof word);

  return ((word | (word - LOW_BITS)) & HIGH_BITS) == 0;
}

/* Nearly all text on a bus is ASCII, and that is told eight bytes at a time. */
gboolean
dbr_text_is_utf8 (const char *text,
                  gsize       length)
{
  gsize at = 0;

  while (at + sizeof (guint64) <= length && is_plain_word (text + at))
    at += sizeof (guint64);
  while (at < length && text[at] > 0)
    at++;

  return at == length || g_utf8_validate_len (text + at, length - at, NULL);
}

/* The characters of names: letters and the underscore begin one, digits go on with it. */
enum
{
  FIRST   = 1 << 0,
  DIGIT   = 1 << 1,
  FURTHER = FIRST | DIGIT,
};

static const guint8 kinds[256] = {
  ['0' ... '9'] = DIGIT,
  ['A' ... 'Z'] = FIRST,
  ['_'] = FIRST,
  ['a' ... 'z'] = FIRST,
};

static inline gboolean
is_first (char c)
{
  return kinds[(guchar) c] & FIRST;
}

static inline gboolean
is_digit (char c)
{
  return kinds[(guchar) c] & DIGIT;
}

static inline gboolean
is_further (char c)
{
  return kinds[(guchar) c] & FURTHER;
}

gboolean
dbr_text_is_object_path (const char *text,
                         gsize       length)
{
  if (length == 0 || text[0] != '/')
    return FALSE;

  for (gsize i = 1; i < length; i++)
    {
      if (!is_further (text[i]) && (text[i] != '/' || text[i - 1] == '/'))
        return FALSE;
    }

  return length == 1 || text[length - 1] != '/';
}

gboolean
dbr_text_is_member_name (const char *text,
                         gsize       length)
{
  if (length == 0 || length > DBR_MAX_NAME_LENGTH || !is_first (text[0]))
    return FALSE;

  for (gsize i = 1; i < length; i++)
    {
      if (!is_further (text[i]))
        return FALSE;
    }

  return TRUE;
}

gboolean
dbr_text_is_interface_name (const char *text,
                            gsize       length)
{
  gboolean has_dot = FALSE;
  gboolean is_start = TRUE;

  if (length > DBR_MAX_NAME_LENGTH)
    return FALSE;

  for (gsize i = 0; i < length; i++)
    {
      gboolean is_dot = text[i] == '.';

      if (is_start ? !is_first (text[i]) : !is_dot && !is_further (text[i]))
        return FALSE;

      has_dot = has_dot || is_dot;
      is_start = is_dot;
    }

  return has_dot && !is_start;
}

/* Beside what an interface has, a bus name may have hyphens, and the parts of a unique one may
 * begin with digits. */
gboolean
dbr_text_is_bus_name (const char *text,
                      gsize       length)
{
  gboolean is_unique = length > 0 && text[0] == ':';
  gboolean has_dot = FALSE;
  gboolean is_start = TRUE;

  if (length > DBR_MAX_NAME_LENGTH)
    return FALSE;

  for (gsize i = is_unique; i < length; i++)
    {
      gboolean is_dot = text[i] == '.';

      if (is_dot ? is_start : !is_further (text[i]) && text[i] != '-')
        return FALSE;
      if (is_start && is_digit (text[i]) && !is_unique)
        return FALSE;

      has_dot = has_dot || is_dot;
      is_start = is_dot;
    }

  return has_dot && !is_start;
}
