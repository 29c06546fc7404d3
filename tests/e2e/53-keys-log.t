#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: every command around keys/ reports as one JSON object of one shape, and
# a monitor finds each wrong log, built here for real from leaves that are
# signed by those who may sign them. Consent goes into the log only with its record.
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

ok() { # ok STATUS NAME
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        cat .out .err 2>/dev/null | sed 's/^/# /'
    fi
}
# json FILTER COMMAND...: exit 0, one object whose "command" is COMMAND's first words, and the filter holds
json() {
    local filter=$1 rc=0
    shift
    "$@" --json >.out 2>.err || rc=$?
    [ "$rc" -eq 0 ] && jq -e -s "length == 1 and (.[0] | (keys_unsorted[0] == \"command\") and ($filter))" .out >/dev/null
    ok $? "--json: $(jq -r .command .out 2>/dev/null)"
}
# says CODE WORD NAME COMMAND...: exit code, and a word in what it says
says() {
    local code=$1 word=$2 name=$3 rc=0
    shift 3
    "$@" >.out 2>.err || rc=$?
    [ "$rc" -eq "$code" ] && cat .out .err | grep -q -- "$word"
    ok $? "$name"
}
quiet() {
    "$@" >.out 2>&1 || {
        sed 's/^/# /' .out
        echo "Bail out! $*"
        exit 1
    }
}
v() { "$VEIL" "$@" --pass-fd 3 3<pass; }

# ---- keys, group, policy ------------------------------------------------------
json '.role == "custodian-sign" and .file == "a.key"' v keys new custodian-sign a
for who in custodian-sign:b custodian-dkg-box:a-box custodian-dkg-box:b-box log:log witness:wit issuer:iss \
    issuer:stranger operator-sign:op policy:pol requester-sign:req requester-sign:stranger-req requester-box:rbox \
    matcher-box:mbox matcher-sign:msign controller:controller controller:other subject:subject; do
    quiet v keys new "${who%:*}" "${who#*:}"
done
json '.role == "log"' "$VEIL" keys show log.pub
json '.role == "subject"' v keys passwd subject.key
members=(--member oslo:a.pub:a-box.pub --member bergen:b.pub:b-box.pub)
json '.folder == "c" and .k == 2 and (.members | length) == 2 and .round == 0' "$VEIL" group new c --k 2 "${members[@]}"
step() { v group step c --key "$1.key" --box "$1-box.key" "${@:2}"; }
json '.member == 1 and (.done | length) == 1 and .waiting_for == [{"index": 2, "org": "bergen"}]' step a
json '.round == 0 and .refresh == false' "$VEIL" group status c
quiet step b
quiet step a
quiet step b
json '.share == "a.share-0.key" or (.group.epoch == 0)' step a
quiet step b
json '.k == 2 and (.custodians | length) == 2' "$VEIL" group show c/group.note
GID=$("$VEIL" group show c/group.note --json | jq -r .gid)
json '.refresh and .round == 0' "$VEIL" group refresh again --group c/group.note "${members[@]}"

json '.file == "p1" and .version == 1 and .signatures == 0' "$VEIL" policy new --group c/group.note \
    --log example.org/log:log.pub --witness w:wit.pub --issuer judge:iss.pub --operator camera:op.pub \
    --matcher lab:mbox.pub:msign.pub --reason assault --signer council:pol.pub --approve any -o p1
json '.signatures == 1' v policy sign p1 --key pol.key
json '.version == 1 and .unattended' "$VEIL" policy show p1
quiet "$VEIL" policy new --group c/group.note --log example.org/log:log.pub --witness w:wit.pub --issuer judge:iss.pub \
    --operator camera:op.pub --matcher lab:mbox.pub:msign.pub --reason assault --signer council:pol.pub --approve any \
    --max-days 60 --previous p1 -o p2
quiet v policy sign p2 --key pol.key
json ".folder == \"h1\" and .gid == \"$GID\" and .policy_version == 1" "$VEIL" approve setup h1 --group c/group.note \
    --gid "$GID" --policy p1
quiet "$VEIL" approve setup h2 --group c/group.note --gid "$GID" --policy p1

