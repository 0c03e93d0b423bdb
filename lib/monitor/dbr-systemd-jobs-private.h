/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The jobs whose end someone waits for, by their paths. A job may end before the call that began it
 * is answered here, so what ends while such a call is under way is kept until all know theirs. */
typedef struct _DbrSystemdJobs DbrSystemdJobs;
typedef struct _DbrSystemdWait DbrSystemdWait;

/* In any thread, with no lock held: the job ended with this result, which is told once; or with NULL,
 * that it may have ended without systemd being heard, so that it should be looked after. It may come
 * a moment after the wait has ended. */
typedef void (*DbrSystemdJobFunc) (const char *result,
                                   gpointer    user_data);

DbrSystemdJobs *dbr_systemd_jobs_new   (void) G_GNUC_WARN_UNUSED_RESULT;
void            dbr_systemd_jobs_free  (DbrSystemdJobs    *self);

/* Before the call is made that begins a job. */
DbrSystemdWait *dbr_systemd_jobs_begin (DbrSystemdJobs    *self,
                                        DbrSystemdJobFunc  ended,
                                        gpointer           user_data,
                                        GDestroyNotify     destroy) G_GNUC_WARN_UNUSED_RESULT;
/* When it is known which job it is; it may be told at once. */
void            dbr_systemd_jobs_await (DbrSystemdJobs    *self,
                                        DbrSystemdWait    *wait,
                                        const char        *path);
/* Nobody waits any more. */
void            dbr_systemd_jobs_end   (DbrSystemdJobs    *self,
                                        DbrSystemdWait    *wait);

/* systemd has told that a job is removed. */
void            dbr_systemd_jobs_hear  (DbrSystemdJobs    *self,
                                        const char        *path,
                                        const char        *result);
/* Something may not have been heard. */
void            dbr_systemd_jobs_doubt (DbrSystemdJobs    *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrSystemdJobs, dbr_systemd_jobs_free)

G_END_DECLS
