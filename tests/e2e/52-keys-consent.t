#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: a person's consent is signed by both sides, holds, is taken back, and
# never passes for a warrant.
set -u
VEIL=$(realpath "${VEIL:-build/veil}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
n=0
yes 'one passphrase for a test' | head -2 >pass
v() { "$VEIL" "$@" --pass-fd 3 3<pass; }

# exits CODE NAME WORD COMMAND...: exit code, and a word in what it says
exits() {
    local want=$1 name=$2 word=$3 rc=0 mark=ok
    shift 3
    "$@" >.out 2>&1 || rc=$?
    n=$((n + 1))
    [ "$rc" -eq "$want" ] && grep -q -- "$word" .out || mark='not ok'
    echo "$mark $n - $name"
    [ "$mark" = ok ] || sed 's/^/# /' .out
}

for role in controller subject issuer; do
    v keys new "$role" "$role" >.out 2>&1 || echo "Bail out! keys"
done
echo 'we publish the street' >notice
exits 0 "a record is written" 'consent sign' "$VEIL" consent new --subject person-7 --controller council \
    --subject-key subject.pub --controller-key controller.pub --purpose publication --data face-image \
    --notice notice -o given
exits 1 "without signatures it is nothing" E_CANON "$VEIL" consent verify given
exits 0 "the controller signs" 'as controller' v consent sign given --key controller.key
exits 1 "one signature is not consent" E_CONSENT "$VEIL" consent verify given
exits 1 "a key of another role" E_ROLE v consent sign given --key issuer.key
exits 0 "the subject signs" 'as subject' v consent sign given --key subject.key
exits 0 "now it holds" 'person-7' "$VEIL" consent verify given
exits 0 "as JSON" '"in_force": *true' "$VEIL" consent verify given --json
exits 1 "consent is not a warrant" E_NOT_A_WARRANT "$VEIL" warrant show given
exits 0 "it is taken back" 'consent sign' "$VEIL" consent withdraw given -o withdrawn
for role in controller subject; do
    v consent sign withdrawn --key $role.key >.out 2>&1
done
exits 1 "then it no longer holds" E_CONSENT "$VEIL" consent verify withdrawn
exits 2 "a file that is not there is no answer" 'nowhere' "$VEIL" consent verify nowhere
echo "1..$n"
