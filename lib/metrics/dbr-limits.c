/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-limits-private.h"

#include "base/dbr-check-private.h"
#include "base/dbr-data-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

#define LIMITS_PATH "/dbr/figures.ini"
#define DEFAULT_OPERATION "default"

/* What goes on all day may only be so much of what is too much within a minute. */
#define BURN_PER_ERROR_RATE 0.1

struct _DbrLimits
{
  GHashTable *set;
};

static GHashTable *
table_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static void
table_set (GHashTable *table,
           const char *operation,
           gint64      p95_usec,
           double      error_rate,
           double      burn_share)
{
  DbrLimit *limit = g_new (DbrLimit, 1);

  *limit = (DbrLimit) { p95_usec, error_rate, burn_share };
  g_hash_table_replace (table, g_strdup (operation), limit);
}

static GHashTable *
read_shipped (void)
{
  g_autoptr(GBytes) bytes = dbr_data_lookup (LIMITS_PATH);
  g_autoptr(GKeyFile) file = g_key_file_new ();
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) operations = NULL;
  GHashTable *table = table_new ();

  if (!g_key_file_load_from_bytes (file, bytes, G_KEY_FILE_NONE, &error))
    g_error (LIMITS_PATH ": %s", error->message);

  operations = g_key_file_get_groups (file, NULL);
  for (guint i = 0; operations[i] != NULL; i++)
    {
      gint64 p95_ms = g_key_file_get_int64 (file, operations[i], "p95", NULL);
      double error_rate = g_key_file_get_double (file, operations[i], "error_rate", NULL);
      double burn_share = g_key_file_get_double (file, operations[i], "burn_share", NULL);

      if (!dbr_limit_check (p95_ms * 1000, error_rate, &error)
          || !dbr_limit_check (p95_ms * 1000, burn_share, &error))
        g_error (LIMITS_PATH ": %s: %s", operations[i], error->message);
      table_set (table, operations[i], p95_ms * 1000, error_rate, burn_share);
    }
  g_assert (g_hash_table_contains (table, DEFAULT_OPERATION));

  return table;
}

static GHashTable *
get_shipped (void)
{
  static GHashTable *shipped = NULL;

  if (g_once_init_enter (&shipped))
    g_once_init_leave (&shipped, read_shipped ());

  return shipped;
}

DbrLimits *
dbr_limits_new (void)
{
  DbrLimits *self = g_new0 (DbrLimits, 1);

  self->set = table_new ();

  return self;
}

void
dbr_limits_free (DbrLimits *self)
{
  g_hash_table_unref (self->set);
  g_free (self);
}

gboolean
dbr_limit_check (gint64   p95_usec,
                 double   error_rate,
                 GError **error)
{
  if (p95_usec <= 0 || p95_usec > DBR_MAX_TIMEOUT_MS * G_GINT64_CONSTANT (1000))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The limit of %.0f µs is not between 1 µs and a day"), (double) p95_usec);
      return FALSE;
    }

  /* Written so that what is not a number fails as well. */
  if (!(error_rate > 0 && error_rate <= 1))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The error rate of %g is not above 0 and at most 1"), error_rate);
      return FALSE;
    }

  return TRUE;
}

void
dbr_limits_set (DbrLimits  *self,
                const char *operation,
                gint64      p95_usec,
                double      error_rate)
{
  table_set (self->set, operation, p95_usec, error_rate, error_rate * BURN_PER_ERROR_RATE);
}

DbrLimit
dbr_limits_lookup (DbrLimits  *self,
                   const char *name,
                   const char *operation)
{
  const DbrLimit *limit = g_hash_table_lookup (self->set, name);

  if (limit == NULL)
    limit = g_hash_table_lookup (self->set, operation);
  if (limit == NULL)
    limit = g_hash_table_lookup (get_shipped (), operation);
  if (limit == NULL)
    limit = g_hash_table_lookup (self->set, DEFAULT_OPERATION);
  if (limit == NULL)
    limit = g_hash_table_lookup (get_shipped (), DEFAULT_OPERATION);

  return *limit;
}
