/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-access-query-private.h"

#include <string.h>

#define DRIVER_INTERFACE "org.freedesktop.DBus"
static const char *const kind_names[] = {
  [DBR_ACCESS_KIND_CALL] = "call",
  [DBR_ACCESS_KIND_READ] = "read",
  [DBR_ACCESS_KIND_READ_ALL] = "read-all",
  [DBR_ACCESS_KIND_WRITE] = "write",
  [DBR_ACCESS_KIND_SIGNAL] = "signal",
};

/* A message may leave its interface out. */
static gboolean
may_be_of (const DbrRequest *request,
           const char       *interface_name)
{
  return request->interface_name == NULL
         || strcmp (request->interface_name, interface_name) == 0;
}

/* The name of another connection that a method of the bus is about. */
static gboolean
is_about_a_name (const char *method_name)
{
  return g_str_has_prefix (method_name, "GetConnection")
         || g_str_has_prefix (method_name, "GetAdt")
         || g_str_equal (method_name, "GetNameOwner")
         || g_str_equal (method_name, "NameHasOwner")
         || g_str_equal (method_name, "ListQueuedOwners")
         || g_str_equal (method_name, "StartServiceByName");
}

/* The string at @index of parameters that begin with nothing but strings, or NULL. Another thread
 * may serialise the parameters meanwhile, and they then let go of their children: so it is held. */
static const char *
dbr_access_query_hold_string (DbrAccessQuery   *self,
                              const DbrRequest *request,
                              gsize             index)
{
  const char *type;
  const char *text;

  if (request->parameters == NULL)
    return NULL;

  type = g_variant_get_type_string (request->parameters);
  if (strncmp (type, "(ss", index + 2) != 0)
    return NULL;

  self->held[index] = g_variant_get_child_value (request->parameters, index);
  text = g_variant_get_string (self->held[index], NULL);

  return *text != '\0' ? text : NULL;
}

/* Takes one value of a match rule out of its quotes, in place, and leaves @rule behind it. */
static char *
cut_value (char **rule)
{
  char *value = *rule;
  char *out = *rule;
  char *in = *rule;
  gboolean is_quoted = FALSE;

  for (; *in != '\0' && (is_quoted || *in != ','); in++)
    {
      if (*in == '\'')
        is_quoted = !is_quoted;
      else if (!is_quoted && in[0] == '\\' && in[1] == '\'')
        *out++ = *++in;
      else
        *out++ = *in;
    }

  if (is_quoted)
    return NULL;

  *rule = *in == ',' ? in + 1 : in;
  *out = '\0';

  return value;
}

static void
dbr_access_query_set_match (DbrAccessQuery *self,
                            const char     *key,
                            const char     *value)
{
  if (g_str_equal (key, "sender"))
    self->target.bus_name = value;
  else if (g_str_equal (key, "path") || g_str_equal (key, "path_namespace"))
    self->target.object_path = value;
  else if (g_str_equal (key, "interface"))
    self->target.interface_name = value;
  else if (g_str_equal (key, "member"))
    self->target.member = value;

  if (g_str_equal (key, "path_namespace"))
    self->is_tree = TRUE;
  if ((g_str_equal (key, "type") && !g_str_equal (value, "signal"))
      || (g_str_equal (key, "eavesdrop") && !g_str_equal (value, "false")))
    self->is_eavesdropping = TRUE;
}

static void
dbr_access_query_read_match (DbrAccessQuery *self)
{
  char *rule = self->match_rule;

  while (*rule != '\0')
    {
      char *key = rule;
      const char *value = NULL;

      rule = strchr (rule, '=');
      if (rule != NULL)
        {
          *rule++ = '\0';
          value = cut_value (&rule);
        }

      if (value == NULL)
        {
          self->is_eavesdropping = TRUE;
          return;
        }

      dbr_access_query_set_match (self, g_strstrip (key), value);
    }
}

/* Who listens through a match rule of their own subscribes to signals all the same. */
static void
dbr_access_query_init_match (DbrAccessQuery   *self,
                             const DbrRequest *request)
{
  self->kind = DBR_ACCESS_KIND_SIGNAL;
  self->method = self->target;
  self->target = (DbrAccessTarget) { NULL, NULL, NULL, NULL };
  self->match_rule = g_strdup (dbr_access_query_hold_string (self, request, 0));

  if (self->match_rule != NULL)
    dbr_access_query_read_match (self);
}

