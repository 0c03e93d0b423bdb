/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "dbr-test-world.h"
#include "recovery/dbr-recovery-ladder-private.h"

#define MINUTE (60 * S)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const DbrRung reconnect = {
  .name = "reconnect",
  .kind = DBR_RUNG_OWN,
  .scope = DBR_RECOVERY_SCOPE_DEVICE,
  .max_attempts = 3,
  .window_usec = MINUTE,
};

static const DbrRung power_cycle = {
  .name = "power-cycle",
  .kind = DBR_RUNG_POWER_CYCLE,
  .scope = DBR_RECOVERY_SCOPE_ADAPTER,
  .max_attempts = 1,
  .window_usec = 5 * MINUTE,
};

static const DbrRung start = {
  .name = "start",
  .kind = DBR_RUNG_START,
  .scope = DBR_RECOVERY_SCOPE_SERVICE_START,
  .max_attempts = 1,
  .window_usec = MINUTE,
};

static const DbrRung restart = {
  .name = "restart",
  .kind = DBR_RUNG_RESTART,
  .scope = DBR_RECOVERY_SCOPE_SERVICE_RESTART,
  .max_attempts = 1,
  .window_usec = 15 * MINUTE,
  .max_a_day = 3,
};

static const DbrSituation all_allowed = {
  .target = "",
  .trouble = DBR_TROUBLE_STALLED,
  .allowed = DBR_RECOVERY_SCOPE_DEVICE | DBR_RECOVERY_SCOPE_ADAPTER
             | DBR_RECOVERY_SCOPE_SERVICE_START | DBR_RECOVERY_SCOPE_SERVICE_RESTART,
};

/* The verdict, and how long it holds. */
static void
assert_verdict (DbrRecoveryLadder  *ladder,
                const DbrRung      *rung,
                const DbrSituation *situation,
                gint64              now,
                DbrVerdict          verdict,
                gint64              wait_usec)
{
  gint64 found_usec = -1;

  g_assert_cmpint (dbr_recovery_ladder_judge (ladder, rung, situation, now, &found_usec), ==,
                   verdict);
  g_assert_cmpint (found_usec, ==, wait_usec);
}

static void
test_entry (void)
{
  /* resolve, reconnect, power-cycle, start, restart, and one's own: of a device, of more */
  const struct
  {
    DbrTrouble  trouble;
    const char *of_use;
  } entries[] = {
    { DBR_TROUBLE_NONE, "......." },
    { DBR_TROUBLE_ABSENT, "...srdo" },
    { DBR_TROUBLE_STALLED, "....rdo" },
    { DBR_TROUBLE_FROZEN, "......." },
    { DBR_TROUBLE_LOST, "f....do" },
    { DBR_TROUBLE_APART, ".c...d." },
    { DBR_TROUBLE_CONTROLLER, "..p.rdo" },
    { DBR_TROUBLE_OFF, "......." },
    { DBR_TROUBLE_BLOCKED, "......." },
    { DBR_TROUBLE_UNIT, "....rdo" },
  };
  const DbrRung rungs[] = {
    { "resolve", DBR_RUNG_RESOLVE, DBR_RECOVERY_SCOPE_DEVICE, 3, MINUTE, 0 },
    { "reconnect", DBR_RUNG_RECONNECT, DBR_RECOVERY_SCOPE_DEVICE, 3, MINUTE, 0 },
    { "power-cycle", DBR_RUNG_POWER_CYCLE, DBR_RECOVERY_SCOPE_ADAPTER, 1, 5 * MINUTE, 0 },
    start,
    restart,
    { "own", DBR_RUNG_OWN, DBR_RECOVERY_SCOPE_DEVICE, 1, MINUTE, 0 },
    { "other", DBR_RUNG_OWN, DBR_RECOVERY_SCOPE_ADAPTER, 1, MINUTE, 0 },
  };
  g_autoptr(DbrRecoveryLadder) ladder = dbr_recovery_ladder_new ();

  g_test_summary ("What is wrong decides which stages are of use");

  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      DbrSituation situation = all_allowed;

      situation.trouble = entries[i].trouble;
      g_assert_cmpint (dbr_trouble_is_trouble (entries[i].trouble), ==,
                       strcmp (entries[i].of_use, ".......") != 0);
      for (gsize j = 0; j < G_N_ELEMENTS (rungs); j++)
        assert_verdict (ladder, &rungs[j], &situation, 0,
                        entries[i].of_use[j] != '.' ? DBR_VERDICT_RUN : DBR_VERDICT_NO_USE, 0);
    }
}

