/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-device-state-private.h"

/**
 * DbrDeviceState:
 *
 * What a Bluetooth device was like when it was saved, and what a program remembers of it.
 *
 * It never changes; ask the tracker again with [method@StateTracker.get].
 *
 * Since: 0.1
 */
struct _DbrDeviceState
{
  GObject   parent_instance;

  char     *address;
  char     *name;
  char    **uuids;
  gint64    saved_usec;
  /* a{sv} each */
  GVariant *values;
  GVariant *attributes;
};

enum
{
  PROP_0,
  PROP_ADDRESS,
  PROP_NAME,
  PROP_CONNECTED,
  PROP_PAIRED,
  PROP_TRUSTED,
  PROP_BLOCKED,
  PROP_SERVICES_RESOLVED,
  PROP_UUIDS,
  PROP_SAVED_USEC,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (DbrDeviceState, dbr_device_state, G_TYPE_OBJECT)

static gboolean
get_flag (DbrDeviceState *self,
          const char     *name)
{
  gboolean value = FALSE;

  g_variant_lookup (self->values, name, "b", &value);

  return value;
}

static void
dbr_device_state_finalize (GObject *object)
{
  DbrDeviceState *self = DBR_DEVICE_STATE (object);

  g_variant_unref (self->attributes);
  g_variant_unref (self->values);
  g_strfreev (self->uuids);
  g_free (self->name);
  g_free (self->address);

  G_OBJECT_CLASS (dbr_device_state_parent_class)->finalize (object);
}

static void
dbr_device_state_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  DbrDeviceState *self = DBR_DEVICE_STATE (object);

