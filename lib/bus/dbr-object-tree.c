/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-object-tree-private.h"

#include <string.h>

#include "base/dbr-clock-private.h"
#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "bus/dbr-client-private.h"
#include "bus/dbr-object-store-private.h"

#define MANAGER_INTERFACE "org.freedesktop.DBus.ObjectManager"
/* The pause before the service is asked again, which doubles from one failure to the next. */
#define FIRST_PAUSE_MS 250
#define MAX_PAUSE_MS 8000
/* Of all who ask a service that has just come back, each waits for some part of this. */
#define OWNER_JITTER_MS 100

struct _DbrObjectTree
{
  gatomicrefcount     ref_count;

  /* identity */
  DbrDispatcher      *dispatcher;
  char               *bus_name;
  char               *manager_path;
  DbrMatchRule       *rule;
  DbrRequest         *request;
  DbrObjectTreeFuncs  funcs;
  gpointer            user_data;
  DbrMailbox         *mailbox;

  /* how it asks, which was decided when it was made */
  const char         *operation;
  guint               limit_ms;
  guint               rule_limit_ms;
  DbrAccessPolicy    *access_policy;

  /* atomic */
  gint                is_over;

  /* holds a reference while it is armed */
  DbrDeadline         pause;

  GMutex              mutex;

  /* guarded by mutex */
  DbrListener        *listener;
  DbrWatch           *watch;
  DbrObjectStore     *store;

  /* what is told */
  DbrObjectNews      *news;
  DbrObjectTreeState  state;
  DbrObjectTreeState  told_state;
  /* the least since it was told */
  DbrObjectTreeState  low_state;
  DbrLetter           letter;
  gboolean            is_posted;

  /* who is asked */
  char               *owner;
  guint               generation;
  gboolean            is_owner_told;
  /* the bus has the rule; and: it refused it */
  gboolean            is_listening;
  gboolean            is_refused;

  /* the question that is under way, 0 for none, and their count */
  guint               question;
  guint               n_questions;
  DbrExchange        *exchange;
  guint               n_failures;
  gboolean            is_pausing;
};

