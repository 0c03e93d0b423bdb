/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-state-tracker-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-fork-private.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-bluez-monitor-private.h"

#define ADDRESS_LENGTH 17

/**
 * DbrStateTracker:
 *
 * Keeps what Bluetooth devices were like, and puts back what BlueZ loses of it.
 *
 * ```c
 * g_autoptr(DbrStateTracker) tracker = dbr_state_tracker_new (monitor);
 *
 * dbr_state_tracker_set_file (tracker, path);
 * if (!dbr_state_tracker_save_sync (tracker, device, NULL, &error))
 *   g_warning ("%s", error->message);
 * ```
 *
 * A device is saved with [method@StateTracker.save_async] and put back with
 * [method@StateTracker.restore_async]. What somebody has changed meanwhile is left as it is, be it a
 * person or another program.
 *
 * With a [property@StateTracker:file] all of it outlives the process, with what a program itself
 * remembers of a device by [method@StateTracker.set_attribute]. Several programs may use one file.
 *
 * All functions may be called from any thread. Signals are emitted in the context that the tracker
 * was made in.
 *
 * Since: 0.1
 */

enum
{
  PROP_0,
  PROP_MONITOR,
  PROP_FILE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

enum
{
  SIGNAL_STORAGE_FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (DbrStateTracker, dbr_state_tracker, G_TYPE_OBJECT)

static void
tell_failed_cb (GObject  *tracker,
                gpointer  error)
{
  g_signal_emit (tracker, signals[SIGNAL_STORAGE_FAILED], 0, error);
}

static void
dbr_state_tracker_constructed (GObject *object)
{
  DbrStateTracker *self = DBR_STATE_TRACKER (object);

  self->herald = dbr_herald_new (object);

  G_OBJECT_CLASS (dbr_state_tracker_parent_class)->constructed (object);
}

static void
dbr_state_tracker_dispose (GObject *object)
{
  DbrStateTracker *self = DBR_STATE_TRACKER (object);

  dbr_state_store_remove_herald (self->store, self->herald);

  G_OBJECT_CLASS (dbr_state_tracker_parent_class)->dispose (object);
}

static void
dbr_state_tracker_finalize (GObject *object)
{
  DbrStateTracker *self = DBR_STATE_TRACKER (object);

  g_clear_pointer (&self->mark, dbr_state_mark_unref);
  g_hash_table_unref (self->moments);
  dbr_state_store_unref (self->store);
  dbr_herald_unref (self->herald);
  g_clear_object (&self->monitor);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_state_tracker_parent_class)->finalize (object);
}

static void
dbr_state_tracker_get_property (GObject    *object,
                                guint       prop_id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  DbrStateTracker *self = DBR_STATE_TRACKER (object);

  switch (prop_id)
    {
    case PROP_MONITOR:
      g_value_set_object (value, dbr_state_tracker_get_monitor (self));
      break;

    case PROP_FILE:
      g_value_take_string (value, dbr_state_tracker_get_file (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_state_tracker_set_property (GObject      *object,
                                guint         prop_id,
                                const GValue *value,
                                GParamSpec   *pspec)
{
  DbrStateTracker *self = DBR_STATE_TRACKER (object);

  switch (prop_id)
    {
    case PROP_MONITOR:
      self->monitor = g_value_dup_object (value);
      break;

    case PROP_FILE:
      dbr_state_tracker_set_file (self, g_value_get_string (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_state_tracker_class_init (DbrStateTrackerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dbr_state_tracker_constructed;
  object_class->dispose = dbr_state_tracker_dispose;
  object_class->finalize = dbr_state_tracker_finalize;
  object_class->get_property = dbr_state_tracker_get_property;
  object_class->set_property = dbr_state_tracker_set_property;

  /**
   * DbrStateTracker:monitor: (getter get_monitor)
   *
   * The monitor whose devices it keeps.
   *
   * Since: 0.1
   */
  properties[PROP_MONITOR] =
    g_param_spec_object ("monitor", NULL, NULL,
                         DBR_TYPE_BLUEZ_MONITOR,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrStateTracker:file: (getter get_file) (setter set_file)
   *
   * The path of the file that outlives the process, `NULL` for none. The default is `NULL`.
   *
   * It is read at once, in another thread, and what the tracker has already goes into it. Only the user
   * may read it. It is replaced as a whole, so neither a crash nor a full disk harms it; two
   * programs that use one file both find what either has written.
   *
   * A file that is damaged, of a newer version or something else altogether is set aside under
   * another name. The next function that can fail does so then, once, with `DBR_ERROR_STORAGE`; after
   * that there is a new file. A symbolic link in its place is refused, as is all that is no file.
   *
   * Since: 0.1
   */
  properties[PROP_FILE] =
    g_param_spec_string ("file", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DbrStateTracker::storage-failed:
   * @self: the tracker
   * @error: what is wrong
   *
   * Emitted when the file could not be read, or not be written after something was set. What was not
   * written is so with the next change, if that is possible then.
   *
   * Since: 0.1
   */
  signals[SIGNAL_STORAGE_FAILED] =
    g_signal_new ("storage-failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
dbr_state_tracker_init (DbrStateTracker *self)
{
  g_mutex_init (&self->mutex);
  self->generation = dbr_fork_get_generation ();
  self->store = dbr_state_store_get (NULL);
  self->moments = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                         (GDestroyNotify) dbr_state_moment_unref);
}

/**
 * dbr_state_tracker_new:
 * @monitor: a monitor of BlueZ
 *
 * Makes a tracker, which keeps nothing on disk before it has a [property@StateTracker:file].
 *
 * Returns: (transfer full): a new tracker
 *
 * Since: 0.1
 */
DbrStateTracker *
dbr_state_tracker_new (DbrBluezMonitor *monitor)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (monitor), NULL);

  return g_object_new (DBR_TYPE_STATE_TRACKER, "monitor", monitor, NULL);
}

/* What all functions ask first */

static gboolean
is_address (const char *address)
{
  for (guint i = 0; i < ADDRESS_LENGTH; i++)
    {
      if (i % 3 == 2 ? address[i] != ':' : !g_ascii_isxdigit (address[i]))
        return FALSE;
    }

  return address[ADDRESS_LENGTH] == '\0';
}

char *
dbr_state_tracker_check_address (const char  *address,
                                 GError     **error)
{
  if (is_address (address))
    return g_ascii_strup (address, -1);

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("“%s” is not the address of a device, as 00:1A:7D:DA:71:13"), address);

  return NULL;
}

gboolean
dbr_state_tracker_check_process (DbrStateTracker  *self,
                                 GError          **error)
{
  if (self->generation == dbr_fork_get_generation ())
    return TRUE;

  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_FORKED,
                       _("The tracker was made in the parent process"));

  return FALSE;
}

/* In a child of fork() the lock may be held by a thread that is not there; it is always the same
 * store there. */
DbrStateStore *
dbr_state_tracker_ref_store (DbrStateTracker *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  if (dbr_state_tracker_check_process (self, NULL))
    locker = g_mutex_locker_new (&self->mutex);

  return dbr_state_store_ref (self->store);
}

void
dbr_state_tracker_set_moment (DbrStateTracker *self,
                              const char      *address,
                              DbrStateMoment  *moment)
{
  g_autofree char *old_address = NULL;
  gpointer old = NULL;

  g_mutex_lock (&self->mutex);
  g_hash_table_steal_extended (self->moments, address, (gpointer *) &old_address, &old);
  if (moment != NULL)
    g_hash_table_insert (self->moments, g_strdup (address), moment);
  g_mutex_unlock (&self->mutex);

  g_clear_pointer ((DbrStateMoment **) &old, dbr_state_moment_unref);
}

/**
 * dbr_state_tracker_get_monitor: (get-property monitor)
 * @self: a tracker
 *
 * Gets the monitor whose devices it keeps.
 *
 * Returns: (transfer none): the monitor
 *
 * Since: 0.1
 */
DbrBluezMonitor *
dbr_state_tracker_get_monitor (DbrStateTracker *self)
{
  g_return_val_if_fail (DBR_IS_STATE_TRACKER (self), NULL);

  return self->monitor;
}

/**
 * dbr_state_tracker_get_file: (get-property file)
 * @self: a tracker
 *
 * Gets the file that outlives the process.
 *
 * Returns: (transfer full) (nullable) (type filename): its path, or `NULL` for none
 *
 * Since: 0.1
 */
char *
dbr_state_tracker_get_file (DbrStateTracker *self)
{
  g_autoptr(DbrStateStore) store = NULL;

  g_return_val_if_fail (DBR_IS_STATE_TRACKER (self), NULL);

  store = dbr_state_tracker_ref_store (self);

  return g_strdup (dbr_state_store_get_path (store));
}

/* What is known goes on to be known, and into the new file. */
static void
carry_over (DbrStateStore *from,
            DbrStateStore *to)
{
  g_autoptr(DbrStateBook) book = dbr_state_store_dup_book (from);
  g_autoptr(GPtrArray) changes = dbr_state_book_dup_changes (book);

  while (changes->len > 0)
    dbr_state_store_add (to, g_ptr_array_steal_index (changes, 0));
}

/**
 * dbr_state_tracker_set_file: (set-property file)
 * @self: a tracker
 * @file: (nullable) (type filename): a path, or `NULL` for none
 *
 * Sets the file that outlives the process.
 *
 * Since: 0.1
 */
void
dbr_state_tracker_set_file (DbrStateTracker *self,
                            const char      *file)
{
  g_autoptr(DbrStateStore) store = NULL;
  DbrStateStore *old;

  g_return_if_fail (DBR_IS_STATE_TRACKER (self));

  if (!dbr_state_tracker_check_process (self, NULL))
    return;

  store = dbr_state_store_get (file);
  g_mutex_lock (&self->mutex);
  old = self->store;
  if (g_strcmp0 (dbr_state_store_get_path (old), dbr_state_store_get_path (store)) == 0)
    {
      g_mutex_unlock (&self->mutex);
      return;
    }
  self->store = dbr_state_store_ref (store);
  g_mutex_unlock (&self->mutex);

  dbr_state_store_add_herald (store, self->herald, tell_failed_cb);
  dbr_state_store_remove_herald (old, self->herald);
  carry_over (old, store);
  dbr_state_store_unref (old);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FILE]);
}

/**
 * dbr_state_tracker_get:
 * @self: a tracker
 * @address: the address of a device
 *
 * Gets what is kept of a device. A file that was set just now is waited for, a second at most.
 *
 * Returns: (transfer full) (nullable): the state, or `NULL` if there is none
 *
 * Since: 0.1
 */
DbrDeviceState *
dbr_state_tracker_get (DbrStateTracker *self,
                       const char      *address)
{
  g_autoptr(DbrStateStore) store = NULL;
  g_autofree char *key = NULL;

  g_return_val_if_fail (DBR_IS_STATE_TRACKER (self), NULL);
  g_return_val_if_fail (address != NULL, NULL);

  store = dbr_state_tracker_ref_store (self);
  key = g_ascii_strup (address, -1);

  return dbr_state_store_dup_state (store, key);
}

/**
 * dbr_state_tracker_dup_addresses:
 * @self: a tracker
 *
 * Gets the addresses of all devices of which something is kept. A file that was set just now is
 * waited for, a second at most.
 *
 * Returns: (transfer full) (array zero-terminated=1): the addresses
 *
 * Since: 0.1
 */
char **
dbr_state_tracker_dup_addresses (DbrStateTracker *self)
{
  g_autoptr(DbrStateStore) store = NULL;
  g_autoptr(DbrStateBook) book = NULL;

  g_return_val_if_fail (DBR_IS_STATE_TRACKER (self), NULL);

  store = dbr_state_tracker_ref_store (self);
  book = dbr_state_store_dup_book (store);

  return dbr_state_book_dup_addresses (book);
}

static gboolean
check_attribute (const char  *name,
                 GVariant    *value,
                 GError     **error)
{
  if (*name == '\0' || !g_utf8_validate (name, -1, NULL))
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                           _("An attribute needs a name in UTF-8"));
      return FALSE;
    }

  return value == NULL || dbr_state_book_check_attribute (name, value, error);
}

/**
 * dbr_state_tracker_set_attribute:
 * @self: a tracker
 * @address: the address of a device, which need not be known
 * @name: a name of the program's choice
 * @value: (nullable): a value of any type that a file of 16 MiB has room for, or `NULL` to have no
 *   such attribute any more
 * @error: return location for an error
 *
 * Remembers something of a device.
 *
 * It is known at once, and soon in the file; who needs to know when asks
 * [method@StateTracker.flush_async].
 *
 * Returns: `TRUE` if it is kept
 *
 * Since: 0.1
 */
gboolean
dbr_state_tracker_set_attribute (DbrStateTracker  *self,
                                 const char       *address,
                                 const char       *name,
                                 GVariant         *value,
                                 GError          **error)
{
  g_autoptr(GVariant) owned = value != NULL ? g_variant_ref_sink (value) : NULL;
  g_autoptr(DbrStateStore) store = NULL;
  g_autofree char *key = NULL;

  g_return_val_if_fail (DBR_IS_STATE_TRACKER (self), FALSE);
  g_return_val_if_fail (address != NULL, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  key = dbr_state_tracker_check_address (address, error);
  if (key == NULL || !check_attribute (name, owned, error)
      || !dbr_state_tracker_check_process (self, error))
    return FALSE;

  store = dbr_state_tracker_ref_store (self);
  if (!dbr_state_store_check (store, error))
    return FALSE;

  dbr_state_store_add (store, dbr_state_change_new_attribute (key, name, owned));

  return TRUE;
}

/**
 * dbr_state_tracker_forget:
 * @self: a tracker
 * @address: the address of a device
 *
 * Forgets all that is kept of a device. It is gone from the file soon.
 *
 * Since: 0.1
 */
void
dbr_state_tracker_forget (DbrStateTracker *self,
                          const char      *address)
{
  g_autoptr(DbrStateStore) store = NULL;
  g_autofree char *key = NULL;

  g_return_if_fail (DBR_IS_STATE_TRACKER (self));
  g_return_if_fail (address != NULL);

  if (!dbr_state_tracker_check_process (self, NULL))
    return;

  key = g_ascii_strup (address, -1);
  dbr_state_tracker_set_moment (self, key, NULL);
  store = dbr_state_tracker_ref_store (self);
  dbr_state_store_add (store, dbr_state_change_new_forgotten (key));
}
