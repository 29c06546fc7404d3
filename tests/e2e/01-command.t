#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal: the command says what it can do, refuses what it cannot read with one
# sentence, and command line beats profile beats defaults.
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"

SECONDS_LONG=0.4 clip in.mp4 -c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac

ok "--version" exits 0 veil --version
ok "--version: a number" grep -Eq '^veil [0-9]+\.[0-9]+' out.txt
ok "help lists commands" exits 0 veil help
ok "help names redact" grep -q '^  redact' out.txt
ok "redact --help" exits 0 veil redact --help
for o in output profile chain detector audio keep-metadata on-error report; do
    ok "redact --help: --$o" grep -q -- "--$o " out.txt
done
ok "no command: exit 2" exits 2 veil
ok "unknown command: exit 2" exits 2 veil redcat
ok "unknown command: one sentence" one_sentence "unknown command 'redcat'"
ok "words for completion" exits 0 veil --words redact
ok "words for completion: options" grep -q -- '^--audio$' out.txt
veil --words log
ok "words for completion: verbs" bash -c '[ "$(grep -v ^- out.txt | head -3 | tr "\n" " ")" = "new leaf result " ]'

# bad TEXT PATTERN ARGS...
bad() {
    local text=$1 pattern=$2
    shift 2
    ok "$text: exit 2" exits 2 veil redact "$@"
    ok "$text: one sentence" one_sentence "$pattern"
}
bad "no input" "no input was named" -o out.mp4
bad "two inputs" "more than one input" in.mp4 in.mp4 -o out.mp4
bad "no output" "no output was named" in.mp4
bad "unknown option" "unknown option '--nosuch'" in.mp4 -o out.mp4 --nosuch
bad "unknown letter" "unknown option '-X'" in.mp4 -o out.mp4 -X
bad "number too high" "option '--crf' is '64'; give a whole number from -1 to 63" in.mp4 -o out.mp4 --crf 64
bad "no number" "option '--crf' is '2O'" in.mp4 -o out.mp4 --crf=2O
bad "part of a number" "option '--detect-every' is '1.5'" in.mp4 -o out.mp4 --detect-every 1.5
bad "unknown choice" "option '--style' is 'smear'; give one of solid" in.mp4 -o out.mp4 --style smear
bad "value missing" "option '--crf' needs a value" in.mp4 -o out.mp4 --crf
bad "unknown profile" "no profile 'nosuch'" in.mp4 -o out.mp4 -p nosuch
bad "unknown ending" "no known ending" in.mp4 -o out.xyz
bad "no ending" "no known ending" in.mp4 -o out
bad "too many cells" "option '--cells' is '17'" in.mp4 -o out.mp4 --style mosaic --cells 17
ok "nothing was written" nothing_left out.mp4

# ---- profiles ------------------------------------------------------------------------

show() {
    veil redact --show-config "$@" || { cat err.txt; return 1; }
    grep -v '^#' out.txt
}
# has KEY VALUE ARGS...
has() {
    local key=$1 value=$2
    shift 2
    show "$@" | grep -Fxq "$key = $value;" || { show "$@"; return 1; }
}

printf 'crf = 31;\nstyle = "ellipse";\nmargin = 0.5;\nzone = ( "0,0 9,0 9,9", "1,1 2,1 2,2" );\n' > mine.cfg
ok "a default" has crf 20
ok "profile beats default" has crf 31 -p ./mine.cfg
ok "command line beats profile" has crf 12 -p ./mine.cfg --crf 12
ok "command line beats profile, whatever the order" has crf 12 --crf 12 -p ./mine.cfg
ok "what is not in the profile keeps its default" has cells 6 -p ./mine.cfg
ok "lists are read" has zone '( "0,0 9,0 9,9", "1,1 2,1 2,2" )' -p ./mine.cfg
show -p ./mine.cfg --crf 12 > shown.cfg
veil redact --show-config -p ./shown.cfg
grep -v '^#' out.txt > again.cfg
ok "--show-config prints a profile that reads back the same" cmp shown.cfg again.cfg
ok "--show-config is no run" nothing_left out.mp4

