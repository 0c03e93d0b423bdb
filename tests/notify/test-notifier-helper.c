/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbr-notify-scene.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dbr-test-shortage.h"
#include "notify/dbr-notify-frame-private.h"

/* The same notifications by way of libnotify, in the program that runs it. */

#define PORTAL_NAME "org.freedesktop.portal.Desktop"

static void
scene_init_helper (Scene      *self,
                   const char *script)
{
  scene_init (self, script);
  scene_use_backend (self, DBR_NOTIFIER_BACKEND_LIBNOTIFY);
}

/* The program that this process has started, 0 if there is none. */
static GPid
find_helper (void)
{
  g_autoptr(GDir) processes = g_dir_open ("/proc", 0, NULL);
  g_autofree char *own = g_strdup_printf (" %d ", getpid ());
  const char *name;

  while ((name = g_dir_read_name (processes)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc", name, "stat", NULL);
      g_autofree char *stat = NULL;

      if (g_ascii_isdigit (*name) && g_file_get_contents (path, &stat, NULL, NULL)
          && strstr (stat, "(dbr-notify) ") != NULL && strstr (stat, "(dbr-notify) Z") == NULL
          && strstr (stat, own) != NULL)
        return atoi (name);
    }

  return 0;
}

static void
test_send (void)
{
  static const char *const actions[] = { "again", "Play again", NULL };
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  g_autoptr(GVariant) notice = NULL;
  g_autofree char *text = NULL;

  g_test_summary ("It is shown as it is directly, actions and closing included");

  scene_init_helper (&scene, "");
  scene_send_full (&scene, "1 < 2", actions, 0, &sent);
  scene_wait (&sent);
  g_assert_no_error (sent.error);
  notice = scene_dup_last (&scene);
  text = g_variant_print (notice, FALSE);
  g_assert_nonnull (strstr (text, "('Player', 0, '', '1 < 2', 'Body', ['again', 'Play again'], "));
  g_assert_nonnull (strstr (text, "'urgency': <byte 0x01>"));
  g_assert_true (dbr_notifier_get_available (scene.notifier));
  g_assert_cmpstr (dbr_notifier_get_server_name (scene.notifier), ==, "dbr-peer");
  g_assert_nonnull (dbr_notifier_get_capabilities (scene.notifier));

  scene_emit (&scene, "ActionInvoked", "(uint32 1, '%s')", "again");
  dbr_test_wait_until (NULL, scene.actions->len > 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (scene.actions->pdata[0], ==, "1 again");
  g_assert_true (dbr_notifier_close_sync (scene.notifier, sent.id, NULL, NULL));
  dbr_test_wait_until (NULL, scene.closed->len > 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (scene.closed->str, ==, "1 closed;");
}

static void
test_replace (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  guint id;

  g_test_summary ("One that replaces another takes its place");

  scene_init_helper (&scene, "");
  id = scene_show (&scene, "A");
  scene_send_full (&scene, "A2", NULL, id, &sent);
  scene_wait (&sent);
  g_assert_cmpuint (sent.id, ==, id);
  g_assert_cmpuint (scene_count_shown (&scene), ==, 1);
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "A2"), ==, 1);
}

static void
test_refused (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  g_autofree char *name = NULL;

  g_test_summary ("What the desktop refuses is its error");

  scene_init_helper (&scene,
                     "on Notify: error org.freedesktop.Notifications.MaxNotificationsExceeded");
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &sent);
  scene_wait (&sent);
  g_assert_nonnull (sent.error);
  name = g_dbus_error_get_remote_error (sent.error);
  g_assert_cmpstr (name, ==, "org.freedesktop.Notifications.MaxNotificationsExceeded");
}

static void
test_helper_killed (void)
{
  g_auto(Scene) scene = { NULL };
  GPid first;

  g_test_summary ("The program is killed, and the next one goes on; what was shown is lost");

  scene_init_helper (&scene, "");
  scene_show (&scene, "A");
  first = find_helper ();
  g_assert_cmpint (first, >, 0);
  kill (first, SIGKILL);
  dbr_test_wait_until (NULL, scene.closed->len > 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (scene.closed->str, ==, "1 lost;");
  scene_show (&scene, "B");
  g_assert_cmpint (find_helper (), !=, first);
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "A"), ==, 1);
}

