/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "policy/dbr-single-flight-private.h"

#define MS G_GINT64_CONSTANT (1000)
#define NAME "org.example.Printer"
#define N_HISTORIES 1000
#define N_STEPS 300

/* A read of the test: the node comes first, so that what is given back is one. */
typedef struct
{
  DbrFlightNode  node;
  DbrRequest    *request;
  guint          number;
} Reader;

/* What is under way, as the model keeps it: who leads is the first of the readers. */
typedef struct
{
  GPtrArray *readers;
  guint64    generation;
  gint64     began;
  gboolean   is_background;
  gboolean   is_open;
} Flight;

typedef struct
{
  DbrSingleFlight *flights;
  GRand           *rand;
  gint64           now;
  /* of Flight */
  GPtrArray       *under_way;
} History;

static Reader *
reader_new (const char *bus_name,
            const char *object_path,
            const char *method_name,
            GVariant   *parameters)
{
  Reader *reader = g_new0 (Reader, 1);

  reader->request = dbr_request_new (bus_name, object_path, "org.example.Printer1", method_name,
                                     parameters, NULL);

  return reader;
}

static void
reader_free (Reader *reader)
{
  dbr_request_unref (reader->request);
  g_free (reader);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reader, reader_free)

static DbrFlightRole
enter (DbrSingleFlight *flights,
       Reader          *reader,
       gint64           now)
{
  return dbr_single_flight_enter (flights, &reader->node, reader->request, 1, now);
}

static void
test_the_same_question_is_asked_once (void)
{
  g_autoptr(DbrSingleFlight) flights = dbr_single_flight_new ();
  Reader *readers[4];
  DbrFlightNode *joined;

  g_test_summary ("Of those that ask the same, the first leads and the others have its answer in "
                  "their order; after the end the next one leads again");

  for (guint i = 0; i < 4; i++)
    {
      readers[i] = reader_new (NAME, "/a", "Get", g_variant_new ("(ss)", "x", "y"));
      g_assert_cmpint (enter (flights, readers[i], 0), ==,
                       i == 0 ? DBR_FLIGHT_LEADS : DBR_FLIGHT_JOINED);
    }
  g_assert_cmpuint (dbr_single_flight_get_n_flights (flights), ==, 1);

  joined = dbr_single_flight_end (flights, &readers[0]->node);
  for (guint i = 1; i < 4; i++, joined = joined->next)
    g_assert_true (joined == &readers[i]->node);
  g_assert_null (joined);
  g_assert_cmpuint (dbr_single_flight_get_n_flights (flights), ==, 0);

  g_assert_cmpint (enter (flights, readers[1], 0), ==, DBR_FLIGHT_LEADS);
  g_assert_null (dbr_single_flight_end (flights, &readers[1]->node));
  for (guint i = 0; i < 4; i++)
    reader_free (readers[i]);
}

static void
test_another_question_is_another_flight (void)
{
  g_autoptr(DbrSingleFlight) flights = dbr_single_flight_new ();
  Reader *readers[] = {
    reader_new (NAME, "/a", "Get", g_variant_new ("(s)", "x")),
    reader_new (NAME, "/a", "Get", g_variant_new ("(s)", "y")),
    reader_new (NAME, "/a", "Get", g_variant_new ("(o)", "/")),
    reader_new (NAME, "/a", "Get", g_variant_new ("(s)", "/")),
    reader_new (NAME, "/a", "Get", g_variant_new ("(i)", 1)),
    reader_new (NAME, "/a", "Get", g_variant_new ("(u)", 1)),
    reader_new (NAME, "/a", "Get", NULL),
    reader_new (NAME, "/a", "GetAll", NULL),
    reader_new (NAME, "/b", "Get", NULL),
    reader_new (NAME "2", "/a", "Get", NULL),
    reader_new (NULL, "/a", "Get", NULL),
  };
  g_autoptr(Reader) empty = reader_new (NAME, "/a", "Get", g_variant_new ("()"));
  g_autoptr(Reader) later = reader_new (NAME, "/a", "Get", NULL);

  g_test_summary ("Name, path, member, parameters and their types, and the owner make a question; "
                  "no parameters are the same as empty ones");

  for (guint i = 0; i < G_N_ELEMENTS (readers); i++)
    g_assert_cmpint (enter (flights, readers[i], 0), ==, DBR_FLIGHT_LEADS);
  g_assert_cmpint (enter (flights, empty, 0), ==, DBR_FLIGHT_JOINED);
  g_assert_cmpint (dbr_single_flight_enter (flights, &later->node, later->request, 2, 0), ==,
                   DBR_FLIGHT_LEADS);

  dbr_single_flight_end_all (flights);
  g_assert_cmpuint (dbr_single_flight_get_n_flights (flights), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (readers); i++)
    {
      g_assert_true (dbr_single_flight_end (flights, &readers[i]->node)
                     == (i == 6 ? &empty->node : NULL));
      reader_free (readers[i]);
    }
}

