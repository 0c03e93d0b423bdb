/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-access-guard-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-transport-private.h"

#define ACCESS_DENIED "org.freedesktop.DBus.Error.AccessDenied"

struct _DbrAccessGuard
{
  DbrAccessPolicy *policy;
  DbrAccessBus     bus;

  /* the texts of refusals, by the serials of calls that were denied and wait for them */
  GHashTable      *refusals;
  /* names that the bus was asked about and has not told the owners of, by serial */
  GHashTable      *asked_names;
  /* the owner of each name that the bus told of */
  GHashTable      *owners;
};

static gpointer
serial_key (guint32 serial)
{
  return GUINT_TO_POINTER (serial);
}

DbrAccessGuard *
dbr_access_guard_new (DbrAccessPolicy *policy,
                      DbrAccessBus     bus)
{
  DbrAccessGuard *self = g_new0 (DbrAccessGuard, 1);

  self->policy = g_object_ref (policy);
  self->bus = bus;
  self->refusals = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->asked_names = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->owners = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return self;
}

void
dbr_access_guard_free (DbrAccessGuard *self)
{
  g_hash_table_unref (self->refusals);
  g_hash_table_unref (self->asked_names);
  g_hash_table_unref (self->owners);
  g_object_unref (self->policy);
  g_free (self);
}

/* Who is behind a unique name */

static gboolean
is_from_bus (GDBusMessage *message)
{
  return g_strcmp0 (g_dbus_message_get_sender (message), DBR_BUS_NAME) == 0;
}

static void
dbr_access_guard_learn (DbrAccessGuard *self,
                        const char     *bus_name,
                        const char     *owner)
{
  if (*owner != '\0')
    g_hash_table_insert (self->owners, g_strdup (bus_name), g_strdup (owner));
  else
    g_hash_table_remove (self->owners, bus_name);
}

/* A proxy of GDBus asks the bus for the owner of a name, and then calls that. */
static void
dbr_access_guard_note_question (DbrAccessGuard *self,
                                GDBusMessage   *call)
{
  GVariant *body = g_dbus_message_get_body (call);
  const char *bus_name;

  if (g_strcmp0 (g_dbus_message_get_destination (call), DBR_BUS_NAME) != 0
      || g_strcmp0 (g_dbus_message_get_member (call), "GetNameOwner") != 0
      || body == NULL || !g_variant_is_of_type (body, G_VARIANT_TYPE ("(s)")))
    return;

  g_variant_get (body, "(&s)", &bus_name);
  g_hash_table_insert (self->asked_names, serial_key (g_dbus_message_get_serial (call)),
                       g_strdup (bus_name));
}

static void
dbr_access_guard_note_answer (DbrAccessGuard *self,
                              GDBusMessage   *reply)
{
  gpointer key = serial_key (g_dbus_message_get_reply_serial (reply));
  GVariant *body = g_dbus_message_get_body (reply);
  g_autofree char *bus_name = NULL;
  const char *owner = "";
  gpointer value;

  if (!is_from_bus (reply) || !g_hash_table_steal_extended (self->asked_names, key, NULL, &value))
    return;

  bus_name = value;
  if (g_dbus_message_get_message_type (reply) == G_DBUS_MESSAGE_TYPE_METHOD_RETURN
      && body != NULL && g_variant_is_of_type (body, G_VARIANT_TYPE ("(s)")))
    g_variant_get (body, "(&s)", &owner);
  dbr_access_guard_learn (self, bus_name, owner);
}

static void
dbr_access_guard_note_signal (DbrAccessGuard *self,
                              GDBusMessage   *message)
{
  GVariant *body = g_dbus_message_get_body (message);
  const char *bus_name;
  const char *owner;

  if (!is_from_bus (message)
      || g_strcmp0 (g_dbus_message_get_member (message), "NameOwnerChanged") != 0
      || body == NULL || !g_variant_is_of_type (body, G_VARIANT_TYPE ("(sss)")))
    return;

  g_variant_get (body, "(&s&s&s)", &bus_name, NULL, &owner);
  if (!g_dbus_is_unique_name (bus_name))
    dbr_access_guard_learn (self, bus_name, owner);
}

static char **
names_cb (const char *unique_name,
          gpointer    user_data)
{
  DbrAccessGuard *self = user_data;
  g_autoptr(GStrvBuilder) names = g_strv_builder_new ();
  GHashTableIter iter;
  gpointer name;
  gpointer owner;

  g_hash_table_iter_init (&iter, self->owners);
  while (g_hash_table_iter_next (&iter, &name, &owner))
    {
      if (g_str_equal (owner, unique_name))
        g_strv_builder_add (names, name);
    }

  return g_strv_builder_end (names);
}

/* Judgement */

