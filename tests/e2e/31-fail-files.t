#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: a file has its final name only when it is whole. Whatever ends a run
# before that leaves neither the file nor a part of it, and a file that was
# there before stays as it was.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

SECONDS_LONG=1 clip in.mp4 -c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac

# ---- names ---------------------------------------------------------------------------

cp in.mp4 source.mp4
ln -s source.mp4 symlink.mp4
ln source.mp4 hardlink.mp4
for to in source.mp4 ./source.mp4 "$TMP/source.mp4" symlink.mp4 hardlink.mp4; do
    for force in "" --force; do
        # shellcheck disable=SC2086 # empty is no argument
        ok "output is the input ($to $force): exit 2" exits 2 veil redact source.mp4 -o "$to" --chain null --allow-bare $force
        ok "output is the input ($to $force): one sentence" one_sentence "is the input itself"
    done
done
ok "output is the input: it is as it was" cmp in.mp4 source.mp4
ok "output is the input: no part" test ! -e source.mp4.part

echo "older" > older.mp4
ok "existing output: exit 2" exits 2 veil redact in.mp4 -o older.mp4 --chain null --allow-bare
ok "existing output: one sentence" one_sentence "'older.mp4' exists; .*--force"
is "existing output: stays" "$(cat older.mp4)" older
ok "existing output: no part, no report" test ! -e older.mp4.part -a ! -e older.mp4.report.json
ok "existing output with --force, then an error: exit 2" exits 2 veil redact in.mp4 -o older.mp4 --force --chain cover
is "existing output with --force, then an error: stays" "$(cat older.mp4)" older
ok "existing output with --force, then an error: no part" test ! -e older.mp4.part
echo "older" > report.json
ok "existing report: exit 2" exits 2 veil redact in.mp4 -o new.mp4 --report report.json --chain null --allow-bare
is "existing report: stays" "$(cat report.json)" older
ok "existing report: nothing left" nothing_left new.mp4
ok "report is the output: exit 2" exits 2 veil redact in.mp4 -o same.mp4 --report same.mp4 --chain null --allow-bare
ok "report is the output: nothing left" nothing_left same.mp4
cp in.mp4 keep.mp4
ok "report is the input: exit 2" exits 2 veil redact keep.mp4 -o new.mp4 --report keep.mp4 --force --chain null --allow-bare
ok "report is the input: it is as it was" cmp in.mp4 keep.mp4
rm -f new.mp4 new.mp4.report.json

refused "missing folder" "nosuch/no.mp4" nosuch/no.mp4 in.mp4 --chain null --allow-bare
mkdir folder.mp4
ok "output is a folder: exit 2" exits 2 veil redact in.mp4 -o folder.mp4 --force --chain null --allow-bare
ok "output is a folder: no part" test ! -e folder.mp4.part
mkfifo pipe.mp4
ok "output is a pipe: exit 2" exits 2 veil redact in.mp4 -o pipe.mp4 --force --chain null --allow-bare
ok "output is a pipe: still one" test -p pipe.mp4
mkdir locked
chmod 555 locked
if touch locked/x 2> /dev/null; then
    rm -f locked/x
    skip "read-only folder" "this user may write anywhere"
else
    refused "read-only folder" "locked/no.mp4" locked/no.mp4 in.mp4 --chain null --allow-bare
fi
chmod 755 locked
ln -s /nonexistent/there dangling.mp4.part
ok "a part that is a link: exit 2" exits 2 veil redact in.mp4 -o dangling.mp4 --chain null --allow-bare
ok "a part that is a link: no output" test ! -e dangling.mp4

# ---- a full disk -----------------------------------------------------------------------

limited() {
    (ulimit -f "$1"; shift; veil "$@")
}
for kib in 1 8 24; do
    ok "no more than $kib KiB: exit 2" exits 2 limited $kib redact in.mp4 -o full.mp4 --chain null --allow-bare --crf 0
    ok "no more than $kib KiB: one sentence" one_sentence "File too large|nothing was kept"
    ok "no more than $kib KiB: nothing left" nothing_left full.mp4
