#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: scanning and then rendering from the tracks file gives the bytes of the
# single pass; a tracks file of another video, or one that was damaged, is
# refused; its zones and mutes apply.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

STREET=$(dirname "$VEIL")/samples/street/street
"$STREET" --size 640x360 --frames 40 --people 4 -o s.mp4 > /dev/null 2>&1 || skip_all "the sample street is not built"

# ---- scan ----------------------------------------------------------------------

runs "scan" veil scan s.mp4 -o t.json -d own
ok "the file says what it is" jq -e '.format == "veil-tracks" and .version == 1 and .revision == 0' t.json
is "it knows the video" "$(jq -r '.source | "\(.sha256) \(.width)x\(.height) \(.frames)"' t.json)" \
    "$(sha256sum s.mp4 | cut -d' ' -f1) 640x360 40"
ok "it has tracks with boxes" jq -e '[.tracks[].boxes | length] | add > 40' t.json
ok "it says what found them" jq -e '.detector.detector == "own" and .detector.frames_seen == 40' t.json
"$VEIL" scan s.mp4 -o - -d own -q > piped.json 2> err.txt
ok "to standard output: the same" cmp t.json piped.json
"$VEIL" scan s.mp4 -o u.json -d own -q --json > sum.json 2> err.txt
ok "a summary" eval "[ \"\$(jq -r .boxes sum.json)\" = \"\$(jq '[.tracks[].boxes | length] | add' t.json)\" ]"
printf 'detect-every = 1;\n' > mine.cfg
runs "a profile applies" veil scan s.mp4 -o p.json -d own -p ./mine.cfg
ok "as it says" jq -e '.detector.frames_searched == 40' p.json

ok "an existing file is refused" exits 2 veil scan s.mp4 -o t.json -d own
ok "with a sentence" one_sentence "'t.json' exists"
cp s.mp4 copy.mp4
ok "the video is never overwritten" exits 2 veil scan copy.mp4 -o copy.mp4 -d own --force
ok "with a sentence" one_sentence 'the video itself'
ok "and still there" cmp s.mp4 copy.mp4
ok "a pipe cannot be tied" eval "exits 2 eval '\"\$VEIL\" scan - -o x.json -d own < s.mp4 2> err.txt'"
ok "with a sentence" one_sentence 'plain file'
ok "nothing left" nothing_left x.json
ok "no input" exits 2 veil scan -o x.json

# ---- render ---------------------------------------------------------------------

runs "single pass" veil redact s.mp4 -o one.mp4 -d own
runs "two passes" veil redact s.mp4 -o two.mp4 --tracks t.json
ok "the same bytes" cmp one.mp4 two.mp4
is "the same count" "$(jq -c .result.faces_per_frame_runs one.mp4.report.json)" \
    "$(jq -c .result.faces_per_frame_runs two.mp4.report.json)"
ok "the report names the file and the detector" jq -e \
    ".tracks.sha256 == \"$(sha256sum t.json | cut -d' ' -f1)\" and .tracks.detector.detector == \"own\"" two.mp4.report.json

jq -c '.tracks = [] | .zones = [{id: 1, from: -1, to: 1.0, points: [[100,100],[200,100],[200,200],[100,200]], reason: "", note: ""}]
    | .mutes = [{from: 0.2, to: 0.6, reason: "name"}]' t.json > z.json
runs "zones and mutes of the file" veil redact s.mp4 -o z.mp4 --tracks z.json
ff -i z.mp4 -frames:v 20 -c copy z-early.mp4
ff -ss 1.2 -i z.mp4 -frames:v 5 -crf 4 z-late.mp4
ok "the zone is black in its time" is_flat z-early.mp4 90:90:105:105
ok "and not after it" not is_flat z-late.mp4 90:90:105:105
peak() {
    ffmpeg -nostdin -v error -i "$1" -map 0:a -af "atrim=$2,astats=metadata=1:reset=0" -f null - -v info 2>&1 |
        sed -n 's/.*Peak level dB: //p' | tail -1
}
ok "the sound is silent there" eval "peak z.mp4 0.25:0.55 | grep -Eq -- '-inf|-[6-9][0-9]|-1[0-9][0-9]'"
ok "and not elsewhere" eval "! peak z.mp4 0.8:1.4 | grep -Eq -- '-inf|-[6-9][0-9]|-1[0-9][0-9]'"

# ---- a turned video --------------------------------------------------------------

ff -i s.mp4 -frames:v 12 -an -c copy -bitexact -metadata:s:v rotate=90 r.mp4
veil scan r.mp4 -o r.json -d own
is "the turn is known" "$(jq .source.rotation r.json)" 270
jq -c '.tracks = [] | .zones = [{id: 1, from: -1, to: 9, points: [[100,100],[200,100],[200,200],[100,200]], reason: "", note: ""}]' \
    r.json > rz.json
runs "zones of a turned video" veil redact r.mp4 -o rz.mp4 --tracks rz.json
ok "lie where the file has them, as stored" is_flat rz.mp4 90:90:105:105
ok "and only there" not is_flat rz.mp4 90:90:305:105

# ---- what does not fit -------------------------------------------------------------

"$STREET" --size 640x360 --frames 40 --people 4 --seed 9 -o other.mp4 > /dev/null 2>&1
refused "another video" 'another video' no.mp4 other.mp4 --tracks t.json
sum=$(sha256sum other.mp4 | cut -d' ' -f1)
jq -c ".source.sha256 = \"$sum\" | .source.frames = 39 | .tracks |= map(.boxes |= map(select(.[0] < 39)))" t.json > short.json
refused "too few frames" 'this video has more' no.mp4 other.mp4 --tracks short.json
jq -c ".source.sha256 = \"$sum\" | .source.frames = 41" t.json > long.json
refused "too many frames" 'has 41 frames, this video has 40' no.mp4 other.mp4 --tracks long.json
jq -c ".source.sha256 = \"$sum\" | .source.pts.step += 1" t.json > late.json
refused "other times" 'frame 1 at time' no.mp4 other.mp4 --tracks late.json
jq -c ".source.sha256 = \"$sum\" | .source.width = 320" t.json > wide.json
refused "another size" '320x360' no.mp4 other.mp4 --tracks wide.json
head -c 2000 t.json > cut.json
refused "a file cut short" "tracks file 'cut.json', line" no.mp4 s.mp4 --tracks cut.json
jq -c '.tracks[0].action = "show"' t.json > show.json
refused "an unknown action" "track 1: action 'show'" no.mp4 s.mp4 --tracks show.json
refused "no such file" "'gone.json'" no.mp4 s.mp4 --tracks gone.json
refused "a chain that does not use it" "'tracks' in place" no.mp4 s.mp4 --tracks t.json --chain detect,track,cover
refused "the filter without a file" '--tracks FILE' no.mp4 s.mp4 --chain tracks,cover

done_testing
