#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `make demo`: the whole story on a street that does not exist. A council seals
# faces, a judge warrants one, custodians answer, that face comes back and is
# matched, the log shows it. Needs no network model.
#   VEIL=build/veil STREET=build/samples/street/street samples/demo.sh OUT_FOLDER
set -euo pipefail
out=$(realpath -m "${1:?give a folder for the results}")
veil=$(realpath "${VEIL:-build/veil}")
street=$(realpath "${STREET:-build/samples/street/street}")
here=$(cd "$(dirname "$0")" && pwd)
# What lies here from an earlier run goes; anything else is not ours to delete.
if [ -e "$out" ] && [ ! -e "$out/index.html" ] && [ -n "$(ls -A "$out")" ]; then
    echo "'$out' is not empty and no demo of ours; give another folder" >&2
    exit 2
fi
rm -rf "$out"
mkdir -p "$out/desk"
# shellcheck source=samples/tell.sh
. "$here/tell.sh"
cd "$out/desk" # where all parties put their papers
pass=$(mktemp)
trap 'rm -f "$pass"' EXIT
printf 'a passphrase for a demo\n%.0s' {1..8} > "$pass"
page_begin
echo '<h1>veil: one face, by warrant</h1>' >> "$page"
say 'Everything on this page was made a moment ago by the commands shown, on this machine, without a network model. The people do not exist. Passphrases were read from a file for the demo; a person types them.'

key() { quiet veil keys new "$1" "$2"; }
witnessed() {
    quiet veil log checkpoint log --key log.key
    quiet veil log cosign log --key newspaper.key --log-key log.pub --name newspaper --state newspaper.state
}

# ---- the council records a street ------------------------------------------------
step 'A street' 'A camera of the council records a street: fourteen seconds, eight people.'
quiet "$street" -o street.mp4 --gt street.csv --frames 350 --size 1280x720 --people 8 --seed 5
still street.mp4 4 ../1-street.png
picture 1-street.png 'What the camera saw. Nobody will publish this.'

# ---- custodians --------------------------------------------------------------------
step 'Three custodians hold the key between them' \
    'A court, an ombudsman and a university make a key of which any two can use their parts and nobody ever holds the whole. The ceremony is a folder of messages that travels from one to the next.'
for who in court ombudsman university; do
    key custodian-sign "$who"
    key custodian-dkg-box "$who-box"
done
for who in log:log witness:newspaper issuer:judge operator-sign:council policy:council-policy requester-sign:police \
    requester-box:police-view matcher-box:lab matcher-sign:lab-sign; do
    key "${who%:*}" "${who#*:}"
done
run veil group new ceremony --k 2 --member court:court.pub:court-box.pub \
    --member ombudsman:ombudsman.pub:ombudsman-box.pub --member university:university.pub:university-box.pub
for round in 0 1 3; do
    for who in court ombudsman university; do
        if [ $round$who = 0court ]; then
            run veil group step ceremony --key $who.key --box $who-box.key
        else
            quiet veil group step ceremony --key $who.key --box $who-box.key
        fi
    done
done
[ -e ceremony/group.note ] || quiet veil group step ceremony --key court.key --box court-box.key
run veil group show ceremony/group.note
gid=$("$veil" group show ceremony/group.note --json | jq -r .gid)
say 'They agree on a policy: who may issue warrants, for which reasons, who may match, and which public log everything must stand in.'
run veil policy new --group ceremony/group.note --log example.org/log:log.pub --witness newspaper:newspaper.pub \
    --issuer judge:judge.pub --operator council:council.pub --matcher lab:lab.pub:lab-sign.pub --reason assault \
    --reason demonstration --signer council:council-policy.pub --approve any -o policy.note
quiet veil policy sign policy.note --key council-policy.key
for who in court ombudsman university; do
    quiet veil approve setup "desk-$who" --group ceremony/group.note --gid "$gid" --policy policy.note
done
run veil log new log example.org/log
quiet veil log leaf group ceremony/group.note --key court.key -o group.leaf
quiet veil log append log group.leaf

# ---- redact and seal ---------------------------------------------------------------
step 'The council publishes the street' \
    'Every face is covered. Each one is also sealed to the custodians, track by track and ten seconds at a time, in a vault beside the file. The network that is compiled in is asked for sure finds only, as this street is easy; on its own it covers more.'
run veil redact street.mp4 -o published.mp4 --profile council --threshold 0.5 --detector own --quiet \
    --start 2026-05-01T14:02:00Z --group ceremony/group.note --gid "$gid" --policy policy.note --operator council.key
cp published.mp4 ../published.mp4
still published.mp4 4 ../2-published.png
picture 2-published.png 'What everybody may see.'
clip published.mp4 'The published clip.'
run veil inspect published.mp4.veil
quiet veil log leaf vault published.mp4.veil --key council.key -o vault.leaf
quiet veil log append log vault.leaf
witnessed
step 'What veil refuses to write' 'A chain of filters that hides nothing makes no file.'
refused 'hides no' veil redact street.mp4 -o bare.mp4 --chain null
[ ! -e bare.mp4 ]

