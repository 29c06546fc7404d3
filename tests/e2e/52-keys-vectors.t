#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: the vector files are what the second implementation makes, and stock
# minisign verifies a warrant signature of ours, but not over another file.
set -u
vectors=$(cd "$(dirname "$0")/../vectors" && pwd) || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1

if ! command -v python3 >/dev/null; then
    echo '1..0 # SKIP no python3'
    exit 0
fi
export PYTHONDONTWRITEBYTECODE=1
echo 1..3
if python3 "$vectors/generate.py" --check >.out; then
    echo 'ok 1 - generate.py makes the same files again'
else
    echo 'not ok 1 - generate.py makes the same files again'
    sed 's/^/# /' .out
fi
if ! command -v minisign >/dev/null; then
    echo 'ok 2 # SKIP no minisign'
    echo 'ok 3 # SKIP no minisign'
    exit 0
fi
python3 - "$vectors/09-warrant.json" <<'PY'
import base64, json, sys
v = json.load(open(sys.argv[1]))
key = bytes.fromhex(v["issuer"])
open("warrant", "w").write(v["warrant"])
open("warrant.minisig", "w").write(v["minisig"])
open("key.pub", "w").write("untrusted comment: issuer\n%s\n" % base64.b64encode(b"Ed" + key[:8] + key).decode())
PY
if minisign -Vm warrant -p key.pub >.out 2>&1 && grep -q 'veil/v1 warrant-issuer' .out; then
    echo 'ok 2 - minisign verifies our signature'
else
    echo 'not ok 2 - minisign verifies our signature'
fi
echo 'x' >>warrant
if minisign -Vm warrant -p key.pub >.out 2>&1; then
    echo 'not ok 3 - but not over another file'
else
    echo 'ok 3 - but not over another file'
fi
