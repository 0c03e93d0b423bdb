/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-peer-service.h"

/* A desktop that shows notifications to nobody, and remembers them. */

#define PATH "/org/freedesktop/Notifications"
#define INTERFACE "org.freedesktop.Notifications"
#define CLOSED_BY_CALL 3

void
dbr_peer_notify (DbrPeerCall *call,
                 GVariant    *body)
{
  DbrPeerService *service = call->service;
  guint id;

  g_variant_get_child (body, 1, "u", &id);
  if (!g_hash_table_contains (service->notices, GUINT_TO_POINTER (id)))
    id = ++service->last_notice_id;
  g_hash_table_add (service->notices, GUINT_TO_POINTER (id));
  g_clear_pointer (&service->last_notice, g_variant_unref);
  service->last_notice = g_variant_ref (body);
  dbr_peer_call_reply (call, g_variant_new ("(u)", id), NULL);
}

void
dbr_peer_close_notification (DbrPeerCall *call,
                             GVariant    *body)
{
  guint id;

  g_variant_get (body, "(u)", &id);
  if (!g_hash_table_remove (call->service->notices, GUINT_TO_POINTER (id)))
    {
      dbr_peer_call_error (call, INTERFACE ".InvalidId", "It is not shown");
      return;
    }
  dbr_peer_service_emit (call->service, NULL, PATH, INTERFACE, "NotificationClosed",
                         g_variant_new ("(uu)", id, CLOSED_BY_CALL));
  dbr_peer_call_reply (call, NULL, NULL);
}

void
dbr_peer_get_capabilities (DbrPeerCall *call,
                           GVariant    *body)
{
  static const char *const capabilities[] = { "actions", "body", "body-markup", NULL };

  dbr_peer_call_reply (call, g_variant_new ("(^as)", capabilities), NULL);
}

void
dbr_peer_get_server_information (DbrPeerCall *call,
                                 GVariant    *body)
{
  dbr_peer_call_reply (call, g_variant_new ("(ssss)", "dbr-peer", "libdbr", "1", "1.2"), NULL);
}

void
dbr_peer_last_notice (DbrPeerCall *call,
                      GVariant    *body)
{
  if (call->service->last_notice != NULL)
    dbr_peer_call_reply (call, g_variant_new ("(v)", call->service->last_notice), NULL);
  else
    dbr_peer_call_error (call, "org.freedesktop.DBus.Error.Failed", "There was none");
}

void
dbr_peer_count_notices (DbrPeerCall *call,
                        GVariant    *body)
{
  dbr_peer_call_reply (call, g_variant_new ("(u)", g_hash_table_size (call->service->notices)),
                       NULL);
}
