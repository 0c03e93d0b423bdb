/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-access-judge-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "policy/dbr-access-file-private.h"

struct _DbrAccessJudge
{
  DbrAccessTier         tier;
  const DbrAccessRules *tier_rules;
  const DbrClock       *clock;

  gint                  is_frozen;

  GMutex                mutex;

  /* guarded by mutex until it is frozen; after that only what is left of rate limits */
  DbrAccessRules       *rules;
};

/* The names that a query is judged by. Almost always that is the one it has. */
typedef struct
{
  const char  *own;
  char       **known;
  const char **all;
  guint        n_all;
} Names;

static void
names_init (Names                *names,
            const char           *bus_name,
            DbrAccessNamesFunc    names_func,
            gpointer              user_data)
{
  names->own = bus_name;
  names->known = NULL;
  names->all = &names->own;
  names->n_all = 1;

  if (bus_name == NULL || bus_name[0] != ':' || names_func == NULL)
    return;

  names->known = names_func (bus_name, user_data);
  if (names->known == NULL)
    return;

  names->n_all = 1 + g_strv_length (names->known);
  names->all = g_new (const char *, names->n_all);
  names->all[0] = bus_name;
  for (guint i = 1; i < names->n_all; i++)
    names->all[i] = names->known[i - 1];
}

static void
names_clear (Names *names)
{
  if (names->all != &names->own)
    g_free (names->all);
  g_strfreev (names->known);
}

static gboolean
names_are_known (const Names *names)
{
  return names->n_all > 1 || names->own == NULL || names->own[0] != ':';
}

/* One name that is denied denies, else one that is allowed allows. */
static DbrAccessVerdict
judge_names (const DbrAccessRules *rules,
             const DbrAccessQuery *query,
             const Names          *names,
             gboolean              is_shipped)
{
  DbrAccessVerdict verdict = { DBR_ACCESS_SILENT, NULL, NULL };

  for (guint i = 0; i < names->n_all && verdict.answer != DBR_ACCESS_DENIED; i++)
    {
      DbrAccessVerdict of_name = dbr_access_rules_judge (rules, query, names->all[i], is_shipped);

      if (of_name.answer != DBR_ACCESS_SILENT)
        verdict = of_name;
    }

  return verdict;
}

static DbrAccessVerdict
judge_visibility (const DbrAccessRules *rules,
                  const Names          *names)
{
  DbrAccessVerdict verdict = { DBR_ACCESS_SILENT, NULL, NULL };

  for (guint i = 0; i < names->n_all && verdict.answer != DBR_ACCESS_DENIED; i++)
    {
      DbrAccessVerdict of_name = dbr_access_rules_judge_name (rules, names->all[i]);

      if (of_name.answer != DBR_ACCESS_SILENT)
        verdict = of_name;
    }

  return verdict;
}

/* What the tier says where no rule of it does. */
static gboolean
dbr_access_judge_tier_allows (DbrAccessJudge  *self,
                              DbrAccessBus     bus,
                              gboolean         is_signal)
{
  switch (self->tier)
    {
    case DBR_ACCESS_TIER_READ_ONLY:
      return is_signal;

    case DBR_ACCESS_TIER_STANDARD:
      return bus != DBR_ACCESS_BUS_SYSTEM;

    case DBR_ACCESS_TIER_ELEVATED:
      return TRUE;

    case DBR_ACCESS_TIER_CUSTOM:
    default:
      return FALSE;
    }
}

static const char *
dbr_access_judge_get_tier_reason (DbrAccessJudge *self)
{
  switch (self->tier)
    {
    case DBR_ACCESS_TIER_READ_ONLY:
      return N_("it is not known to be reading only");

    case DBR_ACCESS_TIER_STANDARD:
      return N_("the system bus takes the tier elevated, or a rule that allows it");

    case DBR_ACCESS_TIER_ELEVATED:
    case DBR_ACCESS_TIER_CUSTOM:
    default:
      return N_("no rule allows it");
    }
}

