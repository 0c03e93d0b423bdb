/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#define _GNU_SOURCE

#include "config.h"

#include "notify/dbr-notice-helper-private.h"

#include "base/dbr-deadline-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "notify/dbr-notify-frame-private.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_USEC (2 * G_TIME_SPAN_SECOND)
#define CHUNK_SIZE 4096
/* How often a program that ends at once is started anew. */
#define SPAWN_PAUSE_MS 1000
#define START_PAUSE_MS 30000

struct _DbrNoticeHelper
{
  GObject                  parent_instance;

  /* all in dbr-io only */
  const DbrNoticeListener *listener;
  gpointer                 core;

  /* the program of this moment; with each one the generation changes */
  GSubprocess             *process;
  GSocketConnection       *connection;
  guint                    generation;
  GByteArray              *received;
  /* of GBytes; the first is being written */
  GQueue                   to_write;
  gint64                   next_spawn_usec;
  gint64                   next_start_usec;

  gboolean                 has_server;
  gboolean                 is_ready;

  /* what it was asked for and has not answered */
  gint64                   show_usec;
  gint64                   close_usec;
  gint64                   ready_usec;
};

/* The time at which the program should have answered. It is not part of the object, so that it may
 * be late for it. */
typedef struct
{
  DbrDeadline      deadline;
  DbrNoticeHelper *helper;
  guint            generation;
} Watchdog;

/* Reading or writing under way, for the program of one generation. */
typedef struct
{
  DbrNoticeHelper *helper;
  guint            generation;
  /* what is written, NULL for reading */
  GBytes          *bytes;
} Transfer;

static void dbr_notice_helper_backend_init (DbrNoticeBackendInterface *iface);
static void dbr_notice_helper_spawn (DbrNoticeHelper *self);
static void dbr_notice_helper_read (DbrNoticeHelper *self);
static void dbr_notice_helper_write (DbrNoticeHelper *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (DbrNoticeHelper, dbr_notice_helper, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DBR_TYPE_NOTICE_BACKEND,
                                                      dbr_notice_helper_backend_init))

gboolean
dbr_notice_is_in_sandbox (void)
{
  return g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS) || g_getenv ("SNAP") != NULL;
}

/* For a build that is not installed, and for tests; a program with more rights than its user runs
 * nothing that the user names. */
static const char *
get_program (void)
{
  const char *program = secure_getenv ("DBR_NOTIFY_PROGRAM");

  if (program != NULL)
    return program;

#ifdef DBR_NOTIFY_PROGRAM
  return DBR_NOTIFY_PROGRAM;
#else
  return NULL;
#endif
}

gboolean
dbr_notice_has_helper (void)
{
  return get_program () != NULL;
}

static Transfer *
transfer_new (DbrNoticeHelper *helper)
{
  Transfer *self = g_new0 (Transfer, 1);

  self->helper = g_object_ref (helper);
  self->generation = helper->generation;

  return self;
}

static void
transfer_free (Transfer *self)
{
  g_object_unref (self->helper);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Transfer, transfer_free)

static gboolean
transfer_is_current (Transfer *self)
{
  return self->helper->listener != NULL && self->helper->connection != NULL
         && self->generation == self->helper->generation;
}

/* The program and its end */

static void
dbr_notice_helper_drop (DbrNoticeHelper *self)
{
  self->generation++;
  if (self->process != NULL)
    g_subprocess_force_exit (self->process);
  g_clear_object (&self->process);
  if (self->connection != NULL)
    g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
  g_clear_object (&self->connection);
  g_byte_array_set_size (self->received, 0);
  g_queue_clear_full (&self->to_write, (GDestroyNotify) g_bytes_unref);
}

/* Nobody knows any more what it has done of what it was asked for. */
static void
dbr_notice_helper_fail_all (DbrNoticeHelper *self,
                            const GError    *error)
{
  gboolean was_showing = self->show_usec != 0;
  gboolean was_closing = self->close_usec != 0;

  self->show_usec = self->close_usec = self->ready_usec = 0;
  if (was_showing && self->listener != NULL)
    self->listener->shown (self->core, 0, DBR_EXECUTION_MAYBE, error);
  if (was_closing && self->listener != NULL)
    self->listener->close_ended (self->core, error);
}

static void
dbr_notice_helper_lose_server (DbrNoticeHelper *self)
{
  self->has_server = self->is_ready = FALSE;
  if (self->listener != NULL)
    self->listener->server_changed (self->core, NULL);
}

