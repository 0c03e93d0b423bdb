/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-client.h"
#include "bus/dbr-dispatcher-private.h"

G_BEGIN_DECLS

/* Asks what the library wants to know by itself, as a client would, but without one: nobody's
 * retries, circuit or window have to do with it, and it does not keep the client. */
typedef struct _DbrInquirer DbrInquirer;

DbrInquirer   *dbr_inquirer_new            (DbrClient        *client) G_GNUC_WARN_UNUSED_RESULT;
DbrInquirer   *dbr_inquirer_ref            (DbrInquirer      *self);
void           dbr_inquirer_unref          (DbrInquirer      *self);

DbrDispatcher *dbr_inquirer_get_dispatcher (DbrInquirer      *self);

/* Whether the access policy of the client allows it; and that it never starts a service. */
gboolean       dbr_inquirer_may_ask        (DbrInquirer      *self,
                                            const DbrRequest *request,
                                            GError          **error);
/* Sends @request, to @destination if that is not NULL. @done is called in whichever thread ends it,
 * with no lock held, and perhaps before this returns. */
DbrExchange   *dbr_inquirer_ask            (DbrInquirer      *self,
                                            DbrRequest       *request,
                                            const char       *destination,
                                            guint             limit_ms,
                                            DbrExchangeFunc   done,
                                            gpointer          user_data) G_GNUC_WARN_UNUSED_RESULT;
/* Asks the bus who owns @bus_name, and has it told from then on. */
DbrExchange   *dbr_inquirer_ask_owner      (DbrInquirer      *self,
                                            const char       *bus_name,
                                            guint             limit_ms,
                                            DbrExchangeFunc   done,
                                            gpointer          user_data) G_GNUC_WARN_UNUSED_RESULT;
/* Nobody wants to know it any more: @done is called at once, if it was not. Takes @exchange. */
void           dbr_inquirer_give_up        (DbrExchange      *exchange);

/* Another question to the bus. */
DbrRequest    *dbr_inquirer_new_question   (const char         *method_name,
                                            GVariant           *parameters,
                                            const GVariantType *reply_type) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrInquirer, dbr_inquirer_unref)

G_END_DECLS
