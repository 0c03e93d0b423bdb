/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _DbrTestProcess DbrTestProcess;

DbrTestProcess *dbr_test_process_new          (const char *const *arguments,
                                               gboolean           has_input,
                                               int                passed_fd);
void            dbr_test_process_free         (DbrTestProcess    *self);

GPid            dbr_test_process_get_pid      (DbrTestProcess    *self);
gboolean        dbr_test_process_is_alive     (DbrTestProcess    *self);
int             dbr_test_process_get_status   (DbrTestProcess    *self);

void            dbr_test_process_stop         (DbrTestProcess    *self);
void            dbr_test_process_cont         (DbrTestProcess    *self);
void            dbr_test_process_kill         (DbrTestProcess    *self);
gboolean        dbr_test_process_wait         (DbrTestProcess    *self,
                                               guint              ms);
void            dbr_test_process_write        (DbrTestProcess    *self,
                                               const char        *line);
char           *dbr_test_process_read_line    (DbrTestProcess    *self,
                                               guint              ms,
                                               const char       **reason) G_GNUC_WARN_UNUSED_RESULT;

char            dbr_test_process_read_state   (GPid               pid);
void            dbr_test_wait_process_state   (GPid               pid,
                                               char               state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrTestProcess, dbr_test_process_free)

G_END_DECLS
