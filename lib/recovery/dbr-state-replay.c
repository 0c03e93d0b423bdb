/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-state-replay-private.h"

#include <string.h>

#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "monitor/dbr-bluez-ledger-private.h"
#include "monitor/dbr-bluez-operation-private.h"

typedef struct
{
  char     *key;
  gboolean  is_powered;
} Adapter;

struct _DbrStateMark
{
  DbrStateMoment *moment;
  /* Adapter */
  GPtrArray      *adapters;
  /* what is below the target, by key; those that were not connected are not in it */
  GPtrArray      *keys;
  DbrStateBook   *book;
};

typedef struct
{
  DbrBluezCore *core;
  const char   *target;
  DbrStateMark *mark;
  GPtrArray    *standings;
} Question;

static void
adapter_free (gpointer data)
{
  g_free (((Adapter *) data)->key);
  g_free (data);
}

/* What @key is of, be it an adapter or a device. */
static gboolean
is_below (const char *key,
          const char *target)
{
  const char *slash = key != NULL ? strchr (key, '/') : NULL;
  gsize length = strlen (target);

  if (length == 0 || key == NULL)
    return TRUE;
  if (slash != NULL && strcmp (slash + 1, target) == 0)
    return TRUE;

  return strncmp (key, target, length) == 0 && (key[length] == '\0' || key[length] == '/');
}

/* The mark */

static void
list_cb (gpointer data)
{
  Question *question = data;
  DbrBluezCore *core = question->core;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, core->by_path);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const DbrBluezNode *node = value;

      if (!is_below (node->key, question->target))
        continue;
      if (node->adapter == NULL)
        {
          Adapter *adapter = g_new0 (Adapter, 1);

          adapter->key = g_strdup (node->key);
          adapter->is_powered = dbr_bluez_core_is (core, node->path, DBR_BLUEZ_ADAPTER_INTERFACE,
                                                   "Powered");
          g_ptr_array_add (question->mark->adapters, adapter);
        }
      else if (node->is_connected)
        {
          g_ptr_array_add (question->mark->keys, g_strdup (node->key));
        }
    }
}

DbrStateMark *
dbr_state_mark_new (DbrBluezCore *core,
                    const char   *target)
{
  DbrStateMark *self = g_atomic_rc_box_new0 (DbrStateMark);
  Question question = { core, target, self, NULL };

  self->adapters = g_ptr_array_new_with_free_func (adapter_free);
  self->keys = g_ptr_array_new_with_free_func (g_free);
  self->book = dbr_state_book_new ();
  self->moment = dbr_state_moment_new (core, g_get_monotonic_time (), TRUE);
  dbr_io_ask (list_cb, &question);
  for (guint i = 0; i < self->keys->len; i++)
    {
      g_autoptr(DbrStateSnapshot) snapshot = dbr_state_snapshot_take (core, self->keys->pdata[i]);
      g_autoptr(GVariant) values = dbr_state_snapshot_to_values (snapshot, self->keys->pdata[i],
                                                                 NULL);
      g_autoptr(DbrStateChange) change = NULL;

      change = dbr_state_change_new_saved (strchr (self->keys->pdata[i], '/') + 1,
                                           g_get_real_time (), values);
      dbr_state_book_apply (self->book, change);
    }

  return self;
}

