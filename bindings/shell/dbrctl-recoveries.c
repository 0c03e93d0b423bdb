/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-recoveries-private.h"

#include <glib/gi18n.h>

#include "dbrctl-terms-private.h"
#include "dbrctl-text-private.h"

struct _DbrctlRecoveries
{
  DbrctlNewsFunc  func;
  gpointer        user_data;
  /* DbrRecovery */
  GPtrArray      *all;
};

/* An empty target is the service itself. */
static const char *
name_target (DbrRecovery *recovery,
             const char  *target)
{
  return *target != '\0' ? target
                         : dbr_service_monitor_get_bus_name (dbr_recovery_get_monitor (recovery));
}

static void
recoveries_tell (DbrctlRecoveries *self,
                 DbrRecovery      *recovery,
                 const char       *kind,
                 const char       *target,
                 const char       *text,
                 GVariantDict     *details)
{
  DbrServiceMonitor *monitor = dbr_recovery_get_monitor (recovery);
  g_autoptr(GVariant) taken = NULL;
  DbrctlNews news = {
    .when_usec = g_get_real_time (),
    .kind = kind,
    .name = dbr_service_monitor_get_bus_name (monitor),
    .state = dbrctl_terms_nick (DBR_TYPE_SERVICE_STATE,
                                (int) dbr_service_monitor_get_state (monitor)),
    .text = text,
  };

  g_variant_dict_insert (details, "target", "s", target);
  taken = g_variant_ref_sink (g_variant_dict_end (details));
  news.details = taken;
  self->func (&news, self->user_data);
}

static void
stage_started_cb (DbrRecovery      *recovery,
                  DbrRecoveryStage *stage,
                  const char       *target,
                  gpointer          user_data)
{
  g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (NULL);
  const char *name = dbr_recovery_stage_get_name (stage);
  g_autofree char *text = g_strdup_printf (_("%s: trying “%s”"), name_target (recovery, target),
                                           name);

  g_variant_dict_insert (&details, "stage", "s", name);
  recoveries_tell (user_data, recovery, "stage-started", target, text, &details);
}

static void
stage_finished_cb (DbrRecovery      *recovery,
                   DbrRecoveryStage *stage,
                   const char       *target,
                   GError           *error,
                   gpointer          user_data)
{
  g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (NULL);
  const char *name = dbr_recovery_stage_get_name (stage);
  g_autofree char *text =
    error != NULL
    ? g_strdup_printf (_("%s: “%s” has not helped: %s"), name_target (recovery, target), name,
                       error->message)
    : g_strdup_printf (_("%s: “%s” has helped"), name_target (recovery, target), name);

  g_variant_dict_insert (&details, "stage", "s", name);
  g_variant_dict_insert (&details, "helped", "b", error == NULL);
  recoveries_tell (user_data, recovery, "stage-finished", target, text, &details);
}

static void
recovered_cb (DbrRecovery *recovery,
              const char  *target,
              gint64       elapsed_usec,
              gpointer     user_data)
{
  g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *duration = dbrctl_text_duration (elapsed_usec);
  g_autofree char *text = g_strdup_printf (_("%s works again, after %s of recovery"),
                                           name_target (recovery, target), duration);

  g_variant_dict_insert (&details, "elapsed-usec", "x", elapsed_usec);
  recoveries_tell (user_data, recovery, "recovery-done", target, text, &details);
}

static void
gave_up_cb (DbrRecovery *recovery,
            const char  *target,
            GError      *error,
            gpointer     user_data)
{
  g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *text = g_strdup_printf (_("%s could not be recovered: %s"),
                                           name_target (recovery, target), error->message);

  recoveries_tell (user_data, recovery, "recovery-gave-up", target, text, &details);
}

DbrctlRecoveries *
dbrctl_recoveries_new (DbrctlWatches    *watches,
                       DbrRecoveryScope  allowed,
                       DbrctlNewsFunc    func,
                       gpointer          user_data)
{
  DbrctlRecoveries *self = g_new0 (DbrctlRecoveries, 1);

  self->func = func;
  self->user_data = user_data;
  self->all = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < dbrctl_watches_get_n (watches); i++)
    {
      DbrRecovery *recovery = dbr_recovery_new (dbrctl_watches_get_monitor (watches, i), NULL);

      dbr_recovery_set_allowed (recovery, allowed);
      g_signal_connect (recovery, "stage-started", G_CALLBACK (stage_started_cb), self);
      g_signal_connect (recovery, "stage-finished", G_CALLBACK (stage_finished_cb), self);
      g_signal_connect (recovery, "recovered", G_CALLBACK (recovered_cb), self);
      g_signal_connect (recovery, "gave-up", G_CALLBACK (gave_up_cb), self);
      dbr_recovery_attach (recovery);
      g_ptr_array_add (self->all, recovery);
    }

  return self;
}

void
dbrctl_recoveries_free (DbrctlRecoveries *self)
{
  for (guint i = 0; i < self->all->len; i++)
    {
      dbr_recovery_detach (self->all->pdata[i]);
      g_signal_handlers_disconnect_by_data (self->all->pdata[i], self);
    }
  g_ptr_array_unref (self->all);
  g_free (self);
}

guint
dbrctl_recoveries_get_n (DbrctlRecoveries *self)
{
  return self->all->len;
}

DbrRecovery *
dbrctl_recoveries_get (DbrctlRecoveries *self,
                       guint             i)
{
  return self->all->pdata[i];
}
