/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbr-test-process.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _DbrTestBroker DbrTestBroker;

DbrTestBroker  *dbr_test_broker_new           (const char     *address,
                                               gboolean        has_session_limits);
void            dbr_test_broker_free          (DbrTestBroker  *self);

DbrTestProcess *dbr_test_broker_get_process   (DbrTestBroker  *self);
void            dbr_test_broker_add_service   (DbrTestBroker  *self,
                                               const char     *name,
                                               const char     *exec);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrTestBroker, dbr_test_broker_free)

G_END_DECLS