static void
test_what_cannot_be_shared_goes_alone (void)
{
  g_autoptr(DbrSingleFlight) flights = dbr_single_flight_new ();
  g_autofree char *text = g_strnfill (DBR_SINGLE_FLIGHT_MAX_SIZE, 'x');

  g_test_summary ("A read with a large body, with descriptors or that may ask the person is not "
                  "shared");

  for (guint i = 0; i < 6; i++)
    {
      g_autoptr(Reader) reader = reader_new (NAME, "/a", "Get",
                                             g_variant_new ("(s)", text + (i / 2 == 0 ? 0 : 1)));

      if (i / 2 == 1)
        reader->request->is_interactive = TRUE;
      if (i / 2 == 2)
        reader->request->fd_list = (GUnixFDList *) g_object_new (G_TYPE_OBJECT, NULL);
      g_assert_cmpint (enter (flights, reader, 0), ==, DBR_FLIGHT_ALONE);
      g_assert_null (dbr_single_flight_leave (flights, &reader->node));
      g_assert_null (dbr_single_flight_end (flights, &reader->node));
    }
  g_assert_cmpuint (dbr_single_flight_get_n_flights (flights), ==, 0);
}

static void
test_an_old_flight_is_not_joined (void)
{
  g_autoptr(DbrSingleFlight) flights = dbr_single_flight_new ();
  Reader *readers[4];

  g_test_summary ("A leader of more than 250 ms ago goes on with those it has, and another leads "
                  "the next ones");

  for (guint i = 0; i < 4; i++)
    readers[i] = reader_new (NAME, "/a", "Get", NULL);
  g_assert_cmpint (enter (flights, readers[0], 0), ==, DBR_FLIGHT_LEADS);
  g_assert_cmpint (enter (flights, readers[1], 250 * MS), ==, DBR_FLIGHT_JOINED);
  g_assert_cmpint (enter (flights, readers[2], 250 * MS + 1), ==, DBR_FLIGHT_LEADS);
  g_assert_cmpint (enter (flights, readers[3], 300 * MS), ==, DBR_FLIGHT_JOINED);
  g_assert_true (dbr_single_flight_end (flights, &readers[0]->node) == &readers[1]->node);
  g_assert_true (dbr_single_flight_end (flights, &readers[2]->node) == &readers[3]->node);
  for (guint i = 0; i < 4; i++)
    reader_free (readers[i]);
}

