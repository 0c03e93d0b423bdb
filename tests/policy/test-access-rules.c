/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "base/dbr-error.h"
#include "policy/dbr-access-policy-private.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define DRIVER "org.freedesktop.DBus"

#define READ_ONLY DBR_ACCESS_TIER_READ_ONLY
#define STANDARD DBR_ACCESS_TIER_STANDARD
#define ELEVATED DBR_ACCESS_TIER_ELEVATED
#define CUSTOM DBR_ACCESS_TIER_CUSTOM

#define SESSION DBR_ACCESS_BUS_SESSION
#define SYSTEM DBR_ACCESS_BUS_SYSTEM
#define OTHER DBR_ACCESS_BUS_OTHER
#define PEER DBR_ACCESS_BUS_PEER

/* Adds rules like "+allowed -denied =Interface.property/rw ~signal". */
static void
add_rules (DbrAccessPolicy *policy,
           const char      *text)
{
  g_auto(GStrv) rules = g_strsplit (text, " ", -1);

  for (guint i = 0; rules[i] != NULL; i++)
    {
      g_autoptr(GError) error = NULL;
      char *rule = rules[i] + 1;
      char *last = strrchr (rule, '.');
      gboolean is_ok = TRUE;

      if (rules[i][0] == '+')
        is_ok = dbr_access_policy_allow (policy, rule, &error);
      else if (rules[i][0] == '-')
        is_ok = dbr_access_policy_deny (policy, rule, &error);
      else if (rules[i][0] == '=')
        {
          char *slash = strchr (rule, '/');
          DbrPropertyAccess access = 0;

          access |= strchr (slash, 'r') != NULL ? DBR_PROPERTY_ACCESS_READ : 0;
          access |= strchr (slash, 'w') != NULL ? DBR_PROPERTY_ACCESS_WRITE : 0;
          *slash = '\0';
          *last = '\0';
          is_ok = dbr_access_policy_allow_property (policy, rule, last + 1, access, &error);
        }
      else if (rules[i][0] == '~')
        {
          char *colon = strrchr (rule, ':');

          *colon = '\0';
          *last = '\0';
          is_ok = dbr_access_policy_allow_signal (policy, rule, colon + 1, last + 1, &error);
        }

      g_assert_no_error (error);
      g_assert_true (is_ok);
    }
}

/* The names that stand behind a unique name, in `org.a,org.b`. */
static char **
get_names_cb (const char *unique_name,
              gpointer    user_data)
{
  const char *names = user_data;

  g_assert_true (unique_name[0] == ':');

  return names != NULL ? g_strsplit (names, ",", -1) : NULL;
}

static void
assert_verdict (gboolean     is_allowed,
                gboolean     expected,
                const char  *rule,
                const char  *expected_rule,
                GError     **error)
{
  g_assert_nonnull (rule);
  g_test_message ("%s: %s", rule, *error != NULL ? (*error)->message : "allowed");
  if (expected)
    {
      g_assert_no_error (*error);
    }
  else
    {
      g_assert_error (*error, DBR_ERROR, DBR_ERROR_DENIED);
      g_assert_nonnull (strstr ((*error)->message, rule));
    }
  g_assert_cmpint (is_allowed, ==, expected);
  if (expected_rule != NULL)
    g_assert_cmpstr (rule, ==, expected_rule);
  g_clear_error (error);
}

/* Judged before the policy is frozen and after, with the same result. */
static void
assert_request (DbrAccessPolicy *policy,
                DbrRequest      *request,
                DbrAccessBus     bus,
                const char      *names,
                gboolean         expected,
                const char      *expected_rule)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GError) error = NULL;
      const char *rule = NULL;
      gboolean is_allowed;

      is_allowed = dbr_access_policy_check_request (policy, request, bus, get_names_cb,
                                                    (gpointer) names, &rule, &error);
      assert_verdict (is_allowed, expected, rule, expected_rule, &error);
      g_assert_cmpint (dbr_access_policy_check_request (policy, request, bus, get_names_cb,
                                                        (gpointer) names, NULL, NULL),
                       ==, expected);
      dbr_access_policy_freeze (policy);
    }
}

