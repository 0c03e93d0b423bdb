/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notice-direct-private.h"

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "bus/dbr-client.h"
#include "bus/dbr-subscription.h"

#define NAME "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"
#define INTERFACE "org.freedesktop.Notifications"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define BUS_INTERFACE "org.freedesktop.DBus"

#define LIMIT_MS 2000
/* A desktop that could not start it will not in the next moment either. */
#define START_PAUSE_MS 30000
/* To look for a bus costs no more than a look into a folder. */
#define BUS_PAUSE_MS 1000
#define PROBE_LIMIT_MS DBR_MAX_TIMEOUT_MS

struct _DbrNoticeDirect
{
  GObject                  parent_instance;

  /* all in dbr-io only */
  const DbrNoticeListener *listener;
  gpointer                 core;
  DbrClient               *client;
  DbrSubscription         *owner_changes;
  DbrSubscription         *signals;

  gboolean                 is_opening;
  gboolean                 is_following;
  gboolean                 has_bus;
  /* until the bus has said that nobody owns the name */
  gboolean                 is_start_wanted;
  gint64                   next_start_usec;
  gboolean                 is_asking_owner;
  gboolean                 has_owner_changed;

  /* Who owns the name; each change is a new generation. */
  char                    *owner;
  guint                    generation;
  gboolean                 is_ready;
  char                   **capabilities;
  char                    *server_name;
};

/* A question under way, and which owner it was for. */
typedef struct
{
  DbrNoticeDirect *direct;
  DbrCall         *call;
  guint            generation;
  gint64           begin_usec;
} Question;

static void dbr_notice_direct_backend_init (DbrNoticeBackendInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DbrNoticeDirect, dbr_notice_direct, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DBR_TYPE_NOTICE_BACKEND,
                                                      dbr_notice_direct_backend_init))

static void
question_free (Question *self)
{
  g_object_unref (self->direct);
  g_object_unref (self->call);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

/* Calls a method of the server. Nothing is ever started by it, and nothing sent again. */
static void
dbr_notice_direct_ask (DbrNoticeDirect     *self,
                       const char          *member,
                       GVariant            *parameters,
                       const char          *reply_type,
                       guint                timeout_ms,
                       GAsyncReadyCallback  callback)
{
  Question *question = g_new0 (Question, 1);

  question->direct = g_object_ref (self);
  question->call = dbr_call_new (NAME, PATH, INTERFACE, member, parameters);
  question->generation = self->generation;
  question->begin_usec = g_get_monotonic_time ();
  dbr_call_set_reply_type (question->call, G_VARIANT_TYPE (reply_type));
  dbr_call_set_timeout_ms (question->call, timeout_ms);
  dbr_call_set_auto_start (question->call, FALSE);
  /* Whether it answers is looked at here, by what is asked. */
  dbr_call_set_bypass_circuit (question->call, TRUE);

  dbr_client_run_async (self->client, question->call, NULL, callback, question);
}

static GVariant *
question_finish (Question      *self,
                 GObject       *client,
                 GAsyncResult  *result,
                 GError       **error)
{
  return dbr_client_run_finish (DBR_CLIENT (client), result, error);
}

/* Whether anyone still wants the answer, and it is from whom it was asked. */
static gboolean
question_is_current (Question *self)
{
  return self->direct->listener != NULL && self->generation == self->direct->generation;
}

/* Told before how what was asked has ended, so that nothing more is sent then: a server that says
 * nothing is given nothing, not even what it would show when it wakes up. FALSE: it was not silent. */
static gboolean
question_tell_silence (Question     *self,
                       const GError *error)
{
  if (!g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE) || !question_is_current (self))
    return FALSE;

  self->direct->listener->silent (self->direct->core, self->begin_usec);

  return TRUE;
}

static void
dbr_notice_direct_tell_server (DbrNoticeDirect *self)
{
  DbrNoticeServer server = {
    .name = self->server_name,
    .capabilities = (const char * const *) self->capabilities,
    .is_ready = self->is_ready,
  };

  self->listener->server_changed (self->core, self->owner != NULL ? &server : NULL);
}

static void
information_cb (GObject      *client,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr(Question) question = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = question_finish (question, client, result, &error);
  DbrNoticeDirect *self = question->direct;

  if (!question_is_current (question) || question_tell_silence (question, error))
    return;

  g_clear_pointer (&self->server_name, g_free);
  if (reply != NULL)
    g_variant_get (reply, "(ssss)", &self->server_name, NULL, NULL, NULL);
  self->is_ready = TRUE;
  dbr_notice_direct_tell_server (self);
}

