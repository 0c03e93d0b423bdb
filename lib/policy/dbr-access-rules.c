/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-access-rules-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/* How a text begins, in one number. */
#define START_LENGTH 8

/* 2^64 by the golden ratio: the upper bits of a product with it are well mixed. */
#define HASH_FACTOR G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)

typedef struct
{
  DbrAccessPattern *pattern;
  DbrAccessAnswer   answer;
  const char       *rule;
} Rule;

/* Tells most calls from a rule without a look at its pattern: by how the interface begins or, where
 * that is any, the bus name. */
typedef struct
{
  guint64     start;
  guint64     mask;
  gboolean    is_by_interface;
  const Rule *rule;
} Filter;

/* A property, or some by a star, of one interface. */
typedef struct
{
  DbrAccessPart      name;
  DbrPropertyAccess  access;
  const char        *rule;
} Property;

/* All rules are in @all; @by_name has those for one exact bus name under it, and @others the rest.
 * Most calls are in no rule, and @name_marks and @start_marks tell without looking. @properties has
 * an array of them under each interface. */
struct _DbrAccessRules
{
  char                *label;

  GPtrArray           *all;
  GHashTable          *by_name;
  guint32              name_marks[32];
  GArray              *others;
  guint64              start_marks;

  GHashTable          *properties;
  GPtrArray           *signals;

  DbrAccessConditions *conditions;
};

static void
rule_free (gpointer data)
{
  Rule *rule = data;

  g_clear_pointer (&rule->pattern, dbr_access_pattern_free);
  g_free (rule);
}

static void
property_free (gpointer data)
{
  Property *property = data;

  dbr_access_part_clear (&property->name);
  g_free (property);
}

static void
array_free (gpointer data)
{
  g_ptr_array_unref (data);
}

/* Names of a bus are told apart by their length and what they end with. */
static guint
hash_name (gconstpointer key)
{
  const char *name = key;
  gsize length = strlen (name);
  guint64 end = 0;

  if (length >= sizeof (end))
    memcpy (&end, name + length - sizeof (end), sizeof (end));
  else
    memcpy (&end, name, length);

  return ((end + length) * HASH_FACTOR) >> 32;
}

static guint64
get_start (const char *text)
{
  gsize length = strnlen (text, START_LENGTH);
  guint64 start = 0;

  if (length == START_LENGTH)
    memcpy (&start, text, START_LENGTH);
  else
    memcpy (&start, text, length);

  return start;
}

static const char *
intern_rule (const char *label,
             const char *kind,
             const char *pattern)
{
  g_autofree char *text = NULL;

  text = *label != '\0'
         ? g_strconcat (label, ": ", kind, " ", pattern, NULL)
         : g_strconcat (kind, " ", pattern, NULL);

  return g_intern_string (text);
}

static inline guint64
get_start_mark (guint64 start)
{
  return G_GUINT64_CONSTANT (1) << ((start * HASH_FACTOR) >> 58);
}

static Filter
filter_make (const Rule *rule)
{
  const DbrAccessPattern *pattern = rule->pattern;
  gboolean is_by_interface = pattern->interface_name.kind != DBR_ACCESS_PART_ANY;
  const DbrAccessPart *part = is_by_interface ? &pattern->interface_name : &pattern->bus_name;
  Filter filter = { get_start (part->text), 0, is_by_interface, rule };

  memset (&filter.mask, 0xff, MIN (part->length, START_LENGTH));

  return filter;
}

/* The array under @key, which is made if there is none. */
static GPtrArray *
ensure_array (GHashTable     *table,
              const char     *key,
              GDestroyNotify  free_func)
{
  GPtrArray *array = g_hash_table_lookup (table, key);

  if (array == NULL)
    {
      array = g_ptr_array_new_with_free_func (free_func);
      g_hash_table_insert (table, g_strdup (key), array);
    }

  return array;
}

