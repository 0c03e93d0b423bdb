/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-inquirer-private.h"

#include "base/dbr-i18n-private.h"
#include "bus/dbr-client-private.h"
#include "policy/dbr-access-policy-private.h"

struct _DbrInquirer
{
  gatomicrefcount  ref_count;

  DbrDispatcher   *dispatcher;
  DbrAccessPolicy *access_policy;
  DbrAccessBus     access_bus;
};

static char **
dup_names_cb (const char *unique_name,
              gpointer    owners)
{
  return dbr_owners_dup_names (owners, unique_name);
}

DbrInquirer *
dbr_inquirer_new (DbrClient *client)
{
  DbrInquirer *self = g_new0 (DbrInquirer, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->dispatcher = g_object_ref (client->dispatcher);
  self->access_bus = client->access_bus;
  if (client->access_policy != NULL)
    self->access_policy = g_object_ref (client->access_policy);

  return self;
}

DbrInquirer *
dbr_inquirer_ref (DbrInquirer *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_inquirer_unref (DbrInquirer *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_object (&self->access_policy);
  g_clear_object (&self->dispatcher);
  g_free (self);
}

DbrDispatcher *
dbr_inquirer_get_dispatcher (DbrInquirer *self)
{
  return self->dispatcher;
}

gboolean
dbr_inquirer_may_ask (DbrInquirer       *self,
                      const DbrRequest  *request,
                      GError           **error)
{
  DbrOwners *owners = dbr_link_get_owners (self->dispatcher->link);

  return self->access_policy == NULL
         || dbr_access_policy_check_request (self->access_policy, request, self->access_bus,
                                             dup_names_cb, owners, NULL, error);
}

static DbrExchange *
dbr_inquirer_send (DbrInquirer     *self,
                   DbrExchange     *exchange,
                   DbrExchangeFunc  done,
                   gpointer         user_data)
{
  dbr_exchange_start_direct (exchange, done, user_data);
  dbr_link_submit (self->dispatcher->link, exchange);

  return exchange;
}

DbrExchange *
dbr_inquirer_ask (DbrInquirer     *self,
                  DbrRequest      *request,
                  const char      *destination,
                  guint            limit_ms,
                  DbrExchangeFunc  done,
                  gpointer         user_data)
{
  DbrExchange *exchange = dbr_exchange_new (request, "default", limit_ms);

  request->is_auto_start = FALSE;
  exchange->destination = g_strdup (destination);

  return dbr_inquirer_send (self, exchange, done, user_data);
}

DbrExchange *
dbr_inquirer_ask_owner (DbrInquirer     *self,
                        const char      *bus_name,
                        guint            limit_ms,
                        DbrExchangeFunc  done,
                        gpointer         user_data)
{
  g_autoptr(DbrRequest) request =
    dbr_inquirer_new_question ("GetNameOwner", g_variant_new ("(s)", bus_name),
                               G_VARIANT_TYPE ("(s)"));
  DbrExchange *exchange = dbr_exchange_new (request, "default", limit_ms);

  /* A unique name is never given again, and so is not followed. */
  exchange->awaits = *bus_name != ':' ? g_strdup (bus_name) : NULL;

  return dbr_inquirer_send (self, exchange, done, user_data);
}

void
dbr_inquirer_give_up (DbrExchange *exchange)
{
  dbr_exchange_abandon (exchange, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                                       "Nobody wants to know it any more"));
  dbr_exchange_unref (exchange);
}

DbrRequest *
dbr_inquirer_new_question (const char         *method_name,
                           GVariant           *parameters,
                           const GVariantType *reply_type)
{
  return dbr_request_new (DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE, method_name, parameters,
                          reply_type);
}
