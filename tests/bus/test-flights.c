/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-scene.h"

/* The same read that several ask for at once is sent once. */

#define PROPERTIES "org.freedesktop.DBus.Properties"

static DbrCall *
new_read (const char *property,
          guint       timeout_ms)
{
  DbrCall *call = dbr_call_new (SCENE_NAME, SCENE_PATH, PROPERTIES, "Get",
                                g_variant_new ("(ss)", DBR_TEST_INTERFACE, property));

  dbr_call_set_timeout_ms (call, timeout_ms);

  return call;
}

static void
run_read (DbrClient    *client,
          const char   *property,
          guint         timeout_ms,
          GCancellable *cancellable,
          Outcome      *outcome)
{
  g_autoptr(DbrCall) call = new_read (property, timeout_ms);

  scene_run_async (client, call, cancellable, outcome);
}

static void
assert_level (Outcome *outcome,
              guint    level)
{
  g_autofree char *text = g_strdup_printf ("(<uint32 %u>,)", level);

  g_assert_no_error (outcome->error);
  g_assert_cmpuint (outcome->n_ended, ==, 1);
  dbr_test_assert_prints (outcome->reply, text);
}

static void
set_single_attempt (DbrClient *client)
{
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new_preset ("none", NULL);

  dbr_client_set_retry_policy (client, policy);
}

static void
test_many (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  Outcome outcomes[50] = { { NULL } };
  g_auto(Outcome) later = { NULL };
  guint n_joined = 0;

  g_test_summary ("A read that fifty ask for at once is sent once, and each is told whose answer it has");
  scene_assert_known (scene->client);
  dbr_test_peer_stop (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    run_read (scene->client, "Level", 10000, NULL, &outcomes[i]);
  dbr_test_wait_until (NULL, dbr_client_get_in_flight (scene->client) == 1, DBR_TEST_PATIENCE_MS);
  dbr_test_peer_cont (scene->peer);

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      DbrCall *call = outcomes[i].call;

      scene_wait (&outcomes[i]);
      assert_level (&outcomes[i], 0);
      g_assert_cmpuint (dbr_call_get_attempts (call), ==, 1);
      g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_ONCE);
      g_assert_cmpstr (dbr_call_get_sender (call), ==,
                       dbr_test_peer_get_unique_name (scene->peer));
      g_assert_cmpint (dbr_call_get_service_usec (call), >=, 0);
      n_joined += dbr_call_get_joined (call);
    }
  g_assert_false (dbr_call_get_joined (outcomes[0].call));
  g_assert_cmpuint (n_joined, ==, G_N_ELEMENTS (outcomes) - 1);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 1);

  /* Not a cache: who asks later asks anew. */
  run_read (scene->client, "Level", 10000, NULL, &later);
  scene_wait (&later);
  g_assert_false (dbr_call_get_joined (later.call));
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    outcome_clear (&outcomes[i]);
}

static void
test_others (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  static const struct
  {
    const char *path;
    const char *interface_name;
    const char *method;
    const char *parameters;
  } asked[] = {
    { SCENE_PATH, PROPERTIES, "Get", "('" DBR_TEST_INTERFACE "', 'Level')" },
    { SCENE_PATH, PROPERTIES, "Get", "('" DBR_TEST_INTERFACE "', 'Name')" },
    { "/org/dbr/Other", PROPERTIES, "Get", "('" DBR_TEST_INTERFACE "', 'Level')" },
    { SCENE_PATH, PROPERTIES, "GetAll", "('" DBR_TEST_INTERFACE "',)" },
    /* What is no read, whoever else asks for it and however often it may be done. */
    { SCENE_PATH, DBR_TEST_INTERFACE, "Increment", "('a',)" },
    { SCENE_PATH, DBR_TEST_INTERFACE, "Increment", "('a',)" },
  };
  Outcome outcomes[G_N_ELEMENTS (asked)] = { { NULL } };

  g_test_summary ("Another question is no reason to wait for the same answer, and what is no read is never shared");
  scene_assert_known (scene->client);
  dbr_test_peer_stop (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (asked); i++)
    {
      g_autoptr(DbrCall) call =
        dbr_call_new (SCENE_NAME, asked[i].path, asked[i].interface_name, asked[i].method,
                      g_variant_new_parsed (asked[i].parameters));

      dbr_call_set_idempotent (call, TRUE);
      scene_run_async (scene->client, call, NULL, &outcomes[i]);
    }
  dbr_test_peer_cont (scene->peer);

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      g_assert_false (dbr_call_get_joined (outcomes[i].call));
      outcome_clear (&outcomes[i]);
    }
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 3);
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "a"), ==, 2);
}

