#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: opened faces are compared with the warrant's photographs and with nothing else; the
# right person is found and others are not; a matcher without measured rates, another probe,
# another box, another warrant are refused; a person decides, and the decision is recorded
# either way; nothing of a face is left but the hits.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
cd "$ROOT" || exit 2
BUILD=$(realpath "${VEIL_BUILD:-build}")
COURT=$BUILD/tests/lib/courttool
STREET=${STREET:-$BUILD/samples/street/street}
MODELS=${VEIL_MODELS:-}
# shellcheck source=tests/lib/e2e.sh
. tests/lib/e2e.sh
[ -x "$COURT" ] || { echo "Bail out! no '$COURT'; run 'make build/tests/lib/courttool'"; exit 2; }
stop() { echo "Bail out! $*"; exit 2; }

PASS='canary passphrase 6283'
mkdir g h tmp home
export TMPDIR=$PWD/tmp
unset VEIL_MODELS XDG_DATA_HOME
export HOME=$PWD/home
"$COURT" new g 3<<< "$PASS" || stop 'no court'
COURT_APPROVE=person "$COURT" new h 3<<< "$PASS" || stop 'no second court'

# sealed COURT IN OUT ARGS...
sealed() {
    "$VEIL" redact "$2" -o "$3" --preset ultrafast --start 2026-05-01T14:02:00Z -q --group "$1/group.note" \
        --policy "$1/policy.note" --operator "$1/op.key" --pass-fd 3 "${@:4}" 3<<< "$PASS" < /dev/null
}
# match COURT WARRANT VAULT OUT ARGS...
match() {
    "$VEIL" match "$2" --group "$1/group.note" --policy "$1/policy.note" --vault "$3" --release "$2.release-1" \
        --release "$2.release-3" --box "$1/mbox.key" --key "$1/msign.key" -o "$4" --pass-fd 3 "${@:5}" \
        > out.txt 2> err.txt 3<<< "$PASS
$PASS" < /dev/null
}
# confirm COURT FOLDER ARGS...
confirm() {
    "$VEIL" match --confirm "$2" --policy "$1/policy.note" --key "$1/msign.key" --pass-fd 3 "${@:3}" \
        > out.txt 2> err.txt 3<<< "$PASS" < /dev/null
}
# no TEXT CODE PATTERN COMMAND...: this exit code, one sentence, no folder 'no'
no() {
    local text=$1 code=$2 pattern=$3
    shift 3
    rm -rf no
    "$@"
    is "refused: $text" "$?" "$code"
    ok "refused: $text: one sentence" one_sentence "$pattern"
    ok "refused: $text: nothing left" bash -c '! ls -d no no.part 2> /dev/null'
}

# ---- a walker of a generated street ------------------------------------------------------
SEED=1063 WALKER=8
"$STREET" -o street.mp4 --gt long.csv --size 1280x720 --frames 42 --people 14 --seed $SEED --no-audio > street.log 2>&1 || stop 'no street'
for i in 1 2 $WALKER 7; do "$STREET" --seed $SEED --size 360x450 --portrait $i "portrait-$i.png" >> street.log 2>&1; done
awk -F, 'NR > 1 && $7 >= 16 && $8 > .5' long.csv > street.csv
"$VEIL" scan street.mp4 -o scan.json --detector own --detect-size 320 -q || stop 'no scan'
# Every face of the ground truth is a track.
jq -R -s 'split("\n") | map(select(length > 0) | split(",") | map(tonumber)) | group_by(.[2])
    | map({id: (.[0][2] + 1), action: "cover", reason: "", note: "", consent: "",
           boxes: map([.[0], .[3], .[4], .[5], .[6], "m", 1])})' street.csv > truth.json
jq --slurpfile t truth.json '.tracks = $t[0]' scan.json > tracks.json
sealed g street.mp4 pub.mp4 --tracks tracks.json || stop 'no vault'
sealed h street.mp4 pub-h.mp4 --tracks tracks.json || stop 'no second vault'
# track_of VIDEO FACE: its number in the vault; the report knows the box it began with.
track_of() {
    local begin
    begin=$(awk -F, -v f="$2" '$3 == f { printf "%d %d %d", $1, $4, $5; exit }' street.csv)
    jq -r --arg b "$begin" '.sealed.tracks[] | select("\(.first_frame) \(.first_box[0]) \(.first_box[1])" == $b) | .track' "$1.report.json"
}
BOX=90,110,180,230
T=$(track_of pub.mp4 $WALKER)
H=$(track_of pub-h.mp4 $WALKER)
V=pub.mp4.veil
# warrant NAME KIND WORDS...
warrant() { "$COURT" warrant g "$1" "$2" "${W_VAULT:-$V}" "${@:3}" "$T:0:0" || stop "no warrant '$1'"; }
warrant right match reason=demonstration probe=portrait-$WALKER.png:$BOX
warrant both match reason=demonstration probe=portrait-$WALKER.png:$BOX probe=portrait-1.png:$BOX
warrant real match probe=portrait-$WALKER.png:$BOX
warrant blind match reason=demonstration probe=portrait-$WALKER.png:0,0,60,60
warrant outside match reason=demonstration probe=portrait-$WALKER.png:200,300,200,200
warrant view view reason=demonstration
RIGHT=(--matcher hog --probe "portrait-$WALKER.png")

