/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-circuit-breaker-private.h"

#include <math.h>

/**
 * DbrCircuitBreaker:
 *
 * Leaves a service alone that does not answer.
 *
 * A service that hangs makes everyone wait for the whole time limit, and each call to it holds a
 * place at the bus until it answers. So after too many failures its circuit opens: calls to it fail
 * at once with `DBR_ERROR_CIRCUIT_OPEN`, which says for how long and why. Then one call at a time
 * is let through, and after two answers all are.
 *
 * A circuit opens when calls fail in a row, or when too large a share of those of the last 30
 * seconds fails or is slow. What counts as failure is that no answer came, or that the call could
 * not be delivered; an error by which the service answers is an answer. It opens only by a call
 * that failed or was slow itself. Each time it has to open again it stays open for twice as long,
 * until it was closed for [property@CircuitBreaker:max-open-ms].
 *
 * A new program with the service's name is tried at once, and what was asked of the old one counts
 * no more. After the machine slept, what was counted before counts no more.
 *
 * A [class@Client] has one for each service that it calls: [method@Client.get_circuit]. A service
 * that leaves one kind of call unanswered while it answers others is not counted as failing in a
 * row.
 *
 * All functions may be called from any thread, and a change holds from the next call on. A value
 * that is not allowed makes the next call fail with `DBR_ERROR_INVALID_ARGUMENT`. Signals are
 * emitted in the context the circuit's client was made in.
 *
 * Since: 0.1
 */

enum
{
  PROP_0,
  PROP_STATE,
  PROP_REASON,
  PROP_RETRY_AFTER_MS,
  PROP_WINDOW_MS,
  PROP_MIN_CALLS,
  PROP_FAILURE_RATIO,
  PROP_CONSECUTIVE_FAILURES,
  PROP_SLOW_MS,
  PROP_SLOW_RATIO,
  PROP_OPEN_MS,
  PROP_MAX_OPEN_MS,
  N_PROPS
};

enum
{
  SIGNAL_STATE_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_ENUM_TYPE (DbrCircuitState, dbr_circuit_state,
                    G_DEFINE_ENUM_VALUE (DBR_CIRCUIT_STATE_CLOSED, "closed"),
                    G_DEFINE_ENUM_VALUE (DBR_CIRCUIT_STATE_OPEN, "open"),
                    G_DEFINE_ENUM_VALUE (DBR_CIRCUIT_STATE_HALF_OPEN, "half-open"),
                    G_DEFINE_ENUM_VALUE (DBR_CIRCUIT_STATE_ISOLATED, "isolated"))

G_DEFINE_FINAL_TYPE (DbrCircuitBreaker, dbr_circuit_breaker, G_TYPE_OBJECT)

/* Any thread changes the circuit, and its context is told. There is one letter for that, under way
 * at most once: what changes until it is delivered is told with it, in order. */
struct _DbrCircuitHerald
{
  DbrLetter   letter;
  GWeakRef    circuit;
  DbrMailbox *mailbox;
};

static void
herald_clear (gpointer data)
{
  DbrCircuitHerald *herald = data;

  g_weak_ref_clear (&herald->circuit);
  dbr_mailbox_unref (herald->mailbox);
}

static void
herald_unref (DbrCircuitHerald *herald)
{
  g_atomic_rc_box_release_full (herald, herald_clear);
}

static void
dbr_circuit_breaker_tell (DbrCircuitBreaker *self)
{
  DbrCircuitNews news[DBR_CIRCUIT_MAX_NEWS];
  gboolean has_new_reason;
  guint n_news;

  g_mutex_lock (&self->mutex);
  n_news = self->n_news;
  for (guint i = 0; i < n_news; i++)
    news[i] = self->news[i];
  has_new_reason = self->has_new_reason;
  self->n_news = 0;
  self->has_new_reason = FALSE;
  self->is_herald_sent = FALSE;
  g_mutex_unlock (&self->mutex);

  if (n_news > 0)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  if (has_new_reason)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_REASON]);
  for (guint i = 0; i < n_news; i++)
    g_signal_emit (self, signals[SIGNAL_STATE_CHANGED], 0, news[i].old_state, news[i].new_state);
}

