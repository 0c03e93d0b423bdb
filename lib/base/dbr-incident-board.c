/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-incident-board-private.h"

/* Somebody who watches. */
typedef struct
{
  guint            id;
  gint             is_over;
  DbrIncidentFunc  func;
  gpointer         user_data;
  GDestroyNotify   free_user_data;
} Watch;

/* Something that can be done. */
typedef struct
{
  char                 *id;
  char                 *label;
  DbrIncidentOfferFunc  func;
  gpointer              user_data;
  GDestroyNotify        free_user_data;
} Offer;

/* What one of those who watch is to be told. */
typedef struct
{
  Watch       *watch;
  DbrIncident *incident;
} News;

/* Things happen in any thread, and have to be told in their order without a lock. So what happens
 * is queued under the lock, and whoever finds nobody telling tells all that is there. */
struct _DbrIncidentBoard
{
  gatomicrefcount  ref_count;

  GMutex           mutex;
  /* guarded by mutex */
  gboolean         is_closed;
  gboolean         is_telling;
  guint64          last_serial;
  guint            last_watch;
  /* of DbrIncident, the latest of each that has not ended */
  GPtrArray       *open;
  /* of Offer, and of DbrIncidentOffer, which are the same for incidents to share */
  GPtrArray       *offers;
  GPtrArray       *shown_offers;
  /* of Watch */
  GPtrArray       *watches;
  /* of News */
  GQueue           news;
};

static void
watch_clear (Watch *self)
{
  if (self->free_user_data != NULL)
    self->free_user_data (self->user_data);
}

static void
watch_unref (Watch *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify) watch_clear);
}

static void
offer_clear (Offer *self)
{
  if (self->free_user_data != NULL)
    self->free_user_data (self->user_data);
  g_free (self->id);
  g_free (self->label);
}

static void
offer_unref (Offer *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify) offer_clear);
}

static void
news_free (News *self)
{
  watch_unref (self->watch);
  dbr_incident_unref (self->incident);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Offer, offer_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Watch, watch_unref)

static void
dbr_incident_board_queue_locked (DbrIncidentBoard *self,
                                 Watch            *watch,
                                 DbrIncident      *incident)
{
  News *news = g_new (News, 1);

  news->watch = g_atomic_rc_box_acquire (watch);
  news->incident = dbr_incident_ref (incident);
  g_queue_push_tail (&self->news, news);
}

static void
dbr_incident_board_queue_all_locked (DbrIncidentBoard *self,
                                     DbrIncident      *incident)
{
  for (guint i = 0; i < self->watches->len; i++)
    dbr_incident_board_queue_locked (self, g_ptr_array_index (self->watches, i), incident);
}

static void
dbr_incident_board_tell (DbrIncidentBoard *self)
{
  News *news;

  g_mutex_lock (&self->mutex);
  if (self->is_telling)
    {
      g_mutex_unlock (&self->mutex);
      return;
    }

  self->is_telling = TRUE;
  dbr_incident_board_ref (self);
  while ((news = g_queue_pop_head (&self->news)) != NULL)
    {
      g_mutex_unlock (&self->mutex);
      if (!g_atomic_int_get (&news->watch->is_over))
        news->watch->func (news->incident, news->watch->user_data);
      news_free (news);
      g_mutex_lock (&self->mutex);
    }
  self->is_telling = FALSE;
  g_mutex_unlock (&self->mutex);
  dbr_incident_board_unref (self);
}

static gboolean
dbr_incident_board_find_locked (DbrIncidentBoard *self,
                                guint64           serial,
                                guint            *position)
{
  for (guint i = 0; i < self->open->len; i++)
    {
      DbrIncident *incident = g_ptr_array_index (self->open, i);

      if (incident->serial == serial)
        {
          *position = i;
          return TRUE;
        }
    }

  return FALSE;
}

static Offer *
dbr_incident_board_find_offer_locked (DbrIncidentBoard *self,
                                      const char       *id)
{
  for (guint i = 0; i < self->offers->len; i++)
    {
      Offer *offer = g_ptr_array_index (self->offers, i);

      if (g_str_equal (offer->id, id))
        return offer;
    }

  return NULL;
}

