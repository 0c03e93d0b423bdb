/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-bus-report-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"
#include "dbrctl-terms-private.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define STATS_INTERFACE "org.freedesktop.DBus.Debug.Stats"
#define PEERS_KEY "org.bus1.DBus.Debug.Stats.PeerAccounting"
#define PEERS_TYPE "a(sa{sv}a{su})"

/* The bus knows itself at once, or it hangs. */
#define QUESTION_MS 2000

typedef enum
{
  KIND_UNKNOWN,
  KIND_DAEMON,
  KIND_BROKER,
} Kind;

struct _DbrctlBusReport
{
  DbrctlFrame *frame;
  GBusType     bus_type;
  /* NULL if nobody knows it */
  char        *address;
  DbrClient   *client;
  GError      *error;

  Kind         kind;
  char       **names;
  char       **activatable;
  /* what GetStats says; NULL if it is not allowed */
  GVariant    *stats;
  gint64       ping_usec;
};

static GVariant *
bus_report_ask (DbrctlBusReport *self,
                const char      *interface_name,
                const char      *method_name,
                GVariant        *parameters)
{
  guint timeout_ms = dbrctl_frame_get_timeout_ms (self->frame);

  return dbr_client_call_sync (self->client, BUS_NAME, BUS_PATH, interface_name, method_name,
                               parameters, NULL, timeout_ms > 0 ? timeout_ms : QUESTION_MS,
                               dbrctl_frame_get_cancellable (self->frame), NULL);
}

static GVariant *
bus_report_ask_dict (DbrctlBusReport *self,
                     const char      *method_name,
                     GVariant        *parameters)
{
  g_autoptr(GVariant) answer = bus_report_ask (self, STATS_INTERFACE, method_name, parameters);

  if (answer == NULL || !g_variant_is_of_type (answer, G_VARIANT_TYPE ("(a{sv})")))
    return NULL;

  return g_variant_get_child_value (answer, 0);
}

/* Where the figures are not for everybody, the name of the process tells. */
static Kind
bus_report_find_kind (DbrctlBusReport *self)
{
  g_autoptr(GVariant) answer = NULL;
  g_autofree char *path = NULL;
  g_autofree char *program = NULL;
  guint pid;

  if (self->stats != NULL)
    {
      g_autoptr(GVariant) peers = g_variant_lookup_value (self->stats, PEERS_KEY, NULL);

      return peers != NULL ? KIND_BROKER : KIND_DAEMON;
    }

  answer = bus_report_ask (self, BUS_NAME, "GetConnectionUnixProcessID",
                           g_variant_new ("(s)", BUS_NAME));
  if (answer == NULL || !g_variant_is_of_type (answer, G_VARIANT_TYPE ("(u)")))
    return KIND_UNKNOWN;

  g_variant_get (answer, "(u)", &pid);
  path = g_strdup_printf ("/proc/%u/comm", pid);
  if (!g_file_get_contents (path, &program, NULL, NULL))
    return KIND_UNKNOWN;
  if (g_str_has_prefix (program, "dbus-broker"))
    return KIND_BROKER;

  return g_str_has_prefix (program, "dbus-daemon") ? KIND_DAEMON : KIND_UNKNOWN;
}

DbrctlBusReport *
dbrctl_bus_report_new (DbrctlFrame *frame,
                       GBusType     bus_type)
{
  DbrctlBusReport *self = g_new0 (DbrctlBusReport, 1);
  GCancellable *cancellable = dbrctl_frame_get_cancellable (frame);

  self->frame = frame;
  self->bus_type = dbrctl_frame_get_bus_type (frame, bus_type);
  self->ping_usec = -1;
  self->address = self->bus_type == G_BUS_TYPE_NONE
                  ? g_strdup (dbrctl_frame_get_address (frame))
                  : g_dbus_address_get_for_bus_sync (self->bus_type, cancellable, NULL);
  self->client = dbrctl_frame_open_client (frame, bus_type, &self->error);
  if (self->client == NULL)
    return self;

  self->ping_usec = dbr_client_ping_sync (self->client, BUS_NAME, cancellable, NULL);
  self->names = dbr_client_list_names_sync (self->client, FALSE, cancellable, NULL);
  self->activatable = dbr_client_list_names_sync (self->client, TRUE, cancellable, NULL);
  self->stats = bus_report_ask_dict (self, "GetStats", NULL);
  self->kind = bus_report_find_kind (self);

  return self;
}