static void
deliver_herald_cb (DbrLetter *letter)
{
  DbrCircuitHerald *herald = (DbrCircuitHerald *) letter;
  g_autoptr(DbrCircuitBreaker) self = g_weak_ref_get (&herald->circuit);

  if (self != NULL)
    dbr_circuit_breaker_tell (self);
  herald_unref (herald);
}

static void
dbr_circuit_breaker_take_context (DbrCircuitBreaker *self,
                                  GMainContext      *context)
{
  g_clear_pointer (&self->herald, herald_unref);
  self->herald = g_atomic_rc_box_new0 (DbrCircuitHerald);
  self->herald->letter.deliver = deliver_herald_cb;
  g_weak_ref_init (&self->herald->circuit, self);
  self->herald->mailbox = dbr_mailbox_get (context);
}

/* Where the context does not run for long, changes become one that begins and ends as they do, or
 * none at all if that is the same. */
static void
dbr_circuit_breaker_add_news_locked (DbrCircuitBreaker *self,
                                     DbrCircuitState    old_state,
                                     DbrCircuitState    new_state)
{
  if (self->n_news < DBR_CIRCUIT_MAX_NEWS)
    self->news[self->n_news++].old_state = old_state;
  self->news[self->n_news - 1].new_state = new_state;

  if (self->news[self->n_news - 1].old_state == new_state)
    self->n_news--;
}

void
dbr_circuit_breaker_publish_locked (DbrCircuitBreaker *self)
{
  gboolean is_free = self->circuit.state == DBR_CIRCUIT_STATE_CLOSED && !self->is_misconfigured;

  g_atomic_int_set ((gint *) &self->word, (gint) (self->circuit.period << 1 | !is_free));
}

void
dbr_circuit_breaker_begin (DbrCircuitBreaker *self,
                           DbrCircuitBefore  *before)
{
  g_mutex_lock (&self->mutex);

  before->state = self->circuit.state;
  before->cause = self->circuit.cause;
  before->n_changes = self->circuit.n_changes;
}

void
dbr_circuit_breaker_end (DbrCircuitBreaker      *self,
                         const DbrCircuitBefore *before)
{
  g_autofree char *last_error = NULL;
  DbrCircuitHerald *herald = NULL;
  DbrCircuitState state = self->circuit.state;
  gboolean has_changed = before->n_changes != self->circuit.n_changes;

  if (has_changed)
    dbr_circuit_breaker_publish_locked (self);
  if (before->state != state)
    dbr_circuit_breaker_add_news_locked (self, before->state, state);
  if (before->cause != self->circuit.cause)
    self->has_new_reason = TRUE;
  if (before->state != state && state == DBR_CIRCUIT_STATE_CLOSED)
    last_error = g_steal_pointer (&self->last_error);

  if ((self->n_news > 0 || self->has_new_reason) && !self->is_herald_sent)
    {
      self->is_herald_sent = TRUE;
      herald = g_atomic_rc_box_acquire (self->herald);
    }
  g_mutex_unlock (&self->mutex);

  if (herald != NULL)
    dbr_mailbox_post (herald->mailbox, &herald->letter);
  if (has_changed && self->changed != NULL)
    self->changed (self, self->user_data);
}

static void
dbr_circuit_breaker_take_clock (DbrCircuitBreaker *self,
                                const DbrClock    *clock,
                                DbrRandom         *random)
{
  gint64 now = dbr_clock_get_monotonic (clock);

  self->clock = clock;
  self->suspended_usec = dbr_clock_get_boottime (clock) - now;
  dbr_circuit_init (&self->circuit, random, now);
  dbr_circuit_breaker_publish_locked (self);
}

static void
dbr_circuit_breaker_constructed (GObject *object)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();

  G_OBJECT_CLASS (dbr_circuit_breaker_parent_class)->constructed (object);

  dbr_circuit_breaker_take_context (DBR_CIRCUIT_BREAKER (object), context);
}

static void
dbr_circuit_breaker_finalize (GObject *object)
{
  DbrCircuitBreaker *self = DBR_CIRCUIT_BREAKER (object);

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_clear_pointer (&self->herald, herald_unref);
  g_clear_pointer (&self->last_error, g_free);
  g_clear_pointer (&self->refusal, g_ref_string_release);
  g_clear_pointer (&self->bus_name, g_free);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_circuit_breaker_parent_class)->finalize (object);
}

