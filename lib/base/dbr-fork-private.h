/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A child of fork() has none of its parent's threads, so nothing that waits for one would ever end.
 * An object keeps the generation it was made in and refuses to work in a later one. */
guint dbr_fork_get_generation (void);

/* Keeps what a static mutex guards whole in a child. It is never held together with another one. */
void  dbr_fork_guard          (GMutex *mutex);

G_END_DECLS
