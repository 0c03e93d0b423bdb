/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The deadline of whatever should take milliseconds; only a failing test ever waits that long. */
#define DBR_TEST_PATIENCE_MS 20000

/* Iterates `context` (NULL: the default one) until `condition` holds, and fails the test at the
 * deadline. DBR_TEST_TIMEOUT_MULTIPLIER in the environment stretches all deadlines, for valgrind
 * and the like. */
#define dbr_test_wait_until(context, condition, ms) \
  G_STMT_START { \
    gint64 dbr_test_deadline_ = dbr_test_get_deadline (ms); \
    while (!(condition)) \
      dbr_test_wait_step (context, dbr_test_deadline_, #condition, __FILE__, __LINE__, G_STRFUNC); \
  } G_STMT_END

/* Keeps an asynchronous result: pass dbr_test_result_cb and a zeroed struct. */
typedef struct
{
  GObject      *source;
  GAsyncResult *result;
  guint         n_calls;
} DbrTestResult;

/* What this process holds; take two and compare. */
typedef struct
{
  gsize heap_bytes;
  guint n_fds;
  guint n_threads;
} DbrTestResources;

gint64           dbr_test_stretch          (gint64          time);
gint64           dbr_test_get_deadline     (guint           ms);
void             dbr_test_wait_step        (GMainContext   *context,
                                            gint64          deadline,
                                            const char     *condition,
                                            const char     *file,
                                            int             line,
                                            const char     *function);

void             dbr_test_result_cb        (GObject        *source,
                                            GAsyncResult   *result,
                                            gpointer        test_result);
GAsyncResult    *dbr_test_result_wait      (DbrTestResult  *self,
                                            GMainContext   *context);
void             dbr_test_result_clear     (DbrTestResult  *self);

DbrTestResources dbr_test_resources_read   (void);

void             dbr_test_fail             (const char     *format,
                                            ...) G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN;
void             dbr_test_remove_folder    (const char     *path);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DbrTestResult, dbr_test_result_clear)

G_END_DECLS
