/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-unit-private.h"

#include <string.h>

#include "base/dbr-herald-private.h"

/**
 * DbrUnit:
 *
 * A unit of systemd: a service, a socket, a timer, a mount and so on.
 *
 * It comes from a [class@SystemdMonitor]. What is known of it is in its properties, without a call;
 * what is not known is `NULL` or -1, and nothing is made up. A unit out of a list has its states
 * only; [method@Unit.refresh_async] reads the rest. Where the monitor watches a unit, changes are
 * told by `notify`. Memory, time of the processor and whether it is started by itself, of which
 * systemd never tells, are read by a refresh only.
 *
 * ```c
 * g_autoptr(DbrUnit) unit = dbr_systemd_monitor_get_unit_sync (monitor, "cups", NULL, &error);
 *
 * if (unit != NULL && !dbr_unit_restart_sync (unit, DBR_UNIT_FLAGS_INTERACTIVE, NULL, &error))
 *   g_warning ("%s", error->message);
 * ```
 *
 * Starting and the like wait for the job that does it, and fail with `DBR_ERROR_JOB_FAILED` where
 * it ends otherwise than it should. A limit that is reached, or a cancellation, ends the waiting,
 * and not the job. A start of which a condition does not hold is no failure for systemd, nor here:
 * [method@Unit.explain_async] tells of that.
 *
 * A unit outlives its monitor, but is told of no changes then.
 *
 * ## Threads
 *
 * Any thread may use it. `notify` is emitted in the context in which it was got.
 *
 * Since: 0.1
 */

/* What is known. Texts are interned, because another thread may put others in their place while one
 * is read. */
typedef struct
{
  const char  *description;
  const char  *load_state;
  const char  *active_state;
  const char  *sub_state;
  const char  *file_state;
  int          main_pid;
  gint64       memory_bytes;
  gint64       cpu_usec;
  gint64       active_since_usec;
  const char  *result;
  int          restarts;
  /* what is told of the last time, whether it runs or not */
  gint64       active_enter_usec;
} State;

struct _DbrUnit
{
  GObject         parent_instance;

  /* identity */
  char           *name;
  DbrSystemdLine *line;
  DbrHerald      *herald;

  GMutex          mutex;

  /* guarded by mutex */
  State           state;
  guint64         refused_usec;
};

