/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-pool-core-private.h"

#include "base/dbr-clock-private.h"
#include "base/dbr-deadline-private.h"
#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-fork-private.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "bus/dbr-address-private.h"
#include "bus/dbr-opening-private.h"

/* How long one attempt to connect may take. Who waits has a limit of their own besides. */
#define OPENING_LIMIT_MS 25000

/* Which part of what the bus allows may be unanswered calls of earlier holders. */
#define ORPHANS_PART 4

struct _DbrPoolCore
{
  gatomicrefcount  ref_count;

  /* identity */
  GBusType         bus_type;
  char            *address;
  DbrAccessPolicy *policy;
  DbrPoolNewsFunc  tell;
  gpointer         user_data;
  GDestroyNotify   destroy;
  guint            generation;

  GMutex           mutex;

  /* guarded by mutex; a node in the book holds a reference to its member */
  DbrPoolBook      book;
  /* of Opening, which are there until they have ended */
  GList           *openings;
  /* one thread at a time does what there is to do, in order, and does it for all */
  gboolean         is_settling;
  /* armed for this moment; 0: not armed */
  DbrDeadline      care;
  gint64           care_usec;
};

static void dbr_pool_core_settle (DbrPoolCore *self);

static gboolean
is_node_alive (const DbrPoolNode *node)
{
  return dbr_pool_member_is_alive ((const DbrPoolMember *) node);
}

static GError *
new_closed_error (void)
{
  return g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED, _("The pool was closed"));
}

/* What members say, on dbr-io */

static void
dbr_pool_core_drop (DbrPoolCore   *self,
                    DbrPoolMember *member,
                    const GError  *error)
{
  dbr_debug (DBR_DEBUG_LANES, "A connection of a pool ends",
             "DBR_UNIQUE_NAME", dbr_pool_member_get_unique_name (member),
             "DBR_REASON", error != NULL ? error->message : NULL);
  dbr_pool_member_close (member);
  self->tell (self->user_data, DBR_POOL_NEWS_CLOSED, dbr_pool_member_get_unique_name (member), 0,
              error);
  dbr_pool_member_unref (member);
}

static void
dbr_pool_core_end_member (DbrPoolCore   *self,
                          DbrPoolMember *member)
{
  g_autoptr(GError) error = NULL;

  if (!dbr_pool_member_is_alive (member))
    error = g_error_new_literal (DBR_ERROR, DBR_ERROR_CONNECTION_LOST,
                                 _("The connection was lost"));
  dbr_pool_core_drop (self, member, error);
}

static gboolean
dbr_pool_core_remove (DbrPoolCore   *self,
                      DbrPoolMember *member)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dbr_pool_book_remove (&self->book, dbr_pool_member_get_node (member));
}

static void
lost_cb (gpointer       user_data,
         DbrPoolMember *member,
         GError        *error)
{
  DbrPoolCore *self = user_data;

  if (!dbr_pool_core_remove (self, member))
    return;

  dbr_pool_core_drop (self, member, error);
  dbr_pool_core_settle (self);
}

/* TRUE: it is to be dropped, and has left the book. */
static gboolean
dbr_pool_core_take_answer (DbrPoolCore   *self,
                           DbrPoolMember *member,
                           gboolean       is_fit,
                           gint64        *down_usec)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  DbrPoolNode *node = dbr_pool_member_get_node (member);

  /* An answer from before the lease ended says nothing of what is left. */
  *down_usec = -1;
  if (dbr_pool_member_is_in_doubt (member))
    return FALSE;

  *down_usec = dbr_pool_book_answer (&self->book, node, g_get_monotonic_time ());

  return !is_fit && dbr_pool_book_remove (&self->book, node);
}

static void
answered_cb (gpointer       user_data,
             DbrPoolMember *member,
             gboolean       is_fit)
{
  DbrPoolCore *self = user_data;
  gint64 down_usec;
  gboolean is_dropped = dbr_pool_core_take_answer (self, member, is_fit, &down_usec);

  if (down_usec >= 0)
    self->tell (self->user_data, DBR_POOL_NEWS_RECOVERED,
                dbr_pool_member_get_unique_name (member), down_usec, NULL);
  if (is_dropped)
    dbr_pool_core_drop (self, member, NULL);
  dbr_pool_core_settle (self);
}

