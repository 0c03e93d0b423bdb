/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-places-private.h"

#include <string.h>

static void
place_free (gpointer data)
{
  DbrPlace *self = data;

  g_free (self->name);
  g_free (self);
}

void
dbr_places_init (DbrPlaces *self)
{
  self->table = g_hash_table_new (g_str_hash, g_str_equal);
  self->list = g_ptr_array_new_with_free_func (place_free);
  self->n_named = 0;
}

void
dbr_places_clear (DbrPlaces *self)
{
  g_clear_pointer (&self->table, g_hash_table_unref);
  g_clear_pointer (&self->list, g_ptr_array_unref);
}

static gboolean
is_counted (const char *name)
{
  return strcmp (name, DBR_OTHER_NAME) != 0 && strcmp (name, DBR_PROGRAM_NAME) != 0;
}

DbrPlace *
dbr_places_get (DbrPlaces  *self,
                const char *name)
{
  DbrPlace *place = g_hash_table_lookup (self->table, name);

  if (place != NULL)
    return place;
  if (self->n_named == DBR_MAX_PLACES && is_counted (name))
    return dbr_places_get (self, DBR_OTHER_NAME);

  place = g_new0 (DbrPlace, 1);
  place->name = g_strdup (name);
  g_hash_table_insert (self->table, place->name, place);
  g_ptr_array_add (self->list, place);
  if (is_counted (name))
    self->n_named++;

  return place;
}

DbrPlace *
dbr_places_lookup (DbrPlaces  *self,
                   const char *name)
{
  return g_hash_table_lookup (self->table, name);
}

void
dbr_places_remove (DbrPlaces *self,
                   DbrPlace  *place)
{
  g_hash_table_remove (self->table, place->name);
  if (is_counted (place->name))
    self->n_named--;
  g_ptr_array_remove (self->list, place);
}

/* Empties the slots that passed since. */
static DbrOccasions *
dbr_place_turn (DbrPlace     *self,
                DbrIssueKind  kind,
                gint64        when)
{
  DbrOccasions *occasions = &self->occasions[kind - DBR_N_OPERATION_ISSUES];
  gint64 slot = when / DBR_PLACE_SLOT_USEC;

  if (slot - occasions->slot >= DBR_PLACE_N_SLOTS)
    {
      memset (occasions->slots, 0, sizeof occasions->slots);
      occasions->slot = slot;
    }
  for (; occasions->slot < slot; occasions->slot++)
    occasions->slots[(occasions->slot + 1) % DBR_PLACE_N_SLOTS] = 0;

  return occasions;
}

void
dbr_place_add (DbrPlace     *self,
               DbrIssueKind  kind,
               gint64        when,
               guint         n)
{
  DbrOccasions *occasions = dbr_place_turn (self, kind, when);

  occasions->total += n;
  occasions->slots[occasions->slot % DBR_PLACE_N_SLOTS] += n;
}

guint64
dbr_place_count (DbrPlace     *self,
                 DbrIssueKind  kind,
                 gint64        when,
                 guint         n_slots)
{
  DbrOccasions *occasions = dbr_place_turn (self, kind, when);
  guint64 count = 0;

  for (guint i = 0; i < n_slots; i++)
    count += occasions->slots[(occasions->slot + DBR_PLACE_N_SLOTS - i) % DBR_PLACE_N_SLOTS];

  return count;
}

guint64
dbr_place_get_total (const DbrPlace *self,
                     DbrIssueKind    kind)
{
  return self->occasions[kind - DBR_N_OPERATION_ISSUES].total;
}

/* What is the case now is so after it as well. */
void
dbr_place_reset (DbrPlace *self)
{
  memset (self->occasions, 0, sizeof self->occasions);
  self->worst_lag_usec = 0;
}
