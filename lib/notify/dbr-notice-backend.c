/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notice-backend-private.h"

G_DEFINE_INTERFACE (DbrNoticeBackend, dbr_notice_backend, G_TYPE_OBJECT)

static void
dbr_notice_backend_default_init (DbrNoticeBackendInterface *iface)
{
}

void
dbr_notice_backend_open (DbrNoticeBackend        *self,
                         const DbrNoticeListener *listener,
                         gpointer                 core)
{
  DBR_NOTICE_BACKEND_GET_IFACE (self)->open (self, listener, core);
}

guint
dbr_notice_backend_start (DbrNoticeBackend *self)
{
  return DBR_NOTICE_BACKEND_GET_IFACE (self)->start (self);
}

void
dbr_notice_backend_show (DbrNoticeBackend *self,
                         const char       *app_name,
                         DbrNotice        *notice,
                         guint             replaces)
{
  DBR_NOTICE_BACKEND_GET_IFACE (self)->show (self, app_name, notice, replaces);
}

void
dbr_notice_backend_close (DbrNoticeBackend *self,
                          guint             number)
{
  DBR_NOTICE_BACKEND_GET_IFACE (self)->close (self, number);
}

void
dbr_notice_backend_probe (DbrNoticeBackend *self)
{
  DBR_NOTICE_BACKEND_GET_IFACE (self)->probe (self);
}

void
dbr_notice_backend_shut (DbrNoticeBackend *self)
{
  DBR_NOTICE_BACKEND_GET_IFACE (self)->shut (self);
}
