/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notice-private.h"

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

#include <string.h>

/* Hints whose type the servers insist on: with another one some ignore the hint, and some refuse
 * the whole notification. */
static const struct
{
  const char *name;
  const char *type;
} known_hints[] = {
  { "action-icons", "b" },
  { "category", "s" },
  { "desktop-entry", "s" },
  { "image-data", "(iiibiiay)" },
  { "image-path", "s" },
  { "resident", "b" },
  { "sender-pid", "x" },
  { "sound-file", "s" },
  { "sound-name", "s" },
  { "suppress-sound", "b" },
  { "transient", "b" },
  { "urgency", "y" },
  { "value", "i" },
  { "x", "i" },
  { "x-canonical-private-synchronous", "s" },
  { "x-dunst-stack-tag", "s" },
  { "y", "i" },
};

/* A text without what cannot be shown: invalid bytes, control characters, and what nobody reads to
 * its end. A summary is one line. */
static char *
clean_text (const char *text,
            gsize       max_chars,
            gboolean    is_one_line)
{
  GString *clean;
  g_autofree char *valid = NULL;
  /* What is cut off anyway, by megabytes perhaps, is not looked at: no character has more bytes. */
  gsize length = strnlen (text, max_chars * 6 + 1);
  gsize n_chars = 0;

  valid = g_utf8_make_valid (text, (gssize) length);
  clean = g_string_sized_new (MIN (length, max_chars) + 1);
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (n_chars++ == max_chars)
        {
          g_string_append (clean, "…");
          break;
        }
      if ((c == '\n' || c == '\t') && !is_one_line)
        g_string_append_c (clean, (char) c);
      else if (g_unichar_iscntrl (c))
        g_string_append_c (clean, ' ');
      else
        g_string_append_unichar (clean, c);
    }

  return g_string_free (clean, FALSE);
}

static gboolean
check_numbers (DbrUrgency   urgency,
               int          expire_ms,
               GError     **error)
{
  if ((guint) urgency > DBR_URGENCY_CRITICAL)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("There is no urgency %d"), (int) urgency);
      return FALSE;
    }
  if (expire_ms < -1 || (expire_ms > 0 && (guint) expire_ms > DBR_MAX_TIMEOUT_MS))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("A notification cannot be shown for %d ms; -1 leaves it to the desktop, 0 is "
                     "until it is closed, and a day is the most"), expire_ms);
      return FALSE;
    }

  return TRUE;
}

static char **
clean_actions (const char * const  *actions,
               GError             **error)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  guint n = actions != NULL ? g_strv_length ((char **) actions) : 0;

  if (n % 2 != 0 || n / 2 > DBR_NOTICE_MAX_ACTIONS)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("Actions are pairs of an id and a label, of at most %d; these are %u texts"),
                   DBR_NOTICE_MAX_ACTIONS, n);
      return NULL;
    }

  for (guint i = 0; i < n; i += 2)
    {
      g_autofree char *label = clean_text (actions[i + 1], DBR_NOTICE_MAX_LABEL, TRUE);

      if (*actions[i] == '\0' || strlen (actions[i]) > DBR_NOTICE_MAX_LABEL
          || !g_utf8_validate (actions[i], -1, NULL))
        {
          g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                       _("The id of the action “%s” is empty, too long or not valid text"), label);
          return NULL;
        }
      g_strv_builder_add (builder, actions[i]);
      g_strv_builder_add (builder, label);
    }

  return g_strv_builder_end (builder);
}

