/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "dbr-metrics-world.h"

#define NAME "org.example.Player"
#define N_HOURS_SLOW 10000

/* One operation of healthy traffic, and how often it comes. */
typedef struct
{
  const char *member;
  double      mean_pause_s;
  double      median_usec;
} Habit;

static const Habit habits[] = {
  { "Get", 3, 300 },
  { "GetAll", 20, 900 },
  { "Play", 45, 4000 },
  { "Stop", 90, 2500 },
  { "List", 300, 60000 },
};

typedef struct
{
  World             world;
  DbrMetricsHandle *handles[G_N_ELEMENTS (habits)];
  gint64            due[G_N_ELEMENTS (habits)];
  gint64            next_minute;
  /* when a service may be started, and a circuit be opened, again */
  gint64            next_start;
  gint64            next_opening;
  /* a machine that sleeps ends an incident */
  gboolean          is_kept_awake;
} Program;

static double
draw_exponential (double mean)
{
  return -mean * log (g_test_rand_double_range (1e-12, 1));
}

static gint64
draw_log_normal (double median)
{
  double normal = sqrt (-2 * log (g_test_rand_double_range (1e-12, 1)))
                  * cos (2 * G_PI * g_test_rand_double ());

  return (gint64) (median * exp (0.6 * normal));
}

static void
program_init (Program *self)
{
  world_init (&self->world);
  for (gsize i = 0; i < G_N_ELEMENTS (habits); i++)
    {
      self->handles[i] = dbr_metrics_resolve (self->world.metrics, "default", NAME, NAME,
                                              habits[i].member);
      self->due[i] = self->world.now + (gint64) (draw_exponential (habits[i].mean_pause_s) * S);
    }
  self->next_minute = self->world.now;
}

static void
program_clear (Program *self)
{
  world_clear (&self->world);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Program, program_clear)

/* A call as they are when all is well: one in five hundred fails, now and then one is slow. */
static void
program_call (Program *self,
              gsize    habit)
{
  gint64 service = draw_log_normal (habits[habit].median_usec);
  gint64 lag = draw_log_normal (400);
  int chance = g_test_rand_int_range (0, 10000);
  DbrMetricsSample sample = { .now = self->world.now, .queue_usec = 20, .lag_usec = lag };

  if (chance < 5)
    service += g_test_rand_int_range (100, 4000) * MS;
  else if (chance < 25)
    sample.outcome = DBR_OUTCOME_ERROR;
  else if (chance < 100)
    sample.outcome = DBR_OUTCOME_CANCELLED;
  sample.error_name = sample.outcome == DBR_OUTCOME_ERROR ? NAME ".Error.Busy" : NULL;
  sample.service_usec = service;
  sample.total_usec = 20 + service + lag;
  dbr_metrics_handle_record (self->handles[habit], &sample);
}

/* About once a day, but never three times within the five minutes that make it an issue: in ten
 * thousand hours chance alone would do that in one of some hundred runs. */
static gboolean
program_is_due (Program *self,
                gint64  *next)
{
  if (self->world.now < *next || g_test_rand_int_range (0, 24 * 60) > 0)
    return FALSE;

  *next = self->world.now + 300 * S;

  return TRUE;
}

/* What else goes on in each minute when all is well. */
static void
program_live (Program *self)
{
  DbrMetrics *metrics = self->world.metrics;
  DbrSlots slots = {
    .n_in_flight = (guint) g_test_rand_int_range (0, 30),
    .n_orphans = (guint) g_test_rand_int_range (0, 4),
    .max_slots = 128,
    .n_matches = (guint) g_test_rand_int_range (3, 60),
    .max_matches = 512,
  };

  dbr_metrics_set_slots (metrics, ":1.5", &slots);
  dbr_metrics_note_signals (metrics, NAME, (guint) g_test_rand_int_range (0, 2000));
  dbr_metrics_note_lag (metrics, draw_log_normal (20 * MS));
  if (program_is_due (self, &self->next_start))
    dbr_metrics_note_owner (metrics, NAME);
  if (program_is_due (self, &self->next_opening))
    dbr_metrics_note_circuit (metrics, NAME, "open", TRUE);
  if (!self->is_kept_awake && g_test_rand_int_range (0, 24 * 60) == 0)
    self->world.suspended += g_test_rand_int_range (1, 8 * 3600) * S;
}

