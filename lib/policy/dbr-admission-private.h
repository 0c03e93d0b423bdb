/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How many bytes of bodies wait at most, in all destinations together; calls in the background
 * have half of it. */
#define DBR_ADMISSION_MAX_BYTES (16u * 1024 * 1024)
/* How long successes have to come before a window that was cut grows by one. */
#define DBR_ADMISSION_GROWTH_USEC (5 * G_USEC_PER_SEC)

typedef struct _DbrAdmission DbrAdmission;
typedef struct _DbrAdmissionWindow DbrAdmissionWindow;
typedef struct _DbrAdmissionNode DbrAdmissionNode;

typedef enum
{
  DBR_ADMISSION_OUTSIDE,
  DBR_ADMISSION_QUEUED,
  DBR_ADMISSION_ADMITTED,
} DbrAdmissionPlace;

typedef enum
{
  /* It may be sent now, and has to leave when it has ended. */
  DBR_ADMISSION_MAY_GO,
  /* It will be given back by one of the functions that return nodes, unless it is removed. */
  DBR_ADMISSION_HAS_TO_WAIT,
  /* As many calls to the destination wait as may. */
  DBR_ADMISSION_REFUSED_BY_COUNT,
  /* As many bytes wait as may. */
  DBR_ADMISSION_REFUSED_BY_BYTES,
} DbrAdmissionVerdict;

typedef enum
{
  DBR_ADMISSION_SUCCEEDED,
  /* The bus said LimitsExceeded: there were too many at once. */
  DBR_ADMISSION_LIMITED,
  /* Anything else, of which nothing follows. */
  DBR_ADMISSION_ENDED,
} DbrAdmissionEnd;

/* A call that is admitted or waits. It is part of the call, and its fields are read only, but for
 * `next` of those that are given back. */
struct _DbrAdmissionNode
{
  DbrAdmissionNode   *next;
  DbrAdmissionNode   *previous;
  DbrAdmissionWindow *window;
  gsize               n_bytes;
  DbrAdmissionPlace   place;
  gboolean            is_background;
};

typedef struct
{
  DbrAdmissionNode *head;
  DbrAdmissionNode *tail;
  guint             length;
} DbrAdmissionQueue;

/* A destination's window: how many calls to it are under way, and who waits. It is part of what is
 * kept of the destination, and must not go while it holds anything, which
 * dbr_admission_window_is_idle() tells.
 *
 * A call whose caller gave up is an orphan, and keeps its place until the service answers or
 * ends. However many there are, they leave one place to those whose callers wait. */
struct _DbrAdmissionWindow
{
  guint               n_in_flight;
  guint               n_orphans;

  /* how far below the most it was cut, and what follows from that */
  guint               n_cut;
  guint               n_excused;
  gint64              changed_usec;

  /* the interactive and the background calls that wait */
  DbrAdmissionQueue   queues[2];

  /* among the windows in which someone waits */
  DbrAdmissionWindow *next;
  DbrAdmissionWindow *previous;
  gboolean            is_starved;
};

/* What all windows of a client share: the places at the bus, and the room for those who wait. It is
 * called with the lock of its owner held, never calls back and allocates nothing.
 *
 * No window holds more places than it leaves free for all others. So there is always one for
 * another destination, however many hang, until the last; this is the ledger's rule too, and who
 * is admitted here is not refused there. */
struct _DbrAdmission
{
  guint               max_in_flight;
  guint               max_queued;
  guint               n_places;

  guint               n_held;
  gsize               n_bytes;
  gsize               n_background_bytes;

  /* the windows in which someone waits, and how many of them wait for a place of others */
  DbrAdmissionWindow *waiting_head;
  DbrAdmissionWindow *waiting_tail;
  guint               n_starved;
};

/* @n_places is how many pending replies the bus allows the client. */
void                dbr_admission_init               (DbrAdmission        *self,
                                                      guint                n_places);

/* A call with a body of @n_bytes arrives. */
DbrAdmissionVerdict dbr_admission_enter              (DbrAdmission        *self,
                                                      DbrAdmissionWindow  *window,
                                                      DbrAdmissionNode    *node,
                                                      gsize                n_bytes,
                                                      gboolean             is_background);
/* One that waits gives up. FALSE: it does not wait; if it was admitted, it has to leave. */
gboolean            dbr_admission_remove             (DbrAdmission        *self,
                                                      DbrAdmissionNode    *node);
/* The caller of an admitted call gives up, but its place is still held. From here on the node is
 * free, and dbr_admission_leave_orphan() speaks for it. */
void                dbr_admission_orphan             (DbrAdmission        *self,
                                                      DbrAdmissionNode    *node);

/* These return the calls that may go now, linked by `next`: to be taken under the lock and sent
 * outside of it. Each is admitted, and has to leave even if it has ended meanwhile. The first is for
 * after calls became orphans, or were removed. */
DbrAdmissionNode   *dbr_admission_refill             (DbrAdmission        *self,
                                                      DbrAdmissionWindow  *window);
DbrAdmissionNode   *dbr_admission_leave              (DbrAdmission        *self,
                                                      DbrAdmissionNode    *node,
                                                      DbrAdmissionEnd      end,
                                                      gint64               now);
DbrAdmissionNode   *dbr_admission_leave_orphan       (DbrAdmission        *self,
                                                      DbrAdmissionWindow  *window);
/* All orphans of the window are gone: the connection has ended, or the service has. */
DbrAdmissionNode   *dbr_admission_leave_orphans      (DbrAdmission        *self,
                                                      DbrAdmissionWindow  *window);
DbrAdmissionNode   *dbr_admission_set_limits         (DbrAdmission        *self,
                                                      guint                max_in_flight,
                                                      guint                max_queued);
DbrAdmissionNode   *dbr_admission_set_n_places       (DbrAdmission        *self,
                                                      guint                n_places);

/* How many calls the window may hold now, and how many wait in it. */
guint               dbr_admission_get_limit          (const DbrAdmission       *self,
                                                      const DbrAdmissionWindow *window);
guint               dbr_admission_window_get_n_queued (const DbrAdmissionWindow *window);
gboolean            dbr_admission_window_is_idle     (const DbrAdmissionWindow *window);

G_END_DECLS
