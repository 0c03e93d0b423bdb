/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "base/dbr-io-private.h"
#include "monitor/dbr-bluez-monitor-private.h"

/* As the standard has it. */
#define UNKNOWN_RSSI 127

/**
 * DbrBluezDevice:
 *
 * A Bluetooth device as one adapter of [class@BluezMonitor] sees it.
 *
 * It is the device with one address, whatever path BlueZ gives it. A device that was only met is
 * dropped by BlueZ after a while, and when it is restarted; this object stays, and is the same one
 * when the device is met again. Meanwhile [property@BluezDevice:object-path] is `NULL`.
 *
 * All functions may be called from any thread.
 *
 * Since: 0.1
 */
struct _DbrBluezDevice
{
  GObject          parent_instance;

  /* identity */
  GWeakRef         monitor;
  DbrBluezAdapter *adapter;
  char            *address;
  char            *key;

  GMutex           mutex;

  /* guarded by mutex, written in the context of the monitor */
  char            *object_path;
  char            *name;
  gboolean         connected;
  gboolean         paired;
  gboolean         trusted;
  gboolean         services_resolved;
  int              rssi;
  gboolean         keep_connected;
  guint            reconnects;
};

enum
{
  PROP_0,
  PROP_ADDRESS,
  PROP_ADAPTER,
  PROP_OBJECT_PATH,
  PROP_NAME,
  PROP_CONNECTED,
  PROP_PAIRED,
  PROP_TRUSTED,
  PROP_SERVICES_RESOLVED,
  PROP_RSSI,
  PROP_KEEP_CONNECTED,
  PROP_RECONNECTS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

enum
{
  SIGNAL_DISCONNECTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_ENUM_TYPE (DbrDisconnectReason, dbr_disconnect_reason,
                    G_DEFINE_ENUM_VALUE (DBR_DISCONNECT_REASON_UNKNOWN, "unknown"),
                    G_DEFINE_ENUM_VALUE (DBR_DISCONNECT_REASON_TIMEOUT, "timeout"),
                    G_DEFINE_ENUM_VALUE (DBR_DISCONNECT_REASON_LOCAL, "local"),
                    G_DEFINE_ENUM_VALUE (DBR_DISCONNECT_REASON_REMOTE, "remote"),
                    G_DEFINE_ENUM_VALUE (DBR_DISCONNECT_REASON_AUTHENTICATION, "authentication"),
                    G_DEFINE_ENUM_VALUE (DBR_DISCONNECT_REASON_SUSPEND, "suspend"))

G_DEFINE_FINAL_TYPE (DbrBluezDevice, dbr_bluez_device, G_TYPE_OBJECT)

static void
dbr_bluez_device_finalize (GObject *object)
{
  DbrBluezDevice *self = DBR_BLUEZ_DEVICE (object);

  g_weak_ref_clear (&self->monitor);
  g_clear_object (&self->adapter);
  g_free (self->key);
  g_free (self->address);
  g_free (self->object_path);
  g_free (self->name);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_bluez_device_parent_class)->finalize (object);
}

static void
dbr_bluez_device_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  DbrBluezDevice *self = DBR_BLUEZ_DEVICE (object);

