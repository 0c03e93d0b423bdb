/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "base/dbr-request-private.h"

G_BEGIN_DECLS

#define DBR_TYPE_REQUEST_SOURCE (dbr_request_source_get_type ())

G_DECLARE_INTERFACE (DbrRequestSource, dbr_request_source, DBR, REQUEST_SOURCE, GObject)

/* What a call is to the floors below it: something that can say what it asks for. */
struct _DbrRequestSourceInterface
{
  GTypeInterface parent_interface;

  DbrRequest  *(*dup_request) (DbrRequestSource *self);
};

/* What it asks for at this moment; what is set later does not change it. Any thread may ask. */
DbrRequest *dbr_request_source_dup_request (DbrRequestSource *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
