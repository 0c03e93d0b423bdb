/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notify-frame-private.h"

#include <libnotify/notify.h>

#include <errno.h>
#include <unistd.h>

/* Shows by libnotify what a notifier asks it to, over the socket that it was started with. It may
 * hang in libnotify for as long as that does, and is killed for it then. It ends with the socket,
 * as with the session bus, without a look back. */

#define NOTIFICATIONS "org.freedesktop.Notifications"
#define PORTAL "org.freedesktop.portal.Desktop"

#define CHUNK_SIZE 65536
#define ASK_PAUSE_S 1

/* Of the execution of a call, as the library counts. */
#define NEVER 0
#define ONCE 2

typedef struct
{
  GDBusConnection *bus;
  const char      *name;
  gboolean         has_markup;
  gboolean         is_portal;
  gboolean         has_server;
  guint            watch;
  /* to ask again, 0 if that is not due */
  guint            asking;
  guint            last_number;
  /* number -> NotifyNotification */
  GHashTable      *shown;
} Program;

typedef struct
{
  Program  *program;
  char     *kind;
  GVariant *body;
} Order;

static void
order_free (Order *self)
{
  g_free (self->kind);
  g_variant_unref (self->body);
  g_free (self);
}

static void
tell (const char *kind,
      GVariant   *body)
{
  g_autoptr(GBytes) frame = dbr_notify_frame_pack (kind, body);
  gsize size;
  const char *data = g_bytes_get_data (frame, &size);

  while (size > 0)
    {
      gssize n = write (DBR_NOTIFY_FD, data, size);

      if (n < 0 && errno != EINTR)
        _exit (0);
      if (n > 0)
        {
          data += n;
          size -= (gsize) n;
        }
    }
}

/* As libnotify finds it. */
static gboolean
is_sandboxed (void)
{
  return g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS) || g_getenv ("SNAP") != NULL
         || g_getenv ("NOTIFY_FORCE_PORTAL") != NULL;
}

/* Takes @error, which is NULL if there is none. */
static void
tell_shown (guint   number,
            GError *error)
{
  G_GNUC_UNUSED g_autoptr(GError) taken = error;
  g_autofree char *name = NULL;
  gboolean is_unsent = g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
                       || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);

  if (error != NULL)
    {
      name = g_dbus_error_get_remote_error (error);
      if (name == NULL)
        name = g_dbus_error_encode_gerror (error);
      g_dbus_error_strip_remote_error (error);
    }
  tell ("shown", g_variant_new (DBR_NOTIFY_SHOWN_TYPE, number, is_unsent ? NEVER : ONCE,
                                name != NULL ? name : "", error != NULL ? error->message : ""));
}

static guint
reason_of (NotifyNotification *notification)
{
  switch (notify_notification_get_closed_reason (notification))
    {
    case NOTIFY_CLOSED_REASON_EXPIRED: return 0;
    case NOTIFY_CLOSED_REASON_DISMISSED: return 1;
    case NOTIFY_CLOSED_REASON_API_REQUEST: return 2;

    case NOTIFY_CLOSED_REASON_UNSET:
    case NOTIFY_CLOSED_REASON_UNDEFIEND:
    default:
      return 3;
    }
}

static guint
number_of (NotifyNotification *notification)
{
  return GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (notification), "number"));
}

static void
closed_cb (NotifyNotification *notification,
           gpointer            user_data)
{
  tell ("closed", g_variant_new ("(uu)", number_of (notification), reason_of (notification)));
}

static void
invoked_cb (NotifyNotification *notification,
            char               *action,
            gpointer            user_data)
{
  const char *token = notify_notification_get_activation_token (notification);

  if (token != NULL)
    tell ("activated", g_variant_new ("(us)", number_of (notification), token));
  tell ("invoked", g_variant_new ("(us)", number_of (notification), action));
}

