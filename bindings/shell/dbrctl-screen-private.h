/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbrctl-frame-private.h"

G_BEGIN_DECLS

/* The whole terminal for as long as it lives; then the terminal is as it was, whatever ends the
 * process but SIGKILL. */
typedef struct _DbrctlScreen DbrctlScreen;

typedef enum
{
  DBRCTL_KEY_QUIT,
  DBRCTL_KEY_UP,
  DBRCTL_KEY_DOWN,
  DBRCTL_KEY_PAGE_UP,
  DBRCTL_KEY_PAGE_DOWN,
  DBRCTL_KEY_HOME,
  DBRCTL_KEY_END,
  /* the size of the terminal has changed */
  DBRCTL_KEY_RESIZED,
} DbrctlKey;

typedef void (*DbrctlKeyFunc) (DbrctlKey key,
                               gpointer  user_data);

/* @func is called in the default context. */
DbrctlScreen *dbrctl_screen_new        (DbrctlFrame         *frame,
                                        DbrctlKeyFunc        func,
                                        gpointer             user_data) G_GNUC_WARN_UNUSED_RESULT;
void          dbrctl_screen_free       (DbrctlScreen        *self);

void          dbrctl_screen_get_size   (DbrctlScreen        *self,
                                        guint               *columns,
                                        guint               *rows);
/* Shows these lines, which fit and are clean, and nothing else. */
void          dbrctl_screen_show       (DbrctlScreen        *self,
                                        const char *const   *lines);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlScreen, dbrctl_screen_free)

G_END_DECLS