static void
test_a_write_ends_joining (void)
{
  const char *paths[] = { "/", "/a", "/a/b", "/a/b/c", "/a/bb", "/a/b_" };
  const gboolean are_ended[] = { TRUE, TRUE, TRUE, FALSE, FALSE, FALSE };
  g_autoptr(DbrSingleFlight) flights = dbr_single_flight_new ();
  Reader *readers[2 * G_N_ELEMENTS (paths)];
  Reader *after[2 * G_N_ELEMENTS (paths)];

  g_test_summary ("What was read of an object, or of those above it, before it was written is not "
                  "joined after it; reads of others are");

  for (guint i = 0; i < G_N_ELEMENTS (readers); i++)
    {
      const char *method = i % 2 == 0 ? "Get" : "GetAll";

      readers[i] = reader_new (NAME, paths[i / 2], method, NULL);
      after[i] = reader_new (NAME, paths[i / 2], method, NULL);
      g_assert_cmpint (enter (flights, readers[i], 0), ==, DBR_FLIGHT_LEADS);
    }
  dbr_single_flight_end_joining (flights, NULL, "/a/b");
  dbr_single_flight_end_joining (flights, "org.example", "/a/b");
  g_assert_cmpuint (dbr_single_flight_get_n_flights (flights), ==, G_N_ELEMENTS (readers));
  dbr_single_flight_end_joining (flights, NAME, "/a/b");

  for (guint i = 0; i < G_N_ELEMENTS (readers); i++)
    g_assert_cmpint (enter (flights, after[i], 0), ==,
                     are_ended[i / 2] ? DBR_FLIGHT_LEADS : DBR_FLIGHT_JOINED);
  for (guint i = 0; i < G_N_ELEMENTS (readers); i++)
    {
      g_assert_true (dbr_single_flight_end (flights, &readers[i]->node)
                     == (are_ended[i / 2] ? NULL : &after[i]->node));
      reader_free (readers[i]);
      dbr_single_flight_leave (flights, &after[i]->node);
      reader_free (after[i]);
    }
  g_assert_cmpuint (dbr_single_flight_get_n_flights (flights), ==, 0);
}

static void
test_a_flight_goes_on_without_its_leader (void)
{
  g_autoptr(DbrSingleFlight) flights = dbr_single_flight_new ();
  Reader *readers[5];

  g_test_summary ("When the leader gives up, the first that joined leads, and others may join; "
                  "when the last gives up there is no flight");

  for (guint i = 0; i < 5; i++)
    readers[i] = reader_new (NAME, "/a", "Get", g_variant_new ("(s)", "x"));
  for (guint i = 0; i < 4; i++)
    enter (flights, readers[i], 0);
  g_assert_null (dbr_single_flight_leave (flights, &readers[1]->node));
  g_assert_true (dbr_single_flight_leave (flights, &readers[0]->node) == &readers[2]->node);
  g_assert_cmpint (readers[2]->node.role, ==, DBR_FLIGHT_LEADS);
  reader_free (readers[0]);
  reader_free (readers[1]);

  g_assert_cmpint (enter (flights, readers[4], 100 * MS), ==, DBR_FLIGHT_JOINED);
  g_assert_true (dbr_single_flight_leave (flights, &readers[2]->node) == &readers[3]->node);
  g_assert_true (dbr_single_flight_leave (flights, &readers[3]->node) == &readers[4]->node);
  /* It is as old as the first that asked. */
  g_assert_cmpint (enter (flights, readers[2], 250 * MS + 1), ==, DBR_FLIGHT_LEADS);
  g_assert_null (dbr_single_flight_leave (flights, &readers[4]->node));
  g_assert_cmpuint (dbr_single_flight_get_n_flights (flights), ==, 1);
  g_assert_null (dbr_single_flight_leave (flights, &readers[2]->node));
  g_assert_cmpuint (dbr_single_flight_get_n_flights (flights), ==, 0);
  for (guint i = 2; i < 5; i++)
    reader_free (readers[i]);
}

static void
test_interactive_reads_do_not_wait_for_the_background (void)
{
  g_autoptr(DbrSingleFlight) flights = dbr_single_flight_new ();
  Reader *readers[4];

  g_test_summary ("A read in the background is joined by others in the background only, and joins "
                  "any");

  for (guint i = 0; i < 4; i++)
    {
      readers[i] = reader_new (NAME, "/a", "Get", NULL);
      readers[i]->request->is_background = i != 2;
    }
  g_assert_cmpint (enter (flights, readers[0], 0), ==, DBR_FLIGHT_LEADS);
  g_assert_cmpint (enter (flights, readers[1], 0), ==, DBR_FLIGHT_JOINED);
  g_assert_cmpint (enter (flights, readers[2], 0), ==, DBR_FLIGHT_LEADS);
  g_assert_cmpint (enter (flights, readers[3], 0), ==, DBR_FLIGHT_JOINED);
  g_assert_true (dbr_single_flight_end (flights, &readers[2]->node) == &readers[3]->node);
  g_assert_true (dbr_single_flight_end (flights, &readers[0]->node) == &readers[1]->node);
  for (guint i = 0; i < 4; i++)
    reader_free (readers[i]);
}