static void
dbr_access_query_init_driver (DbrAccessQuery   *self,
                              const DbrRequest *request)
{
  if (g_str_equal (request->method_name, "AddMatch")
      || g_str_equal (request->method_name, "RemoveMatch"))
    dbr_access_query_init_match (self, request);
  else if (is_about_a_name (request->method_name))
    self->about = dbr_access_query_hold_string (self, request, 0);
}

static void
dbr_access_query_init_property (DbrAccessQuery   *self,
                                const DbrRequest *request)
{
  if (g_str_equal (request->method_name, "Get"))
    self->kind = DBR_ACCESS_KIND_READ;
  else if (g_str_equal (request->method_name, "GetAll"))
    self->kind = DBR_ACCESS_KIND_READ_ALL;
  else if (g_str_equal (request->method_name, "Set"))
    self->kind = DBR_ACCESS_KIND_WRITE;
  else
    return;

  /* What has no interface, or not the parameters it should, stays open: it may be any property. */
  self->method = self->target;
  self->target.interface_name = dbr_access_query_hold_string (self, request, 0);
  self->target.member = self->kind != DBR_ACCESS_KIND_READ_ALL
                        ? dbr_access_query_hold_string (self, request, 1)
                        : NULL;
}

void
dbr_access_query_init_request (DbrAccessQuery   *self,
                               const DbrRequest *request,
                               DbrAccessBus      bus)
{
  memset (self, 0, sizeof (DbrAccessQuery));
  self->kind = DBR_ACCESS_KIND_CALL;
  self->bus = bus;
  self->target.bus_name = request->bus_name;
  self->target.object_path = request->object_path;
  self->target.interface_name = request->interface_name;
  self->target.member = request->method_name;

  /* What is sent to nobody is for the bus itself. */
  if (self->target.bus_name == NULL && bus != DBR_ACCESS_BUS_PEER)
    self->target.bus_name = DBR_ACCESS_DRIVER;

  if (may_be_of (request, DBR_PROPERTIES_INTERFACE))
    dbr_access_query_init_property (self, request);

  if (self->kind == DBR_ACCESS_KIND_CALL && may_be_of (request, DRIVER_INTERFACE)
      && g_strcmp0 (self->target.bus_name, DBR_ACCESS_DRIVER) == 0)
    dbr_access_query_init_driver (self, request);
}

void
dbr_access_query_init_signal (DbrAccessQuery *self,
                              DbrAccessBus    bus,
                              const char     *bus_name,
                              const char     *object_path,
                              const char     *interface_name,
                              const char     *member,
                              gboolean        is_tree)
{
  memset (self, 0, sizeof (DbrAccessQuery));
  self->kind = DBR_ACCESS_KIND_SIGNAL;
  self->bus = bus;
  self->target.bus_name = bus_name;
  self->target.object_path = object_path;
  self->target.interface_name = interface_name;
  self->target.member = member;
  self->is_tree = is_tree && object_path != NULL;
}

void
dbr_access_query_clear (DbrAccessQuery *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->held); i++)
    g_clear_pointer (&self->held[i], g_variant_unref);
  g_clear_pointer (&self->match_rule, g_free);
}

char *
dbr_access_query_dup_title (const DbrAccessQuery *self)
{
  const DbrAccessTarget *target = &self->target;

  return g_strconcat (target->interface_name != NULL ? target->interface_name : "*", ".",
                      target->member != NULL ? target->member : "*", NULL);
}

static void
add_text (GVariantBuilder *builder,
          const char      *key,
          const char      *text)
{
  g_variant_builder_add (builder, "{sv}", key, g_variant_new_string (text != NULL ? text : ""));
}

GVariant *
dbr_access_query_dup_record (const DbrAccessQuery *self,
                             gboolean              is_allowed,
                             const char           *rule,
                             gint64                when_usec)
{
  g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&builder, "{sv}", "allowed", g_variant_new_boolean (is_allowed));
  add_text (&builder, "kind", kind_names[self->kind]);
  add_text (&builder, "bus-name", self->target.bus_name);
  add_text (&builder, "object-path", self->target.object_path);
  add_text (&builder, "interface-name", self->target.interface_name);
  add_text (&builder, "member", self->target.member);
  add_text (&builder, "rule", rule);
  g_variant_builder_add (&builder, "{sv}", "when-usec", g_variant_new_int64 (when_usec));

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}