static DbrObjectTree *
dbr_object_tree_ref (DbrObjectTree *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
dbr_object_tree_unref (DbrObjectTree *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_pointer (&self->store, dbr_object_store_free);
  g_clear_pointer (&self->news, dbr_object_news_free);
  g_clear_pointer (&self->request, dbr_request_unref);
  g_clear_pointer (&self->rule, dbr_match_rule_free);
  g_clear_pointer (&self->mailbox, dbr_mailbox_unref);
  g_clear_object (&self->access_policy);
  g_clear_object (&self->dispatcher);
  g_free (self->manager_path);
  g_free (self->bus_name);
  g_free (self->owner);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static gboolean
dbr_object_tree_is_over (DbrObjectTree *self)
{
  return g_atomic_int_get (&self->is_over);
}

/* Telling */

static void
dbr_object_tree_tell_state (DbrObjectTree      *self,
                            DbrObjectTreeState *told,
                            DbrObjectTreeState  state)
{
  if (*told == state || dbr_object_tree_is_over (self))
    return;

  *told = state;
  self->funcs.state_changed (self->user_data, state);
}

static void
deliver_cb (DbrLetter *letter)
{
  DbrObjectTree *self =
    (DbrObjectTree *) G_STRUCT_MEMBER_P (letter, -G_STRUCT_OFFSET (DbrObjectTree, letter));
  g_autoptr(DbrObjectNews) news = NULL;
  DbrObjectTreeState told, low, state;

  g_mutex_lock (&self->mutex);
  self->is_posted = FALSE;
  news = g_steal_pointer (&self->news);
  self->news = dbr_object_news_new ();
  told = self->told_state;
  low = self->low_state;
  state = self->state;
  self->told_state = state;
  self->low_state = state;
  g_mutex_unlock (&self->mutex);

  if (low < told)
    dbr_object_tree_tell_state (self, &told, low);
  dbr_object_news_tell_removed (news, &self->funcs.news, self->user_data, &self->is_over);
  dbr_object_news_tell_added (news, &self->funcs.news, self->user_data, &self->is_over);
  dbr_object_tree_tell_state (self, &told, state);
  dbr_object_tree_unref (self);
}

/* Whatever changes something ends with this. */
static void
dbr_object_tree_unlock (DbrObjectTree *self)
{
  gboolean is_to_post = !self->is_posted && !dbr_object_tree_is_over (self)
                        && (!dbr_object_news_is_empty (self->news)
                            || self->state != self->told_state
                            || self->low_state != self->told_state);

  if (is_to_post)
    self->is_posted = TRUE;
  g_mutex_unlock (&self->mutex);

  if (is_to_post)
    dbr_mailbox_post (self->mailbox, &dbr_object_tree_ref (self)->letter);
}

static void
dbr_object_tree_set_state_locked (DbrObjectTree      *self,
                                  DbrObjectTreeState  state)
{
  self->state = state;
  self->low_state = MIN (self->low_state, state);
}

/* Asking */

typedef struct
{
  DbrObjectTree *tree;
  guint          question;
} Question;

static void
question_free (Question *self)
{
  dbr_object_tree_unref (self->tree);
  g_free (self);
}

/* Nobody waits for the answer any more; who gets the exchange gives it up when there is no lock. */
static DbrExchange *
dbr_object_tree_steal_question_locked (DbrObjectTree *self)
{
  self->question = 0;

  return g_steal_pointer (&self->exchange);
}

static void
give_up (DbrExchange *exchange)
{
  if (exchange == NULL)
    return;

  dbr_exchange_abandon (exchange, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                                       "The answer would be out of date"));
  dbr_exchange_unref (exchange);
}

static void
dbr_object_tree_end_pause_locked (DbrObjectTree *self)
{
  if (!self->is_pausing || !dbr_deadline_disarm (&self->pause))
    return;

  self->is_pausing = FALSE;
  /* Who calls this has one as well. */
  dbr_object_tree_unref (self);
}

static void pause_cb (DbrDeadline *deadline);

static void
dbr_object_tree_pause_locked (DbrObjectTree *self,
                              double         delay_ms)
{
  dbr_object_tree_end_pause_locked (self);
  if (self->is_pausing || dbr_object_tree_is_over (self))
    return;

  self->is_pausing = TRUE;
  dbr_object_tree_ref (self);
  dbr_deadline_arm (&self->pause, g_get_monotonic_time () + (gint64) (delay_ms * 1000), pause_cb);
}

/* A service that is absent is not asked until it comes. */
static gboolean
dbr_object_tree_has_owner_locked (DbrObjectTree *self)
{
  return self->bus_name == NULL || *self->bus_name == ':' || self->owner != NULL;
}

static void
dbr_object_tree_fail_locked (DbrObjectTree *self)
{
  double pause_ms = MIN ((double) FIRST_PAUSE_MS * (1u << MIN (self->n_failures, 16)),
                         MAX_PAUSE_MS);

  self->n_failures++;
  dbr_object_tree_pause_locked (self, pause_ms / 2 + pause_ms / 2
                                * dbr_random_next (dbr_random_get_system ()));
}

/* Who took the name while it was asked is asked by itself. */
static gboolean
dbr_object_tree_is_from_owner (DbrObjectTree *self,
                               DbrMessage    *reply)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->owner == NULL || g_strcmp0 (dbr_message_get_sender (reply), self->owner) == 0;
}

/* This is the transport's thread where there is an answer, so that signals which were sent behind
 * it wait. What came before it is in it. Readers go on while it is read. */
