/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "dbr-test-shortage.h"

#include "base/dbr-error.h"
#include "recovery/dbr-state-file-private.h"

#define ADDRESS "00:AA:01:00:00:42"
#define NOBODY 65534

typedef struct
{
  char *folder;
  char *path;
} Scene;

static void
remove_all (const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        remove_all (path);
      else
        g_unlink (path);
    }
  g_rmdir (folder);
}

static Scene *
scene_new (void)
{
  Scene *self = g_new0 (Scene, 1);

  self->folder = g_dir_make_tmp ("dbr-state-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "state", NULL);

  return self;
}

static void
scene_free (Scene *self)
{
  g_chmod (self->folder, 0700);
  remove_all (self->folder);
  g_free (self->path);
  g_free (self->folder);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scene, scene_free)

static char *
scene_dup_beside (Scene      *self,
                  const char *suffix)
{
  return g_strconcat (self->path, suffix, NULL);
}

/* Takes the change. */
static DbrStateBook *
commit_one (const char      *path,
            DbrStateChange  *change,
            GError         **error)
{
  g_autoptr(GPtrArray) changes = NULL;

  changes = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_state_change_free);
  g_ptr_array_add (changes, change);

  return dbr_state_file_commit (path, changes, NULL, error);
}

static DbrStateBook *
commit_attribute (const char  *path,
                  const char  *name,
                  GError     **error)
{
  return commit_one (path, dbr_state_change_new_attribute (ADDRESS, name,
                                                           g_variant_new_string (name)), error);
}

static void
write_one (const char *path,
           const char *name)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrStateBook) book = commit_attribute (path, name, &error);

  g_assert_no_error (error);
  g_assert_nonnull (book);
}

static guint
count_attributes (const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrStateBook) book = dbr_state_file_load (path, NULL, &error);
  DbrStateRecord record;

  g_assert_no_error (error);

  return dbr_state_book_lookup (book, ADDRESS, &record)
         ? (guint) g_variant_n_children (record.attributes) : 0;
}

static void
assert_storage (DbrStateBook *book,
                GError      **error,
                const char   *named)
{
  g_assert_null (book);
  g_assert_error (*error, DBR_ERROR, DBR_ERROR_STORAGE);
  g_test_message ("%s", (*error)->message);
  g_assert_nonnull (strstr ((*error)->message, named));
  g_clear_error (error);
}

static void
assert_contents (const char *path,
                 const char *contents)
{
  g_autofree char *found = NULL;

  g_assert_true (g_file_get_contents (path, &found, NULL, NULL));
  g_assert_cmpstr (found, ==, contents);
}