static const DbrPoolMemberListener member_listener = { answered_cb, lost_cb };

/* Opening, on dbr-io */

/* The opening itself is set once it has begun, and may have ended by then. */
typedef struct
{
  DbrPoolCore    *core;
  DbrOpening     *opening;
  DbrAccessGuard *guard;
  guint           max_orphans;
  gboolean        has_ended;
} Opening;

static void
opening_clear (gpointer data)
{
  Opening *opening = data;

  g_clear_pointer (&opening->opening, dbr_opening_unref);
  g_clear_pointer (&opening->guard, dbr_access_guard_free);
  dbr_pool_core_unref (opening->core);
}

static void
opening_unref (gpointer opening)
{
  g_rc_box_release_full (opening, opening_clear);
}

static void
dbr_pool_core_turn_away_all (DbrPoolCore  *self,
                             const GError *error)
{
  g_autoptr(GPtrArray) waiters = g_ptr_array_new ();
  DbrPoolWaiter *waiter;

  g_mutex_lock (&self->mutex);
  while ((waiter = dbr_pool_book_turn_away (&self->book)) != NULL)
    g_ptr_array_add (waiters, waiter);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < waiters->len; i++)
    {
      DbrPoolSeeker *seeker = waiters->pdata[i];

      seeker->ended (seeker, NULL, g_error_copy (error));
    }
}

/* Where there is no other connection there is nothing to wait for. */
static void
dbr_pool_core_fail_opening (DbrPoolCore  *self,
                            const GError *error)
{
  double chance = dbr_random_next (dbr_random_get_system ());
  gboolean is_hopeless;

  g_mutex_lock (&self->mutex);
  is_hopeless = dbr_pool_book_fail_opening (&self->book, g_get_monotonic_time (), chance)
                && !self->book.is_closed;
  g_mutex_unlock (&self->mutex);

  dbr_debug (DBR_DEBUG_LANES, "A pool has no connection more", "DBR_REASON", error->message);
  if (is_hopeless)
    dbr_pool_core_turn_away_all (self, error);
  dbr_pool_core_settle (self);
}

static void
dbr_pool_core_add (DbrPoolCore   *self,
                   DbrPoolMember *member)
{
  g_autoptr(DbrPoolMember) added = dbr_pool_member_ref (member);

  dbr_debug (DBR_DEBUG_LANES, "A pool has a connection more",
             "DBR_UNIQUE_NAME", dbr_pool_member_get_unique_name (member));

  g_mutex_lock (&self->mutex);
  dbr_pool_book_add (&self->book, dbr_pool_member_get_node (member), g_get_monotonic_time ());
  g_mutex_unlock (&self->mutex);

  dbr_pool_core_settle (self);

  /* What was lost before anybody listened is not told again. */
  if (!dbr_pool_member_is_alive (added) && dbr_pool_core_remove (self, added))
    {
      dbr_pool_core_end_member (self, member);
      dbr_pool_core_settle (self);
    }
}

static void
connected_cb (GDBusConnection *connection,
              GError          *error,
              gpointer         user_data)
{
  Opening *opening = user_data;
  DbrPoolCore *self = opening->core;

  opening->has_ended = TRUE;
  g_mutex_lock (&self->mutex);
  self->openings = g_list_remove (self->openings, opening);
  g_mutex_unlock (&self->mutex);

  if (error != NULL)
    dbr_pool_core_fail_opening (self, error);
  else
    dbr_pool_core_add (self, dbr_pool_member_new (connection,
                                                  g_steal_pointer (&opening->guard),
                                                  opening->max_orphans,
                                                  &member_listener, dbr_pool_core_ref (self),
                                                  (GDestroyNotify) dbr_pool_core_unref));
}