static Offer *
dbr_incident_board_steal_offer_locked (DbrIncidentBoard *self,
                                       const char       *id)
{
  Offer *offer = dbr_incident_board_find_offer_locked (self, id);
  guint position;

  if (offer != NULL && g_ptr_array_find (self->offers, offer, &position))
    g_ptr_array_steal_index (self->offers, position);

  return offer;
}

/* Puts what is now in the place of what was, and queues it. */
static void
dbr_incident_board_replace_locked (DbrIncidentBoard *self,
                                   guint             position,
                                   DbrIncident      *incident)
{
  dbr_incident_unref (self->open->pdata[position]);
  self->open->pdata[position] = incident;
  dbr_incident_board_queue_all_locked (self, incident);
}

/* What can be done is part of what is told of each that is open. */
static void
dbr_incident_board_show_offers_locked (DbrIncidentBoard *self)
{
  g_ptr_array_unref (self->shown_offers);
  self->shown_offers =
    g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_incident_offer_free);
  for (guint i = 0; i < self->offers->len; i++)
    {
      Offer *offer = g_ptr_array_index (self->offers, i);

      g_ptr_array_add (self->shown_offers, dbr_incident_offer_new (offer->id, offer->label));
    }

  for (guint i = 0; i < self->open->len; i++)
    {
      DbrIncident *was = g_ptr_array_index (self->open, i);

      dbr_incident_board_replace_locked (self, i,
                                         dbr_incident_new (was->serial, DBR_INCIDENT_UPDATED,
                                                           was->severity, was->title, was->body,
                                                           self->shown_offers));
    }
}

DbrIncidentBoard *
dbr_incident_board_new (void)
{
  DbrIncidentBoard *self = g_new0 (DbrIncidentBoard, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->open = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_incident_unref);
  self->offers = g_ptr_array_new_with_free_func ((GDestroyNotify) offer_unref);
  self->shown_offers =
    g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_incident_offer_free);
  self->watches = g_ptr_array_new_with_free_func ((GDestroyNotify) watch_unref);
  g_queue_init (&self->news);

  return self;
}

