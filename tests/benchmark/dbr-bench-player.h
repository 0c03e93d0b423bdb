/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the service is called, and what is echoed: sixteen bytes with their zero. */
#define BENCH_NAME "org.dbr.Bench1"
#define BENCH_PATH "/org/dbr/Bench1"
#define BENCH_INTERFACE "org.dbr.Bench1"
#define BENCH_PAYLOAD "fifteen letters"

/* The client that makes no calls, in a program of its own. */
#define BENCH_FIGURES_NAME "figures"

/* Those that keep the objects of a service, in the same program, and that service. */
#define BENCH_TREE_NAME "tree"
#define BENCH_MANAGER_NAME "manager"
#define BENCH_OBJECTS_NAME "org.dbr.BenchObjects1"
#define BENCH_N_OBJECTS 10000

/* How long calls that are never answered may wait: longer than any run of the bench. */
#define BENCH_PARKED_MS (3600 * 1000)

typedef enum
{
  BENCH_CALL_ECHO,
  /* echoed by a service that takes a millisecond for each, one after the other; what the bus
   * refuses is counted and no failure */
  BENCH_CALL_BURST,
  /* refused, because parked calls hold all slots */
  BENCH_CALL_OVERLOADED,
  /* refused, because its path is none */
  BENCH_CALL_INVALID,
  /* no calls, but what is recorded of one and how it is read */
  BENCH_CALL_HISTOGRAM,
  BENCH_CALL_TOTAL,
  BENCH_CALL_PARTS,
  BENCH_CALL_NAME,
  BENCH_CALL_READ,
  /* all objects of a service read, and a property of one looked up */
  BENCH_CALL_READY,
  BENCH_CALL_LOOKUP,
} BenchCall;

typedef struct
{
  BenchCall call;
  gboolean  is_sync;
  guint     n_calls;
  guint     n_in_flight;
} BenchTask;

typedef struct _BenchClient BenchClient;

/* A library that can make the calls. Whatever goes wrong ends in bench_player_fail(). */
struct _BenchClient
{
  const char *name;

  gpointer  (*make) (const char      *address);
  /* Leaves calls under way that are never answered; NULL where it cannot. */
  void      (*park) (gpointer         self,
                     guint            n_calls);
  void      (*play) (gpointer         self,
                     const BenchTask *task);
};

extern const BenchClient bench_client_gdbus;
extern const BenchClient bench_client_libdbr;
extern const BenchClient bench_client_libdbr_gdbus;
extern const BenchClient bench_client_figures;
extern const BenchClient bench_client_tree;
extern const BenchClient bench_client_manager;
#ifdef HAVE_SDBUS
extern const BenchClient bench_client_sdbus;
#endif
#ifdef HAVE_LIBDBUS
extern const BenchClient bench_client_libdbus;
#endif

/* The names of all clients there are: plain GDBus, libdbr on its own transport and on GDBus's, and
 * what stands beside them. */
const char *const *bench_player_get_clients (void);

int                bench_player_main        (const char *client_name,
                                             const char *address);

void               bench_player_fail        (const char *format,
                                             ...) G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN;
void               bench_player_check_reply (BenchCall   call,
                                             GVariant   *reply,
                                             GError     *error);

/* The method of the service; and whether it is to be answered and not refused. */
const char        *bench_call_get_method    (BenchCall   call);
gboolean           bench_call_is_answered   (BenchCall   call);

G_END_DECLS