static void
dbr_access_rules_index (DbrAccessRules *self,
                        Rule           *rule)
{
  const DbrAccessPart *bus_name = &rule->pattern->bus_name;

  g_ptr_array_add (self->all, rule);
  if (bus_name->kind == DBR_ACCESS_PART_EXACT)
    {
      guint hash = hash_name (bus_name->text);

      g_ptr_array_add (ensure_array (self->by_name, bus_name->text, NULL), rule);
      self->name_marks[hash >> 27] |= 1u << ((hash >> 22) & 31);
    }
  else
    {
      Filter filter = filter_make (rule);

      g_array_append_val (self->others, filter);
      self->start_marks |= filter.mask == G_MAXUINT64
                           ? get_start_mark (filter.start)
                           : G_MAXUINT64;
    }
}

/* The rules for exactly that bus name, or NULL. */
static const GPtrArray *
dbr_access_rules_find_named (const DbrAccessRules *self,
                             const char           *bus_name)
{
  guint hash = hash_name (bus_name);

  if ((self->name_marks[hash >> 27] & (1u << ((hash >> 22) & 31))) == 0)
    return NULL;

  return g_hash_table_lookup (self->by_name, bus_name);
}

static Property *
find_same_property (GPtrArray      *properties,
                    const Property *wanted)
{
  for (guint i = 0; i < properties->len; i++)
    {
      Property *property = g_ptr_array_index (properties, i);

      if (property->rule == wanted->rule)
        return property;
    }

  return NULL;
}

static void
dbr_access_rules_take_property (DbrAccessRules *self,
                                const char     *interface_name,
                                Property       *property)
{
  GPtrArray *properties = ensure_array (self->properties, interface_name, property_free);
  Property *same = find_same_property (properties, property);

  if (same == NULL)
    {
      g_ptr_array_add (properties, property);
      return;
    }

  same->access |= property->access;
  property_free (property);
}

/* What denies is taken instead of what allows, which was perhaps found before. */
static void
rule_judge (const Rule           *self,
            const DbrAccessQuery *query,
            const char           *bus_name,
            DbrAccessMatch        deny_match,
            DbrAccessVerdict     *verdict)
{
  gboolean is_denial = self->answer == DBR_ACCESS_DENIED;

  if (verdict->answer == DBR_ACCESS_DENIED || (verdict->answer != DBR_ACCESS_SILENT && !is_denial))
    return;

  if (dbr_access_pattern_matches (self->pattern, query, bus_name,
                                  is_denial ? deny_match : DBR_ACCESS_MATCH_COVERS))
    {
      verdict->answer = self->answer;
      verdict->rule = self->rule;
      verdict->reason = N_("a rule says so");
    }
}

static void
judge_by_array (const GPtrArray      *rules,
                const DbrAccessQuery *query,
                const char           *bus_name,
                DbrAccessMatch        deny_match,
                DbrAccessVerdict     *verdict)
{
  for (guint i = 0; i < rules->len; i++)
    rule_judge (g_ptr_array_index (rules, i), query, bus_name, deny_match, verdict);
}

/* What begins otherwise cannot match; where an interface is left open it may begin anyhow. */
static void
dbr_access_rules_judge_others (const DbrAccessRules *self,
                               const DbrAccessQuery *query,
                               const char           *bus_name,
                               DbrAccessMatch        deny_match,
                               DbrAccessVerdict     *verdict)
{
  const char *method = query->method.member != NULL
                       ? query->method.interface_name
                       : query->target.interface_name;
  gboolean is_open = query->target.interface_name == NULL || method == NULL;
  guint64 name_start = get_start (bus_name);
  guint64 target_start = is_open ? 0 : get_start (query->target.interface_name);
  guint64 method_start = is_open || query->method.member == NULL
                         ? target_start
                         : get_start (method);

  if (!is_open && (self->start_marks & (get_start_mark (name_start)
                                        | get_start_mark (target_start)
                                        | get_start_mark (method_start))) == 0)
    return;

  for (guint i = 0; i < self->others->len; i++)
    {
      const Filter *filter = &g_array_index (self->others, Filter, i);
      guint64 start = filter->is_by_interface ? target_start : name_start;

      if (((start ^ filter->start) & filter->mask) == 0
          || ((method_start ^ filter->start) & filter->mask) == 0
          || (is_open && filter->is_by_interface))
        rule_judge (filter->rule, query, bus_name, deny_match, verdict);
    }
}

