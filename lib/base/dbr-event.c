/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-event-private.h"

/**
 * DbrEvent:
 *
 * Something that happened, and when.
 *
 * Monitors and recovery keep their history as a list of events: what a program can tell apart is
 * the [property@Event:kind], what a person reads is the [property@Event:text]. An event never
 * changes.
 *
 * Since: 0.1
 */
struct _DbrEvent
{
  GObject   parent_instance;

  char     *kind;
  char     *text;
  gint64    when_usec;
  GVariant *details;
};

enum
{
  PROP_0,
  PROP_KIND,
  PROP_TEXT,
  PROP_WHEN_USEC,
  PROP_DETAILS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (DbrEvent, dbr_event, G_TYPE_OBJECT)

static void
dbr_event_constructed (GObject *object)
{
  DbrEvent *self = DBR_EVENT (object);

  if (self->details == NULL)
    self->details = g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0));

  G_OBJECT_CLASS (dbr_event_parent_class)->constructed (object);
}

static void
dbr_event_finalize (GObject *object)
{
  DbrEvent *self = DBR_EVENT (object);

  g_clear_pointer (&self->kind, g_free);
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->details, g_variant_unref);

  G_OBJECT_CLASS (dbr_event_parent_class)->finalize (object);
}

static void
dbr_event_get_property (GObject    *object,
                        guint       prop_id,
                        GValue     *value,
                        GParamSpec *pspec)
{
  DbrEvent *self = DBR_EVENT (object);

  switch (prop_id)
    {
    case PROP_KIND:
      g_value_set_string (value, dbr_event_get_kind (self));
      break;

    case PROP_TEXT:
      g_value_set_string (value, dbr_event_get_text (self));
      break;

    case PROP_WHEN_USEC:
      g_value_set_int64 (value, dbr_event_get_when_usec (self));
      break;

    case PROP_DETAILS:
      g_value_set_variant (value, dbr_event_get_details (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_event_set_property (GObject      *object,
                        guint         prop_id,
                        const GValue *value,
                        GParamSpec   *pspec)
{
  DbrEvent *self = DBR_EVENT (object);

  switch (prop_id)
    {
    case PROP_KIND:
      self->kind = g_value_dup_string (value);
      break;

    case PROP_TEXT:
      self->text = g_value_dup_string (value);
      break;

    case PROP_WHEN_USEC:
      self->when_usec = g_value_get_int64 (value);
      break;

    case PROP_DETAILS:
      self->details = g_value_dup_variant (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_event_class_init (DbrEventClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dbr_event_constructed;
  object_class->finalize = dbr_event_finalize;
  object_class->get_property = dbr_event_get_property;
  object_class->set_property = dbr_event_set_property;

  /**
   * DbrEvent:kind: (getter get_kind)
   *
   * What kind of thing happened, for a program to tell events apart. It is never translated.
   *
   * Since: 0.1
   */
  properties[PROP_KIND] =
    g_param_spec_string ("kind", NULL, NULL,
                         "",
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrEvent:text: (getter get_text)
   *
   * What happened, in a sentence for a person.
   *
   * Since: 0.1
   */
  properties[PROP_TEXT] =
    g_param_spec_string ("text", NULL, NULL,
                         "",
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrEvent:when-usec: (getter get_when_usec)
   *
   * When it happened, in microseconds of wall clock time as [func@GLib.get_real_time] gives it.
   *
   * Since: 0.1
   */
  properties[PROP_WHEN_USEC] =
    g_param_spec_int64 ("when-usec", NULL, NULL,
                        G_MININT64, G_MAXINT64, 0,
                        G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrEvent:details: (getter get_details)
   *
   * What else is known of it, as a dictionary of type `a{sv}`.
   *
   * Since: 0.1
   */
  properties[PROP_DETAILS] =
    g_param_spec_variant ("details", NULL, NULL,
                          G_VARIANT_TYPE_VARDICT,
                          NULL,
                          G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_event_init (DbrEvent *self)
{
}

/* The event of this moment. */
DbrEvent *
dbr_event_new (const char *kind,
               const char *text,
               GVariant   *details)
{
  return g_object_new (DBR_TYPE_EVENT,
                       "kind", kind,
                       "text", text,
                       "when-usec", g_get_real_time (),
                       "details", details,
                       NULL);
}

/**
 * dbr_event_get_kind: (get-property kind)
 * @self: an event
 *
 * Gets what kind of thing happened.
 *
 * Returns: the kind
 *
 * Since: 0.1
 */
const char *
dbr_event_get_kind (DbrEvent *self)
{
  g_return_val_if_fail (DBR_IS_EVENT (self), NULL);

  return self->kind;
}

/**
 * dbr_event_get_text: (get-property text)
 * @self: an event
 *
 * Gets what happened, in a sentence for a person.
 *
 * Returns: the text
 *
 * Since: 0.1
 */
const char *
dbr_event_get_text (DbrEvent *self)
{
  g_return_val_if_fail (DBR_IS_EVENT (self), NULL);

  return self->text;
}

/**
 * dbr_event_get_when_usec: (get-property when-usec)
 * @self: an event
 *
 * Gets when it happened.
 *
 * Returns: the wall clock time in microseconds
 *
 * Since: 0.1
 */
gint64
dbr_event_get_when_usec (DbrEvent *self)
{
  g_return_val_if_fail (DBR_IS_EVENT (self), 0);

  return self->when_usec;
}

/**
 * dbr_event_get_details: (get-property details)
 * @self: an event
 *
 * Gets what else is known of it.
 *
 * Returns: (transfer none): a dictionary of type `a{sv}`
 *
 * Since: 0.1
 */
GVariant *
dbr_event_get_details (DbrEvent *self)
{
  g_return_val_if_fail (DBR_IS_EVENT (self), NULL);

  return self->details;
}
