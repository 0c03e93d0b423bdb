/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-state-file-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/* Whoever has the lock has it for a few milliseconds. */
#define LOCK_PATIENCE_USEC (5 * G_USEC_PER_SEC)
#define LOCK_PAUSE_USEC (10 * 1000)
#define PRIVATE_MODE 0600

/* The folder that a file is in, and the names there. Everything is done relative to the folder as it
 * was opened. */
typedef struct
{
  const char *path;
  char       *name;
  char       *new_name;
  char       *lock_name;
  int         fd;
  int         lock_fd;
} Place;

static void
place_clear (Place *self)
{
  /* A child of fork() may have the descriptor too, which must not keep the lock. */
  if (self->lock_fd >= 0)
    {
      flock (self->lock_fd, LOCK_UN);
      close (self->lock_fd);
    }
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->name);
  g_free (self->new_name);
  g_free (self->lock_name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static gboolean
fail_to_read (const Place  *self,
              const char   *why,
              GError      **error)
{
  g_autofree char *shown = g_filename_display_name (self->path);

  g_set_error (error, DBR_ERROR, DBR_ERROR_STORAGE,
               _("The device states in %s cannot be read: %s"), shown, why);

  return FALSE;
}

static gboolean
fail_to_write (const Place  *self,
               const char   *why,
               GError      **error)
{
  g_autofree char *shown = g_filename_display_name (self->path);

  g_set_error (error, DBR_ERROR, DBR_ERROR_STORAGE,
               _("The device states cannot be written to %s: %s"), shown, why);

  return FALSE;
}

static gboolean
place_open (Place       *self,
            const char  *path,
            GError     **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  self->path = path;
  self->name = g_path_get_basename (path);
  self->new_name = g_strconcat (".", self->name, ".new", NULL);
  self->lock_name = g_strconcat (".", self->name, ".lock", NULL);
  self->lock_fd = -1;
  /* Of a folder, the last name is not that of a file in it. */
  if (g_str_has_suffix (path, G_DIR_SEPARATOR_S))
    return fail_to_read (self, g_strerror (EISDIR), error);

  self->fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  return self->fd >= 0 || fail_to_read (self, g_strerror (errno), error);
}

/* The lock */

/* Whether the name still leads to what was locked: somebody may have removed it meanwhile. */
static gboolean
place_is_lock_named (const Place *self)
{
  struct stat locked;
  struct stat named;

  return fstat (self->lock_fd, &locked) == 0
         && fstatat (self->fd, self->lock_name, &named, AT_SYMLINK_NOFOLLOW) == 0
         && locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

static gboolean
place_try_lock (Place *self)
{
  if (self->lock_fd < 0)
    self->lock_fd = openat (self->fd, self->lock_name,
                            O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, PRIVATE_MODE);
  if (self->lock_fd < 0 || flock (self->lock_fd, LOCK_EX | LOCK_NB) != 0)
    return FALSE;
  if (place_is_lock_named (self))
    return TRUE;

  close (self->lock_fd);
  self->lock_fd = -1;
  errno = EWOULDBLOCK;

  return FALSE;
}

/* It ends with the process that has it, however that ends. */
static gboolean
place_lock (Place   *self,
            GError **error)
{
  gint64 end_usec = g_get_monotonic_time () + LOCK_PATIENCE_USEC;

  while (!place_try_lock (self))
    {
      if (errno != EWOULDBLOCK && errno != EINTR)
        return fail_to_write (self, g_strerror (errno), error);
      if (g_get_monotonic_time () > end_usec)
        return fail_to_write (self, _("Another program does not let go of its lock"), error);
      g_usleep (LOCK_PAUSE_USEC);
    }

  return TRUE;
}

/* Reading */

static gboolean
place_check (const Place        *self,
             const struct stat  *status,
             GError            **error)
{
  if (!S_ISREG (status->st_mode))
    return fail_to_read (self, _("It is not a plain file"), error);
  if (status->st_uid != geteuid () && status->st_uid != 0)
    return fail_to_read (self, _("It belongs to another user"), error);

  return TRUE;
}

static gboolean
place_read_all (const Place  *self,
                int           fd,
                GByteArray   *bytes,
                GError      **error)
{
  guint8 buffer[16384];
  gssize n_read;

  while (bytes->len <= DBR_STATE_BOOK_MAX_LENGTH)
    {
      n_read = read (fd, buffer, sizeof buffer);
      if (n_read == 0)
        return TRUE;
      if (n_read > 0)
        g_byte_array_append (bytes, buffer, (guint) n_read);
      else if (errno != EINTR)
        return fail_to_read (self, g_strerror (errno), error);
    }

  return TRUE;
}

/* NULL without an error: there is no such file. Neither a link is followed nor a pipe waited for. */
static GByteArray *
place_read (const Place  *self,
            GError      **error)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new ();
  struct stat status;
  gboolean is_read;
  int fd = openat (self->fd, self->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

  if (fd < 0 && errno == ENOENT)
    return NULL;
  if (fd < 0)
    {
      fail_to_read (self, errno == ELOOP ? _("It is a symbolic link") : g_strerror (errno), error);
      return NULL;
    }

  is_read = fstat (fd, &status) == 0 && place_check (self, &status, error)
            && place_read_all (self, fd, bytes, error);
  close (fd);

  return is_read ? g_steal_pointer (&bytes) : NULL;
}

/* NULL with a @fault: what is there is no book. NULL without one: it cannot be read. */
static DbrStateBook *
place_read_book (const Place    *self,
                 gboolean       *is_faulty,
                 DbrStateFault  *fault,
                 GError        **error)
{
  g_autoptr(GByteArray) bytes = NULL;
  g_autoptr(GError) problem = NULL;
  DbrStateBook *book = NULL;

  *is_faulty = FALSE;
  bytes = place_read (self, &problem);
  if (bytes != NULL)
    {
      book = dbr_state_book_parse ((const char *) bytes->data, bytes->len, fault, &problem);
      *is_faulty = book == NULL;
    }
  else if (problem == NULL)
    {
      book = dbr_state_book_new ();
    }
  if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));

  return book;
}

