/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/wire/dbr-wire-opening-private.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/dbr-deadline-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "bus/wire/dbr-wire-address-private.h"
#include "bus/wire/dbr-wire-auth-private.h"
#include "bus/wire/dbr-wire-transport-private.h"
#include "bus/wire/dbr-wire-writer-private.h"

#define HELLO_SERIAL 1

/* A unix socket whose other end does not keep up with those who come says so at once, and nothing
 * tells when it is better. */
#define BACKLOG_PAUSE_MS 10

typedef enum
{
  STATE_CONNECTING,
  STATE_AUTHENTICATING,
  STATE_GREETING,
} State;

/* One address after the other, one step after the other, and all on dbr-io: it waits with one
 * source for whatever is next. Only looking up a host's name needs a thread, which nobody waits
 * for. */
typedef struct
{
  DbrOpening    opening;
  DbrDeadline   deadline;
  gboolean      is_done;

  GPtrArray    *addresses;
  guint         next_address;
  GError       *error;

  State         state;
  int           fd;
  GSource      *source;
  DbrWireInput *input;
  DbrWireAuth   auth;
  GString      *output;
} DbrWireOpening;

/* A host whose name is looked up for an opening. */
typedef struct
{
  DbrWireOpening *opening;
  DbrWireAddress *address;
  GPtrArray      *found;
  GError         *error;
} LookUp;

static void dbr_wire_opening_try_next (DbrWireOpening *self);
static void dbr_wire_opening_connect  (DbrWireOpening *self);

static void
dbr_wire_opening_stop_waiting (DbrWireOpening *self)
{
  if (self->source == NULL)
    return;

  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

/* Takes @source. */
static void
dbr_wire_opening_wait (DbrWireOpening *self,
                       GSource        *source,
                       GSourceFunc     callback)
{
  dbr_wire_opening_stop_waiting (self);

  self->source = source;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "dbr wire opening");
  g_source_set_callback (source, callback, dbr_opening_ref (&self->opening),
                         (GDestroyNotify) dbr_opening_unref);
  g_source_attach (source, dbr_io_get_context ());
}

