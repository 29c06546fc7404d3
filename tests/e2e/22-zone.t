#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: a privacy area is gone, in every frame of its time and in every plane,
# and the picture around it is as it was.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

export SECONDS_LONG=0.6
X264="-c:v libx264 -preset veryfast -crf 8"
# Chroma samples that it touches make it 80x64 at 40,32 on every chroma grid.
BOX="41,33 119,33 119,95 41,95"
DRAWN="drawbox=x=40:y=32:w=80:h=64:color=black:t=fill"
INSIDE=72:56:44:36

# zone NAME IN OUT AREAS [OPTIONS]
zone() {
    runs "$1: runs" veil redact "$2" -o "$3" --allow-bare --preset veryfast --crf 8 --chain "zone=areas='$4'${5:-}"
}

for f in yuv420p yuv422p yuv444p yuv420p10le yuv422p10le yuv444p10le yuvj420p; do
    # shellcheck disable=SC2086
    silent "$f.mp4" $X264 -pix_fmt $f
    zone "$f" "$f.mp4" "z-$f.mp4" "$BOX"
    ok "$f: gone" is_flat "z-$f.mp4" $INSIDE
    is "$f: format stays" "$(fact "z-$f.mp4" pix_fmt)" "$f"
    ok "$f: the rest is as it was" alike "$f.mp4" "z-$f.mp4" 36 "$DRAWN" $f
    ok "$f: it was not so before" not is_flat "$f.mp4" $INSIDE
done
silent rgb.mkv -c:v ffv1 -pix_fmt bgr0
zone RGB rgb.mkv z-rgb.mp4 "$BOX"
ok "RGB: gone" is_flat z-rgb.mp4 $INSIDE
silent gray.mkv -c:v ffv1 -pix_fmt gray
zone grey gray.mkv z-gray.mp4 "$BOX"
ok "grey: gone" is_flat z-gray.mp4 $INSIDE
# Lossless, to the pixel: the frame outside is exactly as it was.
silent exact.mkv -c:v ffv1 -pix_fmt yuv420p
runs "lossless: runs" veil redact exact.mkv -o z-exact.mkv --allow-bare -e ffv1 --preset none --chain "zone=areas='$BOX'"
ok "lossless: outside to the pixel" alike exact.mkv z-exact.mkv 99 "$DRAWN" yuv420p
is "lossless: inside to the pixel" "$(span z-exact.mkv 80:64:40:32)" "0 0"

# Just on the grid: at most one chroma sample more on each side.
runs "on the grid: runs" veil redact exact.mkv -o z-on.mkv --allow-bare -e ffv1 --preset none \
    --chain "zone=areas='40,32 120,32 120,96 40,96'"
is "on the grid: gone" "$(span z-on.mkv 80:64:40:32)" "0 0"
ok "on the grid: hardly more" alike exact.mkv z-on.mkv 99 "drawbox=x=38:y=30:w=84:h=68:color=black:t=fill" yuv420p

# Fields: chroma rows belong to one field, so blocks are twice as high.
RATE=50 silent tff.mkv -vf tinterlace=interleave_top,fieldorder=tff -flags +ilme+ildct -c:v mpeg2video -q:v 2 -top 1
zone interlaced tff.mkv z-tff.mp4 "$BOX"
ok "interlaced: gone" is_flat z-tff.mp4 $INSIDE
ok "interlaced: the rest is as it was" alike tff.mkv z-tff.mp4 34 "$DRAWN" yuv420p

SOURCE=testsrc SIZE=161x127 silent odd.mkv -c:v ffv1 -pix_fmt yuv420p
zone "odd size" odd.mkv z-odd.mkv "100,80 161,80 161,127 100,127"
ok "odd size: gone up to the last row and column" is_flat z-odd.mkv 57:43:104:84

# ---- how areas are written ----------------------------------------------------------