static void
test_own_limits (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(Outcome) leader = { NULL };
  g_auto(Outcome) impatient = { NULL };
  g_auto(Outcome) cancelled = { NULL };
  g_auto(Outcome) patient = { NULL };

  g_test_summary ("Who joined has a limit and a cancellable of its own, which end nothing for the others");
  scene_assert_known (scene->client);
  dbr_test_peer_stop (scene->peer);
  run_read (scene->client, "Level", 10000, NULL, &leader);
  run_read (scene->client, "Level", 300, NULL, &impatient);
  run_read (scene->client, "Level", 10000, cancellable, &cancelled);
  run_read (scene->client, "Level", 10000, NULL, &patient);

  g_cancellable_cancel (cancellable);
  scene_wait (&cancelled);
  g_assert_error (cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  scene_wait (&impatient);
  g_assert_error (impatient.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  scene_assert_in_time (&impatient, 300);
  g_assert_cmpuint (leader.n_ended + patient.n_ended, ==, 0);
  g_assert_cmpuint (dbr_client_get_orphans (scene->client), ==, 0);

  dbr_test_peer_cont (scene->peer);
  scene_wait (&leader);
  scene_wait (&patient);
  assert_level (&leader, 0);
  assert_level (&patient, 0);
  g_assert_true (dbr_call_get_joined (patient.call));
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 1);
}

/* How who asked first gives up. */
typedef enum
{
  BY_CANCELLATION,
  BY_LIMIT,
} Leaving;

static void
test_leader_leaves (gconstpointer data)
{
  Leaving leaving = GPOINTER_TO_INT (data);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(Outcome) leader = { NULL };
  g_auto(Outcome) gone = { NULL };
  g_auto(Outcome) heir = { NULL };

  g_test_summary ("When who asked first gives up the others get the answer, and it is not sent again");
  scene_assert_known (scene->client);
  dbr_test_peer_stop (scene->peer);
  run_read (scene->client, "Level", leaving == BY_LIMIT ? 300 : 10000, cancellable, &leader);
  run_read (scene->client, "Level", leaving == BY_LIMIT ? 300 : 10000, cancellable, &gone);
  run_read (scene->client, "Level", 10000, NULL, &heir);

  if (leaving == BY_CANCELLATION)
    g_cancellable_cancel (cancellable);
  scene_wait (&leader);
  scene_wait (&gone);
  if (leaving == BY_CANCELLATION)
    {
      g_assert_error (leader.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_error (gone.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
  else
    {
      g_assert_error (leader.error, DBR_ERROR, DBR_ERROR_DEADLINE);
      g_assert_error (gone.error, DBR_ERROR, DBR_ERROR_DEADLINE);
    }
  g_assert_cmpuint (heir.n_ended, ==, 0);
  dbr_test_wait_until (NULL, dbr_client_get_in_flight (scene->client) == 1, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (dbr_client_get_orphans (scene->client), ==, 0);

  dbr_test_peer_cont (scene->peer);
  scene_wait (&heir);
  assert_level (&heir, 0);
  g_assert_cmpuint (dbr_call_get_attempts (heir.call), ==, 1);
  g_assert_cmpint (dbr_call_get_execution (heir.call), ==, DBR_EXECUTION_ONCE);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 1);
}

static void
test_age (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Get call 1: never");
  g_auto(Outcome) stuck = { NULL };
  g_auto(Outcome) joined = { NULL };
  g_auto(Outcome) later = { NULL };

  g_test_summary ("Who asks well after another one asks anew, and is not bound to an answer that may never come");
  scene_assert_known (scene->client);
  set_single_attempt (scene->client);
  run_read (scene->client, "Level", 1000, NULL, &stuck);
  run_read (scene->client, "Level", 500, NULL, &joined);
  scene_wait (&joined);
  g_assert_error (joined.error, DBR_ERROR, DBR_ERROR_DEADLINE);

  run_read (scene->client, "Level", 5000, NULL, &later);
  scene_wait (&later);
  assert_level (&later, 0);
  g_assert_cmpuint (stuck.n_ended, ==, 0);
  scene_wait (&stuck);
  g_assert_error (stuck.error, DBR_ERROR, DBR_ERROR_DEADLINE);
}

static void
test_waiting_leader_leaves (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrCall) before = scene_call_new ("Increment", g_variant_new ("(s)", "a"), 10000);
  g_auto(Outcome) first = { NULL };
  g_auto(Outcome) leader = { NULL };
  g_auto(Outcome) heir = { NULL };

  g_test_summary ("When who asked first gives up before it was sent, it is sent once for the others");
  scene_assert_known (scene->client);
  dbr_client_set_max_in_flight (scene->client, 1);
  dbr_test_peer_stop (scene->peer);
  scene_run_async (scene->client, before, NULL, &first);
  run_read (scene->client, "Level", 10000, cancellable, &leader);
  run_read (scene->client, "Level", 10000, NULL, &heir);

  g_cancellable_cancel (cancellable);
  scene_wait (&leader);
  g_assert_cmpint (dbr_call_get_execution (leader.call), ==, DBR_EXECUTION_NEVER);
  dbr_test_peer_cont (scene->peer);
  scene_wait (&first);
  scene_wait (&heir);
  assert_level (&heir, 0);
  g_assert_false (dbr_call_get_joined (heir.call));
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 1);
}

static void
test_write (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) write = NULL;
  g_auto(Outcome) before = { NULL };
  g_auto(Outcome) written = { NULL };
  g_auto(Outcome) after = { NULL };
  g_auto(Outcome) elsewhere = { NULL };

  g_test_summary ("Who reads after a write was begun is not given what was asked before it");
  scene_assert_known (scene->client);
  dbr_test_peer_stop (scene->peer);
  run_read (scene->client, "Level", 10000, NULL, &before);
  write = dbr_call_new (SCENE_NAME, SCENE_PATH, PROPERTIES, "Set",
                        g_variant_new ("(ssv)", DBR_TEST_INTERFACE, "Level",
                                       g_variant_new_uint32 (7)));
  scene_run_async (scene->client, write, NULL, &written);
  run_read (scene->client, "Level", 10000, NULL, &after);
  run_read (scene->client, "Level", 10000, NULL, &elsewhere);
  dbr_test_peer_cont (scene->peer);

  scene_wait (&before);
  scene_wait (&written);
  scene_wait (&after);
  scene_wait (&elsewhere);
  assert_level (&before, 0);
  g_assert_no_error (written.error);
  assert_level (&after, 7);
  g_assert_false (dbr_call_get_joined (after.call));
  assert_level (&elsewhere, 7);
  g_assert_true (dbr_call_get_joined (elsewhere.call));
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 2);
}

