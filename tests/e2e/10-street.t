#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: samples/street renders the same clip for the same seed, its ground truth
# agrees with the clip, and wrong words are refused with one sentence and exit 2.
set -u
STREET=${STREET:-build/samples/street/street}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

# ok NAME COMMAND...: one test, passed if the command succeeds
ok() {
    local name=$1 mark=ok
    shift
    "$@" >"$tmp/log" 2>&1 || mark='not ok'
    n=$((n + 1))
    echo "$mark $n - $name"
    [ "$mark" = ok ] || sed 's/^/# /' "$tmp/log"
}

# refused WORD...: exit 2, one line on stderr, nothing left behind
refused() {
    local rc=0
    "$STREET" -o "$tmp/no.mp4" "$@" 2>"$tmp/err" >/dev/null || rc=$?
    cat "$tmp/err"
    [ "$rc" -eq 2 ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] && [ ! -e "$tmp/no.mp4" ] && [ ! -e "$tmp/no.mp4.part" ]
}

probe() {
    ffprobe -v error -select_streams "$1" -show_entries "stream=$2" -of csv=p=0 "$3"
}

render() {
    "$STREET" --size 320x180 --frames 12 --people 4 "$@"
}

frames_agree() {
    [ "$(ffprobe -v error -count_frames -select_streams v -show_entries stream=nb_read_frames -of csv=p=0 "$tmp/a.mp4")" -eq 12 ]
    local clip=$?
    awk -F, 'NR > 1 { if ($1 < 0 || $1 > 11 || $8 < 0 || $8 > 1 || $2 - $1 / 25 > .001) exit 1; seen[$1] = 1 }
             END { exit length(seen) == 12 ? 0 : 1 }' "$tmp/a.csv" && return $clip
}

header_is_right() {
    [ "$(head -1 "$tmp/a.csv")" = frame,pts,face_id,x,y,w,h,visible_fraction,source_face_h,motion_px,ignore ]
}

is_png() {
    [ "$(probe v codec_name,width,height "$1")" = "png,$2,$3" ]
}

no_parts() {
    ! ls "$tmp"/*.part 2>/dev/null
}

same_but_not() {
    cmp "$1" "$2" && ! cmp -s "$1" "$3"
}

ok 'renders' render -o "$tmp/a.mp4" --gt "$tmp/a.csv"
ok 'renders again' render -o "$tmp/b.mp4" --gt "$tmp/b.csv"
ok 'renders another seed' render -o "$tmp/c.mp4" --gt "$tmp/c.csv" --seed 2
ok 'a seed fixes every byte of the clip' same_but_not "$tmp/a.mp4" "$tmp/b.mp4" "$tmp/c.mp4"
ok 'a seed fixes the ground truth' same_but_not "$tmp/a.csv" "$tmp/b.csv" "$tmp/c.csv"
ok 'the ground truth has its header' header_is_right
ok 'clip and ground truth have the same frames' frames_agree
ok 'the clip has the size asked for' [ "$(probe v width,height "$tmp/a.mp4")" = 320,180 ]
ok 'the clip has sound' [ "$(probe a codec_name "$tmp/a.mp4")" = aac ]
ok 'sound can be left out' render -o "$tmp/d.mp4" --no-audio
ok 'then there is none' [ -z "$(probe a codec_name "$tmp/d.mp4")" ]
for light in dusk night; do
    ok "renders $light" render -o "$tmp/$light.mp4" --light $light
done
ok 'renders an empty street' render -o "$tmp/e.mkv" --people 0 --gt "$tmp/e.csv"
ok 'whose ground truth is a header only' [ "$(wc -l <"$tmp/e.csv")" = 1 ]
ok 'writes a portrait' "$STREET" --portrait 3 "$tmp/p.png"
ok 'a portrait is a PNG of 480x600' is_png "$tmp/p.png" 480 600
ok 'writes a small portrait' "$STREET" --portrait 3 "$tmp/q.png" --size 96x120
ok 'of the size asked for' is_png "$tmp/q.png" 96 120
ok 'nothing half-written is left' no_parts
ok 'helps' "$STREET" --help
for bad in '--frames 0' '--frames many' '--size 1280' '--size 33x44' '--size 9999x99' '--fps 0' '--seed -1' \
    '--people 101' '--light noon' '--crf 52' '--portrait 1' '--portrait -1 x.png' '--nonsense' 'word' '--gt /no/such/dir/x.csv'; do
    # shellcheck disable=SC2086 # the words are meant to be split
    ok "refuses $bad" refused $bad
done
ok 'refuses an unknown container' refused -o "$tmp/no.txt"
ok 'refuses a folder that is not there' refused -o /no/such/dir/x.mp4
echo "1..$n"