static gint64
program_get_due (Program *self,
                 gsize   *habit)
{
  *habit = 0;
  for (gsize i = 1; i < G_N_ELEMENTS (habits); i++)
    {
      if (self->due[i] < self->due[*habit])
        *habit = i;
    }

  return self->due[*habit];
}

static void
program_run (Program *self,
             gint64   usec)
{
  gint64 end = self->world.now + usec;
  gint64 due;
  gsize habit;

  while ((due = program_get_due (self, &habit)) <= end)
    {
      world_pass (&self->world, MAX (due - self->world.now, 0));
      program_call (self, habit);
      self->due[habit] += (gint64) (draw_exponential (habits[habit].mean_pause_s) * S);
      if (self->world.now >= self->next_minute)
        {
          program_live (self);
          self->next_minute += 60 * S;
        }
    }
  world_pass (&self->world, end - self->world.now);
}

static char *
dup_raised (World *world)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < world->raised->len; i++)
    {
      DbrIssue *issue = g_ptr_array_index (world->raised, i);
      g_autofree char *evidence = g_variant_print (dbr_issue_get_evidence (issue), FALSE);

      g_string_append_printf (text, "%s: %s %s;", dbr_issue_get_id (issue),
                              dbr_issue_get_text (issue), evidence);
    }

  return g_string_free (text, FALSE);
}

static void
show_raised (World *world)
{
  g_autofree char *raised = dup_raised (world);

  g_test_message ("%s", raised);
}

static void
assert_none_raised (World *world)
{
  g_autofree char *raised = dup_raised (world);

  g_assert_cmpstr (raised, ==, "");
}

static void
assert_quiet_hours (guint n_hours)
{
  g_auto(Program) program = { { { NULL } } };

  program_init (&program);
  for (guint hour = 0; hour < n_hours; hour++)
    program_run (&program, 3600 * S);
  world_listen (&program.world);
  assert_none_raised (&program.world);
}

static void
test_quiet (void)
{
  g_test_summary ("Two hundred hours of healthy random traffic raise nothing");

  assert_quiet_hours (200);
}

static void
test_quiet_slow (void)
{
  g_test_summary ("Ten thousand hours of healthy random traffic raise nothing");

  assert_quiet_hours (N_HOURS_SLOW);
}

static gboolean
world_has (World      *world,
           const char *id)
{
  GListModel *issues = dbr_metrics_get_issues (world->metrics);

  for (guint i = 0; i < g_list_model_get_n_items (issues); i++)
    {
      g_autoptr(DbrIssue) issue = g_list_model_get_item (issues, i);

      if (strcmp (dbr_issue_get_id (issue), id) == 0)
        return TRUE;
    }

  return FALSE;
}

/* Incidents: each goes on for some time, a step of a second at a time. */

typedef struct
{
  const char *id;
  const char *operation;
  /* what may be found beside it, as what fails is not in time either */
  const char *besides;
  guint       n_seconds;
  void        (*step)(Program *program,
                      guint    second);
} Incident;

static void
record_get (Program    *program,
            gint64      total_usec,
            gint64      lag_usec,
            DbrOutcome  outcome)
{
  DbrMetricsSample sample = {
    program->world.now, total_usec, 20, total_usec - lag_usec, lag_usec,
    outcome, outcome == DBR_OUTCOME_ERROR ? NAME ".Error.Busy" : NULL,
  };

  dbr_metrics_handle_record (program->handles[0], &sample);
}

