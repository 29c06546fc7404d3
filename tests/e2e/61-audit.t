#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: the audit passes a clean file, finds a face that was bare for one frame,
# and sees every other thing that should be as it was, or gone.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

STREET=$(dirname "$VEIL")/samples/street/street
"$STREET" --size 640x360 --frames 40 --people 4 -o s.mp4 > /dev/null 2>&1 || skip_all "the sample street is not built"
yunet=no
veil scan s.mp4 -o y.json -d yunet -q && yunet=yes

# A face by hand, with detail in it, and a mask on it in all frames but number 20.
veil scan s.mp4 -o all.json -d own -q || skip_all "scan: $(cat err.txt)"
jq -c '.tracks = [{id: 1, action: "cover", reason: "", note: "", consent: "", boxes: [range(40) | [., 300, 120, 80, 100, "m", 1]]}]' \
    all.json > whole.json
jq -c '.tracks[0].boxes |= map(select(.[0] != 20))' whole.json > hole.json
# No detector is so sure: these runs show the other checks alone.
SURE="-d own --size 640 --every 25 --threshold 0.99"

# check FILE NAME: state of a check in the JSON of the last audit
state() { jq -r ".checks[] | select(.name == \"$1\") | .state" audit.json; }
# audit ARGS...: leaves audit.json and err.txt
audit() { "$VEIL" audit "$@" --json -q > audit.json 2> err.txt < /dev/null; }
# sees TEXT CHECK FILE ARGS...: exit 1, and just this check failed
sees() {
    local text=$1 check=$2
    shift 2
    # shellcheck disable=SC2086
    ok "$text: exit 1" exits 1 audit "$@" $SURE
    is "$text: by the check '$check'" "$(jq -r '[.checks[] | select(.state == "failed") | .name] | join(" ")' audit.json)" "$check"
}

veil redact s.mp4 -o clean.mp4 --tracks whole.json -q
veil redact s.mp4 -o bare.mp4 --tracks hole.json -q

# shellcheck disable=SC2086
ok "a clean file: exit 0" exits 0 audit clean.mp4 --source s.mp4 $SURE
is "all checks passed" "$(jq -r '[.checks[].state] | unique | join(" ")' audit.json)" passed
# shellcheck disable=SC2086
ok "alone: exit 0" exits 0 audit clean.mp4 $SURE
ok "both detectors are named" jq -e '.made_with.detector == "own" and .searched_with.detector == "own"' audit.json
cp bare.mp4 bare2.mp4
sees "one bare frame, by the tracks file" faces bare2.mp4 --source s.mp4 --tracks whole.json
is "that frame and no other" "$(jq -r '.findings[] | "\(.from_frame) \(.to_frame) \(.frames) \(.kind)"' audit.json)" "20 20 1 uncovered"

# ---- the page ------------------------------------------------------------------------

# shellcheck disable=SC2086
ok "a page" exits 1 audit bare2.mp4 --source s.mp4 --tracks whole.json --html page.html $SURE
ok "loads nothing" eval "! grep -Eqi '<script|<link|<img|<iframe|src=|https?:|url\(' page.html"
ok "and says so to the browser" grep -q "Content-Security-Policy.*default-src 'none'" page.html
ok "leads from the timeline to the row" eval "grep -q 'href=\"#f1\"' page.html && grep -q 'id=\"f1\"' page.html"
ok "is refused where one is" exits 2 audit clean.mp4 --html page.html
ok "with a sentence" one_sentence "'page.html' exists"
cp clean.mp4 '<b>&".mp4'
# shellcheck disable=SC2086
ok "a name is text" exits 0 audit '<b>&".mp4' --html odd.html $SURE
ok "and no markup" eval "grep -q '&lt;b&gt;&amp;&quot;.mp4' odd.html && ! grep -q '<b>' odd.html"

# ---- what should be as it was, or gone ------------------------------------------------

t() { ff -i clean.mp4 "$@"; }
t -map 0 -c copy -metadata title=x m.mp4
sees "metadata" stripped m.mp4 --source s.mp4
t -map 0 -c copy -metadata:s:v handler_name='Cam 7' h.mp4
sees "a camera's name" stripped h.mp4 --source s.mp4
printf ';FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle=x\n' > chapters
veil redact s.mp4 -o silent.mkv --tracks whole.json -q --audio drop
for f in c.mkv sub.mkv; do
    jq 'del(.output.sha256)' silent.mkv.report.json > $f.report.json
done
ff -i silent.mkv -i chapters -map_metadata 1 -map 0:v -c copy c.mkv
sees "chapters" stripped c.mkv --source s.mp4
printf '1\n00:00:00,000 --> 00:00:01,000\nhe said\n' > sub.srt
ff -i silent.mkv -i sub.srt -map 0 -map 1 -c copy -c:s srt sub.mkv
sees "subtitles" stripped sub.mkv --source s.mp4
t -map 0 -c:a copy -c:v libx264 -crf 10 -vf 'select=lt(n\,39)' -vsync passthrough short.mp4
sees "a frame too few" frames short.mp4 --source s.mp4
t -map 0 -c:a copy -c:v libx264 -crf 10 -vf 'setpts=PTS+0.04/TB*gte(N\,30)' -vsync passthrough late.mp4
sees "late frames" times late.mp4 --source s.mp4
is "from the right one" "$(jq -r '.checks[] | select(.name == "times") | .text' audit.json | sed 's/.*first at //')" "1.240 s"
t -map 0 -c:a copy -c:v libx264 -crf 10 -vf eq=brightness=0.1 bright.mp4
sees "another picture" picture bright.mp4 --source s.mp4
t -map 0 -c:a copy -c:v libx264 -crf 10 -vf scale=320:180 small.mp4
sees "another size" picture small.mp4 --source s.mp4
t -map 0 -c:v copy -c:a aac -af volume=0.5 quiet.mp4
sees "other sound" audio quiet.mp4 --source s.mp4
t -map 0:v -c copy dumb.mp4
sees "no sound, and no report that says so" audio dumb.mp4 --source s.mp4
cp clean.mp4 other.mp4 && cp bare.mp4.report.json other.mp4.report.json
sees "another file's report" papers other.mp4

