/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <glib.h>

#include "dbr-version.h"

#ifndef _DBR_EXTERN
# define _DBR_EXTERN extern
#endif

/**
 * DBR_VERSION_0_1:
 *
 * Version 0.1, for `DBR_VERSION_MIN_REQUIRED` and `DBR_VERSION_MAX_ALLOWED`.
 *
 * Since: 0.1
 */
#define DBR_VERSION_0_1 (DBR_ENCODE_VERSION (0, 1, 0))

#define DBR_VERSION_CUR_STABLE \
  (DBR_ENCODE_VERSION (DBR_MAJOR_VERSION, DBR_MINOR_VERSION, 0))

/**
 * DBR_VERSION_MIN_REQUIRED:
 *
 * The oldest version a program wants to run with; it is warned of what was deprecated by then.
 * A program may define it before it includes `<libdbr.h>`.
 *
 * Since: 0.1
 */
#ifndef DBR_VERSION_MIN_REQUIRED
# define DBR_VERSION_MIN_REQUIRED DBR_VERSION_CUR_STABLE
#endif

/**
 * DBR_VERSION_MAX_ALLOWED:
 *
 * The newest version a program wants to use; it is warned of what came after it.
 * A program may define it before it includes `<libdbr.h>`.
 *
 * Since: 0.1
 */
#ifndef DBR_VERSION_MAX_ALLOWED
# define DBR_VERSION_MAX_ALLOWED DBR_VERSION_CUR_STABLE
#endif

#if DBR_VERSION_MAX_ALLOWED < DBR_VERSION_MIN_REQUIRED
# error "DBR_VERSION_MAX_ALLOWED must not be older than DBR_VERSION_MIN_REQUIRED"
#endif

#define _DBR_UNAVAILABLE(major, minor) G_UNAVAILABLE (major, minor) _DBR_EXTERN

#define DBR_AVAILABLE_IN_ALL _DBR_EXTERN

#if DBR_VERSION_MAX_ALLOWED < DBR_VERSION_0_1
# define DBR_AVAILABLE_IN_0_1 _DBR_UNAVAILABLE (0, 1)
#else
# define DBR_AVAILABLE_IN_0_1 _DBR_EXTERN
#endif
