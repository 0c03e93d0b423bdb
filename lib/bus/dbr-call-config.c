/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-call-private.h"

#include <gio/gunixfdlist.h>

#include "policy/dbr-services-private.h"

/* What a call asks for, as its user may change it until it is run. */

static const GVariantType *
intern_type (const GVariantType *type)
{
  g_autofree char *text = type != NULL ? g_variant_type_dup_string (type) : NULL;

  return (const GVariantType *) g_intern_string (text);
}

static gboolean
strv_is_equal (const char * const *a,
               const char * const *b)
{
  return a == b || (a != NULL && b != NULL && g_strv_equal (a, b));
}

static guint
dbr_call_read_number (DbrCall     *self,
                      const guint *number)
{
  guint value;

  g_mutex_lock (&self->mutex);
  value = *number;
  g_mutex_unlock (&self->mutex);

  return value;
}

static void
dbr_call_write_number (DbrCall    *self,
                       const char *name,
                       guint      *number,
                       guint       value)
{
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  is_new = *number != value;
  *number = value;
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify (G_OBJECT (self), name);
}

static gboolean
dbr_call_read_flag (DbrCall        *self,
                    const gboolean *flag)
{
  gboolean value;

  g_mutex_lock (&self->mutex);
  value = *flag;
  g_mutex_unlock (&self->mutex);

  return value;
}

static void
dbr_call_write_flag (DbrCall    *self,
                     const char *name,
                     gboolean   *flag,
                     gboolean    value)
{
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  is_new = *flag != !!value;
  *flag = !!value;
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify (G_OBJECT (self), name);
}

/* Some services must not be started by a call that comes by; which, data/ knows. */
static gboolean
dbr_call_get_auto_start_locked (DbrCall *self)
{
  if (self->has_auto_start || self->bus_name == NULL)
    return self->is_auto_start;

  return dbr_services_may_activate (self->bus_name);
}

/**
 * dbr_call_get_reply_type: (get-property reply-type)
 * @self: a call
 *
 * Gets the type that the answer must have.
 *
 * Returns: (transfer none) (nullable): the type, or `NULL` where any answer is taken
 *
 * Since: 0.1
 */
const GVariantType *
dbr_call_get_reply_type (DbrCall *self)
{
  const GVariantType *reply_type;

  g_return_val_if_fail (DBR_IS_CALL (self), NULL);

  g_mutex_lock (&self->mutex);
  reply_type = self->reply_type;
  g_mutex_unlock (&self->mutex);

  return reply_type;
}

/**
 * dbr_call_set_reply_type: (set-property reply-type)
 * @self: a call
 * @reply_type: (nullable): a tuple type, or `NULL` to take any answer
 *
 * Sets the type that the answer must have.
 *
 * Since: 0.1
 */
void
dbr_call_set_reply_type (DbrCall            *self,
                         const GVariantType *reply_type)
{
  const GVariantType *interned = intern_type (reply_type);
  gboolean is_new;

  g_return_if_fail (DBR_IS_CALL (self));

  g_mutex_lock (&self->mutex);
  is_new = self->reply_type != interned;
  self->reply_type = interned;
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify (G_OBJECT (self), "reply-type");
}

/**
 * dbr_call_get_operation: (get-property operation)
 * @self: a call
 *
 * Gets what it is called in time limits and figures.
 *
 * Returns: (nullable): the operation, or `NULL` where it will be found from interface and method
 *
 * Since: 0.1
 */
const char *
dbr_call_get_operation (DbrCall *self)
{
  const char *operation;

  g_return_val_if_fail (DBR_IS_CALL (self), NULL);

  g_mutex_lock (&self->mutex);
  operation = self->operation;
  g_mutex_unlock (&self->mutex);

  return operation;
}

/**
 * dbr_call_set_operation: (set-property operation)
 * @self: a call
 * @operation: (nullable): the operation, or `NULL` to have it found from interface and method
 *
 * Sets what to call it in time limits and figures.
 *
 * Since: 0.1
 */
void
dbr_call_set_operation (DbrCall    *self,
                        const char *operation)
{
  const char *interned = g_intern_string (operation);
  gboolean is_new;

  g_return_if_fail (DBR_IS_CALL (self));

  g_mutex_lock (&self->mutex);
  is_new = self->operation != interned;
  self->operation = interned;
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify (G_OBJECT (self), "operation");
}

