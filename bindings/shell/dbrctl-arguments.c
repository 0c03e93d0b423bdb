/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-arguments-private.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <libdbr.h>
#include <string.h>

/* So many names tell a person what to type; more hide it. */
#define MAX_LISTED 30

static const struct
{
  char        letter;
  gint64      min;
  gint64      max;
} integers[] = {
  { 'y', 0, G_MAXUINT8 },
  { 'n', G_MININT16, G_MAXINT16 },
  { 'q', 0, G_MAXUINT16 },
  { 'i', G_MININT32, G_MAXINT32 },
  { 'u', 0, G_MAXUINT32 },
  { 'x', G_MININT64, G_MAXINT64 },
};

/* Finding the method */

static char *
list_names (GPtrArray *names)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < MIN (names->len, MAX_LISTED); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", (const char *) names->pdata[i]);
  if (names->len > MAX_LISTED)
    g_string_append (text, ", …");

  return g_string_free (text, FALSE);
}

static void
refuse_interface (GDBusNodeInfo  *node,
                  const char     *interface_name,
                  GError        **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new ();
  g_autofree char *list = NULL;

  for (guint i = 0; node->interfaces != NULL && node->interfaces[i] != NULL; i++)
    g_ptr_array_add (names, node->interfaces[i]->name);
  list = list_names (names);
  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("The object has no interface %s; it has: %s"), interface_name, list);
}

static void
refuse_method (GDBusInterfaceInfo  *interface,
               const char          *method_name,
               GError             **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new ();
  g_autofree char *list = NULL;

  for (guint i = 0; interface->methods != NULL && interface->methods[i] != NULL; i++)
    g_ptr_array_add (names, interface->methods[i]->name);
  list = list_names (names);
  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("%s has no method %s; it has: %s"), interface->name, method_name, list);
}

gboolean
dbrctl_arguments_find (const char  *xml,
                       const char  *interface_name,
                       const char  *method_name,
                       char       **signature,
                       char       **usage,
                       GError     **error)
{
  g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (xml, error);
  GDBusInterfaceInfo *interface;
  GDBusMethodInfo *method;
  g_autoptr(GString) types = g_string_new (NULL);
  g_autoptr(GString) text = g_string_new (method_name);

  if (node == NULL)
    return FALSE;

  interface = g_dbus_node_info_lookup_interface (node, interface_name);
  if (interface == NULL)
    {
      refuse_interface (node, interface_name, error);
      return FALSE;
    }
  method = g_dbus_interface_info_lookup_method (interface, method_name);
  if (method == NULL)
    {
      refuse_method (interface, method_name, error);
      return FALSE;
    }

  g_string_append (text, " (");
  for (guint i = 0; method->in_args != NULL && method->in_args[i] != NULL; i++)
    {
      const GDBusArgInfo *arg = method->in_args[i];

      g_string_append (types, arg->signature);
      g_string_append_printf (text, "%s%s%s%s", i > 0 ? ", " : "", arg->signature,
                              arg->name != NULL ? " " : "", arg->name != NULL ? arg->name : "");
    }
  g_string_append_c (text, ')');
  *signature = g_string_free (g_steal_pointer (&types), FALSE);
  *usage = g_string_free (g_steal_pointer (&text), FALSE);

  return TRUE;
}

/* Making the values */

static GVariant *
parse_boolean (const char *text)
{
  static const char *const yes[] = { "true", "yes", "on", "1", NULL };
  static const char *const no[] = { "false", "no", "off", "0", NULL };

  if (g_strv_contains (yes, text))
    return g_variant_new_boolean (TRUE);

  return g_strv_contains (no, text) ? g_variant_new_boolean (FALSE) : NULL;
}

static GVariant *
new_integer (char   letter,
             gint64 value)
{
  switch (letter)
    {
    case 'y': return g_variant_new_byte ((guint8) value);
    case 'n': return g_variant_new_int16 ((gint16) value);
    case 'q': return g_variant_new_uint16 ((guint16) value);
    case 'i': return g_variant_new_int32 ((gint32) value);
    case 'u': return g_variant_new_uint32 ((guint32) value);

    case 'x':
    default:
      return g_variant_new_int64 (value);
    }
}

static GVariant *
parse_unsigned_64 (const char *text)
{
  char *end;
  guint64 value;

  errno = 0;
  value = g_ascii_strtoull (text, &end, 0);
  if (errno != 0 || end == text || *end != '\0' || strchr (text, '-') != NULL)
    return NULL;

  return g_variant_new_uint64 (value);
}

static GVariant *
parse_integer (char        letter,
               const char *text)
{
  char *end;
  gint64 value;

  errno = 0;
  value = g_ascii_strtoll (text, &end, 0);
  if (errno != 0 || end == text || *end != '\0')
    return NULL;

  for (guint i = 0; i < G_N_ELEMENTS (integers); i++)
    {
      if (integers[i].letter == letter)
        return value >= integers[i].min && value <= integers[i].max ? new_integer (letter, value)
                                                                    : NULL;
    }

  return NULL;
}

static GVariant *
parse_double (const char *text)
{
  char *end;
  double value = g_ascii_strtod (text, &end);

  return end == text || *end != '\0' ? NULL : g_variant_new_double (value);
}

