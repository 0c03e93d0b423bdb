/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-herald-private.h"
#include "bus/dbr-client.h"
#include "bus/dbr-dispatcher-private.h"
#include "bus/dbr-proxies-private.h"

G_BEGIN_DECLS

struct _DbrClient
{
  GObject          parent_instance;

  /* identity */
  GBusType         bus_type;
  char            *address;
  DbrLink         *link;
  DbrDispatcher   *dispatcher;
  DbrRecorder     *recorder;
  DbrTrace        *trace;
  DbrHerald       *herald;
  DbrProxies      *proxies;
  DbrAccessPolicy *access_policy;
  DbrAccessBus     access_bus;
  guint            generation;

  /* touched in the client's context only: the calls of the trace */
  GListStore      *calls;

  GMutex           mutex;

  /* guarded by mutex */
  DbrTimeouts     *timeouts;
  DbrMetrics      *metrics;
  guint            max_in_flight;
  guint            max_queued;
  /* the mailbox of the context that called last, since it will likely call next */
  DbrMailbox      *last_mailbox;
};

/* The signals, and who emits them. */
void           dbr_client_install_signals   (DbrClientClass   *klass);
/* It is told a DbrHerald of the client. */
const DbrDispatcherListener *dbr_client_get_listener (void);
/* In dbr-client.c, which has the property. */
void           dbr_client_notify_state      (GObject          *client,
                                             gpointer          news);
/* Ends the connection for good; it may have ended. */
void           dbr_client_shut              (DbrClient        *self);
/* In dbr-client-figures.c, which shows them. */
void           dbr_client_show_calls        (GObject          *client,
                                             GPtrArray        *calls,
                                             guint             size);

/* What each call is asked and told, for audits and by the access policy. TRUE: it may be made.
 * @needs_peer: if it is known who is behind the name. */
gboolean       dbr_client_judge             (DbrClient        *self,
                                             const DbrRequest *request,
                                             gboolean         *needs_peer,
                                             GError          **error);
/* The same for what the library asks by itself, and can do without. */
gboolean       dbr_client_may_ask           (DbrClient        *self,
                                             const DbrRequest *request);
gboolean       dbr_client_judge_signals     (DbrClient          *self,
                                             const DbrMatchRule *rule,
                                             GError            **error);
/* Whether anyone listens, and what they are told; takes @record if it floats. */
gboolean       dbr_client_is_audited        (DbrClient        *self);
void           dbr_client_audit             (DbrClient        *self,
                                             GVariant         *record);

/* What the operations of a client, which have files of their own, ask of it. */

gboolean       dbr_client_check_process     (DbrClient        *self,
                                             GError          **error);
/* The same, and that dbr-io runs or can be started. */
gboolean       dbr_client_check_ready       (DbrClient        *self,
                                             GError          **error);
gboolean       dbr_client_check_bus         (DbrClient        *self,
                                             GError          **error);
/* Whether the access policy lets it know that there is such a name. */
gboolean       dbr_client_check_sight       (DbrClient        *self,
                                             const char       *bus_name,
                                             GError          **error);
DbrTimeouts   *dbr_client_ref_timeouts      (DbrClient        *self) G_GNUC_WARN_UNUSED_RESULT;

/* A request that starts the service only where one may. */
DbrRequest    *dbr_client_new_request       (const char         *bus_name,
                                             const char         *object_path,
                                             const char         *interface_name,
                                             const char         *method_name,
                                             GVariant           *parameters,
                                             const GVariantType *reply_type) G_GNUC_WARN_UNUSED_RESULT;
/* One that writes a property. */
DbrRequest    *dbr_client_new_write         (DbrClient        *self,
                                             const char       *bus_name,
                                             const char       *object_path,
                                             const char       *interface_name,
                                             const char       *property_name,
                                             GVariant         *value) G_GNUC_WARN_UNUSED_RESULT;
/* A call of the library's users: an exchange for @request under the limits that hold now; an error
 * if it cannot even be tried. */
DbrExchange   *dbr_client_prepare           (DbrClient        *self,
                                             DbrRequest       *request,
                                             DbrCall          *call,
                                             GError          **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for what an operation asks the bus by itself, which no access policy is asked about.
 * With @awaits it waits until that name has an owner. */
DbrExchange   *dbr_client_prepare_question  (DbrClient        *self,
                                             DbrRequest       *request,
                                             const char       *awaits,
                                             GError          **error) G_GNUC_WARN_UNUSED_RESULT;
/* Starts it, and @done is called with @task in the task's context. What could not be prepared is
 * refused: @exchange is NULL then, and @error is taken. */
void           dbr_client_begin             (DbrClient        *self,
                                             DbrExchange      *exchange,
                                             GError           *error,
                                             GTask            *task,
                                             DbrExchangeFunc   done);
/* The same with a request, which is NULL where it could not be made, and the DbrCall that wants to
 * be told what became of it, if there is one. */
void           dbr_client_begin_request     (DbrClient        *self,
                                             DbrRequest       *request,
                                             GError           *error,
                                             DbrCall          *call,
                                             GTask            *task,
                                             DbrExchangeFunc   done);
/* What cannot even be tried ends as everything does, in the context and after the caller has
 * returned. */
void           dbr_client_refuse            (DbrClient        *self,
                                             GTask            *task,
                                             GError           *error);
/* What most operations make of an exchange that has ended: its reply, the value of a property, or no
 * more than that it worked. Each comes for the sync form, and to be called with the task. */
void           dbr_client_return_variant     (GTask           *task,
                                              GVariant        *value,
                                              GError          *error);
void           dbr_client_return_reply_cb    (DbrExchange     *exchange,
                                              gpointer         task);
GVariant      *dbr_client_take_property      (DbrExchange     *exchange,
                                              GError         **error) G_GNUC_WARN_UNUSED_RESULT;
void           dbr_client_return_property_cb (DbrExchange     *exchange,
                                              gpointer         task);
gboolean       dbr_client_take_success       (DbrExchange     *exchange,
                                              GError         **error);
void           dbr_client_return_success_cb  (DbrExchange     *exchange,
                                              gpointer         task);
/* Starts it and sleeps until it has ended. */
void           dbr_client_complete          (DbrClient        *self,
                                             DbrExchange      *exchange,
                                             GCancellable     *cancellable);
/* The same with a request, which is NULL where it could not be made. NULL: it cannot be tried. */
DbrExchange   *dbr_client_complete_request  (DbrClient        *self,
                                             DbrRequest       *request,
                                             DbrCall          *call,
                                             GCancellable     *cancellable,
                                             GError          **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
