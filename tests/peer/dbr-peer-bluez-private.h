/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbr-peer-bluez.h"
#include "dbr-peer-ledger.h"

G_BEGIN_DECLS

#define ADAPTER "org.bluez.Adapter1"
#define DEVICE "org.bluez.Device1"
#define CHARACTERISTIC "org.bluez.GattCharacteristic1"
#define ROOT "/org/bluez"

/* A controller in its slot; what is paired with it stays with its address. */
typedef struct
{
  char    *name;
  char    *address;
  gboolean is_shown;
} DbrPeerController;

struct _DbrPeerBluez
{
  DbrPeerService *service;
  DbrPeerLedger  *ledger;

  /* the world, that outlives BlueZ */
  GPtrArray *controllers;
  /* address -> name */
  GHashTable *nearby;
  GKeyFile   *storage;
  char       *storage_file;
  gboolean    is_blocked;

  /* configuration */
  guint gap_ms;
  guint pace_ms;

  /* state of the BlueZ that runs now */
  gboolean is_up;
  gboolean is_settled;
  /* What was begun in an earlier life is not finished in this one. */
  guint    life;
  /* path of a device -> the Connect or Pair that it has not answered */
  GHashTable *pending;
  GString    *calls;
};

/* What is to be done after a pace. */
typedef void (*DbrPeerStepFunc) (DbrPeerBluez *self,
                                 const char   *path);

/* What all parts of it are made of. */
void               dbr_peer_bluez_step             (DbrPeerBluez     *self,
                                                    guint             ms,
                                                    DbrPeerStepFunc   func,
                                                    const char       *path);
gboolean           dbr_peer_bluez_is               (DbrPeerBluez     *self,
                                                    const char       *path,
                                                    const char       *interface_name,
                                                    const char       *name);
char              *dbr_peer_bluez_dup_text         (DbrPeerBluez     *self,
                                                    const char       *path,
                                                    const char       *interface_name,
                                                    const char       *name)
G_GNUC_WARN_UNUSED_RESULT;
void               dbr_peer_bluez_set              (DbrPeerBluez     *self,
                                                    const char       *path,
                                                    const char       *interface_name,
                                                    const char       *name,
                                                    GVariant         *value);
void               dbr_peer_bluez_set_flag         (DbrPeerBluez     *self,
                                                    const char       *path,
                                                    const char       *interface_name,
                                                    const char       *name,
                                                    gboolean          value);
char              *dbr_peer_bluez_dup_adapter_path (const char       *device_path)
G_GNUC_WARN_UNUSED_RESULT;

/* The devices, and what becomes of them. */
char              *dbr_peer_bluez_dup_device_path  (DbrPeerController *controller,
                                                    const char        *address)
G_GNUC_WARN_UNUSED_RESULT;
void               dbr_peer_bluez_show_device      (DbrPeerBluez      *self,
                                                    DbrPeerController *controller,
                                                    const char        *address,
                                                    const char        *name);
void               dbr_peer_bluez_hide_below       (DbrPeerBluez      *self,
                                                    const char        *path);
void               dbr_peer_bluez_discover         (DbrPeerBluez      *self,
                                                    DbrPeerController *controller);
void               dbr_peer_bluez_link_up          (DbrPeerBluez      *self,
                                                    const char        *path);
void               dbr_peer_bluez_link_lost        (DbrPeerBluez      *self,
                                                    const char        *path,
                                                    const char        *reason);
void               dbr_peer_bluez_fail_pending     (DbrPeerBluez      *self,
                                                    const char        *path,
                                                    const char        *name,
                                                    const char        *text);
GPtrArray         *dbr_peer_bluez_list_devices     (DbrPeerBluez      *self,
                                                    const char        *adapter_path)
G_GNUC_WARN_UNUSED_RESULT;

/* The adapters. */
DbrPeerController *dbr_peer_bluez_find_controller  (DbrPeerBluez      *self,
                                                    const char        *path);
void               dbr_peer_bluez_show_controller  (DbrPeerBluez      *self,
                                                    DbrPeerController *controller);
void               dbr_peer_bluez_hide_controller  (DbrPeerBluez      *self,
                                                    DbrPeerController *controller);
void               dbr_peer_bluez_set_powered      (DbrPeerBluez      *self,
                                                    DbrPeerController *controller,
                                                    gboolean           is_powered);
void               dbr_peer_bluez_update_discovery (DbrPeerBluez      *self,
                                                    const char        *adapter_path);

/* The calls since this was called last, in turn. */
char              *dbr_peer_bluez_take_calls       (DbrPeerBluez      *self) G_GNUC_WARN_UNUSED_RESULT;

/* What is paired. */
void               dbr_peer_bluez_store            (DbrPeerBluez      *self,
                                                    const char        *device_path);
void               dbr_peer_bluez_forget           (DbrPeerBluez      *self,
                                                    const char        *device_path);

G_END_DECLS
