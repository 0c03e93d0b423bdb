/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"
#include "dbrctl-word-private.h"

/* The word “pool”: whether connections are lent on this bus as they should be, and how fast. */

#define MAX_SIZE 1000
#define BUS "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

static int size = 5;

static const GOptionEntry options[] = {
  { "size", 0, 0, G_OPTION_ARG_INT, &size,
    N_("How many connections there may be (5)"), N_("N") },
  { NULL }
};

typedef struct
{
  DbrctlFrame  *frame;
  DbrctlOutput *output;
  GCancellable *cancellable;
  DbrClient    *client;
  DbrPool      *pool;
  GPtrArray    *leases;
  JsonBuilder  *builder;
  gboolean      has_failed;
} Play;

/* What a check is about, what it does, and what it says beside that it holds. A check that does not
 * hold has an error. */
typedef struct
{
  const char *id;
  const char *title;
  gboolean  (*run)(Play    *self,
                   char   **remark,
                   GError **error);
} Check;

static gboolean
refuse (GError    **error,
        const char *text)
{
  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_BAD_REPLY, text);

  return FALSE;
}

static DbrLease *
play_acquire (Play    *self,
              GError **error)
{
  return dbr_pool_acquire_sync (self->pool, self->cancellable, error);
}

static void
play_release_all (Play *self)
{
  for (guint i = 0; i < self->leases->len; i++)
    dbr_lease_release (self->leases->pdata[i]);
  g_ptr_array_set_size (self->leases, 0);
}

