/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What is kept of devices, by address: what they were like when they were saved, and what a program
 * wants to remember of them. It is changed by changes alone, so that several programs may each bring
 * theirs to one file: none writes what it only read. Pure, and of one thread at a time. */
typedef struct _DbrStateBook DbrStateBook;

/* As a text: far more than there are devices. What is longer was not written here. */
#define DBR_STATE_BOOK_MAX_LENGTH (16u * 1024 * 1024)

typedef struct
{
  const char *address;
  /* wall clock; 0: it was never saved, and has attributes only */
  gint64      saved_usec;
  /* a{sv} each */
  GVariant   *values;
  GVariant   *attributes;
} DbrStateRecord;

typedef struct _DbrStateChange DbrStateChange;

/* Why a text is not a book. */
typedef enum
{
  DBR_STATE_FAULT_DAMAGED,
  DBR_STATE_FAULT_FOREIGN,
  DBR_STATE_FAULT_NEWER,
} DbrStateFault;

DbrStateBook         *dbr_state_book_new    (void) G_GNUC_WARN_UNUSED_RESULT;
DbrStateBook         *dbr_state_book_copy   (DbrStateBook          *self) G_GNUC_WARN_UNUSED_RESULT;
void                  dbr_state_book_free   (DbrStateBook          *self);

/* FALSE: there is none. What is in @record lives as long as nothing changes. */
gboolean              dbr_state_book_lookup (DbrStateBook          *self,
                                             const char            *address,
                                             DbrStateRecord        *record);
/* In the order of the alphabet. */
char                **dbr_state_book_dup_addresses (DbrStateBook   *self) G_GNUC_WARN_UNUSED_RESULT;
/* What would make this book of an empty one. */
GPtrArray            *dbr_state_book_dup_changes   (DbrStateBook   *self) G_GNUC_WARN_UNUSED_RESULT;
void                  dbr_state_book_apply  (DbrStateBook          *self,
                                             const DbrStateChange  *change);

/* A device was saved. What somebody has saved later stays, but not what was saved later than now. */
DbrStateChange       *dbr_state_change_new_saved     (const char   *address,
                                                      gint64        saved_usec,
                                                      GVariant     *values) G_GNUC_WARN_UNUSED_RESULT;
/* NULL: it has this attribute no more. */
DbrStateChange       *dbr_state_change_new_attribute (const char   *address,
                                                      const char   *name,
                                                      GVariant     *value) G_GNUC_WARN_UNUSED_RESULT;
DbrStateChange       *dbr_state_change_new_forgotten (const char   *address) G_GNUC_WARN_UNUSED_RESULT;
void                  dbr_state_change_free          (DbrStateChange *self);

/* The book as a text, and back. A text with one bit that is not as it was written is none. */
char                 *dbr_state_book_print  (DbrStateBook          *self,
                                             gsize                 *length) G_GNUC_WARN_UNUSED_RESULT;
DbrStateBook         *dbr_state_book_parse  (const char            *text,
                                             gsize                  length,
                                             DbrStateFault         *fault,
                                             GError               **error) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE, with an `INVALID_ARGUMENT`: the value would not come back from a text, or alone be too much
 * for one. */
gboolean              dbr_state_book_check_attribute (const char   *name,
                                                      GVariant     *value,
                                                      GError      **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrStateBook, dbr_state_book_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrStateChange, dbr_state_change_free)

G_END_DECLS