runs 'the walker is found by the right portrait' match g right $V res "${RIGHT[@]}"
ok 'which is said to be a demonstration' grep -q '^DEMONSTRATION ONLY' out.txt
ok 'with the threshold, its source and its error rates' bash -c "
    grep -q 'threshold 0\.[0-9]*; measured on generated-streets' out.txt && grep -q 'another person accepted 0\.[0-9]* (' out.txt"
is 'the folder holds the result, its leaf and the hit, no more' "$(ls -A res | tr '\n' ' ')" \
    'hit-1-demonstration-only.png result.leaf result.note '
is 'for its owner only' "$(stat -c %a res res/* | sort -u | tr '\n' ' ')" '600 700 '
ok 'the note says so too' grep -qx 'standing demonstration-only' res/result.note
ok 'it names probe, vault, track, score and picture' bash -c "
    grep -Eq \"^hit \$(sha256sum < portrait-$WALKER.png | cut -d' ' -f1) [0-9a-f]{64} $T 0 [0-9]+ [0-9]+ \
\$(sha256sum < res/hit-1-demonstration-only.png | cut -d' ' -f1)\$\" res/result.note"
ok 'the picture shows two faces side by side' [ "$(fact res/hit-1-demonstration-only.png width)" = 512 ]
for i in 2 7; do
    warrant "other-$i" match reason=demonstration probe=portrait-$i.png:$BOX
    match g "other-$i" $V "res-$i" --matcher hog --probe portrait-$i.png
    is "portrait $i is not the walker: exit 1" "$?" 1
    is "portrait $i: nothing is kept of either" "$(ls -A "res-$i" | tr '\n' ' ')" 'result.leaf result.note '
done
ok 'no match is said' grep -qx 'no match' out.txt
ok 'and goes into the log as well' grep -qx 'hits 0' res-7/result.leaf
runs 'two probes: only the right one' match g both $V res-both "${RIGHT[@]}" --probe portrait-1.png:$BOX --json
is 'JSON: hits, probe, standing' "$(jq -c '[.command, .hits, .list[0].probe_file, .demonstration_only, .compared]' out.txt)" \
    "[\"match\",1,\"portrait-$WALKER.png\",true,1]"

# ---- refusals --------------------------------------------------------------------------------
no 'hog for a real case' 1 "only for a warrant whose reason is 'demonstration'" match g real $V no "${RIGHT[@]}"
no 'no network on this machine' 2 'no matcher with a measured threshold' match g real $V no --probe portrait-$WALKER.png
no 'SFace without its file' 2 "'veil models fetch sface'" match g real $V no --matcher sface --probe portrait-$WALKER.png
no 'an unknown matcher' 2 'there are sface, mobilefacenet and hog' match g real $V no --matcher eigenfaces --probe portrait-$WALKER.png
echo 'calibration = ();' > none.cfg
no 'a threshold that nobody measured' 2 'no measured threshold' match g right $V no "${RIGHT[@]}" --calibration none.cfg
no 'another picture' 1 E_PROBE match g right $V no --matcher hog --probe portrait-1.png
no 'the right picture, another box' 1 E_PROBE match g right $V no --matcher hog --probe portrait-$WALKER.png:1,2,30,40
no 'one probe of two' 2 'names 2 probes and 1 are given' match g both $V no "${RIGHT[@]}"
no 'the same probe twice' 2 'are the same probe' match g both $V no "${RIGHT[@]}" --probe portrait-$WALKER.png
no 'a box without a face' 2 'no face is found' match g blind $V no "${RIGHT[@]}"
no 'a box outside of the picture' 2 'not inside the probe' match g outside $V no "${RIGHT[@]}"
no 'a warrant to view' 1 'for viewing, not for matching' match g view $V no "${RIGHT[@]}"
no 'another vault' 1 E_VAULT_ROOT match g right pub-h.mp4.veil no "${RIGHT[@]}"
no 'the requester in place of the matcher' 1 "role 'matcher-box'" match g right $V no "${RIGHT[@]}" --box g/rbox.key
no 'a matcher of elsewhere' 1 "not the matcher's matcher-sign" match g right $V no "${RIGHT[@]}" --key h/msign.key
mkdir kept
no 'a folder that exists' 2 "'kept' exists" match g right $V kept "${RIGHT[@]}"

