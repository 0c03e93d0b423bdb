/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-witness.h"

#include <string.h>

#include "monitor/dbr-service-monitor-private.h"

static void
witness_note (Witness    *self,
              const char *word)
{
  if (self->told->len > 0)
    g_string_append_c (self->told, ' ');
  g_string_append (self->told, word);
  self->n_told++;
  self->last_usec = g_get_monotonic_time ();
}

static void
time_cb (DbrServiceMonitor *monitor,
         gint64             usec,
         gpointer           word)
{
  Witness *self = g_object_get_data (G_OBJECT (monitor), "witness");

  g_assert_cmpint (usec, >=, 0);
  witness_note (self, word);
}

static void
own_stall_cb (DbrServiceMonitor *monitor,
              gint64             usec,
              gpointer           user_data)
{
  Witness *self = user_data;

  g_assert_cmpint (usec, >, 0);
  self->n_own_stalls++;
}

static void
owner_cb (DbrServiceMonitor *monitor,
          const char        *owner,
          gpointer           word)
{
  Witness *self = g_object_get_data (G_OBJECT (monitor), "witness");

  g_ptr_array_add (self->owners, g_strdup (owner));
  witness_note (self, word);
}

static void
restarted_cb (DbrServiceMonitor *monitor,
              const char        *old_owner,
              const char        *new_owner,
              gint64             gap_usec,
              gpointer           user_data)
{
  Witness *self = user_data;

  /* What vanished and appeared just before. */
  g_assert_cmpuint (self->owners->len, >=, 2);
  g_assert_cmpstr (old_owner, ==, g_ptr_array_index (self->owners, self->owners->len - 2));
  g_assert_cmpstr (new_owner, ==, g_ptr_array_index (self->owners, self->owners->len - 1));
  g_assert_cmpstr (new_owner, ==, dbr_service_monitor_get_owner (monitor));
  g_assert_cmpint (gap_usec, >=, 0);
  witness_note (self, "restarted");
}

Witness *
witness_new_plain (DbrClient  *client,
                   const char *bus_name)
{
  Witness *self = g_new0 (Witness, 1);

  self->monitor = dbr_service_monitor_new (client, bus_name);
  self->told = g_string_new (NULL);
  self->owners = g_ptr_array_new_with_free_func (g_free);
  g_object_set_data (G_OBJECT (self->monitor), "witness", self);
  g_signal_connect (self->monitor, "stalled", G_CALLBACK (time_cb), (gpointer) "stalled");
  g_signal_connect (self->monitor, "recovered", G_CALLBACK (time_cb), (gpointer) "recovered");
  g_signal_connect (self->monitor, "appeared", G_CALLBACK (owner_cb), (gpointer) "appeared");
  g_signal_connect (self->monitor, "vanished", G_CALLBACK (owner_cb), (gpointer) "vanished");
  g_signal_connect (self->monitor, "restarted", G_CALLBACK (restarted_cb), self);
  g_signal_connect (self->monitor, "own-stall", G_CALLBACK (own_stall_cb), self);

  return self;
}

Witness *
witness_new (DbrClient  *client,
             const char *bus_name)
{
  Witness *self = witness_new_plain (client, bus_name);

  g_object_set (self->monitor,
                "interval-ms", 10000 / WITNESS_SCALE,
                "probe-timeout-ms", 5000 / WITNESS_SCALE,
                "probe-path", SCENE_PATH,
                "probe-interface", DBR_TEST_INTERFACE,
                "probe-property", "Name",
                NULL);
  dbr_service_monitor_set_graces (self->monitor, 5000 / WITNESS_SCALE, 15000 / WITNESS_SCALE);

  return self;
}

void
witness_free (Witness *self)
{
  g_clear_object (&self->monitor);
  g_string_free (self->told, TRUE);
  g_ptr_array_unref (self->owners);
  g_free (self);
}

void
witness_wait_state (Witness         *self,
                    DbrServiceState  state)
{
  dbr_test_wait_until (NULL, dbr_service_monitor_get_state (self->monitor) == state,
                       WITNESS_PATIENCE_MS);
}

void
witness_start (Witness *self)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (dbr_service_monitor_start (self->monitor, &error));
  g_assert_no_error (error);
  witness_wait_state (self, DBR_SERVICE_STATE_HEALTHY);
}

static guint
count_words (const char *text)
{
  g_auto(GStrv) words = g_strsplit (text, " ", -1);

  return *text != '\0' ? g_strv_length (words) : 0;
}

void
witness_expect (Witness    *self,
                const char *told)
{
  guint n_words = count_words (told);

  dbr_test_wait_until (NULL, self->n_told >= n_words, WITNESS_PATIENCE_MS);
  g_assert_cmpstr (self->told->str, ==, told);
  g_string_truncate (self->told, 0);
  self->n_told = 0;
}

static gboolean
idle_cb (gpointer user_data)
{
  gboolean *is_over = user_data;

  *is_over = TRUE;

  return G_SOURCE_REMOVE;
}

void
witness_idle (Witness *self,
              guint    ms)
{
  gboolean is_over = FALSE;

  g_timeout_add (ms, idle_cb, &is_over);
  while (!is_over)
    g_main_context_iteration (NULL, TRUE);
}
