/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-timeouts.h"
#include "policy/dbr-timeouts-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-request-private.h"
#include "policy/dbr-timeout-rules-private.h"

#define DEFAULT_OPERATION "default"
#define ACTIVATE_OPERATION "activate"
/**
 * DbrTimeouts:
 *
 * How long each kind of operation may take.
 *
 * A call has one limit over everything: waiting in a queue, starting the service, and each
 * attempt. Unless the call says it itself, the limit is that of its operation, and the operation
 * is found from the interface and the member of the call, which have to be exactly those of an
 * entry: what is known of `Connect` says nothing of `Disconnect`. What has no entry is the
 * operation `default`.
 *
 * The operations of the bus, BlueZ, systemd and the notification services are known from the start.
 * Their limits can be changed, and operations of one's own added:
 *
 * ```c
 * g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
 *
 * dbr_timeouts_set (timeouts, "export", 60000, &error);
 * dbr_timeouts_map (timeouts, "org.example.Documents", "ExportAll", "export", &error);
 * ```
 *
 * A limit is from 1 ms to 24 hours. All functions may be called from any thread, and a change
 * holds for the calls that begin after it.
 *
 * Since: 0.1
 */
struct _DbrTimeouts
{
  GObject          parent_instance;

  const char      *default_operation;

  /* guarded by mutex: what differs from what ships */
  GMutex           mutex;
  DbrTimeoutRules *rules;
  /* what each call asks for besides its own limit, 0 if it has to be looked up anew */
  guint            default_ms;
  guint            activate_ms;
};

G_DEFINE_FINAL_TYPE (DbrTimeouts, dbr_timeouts, G_TYPE_OBJECT)

/* The interned form of a name, which makes no new one of a name that nobody knows. */
static const char *
find_interned (const char *name)
{
  return g_quark_to_string (g_quark_try_string (name));
}

static guint
dbr_timeouts_get_limit_locked (DbrTimeouts *self,
                               const char  *operation)
{
  guint ms = dbr_timeout_rules_find_limit (self->rules, operation);

  return ms != 0 ? ms : dbr_timeout_rules_find_limit (self->rules, self->default_operation);
}

static const char *
dbr_timeouts_get_method_locked (DbrTimeouts *self,
                                const char  *interface_name,
                                const char  *member)
{
  const char *operation = dbr_timeout_rules_find_method (self->rules, interface_name, member);

  return operation != NULL ? operation : self->default_operation;
}

static const char *
dbr_timeouts_get_write_locked (DbrTimeouts *self,
                               const char  *interface_name,
                               const char  *property_name)
{
  const char *operation = dbr_timeout_rules_find_write (self->rules, interface_name, property_name);

  return operation != NULL
         ? operation
         : dbr_timeouts_get_method_locked (self, DBR_PROPERTIES_INTERFACE, "Set");
}

static void
dbr_timeouts_forget_locked (DbrTimeouts *self)
{
  self->default_ms = 0;
  self->activate_ms = 0;
}

/* Takes all of @more or nothing of it. */
static gboolean
dbr_timeouts_take_rules (DbrTimeouts      *self,
                         DbrTimeoutRules  *more,
                         GError          **error)
{
  guint ms = 0;
  const char *short_operation = dbr_timeout_rules_find_short (more, &ms);
  gboolean is_ok;

  g_mutex_lock (&self->mutex);
  is_ok = dbr_timeout_rules_check_mapped (more, self->rules, error);
  if (is_ok)
    dbr_timeout_rules_take (self->rules, more);
  dbr_timeouts_forget_locked (self);
  g_mutex_unlock (&self->mutex);

  if (is_ok && short_operation != NULL)
    dbr_check_short_timeout (short_operation, ms);

  return is_ok;
}

static void
dbr_timeouts_finalize (GObject *object)
{
  DbrTimeouts *self = DBR_TIMEOUTS (object);

  g_clear_pointer (&self->rules, dbr_timeout_rules_free);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_timeouts_parent_class)->finalize (object);
}

static void
dbr_timeouts_class_init (DbrTimeoutsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_timeouts_finalize;
}

static void
dbr_timeouts_init (DbrTimeouts *self)
{
  self->default_operation = g_intern_static_string (DEFAULT_OPERATION);

  g_mutex_init (&self->mutex);
  self->rules = dbr_timeout_rules_new ();
}

/**
 * dbr_timeouts_new:
 *
 * Creates the limits that ship.
 *
 * Returns: (transfer full): new limits
 *
 * Since: 0.1
 */
DbrTimeouts *
dbr_timeouts_new (void)
{
  return g_object_new (DBR_TYPE_TIMEOUTS, NULL);
}