static void
capabilities_cb (GObject      *client,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(Question) question = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = question_finish (question, client, result, &error);
  DbrNoticeDirect *self = question->direct;

  if (!question_is_current (question) || question_tell_silence (question, error))
    return;

  g_clear_pointer (&self->capabilities, g_strfreev);
  if (reply != NULL)
    g_variant_get (reply, "(^as)", &self->capabilities);

  dbr_notice_direct_ask (self, "GetServerInformation", NULL, "(ssss)", LIMIT_MS, information_cb);
}

static void
dbr_notice_direct_ask_capabilities (DbrNoticeDirect *self)
{
  dbr_notice_direct_ask (self, "GetCapabilities", NULL, "(as)", LIMIT_MS, capabilities_cb);
}

static void
dbr_notice_direct_set_owner (DbrNoticeDirect *self,
                             const char      *owner)
{
  if (*owner == '\0')
    owner = NULL;
  if (g_strcmp0 (owner, self->owner) == 0)
    return;

  self->generation++;
  self->is_ready = FALSE;
  g_clear_pointer (&self->capabilities, g_strfreev);
  g_clear_pointer (&self->server_name, g_free);
  g_free (self->owner);
  self->owner = g_strdup (owner);
  dbr_notice_direct_tell_server (self);
  if (self->owner != NULL && self->listener != NULL)
    dbr_notice_direct_ask_capabilities (self);
}

static void dbr_notice_direct_ask_owner (DbrNoticeDirect *self);

/* That it has started, or was there already, is told by the bus. */
static void
started_cb (GObject      *client,
            GAsyncResult *result,
            gpointer      user_data)
{
  G_GNUC_UNUSED g_autoptr(GVariant) reply = dbr_client_call_finish (DBR_CLIENT (client), result,
                                                                    NULL);
}

static void
dbr_notice_direct_start_service (DbrNoticeDirect *self)
{
  gint64 now = g_get_monotonic_time ();

  self->is_start_wanted = FALSE;
  if (now < self->next_start_usec)
    return;

  self->next_start_usec = now + START_PAUSE_MS * G_GINT64_CONSTANT (1000);
  dbr_client_call_async (self->client, BUS_NAME, BUS_PATH, BUS_INTERFACE, "StartServiceByName",
                         g_variant_new ("(su)", NAME, 0), G_VARIANT_TYPE ("(u)"), LIMIT_MS, NULL,
                         started_cb, NULL);
}

static void
owner_cb (GObject      *client,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(DbrNoticeDirect) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dbr_client_call_finish (DBR_CLIENT (client), result, &error);
  const char *owner = "";

  self->is_asking_owner = FALSE;
  if (self->listener == NULL)
    return;

  /* What has changed in the meantime is perhaps older than the answer, and perhaps newer. */
  if (self->has_owner_changed)
    {
      dbr_notice_direct_ask_owner (self);
      return;
    }
  if (reply != NULL)
    g_variant_get (reply, "(&s)", &owner);
  dbr_notice_direct_set_owner (self, owner);
  if (self->is_start_wanted && self->owner == NULL && self->listener != NULL)
    dbr_notice_direct_start_service (self);
}

static void
dbr_notice_direct_ask_owner (DbrNoticeDirect *self)
{
  self->has_bus = TRUE;
  self->has_owner_changed = self->is_asking_owner;
  if (self->is_asking_owner)
    return;

  self->is_asking_owner = TRUE;
  dbr_client_call_async (self->client, BUS_NAME, BUS_PATH, BUS_INTERFACE, "GetNameOwner",
                         g_variant_new ("(s)", NAME), G_VARIANT_TYPE ("(s)"), LIMIT_MS, NULL,
                         owner_cb, g_object_ref (self));
}

static void
owner_changed_cb (DbrSubscription *subscription,
                  const char      *sender,
                  const char      *object_path,
                  const char      *interface_name,
                  const char      *member,
                  GVariant        *parameters,
                  DbrNoticeDirect *self)
{
  const char *owner;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sss)")))
    return;

  if (self->is_asking_owner)
    {
      self->has_owner_changed = TRUE;
      return;
    }
  g_variant_get (parameters, "(&s&s&s)", NULL, NULL, &owner);
  dbr_notice_direct_set_owner (self, owner);
}

static DbrCloseReason
reason_of (guint32 number)
{
  switch (number)
    {
    case 1: return DBR_CLOSE_REASON_EXPIRED;
    case 2: return DBR_CLOSE_REASON_DISMISSED;
    case 3: return DBR_CLOSE_REASON_CLOSED;
    default: return DBR_CLOSE_REASON_UNDEFINED;
    }
}

