/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-admission-private.h"

#define DEFAULT_MAX_IN_FLIGHT 16
#define DEFAULT_MAX_QUEUED 1000

/* Interactive calls before those in the background; each queue in the order of arrival. */
enum
{
  INTERACTIVE,
  BACKGROUND,
  N_QUEUES
};

static void
queue_push (DbrAdmissionQueue *queue,
            DbrAdmissionNode  *node)
{
  node->next = NULL;
  node->previous = queue->tail;
  if (queue->tail != NULL)
    queue->tail->next = node;
  else
    queue->head = node;
  queue->tail = node;
  queue->length++;
}

static void
queue_remove (DbrAdmissionQueue *queue,
              DbrAdmissionNode  *node)
{
  if (node->previous != NULL)
    node->previous->next = node->next;
  else
    queue->head = node->next;

  if (node->next != NULL)
    node->next->previous = node->previous;
  else
    queue->tail = node->previous;

  node->next = NULL;
  node->previous = NULL;
  queue->length--;
}

static guint
dbr_admission_window_get_n_held (const DbrAdmissionWindow *window)
{
  return window->n_in_flight + window->n_orphans;
}

guint
dbr_admission_window_get_n_queued (const DbrAdmissionWindow *window)
{
  return window->queues[INTERACTIVE].length + window->queues[BACKGROUND].length;
}

gboolean
dbr_admission_window_is_idle (const DbrAdmissionWindow *window)
{
  return dbr_admission_window_get_n_held (window) == 0
         && dbr_admission_window_get_n_queued (window) == 0;
}

guint
dbr_admission_get_limit (const DbrAdmission       *self,
                         const DbrAdmissionWindow *window)
{
  return window->n_cut < self->max_in_flight ? self->max_in_flight - window->n_cut : 1;
}

/* Orphans take places, but never the last one: a service that leaves one kind of call unanswered
 * for ever can still be asked others. */
static gboolean
dbr_admission_is_full (const DbrAdmission       *self,
                       const DbrAdmissionWindow *window)
{
  guint limit = dbr_admission_get_limit (self, window);

  return window->n_in_flight >= (limit > window->n_orphans ? limit - window->n_orphans : 1);
}

/* Whether the places are too few for another call of the window's, though it is not full. */
static gboolean
dbr_admission_is_starved (const DbrAdmission       *self,
                          const DbrAdmissionWindow *window)
{
  guint n_free = self->n_held < self->n_places ? self->n_places - self->n_held : 0;

  return dbr_admission_window_get_n_held (window) >= n_free;
}

static void
dbr_admission_set_starved (DbrAdmission       *self,
                           DbrAdmissionWindow *window,
                           gboolean            is_starved)
{
  if (window->is_starved == is_starved)
    return;

  window->is_starved = is_starved;
  if (is_starved)
    self->n_starved++;
  else
    self->n_starved--;
}

static void
dbr_admission_link_window (DbrAdmission       *self,
                           DbrAdmissionWindow *window)
{
  window->next = NULL;
  window->previous = self->waiting_tail;
  if (self->waiting_tail != NULL)
    self->waiting_tail->next = window;
  else
    self->waiting_head = window;
  self->waiting_tail = window;
}

static void
dbr_admission_unlink_window (DbrAdmission       *self,
                             DbrAdmissionWindow *window)
{
  if (window->previous != NULL)
    window->previous->next = window->next;
  else
    self->waiting_head = window->next;

  if (window->next != NULL)
    window->next->previous = window->previous;
  else
    self->waiting_tail = window->previous;

  window->next = NULL;
  window->previous = NULL;
}

static void
dbr_admission_start (DbrAdmission     *self,
                     DbrAdmissionNode *node)
{
  node->place = DBR_ADMISSION_ADMITTED;
  node->window->n_in_flight++;
  self->n_held++;
}

static void
dbr_admission_dequeue (DbrAdmission     *self,
                       DbrAdmissionNode *node)
{
  DbrAdmissionWindow *window = node->window;

  queue_remove (&window->queues[node->is_background ? BACKGROUND : INTERACTIVE], node);
  self->n_bytes -= node->n_bytes;
  if (node->is_background)
    self->n_background_bytes -= node->n_bytes;

  if (dbr_admission_window_get_n_queued (window) == 0)
    {
      dbr_admission_set_starved (self, window, FALSE);
      dbr_admission_unlink_window (self, window);
    }
}

