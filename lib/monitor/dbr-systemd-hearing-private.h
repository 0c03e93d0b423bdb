/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-matches-private.h"
#include "bus/dbr-watch-private.h"
#include "monitor/dbr-systemd-line-private.h"

G_BEGIN_DECLS

/* What the two files of the line share: that of the roads, and that of what is heard on them. */

#define DBR_SYSTEMD_N_ROADS (DBR_SYSTEMD_ROAD_PRIVATE + 1)

/* What other threads have of a line: they never keep the line, nor free it. */
typedef struct
{
  gatomicrefcount             ref_count;

  const DbrSystemdLineFuncs  *funcs;
  gpointer                    user_data;
  GDestroyNotify              destroy;
  DbrSystemdJobs             *jobs;
} DbrSystemdCore;

/* What hears on one road. */
typedef struct
{
  gatomicrefcount  ref_count;

  DbrSystemdCore  *core;
  GWeakRef         line;
  DbrSystemdRoad   road;
} DbrSystemdEar;

/* What was begun on a road to hear systemd there; all NULL if nothing was. */
typedef struct
{
  DbrClient     *client;
  DbrSystemdEar *ear;
  DbrWatch      *watch;
  DbrListener   *manager;
  DbrListener   *units;
  /* systemd was asked to tell of changes, and will */
  gboolean       is_told;
} DbrSystemdHearing;

struct _DbrSystemdLine
{
  GObject           parent_instance;

  /* identity */
  DbrClient        *client;
  char             *private_address;
  DbrSystemdCore   *core;

  GMutex            mutex;

  /* guarded by mutex */
  DbrClient        *private_client;
  DbrSystemdRoad    road;
  gint64            found_usec;
  DbrSystemdHearing hearings[DBR_SYSTEMD_N_ROADS];
  gboolean          hears_units;
  GPtrArray        *waiters;
};

DbrSystemdCore *dbr_systemd_core_new        (const DbrSystemdLineFuncs *funcs,
                                             gpointer                   user_data,
                                             GDestroyNotify             destroy) G_GNUC_WARN_UNUSED_RESULT;
void            dbr_systemd_core_unref      (DbrSystemdCore            *self);

/* NULL where there is no bus. */
const char     *dbr_systemd_road_get_name   (DbrSystemdRoad             road);
DbrClient      *dbr_systemd_line_ref_client (DbrSystemdLine            *self,
                                             DbrSystemdRoad             road) G_GNUC_WARN_UNUSED_RESULT;
/* Nothing is heard on that road until it is begun anew. */
void            dbr_systemd_line_unhear     (DbrSystemdLine            *self,
                                             DbrSystemdRoad             road);
/* It cannot be gone on with. */
void            dbr_systemd_line_leave      (DbrSystemdLine            *self,
                                             DbrSystemdRoad             road);

G_END_DECLS