# ---- vault, warrants ----------------------------------------------------------
mkdir plain
quiet "$TOOL" seal c/group.note p1 op.key 3 2026-05-01T14:02:00Z day.veil plain 3<pass
json '.units > 0 and .start == "2026-05-01T14:02:00Z"' "$VEIL" inspect day.veil
draft() {
    "$VEIL" warrant draft day.veil --policy p1 --from 14:03 --to 14:04 --court court --case 1 --reason assault \
        --requester req.pub --requester-box rbox.pub --days 20 --unseal-days 30 "$@"
}
json '.file == "wa" and .tracks == 2 and (.wid | length) == 64 and (.scopes | length) == 2' draft --track 3 --track 7 -o wa
quiet draft --track 3 -o wb
quiet draft --track 3 --match --deliver mbox.pub --probe "day.veil:1,2,3,4" -o wm
json '.signature == "wa.1.minisig" and .number == 1' v warrant sign wa --key iss.key
json '.valid and .issuers == ["judge"]' "$VEIL" warrant verify wa --policy p1
json '.action == "view" and .unseal_by > .not_after' "$VEIL" warrant show wa

# ---- log ----------------------------------------------------------------------
json '.folder == "log" and .log == "example.org/log"' "$VEIL" log new log example.org/log
json '.kind == "veil/v1/log-group"' v log leaf group c/group.note --key a.key -o group.leaf
json '.kind == "veil/v1/log-vault"' v log leaf vault day.veil --key op.key -o vault.leaf
for w in wa wb wm; do
    quiet v log leaf warrant $w --key iss.key -o $w.leaf
done
json '.warrant_leaf == 2' v log leaf revoke 2 --key iss.key -o revoke.leaf
quiet v log leaf revoke 2 --key stranger.key -o stranger.leaf
witnessed() { # LOG
    quiet v log checkpoint "$1" --key log.key
    quiet v log cosign "$1" --key wit.key --log-key log.pub --name w --state "$1.state"
}
mklog() { # NAME LEAF...: another log of the same origin and key
    local name=$1 leaf
    shift
    quiet "$VEIL" log new "$name" example.org/log
    for leaf; do
        case $leaf in
        unseal* | close*) quiet "$VEIL" log append "$name" "$leaf" --subject wa ;;
        *) quiet "$VEIL" log append "$name" "$leaf" ;;
        esac
    done
    witnessed "$name"
}
json '.index == 0 and .kind == "veil/v1/log-group"' "$VEIL" log append log group.leaf
quiet "$VEIL" log append log vault.leaf
quiet "$VEIL" log append log wa.leaf
json '.size == 3 and .log == "example.org/log"' v log checkpoint log --key log.key
json '.size == 3' v log cosign log --key wit.key --log-key log.pub --name w --state log.state
json '.index == 2 and .file == "wa.proof"' "$VEIL" log prove log --leaf wa.leaf -o wa.proof
json '.size == 3 and (.time | endswith("Z"))' "$VEIL" log verify wa.proof --leaf wa.leaf --policy p1
json '(.leaves | length) == 3' "$VEIL" log show log

# ---- request, approvals -------------------------------------------------------
json '.folder == "request" and .signatures == 1' v request wa --vault day.veil --proof wa.proof --key req.key -o request
answer() { v approve request --home "h$1" --log log --share "$2.share-0.key" --key "$2.key" -o "r$1.leaf" "${@:3}"; }
says 2 'opens  *2 tracks' 'a person sees the warrant also with --json, before being asked' answer 1 a --json
json '.custodian == 1 and .units == 14 and .warrant_leaf == 2' answer 1 a --yes
quiet answer 2 b --yes
quiet "$VEIL" log append log r1.leaf
quiet "$VEIL" log append log r2.leaf
witnessed log
json '.folder == "out1" and (.wid | length) == 64' "$VEIL" approve hand-over request --home h1 --log log -o out1
json '.policy_version == 2' "$VEIL" approve policy h1 p2

