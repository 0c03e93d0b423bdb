/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-object-store-private.h"

#include <string.h>

#include "bus/dbr-value-pool-private.h"

/* Names are interned, and so the same if they are equal. */
typedef struct
{
  char     *name;
  DbrValue *value;
} Property;

typedef struct
{
  char     *name;
  /* in the order of their names */
  Property *properties;
  guint     n_properties;
} Interface;

/* An object, with at least one interface once it is made. */
typedef struct
{
  char      *path;
  Interface *interfaces;
  guint      n_interfaces;
} Object;

struct _DbrObjectStore
{
  DbrValuePool *pool;

  /* by path: to be found, and in order */
  GHashTable   *objects;
  GTree        *order;
};

/* Interfaces */

static int
compare_properties (gconstpointer one,
                    gconstpointer other,
                    gpointer      user_data)
{
  return strcmp (((const Property *) one)->name, ((const Property *) other)->name);
}

static void
property_clear (Property     *self,
                DbrValuePool *pool)
{
  dbr_value_pool_drop (pool, self->value);
  g_ref_string_release (self->name);
}

/* Of what a service says twice the last holds. */
static void
interface_sort (Interface    *self,
                DbrValuePool *pool)
{
  guint n = 0;

  g_qsort_with_data (self->properties, (int) self->n_properties, sizeof (Property),
                     compare_properties, NULL);
  for (guint i = 0; i < self->n_properties; i++)
    {
      if (n > 0 && self->properties[n - 1].name == self->properties[i].name)
        property_clear (&self->properties[--n], pool);
      self->properties[n++] = self->properties[i];
    }
  self->n_properties = n;
}

static void
interface_init (Interface    *self,
                DbrValuePool *pool,
                char         *name,
                GVariant     *properties)
{
  self->name = name;
  self->n_properties = (guint) g_variant_n_children (properties);
  self->properties = g_new (Property, self->n_properties);
  for (guint i = 0; i < self->n_properties; i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (properties, i);
      g_autoptr(GVariant) key = g_variant_get_child_value (entry, 0);
      g_autoptr(GVariant) box = g_variant_get_child_value (entry, 1);
      g_autoptr(GVariant) value = g_variant_get_variant (box);

      self->properties[i].name = g_ref_string_new_intern (g_variant_get_string (key, NULL));
      self->properties[i].value = dbr_value_pool_take (pool, value);
    }
  interface_sort (self, pool);
}

static void
interface_clear (Interface    *self,
                 DbrValuePool *pool)
{
  for (guint i = 0; i < self->n_properties; i++)
    property_clear (&self->properties[i], pool);
  g_free (self->properties);
  g_ref_string_release (self->name);
}

/* Where a property is, or would be. */
static gboolean
interface_find (const Interface *self,
                const char      *name,
                guint           *place)
{
  guint first = 0;
  guint end = self->n_properties;

  while (first < end)
    {
      guint middle = first + (end - first) / 2;
      int order = strcmp (name, self->properties[middle].name);

      if (order == 0)
        {
          *place = middle;
          return TRUE;
        }
      if (order < 0)
        end = middle;
      else
        first = middle + 1;
    }
  *place = first;

  return FALSE;
}

static void
interface_insert (Interface    *self,
                  DbrValuePool *pool,
                  guint         place,
                  const char   *name,
                  GVariant     *value)
{
  self->properties = g_renew (Property, self->properties, self->n_properties + 1);
  memmove (&self->properties[place + 1], &self->properties[place],
           (self->n_properties - place) * sizeof (Property));
  self->n_properties++;
  self->properties[place].name = g_ref_string_new_intern (name);
  self->properties[place].value = dbr_value_pool_take (pool, value);
}

static void
interface_remove (Interface    *self,
                  DbrValuePool *pool,
                  guint         place)
{
  property_clear (&self->properties[place], pool);
  self->n_properties--;
  memmove (&self->properties[place], &self->properties[place + 1],
           (self->n_properties - place) * sizeof (Property));
}

static void
interface_note_differences (const Interface *self,
                            const Interface *later,
                            DbrObjectChange *change)
{
  guint i = 0, j = 0;

  while (i < self->n_properties || j < later->n_properties)
    {
      const Property *one = i < self->n_properties ? &self->properties[i] : NULL;
      const Property *other = j < later->n_properties ? &later->properties[j] : NULL;
      int order = one == NULL ? 1
                  : other == NULL ? -1
                  : one->name == other->name ? 0
                  : strcmp (one->name, other->name);

      if (order != 0 || !dbr_value_is_equal (one->value, other->value))
        dbr_object_news_change_property (change, self->name,
                                         order <= 0 ? one->name : other->name);
      i += order <= 0;
      j += order >= 0;
    }
}