done
mkdir small
if mount -t tmpfs -o size=32k tmpfs small 2> /dev/null; then
    trap 'umount "$TMP/small"; rm -rf "$TMP"' EXIT
    ok "full disk: exit 2" exits 2 veil redact in.mp4 -o small/full.mp4 --chain null --allow-bare --crf 0
    ok "full disk: one sentence" one_sentence "No space left"
    ok "full disk: nothing left" nothing_left small/full.mp4
    umount small
    trap 'rm -rf "$TMP"' EXIT
else
    skip "full disk" "cannot mount a small file system here"
fi

# ---- signals ---------------------------------------------------------------------------

# A clip that is long enough to be met in the middle.
ff -f lavfi -i testsrc2=s=320x240:r=25:d=60 -c:v libx264 -preset ultrafast -pix_fmt yuv420p long.mp4

# begin OUT: start a slow run in the background, wait until it writes
begin() {
    "$VEIL" redact long.mp4 -o "$1" --chain null --allow-bare --preset veryslow "${@:2}" > out.txt 2> err.txt < /dev/null &
    pid=$!
    local i
    for i in $(seq 1 600); do
        [ -s "$1.part" ] && return
        kill -0 $pid 2> /dev/null || return
        sleep 0.05
    done
    echo "# no part appeared after $i looks"
}

for sig in INT TERM HUP; do
    begin sig.mp4
    ok "SIG$sig: nothing under the final name while it runs" test ! -e sig.mp4
    kill -s $sig $pid
    got=0
    wait $pid || got=$?
    is "SIG$sig: exit 2" $got 2
    ok "SIG$sig: one sentence" one_sentence "stopped by a signal"
    ok "SIG$sig: nothing left" nothing_left sig.mp4
done

begin killed.mp4
ok "SIGKILL: it was running" kill -0 $pid
kill -s KILL $pid
wait $pid 2> /dev/null
ok "SIGKILL: no file under the final name" test ! -e killed.mp4
ok "SIGKILL: no report" test ! -e killed.mp4.report.json
ok "SIGKILL: a part stays behind" test -e killed.mp4.part
runs "SIGKILL: a later run goes over the part" bare in.mp4 killed.mp4
ok "SIGKILL: and is whole" same_times in.mp4 killed.mp4
ok "SIGKILL: no part is left" test ! -e killed.mp4.part -a ! -e killed.mp4.report.json.part

begin shared.mp4
first=$pid
ok "two runs to one output: second exits 2" exits 2 veil redact in.mp4 -o shared.mp4 --chain null --allow-bare
ok "two runs to one output: one sentence" one_sentence "written by another run"
ok "two runs to one output: the first one's part is untouched" test -s shared.mp4.part
ok "two runs to one output: forced, exits 2 as well" exits 2 veil redact in.mp4 -o shared.mp4 --force --chain null --allow-bare
ok "two runs to one output: the first one goes on" kill -0 $first
kill -s TERM $first
wait $first
ok "two runs to one output: nothing left" nothing_left shared.mp4

# A file that appears under the name while the run is going on is not replaced.
begin race.mp4
echo "mine" > race.mp4
kill -s TERM $pid
wait $pid
is "a file that appears meanwhile stays" "$(cat race.mp4)" mine
SECONDS_LONG=2 SIZE=320x240 silent mid.mp4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p
"$VEIL" redact mid.mp4 -o race2.mp4 --chain null --allow-bare --preset veryslow > out.txt 2> err.txt &
pid=$!
for _ in $(seq 1 200); do [ -e race2.mp4.part ] && break; sleep 0.01; done
echo "mine" > race2.mp4
got=0
wait $pid || got=$?
is "a file that appears before the end: exit 2" $got 2
is "a file that appears before the end: stays" "$(cat race2.mp4)" mine
ok "a file that appears before the end: no part" test ! -e race2.mp4.part

# The reader of a pipe that goes away.
from_cut_pipe() {
    head -c 2000 in.mp4 | "$VEIL" redact - -o cutpipe.mp4 --chain null --allow-bare > out.txt 2> err.txt
}
ok "input pipe cut off: exit 2" exits 2 from_cut_pipe
ok "input pipe cut off: nothing left" nothing_left cutpipe.mp4

done_testing