DbrIncidentBoard *
dbr_incident_board_ref (DbrIncidentBoard *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_incident_board_unref (DbrIncidentBoard *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_queue_clear_full (&self->news, (GDestroyNotify) news_free);
  g_ptr_array_unref (self->watches);
  g_ptr_array_unref (self->offers);
  g_ptr_array_unref (self->shown_offers);
  g_ptr_array_unref (self->open);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
dbr_incident_board_close (DbrIncidentBoard *self)
{
  g_autoptr(GPtrArray) watches = NULL;
  g_autoptr(GPtrArray) offers = NULL;

  g_mutex_lock (&self->mutex);
  self->is_closed = TRUE;
  watches = g_steal_pointer (&self->watches);
  self->watches = g_ptr_array_new_with_free_func ((GDestroyNotify) watch_unref);
  offers = g_steal_pointer (&self->offers);
  self->offers = g_ptr_array_new_with_free_func ((GDestroyNotify) offer_unref);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < watches->len; i++)
    g_atomic_int_set (&((Watch *) g_ptr_array_index (watches, i))->is_over, TRUE);
}

guint64
dbr_incident_board_begin (DbrIncidentBoard *self,
                          DbrSeverity       severity,
                          const char       *title,
                          const char       *body)
{
  DbrIncident *incident;
  guint64 serial;

  g_mutex_lock (&self->mutex);
  serial = ++self->last_serial;
  incident = dbr_incident_new (serial, DBR_INCIDENT_BEGUN, severity, title, body,
                               self->shown_offers);
  g_ptr_array_add (self->open, incident);
  dbr_incident_board_queue_all_locked (self, incident);
  g_mutex_unlock (&self->mutex);

  dbr_incident_board_tell (self);

  return serial;
}

void
dbr_incident_board_update (DbrIncidentBoard *self,
                           guint64           serial,
                           DbrSeverity       severity,
                           const char       *title,
                           const char       *body)
{
  guint position;

  g_mutex_lock (&self->mutex);
  if (dbr_incident_board_find_locked (self, serial, &position))
    {
      DbrIncident *was = g_ptr_array_index (self->open, position);

      if (was->severity != severity || !g_str_equal (was->title, title)
          || !g_str_equal (was->body, body))
        dbr_incident_board_replace_locked (self, position,
                                           dbr_incident_new (serial, DBR_INCIDENT_UPDATED, severity,
                                                             title, body, self->shown_offers));
    }
  g_mutex_unlock (&self->mutex);

  dbr_incident_board_tell (self);
}

void
dbr_incident_board_end (DbrIncidentBoard *self,
                        guint64           serial,
                        const char       *title,
                        const char       *body)
{
  guint position;

  g_mutex_lock (&self->mutex);
  if (dbr_incident_board_find_locked (self, serial, &position))
    {
      g_autoptr(GPtrArray) nothing = g_ptr_array_new ();

      dbr_incident_board_replace_locked (self, position,
                                         dbr_incident_new (serial, DBR_INCIDENT_ENDED,
                                                           DBR_SEVERITY_NOTICE, title, body,
                                                           nothing));
      g_ptr_array_remove_index (self->open, position);
    }
  g_mutex_unlock (&self->mutex);

  dbr_incident_board_tell (self);
}

void
dbr_incident_board_offer (DbrIncidentBoard     *self,
                          const char           *id,
                          const char           *label,
                          DbrIncidentOfferFunc  func,
                          gpointer              user_data,
                          GDestroyNotify        free_user_data)
{
  Offer *offer = g_atomic_rc_box_new0 (Offer);
  g_autoptr(Offer) old = NULL;
  g_autoptr(Offer) refused = NULL;

  offer->id = g_strdup (id);
  offer->label = g_strdup (label);
  offer->func = func;
  offer->user_data = user_data;
  offer->free_user_data = free_user_data;

  g_mutex_lock (&self->mutex);
  if (self->is_closed)
    {
      refused = offer;
    }
  else
    {
      old = dbr_incident_board_steal_offer_locked (self, id);
      g_ptr_array_add (self->offers, offer);
      dbr_incident_board_show_offers_locked (self);
    }
  g_mutex_unlock (&self->mutex);

  dbr_incident_board_tell (self);
}

void
dbr_incident_board_withdraw (DbrIncidentBoard *self,
                             const char       *id)
{
  g_autoptr(Offer) offer = NULL;

  g_mutex_lock (&self->mutex);
  offer = dbr_incident_board_steal_offer_locked (self, id);
  if (offer != NULL)
    dbr_incident_board_show_offers_locked (self);
  g_mutex_unlock (&self->mutex);

  dbr_incident_board_tell (self);
}

gboolean
dbr_incident_board_take (DbrIncidentBoard *self,
                         guint64           serial,
                         const char       *id)
{
  g_autoptr(Offer) offer = NULL;
  Offer *found = NULL;
  guint position;

  g_mutex_lock (&self->mutex);
  if (dbr_incident_board_find_locked (self, serial, &position))
    found = dbr_incident_board_find_offer_locked (self, id);
  if (found != NULL)
    offer = g_atomic_rc_box_acquire (found);
  g_mutex_unlock (&self->mutex);

  if (offer == NULL)
    return FALSE;

  offer->func (serial, offer->user_data);

  return TRUE;
}

guint
dbr_incident_board_watch (DbrIncidentBoard *self,
                          DbrIncidentFunc   func,
                          gpointer          user_data,
                          GDestroyNotify    free_user_data)
{
  g_autoptr(Watch) watch = g_atomic_rc_box_new0 (Watch);
  guint id;

  watch->func = func;
  watch->user_data = user_data;
  watch->free_user_data = free_user_data;

  g_mutex_lock (&self->mutex);
  id = watch->id = ++self->last_watch;
  if (!self->is_closed)
    {
      g_ptr_array_add (self->watches, g_atomic_rc_box_acquire (watch));
      for (guint i = 0; i < self->open->len; i++)
        dbr_incident_board_queue_locked (self, watch, g_ptr_array_index (self->open, i));
    }
  g_mutex_unlock (&self->mutex);

  dbr_incident_board_tell (self);

  return id;
}

void
dbr_incident_board_unwatch (DbrIncidentBoard *self,
                            guint             watch)
{
  g_autoptr(Watch) found = NULL;

  g_mutex_lock (&self->mutex);
  for (guint i = 0; found == NULL && i < self->watches->len; i++)
    {
      if (((Watch *) g_ptr_array_index (self->watches, i))->id == watch)
        found = g_ptr_array_steal_index (self->watches, i);
    }
  g_mutex_unlock (&self->mutex);

  if (found != NULL)
    g_atomic_int_set (&found->is_over, TRUE);
}
