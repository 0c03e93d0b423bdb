/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "base/dbr-error.h"
#include "bus/dbr-introspection-private.h"

/* What is left of what a service says of its objects. */

static const char example[] =
  "<!DOCTYPE node PUBLIC '-//freedesktop//DTD D-BUS Object Introspection 1.0//EN'\n"
  "  'http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd'>\n"
  "<node>\n"
  "  <interface name='org.a.Open'>\n"
  "    <method name='Play'><arg name='what' type='s' direction='in'/></method>\n"
  "    <method name='Erase'/>\n"
  "    <property name='Title' type='s' access='read'/>\n"
  "    <signal name='Ended'/>\n"
  "  </interface>\n"
  "  <interface name='org.a.Closed'>\n"
  "    <method name='Format'/>\n"
  "    <property name='Key' type='s' access='readwrite'/>\n"
  "  </interface>\n"
  "  <node name='below'>\n"
  "    <interface name='org.a.Open'><method name='Play'/><method name='Erase'/></interface>\n"
  "    <interface name='org.a.Closed'><method name='Format'/></interface>\n"
  "    <node name='deeper'>\n"
  "      <interface name='org.a.Closed'><method name='Format'/></interface>\n"
  "    </node>\n"
  "  </node>\n"
  "  <node name='named'/>\n"
  "</node>\n";

static char *
filter (const char           *xml,
        const char           *object_path,
        DbrIntrospectionFunc  may_see,
        gpointer              user_data)
{
  g_autoptr(GError) error = NULL;
  char *left = dbr_introspection_filter (xml, object_path, may_see, user_data, &error);

  g_assert_no_error (error);
  g_assert_nonnull (left);

  return left;
}

static gboolean
may_see_open_cb (DbrIntrospectionKind  kind,
                 const char           *object_path,
                 const char           *interface_name,
                 const char           *member,
                 gpointer              user_data)
{
  return g_str_equal (interface_name, "org.a.Open") && !g_str_equal (member, "Erase");
}

static void
test_example (void)
{
  g_autofree char *left = filter (example, "/", may_see_open_cb, NULL);
  g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (left, NULL);
  GDBusInterfaceInfo *open;

  g_test_summary ("What may not be seen is in no object that is told of, also not in those below");

  g_assert_null (strstr (left, "Closed"));
  g_assert_null (strstr (left, "Format"));
  g_assert_null (strstr (left, "Key"));
  g_assert_null (strstr (left, "Erase"));

  g_assert_nonnull (node);
  open = g_dbus_node_info_lookup_interface (node, "org.a.Open");
  g_assert_nonnull (g_dbus_interface_info_lookup_method (open, "Play"));
  g_assert_cmpstr (open->methods[0]->in_args[0]->signature, ==, "s");
  g_assert_nonnull (g_dbus_interface_info_lookup_property (open, "Title"));
  g_assert_nonnull (g_dbus_interface_info_lookup_signal (open, "Ended"));
  g_assert_cmpstr (node->nodes[0]->path, ==, "below");
  g_assert_nonnull (g_dbus_node_info_lookup_interface (node->nodes[0], "org.a.Open"));
  g_assert_cmpstr (node->nodes[0]->nodes[0]->path, ==, "deeper");
  g_assert_cmpstr (node->nodes[1]->path, ==, "named");
}

static gboolean
note_path_cb (DbrIntrospectionKind  kind,
              const char           *object_path,
              const char           *interface_name,
              const char           *member,
              gpointer              user_data)
{
  if (g_str_equal (member, "Format"))
    g_ptr_array_add (user_data, g_strdup (object_path));

  return TRUE;
}

static void
assert_paths (const char        *object_path,
              const char *const *expected)
{
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *left = filter (example, object_path, note_path_cb, paths);

  g_assert_nonnull (strstr (left, "Format"));
  g_ptr_array_add (paths, NULL);
  g_assert_cmpstrv ((char **) paths->pdata, expected);
}

static void
test_paths (void)
{
  g_test_summary ("What is below is judged by its own path");

  assert_paths ("/", (const char *[]) { "/", "/below", "/below/deeper", NULL });
  assert_paths ("/org/a", (const char *[]) {
    "/org/a", "/org/a/below", "/org/a/below/deeper", NULL
  });
}