static void
dbr_access_rules_judge_call (const DbrAccessRules *self,
                             const DbrAccessQuery *query,
                             const char           *bus_name,
                             DbrAccessMatch        deny_match,
                             DbrAccessVerdict     *verdict)
{
  const GPtrArray *named;

  /* Who listens to anyone listens to each. */
  if (bus_name == NULL)
    {
      judge_by_array (self->all, query, bus_name, deny_match, verdict);
      return;
    }

  named = dbr_access_rules_find_named (self, bus_name);
  if (named != NULL)
    judge_by_array (named, query, bus_name, deny_match, verdict);

  if (self->start_marks != 0)
    dbr_access_rules_judge_others (self, query, bus_name, deny_match, verdict);
}

/* Who adds a match rule also calls the bus. That a program may do so does not say to what it may
 * listen, unless that is more than signals, of which there is no other rule. */
static void
dbr_access_rules_judge_method (const DbrAccessRules *self,
                               const DbrAccessQuery *query,
                               DbrAccessVerdict     *verdict)
{
  const DbrAccessQuery call = {
    .kind = DBR_ACCESS_KIND_CALL,
    .bus = query->bus,
    .target = query->method,
  };
  DbrAccessVerdict of_call = { DBR_ACCESS_SILENT, NULL, NULL };

  dbr_access_rules_judge_call (self, &call, query->method.bus_name,
                               DBR_ACCESS_MATCH_OVERLAPS, &of_call);

  if (of_call.answer == DBR_ACCESS_DENIED
      || (of_call.answer == DBR_ACCESS_ALLOWED && query->is_eavesdropping))
    *verdict = of_call;
}

static gboolean
property_allows (const Property       *property,
                 const DbrAccessQuery *query)
{
  DbrPropertyAccess wanted = query->kind == DBR_ACCESS_KIND_WRITE
                             ? DBR_PROPERTY_ACCESS_WRITE
                             : DBR_PROPERTY_ACCESS_READ;

  return (property->access & wanted) != 0
         && dbr_access_part_matches (&property->name, query->target.member,
                                     DBR_ACCESS_MATCH_COVERS);
}

/* An interface with a list has no properties but those on it. */
static void
dbr_access_rules_judge_property (const DbrAccessRules *self,
                                 const DbrAccessQuery *query,
                                 DbrAccessVerdict     *verdict)
{
  const char *interface_name = query->target.interface_name;
  const GPtrArray *properties = NULL;

  if (interface_name != NULL)
    properties = g_hash_table_lookup (self->properties, interface_name);
  if (interface_name != NULL && properties == NULL)
    return;

  verdict->answer = DBR_ACCESS_DENIED;
  verdict->rule = g_intern_static_string ("properties");
  verdict->reason = N_("it does not say of which interface, and there are lists of properties");
  if (properties == NULL)
    return;

  verdict->rule = ((const Property *) g_ptr_array_index (properties, 0))->rule;
  verdict->reason = query->kind == DBR_ACCESS_KIND_READ_ALL
                    ? N_("only some properties of the interface may be read; read them one by one")
                    : N_("the properties of the interface are listed, and this access is not");

  for (guint i = 0; i < properties->len; i++)
    {
      const Property *property = g_ptr_array_index (properties, i);

      if (property_allows (property, query))
        {
          *verdict = (DbrAccessVerdict) { DBR_ACCESS_ALLOWED, property->rule, NULL };
          return;
        }
    }
}

