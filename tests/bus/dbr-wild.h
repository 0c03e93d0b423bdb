/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

#include "dbr-testbed.h"

G_BEGIN_DECLS

/* A service that takes its calls as it likes, calls to it that are drawn, and what may be said of
 * them at the end. */

#define WILD_SCRIPT \
  "on Plain: reply ()\n" \
  "on Slow: wait 20; reply ()\n" \
  "on Late: wait 400; reply ()\n" \
  "on Lost: never\n" \
  "on Broken: error org.dbr.Error.Broken\n" \
  "on Busy: reply ()\n" \
  "on Busy every 2: error org.freedesktop.DBus.Error.NoMemory\n" \
  "on Vague: error org.freedesktop.DBus.Error.NoReply\n" \
  "on Die: die\n"

/* How often of a thousand each is called; the last one takes the rest. */
typedef struct
{
  const char *member;
  guint       permille;
} WildMember;

static inline const char *
wild_draw_member (const WildMember *members,
                  GRand            *rand)
{
  guint number = dbr_test_draw (rand, 0, 999);

  for (; number >= members->permille; members++)
    number -= members->permille;

  return members->member;
}

/* TRUE: it may be repeated. */
static inline gboolean
wild_draw_options (DbrCall *call,
                   GRand   *rand,
                   guint    interactive_permille)
{
  gboolean is_repeatable = dbr_test_happens (rand, 300);

  dbr_call_set_idempotent (call, is_repeatable);
  if (dbr_test_happens (rand, 200))
    dbr_call_set_attempt_timeout_ms (call, 100);
  dbr_call_set_background (call, dbr_test_happens (rand, 100));
  dbr_call_set_bypass_circuit (call, dbr_test_happens (rand, 300));
  dbr_call_set_interactive (call, dbr_test_happens (rand, interactive_permille));

  return is_repeatable;
}

static inline gboolean
wild_cancel_cb (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);

  return G_SOURCE_REMOVE;
}

/* One that is cancelled soon, or NULL for most. */
static inline GCancellable *
wild_draw_cancellable (GRand *rand)
{
  GCancellable *cancellable;

  if (!dbr_test_happens (rand, 50))
    return NULL;

  cancellable = g_cancellable_new ();
  g_timeout_add_full (G_PRIORITY_DEFAULT, dbr_test_draw (rand, 0, 100), wild_cancel_cb,
                      g_object_ref (cancellable), g_object_unref);

  return cancellable;
}

/* Whether what a call says of itself is so, as it ran @count times. */
static inline gboolean
wild_agrees (DbrExecution execution,
             guint        count)
{
  switch (execution)
    {
    case DBR_EXECUTION_NEVER:
      return count == 0;

    case DBR_EXECUTION_ONCE:
      return count == 1;

    case DBR_EXECUTION_SEVERAL:
      return count >= 2;

    case DBR_EXECUTION_MAYBE:
    default:
      return TRUE;
    }
}

G_END_DECLS
