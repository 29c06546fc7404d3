#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the audit says of redacted clips whose faces are known: stretches that
# lie on a labelled face and such that lie on none, findings and doubtful ones;
# and its time over that of redact. A label may be missing in a photograph, so
# "elsewhere" is an upper bound of false alarms.
#   VEIL, VEIL_TEST_MEDIA   program, and folder of test media with exposure/
set -eu
VEIL=$(realpath "${VEIL:-build/veil}")
CLIPS=${VEIL_TEST_MEDIA:-/nonexistent}/exposure
[ -d "$CLIPS" ] || { echo "# audit: VEIL_TEST_MEDIA names no folder with exposure/"; exit 0; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# on_faces CSV: reads "from to x y w h" lines; prints how many overlap a label by a fifth, and how many do not
on_faces() {
    awk -F '[, ]' -v csv="$1" '
        BEGIN { while ((getline line < csv) > 0) { split(line, v, ","); if (v[1] + 0 == v[1]) { n[v[1]]++; label[v[1], n[v[1]]] = line } } }
        function both(a, b, c, d, lo, hi) { lo = a > c ? a : c; hi = a + b < c + d ? a + b : c + d; return hi > lo ? hi - lo : 0 }
        { hit = 0
          for (f = $1; f <= $2 && !hit; f++) for (i = 1; i <= n[f] && !hit; i++) {
              split(label[f, i], v, ","); common = both($3, $5, v[4], v[6]) * both($4, $6, v[5], v[7])
              hit = common > 0.2 * ($5 * $6 + v[6] * v[7] - common) }
          yes += hit; no += !hit }
        END { print yes + 0, no + 0 }'
}
cpu() {
    local TIMEFORMAT='%U %S'
    { time "$@" > out.txt 2> err.txt || [ $? -eq 1 ] || { cat err.txt >&2; exit 1; }; } 2> time.txt
    awk '{ print $1 + $2 }' time.txt
}

f=(0 0) d=(0 0) redact=0 audit=0
for source in "$CLIPS"/*.mp4; do
    name=$(basename "$source" .mp4)
    redact=$(awk "BEGIN { print $redact + $(cpu "$VEIL" redact "$source" -o "$name.mp4" -q) }")
    audit=$(awk "BEGIN { print $audit + $(cpu "$VEIL" audit "$name.mp4" --source "$source" --json -q) }")
    list='"\(.from_frame) \(.to_frame) \(.box | map(tostring) | join(" "))"'
    read -r a b < <(jq -r ".findings[] | $list" out.txt | on_faces "$CLIPS/$name.csv")
    read -r c e < <(jq -r ".doubtful[] | $list" out.txt | on_faces "$CLIPS/$name.csv")
    echo "audit_${name}: findings on faces $a, elsewhere $b; doubtful on faces $c, elsewhere $e; checks failed: $(
        jq -r '[.checks[] | select(.state == "failed") | .name] | join(" ")' out.txt)"
    f=($((f[0] + a)) $((f[1] + b))) d=($((d[0] + c)) $((d[1] + e)))
    rm -f "$name.mp4" "$name.mp4.report.json"
done
echo "audit_findings_on_faces=${f[0]} audit_findings_elsewhere=${f[1]}"
echo "audit_doubtful_on_faces=${d[0]} audit_doubtful_elsewhere=${d[1]}"
echo "audit_cpu_over_redact=$(awk "BEGIN { printf \"%.2f\", $audit / $redact }")"
