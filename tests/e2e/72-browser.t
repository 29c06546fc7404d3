#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Goal: the page of `veil review` in a real browser, from load to a rendered and audited file; needs what
# `make test-browser` installs. See story.mjs, scan.mjs and edit.mjs of tests/browser.

LIB=$(realpath "$(dirname "$0")/../lib")
BROWSER=$(realpath "$LIB/../browser")
STREET=$(realpath "${VEIL_BUILD:-build}/samples/street/street")
. "$LIB/e2e.sh"

command -v node > /dev/null || skip_all "nodejs is not installed"
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || skip_all "chromium is not installed; 'make test-browser' installs it"
[ -d "$BROWSER/node_modules/playwright-core" ] || skip_all "playwright-core is not installed; 'make test-browser' installs it"
[ -n "${VEIL_MODELS:-}" ] || skip_all "VEIL_MODELS is not set: the street is scanned with yunet"
case ${VEIL_BUILD:-build} in */asan | */tsan) skip_all "too slow under sanitizers" ;; esac
tiny() { # the page is built, so that only the video is missing
    : > empty.mp4
    veil review --no-browser empty.mp4
    ! grep -q 'without its review page' err.txt
}
tiny || skip_all "this veil was built without its page; run 'make page' and 'make'"

export VEIL STREET
timeout 400 node "$BROWSER/story.mjs" "$TMP" > story.txt 2>&1 || echo "not ok - ended with $?" >> story.txt
timeout 200 node "$BROWSER/scan.mjs" "$TMP" > scan.txt 2>&1 || echo "not ok - ended with $?" >> scan.txt
timeout 200 node "$BROWSER/edit.mjs" "$TMP" > edit.txt 2>&1 || echo "not ok - ended with $?" >> edit.txt
# One count for all.
cat story.txt scan.txt edit.txt | awk '/^1\.\./ { next } /^(not )?ok/ { n++; sub(/ok [0-9]* ?/, "ok " n " ") } { print } END { print "1.." n }'
! grep -q '^not ok' story.txt scan.txt edit.txt
