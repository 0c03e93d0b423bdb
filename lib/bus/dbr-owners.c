/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-owners-private.h"

/* It is not looked with each call whether there are any to forget. */
#define LOOKING_USEC G_USEC_PER_SEC

struct _DbrOwners
{
  GObject                  parent_instance;

  const DbrOwnersListener *listener;
  gpointer                 user_data;
  const DbrClock          *clock;

  GMutex                   mutex;

  /* guarded by mutex: what is known of each name that is followed */
  GHashTable              *names;
  gint64                   looked_usec;
};

typedef struct
{
  gboolean  is_known;
  /* NULL while it has none */
  char     *owner;
  /* when it last had none, as far as known; 0 for never */
  gint64    absent_usec;
  /* why the bus does not tell of changes, NULL if it does */
  GError   *refusal;
  gint64    called_usec;
} Name;

static void
name_free (Name *name)
{
  g_free (name->owner);
  g_clear_error (&name->refusal);
  g_free (name);
}

G_DEFINE_FINAL_TYPE (DbrOwners, dbr_owners, G_TYPE_OBJECT)

/* Which name a question was about. */
typedef struct
{
  DbrOwners *owners;
  char      *bus_name;
} Question;

static Question *
question_new (DbrOwners  *owners,
              const char *bus_name)
{
  Question *question = g_new (Question, 1);

  question->owners = g_object_ref (owners);
  question->bus_name = g_strdup (bus_name);

  return question;
}

static void
question_free (Question *question)
{
  g_object_unref (question->owners);
  g_free (question->bus_name);
  g_free (question);
}

static void
dbr_owners_finalize (GObject *object)
{
  DbrOwners *self = DBR_OWNERS (object);

  g_clear_pointer (&self->names, g_hash_table_unref);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_owners_parent_class)->finalize (object);
}

static void
dbr_owners_class_init (DbrOwnersClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dbr_owners_finalize;
}

static void
dbr_owners_init (DbrOwners *self)
{
  g_mutex_init (&self->mutex);
  self->clock = dbr_clock_get_system ();
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal,
                                       g_free, (GDestroyNotify) name_free);
}

DbrOwners *
dbr_owners_new (void)
{
  return g_object_new (DBR_TYPE_OWNERS, NULL);
}

void
dbr_owners_set_listener (DbrOwners               *self,
                         const DbrOwnersListener *listener,
                         gpointer                 user_data)
{
  self->listener = listener;
  self->user_data = user_data;
}

void
dbr_owners_set_clock (DbrOwners      *self,
                      const DbrClock *clock)
{
  self->clock = clock;
}

static gboolean
dbr_owners_note (DbrOwners  *self,
                 const char *bus_name,
                 const char *owner)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  Name *name = g_hash_table_lookup (self->names, bus_name);

  if (name == NULL)
    return FALSE;

  /* It was absent until now, whether it is so now or has just ceased to be. */
  if (owner == NULL || (name->is_known && name->owner == NULL))
    name->absent_usec = g_get_monotonic_time ();
  name->is_known = TRUE;
  g_free (name->owner);
  name->owner = g_strdup (owner);

  return TRUE;
}

static void
dbr_owners_take_news (DbrOwners  *self,
                      const char *bus_name,
                      const char *owner,
                      gboolean    is_change)
{
  if (dbr_owners_note (self, bus_name, owner))
    self->listener->told (self->user_data, bus_name, owner, is_change);
}

static void
answered_cb (DbrExchange *exchange,
             gpointer     user_data)
{
  Question *question = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, &error);
  const char *owner = NULL;

  if (answer != NULL && g_variant_is_of_type (answer, G_VARIANT_TYPE ("(s)")))
    g_variant_get (answer, "(&s)", &owner);
  if (owner != NULL || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    dbr_owners_take_news (question->owners, question->bus_name, owner, FALSE);
  question_free (question);
}

/* What is known of a name whose rule is refused grows old, which costs a call no more than a
 * shorter wait. */
static void
matched_cb (DbrExchange *exchange,
            gpointer     user_data)
{
  Question *question = user_data;
  DbrOwners *self = question->owners;
  g_autoptr(GError) error = NULL;
  G_GNUC_UNUSED g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, &error);
  Name *name;

  g_mutex_lock (&self->mutex);
  name = g_hash_table_lookup (self->names, question->bus_name);
  if (name != NULL && name->refusal == NULL)
    name->refusal = g_steal_pointer (&error);
  g_mutex_unlock (&self->mutex);

  question_free (question);
}

