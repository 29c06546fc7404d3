#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: nothing of a face, no key and no passphrase lies on the disk beyond the
# files that hold them by name, after sealing, opening and closing. A row of the
# source's face pixels is the canary: uncoded, so that any raw copy shows it.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
cd "$ROOT" || exit 2
BUILD=$(realpath "${VEIL_BUILD:-build}")
COURT=$BUILD/tests/lib/courttool
STREET=${STREET:-$BUILD/samples/street/street}
# shellcheck source=tests/lib/e2e.sh
. tests/lib/e2e.sh
[ -x "$COURT" ] || { echo "Bail out! no '$COURT'; run 'make build/tests/lib/courttool'"; exit 2; }
stop() { echo "Bail out! $*"; exit 2; }

PASS='canary passphrase 3317'
mkdir g tmp work
export TMPDIR=$PWD/tmp
printf "$PASS\n%.0s" 1 2 > pass
"$COURT" new g 3< pass || stop 'no court'
"$STREET" -o walk.mp4 --gt walk.csv --size 640x360 --frames 40 --people 8 --seed 3 --crf 12 --no-audio > street.log 2>&1 || stop 'no street'
ff -i walk.mp4 -c:v rawvideo -pix_fmt yuv420p work/walk.nut || stop 'no raw video'

# The largest face of the ground truth, and 24 luma samples across the middle of it.
read -r frame x y < <(awk -F, 'NR > 1 && $7 > most { most = $7; at = $1 " " int($4 + $6 / 2 - 12) " " int($5 + $7 / 2) } END { print at }' walk.csv)
ff -i work/walk.nut -vf "select=eq(n\,$frame),extractplanes=y,crop=24:1:$x:$y:exact=1" -frames:v 1 -f rawvideo canary || stop 'no canary'
[ "$(stat -c %s canary)" = 24 ] || stop 'the canary is not 24 samples'

# holds CANARY PATH...: files below these that hold its bytes, anywhere, either way round
holds() {
    perl -MFile::Find -e 'my $f = shift; local $/; open(my $c, "<:raw", $f) or die; my $k = <$c>; my $r = reverse $k;
        find({ no_chdir => 1, wanted => sub { return unless -f $_ && !-l $_; open(my $h, "<:raw", $_) or return; my $b = <$h>;
               print "$_\n" if index($b, $k) >= 0 || index($b, $r) >= 0 } }, @ARGV)' "$@"
}
printf '%s' "$PASS" > word
clean() { # TEXT: only the source holds the canary, and nothing the passphrase or a key
    is "$1: only the source holds the face" "$(holds canary work tmp g)" work/walk.nut
    is "$1: no passphrase on the disk" "$(holds word work tmp g)" ''
    ok "$1: no key in the open" "$COURT" absent g work tmp g/log
    is "$1: no temporary file is left" "$(ls -A tmp)" ''
}

sealed() {
    "$VEIL" redact work/walk.nut -o work/out.mp4 --detector own --detect-size 640 --preset ultrafast --verbose \
        --start 2026-05-01T14:02:00Z --group g/group.note --policy g/policy.note --operator g/op.key --pass-fd 3 3< pass \
        > work/seal.out 2> work/seal.err
}
runs 'sealing' sealed
track=$(jq --argjson f "$frame" --argjson x "$x" '[.sealed.tracks[] | select(.first_frame <= $f and .last_frame >= $f)]
    | min_by(.first_box[0] + .first_box[2] / 2 - $x | fabs) | .track' work/out.mp4.report.json)
clean 'sealing'
"$COURT" warrant g work/w view work/out.mp4.veil "$track:0:0" 3< pass || stop 'no warrant'

opened() {
    "$VEIL" open work/w --group g/group.note --policy g/policy.note --release work/w.release-1 --release work/w.release-2 \
        --vault work/out.mp4.veil --box g/rbox.key --key g/req.key --published work/out.mp4 -o evidence --pass-fd 3 3< pass \
        > work/open.out 2> work/open.err
}
runs 'opening' opened
clean 'opening'
ok 'the evidence has the face' [ "$(find evidence -name '*.png' | wc -l)" -gt 2 ]
ok 'and no key, and no passphrase' bash -c "'$COURT' absent g evidence && ! grep -rqF '$PASS' evidence"
ok 'its owner alone can read it' bash -c '! find evidence -perm /077 | grep -q .'

closed() {
    "$VEIL" close evidence --early --log g/log --key g/req.key --box g/rbox.key --release work/w.release-1 \
        --release work/w.release-2 --pass-fd 3 3< pass > work/close.out 2> work/close.err
}
runs 'closing' closed
clean 'closing'
is 'what is left of the evidence holds no picture' "$(find evidence -type f | grep -Ev '/(evidence.json|evidence.json.minisig|closed.leaf|group.note|warrant[^/]*|[0-9].(note|leaf|tlog-proof))$')" ''
is 'nor the face' "$(holds canary evidence)" ''
done_testing
