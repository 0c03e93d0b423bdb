/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <malloc.h>
#include <stdlib.h>

#include "dbr-soak-load.h"
#include "dbr-soak-world.h"

/* dbr-soak MINUTES [SEED]: everything at once, for long, while now one and now another thing is
 * broken. At the end of each minute all is mended, has to become healthy in time, and what the process
 * then holds is printed. Whatever is kept for each of something is more at the end than in the first
 * minutes, and fails the run. */

#define MINUTE_MS (60 * 1000)
/* When nothing more is broken in a minute; what is left of it is for becoming healthy. */
#define BROKEN_MS (45 * 1000)
#define PATIENCE_MS (60 * 1000)
#define SLACK_BYTES (1024 * 1024)
#define SLACK_FDS 4
#define SLACK_THREADS 4

typedef struct
{
  SoakWorld *world;
  SoakLoad  *load;
  GRand     *rand;
  guint      fault_id;
  gboolean   is_broken;
} Soak;

static gboolean
fault_cb (gpointer user_data)
{
  Soak *self = user_data;

  if (self->is_broken)
    soak_world_mend (self->world);
  else
    soak_world_break (self->world);
  self->is_broken = !self->is_broken;
  self->fault_id = g_timeout_add ((guint) g_rand_int_range (self->rand, 500, 5000), fault_cb, self);

  return G_SOURCE_REMOVE;
}

static void
soak_run (Soak  *self,
          gint64 end)
{
  while (g_get_monotonic_time () < end)
    dbr_test_wait_step (NULL, G_MAXINT64, "the end of a minute", __FILE__, __LINE__, G_STRFUNC);
}

static gboolean
soak_settle (Soak *self)
{
  gint64 end = g_get_monotonic_time () + (gint64) PATIENCE_MS * 1000;
  const char *unrest;

  g_source_remove (self->fault_id);
  if (self->is_broken)
    soak_world_mend (self->world);
  self->is_broken = FALSE;
  soak_load_hold (self->load, TRUE);
  while ((unrest = soak_load_get_unrest (self->load)) != NULL)
    {
      if (g_get_monotonic_time () > end)
        {
          g_printerr ("Not healthy %d s after everything was mended: %s\n", PATIENCE_MS / 1000, unrest);
          return FALSE;
        }
      dbr_test_wait_step (NULL, G_MAXINT64, unrest, __FILE__, __LINE__, G_STRFUNC);
    }

  return TRUE;
}

static gsize
read_resident_bytes (void)
{
  g_autofree char *text = NULL;
  g_auto(GStrv) fields = NULL;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return 0;

  fields = g_strsplit (text, " ", 3);

  return (gsize) g_ascii_strtoull (fields[1], NULL, 10) * 4096;
}

static void
print_minute (Soak                   *self,
              guint                   minute,
              gint64                  healthy_usec,
              const DbrTestResources *resources)
{
  guint64 n_failed;
  guint64 n_done = soak_load_count (self->load, &n_failed);

  g_print ("%6u %11" G_GSIZE_FORMAT " %11" G_GSIZE_FORMAT " %6u %8u %10" G_GUINT64_FORMAT " %9"
           G_GUINT64_FORMAT " %7u %9.1f\n", minute, resources->heap_bytes / 1024,
           read_resident_bytes () / 1024, resources->n_fds, resources->n_threads, n_done, n_failed,
           soak_world_get_faults (self->world), (double) healthy_usec / G_USEC_PER_SEC);
}

static gboolean
soak_play_minute (Soak             *self,
                  guint             minute,
                  DbrTestResources *resources)
{
  gint64 began = g_get_monotonic_time ();
  gint64 mended;

  soak_load_hold (self->load, FALSE);
  self->fault_id = g_timeout_add (1000, fault_cb, self);
  soak_run (self, began + (gint64) BROKEN_MS * 1000);
  mended = g_get_monotonic_time ();
  if (!soak_settle (self))
    return FALSE;

  mended = g_get_monotonic_time () - mended;
  soak_run (self, began + (gint64) MINUTE_MS * 1000);
  malloc_trim (0);
  *resources = dbr_test_resources_read ();
  print_minute (self, minute, mended, resources);

  return TRUE;
}

/* The least and the most of some minutes. */
static void
take_extremes (const DbrTestResources *minutes,
               guint                   n_minutes,
               DbrTestResources       *least,
               DbrTestResources       *most)
{
  *least = minutes[0];
  *most = minutes[0];
  for (guint i = 1; i < n_minutes; i++)
    {
      least->heap_bytes = MIN (least->heap_bytes, minutes[i].heap_bytes);
      least->n_fds = MIN (least->n_fds, minutes[i].n_fds);
      least->n_threads = MIN (least->n_threads, minutes[i].n_threads);
      most->heap_bytes = MAX (most->heap_bytes, minutes[i].heap_bytes);
      most->n_fds = MAX (most->n_fds, minutes[i].n_fds);
      most->n_threads = MAX (most->n_threads, minutes[i].n_threads);
    }
}

/* What is ever more is more in each minute of the last third than in any of the first. */
static gboolean
has_grown (const DbrTestResources *minutes,
           guint                   n_minutes)
{
  guint third = MAX (n_minutes / 3, 1);
  DbrTestResources least;
  DbrTestResources most;
  DbrTestResources unused;

  take_extremes (minutes, third, &unused, &most);
  take_extremes (minutes + n_minutes - third, third, &least, &unused);

  return least.heap_bytes > most.heap_bytes + SLACK_BYTES
         || least.n_fds > most.n_fds + SLACK_FDS
         || least.n_threads > most.n_threads + SLACK_THREADS;
}

static gboolean
soak_play (Soak  *self,
           guint  n_minutes)
{
  g_autofree DbrTestResources *minutes = g_new0 (DbrTestResources, n_minutes);

  g_print ("minute    heap KiB     RSS KiB    fds  threads       done   in vain  faults  "
           "healthy s\n");
  for (guint i = 0; i < n_minutes; i++)
    {
      if (!soak_play_minute (self, i + 1, &minutes[i]))
        return FALSE;
    }
  if (has_grown (minutes, n_minutes))
    {
      g_printerr ("More is held in the last minutes than in the first\n");
      return FALSE;
    }

  return TRUE;
}

int
main (int   argc,
      char *argv[])
{
  guint n_minutes = argc > 1 ? (guint) atoi (argv[1]) : 0;
  guint32 seed = argc > 2 ? (guint32) g_ascii_strtoull (argv[2], NULL, 10) : g_random_int ();
  Soak soak = { NULL };
  g_autofree char *summary = NULL;
  g_autofree char *faults = NULL;
  gboolean is_well;

  if (n_minutes == 0)
    {
      g_printerr ("Usage: dbr-soak MINUTES [SEED]\n");
      return 2;
    }

  setvbuf (stdout, NULL, _IOLBF, 0);
  g_print ("Seed %u\n", seed);
  soak.world = soak_world_new (seed);
  soak.load = soak_load_new (soak_world_get_bus (soak.world));
  soak.rand = g_rand_new_with_seed (seed + 1);
  is_well = soak_play (&soak, n_minutes);

  summary = soak_load_dup_summary (soak.load);
  faults = soak_world_dup_faults (soak.world);
  g_print ("%s%10u faults: %s\n", summary, soak_world_get_faults (soak.world), faults);
  if (!is_well)
    return EXIT_FAILURE;

  soak_load_free (soak.load);
  soak_world_free (soak.world);
  g_rand_free (soak.rand);

  return EXIT_SUCCESS;
}