static void
ask (DbrLane         *lane,
     const char      *method_name,
     const char      *argument,
     DbrExchangeFunc  done,
     gpointer         user_data)
{
  g_autoptr(DbrRequest) request = dbr_request_new (DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE,
                                                   method_name, g_variant_new ("(s)", argument),
                                                   NULL);
  g_autoptr(DbrExchange) exchange = dbr_exchange_new (request, "default", DBR_EXCHANGE_NO_LIMIT);

  dbr_exchange_start_direct (exchange, done, user_data);
  dbr_lane_send (lane, exchange);
}

/* The way of nearly each call: TRUE if it is followed already. */
static gboolean
dbr_owners_touch (DbrOwners  *self,
                  const char *bus_name,
                  gboolean    is_awaited,
                  gint64      now)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  Name *name = g_hash_table_lookup (self->names, bus_name);

  if (name == NULL)
    return FALSE;

  name->called_usec = now;

  return name->refusal == NULL || !is_awaited;
}

static gboolean
dbr_owners_add (DbrOwners  *self,
                const char *bus_name,
                gboolean    is_awaited,
                gint64      now)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  Name *name = g_hash_table_lookup (self->names, bus_name);

  if (name != NULL && name->refusal != NULL && is_awaited)
    {
      g_clear_error (&name->refusal);
      return TRUE;
    }
  if (name != NULL || (!is_awaited && g_hash_table_size (self->names) >= DBR_OWNERS_MAX_NAMES))
    return FALSE;

  name = g_new0 (Name, 1);
  name->called_usec = now;
  g_hash_table_insert (self->names, g_strdup (bus_name), name);

  return TRUE;
}

/* The names that nobody has called for a while, if there is need for their places. */
static char **
dbr_owners_dup_old (DbrOwners *self,
                    gint64     now)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GHashTableIter iter;
  gpointer other;
  gpointer value;

  if (g_hash_table_size (self->names) < DBR_OWNERS_MAX_NAMES
      || now - self->looked_usec < LOOKING_USEC)
    return NULL;

  self->looked_usec = now;
  g_hash_table_iter_init (&iter, self->names);
  while (g_hash_table_iter_next (&iter, &other, &value))
    {
      if (now - ((const Name *) value)->called_usec >= DBR_OWNERS_FORGETTING_USEC)
        g_strv_builder_add (builder, other);
    }

  return g_strv_builder_end (builder);
}

/* FALSE: it has been called meanwhile. */
static gboolean
dbr_owners_remove (DbrOwners  *self,
                   const char *bus_name,
                   gint64      now)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  const Name *name = g_hash_table_lookup (self->names, bus_name);

  return name != NULL && now - name->called_usec >= DBR_OWNERS_FORGETTING_USEC
         && g_hash_table_remove (self->names, bus_name);
}

static char *
rule_new (const char *bus_name)
{
  return g_strdup_printf ("type='signal',sender='" DBR_BUS_NAME "',"
                          "interface='" DBR_BUS_INTERFACE "',member='NameOwnerChanged',arg0='%s'",
                          bus_name);
}

static void
ignored_cb (DbrExchange *exchange,
            gpointer     user_data)
{
}

static void
dbr_owners_forget_old (DbrOwners *self,
                       DbrLane   *lane,
                       gint64     now)
{
  g_auto(GStrv) old = dbr_owners_dup_old (self, now);

  for (guint i = 0; old != NULL && old[i] != NULL; i++)
    {
      g_autofree char *rule = NULL;

      if (self->listener->is_needed (self->user_data, old[i])
          || !dbr_owners_remove (self, old[i], now))
        continue;

      rule = rule_new (old[i]);
      ask (lane, "RemoveMatch", rule, ignored_cb, NULL);
      self->listener->forgotten (self->user_data, old[i]);
    }
}

/* First the rule, then the question: so no change falls between them. */
void
dbr_owners_ask (DbrOwners  *self,
                DbrLane    *lane,
                const char *bus_name)
{
  g_autofree char *rule = rule_new (bus_name);

  ask (lane, "AddMatch", rule, matched_cb, question_new (self, bus_name));
  ask (lane, "GetNameOwner", bus_name, answered_cb, question_new (self, bus_name));
}

gboolean
dbr_owners_follow (DbrOwners  *self,
                   DbrLane    *lane,
                   const char *bus_name,
                   gboolean    is_awaited)
{
  gint64 now;

  /* A unique name never comes back, and the bus itself is always there. */
  if (bus_name == NULL || *bus_name == ':' || g_str_equal (bus_name, DBR_BUS_NAME))
    return FALSE;

  now = dbr_clock_get_monotonic (self->clock);
  if (dbr_owners_touch (self, bus_name, is_awaited, now))
    return FALSE;

  dbr_owners_forget_old (self, lane, now);
  if (!dbr_owners_add (self, bus_name, is_awaited, now))
    return FALSE;

  /* This comes behind the call that made it necessary, which has not started anything by then that
   * could answer before. */
  dbr_owners_ask (self, lane, bus_name);

  return TRUE;
}

