/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-match-rule-private.h"

#include "base/dbr-error.h"
#include "dbr-made-signal.h"
#include "dbr-testbed.h"

#define NAMESPACE DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE
#define ARG0_NAMESPACE DBR_SUBSCRIPTION_FLAGS_ARG0_NAMESPACE
#define ARG0_PATH DBR_SUBSCRIPTION_FLAGS_ARG0_PATH

#define N_PAIRS 4000
#define N_RULES_ON_BUS 60

/* What rules and signals are made of by chance: few values, so that they often meet. */
static const char *const paths[] = { "/", "/a", "/a/b", "/a/b/c", "/ab", "/b" };
static const char *const interfaces[] = { "org.dbr.A", "org.dbr.B" };
static const char *const members[] = { "M", "N" };
static const char *const names[] = { "a", "a.b", "a.b.c", "a.bc", "ab" };
static const char *const ways[] = { "/", "/a", "/a/", "/a/b", "/a/b/", "/ab" };
static const char *const first_arguments[] = {
  "@() ()", "('',)", "('a',)", "('a.b',)", "('a.b.c',)", "('a.bc',)", "('ab',)", "('/',)", "('/a',)",
  "('/a/',)", "('/a/b',)", "('/a/b/',)", "('/ab',)", "(objectpath '/',)", "(objectpath '/a',)",
  "(objectpath '/a/b',)", "(objectpath '/ab',)", "(uint32 1, 'a')", "(['a'],)", "(<'a'>,)",
  "(signature 's',)", "(\"it's\",)",
};

static const char *
choose (const char *const *values,
        gsize              n_values)
{
  return values[g_test_rand_int_range (0, n_values)];
}

static const char *
choose_or_none (const char *const *values,
                gsize              n_values)
{
  return g_test_rand_bit () ? choose (values, n_values) : NULL;
}

static DbrMatchRule *
rule_new_random (const char *bus_name)
{
  DbrSubscriptionFlags flags = DBR_SUBSCRIPTION_FLAGS_NONE;
  const char *path = choose_or_none (paths, G_N_ELEMENTS (paths));
  const char *arg0 = NULL;

  if (path != NULL && g_test_rand_bit ())
    flags |= NAMESPACE;
  switch (g_test_rand_int_range (0, 5))
    {
    case 0:
      arg0 = choose (names, G_N_ELEMENTS (names));
      break;

    case 1:
      arg0 = choose (names, G_N_ELEMENTS (names));
      flags |= ARG0_NAMESPACE;
      break;

    case 2:
      arg0 = choose (ways, G_N_ELEMENTS (ways));
      flags |= ARG0_PATH;
      break;

    case 3:
      arg0 = "it's";
      break;

    default:
      break;
    }

  return dbr_match_rule_new (bus_name, path,
                             choose_or_none (interfaces, G_N_ELEMENTS (interfaces)),
                             choose_or_none (members, G_N_ELEMENTS (members)), arg0, flags);
}

/* Each signal that can be made of the above, in turn. */
typedef struct
{
  gsize path;
  gsize interface_name;
  gsize member;
  gsize body;
} Variation;

static gboolean
variation_next (Variation *self)
{
  if (++self->body < G_N_ELEMENTS (first_arguments))
    return TRUE;
  self->body = 0;
  if (++self->member < G_N_ELEMENTS (members))
    return TRUE;
  self->member = 0;
  if (++self->interface_name < G_N_ELEMENTS (interfaces))
    return TRUE;
  self->interface_name = 0;

  return ++self->path < G_N_ELEMENTS (paths);
}

static DbrMessage *
variation_new_signal (const Variation *self)
{
  return made_signal_new (":1.1", paths[self->path], interfaces[self->interface_name],
                          members[self->member],
                          g_variant_new_parsed (first_arguments[self->body]));
}

static char *
signal_dup_text (const char *path,
                 const char *interface_name,
                 const char *member,
                 GVariant   *body)
{
  g_autofree char *printed = body != NULL ? g_variant_print (body, TRUE) : g_strdup ("()");

  return g_strdup_printf ("%s %s.%s %s", path, interface_name, member, printed);
}