static void
dbr_notice_helper_died (DbrNoticeHelper *self)
{
  g_autoptr(GError) error = g_error_new_literal (DBR_ERROR, DBR_ERROR_CONNECTION_LOST,
                                                 _("The program that shows notifications for this "
                                                   "one has ended"));

  dbr_notice_helper_drop (self);
  dbr_notice_helper_lose_server (self);
  dbr_notice_helper_fail_all (self, error);
}

/* It hangs, perhaps for what it talks to, perhaps for itself. The next one finds out, and tells
 * when there is a server that answers. */
static void
dbr_notice_helper_replace (DbrNoticeHelper *self,
                           gint64           from_usec)
{
  g_autoptr(GError) error = g_error_new_literal (DBR_ERROR, DBR_ERROR_DEADLINE,
                                                 _("What shows notifications did not answer in "
                                                   "time"));

  dbr_notice_helper_drop (self);
  self->is_ready = FALSE;
  self->listener->silent (self->core, from_usec);
  if (self->listener != NULL)
    dbr_notice_helper_spawn (self);
  if (self->listener != NULL && self->has_server)
    self->listener->server_changed (self->core, &(DbrNoticeServer) { .is_ready = FALSE });
  dbr_notice_helper_fail_all (self, error);
}

static gint64
dbr_notice_helper_get_oldest (DbrNoticeHelper *self)
{
  gint64 oldest = G_MAXINT64;

  if (self->show_usec != 0)
    oldest = MIN (oldest, self->show_usec);
  if (self->close_usec != 0)
    oldest = MIN (oldest, self->close_usec);
  if (self->ready_usec != 0)
    oldest = MIN (oldest, self->ready_usec);

  return oldest;
}

static void
watchdog_cb (DbrDeadline *deadline)
{
  Watchdog *watchdog = (Watchdog *) deadline;
  g_autoptr(DbrNoticeHelper) self = g_steal_pointer (&watchdog->helper);
  guint generation = watchdog->generation;
  gint64 oldest = dbr_notice_helper_get_oldest (self);

  g_free (watchdog);
  if (self->listener == NULL || generation != self->generation || oldest == G_MAXINT64
      || oldest + LIMIT_USEC > g_get_monotonic_time ())
    return;

  /* One that waits for its first answer tells of the server by that it waits. */
  if (oldest == self->ready_usec)
    {
      self->ready_usec = 0;
      self->listener->silent (self->core, oldest);
    }
  else
    {
      dbr_notice_helper_replace (self, oldest);
    }
}

static gint64
dbr_notice_helper_begin_wait (DbrNoticeHelper *self)
{
  Watchdog *watchdog = g_new0 (Watchdog, 1);
  gint64 now = g_get_monotonic_time ();

  watchdog->helper = g_object_ref (self);
  watchdog->generation = self->generation;
  dbr_deadline_arm (&watchdog->deadline, now + LIMIT_USEC, watchdog_cb);

  return now;
}

/* What it says */

static void
dbr_notice_helper_take_server (DbrNoticeHelper *self,
                               GVariant        *body)
{
  g_auto(GStrv) capabilities = NULL;
  gboolean has_server;
  gboolean is_ready;
  const char *name;
  DbrNoticeServer server;

  g_variant_get (body, "(bb&s^as)", &has_server, &is_ready, &name, &capabilities);
  if (!has_server)
    {
      self->ready_usec = 0;
      dbr_notice_helper_lose_server (self);
      return;
    }

  self->has_server = TRUE;
  self->is_ready = is_ready;
  self->ready_usec = is_ready ? 0 : dbr_notice_helper_begin_wait (self);
  server = (DbrNoticeServer) {
    .name = is_ready ? name : NULL,
    .capabilities = is_ready ? (const char * const *) capabilities : NULL,
    .is_ready = is_ready,
  };
  self->listener->server_changed (self->core, &server);
}

static void
dbr_notice_helper_take_shown (DbrNoticeHelper *self,
                              GVariant        *body)
{
  g_autoptr(GError) error = NULL;
  const char *name;
  const char *text;
  guint8 execution;
  guint number;

  g_variant_get (body, "(uy&s&s)", &number, &execution, &name, &text);
  if (*name != '\0')
    error = g_dbus_error_new_for_dbus_error (name, text);
  if (self->show_usec == 0)
    return;

  self->show_usec = 0;
  self->listener->shown (self->core, number, MIN (execution, DBR_EXECUTION_ONCE), error);
}

static void
dbr_notice_helper_take_close_ended (DbrNoticeHelper *self)
{
  if (self->close_usec == 0)
    return;

  self->close_usec = 0;
  self->listener->close_ended (self->core, NULL);
}