/* Setting aside */

static const char *
get_suffix (DbrStateFault fault)
{
  switch (fault)
    {
    case DBR_STATE_FAULT_FOREIGN:
      return "foreign";

    case DBR_STATE_FAULT_NEWER:
      return "newer";

    case DBR_STATE_FAULT_DAMAGED:
    default:
      return "damaged";
    }
}

/* A name that is taken stays with what has it. Where the file system has no second names, that is
 * asked before: nobody else does this at the same time, as there is the lock. */
static gboolean
place_rename_to_free (const Place *self,
                      const char  *name)
{
  struct stat status;

  if (linkat (self->fd, self->name, self->fd, name, 0) == 0)
    return unlinkat (self->fd, self->name, 0) == 0;
  if (errno == EEXIST)
    return FALSE;
  if (fstatat (self->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
    {
      errno = EEXIST;
      return FALSE;
    }

  return renameat (self->fd, self->name, self->fd, name) == 0;
}

static void
place_fail_to_set_aside (const Place   *self,
                         const GError  *problem,
                         const char    *why,
                         GError       **error)
{
  g_autofree char *shown = g_filename_display_name (self->path);

  g_set_error (error, DBR_ERROR, DBR_ERROR_STORAGE,
               _("The device states in %s cannot be used: %s; nor can they be set aside: %s"),
               shown, problem->message, why);
}

/* @problem is what is wrong with the file; the caller is told it, and what was done about it. With
 * the lock. */
static gboolean
place_set_aside (const Place    *self,
                 DbrStateFault   fault,
                 const GError   *problem,
                 GError        **error)
{
  g_autofree char *shown = g_filename_display_name (self->path);
  g_autofree char *name = NULL;
  guint number = 0;

  do
    {
      g_free (name);
      name = number == 0 ? g_strdup_printf ("%s.%s", self->name, get_suffix (fault))
             : g_strdup_printf ("%s.%s-%u", self->name, get_suffix (fault), number);
      number++;
      if (place_rename_to_free (self, name))
        {
          fsync (self->fd);
          g_set_error (error, DBR_ERROR, DBR_ERROR_STORAGE,
                       _("The device states in %s were set aside as %s: %s"), shown, name,
                       problem->message);
          return TRUE;
        }
    }
  while (errno == EEXIST);

  place_fail_to_set_aside (self, problem, g_strerror (errno), error);

  return FALSE;
}

/* With the lock: what is no book is set aside. */
static DbrStateBook *
place_load_locked (const Place  *self,
                   gboolean     *was_aside,
                   GError      **error)
{
  g_autoptr(GError) problem = NULL;
  gboolean is_faulty;
  DbrStateFault fault;
  DbrStateBook *book = place_read_book (self, &is_faulty, &fault, &problem);

  if (is_faulty && place_set_aside (self, fault, problem, error) && was_aside != NULL)
    *was_aside = TRUE;
  else if (!is_faulty && book == NULL)
    g_propagate_error (error, g_steal_pointer (&problem));

  return book;
}

/* Writing */

static gboolean
write_all (int         fd,
           const char *text,
           gsize       length)
{
  while (length > 0)
    {
      gssize n_written = write (fd, text, length);

      if (n_written < 0 && errno != EINTR)
        return FALSE;
      if (n_written > 0)
        {
          text += n_written;
          length -= (gsize) n_written;
        }
    }

  return TRUE;
}

static gboolean
place_write_new (const Place *self,
                 const char  *text,
                 gsize        length)
{
  gboolean is_written;
  int saved_errno;
  int fd;

  /* One that was left by a program that was killed. */
  if (unlinkat (self->fd, self->new_name, 0) != 0 && errno != ENOENT)
    return FALSE;
  fd = openat (self->fd, self->new_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
               PRIVATE_MODE);
  if (fd < 0)
    return FALSE;

  is_written = fchmod (fd, PRIVATE_MODE) == 0 && write_all (fd, text, length) && fsync (fd) == 0;
  saved_errno = errno;
  if (close (fd) != 0 && is_written)
    {
      is_written = FALSE;
      saved_errno = errno;
    }
  errno = saved_errno;

  return is_written;
}

/* What is on the disk when it returns stays there when the machine is switched off. */
static gboolean
place_write (const Place  *self,
             DbrStateBook *book,
             GError      **error)
{
  gsize length;
  g_autofree char *text = dbr_state_book_print (book, &length);
  int problem;

  if (length > DBR_STATE_BOOK_MAX_LENGTH)
    return fail_to_write (self, _("There are too many of them"), error);

  if (!place_write_new (self, text, length)
      || renameat (self->fd, self->new_name, self->fd, self->name) != 0)
    {
      problem = errno;
      unlinkat (self->fd, self->new_name, 0);
      return fail_to_write (self, g_strerror (problem), error);
    }
  /* Not every file system can do that with a folder. */
  if (fsync (self->fd) != 0 && errno != EINVAL)
    return fail_to_write (self, g_strerror (errno), error);

  return TRUE;
}

DbrStateBook *
dbr_state_file_load (const char  *path,
                     gboolean    *was_aside,
                     GError     **error)
{
  g_auto(Place) place = { .fd = -1, .lock_fd = -1 };
  g_autoptr(GError) problem = NULL;
  g_autoptr(GError) obstacle = NULL;
  gboolean is_faulty;
  DbrStateFault fault;
  DbrStateBook *book;

  if (!place_open (&place, path, error))
    return NULL;

  /* A file is replaced as a whole, so reading needs no lock, nor the permission to write one. */
  book = place_read_book (&place, &is_faulty, &fault, &problem);
  if (is_faulty && place_lock (&place, &obstacle))
    return place_load_locked (&place, was_aside, error);
  if (is_faulty)
    place_fail_to_set_aside (&place, problem, obstacle->message, error);
  else if (book == NULL)
    g_propagate_error (error, g_steal_pointer (&problem));

  return book;
}

DbrStateBook *
dbr_state_file_commit (const char  *path,
                       GPtrArray   *changes,
                       gboolean    *was_aside,
                       GError     **error)
{
  g_auto(Place) place = { .fd = -1, .lock_fd = -1 };
  g_autoptr(DbrStateBook) book = NULL;

  if (!place_open (&place, path, error) || !place_lock (&place, error))
    return NULL;

  book = place_load_locked (&place, was_aside, error);
  if (book == NULL)
    return NULL;

  for (guint i = 0; i < changes->len; i++)
    dbr_state_book_apply (book, changes->pdata[i]);

  return place_write (&place, book, error) ? g_steal_pointer (&book) : NULL;
}
