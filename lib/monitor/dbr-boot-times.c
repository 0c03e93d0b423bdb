/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-boot-times-private.h"

/**
 * DbrBootTimes:
 *
 * How long the machine took to start, by what it started with.
 *
 * The times are those that `systemd-analyze` shows. What did not take part, or is not known, is -1:
 * a virtual machine often has no firmware that tells, a container has no kernel of its own, and the
 * manager of a user starts on a machine that runs. As long as starting goes on,
 * [property@BootTimes:finished] is `FALSE`, and neither the time of userspace nor the total is
 * known.
 *
 * Since: 0.1
 */
struct _DbrBootTimes
{
  GObject   parent_instance;

  gint64    firmware_usec;
  gint64    loader_usec;
  gint64    kernel_usec;
  gint64    initrd_usec;
  gint64    userspace_usec;
  gint64    total_usec;
  gboolean  is_finished;
};

enum
{
  PROP_0,
  PROP_FIRMWARE_USEC,
  PROP_LOADER_USEC,
  PROP_KERNEL_USEC,
  PROP_INITRD_USEC,
  PROP_USERSPACE_USEC,
  PROP_TOTAL_USEC,
  PROP_FINISHED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (DbrBootTimes, dbr_boot_times, G_TYPE_OBJECT)

static gint64
read_time (GVariant   *manager,
           const char *name)
{
  guint64 value = 0;

  g_variant_lookup (manager, name, "t", &value);

  return value <= G_MAXINT64 ? (gint64) value : 0;
}

static void
dbr_boot_times_get_property (GObject    *object,
                             guint       prop_id,
                             GValue     *value,
                             GParamSpec *pspec)
{
  DbrBootTimes *self = DBR_BOOT_TIMES (object);

  switch (prop_id)
    {
    case PROP_FIRMWARE_USEC:
      g_value_set_int64 (value, self->firmware_usec);
      break;

    case PROP_LOADER_USEC:
      g_value_set_int64 (value, self->loader_usec);
      break;

    case PROP_KERNEL_USEC:
      g_value_set_int64 (value, self->kernel_usec);
      break;

    case PROP_INITRD_USEC:
      g_value_set_int64 (value, self->initrd_usec);
      break;

    case PROP_USERSPACE_USEC:
      g_value_set_int64 (value, self->userspace_usec);
      break;

    case PROP_TOTAL_USEC:
      g_value_set_int64 (value, self->total_usec);
      break;

    case PROP_FINISHED:
      g_value_set_boolean (value, self->is_finished);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_time (guint       prop_id,
              const char *name)
{
  properties[prop_id] =
    g_param_spec_int64 (name, NULL, NULL,
                        -1, G_MAXINT64, -1,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
dbr_boot_times_class_init (DbrBootTimesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = dbr_boot_times_get_property;

  /**
   * DbrBootTimes:firmware-usec: (getter get_firmware_usec)
   *
   * How long the firmware took, before it started the loader.
   *
   * Since: 0.1
   */
  install_time (PROP_FIRMWARE_USEC, "firmware-usec");

  /**
   * DbrBootTimes:loader-usec: (getter get_loader_usec)
   *
   * How long the boot loader took.
   *
   * Since: 0.1
   */
  install_time (PROP_LOADER_USEC, "loader-usec");

  /**
   * DbrBootTimes:kernel-usec: (getter get_kernel_usec)
   *
   * How long the kernel took until it started the first program.
   *
   * Since: 0.1
   */
  install_time (PROP_KERNEL_USEC, "kernel-usec");

  /**
   * DbrBootTimes:initrd-usec: (getter get_initrd_usec)
   *
   * How long the initial RAM disk took.
   *
   * Since: 0.1
   */
  install_time (PROP_INITRD_USEC, "initrd-usec");

  /**
   * DbrBootTimes:userspace-usec: (getter get_userspace_usec)
   *
   * How long systemd took until all that had to be started was.
   *
   * Since: 0.1
   */
  install_time (PROP_USERSPACE_USEC, "userspace-usec");

  /**
   * DbrBootTimes:total-usec: (getter get_total_usec)
   *
   * How long it took altogether.
   *
   * Since: 0.1
   */
  install_time (PROP_TOTAL_USEC, "total-usec");

  /**
   * DbrBootTimes:finished: (getter get_finished)
   *
   * Whether all that had to be started was.
   *
   * Since: 0.1
   */
  properties[PROP_FINISHED] =
    g_param_spec_boolean ("finished", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_boot_times_init (DbrBootTimes *self)
{
  self->firmware_usec = -1;
  self->loader_usec = -1;
  self->kernel_usec = -1;
  self->initrd_usec = -1;
  self->userspace_usec = -1;
  self->total_usec = -1;
}

/* Only what has booted a machine has seen more than userspace: with a kernel of its own, systemd
 * sets up its security at the beginning, which it does not do in a container. Firmware and loader
 * are told by how long they began before the kernel. */
DbrBootTimes *
dbr_boot_times_new (GVariant *manager,
                    gboolean  is_user)
{
  DbrBootTimes *self = g_object_new (DBR_TYPE_BOOT_TIMES, NULL);
  gint64 firmware = read_time (manager, "FirmwareTimestampMonotonic");
  gint64 loader = read_time (manager, "LoaderTimestampMonotonic");
  gint64 initrd = read_time (manager, "InitRDTimestampMonotonic");
  gint64 userspace = read_time (manager, "UserspaceTimestampMonotonic");
  gint64 finish = read_time (manager, "FinishTimestampMonotonic");
  gint64 before = userspace;

  self->is_finished = finish > 0;
  if (!is_user && read_time (manager, "SecurityStartTimestampMonotonic") > 0)
    {
      if (firmware > 0)
        self->firmware_usec = firmware - loader;
      if (loader > 0)
        self->loader_usec = loader;
      if (initrd > 0)
        self->initrd_usec = userspace - initrd;
      self->kernel_usec = initrd > 0 ? initrd : userspace;
      before = -firmware;
    }
  if (self->is_finished)
    {
      self->userspace_usec = finish - userspace;
      self->total_usec = finish - before;
    }

  return self;
}

/**
 * dbr_boot_times_get_firmware_usec: (get-property firmware-usec)
 * @self: boot times
 *
 * Gets how long the firmware took.
 *
 * Returns: the time in microseconds, -1 if it is not known
 *
 * Since: 0.1
 */
gint64
dbr_boot_times_get_firmware_usec (DbrBootTimes *self)
{
  g_return_val_if_fail (DBR_IS_BOOT_TIMES (self), -1);

  return self->firmware_usec;
}

/**
 * dbr_boot_times_get_loader_usec: (get-property loader-usec)
 * @self: boot times
 *
 * Gets how long the boot loader took.
 *
 * Returns: the time in microseconds, -1 if it is not known
 *
 * Since: 0.1
 */
gint64
dbr_boot_times_get_loader_usec (DbrBootTimes *self)
{
  g_return_val_if_fail (DBR_IS_BOOT_TIMES (self), -1);

  return self->loader_usec;
}

/**
 * dbr_boot_times_get_kernel_usec: (get-property kernel-usec)
 * @self: boot times
 *
 * Gets how long the kernel took.
 *
 * Returns: the time in microseconds, -1 if it is not known
 *
 * Since: 0.1
 */
gint64
dbr_boot_times_get_kernel_usec (DbrBootTimes *self)
{
  g_return_val_if_fail (DBR_IS_BOOT_TIMES (self), -1);

  return self->kernel_usec;
}

/**
 * dbr_boot_times_get_initrd_usec: (get-property initrd-usec)
 * @self: boot times
 *
 * Gets how long the initial RAM disk took.
 *
 * Returns: the time in microseconds, -1 if it is not known
 *
 * Since: 0.1
 */
gint64
dbr_boot_times_get_initrd_usec (DbrBootTimes *self)
{
  g_return_val_if_fail (DBR_IS_BOOT_TIMES (self), -1);

  return self->initrd_usec;
}

/**
 * dbr_boot_times_get_userspace_usec: (get-property userspace-usec)
 * @self: boot times
 *
 * Gets how long systemd took.
 *
 * Returns: the time in microseconds, -1 if it is not known
 *
 * Since: 0.1
 */
gint64
dbr_boot_times_get_userspace_usec (DbrBootTimes *self)
{
  g_return_val_if_fail (DBR_IS_BOOT_TIMES (self), -1);

  return self->userspace_usec;
}

/**
 * dbr_boot_times_get_total_usec: (get-property total-usec)
 * @self: boot times
 *
 * Gets how long it took altogether.
 *
 * Returns: the time in microseconds, -1 if it is not known
 *
 * Since: 0.1
 */
gint64
dbr_boot_times_get_total_usec (DbrBootTimes *self)
{
  g_return_val_if_fail (DBR_IS_BOOT_TIMES (self), -1);

  return self->total_usec;
}

/**
 * dbr_boot_times_get_finished: (get-property finished)
 * @self: boot times
 *
 * Gets whether all that had to be started was.
 *
 * Returns: whether it has finished
 *
 * Since: 0.1
 */
gboolean
dbr_boot_times_get_finished (DbrBootTimes *self)
{
  g_return_val_if_fail (DBR_IS_BOOT_TIMES (self), FALSE);

  return self->is_finished;
}
