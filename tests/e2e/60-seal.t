#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: faces go into the vault as they were decoded, 8 and 10 bit, whatever the
# chroma; a killed run leaves a vault that opens up to its last checkpoint and no
# published file without its sealed faces; a full disk or a wrong key keeps nothing.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
cd "$ROOT" || exit 2
BUILD=$(realpath "${VEIL_BUILD:-build}")
TOOL=${SEALTOOL:-$BUILD/tests/lib/sealtool}
STREET=${STREET:-$BUILD/samples/street/street}
# shellcheck source=tests/lib/e2e.sh
. tests/lib/e2e.sh
[ -x "$TOOL" ] || { echo "Bail out! no '$TOOL'; run 'make build/tests/lib/sealtool'"; exit 2; }

PASS='canary passphrase 5150'
KILLS=${KILLS:-8}
mkdir g other
"$TOOL" group g 3<<< "$PASS" || { echo 'Bail out! no group'; exit 2; }
"$TOOL" group other 3<<< "$PASS" || exit 2
"$STREET" -o walk.mp4 --gt walk.csv --size 640x360 --frames 60 --people 8 --crf 12 > street.log 2>&1 || {
    echo 'Bail out! no street'
    exit 2
}

# sealed ARGS...: redact with the group; --detector own needs no file.
sealed() {
    "$VEIL" redact "$@" --detector own --detect-size 640 --preset ultrafast --start 2026-05-01T14:02:00Z \
        --group g/group.note --policy g/policy.note --operator g/op.key --pass-fd 3 \
        > out.txt 2> err.txt 3<<< "$PASS" < /dev/null
}
final() { [ "$("$VEIL" inspect --json "$1" | jq .final)" = true ]; }
units() { "$VEIL" inspect --json "$1" | jq .units; }

# ---- there and back -----------------------------------------------------------
runs 'a clip is sealed' sealed walk.mp4 -o walk-out.mp4
ok 'the vault is whole, and says how many units' bash -c \
    "'$VEIL' inspect --full walk-out.mp4.veil | grep -Eq '^state   whole, [1-9][0-9]* units'"