static void
dbr_object_tree_answered (DbrObjectTree *self,
                          guint          question,
                          GVariant      *answer)
{
  g_autoptr(DbrObjectStore) store = dbr_object_store_new ();
  g_autoptr(GVariant) objects = g_variant_get_child_value (answer, 0);
  g_autoptr(DbrExchange) exchange = NULL;

  dbr_object_store_load (store, objects);

  g_mutex_lock (&self->mutex);
  if (self->question == question)
    {
      exchange = dbr_object_tree_steal_question_locked (self);
      dbr_object_store_swap (self->store, store, self->news);
      dbr_object_tree_set_state_locked (self, DBR_OBJECT_TREE_SYNCED);
      dbr_object_tree_end_pause_locked (self);
      self->n_failures = 0;
    }
  dbr_object_tree_unlock (self);
}

/* Neither a client that was closed nor one of before fork() ever comes back. */
static gboolean
is_final (const GError *error)
{
  return g_error_matches (error, DBR_ERROR, DBR_ERROR_CLOSED)
         || g_error_matches (error, DBR_ERROR, DBR_ERROR_FORKED);
}

static void
dbr_object_tree_failed (DbrObjectTree *self,
                        guint          question,
                        const GError  *error)
{
  g_autoptr(DbrExchange) exchange = NULL;

  g_mutex_lock (&self->mutex);
  if (self->question == question)
    {
      exchange = dbr_object_tree_steal_question_locked (self);
      if (dbr_object_tree_has_owner_locked (self) && !is_final (error))
        dbr_object_tree_fail_locked (self);
    }
  dbr_object_tree_unlock (self);

  if (exchange != NULL)
    dbr_debug (DBR_DEBUG_MONITOR, "The objects of a service are not known",
               "DBR_BUS_NAME", self->bus_name,
               "DBR_PATH", self->manager_path,
               "DBR_REASON", error->message);
}

static void
answered_cb (DbrExchange *exchange,
             gpointer     user_data)
{
  Question *question = user_data;
  DbrObjectTree *self = question->tree;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, &error);

  if (answer != NULL && !dbr_object_tree_is_from_owner (self, exchange->reply))
    {
      g_clear_pointer (&answer, g_variant_unref);
      error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "The name has another owner");
    }
  if (answer != NULL)
    dbr_object_tree_answered (self, question->question, answer);
  else
    dbr_object_tree_failed (self, question->question, error);
  question_free (question);
}

static gboolean
dbr_object_tree_begin_question (DbrObjectTree *self,
                                DbrExchange   *exchange,
                                guint         *question)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (dbr_object_tree_is_over (self) || self->question != 0 || !self->is_listening
      || !dbr_object_tree_has_owner_locked (self))
    return FALSE;

  /* 0 is none. */
  self->n_questions = MAX (self->n_questions + 1, 1);
  self->question = self->n_questions;
  self->exchange = dbr_exchange_ref (exchange);
  *question = self->question;

  return TRUE;
}

/* The answer to a question that somebody else asked before may be older than our rule, so that none
 * is shared. */
static void
dbr_object_tree_ask (DbrObjectTree *self)
{
  g_autoptr(DbrPassage) passage = dbr_dispatcher_prepare (self->dispatcher, self->request,
                                                          self->operation, self->limit_ms);
  g_autofree Question *question = g_new (Question, 1);

  if (!dbr_object_tree_begin_question (self, &passage->exchange, &question->question))
    return;

  passage->is_shareable = FALSE;
  passage->access_policy = self->access_policy != NULL ? g_object_ref (self->access_policy) : NULL;
  question->tree = dbr_object_tree_ref (self);
  dbr_exchange_start_direct (&passage->exchange, answered_cb, g_steal_pointer (&question));
  dbr_dispatcher_submit (self->dispatcher, passage);
}

/* Hearing */

static void
dbr_object_tree_hear_manager_locked (DbrObjectTree *self,
                                     DbrMessage    *signal,
                                     GVariant      *body)
{
  g_autoptr(GVariant) what = NULL;
  const char *path;

  if (strcmp (signal->object_path, self->manager_path) != 0)
    return;

  if (strcmp (signal->member, "InterfacesAdded") == 0
      && g_variant_is_of_type (body, G_VARIANT_TYPE ("(oa{sa{sv}})")))
    {
      g_variant_get (body, "(&o@a{sa{sv}})", &path, &what);
      dbr_object_store_add (self->store, path, what, self->news);
    }
  else if (strcmp (signal->member, "InterfacesRemoved") == 0
           && g_variant_is_of_type (body, G_VARIANT_TYPE ("(oas)")))
    {
      g_variant_get (body, "(&o@as)", &path, &what);
      dbr_object_store_remove (self->store, path, what, self->news);
    }
}

