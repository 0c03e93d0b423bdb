/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>
#include <termios.h>

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

/* How the terminal is left if a second signal ends the process: a constant that is written to it,
 * and its settings, or NULL for what is to stay. Both have to live until this is called again. */
void             dbrctl_interrupt_set_terminal (DbrctlInterrupt      *self,
                                                const char           *words,
                                                const struct termios *settings);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlInterrupt, dbrctl_interrupt_free)

G_END_DECLS
