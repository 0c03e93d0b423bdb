/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-boot-times.h"

G_BEGIN_DECLS

/* From the properties of the manager, of type `a{sv}`. @is_user: of the manager of a user, who logs
 * in to a machine that runs. */
DbrBootTimes *dbr_boot_times_new (GVariant *manager,
                                  gboolean  is_user) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
