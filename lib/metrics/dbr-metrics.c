/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-metrics-private.h"

#include "base/dbr-check-private.h"
#include "base/dbr-fork-private.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-incident-source-private.h"
#include "metrics/dbr-issue-private.h"
#include "metrics/dbr-limits-private.h"
#include "metrics/dbr-operation-stats-private.h"

/* A time that was taken by two clocks, or from none, must not make a sum run over, which may only
 * ever grow. */
#define MAX_USEC (365 * 24 * 3600 * (gint64) G_USEC_PER_SEC)

/**
 * DbrMetrics:
 *
 * Figures: how often, how long, and what is wrong.
 *
 * For each operation it counts how it ended and how long it took, over all time and over the last
 * minute. Anything can be recorded:
 *
 * ```c
 * g_autoptr(DbrMetrics) metrics = dbr_metrics_new ();
 * gint64 begin = g_get_monotonic_time ();
 *
 * export_all ();
 * dbr_metrics_record (metrics, "export", g_get_monotonic_time () - begin, DBR_OUTCOME_OK);
 *
 * text = dbr_metrics_to_text (metrics);
 * ```
 *
 * A [class@Client] records its calls by itself, into metrics of its own or into those that it
 * shares with others: [property@Client:metrics].
 *
 * There are 32 operations at most; what is recorded under further names is counted together, as
 * `other`. So memory stays below one and a half megabytes whatever is recorded.
 *
 * What the figures show to be wrong is an [class@Issue]. It is raised once when it is sure and
 * cleared once when it is over. Limits are by operation, those that ship or those of
 * [method@Metrics.set_limits]. Nothing is polled: the figures are looked at as they come, at most
 * once a second, and again after something went wrong. While all is well nothing wakes the program.
 *
 * Windows are on a clock that goes on while the machine sleeps, so that what was before does not
 * count as new after it.
 *
 * A child of `fork()` counts anew, from nothing, and is told of no issues.
 *
 * All functions may be called from any thread. What one reads while others record is of one moment,
 * but for what is being recorded just then: that may be counted and its time not yet known. The list
 * of issues changes, and signals are emitted, in the context that the metrics were made in.
 *
 * Since: 0.1
 */
struct _DbrMetrics
{
  GObject           parent_instance;

  /* identity */
  guint             generation;
  DbrHerald        *herald;
  GMainContext     *context;
  GThread          *thread;
  DbrIncidentBoard *board;

  /* atomic: of this process */
  DbrBook          *book;

  /* in the context only */
  gboolean          is_telling;
  GListStore       *issues;
  /* serial -> OpenIssue */
  GHashTable       *by_serial;
};

/* An issue that is not over, and what it is on the board. */
typedef struct
{
  DbrIssue *issue;
  guint64   incident;
} OpenIssue;

enum
{
  PROP_0,
  PROP_ISSUES,
  N_PROPS
};

enum
{
  SIGNAL_ISSUE_RAISED,
  SIGNAL_ISSUE_CLEARED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static void dbr_metrics_incident_source_init (DbrIncidentSourceInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DbrMetrics, dbr_metrics, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DBR_TYPE_INCIDENT_SOURCE,
                                                      dbr_metrics_incident_source_init))

static void
open_issue_free (OpenIssue *self)
{
  g_object_unref (self->issue);
  g_free (self);
}

static void
dbr_metrics_raise (DbrMetrics *self,
                   DbrNews    *news)
{
  g_autoptr(DbrIssue) issue = dbr_issue_new (news->id, news->operation, news->severity, news->text,
                                             news->since_usec, news->evidence);
  OpenIssue *open = g_new (OpenIssue, 1);

  open->issue = g_object_ref (issue);
  open->incident = dbr_incident_board_begin (self->board, news->severity, _(news->title),
                                             news->text);
  g_hash_table_insert (self->by_serial, g_memdup2 (&news->serial, sizeof news->serial), open);
  g_list_store_append (self->issues, issue);
  g_signal_emit (self, signals[SIGNAL_ISSUE_RAISED], 0, issue);
}