/* So many connections, and each another one; they are kept for the next check. */
static gboolean
check_acquire (Play    *self,
               char   **remark,
               GError **error)
{
  g_autoptr(GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (int i = 0; i < size; i++)
    {
      DbrLease *lease = play_acquire (self, error);

      if (lease == NULL)
        return FALSE;
      g_ptr_array_add (self->leases, lease);
      g_hash_table_add (names, (gpointer) dbr_lease_get_unique_name (lease));
    }
  *remark = g_strdup_printf (_("%u unique names"), g_hash_table_size (names));

  return g_hash_table_size (names) == (guint) size
         || refuse (error, _("two leases have the same connection"));
}

static gboolean
check_bound (Play    *self,
             char   **remark,
             GError **error)
{
  g_autoptr(DbrLease) lease = NULL;
  g_autoptr(GError) local_error = NULL;
  guint patience_ms = dbr_pool_get_acquire_timeout_ms (self->pool);

  dbr_pool_set_acquire_timeout_ms (self->pool, 100);
  lease = play_acquire (self, &local_error);
  dbr_pool_set_acquire_timeout_ms (self->pool, patience_ms);
  if (lease != NULL)
    return refuse (error, _("one connection too many was lent"));
  if (g_error_matches (local_error, DBR_ERROR, DBR_ERROR_DEADLINE))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

static gboolean
check_reuse (Play    *self,
             char   **remark,
             GError **error)
{
  g_autoptr(DbrPoolStats) before = dbr_pool_get_stats (self->pool);
  g_autoptr(DbrPoolStats) after = NULL;
  g_autoptr(DbrLease) lease = NULL;

  play_release_all (self);
  lease = play_acquire (self, error);
  if (lease == NULL)
    return FALSE;

  dbr_lease_release (lease);
  after = dbr_pool_get_stats (self->pool);

  return dbr_pool_stats_get_opened_total (after) == dbr_pool_stats_get_opened_total (before)
         || refuse (error, _("another connection was opened although there were idle ones"));
}

static gboolean
check_release (Play    *self,
               char   **remark,
               GError **error)
{
  g_autoptr(DbrLease) lease = play_acquire (self, error);
  g_autoptr(DbrPoolStats) stats = NULL;

  if (lease == NULL)
    return FALSE;

  dbr_lease_release (lease);
  dbr_lease_release (lease);
  stats = dbr_pool_get_stats (self->pool);

  return dbr_pool_stats_get_leased (stats) == 0
         || refuse (error, _("a connection counts as lent that was given back"));
}

/* What a holder or the bus has closed is not handed on. */
static gboolean
check_dead (Play    *self,
            char   **remark,
            GError **error)
{
  g_autoptr(DbrLease) lease = play_acquire (self, error);
  G_GNUC_UNUSED g_autoptr(GVariant) reply = NULL;
  g_autofree char *dead = NULL;

  if (lease == NULL)
    return FALSE;

  dead = g_strdup (dbr_lease_get_unique_name (lease));
  g_dbus_connection_close_sync (dbr_lease_get_connection (lease), NULL, NULL);
  dbr_lease_release (lease);
  for (int i = 0; i < size; i++)
    {
      DbrLease *next = play_acquire (self, error);

      if (next == NULL)
        return FALSE;
      g_ptr_array_add (self->leases, next);
      if (g_str_equal (dbr_lease_get_unique_name (next), dead))
        return refuse (error, _("a closed connection was lent again"));
    }

  return TRUE;
}

static gboolean
check_proxy (Play    *self,
             char   **remark,
             GError **error)
{
  g_autoptr(DbrProxy) first = NULL;
  g_autoptr(DbrProxy) second = NULL;
  g_autofree char *made = NULL;
  g_autofree char *found = NULL;
  gint64 begin = g_get_monotonic_time ();
  gint64 middle;

  first = dbr_client_get_proxy_sync (self->client, BUS, BUS_PATH, BUS, self->cancellable, error);
  if (first == NULL)
    return FALSE;
  middle = g_get_monotonic_time ();
  second = dbr_client_get_proxy_sync (self->client, BUS, BUS_PATH, BUS, self->cancellable, error);
  if (second == NULL)
    return FALSE;
  made = dbrctl_text_duration (middle - begin);
  found = dbrctl_text_duration (g_get_monotonic_time () - middle);
  *remark = g_strdup_printf (_("%s, then %s"), made, found);

  return first == second || refuse (error, _("the second one is another object"));
}

/* The application's own connection is none of the pool's. */
static gboolean
check_close (Play    *self,
             char   **remark,
             GError **error)
{
  g_autoptr(DbrPoolStats) stats = NULL;

  play_release_all (self);
  if (!dbr_pool_close_sync (self->pool, self->cancellable, error))
    return FALSE;

  stats = dbr_pool_get_stats (self->pool);
  if (dbr_pool_stats_get_size (stats) > 0)
    return refuse (error, _("connections are left"));

  return dbr_client_ping_sync (self->client, BUS, self->cancellable, error) >= 0;
}

static const Check checks[] = {
  { "acquire", N_("Each lease has a connection of its own"), check_acquire },
  { "bound", N_("There are no more than there may be"), check_bound },
  { "reuse", N_("A connection that was given back is lent again"), check_reuse },
  { "release", N_("Giving one back twice is harmless"), check_release },
  { "dead", N_("A dead connection is replaced"), check_dead },
  { "proxy", N_("A proxy is made once and then found"), check_proxy },
  { "close", N_("The pool is closed, and nothing else is"), check_close },
};

static void
play_tell (Play         *self,
           const Check  *check,
           gint64        usec,
           const char   *remark,
           const GError *error)
{
  g_autofree char *took = dbrctl_text_duration (usec);

  if (self->builder != NULL)
    {
      json_builder_begin_object (self->builder);
      dbrctl_json_string (self->builder, "id", check->id);
      dbrctl_json_string (self->builder, "title", _(check->title));
      dbrctl_json_boolean (self->builder, "passed", error == NULL);
      dbrctl_json_int (self->builder, "took-usec", usec);
      dbrctl_json_string (self->builder, "remark", error != NULL ? error->message : remark);
      json_builder_end_object (self->builder);
      return;
    }

  dbrctl_output_add (self->output, error == NULL ? DBRCTL_GOOD : DBRCTL_BAD, "%s",
                     error == NULL ? _("PASS") : _("FAIL"));
  dbrctl_output_add (self->output, DBRCTL_PLAIN, "  %s", _(check->title));
  if (error != NULL)
    dbrctl_output_line (self->output, DBRCTL_BAD, ": %s", error->message);
  else if (remark != NULL)
    dbrctl_output_line (self->output, DBRCTL_FAINT, " (%s; %s)", took, remark);
  else
    dbrctl_output_line (self->output, DBRCTL_FAINT, " (%s)", took);
}

static void
play_run (Play        *self,
          const Check *check)
{
  g_autofree char *remark = NULL;
  g_autoptr(GError) error = NULL;
  gint64 begin = g_get_monotonic_time ();

  if (!check->run (self, &remark, &error))
    self->has_failed = TRUE;
  if (!g_cancellable_is_cancelled (self->cancellable))
    play_tell (self, check, g_get_monotonic_time () - begin, remark, error);
}

static void
play_tell_stats (Play *self)
{
  g_autoptr(DbrPoolStats) stats = dbr_pool_get_stats (self->pool);
  guint64 n_opened = dbr_pool_stats_get_opened_total (stats);
  guint64 n_closed = dbr_pool_stats_get_closed_total (stats);
  guint64 n_failed = dbr_pool_stats_get_failed_total (stats);

  if (self->builder == NULL)
    {
      dbrctl_output_field (self->output, _("Opened"), DBRCTL_PLAIN, "%" G_GUINT64_FORMAT, n_opened);
      dbrctl_output_field (self->output, _("Closed"), DBRCTL_PLAIN, "%" G_GUINT64_FORMAT, n_closed);
      dbrctl_output_field (self->output, _("Failed"), DBRCTL_PLAIN, "%" G_GUINT64_FORMAT, n_failed);
      return;
    }

  dbrctl_json_int (self->builder, "opened-total", (gint64) n_opened);
  dbrctl_json_int (self->builder, "closed-total", (gint64) n_closed);
  dbrctl_json_int (self->builder, "failed-total", (gint64) n_failed);
}

static DbrPool *
new_pool (DbrctlFrame *frame)
{
  const char *address = dbrctl_frame_get_address (frame);
  guint timeout_ms = dbrctl_frame_get_timeout_ms (frame);
  DbrPool *pool = address != NULL ? dbr_pool_new_for_address (address)
                  : dbr_pool_new (dbrctl_frame_get_bus_type (frame, G_BUS_TYPE_SESSION));

  dbr_pool_set_max_size (pool, (guint) size);
  if (timeout_ms > 0)
    dbr_pool_set_acquire_timeout_ms (pool, timeout_ms);

  return pool;
}

static DbrctlStatus
run (DbrctlFrame *frame,
     char       **arguments)
{
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(DbrPool) pool = NULL;
  g_autoptr(GPtrArray) leases = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GError) error = NULL;
  Play self = { frame, dbrctl_frame_get_output (frame), dbrctl_frame_get_cancellable (frame) };

  if (arguments[0] != NULL)
    return dbrctl_frame_misuse (frame, _("“pool” takes no “%s”"), arguments[0]);
  if (size < 1 || size > MAX_SIZE)
    return dbrctl_frame_misuse (frame, _("“--size” is a number from 1 to %d, and not %d"), MAX_SIZE,
                                size);

  client = dbrctl_frame_open_client (frame, G_BUS_TYPE_SESSION, &error);
  if (client == NULL)
    return dbrctl_frame_fail (frame, error);

  pool = new_pool (frame);
  self.client = client;
  self.pool = pool;
  self.leases = leases;
  if (dbrctl_frame_is_json (frame))
    {
      self.builder = dbrctl_output_begin_json (self.output);
      json_builder_set_member_name (self.builder, "checks");
      json_builder_begin_array (self.builder);
    }

  for (gsize i = 0; i < G_N_ELEMENTS (checks); i++)
    play_run (&self, &checks[i]);

  if (self.builder != NULL)
    json_builder_end_array (self.builder);
  play_tell_stats (&self);
  if (self.builder != NULL)
    dbrctl_output_end_json (self.output, self.builder);

  return self.has_failed ? DBRCTL_PROBLEM : DBRCTL_WELL;
}

static const char *const examples[] = {
  "dbrctl pool", N_("on the session bus, with five connections"),
  "dbrctl pool --system --size 20", N_("how fast the system bus lets in twenty"),
  NULL
};

const DbrctlWord dbrctl_pool = {
  .name = "pool",
  .summary = N_("Plays with a pool of connections, and says whether it holds"),
  .description =
    N_("Connections are lent, given back, broken and replaced, a line each that says PASS or FAIL. "
       "They are new ones of the command's own, and nobody else's is touched."),
  .examples = examples,
  .options = options,
  .run = run,
};
