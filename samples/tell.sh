# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# How the demo tells its story: each step is printed as a person would type it,
# and put on a page beside its pictures. Source it with `out` set to the folder.

page=${out:?set out to the folder of the page}/index.html
: "${veil:?set veil to the program}"

escaped() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'; }

page_begin() {
    cat > "$page" << 'HTML'
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>veil: one face, by warrant</title>
<style>
:root { color-scheme: light dark; --ink: #1c2330; --paper: #fff; --soft: #f2f4f7; --line: #d5dae2; --no: #a02020; --yes: #1b6b3a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --paper: #14181f; --soft: #1e242e; --line: #39424f; --no: #ff9d93; --yes: #8fdcab; } }
body { font: 17px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto 6rem; padding: 0 1.2rem; }
h1 { font-size: 2rem; line-height: 1.2; } h2 { margin: 2.6rem 0 .6rem; border-top: 1px solid var(--line); padding-top: 1.4rem; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .7rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13.5px; line-height: 1.45; margin: .6rem 0; }
pre b { font-weight: 600; } .no { color: var(--no); } .yes { color: var(--yes); }
figure { margin: 1.2rem 0; } img, video { max-width: 100%; border-radius: 6px; border: 1px solid var(--line); display: block; }
figcaption { font-size: 14.5px; opacity: .85; margin-top: .35rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; } .pair figure { margin: .4rem 0; }
</style></head><body>
HTML
}
page_end() { echo '</body></html>' >> "$page"; }

# A heading, and what happens under it in plain words.
step() {
    printf '\n\033[1m== %s\033[0m\n' "$1"
    printf '<h2>%s</h2>\n' "$(escaped <<< "$1")" >> "$page"
    [ $# -lt 2 ] || say "$2"
}
say() {
    fold -s -w 100 <<< "$1"
    printf '<p>%s</p>\n' "$(escaped <<< "$1")" >> "$page"
}

# Words as a person would type them.
typed() {
    local word line=
    for word; do
        [[ $word =~ ^[A-Za-z0-9_./:=,@%+-]+$ ]] || word="'$word'"
        line+=" $word"
    done
    printf '%s' "${line# }"
}

# tell CLASS TEXT COMMAND...: a command and what it said
tell() {
    local class=$1 text=$2
    shift 2
    printf '\n$ %s\n%s' "$(typed "$@")" "$text"
    [ -z "$text" ] || echo
    printf '<pre><b>$ %s</b>\n<span class="%s">%s</span></pre>\n' "$(typed "$@" | escaped)" "$class" \
        "$(escaped <<< "$text")" >> "$page"
}

# Passphrases come from descriptor 3, so that nobody needs to type 40 of them.
act() {
    local first=$1
    shift
    if [ "$first" = veil ]; then
        "$veil" "$@" 3< "${pass:?set pass to a file of passphrases}"
    else
        "$first" "$@"
    fi
}
with_pass() { # the commands that unlock a key
    case "$1 $2 ${3:-}" in
    'veil keys new'* | 'veil group step'* | 'veil policy sign'* | 'veil warrant sign'* | 'veil log leaf'* | \
        'veil log checkpoint'* | 'veil log cosign'* | 'veil log result'* | 'veil log unseal'* | 'veil log close'* | \
        'veil request '* | 'veil open '* | 'veil match '* | 'veil close '*) true ;;
    'veil approve setup' | 'veil approve hand-over') false ;;
    'veil approve '*) true ;;
    'veil redact '*) [[ " $* " == *' --operator '* ]] ;;
    *) false ;;
    esac
}

# run COMMAND...: must succeed
run() {
    local more=() text
    ! with_pass "$@" || more=(--pass-fd 3)
    if ! text=$(act "$@" "${more[@]}" 2>&1); then
        tell no "$text" "$@"
        echo "the demo failed at this step" >&2
        exit 1
    fi
    tell '' "$text" "$@"
}
# quiet COMMAND...: the same, without telling
quiet() {
    local more=() text
    ! with_pass "$@" || more=(--pass-fd 3)
    if ! text=$(act "$@" "${more[@]}" 2>&1); then
        tell no "$text" "$@"
        echo "the demo failed at this step" >&2
        exit 1
    fi
}
# refused PATTERN COMMAND...: the answer must be no, in a sentence that fits
refused() {
    local pattern=$1 more=() text rc=0
    shift
    ! with_pass "$@" || more=(--pass-fd 3)
    text=$(act "$@" "${more[@]}" 2>&1) || rc=$?
    tell no "$text" "$@"
    if [ "$rc" = 0 ] || ! grep -Eq "$pattern" <<< "$text"; then
        echo "the demo failed: this was to be refused ($pattern), and ended with $rc" >&2
        exit 1
    fi
}

# picture FILE CAPTION, relative to the page
picture() { printf '<figure><img src="%s" alt="%s"><figcaption>%s</figcaption></figure>\n' "$1" "$2" "$2" >> "$page"; }
pair() {
    echo '<div class="pair">' >> "$page"
    while [ $# -ge 2 ]; do
        picture "$1" "$2"
        shift 2
    done
    echo '</div>' >> "$page"
}
clip() {
    printf '<figure><video src="%s" controls muted loop></video><figcaption>%s</figcaption></figure>\n' "$1" "$2" >> "$page"
}
still() { ffmpeg -nostdin -v error -y -ss "$2" -i "$1" -frames:v 1 "$3"; }
