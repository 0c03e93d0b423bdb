/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  DBR_TEST_BUS_KIND_DBUS_DAEMON,
  DBR_TEST_BUS_KIND_DBUS_BROKER,
} DbrTestBusKind;

typedef enum
{
  DBR_TEST_BUS_NONE = 0,
  /* the limits of a session bus instead of those of the system bus */
  DBR_TEST_BUS_SESSION_LIMITS = 1 << 0,
  /* activation of what dbr_test_bus_add_service() adds */
  DBR_TEST_BUS_ACTIVATION = 1 << 1,
  /* listen on tcp:host=127.0.0.1 or on an abstract socket instead of unix:path= */
  DBR_TEST_BUS_TCP = 1 << 2,
  DBR_TEST_BUS_ABSTRACT = 1 << 3,
  /* dbus-daemon whatever the environment wants; DBR_TEST_BUS_TCP implies it: dbus-broker knows
   * no tcp */
  DBR_TEST_BUS_DBUS_DAEMON = 1 << 4,
  /* a policy by which it tells nobody whose a connection is, process, user or anything; this is a
   * dbus-daemon too */
  DBR_TEST_BUS_NO_CREDENTIALS = 1 << 5,
} DbrTestBusFlags;

typedef struct _DbrTestBus DbrTestBus;

DbrTestBus      *dbr_test_bus_new               (void) G_GNUC_WARN_UNUSED_RESULT;
DbrTestBus      *dbr_test_bus_new_full          (DbrTestBusFlags  flags) G_GNUC_WARN_UNUSED_RESULT;
void             dbr_test_bus_free              (DbrTestBus      *self);

const char      *dbr_test_bus_get_address       (DbrTestBus      *self);
GPid             dbr_test_bus_get_pid           (DbrTestBus      *self);
DbrTestBusKind   dbr_test_bus_get_kind          (DbrTestBus      *self);
const char      *dbr_test_bus_get_folder        (DbrTestBus      *self);
guint            dbr_test_bus_count_connections (DbrTestBus      *self);
char            *dbr_test_bus_dup_owner         (DbrTestBus      *self,
                                                 const char      *name) G_GNUC_WARN_UNUSED_RESULT;

void             dbr_test_bus_stop              (DbrTestBus      *self);
void             dbr_test_bus_cont              (DbrTestBus      *self);
void             dbr_test_bus_kill              (DbrTestBus      *self);
void             dbr_test_bus_restart           (DbrTestBus      *self);
void             dbr_test_bus_add_service       (DbrTestBus      *self,
                                                 const char      *name,
                                                 const char      *exec);
GDBusConnection *dbr_test_bus_connect           (DbrTestBus      *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrTestBus, dbr_test_bus_free)

G_END_DECLS
