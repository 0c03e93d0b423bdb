/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "notify/dbr-notifier-core-private.h"
#include "notify/dbr-notifier.h"

G_BEGIN_DECLS

struct _DbrNotifier
{
  GObject             parent_instance;

  /* identity */
  DbrNotifierBackend  backend;
  DbrHerald          *herald;
  DbrNotifierCore    *core;

  GMutex              mutex;
  /* guarded by mutex: of DbrNotifierWatched */
  GPtrArray          *watched;
};

/* An object that it tells of. */
typedef struct
{
  DbrNotifierCore  *core;
  DbrIncidentBoard *board;
  guint             watch;
} DbrNotifierWatched;

/* With no lock held. */
void dbr_notifier_watched_free (DbrNotifierWatched *self);

G_END_DECLS