static void
test_text (void)
{
  const struct
  {
    const char          *path, *interface_name, *member, *arg0;
    DbrSubscriptionFlags flags;
    const char          *text;
  } rows[] = {
    { NULL, NULL, NULL, NULL, 0, "type='signal',sender='org.dbr.Test'" },
    { "/a", "org.dbr.A", "M", "x", 0, "type='signal',sender='org.dbr.Test',path='/a',"
      "interface='org.dbr.A',member='M',arg0='x'" },
    { "/a", NULL, NULL, NULL, NAMESPACE, "type='signal',sender='org.dbr.Test',"
      "path_namespace='/a'" },
    { "/", NULL, NULL, NULL, NAMESPACE, "type='signal',sender='org.dbr.Test'" },
    { NULL, NULL, NULL, "a.b", ARG0_NAMESPACE, "type='signal',sender='org.dbr.Test',"
      "arg0namespace='a.b'" },
    { NULL, NULL, NULL, "/a/", ARG0_PATH, "type='signal',sender='org.dbr.Test',arg0path='/a/'" },
    { NULL, NULL, NULL, "it's, \\", 0, "type='signal',sender='org.dbr.Test',arg0='it'\\''s, \\'" },
    { NULL, NULL, NULL, "", 0, "type='signal',sender='org.dbr.Test',arg0=''" },
  };

  g_test_summary ("A rule is written as the bus reads it");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(DbrMatchRule) rule =
        dbr_match_rule_new ("org.dbr.Test", rows[i].path, rows[i].interface_name, rows[i].member,
                            rows[i].arg0, rows[i].flags);
      g_autofree char *text = dbr_match_rule_to_text (rule);

      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

static void
test_check (void)
{
  g_autofree char *long_text = g_strnfill (256, 'x');
  g_autofree char *long_name = g_strdup_printf ("a.%s", long_text + 3);
  const struct
  {
    const char          *name, *path, *interface_name, *member, *arg0;
    DbrSubscriptionFlags flags;
    gboolean             has_bus;
    gboolean             is_good;
  } rows[] = {
    { "org.dbr.Test", NULL, NULL, NULL, NULL, 0, TRUE, TRUE },
    { ":1.5", "/a", "org.dbr.A", "M", "", 0, TRUE, TRUE },
    { NULL, "/a", NULL, NULL, NULL, 0, FALSE, TRUE },
    { NULL, "/a", NULL, NULL, NULL, 0, TRUE, FALSE },
    { "no name", NULL, NULL, NULL, NULL, 0, TRUE, FALSE },
    { "org.dbr.Test", "a", NULL, NULL, NULL, 0, TRUE, FALSE },
    { "org.dbr.Test", NULL, "A", NULL, NULL, 0, TRUE, FALSE },
    { "org.dbr.Test", NULL, NULL, "a.b", NULL, 0, TRUE, FALSE },
    { "org.dbr.Test", NULL, NULL, NULL, "\xff", 0, TRUE, FALSE },
    { "org.dbr.Test", NULL, NULL, NULL, long_text, 0, TRUE, FALSE },
    { "org.dbr.Test", NULL, NULL, NULL, NULL, NAMESPACE, TRUE, FALSE },
    { "org.dbr.Test", NULL, NULL, NULL, NULL, ARG0_PATH, TRUE, FALSE },
    { "org.dbr.Test", NULL, NULL, NULL, "a", ARG0_PATH | ARG0_NAMESPACE, TRUE, FALSE },
    { "org.dbr.Test", NULL, NULL, NULL, "a", ARG0_NAMESPACE, TRUE, TRUE },
    { "org.dbr.Test", NULL, NULL, NULL, "a-b._c", ARG0_NAMESPACE, TRUE, TRUE },
    { "org.dbr.Test", NULL, NULL, NULL, long_name, ARG0_NAMESPACE, TRUE, TRUE },
    { "org.dbr.Test", NULL, NULL, NULL, "", ARG0_NAMESPACE, TRUE, FALSE },
    { "org.dbr.Test", NULL, NULL, NULL, "a.", ARG0_NAMESPACE, TRUE, FALSE },
    { "org.dbr.Test", NULL, NULL, NULL, "1a", ARG0_NAMESPACE, TRUE, FALSE },
    { "org.dbr.Test", NULL, NULL, NULL, "no name", ARG0_NAMESPACE, TRUE, FALSE },
    { "org.dbr.Test", NULL, NULL, NULL, "no name", ARG0_NAMESPACE, FALSE, FALSE },
    { "org.dbr.Test", NULL, NULL, NULL, "no name", ARG0_PATH, TRUE, TRUE },
  };

  g_test_summary ("A bad value is an error before anything is sent");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(DbrMatchRule) rule =
        dbr_match_rule_new (rows[i].name, rows[i].path, rows[i].interface_name, rows[i].member,
                            rows[i].arg0, rows[i].flags);
      g_autoptr(GError) error = NULL;

      g_assert_cmpint (dbr_match_rule_check (rule, rows[i].has_bus, &error), ==, rows[i].is_good);
      if (rows[i].is_good)
        g_assert_no_error (error);
      else
        g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
    }
}

