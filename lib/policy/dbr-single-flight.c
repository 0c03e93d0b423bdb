/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-single-flight-private.h"

#include <string.h>

/* Leaders are found by what they ask, and by the object they ask; of those that ask the same one,
 * the first stands for all. Both tables hold the nodes themselves and own nothing. */
struct _DbrSingleFlight
{
  GHashTable *flights;
  GHashTable *objects;
};

static guint
hash_bytes (guint         hash,
            gconstpointer data,
            gsize         size)
{
  const guchar *bytes = data;

  /* FNV-1a */
  for (gsize i = 0; i < size; i++)
    hash = (hash ^ bytes[i]) * 16777619u;

  return hash;
}

static guint
hash_text (guint       hash,
           const char *text)
{
  return text != NULL ? hash_bytes (hash, text, strlen (text) + 1) : hash;
}

static guint
hash_object (const char *bus_name,
             const char *object_path)
{
  return hash_text (hash_text (2166136261u, bus_name), object_path);
}

static guint
node_hash_flight (gconstpointer key)
{
  return ((const DbrFlightNode *) key)->hash;
}

static guint
node_hash_object (gconstpointer key)
{
  return ((const DbrFlightNode *) key)->object_hash;
}

static gboolean
node_is_same_object (gconstpointer a,
                     gconstpointer b)
{
  const DbrRequest *first = ((const DbrFlightNode *) a)->request;
  const DbrRequest *second = ((const DbrFlightNode *) b)->request;

  return a == b
         || (g_strcmp0 (first->bus_name, second->bus_name) == 0
             && strcmp (first->object_path, second->object_path) == 0);
}

/* g_variant_hash() knows no containers, and g_variant_equal() makes each child anew. Bytes that are
 * the same and of the same type are the same value; the same value in other bytes is just not
 * joined. */
static gboolean
node_has_same_parameters (const DbrFlightNode *first,
                          const DbrFlightNode *second)
{
  return first->size == second->size
         && strcmp (first->type, second->type) == 0
         && (first->size == 0 || memcmp (first->data, second->data, first->size) == 0);
}

static gboolean
node_is_same_flight (gconstpointer a,
                     gconstpointer b)
{
  const DbrFlightNode *first = a;
  const DbrFlightNode *second = b;

  if (a == b)
    return TRUE;

  return first->hash == second->hash
         && first->generation == second->generation
         && node_is_same_object (a, b)
         && strcmp (first->request->method_name, second->request->method_name) == 0
         && strcmp (first->request->interface_name, second->request->interface_name) == 0
         && node_has_same_parameters (first, second);
}

/* A ring of one. */
static void
ring_init (DbrFlightNode *node)
{
  node->next = node;
  node->previous = node;
}

static void
ring_append (DbrFlightNode *leader,
             DbrFlightNode *node)
{
  node->previous = leader->previous;
  node->next = leader;
  leader->previous->next = node;
  leader->previous = node;
}

static void
ring_remove (DbrFlightNode *node)
{
  node->previous->next = node->next;
  node->next->previous = node->previous;
}

/* FALSE: it is not to be compared with others. */
static gboolean
node_take_question (DbrFlightNode    *node,
                    const DbrRequest *request)
{
  GVariant *parameters = request->parameters;

  if (request->fd_list != NULL || request->is_interactive)
    return FALSE;

  node->request = request;
  node->type = "()";
  node->data = NULL;
  node->size = 0;
  if (parameters != NULL)
    node->type = g_variant_get_type_string (parameters);

  /* GVariant keeps an empty tuple in a byte, and it is to be the same as none. */
  if (strcmp (node->type, "()") != 0)
    {
      node->size = g_variant_get_size (parameters);
      if (node->size > DBR_SINGLE_FLIGHT_MAX_SIZE)
        return FALSE;
      node->data = g_variant_get_data (parameters);
    }

  node->object_hash = hash_object (request->bus_name, request->object_path);
  node->hash = hash_text (node->object_hash, request->method_name);
  node->hash = hash_text (node->hash, request->interface_name);
  node->hash = hash_text (node->hash, node->type);
  node->hash = hash_bytes (node->hash, node->data, node->size);

  return TRUE;
}

static void
dbr_single_flight_list (DbrSingleFlight *self,
                        DbrFlightNode   *leader)
{
  DbrFlightNode *head = g_hash_table_lookup (self->objects, leader);

  g_hash_table_add (self->flights, leader);
  leader->can_be_joined = TRUE;

  leader->object_previous = head;
  leader->object_next = head != NULL ? head->object_next : NULL;
  if (leader->object_next != NULL)
    leader->object_next->object_previous = leader;
  if (head != NULL)
    head->object_next = leader;
  else
    g_hash_table_add (self->objects, leader);
}

static void
dbr_single_flight_unlist (DbrSingleFlight *self,
                          DbrFlightNode   *leader)
{
  if (!leader->can_be_joined)
    return;

  g_hash_table_remove (self->flights, leader);
  leader->can_be_joined = FALSE;

  if (leader->object_next != NULL)
    leader->object_next->object_previous = leader->object_previous;
  if (leader->object_previous != NULL)
    leader->object_previous->object_next = leader->object_next;
  else if (leader->object_next != NULL)
    /* The key becomes another one, but not what it stands for. */
    g_hash_table_add (self->objects, leader->object_next);
  else
    g_hash_table_remove (self->objects, leader);

  leader->object_next = NULL;
  leader->object_previous = NULL;
}

