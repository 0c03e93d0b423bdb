/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-binding-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/* Languages have blocks: a limit over all that is done inside, attempts that are counted outside.
 * What a block holds belongs to the language, which knows its coroutines and contexts; it lays it
 * down here around each function that it calls, in the thread that calls it. */

typedef struct _Block Block;

struct _Block
{
  /* G_MAXINT64 if it has no end */
  gint64    until_usec;
  gboolean  is_single_attempt;
  Block    *outer;
};

static void
blocks_free (gpointer data)
{
  Block *block = data;

  while (block != NULL)
    {
      Block *outer = block->outer;

      g_free (block);
      block = outer;
    }
}

static GPrivate innermost = G_PRIVATE_INIT (blocks_free);

/**
 * dbr_binding_enter:
 * @until_usec: when the time of the block is over, by `g_get_monotonic_time()`; 0 if it has no end
 * @single_attempt: whether a client makes one attempt only, because the block makes others
 *
 * Says something of all that this thread begins until [func@binding_leave]. For language bindings.
 *
 * Programs have `Dbr.deadline()` and `Dbr.retrying()` of their language instead, which also know
 * its coroutines. An operation that begins inside has at most the time that is left, and ends with
 * `DBR_ERROR_DEADLINE`; it keeps to that when the block was left meanwhile. Blocks may be inside
 * each other: an inner one can only say less time and fewer attempts.
 *
 * Since: 0.1
 */
void
dbr_binding_enter (gint64   until_usec,
                   gboolean single_attempt)
{
  Block *outer = g_private_get (&innermost);
  Block *block = g_new (Block, 1);

  block->until_usec = until_usec != 0 ? until_usec : G_MAXINT64;
  block->is_single_attempt = single_attempt;
  block->outer = outer;
  if (outer != NULL)
    {
      block->until_usec = MIN (block->until_usec, outer->until_usec);
      block->is_single_attempt = single_attempt || outer->is_single_attempt;
    }

  g_private_set (&innermost, block);
}

/**
 * dbr_binding_leave:
 *
 * Takes back what the last [func@binding_enter] of this thread said. For language bindings.
 *
 * Since: 0.1
 */
void
dbr_binding_leave (void)
{
  Block *block = g_private_get (&innermost);

  g_return_if_fail (block != NULL);

  g_private_set (&innermost, block->outer);
  g_free (block);
}

/* Limits are whole milliseconds: what is left of one is nothing. */
static gint64
block_get_left_ms (const Block *self)
{
  return (self->until_usec - g_get_monotonic_time ()) / 1000;
}

gboolean
dbr_binding_check (GError **error)
{
  const Block *block = g_private_get (&innermost);

  if (block == NULL || block_get_left_ms (block) > 0)
    return TRUE;

  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_DEADLINE,
                       _("The time was over before it began: the limit is that of all that is done "
                         "together"));

  return FALSE;
}

guint
dbr_binding_limit (guint limit_ms)
{
  const Block *block = g_private_get (&innermost);

  return block != NULL
         ? (guint) CLAMP (block_get_left_ms (block), 1, (gint64) limit_ms)
         : limit_ms;
}

gboolean
dbr_binding_is_single_attempt (void)
{
  const Block *block = g_private_get (&innermost);

  return block != NULL && block->is_single_attempt;
}
