/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-peer-script.h"

#include <stdio.h>
#include <string.h>

/* The script language. An action is a word and its arguments; the letters below say which, so that
 * the parser, the help text and the actions themselves cannot differ. */

typedef struct
{
  const char       *word;
  DbrPeerActionKind kind;
  /* a: Bluetooth address, b: bus name, d: optional "to UNIQUE", e: error name, i: adapter as hci0,
   * j: a second one, m: IFACE.MEMBER, n: number, N: optional number, p: path, t: optional tuple,
   * v: value, w: word, x: optional text to the end */
  const char *arguments;
  const char *usage;
  const char *summary;
} Grammar;

static const Grammar grammar[] = {
  { "reply", DBR_PEER_ACTION_REPLY, "t",
    "reply [TUPLE]", "answers; without a tuple with the arguments" },
  { "error", DBR_PEER_ACTION_ERROR, "ex",
    "error NAME [TEXT]", "answers with an error" },
  { "fd", DBR_PEER_ACTION_FD, "",
    "fd", "answers (aay, h): what was read from the passed descriptors, a pipe" },
  { "wait", DBR_PEER_ACTION_WAIT, "n",
    "wait MS", "goes on later, serving others meanwhile" },
  { "never", DBR_PEER_ACTION_NEVER, "",
    "never", "leaves the call without an answer" },
  { "die", DBR_PEER_ACTION_DIE, "N",
    "die [STATUS]", "exits at once, with status 1 unless given" },
  { "abort", DBR_PEER_ACTION_ABORT, "",
    "abort", "dies by SIGABRT" },
  { "stop", DBR_PEER_ACTION_STOP, "",
    "stop", "stops itself by SIGSTOP" },
  { "block", DBR_PEER_ACTION_BLOCK, "n",
    "block MS", "blocks the main loop; Ping and Introspect are still answered" },
  { "deaf", DBR_PEER_ACTION_DEAF, "n",
    "deaf MS", "neither reads nor writes its socket" },
  { "emit", DBR_PEER_ACTION_EMIT, "pmtd",
    "emit PATH IFACE.SIGNAL [TUPLE] [to UNIQUE]", "emits a signal" },
  { "flood", DBR_PEER_ACTION_FLOOD, "npmt",
    "flood N PATH IFACE.SIGNAL [TUPLE]", "emits a signal N times" },
  { "own", DBR_PEER_ACTION_OWN, "b",
    "own NAME", "owns a name, taken from its owner if need be" },
  { "drop", DBR_PEER_ACTION_DROP, "b",
    "drop NAME", "releases a name" },
  { "reown", DBR_PEER_ACTION_REOWN, "nb",
    "reown MS NAME", "releases a name and owns it again after MS" },
  { "close", DBR_PEER_ACTION_CLOSE, "",
    "close", "closes the connection; the process lives" },
  { "reconnect", DBR_PEER_ACTION_RECONNECT, "",
    "reconnect", "connects again and owns its names again" },
  { "count", DBR_PEER_ACTION_COUNT, "w",
    "count MEMBER", "gives how many calls of a method were served" },
  { "executions", DBR_PEER_ACTION_EXECUTIONS, "w",
    "executions TOKEN", "gives how many calls had this first string" },
  { "record", DBR_PEER_ACTION_RECORD, "w",
    "record FILE", "adds each first string to a file when it is counted" },
  { "reset", DBR_PEER_ACTION_RESET, "",
    "reset", "zeroes all counts" },
  { "forget", DBR_PEER_ACTION_FORGET, "w",
    "forget PATTERN|*", "removes the rules of a pattern, or all" },
  { "objects", DBR_PEER_ACTION_OBJECTS, "n",
    "objects N", "makes N devices under /org/bluez/hci0" },
  { "set", DBR_PEER_ACTION_SET, "pmv",
    "set PATH IFACE.PROP VALUE", "sets a property and tells it" },
  { "poke", DBR_PEER_ACTION_POKE, "pmv",
    "poke PATH IFACE.PROP VALUE", "sets a property and does not tell it" },
  { "invalidate", DBR_PEER_ACTION_INVALIDATE, "pm",
    "invalidate PATH IFACE.PROP", "tells that a property changed, not to what" },
  { "remove", DBR_PEER_ACTION_REMOVE, "p",
    "remove PATH", "removes an object and tells it" },
  { "plug", DBR_PEER_ACTION_BLUEZ, "ia",
    "plug hciN ADDRESS", "plugs a Bluetooth controller in; the peer plays BlueZ from then on" },
  { "unplug", DBR_PEER_ACTION_BLUEZ, "i",
    "unplug hciN", "pulls it out" },
  { "reindex", DBR_PEER_ACTION_BLUEZ, "ij",
    "reindex hciN hciM", "pulls it out, and it comes back under another number" },
  { "airplane", DBR_PEER_ACTION_BLUEZ, "w",
    "airplane on|off", "blocks all controllers, as rfkill does" },
  { "near", DBR_PEER_ACTION_BLUEZ, "ax",
    "near ADDRESS [NAME]", "brings a device within reach" },
  { "many", DBR_PEER_ACTION_BLUEZ, "n",
    "many N", "brings N devices within reach" },
  { "away", DBR_PEER_ACTION_BLUEZ, "a",
    "away ADDRESS", "takes it out of reach, and its link is lost" },
  { "bond", DBR_PEER_ACTION_BLUEZ, "iax",
    "bond hciN ADDRESS [NAME]", "an adapter knows the device, paired and trusted" },
  { "lose", DBR_PEER_ACTION_BLUEZ, "ax",
    "lose ADDRESS [REASON]", "breaks its link; with a reason, BlueZ tells it" },
  { "boot", DBR_PEER_ACTION_BLUEZ, "",
    "boot", "starts BlueZ again: first the name, later the adapters" },
  { "crash", DBR_PEER_ACTION_BLUEZ, "",
    "crash", "leaves the bus as a process does that was killed" },
  { "shutdown", DBR_PEER_ACTION_BLUEZ, "",
    "shutdown", "ends BlueZ in order, then leaves the bus" },
  { "storage", DBR_PEER_ACTION_BLUEZ, "w",
    "storage FILE", "reads what is paired from there, and keeps it there" },
  { "gap", DBR_PEER_ACTION_BLUEZ, "n",
    "gap MS", "how long after the name the adapters come" },
  { "pace", DBR_PEER_ACTION_BLUEZ, "n",
    "pace MS", "how long a connection takes, and as long its services" },
  { "ledger", DBR_PEER_ACTION_BLUEZ, "",
    "ledger", "gives what BlueZ keeps for whom" },
  { "calls", DBR_PEER_ACTION_BLUEZ, "",
    "calls", "gives the calls to BlueZ since it was last asked" },
};