static void
test_covers (void)
{
  const struct
  {
    const char          *path, *member, *arg0;
    DbrSubscriptionFlags flags;
    const char          *other_path, *other_member, *other_arg0;
    DbrSubscriptionFlags other_flags;
    gboolean             covers;
  } rows[] = {
    { NULL, NULL, NULL, 0, "/a", "M", "x", 0, TRUE },
    { "/a", "M", "x", 0, "/a", "M", "x", 0, TRUE },
    { "/a", "M", "x", 0, NULL, NULL, NULL, 0, FALSE },
    { "/a", NULL, NULL, NAMESPACE, "/a/b", "M", NULL, 0, TRUE },
    { "/a", NULL, NULL, NAMESPACE, "/a", NULL, NULL, NAMESPACE, TRUE },
    { "/a", NULL, NULL, NAMESPACE, "/a/b", NULL, NULL, NAMESPACE, TRUE },
    { "/a", NULL, NULL, NAMESPACE, "/ab", NULL, NULL, 0, FALSE },
    { "/a/b", NULL, NULL, NAMESPACE, "/a", NULL, NULL, NAMESPACE, FALSE },
    { "/a", NULL, NULL, 0, "/a", NULL, NULL, NAMESPACE, FALSE },
    { "/", NULL, NULL, NAMESPACE, "/a", NULL, NULL, 0, TRUE },
    { NULL, NULL, "a", 0, NULL, NULL, "a", ARG0_NAMESPACE, FALSE },
    { NULL, NULL, "a", ARG0_NAMESPACE, NULL, NULL, "a", ARG0_NAMESPACE, TRUE },
    { NULL, NULL, "a", 0, NULL, NULL, NULL, 0, FALSE },
  };

  g_test_summary ("A rule that hears all that another one asks for is known");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(DbrMatchRule) rule =
        dbr_match_rule_new ("org.dbr.Test", rows[i].path, NULL, rows[i].member, rows[i].arg0,
                            rows[i].flags);
      g_autoptr(DbrMatchRule) other =
        dbr_match_rule_new ("org.dbr.Test", rows[i].other_path, NULL, rows[i].other_member,
                            rows[i].other_arg0, rows[i].other_flags);
      g_autoptr(DbrMatchRule) stranger =
        dbr_match_rule_new ("org.dbr.Other", rows[i].other_path, NULL, rows[i].other_member,
                            rows[i].other_arg0, rows[i].other_flags);

      g_assert_cmpint (dbr_match_rule_covers (rule, other), ==, rows[i].covers);
      g_assert_false (dbr_match_rule_covers (rule, stranger));
    }
}

static void
test_covers_all (void)
{
  guint n_covered = 0;

  g_test_summary ("Who is covered by a rule asks for no signal that the rule does not hear");
  for (guint i = 0; i < N_PAIRS; i++)
    {
      g_autoptr(DbrMatchRule) rule = rule_new_random ("org.dbr.Test");
      g_autoptr(DbrMatchRule) other = rule_new_random ("org.dbr.Test");
      Variation variation = { 0, };

      g_assert_true (dbr_match_rule_covers (rule, rule));
      if (!dbr_match_rule_covers (rule, other))
        continue;

      n_covered++;
      do
        {
          g_autoptr(DbrMessage) signal = variation_new_signal (&variation);

          if (dbr_match_rule_is_for (other, signal))
            g_assert_true (dbr_match_rule_is_for (rule, signal));
        }
      while (variation_next (&variation));
    }
  g_assert_cmpuint (n_covered, >, N_PAIRS / 100);
}

/* What a connection of plain GDBus is sent by the bus; written in its thread. */
typedef struct
{
  GMutex      mutex;
  GHashTable *heard;
  gboolean    is_done;
} Listener;

