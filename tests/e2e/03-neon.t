#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: the network's kernels for aarch64 agree with plain C, under qemu-user.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
cd "$ROOT" || exit 2
for need in aarch64-linux-gnu-gcc qemu-aarch64; do
    command -v $need > /dev/null || { echo "1..0 # skipped: no $need"; exit 0; }
done
echo 1..1
if make --no-print-directory test-neon BUILD="${VEIL_BUILD:-build}" 2>&1 | sed 's/^/# /'; [ "${PIPESTATUS[0]}" = 0 ]; then
    echo 'ok 1 - kernels and weights file on aarch64'
else
    echo 'not ok 1 - kernels and weights file on aarch64'
fi
