/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-store-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-introspection-private.h"
#include "policy/dbr-services-private.h"

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define CHANGES_TYPE G_VARIANT_TYPE ("(sa{sv}as)")

/* What could not be read is tried again after a pause, as long as there is a service. */
#define FIRST_PAUSE_USEC G_USEC_PER_SEC
#define MAX_PAUSE_USEC (30 * G_USEC_PER_SEC)

#define STORE_FROM_PAUSE(deadline) \
  ((DbrStore *) G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrStore, pause)))

typedef enum
{
  /* nobody has asked for it yet */
  STORE_NEW,
  STORE_LOADING,
  /* there was a service, and what it answered is in the values */
  STORE_LOADED,
  /* there is nobody to ask */
  STORE_ABSENT,
  /* there is, but it did not answer as it should */
  STORE_FAILED,
  /* it hears no more, and asks no more */
  STORE_CLOSED,
} State;

struct _DbrStore
{
  gatomicrefcount  ref_count;

  /* identity */
  DbrDispatcher   *dispatcher;
  char            *bus_name;
  char            *object_path;
  char            *interface_name;
  guint            limit_ms;
  DbrAccessPolicy *access_policy;
  gboolean         may_introspect;

  GMutex           mutex;

  /* guarded by mutex */
  State            state;
  gboolean         is_fresh;
  guint            generation;
  /* what is under way counts only if it began for this load */
  guint            load;
  guint            n_awaited;
  GHashTable      *values;
  /* the values are there, and only how they tell their changes is still being asked */
  gboolean         is_read;
  /* the names of those that do not tell their changes; NULL while nobody has said so */
  GHashTable      *silent;
  /* what is read once more, by name: whether it has changed again meanwhile */
  GHashTable      *refetches;
  GPtrArray       *waiters;
  GPtrArray       *inboxes;
  DbrListener     *listener;
  /* of the end of a unique name, which has no other owners */
  DbrListener     *end_listener;
  /* there is no rule by which it would hear */
  gboolean         is_deaf;
  DbrWatch        *watch;
  /* holds a reference while it is armed */
  DbrDeadline      pause;
  gint64           pause_usec;
};

/* A question that is under way. */
typedef struct
{
  DbrStore *store;
  guint     load;
  char     *name;
} Question;

static Question *
question_new (DbrStore   *store,
              guint       load,
              const char *name)
{
  Question *self = g_new (Question, 1);

  self->store = dbr_store_ref (store);
  self->load = load;
  self->name = g_strdup (name);

  return self;
}

static void
question_free (Question *self)
{
  dbr_store_unref (self->store);
  g_free (self->name);
  g_free (self);
}

static GHashTable *
values_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
}

DbrStore *
dbr_store_new (DbrDispatcher       *dispatcher,
               const char          *bus_name,
               const char          *object_path,
               const char          *interface_name,
               const DbrStoreTerms *terms)
{
  DbrStore *self = g_new0 (DbrStore, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->dispatcher = g_object_ref (dispatcher);
  self->bus_name = g_strdup (bus_name);
  self->object_path = g_strdup (object_path);
  self->interface_name = g_strdup (interface_name);
  self->limit_ms = terms->limit_ms;
  g_set_object (&self->access_policy, terms->access_policy);
  self->may_introspect = terms->may_introspect;
  self->is_deaf = TRUE;
  self->values = values_new ();
  self->refetches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_waiter_unref);
  self->inboxes = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_inbox_unref);

  return self;
}

