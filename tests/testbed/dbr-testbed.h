/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbr-test-bluez.h"
#include "dbr-test-bus.h"
#include "dbr-test-call.h"
#include "dbr-test-draw.h"
#include "dbr-test-listen.h"
#include "dbr-test-peer.h"
#include "dbr-test-process.h"
#include "dbr-test-reaper.h"
#include "dbr-test-systemd.h"
#include "dbr-test-util.h"