static void
test_write_ends (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Get call 1: wait 1500; reply (<uint32 99>,)");
  g_autoptr(DbrCall) write = scene_call_new ("Increment", g_variant_new ("(s)", "a"), 5000);
  g_auto(Outcome) written = { NULL };
  g_auto(Outcome) during = { NULL };
  g_auto(Outcome) after = { NULL };

  g_test_summary ("What was read while another call ran may be from before it, and is not shared after it");
  scene_assert_known (scene->client);
  dbr_test_peer_tell (scene->peer, "on Increment: wait 200");
  scene_run_async (scene->client, write, NULL, &written);
  run_read (scene->client, "Level", 5000, NULL, &during);
  scene_wait (&written);

  run_read (scene->client, "Level", 5000, NULL, &after);
  scene_wait (&after);
  assert_level (&after, 0);
  g_assert_cmpuint (during.n_ended, ==, 0);
  scene_wait (&during);
  assert_level (&during, 99);
}

static void
test_change (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Get call 1: wait 1500; reply (<uint32 99>,)");
  g_autoptr(GVariant) fence = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(Outcome) before = { NULL };
  g_auto(Outcome) joined = { NULL };
  g_auto(Outcome) after = { NULL };

  g_test_summary ("Who reads after the service said that the object changed is not given what was asked before");
  scene_assert_known (scene->client);
  run_read (scene->client, "Level", 5000, NULL, &before);
  run_read (scene->client, "Level", 5000, NULL, &joined);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, "Get") == 1, DBR_TEST_PATIENCE_MS);

  dbr_test_peer_tell (scene->peer,
                      "emit %s " PROPERTIES ".PropertiesChanged ('%s', {'Level': <uint32 7>}, @as []) "
                      "to %s", SCENE_PATH, DBR_TEST_INTERFACE,
                      dbr_client_get_unique_name (scene->client));
  /* Its answer says that the signal was taken, which came before it. It is a call to another object,
   * as one to this object would end the joining by itself. */
  fence = dbr_client_call_sync (scene->client, SCENE_NAME, "/elsewhere", DBR_TEST_INTERFACE, "Echo",
                                NULL, NULL, 5000, NULL, &error);
  g_assert_no_error (error);

  run_read (scene->client, "Level", 5000, NULL, &after);
  scene_wait (&after);
  assert_level (&after, 0);
  g_assert_false (dbr_call_get_joined (after.call));
  g_assert_cmpuint (before.n_ended + joined.n_ended, ==, 0);
  scene_wait (&before);
  scene_wait (&joined);
  assert_level (&before, 99);
  assert_level (&joined, 99);
  g_assert_true (dbr_call_get_joined (joined.call));
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 2);
}

