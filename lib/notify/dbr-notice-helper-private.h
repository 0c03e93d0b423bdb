/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "notify/dbr-notice-backend-private.h"

G_BEGIN_DECLS

#define DBR_TYPE_NOTICE_HELPER (dbr_notice_helper_get_type ())

/* Has libnotify show what there is to show, in a process of its own: there it may block for as long
 * as it does, share its globals with nobody, and die with the session bus. One that does not answer
 * is killed and replaced. */
G_DECLARE_FINAL_TYPE (DbrNoticeHelper, dbr_notice_helper, DBR, NOTICE_HELPER, GObject)

DbrNoticeBackend *dbr_notice_helper_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Whether this build has the program, or was told of one. */
gboolean          dbr_notice_has_helper   (void);
/* Whether notifications leave by a portal, which libnotify knows. */
gboolean          dbr_notice_is_in_sandbox (void);

G_END_DECLS