static void
step_latency (Program *program,
              guint    second)
{
  record_get (program, 1500 * MS, 0, DBR_OUTCOME_OK);
}

static void
step_errors (Program *program,
             guint    second)
{
  record_get (program, 400, 0, second % 3 > 0 ? DBR_OUTCOME_ERROR : DBR_OUTCOME_OK);
}

static void
step_timeouts (Program *program,
               guint    second)
{
  record_get (program, 5 * S, 0, DBR_OUTCOME_TIMEOUT);
}

static void
step_shift (Program *program,
            guint    second)
{
  for (guint i = 0; i < 3; i++)
    record_get (program, draw_log_normal (40 * MS), 0, DBR_OUTCOME_OK);
}

static void
step_burn (Program *program,
           guint    second)
{
  /* Below the limit of a minute, but it goes on and on. */
  record_get (program, 400, 0, second % 18 == 0 ? DBR_OUTCOME_ERROR : DBR_OUTCOME_OK);
}

static void
step_orphans (Program *program,
              guint    second)
{
  DbrSlots slots = { .n_orphans = second < 50 ? 70 : 10, .max_slots = 128 };

  dbr_metrics_set_slots (program->world.metrics, ":1.9", &slots);
}

static void
step_bus_limit (Program *program,
                guint    second)
{
  if (second < 3)
    dbr_metrics_note_bus_limit (program->world.metrics, ":1.9");
}

static void
step_match_rules (Program *program,
                  guint    second)
{
  DbrSlots slots = { .n_matches = second < 50 ? 500 : 100, .max_matches = 512 };

  dbr_metrics_set_slots (program->world.metrics, ":1.9", &slots);
}

static void
step_budget (Program *program,
             guint    second)
{
  if (second % 10 == 0)
    dbr_metrics_note_budget (program->world.metrics, NAME);
}

static void
step_circuit (Program *program,
              guint    second)
{
  if (second % 10 == 0)
    dbr_metrics_note_circuit (program->world.metrics, NAME,
                              second % 20 == 0 ? "open" : "half-open", second % 20 == 0);
}

static void
step_main_loop (Program *program,
                guint    second)
{
  if (second == 5)
    record_get (program, 3 * S, 3 * S - 1000, DBR_OUTCOME_OK);
}

static void
step_mailbox (Program *program,
              guint    second)
{
  if (second == 5)
    dbr_metrics_note_lag (program->world.metrics, 10 * S);
}

static void
step_signals (Program *program,
              guint    second)
{
  for (guint i = 0; i < 20; i++)
    dbr_metrics_note_signals (program->world.metrics, NAME, 100);
}

static void
step_owner (Program *program,
            guint    second)
{
  if (second % 20 == 0)
    dbr_metrics_note_owner (program->world.metrics, NAME);
}

#define GET NAME ":" NAME ".Get"

static const Incident incidents[] = {
  { "latency", GET, "slo-burn latency-shift", 60, step_latency },
  { "error-rate", GET, "slo-burn", 60, step_errors },
  { "error-rate", GET, "slo-burn latency latency-shift", 30, step_timeouts },
  { "latency-shift", GET, "", 60, step_shift },
  { "slo-burn", GET, "", 1800, step_burn },
  { "orphans", ":1.9", "", 60, step_orphans },
  { "bus-limit", ":1.9", "", 10, step_bus_limit },
  { "bus-limit", ":1.9", "", 60, step_match_rules },
  { "budget", NAME, "", 60, step_budget },
  { "circuit-flapping", NAME, "", 120, step_circuit },
  { "main-loop", "", "latency-shift", 10, step_main_loop },
  { "main-loop", "", "", 10, step_mailbox },
  { "signal-flood", NAME, "", 40, step_signals },
  { "service-flapping", NAME, "", 120, step_owner },
};

