/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-error-table-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-data-private.h"

/* The table is read once, when the first error is judged, and never changes: a look-up needs no
 * lock. */

#define ERRORS_PATH "/dbr/errors.xml"
#define ANY "*"
#define OPTIONAL_STRING (G_MARKUP_COLLECT_STRING | G_MARKUP_COLLECT_OPTIONAL)

/* Something in a message that says more than the name, such as `br-connection-busy`. */
typedef struct
{
  GStrv         texts;
  DbrErrorEntry entry;
} Detail;

typedef struct
{
  DbrErrorEntry  entry;
  GPtrArray     *details;
} Row;

typedef struct
{
  GHashTable     *rows;
  Row            *row;

  /* the row or detail that is open */
  DbrErrorEntry  *entry;
  GString        *text;
  gboolean        is_for_sandbox;
} Parser;

static gboolean
parse_execution (const char    *value,
                 DbrExecution   fallback,
                 DbrExecution  *execution,
                 GError       **error)
{
  if (value == NULL)
    *execution = fallback;
  else if (g_str_equal (value, "never"))
    *execution = DBR_EXECUTION_NEVER;
  else if (g_str_equal (value, "maybe"))
    *execution = DBR_EXECUTION_MAYBE;
  else if (g_str_equal (value, "once"))
    *execution = DBR_EXECUTION_ONCE;
  else
    {
      g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
                   "“%s” is not how often a method can run", value);
      return FALSE;
    }

  return TRUE;
}

static gboolean
parse_retry (const char     *value,
             DbrErrorEntry  *entry,
             GError        **error)
{
  entry->is_transient = g_strcmp0 (value, "later") == 0;
  entry->is_permanent = g_strcmp0 (value, "pointless") == 0;
  if (value == NULL || entry->is_transient || entry->is_permanent)
    return TRUE;

  g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
               "“%s” does not say whether to retry", value);

  return FALSE;
}

static gboolean
parser_begin_error (Parser       *self,
                    const char   *element,
                    const char  **names,
                    const char  **values,
                    GError      **error)
{
  const char *name;
  const char *bus;
  const char *service;
  const char *retry;
  Row *row;

  if (!g_markup_collect_attributes (element, names, values, error,
                                    G_MARKUP_COLLECT_STRING, "name", &name,
                                    OPTIONAL_STRING, "bus", &bus,
                                    OPTIONAL_STRING, "service", &service,
                                    OPTIONAL_STRING, "retry", &retry,
                                    G_MARKUP_COLLECT_INVALID))
    return FALSE;

  if (g_hash_table_contains (self->rows, name))
    {
      g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
                   "“%s” is listed twice", name);
      return FALSE;
    }

  row = g_new0 (Row, 1);
  row->details = g_ptr_array_new ();
  row->entry.name = g_intern_string (name);
  g_hash_table_insert (self->rows, (char *) row->entry.name, row);
  self->row = row;
  self->entry = &row->entry;

  return parse_execution (bus, DBR_EXECUTION_NEVER, &row->entry.from_bus, error)
         && parse_execution (service, DBR_EXECUTION_ONCE, &row->entry.from_service, error)
         && parse_retry (retry, &row->entry, error);
}

static gboolean
parser_begin_detail (Parser       *self,
                     const char   *element,
                     const char  **names,
                     const char  **values,
                     GError      **error)
{
  const char *match;
  const char *retry;
  Detail *detail;

  if (!g_markup_collect_attributes (element, names, values, error,
                                    G_MARKUP_COLLECT_STRING, "match", &match,
                                    OPTIONAL_STRING, "retry", &retry,
                                    G_MARKUP_COLLECT_INVALID))
    return FALSE;

  detail = g_new0 (Detail, 1);
  detail->texts = g_strsplit (match, "|", -1);
  detail->entry = self->row->entry;
  detail->entry.explanation = NULL;
  detail->entry.sandbox_explanation = NULL;
  g_ptr_array_add (self->row->details, detail);
  self->entry = &detail->entry;

  return parse_retry (retry, &detail->entry, error);
}

static gboolean
parser_begin_explain (Parser       *self,
                      const char   *element,
                      const char  **names,
                      const char  **values,
                      GError      **error)
{
  self->text = g_string_new (NULL);

  return g_markup_collect_attributes (element, names, values, error,
                                      G_MARKUP_COLLECT_BOOLEAN | G_MARKUP_COLLECT_OPTIONAL,
                                      "sandbox", &self->is_for_sandbox,
                                      G_MARKUP_COLLECT_INVALID);
}

static void
start_element_cb (GMarkupParseContext  *context,
                  const char           *element,
                  const char          **names,
                  const char          **values,
                  gpointer              user_data,
                  GError              **error)
{
  Parser *self = user_data;
  const GSList *stack = g_markup_parse_context_get_element_stack (context);
  const char *parent = stack->next != NULL ? stack->next->data : "";

  if (g_str_equal (element, "errors") && g_str_equal (parent, ""))
    return;

  if (g_str_equal (element, "error") && g_str_equal (parent, "errors"))
    parser_begin_error (self, element, names, values, error);
  else if (g_str_equal (element, "detail") && g_str_equal (parent, "error"))
    parser_begin_detail (self, element, names, values, error);
  else if (g_str_equal (element, "explain") && !g_str_equal (parent, "errors"))
    parser_begin_explain (self, element, names, values, error);
  else
    g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_UNKNOWN_ELEMENT,
                 "<%s> does not belong into <%s>", element, parent);
}