static DbrAccessBus
dbr_pool_core_get_access_bus (DbrPoolCore *self,
                              const char  *address)
{
  g_autofree char *system_address = dbr_address_dup_for_bus (G_BUS_TYPE_SYSTEM, NULL);

  if (self->bus_type == G_BUS_TYPE_SESSION)
    return DBR_ACCESS_BUS_SESSION;
  if (self->bus_type == G_BUS_TYPE_SYSTEM || g_strcmp0 (address, system_address) == 0)
    return DBR_ACCESS_BUS_SYSTEM;

  return DBR_ACCESS_BUS_OTHER;
}

static char *
dbr_pool_core_resolve (DbrPoolCore  *self,
                       GError      **error)
{
  g_autofree char *address = NULL;

  address = self->address != NULL ? g_strdup (self->address)
                                  : dbr_address_dup_for_bus (self->bus_type, error);
  if (address == NULL || !dbr_address_check (address, error))
    return NULL;

  return g_steal_pointer (&address);
}

static Opening *
dbr_pool_core_new_opening (DbrPoolCore *self,
                           const char  *address)
{
  Opening *opening = g_rc_box_new0 (Opening);

  opening->core = dbr_pool_core_ref (self);
  opening->max_orphans = dbr_address_get_limits (address).n_replies / ORPHANS_PART;
  if (self->policy != NULL)
    opening->guard = dbr_access_guard_new (self->policy,
                                           dbr_pool_core_get_access_bus (self, address));

  return opening;
}

static void
open_cb (gpointer data)
{
  g_autoptr(DbrPoolCore) self = data;
  g_autoptr(GError) error = NULL;
  g_autofree char *address = dbr_pool_core_resolve (self, &error);
  Opening *opening;
  gboolean is_closed;

  if (address == NULL)
    {
      dbr_pool_core_fail_opening (self, error);
      return;
    }

  opening = dbr_pool_core_new_opening (self, address);
  opening->opening = dbr_opening_start_connection (address, OPENING_LIMIT_MS, connected_cb,
                                                   g_rc_box_acquire (opening), opening_unref);

  g_mutex_lock (&self->mutex);
  is_closed = self->book.is_closed;
  if (!opening->has_ended)
    self->openings = g_list_prepend (self->openings, opening);
  g_mutex_unlock (&self->mutex);

  if (is_closed)
    dbr_opening_abort (opening->opening);
  opening_unref (opening);
}

/* Doing what the book says */

static void
care_cb (DbrDeadline *deadline)
{
  DbrPoolCore *self = G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrPoolCore, care));

  g_mutex_lock (&self->mutex);
  self->care_usec = 0;
  g_mutex_unlock (&self->mutex);

  dbr_pool_core_settle (self);
  dbr_pool_core_unref (self);
}

/* One timer for all that a pool is due for. A later moment is left as it is: the pool then looks
 * once for nothing. */
static void
dbr_pool_core_arm_locked (DbrPoolCore *self)
{
  gint64 due = dbr_pool_book_get_due (&self->book);

  if (due == G_MAXINT64 || (self->care_usec != 0 && self->care_usec <= due))
    return;

  /* One that is just being called comes back here afterwards. */
  if (self->care_usec == 0)
    dbr_pool_core_ref (self);
  else if (!dbr_deadline_disarm (&self->care))
    return;

  self->care_usec = due;
  dbr_deadline_arm (&self->care, due, care_cb);
}

static gboolean
dbr_pool_core_next (DbrPoolCore *self,
                    DbrPoolStep *step)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (dbr_pool_book_next (&self->book, g_get_monotonic_time (), step))
    {
      /* What is not taken out of the book may be by another thread before the step is done. */
      if (step->node != NULL && step->kind != DBR_POOL_STEP_CLOSE)
        dbr_pool_member_ref (dbr_pool_member_from_node (step->node));
      return TRUE;
    }

  dbr_pool_core_arm_locked (self);
  self->is_settling = FALSE;

  return FALSE;
}

/* Where the bus answered and GDBus does not, the holder's code has taken its answer over. */
static void
dbr_pool_core_note_stall (DbrPoolCore   *self,
                          DbrPoolMember *member,
                          gint64         usec)
{
  if (!dbr_pool_member_is_obstructed (member))
    self->tell (self->user_data, DBR_POOL_NEWS_STALLED,
                dbr_pool_member_get_unique_name (member), usec, NULL);
  else if (dbr_pool_core_remove (self, member))
    dbr_pool_core_drop (self, member, NULL);
}

