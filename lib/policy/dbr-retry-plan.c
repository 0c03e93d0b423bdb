/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-retry-plan-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-data-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "policy/dbr-failure-private.h"

/* The presets are read once and never change: the one that each client begins with when the first
 * policy is made, and all of them when another one is asked for. */

#define PRESETS_PATH "/dbr/retry.ini"
#define BLUEZ_PATH "/dbr/retry-bluez.ini"
#define GROUP_DEFAULT "default"
#define GROUP_ANY_CAUSE "cause"

static const struct
{
  const char *key;
  gsize       offset;
} numbers[] = {
  { "max-attempts", G_STRUCT_OFFSET (DbrRetryValues, max_attempts) },
  { "transient-attempts", G_STRUCT_OFFSET (DbrRetryValues, transient_attempts) },
  { "base-delay-ms", G_STRUCT_OFFSET (DbrRetryValues, base_delay_ms) },
  { "throttle-delay-ms", G_STRUCT_OFFSET (DbrRetryValues, throttle_delay_ms) },
  { "max-delay-ms", G_STRUCT_OFFSET (DbrRetryValues, max_delay_ms) },
  { "budget-capacity", G_STRUCT_OFFSET (DbrRetryValues, budget_capacity) },
};

static DbrRetryPlan *
dbr_retry_plan_new (const DbrRetryValues *values,
                    GPtrArray            *causes,
                    GHashTable           *words)
{
  DbrRetryPlan *self = g_new0 (DbrRetryPlan, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->values = *values;
  self->causes = g_ptr_array_ref (causes);
  self->words = words != NULL ? g_hash_table_ref (words) : NULL;
  self->is_valid = dbr_retry_plan_check (self, NULL);

  return self;
}

/* What a group leaves out stays as it is. */
static void
read_values (GKeyFile        *file,
             const char      *group,
             DbrRetryValues  *values,
             GError         **error)
{
  g_autofree char *jitter = g_key_file_get_string (file, group, "jitter", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (numbers) && *error == NULL; i++)
    {
      guint *number = G_STRUCT_MEMBER_P (values, numbers[i].offset);

      if (g_key_file_has_key (file, group, numbers[i].key, NULL))
        *number = (guint) g_key_file_get_uint64 (file, group, numbers[i].key, error);
    }

  if (*error == NULL && g_key_file_has_key (file, group, "multiplier", NULL))
    values->multiplier = g_key_file_get_double (file, group, "multiplier", error);
  if (*error == NULL && g_key_file_has_key (file, group, "budget-refill-per-s", NULL))
    values->budget_refill_per_s = g_key_file_get_double (file, group, "budget-refill-per-s", error);
  if (*error == NULL && g_key_file_has_key (file, group, "wait-for-owner", NULL))
    values->is_waiting_for_owner = g_key_file_get_boolean (file, group, "wait-for-owner", error);

  if (jitter != NULL)
    {
      g_autoptr(GEnumClass) kinds = g_type_class_ref (DBR_TYPE_JITTER);
      GEnumValue *kind = g_enum_get_value_by_nick (kinds, jitter);

      if (kind == NULL)
        g_error ("%s names a jitter that there is not: “%s”", PRESETS_PATH, jitter);
      values->jitter = kind->value;
    }
}

static DbrRetryCause *
read_cause (GKeyFile    *file,
            const char  *group,
            guint        index,
            GError     **error)
{
  DbrRetryCause *cause = g_new0 (DbrRetryCause, 1);

  if (index >= DBR_RETRY_MAX_CAUSES)
    g_error ("%s has more than %d causes", PRESETS_PATH, DBR_RETRY_MAX_CAUSES);

  cause->index = index;
  cause->is_retried = !g_str_has_prefix (group, GROUP_ANY_CAUSE "/");
  cause->names = g_key_file_get_string_list (file, group, "names", NULL, error);
  cause->texts = g_key_file_get_string_list (file, group, "texts", NULL, NULL);
  cause->pause_ms = (guint) g_key_file_get_uint64 (file, group, "pause-ms", NULL);
  cause->attempts = (guint) g_key_file_get_uint64 (file, group, "attempts", NULL);
  cause->is_throttled = g_key_file_get_boolean (file, group, "throttled", NULL);
  cause->is_transient = g_key_file_get_boolean (file, group, "transient", NULL);
  cause->is_of_controller = g_key_file_get_boolean (file, group, "controller", NULL);

  return cause;
}

/* All groups `owner/…`, each read once. */
static void
collect_causes (GKeyFile    *file,
                const char  *owner,
                GHashTable  *read,
                GPtrArray   *causes,
                GError     **error)
{
  g_autofree char *prefix = g_strconcat (owner, "/", NULL);
  g_auto(GStrv) groups = g_key_file_get_groups (file, NULL);

  for (guint i = 0; groups[i] != NULL && *error == NULL; i++)
    {
      DbrRetryCause *cause;

      if (!g_str_has_prefix (groups[i], prefix))
        continue;

      cause = g_hash_table_lookup (read, groups[i]);
      if (cause == NULL)
        {
          cause = read_cause (file, groups[i], g_hash_table_size (read), error);
          g_hash_table_insert (read, g_strdup (groups[i]), cause);
        }
      g_ptr_array_add (causes, cause);
    }
}

static DbrRetryPlan *
read_preset (GKeyFile    *file,
             const char  *preset,
             GHashTable  *read,
             GError     **error)
{
  g_autoptr(GPtrArray) causes = g_ptr_array_new ();
  DbrRetryValues values = { 0, };
  DbrRetryPlan *plan;

  read_values (file, GROUP_DEFAULT, &values, error);
  if (*error == NULL && !g_str_equal (preset, GROUP_DEFAULT))
    read_values (file, preset, &values, error);
  collect_causes (file, preset, read, causes, error);
  collect_causes (file, GROUP_ANY_CAUSE, read, causes, error);
  plan = dbr_retry_plan_new (&values, causes, NULL);
  if (*error == NULL && !plan->is_valid)
    g_error ("%s makes no sense in [%s]", PRESETS_PATH, preset);

  return plan;
}

/* Of the files at @paths, which are read as one, the preset of this name, or for NULL all. */
static GHashTable *
load_presets (const char *const *paths,
              const char        *only)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GKeyFile) file = g_key_file_new ();
  g_autoptr(GHashTable) read = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) groups = NULL;
  GHashTable *presets = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autoptr(GBytes) bytes = dbr_data_lookup (paths[i]);

      g_string_append_len (text, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes));
    }

  if (g_key_file_load_from_data (file, text->str, text->len, G_KEY_FILE_NONE, &error))
    groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; error == NULL && groups[i] != NULL; i++)
    {
      if (strchr (groups[i], '/') == NULL && (only == NULL || g_str_equal (groups[i], only)))
        g_hash_table_insert (presets, g_strdup (groups[i]),
                             read_preset (file, groups[i], read, &error));
    }
  if (error != NULL)
    g_error ("%s is damaged: %s", paths[0], error->message);

  return presets;
}

