/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Hears the signals that end a program on a thread of its own, as the main thread may be in a call
 * that dispatches nothing. */
typedef struct _DbrctlInterrupt DbrctlInterrupt;

/* The first signal cancels @cancellable; the second one ends the process as if nobody heard it. */
DbrctlInterrupt *dbrctl_interrupt_new        (GCancellable    *cancellable) G_GNUC_WARN_UNUSED_RESULT;
/* From then on the signals do what they do to every program. */
void             dbrctl_interrupt_free       (DbrctlInterrupt *self);

/* The signal that was heard, or 0. */
int              dbrctl_interrupt_get_number (DbrctlInterrupt *self);

/* What is written to the terminal before the process ends by a second signal; a constant, or NULL. */
void             dbrctl_interrupt_set_last_words (DbrctlInterrupt *self,
                                                  const char      *words);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlInterrupt, dbrctl_interrupt_free)

G_END_DECLS
