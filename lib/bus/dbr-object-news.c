/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-object-news-private.h"

#include <string.h>

/* Of an interface that goes on to invent properties while nobody looks it is told that it is
 * another one. */
#define MAX_CHANGED 1000

/* What was there when somebody was told last, and what is there now. */
typedef struct
{
  gboolean was_there;
  gboolean was_removed;
  gboolean is_there;
} Presence;

typedef struct
{
  char       *name;
  Presence    presence;
  /* the properties that have changed, NULL for none */
  GHashTable *changed;
} InterfaceChange;

struct _DbrObjectChange
{
  char     *path;
  Presence  presence;
  GArray   *interfaces;
};

struct _DbrObjectNews
{
  GHashTable *changes;
  /* the same in the order of their paths, once it is told */
  GPtrArray  *sorted;
};

static void
presence_set (Presence *self,
              gboolean  is_there)
{
  self->is_there = is_there;
  if (!is_there)
    self->was_removed = TRUE;
}

static gboolean
presence_has_gone (const Presence *self)
{
  return self->was_there && self->was_removed;
}

static gboolean
presence_has_come (const Presence *self)
{
  return self->is_there && (!self->was_there || self->was_removed);
}

static void
interface_change_clear (gpointer data)
{
  InterfaceChange *self = data;

  g_ref_string_release (self->name);
  g_clear_pointer (&self->changed, g_hash_table_unref);
}

static InterfaceChange *
dbr_object_change_get_interface (DbrObjectChange *self,
                                 char            *name,
                                 gboolean         is_there)
{
  InterfaceChange made = { .presence = { is_there, FALSE, is_there } };

  for (guint i = 0; i < self->interfaces->len; i++)
    {
      InterfaceChange *change = &g_array_index (self->interfaces, InterfaceChange, i);

      if (change->name == name)
        return change;
    }

  made.name = g_ref_string_acquire (name);
  g_array_append_val (self->interfaces, made);

  return &g_array_index (self->interfaces, InterfaceChange, self->interfaces->len - 1);
}

static void
dbr_object_change_free (gpointer data)
{
  DbrObjectChange *self = data;

  g_array_unref (self->interfaces);
  g_ref_string_release (self->path);
  g_free (self);
}

DbrObjectNews *
dbr_object_news_new (void)
{
  DbrObjectNews *self = g_new0 (DbrObjectNews, 1);

  self->changes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, dbr_object_change_free);

  return self;
}

void
dbr_object_news_free (DbrObjectNews *self)
{
  g_clear_pointer (&self->sorted, g_ptr_array_unref);
  g_hash_table_unref (self->changes);
  g_free (self);
}

gboolean
dbr_object_news_is_empty (DbrObjectNews *self)
{
  return g_hash_table_size (self->changes) == 0;
}

/* Telling */

static int
compare_paths (gconstpointer one,
               gconstpointer other)
{
  const DbrObjectChange *const *change = one;
  const DbrObjectChange *const *another = other;

  return strcmp ((*change)->path, (*another)->path);
}

/* A parent's path begins that of its children, and so comes before them. */
static void
dbr_object_news_sort (DbrObjectNews *self)
{
  GHashTableIter iter;
  gpointer change;

  if (self->sorted != NULL)
    return;

  self->sorted = g_ptr_array_sized_new (g_hash_table_size (self->changes));
  g_hash_table_iter_init (&iter, self->changes);
  while (g_hash_table_iter_next (&iter, NULL, &change))
    g_ptr_array_add (self->sorted, change);
  g_ptr_array_sort (self->sorted, compare_paths);
}

static void
dbr_object_change_tell_removed (const DbrObjectChange    *self,
                                const DbrObjectNewsFuncs *funcs,
                                gpointer                  user_data,
                                const gint               *is_over)
{
  for (guint i = 0; i < self->interfaces->len && !g_atomic_int_get (is_over); i++)
    {
      const InterfaceChange *change = &g_array_index (self->interfaces, InterfaceChange, i);

      if (presence_has_gone (&change->presence))
        funcs->interface_removed (user_data, self->path, change->name);
    }

  if (presence_has_gone (&self->presence) && !g_atomic_int_get (is_over))
    funcs->object_removed (user_data, self->path);
}