static DbrAccessVerdict
dbr_access_judge_by_tier (DbrAccessJudge       *self,
                          const DbrAccessQuery *query,
                          const Names          *names)
{
  DbrAccessVerdict verdict = { DBR_ACCESS_SILENT, NULL, NULL };

  if (self->tier_rules != NULL)
    verdict = judge_names (self->tier_rules, query, names, TRUE);
  if (verdict.answer == DBR_ACCESS_DENIED)
    return verdict;

  verdict.reason = NULL;
  if (verdict.answer == DBR_ACCESS_SILENT)
    verdict.rule = dbr_access_tier_get_title (self->tier);

  if (!names_are_known (names))
    verdict.reason = N_("it is not known which bus names the unique name has");
  else if (query->is_eavesdropping)
    verdict.reason = N_("the match rule is for more than signals, or cannot be read");
  else if (verdict.answer == DBR_ACCESS_SILENT
           && !dbr_access_judge_tier_allows (self, query->bus,
                                             query->kind == DBR_ACCESS_KIND_SIGNAL))
    verdict.reason = dbr_access_judge_get_tier_reason (self);

  verdict.answer = verdict.reason == NULL ? DBR_ACCESS_ALLOWED : DBR_ACCESS_DENIED;

  return verdict;
}

/* Judges what has an effect on a name or tells of it: @is_by_rule if a rule of the policy's own
 * allows it, and then only such a rule denies it. */
static DbrAccessVerdict
dbr_access_judge_by_name (DbrAccessJudge  *self,
                          DbrAccessBus     bus,
                          const Names     *names,
                          gboolean         is_by_rule)
{
  const char *title = dbr_access_tier_get_title (self->tier);
  DbrAccessVerdict verdict = judge_visibility (self->rules, names);

  if (verdict.answer == DBR_ACCESS_SILENT && self->tier_rules != NULL && !is_by_rule)
    verdict = judge_visibility (self->tier_rules, names);
  if (verdict.answer == DBR_ACCESS_SILENT)
    {
      verdict.answer = is_by_rule
                       || (names_are_known (names)
                           && dbr_access_judge_tier_allows (self, bus, FALSE))
                       ? DBR_ACCESS_ALLOWED
                       : DBR_ACCESS_DENIED;
      verdict.rule = title;
    }
  verdict.reason = N_("it is about a name that the policy hides");

  return verdict;
}

static DbrAccessVerdict
dbr_access_judge_decide (DbrAccessJudge       *self,
                         const DbrAccessQuery *query,
                         const Names          *names)
{
  DbrAccessVerdict verdict = { DBR_ACCESS_SILENT, NULL, NULL };
  gboolean is_by_rule;

  if (!dbr_access_rules_are_empty (self->rules))
    verdict = judge_names (self->rules, query, names, FALSE);

  is_by_rule = verdict.answer == DBR_ACCESS_ALLOWED;
  if (verdict.answer == DBR_ACCESS_SILENT)
    verdict = dbr_access_judge_by_tier (self, query, names);

  /* Nobody can tell yet whom a unique name is, and asking does nothing. */
  if (verdict.answer == DBR_ACCESS_ALLOWED && query->about != NULL && query->about[0] != ':')
    {
      const Names about = { query->about, NULL, (const char **) &query->about, 1 };
      DbrAccessVerdict visible = dbr_access_judge_by_name (self, query->bus, &about,
                                                           is_by_rule);

      if (visible.answer == DBR_ACCESS_DENIED)
        return visible;
    }

  return verdict;
}

static void
set_denied (GError                 **error,
            const DbrAccessQuery    *query,
            const DbrAccessVerdict  *verdict)
{
  g_autofree char *title = dbr_access_query_dup_title (query);

  g_set_error (error, DBR_ERROR, DBR_ERROR_DENIED,
               _("The access policy denies “%s” on “%s” by “%s”: %s"),
               title, query->target.bus_name != NULL ? query->target.bus_name : "*",
               verdict->rule, _(verdict->reason));
}

