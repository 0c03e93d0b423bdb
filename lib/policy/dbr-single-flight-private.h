/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-request-private.h"

G_BEGIN_DECLS

/* A read that was asked longer ago is not joined: what it will answer may be too old. */
#define DBR_SINGLE_FLIGHT_MAX_AGE_USEC (G_USEC_PER_SEC / 4)
/* A read with more bytes of parameters is not compared with others. */
#define DBR_SINGLE_FLIGHT_MAX_SIZE 1024

typedef struct _DbrSingleFlight DbrSingleFlight;
typedef struct _DbrFlightNode DbrFlightNode;

typedef enum
{
  /* It is sent, and shares its answer with nobody. */
  DBR_FLIGHT_ALONE,
  /* It is sent, and others may join it. */
  DBR_FLIGHT_LEADS,
  /* It is not sent: it will have the leader's answer. */
  DBR_FLIGHT_JOINED,
} DbrFlightRole;

/* A read that leads a flight or has joined one. It is part of the call, and is to be zeros before
 * it enters. The fields are read only, but for `next` of those that are given back. */
struct _DbrFlightNode
{
  /* a ring of the leader and all that joined it, in order */
  DbrFlightNode    *next;
  DbrFlightNode    *previous;
  DbrFlightRole     role;

  /* what is asked, with the parameters as they lie in memory */
  const DbrRequest *request;
  const char       *type;
  gconstpointer     data;
  gsize             size;
  guint64           generation;
  gint64            began_usec;
  guint             object_hash;
  guint             hash;
  gboolean          is_background;
  gboolean          can_be_joined;
  /* the other leaders that read the same object */
  DbrFlightNode    *object_next;
  DbrFlightNode    *object_previous;
};

/* The reads of a client that are under way and may be joined: the same question to the same owner
 * of a name is asked once. Who uses it says what is a read, that is, what may be asked once for
 * many. It is called with the lock of its owner held and never calls back. */
DbrSingleFlight *dbr_single_flight_new           (void) G_GNUC_WARN_UNUSED_RESULT;
void             dbr_single_flight_free          (DbrSingleFlight  *self);

/* A read begins. @generation tells the owners of the name apart. The request has to live, and must
 * not change, until the node has left or ended. */
DbrFlightRole    dbr_single_flight_enter         (DbrSingleFlight  *self,
                                                  DbrFlightNode    *node,
                                                  const DbrRequest *request,
                                                  guint64           generation,
                                                  gint64            now);

/* The leader has its answer. Returns those that joined it, linked by `next` in the order they came,
 * each for itself from now on: to be taken under the lock and answered outside of it. */
DbrFlightNode   *dbr_single_flight_end           (DbrSingleFlight  *self,
                                                  DbrFlightNode    *leader);

/* Who waits gives up. If it led others, the first of them leads now and is returned: what is under
 * way at the bus is its from here on, and is not sent again. Otherwise NULL. */
DbrFlightNode   *dbr_single_flight_leave         (DbrSingleFlight  *self,
                                                  DbrFlightNode    *node);

/* The object may have changed, by a write or as it said itself: what was asked before this is not
 * joined after it, neither of the object nor of those above it, which may tell of it. A write calls
 * it when it begins and when it ends. */
void             dbr_single_flight_end_joining   (DbrSingleFlight  *self,
                                                  const char       *bus_name,
                                                  const char       *object_path);
/* The same for all objects, when signals were perhaps missed. */
void             dbr_single_flight_end_all       (DbrSingleFlight  *self);

/* How many flights may be joined. */
guint            dbr_single_flight_get_n_flights (DbrSingleFlight  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrSingleFlight, dbr_single_flight_free)

G_END_DECLS
