/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib.h>

#include "bus/dbr-ledger-private.h"

static void
test_share (void)
{
  g_autoptr(DbrLedger) ledger = dbr_ledger_new (128);
  const guint shares[] = { 64, 32, 16, 8, 4, 2, 1 };

  g_test_summary ("A destination never holds more slots than it leaves free, so another always gets one");

  for (gsize i = 0; i < G_N_ELEMENTS (shares); i++)
    {
      g_autofree char *destination = g_strdup_printf ("org.example.Name%" G_GSIZE_FORMAT, i);
      guint n = 0;

      while (dbr_ledger_take (ledger, destination) != NULL)
        n++;
      g_assert_cmpuint (n, ==, shares[i]);
    }
}

static void
test_orphans_count (void)
{
  g_autoptr(DbrLedger) ledger = dbr_ledger_new (16);
  DbrLedgerAccount *accounts[8];

  g_test_summary ("An orphan holds its slot until it is released");

  for (gsize i = 0; i < G_N_ELEMENTS (accounts); i++)
    accounts[i] = dbr_ledger_take (ledger, "org.example.Hung");
  g_assert_null (dbr_ledger_take (ledger, "org.example.Hung"));

  for (gsize i = 0; i < G_N_ELEMENTS (accounts); i++)
    dbr_ledger_orphan (ledger, accounts[i]);
  g_assert_cmpuint (dbr_ledger_get_n_in_flight (ledger), ==, 0);
  g_assert_cmpuint (dbr_ledger_get_n_orphans (ledger), ==, 8);
  g_assert_null (dbr_ledger_take (ledger, "org.example.Hung"));
  g_assert_nonnull (dbr_ledger_take (ledger, "org.example.Healthy"));

  dbr_ledger_release_orphan (ledger, accounts[0]);
  g_assert_cmpuint (dbr_ledger_get_n_orphans (ledger), ==, 7);
}

static void
test_forgets_idle (void)
{
  g_autoptr(DbrLedger) ledger = dbr_ledger_new (128);
  DbrLedgerAccount *kept = dbr_ledger_take (ledger, "org.example.Kept");

  g_test_summary ("Names that hold nothing are forgotten; one that holds a slot is not");

  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *destination = g_strdup_printf (":1.%u", i);
      DbrLedgerAccount *account = dbr_ledger_take (ledger, destination);

      g_assert_nonnull (account);
      dbr_ledger_release (ledger, account);
    }

  g_assert_cmpstr (kept->destination, ==, "org.example.Kept");
  g_assert_cmpuint (kept->n_in_flight, ==, 1);
  g_assert_true (dbr_ledger_take (ledger, "org.example.Kept") == kept);
  g_assert_cmpuint (dbr_ledger_get_n_in_flight (ledger), ==, 2);
  g_assert_cmpuint (dbr_ledger_get_n_names (ledger), <=, 257);
}

static void
test_without_limit (void)
{
  g_autoptr(DbrLedger) ledger = dbr_ledger_new (G_MAXUINT);

  g_test_summary ("Where nobody limits the slots, nobody is refused one");

  for (guint i = 0; i < 100000; i++)
    g_assert_nonnull (dbr_ledger_take (ledger, "org.example.Peer"));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/ledger/no-destination-takes-all", test_share);
  g_test_add_func ("/dbr/ledger/orphans-hold-their-slot", test_orphans_count);
  g_test_add_func ("/dbr/ledger/idle-names-are-forgotten", test_forgets_idle);
  g_test_add_func ("/dbr/ledger/no-limit-where-there-is-none", test_without_limit);

  return g_test_run ();
}