typedef struct
{
  const char *cursor;
  guint       line;
} Parser;

G_GNUC_PRINTF (3, 4)
static gboolean
fail (Parser     *parser,
      GError    **error,
      const char *format,
      ...)
{
  va_list arguments;
  g_autofree char *message = NULL;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "line %u: %s", parser->line,
               message);
  return FALSE;
}

static void
skip_space (Parser *parser)
{
  while (g_ascii_isspace (*parser->cursor))
    parser->cursor++;
}

static char *
take_word (Parser *parser)
{
  gsize length;
  char *word;

  skip_space (parser);
  length = strcspn (parser->cursor, " \t\r");
  word = g_strndup (parser->cursor, length);
  parser->cursor += length;
  return word;
}

static gboolean
take_number (Parser  *parser,
             guint   *number,
             GError **error)
{
  g_autofree char *word = take_word (parser);
  guint64 parsed;

  if (!g_ascii_string_to_unsigned (word, 10, 0, G_MAXINT, &parsed, NULL))
    return fail (parser, error, "“%s” is not a number", word);
  *number = (guint) parsed;
  return TRUE;
}

/* An apostrophe inside a word, as in a bare error text, quotes nothing; the b of a byte string is
 * no word. */
static gboolean
opens_quote (const char *begin,
             const char *here)
{
  if (*here != '\'' && *here != '"')
    return FALSE;
  if (here == begin || !g_ascii_isalnum (here[-1]))
    return TRUE;
  return here[-1] == 'b' && (here - 1 == begin || !g_ascii_isalnum (here[-2]));
}

