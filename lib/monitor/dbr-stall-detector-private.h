/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-clock-private.h"
#include "monitor/dbr-stall-plan-private.h"

G_BEGIN_DECLS

typedef enum
{
  /* Nobody has the name, and nothing is asked. */
  DBR_STALL_ABSENT,
  /* Its owner has not answered yet. */
  DBR_STALL_STARTING,
  DBR_STALL_HEALTHY,
  DBR_STALL_SLOW,
  /* It has missed a probe, or is on the way back from a stall. */
  DBR_STALL_SUSPECT,
  DBR_STALL_STALLED,
  /* It is stalled, and its process is known to be stopped. */
  DBR_STALL_FROZEN,
} DbrStallState;

/* What came of telling the detector something. */
typedef enum
{
  DBR_STALL_EVENT_NONE      = 0,
  DBR_STALL_EVENT_STATE     = 1 << 0,
  /* Each stall gives one, with silent_usec, and then at most one recovery, with down_usec. */
  DBR_STALL_EVENT_STALLED   = 1 << 1,
  DBR_STALL_EVENT_RECOVERED = 1 << 2,
  /* an answer took latency_usec, the first that was slow */
  DBR_STALL_EVENT_SLOW      = 1 << 3,
  /* we were late ourselves, by lag_usec */
  DBR_STALL_EVENT_OWN_STALL = 1 << 4,
  /* The bus does not answer. */
  DBR_STALL_EVENT_BUS_STALL = 1 << 5,
} DbrStallEvents;

/* Why nothing can be asked. */
typedef enum
{
  DBR_STALL_PAUSE_SLEEP   = 1 << 0,
  DBR_STALL_PAUSE_BUS     = 1 << 1,
  DBR_STALL_PAUSE_REFUSED = 1 << 2,
} DbrStallPauses;

typedef enum
{
  /* Its wait was voided or has been overtaken by a sign of life. */
  DBR_STALL_WAIT_NONE,
  DBR_STALL_WAIT_RUNNING,
  DBR_STALL_WAIT_MISSED,
} DbrStallWait;

/* A probe that was sent and is not answered. */
typedef struct
{
  /* 0: there is none */
  guint        serial;
  DbrStallWait wait;
  /* The time until its answer is not the service's. */
  gboolean     is_spoilt;
  gint64       from_usec;
  gint64       due_usec;
} DbrStallProbe;

typedef struct
{
  guint interval_ms;
  /* 0: it follows from how long the service takes */
  guint probe_timeout_ms;
  guint slow_ms;
  guint misses_to_stall;
  guint resume_grace_ms;
  guint owner_grace_ms;
} DbrStallConfig;

/* Tells a stall from a death, and from our own fault. It is called with the lock of its owner held,
 * never calls back, and allocates nothing. After each call its owner looks whether a probe is
 * wanted, whether the control is, and when it is to tick.
 *
 * Who judges a service by a clock judges everything else too that the clock ran through. So a probe
 * that is past its limit is not missed yet: the bus is asked something then, over the same
 * connection, and as answers keep their order, the bus's proves that there was none of the
 * service's before it, neither held up in the bus nor unread by us.
 *
 * Whatever voids a wait leaves its probe unanswered, and with a place at the bus. When all places
 * that a stall may cost are taken, the next wait is for one of those: it was sent, and is
 * unanswered for a whole limit in which all was well. */
typedef struct
{
  DbrStallConfig  config;
  const DbrClock *clock;
  DbrRandom      *random;

  /* What was asked for, 0 if nothing was, and what is done for it. */
  guint           max_detection_ms;
  double          min_days;
  DbrStallPlan    plan;
  DbrStallLatency latency;

  /* the clock: when it was last looked at, how long the machine had slept, and when to look again */
  gint64          now_usec;
  gint64          asleep_usec;
  gint64          next_usec;
  gint64          grace_until_usec;

  /* the service */
  gboolean        has_owner;
  gboolean        is_ready;
  gboolean        is_slow;
  gboolean        is_stopped;
  /* between the two events of a stall */
  gboolean        is_in_stall;
  guint           n_good;
  gint64          heard_usec;
  gint64          stalled_from_usec;

  /* the probes */
  DbrStallProbe   probes[DBR_STALL_MAX_MISSES];
  guint           last_serial;
  gint64          begin_from_usec;
  gboolean        is_hurried;
  guint           pressure;
  DbrStallPauses  pauses;

  /* the control */
  gboolean        has_control;
  gboolean        is_control_void;
  gint64          control_usec;
  guint           n_late_controls;

  /* read by the owner */
  DbrStallState   state;
  gint64          since_usec;
  gint64          silent_usec;
  gint64          down_usec;
  gint64          latency_usec;
  gint64          lag_usec;
} DbrStallDetector;