DbrStore *
dbr_store_ref (DbrStore *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_store_unref (DbrStore *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_hash_table_unref (self->values);
  g_hash_table_unref (self->refetches);
  g_clear_pointer (&self->silent, g_hash_table_unref);
  g_ptr_array_unref (self->waiters);
  g_ptr_array_unref (self->inboxes);
  g_object_unref (self->dispatcher);
  g_clear_object (&self->access_policy);
  g_mutex_clear (&self->mutex);
  g_free (self->bus_name);
  g_free (self->object_path);
  g_free (self->interface_name);
  g_free (self);
}

/* No answer counts any more to what was asked until now. */
static guint
dbr_store_begin_locked (DbrStore *self)
{
  g_hash_table_remove_all (self->refetches);
  self->is_read = FALSE;

  return ++self->load;
}

/* Telling */

static GPtrArray *
dbr_store_ref_inboxes_locked (DbrStore *self)
{
  GPtrArray *inboxes = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_inbox_unref);

  for (guint i = 0; i < self->inboxes->len; i++)
    g_ptr_array_add (inboxes, dbr_inbox_ref (g_ptr_array_index (self->inboxes, i)));

  return inboxes;
}

static GPtrArray *
dbr_store_steal_waiters_locked (DbrStore *self)
{
  GPtrArray *waiters = g_steal_pointer (&self->waiters);

  self->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_waiter_unref);

  return waiters;
}

static void
tell_waiters (const GPtrArray *waiters,
              const GError    *error)
{
  for (guint i = 0; i < waiters->len; i++)
    dbr_waiter_end (g_ptr_array_index (waiters, i), error);
}

static void
tell_state (const GPtrArray *inboxes)
{
  for (guint i = 0; i < inboxes->len; i++)
    dbr_inbox_put_state (g_ptr_array_index (inboxes, i));
}

static void
tell_changes (const GPtrArray    *inboxes,
              GVariant           *changed,
              const char * const *invalidated)
{
  for (guint i = 0; i < inboxes->len; i++)
    dbr_inbox_put_changes (g_ptr_array_index (inboxes, i), changed, invalidated);
}

/* Reading */

/* Whether the value in the cache is what the property is, as long as the store is fresh. */
static gboolean
dbr_store_tells_changes_locked (DbrStore   *self,
                                const char *name)
{
  return self->silent == NULL
         || g_hash_table_size (self->silent) == 0
         || !g_hash_table_contains (self->silent, name);
}

static void
dbr_store_ask (DbrStore        *self,
               const char      *interface_name,
               const char      *method_name,
               GVariant        *parameters,
               const char      *reply_type,
               DbrExchangeFunc  done,
               Question        *question)
{
  g_autoptr(DbrRequest) request = dbr_request_new (self->bus_name, self->object_path,
                                                   interface_name, method_name, parameters,
                                                   G_VARIANT_TYPE (reply_type));
  DbrPassage *passage;

  request->is_auto_start = self->bus_name == NULL || dbr_services_may_activate (self->bus_name);
  passage = dbr_dispatcher_prepare (self->dispatcher, request, "get_property", self->limit_ms);
  /* An answer that somebody else asked for before our rule was there may miss a change. */
  passage->is_shareable = FALSE;
  passage->is_timed = TRUE;
  g_set_object (&passage->access_policy, self->access_policy);
  dbr_exchange_start (&passage->exchange, NULL, NULL, done, question);
  dbr_dispatcher_submit (self->dispatcher, passage);
  dbr_exchange_started (&passage->exchange);
  dbr_passage_unref (passage);
}

static void pause_cb (DbrDeadline *deadline);

static void
dbr_store_arm_pause_locked (DbrStore *self)
{
  if (self->pause.place != 0)
    return;

  self->pause_usec = CLAMP (self->pause_usec * 2, FIRST_PAUSE_USEC, MAX_PAUSE_USEC);
  dbr_store_ref (self);
  dbr_deadline_arm (&self->pause, g_get_monotonic_time () + self->pause_usec, pause_cb);
}

static void
dbr_store_disarm_pause_locked (DbrStore *self)
{
  /* Whoever calls this has a reference of their own. */
  if (dbr_deadline_disarm (&self->pause))
    dbr_store_unref (self);
}

/* Who is told of the end of a load, and what. */
typedef struct
{
  GPtrArray *waiters;
  GPtrArray *inboxes;
  GVariant  *values;
} Ending;

/* As they are by now: they may have changed since they were read. */
static GVariant *
dbr_store_collect_locked (DbrStore *self)
{
  GVariantBuilder builder;
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_hash_table_iter_init (&iter, self->values);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      if (dbr_store_tells_changes_locked (self, name))
        g_variant_builder_add (&builder, "{sv}", name, value);
    }

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