/* Objects */

static Interface *
object_find (const Object *self,
             const char   *interface_name)
{
  for (guint i = 0; i < self->n_interfaces; i++)
    {
      if (strcmp (self->interfaces[i].name, interface_name) == 0)
        return &self->interfaces[i];
    }

  return NULL;
}

static void
object_free (Object       *self,
             DbrValuePool *pool)
{
  for (guint i = 0; i < self->n_interfaces; i++)
    interface_clear (&self->interfaces[i], pool);
  g_free (self->interfaces);
  g_ref_string_release (self->path);
  g_free (self);
}

static void
object_note_added (const Object  *self,
                   DbrObjectNews *news)
{
  DbrObjectChange *change = dbr_object_news_get (news, self->path, FALSE);

  for (guint i = 0; i < self->n_interfaces; i++)
    dbr_object_news_add_interface (change, self->interfaces[i].name);
  dbr_object_news_set_there (news, change, TRUE);
}

static void
object_note_removed (const Object  *self,
                     DbrObjectNews *news)
{
  DbrObjectChange *change = dbr_object_news_get (news, self->path, TRUE);

  for (guint i = 0; i < self->n_interfaces; i++)
    dbr_object_news_remove_interface (change, self->interfaces[i].name);
  dbr_object_news_set_there (news, change, FALSE);
}

static void
object_note_differences (const Object  *self,
                         const Object  *later,
                         DbrObjectNews *news)
{
  DbrObjectChange *change = dbr_object_news_get (news, self->path, TRUE);

  for (guint i = 0; i < self->n_interfaces; i++)
    {
      const Interface *other = object_find (later, self->interfaces[i].name);

      if (other == NULL)
        dbr_object_news_remove_interface (change, self->interfaces[i].name);
      else
        interface_note_differences (&self->interfaces[i], other, change);
    }
  for (guint i = 0; i < later->n_interfaces; i++)
    {
      if (object_find (self, later->interfaces[i].name) == NULL)
        dbr_object_news_add_interface (change, later->interfaces[i].name);
    }
}

/* Takes over what is in @made. */
static void
object_set_interface (Object          *self,
                      DbrValuePool    *pool,
                      Interface       *made,
                      DbrObjectChange *change)
{
  Interface *old = object_find (self, made->name);

  if (old != NULL)
    {
      if (change != NULL)
        interface_note_differences (old, made, change);
      interface_clear (old, pool);
      *old = *made;
      return;
    }

  self->interfaces = g_renew (Interface, self->interfaces, self->n_interfaces + 1);
  self->interfaces[self->n_interfaces++] = *made;
  if (change != NULL)
    dbr_object_news_add_interface (change, made->name);
}

static void
object_remove_interface (Object          *self,
                         DbrValuePool    *pool,
                         const char      *name,
                         DbrObjectChange *change)
{
  Interface *old = object_find (self, name);

  if (old == NULL)
    return;

  if (change != NULL)
    dbr_object_news_remove_interface (change, old->name);
  interface_clear (old, pool);
  *old = self->interfaces[--self->n_interfaces];
}

/* The store */

static int
compare_paths (gconstpointer one,
               gconstpointer other,
               gpointer      user_data)
{
  return strcmp (one, other);
}

DbrObjectStore *
dbr_object_store_new (void)
{
  DbrObjectStore *self = g_new0 (DbrObjectStore, 1);

  self->pool = dbr_value_pool_new ();
  self->objects = g_hash_table_new (g_str_hash, g_str_equal);
  self->order = g_tree_new_full (compare_paths, NULL, NULL, NULL);

  return self;
}

static void
dbr_object_store_free_objects (DbrObjectStore *self)
{
  GHashTableIter iter;
  gpointer object;

  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    object_free (object, self->pool);
}

void
dbr_object_store_free (DbrObjectStore *self)
{
  dbr_object_store_free_objects (self);
  g_hash_table_unref (self->objects);
  g_tree_unref (self->order);
  dbr_value_pool_free (self->pool);
  g_free (self);
}

