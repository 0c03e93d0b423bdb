# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