# ---- a warrant ---------------------------------------------------------------------
# Who is meant: the report gives the box of each sealed track where it begins and where it
# ends, which the published clip shows as well. Of the tracks that begin or end on a
# walker's face the one that sees it largest, and the next one of somebody else.
tracks() {
    jq -r '.sealed.tracks[] | [.track, .first_frame, .last_frame, .first_box[], .last_box[]] | @tsv' published.mp4.report.json |
        awk -v OFS='\t' '
        FNR == NR { if (FNR > 1) { split($0, f, ","); p = f[3]; t = f[1]; people[p]; h[p, t] = f[8] > 0.98 && f[5] + f[7] < 620 ? f[7] : 0
                        x[p, t] = f[4] + f[6] / 2; y[p, t] = f[5] + f[7] / 2 } next }
        function on(p, t, bx, by, bw, bh) {
            return (p, t) in x && x[p, t] > bx && x[p, t] < bx + bw && y[p, t] > by && y[p, t] < by + bh }
        { for (p in people) if (on(p, $2, $4, $5, $6, $7) || on(p, $3, $8, $9, $10, $11)) {
              best = $2
              for (t = $2; t <= $3; t++) if (h[p, t] > h[p, best]) best = t
              print h[p, best], $1, p, best } }' FS=, street.csv FS='\t' - | sort -rn
}
read -r _ track person best < <(tracks)
read -r _ other_track other _ < <(tracks | awk -v p="$person" '$3 != p')
draft() { # TRACK FILE OPTION...
    run veil warrant draft published.mp4.veil --policy policy.note --from 14:02 --to 14:02:14 --track "$1" \
        --court district-court --case 2026/117 --requester police.pub --days 20 --unseal-days 30 -o "$2" "${@:3}"
}
issued() { # WARRANT
    quiet veil warrant sign "$1" --key judge.key
    quiet veil log leaf warrant "$1" --key judge.key -o "$1.leaf"
    quiet veil log append log "$1.leaf"
    witnessed
    quiet veil log prove log --leaf "$1.leaf" -o "$1.tlog-proof"
}
step 'A judge warrants one person' \
    "Police ask for one of the covered people, known by the number of the track that the report gives: $track. The judge signs what exactly may be opened; it is entered into the log before anybody acts on it."
draft "$track" warrant --reason assault --requester-box police-view.pub
run veil warrant sign warrant --key judge.key

step 'Without a logged warrant, custodians say no'
quiet veil log leaf warrant warrant --key judge.key -o warrant.leaf
quiet veil log prove log --leaf vault.leaf -o vault.proof
quiet veil request warrant --vault published.mp4.veil --proof vault.proof --key police.key -o request-early
refused E_LOG veil approve request-early --home desk-court --log log --share court.share-0.key --key court.key --yes \
    -o court-early.leaf
quiet veil log append log warrant.leaf
witnessed
quiet veil log prove log --leaf warrant.leaf -o warrant.tlog-proof

step 'Custodians look, and answer' 'Each sees the court, the reason, the track and its times, checks the log, and enters its answer there before handing it over.'
run veil request warrant --vault published.mp4.veil --proof warrant.tlog-proof --key police.key -o request
answer() { # WHO REQUEST RELEASE
    quiet veil approve "$2" --home "desk-$1" --log log --share "$1.share-0.key" --key "$1.key" --yes -o "$1-$3.leaf"
    quiet veil log append log "$1-$3.leaf"
    witnessed
    quiet veil approve hand-over "$2" --home "desk-$1" --log log -o "$3-$1"
}
run veil approve request --home desk-court --log log --share court.share-0.key --key court.key --yes -o court-release.leaf
quiet veil log append log court-release.leaf
witnessed
run veil approve hand-over request --home desk-court --log log -o release-court
open_with() { # OUT WARRANT RELEASE...
    local folder=$1 warrant=$2 more=()
    shift 2
    for release; do more+=(--release "$release"); done
    echo veil open "$warrant" --group ceremony/group.note --policy policy.note "${more[@]}" --vault published.mp4.veil \
        --box police-view.key --key police.key --published published.mp4 -o "$folder"
}
step 'One custodian is not enough'
# shellcheck disable=SC2046
refused E_THRESHOLD $(open_with ../evidence warrant release-court)
answer ombudsman request release

step 'A warrant opens its own track and no other' 'The same papers do not open another person: a warrant for track '"$other_track"' has no answers, and the answers that are there do not fit it.'
draft "$other_track" other-warrant --reason assault --requester-box police-view.pub
issued other-warrant
# shellcheck disable=SC2046
refused 'E_[A-Z_]*' $(open_with ../evidence other-warrant release-court release-ombudsman)

