/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-value-pool-private.h"

#include <string.h>

struct _DbrValuePool
{
  GHashTable *values;
};

static guint
hash_bytes (guint         hash,
            const guint8 *bytes,
            gsize         size)
{
  for (gsize i = 0; i < size; i++)
    hash = (hash ^ bytes[i]) * 16777619;

  return hash;
}

static guint
hash_of (GVariant *variant)
{
  const char *type = g_variant_get_type_string (variant);
  guint hash = hash_bytes (2166136261u, (const guint8 *) type, strlen (type));

  return hash_bytes (hash, g_variant_get_data (variant), g_variant_get_size (variant));
}

static guint
value_hash (gconstpointer key)
{
  return ((const DbrValue *) key)->hash;
}

/* Values that came by D-Bus have one form only, so equal ones have equal bytes. */
gboolean
dbr_value_is_equal (const DbrValue *one,
                    const DbrValue *other)
{
  gsize size;

  if (one == other)
    return TRUE;
  if (one->hash != other->hash
      || !g_variant_type_equal (g_variant_get_type (one->variant),
                                g_variant_get_type (other->variant)))
    return FALSE;

  size = g_variant_get_size (one->variant);

  return size == g_variant_get_size (other->variant)
         && (size == 0 || memcmp (g_variant_get_data (one->variant),
                                  g_variant_get_data (other->variant), size) == 0);
}

static gboolean
value_equal (gconstpointer one,
             gconstpointer other)
{
  return dbr_value_is_equal (one, other);
}

static void
value_free (gpointer data)
{
  DbrValue *self = data;

  g_variant_unref (self->variant);
  g_free (self);
}

DbrValuePool *
dbr_value_pool_new (void)
{
  DbrValuePool *self = g_new0 (DbrValuePool, 1);

  self->values = g_hash_table_new_full (value_hash, value_equal, value_free, NULL);

  return self;
}

void
dbr_value_pool_free (DbrValuePool *self)
{
  g_hash_table_unref (self->values);
  g_free (self);
}

/* A part of a message would keep all of it. */
static GVariant *
copy_variant (GVariant *variant)
{
  gsize size = g_variant_get_size (variant);
  gpointer data = g_memdup2 (g_variant_get_data (variant), size);
  GVariant *copy = g_variant_new_from_data (g_variant_get_type (variant), data, size, TRUE,
                                            g_free, data);

  return g_variant_ref_sink (copy);
}

DbrValue *
dbr_value_pool_take (DbrValuePool *self,
                     GVariant     *variant)
{
  DbrValue key = { variant, hash_of (variant), 0 };
  DbrValue *value = g_hash_table_lookup (self->values, &key);

  if (value == NULL)
    {
      value = g_new (DbrValue, 1);
      *value = key;
      value->variant = copy_variant (variant);
      g_hash_table_add (self->values, value);
    }
  value->n_users++;

  return value;
}

void
dbr_value_pool_drop (DbrValuePool *self,
                     DbrValue     *value)
{
  if (--value->n_users == 0)
    g_hash_table_remove (self->values, value);
}

guint
dbr_value_pool_count (DbrValuePool *self)
{
  return g_hash_table_size (self->values);
}