static void
test_helper_stopped (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  g_auto(Sent) next = { 0 };
  GPid first;

  g_test_summary ("The program is stopped: it is replaced within the limit, and the queue goes on");

  scene_init_helper (&scene, "");
  scene_show (&scene, "A");
  first = find_helper ();
  kill (first, SIGSTOP);
  scene_send (&scene, "B", DBR_URGENCY_NORMAL, &sent);
  scene_wait (&sent);
  sent_assert_late (&sent, DBR_ERROR_DEADLINE);
  scene_send (&scene, "C", DBR_URGENCY_NORMAL, &next);
  scene_wait (&next);
  g_assert_no_error (next.error);
  g_assert_cmpint (find_helper (), !=, first);
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "B"), ==, 0);
  g_assert_cmpuint (scene.n_stalled, ==, 1);
  dbr_test_wait_until (NULL, scene.n_recovered == 1, DBR_TEST_PATIENCE_MS);
}

static void
test_stopped (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  g_auto(Sent) next = { 0 };
  g_auto(Sent) urgent = { 0 };

  g_test_summary ("A desktop that hangs blocks nobody here, and nothing appears twice after it");

  scene_init_helper (&scene, "");
  scene_show (&scene, "Before");
  dbr_test_peer_stop (scene.desktop);
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &sent);
  scene_wait (&sent);
  sent_assert_late (&sent, DBR_ERROR_DEADLINE);
  scene_send (&scene, "B", DBR_URGENCY_NORMAL, &next);
  scene_send (&scene, "Now", DBR_URGENCY_CRITICAL, &urgent);
  scene_wait (&next);
  sent_assert_late (&next, DBR_ERROR_DEADLINE);

  dbr_test_peer_cont (scene.desktop);
  dbr_test_wait_until (NULL, dbr_test_peer_executions (scene.desktop, "Now") == 1,
                       DBR_TEST_PATIENCE_MS);
  scene_show (&scene, "After");
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "A"), <=, 1);
  g_assert_cmpuint (dbr_test_peer_executions (scene.desktop, "B"), ==, 0);
  g_assert_cmpuint (scene.n_stalled, ==, 1);
  g_assert_cmpuint (scene.n_recovered, ==, 1);
}

static void
test_bus_killed (void)
{
  g_auto(Scene) scene = { NULL };

  g_test_summary ("With the session bus the program ends, and this one does not; both come back");

  scene_init_helper (&scene, "");
  scene_show (&scene, "A");
  dbr_test_bus_kill (scene.bus);
  dbr_test_wait_until (NULL, scene.closed->len > 0, DBR_TEST_PATIENCE_MS);
  dbr_test_bus_restart (scene.bus);
  scene_start_desktop (&scene, "");
  scene_show (&scene, "B");
}

static void
test_absent (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };

  g_test_summary ("Where nothing shows notifications it is the same as directly");

  scene_init_helper (&scene, NULL);
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &sent);
  scene_wait (&sent);
  sent_assert_late (&sent, DBR_ERROR_NO_OWNER);
  scene_start_desktop (&scene, "");
  scene_show (&scene, "B");
}

static void
test_activated (void)
{
  g_auto(Scene) scene = { NULL };
  g_autofree char *exec = NULL;

  g_test_summary ("A desktop that can be started is, and shows what waited");

  scene_init_full (&scene, DBR_TEST_BUS_ACTIVATION, NULL);
  scene_use_backend (&scene, DBR_NOTIFIER_BACKEND_LIBNOTIFY);
  exec = g_strdup_printf ("%s --name " SCENE_NAME " --quiet --exit-with-bus",
                          dbr_test_peer_get_program ());
  dbr_test_bus_add_service (scene.bus, SCENE_NAME, exec);
  scene_show (&scene, "A");
  g_assert_cmpuint (scene_count_shown (&scene), ==, 1);
}

static void
test_ends_with_it (void)
{
  g_auto(Scene) scene = { NULL };

  g_test_summary ("The program ends with the notifier, even when it hangs");

  scene_init_helper (&scene, "");
  scene_show (&scene, "A");
  g_assert_cmpint (find_helper (), >, 0);
  kill (find_helper (), SIGSTOP);
  g_assert_finalize_object (g_steal_pointer (&scene.notifier));
  dbr_test_wait_until (NULL, find_helper () == 0, DBR_TEST_PATIENCE_MS);
}

