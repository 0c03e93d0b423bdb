/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a notifier and its helper program say to each other, over a socket that only they have. Both
 * are of one build and on one machine. A frame is its length and a serialized (sv): what it is about,
 * and what belongs to it.
 *
 * To the helper:
 *   show (usssssiasa{sv})  replaces, program, summary, body, plain body, icon, expire, actions, hints
 *   close (u)
 *   start ()
 * From the helper:
 *   server (bbsas)         there is one; it is ready; its name and capabilities
 *   shown (uyss)           number, execution, name and text of an error
 *   close-ended ()
 *   closed (uu), invoked (us), activated (us) */
#define DBR_NOTIFY_SHOW_TYPE "(usssssiasa{sv})"
#define DBR_NOTIFY_SERVER_TYPE "(bbsas)"
#define DBR_NOTIFY_SHOWN_TYPE "(uyss)"

/* The descriptor at which the helper finds the socket. */
#define DBR_NOTIFY_FD 3

/* Takes @body if it floats. */
GBytes   *dbr_notify_frame_pack (const char  *kind,
                                 GVariant    *body) G_GNUC_WARN_UNUSED_RESULT;
/* Takes the first frame out of @received, FALSE if there is no whole one, or with @is_broken if there
 * never will be. */
gboolean  dbr_notify_frame_take (GByteArray  *received,
                                 char       **kind,
                                 GVariant   **body,
                                 gboolean    *is_broken);

G_END_DECLS