/* Random objects and random verdicts, which depend on nothing but what is judged. */

static void
append_members (GString    *xml,
                const char *interface_name,
                GPtrArray  *members)
{
  static const char *const kinds[] = { "method", "property", "signal" };
  static const char *const ends[] = { "/>", " type='s' access='readwrite'/>", "/>" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      for (int n = g_test_rand_int_range (0, 4); n > 0; n--)
        {
          g_string_append_printf (xml, "<%s name='M%d'%s", kinds[i], n, ends[i]);
          g_ptr_array_add (members, g_strdup_printf ("%u %s M%d", i, interface_name, n));
        }
    }
}

static void
append_node (GString    *xml,
             const char *object_path,
             guint       depth,
             GPtrArray  *members)
{
  for (int n = g_test_rand_int_range (0, 4); n > 0; n--)
    {
      g_autofree char *name = g_strdup_printf ("org.a.I%d", n);
      g_autofree char *place = g_strdup_printf ("%s %s", object_path, name);

      g_string_append_printf (xml, "<interface name='%s'>", name);
      append_members (xml, place, members);
      g_string_append (xml, "</interface>");
    }
  for (int n = depth > 0 ? g_test_rand_int_range (0, 3) : 0; n > 0; n--)
    {
      g_autofree char *path = g_strdup_printf ("%s/n%d", object_path, n);

      g_string_append_printf (xml, "<node name='n%d'>", n);
      append_node (xml, path, depth - 1, members);
      g_string_append (xml, "</node>");
    }
}

/* A verdict, and a note of what was judged. */
typedef struct
{
  guint      salt;
  GPtrArray *seen;
} Judge;

static gboolean
is_allowed (const Judge *judge,
            const char  *member)
{
  return ((g_str_hash (member) ^ judge->salt) * 2654435761u >> 16) % 3 != 0;
}

static gboolean
judge_cb (DbrIntrospectionKind  kind,
          const char           *object_path,
          const char           *interface_name,
          const char           *member,
          gpointer              user_data)
{
  Judge *judge = user_data;
  g_autofree char *text = g_strdup_printf ("%u %s %s %s", kind, object_path, interface_name, member);
  gboolean may_see = is_allowed (judge, text);

  g_ptr_array_add (judge->seen, g_steal_pointer (&text));

  return may_see;
}

/* Those of @members that are allowed, in their order. */
static char *
join (const Judge *judge,
      GPtrArray   *members,
      gboolean     is_filtered)
{
  g_autoptr(GPtrArray) left = g_ptr_array_new ();

  for (guint i = 0; i < members->len; i++)
    {
      if (!is_filtered || is_allowed (judge, g_ptr_array_index (members, i)))
        g_ptr_array_add (left, g_ptr_array_index (members, i));
    }
  g_ptr_array_add (left, NULL);

  return g_strjoinv ("\n", (char **) left->pdata);
}

static guint
count_interfaces (const char *xml)
{
  g_auto(GStrv) parts = g_strsplit (xml, "<interface ", -1);

  return g_strv_length (parts) - 1;
}

static void
test_random (void)
{
  g_test_summary ("Of any objects just what may be seen is left, and of an interface not the name alone");

  for (guint i = 0; i < 500; i++)
    {
      g_autoptr(GString) xml = g_string_new ("<node>");
      g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func (g_free);
      g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);
      g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func (g_free);
      Judge judge = { (guint) g_test_rand_int (), seen };
      g_autofree char *once = NULL;
      g_autofree char *twice = NULL;
      g_autofree char *expected = NULL;
      g_autofree char *found = NULL;

      append_node (xml, "/org", 3, members);
      g_string_append (xml, "</node>");

      once = filter (xml->str, "/org", judge_cb, &judge);
      g_assert_cmpuint (seen->len, ==, members->len);

      /* The second time it is asked of nothing but what was left, and leaves it. */
      judge.seen = again;
      twice = filter (once, "/org", judge_cb, &judge);
      expected = join (&judge, seen, TRUE);
      found = join (&judge, again, FALSE);
      g_assert_cmpstr (found, ==, expected);
      g_assert_cmpstr (twice, ==, once);
      g_assert_cmpuint (count_interfaces (once), <=, again->len);
    }
}

