#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: nothing that tells a place, a device or a person rides along: metadata,
# chapters, thumbnails, attachments, subtitles, data, side data. What was left
# out is named in the report, and the harmless keys can be kept by name.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

X264="-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p"
SECRET=Sonderzeichen-7391

cat > chapters.txt << END
;FFMETADATA1
title=$SECRET title
artist=$SECRET artist
comment=$SECRET comment
location=+51.5007-000.1246/
com.apple.quicktime.model=$SECRET camera
serial_number=$SECRET serial
[CHAPTER]
TIMEBASE=1/1000
START=0
END=500
title=$SECRET chapter
END
printf '1\n00:00:00,000 --> 00:00:00,900\n%s subtitle\n' "$SECRET" > words.srt
echo "$SECRET attachment" > note.txt
ff -f lavfi -i "color=red:s=64x64:d=0.04" -frames:v 1 cover.png
# shellcheck disable=SC2086
{
    clip plain.mp4 $X264 -c:a aac
    ff -i plain.mp4 -i chapters.txt -i words.srt -map 0 -map 2 -map_metadata 1 -map_chapters 1 -c copy -c:s srt \
        -metadata:s:v:0 title="$SECRET lens" -metadata:s:a:0 handler_name="$SECRET handler" \
        -metadata:s:a:0 language=deu -attach note.txt -metadata:s:t mimetype=text/plain -disposition:v:0 default full.mkv
    ff -i plain.mp4 -i cover.png -i chapters.txt -map 0 -map 1 -map_metadata 2 -map_chapters 2 -c copy \
        -disposition:v:1 attached_pic full.mp4
    ff -i plain.mp4 -i chapters.txt -map 0 -map_metadata 1 -c copy -movflags use_metadata_tags phone.mp4
    ff -i plain.mp4 -f lavfi -i sine=d=1 -map 0:v -map 0:a -c copy -timecode 10:00:00:00 -metadata location=+51.5-0.1/ timecode.mov
}
# x264 writes its settings into the stream as user data: the source's must not stay. A mark of ours is added to it.
ff -i plain.mp4 -map 0:v -c copy -bsf:v "h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+$SECRET-sei" sei.mp4

# clean NAME FILE: nothing of it is in the bytes of the file
clean() {
    ok "$1: not in the bytes" not grep -aq "$SECRET" "$2"
    ok "$1: no place in the bytes" not grep -aqE '[+]51\.5' "$2"
    is "$1: no chapters" "$(ffprobe -v quiet -show_chapters "$2" | grep -c START=)" 0
    is "$1: only picture and sound" \
        "$(ffprobe -v quiet -show_entries stream=codec_type -of csv=p=0 "$2" | sort -u | tr '\n' ' ')" "${3:-audio video }"
    is "$1: one video stream" "$(ffprobe -v quiet -select_streams v -show_entries stream=index -of csv=p=0 "$2" | wc -l)" 1
}

# names FILE PATTERN: the report's list of what was left out
names() {
    jq -r '.stripped[]' "$1" | grep -Eiq -- "$2" || { jq -r '.stripped[]' "$1"; return 1; }
}

ok "the clips hold what they should" grep -aq "$SECRET" full.mkv
for ext in mp4 mkv mov; do
    runs "MKV with everything to $ext: runs" bare full.mkv "mkv.$ext"
    clean "MKV with everything to $ext" "mkv.$ext"
    runs "MP4 with everything to $ext: runs" bare full.mp4 "mp4.$ext"
    clean "MP4 with everything to $ext" "mp4.$ext"
done
runs "MP4 of a telephone: runs" bare phone.mp4 phone-out.mp4
clean "MP4 of a telephone" phone-out.mp4
for word in com.apple.quicktime.model serial_number location; do
    ok "MP4 of a telephone: the report names $word" names phone-out.mp4.report.json "file metadata: $word"
done
for word in 'file metadata: title' 'file metadata: artist' 'metadata: comment' 'metadata: (LOCATION|location)' \
    'serial_number|SERIAL_NUMBER' 'subtitle, subrip' 'attachment' '1 chapters' 'stream 0 metadata: (title|TITLE)'; do
    ok "MKV: the report names $word" names mkv.mp4.report.json "$word"
done
ok "MP4: the clip has a thumbnail" test "$(ffprobe -v quiet -select_streams v -show_entries stream=index -of csv=p=0 full.mp4 | wc -l)" = 2
ok "MP4: the report names the thumbnail" names mp4.mp4.report.json 'thumbnail video, png'
ok "MP4: the report names the place" names mp4.mp4.report.json 'file metadata: location'
ok "the report holds keys, not values" not grep -q "$SECRET" mkv.mp4.report.json

runs "timecode track: runs" bare timecode.mov timecode-out.mov
clean "timecode track" timecode-out.mov
ok "timecode track: the report names the data stream" names timecode-out.mov.report.json 'data'
is "timecode track: no timecode" "$(ffprobe -v quiet -show_entries stream_tags=timecode:format_tags=timecode -of csv=p=0 timecode-out.mov | grep -c :)" 0

runs "private SEI: runs" bare sei.mp4 sei-out.mp4
ok "private SEI: the clip holds it" grep -aq "$SECRET-sei" sei.mp4
clean "private SEI" sei-out.mp4 "video "
ok "private SEI: the report names it" names sei-out.mp4.report.json 'frame side data: .*SEI'

runs "sound dropped too: runs" bare full.mkv silent.mp4 --audio drop
clean "sound dropped too" silent.mp4 "video "

# ---- dates, devices and programs that a muxer adds -------------------------------

runs "no date, no encoder: runs" bare plain.mp4 tidy.mp4
is "no creation time" "$(ffprobe -v quiet -show_entries format_tags=creation_time:stream_tags=creation_time -of csv=p=0 tidy.mp4 | tr -d ',\n')" ""
is "no encoder tag" "$(ffprobe -v quiet -show_entries format_tags=encoder -of csv=p=0 tidy.mp4)" ""

# ---- kept by name ------------------------------------------------------------------

tag() {
    ffprobe -v quiet -show_entries "format_tags=$2" -of default=nw=1:nk=1 "$1"
}
for ext in mp4 mkv; do
    runs "--keep-metadata to $ext: runs" bare full.mkv "keep.$ext" --keep-metadata title,artist
    is "--keep-metadata to $ext: title" "$(tag "keep.$ext" title)" "$SECRET title"
    is "--keep-metadata to $ext: artist" "$(tag "keep.$ext" artist)" "$SECRET artist"
    is "--keep-metadata to $ext: no comment" "$(tag "keep.$ext" comment)" ""
    ok "--keep-metadata to $ext: what was kept is not listed" not names "keep.$ext.report.json" 'file metadata: (title|TITLE)'
    ok "--keep-metadata to $ext: no camera" not grep -aq "$SECRET camera" "keep.$ext"
done
runs "--keep-metadata language: runs" bare full.mkv language.mkv --keep-metadata language
is "--keep-metadata language: kept" \
    "$(ffprobe -v quiet -select_streams a:0 -show_entries stream_tags=language -of csv=p=0 language.mkv)" \
    "$(ffprobe -v quiet -select_streams a:0 -show_entries stream_tags=language -of csv=p=0 full.mkv)"
for key in location creation_time com.apple.quicktime.model "title,location" nosuch "title, artist"; do
    refused "--keep-metadata $key" "--keep-metadata takes" no.mp4 full.mkv --chain null --allow-bare --keep-metadata "$key"
done

done_testing