zone percent yuv420p.mp4 z-percent.mp4 "25%,25% 75%,25% 75%,75% 25%,75%"
ok "percent: gone" is_flat z-percent.mp4 $INSIDE
zone "two areas" yuv420p.mp4 z-two.mp4 "0,0 32,0 32,32 0,32|128,96 160,96 160,128 128,128"
ok "two areas: first" is_flat z-two.mp4 28:28:2:2
ok "two areas: second" is_flat z-two.mp4 28:28:130:98
ok "two areas: between" not is_flat z-two.mp4 $INSIDE
zone triangle yuv420p.mp4 z-triangle.mp4 "0,0 160,0 0,128"
ok "triangle: its corner" is_flat z-triangle.mp4 60:40:4:4
ok "triangle: the other corner is left" alike yuv420p.mp4 z-triangle.mp4 34 crop=60:40:96:84
zone "beyond the frame" yuv420p.mp4 z-beyond.mp4 "-50,-50 500,-50 500,500 -50,500"
ok "beyond the frame: all gone" is_flat z-beyond.mp4 160:128:0:0
zone colour yuv420p.mp4 z-colour.mp4 "$BOX" :color=red
ok "colour: red" test "$(ffmpeg -v error -i z-colour.mp4 -vf "crop=$INSIDE,scale=1:1,format=rgb24" -frames:v 1 -f rawvideo - |
    perl -0777 -ne '@c = unpack "C*"; print $c[0] > 200 && $c[1] < 40 && $c[2] < 40 ? "red" : "@c"')" = red

# One part of the time: frames 5 to 9 of 15 (0.2 s up to, not with, 0.4 s).
zone "time range" yuv420p.mp4 z-time.mp4 "$BOX @0.2-0.4"
flat_frames() {
    local n
    for n in $(seq 0 14); do
        ffmpeg -nostdin -v error -i "$1" -vf "select=eq(n\,$n),crop=$INSIDE,format=rgb24" -vsync passthrough -f rawvideo - |
            perl -0777 -ne 'my $m = 0; for (unpack "C*", $_) { $m = $_ if $_ > $m } print $m <= 24 ? 1 : 0'
    done
}
is "time range: just its frames" "$(flat_frames z-time.mp4)" 000001111100000
zone "open range" yuv420p.mp4 z-open.mp4 "$BOX @0.4-"
is "open range: from then on" "$(flat_frames z-open.mp4)" 000000000011111

# As the picture is shown: the corner at the top left of a film that players turn.
for angle in 90 180 270; do
    ff -i yuv420p.mp4 -map 0:v -c copy -metadata:s:v:0 rotate=$angle "turn$angle.mp4"
    zone "turned by $angle" "turn$angle.mp4" "z-turn$angle.mp4" "0,0 32,0 32,48 0,48"
    ffmpeg -nostdin -v error -i "z-turn$angle.mp4" -c:v ffv1 -y shown.mkv
    ok "turned by $angle: gone where a person sees it" is_flat shown.mkv 28:44:2:2
    ok "turned by $angle: the rest is left" not is_flat shown.mkv 28:44:40:52
    zone "turned by $angle into mkv" "turn$angle.mp4" "z-turn$angle.mkv" "0,0 32,0 32,48 0,48"
    ok "turned by $angle into mkv: gone where a person sees it" is_flat "z-turn$angle.mkv" 28:44:2:2
done

for area in "" "1,2" "1,2 3,4" "1,2 3,4 x,y" "1,2 3,4 5,6 @" "1,2 3,4 5,6 @2-1" "1,2 3,4 5,6 @a-b" "1 2 3 4 5 6" \
    "1,2 3,4 5,6|" "nan,1 2,3 4,5" "1,2,3 4,5 6,7"; do
    refused "area '$area'" "zone .* cannot be read" no.mp4 yuv420p.mp4 --allow-bare --chain "zone=areas='$area'"
done

done_testing
