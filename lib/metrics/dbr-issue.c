/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-issue-private.h"

/**
 * DbrIssue:
 *
 * Something that is wrong, as the figures show it.
 *
 * [class@Metrics] raises an issue when it is sure of it and clears it when it is over, each once.
 * [property@Issue:id] says what is wrong:
 *
 * - `latency`: more than one in twenty calls takes longer than the operation's limit
 * - `error-rate`: a greater share than the operation's limit fails or times out
 * - `latency-shift`: half of the calls take five times as long as half of them used to
 * - `slo-burn`: a greater share of the calls fails or is slow than may over a day, for so long
 *   that it adds up
 * - `orphans`: answers that nobody waits for any more hold more than half of a connection's slots
 * - `bus-limit`: the bus refused something for one of its limits, or nine tenths of one are used
 * - `budget`: so much was retried that nothing more is
 * - `circuit-flapping`: a service was left alone three times within five minutes
 * - `main-loop`: the program's own main loop did not run for a second
 * - `signal-flood`: more than 500 signals a second come from one sender
 * - `service-flapping`: a service was started three times within five minutes
 *
 * Since: 0.1
 */
struct _DbrIssue
{
  GObject      parent_instance;

  char        *id;
  char        *operation;
  DbrSeverity  severity;
  char        *text;
  gint64       since_usec;
  GVariant    *evidence;
};

enum
{
  PROP_0,
  PROP_ID,
  PROP_OPERATION,
  PROP_SEVERITY,
  PROP_TEXT,
  PROP_SINCE_USEC,
  PROP_EVIDENCE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (DbrIssue, dbr_issue, G_TYPE_OBJECT)

static void
dbr_issue_finalize (GObject *object)
{
  DbrIssue *self = DBR_ISSUE (object);

  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->operation, g_free);
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->evidence, g_variant_unref);

  G_OBJECT_CLASS (dbr_issue_parent_class)->finalize (object);
}

