/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-deadline-private.h"

#include "base/dbr-fork-private.h"
#include "base/dbr-io-private.h"

/* Four children a node: half the depth of two, and the children lie in one cache line. */
#define ARITY 4

static struct
{
  GMutex          mutex;

  /* guarded by mutex */
  DbrDeadlineHeap heap;
  GSource        *timer;
  gint64          timer_when;
  guint           generation;
} deadlines = { .timer_when = G_MAXINT64 };

/* The heap */

static inline void
heap_place (DbrDeadlineHeap *self,
            DbrDeadline     *deadline,
            guint            index)
{
  self->nodes[index] = deadline;
  deadline->place = index + 1;
}

static void
heap_rise (DbrDeadlineHeap *self,
           DbrDeadline     *deadline,
           guint            index)
{
  while (index > 0)
    {
      guint parent = (index - 1) / ARITY;

      if (self->nodes[parent]->when <= deadline->when)
        break;

      heap_place (self, self->nodes[parent], index);
      index = parent;
    }

  heap_place (self, deadline, index);
}

static guint
heap_earliest_child (DbrDeadlineHeap *self,
                     guint            index)
{
  guint first = index * ARITY + 1;
  guint last = MIN (first + ARITY, self->length);
  guint earliest = first;

  for (guint child = first + 1; child < last; child++)
    {
      if (self->nodes[child]->when < self->nodes[earliest]->when)
        earliest = child;
    }

  return earliest;
}

static void
heap_sink (DbrDeadlineHeap *self,
           DbrDeadline     *deadline,
           guint            index)
{
  while (index * ARITY + 1 < self->length)
    {
      guint child = heap_earliest_child (self, index);

      if (deadline->when <= self->nodes[child]->when)
        break;

      heap_place (self, self->nodes[child], index);
      index = child;
    }

  heap_place (self, deadline, index);
}

static gboolean
heap_has (DbrDeadlineHeap *self,
          DbrDeadline     *deadline)
{
  return deadline->place <= self->length && self->nodes[deadline->place - 1] == deadline;
}

void
dbr_deadline_heap_push (DbrDeadlineHeap *self,
                        DbrDeadline     *deadline)
{
  g_assert (deadline->place == 0);

  if (self->length == self->capacity)
    {
      self->capacity = MAX (16, self->capacity * 2);
      self->nodes = g_renew (DbrDeadline *, self->nodes, self->capacity);
    }

  self->length++;
  heap_rise (self, deadline, self->length - 1);
}

void
dbr_deadline_heap_remove (DbrDeadlineHeap *self,
                          DbrDeadline     *deadline)
{
  guint index = deadline->place - 1;
  DbrDeadline *last;

  g_assert (deadline->place > 0 && self->nodes[index] == deadline);

  deadline->place = 0;
  self->length--;
  last = self->nodes[self->length];
  if (last == deadline)
    return;

  if (index > 0 && last->when < self->nodes[(index - 1) / ARITY]->when)
    heap_rise (self, last, index);
  else
    heap_sink (self, last, index);
}

/* Takes the earliest one if its time has come. */
DbrDeadline *
dbr_deadline_heap_pop (DbrDeadlineHeap *self,
                       gint64           now)
{
  DbrDeadline *earliest;

  if (self->length == 0 || self->nodes[0]->when > now)
    return NULL;

  earliest = self->nodes[0];
  dbr_deadline_heap_remove (self, earliest);

  return earliest;
}

gint64
dbr_deadline_heap_peek (DbrDeadlineHeap *self)
{
  return self->length > 0 ? self->nodes[0]->when : G_MAXINT64;
}

void
dbr_deadline_heap_clear (DbrDeadlineHeap *self)
{
  for (guint i = 0; i < self->length; i++)
    self->nodes[i]->place = 0;

  g_clear_pointer (&self->nodes, g_free);
  self->length = 0;
  self->capacity = 0;
}

