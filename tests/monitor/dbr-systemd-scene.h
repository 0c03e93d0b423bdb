/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

#include "dbr-testbed.h"

G_BEGIN_DECLS

/* A systemd of a user on a bus of the test's own, and a monitor of it; and what was told, a line
 * each, as “unit-changed ok.service inactive active”. */
typedef struct
{
  DbrTestBus        *bus;
  DbrTestSystemd    *systemd;
  DbrSystemdMonitor *monitor;
  GPtrArray         *heard;
} SystemdScene;

/* NULL where there can be no systemd: the test is skipped then. */
SystemdScene *systemd_scene_new         (void) G_GNUC_WARN_UNUSED_RESULT;
void          systemd_scene_free        (SystemdScene     *self);

/* Units that every scene has: ok, fails, slow (which starts within 30 s or never), quick-to-fail
 * (which has one second), needy (which requires fails), limited (two starts), stubborn. */
DbrUnit      *systemd_scene_get_unit    (SystemdScene     *self,
                                         const char       *name) G_GNUC_WARN_UNUSED_RESULT;
void          systemd_scene_refresh     (SystemdScene     *self);
void          systemd_scene_start       (SystemdScene     *self);
guint         systemd_scene_count       (SystemdScene     *self,
                                         const char       *line);
/* Waits until this was told so often. */
void          systemd_scene_wait        (SystemdScene     *self,
                                         const char       *line,
                                         guint             n);
/* For a person's own command line, without its output. */
void          systemd_scene_run         (SystemdScene     *self,
                                         const char       *command);
/* The kinds of all events in a list, separated by spaces. */
char         *systemd_scene_dup_kinds   (GListModel       *events) G_GNUC_WARN_UNUSED_RESULT;
gboolean      systemd_scene_has_failed  (SystemdScene     *self,
                                         const char       *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SystemdScene, systemd_scene_free)

G_END_DECLS
