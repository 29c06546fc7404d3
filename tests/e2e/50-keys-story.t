#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: five key holders make a 3-of-5 group, a vault of random units is sealed
# to it, a warrant signed by 2 of 3 issuers is logged and cosigned, three
# custodians answer, and just the units it names open, byte for byte. Each step
# left out or altered is refused with its own code.
set -u
VEIL=$(realpath "${VEIL:-build/veil}")
TOOL=$(realpath "${VAULTTOOL:-$(dirname "$VEIL")/tests/lib/vaulttool}")
[ -x "$TOOL" ] || {
    echo "Bail out! no '$TOOL'; run 'make build/tests/lib/vaulttool'"
    exit 1
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
n=0
yes 'one passphrase for a test' | head -4 >pass

# runs NAME COMMAND...: one test, passed if the command succeeds
runs() {
    local name=$1 mark=ok
    shift
    "$@" >.out 2>&1 || mark='not ok'
    n=$((n + 1))
    echo "$mark $n - $name"
    [ "$mark" = ok ] || sed 's/^/# /' .out
}

# refused CODE NAME COMMAND...: the answer is no (exit 1), for this reason
refused() {
    local code=$1 name=$2 rc=0
    shift 2
    "$@" >.out 2>&1 || rc=$?
    n=$((n + 1))
    if [ "$rc" -eq 1 ] && grep -q "$code" .out; then
        echo "ok $n - refused: $name ($code)"
    else
        echo "not ok $n - refused: $name (wanted exit 1 and $code, got exit $rc)"
        sed 's/^/# /' .out
    fi
}

# quiet COMMAND...: a step between tests; stop if it fails
quiet() {
    "$@" >.out 2>&1 || {
        sed 's/^/# /' .out
        echo "Bail out! $*"
        exit 1
    }
}

v() { "$VEIL" "$@" --pass-fd 3 3<pass; }
key() { quiet v keys new "$1" "$2"; }

# ---- keys and ceremony ------------------------------------------------------
for i in 1 2 3 4 5; do
    key custodian-sign "c$i"
    key custodian-dkg-box "b$i"
done
for who in log:log witness:wit1 witness:wit2 issuer:iss1 issuer:iss2 issuer:iss3 operator-sign:op policy:pol \
    requester-sign:req requester-box:rbox requester-sign:thief; do
    key "${who%:*}" "${who#*:}"
done
members=()
for i in 1 2 3 4 5; do
    members+=(--member "org$i:c$i.pub:b$i.pub")
done
quiet "$VEIL" group new ceremony --k 3 "${members[@]}"
step() { v group step ceremony --key "c$1.key" --box "b$1.key"; }
for _ in 0 1 3; do
    for i in 1 2 3 4 5; do
        quiet step "$i"
    done
done
[ -e ceremony/group.note ] || quiet step 1
runs "five members make a group of which three can open" "$VEIL" group show ceremony/group.note
GID=$("$VEIL" group show ceremony/group.note --json | jq -r .gid)
head -n -1 ceremony/group.note >group.short
refused E_GROUP "a group note that misses a signature" "$VEIL" group show group.short --pin "$GID"

# ---- policy -----------------------------------------------------------------
policy() {
    "$VEIL" policy new --group ceremony/group.note --log example.org/log:log.pub --witness w1:wit1.pub \
        --witness w2:wit2.pub --witnesses 2 --issuer judge1:iss1.pub --issuer judge2:iss2.pub \
        --issuer judge3:iss3.pub --issuers 2 --operator camera:op.pub --reason assault --reason missing \
        --signer council:pol.pub --signers 1 "$@"
}
quiet policy --approve any -o policy.note
refused E_CANON "a policy that nobody signed" "$VEIL" approve setup home0 --group ceremony/group.note --gid "$GID" \
    --policy policy.note
quiet v policy sign policy.note --key pol.key
runs "the policy is signed" "$VEIL" policy show policy.note
for i in 1 2 3; do
    quiet "$VEIL" approve setup "home$i" --group ceremony/group.note --gid "$GID" --policy policy.note
done
refused E_GROUP "another group than the pinned one" "$VEIL" approve setup home0 --group ceremony/group.note \
    --gid "${GID//[0-9]/0}" --policy policy.note

# ---- vault ------------------------------------------------------------------
mkdir plain opened
seal() { "$TOOL" seal ceremony/group.note policy.note op.key 3 2026-05-01T14:02:00Z "$1" "$2" 3<pass; }
runs "a vault of random units is sealed" seal day.veil plain
runs "the vault is whole" "$VEIL" inspect --full day.veil
head -c -20 day.veil >cut.veil
runs "a vault cut off before FINAL says so" bash -c "'$VEIL' inspect cut.veil | grep -q 'cut off'"

# ---- warrant ----------------------------------------------------------------
draft() {
    "$VEIL" warrant draft day.veil --policy policy.note --from 14:03 --to 14:04:30 --court district-court \
        --case 2026/117 --reason assault --requester req.pub --requester-box rbox.pub "$@"
}
runs "a warrant is drafted from human times" draft --track 3 --track 7 -o warrant
refused E_REASON "a reason that the policy does not list" draft --track 3 --reason curiosity -o w.bad
quiet v warrant sign warrant --key iss1.key
refused E_ISSUERS "a warrant with one issuer of two" "$VEIL" warrant verify warrant --policy policy.note
cp warrant.1.minisig warrant.2.minisig
refused E_ISSUERS "the same issuer twice" "$VEIL" warrant verify warrant --policy policy.note
rm warrant.2.minisig
quiet v warrant sign warrant --key iss3.key
runs "two of three issuers sign" "$VEIL" warrant verify warrant --policy policy.note
sed 's/^scope 7 6 /scope 7 5 /' warrant >w.edited
cp warrant.1.minisig w.edited.1.minisig
cp warrant.2.minisig w.edited.2.minisig
refused E_ISSUERS "a scope widened after signing" "$VEIL" warrant verify w.edited --policy policy.note
sed 's/$/\r/' warrant >w.crlf
refused E_CANON "line ends of another system" "$VEIL" warrant verify w.crlf --policy policy.note

# ---- log --------------------------------------------------------------------
quiet "$VEIL" log new log example.org/log
witnessed() {
    quiet v log checkpoint log --key log.key
    quiet v log cosign log --key wit1.key --log-key log.pub --name w1 --state w1.state
    [ "${1:-}" = one ] || quiet v log cosign log --key wit2.key --log-key log.pub --name w2 --state w2.state
}
quiet v log leaf group ceremony/group.note --key c1.key -o group.leaf
quiet "$VEIL" log append log group.leaf
quiet v log leaf warrant warrant --key iss1.key -o warrant.leaf
witnessed
quiet "$VEIL" log prove log 0 -o other.proof
make_request() { v request warrant --vault day.veil --key req.key "$@"; }
answer() { # CUSTODIAN REQUEST LEAF
    v approve "$2" --home "home$1" --log log --share "c$1.share-0.key" --key "c$1.key" --yes -o "$3"
}
quiet make_request --proof other.proof -o request.unlogged
refused E_LOG_INCLUSION "a warrant that is not in the log" answer 1 request.unlogged no.leaf
quiet "$VEIL" log append log warrant.leaf
witnessed one
quiet "$VEIL" log prove log --leaf warrant.leaf -o one.proof
quiet make_request --proof one.proof -o request.one
refused E_WITNESS "a log with one witness of two" answer 1 request.one no.leaf
witnessed
quiet "$VEIL" log prove log --leaf warrant.leaf -o warrant.proof
runs "the warrant is in the witnessed log" "$VEIL" log verify warrant.proof --leaf warrant.leaf --policy policy.note

# ---- request and approvals --------------------------------------------------
runs "a request is put together" make_request --proof warrant.proof -o request
quiet v request warrant --vault day.veil --key thief.key --proof warrant.proof -o request.thief
refused E_REQUESTER "a stolen warrant" answer 1 request.thief no.leaf
cp -r request request.less
head -c -280 request/vault-1.entries >request.less/vault-1.entries
refused E_ROOT "an entry left out" answer 1 request.less no.leaf
cp -r request request.few
rm request.few/warrant.2.minisig
refused E_ISSUERS "a request without the second issuer" answer 1 request.few no.leaf
for i in 1 2 3; do
    runs "custodian $i approves" answer "$i" request "r$i.leaf"
done
refused E_REPLAY "the same request again" answer 1 request again.leaf
hand() { "$VEIL" approve hand-over request --home "home$1" --log log -o "$2"; }
refused E_RELEASE_LOG "handing over before the release is logged" hand 1 early
for i in 1 2 3; do
    quiet "$VEIL" log append log "r$i.leaf"
done
witnessed
for i in 1 2 3; do
    runs "custodian $i hands over" hand "$i" "release$i"
done

# ---- opening ----------------------------------------------------------------
open_units() { # VAULT OUT RELEASE...
    local vault=$1 out=$2
    shift 2
    rm -rf "$out"
    mkdir "$out"
    "$TOOL" open ceremony/group.note policy.note warrant 1 rbox.key 3 "$vault" "$out" "$@" 3<pass
}
refused E_THRESHOLD "two custodians of three" open_units day.veil opened release1 release2
refused E_SHARE_INDEX "one custodian twice" open_units day.veil opened release1 release2 release2
cp -r release3 unlogged
cp release1/release.tlog-proof unlogged/
refused E_RELEASE_LOG "a release that is not proved to be logged" open_units day.veil opened release1 release2 unlogged
quiet seal other.veil "$(mkdir other && echo other)"
refused E_VAULT_ROOT "another vault" open_units other.veil opened release1 release2 release3
runs "three custodians open" open_units day.veil opened release1 release2 release3
same() { for f in opened/*; do cmp "$f" "plain/${f#opened/}" || return 1; done; }
runs "every opened unit is what was sealed, byte for byte" same
just_those() { [ "$(ls opened | sort -V | tr '\n' ' ')" = "$(for t in 3 7; do for s in 6 7 8 9 10 11 12 13 14 15; do
    echo "$t.$s"; done; done | sort -V | tr '\n' ' ')" ]; }
runs "just the units of tracks 3 and 7 from 14:03 to 14:04:30 are open" just_those

# ---- revocation -------------------------------------------------------------
quiet v log leaf revoke 1 --key iss2.key -o revoke.leaf
quiet "$VEIL" log append log revoke.leaf
witnessed
quiet make_request --proof warrant.proof -o request.late
refused E_REVOKED "a revoked warrant" answer 1 request.late late.leaf
rm log/entries/000000000004
refused E_LOG_FORK "a log that lost a leaf" answer 1 request.late late.leaf
echo "1..$n"
