/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-retry-budget-private.h"

#define NAME "org.example.A"
#define OTHER "org.example.B"

#define NOT_DELIVERED DBR_FAILURE_NOT_DELIVERED
#define MAYBE DBR_FAILURE_MAYBE_EXECUTED
#define EXECUTED DBR_FAILURE_EXECUTED

static gint64 fake_now = 0;

static gint64
fake_clock_get (const DbrClock *clock)
{
  return fake_now;
}

static const DbrClock fake_clock = { fake_clock_get, fake_clock_get };

static DbrRetryPlan *
make_plan (guint  capacity,
           double refill)
{
  g_autoptr(DbrRetryPlan) shipped = dbr_retry_plan_lookup ("default");
  DbrRetryPlan *plan = dbr_retry_plan_copy (shipped);

  plan->values.budget_capacity = capacity;
  plan->values.budget_refill_per_s = refill;

  return plan;
}

static gboolean
take (DbrRetryBudget     *budget,
      const DbrRetryPlan *plan,
      const char         *name,
      DbrFailure          failure)
{
  guint cost = G_MAXUINT;
  gboolean is_paid = dbr_retry_budget_take (budget, plan, name, failure, &cost);
  guint price = failure == NOT_DELIVERED ? 1 : 2;

  g_assert_cmpuint (cost, ==, is_paid && plan->values.budget_capacity != 0 ? price : 0);

  return is_paid;
}

static void
assert_balance (DbrRetryBudget     *budget,
                const DbrRetryPlan *plan,
                const char         *name,
                double              expected)
{
  g_assert_cmpfloat_with_epsilon (dbr_retry_budget_get_balance (budget, plan, name), expected,
                                  0.0001);
}

static void
test_costs (void)
{
  g_autoptr(DbrRetryBudget) budget = dbr_retry_budget_new (&fake_clock);
  g_autoptr(DbrRetryPlan) plan = make_plan (10, 0);

  g_test_summary ("A retry costs 1 or 2, and without enough of it there is none");

  assert_balance (budget, plan, NAME, 10);
  for (int i = 0; i < 4; i++)
    g_assert_true (take (budget, plan, NAME, MAYBE));
  g_assert_true (take (budget, plan, NAME, NOT_DELIVERED));
  assert_balance (budget, plan, NAME, 1);
  g_assert_false (take (budget, plan, NAME, EXECUTED));
  g_assert_true (take (budget, plan, NAME, NOT_DELIVERED));
  g_assert_false (take (budget, plan, NAME, NOT_DELIVERED));

  /* Each destination has its own, and so has what has no name. */
  assert_balance (budget, plan, OTHER, 10);
  g_assert_true (take (budget, plan, NULL, NOT_DELIVERED));
  assert_balance (budget, plan, NULL, 9);
  assert_balance (budget, plan, OTHER, 10);
}

static void
test_success (void)
{
  g_autoptr(DbrRetryBudget) budget = dbr_retry_budget_new (&fake_clock);
  g_autoptr(DbrRetryPlan) plan = make_plan (10, 0);

  g_test_summary ("A retry that succeeds gives its cost back, another success a tenth");

  for (int i = 0; i < 5; i++)
    g_assert_true (take (budget, plan, NAME, MAYBE));
  dbr_retry_budget_succeeded (budget, plan, NAME, 2);
  assert_balance (budget, plan, NAME, 2);
  g_assert_true (take (budget, plan, NAME, MAYBE));

  for (int i = 0; i < 9; i++)
    dbr_retry_budget_succeeded (budget, plan, NAME, 0);
  g_assert_false (take (budget, plan, NAME, NOT_DELIVERED));
  dbr_retry_budget_succeeded (budget, plan, NAME, 0);
  g_assert_true (take (budget, plan, NAME, NOT_DELIVERED));

  for (int i = 0; i < 200; i++)
    dbr_retry_budget_succeeded (budget, plan, NAME, 0);
  assert_balance (budget, plan, NAME, 10);
  g_assert_cmpuint (dbr_retry_budget_get_n_names (budget), ==, 0);
  dbr_retry_budget_succeeded (budget, plan, NAME, 2);
  assert_balance (budget, plan, NAME, 10);
}

static void
test_refill (void)
{
  g_autoptr(DbrRetryBudget) budget = dbr_retry_budget_new (&fake_clock);
  g_autoptr(DbrRetryPlan) plan = make_plan (10, 0.2);
  g_autoptr(DbrRetryPlan) small = make_plan (3, 0.2);

  g_test_summary ("Time gives it back, all of it in 50 s, and never more than all");

  for (int i = 0; i < 5; i++)
    g_assert_true (take (budget, plan, NAME, MAYBE));
  fake_now += 4999 * 1000;
  g_assert_false (take (budget, plan, NAME, NOT_DELIVERED));
  fake_now += 1000;
  g_assert_true (take (budget, plan, NAME, NOT_DELIVERED));
  fake_now += 25 * G_USEC_PER_SEC;
  assert_balance (budget, plan, NAME, 5);
  /* Who has less at most has less. */
  assert_balance (budget, small, NAME, 3);
  fake_now += 3600ll * G_USEC_PER_SEC;
  assert_balance (budget, plan, NAME, 10);

  /* A clock that goes back takes nothing away. */
  g_assert_true (take (budget, plan, NAME, MAYBE));
  fake_now -= G_USEC_PER_SEC;
  assert_balance (budget, plan, NAME, 8);
}

