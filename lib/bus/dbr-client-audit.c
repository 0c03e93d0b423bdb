/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

/* What a client asks its access policy, and what it tells those who watch it do so. */

static char **
dup_names_cb (const char *unique_name,
              gpointer    user_data)
{
  return dbr_owners_dup_names (user_data, unique_name);
}

static gboolean
dbr_client_needs_peer (DbrClient        *self,
                       const DbrRequest *request)
{
  return request->bus_name != NULL
         && !g_str_equal (request->bus_name, DBR_BUS_NAME)
         && dbr_access_judge_needs_peer (dbr_access_policy_get_judge (self->access_policy),
                                         request->bus_name);
}

/* Judges, and tells those who listen. */
static gboolean
dbr_client_judge_query (DbrClient            *self,
                        const DbrAccessQuery *query,
                        GError              **error)
{
  g_autoptr(GVariant) record = NULL;
  gboolean is_allowed = TRUE;
  const char *rule = "";

  if (self->access_policy != NULL)
    is_allowed = dbr_access_judge_check (dbr_access_policy_get_judge (self->access_policy),
                                         query, TRUE, dup_names_cb,
                                         dbr_link_get_owners (self->link), &rule, error);
  if (dbr_client_is_audited (self))
    {
      record = dbr_access_query_dup_record (query, is_allowed, rule, g_get_real_time ());
      dbr_client_audit (self, record);
    }

  return is_allowed;
}

/* The same with a record of it for those who listen, which costs a little more. */
static gboolean
dbr_client_judge_aloud (DbrClient         *self,
                        const DbrRequest  *request,
                        GError           **error)
{
  g_auto(DbrAccessQuery) query = { 0, };

  dbr_access_query_init_request (&query, request, self->access_bus);

  return dbr_client_judge_query (self, &query, error);
}

gboolean
dbr_client_judge (DbrClient         *self,
                  const DbrRequest  *request,
                  gboolean          *needs_peer,
                  GError           **error)
{
  gboolean is_allowed;

  if (G_UNLIKELY (dbr_client_is_audited (self)))
    is_allowed = dbr_client_judge_aloud (self, request, error);
  else
    is_allowed = self->access_policy == NULL
                 || dbr_access_policy_check_request (self->access_policy, request,
                                                     self->access_bus, dup_names_cb,
                                                     dbr_link_get_owners (self->link), NULL,
                                                     error);
  *needs_peer = is_allowed && self->access_policy != NULL && dbr_client_needs_peer (self, request);

  return is_allowed;
}

gboolean
dbr_client_may_ask (DbrClient        *self,
                    const DbrRequest *request)
{
  return self->access_policy == NULL
         || dbr_access_policy_check_request (self->access_policy, request, self->access_bus,
                                             dup_names_cb, dbr_link_get_owners (self->link), NULL,
                                             NULL);
}

gboolean
dbr_client_judge_signals (DbrClient           *self,
                          const DbrMatchRule  *rule,
                          GError             **error)
{
  g_auto(DbrAccessQuery) query = { 0, };

  dbr_access_query_init_signal (&query, self->access_bus, rule->bus_name, rule->object_path,
                                rule->interface_name, rule->member,
                                (rule->flags & DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE) != 0);

  return dbr_client_judge_query (self, &query, error);
}
