/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbr-scene.h"

G_BEGIN_DECLS

/* An interface that the peer does not compute: all of it comes from the script. */
#define THING_INTERFACE "org.dbr.Thing1"

/* What a proxy has told. */
typedef struct
{
  guint     n_changes;
  guint     n_owners;
  guint     n_fresh;
  guint     n_generations;
  GVariant *changed;
  char    **invalidated;
  char     *old_owner;
  char     *new_owner;
} Told;

void      told_clear            (Told         *self);
void      told_connect          (Told         *self,
                                 DbrProxy     *proxy);

DbrProxy *proxy_scene_get       (Scene        *scene,
                                 const char   *interface_name) G_GNUC_WARN_UNUSED_RESULT;
DbrProxy *proxy_scene_get_level (Scene        *scene) G_GNUC_WARN_UNUSED_RESULT;
/* Sets the level of the peer's built-in interface, and tells of it. */
void      proxy_scene_set_level (Scene        *scene,
                                 guint         level);
void      proxy_scene_limit     (Scene        *scene,
                                 guint         limit_ms);
guint     proxy_scene_count_rules (Scene      *scene);

guint     proxy_read_level      (DbrProxy     *proxy);
/* Whether what is at hand prints so; NULL for nothing. */
gboolean  proxy_has             (DbrProxy     *proxy,
                                 const char   *name,
                                 const char   *text);

#define proxy_wait(condition) dbr_test_wait_until (NULL, condition, DBR_TEST_PATIENCE_MS)

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Told, told_clear)

G_END_DECLS
