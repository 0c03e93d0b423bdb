/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-bluez-catalogue-private.h"
#include "monitor/dbr-bluez-core-private.h"
#include "policy/dbr-retry-private.h"

G_BEGIN_DECLS

/* How long an object may take to come back: an adapter that initialises takes a second or three. */
#define DBR_BLUEZ_FIND_MS 4000

/* A step is called on dbr-io when what it waited for has come. It does one more thing and returns;
 * the last one finishes the operation. */
typedef void (*DbrBluezStep) (DbrBluezOperation *self);
/* What is waited for. It is looked at whenever anything has changed. */
typedef gboolean (*DbrBluezCondition) (DbrBluezOperation *self);
/* Who began an operation without a task, on dbr-io; @error is NULL if it was done. */
typedef void (*DbrBluezDoneFunc) (gpointer      user_data,
                                  const GError *error);

/* What an operation is, but for its steps. */
typedef struct
{
  /* as the catalogue calls it */
  const char  *name;
  /* as the time limits call it */
  const char  *limit;
  DbrBluezStep begin;
  /* What was asked for may have been begun, and nobody waits for it any more: it is undone, and
   * ended by dbr_bluez_operation_end(). NULL: nothing is to be undone. */
  DbrBluezStep undo;
  /* After a failure that says so the controller itself is at fault. */
  gboolean     is_of_controller;
} DbrBluezOperationClass;

/* Something that is done with BlueZ for somebody: several calls, and what lies between them. It
 * ends at the limit of its operation, whatever happens, and goes on after it only to undo. */
struct _DbrBluezOperation
{
  const DbrBluezOperationClass *klass;
  DbrBluezCore                 *core;

  /* what it is about; keys, NULL where there is none */
  char                         *adapter;
  char                         *device;
  /* what else is asked for, by the operation */
  char                         *path;
  char                         *interface_name;
  char                         *member;
  GVariant                     *parameters;
  gboolean                      flag;

  /* who waits for it */
  GTask                        *task;
  DbrLetter                     letter;
  DbrMailbox                   *mailbox;
  DbrBluezDoneFunc              done;
  gpointer                      done_data;
  GError                       *answer;

  /* its limits */
  gint64                        deadline_usec;
  /* of who asked, and that of the calls */
  GCancellable                 *outer_cancellable;
  GCancellable                 *cancellable;
  GSource                      *cancel_source;
  GSource                      *deadline_source;
  gboolean                      is_undoing;
  gboolean                      is_over;
  /* the library does it by itself, and knows already that it is wanted */
  gboolean                      is_own;

  /* how far it has come */
  DbrRetryState                 retry;
  GVariant                     *reply;
  GError                       *error;
  guint                         n_joins;
  guint                         n_finds;
  guint                         n_once;
  gboolean                      may_have_begun;
  guint                         generation;
  guint                         n_partings;

  /* what it waits for */
  DbrBluezStep                  next;
  DbrBluezCondition             condition;
  gboolean                      is_met;
  GSource                      *timer;
  DbrBluezCondition             expected;
  GSource                      *lost_source;
};

/* From any thread. The operation is to be filled in before it is begun. With a task, its cancellable
 * cancels the operation. */
DbrBluezOperation *dbr_bluez_operation_new    (const DbrBluezOperationClass *klass,
                                               DbrBluezCore                 *core,
                                               const char                   *adapter,
                                               const char                   *device);
/* One that is not begun. */
void               dbr_bluez_operation_free   (DbrBluezOperation            *self);
/* Takes @self. */
void               dbr_bluez_operation_begin  (DbrBluezOperation            *self,
                                               GTask                        *task);
/* The same for what the library does by itself, on dbr-io. */
void               dbr_bluez_operation_run    (DbrBluezOperation            *self,
                                               DbrBluezDoneFunc              done,
                                               gpointer                      user_data);

/* The same for a thread of the library's own, which waits for it and tells nothing to anybody. */
gboolean           dbr_bluez_operation_run_wait (DbrBluezOperation          *self,
                                                 GCancellable               *cancellable,
                                                 GError                    **error);

/* For steps: each of these is the last thing a step does. */

/* Calls a method of BlueZ; the next step finds reply or error. With a lease the call goes over it,
 * which must be there. */
void               dbr_bluez_operation_call   (DbrBluezOperation            *self,
                                               const char                   *path,
                                               const char                   *interface_name,
                                               const char                   *member,
                                               GVariant                     *parameters,
                                               gboolean                      is_on_lease,
                                               DbrBluezStep                  next);
/* Waits until it holds, or for so long; then is_met says which. */
void               dbr_bluez_operation_wait   (DbrBluezOperation            *self,
                                               DbrBluezCondition             condition,
                                               guint                         ms,
                                               DbrBluezStep                  next);
void               dbr_bluez_operation_pause  (DbrBluezOperation            *self,
                                               guint                         ms,
                                               DbrBluezStep                  next);
/* Before a call whose answer BlueZ may forget: a while after this holds it is not waited for. */
void               dbr_bluez_operation_expect (DbrBluezOperation            *self,
                                               DbrBluezCondition             condition);
