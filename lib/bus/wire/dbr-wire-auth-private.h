/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  DBR_WIRE_AUTH_GOES_ON,
  DBR_WIRE_AUTH_DONE,
  DBR_WIRE_AUTH_FAILED,
} DbrWireAuthStep;

/* What a server calls itself has this many characters. */
#define DBR_WIRE_GUID_LENGTH 32

/* How a client introduces itself, as lines in and lines out: by the user it runs as, which the other
 * end sees from the socket, else as nobody in particular. */
typedef struct
{
  guint    state;
  gboolean wants_descriptors;
  gboolean can_pass_descriptors;
  /* empty if the server does not say */
  char     guid[DBR_WIRE_GUID_LENGTH + 1];
} DbrWireAuth;

/* What is said is added to @out. */
void            dbr_wire_auth_begin (DbrWireAuth  *self,
                                     gboolean      wants_descriptors,
                                     GString      *out);
/* Takes one line of the other end's, without its ending. What is wrong with it is given to who calls,
 * to be freed. */
DbrWireAuthStep dbr_wire_auth_take  (DbrWireAuth  *self,
                                     const char   *line,
                                     GString      *out,
                                     char        **fault);

G_END_DECLS
