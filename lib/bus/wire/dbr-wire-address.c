/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/wire/dbr-wire-address-private.h"

#include <netdb.h>
#include <string.h>
#include <sys/un.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

void
dbr_wire_address_free (DbrWireAddress *self)
{
  g_free (self->host);
  g_free (self->port);
  g_free (self->nonce_file);
  g_free (self);
}

static GHashTable *
parse_keys (const char *text)
{
  g_auto(GStrv) pairs = g_strsplit (text, ",", -1);
  GHashTable *keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; pairs[i] != NULL; i++)
    {
      char *equals = strchr (pairs[i], '=');
      char *value = equals != NULL ? g_uri_unescape_string (equals + 1, NULL) : NULL;

      if (value != NULL)
        g_hash_table_insert (keys, g_strndup (pairs[i], (gsize) (equals - pairs[i])), value);
    }

  return keys;
}

static gboolean
refuse (GError     **error,
        const char  *reason)
{
  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_NO_BUS, reason);

  return FALSE;
}

/* An abstract name begins with a zero byte and ends without one. */
static gboolean
set_unix (DbrWireAddress  *self,
          GHashTable      *keys,
          GError         **error)
{
  struct sockaddr_un *address = (struct sockaddr_un *) &self->address;
  const char *path = g_hash_table_lookup (keys, "path");
  const char *abstract = g_hash_table_lookup (keys, "abstract");
  const char *name = path != NULL ? path : abstract;
  gsize length;

  if (name == NULL)
    return refuse (error, _("it names no socket"));

  length = strlen (name);
  if (length == 0 || length >= sizeof address->sun_path)
    return refuse (error, _("the name of its socket is too short or too long"));

  address->sun_family = AF_UNIX;
  memcpy (address->sun_path + (path == NULL), name, length);
  self->length = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + length + 1);

  return TRUE;
}

static gboolean
set_tcp (DbrWireAddress  *self,
         GHashTable      *keys,
         gboolean         has_nonce,
         GError         **error)
{
  const char *family = g_hash_table_lookup (keys, "family");
  const char *host = g_hash_table_lookup (keys, "host");

  self->family = g_strcmp0 (family, "ipv4") == 0   ? AF_INET
                 : g_strcmp0 (family, "ipv6") == 0 ? AF_INET6
                                                   : AF_UNSPEC;
  self->host = g_strdup (host != NULL ? host : "localhost");
  self->port = g_strdup (g_hash_table_lookup (keys, "port"));
  self->nonce_file = g_strdup (g_hash_table_lookup (keys, "noncefile"));

  if (self->port == NULL)
    return refuse (error, _("it names no port"));

  return !has_nonce || self->nonce_file != NULL || refuse (error, _("it names no nonce file"));
}

static DbrWireAddress *
address_parse (const char  *text,
               GError     **error)
{
  DbrWireAddress *self = g_new0 (DbrWireAddress, 1);
  g_autoptr(GHashTable) keys = NULL;
  const char *colon = strchr (text, ':');
  gboolean is_good = FALSE;

  keys = parse_keys (colon != NULL ? colon + 1 : "");
  if (g_str_has_prefix (text, "unix:"))
    is_good = set_unix (self, keys, error);
  else if (g_str_has_prefix (text, "tcp:") || g_str_has_prefix (text, "nonce-tcp:"))
    is_good = set_tcp (self, keys, *text == 'n', error);
  else
    refuse (error, _("it does not lead to a socket"));

  if (is_good)
    return self;

  dbr_wire_address_free (self);

  return NULL;
}

/* What cannot be used is left out, if there is something else to try. */
GPtrArray *
dbr_wire_address_parse (const char  *text,
                        GError     **error)
{
  g_auto(GStrv) parts = g_strsplit (text, ";", -1);
  g_autoptr(GPtrArray) all = NULL;
  g_autoptr(GError) first_error = NULL;

  all = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_wire_address_free);
  for (guint i = 0; parts[i] != NULL; i++)
    {
      g_autoptr(GError) fault = NULL;
      DbrWireAddress *address = address_parse (parts[i], &fault);

      if (address != NULL)
        g_ptr_array_add (all, address);
      else if (first_error == NULL)
        first_error = g_steal_pointer (&fault);
    }
  if (all->len > 0)
    return g_steal_pointer (&all);

  if (first_error != NULL)
    g_propagate_error (error, g_steal_pointer (&first_error));
  else
    refuse (error, _("it is empty"));

  return NULL;
}

GPtrArray *
dbr_wire_address_look_up (const DbrWireAddress  *self,
                          GError               **error)
{
  const struct addrinfo hints = {
    .ai_family = self->family,
    .ai_socktype = SOCK_STREAM,
  };
  struct addrinfo *infos;
  GPtrArray *all;
  int status = getaddrinfo (self->host, self->port, &hints, &infos);

  if (status != 0)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_NO_BUS, _("the host “%s” is not known: %s"),
                   self->host, gai_strerror (status));
      return NULL;
    }

  all = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_wire_address_free);
  for (struct addrinfo *info = infos; info != NULL; info = info->ai_next)
    {
      DbrWireAddress *address = g_new0 (DbrWireAddress, 1);

      memcpy (&address->address, info->ai_addr, info->ai_addrlen);
      address->length = info->ai_addrlen;
      address->nonce_file = g_strdup (self->nonce_file);
      g_ptr_array_add (all, address);
    }
  freeaddrinfo (infos);

  return all;
}
