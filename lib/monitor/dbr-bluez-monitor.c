/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-bluez-monitor-private.h"

#include <string.h>

#include "base/dbr-i18n-private.h"
#include "bus/dbr-client-private.h"
#include "monitor/dbr-bluez-operation-private.h"
#include "monitor/dbr-bluez-task-private.h"
#include "monitor/dbr-service-monitor-private.h"

/* From so many on that go at once, the list is made anew. */
#define MANY 16

/**
 * DbrBluezMonitor:
 *
 * Bluetooth, as BlueZ has it: adapters, devices, and what can go wrong with them.
 *
 * ```c
 * g_autoptr(DbrBluezMonitor) monitor = dbr_bluez_monitor_new (NULL);
 *
 * g_signal_connect (monitor, "device-added", G_CALLBACK (device_added_cb), NULL);
 * if (!dbr_service_monitor_start (DBR_SERVICE_MONITOR (monitor), &error))
 *   g_warning ("%s", error->message);
 * ```
 *
 * Adapters and devices are known by their addresses. They stay the same objects when BlueZ is
 * restarted, when an adapter gets another number, and when a device is met again; while they are
 * gone they are not in the lists.
 *
 * ## What the operations do about failures
 *
 * The operations of adapters and devices end within the time limit of their kind, see
 * [class@Timeouts]. On the way there they do what the failure asks for:
 *
 * - An error that says that the goal is reached is a success: a device that is connected already.
 * - What passes by itself is tried again up to nine times, other failures up to four times, each
 *   after the pause that its cause needs.
 * - A connection that somebody else is making is waited for; one that nobody is making any more is
 *   broken off, at most twice.
 * - Of what may have been begun when the time is over, or when it is cancelled, the rest is undone.
 * - An adapter that is off is waited for. It is never switched on by anything but
 *   [method@BluezAdapter.set_powered_async].
 * - A restart of BlueZ, and an adapter that has another number now, are waited for.
 * - Devices are connected one at a time by each adapter.
 *
 * What BlueZ keeps for a program it keeps for one connection. That is the
 * [property@BluezMonitor:lease]: searches, agents, adverts and notifications are asked for over it,
 * and again when BlueZ or the connection was lost.
 *
 * ## Threads
 *
 * Any thread may call. Signals are emitted and lists changed in the context that the monitor was
 * made in.
 *
 * Since: 0.1
 */
struct _DbrBluezMonitor
{
  DbrServiceMonitor parent_instance;

  /* identity */
  GMainContext     *context;
  DbrHerald        *herald;
  guint             silence_ms;

  /* in the context only */
  GListStore       *adapters;
  GListStore       *devices;
  /* key -> what is in the lists */
  GHashTable       *present;
  /* key -> a weak reference to what was in them and somebody still has */
  GHashTable       *known;

  GMutex            mutex;

  /* guarded by mutex */
  DbrBluezCore     *core;
  DbrBluezAdapter  *default_adapter;
};

struct _DbrBluezMonitorClass
{
  DbrServiceMonitorClass parent_class;
};

