/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbr-test-bus.h"
#include "dbr-test-util.h"

#include <gio/gunixfdlist.h>

G_BEGIN_DECLS

/* The interface of a peer's built-in methods. */
#define DBR_TEST_INTERFACE "org.dbr.Peer1"

GDBusConnection *dbr_test_connect_peer        (const char       *address);
GVariant        *dbr_test_call                (GDBusConnection  *connection,
                                               const char       *name,
                                               const char       *path,
                                               const char       *interface_name,
                                               const char       *member,
                                               GVariant         *parameters,
                                               int               timeout_ms,
                                               GError          **error) G_GNUC_WARN_UNUSED_RESULT;
GVariant        *dbr_test_call_peer           (GDBusConnection  *connection,
                                               const char       *name,
                                               const char       *member,
                                               GVariant         *parameters,
                                               GError          **error) G_GNUC_WARN_UNUSED_RESULT;
void             dbr_test_call_peer_async     (GDBusConnection  *connection,
                                               const char       *name,
                                               const char       *member,
                                               GVariant         *parameters,
                                               DbrTestResult    *result);
GVariant        *dbr_test_call_finish         (DbrTestResult    *result,
                                               GError          **error) G_GNUC_WARN_UNUSED_RESULT;
GVariant        *dbr_test_call_with_fds       (GDBusConnection  *connection,
                                               const char       *name,
                                               const char       *member,
                                               GVariant         *parameters,
                                               GUnixFDList      *passed,
                                               GUnixFDList     **received,
                                               GError          **error) G_GNUC_WARN_UNUSED_RESULT;
void             dbr_test_ping                (GDBusConnection  *connection,
                                               const char       *name);

void             dbr_test_assert_remote_error (GError           *error,
                                               const char       *name);
void             dbr_test_assert_prints       (GVariant         *value,
                                               const char       *text);

G_END_DECLS