static void
test_no_budget (void)
{
  g_autoptr(DbrRetryBudget) budget = dbr_retry_budget_new (&fake_clock);
  g_autoptr(DbrRetryPlan) plan = make_plan (0, 0);

  g_test_summary ("With a capacity of 0 nothing is counted");

  for (int i = 0; i < 100; i++)
    g_assert_true (take (budget, plan, NAME, MAYBE));
  dbr_retry_budget_succeeded (budget, plan, NAME, 0);
  g_assert_cmpuint (dbr_retry_budget_get_n_names (budget), ==, 0);
}

static void
test_bounded (void)
{
  g_autoptr(DbrRetryBudget) budget = dbr_retry_budget_new (&fake_clock);
  g_autoptr(DbrRetryPlan) plan = make_plan (10, 0.2);

  g_test_summary ("Not more than 256 destinations are remembered, and the worst are");

  for (int i = 0; i < 5; i++)
    g_assert_true (take (budget, plan, NAME, MAYBE));
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *name = g_strdup_printf (":1.%u", i);

      g_assert_true (take (budget, plan, name, NOT_DELIVERED));
      g_assert_cmpuint (dbr_retry_budget_get_n_names (budget), <=, 256);
    }
  g_assert_cmpuint (dbr_retry_budget_get_n_names (budget), ==, 256);
  g_assert_false (take (budget, plan, NAME, NOT_DELIVERED));

  /* After five seconds those who had paid 1 have all of it again. */
  fake_now += 5 * G_USEC_PER_SEC;
  g_assert_true (take (budget, plan, OTHER, NOT_DELIVERED));
  g_assert_cmpuint (dbr_retry_budget_get_n_names (budget), ==, 2);
}

static void
test_model (void)
{
  g_test_summary ("Over random histories it does what a simple model does");

  for (guint run = 0; run < 10000; run++)
    {
      g_autoptr(DbrRetryBudget) budget = dbr_retry_budget_new (&fake_clock);
      guint capacity = (guint) g_test_rand_int_range (1, 20);
      /* Parts that a double has exactly, so that both agree to the last bit. */
      double refill = g_test_rand_int_range (0, 8) / 4.0;
      g_autoptr(DbrRetryPlan) plan = make_plan (capacity, refill);
      double balance = capacity;
      guint cost = 0;

      for (guint i = 0; i < 20; i++)
        {
          gint64 passed = g_test_rand_int_range (0, 4);

          fake_now += passed * G_USEC_PER_SEC;
          balance = MIN (balance + (double) passed * refill, capacity);
          if (g_test_rand_int_range (0, 3) > 0)
            {
              DbrFailure failure = g_test_rand_int_range (0, 3);
              guint price = failure == NOT_DELIVERED ? 1 : 2;

              if (dbr_retry_budget_take (budget, plan, NAME, failure, &cost))
                {
                  g_assert_cmpfloat (balance + 0.001, >=, price);
                  g_assert_cmpuint (cost, ==, price);
                  balance -= price;
                }
              else
                {
                  g_assert_cmpfloat (balance, <, price);
                  g_assert_cmpuint (cost, ==, 0);
                }
            }
          else
            {
              dbr_retry_budget_succeeded (budget, plan, NAME, cost);
              balance = MIN (balance + (cost != 0 ? cost : 0.1), capacity);
              cost = 0;
            }
          assert_balance (budget, plan, NAME, MAX (balance, 0));
        }
    }
}

static gpointer
spend_cb (gpointer data)
{
  DbrRetryBudget *budget = data;
  g_autoptr(DbrRetryPlan) plan = make_plan (1000, 0);
  guint n_paid = 0;

  for (guint i = 0; i < 1000; i++)
    {
      guint cost;

      if (dbr_retry_budget_take (budget, plan, NAME, NOT_DELIVERED, &cost))
        n_paid++;
      (void) dbr_retry_budget_get_balance (budget, plan, OTHER);
      dbr_retry_budget_succeeded (budget, plan, OTHER, 0);
    }

  return GUINT_TO_POINTER (n_paid);
}

static void
test_threads (void)
{
  g_autoptr(DbrRetryBudget) budget = dbr_retry_budget_new (&fake_clock);
  GThread *threads[4];
  guint n_paid = 0;

  g_test_summary ("However many threads spend, not more is spent than there is");

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("spend", spend_cb, budget);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    n_paid += GPOINTER_TO_UINT (g_thread_join (threads[i]));

  g_assert_cmpuint (n_paid, ==, 1000);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/retry-budget/costs", test_costs);
  g_test_add_func ("/dbr/retry-budget/success", test_success);
  g_test_add_func ("/dbr/retry-budget/refill", test_refill);
  g_test_add_func ("/dbr/retry-budget/no-budget", test_no_budget);
  g_test_add_func ("/dbr/retry-budget/bounded", test_bounded);
  g_test_add_func ("/dbr/retry-budget/like-a-simple-model", test_model);
  g_test_add_func ("/dbr/retry-budget/threads", test_threads);

  return g_test_run ();
}
