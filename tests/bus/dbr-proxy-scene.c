/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-proxy-scene.h"

#include "bus/dbr-client-private.h"

void
told_clear (Told *self)
{
  g_clear_pointer (&self->changed, g_variant_unref);
  g_clear_pointer (&self->invalidated, g_strfreev);
  g_clear_pointer (&self->old_owner, g_free);
  g_clear_pointer (&self->new_owner, g_free);
}

static void
changed_cb (DbrProxy *proxy,
            GVariant *changed,
            GStrv     invalidated,
            Told     *self)
{
  self->n_changes++;
  g_clear_pointer (&self->changed, g_variant_unref);
  g_clear_pointer (&self->invalidated, g_strfreev);
  self->changed = g_variant_ref (changed);
  self->invalidated = g_strdupv (invalidated);
}

static void
owner_cb (DbrProxy   *proxy,
          const char *old_owner,
          const char *new_owner,
          Told       *self)
{
  self->n_owners++;
  g_free (self->old_owner);
  g_free (self->new_owner);
  self->old_owner = g_strdup (old_owner);
  self->new_owner = g_strdup (new_owner);
}

static void
fresh_cb (DbrProxy   *proxy,
          GParamSpec *pspec,
          Told       *self)
{
  self->n_fresh++;
}

static void
generation_cb (DbrProxy   *proxy,
               GParamSpec *pspec,
               Told       *self)
{
  self->n_generations++;
}

void
told_connect (Told     *self,
              DbrProxy *proxy)
{
  g_signal_connect (proxy, "properties-changed", G_CALLBACK (changed_cb), self);
  g_signal_connect (proxy, "owner-changed", G_CALLBACK (owner_cb), self);
  g_signal_connect (proxy, "notify::fresh", G_CALLBACK (fresh_cb), self);
  g_signal_connect (proxy, "notify::generation", G_CALLBACK (generation_cb), self);
}

DbrProxy *
proxy_scene_get (Scene      *scene,
                 const char *interface_name)
{
  g_autoptr(GError) error = NULL;
  DbrProxy *proxy = dbr_client_get_proxy_sync (scene->client, SCENE_NAME, SCENE_PATH,
                                               interface_name, NULL, &error);

  g_assert_no_error (error);

  return proxy;
}

DbrProxy *
proxy_scene_get_level (Scene *scene)
{
  return proxy_scene_get (scene, DBR_TEST_INTERFACE);
}

void
proxy_scene_set_level (Scene *scene,
                       guint  level)
{
  dbr_test_peer_tell (scene->peer, "set " SCENE_PATH " " DBR_TEST_INTERFACE ".Level uint32 %u",
                      level);
}

/* How long a proxy waits for its service. */
void
proxy_scene_limit (Scene *scene,
                   guint  limit_ms)
{
  g_autoptr(GError) error = NULL;

  dbr_timeouts_set (dbr_client_get_timeouts (scene->client), "get_property", limit_ms, &error);
  g_assert_no_error (error);
}

guint
proxy_scene_count_rules (Scene *scene)
{
  return dbr_matches_count (dbr_link_get_matches (scene->client->link));
}

guint
proxy_read_level (DbrProxy *proxy)
{
  g_autoptr(GVariant) level = dbr_proxy_get_cached (proxy, "Level");

  return level != NULL ? g_variant_get_uint32 (level) : G_MAXUINT;
}

gboolean
proxy_has (DbrProxy   *proxy,
           const char *name,
           const char *text)
{
  g_autoptr(GVariant) value = dbr_proxy_get_cached (proxy, name);
  g_autofree char *printed = value != NULL ? g_variant_print (value, FALSE) : NULL;

  return g_strcmp0 (printed, text) == 0;
}
