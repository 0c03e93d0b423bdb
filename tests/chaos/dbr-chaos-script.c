/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-script.h"

#include "dbr-test-draw.h"

/* A storm is this long, and the calm behind it, in which all has to become well again. */
#define STORM_MS 2500
#define CALM_MS 2500

/* What each is called, how often of all it is drawn, and how long it lasts. */
static const struct
{
  const char *name;
  guint       weight;
  guint       least_ms;
  guint       most_ms;
} faults[CHAOS_N_FAULTS] = {
  [CHAOS_FAULT_DELAY] = { "delay", 3, 50, 1500 },
  [CHAOS_FAULT_SPLIT] = { "split", 3, 50, 1000 },
  [CHAOS_FAULT_THROTTLE] = { "throttle", 2, 50, 800 },
  [CHAOS_FAULT_FREEZE] = { "freeze", 2, 20, 1200 },
  [CHAOS_FAULT_BRITTLE] = { "brittle", 2, 100, 1500 },
  [CHAOS_FAULT_CUT] = { "cut", 2, 0, 0 },
  [CHAOS_FAULT_TRUNCATE] = { "truncate", 2, 400, 400 },
  [CHAOS_FAULT_HALF_CLOSE] = { "half-close", 2, 100, 600 },
  [CHAOS_FAULT_CORRUPT] = { "corrupt", 2, 100, 400 },
  [CHAOS_FAULT_PEER_STOP] = { "peer stopped", 4, 20, 1500 },
  [CHAOS_FAULT_PEER_KILL] = { "peer killed", 3, 20, 600 },
  [CHAOS_FAULT_BUS_STOP] = { "bus stopped", 2, 20, 1000 },
  [CHAOS_FAULT_BUS_KILL] = { "bus killed", 1, 20, 600 },
};

const char *
chaos_fault_get_name (ChaosFaultKind kind)
{
  return faults[kind].name;
}

gboolean
chaos_fault_is_weather (const ChaosFault *self)
{
  return self->kind <= CHAOS_FAULT_BRITTLE;
}

gboolean
chaos_fault_is_strike (const ChaosFault *self)
{
  return self->kind >= CHAOS_FAULT_CUT && self->kind <= CHAOS_FAULT_CORRUPT;
}

gboolean
chaos_fault_is_process (const ChaosFault *self)
{
  return self->kind >= CHAOS_FAULT_PEER_STOP;
}

void
chaos_fault_make_weather (const ChaosFault *self,
                          ChaosWeather     *weather)
{
  if (self->kind == CHAOS_FAULT_DELAY)
    weather->delay_ms = self->amount;
  else if (self->kind == CHAOS_FAULT_SPLIT)
    weather->piece_bytes = self->amount;
  else if (self->kind == CHAOS_FAULT_THROTTLE)
    weather->bytes_per_ms = self->amount;
  else if (self->kind == CHAOS_FAULT_FREEZE)
    weather->is_frozen = TRUE;
  else if (self->kind == CHAOS_FAULT_BRITTLE)
    weather->brittle_bytes = self->amount;
}

static ChaosFaultKind
draw_kind (GRand *rand)
{
  guint sum = 0;
  guint number;
  ChaosFaultKind kind = 0;

  for (gsize i = 0; i < CHAOS_N_FAULTS; i++)
    sum += faults[i].weight;
  number = dbr_test_draw (rand, 0, sum - 1);
  while (number >= faults[kind].weight)
    number -= faults[kind++].weight;

  return kind;
}

/* Delays of up to 200 ms, pieces down to a single byte, 2 to 200 bytes a millisecond, and ends
 * anywhere between the first word and what is asked when the bus has let one in. */
static guint
draw_amount (GRand          *rand,
             ChaosFaultKind  kind)
{
  if (kind == CHAOS_FAULT_DELAY)
    return dbr_test_draw (rand, 1, 200);
  if (kind == CHAOS_FAULT_SPLIT)
    return dbr_test_draw (rand, 0, 1) == 0 ? dbr_test_draw (rand, 1, 16)
                                           : dbr_test_draw (rand, 17, 200);
  if (kind == CHAOS_FAULT_BRITTLE)
    return dbr_test_draw (rand, 1, 1500);

  return dbr_test_draw (rand, 2, 200);
}

