/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-actor.h"

#include <string.h>

/* Notifications: each sending ends, no id comes twice, and nothing is shown twice. */

#define SEND_MS 2000
#define MAX_UNDER_WAY 8

typedef struct
{
  ChaosOp *op;
  char    *summary;
  guint    id;
  gboolean is_clean;
} Notice;

typedef struct
{
  ChaosWorld  *world;
  GRand       *rand;
  DbrNotifier *notifier;
  GPtrArray   *notices;
  GHashTable  *ids;
  guint        n_under_way;
  gboolean     is_proving;
  gboolean     is_proven;
} Notices;

typedef struct
{
  Notices *notices;
  Notice  *notice;
  gboolean is_proof;
} Sending;

static void
notice_free (Notice *self)
{
  g_free (self->summary);
  g_free (self);
}

static void
notices_note_id (Notices *self,
                 Notice  *notice)
{
  if (notice->id == 0)
    return;
  if (!g_hash_table_add (self->ids, GUINT_TO_POINTER (notice->id)))
    chaos_world_fail (self->world, "two notifications have the id %u", notice->id);
}

static void
closed_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  ChaosOp *op = user_data;

  dbr_notifier_close_finish (DBR_NOTIFIER (source), result, NULL);
  chaos_op_end (op);
}

static void
sent_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autofree Sending *sending = user_data;
  Notices *self = sending->notices;
  Notice *notice = sending->notice;

  notice->id = dbr_notifier_send_finish (DBR_NOTIFIER (source), result, NULL);
  notice->is_clean = chaos_op_end (notice->op);
  self->n_under_way--;
  notices_note_id (self, notice);
  if (sending->is_proof)
    {
      self->is_proving = FALSE;
      self->is_proven = notice->id != 0;
    }
  else if (notice->id != 0 && dbr_test_happens (self->rand, 300))
    {
      dbr_notifier_close_async (self->notifier, notice->id, NULL, closed_cb,
                                chaos_op_begin (self->world, "closing a notification", SEND_MS));
    }
}

static void
notices_send (Notices  *self,
              gboolean  is_proof)
{
  Sending *sending = g_new0 (Sending, 1);
  Notice *notice = g_new0 (Notice, 1);
  DbrUrgency urgency = (DbrUrgency) dbr_test_draw (self->rand, DBR_URGENCY_LOW,
                                                   DBR_URGENCY_CRITICAL);

  notice->summary = g_strdup_printf ("notice-%u-%08x", self->notices->len,
                                     self->notices->len * 2654435761u);
  notice->op = chaos_op_begin (self->world, "a notification", SEND_MS);
  g_ptr_array_add (self->notices, notice);
  sending->notices = self;
  sending->notice = notice;
  sending->is_proof = is_proof;
  self->n_under_way++;
  dbr_notifier_send_async (self->notifier, notice->summary, "Body", NULL, urgency, -1, NULL, sent_cb,
                           sending);
}

static gpointer
notices_begin (ChaosWorld *world)
{
  Notices *self = g_new0 (Notices, 1);

  self->world = world;
  self->rand = chaos_world_new_rand (world);
  self->notices = g_ptr_array_new_with_free_func ((GDestroyNotify) notice_free);
  self->ids = g_hash_table_new (NULL, NULL);
  self->notifier = g_object_new (DBR_TYPE_NOTIFIER, "app-name", "chaos", "backend",
                                 DBR_NOTIFIER_BACKEND_DIRECT, NULL);
  chaos_world_watch (world, self->notifier);

  return self;
}

static void
notices_act (gpointer actor)
{
  Notices *self = actor;

  if (self->n_under_way < MAX_UNDER_WAY && dbr_test_happens (self->rand, 40))
    notices_send (self, FALSE);
}

static const char *
notices_is_ill (gpointer actor,
                gboolean is_calm)
{
  Notices *self = actor;

  if (is_calm && !self->is_proven && !self->is_proving)
    {
      self->is_proving = TRUE;
      notices_send (self, TRUE);
    }

  return self->is_proven ? NULL : "the notifications";
}

static guint
count_lines (char       **lines,
             const char  *text)
{
  guint n = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    n += strcmp (lines[i], text) == 0;

  return n;
}

static void
notices_check (gpointer actor)
{
  Notices *self = actor;
  g_autofree char *name = g_strdup_printf ("record-%u", CHAOS_PEER_DESK);
  g_autofree char *path = g_build_filename (chaos_world_get_folder (self->world), name, NULL);
  g_autofree char *contents = NULL;
  g_auto(GStrv) lines = NULL;

  g_file_get_contents (path, &contents, NULL, NULL);
  lines = g_strsplit (contents != NULL ? contents : "", "\n", -1);
  for (guint i = 0; i < self->notices->len; i++)
    {
      const Notice *notice = g_ptr_array_index (self->notices, i);
      guint n = count_lines (lines, notice->summary);

      if (notice->is_clean && n > 1)
        chaos_world_fail (self->world, "notification %u was shown %u times", i, n);
      if (notice->is_clean && notice->id != 0 && n == 0)
        chaos_world_fail (self->world, "notification %u was sent and never shown", i);
    }
}

static void
notices_end (gpointer actor)
{
  Notices *self = actor;

  g_clear_object (&self->notifier);
  g_ptr_array_unref (self->notices);
  g_hash_table_unref (self->ids);
  g_rand_free (self->rand);
  g_free (self);
}

const ChaosActor chaos_notices = {
  "notices", notices_begin, notices_act, notices_is_ill, notices_check, notices_end,
};