enum
{
  PROP_0,
  PROP_ADAPTERS,
  PROP_DEVICES,
  PROP_DEFAULT_ADAPTER,
  PROP_LEASE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

enum
{
  SIGNAL_ADAPTER_ADDED,
  SIGNAL_ADAPTER_REMOVED,
  SIGNAL_DEVICE_ADDED,
  SIGNAL_DEVICE_REMOVED,
  SIGNAL_ADAPTER_STALLED,
  SIGNAL_DISCOVERY_SILENT,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (DbrBluezMonitor, dbr_bluez_monitor, DBR_TYPE_SERVICE_MONITOR)

void
dbr_bluez_silence_free (gpointer silence)
{
  g_free (((DbrBluezSilence *) silence)->adapter);
  g_free (silence);
}

void
dbr_bluez_parting_free (gpointer parting)
{
  g_free (((DbrBluezParting *) parting)->device);
  g_free (parting);
}

/* The objects */

static void
weak_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static gboolean
is_freed (gpointer key,
          gpointer value,
          gpointer user_data)
{
  g_autoptr(GObject) object = g_weak_ref_get (value);

  return object == NULL;
}

/* What goes out of a list is remembered while somebody has it. */
static void
dbr_bluez_monitor_remember (DbrBluezMonitor *self,
                            const char      *key,
                            gpointer         object)
{
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  if (g_hash_table_size (self->known) > 2 * g_hash_table_size (self->present) + 256)
    g_hash_table_foreach_remove (self->known, is_freed, NULL);
  g_weak_ref_init (weak, object);
  g_hash_table_replace (self->known, g_strdup (key), weak);
}

static gpointer
dbr_bluez_monitor_recall (DbrBluezMonitor *self,
                          const char      *key)
{
  gpointer present = g_hash_table_lookup (self->present, key);
  GWeakRef *weak = g_hash_table_lookup (self->known, key);

  if (present != NULL)
    return g_object_ref (present);

  return weak != NULL ? g_weak_ref_get (weak) : NULL;
}

static gpointer
dbr_bluez_monitor_ensure (DbrBluezMonitor    *self,
                          const DbrBluezNews *news)
{
  gpointer object = dbr_bluez_monitor_recall (self, news->key);
  DbrBluezAdapter *adapter;

  if (object != NULL)
    return object;
  if (news->adapter == NULL)
    return dbr_bluez_adapter_new (self, news->address);

  adapter = g_hash_table_lookup (self->present, news->adapter);

  return adapter != NULL ? dbr_bluez_device_new (self, adapter, news->address, news->key) : NULL;
}

static void
dbr_bluez_monitor_update (DbrBluezCore       *core,
                          gpointer            object,
                          const DbrBluezNews *news)
{
  if (news->adapter == NULL)
    dbr_bluez_adapter_update (object, core, news->path);
  else
    dbr_bluez_device_update (object, core, news->path);
}

/* One change for all that go at once: each other one would be a walk through ten thousand. */
static void
remove_from (GListStore *store,
             GPtrArray  *removed)
{
  guint n_items = g_list_model_get_n_items (G_LIST_MODEL (store));
  g_autoptr(GHashTable) gone = NULL;
  g_autoptr(GPtrArray) left = NULL;
  guint position;

  if (removed->len < MANY)
    {
      for (guint i = 0; i < removed->len; i++)
        {
          if (g_list_store_find (store, removed->pdata[i], &position))
            g_list_store_remove (store, position);
        }
      return;
    }

  gone = g_hash_table_new (NULL, NULL);
  left = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < removed->len; i++)
    g_hash_table_add (gone, removed->pdata[i]);
  for (guint i = 0; i < n_items; i++)
    {
      g_autoptr(GObject) item = g_list_model_get_item (G_LIST_MODEL (store), i);

      if (!g_hash_table_contains (gone, item))
        g_ptr_array_add (left, g_steal_pointer (&item));
    }
  g_list_store_splice (store, 0, n_items, left->pdata, left->len);
}

static void
dbr_bluez_monitor_take_out (DbrBluezMonitor *self,
                            DbrBluezCore    *core,
                            GPtrArray       *news,
                            gboolean         of_devices)
{
  g_autoptr(GPtrArray) removed = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < news->len; i++)
    {
      DbrBluezNews *one = news->pdata[i];
      gpointer object = g_hash_table_lookup (self->present, one->key);

      if (!one->is_removed || (one->adapter != NULL) != of_devices || object == NULL)
        continue;

      g_ptr_array_add (removed, g_object_ref (object));
      dbr_bluez_monitor_remember (self, one->key, object);
      g_hash_table_remove (self->present, one->key);
      if (one->path == NULL)
        dbr_bluez_monitor_update (core, object, one);
    }

