#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: where a frame would go out that nobody searched, or a file that is not
# whole, nothing goes out: exit 2, one sentence, no file, no part of one.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

X264="-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p"
# shellcheck disable=SC2086
SECONDS_LONG=2 clip in.mp4 $X264 -g 10 -c:a aac

# ---- detectors and chains ----------------------------------------------------------

refused "unknown detector" "unknown backend 'nosuch'" no.mp4 in.mp4 -d nosuch
mkdir empty
no_models() {
    VEIL_MODELS=$TMP/empty XDG_DATA_HOME=$TMP/empty HOME=$TMP/empty veil "$@"
}
ok "missing model: exit 2" exits 2 no_models redact in.mp4 -o no.mp4 -d opencv
ok "missing model: one sentence" one_sentence "no file of model 'yunet'"
ok "missing model: nothing left" nothing_left no.mp4
ok "missing file of weights: exit 2" exits 2 veil redact in.mp4 -o no.mp4 --chain "detect=backend=opencv:model=nosuch.onnx,track,cover"
ok "missing file of weights: a sentence" grep -q "nosuch.onnx" err.txt
ok "missing file of weights: nothing left" nothing_left no.mp4
echo "not a network" > text.onnx
ok "weights that are none: exit 2" exits 2 veil redact in.mp4 -o no.mp4 --chain "detect=backend=opencv:model=text.onnx,track,cover"
ok "weights that are none: nothing left" nothing_left no.mp4

name=face_detection_yunet_2023mar.onnx
if [ -n "${VEIL_MODELS:-}" ] && [ -e "$VEIL_MODELS/yunet/$name" ]; then
    mkdir -p altered/yunet
    cp "$VEIL_MODELS/yunet/$name" altered/yunet/
    chmod u+w altered/yunet/$name
    printf x | dd of=altered/yunet/$name bs=1 seek=100000 conv=notrunc status=none
    altered_model() {
        VEIL_MODELS=$TMP/altered XDG_DATA_HOME=$TMP/empty HOME=$TMP/empty veil "$@"
    }
    for d in opencv yunet; do
        ok "altered model for $d: exit 2" exits 2 altered_model redact in.mp4 -o no.mp4 -d $d
        ok "altered model for $d: nothing left" nothing_left no.mp4
    done
    ok "altered model for opencv: exit 2" exits 2 altered_model redact in.mp4 -o no.mp4 -d opencv
    ok "altered model for opencv: one sentence" one_sentence "altered|SHA-256"
    truncate -s 1000 altered/yunet/$name
    ok "model cut short: exit 2" exits 2 altered_model redact in.mp4 -o no.mp4 -d opencv
    ok "model cut short: nothing left" nothing_left no.mp4
else
    skip "altered model" "VEIL_MODELS is not set, or has no YuNet"
fi

refused "chain that hides nothing" "hides no face; add 'detect,track,cover'" no.mp4 in.mp4 --chain detect,track
refused "chain of a foreign filter alone" "hides no face" no.mp4 in.mp4 --chain hflip
refused "chain that draws" "draws on faces" no.mp4 in.mp4 --chain detect,track,cover,draw
refused "cover without detect" "a frame was not searched for faces" no.mp4 in.mp4 --chain cover
refused "track without detect" "without having been searched" no.mp4 in.mp4 --chain track,cover
refused "cover before detect" "a frame was not searched" no.mp4 in.mp4 --chain cover,detect=backend=own
refused "foreign filter between detect and cover" "a frame was not searched" no.mp4 in.mp4 \
    --chain detect=backend=own,hflip,cover
refused "foreign filter between detect and track" "without having been searched" no.mp4 in.mp4 \
    --chain detect=backend=own,hue=s=0,track,cover
refused "detect that skips frames, without track" "a frame was not searched" no.mp4 in.mp4 \
    --chain detect=backend=own:every=5,cover
refused "unknown filter" "libavfilter cannot build|nosuch" no.mp4 in.mp4 --allow-bare --chain nosuch
refused "unknown filter option" "cannot take 'nosuch=1'" no.mp4 in.mp4 --chain detect,track,cover=nosuch=1
refused "filter option out of range" "cannot take" no.mp4 in.mp4 --chain detect,track=high=7,cover
refused "empty place in the chain" "empty place" no.mp4 in.mp4 --chain detect,,cover
refused "empty chain" "empty place" no.mp4 in.mp4 --allow-bare --chain ""
refused "unknown colour" "." no.mp4 in.mp4 --color nosuch -d own

# ---- inputs that are none ------------------------------------------------------------

: > zero.mp4
echo "This is not a video." > text.mp4
head -c 65536 /dev/urandom > noise.mp4
head -c 3000 in.mp4 > head.mp4
mkdir folder.mp4
ff -f lavfi -i sine=d=0.3 -c:a aac audio.m4a
ff -f lavfi -i "color=red:s=64x64:d=0.04" -frames:v 1 cover.png
ff -i audio.m4a -i cover.png -map 0 -map 1 -c copy -disposition:v:0 attached_pic thumb.m4a
refused "zero bytes" "cannot open 'zero.mp4'" no.mp4 zero.mp4 --chain null --allow-bare
refused "text" "cannot open 'text.mp4'" no.mp4 text.mp4 --chain null --allow-bare
refused "noise" "'noise.mp4'" no.mp4 noise.mp4 --chain null --allow-bare
refused "no index" "'head.mp4'" no.mp4 head.mp4 --chain null --allow-bare
refused "folder" "'folder.mp4'" no.mp4 folder.mp4 --chain null --allow-bare
refused "no such file" "cannot open 'none.mp4'" no.mp4 none.mp4 --chain null --allow-bare
refused "only sound" "has no video stream" no.mp4 audio.m4a --chain null --allow-bare
refused "sound with a thumbnail" "has no video stream" no.mp4 thumb.m4a --chain null --allow-bare
refused "network address" "cannot open 'http" no.mp4 http://127.0.0.1:9/x.mp4 --chain null --allow-bare
printf '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n' > list.m3u8
refused "playlist that leads to the network" "list.m3u8" no.mp4 list.m3u8 --chain null --allow-bare