static void
dbr_issue_get_property (GObject    *object,
                        guint       prop_id,
                        GValue     *value,
                        GParamSpec *pspec)
{
  DbrIssue *self = DBR_ISSUE (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_string (value, dbr_issue_get_id (self));
      break;

    case PROP_OPERATION:
      g_value_set_string (value, dbr_issue_get_operation (self));
      break;

    case PROP_SEVERITY:
      g_value_set_enum (value, dbr_issue_get_severity (self));
      break;

    case PROP_TEXT:
      g_value_set_string (value, dbr_issue_get_text (self));
      break;

    case PROP_SINCE_USEC:
      g_value_set_int64 (value, dbr_issue_get_since_usec (self));
      break;

    case PROP_EVIDENCE:
      g_value_set_variant (value, dbr_issue_get_evidence (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_issue_class_init (DbrIssueClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_issue_finalize;
  object_class->get_property = dbr_issue_get_property;

  /**
   * DbrIssue:id: (getter get_id)
   *
   * What is wrong, for a program to tell issues apart. It is never translated.
   *
   * Since: 0.1
   */
  properties[PROP_ID] =
    g_param_spec_string ("id", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrIssue:operation: (getter get_operation)
   *
   * What it is about: an operation, a bus name, a connection, or nothing but the program, which is
   * an empty string.
   *
   * Since: 0.1
   */
  properties[PROP_OPERATION] =
    g_param_spec_string ("operation", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrIssue:severity: (getter get_severity)
   *
   * How bad it is. It may become worse while the issue is open.
   *
   * Since: 0.1
   */
  properties[PROP_SEVERITY] =
    g_param_spec_enum ("severity", NULL, NULL,
                       DBR_TYPE_SEVERITY,
                       DBR_SEVERITY_NOTICE,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrIssue:text: (getter get_text)
   *
   * What is wrong, in a sentence for a person.
   *
   * Since: 0.1
   */
  properties[PROP_TEXT] =
    g_param_spec_string ("text", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrIssue:since-usec: (getter get_since_usec)
   *
   * When it was first seen, in microseconds of wall clock time as [func@GLib.get_real_time] gives
   * it.
   *
   * Since: 0.1
   */
  properties[PROP_SINCE_USEC] =
    g_param_spec_int64 ("since-usec", NULL, NULL,
                        G_MININT64, G_MAXINT64, 0,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrIssue:evidence: (getter get_evidence)
   *
   * What it was seen by, as a dictionary of type `a{sv}`, with `last-seen-usec` and what the issue
   * goes by. It changes when the issue becomes worse and when it is over.
   *
   * Since: 0.1
   */
  properties[PROP_EVIDENCE] =
    g_param_spec_variant ("evidence", NULL, NULL,
                          G_VARIANT_TYPE_VARDICT,
                          NULL,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_issue_init (DbrIssue *self)
{
}

DbrIssue *
dbr_issue_new (const char  *id,
               const char  *operation,
               DbrSeverity  severity,
               const char  *text,
               gint64       since_usec,
               GVariant    *evidence)
{
  DbrIssue *self = g_object_new (DBR_TYPE_ISSUE, NULL);

  self->id = g_strdup (id);
  self->operation = g_strdup (operation);
  self->severity = severity;
  self->text = g_strdup (text);
  self->since_usec = since_usec;
  self->evidence = g_variant_ref_sink (evidence);

  return self;
}

void
dbr_issue_update (DbrIssue    *self,
                  DbrSeverity  severity,
                  GVariant    *evidence)
{
  GObject *object = G_OBJECT (self);

  g_object_freeze_notify (object);
  if (severity != self->severity)
    {
      self->severity = severity;
      g_object_notify_by_pspec (object, properties[PROP_SEVERITY]);
    }
  g_variant_ref_sink (evidence);
  g_variant_unref (self->evidence);
  self->evidence = evidence;
  g_object_notify_by_pspec (object, properties[PROP_EVIDENCE]);
  g_object_thaw_notify (object);
}

/**
 * dbr_issue_get_id: (get-property id)
 * @self: an issue
 *
 * Gets what is wrong.
 *
 * Returns: the id
 *
 * Since: 0.1
 */
const char *
dbr_issue_get_id (DbrIssue *self)
{
  g_return_val_if_fail (DBR_IS_ISSUE (self), NULL);

  return self->id;
}

/**
 * dbr_issue_get_operation: (get-property operation)
 * @self: an issue
 *
 * Gets what it is about.
 *
 * Returns: the name of an operation, a bus name, a connection, or an empty string
 *
 * Since: 0.1
 */
const char *
dbr_issue_get_operation (DbrIssue *self)
{
  g_return_val_if_fail (DBR_IS_ISSUE (self), NULL);

  return self->operation;
}

/**
 * dbr_issue_get_severity: (get-property severity)
 * @self: an issue
 *
 * Gets how bad it is.
 *
 * Returns: the severity
 *
 * Since: 0.1
 */
DbrSeverity
dbr_issue_get_severity (DbrIssue *self)
{
  g_return_val_if_fail (DBR_IS_ISSUE (self), DBR_SEVERITY_NOTICE);

  return self->severity;
}

/**
 * dbr_issue_get_text: (get-property text)
 * @self: an issue
 *
 * Gets what is wrong, in a sentence for a person.
 *
 * Returns: the text
 *
 * Since: 0.1
 */
const char *
dbr_issue_get_text (DbrIssue *self)
{
  g_return_val_if_fail (DBR_IS_ISSUE (self), NULL);

  return self->text;
}

/**
 * dbr_issue_get_since_usec: (get-property since-usec)
 * @self: an issue
 *
 * Gets when it was first seen.
 *
 * Returns: the wall clock time in microseconds
 *
 * Since: 0.1
 */
gint64
dbr_issue_get_since_usec (DbrIssue *self)
{
  g_return_val_if_fail (DBR_IS_ISSUE (self), 0);

  return self->since_usec;
}

/**
 * dbr_issue_get_evidence: (get-property evidence)
 * @self: an issue
 *
 * Gets what it was seen by.
 *
 * Returns: (transfer none): a dictionary of type `a{sv}`
 *
 * Since: 0.1
 */
GVariant *
dbr_issue_get_evidence (DbrIssue *self)
{
  g_return_val_if_fail (DBR_IS_ISSUE (self), NULL);

  return self->evidence;
}