/* Returns where the text ends: at `separator` outside of quotes, or at its end. */
static const char *
find_separator (const char *text,
                const char *separator)
{
  gsize length = strlen (separator);
  char quote = '\0';

  for (const char *here = text; *here != '\0'; here++)
    {
      if (quote != '\0' && *here == '\\' && here[1] != '\0')
        here++;
      else if (quote != '\0' && *here == quote)
        quote = '\0';
      else if (quote == '\0' && opens_quote (text, here))
        quote = *here;
      else if (quote == '\0' && strncmp (here, separator, length) == 0)
        return here;
    }
  return text + strlen (text);
}

static gboolean
split_member (Parser     *parser,
              const char *dotted,
              char      **interface_name,
              char      **member,
              GError    **error)
{
  const char *dot = strrchr (dotted, '.');

  if (dot != NULL)
    *interface_name = g_strndup (dotted, (gsize) (dot - dotted));
  *member = g_strdup (dot != NULL ? dot + 1 : dotted);
  if (*interface_name != NULL && !g_dbus_is_interface_name (*interface_name))
    return fail (parser, error, "“%s” is not an interface name", *interface_name);
  if (strcmp (*member, "*") != 0 && !g_dbus_is_member_name (*member))
    return fail (parser, error, "“%s” is not a member name", *member);
  return TRUE;
}

static gboolean
take_value (Parser    *parser,
            gboolean   is_tuple,
            GVariant **value,
            GError   **error)
{
  g_autoptr(GError) reason = NULL;
  const char *end = NULL;

  skip_space (parser);
  *value = g_variant_parse (NULL, parser->cursor, NULL, &end, &reason);
  if (*value == NULL)
    return fail (parser, error, "%s in “%s”", reason->message, parser->cursor);
  parser->cursor = end;
  if (is_tuple && !g_variant_is_of_type (*value, G_VARIANT_TYPE_TUPLE))
    return fail (parser, error, "the value is not a tuple, as in (1, 'a') or ('a',)");
  return TRUE;
}

static gboolean
take_text (Parser        *parser,
           DbrPeerAction *action,
           GError       **error)
{
  skip_space (parser);
  if (*parser->cursor == '\'' || *parser->cursor == '"')
    {
      g_autoptr(GVariant) value = NULL;

      if (!take_value (parser, FALSE, &value, error))
        return FALSE;
      if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
        return fail (parser, error, "the text is not a string");
      action->text = g_variant_dup_string (value, NULL);
      return TRUE;
    }
  action->text = g_strdup (parser->cursor);
  parser->cursor += strlen (parser->cursor);
  return TRUE;
}

static gboolean
take_destination (Parser        *parser,
                  DbrPeerAction *action,
                  GError       **error)
{
  g_autofree char *word = take_word (parser);

  if (*word == '\0')
    return TRUE;
  if (strcmp (word, "to") != 0)
    return fail (parser, error, "expected “to” instead of “%s”", word);
  action->destination = take_word (parser);
  if (!g_dbus_is_name (action->destination))
    return fail (parser, error, "“%s” is not a bus name", action->destination);
  return TRUE;
}

static gboolean
take_name (Parser        *parser,
           DbrPeerAction *action,
           char           kind,
           GError       **error)
{
  action->name = take_word (parser);
  if (kind == 'b' && (!g_dbus_is_name (action->name) || g_dbus_is_unique_name (action->name)))
    return fail (parser, error, "“%s” is not a well-known bus name", action->name);
  if (kind == 'e' && !g_dbus_is_interface_name (action->name))
    return fail (parser, error, "“%s” is not an error name", action->name);
  if (*action->name == '\0')
    return fail (parser, error, "a word is missing");
  return TRUE;
}

