/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether a call may make the bus start the service, where its caller did not say. */
gboolean dbr_services_may_activate (const char *bus_name);
/* Whether a method makes its service keep something for the caller until its connection ends.
 * Without an interface it may be that of any. */
gboolean dbr_services_bind_caller  (const char *interface_name,
                                    const char *method_name);
/* What to ask a service to see whether it works: the path, interface and name of a property; NULL if
 * nothing is known of it. */
char   **dbr_services_dup_probe (const char *bus_name);

G_END_DECLS
