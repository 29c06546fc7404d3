#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: a person sees the picture as before: the right way up, not stretched,
# and each field in its turn.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

export SECONDS_LONG=0.6
X264="-c:v libx264 -preset veryfast -crf 10 -pix_fmt yuv420p"

# ---- rotation ------------------------------------------------------------------

# shellcheck disable=SC2086
clip flat.mp4 $X264 -c:a aac
for angle in 90 180 270; do
    # ffmpeg 5.1 counts this tag anticlockwise, as its display matrix does
    ff -i flat.mp4 -c copy -metadata:s:v:0 rotate=$angle "turn$angle.mp4"
    ff -i flat.mp4 -map 0:v -c copy -metadata:s:v:0 rotate=$angle "turn$angle.mov"
    for ext in mp4 mov; do
        runs "turned by $angle, $ext: runs" bare "turn$angle.$ext" "out$angle.$ext"
        is "turned by $angle, $ext: matrix" "$(rotation "out$angle.$ext")" "$(rotation "turn$angle.$ext")"
        is "turned by $angle, $ext: stored size" "$(fact "out$angle.$ext" width)" "$(fact "turn$angle.$ext" width)"
        ok "turned by $angle, $ext: times" same_times "turn$angle.$ext" "out$angle.$ext"
        ok "turned by $angle, $ext: picture as shown" alike "turn$angle.$ext" "out$angle.$ext" 36
    done
    # Matroska cannot carry the matrix here, so the pixels are turned.
    runs "turned by $angle, mkv: runs" bare "turn$angle.mp4" "out$angle.mkv"
    is "turned by $angle, mkv: no matrix" "$(rotation "out$angle.mkv")" ""
    ok "turned by $angle, mkv: times" same_times "turn$angle.mp4" "out$angle.mkv"
    ok "turned by $angle, mkv: picture as shown" alike "turn$angle.mp4" "out$angle.mkv" 36
    is "turned by $angle, mkv: the report says so" "$(jq .output.picture_turned "out$angle.mkv.report.json")" true
    is "turned by $angle: the report knows the source" "$(jq .source.rotation "out$angle.mp4.report.json")" $((360 - angle))
done
is "turned by 90, mkv: sides swapped" "$(fact out90.mkv width)x$(fact out90.mkv height)" 128x160

# ---- shape of pixels -------------------------------------------------------------

for sar in 64/45 10/11 2/1; do
    name=sar-${sar/\//-}
    # shellcheck disable=SC2086
    clip "$name.mp4" $X264 -vf "setsar=$sar" -c:a aac
    for ext in mp4 mkv mov; do
        runs "pixels of $sar, $ext: runs" bare "$name.mp4" "out-$name.$ext"
        ok "pixels of $sar, $ext: kept" same_facts "$name.mp4" "out-$name.$ext" sample_aspect_ratio display_aspect_ratio
    done
done
# shellcheck disable=SC2086
clip sar-turned.mp4 $X264 -vf setsar=64/45 -c:a aac
ff -i sar-turned.mp4 -c copy -metadata:s:v:0 rotate=90 sar90.mp4
runs "turned pixels of 64:45, mkv: runs" bare sar90.mp4 sar90.mkv
is "turned pixels of 64:45, mkv: turned as well" "$(fact sar90.mkv sample_aspect_ratio)" 45:64

# ---- fields ----------------------------------------------------------------------

# fields NAME IN WANTED-ORDER: source and output agree, frame by frame
fields() {
    runs "$1: runs" bare "$2" "$1.mov"
    ok "$1: times" same_times "$2" "$1.mov"
    is "$1: the source is interlaced" "$(frame_fact "$2" interlaced_frame)" "1 "
    is "$1: marked interlaced" "$(frame_fact "$1.mov" interlaced_frame)" "1 "
    is "$1: field order" "$(frame_fact "$1.mov" top_field_first)" "$3 "
    ok "$1: picture" alike "$2" "$1.mov" 35
}

# shellcheck disable=SC2086
{
    RATE=50 clip tff.mp4 $X264 -vf tinterlace=interleave_top,fieldorder=tff -flags +ilme+ildct -x264opts tff=1 -c:a aac
    RATE=50 clip bff.mp4 $X264 -vf tinterlace=interleave_bottom,fieldorder=bff -flags +ilme+ildct -x264opts bff=1 -c:a aac
    RATE=50 clip dv.avi -c:v dvvideo -pix_fmt yuv420p -s 720x576 -vf tinterlace=interleave_bottom -flags +ilme+ildct -r 25 -c:a pcm_s16le
    RATE=50 clip mpeg2.mkv -c:v mpeg2video -q:v 2 -vf tinterlace=interleave_top -flags +ilme+ildct -top 1 -c:a mp2
}
fields tff-out tff.mp4 1
fields bff-out bff.mp4 0
fields dv-out dv.avi 0
fields mpeg2-out mpeg2.mkv 1
is "progressive stays progressive" "$(runs x bare flat.mp4 flat-out.mp4 > /dev/null; frame_fact flat-out.mp4 interlaced_frame)" "0 "

done_testing