static void
dbr_notice_helper_take_event (DbrNoticeHelper *self,
                              const char      *kind,
                              GVariant        *body)
{
  const char *text;
  guint number;
  guint reason;

  if (g_str_equal (kind, "closed") && g_variant_is_of_type (body, G_VARIANT_TYPE ("(uu)")))
    {
      g_variant_get (body, "(uu)", &number, &reason);
      self->listener->closed (self->core, number,
                              MIN (reason, (guint) DBR_CLOSE_REASON_UNDEFINED));
    }
  else if (g_variant_is_of_type (body, G_VARIANT_TYPE ("(us)")))
    {
      g_variant_get (body, "(u&s)", &number, &text);
      if (g_str_equal (kind, "invoked"))
        self->listener->invoked (self->core, number, text);
      else if (g_str_equal (kind, "activated"))
        self->listener->activated (self->core, number, text);
    }
}

static void
dbr_notice_helper_take_frame (DbrNoticeHelper *self,
                              const char      *kind,
                              GVariant        *body)
{
  if (g_str_equal (kind, "server")
      && g_variant_is_of_type (body, G_VARIANT_TYPE (DBR_NOTIFY_SERVER_TYPE)))
    dbr_notice_helper_take_server (self, body);
  else if (g_str_equal (kind, "shown")
           && g_variant_is_of_type (body, G_VARIANT_TYPE (DBR_NOTIFY_SHOWN_TYPE)))
    dbr_notice_helper_take_shown (self, body);
  else if (g_str_equal (kind, "close-ended"))
    dbr_notice_helper_take_close_ended (self);
  else
    dbr_notice_helper_take_event (self, kind, body);
}

static void
read_cb (GObject      *stream,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(Transfer) transfer = user_data;
  g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (stream), result,
                                                              NULL);
  DbrNoticeHelper *self = transfer->helper;
  gboolean is_broken = bytes == NULL || g_bytes_get_size (bytes) == 0;

  if (!transfer_is_current (transfer))
    return;

  if (!is_broken)
    g_byte_array_append (self->received, g_bytes_get_data (bytes, NULL),
                         (guint) g_bytes_get_size (bytes));
  while (!is_broken && transfer_is_current (transfer))
    {
      g_autofree char *kind = NULL;
      g_autoptr(GVariant) body = NULL;

      if (!dbr_notify_frame_take (self->received, &kind, &body, &is_broken))
        break;

      dbr_notice_helper_take_frame (self, kind, body);
    }

  if (!transfer_is_current (transfer))
    return;

  if (is_broken)
    dbr_notice_helper_died (self);
  else
    dbr_notice_helper_read (self);
}

static void
dbr_notice_helper_read (DbrNoticeHelper *self)
{
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (self->connection));

  g_input_stream_read_bytes_async (stream, CHUNK_SIZE, G_PRIORITY_DEFAULT, NULL, read_cb,
                                   transfer_new (self));
}

/* What it is told */

static void
written_cb (GObject      *stream,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(Transfer) transfer = user_data;
  DbrNoticeHelper *self = transfer->helper;
  gboolean is_written = g_output_stream_write_all_finish (G_OUTPUT_STREAM (stream), result, NULL,
                                                          NULL);

  /* That it has ended is told by reading. */
  if (!transfer_is_current (transfer) || !is_written)
    return;

  g_bytes_unref (g_queue_pop_head (&self->to_write));
  if (self->to_write.length > 0)
    dbr_notice_helper_write (self);
}

static void
dbr_notice_helper_write (DbrNoticeHelper *self)
{
  GOutputStream *stream = g_io_stream_get_output_stream (G_IO_STREAM (self->connection));
  Transfer *transfer = transfer_new (self);

  transfer->bytes = g_bytes_ref (g_queue_peek_head (&self->to_write));
  g_output_stream_write_all_async (stream, g_bytes_get_data (transfer->bytes, NULL),
                                   g_bytes_get_size (transfer->bytes), G_PRIORITY_DEFAULT, NULL,
                                   written_cb, transfer);
}

static void
dbr_notice_helper_tell (DbrNoticeHelper *self,
                        const char      *kind,
                        GVariant        *body)
{
  GBytes *frame = dbr_notify_frame_pack (kind, body);

  if (self->connection == NULL)
    {
      g_bytes_unref (frame);
      return;
    }

  g_queue_push_tail (&self->to_write, frame);
  if (self->to_write.length == 1)
    dbr_notice_helper_write (self);
}

/* Its beginning */

static GSocketConnection *
connection_new (int fd)
{
  g_autoptr(GSocket) socket = g_socket_new_from_fd (fd, NULL);

  return socket != NULL ? g_socket_connection_factory_create_connection (socket) : NULL;
}

