#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: measure a matcher, and print an entry for config/calibration.cfg.
#   VEIL_MODELS=... VEIL_TEST_MEDIA=... tests/bench/match.sh [MATCHER [DETECTOR [FMR [QUALITY]]]]
# Networks are measured on the people of $VEIL_TEST_MEDIA/identity; hog on generated streets, which are
# rendered first (a few minutes; STREETS=FOLDER keeps them). TRAIN=1 trains hog anew on other streets before.
set -eu
BUILD=${VEIL_BUILD:-build}
matcher=${1:-mobilefacenet}
if [ "$matcher" != hog ]; then
    [ -n "${VEIL_TEST_MEDIA:-}" ] || { echo 'match.sh: set VEIL_TEST_MEDIA: skipped'; exit 0; }
    exec "$BUILD/tests/bench/match" "$matcher" "${2:-yunet}" "${3:-.001}" "${4:-.05}"
fi
folder=${STREETS:-$(mktemp -d)}
[ -n "${STREETS:-}" ] || trap 'rm -rf "$folder"' EXIT

# render FOLDER FIRST LAST: streets of 14 people, with a portrait of each
render() {
    mkdir -p "$1"
    for seed in $(seq "$2" "$3"); do
        [ ! -e "$1/$seed.mp4" ] || continue
        "$BUILD/samples/street/street" -o "$1/part.mov" --gt "$1/$seed.csv" --frames 110 --people 14 --seed "$seed" --no-audio > /dev/null
        for i in $(seq 0 13); do "$BUILD/samples/street/street" --seed "$seed" --size 360x450 --portrait "$i" "$1/$seed-$i.png"; done
        mv "$1/part.mov" "$1/$seed.mp4"
    done
}

if [ -n "${TRAIN:-}" ]; then
    render "$folder/train" 1001 1056
    rm -rf "$folder/seen"
    mkdir "$folder/seen"
    MATCH_DUMP=$folder/seen "$BUILD/tests/bench/match" hog own .01 0 "$folder/train" > /dev/null
    "${PYTHON:-python3}" tests/bench/hogtrain.py "$folder/seen" > "$folder/weights.h"
    mv "$folder/weights.h" filters/match_hog_weights.h
    make "$BUILD/tests/bench/match"
fi
render "$folder/measure" 1057 1080
"$BUILD/tests/bench/match" hog own "${3:-.02}" "${4:-.1}" "$folder/measure"