DbrRetryPlan *
dbr_retry_plan_lookup (const char *preset)
{
  static const char *const default_paths[] = { PRESETS_PATH, NULL };
  static const char *const all_paths[] = { PRESETS_PATH, BLUEZ_PATH, NULL };
  static GHashTable *only_default = NULL;
  static GHashTable *all = NULL;
  DbrRetryPlan *self;

  if (g_once_init_enter (&only_default))
    g_once_init_leave (&only_default, load_presets (default_paths, GROUP_DEFAULT));

  self = g_hash_table_lookup (only_default, preset);
  if (self == NULL)
    {
      if (g_once_init_enter (&all))
        g_once_init_leave (&all, load_presets (all_paths, NULL));
      self = g_hash_table_lookup (all, preset);
    }

  return self != NULL ? dbr_retry_plan_ref (self) : NULL;
}

DbrRetryPlan *
dbr_retry_plan_copy (const DbrRetryPlan *self)
{
  return dbr_retry_plan_new (&self->values, self->causes, self->words);
}

DbrRetryPlan *
dbr_retry_plan_ref (DbrRetryPlan *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_retry_plan_unref (DbrRetryPlan *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_ptr_array_unref (self->causes);
  g_clear_pointer (&self->words, g_hash_table_unref);
  g_free (self);
}

static gboolean
check_number (const char  *name,
              double       value,
              double       least,
              GError     **error)
{
  /* Neither what is not a number nor the infinite passes. */
  if (value >= least && value <= G_MAXDOUBLE)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("The property “%s” is %g and not a number from %g upwards"),
               name, value, least);

  return FALSE;
}

