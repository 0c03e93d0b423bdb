/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbr-test-peer.h"

G_BEGIN_DECLS

/* What the played BlueZ begins with: one controller. */
#define DBR_TEST_BLUEZ_NAME "org.bluez"
#define DBR_TEST_BLUEZ_ROOT "/org/bluez"
#define DBR_TEST_BLUEZ_ADAPTER "00:AA:01:00:00:00"
#define DBR_TEST_BLUEZ_ADAPTER_PATH "/org/bluez/hci0"
/* A device that no script has brought near; the path is that of the first adapter. */
#define DBR_TEST_BLUEZ_DEVICE "00:AA:01:00:00:42"
#define DBR_TEST_BLUEZ_DEVICE_PATH "/org/bluez/hci0/dev_00_AA_01_00_00_42"
#define DBR_TEST_BLUEZ_VALUE_PATH DBR_TEST_BLUEZ_DEVICE_PATH "/service000a/char000b"

typedef struct _DbrTestBluez DbrTestBluez;

DbrTestBluez *dbr_test_bluez_new              (DbrTestBus    *bus,
                                               const char    *script) G_GNUC_WARN_UNUSED_RESULT;
void          dbr_test_bluez_free             (DbrTestBluez  *self);

DbrTestPeer  *dbr_test_bluez_get_peer         (DbrTestBluez  *self);
char         *dbr_test_bluez_take_calls       (DbrTestBluez  *self) G_GNUC_WARN_UNUSED_RESULT;
void          dbr_test_bluez_wait_for_calls   (DbrTestBluez  *self,
                                               GMainContext  *context,
                                               const char    *calls);
char         *dbr_test_bluez_dup_ledger       (DbrTestBluez  *self) G_GNUC_WARN_UNUSED_RESULT;
void          dbr_test_bluez_wait_for_ledger  (DbrTestBluez  *self,
                                               GMainContext  *context,
                                               const char    *part,
                                               gboolean       is_there);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrTestBluez, dbr_test_bluez_free)

G_END_DECLS