/* “.” stands for the path of the call that the rule answers. */
static gboolean
take_path (Parser  *parser,
           char   **path,
           GError **error)
{
  *path = take_word (parser);
  if (strcmp (*path, ".") != 0 && !g_variant_is_object_path (*path))
    return fail (parser, error, "“%s” is not an object path", *path);
  return TRUE;
}

static gboolean
take_member (Parser        *parser,
             DbrPeerAction *action,
             GError       **error)
{
  g_autofree char *word = take_word (parser);

  if (!split_member (parser, word, &action->interface_name, &action->member, error))
    return FALSE;
  if (action->interface_name == NULL || strcmp (action->member, "*") == 0)
    return fail (parser, error, "“%s” is not of the form INTERFACE.MEMBER", word);
  return TRUE;
}

static gboolean
take_adapter (Parser  *parser,
              char   **name,
              GError **error)
{
  *name = take_word (parser);
  if (!g_str_has_prefix (*name, "hci")
      || !g_ascii_string_to_unsigned (*name + strlen ("hci"), 10, 0, G_MAXUINT16, NULL, NULL))
    return fail (parser, error, "“%s” is not an adapter, as hci0", *name);
  return TRUE;
}

static gboolean
take_address (Parser        *parser,
              DbrPeerAction *action,
              GError       **error)
{
  guint parts[6];

  action->member = take_word (parser);
  if (strlen (action->member) != strlen ("00:00:00:00:00:00")
      || sscanf (action->member, "%2X:%2X:%2X:%2X:%2X:%2X", &parts[0], &parts[1], &parts[2],
                 &parts[3], &parts[4], &parts[5]) != 6)
    return fail (parser, error, "“%s” is not an address, as 00:AA:01:00:00:42", action->member);
  return TRUE;
}

static gboolean
take_argument (Parser        *parser,
               DbrPeerAction *action,
               char           kind,
               GError       **error)
{
  skip_space (parser);
  switch (kind)
    {
    case 'a':
      return take_address (parser, action, error);
    case 'i':
      return take_adapter (parser, &action->name, error);
    case 'j':
      return take_adapter (parser, &action->member, error);
    case 'b':
    case 'e':
    case 'w':
      return take_name (parser, action, kind, error);
    case 'd':
      return take_destination (parser, action, error);
    case 'm':
      return take_member (parser, action, error);
    case 'N':
      if (*parser->cursor == '\0')
        return TRUE;
      action->has_number = TRUE;
      return take_number (parser, &action->number, error);
    case 'n':
      return take_number (parser, &action->number, error);
    case 'p':
      return take_path (parser, &action->path, error);
    case 't':
      if (*parser->cursor != '(' && *parser->cursor != '@')
        return TRUE;
      return take_value (parser, TRUE, &action->value, error);
    case 'v':
      return take_value (parser, FALSE, &action->value, error);
    case 'x':
      return take_text (parser, action, error);
    default:
      g_return_val_if_reached (FALSE);
    }
}

static DbrPeerAction *
parse_action (Parser  *parser,
              GError **error)
{
  g_autofree char *word = take_word (parser);
  g_autoptr(DbrPeerAction) action = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (grammar); i++)
    {
      if (strcmp (word, grammar[i].word) != 0)
        continue;
      action = g_new0 (DbrPeerAction, 1);
      action->kind = grammar[i].kind;
      action->word = grammar[i].word;
      for (const char *kind = grammar[i].arguments; *kind != '\0'; kind++)
        {
          if (!take_argument (parser, action, *kind, error))
            {
              g_prefix_error (error, "%s: ", word);
              return NULL;
            }
        }
      skip_space (parser);
      if (*parser->cursor == '\0')
        return g_steal_pointer (&action);
      fail (parser, error, "“%s” after the end of “%s”", parser->cursor, grammar[i].usage);
      return NULL;
    }
  if (*word == '\0')
    fail (parser, error, "an action is missing");
  else
    fail (parser, error, "unknown action “%s”", word);
  return NULL;
}

