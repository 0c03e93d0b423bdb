/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A cgroup of a test's own. What is in it dies with the test. */
char     *dbr_test_cgroup_make   (GError     **error) G_GNUC_WARN_UNUSED_RESULT;
/* Returns when all in it are dead. */
void      dbr_test_cgroup_kill   (const char  *path);
void      dbr_test_cgroup_remove (const char  *path);

G_END_DECLS