/* What was told of it first is what it is about; later texts are of other moments. */
static void
dbr_metrics_update (DbrMetrics *self,
                    DbrNews    *news,
                    OpenIssue  *open)
{
  g_autoptr(DbrIssue) issue = g_object_ref (open->issue);

  dbr_incident_board_update (self->board, open->incident, news->severity, _(news->title),
                             dbr_issue_get_text (issue));
  dbr_issue_update (issue, news->severity, news->evidence);
}

static void
dbr_metrics_end (DbrMetrics *self,
                 DbrNews    *news,
                 OpenIssue  *open)
{
  g_autoptr(DbrIssue) issue = g_object_ref (open->issue);
  g_autofree char *title = NULL;
  guint position;

  /* Translators: what was wrong and is over, for example “A service is slow”. */
  title = g_strdup_printf (_("Over: %s"), _(news->title));
  dbr_issue_update (issue, news->severity, news->evidence);
  dbr_incident_board_end (self->board, open->incident, title, dbr_issue_get_text (issue));
  g_hash_table_remove (self->by_serial, &news->serial);
  if (g_list_store_find (self->issues, issue, &position))
    g_list_store_remove (self->issues, position);
  g_signal_emit (self, signals[SIGNAL_ISSUE_CLEARED], 0, issue);
}

/* Who is told and asks here is told the rest later, so that everybody is told in one order. */
static void
dbr_metrics_collect (DbrMetrics *self)
{
  DbrNews *next;

  if (self->is_telling)
    return;

  g_object_ref (self);
  self->is_telling = TRUE;
  while ((next = dbr_book_pop_news (self->book)) != NULL)
    {
      g_autoptr(DbrNews) news = next;
      OpenIssue *open = g_hash_table_lookup (self->by_serial, &news->serial);

      if (news->kind == DBR_NEWS_RAISED)
        dbr_metrics_raise (self, news);
      else if (news->kind == DBR_NEWS_CLEARED && open != NULL)
        dbr_metrics_end (self, news, open);
      else if (open != NULL)
        dbr_metrics_update (self, news, open);
    }
  self->is_telling = FALSE;
  g_object_unref (self);
}

static void
tell_cb (GObject  *object,
         gpointer  news)
{
  dbr_metrics_collect (DBR_METRICS (object));
}

/* Somebody who asks in the context need not wait for its next turn. */
static void
dbr_metrics_collect_here (DbrMetrics *self)
{
  if (self->generation != dbr_fork_get_generation () || g_thread_self () != self->thread
      || !g_main_context_acquire (self->context))
    return;

  dbr_metrics_collect (self);
  g_main_context_release (self->context);
}

static void
dbr_metrics_take_clock (DbrMetrics     *self,
                        const DbrClock *clock)
{
  g_clear_pointer (&self->book, dbr_book_unref);
  self->book = dbr_book_new (clock);
  dbr_book_set_herald (self->book, self->herald, tell_cb);
}

static void
dbr_metrics_dispose (GObject *object)
{
  DbrMetrics *self = DBR_METRICS (object);

  dbr_book_close (dbr_metrics_get_book (self));
  dbr_incident_board_close (self->board);

  G_OBJECT_CLASS (dbr_metrics_parent_class)->dispose (object);
}

static void
dbr_metrics_finalize (GObject *object)
{
  DbrMetrics *self = DBR_METRICS (object);

  g_clear_pointer (&self->book, dbr_book_unref);
  g_clear_pointer (&self->herald, dbr_herald_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->by_serial, g_hash_table_unref);
  g_clear_pointer (&self->board, dbr_incident_board_unref);
  g_clear_object (&self->issues);

  G_OBJECT_CLASS (dbr_metrics_parent_class)->finalize (object);
}

