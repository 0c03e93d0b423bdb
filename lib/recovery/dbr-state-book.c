/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-state-book-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-text-private.h"

/* A first line that says what it is, a line for each device, and a last one that says how many there
 * are and what the text before it sums up to. So a file that was cut is found out as well as one that
 * a disk has spoilt. */
#define TITLE "libdbr-state "
#define VERSION 1
#define RECORD_TYPE G_VARIANT_TYPE ("(sxa{sv}a{sv})")
#define END "end "
#define SUM_LENGTH 64

typedef struct
{
  gint64    saved_usec;
  GVariant *values;
  GVariant *attributes;
} Page;

struct _DbrStateBook
{
  /* address -> page, in order */
  GTree *pages;
};

typedef enum
{
  CHANGE_SAVED,
  CHANGE_ATTRIBUTE,
  CHANGE_FORGOTTEN,
} ChangeKind;

struct _DbrStateChange
{
  ChangeKind  kind;
  char       *address;
  gint64      saved_usec;
  char       *name;
  /* what it was like, or the attribute */
  GVariant   *value;
};

static GVariant *
new_nothing (void)
{
  return g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
}

static Page *
page_new (gint64    saved_usec,
          GVariant *values,
          GVariant *attributes)
{
  Page *page = g_new (Page, 1);

  page->saved_usec = saved_usec;
  page->values = g_variant_ref (values);
  page->attributes = g_variant_ref (attributes);

  return page;
}

static void
page_free (gpointer data)
{
  Page *page = data;

  g_variant_unref (page->values);
  g_variant_unref (page->attributes);
  g_free (page);
}

static int
compare_addresses (gconstpointer one,
                   gconstpointer other,
                   gpointer      user_data)
{
  return strcmp (one, other);
}

DbrStateBook *
dbr_state_book_new (void)
{
  DbrStateBook *self = g_new (DbrStateBook, 1);

  self->pages = g_tree_new_full (compare_addresses, NULL, g_free, page_free);

  return self;
}

DbrStateBook *
dbr_state_book_copy (DbrStateBook *self)
{
  DbrStateBook *copy = dbr_state_book_new ();

  for (GTreeNode *node = g_tree_node_first (self->pages); node != NULL;
       node = g_tree_node_next (node))
    {
      const Page *page = g_tree_node_value (node);

      g_tree_insert (copy->pages, g_strdup (g_tree_node_key (node)),
                     page_new (page->saved_usec, page->values, page->attributes));
    }

  return copy;
}

void
dbr_state_book_free (DbrStateBook *self)
{
  g_tree_unref (self->pages);
  g_free (self);
}

gboolean
dbr_state_book_lookup (DbrStateBook   *self,
                       const char     *address,
                       DbrStateRecord *record)
{
  GTreeNode *node = g_tree_lookup_node (self->pages, address);
  const Page *page;

  if (node == NULL)
    return FALSE;

  page = g_tree_node_value (node);
  record->address = g_tree_node_key (node);
  record->saved_usec = page->saved_usec;
  record->values = page->values;
  record->attributes = page->attributes;

  return TRUE;
}

char **
dbr_state_book_dup_addresses (DbrStateBook *self)
{
  g_autoptr(GStrvBuilder) addresses = g_strv_builder_new ();

  for (GTreeNode *node = g_tree_node_first (self->pages); node != NULL;
       node = g_tree_node_next (node))
    g_strv_builder_add (addresses, g_tree_node_key (node));

  return g_strv_builder_end (addresses);
}

/* Changes */

static DbrStateChange *
change_new (ChangeKind  kind,
            const char *address)
{
  DbrStateChange *self = g_new0 (DbrStateChange, 1);

  self->kind = kind;
  self->address = g_strdup (address);

  return self;
}

DbrStateChange *
dbr_state_change_new_saved (const char *address,
                            gint64      saved_usec,
                            GVariant   *values)
{
  DbrStateChange *self = change_new (CHANGE_SAVED, address);

  self->saved_usec = saved_usec;
  self->value = g_variant_ref_sink (values);

  return self;
}

DbrStateChange *
dbr_state_change_new_attribute (const char *address,
                                const char *name,
                                GVariant   *value)
{
  DbrStateChange *self = change_new (CHANGE_ATTRIBUTE, address);

  self->name = g_strdup (name);
  self->value = value != NULL ? g_variant_ref_sink (value) : NULL;

  return self;
}

DbrStateChange *
dbr_state_change_new_forgotten (const char *address)
{
  return change_new (CHANGE_FORGOTTEN, address);
}

void
dbr_state_change_free (DbrStateChange *self)
{
  g_free (self->address);
  g_free (self->name);
  g_clear_pointer (&self->value, g_variant_unref);
  g_free (self);
}

