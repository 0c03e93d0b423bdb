/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-scene.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/socket.h>

#define MAX_DESCRIPTORS 1024

Scene *
scene_new (DbrTestBusFlags  flags,
           const char      *script)
{
  Scene *self = g_new0 (Scene, 1);

  self->bus = dbr_test_bus_new_full (flags);
  self->peer = dbr_test_peer_new (self->bus, SCENE_NAME, script);
  self->client = dbr_client_new_for_address (dbr_test_bus_get_address (self->bus));

  return self;
}

void
scene_free (Scene *self)
{
  g_clear_object (&self->client);
  g_clear_pointer (&self->peer, dbr_test_peer_free);
  g_clear_pointer (&self->bus, dbr_test_bus_free);
  g_free (self);
}

DbrClient *
scene_new_session_client (Scene *self)
{
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", dbr_test_bus_get_address (self->bus), TRUE);

  return dbr_client_new (G_BUS_TYPE_SESSION);
}

DbrCall *
scene_call_new (const char *member,
                GVariant   *parameters,
                guint       timeout_ms)
{
  DbrCall *call = dbr_call_new (SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, member, parameters);

  dbr_call_set_timeout_ms (call, timeout_ms);

  return call;
}

static void
outcome_begin (Outcome *outcome,
               DbrCall *call)
{
  g_set_object (&outcome->call, call);
  outcome->began_usec = g_get_monotonic_time ();
}

static void
outcome_end (Outcome  *outcome,
             GVariant *reply)
{
  outcome->reply = reply;
  outcome->ended_usec = g_get_monotonic_time ();
  outcome->context = g_main_context_get_thread_default ();
  outcome->n_ended++;
  if (outcome->counter != NULL)
    outcome->place = (*outcome->counter)++;
}

void
scene_run_sync (DbrClient    *client,
                DbrCall      *call,
                GCancellable *cancellable,
                Outcome      *outcome)
{
  outcome_begin (outcome, call);
  outcome_end (outcome, dbr_client_run_sync (client, call, cancellable, &outcome->error));
}

static void
run_cb (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  Outcome *outcome = user_data;

  outcome_end (outcome, dbr_client_run_finish (DBR_CLIENT (source), result, &outcome->error));
}

void
scene_run_async (DbrClient    *client,
                 DbrCall      *call,
                 GCancellable *cancellable,
                 Outcome      *outcome)
{
  outcome_begin (outcome, call);
  dbr_client_run_async (client, call, cancellable, run_cb, outcome);
}

void
scene_wait (Outcome *outcome)
{
  dbr_test_wait_until (g_main_context_get_thread_default (), outcome->n_ended > 0,
                       DBR_TEST_PATIENCE_MS);
}

void
outcome_clear (Outcome *outcome)
{
  g_clear_object (&outcome->call);
  g_clear_pointer (&outcome->reply, g_variant_unref);
  g_clear_error (&outcome->error);
}

void
scene_assert_in_time (const Outcome *outcome,
                      guint          limit_ms)
{
  gint64 elapsed = outcome->ended_usec - outcome->began_usec;

  g_assert_cmpint (elapsed, >=, limit_ms * (gint64) 1000);
  g_assert_cmpint (elapsed, <, limit_ms * (gint64) 1000 + SCENE_GRACE_USEC);
}

void
scene_assert_answers (DbrClient *client)
{
  g_autoptr(DbrCall) call = scene_call_new ("Echo", g_variant_new ("(s)", "alive"), 5000);
  g_auto(Outcome) outcome = { NULL };

  scene_run_sync (client, call, NULL, &outcome);
  g_assert_no_error (outcome.error);
  dbr_test_assert_prints (outcome.reply, "('alive',)");
}

void
scene_assert_known (DbrClient *client)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *owner = NULL;

  scene_assert_answers (client);
  owner = dbr_client_wait_for_service_sync (client, SCENE_NAME, DBR_TEST_PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
}

gboolean
scene_is_on_gdbus (void)
{
  return g_strcmp0 (g_getenv ("DBR_TRANSPORT"), "gdbus") == 0;
}

void
scene_hold_circuit (DbrClient *client)
{
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (client, SCENE_NAME);

  g_object_set (circuit, "consecutive-failures", G_MAXUINT, "min-calls", G_MAXUINT, NULL);
}

/* By number, each told from others that had the number before. */
struct _SceneSockets
{
  guint64 inodes[MAX_DESCRIPTORS];
};

SceneSockets *
scene_sockets_new (void)
{
  SceneSockets *self = g_new0 (SceneSockets, 1);
  DIR *directory = opendir ("/proc/self/fd");
  const struct dirent *entry;

  g_assert_nonnull (directory);
  while ((entry = readdir (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", entry->d_name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);
      int fd = atoi (entry->d_name);

      /* The link is read and not the socket, which another thread may be closing just now. */
      if (fd < MAX_DESCRIPTORS && target != NULL && g_str_has_prefix (target, "socket:["))
        self->inodes[fd] = g_ascii_strtoull (target + strlen ("socket:["), NULL, 10);
    }
  closedir (directory);

  return self;
}

void
scene_sockets_free (SceneSockets *self)
{
  g_free (self);
}

guint
scene_sockets_cut_new (const SceneSockets *self,
                       const SceneSockets *before)
{
  guint n_cut = 0;

  for (int fd = 0; fd < MAX_DESCRIPTORS; fd++)
    {
      if (self->inodes[fd] == 0 || self->inodes[fd] == before->inodes[fd])
        continue;

      g_assert_no_errno (shutdown (fd, SHUT_RDWR));
      n_cut++;
    }

  return n_cut;
}
