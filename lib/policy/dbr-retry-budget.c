/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-retry-budget-private.h"

/* Tenths do not add up exactly. */
#define TOLERANCE 1e-6

/* What is left for one destination. One that has all of it is not in the table. */
typedef struct
{
  double balance;
  gint64 when_usec;
} Account;

struct _DbrRetryBudget
{
  const DbrClock *clock;

  GMutex          mutex;

  /* guarded by mutex */
  GHashTable     *accounts;
};

DbrRetryBudget *
dbr_retry_budget_new (const DbrClock *clock)
{
  DbrRetryBudget *self = g_new0 (DbrRetryBudget, 1);

  self->clock = clock;
  g_mutex_init (&self->mutex);
  self->accounts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return self;
}

void
dbr_retry_budget_free (DbrRetryBudget *self)
{
  g_hash_table_unref (self->accounts);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static const char *
key_of (const char *bus_name)
{
  return bus_name != NULL ? bus_name : "";
}

static double
account_get_balance (const Account      *account,
                     const DbrRetryPlan *plan,
                     gint64              now)
{
  double passed = (double) MAX (now - account->when_usec, 0) / G_USEC_PER_SEC;
  double balance = account->balance + passed * plan->values.budget_refill_per_s;

  return MIN (balance, plan->values.budget_capacity);
}

static gboolean
is_full (double              balance,
         const DbrRetryPlan *plan)
{
  return balance + TOLERANCE >= plan->values.budget_capacity;
}

/* Makes place for another destination: the full ones go, or else the one that is nearest to it. */
static void
dbr_retry_budget_shrink_locked (DbrRetryBudget     *self,
                                const DbrRetryPlan *plan,
                                gint64              now)
{
  const char *fullest = NULL;
  double most = -1;
  GHashTableIter iter;
  gpointer name;
  gpointer account;

  if (g_hash_table_size (self->accounts) < DBR_RETRY_BUDGET_MAX_NAMES)
    return;

  g_hash_table_iter_init (&iter, self->accounts);
  while (g_hash_table_iter_next (&iter, &name, &account))
    {
      double balance = account_get_balance (account, plan, now);

      if (is_full (balance, plan))
        {
          g_hash_table_iter_remove (&iter);
        }
      else if (balance > most)
        {
          most = balance;
          fullest = name;
        }
    }

  if (g_hash_table_size (self->accounts) >= DBR_RETRY_BUDGET_MAX_NAMES)
    g_hash_table_remove (self->accounts, fullest);
}

static double
dbr_retry_budget_get_balance_locked (DbrRetryBudget     *self,
                                     const DbrRetryPlan *plan,
                                     const char         *bus_name,
                                     gint64              now)
{
  const Account *account = g_hash_table_lookup (self->accounts, key_of (bus_name));

  return account != NULL ? account_get_balance (account, plan, now) : plan->values.budget_capacity;
}

static void
dbr_retry_budget_set_balance_locked (DbrRetryBudget     *self,
                                     const DbrRetryPlan *plan,
                                     const char         *bus_name,
                                     double              balance,
                                     gint64              now)
{
  Account *account = g_hash_table_lookup (self->accounts, key_of (bus_name));

  if (is_full (balance, plan))
    {
      g_hash_table_remove (self->accounts, key_of (bus_name));
      return;
    }

  if (account == NULL)
    {
      dbr_retry_budget_shrink_locked (self, plan, now);
      account = g_new0 (Account, 1);
      g_hash_table_insert (self->accounts, g_strdup (key_of (bus_name)), account);
    }
  account->balance = balance;
  account->when_usec = now;
}

gboolean
dbr_retry_budget_take (DbrRetryBudget     *self,
                       const DbrRetryPlan *plan,
                       const char         *bus_name,
                       DbrFailure          failure,
                       guint              *cost)
{
  guint price = failure == DBR_FAILURE_NOT_DELIVERED
                ? DBR_RETRY_BUDGET_COST_NOT_DELIVERED
                : DBR_RETRY_BUDGET_COST_OTHER;
  gboolean is_paid;
  double balance;
  gint64 now;

  *cost = 0;
  if (plan->values.budget_capacity == 0)
    return TRUE;

  now = dbr_clock_get_monotonic (self->clock);
  g_mutex_lock (&self->mutex);
  balance = dbr_retry_budget_get_balance_locked (self, plan, bus_name, now);
  is_paid = balance + TOLERANCE >= price;
  if (is_paid)
    dbr_retry_budget_set_balance_locked (self, plan, bus_name, MAX (balance - price, 0), now);
  g_mutex_unlock (&self->mutex);

  if (is_paid)
    *cost = price;

  return is_paid;
}

void
dbr_retry_budget_succeeded (DbrRetryBudget     *self,
                            const DbrRetryPlan *plan,
                            const char         *bus_name,
                            guint               cost)
{
  double gain = cost != 0 ? cost : DBR_RETRY_BUDGET_SUCCESS;

  if (plan->values.budget_capacity == 0)
    return;

  g_mutex_lock (&self->mutex);
  /* As a rule nothing was taken, and then there is nothing to ask the clock for. */
  if (g_hash_table_contains (self->accounts, key_of (bus_name)))
    {
      gint64 now = dbr_clock_get_monotonic (self->clock);
      double balance = dbr_retry_budget_get_balance_locked (self, plan, bus_name, now);

      dbr_retry_budget_set_balance_locked (self, plan, bus_name, balance + gain, now);
    }
  g_mutex_unlock (&self->mutex);
}

double
dbr_retry_budget_get_balance (DbrRetryBudget     *self,
                              const DbrRetryPlan *plan,
                              const char         *bus_name)
{
  gint64 now = dbr_clock_get_monotonic (self->clock);
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return dbr_retry_budget_get_balance_locked (self, plan, bus_name, now);
}

guint
dbr_retry_budget_get_n_names (DbrRetryBudget *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return g_hash_table_size (self->accounts);
}