static void
test_allowed (void)
{
  g_autoptr(DbrRecoveryLadder) ladder = dbr_recovery_ladder_new ();
  DbrSituation situation = all_allowed;

  g_test_summary ("A stage needs all of its scope to be allowed");

  situation.allowed = DBR_RECOVERY_SCOPE_DEVICE;
  assert_verdict (ladder, &reconnect, &situation, 0, DBR_VERDICT_RUN, 0);
  assert_verdict (ladder, &restart, &situation, 0, DBR_VERDICT_NOT_ALLOWED, 0);
  situation.allowed = DBR_RECOVERY_SCOPE_SERVICE_START;
  assert_verdict (ladder, &reconnect, &situation, 0, DBR_VERDICT_NOT_ALLOWED, 0);
  assert_verdict (ladder, &restart, &situation, 0, DBR_VERDICT_NOT_ALLOWED, 0);
  situation.allowed = DBR_RECOVERY_SCOPE_SERVICE_RESTART;
  assert_verdict (ladder, &restart, &situation, 0, DBR_VERDICT_RUN, 0);
}

static void
test_input_devices (void)
{
  g_autoptr(DbrRecoveryLadder) ladder = dbr_recovery_ladder_new ();
  DbrSituation situation = all_allowed;

  g_test_summary ("Nothing wider than a device while somebody types on one, unless allowed");

  situation.has_input_devices = TRUE;
  assert_verdict (ladder, &reconnect, &situation, 0, DBR_VERDICT_RUN, 0);
  assert_verdict (ladder, &restart, &situation, 0, DBR_VERDICT_INPUT_DEVICES, 0);
  situation.allowed |= DBR_RECOVERY_SCOPE_INPUT_DEVICES;
  assert_verdict (ladder, &restart, &situation, 0, DBR_VERDICT_RUN, 0);
}

static void
test_attempts (void)
{
  g_autoptr(DbrRecoveryLadder) ladder = dbr_recovery_ladder_new ();

  g_test_summary ("So many attempts within the window, which slides");

  for (guint i = 0; i < 3; i++)
    {
      assert_verdict (ladder, &reconnect, &all_allowed, i * 10 * S, DBR_VERDICT_RUN, 0);
      g_assert_cmpuint (dbr_recovery_ladder_begin (ladder, &reconnect, &all_allowed, i * 10 * S), ==, i + 1);
    }
  assert_verdict (ladder, &reconnect, &all_allowed, 20 * S, DBR_VERDICT_LIMITED, 40 * S);
  assert_verdict (ladder, &reconnect, &all_allowed, 60 * S - 1, DBR_VERDICT_LIMITED, 1);
  assert_verdict (ladder, &reconnect, &all_allowed, 60 * S, DBR_VERDICT_RUN, 0);
  g_assert_cmpuint (dbr_recovery_ladder_begin (ladder, &reconnect, &all_allowed, 60 * S), ==, 3);
  assert_verdict (ladder, &reconnect, &all_allowed, 60 * S, DBR_VERDICT_LIMITED, 10 * S);
}

static void
test_scope_of_limits (void)
{
  g_autoptr(DbrRecoveryLadder) ladder = dbr_recovery_ladder_new ();
  DbrSituation one = all_allowed;
  DbrSituation other = all_allowed;

  g_test_summary ("A device has attempts of its own, an adapter those of all its devices; those of the "
                  "service are for all targets");

  other.target = "00:11:22:33:44:55";
  for (guint i = 0; i < 3; i++)
    dbr_recovery_ladder_begin (ladder, &reconnect, &all_allowed, 0);
  dbr_recovery_ladder_begin (ladder, &restart, &all_allowed, 0);
  assert_verdict (ladder, &reconnect, &all_allowed, 0, DBR_VERDICT_LIMITED, MINUTE);
  assert_verdict (ladder, &reconnect, &other, 0, DBR_VERDICT_RUN, 0);
  assert_verdict (ladder, &restart, &other, 0, DBR_VERDICT_LIMITED, 15 * MINUTE);

  one.trouble = other.trouble = DBR_TROUBLE_CONTROLLER;
  one.target = one.adapter = "00:AA:01:00:00:00";
  other.adapter = "00:AA:01:00:00:00";
  dbr_recovery_ladder_begin (ladder, &power_cycle, &other, 0);
  assert_verdict (ladder, &power_cycle, &one, 0, DBR_VERDICT_LIMITED, 5 * MINUTE);
  other.adapter = "00:AA:02:00:00:00";
  assert_verdict (ladder, &power_cycle, &other, 0, DBR_VERDICT_RUN, 0);
}