static void
dbr_object_tree_hear_object_locked (DbrObjectTree *self,
                                    DbrMessage    *signal,
                                    GVariant      *body)
{
  g_autoptr(GVariant) changed = NULL;
  g_autoptr(GVariant) invalidated = NULL;
  const char *interface_name;

  if (strcmp (signal->member, "PropertiesChanged") != 0
      || !g_variant_is_of_type (body, G_VARIANT_TYPE ("(sa{sv}as)")))
    return;

  g_variant_get (body, "(&s@a{sv}@as)", &interface_name, &changed, &invalidated);
  dbr_object_store_change (self->store, signal->object_path, interface_name, changed, invalidated,
                           self->news);
}

static void
heard_cb (DbrMessage *signal,
          gpointer    user_data)
{
  DbrObjectTree *self = user_data;
  gboolean is_manager = strcmp (signal->interface_name, MANAGER_INTERFACE) == 0;
  g_autoptr(GVariant) body = NULL;

  if (!is_manager && strcmp (signal->interface_name, DBR_PROPERTIES_INTERFACE) != 0)
    return;

  body = dbr_message_dup_body (signal);
  g_mutex_lock (&self->mutex);
  /* Until the service has answered, there is nothing that it could be a change of, and it is in the
   * answer. */
  if (self->state != DBR_OBJECT_TREE_UNKNOWN && is_manager)
    dbr_object_tree_hear_manager_locked (self, signal, body);
  else if (self->state != DBR_OBJECT_TREE_UNKNOWN)
    dbr_object_tree_hear_object_locked (self, signal, body);
  dbr_object_tree_unlock (self);
}

/* An owner that was known before is not told to who begins to watch. */
static void
dbr_object_tree_look_for_owner (DbrObjectTree *self)
{
  guint generation;
  g_autofree char *owner = dbr_dispatcher_dup_owner (self->dispatcher, self->bus_name, &generation);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->is_owner_told || owner == NULL)
    return;

  self->is_owner_told = TRUE;
  self->owner = g_steal_pointer (&owner);
  self->generation = generation;
}

static void
listening_cb (const GError *error,
              gpointer      user_data)
{
  DbrObjectTree *self = user_data;

  g_mutex_lock (&self->mutex);
  self->is_listening = error == NULL;
  self->is_refused = error != NULL;
  if (error != NULL && self->state == DBR_OBJECT_TREE_SYNCED)
    dbr_object_tree_set_state_locked (self, DBR_OBJECT_TREE_STALE);
  if (error != NULL && !is_final (error))
    dbr_object_tree_fail_locked (self);
  dbr_object_tree_unlock (self);

  if (error != NULL)
    return;

  dbr_object_tree_look_for_owner (self);
  dbr_object_tree_ask (self);
}

static void
dbr_object_tree_listen (DbrObjectTree *self)
{
  DbrMatches *matches = dbr_link_get_matches (self->dispatcher->link);
  DbrListener *listener = dbr_matches_add (matches, self->rule, self->rule_limit_ms, heard_cb,
                                           listening_cb, dbr_object_tree_ref (self),
                                           (GDestroyNotify) dbr_object_tree_unref);

  /* What comes out is the one that was refused, or this one, if it is not needed any more. */
  g_mutex_lock (&self->mutex);
  if (!dbr_object_tree_is_over (self))
    {
      DbrListener *old = self->listener;

      self->listener = listener;
      listener = old;
    }
  g_mutex_unlock (&self->mutex);

  if (listener != NULL)
    dbr_matches_remove (matches, listener);
}

