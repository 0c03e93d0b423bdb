/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-lease.h"
#include "bus/dbr-lease-private.h"

/**
 * DbrLease:
 *
 * A connection of a pool, for one holder alone.
 *
 * The [property@Lease:connection] is a [class@Gio.DBusConnection] to hand to any function of GIO:
 * to call, to own names, to export objects, to watch. It stays the same one until the lease is
 * released, whatever happens to the pool, and is never closed before for being old. If the bus cuts
 * it, the holder sees that as with any connection, and asks the pool for another one.
 *
 * A lease is released by [method@Lease.release], and at the latest with its last reference. In
 * JavaScript objects are freed late: release there.
 *
 * ## What a holder leaves
 *
 * Names, exported objects, match rules, and what services keep for a caller belong to the
 * connection and would be the next holder's. When a lease ends, the pool finds out whether there
 * are any, from GDBus and from what was sent on the connection. If so, the connection is closed,
 * which undoes all of it, and the next holder gets another one. If not, it goes on, with the same
 * unique name.
 *
 * What holds back no connection is a call that was not answered yet: it may take its slot at the
 * bus along, and is counted in [property@PoolStats:orphans]. When these are more than a quarter of
 * what the bus allows, the connection is closed too. Nobody can tell of a filter that was added
 * with [method@Gio.DBusConnection.add_filter]: remove it before the end.
 *
 * Who keeps the connection and uses it after the end of the lease disturbs its next holder, or
 * finds it closed.
 *
 * All functions may be called from any thread.
 *
 * Since: 0.1
 */
struct _DbrLease
{
  GObject        parent_instance;

  /* identity; the member stays until the last reference, so that what was lent stays valid */
  DbrPoolCore   *core;
  DbrPoolMember *member;

  /* atomic */
  gint           is_released;
};

enum
{
  PROP_0,
  PROP_CONNECTION,
  PROP_UNIQUE_NAME,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (DbrLease, dbr_lease, G_TYPE_OBJECT)

static void
dbr_lease_dispose (GObject *object)
{
  DbrLease *self = DBR_LEASE (object);

  dbr_lease_release (self);

  G_OBJECT_CLASS (dbr_lease_parent_class)->dispose (object);
}

static void
dbr_lease_finalize (GObject *object)
{
  DbrLease *self = DBR_LEASE (object);

  dbr_pool_member_unref (self->member);
  dbr_pool_core_unref (self->core);

  G_OBJECT_CLASS (dbr_lease_parent_class)->finalize (object);
}

static void
dbr_lease_get_property (GObject    *object,
                        guint       prop_id,
                        GValue     *value,
                        GParamSpec *pspec)
{
  DbrLease *self = DBR_LEASE (object);

  switch (prop_id)
    {
    case PROP_CONNECTION:
      g_value_set_object (value, dbr_lease_get_connection (self));
      break;

    case PROP_UNIQUE_NAME:
      g_value_set_string (value, dbr_lease_get_unique_name (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_lease_class_init (DbrLeaseClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = dbr_lease_dispose;
  object_class->finalize = dbr_lease_finalize;
  object_class->get_property = dbr_lease_get_property;

  /**
   * DbrLease:connection: (getter get_connection)
   *
   * The connection, `NULL` after the lease was released. It is not notified.
   *
   * Since: 0.1
   */
  properties[PROP_CONNECTION] =
    g_param_spec_object ("connection", NULL, NULL,
                         G_TYPE_DBUS_CONNECTION,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrLease:unique-name: (getter get_unique_name)
   *
   * What the bus calls the connection.
   *
   * Since: 0.1
   */
  properties[PROP_UNIQUE_NAME] =
    g_param_spec_string ("unique-name", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_lease_init (DbrLease *self)
{
  self->is_released = TRUE;
}

DbrLease *
dbr_lease_new (DbrPoolCore   *core,
               DbrPoolMember *member)
{
  DbrLease *self = g_object_new (DBR_TYPE_LEASE, NULL);

  self->core = dbr_pool_core_ref (core);
  self->member = member;
  self->is_released = FALSE;

  return self;
}

/**
 * dbr_lease_get_connection: (get-property connection)
 * @self: a lease
 *
 * Gets the connection. It is the holder's until the lease is released.
 *
 * Returns: (transfer none) (nullable): the connection; `NULL` after the lease was released
 *
 * Since: 0.1
 */
GDBusConnection *
dbr_lease_get_connection (DbrLease *self)
{
  g_return_val_if_fail (DBR_IS_LEASE (self), NULL);

  if (g_atomic_int_get (&self->is_released))
    return NULL;

  return dbr_pool_member_get_connection (self->member);
}

/**
 * dbr_lease_get_unique_name: (get-property unique-name)
 * @self: a lease
 *
 * Gets what the bus calls the connection.
 *
 * Returns: the unique name
 *
 * Since: 0.1
 */
const char *
dbr_lease_get_unique_name (DbrLease *self)
{
  g_return_val_if_fail (DBR_IS_LEASE (self), NULL);

  return dbr_pool_member_get_unique_name (self->member);
}

gboolean
dbr_lease_is_lost (DbrLease *self)
{
  return g_dbus_connection_is_closed (dbr_lease_get_connection (self));
}

/**
 * dbr_lease_release:
 * @self: a lease
 *
 * Gives the connection back. To do it again does nothing.
 *
 * Calls that are under way on the connection may still be answered, or end with
 * `G_IO_ERROR_CLOSED`.
 *
 * Since: 0.1
 */
void
dbr_lease_release (DbrLease *self)
{
  g_return_if_fail (DBR_IS_LEASE (self));

  if (g_atomic_int_compare_and_exchange (&self->is_released, FALSE, TRUE))
    dbr_pool_core_give_back (self->core, dbr_pool_member_ref (self->member));
}
