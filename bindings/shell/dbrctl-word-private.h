/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

#include "dbrctl-frame-private.h"

G_BEGIN_DECLS

/* One word of the command, in one file. The frame reads its options and answers --help, so that a
 * word only has to do what it is for. All texts are marked by N_() and translated when shown. */
typedef struct
{
  const char         *name;
  /* what it does, in one line */
  const char         *summary;
  /* what follows the word: “[NAME…]”, or NULL */
  const char         *arguments;
  /* what a person should know before the first use; NULL if the summary says all */
  const char         *description;
  /* each two strings, a command line and what it is good for, ended by NULL */
  const char *const  *examples;
  /* its own options beside those of every word, or NULL */
  const GOptionEntry *options;
  /* goes on until it is told to end, which is no failure then; its JSON is one object a line */
  gboolean            is_live;
  DbrctlStatus      (*run)(DbrctlFrame *frame,
                           char       **arguments);
} DbrctlWord;

/* In the order in which --help lists them. */
extern const DbrctlWord dbrctl_doctor;
extern const DbrctlWord dbrctl_monitor;
extern const DbrctlWord dbrctl_top;
extern const DbrctlWord dbrctl_call;
extern const DbrctlWord dbrctl_bluez;
extern const DbrctlWord dbrctl_units;
extern const DbrctlWord dbrctl_recover;
extern const DbrctlWord dbrctl_pool;
extern const DbrctlWord dbrctl_stress;
extern const DbrctlWord dbrctl_metrics;
extern const DbrctlWord dbrctl_demo;

G_END_DECLS
