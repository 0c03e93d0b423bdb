/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "notify/dbr-notice-private.h"

G_BEGIN_DECLS

#define DBR_TYPE_NOTICE_BACKEND (dbr_notice_backend_get_type ())

G_DECLARE_INTERFACE (DbrNoticeBackend, dbr_notice_backend, DBR, NOTICE_BACKEND, GObject)

/* Who shows notifications. */
typedef struct
{
  const char         *name;
  const char * const *capabilities;
  /* Whether it was asked what it can do; until then nothing is sent to it. */
  gboolean            is_ready;
} DbrNoticeServer;

/* What a backend tells of, in dbr-io and never from within a function of its own. */
typedef struct
{
  /* Another server is there, or none: NULL. Numbers of the last one mean nothing any more, unless
   * it is the same one that has become ready. */
  void (*server_changed)(gpointer               core,
                         const DbrNoticeServer *server);
  /* What was to be shown is, as @number; or it is not, and @execution tells whether it may be after
   * all. */
  void (*shown)(gpointer               core,
                guint                  number,
                DbrExecution           execution,
                const GError          *error);
  /* What was to be closed is, or not; one for each dbr_notice_backend_close(), in order. */
  void (*close_ended)(gpointer               core,
                      const GError          *error);
  /* The server does not answer, and has not since @from_usec; or it answers again. */
  void (*silent)(gpointer               core,
                 gint64                 from_usec);
  void (*answered)(gpointer               core);
  void (*closed)(gpointer               core,
                 guint                  number,
                 DbrCloseReason         reason);
  void (*invoked)(gpointer               core,
                  guint                  number,
                  const char            *action);
  /* The token with which what is opened for the next action may come to the front. */
  void (*activated)(gpointer               core,
                    guint                  number,
                    const char            *token);
} DbrNoticeListener;

/* One way to whoever shows notifications. All is done in dbr-io, and nothing blocks it. */
struct _DbrNoticeBackendInterface
{
  GTypeInterface parent_interface;

  void  (*open)  (DbrNoticeBackend        *self,
                  const DbrNoticeListener *listener,
                  gpointer                 core);
  guint (*start) (DbrNoticeBackend        *self);
  void  (*show)  (DbrNoticeBackend        *self,
                  const char              *app_name,
                  DbrNotice               *notice,
                  guint                    replaces);
  void  (*close) (DbrNoticeBackend        *self,
                  guint                    number);
  void  (*probe) (DbrNoticeBackend        *self);
  void  (*shut)  (DbrNoticeBackend        *self);
};

/* Once, before all others. @core is lent, until it is shut. */
void  dbr_notice_backend_open  (DbrNoticeBackend        *self,
                                const DbrNoticeListener *listener,
                                gpointer                 core);
/* There is no server, and somebody wants one: tries once to have it. Returns for how many
 * milliseconds to leave it alone after that. */
guint dbr_notice_backend_start (DbrNoticeBackend        *self);
/* Only while a server is ready, and after the last one was told of. */
void  dbr_notice_backend_show  (DbrNoticeBackend        *self,
                                const char              *app_name,
                                DbrNotice               *notice,
                                guint                    replaces);
void  dbr_notice_backend_close (DbrNoticeBackend        *self,
                                guint                    number);
/* The server was silent: tells as soon as it answers again. */
void  dbr_notice_backend_probe (DbrNoticeBackend        *self);
/* The end. Nobody is told of anything any more. */
void  dbr_notice_backend_shut  (DbrNoticeBackend        *self);

G_END_DECLS
