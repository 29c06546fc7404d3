#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: a warrant opens one walker of a street where people cross, and nothing
# else: every other sample is the published one, nobody else's face is shown; the
# evidence is whole, signed, private, and says on whose authority. What does not
# fit is refused with one sentence, and a killed run leaves nothing that counts.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
cd "$ROOT" || exit 2
BUILD=$(realpath "${VEIL_BUILD:-build}")
SEAL=$BUILD/tests/lib/sealtool
COURT=$BUILD/tests/lib/courttool
STREET=${STREET:-$BUILD/samples/street/street}
# shellcheck source=tests/lib/e2e.sh
. tests/lib/e2e.sh
[ -x "$SEAL" ] && [ -x "$COURT" ] || { echo "Bail out! run 'make build/tests/lib/sealtool build/tests/lib/courttool'"; exit 2; }
stop() { echo "Bail out! $*"; exit 2; }

PASS='canary passphrase 5150'
mkdir g tmp
export TMPDIR=$PWD/tmp
"$COURT" new g 3<<< "$PASS" || stop 'no court'
"$STREET" -o street.mp4 --gt street.csv --size 640x360 --frames 60 --people 12 --seed 8 --crf 12 > street.log 2>&1 || stop 'no street'

# Every face of the ground truth is a track, so that all are sealed and covered.
"$VEIL" scan street.mp4 -o scan.json --detector own --detect-size 320 -q || stop 'no scan'
jq -R -s 'split("\n")[1:] | map(select(length > 0) | split(",") | map(tonumber)) | group_by(.[2])
    | map({id: (.[0][2] + 1), action: "cover", reason: "", note: "", consent: "",
           boxes: map([.[0], .[3], .[4], .[5], .[6], "m", 1])})' street.csv > truth.json
jq --slurpfile t truth.json '.tracks = $t[0]' scan.json > tracks.json
sealed() {
    "$VEIL" redact "$@" --tracks tracks.json --preset ultrafast --start 2026-05-01T14:02:00Z --group g/group.note \
        --policy g/policy.note --operator g/op.key --pass-fd 3 > out.txt 2> err.txt 3<<< "$PASS" < /dev/null
}
runs 'the street is sealed' sealed street.mp4 -o visual.mp4
runs 'and without loss' sealed street.mp4 -o lossless.mp4 --fidelity lossless

# track_of VIDEO FACE: its number in the vault; the report knows the box it began with.
track_of() {
    local begin
    begin=$(awk -F, -v f="$2" '$3 == f { printf "%d %d %d", $1, $4, $5; exit }' street.csv)
    jq -r --arg b "$begin" '.sealed.tracks[] | select("\(.first_frame) \(.first_box[0]) \(.first_box[1])" == $b) | .track' "$1.report.json"
}
FACE=4
V=$(track_of visual.mp4 $FACE)
L=$(track_of lossless.mp4 $FACE)
for w in "visual view visual $V" "lossless view lossless $L" "expired expired visual $V" "early early visual $V" \
    "match match visual $V" "lie lie visual $V"; do
    read -r name kind video track <<< "$w"
    "$COURT" warrant g "w-$name" "$kind" "$video.mp4.veil" "$track:0:0" || stop "no warrant '$name'"
done

# opens WARRANT VAULT OUT [ARGS...]: with the releases of custodians 1 and 3, unless R says others.
opens() {
    local warrant=$1 vault=$2 out=$3 r releases=()
    shift 3
    for r in ${R:-1 3}; do releases+=(--release "$warrant.release-$r"); done
    "$VEIL" open "$warrant" --group g/group.note --policy g/policy.note "${releases[@]}" --vault "$vault" --box g/rbox.key \
        --key g/req.key -o "$out" --pass-fd 3 "$@" > out.txt 2> err.txt 3<<< "$PASS
$PASS" < /dev/null
}

