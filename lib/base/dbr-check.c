/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-check-private.h"

#include <string.h>

#include <gio/gunixfdlist.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-text-private.h"

/* The bus cuts off whoever nests deeper, with all other calls of that connection. */
#define MAX_NESTED_ARRAYS 32
#define MAX_NESTED_STRUCTS 32
#define MAX_NESTED 64

static gboolean
refuse (GError     **error,
        const char  *format,
        const char  *value)
{
  g_autofree char *mended = NULL;

  if (value == NULL)
    value = "NULL";
  else if (!g_utf8_validate (value, -1, NULL))
    value = mended = g_utf8_make_valid (value, -1);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT, format, value);
#pragma GCC diagnostic pop

  return FALSE;
}

gboolean
dbr_check_bus_name (const char  *bus_name,
                    GError     **error)
{
  if (bus_name != NULL && dbr_text_is_bus_name (bus_name, strlen (bus_name)))
    return TRUE;

  return refuse (error, _("“%s” is not a bus name"), bus_name);
}

gboolean
dbr_check_object_path (const char  *object_path,
                       GError     **error)
{
  if (object_path != NULL && dbr_text_is_object_path (object_path, strlen (object_path)))
    return TRUE;

  return refuse (error, _("“%s” is not an object path"), object_path);
}

gboolean
dbr_check_interface_name (const char  *interface_name,
                          GError     **error)
{
  if (interface_name != NULL
      && dbr_text_is_interface_name (interface_name, strlen (interface_name)))
    return TRUE;

  return refuse (error, _("“%s” is not an interface name"), interface_name);
}

gboolean
dbr_check_member_name (const char  *member,
                       GError     **error)
{
  if (member != NULL && dbr_text_is_member_name (member, strlen (member)))
    return TRUE;

  return refuse (error, _("“%s” is not a member name"), member);
}

/* D-Bus spells them as it spells interfaces. */
gboolean
dbr_check_error_name (const char  *error_name,
                      GError     **error)
{
  if (dbr_check_interface_name (error_name, NULL))
    return TRUE;

  return refuse (error, _("“%s” is not the name of an error"), error_name);
}

gboolean
dbr_check_operation (const char  *operation,
                     GError     **error)
{
  if (operation[0] != '\0' && g_utf8_validate (operation, -1, NULL))
    return TRUE;

  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                       operation[0] == '\0'
                       ? _("The name of an operation is empty")
                       : _("The name of an operation is not valid UTF-8"));

  return FALSE;
}

/* Whether arrays or structures lie in each other more often than a signature may say. */
static gboolean
is_nested_too_deeply (const GVariantType *type,
                      int                 n_arrays,
                      int                 n_structs)
{
  char kind = *g_variant_type_peek_string (type);

  if (n_arrays > MAX_NESTED_ARRAYS || n_structs > MAX_NESTED_STRUCTS)
    return TRUE;

  if (kind == 'a')
    return is_nested_too_deeply (g_variant_type_element (type), n_arrays + 1, n_structs);

  if (kind != '(' && kind != '{')
    return FALSE;

  if (kind == '(')
    n_structs++;
  for (type = g_variant_type_first (type); type != NULL; type = g_variant_type_next (type))
    {
      if (is_nested_too_deeply (type, n_arrays, n_structs))
        return TRUE;
    }

  return FALSE;
}

/* What GVariant knows and D-Bus does not: a structure of nothing, and a dictionary entry on its own. The
 * bus cuts off whoever sends one. */
static gboolean
has_odd_part (const char *text,
              gsize       length)
{
  for (gsize i = 0; i < length; i++)
    {
      if ((text[i] == '(' && text[i + 1] == ')') || (text[i] == '{' && (i == 0 || text[i - 1] != 'a')))
        return TRUE;
    }

  return FALSE;
}

static gboolean
refuse_type (GError             **error,
             const char          *format,
             const GVariantType  *type)
{
  g_autofree char *text = g_variant_type_dup_string (type);

  return refuse (error, format, text);
}

/* Checks the type of one value, or of all parameters: a tuple that their signature leaves out.
 * Every call comes here twice, so nothing is copied, and nothing ends with a zero. */
