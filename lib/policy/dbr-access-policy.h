/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "base/dbr-types.h"
#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_ACCESS_TIER (dbr_access_tier_get_type ())
#define DBR_TYPE_PROPERTY_ACCESS (dbr_property_access_get_type ())

/**
 * DbrAccessTier:
 * @DBR_ACCESS_TIER_READ_ONLY: what only looks: reading properties, `GetManagedObjects`,
 *   `Introspect`, `Ping`, what the bus can be asked, and signals; but for names that keep secrets
 * @DBR_ACCESS_TIER_STANDARD: the session bus, but for names that could do anything to the user or
 *   the machine
 * @DBR_ACCESS_TIER_ELEVATED: the system bus too, but for the few methods that no tier allows
 * @DBR_ACCESS_TIER_CUSTOM: nothing but what the policy's own rules allow
 *
 * What an access policy lets through where none of its own rules says anything.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_ACCESS_TIER_READ_ONLY,
  DBR_ACCESS_TIER_STANDARD,
  DBR_ACCESS_TIER_ELEVATED,
  DBR_ACCESS_TIER_CUSTOM,
} DbrAccessTier;

DBR_AVAILABLE_IN_0_1
GType dbr_access_tier_get_type (void);

/**
 * DbrPropertyAccess:
 * @DBR_PROPERTY_ACCESS_READ: the property may be read
 * @DBR_PROPERTY_ACCESS_WRITE: the property may be written
 *
 * What may be done with a property.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_PROPERTY_ACCESS_READ  = 1 << 0,
  DBR_PROPERTY_ACCESS_WRITE = 1 << 1,
} DbrPropertyAccess;

DBR_AVAILABLE_IN_0_1
GType dbr_property_access_get_type (void);

#define DBR_TYPE_ACCESS_POLICY (dbr_access_policy_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrAccessPolicy, dbr_access_policy, DBR, ACCESS_POLICY, GObject)

DBR_AVAILABLE_IN_0_1
DbrAccessPolicy *dbr_access_policy_new            (DbrAccessTier       tier)
G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
DbrAccessTier    dbr_access_policy_get_tier       (DbrAccessPolicy    *self);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_access_policy_get_frozen     (DbrAccessPolicy    *self);

DBR_AVAILABLE_IN_0_1
gboolean         dbr_access_policy_allow          (DbrAccessPolicy    *self,
                                                   const char         *pattern,
                                                   GError            **error);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_access_policy_deny           (DbrAccessPolicy    *self,
                                                   const char         *pattern,
                                                   GError            **error);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_access_policy_allow_property (DbrAccessPolicy    *self,
                                                   const char         *interface_name,
                                                   const char         *property_name,
                                                   DbrPropertyAccess   access,
                                                   GError            **error);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_access_policy_allow_signal   (DbrAccessPolicy    *self,
                                                   const char         *bus_name,
                                                   const char         *interface_name,
                                                   const char         *member,
                                                   GError            **error);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_access_policy_require_peer   (DbrAccessPolicy    *self,
                                                   const char         *bus_name,
                                                   gint64              uid,
                                                   const char         *exe,
                                                   GError            **error);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_access_policy_set_rate_limit (DbrAccessPolicy    *self,
                                                   const char         *pattern,
                                                   guint               per_minute,
                                                   GError            **error);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_access_policy_load_file      (DbrAccessPolicy    *self,
                                                   const char         *path,
                                                   GError            **error);

DBR_AVAILABLE_IN_0_1
void             dbr_access_policy_freeze         (DbrAccessPolicy    *self);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_access_policy_check          (DbrAccessPolicy    *self,
                                                   DbrCall            *call,
                                                   GError            **error);

G_END_DECLS