/* Starts the next call of the window, if it may; NULL if not. */
static DbrAdmissionNode *
dbr_admission_start_next (DbrAdmission       *self,
                          DbrAdmissionWindow *window)
{
  DbrAdmissionNode *node = window->queues[INTERACTIVE].head;
  gboolean is_full = dbr_admission_is_full (self, window);

  if (node == NULL)
    node = window->queues[BACKGROUND].head;
  if (node == NULL)
    return NULL;

  if (is_full || dbr_admission_is_starved (self, window))
    {
      dbr_admission_set_starved (self, window, !is_full);
      return NULL;
    }

  dbr_admission_dequeue (self, node);
  dbr_admission_start (self, node);

  return node;
}

static void
append_node (DbrAdmissionNode ***end,
             DbrAdmissionNode   *node)
{
  **end = node;
  *end = &node->next;
}

/* One call of each window in which someone waits, in turn, until none may start. */
static void
dbr_admission_start_all (DbrAdmission       *self,
                         DbrAdmissionNode ***end)
{
  gboolean has_started = TRUE;

  while (has_started)
    {
      DbrAdmissionWindow *window = self->waiting_head;

      has_started = FALSE;
      while (window != NULL)
        {
          DbrAdmissionWindow *next = window->next;
          DbrAdmissionNode *node = dbr_admission_start_next (self, window);

          if (node != NULL)
            {
              has_started = TRUE;
              append_node (end, node);
              if (dbr_admission_window_get_n_queued (window) > 0)
                {
                  /* Who had one is the last to have another. */
                  dbr_admission_unlink_window (self, window);
                  dbr_admission_link_window (self, window);
                }
            }
          window = next;
        }
    }
}

/* A place of the window's became free. Nobody else gains by it but those who wait for a place of
 * others, and they come first. */
static DbrAdmissionNode *
dbr_admission_fill (DbrAdmission       *self,
                    DbrAdmissionWindow *window)
{
  DbrAdmissionNode *started = NULL;
  DbrAdmissionNode **end = &started;
  DbrAdmissionNode *node;

  if (self->n_starved > 0)
    {
      dbr_admission_start_all (self, &end);
      return started;
    }

  while ((node = dbr_admission_start_next (self, window)) != NULL)
    append_node (&end, node);

  return started;
}

void
dbr_admission_init (DbrAdmission *self,
                    guint         n_places)
{
  *self = (DbrAdmission) {
    .max_in_flight = DEFAULT_MAX_IN_FLIGHT,
    .max_queued = DEFAULT_MAX_QUEUED,
    .n_places = n_places,
  };
}

/* A call counts only those before it: what waits in the background holds up no interactive one, and
 * does not make it be refused. */
static DbrAdmissionVerdict
dbr_admission_judge (const DbrAdmission       *self,
                     const DbrAdmissionWindow *window,
                     gsize                     n_bytes,
                     gboolean                  is_background)
{
  guint n_before = is_background
                   ? dbr_admission_window_get_n_queued (window)
                   : window->queues[INTERACTIVE].length;

  if (n_before == 0 && dbr_admission_window_get_n_queued (window) == 0
      && !dbr_admission_is_full (self, window) && !dbr_admission_is_starved (self, window))
    return DBR_ADMISSION_MAY_GO;

  if (n_before >= self->max_queued)
    return DBR_ADMISSION_REFUSED_BY_COUNT;

  if (n_bytes > DBR_ADMISSION_MAX_BYTES - self->n_bytes)
    return DBR_ADMISSION_REFUSED_BY_BYTES;

  if (is_background && self->n_background_bytes + n_bytes > DBR_ADMISSION_MAX_BYTES / 2)
    return DBR_ADMISSION_REFUSED_BY_BYTES;

  return DBR_ADMISSION_HAS_TO_WAIT;
}

DbrAdmissionVerdict
dbr_admission_enter (DbrAdmission       *self,
                     DbrAdmissionWindow *window,
                     DbrAdmissionNode   *node,
                     gsize               n_bytes,
                     gboolean            is_background)
{
  DbrAdmissionVerdict verdict = dbr_admission_judge (self, window, n_bytes, is_background);

  *node = (DbrAdmissionNode) {
    .window = window,
    .n_bytes = n_bytes,
    .is_background = is_background,
  };

  if (verdict == DBR_ADMISSION_MAY_GO)
    {
      dbr_admission_start (self, node);
    }
  else if (verdict == DBR_ADMISSION_HAS_TO_WAIT)
    {
      if (dbr_admission_window_get_n_queued (window) == 0)
        dbr_admission_link_window (self, window);
      if (!dbr_admission_is_full (self, window))
        dbr_admission_set_starved (self, window, TRUE);

      node->place = DBR_ADMISSION_QUEUED;
      queue_push (&window->queues[is_background ? BACKGROUND : INTERACTIVE], node);
      self->n_bytes += n_bytes;
      if (is_background)
        self->n_background_bytes += n_bytes;
    }

  return verdict;
}

