#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `make demo`: render a street, redact it, show what came of it.
#   VEIL=build/veil STREET=build/samples/street/street samples/demo.sh OUT_FOLDER
set -euo pipefail
out=${1:?give a folder for the results}
veil=${VEIL:-build/veil}
street=${STREET:-build/samples/street/street}
mkdir -p "$out"

step() { printf '\n== %s\n' "$1"; }

# still VIDEO SECONDS PNG
still() { ffmpeg -v error -y -ss "$2" -i "$1" -frames:v 1 "$3"; }

step "render a street with people who do not exist"
"$street" -o "$out/street.mp4" --gt "$out/street.csv" --frames 250 --size 1280x720 --people 8 --seed 7
"$street" -o "$out/night.mp4" --gt "$out/night.csv" --frames 100 --size 1280x720 --people 6 --seed 11 --light night

step "redact it, as a council would"
"$veil" redact "$out/street.mp4" -o "$out/street-redacted.mp4" --profile council --force
"$veil" redact "$out/night.mp4" -o "$out/night-redacted.mp4" --profile council --force

step "what veil refuses: a chain that hides nothing"
if "$veil" redact "$out/street.mp4" -o "$out/bare.mp4" --chain null; then
    echo "the demo failed: a bare video was written" >&2
    exit 1
fi
[ ! -e "$out/bare.mp4" ] && echo "refused, and no file was written"

step "pictures"
still "$out/street.mp4" 4 "$out/1-street.png"
still "$out/street-redacted.mp4" 4 "$out/2-street-redacted.png"
still "$out/night-redacted.mp4" 2 "$out/3-night-redacted.png"
"$veil" redact "$out/street.mp4" -o "$out/checked.mp4" --force --allow-bare --quiet \
    --chain 'detect=every=3,track,draw'
still "$out/checked.mp4" 4 "$out/4-boxes-and-tracks.png"
rm -f "$out/checked.mp4" "$out/checked.mp4.report.json"

step "look at these"
ls -1 "$out"/*.png "$out"/*-redacted.mp4 "$out"/*.report.json
