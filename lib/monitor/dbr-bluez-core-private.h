/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-deadline-private.h"
#include "base/dbr-herald-private.h"
#include "base/dbr-mailbox-private.h"
#include "bus/dbr-client.h"
#include "bus/dbr-object-tree-private.h"
#include "bus/dbr-pool.h"
#include "bus/dbr-subscription.h"
#include "monitor/dbr-bluez-device.h"

G_BEGIN_DECLS

#define DBR_BLUEZ_NAME "org.bluez"
#define DBR_BLUEZ_ROOT "/org/bluez"
#define DBR_BLUEZ_ADAPTER_INTERFACE "org.bluez.Adapter1"
#define DBR_BLUEZ_AGENT_MANAGER_INTERFACE "org.bluez.AgentManager1"
#define DBR_BLUEZ_DEVICE_INTERFACE "org.bluez.Device1"
#define DBR_BLUEZ_VALUE_INTERFACE "org.bluez.GattCharacteristic1"

/* While somebody searches and hears nothing for so long, the controller is likely to be deaf. */
#define DBR_BLUEZ_SILENCE_MS 90000

typedef struct _DbrBluezCore DbrBluezCore;
typedef struct _DbrBluezLedger DbrBluezLedger;
typedef struct _DbrBluezOperation DbrBluezOperation;

/* An adapter or a device as BlueZ has it now, by address: paths change with the number of the
 * adapter. Its key is its address, that of a device with its adapter's before it and a slash. One
 * that is gone stays while something is known of it that outlives it. */
typedef struct
{
  char *key;
  char *address;
  /* the key of a device's adapter; NULL: it is an adapter */
  char *adapter;

  /* guarded by the core's mutex, written on dbr-io alone */
  char    *path;
  gboolean is_dirty;
  gboolean is_told;
  /* it was gone since it was told, if it is there again */
  gboolean is_other;

  /* state, of dbr-io alone; of an adapter: */
  DbrBluezOperation *holder;
  guint              n_faults;
  gint64             heard_usec;
  gboolean           is_silent;
  /* of both: since when it is there, and what somebody made of its properties */
  gint64             come_usec;
  GHashTable        *wishes;

  /* of a device: */
  gboolean            is_connected;
  /* the connection that ends next was to end */
  gboolean            is_parting;
  gboolean            is_kept;
  gboolean            is_wanted;
  guint               n_partings;
  DbrDisconnectReason reason;
} DbrBluezNode;

/* What has become of a node since it was told last. */
typedef struct
{
  char    *key;
  char    *address;
  char    *adapter;
  /* NULL: it is gone */
  char    *path;
  gboolean is_removed;
  gboolean is_added;
} DbrBluezNews;

/* Called in the context of the monitor, with its object. */
typedef void (*DbrBluezTellFunc) (gpointer      monitor,
                                  DbrBluezCore *core,
                                  GPtrArray    *news);

/* What a BlueZ monitor knows and does, apart from its objects. All of it lives on dbr-io: so it
 * goes on while the application's loops are blocked, and a sync call needs none of them. It has no
 * reference to the monitor. */
struct _DbrBluezCore
{
  gatomicrefcount  ref_count;

  /* identity */
  DbrClient       *client;
  char            *bus_name;
  DbrHerald       *herald;
  DbrMailbox      *mailbox;
  DbrBluezTellFunc tell;

  /* atomic: set once, by whoever stops it, and looked at everywhere */
  gint             is_over;

  GMutex           mutex;

  /* guarded by mutex */
  DbrObjectTree   *tree;
  GHashTable      *nodes;
  GPtrArray       *dirty;
  DbrLease        *lease;
  GError          *error;
  gboolean         is_live;
  gboolean         is_posted;
  DbrLetter        letter;

  /* state, of dbr-io alone */
  GHashTable      *by_path;
  GPtrArray       *operations;
  GSource         *poke;
  GSource         *silence;
  guint            silence_ms;
  DbrSubscription *partings;
  DbrPool         *pool;
  gboolean         is_leasing;
  gulong           closed_id;
  /* of which lease it is, from 1 */
  guint            lease_serial;
  GError          *lease_error;
  GSource         *lease_pause;
  gint64           synced_usec;
  guint            generation;
  DbrBluezLedger  *ledger;
};

