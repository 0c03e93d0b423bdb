/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-bluez-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-bluez-ledger-private.h"
#include "monitor/dbr-bluez-operation-private.h"
#include "policy/dbr-failure-private.h"

/* How long an object may take to be there by itself, and how long it is searched for. */
#define KNOWN_MS 4000
#define SEARCH_MS 10000
/* A connection becomes of use, or not, within this. */
#define SERVICES_MS 5000
/* A controller may take some seconds to start. */
#define ADAPTERS_MS 10000

/* What is connected that a person types on or points with: as BlueZ tells, or as the device does. */
#define INPUT_ICON "input-"
#define CLASS_MAJOR(class) (((class) >> 8) & 0x1f)
#define CLASS_MAJOR_PERIPHERAL 0x05
#define APPEARANCE_CATEGORY(appearance) ((appearance) >> 6)
#define APPEARANCE_CATEGORY_HID 0x0f

/* Any thread */

static guint
get_number (DbrBluezCore       *core,
            const char         *path,
            const char         *name,
            const GVariantType *type)
{
  g_autoptr(GVariant) value = NULL;

  if (core->tree != NULL)
    value = dbr_object_tree_ref_property (core->tree, path, DBR_BLUEZ_DEVICE_INTERFACE, name);
  if (value == NULL || !g_variant_is_of_type (value, type))
    return 0;

  return g_variant_type_equal (type, G_VARIANT_TYPE_UINT32) ? g_variant_get_uint32 (value)
                                                            : g_variant_get_uint16 (value);
}

static gboolean
is_input_device (DbrBluezCore *core,
                 const char   *path)
{
  g_autofree char *icon = dbr_bluez_core_dup_text (core, path, DBR_BLUEZ_DEVICE_INTERFACE, "Icon");
  guint class = get_number (core, path, "Class", G_VARIANT_TYPE_UINT32);
  guint appearance = get_number (core, path, "Appearance", G_VARIANT_TYPE_UINT16);

  return (icon != NULL && g_str_has_prefix (icon, INPUT_ICON))
         || CLASS_MAJOR (class) == CLASS_MAJOR_PERIPHERAL
         || APPEARANCE_CATEGORY (appearance) == APPEARANCE_CATEGORY_HID;
}

/* The keys or paths of what there is: of adapters, or of devices. */
static GPtrArray *
dup_nodes (DbrBluezCore *core,
           gboolean      is_adapter)
{
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer value;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&core->mutex);

  g_hash_table_iter_init (&iter, core->nodes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const DbrBluezNode *node = value;

      if (node->path != NULL && (node->adapter == NULL) == is_adapter)
        g_ptr_array_add (found, g_strdup (is_adapter ? node->key : node->path));
    }

  return found;
}

gboolean
dbr_recovery_bluez_has_input_devices (DbrBluezCore *core)
{
  g_autoptr(GPtrArray) paths = dup_nodes (core, FALSE);

  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);

      if (dbr_bluez_core_is (core, path, DBR_BLUEZ_DEVICE_INTERFACE, "Connected")
          && is_input_device (core, path))
        return TRUE;
    }

  return FALSE;
}

GStrv
dbr_recovery_bluez_dup_adapters (DbrBluezCore *core)
{
  g_autoptr(GPtrArray) adapters = dup_nodes (core, TRUE);

  g_ptr_array_add (adapters, NULL);

  return g_strdupv (adapters->pdata != NULL ? (GStrv) adapters->pdata : NULL);
}

/* Judging, on dbr-io */

/* More than one adapter may know a device: the one that is most concerned with it. */
static guint
weigh (const DbrBluezNode *node)
{
  return (node->is_connected ? 8 : 0) + (node->is_kept ? 4 : 0) + (node->is_wanted ? 2 : 0)
         + (node->path != NULL ? 1 : 0);
}

static DbrBluezNode *
find_device (DbrBluezCore *core,
             const char   *address)
{
  DbrBluezNode *found = NULL;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, core->nodes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      DbrBluezNode *node = value;

      if (node->adapter == NULL || strcmp (node->address, address) != 0)
        continue;
      if (found == NULL || weigh (node) > weigh (found)
          || (weigh (node) == weigh (found) && strcmp (node->key, found->key) < 0))
        found = node;
    }

  return found;
}

/* What it is about, as far as it is there; NULL if it is not. */
static DbrBluezNode *
find_target (DbrBluezCore *core,
             const char   *target)
{
  DbrBluezNode *node = dbr_bluez_core_lookup (core, target);

  if (node == NULL)
    node = find_device (core, target);

  return node != NULL && node->path != NULL ? node : NULL;
}

