/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-monitor-news-private.h"

G_BEGIN_DECLS

/* Whether this machine is so short of memory or processors that everything takes long. It is looked
 * at once a second at most. */
gboolean  dbr_machine_is_pressed (void);
/* What is seen of a process; DBR_FREEZE_NONE too where nothing can be seen. */
DbrFreeze dbr_machine_see_freeze (guint pid);

G_END_DECLS
