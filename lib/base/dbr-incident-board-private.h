/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-incident-private.h"

G_BEGIN_DECLS

typedef struct _DbrIncidentBoard DbrIncidentBoard;

/* Called in whatever thread something happens in, with no lock held, one at a time and in the order
 * in which things happened. */
typedef void (*DbrIncidentFunc)      (DbrIncident *incident,
                                      gpointer     user_data);
/* Called in the thread of whoever passes the person's wish on, with no lock held. */
typedef void (*DbrIncidentOfferFunc) (guint64      serial,
                                      gpointer     user_data);

/* Where something that watches over a service hangs out what is wrong, and what can be done about
 * it, for whoever tells a person. All functions may be called from any thread and from within
 * callbacks.
 *
 * What begins is open until it ends. Who watches hears of what is open already, and then of all that
 * happens; while nobody watches nothing is kept but what is open. */
DbrIncidentBoard *dbr_incident_board_new      (void) G_GNUC_WARN_UNUSED_RESULT;
DbrIncidentBoard *dbr_incident_board_ref      (DbrIncidentBoard     *self);
void              dbr_incident_board_unref    (DbrIncidentBoard     *self);
/* Whoever it belonged to is gone: what is open stays as it is, and nobody hears of more. */
void              dbr_incident_board_close    (DbrIncidentBoard     *self);

/* Something is wrong. Returns its serial, which is never 0. */
guint64           dbr_incident_board_begin    (DbrIncidentBoard     *self,
                                               DbrSeverity           severity,
                                               const char           *title,
                                               const char           *body);
/* It is otherwise now. What is as it was before, or has ended, is told to nobody. */
void              dbr_incident_board_update   (DbrIncidentBoard     *self,
                                               guint64               serial,
                                               DbrSeverity           severity,
                                               const char           *title,
                                               const char           *body);
/* It is over, and this is the last that is said of it. */
void              dbr_incident_board_end      (DbrIncidentBoard     *self,
                                               guint64               serial,
                                               const char           *title,
                                               const char           *body);

/* From now on a person can do this about all that is wrong here, until it is withdrawn. Another
 * offer with the same @id replaces it. It is how a recovery puts itself beside what a monitor sees.
 * The function may still run in another thread while it is being withdrawn; @free_user_data is
 * called after it. */
void              dbr_incident_board_offer    (DbrIncidentBoard     *self,
                                               const char           *id,
                                               const char           *label,
                                               DbrIncidentOfferFunc  func,
                                               gpointer              user_data,
                                               GDestroyNotify        free_user_data);
void              dbr_incident_board_withdraw (DbrIncidentBoard     *self,
                                               const char           *id);
/* A person took an offer. FALSE: there is no such offer any more, or nothing is wrong any more. */
gboolean          dbr_incident_board_take     (DbrIncidentBoard     *self,
                                               guint64               serial,
                                               const char           *id);

/* Returns what ends it again. The function may still run in another thread meanwhile;
 * @free_user_data is called after it. */
guint             dbr_incident_board_watch    (DbrIncidentBoard     *self,
                                               DbrIncidentFunc       func,
                                               gpointer              user_data,
                                               GDestroyNotify        free_user_data);
void              dbr_incident_board_unwatch  (DbrIncidentBoard     *self,
                                               guint                 watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrIncidentBoard, dbr_incident_board_unref)

G_END_DECLS
