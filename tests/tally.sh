#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Run cmocka programs that print TAP, show what failed, end with
# "N passed, M failed". A program that dies counts as a failure.
passed=0
failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT
for program in "$@"; do
    "$program" >"$out" 2>&1
    status=$?
    ok=$(grep -c '^ok ' "$out")
    bad=$(grep -c '^not ok ' "$out")
    grep '^ok ' "$out" | sed 's/^ok [0-9]* - /passed  /'
    [ "$status" -eq 0 ] || cat "$out"
    [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    passed=$((passed + ok))
    failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