/* White space as xgettext has it in the catalogues: none at the ends, one blank elsewhere. */
static char *
normalize_space (const char *text)
{
  g_auto(GStrv) words = g_strsplit_set (text, " \t\r\n", -1);
  GString *normal = g_string_new (NULL);

  for (guint i = 0; words[i] != NULL; i++)
    {
      if (words[i][0] == '\0')
        continue;
      if (normal->len > 0)
        g_string_append_c (normal, ' ');
      g_string_append (normal, words[i]);
    }

  return g_string_free (normal, FALSE);
}

static void
parser_end_explain (Parser *self)
{
  char *text = normalize_space (self->text->str);

  if (self->is_for_sandbox)
    self->entry->sandbox_explanation = text;
  else
    self->entry->explanation = text;

  g_string_free (g_steal_pointer (&self->text), TRUE);
}

static void
end_element_cb (GMarkupParseContext  *context,
                const char           *element,
                gpointer              user_data,
                GError              **error)
{
  Parser *self = user_data;

  if (g_str_equal (element, "explain"))
    {
      parser_end_explain (self);
      return;
    }

  if (g_str_equal (element, "errors"))
    return;

  if (self->entry->explanation == NULL || self->entry->explanation[0] == '\0')
    g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
                 "“%s” is not explained", self->entry->name);

  self->entry = &self->row->entry;
}

static void
text_cb (GMarkupParseContext  *context,
         const char           *text,
         gsize                 length,
         gpointer              user_data,
         GError              **error)
{
  Parser *self = user_data;

  if (self->text != NULL)
    g_string_append_len (self->text, text, length);
}

static GHashTable *
parse_table (void)
{
  static const GMarkupParser callbacks = { start_element_cb, end_element_cb, text_cb, NULL, NULL };
  g_autoptr(GBytes) bytes = dbr_data_lookup (ERRORS_PATH);
  g_autoptr(GMarkupParseContext) context = NULL;
  g_autoptr(GError) error = NULL;
  Parser parser = { NULL, };
  const char *text;
  gsize length;

  parser.rows = g_hash_table_new (g_str_hash, g_str_equal);
  context = g_markup_parse_context_new (&callbacks, G_MARKUP_PREFIX_ERROR_POSITION, &parser, NULL);
  text = g_bytes_get_data (bytes, &length);
  if (!g_markup_parse_context_parse (context, text, length, &error)
      || !g_markup_parse_context_end_parse (context, &error))
    g_error ("%s is damaged: %s", ERRORS_PATH, error->message);

  if (!g_hash_table_contains (parser.rows, ANY))
    g_error ("%s does not say what holds for any other name", ERRORS_PATH);

  return parser.rows;
}

static GHashTable *
get_table (void)
{
  static GHashTable *table = NULL;

  if (g_once_init_enter (&table))
    g_once_init_leave (&table, parse_table ());

  return table;
}

static gboolean
is_word_char (char character)
{
  /* Bytes of a letter outside ASCII have the top bit set. */
  return g_ascii_isalnum (character)
         || character == '-'
         || character == '_'
         || (character & 0x80) != 0;
}

static gboolean
contains_words (const char *message,
                const char *words)
{
  gsize length = strlen (words);

  const char *found = strstr (message, words);

  while (found != NULL)
    {
      if ((found == message || !is_word_char (found[-1])) && !is_word_char (found[length]))
        return TRUE;

      found = strstr (found + 1, words);
    }

  return FALSE;
}

static const DbrErrorEntry *
row_find_detail (Row        *row,
                 const char *message)
{
  for (guint i = 0; i < row->details->len; i++)
    {
      Detail *detail = g_ptr_array_index (row->details, i);

      for (guint j = 0; detail->texts[j] != NULL; j++)
        {
          if (contains_words (message, detail->texts[j]))
            return &detail->entry;
        }
    }

  return NULL;
}

/* Makes of `a.b.c` and of `a.b.*` the next wider `a.b.*` or `a.*`, and of `gio:c` `gio:*`. */
static void
widen (char *pattern)
{
  gsize length = strlen (pattern);

  if (g_str_has_suffix (pattern, ".*") || g_str_has_suffix (pattern, ":*"))
    length -= 2;
  while (length > 0 && pattern[length - 1] != '.' && pattern[length - 1] != ':')
    length--;

  memcpy (pattern + length, ANY, sizeof ANY);
}

const DbrErrorEntry *
dbr_error_table_lookup (const char *name,
                        const char *message)
{
  GHashTable *table = get_table ();
  const DbrErrorEntry *entry = NULL;
  char pattern[DBR_MAX_NAME_LENGTH + sizeof ANY];

  g_return_val_if_fail (name != NULL, NULL);

  if (g_strlcpy (pattern, name, sizeof pattern) > DBR_MAX_NAME_LENGTH)
    g_strlcpy (pattern, ANY, sizeof pattern);

  for (;; widen (pattern))
    {
      Row *row = g_hash_table_lookup (table, pattern);

      if (row != NULL)
        {
          const DbrErrorEntry *detail = message != NULL ? row_find_detail (row, message) : NULL;

          if (detail != NULL)
            return detail;
          if (entry == NULL)
            entry = &row->entry;
        }

      /* Only a message can have more to say than the first row that fits. */
      if ((entry != NULL && message == NULL) || g_str_equal (pattern, ANY))
        return entry;
    }
}

DbrExecution
dbr_error_table_get_execution (const char *name,
                               DbrOrigin   origin)
{
  const DbrErrorEntry *entry;

  g_return_val_if_fail (name != NULL, DBR_EXECUTION_MAYBE);

  switch (origin)
    {
    case DBR_ORIGIN_BUS:
      entry = dbr_error_table_lookup (name, NULL);
      return entry->from_bus;

    case DBR_ORIGIN_SERVICE:
      entry = dbr_error_table_lookup (name, NULL);
      return entry->from_service;

    case DBR_ORIGIN_LOCAL:
    default:
      return DBR_EXECUTION_MAYBE;
    }
}