static void
pause_cb (DbrDeadline *deadline)
{
  DbrObjectTree *self =
    (DbrObjectTree *) G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrObjectTree, pause));
  gboolean is_refused;

  g_mutex_lock (&self->mutex);
  self->is_pausing = FALSE;
  is_refused = self->is_refused;
  self->is_refused = FALSE;
  g_mutex_unlock (&self->mutex);

  if (dbr_object_tree_is_over (self))
    ;
  else if (is_refused)
    dbr_object_tree_listen (self);
  else
    dbr_object_tree_ask (self);
  dbr_object_tree_unref (self);
}

/* Watching */

/* Nothing of what was there holds for who is there now. */
static void
dbr_object_tree_drop_locked (DbrObjectTree  *self,
                             DbrObjectStore *empty)
{
  dbr_object_store_swap (self->store, empty, self->news);
  dbr_object_tree_set_state_locked (self, DBR_OBJECT_TREE_UNKNOWN);
  /* The bus that has refused the rule is asked for it again, whoever has the name. */
  if (!self->is_refused)
    dbr_object_tree_end_pause_locked (self);
  self->n_failures = 0;
}

static void
owner_changed_cb (gpointer    user_data,
                  const char *old_owner,
                  const char *new_owner,
                  guint       generation)
{
  DbrObjectTree *self = user_data;
  g_autoptr(DbrObjectStore) store = dbr_object_store_new ();
  DbrExchange *exchange;

  g_mutex_lock (&self->mutex);
  self->is_owner_told = TRUE;
  g_free (self->owner);
  self->owner = g_strdup (new_owner);
  self->generation = generation;
  exchange = dbr_object_tree_steal_question_locked (self);
  dbr_object_tree_drop_locked (self, store);
  if (new_owner != NULL && self->is_listening)
    dbr_object_tree_pause_locked (self, OWNER_JITTER_MS
                                  * dbr_random_next (dbr_random_get_system ()));
  dbr_object_tree_unlock (self);

  give_up (exchange);
}

static void
lost_cb (gpointer user_data)
{
  DbrObjectTree *self = user_data;
  g_autoptr(DbrObjectStore) store = dbr_object_store_new ();
  DbrExchange *exchange;

  g_mutex_lock (&self->mutex);
  exchange = dbr_object_tree_steal_question_locked (self);
  if (self->state == DBR_OBJECT_TREE_SYNCED)
    dbr_object_tree_set_state_locked (self, DBR_OBJECT_TREE_STALE);
  /* Without a bus, who is at the other end of the next connection is somebody else. */
  if (self->bus_name == NULL)
    dbr_object_tree_drop_locked (self, store);
  else
    self->is_listening = FALSE;
  dbr_object_tree_unlock (self);

  give_up (exchange);
}

/* Where there is a bus, it is asked as soon as that has the rule again. */
static void
restored_cb (gpointer user_data)
{
  DbrObjectTree *self = user_data;

  if (self->bus_name == NULL)
    dbr_object_tree_ask (self);
}

static void
stalled_cb (gpointer user_data)
{
  DbrObjectTree *self = user_data;

  g_mutex_lock (&self->mutex);
  if (self->state == DBR_OBJECT_TREE_SYNCED)
    dbr_object_tree_set_state_locked (self, DBR_OBJECT_TREE_STALE);
  dbr_object_tree_unlock (self);
}

static void
recovered_cb (gpointer user_data)
{
  dbr_object_tree_ask (user_data);
}

static const DbrWatchFuncs watch_funcs = {
  owner_changed_cb,
  lost_cb,
  restored_cb,
  stalled_cb,
  recovered_cb,
};

static DbrRequest *
request_new (const char *bus_name,
             const char *manager_path)
{
  DbrRequest *self = dbr_request_new (bus_name, manager_path, MANAGER_INTERFACE,
                                      "GetManagedObjects", NULL,
                                      G_VARIANT_TYPE ("(a{oa{sa{sv}}})"));

  self->is_auto_start = FALSE;

  return self;
}

static DbrMatchRule *
rule_new (const char *bus_name,
          const char *manager_path)
{
  return dbr_match_rule_new (bus_name, manager_path, NULL, NULL, NULL,
                             DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE);
}