static void
dbr_circuit_breaker_get_property (GObject    *object,
                                  guint       prop_id,
                                  GValue     *value,
                                  GParamSpec *pspec)
{
  DbrCircuitBreaker *self = DBR_CIRCUIT_BREAKER (object);

  switch (prop_id)
    {
    case PROP_STATE:
      g_value_set_enum (value, dbr_circuit_breaker_get_state (self));
      break;

    case PROP_REASON:
      g_value_set_string (value, dbr_circuit_breaker_get_reason (self));
      break;

    case PROP_RETRY_AFTER_MS:
      g_value_set_uint (value, dbr_circuit_breaker_get_retry_after_ms (self));
      break;

    case PROP_WINDOW_MS:
      g_value_set_uint (value, dbr_circuit_breaker_get_window_ms (self));
      break;

    case PROP_MIN_CALLS:
      g_value_set_uint (value, dbr_circuit_breaker_get_min_calls (self));
      break;

    case PROP_FAILURE_RATIO:
      g_value_set_double (value, dbr_circuit_breaker_get_failure_ratio (self));
      break;

    case PROP_CONSECUTIVE_FAILURES:
      g_value_set_uint (value, dbr_circuit_breaker_get_consecutive_failures (self));
      break;

    case PROP_SLOW_MS:
      g_value_set_uint (value, dbr_circuit_breaker_get_slow_ms (self));
      break;

    case PROP_SLOW_RATIO:
      g_value_set_double (value, dbr_circuit_breaker_get_slow_ratio (self));
      break;

    case PROP_OPEN_MS:
      g_value_set_uint (value, dbr_circuit_breaker_get_open_ms (self));
      break;

    case PROP_MAX_OPEN_MS:
      g_value_set_uint (value, dbr_circuit_breaker_get_max_open_ms (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_circuit_breaker_set_property (GObject      *object,
                                  guint         prop_id,
                                  const GValue *value,
                                  GParamSpec   *pspec)
{
  DbrCircuitBreaker *self = DBR_CIRCUIT_BREAKER (object);

  switch (prop_id)
    {
    case PROP_WINDOW_MS:
      dbr_circuit_breaker_set_window_ms (self, g_value_get_uint (value));
      break;

    case PROP_MIN_CALLS:
      dbr_circuit_breaker_set_min_calls (self, g_value_get_uint (value));
      break;

    case PROP_FAILURE_RATIO:
      dbr_circuit_breaker_set_failure_ratio (self, g_value_get_double (value));
      break;

    case PROP_CONSECUTIVE_FAILURES:
      dbr_circuit_breaker_set_consecutive_failures (self, g_value_get_uint (value));
      break;

    case PROP_SLOW_MS:
      dbr_circuit_breaker_set_slow_ms (self, g_value_get_uint (value));
      break;

    case PROP_SLOW_RATIO:
      dbr_circuit_breaker_set_slow_ratio (self, g_value_get_double (value));
      break;

    case PROP_OPEN_MS:
      dbr_circuit_breaker_set_open_ms (self, g_value_get_uint (value));
      break;

    case PROP_MAX_OPEN_MS:
      dbr_circuit_breaker_set_max_open_ms (self, g_value_get_uint (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_circuit_breaker_class_init (DbrCircuitBreakerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dbr_circuit_breaker_constructed;
  object_class->finalize = dbr_circuit_breaker_finalize;
  object_class->get_property = dbr_circuit_breaker_get_property;
  object_class->set_property = dbr_circuit_breaker_set_property;

  /**
   * DbrCircuitBreaker:state: (getter get_state)
   *
   * Whether calls are sent.
   *
   * Since: 0.1
   */
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL,
                       DBR_TYPE_CIRCUIT_STATE,
                       DBR_CIRCUIT_STATE_CLOSED,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCircuitBreaker:reason: (getter get_reason)
   *
   * Why it is not closed, for a person to read.
   *
   * Since: 0.1
   */
  properties[PROP_REASON] =
    g_param_spec_string ("reason", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCircuitBreaker:retry-after-ms: (getter get_retry_after_ms)
   *
   * How long it will be until a call is sent again, in milliseconds. It is not notified.
   *
   * It is 0 if the next call is sent, and while the circuit is isolated, since that does not end by
   * itself.
   *
   * Since: 0.1
   */
  properties[PROP_RETRY_AFTER_MS] =
    g_param_spec_uint ("retry-after-ms", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCircuitBreaker:window-ms: (getter get_window_ms) (setter set_window_ms)
   *
   * How long a result counts, in milliseconds. 30000 by default.
   *
   * Since: 0.1
   */
  properties[PROP_WINDOW_MS] =
    g_param_spec_uint ("window-ms", NULL, NULL,
                       0, G_MAXUINT, 30000,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCircuitBreaker:min-calls: (getter get_min_calls) (setter set_min_calls)
   *
   * How many calls it takes before a share of them says anything. 5 by default.
   *
   * Since: 0.1
   */
  properties[PROP_MIN_CALLS] =
    g_param_spec_uint ("min-calls", NULL, NULL,
                       0, G_MAXUINT, 5,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCircuitBreaker:failure-ratio: (getter get_failure_ratio) (setter set_failure_ratio)
   *
   * The share of calls that has to fail for the circuit to open, up to 1. 0.5 by default.
   *
   * Since: 0.1
   */
  properties[PROP_FAILURE_RATIO] =
    g_param_spec_double ("failure-ratio", NULL, NULL,
                         -(double) INFINITY, (double) INFINITY, 0.5,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCircuitBreaker:consecutive-failures: (getter get_consecutive_failures)
   *
   * How many calls in a row have to fail for the circuit to open, however few there were. 3 by
   * default.
   *
   * Since: 0.1
   */
  properties[PROP_CONSECUTIVE_FAILURES] =
    g_param_spec_uint ("consecutive-failures", NULL, NULL,
                       0, G_MAXUINT, 3,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCircuitBreaker:slow-ms: (getter get_slow_ms) (setter set_slow_ms)
   *
   * A call that takes longer than this many milliseconds is slow. 1000 by default.
   *
   * Since: 0.1
   */
  properties[PROP_SLOW_MS] =
    g_param_spec_uint ("slow-ms", NULL, NULL,
                       0, G_MAXUINT, 1000,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCircuitBreaker:slow-ratio: (getter get_slow_ratio) (setter set_slow_ratio)
   *
   * The share of calls that has to be slow for the circuit to open, up to 1. 0.8 by default.
   *
   * Since: 0.1
   */
  properties[PROP_SLOW_RATIO] =
    g_param_spec_double ("slow-ratio", NULL, NULL,
                         -(double) INFINITY, (double) INFINITY, 0.8,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCircuitBreaker:open-ms: (getter get_open_ms) (setter set_open_ms)
   *
   * How long the circuit is open the first time, in milliseconds. 2000 by default.
   *
   * It is drawn from the upper half of this, so that not all clients of a service try it at
   * once.
   *
   * Since: 0.1
   */
  properties[PROP_OPEN_MS] =
    g_param_spec_uint ("open-ms", NULL, NULL,
                       0, G_MAXUINT, 2000,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrCircuitBreaker:max-open-ms: (getter get_max_open_ms) (setter set_max_open_ms)
   *
   * How long the circuit is open at most, in milliseconds. 60000 by default.
   *
   * It is never less than [property@CircuitBreaker:open-ms].
   *
   * Since: 0.1
   */
  properties[PROP_MAX_OPEN_MS] =
    g_param_spec_uint ("max-open-ms", NULL, NULL,
                       0, G_MAXUINT, 60000,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DbrCircuitBreaker::state-changed:
   * @self: a circuit breaker
   * @old_state: the state it was in
   * @new_state: the state it is in now
   *
   * Emitted when the state has changed.
   *
   * Since: 0.1
   */
  signals[SIGNAL_STATE_CHANGED] =
    g_signal_new ("state-changed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  DBR_TYPE_CIRCUIT_STATE,
                  DBR_TYPE_CIRCUIT_STATE);
}

static void
dbr_circuit_breaker_init (DbrCircuitBreaker *self)
{
  g_mutex_init (&self->mutex);
  dbr_circuit_breaker_take_clock (self, dbr_clock_get_system (), dbr_random_get_system ());
}

DbrCircuitBreaker *
dbr_circuit_breaker_new (const char     *bus_name,
                         GMainContext   *context,
                         const DbrClock *clock,
                         DbrRandom      *random)
{
  DbrCircuitBreaker *self = g_object_new (DBR_TYPE_CIRCUIT_BREAKER, NULL);

  self->bus_name = g_strdup (bus_name);
  dbr_circuit_breaker_take_context (self, context);
  dbr_circuit_breaker_take_clock (self, clock, random);

  return self;
}

void
dbr_circuit_breaker_set_changed (DbrCircuitBreaker *self,
                                 DbrCircuitFunc     changed,
                                 gpointer           user_data,
                                 GDestroyNotify     destroy)
{
  self->changed = changed;
  self->user_data = user_data;
  self->destroy = destroy;
}

/**
 * dbr_circuit_breaker_get_state: (get-property state)
 * @self: a circuit breaker
 *
 * Gets whether calls are sent.
 *
 * Returns: the state
 *
 * Since: 0.1
 */
DbrCircuitState
dbr_circuit_breaker_get_state (DbrCircuitBreaker *self)
{
  g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_CIRCUIT_BREAKER (self), DBR_CIRCUIT_STATE_CLOSED);

  locker = g_mutex_locker_new (&self->mutex);

  return self->circuit.state;
}

/**
 * dbr_circuit_breaker_get_reason: (get-property reason)
 * @self: a circuit breaker
 *
 * Gets why it is not closed.
 *
 * Returns: (nullable): the reason, for a person to read
 *
 * Since: 0.1
 */
const char *
dbr_circuit_breaker_get_reason (DbrCircuitBreaker *self)
{
  DbrCircuitCause cause;
  guint value;

  g_return_val_if_fail (DBR_IS_CIRCUIT_BREAKER (self), NULL);

  g_mutex_lock (&self->mutex);
  cause = self->circuit.cause;
  value = self->circuit.cause_value;
  g_mutex_unlock (&self->mutex);

  return dbr_circuit_cause_to_string (cause, value);
}

/**
 * dbr_circuit_breaker_get_retry_after_ms: (get-property retry-after-ms)
 * @self: a circuit breaker
 *
 * Gets how long it will be until a call is sent again.
 *
 * Returns: the time in milliseconds, 0 if the next call is sent or no time is known
 *
 * Since: 0.1
 */
guint
dbr_circuit_breaker_get_retry_after_ms (DbrCircuitBreaker *self)
{
  gint64 when;

  g_return_val_if_fail (DBR_IS_CIRCUIT_BREAKER (self), 0);

  g_mutex_lock (&self->mutex);
  when = dbr_circuit_get_retry_usec (&self->circuit);
  g_mutex_unlock (&self->mutex);

  if (when == 0)
    return 0;

  return (guint) ((MAX (when - dbr_clock_get_monotonic (self->clock), 0) + 999) / 1000);
}

/**
 * dbr_circuit_breaker_isolate:
 * @self: a circuit breaker
 *
 * Sends no more calls until [method@CircuitBreaker.reset].
 *
 * Since: 0.1
 */
void
dbr_circuit_breaker_isolate (DbrCircuitBreaker *self)
{
  DbrCircuitBefore before;

  g_return_if_fail (DBR_IS_CIRCUIT_BREAKER (self));

  dbr_circuit_breaker_begin (self, &before);
  dbr_circuit_isolate (&self->circuit, dbr_clock_get_monotonic (self->clock));
  dbr_circuit_breaker_end (self, &before);
}

/**
 * dbr_circuit_breaker_reset:
 * @self: a circuit breaker
 *
 * Closes the circuit and forgets all that was counted.
 *
 * Since: 0.1
 */
void
dbr_circuit_breaker_reset (DbrCircuitBreaker *self)
{
  DbrCircuitBefore before;

  g_return_if_fail (DBR_IS_CIRCUIT_BREAKER (self));

  dbr_circuit_breaker_begin (self, &before);
  dbr_circuit_reset (&self->circuit, dbr_clock_get_monotonic (self->clock));
  dbr_circuit_breaker_end (self, &before);
}
