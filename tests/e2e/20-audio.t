#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: sound is kept as it was, all tracks of it; or left out; or silenced to
# the sample in the parts that were named, and nowhere else.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

X264="-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p"

# samples FILE [MAP]: decoded samples, one a line
samples() {
    ffmpeg -nostdin -v error -i "$1" -map "0:${2:-a:0}" -ac 1 -ar 48000 -f s16le - |
        perl -0777 -ne 'print join "\n", unpack "s<*", $_; print "\n"'
}

# silent_between FILE FROM TO [MAP]: every sample in [FROM, TO) is 0 (sample numbers)
silent_between() {
    samples "$1" "${4:-a:0}" | awk -v a="$2" -v b="$3" '
        NR > a && NR <= b { n++; if ($1 != 0) { print "sample " NR - 1 " is " $1; exit 1 } }
        END { if (n != b - a) { print n " of " b - a " samples"; exit 1 } }'
}

# sounds_between FILE FROM TO [MAP]: no run of 100 zero samples there
sounds_between() {
    samples "$1" "${4:-a:0}" | awk -v a="$2" -v b="$3" '
        NR > a && NR <= b { run = $1 == 0 ? run + 1 : 0; n++; if (run > 99) { print "silence at sample " NR - 1; exit 1 } }
        END { if (n < b - a) { print n " of " b - a " samples"; exit 1 } }'
}

# shellcheck disable=SC2086
{
    clip pcm.mov $X264 -c:a pcm_s16le
    clip aac.mp4 $X264 -c:a aac
    ff -f lavfi -i testsrc2=s=160x128:r=25:d=1 -f lavfi -i sine=f=440:r=48000:d=1 -f lavfi -i sine=f=660:r=44100:d=1 \
        -f lavfi -i sine=f=880:r=48000:d=1 -map 1:a -map 0:v -map 2:a -map 3:a $X264 \
        -c:a:0 aac -c:a:1 libmp3lame -c:a:2 ac3 -bitexact tracks.mp4
    for c in "flac mkv" "libopus mkv" "libvorbis mkv" "ac3 mp4" "eac3 mp4" "alac mov" "pcm_mulaw mov" "pcm_s24le mkv" "mp2 mkv" "libmp3lame mp4"; do
        set -- $c
        clip "in-$1.$2" $X264 -c:a "$1"
    done
}

# ---- keep -------------------------------------------------------------------------

for f in in-*.*; do
    runs "$f: runs" bare "$f" "out-${f#in-}"
    ok "$f: packets" same_audio "$f" "out-${f#in-}"
    is "$f: codec" "$(fact_audio "out-${f#in-}")" "$(fact_audio "$f")"
done
runs "three tracks: runs" bare tracks.mp4 three.mp4
is "three tracks: all there" "$(fact_audio three.mp4 | tr '\n' ' ')" "aac mp3 ac3 "
for a in 0 1 2; do
    ok "three tracks: packets of track $a" test "$(audio_md5 tracks.mp4 a:$a)" = "$(audio_md5 three.mp4 a:$a)"
done
is "three tracks: streams in the order of the source" \
    "$(ffprobe -v quiet -show_entries stream=codec_type -of csv=p=0 three.mp4 | tr -d ',' | xargs)" "audio video audio audio"
refused "PCM into MP4" "mp4 cannot hold pcm_s16le audio" no.mp4 pcm.mov --chain null --allow-bare
refused "AAC into WebM" "webm cannot hold aac audio" no.webm aac.mp4 --chain null --allow-bare

# ---- drop -------------------------------------------------------------------------

runs "drop: runs" bare tracks.mp4 drop.mp4 --audio drop
is "drop: no sound is left" "$(fact_audio drop.mp4)" ""
ok "drop: times" same_times tracks.mp4 drop.mp4
is "drop: the report names the streams" \
    "$(jq -r '.stripped[] | select(test("audio"))' drop.mp4.report.json | wc -l)" 3
runs "drop makes any container possible" bare pcm.mov drop-pcm.mp4 --audio drop

# ---- mute -------------------------------------------------------------------------

runs "mute PCM: runs" bare pcm.mov mute.mov --audio mute=0.25-0.5,0.7501-0.8
ok "mute PCM: first part is silent to the sample" silent_between mute.mov 12000 24000
ok "mute PCM: second part is silent to the sample" silent_between mute.mov 36005 38400
samples pcm.mov > a.txt
samples mute.mov > b.txt
is "mute PCM: as long as before" "$(wc -l < b.txt)" "$(wc -l < a.txt)"
is "mute PCM: every other sample is as it was" \
    "$(paste a.txt b.txt | awk '$1 != $2 && !(NR > 12000 && NR <= 24000) && !(NR > 36004 && NR <= 38400)' | wc -l)" 0
ok "mute PCM: times of the picture" same_times pcm.mov mute.mov

runs "mute AAC: runs" bare aac.mp4 mute.mp4 --audio mute=0.3-0.6
# A lossy codec smears over one frame (1,024 samples and its overlap) at the borders.
ok "mute AAC: silent inside" silent_between mute.mp4 17000 26000
ok "mute AAC: sounds before" sounds_between mute.mp4 2100 12000
ok "mute AAC: sounds after" sounds_between mute.mp4 32000 44000
is "mute AAC: still AAC" "$(fact_audio mute.mp4)" aac
ok "mute AAC: begins when it began" near_number 0.001 \
    "$(ffprobe -v quiet -select_streams a -show_entries stream=start_time -of csv=p=0 aac.mp4)" \
    "$(ffprobe -v quiet -select_streams a -show_entries stream=start_time -of csv=p=0 mute.mp4)"
samples aac.mp4 > a.txt
samples mute.mp4 > b.txt
# shellcheck disable=SC2016 # awk's fields
ok "mute AAC: in step with what it was" awk '
    FNR == NR { a[FNR] = $1; next }
    FNR > 3000 && FNR <= 12000 { xy += a[FNR] * $1; xx += a[FNR] * a[FNR]; yy += $1 * $1 }
    END { print "correlation " xy / sqrt(xx * yy + 1); exit !(xy / sqrt(xx * yy + 1) > 0.98) }' a.txt b.txt

runs "mute to the end and beyond: runs" bare pcm.mov mute-end.mov --audio mute=0.5-1:00
ok "mute to the end and beyond: silent" silent_between mute-end.mov 24000 48000
ok "mute to the end and beyond: sounds before" sounds_between mute-end.mov 0 23990
runs "mute all tracks: runs" bare tracks.mp4 mute-all.mp4 --audio mute=0-2
for a in 0 2; do
    ok "mute all tracks: track $a is silent" silent_between mute-all.mp4 4000 40000 a:$a
done
ok "mute all tracks: track 1 is silent" silent_between mute-all.mp4 4000 40000 a:1
# shellcheck disable=SC2086
RATE=25 clip late.mkv $X264 -c:a pcm_s16le -output_ts_offset 3
runs "mute in a film that begins at 3 s: runs" bare late.mkv mute-late.mkv --audio mute=3.25-3.5
ok "mute in a film that begins at 3 s: silent there" silent_between mute-late.mkv 12050 23950
ok "mute in a film that begins at 3 s: sounds before" sounds_between mute-late.mkv 0 11950

for how in loud mute mute= mute=5 mute=2-1 mute=1-1 mute=a-b "mute=0-1,," "mute=0-1,x"; do
    refused "--audio $how" "option '--audio' is" no.mp4 aac.mp4 --chain null --allow-bare --audio "$how"
done

done_testing
