/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "notify/dbr-notice-backend-private.h"

G_BEGIN_DECLS

#define DBR_TYPE_NOTICE_DIRECT (dbr_notice_direct_get_type ())

/* Speaks org.freedesktop.Notifications over a client of its own. The connection stays for as long as
 * the object: some servers take away what a connection has shown when that ends. */
G_DECLARE_FINAL_TYPE (DbrNoticeDirect, dbr_notice_direct, DBR, NOTICE_DIRECT, GObject)

DbrNoticeBackend *dbr_notice_direct_new (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
