/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-gdbus-headers-private.h"

#include <string.h>

/* A call replaces the one that had its place before. */
#define N_PLACES 32

typedef enum
{
  FIELD_DESTINATION,
  FIELD_PATH,
  FIELD_INTERFACE,
  FIELD_MEMBER,
  N_FIELDS
} Field;

typedef struct
{
  GVariant *fields[N_FIELDS];
} Place;

struct _DbrGdbusHeaders
{
  GMutex mutex;

  /* guarded by mutex */
  Place  places[N_PLACES];
};

static const GDBusMessageHeaderField header_fields[N_FIELDS] = {
  G_DBUS_MESSAGE_HEADER_FIELD_DESTINATION,
  G_DBUS_MESSAGE_HEADER_FIELD_PATH,
  G_DBUS_MESSAGE_HEADER_FIELD_INTERFACE,
  G_DBUS_MESSAGE_HEADER_FIELD_MEMBER,
};

DbrGdbusHeaders *
dbr_gdbus_headers_new (void)
{
  DbrGdbusHeaders *self = g_new0 (DbrGdbusHeaders, 1);

  g_mutex_init (&self->mutex);

  return self;
}

static void
place_clear (Place *place)
{
  for (gsize i = 0; i < N_FIELDS; i++)
    g_clear_pointer (&place->fields[i], g_variant_unref);
}

void
dbr_gdbus_headers_free (DbrGdbusHeaders *self)
{
  for (gsize i = 0; i < N_PLACES; i++)
    place_clear (&self->places[i]);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static gboolean
field_is (GVariant   *field,
          const char *text)
{
  if (field == NULL || text == NULL)
    return field == NULL && text == NULL;

  return strcmp (g_variant_get_string (field, NULL), text) == 0;
}

static GVariant *
field_new (Field       field,
           const char *text)
{
  if (text == NULL)
    return NULL;

  return g_variant_ref_sink (field == FIELD_PATH ? g_variant_new_object_path (text)
                                                 : g_variant_new_string (text));
}

/* Of the names that differ between calls the ends do. */
static guint
find_place (const char *const *texts)
{
  gsize path_length = strlen (texts[FIELD_PATH]);
  gsize member_length = strlen (texts[FIELD_MEMBER]);
  guint hash = (guint) (path_length * 31 + member_length * 7);

  hash += (guchar) texts[FIELD_PATH][path_length - 1] * 3;
  hash += (guchar) texts[FIELD_MEMBER][0] * 5 + (guchar) texts[FIELD_MEMBER][member_length - 1];

  return hash % N_PLACES;
}

static Place
dbr_gdbus_headers_get (DbrGdbusHeaders   *self,
                       const char *const *texts)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  Place *place = &self->places[find_place (texts)];
  gboolean is_known = place->fields[FIELD_MEMBER] != NULL;
  Place copy;

  for (gsize i = 0; i < N_FIELDS && is_known; i++)
    is_known = field_is (place->fields[i], texts[i]);

  if (!is_known)
    {
      place_clear (place);
      for (gsize i = 0; i < N_FIELDS; i++)
        place->fields[i] = field_new (i, texts[i]);
    }

  for (gsize i = 0; i < N_FIELDS; i++)
    copy.fields[i] = place->fields[i] != NULL ? g_variant_ref (place->fields[i]) : NULL;

  return copy;
}

void
dbr_gdbus_headers_apply (DbrGdbusHeaders   *self,
                         GDBusMessage      *message,
                         const DbrOutgoing *outgoing)
{
  const char *const texts[N_FIELDS] = {
    outgoing->destination,
    outgoing->object_path,
    outgoing->interface_name,
    outgoing->member,
  };
  Place place = dbr_gdbus_headers_get (self, texts);

  g_dbus_message_set_message_type (message, G_DBUS_MESSAGE_TYPE_METHOD_CALL);
  for (gsize i = 0; i < N_FIELDS; i++)
    {
      if (place.fields[i] != NULL)
        g_dbus_message_set_header (message, header_fields[i], place.fields[i]);
    }
  place_clear (&place);
}
