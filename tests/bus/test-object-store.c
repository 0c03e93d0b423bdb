/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib.h>
#include <string.h>

#include "bus/dbr-object-store-private.h"
#include "bus/dbr-value-pool-private.h"

#define N_HISTORIES 200
#define N_STEPS 120

/* The simple model: each interface of each object as `path interface`, with its values as text. */
typedef GHashTable Model;

static Model *
model_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                (GDestroyNotify) g_hash_table_unref);
}

static GHashTable *
values_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static char *
model_key (const char *path,
           const char *interface_name)
{
  return g_strconcat (path, " ", interface_name, NULL);
}

static GHashTable *
model_find (Model      *model,
            const char *path,
            const char *interface_name)
{
  g_autofree char *key = model_key (path, interface_name);

  return g_hash_table_lookup (model, key);
}

static gboolean
model_has_object (Model      *model,
                  const char *path)
{
  g_autofree char *prefix = g_strconcat (path, " ", NULL);
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, model);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      if (g_str_has_prefix (key, prefix))
        return TRUE;
    }

  return FALSE;
}

static void
values_fill (GHashTable *values,
             GVariant   *properties)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, properties);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    g_hash_table_insert (values, g_strdup (name), g_variant_print (value, TRUE));
}

static void
model_add (Model      *model,
           const char *path,
           GVariant   *interfaces)
{
  GVariantIter iter;
  const char *name;
  GVariant *properties;

  g_variant_iter_init (&iter, interfaces);
  while (g_variant_iter_loop (&iter, "{&s@a{sv}}", &name, &properties))
    {
      GHashTable *values = values_new ();

      values_fill (values, properties);
      g_hash_table_insert (model, model_key (path, name), values);
    }
}

static void
model_cascade (Model      *model,
               const char *path)
{
  g_autofree char *prefix = g_strconcat (path, strcmp (path, "/") == 0 ? "" : "/", NULL);
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, model);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      if (g_str_has_prefix (key, prefix))
        g_hash_table_iter_remove (&iter);
    }
}

static void
model_remove (Model      *model,
              const char *path,
              GVariant   *names)
{
  gboolean was_there = model_has_object (model, path);
  GVariantIter iter;
  const char *name;

  g_variant_iter_init (&iter, names);
  while (g_variant_iter_next (&iter, "&s", &name))
    {
      g_autofree char *key = model_key (path, name);

      g_hash_table_remove (model, key);
    }
  if (was_there && !model_has_object (model, path))
    model_cascade (model, path);
}

static void
model_change (Model      *model,
              const char *path,
              const char *interface_name,
              GVariant   *changed,
              GVariant   *invalidated)
{
  GHashTable *values = model_find (model, path, interface_name);
  GVariantIter iter;
  const char *name;

  if (values == NULL)
    return;

  values_fill (values, changed);
  g_variant_iter_init (&iter, invalidated);
  while (g_variant_iter_next (&iter, "&s", &name))
    g_hash_table_remove (values, name);
}

static void
model_load (Model    *model,
            GVariant *objects)
{
  GVariantIter iter;
  const char *path;
  GVariant *interfaces;

  g_hash_table_remove_all (model);
  g_variant_iter_init (&iter, objects);
  while (g_variant_iter_loop (&iter, "{&o@a{sa{sv}}}", &path, &interfaces))
    model_add (model, path, interfaces);
}

/* A history: a store, its model, and a mirror that knows only what it is told. */
typedef struct
{
  GRand          *rand;
  DbrObjectStore *store;
  DbrObjectNews  *news;
  Model          *model;
  Model          *mirror;
  GHashTable     *objects;
} History;

static const char *const paths[] = {
  "/", "/a", "/a/b", "/a/b/c", "/a/b/d", "/a/bc", "/ab", "/a_", "/z", "/z/1", "/z/1/2/3", NULL
};
static const char *const interfaces[] = { "org.A", "org.B", "org.C", NULL };
static const char *const names[] = { "Paired", "Name", "RSSI", "UUIDs", NULL };

#define N_OF(names) (G_N_ELEMENTS (names) - 1)

static const char *
draw (History           *self,
      const char *const *from,
      gsize              n)
{
  return from[g_rand_int_range (self->rand, 0, (gint32) n)];
}