/**
 * dbr_call_get_timeout_ms: (get-property timeout-ms)
 * @self: a call
 *
 * Gets the limit for the whole call.
 *
 * Returns: the limit in milliseconds, or 0 where it is that of the operation
 *
 * Since: 0.1
 */
guint
dbr_call_get_timeout_ms (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), 0);

  return dbr_call_read_number (self, &self->timeout_ms);
}

/**
 * dbr_call_set_timeout_ms: (set-property timeout-ms)
 * @self: a call
 * @timeout_ms: the limit in milliseconds, or 0 for that of the operation
 *
 * Sets the limit for the whole call.
 *
 * Since: 0.1
 */
void
dbr_call_set_timeout_ms (DbrCall *self,
                         guint    timeout_ms)
{
  g_return_if_fail (DBR_IS_CALL (self));

  dbr_call_write_number (self, "timeout-ms", &self->timeout_ms, timeout_ms);
}

/**
 * dbr_call_get_attempt_timeout_ms: (get-property attempt-timeout-ms)
 * @self: a call
 *
 * Gets the limit for a single attempt.
 *
 * Returns: the limit in milliseconds, or 0 where it is that of the operation
 *
 * Since: 0.1
 */
guint
dbr_call_get_attempt_timeout_ms (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), 0);

  return dbr_call_read_number (self, &self->attempt_timeout_ms);
}

/**
 * dbr_call_set_attempt_timeout_ms: (set-property attempt-timeout-ms)
 * @self: a call
 * @attempt_timeout_ms: the limit in milliseconds, or 0 for that of the operation
 *
 * Sets the limit for a single attempt.
 *
 * Since: 0.1
 */
void
dbr_call_set_attempt_timeout_ms (DbrCall *self,
                                 guint    attempt_timeout_ms)
{
  g_return_if_fail (DBR_IS_CALL (self));

  dbr_call_write_number (self, "attempt-timeout-ms",
                         &self->attempt_timeout_ms, attempt_timeout_ms);
}

/**
 * dbr_call_get_idempotent: (get-property idempotent)
 * @self: a call
 *
 * Gets whether to run the method twice does no more than to run it once.
 *
 * Returns: `TRUE` if it may run more than once
 *
 * Since: 0.1
 */
gboolean
dbr_call_get_idempotent (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), FALSE);

  return dbr_call_read_flag (self, &self->is_idempotent);
}

/**
 * dbr_call_set_idempotent: (set-property idempotent)
 * @self: a call
 * @idempotent: `TRUE` if it may run more than once
 *
 * Sets whether to run the method twice does no more than to run it once.
 *
 * Since: 0.1
 */
void
dbr_call_set_idempotent (DbrCall  *self,
                         gboolean  idempotent)
{
  g_return_if_fail (DBR_IS_CALL (self));

  dbr_call_write_flag (self, "idempotent", &self->is_idempotent, idempotent);
}

/**
 * dbr_call_get_interactive: (get-property interactive)
 * @self: a call
 *
 * Gets whether the service may ask the person for authorization.
 *
 * Returns: `TRUE` if it may ask
 *
 * Since: 0.1
 */
gboolean
dbr_call_get_interactive (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), FALSE);

  return dbr_call_read_flag (self, &self->is_interactive);
}

/**
 * dbr_call_set_interactive: (set-property interactive)
 * @self: a call
 * @interactive: `TRUE` if it may ask
 *
 * Sets whether the service may ask the person for authorization.
 *
 * Since: 0.1
 */
void
dbr_call_set_interactive (DbrCall  *self,
                          gboolean  interactive)
{
  g_return_if_fail (DBR_IS_CALL (self));

  dbr_call_write_flag (self, "interactive", &self->is_interactive, interactive);
}

/**
 * dbr_call_get_auto_start: (get-property auto-start)
 * @self: a call
 *
 * Gets whether the bus may start a program that has the name if none runs.
 *
 * Returns: `TRUE` if the bus may start one
 *
 * Since: 0.1
 */
