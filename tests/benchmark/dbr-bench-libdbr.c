/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-player.h"

#include <libdbr.h>

/* libdbr as an application uses it: the operation's own time limit, nothing switched off. */

/* What a scene wants under way at once is not to wait for its turn. */
#define MAX_ABREAST 64

typedef struct
{
  DbrClient *client;
  /* the same with an access policy, NULL until it is asked for */
  DbrClient *denying;
  char      *address;
  /* what refused calls are given, so that making it is no part of refusing them */
  GVariant  *parameters;
  BenchCall  call;
  guint      n_to_send;
  guint      n_done;
} LibdbrClient;

static gpointer
libdbr_make (const char *address)
{
  LibdbrClient *self = g_new0 (LibdbrClient, 1);

  self->address = g_strdup (address);
  self->client = dbr_client_new_for_address (address);
  dbr_client_set_max_in_flight (self->client, MAX_ABREAST);

  return self;
}

/* The client is alone in its process. */
static gpointer
libdbr_make_on_gdbus (const char *address)
{
  g_setenv ("DBR_TRANSPORT", "gdbus", TRUE);

  return libdbr_make (address);
}

static GVariant *
libdbr_get_parameters (LibdbrClient *self,
                       BenchCall     call)
{
  return bench_call_is_answered (call) ? g_variant_new ("(s)", BENCH_PAYLOAD) : self->parameters;
}

static const char *
libdbr_get_path (BenchCall call)
{
  return call == BENCH_CALL_INVALID ? "no/path" : BENCH_PATH;
}

static void
libdbr_check (BenchCall  call,
              GVariant  *reply,
              GError    *error)
{
  static const int expected[] = {
    [BENCH_CALL_OVERLOADED] = DBR_ERROR_OVERLOADED,
    [BENCH_CALL_INVALID] = DBR_ERROR_INVALID_ARGUMENT,
    [BENCH_CALL_ISOLATED] = DBR_ERROR_CIRCUIT_OPEN,
    [BENCH_CALL_DENIED] = DBR_ERROR_DENIED,
  };

  if (bench_call_is_answered (call))
    bench_player_check_reply (call, reply, error);
  else if (!g_error_matches (error, DBR_ERROR, expected[call]))
    bench_player_fail ("a call was not refused as it should: %s",
                       error != NULL ? error->message : "it was answered");
}

static DbrClient *
libdbr_get_client (LibdbrClient *self,
                   BenchCall     call)
{
  return call == BENCH_CALL_DENIED ? self->denying : self->client;
}

static void
libdbr_call (LibdbrClient *self,
             BenchCall     call)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = NULL;

  reply = dbr_client_call_sync (libdbr_get_client (self, call), BENCH_NAME, libdbr_get_path (call), BENCH_INTERFACE,
                                "Echo", libdbr_get_parameters (self, call),
                                G_VARIANT_TYPE ("(s)"), 0, NULL, &error);
  libdbr_check (call, reply, error);
}

static void libdbr_send (LibdbrClient *self);

static void
answered_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  LibdbrClient *self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dbr_client_call_finish (DBR_CLIENT (source), result, &error);

  libdbr_check (self->call, reply, error);
  self->n_done++;
  if (self->n_to_send > 0)
    libdbr_send (self);
}

static void
libdbr_send (LibdbrClient *self)
{
  self->n_to_send--;
  dbr_client_call_async (libdbr_get_client (self, self->call), BENCH_NAME,
                         libdbr_get_path (self->call), BENCH_INTERFACE,
                         bench_call_get_method (self->call),
                         libdbr_get_parameters (self, self->call), G_VARIANT_TYPE ("(s)"),
                         0, NULL, answered_cb, self);
}

/* What has to be so that the calls are answered, or refused, as they should. */
static void
libdbr_prepare (LibdbrClient *self,
                BenchCall     call)
{
  if (self->parameters == NULL)
    self->parameters = g_variant_ref_sink (g_variant_new ("(s)", BENCH_PAYLOAD));

  if (call == BENCH_CALL_UNCOUNTED)
    {
      dbr_client_set_metrics (self->client, NULL);
    }
  else if (call == BENCH_CALL_ISOLATED)
    {
      g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (self->client, BENCH_NAME);

      dbr_circuit_breaker_isolate (circuit);
    }
  else if (call == BENCH_CALL_DENIED && self->denying == NULL)
    {
      g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (DBR_ACCESS_TIER_READ_ONLY);

      self->denying = g_object_new (DBR_TYPE_CLIENT, "address", self->address,
                                    "access-policy", policy, NULL);
    }
}

static void
libdbr_play (gpointer         client,
             const BenchTask *task)
{
  LibdbrClient *self = client;

  libdbr_prepare (self, task->call);
  if (task->is_sync)
    {
      for (guint i = 0; i < task->n_calls; i++)
        libdbr_call (self, task->call);
      return;
    }

  self->call = task->call;
  self->n_to_send = task->n_calls;
  self->n_done = 0;
  for (guint i = 0; i < task->n_in_flight && self->n_to_send > 0; i++)
    libdbr_send (self);
  while (self->n_done < task->n_calls)
    g_main_context_iteration (NULL, TRUE);
}

static void
parked_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  bench_player_fail ("a call that is never answered came back");
}

/* They may take all slots, so that no further call can tell when the bus has them. Those of a few
 * leave no room for another; behind many there has to be some for what is timed. */
static void
libdbr_park (gpointer client,
             guint    n_calls)
{
  LibdbrClient *self = client;

  if (n_calls > MAX_ABREAST)
    dbr_client_set_max_in_flight (self->client, n_calls + MAX_ABREAST);
  else
    dbr_client_set_max_queued (self->client, 0);
  for (guint i = 0; i < n_calls; i++)
    dbr_client_call_async (self->client, BENCH_NAME, BENCH_PATH, BENCH_INTERFACE,
                           "Never", NULL, NULL, BENCH_PARKED_MS, NULL, parked_cb, NULL);

  if (dbr_client_get_in_flight (self->client) != n_calls)
    bench_player_fail ("%u calls are parked and not %u",
                       dbr_client_get_in_flight (self->client), n_calls);
}

const BenchClient bench_client_libdbr = { "libdbr", libdbr_make, libdbr_park, libdbr_play };

const BenchClient bench_client_libdbr_gdbus = {
  "libdbr-gdbus", libdbr_make_on_gdbus, libdbr_park, libdbr_play,
};