DbrBluezCore *dbr_bluez_core_new             (DbrClient        *client,
                                              DbrHerald        *herald,
                                              GMainContext     *context,
                                              guint             silence_ms,
                                              DbrBluezTellFunc  tell) G_GNUC_WARN_UNUSED_RESULT;
DbrBluezCore *dbr_bluez_core_ref             (DbrBluezCore     *self);
void          dbr_bluez_core_unref           (DbrBluezCore     *self);

/* From any thread. From now on what changes is told as it comes, and the lease is there. */
void          dbr_bluez_core_go_live         (DbrBluezCore     *self);
/* Ends all operations, and tells nothing any more. */
void          dbr_bluez_core_stop            (DbrBluezCore     *self);
gboolean      dbr_bluez_core_is_over         (DbrBluezCore     *self);
/* What is known of the object is told soon, or when what there is to tell is settled. */
void          dbr_bluez_core_mark            (DbrBluezCore     *self,
                                              DbrBluezNode     *node);
/* Tells what is to be told now, if this thread may: that is if its the monitor's, or nobody's. */
void          dbr_bluez_core_settle          (DbrBluezCore     *self);
/* NULL if there is none at the moment. */
DbrLease     *dbr_bluez_core_ref_lease       (DbrBluezCore     *self) G_GNUC_WARN_UNUSED_RESULT;
char         *dbr_bluez_core_dup_path        (DbrBluezCore     *self,
                                              const char       *key) G_GNUC_WARN_UNUSED_RESULT;
/* What is known of a property, without a call. */
gboolean      dbr_bluez_core_is              (DbrBluezCore     *self,
                                              const char       *path,
                                              const char       *interface_name,
                                              const char       *name);
char         *dbr_bluez_core_dup_text        (DbrBluezCore     *self,
                                              const char       *path,
                                              const char       *interface_name,
                                              const char       *name) G_GNUC_WARN_UNUSED_RESULT;
int           dbr_bluez_core_get_number      (DbrBluezCore     *self,
                                              const char       *path,
                                              const char       *interface_name,
                                              const char       *name,
                                              int               otherwise);

/* The others on dbr-io alone. */

/* Something has changed that operations may wait for. */
void          dbr_bluez_core_poke            (DbrBluezCore     *self);
DbrBluezNode *dbr_bluez_core_lookup          (DbrBluezCore     *self,
                                              const char       *key);
DbrBluezNode *dbr_bluez_core_lookup_path     (DbrBluezCore     *self,
                                              const char       *path);
gboolean      dbr_bluez_core_is_synced       (DbrBluezCore     *self);
/* Acquires a lease if there is none; when there is one, or none is to be had, it pokes. */
void          dbr_bluez_core_need_lease      (DbrBluezCore     *self);
void          dbr_bluez_core_drop_lease      (DbrBluezCore     *self);
/* FALSE: the client has one connection only, which is as good as one. */
gboolean      dbr_bluez_core_can_lease       (DbrBluezCore     *self);
void          dbr_bluez_clear_source          (GSource         **source);
/* What came of something that needed the controller itself. */
void          dbr_bluez_core_judge_adapter   (DbrBluezCore     *self,
                                              const char       *adapter,
                                              gboolean          is_fault);
/* It has not done what it was to do since, as was told. */
gboolean      dbr_bluez_node_is_faulty       (DbrBluezNode     *self);

/* Something has come from below an adapter. */
void          dbr_bluez_core_note_heard      (DbrBluezCore     *self,
                                              const char       *path);
void          dbr_bluez_core_watch_silence   (DbrBluezCore     *self);

/* A device's connection has ended, in dbr-bluez-keeper.c. */
void          dbr_bluez_keeper_lost          (DbrBluezCore     *core,
                                              DbrBluezNode     *node);
/* A device that is to be kept connected may have come back. */
void          dbr_bluez_keeper_seen          (DbrBluezCore     *core,
                                              DbrBluezNode     *node);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrBluezCore, dbr_bluez_core_unref)

G_END_DECLS
