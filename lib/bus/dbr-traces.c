/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-traces-private.h"

#include <string.h>

#include "bus/dbr-transport-private.h"
#include "policy/dbr-services-private.h"

#define MONITORING_INTERFACE "org.freedesktop.DBus.Monitoring"

struct _DbrTraces
{
  /* names that were asked for, and how often each match rule was added */
  GHashTable *names;
  GHashTable *rules;
  /* the serials of calls that were not answered, with the number of the lease they were made in */
  GHashTable *unanswered;
  guint       n_leases;
  guint       n_orphans;
  /* something that nothing takes back but the end of the connection */
  gboolean    is_bound;
};

DbrTraces *
dbr_traces_new (void)
{
  DbrTraces *self = g_new0 (DbrTraces, 1);

  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->rules = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->unanswered = g_hash_table_new (NULL, NULL);

  return self;
}

void
dbr_traces_free (DbrTraces *self)
{
  g_hash_table_unref (self->names);
  g_hash_table_unref (self->rules);
  g_hash_table_unref (self->unanswered);
  g_free (self);
}

/* The first argument of @call if it is a string, or NULL; valid as long as @call. */
static const char *
call_get_text (GDBusMessage *call)
{
  GVariant *body = g_dbus_message_get_body (call);
  const char *text = NULL;

  if (body != NULL && g_str_has_prefix (g_variant_get_type_string (body), "(s"))
    g_variant_get_child (body, 0, "&s", &text);

  return text;
}

static void
dbr_traces_count_rule (DbrTraces  *self,
                       const char *rule,
                       int         by)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->rules, rule));

  if (by < 0 && n <= 1)
    g_hash_table_remove (self->rules, rule);
  else
    g_hash_table_insert (self->rules, g_strdup (rule), GUINT_TO_POINTER (n + (guint) by));
}

/* What the bus refuses counts as done: a connection too many is closed rather than one too few. */
static void
dbr_traces_hear_bus_call (DbrTraces    *self,
                          GDBusMessage *call)
{
  const char *member = g_dbus_message_get_member (call);
  const char *text = call_get_text (call);

  if (g_strcmp0 (g_dbus_message_get_interface (call), MONITORING_INTERFACE) == 0
      || g_strcmp0 (member, "BecomeMonitor") == 0)
    self->is_bound = TRUE;

  if (member == NULL || text == NULL)
    return;

  if (g_str_equal (member, "RequestName"))
    g_hash_table_add (self->names, g_strdup (text));
  else if (g_str_equal (member, "ReleaseName"))
    g_hash_table_remove (self->names, text);
  else if (g_str_equal (member, "AddMatch"))
    dbr_traces_count_rule (self, text, 1);
  else if (g_str_equal (member, "RemoveMatch"))
    dbr_traces_count_rule (self, text, -1);
}

void
dbr_traces_hear_call (DbrTraces    *self,
                      GDBusMessage *call)
{
  const char *destination = g_dbus_message_get_destination (call);

  /* The bus answers always. */
  if (destination == NULL || g_str_equal (destination, DBR_BUS_NAME))
    {
      dbr_traces_hear_bus_call (self, call);
      return;
    }

  if (dbr_services_bind_caller (g_dbus_message_get_interface (call),
                                g_dbus_message_get_member (call)))
    self->is_bound = TRUE;

  if ((g_dbus_message_get_flags (call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) == 0)
    g_hash_table_insert (self->unanswered, GUINT_TO_POINTER (g_dbus_message_get_serial (call)),
                         GUINT_TO_POINTER (self->n_leases));
}

void
dbr_traces_hear_reply (DbrTraces *self,
                       guint32    serial)
{
  gpointer lease;

  if (g_hash_table_steal_extended (self->unanswered, GUINT_TO_POINTER (serial), NULL, &lease)
      && GPOINTER_TO_UINT (lease) < self->n_leases)
    self->n_orphans--;
}

void
dbr_traces_end_lease (DbrTraces *self)
{
  self->n_leases++;
  self->n_orphans = g_hash_table_size (self->unanswered);
}

guint
dbr_traces_get_orphans (DbrTraces *self)
{
  return self->n_orphans;
}

gboolean
dbr_traces_are_clean (DbrTraces *self)
{
  return !self->is_bound
         && g_hash_table_size (self->names) == 0
         && g_hash_table_size (self->rules) == 0;
}