static gboolean
read_integer (GVariant *value,
              gint64   *integer)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BOOLEAN: *integer = g_variant_get_boolean (value); return TRUE;
    case G_VARIANT_CLASS_BYTE: *integer = g_variant_get_byte (value); return TRUE;
    case G_VARIANT_CLASS_INT16: *integer = g_variant_get_int16 (value); return TRUE;
    case G_VARIANT_CLASS_UINT16: *integer = g_variant_get_uint16 (value); return TRUE;
    case G_VARIANT_CLASS_INT32: *integer = g_variant_get_int32 (value); return TRUE;
    case G_VARIANT_CLASS_UINT32: *integer = g_variant_get_uint32 (value); return TRUE;
    case G_VARIANT_CLASS_INT64: *integer = g_variant_get_int64 (value); return TRUE;

    case G_VARIANT_CLASS_UINT64:
    case G_VARIANT_CLASS_HANDLE:
    case G_VARIANT_CLASS_DOUBLE:
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE:
    case G_VARIANT_CLASS_VARIANT:
    case G_VARIANT_CLASS_MAYBE:
    case G_VARIANT_CLASS_ARRAY:
    case G_VARIANT_CLASS_TUPLE:
    case G_VARIANT_CLASS_DICT_ENTRY:
    default:
      return FALSE;
    }
}

/* A number as the type that is asked for, NULL if it is none or does not fit. A language without
 * types of numbers cannot know better. */
static GVariant *
convert_hint (GVariant   *value,
              const char *type)
{
  gint64 integer;

  if (!read_integer (value, &integer))
    return NULL;

  if (*type == 'b' && (integer == 0 || integer == 1))
    return g_variant_new_boolean (integer != 0);
  if (*type == 'y' && integer >= 0 && integer <= G_MAXUINT8)
    return g_variant_new_byte ((guint8) integer);
  if (*type == 'i' && integer >= G_MININT32 && integer <= G_MAXINT32)
    return g_variant_new_int32 ((gint32) integer);
  if (*type == 'x')
    return g_variant_new_int64 (integer);

  return NULL;
}

static GVariant *
type_hint (const char  *name,
           GVariant    *value,
           GError     **error)
{
  GVariant *typed = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (known_hints); i++)
    {
      if (!g_str_equal (known_hints[i].name, name)
          || g_variant_is_of_type (value, G_VARIANT_TYPE (known_hints[i].type)))
        continue;

      typed = convert_hint (value, known_hints[i].type);
      if (typed == NULL)
        g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                     _("The hint “%s” has the type %s and not %s"), name, known_hints[i].type,
                     g_variant_get_type_string (value));
      return typed != NULL ? g_variant_ref_sink (typed) : NULL;
    }

  return g_variant_ref (value);
}

static gboolean
check_hints (GVariant  *hints,
             GError   **error)
{
  if (!g_variant_is_of_type (hints, G_VARIANT_TYPE_VARDICT))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("Hints are of type a{sv} and not %s"), g_variant_get_type_string (hints));
      return FALSE;
    }
  if (!g_variant_is_normal_form (hints))
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                           _("The hints are not valid data"));
      return FALSE;
    }
  if (g_variant_get_size (hints) > DBR_NOTICE_MAX_HINTS_SIZE)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("Hints of %zu bytes are too large; %u is the most"),
                   g_variant_get_size (hints), DBR_NOTICE_MAX_HINTS_SIZE);
      return FALSE;
    }

  return dbr_check_value (hints, error);
}