  switch (prop_id)
    {
    case PROP_ADDRESS:
      g_value_set_string (value, dbr_device_state_get_address (self));
      break;

    case PROP_NAME:
      g_value_set_string (value, dbr_device_state_get_name (self));
      break;

    case PROP_CONNECTED:
      g_value_set_boolean (value, dbr_device_state_get_connected (self));
      break;

    case PROP_PAIRED:
      g_value_set_boolean (value, dbr_device_state_get_paired (self));
      break;

    case PROP_TRUSTED:
      g_value_set_boolean (value, dbr_device_state_get_trusted (self));
      break;

    case PROP_BLOCKED:
      g_value_set_boolean (value, dbr_device_state_get_blocked (self));
      break;

    case PROP_SERVICES_RESOLVED:
      g_value_set_boolean (value, dbr_device_state_get_services_resolved (self));
      break;

    case PROP_UUIDS:
      g_value_set_boxed (value, dbr_device_state_get_uuids (self));
      break;

    case PROP_SAVED_USEC:
      g_value_set_int64 (value, dbr_device_state_get_saved_usec (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_device_state_class_init (DbrDeviceStateClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_device_state_finalize;
  object_class->get_property = dbr_device_state_get_property;

  /**
   * DbrDeviceState:address: (getter get_address)
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
   * DbrDeviceState:name: (getter get_name)
   *
   * How it was called, `NULL` if that was not known.
   *
   * Since: 0.1
   */
  properties[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrDeviceState:connected: (getter get_connected)
   *
   * Whether it was connected.
   *
   * Since: 0.1
   */
  properties[PROP_CONNECTED] =
    g_param_spec_boolean ("connected", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrDeviceState:paired: (getter get_paired)
   *
   * Whether it was paired.
   *
   * Since: 0.1
   */
  properties[PROP_PAIRED] =
    g_param_spec_boolean ("paired", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrDeviceState:trusted: (getter get_trusted)
   *
   * Whether it might connect by itself.
   *
   * Since: 0.1
   */
  properties[PROP_TRUSTED] =
    g_param_spec_boolean ("trusted", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrDeviceState:blocked: (getter get_blocked)
   *
   * Whether it was kept out.
   *
   * Since: 0.1
   */
  properties[PROP_BLOCKED] =
    g_param_spec_boolean ("blocked", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrDeviceState:services-resolved: (getter get_services_resolved)
   *
   * Whether it was known what it offers.
   *
   * Since: 0.1
   */
  properties[PROP_SERVICES_RESOLVED] =
    g_param_spec_boolean ("services-resolved", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrDeviceState:uuids: (getter get_uuids)
   *
   * What it offered, as UUIDs.
   *
   * Since: 0.1
   */
  properties[PROP_UUIDS] =
    g_param_spec_boxed ("uuids", NULL, NULL,
                        G_TYPE_STRV,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrDeviceState:saved-usec: (getter get_saved_usec)
   *
   * When it was saved, in microseconds of wall clock time as [func@GLib.get_real_time] gives it; -1
   * if it never was, and there are attributes only.
   *
   * Since: 0.1
   */
  properties[PROP_SAVED_USEC] =
    g_param_spec_int64 ("saved-usec", NULL, NULL,
                        -1, G_MAXINT64, -1,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_device_state_init (DbrDeviceState *self)
{
}

DbrDeviceState *
dbr_device_state_new (const DbrStateRecord *record)
{
  DbrDeviceState *self = g_object_new (DBR_TYPE_DEVICE_STATE, NULL);

  self->address = g_strdup (record->address);
  self->saved_usec = record->saved_usec > 0 ? record->saved_usec : -1;
  self->values = g_variant_ref (record->values);
  self->attributes = g_variant_ref (record->attributes);
  g_variant_lookup (self->values, "Alias", "s", &self->name);
  if (!g_variant_lookup (self->values, "UUIDs", "^as", &self->uuids))
    self->uuids = g_new0 (char *, 1);

  return self;
}

/**
 * dbr_device_state_get_address: (get-property address)
 * @self: a state
 *
 * Gets its address.
 *
 * Returns: the address
 *
 * Since: 0.1
 */
const char *
dbr_device_state_get_address (DbrDeviceState *self)
{
  g_return_val_if_fail (DBR_IS_DEVICE_STATE (self), NULL);

  return self->address;
}

/**
 * dbr_device_state_get_name: (get-property name)
 * @self: a state
 *
 * Gets how it was called.
 *
 * Returns: (nullable): the name, or `NULL` if it was not known
 *
 * Since: 0.1
 */
const char *
dbr_device_state_get_name (DbrDeviceState *self)
{
  g_return_val_if_fail (DBR_IS_DEVICE_STATE (self), NULL);

  return self->name;
}

/**
 * dbr_device_state_get_connected: (get-property connected)
 * @self: a state
 *
 * Gets whether it was connected.
 *
 * Returns: `TRUE` if it was so
 *
 * Since: 0.1
 */
gboolean
dbr_device_state_get_connected (DbrDeviceState *self)
{
  g_return_val_if_fail (DBR_IS_DEVICE_STATE (self), FALSE);

  return get_flag (self, "Connected");
}

/**
 * dbr_device_state_get_paired: (get-property paired)
 * @self: a state
 *
 * Gets whether it was paired.
 *
 * Returns: `TRUE` if it was so
 *
 * Since: 0.1
 */
gboolean
dbr_device_state_get_paired (DbrDeviceState *self)
{
  g_return_val_if_fail (DBR_IS_DEVICE_STATE (self), FALSE);

  return get_flag (self, "Paired");
}

/**
 * dbr_device_state_get_trusted: (get-property trusted)
 * @self: a state
 *
 * Gets whether it might connect by itself.
 *
 * Returns: `TRUE` if it was so
 *
 * Since: 0.1
 */
gboolean
dbr_device_state_get_trusted (DbrDeviceState *self)
{
  g_return_val_if_fail (DBR_IS_DEVICE_STATE (self), FALSE);

  return get_flag (self, "Trusted");
}

/**
 * dbr_device_state_get_blocked: (get-property blocked)
 * @self: a state
 *
 * Gets whether it was kept out.
 *
 * Returns: `TRUE` if it was so
 *
 * Since: 0.1
 */
gboolean
dbr_device_state_get_blocked (DbrDeviceState *self)
{
  g_return_val_if_fail (DBR_IS_DEVICE_STATE (self), FALSE);

  return get_flag (self, "Blocked");
}

/**
 * dbr_device_state_get_services_resolved: (get-property services-resolved)
 * @self: a state
 *
 * Gets whether it was known what it offers.
 *
 * Returns: `TRUE` if it was so
 *
 * Since: 0.1
 */
gboolean
dbr_device_state_get_services_resolved (DbrDeviceState *self)
{
  g_return_val_if_fail (DBR_IS_DEVICE_STATE (self), FALSE);

  return get_flag (self, "ServicesResolved");
}

/**
 * dbr_device_state_get_uuids: (get-property uuids)
 * @self: a state
 *
 * Gets what it offered.
 *
 * Returns: (transfer none) (array zero-terminated=1): the UUIDs
 *
 * Since: 0.1
 */
const char *const *
dbr_device_state_get_uuids (DbrDeviceState *self)
{
  g_return_val_if_fail (DBR_IS_DEVICE_STATE (self), NULL);

  return (const char *const *) self->uuids;
}

/**
 * dbr_device_state_get_saved_usec: (get-property saved-usec)
 * @self: a state
 *
 * Gets when it was saved.
 *
 * Returns: wall clock time in microseconds, or -1 if it never was
 *
 * Since: 0.1
 */
gint64
dbr_device_state_get_saved_usec (DbrDeviceState *self)
{
  g_return_val_if_fail (DBR_IS_DEVICE_STATE (self), -1);

  return self->saved_usec;
}

/**
 * dbr_device_state_get_attribute:
 * @self: a state
 * @name: the name of an attribute
 *
 * Gets what a program remembers of the device by [method@StateTracker.set_attribute].
 *
 * Returns: (transfer full) (nullable): the value, or `NULL` if it has no such attribute
 *
 * Since: 0.1
 */
GVariant *
dbr_device_state_get_attribute (DbrDeviceState *self,
                                const char     *name)
{
  g_return_val_if_fail (DBR_IS_DEVICE_STATE (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return g_variant_lookup_value (self->attributes, name, NULL);
}
