/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <string.h>

#include "base/dbr-error.h"
#include "policy/dbr-retry-policy.h"

G_BEGIN_DECLS

/* That a value was refused, and is named; the error is cleared, for the next one. */
static inline void
assert_invalid (gboolean     result,
                GError     **error,
                const char  *named)
{
  g_assert_false (result);
  g_assert_error (*error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_test_message ("%s", (*error)->message);
  g_assert_nonnull (strstr ((*error)->message, named));
  g_clear_error (error);
}

/* What the policy makes of an error that a service has answered with. */
static inline DbrFailure
classify_name (DbrRetryPolicy *policy,
               const char     *name,
               const char     *message)
{
  g_autoptr(GError) error = NULL;

  /* So that names of this domain are known. */
  g_assert_cmpuint (DBR_ERROR, !=, 0);
  error = g_dbus_error_new_for_dbus_error (name, message);

  return dbr_retry_policy_classify (policy, error);
}

G_END_DECLS