char *
dbr_recovery_bluez_dup_adapter (DbrBluezCore *core,
                                const char   *target)
{
  DbrBluezNode *node = dbr_bluez_core_lookup (core, target);

  if (node == NULL)
    node = find_device (core, target);
  if (node == NULL)
    return NULL;

  return g_strdup (node->adapter != NULL ? node->adapter : node->key);
}

static gboolean
is_device (DbrBluezCore       *core,
           const DbrBluezNode *node,
           const char         *name)
{
  return dbr_bluez_core_is (core, node->path, DBR_BLUEZ_DEVICE_INTERFACE, name);
}

/* Where that persists, the controller is at fault, and not the device: so data/retry.ini knows. */
static gboolean
is_of_controller (const GError *error)
{
  g_autoptr(DbrRetryPlan) plan = NULL;
  g_autofree char *name = NULL;
  DbrRetryVerdict verdict = { 0, };

  if (error == NULL)
    return FALSE;
  if (g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE))
    return TRUE;

  plan = dbr_retry_plan_lookup ("bluez");
  name = dbr_failure_dup_error_name (error);
  dbr_retry_plan_judge (plan, name, error->message, dbr_failure_classify_error (error), &verdict);

  return verdict.cause != NULL && verdict.cause->is_of_controller;
}

static DbrTrouble
judge_adapter (DbrBluezCore *core,
               DbrBluezNode *adapter)
{
  g_autofree char *power = NULL;

  if (adapter == NULL || adapter->path == NULL)
    return DBR_TROUBLE_LOST;

  power = dbr_bluez_core_dup_text (core, adapter->path, DBR_BLUEZ_ADAPTER_INTERFACE, "PowerState");
  if (g_strcmp0 (power, "off-blocked") == 0)
    return DBR_TROUBLE_BLOCKED;
  if (!dbr_bluez_core_is (core, adapter->path, DBR_BLUEZ_ADAPTER_INTERFACE, "Powered"))
    return DBR_TROUBLE_OFF;

  return dbr_bluez_node_is_faulty (adapter) ? DBR_TROUBLE_CONTROLLER : DBR_TROUBLE_NONE;
}

/* An adapter that is switched off has forgotten the devices that it only met. */
static DbrTrouble
judge_lost (DbrBluezCore *core,
            const char   *target)
{
  DbrBluezNode *device = find_device (core, target);
  DbrTrouble trouble = DBR_TROUBLE_LOST;

  if (device != NULL)
    trouble = judge_adapter (core, dbr_bluez_core_lookup (core, device->adapter));

  return trouble == DBR_TROUBLE_OFF || trouble == DBR_TROUBLE_BLOCKED ? trouble : DBR_TROUBLE_LOST;
}

DbrTrouble
dbr_recovery_bluez_judge (DbrBluezCore *core,
                          const char   *target,
                          const GError *last_error)
{
  DbrBluezNode *node = find_target (core, target);
  DbrTrouble trouble;

  if (node == NULL)
    return judge_lost (core, target);
  if (node->adapter == NULL)
    return judge_adapter (core, node);

  trouble = judge_adapter (core, dbr_bluez_core_lookup (core, node->adapter));
  if (trouble == DBR_TROUBLE_LOST || trouble == DBR_TROUBLE_OFF || trouble == DBR_TROUBLE_BLOCKED)
    return trouble;
  if (is_device (core, node, "Connected") && is_device (core, node, "ServicesResolved"))
    return DBR_TROUBLE_NONE;

  return trouble == DBR_TROUBLE_CONTROLLER || is_of_controller (last_error)
         ? DBR_TROUBLE_CONTROLLER : DBR_TROUBLE_APART;
}

/* Waiting. An operation has its target where others have a path. */

gboolean
dbr_recovery_bluez_finish (GAsyncResult  *result,
                           GError       **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static GTask *
new_task (GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_check_cancellable (task, FALSE);

  return task;
}

static gboolean
is_quiet (DbrBluezOperation *self)
{
  DbrBluezNode *node = find_target (self->core, self->path);

  return node == NULL || node->adapter == NULL || !is_device (self->core, node, "Connected")
         || is_device (self->core, node, "ServicesResolved");
}

static void
read_begin (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, is_quiet, SERVICES_MS, dbr_bluez_operation_finish);
}

static const DbrBluezOperationClass read_class = {
  "read", "get_managed_objects", read_begin, NULL, FALSE
};

