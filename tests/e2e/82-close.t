#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: what a warrant opened is erased, all of it and nothing else, and the log
# hears so only then; the warrant cannot be used again.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
cd "$ROOT" || exit 2
BUILD=$(realpath "${VEIL_BUILD:-build}")
COURT=${COURTTOOL:-$BUILD/tests/lib/courttool}
STREET=${STREET:-$BUILD/samples/street/street}
# shellcheck source=tests/lib/e2e.sh
. tests/lib/e2e.sh
[ -x "$COURT" ] || { echo "Bail out! no '$COURT'; run 'make build/tests/lib/courttool'"; exit 2; }

PASS='canary passphrase 8820'
printf "$PASS\n%.0s" 1 2 3 > pass
mkdir g
"$COURT" new g 3< pass > court.log 2>&1 || { echo 'Bail out! no court'; exit 2; }
"$STREET" -o walk.mp4 --size 640x360 --frames 40 --people 8 --crf 20 --no-audio > street.log 2>&1
"$VEIL" redact walk.mp4 -o out.mp4 --detector own --detect-size 640 --preset ultrafast --start 2026-05-01T14:02:00Z \
    --group g/group.note --policy g/policy.note --operator g/op.key --pass-fd 3 3< pass > redact.log 2>&1 ||
    { echo 'Bail out! nothing sealed'; exit 2; }
track=$(jq '.sealed.tracks | max_by(.crops).track' out.mp4.report.json)
"$COURT" warrant g w view out.mp4.veil "$track:0:0" 3< pass > warrant.log 2>&1 || { echo 'Bail out! no warrant'; exit 2; }
opened() { # FOLDER
    "$VEIL" open w --group g/group.note --policy g/policy.note --release w.release-1 --release w.release-2 \
        --vault out.mp4.veil --box g/rbox.key --key g/req.key --published out.mp4 -o "$1" --pass-fd 3 3< pass
}
closes() { "$VEIL" close "$1" --log g/log --key g/req.key --pass-fd 3 "${@:2}" > out.txt 2> err.txt 3< pass; }

runs 'a face is opened' opened e
faces() { find "$1" -name '*.png' -o -name 'restored*' | wc -l; }
ok 'it lies in pictures and a video' [ "$(faces e)" -gt 3 ]
cp -r e tampered
cp -r e linked
cp -r e again

# ---- refusals: nothing is gone -------------------------------------------------
ok 'before its date it is not erased by chance' exits 1 closes e
ok 'and the sentence says until when' grep -q 'may be kept until 20.*--early' err.txt
ok 'without a folder' exits 2 closes nowhere
sed -i 's/"crops\/track-[^"]*"/"..\/out.mp4"/' tampered/evidence.json
ok 'a list that was changed is not followed' exits 1 closes tampered --early
ok 'and says so' grep -q E_MINISIG err.txt
ok 'the file it named is there' [ -s out.mp4 ]
"$VEIL" keys new requester-sign other --pass-fd 3 3< pass > /dev/null 2>&1
ok "another requester's key" exits 1 closes e --early --key other.key
ok 'a key of another role' exits 1 closes e --early --key g/op.key
ok 'a box key of another warrant' exits 1 closes e --early --box g/mbox.key
ok 'a log that is not there' exits 2 closes e --early --log nowhere
is 'all of it is still there' "$(faces e)" "$(faces again)"
ok 'and no leaf' [ ! -e e/closed.leaf ]

# ---- what cannot be erased keeps the folder open ----------------------------------
victim=$(find linked -name '*.png' | sort | head -1)
cp out.mp4 keep.mp4
ln -sf "$PWD/keep.mp4" "$victim"
other=$(find linked -name '*.png' | sort | sed -n 2p)
ln "$other" hard.png
ok 'a link and a second name are told' exits 2 closes linked --early
ok 'by their names' bash -c "grep -q '$victim' err.txt && grep -q '$other.*another name' err.txt"
ok 'the link was not followed' cmp keep.mp4 out.mp4
ok 'the log is told nothing' bash -c '! ls linked/closed.leaf*'
rm "$victim" hard.png
runs 'once that is mended, it closes' closes linked --early

# ---- closing ------------------------------------------------------------------------
runs 'on the date, or early' closes e --early --json --box g/rbox.key --release w.release-1 --release w.release-2
ok 'it says what it did' bash -c 'jq -e ".command == \"close\" and .erased > 5 and .missing == 0" out.txt'
is 'no face is left' "$(faces e)" 0
ok 'nor a folder of them' [ ! -e e/crops ]
ok 'the list, its signature and the papers stay' bash -c \
    "[ -s e/evidence.json ] && [ -s e/warrant ] && [ -s e/releases/1.note ] &&
     minisign -Vm e/evidence.json -P \"\$(jq -r .requester.minisign e/evidence.json)\""
ok 'the box key and the shares are gone' bash -c '! ls g/rbox.key w.release-*/release.blob'
ok 'the leaf is for the log, with the warrant' bash -c \
    "'$VEIL' log append g/log e/closed.leaf --subject e/warrant --json | jq -e '.kind == \"veil/v1/log-close\"'"
ok 'it holds the hash of the list' grep -q "$(sha256sum < e/evidence.json | cut -d' ' -f1)" e/closed.leaf
ok 'a closed folder is closed' exits 2 closes e --early
ok 'and nothing opens any more' exits 2 opened once-more
ok 'nothing half-written' [ ! -e once-more ]
done_testing
