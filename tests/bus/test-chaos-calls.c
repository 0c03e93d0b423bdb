/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#include "dbr-scene.h"
#include "dbr-wild.h"

/* Thousands of calls while everything fails around them; then what each said of itself is held
 * against what the service has written down. All that is drawn follows from one seed, which
 * DBR_TEST_SEED sets. */

#define SEED_VARIABLE "DBR_TEST_SEED"

#define N_CALLS 10000
#define N_CALLS_SLOW 100000
#define CALLS_A_TICK 6
#define TICK_MS 4

/* The error after which a call is made again because its caller said so. */
#define ADDED "org.dbr.Error.Added"

/* How the service takes its calls. */
static const char behaviours[] =
  WILD_SCRIPT
  "on Added: reply ()\n"
  "on Added every 2: error " ADDED "\n";

static const WildMember members[] = {
  { "Die", 2 },
  { "Lost", 10 },
  { "Late", 20 },
  { "Vague", 30 },
  { "Broken", 50 },
  { "Added", 100 },
  { "Busy", 80 },
  { "Slow", 200 },
  { "Plain", 1000 },
};

typedef enum
{
  FAULT_NONE,
  FAULT_PEER_STOPPED,
  FAULT_PEER_KILLED,
  FAULT_HANDED_OVER,
  FAULT_BUS_STOPPED,
  FAULT_BUS_KILLED,
  N_FAULTS
} Fault;

static const char *const fault_names[N_FAULTS] = {
  "none", "service stopped", "service killed", "name handed over", "bus stopped", "bus killed"
};

typedef struct
{
  guint         id;
  DbrCall      *call;
  GCancellable *cancellable;
  guint         limit_ms;
  gboolean      is_repeatable;
  guint         n_ended;
  GError       *error;
} Try;

typedef struct
{
  Scene       *scene;
  DbrClient   *clients[3];
  DbrTestPeer *other;
  char        *folder;
  char        *record;
  char        *script;

  /* One for what is called and one for what fails, so that neither depends on when the other's
   * turn is. */
  GRand       *calls_rand;
  GRand       *faults_rand;
  Try         *tries;
  guint        n_tries;
  guint        n_begun;
  guint        n_ended;

  Fault        fault;
  Fault        deck[11];
  guint        n_dealt;
  guint        n_faults[N_FAULTS];
} Chaos;

static guint32
take_seed (void)
{
  const char *text = g_getenv (SEED_VARIABLE);
  guint32 seed = text != NULL ? (guint32) g_ascii_strtoull (text, NULL, 10) : g_random_int ();

  g_test_message (SEED_VARIABLE "=%u plays this again", seed);

  return seed;
}

/* The first client is as it ships, the second never gives a service up, the third repeats what it
 * was told to repeat. */
static void
chaos_add_clients (Chaos *self)
{
  const char *address = dbr_test_bus_get_address (self->scene->bus);
  g_autoptr(DbrRetryPolicy) patient = dbr_retry_policy_new ();
  g_autoptr(DbrRetryPolicy) added = dbr_retry_policy_new ();
  GError *error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (self->clients); i++)
    self->clients[i] = dbr_client_new_for_address (address);

  scene_hold_circuit (self->clients[1]);
  g_object_set (patient, "max-attempts", 5u, "budget-capacity", 0u, "base-delay-ms", 20u, NULL);
  dbr_client_set_retry_policy (self->clients[1], patient);

  scene_hold_circuit (self->clients[2]);
  dbr_retry_policy_add_retryable (added, ADDED, &error);
  g_assert_no_error (error);
  g_object_set (added, "budget-capacity", 0u, NULL);
  dbr_client_set_retry_policy (self->clients[2], added);
}

static Chaos *
chaos_new (guint n_tries)
{
  Chaos *self = g_new0 (Chaos, 1);
  guint32 seed = take_seed ();

  self->folder = dbr_test_reaper_make_folder ();
  self->record = g_build_filename (self->folder, "record", NULL);
  self->script = g_strdup_printf ("record %s\n%s", self->record, behaviours);
  self->scene = scene_new (DBR_TEST_BUS_NONE, self->script);
  self->calls_rand = g_rand_new_with_seed (seed);
  self->faults_rand = g_rand_new_with_seed (seed + 1);
  self->tries = g_new0 (Try, n_tries);
  self->n_tries = n_tries;
  chaos_add_clients (self);

  return self;
}

