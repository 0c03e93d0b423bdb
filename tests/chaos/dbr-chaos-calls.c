/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-actor.h"

#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "dbr-wild.h"

/* Calls of all kinds, from the main loop and from threads; then what each said of itself is held
 * against what the services have written down. */

#define MAX_UNDER_WAY 64
#define CALLS_A_TURN 2
#define N_THREADS 2

/* Each of these has to be answered, once nothing is wrong any more. */
#define N_PROOFS 2500
#define PROOF_LIMIT_MS 5000
#define MAX_OPEN_MS 4000

/* So soon after a storm a call to the calm service has to succeed. */
#define CALM_MS 1200

/* What is called at the wild service. */
static const WildMember members[] = {
  { "Die", 1 },
  { "Lost", 5 },
  { "Late", 20 },
  { "Vague", 30 },
  { "Broken", 50 },
  { "Busy", 80 },
  { "Slow", 200 },
  { "Plain", 1000 },
};

typedef struct
{
  ChaosOp  *op;
  guint     id;
  char     *token;
  DbrCall  *call;
  GError   *error;
  gboolean  is_repeatable;
  gboolean  is_calm;
  gboolean  is_proof;
  gboolean  is_clean;
} Try;

typedef struct
{
  ChaosWorld *world;
  GRand      *rand;
  DbrClient  *clients[2];

  GThread    *threads[N_THREADS];
  gint        is_over;

  GMutex      mutex;

  /* guarded by mutex */
  GPtrArray  *tries;
  guint       n_under_way;

  guint       n_proofs_begun;
  guint       n_proofs_ended;
} Calls;

static void
try_free (Try *self)
{
  g_clear_object (&self->call);
  g_clear_error (&self->error);
  g_free (self->token);
  g_free (self);
}

/* With a mark of its own, so that one that was changed on its way is not taken for another. */
static char *
make_token (guint id)
{
  return g_strdup_printf ("%u-%08x", id, g_int_hash (&id) * 2654435761u);
}

static Try *
calls_add_try (Calls      *self,
               const char *bus_name,
               const char *member,
               guint       limit_ms)
{
  Try *try = g_new0 (Try, 1);

  g_mutex_lock (&self->mutex);
  try->id = self->tries->len;
  g_ptr_array_add (self->tries, try);
  self->n_under_way++;
  g_mutex_unlock (&self->mutex);

  try->is_calm = strcmp (bus_name, CHAOS_CALM) == 0;
  try->token = make_token (try->id);
  try->call = dbr_call_new (bus_name, CHAOS_PATH, DBR_TEST_INTERFACE, member,
                            g_variant_new ("(s)", try->token));
  dbr_call_set_timeout_ms (try->call, limit_ms);
  chaos_world_watch (self->world, try->call);
  try->op = chaos_op_begin (self->world, "a call", limit_ms);

  return try;
}

static Try *
calls_draw_try (Calls *self,
                GRand *rand)
{
  static const guint limits[] = { 60, 300, 1000, 3000 };
  gboolean is_calm = dbr_test_happens (rand, 300);
  const char *member = is_calm ? "Increment" : wild_draw_member (members, rand);
  Try *try = calls_add_try (self, is_calm ? CHAOS_CALM : CHAOS_WILD, member,
                            limits[dbr_test_draw (rand, 0, G_N_ELEMENTS (limits) - 1)]);

  try->is_repeatable = wild_draw_options (try->call, rand, 30);

  return try;
}

/* What a service that answers at once owes a call while nothing is wrong. The limit is long enough
 * for a busy machine; what the circuit or the window refused was never sent. */