static const struct
{
  DbrAccessTier  tier;
  DbrAccessBus   bus;
  const char    *rules;
  const char    *names;
  const char    *bus_name;
  const char    *object_path;
  const char    *interface_name;
  const char    *member;
  gboolean       is_allowed;
  const char    *rule;
} calls[] = {
  /* Tiers and buses */
  { READ_ONLY, SESSION, "", NULL, "org.a", "/", "org.a.I", "M", FALSE, "tier read-only" },
  { READ_ONLY, SESSION, "", NULL, "org.a", "/", "org.freedesktop.DBus.Peer", "Ping", TRUE,
    "tier read-only: allow *:org.freedesktop.DBus.Peer.Ping" },
  { READ_ONLY, SYSTEM, "", NULL, "org.a", "/", "org.freedesktop.DBus.Peer", "Ping", TRUE, NULL },
  { READ_ONLY, PEER, "", NULL, NULL, "/", "org.freedesktop.DBus.Peer", "Ping", TRUE, NULL },
  { READ_ONLY, PEER, "", NULL, NULL, "/", "org.a.I", "M", FALSE, NULL },
  { READ_ONLY, SYSTEM, "", NULL, "org.a", "/", "org.freedesktop.DBus.Introspectable",
    "Introspect", TRUE, NULL },
  { READ_ONLY, SESSION, "", NULL, "org.a", "/", "org.freedesktop.DBus.ObjectManager",
    "GetManagedObjects", TRUE, NULL },
  { READ_ONLY, SESSION, "", NULL, "org.a", "/", "org.freedesktop.DBus.Peer", "GetMachineId",
    TRUE, NULL },
  { READ_ONLY, SESSION, "", NULL, "org.a", "/", "org.a.Peer", "Ping", FALSE, NULL },
  { READ_ONLY, SESSION, "", NULL, DRIVER, "/", DRIVER, "ListNames", TRUE, NULL },
  { READ_ONLY, SESSION, "", NULL, "org.a", "/", DRIVER, "ListNames", FALSE, NULL },
  { READ_ONLY, SESSION, "", NULL, DRIVER, "/", DRIVER, "GetId", TRUE, NULL },
  { READ_ONLY, SESSION, "", NULL, DRIVER, "/", DRIVER, "RequestName", FALSE, NULL },
  { READ_ONLY, SESSION, "", NULL, "org.freedesktop.secrets", "/", "org.freedesktop.DBus.Peer",
    "Ping", FALSE, "tier read-only: deny org.freedesktop.secrets:*" },
  { STANDARD, SESSION, "", NULL, "org.a", "/", "org.a.I", "M", TRUE, "tier standard" },
  { STANDARD, OTHER, "", NULL, "org.a", "/", "org.a.I", "M", TRUE, NULL },
  { STANDARD, PEER, "", NULL, NULL, "/", "org.a.I", "M", TRUE, NULL },
  { STANDARD, SYSTEM, "", NULL, "org.a", "/", "org.a.I", "M", FALSE, "tier standard" },
  { STANDARD, SYSTEM, "", NULL, "org.a", "/", "org.freedesktop.DBus.Peer", "Ping", FALSE, NULL },
  { ELEVATED, SYSTEM, "", NULL, "org.a", "/", "org.a.I", "M", TRUE, "tier elevated" },
  { ELEVATED, SESSION, "", NULL, "org.a", "/", "org.a.I", "M", TRUE, NULL },
  { ELEVATED, SYSTEM, "", NULL, "org.freedesktop.systemd1", "/", "org.a.I", "M", TRUE, NULL },
  { ELEVATED, SYSTEM, "", NULL, "org.freedesktop.PackageKit", "/", "org.a.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "", NULL, "org.a", "/", "org.a.I", "M", FALSE, "tier custom" },
  { CUSTOM, PEER, "", NULL, NULL, "/", "org.a.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "", NULL, DRIVER, "/", DRIVER, "ListNames", FALSE, NULL },

  /* What data/access.ini denies, and what is only like it */
  { STANDARD, SESSION, "", NULL, "org.freedesktop.systemd1", "/", "org.a.I", "M", FALSE, NULL },
  { STANDARD, SESSION, "", NULL, "org.freedesktop.systemd1x", "/", "org.a.I", "M", TRUE, NULL },
  { STANDARD, SESSION, "", NULL, "org.freedesktop.systemd", "/", "org.a.I", "M", TRUE, NULL },
  { STANDARD, SESSION, "", NULL, "org.freedesktop.login1", "/", "org.a.I", "M", FALSE, NULL },
  { STANDARD, SESSION, "", NULL, "org.gnome.keyring.SystemPrompter", "/", "org.a.I", "M", FALSE,
    "tier standard: deny org.gnome.keyring.*:*" },
  { STANDARD, SESSION, "", NULL, "org.gnome.keyring", "/", "org.a.I", "M", FALSE, NULL },
  { STANDARD, SESSION, "", NULL, "org.gnome.keyrings", "/", "org.a.I", "M", TRUE, NULL },
  { STANDARD, SESSION, "", NULL, "org.a", "/", "org.gnome.Shell", "Eval", FALSE, NULL },
  { ELEVATED, SESSION, "", NULL, "org.a", "/", "org.gnome.Shell", "Eval", FALSE, NULL },
  { STANDARD, SESSION, "", NULL, "org.gnome.Shell", "/", "org.gnome.Shell", "Evaluate", TRUE,
    NULL },
  { STANDARD, SESSION, "", NULL, "org.a", "/", "org.bluez.Agent1", "RequestPinCode", FALSE, NULL },
  { STANDARD, SESSION, "", NULL, DRIVER, "/", DRIVER, "UpdateActivationEnvironment", FALSE, NULL },
  { ELEVATED, SYSTEM, "", NULL, NULL, "/", DRIVER, "UpdateActivationEnvironment", FALSE, NULL },
  { ELEVATED, SYSTEM, "", NULL, DRIVER, "/", NULL, "UpdateActivationEnvironment", FALSE, NULL },
  { ELEVATED, SYSTEM, "", NULL, DRIVER, "/", "org.freedesktop.DBus.Monitoring", "BecomeMonitor",
    FALSE, NULL },
  { STANDARD, SESSION, "", NULL, DRIVER, "/", DRIVER, "RequestName", TRUE, NULL },
  { STANDARD, SESSION, "", NULL, "org.freedesktop.portal.Desktop", "/",
    "org.freedesktop.portal.Secret", "RetrieveSecret", FALSE, NULL },
  { STANDARD, SESSION, "", NULL, "org.freedesktop.portal.Desktop", "/",
    "org.freedesktop.portal.OpenURI", "OpenURI", TRUE, NULL },
  { STANDARD, SESSION, "+org.freedesktop.systemd1:*.Reload", NULL, "org.freedesktop.systemd1", "/",
    "org.a.I", "Reload", TRUE, "allow org.freedesktop.systemd1:*.Reload" },
  { STANDARD, SYSTEM, "+org.a:org.a.I.M", NULL, "org.a", "/", "org.a.I", "M", TRUE, NULL },

  /* Whole names */
  { CUSTOM, SESSION, "+org.a.B:org.a.B.M", NULL, "org.a.B", "/x", "org.a.B", "M", TRUE,
    "allow org.a.B:org.a.B.M" },
  { CUSTOM, SESSION, "+org.a.B:org.a.B.M", NULL, "org.a.B", "/", "org.a.B", "Mx", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a.B:org.a.B.M", NULL, "org.a.B", "/", "org.a.Bx", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a.B:org.a.B.M", NULL, "org.a.Bx", "/", "org.a.B", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a.B:org.a.B.M", NULL, "org.a.B.C", "/", "org.a.B", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a.B:org.a.B.M", NULL, "org.a", "/", "org.a.B", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a.B:org.a.B.M", NULL, "ORG.a.B", "/", "org.a.B", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a.B:org.a.B.M", NULL, "org.a.B", "/", "org.a.B", "m", FALSE, NULL },

  /* A star after a dot or a slash */
  { CUSTOM, SESSION, "+org.a.*:*", NULL, "org.a.b", "/", "org.x.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a.*:*", NULL, "org.a.b.c", "/", "org.x.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a.*:*", NULL, "org.a", "/", "org.x.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a.*:*", NULL, "org.ab.c", "/", "org.x.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a.*:*", NULL, "org.b.a", "/", "org.x.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a/x/y/*:*", NULL, "org.a", "/x/y", "org.x.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a/x/y/*:*", NULL, "org.a", "/x/y/z", "org.x.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a/x/y/*:*", NULL, "org.a", "/x/yz", "org.x.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a/x/y/*:*", NULL, "org.a", "/x", "org.x.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a/*:*", NULL, "org.a", "/", "org.x.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a/*:*", NULL, "org.a", "/x/y", "org.x.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a/:*", NULL, "org.a", "/", "org.x.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a/:*", NULL, "org.a", "/x", "org.x.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.*", NULL, "org.a", "/", "org.a.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I.*", NULL, "org.a", "/", "org.a.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I.*", NULL, "org.a", "/", "org.a.I.Sub", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I.*", NULL, "org.a", "/", "org.a.Ix", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.*.M", NULL, "org.a", "/", "org.a.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.*.M", NULL, "org.a", "/", "org.a.I", "N", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.*.*", NULL, "org.a", "/", "org.ab.I", "M", FALSE, NULL },

  /* A star within a name */
  { CUSTOM, SESSION, "+org.a*:*", NULL, "org.ab.c", "/", "org.x.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a*:*", NULL, "org.b", "/", "org.x.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a/x*:*", NULL, "org.a", "/xy/z", "org.x.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a/x*:*", NULL, "org.a", "/y", "org.x.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I*.M", NULL, "org.a", "/", "org.a.I2", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I.Get*", NULL, "org.a", "/", "org.a.I", "GetX", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I.Get*", NULL, "org.a", "/", "org.a.I", "Get", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I.Get*", NULL, "org.a", "/", "org.a.I", "SetX", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I.Get*", NULL, "org.a", "/", "org.a.I.J", "GetX", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a:*.M", NULL, "org.a", "/", "org.x.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a:*.M", NULL, "org.a", "/", "org.x.I", "N", FALSE, NULL },
  { CUSTOM, PEER, "+*:org.a.I.M", NULL, NULL, "/", "org.a.I", "M", TRUE, NULL },
  { CUSTOM, PEER, "+org.a:*", NULL, NULL, "/", "org.a.I", "M", FALSE, NULL },
  { STANDARD, PEER, "-org.a:*", NULL, NULL, "/", "org.a.I", "M", TRUE, NULL },

  /* What is denied is denied */
  { STANDARD, SESSION, "-org.a:org.a.I.M", NULL, "org.a", "/", "org.a.I", "M", FALSE,
    "deny org.a:org.a.I.M" },
  { STANDARD, SESSION, "-org.a:org.a.I.M", NULL, "org.a", "/", "org.a.I", "N", TRUE, NULL },
  { STANDARD, SESSION, "-org.a/x:*", NULL, "org.a", "/x", "org.a.I", "M", FALSE, NULL },
  { STANDARD, SESSION, "-org.a/x:*", NULL, "org.a", "/y", "org.a.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "-org.*:* +org.a:org.a.I.M", NULL, "org.a", "/", "org.a.I", "M", FALSE,
    "deny org.*:*" },
  { CUSTOM, SESSION, "+org.a:org.a.I.M -org.a:*.M", NULL, "org.a", "/", "org.a.I", "M", FALSE,
    "deny org.a:*.M" },
  { ELEVATED, SYSTEM, "-*:*", NULL, "org.a", "/", "org.a.I", "M", FALSE, NULL },
  { STANDARD, SESSION, "-org.a:org.a.I.M", NULL, "org.a", "/", NULL, "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I.M", NULL, "org.a", "/", NULL, "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a:*.M", NULL, "org.a", "/", NULL, "M", TRUE, NULL },

  /* Unique names */
  { STANDARD, SESSION, "", NULL, ":1.5", "/", "org.a.I", "M", FALSE, "tier standard" },
  { ELEVATED, SYSTEM, "", NULL, ":1.5", "/", "org.a.I", "M", FALSE, NULL },
  { READ_ONLY, SESSION, "", NULL, ":1.5", "/", "org.freedesktop.DBus.Peer", "Ping", FALSE, NULL },
  { READ_ONLY, SESSION, "", "org.a", ":1.5", "/", "org.freedesktop.DBus.Peer", "Ping", TRUE, NULL },
  { STANDARD, SESSION, "", "org.a", ":1.5", "/", "org.a.I", "M", TRUE, NULL },
  { STANDARD, SYSTEM, "", "org.a", ":1.5", "/", "org.a.I", "M", FALSE, NULL },
  { STANDARD, SESSION, "", "org.a,org.freedesktop.secrets", ":1.5", "/", "org.a.I", "M", FALSE,
    NULL },
  { CUSTOM, SESSION, "+org.a:*", "org.b,org.a", ":1.5", "/", "org.a.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+org.a:*", "org.b", ":1.5", "/", "org.a.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+org.a:* -org.b:*", "org.a,org.b", ":1.5", "/", "org.a.I", "M", FALSE,
    NULL },
  { CUSTOM, SESSION, "+*:*", NULL, ":1.5", "/", "org.a.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+*:*", "org.a", ":1.5", "/", "org.a.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+:*:org.a.I.M", NULL, ":1.5", "/", "org.a.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+:*:org.a.I.M", NULL, "org.a", "/", "org.a.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+:1.5:*", NULL, ":1.5", "/", "org.a.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+:1.5:*", NULL, ":1.50", "/", "org.a.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+:1.*/x:org.a.I.M", NULL, ":1.50", "/x", "org.a.I", "M", TRUE, NULL },
  { CUSTOM, SESSION, "+:1.*/x:org.a.I.M", NULL, ":10.5", "/x", "org.a.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+:*:* -*:*.M", NULL, ":1.5", "/", "org.a.I", "M", FALSE, NULL },
  { CUSTOM, SESSION, "+:*:* -org.a:*", "org.a", ":1.5", "/", "org.a.I", "M", FALSE, NULL },
};

static void
test_calls (void)
{
  g_test_summary ("Deny rules, then allow rules, then the tier decide, by whole names and stars");

  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (calls[i].tier);
      g_autoptr(DbrRequest) request = NULL;

      g_test_message ("%u: tier %d, bus %d, “%s”: %s %s %s.%s", (guint) i, calls[i].tier,
                      calls[i].bus, calls[i].rules, calls[i].bus_name, calls[i].object_path,
                      calls[i].interface_name, calls[i].member);
      add_rules (policy, calls[i].rules);
      request = dbr_request_new (calls[i].bus_name, calls[i].object_path,
                                 calls[i].interface_name, calls[i].member, NULL, NULL);
      assert_request (policy, request, calls[i].bus, calls[i].names,
                      calls[i].is_allowed, calls[i].rule);
    }
}

static const struct
{
  DbrAccessTier  tier;
  const char    *rules;
  const char    *method;
  const char    *parameters;
  gboolean       is_allowed;
  const char    *rule;
} accesses[] = {
  { READ_ONLY, "", "Get", "('org.a.I', 'P')", TRUE, NULL },
  { READ_ONLY, "", "GetAll", "('org.a.I',)", TRUE, NULL },
  { READ_ONLY, "", "Set", "('org.a.I', 'P', <1>)", FALSE, "tier read-only" },
  { STANDARD, "", "Set", "('org.a.I', 'P', <1>)", TRUE, "tier standard" },
  { STANDARD, "", "Get", "('org.freedesktop.Secret.Item', 'Label')", FALSE, NULL },
  { CUSTOM, "", "Get", "('org.a.I', 'P')", FALSE, "tier custom" },

  /* Patterns are for the target, and for the method that leads to it. */
  { CUSTOM, "+org.a:org.a.I.*", "Get", "('org.a.I', 'P')", TRUE, NULL },
  { CUSTOM, "+org.a:org.a.I.*", "GetAll", "('org.a.I',)", TRUE, NULL },
  { CUSTOM, "+org.a:org.a.I.*", "Get", "('org.a.J', 'P')", FALSE, NULL },
  { CUSTOM, "+org.a:org.a.I.*", "Get", "('org.a.Ix', 'P')", FALSE, NULL },
  { CUSTOM, "+org.a:org.a.I.P", "Get", "('org.a.I', 'P')", TRUE, NULL },
  { CUSTOM, "+org.a:org.a.I.P", "GetAll", "('org.a.I',)", FALSE, NULL },
  { CUSTOM, "+org.b:org.a.I.*", "Get", "('org.a.I', 'P')", FALSE, NULL },
  { CUSTOM, "+org.a:" PROPERTIES ".Get", "Get", "('org.a.I', 'P')", TRUE, NULL },
  { CUSTOM, "+org.a:" PROPERTIES ".Get", "Set", "('org.a.I', 'P', <1>)", FALSE, NULL },
  { CUSTOM, "+org.a:" PROPERTIES ".Get", "GetAll", "('org.a.I',)", FALSE, NULL },
  { STANDARD, "-org.a:org.a.I.*", "Get", "('org.a.I', 'P')", FALSE, "deny org.a:org.a.I.*" },
  { STANDARD, "-org.a:org.a.I.*", "GetAll", "('org.a.I',)", FALSE, NULL },
  { STANDARD, "-org.a:org.a.I.P", "Set", "('org.a.I', 'P', <1>)", FALSE, NULL },
  { STANDARD, "-org.a:org.a.I.M", "GetAll", "('org.a.I',)", TRUE, NULL },
  { STANDARD, "-*:" PROPERTIES ".Set", "Set", "('org.a.I', 'P', <1>)", FALSE, NULL },
  { STANDARD, "-*:" PROPERTIES ".Set", "Get", "('org.a.I', 'P')", TRUE, NULL },
  { STANDARD, "-org.a/x/*:org.a.I.*", "Get", "('org.a.I', 'P')", TRUE, NULL },

  /* What does not say of which interface may be of each. */
  { STANDARD, "", "Get", "('', 'P')", TRUE, NULL },
  { STANDARD, "-org.a:org.a.I.*", "Get", "('', 'P')", FALSE, NULL },
  { STANDARD, "-org.a:org.a.I.*", "GetAll", "('',)", FALSE, NULL },
  { STANDARD, "-org.a:org.a.I.*", "Get", "(1, 2)", FALSE, NULL },
  { STANDARD, "-org.a:org.a.I.*", "Get", NULL, FALSE, NULL },
  { STANDARD, "=org.a.I.P/r", "Get", "('', 'P')", FALSE, "properties" },
  { CUSTOM, "+org.a:org.a.I.*", "GetAll", "('',)", FALSE, NULL },

  /* Lists */
  { STANDARD, "=org.a.I.P/r", "Get", "('org.a.I', 'P')", TRUE, "property org.a.I.P" },
  { STANDARD, "=org.a.I.P/r", "Get", "('org.a.I', 'Q')", FALSE, NULL },
  { STANDARD, "=org.a.I.P/r", "Get", "('org.a.I', 'Px')", FALSE, NULL },
  { STANDARD, "=org.a.I.P/r", "Set", "('org.a.I', 'P', <1>)", FALSE, NULL },
  { STANDARD, "=org.a.I.P/w", "Set", "('org.a.I', 'P', <1>)", TRUE, NULL },
  { STANDARD, "=org.a.I.P/w", "Get", "('org.a.I', 'P')", FALSE, NULL },
  { STANDARD, "=org.a.I.P/rw", "Set", "('org.a.I', 'P', <1>)", TRUE, NULL },
  { STANDARD, "=org.a.I.P/r =org.a.I.P/w", "Set", "('org.a.I', 'P', <1>)", TRUE, NULL },
  { STANDARD, "=org.a.I.P/r =org.a.I.P/w", "Get", "('org.a.I', 'P')", TRUE, NULL },
  { STANDARD, "=org.a.I.P/r", "Get", "('org.a.J', 'Q')", TRUE, "tier standard" },
  { STANDARD, "=org.a.I.P/r", "GetAll", "('org.a.I',)", FALSE, NULL },
  { STANDARD, "=org.a.I.P/r =org.a.I.*/r", "GetAll", "('org.a.I',)", TRUE, NULL },
  { STANDARD, "=org.a.I.*/r", "Set", "('org.a.I', 'P', <1>)", FALSE, NULL },
  { STANDARD, "=org.a.I.P*/r", "Get", "('org.a.I', 'Pair')", TRUE, NULL },
  { STANDARD, "=org.a.I.P*/r", "GetAll", "('org.a.I',)", FALSE, NULL },
  { STANDARD, "=org.a.I.P/r +org.a:*", "Get", "('org.a.I', 'Q')", FALSE, NULL },
  { STANDARD, "=org.a.I.P/r -org.a:*", "Get", "('org.a.I', 'P')", FALSE, "deny org.a:*" },
  { READ_ONLY, "=org.a.I.P/w", "Set", "('org.a.I', 'P', <1>)", TRUE, NULL },
  { CUSTOM, "=org.a.I.P/r", "Get", "('org.a.I', 'P')", TRUE, NULL },
};

static void
test_properties (void)
{
  g_test_summary ("Access to a property is judged as what it reaches, not as Get and Set");

  for (gsize i = 0; i < G_N_ELEMENTS (accesses); i++)
    {
      g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (accesses[i].tier);
      g_autoptr(DbrRequest) request = NULL;
      g_autoptr(GVariant) parameters = NULL;

      g_test_message ("%u: tier %d, “%s”: %s %s", (guint) i, accesses[i].tier, accesses[i].rules,
                      accesses[i].method, accesses[i].parameters);
      if (accesses[i].parameters != NULL)
        parameters = g_variant_ref_sink (g_variant_new_parsed (accesses[i].parameters));
      add_rules (policy, accesses[i].rules);
      request = dbr_request_new ("org.a", "/", PROPERTIES, accesses[i].method, parameters, NULL);
      assert_request (policy, request, SESSION, NULL, accesses[i].is_allowed, accesses[i].rule);
    }
}

static void
test_property_of_unique_name (void)
{
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (CUSTOM);
  g_autoptr(DbrRequest) request = NULL;
  g_autoptr(DbrRequest) bare = NULL;

  g_test_summary ("A list of properties does not allow a unique name that nobody knows");

  add_rules (policy, "=org.a.I.P/r");
  request = dbr_request_new (":1.5", "/", PROPERTIES, "Get",
                             g_variant_new ("(ss)", "org.a.I", "P"), NULL);
  bare = dbr_request_new ("org.a", "/", NULL, "Get",
                          g_variant_new ("(ss)", "org.a.I", "P"), NULL);
  assert_request (policy, request, SESSION, NULL, FALSE, "tier custom");
  assert_request (policy, request, SESSION, "org.a", TRUE, "property org.a.I.P");
  assert_request (policy, bare, SESSION, NULL, TRUE, "property org.a.I.P");
}

static const struct
{
  DbrAccessTier  tier;
  DbrAccessBus   bus;
  const char    *rules;
  const char    *bus_name;
  const char    *object_path;
  const char    *interface_name;
  const char    *member;
  gboolean       is_tree;
  gboolean       is_allowed;
  const char    *rule;
} signals[] = {
  { READ_ONLY, SYSTEM, "", "org.a", "/", "org.a.I", "S", FALSE, TRUE, "tier read-only" },
  { READ_ONLY, SESSION, "", "org.freedesktop.secrets", NULL, NULL, NULL, FALSE, FALSE, NULL },
  { STANDARD, SESSION, "", "org.a", NULL, NULL, NULL, FALSE, TRUE, "tier standard" },
  { STANDARD, SYSTEM, "", "org.a", NULL, NULL, NULL, FALSE, FALSE, "tier standard" },
  { STANDARD, SESSION, "", "org.gnome.Shell", NULL, NULL, NULL, FALSE, TRUE, NULL },
  { STANDARD, SESSION, "", "org.freedesktop.secrets", NULL, "org.a.I", "S", FALSE, FALSE, NULL },
  { STANDARD, SESSION, "", ":1.5", NULL, "org.a.I", "S", FALSE, FALSE, NULL },
  { ELEVATED, SYSTEM, "", "org.a", NULL, NULL, NULL, FALSE, TRUE, NULL },
  { CUSTOM, SESSION, "", "org.a", "/", "org.a.I", "S", FALSE, FALSE, "tier custom" },

  /* What is left open is denied if any of it is, and allowed if all of it is. */
  { STANDARD, SESSION, "-org.a:org.a.I.S", "org.a", NULL, "org.a.I", "S", FALSE, FALSE, NULL },
  { STANDARD, SESSION, "-org.a:org.a.I.S", "org.a", NULL, "org.a.I", NULL, FALSE, FALSE, NULL },
  { STANDARD, SESSION, "-org.a:org.a.I.S", "org.a", NULL, NULL, NULL, FALSE, FALSE, NULL },
  { STANDARD, SESSION, "-org.a:org.a.I.S", "org.a", NULL, "org.a.I", "T", FALSE, TRUE, NULL },
  { STANDARD, SESSION, "-org.a:org.a.I.S", "org.a", NULL, "org.a.J", NULL, FALSE, TRUE, NULL },
  { STANDARD, SESSION, "-org.a/x/y:*", "org.a", NULL, "org.a.I", "S", FALSE, FALSE, NULL },
  { STANDARD, SESSION, "-org.a/x/y:*", "org.a", "/x", "org.a.I", "S", FALSE, TRUE, NULL },
  { STANDARD, SESSION, "-org.a/x/y:*", "org.a", "/x", "org.a.I", "S", TRUE, FALSE, NULL },
  { STANDARD, SESSION, "-org.a/x/y:*", "org.a", "/", "org.a.I", "S", TRUE, FALSE, NULL },
  { STANDARD, SESSION, "-org.a/x/y:*", "org.a", "/x/yz", "org.a.I", "S", TRUE, TRUE, NULL },
  { STANDARD, SESSION, "-org.a/x/y:*", "org.a", "/x/y/z", "org.a.I", "S", TRUE, TRUE, NULL },
  { STANDARD, SESSION, "-org.a/x/y/*:*", "org.a", "/x/y/z", "org.a.I", "S", TRUE, FALSE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I.S", "org.a", "/", "org.a.I", "S", FALSE, TRUE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I.S", "org.a", NULL, "org.a.I", NULL, FALSE, FALSE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I.*", "org.a", NULL, "org.a.I", NULL, FALSE, TRUE, NULL },
  { CUSTOM, SESSION, "+org.a:org.a.I.*", "org.a", NULL, NULL, NULL, FALSE, FALSE, NULL },
  { CUSTOM, SESSION, "+org.a/x:*", "org.a", "/x", NULL, NULL, FALSE, TRUE, NULL },
  { CUSTOM, SESSION, "+org.a/x:*", "org.a", "/x", NULL, NULL, TRUE, FALSE, NULL },
  { CUSTOM, SESSION, "+org.a/x/*:*", "org.a", "/x", NULL, NULL, TRUE, TRUE, NULL },
  { CUSTOM, SESSION, "+org.a/x/*:*", "org.a", NULL, NULL, NULL, TRUE, FALSE, NULL },
  { CUSTOM, SESSION, "+org.a:*", "org.a", "/x", NULL, NULL, TRUE, TRUE, NULL },

  /* Lists */
  { STANDARD, SESSION, "~org.a:org.a.I.S", "org.a", "/", "org.a.I", "S", FALSE, TRUE,
    "signal org.a:org.a.I.S" },
  { STANDARD, SESSION, "~org.a:org.a.I.S", "org.a", "/", "org.a.I", "T", FALSE, FALSE, NULL },
  { STANDARD, SESSION, "~org.a:org.a.I.S", "org.a", "/", "org.a.I", NULL, FALSE, FALSE, NULL },
  { STANDARD, SESSION, "~org.a:org.a.I.S", "org.a", "/", NULL, NULL, FALSE, FALSE, NULL },
  { STANDARD, SESSION, "~org.a:org.a.I.S", "org.a", "/", "org.a.J", "T", FALSE, TRUE, NULL },
  { STANDARD, SESSION, "~org.a:org.a.I.S", "org.b", "/", "org.a.I", "T", FALSE, TRUE, NULL },
  { STANDARD, SESSION, "~org.a:org.a.I.S +org.a:*", "org.a", "/", "org.a.I", "T", FALSE, FALSE,
    NULL },
  { STANDARD, SESSION, "~org.a:org.a.I.S -org.a:*", "org.a", "/", "org.a.I", "S", FALSE, FALSE,
    NULL },
  { CUSTOM, SESSION, "~org.a:org.a.I.*", "org.a", "/", "org.a.I", NULL, FALSE, TRUE, NULL },
  { CUSTOM, SESSION, "~org.*:org.a.I.S", "org.x", "/", "org.a.I", "S", FALSE, TRUE, NULL },
  { CUSTOM, SYSTEM, "~org.a:org.a.I.S", "org.a", NULL, "org.a.I", "S", TRUE, TRUE, NULL },
  { CUSTOM, SESSION, "~*:org.a.I.S", ":1.5", "/", "org.a.I", "S", FALSE, FALSE, NULL },
};

static void
test_signals (void)
{
  g_test_summary ("A subscription is judged by all that it may bring");

  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (signals[i].tier);
      g_autoptr(GError) error = NULL;
      g_auto(DbrAccessQuery) query = { 0, };
      const char *rule = NULL;
      gboolean is_allowed;

      g_test_message ("%u: tier %d, bus %d, “%s”: %s %s %s.%s", (guint) i, signals[i].tier,
                      signals[i].bus, signals[i].rules, signals[i].bus_name,
                      signals[i].object_path, signals[i].interface_name, signals[i].member);
      add_rules (policy, signals[i].rules);
      dbr_access_query_init_signal (&query, signals[i].bus, signals[i].bus_name,
                                    signals[i].object_path, signals[i].interface_name,
                                    signals[i].member, signals[i].is_tree);
      is_allowed = dbr_access_judge_check (dbr_access_policy_get_judge (policy), &query, TRUE,
                                           NULL, NULL, &rule, &error);
      assert_verdict (is_allowed, signals[i].is_allowed, rule, signals[i].rule, &error);
    }
}

static const struct
{
  DbrAccessTier  tier;
  const char    *rules;
  const char    *match;
  gboolean       is_allowed;
} matches[] = {
  { STANDARD, "", "type='signal',sender='org.a'", TRUE },
  { STANDARD, "", "type='signal',sender='org.freedesktop.secrets'", FALSE },
  { STANDARD, "", "type=signal , sender=org.freedesktop.secrets", FALSE },
  { STANDARD, "", "sender='org.freedesktop.'secrets", FALSE },
  { STANDARD, "", "type='signal',interface='org.a.I'", TRUE },
  { STANDARD, "", "type='signal',sender='org.a',eavesdrop='true'", FALSE },
  { STANDARD, "", "type='method_call',sender='org.a'", FALSE },
  { STANDARD, "", "type='signal',eavesdrop='false',sender='org.a'", TRUE },
  { STANDARD, "", "no rule", FALSE },
  { STANDARD, "", "sender='org.a", FALSE },
  { STANDARD, "", "arg0='it\\',s',sender='org.a'", TRUE },
  { STANDARD, "", "arg0=it\\'s,sender='org.freedesktop.secrets'", FALSE },
  { STANDARD, "", "arg0='sender=org.freedesktop.secrets,',sender='org.a'", TRUE },
  { STANDARD, "-org.a:org.a.I.S", "type='signal',sender='org.a',interface='org.a.I'", FALSE },
  { STANDARD, "-org.a:org.a.I.S", "type='signal',interface='org.a.I',member='S'", FALSE },
  { STANDARD, "-org.a:org.a.I.S", "type='signal',interface='org.a.I',member='T'", TRUE },
  { STANDARD, "-org.a:org.a.I.S", "type='signal'", FALSE },
  { STANDARD, "-org.a/x/y:*", "sender='org.a',path='/x'", TRUE },
  { STANDARD, "-org.a/x/y:*", "sender='org.a',path_namespace='/x'", FALSE },
  { STANDARD, "-" DRIVER ":*.AddMatch", "type='signal',sender='org.a'", FALSE },
  { CUSTOM, "+" DRIVER ":*", "type='signal',sender='org.a'", FALSE },
  { CUSTOM, "+" DRIVER ":*", "type='signal',sender='org.a',eavesdrop='true'", TRUE },
  { CUSTOM, "+*:*", "type='signal'", TRUE },
  { CUSTOM, "~org.a:org.a.I.S", "sender='org.a',interface='org.a.I',member='S'", TRUE },
  { CUSTOM, "~org.a:org.a.I.S", "sender='org.a',interface='org.a.I'", FALSE },
  { CUSTOM, "~org.a:org.a.I.S",
    "sender='org.a',interface='org.a.I',member='S',eavesdrop='true'", FALSE },
};

static void
test_match_rules (void)
{
  g_test_summary ("Who adds a match rule of their own is judged as who subscribes");

  for (gsize i = 0; i < G_N_ELEMENTS (matches); i++)
    {
      g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (matches[i].tier);
      g_autoptr(DbrRequest) add = NULL;
      g_autoptr(DbrRequest) remove = NULL;

      g_test_message ("“%s”: %s", matches[i].rules, matches[i].match);
      add_rules (policy, matches[i].rules);
      add = dbr_request_new (DRIVER, "/", DRIVER, "AddMatch",
                             g_variant_new ("(s)", matches[i].match), NULL);
      remove = dbr_request_new (DRIVER, "/", DRIVER, "RemoveMatch",
                                g_variant_new ("(s)", matches[i].match), NULL);
      assert_request (policy, add, SESSION, NULL, matches[i].is_allowed, NULL);
      if (strstr (matches[i].rules, "AddMatch") == NULL)
        assert_request (policy, remove, SESSION, NULL, matches[i].is_allowed, NULL);
    }
}

static const struct
{
  DbrAccessTier  tier;
  DbrAccessBus   bus;
  const char    *rules;
  const char    *name;
  const char    *names;
  gboolean       may_see;
  gboolean       may_ask;
} names[] = {
  { STANDARD, SESSION, "", "org.a", NULL, TRUE, TRUE },
  { STANDARD, SESSION, "", "org.freedesktop.secrets", NULL, FALSE, FALSE },
  { STANDARD, SESSION, "", "org.gnome.Shell", NULL, TRUE, TRUE },
  { STANDARD, SESSION, "+org.freedesktop.secrets:*.Ping", "org.freedesktop.secrets", NULL, TRUE,
    TRUE },
  { STANDARD, SESSION, "-org.a:*", "org.a", NULL, FALSE, FALSE },
  { STANDARD, SESSION, "-org.a/*:*.*", "org.a", NULL, FALSE, FALSE },
  { STANDARD, SESSION, "-org.a:* +org.a:org.a.I.M", "org.a", NULL, FALSE, FALSE },
  { STANDARD, SESSION, "-org.a:org.a.I.M", "org.a", NULL, TRUE, TRUE },
  { STANDARD, SESSION, "-org.a:*", "org.ab", NULL, TRUE, TRUE },
  { STANDARD, SYSTEM, "", "org.a", NULL, FALSE, FALSE },
  { STANDARD, SYSTEM, "+org.a:* +" DRIVER ":*", "org.a", NULL, TRUE, TRUE },
  { ELEVATED, SYSTEM, "", "org.freedesktop.systemd1", NULL, TRUE, TRUE },
  { ELEVATED, SYSTEM, "", "org.freedesktop.PackageKit", NULL, FALSE, FALSE },
  { READ_ONLY, SYSTEM, "", "org.freedesktop.systemd1", NULL, TRUE, TRUE },
  { READ_ONLY, SESSION, "", "org.freedesktop.secrets", NULL, FALSE, FALSE },
  { CUSTOM, SESSION, "", "org.a", NULL, FALSE, FALSE },
  { CUSTOM, SESSION, "+org.a:org.a.I.M", "org.a", NULL, TRUE, FALSE },
  { CUSTOM, SESSION, "~org.a:org.a.I.S", "org.a", NULL, TRUE, FALSE },
  { CUSTOM, SESSION, "+" DRIVER ":*", "org.a", NULL, FALSE, TRUE },
  { CUSTOM, SESSION, "+" DRIVER ":* -org.a:*", "org.a", NULL, FALSE, FALSE },

  /* Of a unique name the bus tells nothing that it hides. */
  { STANDARD, SESSION, "", ":1.5", NULL, FALSE, TRUE },
  { STANDARD, SESSION, "", ":1.5", "org.a", TRUE, TRUE },
  { STANDARD, SESSION, "", ":1.5", "org.a,org.freedesktop.secrets", FALSE, TRUE },
  { CUSTOM, SESSION, "+:*:*", ":1.5", NULL, TRUE, FALSE },
  { CUSTOM, SESSION, "+*:*", ":1.5", NULL, FALSE, TRUE },
};

static void
test_discovery (void)
{
  g_test_summary ("A name all of which is denied is hidden, and the bus is not asked about it");

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (names[i].tier);
      DbrAccessJudge *judge = dbr_access_policy_get_judge (policy);
      g_autoptr(DbrRequest) request = NULL;

      g_test_message ("%u: “%s”: %s", (guint) i, names[i].rules, names[i].name);
      add_rules (policy, names[i].rules);
      g_assert_cmpint (dbr_access_judge_may_see (judge, names[i].bus, names[i].name, get_names_cb,
                                                 (gpointer) names[i].names), ==,
                       names[i].may_see);
      request = dbr_request_new (DRIVER, "/", DRIVER, "GetNameOwner",
                                 g_variant_new ("(s)", names[i].name), NULL);
      assert_request (policy, request, names[i].bus, NULL, names[i].may_ask, NULL);
      g_assert_cmpint (dbr_access_judge_may_see (judge, names[i].bus, names[i].name, get_names_cb,
                                                 (gpointer) names[i].names), ==,
                       names[i].may_see);
    }
}

static void
test_starting_a_service (void)
{
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (STANDARD);
  g_autoptr(DbrRequest) secrets = NULL;
  g_autoptr(DbrRequest) other = NULL;

  g_test_summary ("A service that may not be called may not be started either");

  secrets = dbr_request_new (DRIVER, "/", DRIVER, "StartServiceByName",
                             g_variant_new ("(su)", "org.freedesktop.secrets", 0), NULL);
  other = dbr_request_new (DRIVER, "/", DRIVER, "StartServiceByName",
                           g_variant_new ("(su)", "org.a", 0), NULL);
  assert_request (policy, secrets, SESSION, NULL, FALSE,
                  "tier standard: deny org.freedesktop.secrets:*");
  assert_request (policy, other, SESSION, NULL, TRUE, NULL);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/access-policy/calls", test_calls);
  g_test_add_func ("/dbr/access-policy/properties", test_properties);
  g_test_add_func ("/dbr/access-policy/property-of-unique-name", test_property_of_unique_name);
  g_test_add_func ("/dbr/access-policy/signals", test_signals);
  g_test_add_func ("/dbr/access-policy/match-rules", test_match_rules);
  g_test_add_func ("/dbr/access-policy/discovery", test_discovery);
  g_test_add_func ("/dbr/access-policy/starting-a-service", test_starting_a_service);

  return g_test_run ();
}