enum
{
  PROP_0,
  PROP_NAME,
  PROP_DESCRIPTION,
  PROP_LOAD_STATE,
  PROP_ACTIVE_STATE,
  PROP_SUB_STATE,
  PROP_FILE_STATE,
  PROP_MAIN_PID,
  PROP_MEMORY_BYTES,
  PROP_CPU_USEC,
  PROP_ACTIVE_SINCE_USEC,
  PROP_RESULT,
  PROP_RESTARTS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FLAGS_TYPE (DbrUnitFlags, dbr_unit_flags,
                     G_DEFINE_ENUM_VALUE (DBR_UNIT_FLAGS_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (DBR_UNIT_FLAGS_INTERACTIVE, "interactive"),
                     G_DEFINE_ENUM_VALUE (DBR_UNIT_FLAGS_RUNTIME, "runtime"),
                     G_DEFINE_ENUM_VALUE (DBR_UNIT_FLAGS_MASK, "mask"))

G_DEFINE_FINAL_TYPE (DbrUnit, dbr_unit, G_TYPE_OBJECT)

static const char *
intern (const char *text)
{
  return *text != '\0' ? g_intern_string (text) : NULL;
}

static void
take_text (const char **place,
           GVariant    *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    *place = intern (g_variant_get_string (value, NULL));
}

/* systemd says that it does not count something by the largest number there is. */
static void
take_counter (gint64   *place,
              GVariant *value,
              guint64   unit)
{
  guint64 number;

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
    return;

  number = g_variant_get_uint64 (value);
  *place = number != G_MAXUINT64 ? (gint64) (number / unit) : -1;
}

static void
take_number (int      *place,
             GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    *place = (int) MIN (g_variant_get_uint32 (value), G_MAXINT);
}

static void
state_take (State      *self,
            const char *name,
            GVariant   *value)
{
  if (strcmp (name, "Description") == 0)
    take_text (&self->description, value);
  else if (strcmp (name, "LoadState") == 0)
    take_text (&self->load_state, value);
  else if (strcmp (name, "ActiveState") == 0)
    take_text (&self->active_state, value);
  else if (strcmp (name, "SubState") == 0)
    take_text (&self->sub_state, value);
  else if (strcmp (name, "UnitFileState") == 0)
    take_text (&self->file_state, value);
  else if (strcmp (name, "Result") == 0)
    take_text (&self->result, value);
  else if (strcmp (name, "MainPID") == 0)
    take_number (&self->main_pid, value);
  else if (strcmp (name, "NRestarts") == 0)
    take_number (&self->restarts, value);
  else if (strcmp (name, "MemoryCurrent") == 0)
    take_counter (&self->memory_bytes, value, 1);
  else if (strcmp (name, "CPUUsageNSec") == 0)
    take_counter (&self->cpu_usec, value, 1000);
  else if (strcmp (name, "ActiveEnterTimestamp") == 0)
    take_counter (&self->active_enter_usec, value, 1);
}

static gboolean
state_is_active (const State *self)
{
  return g_strcmp0 (self->active_state, "active") == 0
         || g_strcmp0 (self->active_state, "reloading") == 0;
}

/* Which properties differ, a bit each. */
static guint
state_compare (const State *self,
               const State *other)
{
  guint changed = 0;

  changed |= (self->description != other->description) << PROP_DESCRIPTION;
  changed |= (self->load_state != other->load_state) << PROP_LOAD_STATE;
  changed |= (self->active_state != other->active_state) << PROP_ACTIVE_STATE;
  changed |= (self->sub_state != other->sub_state) << PROP_SUB_STATE;
  changed |= (self->file_state != other->file_state) << PROP_FILE_STATE;
  changed |= (self->main_pid != other->main_pid) << PROP_MAIN_PID;
  changed |= (self->memory_bytes != other->memory_bytes) << PROP_MEMORY_BYTES;
  changed |= (self->cpu_usec != other->cpu_usec) << PROP_CPU_USEC;
  changed |= (self->active_since_usec != other->active_since_usec) << PROP_ACTIVE_SINCE_USEC;
  changed |= (self->result != other->result) << PROP_RESULT;
  changed |= (self->restarts != other->restarts) << PROP_RESTARTS;

  return changed;
}

static void
tell_changed (GObject  *object,
              gpointer  news)
{
  guint changed = GPOINTER_TO_UINT (news);

  g_object_freeze_notify (object);
  for (guint i = 1; i < N_PROPS; i++)
    {
      if (changed & (1u << i))
        g_object_notify_by_pspec (object, properties[i]);
    }
  g_object_thaw_notify (object);
}

static State
dbr_unit_get_state (DbrUnit *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->state;
}

static void
dbr_unit_finalize (GObject *object)
{
  DbrUnit *self = DBR_UNIT (object);

  g_clear_object (&self->line);
  g_clear_pointer (&self->herald, dbr_herald_unref);
  g_clear_pointer (&self->name, g_free);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_unit_parent_class)->finalize (object);
}

static void
dbr_unit_get_property (GObject    *object,
                       guint       prop_id,
                       GValue     *value,
                       GParamSpec *pspec)
{
  DbrUnit *self = DBR_UNIT (object);
  State state = dbr_unit_get_state (self);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;

    case PROP_DESCRIPTION:
      g_value_set_string (value, state.description);
      break;

    case PROP_LOAD_STATE:
      g_value_set_string (value, state.load_state);
      break;

    case PROP_ACTIVE_STATE:
      g_value_set_string (value, state.active_state);
      break;

    case PROP_SUB_STATE:
      g_value_set_string (value, state.sub_state);
      break;

    case PROP_FILE_STATE:
      g_value_set_string (value, state.file_state);
      break;

    case PROP_MAIN_PID:
      g_value_set_int (value, state.main_pid);
      break;

    case PROP_MEMORY_BYTES:
      g_value_set_int64 (value, state.memory_bytes);
      break;

    case PROP_CPU_USEC:
      g_value_set_int64 (value, state.cpu_usec);
      break;

    case PROP_ACTIVE_SINCE_USEC:
      g_value_set_int64 (value, state.active_since_usec);
      break;

    case PROP_RESULT:
      g_value_set_string (value, state.result);
      break;

    case PROP_RESTARTS:
      g_value_set_int (value, state.restarts);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_text (guint       prop_id,
              const char *name)
{
  properties[prop_id] =
    g_param_spec_string (name, NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
install_int (guint       prop_id,
             const char *name)
{
  properties[prop_id] =
    g_param_spec_int (name, NULL, NULL,
                      -1, G_MAXINT, -1,
                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
install_int64 (guint       prop_id,
               const char *name)
{
  properties[prop_id] =
    g_param_spec_int64 (name, NULL, NULL,
                        -1, G_MAXINT64, -1,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
dbr_unit_class_init (DbrUnitClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_unit_finalize;
  object_class->get_property = dbr_unit_get_property;

  /**
   * DbrUnit:name: (getter get_name)
   *
   * The name as systemd has it, with its suffix: for a name that is an alias, that of the unit
   * it stands for.
   *
   * Since: 0.1
   */
  install_text (PROP_NAME, "name");

  /**
   * DbrUnit:description: (getter get_description)
   *
   * What it is, in the words of who made it; `NULL` until it is known.
   *
   * Since: 0.1
   */
  install_text (PROP_DESCRIPTION, "description");

  /**
   * DbrUnit:load-state: (getter get_load_state)
   *
   * Whether systemd knows it: `loaded`, `not-found` if it is not installed, `masked`,
   * `bad-setting`, `error`; `NULL` until it is known.
   *
   * Since: 0.1
   */
  install_text (PROP_LOAD_STATE, "load-state");

  /**
   * DbrUnit:active-state: (getter get_active_state)
   *
   * Whether it runs: `active`, `reloading`, `inactive`, `failed`, `activating`,
   * `deactivating`, `maintenance`; `NULL` until it is known.
   *
   * Since: 0.1
   */
  install_text (PROP_ACTIVE_STATE, "active-state");

  /**
   * DbrUnit:sub-state: (getter get_sub_state)
   *
   * The state in the words of its type, as `running` or `exited` of a service; `NULL` until it
   * is known.
   *
   * Since: 0.1
   */
  install_text (PROP_SUB_STATE, "sub-state");

  /**
   * DbrUnit:file-state: (getter get_file_state)
   *
   * Whether it is started by itself: `enabled`, `disabled`, `static`, `masked` and others;
   * `NULL` if it is not known, or where there is no file.
   *
   * Since: 0.1
   */
  install_text (PROP_FILE_STATE, "file-state");

  /**
   * DbrUnit:main-pid: (getter get_main_pid)
   *
   * Its main process, 0 while there is none, -1 if it is not known.
   *
   * Since: 0.1
   */
  install_int (PROP_MAIN_PID, "main-pid");

  /**
   * DbrUnit:memory-bytes: (getter get_memory_bytes)
   *
   * How much memory all its processes use, -1 if systemd does not count it or it is not known.
   *
   * Since: 0.1
   */
  install_int64 (PROP_MEMORY_BYTES, "memory-bytes");

  /**
   * DbrUnit:cpu-usec: (getter get_cpu_usec)
   *
   * How much time of the processor all its processes took, in microseconds; -1 if systemd does
   * not count it or it is not known.
   *
   * Since: 0.1
   */
  install_int64 (PROP_CPU_USEC, "cpu-usec");

  /**
   * DbrUnit:active-since-usec: (getter get_active_since_usec)
   *
   * Since when it runs, in microseconds of wall clock time as [func@GLib.get_real_time] gives
   * it; -1 while it does not, or if it is not known.
   *
   * Since: 0.1
   */
  install_int64 (PROP_ACTIVE_SINCE_USEC, "active-since-usec");

  /**
   * DbrUnit:result: (getter get_result)
   *
   * How it ended last, as `success`, `exit-code`, `timeout` or `start-limit-hit`; `NULL` if it
   * is not known, or of no meaning for its type.
   *
   * Since: 0.1
   */
  install_text (PROP_RESULT, "result");

  /**
   * DbrUnit:restarts: (getter get_restarts)
   *
   * How often systemd has restarted it by itself, -1 if it is not known.
   *
   * Since: 0.1
   */
  install_int (PROP_RESTARTS, "restarts");

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_unit_init (DbrUnit *self)
{
  g_mutex_init (&self->mutex);
  self->state.main_pid = -1;
  self->state.memory_bytes = -1;
  self->state.cpu_usec = -1;
  self->state.active_since_usec = -1;
  self->state.restarts = -1;
  self->state.active_enter_usec = -1;
}

DbrUnit *
dbr_unit_new (DbrSystemdLine *line,
              const char     *name)
{
  DbrUnit *self = g_object_new (DBR_TYPE_UNIT, NULL);

  self->line = g_object_ref (line);
  self->name = g_strdup (name);
  self->herald = dbr_herald_new (G_OBJECT (self));

  return self;
}

DbrSystemdLine *
dbr_unit_get_line (DbrUnit *self)
{
  return self->line;
}

gboolean
dbr_unit_has_details (DbrUnit *self)
{
  State state = dbr_unit_get_state (self);

  return state.active_enter_usec >= 0 || state.main_pid >= 0 || state.result != NULL;
}

void
dbr_unit_set_refused_usec (DbrUnit *self,
                           guint64  refused_usec)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->refused_usec = refused_usec;
}

guint64
dbr_unit_get_refused_usec (DbrUnit *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->refused_usec;
}

/* Returns what has changed since @old_state, a bit for each property. */
static guint
dbr_unit_settle_locked (DbrUnit     *self,
                        const State *old_state)
{
  State *state = &self->state;

  state->active_since_usec = -1;
  if (state_is_active (state) && state->active_enter_usec > 0)
    state->active_since_usec = state->active_enter_usec;

  return state_compare (old_state, state);
}

static void
dbr_unit_tell (DbrUnit *self,
               guint    changed)
{
  if (changed != 0)
    dbr_herald_tell (self->herald, tell_changed, GUINT_TO_POINTER (changed), NULL);
}

void
dbr_unit_apply (DbrUnit  *self,
                GVariant *values)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;
  State old_state;
  guint changed;

  g_mutex_lock (&self->mutex);
  old_state = self->state;
  g_variant_iter_init (&iter, values);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      state_take (&self->state, name, value);
      g_variant_unref (value);
    }
  changed = dbr_unit_settle_locked (self, &old_state);
  g_mutex_unlock (&self->mutex);

  dbr_unit_tell (self, changed);
}

void
dbr_unit_apply_entry (DbrUnit  *self,
                      GVariant *entry)
{
  const char *description, *load_state, *active_state, *sub_state;
  State old_state;
  guint changed;

  g_variant_get (entry, "(&s&s&s&s&s&s&ou&s&o)", NULL, &description, &load_state, &active_state,
                 &sub_state, NULL, NULL, NULL, NULL, NULL);

  g_mutex_lock (&self->mutex);
  old_state = self->state;
  self->state.description = intern (description);
  self->state.load_state = intern (load_state);
  self->state.active_state = intern (active_state);
  self->state.sub_state = intern (sub_state);
  changed = dbr_unit_settle_locked (self, &old_state);
  g_mutex_unlock (&self->mutex);

  dbr_unit_tell (self, changed);
}

/**
 * dbr_unit_get_name: (get-property name)
 * @self: a unit
 *
 * Gets its name.
 *
 * Returns: the name
 *
 * Since: 0.1
 */
const char *
dbr_unit_get_name (DbrUnit *self)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), NULL);

  return self->name;
}

/**
 * dbr_unit_get_description: (get-property description)
 * @self: a unit
 *
 * Gets what it is.
 *
 * Returns: (nullable): the text
 *
 * Since: 0.1
 */
const char *
dbr_unit_get_description (DbrUnit *self)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), NULL);