static Object *
dbr_object_store_make (DbrObjectStore *self,
                       const char     *path)
{
  Object *object = g_new0 (Object, 1);

  object->path = g_ref_string_new (path);
  g_hash_table_insert (self->objects, object->path, object);
  g_tree_insert (self->order, object->path, object);

  return object;
}

static void
dbr_object_store_forget (DbrObjectStore *self,
                         Object         *object)
{
  g_hash_table_remove (self->objects, object->path);
  g_tree_remove (self->order, object->path);
  object_free (object, self->pool);
}

void
dbr_object_store_add (DbrObjectStore *self,
                      const char     *path,
                      GVariant       *interfaces,
                      DbrObjectNews  *news)
{
  gsize n_interfaces = g_variant_n_children (interfaces);
  Object *object = g_hash_table_lookup (self->objects, path);
  DbrObjectChange *change = NULL;
  gboolean is_there = object != NULL;

  if (n_interfaces == 0)
    return;

  if (!is_there)
    object = dbr_object_store_make (self, path);
  if (news != NULL)
    change = dbr_object_news_get (news, object->path, is_there);
  for (gsize i = 0; i < n_interfaces; i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (interfaces, i);
      g_autoptr(GVariant) key = g_variant_get_child_value (entry, 0);
      g_autoptr(GVariant) properties = g_variant_get_child_value (entry, 1);
      Interface made;

      interface_init (&made, self->pool,
                      g_ref_string_new_intern (g_variant_get_string (key, NULL)), properties);
      object_set_interface (object, self->pool, &made, change);
    }
  if (news != NULL)
    dbr_object_news_set_there (news, change, TRUE);
}

void
dbr_object_store_load (DbrObjectStore *self,
                       GVariant       *objects)
{
  gsize n_objects = g_variant_n_children (objects);

  for (gsize i = 0; i < n_objects; i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (objects, i);
      g_autoptr(GVariant) path = g_variant_get_child_value (entry, 0);
      g_autoptr(GVariant) interfaces = g_variant_get_child_value (entry, 1);

      dbr_object_store_add (self, g_variant_get_string (path, NULL), interfaces, NULL);
    }
}

static void
dbr_object_store_remove_object (DbrObjectStore *self,
                                Object         *object,
                                DbrObjectNews  *news)
{
  if (news != NULL)
    object_note_removed (object, news);
  dbr_object_store_forget (self, object);
}

/* All whose path begins with that of an object and a slash come one behind the other. */
static void
dbr_object_store_cascade (DbrObjectStore *self,
                          const char     *path,
                          DbrObjectNews  *news)
{
  g_autofree char *prefix = g_strconcat (path, g_str_has_suffix (path, "/") ? "" : "/", NULL);
  GTreeNode *node;

  while ((node = g_tree_lower_bound (self->order, prefix)) != NULL
         && g_str_has_prefix (g_tree_node_key (node), prefix))
    dbr_object_store_remove_object (self, g_tree_node_value (node), news);
}

void
dbr_object_store_remove (DbrObjectStore *self,
                         const char     *path,
                         GVariant       *names,
                         DbrObjectNews  *news)
{
  Object *object = g_hash_table_lookup (self->objects, path);
  DbrObjectChange *change = NULL;
  GVariantIter iter;
  const char *name;

  if (object == NULL)
    return;

  if (news != NULL)
    change = dbr_object_news_get (news, object->path, TRUE);
  g_variant_iter_init (&iter, names);
  while (g_variant_iter_next (&iter, "&s", &name))
    object_remove_interface (object, self->pool, name, change);
  if (object->n_interfaces > 0)
    return;

  dbr_object_store_remove_object (self, object, news);
  dbr_object_store_cascade (self, path, news);
}

static void
interface_set_property (Interface       *self,
                        DbrValuePool    *pool,
                        const char      *name,
                        GVariant        *value,
                        DbrObjectChange *change)
{
  DbrValue *old;
  guint place;

  if (!interface_find (self, name, &place))
    {
      interface_insert (self, pool, place, name, value);
      old = NULL;
    }
  else
    {
      old = self->properties[place].value;
      self->properties[place].value = dbr_value_pool_take (pool, value);
    }

  if (change != NULL && self->properties[place].value != old)
    dbr_object_news_change_property (change, self->name, self->properties[place].name);
  if (old != NULL)
    dbr_value_pool_drop (pool, old);
}

