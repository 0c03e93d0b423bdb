/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-access-conditions-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/* A call is so much of a bucket that each microsecond adds a whole number for each call a
 * minute. */
#define MINUTE ((gint64) 60 * G_USEC_PER_SEC)
#define CALL_COST MINUTE

struct _DbrAccessConditions
{
  GPtrArray *peers;
  GPtrArray *limits;
};

static void
peer_free (gpointer data)
{
  DbrAccessPeer *peer = data;

  dbr_access_part_clear (&peer->bus_name);
  g_free (peer->exe);
  g_free (peer);
}

static void
limit_free (gpointer data)
{
  DbrAccessLimit *limit = data;

  g_clear_pointer (&limit->pattern, dbr_access_pattern_free);
  g_free (limit);
}

static const char *
intern_rule (const char *kind,
             const char *pattern)
{
  g_autofree char *text = g_strconcat (kind, " ", pattern, NULL);

  return g_intern_string (text);
}

static gboolean
check_peer (gint64       uid,
            const char  *exe,
            GError     **error)
{
  const char *problem = NULL;

  if (uid < -1 || uid >= G_MAXUINT32)
    problem = _("The uid is none that a user can have");
  else if (exe != NULL && !g_path_is_absolute (exe))
    problem = _("The path of the program is not absolute");
  else if (uid == -1 && exe == NULL)
    problem = _("Neither a uid nor a program is required");

  if (problem != NULL)
    g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT, problem);

  return problem == NULL;
}

static DbrAccessPeer *
dbr_access_conditions_find_rule (DbrAccessConditions *self,
                                 const char          *rule)
{
  for (guint i = 0; i < self->peers->len; i++)
    {
      DbrAccessPeer *peer = g_ptr_array_index (self->peers, i);

      if (peer->rule == rule)
        return peer;
    }

  return NULL;
}

static DbrAccessPeer *
dbr_access_conditions_ensure_peer (DbrAccessConditions  *self,
                                   const char           *bus_name,
                                   GError              **error)
{
  const char *rule;
  DbrAccessPeer *peer;
  DbrAccessPart part = { 0, };

  if (!dbr_access_part_init_bus_name (&part, bus_name, error))
    {
      dbr_access_part_clear (&part);
      return NULL;
    }

  rule = intern_rule ("peer", bus_name);
  peer = dbr_access_conditions_find_rule (self, rule);
  if (peer != NULL)
    {
      dbr_access_part_clear (&part);
      return peer;
    }

  peer = g_new (DbrAccessPeer, 1);
  *peer = (DbrAccessPeer) { part, -1, NULL, rule };
  g_ptr_array_add (self->peers, peer);

  return peer;
}

static void
dbr_access_conditions_take_peer (DbrAccessConditions *self,
                                 DbrAccessPeer       *peer)
{
  DbrAccessPeer *same = dbr_access_conditions_find_rule (self, peer->rule);

  if (same != NULL)
    g_ptr_array_remove (self->peers, same);

  g_ptr_array_add (self->peers, peer);
}

static void
dbr_access_conditions_take_limit (DbrAccessConditions *self,
                                  DbrAccessLimit      *limit)
{
  for (guint i = 0; i < self->limits->len; i++)
    {
      DbrAccessLimit *same = g_ptr_array_index (self->limits, i);

      if (same->rule == limit->rule)
        {
          g_ptr_array_remove (self->limits, same);
          break;
        }
    }

  g_ptr_array_add (self->limits, limit);
}

static gboolean
limit_is_for (const DbrAccessLimit *limit,
              const DbrAccessQuery *query,
              const char * const   *names,
              guint                 n_names)
{
  for (guint i = 0; i < n_names; i++)
    {
      if (dbr_access_pattern_matches (limit->pattern, query, names[i], DBR_ACCESS_MATCH_OVERLAPS))
        return TRUE;
    }

  return FALSE;
}

static void
limit_fill (DbrAccessLimit *limit,
            gint64          now)
{
  gint64 full = limit->per_minute * CALL_COST;
  gint64 elapsed = CLAMP (now - limit->filled_at, 0, MINUTE);

  limit->level = MIN (limit->level + elapsed * limit->per_minute, full);
  limit->filled_at = MAX (limit->filled_at, now);
}