  return dbr_unit_get_state (self).description;
}

/**
 * dbr_unit_get_load_state: (get-property load-state)
 * @self: a unit
 *
 * Gets whether systemd knows it.
 *
 * Returns: (nullable): the text
 *
 * Since: 0.1
 */
const char *
dbr_unit_get_load_state (DbrUnit *self)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), NULL);

  return dbr_unit_get_state (self).load_state;
}

/**
 * dbr_unit_get_active_state: (get-property active-state)
 * @self: a unit
 *
 * Gets whether it runs.
 *
 * Returns: (nullable): the text
 *
 * Since: 0.1
 */
const char *
dbr_unit_get_active_state (DbrUnit *self)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), NULL);

  return dbr_unit_get_state (self).active_state;
}

/**
 * dbr_unit_get_sub_state: (get-property sub-state)
 * @self: a unit
 *
 * Gets its state in detail.
 *
 * Returns: (nullable): the text
 *
 * Since: 0.1
 */
const char *
dbr_unit_get_sub_state (DbrUnit *self)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), NULL);

  return dbr_unit_get_state (self).sub_state;
}

/**
 * dbr_unit_get_file_state: (get-property file-state)
 * @self: a unit
 *
 * Gets whether it is started by itself.
 *
 * Returns: (nullable): the text
 *
 * Since: 0.1
 */