# ---- one walker ---------------------------------------------------------------------
runs 'a warrant opens one walker, sealed without loss' opens w-lossless lossless.mp4.veil ev --published lossless.mp4 --json
cp out.txt said.json
"$SEAL" restored g lossless.mp4.veil street.mp4 lossless.mp4 ev/restored.mkv "$L" street.csv $FACE > cmp.txt 2>&1
sed 's/^/# /' cmp.txt
said() { sed -n "s/.* $1 \([^ ]*\).*/\1/p" cmp.txt; }
is 'outside of its rectangles, every sample is the published one' "$(said outside)" 0
is 'nothing is changed in anybody else' "$(said others)" 0
is 'its own face is the source, bit for bit' "$(said psnr)" 999.00
ok 'and there was something to put back' [ "$(said inside)" -gt 10000 ]
ok 'the sound is that of the published video' same_audio lossless.mp4 ev/restored.mkv
ok 'and the times' same_times lossless.mp4 ev/restored.mkv
ok 'the codec has no loss' [ "$(fact ev/restored.mkv codec_name)" = ffv1 ]
is 'a picture for each frame' "$(ls "ev/crops/track-$L" | wc -l)" "$(jq .tracks[0].frames ev/evidence.json)"
ok 'a contact sheet' bash -c "ffprobe -v error -show_entries stream=width,height -of csv=p=0 ev/track-$L.png | grep -q 1016,"

runs 'the same at the default fidelity' opens w-visual visual.mp4.veil ev-visual --published visual.mp4
"$SEAL" restored g visual.mp4.veil street.mp4 visual.mp4 ev-visual/restored.mkv "$V" street.csv $FACE > cmp.txt 2>&1
sed 's/^/# /' cmp.txt
is 'outside of its rectangles, every sample is the published one' "$(said outside)" 0
is 'nobody else is shown' "$(said shown)" 0
# What may be changed there is a sliver of the sealer's grey that coding hid from veil_putback_find().
ok 'hardly a sample is changed in anybody else' [ $(($(said others) * 100)) -le "$(said inside)" ]
ok 'its own face is like the source' awk -v p="$(said psnr)" 'BEGIN { exit !(p >= 28) }'

# ---- two vaults in one warrant ------------------------------------------------------------
"$COURT" warrant g w-two view visual.mp4.veil,lossless.mp4.veil "$V:0:0" "2/$L:0:0" || stop "no warrant for two vaults"
runs 'a warrant for two vaults opens both' opens w-two visual.mp4.veil two --vault lossless.mp4.veil
is 'each its track' "$(jq -c '[.tracks[] | .track] | sort' two/evidence.json)" "$(jq -nc "[$V, $L] | sort")"
n=$(jq --arg f lossless.mp4.veil '.vaults[] | select(.file == $f) | .vault' two/evidence.json)
ok 'under a name of its own' cmp "two/crops/vault-$n-track-$L/000030.png" "ev/crops/track-$L/000030.png"
runs 'or one of them' opens w-two lossless.mp4.veil one --published lossless.mp4
ok 'saying so' grep -q 'names 2 vaults and 1 are given' err.txt
ok 'with the same video' same_bytes "one/vault-$n-restored.mkv" ev/restored.mkv

# ---- the evidence -------------------------------------------------------------------------
is 'it says which warrant' "$(jq -r .warrant.wid ev/evidence.json)" "$(jq -r .wid said.json)"
is 'who approved' "$(jq -c '[.approvals[] | [.custodian, .organisation]]' ev/evidence.json)" '[[1,"org1"],[3,"org3"]]'
is 'that the published video is the sealed one' "$(jq -r '.vaults[0].published | .sha256, .is_the_sealed_one' ev/evidence.json | xargs)" \
    "$(sha256sum < lossless.mp4 | cut -d' ' -f1) true"
