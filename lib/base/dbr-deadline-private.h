/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _DbrDeadline DbrDeadline;

/* Called on dbr-io when the time has come, with no lock held. */
typedef void (*DbrDeadlineFunc) (DbrDeadline *deadline);

/* One moment at which something must have ended. It is part of what it limits, and lies in a heap
 * with all others behind one timer: what ten thousand of them cost a turn of the loop is what one
 * costs. */
struct _DbrDeadline
{
  /* changed only by who arms it */
  gint64          when;
  DbrDeadlineFunc func;
  /* Its place in the heap, counted from 1; 0 when it is in none. Others move it there at any time:
   * of one of the process's, ask dbr_deadline_is_armed(). */
  guint           place;
};

/* The heap alone, without clock, lock or timer. */
typedef struct
{
  DbrDeadline **nodes;
  guint         length;
  guint         capacity;
} DbrDeadlineHeap;

void         dbr_deadline_heap_push   (DbrDeadlineHeap *self,
                                       DbrDeadline     *deadline);
void         dbr_deadline_heap_remove (DbrDeadlineHeap *self,
                                       DbrDeadline     *deadline);
DbrDeadline *dbr_deadline_heap_pop    (DbrDeadlineHeap *self,
                                       gint64           now);
gint64       dbr_deadline_heap_peek   (DbrDeadlineHeap *self);
void         dbr_deadline_heap_clear  (DbrDeadlineHeap *self);

/* The process's deadlines, from any thread. Who disarms one successfully has made sure that its
 * function will not be called; if it was too late for that, the function runs or has run. */
void         dbr_deadline_arm         (DbrDeadline     *self,
                                       gint64           when,
                                       DbrDeadlineFunc  func);
gboolean     dbr_deadline_disarm      (DbrDeadline     *self);
/* Whether its function is still to be called. Where not, it may be running. */
gboolean     dbr_deadline_is_armed    (DbrDeadline     *self);
/* The timer goes off for nothing where the earliest deadline was taken back; who knows that none
 * will come soon has it look now, while the processor is awake. */
void         dbr_deadline_relax       (void);

G_END_DECLS
