/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notice-queue-private.h"

#define MS G_GINT64_CONSTANT (1000)
#define S G_GINT64_CONSTANT (1000000)

/* A queue on time as a test wants it. */
typedef struct
{
  DbrClock       clock;
  gint64         now;
  DbrNoticeQueue queue;
  guint          last_id;
  GPtrArray     *dropped;
  GPtrArray     *late;
} World;

static gint64
world_get_now (const DbrClock *clock)
{
  return ((const World *) clock)->now;
}

static void
world_init (World *self)
{
  *self = (World) {
    .clock = { world_get_now, world_get_now },
    .now = 1000 * S,
    .dropped = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_notice_entry_free),
    .late = g_ptr_array_new (),
  };
  dbr_notice_queue_init (&self->queue, &self->clock);
}

static void
world_clear (World *self)
{
  dbr_notice_queue_clear (&self->queue);
  g_ptr_array_unref (self->dropped);
  g_ptr_array_unref (self->late);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

/* Somebody who waits is the text that he sent. */
static DbrNoticePlace
world_send (World      *self,
            const char *summary,
            DbrUrgency  urgency,
            guint      *id)
{
  g_autoptr(DbrNotice) notice = dbr_notice_new (summary, NULL, NULL, urgency, -1, NULL, NULL, NULL);
  DbrNoticeEntry *entry = dbr_notice_entry_new (++self->last_id, notice, (gpointer) summary);
  DbrNoticePlace place = dbr_notice_queue_push (&self->queue, entry, id, self->dropped);

  if (place == DBR_NOTICE_SEEN || place == DBR_NOTICE_REFUSED)
    dbr_notice_entry_free (entry);

  return place;
}

static guint
world_queue (World      *self,
             const char *summary,
             DbrUrgency  urgency)
{
  guint id;

  g_assert_cmpint (world_send (self, summary, urgency, &id), ==, DBR_NOTICE_QUEUED);

  return id;
}

static void
world_assert_next (World      *self,
                   const char *summary)
{
  g_autoptr(DbrNoticeEntry) entry = dbr_notice_queue_pop (&self->queue);

  g_assert_cmpstr (entry != NULL ? entry->notice->summary : NULL, ==, summary);
}

static void
world_expire (World *self)
{
  dbr_notice_queue_expire (&self->queue, self->late, self->dropped);
}

static void
test_order (void)
{
  g_auto(World) world = { { NULL } };

  g_test_summary ("They come out in order, critical ones first");

  world_init (&world);
  world_queue (&world, "a", DBR_URGENCY_NORMAL);
  world_queue (&world, "b", DBR_URGENCY_LOW);
  world_queue (&world, "c", DBR_URGENCY_CRITICAL);
  world_queue (&world, "d", DBR_URGENCY_CRITICAL);
  world_assert_next (&world, "c");
  world_assert_next (&world, "d");
  world_assert_next (&world, "a");
  world_assert_next (&world, "b");
  world_assert_next (&world, NULL);
  g_assert_cmpint (dbr_notice_queue_get_next (&world.queue, TRUE), ==, G_MAXINT64);
}

static void
test_bound (void)
{
  g_auto(World) world = { { NULL } };
  guint id;

  g_test_summary ("The least urgent makes room, the oldest of them first; critical ones never do");

  world_init (&world);
  world.queue.max_queued = 3;
  world_queue (&world, "low", DBR_URGENCY_LOW);
  world_queue (&world, "a", DBR_URGENCY_NORMAL);
  world_queue (&world, "c", DBR_URGENCY_CRITICAL);
  world_queue (&world, "b", DBR_URGENCY_NORMAL);
  g_assert_cmpuint (world.dropped->len, ==, 1);
  g_assert_cmpstr (((DbrNoticeEntry *) world.dropped->pdata[0])->notice->summary, ==, "low");
  world_queue (&world, "d", DBR_URGENCY_NORMAL);
  g_assert_cmpstr (((DbrNoticeEntry *) world.dropped->pdata[1])->notice->summary, ==, "a");
  g_assert_cmpint (world_send (&world, "low2", DBR_URGENCY_LOW, &id), ==, DBR_NOTICE_REFUSED);
  world_queue (&world, "e", DBR_URGENCY_CRITICAL);
  world_queue (&world, "f", DBR_URGENCY_CRITICAL);
  g_assert_cmpint (world_send (&world, "g", DBR_URGENCY_CRITICAL, &id), ==, DBR_NOTICE_REFUSED);
  g_assert_cmpuint (world.queue.waiting.length, ==, 3);
  g_assert_cmpuint (world.queue.n_dropped, ==, 6);

  for (guint i = 0; i < 1000; i++)
    (void) world_send (&world, "h", DBR_URGENCY_CRITICAL, &id);
  g_assert_cmpuint (world.queue.waiting.length, ==, 3);
}

static void
test_merge (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(DbrNoticeEntry) entry = NULL;
  guint first;
  guint id;

  g_test_summary ("The same within a second is one: while it waits, and a moment after it was sent");

  world_init (&world);
  first = world_queue (&world, "a", DBR_URGENCY_NORMAL);
  world.now += 500 * MS;
  g_assert_cmpint (world_send (&world, "a", DBR_URGENCY_NORMAL, &id), ==, DBR_NOTICE_MERGED);
  g_assert_cmpuint (id, ==, first);
  g_assert_cmpint (world_send (&world, "a", DBR_URGENCY_LOW, &id), ==, DBR_NOTICE_QUEUED);
  entry = dbr_notice_queue_pop (&world.queue);
  g_assert_cmpuint (entry->waiters->len, ==, 2);

  world.now += DBR_NOTICE_SAME_MS * MS - 1;
  g_assert_cmpint (world_send (&world, "a", DBR_URGENCY_NORMAL, &id), ==, DBR_NOTICE_SEEN);
  g_assert_cmpuint (id, ==, first);
  world.now += 1;
  g_assert_cmpint (world_send (&world, "a", DBR_URGENCY_NORMAL, &id), ==, DBR_NOTICE_QUEUED);
  g_assert_cmpuint (id, !=, first);
}

static void
test_seen_no_more (void)
{
  g_auto(World) world = { { NULL } };
  guint first;
  guint id;

  g_test_summary ("What was closed or could not be sent is not the same any more");

  world_init (&world);
  first = world_queue (&world, "a", DBR_URGENCY_NORMAL);
  world_assert_next (&world, "a");
  dbr_notice_queue_forget (&world.queue, first);
  g_assert_cmpint (world_send (&world, "a", DBR_URGENCY_NORMAL, &id), ==, DBR_NOTICE_QUEUED);

  dbr_notice_queue_put_back (&world.queue, dbr_notice_queue_pop (&world.queue));
  g_assert_cmpint (world_send (&world, "a", DBR_URGENCY_NORMAL, &id), ==, DBR_NOTICE_MERGED);
}

static void
test_replace (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(DbrNotice) notice = dbr_notice_new ("b", NULL, NULL, DBR_URGENCY_LOW, -1, NULL, NULL,
                                                NULL);
  DbrNoticeEntry *newer;
  g_autoptr(DbrNoticeEntry) entry = NULL;
  guint first;
  guint id;

  g_test_summary ("What replaces one that waits takes its place, with all who wait for either");

  world_init (&world);
  first = world_queue (&world, "a", DBR_URGENCY_NORMAL);
  world_queue (&world, "b", DBR_URGENCY_LOW);
  newer = dbr_notice_entry_new (first, notice, (gpointer) "newer");
  newer->is_update = TRUE;
  g_assert_cmpint (dbr_notice_queue_push (&world.queue, newer, &id, world.dropped), ==,
                   DBR_NOTICE_QUEUED);
  g_assert_cmpuint (id, ==, first);
  g_assert_cmpuint (world.queue.waiting.length, ==, 2);
  entry = dbr_notice_queue_pop (&world.queue);
  g_assert_cmpuint (entry->id, ==, first);
  g_assert_cmpstr (entry->notice->summary, ==, "b");
  g_assert_cmpuint (entry->waiters->len, ==, 2);

  g_clear_pointer (&entry, dbr_notice_entry_free);
  entry = dbr_notice_queue_remove (&world.queue, first);
  g_assert_null (entry);
  entry = dbr_notice_queue_remove (&world.queue, first + 1);
  g_assert_nonnull (entry);
}

static void
test_limit (void)
{
  g_auto(World) world = { { NULL } };

  g_test_summary ("Nobody waits longer than the limit; critical ones are kept ten minutes");

  world_init (&world);
  world_queue (&world, "a", DBR_URGENCY_NORMAL);
  world_queue (&world, "c", DBR_URGENCY_CRITICAL);
  g_assert_cmpint (dbr_notice_queue_get_next (&world.queue, TRUE), ==,
                   world.now + DBR_NOTICE_LIMIT_MS * MS);
  world.now += DBR_NOTICE_LIMIT_MS * MS - 1;
  world_expire (&world);
  g_assert_cmpuint (world.dropped->len + world.late->len, ==, 0);
  g_assert_true (dbr_notice_queue_has_pending (&world.queue));

  world.now += 1;
  world_expire (&world);
  g_assert_cmpuint (world.dropped->len, ==, 1);
  g_assert_cmpuint (world.late->len, ==, 1);
  g_assert_cmpstr (world.late->pdata[0], ==, "c");
  g_assert_cmpuint (world.queue.waiting.length, ==, 1);
  g_assert_false (dbr_notice_queue_has_pending (&world.queue));
  world_expire (&world);
  g_assert_cmpuint (world.late->len, ==, 1);

  g_assert_cmpint (dbr_notice_queue_get_next (&world.queue, TRUE), ==,
                   world.now + (DBR_NOTICE_KEEP_MS - DBR_NOTICE_LIMIT_MS) * MS);
  world.now = dbr_notice_queue_get_next (&world.queue, TRUE);
  world_expire (&world);
  g_assert_cmpuint (world.queue.waiting.length, ==, 0);
  g_assert_cmpuint (world.queue.n_dropped, ==, 2);
}

static void
test_batch (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(DbrNoticeEntry) group = NULL;
  guint first;

  g_test_summary ("What comes within the time is one, with all who wait; critical ones do not wait");

  world_init (&world);
  world.queue.batch_ms = 300;
  first = world_queue (&world, "a", DBR_URGENCY_NORMAL);
  world.now += 200 * MS;
  world_queue (&world, "b", DBR_URGENCY_LOW);
  world_queue (&world, "c", DBR_URGENCY_CRITICAL);
  world_assert_next (&world, "c");
  world_assert_next (&world, NULL);
  g_assert_cmpint (dbr_notice_queue_get_next (&world.queue, TRUE), ==, world.now + 100 * MS);

  world.now += 100 * MS;
  group = dbr_notice_queue_pop (&world.queue);
  g_assert_nonnull (group);
  g_assert_cmpuint (group->id, ==, first);
  g_assert_cmpstr (group->notice->body, ==, "a\nb");
  g_assert_cmpuint (group->waiters->len, ==, 2);
  world_assert_next (&world, NULL);

  /* The next one begins another. */
  world_queue (&world, "d", DBR_URGENCY_NORMAL);
  world_assert_next (&world, NULL);
  dbr_notice_queue_end_batch (&world.queue);
  world_assert_next (&world, "d");
}

static void
test_batch_limit (void)
{
  g_auto(World) world = { { NULL } };

  g_test_summary ("The limit begins when the gathering ends");

  world_init (&world);
  world.queue.batch_ms = 5000;
  world_queue (&world, "a", DBR_URGENCY_NORMAL);
  world.now += 5 * S + DBR_NOTICE_LIMIT_MS * MS - 1;
  world_expire (&world);
  g_assert_cmpuint (world.dropped->len, ==, 0);
  world.now += 1;
  world_expire (&world);
  g_assert_cmpuint (world.dropped->len, ==, 1);
}

static void
test_quiet (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(GPtrArray) held = g_ptr_array_new ();

  g_test_summary ("Quiet holds back all but critical ones, for as long as it takes");

  world_init (&world);
  world_queue (&world, "a", DBR_URGENCY_NORMAL);
  dbr_notice_queue_set_quiet (&world.queue, TRUE, held);
  g_assert_cmpuint (held->len, ==, 1);
  world_queue (&world, "c", DBR_URGENCY_CRITICAL);
  world_assert_next (&world, "c");
  world_assert_next (&world, NULL);
  g_assert_false (dbr_notice_queue_has_pending (&world.queue));
  g_assert_cmpint (dbr_notice_queue_get_next (&world.queue, TRUE), ==, G_MAXINT64);
  world.now += 24 * 3600 * S;
  world_expire (&world);
  g_assert_cmpuint (world.dropped->len, ==, 0);

  dbr_notice_queue_set_quiet (&world.queue, FALSE, held);
  g_assert_cmpint (dbr_notice_queue_get_next (&world.queue, TRUE), ==,
                   world.now + DBR_NOTICE_LIMIT_MS * MS);
  world_assert_next (&world, "a");
}

static void
test_any_history (void)
{
  g_auto(World) world = { { NULL } };
  static const char *const texts[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
  g_autoptr(GPtrArray) held = g_ptr_array_new ();
  guint n_sent = 0;
  guint n_ended = 0;

  g_test_summary ("Whatever happens, each who waits is told exactly once, and the bound holds");

  world_init (&world);
  world.queue.max_queued = 5;
  for (guint i = 0; i < 20000; i++)
    {
      DbrNoticeEntry *entry;
      DbrNoticePlace place;
      guint id;

      switch (g_test_rand_int_range (0, 8))
        {
        case 0:
          world.now += g_test_rand_int_range (0, 3000) * MS;
          world_expire (&world);
          break;

        case 1:
          entry = dbr_notice_queue_pop (&world.queue);
          if (entry != NULL && g_test_rand_bit ())
            {
              dbr_notice_queue_put_back (&world.queue, entry);
            }
          else if (entry != NULL)
            {
              n_ended += entry->waiters->len;
              dbr_notice_entry_free (entry);
            }
          break;

        case 2:
          world.queue.batch_ms = g_test_rand_bit () ? 0 : 400;
          break;

        case 3:
          dbr_notice_queue_set_quiet (&world.queue, g_test_rand_bit (), held);
          break;

        default:
          n_sent++;
          place = world_send (&world, texts[g_test_rand_int_range (0, G_N_ELEMENTS (texts))],
                              g_test_rand_int_range (0, 3), &id);
          n_ended += place == DBR_NOTICE_SEEN || place == DBR_NOTICE_REFUSED;
        }
      for (guint j = 0; j < world.dropped->len; j++)
        n_ended += ((DbrNoticeEntry *) world.dropped->pdata[j])->waiters->len;
      n_ended += world.late->len + held->len;
      g_ptr_array_set_size (world.dropped, 0);
      g_ptr_array_set_size (world.late, 0);
      g_ptr_array_set_size (held, 0);
      /* What is put back was in already, and may be one too many for a moment. */
      g_assert_cmpuint (world.queue.waiting.length, <=, 6);
    }

  for (GList *link = world.queue.waiting.head; link != NULL; link = link->next)
    n_ended += ((DbrNoticeEntry *) link->data)->waiters->len;
  g_assert_cmpuint (n_ended, ==, n_sent);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/notice-queue/order", test_order);
  g_test_add_func ("/dbr/notice-queue/bound", test_bound);
  g_test_add_func ("/dbr/notice-queue/merge", test_merge);
  g_test_add_func ("/dbr/notice-queue/seen-no-more", test_seen_no_more);
  g_test_add_func ("/dbr/notice-queue/replace", test_replace);
  g_test_add_func ("/dbr/notice-queue/limit", test_limit);
  g_test_add_func ("/dbr/notice-queue/batch", test_batch);
  g_test_add_func ("/dbr/notice-queue/batch-limit", test_batch_limit);
  g_test_add_func ("/dbr/notice-queue/quiet", test_quiet);
  g_test_add_func ("/dbr/notice-queue/any-history", test_any_history);

  return g_test_run ();
}