is 'when to erase it' "$(jq -r .erase_by ev/evidence.json)" "$(sed -n 's/^unseal-by //p' w-lossless)"
is 'which unit' "$(jq -c '[.units[] | [.track, .segment, .frames]]' ev/evidence.json)" "[[$L,0,60]]"
ok 'stock minisign verifies it' minisign -Vqm ev/evidence.json -P "$(jq -r .requester.minisign ev/evidence.json)"
all_hashed() {
    diff <(cd ev && find . -type f ! -name 'evidence.json*' | sed 's,^\./,,' | sort) <(jq -r '.files[].file' ev/evidence.json | sort) &&
        (cd ev && jq -r '.files[] | "\(.sha256)  \(.file)"' evidence.json | sha256sum -c --quiet)
}
ok 'every file is in it, with its hash' all_hashed
ok 'the copies prove the authority again' "$VEIL" warrant verify ev/warrant --policy g/policy.note
ok 'and the log' "$VEIL" log verify ev/releases/3.tlog-proof --leaf ev/releases/3.leaf --policy g/policy.note
is 'folders are private' "$(find ev -type d ! -perm 700)" ''
is 'files are private' "$(find ev -type f ! -perm 600)" ''

# ---- nothing secret, nothing elsewhere -----------------------------------------------------
is 'no temporary files' "$(find tmp -type f)" ''
secret_in() { grep -raF -e "$PASS" "$@"; }
ok 'no passphrase in the evidence or in what was said' not secret_in ev ev-visual out.txt err.txt
ok 'no key of the court in it' "$COURT" absent g ev ev-visual out.txt err.txt
is 'no pictures outside of the folders' "$(find . -name '*.png' ! -path './ev*/*' ! -path './two/*' ! -path './one/*')" ''

# ---- refusals ---------------------------------------------------------------------------------
# A rule of the protocol is a sentence of its own, with its code; others tell what to do.
sentence() {
    if grep -q '(E_[A-Z_]*)$' err.txt; then
        cat err.txt
        [ "$(grep -c '^veil: error: ' err.txt)" = 1 ] && grep -Eq -- "$1" err.txt
    else
        one_sentence "$1"
    fi
}
# no TEXT CODE PATTERN COMMAND...: one sentence, and nothing left under 'no'.
no() {
    rm -rf no
    local text=$1 code=$2 pattern=$3
    shift 3
    ok "$text: exit $code" exits "$code" "$@"
    ok "$text: one sentence" sentence "$pattern"
    ok "$text: nothing left" bash -c '! ls -d no no.part 2> /dev/null'
}
few() { R=1 opens w-visual visual.mp4.veil no; }
no 'one release of two' 1 '1 release of the 2 needed.*E_THRESHOLD' few
twice() { R='1 1' opens w-visual visual.mp4.veil no; }
no 'one custodian twice' 1 'second time.*E_SHARE_INDEX' twice
liar() { R='1 3' opens w-lie visual.mp4.veil no; }
no 'a custodian whose shares are wrong' 1 'E_THRESHOLD' liar
mixed() { R='1 3' opens w-visual visual.mp4.veil no --release w-lie.release-2; }
runs 'a release for another warrant is left out where there are enough' mixed
ok 'and it says so' grep -q "'w-lie.release-2' does not count" err.txt
rm -rf no
three() { R='1 2 3' opens w-lie visual.mp4.veil no; }
runs 'with three, the liar is named and left out' three
ok 'by name' grep -q 'custodian 1 (org1) gave a share that does not verify' err.txt
is 'and the evidence says it' "$(jq -c '[.approvals[].left_out_for_a_bad_share]' no/evidence.json)" '[true,false,false]'
rm -rf no
no 'the key of another role' 1 "role 'matcher-box'; give" opens w-visual visual.mp4.veil no --box g/mbox.key
"$VEIL" keys new requester-box other --pass-fd 3 3<<< "$PASS" > /dev/null 2>&1
no 'another box key' 1 "not the warrant's deliver-box key; give" opens w-visual visual.mp4.veil no --box other.key
"$VEIL" keys new requester-sign thief --pass-fd 3 3<<< "$PASS" > /dev/null 2>&1
no 'another requester' 1 "not the warrant's requester-sign key; give" opens w-visual visual.mp4.veil no --key thief.key
no 'a vault that the warrant does not name' 1 'E_VAULT_ROOT' opens w-visual lossless.mp4.veil no
no 'a match warrant' 1 "for matching, not for viewing; 'veil match'" opens w-match visual.mp4.veil no --box g/mbox.key
no 'an expired warrant' 1 'E_TIME_EXPIRED' opens w-expired visual.mp4.veil no
no 'a warrant that is not valid yet' 1 'E_TIME_NOT_YET' opens w-early visual.mp4.veil no
no 'another video than the sealed one' 1 'not the video that the vault was sealed with; give' opens w-visual visual.mp4.veil no --published street.mp4
for f in w-visual w-visual.leaf w-visual.tlog-proof; do cp $f "${f/w-visual/w-copy}"; done
sed 's/^scope .*/scope 5 0 0/' w-visual > w-copy
cp w-visual.1.minisig w-copy.1.minisig
no 'a warrant edited after signing' 1 'E_ISSUERS' opens w-copy visual.mp4.veil no --release w-visual.release-1
cp w-visual w-copy
cp w-expired.leaf w-copy.leaf
no 'the log leaf of another warrant' 1 'E_LOG_INCLUSION' opens w-copy visual.mp4.veil no --release w-visual.release-1
altered() {
    local uid
    uid=$(jq -r .units[0].uid ev-visual/evidence.json)
    perl -0777 -pe "my \$at = index(\$_, pack('H*', '$uid')); substr(\$_, \$at + 780, 2) ^= 'UU'" visual.mp4.veil > bad.veil
    opens w-visual bad.veil no
}
no 'a unit that was altered' 1 'E_STREAM' altered
no 'a folder that is there' 2 'exists.*choose another name' opens w-visual visual.mp4.veil ev
mkdir theirs.part
echo mine > theirs.part/file
ok 'a part folder of somebody else: exit 2' exits 2 opens w-visual visual.mp4.veil theirs
ok 'one sentence' one_sentence 'is in the way.*remove it'
ok 'and it is left alone' grep -q mine theirs.part/file

