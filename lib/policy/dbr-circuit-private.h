/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-clock-private.h"
#include "policy/dbr-circuit-breaker.h"

G_BEGIN_DECLS

/* The window turns in so many steps. */
#define DBR_CIRCUIT_N_SLOTS 10
/* How long a trial keeps others from being one. */
#define DBR_CIRCUIT_TRIAL_USEC (2 * G_USEC_PER_SEC)
/* How many trials in a row have to succeed before the circuit closes. */
#define DBR_CIRCUIT_N_TRIALS 2

/* What a call to be admitted is. */
typedef enum
{
  DBR_CIRCUIT_CALL_NONE      = 0,
  /* A service may answer it although its main loop is dead: GDBus does so with all of Peer and with
   * Introspect. So its success says little, while its failure says as much as any. */
  DBR_CIRCUIT_CALL_PING      = 1 << 0,
  /* It was made to find out whether the service works. */
  DBR_CIRCUIT_CALL_PROBE     = 1 << 1,
  /* It would start a service that does not run. */
  DBR_CIRCUIT_CALL_MAY_START = 1 << 2,
} DbrCircuitCallFlags;

/* How a call ended, as far as it tells of the service and the way to it. An error by which the
 * service itself answered is a success. */
typedef enum
{
  DBR_CIRCUIT_SUCCESS,
  DBR_CIRCUIT_FAILURE,
  DBR_CIRCUIT_TIMEOUT,
  /* the same, but the service answered others that were sent later: it works, if not all of it */
  DBR_CIRCUIT_UNANSWERED,
  /* It tells nothing: cancelled, refused by the bus, spoilt by a stall of our own. */
  DBR_CIRCUIT_IGNORED,
} DbrCircuitOutcome;

/* Goes with an admitted call, and back with its result. One of zeros belongs to a call that asked
 * nobody, and its result counts for nothing. A trial of a half-open circuit has a number. */
typedef struct
{
  guint               period;
  guint               trial;
  DbrCircuitCallFlags flags;
} DbrCircuitPermit;

typedef enum
{
  DBR_CIRCUIT_CAUSE_NONE,
  DBR_CIRCUIT_CAUSE_CONSECUTIVE,
  DBR_CIRCUIT_CAUSE_FAILURES,
  DBR_CIRCUIT_CAUSE_SLOW,
  DBR_CIRCUIT_CAUSE_TRIAL,
  DBR_CIRCUIT_CAUSE_NO_OWNER,
  DBR_CIRCUIT_CAUSE_NEW_OWNER,
  DBR_CIRCUIT_CAUSE_RESUMED,
  DBR_CIRCUIT_CAUSE_HEARD,
  DBR_CIRCUIT_CAUSE_ISOLATED,
} DbrCircuitCause;

typedef struct
{
  guint  window_ms;
  guint  min_calls;
  double failure_ratio;
  guint  consecutive_failures;
  guint  slow_ms;
  double slow_ratio;
  guint  open_ms;
  guint  max_open_ms;
} DbrCircuitConfig;

typedef struct
{
  guint n_calls;
  guint n_failures;
  guint n_slow;
} DbrCircuitSlot;

/* The circuit itself, without lock, clock or anyone to tell. All of it is called with the lock of
 * its owner held, and all times are monotonic.
 *
 * Whatever changes its state or voids its window begins a new period, and a permit is worth
 * something only in the period it was given in. So no late result of an earlier period decides
 * anything, and a permit that is never given back holds up nobody: a trial that does not end only
 * loses its right to be the only one. */
typedef struct
{
  DbrCircuitConfig  config;
  DbrRandom        *random;

  DbrCircuitState   state;
  DbrCircuitCause   cause;
  /* the number that belongs to the cause, for its text */
  guint             cause_value;
  guint             period;
  /* goes up whenever who waits for the circuit should look again */
  guint             n_changes;
  gint64            since_usec;

  /* how often it opened since it last worked for long, and until when it is open */
  guint             n_openings;
  gint64            open_until_usec;

  /* what it opened for decides what closes it */
  gboolean          is_ping_enough;
  gboolean          was_slow;

  /* half-open */
  gboolean          has_prober;
  guint             trial;
  guint             n_successes;
  gint64            trial_until_usec;
  gint64            probe_from_usec;
  gint64            callers_from_usec;

  /* the window, by absolute number of its current slot */
  gint64            slot_usec;
  gint64            slow_usec;
  gint64            slot;
  gint64            slot_end_usec;
  DbrCircuitSlot    slots[DBR_CIRCUIT_N_SLOTS];
  DbrCircuitSlot   *current;
  guint             n_consecutive;
  gboolean          has_timeout;
  gint64            last_timeout_usec;
} DbrCircuit;

void        dbr_circuit_init             (DbrCircuit             *self,
                                          DbrRandom              *random,
                                          gint64                  now);

/* To be called after config was written; empties the window if its length has changed. */
void        dbr_circuit_configured       (DbrCircuit             *self);
gboolean    dbr_circuit_config_check     (const DbrCircuitConfig *config,
                                          GError                **error);

gboolean    dbr_circuit_admit            (DbrCircuit             *self,
                                          gint64                  now,
                                          DbrCircuitPermit       *permit);
/* The elapsed time is -1 where it does not tell whether the service is slow. */
void        dbr_circuit_report           (DbrCircuit             *self,
                                          gint64                  now,
                                          const DbrCircuitPermit *permit,
                                          DbrCircuitOutcome       outcome,
                                          gint64                  elapsed_usec);
/* The same for the usual result, a success while closed; FALSE: it was another one. */
gboolean    dbr_circuit_report_usual     (DbrCircuit             *self,
                                          gint64                  now,
                                          const DbrCircuitPermit *permit,
                                          gint64                  elapsed_usec);

/* What happens to it. */
void        dbr_circuit_tick             (DbrCircuit             *self,
                                          gint64                  now);
void        dbr_circuit_owner_lost       (DbrCircuit             *self,
                                          gint64                  now,
                                          gboolean                opens);
void        dbr_circuit_owner_found      (DbrCircuit             *self,
                                          gint64                  now);
void        dbr_circuit_resumed          (DbrCircuit             *self,
                                          gint64                  now);
void        dbr_circuit_heard            (DbrCircuit             *self,
                                          gint64                  now);
void        dbr_circuit_isolate          (DbrCircuit             *self,
                                          gint64                  now);
void        dbr_circuit_reset            (DbrCircuit             *self,
                                          gint64                  now);

/* Whether a probe should begin now. */
gboolean    dbr_circuit_wants_probe      (const DbrCircuit       *self,
                                          gint64                  now);
/* When it will change without a call, or want a probe; G_MAXINT64 if never. */
gint64      dbr_circuit_get_next_usec    (const DbrCircuit       *self);
/* When a call of a user may be admitted; 0 if that is not known. */
gint64      dbr_circuit_get_retry_usec   (const DbrCircuit       *self);

/* A text for a person, NULL for DBR_CIRCUIT_CAUSE_NONE. It is interned: there are not many. */
const char *dbr_circuit_cause_to_string  (DbrCircuitCause         cause,
                                          guint                   value);

G_END_DECLS
