#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Most memory over a short and a long video of the same pictures: scan, redact
# in one pass and from tracks, audit. The long one is the short one, looped; with
# LOOPS=360 it lasts an hour.
#   VEIL, STREET   programs; LOOPS  how often the 10 s are played, default 36
set -eu
VEIL=$(realpath "${VEIL:-build/veil}")
STREET=$(realpath "${STREET:-$(dirname "$VEIL")/samples/street/street}")
LOOPS=${LOOPS:-36}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# most COMMAND...: kB of its largest size, as the kernel has seen it shortly before its end
most() {
    local pid kb='' last=0
    "$@" > out.txt 2>&1 &
    pid=$!
    while kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2> /dev/null) && [ -n "$kb" ]; do
        last=$kb
        sleep 0.02
    done
    wait $pid || [ $? -eq 1 ] || { cat out.txt >&2; exit 1; }
    echo "$last"
}

"$STREET" --size 320x180 --frames 250 --people 5 -o short.mp4 > /dev/null
ffmpeg -nostdin -v error -stream_loop $((LOOPS - 1)) -i short.mp4 -c copy long.mp4
for clip in short long; do
    echo "memory_scan_$clip=$(most "$VEIL" scan $clip.mp4 -o $clip.json -d own --detect-size 320 -q)"
    echo "memory_redact_$clip=$(most "$VEIL" redact $clip.mp4 -o $clip.a.mp4 -d own --detect-size 320 --preset ultrafast -q)"
    echo "memory_redact_tracks_$clip=$(most "$VEIL" redact $clip.mp4 --tracks $clip.json -o $clip.b.mp4 --preset ultrafast -q)"
    echo "memory_audit_$clip=$(most "$VEIL" audit $clip.b.mp4 --source $clip.mp4 -d own --size 320 -q)"
done
