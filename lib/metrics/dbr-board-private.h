/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "metrics/dbr-issue.h"

G_BEGIN_DECLS

/* What can be wrong: first what is found in the figures of an operation, then what happens to a bus
 * name, a connection or the program. */
typedef enum
{
  DBR_ISSUE_LATENCY,
  DBR_ISSUE_ERROR_RATE,
  DBR_ISSUE_LATENCY_SHIFT,
  DBR_ISSUE_SLO_BURN,
  DBR_ISSUE_ORPHANS,
  DBR_ISSUE_BUS_LIMIT,
  DBR_ISSUE_BUDGET,
  DBR_ISSUE_CIRCUIT_FLAPPING,
  DBR_ISSUE_MAIN_LOOP,
  DBR_ISSUE_SIGNAL_FLOOD,
  DBR_ISSUE_SERVICE_FLAPPING,
} DbrIssueKind;

#define DBR_N_ISSUE_KINDS ((guint) DBR_ISSUE_SERVICE_FLAPPING + 1)
#define DBR_N_OPERATION_ISSUES ((guint) DBR_ISSUE_SLO_BURN + 1)
#define DBR_N_PLACE_ISSUES (DBR_N_ISSUE_KINDS - DBR_N_OPERATION_ISSUES)

const char *dbr_issue_kind_to_string (DbrIssueKind  kind);
/* A few words for a person, to be translated. */
const char *dbr_issue_kind_get_title (DbrIssueKind  kind);

/* What is found when one looks. */
typedef struct
{
  DbrIssueKind  kind;
  DbrSeverity   severity;
  char         *text;
  GVariant     *evidence;
} DbrFinding;

typedef enum
{
  DBR_NEWS_RAISED,
  DBR_NEWS_WORSE,
  DBR_NEWS_CLEARED,
} DbrNewsKind;

/* What became of an issue, for the context of the metrics. */
typedef struct
{
  DbrNewsKind  kind;
  guint64      serial;
  const char  *id;
  const char  *title;
  char        *operation;
  gint64       since_usec;
  DbrSeverity  severity;
  char        *text;
  GVariant    *evidence;
} DbrNews;

/* The issues of one operation, name or connection that are open. */
typedef struct
{
  guint64     serials[DBR_N_ISSUE_KINDS];
  gint64      since_usec[DBR_N_ISSUE_KINDS];
  gint64      seen_usec[DBR_N_ISSUE_KINDS];
  DbrSeverity severities[DBR_N_ISSUE_KINDS];
  guint       n_open;
} DbrOpenIssues;

/* Which issues are open, and what of that was not told yet. For one thread at a time. */
typedef struct
{
  guint64  n_raised;
  guint    n_open[DBR_N_ISSUE_KINDS];
  GQueue   news;
  gboolean has_new;
} DbrBoard;

void      dbr_board_init    (DbrBoard         *self);
void      dbr_board_clear   (DbrBoard         *self);

/* Raises the issue, or goes on with the one that is open. Takes what @finding holds. */
void      dbr_board_hold    (DbrBoard              *self,
                             DbrOpenIssues         *watch,
                             const char            *operation,
                             DbrFinding            *finding);
/* Takes what @finding holds: how it is now that it is over. */
void      dbr_board_end     (DbrBoard              *self,
                             DbrOpenIssues         *watch,
                             const char            *operation,
                             DbrFinding            *finding);
DbrNews  *dbr_board_pop     (DbrBoard         *self) G_GNUC_WARN_UNUSED_RESULT;

void      dbr_finding_clear (DbrFinding       *self);
void      dbr_news_free     (DbrNews          *self);

static inline gboolean
dbr_open_issues_has (const DbrOpenIssues *self,
                     DbrIssueKind         kind)
{
  return self->serials[kind] != 0;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DbrFinding, dbr_finding_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrNews, dbr_news_free)

G_END_DECLS
