/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define DBR_SYSTEMD_NAME "org.freedesktop.systemd1"
#define DBR_SYSTEMD_PATH "/org/freedesktop/systemd1"
#define DBR_SYSTEMD_MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"
#define DBR_SYSTEMD_UNIT_INTERFACE "org.freedesktop.systemd1.Unit"
#define DBR_SYSTEMD_UNIT_PATH DBR_SYSTEMD_PATH "/unit"

/* The name of one unit as systemd has it: a name without a suffix is that of a service, a path that
 * of a mount or a device. */
char  *dbr_systemd_name_complete          (const char         *name,
                                           GError            **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for each of @names, of which NULL is none. */
char **dbr_systemd_name_complete_all      (const char * const *names,
                                           GError            **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for patterns, which stay as they are where they have one of *?[. */
char **dbr_systemd_name_complete_patterns (const char * const *patterns,
                                           GError            **error) G_GNUC_WARN_UNUSED_RESULT;

/* The object that stands for a unit. */
char  *dbr_systemd_name_to_path           (const char         *name) G_GNUC_WARN_UNUSED_RESULT;
/* The interface of a unit of this type, NULL if the type has none. */
const char *dbr_systemd_name_get_interface (const char        *name);

G_END_DECLS