static void
test_unreadable (void)
{
  g_test_summary ("What cannot be read is an error and is not handed on, however little of it is wrong");

  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *xml = g_strdup (example);
      g_autoptr(GError) error = NULL;
      g_autofree char *left = NULL;

      for (int n = g_test_rand_int_range (1, 4); n > 0; n--)
        xml[g_test_rand_int_range (0, sizeof example - 1)] = (char) g_test_rand_int_range (0, 128);

      left = dbr_introspection_filter (xml, "/", may_see_open_cb, NULL, &error);
      if (left == NULL)
        g_assert_error (error, DBR_ERROR, DBR_ERROR_BAD_REPLY);
      else
        g_assert_null (strstr (left, "org.a.Closed"));
    }
}

#define IN_METHOD(what) \
  ("<node><interface name='a.b'><method name='Do'>" what "</method></interface></node>")

/* GLib's own reader crashes on the first three. */
static void
test_misplaced (void)
{
  static const char *const misplaced[] = {
    IN_METHOD ("<arg type='s'><node><interface name='x'/></node></arg>"),
    IN_METHOD ("<arg type='s'><node/></arg>"),
    IN_METHOD ("<node/>"),
    "<node><interface name='a.b'><interface name='a.c'/></interface></node>",
    "<node><arg type='s'/></node>",
    "<node><doc><interface name='a.b'/></doc></node>",
    "<interface name='a.b'/>",
    "<doc/>",
    "<node½interface anme=\"%\"></interface></node>",
    "",
  };

  g_test_summary ("What stands where it does not belong is an error, and no crash");

  for (gsize i = 0; i < G_N_ELEMENTS (misplaced); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *interface_name = NULL;
      g_autofree char *property_name = NULL;

      g_assert_false (dbr_introspection_check (misplaced[i], &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_BAD_REPLY);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_null (dbr_introspection_dup_silent (misplaced[i], "a.b"));
      g_assert_false (dbr_introspection_find_property (misplaced[i], &interface_name, &property_name));
    }
}

static char *
make_nested (guint depth)
{
  g_autoptr(GString) xml = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append (xml, "<node name='a'>");
  for (guint i = 0; i < depth; i++)
    g_string_append (xml, "</node>");

  return g_string_free (g_steal_pointer (&xml), FALSE);
}

static void
test_nested (void)
{
  g_autofree char *deep = make_nested (200000);
  g_autofree char *plain = make_nested (64);
  g_autoptr(GError) error = NULL;

  g_test_summary ("Objects within each other are read as deep as there are any, and no deeper");
  g_assert_true (dbr_introspection_check (plain, &error));
  g_assert_no_error (error);
  g_assert_false (dbr_introspection_check (deep, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_BAD_REPLY);
}

static void
test_foreign (void)
{
  static const char xml[] =
    "<?xml version='1.0'?>\n<node xmlns:doc='http://www.freedesktop.org/dbus/1.0/doc.dtd'><interface "
    "name='a.b'><doc:doc><doc:description>What it does</doc:description></doc:doc><method name='Do'>"
    "<tp:docstring>it <b>does</b></tp:docstring><arg type='s'/></method></interface></node>";
  g_autoptr(GError) error = NULL;

  g_test_summary ("Documentation that services put into what they say of themselves does no harm");
  g_assert_true (dbr_introspection_check (xml, &error));
  g_assert_no_error (error);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/introspection/what-may-not-be-seen-is-left-out", test_example);
  g_test_add_func ("/dbr/introspection/each-object-by-its-path", test_paths);
  g_test_add_func ("/dbr/introspection/random-objects", test_random);
  g_test_add_func ("/dbr/introspection/what-cannot-be-read", test_unreadable);
  g_test_add_func ("/dbr/introspection/what-is-misplaced", test_misplaced);
  g_test_add_func ("/dbr/introspection/what-is-nested", test_nested);
  g_test_add_func ("/dbr/introspection/what-others-added", test_foreign);

  return g_test_run ();
}