static GDBusMessage *
filter_cb (GDBusConnection *connection,
           GDBusMessage    *message,
           gboolean         is_incoming,
           gpointer         user_data)
{
  Listener *listener = user_data;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&listener->mutex);

  if (!is_incoming || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_SIGNAL)
    return message;

  if (g_strcmp0 (g_dbus_message_get_member (message), "Done") == 0)
    listener->is_done = TRUE;
  else
    g_hash_table_add (listener->heard, signal_dup_text (g_dbus_message_get_path (message),
                                                        g_dbus_message_get_interface (message),
                                                        g_dbus_message_get_member (message),
                                                        g_dbus_message_get_body (message)));

  return message;
}

static gboolean
listener_is_done (Listener *listener)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&listener->mutex);

  return listener->is_done;
}

static void
call_bus (GDBusConnection *connection,
          const char      *method_name,
          const char      *rule)
{
  g_autoptr(GError) error = NULL;
  G_GNUC_UNUSED g_autoptr(GVariant) reply =
    dbr_test_call (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                   "org.freedesktop.DBus", method_name, g_variant_new ("(s)", rule), 5000, &error);

  g_assert_no_error (error);
}

/* All signals there are, and at last one that comes in any case. */
static void
emit_all (GDBusConnection *emitter,
          const char      *done_to)
{
  Variation variation = { 0, };
  g_autoptr(GError) error = NULL;

  do
    {
      g_dbus_connection_emit_signal (emitter, NULL, paths[variation.path],
                                     interfaces[variation.interface_name],
                                     members[variation.member],
                                     g_variant_new_parsed (first_arguments[variation.body]), &error);
      g_assert_no_error (error);
    }
  while (variation_next (&variation));
  g_dbus_connection_emit_signal (emitter, done_to, "/", "org.dbr.A", "Done", NULL, &error);
  g_assert_no_error (error);
}

static void
assert_agrees (const DbrMatchRule *rule,
               const char         *text,
               Listener           *listener)
{
  Variation variation = { 0, };

  do
    {
      g_autoptr(DbrMessage) signal = variation_new_signal (&variation);
      g_autoptr(GVariant) body = dbr_message_dup_body (signal);
      g_autofree char *wanted = signal_dup_text (signal->object_path, signal->interface_name,
                                                 signal->member, body);

      if (dbr_match_rule_is_for (rule, signal) != g_hash_table_contains (listener->heard, wanted))
        dbr_test_fail ("the bus and we differ about %s under %s", wanted, text);
    }
  while (variation_next (&variation));
}

static void
test_agrees_with_the_bus (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new_full (DBR_TEST_BUS_SESSION_LIMITS);
  g_autoptr(GDBusConnection) emitter = dbr_test_bus_connect (bus);
  g_autoptr(GDBusConnection) hearer = dbr_test_bus_connect (bus);
  Listener listener = { 0, };

  g_test_summary ("Each signal that the bus sends for a rule is for it, and no other is");
  g_mutex_init (&listener.mutex);
  listener.heard = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_dbus_connection_add_filter (hearer, filter_cb, &listener, NULL);
  for (guint i = 0; i < N_RULES_ON_BUS; i++)
    {
      g_autoptr(DbrMatchRule) rule = rule_new_random (g_dbus_connection_get_unique_name (emitter));
      g_autofree char *text = dbr_match_rule_to_text (rule);

      call_bus (hearer, "AddMatch", text);
      emit_all (emitter, g_dbus_connection_get_unique_name (hearer));
      dbr_test_wait_until (NULL, listener_is_done (&listener), DBR_TEST_PATIENCE_MS);
      call_bus (hearer, "RemoveMatch", text);
      assert_agrees (rule, text, &listener);
      g_hash_table_remove_all (listener.heard);
      listener.is_done = FALSE;
    }
  g_dbus_connection_close_sync (hearer, NULL, NULL);
  g_hash_table_unref (listener.heard);
  g_mutex_clear (&listener.mutex);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/match-rule/is-written-as-the-bus-reads-it", test_text);
  g_test_add_func ("/dbr/match-rule/is-checked", test_check);
  g_test_add_func ("/dbr/match-rule/covers", test_covers);
  g_test_add_func ("/dbr/match-rule/covers-all-signals", test_covers_all);
  g_test_add_func ("/dbr/match-rule/agrees-with-the-bus", test_agrees_with_the_bus);

  return g_test_run ();
}
