/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-debug-private.h"

#include <stdarg.h>

#define MAX_FIELDS 12

static const GDebugKey topics[] = {
  { "calls", DBR_DEBUG_CALLS },
  { "policy", DBR_DEBUG_POLICY },
  { "lanes", DBR_DEBUG_LANES },
  { "monitor", DBR_DEBUG_MONITOR },
};

/* The environment is read once: a variable set later changes nothing, and reading costs nothing. */
gboolean
dbr_debug_is_on (DbrDebugTopic topic)
{
  static gsize flags = 0;

  if (g_once_init_enter (&flags))
    {
      gsize asked = g_parse_debug_string (g_getenv ("DBR_DEBUG"), topics, G_N_ELEMENTS (topics));

      g_once_init_leave (&flags, asked << 1 | 1);
    }

  return ((flags >> 1) & topic) != 0;
}

static const char *
topic_to_string (DbrDebugTopic topic)
{
  for (gsize i = 0; i < G_N_ELEMENTS (topics); i++)
    {
      if (topics[i].value == topic)
        return topics[i].key;
    }

  return "";
}

/* Who set DBR_DEBUG wants to see it, so it is a message, which needs no G_MESSAGES_DEBUG. */
void
dbr_debug_log (DbrDebugTopic  topic,
               const char    *message,
               ...)
{
  g_autoptr(GString) text = g_string_new (message);
  GLogField fields[MAX_FIELDS + 4] = {
    { "MESSAGE", NULL, -1 },
    { "PRIORITY", "5", -1 },
    { "GLIB_DOMAIN", G_LOG_DOMAIN, -1 },
    { "DBR_TOPIC", topic_to_string (topic), -1 },
  };
  gsize n_fields = 4;
  const char *key;
  va_list arguments;

  va_start (arguments, message);
  while ((key = va_arg (arguments, const char *)) != NULL && n_fields < G_N_ELEMENTS (fields))
    {
      const char *value = va_arg (arguments, const char *);

      if (value == NULL)
        value = "";
      fields[n_fields++] = (GLogField) { key, value, -1 };
      g_string_append_printf (text, " %s=%s", key, value);
    }
  va_end (arguments);

  fields[0].value = text->str;
  g_log_structured_array (G_LOG_LEVEL_MESSAGE, fields, n_fields);
}
