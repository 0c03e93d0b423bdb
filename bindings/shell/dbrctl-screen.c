/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-screen-private.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The other screen, without a cursor, and without lines that go on below. */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[2J"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"
#define BEGIN_FRAME "\033[H"
#define END_LINE "\033[K"
#define END_FRAME "\033[J"

/* What a terminal is taken for that does not tell its size. */
#define USUAL_COLUMNS 80
#define USUAL_ROWS 24

struct _DbrctlScreen
{
  DbrctlFrame     *frame;
  DbrctlKeyFunc    func;
  gpointer         user_data;

  gboolean         has_keys;
  struct termios   before;
  guint            keys;
  guint            resized;
};

static const struct
{
  const char *sequence;
  DbrctlKey   key;
} keys[] = {
  { "\033[A", DBRCTL_KEY_UP },
  { "\033[B", DBRCTL_KEY_DOWN },
  { "\033OA", DBRCTL_KEY_UP },
  { "\033OB", DBRCTL_KEY_DOWN },
  { "\033[5~", DBRCTL_KEY_PAGE_UP },
  { "\033[6~", DBRCTL_KEY_PAGE_DOWN },
  /* xterm's two, that of the console and of what multiplies terminals, and rxvt's */
  { "\033[H", DBRCTL_KEY_HOME },
  { "\033[F", DBRCTL_KEY_END },
  { "\033OH", DBRCTL_KEY_HOME },
  { "\033OF", DBRCTL_KEY_END },
  { "\033[1~", DBRCTL_KEY_HOME },
  { "\033[4~", DBRCTL_KEY_END },
  { "\033[7~", DBRCTL_KEY_HOME },
  { "\033[8~", DBRCTL_KEY_END },
  { "q", DBRCTL_KEY_QUIT },
  { "k", DBRCTL_KEY_UP },
  { "j", DBRCTL_KEY_DOWN },
};

/* A key that is not known is no key, with all that it sends. */
static void
screen_take_keys (DbrctlScreen *self,
                  const char   *text)
{
  while (*text != '\0')
    {
      gsize length = *text == '\033' ? strlen (text) : 1;

      for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
        {
          if (!g_str_has_prefix (text, keys[i].sequence))
            continue;

          length = strlen (keys[i].sequence);
          self->func (keys[i].key, self->user_data);
          break;
        }
      text += length;
    }
}

static gboolean
keys_cb (int          fd,
         GIOCondition condition,
         gpointer     user_data)
{
  DbrctlScreen *self = user_data;
  char text[64];
  gssize n = read (fd, text, sizeof text - 1);

  if (n <= 0)
    {
      self->keys = 0;
      return G_SOURCE_REMOVE;
    }

  text[n] = '\0';
  screen_take_keys (self, text);

  return G_SOURCE_CONTINUE;
}

static gboolean
resized_cb (gpointer user_data)
{
  DbrctlScreen *self = user_data;

  self->func (DBRCTL_KEY_RESIZED, self->user_data);

  return G_SOURCE_CONTINUE;
}

/* Each key as it is pressed, unseen; Ctrl-C stays a signal, and Ctrl-Z would leave the terminal
 * behind as it is now. A process in the background has no keys. */
static void
screen_take_keyboard (DbrctlScreen *self)
{
  struct termios now;

  if (tcgetattr (STDIN_FILENO, &self->before) < 0 || tcgetpgrp (STDIN_FILENO) != getpgrp ())
    return;

  now = self->before;
  now.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
  now.c_cc[VMIN] = 1;
  now.c_cc[VTIME] = 0;
  now.c_cc[VSUSP] = _POSIX_VDISABLE;
  if (tcsetattr (STDIN_FILENO, TCSANOW, &now) < 0)
    return;

  self->has_keys = TRUE;
  self->keys = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, keys_cb, self);
}

DbrctlScreen *
dbrctl_screen_new (DbrctlFrame   *frame,
                   DbrctlKeyFunc  func,
                   gpointer       user_data)
{
  DbrctlScreen *self = g_new0 (DbrctlScreen, 1);

  self->frame = frame;
  self->func = func;
  self->user_data = user_data;
  screen_take_keyboard (self);
  dbrctl_interrupt_set_terminal (dbrctl_frame_get_interrupt (frame), LEAVE,
                                 self->has_keys ? &self->before : NULL);
  self->resized = g_unix_signal_add (SIGWINCH, resized_cb, self);
  dbrctl_output_raw (dbrctl_frame_get_output (frame), ENTER);

  return self;
}

void
dbrctl_screen_free (DbrctlScreen *self)
{
  g_clear_handle_id (&self->keys, g_source_remove);
  g_clear_handle_id (&self->resized, g_source_remove);
  dbrctl_output_raw (dbrctl_frame_get_output (self->frame), LEAVE);
  if (self->has_keys)
    tcsetattr (STDIN_FILENO, TCSANOW, &self->before);
  dbrctl_interrupt_set_terminal (dbrctl_frame_get_interrupt (self->frame), NULL, NULL);
  g_free (self);
}

void
dbrctl_screen_get_size (DbrctlScreen *self,
                        guint        *columns,
                        guint        *rows)
{
  struct winsize size = { 0 };

  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
    size.ws_col = 0;
  *columns = size.ws_col > 0 ? size.ws_col : USUAL_COLUMNS;
  *rows = size.ws_row > 0 ? size.ws_row : USUAL_ROWS;
}

/* In one piece, so that nothing flickers. */
void
dbrctl_screen_show (DbrctlScreen      *self,
                    const char *const *lines)
{
  g_autoptr(GString) text = g_string_new (BEGIN_FRAME);

  for (guint i = 0; lines[i] != NULL; i++)
    g_string_append_printf (text, "%s%s%s", i > 0 ? "\r\n" : "", lines[i], END_LINE);
  g_string_append (text, END_FRAME);
  dbrctl_output_raw (dbrctl_frame_get_output (self->frame), text->str);
}
