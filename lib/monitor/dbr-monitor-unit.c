/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-monitor-unit-private.h"

#include "bus/dbr-exchange-private.h"

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define LIMIT_MS 2000

/* What is told of a unit, by the interface that it is a property of, and how it is called. */
static const struct
{
  const char *property_name;
  const char *key;
} of_unit[] = {
  { "Id", "unit" },
  { "ActiveState", "active-state" },
  { "SubState", "sub-state" },
  { "ConditionResult", "condition-met" },
};

typedef struct
{
  DbrMonitorCore     *core;
  guint               run;
  guint               generation;
  char               *path;
  GVariantDict       *state;
  DbrMonitorUnitFunc  func;
  gpointer            user_data;
  GDestroyNotify      destroy;
} Reading;

static void
reading_free (Reading *self)
{
  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_clear_pointer (&self->state, g_variant_dict_unref);
  g_free (self->path);
  dbr_monitor_core_unref (self->core);
  g_free (self);
}

/* FALSE: the access policy does not allow it. */
static gboolean
ask (DbrMonitorCore  *core,
     DbrRequest      *request,
     DbrExchangeFunc  done,
     gpointer         user_data)
{
  request->is_auto_start = FALSE;
  request->is_background = TRUE;
  if (!dbr_inquirer_may_ask (core->inquirer, request, NULL))
    return FALSE;

  dbr_exchange_unref (dbr_inquirer_ask (core->inquirer, request, NULL, LIMIT_MS, done, user_data));

  return TRUE;
}

/* Finding it */

static void
found_cb (DbrExchange *exchange,
          gpointer     user_data)
{
  Reading *self = user_data;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, NULL);

  g_mutex_lock (&self->core->mutex);
  if (answer != NULL && dbr_monitor_core_is_running_locked (self->core, self->run)
      && self->core->generation == self->generation)
    {
      g_free (self->core->unit_path);
      g_variant_get (answer, "(o)", &self->core->unit_path);
    }
  g_mutex_unlock (&self->core->mutex);
  reading_free (self);
}

void
dbr_monitor_unit_find (DbrMonitorCore *core,
                       guint           run)
{
  g_autoptr(DbrRequest) request = NULL;
  Reading *self = g_new0 (Reading, 1);
  guint pid;

  self->core = dbr_monitor_core_ref (core);
  self->run = run;
  g_mutex_lock (&core->mutex);
  self->generation = core->generation;
  pid = core->pid;
  g_mutex_unlock (&core->mutex);

  request = dbr_request_new (SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_NAME ".Manager", "GetUnitByPID",
                             g_variant_new ("(u)", pid), G_VARIANT_TYPE ("(o)"));
  if (pid == 0 || !ask (core, request, found_cb, self))
    reading_free (self);
}

/* Reading it */

/* Only a service has a result; it is said of others too, by an error. */
static void
result_cb (DbrExchange *exchange,
           gpointer     user_data)
{
  Reading *self = user_data;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, NULL);
  g_autoptr(GVariant) state = NULL;

  if (answer != NULL)
    {
      g_autoptr(GVariant) result = NULL;

      g_variant_get (answer, "(v)", &result);
      g_variant_dict_insert_value (self->state, "result", result);
    }

  state = g_variant_ref_sink (g_variant_dict_end (self->state));
  self->func (state, self->user_data);
  reading_free (self);
}

static void
unit_cb (DbrExchange *exchange,
         gpointer     user_data)
{
  Reading *self = user_data;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, NULL);
  g_autoptr(GVariant) properties = NULL;
  g_autoptr(DbrRequest) request = NULL;

  if (answer == NULL)
    {
      reading_free (self);
      return;
    }

  properties = g_variant_get_child_value (answer, 0);
  for (guint i = 0; i < G_N_ELEMENTS (of_unit); i++)
    {
      g_autoptr(GVariant) value = g_variant_lookup_value (properties, of_unit[i].property_name,
                                                          NULL);

      if (value != NULL)
        g_variant_dict_insert_value (self->state, of_unit[i].key, value);
    }

  request = dbr_request_new (SYSTEMD_NAME, self->path, DBR_PROPERTIES_INTERFACE, "Get",
                             g_variant_new ("(ss)", SYSTEMD_NAME ".Service", "Result"),
                             G_VARIANT_TYPE ("(v)"));
  if (!ask (self->core, request, result_cb, self))
    reading_free (self);
}

void
dbr_monitor_unit_read (DbrMonitorCore     *core,
                       DbrMonitorUnitFunc  func,
                       gpointer            user_data,
                       GDestroyNotify      destroy)
{
  g_autoptr(DbrRequest) request = NULL;
  Reading *self = g_new0 (Reading, 1);

  self->core = dbr_monitor_core_ref (core);
  self->state = g_variant_dict_new (NULL);
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;
  g_mutex_lock (&core->mutex);
  self->path = g_strdup (core->unit_path);
  g_mutex_unlock (&core->mutex);
  if (self->path == NULL)
    {
      reading_free (self);
      return;
    }

  request = dbr_request_new (SYSTEMD_NAME, self->path, DBR_PROPERTIES_INTERFACE, "GetAll",
                             g_variant_new ("(s)", SYSTEMD_NAME ".Unit"),
                             G_VARIANT_TYPE ("(a{sv})"));
  if (!ask (core, request, unit_cb, self))
    reading_free (self);
}