printf '# a comment\ncrf = 20;\nsytle = "solid";\n' > unknown.cfg
bad "profile: unknown key" "unknown.cfg:3: key 'sytle' is unknown" in.mp4 -o out.mp4 -p ./unknown.cfg
printf '\n\n\ncrf = 99;\n' > range.cfg
bad "profile: out of range" "range.cfg:4: key 'crf' is '99'; give a whole number from -1 to 63" in.mp4 -o out.mp4 -p ./range.cfg
printf 'style = "smear";\n' > choice.cfg
bad "profile: unknown choice" "choice.cfg:1: key 'style' is 'smear'; give one of solid\|ellipse" in.mp4 -o out.mp4 -p ./choice.cfg
printf 'crf = true;\n' > type.cfg
bad "profile: wrong type" "type.cfg:1: key 'crf'" in.mp4 -o out.mp4 -p ./type.cfg
printf 'crf = { a = 1; };\n' > group.cfg
bad "profile: group" "group.cfg:1: key 'crf'" in.mp4 -o out.mp4 -p ./group.cfg
printf 'output = "x.mp4";\n' > typed.cfg
bad "profile: belongs to one run" "typed.cfg:1: key 'output' belongs to one run" in.mp4 -o out.mp4 -p ./typed.cfg
printf 'chain = "null";\n' > bare.cfg
bad "profile: chain that hides nothing" "hides no face" in.mp4 -o out.mp4 -p ./bare.cfg
printf 'chain = "detect,track,cover,draw";\n' > draw.cfg
bad "profile: chain that draws" "draws on faces" in.mp4 -o out.mp4 -p ./draw.cfg
printf 'allow-bare = true;\n' > allow.cfg
bad "profile: cannot allow bare faces" "allow-bare.*belongs to one run" in.mp4 -o out.mp4 -p ./allow.cfg
printf 'crf = = 3;\n' > syntax.cfg
ok "profile: bad syntax: exit 2" exits 2 veil redact in.mp4 -o out.mp4 -p ./syntax.cfg
ok "profile: bad syntax: file and line" grep -q 'syntax.cfg:1' err.txt

folder=$(dirname "$VEIL")
while [ "$folder" != / ] && [ ! -d "$folder/config" ]; do folder=$(dirname "$folder"); done
for p in council journalist police; do
    if [ -e "$folder/config/$p.cfg" ]; then
        ok "profile $p is found and read" exits 0 veil redact --show-config -p $p
        ok "profile $p: the same by path" exits 0 veil redact --show-config -p "$folder/config/$p.cfg"
    else
        skip "profile $p" "not in this tree"
    fi
done

# ---- a run ------------------------------------------------------------------------------

runs "two runs: first" bare in.mp4 one.mp4
runs "two runs: second" bare in.mp4 two.mp4
ok "two runs give the same bytes" same_bytes one.mp4 two.mp4
runs "one thread: runs" bare in.mp4 single.mp4 --threads 1
ok "one thread: times" same_times in.mp4 single.mp4
cp in.mp4 before.mp4
ok "the source is not changed" cmp in.mp4 before.mp4

ok "report: parses" jq -e . one.mp4.report.json
is "report: schema" "$(jq -r .schema one.mp4.report.json)" veil/report/1
is "report: SHA-256 of the source" "$(jq -r .source.sha256 one.mp4.report.json)" "$(sha256sum in.mp4 | cut -d ' ' -f 1)"
is "report: SHA-256 of the output" "$(jq -r .output.sha256 one.mp4.report.json)" "$(sha256sum one.mp4 | cut -d ' ' -f 1)"
is "report: frames" "$(jq .result.frames one.mp4.report.json)" 10
is "report: configuration" "$(jq .configuration.crf one.mp4.report.json)" 6
is "report: bare faces were allowed" "$(jq '.configuration["allow-bare"]' one.mp4.report.json)" true
ok "report: versions" jq -e '.versions.veil and .versions.ffmpeg' one.mp4.report.json
ok "report: time" jq -e '.result.wall_s > 0 and .result.cpu_s > 0' one.mp4.report.json
runs "--report: runs" bare in.mp4 three.mp4 --report elsewhere.json
ok "--report: there" test -s elsewhere.json
ok "--report: and only there" test ! -e three.mp4.report.json
runs "--force: runs" bare in.mp4 one.mp4 --force --crf 30
ok "--force: replaced" not same_bytes one.mp4 two.mp4
runs "--quiet: runs" bare in.mp4 quiet.mp4 --quiet
ok "--quiet: nothing is said" test ! -s err.txt
runs "--verbose: runs" bare in.mp4 verbose.mp4 --verbose
ok "--verbose: says the chain" grep -q 'chain: null' err.txt
runs "a chain that hides nothing: runs when allowed" bare in.mp4 warned.mp4
ok "a chain that hides nothing: warns" grep -q 'warning: .*hides no face' err.txt
cp in.mp4 -- -odd.mp4
runs "a name that begins with a dash: runs" veil redact -o dash.mp4 --chain null --allow-bare -- -odd.mp4
cp in.mp4 "a b'c%03d.mp4"
runs "spaces, quotes and percent signs in names: runs" bare "a b'c%03d.mp4" "o p'q%03d.mp4"
ok "spaces, quotes and percent signs in names: there" test -s "o p'q%03d.mp4"
cp in.mp4 "a:b.mp4"
runs "a colon in a name: runs" bare "a:b.mp4" "c:d.mp4"
ok "a colon in a name: there" test -s "c:d.mp4"

done_testing
