#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Wall and CPU time of `veil redact` as ratios to ffmpeg with the same encoder
# settings, in the same run, and the peak memory. Ends with name=value lines.
#   IN=clip.mp4 RUNS=5 tests/bench/redact.sh
set -euo pipefail
veil=${VEIL:-build/veil}
runs=${RUNS:-5}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
in=${IN:-${VEIL_TEST_MEDIA:-}/video/facenet_pytorch/video.mp4}
if [ ! -f "$in" ]; then
    echo "tests/bench/redact.sh: no clip; name one in IN, or the media folder in VEIL_TEST_MEDIA: skipped"
    exit 0
fi

# ratio NAME PRESET OPTIONS...: hyperfine's fastest of $runs, veil over ffmpeg
ratio() {
    local name=$1 preset=$2
    shift 2
    hyperfine -N -w 1 -r "$runs" --export-json "$tmp/h.json" >/dev/null 2>&1 \
        "ffmpeg -v error -y -i $in -map 0:v:0 -map 0:a? -c:v libx264 -preset $preset -crf 20 -c:a copy $tmp/ff.mp4" \
        "$veil redact $in -o $tmp/veil.mp4 -f -q --crf 20 --preset $preset $*"
    jq -r --arg n "$name" '.results | "\($n).wall=\(.[1].min / .[0].min * 1000 | round / 1000)",
        "\($n).cpu=\(([.[1].user + .[1].system] | add) / ([.[0].user + .[0].system] | add) * 1000 | round / 1000)"' \
        "$tmp/h.json"
}

# peak NAME OPTIONS...: most memory in MiB, over the clip played ten times
peak() {
    local name=$1
    shift
    ffmpeg -v error -y -stream_loop 9 -i "$in" -c copy "$tmp/long.mp4"
    "$veil" redact "$tmp/long.mp4" -o "$tmp/veil.mp4" -f -q "$@" &
    local pid=$! most=0 now
    while now=$(awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
        most=$now
        sleep 0.2
    done
    wait "$pid"
    echo "$name.peak_mib=$most"
}

ratio redact.null.veryfast veryfast --chain null --allow-bare
ratio redact.640every3.veryfast veryfast --detect-size 640 --detect-every 3
ratio redact.default.veryfast veryfast
ratio redact.default.medium medium
peak redact.null --chain null --allow-bare
peak redact.default