  remove_from (of_devices ? self->devices : self->adapters, removed);
  for (guint i = 0; i < removed->len; i++)
    g_signal_emit (self, signals[of_devices ? SIGNAL_DEVICE_REMOVED : SIGNAL_ADAPTER_REMOVED], 0,
                   removed->pdata[i]);
}

static void
dbr_bluez_monitor_put_in (DbrBluezMonitor *self,
                          DbrBluezCore    *core,
                          GPtrArray       *news,
                          gboolean         of_devices)
{
  GListStore *store = of_devices ? self->devices : self->adapters;
  g_autoptr(GPtrArray) added = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < news->len; i++)
    {
      DbrBluezNews *one = news->pdata[i];
      g_autoptr(GObject) object = NULL;

      if (one->path == NULL || (one->adapter != NULL) != of_devices)
        continue;

      object = dbr_bluez_monitor_ensure (self, one);
      if (object == NULL)
        continue;

      dbr_bluez_monitor_update (core, object, one);
      if (g_hash_table_contains (self->present, one->key))
        continue;

      if (of_devices)
        dbr_bluez_device_renew_keeping (DBR_BLUEZ_DEVICE (object), core);
      g_hash_table_insert (self->present, g_strdup (one->key), g_object_ref (object));
      g_ptr_array_add (added, g_steal_pointer (&object));
    }

  g_list_store_splice (store, g_list_model_get_n_items (G_LIST_MODEL (store)), 0, added->pdata,
                       added->len);
  for (guint i = 0; i < added->len; i++)
    g_signal_emit (self, signals[of_devices ? SIGNAL_DEVICE_ADDED : SIGNAL_ADAPTER_ADDED], 0,
                   added->pdata[i]);
}

/* That with the lowest number, as hci0 before hci10. */
static gboolean
is_before (DbrBluezAdapter *adapter,
           DbrBluezAdapter *other)
{
  g_autofree char *path = dbr_bluez_adapter_get_object_path (adapter);
  g_autofree char *other_path = dbr_bluez_adapter_get_object_path (other);
  gsize length = path != NULL ? strlen (path) : 0;
  gsize other_length = other_path != NULL ? strlen (other_path) : 0;

  return length != other_length ? length < other_length : g_strcmp0 (path, other_path) < 0;
}

static void
dbr_bluez_monitor_choose_default (DbrBluezMonitor *self)
{
  GListModel *adapters = G_LIST_MODEL (self->adapters);
  g_autoptr(DbrBluezAdapter) best = NULL;
  g_autoptr(DbrBluezAdapter) old = NULL;
  gboolean is_new;

  for (guint i = 0; i < g_list_model_get_n_items (adapters); i++)
    {
      g_autoptr(DbrBluezAdapter) adapter = g_list_model_get_item (adapters, i);

      if (best == NULL || is_before (adapter, best))
        g_set_object (&best, adapter);
    }

  g_mutex_lock (&self->mutex);
  is_new = self->default_adapter != best;
  old = self->default_adapter;
  self->default_adapter = g_steal_pointer (&best);
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DEFAULT_ADAPTER]);
}

/* First all that is gone, devices before their adapters; then all that has come, the other way
 * round. */
static void
tell_cb (gpointer      monitor,
         DbrBluezCore *core,
         GPtrArray    *news)
{
  DbrBluezMonitor *self = monitor;

  dbr_bluez_monitor_take_out (self, core, news, TRUE);
  dbr_bluez_monitor_take_out (self, core, news, FALSE);
  dbr_bluez_monitor_put_in (self, core, news, FALSE);
  dbr_bluez_monitor_choose_default (self);
  dbr_bluez_monitor_put_in (self, core, news, TRUE);
}

void
dbr_bluez_monitor_tell_lease (GObject *monitor,
                              gpointer news)
{
  g_object_notify_by_pspec (monitor, properties[PROP_LEASE]);
}