step 'A warrant ends' 'A warrant of two months ago is logged and signed, and over.'
draft "$track" old-warrant --reason assault --requester-box police-view.pub
sed -i "s/^not-before .*/not-before $(date -u -d '-60 days' +%FT%TZ)/; s/^not-after .*/not-after $(date -u -d '-40 days' +%FT%TZ)/" old-warrant
issued old-warrant
quiet veil request old-warrant --vault published.mp4.veil --proof old-warrant.tlog-proof --key police.key -o old-request
refused E_TIME_EXPIRED veil approve old-request --home desk-ombudsman --log log --share ombudsman.share-0.key \
    --key ombudsman.key --yes -o old.leaf

# ---- opened ---------------------------------------------------------------------------
step 'Two custodians answered: one face comes back' 'The crops are decoded by a process that can open no file and no connection. Everything else in the picture stays as it was published.'
# shellcheck disable=SC2046
run $(open_with ../evidence warrant release-court release-ombudsman)
at=$(awk -v f="$best" 'BEGIN { printf "%.2f", f / 25 }')
still published.mp4 "$at" ../3-still-covered.png
still ../evidence/restored.mkv "$at" ../4-one-face.png
pair 3-still-covered.png 'Published: everybody is covered.' 4-one-face.png 'Opened under the warrant: one face, in its own rectangle.'
picture "evidence/track-$track.png" 'The contact sheet in the evidence folder, with times.'
run minisign -Vm ../evidence/evidence.json -P "$(jq -r .requester.minisign ../evidence/evidence.json)"

# ---- matched --------------------------------------------------------------------------
step 'Is it the person in the photograph?' 'A second warrant lets a laboratory compare that face, and only that one, with the photographs that the warrant names: here of the walker and of two who were not meant. The matcher that needs no network is for demonstrations, and every result says so.'
face=110,180,260,310 # where the face is in a portrait
probes=() shown=()
third=0
while [ $third = "$person" ] || [ $third = "$other" ]; do third=$((third + 1)); done
for who in "$person" "$other" $third; do
    quiet "$street" --portrait "$who" "person-$who.png" --seed 5 --size 480x600
    cp "person-$who.png" ..
    probes+=(--probe "person-$who.png:$face")
    shown+=("person-$who.png" "Photograph of person $who")
done
pair "${shown[@]}"
draft "$track" match-warrant --reason demonstration --requester-box police-view.pub --match --deliver lab.pub "${probes[@]}"
issued match-warrant
quiet veil request match-warrant --vault published.mp4.veil --proof match-warrant.tlog-proof --key police.key -o match-request
answer court match-request match
answer university match-request match
papers=(--group ceremony/group.note --policy policy.note --release match-court --release match-university
    --vault published.mp4.veil)
run veil match match-warrant "${papers[@]}" --box lab.key --key lab-sign.key --matcher hog "${probes[@]}" -o ../result
run veil match --confirm ../result --policy policy.note --key lab-sign.key --yes
for hit in ../result/hit-*.png; do
    picture "result/${hit##*/}" 'A hit: the photograph, and the opened face. A person confirms or rejects it.'
done
# The right photograph, and no other: else the demo would show a mistake as a success.
names=$(sed -n 's/^hit \([0-9a-f]\{64\}\) .*/\1/p' ../result/result.note)
if [ "$names" != "$(sha256sum < "person-$person.png" | cut -d' ' -f1)" ]; then
    echo "the demo failed: the match named '$names', not the photograph of person $person alone" >&2
    exit 1
fi
quiet veil log append log ../result/result.leaf
quiet veil log append log ../result/confirmation.leaf
witnessed

# ---- the log ------------------------------------------------------------------------------
step 'Everybody can see that it happened' 'The log names no person and no case. It shows that a court opened one track and that a match was made, and anybody can check that it fits.'
run veil log show log
monitor() {
    "$1" veil log monitor log --policy policy.note --group ceremony/group.note --vault published.mp4.veil \
        --warrant warrant --warrant match-warrant --kept kept.checkpoint "${@:2}"
}
monitor run
step 'A log with an answer to no warrant raises the alarm' 'Somebody takes the warrant out of a copy of the log, and signs it anew.'
quiet veil log new forged example.org/log
for leaf in group.leaf vault.leaf court-release.leaf; do quiet veil log append forged $leaf; done
quiet veil log checkpoint forged --key log.key
quiet veil log cosign forged --key newspaper.key --log-key log.pub --name newspaper --state forged.state
refused 'release-without-warrant' veil log monitor forged --policy policy.note --group ceremony/group.note \
    --kept forged.checkpoint

# ---- closing --------------------------------------------------------------------------------
step 'Closed' 'On its date the police erase what was opened, and the key that the shares were sealed to; the log hears of it. (The demo closes a copy, so that the evidence folder is there to look at.)'
cp -r ../evidence evidence-to-close
run veil close evidence-to-close --early --log log --key police.key --box police-view.key --release release-court \
    --release release-ombudsman
run veil log append log evidence-to-close/closed.leaf --subject evidence-to-close/warrant
witnessed
# shellcheck disable=SC2046
refused . $(open_with ../again warrant release-court release-ombudsman)
monitor run --at "$(date -u -d '+20 days' +%FT%TZ)"
page_end

printf '\nLook at %s\n' "$out/index.html"
ls -1 "$out"
