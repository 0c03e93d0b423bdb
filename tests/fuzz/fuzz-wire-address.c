/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <sys/un.h>

#include "bus/dbr-address-private.h"
#include "bus/wire/dbr-wire-address-private.h"
#include "dbr-fuzz.h"

/* A list of addresses, as it stands in the environment. Each that is taken leads to a socket, and is
 * itself again when it is written and read once more. */

static char *
print_unix (const struct sockaddr_un *address,
            socklen_t                 length)
{
  gboolean is_abstract = address->sun_path[0] == '\0';
  const char *name = address->sun_path + (is_abstract ? 1 : 0);
  gsize size = length - offsetof (struct sockaddr_un, sun_path) - 1;
  g_autofree char *text = g_strndup (name, size);
  g_autofree char *escaped = g_dbus_address_escape_value (text);

  g_assert_cmpuint (length, <=, sizeof *address);
  g_assert_cmpuint (strlen (text), ==, size);
  g_assert_cmpuint (size, >, 0);

  return g_strconcat ("unix:", is_abstract ? "abstract" : "path", "=", escaped, NULL);
}

static char *
print_key (const char *key,
           const char *value)
{
  g_autofree char *escaped = value != NULL ? g_dbus_address_escape_value (value) : NULL;

  return value != NULL ? g_strconcat (",", key, "=", escaped, NULL) : g_strdup ("");
}

static char *
print_tcp (const DbrWireAddress *address)
{
  g_autofree char *host = print_key ("host", address->host);
  g_autofree char *port = print_key ("port", address->port);
  g_autofree char *nonce_file = print_key ("noncefile", address->nonce_file);
  const char *family = address->family == AF_INET    ? ",family=ipv4"
                       : address->family == AF_INET6 ? ",family=ipv6"
                                                     : "";

  g_assert_nonnull (address->host);
  g_assert_nonnull (address->port);

  return g_strconcat (address->nonce_file != NULL ? "nonce-tcp:" : "tcp:", host + 1, port, nonce_file,
                      family, NULL);
}

static char *
print_address (const DbrWireAddress *address)
{
  return address->host == NULL
         ? print_unix ((const struct sockaddr_un *) &address->address, address->length)
         : print_tcp (address);
}

static char *
print_list (GPtrArray *all)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < all->len; i++)
    {
      g_autofree char *address = print_address (all->pdata[i]);

      g_string_append_printf (text, "%s%s", i > 0 ? ";" : "", address);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
check_again (GPtrArray *all)
{
  g_autofree char *text = print_list (all);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) again = dbr_wire_address_parse (text, &error);
  g_autofree char *text_again = NULL;

  g_assert_no_error (error);
  text_again = print_list (again);
  g_assert_cmpstr (text_again, ==, text);
}

static void
check_by_name (const char *text)
{
  g_autoptr(GError) error = NULL;
  gboolean is_known = dbr_address_check (text, &error);

  fuzz_assert_told_by_us (is_known, error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  gsize length;
  g_autofree char *text = fuzz_take_text (&input, &length);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) all = dbr_wire_address_parse (text, &error);

  fuzz_assert_told_by_us (all != NULL, error);
  if (all != NULL)
    check_again (all);
  check_by_name (text);

  return 0;
}
