/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-soak-world.h"

typedef enum
{
  FAULT_SERVICE_STOPPED,
  FAULT_SERVICE_KILLED,
  FAULT_BLUEZ_STOPPED,
  FAULT_BLUEZ_KILLED,
  FAULT_LINK_LOST,
  FAULT_DESKTOP_STOPPED,
  FAULT_DESKTOP_KILLED,
  FAULT_BUS_STOPPED,
  FAULT_BUS_KILLED,
  N_FAULTS,
  FAULT_NONE = N_FAULTS
} Fault;

static const char *const fault_names[N_FAULTS] = {
  "service stopped", "service killed", "BlueZ stopped", "BlueZ killed", "link lost",
  "desktop stopped", "desktop killed", "bus stopped", "bus killed",
};

struct _SoakWorld
{
  DbrTestBus   *bus;
  DbrTestPeer  *service;
  DbrTestBluez *bluez;
  DbrTestPeer  *desktop;

  GRand        *rand;
  Fault         fault;
  guint         n_faults[N_FAULTS];
};

SoakWorld *
soak_world_new (guint32 seed)
{
  SoakWorld *self = g_new0 (SoakWorld, 1);

  self->bus = dbr_test_bus_new ();
  self->service = dbr_test_peer_new (self->bus, SOAK_SERVICE, NULL);
  self->bluez = dbr_test_bluez_new (self->bus,
                                    "bond hci0 " DBR_TEST_BLUEZ_DEVICE " Watch\n"
                                    "near " DBR_TEST_BLUEZ_DEVICE " Watch");
  self->desktop = dbr_test_peer_new (self->bus, SOAK_DESKTOP, NULL);
  self->rand = g_rand_new_with_seed (seed);
  self->fault = FAULT_NONE;

  return self;
}

void
soak_world_free (SoakWorld *self)
{
  dbr_test_peer_free (self->desktop);
  dbr_test_bluez_free (self->bluez);
  dbr_test_peer_free (self->service);
  dbr_test_bus_free (self->bus);
  g_rand_free (self->rand);
  g_free (self);
}

DbrTestBus *
soak_world_get_bus (SoakWorld *self)
{
  return self->bus;
}

static DbrTestPeer *
soak_world_get_victim (SoakWorld *self)
{
  if (self->fault == FAULT_SERVICE_STOPPED || self->fault == FAULT_SERVICE_KILLED)
    return self->service;
  if (self->fault == FAULT_DESKTOP_STOPPED || self->fault == FAULT_DESKTOP_KILLED)
    return self->desktop;

  return dbr_test_bluez_get_peer (self->bluez);
}

void
soak_world_break (SoakWorld *self)
{
  g_return_if_fail (self->fault == FAULT_NONE);

  self->fault = (Fault) g_rand_int_range (self->rand, 0, N_FAULTS);
  self->n_faults[self->fault]++;
  switch (self->fault)
    {
    case FAULT_SERVICE_STOPPED:
    case FAULT_BLUEZ_STOPPED:
    case FAULT_DESKTOP_STOPPED:
      dbr_test_peer_stop (soak_world_get_victim (self));
      break;

    case FAULT_SERVICE_KILLED:
    case FAULT_BLUEZ_KILLED:
    case FAULT_DESKTOP_KILLED:
      dbr_test_peer_kill (soak_world_get_victim (self));
      break;

    case FAULT_LINK_LOST:
      dbr_test_peer_tell (soak_world_get_victim (self), "lose %s Timeout", DBR_TEST_BLUEZ_DEVICE);
      break;

    case FAULT_BUS_STOPPED:
      dbr_test_bus_stop (self->bus);
      break;

    case FAULT_BUS_KILLED:
      dbr_test_bus_kill (self->bus);
      break;

    case FAULT_NONE:
    default:
      g_assert_not_reached ();
    }
}

void
soak_world_mend (SoakWorld *self)
{
  switch (self->fault)
    {
    case FAULT_SERVICE_STOPPED:
    case FAULT_BLUEZ_STOPPED:
    case FAULT_DESKTOP_STOPPED:
      dbr_test_peer_cont (soak_world_get_victim (self));
      break;

    case FAULT_SERVICE_KILLED:
    case FAULT_BLUEZ_KILLED:
    case FAULT_DESKTOP_KILLED:
      dbr_test_peer_restart (soak_world_get_victim (self));
      break;

    case FAULT_BUS_STOPPED:
      dbr_test_bus_cont (self->bus);
      break;

    case FAULT_BUS_KILLED:
      dbr_test_bus_restart (self->bus);
      dbr_test_peer_restart (self->service);
      dbr_test_peer_restart (dbr_test_bluez_get_peer (self->bluez));
      dbr_test_peer_restart (self->desktop);
      break;

    case FAULT_LINK_LOST:
    case FAULT_NONE:
    default:
      break;
    }
  self->fault = FAULT_NONE;
}

guint
soak_world_get_faults (SoakWorld *self)
{
  guint n = 0;

  for (Fault fault = 0; fault < N_FAULTS; fault++)
    n += self->n_faults[fault];

  return n;
}

char *
soak_world_dup_faults (SoakWorld *self)
{
  GString *text = g_string_new (NULL);

  for (Fault fault = 0; fault < N_FAULTS; fault++)
    g_string_append_printf (text, "%s%s %u", fault > 0 ? ", " : "", fault_names[fault],
                            self->n_faults[fault]);

  return g_string_free (text, FALSE);
}
