/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-retry-policy.h"
#include "policy/dbr-retry-policy-private.h"

#include <math.h>

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "policy/dbr-failure-private.h"
#include "policy/dbr-retry-private.h"

#define PRESET_DEFAULT "default"

/**
 * DbrRetryPolicy:
 *
 * Which calls are tried again after they failed, how often, and after which pause.
 *
 * What was not delivered is tried again. What was perhaps executed is tried again only if it is a
 * read or the caller says that running twice does no harm; a service that hangs executes later
 * what was sent to it. What the service executed or refused is not tried again, except by the word
 * of the caller: see [method@RetryPolicy.add_retryable].
 *
 * A call has one time limit over all attempts and pauses, and no attempt begins without time for
 * an answer. When nothing more is tried the caller gets the error of the last attempt, and not one
 * that says how often it was tried.
 *
 * ```c
 * g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
 *
 * dbr_retry_policy_set_max_attempts (policy, 5);
 * dbr_retry_policy_add_retryable (policy, "org.example.Error.Busy", &error);
 * ```
 *
 * A client goes by its [property@Client:retry-policy]. Code of one's own is served by
 * [method@RetryPolicy.begin].
 *
 * ## Presets
 *
 * - `default`: 3 attempts in all, pauses of 50 ms, then twice as long each time.
 * - `none`: every call is made once, and does not wait for a service that is not there.
 * - `patient`: 3 attempts, pauses of 1 s, then twice as long each time.
 * - `reconnect`: 5 attempts, pauses of 1 s, then one and a half times as long each time.
 * - `bluez`: for Bluetooth devices. It retries what BlueZ says of a device or adapter that is busy
 *   or out of reach, although the call was executed. The pause depends on the cause. Failures that
 *   pass by themselves may be 9, others 4.
 *
 * ## The budget
 *
 * All retries of a client's calls to one service have a common budget, so that a service in trouble
 * is not given more work than one that works. A retry of what was not delivered costs 1, another
 * one 2. That comes back if the retry succeeds, each call that succeeds at once gives 0.1, and time
 * does the rest. When too little is left calls fail without a retry.
 *
 * ## Changes and threads
 *
 * All properties may change at any time and from any thread; a call goes by what held when it
 * began. A property takes every value. With one that makes no sense, calls fail with
 * `DBR_ERROR_INVALID_ARGUMENT` and a [class@Retry] never retries. `notify` is emitted in the thread
 * that sets a property, all other signals in the context the policy was made in; they tell of the
 * calls of clients only.
 *
 * Since: 0.1
 */

enum
{
  PROP_0,
  PROP_MAX_ATTEMPTS,
  PROP_BASE_DELAY_MS,
  PROP_THROTTLE_DELAY_MS,
  PROP_MULTIPLIER,
  PROP_MAX_DELAY_MS,
  PROP_JITTER,
  PROP_BUDGET_CAPACITY,
  PROP_BUDGET_REFILL_PER_S,
  PROP_WAIT_FOR_OWNER,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ENUM_TYPE (DbrJitter, dbr_jitter,
                    G_DEFINE_ENUM_VALUE (DBR_JITTER_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (DBR_JITTER_EQUAL, "equal"),
                    G_DEFINE_ENUM_VALUE (DBR_JITTER_FULL, "full"),
                    G_DEFINE_ENUM_VALUE (DBR_JITTER_DECORRELATED, "decorrelated"))

G_DEFINE_FINAL_TYPE (DbrRetryPolicy, dbr_retry_policy, G_TYPE_OBJECT)

static void
dbr_retry_policy_finalize (GObject *object)
{
  DbrRetryPolicy *self = DBR_RETRY_POLICY (object);

  g_clear_pointer (&self->plan, dbr_retry_plan_unref);
  g_clear_pointer (&self->herald, dbr_retry_herald_unref);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_retry_policy_parent_class)->finalize (object);
}

static void
dbr_retry_policy_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  DbrRetryPolicy *self = DBR_RETRY_POLICY (object);

