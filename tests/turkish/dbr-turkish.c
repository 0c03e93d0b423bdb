/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes a test program Turkish before it begins: an I is no capital i there, and numbers have a comma. */
__attribute__ ((constructor)) static void
become_turkish (void)
{
  if (setlocale (LC_ALL, "tr_TR.UTF-8") == NULL || strcmp (localeconv ()->decimal_point, ",") != 0)
    {
      puts ("Bail out! There is no Turkish locale");
      exit (1);
    }
}