/* A name's interface with a list has no signals but those on it. */
static void
dbr_access_rules_judge_signal (const DbrAccessRules *self,
                               const DbrAccessQuery *query,
                               const char           *bus_name,
                               DbrAccessVerdict     *verdict)
{
  for (guint i = 0; i < self->signals->len; i++)
    {
      const Rule *rule = g_ptr_array_index (self->signals, i);

      if (dbr_access_pattern_matches (rule->pattern, query, bus_name, DBR_ACCESS_MATCH_COVERS))
        {
          *verdict = (DbrAccessVerdict) { DBR_ACCESS_ALLOWED, rule->rule, NULL };
          return;
        }

      if (dbr_access_pattern_matches_name (rule->pattern, bus_name, DBR_ACCESS_MATCH_OVERLAPS)
          && dbr_access_part_matches (&rule->pattern->interface_name,
                                      query->target.interface_name, DBR_ACCESS_MATCH_OVERLAPS))
        {
          verdict->answer = DBR_ACCESS_DENIED;
          verdict->rule = rule->rule;
          verdict->reason = N_("the signals of the interface are listed, and this is not");
        }
    }
}

DbrAccessRules *
dbr_access_rules_new (const char *label)
{
  DbrAccessRules *self = g_new0 (DbrAccessRules, 1);

  self->label = g_strdup (label);
  self->all = g_ptr_array_new_with_free_func (rule_free);
  self->by_name = g_hash_table_new_full (hash_name, g_str_equal, g_free, array_free);
  self->others = g_array_new (FALSE, FALSE, sizeof (Filter));
  self->properties = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, array_free);
  self->signals = g_ptr_array_new_with_free_func (rule_free);
  self->conditions = dbr_access_conditions_new ();

  return self;
}

void
dbr_access_rules_free (DbrAccessRules *self)
{
  g_hash_table_unref (self->by_name);
  g_array_unref (self->others);
  g_ptr_array_unref (self->all);
  g_hash_table_unref (self->properties);
  g_ptr_array_unref (self->signals);
  dbr_access_conditions_free (self->conditions);
  g_free (self->label);
  g_free (self);
}

static Rule *
dbr_access_rules_make_rule (DbrAccessRules   *self,
                            DbrAccessPattern *pattern,
                            DbrAccessAnswer   answer,
                            const char       *kind)
{
  Rule *rule = g_new (Rule, 1);

  rule->pattern = pattern;
  rule->answer = answer;
  rule->rule = intern_rule (self->label, kind, pattern->text);

  return rule;
}

gboolean
dbr_access_rules_are_empty (const DbrAccessRules *self)
{
  return self->all->len == 0 && self->signals->len == 0
         && g_hash_table_size (self->properties) == 0;
}

gboolean
dbr_access_rules_add (DbrAccessRules   *self,
                      const char       *pattern,
                      DbrAccessAnswer   answer,
                      GError          **error)
{
  DbrAccessPattern *read = dbr_access_pattern_new (pattern, error);

  if (read == NULL)
    return FALSE;

  dbr_access_rules_index (self, dbr_access_rules_make_rule (self, read, answer,
                                                            answer == DBR_ACCESS_ALLOWED
                                                            ? "allow"
                                                            : "deny"));

  return TRUE;
}

gboolean
dbr_access_rules_add_property (DbrAccessRules     *self,
                               const char         *interface_name,
                               const char         *property_name,
                               DbrPropertyAccess   access,
                               GError            **error)
{
  const guint all = DBR_PROPERTY_ACCESS_READ | DBR_PROPERTY_ACCESS_WRITE;
  g_autofree char *title = g_strconcat (interface_name, ".", property_name, NULL);
  Property *property;

  if (!dbr_check_interface_name (interface_name, error))
    return FALSE;

  if (access == 0 || (access & ~all) != 0)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The access to a property is to read, to write or both, and not %u"), access);
      return FALSE;
    }

  property = g_new0 (Property, 1);
  if (!dbr_access_part_init_member (&property->name, property_name, error))
    {
      property_free (property);
      return FALSE;
    }

  property->access = access;
  property->rule = intern_rule (self->label, "property", title);
  dbr_access_rules_take_property (self, interface_name, property);

  return TRUE;
}

void
dbr_access_rules_take_signal (DbrAccessRules   *self,
                              DbrAccessPattern *pattern)
{
  g_ptr_array_add (self->signals,
                   dbr_access_rules_make_rule (self, pattern, DBR_ACCESS_ALLOWED, "signal"));
}