void
dbr_recovery_bluez_read_async (DbrBluezCore        *core,
                               const char          *target,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  DbrBluezOperation *operation = dbr_bluez_operation_new (&read_class, core, NULL, NULL);

  operation->path = g_strdup (target);
  dbr_bluez_operation_begin (operation, new_task (cancellable, callback, user_data));
}

static const char *
find_missing (DbrBluezOperation *self)
{
  GVariantIter iter;
  const char *address;

  g_variant_iter_init (&iter, self->parameters);
  while (g_variant_iter_next (&iter, "&s", &address))
    if (find_target (self->core, address) == NULL)
      return address;

  return NULL;
}

static gboolean
are_there (DbrBluezOperation *self)
{
  return dbr_bluez_core_is_synced (self->core) && find_missing (self) == NULL;
}

static void
adapters_waited (DbrBluezOperation *self)
{
  if (self->is_met)
    dbr_bluez_operation_finish (self);
  else
    dbr_bluez_operation_fail (self, g_error_new (DBR_ERROR, DBR_ERROR_STALE,
                                                 _("BlueZ came back without the adapter %s"),
                                                 find_missing (self)));
}

static void
adapters_begin (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, are_there, ADAPTERS_MS, adapters_waited);
}

static const DbrBluezOperationClass adapters_class = {
  "adapters", "set_powered", adapters_begin, NULL, FALSE
};

void
dbr_recovery_bluez_wait_async (DbrBluezCore        *core,
                               const char * const  *adapters,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  DbrBluezOperation *operation = dbr_bluez_operation_new (&adapters_class, core, NULL, NULL);

  operation->parameters = g_variant_ref_sink (g_variant_new_strv (adapters, -1));
  dbr_bluez_operation_begin (operation, new_task (cancellable, callback, user_data));
}

/* Acting */

/* What one rung does, in several operations; the data of its task. */
typedef struct
{
  DbrBluezCore *core;
  char         *target;
  /* keys */
  char         *adapter;
  char         *device;
  /* it searches for the device since it was not there */
  gboolean      is_searching;
  gboolean      was_wanted;
  GError       *error;
} Act;

static void
act_free (gpointer data)
{
  Act *act = data;

  dbr_bluez_core_unref (act->core);
  g_free (act->target);
  g_free (act->adapter);
  g_free (act->device);
  g_clear_error (&act->error);
  g_free (act);
}

static void
run (GTask               *task,
     DbrBluezOperation   *operation,
     GAsyncReadyCallback  callback)
{
  dbr_bluez_operation_begin (operation, new_task (g_task_get_cancellable (task), callback,
                                                  g_object_ref (task)));
}

static void
return_lost (GTask *task)
{
  const Act *act = g_task_get_task_data (task);

  g_task_return_new_error (task, DBR_ERROR, DBR_ERROR_STALE, _("BlueZ has no %s any more"),
                           act->target);
}

/* To resolve: the object is looked for by its address, whatever its path is now; and a device that
 * BlueZ has forgotten is searched for, as it has to be met again. */

static gboolean
is_known (DbrBluezOperation *self)
{
  return find_target (self->core, self->path) != NULL;
}

static void
known_waited (DbrBluezOperation *self)
{
  if (self->is_met)
    dbr_bluez_operation_finish (self);
  else
    dbr_bluez_operation_fail (self, g_error_new (DBR_ERROR, DBR_ERROR_STALE,
                                                 _("BlueZ has no %s any more"), self->path));
}

static void
known_begin (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, is_known, KNOWN_MS, known_waited);
}

static void
search_begin (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, is_known, SEARCH_MS, known_waited);
}

static const DbrBluezOperationClass known_class = {
  "resolve", "default", known_begin, NULL, FALSE
};

static const DbrBluezOperationClass search_class = {
  "resolve", "start_discovery", search_begin, NULL, FALSE
};

static DbrBluezOperation *
new_resolve (const DbrBluezOperationClass *klass,
             const Act                    *act)
{
  DbrBluezOperation *operation = dbr_bluez_operation_new (klass, act->core, NULL, NULL);

  operation->path = g_strdup (act->target);

  return operation;
}

/* An adapter to search with: that which knew it, else any that is on. */
static char *
choose_adapter (const Act *act)
{
  DbrBluezNode *device = find_device (act->core, act->target);
  g_autoptr(GPtrArray) adapters = dup_nodes (act->core, TRUE);

  if (device != NULL
      && judge_adapter (act->core, dbr_bluez_core_lookup (act->core, device->adapter))
      == DBR_TROUBLE_NONE)
    return g_strdup (device->adapter);

  for (guint i = 0; i < adapters->len; i++)
    {
      const char *key = g_ptr_array_index (adapters, i);

      if (judge_adapter (act->core, dbr_bluez_core_lookup (act->core, key)) == DBR_TROUBLE_NONE)
        return g_strdup (key);
    }

  return NULL;
}

