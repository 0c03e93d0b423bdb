/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

/* What a client tells: it happens in threads of the library and is told in the client's context. */

enum
{
  SIGNAL_CONNECTION_LOST,
  SIGNAL_CONNECTION_RESTORED,
  SIGNAL_CALL_RETRYING,
  SIGNAL_LATE_REPLY,
  SIGNAL_CIRCUIT_CHANGED,
  SIGNAL_SERVICE_STALLED,
  SIGNAL_SERVICE_RECOVERED,
  SIGNAL_AUDIT,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
state_changed_cb (gpointer user_data)
{
  dbr_herald_tell (user_data, dbr_client_notify_state, NULL, NULL);
}

static void
tell_lost (GObject  *object,
           gpointer  news)
{
  g_signal_emit (object, signals[SIGNAL_CONNECTION_LOST], 0, news);
}

static void
lost_cb (gpointer  user_data,
         GError   *error)
{
  dbr_herald_tell (user_data, tell_lost, g_error_copy (error), (GDestroyNotify) g_error_free);
}

static void
tell_restored (GObject  *object,
               gpointer  news)
{
  g_signal_emit (object, signals[SIGNAL_CONNECTION_RESTORED], 0);
}

static void
restored_cb (gpointer user_data)
{
  dbr_herald_tell (user_data, tell_restored, NULL, NULL);
}

/* What several of the signals say. */
typedef struct
{
  char   *name;
  gint64  usec;
} NameAndTime;

static void
name_and_time_free (gpointer data)
{
  NameAndTime *self = data;

  g_free (self->name);
  g_free (self);
}

static void
tell_name_and_time (DbrHerald     *herald,
                    DbrHeraldFunc  tell,
                    const char    *name,
                    gint64         usec)
{
  NameAndTime *news = g_new (NameAndTime, 1);

  news->name = g_strdup (name);
  news->usec = usec;
  dbr_herald_tell (herald, tell, news, name_and_time_free);
}

static void
tell_late (GObject  *object,
           gpointer  news)
{
  const NameAndTime *late = news;

  g_signal_emit (object, signals[SIGNAL_LATE_REPLY], 0, late->name, late->usec);
}

static void
late_cb (gpointer    user_data,
         const char *operation,
         gint64      late_by_usec)
{
  tell_name_and_time (user_data, tell_late, operation, late_by_usec);
}

static void
tell_stalled (GObject  *object,
              gpointer  news)
{
  const NameAndTime *stall = news;

  g_signal_emit (object, signals[SIGNAL_SERVICE_STALLED], 0, stall->name, stall->usec);
}

static void
tell_recovered (GObject  *object,
                gpointer  news)
{
  const NameAndTime *stall = news;

  g_signal_emit (object, signals[SIGNAL_SERVICE_RECOVERED], 0, stall->name, stall->usec);
}

static void
stalled_cb (gpointer    user_data,
            const char *bus_name,
            gint64      silent_usec)
{
  tell_name_and_time (user_data, tell_stalled, bus_name, silent_usec);
}

static void
recovered_cb (gpointer    user_data,
              const char *bus_name,
              gint64      down_usec)
{
  tell_name_and_time (user_data, tell_recovered, bus_name, down_usec);
}

typedef struct
{
  DbrCall *call;
  guint    attempt;
  guint    delay_ms;
  GError  *error;
} Retry;

static void
retry_free (gpointer data)
{
  Retry *retry = data;

  g_object_unref (retry->call);
  g_error_free (retry->error);
  g_free (retry);
}

static void
tell_retrying (GObject  *object,
               gpointer  news)
{
  const Retry *retry = news;

  g_signal_emit (object, signals[SIGNAL_CALL_RETRYING], 0,
                 retry->call, retry->attempt, retry->delay_ms, retry->error);
}

/* Most calls have no DbrCall until somebody wants to be told of one. */
static DbrCall *
passage_dup_call (DbrPassage *passage)
{
  const DbrRequest *request = passage->exchange.request;

  if (passage->call != NULL)
    return DBR_CALL (g_object_ref (passage->call));

  return dbr_call_new (request->bus_name, request->object_path, request->interface_name,
                       request->method_name, request->parameters);
}

static void
retrying_cb (gpointer      user_data,
             DbrPassage   *passage,
             guint         attempt,
             guint         delay_ms,
             const GError *error)
{
  Retry *retry = g_new (Retry, 1);

  retry->call = passage_dup_call (passage);
  retry->attempt = attempt;
  retry->delay_ms = delay_ms;
  retry->error = g_error_copy (error);
  dbr_herald_tell (user_data, tell_retrying, retry, retry_free);
}

/* Emitted in the client's context, in which the circuit was made. */
static void
circuit_state_changed_cb (DbrCircuitBreaker *circuit,
                          DbrCircuitState    old_state,
                          DbrCircuitState    new_state,
                          gpointer           user_data)
{
  g_autoptr(GObject) client = dbr_herald_dup_object (user_data);

  if (client != NULL)
    g_signal_emit (client, signals[SIGNAL_CIRCUIT_CHANGED], 0,
                   circuit->bus_name, new_state);
}

static void
forget_herald_cb (gpointer  user_data,
                  GClosure *closure)
{
  dbr_herald_unref (user_data);
}

static void
circuit_made_cb (gpointer           user_data,
                 DbrCircuitBreaker *circuit)
{
  g_signal_connect_data (circuit, "state-changed", G_CALLBACK (circuit_state_changed_cb),
                         dbr_herald_ref (user_data), forget_herald_cb, 0);
}

const DbrDispatcherListener *
dbr_client_get_listener (void)
{
  static const DbrDispatcherListener listener = {
    state_changed_cb,
    lost_cb,
    restored_cb,
    late_cb,
    retrying_cb,
    stalled_cb,
    recovered_cb,
    circuit_made_cb,
  };

  return &listener;
}

gboolean
dbr_client_is_audited (DbrClient *self)
{
  return g_signal_has_handler_pending (self, signals[SIGNAL_AUDIT], 0, FALSE);
}

static void
tell_audit (GObject  *object,
            gpointer  news)
{
  g_signal_emit (object, signals[SIGNAL_AUDIT], 0, news);
}

void
dbr_client_audit (DbrClient *self,
                  GVariant  *record)
{
  dbr_herald_tell (self->herald, tell_audit, g_variant_ref_sink (record),
                   (GDestroyNotify) g_variant_unref);
}

static void
install_connection_signals (GType type)
{
  /**
   * DbrClient::connection-lost:
   * @self: a client
   * @error: why, as far as it is known
   *
   * Emitted when the connection ended without having been closed.
   *
   * Calls under way end with `DBR_ERROR_CONNECTION_LOST`, but for those that may be sent again.
   * Calls made from then on wait for the new connection, within their limits.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CONNECTION_LOST] =
    g_signal_new ("connection-lost",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1,
                  G_TYPE_ERROR);

  /**
   * DbrClient::connection-restored:
   * @self: a client
   *
   * Emitted when there is a connection again after one was lost, and what the client had registered
   * on it is there as well.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CONNECTION_RESTORED] =
    g_signal_new ("connection-restored",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
}

static void
install_call_signals (GType type)
{
  /**
   * DbrClient::call-retrying:
   * @self: a client
   * @call: the call; one that was not made by [method@Client.run_async] says only what is called
   * @attempt: which attempt has failed, from 1
   * @delay_ms: how long it waits before the next one
   * @error: what the attempt came to
   *
   * Emitted when a call has failed and will be tried again.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CALL_RETRYING] =
    g_signal_new ("call-retrying",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 4,
                  DBR_TYPE_CALL,
                  G_TYPE_UINT,
                  G_TYPE_UINT,
                  G_TYPE_ERROR);

  /**
   * DbrClient::late-reply:
   * @self: a client
   * @operation: the operation of the call
   * @late_by_usec: how long after its limit, 0 if it was cancelled
   *
   * Emitted when a service answers a call whose caller no longer waits.
   *
   * So the method ran after all, if the answer was not an error.
   *
   * Since: 0.1
   */
  signals[SIGNAL_LATE_REPLY] =
    g_signal_new ("late-reply",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_STRING,
                  G_TYPE_INT64);

  /**
   * DbrClient::audit:
   * @self: a client
   * @record: an `a{sv}` of what was asked for and how it was decided
   *
   * Emitted for each call, property access and subscription, allowed or denied.
   *
   * The keys are `allowed` (`b`), `kind`, `bus-name`, `object-path`, `interface-name`, `member` and
   * `rule` (`s`), and `when-usec` (`x`), in time of day. No argument of a call is in it. It costs
   * nothing while nobody listens.
   *
   * Since: 0.1
   */
  signals[SIGNAL_AUDIT] =
    g_signal_new ("audit",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1,
                  G_TYPE_VARIANT);
}

static void
install_service_signals (GType type)
{
  /**
   * DbrClient::circuit-changed:
   * @self: a client
   * @bus_name: the service's name, `NULL` where there is no bus
   * @state: what the circuit is now
   *
   * Emitted when the circuit of a service opens, is tried, or closes.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CIRCUIT_CHANGED] =
    g_signal_new ("circuit-changed",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_STRING,
                  DBR_TYPE_CIRCUIT_STATE);

  /**
   * DbrClient::service-stalled:
   * @self: a client
   * @bus_name: the service's name
   * @silent_usec: how long it has not answered
   *
   * Emitted when a service has left so many calls unanswered that its circuit opened.
   *
   * Once for each stall; [signal@Client::service-recovered] follows when it answers again.
   *
   * Since: 0.1
   */
  signals[SIGNAL_SERVICE_STALLED] =
    g_signal_new ("service-stalled",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_STRING,
                  G_TYPE_INT64);

  /**
   * DbrClient::service-recovered:
   * @self: a client
   * @bus_name: the service's name
   * @down_usec: how long the stall was
   *
   * Emitted when a service that had stalled answers again and its circuit has closed.
   *
   * Since: 0.1
   */
  signals[SIGNAL_SERVICE_RECOVERED] =
    g_signal_new ("service-recovered",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_STRING,
                  G_TYPE_INT64);
}

void
dbr_client_install_signals (DbrClientClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  install_connection_signals (type);
  install_call_signals (type);
  install_service_signals (type);
}