/* Ends well. */
void               dbr_bluez_operation_finish (DbrBluezOperation            *self);
/* Ends with @error, which it takes, and undoes what may have been begun. */
void               dbr_bluez_operation_fail   (DbrBluezOperation            *self,
                                               GError                       *error);
/* What all operations do about the error of a call: tries @again as the reaction says, or ends. */
void               dbr_bluez_operation_react  (DbrBluezOperation            *self,
                                               DbrBluezReaction              reaction,
                                               DbrBluezStep                  again);
/* The same, with the pauses and numbers of the retry policy. */
void               dbr_bluez_operation_retry  (DbrBluezOperation            *self,
                                               DbrBluezStep                  again);
/* After something is undone. */
void               dbr_bluez_operation_end    (DbrBluezOperation            *self);

/* What steps ask. The error of the last call is theirs. */
char              *dbr_bluez_operation_dup_path   (DbrBluezOperation        *self) G_GNUC_WARN_UNUSED_RESULT;
char              *dbr_bluez_operation_dup_adapter_path (DbrBluezOperation  *self) G_GNUC_WARN_UNUSED_RESULT;
DbrBluezNode      *dbr_bluez_operation_get_adapter (DbrBluezOperation       *self);
DbrBluezNode      *dbr_bluez_operation_get_device  (DbrBluezOperation       *self);
gboolean           dbr_bluez_operation_is_device   (DbrBluezOperation       *self,
                                                    const char              *name);
gboolean           dbr_bluez_operation_is_adapter  (DbrBluezOperation       *self,
                                                    const char              *name);
guint              dbr_bluez_operation_get_left_ms (DbrBluezOperation       *self);
DbrBluezReaction   dbr_bluez_operation_get_reaction (DbrBluezOperation      *self);

/* Conditions of more than one operation. */
gboolean           dbr_bluez_operation_is_found    (DbrBluezOperation       *self);
gboolean           dbr_bluez_operation_has_lease   (DbrBluezOperation       *self);
/* The adapter connects nobody else: one at a time. */
gboolean           dbr_bluez_operation_has_place   (DbrBluezOperation       *self);

/* It switches an adapter off only to switch it on again. */
gboolean           dbr_bluez_operation_is_cycle    (DbrBluezOperation       *self);

/* What the core does with all of its. */
void               dbr_bluez_operations_look   (DbrBluezCore                *core);
void               dbr_bluez_operations_end    (DbrBluezCore                *core);

/* The operations, each with its file. They are made here and begun by who made them. */
DbrBluezOperation *dbr_bluez_connect_new       (DbrBluezCore                *core,
                                                const char                  *adapter,
                                                const char                  *device);
DbrBluezOperation *dbr_bluez_disconnect_new    (DbrBluezCore                *core,
                                                const char                  *adapter,
                                                const char                  *device);
DbrBluezOperation *dbr_bluez_pair_new          (DbrBluezCore                *core,
                                                const char                  *adapter,
                                                const char                  *device);
DbrBluezOperation *dbr_bluez_set_powered_new   (DbrBluezCore                *core,
                                                const char                  *adapter,
                                                gboolean                     is_powered);
/* Waits for nothing but that these are there; NULL each for none. */
DbrBluezOperation *dbr_bluez_find_new          (DbrBluezCore                *core,
                                                const char                  *adapter,
                                                const char                  *device);
/* Waits until an adapter is there and BlueZ has switched it on, or is not about to. */
DbrBluezOperation *dbr_bluez_come_new          (DbrBluezCore                *core,
                                                const char                  *adapter);
DbrBluezOperation *dbr_bluez_set_property_new  (DbrBluezCore                *core,
                                                const char                  *adapter,
                                                const char                  *device,
                                                const char                  *name,
                                                GVariant                    *value);
/* Waits until what was asked for holds again, or has failed once. An adapter of NULL is all. With a
 * device that is connected it waits until that is known, and for its notifications, too. */
DbrBluezOperation *dbr_bluez_settle_new        (DbrBluezCore                *core,
                                                const char                  *adapter,
                                                const char                  *device);
DbrBluezOperation *dbr_bluez_power_cycle_new   (DbrBluezCore                *core,
                                                const char                  *adapter);
DbrBluezOperation *dbr_bluez_start_discovery_new (DbrBluezCore                *core,
                                                  const char                  *adapter,
                                                  GVariant                    *filter);
DbrBluezOperation *dbr_bluez_stop_discovery_new (DbrBluezCore                *core,
                                                 const char                  *adapter);
DbrBluezOperation *dbr_bluez_register_new      (DbrBluezCore                *core,
                                                const char                  *path,
                                                const char                  *interface_name,
                                                const char                  *member,
                                                GVariant                    *parameters,
                                                gboolean                     as_default);
DbrBluezOperation *dbr_bluez_unregister_new    (DbrBluezCore                *core,
                                                const char                  *path,
                                                const char                  *interface_name,
                                                const char                  *member,
                                                GVariant                    *parameters);
DbrBluezOperation *dbr_bluez_start_notify_new  (DbrBluezCore                *core,
                                                const char                  *path);
DbrBluezOperation *dbr_bluez_stop_notify_new   (DbrBluezCore                *core,
                                                const char                  *path);

G_END_DECLS