gboolean
dbr_retry_plan_check (const DbrRetryPlan  *self,
                      GError             **error)
{
  const DbrRetryValues *values = &self->values;

  if ((guint) values->jitter > DBR_JITTER_DECORRELATED)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The property “%s” is %d, which is none of its values"),
                   "jitter", (int) values->jitter);
      return FALSE;
    }

  return check_number ("max-attempts", values->max_attempts, 1, error)
         && dbr_check_timeout ("base-delay-ms", values->base_delay_ms, error)
         && dbr_check_timeout ("throttle-delay-ms", values->throttle_delay_ms, error)
         && dbr_check_timeout ("max-delay-ms", values->max_delay_ms, error)
         && check_number ("multiplier", values->multiplier, 1, error)
         && check_number ("budget-refill-per-s", values->budget_refill_per_s, 0, error);
}

static gboolean
dbr_retry_plan_has_own_cause (const DbrRetryPlan *self)
{
  const DbrRetryCause *first = self->causes->len > 0 ? g_ptr_array_index (self->causes, 0) : NULL;

  return first != NULL && first->is_retried;
}

/* Others may hold the words as they are. */
static GHashTable *
dbr_retry_plan_rewrite_words (DbrRetryPlan *self)
{
  GHashTable *words = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (self->words != NULL)
    {
      GHashTableIter iter;
      gpointer name;
      gpointer word;

      g_hash_table_iter_init (&iter, self->words);
      while (g_hash_table_iter_next (&iter, &name, &word))
        g_hash_table_insert (words, g_strdup (name), word);
      g_hash_table_unref (self->words);
    }
  self->words = words;

  return words;
}

void
dbr_retry_plan_add_word (DbrRetryPlan *self,
                         const char   *error_name)
{
  g_hash_table_insert (dbr_retry_plan_rewrite_words (self),
                       g_strdup (error_name), GINT_TO_POINTER (TRUE));
}

void
dbr_retry_plan_remove_word (DbrRetryPlan *self,
                            const char   *error_name)
{
  GHashTable *words = dbr_retry_plan_rewrite_words (self);

  /* What the preset itself would retry is to be remembered. */
  if (dbr_retry_plan_has_own_cause (self))
    g_hash_table_insert (words, g_strdup (error_name), GINT_TO_POINTER (FALSE));
  else
    g_hash_table_remove (words, error_name);
}

static gboolean
cause_has_name (const DbrRetryCause *self,
                const char          *error_name)
{
  for (guint i = 0; self->names[i] != NULL; i++)
    {
      gsize length = strlen (self->names[i]);

      if (self->names[i][length - 1] == '*'
          ? strncmp (error_name, self->names[i], length - 1) == 0
          : g_str_equal (error_name, self->names[i]))
        return TRUE;
    }

  return FALSE;
}

static gboolean
cause_has_text (const DbrRetryCause *self,
                const char          *message)
{
  if (self->texts == NULL)
    return TRUE;

  for (guint i = 0; message != NULL && self->texts[i] != NULL; i++)
    {
      if (strstr (message, self->texts[i]) != NULL)
        return TRUE;
    }

  return FALSE;
}