static void
test_errors (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Get: error org.dbr.Error.Secret no");
  Outcome outcomes[10] = { { NULL } };

  g_test_summary ("An answer that is an error is the same for all who asked");
  scene_assert_known (scene->client);
  dbr_test_peer_stop (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    run_read (scene->client, "Level", 5000, NULL, &outcomes[i]);
  dbr_test_peer_cont (scene->peer);

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      dbr_test_assert_remote_error (outcomes[i].error, "org.dbr.Error.Secret");
      g_assert_cmpint (dbr_call_get_joined (outcomes[i].call), ==, i > 0);
      g_assert_cmpint (dbr_call_get_execution (outcomes[i].call), ==, DBR_EXECUTION_ONCE);
      outcome_clear (&outcomes[i]);
    }
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 1);
}

static void
test_ambiguous (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  Outcome outcomes[6] = { { NULL } };
  g_autoptr(DbrTestPeer) successor = NULL;

  g_test_summary ("Where who asked first is told no more than that it failed, the others ask for themselves");
  scene_assert_known (scene->client);
  set_single_attempt (scene->client);
  dbr_test_peer_stop (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    run_read (scene->client, "Level", 5000, NULL, &outcomes[i]);
  dbr_test_wait_until (NULL, dbr_client_get_in_flight (scene->client) == 1, DBR_TEST_PATIENCE_MS);

  /* Another program takes the name, and then the first one dies with the question unanswered. */
  successor = dbr_test_peer_new (scene->bus, SCENE_NAME, NULL);
  dbr_test_peer_kill (scene->peer);

  scene_wait (&outcomes[0]);
  dbr_test_assert_remote_error (outcomes[0].error, "org.freedesktop.DBus.Error.NoReply");
  g_assert_cmpint (dbr_call_get_execution (outcomes[0].call), ==, DBR_EXECUTION_MAYBE);
  for (guint i = 1; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      assert_level (&outcomes[i], 0);
      g_assert_cmpstr (dbr_call_get_sender (outcomes[i].call), ==,
                       dbr_test_peer_get_unique_name (successor));
      g_assert_cmpint (dbr_call_get_execution (outcomes[i].call), ==, DBR_EXECUTION_ONCE);
    }
  g_assert_cmpuint (dbr_test_peer_count (successor, "Get"), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    outcome_clear (&outcomes[i]);
}

static void
test_new_owner (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) successor = NULL;
  g_autofree char *owner = NULL;
  g_auto(GStrv) names = NULL;
  g_auto(Outcome) before = { NULL };
  g_auto(Outcome) after = { NULL };

  g_test_summary ("What one program was asked is no answer of the next one that has its name");
  scene_assert_known (scene->client);
  dbr_test_peer_tell (scene->peer, "poke %s %s.Level uint32 1", SCENE_PATH, DBR_TEST_INTERFACE);
  dbr_test_peer_stop (scene->peer);
  run_read (scene->client, "Level", 10000, NULL, &before);
  /* The bus has passed the read on when it answers what was sent after it. */
  names = dbr_client_list_names_sync (scene->client, FALSE, NULL, NULL);
  g_assert_nonnull (names);

  successor = dbr_test_peer_new (scene->bus, SCENE_NAME, NULL);
  /* What the bus tells of the change comes before this answer. */
  owner = dbr_client_wait_for_service_sync (scene->client, SCENE_NAME, 5000, NULL, NULL);
  g_assert_cmpstr (owner, ==, dbr_test_peer_get_unique_name (successor));
  run_read (scene->client, "Level", 10000, NULL, &after);
  scene_wait (&after);
  assert_level (&after, 0);
  g_assert_false (dbr_call_get_joined (after.call));
  g_assert_cmpuint (before.n_ended, ==, 0);

  dbr_test_peer_cont (scene->peer);
  scene_wait (&before);
  assert_level (&before, 1);
}

static void
test_restart (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  Outcome outcomes[10] = { { NULL } };

  g_test_summary ("When the service starts anew meanwhile, all who asked have the answer of the new one");
  scene_assert_known (scene->client);
  dbr_test_peer_stop (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    run_read (scene->client, "Level", 10000, NULL, &outcomes[i]);
  dbr_test_peer_restart (scene->peer);

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      assert_level (&outcomes[i], 0);
      g_assert_cmpstr (dbr_call_get_sender (outcomes[i].call), ==,
                       dbr_test_peer_get_unique_name (scene->peer));
      outcome_clear (&outcomes[i]);
    }
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 1);
}