/* A variant may be typed with its brackets or without. */
static GVariant *
parse_variant (const char  *text,
               GError     **error)
{
  GVariant *value = g_variant_parse (G_VARIANT_TYPE_VARIANT, text, NULL, NULL, NULL);
  g_autoptr(GVariant) inner = NULL;

  if (value != NULL)
    return value;

  inner = g_variant_parse (NULL, text, NULL, NULL, error);

  return inner != NULL ? g_variant_new_variant (inner) : NULL;
}

static GVariant *
parse_one (const GVariantType  *type,
           const char          *text,
           GError             **error)
{
  char letter = *g_variant_type_peek_string (type);

  switch (letter)
    {
    case 's': return g_variant_new_string (text);
    case 'o': return g_variant_is_object_path (text) ? g_variant_new_object_path (text) : NULL;
    case 'g': return g_variant_is_signature (text) ? g_variant_new_signature (text) : NULL;
    case 'b': return parse_boolean (text);
    case 'd': return parse_double (text);
    case 't': return parse_unsigned_64 (text);

    case 'y':
    case 'n':
    case 'q':
    case 'i':
    case 'u':
    case 'x':
      return parse_integer (letter, text);

    case 'v': return parse_variant (text, error);
    default: return g_variant_parse (type, text, NULL, NULL, error);
    }
}

/* What a terminal hands over is bytes, which the parser of values believes to be UTF-8. */
static GVariant *
parse_word (const GVariantType  *type,
            const char          *text,
            GError             **error)
{
  return g_utf8_validate (text, -1, NULL) ? parse_one (type, text, error) : NULL;
}

/* What a person knows them by. */
static const char *
describe_type (const GVariantType *type)
{
  switch (*g_variant_type_peek_string (type))
    {
    case 's': return _("a text in UTF-8");
    case 'o': return _("an object path, as /org/example/Thing");
    case 'g': return _("a signature, as a{sv}");
    case 'b': return _("true or false");
    case 'd': return _("a number");
    case 'y': return _("a whole number from 0 to 255");
    case 'n': return _("a whole number from -32768 to 32767");
    case 'q': return _("a whole number from 0 to 65535");
    case 'i': return _("a whole number from -2147483648 to 2147483647");
    case 'u': return _("a whole number from 0 to 4294967295");
    case 'x': return _("a whole number");
    case 't': return _("a whole number that is not negative");
    case 'h': return _("a descriptor, which nobody can type");
    case 'v': return _("any value, as 'text', uint32 4 or ['a', 'b']");
    case 'a': return _("a list, as ['a', 'b'] or {'key': <true>}");
    case '(': return _("values in brackets, as ('a', 4)");

    default:
      return _("a value");
    }
}

static gboolean
count_is_right (const GVariantType  *tuple,
                const char          *usage,
                guint                n_given,
                GError             **error)
{
  guint n = (guint) g_variant_type_n_items (tuple);

  if (n == n_given)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               ngettext ("%s takes %u argument, and there are %u", "%s takes %u arguments, and "
                         "there are %u", n), usage, n, n_given);

  return FALSE;
}

GVariant *
dbrctl_arguments_parse (const char         *signature,
                        const char         *usage,
                        const char *const  *arguments,
                        GError            **error)
{
  g_autofree char *tuple = g_strdup_printf ("(%s)", signature);
  g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_TUPLE);
  const GVariantType *type;

  if (!g_variant_is_signature (signature) || !g_variant_type_string_is_valid (tuple))
    {
      g_autofree char *shown = g_utf8_make_valid (signature, -1);

      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT, _("“%s” is no signature"), shown);
      return NULL;
    }
  if (!count_is_right (G_VARIANT_TYPE (tuple), usage,
                       g_strv_length ((char **) arguments), error))
    return NULL;

  type = g_variant_type_first (G_VARIANT_TYPE (tuple));
  for (guint i = 0; arguments[i] != NULL; i++)
    {
      g_autoptr(GError) why = NULL;
      GVariant *parsed = parse_word (type, arguments[i], &why);
      /* What was parsed as a text is not floating, and what was made is. */
      g_autoptr(GVariant) value = parsed != NULL ? g_variant_take_ref (parsed) : NULL;

      if (value == NULL)
        {
          g_autofree char *shown = g_utf8_make_valid (arguments[i], -1);

          g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                       _("Argument %u of %s, “%s”, is not right: it has to be %s%s%s"), i + 1,
                       usage, shown, describe_type (type), why != NULL ? ": " : "",
                       why != NULL ? why->message : "");
          return NULL;
        }
      g_variant_builder_add_value (&builder, value);
      type = g_variant_type_next (type);
    }

  return g_variant_builder_end (&builder);
}

/* What is read of a service */

void
dbrctl_target_clear (DbrctlTarget *self)
{
  g_clear_pointer (&self->object_path, g_free);
  g_clear_pointer (&self->interface_name, g_free);
  g_clear_pointer (&self->property_name, g_free);
}

gboolean
dbrctl_target_parse (DbrctlTarget *self,
                     const char   *text)
{
  const char *colon = strchr (text, ':');
  const char *dot = strrchr (text, '.');

  if (colon == NULL || dot == NULL || dot < colon)
    return FALSE;

  self->object_path = g_strndup (text, (gsize) (colon - text));
  self->interface_name = g_strndup (colon + 1, (gsize) (dot - colon - 1));
  self->property_name = g_strdup (dot + 1);

  return g_variant_is_object_path (self->object_path)
         && g_dbus_is_interface_name (self->interface_name)
         && g_dbus_is_member_name (self->property_name);
}