  switch (prop_id)
    {
    case PROP_ADDRESS:
      g_value_set_string (value, dbr_bluez_device_get_address (self));
      break;

    case PROP_ADAPTER:
      g_value_set_object (value, dbr_bluez_device_get_adapter (self));
      break;

    case PROP_OBJECT_PATH:
      g_value_take_string (value, dbr_bluez_device_get_object_path (self));
      break;

    case PROP_NAME:
      g_value_take_string (value, dbr_bluez_device_get_name (self));
      break;

    case PROP_CONNECTED:
      g_value_set_boolean (value, dbr_bluez_device_get_connected (self));
      break;

    case PROP_PAIRED:
      g_value_set_boolean (value, dbr_bluez_device_get_paired (self));
      break;

    case PROP_TRUSTED:
      g_value_set_boolean (value, dbr_bluez_device_get_trusted (self));
      break;

    case PROP_SERVICES_RESOLVED:
      g_value_set_boolean (value, dbr_bluez_device_get_services_resolved (self));
      break;

    case PROP_RSSI:
      g_value_set_int (value, dbr_bluez_device_get_rssi (self));
      break;

    case PROP_KEEP_CONNECTED:
      g_value_set_boolean (value, dbr_bluez_device_get_keep_connected (self));
      break;

    case PROP_RECONNECTS:
      g_value_set_uint (value, dbr_bluez_device_get_reconnects (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_bluez_device_set_property (GObject      *object,
                               guint         prop_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  switch (prop_id)
    {
    case PROP_KEEP_CONNECTED:
      dbr_bluez_device_set_keep_connected (DBR_BLUEZ_DEVICE (object), g_value_get_boolean (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_bluez_device_class_init (DbrBluezDeviceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_bluez_device_finalize;
  object_class->get_property = dbr_bluez_device_get_property;
  object_class->set_property = dbr_bluez_device_set_property;

  /**
   * DbrBluezDevice:address: (getter get_address)
   *
   * Its address.
   *
   * Since: 0.1
   */
  properties[PROP_ADDRESS] =
    g_param_spec_string ("address", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezDevice:adapter: (getter get_adapter)
   *
   * The adapter that sees it.
   *
   * Since: 0.1
   */
  properties[PROP_ADAPTER] =
    g_param_spec_object ("adapter", NULL, NULL,
                         DBR_TYPE_BLUEZ_ADAPTER,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezDevice:object-path: (getter get_object_path)
   *
   * Where BlueZ has it, `NULL` while it has not.
   *
   * Since: 0.1
   */
  properties[PROP_OBJECT_PATH] =
    g_param_spec_string ("object-path", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezDevice:name: (getter get_name)
   *
   * How it is called, `NULL` if that is not known.
   *
   * Since: 0.1
   */
  properties[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezDevice:connected: (getter get_connected)
   *
   * Whether it is connected.
   *
   * Since: 0.1
   */
  properties[PROP_CONNECTED] =
    g_param_spec_boolean ("connected", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezDevice:paired: (getter get_paired)
   *
   * Whether it is paired.
   *
   * Since: 0.1
   */
  properties[PROP_PAIRED] =
    g_param_spec_boolean ("paired", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezDevice:trusted: (getter get_trusted)
   *
   * Whether it may connect by itself.
   *
   * Since: 0.1
   */
  properties[PROP_TRUSTED] =
    g_param_spec_boolean ("trusted", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezDevice:services-resolved: (getter get_services_resolved)
   *
   * Whether it is known what it offers.
   *
   * Since: 0.1
   */
  properties[PROP_SERVICES_RESOLVED] =
    g_param_spec_boolean ("services-resolved", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezDevice:rssi: (getter get_rssi)
   *
   * How strongly it was heard in dBm, while it is searched for; 127 if that is not known.
   *
   * Since: 0.1
   */
  properties[PROP_RSSI] =
    g_param_spec_int ("rssi", NULL, NULL,
                      G_MININT16, G_MAXINT16, 127,
                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezDevice:keep-connected: (getter get_keep_connected) (setter set_keep_connected)
   *
   * Whether it is connected again after a loss that nobody asked for. The default is `FALSE`.
   *
   * BlueZ tries itself with some devices, so it has two seconds; then there are the attempts of the
   * `reconnect` preset of [class@RetryPolicy]. A device that a person or the device itself has
   * disconnected stays so.
   *
   * Since: 0.1
   */
  properties[PROP_KEEP_CONNECTED] =
    g_param_spec_boolean ("keep-connected", NULL, NULL,
                          FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezDevice:reconnects: (getter get_reconnects)
   *
   * How often it was connected again for [property@BluezDevice:keep-connected]. It is not notified.
   *
   * Since: 0.1
   */
  properties[PROP_RECONNECTS] =
    g_param_spec_uint ("reconnects", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DbrBluezDevice::disconnected:
   * @self: the device
   * @reason: why, if BlueZ tells
   *
   * Emitted when its connection has ended.
   *
   * Since: 0.1
   */
  signals[SIGNAL_DISCONNECTED] =
    g_signal_new ("disconnected", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 1, DBR_TYPE_DISCONNECT_REASON);
}

static void
dbr_bluez_device_init (DbrBluezDevice *self)
{
  g_mutex_init (&self->mutex);
  g_weak_ref_init (&self->monitor, NULL);
}

DbrBluezDevice *
dbr_bluez_device_new (DbrBluezMonitor *monitor,
                      DbrBluezAdapter *adapter,
                      const char      *address,
                      const char      *key)
{
  DbrBluezDevice *self = g_object_new (DBR_TYPE_BLUEZ_DEVICE, NULL);

  g_weak_ref_set (&self->monitor, monitor);
  self->adapter = g_object_ref (adapter);
  self->address = g_strdup (address);
  self->key = g_strdup (key);
  self->rssi = UNKNOWN_RSSI;

  return self;
}

DbrDisconnectReason
dbr_bluez_device_parse_reason (const char *reason)
{
  const struct { const char *name; DbrDisconnectReason reason; } reasons[] = {
    { "org.bluez.Reason.Timeout", DBR_DISCONNECT_REASON_TIMEOUT },
    { "org.bluez.Reason.Local", DBR_DISCONNECT_REASON_LOCAL },
    { "org.bluez.Reason.Remote", DBR_DISCONNECT_REASON_REMOTE },
    { "org.bluez.Reason.Authentication", DBR_DISCONNECT_REASON_AUTHENTICATION },
    { "org.bluez.Reason.Suspend", DBR_DISCONNECT_REASON_SUSPEND },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      if (strcmp (reasons[i].name, reason) == 0)
        return reasons[i].reason;
    }

  return DBR_DISCONNECT_REASON_UNKNOWN;
}

/* Each change is notified once, with no lock held. */
static void
set_text (DbrBluezDevice *self,
          char          **place,
          char           *value,
          guint           prop)
{
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  is_new = g_strcmp0 (*place, value) != 0;
  if (is_new)
    {
      char *old = *place;

      *place = value;
      value = old;
    }
  g_mutex_unlock (&self->mutex);

  g_free (value);
  if (is_new)
    g_object_notify_by_pspec (G_OBJECT (self), properties[prop]);
}

static void
set_flag (DbrBluezDevice *self,
          gboolean       *place,
          gboolean        value,
          guint           prop)
{
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  is_new = *place != value;
  *place = value;
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify_by_pspec (G_OBJECT (self), properties[prop]);
}

static void
set_rssi (DbrBluezDevice *self,
          int             rssi)
{
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  is_new = self->rssi != rssi;
  self->rssi = rssi;
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RSSI]);
}

/* What BlueZ says of it now. One that is gone stays paired and trusted, as far as is known. */
void
dbr_bluez_device_update (DbrBluezDevice *self,
                         DbrBluezCore   *core,
                         const char     *path)
{
  const char *interface_name = DBR_BLUEZ_DEVICE_INTERFACE;
  g_autofree char *name = dbr_bluez_core_dup_text (core, path, interface_name, "Alias");

  g_object_freeze_notify (G_OBJECT (self));
  set_text (self, &self->object_path, g_strdup (path), PROP_OBJECT_PATH);
  set_flag (self, &self->connected, dbr_bluez_core_is (core, path, interface_name, "Connected"),
            PROP_CONNECTED);
  set_flag (self, &self->services_resolved,
            dbr_bluez_core_is (core, path, interface_name, "ServicesResolved"),
            PROP_SERVICES_RESOLVED);
  set_rssi (self, dbr_bluez_core_get_number (core, path, interface_name, "RSSI", UNKNOWN_RSSI));
  if (name != NULL)
    {
      set_text (self, &self->name, g_steal_pointer (&name), PROP_NAME);
      set_flag (self, &self->paired, dbr_bluez_core_is (core, path, interface_name, "Paired"),
                PROP_PAIRED);
      set_flag (self, &self->trusted, dbr_bluez_core_is (core, path, interface_name, "Trusted"),
                PROP_TRUSTED);
    }
  g_object_thaw_notify (G_OBJECT (self));
}

void
dbr_bluez_device_tell_disconnected (DbrBluezDevice     *self,
                                    DbrDisconnectReason reason)
{
  g_signal_emit (self, signals[SIGNAL_DISCONNECTED], 0, reason);
}

void
dbr_bluez_device_count_reconnect (DbrBluezDevice *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->reconnects++;
}

const char *
dbr_bluez_device_get_key (DbrBluezDevice *self)
{
  return self->key;
}

DbrBluezCore *
dbr_bluez_device_ref_core (DbrBluezDevice *self)
{
  g_autoptr(DbrBluezMonitor) monitor = g_weak_ref_get (&self->monitor);

  return monitor != NULL ? dbr_bluez_monitor_ref_core (monitor) : NULL;
}

/**
 * dbr_bluez_device_get_address: (get-property address)
 * @self: a device
 *
 * Gets its address.
 *
 * Returns: the address
 *
 * Since: 0.1
 */
const char *
dbr_bluez_device_get_address (DbrBluezDevice *self)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), NULL);

  return self->address;
}

/**
 * dbr_bluez_device_get_adapter: (get-property adapter)
 * @self: a device
 *
 * Gets the adapter that sees it.
 *
 * Returns: (transfer none): the adapter
 *
 * Since: 0.1
 */
DbrBluezAdapter *
dbr_bluez_device_get_adapter (DbrBluezDevice *self)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), NULL);

  return self->adapter;
}

/**
 * dbr_bluez_device_get_object_path: (get-property object-path)
 * @self: a device
 *
 * Gets where BlueZ has it.
 *
 * Returns: (transfer full) (nullable): the path, or `NULL` while BlueZ has it not
 *
 * Since: 0.1
 */
char *
dbr_bluez_device_get_object_path (DbrBluezDevice *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return g_strdup (self->object_path);
}

/**
 * dbr_bluez_device_get_name: (get-property name)
 * @self: a device
 *
 * Gets how it is called.
 *
 * Returns: (transfer full) (nullable): the name, or `NULL` if it is not known
 *
 * Since: 0.1
 */
char *
dbr_bluez_device_get_name (DbrBluezDevice *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return g_strdup (self->name);
}

/**
 * dbr_bluez_device_get_connected: (get-property connected)
 * @self: a device
 *
 * Gets whether it is connected.
 *
 * Returns: `TRUE` if it is so
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_device_get_connected (DbrBluezDevice *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);

  return self->connected;
}

/**
 * dbr_bluez_device_get_paired: (get-property paired)
 * @self: a device
 *
 * Gets whether it is paired.
 *
 * Returns: `TRUE` if it is so
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_device_get_paired (DbrBluezDevice *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);

  return self->paired;
}

/**
 * dbr_bluez_device_get_trusted: (get-property trusted)
 * @self: a device
 *
 * Gets whether it may connect by itself.
 *
 * Returns: `TRUE` if it is so
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_device_get_trusted (DbrBluezDevice *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);

  return self->trusted;
}

/**
 * dbr_bluez_device_get_services_resolved: (get-property services-resolved)
 * @self: a device
 *
 * Gets whether it is known what it offers.
 *
 * Returns: `TRUE` if it is so
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_device_get_services_resolved (DbrBluezDevice *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);

  return self->services_resolved;
}

/**
 * dbr_bluez_device_get_rssi: (get-property rssi)
 * @self: a device
 *
 * Gets how strongly it was heard.
 *
 * Returns: the strength in dBm, 127 if it is not known
 *
 * Since: 0.1
 */
int
dbr_bluez_device_get_rssi (DbrBluezDevice *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), UNKNOWN_RSSI);

  locker = g_mutex_locker_new (&self->mutex);

  return self->rssi;
}

/**
 * dbr_bluez_device_get_keep_connected: (get-property keep-connected)
 * @self: a device
 *
 * Gets whether it is connected again after a loss.
 *
 * Returns: `TRUE` if it is
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_device_get_keep_connected (DbrBluezDevice *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);

  return self->keep_connected;
}

typedef struct
{
  DbrBluezCore *core;
  char         *key;
  gboolean      is_kept;
} Keeping;

static void
keep_cb (gpointer data)
{
  Keeping *keeping = data;
  DbrBluezNode *node = dbr_bluez_core_lookup (keeping->core, keeping->key);

  if (node != NULL && node->is_kept != keeping->is_kept)
    {
      node->is_kept = keeping->is_kept;
      node->is_wanted = node->is_connected;
    }
  dbr_bluez_core_unref (keeping->core);
  g_free (keeping->key);
  g_free (keeping);
}

/* Takes @core. */
static void
keep (DbrBluezDevice *self,
      DbrBluezCore   *core,
      gboolean        is_kept)
{
  Keeping *keeping = g_new0 (Keeping, 1);

  keeping->core = core;
  keeping->key = g_strdup (self->key);
  keeping->is_kept = is_kept;
  dbr_io_invoke (keep_cb, keeping);
}

void
dbr_bluez_device_renew_keeping (DbrBluezDevice *self,
                                DbrBluezCore   *core)
{
  if (dbr_bluez_device_get_keep_connected (self))
    keep (self, dbr_bluez_core_ref (core), TRUE);
}

/**
 * dbr_bluez_device_set_keep_connected: (set-property keep-connected)
 * @self: a device
 * @keep_connected: whether it is to be connected again after a loss
 *
 * Sets whether it is connected again after a loss that nobody asked for.
 *
 * Since: 0.1
 */
void
dbr_bluez_device_set_keep_connected (DbrBluezDevice *self,
                                     gboolean        keep_connected)
{
  DbrBluezCore *core;

  g_return_if_fail (DBR_IS_BLUEZ_DEVICE (self));

  keep_connected = keep_connected != FALSE;
  set_flag (self, &self->keep_connected, keep_connected, PROP_KEEP_CONNECTED);
  core = dbr_bluez_device_ref_core (self);
  if (core != NULL)
    keep (self, core, keep_connected);
}

/**
 * dbr_bluez_device_get_reconnects: (get-property reconnects)
 * @self: a device
 *
 * Gets how often it was connected again.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
guint
dbr_bluez_device_get_reconnects (DbrBluezDevice *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), 0);

  locker = g_mutex_locker_new (&self->mutex);

  return self->reconnects;
}