# ---- kill -9, and a long vault ---------------------------------------------------------------------
# 12 tracks of 40 segments: opening one reads one.
"$SEAL" unit g visual.mp4.veil "$V" > unit
"$COURT" big g big.veil 12 40 unit || stop 'no long vault'
"$COURT" warrant g w-big view big.veil 5:0:39 || stop 'no warrant for it'
"$COURT" warrant g w-short view big.veil 5:3:5 || stop 'no warrant for it'
runs 'three segments of a long vault' opens w-short big.veil short
is 'all their pictures' "$(jq -c '[.units[] | [.segment, .frames]]' short/evidence.json)" '[[3,60],[4,60],[5,60]]'
read_part() { jq -e '.vaults[0] | .bytes_read * 8 < .bytes' short/evidence.json; }
ok 'for which little of it is read' read_part
"$VEIL" open w-big --group g/group.note --policy g/policy.note --release w-big.release-1 --release w-big.release-2 --vault big.veil \
    --box g/rbox.key --key g/req.key -o killed --pass-fd 3 > out.txt 2> err.txt 3<<< "$PASS
$PASS" < /dev/null &
veil_pid=$!
for ((i = 0; i < 500; i++)); do
    [ "$(find killed.part/crops -name '*.png' 2> /dev/null | head -n 5 | wc -l)" = 5 ] && break
    sleep 0.02
done
kill -9 "$veil_pid"
wait "$veil_pid" 2> /dev/null
ok 'killed in the middle: no evidence under its name' bash -c '[ -d killed.part ] && [ ! -e killed ]'
sleep 0.1
is 'its sandboxes died with it' "$(cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\0' ' ' | grep -c -- '[-]o killed --pass-fd')" 0
runs 'the next run takes its place' opens w-short big.veil killed
ok 'and says what it removed' grep -q "removed 'killed.part'" err.txt
ok 'nothing is left of the first' bash -c "[ ! -e killed.part ] && [ \$(ls killed/crops/track-5 | wc -l) = 180 ]"
done_testing
