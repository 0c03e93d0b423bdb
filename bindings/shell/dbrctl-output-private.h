/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "dbrctl-table-private.h"
#include "dbrctl-text-private.h"

G_BEGIN_DECLS

/* The standard output, for people or for programs. Whatever is put in is cleaned on its way out, so
 * that no text from a bus can act on the terminal. */
typedef struct _DbrctlOutput DbrctlOutput;

/* @closed is cancelled when nobody reads the output any more. */
DbrctlOutput *dbrctl_output_new         (const char         *word,
                                         gboolean            is_json,
                                         gboolean            is_live,
                                         GCancellable       *closed) G_GNUC_WARN_UNUSED_RESULT;
void          dbrctl_output_free        (DbrctlOutput       *self);

void          dbrctl_output_set_live    (DbrctlOutput       *self);
gboolean      dbrctl_output_is_closed   (DbrctlOutput       *self);
gboolean      dbrctl_output_is_terminal (DbrctlOutput       *self);
gboolean      dbrctl_output_has_colour  (DbrctlOutput       *self);
/* In columns; 0 where there is no limit. */
guint         dbrctl_output_get_width   (DbrctlOutput       *self);

/* For people: a line in parts, or in one. */
void          dbrctl_output_add         (DbrctlOutput       *self,
                                         DbrctlStyle         style,
                                         const char         *format,
                                         ...) G_GNUC_PRINTF (3, 4);
void          dbrctl_output_end_line    (DbrctlOutput       *self);
void          dbrctl_output_line        (DbrctlOutput       *self,
                                         DbrctlStyle         style,
                                         const char         *format,
                                         ...) G_GNUC_PRINTF (3, 4);
/* Broken between words, each line with so many spaces before it. */
void          dbrctl_output_paragraph   (DbrctlOutput       *self,
                                         guint               indent,
                                         DbrctlStyle         style,
                                         const char         *format,
                                         ...) G_GNUC_PRINTF (4, 5);
/* A line of “name: value”, values below each other. */
void          dbrctl_output_field       (DbrctlOutput       *self,
                                         const char         *name,
                                         DbrctlStyle         style,
                                         const char         *format,
                                         ...) G_GNUC_PRINTF (4, 5);
/* The same with a name that is what matters. */
void          dbrctl_output_entry       (DbrctlOutput       *self,
                                         DbrctlStyle         name_style,
                                         const char         *name,
                                         DbrctlStyle         style,
                                         const char         *format,
                                         ...) G_GNUC_PRINTF (5, 6);
/* Below an entry, where its value stands. */
void          dbrctl_output_entry_more  (DbrctlOutput       *self,
                                         DbrctlStyle         style,
                                         const char         *format,
                                         ...) G_GNUC_PRINTF (3, 4);
void          dbrctl_output_table       (DbrctlOutput       *self,
                                         DbrctlTable        *table);
/* Sequences of our own, as they are. */
void          dbrctl_output_raw         (DbrctlOutput       *self,
                                         const char         *text);

/* For programs: an object that names its schema, to be filled; then it is written. A live word
 * writes as many as it likes, each on one line, every other word one. */
JsonBuilder  *dbrctl_output_begin_json  (DbrctlOutput       *self) G_GNUC_WARN_UNUSED_RESULT;
/* The same with the schema of another name than the word's. */
JsonBuilder  *dbrctl_output_begin_json_as (DbrctlOutput       *self,
                                           const char         *name) G_GNUC_WARN_UNUSED_RESULT;
/* Takes @builder. */
void          dbrctl_output_end_json    (DbrctlOutput       *self,
                                         JsonBuilder        *builder);

/* To the standard error output, after the name of the command. */
void          dbrctl_output_complain    (DbrctlOutput       *self,
                                         const char         *format,
                                         ...) G_GNUC_PRINTF (2, 3);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlOutput, dbrctl_output_free)

G_END_DECLS
