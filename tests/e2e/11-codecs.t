#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: every codec that the program promises to read gives the same film out,
# also at its usual 10-bit and 4:2:2 forms; and the other encoders work.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

export SECONDS_LONG=0.6

# codec NAME IN PSNR FORMAT CODEC-ARGS...
codec() {
    local name=$1 in=$2 least=$3 format=$4
    shift 4
    if [ "$1" = -c:v ] && ! have_encoder "$2"; then
        skip "$name" "this ffmpeg cannot make $2"
        return
    fi
    clip "$in" "$@" -c:a "$(case $in in *.webm) echo libopus ;; *) echo aac ;; esac)"
    runs "$name: runs" bare "$in" "$name.mp4"
    same_film "$in" "$name.mp4" "$least" "$format"
    is "$name: pixel format" "$(fact "$name.mp4" pix_fmt)" "$format"
    is "$name: H.264" "$(fact "$name.mp4" codec_name)" h264
}

X265="log-level=none:pools=1"
codec h264 in264.mp4 38 yuv420p -c:v libx264 -preset veryfast -crf 10 -pix_fmt yuv420p -bf 3
codec h264-10bit in264-10.mp4 38 yuv420p10le -c:v libx264 -preset veryfast -crf 10 -pix_fmt yuv420p10le
codec hevc in265.mp4 38 yuv420p -c:v libx265 -preset veryfast -crf 10 -x265-params "$X265" -pix_fmt yuv420p
codec hevc-10bit in265-10.mp4 38 yuv420p10le -c:v libx265 -preset veryfast -crf 10 -x265-params "$X265" -pix_fmt yuv420p10le
codec mpeg2 in-mpeg2.mkv 36 yuv420p -c:v mpeg2video -q:v 2 -bf 2
codec mpeg4 in-mpeg4.mp4 36 yuv420p -c:v mpeg4 -q:v 2 -bf 2
codec mjpeg in-mjpeg.mov 36 yuvj420p -c:v mjpeg -q:v 2 -pix_fmt yuvj420p
codec vp8 in-vp8.webm 36 yuv420p -c:v libvpx -b:v 2M -deadline realtime -cpu-used 8
codec vp9 in-vp9.mp4 36 yuv420p -c:v libvpx-vp9 -b:v 0 -crf 20 -deadline realtime -cpu-used 8
codec prores in-prores.mov 38 yuv422p10le -c:v prores_ks -profile:v 2
codec ffv1 in-ffv1.mkv 38 yuv444p -c:v ffv1 -pix_fmt yuv444p
codec huffyuv in-huffyuv.avi 38 yuv422p -c:v huffyuv -pix_fmt yuv422p
if have_encoder libsvtav1; then
    SVT_LOG=1 codec av1 in-av1.mp4 34 yuv420p -c:v libsvtav1 -preset 12 -crf 30 -pix_fmt yuv420p
else
    codec av1 in-av1.mp4 34 yuv420p -c:v libaom-av1 -cpu-used 8 -crf 30 -usage realtime
fi

# Other encoders than the default one.
runs "encoder libx265: runs" veil redact in264.mp4 -o out265.mp4 --chain null --allow-bare -e libx265 --preset ultrafast \
    --crf 12 --enc-opts "x265-params=log-level=none"
is "encoder libx265: HEVC" "$(fact out265.mp4 codec_name)" hevc
ok "encoder libx265: times" same_times in264.mp4 out265.mp4
ok "encoder libx265: picture" alike in264.mp4 out265.mp4 34
runs "encoder prores_ks: runs" veil redact in-prores.mov -o out-prores.mov --chain null --allow-bare -e prores_ks --preset none
is "encoder prores_ks: ProRes" "$(fact out-prores.mov codec_name)" prores
ok "encoder prores_ks: times" same_times in-prores.mov out-prores.mov
runs "encoder ffv1: runs" veil redact in-ffv1.mkv -o out-ffv1.mkv --chain null --allow-bare -e ffv1 --preset none
ok "encoder ffv1: times" same_times in-ffv1.mkv out-ffv1.mkv
ok "encoder ffv1: every pixel" alike in-ffv1.mkv out-ffv1.mkv 99 null yuv444p
runs "encoder mpeg4 with options: runs" veil redact in264.mp4 -o out-mpeg4.mp4 --chain null --allow-bare -e mpeg4 \
    --enc-opts "b=2M:bf=2"
ok "encoder mpeg4 with options: times" same_times in264.mp4 out-mpeg4.mp4

refused "unknown encoder" "no video encoder is called 'nosuch'" no.mp4 in264.mp4 --chain null --allow-bare -e nosuch
refused "audio encoder" "no video encoder is called 'aac'" no.mp4 in264.mp4 --chain null --allow-bare -e aac
refused "encoder that the container cannot hold" "webm cannot hold" no.webm in264.mp4 --chain null --allow-bare -e libx264
refused "unknown preset" "no preset 'nosuch'" no.mp4 in264.mp4 --chain null --allow-bare --preset nosuch
refused "unknown encoder option" "no option 'nosuch'" no.mp4 in264.mp4 --chain null --allow-bare --enc-opts nosuch=1
refused "encoder options without a value" "enc-opts" no.mp4 in264.mp4 --chain null --allow-bare --enc-opts nosuch

done_testing
