/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <libintl.h>

#include "base/dbr-i18n-private.h"

static void
ensure_domain (void)
{
  static gsize is_bound = 0;

  if (g_once_init_enter (&is_bound))
    {
      bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
      bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
      g_once_init_leave (&is_bound, 1);
    }
}

const char *
dbr_gettext (const char *message)
{
  ensure_domain ();

  return g_dgettext (GETTEXT_PACKAGE, message);
}

const char *
dbr_ngettext (const char *singular,
              const char *plural,
              gulong      n)
{
  ensure_domain ();

  return g_dngettext (GETTEXT_PACKAGE, singular, plural, n);
}