/* The timer */

/* Once it is out of the heap its owner may arm it anew, so what is to be called is taken along. */
static DbrDeadline *
deadlines_pop_due (DbrDeadlineFunc *func)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&deadlines.mutex);
  DbrDeadline *deadline = dbr_deadline_heap_pop (&deadlines.heap, g_get_monotonic_time ());

  if (deadline == NULL)
    {
      deadlines.timer_when = dbr_deadline_heap_peek (&deadlines.heap);
      g_source_set_ready_time (deadlines.timer,
                               deadlines.timer_when == G_MAXINT64 ? -1 : deadlines.timer_when);
      return NULL;
    }

  *func = deadline->func;

  return deadline;
}

static gboolean
timer_dispatch_cb (GSource     *source,
                   GSourceFunc  callback,
                   gpointer     user_data)
{
  DbrDeadline *deadline;
  DbrDeadlineFunc func;

  while ((deadline = deadlines_pop_due (&func)) != NULL)
    func (deadline);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs timer_funcs = { .dispatch = timer_dispatch_cb };

/* A child of fork() starts with none of its parent's deadlines: nobody there waits for them. Nor
 * does it touch them: some lay on stacks of threads that are gone, where threads of its own are
 * now. */
static void
deadlines_ensure_timer_locked (GMainContext *context)
{
  guint generation = dbr_fork_get_generation ();

  if (G_LIKELY (deadlines.timer != NULL && deadlines.generation == generation))
    return;

  g_free (deadlines.heap.nodes);
  deadlines.heap = (DbrDeadlineHeap) { NULL };
  deadlines.timer_when = G_MAXINT64;
  deadlines.generation = generation;
  deadlines.timer = g_source_new (&timer_funcs, sizeof (GSource));
  g_source_set_static_name (deadlines.timer, "dbr deadlines");
  g_source_attach (deadlines.timer, context);
}

void
dbr_deadline_arm (DbrDeadline     *self,
                  gint64           when,
                  DbrDeadlineFunc  func)
{
  static gsize is_guarded = 0;
  GMainContext *context = dbr_io_get_context ();

  if (g_once_init_enter (&is_guarded))
    {
      dbr_fork_guard (&deadlines.mutex);
      g_once_init_leave (&is_guarded, 1);
    }

  g_mutex_lock (&deadlines.mutex);
  self->when = when;
  self->func = func;
  deadlines_ensure_timer_locked (context);
  dbr_deadline_heap_push (&deadlines.heap, self);

  /* Waking dbr-io costs more than all the rest, so it is done only when it would sleep too long.
   * When a deadline is taken back, the timer just goes off for nothing once. */
  if (when < deadlines.timer_when)
    {
      deadlines.timer_when = when;
      g_source_set_ready_time (deadlines.timer, when);
    }
  g_mutex_unlock (&deadlines.mutex);
}

gboolean
dbr_deadline_disarm (DbrDeadline *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&deadlines.mutex);

  if (self->place == 0)
    return FALSE;

  /* One that the parent of a fork() armed is never called. */
  if (deadlines.generation == dbr_fork_get_generation ()
      && heap_has (&deadlines.heap, self))
    dbr_deadline_heap_remove (&deadlines.heap, self);
  else
    self->place = 0;

  return TRUE;
}

gboolean
dbr_deadline_is_armed (DbrDeadline *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&deadlines.mutex);

  return self->place != 0;
}

void
dbr_deadline_relax (void)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&deadlines.mutex);
  gint64 earliest = dbr_deadline_heap_peek (&deadlines.heap);

  if (deadlines.timer == NULL || deadlines.generation != dbr_fork_get_generation ()
      || earliest <= deadlines.timer_when)
    return;

  deadlines.timer_when = earliest;
  g_source_set_ready_time (deadlines.timer, earliest == G_MAXINT64 ? -1 : earliest);
}
