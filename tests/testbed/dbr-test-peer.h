/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbr-test-bus.h"

G_BEGIN_DECLS

typedef struct _DbrTestPeer DbrTestPeer;

DbrTestPeer *dbr_test_peer_new               (DbrTestBus   *bus,
                                              const char   *name,
                                              const char   *script) G_GNUC_WARN_UNUSED_RESULT;
DbrTestPeer *dbr_test_peer_new_for_address   (const char   *address,
                                              const char   *name,
                                              const char   *script) G_GNUC_WARN_UNUSED_RESULT;
DbrTestPeer *dbr_test_peer_new_listening     (const char   *script) G_GNUC_WARN_UNUSED_RESULT;
void         dbr_test_peer_free              (DbrTestPeer  *self);

GPid         dbr_test_peer_get_pid           (DbrTestPeer  *self);
const char  *dbr_test_peer_get_unique_name   (DbrTestPeer  *self);
const char  *dbr_test_peer_get_address       (DbrTestPeer  *self);
gboolean     dbr_test_peer_is_alive          (DbrTestPeer  *self);
const char  *dbr_test_peer_get_program       (void);

void         dbr_test_peer_tell              (DbrTestPeer  *self,
                                              const char   *format,
                                              ...) G_GNUC_PRINTF (2, 3);
char        *dbr_test_peer_ask               (DbrTestPeer  *self,
                                              const char   *format,
                                              ...) G_GNUC_PRINTF (2, 3) G_GNUC_WARN_UNUSED_RESULT;
char        *dbr_test_peer_try               (DbrTestPeer  *self,
                                              const char   *line,
                                              GError      **error) G_GNUC_WARN_UNUSED_RESULT;
guint        dbr_test_peer_count             (DbrTestPeer  *self,
                                              const char   *member);
guint        dbr_test_peer_executions        (DbrTestPeer  *self,
                                              const char   *token);
void         dbr_test_peer_stop              (DbrTestPeer  *self);
void         dbr_test_peer_cont              (DbrTestPeer  *self);
void         dbr_test_peer_kill              (DbrTestPeer  *self);
int          dbr_test_peer_wait_death        (DbrTestPeer  *self);
void         dbr_test_peer_restart           (DbrTestPeer  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrTestPeer, dbr_test_peer_free)

G_END_DECLS