static void
test_reply_types (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  static const char *const types[] = { "(v)", "(s)", NULL, "(u)", "(v)" };
  Outcome outcomes[G_N_ELEMENTS (types)] = { { NULL } };

  g_test_summary ("Who joined is given the answer only if it is of the type that they asked for themselves");
  scene_assert_known (scene->client);
  dbr_test_peer_stop (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr(DbrCall) call = new_read ("Level", 5000);

      if (types[i] != NULL)
        dbr_call_set_reply_type (call, G_VARIANT_TYPE (types[i]));
      scene_run_async (scene->client, call, NULL, &outcomes[i]);
    }
  dbr_test_peer_cont (scene->peer);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      scene_wait (&outcomes[i]);
      if (types[i] == NULL || g_str_equal (types[i], "(v)"))
        assert_level (&outcomes[i], 0);
      else
        g_assert_error (outcomes[i].error, DBR_ERROR, DBR_ERROR_BAD_REPLY);
      g_assert_cmpint (dbr_call_get_execution (outcomes[i].call), ==, DBR_EXECUTION_ONCE);
      outcome_clear (&outcomes[i]);
    }
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 1);
}

static void
test_background (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) slow = new_read ("Level", 5000);
  g_auto(Outcome) background = { NULL };
  g_auto(Outcome) interactive = { NULL };

  g_test_summary ("Who has someone waiting does not wait for a read that goes last");
  scene_assert_known (scene->client);
  dbr_test_peer_stop (scene->peer);
  dbr_call_set_background (slow, TRUE);
  scene_run_async (scene->client, slow, NULL, &background);
  run_read (scene->client, "Level", 5000, NULL, &interactive);
  dbr_test_wait_until (NULL, dbr_client_get_in_flight (scene->client) == 2, DBR_TEST_PATIENCE_MS);
  dbr_test_peer_cont (scene->peer);
  scene_wait (&background);
  scene_wait (&interactive);
  g_assert_false (dbr_call_get_joined (interactive.call));
}

/* Several threads */

#define N_THREADS 6

typedef struct
{
  DbrClient *client;
  guint      n_rounds;
  gint       n_sent;
  gint       n_joined;
} Crowd;

static gpointer
ask_cb (gpointer data)
{
  Crowd *crowd = data;

  for (guint i = 0; i < crowd->n_rounds; i++)
    {
      g_autoptr(DbrCall) call = new_read ("Level", 10000);
      g_auto(Outcome) outcome = { NULL };

      scene_run_sync (crowd->client, call, NULL, &outcome);
      assert_level (&outcome, 0);
      if (dbr_call_get_joined (call))
        g_atomic_int_inc (&crowd->n_joined);
      else
        g_atomic_int_inc (&crowd->n_sent);
    }

  return NULL;
}

static void
run_crowd (Crowd       *crowd,
           GThreadFunc  ask)
{
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("crowd", ask, crowd);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

static void
test_threads (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Get: wait 1");
  Crowd crowd = { scene->client, 200 };

  g_test_summary ("Callers in several threads share answers, and as many are sent as the service counts");
  scene_assert_known (scene->client);
  run_crowd (&crowd, ask_cb);

  g_assert_cmpint (crowd.n_sent + crowd.n_joined, ==, N_THREADS * 200);
  g_assert_cmpint (crowd.n_joined, >, 0);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, crowd.n_sent);
}

static gboolean
cancel_cb (gpointer data)
{
  g_cancellable_cancel (data);

  return G_SOURCE_REMOVE;
}

