#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Goal: a review ends in a video that shows whom consent or a reason lets be
# seen, hides everyone else, and in papers that say so truly.

LIB=$(realpath "$(dirname "$0")/../lib")
. "$LIB/e2e.sh"
. "$LIB/review.sh"

tiny_page page
ffmpeg -nostdin -v error -y -f lavfi -i "color=gray:s=320x96:r=25:d=3,format=yuv420p" -f lavfi -i "sine=d=3" \
    -c:v libx264 -preset veryfast -c:a aac job.mp4
tracks_of job.mp4
# Three faces side by side, a gap in the first: 1 covered, 2 kept by consent, 3 kept by a reason.
jq -c 'def boxes(x; r): [r | [., x, 20, 40, 40, "d", 0.9]];
    .tracks = [
    {id: 1, action: "cover", reason: "bystander", note: "=1+1 <script>alert(1)</script> \"quoted\"", consent: "",
     boxes: (boxes(20; range(0; 20)) + boxes(20; range(30; 75)))},
    {id: 2, action: "cover", reason: "", note: "", consent: "", boxes: boxes(130; range(0; 75))},
    {id: 3, action: "keep", reason: "data-subject", note: "", consent: "", boxes: boxes(240; range(0; 75))}] |
    .zones = [{id: 1, from: 1, to: 2, points: [[0, 80], [320, 80], [320, 96], [0, 96]], reason: "private-place", note: ""}] |
    .mutes = [{from: 0.5, to: 1, reason: "witness"}]' job.mp4.tracks.json > t.json && mv t.json job.mp4.tracks.json

# ---- consent ------------------------------------------------------------------------

yes 'one passphrase for a test' | head -n 2 > pass
for role in controller subject; do
    "$VEIL" keys new $role $role --pass-fd 3 3< pass > /dev/null 2>&1
done
echo 'we publish the street' > notice
# consent OUT ARGS...: a record signed by both sides.
consent() {
    local out=$1 role
    shift
    "$VEIL" consent "$@" -o "$out" > /dev/null 2>&1
    for role in controller subject; do
        "$VEIL" consent sign "$out" --key $role.key --pass-fd 3 3< pass > /dev/null 2>&1
    done
}
given() { # OUT VIDEO TRACK [PURPOSE]
    consent "$1" new --subject person-7 --controller council --subject-key subject.pub --controller-key controller.pub \
        --purpose "${4:-publication}" --data face-image --notice notice --recording "$2" --track "$3"
}
upload() { # RECORD TRACK
    jq -n --rawfile r "$1" --argjson t "$2" '{track: $t, record: $r}' > upload.json
    send POST /api/consent upload.json
}
given yes.note job.mp4 2
given third.note job.mp4 3
given other.note yes.note 2
given sale.note job.mp4 2 sale

ok "starts" review job.mp4
enter
sed 's/person-7/person-8/' yes.note > forged.note
is "a forged record" "$(upload forged.note 2)" 400
is "a record of another video" "$(upload other.note 2)" 400
is "a record of another track" "$(upload third.note 2)" 400
is "a record for another purpose" "$(upload sale.note 2)" 400
echo '{"track": 2}' > none.json
is "no record" "$(send POST /api/consent none.json)" 400
ok "nothing of these was kept" test ! -e job.mp4.consent
is "a good one" "$(upload yes.note 2)" 200
ID=$(jq -r .id body.txt)
is "is valid" "$(jq -r .state body.txt)" valid
ok "lies beside the video" cmp yes.note "job.mp4.consent/$ID.consent"

keep_two() { # save track 2 as kept by the record
    local revision
    revision=$(jq .revision job.mp4.tracks.json)
    jq -c --arg id "$ID" '.tracks[1].action = "keep" | .tracks[1].consent = $id' job.mp4.tracks.json > keep.json
    send PUT /api/tracks keep.json -H "If-Match: \"$revision\""
}
is "track 2 is to be kept" "$(keep_two)" 200
api GET /api/job > /dev/null
is "the job lists the record with its track" "$(jq -c '[.consents[] | [.state, .subject, .tracks]]' body.txt)" \
    '[["valid","person-7",[2]]]'

# looks FILE FRAME: which of the three places is dark, as 1s.
looks() {
    local x out=
    for x in 20 130 240; do
        out+=$(ffmpeg -nostdin -v error -i "$1" -vf "select=eq(n\,$2),crop=40:40:$x:20,scale=1:1:flags=area,format=gray" \
            -frames:v 1 -f rawvideo - | od -An -tu1 | awk '{ print ($1 < 40) }')
    done
    echo "$out"
}
api GET '/api/preview/10.jpg?w=320' > /dev/null && mv body.txt seen.jpg
is "the preview hides the first alone" "$(looks seen.jpg 0)" 100