static guint
count_issues (GPtrArray      *issues,
              const Incident *incident)
{
  guint n = 0;

  for (guint i = 0; i < issues->len; i++)
    {
      DbrIssue *issue = g_ptr_array_index (issues, i);

      if (strcmp (dbr_issue_get_id (issue), incident->id) == 0)
        {
          g_assert_cmpstr (dbr_issue_get_operation (issue), ==, incident->operation);
          n++;
        }
      else if (strstr (incident->besides, dbr_issue_get_id (issue)) == NULL)
        {
          g_error ("%s was found beside %s", dbr_issue_get_id (issue), incident->id);
        }
    }

  return n;
}

static void
test_incident (gconstpointer data)
{
  const Incident *incident = data;
  g_auto(Program) program = { { { NULL } } };
  World *world = &program.world;
  GListModel *issues;

  g_test_summary ("It is found among healthy traffic, raised once and cleared once");

  program_init (&program);
  issues = dbr_metrics_get_issues (world->metrics);
  program_run (&program, g_test_rand_int_range (1800, 7200) * S);
  world_listen (world);
  assert_none_raised (world);

  program.is_kept_awake = TRUE;
  for (guint second = 0; second < incident->n_seconds; second++)
    {
      program_run (&program, S);
      incident->step (&program, second);
    }
  world_pass (world, 2 * S);
  world_listen (world);
  show_raised (world);
  g_assert_cmpuint (count_issues (world->raised, incident), ==, 1);
  g_assert_cmpuint (g_list_model_get_n_items (issues), ==,
                    world->raised->len - world->cleared->len);

  program_run (&program, 7 * 3600 * S);
  world_listen (world);
  g_assert_cmpuint (count_issues (world->raised, incident), ==, 1);
  g_assert_cmpuint (count_issues (world->cleared, incident), ==, 1);
  g_assert_cmpuint (world->cleared->len, ==, world->raised->len);
  g_assert_cmpuint (g_list_model_get_n_items (issues), ==, 0);
}

static void
test_object (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(DbrIssue) issue = NULL;
  GListModel *issues;
  gint64 last_seen = 0;
  gint64 before = g_get_real_time ();
  double error_rate = 0;
  guint64 count = 0;

  g_test_summary ("An issue says what, of what, how bad, since when, and by what it is seen");

  world_init (&world);
  world_record (&world, "work", 1000, DBR_OUTCOME_ERROR, 10);
  issues = dbr_metrics_get_issues (world.metrics);
  g_assert_cmpuint (g_list_model_get_n_items (issues), ==, 2);
  issue = g_list_model_get_item (issues, 0);
  g_assert_cmpuint (world.raised->len, ==, 2);
  g_assert_true (issue == g_ptr_array_index (world.raised, 0));

  g_assert_cmpstr (dbr_issue_get_id (issue), ==, "error-rate");
  g_assert_cmpstr (dbr_issue_get_operation (issue), ==, "work");
  g_assert_cmpint (dbr_issue_get_severity (issue), ==, DBR_SEVERITY_CRITICAL);
  g_assert_cmpint (dbr_issue_get_since_usec (issue), >=, before);
  g_assert_cmpint (dbr_issue_get_since_usec (issue), <=, g_get_real_time ());
  g_assert_nonnull (strstr (dbr_issue_get_text (issue), "work"));
  g_assert_true (g_variant_lookup (dbr_issue_get_evidence (issue), "last-seen-usec", "x",
                                   &last_seen));
  g_assert_cmpint (last_seen, ==, dbr_issue_get_since_usec (issue));
  g_assert_true (g_variant_lookup (dbr_issue_get_evidence (issue), "count", "t", &count));
  g_assert_cmpuint (count, ==, 10);
  g_assert_true (g_variant_lookup (dbr_issue_get_evidence (issue), "error-rate", "d",
                                   &error_rate));
  g_assert_cmpfloat (error_rate, ==, 1);

  world_pass (&world, 3600 * S);
  g_assert_cmpuint (g_list_model_get_n_items (dbr_metrics_get_issues (world.metrics)), ==, 0);
  g_assert_cmpuint (world.cleared->len, ==, 2);
  g_assert_cmpint (dbr_issue_get_severity (issue), ==, DBR_SEVERITY_CRITICAL);
}