static void
chaos_free (Chaos *self)
{
  for (guint i = 0; i < self->n_begun; i++)
    {
      g_clear_object (&self->tries[i].call);
      g_clear_object (&self->tries[i].cancellable);
      g_clear_error (&self->tries[i].error);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (self->clients); i++)
    g_clear_object (&self->clients[i]);
  g_clear_pointer (&self->other, dbr_test_peer_free);
  scene_free (self->scene);
  dbr_test_reaper_remove_folder (self->folder);
  g_rand_free (self->calls_rand);
  g_rand_free (self->faults_rand);
  g_free (self->folder);
  g_free (self->record);
  g_free (self->script);
  g_free (self->tries);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Chaos, chaos_free)

/* The calls */

static void
ended_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Try *try = user_data;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = dbr_client_run_finish (DBR_CLIENT (source), result, &error);
  g_assert_true ((reply != NULL) != (error != NULL));
  g_clear_error (&try->error);
  try->error = g_steal_pointer (&error);
  try->n_ended++;
}

static void
chaos_begin_call (Chaos *self)
{
  static const guint limits[] = { 60, 200, 1000, 3000 };
  GRand *rand = self->calls_rand;
  Try *try = &self->tries[self->n_begun];
  guint client = dbr_test_draw (rand, 0, G_N_ELEMENTS (self->clients) - 1);
  g_autofree char *token = g_strdup_printf ("%u", self->n_begun);

  try->id = self->n_begun++;
  try->limit_ms = limits[dbr_test_draw (rand, 0, G_N_ELEMENTS (limits) - 1)];
  try->call = scene_call_new (wild_draw_member (members, rand), g_variant_new ("(s)", token),
                              try->limit_ms);
  try->is_repeatable = wild_draw_options (try->call, rand, 50);
  if (client == 2 && strcmp (dbr_call_get_method_name (try->call), "Added") == 0)
    try->is_repeatable = TRUE;
  try->cancellable = wild_draw_cancellable (rand);
  dbr_client_run_async (self->clients[client], try->call, try->cancellable, ended_cb, try);
}

