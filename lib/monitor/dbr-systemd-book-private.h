/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-mailbox-private.h"
#include "bus/dbr-message-private.h"

G_BEGIN_DECLS

/* What a monitor knows of systemd, and what it has yet to tell of it. It is written in any thread,
 * and read by the monitor in the context that it was made in, or by whoever asks. */
typedef struct _DbrSystemdBook DbrSystemdBook;

typedef void (*DbrSystemdTell) (GObject *monitor);

/* What is to be read anew, because systemd tells that it changed and not to what. */
typedef enum
{
  DBR_SYSTEMD_READ_STATE  = 1 << 0,
  DBR_SYSTEMD_READ_FAILED = 1 << 1,
  DBR_SYSTEMD_READ_JOBS   = 1 << 2,
  DBR_SYSTEMD_READ_UNITS  = 1 << 3,
  DBR_SYSTEMD_READ_ALL    = (1 << 4) - 1,
  /* and what is under way is not waited for */
  DBR_SYSTEMD_READ_ANEW   = 1 << 4,
} DbrSystemdReads;

/* What is another one than it was when it was told. */
typedef enum
{
  DBR_SYSTEMD_CHANGED_STATE    = 1 << 0,
  DBR_SYSTEMD_CHANGED_N_FAILED = 1 << 1,
  DBR_SYSTEMD_CHANGED_N_JOBS   = 1 << 2,
  DBR_SYSTEMD_CHANGED_N_UNITS  = 1 << 3,
  DBR_SYSTEMD_CHANGED_VIA      = 1 << 4,
} DbrSystemdChanges;

typedef enum
{
  DBR_SYSTEMD_NEWS_JOB_ADDED,
  DBR_SYSTEMD_NEWS_JOB_FINISHED,
  DBR_SYSTEMD_NEWS_UNIT,
} DbrSystemdNewsKind;

/* One thing that systemd has told. */
typedef struct
{
  DbrSystemdNewsKind  kind;
  char               *unit_name;
  /* of a job; its result is told when it has finished, its type has to be asked for */
  guint               job_id;
  char               *job_type;
  char               *result;
  /* of a unit: what is another value now */
  GVariant           *values;
} DbrSystemdNews;

/* What is known; NULL and -1 for what is not. Texts are interned. */
typedef struct
{
  const char *system_state;
  const char *via;
  int         n_failed_units;
  int         n_jobs;
  int         n_units;
} DbrSystemdFigures;

/* All that is to be told, taken at once. */
typedef struct
{
  DbrSystemdChanges  changes;
  DbrSystemdReads    reads;
  GPtrArray         *news;
  /* lists as they were read, of type `a(ssssssouso)`; NULL if they were not */
  GVariant          *failed;
  GVariant          *units;
  /* other units are watched; and: there is no road to systemd, so that all was forgotten; and: what
   * changed until now was not heard */
  gboolean           is_watching_others;
  gboolean           is_forgotten;
  gboolean           is_after_gap;
} DbrSystemdTidings;

void              dbr_systemd_news_free      (DbrSystemdNews          *self);
void              dbr_systemd_tidings_clear  (DbrSystemdTidings       *self);

/* @tell is called in the context that this is called in, as long as the monitor lives, when there is
 * something to be taken. */
DbrSystemdBook   *dbr_systemd_book_new       (GObject                 *monitor,
                                              DbrSystemdTell           tell) G_GNUC_WARN_UNUSED_RESULT;
DbrSystemdBook   *dbr_systemd_book_ref       (DbrSystemdBook          *self);
void              dbr_systemd_book_unref     (DbrSystemdBook          *self);

/* The context that the monitor was made in. */
GMainContext     *dbr_systemd_book_get_context (DbrSystemdBook        *self);

DbrSystemdFigures dbr_systemd_book_get       (DbrSystemdBook          *self);
void              dbr_systemd_book_take      (DbrSystemdBook          *self,
                                              DbrSystemdTidings       *tidings);

/* Which units are told of, by their complete names. Some may be aliases: which units those stand for
 * is known when systemd was asked for them. */
void              dbr_systemd_book_watch     (DbrSystemdBook          *self,
                                              char                   **names);
char            **dbr_systemd_book_dup_asked (DbrSystemdBook          *self) G_GNUC_WARN_UNUSED_RESULT;
char            **dbr_systemd_book_dup_watched (DbrSystemdBook        *self) G_GNUC_WARN_UNUSED_RESULT;

/* What systemd tells, which is taken while the book is open. */
void              dbr_systemd_book_set_open  (DbrSystemdBook          *self,
                                              gboolean                 is_open);
void              dbr_systemd_book_hear      (DbrSystemdBook          *self,
                                              DbrMessage              *signal);
void              dbr_systemd_book_want      (DbrSystemdBook          *self,
                                              DbrSystemdReads          reads);
/* It is heard from now on, and was not before: all is wanted. */
void              dbr_systemd_book_renew     (DbrSystemdBook          *self);

/* What is read. Between a question and its answer systemd goes on to tell: what was heard of a job or
 * a unit meanwhile is at least as new as the answer, and counts. */
void              dbr_systemd_book_ask       (DbrSystemdBook          *self);
void              dbr_systemd_book_answer    (DbrSystemdBook          *self);
void              dbr_systemd_book_set_manager (DbrSystemdBook        *self,
                                                GVariant              *values);
void              dbr_systemd_book_set_jobs  (DbrSystemdBook          *self,
                                              GVariant                *jobs);
void              dbr_systemd_book_set_failed (DbrSystemdBook         *self,
                                               GVariant               *entries);
/* @asked: the names that were asked for. */
void              dbr_systemd_book_set_units (DbrSystemdBook          *self,
                                              char                   **asked,
                                              GVariant                *entries);

/* There is a road to systemd; or none, so that nothing is known any more. TRUE: there was one, or
 * nobody had looked. */
void              dbr_systemd_book_set_via   (DbrSystemdBook          *self,
                                              const char              *via);
gboolean          dbr_systemd_book_forget    (DbrSystemdBook          *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DbrSystemdTidings, dbr_systemd_tidings_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrSystemdBook, dbr_systemd_book_unref)

G_END_DECLS