static GVariant *
draw_value (History *self)
{
  switch (g_rand_int_range (self->rand, 0, 5))
    {
    case 0:
      return g_variant_new_boolean (g_rand_boolean (self->rand));

    case 1:
      return g_variant_new_string (g_rand_boolean (self->rand) ? "one" : "");

    case 2:
      return g_variant_new_int16 ((gint16) g_rand_int_range (self->rand, -3, 3));

    case 3:
      return g_variant_new_uint16 ((guint16) g_rand_int_range (self->rand, 0, 3));

    default:
      return g_variant_new_strv (names, g_rand_int_range (self->rand, 0, 3));
    }
}

static GVariant *
draw_properties (History *self,
                 gint32   most)
{
  GVariantBuilder builder;

  /* The same one twice as well. */
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (gint32 i = g_rand_int_range (self->rand, 0, most); i > 0; i--)
    g_variant_builder_add (&builder, "{sv}", draw (self, names, N_OF (names)), draw_value (self));

  return g_variant_builder_end (&builder);
}

static GVariant *
draw_interfaces (History *self)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{sa{sv}}"));
  for (gint32 i = g_rand_int_range (self->rand, 0, 4); i > 0; i--)
    g_variant_builder_add (&builder, "{s@a{sv}}", draw (self, interfaces, N_OF (interfaces)),
                           draw_properties (self, 6));

  return g_variant_builder_end (&builder);
}

static GVariant *
draw_names (History           *self,
            const char *const *from,
            gsize              n)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("as"));
  for (gint32 i = g_rand_int_range (self->rand, 0, 4); i > 0; i--)
    g_variant_builder_add (&builder, "s", draw (self, from, n));

  return g_variant_builder_end (&builder);
}

static GVariant *
draw_objects (History *self)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
  for (gint32 i = g_rand_int_range (self->rand, 0, 8); i > 0; i--)
    g_variant_builder_add (&builder, "{o@a{sa{sv}}}", draw (self, paths, N_OF (paths)),
                           draw_interfaces (self));

  return g_variant_builder_end (&builder);
}

/* Comparing */

static void
assert_values (DbrObjectStore *store,
               const char     *path,
               const char     *interface_name,
               GHashTable     *values)
{
  g_autoptr(GVariant) properties = dbr_object_store_dup_properties (store, path, interface_name);
  GHashTableIter iter;
  gpointer name;
  gpointer text;

  g_assert_nonnull (properties);
  g_assert_cmpuint (g_variant_n_children (properties), ==, g_hash_table_size (values));
  g_hash_table_iter_init (&iter, values);
  while (g_hash_table_iter_next (&iter, &name, &text))
    {
      g_autoptr(GVariant) value = dbr_object_store_ref_property (store, path, interface_name, name);
      g_autofree char *printed = NULL;

      g_assert_nonnull (value);
      printed = g_variant_print (value, TRUE);
      g_assert_cmpstr (printed, ==, text);
    }
}

static void
assert_store (DbrObjectStore *store,
              Model          *model)
{
  guint n_objects = 0;

  for (gsize i = 0; i < N_OF (paths); i++)
    {
      n_objects += model_has_object (model, paths[i]);
      for (gsize j = 0; j < N_OF (interfaces); j++)
        {
          GHashTable *values = model_find (model, paths[i], interfaces[j]);

          g_assert_true (dbr_object_store_has_interface (store, paths[i], interfaces[j])
                         == (values != NULL));
          if (values != NULL)
            assert_values (store, paths[i], interfaces[j], values);
        }
    }
  g_assert_cmpuint (dbr_object_store_count (store), ==, n_objects);
}

static void
assert_same (Model *one,
             Model *other)
{
  GHashTableIter iter;
  gpointer key;
  gpointer values;

  g_assert_cmpuint (g_hash_table_size (one), ==, g_hash_table_size (other));
  g_hash_table_iter_init (&iter, one);
  while (g_hash_table_iter_next (&iter, &key, &values))
    {
      GHashTable *others = g_hash_table_lookup (other, key);
      GHashTableIter value_iter;
      gpointer name;
      gpointer text;

      g_assert_nonnull (others);
      g_assert_cmpuint (g_hash_table_size (values), ==, g_hash_table_size (others));
      g_hash_table_iter_init (&value_iter, values);
      while (g_hash_table_iter_next (&value_iter, &name, &text))
        g_assert_cmpstr (g_hash_table_lookup (others, name), ==, text);
    }
}

/* The mirror, which believes only what it is told and looks up only what it is told of */