# ---- monitor --------------------------------------------------------------------
monitor() { # LOG [OPTION...]
    "$VEIL" log monitor "$1" --policy p1 --policy p2 --group c/group.note --kept "${kept:-$1.kept}" "${@:2}"
}
full=(--warrant wa --vault day.veil)
json '.clean and .findings == [] and .leaves == 5' monitor log "${full[@]}"
ok "$(cmp -s log/checkpoint log.kept && echo 0 || echo 1)" 'the checkpoint seen is kept as it was signed'
later=$(date -u -d '+31 days' +%Y-%m-%dT%H:%M:%SZ)
says 1 'late-unsealing' 'found: unseal-by is past, nothing was unsealed' monitor log --at "$later"
monitor log --at "$later" --json >.out 2>.err
jq -e '.clean == false and .findings[0].finding == "late-unsealing" and .findings[0].leaf == 2' .out >/dev/null
ok $? 'findings as JSON'
json '.kind == "veil/v1/log-unseal" and .warrant_leaf == 2' v log unseal log wa --key iss.key -o unseal.leaf
says 2 'subject' 'unsealing without the warrant' "$VEIL" log append log unseal.leaf
says 1 E_LOG_INCLUSION 'unsealing with another warrant' "$VEIL" log append log unseal.leaf --subject wb
quiet "$VEIL" log append log unseal.leaf --subject wa
cmp -s wa log/warrants/000000000002
ok $? 'the unsealed warrant is published in the log'
witnessed log
says 1 'late-closing' 'found: unseal-by is past, and nobody has logged that the faces were erased' \
    monitor log --at "$later" "${full[@]}"
echo '{"files": {}}' >evidence.json
json '.kind == "veil/v1/log-close" and .warrant_leaf == 2' v log close log evidence.json --warrant wa --key req.key -o close.leaf
says 2 'subject' 'closing without the warrant' "$VEIL" log append log close.leaf
says 1 E_LOG_INCLUSION 'closing with another warrant' "$VEIL" log append log close.leaf --subject wb
quiet v log close log evidence.json --warrant wa --key stranger-req.key -o stranger-close.leaf
says 1 E_ROLE 'closing by somebody else' "$VEIL" log append log stranger-close.leaf --subject wa
quiet "$VEIL" log append log close.leaf --subject wa
witnessed log
says 0 'nothing found' 'unsealed and closed in time: clean' monitor log --at "$later" "${full[@]}"
cp -r log text
cp wb text/warrants/000000000002
says 1 'unsealed-text' 'found: another text published than was promised' monitor text
rm -r text/warrants
says 1 'unsealed-text' 'found: nothing published' monitor text

mklog m2 group.leaf r1.leaf vault.leaf wa.leaf
says 1 'release-without-warrant' 'found: a release logged before its warrant' monitor m2 "${full[@]}"
mklog m3 group.leaf vault.leaf wb.leaf r1.leaf
says 1 'units: custodian 1 released 14 units, the warrant of leaf 2 names 7' 'found: more units than the warrant names' \
    monitor m3 --warrant wb --vault day.veil
says 1 'cover-sheet' 'found: a warrant that is not in the log' monitor m3 --warrant wa
mklog m4 group.leaf vault.leaf wa.leaf revoke.leaf r1.leaf r1.leaf stranger.leaf
says 1 'release-after-revocation' 'found: a release after the warrant was revoked' monitor m4
says 1 'release-again' 'found: one custodian, one warrant, two releases' monitor m4
says 1 "6  leaf: .*nobody of role 'issuer'" 'found: a leaf that nobody of the role signed' monitor m4
mklog m5 group.leaf group.leaf wa.leaf vault.leaf
says 1 'vault-after-warrant' 'found: a vault that was logged after the warrant' monitor m5 "${full[@]}"
mklog m10 group.leaf vault.leaf wa.leaf r1.leaf unseal.leaf
cp stranger-close.leaf m10/entries/000000000005
witnessed m10
says 1 'not signed by the requester' 'found: a closing that the requester has not signed' monitor m10
says 1 'late-closing' 'and it closes nothing' monitor m10 --at "$later"
mklog m6 group.leaf vault.leaf wb.leaf unseal.leaf
says 1 'refers-to-no-warrant' 'found: an unsealing of another warrant' monitor m6
cp log.kept m6.kept
says 1 'fork: ' 'found: a smaller log than was seen' monitor m6
mklog m7 group.leaf vault.leaf wb.leaf wa.leaf r1.leaf r2.leaf group.leaf
cp log.kept m7.kept
says 1 'do not extend' 'found: another history than was seen' monitor m7
cmp -s log.kept m7.kept
ok $? 'the checkpoint kept before the fork stays'
cp -r log bare
quiet v log checkpoint bare --key log.key
says 1 'E_WITNESS' 'found: a checkpoint without its witness' monitor bare
rm bare/checkpoint
says 1 'no checkpoint' 'found: no checkpoint' monitor bare
says 2 'nowhere' 'a log that is not there is no answer' monitor nowhere
says 2 'p9' 'a policy that is not there is no answer' monitor log --policy p9
echo 'not a checkpoint' >bad.kept
kept=bad.kept says 2 'kept checkpoint' 'a kept file that is no checkpoint is no answer' monitor log