static void
draw_strike (GRand      *rand,
             ChaosFault *fault)
{
  static const ChaosStrikeKind kinds[CHAOS_N_FAULTS] = {
    [CHAOS_FAULT_CUT] = CHAOS_STRIKE_CUT,
    [CHAOS_FAULT_TRUNCATE] = CHAOS_STRIKE_TRUNCATE,
    [CHAOS_FAULT_HALF_CLOSE] = CHAOS_STRIKE_HALF_CLOSE,
    [CHAOS_FAULT_CORRUPT] = CHAOS_STRIKE_CORRUPT,
  };
  ChaosStrike *strike = &fault->strike;

  strike->kind = kinds[fault->kind];
  strike->way = dbr_test_draw (rand, 0, 1) == 0 ? CHAOS_TO_BUS : CHAOS_TO_CLIENT;
  strike->of = dbr_test_draw (rand, 1, 4);
  strike->share = dbr_test_draw (rand, 0, strike->of - 1);
  strike->after_bytes = dbr_test_draw (rand, 0, 600);
  strike->every_bytes = dbr_test_draw (rand, 1, 500);
  strike->mask = (guint8) dbr_test_draw (rand, 1, 255);
}

static ChaosFault
draw_fault (GRand *rand,
            guint  at_ms,
            guint  n_peers)
{
  ChaosFault fault = { .kind = draw_kind (rand), .at_ms = at_ms };

  fault.lasts_ms = dbr_test_draw (rand, faults[fault.kind].least_ms, faults[fault.kind].most_ms);
  fault.amount = draw_amount (rand, fault.kind);
  fault.place = dbr_test_draw (rand, 0, (chaos_fault_is_process (&fault) ? n_peers : CHAOS_N_WAYS)
                               - 1);
  if (chaos_fault_is_strike (&fault))
    draw_strike (rand, &fault);

  return fault;
}

/* One process at a time, so that what was killed can be started again. */
static void
script_add_storm (GArray *script,
                  GRand  *rand,
                  guint   begin_ms,
                  guint   end_ms,
                  guint   n_peers)
{
  guint whole_ms = begin_ms;
  guint at_ms = begin_ms;

  while (at_ms < end_ms)
    {
      ChaosFault fault = draw_fault (rand, at_ms, n_peers);

      if (chaos_fault_is_process (&fault))
        {
          fault.at_ms = MAX (fault.at_ms, whole_ms);
          whole_ms = fault.at_ms + fault.lasts_ms + 1;
        }
      fault.lasts_ms = MIN (fault.lasts_ms, end_ms - MIN (fault.at_ms, end_ms));
      fault.strike.lasts_ms = fault.lasts_ms;
      if (fault.at_ms < end_ms)
        g_array_append_val (script, fault);
      at_ms += dbr_test_draw (rand, 10, 500);
    }
}

static int
compare_faults (gconstpointer a,
                gconstpointer b)
{
  const ChaosFault *one = a;
  const ChaosFault *other = b;

  return (int) one->at_ms - (int) other->at_ms;
}

GArray *
chaos_script_new (guint32 seed,
                  guint   ms,
                  guint   n_peers)
{
  GArray *script = g_array_new (FALSE, FALSE, sizeof (ChaosFault));
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);

  for (guint at_ms = 0; at_ms < ms; at_ms += STORM_MS + CALM_MS)
    script_add_storm (script, rand, at_ms, MIN (at_ms + STORM_MS, ms), n_peers);
  g_array_sort (script, compare_faults);

  return script;
}

char *
chaos_fault_to_text (const ChaosFault *self)
{
  static const char *const ways[CHAOS_N_WAYS] = { "to the bus", "to clients" };
  const ChaosStrike *strike = &self->strike;

  if (chaos_fault_is_process (self))
    return g_strdup_printf ("%s (%u) for %u ms", faults[self->kind].name, self->place,
                            self->lasts_ms);
  if (chaos_fault_is_weather (self))
    return g_strdup_printf ("%s %u %s for %u ms", faults[self->kind].name, self->amount,
                            ways[self->place], self->lasts_ms);

  return g_strdup_printf ("%s %s, connection %u of %u, after %u bytes, every %u ^ 0x%02x, for %u ms",
                          faults[self->kind].name, ways[strike->way], strike->share, strike->of,
                          strike->after_bytes, strike->every_bytes, strike->mask, self->lasts_ms);
}