GPtrArray *
dbr_state_book_dup_changes (DbrStateBook *self)
{
  GPtrArray *changes = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_state_change_free);

  for (GTreeNode *node = g_tree_node_first (self->pages); node != NULL;
       node = g_tree_node_next (node))
    {
      const char *address = g_tree_node_key (node);
      const Page *page = g_tree_node_value (node);
      GVariantIter iter;
      const char *name;
      GVariant *value;

      if (page->saved_usec != 0)
        g_ptr_array_add (changes, dbr_state_change_new_saved (address, page->saved_usec,
                                                              page->values));
      g_variant_iter_init (&iter, page->attributes);
      while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
        g_ptr_array_add (changes, dbr_state_change_new_attribute (address, name, value));
    }

  return changes;
}

static GVariant *
set_in_dict (GVariant   *old,
             const char *name,
             GVariant   *value)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, old);
  if (value != NULL)
    g_variant_dict_insert_value (&dict, name, value);
  else
    g_variant_dict_remove (&dict, name);

  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/* A page with nothing on it is taken out. */
static void
set_page (DbrStateBook *self,
          const char   *address,
          gint64        saved_usec,
          GVariant     *values,
          GVariant     *attributes)
{
  if (saved_usec == 0 && g_variant_n_children (attributes) == 0)
    g_tree_remove (self->pages, address);
  else
    g_tree_replace (self->pages, g_strdup (address), page_new (saved_usec, values, attributes));
}

/* Such a moment was told by a clock that was wrong: it would keep out all that is saved until it has
 * come. */
static gboolean
is_to_come (gint64 saved_usec)
{
  return saved_usec > g_get_real_time ();
}

void
dbr_state_book_apply (DbrStateBook         *self,
                      const DbrStateChange *change)
{
  g_autoptr(GVariant) nothing = new_nothing ();
  g_autoptr(GVariant) attributes = NULL;
  DbrStateRecord record = { NULL, 0, nothing, nothing };

  dbr_state_book_lookup (self, change->address, &record);
  switch (change->kind)
    {
    case CHANGE_SAVED:
      if (change->saved_usec >= record.saved_usec || is_to_come (record.saved_usec))
        set_page (self, change->address, change->saved_usec, change->value, record.attributes);
      break;

    case CHANGE_ATTRIBUTE:
      attributes = set_in_dict (record.attributes, change->name, change->value);
      set_page (self, change->address, record.saved_usec, record.values, attributes);
      break;

    case CHANGE_FORGOTTEN:
    default:
      g_tree_remove (self->pages, change->address);
    }
}

/* The text */

char *
dbr_state_book_print (DbrStateBook *self,
                      gsize        *length)
{
  GString *text = g_string_new (NULL);
  g_autofree char *sum = NULL;

  g_string_append_printf (text, TITLE "%d\n", VERSION);
  for (GTreeNode *node = g_tree_node_first (self->pages); node != NULL;
       node = g_tree_node_next (node))
    {
      const Page *page = g_tree_node_value (node);
      g_autoptr(GVariant) record = NULL;

      record = g_variant_new ("(sx@a{sv}@a{sv})", g_tree_node_key (node), page->saved_usec,
                              page->values, page->attributes);
      g_variant_ref_sink (record);
      g_variant_print_string (record, text, FALSE);
      g_string_append_c (text, '\n');
    }
  g_string_append_printf (text, END "%d ", g_tree_nnodes (self->pages));
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text->str, (gssize) text->len);
  g_string_append_printf (text, "%s\n", sum);
  *length = text->len;

  return g_string_free (text, FALSE);
}

/* But for how deep it is nested: GVariant takes no number that has lost digits near zero. */
static gboolean
is_readable (GVariant *value)
{
  g_autofree char *text = g_variant_print (value, TRUE);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) read = g_variant_parse (NULL, text, NULL, NULL, &error);

  return read != NULL
         || g_error_matches (error, G_VARIANT_PARSE_ERROR, G_VARIANT_PARSE_ERROR_RECURSION);
}

gboolean
dbr_state_book_check_attribute (const char  *name,
                                GVariant    *value,
                                GError     **error)
{
  g_autoptr(DbrStateBook) book = dbr_state_book_new ();
  g_autoptr(DbrStateBook) read = NULL;
  g_autoptr(DbrStateChange) change = dbr_state_change_new_attribute ("", name, value);
  g_autofree char *text = NULL;
  DbrStateFault fault;
  gsize length;

  dbr_state_book_apply (book, change);
  text = dbr_state_book_print (book, &length);
  if (length > DBR_STATE_BOOK_MAX_LENGTH)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The attribute “%s” is too large to be kept"), name);
      return FALSE;
    }

  read = dbr_state_book_parse (text, length, &fault, NULL);
  if (read != NULL)
    return TRUE;

  if (is_readable (value))
    g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                 _("The attribute “%s” is nested too deeply to be kept"), name);
  else
    g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                 _("The attribute “%s” has a number that is too near to zero to be kept"), name);

  return FALSE;
}