void
dbrctl_bus_report_free (DbrctlBusReport *self)
{
  g_clear_object (&self->client);
  g_free (self->address);
  g_clear_error (&self->error);
  g_strfreev (self->names);
  g_strfreev (self->activatable);
  g_clear_pointer (&self->stats, g_variant_unref);
  g_free (self);
}

DbrClient *
dbrctl_bus_report_get_client (DbrctlBusReport *self)
{
  return self->client;
}

const GError *
dbrctl_bus_report_get_error (DbrctlBusReport *self)
{
  return self->error;
}

GBusType
dbrctl_bus_report_get_bus_type (DbrctlBusReport *self)
{
  return self->bus_type;
}

/* As dbus-daemon is shipped; it does not say how it was configured. */
guint
dbrctl_bus_report_get_max_rules (DbrctlBusReport *self)
{
  return self->kind == KIND_DAEMON && self->bus_type == G_BUS_TYPE_SYSTEM ? 512 : 0;
}

gboolean
dbrctl_bus_report_is_activatable (DbrctlBusReport *self,
                                  const char      *name)
{
  return self->activatable != NULL
         && g_strv_contains ((const char *const *) self->activatable, name);
}

static gint64
look_up (GVariant   *dict,
         const char *key)
{
  guint32 value;

  return g_variant_lookup (dict, key, "u", &value) ? (gint64) value : -1;
}

static void
read_peer (GVariant    *peers,
           const char  *owner,
           DbrctlQueue *queue)
{
  GVariantIter iter;
  const char *name;
  GVariant *figures;

  g_variant_iter_init (&iter, peers);
  while (g_variant_iter_loop (&iter, "(&s@a{sv}@a{su})", &name, NULL, &figures))
    {
      if (!g_str_equal (name, owner))
        continue;

      queue->bytes = look_up (figures, "OutgoingBytes");
      queue->rules = look_up (figures, "Matches");
      queue->replies = look_up (figures, "ReplyObjects");
    }
}

void
dbrctl_bus_report_read_queue (DbrctlBusReport *self,
                              const char      *owner,
                              DbrctlQueue     *queue)
{
  g_autoptr(GVariant) stats = NULL;

  *queue = (DbrctlQueue) { -1, -1, -1, -1 };
  if (self->client == NULL || self->stats == NULL)
    return;

  if (self->kind == KIND_BROKER)
    {
      g_autoptr(GVariant) peers = NULL;

      stats = bus_report_ask_dict (self, "GetStats", NULL);
      peers = stats != NULL
              ? g_variant_lookup_value (stats, PEERS_KEY, G_VARIANT_TYPE (PEERS_TYPE)) : NULL;
      if (peers != NULL)
        read_peer (peers, owner, queue);
      return;
    }

  stats = bus_report_ask_dict (self, "GetConnectionStats", g_variant_new ("(s)", owner));
  if (stats == NULL)
    return;

  queue->messages = look_up (stats, "OutgoingMessages");
  queue->bytes = look_up (stats, "OutgoingBytes");
  queue->rules = look_up (stats, "MatchRules");
}

void
dbrctl_bus_report_judge (DbrctlBusReport *self,
                         DbrctlFindings  *findings,
                         DbrSeverity      if_missing)
{
  const char *nick = dbrctl_terms_bus_nick (self->bus_type);

  if (self->client == NULL)
    {
      dbrctl_findings_take (findings, if_missing, "no-bus", nick,
                            g_strdup_printf (_("%s cannot be reached: %s"),
                                             dbrctl_terms_bus (self->bus_type),
                                             self->error->message),
                            dbr_error_explain (self->error));
      return;
    }
  if (self->ping_usec < 0)
    dbrctl_findings_take (findings, DBR_SEVERITY_CRITICAL, "bus-silent", nick,
                          g_strdup_printf (_("%s does not answer itself"),
                                           dbrctl_terms_bus (self->bus_type)),
                          g_strdup (_("Every call through it hangs now. See whether its process is "
                                      "stopped or the machine is out of memory.")));
}

static const char *
bus_report_get_kind (DbrctlBusReport *self)
{
  switch (self->kind)
    {
    case KIND_DAEMON: return "dbus-daemon";
    case KIND_BROKER: return "dbus-broker";

    case KIND_UNKNOWN:
    default:
      return NULL;
    }
}

