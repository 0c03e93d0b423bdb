/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

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
#define BENCH_TREE_GDBUS_NAME "tree-gdbus"
#define BENCH_MANAGER_NAME "manager"
#define BENCH_OBJECTS_NAME "org.dbr.BenchObjects1"
#define BENCH_N_OBJECTS 10000
#define BENCH_DEVICE_INTERFACE "org.bluez.Device1"

/* Asked for a turn, that service changes the property RSSI so often, each time of the next of so
* many objects, or each time of the first one. The last change of a turn is to the last value. */
#define BENCH_TURN 250
#define BENCH_N_WATCHED 1000
#define BENCH_LAST_VALUE (-127)
#define BENCH_TURN_OF_ONE "TurnOfOne"

/* How long calls that are never answered may wait: longer than any run of the bench. */
#define BENCH_PARKED_MS (3600 * 1000)

typedef enum
{
  BENCH_CALL_ECHO,
  /* echoed by a service that takes a millisecond for each, one after the other; what the bus
   * refuses is counted and no failure */
  BENCH_CALL_BURST,
  /* the same by a client that has no metrics */
  BENCH_CALL_UNCOUNTED,
  /* refused, because parked calls hold all slots */
  BENCH_CALL_OVERLOADED,
  /* refused, because its path is none, its circuit is open, or an access policy denies it */
  BENCH_CALL_INVALID,
  BENCH_CALL_ISOLATED,
  BENCH_CALL_DENIED,
  /* no calls, but what is recorded of one and how it is read */
  BENCH_CALL_HISTOGRAM,
  BENCH_CALL_TOTAL,
  BENCH_CALL_PARTS,
  BENCH_CALL_NAME,
  BENCH_CALL_READ,
  /* all objects of a service read, and a property of one looked up */
  BENCH_CALL_READY,
  BENCH_CALL_LOOKUP,
  /* this many of its objects followed from now on, what is known of one looked up, and so many
   * changes heard */
  BENCH_CALL_WATCH,
  BENCH_CALL_CACHED,
  BENCH_CALL_CHANGE,
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
extern const BenchClient bench_client_tree_gdbus;
extern const BenchClient bench_client_manager;
/* Those that follow objects: each by the signal that tells its changes, all by that of whatever lies
 * below a path, or each by a proxy. */
extern const BenchClient bench_client_gdbus_signal;
extern const BenchClient bench_client_gdbus_proxy;
extern const BenchClient bench_client_libdbr_signal;
extern const BenchClient bench_client_libdbr_gdbus_signal;
extern const BenchClient bench_client_libdbr_namespace;
extern const BenchClient bench_client_libdbr_proxy;
extern const BenchClient bench_client_libdbr_gdbus_proxy;
#ifdef HAVE_SDBUS
extern const BenchClient bench_client_sdbus;
extern const BenchClient bench_client_sdbus_signal;
#endif
#ifdef HAVE_LIBDBUS
extern const BenchClient bench_client_libdbus;
extern const BenchClient bench_client_libdbus_signal;
#endif

/* What several of them do in the same way. The path of an object of that service; the method that
 * asks it for a turn, which is the next one or the first; a connection of GDBus's. */
const char        *bench_player_get_path    (guint       object);
const char        *bench_player_get_turn    (guint       n_watched,
                                             guint       n_turns);
GDBusConnection   *bench_player_connect_gdbus (const char *address) G_GNUC_WARN_UNUSED_RESULT;

/* The names of those that make calls: plain GDBus, libdbr on its own transport and on GDBus's, and
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
