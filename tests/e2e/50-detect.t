#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: with each detector, the faces of a street whose faces are known are
# gone from the output, the rest of the picture and all times are as they
# were, and the report says who searched.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

STREET=$(dirname "$VEIL")/samples/street/street
[ -x "$STREET" ] || skip_all "the sample street is not built"

"$STREET" -o street.mp4 --gt truth.csv --frames 24 --size 640x360 --people 6 --seed 3 > /dev/null || exit 1

# bare_share FILE WIDTH HEIGHT: of the known faces of 12 pixels and more, the share (in %) whose middle is not black
bare_share() {
    ffmpeg -nostdin -v error -y -i "$1" -vsync passthrough -pix_fmt gray -vf scale=in_range=tv:out_range=pc -f rawvideo grey.raw
    perl -e 'my ($w, $h) = @ARGV[0, 1]; open F, "<:raw", "grey.raw"; local $/; my $d = <F>; open G, "truth.csv"; $/ = "\n";
        my ($n, $bare) = (0, 0); <G>;
        while (<G>) { my @c = split /,/; next if $c[6] < 12 || $c[7] < 0.8 || $c[10] != 0;
            my $at = $c[0] * $w * $h + int($c[4] + $c[6] / 2) * $w + int($c[3] + $c[5] / 2);
            $n++; $bare++ if ord(substr $d, $at, 1) > 40 }
        print $n ? int(100 * $bare / $n + 0.5) : "no face"' "$2" "$3"
}
at_most() {
    echo "$1 against at most $2"
    [ "$1" -le "$2" ]
}

ok "the street has faces that can be seen" test "$(bare_share street.mp4 640 360)" -gt 60

# search NAME MOST-BARE ARGS...
search() {
    local name=$1 most=$2
    shift 2
    runs "$name: runs" veil redact street.mp4 -o "$name.mp4" --preset veryfast --crf 10 "$@"
    ok "$name: at most $most % of faces are bare" at_most "$(bare_share "$name.mp4" 640 360)" "$most"
    ok "$name: times" same_times street.mp4 "$name.mp4"
    ok "$name: audio" same_audio street.mp4 "$name.mp4"
    ok "$name: boxes were covered" jq -e '.result.face_frames > 24' "$name.mp4.report.json"
    is "$name: every frame was seen" "$(jq '.filters[] | select(.name == "detect") | .frames_seen' "$name.mp4.report.json")" 24
    is "$name: no frame is missing from the counts" "$(jq '[.result.faces_per_frame_runs[][0]] | add' "$name.mp4.report.json")" 24
}

# of_detect NAME FACT: what the report says of the detector
of_detect() {
    jq -r --arg f "$2" '.filters[] | select(.name == "detect") | .[$f]' "$1.mp4.report.json"
}

search own 15 -d own
is "own: the report names it" "$(jq -r '.filters[] | select(.name == "detect") | .detector' own.mp4.report.json)" own
search own-each 15 -d own --detect-every 1
is "own-each: every frame was searched" "$(jq '.filters[] | select(.name == "detect") | .frames_searched' own-each.mp4.report.json)" 24
models=${VEIL_MODELS:-/nonexistent}/yunet
if [ -e "$models/face_detection_yunet_2023mar.onnx" ] && [ -e "$models/yunet_n_640_640.onnx" ]; then
    search auto 10
    is "auto: takes the larger YuNet, at its own size" "$(of_detect auto detector) $(of_detect auto size)" "yunet-n 960"
    ok "auto: the report has the model's SHA-256" jq -e '.filters[] | select(.name == "detect") | .model_sha256 | test("^25a606a1")' auto.mp4.report.json
    search zoo 10 -d yunet
    is "yunet: YuNet of the model zoo, at 1.5 times the video at most" "$(of_detect zoo detector) $(of_detect zoo size)" "yunet 960"
    search named 10 --chain "detect=model=$models/yunet_n_640_640.onnx:every=3,track,cover"
    is "model=: the report claims no SHA-256 for it" "$(of_detect named model_sha256)" null
    mkdir -p zoo/yunet
    ln -s "$models/face_detection_yunet_2023mar.onnx" zoo/yunet/
    zoo_only() {
        VEIL_MODELS=$TMP/zoo XDG_DATA_HOME=$TMP HOME=$TMP veil "$@"
    }
    runs "without its file: runs" zoo_only redact street.mp4 -o next.mp4 --verbose
    is "without its file: takes the next one" "$(of_detect next detector)" yunet
    ok "without its file: says how to get it" grep -q "veil models fetch yunet-n" err.txt
    search float 10 --chain detect=backend=yunet:precision=float:every=3,track,cover
    search opencv 10 --chain detect=backend=opencv:every=3,track,cover
    is "opencv and yunet find the same" "$(of_detect opencv faces_found)" "$(of_detect float faces_found)"
    is "the report says what it counted in" "$(of_detect float precision) $(of_detect opencv precision)" "float null"
    runs "again: runs" veil redact street.mp4 -o again.mp4 --preset veryfast --crf 10
    ok "again: the same bytes" same_bytes auto.mp4 again.mp4
