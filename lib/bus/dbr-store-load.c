/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-store-parts-private.h"

#include "bus/dbr-introspection-private.h"
#include "policy/dbr-services-private.h"

/* How a store reads: all at once, again after a pause where that failed, and one property once more
 * that has changed without its value. */

/* What could not be read is tried again after a pause, as long as there is a service. */
#define FIRST_PAUSE_USEC G_USEC_PER_SEC
#define MAX_PAUSE_USEC (30 * G_USEC_PER_SEC)

#define STORE_FROM_PAUSE(deadline) \
  ((DbrStore *) G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrStore, pause)))

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
  dbr_exchange_start_direct (&passage->exchange, done, question);
  dbr_dispatcher_submit (self->dispatcher, passage);
  dbr_passage_unref (passage);
}

static void pause_cb (DbrDeadline *deadline);

void
dbr_store_arm_pause_locked (DbrStore *self)
{
  if (dbr_deadline_is_armed (&self->pause))
    return;

  self->pause_usec = CLAMP (self->pause_usec * 2, FIRST_PAUSE_USEC, MAX_PAUSE_USEC);
  dbr_store_ref (self);
  dbr_deadline_arm (&self->pause, g_get_monotonic_time () + self->pause_usec, pause_cb);
}

void
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

  if (self->state == DBR_STORE_LOADING)
    {
      self->state = DBR_STORE_LOADED;
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
    dbr_store_tell_state (self->inboxes);
  if (self->inboxes != NULL && self->values != NULL)
    {
      g_auto(DbrChanges) changes = { NULL };

      dbr_changes_init (&changes, self->values, NULL);
      dbr_store_tell_changes (self->inboxes, &changes);
    }
  if (self->waiters != NULL)
    dbr_store_tell_waiters (self->waiters, error);

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
  if (question->load == self->load && self->state == DBR_STORE_LOADING)
    {
      if (is_failure)
        self->state = DBR_STORE_FAILED;
      else if (error != NULL && is_absence (error))
        self->state = DBR_STORE_ABSENT;
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

guint
dbr_store_prepare_load_locked (DbrStore *self)
{
  dbr_store_disarm_pause_locked (self);
  self->state = DBR_STORE_LOADING;
  self->is_fresh = FALSE;
  self->n_awaited = dbr_store_needs_silent_locked (self) ? 2 : 1;

  return dbr_store_begin_locked (self);
}

/* What changes is heard before anything is read. A program says once what its properties are. */
void
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
    dbr_store_listen (self);
  dbr_store_ask (self, DBR_PROPERTIES_INTERFACE, "GetAll",
                 g_variant_new ("(s)", self->interface_name), "(a{sv})", loaded_cb,
                 question_new (self, load, NULL));
  if (needs_silent)
    dbr_store_ask (self, "org.freedesktop.DBus.Introspectable", "Introspect", NULL,
                   "(s)", introspected_cb, question_new (self, load, NULL));
}

void
dbr_store_reload (DbrStore *self)
{
  guint load = 0;

  g_mutex_lock (&self->mutex);
  if (self->state != DBR_STORE_CLOSED)
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
      g_auto(DbrChanges) changes = { NULL };

      changed = g_variant_ref_sink (g_variant_new_parsed ("[{%s, %v}]", question->name, value));
      dbr_changes_init (&changes, changed, NULL);
      dbr_store_tell_changes (inboxes, &changes);
    }
  question_free (question);
}

void
dbr_store_refetch (DbrStore   *self,
                   guint       load,
                   const char *name)
{
  dbr_store_ask (self, DBR_PROPERTIES_INTERFACE, "Get",
                 g_variant_new ("(ss)", self->interface_name, name), "(v)",
                 refetched_cb, question_new (self, load, name));
}
