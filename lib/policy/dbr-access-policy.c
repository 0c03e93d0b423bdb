/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-access-policy.h"
#include "policy/dbr-access-policy-private.h"

#include "base/dbr-error.h"
#include "base/dbr-request-source-private.h"
#include "policy/dbr-access-file-private.h"
#include "policy/dbr-access-judge-private.h"
#include "policy/dbr-access-rules-private.h"

/**
 * DbrAccessPolicy:
 *
 * What a program may do on the bus, decided before anything is sent.
 *
 * The bus decides what a user may do. A policy is what a program forbids itself, so that what it
 * does for others, as for a script or for a model that writes calls, reaches no further than was
 * meant. A client takes it as [property@Client:access-policy] and asks it before each call, and a
 * [class@Pool] holds all that is sent on its connections to it; what is denied fails with
 * `DBR_ERROR_DENIED`, which names the rule.
 *
 * ```c
 * g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
 *
 * dbr_access_policy_allow (policy, "org.example.*:org.example.Player.*", &error);
 * dbr_access_policy_deny (policy, "*:org.example.Player.OpenUri", &error);
 * ```
 *
 * ## Patterns
 *
 * A pattern is `bus_name[/path]:interface.member`, cut at its last colon and then at its last dot.
 * Each part is a whole name or ends with a star:
 *
 * - `org.a.*` is `org.a` and all below it, as `org.a.b` and `org.a.b.c`, and never `org.ab`; a star
 *   after a slash in a path is the same. At the end of a pattern, `org.a.*` are all members of
 *   `org.a` and of the interfaces below it, and `org.a.*.Get` is their member `Get`.
 * - `org.a*`, `/org/a*` and `Get*` are whatever begins so, `org.ab` included.
 * - `*` alone is anything; `*` for `interface.member` is all interfaces. As a bus name it allows no
 *   unique names, but denies them.
 *
 * A pattern without a path is for all paths.
 *
 * ## What decides
 *
 * 1. A rule of [method@AccessPolicy.deny] that matches denies.
 * 2. Lists of properties and signals decide on what they list, see below.
 * 3. A rule of [method@AccessPolicy.allow] that matches allows, whatever the tier says.
 * 4. The tier decides.
 *
 * Then come who is behind the name, by [method@AccessPolicy.require_peer], and how often, by
 * [method@AccessPolicy.set_rate_limit]. No rule is more or less special than another one, and their
 * order does not matter. The error of what is denied, `DBR_ERROR_DENIED`, names the rule.
 *
 * Reading and writing properties, by whichever function, is judged as access to the member of the
 * interface that has it: `org.a.B:org.a.B.*` covers the properties too. A rule on
 * `org.freedesktop.DBus.Properties` counts as well. Reading all properties is not for rules on
 * single members; `GetManagedObjects` and signals carry values too, and are judged by themselves.
 *
 * Who subscribes to signals and leaves something open, as any member of an interface, is denied if
 * a rule denies any of it, and allowed by a rule only if that allows all of it.
 *
 * A call to a unique name is judged by the names that its owner is known to have: one that is
 * denied denies it, else one that is allowed allows it. With none known it is denied, but for a
 * rule on unique names, as `:*`. What asks the bus about a name, or starts it, is denied for a name
 * all of which is denied.
 *
 * ## Freezing
 *
 * A policy that is frozen is the same for all that it judges, in every thread, and changing it is
 * `DBR_ERROR_CLOSED`.
 *
 * All functions may be called from any thread.
 *
 * Since: 0.1
 */
struct _DbrAccessPolicy
{
  GObject         parent_instance;

  /* identity: set at construction */
  DbrAccessTier   tier;
  GMainContext   *context;

  /* has a lock of its own */
  DbrAccessJudge *judge;
};