static gboolean
open_sockets (int fds[2])
{
  return socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0;
}

static void
dbr_notice_helper_spawn (DbrNoticeHelper *self)
{
  g_autoptr(GSubprocessLauncher) launcher = NULL;
  gint64 now = g_get_monotonic_time ();
  const char *program = get_program ();
  int fds[2];

  if (self->connection != NULL || program == NULL || now < self->next_spawn_usec
      || !open_sockets (fds))
    return;

  self->next_spawn_usec = now + SPAWN_PAUSE_MS * G_GINT64_CONSTANT (1000);
  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE
                                        | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_subprocess_launcher_take_fd (launcher, fds[1], DBR_NOTIFY_FD);
  self->process = g_subprocess_launcher_spawn (launcher, NULL, program, NULL);
  self->connection = connection_new (fds[0]);
  if (self->process != NULL && self->connection != NULL)
    dbr_notice_helper_read (self);
  else
    dbr_notice_helper_drop (self);
}

static void
dbr_notice_helper_open (DbrNoticeBackend        *backend,
                        const DbrNoticeListener *listener,
                        gpointer                 core)
{
  DbrNoticeHelper *self = DBR_NOTICE_HELPER (backend);

  self->listener = listener;
  self->core = core;
  dbr_notice_helper_spawn (self);
}

static guint
dbr_notice_helper_start (DbrNoticeBackend *backend)
{
  DbrNoticeHelper *self = DBR_NOTICE_HELPER (backend);
  gint64 now = g_get_monotonic_time ();

  dbr_notice_helper_spawn (self);
  if (self->connection == NULL)
    return SPAWN_PAUSE_MS;

  if (self->next_start_usec <= now)
    {
      self->next_start_usec = now + START_PAUSE_MS * G_GINT64_CONSTANT (1000);
      dbr_notice_helper_tell (self, "start", g_variant_new ("()"));
    }

  return (guint) ((self->next_start_usec - now) / 1000 + 1);
}

static void
dbr_notice_helper_show (DbrNoticeBackend *backend,
                        const char       *app_name,
                        DbrNotice        *notice,
                        guint             replaces)
{
  DbrNoticeHelper *self = DBR_NOTICE_HELPER (backend);
  g_autofree char *escaped = dbr_notice_dup_body (notice, TRUE);

  self->show_usec = dbr_notice_helper_begin_wait (self);
  dbr_notice_helper_tell (self, "show",
                          g_variant_new ("(usssssi^as@a{sv})", replaces, app_name, notice->summary,
                                         escaped, notice->body, notice->icon, notice->expire_ms,
                                         notice->actions, notice->hints));
}

static void
dbr_notice_helper_close (DbrNoticeBackend *backend,
                         guint             number)
{
  DbrNoticeHelper *self = DBR_NOTICE_HELPER (backend);

  self->close_usec = dbr_notice_helper_begin_wait (self);
  dbr_notice_helper_tell (self, "close", g_variant_new ("(u)", number));
}

/* The program that was started in the place of the silent one waits for the server as it begins. */
static void
dbr_notice_helper_probe (DbrNoticeBackend *backend)
{
}

static void
dbr_notice_helper_shut (DbrNoticeBackend *backend)
{
  DbrNoticeHelper *self = DBR_NOTICE_HELPER (backend);

  self->listener = NULL;
  dbr_notice_helper_drop (self);
}

static void
dbr_notice_helper_finalize (GObject *object)
{
  DbrNoticeHelper *self = DBR_NOTICE_HELPER (object);

  dbr_notice_helper_drop (self);
  g_byte_array_unref (self->received);

  G_OBJECT_CLASS (dbr_notice_helper_parent_class)->finalize (object);
}

static void
dbr_notice_helper_backend_init (DbrNoticeBackendInterface *iface)
{
  iface->open = dbr_notice_helper_open;
  iface->start = dbr_notice_helper_start;
  iface->show = dbr_notice_helper_show;
  iface->close = dbr_notice_helper_close;
  iface->probe = dbr_notice_helper_probe;
  iface->shut = dbr_notice_helper_shut;
}

static void
dbr_notice_helper_class_init (DbrNoticeHelperClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_notice_helper_finalize;
}

static void
dbr_notice_helper_init (DbrNoticeHelper *self)
{
  self->received = g_byte_array_new ();
  g_queue_init (&self->to_write);
}

DbrNoticeBackend *
dbr_notice_helper_new (void)
{
  return g_object_new (DBR_TYPE_NOTICE_HELPER, NULL);
}