static void
mirror_object_added (gpointer    user_data,
                     const char *path)
{
  History *self = user_data;

  g_assert_true (g_hash_table_add (self->objects, g_strdup (path)));
}

static void
mirror_object_removed (gpointer    user_data,
                       const char *path)
{
  History *self = user_data;

  g_assert_false (model_has_object (self->mirror, path));
  g_assert_true (g_hash_table_remove (self->objects, path));
}

static void
mirror_interface_added (gpointer    user_data,
                        const char *path,
                        const char *interface_name)
{
  History *self = user_data;
  GHashTable *values = values_new ();
  g_autoptr(GVariant) properties = dbr_object_store_dup_properties (self->store, path,
                                                                    interface_name);

  g_assert_true (g_hash_table_contains (self->objects, path));
  g_assert_nonnull (properties);
  values_fill (values, properties);
  g_assert_true (g_hash_table_insert (self->mirror, model_key (path, interface_name), values));
}

static void
mirror_interface_removed (gpointer    user_data,
                          const char *path,
                          const char *interface_name)
{
  History *self = user_data;
  g_autofree char *key = model_key (path, interface_name);

  g_assert_true (g_hash_table_contains (self->objects, path));
  g_assert_true (g_hash_table_remove (self->mirror, key));
}

static void
mirror_properties_changed (gpointer           user_data,
                           const char        *path,
                           const char        *interface_name,
                           const char *const *changed)
{
  History *self = user_data;
  GHashTable *values = model_find (self->mirror, path, interface_name);

  g_assert_nonnull (values);
  g_assert_nonnull (changed[0]);
  for (gsize i = 0; changed[i] != NULL; i++)
    {
      g_autoptr(GVariant) value = dbr_object_store_ref_property (self->store, path, interface_name,
                                                                 changed[i]);

      if (value != NULL)
        g_hash_table_insert (values, g_strdup (changed[i]), g_variant_print (value, TRUE));
      else
        g_hash_table_remove (values, changed[i]);
    }
}

static const DbrObjectNewsFuncs mirror_funcs = {
  mirror_object_added,
  mirror_object_removed,
  mirror_interface_added,
  mirror_interface_removed,
  mirror_properties_changed,
};

static void
history_tell (History *self)
{
  const gint is_over = FALSE;

  dbr_object_news_tell_removed (self->news, &mirror_funcs, self, &is_over);
  dbr_object_news_tell_added (self->news, &mirror_funcs, self, &is_over);
  dbr_object_news_free (self->news);
  self->news = dbr_object_news_new ();
  assert_same (self->model, self->mirror);
  g_assert_cmpuint (g_hash_table_size (self->objects), ==, dbr_object_store_count (self->store));
}