/* One of the questions of a load has been answered. */
static void
dbr_store_end_question_locked (DbrStore *self,
                               Ending   *ending)
{
  if (--self->n_awaited > 0)
    return;

  if (self->state == STORE_LOADING)
    {
      self->state = STORE_LOADED;
      self->is_fresh = TRUE;
      self->pause_usec = 0;
    }
  ending->waiters = dbr_store_steal_waiters_locked (self);
  ending->inboxes = dbr_store_ref_inboxes_locked (self);
  if (self->is_read)
    ending->values = dbr_store_collect_locked (self);
}

static void
ending_tell (Ending       *self,
             const GError *error)
{
  if (self->inboxes != NULL)
    tell_state (self->inboxes);
  if (self->inboxes != NULL && self->values != NULL)
    tell_changes (self->inboxes, self->values, NULL);
  if (self->waiters != NULL)
    tell_waiters (self->waiters, error);

  g_clear_pointer (&self->inboxes, g_ptr_array_unref);
  g_clear_pointer (&self->waiters, g_ptr_array_unref);
  g_clear_pointer (&self->values, g_variant_unref);
}

static gboolean
is_absence (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
}

/* The service has answered, if only that there is nothing to read: not every interface has
 * properties, and not every object has the interface that they are read with. */
static gboolean
is_answer (const GError *error)
{
  return g_dbus_error_is_remote_error (error)
         && !g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)
         && !g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED)
         && !g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED);
}

/* NULL: there are none. */
static void
dbr_store_take_all_locked (DbrStore *self,
                           GVariant *all)
{
  GVariantIter iter;
  GVariant *value;
  char *name;

  g_hash_table_remove_all (self->values);
  self->is_read = TRUE;
  if (all == NULL)
    return;

  g_variant_iter_init (&iter, all);
  while (g_variant_iter_next (&iter, "{sv}", &name, &value))
    g_hash_table_replace (self->values, name, value);
}

static void
loaded_cb (DbrExchange *exchange,
           gpointer     user_data)
{
  Question *question = user_data;
  DbrStore *self = question->store;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, &error);
  g_autoptr(GVariant) all = NULL;
  Ending ending = { NULL };
  gboolean is_failure;

  if (answer != NULL)
    all = g_variant_get_child_value (answer, 0);
  is_failure = error != NULL && !is_absence (error) && !is_answer (error);

  g_mutex_lock (&self->mutex);
  if (question->load == self->load && self->state == STORE_LOADING)
    {
      if (is_failure)
        self->state = STORE_FAILED;
      else if (error != NULL && is_absence (error))
        self->state = STORE_ABSENT;
      else
        dbr_store_take_all_locked (self, all);
      if (is_failure)
        dbr_store_arm_pause_locked (self);
      dbr_store_end_question_locked (self, &ending);
      /* Who waits is told why at once. */
      if (is_failure && ending.waiters == NULL)
        ending.waiters = dbr_store_steal_waiters_locked (self);
    }
  g_mutex_unlock (&self->mutex);

  ending_tell (&ending, is_failure ? error : NULL);
  question_free (question);
}

static void
introspected_cb (DbrExchange *exchange,
                 gpointer     user_data)
{
  Question *question = user_data;
  DbrStore *self = question->store;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, &error);
  Ending ending = { NULL };
  GHashTable *silent = NULL;
  const char *xml;

  if (answer != NULL)
    {
      g_variant_get (answer, "(&s)", &xml);
      silent = dbr_introspection_dup_silent (xml, self->interface_name);
    }

  g_mutex_lock (&self->mutex);
  if (question->load == self->load)
    {
      g_clear_pointer (&self->silent, g_hash_table_unref);
      self->silent = g_steal_pointer (&silent);
      dbr_store_end_question_locked (self, &ending);
    }
  g_mutex_unlock (&self->mutex);

  g_clear_pointer (&silent, g_hash_table_unref);
  ending_tell (&ending, NULL);
  question_free (question);
}