static gboolean
parse_actions (Parser      *parser,
               DbrPeerRule *rule,
               GError     **error)
{
  const char *text = parser->cursor;

  while (TRUE)
    {
      const char *end = find_separator (text, ";");
      g_autofree char *part = g_strndup (text, (gsize) (end - text));
      Parser inner = { g_strstrip (part), parser->line };
      DbrPeerAction *action = parse_action (&inner, error);

      if (action == NULL)
        return FALSE;
      g_ptr_array_add (rule->actions, action);
      if (*end == '\0')
        return TRUE;
      text = end + 1;
    }
}

static gboolean
parse_condition (Parser      *parser,
                 DbrPeerRule *rule,
                 GError     **error)
{
  g_autofree char *word = take_word (parser);

  if (strcmp (word, "at") == 0)
    return take_path (parser, &rule->path, error);
  if (strcmp (word, "call") == 0)
    rule->select = DBR_PEER_SELECT_CALL;
  else if (strcmp (word, "from") == 0)
    rule->select = DBR_PEER_SELECT_FROM;
  else if (strcmp (word, "every") == 0)
    rule->select = DBR_PEER_SELECT_EVERY;
  else
    return fail (parser, error, "expected at, call, from or every instead of “%s”", word);
  if (!take_number (parser, &rule->number, error))
    return FALSE;
  if (rule->number == 0)
    return fail (parser, error, "calls are counted from 1");
  return TRUE;
}

static DbrPeerRule *
parse_rule (Parser  *parser,
            GError **error)
{
  g_autoptr(DbrPeerRule) rule = g_rc_box_new0 (DbrPeerRule);
  const char *colon = strchr (parser->cursor, ':');
  g_autofree char *head = NULL;
  g_autofree char *pattern = NULL;
  Parser inner = { NULL, parser->line };

  rule->actions = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_peer_action_free);
  if (colon == NULL)
    {
      fail (parser, error, "a rule has a colon before its actions");
      return NULL;
    }
  head = g_strndup (parser->cursor, (gsize) (colon - parser->cursor));
  inner.cursor = head;
  pattern = take_word (&inner);
  if (!split_member (&inner, pattern, &rule->interface_name, &rule->member, error))
    return NULL;
  for (skip_space (&inner); *inner.cursor != '\0'; skip_space (&inner))
    {
      if (!parse_condition (&inner, rule, error))
        return NULL;
    }
  parser->cursor = colon + 1;
  return parse_actions (parser, rule, error) ? g_steal_pointer (&rule) : NULL;
}

static void
statement_free (DbrPeerStatement *statement)
{
  g_clear_pointer (&statement->rule, dbr_peer_rule_unref);
  g_clear_pointer (&statement->command, dbr_peer_action_free);
  g_free (statement);
}

static gboolean
parse_statement (Parser    *parser,
                 GPtrArray *statements,
                 GError   **error)
{
  DbrPeerStatement *statement;

  skip_space (parser);
  if (*parser->cursor == '\0' || *parser->cursor == '#')
    return TRUE;
  statement = g_new0 (DbrPeerStatement, 1);
  g_ptr_array_add (statements, statement);
  if (g_str_has_prefix (parser->cursor, "on "))
    {
      parser->cursor += strlen ("on ");
      statement->rule = parse_rule (parser, error);
    }
  else
    {
      statement->command = parse_action (parser, error);
    }
  return statement->rule != NULL || statement->command != NULL;
}

void
dbr_peer_action_free (DbrPeerAction *action)
{
  g_free (action->path);
  g_free (action->name);
  g_free (action->interface_name);
  g_free (action->member);
  g_free (action->text);
  g_free (action->destination);
  g_clear_pointer (&action->value, g_variant_unref);
  g_free (action);
}