# Frames that cannot be decoded at all: a header, then nothing of use.
# shellcheck disable=SC2086
silent whole.264 $X264
perl -0777 -pe 'my $i = 0; s/(\x00\x00\x01[\x65\x41\x01\x61])(.{8})/$1 . "\xff" x 8/gse' whole.264 > broken.264
ok "no frame can be decoded: exit 2, or covered" eval 'exits 2 bare broken.264 no.mp4 || jq -e ".result.frames == .result.frames_damaged" no.mp4.report.json'
rm -f no.mp4 no.mp4.report.json

# ---- inputs that are damaged ------------------------------------------------------------

# Bytes flipped in the coded pictures; the index stays. Frames that the decoder
# reports are covered whole and counted; --on-error stop ends the run.
perl -e 'local $/; open F, "<:raw", $ARGV[0]; my $d = <F>; srand 7; my $n = length $d;
    my $from = index($d, "mdat") + 2000; for (1 .. 60) { my $p = $from + int rand($n * 0.7); substr($d, $p, 1) ^= "\x5a" if $p < $n - 9000 }
    binmode STDOUT; print $d' in.mp4 > flipped.mp4
got=0
veil redact flipped.mp4 -o flipped-out.mp4 --chain detect=backend=own:every=25,track,cover --preset veryfast || got=$?
if [ $got = 0 ]; then
    ok "flipped bytes: frames are counted as damaged" jq -e '.result.frames_damaged > 0' flipped-out.mp4.report.json
    ok "flipped bytes: and covered whole" jq -e '[.filters[] | select(.name == "cover")][0].frames_covered_whole == .result.frames_damaged' flipped-out.mp4.report.json
else
    is "flipped bytes: refused" $got 2
    ok "flipped bytes: nothing left" nothing_left flipped-out.mp4
fi
refused "flipped bytes with --on-error stop" "cannot decode" no.mp4 flipped.mp4 --chain null --allow-bare --on-error stop

# Cut off in the middle: MKV and TS can be read up to the cut. What there is
# goes out, and the report tells of the damage, or the run is refused.
for ext in mkv ts; do
    ff -i in.mp4 -c copy -bitexact cut-source.$ext
    size=$(stat -c %s cut-source.$ext)
    head -c $((size / 2)) cut-source.$ext > cut.$ext
    got=0
    bare cut.$ext cut-$ext.mkv || got=$?
    if [ $got = 0 ]; then
        ok "cut off $ext: no more frames than there were" test "$(times cut-$ext.mkv | wc -l)" -le "$(times cut.$ext | wc -l)"
        ok "cut off $ext: can be read to its end" ffmpeg -nostdin -v error -xerror -i cut-$ext.mkv -map 0:v -f null -
    else
        is "cut off $ext: refused" $got 2
        ok "cut off $ext: nothing left" nothing_left cut-$ext.mkv
    fi
done
head -c $(($(stat -c %s in.mp4) / 2)) in.mp4 > cut.mp4
refused "cut off mp4, whose index is at the end" "'cut.mp4'" no.mp4 cut.mp4 --chain null --allow-bare
ff -i in.mp4 -c copy -movflags +faststart front.mp4
head -c $(($(stat -c %s front.mp4) / 2)) front.mp4 > front-cut.mp4
got=0
bare front-cut.mp4 front-out.mp4 || got=$?
if [ $got = 0 ]; then
    ok "cut off mp4, index in front: readable" ffmpeg -nostdin -v error -xerror -i front-out.mp4 -map 0:v -f null -
else
    is "cut off mp4, index in front: refused" $got 2
    ok "cut off mp4, index in front: nothing left" nothing_left front-out.mp4
fi

# ---- extreme pictures --------------------------------------------------------------------

SIZE=16x16 SECONDS_LONG=0.2 silent tiny.mp4 -c:v libx264 -pix_fmt yuv420p
runs "16x16: runs" bare tiny.mp4 tiny-out.mp4
ok "16x16: picture" alike tiny.mp4 tiny-out.mp4 30
SIZE=8192x64 silent wide.mp4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -frames:v 2
runs "8192 wide: runs" bare wide.mp4 wide-out.mp4 --preset ultrafast
ok "8192 wide: picture" alike wide.mp4 wide-out.mp4 34
SIZE=2x2 SECONDS_LONG=0.2 silent dot.mkv -c:v ffv1 -pix_fmt yuv444p
got=0
bare dot.mkv dot-out.mp4 || got=$?
ok "2x2: runs or is refused" test $got = 0 -o $got = 2
SIZE=64x48 silent one.mp4 -c:v libx264 -pix_fmt yuv420p -frames:v 1
runs "one frame: runs" bare one.mp4 one-out.mp4
is "one frame: one frame" "$(times one-out.mp4 | wc -l)" 1
for f in tiny wide one dot; do
    in=$(echo $f.m*)
    got=0
    veil redact "$in" -o $f-searched.mp4 --chain detect=backend=own,track,cover --preset ultrafast || got=$?
    ok "$f searched: runs, or is refused and leaves nothing" \
        eval "[ $got = 0 ] || { [ $got = 2 ] && nothing_left $f-searched.mp4; }"
done

done_testing