/* Whom the bus means by a name cannot be asked in the middle of sending, so where it matters the
 * answer is no. */
static gboolean
dbr_access_guard_check_peer (DbrAccessGuard  *self,
                             const char      *destination,
                             GError         **error)
{
  DbrAccessJudge *judge = dbr_access_policy_get_judge (self->policy);
  g_auto(GStrv) names = NULL;
  gboolean is_needed = dbr_access_judge_needs_peer (judge, destination);

  if (g_dbus_is_unique_name (destination))
    names = names_cb (destination, self);
  for (guint i = 0; names != NULL && names[i] != NULL && !is_needed; i++)
    is_needed = dbr_access_judge_needs_peer (judge, names[i]);

  if (!is_needed)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_DENIED,
               _("The access policy requires to know who is behind %s, which cannot be found out "
                 "for a call of GDBus on a leased connection"),
               destination);

  return FALSE;
}

static gboolean
dbr_access_guard_check (DbrAccessGuard  *self,
                        GDBusMessage    *call,
                        GError         **error)
{
  const char *destination = g_dbus_message_get_destination (call);
  g_autoptr(DbrRequest) request = NULL;

  if (destination != NULL && !dbr_access_guard_check_peer (self, destination, error))
    return FALSE;

  request = dbr_request_new (destination,
                             g_dbus_message_get_path (call),
                             g_dbus_message_get_interface (call),
                             g_dbus_message_get_member (call),
                             g_dbus_message_get_body (call),
                             NULL);

  return dbr_access_policy_check_request (self->policy, request, self->bus, names_cb, self, NULL,
                                          error);
}

GDBusMessage *
dbr_access_guard_new_question (guint32 serial)
{
  GDBusMessage *question = g_dbus_message_new_method_call (DBR_BUS_NAME, DBR_BUS_PATH,
                                                           DBR_BUS_INTERFACE, "GetId");

  g_dbus_message_set_serial (question, serial);

  return question;
}

GDBusMessage *
dbr_access_guard_pass_outgoing (DbrAccessGuard *self,
                                GDBusMessage   *message)
{
  g_autoptr(GDBusMessage) call = message;
  g_autoptr(GError) error = NULL;
  guint32 serial = g_dbus_message_get_serial (call);

  if (g_dbus_message_get_message_type (call) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return g_steal_pointer (&call);

  if (dbr_access_guard_check (self, call, &error))
    {
      dbr_access_guard_note_question (self, call);
      return g_steal_pointer (&call);
    }

  if ((g_dbus_message_get_flags (call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) != 0)
    return NULL;

  g_hash_table_insert (self->refusals, serial_key (serial), g_strdup (error->message));

  return dbr_access_guard_new_question (serial);
}

static GDBusMessage *
refusal_new (GDBusMessage *answer,
             const char   *text)
{
  GDBusMessage *refusal = g_dbus_message_new ();

  g_dbus_message_set_message_type (refusal, G_DBUS_MESSAGE_TYPE_ERROR);
  g_dbus_message_set_serial (refusal, g_dbus_message_get_serial (answer));
  g_dbus_message_set_reply_serial (refusal, g_dbus_message_get_reply_serial (answer));
  g_dbus_message_set_sender (refusal, DBR_BUS_NAME);
  g_dbus_message_set_destination (refusal, g_dbus_message_get_destination (answer));
  g_dbus_message_set_error_name (refusal, ACCESS_DENIED);
  g_dbus_message_set_body (refusal, g_variant_new ("(s)", text));

  return refusal;
}

static GDBusMessage *
dbr_access_guard_pass_reply (DbrAccessGuard *self,
                             GDBusMessage   *message)
{
  g_autoptr(GDBusMessage) reply = message;
  gpointer key = serial_key (g_dbus_message_get_reply_serial (reply));
  g_autofree char *text = NULL;
  gpointer value;

  dbr_access_guard_note_answer (self, reply);
  if (!is_from_bus (reply) || !g_hash_table_steal_extended (self->refusals, key, NULL, &value))
    return g_steal_pointer (&reply);

  text = value;

  return refusal_new (reply, text);
}

GDBusMessage *
dbr_access_guard_pass_incoming (DbrAccessGuard *self,
                                GDBusMessage   *message)
{
  switch (g_dbus_message_get_message_type (message))
    {
    case G_DBUS_MESSAGE_TYPE_METHOD_RETURN:
    case G_DBUS_MESSAGE_TYPE_ERROR:
      return dbr_access_guard_pass_reply (self, message);

    case G_DBUS_MESSAGE_TYPE_SIGNAL:
      dbr_access_guard_note_signal (self, message);
      return message;

    case G_DBUS_MESSAGE_TYPE_METHOD_CALL:
    case G_DBUS_MESSAGE_TYPE_INVALID:
    default:
      return message;
    }
}