/* What decides on its questions is looked at once: a policy that is in use does not change. */
static DbrPassage *
judge (DbrClient           *client,
       DbrRequest          *request,
       const DbrMatchRule  *rule,
       GError             **error)
{
  if (!dbr_match_rule_check (rule, dbr_link_has_bus (client->link), error)
      || !dbr_client_judge_signals (client, rule, error))
    return NULL;

  return (DbrPassage *) dbr_client_prepare (client, request, NULL, error);
}

DbrObjectTree *
dbr_object_tree_new (DbrClient                 *client,
                     const char                *bus_name,
                     const char                *manager_path,
                     const DbrObjectTreeFuncs  *funcs,
                     gpointer                   user_data,
                     GError                   **error)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr(DbrTimeouts) timeouts = dbr_client_ref_timeouts (client);
  g_autoptr(DbrRequest) request = request_new (bus_name, manager_path);
  g_autoptr(DbrMatchRule) rule = rule_new (bus_name, manager_path);
  g_autoptr(DbrPassage) passage = judge (client, request, rule, error);
  DbrObjectTree *self;

  if (passage == NULL)
    return NULL;

  self = g_new0 (DbrObjectTree, 1);
  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->dispatcher = g_object_ref (client->dispatcher);
  self->bus_name = g_strdup (bus_name);
  self->manager_path = g_strdup (manager_path);
  self->request = g_steal_pointer (&request);
  self->rule = g_steal_pointer (&rule);
  self->funcs = *funcs;
  self->user_data = user_data;
  self->mailbox = dbr_mailbox_get (context);
  self->letter.deliver = deliver_cb;
  self->operation = passage->exchange.operation;
  self->limit_ms = dbr_exchange_get_limit (&passage->exchange);
  self->access_policy = g_steal_pointer (&passage->access_policy);
  self->rule_limit_ms = dbr_timeouts_get (timeouts, "default");
  self->store = dbr_object_store_new ();
  self->news = dbr_object_news_new ();
  self->watch = dbr_dispatcher_watch (self->dispatcher, self->bus_name, &watch_funcs,
                                      dbr_object_tree_ref (self),
                                      (GDestroyNotify) dbr_object_tree_unref);
  dbr_object_tree_listen (self);

  return self;
}

void
dbr_object_tree_free (DbrObjectTree *self)
{
  DbrExchange *exchange;
  DbrListener *listener;
  DbrWatch *watch;

  g_mutex_lock (&self->mutex);
  g_atomic_int_set (&self->is_over, TRUE);
  exchange = dbr_object_tree_steal_question_locked (self);
  dbr_object_tree_end_pause_locked (self);
  listener = g_steal_pointer (&self->listener);
  watch = g_steal_pointer (&self->watch);
  g_mutex_unlock (&self->mutex);

  give_up (exchange);
  dbr_dispatcher_unwatch (self->dispatcher, self->bus_name, watch);
  if (listener != NULL)
    dbr_matches_remove (dbr_link_get_matches (self->dispatcher->link), listener);
  dbr_object_tree_unref (self);
}

/* Reading */

DbrObjectTreeState
dbr_object_tree_get_state (DbrObjectTree *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->state;
}

guint
dbr_object_tree_get_generation (DbrObjectTree *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->generation;
}

guint
dbr_object_tree_count (DbrObjectTree *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dbr_object_store_count (self->store);
}

char **
dbr_object_tree_dup_paths (DbrObjectTree *self,
                           const char    *interface_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dbr_object_store_dup_paths (self->store, interface_name);
}

GVariant *
dbr_object_tree_ref_property (DbrObjectTree *self,
                              const char    *path,
                              const char    *interface_name,
                              const char    *name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dbr_object_store_ref_property (self->store, path, interface_name, name);
}

GVariant *
dbr_object_tree_dup_properties (DbrObjectTree *self,
                                const char    *path,
                                const char    *interface_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dbr_object_store_dup_properties (self->store, path, interface_name);
}