void           dbr_stall_detector_init               (DbrStallDetector       *self,
                                                      const DbrClock         *clock,
                                                      DbrRandom              *random_source);

/* Forgets all but what was set. Serials are never given again. */
void           dbr_stall_detector_reset              (DbrStallDetector       *self);

/* To be called after config was written, or quality asked for. */
DbrStallEvents dbr_stall_detector_configured         (DbrStallDetector       *self);
gboolean       dbr_stall_config_check                (const DbrStallConfig   *config,
                                                      GError                **error);
/* From here on the interval and the misses are found instead of those in config, and followed when
 * the service gets slower; 0 ms ends it. FALSE: it is a bad value. */
gboolean       dbr_stall_detector_set_quality        (DbrStallDetector       *self,
                                                      guint                   max_detection_ms,
                                                      double                  min_days,
                                                      GError                **error);

/* Time has passed. */
DbrStallEvents dbr_stall_detector_tick               (DbrStallDetector       *self);

/* A probe was sent; returns its serial. Only where one is wanted. */
guint          dbr_stall_detector_probe_begun        (DbrStallDetector       *self);
/* The service answered it, if by an error; after @rtt_usec, or -1 if that is not known. Serials of
 * former owners are forgotten, and count for nothing. */
DbrStallEvents dbr_stall_detector_probe_answered     (DbrStallDetector       *self,
                                                      guint                   serial,
                                                      gint64                  rtt_usec);
/* It ended in a way that says nothing of the service, and its place is free. */
DbrStallEvents dbr_stall_detector_probe_void         (DbrStallDetector       *self,
                                                      guint                   serial);

/* The bus was asked something, over the connection of the probes; that it has answered is told when
 * all that came before it was told. */
void           dbr_stall_detector_control_begun      (DbrStallDetector       *self);
DbrStallEvents dbr_stall_detector_control_answered   (DbrStallDetector       *self);

/* The owner sent something, not by the worker of GDBus alone. */
DbrStallEvents dbr_stall_detector_heard              (DbrStallDetector       *self);
/* A call is past what is slow for it. */
DbrStallEvents dbr_stall_detector_call_is_slow       (DbrStallDetector       *self);

/* What happens to the service and to the machine. */
DbrStallEvents dbr_stall_detector_owner_changed      (DbrStallDetector       *self,
                                                      gboolean                has_owner);
DbrStallEvents dbr_stall_detector_bus_changed        (DbrStallDetector       *self,
                                                      gboolean                has_bus);
/* PrepareForSleep. A suspend that nobody announced is seen by the clocks. */
DbrStallEvents dbr_stall_detector_sleep_changed      (DbrStallDetector       *self,
                                                      gboolean                is_going_to_sleep);
/* Somebody between us and this owner lets nothing through. */
DbrStallEvents dbr_stall_detector_refused            (DbrStallDetector       *self);
/* The process is stopped, or frozen by its cgroup; no less a stall to who waits for it. */
DbrStallEvents dbr_stall_detector_process_changed    (DbrStallDetector       *self,
                                                      gboolean                is_stopped);
/* To be told each time the pressure was looked at: each time that it is high stretches the limit,
 * each other one takes a stretch back. */
DbrStallEvents dbr_stall_detector_pressure_read      (DbrStallDetector       *self,
                                                      gboolean                is_high);

/* Whether a probe or the control should be sent now. A probe may be a little early, so that many
 * services are asked in one go. */
gboolean       dbr_stall_detector_wants_probe        (const DbrStallDetector *self);
gboolean       dbr_stall_detector_wants_control      (const DbrStallDetector *self);
/* When to tick; G_MAXINT64 if never. While a probe is out that is more often than its limit: who
 * looks only at its end cannot tell for how long he was not looking. */
gint64         dbr_stall_detector_get_next_usec      (const DbrStallDetector *self);

/* The limit for the next probe. */
gint64         dbr_stall_detector_get_limit_usec     (const DbrStallDetector *self);
/* How unlikely the silence is by now if the service works, as the negative logarithm to the base of
 * 10: 3 is one in a thousand. */
double         dbr_stall_detector_get_suspicion      (const DbrStallDetector *self);
/* What is achieved: the longest detection, and whether it is what was asked for. */
gint64         dbr_stall_detector_get_detection_usec (const DbrStallDetector *self);
gboolean       dbr_stall_detector_is_quality_met     (const DbrStallDetector *self);

G_END_DECLS