/* Reads are given up after none to five milliseconds, by a limit or by a cancellable, in whatever
 * order that comes about in several threads: in most rounds all of them, else half. */
static gpointer
ask_and_give_up_cb (gpointer data)
{
  Crowd *crowd = data;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < crowd->n_rounds; i++)
    {
      Outcome outcomes[4] = { { NULL } };
      gboolean is_last = i % 8 == 7;

      for (guint j = 0; j < G_N_ELEMENTS (outcomes); j++)
        {
          g_autoptr(GCancellable) cancellable = g_cancellable_new ();
          g_autoptr(GSource) timer = g_timeout_source_new (g_random_int_range (0, 6));

          run_read (crowd->client, "Level", j == 0 ? 10 : 10000, cancellable, &outcomes[j]);
          if (j % 2 == 0 || !is_last)
            {
              g_source_set_callback (timer, cancel_cb, g_object_ref (cancellable),
                                     g_object_unref);
              g_source_attach (timer, context);
            }
        }
      for (guint j = 0; j < G_N_ELEMENTS (outcomes); j++)
        {
          scene_wait (&outcomes[j]);
          g_assert_cmpuint (outcomes[j].n_ended, ==, 1);
          if (j % 2 != 0 && is_last)
            assert_level (&outcomes[j], 0);
          outcome_clear (&outcomes[j]);
        }
    }
  /* Timers of calls that were answered first. */
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
test_giving_up (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Get: wait 10");
  Crowd crowd = { scene->client, g_test_slow () ? 3000 : 300 };
  Outcome outcomes[16] = { { NULL } };

  g_test_summary ("However reads are given up in several threads, the others are answered and no place is lost");
  scene_assert_known (scene->client);
  scene_hold_circuit (scene->client);
  run_crowd (&crowd, ask_and_give_up_cb);

  /* All sixteen places of the window are free: as many calls are under way at once. */
  dbr_test_wait_until (NULL, dbr_client_get_orphans (scene->client) == 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (dbr_client_get_in_flight (scene->client), ==, 0);
  dbr_test_peer_stop (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrCall) next = scene_call_new ("Increment", g_variant_new ("(s)", "a"), 5000);

      scene_run_async (scene->client, next, NULL, &outcomes[i]);
    }
  dbr_test_wait_until (NULL, dbr_client_get_in_flight (scene->client) == G_N_ELEMENTS (outcomes),
                       DBR_TEST_PATIENCE_MS);
  dbr_test_peer_cont (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      outcome_clear (&outcomes[i]);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/flights/the-same-read-is-sent-once", test_many);
  g_test_add_func ("/dbr/flights/another-question-is-not-joined", test_others);
  g_test_add_func ("/dbr/flights/each-has-its-own-limit", test_own_limits);
  g_test_add_data_func ("/dbr/flights/the-first-is-cancelled", GINT_TO_POINTER (BY_CANCELLATION),
                        test_leader_leaves);
  g_test_add_data_func ("/dbr/flights/the-first-reaches-its-limit", GINT_TO_POINTER (BY_LIMIT),
                        test_leader_leaves);
  g_test_add_func ("/dbr/flights/an-old-question-is-not-joined", test_age);
  g_test_add_func ("/dbr/flights/the-first-leaves-before-it-is-sent", test_waiting_leader_leaves);
  g_test_add_func ("/dbr/flights/a-write-ends-joining", test_write);
  g_test_add_func ("/dbr/flights/the-end-of-a-write-ends-joining", test_write_ends);
  g_test_add_func ("/dbr/flights/a-change-ends-joining", test_change);
  g_test_add_func ("/dbr/flights/an-error-is-an-answer", test_errors);
  g_test_add_func ("/dbr/flights/a-failure-of-the-first-is-its-own", test_ambiguous);
  g_test_add_func ("/dbr/flights/a-new-owner-is-asked-anew", test_new_owner);
  g_test_add_func ("/dbr/flights/a-restart-is-waited-for-together", test_restart);
  g_test_add_func ("/dbr/flights/reply-types-are-each-ones-own", test_reply_types);
  g_test_add_func ("/dbr/flights/the-background-leads-nobody-else", test_background);
  g_test_add_func ("/dbr/flights/threads", test_threads);
  g_test_add_func ("/dbr/flights/giving-up-in-threads", test_giving_up);

  return g_test_run ();
}