/**
 * dbr_timeouts_get:
 * @self: the limits
 * @operation: the name of an operation
 *
 * Gets the limit of an operation.
 *
 * An operation that is not known has the limit of `default`.
 *
 * Returns: the limit in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_timeouts_get (DbrTimeouts *self,
                  const char  *operation)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_TIMEOUTS (self), 0);
  g_return_val_if_fail (operation != NULL, 0);

  locker = g_mutex_locker_new (&self->mutex);

  return dbr_timeouts_get_limit_locked (self, find_interned (operation));
}

/**
 * dbr_timeouts_set:
 * @self: the limits
 * @operation: the name of an operation, known or new
 * @ms: the limit in milliseconds, from 1 to 86400000
 * @error: return location for an error
 *
 * Sets the limit of an operation.
 *
 * A limit below 10 ms works, but is named once in the log: it was perhaps meant in seconds.
 *
 * Returns: whether the values are allowed; if not, nothing has changed
 *
 * Since: 0.1
 */
gboolean
dbr_timeouts_set (DbrTimeouts  *self,
                  const char   *operation,
                  guint         ms,
                  GError      **error)
{
  g_autoptr(DbrTimeoutRules) more = NULL;

  g_return_val_if_fail (DBR_IS_TIMEOUTS (self), FALSE);
  g_return_val_if_fail (operation != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  more = dbr_timeout_rules_new ();

  return dbr_timeout_rules_add_limit (more, operation, ms, error)
         && dbr_timeouts_take_rules (self, more, error);
}

/**
 * dbr_timeouts_unset:
 * @self: the limits
 * @operation: the name of an operation
 *
 * Takes back what was set for an operation.
 *
 * An operation that ships has its own limit again. One that does not is forgotten, and what was
 * mapped to it is again what it was before.
 *
 * Since: 0.1
 */
void
dbr_timeouts_unset (DbrTimeouts *self,
                    const char  *operation)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_if_fail (DBR_IS_TIMEOUTS (self));
  g_return_if_fail (operation != NULL);

  locker = g_mutex_locker_new (&self->mutex);

  dbr_timeout_rules_remove (self->rules, find_interned (operation));
  dbr_timeouts_forget_locked (self);
}

/**
 * dbr_timeouts_dup_operations:
 * @self: the limits
 *
 * Lists all operations that have a limit.
 *
 * Returns: (transfer full) (array zero-terminated=1): their names, sorted
 *
 * Since: 0.1
 */
char **
dbr_timeouts_dup_operations (DbrTimeouts *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_TIMEOUTS (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return dbr_timeout_rules_dup_operations (self->rules);
}

/**
 * dbr_timeouts_map:
 * @self: the limits
 * @interface_name: the interface of a method
 * @member: the name of the method
 * @operation: the name of a known operation
 * @error: return location for an error
 *
 * Says which operation a method is.
 *
 * Returns: whether the values are allowed; if not, nothing has changed
 *
 * Since: 0.1
 */
gboolean
dbr_timeouts_map (DbrTimeouts  *self,
                  const char   *interface_name,
                  const char   *member,
                  const char   *operation,
                  GError      **error)
{
  g_autoptr(DbrTimeoutRules) more = NULL;

  g_return_val_if_fail (DBR_IS_TIMEOUTS (self), FALSE);
  g_return_val_if_fail (interface_name != NULL, FALSE);
  g_return_val_if_fail (member != NULL, FALSE);
  g_return_val_if_fail (operation != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  more = dbr_timeout_rules_new ();

  return dbr_timeout_rules_add_method (more, interface_name, member, operation, error)
         && dbr_timeouts_take_rules (self, more, error);
}

/**
 * dbr_timeouts_lookup:
 * @self: the limits
 * @interface_name: the interface of a method
 * @member: the name of the method
 * @ms: (out) (optional): return location for the limit in milliseconds
 *
 * Finds which operation a method is, and its limit.
 *
 * Both names have to be exactly those of an entry. A method without one is the operation `default`.
 *
 * Returns: (transfer full): the name of the operation
 *
 * Since: 0.1
 */
char *
dbr_timeouts_lookup (DbrTimeouts *self,
                     const char  *interface_name,
                     const char  *member,
                     guint       *ms)
{
  const char *operation;
  guint limit;

  g_return_val_if_fail (DBR_IS_TIMEOUTS (self), NULL);
  g_return_val_if_fail (interface_name != NULL, NULL);
  g_return_val_if_fail (member != NULL, NULL);

  limit = dbr_timeouts_lookup_fast (self, interface_name, member, &operation);
  if (ms != NULL)
    *ms = limit;

  return g_strdup (operation);
}

guint
dbr_timeouts_get_default (DbrTimeouts *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->default_ms == 0)
    self->default_ms = dbr_timeouts_get_limit_locked (self, self->default_operation);

  return self->default_ms;
}

guint
dbr_timeouts_get_activate (DbrTimeouts *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->activate_ms == 0)
    self->activate_ms = dbr_timeouts_get_limit_locked (self, find_interned (ACTIVATE_OPERATION));

  return self->activate_ms;
}