# render NAME: start and wait; prints how it ended.
render() {
    local state
    jq -n --arg o "$1" '{output: $o, audit: false}' > render.json
    send POST /api/render render.json > status.txt
    [ "$(cat status.txt)" = 202 ] || { cat status.txt; return; }
    for _ in $(seq 600); do
        api GET /api/render > /dev/null
        state=$(jq -r .state body.txt)
        [ "$state" = running ] || break
        sleep 0.05
    done
    echo "$state"
}
echo '{}' > empty.json
is "no papers before a render" "$(send POST /api/papers empty.json)" 409
is "nor are any shown" "$(api GET /api/papers.html)" 409
is "renders" "$(render one.mp4)" "done"
is "none were made yet" "$(api GET /api/papers.csv)" 404
jq -n '{reference: "Case <7>", recipient: "a court"}' > facts.json
is "papers of the render" "$(send POST /api/papers facts.json)" 200
ok "lie beside it" [ -s one.mp4.papers.html -a -s one.mp4.papers.csv -a -s one.mp4.papers.json ]
is "with what was said" "$(jq -r '.register.reference + ", " + .register.recipient' one.mp4.papers.json)" "Case <7>, a court"
is "are shown" "$(api GET /api/papers.html)" 200
ok "as text" grep -q 'Case &lt;7&gt;' body.txt
ok "without a right to anything" grep -qi "^content-security-policy: default-src 'none'.*sandbox" head.txt
is "the others are downloaded" "$(api GET /api/papers.csv > /dev/null; grep -ci '^content-disposition: attachment' head.txt)" 1
jq -n '{reference: 7}' > facts.json
is "a fact that is no text" "$(send POST /api/papers facts.json)" 400
jq -n '{reason: "nothing-like-it"}' > facts.json
is "a reason that is not on the list" "$(send POST /api/papers facts.json)" 400
jq -n '{recipient: ("x" * 501)}' > facts.json
is "a fact without end" "$(send POST /api/papers facts.json)" 400
is "as in the preview" "$(looks one.mp4 10)" 100
is "and in the gap of the first nothing" "$(looks one.mp4 25)" 000
is "the report names both kept tracks" "$(jq -c '[.tracks.kept[].track]' one.mp4.report.json)" '[2,3]'
is "not over an output that is there" "$(render one.mp4)" 409

consent no.note withdraw yes.note
is "the person takes it back" "$(upload no.note 2)" 200
is "which shows" "$(jq -r .state body.txt)" withdrawn
is "the old record does not come back" "$(upload yes.note 2)" 409
api GET '/api/preview/10.jpg?w=320' > /dev/null && mv body.txt seen.jpg
is "now the preview hides the second too" "$(looks seen.jpg 0)" 110
is "renders again" "$(render two.mp4)" "done"
is "with the second hidden" "$(looks two.mp4 10)" 110

# ---- audited -------------------------------------------------------------------------------

# audited NAME: render with an audit; prints how it ended.
audited() {
    jq -n --arg o "$1" '{output: $o, audit: true}' > render.json
    send POST /api/render render.json > status.txt
    for _ in $(seq 1200); do
        api GET /api/render > /dev/null
        [ "$(jq -r .state body.txt)" = running ] || break
        sleep 0.05
    done
    jq -r .state body.txt
}
ffmpeg -nostdin -v error -y -f lavfi -i "color=gray:s=320x96:r=25:d=1,format=yuv420p" -c:v libx264 -preset veryfast blank.mp4
tracks_of blank.mp4
review blank.mp4 && enter
is "a render that the audit passes" "$(audited clean.mp4)" "done"
is "says so" "$(jq -c '[.audit.clean, .output, .report, .progress]' body.txt)" \
    '[true,"./clean.mp4","./clean.mp4.report.json",1]'
if [ -x "$(dirname "$VEIL")/samples/street/street" ]; then
    "$(dirname "$VEIL")/samples/street/street" --size 640x360 --frames 20 --people 8 -o street.mp4 > /dev/null 2>&1
    tracks_of street.mp4
    review street.mp4 && enter
    is "one in which faces are bare" "$(audited bare.mp4)" failed
    ok "says how many places" grep -q 'the audit found [1-9][0-9]* place' body.txt
    ok "and where" jq -e '.audit.findings[0] | .from_frame >= 0 and (.box | length) == 4' body.txt
    ok "is not written" test ! -e bare.mp4
    ok "and has no papers" exits 2 veil report bare.mp4.report.json
    ok "as a sentence says" one_sentence "withheld"
