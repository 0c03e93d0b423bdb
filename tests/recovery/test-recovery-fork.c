/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbr-state-scene.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recovery/dbr-state-file-private.h"

/* A program that recovers and notifies, and forks. What its child inherits is of no use there, and
 * says so; what the parent has is the parent's, whatever becomes of the child. */

#define DESKTOP_NAME "org.freedesktop.Notifications"
#define N_CHILDREN 20
/* The memory of a sanitizer has locks of its own, which a child would find held for ever. */
#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__)
#define N_THREADS 0
#else
#define N_THREADS 2
#endif
#define NO_ONE "00:AA:01:00:00:99"

/* All that a child is asked ends at once. */
#define CHILD_USEC (dbr_test_stretch (2 * G_USEC_PER_SEC))

typedef struct
{
  StateScene  *state;
  DbrTestPeer *desktop;
  DbrRecovery *recovery;
  /* one in this process, and one that has a program for it */
  DbrNotifier *direct;
  DbrNotifier *helper;
  guint        n_closed;
  int          is_over;
} Scene;

typedef gboolean (*ChildFunc) (Scene   *scene,
                               GError **error);

static DbrNotifier *
notifier_new (DbrNotifierBackend backend)
{
  return g_object_new (DBR_TYPE_NOTIFIER, "app-name", "Player", "backend", backend, NULL);
}

static guint
show (DbrNotifier *notifier,
      const char  *summary)
{
  g_autoptr(GError) error = NULL;
  guint id = dbr_notifier_send_sync (notifier, summary, "Body", NULL, DBR_URGENCY_NORMAL, -1, NULL,
                                     &error);

  g_assert_no_error (error);
  g_assert_cmpuint (id, !=, 0);

  return id;
}

/* Nobody closes any: they are closed as lost, when the program that shows them has ended. */
static void
closed_cb (DbrNotifier    *notifier,
           guint           id,
           DbrCloseReason  reason,
           Scene          *self)
{
  self->n_closed++;
}

static Scene *
scene_new (void)
{
  Scene *self = g_new0 (Scene, 1);
  GError *error = NULL;

  self->state = state_scene_new (STATE_BOND);
  state_scene_wait_for_device (self->state);
  dbr_state_tracker_set_file (self->state->tracker, self->state->path);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", dbr_test_bus_get_address (self->state->bluez->bus), TRUE);
  self->desktop = dbr_test_peer_new (self->state->bluez->bus, DESKTOP_NAME, NULL);
  self->recovery = dbr_recovery_new (DBR_SERVICE_MONITOR (self->state->bluez->monitor),
                                     self->state->tracker);
  dbr_recovery_attach (self->recovery);
  self->direct = notifier_new (DBR_NOTIFIER_BACKEND_DIRECT);
  if (g_getenv ("DBR_NOTIFY_PROGRAM") != NULL)
    {
      self->helper = notifier_new (DBR_NOTIFIER_BACKEND_LIBNOTIFY);
      g_signal_connect (self->helper, "closed", G_CALLBACK (closed_cb), self);
    }
  dbr_notifier_watch (self->direct, G_OBJECT (self->recovery), &error);
  g_assert_no_error (error);

  return self;
}

static void
scene_free (Scene *self)
{
  dbr_recovery_detach (self->recovery);
  g_clear_object (&self->helper);
  g_clear_object (&self->direct);
  g_clear_object (&self->recovery);
  dbr_test_peer_free (self->desktop);
  state_scene_free (self->state);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scene, scene_free)

/* What a child asks for */

static gboolean
set_attribute (Scene   *scene,
               GError **error)
{
  return dbr_state_tracker_set_attribute (scene->state->tracker, DBR_TEST_BLUEZ_DEVICE, "room",
                                          g_variant_new_string ("child"), error);
}

static gboolean
save (Scene   *scene,
      GError **error)
{
  DbrBluezDevice *device = bluez_scene_find (scene->state->bluez, DBR_TEST_BLUEZ_DEVICE);

  return dbr_state_tracker_save_sync (scene->state->tracker, device, NULL, error);
}

