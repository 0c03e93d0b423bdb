/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_CIRCUIT_STATE (dbr_circuit_state_get_type ())
#define DBR_TYPE_CIRCUIT_BREAKER (dbr_circuit_breaker_get_type ())

/**
 * DbrCircuitState:
 * @DBR_CIRCUIT_STATE_CLOSED: calls are sent
 * @DBR_CIRCUIT_STATE_OPEN: calls fail at once for a while
 * @DBR_CIRCUIT_STATE_HALF_OPEN: one call at a time is sent, to see whether the service works again
 * @DBR_CIRCUIT_STATE_ISOLATED: calls fail at once until the circuit is reset
 *
 * Whether calls to a service are sent.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_CIRCUIT_STATE_CLOSED,
  DBR_CIRCUIT_STATE_OPEN,
  DBR_CIRCUIT_STATE_HALF_OPEN,
  DBR_CIRCUIT_STATE_ISOLATED,
} DbrCircuitState;

DBR_AVAILABLE_IN_0_1
GType dbr_circuit_state_get_type (void);

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrCircuitBreaker, dbr_circuit_breaker, DBR, CIRCUIT_BREAKER, GObject)

DBR_AVAILABLE_IN_0_1
DbrCircuitState  dbr_circuit_breaker_get_state                (DbrCircuitBreaker *self);
DBR_AVAILABLE_IN_0_1
const char      *dbr_circuit_breaker_get_reason               (DbrCircuitBreaker *self);
DBR_AVAILABLE_IN_0_1
guint            dbr_circuit_breaker_get_retry_after_ms       (DbrCircuitBreaker *self);

DBR_AVAILABLE_IN_0_1
guint            dbr_circuit_breaker_get_window_ms            (DbrCircuitBreaker *self);
DBR_AVAILABLE_IN_0_1
void             dbr_circuit_breaker_set_window_ms            (DbrCircuitBreaker *self,
                                                               guint              window_ms);
DBR_AVAILABLE_IN_0_1
guint            dbr_circuit_breaker_get_min_calls            (DbrCircuitBreaker *self);
DBR_AVAILABLE_IN_0_1
void             dbr_circuit_breaker_set_min_calls            (DbrCircuitBreaker *self,
                                                               guint              min_calls);
DBR_AVAILABLE_IN_0_1
double           dbr_circuit_breaker_get_failure_ratio        (DbrCircuitBreaker *self);
DBR_AVAILABLE_IN_0_1
void             dbr_circuit_breaker_set_failure_ratio        (DbrCircuitBreaker *self,
                                                               double             failure_ratio);
DBR_AVAILABLE_IN_0_1
guint            dbr_circuit_breaker_get_consecutive_failures (DbrCircuitBreaker *self);
DBR_AVAILABLE_IN_0_1
void             dbr_circuit_breaker_set_consecutive_failures (DbrCircuitBreaker *self,
                                                               guint              n_failures);
DBR_AVAILABLE_IN_0_1
guint            dbr_circuit_breaker_get_slow_ms              (DbrCircuitBreaker *self);
DBR_AVAILABLE_IN_0_1
void             dbr_circuit_breaker_set_slow_ms              (DbrCircuitBreaker *self,
                                                               guint              slow_ms);
DBR_AVAILABLE_IN_0_1
double           dbr_circuit_breaker_get_slow_ratio           (DbrCircuitBreaker *self);
DBR_AVAILABLE_IN_0_1
void             dbr_circuit_breaker_set_slow_ratio           (DbrCircuitBreaker *self,
                                                               double             slow_ratio);
DBR_AVAILABLE_IN_0_1
guint            dbr_circuit_breaker_get_open_ms              (DbrCircuitBreaker *self);
DBR_AVAILABLE_IN_0_1
void             dbr_circuit_breaker_set_open_ms              (DbrCircuitBreaker *self,
                                                               guint              open_ms);
DBR_AVAILABLE_IN_0_1
guint            dbr_circuit_breaker_get_max_open_ms          (DbrCircuitBreaker *self);
DBR_AVAILABLE_IN_0_1
void             dbr_circuit_breaker_set_max_open_ms          (DbrCircuitBreaker *self,
                                                               guint              max_open_ms);

DBR_AVAILABLE_IN_0_1
void             dbr_circuit_breaker_isolate                  (DbrCircuitBreaker *self);
DBR_AVAILABLE_IN_0_1
void             dbr_circuit_breaker_reset                    (DbrCircuitBreaker *self);

G_END_DECLS