static void
rule_clear (DbrPeerRule *self)
{
  g_free (self->interface_name);
  g_free (self->member);
  g_free (self->path);
  g_ptr_array_unref (self->actions);
}

DbrPeerRule *
dbr_peer_rule_ref (DbrPeerRule *self)
{
  return g_rc_box_acquire (self);
}

void
dbr_peer_rule_unref (DbrPeerRule *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) rule_clear);
}

/* A bare “*” leaves alone what GDBus answers by itself, or no test could still ping a peer that
 * never answers. */
gboolean
dbr_peer_rule_fits (DbrPeerRule *self,
                    const char  *path,
                    const char  *interface_name,
                    const char  *member)
{
  if (self->path != NULL && g_strcmp0 (self->path, path) != 0)
    return FALSE;
  if (self->interface_name != NULL && interface_name != NULL
      && strcmp (self->interface_name, interface_name) != 0)
    return FALSE;
  if (strcmp (self->member, "*") != 0)
    return strcmp (self->member, member) == 0;
  return self->interface_name != NULL
         || (g_strcmp0 (interface_name, "org.freedesktop.DBus.Peer") != 0
             && g_strcmp0 (interface_name, "org.freedesktop.DBus.Introspectable") != 0);
}

/* Counts a call that fits and says whether it is one of those that the rule takes. */
gboolean
dbr_peer_rule_selects (DbrPeerRule *self)
{
  self->n_seen++;
  switch (self->select)
    {
    case DBR_PEER_SELECT_CALL:
      return self->n_seen == self->number;
    case DBR_PEER_SELECT_FROM:
      return self->n_seen >= self->number;
    case DBR_PEER_SELECT_EVERY:
      return self->n_seen % self->number == 0;
    case DBR_PEER_SELECT_ALL:
    default:
      return TRUE;
    }
}

/* The more a rule says, the more it weighs; of equals the newer one wins, so that a test can
 * change its mind. */
int
dbr_peer_rule_compare (DbrPeerRule *self,
                       DbrPeerRule *other)
{
  int difference = (int) self->select - (int) other->select;

  if (difference == 0)
    difference = (self->path != NULL) - (other->path != NULL);
  if (difference == 0)
    difference = (strcmp (self->member, "*") != 0) - (strcmp (other->member, "*") != 0);
  if (difference == 0)
    difference = (self->interface_name != NULL) - (other->interface_name != NULL);
  return difference;
}

gboolean
dbr_peer_rule_has_pattern (DbrPeerRule *self,
                           const char  *pattern)
{
  g_autofree char *own = NULL;

  if (strcmp (pattern, "*") == 0)
    return TRUE;
  if (self->interface_name != NULL)
    own = g_strdup_printf ("%s.%s", self->interface_name, self->member);
  return strcmp (own != NULL ? own : self->member, pattern) == 0;
}

/* Parses a whole script, in which newlines or “;;” separate the statements: nothing is done before
 * all of it is right. */
GPtrArray *
dbr_peer_script_parse (const char *text,
                       GError    **error)
{
  GDestroyNotify free_func = (GDestroyNotify) statement_free;
  g_autoptr(GPtrArray) statements = g_ptr_array_new_with_free_func (free_func);
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *rest = g_strchug (lines[i]);

      /* A comment runs to the end of its line, separators and all. */
      while (rest != NULL && lines[i][0] != '#')
        {
          const char *end = find_separator (rest, ";;");
          g_autofree char *part = g_strndup (rest, (gsize) (end - rest));
          Parser parser = { g_strstrip (part), i + 1 };

          if (!parse_statement (&parser, statements, error))
            return NULL;
          rest = *end == '\0' ? NULL : end + 2;
        }
    }
  return g_steal_pointer (&statements);
}

/* Returns the table of actions, as the help text shows it. */
char *
dbr_peer_script_describe (void)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (grammar); i++)
    g_string_append_printf (text, "  %-42s %s\n", grammar[i].usage, grammar[i].summary);
  return g_string_free (text, FALSE);
}
