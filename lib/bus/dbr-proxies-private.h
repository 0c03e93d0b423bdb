/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-store-private.h"

G_BEGIN_DECLS

/* How many stores that no proxy has any more are kept, and for how long. */
#define DBR_PROXIES_MAX_KEPT 64
#define DBR_PROXIES_KEPT_USEC (60 * G_USEC_PER_SEC)

/* The stores of a client, by what they are of, and the proxies that have them. */
typedef struct _DbrProxies DbrProxies;

DbrProxies *dbr_proxies_new        (DbrDispatcher *dispatcher) G_GNUC_WARN_UNUSED_RESULT;
DbrProxies *dbr_proxies_ref        (DbrProxies    *self);
void        dbr_proxies_unref      (DbrProxies    *self);

/* The store of the key, for a user who gives it back. */
DbrStore   *dbr_proxies_take       (DbrProxies          *self,
                                    const char          *bus_name,
                                    const char          *object_path,
                                    const char          *interface_name,
                                    const DbrStoreTerms *terms) G_GNUC_WARN_UNUSED_RESULT;
void        dbr_proxies_give_back  (DbrProxies    *self,
                                    DbrStore      *store);

/* The proxy that there is for the store in the context of the caller, or NULL; and there is one. */
gpointer    dbr_proxies_dup_proxy  (DbrProxies    *self,
                                    DbrStore      *store,
                                    GMainContext  *context) G_GNUC_WARN_UNUSED_RESULT;
/* Returns the one that is there by now: @proxy, or one that another thread was faster with. */
gpointer    dbr_proxies_add_proxy  (DbrProxies    *self,
                                    DbrStore      *store,
                                    GMainContext  *context,
                                    gpointer       proxy) G_GNUC_WARN_UNUSED_RESULT;
/* It is no more. */
void        dbr_proxies_remove_proxy (DbrProxies  *self,
                                      DbrStore    *store,
                                      gpointer     proxy);

/* What is kept of the service counts no more; NULL for all services. */
void        dbr_proxies_invalidate (DbrProxies    *self,
                                    const char    *bus_name);
/* All of them hear no more. */
void        dbr_proxies_close      (DbrProxies    *self);

G_END_DECLS