static void
calls_check_calm (Calls *self,
                  Try   *try)
{
  if (!try->is_calm || try->error == NULL || !dbr_call_get_bypass_circuit (try->call)
      || dbr_call_get_timeout_ms (try->call) < 3000
      || dbr_call_get_attempt_timeout_ms (try->call) != 0
      || g_error_matches (try->error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || !chaos_world_is_calm_since (self->world, chaos_op_get_began (try->op), CALM_MS))
    return;

  chaos_world_fail (self->world, "a call failed while nothing was wrong: %s", try->error->message);
}

static void
calls_end_try (Calls     *self,
               Try       *try,
               GVariant  *reply,
               GError    *error)
{
  try->is_clean = chaos_op_end (try->op);
  if ((reply != NULL) == (error != NULL))
    chaos_world_fail (self->world, "a call ended with both a reply and an error, or with none");
  if (reply != NULL)
    g_variant_unref (reply);
  g_clear_error (&try->error);
  try->error = error;
  calls_check_calm (self, try);
  if (try->is_proof)
    {
      self->n_proofs_ended++;
      if (error != NULL)
        chaos_world_fail (self->world, "a call failed after all was well again: %s",
                          error->message);
    }

  g_mutex_lock (&self->mutex);
  self->n_under_way--;
  g_mutex_unlock (&self->mutex);
}

typedef struct
{
  Calls *calls;
  Try   *try;
} Ending;

static void
ended_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Ending *ending = user_data;
  GError *error = NULL;
  GVariant *reply = dbr_client_run_finish (DBR_CLIENT (source), result, &error);

  /* It is kept, for a second end to be found. */
  calls_end_try (ending->calls, ending->try, reply, error);
}

static void
calls_run (Calls        *self,
           DbrClient    *client,
           Try          *try,
           GCancellable *cancellable)
{
  Ending *ending = g_new0 (Ending, 1);

  ending->calls = self;
  ending->try = try;
  g_object_set_data_full (G_OBJECT (try->call), "chaos-ending", ending, g_free);
  dbr_client_run_async (client, try->call, cancellable, ended_cb, ending);
}

/* Descriptors */

typedef struct
{
  Calls   *calls;
  ChaosOp *op;
  char    *text;
} Passing;

static void
passed_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Passing *self = user_data;
  g_autoptr(GVariant) reply = dbr_client_run_finish (DBR_CLIENT (source), result, NULL);

  if (chaos_op_end (self->op) && reply != NULL)
    {
      g_autoptr(GVariant) bytes = g_variant_get_child_value (reply, 0);
      gsize size;
      gconstpointer data = g_variant_get_fixed_array (bytes, &size, 1);

      if (size != strlen (self->text) || memcmp (data, self->text, size) != 0)
        chaos_world_fail (self->calls->world, "of a descriptor of “%s” %" G_GSIZE_FORMAT " other "
                          "bytes were read", self->text, size);
    }
  g_free (self->text);
  g_free (self);
}

static GUnixFDList *
make_descriptor (const char *text)
{
  int fds[2];

  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, NULL));
  g_assert_cmpint (write (fds[1], text, strlen (text)), ==, strlen (text));
  close (fds[1]);

  return g_unix_fd_list_new_from_array (fds, 1);
}

static void
calls_pass_descriptor (Calls *self)
{
  Passing *passing = g_new0 (Passing, 1);
  g_autoptr(DbrCall) call = dbr_call_new (CHAOS_CALM, CHAOS_PATH, DBR_TEST_INTERFACE, "ReadFd",
                                          g_variant_new ("(h)", 0));
  g_autoptr(GUnixFDList) descriptors = NULL;

  passing->calls = self;
  passing->text = g_strdup_printf ("%08x", g_rand_int (self->rand));
  passing->op = chaos_op_begin (self->world, "a call with a descriptor", 2000);
  descriptors = make_descriptor (passing->text);
  dbr_call_set_timeout_ms (call, 2000);
  dbr_call_set_fd_list (call, descriptors);
  dbr_call_set_reply_type (call, G_VARIANT_TYPE ("(ay)"));
  dbr_client_run_async (self->clients[dbr_test_draw (self->rand, 0, 1)], call, NULL, passed_cb,
                        passing);
}

static guint
calls_count_under_way (Calls *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->n_under_way;
}