  switch (prop_id)
    {
    case PROP_MAX_ATTEMPTS:
      g_value_set_uint (value, dbr_retry_policy_get_max_attempts (self));
      break;

    case PROP_BASE_DELAY_MS:
      g_value_set_uint (value, dbr_retry_policy_get_base_delay_ms (self));
      break;

    case PROP_THROTTLE_DELAY_MS:
      g_value_set_uint (value, dbr_retry_policy_get_throttle_delay_ms (self));
      break;

    case PROP_MULTIPLIER:
      g_value_set_double (value, dbr_retry_policy_get_multiplier (self));
      break;

    case PROP_MAX_DELAY_MS:
      g_value_set_uint (value, dbr_retry_policy_get_max_delay_ms (self));
      break;

    case PROP_JITTER:
      g_value_set_enum (value, dbr_retry_policy_get_jitter (self));
      break;

    case PROP_BUDGET_CAPACITY:
      g_value_set_uint (value, dbr_retry_policy_get_budget_capacity (self));
      break;

    case PROP_BUDGET_REFILL_PER_S:
      g_value_set_double (value, dbr_retry_policy_get_budget_refill_per_s (self));
      break;

    case PROP_WAIT_FOR_OWNER:
      g_value_set_boolean (value, dbr_retry_policy_get_wait_for_owner (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_retry_policy_set_property (GObject      *object,
                               guint         prop_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  DbrRetryPolicy *self = DBR_RETRY_POLICY (object);

  switch (prop_id)
    {
    case PROP_MAX_ATTEMPTS:
      dbr_retry_policy_set_max_attempts (self, g_value_get_uint (value));
      break;

    case PROP_BASE_DELAY_MS:
      dbr_retry_policy_set_base_delay_ms (self, g_value_get_uint (value));
      break;

    case PROP_THROTTLE_DELAY_MS:
      dbr_retry_policy_set_throttle_delay_ms (self, g_value_get_uint (value));
      break;

    case PROP_MULTIPLIER:
      dbr_retry_policy_set_multiplier (self, g_value_get_double (value));
      break;

    case PROP_MAX_DELAY_MS:
      dbr_retry_policy_set_max_delay_ms (self, g_value_get_uint (value));
      break;

    case PROP_JITTER:
      dbr_retry_policy_set_jitter (self, g_value_get_enum (value));
      break;

    case PROP_BUDGET_CAPACITY:
      dbr_retry_policy_set_budget_capacity (self, g_value_get_uint (value));
      break;

    case PROP_BUDGET_REFILL_PER_S:
      dbr_retry_policy_set_budget_refill_per_s (self, g_value_get_double (value));
      break;

    case PROP_WAIT_FOR_OWNER:
      dbr_retry_policy_set_wait_for_owner (self, g_value_get_boolean (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_retry_policy_class_init (DbrRetryPolicyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_retry_policy_finalize;
  object_class->get_property = dbr_retry_policy_get_property;
  object_class->set_property = dbr_retry_policy_set_property;

  /**
   * DbrRetryPolicy:max-attempts: (getter get_max_attempts) (setter set_max_attempts)
   *
   * How many attempts there are in all, the first one included; from 1, by default 3.
   *
   * In the preset `bluez` these are the hard failures, and those that pass by themselves are
   * counted apart from them. Once it is set it is all attempts there too.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_ATTEMPTS] =
    g_param_spec_uint ("max-attempts", NULL, NULL,
                       0, G_MAXUINT, 3,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRetryPolicy:base-delay-ms: (getter get_base_delay_ms) (setter set_base_delay_ms)
   *
   * The first pause in milliseconds, by default 50, up to 86400000.
   *
   * Since: 0.1
   */
  properties[PROP_BASE_DELAY_MS] =
    g_param_spec_uint ("base-delay-ms", NULL, NULL,
                       0, G_MAXUINT, 50,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRetryPolicy:throttle-delay-ms: (getter get_throttle_delay_ms) (setter set_throttle_delay_ms)
   *
   * The first pause in milliseconds where a limit was reached or a program could not be started, by
   * default 500, up to 86400000.
   *
   * Since: 0.1
   */
  properties[PROP_THROTTLE_DELAY_MS] =
    g_param_spec_uint ("throttle-delay-ms", NULL, NULL,
                       0, G_MAXUINT, 500,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /* GObject takes what is not a number for out of range: only so does it not warn. */

  /**
   * DbrRetryPolicy:multiplier: (getter get_multiplier) (setter set_multiplier)
   *
   * How many times as long each pause is as the one before; from 1, by default 2.
   *
   * Since: 0.1
   */
  properties[PROP_MULTIPLIER] =
    g_param_spec_double ("multiplier", NULL, NULL,
                         -(double) INFINITY, (double) INFINITY, 2,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS
                         | G_PARAM_LAX_VALIDATION);

  /**
   * DbrRetryPolicy:max-delay-ms: (getter get_max_delay_ms) (setter set_max_delay_ms)
   *
   * The longest pause in milliseconds, by default 2000, up to 86400000.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_DELAY_MS] =
    g_param_spec_uint ("max-delay-ms", NULL, NULL,
                       0, G_MAXUINT, 2000,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRetryPolicy:jitter: (getter get_jitter) (setter set_jitter)
   *
   * How much of a pause is left to chance, by default `DBR_JITTER_EQUAL`.
   *
   * Since: 0.1
   */
  properties[PROP_JITTER] =
    g_param_spec_enum ("jitter", NULL, NULL,
                       DBR_TYPE_JITTER,
                       DBR_JITTER_EQUAL,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRetryPolicy:budget-capacity: (getter get_budget_capacity) (setter set_budget_capacity)
   *
   * What retries of calls to one service may cost in a short time, by default 10; 0 for no such
   * limit.
   *
   * Since: 0.1
   */
  properties[PROP_BUDGET_CAPACITY] =
    g_param_spec_uint ("budget-capacity", NULL, NULL,
                       0, G_MAXUINT, 10,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRetryPolicy:budget-refill-per-s:
   *
   * How much of the budget comes back each second; from 0, by default 0.2.
   *
   * Since: 0.1
   */
  properties[PROP_BUDGET_REFILL_PER_S] =
    g_param_spec_double ("budget-refill-per-s", NULL, NULL,
                         -(double) INFINITY, (double) INFINITY, 0.2,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS
                         | G_PARAM_LAX_VALIDATION);

  /**
   * DbrRetryPolicy:wait-for-owner: (getter get_wait_for_owner) (setter set_wait_for_owner)
   *
   * Whether a call waits within its limit for a service that is not there; by default it does.
   *
   * If not, it fails at once.
   *
   * Since: 0.1
   */
  properties[PROP_WAIT_FOR_OWNER] =
    g_param_spec_boolean ("wait-for-owner", NULL, NULL,
                          TRUE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
  dbr_retry_policy_install_signals (klass);
}

static void
dbr_retry_policy_init (DbrRetryPolicy *self)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();

  g_mutex_init (&self->mutex);
  self->plan = dbr_retry_plan_lookup (PRESET_DEFAULT);
  self->clock = dbr_clock_get_system ();
  self->random = dbr_random_get_system ();

  self->herald = dbr_retry_herald_new (self, context);
}

/**
 * dbr_retry_policy_new:
 *
 * Creates the policy that ships, which is the preset `default`.
 *
 * Returns: (transfer full): a new policy
 *
 * Since: 0.1
 */
DbrRetryPolicy *
dbr_retry_policy_new (void)
{
  return g_object_new (DBR_TYPE_RETRY_POLICY, NULL);
}

/**
 * dbr_retry_policy_new_preset:
 * @name: `default`, `none`, `patient`, `reconnect` or `bluez`
 * @error: return location for an error
 *
 * Creates a policy for a purpose.
 *
 * Returns: (transfer full): a new policy, which can be changed like any other
 *
 * Since: 0.1
 */
DbrRetryPolicy *
dbr_retry_policy_new_preset (const char  *name,
                             GError     **error)
{
  g_autoptr(DbrRetryPlan) plan = NULL;
  DbrRetryPolicy *self;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  plan = dbr_retry_plan_lookup (name);
  if (plan == NULL)
    {
      g_autofree char *shown = g_utf8_make_valid (name, -1);

      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("There is no retry preset “%s”"), shown);
      return NULL;
    }

  self = dbr_retry_policy_new ();
  dbr_retry_plan_unref (self->plan);
  self->plan = g_steal_pointer (&plan);

  return self;
}

void
dbr_retry_policy_set_sources (DbrRetryPolicy *self,
                              const DbrClock *clock,
                              DbrRandom      *random)
{
  self->clock = clock;
  self->random = random;
}

DbrRetryPlan *
dbr_retry_policy_ref_plan (DbrRetryPolicy *self)
{
  DbrRetryPlan *plan;

  g_mutex_lock (&self->mutex);
  plan = dbr_retry_plan_ref (self->plan);
  g_mutex_unlock (&self->mutex);

  return plan;
}

/* Makes a plan of the one that holds and a word of the caller's. */
static void
dbr_retry_policy_take_word (DbrRetryPolicy *self,
                            const char     *error_name,
                            gboolean        is_retryable)
{
  g_autoptr(DbrRetryPlan) old = NULL;
  DbrRetryPlan *plan;

  g_mutex_lock (&self->mutex);
  plan = dbr_retry_plan_copy (self->plan);
  if (is_retryable)
    dbr_retry_plan_add_word (plan, error_name);
  else
    dbr_retry_plan_remove_word (plan, error_name);
  old = self->plan;
  self->plan = plan;
  g_mutex_unlock (&self->mutex);
}

/**
 * dbr_retry_policy_add_retryable:
 * @self: a policy
 * @error_name: the name of an error on the bus, such as `org.example.Error.Busy`
 * @error: return location for an error
 *
 * Says that calls which fail with an error may be tried again, whatever else is known of it.
 *
 * It is the word of the caller that running such a call twice does no harm: the service may have
 * executed the call before it answered with the error.
 *
 * Returns: whether it can be the name of an error; if not, nothing has changed
 *
 * Since: 0.1
 */
gboolean
dbr_retry_policy_add_retryable (DbrRetryPolicy  *self,
                                const char      *error_name,
                                GError         **error)
{
  g_return_val_if_fail (DBR_IS_RETRY_POLICY (self), FALSE);
  g_return_val_if_fail (error_name != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!dbr_check_error_name (error_name, error))
    return FALSE;

  dbr_retry_policy_take_word (self, error_name, TRUE);

  return TRUE;
}

/**
 * dbr_retry_policy_remove_retryable:
 * @self: a policy
 * @error_name: the name of an error on the bus
 *
 * Takes back that calls which fail with an error may be tried again.
 *
 * It is then judged like any other. What a preset would retry by itself can be taken from it so.
 *
 * Since: 0.1
 */
void
dbr_retry_policy_remove_retryable (DbrRetryPolicy *self,
                                   const char     *error_name)
{
  g_return_if_fail (DBR_IS_RETRY_POLICY (self));
  g_return_if_fail (error_name != NULL);

  if (dbr_check_error_name (error_name, NULL))
    dbr_retry_policy_take_word (self, error_name, FALSE);
}

/**
 * dbr_retry_policy_classify:
 * @self: a policy
 * @error: an error of a D-Bus call, whoever made it
 *
 * Tells what an error means for another attempt.
 *
 * It is judged by the domain of the error, its code and its name on the bus. Those do not say
 * whether the bus or the service made it, so in doubt the method was perhaps executed; a
 * [class@Client] would know more of its own calls. An error that the caller has added, or the
 * preset retries, counts as not delivered.
 *
 * Returns: what it means
 *
 * Since: 0.1
 */
DbrFailure
dbr_retry_policy_classify (DbrRetryPolicy *self,
                           const GError   *error)
{
  g_autoptr(DbrRetryPlan) plan = NULL;
  g_autofree char *name = NULL;
  DbrRetryVerdict verdict;

  g_return_val_if_fail (DBR_IS_RETRY_POLICY (self), DBR_FAILURE_PERMANENT);
  g_return_val_if_fail (error != NULL, DBR_FAILURE_PERMANENT);

  plan = dbr_retry_policy_ref_plan (self);
  name = dbr_failure_dup_error_name (error);
  dbr_retry_plan_judge (plan, name, error->message, dbr_failure_classify_error (error), &verdict);

  return verdict.is_added ? DBR_FAILURE_NOT_DELIVERED : verdict.failure;
}

/**
 * dbr_retry_policy_get_delay_range:
 * @self: a policy
 * @attempt: which attempt failed, 1 for the first
 * @min_ms: (out) (optional): return location for the shortest pause in milliseconds
 * @max_ms: (out) (optional): return location for the longest pause in milliseconds
 *
 * Gets between which bounds the pause after an attempt is.
 *
 * It is the pause for failures that have no longer one of their own. Before the first attempt there
 * is none, nor if a property has a value that makes no sense.
 *
 * Since: 0.1
 */
void
dbr_retry_policy_get_delay_range (DbrRetryPolicy *self,
                                  guint           attempt,
                                  guint          *min_ms,
                                  guint          *max_ms)
{
  g_autoptr(DbrRetryPlan) plan = NULL;
  guint least;
  guint most;

  g_return_if_fail (DBR_IS_RETRY_POLICY (self));

  plan = dbr_retry_policy_ref_plan (self);
  dbr_retry_plan_get_range (plan, attempt, &least, &most);

  if (min_ms != NULL)
    *min_ms = least;
  if (max_ms != NULL)
    *max_ms = most;
}

/**
 * dbr_retry_policy_begin:
 * @self: a policy
 * @timeout_ms: the limit over all attempts and pauses in milliseconds, at most a day; 0 for none
 * @idempotent: whether running it more than once does no harm
 *
 * Begins the attempts at something, which may be any code of one's own.
 *
 * The limit begins now. It does not interrupt an attempt, but there is no other one without time
 * for it.
 *
 * Returns: (transfer full): what to ask after each failed attempt
 *
 * Since: 0.1
 */
DbrRetry *
dbr_retry_policy_begin (DbrRetryPolicy *self,
                        guint           timeout_ms,
                        gboolean        idempotent)
{
  g_autoptr(DbrRetryPlan) plan = NULL;

  g_return_val_if_fail (DBR_IS_RETRY_POLICY (self), NULL);

  dbr_check_short_timeout ("timeout_ms", timeout_ms);
  plan = dbr_retry_policy_ref_plan (self);

  return dbr_retry_new (plan, self->clock, self->random, timeout_ms, idempotent);
}
