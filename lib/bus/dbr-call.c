/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-call-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-request-source-private.h"

/**
 * DbrCall:
 *
 * One method call: what it asks for, and what became of it.
 *
 * A simple call needs none: [method@Client.call_async] takes its parts. Make a call where it
 * needs more than the usual, or where more than the answer matters: how often it was sent,
 * whether its method ran, and where its time went.
 *
 * ```c
 * static void
 * seek_cb (GObject      *source,
 *          GAsyncResult *result,
 *          gpointer      user_data)
 * {
 *   g_autoptr(DbrCall) call = user_data;
 *   g_autoptr(GError) error = NULL;
 *   g_autoptr(GVariant) answer = dbr_client_run_finish (DBR_CLIENT (source), result, &error);
 *
 *   if (answer == NULL && dbr_call_get_execution (call) == DBR_EXECUTION_MAYBE)
 *     g_message ("Perhaps it plays from there: %s", error->message);
 * }
 *
 * g_autoptr(DbrCall) call = dbr_call_new ("org.example.Player", "/org/example/Player",
 *                                         "org.example.Player", "SetPosition",
 *                                         g_variant_new ("(x)", position));
 *
 * dbr_call_set_timeout_ms (call, 2000);
 * dbr_client_run_async (client, call, NULL, seek_cb, g_object_ref (call));
 * ```
 *
 * ## What it asks for
 *
 * All that a call asks for can be set until it is run with [method@Client.run_async]. It is then
 * taken as it is: what is set later changes nothing of the call under way. A bad value is no error
 * when it is set, but `DBR_ERROR_INVALID_ARGUMENT` when the call is run. A call is run once.
 *
 * ## What became of it
 *
 * The other properties tell of the call after it ended, from when its callback runs or its sync
 * function returns; before that they have the value said with each. They are set once and nobody is
 * notified of them.
 *
 * ## Threads
 *
 * Any thread may read and set the properties. `notify` is emitted in the thread that sets one.
 * What a getter lends stays until that property is set again, or the call is freed.
 *
 * Since: 0.1
 */

enum
{
  PROP_0,
  PROP_BUS_NAME,
  PROP_OBJECT_PATH,
  PROP_INTERFACE_NAME,
  PROP_METHOD_NAME,
  PROP_PARAMETERS,
  PROP_REPLY_TYPE,
  PROP_OPERATION,
  PROP_TIMEOUT_MS,
  PROP_ATTEMPT_TIMEOUT_MS,
  PROP_IDEMPOTENT,
  PROP_INTERACTIVE,
  PROP_AUTO_START,
  PROP_SUCCESS_ERRORS,
  PROP_BACKGROUND,
  PROP_BYPASS_CIRCUIT,
  PROP_FD_LIST,
  PROP_LEASE,
  PROP_OUTCOME,
  PROP_ATTEMPTS,
  PROP_EXECUTION,
  PROP_ELAPSED_USEC,
  PROP_QUEUE_USEC,
  PROP_SERVICE_USEC,
  PROP_LAG_USEC,
  PROP_SENDER,
  PROP_REPLY_FD_LIST,
  PROP_JOINED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void dbr_call_request_source_init (DbrRequestSourceInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DbrCall, dbr_call, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DBR_TYPE_REQUEST_SOURCE,
                                                      dbr_call_request_source_init))

static void
dbr_call_request_source_init (DbrRequestSourceInterface *iface)
{
  iface->dup_request = dbr_call_dup_request;
}

static void
dbr_call_finalize (GObject *object)
{
  DbrCall *self = DBR_CALL (object);

  g_clear_pointer (&self->bus_name, g_free);
  g_clear_pointer (&self->object_path, g_free);
  g_clear_pointer (&self->interface_name, g_free);
  g_clear_pointer (&self->method_name, g_free);
  g_clear_pointer (&self->parameters, g_variant_unref);
  g_clear_pointer (&self->success_errors, g_strfreev);
  g_clear_object (&self->fd_list);
  g_clear_object (&self->lease);
  g_clear_pointer (&self->sender, g_free);
  g_clear_object (&self->results.reply_fd_list);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_call_parent_class)->finalize (object);
}