static gboolean
flush (Scene   *scene,
       GError **error)
{
  return dbr_state_tracker_flush_sync (scene->state->tracker, NULL, error);
}

static gboolean
restore (Scene   *scene,
         GError **error)
{
  g_autoptr(GListModel) events =
    dbr_state_tracker_restore_sync (scene->state->tracker, DBR_TEST_BLUEZ_DEVICE, NULL, error);

  return events != NULL;
}

static gboolean
recover (Scene   *scene,
         GError **error)
{
  return dbr_recovery_recover_sync (scene->recovery, "", NULL, error) == DBR_RECOVERY_RESULT_RECOVERED;
}

static gboolean
plan (Scene   *scene,
      GError **error)
{
  g_autoptr(GListModel) steps = dbr_recovery_plan_sync (scene->recovery, "", NULL, error);

  return steps != NULL;
}

static gboolean
check (Scene   *scene,
       GError **error)
{
  DbrServiceMonitor *monitor = DBR_SERVICE_MONITOR (scene->state->bluez->monitor);

  return dbr_service_monitor_check_sync (monitor, NULL, error) >= 0;
}

static gboolean
notify (Scene   *scene,
        GError **error)
{
  return dbr_notifier_send_sync (scene->direct, "child", "Body", NULL, DBR_URGENCY_NORMAL, -1, NULL,
                                 error) != 0;
}

static gboolean
notify_by_helper (Scene   *scene,
                  GError **error)
{
  DbrNotifier *notifier = scene->helper != NULL ? scene->helper : scene->direct;

  return dbr_notifier_send_sync (notifier, "child", "Body", NULL, DBR_URGENCY_NORMAL, -1, NULL,
                                 error) != 0;
}

static gboolean
close_notice (Scene   *scene,
              GError **error)
{
  return dbr_notifier_close_sync (scene->direct, 1, NULL, error);
}

static gboolean
flush_notices (Scene   *scene,
               GError **error)
{
  return dbr_notifier_flush_sync (scene->direct, NULL, error);
}

static const struct
{
  const char *what;
  ChildFunc   func;
} asked[] = {
  { "setting an attribute", set_attribute },
  { "saving", save },
  { "flushing", flush },
  { "restoring", restore },
  { "recovering", recover },
  { "planning", plan },
  { "checking", check },
  { "notifying", notify },
  { "notifying by the program", notify_by_helper },
  { "closing a notification", close_notice },
  { "flushing notifications", flush_notices },
};

/* Of the first that is not refused as it should be its number, from 1 on; 0: all are. */
static int
ask_all (Scene *scene)
{
  for (gsize i = 0; i < G_N_ELEMENTS (asked); i++)
    {
      gint64 began_usec = g_get_monotonic_time ();
      g_autoptr(GError) error = NULL;

      if (asked[i].func (scene, &error) || !g_error_matches (error, DBR_ERROR, DBR_ERROR_FORKED)
          || g_get_monotonic_time () - began_usec > CHILD_USEC)
        {
          g_printerr ("%s: %s\n", asked[i].what, error != NULL ? error->message : "done");
          return (int) i + 1;
        }
    }

  return 0;
}

/* As a program that ends as it should, which lets go of all it has. */
static int
let_go (Scene *scene)
{
  dbr_recovery_detach (scene->recovery);
  g_clear_object (&scene->helper);
  g_clear_object (&scene->direct);
  g_clear_object (&scene->recovery);
  g_clear_object (&scene->state->tracker);
  g_clear_object (&scene->state->bluez->monitor);
  g_clear_object (&scene->state->bluez->client);

  return 0;
}

/* What a child ends with; it ends by a signal of its own where it hangs. */
static int
play_child (Scene *scene,
            int  (*play)(Scene *scene))
{
  pid_t pid;
  int status;

  pid = fork ();
  g_assert_no_errno (pid);
  if (pid == 0)
    {
      alarm ((guint) (dbr_test_stretch (10 * G_USEC_PER_SEC) / G_USEC_PER_SEC));
      _exit (play (scene));
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));

  return WEXITSTATUS (status);
}

