/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How a text looks where there is colour. */
typedef enum
{
  DBRCTL_PLAIN,
  DBRCTL_TITLE,
  DBRCTL_FAINT,
  DBRCTL_GOOD,
  DBRCTL_DOUBT,
  DBRCTL_BAD,
} DbrctlStyle;

/* What begins the style on a terminal, “” for a plain one. */
const char *dbrctl_style_get_sequence (DbrctlStyle style);
#define DBRCTL_STYLE_END "\033[0m"

/* Whatever could act on a terminal, or on the order in which a line is read, spelt out instead. */
char       *dbrctl_text_clean   (const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* The same for JSON, which has a way to spell these characters. */
char       *dbrctl_text_clean_json (const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* How many columns it takes. */
guint       dbrctl_text_width   (const char *text);
/* No more than so many columns of it, with an ellipsis where something is missing. */
char       *dbrctl_text_cut     (const char *text,
                                 guint       width) G_GNUC_WARN_UNUSED_RESULT;
/* Broken between words into lines of no more columns where that can be; 0 for one line. */
char      **dbrctl_text_wrap    (const char *text,
                                 guint       width) G_GNUC_WARN_UNUSED_RESULT;

/* A duration as a person reads it: “740 µs”, “3.2 ms”, “12 s”, “3 h 20 min”; “–” for an unknown
 * one. */
char       *dbrctl_text_duration (gint64 usec) G_GNUC_WARN_UNUSED_RESULT;
/* A moment of the wall clock: “14:03:12” of today, with its date else; “–” for an unknown one. */
char       *dbrctl_text_moment   (gint64 when_usec) G_GNUC_WARN_UNUSED_RESULT;
/* A column for each latency, by its order of magnitude from a tenth of a millisecond to a second;
 * the two below are the other things that a column can say. */
#define DBRCTL_NO_ANSWER -1
#define DBRCTL_NOT_ASKED -2
char       *dbrctl_text_sparkline (const gint64 *usecs,
                                   guint         n) G_GNUC_WARN_UNUSED_RESULT;
/* “12.3 MB”; “–” for an unknown one. */
char       *dbrctl_text_size     (gint64 bytes) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