static NotifyNotification *
program_get_notification (Program    *self,
                          guint       number,
                          const char *summary,
                          const char *body,
                          const char *icon)
{
  NotifyNotification *notification = g_hash_table_lookup (self->shown, GUINT_TO_POINTER (number));

  if (notification != NULL)
    {
      notify_notification_update (notification, summary, body, icon);
      notify_notification_clear_actions (notification);
      notify_notification_clear_hints (notification);
      return notification;
    }

  notification = notify_notification_new (summary, body, icon);
  number = ++self->last_number;
  g_object_set_data (G_OBJECT (notification), "number", GUINT_TO_POINTER (number));
  g_signal_connect (notification, "closed", G_CALLBACK (closed_cb), NULL);
  g_hash_table_insert (self->shown, GUINT_TO_POINTER (number), notification);

  return notification;
}

static void
program_show (Program  *self,
              GVariant *body)
{
  GError *error = NULL;
  g_autoptr(GVariantIter) actions = NULL;
  g_autoptr(GVariantIter) hints = NULL;
  NotifyNotification *notification;
  const char *app_name;
  const char *summary;
  const char *escaped;
  const char *plain;
  const char *icon;
  const char *key;
  const char *label;
  GVariant *value;
  guint replaces;
  guint number;
  int expire;

  g_variant_get (body, "(u&s&s&s&s&siasa{sv})", &replaces, &app_name, &summary, &escaped, &plain,
                 &icon, &expire, &actions, &hints);
  notify_set_app_name (app_name);
  notification = program_get_notification (self, replaces, summary,
                                           self->has_markup ? escaped : plain,
                                           *icon != '\0' ? icon : NULL);
  notify_notification_set_timeout (notification, expire);
  while (g_variant_iter_next (actions, "&s", &key) && g_variant_iter_next (actions, "&s", &label))
    notify_notification_add_action (notification, key, label, invoked_cb, NULL, NULL);
  while (g_variant_iter_next (hints, "{&sv}", &key, &value))
    {
      notify_notification_set_hint (notification, key, value);
      if (g_str_equal (key, "urgency"))
        notify_notification_set_urgency (notification, g_variant_get_byte (value));
      g_variant_unref (value);
    }

  number = number_of (notification);
  if (!notify_notification_show (notification, &error))
    g_hash_table_remove (self->shown, GUINT_TO_POINTER (number));
  tell_shown (number, error);
}

static void
program_close (Program  *self,
               GVariant *body)
{
  NotifyNotification *notification;
  guint number;

  g_variant_get (body, "(u)", &number);
  notification = g_hash_table_lookup (self->shown, GUINT_TO_POINTER (number));
  /* A server that refuses it does not show it any more. */
  if (notification != NULL)
    notify_notification_close (notification, NULL);
  tell ("close-ended", g_variant_new ("()"));
  g_hash_table_remove (self->shown, GUINT_TO_POINTER (number));
}

static void program_watch (Program                  *self,
                           GBusNameWatcherFlags      flags);

static gboolean
order_cb (gpointer user_data)
{
  Order *order = user_data;

  if (g_str_equal (order->kind, "show")
      && g_variant_is_of_type (order->body, G_VARIANT_TYPE (DBR_NOTIFY_SHOW_TYPE)))
    program_show (order->program, order->body);
  else if (g_str_equal (order->kind, "close")
           && g_variant_is_of_type (order->body, G_VARIANT_TYPE ("(u)")))
    program_close (order->program, order->body);
  /* Who did not know yet that there is one. To watch anew would tell of another, and what this one
   * shows would be lost. */
  else if (g_str_equal (order->kind, "start") && !order->program->has_server)
    program_watch (order->program, G_BUS_NAME_WATCHER_FLAGS_AUTO_START);

  return G_SOURCE_REMOVE;
}