void
dbr_bluez_monitor_tell_adapter_stalled (GObject *monitor,
                                        gpointer key)
{
  DbrBluezMonitor *self = DBR_BLUEZ_MONITOR (monitor);
  g_autoptr(DbrBluezAdapter) adapter = dbr_bluez_monitor_recall (self, key);
  g_autofree char *text = g_strdup_printf (_("The Bluetooth adapter %s does not do what it is told"),
                                           (const char *) key);

  if (adapter == NULL)
    return;

  dbr_service_monitor_tell (DBR_SERVICE_MONITOR (self), "adapter-stalled", text, NULL);
  g_signal_emit (self, signals[SIGNAL_ADAPTER_STALLED], 0, adapter);
}

void
dbr_bluez_monitor_tell_silent (GObject *monitor,
                               gpointer news)
{
  DbrBluezMonitor *self = DBR_BLUEZ_MONITOR (monitor);
  DbrBluezSilence *silence = news;
  g_autoptr(DbrBluezAdapter) adapter = dbr_bluez_monitor_recall (self, silence->adapter);
  g_autofree char *text = g_strdup_printf (_("The Bluetooth adapter %s searches and hears nothing"),
                                           silence->adapter);

  if (adapter == NULL)
    return;

  dbr_service_monitor_tell (DBR_SERVICE_MONITOR (self), "discovery-silent", text, NULL);
  g_signal_emit (self, signals[SIGNAL_DISCOVERY_SILENT], 0, adapter, silence->silent_usec);
}

void
dbr_bluez_monitor_tell_parting (GObject *monitor,
                                gpointer news)
{
  DbrBluezParting *parting = news;
  g_autoptr(DbrBluezDevice) device = dbr_bluez_monitor_recall (DBR_BLUEZ_MONITOR (monitor),
                                                               parting->device);

  if (device != NULL)
    dbr_bluez_device_tell_disconnected (device, parting->reason);
}

void
dbr_bluez_monitor_tell_reconnected (GObject *monitor,
                                    gpointer key)
{
  g_autoptr(DbrBluezDevice) device = dbr_bluez_monitor_recall (DBR_BLUEZ_MONITOR (monitor), key);

  if (device != NULL)
    dbr_bluez_device_count_reconnect (device);
}

/* What the parent asks for */

DbrBluezCore *
dbr_bluez_monitor_ref_core (DbrBluezMonitor *self)
{
  DbrClient *client = dbr_service_monitor_get_client (DBR_SERVICE_MONITOR (self));
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->core == NULL)
    self->core = dbr_bluez_core_new (client, self->herald, self->context, self->silence_ms,
                                     tell_cb);

  return dbr_bluez_core_ref (self->core);
}

/* What an earlier run has shown may be gone, and the next one does not know that it was shown. */
static void
dbr_bluez_monitor_begin_anew (DbrBluezMonitor *self)
{
  GHashTableIter iter;
  gpointer key;
  gpointer object;

  g_hash_table_iter_init (&iter, self->present);
  while (g_hash_table_iter_next (&iter, &key, &object))
    dbr_bluez_monitor_remember (self, key, object);
  g_hash_table_remove_all (self->present);
  g_list_store_remove_all (self->devices);
  g_list_store_remove_all (self->adapters);
  dbr_bluez_monitor_choose_default (self);
}

static void
dbr_bluez_monitor_started (DbrServiceMonitor *monitor)
{
  DbrBluezMonitor *self = DBR_BLUEZ_MONITOR (monitor);
  g_autoptr(DbrBluezCore) core = NULL;
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  is_new = self->core == NULL;
  g_mutex_unlock (&self->mutex);

  if (is_new)
    dbr_bluez_monitor_begin_anew (self);
  core = dbr_bluez_monitor_ref_core (self);
  dbr_bluez_core_go_live (core);
}