static void
test_keeps (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autofree char *left = g_build_filename (scene->folder, ".state.new", NULL);
  mode_t old = umask (0);
  struct stat status;

  g_test_summary ("A file is private, replaced as a whole, and what was left of a crash is no obstacle");

  g_assert_cmpuint (count_attributes (scene->path), ==, 0);
  g_assert_false (g_file_test (scene->path, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_set_contents (left, "half a fi", -1, NULL));
  write_one (scene->path, "one");
  write_one (scene->path, "two");
  g_assert_cmpuint (count_attributes (scene->path), ==, 2);
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
  g_assert_cmpint (stat (scene->path, &status), ==, 0);
  g_assert_cmphex (status.st_mode & 07777, ==, 0600);

  umask (0777);
  write_one (scene->path, "three");
  umask (old);
  g_assert_cmpint (stat (scene->path, &status), ==, 0);
  g_assert_cmphex (status.st_mode & 07777, ==, 0600);
}

static void
test_sets_aside (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;
  g_autofree char *damaged = scene_dup_beside (scene, ".damaged");
  g_autofree char *damaged_1 = scene_dup_beside (scene, ".damaged-1");
  g_autofree char *foreign = scene_dup_beside (scene, ".foreign");
  g_autofree char *newer = scene_dup_beside (scene, ".newer");

  g_test_summary ("What is no book is told of and set aside, once, under a name that was free; then"
                  " there is a new file");

  g_assert_true (g_file_set_contents (scene->path, "libdbr-state 1\nhalf", -1, NULL));
  assert_storage (dbr_state_file_load (scene->path, NULL, &error), &error, "state.damaged");
  assert_contents (damaged, "libdbr-state 1\nhalf");
  g_assert_cmpuint (count_attributes (scene->path), ==, 0);

  g_assert_true (g_file_set_contents (scene->path, "", -1, NULL));
  assert_storage (commit_attribute (scene->path, "one", &error), &error, "state.damaged-1");
  assert_contents (damaged_1, "");
  assert_contents (damaged, "libdbr-state 1\nhalf");
  g_assert_false (g_file_test (scene->path, G_FILE_TEST_EXISTS));
  write_one (scene->path, "one");
  g_assert_cmpuint (count_attributes (scene->path), ==, 1);

  g_assert_true (g_file_set_contents (scene->path, "#!/bin/sh\n", -1, NULL));
  assert_storage (dbr_state_file_load (scene->path, NULL, &error), &error, "state.foreign");
  assert_contents (foreign, "#!/bin/sh\n");
  g_assert_true (g_file_set_contents (scene->path, "libdbr-state 2\n", -1, NULL));
  assert_storage (commit_attribute (scene->path, "one", &error), &error, "newer version");
  assert_contents (newer, "libdbr-state 2\n");
}

static void
test_refuses_what_is_no_file (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;
  g_autofree char *target = g_build_filename (scene->folder, "target", NULL);
  g_autofree char *missing = g_build_filename (scene->folder, "none", "state", NULL);
  g_autofree char *folder = scene_dup_beside (scene, G_DIR_SEPARATOR_S);

  g_test_summary ("Links, pipes and folders are refused and left as they are; nobody waits for a pipe");

  write_one (target, "one");
  g_assert_cmpint (symlink (target, scene->path), ==, 0);
  assert_storage (dbr_state_file_load (scene->path, NULL, &error), &error, "symbolic link");
  assert_storage (commit_attribute (scene->path, "two", &error), &error, "symbolic link");
  g_assert_true (g_file_test (scene->path, G_FILE_TEST_IS_SYMLINK));
  g_assert_cmpuint (count_attributes (target), ==, 1);
  g_unlink (scene->path);
  g_assert_cmpint (symlink ("/nowhere", scene->path), ==, 0);
  assert_storage (commit_attribute (scene->path, "two", &error), &error, "symbolic link");
  g_unlink (scene->path);

  g_assert_cmpint (mkfifo (scene->path, 0600), ==, 0);
  assert_storage (dbr_state_file_load (scene->path, NULL, &error), &error, "plain file");
  assert_storage (commit_attribute (scene->path, "two", &error), &error, "plain file");
  g_unlink (scene->path);

  g_assert_cmpint (g_mkdir (scene->path, 0700), ==, 0);
  assert_storage (dbr_state_file_load (scene->path, NULL, &error), &error, "plain file");
  assert_storage (commit_attribute (scene->path, "two", &error), &error, "plain file");

  assert_storage (dbr_state_file_load (missing, NULL, &error), &error, "none/state");
  assert_storage (commit_attribute (missing, "two", &error), &error, "none/state");

  assert_storage (dbr_state_file_load (folder, NULL, &error), &error, folder);
  assert_storage (commit_attribute (folder, "two", &error), &error, g_strerror (EISDIR));
  g_assert_cmpint (g_rmdir (scene->path), ==, 0);
}

static void
test_keeps_links_of_others_out (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;
  g_autofree char *target = g_build_filename (scene->folder, "target", NULL);
  g_autofree char *new_path = g_build_filename (scene->folder, ".state.new", NULL);
  g_autofree char *lock_path = g_build_filename (scene->folder, ".state.lock", NULL);

  g_test_summary ("A link that lies in wait under a name beside the file is not followed");

  g_assert_true (g_file_set_contents (target, "precious", -1, NULL));
  g_assert_cmpint (symlink (target, new_path), ==, 0);
  write_one (scene->path, "one");
  assert_contents (target, "precious");
  g_unlink (lock_path);
  g_assert_cmpint (symlink (target, lock_path), ==, 0);
  assert_storage (commit_attribute (scene->path, "two", &error), &error, "state");
  assert_contents (target, "precious");
}

/* root may do everything, so who tests as root is nobody for a while. */
static void
drop_rights (Scene *scene)
{
  if (geteuid () != 0)
    return;

  g_assert_cmpint (chown (scene->folder, NOBODY, NOBODY), ==, 0);
  g_assert_cmpint (seteuid (NOBODY), ==, 0);
}

static void
regain_rights (void)
{
  if (getuid () == 0)
    g_assert_cmpint (seteuid (0), ==, 0);
}

static void
test_is_not_allowed (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  g_test_summary ("Without permission there is an error, and the older state stays");

  drop_rights (scene);
  write_one (scene->path, "one");
  g_assert_true (g_file_get_contents (scene->path, &text, NULL, NULL));

  g_assert_cmpint (g_chmod (scene->path, 0), ==, 0);
  assert_storage (dbr_state_file_load (scene->path, NULL, &error), &error, "state");
  assert_storage (commit_attribute (scene->path, "two", &error), &error, "state");
  g_assert_cmpint (g_chmod (scene->path, 0600), ==, 0);
  assert_contents (scene->path, text);

  g_assert_cmpint (g_chmod (scene->folder, 0500), ==, 0);
  assert_storage (commit_attribute (scene->path, "two", &error), &error, "state");
  assert_contents (scene->path, text);
  g_assert_cmpuint (count_attributes (scene->path), ==, 1);

  /* What cannot be set aside is neither read nor replaced. */
  g_assert_cmpint (g_chmod (scene->path, 0600), ==, 0);
  g_assert_cmpint (truncate (scene->path, 20), ==, 0);
  assert_storage (dbr_state_file_load (scene->path, NULL, &error), &error, "damaged");
  g_assert_cmpint (g_chmod (scene->folder, 0700), ==, 0);
  regain_rights ();
}

/* A second name of a file is no link that could be seen, and so must not be written through. */
static void
test_leaves_second_names_alone (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;
  g_autofree char *other = g_build_filename (scene->folder, "other", NULL);
  g_autoptr(DbrStateBook) book = NULL;

  g_test_summary ("A file that has another name too is replaced, and not changed under that name");

  write_one (other, "one");
  g_assert_no_errno (link (other, scene->path));
  book = commit_attribute (scene->path, "two", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_attributes (scene->path), ==, 2);
  g_assert_cmpuint (count_attributes (other), ==, 1);
}

typedef struct
{
  char *one;
  char *other;
  int   is_over;
} Swap;

static gpointer
swap_thread (gpointer data)
{
  Swap *swap = data;

  while (!g_atomic_int_get (&swap->is_over))
    {
      renameat2 (AT_FDCWD, swap->one, AT_FDCWD, swap->other, RENAME_EXCHANGE);
      g_thread_yield ();
    }

  return NULL;
}

static void
assert_tidy (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "state", NULL);
  g_autofree char *half_done = g_build_filename (folder, ".state.new", NULL);

  g_assert_false (g_file_test (half_done, G_FILE_TEST_EXISTS));
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    g_assert_cmpuint (count_attributes (path), >, 0);
}