static DbrStateBook *
refuse (DbrStateFault  *place,
        DbrStateFault   fault,
        GError        **error)
{
  *place = fault;
  switch (fault)
    {
    case DBR_STATE_FAULT_FOREIGN:
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_STORAGE,
                           _("It is not a file of device states"));
      break;

    case DBR_STATE_FAULT_NEWER:
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_STORAGE,
                           _("It was written by a newer version of this library"));
      break;

    case DBR_STATE_FAULT_DAMAGED:
    default:
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_STORAGE, _("It is damaged"));
    }

  return NULL;
}

/* TRUE: it is one that can be read here. */
static gboolean
read_title (const char    *text,
            gsize          length,
            DbrStateFault *fault)
{
  const char *end = memchr (text, '\n', length);
  g_autofree char *number = NULL;
  guint64 version;

  if (strncmp (text, TITLE, MIN (length, strlen (TITLE))) != 0)
    {
      *fault = DBR_STATE_FAULT_FOREIGN;
      return FALSE;
    }

  *fault = DBR_STATE_FAULT_DAMAGED;
  if (end == NULL)
    return FALSE;

  number = g_strndup (text + strlen (TITLE), (gsize) (end - text) - strlen (TITLE));
  if (!g_ascii_string_to_unsigned (number, 10, VERSION, G_MAXUINT32, &version, NULL))
    return FALSE;

  *fault = DBR_STATE_FAULT_NEWER;

  return version == VERSION;
}

/* Where the lines of the devices end, NULL if it does not sum up. */
static const char *
find_end (const char *text,
          gsize       length,
          guint      *n_pages)
{
  g_autofree char *sum = NULL;
  const char *line;
  const char *number;
  char *number_end;

  if (length <= SUM_LENGTH + 1 || text[length - 1] != '\n')
    return NULL;

  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, (gssize) length - SUM_LENGTH - 1);
  if (memcmp (sum, text + length - SUM_LENGTH - 1, SUM_LENGTH) != 0)
    return NULL;

  line = g_strrstr_len (text, (gssize) length - 1, "\n");
  if (line == NULL || !g_str_has_prefix (line + 1, END))
    return NULL;

  number = line + 1 + strlen (END);
  *n_pages = (guint) g_ascii_strtoull (number, &number_end, 10);

  return number_end > number && number_end + SUM_LENGTH + 2 == text + length ? line + 1 : NULL;
}

static gboolean
read_page (DbrStateBook *self,
           const char   *line,
           const char   *end)
{
  g_autoptr(GVariant) record = g_variant_parse (RECORD_TYPE, line, end, NULL, NULL);
  g_autoptr(GVariant) values = NULL;
  g_autoptr(GVariant) attributes = NULL;
  g_autofree char *address = NULL;
  gint64 saved_usec;

  if (record == NULL)
    return FALSE;

  g_variant_get (record, "(sx@a{sv}@a{sv})", &address, &saved_usec, &values, &attributes);
  if (g_tree_lookup (self->pages, address) != NULL)
    return FALSE;
  g_tree_insert (self->pages, g_steal_pointer (&address),
                 page_new (saved_usec, values, attributes));

  return TRUE;
}

DbrStateBook *
dbr_state_book_parse (const char     *text,
                      gsize           length,
                      DbrStateFault  *fault,
                      GError        **error)
{
  g_autoptr(DbrStateBook) self = dbr_state_book_new ();
  const char *end;
  const char *line;
  guint n_pages;

  /* Nothing may well be at no place. */
  if (length == 0)
    return refuse (fault, DBR_STATE_FAULT_DAMAGED, error);
  if (!read_title (text, length, fault))
    return refuse (fault, *fault, error);

  /* The parser believes that it is UTF-8. */
  end = find_end (text, length, &n_pages);
  if (end == NULL || !dbr_text_is_utf8 (text, length))
    return refuse (fault, DBR_STATE_FAULT_DAMAGED, error);

  line = memchr (text, '\n', length);
  for (line++; line < end;)
    {
      const char *line_end = memchr (line, '\n', (gsize) (end - line));

      if (line_end == NULL || !read_page (self, line, line_end))
        return refuse (fault, DBR_STATE_FAULT_DAMAGED, error);
      line = line_end + 1;
    }
  if ((guint) g_tree_nnodes (self->pages) != n_pages)
    return refuse (fault, DBR_STATE_FAULT_DAMAGED, error);

  return g_steal_pointer (&self);
}
