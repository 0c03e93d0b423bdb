/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-service-monitor.h"

G_BEGIN_DECLS

/* What can be done to a service as a whole, by the systemd of its bus. */
typedef enum
{
  /* It does not run: the bus starts it, or where that cannot, systemd. */
  DBR_SERVICE_ACT_START,
  /* systemd restarts the unit whose program has the name. */
  DBR_SERVICE_ACT_RESTART,
  /* The unit that is known, whatever it runs; for a DbrSystemdMonitor. */
  DBR_SERVICE_ACT_RESTART_UNIT,
} DbrServiceAct;

/* What became of it. */
typedef struct
{
  /* of the program that had the name before, 0 if there was none or it was not asked */
  guint  pid;
  /* NULL where no unit was needed */
  char  *unit_name;
} DbrServiceDeed;

void            dbr_service_deed_free (DbrServiceDeed       *self);

/* Any thread that runs its default context; @known_unit is the unit that ran the service before, or
* NULL. It ends when the job has, which does not say yet that the service works.
*
* Only a unit that really is the service is touched: its main process has the name, or it was made
* to have it. So a program that was started in a terminal is not recovered by ending the session. */
void            dbr_recovery_service_act_async  (DbrServiceMonitor    *monitor,
                                                 DbrServiceAct         act,
                                                 const char           *known_unit,
                                                 GCancellable         *cancellable,
                                                 GAsyncReadyCallback   callback,
                                                 gpointer              user_data);
DbrServiceDeed *dbr_recovery_service_act_finish (DbrServiceMonitor    *monitor,
                                                 GAsyncResult         *result,
                                                 GError              **error) G_GNUC_WARN_UNUSED_RESULT;

/* The process of the program that has the name now, 0 if there is none. */
void            dbr_recovery_service_read_pid_async  (DbrServiceMonitor    *monitor,
                                                      GCancellable         *cancellable,
                                                      GAsyncReadyCallback   callback,
                                                      gpointer              user_data);
gssize          dbr_recovery_service_read_pid_finish (DbrServiceMonitor    *monitor,
                                                      GAsyncResult         *result,
                                                      GError              **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrServiceDeed, dbr_service_deed_free)

G_END_DECLS