static void
calls_act (gpointer actor)
{
  Calls *self = actor;

  if (dbr_test_happens (self->rand, 30))
    calls_pass_descriptor (self);
  for (guint i = 0; i < CALLS_A_TURN && calls_count_under_way (self) < MAX_UNDER_WAY; i++)
    {
      Try *try = calls_draw_try (self, self->rand);
      g_autoptr(GCancellable) cancellable = wild_draw_cancellable (self->rand);

      calls_run (self, self->clients[dbr_test_draw (self->rand, 0, 1)], try, cancellable);
    }
}

/* A thread that waits for each of its calls */

typedef struct
{
  Calls *calls;
  GRand *rand;
} Caller;

static gpointer
caller_run (gpointer data)
{
  g_autofree Caller *self = data;
  Calls *calls = self->calls;

  while (!g_atomic_int_get (&calls->is_over))
    {
      Try *try = calls_draw_try (calls, self->rand);
      GError *error = NULL;
      GVariant *reply = dbr_client_run_sync (calls->clients[dbr_test_draw (self->rand, 0, 1)],
                                             try->call, NULL, &error);

      calls_end_try (calls, try, reply, error);
      g_usleep (dbr_test_draw (self->rand, 1, 20) * 1000);
    }
  g_rand_free (self->rand);

  return NULL;
}

static gpointer
calls_begin (ChaosWorld *world)
{
  Calls *self = g_new0 (Calls, 1);
  g_autoptr(DbrRetryPolicy) patient = dbr_retry_policy_new ();

  self->world = world;
  self->rand = chaos_world_new_rand (world);
  self->tries = g_ptr_array_new_with_free_func ((GDestroyNotify) try_free);
  g_mutex_init (&self->mutex);

  /* The first client is as it ships, but for how long it leaves the service alone at most; the second
   * one never tires. */
  for (gsize i = 0; i < G_N_ELEMENTS (self->clients); i++)
    {
      g_autoptr(DbrCircuitBreaker) circuit = NULL;

      self->clients[i] = chaos_world_new_client (world);
      circuit = dbr_client_get_circuit (self->clients[i], CHAOS_CALM);
      g_object_set (circuit, "max-open-ms", MAX_OPEN_MS, NULL);
    }
  g_object_set (patient, "max-attempts", 5u, "budget-capacity", 0u, "base-delay-ms", 20u, NULL);
  dbr_client_set_retry_policy (self->clients[1], patient);

  for (gsize i = 0; i < N_THREADS; i++)
    {
      Caller *caller = g_new0 (Caller, 1);

      caller->calls = self;
      caller->rand = chaos_world_new_rand (world);
      self->threads[i] = g_thread_new ("chaos caller", caller_run, caller);
    }

  return self;
}

static void
calls_join (Calls *self)
{
  g_atomic_int_set (&self->is_over, TRUE);
  for (gsize i = 0; i < N_THREADS; i++)
    {
      if (self->threads[i] != NULL)
        g_thread_join (g_steal_pointer (&self->threads[i]));
    }
}

static void
calls_begin_proof (Calls *self)
{
  Try *try = calls_add_try (self, CHAOS_CALM, "Increment", PROOF_LIMIT_MS);

  try->is_proof = TRUE;
  dbr_call_set_bypass_circuit (try->call, TRUE);
  calls_run (self, self->clients[1], try, NULL);
  self->n_proofs_begun++;
}

/* Of a circuit that is to be tried it takes calls to close it. */
static gboolean
calls_is_circuit_closed (Calls     *self,
                         DbrClient *client)
{
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (client, CHAOS_CALM);

  if (dbr_circuit_breaker_get_state (circuit) == DBR_CIRCUIT_STATE_CLOSED)
    return TRUE;
  if (calls_count_under_way (self) == 0)
    calls_run (self, client, calls_add_try (self, CHAOS_CALM, "Increment", PROOF_LIMIT_MS), NULL);

  return FALSE;
}

/* A slot that nobody waits for any more is given back by its late answer, or by the end of its
 * connection; only those that were never answered stay, and those are of the wild one. */