ok 'it holds the hash of the published file, and the report holds its own' bash -c "
    [ \"\$(jq -r .sealed.sha256 walk-out.mp4.report.json)\" = \"\$(sha256sum < walk-out.mp4.veil | cut -d' ' -f1)\" ] &&
    grep -aq \"\$(sha256sum < walk-out.mp4 | cut -d' ' -f1)\" walk-out.mp4.veil"
is 'the report counts the units' "$(jq .sealed.units walk-out.mp4.report.json)" "$(units walk-out.mp4.veil)"
ok 'mode of the vault' [ "$(stat -c %a walk-out.mp4.veil)" = 600 ]
"$TOOL" compare g walk-out.mp4.veil walk.mp4 > compare.txt 2>&1
ok 'each covered face has its crop, alike to the source' bash -c "
    cat compare.txt
    [ \"\$(sed -n 's/.*crops //p' compare.txt | head -1)\" = \"\$(jq .result.face_frames walk-out.mp4.report.json)\" ] &&
    awk '/psnr/ { for (i = 1; i < NF; i++) if (\$i == \"psnr\") exit !(\$(i + 1) >= 38) }' compare.txt"

for format in yuv420p yuv422p yuv444p yuv420p10le yuv422p10le yuv444p10le; do
    ff -i walk.mp4 -frames:v 12 -pix_fmt "$format" -c:v ffv1 "src-$format.mkv"
    runs "$format: sealed lossless" sealed "src-$format.mkv" -o "$format.mkv" --fidelity lossless
    ok "$format: bit for bit" bash -c "'$TOOL' compare g $format.mkv.veil src-$format.mkv | tee /dev/stderr |
        grep -Eq 'compared [1-9][0-9]* differ 0 .* psnr 999'"
    ok "$format: keeps its format" bash -c "'$TOOL' list g $format.mkv.veil | tail -1 | grep -q ' $format\$'"
done

# ---- an archive -------------------------------------------------------------------
runs 'an archive is written too' sealed walk.mp4 -o pub.mp4 --embed shelf.mkv
ok 'with a warning' grep -q 'never publish it' err.txt
ok 'its attachment is the vault' bash -c \
    'ffmpeg -nostdin -v error -dump_attachment:t:0 out.veil -i shelf.mkv -f null - ; cmp out.veil pub.mp4.veil'
ok 'the published file has none' bash -c '! ffprobe -v error -show_streams pub.mp4 | grep -q attachment'
ok 'an archive must be Matroska' exits 2 sealed walk.mp4 -o pub2.mp4 --embed shelf.mp4

# ---- segments, and kill -9 ------------------------------------------------------
# Times stretched: 60 frames are 36 s, four segments.
ff -i walk.mp4 -an -vf setpts=15*PTS -r 5/3 -c:v libx264 -crf 14 -preset ultrafast slow.mp4
begin=$(date +%s%N)
runs 'a clip of several segments' sealed slow.mp4 -o slow-out.mp4 --lookahead 5
took=$((($(date +%s%N) - begin) / 1000000))
ok 'it has several segments' bash -c "'$VEIL' inspect --units slow-out.mp4.veil | grep -q 'segment 3 '"
bad=0 opened=0
for ((i = 0; i < KILLS; i++)); do
    rm -rf k
    mkdir k
    "$VEIL" redact slow.mp4 -o k/out.mp4 --detector own --detect-size 640 --preset ultrafast --lookahead 5 -q \
        --start 2026-05-01T14:02:00Z --group g/group.note --policy g/policy.note --operator g/op.key --pass-fd 3 \
        > /dev/null 2>&1 3<<< "$PASS" < /dev/null &
    ms=$((RANDOM % took + 100))
    sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"
    kill -9 $! 2> /dev/null
    wait $! 2> /dev/null
    if [ -e k/out.mp4 ]; then
        if ! final k/out.mp4.veil; then
            bad=1
            echo "# killed after $ms ms: published without its vault"
        fi
    elif [ -s k/out.mp4.veil.part ] && ! "$TOOL" list g k/out.mp4.veil.part > list.txt 2>&1; then
        # All but the header may be missing.
        grep -q E_TRUNCATED list.txt && [ "$(stat -c %s k/out.mp4.veil.part)" -lt 1000 ] || {
            bad=1
            echo "# killed after $ms ms:"
            sed 's/^/#   /' list.txt
        }
    elif [ -s k/out.mp4.veil.part ]; then
        opened=$((opened + 1))
    fi
done
is "killed $KILLS times at random: every vault opens, nothing is published without one" "$bad" 0
echo "# $opened of them left a vault that opens up to its last checkpoint"
if [ -e k/out.mp4 ]; then rm -rf k; mkdir k; fi
runs 'a run after a killed one takes its place' sealed slow.mp4 -o k/out.mp4
ok 'and leaves no parts' bash -c '! ls k/*.part'

# ---- refusals -------------------------------------------------------------------
# no TEXT PATTERN ARGS...: exit 2, one sentence, nothing left.
no() {
    local text=$1 pattern=$2
    shift 2
    rm -f no.mp4*
    "$VEIL" redact walk.mp4 -o no.mp4 --detector own "$@" > out.txt 2> err.txt 3<<< "$PASS" < /dev/null
    ok "$text: exit 2" [ $? = 2 ]
    ok "$text: one sentence" one_sentence "$pattern"
    ok "$text: nothing left" bash -c '! ls no.mp4*'
}
no 'no group' 'needs a group.*veil group new' --seal
no 'no operator key' "needs the operator's key" --group g/group.note --policy g/policy.note
no 'policy of another group' 'another group' --group g/group.note --policy other/policy.note --operator g/op.key --pass-fd 3
no 'operator not in the policy' 'does not name' --group g/group.note --policy g/policy.note --operator other/op.key --pass-fd 3
no 'another gid than pinned' 'E_GROUP' --group g/group.note --gid "$(printf '0%.0s' {1..64})" --policy g/policy.note \
    --operator g/op.key --pass-fd 3
no 'chain that covers first' "put 'seal' before 'cover'" --chain detect=backend=own,track,cover,seal --start 2026-05-01T14:02:00Z -q \
    --group g/group.note --policy g/policy.note --operator g/op.key --pass-fd 3
no 'chain without seal' "put 'seal' before 'cover'" --chain detect=backend=own,track,cover \
    --group g/group.note --policy g/policy.note --operator g/op.key --pass-fd 3
cp walk-out.mp4.veil keep.veil
ok 'a vault is never replaced' exits 2 sealed walk.mp4 -o again.mp4 --vault keep.veil --force
ok 'and says so' one_sentence 'a vault is never replaced'
(
    ulimit -f 60
    sealed walk.mp4 -o small.mp4 --fidelity lossless
)
ok 'a size limit on files fails closed' bash -c '! ls small.mp4*'
ok 'with one sentence' one_sentence 'cannot seal|cannot write'

# ---- nothing secret outside the vault -------------------------------------------
ok 'no passphrase and no share in what a run leaves' bash -c "
    ! grep -alF '$PASS' walk-out.mp4* err.txt out.txt slow-out.mp4*"
sealed walk.mp4 -o hush.mp4 --verbose
ok 'no crop, key or face in what it says' bash -c "! grep -Eiq 'secret|[0-9a-f]{64}' err.txt out.txt"
ok 'nothing else is left in the folder' bash -c '! ls hush.mp4* | grep -Ev "^hush.mp4(.veil|.report.json)?$"'
done_testing