static gboolean
dbr_store_needs_silent_locked (DbrStore *self)
{
  return self->silent == NULL && self->may_introspect;
}

/* Returns the number of the load that is to be begun outside of the lock. */
static guint
dbr_store_prepare_load_locked (DbrStore *self)
{
  dbr_store_disarm_pause_locked (self);
  self->state = STORE_LOADING;
  self->is_fresh = FALSE;
  self->n_awaited = dbr_store_needs_silent_locked (self) ? 2 : 1;

  return dbr_store_begin_locked (self);
}

static void dbr_store_listen_for_end (DbrStore *self);
static void dbr_store_listen (DbrStore *self);

/* What changes is heard before anything is read. A program says once what its properties are. */
static void
dbr_store_load (DbrStore *self,
                guint     load)
{
  gboolean needs_silent;
  gboolean is_deaf;

  g_mutex_lock (&self->mutex);
  needs_silent = self->load == load && dbr_store_needs_silent_locked (self);
  is_deaf = self->is_deaf;
  self->is_deaf = FALSE;
  g_mutex_unlock (&self->mutex);

  if (is_deaf)
    {
      dbr_store_listen_for_end (self);
      dbr_store_listen (self);
    }
  dbr_store_ask (self, PROPERTIES_INTERFACE, "GetAll",
                 g_variant_new ("(s)", self->interface_name), "(a{sv})", loaded_cb,
                 question_new (self, load, NULL));
  if (needs_silent)
    dbr_store_ask (self, "org.freedesktop.DBus.Introspectable", "Introspect", NULL,
                   "(s)", introspected_cb, question_new (self, load, NULL));
}

/* Reads it anew because something has happened, unless it is closed. */
static void
dbr_store_reload (DbrStore *self)
{
  guint load = 0;

  g_mutex_lock (&self->mutex);
  if (self->state != STORE_CLOSED)
    load = dbr_store_prepare_load_locked (self);
  g_mutex_unlock (&self->mutex);

  if (load != 0)
    dbr_store_load (self, load);
}

static void
pause_cb (DbrDeadline *deadline)
{
  g_autoptr(DbrStore) self = STORE_FROM_PAUSE (deadline);

  dbr_store_reload (self);
}

/* TRUE: what is under way may be old already, and is followed by another question. */
static gboolean
dbr_store_take_refetched_locked (DbrStore   *self,
                                 const char *name,
                                 GVariant   *value,
                                 GPtrArray **inboxes)
{
  gboolean is_old = GPOINTER_TO_INT (g_hash_table_lookup (self->refetches, name));

  if (is_old)
    {
      g_hash_table_replace (self->refetches, g_strdup (name), GINT_TO_POINTER (FALSE));
      return TRUE;
    }

  g_hash_table_remove (self->refetches, name);
  if (value != NULL && !g_hash_table_contains (self->values, name))
    {
      g_hash_table_replace (self->values, g_strdup (name), g_variant_ref (value));
      *inboxes = dbr_store_ref_inboxes_locked (self);
    }

  return FALSE;
}

static void dbr_store_refetch (DbrStore   *self,
                               guint       load,
                               const char *name);

static void
refetched_cb (DbrExchange *exchange,
              gpointer     user_data)
{
  Question *question = user_data;
  DbrStore *self = question->store;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, NULL);
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GVariant) changed = NULL;
  g_autoptr(GPtrArray) inboxes = NULL;
  gboolean is_old = FALSE;

  if (answer != NULL)
    g_variant_get (answer, "(v)", &value);

  g_mutex_lock (&self->mutex);
  if (question->load == self->load)
    is_old = dbr_store_take_refetched_locked (self, question->name, value, &inboxes);
  g_mutex_unlock (&self->mutex);

  if (is_old)
    dbr_store_refetch (self, question->load, question->name);
  if (inboxes != NULL)
    {
      changed = g_variant_ref_sink (g_variant_new_parsed ("[{%s, %v}]", question->name, value));
      tell_changes (inboxes, changed, NULL);
    }
  question_free (question);
}

