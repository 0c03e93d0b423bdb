/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-pool-core-private.h"
#include "bus/dbr-pool.h"

G_BEGIN_DECLS

/* The times and numbers, in the order of their properties. */
typedef enum
{
  DBR_POOL_MIN_SIZE,
  DBR_POOL_MAX_SIZE,
  DBR_POOL_MAX_IDLE_MS,
  DBR_POOL_MAX_AGE_MS,
  DBR_POOL_HEALTH_CHECK_MS,
  DBR_POOL_ACQUIRE_TIMEOUT_MS,
  DBR_POOL_LEAK_WARN_MS,
  DBR_POOL_N_SETTINGS
} DbrPoolSetting;

struct _DbrPool
{
  GObject          parent_instance;

  /* identity */
  GBusType         bus_type;
  char            *address;
  DbrAccessPolicy *access_policy;
  DbrPoolCore     *core;

  GMutex           mutex;

  /* guarded by mutex */
  guint            settings[DBR_POOL_N_SETTINGS];
};

/* What the settings, which have a file of their own, ask of the pool, and the other way round. */
extern const guint dbr_pool_default_settings[DBR_POOL_N_SETTINGS];

guint    dbr_pool_get_setting    (DbrPool         *self,
                                  DbrPoolSetting   setting);
void     dbr_pool_set_setting    (DbrPool         *self,
                                  DbrPoolSetting   setting,
                                  guint            value);
/* Makes the core go by the settings. */
void     dbr_pool_apply_settings (DbrPool         *self);
void     dbr_pool_notify_setting (DbrPool         *self,
                                  DbrPoolSetting   setting);
/* Whether a connection can be asked for at all, and for how long. */
gboolean dbr_pool_check_settings (DbrPool         *self,
                                  guint           *limit_ms,
                                  GError         **error);

G_END_DECLS
