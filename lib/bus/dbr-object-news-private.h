/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What has become of the objects of a service since somebody was told last. What has come and gone
 * again meanwhile is not told at all, and the changes of a property are one: so there is never more
 * of it than there are objects. */
typedef struct _DbrObjectNews DbrObjectNews;

/* What has become of one object. */
typedef struct _DbrObjectChange DbrObjectChange;

/* First what is gone, objects behind their children and interfaces before their objects; then what
 * is new, the other way round, and what has changed. One that was removed and added again is told
 * so, because it is another one. */
typedef struct
{
  void (*object_added)(gpointer    user_data,
                       const char *path);
  void (*object_removed)(gpointer    user_data,
                         const char *path);
  void (*interface_added)(gpointer    user_data,
                          const char *path,
                          const char *interface_name);
  void (*interface_removed)(gpointer    user_data,
                            const char *path,
                            const char *interface_name);
  /* Which properties of an interface have come, gone, or another value. */
  void (*properties_changed)(gpointer           user_data,
                             const char        *path,
                             const char        *interface_name,
                             const char *const *names);
} DbrObjectNewsFuncs;

DbrObjectNews   *dbr_object_news_new      (void) G_GNUC_WARN_UNUSED_RESULT;
void             dbr_object_news_free     (DbrObjectNews            *self);
gboolean         dbr_object_news_is_empty (DbrObjectNews            *self);

/* Stops as soon as @is_over, which others set. */
void             dbr_object_news_tell_removed (DbrObjectNews            *self,
                                               const DbrObjectNewsFuncs *funcs,
                                               gpointer                  user_data,
                                               const gint               *is_over);
void             dbr_object_news_tell_added   (DbrObjectNews            *self,
                                               const DbrObjectNewsFuncs *funcs,
                                               gpointer                  user_data,
                                               const gint               *is_over);

/* These note it. Strings are counted ones, of GRefString, and names are interned.
 *
 * The change of an object that is there, or is not, as yet: */
DbrObjectChange *dbr_object_news_get               (DbrObjectNews   *self,
                                                    char            *path,
                                                    gboolean         is_there);
void             dbr_object_news_add_interface     (DbrObjectChange *change,
                                                    char            *name);
void             dbr_object_news_remove_interface  (DbrObjectChange *change,
                                                    char            *name);
void             dbr_object_news_change_property   (DbrObjectChange *change,
                                                    char            *interface_name,
                                                    char            *name);
/* Whether it is there now; @change is no more if there is nothing to tell. */
void             dbr_object_news_set_there         (DbrObjectNews   *self,
                                                    DbrObjectChange *change,
                                                    gboolean         is_there);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrObjectNews, dbr_object_news_free)

G_END_DECLS
