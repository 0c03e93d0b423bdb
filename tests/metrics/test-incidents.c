/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-incident-source-private.h"
#include "dbr-metrics-world.h"

static void
heard_cb (DbrIncident *incident,
          gpointer     user_data)
{
  g_ptr_array_add (user_data, dbr_incident_ref (incident));
}

static void
test_issue (void)
{
  g_autoptr(GPtrArray) heard =
    g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_incident_unref);
  g_auto(World) world = { { NULL } };
  DbrIncidentBoard *board;
  DbrIncident *begun;
  DbrIncident *ended;
  DbrIssue *issue;

  g_test_summary ("An issue is an incident, which ends when the issue is cleared");

  world_init (&world);
  board = dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (world.metrics));
  dbr_incident_board_watch (board, heard_cb, heard, NULL);
  dbr_metrics_note_lag (world.metrics, 2 * S);
  world_pass (&world, 2 * S);
  world_listen (&world);
  g_assert_cmpuint (world.raised->len, ==, 1);
  g_assert_cmpuint (heard->len, ==, 1);
  issue = g_ptr_array_index (world.raised, 0);
  begun = g_ptr_array_index (heard, 0);
  g_assert_cmpint (begun->phase, ==, DBR_INCIDENT_BEGUN);
  g_assert_cmpint (begun->severity, ==, dbr_issue_get_severity (issue));
  g_assert_cmpstr (begun->title, ==, "The program hung");
  g_assert_cmpstr (begun->body, ==, dbr_issue_get_text (issue));

  world_pass (&world, 600 * S);
  world_listen (&world);
  g_assert_cmpuint (world.cleared->len, ==, 1);
  ended = g_ptr_array_index (heard, heard->len - 1);
  g_assert_cmpuint (ended->serial, ==, begun->serial);
  g_assert_cmpint (ended->phase, ==, DBR_INCIDENT_ENDED);
  g_assert_cmpstr (ended->title, ==, "Over: The program hung");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/incidents/issue", test_issue);

  return g_test_run ();
}