static void
dbr_store_refetch (DbrStore   *self,
                   guint       load,
                   const char *name)
{
  dbr_store_ask (self, PROPERTIES_INTERFACE, "Get",
                 g_variant_new ("(ss)", self->interface_name, name), "(v)",
                 refetched_cb, question_new (self, load, name));
}

/* Hearing */

/* A change that comes before the values is in them. */
static gboolean
dbr_store_apply_locked (DbrStore *self,
                        GVariant *changed,
                        char    **invalidated)
{
  GVariantIter iter;
  GVariant *value;
  char *name;

  if (self->state != STORE_LOADED && (self->state != STORE_LOADING || !self->is_read))
    return FALSE;

  g_variant_iter_init (&iter, changed);
  while (g_variant_iter_next (&iter, "{sv}", &name, &value))
    g_hash_table_replace (self->values, name, value);
  for (guint i = 0; invalidated[i] != NULL; i++)
    g_hash_table_remove (self->values, invalidated[i]);

  return TRUE;
}

/* The names of those that have to be read once more, but for those that are being read. */
static GPtrArray *
dbr_store_mark_refetches_locked (DbrStore *self,
                                 char    **invalidated)
{
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; invalidated[i] != NULL; i++)
    {
      gboolean is_asked = g_hash_table_contains (self->refetches, invalidated[i]);

      if (!is_asked)
        g_ptr_array_add (names, invalidated[i]);
      g_hash_table_replace (self->refetches, g_strdup (invalidated[i]),
                            GINT_TO_POINTER (is_asked));
    }

  return names;
}

static void
heard_cb (DbrMessage *signal,
          gpointer    user_data)
{
  DbrStore *self = user_data;
  g_autoptr(GVariant) body = dbr_message_dup_body (signal);
  g_autoptr(GVariant) changed = NULL;
  g_auto(GStrv) invalidated = NULL;
  g_autoptr(GPtrArray) inboxes = NULL;
  g_autoptr(GPtrArray) names = NULL;
  guint load;

  if (!g_variant_is_of_type (body, CHANGES_TYPE))
    return;

  g_variant_get (body, "(&s@a{sv}^as)", NULL, &changed, &invalidated);
  g_mutex_lock (&self->mutex);
  load = self->load;
  if (dbr_store_apply_locked (self, changed, invalidated))
    {
      inboxes = dbr_store_ref_inboxes_locked (self);
      names = dbr_store_mark_refetches_locked (self, invalidated);
    }
  g_mutex_unlock (&self->mutex);

  if (inboxes == NULL)
    return;

  tell_changes (inboxes, changed, (const char *const *) invalidated);
  for (guint i = 0; i < names->len; i++)
    dbr_store_refetch (self, load, g_ptr_array_index (names, i));
}

/* The bus has refused the rule: who waits is told, and what there is can grow old. It is asked for
 * again before anything is read again. */
static void
listening_cb (const GError *error,
              gpointer      user_data)
{
  DbrStore *self = user_data;
  g_autoptr(GPtrArray) waiters = NULL;
  g_autoptr(GPtrArray) inboxes = NULL;

  if (error == NULL)
    return;

  g_mutex_lock (&self->mutex);
  if (self->state != STORE_CLOSED)
    {
      dbr_store_begin_locked (self);
      self->state = STORE_FAILED;
      self->is_fresh = FALSE;
      self->is_deaf = TRUE;
      dbr_store_arm_pause_locked (self);
    }
  waiters = dbr_store_steal_waiters_locked (self);
  inboxes = dbr_store_ref_inboxes_locked (self);
  g_mutex_unlock (&self->mutex);

  tell_state (inboxes);
  tell_waiters (waiters, error);
}

