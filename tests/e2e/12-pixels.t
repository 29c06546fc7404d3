#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: bit depth, chroma sampling, range and colour tags stay as they were,
# also at odd sizes; formats that H.264 cannot hold become the nearest it can.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

export SECONDS_LONG=0.4
TAGS="color_range color_space color_transfer color_primaries chroma_location"

# format NAME WANTED SOURCE-ARGS...
format() {
    local name=$1 wanted=$2
    shift 2
    silent "$name.mkv" "$@"
    runs "$name: runs" bare "$name.mkv" "out-$name.mp4"
    is "$name: becomes $wanted" "$(fact "out-$name.mp4" pix_fmt)" "$wanted"
    ok "$name: times" same_times "$name.mkv" "out-$name.mp4" 0
    ok "$name: picture" alike "$name.mkv" "out-$name.mp4" "${LEAST:-38}" null "$wanted"
}

for f in yuv420p yuv422p yuv444p yuv420p10le yuv422p10le yuv444p10le; do
    format "$f" "$f" -c:v ffv1 -pix_fmt "$f"
done
format yuv440p yuv444p -c:v ffv1 -pix_fmt yuv440p
format yuv411p yuv422p -c:v ffv1 -pix_fmt yuv411p
format yuv420p12 yuv420p10le -c:v ffv1 -pix_fmt yuv420p12le
format gray yuvj420p -c:v ffv1 -pix_fmt gray # ffmpeg's decoder shows grey H.264 as 4:2:0
LEAST=28 format gray10 yuv420p10le -c:v ffv1 -pix_fmt gray10le
LEAST=28 format rgb yuv420p -c:v ffv1 -pix_fmt bgr0
LEAST=28 format rgba yuv420p -c:v png -pix_fmt rgba
LEAST=28 format palette yuv420p -c:v png -pix_fmt pal8

# Odd sizes: 4:2:0 cannot be coded with an odd side. (testsrc2 rounds them down.)
export SOURCE=testsrc
for size in 161x128 160x127 161x127 35x33; do
    SIZE=$size silent "odd-$size.mkv" -c:v ffv1 -pix_fmt yuv420p
    runs "size $size: runs" bare "odd-$size.mkv" "odd-$size.mp4"
    is "size $size: stays" "$(fact "odd-$size.mp4" width)x$(fact "odd-$size.mp4" height)" "$size"
    ok "size $size: picture" alike "odd-$size.mkv" "odd-$size.mp4" 34 null yuv444p
done
SIZE=161x127 silent odd422.mkv -c:v ffv1 -pix_fmt yuv422p10le
runs "odd 4:2:2 of 10 bit: runs" bare odd422.mkv odd422.mp4
is "odd 4:2:2 of 10 bit: size" "$(fact odd422.mp4 width)x$(fact odd422.mp4 height)" 161x127
is "odd 4:2:2 of 10 bit: stays 10 bit" "$(fact odd422.mp4 pix_fmt)" yuv444p10le

# tags NAME OUT SOURCE-ARGS...
tags() {
    local name=$1 out=$2
    shift 2
    silent "tags-$name.mp4" -c:v libx264 -preset veryfast -crf 10 "$@"
    runs "tags $name: runs" bare "tags-$name.mp4" "$out"
    # shellcheck disable=SC2086 # a list
    ok "tags $name: kept" same_facts "tags-$name.mp4" "$out" $TAGS pix_fmt
}

tags none none.mp4 -pix_fmt yuv420p
tags bt709 bt709.mp4 -pix_fmt yuv420p -color_range tv -colorspace bt709 -color_trc bt709 -color_primaries bt709
tags bt709 bt709.mkv -pix_fmt yuv420p -color_range tv -colorspace bt709 -color_trc bt709 -color_primaries bt709
tags bt601 bt601.mp4 -pix_fmt yuv420p -color_range tv -colorspace smpte170m -color_trc smpte170m -color_primaries smpte170m
tags bt2020 bt2020.mp4 -pix_fmt yuv420p10le -color_range tv -colorspace bt2020nc -color_trc smpte2084 -color_primaries bt2020
tags hlg hlg.mkv -pix_fmt yuv420p10le -color_range tv -colorspace bt2020nc -color_trc arib-std-b67 -color_primaries bt2020
tags full full.mp4 -pix_fmt yuvj420p -color_range pc -colorspace bt709 -color_trc bt709 -color_primaries bt709
is "full range: still marked so" "$(fact full.mp4 color_range)" pc
ok "full range: picture" alike tags-full.mp4 full.mp4 36 null yuvj420p
is "bt2020: its primaries" "$(fact bt2020.mp4 color_primaries)" bt2020

# A filter of ffmpeg that converts inside the chain does not change tags either.
runs "tags through a foreign filter: runs" veil redact tags-bt2020.mp4 -o foreign.mp4 --chain hue=s=1 --allow-bare
# shellcheck disable=SC2086 # a list
ok "tags through a foreign filter: kept" same_facts tags-bt2020.mp4 foreign.mp4 $TAGS

done_testing