static void
test_folder_is_swapped (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autofree char *one = g_build_filename (scene->folder, "one", NULL);
  g_autofree char *other = g_build_filename (scene->folder, "other", NULL);
  g_autofree char *path = g_build_filename (one, "state", NULL);
  Swap swap = { one, other, 0 };
  GThread *thread;

  g_test_summary ("A save is of one folder, though another one takes its place meanwhile");

  g_assert_no_errno (g_mkdir (one, 0700));
  g_assert_no_errno (g_mkdir (other, 0700));
  thread = g_thread_new ("swap", swap_thread, &swap);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("attribute-%u", i);
      g_autoptr(GError) error = NULL;
      G_GNUC_UNUSED g_autoptr(DbrStateBook) book = commit_attribute (path, name, &error);

      g_assert_no_error (error);
    }
  g_atomic_int_set (&swap.is_over, 1);
  g_thread_join (thread);
  assert_tidy (one);
  assert_tidy (other);
}

static void
test_is_of_somebody_else (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("A file of another user is not believed");

  if (geteuid () != 0)
    {
      g_test_skip ("needs root");
      return;
    }

  write_one (scene->path, "one");
  g_assert_cmpint (chown (scene->path, NOBODY, NOBODY), ==, 0);
  assert_storage (dbr_state_file_load (scene->path, NULL, &error), &error, "another user");
  assert_storage (commit_attribute (scene->path, "two", &error), &error, "another user");
}

