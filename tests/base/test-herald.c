/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib-object.h>

#include "base/dbr-herald-private.h"
#include "base/dbr-mailbox-private.h"

typedef struct
{
  guint    n_told;
  GThread *thread;
} Heard;

static guint n_freed;

static void
free_news (gpointer news)
{
  n_freed++;
  g_free (news);
}

static void
tell (GObject  *object,
      gpointer  news)
{
  Heard *heard = g_object_get_data (object, "heard");

  g_assert_cmpuint (GPOINTER_TO_UINT (g_object_get_data (object, "next")), ==, *(guint *) news);
  g_object_set_data (object, "next", GUINT_TO_POINTER (*(guint *) news + 1));
  heard->n_told++;
  heard->thread = g_thread_self ();
}

static guint *
news_new (guint number)
{
  guint *news = g_new (guint, 1);

  *news = number;

  return news;
}

static gpointer
tell_thread (gpointer data)
{
  for (guint i = 0; i < 100; i++)
    dbr_herald_tell (data, tell, news_new (i), free_news);

  return NULL;
}

static void
test_in_context (void)
{
  g_autoptr(GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr(DbrHerald) herald = dbr_herald_new (object);
  Heard heard = { 0 };

  g_test_summary ("What another thread tells is heard where the object was made, in order");
  n_freed = 0;
  g_object_set_data (object, "heard", &heard);
  g_thread_join (g_thread_new ("tell", tell_thread, herald));
  g_assert_cmpuint (heard.n_told, ==, 0);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (heard.n_told, ==, 100);
  g_assert_true (heard.thread == g_thread_self ());
  g_assert_cmpuint (n_freed, ==, 100);
}

static void
test_object_gone (void)
{
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr(DbrHerald) herald = dbr_herald_new (object);

  g_test_summary ("News of an object that is gone are freed and not told");
  n_freed = 0;
  dbr_herald_tell (herald, tell, news_new (0), free_news);
  g_object_unref (object);
  dbr_herald_tell (herald, tell, news_new (1), free_news);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (n_freed, ==, 2);
}

static void
test_bounded (void)
{
  g_autoptr(GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr(DbrHerald) herald = dbr_herald_new (object);
  Heard heard = { 0 };

  g_test_summary ("In a context that is not iterated only so much news waits");
  n_freed = 0;
  g_object_set_data (object, "heard", &heard);
  for (guint i = 0; i < DBR_MAILBOX_LIMIT + 50; i++)
    dbr_herald_tell (herald, tell, news_new (i), free_news);
  g_assert_cmpuint (n_freed, ==, 50);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (heard.n_told, ==, DBR_MAILBOX_LIMIT);
  g_assert_cmpuint (n_freed, ==, DBR_MAILBOX_LIMIT + 50);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/herald/tells-where-the-object-was-made", test_in_context);
  g_test_add_func ("/dbr/herald/an-object-that-is-gone", test_object_gone);
  g_test_add_func ("/dbr/herald/a-context-not-iterated", test_bounded);

  return g_test_run ();
}