static void
dbr_pool_core_do (DbrPoolCore *self,
                  DbrPoolStep *step)
{
  DbrPoolMember *member = step->node != NULL ? dbr_pool_member_from_node (step->node) : NULL;
  DbrPoolSeeker *seeker = (DbrPoolSeeker *) step->waiter;

  switch (step->kind)
    {
    case DBR_POOL_STEP_NOTHING:
      break;

    case DBR_POOL_STEP_LEND:
      seeker->ended (seeker, g_steal_pointer (&member), NULL);
      break;

    case DBR_POOL_STEP_REFUSE:
      seeker->ended (seeker, NULL, new_closed_error ());
      break;

    case DBR_POOL_STEP_ASK:
      dbr_pool_member_ask (member);
      break;

    case DBR_POOL_STEP_OPEN:
      dbr_io_invoke (open_cb, dbr_pool_core_ref (self));
      break;

    case DBR_POOL_STEP_CLOSE:
      dbr_pool_core_end_member (self, g_steal_pointer (&member));
      break;

    case DBR_POOL_STEP_OPENED:
      self->tell (self->user_data, DBR_POOL_NEWS_OPENED,
                  dbr_pool_member_get_unique_name (member), 0, NULL);
      break;

    case DBR_POOL_STEP_EXHAUSTED:
      self->tell (self->user_data, DBR_POOL_NEWS_EXHAUSTED, NULL, 0, NULL);
      break;

    case DBR_POOL_STEP_AVAILABLE:
      self->tell (self->user_data, DBR_POOL_NEWS_AVAILABLE, NULL, 0, NULL);
      break;

    case DBR_POOL_STEP_STALLED:
      dbr_pool_core_note_stall (self, member, step->usec);
      break;

    case DBR_POOL_STEP_LEAKED:
      self->tell (self->user_data, DBR_POOL_NEWS_LEAKED,
                  dbr_pool_member_get_unique_name (member), step->usec, NULL);
      break;

    default:
      g_assert_not_reached ();
    }

  g_clear_pointer (&member, dbr_pool_member_unref);
}

/* Does all there is to do. Where another thread is at it, that does it: so nobody overtakes. */
static void
dbr_pool_core_settle (DbrPoolCore *self)
{
  DbrPoolStep step;
  gboolean is_first;

  g_mutex_lock (&self->mutex);
  is_first = !self->is_settling;
  self->is_settling = TRUE;
  g_mutex_unlock (&self->mutex);

  if (!is_first)
    return;

  dbr_pool_core_ref (self);
  while (dbr_pool_core_next (self, &step))
    dbr_pool_core_do (self, &step);
  dbr_pool_core_unref (self);
}

