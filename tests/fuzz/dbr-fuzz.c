/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbr-fuzz.h"

#include <string.h>

#include "base/dbr-error.h"

int
LLVMFuzzerInitialize (int    *argc,
                      char ***argv)
{
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);

  return 0;
}

guint8
fuzz_take_byte (FuzzInput *self)
{
  if (self->size == 0)
    return 0;

  self->size--;

  return *self->data++;
}

static char *
fuzz_input_take (FuzzInput *self,
                 gsize      length)
{
  char *text = g_malloc (length + 1);

  memcpy (text, self->data, length);
  text[length] = '\0';
  self->data += length;
  self->size -= length;

  return text;
}

char *
fuzz_take_line (FuzzInput *self)
{
  const guint8 *end;
  g_autofree char *line = NULL;

  if (self->size == 0)
    return NULL;

  end = memchr (self->data, '\n', self->size);
  line = fuzz_input_take (self, end != NULL ? (gsize) (end - self->data) : self->size);
  if (end != NULL)
    fuzz_take_byte (self);

  return g_strdup (line);
}

char *
fuzz_take_text (FuzzInput *self,
                gsize     *length)
{
  *length = self->size;

  return self->size > 0 ? fuzz_input_take (self, self->size) : g_strdup ("");
}

void
fuzz_assert_shown (const char *text)
{
  g_assert_nonnull (text);
  g_assert_cmpstr (text, !=, "");
  g_assert_true (g_utf8_validate (text, -1, NULL));
}

void
fuzz_assert_told (gboolean      is_well,
                  const GError *error)
{
  g_assert_true (is_well == (error == NULL));
  if (error != NULL)
    fuzz_assert_shown (error->message);
}

void
fuzz_assert_told_by_us (gboolean      is_well,
                        const GError *error)
{
  fuzz_assert_told (is_well, error);
  g_assert_true (is_well || error->domain == DBR_ERROR);
}