static void
test_refused (void)
{
  g_autoptr(Scene) scene = scene_new ();

  g_test_summary ("Recovery, tracker and notifier say at once that they are the parent's");

  show (scene->direct, "A");
  if (scene->helper != NULL)
    show (scene->helper, "B");
  g_assert_cmpint (play_child (scene, ask_all), ==, 0);
  g_assert_cmpuint (dbr_test_peer_executions (scene->desktop, "child"), ==, 0);
}

/* Of what cannot say that it is the parent's: it is not held up. */
static int
ask_tracker (Scene *scene)
{
  DbrStateTracker *tracker = scene->state->tracker;
  g_autoptr(DbrDeviceState) state = dbr_state_tracker_get (tracker, NO_ONE);
  g_auto(GStrv) addresses = dbr_state_tracker_dup_addresses (tracker);
  g_autofree char *file = NULL;
  g_autoptr(GError) error = NULL;

  dbr_state_tracker_set_file (tracker, NULL);
  file = dbr_state_tracker_get_file (tracker);
  dbr_state_tracker_forget (tracker, NO_ONE);

  return state == NULL && g_strv_length (addresses) == 0
         && g_strcmp0 (file, scene->state->path) == 0
         && !set_attribute (scene, &error) && !flush (scene, NULL) && !save (scene, NULL)
         && !restore (scene, NULL) ? 0 : 1;
}

static gpointer
ask_on_cb (gpointer data)
{
  Scene *scene = data;

  while (!g_atomic_int_get (&scene->is_over))
    {
      g_autoptr(DbrDeviceState) state = dbr_state_tracker_get (scene->state->tracker, NO_ONE);

      g_assert_null (state);
    }

  return NULL;
}

static void
test_locks_of_others (void)
{
  g_autoptr(Scene) scene = scene_new ();
  GThread *threads[N_THREADS + 1];

  g_test_summary ("A child is not held up by what threads of its parent had just begun");

  for (int i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("ask", ask_on_cb, scene);
  for (guint i = 0; i < N_CHILDREN; i++)
    g_assert_cmpint (play_child (scene, ask_tracker), ==, 0);
  g_atomic_int_set (&scene->is_over, TRUE);
  for (int i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

/* That the file is whole and has what was set last. */
static void
assert_kept (Scene *scene,
             guint  number)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrStateBook) book = dbr_state_file_load (scene->state->path, NULL, &error);
  DbrStateRecord record;
  guint kept = G_MAXUINT;

  g_assert_no_error (error);
  g_assert_true (dbr_state_book_lookup (book, DBR_TEST_BLUEZ_DEVICE, &record));
  g_assert_true (g_variant_lookup (record.attributes, "number", "u", &kept));
  g_assert_cmpuint (kept, ==, number);
}

static void
test_parent_is_undisturbed (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("Children that let go and end disturb neither the file nor the notifications");

  for (guint i = 0; i < N_CHILDREN; i++)
    {
      g_autofree char *summary = g_strdup_printf ("notice-%u", i);

      /* It is on its way to the disk when the child begins. */
      dbr_state_tracker_set_attribute (scene->state->tracker, DBR_TEST_BLUEZ_DEVICE, "number",
                                       g_variant_new_uint32 (i), &error);
      g_assert_no_error (error);
      g_assert_cmpint (play_child (scene, let_go), ==, 0);
      dbr_state_tracker_flush_sync (scene->state->tracker, NULL, &error);
      g_assert_no_error (error);
      assert_kept (scene, i);

      show (scene->helper != NULL ? scene->helper : scene->direct, summary);
      g_assert_cmpuint (dbr_test_peer_executions (scene->desktop, summary), ==, 1);
    }
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (scene->n_closed, ==, 0);
  dbr_service_monitor_check_sync (DBR_SERVICE_MONITOR (scene->state->bluez->monitor), NULL, &error);
  g_assert_no_error (error);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/recovery-fork/refused", test_refused);
  g_test_add_func ("/dbr/recovery-fork/locks-of-others", test_locks_of_others);
  g_test_add_func ("/dbr/recovery-fork/parent-is-undisturbed", test_parent_is_undisturbed);

  return g_test_run ();
}