DbrAccessConditions *
dbr_access_conditions_new (void)
{
  DbrAccessConditions *self = g_new (DbrAccessConditions, 1);

  self->peers = g_ptr_array_new_with_free_func (peer_free);
  self->limits = g_ptr_array_new_with_free_func (limit_free);

  return self;
}

void
dbr_access_conditions_free (DbrAccessConditions *self)
{
  g_ptr_array_unref (self->peers);
  g_ptr_array_unref (self->limits);
  g_free (self);
}

gboolean
dbr_access_conditions_add_peer (DbrAccessConditions  *self,
                                const char           *bus_name,
                                gint64                uid,
                                const char           *exe,
                                GError              **error)
{
  DbrAccessPeer *peer;

  if (!check_peer (uid, exe, error))
    return FALSE;

  peer = dbr_access_conditions_ensure_peer (self, bus_name, error);
  if (peer == NULL)
    return FALSE;

  if (uid != -1)
    peer->uid = uid;
  if (exe != NULL)
    {
      g_free (peer->exe);
      peer->exe = g_strdup (exe);
    }

  return TRUE;
}

gboolean
dbr_access_conditions_add_limit (DbrAccessConditions  *self,
                                 const char           *pattern,
                                 guint                 per_minute,
                                 GError              **error)
{
  DbrAccessPattern *read;
  DbrAccessLimit *limit;

  if (per_minute == 0)
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                           _("A rate limit of 0 a minute allows nothing; deny it instead"));
      return FALSE;
    }

  read = dbr_access_pattern_new (pattern, error);
  if (read == NULL)
    return FALSE;

  limit = g_new (DbrAccessLimit, 1);
  *limit = (DbrAccessLimit) {
    read, intern_rule ("limit", pattern), per_minute, per_minute * CALL_COST, 0,
  };
  dbr_access_conditions_take_limit (self, limit);

  return TRUE;
}

void
dbr_access_conditions_take (DbrAccessConditions *self,
                            DbrAccessConditions *more)
{
  while (more->peers->len > 0)
    dbr_access_conditions_take_peer (self, g_ptr_array_steal_index (more->peers, 0));
  while (more->limits->len > 0)
    dbr_access_conditions_take_limit (self, g_ptr_array_steal_index (more->limits, 0));
}

const DbrAccessPeer *
dbr_access_conditions_find_peer (const DbrAccessConditions *self,
                                 const char                *bus_name,
                                 guint                      index)
{
  for (guint i = 0; i < self->peers->len; i++)
    {
      const DbrAccessPeer *peer = g_ptr_array_index (self->peers, i);

      if (dbr_access_part_matches (&peer->bus_name, bus_name, DBR_ACCESS_MATCH_COVERS)
          && index-- == 0)
        return peer;
    }

  return NULL;
}

gboolean
dbr_access_conditions_has_limits (const DbrAccessConditions *self)
{
  return self->limits->len > 0;
}

const DbrAccessLimit *
dbr_access_conditions_spend (DbrAccessConditions  *self,
                             const DbrAccessQuery *query,
                             const char * const   *names,
                             guint                 n_names,
                             gint64                now,
                             gboolean              is_counted,
                             gint64               *wait_usec)
{
  for (guint i = 0; i < self->limits->len; i++)
    {
      DbrAccessLimit *limit = g_ptr_array_index (self->limits, i);

      limit_fill (limit, now);
      if (limit->level < CALL_COST && limit_is_for (limit, query, names, n_names))
        {
          *wait_usec = (CALL_COST - limit->level + limit->per_minute - 1) / limit->per_minute;
          return limit;
        }
    }

  for (guint i = 0; is_counted && i < self->limits->len; i++)
    {
      DbrAccessLimit *limit = g_ptr_array_index (self->limits, i);

      if (limit_is_for (limit, query, names, n_names))
        limit->level -= CALL_COST;
    }

  return NULL;
}