static void
flight_free (Flight *flight)
{
  g_ptr_array_unref (flight->readers);
  g_free (flight);
}

static Reader *
flight_get_reader (Flight *flight,
                   guint   index)
{
  return g_ptr_array_index (flight->readers, index);
}

static gboolean
request_is_same (const DbrRequest *a,
                 const DbrRequest *b)
{
  return strcmp (a->bus_name, b->bus_name) == 0
         && strcmp (a->object_path, b->object_path) == 0
         && strcmp (a->method_name, b->method_name) == 0
         && g_variant_equal (a->parameters, b->parameters);
}

static Flight *
history_find_open (History          *history,
                   const DbrRequest *request,
                   guint64           generation)
{
  for (guint i = 0; i < history->under_way->len; i++)
    {
      Flight *flight = g_ptr_array_index (history->under_way, i);

      if (flight->is_open && flight->generation == generation
          && request_is_same (flight_get_reader (flight, 0)->request, request))
        return flight;
    }

  return NULL;
}

static const char *
history_pick_path (History *history)
{
  const char *paths[] = { "/", "/a", "/a/b" };

  return paths[g_rand_int_range (history->rand, 0, G_N_ELEMENTS (paths))];
}

static void
history_enter (History *history)
{
  Reader *reader = reader_new (g_rand_boolean (history->rand) ? NAME : ":1.5",
                               history_pick_path (history),
                               g_rand_boolean (history->rand) ? "Get" : "GetAll",
                               g_variant_new ("(sv)", "x",
                                              g_variant_new_byte (g_rand_boolean (history->rand))));
  guint64 generation = g_rand_int_range (history->rand, 0, 2);
  gboolean is_background = g_rand_int_range (history->rand, 0, 4) == 0;
  Flight *flight = history_find_open (history, reader->request, generation);
  DbrFlightRole role;

  reader->request->is_background = is_background;
  role = dbr_single_flight_enter (history->flights, &reader->node, reader->request, generation,
                                  history->now);

  if (flight != NULL
      && history->now - flight->began <= 250 * MS
      && (is_background || !flight->is_background))
    {
      g_assert_cmpint (role, ==, DBR_FLIGHT_JOINED);
      g_ptr_array_add (flight->readers, reader);
      return;
    }

  g_assert_cmpint (role, ==, DBR_FLIGHT_LEADS);
  if (flight != NULL)
    flight->is_open = FALSE;

  flight = g_new0 (Flight, 1);
  flight->readers = g_ptr_array_new_with_free_func ((GDestroyNotify) reader_free);
  flight->generation = generation;
  flight->began = history->now;
  flight->is_background = is_background;
  flight->is_open = TRUE;
  g_ptr_array_add (flight->readers, reader);
  g_ptr_array_add (history->under_way, flight);
}

static void
history_end (History *history,
             guint    index)
{
  Flight *flight = g_ptr_array_index (history->under_way, index);
  DbrFlightNode *joined = dbr_single_flight_end (history->flights,
                                                 &flight_get_reader (flight, 0)->node);

  for (guint i = 1; i < flight->readers->len; i++, joined = joined->next)
    {
      g_assert_true (joined == &flight_get_reader (flight, i)->node);
      g_assert_cmpint (joined->role, ==, DBR_FLIGHT_ALONE);
    }
  g_assert_null (joined);
  g_ptr_array_remove_index (history->under_way, index);
}

static void
history_leave (History *history,
               guint    index)
{
  Flight *flight = g_ptr_array_index (history->under_way, index);
  guint n = g_rand_int_range (history->rand, 0, flight->readers->len);
  DbrFlightNode *heir = dbr_single_flight_leave (history->flights,
                                                 &flight_get_reader (flight, n)->node);

  g_ptr_array_remove_index (flight->readers, n);
  if (flight->readers->len == 0)
    g_ptr_array_remove_index (history->under_way, index);

  if (n == 0 && heir != NULL)
    g_assert_true (heir == &flight_get_reader (flight, 0)->node);
  else
    g_assert_null (heir);
}

