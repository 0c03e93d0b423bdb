/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What is done about a failed attempt. */
typedef enum
{
  /* As the retry policy says. */
  DBR_BLUEZ_REACTION_RETRY,
  DBR_BLUEZ_REACTION_DONE,
  DBR_BLUEZ_REACTION_JOIN,
  DBR_BLUEZ_REACTION_WAIT_POWER,
  DBR_BLUEZ_REACTION_FIND_AGAIN,
  DBR_BLUEZ_REACTION_WAIT_OWNER,
  DBR_BLUEZ_REACTION_ASK_AGAIN,
  DBR_BLUEZ_REACTION_SOON,
  DBR_BLUEZ_REACTION_ONCE,
  DBR_BLUEZ_REACTION_GIVE_UP,
  DBR_BLUEZ_REACTION_UNKNOWN,
} DbrBluezReaction;

/* By data/bluez.ini; what this process says itself is not in it. */
DbrBluezReaction dbr_bluez_catalogue_lookup (const char   *operation,
                                             const GError *error);

G_END_DECLS
