#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: every frame keeps its time, whatever the source does with time:
# B-frames, edit lists, starts before and after zero, a rate that changes,
# fractional rates, gaps, one frame only.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

X264="-c:v libx264 -preset veryfast -crf 14 -pix_fmt yuv420p"

# through IN OUT-ENDINGS...
through() {
    local in=$1 out ext
    shift
    for ext in "$@"; do
        out=$in.out.$ext
        runs "$in to $ext: runs" bare "$in" "$out"
        ok "$in to $ext: times" same_times "$in" "$out"
        if [ -n "$(fact_audio "$in")" ]; then
            ok "$in to $ext: audio" same_audio "$in" "$out"
        fi
        ok "$in to $ext: picture" alike "$in" "$out" 35
    done
}

# shellcheck disable=SC2086 # a list of options
{
    RATE=30000/1001 clip ntsc.mp4 $X264 -bf 3 -c:a aac
    RATE=24000/1001 clip film.mkv $X264 -bf 3 -c:a aac
    RATE=50 clip fifty.mp4 $X264 -bf 0 -c:a aac
    RATE=30000/1001 clip ntsc.ts $X264 -bf 3 -c:a mp2
    RATE=10 clip slow.mp4 $X264 -bf 3 -c:a aac
    SECONDS_LONG=3 clip long.mp4 $X264 -bf 3 -g 25 -c:a aac
    ff -ss 1.3 -i long.mp4 -c copy edit.mp4
    ff -ss 1.3 -i long.mp4 -c copy edit.mov
    ff -ss 1.3 -i long.mp4 -map 0:v -c copy edit-silent.mp4
    ff -i long.mp4 -c copy -output_ts_offset 5.25 late.mp4
    ff -i long.mp4 -c copy -output_ts_offset 5.25 late.mkv
    ff -i long.mp4 -c copy -output_ts_offset 100 -muxdelay 0 late.ts
    ff -itsoffset 0.3 -i ntsc.mp4 -i ntsc.mp4 -map 0:v -map 1:a -c copy video-late.mp4
    ff -i ntsc.mp4 -itsoffset 0.3 -i ntsc.mp4 -map 0:v -map 1:a -c copy audio-late.mp4
    # Frames 0, 40, 200, 240, ... ms: two of five dropped, times kept.
    clip vfr.mp4 $X264 -bf 3 -c:a aac -vf "select='not(between(mod(n\,5)\,2\,4))'" -vsync vfr
    clip vfr.mkv $X264 -bf 3 -c:a aac -vf "setpts='if(lt(N,12),N,12+(N-12)*2.5)/25/TB'" -vsync vfr
    silent gap.mp4 $X264 -vf "setpts='if(lt(N,10),N,N+100)/25/TB'" -vsync vfr
    silent one.mp4 $X264 -frames:v 1
    silent one.mkv $X264 -frames:v 1
    silent two.mp4 $X264 -frames:v 2 -bf 0
}

through ntsc.mp4 mp4 mkv
through film.mkv mp4 mkv
through fifty.mp4 mp4
through ntsc.ts mp4 mkv
through slow.mp4 mp4
through edit.mp4 mp4 mkv
through edit.mov mov
through edit-silent.mp4 mp4
through late.mp4 mp4
through late.mkv mkv
through late.ts mp4 mkv
through video-late.mp4 mp4 mkv
through audio-late.mp4 mp4 mkv
through vfr.mp4 mp4 mkv
through vfr.mkv mp4 mkv
through gap.mp4 mp4 mkv
through one.mp4 mp4 mkv
through one.mkv mkv
through two.mp4 mp4

is "50 frames a second stay so" "$(fact fifty.mp4.out.mp4 r_frame_rate)" 50/1
is "30000/1001 frames a second stay so" "$(fact ntsc.mp4.out.mp4 r_frame_rate)" 30000/1001
is "edit list: what it cut off stays off" "$(format_fact edit.mp4.out.mp4 duration)" "$(format_fact edit.mp4 duration)"

# Before zero: MKV cannot say so; a TS can hold what a wrap-around makes of it.
# MP4 to MP4 with a negative start after an edit list is `edit` above. Where a
# source does begin before zero, all streams move together and the report says by how much.
# shellcheck disable=SC2086
SECONDS_LONG=1 clip plain.mkv $X264 -bf 0 -c:a pcm_s16le
ff -copyts -itsoffset -0.5 -i plain.mkv -map 0 -c copy -avoid_negative_ts disabled early.src.mkv
if [ "$(times early.src.mkv | head -n 1)" = -0.500000 ]; then
    runs "before zero: runs" bare early.src.mkv early.mkv
    times early.src.mkv | awk '{ printf "%.6f\n", $1 + 0.5 }' > wanted.txt
    times early.mkv > got.txt
    ok "before zero: moved as one" near 0.001 wanted.txt got.txt
    audio_times early.src.mkv | awk '{ printf "%.6f\n", $1 + 0.5 }' > wanted.txt
    audio_times early.mkv > got.txt
    ok "before zero: sound moved with it" near 0.001 wanted.txt got.txt
    is "before zero: the report says so" "$(jq .output.times_moved_s early.mkv.report.json)" 0.5
else
    skip "before zero" "this ffmpeg cannot make such a clip"
fi

# The last frame lasts as long as it did.
# shellcheck disable=SC2086
silent hold.mp4 $X264 -bf 0 -vf "setpts='if(lt(N,24),N,N)/25/TB'" -vsync vfr
runs "last frame: runs" bare hold.mp4 hold-out.mp4
is "last frame: lasts as long" "$(format_fact hold-out.mp4 duration)" "$(format_fact hold.mp4 duration)"

done_testing
