/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What D-Bus itself allows. */
#define DBR_MAX_TIMEOUT_MS (24u * 60 * 60 * 1000)
#define DBR_MAX_MESSAGE_SIZE (128u * 1024 * 1024)
#define DBR_MAX_SIGNATURE_LENGTH 255
#define DBR_MAX_NAME_LENGTH 255

/* Every bad value is an `INVALID_ARGUMENT` that names it: GDBus would log a critical and never call
 * back. */
gboolean dbr_check_bus_name       (const char    *bus_name,
                                   GError       **error);
gboolean dbr_check_object_path    (const char    *object_path,
                                   GError       **error);
gboolean dbr_check_interface_name (const char    *interface_name,
                                   GError       **error);
gboolean dbr_check_member_name    (const char    *member,
                                   GError       **error);
gboolean dbr_check_error_name     (const char    *error_name,
                                   GError       **error);
gboolean dbr_check_operation      (const char    *operation,
                                   GError       **error);
gboolean dbr_check_parameters     (GVariant      *parameters,
                                   GUnixFDList   *fd_list,
                                   GError       **error);
gboolean dbr_check_value          (GVariant      *value,
                                   GError       **error);
gboolean dbr_check_reply_type     (const GVariantType *reply_type,
                                   GError            **error);
gboolean dbr_check_timeout        (const char    *name,
                                   guint          timeout_ms,
                                   GError       **error);

/* Says once a process that a limit this short is in milliseconds, and was perhaps meant in seconds.
 * */
void     dbr_check_short_timeout  (const char    *name,
                                   guint          timeout_ms);

G_END_DECLS
