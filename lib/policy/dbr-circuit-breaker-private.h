/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-clock-private.h"
#include "base/dbr-mailbox-private.h"
#include "policy/dbr-circuit-breaker.h"
#include "policy/dbr-circuit-private.h"

G_BEGIN_DECLS

/* Called in whichever thread changed the circuit, with no lock held: what
 * dbr_circuit_breaker_get_next_usec() and dbr_circuit_breaker_wants_probe() say may be new. */
typedef void (*DbrCircuitFunc) (DbrCircuitBreaker *self,
                                gpointer           user_data);

/* A change that the object's context was not told of yet. */
typedef struct
{
  DbrCircuitState old_state;
  DbrCircuitState new_state;
} DbrCircuitNews;

#define DBR_CIRCUIT_MAX_NEWS 32

typedef struct _DbrCircuitHerald DbrCircuitHerald;

struct _DbrCircuitBreaker
{
  GObject           parent_instance;

  /* identity */
  char             *bus_name;
  const DbrClock   *clock;
  DbrCircuitHerald *herald;
  DbrCircuitFunc    changed;
  gpointer          user_data;
  GDestroyNotify    destroy;

  /* atomic: the period, and one bit that says whether a call has to look closer */
  guint             word;

  GMutex            mutex;

  /* guarded by mutex */
  DbrCircuit        circuit;
  gboolean          is_misconfigured;
  gint64            suspended_usec;
  char             *last_error;
  /* what the last call that was refused was told, and what holds of it */
  GRefString       *refusal;
  guint             refusal_ms;
  guint             refusal_n_changes;
  DbrCircuitNews    news[DBR_CIRCUIT_MAX_NEWS];
  guint             n_news;
  gboolean          has_new_reason;
  gboolean          is_herald_sent;
};

/* One for @bus_name, NULL where there is no bus, whose signals are emitted in @context. */
DbrCircuitBreaker *dbr_circuit_breaker_new (const char     *bus_name,
                                            GMainContext   *context,
                                            const DbrClock *clock,
                                            DbrRandom      *random) G_GNUC_WARN_UNUSED_RESULT;
/* To be set once, before the first call. The application may keep the circuit longer than its
 * client lives, so @user_data belongs to the circuit. */
void               dbr_circuit_breaker_set_changed   (DbrCircuitBreaker       *self,
                                                      DbrCircuitFunc           changed,
                                                      gpointer                 user_data,
                                                      GDestroyNotify           destroy);

/* What every attempt asks before it is sent, and says when it has ended. An admitted attempt should
 * be reported once; if it never is, that holds up nobody. */
gboolean           dbr_circuit_breaker_admit         (DbrCircuitBreaker       *self,
                                                      gint64                   now,
                                                      DbrCircuitCallFlags      flags,
                                                      DbrCircuitPermit        *permit,
                                                      GError                 **error);
/* The elapsed time is -1 where it does not tell whether the service is slow: the operation takes
 * long by nature, or the service was started first. What failed is named by CIRCUIT_OPEN. */
void               dbr_circuit_breaker_report        (DbrCircuitBreaker       *self,
                                                      gint64                   now,
                                                      const DbrCircuitPermit  *permit,
                                                      DbrCircuitOutcome        outcome,
                                                      gint64                   elapsed_usec,
                                                      const GError            *failure);

/* What happens to the service and the machine. A lost owner opens the circuit only on demand, and
 * then calls that would start the service still pass. */
void               dbr_circuit_breaker_owner_changed (DbrCircuitBreaker       *self,
                                                      gint64                   now,
                                                      gboolean                 has_owner,
                                                      gboolean                 opens);
void               dbr_circuit_breaker_resumed       (DbrCircuitBreaker       *self,
                                                      gint64                   now);
/* A reply came from the service although nobody waited for it any more. */
void               dbr_circuit_breaker_heard         (DbrCircuitBreaker       *self,
                                                      gint64                   now);

/* Who probes the service says so, and is then the first to try a half-open circuit. */
void               dbr_circuit_breaker_set_prober    (DbrCircuitBreaker       *self,
                                                      gboolean                 has_prober);
gboolean           dbr_circuit_breaker_wants_probe   (DbrCircuitBreaker       *self,
                                                      gint64                   now);

/* When dbr_circuit_breaker_tick() should be called, G_MAXINT64 if not at all. */
gint64             dbr_circuit_breaker_get_next_usec (DbrCircuitBreaker       *self);
void               dbr_circuit_breaker_tick          (DbrCircuitBreaker       *self,
                                                      gint64                   now);

/* What belongs between locking and unlocking for everything that may change the circuit. */
typedef struct
{
  DbrCircuitState state;
  DbrCircuitCause cause;
  guint           n_changes;
} DbrCircuitBefore;

void               dbr_circuit_breaker_begin         (DbrCircuitBreaker       *self,
                                                      DbrCircuitBefore        *before);
void               dbr_circuit_breaker_end           (DbrCircuitBreaker       *self,
                                                      const DbrCircuitBefore  *before);
/* The same for what changes nothing but how the next call is looked at. */
void               dbr_circuit_breaker_publish_locked (DbrCircuitBreaker      *self);

G_END_DECLS