static void
received_cb (DbrSubscription *subscription,
             const char      *sender,
             const char      *object_path,
             const char      *interface_name,
             const char      *member,
             GVariant        *parameters,
             DbrNoticeDirect *self)
{
  const char *text;
  guint number;
  guint reason;

  /* What an owner said before the one of this moment is about numbers of its own. */
  if (g_strcmp0 (sender, self->owner) != 0)
    return;

  if (g_str_equal (member, "NotificationClosed")
      && g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(uu)")))
    {
      g_variant_get (parameters, "(uu)", &number, &reason);
      self->listener->closed (self->core, number, reason_of (reason));
    }
  else if (g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(us)")))
    {
      g_variant_get (parameters, "(u&s)", &number, &text);
      if (g_str_equal (member, "ActionInvoked"))
        self->listener->invoked (self->core, number, text);
      else if (g_str_equal (member, "ActivationToken"))
        self->listener->activated (self->core, number, text);
    }
}

static void
lost_cb (DbrClient       *client,
         GError          *error,
         DbrNoticeDirect *self)
{
  self->has_bus = FALSE;
  dbr_notice_direct_set_owner (self, "");
}

static void
restored_cb (DbrClient       *client,
             DbrNoticeDirect *self)
{
  dbr_notice_direct_ask_owner (self);
}

static void
followed_cb (GObject      *subscription,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(DbrNoticeDirect) self = user_data;

  self->is_opening = FALSE;
  self->is_following = dbr_subscription_start_finish (DBR_SUBSCRIPTION (subscription), result,
                                                      NULL);
  if (self->is_following && self->listener != NULL)
    dbr_notice_direct_ask_owner (self);
}

/* Without its signals a server can still show. */
static void
listened_cb (GObject      *subscription,
             GAsyncResult *result,
             gpointer      user_data)
{
  dbr_subscription_start_finish (DBR_SUBSCRIPTION (subscription), result, NULL);
}

static void
dbr_notice_direct_follow (DbrNoticeDirect *self)
{
  self->is_opening = TRUE;
  dbr_subscription_start_async (self->signals, NULL, listened_cb, NULL);
  dbr_subscription_start_async (self->owner_changes, NULL, followed_cb, g_object_ref (self));
}

static void
dbr_notice_direct_open (DbrNoticeBackend        *backend,
                        const DbrNoticeListener *listener,
                        gpointer                 core)
{
  DbrNoticeDirect *self = DBR_NOTICE_DIRECT (backend);
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new_preset ("none", NULL);

  self->listener = listener;
  self->core = core;
  self->client = dbr_client_new (G_BUS_TYPE_SESSION);
  dbr_client_set_retry_policy (self->client, policy);
  g_signal_connect_object (self->client, "connection-lost", G_CALLBACK (lost_cb), self, 0);
  g_signal_connect_object (self->client, "connection-restored", G_CALLBACK (restored_cb), self, 0);

  self->owner_changes = dbr_subscription_new (self->client, BUS_NAME, BUS_PATH, BUS_INTERFACE,
                                              "NameOwnerChanged", NAME,
                                              DBR_SUBSCRIPTION_FLAGS_NONE);
  g_signal_connect_object (self->owner_changes, "received", G_CALLBACK (owner_changed_cb), self, 0);
  self->signals = dbr_subscription_new (self->client, NAME, PATH, INTERFACE, NULL, NULL,
                                        DBR_SUBSCRIPTION_FLAGS_NONE);
  g_signal_connect_object (self->signals, "received", G_CALLBACK (received_cb), self, 0);
  dbr_notice_direct_follow (self);
}

static guint
dbr_notice_direct_start (DbrNoticeBackend *backend)
{
  DbrNoticeDirect *self = DBR_NOTICE_DIRECT (backend);

  if (!self->is_following && !self->is_opening)
    dbr_notice_direct_follow (self);
  if (self->has_bus && !self->is_asking_owner)
    dbr_notice_direct_start_service (self);
  else
    self->is_start_wanted = TRUE;

  if (!self->has_bus || self->is_asking_owner)
    return BUS_PAUSE_MS;

  return (guint) ((self->next_start_usec - g_get_monotonic_time ()) / 1000 + 1);
}

static gboolean
dbr_notice_direct_can (DbrNoticeDirect *self,
                       const char      *capability)
{
  /* One that says nothing of itself is taken for what most are. */
  return self->capabilities == NULL || *self->capabilities == NULL
         || g_strv_contains ((const char * const *) self->capabilities, capability);
}

static void
shown_cb (GObject      *client,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(Question) question = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = question_finish (question, client, result, &error);
  DbrNoticeDirect *self = question->direct;
  guint number = 0;

  if (self->listener == NULL)
    return;

  if (reply != NULL)
    g_variant_get (reply, "(u)", &number);
  /* It is shown, but by one that is gone. */
  if (question->generation != self->generation)
    number = 0;
  question_tell_silence (question, error);
  if (self->listener != NULL)
    self->listener->shown (self->core, number, dbr_call_get_execution (question->call), error);
}

static void
dbr_notice_direct_show (DbrNoticeBackend *backend,
                        const char       *app_name,
                        DbrNotice        *notice,
                        guint             replaces)
{
  DbrNoticeDirect *self = DBR_NOTICE_DIRECT (backend);
  static const char *const no_actions[] = { NULL };
  g_autofree char *body =
    dbr_notice_dup_body (notice, dbr_notice_direct_can (self, "body-markup"));
  const char * const *actions =
    dbr_notice_direct_can (self, "actions") ? (const char * const *) notice->actions : no_actions;

  dbr_notice_direct_ask (self, "Notify",
                         g_variant_new ("(susss^as@a{sv}i)", app_name, replaces, notice->icon,
                                        notice->summary, body, actions, notice->hints,
                                        notice->expire_ms),
                         "(u)", LIMIT_MS, shown_cb);
}

static void
close_ended_cb (GObject      *client,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr(Question) question = user_data;
  g_autoptr(GError) error = NULL;
  G_GNUC_UNUSED g_autoptr(GVariant) reply = question_finish (question, client, result, &error);
  DbrNoticeDirect *self = question->direct;

  if (self->listener == NULL)
    return;

  /* A server that refuses it does not show it any more. */
  if (dbr_call_get_execution (question->call) == DBR_EXECUTION_ONCE)
    g_clear_error (&error);
  question_tell_silence (question, error);
  if (self->listener != NULL)
    self->listener->close_ended (self->core, error);
}

static void
dbr_notice_direct_close (DbrNoticeBackend *backend,
                         guint             number)
{
  dbr_notice_direct_ask (DBR_NOTICE_DIRECT (backend), "CloseNotification",
                         g_variant_new ("(u)", number), "()", LIMIT_MS, close_ended_cb);
}

static void
probed_cb (GObject      *client,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(Question) question = user_data;
  g_autoptr(GError) error = NULL;
  G_GNUC_UNUSED g_autoptr(GVariant) reply = question_finish (question, client, result, &error);
  DbrNoticeDirect *self = question->direct;

  if (!question_is_current (question))
    return;

  if (g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE))
    {
      dbr_notice_backend_probe (DBR_NOTICE_BACKEND (self));
    }
  else if (dbr_call_get_execution (question->call) == DBR_EXECUTION_ONCE)
    {
      self->listener->answered (self->core);
      if (question_is_current (question) && !self->is_ready)
        dbr_notice_direct_ask_capabilities (self);
    }
}

/* The question lies with the server until it wakes up, so that nobody has to ask again and
 * again. */
static void
dbr_notice_direct_probe (DbrNoticeBackend *backend)
{
  dbr_notice_direct_ask (DBR_NOTICE_DIRECT (backend), "GetServerInformation", NULL, "(ssss)",
                         PROBE_LIMIT_MS, probed_cb);
}

static void
closed_cb (GObject      *client,
           GAsyncResult *result,
           gpointer      user_data)
{
  dbr_client_close_finish (DBR_CLIENT (client), result, NULL);
}

static void
dbr_notice_direct_shut (DbrNoticeBackend *backend)
{
  DbrNoticeDirect *self = DBR_NOTICE_DIRECT (backend);

  self->listener = NULL;
  if (self->client == NULL)
    return;

  g_signal_handlers_disconnect_by_data (self->client, self);
  g_signal_handlers_disconnect_by_data (self->owner_changes, self);
  g_signal_handlers_disconnect_by_data (self->signals, self);
  dbr_subscription_stop (self->owner_changes);
  dbr_subscription_stop (self->signals);
  dbr_client_close_async (self->client, NULL, closed_cb, NULL);
}

static void
dbr_notice_direct_finalize (GObject *object)
{
  DbrNoticeDirect *self = DBR_NOTICE_DIRECT (object);

  g_clear_object (&self->owner_changes);
  g_clear_object (&self->signals);
  g_clear_object (&self->client);
  g_clear_pointer (&self->owner, g_free);
  g_clear_pointer (&self->capabilities, g_strfreev);
  g_clear_pointer (&self->server_name, g_free);

  G_OBJECT_CLASS (dbr_notice_direct_parent_class)->finalize (object);
}

static void
dbr_notice_direct_backend_init (DbrNoticeBackendInterface *iface)
{
  iface->open = dbr_notice_direct_open;
  iface->start = dbr_notice_direct_start;
  iface->show = dbr_notice_direct_show;
  iface->close = dbr_notice_direct_close;
  iface->probe = dbr_notice_direct_probe;
  iface->shut = dbr_notice_direct_shut;
}

static void
dbr_notice_direct_class_init (DbrNoticeDirectClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_notice_direct_finalize;
}

static void
dbr_notice_direct_init (DbrNoticeDirect *self)
{
}

DbrNoticeBackend *
dbr_notice_direct_new (void)
{
  return g_object_new (DBR_TYPE_NOTICE_DIRECT, NULL);
}