gboolean
dbr_call_get_auto_start (DbrCall *self)
{
  gboolean auto_start;

  g_return_val_if_fail (DBR_IS_CALL (self), FALSE);

  g_mutex_lock (&self->mutex);
  auto_start = dbr_call_get_auto_start_locked (self);
  g_mutex_unlock (&self->mutex);

  return auto_start;
}

/**
 * dbr_call_set_auto_start: (set-property auto-start)
 * @self: a call
 * @auto_start: `TRUE` if the bus may start one
 *
 * Sets whether the bus may start a program that has the name if none runs.
 *
 * Since: 0.1
 */
void
dbr_call_set_auto_start (DbrCall  *self,
                         gboolean  auto_start)
{
  gboolean is_new;

  g_return_if_fail (DBR_IS_CALL (self));

  g_mutex_lock (&self->mutex);
  is_new = dbr_call_get_auto_start_locked (self) != !!auto_start;
  self->is_auto_start = !!auto_start;
  self->has_auto_start = TRUE;
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify (G_OBJECT (self), "auto-start");
}

/**
 * dbr_call_get_success_errors: (get-property success-errors)
 * @self: a call
 *
 * Gets the names of errors that mean that an earlier attempt had worked.
 *
 * Returns: (transfer none) (array zero-terminated=1) (nullable): the D-Bus error names
 *
 * Since: 0.1
 */
const char * const *
dbr_call_get_success_errors (DbrCall *self)
{
  const char * const *success_errors;

  g_return_val_if_fail (DBR_IS_CALL (self), NULL);

  g_mutex_lock (&self->mutex);
  success_errors = (const char * const *) self->success_errors;
  g_mutex_unlock (&self->mutex);

  return success_errors;
}

/**
 * dbr_call_set_success_errors: (set-property success-errors)
 * @self: a call
 * @success_errors: (array zero-terminated=1) (nullable): the D-Bus error names
 *
 * Sets the names of errors that mean that an earlier attempt had worked.
 *
 * Since: 0.1
 */
void
dbr_call_set_success_errors (DbrCall            *self,
                             const char * const *success_errors)
{
  g_auto(GStrv) old = NULL;

  g_return_if_fail (DBR_IS_CALL (self));

  g_mutex_lock (&self->mutex);
  if (strv_is_equal ((const char * const *) self->success_errors, success_errors))
    {
      g_mutex_unlock (&self->mutex);
      return;
    }

  old = g_steal_pointer (&self->success_errors);
  self->success_errors = g_strdupv ((GStrv) success_errors);
  g_mutex_unlock (&self->mutex);

  g_object_notify (G_OBJECT (self), "success-errors");
}

/**
 * dbr_call_get_background: (get-property background)
 * @self: a call
 *
 * Gets whether the call can wait for those that cannot.
 *
 * Returns: `TRUE` if it can wait
 *
 * Since: 0.1
 */
gboolean
dbr_call_get_background (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), FALSE);

  return dbr_call_read_flag (self, &self->is_background);
}

/**
 * dbr_call_set_background: (set-property background)
 * @self: a call
 * @background: `TRUE` if it can wait
 *
 * Sets whether the call can wait for those that cannot.
 *
 * Since: 0.1
 */
void
dbr_call_set_background (DbrCall  *self,
                         gboolean  background)
{
  g_return_if_fail (DBR_IS_CALL (self));

  dbr_call_write_flag (self, "background", &self->is_background, background);
}

/**
 * dbr_call_get_bypass_circuit: (get-property bypass-circuit)
 * @self: a call
 *
 * Gets whether to call also while the circuit of the service is open.
 *
 * Returns: `TRUE` if it is called in any case
 *
 * Since: 0.1
 */
gboolean
dbr_call_get_bypass_circuit (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), FALSE);

  return dbr_call_read_flag (self, &self->is_bypassing_circuit);
}

/**
 * dbr_call_set_bypass_circuit: (set-property bypass-circuit)
 * @self: a call
 * @bypass_circuit: `TRUE` to call in any case
 *
 * Sets whether to call also while the circuit of the service is open.
 *
 * Since: 0.1
 */
void
dbr_call_set_bypass_circuit (DbrCall  *self,
                             gboolean  bypass_circuit)
{
  g_return_if_fail (DBR_IS_CALL (self));

  dbr_call_write_flag (self, "bypass-circuit",
                       &self->is_bypassing_circuit, bypass_circuit);
}