# ---- what was asked for is no finding ----------------------------------------------------

passes() {
    local text=$1
    shift
    # shellcheck disable=SC2086
    ok "$text" exits 0 audit "$@" $SURE
    cat audit.json > last.json
}
veil redact s.mp4 -o drop.mp4 --tracks whole.json -q --audio drop
passes "sound that was dropped" drop.mp4 --source s.mp4
veil redact s.mp4 -o mute.mp4 --tracks whole.json -q --audio mute=0.4-1.0
passes "sound that was muted" mute.mp4 --source s.mp4
ok "is compared" jq -e '.checks[] | select(.name == "audio") | .text | test("silent where muted")' last.json
ff -i mute.mp4 -i s.mp4 -map 0:v -map 1:a -c:v copy -c:a aac -b:a 96k spoken.mp4
jq 'del(.output.sha256)' mute.mp4.report.json > spoken.mp4.report.json
sees "a name that is still spoken" audio spoken.mp4 --source s.mp4
veil redact s.mp4 -o blur.mp4 --tracks whole.json -q --style blur
passes "blurred faces" blur.mp4 --source s.mp4
veil redact s.mp4 -o crf.mp4 --tracks whole.json -q --crf 32 --preset ultrafast
passes "coarse coding" crf.mp4 --source s.mp4
ff -i s.mp4 -frames:v 15 -an -c copy -bitexact -metadata:s:v rotate=90 r.mp4
veil redact r.mp4 -o r.mkv -d own -q
passes "a picture that was turned" r.mkv --source r.mp4
is "was compared" "$(jq -r '.checks[] | select(.name == "picture") | .state' last.json)" passed

# The file has boxes as stored: in the turned picture they lie elsewhere.
veil scan r.mp4 -o r.json -d own -q
jq -c '.tracks = [{id: 1, action: "cover", reason: "", note: "", consent: "", boxes: [range(15) | [., 300, 120, 80, 100, "m", 1]]}]' \
    r.json > rt.json
veil redact r.mp4 -o rt.mkv --tracks rt.json -q
passes "boxes of a picture that was turned" rt.mkv --source r.mp4
jq -c '.tracks[0].boxes |= map(select(.[0] != 7))' rt.json > rh.json
veil redact r.mp4 -o rh.mkv --tracks rh.json -q
sees "one bare frame of a picture that was turned" faces rh.mkv --source r.mp4 --tracks rt.json

jq -c '.tracks[0].action = "keep" | .tracks[0].reason = "public-role"' whole.json > keep.json
veil redact s.mp4 -o keep.mp4 --tracks keep.json -q
passes "a kept face" keep.mp4 --source s.mp4
jq '.tracks.kept = []' keep.mp4.report.json > k && mv k keep.mp4.report.json
sees "a face that nobody said is kept" faces keep.mp4 --source s.mp4

# ---- redact --audit ------------------------------------------------------------------------

if [ $yunet = yes ]; then
    runs "yunet: redact --audit keeps a clean file" veil redact s.mp4 -o ya.mp4 --tracks y.json --audit
    ok "the report says that it is" jq -e '.audit.clean and (.withheld | not)' ya.mp4.report.json
    ok "yunet: a clean file: exit 0" exits 0 audit ya.mp4 --source s.mp4
    ok "searched at more than made it" jq -e '.searched_with.size > .made_with.size' audit.json
    jq -c '.tracks |= map(.boxes |= map(select(.[0] != 20)))' y.json > yhole.json
    ok "yunet: a file with a bare frame is withheld" exits 1 veil redact s.mp4 -o yb.mp4 --tracks yhole.json --audit
    ok "with a sentence" one_sentence "'yb.mp4' was not written"
    ok "no file under its name" not test -e yb.mp4 -o -e yb.mp4.part
    ok "the report says why" jq -e '.withheld and (.audit.findings | length > 0)' yb.mp4.report.json
    veil redact s.mp4 -o yc.mp4 --tracks yhole.json -q
    ok "yunet: one bare frame, without the source: exit 1" exits 1 audit yc.mp4
    is "that frame and no other" "$(jq -r '[.findings[] | .from_frame, .to_frame] | unique | join(" ")' audit.json)" 20
else
    skip "the audit by yunet" "VEIL_MODELS has no yunet"
fi

# ---- could not ask --------------------------------------------------------------------------

could_not() {
    local text=$1 pattern=$2
    shift 2
    ok "$text: exit 2" exits 2 audit "$@"
    ok "$text: one sentence" one_sentence "$pattern"
}
echo 'no video' > text.mp4
could_not "no video" 'cannot open' text.mp4
could_not "no such file" 'cannot open' gone.mp4
could_not "no such source" 'cannot open' clean.mp4 --source gone.mp4
could_not "the file as its source" 'the video itself' clean.mp4 --source clean.mp4
could_not "an unknown detector" 'unknown backend' clean.mp4 -d eye
could_not "words for a detector" 'unknown detector' clean.mp4 -d 'own:x=1'
could_not "a report that is none" "report 'text.mp4'" clean.mp4 --report text.mp4
could_not "a tracks file that is none" "tracks file 'text.mp4'" clean.mp4 --tracks text.mp4

done_testing