static void
history_write (History *history)
{
  const char *path = history_pick_path (history);
  gboolean is_all = g_rand_int_range (history->rand, 0, 10) == 0;

  if (is_all)
    dbr_single_flight_end_all (history->flights);
  else
    dbr_single_flight_end_joining (history->flights, NAME, path);

  for (guint i = 0; i < history->under_way->len; i++)
    {
      Flight *flight = g_ptr_array_index (history->under_way, i);
      const DbrRequest *request = flight_get_reader (flight, 0)->request;

      /* Of the paths there are, each is the beginning of those it is above. */
      if (is_all || (strcmp (request->bus_name, NAME) == 0
                     && g_str_has_prefix (path, request->object_path)))
        flight->is_open = FALSE;
    }
}

static void
history_check (History *history)
{
  guint n_open = 0;

  for (guint i = 0; i < history->under_way->len; i++)
    {
      Flight *flight = g_ptr_array_index (history->under_way, i);

      n_open += flight->is_open;
      for (guint n = 0; n < flight->readers->len; n++)
        g_assert_cmpint (flight_get_reader (flight, n)->node.role, ==,
                         n == 0 ? DBR_FLIGHT_LEADS : DBR_FLIGHT_JOINED);
    }
  g_assert_cmpuint (dbr_single_flight_get_n_flights (history->flights), ==, n_open);
}

static void
history_step (History *history)
{
  guint kind = g_rand_int_range (history->rand, 0, 100);
  guint n_under_way = history->under_way->len;

  if (kind < 60)
    history_enter (history);
  else if (kind < 70)
    history->now += g_rand_int_range (history->rand, 0, 200 * MS);
  else if (kind < 75)
    history_write (history);
  else if (n_under_way > 0 && kind < 85)
    history_end (history, g_rand_int_range (history->rand, 0, n_under_way));
  else if (n_under_way > 0)
    history_leave (history, g_rand_int_range (history->rand, 0, n_under_way));
}

static void
test_does_what_the_model_does (void)
{
  guint32 seed = g_test_rand_int ();

  g_test_summary ("In random histories each read has one leader, none joins what it must not, and "
                  "nobody is left behind");

  for (guint i = 0; i < N_HISTORIES; i++)
    {
      History history = {
        .flights = dbr_single_flight_new (),
        .rand = g_rand_new_with_seed (seed + i),
        .under_way = g_ptr_array_new_with_free_func ((GDestroyNotify) flight_free),
      };

      for (guint step = 0; step < N_STEPS; step++)
        {
          history_step (&history);
          history_check (&history);
        }
      while (history.under_way->len > 0)
        history_end (&history, 0);
      g_assert_cmpuint (dbr_single_flight_get_n_flights (history.flights), ==, 0);

      g_ptr_array_unref (history.under_way);
      g_rand_free (history.rand);
      dbr_single_flight_free (history.flights);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/single-flight/the-same-question-is-asked-once",
                   test_the_same_question_is_asked_once);
  g_test_add_func ("/dbr/single-flight/another-question-is-another-flight",
                   test_another_question_is_another_flight);
  g_test_add_func ("/dbr/single-flight/what-cannot-be-shared-goes-alone",
                   test_what_cannot_be_shared_goes_alone);
  g_test_add_func ("/dbr/single-flight/an-old-flight-is-not-joined",
                   test_an_old_flight_is_not_joined);
  g_test_add_func ("/dbr/single-flight/a-write-ends-joining", test_a_write_ends_joining);
  g_test_add_func ("/dbr/single-flight/goes-on-without-its-leader",
                   test_a_flight_goes_on_without_its_leader);
  g_test_add_func ("/dbr/single-flight/interactive-reads-do-not-wait-for-the-background",
                   test_interactive_reads_do_not_wait_for_the_background);
  g_test_add_func ("/dbr/single-flight/does-what-the-model-does", test_does_what_the_model_does);

  return g_test_run ();
}