static void
test_worse (void)
{
  g_auto(World) world = { { NULL } };
  DbrIssue *issue;

  g_test_summary ("An issue that becomes worse is the same one");

  world_init (&world);
  world_record (&world, "work", 10, DBR_OUTCOME_OK, 20);
  world_record (&world, "work", 2 * S, DBR_OUTCOME_OK, 10);
  world_pass (&world, S);
  world_listen (&world);
  issue = g_ptr_array_index (world.raised, 0);
  g_assert_cmpstr (dbr_issue_get_id (issue), ==, "latency");
  g_assert_cmpint (dbr_issue_get_severity (issue), ==, DBR_SEVERITY_WARNING);

  world_record (&world, "work", 2 * S, DBR_OUTCOME_OK, 30);
  world_pass (&world, 10 * S);
  world_listen (&world);
  g_assert_cmpint (dbr_issue_get_severity (issue), ==, DBR_SEVERITY_CRITICAL);
}

static void
test_limits (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(GError) error = NULL;

  g_test_summary ("Limits are those of the operation, of its kind, or those that ship");

  world_init (&world);
  g_assert_true (dbr_metrics_set_limits (world.metrics, "strict", 1000, 0.01, &error));
  g_assert_no_error (error);
  g_assert_true (dbr_metrics_set_limits (world.metrics, "loose", 10 * S, 1, &error));
  g_assert_no_error (error);

  world_record (&world, "connect", 8 * S, DBR_OUTCOME_OK, 50);
  world_record (&world, "loose", 5 * S, DBR_OUTCOME_ERROR, 1);
  world_record (&world, "usual", 500 * MS, DBR_OUTCOME_OK, 50);
  world_pass (&world, 10 * S);
  world_listen (&world);
  g_assert_cmpuint (world.raised->len, ==, 0);

  world_record (&world, "strict", 2000, DBR_OUTCOME_OK, 50);
  world_pass (&world, 10 * S);
  world_listen (&world);
  show_raised (&world);
  g_assert_cmpuint (world.raised->len, ==, 2);
  g_assert_cmpstr (dbr_issue_get_operation (g_ptr_array_index (world.raised, 0)), ==, "strict");
}

