/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-event-private.h"

static void
test_tells_what_happened_and_when (void)
{
  gint64 before = g_get_real_time ();
  g_autoptr(GVariant) details = g_variant_ref_sink (g_variant_new_parsed ("{'attempt': <2>}"));
  g_autoptr(DbrEvent) event = dbr_event_new ("stalled", "The service is silent", details);

  g_test_summary ("An event has the kind, text and details it was made with, and that moment");

  g_assert_cmpstr (dbr_event_get_kind (event), ==, "stalled");
  g_assert_cmpstr (dbr_event_get_text (event), ==, "The service is silent");
  g_assert_cmpint (dbr_event_get_when_usec (event), >=, before);
  g_assert_cmpint (dbr_event_get_when_usec (event), <=, g_get_real_time ());
  g_assert_cmpvariant (dbr_event_get_details (event), details);
}

static void
test_takes_floating_details (void)
{
  GVariant *details = g_variant_new_parsed ("{'a': <1>}");
  g_autoptr(DbrEvent) event = dbr_event_new ("kind", "text", details);

  g_test_summary ("Details fresh from their maker belong to the event");

  g_assert_true (dbr_event_get_details (event) == details);
  g_assert_false (g_variant_is_floating (details));
}

static void
test_has_empty_details_rather_than_none (void)
{
  g_autoptr(DbrEvent) event = dbr_event_new ("kind", "text", NULL);

  g_test_summary ("An event without details has an empty dictionary, so that nobody asks for NULL");

  g_assert_true (g_variant_is_of_type (dbr_event_get_details (event), G_VARIANT_TYPE_VARDICT));
  g_assert_cmpuint (g_variant_n_children (dbr_event_get_details (event)), ==, 0);
}

static void
test_reads_the_same_by_property (void)
{
  g_autoptr(DbrEvent) event = g_object_new (DBR_TYPE_EVENT,
                                            "kind", "restarted",
                                            "text", "Another one runs now",
                                            "when-usec", G_GINT64_CONSTANT (1700000000000000),
                                            "details", g_variant_new_parsed ("{'gap': <5>}"),
                                            NULL);
  g_autofree char *kind = NULL;
  g_autofree char *text = NULL;
  g_autoptr(GVariant) details = NULL;
  gint64 when_usec;

  g_test_summary ("Properties tell what the getters tell, and cannot be changed");

  g_object_get (event,
                "kind", &kind,
                "text", &text,
                "when-usec", &when_usec,
                "details", &details,
                NULL);
  g_assert_cmpstr (kind, ==, dbr_event_get_kind (event));
  g_assert_cmpstr (text, ==, dbr_event_get_text (event));
  g_assert_cmpint (when_usec, ==, dbr_event_get_when_usec (event));
  g_assert_cmpint (when_usec, ==, G_GINT64_CONSTANT (1700000000000000));
  g_assert_cmpvariant (details, dbr_event_get_details (event));

  for (const char * const *name = (const char *[]) { "kind", "text", "when-usec", "details", NULL };
       *name != NULL;
       name++)
    {
      GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (event), *name);

      g_assert_true ((pspec->flags & G_PARAM_CONSTRUCT_ONLY) != 0);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/event/tells-what-happened-and-when", test_tells_what_happened_and_when);
  g_test_add_func ("/dbr/event/takes-floating-details", test_takes_floating_details);
  g_test_add_func ("/dbr/event/has-empty-details-rather-than-none",
                   test_has_empty_details_rather_than_none);
  g_test_add_func ("/dbr/event/reads-the-same-by-property", test_reads_the_same_by_property);

  return g_test_run ();
}