DbrPoolCore *
dbr_pool_core_new (GBusType         bus_type,
                   const char      *address,
                   DbrAccessPolicy *policy,
                   DbrPoolNewsFunc  tell,
                   gpointer         user_data,
                   GDestroyNotify   destroy)
{
  DbrPoolCore *self = g_new0 (DbrPoolCore, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->bus_type = bus_type;
  self->address = g_strdup (address);
  self->policy = policy != NULL ? g_object_ref (policy) : NULL;
  self->tell = tell;
  self->user_data = user_data;
  self->destroy = destroy;
  self->generation = dbr_fork_get_generation ();
  dbr_pool_book_init (&self->book, is_node_alive);

  return self;
}

DbrPoolCore *
dbr_pool_core_ref (DbrPoolCore *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_pool_core_unref (DbrPoolCore *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  self->destroy (self->user_data);
  g_clear_object (&self->policy);
  g_clear_pointer (&self->address, g_free);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

gboolean
dbr_pool_core_check_process (DbrPoolCore  *self,
                             GError      **error)
{
  if (self->generation == dbr_fork_get_generation ())
    return TRUE;

  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_FORKED,
                       _("The pool was made before fork() and belongs to the parent process"));

  return FALSE;
}

void
dbr_pool_core_set_limits (DbrPoolCore         *self,
                          const DbrPoolLimits *limits)
{
  if (!dbr_pool_core_check_process (self, NULL))
    return;

  g_mutex_lock (&self->mutex);
  dbr_pool_book_set_limits (&self->book, limits);
  g_mutex_unlock (&self->mutex);

  dbr_pool_core_settle (self);
}

void
dbr_pool_core_seek (DbrPoolCore   *self,
                    DbrPoolSeeker *seeker)
{
  g_mutex_lock (&self->mutex);
  dbr_pool_book_enter (&self->book, &seeker->waiter);
  g_mutex_unlock (&self->mutex);

  dbr_pool_core_settle (self);
}

gboolean
dbr_pool_core_give_up (DbrPoolCore   *self,
                       DbrPoolSeeker *seeker)
{
  gboolean has_left;

  g_mutex_lock (&self->mutex);
  has_left = dbr_pool_book_leave (&self->book, &seeker->waiter);
  g_mutex_unlock (&self->mutex);

  if (has_left)
    dbr_pool_core_settle (self);

  return has_left;
}

typedef enum
{
  RETURN_IS_LATE,
  RETURN_IS_LAST,
  RETURN_IS_ASKED,
} Return;

static Return
dbr_pool_core_take_back (DbrPoolCore   *self,
                         DbrPoolMember *member)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  DbrPoolNode *node = dbr_pool_member_get_node (member);

  if (self->book.is_closed)
    return dbr_pool_book_remove (&self->book, node) ? RETURN_IS_LAST : RETURN_IS_LATE;

  dbr_pool_member_end_lease (member);

  return dbr_pool_book_give_back (&self->book, node, g_get_monotonic_time ()) ? RETURN_IS_ASKED
                                                                              : RETURN_IS_LATE;
}

void
dbr_pool_core_give_back (DbrPoolCore   *self,
                         DbrPoolMember *member)
{
  Return what;

  /* The locks of the parent of a fork() may be held by threads that are not there. */
  if (!dbr_pool_core_check_process (self, NULL))
    return;

  what = dbr_pool_core_take_back (self, member);
  if (what == RETURN_IS_LAST)
    dbr_pool_core_end_member (self, member);
  else if (what == RETURN_IS_ASKED)
    dbr_pool_member_ask (member);

  dbr_pool_core_settle (self);
  dbr_pool_member_unref (member);
}

static void
abort_opening (gpointer opening)
{
  dbr_opening_abort (opening);
  dbr_opening_unref (opening);
}

void
dbr_pool_core_close (DbrPoolCore *self)
{
  GList *openings = NULL;
  gboolean was_armed;

  if (!dbr_pool_core_check_process (self, NULL))
    return;

  g_mutex_lock (&self->mutex);
  dbr_pool_book_close (&self->book);
  for (GList *link = self->openings; link != NULL; link = link->next)
    openings = g_list_prepend (openings, dbr_opening_ref (((Opening *) link->data)->opening));
  was_armed = self->care_usec != 0 && dbr_deadline_disarm (&self->care);
  if (was_armed)
    self->care_usec = 0;
  g_mutex_unlock (&self->mutex);

  g_list_free_full (openings, abort_opening);
  dbr_pool_core_settle (self);
  if (was_armed)
    dbr_pool_core_unref (self);
}

void
dbr_pool_core_count (DbrPoolCore   *self,
                     DbrPoolCounts *counts,
                     guint         *n_orphans)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  *counts = (DbrPoolCounts) { 0, };
  *n_orphans = 0;
  if (!dbr_pool_core_check_process (self, NULL))
    return;

  locker = g_mutex_locker_new (&self->mutex);
  dbr_pool_book_count (&self->book, counts);
  for (guint place = DBR_POOL_RESTING; place < DBR_POOL_N_PLACES; place++)
    {
      for (GList *link = self->book.places[place].head; link != NULL; link = link->next)
        *n_orphans += dbr_pool_member_get_orphans (link->data);
    }
}
