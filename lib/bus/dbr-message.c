/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-message-private.h"

#include "bus/dbr-transport-private.h"

DbrMessage *
dbr_message_ref (DbrMessage *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_message_unref (DbrMessage *self)
{
  if (g_atomic_ref_count_dec (&self->ref_count))
    self->funcs->free (self);
}

const char *
dbr_message_get_sender (DbrMessage *self)
{
  return self->funcs->get_sender (self);
}

const char *
dbr_message_get_arg0 (DbrMessage *self,
                      char       *kind)
{
  return self->funcs->get_arg0 (self, kind);
}

const char *
dbr_message_find_arg0 (GVariant *body,
                       char     *kind)
{
  const char *arg0;

  *kind = body != NULL ? g_variant_get_type_string (body)[1] : '\0';
  if (*kind != 's' && *kind != 'o')
    return NULL;

  g_variant_get_child (body, 0, *kind == 's' ? "&s" : "&o", &arg0);

  return arg0;
}

GVariant *
dbr_message_dup_body (DbrMessage *self)
{
  GVariant *body = self->funcs->dup_body (self);

  return body != NULL ? body : g_variant_ref_sink (g_variant_new_tuple (NULL, 0));
}

GUnixFDList *
dbr_message_get_fd_list (DbrMessage *self)
{
  return self->funcs->get_fd_list (self);
}

gsize
dbr_message_get_size (DbrMessage *self)
{
  return self->funcs->get_size (self);
}

/* By custom the first argument of an error is its text. */
GError *
dbr_message_dup_error (DbrMessage *self)
{
  g_autoptr(GVariant) body = dbr_message_dup_body (self);
  g_autoptr(GVariant) text = NULL;

  if (g_variant_n_children (body) > 0)
    text = g_variant_get_child_value (body, 0);
  if (text != NULL && !g_variant_is_of_type (text, G_VARIANT_TYPE_STRING))
    g_clear_pointer (&text, g_variant_unref);

  return g_dbus_error_new_for_dbus_error (self->error_name,
                                          text != NULL ? g_variant_get_string (text, NULL) : "");
}

/* The bus signs everything with its sender's name, so a service cannot pass for the bus. What has
 * no sender comes from a sandbox's proxy, which answers in the bus's place, or from a peer without
 * a bus. */
DbrOrigin
dbr_message_get_origin (DbrMessage *self,
                        gboolean    has_bus)
{
  const char *sender;

  if (!has_bus)
    return DBR_ORIGIN_SERVICE;

  sender = dbr_message_get_sender (self);
  if (sender == NULL || g_str_equal (sender, DBR_BUS_NAME))
    return DBR_ORIGIN_BUS;

  return DBR_ORIGIN_SERVICE;
}

gboolean
dbr_message_may_be_of_worker (DbrMessage *self)
{
  static const char *const names[] = {
    "org.freedesktop.DBus.Error.InvalidArgs",
    "org.freedesktop.DBus.Error.UnknownInterface",
    "org.freedesktop.DBus.Error.UnknownMethod",
    "org.freedesktop.DBus.Error.UnknownObject",
    "org.freedesktop.DBus.Error.UnknownProperty",
    NULL
  };

  return self->kind == DBR_MESSAGE_ERROR && g_strv_contains (names, self->error_name);
}
