#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Faces left bare by `veil redact` with its default settings, on the clips of the test media whose faces are known
# exactly: a row for each, and name=value lines over all. Judged by tools/exposure.py beside the media, which knows no
# detector.
#   VEIL_TEST_MEDIA=... VEIL_MODELS=... tests/bench/exposure.sh [--reference] [--causes] [OPTIONS OF REDACT]...
# --reference  also run frame by frame (YuNet at 1280, boxes of 0.5 and up grown to 1.3 times, no tracking), and compare
# --causes     also list the faces with bare frames: clip, face, height, how many frames, first and last
# CLIPS names another folder of clips, as of tests/bench/holdout.py; PYTHON a Python 3 with numpy and OpenCV, JUDGE the judge.
set -euo pipefail
veil=${VEIL:-build/veil}
media=${VEIL_TEST_MEDIA:-/nonexistent}
clips=${CLIPS:-$media/exposure}
judge=${JUDGE:-$media/../tools/exposure.py}
reference='' causes=''
while :; do
    case ${1:-} in
    --reference) reference=yes ;;
    --causes) causes=yes ;;
    *) break ;;
    esac
    shift
done

skip() {
    echo "exposure: skipped: $1"
    exit 0
}
[ -n "$(ls "$clips"/*.mp4 2>/dev/null)" ] || skip "no clips in '$clips'; name their folder in CLIPS, or that of 'exposure' in VEIL_TEST_MEDIA"
[ -f "$judge" ] || skip "no judge at '$judge'; name it in JUDGE"
[ -e "${VEIL_MODELS:-/nonexistent}/yunet/face_detection_yunet_2023mar.onnx" ] && [ -e "$VEIL_MODELS/yunet/yunet_n_640_640.onnx" ] ||
    skip "VEIL_MODELS is not set, or lacks one of the two YuNets"
for python in ${PYTHON:-python3 /usr/bin/python3 /usr/bin/python3.11}; do
    "$python" -c 'import cv2, numpy' 2>/dev/null && break
    python=''
done
[ -n "$python" ] || skip "no Python with numpy and OpenCV; name one in PYTHON"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# judged NAME CLIP OPTIONS...: redact the clip and judge it, into $tmp/CLIP.NAME.json and .csv
judged() {
    local out=$tmp/$2.$1
    "$veil" redact "$clips/$2.mp4" -o "$out.mp4" -f -q "${@:3}"
    "$python" "$judge" "$clips/$2.mp4" "$out.mp4" "$clips/$2.csv" --min-height 20 --json "$out.json" --dump "$out.csv" >"$tmp/log" || {
        cat "$tmp/log" >&2
        exit 1
    }
    rm "$out.mp4"
}

printf '%-10s %9s %9s %5s %7s%s\n' clip bare/1000 people run 'other %' "${reference:+   frame by frame: the same     share  other +}"
for clip in "$clips"/*.mp4; do
    clip=$(basename "$clip" .mp4)
    judged default "$clip" "$@"
    jq -j --arg clip "$clip" '"\($clip) \(.exposed_per_1000) \(.face_ids_exposed) \(.face_ids) \(.longest_exposed_run)
        \(.over_redaction.nonface_pixels_changed_percent)"' "$tmp/$clip.default.json" |
        xargs printf '%-10s %9.1f %5d/%-3d %5d %7.2f'
    if [ -n "$reference" ]; then
        judged reference "$clip" --chain detect=backend=yunet:size=1280:threshold=0.5:vary=0:light=0,cover=margin=0.15
        jq -js '"\(.[1].exposed_per_1000) \(.[1].face_ids_exposed) \(.[1].longest_exposed_run)
            \(.[1].over_redaction.nonface_pixels_changed_percent)
            \(.[0].exposed_per_1000 / ([.[1].exposed_per_1000, 0.001] | max))
            \(.[0].over_redaction.nonface_pixels_changed_percent - .[1].over_redaction.nonface_pixels_changed_percent)"' \
            "$tmp/$clip.default.json" "$tmp/$clip.reference.json" | xargs printf '   %9.1f %4d %5d %6.2f %7.2f %+7.2f'
    fi
    echo
done
if [ -n "$causes" ]; then
    printf '\n%-10s %6s %6s %6s %6s %6s\n' clip face height frames first last
    for list in "$tmp"/*.default.csv; do
        awk -F, -v clip="$(basename "$list" .default.csv)" 'NR > 1 && $4 == 1 {
                if (!n[$2]++) first[$2] = $1
                last[$2] = $1; h[$2] += $3 }
            END { for (f in n) printf "%-10s %6s %6.0f %6d %6d %6d\n", clip, f, h[f] / n[f], n[f], first[f], last[f] }' "$list" |
            sort -k4,4nr
    done
fi
# The share of other pixels is a mean over the clips, as their sizes differ.
jq -rs '"exposed_per_1000=\(1000 * (map(.exposed) | add) / (map(.face_frames) | add) * 10 | round / 10)",
    "people_exposed=\(map(.face_ids_exposed) | add)",
    "longest_run=\(map(.longest_exposed_run) | max)",
    "overcovered=\(map(.over_redaction.nonface_pixels_changed_percent) | add / length * 100 | round / 100)"' "$tmp"/*.default.json