# ---- results --------------------------------------------------------------------
echo '{"hits": []}' >hits.json
mklog m8 group.leaf vault.leaf wm.leaf
json '.hits == 3 and .warrant_leaf == 2' v log result m8 hits.json --warrant wm --hits 3 --key msign.key -o result.leaf
says 1 'to view' 'a warrant to view has no result' v log result log hits.json --warrant wa --hits 3 --key msign.key -o no
says 1 'no leaf of the log' 'a result for a warrant that is not logged' \
    v log result log hits.json --warrant wm --hits 3 --key msign.key -o no
quiet "$VEIL" log append m8 result.leaf
witnessed m8
says 0 'nothing found' 'a result of a match: clean' monitor m8
mklog m9 group.leaf vault.leaf wa.leaf result.leaf
says 1 'refers-to-no-warrant' 'found: a result of a warrant to view' monitor m9

# ---- consent --------------------------------------------------------------------
echo 'we publish the street' >notice
json '.file == "given" and .withdrawn == false and .subject == "person-7"' "$VEIL" consent new --subject person-7 \
    --controller council --subject-key subject.pub --controller-key controller.pub --purpose publication \
    --data face-image --notice notice -o given
says 1 'E_CANON' 'an unsigned record makes no leaf' v log leaf consent given --key controller.key -o no
json '.signed_as == "controller"' v consent sign given --key controller.key
says 1 'E_CONSENT' 'nor does one that the subject has not signed' v log leaf consent given --key controller.key -o no
says 1 'E_CONSENT' 'another controller cannot sign it' v consent sign given --key other.key
says 1 'E_CANON' 'what is no record is not signed' v consent sign wa --key controller.key
quiet v consent sign given --key subject.key
json '.in_force' "$VEIL" consent verify given
sed 's/^purpose publication$/purpose advertising/' given >forged
says 1 'E_SIGNATURE\|E_CONSENT' 'a record changed after signing does not verify' "$VEIL" consent verify forged
says 1 'E_SIGNATURE\|E_CONSENT' 'nor does it make a leaf' v log leaf consent forged --key controller.key -o no
json '.kind == "veil/v1/log-consent"' v log leaf consent given --key controller.key -o consent.leaf
quiet v log leaf consent given --key other.key -o other.leaf
says 2 'subject' 'a consent leaf without its record' "$VEIL" log append log consent.leaf
says 1 'E_ROLE' 'a consent leaf that its controller has not signed' "$VEIL" log append log other.leaf --subject given
says 1 'E_SIGNATURE\|E_CONSENT' 'a consent leaf with a forged record' "$VEIL" log append log consent.leaf --subject forged
[ ! -e log/entries/000000000007 ]
ok $? 'none of them is in the log'
json '.index == 7' "$VEIL" log append log consent.leaf --subject given
json '.withdrawn' "$VEIL" consent withdraw given -o withdrawn
json '.in_force and .logged' "$VEIL" consent verify given --log log
for role in controller subject; do
    quiet v consent sign withdrawn --key $role.key
done
says 1 'not in the log' 'a record that is not logged does not count' "$VEIL" consent verify given withdrawn --log log
quiet v log leaf consent withdrawn --key controller.key -o withdrawn.leaf
quiet "$VEIL" log append log withdrawn.leaf --subject withdrawn
says 1 'withdrawn' 'the newest event in the log counts, in whatever order the files are given' \
    "$VEIL" consent verify withdrawn given --log log
echo "1..$n"
