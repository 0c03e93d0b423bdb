/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-retry-policy-private.h"

#include "base/dbr-mailbox-private.h"

/* What a policy tells of the calls that go by it. */

enum
{
  SIGNAL_RETRYING,
  SIGNAL_RECOVERED,
  SIGNAL_GAVE_UP,
  SIGNAL_BUDGET_EXHAUSTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* Clients speak of their calls in threads of their own. What they say goes as a letter to the
 * context the policy was made in, with a weak reference: so the policy is never kept by it, nor
 * freed in another thread. */
struct _DbrRetryHerald
{
  GWeakRef    policy;
  DbrMailbox *mailbox;
};

typedef struct
{
  DbrLetter       letter;
  DbrRetryHerald *herald;
  guint           signal;
  /* the operation, or the bus name */
  char           *name;
  guint           attempts;
  guint           delay_ms;
  gint64          elapsed_usec;
  GError         *error;
} News;

static void
herald_clear (gpointer data)
{
  DbrRetryHerald *herald = data;

  g_weak_ref_clear (&herald->policy);
  dbr_mailbox_unref (herald->mailbox);
}

DbrRetryHerald *
dbr_retry_herald_new (DbrRetryPolicy *policy,
                      GMainContext   *context)
{
  DbrRetryHerald *herald = g_atomic_rc_box_new0 (DbrRetryHerald);

  g_weak_ref_init (&herald->policy, policy);
  herald->mailbox = dbr_mailbox_get (context);

  return herald;
}

void
dbr_retry_herald_unref (DbrRetryHerald *herald)
{
  g_atomic_rc_box_release_full (herald, herald_clear);
}

static void
news_free (News *news)
{
  dbr_retry_herald_unref (news->herald);
  g_clear_error (&news->error);
  g_free (news->name);
  g_free (news);
}

static void
dbr_retry_policy_tell (DbrRetryPolicy *self,
                       const News     *news)
{
  guint id = signals[news->signal];

  switch (news->signal)
    {
    case SIGNAL_RETRYING:
      g_signal_emit (self, id, 0, news->name, news->attempts, news->delay_ms, news->error);
      break;

    case SIGNAL_RECOVERED:
      g_signal_emit (self, id, 0, news->name, news->attempts, news->elapsed_usec);
      break;

    case SIGNAL_GAVE_UP:
      g_signal_emit (self, id, 0, news->name, news->attempts, news->error);
      break;

    case SIGNAL_BUDGET_EXHAUSTED:
    default:
      g_signal_emit (self, id, 0, news->name);
      break;
    }
}

static void
deliver_news_cb (DbrLetter *letter)
{
  News *news = (News *) letter;
  g_autoptr(DbrRetryPolicy) self = g_weak_ref_get (&news->herald->policy);

  if (self != NULL)
    dbr_retry_policy_tell (self, news);
  news_free (news);
}

static gboolean
dbr_retry_policy_is_heard (DbrRetryPolicy *self,
                           guint           signal)
{
  return g_signal_has_handler_pending (self, signals[signal], 0, FALSE);
}

static News *
dbr_retry_policy_make_news (DbrRetryPolicy *self,
                            guint           signal,
                            const char     *name,
                            const GError   *error)
{
  News *news = g_new0 (News, 1);

  news->letter.deliver = deliver_news_cb;
  news->herald = g_atomic_rc_box_acquire (self->herald);
  news->signal = signal;
  news->name = g_strdup (name);
  news->error = error != NULL ? g_error_copy (error) : NULL;

  return news;
}

static void
news_send (News *news)
{
  if (!dbr_mailbox_post_bounded (news->herald->mailbox, &news->letter))
    news_free (news);
}

void
dbr_retry_policy_install_signals (DbrRetryPolicyClass *klass)
{
  /**
   * DbrRetryPolicy::retrying:
   * @self: a policy
   * @operation: the operation of the call
   * @attempt: which attempt failed, 1 for the first
   * @delay_ms: how long until the next one in milliseconds
   * @error: how it failed
   *
   * Emitted when a call is going to be tried again.
   *
   * Since: 0.1
   */
  signals[SIGNAL_RETRYING] =
    g_signal_new ("retrying",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 4,
                  G_TYPE_STRING,
                  G_TYPE_UINT,
                  G_TYPE_UINT,
                  G_TYPE_ERROR);

  /**
   * DbrRetryPolicy::recovered:
   * @self: a policy
   * @operation: the operation of the call
   * @attempts: how many attempts it took
   * @elapsed_usec: how long the whole call took in microseconds
   *
   * Emitted when a call succeeded after it had failed.
   *
   * Since: 0.1
   */
  signals[SIGNAL_RECOVERED] =
    g_signal_new ("recovered",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 3,
                  G_TYPE_STRING,
                  G_TYPE_UINT,
                  G_TYPE_INT64);

  /**
   * DbrRetryPolicy::gave-up:
   * @self: a policy
   * @operation: the operation of the call
   * @attempts: how many attempts there were
   * @error: how the last one failed
   *
   * Emitted when a call that was tried again has failed for good.
   *
   * Since: 0.1
   */
  signals[SIGNAL_GAVE_UP] =
    g_signal_new ("gave-up",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 3,
                  G_TYPE_STRING,
                  G_TYPE_UINT,
                  G_TYPE_ERROR);

  /**
   * DbrRetryPolicy::budget-exhausted:
   * @self: a policy
   * @bus_name: the service, empty where there is no bus
   *
   * Emitted when a call is not tried again because too many calls to its service were.
   *
   * Since: 0.1
   */
  signals[SIGNAL_BUDGET_EXHAUSTED] =
    g_signal_new ("budget-exhausted",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1,
                  G_TYPE_STRING);
}

void
dbr_retry_policy_tell_retrying (DbrRetryPolicy *self,
                                const char     *operation,
                                guint           attempt,
                                guint           delay_ms,
                                const GError   *error)
{
  News *news;

  if (!dbr_retry_policy_is_heard (self, SIGNAL_RETRYING))
    return;

  news = dbr_retry_policy_make_news (self, SIGNAL_RETRYING, operation, error);
  news->attempts = attempt;
  news->delay_ms = delay_ms;
  news_send (news);
}

void
dbr_retry_policy_tell_recovered (DbrRetryPolicy *self,
                                 const char     *operation,
                                 guint           attempts,
                                 gint64          elapsed_usec)
{
  News *news;

  if (!dbr_retry_policy_is_heard (self, SIGNAL_RECOVERED))
    return;

  news = dbr_retry_policy_make_news (self, SIGNAL_RECOVERED, operation, NULL);
  news->attempts = attempts;
  news->elapsed_usec = elapsed_usec;
  news_send (news);
}

void
dbr_retry_policy_tell_gave_up (DbrRetryPolicy *self,
                               const char     *operation,
                               guint           attempts,
                               const GError   *error)
{
  News *news;

  if (!dbr_retry_policy_is_heard (self, SIGNAL_GAVE_UP))
    return;

  news = dbr_retry_policy_make_news (self, SIGNAL_GAVE_UP, operation, error);
  news->attempts = attempts;
  news_send (news);
}

void
dbr_retry_policy_tell_exhausted (DbrRetryPolicy *self,
                                 const char     *bus_name)
{
  if (!dbr_retry_policy_is_heard (self, SIGNAL_BUDGET_EXHAUSTED))
    return;

  news_send (dbr_retry_policy_make_news (self, SIGNAL_BUDGET_EXHAUSTED,
                                         bus_name != NULL ? bus_name : "", NULL));
}