static void
interface_invalidate (Interface       *self,
                      DbrValuePool    *pool,
                      const char      *name,
                      DbrObjectChange *change)
{
  guint place;

  if (!interface_find (self, name, &place))
    return;

  if (change != NULL)
    dbr_object_news_change_property (change, self->name, self->properties[place].name);
  interface_remove (self, pool, place);
}

void
dbr_object_store_change (DbrObjectStore *self,
                         const char     *path,
                         const char     *interface_name,
                         GVariant       *changed,
                         GVariant       *invalidated,
                         DbrObjectNews  *news)
{
  Object *object = g_hash_table_lookup (self->objects, path);
  Interface *interface = object != NULL ? object_find (object, interface_name) : NULL;
  DbrObjectChange *change = NULL;
  GVariantIter iter;
  GVariant *value;
  const char *name;

  if (interface == NULL)
    return;

  if (news != NULL)
    change = dbr_object_news_get (news, object->path, TRUE);
  g_variant_iter_init (&iter, changed);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    interface_set_property (interface, self->pool, name, value, change);
  g_variant_iter_init (&iter, invalidated);
  while (g_variant_iter_next (&iter, "&s", &name))
    interface_invalidate (interface, self->pool, name, change);
}

static void
dbr_object_store_note_differences (DbrObjectStore *self,
                                   DbrObjectStore *later,
                                   DbrObjectNews  *news)
{
  GHashTableIter iter;
  gpointer path;
  gpointer object;

  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, &path, &object))
    {
      const Object *other = g_hash_table_lookup (later->objects, path);

      if (other == NULL)
        object_note_removed (object, news);
      else
        object_note_differences (object, other, news);
    }

  g_hash_table_iter_init (&iter, later->objects);
  while (g_hash_table_iter_next (&iter, &path, &object))
    {
      if (!g_hash_table_contains (self->objects, path))
        object_note_added (object, news);
    }
}

void
dbr_object_store_swap (DbrObjectStore *self,
                       DbrObjectStore *other,
                       DbrObjectNews  *news)
{
  DbrObjectStore both = *self;

  if (news != NULL)
    dbr_object_store_note_differences (self, other, news);
  *self = *other;
  *other = both;
}

/* Reading */

guint
dbr_object_store_count (DbrObjectStore *self)
{
  return g_hash_table_size (self->objects);
}

static const Interface *
dbr_object_store_find (DbrObjectStore *self,
                       const char     *path,
                       const char     *interface_name)
{
  const Object *object = g_hash_table_lookup (self->objects, path);

  return object != NULL ? object_find (object, interface_name) : NULL;
}

gboolean
dbr_object_store_has_interface (DbrObjectStore *self,
                                const char     *path,
                                const char     *interface_name)
{
  return dbr_object_store_find (self, path, interface_name) != NULL;
}

char **
dbr_object_store_dup_paths (DbrObjectStore *self,
                            const char     *interface_name)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  for (GTreeNode *node = g_tree_node_first (self->order);
       node != NULL;
       node = g_tree_node_next (node))
    {
      if (interface_name == NULL || object_find (g_tree_node_value (node), interface_name) != NULL)
        g_strv_builder_add (builder, g_tree_node_key (node));
    }

  return g_strv_builder_end (builder);
}

char **
dbr_object_store_dup_interfaces (DbrObjectStore *self,
                                 const char     *path)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  const Object *object = g_hash_table_lookup (self->objects, path);

  for (guint i = 0; object != NULL && i < object->n_interfaces; i++)
    g_strv_builder_add (builder, object->interfaces[i].name);

  return g_strv_builder_end (builder);
}

GVariant *
dbr_object_store_ref_property (DbrObjectStore *self,
                               const char     *path,
                               const char     *interface_name,
                               const char     *name)
{
  const Interface *interface = dbr_object_store_find (self, path, interface_name);
  guint place;

  if (interface == NULL || !interface_find (interface, name, &place))
    return NULL;

  return g_variant_ref (interface->properties[place].value->variant);
}

GVariant *
dbr_object_store_dup_properties (DbrObjectStore *self,
                                 const char     *path,
                                 const char     *interface_name)
{
  const Interface *interface = dbr_object_store_find (self, path, interface_name);
  GVariantBuilder builder;

  if (interface == NULL)
    return NULL;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; i < interface->n_properties; i++)
    g_variant_builder_add (&builder, "{sv}", interface->properties[i].name,
                           interface->properties[i].value->variant);

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}
