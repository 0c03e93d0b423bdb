/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void  dbr_test_reaper_start             (void);
GPid  dbr_test_reaper_get_pid           (void);
/* Async-signal-safe: a child registers itself between fork and exec. */
void  dbr_test_reaper_register_self     (void);
void  dbr_test_reaper_forget_process    (GPid        pid);
char *dbr_test_reaper_make_folder       (void) G_GNUC_WARN_UNUSED_RESULT;
void  dbr_test_reaper_remove_folder     (const char *path);
void  dbr_test_reaper_register_cgroup   (const char *path);

G_END_DECLS
