/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#define DBR_INSIDE
# include "base/dbr-binding.h"
# include "base/dbr-error.h"
# include "base/dbr-event.h"
# include "base/dbr-types.h"
# include "bus/dbr-call.h"
# include "bus/dbr-client.h"
# include "bus/dbr-lease.h"
# include "bus/dbr-pool-stats.h"
# include "bus/dbr-pool.h"
# include "bus/dbr-proxy.h"
# include "bus/dbr-subscription.h"
# include "dbr-version-macros.h"
# include "dbr-version.h"
# include "metrics/dbr-issue.h"
# include "metrics/dbr-metrics.h"
# include "metrics/dbr-operation-stats.h"
# include "monitor/dbr-bluez-adapter.h"
# include "monitor/dbr-bluez-device.h"
# include "monitor/dbr-bluez-monitor.h"
# include "monitor/dbr-boot-times.h"
# include "monitor/dbr-service-monitor.h"
# include "monitor/dbr-systemd-monitor.h"
# include "monitor/dbr-unit.h"
# include "notify/dbr-notifier.h"
# include "policy/dbr-access-policy.h"
# include "policy/dbr-circuit-breaker.h"
# include "policy/dbr-retry-policy.h"
# include "policy/dbr-retry.h"
# include "policy/dbr-timeouts.h"
# include "recovery/dbr-device-state.h"
# include "recovery/dbr-recovery-attempt.h"
# include "recovery/dbr-recovery-stage.h"
# include "recovery/dbr-recovery.h"
# include "recovery/dbr-state-tracker.h"
#undef DBR_INSIDE