# ---- a person decides ---------------------------------------------------------------------------
no 'nobody at the terminal' 2 'a person must decide at a terminal' confirm g res
cp -r res forged
cp res-both/hit-1-demonstration-only.png forged/ && printf x >> forged/hit-1-demonstration-only.png
no 'another picture than the one signed for' 1 'not the picture that the matcher signed for' confirm g forged --yes
cp -r res edited && sed -i 's/^hit \(.*\) [0-9]* \([0-9a-f]*\)$/hit \1 999 \2/' edited/result.note
ok 'a score that was touched up is refused' exits 1 confirm g edited --yes
ok 'for its signature' grep -q E_SIGNATURE err.txt
cp -r res turned
confirm g turned --no
is 'rejected: exit 1' "$?" 1
ok 'recorded all the same' grep -qx 'hit 1 rejected' turned/confirmation.note
ok 'with a leaf of no hits' grep -qx 'hits 0' turned/confirmation.leaf
no 'a second decision' 2 'a decision is not changed' confirm g turned --yes
cp -r res seen
# 'script' gives its command to $SHELL, or to sh.
printf 'perhaps\nyes\n' | SHELL=$BASH script -qec "'$VEIL' match --confirm seen --policy g/policy.note --key g/msign.key --pass-fd 3 3<<< '$PASS'" \
    /dev/null > tty.txt 2>&1
ok 'a person at a terminal is asked until the answer is yes or no' bash -c '[ "$(grep -c "yes or no" tty.txt)" = 1 ] && grep -o "yes or no" tty.txt | wc -l | grep -qx 2'
ok 'and confirms' bash -c "grep -qx 'by person' seen/confirmation.note && grep -qx 'hit 1 confirmed' seen/confirmation.note"
runs 'where the policy allows it, without a person' confirm g res --yes --json
is 'JSON of it' "$(jq -c '[.confirmed, .by_person, .demonstration_only]' out.txt)" '[1,false,true]'
"$COURT" warrant h h-right match pub-h.mp4.veil reason=demonstration probe=portrait-$WALKER.png:$BOX "$H:0:0"
match h h-right pub-h.mp4.veil res-h "${RIGHT[@]}"
no "'approve person' wants one" 1 "the policy says 'approve person'" confirm h res-h --yes

# ---- the log ------------------------------------------------------------------------------------
for leaf in res/result res/confirmation res-7/result turned/confirmation; do
    runs "'$leaf.leaf' goes into the log" "$VEIL" log append g/log $leaf.leaf
done
runs "'veil log result' makes the same leaf" bash -c "'$VEIL' log result g/log res/result.note --warrant right --hits 1 \
    --key g/msign.key -o again.leaf --pass-fd 3 3<<< '$PASS' && cmp again.leaf res/result.leaf"
"$VEIL" log monitor g/log --policy g/policy.note --group g/group.note > monitor.txt 2>&1
ok 'monitors have nothing against a result' bash -c '! grep -i result monitor.txt'

# ---- nothing else is left ---------------------------------------------------------------------------
ok 'no file elsewhere' bash -c '[ -z "$(find tmp home -type f)" ]'
ok 'no passphrase' bash -c "! grep -raF '$PASS' res* seen turned out.txt err.txt"
ok 'no key of the court' "$COURT" absent g res res-both res-2 seen turned
ok 'notes and leaves are text: no numbers of a face' bash -c '! LC_ALL=C.UTF-8 grep -aPn "[^\x20-\x7e\x{2014}]" res*/*.note res*/*.leaf seen/*.note'

# ---- real faces, where a network is ---------------------------------------------------------------
faces=${VEIL_TEST_MEDIA:-}/video/liveportrait
if [ -e "$MODELS/mobilefacenet/MobileFaceNet_cv46.onnx" ] && [ -e "$MODELS/yunet/face_detection_yunet_2023mar.onnx" ] && [ -e "$faces/driving_d0.mp4" ]; then
    export VEIL_MODELS=$MODELS
    ff -t 1 -i "$faces/driving_d0.mp4" -t 1 -i "$faces/driving_d13.mp4" -t 1 -i "$faces/driving_d20.mp4" -filter_complex "
        [0:v]scale=160:-2,fps=25,pad=800:320:40:80:color=0x88aa99[a];[1:v]scale=-2:160,fps=25[b];[2:v]scale=-2:160,fps=25[c];
        [a][b]overlay=300:90:shortest=1[d];[d][c]overlay=560:90:shortest=1" -an -c:v libx264 -crf 18 -pix_fmt yuv420p trio.mp4
    for n in 0 13 20; do ff -ss 2 -i "$faces/driving_d$n.mp4" -frames:v 1 -vf scale=-2:512 "p$n.png"; done
    runs 'three real faces are sealed' sealed g trio.mp4 trio-pub.mp4
    # shellcheck disable=SC2046
    "$COURT" warrant g trio match trio-pub.mp4.veil probe=p0.png:130,100,260,330 \
        $("$VEIL" inspect --units trio-pub.mp4.veil | awk '/^  track/ { print $2 ":" $5 ":" $5 }' | sort -t: -k1n -u)
    runs 'one of them is the person of the probe' match g trio trio-pub.mp4.veil res-trio --probe p0.png --json
    is 'by the best matcher that was measured; one hit, no demonstration' \
        "$(jq -c '[.hits, .matcher, .detector, .demonstration_only]' out.txt)" '[1,"mobilefacenet","yunet",false]'
    ok 'all three were compared' [ "$(jq .compared out.txt)" -ge 3 ]
else
    skip 'real faces' 'no mobilefacenet in VEIL_MODELS, or no faces in VEIL_TEST_MEDIA'
fi
done_testing