static void
set_rate_limited (GError               **error,
                  const DbrAccessQuery  *query,
                  const char            *rule,
                  guint                  per_minute,
                  gint64                 wait_usec)
{
  g_autofree char *title = dbr_access_query_dup_title (query);

  g_set_error (error, DBR_ERROR, DBR_ERROR_RATE_LIMITED,
               _("“%s” on “%s” was called too often for “%s” of %u a minute; "
                 "it may be again in %u ms"),
               title, query->target.bus_name != NULL ? query->target.bus_name : "*",
               rule, per_minute, (guint) ((wait_usec + 999) / 1000));
}

static DbrAccessVerdict
judge_peer (const DbrAccessPeer        *peer,
            const DbrAccessCredentials *credentials)
{
  DbrAccessVerdict verdict = { DBR_ACCESS_DENIED, peer->rule, NULL };

  if (peer->uid != -1 && credentials->uid == -1)
    verdict.reason = N_("it is not known which user its owner runs as");
  else if (peer->uid != -1 && peer->uid != credentials->uid)
    verdict.reason = N_("its owner runs as another user");
  else if (peer->exe != NULL && credentials->exe == NULL)
    verdict.reason = N_("it is not known which program its owner is");
  else if (peer->exe != NULL && strcmp (peer->exe, credentials->exe) != 0)
    verdict.reason = N_("its owner is another program");
  else
    verdict.answer = DBR_ACCESS_ALLOWED;

  return verdict;
}

/* Whether the rules may change meanwhile, and are locked. */
static gboolean
dbr_access_judge_lock_rules (DbrAccessJudge *self)
{
  if (g_atomic_int_get (&self->is_frozen))
    return FALSE;

  g_mutex_lock (&self->mutex);

  return TRUE;
}

/* Judges all but who is behind the name. With a lock only as long as the rules may change, or where
 * something is counted. */
static gboolean
dbr_access_judge_check_names (DbrAccessJudge        *self,
                              const DbrAccessQuery  *query,
                              const Names           *names,
                              gboolean               is_counted,
                              const char           **rule,
                              GError               **error)
{
  DbrAccessVerdict verdict;
  DbrAccessConditions *conditions;
  const DbrAccessLimit *limit = NULL;
  guint per_minute = 0;
  gint64 wait_usec = 0;
  gboolean is_locked = dbr_access_judge_lock_rules (self);

  verdict = dbr_access_judge_decide (self, query, names);
  conditions = dbr_access_rules_get_conditions (self->rules);
  if (verdict.answer == DBR_ACCESS_ALLOWED && query->kind != DBR_ACCESS_KIND_SIGNAL
      && dbr_access_conditions_has_limits (conditions))
    {
      gint64 now = dbr_clock_get_monotonic (self->clock);

      if (!is_locked)
        g_mutex_lock (&self->mutex);
      is_locked = TRUE;

      limit = dbr_access_conditions_spend (conditions, query, names->all, names->n_all,
                                           now, is_counted, &wait_usec);
      if (limit != NULL)
        {
          verdict.rule = limit->rule;
          per_minute = limit->per_minute;
        }
    }

  if (is_locked)
    g_mutex_unlock (&self->mutex);

  if (rule != NULL)
    *rule = verdict.rule;
  if (limit != NULL)
    set_rate_limited (error, query, verdict.rule, per_minute, wait_usec);
  else if (verdict.answer == DBR_ACCESS_DENIED)
    set_denied (error, query, &verdict);

  return limit == NULL && verdict.answer == DBR_ACCESS_ALLOWED;
}

DbrAccessJudge *
dbr_access_judge_new (DbrAccessTier tier)
{
  DbrAccessJudge *self = g_new0 (DbrAccessJudge, 1);

  self->tier = tier;
  self->tier_rules = tier != DBR_ACCESS_TIER_CUSTOM ? dbr_access_file_get_tier (tier) : NULL;
  self->clock = dbr_clock_get_system ();

  g_mutex_init (&self->mutex);
  self->rules = dbr_access_rules_new ("");

  return self;
}

