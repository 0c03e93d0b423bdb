/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-ledger-private.h"

/* A destination that holds nothing is forgotten when there are this many, so that a program which
 * calls ever new unique names does not collect them. */
#define MAX_IDLE_ACCOUNTS 256

struct _DbrLedger
{
  GHashTable *accounts;
  guint       n_slots;
  guint       n_in_flight;
  guint       n_orphans;
};

static void
account_free (gpointer data)
{
  DbrLedgerAccount *account = data;

  g_free (account->destination);
  g_free (account);
}

static gboolean
account_is_idle (gpointer key,
                 gpointer value,
                 gpointer user_data)
{
  DbrLedgerAccount *account = value;

  return account->n_in_flight == 0 && account->n_orphans == 0;
}

DbrLedger *
dbr_ledger_new (guint n_slots)
{
  DbrLedger *self = g_new0 (DbrLedger, 1);

  self->accounts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, account_free);
  self->n_slots = n_slots;

  return self;
}

void
dbr_ledger_free (DbrLedger *self)
{
  g_hash_table_unref (self->accounts);
  g_free (self);
}

static DbrLedgerAccount *
dbr_ledger_ensure_account (DbrLedger  *self,
                           const char *destination)
{
  DbrLedgerAccount *account = g_hash_table_lookup (self->accounts, destination);

  if (account != NULL)
    return account;

  if (g_hash_table_size (self->accounts) >= MAX_IDLE_ACCOUNTS)
    g_hash_table_foreach_remove (self->accounts, account_is_idle, NULL);

  account = g_new0 (DbrLedgerAccount, 1);
  account->destination = g_strdup (destination);
  g_hash_table_insert (self->accounts, account->destination, account);

  return account;
}

DbrLedgerAccount *
dbr_ledger_take (DbrLedger  *self,
                 const char *destination)
{
  DbrLedgerAccount *account = dbr_ledger_ensure_account (self, destination);
  guint n_free = self->n_slots - self->n_in_flight - self->n_orphans;

  if (account->n_in_flight + account->n_orphans >= n_free)
    return NULL;

  account->n_in_flight++;
  self->n_in_flight++;

  return account;
}

void
dbr_ledger_orphan (DbrLedger        *self,
                   DbrLedgerAccount *account)
{
  dbr_ledger_release (self, account);
  account->n_orphans++;
  self->n_orphans++;
}

void
dbr_ledger_release (DbrLedger        *self,
                    DbrLedgerAccount *account)
{
  account->n_in_flight--;
  self->n_in_flight--;
}

void
dbr_ledger_release_orphan (DbrLedger        *self,
                           DbrLedgerAccount *account)
{
  account->n_orphans--;
  self->n_orphans--;
}

void
dbr_ledger_look (DbrLedger     *self,
                 const char    *destination,
                 DbrLedgerLoad *load)
{
  const DbrLedgerAccount *account = destination != NULL
                              ? g_hash_table_lookup (self->accounts, destination)
                              : NULL;
  guint n_own = account != NULL ? account->n_in_flight + account->n_orphans : 0;

  load->n_slots = self->n_slots;
  load->n_held = self->n_in_flight + self->n_orphans;
  load->n_orphans = self->n_orphans;
  load->n_here = account != NULL ? account->n_in_flight : 0;
  load->has_room = n_own < self->n_slots - load->n_held;
}

gboolean
dbr_ledger_is_laden (DbrLedger *self)
{
  return self->n_in_flight + self->n_orphans >= self->n_slots / 2;
}

guint
dbr_ledger_get_n_in_flight (DbrLedger *self)
{
  return self->n_in_flight;
}

guint
dbr_ledger_get_n_orphans (DbrLedger *self)
{
  return self->n_orphans;
}

guint
dbr_ledger_get_n_names (DbrLedger *self)
{
  return g_hash_table_size (self->accounts);
}
