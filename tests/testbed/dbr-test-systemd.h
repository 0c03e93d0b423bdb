/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbr-test-bus.h"

G_BEGIN_DECLS

/* A real `systemd --user` on a bus of the test's own, with units of its own. */
typedef struct _DbrTestSystemd DbrTestSystemd;

/* Why there can be none on this machine; NULL if there can. A test skips with this reason. */
const char     *dbr_test_systemd_get_obstacle        (void);

/* On @bus, which lives on when systemd is stopped or killed; NULL: the bus is one of its own
 * services, as for a person who has logged in. */
DbrTestSystemd *dbr_test_systemd_new                 (DbrTestBus      *bus) G_GNUC_WARN_UNUSED_RESULT;
void            dbr_test_systemd_free                (DbrTestSystemd  *self);

const char     *dbr_test_systemd_get_address         (DbrTestSystemd  *self);
/* Its private socket, which needs no bus. */
const char     *dbr_test_systemd_get_private_address (DbrTestSystemd  *self);
/* What XDG_RUNTIME_DIR is for it and all its services. */
const char     *dbr_test_systemd_get_folder          (DbrTestSystemd  *self);
GPid            dbr_test_systemd_get_pid             (DbrTestSystemd  *self);

/* Writes a unit, which systemd finds when it is asked for the first time or has reloaded. */
void            dbr_test_systemd_write_unit          (DbrTestSystemd  *self,
                                                      const char      *name,
                                                      const char      *text);
/* Runs `systemctl --user` and the like, and returns what it wrote; fails if it fails. */
char           *dbr_test_systemd_run                 (DbrTestSystemd  *self,
                                                      const char      *command) G_GNUC_WARN_UNUSED_RESULT;

void            dbr_test_systemd_stop                (DbrTestSystemd  *self);
void            dbr_test_systemd_cont                (DbrTestSystemd  *self);
/* With all its services. */
void            dbr_test_systemd_kill                (DbrTestSystemd  *self);
/* Returns when it is on its bus. */
void            dbr_test_systemd_restart             (DbrTestSystemd  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrTestSystemd, dbr_test_systemd_free)

G_END_DECLS