static void
test_portal (void)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(DbrTestPeer) portal = NULL;

  g_test_summary ("In a sandbox notifications leave by the portal");

  g_setenv ("NOTIFY_FORCE_PORTAL", "1", TRUE);
  scene_init_helper (&scene, NULL);
  portal = dbr_test_peer_new (scene.bus, PORTAL_NAME,
                              "on org.freedesktop.portal.Notification.AddNotification: reply ();;"
                              "on org.freedesktop.portal.Notification.RemoveNotification: reply ();;"
                              "set /org/freedesktop/portal/desktop "
                              "org.freedesktop.portal.Notification.version uint32 1");
  scene_show (&scene, "A");
  g_assert_cmpuint (dbr_test_peer_count (portal, "AddNotification"), ==, 1);
  g_assert_true (dbr_notifier_get_available (scene.notifier));
  g_unsetenv ("NOTIFY_FORCE_PORTAL");
}

static void
test_auto (void)
{
  g_auto(Scene) scene = { NULL };

  g_test_summary ("In a sandbox it goes this way by itself");

  g_setenv ("SNAP", "/snap/player/1", TRUE);
  scene_init (&scene, "");
  scene_use_backend (&scene, DBR_NOTIFIER_BACKEND_AUTO);
  dbr_notifier_get_available (scene.notifier);
  dbr_test_wait_until (NULL, find_helper () != 0, DBR_TEST_PATIENCE_MS);
  g_unsetenv ("SNAP");
}

/* The program is started anew by what is to be shown, once a second at most. */
static gboolean
can_show (Scene *scene)
{
  g_auto(Sent) sent = { 0 };

  scene_send (scene, "Again", DBR_URGENCY_CRITICAL, &sent);
  scene_wait (&sent);

  return sent.error == NULL;
}

static void
test_few_descriptors (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Sent) sent = { 0 };
  g_auto(DbrTestShortage) shortage = { NULL };

  g_test_summary ("A program that can open nothing is told so in time; later it is shown");

  scene_init_helper (&scene, "");
  scene_show (&scene, "Before");
  kill (find_helper (), SIGKILL);
  dbr_test_wait_until (NULL, find_helper () == 0, DBR_TEST_PATIENCE_MS);
  dbr_test_shortage_begin (&shortage, 0);
  scene_send (&scene, "A", DBR_URGENCY_NORMAL, &sent);
  scene_wait (&sent);
  g_assert_nonnull (sent.error);
  g_assert_cmpint (sent.ended_usec - sent.began_usec, <,
                   dbr_test_stretch ((SCENE_LIMIT_MS + SCENE_GRACE_MS) * (gint64) 1000));
  dbr_test_shortage_end (&shortage);

  dbr_test_wait_until (NULL, can_show (&scene), DBR_TEST_PATIENCE_MS);
}