static void
dbr_wire_opening_drop_socket (DbrWireOpening *self)
{
  dbr_wire_opening_stop_waiting (self);
  g_clear_pointer (&self->input, dbr_wire_input_free);
  g_string_truncate (self->output, 0);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

/* The end */

static void
dbr_wire_opening_end (DbrWireOpening *self,
                      DbrTransport   *transport,
                      GError         *error)
{
  if (self->is_done)
    return;

  self->is_done = TRUE;
  if (dbr_deadline_disarm (&self->deadline))
    dbr_opening_unref (&self->opening);
  dbr_wire_opening_drop_socket (self);
  dbr_opening_finish (&self->opening, transport, error);
}

/* Takes @error. */
static void
dbr_wire_opening_give_up (DbrWireOpening *self,
                          GError         *error)
{
  dbr_wire_opening_end (self, NULL, error);
  g_error_free (error);
}

/* This address leads nowhere; the next one may. */
static void
dbr_wire_opening_fail (DbrWireOpening *self,
                       const char     *reason)
{
  g_clear_error (&self->error);
  self->error = dbr_opening_new_unreachable_error (&self->opening, reason);
  dbr_wire_opening_drop_socket (self);
  dbr_wire_opening_try_next (self);
}

static void
dbr_wire_opening_succeed (DbrWireOpening *self,
                          const char     *unique_name)
{
  g_autoptr(DbrTransport) transport = NULL;

  transport = dbr_wire_transport_new (self->fd, g_steal_pointer (&self->input),
                                      self->auth.can_pass_descriptors, unique_name,
                                      self->auth.guid, &self->opening.limits);
  self->fd = -1;
  dbr_wire_opening_end (self, transport, NULL);
}

/* Being greeted */

static void
dbr_wire_opening_add_hello (DbrWireOpening *self)
{
  DbrWireHeader header = { .kind = DBR_WIRE_CALL, .serial = HELLO_SERIAL };
  g_auto(DbrWireWriter) writer;

  header.texts[DBR_WIRE_FIELD_PATH] = DBR_BUS_PATH;
  header.texts[DBR_WIRE_FIELD_DESTINATION] = DBR_BUS_NAME;
  header.texts[DBR_WIRE_FIELD_INTERFACE] = DBR_BUS_INTERFACE;
  header.texts[DBR_WIRE_FIELD_MEMBER] = "Hello";
  dbr_wire_writer_init (&writer);
  dbr_wire_writer_write (&writer, &header, NULL);
  g_string_append_len (self->output, (const char *) writer.bytes, (gssize) writer.length);
}

static void
dbr_wire_opening_take_greeting (DbrWireOpening *self,
                                DbrMessage     *reply)
{
  g_autoptr(GVariant) body = NULL;
  g_autoptr(GError) error = NULL;
  const char *unique_name;

  if (reply->kind == DBR_MESSAGE_ERROR)
    {
      error = dbr_message_dup_error (reply);
      dbr_wire_opening_fail (self, error->message);
      return;
    }

  body = dbr_message_dup_body (reply);
  if (!g_variant_is_of_type (body, G_VARIANT_TYPE ("(s)")))
    {
      dbr_wire_opening_fail (self, _("it gives us no name"));
      return;
    }

  g_variant_get (body, "(&s)", &unique_name);
  dbr_wire_opening_succeed (self, unique_name);
}

/* Until it is greeted, nothing else is for us. What comes behind the greeting stays in the
 * input. */
static void
dbr_wire_opening_hear (DbrWireOpening *self)
{
  g_autoptr(DbrWireMessage) message = NULL;
  const char *fault = NULL;

  do
    {
      g_clear_pointer (&message, dbr_wire_message_unref);
      message = dbr_wire_input_take_message (self->input, g_get_monotonic_time (), &fault);
    }
  while (message != NULL && message->header.reply_serial != HELLO_SERIAL);

  if (message != NULL)
    dbr_wire_opening_take_greeting (self, &message->message);
  else if (fault != NULL)
    dbr_wire_opening_fail (self, _(fault));
}

/* Being let in */

static void
dbr_wire_opening_take_lines (DbrWireOpening *self)
{
  DbrWireAuthStep step = DBR_WIRE_AUTH_GOES_ON;
  g_autofree char *reason = NULL;
  const char *fault = NULL;
  char *line;

  while (step == DBR_WIRE_AUTH_GOES_ON
         && (line = dbr_wire_input_take_line (self->input, &fault)) != NULL)
    {
      step = dbr_wire_auth_take (&self->auth, line, self->output, &reason);
      g_free (line);
    }

  if (step == DBR_WIRE_AUTH_FAILED || fault != NULL)
    {
      dbr_wire_opening_fail (self, reason != NULL ? reason : _(fault));
    }
  else if (step == DBR_WIRE_AUTH_DONE)
    {
      self->state = STATE_GREETING;
      if (self->opening.has_bus)
        dbr_wire_opening_add_hello (self);
    }
}

/* Going on */

static gboolean socket_cb (gint         fd,
                           GIOCondition condition,
                           gpointer     user_data);

static void
dbr_wire_opening_wait_for_socket (DbrWireOpening *self,
                                  GIOCondition    condition)
{
  dbr_wire_opening_wait (self, g_unix_fd_source_new (self->fd, condition),
                         G_SOURCE_FUNC (socket_cb));
}

static void
dbr_wire_opening_write (DbrWireOpening *self)
{
  ssize_t n = send (self->fd, self->output->str, self->output->len, MSG_NOSIGNAL);

  if (n < 0 && errno != EAGAIN && errno != EINTR)
    {
      dbr_wire_opening_fail (self, g_strerror (errno));
      return;
    }

  g_string_erase (self->output, 0, MAX (n, 0));
  if (self->output->len > 0)
    dbr_wire_opening_wait_for_socket (self, G_IO_OUT);
  else if (self->state == STATE_GREETING && !self->opening.has_bus)
    dbr_wire_opening_succeed (self, NULL);
  else
    dbr_wire_opening_wait_for_socket (self, G_IO_IN);
}

static void
dbr_wire_opening_read (DbrWireOpening *self)
{
  g_autoptr(GError) cause = NULL;

  if (dbr_wire_input_read (self->input, self->fd, &cause) == DBR_WIRE_READ_OVER)
    {
      dbr_wire_opening_fail (self, cause->message);
      return;
    }

  if (self->state == STATE_GREETING)
    dbr_wire_opening_hear (self);
  else
    dbr_wire_opening_take_lines (self);

  if (!self->is_done && self->output->len > 0)
    dbr_wire_opening_write (self);
}

/* A file of sixteen bytes that only this user can read. */
static gboolean
dbr_wire_opening_add_nonce (DbrWireOpening  *self,
                            const char      *file,
                            GError         **error)
{
  g_autofree char *nonce = NULL;
  gsize size;

  if (file == NULL)
    return TRUE;
  if (!g_file_get_contents (file, &nonce, &size, error))
    return FALSE;

  g_string_append_len (self->output, nonce, (gssize) size);

  return TRUE;
}

static DbrWireAddress *
dbr_wire_opening_get_address (DbrWireOpening *self)
{
  return g_ptr_array_index (self->addresses, self->next_address - 1);
}

static void
dbr_wire_opening_begin (DbrWireOpening *self)
{
  DbrWireAddress *address = dbr_wire_opening_get_address (self);
  gboolean is_unix = address->address.ss_family == AF_UNIX;
  g_autoptr(GError) cause = NULL;
  int no_delay = 1;

  if (!is_unix)
    setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
  if (!dbr_wire_opening_add_nonce (self, address->nonce_file, &cause))
    {
      dbr_wire_opening_fail (self, cause->message);
      return;
    }

  self->state = STATE_AUTHENTICATING;
  self->input = dbr_wire_input_new ();
  dbr_wire_auth_begin (&self->auth, is_unix, self->output);
  dbr_wire_opening_write (self);
}

static void
dbr_wire_opening_finish_connecting (DbrWireOpening *self)
{
  int code = 0;
  socklen_t size = sizeof code;

  if (getsockopt (self->fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0)
    code = errno;
  if (code == 0)
    dbr_wire_opening_begin (self);
  else
    dbr_wire_opening_fail (self, g_strerror (code));
}

static gboolean
socket_cb (gint         fd,
           GIOCondition condition,
           gpointer     user_data)
{
  DbrWireOpening *self = user_data;

  if (self->state == STATE_CONNECTING)
    dbr_wire_opening_finish_connecting (self);
  else if (self->output->len > 0)
    dbr_wire_opening_write (self);
  else
    dbr_wire_opening_read (self);

  /* Whoever wants to be called again waits with a new source, or keeps this one. */
  return G_SOURCE_CONTINUE;
}

static gboolean
connect_again_cb (gpointer user_data)
{
  dbr_wire_opening_connect (user_data);

  return G_SOURCE_REMOVE;
}

static void
dbr_wire_opening_connect (DbrWireOpening *self)
{
  DbrWireAddress *address = dbr_wire_opening_get_address (self);

  if (connect (self->fd, (struct sockaddr *) &address->address, address->length) == 0)
    dbr_wire_opening_begin (self);
  else if (errno == EINPROGRESS)
    dbr_wire_opening_wait_for_socket (self, G_IO_OUT);
  else if (errno == EAGAIN)
    dbr_wire_opening_wait (self, g_timeout_source_new (BACKLOG_PAUSE_MS), connect_again_cb);
  else
    dbr_wire_opening_fail (self, g_strerror (errno));
}

/* Hosts */

static void
look_up_free (LookUp *self)
{
  dbr_opening_unref (&self->opening->opening);
  g_clear_pointer (&self->found, g_ptr_array_unref);
  g_clear_error (&self->error);
  g_free (self);
}

/* What was found is tried next, in place of the name. */
static void
looked_up_cb (gpointer data)
{
  LookUp *look_up = data;
  DbrWireOpening *self = look_up->opening;

  if (!self->is_done && look_up->error != NULL)
    {
      dbr_wire_opening_fail (self, look_up->error->message);
    }
  else if (!self->is_done)
    {
      g_ptr_array_set_free_func (look_up->found, NULL);
      for (guint i = 0; i < look_up->found->len; i++)
        g_ptr_array_insert (self->addresses, (gint) (self->next_address + i),
                            g_ptr_array_index (look_up->found, i));
      dbr_wire_opening_try_next (self);
    }

  look_up_free (look_up);
}

static gpointer
look_up_thread (gpointer data)
{
  LookUp *self = data;

  self->found = dbr_wire_address_look_up (self->address, &self->error);
  dbr_io_invoke (looked_up_cb, self);

  return NULL;
}

/* The address lives as long as the opening, which the thread keeps. */
static void
dbr_wire_opening_look_up (DbrWireOpening *self,
                          DbrWireAddress *address)
{
  LookUp *look_up = g_new0 (LookUp, 1);
  g_autoptr(GError) cause = NULL;
  GThread *thread;

  look_up->opening = (DbrWireOpening *) dbr_opening_ref (&self->opening);
  look_up->address = address;
  thread = g_thread_try_new ("dbr-look-up", look_up_thread, look_up, &cause);
  if (thread != NULL)
    {
      g_thread_unref (thread);
      return;
    }

  look_up_free (look_up);
  dbr_wire_opening_fail (self, cause->message);
}

static void
dbr_wire_opening_try_next (DbrWireOpening *self)
{
  DbrWireAddress *address;

  if (self->next_address >= self->addresses->len)
    {
      dbr_wire_opening_end (self, NULL, self->error);
      return;
    }

  address = g_ptr_array_index (self->addresses, self->next_address++);
  if (address->host != NULL)
    {
      dbr_wire_opening_look_up (self, address);
      return;
    }

  self->state = STATE_CONNECTING;
  self->fd = socket (address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->fd < 0)
    dbr_wire_opening_fail (self, g_strerror (errno));
  else
    dbr_wire_opening_connect (self);
}

/* The beginning */

static gboolean
begin_cb (gpointer user_data)
{
  DbrWireOpening *self = user_data;
  DbrOpening *opening = &self->opening;
  g_autoptr(GError) cause = NULL;

  self->addresses = dbr_wire_address_parse (self->opening.address, &cause);
  if (self->addresses != NULL)
    dbr_wire_opening_try_next (self);
  else
    dbr_wire_opening_give_up (self, dbr_opening_new_unreachable_error (opening, cause->message));

  return G_SOURCE_REMOVE;
}

static void
deadline_cb (DbrDeadline *deadline)
{
  DbrWireOpening *self = G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrWireOpening, deadline));

  dbr_wire_opening_give_up (self, dbr_opening_new_late_error (&self->opening));
  dbr_opening_unref (&self->opening);
}