static const char *
calls_is_ill (gpointer actor,
              gboolean is_calm)
{
  Calls *self = actor;

  calls_join (self);
  while (is_calm && self->n_proofs_begun < N_PROOFS && calls_count_under_way (self) < MAX_UNDER_WAY)
    calls_begin_proof (self);

  if (self->n_proofs_ended < N_PROOFS)
    return "the calls";
  for (gsize i = 0; i < G_N_ELEMENTS (self->clients); i++)
    {
      if (dbr_client_get_in_flight (self->clients[i]) > 0)
        return "the calls in flight";
      if (dbr_client_get_state (self->clients[i]) != DBR_CLIENT_STATE_CONNECTED)
        return "the client's connection";
      if (!calls_is_circuit_closed (self, self->clients[i]))
        return "the circuit of the calm service";
    }

  return NULL;
}

/* What the services say, and what each call said */

static void
calls_read_record (Calls      *self,
                   const char *name,
                   guint      *counts)
{
  g_autofree char *path = g_build_filename (chaos_world_get_folder (self->world), name, NULL);
  g_autofree char *contents = NULL;
  g_auto(GStrv) lines = NULL;

  if (!g_file_get_contents (path, &contents, NULL, NULL))
    return;

  lines = g_strsplit (contents, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      guint id = (guint) g_ascii_strtoull (lines[i], NULL, 10);
      g_autofree char *token = make_token (id);

      if (id < self->tries->len && strcmp (token, lines[i]) == 0)
        counts[id]++;
    }
}

static void
calls_check_try (Calls *self,
                 Try   *try,
                 guint  count)
{
  DbrExecution execution = dbr_call_get_execution (try->call);
  const char *end = try->error != NULL ? try->error->message : "success";
  const char *member = dbr_call_get_method_name (try->call);
  guint attempts = dbr_call_get_attempts (try->call);
  gint64 usec = dbr_call_get_elapsed_usec (try->call) - dbr_call_get_lag_usec (try->call);

  if (usec > dbr_call_get_timeout_ms (try->call) * (gint64) 1000 + CHAOS_GRACE_USEC)
    chaos_world_fail (self->world, "call %u of %s took %" G_GINT64_FORMAT " ms of %u: %s", try->id,
                      member, usec / 1000, dbr_call_get_timeout_ms (try->call), end);
  if (!try->is_clean)
    return;

  if (count > 1 && !try->is_repeatable)
    chaos_world_fail (self->world, "call %u of %s, which must not run twice, ran %u times in %u "
                      "attempts: %s", try->id, member, count, attempts, end);
  if (!wild_agrees (execution, count))
    chaos_world_fail (self->world, "call %u of %s said %d, but ran %u times in %u attempts: %s",
                      try->id, member, execution, count, attempts, end);
  if (count > attempts)
    chaos_world_fail (self->world, "call %u of %s ran %u times in %u attempts: %s", try->id,
                      member, count, attempts, end);
  if (try->error == NULL && count == 0)
    chaos_world_fail (self->world, "call %u of %s succeeded and never ran", try->id, member);
}

static void
calls_check (gpointer actor)
{
  Calls *self = actor;
  g_autofree guint *counts = g_new0 (guint, self->tries->len);

  for (ChaosPeer peer = CHAOS_PEER_WILD; peer <= CHAOS_PEER_CALM; peer++)
    {
      g_autofree char *name = g_strdup_printf ("record-%u", peer);

      calls_read_record (self, name, counts);
    }
  for (guint i = 0; i < self->tries->len; i++)
    calls_check_try (self, g_ptr_array_index (self->tries, i), counts[i]);
}

static void
calls_end (gpointer actor)
{
  Calls *self = actor;

  calls_join (self);
  g_ptr_array_unref (self->tries);
  for (gsize i = 0; i < G_N_ELEMENTS (self->clients); i++)
    g_clear_object (&self->clients[i]);
  g_rand_free (self->rand);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

const ChaosActor chaos_calls = {
  "calls", calls_begin, calls_act, calls_is_ill, calls_check, calls_end,
};
