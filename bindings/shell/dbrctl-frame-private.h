/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

#include "dbrctl-interrupt-private.h"
#include "dbrctl-output-private.h"

G_BEGIN_DECLS

/* What the command ends with. */
typedef enum
{
  DBRCTL_WELL,
  DBRCTL_PROBLEM,
  DBRCTL_USAGE,
  DBRCTL_NO_BUS,
} DbrctlStatus;

/* What every word is given: its common options, where to write, and when to end. */
typedef struct _DbrctlFrame DbrctlFrame;

/* Says which word runs with what; returns the status of the process. */
DbrctlStatus  dbrctl_frame_main            (char              **argv);

DbrctlOutput *dbrctl_frame_get_output      (DbrctlFrame        *self);
/* For a word of which only some verbs go on until they are told to end. */
void          dbrctl_frame_set_live        (DbrctlFrame        *self);
DbrctlInterrupt *dbrctl_frame_get_interrupt (DbrctlFrame       *self);
/* Cancelled by SIGINT, SIGTERM and SIGHUP, and when nobody reads the output any more. */
GCancellable *dbrctl_frame_get_cancellable (DbrctlFrame        *self);
gboolean      dbrctl_frame_is_json         (DbrctlFrame        *self);
/* 0 if the person left it to the operations. */
guint         dbrctl_frame_get_timeout_ms  (DbrctlFrame        *self);
/* NULL if no address was given. */
const char   *dbrctl_frame_get_address     (DbrctlFrame        *self);
/* Which bus the person asked for, else @fallback; G_BUS_TYPE_NONE for an address. */
GBusType      dbrctl_frame_get_bus_type    (DbrctlFrame        *self,
                                            GBusType            fallback);

/* What the same bus is asked for by in another command line, with a space before it. */
char         *dbrctl_frame_dup_bus_options (DbrctlFrame       *self) G_GNUC_WARN_UNUSED_RESULT;

/* A client with its connection made and the time limit of the options. */
DbrClient    *dbrctl_frame_open_client     (DbrctlFrame        *self,
                                            GBusType            fallback,
                                            GError            **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same without the connection, for what has to wait for its bus. */
DbrClient    *dbrctl_frame_new_client      (DbrctlFrame        *self,
                                            GBusType            fallback) G_GNUC_WARN_UNUSED_RESULT;

/* Iterates the default context until the frame is cancelled. */
void          dbrctl_frame_loop            (DbrctlFrame        *self);

/* Tells the person, or the program, what went wrong; returns what to end with. Being told to end is
 * nothing that went wrong, and nothing is said of it. */
DbrctlStatus  dbrctl_frame_fail            (DbrctlFrame        *self,
                                            const GError       *error);
/* The same for what is wrong without an error of a call. */
DbrctlStatus  dbrctl_frame_problem         (DbrctlFrame        *self,
                                            const char         *format,
                                            ...) G_GNUC_PRINTF (2, 3);
/* The same for a mistake in the command line. */
DbrctlStatus  dbrctl_frame_misuse          (DbrctlFrame        *self,
                                            const char         *format,
                                            ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
