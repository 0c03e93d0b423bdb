/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What can be asked for with DBR_DEBUG=calls,policy,lanes,monitor (or `all`). */
typedef enum
{
  DBR_DEBUG_CALLS   = 1 << 0,
  DBR_DEBUG_POLICY  = 1 << 1,
  DBR_DEBUG_LANES   = 1 << 2,
  DBR_DEBUG_MONITOR = 1 << 3,
} DbrDebugTopic;

gboolean dbr_debug_is_on (DbrDebugTopic topic);

/* Logs one line of @topic, with pairs of a field's name and text after it that journald and other
 * log writers keep apart. Ends with NULL. Use it through the macro, which costs nothing while it is
 * off. */
void     dbr_debug_log   (DbrDebugTopic  topic,
                          const char    *message,
                          ...) G_GNUC_NULL_TERMINATED;

#define dbr_debug(topic, ...) \
  G_STMT_START { \
    if (G_UNLIKELY (dbr_debug_is_on (topic))) \
      dbr_debug_log (topic, __VA_ARGS__, NULL); \
  } G_STMT_END

G_END_DECLS
