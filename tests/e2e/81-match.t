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
STREET=$BUILD/samples/street/street
# shellcheck source=tests/lib/e2e.sh
. tests/lib/e2e.sh
[ -x "$COURT" ] || { echo "Bail out! no '$COURT'; run 'make build/tests/lib/courttool'"; exit 2; }

PASS='canary passphrase 6283'
PASSES="$PASS
$PASS"
mkdir g
"$COURT" new g 3<<< "$PASS" || { echo 'Bail out! no court'; exit 2; }

# sealed IN OUT ARGS...
sealed() {
    "$VEIL" redact "$1" -o "$2" --preset ultrafast --start 2026-05-01T14:02:00Z -q --group g/group.note \
        --policy g/policy.note --operator g/op.key --pass-fd 3 "${@:3}" 3<<< "$PASS" < /dev/null
}
# warrant NAME KIND VAULT WORDS...: for all tracks of the vault
warrant() {
    local name=$1 kind=$2 vault=$3
    shift 3
    # shellcheck disable=SC2046
    "$COURT" warrant g "$name" "$kind" "$vault" "$@" \
        $("$VEIL" inspect --units "$vault" | awk '/^  track/ { print $2 ":" $5 ":" $5 }' | sort -t: -k1n -k2n -u)
}
# match WARRANT VAULT OUT ARGS...
match() {
    "$VEIL" match "$1" --group g/group.note --policy g/policy.note --vault "$2" --release "$1.release-1" \
        --release "$1.release-3" --box g/mbox.key --key g/msign.key -o "$3" --pass-fd 3 "${@:4}" \
        > out.txt 2> err.txt 3<<< "$PASSES" < /dev/null
}
confirm() { "$VEIL" match --confirm "$@" --key g/msign.key --pass-fd 3 > out.txt 2> err.txt 3<<< "$PASS" < /dev/null; }
# refused TEXT CODE PATTERN WARRANT ARGS...: this exit code, one sentence, no folder
refused() {
    local text=$1 code=$2 pattern=$3
    shift 3
    rm -rf no
    match "$1" street-out.mp4.veil no "${@:2}"
    ok "refused: $text" [ $? = "$code" ]
    ok "refused: $text: one sentence" one_sentence "$pattern"
    ok "refused: $text: nothing left" bash -c '! ls -d no no.part 2> /dev/null'
}

# ---- a generated street, with the matcher that needs no network --------------------
"$STREET" -o street.mp4 --gt street.csv --size 1280x720 --frames "${FRAMES:-60}" --people 8 --seed "$SEED" --no-audio > street.log 2>&1 || {
    echo 'Bail out! no street'
    exit 2
}