/**
 * dbr_call_get_fd_list: (get-property fd-list)
 * @self: a call
 *
 * Gets the file descriptors that the handles in the parameters stand for.
 *
 * Returns: (transfer none) (nullable): the descriptors, or `NULL` for none
 *
 * Since: 0.1
 */
GUnixFDList *
dbr_call_get_fd_list (DbrCall *self)
{
  GUnixFDList *fd_list;

  g_return_val_if_fail (DBR_IS_CALL (self), NULL);

  g_mutex_lock (&self->mutex);
  fd_list = self->fd_list;
  g_mutex_unlock (&self->mutex);

  return fd_list;
}

/**
 * dbr_call_set_fd_list: (set-property fd-list)
 * @self: a call
 * @fd_list: (nullable): the descriptors, or `NULL` for none
 *
 * Sets the file descriptors that the handles in the parameters stand for.
 *
 * Since: 0.1
 */
void
dbr_call_set_fd_list (DbrCall     *self,
                      GUnixFDList *fd_list)
{
  g_autoptr(GUnixFDList) old = NULL;
  gboolean is_new;

  g_return_if_fail (DBR_IS_CALL (self));
  g_return_if_fail (fd_list == NULL || G_IS_UNIX_FD_LIST (fd_list));

  g_mutex_lock (&self->mutex);
  old = g_steal_pointer (&self->fd_list);
  is_new = old != fd_list;
  g_set_object (&self->fd_list, fd_list);
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify (G_OBJECT (self), "fd-list");
}

/**
 * dbr_call_get_lease: (get-property lease)
 * @self: a call
 *
 * Gets the lease on whose connection it is sent.
 *
 * Returns: (transfer none) (nullable): the lease, or `NULL` for the client's own connection
 *
 * Since: 0.1
 */
DbrLease *
dbr_call_get_lease (DbrCall *self)
{
  DbrLease *lease;

  g_return_val_if_fail (DBR_IS_CALL (self), NULL);

  g_mutex_lock (&self->mutex);
  lease = self->lease;
  g_mutex_unlock (&self->mutex);

  return lease;
}

/**
 * dbr_call_set_lease: (set-property lease)
 * @self: a call
 * @lease: (nullable): the lease, or `NULL` for the client's own connection
 *
 * Sets the lease on whose connection it is sent. The call keeps it.
 *
 * Since: 0.1
 */
void
dbr_call_set_lease (DbrCall  *self,
                    DbrLease *lease)
{
  g_autoptr(DbrLease) old = NULL;
  gboolean is_new;

  g_return_if_fail (DBR_IS_CALL (self));
  g_return_if_fail (lease == NULL || DBR_IS_LEASE (lease));

  g_mutex_lock (&self->mutex);
  old = g_steal_pointer (&self->lease);
  is_new = old != lease;
  g_set_object (&self->lease, lease);
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify (G_OBJECT (self), "lease");
}

void
dbr_call_set_is_probe (DbrCall *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->is_probe = TRUE;
}

DbrRequest *
dbr_call_dup_request (DbrRequestSource *source)
{
  DbrCall *self = DBR_CALL (source);
  DbrRequest *request;

  g_mutex_lock (&self->mutex);
  request = dbr_request_new (self->bus_name, self->object_path,
                             self->interface_name, self->method_name,
                             self->parameters, self->reply_type);
  request->operation = self->operation;
  request->is_named = self->operation != NULL;
  request->fd_list = self->fd_list != NULL ? g_object_ref (self->fd_list) : NULL;
  request->success_errors = g_strdupv (self->success_errors);
  request->timeout_ms = self->timeout_ms;
  request->attempt_timeout_ms = self->attempt_timeout_ms;
  request->is_idempotent = self->is_idempotent;
  request->is_interactive = self->is_interactive;
  request->is_auto_start = dbr_call_get_auto_start_locked (self);
  request->is_background = self->is_background;
  request->is_bypassing_circuit = self->is_bypassing_circuit;
  request->is_probe = self->is_probe;
  g_mutex_unlock (&self->mutex);

  return request;
}