static void
dbr_store_listen (DbrStore *self)
{
  DbrMatches *matches = dbr_link_get_matches (self->dispatcher->link);
  g_autoptr(DbrMatchRule) rule = dbr_match_rule_new (self->bus_name, self->object_path,
                                                     PROPERTIES_INTERFACE, "PropertiesChanged",
                                                     self->interface_name,
                                                     DBR_SUBSCRIPTION_FLAGS_NONE);
  DbrListener *listener = dbr_matches_add (matches, rule, self->limit_ms, heard_cb, listening_cb,
                                           dbr_store_ref (self),
                                           (GDestroyNotify) dbr_store_unref);
  DbrListener *old = listener;

  g_mutex_lock (&self->mutex);
  if (self->state != STORE_CLOSED)
    {
      old = self->listener;
      self->listener = listener;
    }
  g_mutex_unlock (&self->mutex);

  /* One that was refused, or the new one if it was closed meanwhile. */
  if (old != NULL)
    dbr_matches_remove (matches, old);
}

static void
dbr_store_grow_stale (DbrStore *self)
{
  g_autoptr(GPtrArray) inboxes = NULL;

  g_mutex_lock (&self->mutex);
  if (self->is_fresh)
    inboxes = dbr_store_ref_inboxes_locked (self);
  self->is_fresh = FALSE;
  g_mutex_unlock (&self->mutex);

  if (inboxes != NULL)
    tell_state (inboxes);
}

/* Whose property values it has is known from here on, or they are those of another one. */
static void
owner_changed_cb (gpointer    user_data,
                  const char *old_owner,
                  const char *new_owner,
                  guint       generation)
{
  DbrStore *self = user_data;
  g_autoptr(GPtrArray) waiters = NULL;
  g_autoptr(GPtrArray) inboxes = NULL;
  gboolean is_first;
  guint load = 0;

  g_mutex_lock (&self->mutex);
  /* The first owner is the one that is being asked already. */
  is_first = self->generation == 0 && self->state == STORE_LOADING;
  self->generation = generation;
  if (!is_first && new_owner != NULL && self->state != STORE_CLOSED)
    {
      g_hash_table_remove_all (self->values);
      g_clear_pointer (&self->silent, g_hash_table_unref);
      load = dbr_store_prepare_load_locked (self);
    }
  else if (!is_first && self->state != STORE_CLOSED)
    {
      dbr_store_begin_locked (self);
      self->state = STORE_ABSENT;
      self->is_fresh = FALSE;
      waiters = dbr_store_steal_waiters_locked (self);
    }
  inboxes = dbr_store_ref_inboxes_locked (self);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < inboxes->len; i++)
    dbr_inbox_put_owner (g_ptr_array_index (inboxes, i), old_owner, new_owner);
  if (waiters != NULL)
    tell_waiters (waiters, NULL);
  if (load != 0)
    dbr_store_load (self, load);
}

static void
lost_cb (gpointer user_data)
{
  dbr_store_grow_stale (user_data);
}

static void
restored_cb (gpointer user_data)
{
  dbr_store_reload (user_data);
}

/* Someone has to ask it whether it answers again, and it may be that nobody else will. */
static void
stalled_cb (gpointer user_data)
{
  DbrStore *self = user_data;

  dbr_store_grow_stale (self);

  g_mutex_lock (&self->mutex);
  if (self->state == STORE_LOADED)
    dbr_store_arm_pause_locked (self);
  g_mutex_unlock (&self->mutex);
}

static void
recovered_cb (gpointer user_data)
{
  DbrStore *self = user_data;
  gboolean is_loading;

  g_mutex_lock (&self->mutex);
  is_loading = self->state == STORE_LOADING;
  g_mutex_unlock (&self->mutex);

  if (!is_loading)
    dbr_store_reload (self);
}

static const DbrWatchFuncs watch_funcs = {
  owner_changed_cb,
  lost_cb,
  restored_cb,
  stalled_cb,
  recovered_cb,
};

/* Opening and closing */

static void
heard_end_cb (DbrMessage *signal,
              gpointer    user_data)
{
  DbrStore *self = user_data;
  g_autoptr(GVariant) body = dbr_message_dup_body (signal);
  const char *owner;

  if (!g_variant_is_of_type (body, G_VARIANT_TYPE ("(sss)")))
    return;

  g_variant_get (body, "(&s&s&s)", NULL, NULL, &owner);
  if (*owner == '\0')
    owner_changed_cb (self, self->bus_name, NULL, dbr_store_get_generation (self));
}