void
dbr_object_news_tell_removed (DbrObjectNews            *self,
                              const DbrObjectNewsFuncs *funcs,
                              gpointer                  user_data,
                              const gint               *is_over)
{
  dbr_object_news_sort (self);
  for (guint i = self->sorted->len; i > 0; i--)
    dbr_object_change_tell_removed (g_ptr_array_index (self->sorted, i - 1), funcs, user_data,
                                    is_over);
}

static void
interface_change_tell (const InterfaceChange    *self,
                       const char               *path,
                       const DbrObjectNewsFuncs *funcs,
                       gpointer                  user_data)
{
  if (presence_has_come (&self->presence))
    {
      funcs->interface_added (user_data, path, self->name);
    }
  else if (self->changed != NULL)
    {
      g_autofree gpointer *names = g_hash_table_get_keys_as_array (self->changed, NULL);

      funcs->properties_changed (user_data, path, self->name, (const char *const *) names);
    }
}

static void
dbr_object_change_tell_added (const DbrObjectChange    *self,
                              const DbrObjectNewsFuncs *funcs,
                              gpointer                  user_data,
                              const gint               *is_over)
{
  if (presence_has_come (&self->presence) && !g_atomic_int_get (is_over))
    funcs->object_added (user_data, self->path);

  for (guint i = 0; i < self->interfaces->len && !g_atomic_int_get (is_over); i++)
    interface_change_tell (&g_array_index (self->interfaces, InterfaceChange, i), self->path,
                           funcs, user_data);
}

void
dbr_object_news_tell_added (DbrObjectNews            *self,
                            const DbrObjectNewsFuncs *funcs,
                            gpointer                  user_data,
                            const gint               *is_over)
{
  dbr_object_news_sort (self);
  for (guint i = 0; i < self->sorted->len; i++)
    dbr_object_change_tell_added (g_ptr_array_index (self->sorted, i), funcs, user_data, is_over);
}

/* Noting */

DbrObjectChange *
dbr_object_news_get (DbrObjectNews *self,
                     char          *path,
                     gboolean       is_there)
{
  DbrObjectChange *change = g_hash_table_lookup (self->changes, path);

  if (change != NULL)
    return change;

  change = g_new0 (DbrObjectChange, 1);
  change->path = g_ref_string_acquire (path);
  change->presence = (Presence) { is_there, FALSE, is_there };
  change->interfaces = g_array_new (FALSE, FALSE, sizeof (InterfaceChange));
  g_array_set_clear_func (change->interfaces, interface_change_clear);
  g_hash_table_insert (self->changes, change->path, change);

  return change;
}

void
dbr_object_news_add_interface (DbrObjectChange *change,
                               char            *name)
{
  presence_set (&dbr_object_change_get_interface (change, name, FALSE)->presence, TRUE);
}

void
dbr_object_news_remove_interface (DbrObjectChange *change,
                                  char            *name)
{
  InterfaceChange *interface = dbr_object_change_get_interface (change, name, TRUE);

  presence_set (&interface->presence, FALSE);
  g_clear_pointer (&interface->changed, g_hash_table_unref);
  if (!interface->presence.was_there)
    {
      InterfaceChange *first = &g_array_index (change->interfaces, InterfaceChange, 0);

      g_array_remove_index (change->interfaces, (guint) (interface - first));
    }
}

void
dbr_object_news_change_property (DbrObjectChange *change,
                                 char            *interface_name,
                                 char            *name)
{
  InterfaceChange *interface = dbr_object_change_get_interface (change, interface_name, TRUE);

  /* Who is told of the interface looks at all of it. */
  if (presence_has_come (&interface->presence))
    return;

  if (interface->changed == NULL)
    interface->changed = g_hash_table_new_full (g_direct_hash, g_direct_equal,
                                                (GDestroyNotify) g_ref_string_release, NULL);
  g_hash_table_add (interface->changed, g_ref_string_acquire (name));
  if (g_hash_table_size (interface->changed) <= MAX_CHANGED)
    return;

  interface->presence.was_removed = TRUE;
  g_clear_pointer (&interface->changed, g_hash_table_unref);
}

void
dbr_object_news_set_there (DbrObjectNews   *self,
                           DbrObjectChange *change,
                           gboolean         is_there)
{
  presence_set (&change->presence, is_there);
  if (!change->presence.was_there && !is_there)
    g_hash_table_remove (self->changes, change->path);
}
