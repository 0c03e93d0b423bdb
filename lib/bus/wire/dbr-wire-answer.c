/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/wire/dbr-wire-answer-private.h"

#define PEER_INTERFACE "org.freedesktop.DBus.Peer"
#define UNKNOWN_METHOD "org.freedesktop.DBus.Error.UnknownMethod"

static char *
dup_machine_id (void)
{
  static const char *const files[] = { "/var/lib/dbus/machine-id", "/etc/machine-id" };
  char *text = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      if (g_file_get_contents (files[i], &text, NULL, NULL))
        return g_strchomp (text);
    }

  return NULL;
}

/* What every program on a bus is asked: whether it is there, and on which machine. The texts are
 * for whoever called, in the language of the bus. */
static GVariant *
answer_choose (DbrWireHeader        *answer,
               const DbrWireMessage *call)
{
  const char *interface_name = call->message.interface_name;
  const char *member = call->message.member;
  g_autofree char *text = NULL;

  if (g_strcmp0 (interface_name, PEER_INTERFACE) == 0 && g_str_equal (member, "Ping"))
    return NULL;
  if (g_strcmp0 (interface_name, PEER_INTERFACE) == 0 && g_str_equal (member, "GetMachineId"))
    {
      text = dup_machine_id ();
      if (text != NULL)
        return g_variant_new ("(s)", text);
    }

  answer->kind = DBR_WIRE_ERROR;
  answer->texts[DBR_WIRE_FIELD_ERROR_NAME] = UNKNOWN_METHOD;
  text = g_strdup_printf ("There is no method “%s” at “%s”", member, call->message.object_path);

  return g_variant_new ("(s)", text);
}

gboolean
dbr_wire_answer_write (DbrWireWriter        *writer,
                       const DbrWireMessage *call,
                       guint32               serial)
{
  DbrWireHeader answer = {
    .kind = DBR_WIRE_RETURN,
    .flags = DBR_WIRE_NO_REPLY,
    .serial = serial,
    .reply_serial = call->header.serial,
  };
  g_autoptr(GVariant) body = NULL;

  if ((call->header.flags & DBR_WIRE_NO_REPLY) != 0)
    return FALSE;

  answer.texts[DBR_WIRE_FIELD_DESTINATION] = call->header.texts[DBR_WIRE_FIELD_SENDER];
  body = answer_choose (&answer, call);
  if (body != NULL)
    g_variant_ref_sink (body);

  return dbr_wire_writer_write (writer, &answer, body) == NULL;
}
