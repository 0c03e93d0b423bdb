/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A bus of one's own and a service on it that is played, without anything of the machine's. Both end
 * with it, however it ends. */
typedef struct _DbrctlStage DbrctlStage;

/* Plays what @script says, under the name @bus_name. */
DbrctlStage *dbrctl_stage_new         (const char   *bus_name,
                                       const char   *script,
                                       GError      **error) G_GNUC_WARN_UNUSED_RESULT;
void         dbrctl_stage_free        (DbrctlStage  *self);

const char  *dbrctl_stage_get_address (DbrctlStage  *self);

/* One more statement of what is played; it returns when that is begun. */
gboolean     dbrctl_stage_tell        (DbrctlStage  *self,
                                       const char   *statement,
                                       GError      **error);

/* Another process plays it, from the beginning. */
gboolean     dbrctl_stage_play_again  (DbrctlStage  *self,
                                       GError      **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlStage, dbrctl_stage_free)

G_END_DECLS