static void
dbr_bluez_monitor_stopped (DbrServiceMonitor *monitor)
{
  DbrBluezMonitor *self = DBR_BLUEZ_MONITOR (monitor);
  DbrBluezCore *core;

  g_mutex_lock (&self->mutex);
  core = g_steal_pointer (&self->core);
  g_mutex_unlock (&self->mutex);

  /* In a child of fork() the threads that have it are not there to end it. */
  if (core == NULL || !dbr_client_check_process (dbr_service_monitor_get_client (monitor), NULL))
    return;

  dbr_bluez_core_stop (core);
  dbr_bluez_core_unref (core);
}

/* The tree reads everything by itself: this waits for it. */
static void
dbr_bluez_monitor_refresh_async (DbrServiceMonitor   *monitor,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_autoptr(DbrBluezCore) core = dbr_bluez_monitor_ref_core (DBR_BLUEZ_MONITOR (monitor));

  dbr_bluez_task_run (monitor, dbr_bluez_find_new (core, NULL, NULL),
                      dbr_bluez_monitor_refresh_async, cancellable, callback, user_data);
}

static gboolean
dbr_bluez_monitor_refresh_finish (DbrServiceMonitor  *monitor,
                                  GAsyncResult       *result,
                                  GError            **error)
{
  return dbr_bluez_task_finish (monitor, result, dbr_bluez_monitor_refresh_async, error);
}

/* The class */

static void
dbr_bluez_monitor_constructed (GObject *object)
{
  DbrBluezMonitor *self = DBR_BLUEZ_MONITOR (object);

  self->herald = dbr_herald_new (object);

  G_OBJECT_CLASS (dbr_bluez_monitor_parent_class)->constructed (object);
}

static void
dbr_bluez_monitor_dispose (GObject *object)
{
  G_OBJECT_CLASS (dbr_bluez_monitor_parent_class)->dispose (object);

  dbr_bluez_monitor_stopped (DBR_SERVICE_MONITOR (object));
}

static void
dbr_bluez_monitor_finalize (GObject *object)
{
  DbrBluezMonitor *self = DBR_BLUEZ_MONITOR (object);

  g_clear_object (&self->default_adapter);
  g_hash_table_unref (self->present);
  g_hash_table_unref (self->known);
  g_object_unref (self->devices);
  g_object_unref (self->adapters);
  dbr_herald_unref (self->herald);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_bluez_monitor_parent_class)->finalize (object);
}

