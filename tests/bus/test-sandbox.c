/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/* For unshare() */
#define _GNU_SOURCE

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "dbr-proxy-scene.h"

/* A client in a sandbox: between it and the bus there is a proxy that lets through what the sandbox
 * may do. To one name it may talk, one it may see, and one is hidden from it. */

#define SEEN_NAME "org.dbr.Seen"
#define HIDDEN_NAME "org.dbr.Hidden"
#define ABSENT_NAME "org.dbr.Absent"

typedef struct
{
  Scene          *scene;
  DbrTestPeer    *seen;
  DbrTestPeer    *hidden;
  DbrTestProcess *proxy;
  char           *address;
  /* so that the proxy is known to serve */
  GDBusConnection *guest;
  DbrClient       *client;
} Sandbox;

static gboolean
has_proxy (void)
{
  g_autofree char *program = g_find_program_in_path ("xdg-dbus-proxy");

  if (program == NULL)
    g_test_skip ("xdg-dbus-proxy is not installed");

  return program != NULL;
}

/* The first connection stays, as a program's does: the proxy is not made for guests that only look
 * in. */
static gboolean
sandbox_connect (Sandbox *self)
{
  self->guest =
    g_dbus_connection_new_for_address_sync (self->address,
                                            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                            | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                            NULL, NULL, NULL);

  return self->guest != NULL;
}

static void
sandbox_start (Sandbox *self)
{
  const char *path = self->address + strlen ("unix:path=");

  self->proxy = dbr_test_process_new ((const char *[]) {
    "xdg-dbus-proxy", dbr_test_bus_get_address (self->scene->bus), path,
    "--filter", "--talk=" SCENE_NAME, "--see=" SEEN_NAME, NULL
  }, FALSE, -1);
  dbr_test_wait_until (NULL, sandbox_connect (self), DBR_TEST_PATIENCE_MS);
}

static void
sandbox_stop (Sandbox *self)
{
  if (self->guest != NULL)
    g_dbus_connection_set_exit_on_close (self->guest, FALSE);
  g_clear_object (&self->guest);
  g_clear_pointer (&self->proxy, dbr_test_process_free);
}

static Sandbox *
sandbox_new (const char *script)
{
  Sandbox *self = g_new0 (Sandbox, 1);

  self->scene = scene_new (DBR_TEST_BUS_NONE, script);
  self->seen = dbr_test_peer_new (self->scene->bus, SEEN_NAME, NULL);
  self->hidden = dbr_test_peer_new (self->scene->bus, HIDDEN_NAME, NULL);
  self->address = g_strdup_printf ("unix:path=%s/proxy",
                                   dbr_test_bus_get_folder (self->scene->bus));
  sandbox_start (self);
  self->client = dbr_client_new_for_address (self->address);

  return self;
}

static void
sandbox_free (Sandbox *self)
{
  g_clear_object (&self->client);
  sandbox_stop (self);
  g_clear_pointer (&self->hidden, dbr_test_peer_free);
  g_clear_pointer (&self->seen, dbr_test_peer_free);
  g_clear_pointer (&self->scene, scene_free);
  g_free (self->address);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sandbox, sandbox_free)

static void
run (DbrClient  *client,
     const char *bus_name,
     gboolean    is_idempotent,
     Outcome    *outcome)
{
  g_autoptr(DbrCall) call = dbr_call_new (bus_name, SCENE_PATH, DBR_TEST_INTERFACE, "Increment",
                                          g_variant_new ("(s)", "a"));

  dbr_call_set_timeout_ms (call, 10000);
  dbr_call_set_idempotent (call, is_idempotent);
  scene_run_sync (client, call, NULL, outcome);
}

/* It ended at once, and not when its time was over. */
static void
assert_at_once (const Outcome *outcome)
{
  g_assert_cmpint (outcome->ended_usec - outcome->began_usec, <, 2 * SCENE_GRACE_USEC);
  g_assert_cmpint (dbr_call_get_execution (outcome->call), ==, DBR_EXECUTION_NEVER);
}

