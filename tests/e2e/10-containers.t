#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: whatever the container, in and out, the film is the same: every frame
# at its time, the duration, each audio packet as it was, the picture within
# codec noise.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

# through NAME IN OUT: redact and compare
through() {
    runs "$1: runs" bare "$2" "$3"
    same_film "$2" "$3"
}

X264="-c:v libx264 -preset veryfast -crf 12 -pix_fmt yuv420p"
# shellcheck disable=SC2086 # a list of options
{
    clip in.mp4 $X264 -c:a aac
    clip in.mov $X264 -c:a pcm_s16le
    clip in.mkv $X264 -c:a libvorbis
    clip in.avi -c:v mpeg4 -q:v 2 -c:a libmp3lame
    clip in.ts $X264 -c:a mp2
    clip in.mpg -c:v mpeg2video -q:v 2 -c:a mp2
    clip in.webm -c:v libvpx -b:v 2M -deadline realtime -cpu-used 8 -c:a libopus
    clip in.flv -c:v flv -q:v 2 -c:a libmp3lame -ar 44100
    clip in.m4v -f mp4 $X264 -c:a aac
    clip fragmented.mp4 $X264 -c:a aac -movflags frag_keyframe+empty_moov
    silent in.264 $X264
    silent in.mjpeg -c:v mjpeg -q:v 2
    silent in.gif
    silent img%03d.png
    silent photo%03d.jpg -q:v 2 -pix_fmt yuvj420p
}

for ext in mp4 mov mkv m4v; do
    through "MP4 to $ext" in.mp4 "from-mp4.$ext"
done
through "MOV with PCM to MOV" in.mov from-mov.mov
through "MKV with Vorbis to MKV" in.mkv from-mkv.mkv
through "AVI with MP3 to MP4" in.avi from-avi.mp4
through "AVI with MP3 to MKV" in.avi from-avi.mkv
through "TS with MP2 to MP4" in.ts from-ts.mp4
through "TS with MP2 to MKV" in.ts from-ts.mkv
through "MPEG programme stream to MP4" in.mpg from-mpg.mp4
through "WebM with Opus to MP4" in.webm from-webm.mp4
through "FLV to MKV" in.flv from-flv.mkv
through "M4V to MP4" in.m4v from-m4v.mp4
through "fragmented MP4 to MP4" fragmented.mp4 from-fragmented.mp4

runs "MP4 upper case ending: runs" bare in.mp4 UPPER.MP4
ok "MP4 upper case ending: times" same_times in.mp4 UPPER.MP4

runs "WebM to WebM: runs" veil redact in.webm -o from-webm.webm --chain null --allow-bare --crf 10
ok "WebM to WebM: times" same_times in.webm from-webm.webm
ok "WebM to WebM: audio" same_audio in.webm from-webm.webm
is "WebM to WebM: VP9" "$(fact from-webm.webm codec_name)" vp9
ok "WebM to WebM: picture" alike in.webm from-webm.webm 34

# Without times of their own: ffprobe counts by the frame rate, and so does the output.
runs "raw H.264 to MP4: runs" bare in.264 from-264.mp4
is "raw H.264 to MP4: frames" "$(times from-264.mp4 | wc -l)" 25
ok "raw H.264 to MP4: picture" alike in.264 from-264.mp4 36
is "raw H.264 to MP4: rate" "$(fact from-264.mp4 r_frame_rate)" 25/1
is "raw H.264 to MP4: begins at zero" "$(times from-264.mp4 | head -n 1)" 0.000000
is "raw H.264 to MP4: steps of 40 ms" "$(times from-264.mp4 | tail -n 1)" 0.960000

runs "raw MJPEG to MP4: runs" bare in.mjpeg from-mjpeg.mp4
ok "raw MJPEG to MP4: times" same_times in.mjpeg from-mjpeg.mp4
ok "raw MJPEG to MP4: picture" alike in.mjpeg from-mjpeg.mp4 36

runs "GIF to MP4: runs" bare in.gif from-gif.mp4
ok "GIF to MP4: times" same_times in.gif from-gif.mp4
ok "GIF to MP4: picture" alike in.gif from-gif.mp4 30

runs "PNG sequence to MP4: runs" bare img%03d.png from-png.mp4
ok "PNG sequence to MP4: times" same_times img%03d.png from-png.mp4
ok "PNG sequence to MP4: picture" alike img%03d.png from-png.mp4 32
is "PNG sequence to MP4: 4:2:0" "$(fact from-png.mp4 pix_fmt)" yuv420p

runs "JPEG sequence to MKV: runs" bare photo%03d.jpg from-jpg.mkv
ok "JPEG sequence to MKV: times" same_times photo%03d.jpg from-jpg.mkv
ok "JPEG sequence to MKV: picture" alike photo%03d.jpg from-jpg.mkv 36

# From a pipe, where nothing can be sought.
from_pipe() {
    "$VEIL" redact - -o from-pipe.mkv --chain null --allow-bare --preset veryfast --crf 6 < in.ts > out.txt 2> err.txt
}
runs "TS from a pipe to MKV: runs" from_pipe
ok "TS from a pipe to MKV: times" same_times in.ts from-pipe.mkv
ok "TS from a pipe to MKV: audio" same_audio in.ts from-pipe.mkv

done_testing