void
dbr_access_judge_free (DbrAccessJudge *self)
{
  dbr_access_rules_free (self->rules);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
dbr_access_judge_set_clock (DbrAccessJudge *self,
                            const DbrClock *clock)
{
  self->clock = clock;
}

gboolean
dbr_access_judge_take_rules (DbrAccessJudge  *self,
                             DbrAccessRules  *more,
                             GError         **error)
{
  gboolean is_open = dbr_access_judge_lock_rules (self);

  if (is_open)
    {
      /* It may have been frozen before the lock was had. */
      is_open = !self->is_frozen;
      if (is_open)
        dbr_access_rules_take (self->rules, more);
      g_mutex_unlock (&self->mutex);
    }

  if (!is_open)
    g_set_error_literal (error, DBR_ERROR, DBR_ERROR_CLOSED,
                         _("The access policy is in use and can no longer be changed"));

  return is_open;
}

gboolean
dbr_access_judge_freeze (DbrAccessJudge *self)
{
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  is_new = g_atomic_int_compare_and_exchange (&self->is_frozen, FALSE, TRUE);
  g_mutex_unlock (&self->mutex);

  return is_new;
}

gboolean
dbr_access_judge_is_frozen (DbrAccessJudge *self)
{
  return g_atomic_int_get (&self->is_frozen);
}

gboolean
dbr_access_judge_check (DbrAccessJudge       *self,
                        const DbrAccessQuery *query,
                        gboolean              is_counted,
                        DbrAccessNamesFunc    names_func,
                        gpointer              user_data,
                        const char          **rule,
                        GError              **error)
{
  Names names;
  gboolean is_ok;

  names_init (&names, query->target.bus_name, names_func, user_data);
  is_ok = dbr_access_judge_check_names (self, query, &names, is_counted, rule, error);
  names_clear (&names);

  return is_ok;
}

gboolean
dbr_access_judge_may_see (DbrAccessJudge     *self,
                          DbrAccessBus        bus,
                          const char         *bus_name,
                          DbrAccessNamesFunc  names_func,
                          gpointer            user_data)
{
  DbrAccessVerdict verdict;
  gboolean is_locked;
  Names names;

  names_init (&names, bus_name, names_func, user_data);

  is_locked = dbr_access_judge_lock_rules (self);
  verdict = dbr_access_judge_by_name (self, bus, &names, FALSE);
  if (is_locked)
    g_mutex_unlock (&self->mutex);

  names_clear (&names);

  return verdict.answer == DBR_ACCESS_ALLOWED;
}

gboolean
dbr_access_judge_needs_peer (DbrAccessJudge *self,
                             const char     *bus_name)
{
  gboolean is_locked = dbr_access_judge_lock_rules (self);
  gboolean is_needed;

  is_needed = dbr_access_conditions_find_peer (dbr_access_rules_get_conditions (self->rules),
                                               bus_name, 0) != NULL;
  if (is_locked)
    g_mutex_unlock (&self->mutex);

  return is_needed;
}

gboolean
dbr_access_judge_check_peer (DbrAccessJudge              *self,
                             const char                  *bus_name,
                             const DbrAccessCredentials  *credentials,
                             const char                 **rule,
                             GError                     **error)
{
  DbrAccessVerdict verdict = { DBR_ACCESS_ALLOWED, NULL, NULL };
  gboolean is_locked = dbr_access_judge_lock_rules (self);
  const DbrAccessConditions *conditions = dbr_access_rules_get_conditions (self->rules);
  const DbrAccessPeer *peer;

  for (guint i = 0; verdict.answer == DBR_ACCESS_ALLOWED
       && (peer = dbr_access_conditions_find_peer (conditions, bus_name, i)) != NULL; i++)
    verdict = judge_peer (peer, credentials);

  if (is_locked)
    g_mutex_unlock (&self->mutex);

  if (rule != NULL)
    *rule = verdict.rule;
  if (verdict.answer == DBR_ACCESS_DENIED)
    g_set_error (error, DBR_ERROR, DBR_ERROR_DENIED,
                 _("The access policy denies “%s” by “%s”: %s"),
                 bus_name, verdict.rule, _(verdict.reason));

  return verdict.answer == DBR_ACCESS_ALLOWED;
}