gboolean
dbr_admission_remove (DbrAdmission     *self,
                      DbrAdmissionNode *node)
{
  if (node->place != DBR_ADMISSION_QUEUED)
    return FALSE;

  dbr_admission_dequeue (self, node);
  node->place = DBR_ADMISSION_OUTSIDE;

  return TRUE;
}

void
dbr_admission_orphan (DbrAdmission     *self,
                      DbrAdmissionNode *node)
{
  g_assert (node->place == DBR_ADMISSION_ADMITTED);

  node->place = DBR_ADMISSION_OUTSIDE;
  node->window->n_in_flight--;
  node->window->n_orphans++;
  if (node->window->n_excused > 0)
    node->window->n_excused--;
}

DbrAdmissionNode *
dbr_admission_refill (DbrAdmission       *self,
                      DbrAdmissionWindow *window)
{
  return dbr_admission_fill (self, window);
}

/* The bus refuses all of a burst at once, and all of them together cut the window once. */
static void
dbr_admission_adapt (DbrAdmission       *self,
                     DbrAdmissionWindow *window,
                     DbrAdmissionEnd     end,
                     gint64              now)
{
  guint limit = dbr_admission_get_limit (self, window);
  gboolean is_excused = window->n_excused > 0;

  if (is_excused)
    window->n_excused--;

  if (end == DBR_ADMISSION_LIMITED && !is_excused)
    {
      window->n_cut = self->max_in_flight - MAX (limit / 2, 1);
      window->n_excused = window->n_in_flight;
      window->changed_usec = now;
    }
  else if (end == DBR_ADMISSION_SUCCEEDED && window->n_cut > 0
           && now - window->changed_usec >= DBR_ADMISSION_GROWTH_USEC)
    {
      window->n_cut = self->max_in_flight - MIN (limit + 1, self->max_in_flight);
      window->changed_usec = now;
    }
}

DbrAdmissionNode *
dbr_admission_leave (DbrAdmission     *self,
                     DbrAdmissionNode *node,
                     DbrAdmissionEnd   end,
                     gint64            now)
{
  DbrAdmissionWindow *window = node->window;

  g_assert (node->place == DBR_ADMISSION_ADMITTED);

  node->place = DBR_ADMISSION_OUTSIDE;
  window->n_in_flight--;
  self->n_held--;

  if (G_UNLIKELY (end == DBR_ADMISSION_LIMITED || window->n_cut > 0 || window->n_excused > 0))
    dbr_admission_adapt (self, window, end, now);

  return dbr_admission_fill (self, window);
}

DbrAdmissionNode *
dbr_admission_leave_orphan (DbrAdmission       *self,
                            DbrAdmissionWindow *window)
{
  g_assert (window->n_orphans > 0);

  window->n_orphans--;
  self->n_held--;

  return dbr_admission_fill (self, window);
}

DbrAdmissionNode *
dbr_admission_leave_orphans (DbrAdmission       *self,
                             DbrAdmissionWindow *window)
{
  self->n_held -= window->n_orphans;
  window->n_orphans = 0;

  return dbr_admission_fill (self, window);
}

DbrAdmissionNode *
dbr_admission_set_limits (DbrAdmission *self,
                          guint         max_in_flight,
                          guint         max_queued)
{
  DbrAdmissionNode *started = NULL;
  DbrAdmissionNode **end = &started;

  self->max_in_flight = MAX (max_in_flight, 1);
  self->max_queued = max_queued;
  dbr_admission_start_all (self, &end);

  return started;
}

DbrAdmissionNode *
dbr_admission_set_n_places (DbrAdmission *self,
                            guint         n_places)
{
  DbrAdmissionNode *started = NULL;
  DbrAdmissionNode **end = &started;

  self->n_places = n_places;
  dbr_admission_start_all (self, &end);

  return started;
}
