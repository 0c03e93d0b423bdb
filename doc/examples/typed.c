/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/* A class of one's own around a service: its methods are functions with types, its property is at
 * hand, and who uses it sees nothing of D-Bus. */

#include <libdbr.h>

#define EXAMPLE_TYPE_PLAYER (example_player_get_type ())
G_DECLARE_FINAL_TYPE (ExamplePlayer, example_player, EXAMPLE, PLAYER, GObject)

struct _ExamplePlayer
{
  GObject parent_instance;

  DbrProxy *proxy;
};

G_DEFINE_FINAL_TYPE (ExamplePlayer, example_player, G_TYPE_OBJECT)

static void
example_player_dispose (GObject *object)
{
  g_clear_object (&EXAMPLE_PLAYER (object)->proxy);

  G_OBJECT_CLASS (example_player_parent_class)->dispose (object);
}

static void
example_player_class_init (ExamplePlayerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = example_player_dispose;
}

static void
example_player_init (ExamplePlayer *self)
{
}

static ExamplePlayer *
example_player_new (DbrClient  *client,
                    GError    **error)
{
  g_autoptr(ExamplePlayer) self = g_object_new (EXAMPLE_TYPE_PLAYER, NULL);

  self->proxy = dbr_client_get_proxy_sync (client, "org.example.Player", "/org/example/Player",
                                           "org.example.Player", NULL, error);

  return self->proxy != NULL ? g_steal_pointer (&self) : NULL;
}

/* What the service last said; 0 as long as nobody knows. */
static guint
example_player_get_volume (ExamplePlayer *self)
{
  g_autoptr(GVariant) volume = dbr_proxy_get_cached (self->proxy, "Volume");

  return volume != NULL ? g_variant_get_uint32 (volume) : 0;
}

static char *
example_player_play (ExamplePlayer  *self,
                     guint           track,
                     GError        **error)
{
  g_autoptr(GVariant) reply = NULL;
  char *title = NULL;

  reply = dbr_proxy_call_sync (self->proxy, "Play", g_variant_new ("(u)", track), 500, NULL, error);
  if (reply != NULL)
    g_variant_get (reply, "(s)", &title);

  return title;
}

int
main (void)
{
  g_autoptr(DbrClient) client = dbr_client_new (G_BUS_TYPE_SESSION);
  g_autoptr(ExamplePlayer) player = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *title = NULL;

  player = example_player_new (client, &error);
  if (player != NULL)
    title = example_player_play (player, 1, &error);
  if (title == NULL)
    {
      g_print ("%s\n", error->message);
      return 1;
    }

  g_print ("It plays %s at %u\n", title, example_player_get_volume (player));
  return 0;
}