/* How urgent it is goes along as a hint too, and what was said otherwise counts less. */
static GVariant *
clean_hints (GVariant    *hints,
             DbrUrgency   urgency,
             GError     **error)
{
  g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  GVariantIter iter;
  const char *name;
  GVariant *value;

  if (hints != NULL && !check_hints (hints, error))
    return NULL;

  if (hints != NULL)
    {
      g_variant_iter_init (&iter, hints);
      while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
        {
          g_autoptr(GVariant) given = value;
          g_autoptr(GVariant) typed = type_hint (name, given, error);

          if (typed == NULL)
            return NULL;
          if (!g_str_equal (name, "urgency"))
            g_variant_builder_add (&builder, "{sv}", name, typed);
        }
    }
  g_variant_builder_add (&builder, "{sv}", "urgency", g_variant_new_byte ((guint8) urgency));

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static guint
digest_of (const DbrNotice *self)
{
  return ((g_str_hash (self->summary) * 31 + g_str_hash (self->body)) * 31
          + g_str_hash (self->icon)) * 31 + self->urgency;
}

DbrNotice *
dbr_notice_new (const char          *summary,
                const char          *body,
                const char          *icon,
                DbrUrgency           urgency,
                int                  expire_ms,
                const char * const  *actions,
                GVariant            *hints,
                GError             **error)
{
  g_autoptr(DbrNotice) self = NULL;
  g_autoptr(GVariant) owned = hints != NULL ? g_variant_ref_sink (hints) : NULL;

  if (!check_numbers (urgency, expire_ms, error))
    return NULL;
  if (*summary == '\0')
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                           _("A notification needs a summary"));
      return NULL;
    }

  self = g_new0 (DbrNotice, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->summary = clean_text (summary, DBR_NOTICE_MAX_SUMMARY, TRUE);
  self->body = clean_text (body != NULL ? body : "", DBR_NOTICE_MAX_BODY, FALSE);
  self->icon = clean_text (icon != NULL ? icon : "", DBR_NOTICE_MAX_BODY, TRUE);
  self->urgency = urgency;
  self->expire_ms = expire_ms;
  self->actions = clean_actions (actions, error);
  self->hints = self->actions != NULL ? clean_hints (owned, urgency, error) : NULL;
  if (self->hints == NULL)
    return NULL;
  self->digest = digest_of (self);

  return g_steal_pointer (&self);
}

/* Shown for as long as the one that wants it longest. */
static int
longer_of (int a,
           int b)
{
  if (a == 0 || b == 0)
    return 0;
  if (a < 0 || b < 0)
    return -1;

  return MAX (a, b);
}

DbrNotice *
dbr_notice_new_group (GPtrArray *notices)
{
  g_autoptr(GString) body = g_string_new (NULL);
  g_autofree char *summary = NULL;
  DbrNotice *first = g_ptr_array_index (notices, 0);
  DbrUrgency urgency = DBR_URGENCY_LOW;
  int expire_ms = first->expire_ms;

  if (notices->len == 1)
    return dbr_notice_ref (first);

  for (guint i = 0; i < notices->len; i++)
    {
      DbrNotice *notice = g_ptr_array_index (notices, i);

      g_string_append_printf (body, "%s%s", i > 0 ? "\n" : "", notice->summary);
      if (*notice->body != '\0')
        g_string_append_printf (body, " – %s", notice->body);
      urgency = MAX (urgency, notice->urgency);
      expire_ms = longer_of (expire_ms, notice->expire_ms);
    }
  summary = g_strdup_printf (dbr_ngettext ("%u notification", "%u notifications", notices->len),
                             notices->len);

  return dbr_notice_new (summary, body->str, first->icon, urgency, expire_ms, NULL, NULL, NULL);
}

DbrNotice *
dbr_notice_ref (DbrNotice *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_notice_unref (DbrNotice *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_free (self->summary);
  g_free (self->body);
  g_free (self->icon);
  g_strfreev (self->actions);
  g_clear_pointer (&self->hints, g_variant_unref);
  g_free (self);
}

gboolean
dbr_notice_equal (const DbrNotice *self,
                  const DbrNotice *other)
{
  return self == other
         || (self->digest == other->digest
             && self->expire_ms == other->expire_ms
             && g_str_equal (self->summary, other->summary)
             && g_str_equal (self->body, other->body)
             && g_str_equal (self->icon, other->icon)
             && g_strv_equal ((const char * const *) self->actions,
                              (const char * const *) other->actions)
             && g_variant_equal (self->hints, other->hints));
}

gboolean
dbr_notice_is_groupable (const DbrNotice *self)
{
  return self->urgency != DBR_URGENCY_CRITICAL
         && *self->actions == NULL
         && g_variant_n_children (self->hints) == 1;
}

char *
dbr_notice_dup_body (const DbrNotice *self,
                     gboolean         has_markup)
{
  return has_markup ? g_markup_escape_text (self->body, -1) : g_strdup (self->body);
}