/* Not before the caller has returned, who may not have kept it yet. */
static void
dbr_wire_opening_start (DbrOpening *opening)
{
  DbrWireOpening *self = (DbrWireOpening *) opening;

  dbr_opening_ref (opening);
  dbr_deadline_arm (&self->deadline,
                    g_get_monotonic_time () + opening->limit_ms * (gint64) 1000, deadline_cb);
  dbr_wire_opening_wait (self, g_idle_source_new (), begin_cb);
}

static void
abort_cb (gpointer data)
{
  g_autoptr(DbrOpening) opening = data;

  dbr_wire_opening_give_up ((DbrWireOpening *) opening,
                            dbr_opening_new_unreachable_error (opening,
                                                               _("it is no longer wanted")));
}

static void
dbr_wire_opening_abort (DbrOpening *opening)
{
  dbr_io_invoke (abort_cb, dbr_opening_ref (opening));
}

static void
dbr_wire_opening_free (DbrOpening *opening)
{
  DbrWireOpening *self = (DbrWireOpening *) opening;

  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_clear_error (&self->error);
  g_string_free (self->output, TRUE);
  g_free (self);
}

static const DbrOpeningFuncs wire_opening_funcs = {
  dbr_wire_opening_start,
  dbr_wire_opening_abort,
  dbr_wire_opening_free,
};

DbrOpening *
dbr_wire_opening_new (void)
{
  DbrWireOpening *self = g_new0 (DbrWireOpening, 1);

  self->opening.funcs = &wire_opening_funcs;
  self->fd = -1;
  self->output = g_string_new (NULL);

  return &self->opening;
}