static void
bus_report_print_limits (DbrctlBusReport *self,
                         DbrctlOutput    *output)
{
  if (self->kind == KIND_BROKER)
    dbrctl_output_field (output, _("Limits"), DBRCTL_PLAIN, "%s",
                         _("counted for each user, in bytes, objects and match rules"));
  else if (self->kind == KIND_DAEMON && self->bus_type == G_BUS_TYPE_SYSTEM)
    dbrctl_output_field (output, _("Limits"), DBRCTL_PLAIN, "%s",
                         _("128 answers and 512 match rules a connection, 256 connections a "
                           "user, as it is shipped"));
  else if (self->kind == KIND_DAEMON && self->bus_type == G_BUS_TYPE_SESSION)
    dbrctl_output_field (output, _("Limits"), DBRCTL_PLAIN, "%s",
                         _("50000 answers and match rules a connection, as it is shipped"));
}

void
dbrctl_bus_report_print (DbrctlBusReport *self,
                         DbrctlOutput    *output)
{
  const char *kind = bus_report_get_kind (self);
  g_autofree char *ping = dbrctl_text_duration (self->ping_usec);

  dbrctl_output_line (output, DBRCTL_TITLE, "%s", dbrctl_terms_bus (self->bus_type));
  if (self->client == NULL)
    {
      dbrctl_output_field (output, _("State"), DBRCTL_BAD, "%s", self->error->message);
      return;
    }

  dbrctl_output_field (output, _("Address"), DBRCTL_PLAIN, "%s", self->address);
  dbrctl_output_field (output, _("Program"), DBRCTL_PLAIN, "%s",
                       kind != NULL ? kind : _("unknown"));
  bus_report_print_limits (self, output);
  dbrctl_output_field (output, _("Answers in"), self->ping_usec < 0 ? DBRCTL_BAD : DBRCTL_PLAIN,
                       "%s", ping);
  if (self->names != NULL)
    dbrctl_output_field (output, _("Names"), DBRCTL_PLAIN, "%u", g_strv_length (self->names));
  if (self->stats != NULL && self->kind == KIND_DAEMON)
    dbrctl_output_field (output, _("Load"), DBRCTL_PLAIN, _("%d connections, %d match rules"),
                         (int) look_up (self->stats, "ActiveConnections"),
                         (int) look_up (self->stats, "MatchRules"));
  else if (self->stats == NULL)
    dbrctl_output_field (output, _("Load"), DBRCTL_FAINT, "%s",
                         _("the bus does not tell it to this user"));
}

void
dbrctl_bus_report_add_json (DbrctlBusReport *self,
                            JsonBuilder     *builder)
{
  gboolean is_system_daemon = self->kind == KIND_DAEMON && self->bus_type == G_BUS_TYPE_SYSTEM;
  gboolean is_session_daemon = self->kind == KIND_DAEMON && self->bus_type == G_BUS_TYPE_SESSION;
  gint64 max_replies = is_system_daemon ? 128 : is_session_daemon ? 50000 : -1;
  gint64 max_rules = is_system_daemon ? 512 : is_session_daemon ? 50000 : -1;

  json_builder_begin_object (builder);
  dbrctl_json_string (builder, "bus", dbrctl_terms_bus_nick (self->bus_type));
  dbrctl_json_string (builder, "address", self->address);
  dbrctl_json_boolean (builder, "reached", self->client != NULL);
  dbrctl_json_string (builder, "error", self->error != NULL ? self->error->message : NULL);
  dbrctl_json_string (builder, "program", bus_report_get_kind (self));
  dbrctl_json_int (builder, "shipped-max-replies", max_replies);
  dbrctl_json_int (builder, "shipped-max-match-rules", max_rules);
  dbrctl_json_int (builder, "ping-usec", self->ping_usec);
  dbrctl_json_int (builder, "names",
                   self->names != NULL ? (gint64) g_strv_length (self->names) : -1);
  dbrctl_json_int (builder, "connections",
                   self->stats != NULL ? look_up (self->stats, "ActiveConnections") : -1);
  dbrctl_json_int (builder, "match-rules",
                   self->stats != NULL ? look_up (self->stats, "MatchRules") : -1);
  json_builder_end_object (builder);
}