static const DbrRetryCause *
dbr_retry_plan_find_cause (const DbrRetryPlan *self,
                           const char         *error_name,
                           const char         *message)
{
  for (guint i = 0; i < self->causes->len; i++)
    {
      const DbrRetryCause *cause = g_ptr_array_index (self->causes, i);

      if (cause_has_name (cause, error_name) && cause_has_text (cause, message))
        return cause;
    }

  return NULL;
}

void
dbr_retry_plan_judge (const DbrRetryPlan *self,
                      const char         *error_name,
                      const char         *message,
                      DbrFailure          failure,
                      DbrRetryVerdict    *verdict)
{
  gpointer word;

  verdict->failure = failure;
  verdict->is_added = FALSE;
  verdict->cause = NULL;
  if (error_name == NULL)
    return;

  verdict->cause = dbr_retry_plan_find_cause (self, error_name, message);
  if (self->words != NULL && g_hash_table_lookup_extended (self->words, error_name, NULL, &word))
    verdict->is_added = GPOINTER_TO_INT (word);
  else
    verdict->is_added = verdict->cause != NULL
                        && verdict->cause->is_retried
                        && failure != DBR_FAILURE_PERMANENT;
}

void
dbr_retry_plan_judge_reply (const DbrRetryPlan *self,
                            const char         *error_name,
                            const char         *message,
                            DbrOrigin           origin,
                            gboolean            is_starting,
                            DbrRetryVerdict    *verdict)
{
  dbr_retry_plan_judge (self, error_name, message,
                        dbr_failure_classify_reply (error_name, message, origin, is_starting),
                        verdict);
}

void
dbr_retry_plan_judge_local (const DbrRetryPlan *self,
                            DbrExecution        execution,
                            const GError       *error,
                            DbrRetryVerdict    *verdict)
{
  g_autofree char *name = dbr_failure_dup_error_name (error);

  dbr_retry_plan_judge (self, name, error->message,
                        dbr_failure_classify_local (execution, error), verdict);
}

/* In so many steps as the exponent has bits, for an exponent may be any. */
static double
power (double base,
       guint  exponent)
{
  double result = 1;

  for (; exponent > 0; exponent /= 2)
    {
      if (exponent % 2 == 1)
        result *= base;
      base *= base;
    }

  return result;
}

/* How long the pause would be without a limit and without chance. */
static double
grow (guint  base_ms,
      double factor,
      guint  exponent)
{
  return base_ms > 0 ? base_ms * power (factor, exponent) : 0;
}

double
dbr_retry_plan_get_delay (const DbrRetryPlan *self,
                          guint               base_ms,
                          guint               attempt,
                          double              last_ms,
                          double              chance)
{
  double cap = self->values.max_delay_ms;
  double pause = MIN (cap, grow (base_ms, self->values.multiplier, attempt - 1));
  double last = MAX (last_ms, base_ms);

  switch (self->values.jitter)
    {
    case DBR_JITTER_EQUAL:
      return pause / 2 + pause / 2 * chance;

    case DBR_JITTER_FULL:
      return pause * chance;

    case DBR_JITTER_DECORRELATED:
      return MIN (cap, base_ms + (3 * last - base_ms) * chance);

    case DBR_JITTER_NONE:
    default:
      return pause;
    }
}

void
dbr_retry_plan_get_range (const DbrRetryPlan *self,
                          guint               attempt,
                          guint              *min_ms,
                          guint              *max_ms)
{
  guint base_ms = self->values.base_delay_ms;
  double last;

  *min_ms = 0;
  *max_ms = 0;
  if (!self->is_valid || attempt == 0)
    return;

  /* The longest pause that may have come before. */
  last = MIN (grow (base_ms, 3, attempt - 1), self->values.max_delay_ms);
  *min_ms = dbr_retry_plan_round (dbr_retry_plan_get_delay (self, base_ms, attempt, last, 0));
  *max_ms = dbr_retry_plan_round (dbr_retry_plan_get_delay (self, base_ms, attempt, last, 1));
}

guint
dbr_retry_plan_round (double ms)
{
  return (guint) (ms + 0.5);
}