static void
search_ended_cb (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Act *act = g_task_get_task_data (task);

  /* That a search goes on does no harm to what was found. */
  dbr_recovery_bluez_finish (result, NULL);
  if (act->error != NULL)
    g_task_return_error (task, g_steal_pointer (&act->error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
searched_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Act *act = g_task_get_task_data (task);

  dbr_recovery_bluez_finish (result, &act->error);
  /* Also when it was cancelled: so this has no cancellable. */
  if (act->is_searching)
    dbr_bluez_operation_begin (dbr_bluez_stop_discovery_new (act->core, act->adapter),
                               new_task (NULL, search_ended_cb, g_object_ref (task)));
  else if (act->error != NULL)
    g_task_return_error (task, g_steal_pointer (&act->error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
search_begun_cb (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Act *act = g_task_get_task_data (task);
  GError *error = NULL;

  if (!dbr_recovery_bluez_finish (result, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  act->is_searching = TRUE;
  run (task, new_resolve (&search_class, act), searched_cb);
}

static void
known_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Act *act = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;

  if (dbr_recovery_bluez_finish (result, &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (!g_error_matches (error, DBR_ERROR, DBR_ERROR_STALE))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  /* An adapter that is not plugged in is not found by searching. */
  act->adapter = dbr_bluez_core_lookup (act->core, act->target) == NULL ? choose_adapter (act) : NULL;
  if (act->adapter == NULL)
    return_lost (task);
  else if (dbr_bluez_ledger_is_discovering (act->core->ledger, act->adapter))
    run (task, new_resolve (&search_class, act), searched_cb);
  else
    run (task, dbr_bluez_start_discovery_new (act->core, act->adapter, NULL), search_begun_cb);
}

/* To connect anew */

static void
connected_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  const Act *act = g_task_get_task_data (task);
  DbrBluezNode *node = dbr_bluez_core_lookup (act->core, act->device);
  GError *error = NULL;

  if (dbr_recovery_bluez_finish (result, &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  /* That it was disconnected on the way was nobody's wish. */
  if (node != NULL && act->was_wanted)
    node->is_wanted = TRUE;
  g_task_return_error (task, error);
}

static void
disconnected_cb (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  const Act *act = g_task_get_task_data (task);
  GError *error = NULL;

  if (dbr_recovery_bluez_finish (result, &error))
    run (task, dbr_bluez_connect_new (act->core, act->adapter, act->device), connected_cb);
  else
    g_task_return_error (task, error);
}

static void
reconnect (GTask *task)
{
  Act *act = g_task_get_task_data (task);
  DbrBluezNode *node = find_device (act->core, act->target);

  if (node == NULL)
    {
      return_lost (task);
      return;
    }

  act->adapter = g_strdup (node->adapter);
  act->device = g_strdup (node->key);
  act->was_wanted = node->is_wanted;
  if (node->is_connected)
    run (task, dbr_bluez_disconnect_new (act->core, act->adapter, act->device), disconnected_cb);
  else
    run (task, dbr_bluez_connect_new (act->core, act->adapter, act->device), connected_cb);
}

/* To switch off and on */

static void
cycled_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;

  if (dbr_recovery_bluez_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
power_cycle (GTask *task)
{
  Act *act = g_task_get_task_data (task);
  DbrBluezNode *node = find_target (act->core, act->target);

  if (node == NULL)
    {
      return_lost (task);
      return;
    }

  act->adapter = dbr_recovery_bluez_dup_adapter (act->core, act->target);
  run (task, dbr_bluez_power_cycle_new (act->core, act->adapter), cycled_cb);
}

void
dbr_recovery_bluez_act_async (DbrBluezCore        *core,
                              DbrRungKind          kind,
                              const char          *target,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_autoptr(GTask) task = new_task (cancellable, callback, user_data);
  Act *act = g_new0 (Act, 1);

  act->core = dbr_bluez_core_ref (core);
  act->target = g_strdup (target);
  g_task_set_task_data (task, act, act_free);
  if (kind == DBR_RUNG_RESOLVE)
    run (task, new_resolve (&known_class, act), known_cb);
  else if (kind == DBR_RUNG_RECONNECT)
    reconnect (task);
  else
    power_cycle (task);
}