/* More than any limit of these tests. */
static DbrStateBook *
commit_much (const char  *path,
             GError     **error)
{
  g_autofree char *much = g_strnfill (256 * 1024, 'a');

  return commit_one (path, dbr_state_change_new_attribute (ADDRESS, "much",
                                                           g_variant_new_string (much)), error);
}

static void
test_disk_is_full (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;
  g_autofree char *new_path = g_build_filename (scene->folder, ".state.new", NULL);
  struct rlimit old;
  struct rlimit small;

  g_test_summary ("Where the file has no place, the older state stays and nothing is left about");

  write_one (scene->path, "one");
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  small = old;
  small.rlim_cur = 64 * 1024;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  g_assert_null (commit_much (scene->path, &error));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
  signal (SIGXFSZ, SIG_DFL);

  assert_storage (NULL, &error, "state");
  g_assert_cmpuint (count_attributes (scene->path), ==, 1);
  g_assert_false (g_file_test (new_path, G_FILE_TEST_EXISTS));
  write_one (scene->path, "two");
  g_assert_cmpuint (count_attributes (scene->path), ==, 2);
}

static int
fill_a_disk (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "state", NULL);
  g_autoptr(GError) error = NULL;

  if (unshare (CLONE_NEWNS) != 0 || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
      || mount ("tmpfs", folder, "tmpfs", 0, "size=64k") != 0)
    return 77;

  write_one (path, "one");
  assert_storage (commit_much (path, &error), &error, g_strerror (ENOSPC));
  g_assert_cmpuint (count_attributes (path), ==, 1);
  write_one (path, "two");
  g_assert_cmpuint (count_attributes (path), ==, 2);

  return 0;
}

/* What was written before is there, as in the home of a system that runs from a disc. */
static int
write_protect (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "state", NULL);
  g_autoptr(GError) error = NULL;

  if (unshare (CLONE_NEWNS) != 0 || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
      || mount ("tmpfs", folder, "tmpfs", 0, NULL) != 0)
    return 77;

  write_one (path, "one");
  g_assert_no_errno (mount (NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL));
  assert_storage (commit_attribute (path, "two", &error), &error, g_strerror (EROFS));
  g_assert_cmpuint (count_attributes (path), ==, 1);
  g_assert_no_errno (mount (NULL, folder, NULL, MS_REMOUNT, NULL));
  write_one (path, "two");
  g_assert_cmpuint (count_attributes (path), ==, 2);

  return 0;
}

