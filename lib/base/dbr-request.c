/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-request-private.h"

#include <string.h>

#include <gio/gunixfdlist.h>

#include "base/dbr-check-private.h"

#define DBUS "org.freedesktop.DBus"

static gsize
text_size (const char *text)
{
  return text != NULL ? strlen (text) + 1 : 0;
}

/* Copies @text to where @end points, and moves that behind it. */
static const char *
text_put (char       **end,
          const char  *text)
{
  char *copy = *end;
  gsize size = text_size (text);

  if (size == 0)
    return NULL;

  memcpy (copy, text, size);
  *end += size;

  return copy;
}

/* The names lie behind the struct: one allocation instead of five on the way of each call. */
DbrRequest *
dbr_request_new (const char         *bus_name,
                 const char         *object_path,
                 const char         *interface_name,
                 const char         *method_name,
                 GVariant           *parameters,
                 const GVariantType *reply_type)
{
  DbrRequest *self = g_malloc (sizeof (DbrRequest)
                               + text_size (bus_name) + text_size (object_path)
                               + text_size (interface_name) + text_size (method_name));
  char *end = (char *) (self + 1);

  memset (self, 0, sizeof (DbrRequest));
  g_atomic_ref_count_init (&self->ref_count);
  self->bus_name = text_put (&end, bus_name);
  self->object_path = text_put (&end, object_path);
  self->interface_name = text_put (&end, interface_name);
  self->method_name = text_put (&end, method_name);
  self->parameters = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;
  self->reply_type = reply_type != NULL ? g_variant_type_copy (reply_type) : NULL;
  self->is_auto_start = TRUE;

  return self;
}

DbrRequest *
dbr_request_ref (DbrRequest *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_request_unref (DbrRequest *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_pointer (&self->parameters, g_variant_unref);
  g_clear_pointer (&self->reply_type, g_variant_type_free);
  g_clear_object (&self->fd_list);
  g_clear_pointer (&self->success_errors, g_strfreev);
  g_free (self);
}

static gboolean
dbr_request_check_success_errors (const DbrRequest  *self,
                                  GError           **error)
{
  for (char **name = self->success_errors; name != NULL && *name != NULL; name++)
    {
      if (!dbr_check_error_name (*name, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
dbr_request_check (const DbrRequest  *self,
                   gboolean           has_bus,
                   GError           **error)
{
  return ((!has_bus && self->bus_name == NULL) || dbr_check_bus_name (self->bus_name, error))
         && dbr_check_object_path (self->object_path, error)
         && dbr_check_interface_name (self->interface_name, error)
         && dbr_check_member_name (self->method_name, error)
         && dbr_check_parameters (self->parameters, self->fd_list, error)
         && dbr_check_reply_type (self->reply_type, error)
         && (!self->is_named || dbr_check_operation (self->operation, error))
         && dbr_request_check_success_errors (self, error)
         && dbr_check_timeout ("timeout-ms", self->timeout_ms, error)
         && dbr_check_timeout ("attempt-timeout-ms", self->attempt_timeout_ms, error);
}

typedef struct
{
  const char *interface_name;
  const char *method_name;
  gboolean    is_shareable;
  gboolean    is_ping;
} Read;

static const Read *
dbr_request_lookup_read (const DbrRequest *self)
{
  static const Read reads[] = {
    { ".Properties", "Get", TRUE, FALSE },
    { ".Properties", "GetAll", TRUE, FALSE },
    { ".ObjectManager", "GetManagedObjects", TRUE, FALSE },
    { ".Introspectable", "Introspect", TRUE, TRUE },
    { ".Peer", "GetMachineId", TRUE, TRUE },
    { ".Peer", "Ping", FALSE, TRUE },
  };
  const char *rest;

  if (strncmp (self->interface_name, DBUS, strlen (DBUS)) != 0)
    return NULL;

  rest = self->interface_name + strlen (DBUS);
  for (gsize i = 0; i < G_N_ELEMENTS (reads); i++)
    {
      if (strcmp (rest, reads[i].interface_name) == 0
          && strcmp (self->method_name, reads[i].method_name) == 0)
        return &reads[i];
    }

  return NULL;
}

gboolean
dbr_request_is_read (const DbrRequest *self)
{
  if (dbr_request_lookup_read (self) != NULL)
    return TRUE;

  /* What the bus is asked about names and connections. */
  return g_strcmp0 (self->bus_name, DBUS) == 0
         && strcmp (self->interface_name, DBUS) == 0
         && (g_str_has_prefix (self->method_name, "Get")
             || g_str_has_prefix (self->method_name, "List")
             || strcmp (self->method_name, "NameHasOwner") == 0);
}

gboolean
dbr_request_is_shareable (const DbrRequest *self)
{
  const Read *read = dbr_request_lookup_read (self);

  return read != NULL && read->is_shareable && g_strcmp0 (self->bus_name, DBUS) != 0;
}

gboolean
dbr_request_is_ping (const DbrRequest *self)
{
  const Read *read = dbr_request_lookup_read (self);

  return read != NULL && read->is_ping;
}

char *
dbr_request_dup_title (const DbrRequest *self)
{
  return g_strconcat (self->interface_name, ".", self->method_name, NULL);
}
