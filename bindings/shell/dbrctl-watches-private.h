/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

G_BEGIN_DECLS

/* Something that a person who watches services wants to know. */
typedef struct
{
  gint64      when_usec;
  const char *kind;
  /* the service, or the operation that has an issue */
  const char *name;
  /* of the service; NULL for an issue */
  const char *state;
  const char *text;
  /* a{sv} */
  GVariant   *details;
} DbrctlNews;

typedef void (*DbrctlNewsFunc) (const DbrctlNews *news,
                                gpointer          user_data);

/* Monitors of several services on one client, and all that they and the figures tell, in one
 * place. */
typedef struct _DbrctlWatches DbrctlWatches;

/* @with_answers tells each latency too. */
DbrctlWatches     *dbrctl_watches_new         (DbrClient       *client,
                                               gboolean         with_answers,
                                               DbrctlNewsFunc   func,
                                               gpointer         user_data) G_GNUC_WARN_UNUSED_RESULT;
void               dbrctl_watches_free        (DbrctlWatches   *self);

/* The monitor that knows most of a service of this name; twice the same one for the same name. */
DbrServiceMonitor *dbrctl_watches_add         (DbrctlWatches   *self,
                                               const char      *name);
gboolean           dbrctl_watches_start       (DbrctlWatches   *self,
                                               GError         **error);

guint              dbrctl_watches_get_n       (DbrctlWatches   *self);
DbrServiceMonitor *dbrctl_watches_get_monitor (DbrctlWatches   *self,
                                               guint            i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlWatches, dbrctl_watches_free)

G_END_DECLS