static gboolean
tick_cb (gpointer user_data)
{
  Chaos *self = user_data;

  for (guint i = 0; i < CALLS_A_TICK && self->n_begun < self->n_tries; i++)
    chaos_begin_call (self);

  return self->n_begun < self->n_tries ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* The faults, one at a time */

/* One of its calls may kill the service at any moment, and then there is nothing to stop. */
static void
chaos_signal_peer (Chaos *self,
                   int    number)
{
  if (dbr_test_peer_is_alive (self->scene->peer))
    kill (dbr_test_peer_get_pid (self->scene->peer), number);
}

static void
chaos_mend (Chaos *self)
{
  Scene *scene = self->scene;

  if (self->fault == FAULT_PEER_STOPPED)
    chaos_signal_peer (self, SIGCONT);
  else if (self->fault == FAULT_BUS_STOPPED)
    dbr_test_bus_cont (scene->bus);
  else if (self->fault == FAULT_BUS_KILLED)
    dbr_test_bus_restart (scene->bus);
  else if (self->fault == FAULT_HANDED_OVER)
    {
      /* The one that had the name before ends only now. */
      dbr_test_peer_free (scene->peer);
      scene->peer = g_steal_pointer (&self->other);
    }

  if (self->fault == FAULT_BUS_KILLED || !dbr_test_peer_is_alive (scene->peer))
    dbr_test_peer_restart (scene->peer);
  self->fault = FAULT_NONE;
}

/* From a deck of all of them, so that none is left out for long. */
static Fault
chaos_draw_fault (Chaos *self)
{
  static const Fault deck[] = {
    FAULT_PEER_STOPPED, FAULT_PEER_STOPPED, FAULT_PEER_STOPPED, FAULT_PEER_KILLED,
    FAULT_PEER_KILLED, FAULT_PEER_KILLED, FAULT_HANDED_OVER, FAULT_HANDED_OVER,
    FAULT_BUS_STOPPED, FAULT_BUS_STOPPED, FAULT_BUS_KILLED,
  };
  guint n_left = G_N_ELEMENTS (deck) - self->n_dealt++ % G_N_ELEMENTS (deck);
  guint place = dbr_test_draw (self->faults_rand, 0, n_left - 1);
  Fault fault;

  if (n_left == G_N_ELEMENTS (deck))
    memcpy (self->deck, deck, sizeof deck);
  fault = self->deck[place];
  self->deck[place] = self->deck[n_left - 1];

  return fault;
}

static void
chaos_break (Chaos *self)
{
  Scene *scene = self->scene;

  self->fault = chaos_draw_fault (self);
  self->n_faults[self->fault]++;
  if (self->fault == FAULT_PEER_STOPPED)
    chaos_signal_peer (self, SIGSTOP);
  else if (self->fault == FAULT_PEER_KILLED)
    dbr_test_peer_kill (scene->peer);
  else if (self->fault == FAULT_HANDED_OVER)
    self->other = dbr_test_peer_new (scene->bus, SCENE_NAME, self->script);
  else if (self->fault == FAULT_BUS_STOPPED)
    dbr_test_bus_stop (scene->bus);
  else if (self->fault == FAULT_BUS_KILLED)
    dbr_test_bus_kill (scene->bus);
}

static gboolean
fault_cb (gpointer user_data)
{
  Chaos *self = user_data;
  gboolean was_whole = self->fault == FAULT_NONE;

  chaos_mend (self);
  if (self->n_begun == self->n_tries)
    return G_SOURCE_REMOVE;

  if (was_whole)
    chaos_break (self);
  g_timeout_add (dbr_test_draw (self->faults_rand, 20, was_whole ? 250 : 120), fault_cb, self);

  return G_SOURCE_REMOVE;
}

static gboolean
chaos_has_ended (Chaos *self)
{
  if (self->n_begun < self->n_tries || self->fault != FAULT_NONE)
    return FALSE;

  while (self->n_ended < self->n_tries && self->tries[self->n_ended].n_ended > 0)
    self->n_ended++;

  return self->n_ended == self->n_tries;
}

static gboolean
revive_cb (gpointer user_data)
{
  Chaos *self = user_data;

  if (!dbr_test_peer_is_alive (self->scene->peer))
    dbr_test_peer_restart (self->scene->peer);

  return G_SOURCE_CONTINUE;
}

/* What is still on its way to the service comes before an answer to what is asked now, on each
 * connection; and nothing more is asked. Among it may be what kills the service. */
static void
chaos_settle (Chaos *self)
{
  guint source_id = g_timeout_add (TICK_MS, revive_cb, self);

  for (gsize i = 0; i < G_N_ELEMENTS (self->clients); i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 8000);
      g_auto(Outcome) outcome = { NULL };

      dbr_call_set_bypass_circuit (call, TRUE);
      dbr_call_set_idempotent (call, TRUE);
      scene_run_async (self->clients[i], call, NULL, &outcome);
      scene_wait (&outcome);
      g_assert_no_error (outcome.error);
    }
  g_source_remove (source_id);
}

/* What the service says, and what each call said */

static guint *
chaos_read_record (Chaos *self)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *contents = NULL;
  g_auto(GStrv) lines = NULL;
  guint *counts = g_new0 (guint, self->n_tries);

  g_file_get_contents (self->record, &contents, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (contents, "\n", -1);
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      guint64 id;

      g_assert_true (g_ascii_string_to_unsigned (lines[i], 10, 0, self->n_tries - 1, &id, NULL));
      counts[id]++;
    }

  return counts;
}