/* Names that come back are followed, but not those that only go. */
static void
dbr_store_listen_for_end (DbrStore *self)
{
  DbrMatches *matches = dbr_link_get_matches (self->dispatcher->link);
  g_autoptr(DbrMatchRule) rule = NULL;
  DbrListener *listener;

  if (self->bus_name == NULL || *self->bus_name != ':')
    return;

  rule = dbr_match_rule_new (DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE, "NameOwnerChanged",
                             self->bus_name, DBR_SUBSCRIPTION_FLAGS_NONE);
  listener = dbr_matches_add (matches, rule, self->limit_ms, heard_end_cb, listening_cb,
                              dbr_store_ref (self), (GDestroyNotify) dbr_store_unref);

  g_mutex_lock (&self->mutex);
  if (self->state != STORE_CLOSED)
    {
      DbrListener *old = self->end_listener;

      self->end_listener = listener;
      listener = old;
    }
  g_mutex_unlock (&self->mutex);

  if (listener != NULL)
    dbr_matches_remove (matches, listener);
}

/* First the watch, then the question who it is: so no change falls between them. */
static void
dbr_store_watch (DbrStore *self)
{
  DbrWatch *watch = dbr_dispatcher_watch (self->dispatcher, self->bus_name, &watch_funcs,
                                          dbr_store_ref (self),
                                          (GDestroyNotify) dbr_store_unref);
  guint generation;
  g_autofree char *owner = dbr_dispatcher_dup_owner (self->dispatcher, self->bus_name,
                                                     &generation);

  g_mutex_lock (&self->mutex);
  if (owner != NULL && self->generation == 0)
    self->generation = generation;
  if (self->state != STORE_CLOSED)
    self->watch = g_steal_pointer (&watch);
  g_mutex_unlock (&self->mutex);

  /* It was closed meanwhile. */
  if (watch != NULL)
    dbr_dispatcher_unwatch (self->dispatcher, self->bus_name, watch);
}

static GError *
new_closed_error (void)
{
  return g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED, _("The client was closed"));
}

/* Whoever comes when it is closed already is told so as those were who waited then. */
static gboolean
dbr_store_take_waiter_locked (DbrStore  *self,
                              DbrWaiter *waiter)
{
  if (self->state == STORE_CLOSED)
    return FALSE;

  g_ptr_array_add (self->waiters, dbr_waiter_ref (waiter));

  return TRUE;
}

static void
refuse_waiter (DbrWaiter *waiter)
{
  g_autoptr(GError) error = new_closed_error ();

  dbr_waiter_end (waiter, error);
}

void
dbr_store_open (DbrStore  *self,
                DbrWaiter *waiter)
{
  gboolean is_first;
  gboolean is_there;
  gboolean is_taken;
  guint load = 0;

  g_mutex_lock (&self->mutex);
  is_first = self->state == STORE_NEW;
  is_there = self->state == STORE_LOADED || self->state == STORE_ABSENT;
  is_taken = !is_there && dbr_store_take_waiter_locked (self, waiter);
  if (is_first || self->state == STORE_FAILED)
    load = dbr_store_prepare_load_locked (self);
  g_mutex_unlock (&self->mutex);

  if (is_there)
    dbr_waiter_end (waiter, NULL);
  else if (!is_taken)
    refuse_waiter (waiter);
  if (is_first)
    dbr_store_watch (self);
  if (load != 0)
    dbr_store_load (self, load);
}

void
dbr_store_refresh (DbrStore  *self,
                   DbrWaiter *waiter)
{
  gboolean is_taken;
  guint load = 0;

  dbr_store_grow_stale (self);

  g_mutex_lock (&self->mutex);
  is_taken = dbr_store_take_waiter_locked (self, waiter);
  if (is_taken)
    load = dbr_store_prepare_load_locked (self);
  g_mutex_unlock (&self->mutex);

  if (is_taken)
    dbr_store_load (self, load);
  else
    refuse_waiter (waiter);
}

