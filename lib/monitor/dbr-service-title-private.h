/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a service is called where a person reads of it, in the person's language: as it is known from
 * the desktop, or else the name it has on the bus. It lives as long as @bus_name. */
const char *dbr_service_title_get (const char *bus_name);

G_END_DECLS