static void
test_day (void)
{
  g_autoptr(DbrRecoveryLadder) ladder = dbr_recovery_ladder_new ();
  guint n_runs = 0;

  g_test_summary ("However often it fails, it is restarted once in 15 minutes and thrice a day");

  for (gint64 now = 0; now < 2 * DAY; now += MINUTE)
    {
      gint64 wait_usec;

      if (dbr_recovery_ladder_judge (ladder, &restart, &all_allowed, now, &wait_usec)
          == DBR_VERDICT_RUN)
        {
          dbr_recovery_ladder_begin (ladder, &restart, &all_allowed, now);
          n_runs++;
          g_assert_cmpint (now % DAY, ==, (n_runs - 1) % 3 * 15 * MINUTE);
        }
    }
  g_assert_cmpuint (n_runs, ==, 6);
}

static void
test_units (void)
{
  g_autoptr(DbrRecoveryLadder) ladder = dbr_recovery_ladder_new ();
  DbrSituation one = all_allowed;
  DbrSituation other = all_allowed;

  g_test_summary ("A unit that has failed is restarted three times an hour, each for itself");

  one.trouble = other.trouble = DBR_TROUBLE_UNIT;
  one.target = "one.service";
  other.target = "other.service";
  for (guint i = 0; i < 3; i++)
    {
      assert_verdict (ladder, &restart, &one, i * MINUTE, DBR_VERDICT_RUN, 0);
      g_assert_cmpuint (dbr_recovery_ladder_begin (ladder, &restart, &one, i * MINUTE), ==, i + 1);
    }
  assert_verdict (ladder, &restart, &one, 3 * MINUTE, DBR_VERDICT_LIMITED, 57 * MINUTE);
  assert_verdict (ladder, &restart, &other, 3 * MINUTE, DBR_VERDICT_RUN, 0);
  assert_verdict (ladder, &restart, &all_allowed, 3 * MINUTE, DBR_VERDICT_RUN, 0);
  assert_verdict (ladder, &restart, &one, HOUR, DBR_VERDICT_RUN, 0);
}

static void
test_silence (void)
{
  g_autoptr(DbrRecoveryLadder) ladder = dbr_recovery_ladder_new ();
  DbrSituation other = all_allowed;

  g_test_summary ("Five minutes of silence after it gave up, for this target; a recovery ends them");

  other.target = "00:11:22:33:44:55";
  dbr_recovery_ladder_give_up (ladder, "", 10 * S);
  assert_verdict (ladder, &restart, &all_allowed, 10 * S, DBR_VERDICT_SILENCE, 5 * MINUTE);
  assert_verdict (ladder, &restart, &other, 10 * S, DBR_VERDICT_RUN, 0);
  assert_verdict (ladder, &restart, &all_allowed, 5 * MINUTE + 10 * S - 1, DBR_VERDICT_SILENCE, 1);
  assert_verdict (ladder, &restart, &all_allowed, 5 * MINUTE + 10 * S, DBR_VERDICT_RUN, 0);

  dbr_recovery_ladder_give_up (ladder, "", HOUR);
  dbr_recovery_ladder_recovered (ladder, "");
  assert_verdict (ladder, &restart, &all_allowed, HOUR, DBR_VERDICT_RUN, 0);
}

static void
test_many (void)
{
  g_autoptr(DbrRecoveryLadder) ladder = dbr_recovery_ladder_new ();
  gint64 now = 0;

  g_test_summary ("A hundred thousand targets, and what is recent counts still");

  for (guint i = 0; i < 100000; i++, now += S)
    {
      g_autofree char *target = g_strdup_printf ("%u", i);
      DbrSituation situation = all_allowed;

      situation.target = target;
      for (guint j = 0; j < reconnect.max_attempts; j++)
        dbr_recovery_ladder_begin (ladder, &reconnect, &situation, now);
      dbr_recovery_ladder_give_up (ladder, target, now - 5 * MINUTE);
      assert_verdict (ladder, &reconnect, &situation, now + S, DBR_VERDICT_LIMITED, 59 * S);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/recovery-ladder/entry", test_entry);
  g_test_add_func ("/dbr/recovery-ladder/allowed", test_allowed);
  g_test_add_func ("/dbr/recovery-ladder/input-devices", test_input_devices);
  g_test_add_func ("/dbr/recovery-ladder/attempts", test_attempts);
  g_test_add_func ("/dbr/recovery-ladder/scope-of-limits", test_scope_of_limits);
  g_test_add_func ("/dbr/recovery-ladder/day", test_day);
  g_test_add_func ("/dbr/recovery-ladder/silence", test_silence);
  g_test_add_func ("/dbr/recovery-ladder/units", test_units);
  g_test_add_func ("/dbr/recovery-ladder/many", test_many);

  return g_test_run ();
}