void
dbr_store_invalidate (DbrStore *self)
{
  gboolean is_loading;
  guint load = 0;

  dbr_store_grow_stale (self);

  g_mutex_lock (&self->mutex);
  /* An answer that is under way may have been given before. */
  is_loading = self->state == STORE_LOADING;
  if (is_loading || self->state == STORE_LOADED)
    {
      g_hash_table_remove_all (self->values);
      dbr_store_begin_locked (self);
      self->state = STORE_FAILED;
      if (is_loading || self->inboxes->len > 0)
        load = dbr_store_prepare_load_locked (self);
    }
  g_mutex_unlock (&self->mutex);

  if (load != 0)
    dbr_store_load (self, load);
}

void
dbr_store_close (DbrStore *self)
{
  g_autoptr(GError) error = new_closed_error ();
  g_autoptr(GPtrArray) waiters = NULL;
  DbrMatches *matches = dbr_link_get_matches (self->dispatcher->link);
  DbrListener *listener;
  DbrListener *end_listener;
  DbrWatch *watch;

  dbr_store_grow_stale (self);

  g_mutex_lock (&self->mutex);
  dbr_store_begin_locked (self);
  self->state = STORE_CLOSED;
  self->is_fresh = FALSE;
  dbr_store_disarm_pause_locked (self);
  waiters = dbr_store_steal_waiters_locked (self);
  listener = g_steal_pointer (&self->listener);
  end_listener = g_steal_pointer (&self->end_listener);
  watch = g_steal_pointer (&self->watch);
  g_mutex_unlock (&self->mutex);

  if (listener != NULL)
    dbr_matches_remove (matches, listener);
  if (end_listener != NULL)
    dbr_matches_remove (matches, end_listener);
  if (watch != NULL)
    dbr_dispatcher_unwatch (self->dispatcher, self->bus_name, watch);
  tell_waiters (waiters, error);
}

/* What it holds */

void
dbr_store_add_inbox (DbrStore *self,
                     DbrInbox *inbox)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_ptr_array_add (self->inboxes, dbr_inbox_ref (inbox));
}

void
dbr_store_remove_inbox (DbrStore *self,
                        DbrInbox *inbox)
{
  guint index;

  g_mutex_lock (&self->mutex);
  if (g_ptr_array_find (self->inboxes, inbox, &index))
    inbox = g_ptr_array_steal_index_fast (self->inboxes, index);
  else
    inbox = NULL;
  g_mutex_unlock (&self->mutex);

  if (inbox != NULL)
    dbr_inbox_unref (inbox);
}

GVariant *
dbr_store_ref_value (DbrStore   *self,
                     const char *name,
                     gboolean    must_be_fresh)
{
  GVariant *value = NULL;

  g_mutex_lock (&self->mutex);
  if ((self->is_fresh || !must_be_fresh) && dbr_store_tells_changes_locked (self, name))
    value = g_hash_table_lookup (self->values, name);
  if (value != NULL)
    g_variant_ref (value);
  g_mutex_unlock (&self->mutex);

  return value;
}

char **
dbr_store_dup_names (DbrStore *self)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr(GList) names = NULL;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  names = g_list_sort (g_hash_table_get_keys (self->values), (GCompareFunc) strcmp);
  for (GList *link = names; link != NULL; link = link->next)
    {
      if (dbr_store_tells_changes_locked (self, link->data))
        g_strv_builder_add (builder, link->data);
    }

  return g_strv_builder_end (builder);
}

gboolean
dbr_store_is_fresh (DbrStore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->is_fresh;
}

guint
dbr_store_get_generation (DbrStore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->generation;
}

const char *
dbr_store_get_bus_name (const DbrStore *self)
{
  return self->bus_name;
}

const char *
dbr_store_get_object_path (const DbrStore *self)
{
  return self->object_path;
}

const char *
dbr_store_get_interface_name (const DbrStore *self)
{
  return self->interface_name;
}