/* As a sandbox does that was made before there was one. */
static void
deny_pidfd (void)
{
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { G_N_ELEMENTS (filter), filter };

  g_assert_no_errno (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  g_assert_no_errno (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
  g_assert_cmpint (syscall (SYS_pidfd_open, getpid (), 0), ==, -1);
}

static void
show_without_pidfd (void)
{
  g_auto(Scene) scene = { NULL };
  GPid old;

  deny_pidfd ();
  scene_init_helper (&scene, "");
  scene_show (&scene, "A");
  old = find_helper ();
  kill (old, SIGKILL);
  dbr_test_wait_until (NULL, find_helper () != old, DBR_TEST_PATIENCE_MS);
  dbr_test_wait_until (NULL, can_show (&scene), DBR_TEST_PATIENCE_MS);
}

static void
test_pidfd_denied (void)
{
  g_test_summary ("Where pidfds are denied the program is started, its end seen, and another started");

  if (g_test_subprocess ())
    {
      show_without_pidfd ();
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

/* The program alone, and what it says to us, who are its notifier. */
typedef struct
{
  DbrTestProcess *process;
  int             fd;
  GByteArray     *received;
} Program;

static void
program_init (Program *self)
{
  const char *const arguments[] = { g_getenv ("DBR_NOTIFY_PROGRAM"), NULL };
  int fds[2];

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
  self->process = dbr_test_process_new (arguments, FALSE, fds[1]);
  self->fd = fds[0];
  self->received = g_byte_array_new ();
  close (fds[1]);
}

static void
program_clear (Program *self)
{
  close (self->fd);
  g_clear_pointer (&self->process, dbr_test_process_free);
  g_clear_pointer (&self->received, g_byte_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Program, program_clear)

static void
program_tell (Program    *self,
              const char *kind,
              GVariant   *body)
{
  g_autoptr(GBytes) frame = dbr_notify_frame_pack (kind, body);
  gsize size = g_bytes_get_size (frame);

  g_assert_cmpint (write (self->fd, g_bytes_get_data (frame, NULL), size), ==, (gssize) size);
}

/* The next that it says begins so, as “server (true, true, …)”. */
static void
program_expect (Program    *self,
                const char *beginning)
{
  struct pollfd readable = { .fd = self->fd, .events = POLLIN };
  g_autofree char *kind = NULL;
  g_autofree char *printed = NULL;
  g_autofree char *heard = NULL;
  g_autoptr(GVariant) body = NULL;
  gboolean is_broken = FALSE;
  guint8 chunk[4096];
  gssize n;

  while (!dbr_notify_frame_take (self->received, &kind, &body, &is_broken))
    {
      g_assert_false (is_broken);
      g_assert_cmpint (poll (&readable, 1, (int) dbr_test_stretch (DBR_TEST_PATIENCE_MS)), ==, 1);
      n = read (self->fd, chunk, sizeof chunk);
      g_assert_cmpint (n, >, 0);
      g_byte_array_append (self->received, chunk, (guint) n);
    }
  printed = g_variant_print (body, FALSE);
  heard = g_strdup_printf ("%s %s", kind, printed);
  g_test_message ("%s", heard);
  g_assert_true (g_str_has_prefix (heard, beginning));
}

static void
program_show (Program    *self,
              const char *summary)
{
  static const char *const nothing[] = { NULL };

  program_tell (self, "show",
                g_variant_new ("(usssssi^asa{sv})", 0u, "Player", summary, "", "", "", -1, nothing,
                               NULL));
}

static void
test_late_start (void)
{
  g_auto(Scene) scene = { NULL };
  g_auto(Program) program = { NULL };

  g_test_summary ("A wish for a desktop that comes when there is one already loses nothing that it "
                  "shows");

  scene_init (&scene, "");
  program_init (&program);
  program_expect (&program, "server (true, false, ");
  program_expect (&program, "server (true, true, 'dbr-peer', ");
  program_show (&program, "A");
  program_expect (&program, "shown (1, ");
  program_tell (&program, "start", g_variant_new ("()"));
  /* If it asked the bus, these give it the time to hear. */
  for (guint number = 2; number < 10; number++)
    {
      g_autofree char *shown = g_strdup_printf ("shown (%u, ", number);

      program_show (&program, "B");
      program_expect (&program, shown);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/notifier-helper/send", test_send);
  g_test_add_func ("/dbr/notifier-helper/replace", test_replace);
  g_test_add_func ("/dbr/notifier-helper/refused", test_refused);
  g_test_add_func ("/dbr/notifier-helper/helper-killed", test_helper_killed);
  g_test_add_func ("/dbr/notifier-helper/helper-stopped", test_helper_stopped);
  g_test_add_func ("/dbr/notifier-helper/stopped", test_stopped);
  g_test_add_func ("/dbr/notifier-helper/bus-killed", test_bus_killed);
  g_test_add_func ("/dbr/notifier-helper/absent", test_absent);
  g_test_add_func ("/dbr/notifier-helper/activated", test_activated);
  g_test_add_func ("/dbr/notifier-helper/ends-with-it", test_ends_with_it);
  g_test_add_func ("/dbr/notifier-helper/portal", test_portal);
  g_test_add_func ("/dbr/notifier-helper/auto", test_auto);
  g_test_add_func ("/dbr/notifier-helper/few-descriptors", test_few_descriptors);
  g_test_add_func ("/dbr/notifier-helper/late-start", test_late_start);
  g_test_add_func ("/dbr/notifier-helper/pidfd-denied", test_pidfd_denied);

  return g_test_run ();
}