/* Reads apart from all else, so that the end of the socket is seen while libnotify blocks. */
static gpointer
read_thread (gpointer data)
{
  g_autoptr(GByteArray) received = g_byte_array_new ();
  g_autofree guint8 *chunk = g_malloc (CHUNK_SIZE);
  gboolean is_broken = FALSE;

  while (!is_broken)
    {
      gssize n = read (DBR_NOTIFY_FD, chunk, CHUNK_SIZE);
      Order *order;

      if (n == 0 || (n < 0 && errno != EINTR))
        break;

      g_byte_array_append (received, chunk, (guint) MAX (n, 0));
      for (;;)
        {
          order = g_new0 (Order, 1);
          order->program = data;
          if (!dbr_notify_frame_take (received, &order->kind, &order->body, &is_broken))
            break;

          g_idle_add_full (G_PRIORITY_DEFAULT, order_cb, order, (GDestroyNotify) order_free);
        }
      g_free (order);
    }

  _exit (0);
}

static char **
program_ask_capabilities (Program *self)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  GList *capabilities = notify_get_server_caps ();

  self->has_markup = capabilities == NULL;
  for (GList *link = capabilities; link != NULL; link = link->next)
    {
      g_strv_builder_add (builder, link->data);
      self->has_markup |= g_str_equal (link->data, "body-markup");
    }
  g_list_free_full (capabilities, g_free);
  self->has_markup &= !self->is_portal;

  return g_strv_builder_end (builder);
}

/* Asking may take long: until it is answered, the server is there and not ready. */
static gboolean
ask_cb (gpointer user_data)
{
  Program *self = user_data;
  g_auto(GStrv) capabilities = NULL;
  g_autofree char *server = NULL;

  if (!notify_get_server_info (&server, NULL, NULL, NULL))
    return G_SOURCE_CONTINUE;

  self->asking = 0;
  capabilities = program_ask_capabilities (self);
  tell ("server", g_variant_new ("(bbs^as)", TRUE, TRUE, server, capabilities));

  return G_SOURCE_REMOVE;
}

static void
program_ask_later (Program  *self,
                   gboolean  is_wanted)
{
  if (self->asking != 0)
    g_source_remove (self->asking);
  self->asking = is_wanted ? g_timeout_add_seconds (ASK_PAUSE_S, ask_cb, self) : 0;
}

static void
appeared_cb (GDBusConnection *bus,
             const char      *name,
             const char      *owner,
             gpointer         user_data)
{
  Program *self = user_data;
  static const char *const nothing[] = { NULL };

  self->has_server = TRUE;
  g_hash_table_remove_all (self->shown);
  tell ("server", g_variant_new ("(bbs^as)", TRUE, FALSE, "", nothing));
  program_ask_later (self, FALSE);
  if (ask_cb (self))
    program_ask_later (self, TRUE);
}

static void
vanished_cb (GDBusConnection *bus,
             const char      *name,
             gpointer         user_data)
{
  Program *self = user_data;
  static const char *const nothing[] = { NULL };

  self->has_server = FALSE;
  program_ask_later (self, FALSE);
  g_hash_table_remove_all (self->shown);
  tell ("server", g_variant_new ("(bbs^as)", FALSE, FALSE, "", nothing));
}

/* Nobody else is asked to start it than who watches for it. */
static void
program_watch (Program              *self,
               GBusNameWatcherFlags  flags)
{
  if (self->watch != 0)
    g_bus_unwatch_name (self->watch);
  self->watch = g_bus_watch_name_on_connection (self->bus, self->name, flags, appeared_cb,
                                                vanished_cb, self, NULL);
}

int
main (void)
{
  Program program = { NULL };
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  /* libnotify warns that it is in a sandbox, whatever the program makes of warnings. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_thread_unref (g_thread_new ("read", read_thread, &program));
  program.bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  if (program.bus == NULL)
    return 0;

  program.is_portal = is_sandboxed ();
  program.name = program.is_portal ? PORTAL : NOTIFICATIONS;
  program.shown = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
  notify_init ("libdbr");
  program_watch (&program, G_BUS_NAME_WATCHER_FLAGS_NONE);
  g_main_loop_run (loop);

  return 0;
}