static void
dbr_metrics_get_property (GObject    *object,
                          guint       prop_id,
                          GValue     *value,
                          GParamSpec *pspec)
{
  DbrMetrics *self = DBR_METRICS (object);

  switch (prop_id)
    {
    case PROP_ISSUES:
      g_value_set_object (value, dbr_metrics_get_issues (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static DbrIncidentBoard *
dbr_metrics_get_board (DbrIncidentSource *source)
{
  return DBR_METRICS (source)->board;
}

static void
dbr_metrics_incident_source_init (DbrIncidentSourceInterface *iface)
{
  iface->get_board = dbr_metrics_get_board;
}

static void
dbr_metrics_class_init (DbrMetricsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = dbr_metrics_dispose;
  object_class->finalize = dbr_metrics_finalize;
  object_class->get_property = dbr_metrics_get_property;

  /**
   * DbrMetrics:issues: (getter get_issues)
   *
   * What is wrong now, a list of [class@Issue].
   *
   * Since: 0.1
   */
  properties[PROP_ISSUES] =
    g_param_spec_object ("issues", NULL, NULL,
                         G_TYPE_LIST_MODEL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DbrMetrics::issue-raised:
   * @self: the metrics
   * @issue: what is wrong
   *
   * Emitted when something is found to be wrong.
   *
   * Since: 0.1
   */
  signals[SIGNAL_ISSUE_RAISED] =
    g_signal_new ("issue-raised",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1,
                  DBR_TYPE_ISSUE);

  /**
   * DbrMetrics::issue-cleared:
   * @self: the metrics
   * @issue: what was wrong, the same object that was raised
   *
   * Emitted when something that was wrong is over.
   *
   * Since: 0.1
   */
  signals[SIGNAL_ISSUE_CLEARED] =
    g_signal_new ("issue-cleared",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1,
                  DBR_TYPE_ISSUE);
}

static void
dbr_metrics_init (DbrMetrics *self)
{
  self->generation = dbr_fork_get_generation ();
  self->herald = dbr_herald_new (G_OBJECT (self));
  self->context = g_main_context_ref_thread_default ();
  self->thread = g_thread_self ();
  self->issues = g_list_store_new (DBR_TYPE_ISSUE);
  self->by_serial = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
                                           (GDestroyNotify) open_issue_free);
  self->board = dbr_incident_board_new ();
  dbr_metrics_take_clock (self, dbr_clock_get_system ());
}

/**
 * dbr_metrics_new:
 *
 * Creates metrics in which nothing was recorded yet.
 *
 * Returns: (transfer full): new metrics
 *
 * Since: 0.1
 */
DbrMetrics *
dbr_metrics_new (void)
{
  return g_object_new (DBR_TYPE_METRICS, NULL);
}

DbrMetrics *
dbr_metrics_new_with_clock (const DbrClock *clock)
{
  DbrMetrics *self = dbr_metrics_new ();

  dbr_metrics_take_clock (self, clock);

  return self;
}

DbrBook *
dbr_metrics_get_book (DbrMetrics *self)
{
  DbrBook *book = g_atomic_pointer_get (&self->book);
  DbrBook *fresh;

  if (G_LIKELY (dbr_book_is_of_process (book)))
    return book;

  /* That of the parent is left as it is: a thread that is not here may have been at it. */
  fresh = dbr_book_new (dbr_clock_get_system ());
  dbr_book_close (fresh);
  if (!g_atomic_pointer_compare_and_exchange (&self->book, book, fresh))
    dbr_book_unref (fresh);

  return g_atomic_pointer_get (&self->book);
}

/**
 * dbr_metrics_get_issues: (get-property issues)
 * @self: the metrics
 *
 * Gets what is wrong now.
 *
 * It looks at the figures at once. Called in the thread that the metrics were made in, what it
 * finds is in the list when it returns, and was told by signals; but for a handler of these, which
 * is told the rest after it has returned. It is always the same list.
 *
 * Returns: (transfer none): a list of [class@Issue]
 *
 * Since: 0.1
 */
GListModel *
dbr_metrics_get_issues (DbrMetrics *self)
{
  g_return_val_if_fail (DBR_IS_METRICS (self), NULL);

  dbr_book_tick (dbr_metrics_get_book (self));
  dbr_metrics_collect_here (self);

  return G_LIST_MODEL (self->issues);
}

/**
 * dbr_metrics_record:
 * @self: the metrics
 * @operation: the name of an operation
 * @usec: how long it took in microseconds, a year at most; -1 if that is not known
 * @outcome: how it ended
 *
 * Records that an operation ended.
 *
 * A name is made for operations, not for things: of more than 32 names the further ones are counted
 * as `other`, and so is an empty name or one of more than 255 bytes.
 *
 * Since: 0.1
 */
void
dbr_metrics_record (DbrMetrics *self,
                    const char *operation,
                    gint64      usec,
                    DbrOutcome  outcome)
{
  g_return_if_fail (DBR_IS_METRICS (self));
  g_return_if_fail (operation != NULL);

  dbr_book_record_name (dbr_metrics_get_book (self), operation, MIN (outcome, DBR_OUTCOME_REJECTED),
                        MIN (usec, MAX_USEC));
}

/**
 * dbr_metrics_dup_operations:
 * @self: the metrics
 *
 * Lists all operations of which something was recorded.
 *
 * A D-Bus call is called by its destination, interface and member, as
 * `org.example.Player:org.example.Player.Play`.
 *
 * Returns: (transfer full) (array zero-terminated=1): their names, sorted
 *
 * Since: 0.1
 */
char **
dbr_metrics_dup_operations (DbrMetrics *self)
{
  g_autoptr(GPtrArray) accounts = NULL;
  char **names;

  g_return_val_if_fail (DBR_IS_METRICS (self), NULL);

  dbr_book_begin (dbr_metrics_get_book (self));
  accounts = dbr_book_list (dbr_metrics_get_book (self));
  names = g_new0 (char *, accounts->len + 1);
  for (guint i = 0; i < accounts->len; i++)
    names[i] = g_strdup (((DbrAccount *) g_ptr_array_index (accounts, i))->name);
  dbr_book_end (dbr_metrics_get_book (self));

  return names;
}

static DbrOperationStats *
dbr_metrics_read (DbrMetrics   *self,
                  const char   *operation,
                  void        (*read)(DbrAccount *account,
                                      DbrFigures *figures))
{
  DbrFigures figures = { .range = DBR_RANGE_INIT };
  DbrAccount *account;

  dbr_book_begin (dbr_metrics_get_book (self));
  account = dbr_book_lookup (dbr_metrics_get_book (self), operation);
  if (account != NULL)
    read (account, &figures);
  dbr_book_end (dbr_metrics_get_book (self));

  return dbr_operation_stats_new (&figures);
}

/**
 * dbr_metrics_get_stats:
 * @self: the metrics
 * @operation: the name of an operation
 *
 * Gets the figures of an operation since the metrics were made or reset.
 *
 * Of an operation that is not known all figures are 0, or -1 where they are times.
 *
 * Returns: (transfer full): the figures of this moment
 *
 * Since: 0.1
 */
DbrOperationStats *
dbr_metrics_get_stats (DbrMetrics *self,
                       const char *operation)
{
  g_return_val_if_fail (DBR_IS_METRICS (self), NULL);
  g_return_val_if_fail (operation != NULL, NULL);

  return dbr_metrics_read (self, operation, dbr_account_read_life);
}

/**
 * dbr_metrics_get_window_stats:
 * @self: the metrics
 * @operation: the name of an operation
 *
 * Gets the figures of an operation in the last 60 seconds.
 *
 * The window goes on in steps of ten seconds, so that it is between 50 and 60 seconds long.
 *
 * Returns: (transfer full): the figures of this moment
 *
 * Since: 0.1
 */
DbrOperationStats *
dbr_metrics_get_window_stats (DbrMetrics *self,
                              const char *operation)
{
  g_return_val_if_fail (DBR_IS_METRICS (self), NULL);
  g_return_val_if_fail (operation != NULL, NULL);

  return dbr_metrics_read (self, operation, dbr_account_read_window);
}

/**
 * dbr_metrics_set_limits:
 * @self: the metrics
 * @operation: the name of an operation, or of a kind of operations as in [class@Timeouts]
 * @p95_usec: the time in microseconds that 95 percent should not exceed, up to a day
 * @error_rate: the share of errors and timeouts that is still in order, above 0 and up to 1
 * @error: return location for an error
 *
 * Sets from when on an operation is an issue.
 *
 * `default` stands for all that have no limits of their own. It ships with one second and a tenth.
 * Over a day a tenth of @error_rate may fail or be slow, which the issue `slo-burn` goes by.
 *
 * Returns: whether the name and the values are allowed; if not, nothing has changed
 *
 * Since: 0.1
 */
gboolean
dbr_metrics_set_limits (DbrMetrics  *self,
                        const char  *operation,
                        gint64       p95_usec,
                        double       error_rate,
                        GError     **error)
{
  g_return_val_if_fail (DBR_IS_METRICS (self), FALSE);
  g_return_val_if_fail (operation != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!dbr_check_operation (operation, error) || !dbr_limit_check (p95_usec, error_rate, error))
    return FALSE;

  dbr_book_set_limit (dbr_metrics_get_book (self), operation, p95_usec, error_rate);

  return TRUE;
}

/**
 * dbr_metrics_reset:
 * @self: the metrics
 *
 * Forgets all that was recorded and clears all issues. Limits stay.
 *
 * Since: 0.1
 */
void
dbr_metrics_reset (DbrMetrics *self)
{
  g_return_if_fail (DBR_IS_METRICS (self));

  dbr_book_reset (dbr_metrics_get_book (self));
}

DbrMetricsHandle *
dbr_metrics_resolve (DbrMetrics *self,
                     const char *operation,
                     const char *destination,
                     const char *interface_name,
                     const char *member)
{
  return dbr_book_resolve (dbr_metrics_get_book (self), operation, destination, interface_name,
                           member);
}

DbrMetricsHandle *
dbr_metrics_handle_ref (DbrMetricsHandle *handle)
{
  dbr_book_ref (handle->book);

  return handle;
}

void
dbr_metrics_handle_unref (DbrMetricsHandle *handle)
{
  dbr_book_unref (handle->book);
}

void
dbr_metrics_handle_record (DbrMetricsHandle       *handle,
                           const DbrMetricsSample *sample)
{
  const gint64 usec[DBR_N_PARTS] = {
    [DBR_PART_TOTAL] = sample->total_usec,
    [DBR_PART_QUEUE] = sample->queue_usec,
    [DBR_PART_SERVICE] = sample->service_usec,
    [DBR_PART_LAG] = sample->lag_usec,
  };

  dbr_book_record (handle->book, handle, sample->now, sample->outcome, usec, sample->error_name);
}

void
dbr_metrics_handle_add_retry (DbrMetricsHandle *handle)
{
  __atomic_fetch_add (&handle->n_retries, 1, __ATOMIC_RELAXED);
}

void
dbr_metrics_handle_add_orphans (DbrMetricsHandle *handle,
                                int               n)
{
  g_atomic_int_add (&handle->n_orphans, n);
}

void
dbr_metrics_note_budget (DbrMetrics *self,
                         const char *bus_name)
{
  dbr_book_note (dbr_metrics_get_book (self), DBR_ISSUE_BUDGET, bus_name, 1);
}

void
dbr_metrics_note_circuit (DbrMetrics *self,
                          const char *bus_name,
                          const char *state_nick,
                          gboolean    has_opened)
{
  dbr_book_set_circuit (dbr_metrics_get_book (self), bus_name, state_nick, has_opened);
}

void
dbr_metrics_note_owner (DbrMetrics *self,
                        const char *bus_name)
{
  dbr_book_note (dbr_metrics_get_book (self), DBR_ISSUE_SERVICE_FLAPPING, bus_name, 1);
}

void
dbr_metrics_note_signals (DbrMetrics *self,
                          const char *sender,
                          guint       n)
{
  dbr_book_note (dbr_metrics_get_book (self), DBR_ISSUE_SIGNAL_FLOOD, sender, n);
}

void
dbr_metrics_note_lag (DbrMetrics *self,
                      gint64      lag_usec)
{
  if (lag_usec >= DBR_MAIN_LOOP_USEC)
    dbr_book_note_lag (dbr_metrics_get_book (self), DBR_PROGRAM_NAME, lag_usec);
}

void
dbr_metrics_note_bus_limit (DbrMetrics *self,
                            const char *connection)
{
  dbr_book_note (dbr_metrics_get_book (self), DBR_ISSUE_BUS_LIMIT, connection, 1);
}

void
dbr_metrics_set_slots (DbrMetrics     *self,
                       const char     *connection,
                       const DbrSlots *slots)
{
  dbr_book_set_slots (dbr_metrics_get_book (self), connection, slots);
}

void
dbr_metrics_forget_connection (DbrMetrics *self,
                               const char *connection)
{
  dbr_book_leave (dbr_metrics_get_book (self), connection);
}

void
dbr_metrics_tick (DbrMetrics *self)
{
  dbr_book_tick (dbr_metrics_get_book (self));
}