DbrStateMark *
dbr_state_mark_ref (DbrStateMark *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
mark_clear (gpointer data)
{
  DbrStateMark *self = data;

  dbr_state_moment_unref (self->moment);
  g_ptr_array_unref (self->adapters);
  g_ptr_array_unref (self->keys);
  dbr_state_book_free (self->book);
}

void
dbr_state_mark_unref (DbrStateMark *self)
{
  g_atomic_rc_box_release_full (self, mark_clear);
}

/* The adapters */

static gboolean
is_powered (DbrStateRestore *restore,
            const char      *key)
{
  g_autofree char *path = dbr_bluez_core_dup_path (restore->core, key);

  return dbr_bluez_core_is (restore->core, path, DBR_BLUEZ_ADAPTER_INTERFACE, "Powered");
}

static gboolean
run (DbrStateRestore    *restore,
     DbrBluezOperation  *operation,
     GError            **error)
{
  operation->is_own = TRUE;

  return dbr_bluez_operation_run_wait (operation, restore->cancellable, error);
}

static gboolean
was_switched_since (DbrStateRestore    *restore,
                    const Adapter      *adapter,
                    const DbrStateMark *mark)
{
  g_autoptr(GVariant) wish = NULL;

  if (mark->moment->core == restore->core)
    wish = dbr_state_ref_wish (restore->core, adapter->key, "Powered", mark->moment->taken_usec);

  return wish != NULL && g_variant_get_boolean (wish) != adapter->is_powered;
}

static void
restore_adapter (DbrStateRestore    *restore,
                 const Adapter      *adapter,
                 const DbrStateMark *mark)
{
  g_autoptr(GVariant) saved = g_variant_ref_sink (g_variant_new_boolean (adapter->is_powered));
  g_autoptr(GVariant) found = NULL;
  g_autoptr(GError) error = NULL;
  const char *result = DBR_STATE_RESTORED;
  const char *text = adapter->is_powered ? _("The adapter was switched on again")
                     : _("The adapter was switched off again");

  if (!run (restore, dbr_bluez_come_new (restore->core, adapter->key), &error))
    {
      dbr_state_restore_report (restore, "powered", adapter->key, DBR_STATE_IMPOSSIBLE,
                                _("The adapter is not there"), saved, NULL, error->message);
      return;
    }

  found = g_variant_ref_sink (g_variant_new_boolean (is_powered (restore, adapter->key)));
  if (was_switched_since (restore, adapter, mark))
    {
      result = DBR_STATE_KEPT;
      text = _("The adapter stays as somebody has switched it since");
    }
  else if (g_variant_equal (saved, found))
    {
      result = DBR_STATE_UNCHANGED;
      text = adapter->is_powered ? _("The adapter is still on") : _("The adapter is still off");
    }
  else if (!run (restore, dbr_bluez_set_powered_new (restore->core, adapter->key,
                                                     adapter->is_powered), &error))
    {
      result = DBR_STATE_FAILED;
      text = _("The adapter could not be switched back");
    }
  dbr_state_restore_report (restore, "powered", adapter->key, result, text, saved, found,
                            error != NULL ? error->message : NULL);
}

static gboolean
is_marked (const DbrStateMark *mark,
           const char         *key)
{
  for (guint i = 0; mark != NULL && i < mark->adapters->len; i++)
    {
      if (g_strcmp0 (((const Adapter *) mark->adapters->pdata[i])->key, key) == 0)
        return TRUE;
    }

  return FALSE;
}

/* What this process had asked for */

static void
survey_cb (gpointer data)
{
  Question *question = data;

  question->standings = dbr_bluez_ledger_survey (question->core->ledger);
}

static GPtrArray *
survey (DbrBluezCore *core)
{
  Question question = { core, NULL, NULL, NULL };

  dbr_io_ask (survey_cb, &question);

  return question.standings;
}

static const char *
get_kind (const DbrBluezStanding *standing)
{
  const char *const kinds[] = {
    [DBR_BLUEZ_ENTRY_POWER] = "powered",
    [DBR_BLUEZ_ENTRY_AGENT] = "agent",
    [DBR_BLUEZ_ENTRY_REGISTRATION] = "registration",
    [DBR_BLUEZ_ENTRY_DISCOVERY] = "discovery",
    [DBR_BLUEZ_ENTRY_NOTIFY] = "notify",
  };

  return kinds[standing->kind];
}

static const char *
get_text (const DbrBluezStanding *standing)
{
  switch (standing->kind)
    {
    case DBR_BLUEZ_ENTRY_POWER:
      return standing->flag ? _("The adapter is on, as it was to be")
             : _("The adapter is off, as it was to be");

    case DBR_BLUEZ_ENTRY_AGENT:
      return _("The agent is registered");

    case DBR_BLUEZ_ENTRY_DISCOVERY:
      return _("Devices are searched for");

    case DBR_BLUEZ_ENTRY_NOTIFY:
      return _("Changes are told");

    case DBR_BLUEZ_ENTRY_REGISTRATION:
    default:
      return _("The object is registered");
    }
}

/* The ledger asks again by itself, as soon as it can; so what holds has been asked for again, or was
 * never lost. */
static void
report_ledger (DbrStateRestore    *restore,
               const char         *target,
               const DbrStateMark *mark)
{
  g_autoptr(GPtrArray) standings = survey (restore->core);

  for (guint i = 0; i < standings->len; i++)
    {
      const DbrBluezStanding *standing = standings->pdata[i];

      if (standing->kind == DBR_BLUEZ_ENTRY_NOTIFY || !is_below (standing->node, target)
          || (standing->kind == DBR_BLUEZ_ENTRY_POWER && is_marked (mark, standing->node)))
        continue;
      dbr_state_restore_report (restore, get_kind (standing), standing->node,
                                standing->holds ? DBR_STATE_RESTORED : DBR_STATE_FAILED,
                                standing->holds ? get_text (standing)
                                : _("It could not be asked for again"),
                                standing->parameters, NULL, standing->problem);
    }
}

/* The devices */

static gboolean
is_input (DbrStateBook *book,
          const char   *address)
{
  DbrStateRecord record;
  const char *icon = "";

  return dbr_state_book_lookup (book, address, &record)
         && g_variant_lookup (record.values, "Icon", "&s", &icon)
         && g_str_has_prefix (icon, "input-");
}

static gboolean
is_in_scope (const DbrStateRecord *record,
             const char           *target)
{
  const char *adapter = "";
  g_autofree char *key = NULL;

  g_variant_lookup (record->values, "Adapter", "&s", &adapter);
  key = g_strdup_printf ("%s/%s", adapter, record->address);

  return is_below (key, target);
}

static gboolean
restore_devices (DbrStateRestore     *restore,
                 const char          *target,
                 const DbrStateMark  *mark,
                 DbrStateBook        *book,
                 GHashTable          *moments,
                 gboolean             of_input,
                 GError             **error)
{
  g_auto(GStrv) addresses = dbr_state_book_dup_addresses (book);

  for (gsize i = 0; addresses[i] != NULL; i++)
    {
      const DbrStateMoment *moment = mark != NULL ? mark->moment
                                     : g_hash_table_lookup (moments, addresses[i]);
      DbrStateRecord record;

      if (is_input (book, addresses[i]) != of_input
          || !dbr_state_book_lookup (book, addresses[i], &record) || record.saved_usec == 0
          || !is_in_scope (&record, target))
        continue;
      if (!dbr_state_restore_device (restore, &record, moment, error))
        return FALSE;
    }

  return TRUE;
}

/* Who asks for all of an adapter of which the device is one has that as well. */
static const char *
get_adapter (const char         *target,
             const DbrStateMark *mark)
{
  return *target != '\0' && is_marked (mark, target) ? target : NULL;
}

gboolean
dbr_state_replay (DbrStateRestore     *restore,
                  const char          *target,
                  const DbrStateMark  *mark,
                  DbrStateBook        *book,
                  GHashTable          *moments,
                  GError             **error)
{
  DbrBluezCore *core = restore->core;

  if (!run (restore, dbr_bluez_find_new (core, NULL, NULL), error))
    return FALSE;

  for (guint i = 0; mark != NULL && i < mark->adapters->len; i++)
    restore_adapter (restore, mark->adapters->pdata[i], mark);
  run (restore, dbr_bluez_settle_new (core, get_adapter (target, mark), NULL), NULL);
  report_ledger (restore, target, mark);

  if (mark != NULL)
    book = mark->book;

  return !g_cancellable_set_error_if_cancelled (restore->cancellable, error)
         && restore_devices (restore, target, mark, book, moments, TRUE, error)
         && restore_devices (restore, target, mark, book, moments, FALSE, error);
}
