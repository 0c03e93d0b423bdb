/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-player.h"
#include "dbr-bench-scenes.h"
#include "dbr-bench-table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Plays the same calls on plain GDBus and on libdbr, and on what else is installed, and holds what
 * they cost against the performance budget. Nothing here fails for being slow. */

typedef struct
{
  gboolean  is_counting;
  gboolean  is_listing;
  gboolean  is_json;
  int       n_rounds;
  double    seconds;
  char     *keep;
  GStrv     names;
  GStrv     others;
} Options;

static const char description[] =
  "Scenes are named by their name or by their number in the performance budget.\n"
  "\n"
  "Without --callgrind, time is taken in rounds that go from client to client; each figure is the\n"
  "median. CPU time is that of the whole client process, and swings with what else the machine\n"
  "does: it is a hint. With --callgrind, the client process runs under valgrind, and instructions\n"
  "are counted, as the difference of two series: that repeats, so the goals are held against it.\n"
  "\n"
  "The exit status tells whether all calls were answered, and nothing about their speed.";

static void
options_clear (Options *self)
{
  g_free (self->keep);
  g_strfreev (self->names);
  g_strfreev (self->others);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
options_parse (Options   *self,
               int       *argc,
               char    ***argv,
               GError   **error)
{
  const GOptionEntry entries[] = {
    { "callgrind", 0, 0, G_OPTION_ARG_NONE, &self->is_counting,
      "Count instructions, allocations and system calls", NULL },
    { "list", 0, 0, G_OPTION_ARG_NONE, &self->is_listing, "List the scenes", NULL },
    { "scene", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->names, "Play this scene only", "NAME" },
    { "rounds", 0, 0, G_OPTION_ARG_INT, &self->n_rounds, "How many rounds (5)", "N" },
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &self->seconds,
      "How long a client plays in each round (0.3)", "S" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->is_json, "Print JSON instead of a table", NULL },
    { "keep", 0, 0, G_OPTION_ARG_FILENAME, &self->keep,
      "Keep what callgrind and strace wrote, in this folder", "FOLDER" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->others, NULL, "[SCENE…]" },
    { NULL }
  };
  g_autoptr(GOptionContext) context = g_option_context_new ("- what a call costs");

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_description (context, description);

  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
scene_is_named (const BenchScene *scene,
                const char       *name)
{
  return strcmp (name, scene->name) == 0
         || (*scene->goal != '\0' && g_ascii_strcasecmp (name, scene->goal) == 0);
}

static gboolean
scene_is_in (const BenchScene *scene,
             GStrv             names)
{
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      if (scene_is_named (scene, names[i]))
        return TRUE;
    }

  return FALSE;
}

static gboolean
check_names (GStrv names)
{
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      const BenchScene *scene = bench_scenes;

      while (scene->name != NULL && !scene_is_named (scene, names[i]))
        scene++;
      if (scene->name == NULL)
        {
          g_printerr ("dbr-bench: there is no scene %s; --list lists them\n", names[i]);
          return FALSE;
        }
    }

  return TRUE;
}

static void
list_scenes (void)
{
  for (const BenchScene *scene = bench_scenes; scene->name != NULL; scene++)
    printf ("%-4s %-12s %s\n", scene->goal, scene->name, scene->summary);
}

static gboolean
play_scene (const BenchScene *scene,
            const Options    *options,
            BenchRun         *run)
{
  BenchSceneFunc func = options->is_counting ? scene->count : scene->time;
  gboolean is_wanted = (options->names == NULL && options->others == NULL)
                       || scene_is_in (scene, options->names)
                       || scene_is_in (scene, options->others);

  if (!is_wanted)
    return TRUE;

  /* What is only counted needs no callgrind, and is worth its few seconds always. */
  if (func == NULL)
    func = scene->count;

  return func (scene, run);
}

static gboolean
play (const Options *options)
{
  g_autoptr(BenchStage) stage = bench_stage_new (options->keep, FALSE);
  BenchRun run = { stage, (guint) options->n_rounds, options->seconds };
  gboolean is_ok = TRUE;

  bench_table_begin (options->is_json);
  for (const BenchScene *scene = bench_scenes; scene->name != NULL; scene++)
    {
      if (!play_scene (scene, options, &run))
        is_ok = FALSE;
    }
  bench_table_end ();

  return is_ok;
}

int
main (int    argc,
      char **argv)
{
  g_auto(Options) options = { .n_rounds = 5, .seconds = 0.3 };
  g_autoptr(GError) error = NULL;

  /* The bench itself again, as one of its clients. */
  if (argc == 4 && strcmp (argv[1], "--play") == 0)
    return bench_player_main (argv[2], argv[3]);

  if (!options_parse (&options, &argc, &argv, &error))
    {
      g_printerr ("dbr-bench: %s\n", error->message);
      return EXIT_FAILURE;
    }
  if (options.n_rounds < 1 || options.seconds <= 0)
    {
      g_printerr ("dbr-bench: there must be a round, and it must take some time\n");
      return EXIT_FAILURE;
    }
  if (!check_names (options.names) || !check_names (options.others))
    return EXIT_FAILURE;
  if (options.is_listing)
    {
      list_scenes ();
      return EXIT_SUCCESS;
    }
  if (options.is_counting && !bench_lens_is_there (BENCH_LENS_INSTRUCTIONS))
    {
      g_printerr ("dbr-bench: --callgrind needs valgrind\n");
      return EXIT_FAILURE;
    }

  return play (&options) ? EXIT_SUCCESS : EXIT_FAILURE;
}