DbrAccessConditions *
dbr_access_rules_get_conditions (const DbrAccessRules *self)
{
  return self->conditions;
}

void
dbr_access_rules_take (DbrAccessRules *self,
                       DbrAccessRules *more)
{
  GHashTableIter iter;
  gpointer key;
  gpointer value;

  g_hash_table_remove_all (more->by_name);
  g_array_set_size (more->others, 0);
  while (more->all->len > 0)
    dbr_access_rules_index (self, g_ptr_array_steal_index (more->all, 0));
  while (more->signals->len > 0)
    g_ptr_array_add (self->signals, g_ptr_array_steal_index (more->signals, 0));
  dbr_access_conditions_take (self->conditions, more->conditions);

  g_hash_table_iter_init (&iter, more->properties);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      GPtrArray *properties = value;

      while (properties->len > 0)
        dbr_access_rules_take_property (self, key, g_ptr_array_steal_index (properties, 0));
    }
}

DbrAccessVerdict
dbr_access_rules_judge (const DbrAccessRules *self,
                        const DbrAccessQuery *query,
                        const char           *bus_name,
                        gboolean              is_shipped)
{
  DbrAccessMatch deny_match = is_shipped && query->kind != DBR_ACCESS_KIND_CALL
                              ? DBR_ACCESS_MATCH_COVERS
                              : DBR_ACCESS_MATCH_OVERLAPS;
  DbrAccessVerdict verdict = { DBR_ACCESS_SILENT, NULL, NULL };
  DbrAccessVerdict listed = { DBR_ACCESS_SILENT, NULL, NULL };

  if (self->all->len > 0)
    dbr_access_rules_judge_call (self, query, bus_name, deny_match, &verdict);
  if (query->is_eavesdropping && verdict.answer == DBR_ACCESS_ALLOWED)
    verdict.answer = DBR_ACCESS_SILENT;
  if (query->kind == DBR_ACCESS_KIND_SIGNAL && query->method.member != NULL)
    dbr_access_rules_judge_method (self, query, &verdict);
  if (verdict.answer == DBR_ACCESS_DENIED || query->kind == DBR_ACCESS_KIND_CALL
      || query->is_eavesdropping)
    return verdict;

  if (query->kind == DBR_ACCESS_KIND_SIGNAL)
    dbr_access_rules_judge_signal (self, query, bus_name, &listed);
  else if (g_hash_table_size (self->properties) > 0)
    dbr_access_rules_judge_property (self, query, &listed);

  /* A list of properties says nothing of whose they are. */
  if (listed.answer == DBR_ACCESS_ALLOWED && query->kind != DBR_ACCESS_KIND_SIGNAL
      && bus_name != NULL && bus_name[0] == ':')
    return verdict;

  return listed.answer != DBR_ACCESS_SILENT ? listed : verdict;
}

DbrAccessVerdict
dbr_access_rules_judge_name (const DbrAccessRules *self,
                             const char           *bus_name)
{
  GPtrArray *const lists[] = { self->all, self->signals };
  DbrAccessVerdict verdict = { DBR_ACCESS_SILENT, NULL, NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      for (guint j = 0; j < lists[i]->len; j++)
        {
          const Rule *rule = g_ptr_array_index (lists[i], j);
          gboolean is_denial = rule->answer == DBR_ACCESS_DENIED;

          if (!dbr_access_pattern_matches_name (rule->pattern, bus_name, is_denial
                                                ? DBR_ACCESS_MATCH_OVERLAPS
                                                : DBR_ACCESS_MATCH_COVERS))
            continue;

          if (is_denial && dbr_access_pattern_is_whole (rule->pattern))
            {
              return (DbrAccessVerdict) { DBR_ACCESS_DENIED, rule->rule, NULL };
            }
          if (!is_denial)
            {
              verdict = (DbrAccessVerdict) { DBR_ACCESS_ALLOWED, rule->rule, NULL };
            }
        }
    }

  return verdict;
}
