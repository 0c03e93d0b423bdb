/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbrctl-frame-private.h"

G_BEGIN_DECLS

/* What was found to be wrong, and what to do about it. */
typedef struct _DbrctlFindings DbrctlFindings;

DbrctlFindings *dbrctl_findings_new       (void) G_GNUC_WARN_UNUSED_RESULT;
void            dbrctl_findings_free      (DbrctlFindings *self);

/* @id is for programs; @about is the bus or service. Takes @text and @advice. */
void            dbrctl_findings_take      (DbrctlFindings *self,
                                           DbrSeverity     severity,
                                           const char     *id,
                                           const char     *about,
                                           char           *text,
                                           char           *advice);

/* What to end with: a notice is no problem. */
DbrctlStatus    dbrctl_findings_get_status (DbrctlFindings *self);
/* In order of weight. */
void            dbrctl_findings_print     (DbrctlFindings *self,
                                           DbrctlOutput   *output);
void            dbrctl_findings_add_json  (DbrctlFindings *self,
                                           JsonBuilder    *builder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlFindings, dbrctl_findings_free)

G_END_DECLS
