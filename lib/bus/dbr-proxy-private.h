/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-client.h"
#include "bus/dbr-proxies-private.h"
#include "bus/dbr-proxy.h"

G_BEGIN_DECLS

struct _DbrProxy
{
  GObject     parent_instance;

  /* identity */
  DbrClient  *client;
  DbrProxies *proxies;
  DbrStore   *store;
  DbrInbox   *inbox;
};

/* The proxy for @store in this context: the one that is there already, or a new one. Takes the
 * store, of which the proxy is one user. */
DbrProxy *dbr_proxy_get (DbrClient  *client,
                         DbrProxies *proxies,
                         DbrStore   *store) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
