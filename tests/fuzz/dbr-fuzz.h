/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What each target gives: it is called by libFuzzer with what it invents, and by the replay with what
 * is kept in corpus/. */
int       LLVMFuzzerTestOneInput (const guint8  *data,
                                  gsize          size);
/* Called once before: from then on a warning is a fault as well. */
int       LLVMFuzzerInitialize   (int           *argc,
                                  char        ***argv);

/* What is left of an input. What is taken of it is in memory of its own and no longer than it is, so
 * that reading beyond it is seen. */
typedef struct
{
  const guint8 *data;
  gsize         size;
} FuzzInput;

/* 0 where nothing is left. */
guint8    fuzz_take_byte         (FuzzInput     *self);
/* The next line, without its ending and without zero bytes; NULL where nothing is left. */
char     *fuzz_take_line         (FuzzInput     *self) G_GNUC_WARN_UNUSED_RESULT;
/* All that is left, with a zero byte behind it that does not count. */
char     *fuzz_take_text         (FuzzInput     *self,
                                  gsize         *length) G_GNUC_WARN_UNUSED_RESULT;

/* There is an error if it failed and none if it did not, and its message can be shown. */
void      fuzz_assert_told       (gboolean       is_well,
                                  const GError  *error);
/* One of libdbr's own. */
void      fuzz_assert_told_by_us (gboolean       is_well,
                                  const GError  *error);
void      fuzz_assert_shown      (const char    *text);

G_END_DECLS
