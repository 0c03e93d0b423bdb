/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-peer-check-private.h"

typedef struct
{
  DbrLink          *link;
  DbrPassage       *passage;
  DbrPeerCheckFunc  done;
  char             *unique_name;
  gboolean          was_started;
} Check;

/* Takes @error, and the check itself. */
static void
check_end (Check      *self,
           DbrMessage *reply,
           GError     *error)
{
  gboolean is_ok = reply == NULL && error == NULL;

  self->done (self->passage, is_ok ? g_steal_pointer (&self->unique_name) : NULL, reply, error);

  dbr_passage_unref (self->passage);
  g_object_unref (self->link);
  g_free (self->unique_name);
  g_free (self);
}

/* Takes @error, which is what became of a question. */
static void
check_fail (Check       *self,
            DbrExchange *question,
            GError      *error)
{
  if (question->reply == NULL || question->reply->kind != DBR_MESSAGE_ERROR)
    {
      check_end (self, NULL, error);
      return;
    }

  g_error_free (error);
  check_end (self, question->reply, NULL);
}

static void
check_ask (Check              *self,
           const char         *method_name,
           GVariant           *parameters,
           const GVariantType *reply_type,
           DbrExchangeFunc     done)
{
  gint64 left_usec = dbr_exchange_get_deadline (&self->passage->exchange)
                     - g_get_monotonic_time ();
  g_autoptr(DbrRequest) request = dbr_request_new (DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE,
                                                   method_name, parameters, reply_type);
  g_autoptr(DbrExchange) exchange =
    dbr_exchange_new (request, "default", (guint) (MAX (left_usec, 0) / 1000));
  /* The check may be over and gone before this has returned. */
  g_autoptr(DbrLink) link = g_object_ref (self->link);

  dbr_exchange_start_direct (exchange, done, self);
  dbr_link_submit (link, exchange);
}

static char *
dup_exe (guint32 pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/exe", pid);

  return g_file_read_link (path, NULL);
}

static void
credentials_cb (DbrExchange *exchange,
                gpointer     user_data)
{
  Check *self = user_data;
  DbrAccessCredentials credentials = { -1, NULL };
  GError *error = NULL;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, &error);
  g_autoptr(GVariant) fields = NULL;
  g_autofree char *exe = NULL;
  guint32 number;

  if (answer == NULL)
    {
      check_fail (self, exchange, error);
      return;
    }

  fields = g_variant_get_child_value (answer, 0);
  if (g_variant_lookup (fields, "UnixUserID", "u", &number))
    credentials.uid = number;
  if (g_variant_lookup (fields, "ProcessID", "u", &number))
    credentials.exe = exe = dup_exe (number);
  dbr_access_judge_check_peer (dbr_access_policy_get_judge (self->passage->access_policy),
                               self->passage->exchange.request->bus_name, &credentials, NULL,
                               &error);
  check_end (self, NULL, error);
}

static void
check_ask_credentials (Check *self)
{
  check_ask (self, "GetConnectionCredentials", g_variant_new ("(s)", self->unique_name),
             G_VARIANT_TYPE ("(a{sv})"), credentials_cb);
}

static void check_ask_owner (Check *self);

static void
started_cb (DbrExchange *exchange,
            gpointer     user_data)
{
  Check *self = user_data;
  GError *error = NULL;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, &error);

  if (answer == NULL)
    check_fail (self, exchange, error);
  else
    check_ask_owner (self);
}

static void
owner_cb (DbrExchange *exchange,
          gpointer     user_data)
{
  Check *self = user_data;
  const DbrRequest *request = self->passage->exchange.request;
  GError *error = NULL;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, &error);

  if (answer != NULL)
    {
      g_variant_get (answer, "(s)", &self->unique_name);
      check_ask_credentials (self);
    }
  else if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)
           && request->is_auto_start && !self->was_started)
    {
      /* It is to be started by the call, which is not sent before it is known to whom. */
      g_error_free (error);
      self->was_started = TRUE;
      check_ask (self, "StartServiceByName", g_variant_new ("(su)", request->bus_name, 0),
                 G_VARIANT_TYPE ("(u)"), started_cb);
    }
  else
    {
      check_fail (self, exchange, error);
    }
}

static void
check_ask_owner (Check *self)
{
  check_ask (self, "GetNameOwner",
             g_variant_new ("(s)", self->passage->exchange.request->bus_name),
             G_VARIANT_TYPE ("(s)"), owner_cb);
}

void
dbr_peer_check_start (DbrLink          *link,
                      DbrPassage       *passage,
                      DbrPeerCheckFunc  done)
{
  Check *self = g_new0 (Check, 1);
  const char *bus_name = passage->exchange.request->bus_name;

  self->link = g_object_ref (link);
  self->passage = dbr_passage_ref (passage);
  self->done = done;
  if (*bus_name != ':')
    {
      check_ask_owner (self);
      return;
    }

  self->unique_name = g_strdup (bus_name);
  check_ask_credentials (self);
}