static void
dbr_bluez_monitor_get_property (GObject    *object,
                                guint       prop_id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  DbrBluezMonitor *self = DBR_BLUEZ_MONITOR (object);

  switch (prop_id)
    {
    case PROP_ADAPTERS:
      g_value_set_object (value, dbr_bluez_monitor_get_adapters (self));
      break;

    case PROP_DEVICES:
      g_value_set_object (value, dbr_bluez_monitor_get_devices (self));
      break;

    case PROP_DEFAULT_ADAPTER:
      g_value_take_object (value, dbr_bluez_monitor_get_default_adapter (self));
      break;

    case PROP_LEASE:
      g_value_take_object (value, dbr_bluez_monitor_get_lease (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_properties (GObjectClass *object_class)
{
  /**
   * DbrBluezMonitor:adapters: (getter get_adapters)
   *
   * The adapters that are there, as a list of [class@BluezAdapter].
   *
   * Since: 0.1
   */
  properties[PROP_ADAPTERS] =
    g_param_spec_object ("adapters", NULL, NULL,
                         G_TYPE_LIST_MODEL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezMonitor:devices: (getter get_devices)
   *
   * The devices that BlueZ knows, as a list of [class@BluezDevice]. One that two adapters know is
   * in it twice.
   *
   * Since: 0.1
   */
  properties[PROP_DEVICES] =
    g_param_spec_object ("devices", NULL, NULL,
                         G_TYPE_LIST_MODEL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezMonitor:default-adapter: (getter get_default_adapter)
   *
   * The adapter with the lowest number, `NULL` if there is none.
   *
   * Since: 0.1
   */
  properties[PROP_DEFAULT_ADAPTER] =
    g_param_spec_object ("default-adapter", NULL, NULL,
                         DBR_TYPE_BLUEZ_ADAPTER,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezMonitor:lease: (getter get_lease)
   *
   * The connection that BlueZ keeps searches, agents, adverts and notifications for; `NULL` before
   * it is there, and while it is lost. It is another one after a loss: what was exported on it has
   * to be exported again.
   *
   * Since: 0.1
   */
  properties[PROP_LEASE] =
    g_param_spec_object ("lease", NULL, NULL,
                         DBR_TYPE_LEASE,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static guint
new_signal (const char *name,
            GType       type)
{
  return g_signal_new (name, DBR_TYPE_BLUEZ_MONITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                       G_TYPE_NONE, 1, type);
}

static void
install_signals (void)
{
  /**
   * DbrBluezMonitor::adapter-added:
   * @self: the monitor
   * @adapter: the adapter
   *
   * Emitted when an adapter is there, behind the change of the list.
   *
   * Since: 0.1
   */
  signals[SIGNAL_ADAPTER_ADDED] = new_signal ("adapter-added", DBR_TYPE_BLUEZ_ADAPTER);

  /**
   * DbrBluezMonitor::adapter-removed:
   * @self: the monitor
   * @adapter: the adapter
   *
   * Emitted when an adapter has gone, behind its devices.
   *
   * Since: 0.1
   */
  signals[SIGNAL_ADAPTER_REMOVED] = new_signal ("adapter-removed", DBR_TYPE_BLUEZ_ADAPTER);

  /**
   * DbrBluezMonitor::device-added:
   * @self: the monitor
   * @device: the device
   *
   * Emitted when BlueZ knows a device.
   *
   * Since: 0.1
   */
  signals[SIGNAL_DEVICE_ADDED] = new_signal ("device-added", DBR_TYPE_BLUEZ_DEVICE);

  /**
   * DbrBluezMonitor::device-removed:
   * @self: the monitor
   * @device: the device
   *
   * Emitted when BlueZ does not know a device any more.
   *
   * Since: 0.1
   */
  signals[SIGNAL_DEVICE_REMOVED] = new_signal ("device-removed", DBR_TYPE_BLUEZ_DEVICE);

  /**
   * DbrBluezMonitor::adapter-stalled:
   * @self: the monitor
   * @adapter: the adapter
   *
   * Emitted when what needs the controller itself has failed twice in a row, although BlueZ
   * answers. It is not emitted again before something has succeeded.
   *
   * Since: 0.1
   */
  signals[SIGNAL_ADAPTER_STALLED] = new_signal ("adapter-stalled", DBR_TYPE_BLUEZ_ADAPTER);

  /**
   * DbrBluezMonitor::discovery-silent:
   * @self: the monitor
   * @adapter: the adapter
   * @silent_usec: for how long
   *
   * Emitted when an adapter searches and has heard nothing for 90 s: it is likely to be deaf. Once
   * a silence.
   *
   * Since: 0.1
   */
  signals[SIGNAL_DISCOVERY_SILENT] =
    g_signal_new ("discovery-silent", DBR_TYPE_BLUEZ_MONITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 2, DBR_TYPE_BLUEZ_ADAPTER, G_TYPE_INT64);
}

static void
dbr_bluez_monitor_class_init (DbrBluezMonitorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  DbrServiceMonitorClass *monitor_class = DBR_SERVICE_MONITOR_CLASS (klass);

  object_class->constructed = dbr_bluez_monitor_constructed;
  object_class->dispose = dbr_bluez_monitor_dispose;
  object_class->finalize = dbr_bluez_monitor_finalize;
  object_class->get_property = dbr_bluez_monitor_get_property;
  monitor_class->started = dbr_bluez_monitor_started;
  monitor_class->stopped = dbr_bluez_monitor_stopped;
  monitor_class->refresh_async = dbr_bluez_monitor_refresh_async;
  monitor_class->refresh_finish = dbr_bluez_monitor_refresh_finish;

  install_properties (object_class);
  install_signals ();
}

static void
dbr_bluez_monitor_init (DbrBluezMonitor *self)
{
  g_mutex_init (&self->mutex);
  self->context = g_main_context_ref_thread_default ();
  self->silence_ms = DBR_BLUEZ_SILENCE_MS;
  self->adapters = g_list_store_new (DBR_TYPE_BLUEZ_ADAPTER);
  self->devices = g_list_store_new (DBR_TYPE_BLUEZ_DEVICE);
  self->present = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, weak_free);
}

/**
 * dbr_bluez_monitor_new:
 * @client: (nullable): a client of the bus that BlueZ is on, or `NULL` for the system bus
 *
 * Makes a monitor of BlueZ. It connects nothing before it is started or something is asked for.
 *
 * Returns: (transfer full): a new monitor
 *
 * Since: 0.1
 */
DbrBluezMonitor *
dbr_bluez_monitor_new (DbrClient *client)
{
  g_autoptr(DbrClient) own = NULL;

  g_return_val_if_fail (client == NULL || DBR_IS_CLIENT (client), NULL);

  own = client != NULL ? g_object_ref (client) : dbr_client_new (G_BUS_TYPE_SYSTEM);

  return g_object_new (DBR_TYPE_BLUEZ_MONITOR,
                       "client", own,
                       "bus-name", DBR_BLUEZ_NAME,
                       NULL);
}

void
dbr_bluez_monitor_set_silence_ms (DbrBluezMonitor *self,
                                  guint            silence_ms)
{
  self->silence_ms = silence_ms;
}

/**
 * dbr_bluez_monitor_get_adapters: (get-property adapters)
 * @self: a monitor
 *
 * Gets the adapters that are there.
 *
 * Returns: (transfer none): the list
 *
 * Since: 0.1
 */
GListModel *
dbr_bluez_monitor_get_adapters (DbrBluezMonitor *self)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), NULL);

  return G_LIST_MODEL (self->adapters);
}

/**
 * dbr_bluez_monitor_get_devices: (get-property devices)
 * @self: a monitor
 *
 * Gets the devices that BlueZ knows.
 *
 * Returns: (transfer none): the list
 *
 * Since: 0.1
 */
GListModel *
dbr_bluez_monitor_get_devices (DbrBluezMonitor *self)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), NULL);

  return G_LIST_MODEL (self->devices);
}

/**
 * dbr_bluez_monitor_get_default_adapter: (get-property default-adapter)
 * @self: a monitor
 *
 * Gets the adapter with the lowest number.
 *
 * Returns: (transfer full) (nullable): the adapter, or `NULL` if there is none
 *
 * Since: 0.1
 */
DbrBluezAdapter *
dbr_bluez_monitor_get_default_adapter (DbrBluezMonitor *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return self->default_adapter != NULL ? g_object_ref (self->default_adapter) : NULL;
}

/**
 * dbr_bluez_monitor_get_lease: (get-property lease)
 * @self: a monitor
 *
 * Gets the connection that BlueZ keeps things for.
 *
 * Returns: (transfer full) (nullable): the lease, or `NULL` if there is none at the moment
 *
 * Since: 0.1
 */
DbrLease *
dbr_bluez_monitor_get_lease (DbrBluezMonitor *self)
{
  g_autoptr(DbrBluezCore) core = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), NULL);

  g_mutex_lock (&self->mutex);
  core = self->core != NULL ? dbr_bluez_core_ref (self->core) : NULL;
  g_mutex_unlock (&self->mutex);

  return core != NULL ? dbr_bluez_core_ref_lease (core) : NULL;
}