const char *
dbr_unit_get_file_state (DbrUnit *self)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), NULL);

  return dbr_unit_get_state (self).file_state;
}

/**
 * dbr_unit_get_main_pid: (get-property main-pid)
 * @self: a unit
 *
 * Gets its main process.
 *
 * Returns: the number of the process, 0 for none, -1 if it is not known
 *
 * Since: 0.1
 */
int
dbr_unit_get_main_pid (DbrUnit *self)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), -1);

  return dbr_unit_get_state (self).main_pid;
}

/**
 * dbr_unit_get_memory_bytes: (get-property memory-bytes)
 * @self: a unit
 *
 * Gets how much memory it uses.
 *
 * Returns: the bytes, -1 if it is not known
 *
 * Since: 0.1
 */
gint64
dbr_unit_get_memory_bytes (DbrUnit *self)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), -1);

  return dbr_unit_get_state (self).memory_bytes;
}

/**
 * dbr_unit_get_cpu_usec: (get-property cpu-usec)
 * @self: a unit
 *
 * Gets how much time of the processor it took.
 *
 * Returns: the time in microseconds, -1 if it is not known
 *
 * Since: 0.1
 */
gint64
dbr_unit_get_cpu_usec (DbrUnit *self)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), -1);

  return dbr_unit_get_state (self).cpu_usec;
}

/**
 * dbr_unit_get_active_since_usec: (get-property active-since-usec)
 * @self: a unit
 *
 * Gets since when it runs.
 *
 * Returns: the wall clock time in microseconds, -1 if it does not run
 *
 * Since: 0.1
 */
gint64
dbr_unit_get_active_since_usec (DbrUnit *self)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), -1);

  return dbr_unit_get_state (self).active_since_usec;
}

/**
 * dbr_unit_get_result: (get-property result)
 * @self: a unit
 *
 * Gets how it ended last.
 *
 * Returns: (nullable): the text
 *
 * Since: 0.1
 */
const char *
dbr_unit_get_result (DbrUnit *self)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), NULL);

  return dbr_unit_get_state (self).result;
}

/**
 * dbr_unit_get_restarts: (get-property restarts)
 * @self: a unit
 *
 * Gets how often systemd has restarted it.
 *
 * Returns: how often, -1 if it is not known
 *
 * Since: 0.1
 */
int
dbr_unit_get_restarts (DbrUnit *self)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), -1);

  return dbr_unit_get_state (self).restarts;
}