static void
test_burn_share (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(GError) error = NULL;

  g_test_summary ("What fails often by nature may do so all day, and what does not may not");

  world_init (&world);
  g_assert_true (dbr_metrics_set_limits (world.metrics, "flaky", S, 0.9, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 8 * 600; i++)
    {
      DbrOutcome outcome = i % 20 == 0 ? DBR_OUTCOME_ERROR : DBR_OUTCOME_OK;

      world_record (&world, "connect", 400 * MS, outcome, 1);
      world_record (&world, "flaky", 400, outcome, 1);
      world_record (&world, "work", 400, outcome, 1);
      world_pass (&world, 6 * S);
    }
  world_listen (&world);
  show_raised (&world);
  g_assert_cmpuint (world.raised->len, ==, 1);
  g_assert_cmpstr (dbr_issue_get_id (g_ptr_array_index (world.raised, 0)), ==, "slo-burn");
  g_assert_cmpstr (dbr_issue_get_operation (g_ptr_array_index (world.raised, 0)), ==, "work");
}

static void
test_new_limit (void)
{
  g_auto(World) world = { { NULL } };
  DbrIssue *issue;

  g_test_summary ("A limit holds at once for the minute that was, whether it is narrower or wider");

  world_init (&world);
  world_record (&world, "work", 50 * MS, DBR_OUTCOME_OK, 20);
  world_pass (&world, 15 * S);
  world_record (&world, "work", 50 * MS, DBR_OUTCOME_OK, 20);
  world_pass (&world, S);
  g_assert_cmpuint (g_list_model_get_n_items (dbr_metrics_get_issues (world.metrics)), ==, 0);

  g_assert_true (dbr_metrics_set_limits (world.metrics, "work", 10 * MS, 0.1, NULL));
  world_listen (&world);
  g_assert_cmpuint (world.raised->len, ==, 1);
  issue = g_ptr_array_index (world.raised, 0);
  g_assert_cmpstr (dbr_issue_get_id (issue), ==, "latency");
  g_assert_nonnull (strstr (dbr_issue_get_text (issue), "of 40 calls in the last minute 40"));

  g_assert_true (dbr_metrics_set_limits (world.metrics, "default", 100 * MS, 0.1, NULL));
  g_assert_cmpuint (g_list_model_get_n_items (dbr_metrics_get_issues (world.metrics)), ==, 1);
  g_assert_true (dbr_metrics_set_limits (world.metrics, "work", 100 * MS, 0.1, NULL));
  g_assert_cmpuint (g_list_model_get_n_items (dbr_metrics_get_issues (world.metrics)), ==, 0);
}

static void
test_limit_of_another (void)
{
  g_auto(World) world = { { NULL } };

  g_test_summary ("A limit changes nothing of what it is not for, nor does it hold on to what is past");

  /* As near to its limit as no histogram can tell. */
  world_init (&world);
  world_record (&world, "work", 1005 * MS, DBR_OUTCOME_OK, 20);
  world_pass (&world, S);
  g_assert_true (dbr_metrics_set_limits (world.metrics, "another", 5 * S, 0.1, NULL));
  g_assert_true (world_has (&world, "latency"));

  world_pass (&world, 45 * S);
  g_assert_true (dbr_metrics_set_limits (world.metrics, "work", 900 * MS, 0.1, NULL));
  g_assert_true (world_has (&world, "latency"));
  world_pass (&world, 30 * S);
  world_record (&world, "work", 10 * MS, DBR_OUTCOME_OK, 20);
  world_pass (&world, S);
  g_assert_false (world_has (&world, "latency"));
}

static void
test_too_little (void)
{
  g_auto(World) world = { { NULL } };

  g_test_summary ("Little is no issue: one of five that fails, two slow ones, four calls");

  world_init (&world);
  world_record (&world, "a", 10, DBR_OUTCOME_OK, 4);
  world_record (&world, "a", 10, DBR_OUTCOME_ERROR, 1);
  world_record (&world, "b", 10, DBR_OUTCOME_OK, 18);
  world_record (&world, "b", 2 * S, DBR_OUTCOME_OK, 2);
  world_record (&world, "c", 10, DBR_OUTCOME_ERROR, 4);
  world_record (&world, "d", 10, DBR_OUTCOME_CANCELLED, 100);
  world_record (&world, "d", 10, DBR_OUTCOME_REJECTED, 100);
  world_pass (&world, 60 * S);
  world_listen (&world);
  g_assert_cmpuint (world.raised->len, ==, 0);
}

/* So many calls that what is kept of them is no more than their share. */
static void
test_burn_of_many (void)
{
  const gint64 slot_usec = 360 * S;
  DbrBurn burn = { 0 };
  DbrBurnCount in_long, in_short;

  g_test_summary ("Of how many calls ever, the share of those that went wrong is right");

  for (guint i = 0; i < DBR_BURN_N_SLOTS; i++)
    dbr_burn_add (&burn, (100 + i) * slot_usec, 8 * G_GUINT64_CONSTANT (100000000),
                  2 * G_GUINT64_CONSTANT (100000000));
  dbr_burn_read (&burn, DBR_BURN_SLOW, (99 + DBR_BURN_N_SLOTS) * slot_usec, &in_long, &in_short);
  g_assert_cmpfloat_with_epsilon (dbr_burn_get_pace (&in_long, 0.1), 2, 0.001);
  g_assert_cmpfloat_with_epsilon (dbr_burn_get_pace (&in_short, 0.1), 2, 0.001);
}

static void
test_sleepers (void)
{
  g_auto(World) world = { { NULL } };
  DbrBook *book;

  g_test_summary ("While all is well nothing has to wake up, after a failure somebody has");

  world_init (&world);
  book = dbr_metrics_get_book (world.metrics);
  world_record (&world, "work", 10, DBR_OUTCOME_OK, 100);
  dbr_metrics_note_signals (world.metrics, NAME, 100);
  g_assert_cmpint (dbr_book_get_next (book), ==, G_MAXINT64);

  world_record (&world, "work", 10, DBR_OUTCOME_ERROR, 1);
  g_assert_cmpint (dbr_book_get_next (book), ==, world.now + S);
  world_pass (&world, S);
  g_assert_cmpint (dbr_book_get_next (book), ==, G_MAXINT64);

  world_record (&world, "work", 10, DBR_OUTCOME_ERROR, 100);
  world_pass (&world, S);
  g_assert_cmpint (dbr_book_get_next (book), ==, world.now + 10 * S);
  world_pass (&world, 3600 * S);
  g_assert_cmpint (dbr_book_get_next (book), ==, G_MAXINT64);
}

static void
test_reset (void)
{
  g_auto(World) world = { { NULL } };

  g_test_summary ("A reset clears all issues");

  world_init (&world);
  world_record (&world, "work", 10, DBR_OUTCOME_ERROR, 100);
  dbr_metrics_note_budget (world.metrics, NAME);
  g_assert_cmpuint (g_list_model_get_n_items (dbr_metrics_get_issues (world.metrics)), ==, 3);
  dbr_metrics_reset (world.metrics);
  g_assert_cmpuint (g_list_model_get_n_items (dbr_metrics_get_issues (world.metrics)), ==, 0);
  g_assert_cmpuint (world.cleared->len, ==, 3);
}

static void
changed_cb (GListModel *issues,
            guint       position,
            guint       n_removed,
            guint       n_added,
            World      *world)
{
  dbr_metrics_get_issues (world->metrics);
}

static void
order_cb (DbrMetrics *metrics,
          DbrIssue   *issue,
          World      *world)
{
  /* One is raised before it is cleared. */
  g_assert_cmpuint (world->raised->len, ==, world->cleared->len);
}

static void
test_order (void)
{
  g_auto(World) world = { { NULL } };

  g_test_summary ("Who is told of an issue and asks for more is told of its end behind it");

  world_init (&world);
  g_signal_connect (dbr_metrics_get_issues (world.metrics), "items-changed",
                    G_CALLBACK (changed_cb), &world);
  g_signal_connect (world.metrics, "issue-cleared", G_CALLBACK (order_cb), &world);
  dbr_metrics_note_budget (world.metrics, NAME);
  world_pass (&world, 120 * S);
  world_listen (&world);
  g_assert_cmpuint (world.raised->len, ==, 1);
  g_assert_cmpuint (world.cleared->len, ==, 1);
}

static void
test_deaf (void)
{
  g_auto(World) world = { { NULL } };
  guint n_news = 0;
  DbrNews *news;

  g_test_summary ("Where nobody listens, what came and went is not kept for ever");

  world_init (&world);
  for (guint i = 0; i < 1000; i++)
    {
      dbr_metrics_note_budget (world.metrics, NAME);
      world_pass (&world, 120 * S);
    }
  while ((news = dbr_book_pop_news (dbr_metrics_get_book (world.metrics))) != NULL)
    {
      g_assert_cmpint (news->kind, ==, n_news % 2 == 0 ? DBR_NEWS_RAISED : DBR_NEWS_CLEARED);
      dbr_news_free (news);
      n_news++;
    }
  g_assert_cmpuint (n_news, <=, 260);
  world_listen (&world);
}

static void
quit_cb (DbrMetrics *metrics,
         DbrIssue   *issue,
         GMainLoop  *loop)
{
  g_main_loop_quit (loop);
}

static void
test_real_clock (void)
{
  g_autoptr(DbrMetrics) metrics = dbr_metrics_new ();
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  g_test_summary ("On the real clock somebody looks although nothing comes any more");

  g_signal_connect (metrics, "issue-raised", G_CALLBACK (quit_cb), loop);
  for (guint i = 0; i < 20; i++)
    dbr_metrics_record (metrics, "work", 10, DBR_OUTCOME_ERROR);
  g_main_loop_run (loop);
}

typedef struct
{
  GMainContext *context;
  DbrMetrics   *metrics;
  guint         n_raised;
} Elsewhere;

static void
raised_here_cb (DbrMetrics *metrics,
                DbrIssue   *issue,
                Elsewhere  *elsewhere)
{
  g_assert_true (g_main_context_is_owner (elsewhere->context));
  elsewhere->n_raised++;
}

static gpointer
fail_elsewhere_cb (gpointer data)
{
  Elsewhere *elsewhere = data;

  for (guint i = 0; i < 20; i++)
    dbr_metrics_record (elsewhere->metrics, "work", 10, DBR_OUTCOME_ERROR);
  /* It looks, but the list is not this thread's to change. */
  g_assert_cmpuint (g_list_model_get_n_items (dbr_metrics_get_issues (elsewhere->metrics)), ==, 0);

  return NULL;
}

static void
test_context (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  Elsewhere elsewhere = { .context = context };

  g_test_summary ("What another thread records is told in the context the metrics were made in");

  g_main_context_push_thread_default (context);
  elsewhere.metrics = dbr_metrics_new ();
  g_main_context_pop_thread_default (context);
  g_signal_connect (elsewhere.metrics, "issue-raised", G_CALLBACK (raised_here_cb), &elsewhere);

  g_thread_join (g_thread_new ("fail", fail_elsewhere_cb, &elsewhere));
  g_assert_cmpuint (elsewhere.n_raised, ==, 0);
  while (elsewhere.n_raised < 2)
    g_main_context_iteration (context, TRUE);
  g_assert_finalize_object (elsewhere.metrics);
}

static void
add_incidents (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (incidents); i++)
    {
      g_autofree char *path = g_strdup_printf ("/dbr/issues/incident/%u-%s", (guint) i + 1,
                                               incidents[i].id);

      g_test_add_data_func (path, &incidents[i], test_incident);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  if (g_test_slow ())
    {
      g_test_add_func ("/dbr/issues/ten-thousand-quiet-hours", test_quiet_slow);
      return g_test_run ();
    }

  g_test_add_func ("/dbr/issues/two-hundred-quiet-hours", test_quiet);
  add_incidents ();
  g_test_add_func ("/dbr/issues/what-an-issue-says", test_object);
  g_test_add_func ("/dbr/issues/worse", test_worse);
  g_test_add_func ("/dbr/issues/limits", test_limits);
  g_test_add_func ("/dbr/issues/what-may-fail-over-a-day", test_burn_share);
  g_test_add_func ("/dbr/issues/a-new-limit", test_new_limit);
  g_test_add_func ("/dbr/issues/a-limit-of-another", test_limit_of_another);
  g_test_add_func ("/dbr/issues/too-little", test_too_little);
  g_test_add_func ("/dbr/issues/more-calls-than-can-be-counted", test_burn_of_many);
  g_test_add_func ("/dbr/issues/nobody-wakes-up-for-nothing", test_sleepers);
  g_test_add_func ("/dbr/issues/reset", test_reset);
  g_test_add_func ("/dbr/issues/told-in-order", test_order);
  g_test_add_func ("/dbr/issues/nobody-listens", test_deaf);
  g_test_add_func ("/dbr/issues/on-the-real-clock", test_real_clock);
  g_test_add_func ("/dbr/issues/told-in-the-context", test_context);

  return g_test_run ();
}