static void
dbr_call_get_property (GObject    *object,
                       guint       prop_id,
                       GValue     *value,
                       GParamSpec *pspec)
{
  DbrCall *self = DBR_CALL (object);

  switch (prop_id)
    {
    case PROP_BUS_NAME:
      g_value_set_string (value, dbr_call_get_bus_name (self));
      break;

    case PROP_OBJECT_PATH:
      g_value_set_string (value, dbr_call_get_object_path (self));
      break;

    case PROP_INTERFACE_NAME:
      g_value_set_string (value, dbr_call_get_interface_name (self));
      break;

    case PROP_METHOD_NAME:
      g_value_set_string (value, dbr_call_get_method_name (self));
      break;

    case PROP_PARAMETERS:
      g_value_set_variant (value, dbr_call_get_parameters (self));
      break;

    case PROP_REPLY_TYPE:
      g_value_set_boxed (value, dbr_call_get_reply_type (self));
      break;

    case PROP_OPERATION:
      g_value_set_string (value, dbr_call_get_operation (self));
      break;

    case PROP_TIMEOUT_MS:
      g_value_set_uint (value, dbr_call_get_timeout_ms (self));
      break;

    case PROP_ATTEMPT_TIMEOUT_MS:
      g_value_set_uint (value, dbr_call_get_attempt_timeout_ms (self));
      break;

    case PROP_IDEMPOTENT:
      g_value_set_boolean (value, dbr_call_get_idempotent (self));
      break;

    case PROP_INTERACTIVE:
      g_value_set_boolean (value, dbr_call_get_interactive (self));
      break;

    case PROP_AUTO_START:
      g_value_set_boolean (value, dbr_call_get_auto_start (self));
      break;

    case PROP_SUCCESS_ERRORS:
      g_value_set_boxed (value, dbr_call_get_success_errors (self));
      break;

    case PROP_BACKGROUND:
      g_value_set_boolean (value, dbr_call_get_background (self));
      break;

    case PROP_BYPASS_CIRCUIT:
      g_value_set_boolean (value, dbr_call_get_bypass_circuit (self));
      break;

    case PROP_FD_LIST:
      g_value_set_object (value, dbr_call_get_fd_list (self));
      break;

    case PROP_LEASE:
      g_value_set_object (value, dbr_call_get_lease (self));
      break;

    case PROP_OUTCOME:
      g_value_set_enum (value, dbr_call_get_outcome (self));
      break;

    case PROP_ATTEMPTS:
      g_value_set_uint (value, dbr_call_get_attempts (self));
      break;

    case PROP_EXECUTION:
      g_value_set_enum (value, dbr_call_get_execution (self));
      break;

    case PROP_ELAPSED_USEC:
      g_value_set_int64 (value, dbr_call_get_elapsed_usec (self));
      break;

    case PROP_QUEUE_USEC:
      g_value_set_int64 (value, dbr_call_get_queue_usec (self));
      break;

    case PROP_SERVICE_USEC:
      g_value_set_int64 (value, dbr_call_get_service_usec (self));
      break;

    case PROP_LAG_USEC:
      g_value_set_int64 (value, dbr_call_get_lag_usec (self));
      break;

    case PROP_SENDER:
      g_value_set_string (value, dbr_call_get_sender (self));
      break;

    case PROP_REPLY_FD_LIST:
      g_value_set_object (value, dbr_call_get_reply_fd_list (self));
      break;

    case PROP_JOINED:
      g_value_set_boolean (value, dbr_call_get_joined (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_call_set_property (GObject      *object,
                       guint         prop_id,
                       const GValue *value,
                       GParamSpec   *pspec)
{
  DbrCall *self = DBR_CALL (object);

  switch (prop_id)
    {
    case PROP_BUS_NAME:
      self->bus_name = g_value_dup_string (value);
      break;

    case PROP_OBJECT_PATH:
      self->object_path = g_value_dup_string (value);
      break;

    case PROP_INTERFACE_NAME:
      self->interface_name = g_value_dup_string (value);
      break;

    case PROP_METHOD_NAME:
      self->method_name = g_value_dup_string (value);
      break;

    case PROP_PARAMETERS:
      self->parameters = g_value_dup_variant (value);
      break;

    case PROP_REPLY_TYPE:
      dbr_call_set_reply_type (self, g_value_get_boxed (value));
      break;

    case PROP_OPERATION:
      dbr_call_set_operation (self, g_value_get_string (value));
      break;

    case PROP_TIMEOUT_MS:
      dbr_call_set_timeout_ms (self, g_value_get_uint (value));
      break;

    case PROP_ATTEMPT_TIMEOUT_MS:
      dbr_call_set_attempt_timeout_ms (self, g_value_get_uint (value));
      break;

    case PROP_IDEMPOTENT:
      dbr_call_set_idempotent (self, g_value_get_boolean (value));
      break;

    case PROP_INTERACTIVE:
      dbr_call_set_interactive (self, g_value_get_boolean (value));
      break;

    case PROP_AUTO_START:
      dbr_call_set_auto_start (self, g_value_get_boolean (value));
      break;

    case PROP_SUCCESS_ERRORS:
      dbr_call_set_success_errors (self, g_value_get_boxed (value));
      break;

    case PROP_BACKGROUND:
      dbr_call_set_background (self, g_value_get_boolean (value));
      break;

    case PROP_BYPASS_CIRCUIT:
      dbr_call_set_bypass_circuit (self, g_value_get_boolean (value));
      break;

    case PROP_FD_LIST:
      dbr_call_set_fd_list (self, g_value_get_object (value));
      break;

    case PROP_LEASE:
      dbr_call_set_lease (self, g_value_get_object (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_call_class_init (DbrCallClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_call_finalize;
  object_class->get_property = dbr_call_get_property;
  object_class->set_property = dbr_call_set_property;

  /**
   * DbrCall:bus-name: (getter get_bus_name)
   *
   * The bus name of the program to call.
   *
   * It is `NULL` where there is no bus, as with [ctor@Client.new_for_peer].
   *
   * Since: 0.1
   */
  properties[PROP_BUS_NAME] =
    g_param_spec_string ("bus-name", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:object-path: (getter get_object_path)
   *
   * The path of the object to call.
   *
   * Since: 0.1
   */
  properties[PROP_OBJECT_PATH] =
    g_param_spec_string ("object-path", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:interface-name: (getter get_interface_name)
   *
   * The interface that the method belongs to.
   *
   * Since: 0.1
   */
  properties[PROP_INTERFACE_NAME] =
    g_param_spec_string ("interface-name", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:method-name: (getter get_method_name)
   *
   * The name of the method.
   *
   * Since: 0.1
   */
  properties[PROP_METHOD_NAME] =
    g_param_spec_string ("method-name", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:parameters: (getter get_parameters)
   *
   * What the method is called with: a tuple, or `NULL` for none.
   *
   * Since: 0.1
   */
  properties[PROP_PARAMETERS] =
    g_param_spec_variant ("parameters", NULL, NULL,
                          G_VARIANT_TYPE_ANY,
                          NULL,
                          G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:reply-type: (getter get_reply_type) (setter set_reply_type)
   *
   * The type that the answer must have.
   *
   * An answer of another type is a `DBR_ERROR_BAD_REPLY`. The type is a tuple. With `NULL`, the
   * default, any answer is taken.
   *
   * Since: 0.1
   */
  properties[PROP_REPLY_TYPE] =
    g_param_spec_boxed ("reply-type", NULL, NULL,
                        G_TYPE_VARIANT_TYPE,
                        G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:operation: (getter get_operation) (setter set_operation)
   *
   * What to call it in time limits and figures.
   *
   * With `NULL`, the default, the operation is found from the interface and the method, as
   * [method@Timeouts.lookup] does, and can be read here after the call has ended.
   *
   * Since: 0.1
   */
  properties[PROP_OPERATION] =
    g_param_spec_string ("operation", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:timeout-ms: (getter get_timeout_ms) (setter set_timeout_ms)
   *
   * The limit for the whole call in milliseconds, with queue, retries and pauses.
   *
   * With 0, the default, the limit is that of the operation.
   *
   * Since: 0.1
   */
  properties[PROP_TIMEOUT_MS] =
    g_param_spec_uint ("timeout-ms", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:attempt-timeout-ms: (getter get_attempt_timeout_ms) (setter set_attempt_timeout_ms)
   *
   * The limit for a single attempt in milliseconds.
   *
   * With 0, the default, the limit is that of the operation. A limit that is set here holds also
   * while the service has to be started first.
   *
   * Since: 0.1
   */
  properties[PROP_ATTEMPT_TIMEOUT_MS] =
    g_param_spec_uint ("attempt-timeout-ms", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:idempotent: (getter get_idempotent) (setter set_idempotent)
   *
   * Whether to run the method twice does no more than to run it once.
   *
   * Such a call is retried also where it cannot be known whether the method ran. The default is
   * `FALSE`.
   *
   * Since: 0.1
   */
  properties[PROP_IDEMPOTENT] =
    g_param_spec_boolean ("idempotent", NULL, NULL,
                          FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:interactive: (getter get_interactive) (setter set_interactive)
   *
   * Whether the service may ask the person for authorization.
   *
   * Such a call waits up to two minutes for the person and is not retried. The default is `FALSE`.
   *
   * Since: 0.1
   */
  properties[PROP_INTERACTIVE] =
    g_param_spec_boolean ("interactive", NULL, NULL,
                          FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:auto-start: (getter get_auto_start) (setter set_auto_start)
   *
   * Whether the bus may start a program that has the name if none runs.
   *
   * The default is `TRUE`, but `FALSE` for the services that must not be started this way.
   *
   * Since: 0.1
   */
  properties[PROP_AUTO_START] =
    g_param_spec_boolean ("auto-start", NULL, NULL,
                          TRUE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:success-errors: (getter get_success_errors) (setter set_success_errors)
   *
   * The names of errors that mean that an earlier attempt had worked.
   *
   * After an attempt whose outcome is not known, a method that is called again may answer that
   * it is done already: the call then succeeded. The default is `NULL`.
   *
   * Since: 0.1
   */
  properties[PROP_SUCCESS_ERRORS] =
    g_param_spec_boxed ("success-errors", NULL, NULL,
                        G_TYPE_STRV,
                        G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:background: (getter get_background) (setter set_background)
   *
   * Whether the call can wait for those that cannot.
   *
   * Background calls have a lower priority. The default is `FALSE`.
   *
   * Since: 0.1
   */
  properties[PROP_BACKGROUND] =
    g_param_spec_boolean ("background", NULL, NULL,
                          FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:bypass-circuit: (getter get_bypass_circuit) (setter set_bypass_circuit)
   *
   * Whether to call also while the circuit of the service is open.
   *
   * The default is `FALSE`.
   *
   * Since: 0.1
   */
  properties[PROP_BYPASS_CIRCUIT] =
    g_param_spec_boolean ("bypass-circuit", NULL, NULL,
                          FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:fd-list: (getter get_fd_list) (setter set_fd_list)
   *
   * The file descriptors that the handles in the parameters stand for.
   *
   * The default is `NULL`.
   *
   * Since: 0.1
   */
  properties[PROP_FD_LIST] =
    g_param_spec_object ("fd-list", NULL, NULL,
                         G_TYPE_UNIX_FD_LIST,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:lease: (getter get_lease) (setter set_lease)
   *
   * The lease on whose connection it is sent; `NULL` for the client's own.
   *
   * All else is as with any call of the client: its limits, its policies, its circuits. Only it
   * does not wait for its turn among the client's calls, is not shared, and is not sent again when
   * the connection is lost: what a service keeps for the lease is gone with it.
   *
   * Since: 0.1
   */
  properties[PROP_LEASE] =
    g_param_spec_object ("lease", NULL, NULL,
                         DBR_TYPE_LEASE,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:outcome: (getter get_outcome)
   *
   * How the call ended.
   *
   * Before it ended, and where a bad value kept it from being one, it is `DBR_OUTCOME_REJECTED`.
   *
   * Since: 0.1
   */
  properties[PROP_OUTCOME] =
    g_param_spec_enum ("outcome", NULL, NULL,
                       DBR_TYPE_OUTCOME,
                       DBR_OUTCOME_REJECTED,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:attempts: (getter get_attempts)
   *
   * How often the call was sent. Before it ended: 0.
   *
   * Since: 0.1
   */
  properties[PROP_ATTEMPTS] =
    g_param_spec_uint ("attempts", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:execution: (getter get_execution)
   *
   * How often the method ran, as far as it is known. Before the call ended:
   * `DBR_EXECUTION_NEVER`.
   *
   * Since: 0.1
   */
  properties[PROP_EXECUTION] =
    g_param_spec_enum ("execution", NULL, NULL,
                       DBR_TYPE_EXECUTION,
                       DBR_EXECUTION_NEVER,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:elapsed-usec: (getter get_elapsed_usec)
   *
   * How long the whole call took, in microseconds.
   *
   * Before it ended: -1.
   *
   * Since: 0.1
   */
  properties[PROP_ELAPSED_USEC] =
    g_param_spec_int64 ("elapsed-usec", NULL, NULL,
                        -1, G_MAXINT64, -1,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:queue-usec: (getter get_queue_usec)
   *
   * How long the last attempt waited in this process before it was sent, in microseconds.
   *
   * If none was sent, and before the call ended: -1.
   *
   * Since: 0.1
   */
  properties[PROP_QUEUE_USEC] =
    g_param_spec_int64 ("queue-usec", NULL, NULL,
                        -1, G_MAXINT64, -1,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:service-usec: (getter get_service_usec)
   *
   * How long the service took to answer the last attempt, in microseconds.
   *
   * If no answer came, and before the call ended: -1.
   *
   * Since: 0.1
   */
  properties[PROP_SERVICE_USEC] =
    g_param_spec_int64 ("service-usec", NULL, NULL,
                        -1, G_MAXINT64, -1,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:lag-usec: (getter get_lag_usec)
   *
   * How long the outcome waited for this program to take it, in microseconds.
   *
   * That is the time for which its main loop was busy with other things. If it is not known, and
   * before the call ended: -1.
   *
   * Since: 0.1
   */
  properties[PROP_LAG_USEC] =
    g_param_spec_int64 ("lag-usec", NULL, NULL,
                        -1, G_MAXINT64, -1,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:sender: (getter get_sender)
   *
   * The unique name of the program that answered.
   *
   * If none answered, and before the call ended: `NULL`.
   *
   * Since: 0.1
   */
  properties[PROP_SENDER] =
    g_param_spec_string ("sender", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:reply-fd-list: (getter get_reply_fd_list)
   *
   * The file descriptors that came with the answer.
   *
   * If none came, and before the call ended: `NULL`.
   *
   * Since: 0.1
   */
  properties[PROP_REPLY_FD_LIST] =
    g_param_spec_object ("reply-fd-list", NULL, NULL,
                         G_TYPE_UNIX_FD_LIST,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCall:joined: (getter get_joined)
   *
   * Whether the call shared the answer of another one that was under way.
   *
   * [property@Call:attempts], [property@Call:execution], [property@Call:service-usec] and
   * [property@Call:sender] are then those of the other. Before it ended: `FALSE`.
   *
   * Since: 0.1
   */
  properties[PROP_JOINED] =
    g_param_spec_boolean ("joined", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_call_init (DbrCall *self)
{
  g_mutex_init (&self->mutex);
  self->is_auto_start = TRUE;
  self->results.outcome = DBR_OUTCOME_REJECTED;
  self->results.execution = DBR_EXECUTION_NEVER;
  self->results.elapsed_usec = -1;
  self->results.queue_usec = -1;
  self->results.service_usec = -1;
  self->results.lag_usec = -1;
}

/**
 * dbr_call_new:
 * @bus_name: (nullable): the bus name of the program to call, or `NULL` where there is no bus
 * @object_path: the path of the object to call
 * @interface_name: the interface that the method belongs to
 * @method_name: the name of the method
 * @parameters: (nullable): a tuple to call the method with, or `NULL` for none
 *
 * Makes a call to be run by a client.
 *
 * If @parameters is floating, it is taken over.
 *
 * Returns: a new call
 *
 * Since: 0.1
 */
DbrCall *
dbr_call_new (const char *bus_name,
              const char *object_path,
              const char *interface_name,
              const char *method_name,
              GVariant   *parameters)
{
  g_return_val_if_fail (object_path != NULL, NULL);
  g_return_val_if_fail (interface_name != NULL, NULL);
  g_return_val_if_fail (method_name != NULL, NULL);

  return g_object_new (DBR_TYPE_CALL,
                       "bus-name", bus_name,
                       "object-path", object_path,
                       "interface-name", interface_name,
                       "method-name", method_name,
                       "parameters", parameters,
                       NULL);
}

/**
 * dbr_call_get_bus_name: (get-property bus-name)
 * @self: a call
 *
 * Gets the bus name of the program to call.
 *
 * Returns: (nullable): the bus name, or `NULL` where there is no bus
 *
 * Since: 0.1
 */
const char *
dbr_call_get_bus_name (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), NULL);

  return self->bus_name;
}

/**
 * dbr_call_get_object_path: (get-property object-path)
 * @self: a call
 *
 * Gets the path of the object to call.
 *
 * Returns: (nullable): the object path
 *
 * Since: 0.1
 */
const char *
dbr_call_get_object_path (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), NULL);

  return self->object_path;
}

/**
 * dbr_call_get_interface_name: (get-property interface-name)
 * @self: a call
 *
 * Gets the interface that the method belongs to.
 *
 * Returns: (nullable): the interface name
 *
 * Since: 0.1
 */
const char *
dbr_call_get_interface_name (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), NULL);

  return self->interface_name;
}

/**
 * dbr_call_get_method_name: (get-property method-name)
 * @self: a call
 *
 * Gets the name of the method.
 *
 * Returns: (nullable): the method name
 *
 * Since: 0.1
 */
const char *
dbr_call_get_method_name (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), NULL);

  return self->method_name;
}

/**
 * dbr_call_get_parameters: (get-property parameters)
 * @self: a call
 *
 * Gets what the method is called with.
 *
 * Returns: (transfer none) (nullable): a tuple, or `NULL` for none
 *
 * Since: 0.1
 */
GVariant *
dbr_call_get_parameters (DbrCall *self)
{
  g_return_val_if_fail (DBR_IS_CALL (self), NULL);

  return self->parameters;
}

DbrRequest *
dbr_call_begin (DbrCall  *self,
                GError  **error)
{
  if (!g_atomic_int_compare_and_exchange (&self->was_run, FALSE, TRUE))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The call of “%s” was run already; make a new call"),
                   self->method_name != NULL ? self->method_name : "");
      return NULL;
    }

  return dbr_call_dup_request (DBR_REQUEST_SOURCE (self));
}
