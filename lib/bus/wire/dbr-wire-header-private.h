/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define DBR_WIRE_MAX_MESSAGE (128u * 1024 * 1024)
#define DBR_WIRE_MAX_ARRAY (64u * 1024 * 1024)
/* What tells how long the whole is. */
#define DBR_WIRE_PREFIX 16
#define DBR_WIRE_VERSION 1

typedef enum
{
  DBR_WIRE_CALL   = 1,
  DBR_WIRE_RETURN = 2,
  DBR_WIRE_ERROR  = 3,
  DBR_WIRE_SIGNAL = 4,
} DbrWireKind;

typedef enum
{
  DBR_WIRE_NO_REPLY      = 1 << 0,
  DBR_WIRE_NO_AUTO_START = 1 << 1,
  DBR_WIRE_INTERACTIVE   = 1 << 2,
} DbrWireFlags;

typedef enum
{
  DBR_WIRE_FIELD_PATH          = 1,
  DBR_WIRE_FIELD_INTERFACE     = 2,
  DBR_WIRE_FIELD_MEMBER        = 3,
  DBR_WIRE_FIELD_ERROR_NAME    = 4,
  DBR_WIRE_FIELD_REPLY_SERIAL  = 5,
  DBR_WIRE_FIELD_DESTINATION   = 6,
  DBR_WIRE_FIELD_SENDER        = 7,
  DBR_WIRE_FIELD_SIGNATURE     = 8,
  DBR_WIRE_FIELD_N_DESCRIPTORS = 9,
} DbrWireField;

#define DBR_WIRE_N_FIELDS 10

/* A message's header as plain fields; texts of one that arrived lie in its bytes. A kind above the
 * four is one that a later version of D-Bus knows, and to be passed over. */
typedef struct
{
  DbrWireKind  kind;
  DbrWireFlags flags;
  guint32      serial;
  guint32      reply_serial;
  guint32      n_descriptors;
  /* by field; NULL where there is none */
  const char  *texts[DBR_WIRE_N_FIELDS];

  /* told by what is read only */
  gboolean     is_swapped;
  gsize        body_at;
  gsize        body_size;
} DbrWireHeader;

/* How long the message is that begins with these DBR_WIRE_PREFIX bytes; 0 where that cannot be, with
 * the reason in @fault, to be translated. */
gsize       dbr_wire_header_measure (const guchar   *bytes,
                                     const char    **fault);
/* Looks through a whole message, values included, that is as long as was measured. Returns NULL, or
 * what is wrong with it, to be translated. */
const char *dbr_wire_header_read    (DbrWireHeader  *self,
                                     const guchar   *bytes);

G_END_DECLS