static void
history_init (History *self,
              guint32  seed)
{
  self->rand = g_rand_new_with_seed (seed);
  self->store = dbr_object_store_new ();
  self->news = dbr_object_news_new ();
  self->model = model_new ();
  self->mirror = model_new ();
  self->objects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
history_clear (History *self)
{
  g_rand_free (self->rand);
  dbr_object_store_free (self->store);
  dbr_object_news_free (self->news);
  g_hash_table_unref (self->model);
  g_hash_table_unref (self->mirror);
  g_hash_table_unref (self->objects);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (History, history_clear)

static void
history_load (History *self)
{
  g_autoptr(GVariant) objects = g_variant_ref_sink (draw_objects (self));
  g_autoptr(DbrObjectStore) made = dbr_object_store_new ();

  dbr_object_store_load (made, objects);
  dbr_object_store_swap (self->store, made, self->news);
  model_load (self->model, objects);
}

static void
history_step (History *self)
{
  const char *path = draw (self, paths, N_OF (paths));
  const char *interface_name = draw (self, interfaces, N_OF (interfaces));
  gint32 chance = g_rand_int_range (self->rand, 0, 100);
  g_autoptr(GVariant) one = NULL;
  g_autoptr(GVariant) other = NULL;

  if (chance < 5)
    {
      history_load (self);
    }
  else if (chance < 40)
    {
      one = g_variant_ref_sink (draw_interfaces (self));
      dbr_object_store_add (self->store, path, one, self->news);
      model_add (self->model, path, one);
    }
  else if (chance < 60)
    {
      one = g_variant_ref_sink (draw_names (self, interfaces, N_OF (interfaces)));
      dbr_object_store_remove (self->store, path, one, self->news);
      model_remove (self->model, path, one);
    }
  else
    {
      one = g_variant_ref_sink (draw_properties (self, 4));
      other = g_variant_ref_sink (draw_names (self, names, N_OF (names)));
      dbr_object_store_change (self->store, path, interface_name, one, other, self->news);
      model_change (self->model, path, interface_name, one, other);
    }
}

static void
test_histories (void)
{
  g_test_summary ("Over random histories, the store is what a simple model is, and who is told of "
                  "what becomes of it has the same in the end");

  for (guint32 seed = 0; seed < N_HISTORIES; seed++)
    {
      g_auto(History) history;

      history_init (&history, seed);
      for (guint i = 0; i < N_STEPS; i++)
        {
          history_step (&history);
          assert_store (history.store, history.model);
          if (g_rand_int_range (history.rand, 0, 6) == 0)
            history_tell (&history);
        }
      history_tell (&history);
    }
}

/* What is told, as a line each */

static void
list_object_added (gpointer    user_data,
                   const char *path)
{
  g_string_append_printf (user_data, "+%s\n", path);
}

static void
list_object_removed (gpointer    user_data,
                     const char *path)
{
  g_string_append_printf (user_data, "-%s\n", path);
}

static void
list_interface_added (gpointer    user_data,
                      const char *path,
                      const char *interface_name)
{
  g_string_append_printf (user_data, "+%s %s\n", path, interface_name);
}

static void
list_interface_removed (gpointer    user_data,
                        const char *path,
                        const char *interface_name)
{
  g_string_append_printf (user_data, "-%s %s\n", path, interface_name);
}

static void
list_properties_changed (gpointer           user_data,
                         const char        *path,
                         const char        *interface_name,
                         const char *const *changed)
{
  g_string_append_printf (user_data, "%s %s %s\n", path, interface_name, changed[0]);
}

static const DbrObjectNewsFuncs list_funcs = {
  list_object_added,
  list_object_removed,
  list_interface_added,
  list_interface_removed,
  list_properties_changed,
};

static void
assert_told (DbrObjectNews **news,
             const char     *expected)
{
  g_autoptr(GString) list = g_string_new (NULL);
  const gint is_over = FALSE;

  dbr_object_news_tell_removed (*news, &list_funcs, list, &is_over);
  dbr_object_news_tell_added (*news, &list_funcs, list, &is_over);
  g_assert_cmpstr (list->str, ==, expected);
  dbr_object_news_free (*news);
  *news = dbr_object_news_new ();
}

static void
add (DbrObjectStore *store,
     const char     *path,
     const char     *interfaces_text,
     DbrObjectNews  *news)
{
  g_autoptr(GVariant) all = g_variant_ref_sink (g_variant_new_parsed (interfaces_text));

  dbr_object_store_add (store, path, all, news);
}

static void
remove_all (DbrObjectStore *store,
            const char     *path,
            DbrObjectNews  *news)
{
  g_autoptr(GVariant) all = g_variant_ref_sink (g_variant_new_parsed ("['org.A', 'org.B']"));

  dbr_object_store_remove (store, path, all, news);
}

static void
change (DbrObjectStore *store,
        const char     *path,
        const char     *changed_text,
        const char     *invalidated_text,
        DbrObjectNews  *news)
{
  g_autoptr(GVariant) changed = g_variant_ref_sink (g_variant_new_parsed (changed_text));
  g_autoptr(GVariant) invalidated = g_variant_ref_sink (g_variant_new_parsed (invalidated_text));

  dbr_object_store_change (store, path, "org.A", changed, invalidated, news);
}

#define ONE "{'org.A': {'Name': <'one'>}}"

static void
test_order (void)
{
  g_autoptr(DbrObjectStore) store = dbr_object_store_new ();
  g_autoptr(DbrObjectNews) news = dbr_object_news_new ();
  g_auto(GStrv) all = NULL;

  g_test_summary ("An object is told of behind those above it, and that it is gone before them; "
                  "what is removed takes what is below it along, and nothing beside it");

  add (store, "/a/b", ONE, news);
  add (store, "/a/b/c", ONE, news);
  add (store, "/a_", ONE, news);
  add (store, "/a", ONE, news);
  assert_told (&news, "+/a\n+/a org.A\n+/a/b\n+/a/b org.A\n+/a/b/c\n+/a/b/c org.A\n"
               "+/a_\n+/a_ org.A\n");
  all = dbr_object_store_dup_paths (store, "org.A");
  g_assert_cmpstr (all[3], ==, "/a_");

  remove_all (store, "/a", news);
  assert_told (&news, "-/a/b/c org.A\n-/a/b/c\n-/a/b org.A\n-/a/b\n-/a org.A\n-/a\n");
  g_assert_cmpuint (dbr_object_store_count (store), ==, 1);
}

static void
test_merging (void)
{
  g_autoptr(DbrObjectStore) store = dbr_object_store_new ();
  g_autoptr(DbrObjectNews) news = dbr_object_news_new ();

  g_test_summary ("What came and went is not told, changes of a property are one, an equal value is "
                  "none, and what was removed and added again is another one");

  add (store, "/a", ONE, news);
  remove_all (store, "/a", news);
  assert_told (&news, "");

  add (store, "/a", ONE, news);
  change (store, "/a", "{'Name': <'two'>}", "@as []", news);
  assert_told (&news, "+/a\n+/a org.A\n");

  for (guint i = 0; i < 1000; i++)
    change (store, "/a", i % 2 == 0 ? "{'Name': <'one'>}" : "{'Name': <'two'>}", "@as []", news);
  assert_told (&news, "/a org.A Name\n");
  change (store, "/a", "{'Name': <'two'>}", "['Nothing']", news);
  assert_told (&news, "");
  change (store, "/a", "@a{sv} {}", "['Name']", news);
  assert_told (&news, "/a org.A Name\n");

  change (store, "/a", "{'Name': <'one'>}", "@as []", news);
  remove_all (store, "/a", news);
  add (store, "/a", ONE, news);
  change (store, "/a", "{'Name': <'two'>}", "@as []", news);
  assert_told (&news, "-/a org.A\n-/a\n+/a\n+/a org.A\n");
}

static void
test_inventions (void)
{
  g_autoptr(DbrObjectStore) store = dbr_object_store_new ();
  g_autoptr(DbrObjectNews) news = dbr_object_news_new ();

  g_test_summary ("Of a service that invents properties while nobody looks, no more than so many "
                  "are kept to be told");

  add (store, "/a", ONE, news);
  assert_told (&news, "+/a\n+/a org.A\n");
  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *changed = g_strdup_printf ("{'New%u': <%u>}", i, i);
      g_autofree char *invalidated = g_strdup_printf ("['New%u']", i);

      change (store, "/a", changed, invalidated, news);
    }
  assert_told (&news, "-/a org.A\n+/a org.A\n");
}

static void
test_pool (void)
{
  g_autoptr(DbrValuePool) pool = dbr_value_pool_new ();
  g_autoptr(GVariant) message = g_variant_ref_sink (g_variant_new_parsed ("('x', 'x', 7, uint16 7)"));
  g_autoptr(GVariant) one = g_variant_get_child_value (message, 0);
  g_autoptr(GVariant) other = g_variant_get_child_value (message, 1);
  g_autoptr(GVariant) number = g_variant_get_child_value (message, 2);
  g_autoptr(GVariant) small = g_variant_get_child_value (message, 3);
  DbrValue *value = dbr_value_pool_take (pool, one);

  g_test_summary ("Equal values of one type are kept once, apart from their message, as long as one "
                  "of their users has them");

  g_assert_true (value == dbr_value_pool_take (pool, other));
  g_assert_true (value->variant != one);
  g_assert_true (dbr_value_pool_take (pool, number) != dbr_value_pool_take (pool, small));
  g_assert_cmpuint (dbr_value_pool_count (pool), ==, 3);

  dbr_value_pool_drop (pool, value);
  g_assert_cmpuint (dbr_value_pool_count (pool), ==, 3);
  g_assert_cmpstr (g_variant_get_string (value->variant, NULL), ==, "x");
  dbr_value_pool_drop (pool, value);
  g_assert_cmpuint (dbr_value_pool_count (pool), ==, 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/object-store/is-what-a-model-is", test_histories);
  g_test_add_func ("/dbr/object-store/tells-parents-first", test_order);
  g_test_add_func ("/dbr/object-store/merges-what-it-tells", test_merging);
  g_test_add_func ("/dbr/object-store/keeps-no-list-of-inventions", test_inventions);
  g_test_add_func ("/dbr/object-store/keeps-equal-values-once", test_pool);

  return g_test_run ();
}