static void
dbr_single_flight_unlist_object (DbrSingleFlight *self,
                                 DbrFlightNode   *head)
{
  g_hash_table_remove (self->objects, head);

  while (head != NULL)
    {
      DbrFlightNode *leader = head;

      head = g_steal_pointer (&leader->object_next);
      leader->object_previous = NULL;
      leader->can_be_joined = FALSE;
      g_hash_table_remove (self->flights, leader);
    }
}

DbrSingleFlight *
dbr_single_flight_new (void)
{
  DbrSingleFlight *self = g_new0 (DbrSingleFlight, 1);

  self->flights = g_hash_table_new (node_hash_flight, node_is_same_flight);
  self->objects = g_hash_table_new (node_hash_object, node_is_same_object);

  return self;
}

void
dbr_single_flight_free (DbrSingleFlight *self)
{
  g_hash_table_unref (self->flights);
  g_hash_table_unref (self->objects);
  g_free (self);
}

DbrFlightRole
dbr_single_flight_enter (DbrSingleFlight  *self,
                         DbrFlightNode    *node,
                         const DbrRequest *request,
                         guint64           generation,
                         gint64            now)
{
  DbrFlightNode *leader;

  ring_init (node);
  node->role = DBR_FLIGHT_ALONE;
  if (!node_take_question (node, request))
    return node->role;

  node->generation = generation;
  node->began_usec = now;
  node->is_background = request->is_background;

  /* An interactive read does not wait for one that waits behind all others. */
  leader = g_hash_table_lookup (self->flights, node);
  if (leader != NULL
      && now - leader->began_usec <= DBR_SINGLE_FLIGHT_MAX_AGE_USEC
      && (!leader->is_background || node->is_background))
    {
      node->role = DBR_FLIGHT_JOINED;
      ring_append (leader, node);
      return node->role;
    }

  /* It goes on with those that joined it, and the next ones join this. */
  if (leader != NULL)
    dbr_single_flight_unlist (self, leader);

  node->role = DBR_FLIGHT_LEADS;
  dbr_single_flight_list (self, node);

  return node->role;
}

DbrFlightNode *
dbr_single_flight_end (DbrSingleFlight *self,
                       DbrFlightNode   *leader)
{
  DbrFlightNode *joined = leader->next;

  if (leader->role == DBR_FLIGHT_ALONE)
    return NULL;

  g_assert (leader->role == DBR_FLIGHT_LEADS);

  dbr_single_flight_unlist (self, leader);
  leader->role = DBR_FLIGHT_ALONE;
  if (joined == leader)
    return NULL;

  leader->previous->next = NULL;
  ring_init (leader);
  for (DbrFlightNode *node = joined; node != NULL; node = node->next)
    {
      node->role = DBR_FLIGHT_ALONE;
      node->previous = NULL;
    }

  return joined;
}

/* The heir has its own request, which asks the same, and in all else the place of who leaves. */
static void
dbr_single_flight_inherit (DbrSingleFlight *self,
                           DbrFlightNode   *leader,
                           DbrFlightNode   *heir)
{
  gboolean can_be_joined = leader->can_be_joined;

  dbr_single_flight_unlist (self, leader);
  heir->role = DBR_FLIGHT_LEADS;
  heir->began_usec = leader->began_usec;
  heir->is_background = leader->is_background;
  if (can_be_joined)
    dbr_single_flight_list (self, heir);
}

DbrFlightNode *
dbr_single_flight_leave (DbrSingleFlight *self,
                         DbrFlightNode   *node)
{
  DbrFlightNode *heir = NULL;

  if (node->role == DBR_FLIGHT_ALONE)
    return NULL;

  if (node->role == DBR_FLIGHT_LEADS)
    {
      if (node->next != node)
        {
          heir = node->next;
          dbr_single_flight_inherit (self, node, heir);
        }
      else
        {
          dbr_single_flight_unlist (self, node);
        }
    }

  ring_remove (node);
  ring_init (node);
  node->role = DBR_FLIGHT_ALONE;

  return heir;
}

static void
dbr_single_flight_end_joining_one (DbrSingleFlight *self,
                                   const char      *bus_name,
                                   const char      *object_path)
{
  const DbrRequest request = { .bus_name = bus_name, .object_path = object_path };
  DbrFlightNode key = { .request = &request };
  DbrFlightNode *head;

  key.object_hash = hash_object (bus_name, object_path);
  head = g_hash_table_lookup (self->objects, &key);
  if (head != NULL)
    dbr_single_flight_unlist_object (self, head);
}

void
dbr_single_flight_end_joining (DbrSingleFlight *self,
                               const char      *bus_name,
                               const char      *object_path)
{
  g_autofree char *path = NULL;
  char *slash;

  if (g_hash_table_size (self->objects) == 0)
    return;

  path = g_strdup (object_path);
  dbr_single_flight_end_joining_one (self, bus_name, path);
  while ((slash = strrchr (path, '/')) != NULL && slash != path)
    {
      *slash = '\0';
      dbr_single_flight_end_joining_one (self, bus_name, path);
    }
  dbr_single_flight_end_joining_one (self, bus_name, "/");
}

void
dbr_single_flight_end_all (DbrSingleFlight *self)
{
  GHashTableIter iter;
  gpointer head;

  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, &head, NULL))
    {
      g_hash_table_iter_steal (&iter);
      for (DbrFlightNode *leader = head; leader != NULL;)
        {
          leader->can_be_joined = FALSE;
          leader->object_previous = NULL;
          leader = g_steal_pointer (&leader->object_next);
        }
    }
  g_hash_table_remove_all (self->flights);
}

guint
dbr_single_flight_get_n_flights (DbrSingleFlight *self)
{
  return g_hash_table_size (self->flights);
}
