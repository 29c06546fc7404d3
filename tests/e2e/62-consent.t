#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: a face stays visible only under a consent record that is signed, is for
# this recording, track and purpose, and holds at the time of rendering, or for
# a reason of the closed list; all else is covered, and the report says why.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

STREET=$(dirname "$VEIL")/samples/street/street
"$STREET" --size 640x360 --frames 20 --people 4 --no-audio -o s.mp4 > /dev/null 2>&1 || skip_all "the sample street is not built"

yes 'one passphrase for a test' | head -2 > pass
key() { "$VEIL" "$@" --pass-fd 3 3< pass > out.txt 2> err.txt; }
for role in controller subject; do
    key keys new "$role" "$role" || skip_all "keys cannot be made: $(cat err.txt)"
done
echo 'we publish the street' > notice

# record OUT ARGS...: written and signed by both
record() {
    local out=$1
    shift
    rm -f "$out"
    "$VEIL" consent new --subject person-7 --controller council --subject-key subject.pub --controller-key controller.pub \
        --purpose publication --data face-image --notice notice --days 30 "$@" -o "$out" > out.txt 2> err.txt &&
        key consent sign "$out" --key controller.key && key consent sign "$out" --key subject.key
}
id_of() { sed -n 's/^record //p' "$1"; }

# One large track alone, so that a shown face is a shown place.
veil scan s.mp4 -o all.json -d own || skip_all "scan: $(cat err.txt)"
jq -c '.tracks = [{id: 5, action: "keep", reason: "", note: "", consent: "",
    boxes: [range(20) | [., 300, 120, 80, 100, "m", 1]]}]' all.json > keep.json
# with FILE FILTER: tracks file changed by jq
with() { jq -c "$2" keep.json > "$1"; }
SHOWN=70:90:305:125

# shown TEXT TRACKS ARGS... / covered TEXT WHY TRACKS ARGS...
shown() {
    local text=$1 tracks=$2
    shift 2
    runs "$text: runs" veil redact s.mp4 -o o.mp4 -f --tracks "$tracks" "$@"
    ok "$text: visible" not is_flat o.mp4 $SHOWN
    ok "$text: the report says on what ground" jq -e '.tracks.kept[0].track == 5 and (.tracks.kept[0].ground | length > 5)' \
        o.mp4.report.json
}
covered() {
    local text=$1 why=$2 tracks=$3
    shift 3
    runs "$text: runs" veil redact s.mp4 -o o.mp4 -f --tracks "$tracks" "$@"
    ok "$text: covered" is_flat o.mp4 $SHOWN
    ok "$text: the report says why" jq -e ".tracks.kept == [] and (.tracks.kept_refused[0].covered_because | test(\"$why\"))" \
        o.mp4.report.json
    ok "$text: so does a warning" grep -q "warning: track 5 is covered, not kept: .*$why" err.txt
}

runs "a record is written" record given --recording s.mp4 --track 5
runs "and verified" veil consent verify given
id=$(id_of given)
with consented.json ".tracks[0].consent = \"$id\""

covered "nothing was given" 'neither consent nor a reason' keep.json
covered "a record that is not there" 'no consent record of that number' consented.json
shown "consent" consented.json --consent given
mkdir folder && cp given folder/a.consent
shown "consent from a folder" consented.json --consents folder
covered "a folder that is not there" 'no consent record of that number' consented.json --consents nowhere

ok "a chain without the filter covers everyone" eval \
    "veil redact s.mp4 -o o.mp4 -f --tracks consented.json --consent given --chain tracks,cover && is_flat o.mp4 $SHOWN"

# ---- what does not hold -------------------------------------------------------------

runs "it is taken back" veil consent withdraw given -o back
key consent sign back --key controller.key && key consent sign back --key subject.key
sleep 1
covered "withdrawn" 'withdrawn' consented.json --consent given --consent back
covered "withdrawn, in the other order" 'withdrawn' consented.json --consent back --consent given
cp back folder/b.consent
covered "withdrawn, in the folder" 'withdrawn' consented.json --consents folder

record other --recording notice --track 5
covered "another recording" 'another recording' <(jq -c ".tracks[0].consent = \"$(id_of other)\"" keep.json) --consent other
record track --recording s.mp4 --track 6
with track.json ".tracks[0].consent = \"$(id_of track)\""
covered "another track" 'another track' track.json --consent track
record free
with free.json ".tracks[0].consent = \"$(id_of free)\""
covered "bound to nothing" 'not bound' free.json --consent free
covered "another purpose" 'another purpose' consented.json --consent given --purpose training
covered "garbage for a number" 'no consent record' <(jq -c '.tracks[0].consent = "../../etc"' keep.json) --consent given
if command -v faketime > /dev/null; then
    runs "expired: runs" faketime '+40 days' "$VEIL" redact s.mp4 -o o.mp4 -f --tracks consented.json --consent given -q
    ok "expired: covered" is_flat o.mp4 $SHOWN
    ok "expired: the report says why" jq -e '.tracks.kept_refused[0].covered_because | test("expired")' o.mp4.report.json
else
    skip "expired" "faketime is not installed"
fi

# A record that cannot be believed may be someone's withdrawal: nothing is written.
sed 's/^event withdrawn/event given/' back > forged
refused "a forged record" "record 'forged' cannot be believed" no.mp4 s.mp4 --tracks consented.json --consent given --consent forged
head -c 100 given > cut-short
refused "a record cut short" "record 'cut-short' cannot be believed" no.mp4 s.mp4 --tracks consented.json --consent cut-short
refused "a record that is not there" "record 'gone' cannot be believed" no.mp4 s.mp4 --tracks consented.json --consent gone

refused "a record without tracks" 'give the file .* with --tracks' no.mp4 s.mp4 --consent given

# ---- reasons --------------------------------------------------------------------------

shown "a reason of the closed list" <(jq -c '.tracks[0].reason = "public-role"' keep.json)
covered "a reason that is not on it" 'not on the closed list' <(jq -c '.tracks[0].reason = "because"' keep.json)
covered "a reason for covering" 'does not let a face be seen' <(jq -c '.tracks[0].reason = "bystander"' keep.json)
covered "a reason does not replace a record that fails" 'no consent record' \
    <(jq -c '.tracks[0].reason = "public-role" | .tracks[0].consent = "00"' keep.json)

# ---- overlap ----------------------------------------------------------------------------

jq -c ".tracks[0].consent = \"$id\" | .tracks += [{id: 9, action: \"cover\", reason: \"\", note: \"\", consent: \"\",
    boxes: [range(20) | [., 340, 120, 80, 100, \"m\", 1]]}]" keep.json > overlap.json
runs "an overlap: runs" veil redact s.mp4 -o o.mp4 -f --tracks overlap.json --consent given
ok "where both are, it is covered" is_flat o.mp4 36:90:343:125
ok "where only the kept face is, it is seen" not is_flat o.mp4 18:90:302:125

done_testing