guint
dbr_timeouts_lookup_fast (DbrTimeouts  *self,
                          const char   *interface_name,
                          const char   *member,
                          const char  **operation)
{
  const char *found;
  guint ms;

  g_mutex_lock (&self->mutex);
  found = dbr_timeouts_get_method_locked (self, interface_name, member);
  ms = dbr_timeouts_get_limit_locked (self, found);
  g_mutex_unlock (&self->mutex);

  if (operation != NULL)
    *operation = found;

  return ms;
}

guint
dbr_timeouts_lookup_write (DbrTimeouts  *self,
                           const char   *interface_name,
                           const char   *property_name,
                           const char  **operation)
{
  const char *found;
  guint ms;

  g_mutex_lock (&self->mutex);
  found = dbr_timeouts_get_write_locked (self, interface_name, property_name);
  ms = dbr_timeouts_get_limit_locked (self, found);
  g_mutex_unlock (&self->mutex);

  if (operation != NULL)
    *operation = found;

  return ms;
}

static gboolean
dbr_timeouts_load (DbrTimeouts  *self,
                   const char   *text,
                   gsize         length,
                   GError      **error)
{
  g_autoptr(GKeyFile) file = g_key_file_new ();
  g_autoptr(DbrTimeoutRules) more = dbr_timeout_rules_new ();
  g_autoptr(GError) local_error = NULL;

  if (!g_utf8_validate (text, length, NULL))
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                           _("The text is not valid UTF-8"));
      return FALSE;
    }

  if (!g_key_file_load_from_data (file, text, length, G_KEY_FILE_KEEP_TRANSLATIONS, &local_error))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The text is not a key file: %s"), local_error->message);
      return FALSE;
    }

  return dbr_timeout_rules_read (more, file, error)
         && dbr_timeouts_take_rules (self, more, error);
}

/**
 * dbr_timeouts_load_file:
 * @self: the limits
 * @path: (type filename): the path of a key file
 * @error: return location for an error
 *
 * Changes the limits as a file says, all of it or nothing.
 *
 * The file is read at once and in the thread that calls. See [method@Timeouts.load_data] for its
 * form.
 *
 * Returns: whether the file could be read and all its values are allowed; if not, nothing has
 * changed
 *
 * Since: 0.1
 */
gboolean
dbr_timeouts_load_file (DbrTimeouts  *self,
                        const char   *path,
                        GError      **error)
{
  g_autoptr(GError) local_error = NULL;
  g_autofree char *text = NULL;
  gsize length;

  g_return_val_if_fail (DBR_IS_TIMEOUTS (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!g_file_get_contents (path, &text, &length, &local_error))
    {
      /* The message of GLib names the file and the reason. */
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_STORAGE, local_error->message);
      return FALSE;
    }

  if (!dbr_timeouts_load (self, text, length, error))
    {
      g_autofree char *shown = g_filename_display_name (path);

      g_prefix_error (error, "%s: ", shown);
      return FALSE;
    }

  return TRUE;
}

/**
 * dbr_timeouts_load_data:
 * @self: the limits
 * @text: the content of a key file
 * @error: return location for an error
 *
 * Changes the limits as a text says, all of it or nothing.
 *
 * The group `limits` has the limits of operations in milliseconds, known or new. The group `map`
 * says which operation a method is, and the group `writes` which one the writing of a property is:
 *
 * ```ini
 * [limits]
 * connect=60000
 * export=120000
 *
 * [map]
 * org.example.Documents.ExportAll=export
 *
 * [writes]
 * org.example.Printer.Online=connect
 * ```
 *
 * Another group, a name that D-Bus does not allow or a value that is not a limit is an error, which
 * names the group, the key and the value.
 *
 * Returns: whether all values are allowed; if not, nothing has changed
 *
 * Since: 0.1
 */
gboolean
dbr_timeouts_load_data (DbrTimeouts  *self,
                        const char   *text,
                        GError      **error)
{
  g_return_val_if_fail (DBR_IS_TIMEOUTS (self), FALSE);
  g_return_val_if_fail (text != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return dbr_timeouts_load (self, text, strlen (text), error);
}