else
    skip "one in which faces are bare" "the sample street is not built"
fi

# ---- stopping -----------------------------------------------------------------------------

bars long.mp4 900 -c:v libx264 -preset ultrafast
tracks_of long.mp4
review long.mp4 && enter
jq -n '{output: "never.mp4"}' > render.json
is "a long render" "$(send POST /api/render render.json)" 202
is "a second one waits" "$(send POST /api/render render.json)" 409
is "is stopped" "$(api DELETE /api/render)" 200
for _ in $(seq 100); do
    api GET /api/render > /dev/null
    [ "$(jq -r .state body.txt)" = running ] || break
    sleep 0.05
done
is "ends as failed" "$(jq -r .state body.txt)" failed
ok "nothing of it is left" test -z "$(find . -name 'never*')"
is "another may begin" "$(send POST /api/render render.json)" 202
is "the review ends meanwhile" "$(api POST /api/quit)" 200
wait "$REVIEW_PID"
REVIEW_PID=
ok "and leaves nothing" test -z "$(find . -name 'never*')"

# ---- papers --------------------------------------------------------------------------------

ok "the papers" veil report two.mp4.report.json --recipient 'A. Example' --reference SAR-7 --reason third-party
ok "three files" test -s two.mp4.papers.html -a -s two.mp4.papers.csv -a -s two.mp4.papers.json
P=two.mp4.papers.json
is "two stretches of the first, one of the second, an area, a sound" \
    "$(jq -c '[.masks[] | [.kind, .id, .in, .out, .reason]]' $P)" \
    '[["face",1,"0:00:00.000","0:00:00.800","bystander"],["face",2,"0:00:00.000","0:00:03.000","third-party"],["sound",1,"0:00:00.500","0:00:01.000","witness"],["area",1,"0:00:01.000","0:00:02.000","private-place"],["face",1,"0:00:01.200","0:00:03.000","bystander"]]'
is "with the legal basis" "$(jq -r '.masks[0].basis' $P)" 'UK GDPR Art. 5(1)(c)'
ok "why the second is hidden after all" test "$(jq -r '.masks[1].text' $P)" = 'was to stay visible: consent was withdrawn'
is "the third is shown, and why" "$(jq -c '[.shown[] | [.id, .reason]]' $P)" '[[3,"data-subject"]]'
is "digests of both videos" "$(jq -r '[.register.master_sha256, .register.disclosed_sha256] | join(" ")' $P)" \
    "$(sha256sum < job.mp4 | cut -c 1-64) $(sha256sum < two.mp4 | cut -c 1-64)"
is "counts" "$(jq -c '.summary | [.faces_covered, .faces_shown, .areas, .sounds, .without_reason]' $P)" '[2,1,1,1,0]'
ok "a note cannot run in a spreadsheet" grep -qF "\"'=1+1 <script>alert(1)</script> \"\"quoted\"\"\"" two.mp4.papers.csv
ok "nor in a browser" not grep -q '<script' two.mp4.papers.html
is "the log has a line a mask" "$(wc -l < two.mp4.papers.csv | xargs)" 7
ok "papers are not overwritten" exits 2 veil report two.mp4.report.json
ok "says what to do" one_sentence "force"
veil report one.mp4.report.json --json
is "consent is the ground of the first render" "$(jq -r '.shown[] | select(.id == 2).reason' out.txt)" consent
jq -c '.tracks[0].note = "later"' job.mp4.tracks.json > t.json && mv t.json job.mp4.tracks.json
ok "a tracks file changed since the render: exit 2" exits 2 veil report one.mp4.report.json --json
ok "says so" one_sentence "changed after that render"
ok "a reason that is not on the list: exit 2" exits 2 veil report one.mp4.report.json --reason nonsense
ok "no report: exit 2" exits 2 veil report
ok "a video is no report: exit 2" exits 2 veil report two.mp4
ok "says so" one_sentence "not a report"
veil redact job.mp4 -o plain.mp4 --detector own --quiet
ok "a render without a tracks file: exit 2" exits 2 veil report plain.mp4.report.json
ok "says so" one_sentence "without a tracks file"
done_testing