else
    skip "YuNet" "VEIL_MODELS is not set, or has no YuNet"
fi

# ---- what stands still is not searched again ---------------------------------------
ff -i street.mp4 -frames:v 1 one.png
ff -loop 1 -i one.png -frames:v 60 -pix_fmt yuv420p still.mp4
for n in 1 8; do
    runs "rois=$n: runs" veil redact still.mp4 -o "still-$n.mp4" --chain detect=backend=own:every=2:rois=$n,track,cover
done
is "rois=1: searches the whole picture each time" "$(of_detect still-1 searched_in_part)" 0
ok "rois=8: most searches are of a part" [ "$(of_detect still-8 searched_in_part)" -gt $(($(of_detect still-8 frames_searched) / 2)) ]
ok "rois=8: of little of the picture" [ "$(of_detect still-8 searched_percent)" -lt 50 ]
is "rois=8: as many searches" "$(of_detect still-8 frames_searched)" "$(of_detect still-1 frames_searched)"
ok "rois=8: the same faces, within a fiftieth" near_number 12 "$(of_detect still-8 faces_found)" "$(of_detect still-1 faces_found)"
ok "rois=8: as much is covered, within a fiftieth" bash -c "a=\$(jq .result.face_frames still-1.mp4.report.json) b=\$(jq .result.face_frames still-8.mp4.report.json)
    echo \"\$a against \$b\"; [ \$((a > b ? a - b : b - a)) -le \$((a / 50)) ]"
refused "int8 of a detector without it" "leave 'precision' at 'auto'" no.mp4 still.mp4 --chain detect=backend=opencv:model=x:precision=int8,track,cover

if [ -e /usr/share/opencv4/haarcascades/haarcascade_frontalface_alt2.xml ]; then
    ff -i street.mp4 -map 0:v -c copy -frames:v 5 few.mp4
    runs "cascade: runs when asked for" veil redact few.mp4 -o cascade.mp4 -d cascade -s 320 --detect-every 4
    ok "cascade: warns" grep -q 'warning: .*last resort' err.txt
    ok "cascade: the report warns" jq -e '.filters[] | select(.name == "detect") | .detector_warning' cascade.mp4.report.json
else
    skip "cascade" "opencv-data is not installed"
fi

# Styles, through the whole program.
for style in ellipse mosaic blur; do
    runs "$style: runs" veil redact street.mp4 -o $style.mp4 -d own --style $style --preset veryfast --crf 10
    ok "$style: times" same_times street.mp4 $style.mp4
    ok "$style: something changed" not alike street.mp4 $style.mp4 40
done
runs "draw: runs when allowed" veil redact street.mp4 -o draw.mp4 --chain detect=backend=own,track,draw --allow-bare --preset veryfast
ok "draw: something is drawn" not alike street.mp4 draw.mp4 34