void
dbr_owners_hear (DbrOwners  *self,
                 DbrMessage *signal)
{
  g_autoptr(GVariant) body = NULL;
  const char *bus_name;
  const char *new_owner;

  if (g_strcmp0 (signal->member, "NameOwnerChanged") != 0
      || g_strcmp0 (dbr_message_get_sender (signal), DBR_BUS_NAME) != 0)
    return;

  body = dbr_message_dup_body (signal);
  if (!g_variant_is_of_type (body, G_VARIANT_TYPE ("(sss)")))
    return;

  g_variant_get (body, "(&s&s&s)", &bus_name, NULL, &new_owner);
  dbr_owners_take_news (self, bus_name, *new_owner != '\0' ? new_owner : NULL, TRUE);
}

/* The bus would keep a rule as long as the connection lives, which is the application's. */
void
dbr_owners_leave (DbrOwners       *self,
                  GDBusConnection *connection)
{
  g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer bus_name;

  g_mutex_lock (&self->mutex);
  g_hash_table_iter_init (&iter, self->names);
  while (g_hash_table_iter_next (&iter, &bus_name, NULL))
    g_ptr_array_add (rules, rule_new (bus_name));
  g_hash_table_remove_all (self->names);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < rules->len; i++)
    {
      const char *rule = g_ptr_array_index (rules, i);

      g_dbus_connection_call (connection, DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE,
                              "RemoveMatch", g_variant_new ("(s)", rule), NULL,
                              G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
    }
}

static char **
dbr_owners_dup_all (DbrOwners *self)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GHashTableIter iter;
  gpointer bus_name;
  gpointer value;

  g_hash_table_iter_init (&iter, self->names);
  while (g_hash_table_iter_next (&iter, &bus_name, &value))
    {
      Name *name = value;

      name->is_known = FALSE;
      g_clear_error (&name->refusal);
      g_strv_builder_add (builder, bus_name);
    }

  return g_strv_builder_end (builder);
}

void
dbr_owners_restore (DbrOwners *self,
                    DbrLane   *lane)
{
  g_auto(GStrv) names = dbr_owners_dup_all (self);

  for (guint i = 0; names[i] != NULL; i++)
    dbr_owners_ask (self, lane, names[i]);
}

char *
dbr_owners_dup_owner (DbrOwners  *self,
                      const char *bus_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  const Name *name = g_hash_table_lookup (self->names, bus_name);

  return name != NULL && name->is_known ? g_strdup (name->owner) : NULL;
}

guint
dbr_owners_count (DbrOwners *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_hash_table_size (self->names);
}

gboolean
dbr_owners_was_absent (GObject    *owners,
                       const char *bus_name,
                       gint64      when_usec)
{
  DbrOwners *self = DBR_OWNERS (owners);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  Name *name = g_hash_table_lookup (self->names, bus_name);

  return name != NULL && name->is_known
         && (name->owner == NULL || name->absent_usec >= when_usec);
}

gboolean
dbr_owners_is_told (DbrOwners   *self,
                    const char  *bus_name,
                    GError     **error)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  const Name *name = g_hash_table_lookup (self->names, bus_name);

  if (name == NULL || name->refusal == NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (name->refusal));

  return FALSE;
}

char **
dbr_owners_dup_names (DbrOwners  *self,
                      const char *unique_name)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  gboolean is_empty = TRUE;
  GHashTableIter iter;
  gpointer bus_name;
  gpointer value;

  g_hash_table_iter_init (&iter, self->names);
  while (g_hash_table_iter_next (&iter, &bus_name, &value))
    {
      if (g_strcmp0 (((const Name *) value)->owner, unique_name) != 0)
        continue;

      g_strv_builder_add (builder, bus_name);
      is_empty = FALSE;
    }

  return is_empty ? NULL : g_strv_builder_end (builder);
}

gboolean
dbr_owners_is_owned_by (DbrOwners  *self,
                        const char *bus_name,
                        const char *unique_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  const Name *name = g_hash_table_lookup (self->names, bus_name);

  return name != NULL && name->is_known && g_strcmp0 (name->owner, unique_name) == 0;
}

gboolean
dbr_owners_lookup (DbrOwners   *self,
                   const char  *bus_name,
                   char       **owner)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  const Name *name = g_hash_table_lookup (self->names, bus_name);

  if (name == NULL || !name->is_known)
    return FALSE;

  *owner = g_strdup (name->owner);

  return TRUE;
}