static gboolean
check_type (const GVariantType  *type,
            gboolean             is_parameters,
            GError             **error)
{
  const char *text = g_variant_type_peek_string (type);
  gsize length = g_variant_type_get_string_length (type);

  if (length > DBR_MAX_SIGNATURE_LENGTH + (is_parameters ? 2 : 0))
    return refuse_type (error, _("The signature of type “%s” is longer than the 255 characters "
                                 "D-Bus allows"), type);

  if (memchr (text, 'm', length) != NULL)
    return refuse_type (error, _("The type “%s” has a maybe in it, which D-Bus does not know"),
                        type);

  if (has_odd_part (text + (is_parameters ? 1 : 0), length - (is_parameters ? 1 : 0)))
    return refuse_type (error, _("The type “%s” has an empty structure or a dictionary entry outside "
                                 "an array, which D-Bus does not know"), type);

  /* Each level is a character. */
  if (length > MIN (MAX_NESTED_ARRAYS, MAX_NESTED_STRUCTS)
      && is_nested_too_deeply (type, 0, is_parameters ? -1 : 0))
    return refuse_type (error, _("The type “%s” is nested more deeply than D-Bus allows"), type);

  return TRUE;
}

/* A value that is a signature: GVariant takes more for one than a bus does. */
static gboolean
check_signature (GVariant  *value,
                 GError   **error)
{
  g_autofree char *tuple = g_strconcat ("(", g_variant_get_string (value, NULL), ")", NULL);

  return check_type (G_VARIANT_TYPE (tuple), TRUE, error);
}

/* Checks what a type does not tell: what variants hold, which descriptors handles stand for, and what
 * signatures say. */
static gboolean
check_contents (GVariant  *value,
                guint      depth,
                gint64     n_descriptors,
                GError   **error)
{
  const char *type = g_variant_get_type_string (value);
  gsize n_children;

  if (*type == 'h'
      && (guint32) g_variant_get_handle (value) >= n_descriptors)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The parameters name descriptor %u but only %d are given"),
                   (guint32) g_variant_get_handle (value), (int) n_descriptors);
      return FALSE;
    }

  if (*type == 'g')
    return check_signature (value, error);

  if (!g_variant_is_container (value)
      || (strpbrk (type, "ghv") == NULL && depth + strlen (type) <= MAX_NESTED))
    return TRUE;

  if (depth > MAX_NESTED)
    return refuse (error, _("The value of type “%s” is nested more deeply than D-Bus allows"),
                   type);

  n_children = g_variant_n_children (value);
  for (gsize i = 0; i < n_children; i++)
    {
      g_autoptr(GVariant) child = g_variant_get_child_value (value, i);

      if (*type == 'v' && !check_type (g_variant_get_type (child), FALSE, error))
        return FALSE;
      if (!check_contents (child, depth + 1, n_descriptors, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
dbr_check_parameters (GVariant     *parameters,
                      GUnixFDList  *fd_list,
                      GError      **error)
{
  const char *type;
  int n_descriptors;

  if (parameters == NULL)
    return TRUE;

  type = g_variant_get_type_string (parameters);
  if (*type != '(')
    return refuse (error, _("The parameters are of type “%s” and not a tuple"), type);

  if (!check_type (g_variant_get_type (parameters), TRUE, error))
    return FALSE;

  if (!g_variant_is_normal_form (parameters))
    return refuse (error, _("The parameters of type “%s” are damaged: they are not in normal form"),
                   type);

  n_descriptors = fd_list != NULL ? g_unix_fd_list_get_length (fd_list) : 0;

  return check_contents (parameters, 0, n_descriptors, error);
}

gboolean
dbr_check_value (GVariant  *value,
                 GError   **error)
{
  const char *type;

  if (value == NULL)
    return refuse (error, _("No value is given: %s"), NULL);

  type = g_variant_get_type_string (value);
  if (!check_type (g_variant_get_type (value), FALSE, error))
    return FALSE;

  if (!g_variant_is_normal_form (value))
    return refuse (error, _("The value of type “%s” is damaged: it is not in normal form"), type);

  /* It goes into a variant among the parameters, where its handles are checked. */
  return check_contents (value, 2, G_MAXINT64, error);
}

gboolean
dbr_check_reply_type (const GVariantType  *reply_type,
                      GError             **error)
{
  if (reply_type == NULL)
    return TRUE;

  if (!g_variant_type_is_tuple (reply_type))
    return refuse_type (error, _("The reply type “%s” is not a tuple"), reply_type);

  return check_type (reply_type, TRUE, error);
}

gboolean
dbr_check_timeout (const char  *name,
                   guint        timeout_ms,
                   GError     **error)
{
  if (timeout_ms <= DBR_MAX_TIMEOUT_MS)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("The time limit “%s” of %u ms is longer than a day"), name, timeout_ms);

  return FALSE;
}

void
dbr_check_short_timeout (const char *name,
                         guint       timeout_ms)
{
  static gint was_said = 0;

  if (timeout_ms == 0 || timeout_ms >= 10)
    return;

  if (g_atomic_int_compare_and_exchange (&was_said, 0, 1))
    g_message ("The time limit “%s” is %u milliseconds; was it meant in seconds?",
               name, timeout_ms);
}