static void
test_talk (void)
{
  g_autoptr(Sandbox) sandbox = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) level = NULL;
  g_autofree char *owner = NULL;
  g_autofree char *xml = NULL;
  Outcome outcomes[100] = { { NULL } };

  g_test_summary ("With a name that one may talk to all is as without a sandbox");
  if (!has_proxy ())
    return;

  sandbox = sandbox_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "b"), 10000);

      scene_run_async (sandbox->client, call, NULL, &outcomes[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      g_assert_cmpstr (dbr_call_get_sender (outcomes[i].call), ==,
                       dbr_test_peer_get_unique_name (sandbox->scene->peer));
      outcome_clear (&outcomes[i]);
    }

  level = dbr_client_read_property_sync (sandbox->client, SCENE_NAME, SCENE_PATH,
                                         DBR_TEST_INTERFACE, "Level", NULL, &error);
  g_assert_no_error (error);
  xml = dbr_client_introspect_sync (sandbox->client, SCENE_NAME, SCENE_PATH, NULL, &error);
  g_assert_no_error (error);
  owner = dbr_client_wait_for_service_sync (sandbox->client, SCENE_NAME, 5000, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (owner, ==, dbr_test_peer_get_unique_name (sandbox->scene->peer));
}

static gboolean
has_owner (DbrTestBus *bus,
           const char *name)
{
  g_autofree char *owner = dbr_test_bus_dup_owner (bus, name);

  return owner != NULL;
}

static void
test_restart (void)
{
  g_autoptr(Sandbox) sandbox = NULL;
  g_auto(Outcome) outcome = { NULL };
  g_autoptr(DbrCall) call = NULL;
  g_auto(GStrv) names = NULL;

  g_test_summary ("A call to a service that starts anew waits for it in a sandbox too");
  if (!has_proxy ())
    return;

  sandbox = sandbox_new (NULL);
  scene_assert_answers (sandbox->client);
  scene_assert_answers (sandbox->client);
  dbr_test_peer_kill (sandbox->scene->peer);
  dbr_test_wait_until (NULL, !has_owner (sandbox->scene->bus, SCENE_NAME), DBR_TEST_PATIENCE_MS);
  call = scene_call_new ("Increment", g_variant_new ("(s)", "c"), 10000);
  scene_run_async (sandbox->client, call, NULL, &outcome);
  /* The bus has said that there is nobody by the time it has answered this. */
  names = dbr_client_list_names_sync (sandbox->client, FALSE, NULL, NULL);
  g_assert_false (g_strv_contains ((const char *const *) names, SCENE_NAME));
  g_assert_cmpuint (outcome.n_ended, ==, 0);
  dbr_test_peer_restart (sandbox->scene->peer);
  scene_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (dbr_test_peer_executions (sandbox->scene->peer, "c"), ==, 1);
}

static void
test_see (void)
{
  g_autoptr(Sandbox) sandbox = NULL;
  g_auto(Outcome) outcome = { NULL };
  g_autoptr(GError) error = NULL;
  g_autofree char *owner = NULL;

  g_test_summary ("A name that one may only see has an owner, and a call to it is refused at once");
  if (!has_proxy ())
    return;

  sandbox = sandbox_new (NULL);
  owner = dbr_client_wait_for_service_sync (sandbox->client, SEEN_NAME, 5000, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (owner, ==, dbr_test_peer_get_unique_name (sandbox->seen));

  run (sandbox->client, SEEN_NAME, TRUE, &outcome);
  g_assert_error (outcome.error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
  assert_at_once (&outcome);
  g_assert_cmpuint (dbr_test_peer_executions (sandbox->seen, "a"), ==, 0);
  scene_assert_answers (sandbox->client);
}

static void
test_hidden (void)
{
  static const char *const names[] = { HIDDEN_NAME, ABSENT_NAME };
  g_autoptr(Sandbox) sandbox = NULL;

  g_test_summary ("A name that is hidden is as one that is not there, and is not waited for");
  if (!has_proxy ())
    return;

  sandbox = sandbox_new (NULL);
  scene_assert_answers (sandbox->client);
  for (guint i = 0; i < G_N_ELEMENTS (names) * 2; i++)
    {
      g_auto(Outcome) outcome = { NULL };
      g_autoptr(GError) error = NULL;

      run (sandbox->client, names[i / 2], i % 2 == 0, &outcome);
      g_test_message ("%s: %s", names[i / 2], outcome.error->message);
      g_assert_error (outcome.error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
      assert_at_once (&outcome);
      g_assert_cmpint (dbr_client_ping_sync (sandbox->client, names[i / 2], NULL, &error), ==, -1);
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
    }
  g_assert_cmpuint (dbr_test_peer_executions (sandbox->hidden, "a"), ==, 0);
  g_assert_cmpuint (dbr_client_get_in_flight (sandbox->client), ==, 0);
  g_assert_cmpuint (dbr_client_get_orphans (sandbox->client), ==, 0);
}

static void
test_list (void)
{
  g_autoptr(Sandbox) sandbox = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) names = NULL;

  g_test_summary ("What is listed is what one may see");
  if (!has_proxy ())
    return;

  sandbox = sandbox_new (NULL);
  names = dbr_client_list_names_sync (sandbox->client, FALSE, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_strv_contains ((const char *const *) names, SCENE_NAME));
  g_assert_true (g_strv_contains ((const char *const *) names, SEEN_NAME));
  g_assert_false (g_strv_contains ((const char *const *) names, HIDDEN_NAME));
}

/* Proxies and subscriptions */

static DbrProxy *
get_proxy (Sandbox     *sandbox,
           const char  *bus_name,
           GError     **error)
{
  return dbr_client_get_proxy_sync (sandbox->client, bus_name, SCENE_PATH, THING_INTERFACE, NULL,
                                    error);
}

static void
set_first (DbrTestPeer *peer,
           guint        value)
{
  dbr_test_peer_tell (peer, "set " SCENE_PATH " " THING_INTERFACE ".First uint32 %u", value);
}

static void
test_proxy (void)
{
  g_autoptr(Sandbox) sandbox = NULL;
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(Told) told = { 0 };

  g_test_summary ("A proxy of a name that one may talk to is kept, over restarts of all there is");
  if (!has_proxy ())
    return;

  sandbox = sandbox_new ("set " SCENE_PATH " " THING_INTERFACE ".First uint32 1");
  proxy = get_proxy (sandbox, SCENE_NAME, &error);
  g_assert_no_error (error);
  told_connect (&told, proxy);
  g_assert_true (dbr_proxy_get_fresh (proxy));
  g_assert_true (proxy_has (proxy, "First", "1"));
  set_first (sandbox->scene->peer, 2);
  proxy_wait (proxy_has (proxy, "First", "2"));

  g_test_message ("the service");
  dbr_test_peer_restart (sandbox->scene->peer);
  proxy_wait (dbr_proxy_get_generation (proxy) == 2 && dbr_proxy_get_fresh (proxy));
  g_assert_true (proxy_has (proxy, "First", "1"));
  g_assert_cmpstr (told.new_owner, ==, dbr_test_peer_get_unique_name (sandbox->scene->peer));

  g_test_message ("the sandbox's door, while the service changes");
  sandbox_stop (sandbox);
  proxy_wait (!dbr_proxy_get_fresh (proxy));
  set_first (sandbox->scene->peer, 3);
  sandbox_start (sandbox);
  proxy_wait (dbr_proxy_get_fresh (proxy));
  g_assert_true (proxy_has (proxy, "First", "3"));
  g_assert_cmpuint (dbr_proxy_get_generation (proxy), ==, 2);
  set_first (sandbox->scene->peer, 4);
  proxy_wait (proxy_has (proxy, "First", "4"));
}

static void
test_proxy_refused (void)
{
  g_autoptr(Sandbox) sandbox = NULL;
  g_autoptr(DbrProxy) seen = NULL;
  g_autoptr(GError) error = NULL;
  gint64 began_usec;

  g_test_summary ("A proxy of a name that one may only see is refused, and not kept waiting");
  if (!has_proxy ())
    return;

  sandbox = sandbox_new (NULL);
  began_usec = g_get_monotonic_time ();
  seen = get_proxy (sandbox, SEEN_NAME, &error);
  g_assert_null (seen);
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
  g_assert_cmpint (g_get_monotonic_time () - began_usec, <, 2 * SCENE_GRACE_USEC);
}

static void
test_proxy_hidden (void)
{
  static const char *const names[] = { HIDDEN_NAME, ABSENT_NAME };
  g_autoptr(Sandbox) sandbox = NULL;

  g_test_summary ("A proxy of a name that is hidden knows nothing, as of one that is not there");
  if (!has_proxy ())
    return;

  sandbox = sandbox_new (NULL);
  set_first (sandbox->hidden, 1);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(DbrProxy) proxy = NULL;
      g_autoptr(GVariant) value = NULL;
      g_autoptr(GVariant) reply = NULL;
      g_autoptr(GError) error = NULL;
      gint64 began_usec = g_get_monotonic_time ();

      proxy = get_proxy (sandbox, names[i], &error);
      g_assert_no_error (error);
      g_assert_false (dbr_proxy_get_fresh (proxy));
      g_assert_cmpuint (dbr_proxy_get_generation (proxy), ==, 0);
      g_assert_false (proxy_has (proxy, "First", "1"));

      value = dbr_proxy_read_sync (proxy, "First", NULL, &error);
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
      g_assert_nonnull (strstr (error->message, names[i]));
      g_clear_error (&error);
      reply = dbr_proxy_call_sync (proxy, "Do", NULL, 10000, NULL, &error);
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
      g_assert_nonnull (strstr (error->message, names[i]));
      g_assert_cmpint (g_get_monotonic_time () - began_usec, <, 3 * SCENE_GRACE_USEC);
    }
}

static void
received_cb (const DbrTestSignal *heard,
             gpointer             paths)
{
  g_string_append_printf (paths, "%s ", heard->object_path);
}

static void
test_subscription (void)
{
  g_autoptr(GString) heard = g_string_new (NULL);
  g_autoptr(Sandbox) sandbox = NULL;
  g_autoptr(DbrSubscription) subscription = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Signals of a name that one may talk to are heard, over restarts of all there is");
  if (!has_proxy ())
    return;

  sandbox = sandbox_new (NULL);
  subscription = dbr_subscription_new (sandbox->client, SCENE_NAME, NULL, THING_INTERFACE, NULL,
                                       NULL, DBR_SUBSCRIPTION_FLAGS_NONE);
  dbr_test_listen (subscription, received_cb, heard);
  dbr_subscription_start_sync (subscription, NULL, &error);
  g_assert_no_error (error);
  dbr_test_peer_tell (sandbox->hidden, "emit /hidden " THING_INTERFACE ".Told");
  dbr_test_peer_tell (sandbox->scene->peer, "emit /first " THING_INTERFACE ".Told");
  dbr_test_wait_until (NULL, strstr (heard->str, "/first") != NULL, DBR_TEST_PATIENCE_MS);

  dbr_test_peer_restart (sandbox->scene->peer);
  dbr_test_peer_tell (sandbox->scene->peer, "emit /second " THING_INTERFACE ".Told");
  dbr_test_wait_until (NULL, strstr (heard->str, "/second") != NULL, DBR_TEST_PATIENCE_MS);

  sandbox_stop (sandbox);
  dbr_test_wait_until (NULL, dbr_client_get_state (sandbox->client)
                       == DBR_CLIENT_STATE_RECONNECTING, DBR_TEST_PATIENCE_MS);
  sandbox_start (sandbox);
  scene_assert_answers (sandbox->client);
  dbr_test_peer_tell (sandbox->scene->peer, "emit /third " THING_INTERFACE ".Told");
  dbr_test_wait_until (NULL, strstr (heard->str, "/third") != NULL, DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (heard->str, ==, "/first /second /third ");
}

static void
test_subscription_hidden (void)
{
  static const char *const names[] = { HIDDEN_NAME, SEEN_NAME, SCENE_NAME };
  g_autoptr(GString) heard = g_string_new (NULL);
  g_autoptr(Sandbox) sandbox = NULL;
  DbrSubscription *subscriptions[G_N_ELEMENTS (names)];

  g_test_summary ("Of a name that one may not talk to nothing is heard, and of others no less for it");
  if (!has_proxy ())
    return;

  sandbox = sandbox_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(GError) error = NULL;

      subscriptions[i] = dbr_subscription_new (sandbox->client, names[i], NULL, THING_INTERFACE,
                                               NULL, NULL, DBR_SUBSCRIPTION_FLAGS_NONE);
      dbr_test_listen (subscriptions[i], received_cb, heard);
      dbr_subscription_start_sync (subscriptions[i], NULL, &error);
      g_assert_no_error (error);
    }
  dbr_test_peer_tell (sandbox->hidden, "emit /hidden " THING_INTERFACE ".Told");
  dbr_test_peer_tell (sandbox->seen, "emit /seen " THING_INTERFACE ".Told");
  dbr_test_peer_tell (sandbox->scene->peer, "emit /last " THING_INTERFACE ".Told");
  dbr_test_wait_until (NULL, strstr (heard->str, "/last") != NULL, DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (heard->str, ==, "/last ");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_object_unref (subscriptions[i]);
}

/* Inside of a sandbox there is a file at the root. */

static gboolean
copy_entry (const char *name,
            const char *root)
{
  g_autofree char *from = g_build_filename ("/", name, NULL);
  g_autofree char *to = g_build_filename (root, name, NULL);
  g_autofree char *target = g_file_read_link (from, NULL);

  if (target != NULL)
    return symlink (target, to) == 0;
  if (!g_file_test (from, G_FILE_TEST_IS_DIR))
    return TRUE;

  return g_mkdir (to, 0755) == 0 && mount (from, to, NULL, MS_BIND | MS_REC, NULL) == 0;
}

static gboolean
may_have_own_root (void)
{
  const char *const command[] = { "unshare", "--mount", "true", NULL };
  int status = -1;

  return g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status,
                       NULL)
         && status == 0;
}

/* A root directory of this process's own, with all that is in the other one and that file. */
static gboolean
enter_sandbox (const char *root)
{
  g_autofree char *file = g_build_filename (root, ".flatpak-info", NULL);
  g_autoptr(GDir) dir = NULL;
  const char *name;

  if (unshare (CLONE_NEWNS) != 0
      || mount (NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) != 0
      || mount ("tmpfs", root, "tmpfs", 0, NULL) != 0)
    return FALSE;

  dir = g_dir_open ("/", 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      if (!copy_entry (name, root))
        return FALSE;
    }

  return g_file_set_contents (file, "[Application]\n", -1, NULL) && chroot (root) == 0;
}

static void
assert_explained (DbrClient  *client,
                  const char *bus_name)
{
  g_autofree char *talk = g_strdup_printf ("--talk-name=%s", bus_name);
  g_auto(Outcome) outcome = { NULL };
  g_autofree char *text = NULL;

  run (client, bus_name, FALSE, &outcome);
  g_assert_nonnull (outcome.error);
  text = dbr_error_explain (outcome.error);
  g_test_message ("%s", text);
  g_assert_nonnull (strstr (text, talk));
}

static void
test_explain_subprocess (void)
{
  g_autoptr(DbrClient) client = NULL;

  if (!enter_sandbox (g_getenv ("SANDBOX_ROOT")))
    g_error ("%s", g_strerror (errno));

  client = dbr_client_new_for_address (g_getenv ("SANDBOX_ADDRESS"));
  scene_assert_answers (client);
  assert_explained (client, HIDDEN_NAME);
  assert_explained (client, SEEN_NAME);
}

static void
test_explain (void)
{
  g_autoptr(Sandbox) sandbox = NULL;
  g_autofree char *root = NULL;
  g_auto(Outcome) outcome = { NULL };
  g_autofree char *text = NULL;

  g_test_summary ("In a sandbox the error is explained by the permission that is missing");
  if (!has_proxy ())
    return;
  if (!may_have_own_root ())
    {
      g_test_skip ("This user cannot give a child a root directory of its own");
      return;
    }

  sandbox = sandbox_new (NULL);
  root = g_build_filename (dbr_test_bus_get_folder (sandbox->scene->bus), "root", NULL);
  g_assert_cmpint (g_mkdir (root, 0755), ==, 0);
  g_setenv ("SANDBOX_ROOT", root, TRUE);
  g_setenv ("SANDBOX_ADDRESS", sandbox->address, TRUE);
  g_test_trap_subprocess ("/dbr/sandbox/explain/subprocess", 0, 0);
  g_test_trap_assert_passed ();

  /* Where there is no such file there is no such permission. */
  run (sandbox->client, HIDDEN_NAME, FALSE, &outcome);
  text = dbr_error_explain (outcome.error);
  g_assert_null (strstr (text, "--talk-name"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/sandbox/talk", test_talk);
  g_test_add_func ("/dbr/sandbox/a-service-starts-anew", test_restart);
  g_test_add_func ("/dbr/sandbox/see", test_see);
  g_test_add_func ("/dbr/sandbox/hidden", test_hidden);
  g_test_add_func ("/dbr/sandbox/list-names", test_list);
  g_test_add_func ("/dbr/sandbox/proxy/talk", test_proxy);
  g_test_add_func ("/dbr/sandbox/proxy/see", test_proxy_refused);
  g_test_add_func ("/dbr/sandbox/proxy/hidden", test_proxy_hidden);
  g_test_add_func ("/dbr/sandbox/subscription/talk", test_subscription);
  g_test_add_func ("/dbr/sandbox/subscription/hidden", test_subscription_hidden);
  g_test_add_func ("/dbr/sandbox/explain", test_explain);
  g_test_add_func ("/dbr/sandbox/explain/subprocess", test_explain_subprocess);

  return g_test_run ();
}