static void
try_check (const Try *self,
           guint      count)
{
  DbrExecution execution = dbr_call_get_execution (self->call);
  gint64 usec = dbr_call_get_elapsed_usec (self->call) - dbr_call_get_lag_usec (self->call);
  const char *end = self->error != NULL ? self->error->message : "success";

  if (self->n_ended != 1)
    g_error ("Call %u ended %u times", self->id, self->n_ended);
  if (count > 1 && !self->is_repeatable)
    g_error ("Call %u of %s, which must not run twice, ran %u times in %u attempts: %s", self->id,
             dbr_call_get_method_name (self->call), count, dbr_call_get_attempts (self->call), end);
  if (!wild_agrees (execution, count))
    g_error ("Call %u of %s said %d, but ran %u times in %u attempts: %s", self->id,
             dbr_call_get_method_name (self->call), execution, count,
             dbr_call_get_attempts (self->call), end);
  if (count > dbr_call_get_attempts (self->call))
    g_error ("Call %u ran %u times in %u attempts", self->id, count,
             dbr_call_get_attempts (self->call));
  if (self->error == NULL && count == 0)
    g_error ("Call %u succeeded and never ran", self->id);
  if (usec > self->limit_ms * (gint64) 1000 + SCENE_GRACE_USEC)
    g_error ("Call %u took %" G_GINT64_FORMAT " us of %u ms: %s", self->id, usec, self->limit_ms,
             end);
}

static void
count_end (GHashTable   *ends,
           const GError *error)
{
  g_autofree char *remote = error != NULL ? g_dbus_error_get_remote_error (error) : NULL;
  g_autofree char *end = error == NULL ? g_strdup ("success")
                         : remote != NULL ? g_strdup (remote)
                         : g_strdup ("being cancelled");
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (ends, end));

  g_hash_table_insert (ends, g_steal_pointer (&end), GUINT_TO_POINTER (n + 1));
}

/* A chaos in which nothing happened would show nothing. */
static void
chaos_check_variety (Chaos       *self,
                     const guint *n_executions)
{
  g_autoptr(GHashTable) ends = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer end;
  gpointer n;

  for (guint i = 0; i < self->n_tries; i++)
    count_end (ends, self->tries[i].error);
  g_hash_table_iter_init (&iter, ends);
  while (g_hash_table_iter_next (&iter, &end, &n))
    g_test_message ("%6u ended with %s", GPOINTER_TO_UINT (n), (const char *) end);
  for (Fault fault = FAULT_PEER_STOPPED; fault < N_FAULTS; fault++)
    {
      g_test_message ("%6u times: %s", self->n_faults[fault], fault_names[fault]);
      g_assert_cmpuint (self->n_faults[fault], >, 0);
    }
  g_test_message ("%u never, %u maybe, %u once, %u several", n_executions[DBR_EXECUTION_NEVER],
                  n_executions[DBR_EXECUTION_MAYBE], n_executions[DBR_EXECUTION_ONCE],
                  n_executions[DBR_EXECUTION_SEVERAL]);
  for (DbrExecution execution = 0; execution <= DBR_EXECUTION_SEVERAL; execution++)
    g_assert_cmpuint (n_executions[execution], >, 0);
  g_assert_cmpuint (n_executions[DBR_EXECUTION_ONCE], >, self->n_tries / 20);
}

static void
chaos_check (Chaos *self)
{
  g_autofree guint *counts = chaos_read_record (self);
  guint n_executions[DBR_EXECUTION_SEVERAL + 1] = { 0 };

  for (guint i = 0; i < self->n_tries; i++)
    {
      try_check (&self->tries[i], counts[i]);
      n_executions[dbr_call_get_execution (self->tries[i].call)]++;
    }
  chaos_check_variety (self, n_executions);
}

static void
test_chaos (void)
{
  g_autoptr(Chaos) chaos = chaos_new (g_test_slow () ? N_CALLS_SLOW : N_CALLS);

  g_test_summary ("Whatever fails, a call ends once and in time, runs no more often than it may, "
                  "and "
                  "knows how often it ran");
  g_timeout_add (TICK_MS, tick_cb, chaos);
  g_timeout_add (100, fault_cb, chaos);
  dbr_test_wait_until (NULL, chaos_has_ended (chaos), chaos->n_tries * 3);
  chaos_settle (chaos);
  chaos_check (chaos);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/chaos/calls", test_chaos);

  return g_test_run ();
}