enum
{
  PROP_0,
  PROP_TIER,
  PROP_FROZEN,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ENUM_TYPE (DbrAccessTier, dbr_access_tier,
                    G_DEFINE_ENUM_VALUE (DBR_ACCESS_TIER_READ_ONLY, "read-only"),
                    G_DEFINE_ENUM_VALUE (DBR_ACCESS_TIER_STANDARD, "standard"),
                    G_DEFINE_ENUM_VALUE (DBR_ACCESS_TIER_ELEVATED, "elevated"),
                    G_DEFINE_ENUM_VALUE (DBR_ACCESS_TIER_CUSTOM, "custom"))

G_DEFINE_FLAGS_TYPE (DbrPropertyAccess, dbr_property_access,
                     G_DEFINE_ENUM_VALUE (DBR_PROPERTY_ACCESS_READ, "read"),
                     G_DEFINE_ENUM_VALUE (DBR_PROPERTY_ACCESS_WRITE, "write"))

G_DEFINE_FINAL_TYPE (DbrAccessPolicy, dbr_access_policy, G_TYPE_OBJECT)

static void
dbr_access_policy_finalize (GObject *object)
{
  DbrAccessPolicy *self = DBR_ACCESS_POLICY (object);

  g_clear_pointer (&self->judge, dbr_access_judge_free);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (dbr_access_policy_parent_class)->finalize (object);
}

static void
dbr_access_policy_get_property (GObject    *object,
                                guint       prop_id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  DbrAccessPolicy *self = DBR_ACCESS_POLICY (object);

  switch (prop_id)
    {
    case PROP_TIER:
      g_value_set_enum (value, self->tier);
      break;

    case PROP_FROZEN:
      g_value_set_boolean (value, dbr_access_policy_get_frozen (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_access_policy_set_property (GObject      *object,
                                guint         prop_id,
                                const GValue *value,
                                GParamSpec   *pspec)
{
  DbrAccessPolicy *self = DBR_ACCESS_POLICY (object);

  switch (prop_id)
    {
    case PROP_TIER:
      self->tier = g_value_get_enum (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_access_policy_constructed (GObject *object)
{
  DbrAccessPolicy *self = DBR_ACCESS_POLICY (object);

  G_OBJECT_CLASS (dbr_access_policy_parent_class)->constructed (object);

  self->judge = dbr_access_judge_new (self->tier);
}

static void
dbr_access_policy_class_init (DbrAccessPolicyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dbr_access_policy_constructed;
  object_class->finalize = dbr_access_policy_finalize;
  object_class->get_property = dbr_access_policy_get_property;
  object_class->set_property = dbr_access_policy_set_property;

  /**
   * DbrAccessPolicy:tier: (getter get_tier)
   *
   * What the policy lets through where none of its own rules says anything.
   *
   * It is `DBR_ACCESS_TIER_STANDARD` where nothing else is given.
   *
   * Since: 0.1
   */
  properties[PROP_TIER] =
    g_param_spec_enum ("tier", NULL, NULL,
                       DBR_TYPE_ACCESS_TIER, DBR_ACCESS_TIER_STANDARD,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrAccessPolicy:frozen: (getter get_frozen)
   *
   * Whether the policy is in use, and can no longer be changed.
   *
   * Since: 0.1
   */
  properties[PROP_FROZEN] =
    g_param_spec_boolean ("frozen", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_access_policy_init (DbrAccessPolicy *self)
{
  self->context = g_main_context_ref_thread_default ();
}

/**
 * dbr_access_policy_new:
 * @tier: what to let through where no rule says anything
 *
 * Creates a policy without rules of its own.
 *
 * Returns: (transfer full): a new policy
 *
 * Since: 0.1
 */
DbrAccessPolicy *
dbr_access_policy_new (DbrAccessTier tier)
{
  return g_object_new (DBR_TYPE_ACCESS_POLICY, "tier", tier, NULL);
}

DbrAccessPolicy *
dbr_access_policy_new_with_clock (DbrAccessTier   tier,
                                  const DbrClock *clock)
{
  DbrAccessPolicy *self = dbr_access_policy_new (tier);

  dbr_access_judge_set_clock (self->judge, clock);

  return self;
}

/**
 * dbr_access_policy_get_tier: (get-property tier)
 * @self: a policy
 *
 * Gets what the policy lets through where none of its own rules says anything.
 *
 * Returns: the tier
 *
 * Since: 0.1
 */
DbrAccessTier
dbr_access_policy_get_tier (DbrAccessPolicy *self)
{
  g_return_val_if_fail (DBR_IS_ACCESS_POLICY (self), DBR_ACCESS_TIER_CUSTOM);

  return self->tier;
}

/**
 * dbr_access_policy_get_frozen: (get-property frozen)
 * @self: a policy
 *
 * Gets whether the policy is in use, and can no longer be changed.
 *
 * Returns: whether it is frozen
 *
 * Since: 0.1
 */
gboolean
dbr_access_policy_get_frozen (DbrAccessPolicy *self)
{
  g_return_val_if_fail (DBR_IS_ACCESS_POLICY (self), FALSE);

  return dbr_access_judge_is_frozen (self->judge);
}

static gboolean
dbr_access_policy_add (DbrAccessPolicy  *self,
                       const char       *pattern,
                       DbrAccessAnswer   answer,
                       GError          **error)
{
  g_autoptr(DbrAccessRules) more = dbr_access_rules_new ("");

  return dbr_access_rules_add (more, pattern, answer, error)
         && dbr_access_judge_take_rules (self->judge, more, error);
}

/**
 * dbr_access_policy_allow:
 * @self: a policy
 * @pattern: `bus_name[/path]:interface.member`, each part with a `*` at its end if need be
 * @error: return location for an error
 *
 * Allows what matches a pattern, unless a rule denies it.
 *
 * It needs no tier for that: a policy of the tier standard can so allow one method on the system
 * bus.
 *
 * Returns: whether it is a pattern, and the policy not frozen; if not, nothing has changed
 *
 * Since: 0.1
 */
gboolean
dbr_access_policy_allow (DbrAccessPolicy  *self,
                         const char       *pattern,
                         GError          **error)
{
  g_return_val_if_fail (DBR_IS_ACCESS_POLICY (self), FALSE);
  g_return_val_if_fail (pattern != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return dbr_access_policy_add (self, pattern, DBR_ACCESS_ALLOWED, error);
}

/**
 * dbr_access_policy_deny:
 * @self: a policy
 * @pattern: `bus_name[/path]:interface.member`, each part with a `*` at its end if need be
 * @error: return location for an error
 *
 * Denies what matches a pattern, whatever else allows it.
 *
 * A bus name all of which is denied is also hidden from lists of names.
 *
 * Returns: whether it is a pattern, and the policy not frozen; if not, nothing has changed
 *
 * Since: 0.1
 */
gboolean
dbr_access_policy_deny (DbrAccessPolicy  *self,
                        const char       *pattern,
                        GError          **error)
{
  g_return_val_if_fail (DBR_IS_ACCESS_POLICY (self), FALSE);
  g_return_val_if_fail (pattern != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return dbr_access_policy_add (self, pattern, DBR_ACCESS_DENIED, error);
}

/**
 * dbr_access_policy_allow_property:
 * @self: a policy
 * @interface_name: the interface that has the property
 * @property_name: the property, or the start of some with a `*`
 * @access: what may be done with it
 * @error: return location for an error
 *
 * Puts a property on the list of those of its interface that may be read or written.
 *
 * From the first one on, no other property of that interface may be, whatever the tier and other
 * rules allow; reading all of them at once takes `*` as the name. It holds on each bus name; deny
 * those on which it should not. Interfaces without a list are as before.
 *
 * Returns: whether the values are allowed, and the policy is not frozen; if not, nothing has
 *   changed
 *
 * Since: 0.1
 */
gboolean
dbr_access_policy_allow_property (DbrAccessPolicy    *self,
                                  const char         *interface_name,
                                  const char         *property_name,
                                  DbrPropertyAccess   access,
                                  GError            **error)
{
  g_autoptr(DbrAccessRules) more = NULL;

  g_return_val_if_fail (DBR_IS_ACCESS_POLICY (self), FALSE);
  g_return_val_if_fail (interface_name != NULL, FALSE);
  g_return_val_if_fail (property_name != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  more = dbr_access_rules_new ("");

  return dbr_access_rules_add_property (more, interface_name, property_name, access, error)
         && dbr_access_judge_take_rules (self->judge, more, error);
}

/**
 * dbr_access_policy_allow_signal:
 * @self: a policy
 * @bus_name: who sends the signal
 * @interface_name: the interface that has the signal
 * @member: the signal
 * @error: return location for an error
 *
 * Puts a signal on the list of those that may be subscribed to.
 *
 * From the first one on, no other signal of that interface on that bus name may be, whatever the
 * tier and other rules allow. Each part may end with a `*`. Interfaces without a list are as
 * before.
 *
 * Returns: whether the values are allowed, and the policy is not frozen; if not, nothing has
 *   changed
 *
 * Since: 0.1
 */
gboolean
dbr_access_policy_allow_signal (DbrAccessPolicy  *self,
                                const char       *bus_name,
                                const char       *interface_name,
                                const char       *member,
                                GError          **error)
{
  g_autoptr(DbrAccessRules) more = NULL;
  g_autoptr(DbrAccessPattern) pattern = NULL;

  g_return_val_if_fail (DBR_IS_ACCESS_POLICY (self), FALSE);
  g_return_val_if_fail (bus_name != NULL, FALSE);
  g_return_val_if_fail (interface_name != NULL, FALSE);
  g_return_val_if_fail (member != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  pattern = dbr_access_pattern_new_for_signal (bus_name, interface_name, member, error);
  if (pattern == NULL)
    return FALSE;

  more = dbr_access_rules_new ("");
  dbr_access_rules_take_signal (more, g_steal_pointer (&pattern));

  return dbr_access_judge_take_rules (self->judge, more, error);
}

/**
 * dbr_access_policy_require_peer:
 * @self: a policy
 * @bus_name: the bus name
 * @uid: the user that its owner has to run as, or -1 for any
 * @exe: (type filename) (nullable): the program that its owner has to run, or `NULL` for any
 * @error: return location for an error
 *
 * Requires that the right program is behind a bus name.
 *
 * A client asks the bus who is, and sends what was judged by that to the unique name that it asked
 * about: a name that changes hands in between gets nothing. What cannot be found out counts as
 * wrong.
 *
 * The user is what the kernel told the bus, and can be trusted. The path is that of a process at
 * the moment of looking. It tells a wrong program from the right one, but does not stop a user from
 * running the right one in a wrong way, cannot be read of another user's processes, and says
 * nothing in another mount namespace. An interpreter's is that of the interpreter.
 *
 * A second requirement for the same name replaces the first. The name may end with a `*`.
 *
 * Returns: whether the values are allowed, and the policy is not frozen; if not, nothing has
 *   changed
 *
 * Since: 0.1
 */
gboolean
dbr_access_policy_require_peer (DbrAccessPolicy  *self,
                                const char       *bus_name,
                                gint64            uid,
                                const char       *exe,
                                GError          **error)
{
  g_autoptr(DbrAccessRules) more = NULL;

  g_return_val_if_fail (DBR_IS_ACCESS_POLICY (self), FALSE);
  g_return_val_if_fail (bus_name != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  more = dbr_access_rules_new ("");

  return dbr_access_conditions_add_peer (dbr_access_rules_get_conditions (more),
                                         bus_name, uid, exe, error)
         && dbr_access_judge_take_rules (self->judge, more, error);
}

/**
 * dbr_access_policy_set_rate_limit:
 * @self: a policy
 * @pattern: `bus_name[/path]:interface.member`, each part with a `*` at its end if need be
 * @per_minute: how many calls a minute, at least 1
 * @error: return location for an error
 *
 * Limits how often what matches a pattern may be called.
 *
 * All that matches the pattern shares one bucket of @per_minute calls, full at first, that fills
 * again evenly in a minute. A call that finds it empty is `DBR_ERROR_RATE_LIMITED`, and may be made
 * again when the message says. What is denied is not counted, nor are retries of a call and
 * subscriptions.
 *
 * A second limit for the same pattern replaces the first. Of different limits that match, each
 * holds.
 *
 * Returns: whether the values are allowed, and the policy is not frozen; if not, nothing has
 *   changed
 *
 * Since: 0.1
 */
gboolean
dbr_access_policy_set_rate_limit (DbrAccessPolicy  *self,
                                  const char       *pattern,
                                  guint             per_minute,
                                  GError          **error)
{
  g_autoptr(DbrAccessRules) more = NULL;

  g_return_val_if_fail (DBR_IS_ACCESS_POLICY (self), FALSE);
  g_return_val_if_fail (pattern != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  more = dbr_access_rules_new ("");

  return dbr_access_conditions_add_limit (dbr_access_rules_get_conditions (more),
                                          pattern, per_minute, error)
         && dbr_access_judge_take_rules (self->judge, more, error);
}

/**
 * dbr_access_policy_load_file:
 * @self: a policy
 * @path: (type filename): the path of a key file
 * @error: return location for an error
 *
 * Adds the rules of a file, all of them or none.
 *
 * ```ini
 * [calls]
 * org.example.Documents:org.example.Documents.*=allow
 * org.example.Documents:org.example.Documents.Delete*=deny
 *
 * [properties]
 * org.example.Documents.Title=read
 * org.example.Documents.Folder=read-write
 *
 * [signals]
 * org.example.Documents:org.example.Documents.Changed=allow
 *
 * [peer-uids]
 * org.example.Documents=1000
 *
 * [peer-programs]
 * org.example.Documents=/usr/libexec/example-documents
 *
 * [rate-limits]
 * org.example.Documents:*=60
 * ```
 *
 * Each line is what a call of the function of that kind would be. The value `write` is for a
 * property that may be written only. An error names the file, the line, the group, the key and the
 * reason; one key twice in a group is an error too.
 *
 * The file is read at once and in the thread that calls. Who may change it may change what the
 * program may do.
 *
 * Returns: whether the file could be read, all its values are allowed and the policy is not
 *   frozen; if not, nothing has changed
 *
 * Since: 0.1
 */
gboolean
dbr_access_policy_load_file (DbrAccessPolicy  *self,
                             const char       *path,
                             GError          **error)
{
  g_autoptr(DbrAccessRules) more = NULL;
  g_autoptr(GError) local_error = NULL;
  g_autofree char *text = NULL;
  gsize length;

  g_return_val_if_fail (DBR_IS_ACCESS_POLICY (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!g_file_get_contents (path, &text, &length, &local_error))
    {
      /* The message of GLib names the file and the reason. */
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_STORAGE, local_error->message);
      return FALSE;
    }

  more = dbr_access_rules_new ("");
  if (!dbr_access_file_read (more, text, length, error))
    {
      g_autofree char *shown = g_filename_display_name (path);

      g_prefix_error (error, "%s:", shown);
      return FALSE;
    }

  return dbr_access_judge_take_rules (self->judge, more, error);
}

static gboolean
notify_frozen_cb (gpointer user_data)
{
  g_object_notify_by_pspec (user_data, properties[PROP_FROZEN]);

  return G_SOURCE_REMOVE;
}

/**
 * dbr_access_policy_freeze:
 * @self: a policy
 *
 * Ends all changes of the policy.
 *
 * Doing it again does nothing.
 *
 * Since: 0.1
 */
void
dbr_access_policy_freeze (DbrAccessPolicy *self)
{
  g_return_if_fail (DBR_IS_ACCESS_POLICY (self));

  /* At once where this is the thread of that context. */
  if (dbr_access_judge_freeze (self->judge))
    g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, notify_frozen_cb,
                                g_object_ref (self), g_object_unref);
}

/**
 * dbr_access_policy_check:
 * @self: a policy
 * @call: a call
 * @error: return location for an error
 *
 * Asks whether a call would be let through at this moment.
 *
 * The call is judged as one on the session bus; on the system bus the tiers allow less. It counts
 * for no rate limit, and who is behind the name is not looked at: that is for the client that makes
 * the call.
 *
 * Returns: whether it would be; a `DBR_ERROR_DENIED` says which rule denies it, and a
 *   `DBR_ERROR_RATE_LIMITED` which limit is used up
 *
 * Since: 0.1
 */
gboolean
dbr_access_policy_check (DbrAccessPolicy  *self,
                         DbrCall          *call,
                         GError          **error)
{
  g_autoptr(DbrRequest) request = NULL;
  g_auto(DbrAccessQuery) query = { 0, };

  g_return_val_if_fail (DBR_IS_ACCESS_POLICY (self), FALSE);
  g_return_val_if_fail (DBR_IS_REQUEST_SOURCE (call), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = dbr_request_source_dup_request (DBR_REQUEST_SOURCE (call));
  if (!dbr_request_check (request, request->bus_name != NULL, error))
    return FALSE;

  dbr_access_query_init_request (&query, request, request->bus_name != NULL
                                                  ? DBR_ACCESS_BUS_SESSION
                                                  : DBR_ACCESS_BUS_PEER);

  return dbr_access_judge_check (self->judge, &query, FALSE, NULL, NULL, NULL, error);
}

DbrAccessJudge *
dbr_access_policy_get_judge (DbrAccessPolicy *self)
{
  return self->judge;
}

gboolean
dbr_access_policy_check_request (DbrAccessPolicy     *self,
                                 const DbrRequest    *request,
                                 DbrAccessBus         bus,
                                 DbrAccessNamesFunc   names_func,
                                 gpointer             user_data,
                                 const char         **rule,
                                 GError             **error)
{
  g_auto(DbrAccessQuery) query = { 0, };

  dbr_access_query_init_request (&query, request, bus);

  return dbr_access_judge_check (self->judge, &query, TRUE, names_func, user_data, rule, error);
}
