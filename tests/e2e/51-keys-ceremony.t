#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: three custodians make a 2-of-3 group through a folder, refresh it, and
# change a passphrase. Whoever alters the folder, changes a message after
# seeing the others, or brings another key, is refused with its own code.
set -u
VEIL=$(realpath "${VEIL:-build/veil}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
n=0
yes 'one passphrase for a test' | head -2 >pass

ok() { # ok STATUS NAME
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        sed 's/^/# /' .out
    fi
}
says() { # says TEXT NAME COMMAND...: exit 0, and prints TEXT
    local text=$1 name=$2 rc=0
    shift 2
    "$@" >.out 2>&1 || rc=$?
    grep -q -- "$text" .out || rc=1
    ok "$rc" "$name"
}
refused() { # refused CODE NAME COMMAND...: exit 1, for this reason
    local code=$1 name=$2 rc=0
    shift 2
    "$@" >.out 2>&1 || rc=$?
    [ "$rc" -eq 1 ] && grep -q "$code" .out
    ok $? "refused: $name ($code)"
}
quiet() {
    "$@" >.out 2>&1 || {
        sed 's/^/# /' .out
        echo "Bail out! $*"
        exit 1
    }
}
v() { "$VEIL" "$@" --pass-fd 3 3<pass; }
step() { # step FOLDER MEMBER [OPTION...]
    local folder=$1 who=$2
    shift 2
    v group step "$folder" --key "$who.key" --box "$who-box.key" "$@"
}

for who in a b c d; do
    quiet v keys new custodian-sign $who
    quiet v keys new custodian-dkg-box $who-box
done
members=(--member oslo:a.pub:a-box.pub --member bergen:b.pub:b-box.pub --member tromso:c.pub:c-box.pub)

# ---- key files -----------------------------------------------------------------
says '"role": "custodian-sign"' 'show says what a key is for, without a passphrase' "$VEIL" keys show a.key --json
refused E_ROLE 'a box key given as a signing key' \
    v group new wrong --k 2 --member oslo:a-box.pub:a-box.pub --member bergen:b.pub:b-box.pub
printf 'another long passphrase\n' >other
cat pass other >both
says 'new passphrase' 'passwd' "$VEIL" keys passwd d.key --pass-fd 3 3< <(head -1 pass; cat other)
refused E_KEYFILE 'the old passphrase' v keys passwd d.key
printf 'short\n' >short
"$VEIL" keys new witness w --pass-fd 3 3<short >.out 2>&1
[ $? -eq 2 ] && [ ! -e w.key ] && grep -q 'take 8 or more' .out
ok $? 'a passphrase of five letters makes no key'
mode=$(stat -c %a a.key)
[ "$mode" = 600 ]
ok $? 'a key file is readable by its owner only'

# ---- ceremony -------------------------------------------------------------------
refused E_DKG_MEMBER 'one custodian listed twice' v group new twice --k 2 "${members[@]}" --member x:a.pub:a-box.pub
refused E_DKG_MEMBER 'a threshold above the number of custodians' v group new many --k 4 "${members[@]}"
says 'read this aloud' 'a ceremony is started' v group new cer --k 2 "${members[@]}"
says 'round 0 of 2 bergen, 3 tromso' 'the first step says who is next' step cer a
says '"waiting_for"' 'status for programs' "$VEIL" group status cer --json
refused 'not the key of a member' 'a stranger' "$VEIL" group step cer --key d.key --box d-box.key --pass-fd 3 3<other
quiet step cer b
[ ! -e cer/round1.1.msg ] && [ ! -e cer/round1.2.msg ]
ok $? 'nobody publishes a message before all are announced'
quiet step cer c
quiet step cer a
quiet step cer b
# From here member 3 has seen every message. It makes another one in a ceremony
# with the same text, and swaps announcement and message.
mkdir late
cp -r ./*.key ./*.pub ./*.hashes ./*.message cer pass late
(
    cd late || exit 1
    rm -f c.key.*.message c.key.*.hashes cer/round0.3.txt cer/round1.3.msg cer/round3.*
    quiet step cer c
) || exit 1
cmp -s cer/round0.3.txt late/cer/round0.3.txt
[ $? -eq 1 ]
ok $? 'member 3 has changed its announcement and message'
cd late || exit 1
rm -f cer/round3.*
refused E_DKG_COMMIT 'a message changed after seeing the others' step cer a
cd ..
cp cer/round1.3.msg keep
printf '\377' | dd of=cer/round1.3.msg bs=1 seek=100 conv=notrunc status=none
rm -f cer/round3.1.note
refused E_DKG_COMMIT 'a message altered on the stick' step cer a
cp keep cer/round1.3.msg
sed 's/^k 2$/k 3/' cer/ceremony.txt >edited && cp cer/ceremony.txt kept.txt && cp edited cer/ceremony.txt
refused E_DKG_ 'a threshold edited in ceremony.txt' step cer a
cp kept.txt cer/ceremony.txt
printf '\n' >>cer/ceremony.txt
refused E_CANON 'a line added to ceremony.txt' step cer a
cp kept.txt cer/ceremony.txt
says 'group note signed' 'put right, it goes on' step cer a
quiet step cer b
quiet step cer c
cp cer/round3.2.note keep
sed -i 's/ bergen / bergan /' cer/round3.2.note
refused E_GROUP 'a group note that differs between members' step cer a
cp keep cer/round3.2.note
says 'pin this gid' 'the last step makes group.note' step cer a
gid=$("$VEIL" group show cer/group.note --json | sed -n 's/.*"gid": "\(.*\)".*/\1/p')
says 'distributed ceremony' 'the pinned group is shown' "$VEIL" group show cer/group.note --pin "$gid"
refused E_GROUP 'another gid than the pinned one' "$VEIL" group show cer/group.note --pin "${gid//[0-7]/0}"
head -n -1 cer/group.note >short.note
refused E_GROUP 'a group note with a signature missing' "$VEIL" group show short.note
says '"epoch": 0' 'a share key knows its group and epoch' "$VEIL" keys show a.share-0.key --json
[ -z "$(ls a.key.*.message a.key.*.hashes 2>/dev/null)" ]
ok $? 'nothing private is left beside the key'

# ---- refresh --------------------------------------------------------------------
refused E_DKG_MEMBER 'a refresh with the members in another order' \
    v group refresh mixed --group cer/group.note "${members[2]}" "${members[3]}" "${members[0]}" "${members[1]}" \
    "${members[4]}" "${members[5]}"
quiet v group refresh ref --group cer/group.note "${members[@]}"
cp a.share-0.key old.key
refused E_ROLE 'a signing key given as a share key' step ref a --share a.key
for _ in 1 2 3; do
    for who in a b c; do
        quiet step ref $who --share $who.share-0.key
        [ -e ref/group.note ] && break 2
    done
done
[ ! -e a.share-0.key ] && [ -e b.share-0.key ] && [ -e c.share-0.key ]
ok $? 'an old share key goes only when all have signed'
refused 'so it was left' 'the new share key given to be removed' step ref b --share b.share-1.key
[ -e b.share-1.key ]
ok $? 'and it is still there'
says 'old share key is removed' 'the others finish' step ref b --share b.share-0.key
quiet step ref c --share c.share-0.key
says "\"gid\": \"$gid\"" 'the group is the same' "$VEIL" group show ref/group.note --json
says '"epoch": 1' 'in the next epoch' "$VEIL" group show ref/group.note --json
quiet v group refresh again --group ref/group.note "${members[@]}"
for who in a b c a b; do
    quiet step again $who --share $who.share-1.key
done
rm -f again/round3.1.note
refused E_EPOCH 'a share key of an epoch before' step again a --share old.key

# ---- a custodian's folder takes the new epoch --------------------------------------
for who in log:log witness:wit issuer:iss policy:pol; do
    quiet v keys new "${who%:*}" "${who#*:}"
done
policy() { # GROUP OUT [OPTION...]
    quiet "$VEIL" policy new --group "$1" -o "$2" --log example.org/log:log.pub --witness w:wit.pub \
        --issuer judge:iss.pub --reason assault --signer council:pol.pub "${@:3}"
    quiet v policy sign "$2" --key pol.key
}
policy cer/group.note p1
policy ref/group.note p2 --previous p1
policy cer/group.note p3 --previous p1
quiet "$VEIL" approve setup home --group cer/group.note --gid "$gid" --policy p1
touch home/log.state.mark
refused E_POLICY 'a policy of the next epoch before its group note' "$VEIL" approve policy home p2
refused E_POLICY 'a group note with the policy of another' "$VEIL" approve group home ref/group.note --policy p3
says '"epoch": 1' 'the next group note with its policy' "$VEIL" approve group home ref/group.note --policy p2 --json
[ -e home/log.state.mark ] && cmp -s home/group.note ref/group.note
ok $? 'in the same folder'
cp cer/group.note home/group.note # as if the power had gone between the two files
says 'new epoch' 'an interrupted run is finished by the same command' \
    "$VEIL" approve group home ref/group.note --policy p2
refused E_EPOCH 'back to the epoch before' "$VEIL" approve group home cer/group.note --policy p2
echo "1..$n"