/* In a process of its own, which alone sees the disk that it makes. */
static void
play_on_a_disk (int (*play)(const char *folder))
{
  g_autoptr(Scene) scene = scene_new ();
  int status;
  pid_t pid;

  pid = fork ();
  if (pid == 0)
    _exit (play (scene->folder));
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  if (WIFEXITED (status) && WEXITSTATUS (status) == 77)
    g_test_skip ("no disk can be made here");
  else
    g_assert_cmpint (status, ==, 0);
}

static void
test_disk_is_small (void)
{
  g_test_summary ("The same on a disk that is really full");

  play_on_a_disk (fill_a_disk);
}

static void
test_disk_is_read_only (void)
{
  g_test_summary ("What cannot be written is told, what is there is read, and later it is written");

  play_on_a_disk (write_protect);
}

static void
test_few_descriptors (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestShortage) shortage = { NULL };

  g_test_summary ("A process that can open nothing is told so, and writes when it can");

  write_one (scene->path, "one");
  for (guint n_left = 0; n_left < 3; n_left++)
    {
      dbr_test_shortage_begin (&shortage, n_left);
      assert_storage (commit_attribute (scene->path, "two", &error), &error, g_strerror (EMFILE));
      dbr_test_shortage_end (&shortage);
      g_assert_cmpuint (count_attributes (scene->path), ==, 1);
    }
  write_one (scene->path, "two");
  g_assert_cmpuint (count_attributes (scene->path), ==, 2);
}

#define N_WRITERS 4
#define N_WRITES 50

static void
write_many (const char *path,
            int         writer)
{
  for (int i = 0; i < N_WRITES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%d-%d", writer, i);
      g_autoptr(DbrStateBook) book = commit_attribute (path, name, NULL);

      if (book == NULL)
        _exit (1);
    }
  _exit (0);
}

static void
test_shares (void)
{
  g_autoptr(Scene) scene = scene_new ();
  pid_t pids[N_WRITERS];

  g_test_summary ("Of four programs that write one file at once, none loses what it wrote");

  for (int i = 0; i < N_WRITERS; i++)
    {
      pids[i] = fork ();
      if (pids[i] == 0)
        write_many (scene->path, i);
    }
  for (int i = 0; i < N_WRITERS; i++)
    {
      int status;

      g_assert_cmpint (waitpid (pids[i], &status, 0), ==, pids[i]);
      g_assert_cmpint (status, ==, 0);
    }
  g_assert_cmpuint (count_attributes (scene->path), ==, N_WRITERS * N_WRITES);
}

static void
test_last_save_wins (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrStateBook) late = NULL;
  g_autoptr(DbrStateBook) early = NULL;
  DbrStateRecord record;
  const char *name = NULL;

  g_test_summary ("Of two states of one device the one that was saved last is kept");

  late = commit_one (scene->path,
                     dbr_state_change_new_saved (ADDRESS, 2000,
                                                 g_variant_new_parsed ("{'name': <'late'>}")),
                     &error);
  g_assert_no_error (error);
  early = commit_one (scene->path,
                      dbr_state_change_new_saved (ADDRESS, 1000,
                                                  g_variant_new_parsed ("{'name': <'early'>}")),
                      &error);
  g_assert_no_error (error);
  g_assert_true (dbr_state_book_lookup (early, ADDRESS, &record));
  g_assert_true (g_variant_lookup (record.values, "name", "&s", &name));
  g_assert_cmpstr (name, ==, "late");
}

static void
test_clock_was_wrong (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrStateBook) wrong = NULL;
  g_autoptr(DbrStateBook) right = NULL;
  gint64 now = g_get_real_time ();
  DbrStateRecord record;
  const char *name = NULL;

  g_test_summary ("What was saved while the clock was ahead keeps nothing out when it is set right");

  wrong = commit_one (scene->path,
                      dbr_state_change_new_saved (ADDRESS, now + 3600 * (gint64) G_USEC_PER_SEC,
                                                  g_variant_new_parsed ("{'name': <'wrong'>}")),
                      &error);
  g_assert_no_error (error);
  right = commit_one (scene->path,
                      dbr_state_change_new_saved (ADDRESS, now,
                                                  g_variant_new_parsed ("{'name': <'right'>}")),
                      &error);
  g_assert_no_error (error);
  g_assert_true (dbr_state_book_lookup (right, ADDRESS, &record));
  g_assert_true (g_variant_lookup (record.values, "name", "&s", &name));
  g_assert_cmpstr (name, ==, "right");
}