# Turned: faces lie on their side in the stored picture, and are found all the same.
# Played back the right way up, the same places are black.
ff -i street.mp4 -map 0:v -vf transpose=cclock -c:v libx264 -preset veryfast -crf 14 -pix_fmt yuv420p side.mp4
ff -i side.mp4 -c copy -metadata:s:v:0 rotate=270 turned.mp4
if [ "$(ffmpeg -nostdin -v error -i turned.mp4 -frames:v 1 -f framecrc - | sed -n 's/^#dimensions 0: //p')" = 640x360 ]; then
    runs "turned: runs" veil redact turned.mp4 -o turned-out.mp4 -d own --preset veryfast --crf 10
    ok "turned: at most 20 % of faces are bare" at_most "$(bare_share turned-out.mp4 640 360)" 20
    runs "turned to mkv: runs" veil redact turned.mp4 -o turned-out.mkv -d own --preset veryfast --crf 10
    ok "turned to mkv: at most 20 % of faces are bare" at_most "$(bare_share turned-out.mkv 640 360)" 20
else
    skip "turned" "this ffmpeg marks rotation another way"
fi

# Between black bars: a dark picture on the whole, with faces that are not.
ff -i street.mp4 -map 0:v -vf "pad=1280:1080:0:0:black" -c:v libx264 -preset veryfast -crf 14 -pix_fmt yuv420p bars.mp4
runs "bars: runs" veil redact bars.mp4 -o bars-out.mp4 -d own --preset veryfast --crf 10
ff -i bars-out.mp4 -map 0:v -vf crop=640:360:0:0 -c:v ffv1 inside.mkv
ok "bars: at most 20 % of faces are bare" at_most "$(bare_share inside.mkv 640 360)" 20
# Sideways, and nothing says so: found by turning the picture now and then.
runs "sideways: runs" veil redact side.mp4 -o side-out.mp4 -d own --detect-turn 1 --preset veryfast --crf 10
ff -i side-out.mp4 -map 0:v -vf transpose=clock -c:v ffv1 upright.mkv
ok "sideways: at most 30 % of faces are bare" at_most "$(bare_share upright.mkv 640 360)" 30
runs "min-face: the size follows from it" veil redact side.mp4 -o side-out2.mp4 -d own --min-face 8 --preset veryfast
ok "min-face: and the report says so" jq -e '.filters[0].options | test("min_face=8")' side-out2.mp4.report.json
ok "min-face with a size: exit 2" exits 2 veil redact side.mp4 -o no.mp4 --chain detect=size=640:min_face=8,track,cover
ok "min-face with a size: one sentence" one_sentence "'size' follows from 'min_face'"

# A zone and faces at once.
runs "zone and faces: runs" veil redact street.mp4 -o both.mp4 -d own -z "0,0 64,0 64,64 0,64" -z "90%,0 100%,0 100%,10% 90%,10%" --preset veryfast --crf 10
ok "zone and faces: first zone" is_flat both.mp4 56:56:4:4
ok "zone and faces: second zone" is_flat both.mp4 50:26:584:4
ok "zone and faces: faces" at_most "$(bare_share both.mp4 640 360)" 15

# A scene change in the middle: the second scene is searched from its first frame.
ff -i street.mp4 -f lavfi -i "color=white:s=640x360:r=25:d=0.4" -filter_complex "[1:v]setsar=1[w];[w][0:v]concat=n=2:v=1[v]" \
    -map "[v]" -c:v libx264 -preset veryfast -crf 14 -pix_fmt yuv420p cut.mp4
runs "cut: runs" veil redact cut.mp4 -o cut-out.mp4 -d own --detect-every 25 --preset veryfast --crf 10
ff -i cut-out.mp4 -vf "select=gte(n\,10)" -vsync passthrough -c:v ffv1 tail.mkv
perl -ni -e 'print if $. == 1 || /^[0-2],/' truth.csv
ok "cut: the first frames of the new scene have no bare face" at_most "$(bare_share tail.mkv 640 360)" 20

done_testing