static void
test_lock_is_kept (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;
  g_autofree char *lock_path = g_build_filename (scene->folder, ".state.lock", NULL);
  int fd;

  g_test_summary ("Who never lets go of the lock is not waited for without end, and hides nothing");

  write_one (scene->path, "one");
  fd = g_open (lock_path, O_RDWR | O_CLOEXEC, 0);
  g_assert_cmpint (flock (fd, LOCK_EX | LOCK_NB), ==, 0);
  g_assert_cmpuint (count_attributes (scene->path), ==, 1);
  assert_storage (commit_attribute (scene->path, "two", &error), &error, "lock");

  /* Somebody cleans up: the name leads to another lock now. */
  g_unlink (lock_path);
  write_one (scene->path, "two");
  g_assert_cmpuint (count_attributes (scene->path), ==, 2);
  close (fd);
}

static void
test_is_too_large (void)
{
  g_autoptr(Scene) scene = scene_new ();
  g_autoptr(GError) error = NULL;
  g_autofree char *foreign = scene_dup_beside (scene, ".damaged");
  g_autofree char *much = g_strnfill (17 * 1024 * 1024, 'a');

  g_test_summary ("A file that is far too large is neither written nor read");

  write_one (scene->path, "one");
  assert_storage (commit_one (scene->path,
                              dbr_state_change_new_attribute (ADDRESS, "much",
                                                              g_variant_new_string (much)), &error),
                  &error, "too many");
  g_assert_cmpuint (count_attributes (scene->path), ==, 1);

  g_assert_cmpint (truncate (scene->path, 1024 * 1024 * 1024), ==, 0);
  assert_storage (dbr_state_file_load (scene->path, NULL, &error), &error, "state.damaged");
  g_assert_true (g_file_test (foreign, G_FILE_TEST_EXISTS));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/state-file/keeps", test_keeps);
  g_test_add_func ("/dbr/state-file/sets-aside", test_sets_aside);
  g_test_add_func ("/dbr/state-file/refuses-what-is-no-file", test_refuses_what_is_no_file);
  g_test_add_func ("/dbr/state-file/keeps-links-of-others-out", test_keeps_links_of_others_out);
  g_test_add_func ("/dbr/state-file/leaves-second-names-alone", test_leaves_second_names_alone);
  g_test_add_func ("/dbr/state-file/folder-is-swapped", test_folder_is_swapped);
  g_test_add_func ("/dbr/state-file/is-not-allowed", test_is_not_allowed);
  g_test_add_func ("/dbr/state-file/is-of-somebody-else", test_is_of_somebody_else);
  g_test_add_func ("/dbr/state-file/disk-is-full", test_disk_is_full);
  g_test_add_func ("/dbr/state-file/disk-is-small", test_disk_is_small);
  g_test_add_func ("/dbr/state-file/disk-is-read-only", test_disk_is_read_only);
  g_test_add_func ("/dbr/state-file/few-descriptors", test_few_descriptors);
  g_test_add_func ("/dbr/state-file/shares", test_shares);
  g_test_add_func ("/dbr/state-file/last-save-wins", test_last_save_wins);
  g_test_add_func ("/dbr/state-file/clock-was-wrong", test_clock_was_wrong);
  g_test_add_func ("/dbr/state-file/lock-is-kept", test_lock_is_kept);
  g_test_add_func ("/dbr/state-file/is-too-large", test_is_too_large);

  return g_test_run ();
}
